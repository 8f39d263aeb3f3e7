//! `doorward demo`: the whole product in one process on loopback, with applications, users and a mailbox of its own.
//! Nothing here is used by `doorward run`.

mod banner;
mod legacy_app;
mod site;
mod smtp_sink;

pub(crate) use banner::{DemoUser, print as print_banner};
pub(crate) use legacy_app::LegacyApp;
pub(crate) use site::{DemoManner, demo_policies, demo_site};
pub(crate) use smtp_sink::SmtpSink;
