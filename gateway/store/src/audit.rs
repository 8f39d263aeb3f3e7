//! The audit chain: appending, in the transaction of what is recorded, and reading (decision A3, SEC 5.14).

use async_trait::async_trait;
use doorward_api::audit::{ChainHead, StoredRecord, Trimmed, chain_hash};
use doorward_api::ports::AuditLog;
use doorward_api::{AuditEvent, StoreError, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, Verdict};
use crate::open::Store;
use crate::trail;

/// Counts the head up and so locks its row until the commit; gives the new number, the hash of before, and how far operators
/// can look through the chain.
const ADVANCE: &str =
    "UPDATE audit_head SET seq = seq + $2, appended_at = $3 WHERE virtual_server = $1 RETURNING seq, hash, entered";

const APPEND: &str = "INSERT INTO audit_record (virtual_server, seq, appended_at, prev, hash, record) \
                      VALUES ($1, $2, $3, $4, $5, $6)";

const SEAL_HEAD: &str = "UPDATE audit_head SET hash = $2, entered = $3 WHERE virtual_server = $1";

/// Appends the records, as the last thing before the commit.
pub(crate) async fn append(
    tx: &mut Tx,
    vs: &VirtualServerId,
    events: &[AuditEvent],
    now: Timestamp,
) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let heads = rows_in!(&mut *tx, (i64, String, i64), ADVANCE, vs.as_str(), count, now.millis())?;
    let (last, mut prev, mut entered) =
        heads.into_iter().next().ok_or_else(|| Failure::damaged(format!("there is no virtual server {vs}")))?;
    // Behind a head that was put back, what was gone through is not what will stand there.
    entered = entered.min(last - count);
    for (seq, event) in (last - count + 1..).zip(events) {
        let record = event.record(vs.as_str(), seq, now);
        let hash = chain_hash(&prev, &record);
        change_in!(&mut *tx, APPEND, vs.as_str(), seq, now.millis(), &prev, &hash, &record).map_err(not_refused)?;
        if entered == seq - 1 {
            trail::enter(tx, vs, (seq, now.millis()), &record).await?;
            entered = seq;
        }
        prev = hash;
    }
    if entered < last {
        // A process of the release before has appended, and has gone through nothing.
        entered = trail::catch_up(tx, vs, entered).await?;
    }
    change_in!(&mut *tx, SEAL_HEAD, vs.as_str(), &prev, entered)?;
    Ok(())
}

/// A number that is taken already is no lost race, since the head's row is ours: the chain and its head disagree.
fn not_refused(error: sqlx::Error) -> Failure {
    let failure = Failure::from(error);
    match failure.verdict() {
        Verdict::Refused => Failure::damaged("the audit chain goes on beyond its head"),
        _ => failure,
    }
}

#[async_trait]
impl AuditLog for Store {
    async fn records(&self, vs: &VirtualServerId, after: i64, limit: u32) -> Result<Vec<StoredRecord>, StoreError> {
        const SQL: &str = "SELECT seq, prev, hash, record FROM audit_record \
                           WHERE virtual_server = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let vs = vs.clone();
        self.run(move |inner| async move {
            type Row = (i64, String, String, String);
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), after, i64::from(limit))?;
            Ok(found.into_iter().map(|(seq, prev, hash, record)| StoredRecord { seq, prev, hash, record }).collect())
        })
        .await
    }

    async fn head(&self, vs: &VirtualServerId) -> Result<ChainHead, StoreError> {
        const SQL: &str = "SELECT seq, hash FROM audit_head WHERE virtual_server = $1";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64, String), SQL, vs.as_str())?;
            let (seq, hash) =
                found.into_iter().next().ok_or_else(|| Failure::damaged(format!("there is no virtual server {vs}")))?;
            Ok(ChainHead { seq, hash })
        })
        .await
    }

    async fn trimmed(&self, vs: &VirtualServerId) -> Result<Option<Trimmed>, StoreError> {
        const SQL: &str = "SELECT trimmed, trimmed_hash, trimmed_by FROM audit_head \
                           WHERE virtual_server = $1 AND trimmed_hash IS NOT NULL AND trimmed_by IS NOT NULL";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64, String, i64), SQL, vs.as_str())?;
            Ok(found.into_iter().next().map(|(upto, hash, told_by)| Trimmed { upto, hash, told_by }))
        })
        .await
    }

    async fn virtual_servers(&self) -> Result<Vec<VirtualServerId>, StoreError> {
        self.run(|inner| async move {
            let found = rows!(inner.db.reader(), (String,), "SELECT id FROM virtual_server")?;
            let mut ids: Vec<VirtualServerId> = found.into_iter().map(|(id,)| VirtualServerId::new(id)).collect();
            // Sorted here: the two databases do not order text alike.
            ids.sort();
            Ok(ids)
        })
        .await
    }
}
