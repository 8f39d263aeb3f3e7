//! Verifies a chain against itself, its head row and its signed checkpoints (AU-02).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_api::audit::{ChainHead, GENESIS, StoredRecord};
use doorward_api::ports::AuditLog;
use doorward_api::{StoreError, VirtualServerId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::chain::Walk;
use crate::checkpoint::PublicKey;
use crate::checkpoints::{EVERY, EVERY_RECORDS, on_file_thread};
use crate::file;
use crate::report::{Problem, Report};

/// Records read at a time.
const BATCH: u32 = 1000;
/// How much later than due a checkpoint may come before its absence is a finding.
const GRACE: Duration = Duration::from_secs(15);

/// Why a verification could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The checkpoint file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key could not be made.
    #[error("the checkpoint key cannot be derived")]
    NoKey,
}

/// Verifies the chain of a virtual server: each record against the one before, the end against the head row, and the
/// whole against every checkpoint in the file that `key` has signed. The gateway may be running meanwhile.
///
/// # Errors
/// [`VerifyError`] when the store or the file cannot be read; what is wrong with their contents is in the report.
pub async fn verify<L: AuditLog + ?Sized>(
    log: &L,
    checkpoints: &Path,
    key: &PublicKey,
    vs: &VirtualServerId,
) -> Result<Report, VerifyError> {
    // The checkpoints are read first: a record covered by one of them was committed before.
    let signed = Signed::read(checkpoints, key, vs).await?;
    let head = log.head(vs).await?;
    let mut seen = Seen::new(head.seq);
    let broken = seen.walk(log, vs, &signed.hashes).await?;

    let mut problems = signed.problems;
    // A checkpoint that disagrees comes before whatever breaks the chain later on.
    if let Some(upto) = seen.disagrees {
        problems.push(Problem::Rewritten { after: seen.covered, upto });
    }
    match broken {
        Some(problem) => problems.push(problem),
        None => problems.extend(seen.judge_end(log, vs, &head, &signed.hashes).await?),
    }
    let virtual_server = vs.as_str().to_owned();
    let (records, covered) = (seen.walk.seq, seen.covered);
    Ok(Report { virtual_server, records, checkpoints: signed.hashes.len(), covered, problems })
}

/// What the checkpoint file says.
struct Signed {
    /// Hash by record.
    hashes: BTreeMap<i64, String>,
    problems: Vec<Problem>,
}

impl Signed {
    async fn read(path: &Path, key: &PublicKey, vs: &VirtualServerId) -> Result<Self, VerifyError> {
        let at = path.to_owned();
        let lines = on_file_thread(move || file::read(&at))
            .await
            .map_err(|source| VerifyError::File { path: path.to_owned(), source })?;
        let mut signed = Self { hashes: BTreeMap::new(), problems: Vec::new() };
        for file::Line { number: line, checkpoint } in lines {
            match checkpoint.filter(|c| c.virtual_server == vs.as_str()) {
                None => signed.problems.push(Problem::CheckpointUnreadable { line }),
                Some(checkpoint) if !checkpoint.is_signed_by(key) => {
                    signed.problems.push(Problem::CheckpointForged { line });
                }
                Some(checkpoint) => {
                    signed.hashes.insert(checkpoint.seq, checkpoint.hash);
                }
            }
        }
        Ok(signed)
    }
}

/// What was seen along the chain.
struct Seen {
    walk: Walk,
    /// The last record that a checkpoint agrees with.
    covered: i64,
    /// The first record that a checkpoint disagrees with.
    disagrees: Option<i64>,
    /// The last record when the verification began; later ones may have a checkpoint that was not read.
    end: i64,
    /// The time of the first record after `covered`, and of the one at `end`.
    uncovered_since: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
}

impl Seen {
    fn new(end: i64) -> Self {
        Self { walk: Walk::from_genesis(), covered: 0, disagrees: None, end, uncovered_since: None, until: None }
    }

    /// Walks to the end, or to the first record that does not hold.
    async fn walk<L: AuditLog + ?Sized>(
        &mut self,
        log: &L,
        vs: &VirtualServerId,
        signed: &BTreeMap<i64, String>,
    ) -> Result<Option<Problem>, StoreError> {
        loop {
            let records = log.records(vs, self.walk.seq, BATCH).await?;
            if records.is_empty() {
                return Ok(None);
            }
            for record in &records {
                if self.walk.step(record).is_err() {
                    return self.walk.explain(log, vs, record).await.map(Some);
                }
                self.note(record, signed);
            }
        }
    }

    fn note(&mut self, record: &StoredRecord, signed: &BTreeMap<i64, String>) {
        if record.seq <= self.end {
            self.until = time_of(record);
            self.uncovered_since = self.uncovered_since.or(self.until);
        }
        match signed.get(&record.seq) {
            Some(hash) if *hash != record.hash => self.disagrees = self.disagrees.or(Some(record.seq)),
            Some(_) if self.disagrees.is_none() => {
                self.covered = record.seq;
                self.uncovered_since = None;
            }
            _ => {}
        }
    }

    /// What is wrong with the end of a chain whose records hold.
    async fn judge_end<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        vs: &VirtualServerId,
        head: &ChainHead,
        signed: &BTreeMap<i64, String>,
    ) -> Result<Option<Problem>, StoreError> {
        let last = self.walk.seq;
        let signed_to = signed.last_key_value().map_or(0, |(seq, _)| *seq);
        let reached = head.seq.max(signed_to);
        if last < reached {
            return Ok(Some(Problem::CutOff { last, reached }));
        }
        if !head_agrees(log, vs, head).await? {
            return Ok(Some(Problem::HeadEdited { seq: head.seq }));
        }
        // Records appended since the head was read are known to the head by now; others were put in beside it.
        let known = log.head(vs).await?.seq;
        if last > known {
            return Ok(Some(Problem::Inserted { seq: known + 1 }));
        }
        Ok(self.checkpoints_too_old().then_some(Problem::CheckpointsTooOld { covered: self.covered, last }))
    }

    /// Whether there should have been another checkpoint by the time of the last record.
    fn checkpoints_too_old(&self) -> bool {
        if self.disagrees.is_some() {
            return false;
        }
        let many = self.end - self.covered > 2 * i64::from(EVERY_RECORDS);
        let long = match (self.uncovered_since, self.until) {
            (Some(since), Some(until)) => until - since > EVERY + GRACE,
            _ => false,
        };
        many || long
    }
}

async fn head_agrees<L: AuditLog + ?Sized>(
    log: &L,
    vs: &VirtualServerId,
    head: &ChainHead,
) -> Result<bool, StoreError> {
    if head.seq == 0 {
        return Ok(head.hash == GENESIS);
    }
    let row = log.records(vs, head.seq - 1, 1).await?;
    Ok(row.first().is_some_and(|record| record.seq == head.seq && record.hash == head.hash))
}

fn time_of(record: &StoredRecord) -> Option<OffsetDateTime> {
    let value: serde_json::Value = serde_json::from_str(&record.record).ok()?;
    OffsetDateTime::parse(value.get("timeStamp")?.as_str()?, &Rfc3339).ok()
}
