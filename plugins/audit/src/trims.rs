//! Where a chain begins: at its first record, or where it was cut because what came before was too old.
//!
//! A cut is told of by a record that bears a signature of the checkpoint key. Whoever has the database and not the key can take
//! records away, and cannot make that look like a cut.

use doorward_api::audit::{StoredRecord, Trimmed};
use doorward_api::ports::AuditLog;
use doorward_api::{EventKind, StoreError, VirtualServerId};

use crate::chain::Walk;
use crate::checkpoint::{CutAt, Signers};

/// The beginning of what there is.
pub(crate) struct Beginning {
    /// Before the first record.
    pub(crate) walk: Walk,
    /// The newest cut that is vouched for. Some of the records before it may be there still.
    pub(crate) cut: Option<Cutting>,
}

/// A cut and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cutting {
    /// Where.
    pub(crate) at: Trimmed,
    /// When (RFC 3339).
    pub(crate) when: String,
}

impl Beginning {
    fn whole() -> Self {
        Self { walk: Walk::from_genesis(), cut: None }
    }

    /// Of a chain as it is now.
    pub(crate) async fn of<L: AuditLog + ?Sized>(
        log: &L,
        vs: &VirtualServerId,
        signers: &Signers,
    ) -> Result<Self, StoreError> {
        // One that the head row tells of and no record does is none: what is missing was taken away.
        let Some(said) = log.trimmed(vs).await? else { return Ok(Self::whole()) };
        let told_by = log.records(vs, said.told_by - 1, 1).await?;
        let cut = told_by.first().and_then(|record| told(record, vs, signers)).filter(|cut| cut.at == said);
        let Some(cut) = cut else { return Ok(Self::whole()) };
        let walk = match log.records(vs, 0, 1).await?.first() {
            // It is still being taken away what is to go. Whether this belongs to the chain shows at the cut.
            Some(first) if first.seq <= said.upto => Walk::after(first.seq - 1, first.prev.clone()),
            _ => Walk::after(said.upto, said.hash),
        };
        Ok(Self { walk, cut: Some(cut) })
    }
}

/// The cut of which a record tells, if it is such a one and is vouched for.
pub(crate) fn told(record: &StoredRecord, vs: &VirtualServerId, signers: &Signers) -> Option<Cutting> {
    let value: serde_json::Value = serde_json::from_str(&record.record).ok()?;
    let details = value.get("details")?;
    let text = |field: &str| details.get(field)?.as_str();
    let upto = details.get("firstKept")?.as_i64()?.checked_sub(1)?;
    let hash = text("hashBefore")?;
    let vouched = signers.vouch_for_cut(vs, CutAt { upto, hash, told_by: record.seq }, text("signature")?);
    (text("event")? == EventKind::AuditTrimmed.name() && upto < record.seq && vouched).then_some(())?;
    let when = value.get("timeStamp")?.as_str()?.to_owned();
    Some(Cutting { at: Trimmed { upto, hash: hash.to_owned(), told_by: record.seq }, when })
}
