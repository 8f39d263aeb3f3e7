//! The console's pages of provisioning by email: the tasks, and one of them with its users. What is done to them is a
//! [`TaskPage`](crate::console_records::TaskPage).

use doorward_api::Timestamp;
use serde::Serialize;

use crate::console::Told;
use crate::console_records::{Linked, Parts, TaskLink};

/// The tasks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningPage {
    /// The newest first, in parts.
    pub tasks: Vec<ProvisioningLine>,
    /// How many tokens are reserved for them.
    pub reserved: u64,
    /// The other parts.
    pub parts: Parts,
    /// The form of a new one: a path. None where one may not make any.
    pub add: Option<String>,
    /// What was done.
    pub notice: Option<Told>,
}

/// A task in the list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningLine {
    /// Its page.
    pub path: String,
    /// Its number.
    pub number: i64,
    /// `running`, `over` or `removed`: its words are `console-provisioning-<state>`.
    pub state: &'static str,
    /// Which operator has made it; empty where a rule has.
    pub operator: String,
    /// The group whose rule has made it: the way to the rules.
    pub rule: Option<Linked>,
    /// When.
    pub created_at: Timestamp,
    /// When it stops.
    pub stops_at: Timestamp,
    /// That is the end of a day in UTC.
    pub whole_days: bool,
    /// When the last mail was written.
    pub mailed_at: Option<Timestamp>,
    /// How many users it has.
    pub count: u64,
    /// The group that it is for.
    pub group: Option<Linked>,
}

/// One task.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProvisioningTaskPage {
    /// The main facts.
    pub of: ProvisioningLine,
    /// What its mails say besides; may be empty.
    pub note: String,
    /// What is to be thought of.
    pub warnings: Vec<Told>,
    /// How many are to be written to.
    pub all: u64,
    /// How many were.
    pub written: u64,
    /// The same in hundredths.
    pub percent: u64,
    /// Members of the group are still being found.
    pub finding: bool,
    /// How many are how far, and the way to them.
    pub counts: Vec<EntryCount>,
    /// Who is looked for; empty for all.
    pub status: String,
    /// Its users, by name, in parts.
    pub entries: Vec<EntryLine>,
    /// The other parts.
    pub parts: Parts,
    /// What can be done.
    pub tasks: Vec<TaskLink>,
    /// What was done.
    pub notice: Option<Told>,
}

/// How many users are so far.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EntryCount {
    /// The status's name: its words are `console-entry-<name>`.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// The way to them.
    pub path: String,
}

/// A user of a task.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EntryLine {
    /// Who.
    pub user: Linked,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The status's name.
    pub status: &'static str,
    /// Why they were skipped: its words are `console-skipped-<name>`.
    pub skipped: Option<&'static str>,
    /// How often it failed.
    pub fails: u32,
    /// The token that was issued.
    pub token: Option<Linked>,
    /// When the mail was written.
    pub mailed_at: Option<Timestamp>,
    /// When its link was used.
    pub opened_at: Option<Timestamp>,
    /// The form that writes once more: a path. None where that cannot be done.
    pub resend: Option<String>,
    /// The form that takes them out.
    pub remove: Option<String>,
}
