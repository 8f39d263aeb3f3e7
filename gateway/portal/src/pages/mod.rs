//! The pages, a file for each part of the portal. A handler asks the desk and turns its answer into HTTP's; what is
//! decided is decided in `access`, what is said is said in `views`.

pub(crate) mod appearance;
pub(crate) mod asset;
pub(crate) mod by_mail;
pub(crate) mod dispute;
pub(crate) mod enrol;
pub(crate) mod enter;
pub(crate) mod language;
pub(crate) mod own;
pub(crate) mod passkeys;
pub(crate) mod signin;
pub(crate) mod start;
