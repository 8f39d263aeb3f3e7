//! The life of a token as a pure function (self-provisioning.md 4, decision A14).
//!
//! ```text
//!             issue                                     ┌──lock_pin──▶ locked_pin
//!  (nobody) ───────▶ ┐         activate                 │
//!  inventory ─assign▶ assigned ─────────▶ active ───────┤
//!      ▲                │ ▲ │              ▲  └─suspend─┴▶ suspended
//!      │                │ └─┘ new_code     └──reactivate───────┘
//!      │             abandon
//!      │                ▼           from assigned, active, suspended and locked_pin:
//!      │             revoked        revoke ─▶ revoked, return ─▶ inventory, lose ─▶ lost, break ─▶ faulty
//!      └──────────────────────────  from lost and faulty: return ─▶ inventory, revoke ─▶ revoked
//! ```
//! A software token is drawn from an endless stock: it is issued to nobody's row, and where a thing returns to the stock it is
//! revoked, its secret destroyed. Being locked after too many failed passcodes is no state but a time until which an Active
//! token is not accepted: it ends by itself, or by an operator who unlocks it.

use doorward_api::{TokenForm, TokenState};

/// What can happen to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenEvent {
    /// Its activation code is issued to a user; the template is frozen.
    Issue,
    /// An operator gives one of the stock to a user.
    Assign,
    /// "New code": secret and template are replaced.
    NewCode,
    /// Its first proof is accepted.
    Activate,
    /// The wizard was left, timed out, or continued elsewhere.
    Abandon,
    /// An operator, its user, or the "Not you?" link holds it.
    Suspend,
    /// An operator gives it back.
    Reactivate,
    /// Its own PIN was tried too often (R75).
    LockPin,
    /// It is taken from the user for good, and its secret destroyed.
    Revoke,
    /// It is taken from the user, and goes to the stock; or is made ready there again.
    Return,
    /// It is taken from the user, who has lost it.
    Lose,
    /// It is taken from the user, since it does not work.
    Break,
}

impl TokenEvent {
    /// Every event.
    pub const ALL: [TokenEvent; 12] = [
        TokenEvent::Issue,
        TokenEvent::Assign,
        TokenEvent::NewCode,
        TokenEvent::Activate,
        TokenEvent::Abandon,
        TokenEvent::Suspend,
        TokenEvent::Reactivate,
        TokenEvent::LockPin,
        TokenEvent::Revoke,
        TokenEvent::Return,
        TokenEvent::Lose,
        TokenEvent::Break,
    ];

    /// How a token of this form goes back to the stock: a thing as it is, an app's secret by being destroyed.
    pub const fn back_to_stock(form: TokenForm) -> Self {
        match form {
            TokenForm::Hardware => TokenEvent::Return,
            TokenForm::Software | TokenForm::Passkey => TokenEvent::Revoke,
        }
    }

    /// The states in which it may happen: the condition of the statement that carries it out.
    pub fn sources(self) -> Vec<TokenState> {
        TokenState::ALL.into_iter().filter(|state| next(Some(*state), self).is_ok()).collect()
    }
}

/// This cannot happen to a token in that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a token that is {from:?}")]
pub struct NotAllowed {
    /// The state; `None` for a token that nobody has yet.
    pub from: Option<TokenState>,
    /// The event.
    pub event: TokenEvent,
}

/// The state after an event. `None` is a token that nobody has yet: software tokens are drawn from an endless stock.
///
/// # Errors
/// [`NotAllowed`] for every pair that the table does not name.
pub fn next(from: Option<TokenState>, event: TokenEvent) -> Result<TokenState, NotAllowed> {
    use TokenEvent as E;
    use TokenState as S;
    match (from, event) {
        (None, E::Issue) | (Some(S::Inventory), E::Assign) | (Some(S::Assigned), E::NewCode) => Ok(S::Assigned),
        (Some(S::Assigned), E::Activate) | (Some(S::Suspended), E::Reactivate) => Ok(S::Active),
        (Some(S::Active), E::Suspend) => Ok(S::Suspended),
        (Some(S::Active), E::LockPin) => Ok(S::LockedPin),
        (Some(S::Assigned), E::Abandon) => Ok(S::Revoked),
        (Some(state), E::Revoke) if state.owned() || idle(state) => Ok(S::Revoked),
        (Some(state), E::Return) if state.owned() || idle(state) => Ok(S::Inventory),
        (Some(state), E::Lose) if state.owned() => Ok(S::Lost),
        (Some(state), E::Break) if state.owned() => Ok(S::Faulty),
        (from, event) => Err(NotAllowed { from, event }),
    }
}

/// Nobody's, and not in the stock.
const fn idle(state: TokenState) -> bool {
    matches!(state, TokenState::Lost | TokenState::Faulty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_holds_and_nothing_besides() {
        use TokenEvent as E;
        use TokenState as S;
        let permitted = [
            (None, E::Issue, S::Assigned),
            (Some(S::Inventory), E::Assign, S::Assigned),
            (Some(S::Assigned), E::NewCode, S::Assigned),
            (Some(S::Assigned), E::Activate, S::Active),
            (Some(S::Assigned), E::Abandon, S::Revoked),
            (Some(S::Assigned), E::Revoke, S::Revoked),
            (Some(S::Assigned), E::Return, S::Inventory),
            (Some(S::Assigned), E::Lose, S::Lost),
            (Some(S::Assigned), E::Break, S::Faulty),
            (Some(S::Active), E::Suspend, S::Suspended),
            (Some(S::Active), E::LockPin, S::LockedPin),
            (Some(S::Active), E::Revoke, S::Revoked),
            (Some(S::Active), E::Return, S::Inventory),
            (Some(S::Active), E::Lose, S::Lost),
            (Some(S::Active), E::Break, S::Faulty),
            (Some(S::Suspended), E::Reactivate, S::Active),
            (Some(S::Suspended), E::Revoke, S::Revoked),
            (Some(S::Suspended), E::Return, S::Inventory),
            (Some(S::Suspended), E::Lose, S::Lost),
            (Some(S::Suspended), E::Break, S::Faulty),
            (Some(S::LockedPin), E::Revoke, S::Revoked),
            (Some(S::LockedPin), E::Return, S::Inventory),
            (Some(S::LockedPin), E::Lose, S::Lost),
            (Some(S::LockedPin), E::Break, S::Faulty),
            (Some(S::Lost), E::Return, S::Inventory),
            (Some(S::Lost), E::Revoke, S::Revoked),
            (Some(S::Faulty), E::Return, S::Inventory),
            (Some(S::Faulty), E::Revoke, S::Revoked),
        ];
        for from in [None].into_iter().chain(TokenState::ALL.map(Some)) {
            for event in E::ALL {
                let expected = permitted.iter().find(|(f, e, _)| *f == from && *e == event).map(|(_, _, to)| *to);
                assert_eq!(next(from, event).ok(), expected, "{from:?} {event:?}");
            }
        }
    }

    #[test]
    fn nothing_comes_back_from_revoked() {
        for event in TokenEvent::ALL {
            assert!(next(Some(TokenState::Revoked), event).is_err(), "{event:?}");
        }
    }

    #[test]
    fn only_a_first_proof_or_an_operator_makes_a_token_active() {
        let ways: Vec<_> = TokenEvent::ALL
            .into_iter()
            .filter(|event| event.sources().into_iter().any(|from| next(Some(from), *event) == Ok(TokenState::Active)))
            .collect();
        assert_eq!(ways, [TokenEvent::Activate, TokenEvent::Reactivate]);
    }

    #[test]
    fn a_token_whose_pin_locked_it_is_never_unlocked() {
        for event in TokenEvent::ALL {
            let after = next(Some(TokenState::LockedPin), event);
            assert!(after.is_err() || !after.is_ok_and(TokenState::counts_as_token), "{event:?}");
        }
    }

    #[test]
    fn what_goes_to_nobody_belongs_to_nobody() {
        for event in [TokenEvent::Revoke, TokenEvent::Return, TokenEvent::Lose, TokenEvent::Break, TokenEvent::Abandon]
        {
            for from in event.sources() {
                assert!(!next(Some(from), event).unwrap().owned(), "{from:?} {event:?}");
            }
        }
        assert_eq!(TokenEvent::back_to_stock(TokenForm::Software), TokenEvent::Revoke);
        assert_eq!(TokenEvent::back_to_stock(TokenForm::Hardware), TokenEvent::Return);
    }

    #[test]
    fn sources_are_the_condition_of_a_statement() {
        assert_eq!(TokenEvent::Suspend.sources(), [TokenState::Active]);
        use TokenState as S;
        assert_eq!(TokenEvent::Lose.sources(), [S::Assigned, S::Active, S::Suspended, S::LockedPin]);
        assert_eq!(
            TokenEvent::Revoke.sources(),
            [S::Assigned, S::Active, S::Suspended, S::LockedPin, S::Lost, S::Faulty]
        );
        assert_eq!(TokenEvent::Issue.sources(), []);
    }
}
