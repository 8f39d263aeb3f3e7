//! The console's pages of rules that provision by group: the list, and whom a change of them would affect, which is
//! shown before it is made. The form of one rule is a [`TaskPage`](crate::console_records::TaskPage) before that.

use serde::Serialize;

use crate::console::{ChangeRow, ChangedField, Fault, GroupLine, ProofFields, Told};
use crate::console_records::{Crumb, Linked};

/// The rules.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningRulesPage {
    /// In the order in which they are asked.
    pub rules: Vec<ProvisioningRuleLine>,
    /// The form of a new one: a path. None where there may be no more, or one may not change them.
    pub add: Option<String>,
    /// There may be no more.
    pub full: bool,
    /// What is to be thought of.
    pub warnings: Vec<Told>,
    /// What others have changed meanwhile.
    pub conflict: Vec<ChangeRow>,
    /// The Change Log.
    pub log: Vec<ChangeRow>,
    /// What was done.
    pub notice: Option<Told>,
}

/// A rule in the list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningRuleLine {
    /// Whose members it is for.
    pub group: GroupLine,
    /// How many days they have.
    pub stop_days: u8,
    /// What it gave is taken from whoever leaves.
    pub take: bool,
    /// What the mails say besides; may be empty.
    pub note: String,
    /// The way to what is done to it: pairs of the key of its words and a path.
    pub tasks: Vec<(&'static str, String)>,
}

/// Whom a change of the rules would affect, and the button that makes it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningPreviewPage {
    /// The way back, outermost first.
    pub crumbs: Vec<Crumb>,
    /// The key of the heading.
    pub key: String,
    /// The group of the rule that is changed.
    pub about: String,
    /// What the change is, besides.
    pub texts: Vec<Told>,
    /// What would be saved.
    pub changes: Vec<ChangedField>,
    /// How many would be affected how: pairs of a name and a number; the words are `console-rules-effect-<name>`.
    pub counts: Vec<(&'static str, u64)>,
    /// Some of them.
    pub lines: Vec<AffectedLine>,
    /// Everybody was looked at, and is in the counts.
    pub complete: bool,
    /// How many were looked at.
    pub looked_at: u64,
    /// There are more than the lines.
    pub more: bool,
    /// Values that are sent along unseen.
    pub hidden: Vec<(String, String)>,
    /// The form's path.
    pub action: String,
    /// Back to what was typed: the name of a button that is sent instead; none where nothing was.
    pub back: Option<&'static str>,
    /// The way back.
    pub cancel: String,
    /// Something is taken away.
    pub danger: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// What rules would do to one user.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AffectedLine {
    /// Who.
    pub user: Linked,
    /// The name to show; may be empty.
    pub display_name: String,
    /// What: its words are `console-rules-effect-<name>`.
    pub effect: &'static str,
    /// Why they would be skipped: its words are `console-skipped-<name>`.
    pub skipped: Option<&'static str>,
    /// The serial number of the token that they would lose.
    pub serial: Option<String>,
    /// The group of the rule.
    pub group: Option<String>,
}
