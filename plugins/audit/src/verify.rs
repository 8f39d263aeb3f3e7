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
use crate::checkpoint::{RestoredFrom, Signers};
use crate::checkpoints::{EVERY, EVERY_RECORDS, on_file_thread};
use crate::file;
use crate::report::{Problem, Report, Restore, Trim};
use crate::restores;
use crate::trims::Beginning;

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
    /// An export is to be verified, and this is none.
    #[error("{path}: no export in JSON lines, as `doorward audit export` writes it")]
    NoExport {
        /// Which file.
        path: PathBuf,
    },
}

/// Verifies the chain of a virtual server: each record against the one before, the end against the head row, and the
/// whole against every checkpoint in the file that one of `signers` has signed. The gateway may be running meanwhile.
///
/// # Errors
/// [`VerifyError`] when the store or the file cannot be read; what is wrong with their contents is in the report.
pub async fn verify<L: AuditLog + ?Sized>(
    log: &L,
    checkpoints: &Path,
    signers: &Signers,
    vs: &VirtualServerId,
) -> Result<Report, VerifyError> {
    // The checkpoints are read first: a record covered by one of them was committed before.
    let signed = Signed::read(checkpoints, signers, vs).await?;
    let head = log.head(vs).await?;
    let beginning = Beginning::of(log, vs, signers).await?;
    Ok(judge(log, signed, (beginning, head), signers, vs).await?)
}

/// Walks along a chain from its beginning, and compares it with what was signed and with its end as it was before.
pub(crate) async fn judge<L: AuditLog + ?Sized>(
    log: &L,
    mut signed: Signed,
    (beginning, head): (Beginning, ChainHead),
    signers: &Signers,
    vs: &VirtualServerId,
) -> Result<Report, StoreError> {
    let before = beginning.walk.seq;
    let compared = signed.begin_at(&beginning);
    let mut seen = Seen::new(beginning.walk, head.seq);
    let broken = seen.walk(log, vs, (&signed.hashes, signers)).await?;

    let mut problems = signed.problems;
    // A restore that is signed for and that no record tells of is none. What told of an older one may have been cut.
    let since = signed.restores.iter().filter(|signed| signed.from.after >= before);
    let untold = since.filter(|signed| broken.is_none() && !seen.restores.contains(&signed.from));
    problems.extend(untold.map(|signed| Problem::RestoreUntold { after: signed.from.after }));
    // A checkpoint that disagrees comes before whatever breaks the chain later on.
    if let Some(upto) = seen.disagrees {
        problems.push(Problem::Rewritten { after: seen.covered, upto });
    }
    match broken {
        Some(problem) => problems.push(problem),
        None => problems.extend(seen.judge_end(log, vs, &head, &signed.hashes).await?),
    }
    let virtual_server = vs.as_str().to_owned();
    let (records, covered) = (seen.walk.seq - before, seen.covered);
    let trimmed = beginning.cut.map(|cut| Trim { first_kept: cut.at.upto + 1, at: cut.when });
    // Where nothing was signed beyond the backup, no checkpoint had to say so.
    let reached = |from: &RestoredFrom| {
        signed.restores.iter().find(|one| one.from == *from).map_or(from.after, |one| one.reached)
    };
    let told = |from: RestoredFrom| Restore { after: from.after, reached: reached(&from), at: from.at };
    let restores = seen.restores.into_iter().map(told).collect();
    let begins = before + 1;
    Ok(Report { virtual_server, records, begins, trimmed, checkpoints: compared, covered, restores, problems })
}

/// What the checkpoint file says.
pub(crate) struct Signed {
    /// Hash by record.
    hashes: BTreeMap<i64, String>,
    restores: Vec<SignedRestore>,
    problems: Vec<Problem>,
}

impl Signed {
    pub(crate) async fn read(path: &Path, signers: &Signers, vs: &VirtualServerId) -> Result<Self, VerifyError> {
        let at = path.to_owned();
        let lines = on_file_thread(move || file::read(&at))
            .await
            .map_err(|source| VerifyError::File { path: path.to_owned(), source })?;
        let mut signed = Self { hashes: BTreeMap::new(), restores: Vec::new(), problems: Vec::new() };
        for file::Line { number: line, checkpoint } in lines {
            match checkpoint.filter(|c| c.virtual_server == vs.as_str()) {
                None => signed.problems.push(Problem::CheckpointUnreadable { line }),
                Some(checkpoint) if !signers.accept(&checkpoint) => {
                    signed.problems.push(Problem::CheckpointForged { line });
                }
                Some(checkpoint) => {
                    if let Some(from) = checkpoint.restored {
                        signed.restored(from, checkpoint.seq);
                    }
                    signed.hashes.insert(checkpoint.seq, checkpoint.hash);
                }
            }
        }
        Ok(signed)
    }
}

impl Signed {
    /// Forgets what was signed of records that are gone, and says how many checkpoints are left. The cut is as good as one, and
    /// must agree with one that is there.
    fn begin_at(&mut self, beginning: &Beginning) -> usize {
        let before = beginning.walk.seq;
        let Some(cut) = beginning.cut.as_ref().map(|cut| &cut.at) else { return self.hashes.len() };
        if self.hashes.get(&cut.upto).is_some_and(|hash| *hash != cut.hash) {
            self.problems.push(Problem::Rewritten { after: before.min(cut.upto - 1), upto: cut.upto });
        }
        self.hashes.retain(|seq, _| *seq > before);
        let left = self.hashes.len();
        if cut.upto > before {
            self.hashes.insert(cut.upto, cut.hash.clone());
        }
        left
    }
}

impl Signed {
    /// The first record that was signed of those from `first` to `last`, and its hash.
    pub(crate) fn first_from(&self, first: i64, last: i64) -> Option<(i64, String)> {
        let mut within = self.hashes.range(first..).take_while(|(seq, _)| **seq <= last);
        within.next().map(|(seq, hash)| (*seq, hash.clone()))
    }

    /// Forgets what was signed outside of a part of the chain: before this record, which is known to hold, and behind its end.
    pub(crate) fn only(&mut self, after: i64, last: i64) {
        self.hashes.retain(|seq, _| (after..=last).contains(seq));
        self.restores.retain(|restore| restore.seq <= last);
    }
}

/// A restore that was signed for.
struct SignedRestore {
    from: RestoredFrom,
    /// How far the chain had come before, as far as was signed.
    reached: i64,
    /// The record up to which the first checkpoint after it reaches.
    seq: i64,
}

impl Signed {
    /// The chain went back: what was signed of it beyond that is gone, restores among it.
    fn restored(&mut self, from: RestoredFrom, seq: i64) {
        let reached = self.hashes.last_key_value().map_or(0, |(seq, _)| *seq).max(from.after);
        self.hashes.retain(|seq, _| *seq <= from.after);
        self.restores.retain(|earlier| earlier.seq <= from.after);
        self.restores.push(SignedRestore { from, reached, seq });
    }
}

/// What was seen along the chain.
struct Seen {
    walk: Walk,
    /// The last record that a checkpoint agrees with.
    covered: i64,
    /// The first record that a checkpoint disagrees with.
    disagrees: Option<i64>,
    /// The restores of which records tell.
    restores: Vec<RestoredFrom>,
    /// The last record when the verification began; later ones may have a checkpoint that was not read.
    end: i64,
    /// The time of the first record after `covered`, and of the one at `end`.
    uncovered_since: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
}

impl Seen {
    fn new(beginning: Walk, end: i64) -> Self {
        Self {
            // Where it was cut, a checkpoint was.
            covered: beginning.seq,
            walk: beginning,
            disagrees: None,
            restores: Vec::new(),
            end,
            uncovered_since: None,
            until: None,
        }
    }

    /// Walks to the end, or to the first record that does not hold.
    async fn walk<L: AuditLog + ?Sized>(
        &mut self,
        log: &L,
        vs: &VirtualServerId,
        (signed, signers): (&BTreeMap<i64, String>, &Signers),
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
                self.restores.extend(restores::restored_from(record, vs, signers));
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
