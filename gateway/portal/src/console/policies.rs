//! The access policies: what is in force, what would be decided for a request and why, and what the cases come to. The policies are
//! files, and no page changes one.

mod decided;
mod replay;

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use doorward_access::manage::policies::{
    CaseFileRun, ClauseOutcome as OfClause, Explained, PolicyExplanation, PolicyOutcome as OfPolicy, PolicyText,
};
use doorward_access::site::METHODS;
use doorward_api::decided::Decided;
use doorward_api::ports::Page;
use doorward_api::{Factor, FieldFault, Module, parse_age};
use doorward_views::console::{Choice, ConsolePage, Fault as Said, Field, Said as Words, in_page_order};
use doorward_views::console_policies::{
    CaseFile, CaseLine, CasesPage, ClauseOutcome, DecisionSaid, EXPLAIN, ExplainAnswer, ExplainPage, POLICIES,
    PoliciesPage, PolicyFile, PolicyLine, PolicyListPage, PolicyOutcome,
};
use doorward_views::console_records::Linked;
use http::{HeaderValue, StatusCode, header};

use super::records::{linked, offered_users, parts, query};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, users};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::supposed::{Amiss, Supposed, Unsupposed};

pub(super) use decided::{decisions, shadow};
pub(super) use replay::{ask as ask_replay, run as run_replay};

pub(super) const HERE: &str = POLICIES;
/// Names that fit what is being typed.
pub(super) const NAMES: &str = "/access-policies/users";

/// So many policies are shown at a time.
const POLICIES_AT_A_TIME: usize = 50;

/// So many names are offered while one is typed.
const NAMES_OFFERED: u32 = 12;

const FIELD: &str = "console-explain-";
const FACTOR: &str = "console-factor-";

fn show(console: &Console, signed: &Signed, status: StatusCode, page: PoliciesPage) -> Answer {
    console.page(signed, HERE, status, ConsolePage::Policies(page))
}

/// A user's page, where one may look at it.
fn who(signed: &Signed, id: &str, name: &str) -> Linked {
    if signed.may(Module::Users.view()) {
        linked(users::HERE, id, name)
    } else {
        Linked { path: String::new(), name: name.to_owned() }
    }
}

fn factors(factors: &[Factor]) -> Vec<&'static str> {
    factors.iter().map(|factor| factor.as_str()).collect()
}

fn said(decided: &Decided) -> DecisionSaid {
    DecisionSaid {
        name: decided.decision.clone(),
        need: factors(&decided.need),
        by: decided.by.iter().map(ToString::to_string).collect(),
    }
}

/// A field of these pages: its words are named after it.
fn field(name: &str, kind: &'static str, value: &str) -> Field {
    Field { name: name.to_owned(), label: FIELD.to_owned() + name, kind, value: value.to_owned(), ..Field::default() }
}

/// With technical text in it.
fn technical(field: Field) -> Field {
    Field { ltr: true, ..field }
}

fn hinted(field: Field) -> Field {
    Field { hint: Some(format!("{}-hint", field.label)), ..field }
}

/// A field for a user's name.
async fn user_field(console: &Console, signed: &Signed, value: &str) -> Result<Field, Fault> {
    if !signed.may(Module::Users.view()) {
        return Ok(field("user", "text", value));
    }
    let offered = offered_users(console, signed).await?;
    Ok(Field { offered, suggests: Some(NAMES), ..field("user", "suggest", value) })
}

/// A field for one of the applications.
fn app_field(console: &Console, signed: &Signed, value: &str, any: bool) -> Result<Field, Fault> {
    let apps = console.parts.manager.applications(&signed.vs.id)?;
    let of = |value: &str, said| Choice { value: value.to_owned(), said, hint: None };
    let all = any.then(|| of("", Words::words("console-past-any")));
    let apps = apps.iter().map(|app| of(app.id.as_str(), Words::text(app.name.as_str())));
    Ok(Field { choices: all.into_iter().chain(apps).collect(), ..field("app", "select", value) })
}

fn fault(fault: &FieldFault) -> Said {
    Said::of(fault, |name| FIELD.to_owned() + name, |_, value| Words::text(value))
}

fn with_faults(mut fields: Vec<Field>, faults: &[Said]) -> Vec<Field> {
    for field in &mut fields {
        field.fault = faults.iter().find(|fault| fault.field.as_deref() == Some(field.name.as_str())).cloned();
    }
    fields
}

// === What is in force ===

/// `GET /access-policies?q=…&after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let (find, after) = (query.text("q").trim().to_owned(), query.text("after"));
    let list = console.parts.manager.policies(&signed.vs.id)?;
    let begins: usize = after.parse().unwrap_or(0);
    let needle = find.to_lowercase();
    let mut found = list.policies.iter().filter(|policy| policy.has(&needle)).skip(begins);
    let mut files: Vec<PolicyFile> = Vec::new();
    for policy in found.by_ref().take(POLICIES_AT_A_TIME) {
        match files.last_mut() {
            Some(file) if file.name == policy.file => file.policies.push(line(policy)),
            _ => files.push(PolicyFile { name: policy.file.clone(), policies: vec![line(policy)] }),
        }
    }
    let next = found.next().map(|_| (begins + POLICIES_AT_A_TIME).to_string());
    let page = PolicyListPage {
        fingerprint: list.fingerprint,
        loaded_at: list.loaded_at,
        count: list.policies.len(),
        parts: parts(HERE, &[("q", &find)], after, next.as_deref()),
        find,
        files,
    };
    show(&console, &signed, StatusCode::OK, PoliciesPage::List(Box::new(page)))
}

fn line(policy: &PolicyText) -> PolicyLine {
    PolicyLine {
        id: policy.id.to_string(),
        effect: policy.effect,
        line: policy.line,
        app: policy.app.as_ref().map(ToString::to_string),
        annotations: policy.annotations.iter().filter(|(name, _)| name != "id").cloned().collect(),
        comment: policy.comment.clone(),
        text: policy.text.clone(),
    }
}

/// `GET /access-policies/users?q=…`: names that begin so, for who is typing one.
pub(super) async fn names(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let page = Page { after: String::new(), limit: NAMES_OFFERED };
    let found = console.parts.manager.users(&signed.vs.id, query.text("q").trim(), &page).await?;
    let names: Vec<String> = found.items.into_iter().map(|record| record.user.name).collect();
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, serde_json::json!(names).to_string()).into_response())
}

// === What would be decided ===

/// `GET /access-policies/explain?app=…`: what is supposed stands in the address, so that an answer can be sent to somebody.
pub(super) async fn explain(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let asked = query.get("app").is_some();
    let (answer, faults) = match if asked { explained(&console, &signed, &query).await? } else { Ok(None) } {
        Ok(answer) => (answer, Vec::new()),
        Err(faults) => (None, faults),
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (fields, proofs) = (request_fields(&console, &signed, &query, asked).await?, proof_fields(&query));
    let labels = fields.iter().chain(&proofs).map(|field| (field.name.as_str(), vec![field.label.clone()]));
    let faults = in_page_order(faults, labels);
    let page =
        ExplainPage { fields: with_faults(fields, &faults), proofs: with_faults(proofs, &faults), faults, answer };
    show(&console, &signed, status, PoliciesPage::Explain(Box::new(page)))
}

/// The answer, or what is wrong with the question.
type Answered = Result<Option<ExplainAnswer>, Vec<Said>>;

async fn explained(console: &Console, signed: &Signed, query: &Fields) -> Result<Answered, Fault> {
    let (manager, vs) = (&console.parts.manager, &signed.vs.id);
    let mut faults = Vec::new();
    let mut proofs = Vec::new();
    for factor in Factor::ALL {
        match (query.filled(factor.as_str()), parse_age(query.text(factor.as_str()))) {
            (None, _) => {}
            (Some(_), Some(age)) => proofs.push((factor, age)),
            (Some(_), None) => {
                let label = FACTOR.to_owned() + factor.as_str();
                faults.push(Said::plain(Some(factor.as_str()), "console-fault-age").called([label]));
            }
        }
    }
    let supposed = Supposed {
        user: query.text("user"),
        groups: listed(query.text("groups")),
        app: query.text("app"),
        method: query.text("method"),
        path: query.text("path"),
        address: query.text("address"),
        secure: query.text("secure") == "on",
        at: query.text("time"),
        proofs,
        enrolment_deferred: query.text("deferred") == "on",
        probation: query.text("probation") == "on",
    };
    let form = match supposed.read(manager, vs, &console.parts.judged) {
        Ok(form) => Some(form),
        Err(Unsupposed::Failed(error)) => return Err(error.into()),
        Err(Unsupposed::Amiss(amiss)) => {
            faults.extend(amiss.iter().map(told));
            None
        }
    };
    let Some(form) = form.filter(|_| faults.is_empty()) else { return Ok(Err(faults)) };
    match manager.explain_policy(vs, &form, signed.caller.now).await {
        Ok(found) => Ok(Ok(Some(answer(console, signed, found)?))),
        Err(doorward_access::manage::ManageError::Invalid(wrong)) => Ok(Err(wrong.iter().map(fault).collect())),
        Err(error) => Err(error.into()),
    }
}

fn told(amiss: &Amiss) -> Said {
    match amiss {
        Amiss::Rule(rule) => fault(rule),
        Amiss::Path("path_form") => {
            Said::plain(Some("path"), "console-fault-path-form").called([FIELD.to_owned() + "path"])
        }
        Amiss::Path(why) => {
            Said::plain(Some("path"), "console-fault-path").with("why", *why).called([FIELD.to_owned() + "path"])
        }
        Amiss::Time => Said::plain(Some("time"), "console-fault-time").called([FIELD.to_owned() + "time"]),
    }
}

/// Names with commas between them.
fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

async fn request_fields(console: &Console, signed: &Signed, query: &Fields, asked: bool) -> Result<Vec<Field>, Fault> {
    let value = |name: &str, begins: &str| if asked { query.text(name).to_owned() } else { begins.to_owned() };
    let apps = console.parts.manager.applications(&signed.vs.id)?;
    let extra = apps.iter().flat_map(|app| app.options.extra_methods.iter().cloned()).collect::<BTreeSet<_>>();
    let methods: Vec<String> = METHODS.map(str::to_owned).into_iter().chain(extra).collect();
    let tls = apps.iter().any(|app| app.origin.starts_with("https://"));
    let flag = |name: &str, begins: bool| field(name, "flag", &value(name, if begins { "on" } else { "" }));
    let address = signed.caller.address.to_string();
    Ok(vec![
        app_field(console, signed, query.text("app"), false)?,
        technical(hinted(field("path", "text", &value("path", "/")))),
        technical(Field { offered: methods, ..field("method", "suggest", &value("method", "GET")) }),
        hinted(user_field(console, signed, query.text("user")).await?),
        hinted(field("groups", "text", query.text("groups"))),
        technical(hinted(field("address", "text", &value("address", &address)))),
        technical(hinted(field("time", "text", query.text("time")))),
        flag("secure", tls),
    ])
}

fn proof_fields(query: &Fields) -> Vec<Field> {
    let ages = ["0s", "5m", "1h", "1d"].map(str::to_owned).to_vec();
    let of = |factor: Factor| {
        let name = factor.as_str();
        let field = field(name, "suggest", query.text(name));
        technical(Field { label: FACTOR.to_owned() + name, offered: ages.clone(), ..field })
    };
    let flag = |name: &str| field(name, "flag", query.text(name));
    Factor::ALL.into_iter().map(of).chain(["deferred", "probation"].map(flag)).collect()
}

fn answer(console: &Console, signed: &Signed, found: Explained) -> Result<ExplainAnswer, Fault> {
    let Explained { user, subject, object, at: when, explanation } = found;
    let app = console.parts.manager.application(&signed.vs.id, object.app.as_str())?;
    let principal = subject.principal();
    let sees = signed.may(Module::Users.view()) || user.is_none();
    let named = |id: Option<&str>, name: &str| match id {
        Some(id) => who(signed, id, name),
        None => Linked { path: String::new(), name: name.to_owned() },
    };
    let decision = DecisionSaid {
        name: explanation.decision.to_owned(),
        need: factors(&explanation.need),
        by: explanation.by.iter().map(ToString::to_string).collect(),
    };
    Ok(ExplainAnswer {
        request: format!("{} {}{}", object.method, app.origin, object.path),
        address: object.client.to_string(),
        who: principal.map(|principal| named(user.as_ref().map(|user| user.id.as_str()), &principal.name)),
        disabled: sees && user.as_ref().is_some_and(|user| user.disabled),
        groups: principal
            .filter(|principal| sees && !principal.groups.is_empty())
            .map(|principal| principal.groups.iter().map(|group| group.name.clone()).collect()),
        at: when,
        policies: explanation.policies.iter().map(|policy| outcome(policy, &decision.by)).collect(),
        decision,
    })
}

fn outcome(policy: &PolicyExplanation, by: &[String]) -> PolicyOutcome {
    let (outcome, why) = match &policy.outcome {
        OfPolicy::Held => ("held", None),
        OfPolicy::DidNotHold => ("not-held", None),
        OfPolicy::Error(why) => ("error", Some(why.clone())),
    };
    let clause = |clause: &doorward_access::manage::policies::ClauseExplanation| {
        let (outcome, why) = match &clause.outcome {
            OfClause::Held => ("held", None),
            OfClause::Failed => ("failed", None),
            OfClause::NotReached => ("not-reached", None),
            OfClause::Error(why) => ("error", Some(why.clone())),
        };
        ClauseOutcome { text: clause.text.clone(), outcome, why }
    };
    PolicyOutcome {
        id: policy.id.to_string(),
        effect: policy.effect,
        place: format!("{}:{}", policy.file, policy.line),
        outcome,
        decided: by.iter().any(|id| *id == policy.id.as_str()),
        why,
        clauses: policy.clauses.iter().map(clause).collect(),
    }
}

/// The way to an explanation.
pub(super) fn explain_path(pairs: &[(&str, &str)]) -> String {
    super::records::path_with(EXPLAIN, pairs)
}

/// How long before something was, as [`parse_age`] reads it.
fn age_text(age: Duration) -> String {
    format!("{}s", age.as_secs())
}

// === The cases ===

/// `GET /access-policies/cases`
pub(super) async fn cases(State(console): State<Shared>, signed: Signed) -> Answer {
    let server = console.parts.manager.policy_cases(&signed.vs.id)?;
    let file = |name: String| CaseFile { name, ..CaseFile::default() };
    let page = CasesPage { files: server.into_iter().map(file).collect(), ..CasesPage::default() };
    show(&console, &signed, StatusCode::OK, PoliciesPage::Cases(Box::new(page)))
}

/// `POST /access-policies/cases`
pub(super) async fn run_cases(State(console): State<Shared>, post: SignedPost) -> Answer {
    let signed = &post.signed;
    let run = console.parts.manager.run_policy_cases(&signed.vs.id)?;
    let page = CasesPage {
        ran: true,
        passed: run.passed,
        failed: run.failed,
        files: run.files.into_iter().map(case_file).collect(),
    };
    show(&console, signed, StatusCode::OK, PoliciesPage::Cases(Box::new(page)))
}

fn case_file(run: CaseFileRun) -> CaseFile {
    let (cases, fault) = match run.outcome {
        Ok(results) => (results, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let case = |case: doorward_access::manage::policies::CaseResult| CaseLine {
        name: case.name,
        line: case.line,
        difference: case.difference,
    };
    CaseFile { name: run.file, cases: cases.into_iter().map(case).collect(), fault }
}
