//! A mail server that does what it is told, web servers that say one thing, and an outbox and directory in memory.

mod sink;
mod web;
mod world;

pub(crate) use sink::{Behaviour, CA, Reply, Sink, tls_sink};
pub(crate) use web::{CLIENT, CLIENT_KEY, Web, tls_reader, tls_reader_of_clients, tls_web};
pub(crate) use world::{BRAND, World, deliver, vs};
