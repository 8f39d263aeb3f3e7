//! Who is it, may they, and what must they still prove: sessions, the gate, sign-in and self-provisioning. The outside
//! world is reached through the ports of `api` only.
//!
//! The one thing to know: only [`gate::Gate`] makes a [`gate::Permit`], and only a permit opens the way to an upstream.

pub mod arrival;
pub mod site;
pub mod visit;
pub mod dispute;
pub mod enrol;
pub mod ports;
pub mod signin;
