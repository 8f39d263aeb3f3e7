//! Verifies an export with nothing but the checkpoint file and the public key: no gateway, no database, no master key.
//!
//! The JSON export has the records byte for byte as they were hashed, and each says its number. What an export does not say are the
//! hashes: they are computed along it, and each checkpoint says whether they are right so far.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use doorward_api::audit::{ChainHead, GENESIS, StoredRecord, Trimmed, chain_hash};
use doorward_api::ports::AuditLog;
use doorward_api::{EventKind, StoreError, VirtualServerId};

use crate::chain::{Walk, inner_seq_of};
use crate::checkpoint::Signers;
use crate::checkpoints::on_file_thread;
use crate::report::{Problem, Report};
use crate::trims::{Beginning, told};
use crate::verify::{Signed, VerifyError, judge};

/// Of so many lines, one is remembered by its place in the file.
const MARK_EVERY: i64 = 1000;

/// What an export is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that there was: from the first record, or a signed cut, to the last checkpoint and beyond.
    Whole,
    /// Of a time. What lies before and behind is not looked for.
    Part,
}

/// What a verification of an export found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    /// Of the chain and its checkpoints.
    pub chain: Report,
    /// Records at its beginning that nothing vouches for: they lie before the first checkpoint, or before a cut.
    pub before: Option<(i64, i64)>,
    /// Records at its end that nothing vouches for yet: they lie behind the last checkpoint.
    pub behind: Option<(i64, i64)>,
}

impl ExportReport {
    /// Whether nothing is wrong with what can be checked.
    pub fn holds(&self) -> bool {
        self.chain.holds()
    }
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain, before, behind } = self;
        write!(f, "{chain}")?;
        let vs = &chain.virtual_server;
        if let Some((first, last)) = before {
            write!(f, "\n{vs}: not checked are records {first} to {last}, before the first checkpoint or the cut")?;
        }
        if let Some((first, last)) = behind {
            write!(f, "\n{vs}: no checkpoint vouches yet for records {first} to {last}")?;
        }
        Ok(())
    }
}

/// Verifies the JSON export of the chain of a virtual server against the checkpoint file. Only what `signers` have signed counts.
///
/// # Errors
/// [`VerifyError`] when a file cannot be read, or is no such export; what is wrong with their contents is in the report.
pub async fn verify_export(
    export: &Path,
    checkpoints: &Path,
    signers: &Signers,
    vs: &VirtualServerId,
    extent: Extent,
) -> Result<ExportReport, VerifyError> {
    // A gateway that has signed nothing yet has no file; whoever names one means it.
    File::open(checkpoints).map_err(|source| VerifyError::File { path: checkpoints.to_owned(), source })?;
    let mut signed = Signed::read(checkpoints, signers, vs).await?;
    let unreadable = |source| VerifyError::File { path: export.to_owned(), source };
    let (at, of, by) = (export.to_owned(), vs.clone(), signers.clone());
    let ends = on_file_thread(move || Ends::of(&at, &of, &by)).await.map_err(unreadable)?;
    let ends = ends.ok_or_else(|| VerifyError::NoExport { path: export.to_owned() })?;
    let Some((seq, hash)) = ends.known_before(extent, &signed) else {
        let nothing = Problem::NothingSigned { first: ends.first, last: ends.last };
        let chain = Report { begins: ends.first, problems: vec![nothing], ..Report::of(vs) };
        return Ok(ExportReport { chain, before: None, behind: None });
    };
    let (at, skips) = (export.to_owned(), (seq + 1 - ends.first).max(0));
    let cut = ends.cut.filter(|_| extent == Extent::Whole);
    let log = on_file_thread(move || Exported::open(at, (seq, hash), skips, cut)).await.map_err(unreadable)?;
    let beginning = match extent {
        Extent::Whole => Beginning::of(&log, vs, signers).await?,
        Extent::Part => {
            signed.only(seq, ends.last);
            Beginning { walk: Walk::after(seq, log.hash.clone()), cut: None }
        }
    };
    let head = log.head.clone();
    let mut chain = judge(&log, signed, (beginning, head), signers, vs).await?;
    let (first, last) = (chain.begins, chain.begins + chain.records - 1);
    if chain.holds() && chain.covered < first && chain.checkpoints == 0 && last >= first {
        chain.problems.push(Problem::NothingSigned { first, last });
    }
    let before = (skips > 0).then_some((ends.first, seq));
    let behind = (chain.holds() && chain.covered < last).then_some((chain.covered + 1, last));
    Ok(ExportReport { chain, before, behind })
}

/// What an export says of where it begins and ends.
struct Ends {
    first: i64,
    last: i64,
    /// The newest cut that a record tells of and is vouched for.
    cut: Option<Trimmed>,
}

impl Ends {
    /// `None` for what is no export in JSON lines.
    fn of(path: &Path, vs: &VirtualServerId, signers: &Signers) -> io::Result<Option<Self>> {
        let trimmed = EventKind::AuditTrimmed.name();
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = String::new();
        if !next(&mut reader, &mut line)? {
            return Ok(None);
        }
        let Some(first) = inner_seq_of(&line) else { return Ok(None) };
        let mut ends = Self { first, last: first - 1, cut: None };
        loop {
            ends.last += 1;
            if line.contains(&trimmed) {
                let record =
                    StoredRecord { seq: ends.last, prev: String::new(), hash: String::new(), record: line.clone() };
                ends.cut = told(&record, vs, signers).map(|cut| cut.at).or(ends.cut);
            }
            if !next(&mut reader, &mut line)? {
                return Ok(Some(ends));
            }
        }
    }

    /// The last record before what can be checked, and its hash.
    fn known_before(&self, extent: Extent, signed: &Signed) -> Option<(i64, String)> {
        match (extent, &self.cut) {
            (_, _) if self.first == 1 => Some((0, GENESIS.to_owned())),
            (Extent::Part, _) => signed.first_from(self.first - 1, self.last),
            (Extent::Whole, Some(cut)) if cut.upto + 1 >= self.first => Some((cut.upto, cut.hash.clone())),
            // Without a cut that is vouched for, what is missing at the beginning was taken away.
            (Extent::Whole, _) => Some((0, GENESIS.to_owned())),
        }
    }
}

/// A place in the file: behind this row.
struct Mark {
    seq: i64,
    hash: String,
    offset: u64,
}

/// An export, read as a chain: its rows are numbered from its beginning on, and hashed one after the other.
struct Exported {
    path: PathBuf,
    /// The hash before the first row.
    hash: String,
    head: ChainHead,
    cut: Option<Trimmed>,
    marks: Arc<Vec<Mark>>,
}

impl Exported {
    /// Behind a record that is known, and so many lines into the file.
    fn open(path: PathBuf, (after, hash): (i64, String), skips: i64, cut: Option<Trimmed>) -> io::Result<Self> {
        let mut reader = BufReader::new(File::open(&path)?);
        let mut line = String::new();
        for _ in 0..skips {
            next(&mut reader, &mut line)?;
        }
        let mut head = ChainHead { seq: after, hash: hash.clone() };
        let mut marks = Vec::new();
        loop {
            if (head.seq - after) % MARK_EVERY == 0 {
                let offset = reader.stream_position()?;
                marks.push(Mark { seq: head.seq, hash: head.hash.clone(), offset });
            }
            if !next(&mut reader, &mut line)? {
                return Ok(Self { path, hash, head, cut, marks: Arc::new(marks) });
            }
            head = ChainHead { seq: head.seq + 1, hash: chain_hash(&head.hash, &line) };
        }
    }
}

/// Rows behind `after`, at most `limit`.
fn rows(path: &Path, marks: &[Mark], after: i64, limit: u32) -> io::Result<Vec<StoredRecord>> {
    let Some(mark) = marks.iter().rev().find(|mark| mark.seq <= after).or(marks.first()) else { return Ok(Vec::new()) };
    let mut reader = BufReader::new(File::open(path)?);
    reader.seek(SeekFrom::Start(mark.offset))?;
    let (mut seq, mut prev, mut line) = (mark.seq, mark.hash.clone(), String::new());
    let mut found = Vec::new();
    while found.len() < limit as usize && next(&mut reader, &mut line)? {
        seq += 1;
        let hash = chain_hash(&prev, &line);
        if seq > after {
            found.push(StoredRecord { seq, prev, hash: hash.clone(), record: line.clone() });
        }
        prev = hash;
    }
    Ok(found)
}

/// The next line without its end; `false` behind the last.
fn next(reader: &mut impl BufRead, line: &mut String) -> io::Result<bool> {
    line.clear();
    let mut bytes = Vec::new();
    if reader.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(false);
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    // What is no UTF-8 is no record of ours, and fits no hash.
    line.push_str(&String::from_utf8_lossy(text));
    Ok(true)
}

#[async_trait]
impl AuditLog for Exported {
    async fn records(&self, _: &VirtualServerId, after: i64, limit: u32) -> Result<Vec<StoredRecord>, StoreError> {
        let (path, marks) = (self.path.clone(), Arc::clone(&self.marks));
        let read = on_file_thread(move || rows(&path, &marks, after, limit)).await;
        read.map_err(|cause| StoreError::Unavailable(format!("{}: {cause}", self.path.display())))
    }

    async fn head(&self, _: &VirtualServerId) -> Result<ChainHead, StoreError> {
        Ok(self.head.clone())
    }

    async fn trimmed(&self, _: &VirtualServerId) -> Result<Option<Trimmed>, StoreError> {
        Ok(self.cut.clone())
    }

    async fn virtual_servers(&self) -> Result<Vec<VirtualServerId>, StoreError> {
        Ok(Vec::new())
    }
}
