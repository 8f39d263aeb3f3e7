//! The little world of a journey: a gateway as users run it, visitors, their mailbox and their phone.

mod form;
mod gateway;
mod http;
mod phone;
mod visitor;

pub(crate) use gateway::{Gateway, Mail};
pub(crate) use http::{Answer, exchange, send_raw};
pub(crate) use phone::Phone;
pub(crate) use visitor::{Page, Visitor};
