//! Errors of the ports. Each says whose fault it was; what a person is shown is decided where they are shown something.

/// The store could not answer. Nobody is admitted, nothing is half-saved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, or too slow.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// It answered something that cannot be: a damaged row, a value sealed for another place.
    #[error("the store holds something damaged: {0}")]
    Damaged(String),
}

/// A [`Change`](crate::ports::Change) was not made; nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The condition of the act with this index did not hold (any more): somebody was faster, or it was used before.
    #[error("act {act} ({what}) came too late")]
    Lost {
        /// Position in [`Change::acts`](crate::ports::Change).
        act: usize,
        /// Its name.
        what: &'static str,
    },
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A plugin could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PluginError {
    /// The bytes it was handed back are not its own or are damaged.
    #[error("the credential's bytes cannot be read: {0}")]
    Damaged(String),
    /// Something it depends on does not answer.
    #[error("{0}")]
    Unavailable(String),
}
