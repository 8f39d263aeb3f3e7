//! Which records may go because they are too old: those up to a signed checkpoint, and none in between.

use doorward_api::audit::Cut;
use doorward_api::ports::AuditLog;
use doorward_api::{AuditEvent, EventContext, EventKind, Timestamp, VirtualServerId};

use crate::checkpoint::Checkpoint;
use crate::checkpoints::{CheckpointError, Checkpoints, EVERY_RECORDS, on_file_thread};
use crate::file;
use crate::report::Problem;
use crate::trims::Beginning;

/// How long records stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// What was signed before this may go.
    pub before: Timestamp,
    /// The last record that everybody has who is sent them; `None` when nobody is.
    pub sent: Option<i64>,
    /// What was signed before this goes even if somebody does not have it.
    pub regardless: Timestamp,
}

impl Keep {
    /// Whether the records that a checkpoint covers may go. Its time is signed: nobody makes records go early by the database.
    fn lets_go(&self, checkpoint: &Checkpoint) -> bool {
        // RFC 3339 in UTC: the order of the texts is that of the times.
        let signed_before = |time: Timestamp| checkpoint.at <= time.rfc3339();
        let sent = self.sent.is_none_or(|sent| checkpoint.seq <= sent);
        signed_before(self.before) && (sent || signed_before(self.regardless))
    }
}

impl Checkpoints {
    /// The newest place at which a chain may be cut; `None` when nothing is to go. All that would go is verified before, so that
    /// nothing goes that was tampered with and nobody has noticed.
    ///
    /// # Errors
    /// [`CheckpointError`]; nothing is to be cut then.
    pub async fn place_to_cut<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        vs: &VirtualServerId,
        keep: Keep,
    ) -> Result<Option<Cut>, CheckpointError> {
        let path = self.path(vs);
        let (at, of) = (path.clone(), vs.clone());
        let found =
            on_file_thread(move || file::newest(&at, |one| one.virtual_server == of.as_str() && keep.lets_go(one)));
        let found = found.await.map_err(|source| CheckpointError::File { path, source })?;
        let signers = self.signers()?;
        let Some(place) = found.into_iter().rev().find(|checkpoint| signers.accept(checkpoint)) else {
            return Ok(None);
        };
        let beginning = Beginning::of(log, vs, &signers).await?;
        let before = beginning.walk.seq;
        if place.seq <= before || beginning.cut.is_some_and(|cut| cut.at.upto >= place.seq) {
            return Ok(None);
        }
        let mut walk = beginning.walk;
        while walk.seq < place.seq {
            let records = log.records(vs, walk.seq, EVERY_RECORDS).await?;
            if records.is_empty() {
                let cut_off = Problem::CutOff { last: walk.seq, reached: place.seq };
                return Err(CheckpointError::Tampered(cut_off));
            }
            for record in records.iter().take_while(|record| record.seq <= place.seq) {
                if walk.step(record).is_err() {
                    return Err(CheckpointError::Tampered(walk.explain(log, vs, record).await?));
                }
            }
            if records.first().is_some_and(|first| first.seq > place.seq) {
                let gone = Problem::Deleted { first: walk.seq + 1, last: place.seq };
                return Err(CheckpointError::Tampered(gone));
            }
        }
        if walk.hash != place.hash {
            return Err(CheckpointError::Tampered(Problem::Rewritten { after: before, upto: place.seq }));
        }
        self.cut_at(vs, &place, before, keep).map(Some)
    }

    fn cut_at(
        &self,
        vs: &VirtualServerId,
        place: &Checkpoint,
        before: i64,
        keep: Keep,
    ) -> Result<Cut, CheckpointError> {
        let signature = self.vouch_for_cut(vs, place.seq, &place.hash)?;
        let mut event = AuditEvent::new(EventKind::AuditTrimmed, EventContext::default())
            .with("actor", "system")
            .with("firstKept", place.seq + 1)
            .with("hashBefore", place.hash.as_str())
            .with("records", place.seq - before)
            .with("checkpointAt", place.at.as_str())
            .with("olderThan", keep.before.rfc3339())
            .with("signature", signature);
        if let Some(sent) = keep.sent.filter(|sent| *sent < place.seq) {
            event = event.with("unsent", place.seq - sent.max(before));
        }
        Ok(Cut { upto: place.seq, hash: place.hash.clone(), event })
    }
}
