//! The pages of what waits for a second operator.

use axum::extract::{Path, RawQuery, State};
use doorward_access::approvals::{ActRecord, ApprovalError, Approvals};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::ManageError;
use doorward_access::operators::OperatorError;
use doorward_api::operator::RoleRef;
use doorward_api::settings::{FieldChange, SettingChange};
use doorward_api::{ApprovalId, ApprovalState, HeldAct, Module, PendingAct, SettingKind};
use doorward_views::console::{ChangedField, ConsolePage, Fault as Said, ProofFields, Said as Words, Told};
use doorward_views::console_access::{AccessPage, built_in_said};
use doorward_views::console_approvals::{ApprovalLine, ApprovalPage, ApprovalsPage};
use http::StatusCode;
use serde_json::Value;

use super::panels::PANELS;
use super::records::{at, part, parts, path_with, query};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, changes, provisioning_rules, rules};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/approvals";

/// Where it is said what takes two.
pub(super) const SETTING: &str = "/settings/approvals";

/// What was done, as the page of an act is told in `?done=`.
const DONE: [&str; 4] = ["asked", "approve", "refuse", "withdraw"];

/// Instead of the page that says that something was done: where it waits.
pub(super) fn held(id: &ApprovalId) -> Fault {
    let path = path_with(&at(HERE, id.as_str()), &[("done", "asked")]);
    let fault = Fault::new(ErrorKind::BadRequest, "it waits for another operator");
    Fault { status: StatusCode::SEE_OTHER, ..fault.onward(path) }
}

/// Instead of the page that says that something was done: what waits, of which some has to go first.
pub(super) fn too_many() -> Fault {
    let fault = Fault::new(ErrorKind::BadRequest, "as many acts wait for a second operator as may");
    Fault { status: StatusCode::SEE_OTHER, ..fault.onward(path_with(HERE, &[("full", "1")])) }
}

impl Console {
    pub(super) fn approvals(&self) -> Approvals<'_> {
        Approvals::new(&self.parts.manager, &self.parts.operators, None)
    }
}

/// `GET /approvals`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let only_open = query.get("all").is_none();
    let (page, caller) = (part(&query), signed.caller.at(&signed.vs.id));
    let found = console.approvals().list(&caller, &signed.session, only_open, &page).await;
    let found = found.map_err(fault_of)?;
    let pairs: &[(&str, &str)] = if only_open { &[] } else { &[("all", "1")] };
    let full = query.get("full").map(|_| Said::plain(None, "console-fault-acts-full"));
    let page = ApprovalsPage {
        faults: full.into_iter().collect(),
        acts: found.items.iter().map(|act| line(act, &signed)).collect(),
        only_open,
        other: if only_open { path_with(HERE, &[("all", "1")]) } else { HERE.to_owned() },
        setting: signed.may(Module::Operators.view()).then(|| SETTING.to_owned()),
        parts: parts(HERE, pairs, &page.after, found.next.as_deref()),
    };
    console.page(&signed, HERE, StatusCode::OK, ConsolePage::Access(AccessPage::Approvals(page)))
}

fn line(act: &PendingAct, signed: &Signed) -> ApprovalLine {
    ApprovalLine {
        path: at(HERE, act.id.as_str()),
        act: act.act.name(),
        about: about(act),
        asked_by: act.operator_name.clone(),
        api_key: act.api_key.clone(),
        asked_at: act.asked_at,
        expires_at: act.expires_at,
        state: act.state_at(signed.caller.now).as_str(),
        own: act.operator == signed.session.operator.id,
        decided_by: act.decided_by.clone(),
        decided_at: act.decided_at,
    }
}

/// What it is about, in our words where it is something of ours.
fn about(act: &PendingAct) -> Words {
    match &act.act {
        HeldAct::SettingPut { kind, .. } => Words::words(format!("console-page-{}", kind.as_str())),
        HeldAct::Export { module: Module::Audit, .. } => Words::words("console-page-audit"),
        HeldAct::Export { .. } => Words::words("console-page-history"),
        HeldAct::OperatorInvite { role: RoleRef::BuiltIn(role) } => built_in_said(*role),
        _ => Words::text(act.about.as_str()),
    }
}

/// Where whoever asked does it, once it is approved.
fn collected_at(pending: &PendingAct) -> Option<String> {
    match &pending.act {
        HeldAct::OperatorInvite { role } => Some(path_with("/operators", &[("role", role.as_str())])),
        HeldAct::ApiKeyAdd { .. } => Some(path_with("/operators/keys/new", &[("approval", pending.id.as_str())])),
        HeldAct::Export { module, format, filter } => {
            let path = if *module == Module::Audit { "/logs/audit" } else { "/reports/enrolments" };
            let query = if filter.is_empty() { String::new() } else { format!("?{filter}") };
            Some(format!("{path}.{format}{query}"))
        }
        _ => None,
    }
}

/// What this operator has asked for and was approved: what its form is filled in with.
pub(super) async fn approved(console: &Console, signed: &Signed, id: &str) -> Result<Option<HeldAct>, Fault> {
    let caller = signed.caller.at(&signed.vs.id);
    match console.approvals().look(&caller, &signed.session, &ApprovalId::new(id)).await {
        Ok(record) => {
            let own = record.act.operator == signed.session.operator.id;
            Ok(Some(record.act.act).filter(|_| own && record.state == ApprovalState::Approved))
        }
        Err(ApprovalError::NotFound) => Ok(None),
        Err(error) => Err(fault_of(error)),
    }
}

/// `GET /approvals/{id}`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let notice = done(&query);
    let back = Back { notice, proof: signed.proof_fields(), ..Back::default() };
    show(&console, &signed, &ApprovalId::new(id), back).await
}

fn done(query: &Fields) -> Option<Told> {
    let done = query.filled("done").filter(|done| DONE.contains(done))?;
    Some(Told::new(format!("console-approval-done-{done}")))
}

/// What is shown besides the act.
#[derive(Default)]
struct Back {
    status: StatusCode,
    faults: Vec<Said>,
    notice: Option<Told>,
    proof: ProofFields,
}

async fn show(console: &Console, signed: &Signed, id: &ApprovalId, back: Back) -> Answer {
    let caller = signed.caller.at(&signed.vs.id);
    let record = console.approvals().look(&caller, &signed.session, id).await.map_err(fault_of)?;
    let changes = told(console, signed, &record).await?;
    let ActRecord { act, state, outdated, approvers, .. } = record;
    let of = line(&act, signed);
    let page = ApprovalPage {
        may_decide: state == ApprovalState::Waiting && !of.own,
        may_withdraw: state.is_open() && of.own,
        collect: collected_at(&act).filter(|_| state == ApprovalState::Approved && of.own),
        waits_for_asker: state == ApprovalState::Approved && !of.own,
        changes,
        outdated,
        approvers: if state == ApprovalState::Waiting { approvers } else { Vec::new() },
        waiting: state == ApprovalState::Waiting,
        faults: back.faults,
        notice: back.notice,
        proof: back.proof,
        of,
    };
    console.page(signed, HERE, back.status, ConsolePage::Access(AccessPage::Approval(Box::new(page))))
}

/// What would change, in the words of the page that it is about.
async fn told(console: &Console, signed: &Signed, record: &ActRecord) -> Result<Vec<ChangedField>, Fault> {
    let HeldAct::SettingPut { kind, .. } = &record.act.act else {
        return Ok(record.changes.iter().map(plain).collect());
    };
    let log = [SettingChange {
        version: 0,
        at: record.act.asked_at,
        operator: record.act.operator_name.clone(),
        changes: record.changes.clone(),
    }];
    let rows = match (kind, PANELS.iter().find(|panel| panel.kind == *kind)) {
        (SettingKind::EnrolmentRules, _) => rules::log::rows(console, &signed.vs.id, &log).await?,
        (SettingKind::ProvisioningRules, _) => provisioning_rules::log::rows(console, &signed.vs.id, &log).await?,
        (_, Some(panel)) => changes::rows(console, &signed.vs.id, panel, &log).await?,
        (_, None) => return Ok(record.changes.iter().map(raw).collect()),
    };
    Ok(rows.into_iter().flat_map(|row| row.fields).collect())
}

/// A field of what is no document of the settings.
fn plain(change: &FieldChange) -> ChangedField {
    ChangedField {
        of: Vec::new(),
        label: vec![format!("console-approval-field-{}", change.field)],
        old: said(&change.old),
        new: said(&change.new),
    }
}

/// A field of a document that no page shows field by field.
fn raw(change: &FieldChange) -> ChangedField {
    let of = vec![Words::text(change.field.as_str())];
    ChangedField { of, label: Vec::new(), old: said(&change.old), new: said(&change.new) }
}

fn said(value: &Value) -> Words {
    match value {
        Value::Null => Words::Nothing,
        Value::String(text) => Words::text(text.as_str()),
        Value::Bool(on) => Words::words(if *on { "console-on" } else { "console-off" }),
        Value::Array(listed) if listed.iter().all(Value::is_string) => {
            let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
            Words::text(listed.join(", "))
        }
        other => Words::text(other.to_string()),
    }
}

/// What an operator does about an act.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Approve,
    Refuse,
    Withdraw,
}

impl Deed {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "approve" => Some(Deed::Approve),
            "refuse" => Some(Deed::Refuse),
            "withdraw" => Some(Deed::Withdraw),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Deed::Approve => "approve",
            Deed::Refuse => "refuse",
            Deed::Withdraw => "withdraw",
        }
    }
}

/// `POST /approvals/{id}`
pub(super) async fn decide(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = ApprovalId::new(id);
    let Some(deed) = Deed::parse(post.fields.text("do")) else {
        return Err(Fault::new(ErrorKind::BadRequest, "there is no such thing to do about an act"));
    };
    let proof = post.prove(&console).await?.err();
    let signed = &post.signed;
    if let Some(proof) = proof {
        let faults = proof.fault.clone().into_iter().collect();
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&console, signed, &id, Back { status, faults, notice: None, proof }).await;
    }
    let (caller, desk) = (signed.caller.at(&signed.vs.id), console.approvals());
    let outcome = match deed {
        Deed::Approve => desk.approve(&caller, &signed.session, &id).await,
        Deed::Refuse => desk.refuse(&caller, &signed.session, &id).await,
        Deed::Withdraw => desk.withdraw(&caller, &signed.session, &id).await,
    };
    match outcome {
        Ok(_) => see_other(&path_with(&at(HERE, id.as_str()), &[("done", deed.as_str())])),
        Err(error) => {
            let fault = refusal(error)?;
            let back = Back { status: StatusCode::CONFLICT, faults: vec![fault], ..Back::default() };
            show(&console, signed, &id, back).await
        }
    }
}

/// Why it was not done, where the page itself can say so.
fn refusal(error: ApprovalError) -> Result<Said, Fault> {
    let key = match &error {
        ApprovalError::Own => "console-fault-act-own",
        ApprovalError::NotOwn => "console-fault-act-not-own",
        ApprovalError::Decided(_) => "console-fault-act-decided",
        ApprovalError::AskerMayNot | ApprovalError::Beyond => "console-fault-act-asker",
        ApprovalError::Manage(ManageError::Conflict | ManageError::NotFound | ManageError::NotInState { .. })
        | ApprovalError::Operators(OperatorError::Conflict | OperatorError::NotFound) => "console-fault-act-outdated",
        ApprovalError::Manage(ManageError::Invalid(_)) | ApprovalError::Operators(OperatorError::Invalid(_)) => {
            "console-fault-act-invalid"
        }
        ApprovalError::Operators(OperatorError::LastAdministrator) => "console-fault-last-administrator",
        ApprovalError::Operators(OperatorError::RoleInUse) => "console-fault-role-in-use",
        ApprovalError::Operators(OperatorError::OwnRole) => "console-fault-own-role",
        ApprovalError::Operators(OperatorError::Beyond)
        | ApprovalError::Manage(ManageError::Forbidden)
        | ApprovalError::Operators(OperatorError::Forbidden) => "console-fault-act-asker",
        _ => return Err(fault_of(error)),
    };
    Ok(Said::plain(None, key))
}

pub(super) fn fault_of(error: ApprovalError) -> Fault {
    let kind = match &error {
        ApprovalError::NotFound => ErrorKind::NotFound,
        ApprovalError::NotFresh => ErrorKind::Denied,
        ApprovalError::Store(_) => ErrorKind::Unavailable,
        _ => ErrorKind::BadRequest,
    };
    match error {
        ApprovalError::Manage(error) => error.into(),
        ApprovalError::Operators(error) => error.into(),
        error => Fault::new(kind, error.to_string()),
    }
}
