//! The little world of a journey: a gateway as users run it, visitors, their mailbox and their phone.

mod browser;
mod dokuwiki;
pub mod exposition;
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

pub use browser::{Timed, browse};
pub use dokuwiki::DokuWiki;
pub use form::{Form, forms};
pub use gateway::{Gateway, Mail, binary, free_port};
pub use http::{Answer, exchange, send_raw};
pub use kept::{Kept, PASSWORD};
pub use mail_server::Manner;
pub use origin::Origin;
pub use phone::Phone;
pub use php::Php;
pub use served::{Database, Installation, Ports, Served, certificate, run, words};
pub use site::site;
pub use socket::Socket;
pub use upstream::SLOW;
pub use visitor::{Page, Visitor};
pub use wizard::{Stage, wrong};
