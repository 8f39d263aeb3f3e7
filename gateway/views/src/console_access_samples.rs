//! One of each page of roles and API keys, for the tests.

use doorward_api::operator::Role;
use doorward_api::{Module, Permissions, Timestamp};

use crate::console::{ChangedField, Fault, ProofFields, Said, Told};
use crate::console_access::{
    KeyLine, KeyMadePage, KeysPage, NewKeyPage, RoleChoice, RoleLine, RolePage, RolesPage, built_in_said,
    permission_table, permission_words,
};
use crate::console_approvals::{ApprovalLine, ApprovalPage, ApprovalsPage};
use crate::console_records::Parts;

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

/// Ours, and one that was made.
pub(crate) fn role_choices() -> Vec<RoleChoice> {
    let ours = Role::ALL.into_iter().rev().map(|role| RoleChoice {
        value: role.as_str().into(),
        said: built_in_said(role),
        hint: Some(format!("console-role-hint-{}", role.as_str())),
    });
    ours.chain([RoleChoice { value: "r-1".into(), said: Said::text("<b>Desk</b>"), hint: None }]).collect()
}

pub(crate) fn roles() -> RolesPage {
    let ours = RoleLine {
        path: None,
        said: built_in_said(Role::Administrator),
        hint: Some("console-role-hint-administrator".into()),
        operators: 1,
    };
    let made = RoleLine {
        path: Some("/operators/roles/r-1".into()),
        said: Said::text("<b>Desk</b>"),
        hint: None,
        operators: 0,
    };
    RolesPage { roles: vec![ours, made], may_edit: true, notice: Some(Told::new("console-saved")) }
}

pub(crate) fn role(may_edit: bool) -> RolePage {
    RolePage {
        about: "<b>Desk</b>".into(),
        name: "<b>Desk</b>".into(),
        action: "/operators/roles/r-1".into(),
        table: permission_table(Permissions::HELP_DESK, Module::Tokens.edit().into()),
        may_edit,
        delete: may_edit.then(|| "/operators/roles/r-1/delete".into()),
        seen: 2,
        operators: 2,
        why_not: (!may_edit).then_some("console-role-not-own"),
        faults: if may_edit { vec![Fault::plain(Some("name"), "rule-taken")] } else { Vec::new() },
        notice: None,
        proof: ProofFields { asked: true, fault: None },
    }
}

pub(crate) fn keys(some: bool) -> KeysPage {
    let key = |name: &str, state| KeyLine {
        name: name.into(),
        operator: "olga".into(),
        permissions: if state == "live" { permission_words(Permissions::HELP_DESK) } else { Vec::new() },
        state,
        created_at: NOW,
        expires_at: NOW,
        last_used_at: (state == "live").then_some(NOW),
        revoke: (state == "live").then(|| "/operators/keys/k-1/revoke".into()),
    };
    let keys = ["live", "over", "revoked", "dead"].map(|state| key("<b>nightly</b>", state));
    let keys = if some { keys.to_vec() } else { Vec::new() };
    KeysPage { keys, may_edit: some, notice: some.then(|| Told::new("console-done-key-revoked")) }
}

pub(crate) fn new_key() -> NewKeyPage {
    NewKeyPage {
        name: "<b>nightly</b>".into(),
        days: "90".into(),
        most_days: 365,
        table: permission_table(Permissions::ALL.of_key(), Permissions::NONE),
        faults: vec![Fault::plain(Some("permissions"), "rule-required")],
        proof: ProofFields::default(),
    }
}

pub(crate) fn key_made() -> KeyMadePage {
    let secret = "dwk_9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o1f2e3d4c.ZGVmYXVsdA".into();
    KeyMadePage { name: "<b>nightly</b>".into(), secret, until: NOW }
}

/// Every act, in every state.
fn acts() -> Vec<ApprovalLine> {
    const STATES: [&str; 6] = ["waiting", "approved", "done", "refused", "withdrawn", "expired"];
    let acts = doorward_api::HeldAct::NAMES.into_iter().zip(STATES.into_iter().cycle());
    acts.map(|(act, state)| ApprovalLine {
        path: "/approvals/a-1".into(),
        act,
        about: Said::text("<b>anna</b>"),
        asked_by: "<b>olga</b>".into(),
        api_key: Some("<b>nightly</b>".into()),
        asked_at: NOW,
        expires_at: NOW,
        state,
        own: state == "approved",
        decided_by: (state == "done").then(|| "<b>oleg</b>".into()),
        decided_at: Some(NOW),
    })
    .collect()
}

pub(crate) fn approvals(some: bool) -> ApprovalsPage {
    ApprovalsPage {
        faults: if some { vec![Fault::plain(None, "console-fault-acts-full")] } else { Vec::new() },
        acts: if some { acts() } else { Vec::new() },
        only_open: !some,
        other: "/approvals?all=1".into(),
        setting: some.then(|| "/settings/approvals".into()),
        parts: Parts { first: None, next: some.then(|| "/approvals?after=x".into()) },
    }
}

/// One that somebody else has asked for and waits, or one of one's own that is approved.
pub(crate) fn approval(waiting: bool) -> ApprovalPage {
    let state = if waiting { "waiting" } else { "approved" };
    let change = |name: &str| ChangedField {
        of: Vec::new(),
        label: vec![format!("console-approval-field-{name}")],
        old: Said::text("<b>old</b>"),
        new: Said::Nothing,
    };
    const FIELDS: [&str; 10] =
        ["role", "disabled", "name", "permissions", "days", "user", "token", "export", "format", "filter"];
    ApprovalPage {
        of: acts().into_iter().find(|act| act.state == state).unwrap_or_default(),
        changes: FIELDS.map(change).to_vec(),
        outdated: false,
        waiting,
        approvers: if waiting { vec!["<b>oleg</b>".into(), "ivo".into()] } else { Vec::new() },
        may_decide: waiting,
        may_withdraw: !waiting,
        collect: (!waiting).then(|| "/operators/keys/new".into()),
        waits_for_asker: false,
        faults: if waiting { vec![Fault::plain(None, "console-fault-act-outdated")] } else { Vec::new() },
        notice: (!waiting).then(|| Told::new("console-approval-done-approve")),
        proof: ProofFields { asked: waiting, fault: None },
    }
}
