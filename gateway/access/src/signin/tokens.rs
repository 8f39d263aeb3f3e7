//! A user's tokens, as a sign-in finds them.

use doorward_api::credential::Credential;
use doorward_api::ports::{Act, Change};
use doorward_api::{AuditEvent, CommitError, EventContext, EventKind, StoreError, TokenForm, TokenState, UserId};
use doorward_tokens::TokenEvent;

use crate::signin::Desk;
use crate::visit::Visit;

/// Whether a token's passcodes prove something: it is in use, or a thing that was handed out, whose first one puts it in use.
pub(crate) fn in_hand(token: &Credential) -> bool {
    match token.state {
        TokenState::Active => true,
        TokenState::Assigned => token.form == TokenForm::Hardware,
        _ => false,
    }
}

/// The state that counts for what a user is offered: whoever was handed a thing has a token, used or not.
pub(crate) fn counted(token: &Credential) -> TokenState {
    if in_hand(token) { TokenState::Active } else { token.state }
}

impl Desk {
    /// A user's tokens that are not revoked. A passkey is none.
    pub(crate) async fn tokens_of(&self, visit: &Visit, user: &UserId) -> Result<Vec<Credential>, StoreError> {
        let mut tokens = self.owned(visit, user).await?;
        tokens.retain(|token| token.form.is_token());
        Ok(tokens)
    }

    /// All that are not revoked, passkeys too. One in use whose bytes were moved or changed behind our back opens nothing (CR-02): it is
    /// suspended and recorded, and stays so until an operator has looked into it. It counts as a token all the while, so that
    /// damage is no way round a second factor.
    pub(crate) async fn owned(&self, visit: &Visit, user: &UserId) -> Result<Vec<Credential>, StoreError> {
        let mut tokens = self.ports.credentials.credentials_of(&visit.vs.id, user).await?;
        for token in tokens.iter_mut().filter(|token| token.damaged && token.state == TokenState::Active) {
            self.suspend_damaged(visit, token).await?;
            token.state = TokenState::Suspended;
        }
        Ok(tokens)
    }

    async fn suspend_damaged(&self, visit: &Visit, token: &Credential) -> Result<(), StoreError> {
        let (from, to) = (TokenEvent::Suspend.sources(), TokenState::Suspended);
        let context = EventContext {
            address: Some(visit.address),
            user: Some(token.user.clone()),
            request_id: Some(visit.request_id.clone()),
            ..EventContext::default()
        };
        let event = AuditEvent::new(EventKind::TokenSuspended, context)
            .with("serial", token.serial.as_str())
            .with("actor", "system")
            .with("from", token.state.as_str())
            .with("to", to.as_str())
            .with("reason", "damaged");
        let change = Change::of(Act::CredentialState { id: token.id.clone(), from, to })
            .and(Act::PushesCancelOf { user: token.user.clone() })
            .record(event);
        match self.ports.ledger.commit(&visit.vs.id, change, visit.now).await {
            Ok(()) => {
                tracing::error!(user = %token.user, serial = %token.serial, "a token's sealed value is damaged: it was moved or changed past the gateway, and the token is suspended");
                Ok(())
            }
            // Somebody else has done so in the same moment.
            Err(CommitError::Lost { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
