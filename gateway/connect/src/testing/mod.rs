//! A mail server that does what it is told, and an outbox and directory in memory.

mod sink;
mod world;

pub(crate) use sink::{Behaviour, CA, Reply, Sink, tls_sink};
pub(crate) use world::{BRAND, World, deliver, vs};
