//! The data plane from outside: raw bytes on a socket against a running gateway, and a log of every byte that an origin got.

#![allow(missing_docs, reason = "a test binary has no readers of its documentation but the tests' names")]

mod framing;
mod identity;
mod lifetime;
mod paths;
mod tls;
mod world;
