//! The console's pages of what there is many of: users, tokens, groups, and files of tokens. What is done to one of them is a
//! page of its own, with one form ([`TaskPage`]): so each can ask for a proof, and says first what it does.

use doorward_api::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::console::{Fault, Field, PreviewOutcome, ProofFields, Said, Told, in_page_order};
use crate::console_enrolment::{Granted, RequestsPage};
use crate::console_provisioning::{ProvisioningPage, ProvisioningTaskPage};
use crate::console_provisioning_rules::{ProvisioningPreviewPage, ProvisioningRulesPage};

/// A page of this kind.
#[derive(Debug, Clone)]
pub enum RecordsPage {
    /// Users.
    Users(UsersPage),
    /// One user.
    User(Box<UserPage>),
    /// Who waits for an approval.
    Requests(RequestsPage),
    /// Tokens.
    Tokens(Box<TokensPage>),
    /// One token.
    Token(Box<TokenPage>),
    /// Provisioning tasks.
    Provisioning(ProvisioningPage),
    /// One of them.
    ProvisioningTask(Box<ProvisioningTaskPage>),
    /// Rules that provision by group.
    ProvisioningRules(Box<ProvisioningRulesPage>),
    /// Whom a change of them would affect.
    ProvisioningPreview(Box<ProvisioningPreviewPage>),
    /// Groups.
    Groups(GroupsPage),
    /// One group.
    Group(Box<GroupPage>),
    /// Something to be done.
    Task(Box<TaskPage>),
    /// A secret that is told once.
    Given(GivenPage),
    /// Whether a caller is the user.
    Verification(Box<VerificationPage>),
    /// A file of tokens to be sent.
    Import(Box<ImportPage>),
    /// What becomes of one.
    Job(Box<JobPage>),
}

impl RecordsPage {
    /// The template's name below `admin/`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            RecordsPage::Users(_) => "users",
            RecordsPage::User(_) => "user",
            RecordsPage::Requests(_) => "requests",
            RecordsPage::Tokens(_) => "tokens",
            RecordsPage::Token(_) => "token",
            RecordsPage::Provisioning(_) => "provisioning",
            RecordsPage::ProvisioningTask(_) => "provisioning_task",
            RecordsPage::ProvisioningRules(_) => "provisioning_rules",
            RecordsPage::ProvisioningPreview(_) => "provisioning_preview",
            RecordsPage::Groups(_) => "groups",
            RecordsPage::Group(_) => "group",
            RecordsPage::Task(_) => "task",
            RecordsPage::Given(_) => "given",
            RecordsPage::Verification(_) => "verification",
            RecordsPage::Import(_) => "import",
            RecordsPage::Job(_) => "job",
        }
    }

    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        match self {
            RecordsPage::Users(page) => Value::from_serialize(page),
            RecordsPage::User(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Requests(page) => Value::from_serialize(page),
            RecordsPage::Tokens(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Token(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Provisioning(page) => Value::from_serialize(page),
            RecordsPage::ProvisioningTask(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::ProvisioningRules(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::ProvisioningPreview(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Groups(page) => Value::from_serialize(page),
            RecordsPage::Group(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Task(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Given(page) => Value::from_serialize(page),
            RecordsPage::Verification(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Import(page) => Value::from_serialize(page.as_ref()),
            RecordsPage::Job(page) => Value::from_serialize(page.as_ref()),
        }
    }
}

/// The way through a long list: paths.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Parts {
    /// Back to its begin, from a later part.
    pub first: Option<String>,
    /// The next part.
    pub next: Option<String>,
}

/// A record with a page of its own.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Linked {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
}

/// Something that can be done: the way to its form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TaskLink {
    /// The form's path.
    pub path: String,
    /// The key of its words.
    pub key: String,
    /// It takes something away.
    pub danger: bool,
}

/// A fact: label and value.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// The key of its label.
    pub label: String,
    /// The value.
    pub said: Said,
}

/// Users.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UsersPage {
    /// What is looked for.
    pub find: String,
    /// Those found, in parts.
    pub users: Vec<UserLine>,
    /// The other parts.
    pub parts: Parts,
    /// One may make new ones.
    pub may_add: bool,
    /// What was done.
    pub notice: Option<Told>,
}

/// A user in a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UserLine {
    /// Their page.
    pub path: String,
    /// The sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The mail address.
    pub email: Option<String>,
    /// What to know of them: `disabled`, `locked`, `no-token`; its words are `console-badge-<name>`.
    pub badges: Vec<&'static str>,
}

/// One user.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UserPage {
    /// The sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The mail address.
    pub email: Option<String>,
    /// Switched off.
    pub disabled: bool,
    /// Until when the account is locked by failed tries.
    pub locked_until: Option<Timestamp>,
    /// There is a local password.
    pub has_password: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// The groups that they are in themselves.
    pub groups: Vec<Linked>,
    /// The groups in which those lie.
    pub outer_groups: Vec<Linked>,
    /// Their tokens.
    pub tokens: Vec<TokenLine>,
    /// The temporary passcode that is good now.
    pub temporary: Option<Temporary>,
    /// What is left of their recovery codes; none where none were made.
    pub recovery: Option<Recovery>,
    /// What stands of an approval or of a code of the help desk.
    pub granted: Option<Granted>,
    /// What they would be offered if a passcode was asked for.
    pub offer: PreviewOutcome,
    /// What can be done.
    pub tasks: Vec<TaskLink>,
    /// What was done.
    pub notice: Option<Told>,
}

/// A temporary passcode.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Temporary {
    /// Until when it is good.
    pub until: Timestamp,
    /// Why it was given.
    pub reason: String,
}

/// What is left of somebody's recovery codes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Recovery {
    /// How many.
    pub left: usize,
    /// When they were made.
    pub made_at: Timestamp,
}

/// A token in a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenLine {
    /// Its page.
    pub path: String,
    /// The serial number.
    pub serial: String,
    /// The state's name: its words are `console-state-<name>`.
    pub state: &'static str,
    /// Locked until then.
    pub locked_until: Option<Timestamp>,
    /// Whose it is.
    pub owner: Option<Linked>,
    /// The name its user gave it; may be empty.
    pub label: String,
    /// `software` or `hardware`: its words are `console-form-<name>`.
    pub form: &'static str,
    /// The key of the platform's name.
    pub target: Option<String>,
}

/// Tokens.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokensPage {
    /// How many are in each state, and the way to them.
    pub counts: Vec<StateCount>,
    /// That they were counted a while ago, or are being counted for the first time.
    pub counting: Option<Told>,
    /// The states to choose from.
    pub states: Vec<&'static str>,
    /// The state that is looked for; empty for all but those revoked.
    pub state: String,
    /// Only those that are locked.
    pub locked: bool,
    /// What the serial number begins with.
    pub serial: String,
    /// The owner's name.
    pub owner: String,
    /// Something is looked for.
    pub filtered: bool,
    /// What is wrong with what is looked for.
    pub faults: Vec<Fault>,
    /// Those found, in parts.
    pub tokens: Vec<TokenLine>,
    /// The other parts.
    pub parts: Parts,
    /// What was done.
    pub notice: Option<Told>,
}

/// How many tokens are in a state.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StateCount {
    /// `locked`, or the state's name: its words are `console-state-<name>`.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// The way to them.
    pub path: String,
}

/// One token.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenPage {
    /// The main facts.
    pub of: TokenLine,
    /// Wrong passcodes in a row.
    pub fails: u32,
    /// A PIN that the server checks is set; `None` where there can be none.
    pub has_pin: Option<bool>,
    /// When it was issued or imported.
    pub created_at: Timestamp,
    /// When its first proof was accepted.
    pub activated_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// What it was made by; a passkey by nothing.
    pub template: Vec<Fact>,
    /// What can be done now.
    pub tasks: Vec<TaskLink>,
    /// What cannot, and why: keys.
    pub notes: Vec<String>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What was done.
    pub notice: Option<Told>,
}

/// Groups.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupsPage {
    /// What is looked for.
    pub find: String,
    /// Those found, in parts.
    pub groups: Vec<GroupItem>,
    /// The other parts.
    pub parts: Parts,
    /// One may make new ones.
    pub may_edit: bool,
    /// What was done.
    pub notice: Option<Told>,
}

/// A group in a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupItem {
    /// Its page.
    pub path: String,
    /// Its name.
    pub name: String,
    /// How many are in it themselves.
    pub members: u64,
    /// The groups that it lies in itself.
    pub parents: Vec<String>,
}

/// One group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupPage {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// How many are in it themselves.
    pub count: u64,
    /// Those, in parts, each with the way to take them out.
    pub members: Vec<Entry>,
    /// The other parts.
    pub parts: Parts,
    /// The groups that it lies in itself, each with the way out.
    pub parents: Vec<Entry>,
    /// One may change it.
    pub may_edit: bool,
    /// One may delete it.
    pub may_delete: bool,
    /// What needs attention.
    pub warnings: Vec<Told>,
    /// What was done.
    pub notice: Option<Told>,
}

/// Something in a list, with the way to take it out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Entry {
    /// What it is.
    pub of: Linked,
    /// The form that takes it out.
    pub remove: String,
}

/// Something to be done: what it does, what has to be filled in, and a button.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TaskPage {
    /// The way back, outermost first: each a key or a name, with its path.
    pub crumbs: Vec<Crumb>,
    /// The key of the heading.
    pub key: String,
    /// The key of the button's words, where they are not those of the heading.
    pub submit: Option<String>,
    /// Whom or what it is done to.
    pub about: String,
    /// What it does.
    pub texts: Vec<Told>,
    /// What to think of before.
    pub warnings: Vec<Told>,
    /// The fields.
    pub fields: Vec<Field>,
    /// Values that are sent along unseen.
    pub hidden: Vec<(String, String)>,
    /// The form's path.
    pub action: String,
    /// The way back.
    pub cancel: String,
    /// It takes something away.
    pub danger: bool,
    /// There is a file among the fields.
    pub upload: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Somebody else has changed it meanwhile: what it says now.
    pub conflict: Vec<Fact>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

impl TaskPage {
    /// What is wrong, said at the top and at each field.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        let faults =
            in_page_order(faults, self.fields.iter().map(|field| (field.name.as_str(), vec![field.label.clone()])));
        for field in &mut self.fields {
            field.fault = faults.iter().find(|fault| fault.field.as_deref() == Some(field.name.as_str())).cloned();
        }
        Self { faults, ..self }
    }
}

/// A step of the way back.
#[derive(Debug, Clone, Serialize)]
pub struct Crumb {
    /// What it is called.
    pub said: Said,
    /// Where it leads.
    pub path: String,
}

/// A secret that is told once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GivenPage {
    /// `password`, `pin`, `temporary`, `help-desk-code`: its words are `console-given-<kind>` and `…-text`. Those of
    /// `temporary` and `help-desk-code` name an end.
    pub kind: &'static str,
    /// Whose it is.
    pub about: String,
    /// The secret, as it is to be read out: [`in_groups_of_four`].
    pub secret: String,
    /// Until when it is good.
    pub until: Option<Timestamp>,
    /// Where to go on.
    pub back: String,
}

/// What has become of a request to the device of a user who calls.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerificationPage {
    /// Whom the caller says they are.
    pub name: String,
    /// `pending`, `approved`, `denied`, `reported`, `mismatched`, `cancelled`, `expired`: its words are
    /// `console-verification-<outcome>`.
    pub outcome: &'static str,
    /// What is read to the caller while it waits; else empty.
    pub number: String,
    /// Its end.
    pub until: Timestamp,
    /// Nothing wakes the device.
    pub by_hand: bool,
    /// The way to another request.
    pub again: String,
    /// The user's page.
    pub back: String,
}

/// A code as it is read out: `7Q2M K94T`. Whoever types it may leave out the spaces, or not.
pub fn in_groups_of_four(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// A file of tokens to be sent, and those that were.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportPage {
    /// The form.
    #[serde(flatten)]
    pub task: TaskPage,
    /// One's own files, the newest first.
    pub jobs: Vec<JobLine>,
}

/// A file that was sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobLine {
    /// Its page.
    pub path: String,
    /// The file's name.
    pub file: String,
    /// When it was sent.
    pub at: Timestamp,
    /// `reading`, `taking`, `done`, `failed`; of another process `broke-off` and `over` as well: its words are `console-job-<name>`.
    pub stage: &'static str,
}

/// What becomes of a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobPage {
    /// Which.
    pub of: JobLine,
    /// So many rows are dealt with.
    pub done: u64,
    /// So many there are; 0 while the file is read.
    pub total: u64,
    /// The page shows itself again in a moment.
    pub renews: bool,
    /// What is wrong with the file.
    pub fault: Option<Fault>,
    /// How many rows came to what: `taken`, `there`, `refused`, `not-reached`.
    pub counts: Vec<RowCount>,
    /// Only what was not taken is shown.
    pub only_left: bool,
    /// The rows, in parts.
    pub rows: Vec<RowLine>,
    /// The other parts.
    pub parts: Parts,
}

/// How many rows came to something.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowCount {
    /// To what: its words are `console-row-<name>`.
    pub name: &'static str,
    /// How many.
    pub count: u64,
}

/// A row of a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowLine {
    /// Where it stands, from 1.
    pub place: u32,
    /// The serial number as far as it could be read.
    pub serial: Option<String>,
    /// What became of it: its words are `console-row-<name>`.
    pub outcome: &'static str,
    /// Why, in English.
    pub why: Option<String>,
}
