//! The little world of a journey: a gateway as users run it, visitors, their mailbox and their phone.

mod browser;
mod dokuwiki;
pub(crate) mod exposition;
mod form;
mod gateway;
mod http;
mod kept;
mod mail_server;
mod origin;
mod phone;
mod php;
mod postgres;
mod served;
mod site;
mod socket;
mod upstream;
mod visitor;
mod wire;
mod wizard;

pub(crate) use browser::{Timed, browse};
pub(crate) use dokuwiki::DokuWiki;
pub(crate) use form::{Form, forms};
pub(crate) use gateway::{Gateway, Mail, binary, free_port};
pub(crate) use http::{Answer, exchange, send_raw};
pub(crate) use kept::{Kept, PASSWORD};
pub(crate) use mail_server::Manner;
pub(crate) use origin::Origin;
pub(crate) use phone::Phone;
pub(crate) use php::Php;
pub(crate) use served::{Database, Installation, Ports, Served, certificate, run, words};
pub(crate) use site::site;
pub(crate) use socket::Socket;
pub(crate) use upstream::SLOW;
pub(crate) use visitor::{Page, Visitor};
pub(crate) use wizard::{Stage, wrong};
