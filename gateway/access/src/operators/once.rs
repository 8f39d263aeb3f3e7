//! Requests that are done once: whoever does not know whether one has arrived sends it again under the same key, and is given
//! the first one's answer.
//!
//! The key is reserved before anything is done, so that of two that come at once one is done; and where the process ends between
//! the deed and its answer, the key stays reserved: the deed is not done a second time. What is kept is sealed by the store, and
//! of the request only a keyed hash.
//!
//! An answer that says "not now" tells nothing of the deed: a commit that was waited for no longer may come through, and what is
//! read after it may fail. So beside the key stands a mark that nothing was done yet ([`Undone`]), and both the deed and whoever
//! frees the key take it away, each in its own change: of the two, one happens.

use std::time::Duration;

use doorward_api::operator::OperatorSession;
use doorward_api::ports::{Act, Change, OneTime, OneTimePurpose};
use doorward_api::{CommitError, StoreError, Timestamp, TokenHash};
use serde::{Deserialize, Serialize};

use super::{Caller, OperatorDesk, OperatorError};

/// For so long a key stands for its request.
pub const KEY_LIFE: Duration = Duration::from_hours(24);

/// How long its row is kept. One that is over can neither be taken nor replaced until it is swept away, so it outlives its key.
const ROW_LIFE: Duration = Duration::from_hours(48);

/// A request under a key.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The operator's key, of any text.
    pub key: &'a str,
    /// What is asked: method and path.
    pub call: &'a str,
    /// With which body.
    pub body: &'a [u8],
}

/// What is to be done with it.
#[derive(Debug)]
pub enum Once {
    /// It is new: do it, then say so with [`OperatorDesk::was_done`] or [`OperatorDesk::was_not_done`].
    Do(Reserved),
    /// It was done, and answered with this.
    Done(String),
    /// It is being done, or nobody knows what became of it.
    Underway,
    /// The key stands for another request.
    Another,
}

/// What became of a key whose request was answered with "nothing was done".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// It is free.
    Yes,
    /// It stays reserved: it was done all the same.
    WasDone,
}

/// A key that is held for a request.
#[derive(Debug)]
pub struct Reserved {
    hash: TokenHash,
    undone: Undone,
    kept: Kept,
}

impl Reserved {
    /// To be taken away by whatever does it.
    pub const fn undone(&self) -> Undone {
        self.undone
    }
}

/// That nothing was done yet for a request under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone(TokenHash);

impl Undone {
    /// A change by which it is done. A record alone is no deed.
    pub(crate) fn by(of: Option<Self>, change: Change) -> Change {
        match of.filter(|_| !change.acts.is_empty()) {
            Some(Self(hash)) => change.and(take(hash)),
            None => change,
        }
    }
}

/// What the store keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    request: String,
    ends_at: Timestamp,
    answer: Option<String>,
}

impl OperatorDesk {
    /// Takes a key for a request, or says what became of the one that has it.
    ///
    /// # Errors
    /// A store that does not answer: then nothing may be done.
    pub async fn once(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        request: Request<'_>,
    ) -> Result<Once, OperatorError> {
        let row = |of: &str| {
            let hash = TokenHash::from_hex(&self.once.hex(&[of, by.operator.id.as_str(), request.key]));
            hash.ok_or_else(|| damaged("a keyed hash is none"))
        };
        let (hash, undone) = (row("key")?, Undone(row("undone")?));
        let body = data_encoding::BASE64.encode(request.body);
        let asked = self.once.hex(&["request", by.operator.id.as_str(), request.call, &body]);
        let mut change = Change::default();
        if let Some(kept) = self.kept(caller, &hash).await? {
            if kept.ends_at > caller.now {
                return Ok(match kept {
                    Kept { request, .. } if request != asked => Once::Another,
                    Kept { answer: Some(answer), .. } => Once::Done(answer),
                    Kept { answer: None, .. } => Once::Underway,
                });
            }
            change = change.and(take(hash));
            if self.kept_of(caller, &undone.0).await?.is_some() {
                change = change.and(take(undone.0));
            }
        }
        let kept = Kept { request: asked, ends_at: caller.now + KEY_LIFE, answer: None };
        let change = change.and(put(hash, &kept, caller.now)?).and(put_text(undone.0, String::new(), caller.now));
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) => Ok(Once::Do(Reserved { hash, undone, kept })),
            // Somebody has it since.
            Err(CommitError::Lost { .. }) => Ok(Once::Underway),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// It was done, and this is the answer to it.
    ///
    /// # Errors
    /// A store that does not answer: the key stays reserved.
    pub async fn was_done(&self, caller: &Caller, of: Reserved, answer: String) -> Result<(), OperatorError> {
        let kept = Kept { answer: Some(answer), ..of.kept };
        let change = Change::of(take(of.hash)).and(put(of.hash, &kept, caller.now)?);
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)
    }

    /// It was answered that nothing was done: the key is free again, if that is so.
    ///
    /// # Errors
    /// A store that does not answer: the key stays reserved.
    pub async fn was_not_done(&self, caller: &Caller, of: Reserved) -> Result<Freed, OperatorError> {
        let change = Change::of(take(of.undone.0)).and(take(of.hash));
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) => Ok(Freed::Yes),
            Err(CommitError::Lost { .. }) => Ok(Freed::WasDone),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn kept(&self, caller: &Caller, hash: &TokenHash) -> Result<Option<Kept>, OperatorError> {
        let Some(found) = self.kept_of(caller, hash).await? else { return Ok(None) };
        let kept = serde_json::from_str(&found.data).map_err(|_| damaged("a request's answer cannot be read"))?;
        Ok(Some(kept))
    }

    async fn kept_of(&self, caller: &Caller, hash: &TokenHash) -> Result<Option<OneTime>, OperatorError> {
        Ok(self.ports.one_times.one_time(&caller.vs, OneTimePurpose::Idempotency, hash, caller.now).await?)
    }
}

fn damaged(what: &str) -> OperatorError {
    StoreError::Damaged(what.to_owned()).into()
}

fn put(hash: TokenHash, kept: &Kept, now: Timestamp) -> Result<Act, OperatorError> {
    let data = serde_json::to_string(kept).map_err(|_| damaged("a request's answer cannot be written"))?;
    Ok(put_text(hash, data, now))
}

fn put_text(hash: TokenHash, data: String, now: Timestamp) -> Act {
    Act::OneTimePut(OneTime { purpose: OneTimePurpose::Idempotency, hash, data, expires_at: now + ROW_LIFE })
}

const fn take(hash: TokenHash) -> Act {
    Act::OneTimeTake { purpose: OneTimePurpose::Idempotency, hash }
}
