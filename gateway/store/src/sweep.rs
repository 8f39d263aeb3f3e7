//! What the janitor does now and then: expired rows go, expired enrolments are recorded.

use std::time::Duration;

use doorward_api::ports::{Act, AuditLog, Change};
use doorward_api::{
    ApprovalId, ApprovalState, AuditEvent, CommitError, EventContext, EventKind, Flow, StoreError, Timestamp,
    VirtualServerId,
};

use crate::db::{change, rows};
use crate::flows::{FlowRow, enrolling, select_flow};
use crate::ledger::{Deed, transact};
use crate::open::Store;

/// How long a flow that has ended or expired stays, for its page to say what became of it and to lead back to where it was
/// going. The audit trail needs no row: an enrolment's end is recorded when it comes. Strangers can begin as many flows as
/// may be open, again and again; so this bounds what the database holds of them.
const KEEP_FLOWS: Duration = Duration::from_hours(1);

/// How long a mail's outcome stays: somebody may still ask what became of it.
const KEEP_MAILS: Duration = Duration::from_hours(24);

/// How long a grant that is over stays. It is nothing any more; who looks into a complaint still finds that there was one.
const KEEP_GRANTS: Duration = Duration::from_hours(24);

/// How long a request to a device stays that is over: how many went unanswered of late decides whether another may be
/// sent.
const KEEP_PUSHES: Duration = Duration::from_hours(24);

/// How long a key of a program stays that is over: its name still tells what is in the trail.
const KEEP_KEYS: Duration = Duration::from_hours(30 * 24);

/// How long an act that waited for a second operator stays once it is over: the trail has it for longer.
const KEEP_ACTS: Duration = Duration::from_hours(30 * 24);

/// Enrolments that one sweep records at most for a virtual server; the next one goes on.
const BATCH: i64 = 200;

const SESSIONS: &str = "DELETE FROM session WHERE virtual_server = $1 AND expires_at <= $2";
const OPERATOR_SESSIONS: &str = "DELETE FROM operator_session WHERE virtual_server = $1 AND expires_at <= $2";
const ONE_TIMES: &str = "DELETE FROM one_time WHERE virtual_server = $1 AND expires_at <= $2";
const METERS: &str = "DELETE FROM meter WHERE virtual_server = $1 AND ends_at <= $2";
const MAILS: &str = "DELETE FROM mail WHERE virtual_server = $1 AND settled_at <= $2 AND expires_at <= $2";
const GRANTS: &str = "DELETE FROM enrolment_grant WHERE virtual_server = $1 AND expires_at <= $2";
const ACTS: &str = "DELETE FROM pending_act WHERE virtual_server = $1 AND state NOT IN ('waiting', 'approved') \
                    AND expires_at <= $2";
const PUSHES: &str = "DELETE FROM push_request WHERE virtual_server = $1 AND expires_at <= $2";
const KEYS: &str = "DELETE FROM api_key WHERE virtual_server = $1 AND expires_at <= $2";

/// Not an enrolment whose expiry was not recorded yet. In portions: after a flood there are many, and each portion holds up
/// other writers no longer than a sign-in does.
const FLOWS: &str = concat!(
    "DELETE FROM flow WHERE virtual_server = $1 AND id IN (SELECT id FROM flow WHERE virtual_server = $1 AND (ended_at <= $2 \
     OR (expires_at <= $2 AND NOT ",
    enrolling!(),
    ")) LIMIT 2000)"
);

const EXPIRED: &str = concat!(
    select_flow!(),
    "ended_at IS NULL AND expires_at <= $2 AND ",
    enrolling!(),
    " ORDER BY expires_at LIMIT $3"
);

impl Store {
    /// Takes away what has expired, in every virtual server, and records each expired enrolment once
    /// (`ENROLLMENT_EXPIRED`), revoking the token that it had issued. Any number of processes may sweep at once. Says how
    /// many rows that were, not counting application sessions that went with their portal session, nor who was in a group.
    ///
    /// # Errors
    /// When the store does not answer; what was swept by then is gone, the rest is there for the next time.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut swept = 0;
        for vs in self.virtual_servers().await? {
            swept += self.expire_enrolments(&vs, now).await?;
            swept += self.finish_groups(&vs, now).await?;
            for sql in [SESSIONS, OPERATOR_SESSIONS, ONE_TIMES, METERS] {
                swept += self.delete(&vs, sql, now).await?;
            }
            swept += self.delete(&vs, MAILS, now - KEEP_MAILS).await?;
            swept += self.delete(&vs, GRANTS, now - KEEP_GRANTS).await?;
            swept += self.delete(&vs, PUSHES, now - KEEP_PUSHES).await?;
            swept += self.delete(&vs, KEYS, now - KEEP_KEYS).await?;
            swept += self.expire_acts(&vs, now).await?;
            swept += self.delete(&vs, ACTS, now - KEEP_ACTS).await?;
            swept += self.delete_flows(&vs, now - KEEP_FLOWS).await?;
        }
        Ok(swept)
    }

    async fn delete_flows(&self, vs: &VirtualServerId, until: Timestamp) -> Result<u64, StoreError> {
        let mut swept = 0;
        loop {
            let portion = self.delete(vs, FLOWS, until).await?;
            if portion == 0 {
                return Ok(swept);
            }
            swept += portion;
        }
    }

    async fn delete(&self, vs: &VirtualServerId, sql: &'static str, until: Timestamp) -> Result<u64, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { Ok(change!(inner.db.writer()?, sql, vs.as_str(), until.millis())?) }).await
    }

    async fn expire_enrolments(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        let mut recorded = 0;
        for flow in self.expired_enrolments(vs, now).await? {
            let vs = vs.clone();
            let noted = self
                .spawn(move |inner| async move {
                    transact(&inner, &vs, &[Deed::FlowExpire { flow: &flow }], &[], &move || now).await
                })
                .await?;
            match noted {
                Ok(()) => recorded += 1,
                // Another process was faster.
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Ok(recorded)
    }

    /// Acts for which nobody was in time: each is recorded once.
    async fn expire_acts(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        const OVER: &str = "SELECT id, state, operator, about FROM pending_act \
                            WHERE virtual_server = $1 AND state IN ('waiting', 'approved') AND expires_at <= $2 LIMIT $3";
        let of = vs.clone();
        let found = self.run(move |inner| async move {
            Ok(rows!(inner.db.reader(), (String, String, String, String), OVER, of.as_str(), now.millis(), BATCH)?)
        });
        let mut recorded = 0;
        for (id, state, operator, about) in found.await? {
            let Some(from) = ApprovalState::parse(&state) else { continue };
            let event = AuditEvent::new(EventKind::ApprovalExpired, EventContext::default())
                .with("approvalId", id.as_str())
                .with("askedBy", operator)
                .with("about", about)
                .with("actor", "system");
            let to = ApprovalState::Expired;
            let act = Act::PendingActMove { id: ApprovalId::new(id), from, to, by: None, expires_at: None };
            let change = Change::of(act).record(event);
            match self.commit_by(vs, change, move || now).await {
                Ok(()) => recorded += 1,
                // Another process was faster.
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Ok(recorded)
    }

    async fn expired_enrolments(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Vec<Flow>, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), FlowRow, EXPIRED, vs.as_str(), now.millis(), BATCH)?;
            let opened = found.into_iter().map(|row| row.flow(&inner, &vs));
            // One that cannot be opened must not keep the others from being recorded.
            Ok(opened
                .filter_map(|flow| flow.inspect_err(|failure| tracing::error!("{}", failure.message())).ok())
                .collect())
        })
        .await
    }
}
