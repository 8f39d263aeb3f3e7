//! The life of a token as a pure function (self-provisioning.md 4, decision A14).
//!
//! ```text
//!  inventory ──issue──▶ assigned ──activate──▶ active ◀──reactivate── suspended
//!                       │   ▲ │                 │  └─────suspend────────▶  │
//!                       │   └─┘ new code        │                          │
//!                       └─abandon, revoke──▶ revoked ◀──────revoke─────────┘
//! ```
//! Being locked after too many failures is no state but a time until which an Active token is not accepted: it ends by
//! itself.

use doorward_api::TokenState;

/// What can happen to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenEvent {
    /// Its activation code is issued to a user; the template is frozen.
    Issue,
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
    /// It is taken from the user for good.
    Revoke,
}

impl TokenEvent {
    /// Every event.
    pub const ALL: [TokenEvent; 7] = [
        TokenEvent::Issue,
        TokenEvent::NewCode,
        TokenEvent::Activate,
        TokenEvent::Abandon,
        TokenEvent::Suspend,
        TokenEvent::Reactivate,
        TokenEvent::Revoke,
    ];

    /// The states in which it may happen: the condition of the statement that carries it out.
    pub fn sources(self) -> Vec<TokenState> {
        STATES.into_iter().filter(|state| next(Some(*state), self).is_ok()).collect()
    }
}

const STATES: [TokenState; 4] = [TokenState::Assigned, TokenState::Active, TokenState::Suspended, TokenState::Revoked];

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
        (None, E::Issue) | (Some(S::Assigned), E::NewCode) => Ok(S::Assigned),
        (Some(S::Assigned), E::Activate) | (Some(S::Suspended), E::Reactivate) => Ok(S::Active),
        (Some(S::Active), E::Suspend) => Ok(S::Suspended),
        (Some(S::Assigned), E::Abandon) | (Some(S::Assigned | S::Active | S::Suspended), E::Revoke) => Ok(S::Revoked),
        (from, event) => Err(NotAllowed { from, event }),
    }
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
            (Some(S::Assigned), E::NewCode, S::Assigned),
            (Some(S::Assigned), E::Activate, S::Active),
            (Some(S::Assigned), E::Abandon, S::Revoked),
            (Some(S::Assigned), E::Revoke, S::Revoked),
            (Some(S::Active), E::Suspend, S::Suspended),
            (Some(S::Active), E::Revoke, S::Revoked),
            (Some(S::Suspended), E::Reactivate, S::Active),
            (Some(S::Suspended), E::Revoke, S::Revoked),
        ];
        for from in [None].into_iter().chain(STATES.map(Some)) {
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
    fn sources_are_the_condition_of_a_statement() {
        assert_eq!(TokenEvent::Suspend.sources(), [TokenState::Active]);
        assert_eq!(TokenEvent::Revoke.sources(), [TokenState::Assigned, TokenState::Active, TokenState::Suspended]);
        assert_eq!(TokenEvent::Issue.sources(), []);
    }
}
