//! Records that say that the database was restored from a backup, and that somebody who has the key says so.

use doorward_api::audit::StoredRecord;
use doorward_api::ports::AuditLog;
use doorward_api::{EventKind, StoreError, VirtualServerId};

use crate::checkpoint::{RestoredFrom, Signers};

/// Records read at a time.
const BATCH: u32 = 1000;

/// The restore of which a record tells, if it is such a one and is vouched for.
pub(crate) fn restored_from(record: &StoredRecord, vs: &VirtualServerId, signers: &Signers) -> Option<RestoredFrom> {
    // Most records are spared the reading.
    let name = EventKind::DatabaseRestored.name();
    if !record.record.contains(&name) {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(&record.record).ok()?;
    let details = value.get("details")?;
    let text = |field: &str| details.get(field)?.as_str();
    let from = RestoredFrom { after: details.get("backupSeq")?.as_i64()?, at: text("restoredAt")?.to_owned() };
    let vouched = signers.vouch(vs, text("backupHash")?, &from, text("signature")?);
    (text("event")? == name && from.after < record.seq && vouched).then_some(from)
}

/// The last restore.
pub(crate) async fn newest<L: AuditLog + ?Sized>(
    log: &L,
    vs: &VirtualServerId,
    signers: &Signers,
) -> Result<Option<RestoredFrom>, StoreError> {
    let (mut newest, mut after) = (None, 0);
    loop {
        let records = log.records(vs, after, BATCH).await?;
        let Some(last) = records.last() else { return Ok(newest) };
        after = last.seq;
        newest = records.iter().rev().find_map(|record| restored_from(record, vs, signers)).or(newest);
    }
}
