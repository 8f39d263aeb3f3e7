//! What a verification found.

use std::fmt;

use doorward_api::VirtualServerId;

/// What is wrong with a chain or its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A record was changed.
    Edited {
        /// Which.
        seq: i64,
    },
    /// Records are missing between others.
    Deleted {
        /// The first that is missing.
        first: i64,
        /// The last that is missing.
        last: i64,
    },
    /// Two records stand in each other's place.
    Swapped {
        /// The earlier place.
        seq: i64,
        /// The later place.
        with: i64,
    },
    /// A record was put in.
    Inserted {
        /// Which.
        seq: i64,
    },
    /// Records are missing at the end, although the chain's head row or a signed checkpoint knows of them.
    CutOff {
        /// The last that is there; 0 when none is.
        last: i64,
        /// How far the chain once reached, at least.
        reached: i64,
    },
    /// The chain is sound in itself but is not the one that was signed: records were edited, cut off or replaced, and
    /// everything after them was written anew.
    Rewritten {
        /// The last record that a checkpoint still vouches for; 0 when there is none.
        after: i64,
        /// The record at which the checkpoint disagrees.
        upto: i64,
    },
    /// The head row disagrees with the record it names.
    HeadEdited {
        /// The record.
        seq: i64,
    },
    /// A line of the checkpoint file cannot be read, or belongs to another virtual server.
    CheckpointUnreadable {
        /// From 1.
        line: usize,
    },
    /// A checkpoint does not bear the signature of our key.
    CheckpointForged {
        /// From 1.
        line: usize,
    },
    /// A checkpoint says that the database was restored, and no record does.
    RestoreUntold {
        /// The record at which the backup is said to have ended.
        after: i64,
    },
    /// The newest checkpoint is older than it can be: the file was replaced by an older copy or cut, or nothing wrote
    /// checkpoints while records were appended.
    CheckpointsTooOld {
        /// The last record covered; 0 when there is none.
        covered: i64,
        /// The last record there is.
        last: i64,
    },
    /// Of a part, no record bears a checkpoint from which the chain could be followed.
    NothingSigned {
        /// The first record.
        first: i64,
        /// The last.
        last: i64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Edited { seq } => write!(f, "record {seq} was edited"),
            Problem::Deleted { first, last } if first == last => write!(f, "record {first} was deleted"),
            Problem::Deleted { first, last } => write!(f, "records {first} to {last} were deleted"),
            Problem::Swapped { seq, with } => write!(f, "records {seq} and {with} were swapped"),
            Problem::Inserted { seq } => write!(f, "record {seq} was inserted"),
            Problem::CutOff { last, reached } => {
                write!(f, "record {} and all after it were cut off: the chain once reached record {reached}", last + 1)
            }
            Problem::Rewritten { after, upto } => write!(
                f,
                "records from {} on were edited, cut off or replaced and the rest written anew: the checkpoint signed at \
                 record {upto} disagrees",
                after + 1
            ),
            Problem::HeadEdited { seq } => write!(f, "the head row does not match record {seq}"),
            Problem::CheckpointUnreadable { line } => {
                write!(f, "checkpoint file, line {line}: not a checkpoint of this chain")
            }
            Problem::CheckpointForged { line } => write!(f, "checkpoint file, line {line}: the signature is not ours"),
            Problem::RestoreUntold { after } => {
                write!(f, "a checkpoint tells of a restore after record {after}, and no record does")
            }
            Problem::CheckpointsTooOld { covered, last } => write!(
                f,
                "the checkpoints end at record {covered} although the chain goes on to {last}: the checkpoint file was \
                 replaced by an older one or cut, or no gateway was running to write it"
            ),
            Problem::NothingSigned { first, last } => {
                write!(f, "no checkpoint lies at one of the records {first} to {last}: nothing can be checked")
            }
        }
    }
}

/// A restore that a record tells of and a checkpoint was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The record at which the backup ended.
    pub after: i64,
    /// The last record of before that a checkpoint knew.
    pub reached: i64,
    /// When it was restored (RFC 3339).
    pub at: String,
}

/// Records of before were cut because they were too old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trim {
    /// The first record that stays.
    pub first_kept: i64,
    /// When it was cut (RFC 3339).
    pub at: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose chain.
    pub virtual_server: String,
    /// How many records hold, from the first that there is.
    pub records: i64,
    /// The first that there is; 1 where none was cut.
    pub begins: i64,
    /// The newest cut. It is no fault: a signed record tells of it.
    pub trimmed: Option<Trim>,
    /// How many signed checkpoints there are of what is left.
    pub checkpoints: usize,
    /// The last record that a checkpoint vouches for; 0 when none does.
    pub covered: i64,
    /// The restores since the chain began. They are no fault; what they took away is gone.
    pub restores: Vec<Restore>,
    /// What is wrong. Of the chain itself the first problem only: what comes after it can no longer be judged.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Of a chain of which nothing is known.
    pub(crate) fn of(vs: &VirtualServerId) -> Self {
        Self {
            virtual_server: vs.as_str().to_owned(),
            records: 0,
            begins: 1,
            trimmed: None,
            checkpoints: 0,
            covered: 0,
            restores: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { virtual_server, records, begins, trimmed, checkpoints, covered, restores, problems } = self;
        write!(f, "{virtual_server}: {records} records hold; {checkpoints} checkpoints, the last at record {covered}")?;
        if let Some(Trim { first_kept, at }) = trimmed {
            write!(
                f,
                "\n{virtual_server}: begins at record {begins}; what is older than record {first_kept} was cut at {at}"
            )?;
        }
        for Restore { after, reached, at } in restores {
            write!(f, "\n{virtual_server}: restored at {at} from a backup that ended at record {after}")?;
            if reached > after {
                write!(f, "; records {} to {reached} of before are lost by it, at least", after + 1)?;
            }
        }
        for problem in problems {
            write!(f, "\n{virtual_server}: {problem}")?;
        }
        Ok(())
    }
}
