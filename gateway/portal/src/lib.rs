//! What people see: the portal's pages, called in process by the proxy, and the operators' console.
//!
//! A request takes the same way through every page: the [`Caller`](caller::Caller) is found (who asks, in which
//! language), a form is read and proved to be our own ([`FlowPost`](post::FlowPost)), the desk of `access` is asked, and
//! its answer becomes a page or a redirect. A page that cannot be made is a [`Fault`](fault::Fault); one place gives every
//! fault its page, and one place gives every answer its headers. [`router`] is the whole route table.

mod answer;
mod api;
mod authenticator;
mod caller;
mod csrf;
mod fault;
mod fields;
mod headers;
mod needs;
mod pages;
mod parts;
mod past;
mod post;
mod qr;
mod router;
#[doc(hidden)]
pub mod seams;
mod supposed;
mod zone;

pub mod console;

#[cfg(test)]
mod tests;

pub use parts::{CutOff, PortalParts};
pub use router::router;
pub use supposed::JudgedPath;
