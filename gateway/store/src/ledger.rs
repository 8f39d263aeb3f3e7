//! The one door through which anything that is recorded is written: acts and records in one transaction or not at all.
//!
//! Each act is a conditional statement or two; where one changes nothing though it must, or a constraint of the schema
//! says no, the transaction is rolled back and the act is named. The chain's head is locked last, just before the records
//! are appended, so that writers of one virtual server wait for each other no longer than that takes.
//!
//! Its conditions are judged by one time, which is read when the transaction has begun. A process that is stopped between
//! that and its last act wakes with a time that is over: what took longer than [`FRESH`] is rolled back and judged anew,
//! once, since a database that is always as slow would else never be written to.
//!
//! An answer that says "not done" is true with one exception, which no database is free of: when the connection breaks
//! while the commit itself is under way, or it is waited for in vain, nobody here can know. That is answered as `Unavailable`,
//! and who asked reads anew; what has to know puts a mark into the change.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::flow::Delivery;
use doorward_api::ports::{Act, Change, Ledger};
use doorward_api::provisioning::{MOST_FAILURES, TaskNumber};
use doorward_api::{
    AuditEvent, CommitError, CredentialId, EventContext, EventKind, Flow, FlowId, MailId, Step, StoreError, Timestamp,
    TokenState, UserId, VirtualServerId,
};
use tokio::time::{Instant, timeout_at};

use crate::db::{Tx, rows};
use crate::error::{Failure, Verdict};
use crate::groups::Portion;
use crate::open::{Inner, Store};
use crate::{
    api_keys, approvals, audit, credentials, flows, grants, groups, imports, one_times, operators, outbox,
    provisioning, provisioning_rules, pushes, recovery, roles, sessions, settings, users,
};

/// How often a change is tried when PostgreSQL breaks a deadlock by giving it up.
const TRIES: u32 = 4;

/// How old the time may be by which the conditions of a change were judged, when all its acts are done (F-11).
const FRESH: Duration = Duration::from_millis(500);

/// Tells the time by which a change's conditions are judged. Asked at each try.
pub(crate) type When<'a> = &'a (dyn Fn() -> Timestamp + Send + Sync);

/// What a transaction consists of: the acts of the port, and a few that only the store itself does.
pub(crate) enum Deed<'a> {
    /// An act of the port.
    Act(&'a Act),
    /// A virtual server that was not there.
    VirtualServerAdd,
    /// What has become of a mail; refused unless it is pending.
    MailSettle { id: &'a MailId, outcome: Delivery },
    /// Notes that an enrolment expired, and revokes the token it had issued; refused when that was noted before.
    FlowExpire { flow: &'a Flow },
    /// Some members of a group are taken out of it, which was deleted.
    GroupLeave(&'a Portion<'a>),
    /// A group that was deleted and has no members any more.
    GroupRemove(&'a str),
}

impl Deed<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Deed::Act(act) => act.name(),
            Deed::VirtualServerAdd => "virtual_server_add",
            Deed::MailSettle { .. } => "mail_settle",
            Deed::FlowExpire { .. } => "flow_expire",
            Deed::GroupLeave(_) => "group_leave",
            Deed::GroupRemove(_) => "group_remove",
        }
    }
}

/// Why a try of a transaction came to nothing.
enum Setback {
    /// The condition of this deed did not hold.
    Lost { act: usize, what: &'static str },
    /// All its conditions held, by a time that is no longer true.
    Stale,
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Self {
        Setback::Failed(failure)
    }
}

#[async_trait]
impl Ledger for Store {
    async fn commit(&self, vs: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError> {
        self.commit_by(vs, change, move || now).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.run(|inner| async move {
            // A store that cannot write any more is not ready, though it can be read.
            inner.db.writer()?;
            rows!(inner.db.reader(), (i64,), "SELECT COUNT(*) FROM virtual_server")?;
            Ok(())
        })
        .await
    }
}

impl Store {
    /// [`Ledger::commit`], with `when` to tell the time once the transaction has begun: what has expired before then has.
    ///
    /// # Errors
    /// As there.
    pub async fn commit_by(
        &self,
        vs: &VirtualServerId,
        change: Change,
        when: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<(), CommitError> {
        let vs = vs.clone();
        self.spawn(move |inner| async move {
            let deeds: Vec<Deed<'_>> = change.acts.iter().map(Deed::Act).collect();
            transact(&inner, &vs, &deeds, &change.events, &when).await?;
            finish(&inner, &vs, &change, &when).await;
            Ok(())
        })
        .await?
    }
}

/// What a change that was made has begun, in transactions of its own. The change stands whatever comes of it.
async fn finish(inner: &Arc<Inner>, vs: &VirtualServerId, change: &Change, when: When<'_>) {
    for act in &change.acts {
        let Act::GroupDelete { id } = act else { continue };
        if let Err(error) = groups::finish(inner, vs, id.as_str(), when).await {
            tracing::warn!(group = id.as_str(), %error, "a group was deleted; the janitor takes the rest of its members out");
        }
    }
}

/// Makes all deeds and appends all records, or nothing.
pub(crate) async fn transact(
    inner: &Arc<Inner>,
    vs: &VirtualServerId,
    deeds: &[Deed<'_>],
    events: &[AuditEvent],
    when: When<'_>,
) -> Result<(), CommitError> {
    let deadline = Instant::now() + inner.limit;
    let (mut tried, mut fresh) = (1, FRESH);
    loop {
        let failure = match attempt(inner, vs, deeds, events, when, fresh, deadline).await {
            Ok(()) => return Ok(()),
            Err(Setback::Lost { act, what }) => return Err(CommitError::Lost { act, what }),
            Err(Setback::Stale) => {
                fresh = Duration::MAX;
                continue;
            }
            Err(Setback::Failed(failure)) => failure,
        };
        if failure.verdict() != Verdict::Retry || tried == TRIES || Instant::now() >= deadline {
            return Err(inner.db.explain(&failure).into());
        }
        tokio::time::sleep(Duration::from_millis(7).saturating_mul(tried)).await;
        tried += 1;
    }
}

async fn attempt(
    inner: &Arc<Inner>,
    vs: &VirtualServerId,
    deeds: &[Deed<'_>],
    events: &[AuditEvent],
    when: When<'_>,
    fresh: Duration,
    deadline: Instant,
) -> Result<(), Setback> {
    let prepared = timeout_at(deadline, prepare(inner, vs, deeds, events, when)).await;
    let (tx, judged) = prepared.unwrap_or(Err(Setback::Failed(Failure::TooSlow)))?;
    // A process that was stopped meanwhile wakes with everything prepared, and with conditions that were judged long ago.
    if Instant::now() >= deadline {
        tx.rollback().await;
        return Err(Setback::Failed(Failure::TooSlow));
    }
    if judged.elapsed() >= fresh {
        tx.rollback().await;
        return Err(Setback::Stale);
    }
    inner.in_time(tx.commit()).await.map_err(Setback::Failed)
}

/// Everything but the commit; and when the time was read by which its conditions were judged.
async fn prepare(
    inner: &Inner,
    vs: &VirtualServerId,
    deeds: &[Deed<'_>],
    events: &[AuditEvent],
    when: When<'_>,
) -> Result<(Tx, Instant), Setback> {
    let mut tx = inner.db.begin().await?;
    let judged = Instant::now();
    match perform(&mut tx, inner, vs, deeds, events, when()).await {
        Ok(()) => Ok((tx, judged)),
        Err(setback) => {
            tx.rollback().await;
            Err(setback)
        }
    }
}

async fn perform(
    tx: &mut Tx,
    inner: &Inner,
    vs: &VirtualServerId,
    deeds: &[Deed<'_>],
    events: &[AuditEvent],
    now: Timestamp,
) -> Result<(), Setback> {
    if inner.clock.took_back(now) {
        return Err(Failure::ClockSetRight.into());
    }
    let mut told = Vec::new();
    for (index, deed) in deeds.iter().enumerate() {
        let at = At { inner, vs, now };
        at.perform(tx, deed, &mut told).await.map_err(|failure| match failure.verdict() {
            Verdict::Refused => Setback::Lost { act: index, what: deed.name() },
            _ => Setback::Failed(failure),
        })?;
    }
    told.extend_from_slice(events);
    Ok(audit::append(tx, vs, &told, now).await?)
}

/// A flow's record, with who has ended it and from where.
fn whence(by: &EventContext, context: EventContext) -> EventContext {
    EventContext {
        address: by.address,
        request_id: by.request_id.clone(),
        policy: by.policy.clone(),
        operator: by.operator.clone(),
        ..context
    }
}

fn expired(context: &EventContext, last_step: Step) -> AuditEvent {
    AuditEvent::new(EventKind::EnrollmentExpired, context.clone()).with("lastStep", last_step.as_str())
}

/// Who did it, as a record calls them.
const fn actor(by: &EventContext) -> &'static str {
    match (&by.operator, &by.request_id) {
        (Some(_), _) => "operator",
        (None, Some(_)) => "user",
        (None, None) => "command line",
    }
}

/// Where and when a deed is done.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) vs: &'a VirtualServerId,
    pub(crate) now: Timestamp,
}

impl At<'_> {
    /// `told` takes the records of what only the deed itself finds out.
    async fn perform(self, tx: &mut Tx, deed: &Deed<'_>, told: &mut Vec<AuditEvent>) -> Result<(), Failure> {
        match deed {
            Deed::Act(act) => self.act(tx, act, told).await,
            Deed::VirtualServerAdd => settings::add_virtual_server(tx, self).await,
            Deed::MailSettle { id, outcome } => outbox::settle(tx, self, id, *outcome).await,
            Deed::FlowExpire { flow } => self.expire(tx, flow, told).await,
            Deed::GroupLeave(part) => groups::leave(tx, self, part).await,
            Deed::GroupRemove(id) => groups::remove(tx, self, id).await,
        }
    }

    async fn supersede(
        self,
        tx: &mut Tx,
        user: &UserId,
        keep: &FlowId,
        by: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        let ended = flows::supersede(tx, self, user, keep).await?;
        told.extend(ended.iter().map(|flow| {
            AuditEvent::new(EventKind::EnrollmentSuperseded, whence(by, flow.context.clone()))
                .with("lastStep", flow.last_step.as_str())
                .with("supersededBy", keep.as_str())
        }));
        self.abandon(tx, user, &ended, "superseded", by, told).await
    }

    async fn make_room(
        self,
        tx: &mut Tx,
        (user, keep, most): (&UserId, &FlowId, u32),
        by: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        let ended = flows::make_room(tx, self, user, keep, most).await?;
        told.extend(ended.iter().map(|flow| {
            let enrolling = flow.last_step.enrolling();
            let kind = if enrolling { EventKind::EnrollmentSuperseded } else { EventKind::SignInSuperseded };
            AuditEvent::new(kind, whence(by, flow.context.clone()))
                .with("lastStep", flow.last_step.as_str())
                .with("supersededBy", keep.as_str())
        }));
        Ok(())
    }

    async fn end_flows(
        self,
        tx: &mut Tx,
        user: &UserId,
        by: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        let ended = flows::cancel_all(tx, self, user).await?;
        told.extend(ended.iter().filter(|flow| flow.last_step.enrolling()).map(|flow| {
            AuditEvent::new(EventKind::EnrollmentCancelled, whence(by, flow.context.clone()))
                .with("lastStep", flow.last_step.as_str())
        }));
        self.abandon(tx, user, &ended, "cancelled", by, told).await
    }

    /// A user goes. What they had under way and what they held is recorded with it: nothing is left by which it could be
    /// later.
    async fn delete_user(
        self,
        tx: &mut Tx,
        user: &UserId,
        by: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        users::hold_to_delete(tx, self, user).await?;
        for flow in flows::expire_all(tx, self, user).await? {
            told.push(expired(&flow.context, flow.last_step));
            self.revoke_expired(tx, flow.credential.as_ref(), &flow.context, told).await?;
        }
        self.end_flows(tx, user, by, told).await?;
        let context = EventContext { user: Some(user.clone()), ..by.clone() };
        for token in credentials::take_from(tx, self, user).await? {
            let stocked = token.to == TokenState::Inventory;
            let kind = if stocked { EventKind::TokenReturned } else { EventKind::TokenRevoked };
            let event = AuditEvent::new(kind, context.clone()).with("actor", actor(by)).with("reason", "user_deleted");
            let event = event.with("serial", token.serial).with("from", token.from.as_str());
            told.push(event.with("to", token.to.as_str()));
        }
        users::delete(tx, self, user).await
    }

    /// Revokes what was issued in flows that have ended, and was never proved.
    async fn abandon(
        self,
        tx: &mut Tx,
        user: &UserId,
        ended: &[flows::Ended],
        reason: &'static str,
        by: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        for token in credentials::revoke_assigned_of(tx, self, user).await? {
            let issued_by = ended.iter().find(|flow| flow.credential.as_ref() == Some(&token.id));
            let context = issued_by.map_or_else(
                || EventContext { user: Some(user.clone()), ..EventContext::default() },
                |flow| flow.context.clone(),
            );
            told.push(token.event(whence(by, context), actor(by), reason));
        }
        Ok(())
    }

    /// A wizard that a provisioning mail began ended without a token: one more failure of its entry.
    async fn left_by_mail(
        self,
        tx: &mut Tx,
        left: Option<(TaskNumber, &UserId)>,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        let Some((task, user)) = left else { return Ok(()) };
        provisioning::failed(tx, self, task, user, MOST_FAILURES, told).await
    }

    async fn expire(self, tx: &mut Tx, flow: &Flow, told: &mut Vec<AuditEvent>) -> Result<(), Failure> {
        flows::expire(tx, self, &flow.id, flow.step).await?;
        told.push(expired(&flow.context(), flow.step));
        self.left_by_mail(tx, flow.data.provisioned.zip(flow.user.as_ref()), told).await?;
        self.revoke_expired(tx, flow.data.credential.as_ref(), &flow.context(), told).await
    }

    /// Revokes what was issued in an enrolment that has expired, and was never proved.
    async fn revoke_expired(
        self,
        tx: &mut Tx,
        credential: Option<&CredentialId>,
        context: &EventContext,
        told: &mut Vec<AuditEvent>,
    ) -> Result<(), Failure> {
        let Some(credential) = credential else { return Ok(()) };
        let revoked = credentials::revoke_assigned(tx, self, credential).await?;
        told.extend(revoked.iter().map(|token| token.event(context.clone(), "system", "expired")));
        Ok(())
    }

    async fn act(self, tx: &mut Tx, act: &Act, told: &mut Vec<AuditEvent>) -> Result<(), Failure> {
        match act {
            Act::FlowStart(flow) => flows::start(tx, self, flow).await,
            Act::FlowMove { id, browser, step, nonce, to, new_nonce, user, data, expires_at } => {
                let from = flows::Standing { id, browser, step: *step, nonce };
                let to_step = *to;
                let to =
                    flows::Going { step: *to, nonce: new_nonce, user: user.as_ref(), data, expires_at: *expires_at };
                flows::go(tx, self, from, to).await?;
                // Whoever leaves a wizard that a provisioning mail began has failed to enrol once more.
                let left = (to_step == Step::Cancelled).then_some(data.provisioned.zip(user.as_ref())).flatten();
                self.left_by_mail(tx, left, told).await
            }
            Act::FlowsSupersede { user, keep, by } => self.supersede(tx, user, keep, by, told).await,
            Act::FlowsMakeRoom { user, keep, most, by } => self.make_room(tx, (user, keep, *most), by, told).await,
            Act::FlowsEndOf { user, by } => self.end_flows(tx, user, by, told).await,
            Act::CredentialIssue(new) => credentials::issue(tx, self, new).await,
            Act::CredentialAdd(new) => credentials::add(tx, self, new).await,
            Act::CredentialReissue { id, version, plugin, opened, template } => {
                credentials::reissue(tx, self, id, *version, (plugin, opened, template)).await
            }
            Act::CredentialRetarget { id, target } => credentials::retarget(tx, self, id, *target).await,
            Act::CredentialActivate { id, version, opened, most } => {
                credentials::activate(tx, self, id, *version, opened, *most).await
            }
            Act::EnrolmentStillAllowed { user, settings } => {
                settings::hold_to_rely(tx, self).await?;
                users::unchanged(tx, self, user).await?;
                settings::unchanged(tx, self, settings).await
            }
            Act::CredentialUse { id, version, opened } => credentials::spend(tx, self, id, *version, opened).await,
            Act::CredentialLearn { id, version, opened } => credentials::learn(tx, self, id, *version, opened).await,
            Act::CredentialState { id, from, to } => credentials::change_state(tx, self, id, from, *to).await,
            Act::CredentialUnlock { id } => credentials::unlock(tx, self, id).await,
            Act::CredentialPin { id, version, pin } => credentials::set_pin(tx, self, id, *version, pin.as_ref()).await,
            Act::CredentialLabel { id, label } => credentials::set_label(tx, self, id, label).await,
            Act::CredentialStock(new) => credentials::stock(tx, self, new).await,
            Act::CredentialAssign { id, user, most } => credentials::assign(tx, self, id, user, *most).await,
            Act::CredentialRemove { id } => credentials::remove(tx, self, id).await,
            Act::CredentialDelete { id } => credentials::delete(tx, self, id).await,
            Act::SessionStart(new) => sessions::start(tx, self, new).await,
            Act::SessionRaise { id, old, token, proofs, expires_at } => {
                sessions::raise(tx, self, id, (old, token), proofs, *expires_at).await
            }
            Act::SessionEnd { id } => sessions::end(tx, self, id).await,
            Act::SessionsEndOf { user } => sessions::end_all_of(tx, self, user).await,
            Act::OtherSessionsEnd { user, keep } => sessions::end_others(tx, self, user, keep).await,
            Act::DeferredSessionsEnd { user, keep } => sessions::end_deferred(tx, self, user, keep.as_ref()).await,
            Act::OneTimePut(new) => one_times::put(tx, self, new).await,
            Act::OneTimeTake { purpose, hash } => one_times::take(tx, self, *purpose, hash).await,
            Act::MailQueue(new) => outbox::queue(tx, self, new).await,
            Act::UserAdd(new, id) => users::add(tx, self, new, id).await,
            Act::UserPassword { user, hash } => users::set_password(tx, self, user, hash).await,
            Act::UserPasswordRehash { user, old, new } => users::rehash(tx, self, user, old, new).await,
            Act::UserDisable { user, disabled } => users::disable(tx, self, user, *disabled).await,
            Act::UserUpdate { user, version, details } => users::update(tx, self, user, *version, details).await,
            Act::UserDelete { user, by } => self.delete_user(tx, user, by, told).await,
            Act::TemporaryPasscodeSet { user, passcode } => {
                users::set_passcode(tx, self, user, passcode.as_ref()).await
            }
            Act::RecoveryCodesSet { user, seen, codes } => recovery::set(tx, self, user, *seen, codes.as_ref()).await,
            Act::GrantSet { grant, seen } => grants::set(tx, self, grant, *seen).await,
            Act::GrantTake { user, state } => grants::take(tx, self, user, *state).await,
            Act::PushStart { push, not_since } => pushes::start(tx, self, push, *not_since).await,
            Act::PushMove { id, from, to, data } => pushes::go(tx, self, id, (*from, *to), data).await,
            Act::PushesCancelOf { user } => pushes::cancel_all(tx, self, user).await,
            Act::GroupAdd { id, name } => groups::add(tx, self, id, name).await,
            Act::GroupRename { id, name } => groups::rename(tx, self, id, name).await,
            Act::GroupDelete { id } => groups::delete(tx, self, id).await,
            Act::GroupMember { group, user, member } => groups::set_member(tx, self, group, user, *member).await,
            Act::GroupNest { group, into, member } => groups::nest(tx, self, group, into, *member).await,
            Act::SettingSet { kind, seen, body, operator, changes } => {
                let new = settings::NewDocument { kind: *kind, seen: *seen, body, operator, changes };
                settings::set(tx, self, new).await
            }
            Act::SettingsStill { seen } => {
                settings::hold_to_rely(tx, self).await?;
                settings::unchanged(tx, self, seen).await
            }
            Act::ProvisioningTaskAdd(new) => provisioning::add(tx, self, new).await,
            Act::ProvisioningFill { task, seen, next, entries } => {
                provisioning::fill(tx, self, *task, (seen.as_deref(), next.as_deref()), entries).await
            }
            Act::ProvisioningTaskEdit { task, version, stops_at, note } => {
                provisioning::edit(tx, self, *task, *version, (*stops_at, note)).await
            }
            Act::ProvisioningTaskRemove { task } => provisioning::remove(tx, self, *task).await,
            Act::ProvisioningTaskResend { task } => provisioning::resend(tx, self, *task).await,
            Act::ProvisioningTaskSettle { task, most } => provisioning::settle(tx, self, *task, *most, told).await,
            Act::ProvisioningMailed { task, user, link } => provisioning::mailed(tx, self, *task, user, link).await,
            Act::ProvisioningEntryResend { task, user } => {
                provisioning::resend_entry(tx, self, *task, user, told).await
            }
            Act::ProvisioningEntryRemove { task, user } => {
                provisioning::remove_entry(tx, self, *task, user, told).await
            }
            Act::ProvisioningLinkTake { link } => provisioning::take_link(tx, self, link).await,
            Act::ProvisioningIssued { task, user, token } => provisioning::issued(tx, self, *task, user, token).await,
            Act::ProvisioningEnrolled { task, user, token } => {
                provisioning::enrolled(tx, self, *task, user, token).await
            }
            Act::ProvisioningClose { user } => provisioning::close(tx, self, user, told).await,
            Act::ProvisioningFailed { task, user, most } => {
                provisioning::failed(tx, self, *task, user, *most, told).await
            }
            Act::EnrolmentUsed { token, record } => provisioning::used(tx, self, token, record, told).await,
            Act::ProvisioningRuleHold { task, user, from, to, end } => {
                provisioning_rules::hold(tx, self, (*task, user), (from, to.as_ref()), *end, told).await
            }
            Act::ProvisioningRulesSaw { users, wanted } => provisioning_rules::saw(tx, self, users, *wanted).await,
            Act::ProvisioningPassMove { wanted, seen, next } => {
                provisioning_rules::move_pass(tx, self, *wanted, (seen.as_deref(), next.as_deref())).await
            }
            Act::ImportBegin(new) => imports::begin(tx, self, new).await,
            Act::ImportDealt { id, rows } => imports::dealt(tx, self, id, *rows).await,
            Act::ImportEnd { id } => imports::end(tx, self, id).await,
            Act::OperatorAdd(new) => operators::add(tx, self, new).await,
            Act::OperatorUse { id, version, opened } => operators::spend(tx, self, id, *version, opened).await,
            Act::OperatorPassword { id, hash, keep } => operators::set_password(tx, self, id, (hash, keep)).await,
            Act::OperatorRecover(anew) => operators::recover(tx, self, anew).await,
            Act::OperatorRole { id, from, role } => operators::set_role(tx, self, id, (from, role)).await,
            Act::OperatorDisable { id, from, disabled } => operators::disable(tx, self, (id, from), *disabled).await,
            Act::OperatorStands { id, may, gives } => operators::stands(tx, self, id, (*may, gives)).await,
            Act::OperatorSessionStart(new) => operators::start_session(tx, self, new).await,
            Act::OperatorSessionProved { id } => operators::prove_session(tx, self, id).await,
            Act::OperatorSessionEnd { id } => operators::end_session(tx, self, id).await,
            Act::RoleAdd(new) => roles::add(tx, self, new).await,
            Act::RoleSet(role) => roles::set(tx, self, role).await,
            Act::RoleDelete { id } => roles::delete(tx, self, id).await,
            Act::ApiKeyAdd(new) => api_keys::add(tx, self, new).await,
            Act::ApiKeyUseFirst { id } => api_keys::use_first(tx, self, id).await,
            Act::ApiKeyRevoke { id } => api_keys::revoke(tx, self, id).await,
            Act::PendingActAdd(new) => approvals::add(tx, self, new).await,
            Act::PendingActMove { id, from, to, by, expires_at } => {
                let going = approvals::Going { from: *from, to: *to, by: by.as_ref(), expires_at: *expires_at };
                approvals::go(tx, self, id, going).await
            }
            Act::AdministratorsAreThere { least } => operators::administrators_are_there(tx, self, *least).await,
            Act::Nothing => Ok(()),
        }
    }
}
