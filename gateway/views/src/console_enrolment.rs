//! The console's pages of enrolment: the rules by which users come to their tokens, who waits for an approval, and what was
//! granted to somebody.
//!
//! The list of rules is a section of a page of the settings ([`RuleList::section`]). What is done to one of them is a
//! [`TaskPage`](crate::console_records::TaskPage) of the names that [`RuleTask`] gives: a form of these fields, whose labels
//! are `console-field-<name>` with `-` for `.`:
//!
//! | field | kind | |
//! | --- | --- | --- |
//! | `rule.name` | `text` | |
//! | `rule.groups` | `member-of` | boxes `group.<id>`, a name `group_add` |
//! | `rule.percentage` | `number` | |
//! | `rule.starts_on`, `rule.deadline` | `date` | empty where there is none |
//! | `rule.proof` | `choice` | the names of `ExtraProof` |
//! | `rule.networks` | `lines` | `when` is `network`: out of the way unless a trusted network is chosen |
//! | `rule.probation_hours` | `number` | |
//!
//! Each has a hint, `…-hint`. Beside them the form carries `seen`, the version of the document that it was filled from; a rule
//! that was changed meanwhile is told in the task's `conflict`.

use doorward_api::{GrantState, Timestamp};
use serde::Serialize;

use crate::console::{GroupLine, Section, Told};
use crate::console_records::{Linked, Parts};

/// The path of the page of those who wait, as the menu names it.
pub const REQUESTS: &str = "/enrolment-requests";

/// The enrolment rules of a virtual server.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RuleList {
    /// In the order in which they are asked.
    pub lines: Vec<RuleLine>,
    /// The form of a new one: a path. None where there may be no more, or one may not change them.
    pub add: Option<String>,
    /// There may be no more.
    pub full: bool,
}

impl RuleList {
    /// It as the one section of its page, which has no Edit button: each rule has its own.
    pub fn section(self) -> Section {
        Section {
            title: "console-section-rules".to_owned(),
            hint: Some("console-section-rules-hint".to_owned()),
            rules: Some(self),
            ..Section::default()
        }
    }
}

/// A rule in the list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RuleLine {
    /// Its name.
    pub name: String,
    /// Whom it is for; everybody where none is named.
    pub groups: Vec<GroupLine>,
    /// How many of a hundred.
    pub percentage: u8,
    /// The first day, `2026-12-01`.
    pub starts_on: Option<String>,
    /// The last day on which it may be put off.
    pub deadline: Option<String>,
    /// What is asked besides: the name of an `ExtraProof`.
    pub proof: &'static str,
    /// The networks, where one of them is asked for.
    pub networks: Vec<String>,
    /// How long a token is on probation; 0 for not at all.
    pub probation_hours: u16,
    /// Where a button is sent that moves it up, with `csrf` and `seen`: a path. None for the first one.
    pub up: Option<String>,
    /// The same down. None for the last one.
    pub down: Option<String>,
    /// The form to change it: a path. None where one may not; then there are no buttons at all.
    pub edit: Option<String>,
    /// The form that takes it away: a path, wherever there is one to change it.
    pub remove: Option<String>,
}

/// What is done to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleTask {
    /// A new one, behind the others.
    New,
    /// Another wording of one.
    Edit,
    /// Before the one above. A form of its own only where a proof is asked for.
    Up,
    /// Behind the one below, in the same way.
    Down,
    /// One goes.
    Remove,
}

impl RuleTask {
    /// All of them.
    pub const ALL: [RuleTask; 5] = [RuleTask::New, RuleTask::Edit, RuleTask::Up, RuleTask::Down, RuleTask::Remove];

    /// Its name in paths and words.
    pub const fn as_str(self) -> &'static str {
        match self {
            RuleTask::New => "new",
            RuleTask::Edit => "edit",
            RuleTask::Up => "up",
            RuleTask::Down => "down",
            RuleTask::Remove => "remove",
        }
    }

    /// Back from [`RuleTask::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == text)
    }

    /// The key of its heading, and of its button unless that says Apply.
    pub fn key(self) -> String {
        RULE_TASK.to_owned() + self.as_str()
    }

    /// What it does, in words.
    pub fn text(self) -> Told {
        Told::new(self.key() + "-text")
    }
}

const RULE_TASK: &str = "console-task-rule-";

/// For the start page and the list: a rule names a group that was deleted.
pub fn rule_group_gone(rule: &str, page: &str) -> Told {
    Told::new("console-attention-rule-group-gone").about(rule).at_page(page)
}

/// For the start page: so many wait for an approval.
pub fn waiting(count: u64) -> Told {
    Told::new("console-attention-waiting").counting(count).at_page(REQUESTS)
}

/// Who waits for an approval.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequestsPage {
    /// By name, in parts.
    pub requests: Vec<RequestLine>,
    /// The other parts.
    pub parts: Parts,
    /// What was done.
    pub notice: Option<Told>,
}

/// Somebody who waits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequestLine {
    /// Who: their page and their sign-in name.
    pub user: Linked,
    /// The name to show; may be empty.
    pub display_name: String,
    /// When they have asked.
    pub at: Timestamp,
    /// When the request ends.
    pub until: Timestamp,
    /// From which address.
    pub address: Option<String>,
    /// What the browser calls itself; may be empty.
    pub browser: String,
    /// The form that approves: a path. None where one may not decide.
    pub approve: Option<String>,
    /// The form that refuses, wherever there is one that approves.
    pub refuse: Option<String>,
}

impl RequestLine {
    /// The same facts on the forms that decide: when, from where, with what, until when.
    pub fn told(&self) -> Vec<Told> {
        let from = self.address.iter().map(|address| Told::new("console-request-from").about(address));
        let browser = (!self.browser.is_empty()).then(|| Told::new("console-request-browser").about(&self.browser));
        let asked = Told::new("console-request-asked").when(self.at);
        let until = Told::new("console-request-until").when(self.until);
        [asked].into_iter().chain(from).chain(browser).chain([until]).collect()
    }
}

/// What stands of an approval or of a code of the help desk, as the user's page tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Granted {
    /// The name of the state: its words are `console-granted-<state>`.
    pub state: &'static str,
    /// When it came to stand there.
    pub at: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// Which operator has decided.
    pub operator: Option<String>,
    /// Why; may be empty.
    pub reason: String,
}

impl Granted {
    /// Of a state from one time to another.
    pub fn new(state: GrantState, at: Timestamp, until: Timestamp) -> Self {
        Self { state: state.as_str(), at, until, operator: None, reason: String::new() }
    }

    /// With who has decided, and why.
    #[must_use]
    pub fn by(self, operator: Option<String>, reason: impl Into<String>) -> Self {
        Self { operator, reason: reason.into(), ..self }
    }
}
