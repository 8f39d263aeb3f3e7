//! The router as a whole, over ports in memory. The way through the wizard is told by the journeys.

pub(crate) mod app;
mod console;
mod console_access;
mod console_appearance;
mod console_approvals;
mod console_enrolment;
mod console_past;
mod console_policies;
mod console_provisioning;
mod console_provisioning_rules;
mod console_records;
mod console_roles;
mod console_world;
mod forms;
pub(crate) mod matrix;
mod own;
mod pages;
mod passkeys;
mod world;
