//! The console's pages of the access policies: what is in force, what would be decided for a request and why, the cases, what other
//! policies would have decided, and the records of what was. Nothing on them changes a policy.

use doorward_api::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::console::{Fault, Field};
use crate::console_records::{Linked, Parts};

/// The page's path.
pub const POLICIES: &str = "/access-policies";
/// The page's path.
pub const EXPLAIN: &str = "/access-policies/explain";
/// The page's path.
pub const CASES: &str = "/access-policies/cases";
/// The page's path.
pub const REPLAY: &str = "/access-policies/replay";
/// The page's path.
pub const SHADOW: &str = "/access-policies/shadow";
/// The page's path.
pub const DECISIONS: &str = "/access-policies/decisions";

/// A page of this kind.
#[derive(Debug, Clone)]
pub enum PoliciesPage {
    /// The policies in force.
    List(Box<PolicyListPage>),
    /// A request that is supposed.
    Explain(Box<ExplainPage>),
    /// The cases.
    Cases(Box<CasesPage>),
    /// Other policies on what was decided.
    Replay(Box<ReplayPage>),
    /// Policies that stand beside those in force.
    Shadow(Box<ShadowPage>),
    /// What was decided.
    Decisions(Box<DecisionsPage>),
}

impl PoliciesPage {
    /// The template's name below `admin/`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            PoliciesPage::List(_) => "access_policies",
            PoliciesPage::Explain(_) => "access_explain",
            PoliciesPage::Cases(_) => "access_cases",
            PoliciesPage::Replay(_) => "access_replay",
            PoliciesPage::Shadow(_) => "access_shadow",
            PoliciesPage::Decisions(_) => "access_decisions",
        }
    }

    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        match self {
            PoliciesPage::List(page) => Value::from_serialize(page.as_ref()),
            PoliciesPage::Explain(page) => Value::from_serialize(page.as_ref()),
            PoliciesPage::Cases(page) => Value::from_serialize(page.as_ref()),
            PoliciesPage::Replay(page) => Value::from_serialize(page.as_ref()),
            PoliciesPage::Shadow(page) => Value::from_serialize(page.as_ref()),
            PoliciesPage::Decisions(page) => Value::from_serialize(page.as_ref()),
        }
    }
}

/// The policies in force.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PolicyListPage {
    /// Changes when the files do.
    pub fingerprint: String,
    /// When they were read.
    pub loaded_at: Timestamp,
    /// How many there are.
    pub count: usize,
    /// What is looked for.
    pub find: String,
    /// Those found, file by file, in parts.
    pub files: Vec<PolicyFile>,
    /// The other parts.
    pub parts: Parts,
}

/// A file of policies.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PolicyFile {
    /// Its name, with its folders.
    pub name: String,
    /// Those policies of it that are shown.
    pub policies: Vec<PolicyLine>,
}

/// A policy.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PolicyLine {
    /// Its id.
    pub id: String,
    /// `permit` or `forbid`: its words are `console-effect-<name>`.
    pub effect: &'static str,
    /// The line where it begins.
    pub line: usize,
    /// The application that its scope names; none: any.
    pub app: Option<String>,
    /// Its annotations, but for the id: name and value.
    pub annotations: Vec<(String, String)>,
    /// What is said above it.
    pub comment: String,
    /// As written.
    pub text: String,
}

/// A request that is supposed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExplainPage {
    /// Who asks, and what for.
    pub fields: Vec<Field>,
    /// What was proved.
    pub proofs: Vec<Field>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What would be decided.
    pub answer: Option<ExplainAnswer>,
}

/// What would be decided, and why.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExplainAnswer {
    /// The decision.
    pub decision: DecisionSaid,
    /// The request: method and address.
    pub request: String,
    /// From where.
    pub address: String,
    /// Who asks; nobody where there is none.
    pub who: Option<Linked>,
    /// They are disabled, so that none of this comes to pass; said where one may see it.
    pub disabled: bool,
    /// Their groups, where one may see them.
    pub groups: Option<Vec<String>>,
    /// When.
    pub at: Timestamp,
    /// Every policy that can apply, in the order of the files.
    pub policies: Vec<PolicyOutcome>,
}

/// A decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DecisionSaid {
    /// `admit`, `challenge` or `refuse`: its words are `console-decision-<name>`.
    pub name: String,
    /// The further proof that would admit: their words are `console-factor-<name>`.
    pub need: Vec<&'static str>,
    /// The policies that determined it.
    pub by: Vec<String>,
}

/// What became of a policy.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PolicyOutcome {
    /// Its id.
    pub id: String,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// `wiki.cedar:7`.
    pub place: String,
    /// `held`, `not-held` or `error`: its words are `console-policy-<name>`.
    pub outcome: &'static str,
    /// It determined the decision.
    pub decided: bool,
    /// Why it could not be evaluated, in English.
    pub why: Option<String>,
    /// What it is made of.
    pub clauses: Vec<ClauseOutcome>,
}

/// What became of a clause.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClauseOutcome {
    /// As written.
    pub text: String,
    /// `held`, `failed`, `not-reached` or `error`: its words are `console-clause-<name>`.
    pub outcome: &'static str,
    /// Why it could not be evaluated, in English.
    pub why: Option<String>,
}

/// The cases that say what the policies must decide.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CasesPage {
    /// They were run.
    pub ran: bool,
    /// How many were decided as expected.
    pub passed: usize,
    /// How many were not.
    pub failed: usize,
    /// File by file.
    pub files: Vec<CaseFile>,
}

/// A file of cases.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseFile {
    /// Its name.
    pub name: String,
    /// Its cases, where they were run.
    pub cases: Vec<CaseLine>,
    /// Why none could be run, in English: `wiki.toml:3: …`.
    pub fault: Option<String>,
}

/// A case.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseLine {
    /// Its name.
    pub name: String,
    /// The line where it begins.
    pub line: usize,
    /// How it differs from what was expected, in English.
    pub difference: Option<String>,
}

/// Other policies on what was decided.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayPage {
    /// The files that are to be tried, with their texts.
    pub files: Vec<ReplayFile>,
    /// What is wrong with them, in the order of the files.
    pub broken: Vec<ReplayFault>,
    /// What else is wrong.
    pub faults: Vec<Fault>,
    /// What they came to.
    pub outcome: Option<ReplayOutcome>,
}

/// A file that is to be tried.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayFile {
    /// Its name; empty for one that is new.
    pub name: String,
    /// What it says; nothing: it is left away.
    pub text: String,
    /// It says something else than the one in force.
    pub changed: bool,
    /// How many lines of it are shown.
    pub rows: usize,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayFault {
    /// The id of its field; none for a file that has none.
    pub field: Option<String>,
    /// `wiki.cedar:3:8`.
    pub place: String,
    /// What is wrong, in English.
    pub message: String,
    /// What would put it right.
    pub help: Option<String>,
}

/// What other policies came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayOutcome {
    /// How many records were looked at.
    pub records: u64,
    /// For how many requests they stand.
    pub requests: u64,
    /// Since when.
    pub since: Option<Timestamp>,
    /// All of them were looked at in the time there is.
    pub complete: bool,
    /// How many would gain, lose, or be asked otherwise.
    pub totals: Vec<ReplayTotal>,
    /// By whom and where.
    pub groups: Vec<ReplayGroup>,
    /// So many more there are.
    pub left_out: u64,
}

/// How many requests would be decided otherwise.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayTotal {
    /// `lose`, `gain` or `step`: its words are `console-difference-<name>`.
    pub name: &'static str,
    /// How many requests.
    pub requests: u64,
    /// Of how many users.
    pub users: u64,
}

/// Somebody for whom an application would be decided otherwise.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayGroup {
    /// `lose`, `gain` or `step`.
    pub name: &'static str,
    /// The application.
    pub app: String,
    /// Who; nobody known where there is none.
    pub who: Option<Linked>,
    /// How many requests.
    pub requests: u64,
    /// One of them: when.
    pub at: Timestamp,
    /// Method and path.
    pub request: String,
    /// From where.
    pub address: String,
    /// What was decided.
    pub before: DecisionSaid,
    /// What would be.
    pub after: DecisionSaid,
}

/// Policies that stand beside those in force, and decide nothing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShadowPage {
    /// Those; none where there are none.
    pub set: Option<ShadowSet>,
    /// How often they said what.
    pub tallies: Vec<ShadowTally>,
    /// Where they said otherwise: `lose`, `gain`, `step`; empty for all.
    pub difference: String,
    /// Records of it, in parts.
    pub rows: Vec<DecisionRow>,
    /// The other parts.
    pub parts: Parts,
}

/// Which policies they are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShadowSet {
    /// Their folder.
    pub folder: String,
    /// When they were read.
    pub loaded_at: Timestamp,
    /// Changes when the files do.
    pub fingerprint: String,
    /// How many there are.
    pub count: usize,
    /// What is wrong with them, line by line, in English: they are not in use then.
    pub broken: Vec<String>,
}

/// How often they said something.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShadowTally {
    /// `same`, `lose`, `gain` or `step`: its words are `console-difference-<name>`.
    pub name: String,
    /// How often.
    pub count: u64,
    /// The last time.
    pub last_at: Option<Timestamp>,
    /// The way to the records of it.
    pub path: Option<String>,
}

/// What was decided of late.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DecisionsPage {
    /// What is looked for.
    pub fields: Vec<Field>,
    /// Something is looked for.
    pub filtered: bool,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// Those found, the newest first, in parts.
    pub rows: Vec<DecisionRow>,
    /// The other parts.
    pub parts: Parts,
    /// More may be there: not all of it was looked through.
    pub searching: bool,
    /// How much is kept of each day.
    pub days: Vec<DecisionDay>,
}

/// Requests of a day that are alike.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DecisionRow {
    /// The day.
    pub day: String,
    /// When the last of them was.
    pub last_at: Timestamp,
    /// How many they are.
    pub count: u64,
    /// The application.
    pub app: String,
    /// Who asked; nobody known where there is none.
    pub who: Option<Linked>,
    /// Method, and how the path begins.
    pub request: String,
    /// From which network.
    pub network: String,
    /// What was proved: their words are `console-factor-<name>`.
    pub factors: Vec<&'static str>,
    /// What was decided.
    pub decided: DecisionSaid,
    /// What the policies beside those in force said, where they said otherwise: `lose`, `gain` or `step`, and what.
    pub shadow: Option<(&'static str, DecisionSaid)>,
    /// The way to the explanation of the first of them.
    pub explain: String,
}

/// How much is kept of a day.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DecisionDay {
    /// The day.
    pub day: String,
    /// So many records.
    pub records: u64,
    /// So many requests are in none of them.
    pub left_out: u64,
}
