//! Staying signed in: sessions at the console, and proving anew for what weighs more.

use std::time::Duration;

use doorward_api::operator::OperatorSession;
use doorward_api::ports::{Act, Change, MeterKey, MeterScope, Taken};
use doorward_api::{CommitError, EventKind, StoreError, Timestamp, Token, VirtualServerId};

use super::enter::{Judged, Wrong, spend};
use super::{Caller, OperatorDesk, OperatorError, Proof};

/// A session that is not used ends after this.
pub const IDLE: Duration = Duration::from_mins(30);
/// Every session ends after this.
pub const LIFE: Duration = Duration::from_hours(12);
/// For so long a proof is good for changes of tokens, settings and operators.
pub const FRESH: Duration = Duration::from_mins(10);

/// So many wrong proofs in a row end a session.
const WRONG_PROOFS: u32 = 5;

/// A use within this of the one before is not written.
const TOUCH: Duration = Duration::from_mins(1);

/// What became of proving anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reproved {
    /// Right: the session is fresh again.
    Yes,
    /// Password or passcode is not right.
    NotAccepted,
    /// Too much went wrong: the session has ended.
    Ended,
}

/// Whether the proofs of a session are recent enough for what weighs more.
pub fn is_fresh(session: &OperatorSession, now: Timestamp) -> bool {
    now.since(session.proved_at) < FRESH
}

impl OperatorDesk {
    /// The live session of a cookie's or bearer's token, which is used by this.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn session(
        &self,
        vs: &VirtualServerId,
        token: &Token,
        now: Timestamp,
    ) -> Result<Option<OperatorSession>, OperatorError> {
        let found = self.ports.operators.operator_session(vs, &token.hash(), IDLE, now).await?;
        if let Some(session) = found.as_ref().filter(|session| now.since(session.last_seen_at) >= TOUCH) {
            self.ports.operators.touch_operator(vs, &session.id, now).await?;
        }
        Ok(found)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn sign_out(&self, caller: &Caller, session: &OperatorSession) -> Result<(), OperatorError> {
        let change = Change::of(Act::OperatorSessionEnd { id: session.id.clone() })
            .record(caller.event(EventKind::OperatorLogout, Some(&session.operator.name)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)
    }

    /// Password and passcode once more, within a session. Counted by the session: who signs in wrongly from outside, under
    /// whatever name, keeps nobody from changes who is in.
    ///
    /// # Errors
    /// As [`OperatorDesk::sign_in`]; [`OperatorError::NotFound`] when the session has ended meanwhile.
    pub async fn reprove(
        &self,
        caller: &Caller,
        session: &OperatorSession,
        proof: &Proof,
    ) -> Result<Reproved, OperatorError> {
        let meter = MeterKey { scope: MeterScope::OperatorProof, key: session.id.to_string() };
        let (vs, meters) = (&caller.vs, &self.ports.meters);
        let taken = meters.take_place(vs, &meter, WRONG_PROOFS, LIFE, caller.now).await?;
        // Whoever took the last place ends the session.
        let Taken::Place { number, ends } = taken else { return Ok(Reproved::Ended) };
        match self.reprove_once(caller, session, proof).await {
            Ok(None) => {
                meters.forget(vs, &meter).await?;
                Ok(Reproved::Yes)
            }
            Ok(Some(wrong)) => Ok(self.proved_wrong(caller, session, wrong, number >= WRONG_PROOFS).await?),
            Err(error) => {
                meters.give_back(vs, &meter, ends).await?;
                Err(error)
            }
        }
    }

    /// Records a failure. The last that is permitted ends the session.
    async fn proved_wrong(
        &self,
        caller: &Caller,
        session: &OperatorSession,
        wrong: Wrong,
        last: bool,
    ) -> Result<Reproved, StoreError> {
        let event = wrong.told(caller, Some(&session.operator)).with("again", true);
        let (change, told) = if last {
            let end = Change::of(Act::OperatorSessionEnd { id: session.id.clone() });
            (end.record(event.with("sessionEnded", true)), Reproved::Ended)
        } else {
            (Change::only(event), Reproved::NotAccepted)
        };
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Err(CommitError::Store(error)) => Err(error),
            // Neither act has a condition.
            Ok(()) | Err(CommitError::Lost { .. }) => Ok(told),
        }
    }

    /// What is wrong, if anything is.
    async fn reprove_once(
        &self,
        caller: &Caller,
        session: &OperatorSession,
        proof: &Proof,
    ) -> Result<Option<Wrong>, OperatorError> {
        let found = self.ports.operators.operator(&caller.vs, &session.operator.id).await?;
        let password = self.password(found.as_ref(), &proof.password).await?;
        let judged = self.judge(found.as_ref(), password, &proof.passcode, caller.now).await?;
        let (operator, spent) = match (found, judged) {
            (Some(operator), Judged::Right(spent)) => (operator, spent),
            (_, Judged::Wrong(wrong)) => return Ok(Some(wrong)),
            (None, Judged::Right(_)) => return Ok(Some(Wrong::Unknown)),
        };
        let change = spend(&operator, spent)
            .and(Act::OperatorSessionProved { id: session.id.clone() })
            .record(caller.event(EventKind::OperatorLogin, Some(&operator.name)).with("again", true));
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) => Ok(None),
            Err(CommitError::Lost { what: "operator_use", .. }) => Ok(Some(Wrong::Used)),
            Err(error) => Err(super::gone(error)),
        }
    }
}
