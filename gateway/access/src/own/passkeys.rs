//! A user's own passkeys: made, named and removed. One is made only by who has shown a token of theirs a short while ago: neither a
//! password nor the mailbox nor a recovery code may lead to what is good for a second factor.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::credential::{AddedPasskey, Credential};
use doorward_api::flow::OwnTask;
use doorward_api::passkey::{PasskeyChallenge, PasskeyRequest, Passkeys};
use doorward_api::ports::{Act, Change, OneTime, OneTimePurpose};
use doorward_api::{CredentialId, EventKind, SessionId, Timestamp, Token, TokenHash, TokenState, User};
use serde::{Deserialize, Serialize};

use super::several::{FRESH, Stepped, fresh};
use super::{Holder, OwnError, Owner, Refusal, label_line};
use crate::dispute::Newcomer;
use crate::signin::Stop;
use crate::signin::passkey::{party, serial_of};
use crate::visit::Visit;

/// How many passkeys somebody may have.
pub const MOST_PASSKEYS: u8 = 10;

/// How long a page by which one is made is good.
const LIFE: Duration = Duration::from_mins(5);

/// One of the user's own passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPasskey {
    /// The row; stands in the addresses of its pages.
    pub id: CredentialId,
    /// The serial number.
    pub serial: String,
    /// What it is called; may be empty.
    pub label: String,
    /// It signs in; one that is held does not.
    pub active: bool,
    /// When it was made.
    pub added_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A user's passkeys.
#[derive(Debug, Clone)]
pub struct OwnPasskeys {
    /// Oldest first.
    pub passkeys: Vec<OwnPasskey>,
    /// Another may be made: there is a token to prove it by, and there are not too many.
    pub can_add: bool,
    /// A token was proved a short while ago: one is made at once.
    pub proved: bool,
}

/// How making one begins.
#[derive(Debug)]
pub enum PasskeyBegun {
    /// A token must be proved first: the flow cookie is set, 303 to `/signin/step`.
    ProveFirst(Token),
    /// The page by which it is made.
    Asked(PasskeyAsked),
}

/// What the page by which a passkey is made asks the browser with.
#[derive(Debug, Clone)]
pub struct PasskeyAsked {
    /// What `navigator.credentials.create()` is called with, as JSON.
    pub options: String,
    /// Comes back with the answer.
    pub ceremony: String,
}

/// What the store keeps of a challenge (sealed there): whose page asks it.
#[derive(Serialize, Deserialize)]
struct Stub {
    session: SessionId,
}

/// Somebody who may make one.
struct Maker {
    user: User,
    known: Vec<String>,
}

impl Owner {
    /// Whether there are passkeys in this build.
    pub fn has_passkeys(&self) -> bool {
        self.desk.passkeys().is_some()
    }

    /// Their passkeys; `None` where there are none in this build.
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn passkeys(&self, visit: &Visit) -> Result<Option<OwnPasskeys>, OwnError> {
        let holder = self.holder(visit).await?;
        if self.desk.passkeys().is_none() {
            return Ok(None);
        }
        let theirs = self.desk.passkeys_of(visit, &holder.user).await?;
        let can_add = theirs.len() < usize::from(MOST_PASSKEYS) && self.has_token(visit, &holder).await?;
        let proved = fresh(&holder.session.proofs, visit.now);
        Ok(Some(OwnPasskeys { passkeys: theirs.iter().map(seen).collect(), can_add, proved }))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`OwnError::NotFound`], for another's as well; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn passkey(&self, visit: &Visit, id: &CredentialId) -> Result<OwnPasskey, OwnError> {
        let holder = self.holder(visit).await?;
        Ok(seen(&self.own_passkey(visit, &holder, id).await?))
    }

    /// The page by which one is made, or first the passcode page.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with [`Refusal::NotNow`] where none may be made; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn begin_passkey(&self, visit: &Visit) -> Result<PasskeyBegun, OwnError> {
        let holder = self.holder(visit).await?;
        let (_, passkeys) = self.desk.passkeys().ok_or(OwnError::Refused(Refusal::NotNow))?;
        let maker = self.maker(visit, &holder, passkeys).await?;
        if !fresh(&holder.session.proofs, visit.now) {
            let flow = self.prove_first(visit, &holder, &maker.user, OwnTask::Passkey).await?;
            return Ok(PasskeyBegun::ProveFirst(flow));
        }
        let mut challenge = PasskeyChallenge::default();
        self.desk.ports.entropy.fill(&mut challenge);
        let ceremony = BASE64URL_NOPAD.encode(&challenge);
        let hash = hash_of(&ceremony).ok_or(OwnError::Overtaken)?;
        // Writing this plain type cannot fail; an empty stub would not be read back, and make nothing.
        let data = serde_json::to_string(&Stub { session: holder.session.id.clone() }).unwrap_or_default();
        let kept = OneTime { purpose: OneTimePurpose::PasskeyCeremony, hash, data, expires_at: visit.now + LIFE };
        self.desk.commit(visit, Change::of(Act::OneTimePut(kept))).await?;
        let options = passkeys.creation_options(&maker.request(visit), &challenge).to_string();
        Ok(PasskeyBegun::Asked(PasskeyAsked { options, ceremony }))
    }

    /// One was made: what the browser has answered. The challenge is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with [`Refusal::PasskeyNotMade`] where the answer is not taken, with [`Refusal::NotNow`] where none
    /// may be made; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn add_passkey(&self, visit: &Visit, ceremony: &str, answer: &str) -> Result<(), OwnError> {
        let holder = self.holder(visit).await?;
        let (plugin, passkeys) = self.desk.passkeys().ok_or(OwnError::Refused(Refusal::NotNow))?;
        let challenge = self.take_challenge(visit, &holder, ceremony).await?;
        let maker = self.maker(visit, &holder, passkeys).await?;
        let made = passkeys.register(&maker.request(visit), &challenge, answer).map_err(|fault| {
            tracing::info!(request_id = visit.request_id, %fault, "a passkey was not made");
            OwnError::Refused(Refusal::PasskeyNotMade)
        })?;
        let serial = serial_of(&made.lookup);
        let event = holder.event(visit, EventKind::PasskeyAdded).with("serial", serial.as_str());
        let event = event.with("backedUp", made.backed_up);
        let added = AddedPasskey {
            id: CredentialId::new(self.desk.ports.entropy.id()),
            user: holder.user.clone(),
            plugin: plugin.to_owned(),
            serial,
            label: made.name,
            opened: made.opened,
            most: MOST_PASSKEYS,
        };
        let notice = self.desk.notice(visit, None, &maker.user, &Newcomer::from(&added), &visit.language);
        let mut change = Change::of(Act::CredentialAdd(added)).record(event);
        change.acts.extend(notice);
        match self.desk.commit(visit, change).await {
            Err(Stop::Lost(_)) => Err(OwnError::Refused(Refusal::PasskeyNotMade)),
            outcome => Ok(outcome?),
        }
    }

    /// Gives a passkey another name; an empty one takes the name away.
    ///
    /// # Errors
    /// As [`Owner::rename`].
    pub async fn rename_passkey(&self, visit: &Visit, id: &CredentialId, label: &str) -> Result<(), OwnError> {
        let holder = self.holder(visit).await?;
        let passkey = self.own_passkey(visit, &holder, id).await?;
        let label = label_line(label)?;
        if label == passkey.label {
            return Ok(());
        }
        let event = holder.event(visit, EventKind::TokenRenamed).with("serial", passkey.serial.as_str());
        let change = Change::of(Act::CredentialLabel { id: passkey.id, label }).record(event);
        Ok(self.desk.commit(visit, change).await?)
    }

    /// One of them, and whether it can be removed at once (`false`: something of theirs must be shown first).
    ///
    /// # Errors
    /// As [`Owner::passkey`].
    pub async fn removing_passkey(&self, visit: &Visit, id: &CredentialId) -> Result<(OwnPasskey, bool), OwnError> {
        let holder = self.holder(visit).await?;
        let passkey = self.own_passkey(visit, &holder, id).await?;
        let has_token = self.has_token(visit, &holder).await?;
        Ok((seen(&passkey), shown_lately(&holder, has_token, visit.now)))
    }

    /// Removes a passkey: nobody signs in by it any more. Or first the passcode page: a session that was left open is not enough.
    ///
    /// # Errors
    /// [`OwnError::NotFound`], for another's as well; [`OwnError::Refused`] with [`Refusal::NotNow`] for somebody without a token
    /// who has not just signed in by a passkey; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn remove_passkey(&self, visit: &Visit, id: &CredentialId) -> Result<Stepped, OwnError> {
        let holder = self.holder(visit).await?;
        let passkey = self.own_passkey(visit, &holder, id).await?;
        let has_token = self.has_token(visit, &holder).await?;
        if !shown_lately(&holder, has_token, visit.now) {
            if !has_token {
                return Err(OwnError::Refused(Refusal::NotNow));
            }
            let user = self.user_of(visit, &holder).await?.ok_or(OwnError::SignedOut)?;
            let flow = self.prove_first(visit, &holder, &user, OwnTask::RemovePasskey(id.clone())).await?;
            return Ok(Stepped::Begun(flow));
        }
        let (from, to) = (passkey.state, TokenState::Revoked);
        let event = holder
            .event(visit, EventKind::PasskeyRemoved)
            .with("serial", passkey.serial.as_str())
            .with("from", from.as_str())
            .with("to", to.as_str());
        let told = self.removal_told(visit, &holder, &passkey).await?;
        let act = Act::CredentialState { id: passkey.id, from: vec![from], to };
        let mut change = Change::of(act).with(self.end_elsewhere(visit, &holder)).record(event);
        change.acts.extend(told);
        self.desk.commit(visit, change).await?;
        self.desk.identities.forget_user(&holder.user);
        Ok(Stepped::Done)
    }

    async fn own_passkey(&self, visit: &Visit, holder: &Holder, id: &CredentialId) -> Result<Credential, OwnError> {
        let theirs = self.desk.passkeys_of(visit, &holder.user).await?;
        theirs.into_iter().find(|passkey| passkey.id == *id).ok_or(OwnError::NotFound)
    }

    /// Whether they have a token in use, by which they show that it is them.
    async fn has_token(&self, visit: &Visit, holder: &Holder) -> Result<bool, OwnError> {
        let tokens = self.theirs(visit, holder).await?;
        Ok(tokens.iter().any(|token| token.state == TokenState::Active))
    }

    async fn maker(&self, visit: &Visit, holder: &Holder, passkeys: &dyn Passkeys) -> Result<Maker, OwnError> {
        let user = self.user_of(visit, holder).await?.ok_or(OwnError::SignedOut)?;
        let theirs = self.desk.passkeys_of(visit, &holder.user).await?;
        if theirs.len() >= usize::from(MOST_PASSKEYS) || !self.has_token(visit, holder).await? {
            return Err(OwnError::Refused(Refusal::NotNow));
        }
        // One that is made over another of the same device would end it there, and nobody would know.
        let known = theirs.iter().map(|one| passkeys.lookup(&one.opened)).filter_map(Result::ok).collect();
        Ok(Maker { user, known })
    }

    /// The challenge of a page of this very session, used up with this.
    async fn take_challenge(
        &self,
        visit: &Visit,
        holder: &Holder,
        ceremony: &str,
    ) -> Result<PasskeyChallenge, OwnError> {
        let not_made = || OwnError::Refused(Refusal::PasskeyNotMade);
        let purpose = OneTimePurpose::PasskeyCeremony;
        let hash = hash_of(ceremony).ok_or_else(not_made)?;
        let found = self.desk.ports.one_times.one_time(&visit.vs.id, purpose, &hash, visit.now).await?;
        let stub: Option<Stub> = found.and_then(|kept| serde_json::from_str(&kept.data).ok());
        if stub.is_none_or(|stub| stub.session != holder.session.id) {
            return Err(not_made());
        }
        match self.desk.commit(visit, Change::of(Act::OneTimeTake { purpose, hash })).await {
            Err(Stop::Lost(_)) => return Err(not_made()),
            outcome => outcome?,
        }
        let bytes = BASE64URL_NOPAD.decode(ceremony.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(not_made)
    }
}

/// Whether they have shown a token a short while ago; or a passkey, where they have nothing else.
fn shown_lately(holder: &Holder, has_token: bool, now: Timestamp) -> bool {
    let proofs = &holder.session.proofs;
    fresh(proofs, now) || !has_token && proofs.passkey.is_some_and(|at| now < at + FRESH)
}

impl Maker {
    fn request<'a>(&'a self, visit: &'a Visit) -> PasskeyRequest<'a> {
        PasskeyRequest {
            party: party(&visit.vs),
            issuer: &visit.vs.name,
            user: &self.user.id,
            account: &self.user.name,
            display_name: &self.user.display_name,
            known: &self.known,
        }
    }
}

/// A challenge is a [`Token`] in all but its name: 32 random bytes in base64url.
fn hash_of(ceremony: &str) -> Option<TokenHash> {
    Token::parse(ceremony).map(|token| token.hash())
}

fn seen(passkey: &Credential) -> OwnPasskey {
    OwnPasskey {
        id: passkey.id.clone(),
        serial: passkey.serial.clone(),
        label: passkey.label.clone(),
        active: passkey.state == TokenState::Active && !passkey.damaged,
        added_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    }
}
