//! The API as a whole. Each answer of these stories has a status that the description tells of: the API itself checks
//! that in debug builds.

mod approvals;
mod described;
mod enrolment;
mod isolation;
mod keys;
mod manner;
mod once;
mod policies;
mod provisioning;
mod provisioning_rules;
mod reports;
mod resources;
mod roles;
mod signed_in;
mod world;
