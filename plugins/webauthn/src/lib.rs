//! What a relying party has to check of WebAuthn (level 3): a [`Registration`] by [`register`] (7.1), an [`Assertion`]
//! by [`verify`] (7.2).
//!
//! A library for plugins whose users prove themselves by what their devices keep. Pure: what was asked is an argument,
//! nothing is remembered, and all that comes from a browser is bounded before it is read.

mod cbor;
mod ceremony;
mod client;
mod data;
mod der;
mod fault;
mod key;

pub use ceremony::{Asserted, Assertion, Expected, Known, Registered, Registration, register, verify};
pub use fault::{Fault, Part};
pub use key::{Algorithm, PublicKey};

/// The longest id of a credential (WebAuthn 6.5.1), in bytes.
pub const CREDENTIAL_ID_MAX: usize = 1023;

#[cfg(test)]
mod tests;
