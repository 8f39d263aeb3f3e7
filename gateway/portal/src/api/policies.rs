//! The access policies: what is in force, what would be decided, and what others would have decided. No call changes a policy.

use std::time::Duration;

use doorward_access::manage::policies::{
    CaseFileRun, CaseResult, ClauseOutcome, ExplainForm, Explained, LoadError, PolicyExplanation, PolicyOutcome,
    PolicyText, Source,
};
use doorward_access::manage::{MOST_FILES, Replayed, ShadowSet};
use doorward_access::replay::{Replay, ReplayGroup, ReplayTotal};
use doorward_api::decided::{Decided, DecisionFilter, DecisionRecord, Difference, ShadowTally};
use doorward_api::{Decision, Factor, FieldRule, Module, PolicyId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::asked::Asked;
use super::call::{AFTER, LIMIT, Of, Param};
use super::given::{Field, Nothing, body};
use super::gives::{Found, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::{Problem, Wrong};
use crate::supposed::{Amiss, Supposed, Unsupposed};

/// The largest body: policies of a mebibyte, as JSON writes them, and what stands around them.
pub(super) const LARGEST_BODY: usize = 3 * 1024 * 1024;

const USER: Param = Param::new("user", Of::Id, "About the user with this id.");
const APP: Param = Param::new("app", Of::Text, "Of this application.");
const DECISION: Param = Param::new("decision", Of::Names(&["admit", "challenge", "refuse"]), "Decided so.");
const SHADOW: Param =
    Param::new("shadow", Of::Switch, "`true`: where the shadow policies that are in use now said otherwise.");
const DIFFERENCE: Param = Param::new(
    "difference",
    Of::Names(&["lose", "gain", "step"]),
    "Where they said otherwise in this way: who would lose, gain, or be asked for other proof.",
);

/// What can be asked of the records.
pub(super) const RECORDS: [Param; 7] = [USER, APP, DECISION, SHADOW, DIFFERENCE, AFTER, LIMIT];

const TEXT: Param = Param::new("q", Of::Text, "What is in a policy's id, file or text.");
/// What can be asked of the policies.
pub(super) const LIST: [Param; 3] = [TEXT, AFTER, LIMIT];

// === What is in force ===

/// An annotation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyAnnotation)]
struct AnnotationShown {
    /// Its name.
    name: String,
    /// What it says.
    value: String,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub(super) struct PolicyShown {
    /// Its id.
    id: String,
    /// `permit` or `forbid`.
    effect: String,
    /// The file it stands in.
    file: String,
    /// The line where it begins, from 1.
    line: usize,
    /// The one application that its scope names; `null`: it can apply to any.
    app: Option<String>,
    /// Its annotations, by name.
    annotations: Vec<AnnotationShown>,
    /// What is said above it.
    comment: String,
    /// As written.
    text: String,
}

impl PolicyShown {
    fn of(policy: &PolicyText) -> Self {
        let annotation =
            |(name, value): &(String, String)| AnnotationShown { name: name.clone(), value: value.clone() };
        Self {
            id: policy.id.to_string(),
            effect: policy.effect.to_owned(),
            file: policy.file.clone(),
            line: policy.line,
            app: policy.app.as_ref().map(ToString::to_string),
            annotations: policy.annotations.iter().map(annotation).collect(),
            comment: policy.comment.clone(),
            text: policy.text.clone(),
        }
    }

    fn example() -> Self {
        Self {
            id: "wiki".to_owned(),
            effect: "permit".to_owned(),
            file: "policies/wiki.cedar".to_owned(),
            line: 3,
            app: Some("wiki".to_owned()),
            annotations: vec![AnnotationShown { name: "id".to_owned(), value: "wiki".to_owned() }],
            comment: "// Any user, with a passcode.".to_owned(),
            text: "@id(\"wiki\")\npermit (principal is User, action, resource == Application::\"wiki\")\n\
                when { context.authn.otp };"
                .to_owned(),
        }
    }
}

/// A part of the policies in force, in the order of the files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policies)]
pub(super) struct PoliciesShown {
    /// Changes when the files do.
    fingerprint: String,
    /// When they were read.
    #[schema(format = DateTime)]
    loaded_at: String,
    /// All files.
    files: Vec<String>,
    /// This part.
    items: Vec<PolicyShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for PoliciesShown {
    fn example() -> Self {
        Self {
            fingerprint: "5feceb66ffc86f38".to_owned(),
            loaded_at: SOME_TIME.rfc3339(),
            files: vec!["policies/wiki.cedar".to_owned()],
            items: vec![PolicyShown::example()],
            next: None,
        }
    }
}

/// `GET /policies`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<PoliciesShown>, Problem> {
    let list = asked.api.parts.manager.policies(&asked.vs.id)?;
    let (needle, page) = (asked.query("q").trim().to_lowercase(), asked.page());
    let (begins, most) = (page.after.parse().unwrap_or(0), page.limit as usize);
    let mut found = list.policies.iter().filter(|policy| policy.has(&needle)).skip(begins);
    let items: Vec<PolicyShown> = found.by_ref().take(most).map(PolicyShown::of).collect();
    Ok(Found(PoliciesShown {
        fingerprint: list.fingerprint,
        loaded_at: list.loaded_at.rfc3339(),
        files: list.files.into_iter().map(|source| source.file).collect(),
        next: found.next().map(|_| (begins + most).to_string()),
        items,
    }))
}

// === What would be decided ===

body! {
    /// A request that is only supposed.
    SupposedRequest {
        /// The sign-in name; nobody who is signed in, if it is not said.
        user: Option<String>,
        /// Groups to suppose instead of the user's own; whoever has these need not exist.
        groups: Option<Vec<String>>,
        /// The application's id.
        app: String,
        /// The method; GET, if it is not said.
        method: Option<String>,
        /// The path as a client sends it; `/`, if it is not said.
        path: Option<String>,
        /// The client's address; of a network, the first one in it is taken.
        address: String,
        /// It comes over TLS; so it does, if it is not said.
        secure: Option<bool>,
        /// When, as RFC 3339 has it; now, if it is not said.
        at: Option<String>,
        /// How many seconds before that the password was proved; not at all, if it is not said.
        password_age: Option<u32>,
        /// The same of a passcode.
        otp_age: Option<u32>,
        /// The same of an approved push, which is a passcode as well.
        push_age: Option<u32>,
        /// The same of a passkey.
        passkey_age: Option<u32>,
        /// The enrolment is put off.
        enrolment_deferred: Option<bool>,
        /// The token is on probation.
        probation: Option<bool>,
    }
    example {"user": "alice", "app": "wiki", "path": "/admin/users", "address": "192.0.2.7", "password_age": 60,
        "otp_age": 301}
}

impl SupposedRequest {
    fn proofs(&self) -> Vec<(Factor, Duration)> {
        let ages = [
            (Factor::Password, self.password_age),
            (Factor::Otp, self.otp_age),
            (Factor::Push, self.push_age),
            (Factor::Passkey, self.passkey_age),
        ];
        let given = |(factor, age): (Factor, Option<u32>)| age.map(|age| (factor, Duration::from_secs(age.into())));
        ages.into_iter().filter_map(given).collect()
    }

    fn form(&self, asked: &Asked) -> Result<ExplainForm, Problem> {
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let (user, method, path, at) = (text(&self.user), text(&self.method), text(&self.path), text(&self.at));
        let supposed = Supposed {
            user: &user,
            groups: self.groups.clone().unwrap_or_default(),
            app: &self.app,
            method: &method,
            path: &path,
            address: &self.address,
            secure: self.secure.unwrap_or(true),
            at: &at,
            proofs: self.proofs(),
            enrolment_deferred: self.enrolment_deferred.unwrap_or_default(),
            probation: self.probation.unwrap_or_default(),
        };
        let parts = &asked.api.parts;
        supposed.read(&parts.manager, &asked.vs.id, &parts.judged).map_err(|why| match why {
            Unsupposed::Failed(error) => error.into(),
            Unsupposed::Amiss(amiss) => Problem::invalid(amiss.into_iter().map(wrong).collect()),
        })
    }
}

fn wrong(amiss: Amiss) -> Wrong {
    match amiss {
        Amiss::Rule(fault) => fault.into(),
        Amiss::Path(why) => {
            Wrong::new("path", "path", &format!("the gateway refuses it before any policy is asked: {why}"))
        }
        Amiss::Time => Wrong::kind("at", "a moment as RFC 3339 has it"),
    }
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
struct DecisionShown {
    /// `admit`, `challenge` or `refuse`.
    decision: String,
    /// Of a challenge: the least further proof that would admit.
    need: Vec<String>,
    /// The ids of the policies that determined it.
    by: Vec<String>,
}

impl DecisionShown {
    fn new(decision: &str, need: &[Factor], by: &[PolicyId]) -> Self {
        Self { decision: decision.to_owned(), need: names(need), by: by.iter().map(ToString::to_string).collect() }
    }

    fn of(decided: &Decided) -> Self {
        Self::new(&decided.decision, &decided.need, &decided.by)
    }
}

fn names(factors: &[Factor]) -> Vec<String> {
    factors.iter().map(|factor| factor.as_str().to_owned()).collect()
}

/// What became of a clause of a policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClauseOutcome)]
struct ClauseShown {
    /// As written.
    text: String,
    /// The line where it stands.
    line: usize,
    /// `held`, `failed`, `not_reached` or `error`.
    outcome: String,
    /// Why it could not be evaluated.
    why: Option<String>,
}

/// What became of a policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyOutcome)]
struct OutcomeShown {
    /// Its id.
    id: String,
    /// `permit` or `forbid`.
    effect: String,
    /// The file it stands in.
    file: String,
    /// The line where it begins.
    line: usize,
    /// `held`, `did_not_hold` or `error`.
    outcome: String,
    /// Why it could not be evaluated: a permit then admits nobody, a forbid forbids.
    why: Option<String>,
    /// What it is made of, in the order in which it is looked at.
    clauses: Vec<ClauseShown>,
}

impl OutcomeShown {
    fn of(policy: &PolicyExplanation) -> Self {
        let (outcome, why) = match &policy.outcome {
            PolicyOutcome::Held => ("held", None),
            PolicyOutcome::DidNotHold => ("did_not_hold", None),
            PolicyOutcome::Error(why) => ("error", Some(why.clone())),
        };
        let clause = |clause: &doorward_access::manage::policies::ClauseExplanation| {
            let (outcome, why) = match &clause.outcome {
                ClauseOutcome::Held => ("held", None),
                ClauseOutcome::Failed => ("failed", None),
                ClauseOutcome::NotReached => ("not_reached", None),
                ClauseOutcome::Error(why) => ("error", Some(why.clone())),
            };
            ClauseShown { text: clause.text.clone(), line: clause.line, outcome: outcome.to_owned(), why }
        };
        Self {
            id: policy.id.to_string(),
            effect: policy.effect.to_owned(),
            file: policy.file.clone(),
            line: policy.line,
            outcome: outcome.to_owned(),
            why,
            clauses: policy.clauses.iter().map(clause).collect(),
        }
    }
}

/// What would be decided, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyExplanation)]
pub(super) struct ExplanationShown {
    /// `admit`, `challenge` or `refuse`.
    decision: String,
    /// Of a challenge: the least further proof that would admit.
    need: Vec<String>,
    /// The ids of the policies that determined it. Of a refusal none: nothing permits it.
    by: Vec<String>,
    /// The method.
    method: String,
    /// The path as policies are shown it.
    path: String,
    /// The client's address.
    address: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The sign-in name of who asks; `null`: nobody.
    user: Option<String>,
    /// They are disabled, and cannot sign in, whatever is decided. For those who may look at users; `false` otherwise.
    disabled: bool,
    /// Their groups, for those who may look at users.
    groups: Option<Vec<String>>,
    /// Every policy that can apply to the application, in the order of the files.
    policies: Vec<OutcomeShown>,
}

impl ExplanationShown {
    fn of(found: &Explained, sees_users: bool) -> Self {
        let Explained { user, subject, object, at, explanation } = found;
        let principal = subject.principal();
        let groups = principal.filter(|_| sees_users || user.is_none());
        let decision = DecisionShown::new(explanation.decision, &explanation.need, &explanation.by);
        Self {
            decision: decision.decision,
            need: decision.need,
            by: decision.by,
            method: object.method.to_string(),
            path: object.path.to_string(),
            address: object.client.to_string(),
            at: at.rfc3339(),
            user: principal.map(|principal| principal.name.clone()),
            disabled: sees_users && user.as_ref().is_some_and(|user| user.disabled),
            groups: groups.map(|principal| principal.groups.iter().map(|group| group.name.clone()).collect()),
            policies: explanation.policies.iter().map(OutcomeShown::of).collect(),
        }
    }
}

impl Shown for ExplanationShown {
    fn example() -> Self {
        let clause = ClauseShown {
            text: "when { context.authn.otp }".to_owned(),
            line: 5,
            outcome: "failed".to_owned(),
            why: None,
        };
        let policy = OutcomeShown {
            id: "wiki".to_owned(),
            effect: "permit".to_owned(),
            file: "policies/wiki.cedar".to_owned(),
            line: 3,
            outcome: "did_not_hold".to_owned(),
            why: None,
            clauses: vec![clause],
        };
        Self {
            decision: "challenge".to_owned(),
            need: vec!["otp".to_owned()],
            by: vec!["wiki".to_owned()],
            method: "GET".to_owned(),
            path: "/admin/users".to_owned(),
            address: "192.0.2.7".to_owned(),
            at: SOME_TIME.rfc3339(),
            user: Some("alice".to_owned()),
            disabled: false,
            groups: Some(vec!["staff".to_owned()]),
            policies: vec![policy],
        }
    }
}

/// `POST /policies/explain`
pub(super) async fn explain(asked: Asked, body: SupposedRequest) -> Result<Found<ExplanationShown>, Problem> {
    let form = body.form(&asked)?;
    let found = asked.api.parts.manager.explain_policy(&asked.vs.id, &form, asked.visitor.now).await?;
    Ok(Found(ExplanationShown::of(&found, asked.sees_users())))
}

// === The cases ===

/// A case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyCase)]
struct CaseShown {
    /// Its name.
    name: String,
    /// The line where it begins.
    line: usize,
    /// It was decided as expected.
    passed: bool,
    /// What was decided.
    decided: DecisionShown,
    /// How that differs from what was expected.
    difference: Option<String>,
}

/// A file of cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyCaseFile)]
struct CaseFileShown {
    /// Its name.
    file: String,
    /// Its cases.
    cases: Vec<CaseShown>,
    /// Why none could be run.
    error: Option<String>,
}

impl CaseFileShown {
    fn of(run: CaseFileRun) -> Self {
        let case = |case: CaseResult| CaseShown {
            passed: case.passed(),
            decided: DecisionShown::of(&Decided::from(&case.decision)),
            name: case.name,
            line: case.line,
            difference: case.difference,
        };
        match run.outcome {
            Ok(cases) => Self { file: run.file, cases: cases.into_iter().map(case).collect(), error: None },
            Err(error) => Self { file: run.file, cases: Vec::new(), error: Some(error.to_string()) },
        }
    }
}

/// What the cases came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyCases)]
pub(super) struct CasesShown {
    /// How many were decided as expected.
    passed: usize,
    /// How many were not, and how many files hold no cases that could be run.
    failed: usize,
    /// File by file.
    files: Vec<CaseFileShown>,
}

impl Shown for CasesShown {
    fn example() -> Self {
        let case = CaseResult {
            name: "an older otp must be given again".to_owned(),
            line: 12,
            decision: Decision::Challenge { need: vec![Factor::Otp], by: vec![PolicyId::new("wiki")] },
            difference: None,
        };
        let run = CaseFileRun { file: "policies/cases/wiki.toml".to_owned(), outcome: Ok(vec![case]) };
        Self { passed: 1, failed: 0, files: vec![CaseFileShown::of(run)] }
    }
}

/// `POST /policies/cases`
pub(super) async fn cases(asked: Asked, _: Nothing) -> Result<Found<CasesShown>, Problem> {
    let run = asked.api.parts.manager.run_policy_cases(&asked.vs.id)?;
    let files = run.files.into_iter().map(CaseFileShown::of).collect();
    Ok(Found(CasesShown { passed: run.passed, failed: run.failed, files }))
}

// === What others would have decided ===

/// A file of policies.
#[derive(Debug, ToSchema)]
#[schema(as = PolicyFile)]
pub(super) struct FileSent {
    /// Its name, as messages shall show it.
    file: String,
    /// What it says.
    text: String,
}

impl Field for FileSent {
    const EXPECTED: &'static str = "an object with file and text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        let given = value.as_object().ok_or(FieldRule::Required)?;
        let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(FieldRule::Required);
        if let Some(other) = given.keys().find(|name| !["file", "text"].contains(&name.as_str())) {
            return Err(FieldRule::Unknown { value: format!("field {other}") });
        }
        Ok(Self { file: text("file")?, text: text("text")? })
    }
}

body! {
    /// Policies that are to be tried: all of them, not only those that are changed.
    ProposedPolicies {
        /// The files, a mebibyte together at most.
        files: Vec<FileSent>,
    }
    example {"files": [{"file": "wiki.cedar",
        "text": "permit (principal is User, action, resource == Application::\"wiki\") when { context.authn.passkey };"}]}
}

/// How many requests would be decided otherwise in one way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayTotal)]
struct TotalShown {
    /// `lose`, `gain` or `step`.
    outcome: String,
    /// How many requests.
    requests: u64,
    /// Of how many users.
    users: u64,
}

/// Somebody for whom an application would be decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayGroup)]
struct GroupShown {
    /// `lose`, `gain` or `step`.
    outcome: String,
    /// The application.
    app: String,
    /// The user's id; `null`: nobody known.
    user: Option<String>,
    /// The sign-in name; empty of nobody.
    name: String,
    /// How many requests.
    requests: u64,
    /// In how many records.
    records: u64,
    /// One of them: when.
    #[schema(format = DateTime)]
    at: String,
    /// Its method.
    method: String,
    /// Its path.
    path: String,
    /// The client's address.
    address: String,
    /// What the policies in force say of it.
    before: DecisionShown,
    /// What the others say.
    after: DecisionShown,
}

impl GroupShown {
    fn of(group: ReplayGroup) -> Self {
        Self {
            outcome: group.outcome.as_str().to_owned(),
            app: group.app.to_string(),
            user: group.user.map(|user| user.to_string()),
            name: group.name,
            requests: group.requests,
            records: group.records,
            at: group.example.at.rfc3339(),
            method: group.example.method,
            path: group.example.path,
            address: group.example.client.to_string(),
            before: DecisionShown::of(&group.example.before),
            after: DecisionShown::of(&group.example.after),
        }
    }
}

/// What other policies would have decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyReplay)]
pub(super) struct ReplayShown {
    /// How many records were decided again.
    records: u64,
    /// For how many requests they stand.
    requests: u64,
    /// When the oldest of them was made; `null` where there was none.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// `false`: there are more than can be decided in a moment, and the newest were.
    complete: bool,
    /// What it comes to.
    totals: Vec<TotalShown>,
    /// For whom and where, those with the most requests first.
    groups: Vec<GroupShown>,
    /// How many more such groups there are.
    left_out: u64,
}

impl ReplayShown {
    fn of(replay: Replay) -> Self {
        let total = |total: &ReplayTotal| TotalShown {
            outcome: total.outcome.as_str().to_owned(),
            requests: total.requests,
            users: total.users,
        };
        Self {
            records: replay.records,
            requests: replay.requests,
            since: replay.since.map(Timestamp::rfc3339),
            complete: replay.complete,
            totals: replay.totals.iter().map(total).collect(),
            groups: replay.groups.into_iter().map(GroupShown::of).collect(),
            left_out: replay.left_out,
        }
    }
}

impl Shown for ReplayShown {
    fn example() -> Self {
        let decision = |decision: &str| DecisionShown::new(decision, &[], &[PolicyId::new("wiki")]);
        let group = GroupShown {
            outcome: "lose".to_owned(),
            app: "wiki".to_owned(),
            user: Some(SOME_ID.to_owned()),
            name: "alice".to_owned(),
            requests: 12,
            records: 1,
            at: SOME_TIME.rfc3339(),
            method: "GET".to_owned(),
            path: "/admin/users".to_owned(),
            address: "192.0.2.7".to_owned(),
            before: decision("admit"),
            after: decision("refuse"),
        };
        Self {
            records: 40,
            requests: 900,
            since: Some(SOME_TIME.rfc3339()),
            complete: true,
            totals: vec![TotalShown { outcome: "lose".to_owned(), requests: 12, users: 1 }],
            groups: vec![group],
            left_out: 0,
        }
    }
}

/// `POST /policies/replay`
pub(super) async fn replay(asked: Asked, body: ProposedPolicies) -> Result<Found<ReplayShown>, Problem> {
    if body.files.len() > MOST_FILES as usize {
        return Err(Problem::invalid(vec![Wrong::of("files", FieldRule::TooMany { max: MOST_FILES })]));
    }
    let sources: Vec<Source> = body.files.into_iter().map(|FileSent { file, text }| Source { file, text }).collect();
    match asked.api.parts.manager.replay(&asked.vs.id, &sources).await? {
        Replayed::Done(replay) => Ok(Found(ReplayShown::of(replay))),
        Replayed::Broken(errors) => Err(Problem::invalid(errors.0.iter().map(broken).collect())),
    }
}

fn broken(error: &LoadError) -> Wrong {
    let LoadError { file, line, column, message, help } = error;
    let help = help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    Wrong::new("files", "policy", &format!("{file}:{line}:{column}: {message}{help}"))
}

// === Beside those in force ===

/// Policies that are asked beside those in force, and change no answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShadowSet)]
struct ShadowSetShown {
    /// Their folder.
    folder: String,
    /// When they were read.
    #[schema(format = DateTime)]
    loaded_at: String,
    /// Changes when the files do; `null` where they do not hold.
    fingerprint: Option<String>,
    /// How many there are.
    policies: usize,
    /// What is wrong with them: they are not asked then.
    broken: Option<String>,
}

impl ShadowSetShown {
    fn of(set: ShadowSet) -> Self {
        let (fingerprint, policies, broken) = match set.loaded {
            Ok(loaded) => (Some(loaded.fingerprint), loaded.policies, None),
            Err(why) => (None, 0, Some(why)),
        };
        Self { folder: set.folder, loaded_at: set.loaded_at.rfc3339(), fingerprint, policies, broken }
    }
}

/// How often they said something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShadowCount)]
struct ShadowCountShown {
    /// `same`, `lose`, `gain` or `step`.
    outcome: String,
    /// How often.
    count: u64,
    /// First.
    #[schema(format = DateTime)]
    first_at: String,
    /// Last.
    #[schema(format = DateTime)]
    last_at: String,
}

impl ShadowCountShown {
    fn of(tally: &ShadowTally) -> Self {
        Self {
            outcome: tally.outcome.clone(),
            count: tally.seen.count,
            first_at: tally.seen.first_at.rfc3339(),
            last_at: tally.seen.last_at.rfc3339(),
        }
    }
}

/// The shadow policies, and what they have said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shadow)]
pub(super) struct ShadowShown {
    /// Which; `null` where there are none.
    set: Option<ShadowSetShown>,
    /// How often they said what.
    said: Vec<ShadowCountShown>,
}

impl Shown for ShadowShown {
    fn example() -> Self {
        let set = ShadowSetShown {
            folder: "/etc/doorward/policies/next".to_owned(),
            loaded_at: SOME_TIME.rfc3339(),
            fingerprint: Some("5feceb66ffc86f38".to_owned()),
            policies: 7,
            broken: None,
        };
        let said = ShadowCountShown {
            outcome: "lose".to_owned(),
            count: 3,
            first_at: SOME_TIME.rfc3339(),
            last_at: SOME_TIME.rfc3339(),
        };
        Self { set: Some(set), said: vec![said] }
    }
}

/// `GET /policies/shadow`
pub(super) async fn shadow(asked: Asked, _: Nothing) -> Result<Found<ShadowShown>, Problem> {
    let view = asked.api.parts.manager.shadow(&asked.vs.id).await?;
    let said = view.tallies.iter().map(ShadowCountShown::of).collect();
    Ok(Found(ShadowShown { set: view.set.map(ShadowSetShown::of), said }))
}

// === What was decided ===

/// What shadow policies said of requests, where they said otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShadowAnswer)]
struct ShadowAnswerShown {
    /// Which policies: their fingerprint.
    fingerprint: String,
    /// `lose`, `gain` or `step`.
    difference: String,
    /// What they said.
    decided: DecisionShown,
}

/// Requests of a day that are alike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionRecord)]
pub(super) struct DecisionRecordShown {
    /// Its id.
    id: String,
    /// The day, UTC.
    day: String,
    /// How many requests they are.
    count: u64,
    /// When the first of them was.
    #[schema(format = DateTime)]
    first_at: String,
    /// When the last of them was.
    #[schema(format = DateTime)]
    last_at: String,
    /// The application.
    app: String,
    /// The user's id; `null`: nobody known.
    user: Option<String>,
    /// The sign-in name; empty of nobody.
    name: String,
    /// The method.
    method: String,
    /// How the path begins.
    path_class: String,
    /// The network of the client's address.
    network: String,
    /// What was proved.
    factors: Vec<String>,
    /// What was decided.
    decided: DecisionShown,
    /// What shadow policies said, where they said otherwise.
    shadow: Option<ShadowAnswerShown>,
}

impl DecisionRecordShown {
    fn of(record: &DecisionRecord) -> Self {
        let class = &record.class;
        let shadow = class.shadow.as_ref().map(|shadow| ShadowAnswerShown {
            fingerprint: shadow.fingerprint.clone(),
            difference: shadow.difference.as_str().to_owned(),
            decided: DecisionShown::of(&shadow.decided),
        });
        Self {
            id: record.id.clone(),
            day: record.day.to_string(),
            count: record.count,
            first_at: record.first_at.rfc3339(),
            last_at: record.last_at.rfc3339(),
            app: class.app.to_string(),
            user: class.user.as_ref().map(ToString::to_string),
            name: class.name.clone(),
            method: class.method.clone(),
            path_class: class.path_class.clone(),
            network: class.network.clone(),
            factors: names(&class.factors),
            decided: DecisionShown::of(&class.decided),
            shadow,
        }
    }

    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            day: "2026-11-28".to_owned(),
            count: 12,
            first_at: SOME_TIME.rfc3339(),
            last_at: SOME_TIME.rfc3339(),
            app: "wiki".to_owned(),
            user: Some(SOME_ID.to_owned()),
            name: "alice".to_owned(),
            method: "GET".to_owned(),
            path_class: "/admin/users/*".to_owned(),
            network: "192.0.2.0/24".to_owned(),
            factors: vec!["password".to_owned(), "otp".to_owned()],
            decided: DecisionShown::new("admit", &[], &[PolicyId::new("wiki")]),
            shadow: None,
        }
    }
}

/// A part of the decision records, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionRecords)]
pub(super) struct DecisionRecordsShown {
    /// What was found. May be empty though there is more: `searched_to` says so.
    items: Vec<DecisionRecordShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
    /// How far was looked, where that was not far enough to find as many as were asked for.
    #[schema(format = DateTime)]
    searched_to: Option<String>,
}

impl Shown for DecisionRecordsShown {
    fn example() -> Self {
        Self { items: vec![DecisionRecordShown::example()], next: None, searched_to: None }
    }
}

/// `GET /policies/records`
pub(super) async fn records(asked: Asked, _: Nothing) -> Result<Found<DecisionRecordsShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let some = |name: &str| Some(asked.query(name).to_owned()).filter(|text| !text.is_empty());
    let difference = Difference::parse(asked.query("difference"));
    let mut filter = DecisionFilter {
        app: some("app").map(Into::into),
        user: some("user").map(Into::into),
        decision: asked.query("decision").to_owned(),
        difference,
        shadow: None,
    };
    if difference.is_some() || asked.query("shadow") == "true" {
        let loaded = manager.shadow(&asked.vs.id).await?.set.and_then(|set| set.loaded.ok());
        // Where there are none, none of them said anything.
        let Some(loaded) = loaded else {
            return Ok(Found(DecisionRecordsShown { items: Vec::new(), next: None, searched_to: None }));
        };
        filter.shadow = Some(loaded.fingerprint);
    }
    let found = manager.decision_records(&asked.vs.id, &filter, &asked.page()).await?;
    Ok(Found(DecisionRecordsShown {
        items: found.items.iter().map(DecisionRecordShown::of).collect(),
        next: found.next,
        searched_to: found.searched_to.map(Timestamp::rfc3339),
    }))
}

impl Asked {
    fn sees_users(&self) -> bool {
        self.session.operator.role.permissions.may(Module::Users.view())
    }
}
