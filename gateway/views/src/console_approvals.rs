//! The console's pages of what waits for a second operator.

use doorward_api::Timestamp;
use serde::Serialize;

use crate::console::{ChangedField, Fault, ProofFields, Said, Told};
use crate::console_records::Parts;

/// Acts, the newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApprovalsPage {
    /// Why something that was to wait here does not.
    pub faults: Vec<Fault>,
    /// They.
    pub acts: Vec<ApprovalLine>,
    /// Only those from which something may still come.
    pub only_open: bool,
    /// The way to the others, or back to these.
    pub other: String,
    /// Where it is said what takes two, if one may look there.
    pub setting: Option<String>,
    /// The way through a long list.
    pub parts: Parts,
}

/// One of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApprovalLine {
    /// Its page.
    pub path: String,
    /// What was asked for: its words are `console-act-<name>`.
    pub act: &'static str,
    /// What it is about.
    pub about: Said,
    /// Who asked.
    pub asked_by: String,
    /// By which API key.
    pub api_key: Option<String>,
    /// When.
    pub asked_at: Timestamp,
    /// Until when something may come of it.
    pub expires_at: Timestamp,
    /// Where it stands: its words are `console-approval-<state>`.
    pub state: &'static str,
    /// It is one's own.
    pub own: bool,
    /// Who approved or refused it.
    pub decided_by: Option<String>,
    /// When it came to stand there.
    pub decided_at: Option<Timestamp>,
}

/// One act, to be decided.
#[derive(Debug, Clone, Default, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each shows something of its own")]
pub struct ApprovalPage {
    /// It.
    pub of: ApprovalLine,
    /// What would change.
    pub changes: Vec<ChangedField>,
    /// What it is about is gone, or was changed since.
    pub outdated: bool,
    /// It waits for a second operator.
    pub waiting: bool,
    /// Who may approve it, while it waits.
    pub approvers: Vec<String>,
    /// One may approve or refuse it.
    pub may_decide: bool,
    /// One may take it back.
    pub may_withdraw: bool,
    /// Where one does what was approved.
    pub collect: Option<String>,
    /// It is approved, and somebody else does it.
    pub waits_for_asker: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What was done.
    pub notice: Option<Told>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}
