//! What has become too old goes from the audit trail, at a place that the caller has found: a signed checkpoint.
//!
//! First the record that says so, and with it the place in the chain's head; both or neither. Then the records before that
//! place, the oldest first and a part at a time, with what was made of them. Whoever is killed in between leaves a chain that
//! begins a little earlier than it says, and the next one goes on.
//!
//! What is too old is not told by a clock alone: one that is wrong for an hour would have the whole trail go. So the database
//! keeps up to when time is known to have passed, and processes move that on.

use doorward_api::audit::Cut;
use doorward_api::{StoreError, Timestamp, VirtualServerId};

use crate::audit;
use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::Failure;
use crate::migrate::{get, put};
use crate::open::{Inner, Store};

/// Forwards only, at a record that is there, and never beyond what operators can look through.
const CUT: &str = "UPDATE audit_head SET trimmed = $2, trimmed_hash = $3, trimmed_by = seq + 1 \
                   WHERE virtual_server = $1 AND trimmed < $2 AND entered >= $2 AND seq > $2 \
                   AND EXISTS (SELECT 1 FROM audit_record r WHERE r.virtual_server = $1 AND r.seq = $2 AND r.hash = $3)";

/// The number of the first record that is there, and of the last one that is to go.
const EDGE: &str = "SELECT r.seq, h.trimmed FROM audit_head h \
                    JOIN audit_record r ON r.virtual_server = h.virtual_server \
                    WHERE h.virtual_server = $1 ORDER BY r.seq LIMIT 1";

/// What goes with the records up to a number, and they themselves.
const SHED: [&str; 3] = [
    "DELETE FROM enrolment WHERE virtual_server = $1 AND last_seq <= $2",
    "DELETE FROM audit_entry WHERE virtual_server = $1 AND seq <= $2",
    "DELETE FROM audit_record WHERE virtual_server = $1 AND seq <= $2",
];

/// The name in `meta` of the time up to which time is known to have passed.
const CONFIRMED: &str = "confirmed_time";

/// Forwards only: of several processes the one that has seen more pass is right.
const CONFIRM: &str = "UPDATE meta SET value = CASE WHEN CAST(value AS BIGINT) < CAST($2 AS BIGINT) THEN $2 ELSE value END \
                       WHERE name = $1 RETURNING CAST(value AS BIGINT)";

impl Store {
    /// Up to when time is known to have passed, whatever a clock has said meanwhile.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn confirmed_time(&self) -> Result<Timestamp, StoreError> {
        self.run(move |inner| async move {
            const SQL: &str = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = $1";
            confirmed(rows!(inner.db.reader(), (i64,), SQL, CONFIRMED)?)
        })
        .await
    }

    /// Moves that on, and never back; says where it is then. Whoever asks has seen so much time pass.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn confirm_time(&self, reached: Timestamp) -> Result<Timestamp, StoreError> {
        let reached = reached.millis().to_string();
        self.run(move |inner| async move { confirmed(rows!(inner.db.writer()?, (i64,), CONFIRM, CONFIRMED, reached)?) })
            .await
    }

    /// Says in the chain that it is cut. `false`: another process was faster, or there is no such record.
    ///
    /// # Errors
    /// When the store does not answer; nothing is changed then.
    pub async fn cut_trail(&self, vs: &VirtualServerId, cut: Cut, now: Timestamp) -> Result<bool, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { cut_at(&inner, &vs, cut, now).await }).await
    }

    /// Takes away at most `portion` records that are to go, and says how many numbers that were; 0 when none are left.
    ///
    /// # Errors
    /// When the store does not answer; what is left is for the next time.
    pub async fn shed_trail(&self, vs: &VirtualServerId, portion: u32) -> Result<i64, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { shed(&inner, &vs, portion).await }).await
    }
}

fn confirmed(found: Vec<(i64,)>) -> Result<Timestamp, Failure> {
    let found = found.first().ok_or_else(|| Failure::damaged("`meta` has lost up to when time has passed"))?;
    Ok(Timestamp::from_millis(found.0))
}

/// Where nothing is known yet, time has passed up to the newest record: it was there before this process looked at a clock. A new
/// database has none, and nothing to lose.
pub(crate) async fn begin(tx: &mut Tx, now: Timestamp) -> Result<(), Failure> {
    const NEWEST: &str = "SELECT MAX(appended_at) FROM audit_head";
    if get(tx, CONFIRMED).await?.is_some() {
        return Ok(());
    }
    let newest = rows_in!(&mut *tx, (Option<i64>,), NEWEST)?.into_iter().find_map(|(at,)| at);
    Ok(put(tx, CONFIRMED, &newest.unwrap_or(now.millis()).to_string()).await?)
}

async fn cut_at(inner: &Inner, vs: &VirtualServerId, cut: Cut, now: Timestamp) -> Result<bool, Failure> {
    let Cut { upto, hash, event } = cut;
    let mut tx = inner.db.begin().await?;
    if change_in!(&mut tx, CUT, vs.as_str(), upto, &hash)? == 0 {
        tx.rollback().await;
        return Ok(false);
    }
    audit::append(&mut tx, vs, &[event], now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn shed(inner: &Inner, vs: &VirtualServerId, portion: u32) -> Result<i64, Failure> {
    let mut tx = inner.db.begin().await?;
    let edge = rows_in!(&mut tx, (i64, i64), EDGE, vs.as_str())?;
    let Some((first, trimmed)) = edge.into_iter().next().filter(|(first, trimmed)| first <= trimmed) else {
        tx.rollback().await;
        return Ok(0);
    };
    let last = trimmed.min(first.saturating_add(i64::from(portion) - 1));
    for sql in SHED {
        change_in!(&mut tx, sql, vs.as_str(), last)?;
    }
    tx.commit().await?;
    Ok(last - first + 1)
}
