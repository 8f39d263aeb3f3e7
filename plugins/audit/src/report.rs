//! What a verification found.

use std::fmt;

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
    /// The newest checkpoint is older than it can be: the file was replaced by an older copy or cut, or nothing wrote
    /// checkpoints while records were appended.
    CheckpointsTooOld {
        /// The last record covered; 0 when there is none.
        covered: i64,
        /// The last record there is.
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
            Problem::CheckpointsTooOld { covered, last } => write!(
                f,
                "the checkpoints end at record {covered} although the chain goes on to {last}: the checkpoint file was \
                 replaced by an older one or cut, or no gateway was running to write it"
            ),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose chain.
    pub virtual_server: String,
    /// How many records hold, from the first on.
    pub records: i64,
    /// How many signed checkpoints were compared.
    pub checkpoints: usize,
    /// The last record that a checkpoint vouches for; 0 when none does.
    pub covered: i64,
    /// What is wrong. Of the chain itself the first problem only: what comes after it can no longer be judged.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { virtual_server, records, checkpoints, covered, problems } = self;
        write!(f, "{virtual_server}: {records} records hold; {checkpoints} checkpoints, the last at record {covered}")?;
        for problem in problems {
            write!(f, "\n{virtual_server}: {problem}")?;
        }
        Ok(())
    }
}
