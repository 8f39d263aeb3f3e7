//! In by name, password and passcode: one form, one answer to whatever is wrong with it.

use std::time::Duration;

use data_encoding::HEXLOWER;
use doorward_api::operator::{NewOperatorSession, Operator};
use doorward_api::ports::{Act, Change, MeterKey, MeterScope, PasswordCheck, Taken};
use doorward_api::{
    AuditEvent, CommitError, EventKind, FoldedName, OperatorId, Secret, SessionId, StoreError, Timestamp, Token,
};

use super::{Caller, LIFE, OperatorDesk, OperatorError, Passcode, Spent, enabled};
use crate::names::fold_name;
use crate::network::network_of;

/// Failures in a row that a name permits; then it has to wait.
const PERMITTED: u32 = 5;
/// Failures that an address permits within [`WAIT`].
const PERMITTED_OF_ADDRESS: u32 = 30;
/// How long a name waits, and the window of the counts.
const WAIT: Duration = Duration::from_mins(15);
/// A right passcode that came too late is checked once more: against what was written meanwhile.
const ROUNDS: u32 = 2;

/// What proves an operator.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The password.
    pub password: Secret,
    /// The passcode that their app shows.
    pub passcode: Secret,
}

/// What became of a sign-in.
#[derive(Debug)]
pub enum Entered {
    /// In, with a new session.
    Welcome {
        /// For the cookie.
        session: Token,
    },
    /// Name, password or passcode is not right, or the operator is switched off: nobody is told which.
    NotAccepted,
    /// Too much went wrong with this name, or from this address; names of nobody wait as well.
    Waits {
        /// Until then.
        until: Timestamp,
    },
}

/// Why a proof was not taken: for the record alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Unknown,
    Disabled,
    Password,
    Passcode,
    Used,
}

impl Wrong {
    const fn as_str(self) -> &'static str {
        match self {
            Wrong::Unknown => "unknown",
            Wrong::Disabled => "disabled",
            Wrong::Password => "password",
            Wrong::Passcode => "passcode",
            Wrong::Used => "passcode_used",
        }
    }

    /// The record of it.
    pub(super) fn told(self, caller: &Caller, operator: Option<&Operator>) -> AuditEvent {
        let name = operator.map(|operator| operator.name.as_str());
        caller.event(EventKind::OperatorLoginFailed, name).with("reason", self.as_str())
    }
}

/// The places that a try has taken below the limits. It counts as a failure until it has proved to be none.
struct Try {
    name: MeterKey,
    name_ends: Timestamp,
    address: MeterKey,
    address_ends: Timestamp,
    /// Which failure of the name it is.
    number: u32,
}

/// A proof, looked at.
pub(super) enum Judged {
    Right(Spent),
    Wrong(Wrong),
}

impl OperatorDesk {
    /// Signs an operator in.
    ///
    /// # Errors
    /// [`OperatorError::Busy`], or a store or a plugin that does not answer: then nobody was let in, and the try is not counted.
    pub async fn sign_in(&self, caller: &Caller, name: &str, proof: &Proof) -> Result<Entered, OperatorError> {
        let folded = fold_name(name);
        let counted = match self.take_try(caller, &key_of(folded.as_ref(), name)).await? {
            Ok(counted) => counted,
            Err(until) => return Ok(Entered::Waits { until }),
        };
        // Nobody has the empty name, so the store is asked the same question for what is no name at all.
        let folded = folded.unwrap_or_else(|| FoldedName::assume(""));
        match self.sign_in_once(caller, &folded, proof).await {
            Ok(Ok((session, _))) => {
                self.was_right(caller, &counted).await?;
                Ok(Entered::Welcome { session })
            }
            Ok(Err((wrong, operator))) => {
                self.was_wrong(caller, counted, wrong, operator.as_ref()).await.map(|until| match until {
                    Some(until) => Entered::Waits { until },
                    None => Entered::NotAccepted,
                })
            }
            Err(error) => {
                self.was_not_looked_at(caller, &counted).await?;
                Err(error)
            }
        }
    }

    async fn sign_in_once(
        &self,
        caller: &Caller,
        name: &FoldedName,
        proof: &Proof,
    ) -> Result<Result<(Token, Operator), (Wrong, Option<Operator>)>, OperatorError> {
        let mut looked: Option<(Option<String>, bool)> = None;
        for _ in 0..ROUNDS {
            let found = self.ports.operators.operator_by_name(&caller.vs, name).await?;
            let hash = found.as_ref().map(|operator| operator.password_hash.clone());
            // It may have been changed meanwhile.
            let right = match looked.filter(|(of, _)| *of == hash) {
                Some((_, right)) => right,
                None => self.password(found.as_ref(), &proof.password).await?,
            };
            looked = Some((hash, right));
            let judged = self.judge(found.as_ref(), right, &proof.passcode, caller.now).await?;
            let (operator, spent) = match (found, judged) {
                (Some(operator), Judged::Right(spent)) => (operator, spent),
                (found, Judged::Wrong(wrong)) => return Ok(Err((wrong, found))),
                (None, Judged::Right(_)) => return Ok(Err((Wrong::Unknown, None))),
            };
            let session = Token::draw(self.ports.entropy.as_ref());
            let change = spend(&operator, spent)
                .and(Act::OperatorSessionStart(self.new_session(&operator.id, &session, caller.now)))
                .record(caller.event(EventKind::OperatorLogin, Some(&operator.name)));
            match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
                Ok(()) => return Ok(Ok((session, operator))),
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Ok(Err((Wrong::Used, None)))
    }

    pub(super) fn new_session(&self, of: &OperatorId, token: &Token, now: Timestamp) -> NewOperatorSession {
        NewOperatorSession {
            id: SessionId::new(self.ports.entropy.id()),
            token: token.hash(),
            operator: of.clone(),
            expires_at: now + LIFE,
        }
    }

    pub(super) async fn password(&self, of: Option<&Operator>, password: &Secret) -> Result<bool, OperatorError> {
        let hash = of.map(|operator| operator.password_hash.clone());
        match self.passwords.verify(password, hash).await? {
            PasswordCheck::Right => Ok(true),
            PasswordCheck::Wrong => Ok(false),
            PasswordCheck::Busy => Err(OperatorError::Busy),
        }
    }

    /// Looks at the passcode whatever is known of the password, so that all that is wrong takes the same time.
    pub(super) async fn judge(
        &self,
        of: Option<&Operator>,
        password: bool,
        passcode: &Secret,
        now: Timestamp,
    ) -> Result<Judged, OperatorError> {
        let Some(operator) = of else {
            self.check_decoy(passcode, now).await?;
            return Ok(Judged::Wrong(Wrong::Unknown));
        };
        let passcode = self.check(&operator.plugin, &operator.opened, passcode, now).await?;
        Ok(match passcode {
            _ if !enabled(operator) => Judged::Wrong(Wrong::Disabled),
            _ if !password => Judged::Wrong(Wrong::Password),
            Passcode::Used => Judged::Wrong(Wrong::Used),
            Passcode::Wrong => Judged::Wrong(Wrong::Passcode),
            Passcode::Right { updated } => Judged::Right(Spent { version: operator.version, updated }),
        })
    }

    /// Takes a place for a try of a name from an address, or says until when there is none.
    async fn take_try(&self, caller: &Caller, name: &str) -> Result<Result<Try, Timestamp>, StoreError> {
        let Caller { vs, address, now, .. } = caller;
        let (locked, until) = self.ports.meters.read(vs, &lock_meter(name), *now).await?;
        if locked > 0 {
            return Ok(Err(until));
        }
        let address = MeterKey { scope: MeterScope::OperatorAddress, key: network_of(*address).to_string() };
        let taken = self.ports.meters.take_place(vs, &address, PERMITTED_OF_ADDRESS, WAIT, *now).await?;
        let Taken::Place { ends: address_ends, .. } = taken else { return Ok(Err(waits(taken))) };
        let name = MeterKey { scope: MeterScope::Operator, key: name.to_owned() };
        match self.ports.meters.take_place(vs, &name, PERMITTED, WAIT, *now).await? {
            Taken::Place { number, ends } => Ok(Ok(Try { name, name_ends: ends, address, address_ends, number })),
            Taken::Full { until } => {
                self.ports.meters.give_back(vs, &address, address_ends).await?;
                Ok(Err(until))
            }
        }
    }

    /// The failures of the name are forgotten, and this was none of the address.
    async fn was_right(&self, caller: &Caller, counted: &Try) -> Result<(), StoreError> {
        self.ports.meters.forget(&caller.vs, &counted.name).await?;
        self.ports.meters.give_back(&caller.vs, &counted.address, counted.address_ends).await
    }

    async fn was_not_looked_at(&self, caller: &Caller, counted: &Try) -> Result<(), StoreError> {
        self.ports.meters.give_back(&caller.vs, &counted.name, counted.name_ends).await?;
        self.ports.meters.give_back(&caller.vs, &counted.address, counted.address_ends).await
    }

    /// Records a failure. The last that is permitted makes the name wait: until then.
    async fn was_wrong(
        &self,
        caller: &Caller,
        counted: Try,
        wrong: Wrong,
        operator: Option<&Operator>,
    ) -> Result<Option<Timestamp>, OperatorError> {
        let Caller { vs, now, .. } = caller;
        let mut until = None;
        if counted.number >= PERMITTED {
            let lock = lock_meter(&counted.name.key);
            until = Some(match self.ports.meters.take_place(vs, &lock, 1, WAIT, *now).await? {
                Taken::Place { ends, .. } => ends,
                Taken::Full { until } => until,
            });
        }
        let mut event = wrong.told(caller, operator);
        if let Some(until) = until {
            event = event.with("lockedUntil", until.rfc3339());
        }
        match self.ports.ledger.commit(vs, Change::only(event), *now).await {
            Err(CommitError::Store(error)) => Err(error.into()),
            _ => Ok(until),
        }
    }
}

/// Spends a passcode.
pub(super) fn spend(operator: &Operator, spent: Spent) -> Change {
    Change::of(Act::OperatorUse { id: operator.id.clone(), version: spent.version, opened: spent.updated })
}

/// What a name is counted by. What was typed can be a password in the wrong field, so only its hash is kept.
fn key_of(folded: Option<&FoldedName>, typed: &str) -> String {
    let name = folded.map_or(typed, FoldedName::as_str);
    HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, name.as_bytes()).as_ref())
}

/// The meter that is full while a name waits.
fn lock_meter(name: &str) -> MeterKey {
    MeterKey { scope: MeterScope::Operator, key: format!("lock:{name}") }
}

const fn waits(taken: Taken) -> Timestamp {
    match taken {
        Taken::Place { ends, .. } => ends,
        Taken::Full { until } => until,
    }
}
