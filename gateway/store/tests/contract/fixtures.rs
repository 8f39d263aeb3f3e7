//! Things to store.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward_api::audit::{GENESIS, StoredRecord, chain_hash};
use doorward_api::credential::{NewCredential, NewStock, ServerPin};
use doorward_api::mail::{MailKind, NewMail};
use doorward_api::operator::{HeldRole, NewOperator, NewOperatorSession, Role, RoleRef};
use doorward_api::ports::{Act, AuditLog, Change, Ledger, OneTime, OneTimePurpose, Operators, Page};
use doorward_api::session::{NewSession, SessionKind};
use doorward_api::settings::FieldChange;
use doorward_api::user::{NewUser, TemporaryPasscode};
use doorward_api::*;
use doorward_store::Store;

use crate::world::World;

/// When every story begins.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn vs() -> VirtualServerId {
    VirtualServerId::new("default")
}

pub(crate) fn alice() -> UserId {
    UserId::new("alice-row")
}

/// A store with the virtual server `default` and its user alice.
pub(crate) async fn inhabited(world: &World) -> Store {
    let store = world.open();
    inhabit(&store, &vs()).await;
    store
}

pub(crate) async fn inhabit(store: &Store, vs: &VirtualServerId) {
    store.ensure_virtual_server(vs, NOW).await.unwrap();
    done(store.commit(vs, Change::of(add_user("alice", alice(), &["staff"])), NOW).await);
}

pub(crate) fn add_user(name: &str, id: UserId, groups: &[&str]) -> Act {
    let new = NewUser {
        name: name.into(),
        folded: FoldedName::assume(name),
        display_name: format!("{name} of somewhere"),
        email: Some(format!("{name}@example.test")),
        password_hash: Some("$argon2id$stands-for-a-hash".into()),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    };
    Act::UserAdd(Box::new(new), id)
}

/// A user goes by olga's hand.
pub(crate) fn delete_user(user: UserId) -> Act {
    let (request_id, operator) = (Some("a request".into()), Some("olga".into()));
    Act::UserDelete { user, by: Box::new(EventContext { request_id, operator, ..EventContext::default() }) }
}

/// A token hash that is told apart by its name.
pub(crate) fn hash(name: &str) -> TokenHash {
    TokenHash::from_hex(&chain_hash("", name)).unwrap()
}

pub(crate) fn flow(id: &str, step: Step) -> Flow {
    Flow {
        id: FlowId::new(id),
        browser: hash(id),
        user: Some(alice()),
        step,
        nonce: "nonce-1".into(),
        data: FlowData {
            need: vec![Factor::Password, Factor::Otp],
            proofs: Proofs::NONE.with(Factor::Password, NOW),
            ..FlowData::new("Alice", "fr")
        },
        created_at: NOW,
        expires_at: NOW + secs(900),
    }
}

/// The move of `flow` to another step.
pub(crate) fn go(flow: &Flow, to: Step) -> Act {
    Act::FlowMove {
        id: flow.id.clone(),
        browser: flow.browser,
        step: flow.step,
        nonce: flow.nonce.clone(),
        to,
        new_nonce: "nonce-2".into(),
        user: flow.user.clone(),
        data: Box::new(FlowData { language: "de".into(), ..flow.data.clone() }),
        expires_at: NOW + secs(3600),
    }
}

/// Room for one more flow of alice, of whose flows there may be so many.
pub(crate) fn make_room(keep: &FlowId, most: u32) -> Act {
    let by = EventContext { request_id: Some("a request".into()), ..EventContext::default() };
    Act::FlowsMakeRoom { user: alice(), keep: keep.clone(), most, by: Box::new(by) }
}

pub(crate) fn token(id: &str) -> NewCredential {
    NewCredential {
        id: CredentialId::new(id),
        user: alice(),
        plugin: "otp".into(),
        serial: format!("DW-{id}"),
        target: Target::Ios,
        template: Template::STANDARD_APP,
        opened: SecretBytes::new(b"first bytes".to_vec()),
        additional: false,
        most: 1,
    }
}

pub(crate) fn bytes(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

pub(crate) fn activate(id: &str, version: i64) -> Act {
    Act::CredentialActivate { id: CredentialId::new(id), version, opened: bytes("activated"), most: 1 }
}

/// Beside others, as long as there are fewer than `most`.
pub(crate) fn activate_beside(id: &str, version: i64, most: u8) -> Act {
    Act::CredentialActivate { id: CredentialId::new(id), version, opened: bytes("activated"), most }
}

pub(crate) fn remove(id: &str) -> Act {
    Act::CredentialRemove { id: CredentialId::new(id) }
}

pub(crate) fn spend(id: &str, version: i64) -> Act {
    Act::CredentialUse { id: CredentialId::new(id), version, opened: bytes("used") }
}

/// A token was signed in with somewhere.
pub(crate) fn signed_in_with(id: &str) -> Act {
    let context = EventContext {
        user: Some(alice()),
        address: Some([203, 0, 113, 9].into()),
        request_id: Some("a sign-in".into()),
        ..EventContext::default()
    };
    let record = AuditEvent::new(EventKind::EnrollmentConfirmed, context).with("serial", format!("DW-{id}"));
    Act::EnrolmentUsed { token: CredentialId::new(id), record: Box::new(record.with("method", "otp")) }
}

pub(crate) fn state(id: &str, from: &[TokenState], to: TokenState) -> Act {
    Act::CredentialState { id: CredentialId::new(id), from: from.to_vec(), to }
}

/// A token that was made elsewhere.
pub(crate) fn stock(id: &str) -> NewStock {
    NewStock {
        id: CredentialId::new(id),
        plugin: "otp".into(),
        serial: format!("HW-{id}"),
        template: Template::STANDARD_APP,
        opened: bytes("imported"),
    }
}

pub(crate) fn assign(id: &str, user: &UserId) -> Act {
    Act::CredentialAssign { id: CredentialId::new(id), user: user.clone(), most: 1 }
}

pub(crate) fn pin(hash: &str) -> ServerPin {
    ServerPin { hash: hash.into(), set_at: NOW, must_change: true, history: vec!["an older one".into()] }
}

pub(crate) fn set_pin(id: &str, version: i64, pin: Option<ServerPin>) -> Act {
    Act::CredentialPin { id: CredentialId::new(id), version, pin }
}

pub(crate) fn temporary_passcode(hash: &str) -> TemporaryPasscode {
    TemporaryPasscode { hash: hash.into(), expires_at: NOW + secs(3600), reason: "left at home".into() }
}

pub(crate) fn give_passcode(user: &UserId, passcode: Option<TemporaryPasscode>) -> Act {
    Act::TemporaryPasscodeSet { user: user.clone(), passcode }
}

/// A grant of an hour, whose words are told apart by their user.
pub(crate) fn grant(user: &UserId, state: GrantState) -> Grant {
    let details = GrantDetails {
        code_hash: (state == GrantState::CodeGiven).then(|| "$argon2id$of-a-code".to_owned()),
        address: Some([192, 0, 2, 7].into()),
        user_agent: "a browser".into(),
        operator: Some("olga".into()),
        reason: format!("words for {user}"),
    };
    Grant { user: user.clone(), state, at: NOW, expires_at: NOW + secs(3600), details }
}

pub(crate) fn set_grant(grant: Grant, seen: Option<GrantState>) -> Act {
    Act::GrantSet { grant: Box::new(grant), seen }
}

pub(crate) fn take_grant(user: &UserId, state: GrantState) -> Act {
    Act::GrantTake { user: user.clone(), state }
}

pub(crate) fn add_group(id: &str) -> Act {
    Act::GroupAdd { id: GroupId::new(id), name: id.into() }
}

/// The first of these groups lies in the second, or no longer.
pub(crate) fn nest(group: &str, into: &str, member: bool) -> Act {
    Act::GroupNest { group: GroupId::new(group), into: GroupId::new(into), member }
}

/// A document that says which version of it this is.
pub(crate) fn set(kind: SettingKind, seen: i64) -> Act {
    let changes = vec![FieldChange { field: "number".into(), old: seen.into(), new: (seen + 1).into() }];
    Act::SettingSet { kind, seen, body: format!("{{\"number\":{}}}", seen + 1), operator: "olga".into(), changes }
}

/// An operator whose row is called as they are.
pub(crate) fn operator(name: &str, role: Role) -> NewOperator {
    NewOperator {
        id: OperatorId::new(name),
        name: name.into(),
        folded: FoldedName::assume(name.to_lowercase()),
        role: role.into(),
        disabled: false,
        password_hash: "$argon2id$of-an-operator".into(),
        plugin: "otp".into(),
        opened: bytes("second factor"),
    }
}

/// Another role in the place of the one that an operator has now. Whoever there is not has none.
pub(crate) async fn give_role(store: &Store, name: &str, role: impl Into<RoleRef>) -> Act {
    Act::OperatorRole { id: OperatorId::new(name), from: role_of(store, name).await, role: role.into() }
}

/// Off or on, as they are now.
pub(crate) async fn switch(store: &Store, name: &str, disabled: bool) -> Act {
    Act::OperatorDisable { id: OperatorId::new(name), from: role_of(store, name).await, disabled }
}

async fn role_of(store: &Store, name: &str) -> HeldRole {
    let found = store.operator(&vs(), &OperatorId::new(name)).await.unwrap();
    found.map_or_else(|| Role::Auditor.into(), |one| one.role)
}

pub(crate) fn operator_session(id: &str, operator: &str) -> NewOperatorSession {
    NewOperatorSession {
        id: SessionId::new(id),
        token: hash(id),
        operator: OperatorId::new(operator),
        expires_at: NOW + secs(8 * 3600),
    }
}

/// The first so many of a list.
pub(crate) fn first(limit: u32) -> Page {
    Page { after: String::new(), limit }
}

pub(crate) fn portal_session(id: &str) -> NewSession {
    NewSession {
        id: SessionId::new(id),
        token: hash(id),
        user: alice(),
        kind: SessionKind::Portal,
        proofs: Proofs::NONE.with(Factor::Password, NOW),
        expires_at: NOW + secs(8 * 3600),
    }
}

pub(crate) fn app_session(id: &str, portal: &str) -> NewSession {
    let kind = SessionKind::App { host: "wiki.localhost".into(), portal: SessionId::new(portal) };
    NewSession { kind, ..portal_session(id) }
}

pub(crate) fn ticket(name: &str) -> OneTime {
    OneTime { purpose: OneTimePurpose::Ticket, hash: hash(name), data: "{\"to\":1}".into(), expires_at: NOW + secs(30) }
}

pub(crate) fn take_ticket(name: &str) -> Act {
    Act::OneTimeTake { purpose: OneTimePurpose::Ticket, hash: hash(name) }
}

pub(crate) fn mail(id: &str) -> NewMail {
    NewMail {
        id: MailId::new(id),
        user: alice(),
        kind: MailKind::VerificationCode,
        language: "ja".into(),
        fields: BTreeMap::from([("code".to_owned(), Secret::new("483920"))]),
        flow: Some(FlowId::new("flow-of-mail")),
        expires_at: NOW + secs(600),
    }
}

pub(crate) fn event(kind: EventKind) -> AuditEvent {
    AuditEvent::new(kind, EventContext { user: Some(alice()), ..EventContext::default() })
}

/// A change that must be made.
#[track_caller]
pub(crate) fn done(result: Result<(), CommitError>) {
    result.unwrap();
}

/// A change whose act at this place came too late.
#[track_caller]
pub(crate) fn lost(result: Result<(), CommitError>, place: usize) {
    match result {
        Err(CommitError::Lost { act, .. }) => assert_eq!(act, place),
        other => panic!("expected act {place} to be lost, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn unavailable<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

pub(crate) async fn commit(store: &Store, act: Act) -> Result<(), CommitError> {
    store.commit(&vs(), Change::of(act), NOW).await
}

pub(crate) async fn commit_at(store: &Store, act: Act, at: Timestamp) -> Result<(), CommitError> {
    store.commit(&vs(), Change::of(act), at).await
}

/// Every record of the chain, after checking that it is whole: numbers without gaps, hashes that follow, the right head.
pub(crate) async fn whole_chain(store: &Store) -> Vec<StoredRecord> {
    let mut records: Vec<StoredRecord> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let more = store.records(&vs(), after, 500).await.unwrap();
        if more.is_empty() {
            break;
        }
        records.extend(more);
    }
    let mut prev = GENESIS.to_owned();
    for (seq, record) in (1..).zip(&records) {
        assert_eq!(record.seq, seq);
        assert_eq!(record.prev, prev);
        assert_eq!(record.hash, chain_hash(&prev, &record.record));
        prev = record.hash.clone();
    }
    let head = store.head(&vs()).await.unwrap();
    assert_eq!((head.seq, head.hash), (records.len() as i64, prev));
    records
}

/// The records of a kind.
pub(crate) fn of_kind(records: &[StoredRecord], kind: EventKind) -> Vec<serde_json::Value> {
    let parsed = records.iter().map(|record| serde_json::from_str::<serde_json::Value>(&record.record).unwrap());
    parsed.filter(|record| record["details"]["event"] == kind.name()).collect()
}
