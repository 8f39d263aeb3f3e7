//! Outlets of the audit trail. Each call is one statement; whoever holds an outlet is named in it, so that a process that slept
//! over its time writes nothing over what another one has done since.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::ports::{AuditOutlets, OutletState};
use doorward_api::{OutletId, StoreError, Timestamp, VirtualServerId};

use crate::db::{change, rows};
use crate::open::Store;

/// An outlet that no process has had in its configuration for so long is none any more.
const FORGOTTEN: Duration = Duration::from_hours(7 * 24);

/// A lease that lies further ahead than one can, and so much more, was given by a clock that was wrong: nobody waits for its end.
/// Clocks of several processes that are further apart serve nothing.
const AHEAD: Duration = Duration::from_secs(60);

macro_rules! state {
    () => {
        "sent, skipped, attempts, failing_since, last_error, due_at, disabled_at"
    };
}

/// The whole trail is what is left of it: what was cut before there was the outlet is nothing that it was not told.
const WANT: &str = "INSERT INTO audit_outlet (virtual_server, outlet, sent, skipped, attempts, due_at, leased_until, wanted_at) \
     SELECT $1, $2, CASE WHEN $3 = 1 THEN trimmed ELSE seq END, 0, 0, 0, 0, $4 FROM audit_head WHERE virtual_server = $1 \
     ON CONFLICT (virtual_server, outlet) DO UPDATE SET wanted_at = excluded.wanted_at, disabled_at = NULL";

const TAKE: &str = concat!(
    "UPDATE audit_outlet SET holder = $3, leased_until = $5, wanted_at = $4 \
     WHERE virtual_server = $1 AND outlet = $2 AND disabled_at IS NULL \
     AND (leased_until <= $4 OR holder = $3 OR leased_until > $6) RETURNING ",
    state!()
);

const KEEP: &str = "UPDATE audit_outlet SET leased_until = $4, wanted_at = $5 \
     WHERE virtual_server = $1 AND outlet = $2 AND holder = $3";

const NOTE: &str = "UPDATE audit_outlet SET sent = $4, skipped = $5, attempts = $6, failing_since = $7, last_error = $8, \
     due_at = $9, disabled_at = $10 WHERE virtual_server = $1 AND outlet = $2 AND holder = $3";

const STATE: &str = concat!("SELECT ", state!(), " FROM audit_outlet WHERE virtual_server = $1 AND outlet = $2");

const SENT: &str = "SELECT MIN(sent) FROM audit_outlet \
     WHERE virtual_server = $1 AND wanted_at > $2 AND disabled_at IS NULL";

#[derive(sqlx::FromRow)]
struct OutletRow {
    sent: i64,
    skipped: i64,
    attempts: i64,
    failing_since: Option<i64>,
    last_error: Option<String>,
    due_at: i64,
    disabled_at: Option<i64>,
}

impl From<OutletRow> for OutletState {
    fn from(row: OutletRow) -> Self {
        Self {
            sent: row.sent,
            skipped: row.skipped,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            failing_since: row.failing_since.map(Timestamp::from_millis),
            last_error: row.last_error,
            due_at: Timestamp::from_millis(row.due_at),
            disabled_at: row.disabled_at.map(Timestamp::from_millis),
        }
    }
}

#[async_trait]
impl AuditOutlets for Store {
    async fn want_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        whole_trail: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (vs, outlet, whole) = (vs.clone(), outlet.clone(), i64::from(whole_trail));
        self.run(move |inner| async move {
            change!(inner.db.writer()?, WANT, vs.as_str(), outlet.as_str(), whole, now.millis())?;
            Ok(())
        })
        .await
    }

    async fn take_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<OutletState>, StoreError> {
        let (vs, outlet, holder) = (vs.clone(), outlet.clone(), holder.to_owned());
        let [now, until, beyond] = [now, now + lease, now + lease + AHEAD].map(Timestamp::millis);
        self.run(move |inner| async move {
            let writer = inner.db.writer()?;
            let found = rows!(writer, OutletRow, TAKE, vs.as_str(), outlet.as_str(), holder, now, until, beyond)?;
            Ok(found.into_iter().next().map(OutletState::from))
        })
        .await
    }

    async fn keep_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (vs, outlet, holder, until) = (vs.clone(), outlet.clone(), holder.to_owned(), (now + lease).millis());
        self.run(move |inner| async move {
            let writer = inner.db.writer()?;
            Ok(change!(writer, KEEP, vs.as_str(), outlet.as_str(), holder, until, now.millis())? > 0)
        })
        .await
    }

    async fn note_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        state: &OutletState,
    ) -> Result<bool, StoreError> {
        let (vs, outlet, holder, state) = (vs.clone(), outlet.clone(), holder.to_owned(), state.clone());
        self.run(move |inner| async move {
            let OutletState { sent, skipped, attempts, failing_since, last_error, due_at, disabled_at } = state;
            let written = change!(
                inner.db.writer()?,
                NOTE,
                vs.as_str(),
                outlet.as_str(),
                holder,
                sent,
                skipped,
                i64::from(attempts),
                failing_since.map(Timestamp::millis),
                last_error.as_deref(),
                due_at.millis(),
                disabled_at.map(Timestamp::millis),
            )?;
            Ok(written > 0)
        })
        .await
    }

    async fn outlet(&self, vs: &VirtualServerId, outlet: &OutletId) -> Result<Option<OutletState>, StoreError> {
        let (vs, outlet) = (vs.clone(), outlet.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), OutletRow, STATE, vs.as_str(), outlet.as_str())?;
            Ok(found.into_iter().next().map(OutletState::from))
        })
        .await
    }

    async fn outlets_sent(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let (vs, since) = (vs.clone(), (now - FORGOTTEN).millis());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (Option<i64>,), SENT, vs.as_str(), since)?;
            Ok(found.into_iter().next().and_then(|(lowest,)| lowest))
        })
        .await
    }
}
