//! Writes checkpoints while the gateway runs.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use doorward_api::audit::GENESIS;
use doorward_api::keys::MasterKey;
use doorward_api::ports::AuditLog;
use doorward_api::{StoreError, Timestamp, VirtualServerId};

use crate::chain::Walk;
use crate::checkpoint::{Checkpoint, PublicKey, RestoredFrom, Signer, Signers};
use crate::file;
use crate::report::{Problem, Report};
use crate::restores;
use crate::trims::Beginning;
use crate::verify::{VerifyError, verify};

/// A checkpoint covers at most so many records.
pub(crate) const EVERY_RECORDS: u32 = 1000;
/// A record waits at most so long for a checkpoint.
pub(crate) const EVERY: Duration = Duration::from_secs(60);

/// The checkpoint files of all virtual servers.
pub struct Checkpoints {
    folder: PathBuf,
    signer: Signer,
    last: HashMap<VirtualServerId, Last>,
}

/// The newest checkpoint of a chain.
#[derive(Debug, Clone)]
struct Last {
    seq: i64,
    hash: String,
    at: Option<Timestamp>,
}

/// Why no checkpoint was written. For the log and the alert; nobody else is told.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The chain does not continue what was signed before. Nothing is signed on top of it.
    #[error("the audit chain was tampered with: {0}")]
    Tampered(Problem),
    /// The key could not be made.
    #[error("the checkpoint key cannot be derived")]
    NoKey,
}

impl Checkpoints {
    /// The checkpoints in a folder, which is made when the first is written; signed with a key derived from the master key.
    pub fn new(folder: PathBuf, key: &MasterKey) -> Self {
        Self { folder, signer: Signer::new(key), last: HashMap::new() }
    }

    /// The public key, for an auditor to keep.
    ///
    /// # Errors
    /// [`CheckpointError::NoKey`], which a master key of the right length rules out.
    pub fn public_key(&self) -> Result<PublicKey, CheckpointError> {
        self.signer.public_key().map_err(|_| CheckpointError::NoKey)
    }

    /// The file of a virtual server.
    pub fn path(&self, vs: &VirtualServerId) -> PathBuf {
        file::path(&self.folder, vs)
    }

    /// Verifies a chain against itself and its checkpoint file.
    ///
    /// # Errors
    /// [`VerifyError`] when the store or the file cannot be read; what is wrong with their contents is in the report.
    pub async fn verify<L: AuditLog + ?Sized>(&self, log: &L, vs: &VirtualServerId) -> Result<Report, VerifyError> {
        let signers = self.signer.signers().map_err(|_| VerifyError::NoKey)?;
        verify(log, &self.path(vs), &signers, vs).await
    }

    /// Signs that a chain goes on after a record with this hash, because its database was restored. For the record that says so.
    pub fn vouch_for_restore(&self, vs: &VirtualServerId, hash: &str, from: &RestoredFrom) -> String {
        self.signer.vouch(vs, hash, from)
    }

    /// Signs that a chain is cut after a record with this hash.
    pub(crate) fn vouch_for_cut(&self, vs: &VirtualServerId, upto: i64, hash: &str) -> Result<String, CheckpointError> {
        self.signer.vouch_for_cut(vs, upto, hash).map_err(|_| CheckpointError::NoKey)
    }

    /// Whose signatures count: the key in use, the others of the key file, and those that are gone, as far as they had come.
    ///
    /// # Errors
    /// [`CheckpointError::NoKey`], which a master key of the right length rules out.
    pub fn signers(&self) -> Result<Signers, CheckpointError> {
        self.signer.signers().map_err(|_| CheckpointError::NoKey)
    }

    /// Signs what was appended since the last checkpoint, if it is time: after 1,000 records, or when the last checkpoint is
    /// 60 seconds old. To be called every second or so. Returns how many checkpoints were written.
    ///
    /// Each record is checked on the way, so that nothing is signed that does not continue what was signed before.
    ///
    /// # Errors
    /// [`CheckpointError`]; what was written before it stands.
    pub async fn advance<L: AuditLog + ?Sized>(
        &mut self,
        log: &L,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<usize, CheckpointError> {
        let last = self.last(vs).await?;
        match self.advance_from(log, vs, last, None, now).await {
            Err(CheckpointError::Tampered(problem)) => match self.before_restore(log, vs).await? {
                Some((last, from)) => self.advance_from(log, vs, last, Some(from), now).await,
                None => Err(CheckpointError::Tampered(problem)),
            },
            other => other,
        }
    }

    /// Where the database was restored since: the last checkpoint of what is left of the chain, and where the backup ended.
    async fn before_restore<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        vs: &VirtualServerId,
    ) -> Result<Option<(Last, RestoredFrom)>, CheckpointError> {
        let path = self.path(vs);
        let at = path.clone();
        let lines =
            on_file_thread(move || file::read(&at)).await.map_err(|source| CheckpointError::File { path, source })?;
        let signers = self.signers()?;
        let ours = lines.into_iter().filter_map(|line| line.checkpoint);
        let ours = ours.filter(|c| c.virtual_server == vs.as_str() && signers.accept(c));
        let ours: Vec<Checkpoint> = ours.collect();
        let Some(from) = restores::newest(log, vs, &signers).await? else { return Ok(None) };
        // One that was signed for already explains nothing new.
        if ours.iter().any(|checkpoint| checkpoint.restored.as_ref() == Some(&from)) {
            return Ok(None);
        }
        let mut signed = file::after_restores(ours.into_iter());
        signed.sort_by_key(|checkpoint| checkpoint.seq);
        let last = signed.into_iter().rev().find(|checkpoint| checkpoint.seq <= from.after);
        let last = last.map_or(Last { seq: 0, hash: GENESIS.to_owned(), at: None }, |c| Last {
            seq: c.seq,
            hash: c.hash,
            at: None,
        });
        Ok(Some((last, from)))
    }

    async fn advance_from<L: AuditLog + ?Sized>(
        &mut self,
        log: &L,
        vs: &VirtualServerId,
        last: Last,
        restored: Option<RestoredFrom>,
        now: Timestamp,
    ) -> Result<usize, CheckpointError> {
        let head = log.head(vs).await?;
        if head.seq < last.seq {
            return Err(CheckpointError::Tampered(Problem::CutOff { last: head.seq, reached: last.seq }));
        }
        if head.seq == last.seq {
            return if head.hash == last.hash {
                Ok(0)
            } else {
                Err(CheckpointError::Tampered(Problem::Rewritten { after: 0, upto: last.seq }))
            };
        }
        let many = head.seq - last.seq >= i64::from(EVERY_RECORDS);
        // A clock that was ahead when the last was signed, and was set right since, must not put the next off.
        let long = last.at.is_none_or(|at| now < at || now.since(at) >= EVERY);
        if many || long { self.sign_up_to(log, vs, (last, restored), head.seq, now).await } else { Ok(0) }
    }

    async fn sign_up_to<L: AuditLog + ?Sized>(
        &mut self,
        log: &L,
        vs: &VirtualServerId,
        (last, mut restored): (Last, Option<RestoredFrom>),
        head: i64,
        now: Timestamp,
    ) -> Result<usize, CheckpointError> {
        let mut walk = self.walk_on(log, vs, last).await?;
        let mut written = 0;
        while walk.seq < head {
            let records = log.records(vs, walk.seq, EVERY_RECORDS).await?;
            if records.is_empty() {
                return Err(CheckpointError::Tampered(Problem::CutOff { last: walk.seq, reached: head }));
            }
            for record in &records {
                if walk.step(record).is_err() {
                    // The first record after a checkpoint may be fine and what was signed be gone; `explain` sees the rest.
                    return Err(CheckpointError::Tampered(walk.explain(log, vs, record).await?));
                }
            }
            let checkpoint = self
                .signer
                .sign(vs, (walk.seq, &walk.hash), restored.take(), now)
                .map_err(|_| CheckpointError::NoKey)?;
            self.append(vs, checkpoint).await?;
            self.last.insert(vs.clone(), Last { seq: walk.seq, hash: walk.hash.clone(), at: Some(now) });
            written += 1;
        }
        Ok(written)
    }

    /// From the last checkpoint on; where it is older than a cut, or there is none, from there. What was cut was verified before.
    async fn walk_on<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        vs: &VirtualServerId,
        last: Last,
    ) -> Result<Walk, CheckpointError> {
        if log.trimmed(vs).await?.is_none_or(|cut| cut.upto <= last.seq) {
            return Ok(Walk::after(last.seq, last.hash));
        }
        let cut = Beginning::of(log, vs, &self.signers()?).await?.cut.map(|cut| cut.at);
        Ok(match cut {
            Some(cut) if cut.upto > last.seq => Walk::after(cut.upto, cut.hash),
            _ => Walk::after(last.seq, last.hash),
        })
    }

    async fn append(&self, vs: &VirtualServerId, checkpoint: Checkpoint) -> Result<(), CheckpointError> {
        let path = self.path(vs);
        let at = path.clone();
        on_file_thread(move || file::append(&at, &checkpoint))
            .await
            .map_err(|source| CheckpointError::File { path, source })
    }

    /// The newest checkpoint that bears our signature; read from the file the first time.
    async fn last(&mut self, vs: &VirtualServerId) -> Result<Last, CheckpointError> {
        if let Some(last) = self.last.get(vs) {
            return Ok(last.clone());
        }
        let path = self.path(vs);
        let at = path.clone();
        let found = on_file_thread(move || file::mend_and_read_end(&at))
            .await
            .map_err(|source| CheckpointError::File { path, source })?;
        let signers = self.signers()?;
        let ours = found.into_iter().filter(|c| c.virtual_server == vs.as_str() && signers.accept(c));
        let last = file::after_restores(ours)
            .into_iter()
            .max_by_key(|c| c.seq)
            // When it was signed does not matter after a start: what came since is signed at once.
            .map_or(Last { seq: 0, hash: GENESIS.to_owned(), at: None }, |c| Last {
                seq: c.seq,
                hash: c.hash,
                at: None,
            });
        self.last.insert(vs.clone(), last.clone());
        Ok(last)
    }
}

/// File work waits for the disk, so it has a thread of its own.
pub(crate) async fn on_file_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
