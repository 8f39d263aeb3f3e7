//! Who is it, may they, and what must they still prove: sessions, the gate, sign-in and self-provisioning. The outside
//! world is reached through the ports of `api` only.
//!
//! The one thing to know: only [`gate::Gate`] makes a [`gate::Permit`], and only a permit opens the way to an upstream.

pub mod approvals;
pub mod arrival;
pub mod cookies;
pub mod device;
pub mod devices;
pub mod dispute;
mod drawn;
pub mod enrol;
pub mod gate;
mod hashers;
pub mod language;
pub mod manage;
pub mod names;
pub mod network;
pub mod operators;
pub mod own;
pub mod passwords;
pub mod ports;
pub mod provision;
pub mod push;
pub mod records;
pub mod recovery;
pub mod regulate;
pub mod remind;
pub mod replay;
pub mod returns;
pub mod sessions;
pub mod settings;
pub mod signin;
mod signout;
pub mod site;
mod stand_in;
pub mod tickets;
mod told;
pub mod visit;

#[cfg(test)]
mod stage;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod toy_app;
#[cfg(test)]
mod toy_passkeys;
