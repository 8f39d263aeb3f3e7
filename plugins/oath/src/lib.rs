//! The OATH passcodes: [`hotp`] (RFC 4226), [`totp`] (RFC 6238) and [`ocra`] (RFC 6287).
//!
//! A library for plugins that make or check passcodes. Pure: time, counters and secrets are arguments, nothing is
//! remembered. Whoever checks a passcode must keep the step or counter that was accepted; [`totp::find`] and
//! [`hotp::find`] then say which of the candidates it was and never accept one at or before it. [`token`] does that for
//! plugins: it keeps, by the plugin contract, what is to be known of one token.

pub mod hotp;
pub mod ocra;
mod passcode;
pub mod token;
pub mod totp;

pub use passcode::{Algorithm, Digits, Found, Params, Passcode};
