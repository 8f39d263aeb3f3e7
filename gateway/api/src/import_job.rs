//! Files of tokens on their way into the stock, as the store knows of them. What became of each row is kept by the
//! process that takes the file; that there was one, and how far it came, outlives that process.

use std::time::Duration;

use crate::ids::OperatorId;
use crate::time::Timestamp;

/// A file of which nothing was heard for so long, and that has not ended, was broken off: its process is gone.
pub const SILENT: Duration = Duration::from_secs(15);

/// A file whose tokens are about to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImportJob {
    /// Its id.
    pub id: String,
    /// Who has sent it.
    pub operator: OperatorId,
    /// Its name; empty where none was given.
    pub file: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many of these need no more than to be read.
    pub done: u64,
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportJob {
    /// Its id.
    pub id: String,
    /// Who has sent it.
    pub operator: OperatorId,
    /// Its name; empty where none was given.
    pub file: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many are dealt with. It is counted with the tokens themselves: neither more nor less of them is in the
    /// stock.
    pub done: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When something was last done.
    pub touched_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

impl ImportJob {
    /// Whether it will never come to its end.
    pub fn broke_off(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now.since(self.touched_at) >= SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_which_nothing_is_heard_was_broken_off() {
        let at = Timestamp::from_secs;
        let job = ImportJob {
            id: "i".into(),
            operator: OperatorId::new("o"),
            file: String::new(),
            rows: 10,
            done: 4,
            begun_at: at(100),
            touched_at: at(110),
            ended_at: None,
        };
        assert!(!job.broke_off(at(124)) && job.broke_off(at(125)));
        assert!(!ImportJob { ended_at: Some(at(111)), ..job }.broke_off(at(999)));
    }
}
