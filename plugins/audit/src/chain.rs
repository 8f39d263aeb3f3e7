//! Walking along a chain, and naming what is wrong where it breaks.

use doorward_api::audit::{GENESIS, StoredRecord, chain_hash};
use doorward_api::ports::AuditLog;
use doorward_api::{StoreError, VirtualServerId};

use crate::report::Problem;

/// Where a walk along a chain stands: all records up to `seq` hold.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    /// The last record that holds; 0 before the first.
    pub(crate) seq: i64,
    /// Its hash.
    pub(crate) hash: String,
    /// Its own `prev`: what the record after an inserted one points to.
    before: Option<String>,
}

impl Walk {
    /// Before the first record.
    pub(crate) fn from_genesis() -> Self {
        Self::after(0, GENESIS.to_owned())
    }

    /// After a record that is known to hold.
    pub(crate) fn after(seq: i64, hash: String) -> Self {
        Self { seq, hash, before: None }
    }

    /// Takes the next record, if it holds.
    ///
    /// # Errors
    /// The number of the record that should have come, when it does not.
    pub(crate) fn step(&mut self, record: &StoredRecord) -> Result<(), i64> {
        let expected = self.seq + 1;
        let holds = record.seq == expected
            && inner_seq(record) == Some(expected)
            && record.prev == self.hash
            && chain_hash(&record.prev, &record.record) == record.hash;
        if !holds {
            return Err(expected);
        }
        self.seq = expected;
        self.before = Some(std::mem::replace(&mut self.hash, record.hash.clone()));
        Ok(())
    }

    /// Names what is wrong with the record at which [`Walk::step`] stopped.
    pub(crate) async fn explain<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        vs: &VirtualServerId,
        record: &StoredRecord,
    ) -> Result<Problem, StoreError> {
        let expected = self.seq + 1;
        if record.seq != expected {
            return Ok(Problem::Deleted { first: expected, last: record.seq - 1 });
        }
        match inner_seq(record) {
            Some(inner) if inner > expected => {
                // What stands in the place that this record names? The one that belongs here: the two were swapped. One that
                // belongs there: only the number was edited. Anything else: the records between were taken out.
                let there = row(log, vs, inner).await?.map(|other| inner_seq(&other));
                Ok(match there {
                    Some(found) if found == Some(expected) => Problem::Swapped { seq: expected, with: inner },
                    Some(found) if found == Some(inner) => Problem::Edited { seq: expected },
                    _ => Problem::Deleted { first: expected, last: inner - 1 },
                })
            }
            // This one was moved up to make room for the one before.
            Some(inner) if inner < expected && self.before.as_ref() == Some(&record.prev) => {
                Ok(Problem::Inserted { seq: self.seq })
            }
            Some(inner) if inner < expected => Ok(Problem::Inserted { seq: expected }),
            None => Ok(Problem::Edited { seq: expected }),
            Some(_) if chain_hash(&record.prev, &record.record) != record.hash => Ok(Problem::Edited { seq: expected }),
            // It holds by itself but points elsewhere. If its successor agrees with it, the one before was edited and given
            // a new hash.
            Some(_) => {
                let next = row(log, vs, expected + 1).await?;
                let successor_agrees = next.is_none_or(|next| next.prev == record.hash);
                let seq = if successor_agrees { self.seq.max(1) } else { expected };
                Ok(Problem::Edited { seq })
            }
        }
    }
}

/// The number that a record itself says it has.
fn inner_seq(record: &StoredRecord) -> Option<i64> {
    inner_seq_of(&record.record)
}

/// The same of a record's text.
pub(crate) fn inner_seq_of(record: &str) -> Option<i64> {
    serde_json::from_str::<serde_json::Value>(record).ok()?.get("seq")?.as_i64()
}

async fn row<L: AuditLog + ?Sized>(
    log: &L,
    vs: &VirtualServerId,
    seq: i64,
) -> Result<Option<StoredRecord>, StoreError> {
    Ok(log.records(vs, seq - 1, 1).await?.into_iter().find(|record| record.seq == seq))
}
