//! Passkeys that need no device, for the tests of this crate: what a browser would answer is written down, and nothing is signed.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::credential::AddedPasskey;
use doorward_api::passkey::{
    Asserted, NewPasskey, PasskeyChallenge, PasskeyFault, PasskeyFaultKind, PasskeyRequest, PasskeyVerified, Passkeys,
    RelyingParty,
};
use doorward_api::plugin::Plugin;
use doorward_api::ports::{Act, Change, Ledger};
use doorward_api::{CredentialId, SecretBytes, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::own::MOST_PASSKEYS;
use crate::signin::passkey::serial_of;
use crate::stage::Stage;

/// See the module.
pub(crate) struct ToyPasskeys;

/// What a page asks with.
#[derive(Deserialize)]
struct Question {
    challenge: String,
    origin: String,
    #[serde(default)]
    known: Vec<String>,
}

/// What a browser answers.
#[derive(Serialize, Deserialize)]
struct Answer {
    challenge: String,
    origin: String,
    id: String,
    handle: String,
    count: u32,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    count: u32,
}

impl Kept {
    fn read(opened: &SecretBytes) -> Self {
        serde_json::from_slice(opened.expose()).unwrap()
    }

    fn written(&self) -> SecretBytes {
        SecretBytes::new(serde_json::to_vec(self).unwrap())
    }
}

impl ToyPasskeys {
    /// What stands with its passkeys.
    pub(crate) const ID: &'static str = "toy-passkeys";

    /// Before the standard app.
    pub(crate) fn stage(policies: &str) -> Arc<Stage> {
        Stage::set_up(policies, vec![(Self::ID, Arc::new(Self))], |_| ())
    }

    /// What a browser answers by a passkey of a user that has signed so often; nothing where it keeps one that is known.
    pub(crate) fn answer(options: &str, id: &str, user: &str, count: u32) -> Option<String> {
        let Question { challenge, origin, known } = serde_json::from_str(options).unwrap();
        let (id, handle) = (id.to_owned(), Self.user_handle(&UserId::new(user)));
        let answer = Answer { challenge, origin, id, handle, count };
        (!known.contains(&answer.id)).then(|| serde_json::to_string(&answer).unwrap())
    }

    /// A passkey that is there already.
    pub(crate) async fn give(stage: &Stage, user: &str, id: &str, now: Timestamp) {
        let added = AddedPasskey {
            id: CredentialId::new(format!("c-{id}")),
            user: UserId::new(user),
            plugin: Self::ID.to_owned(),
            serial: serial_of(id),
            label: String::new(),
            opened: Kept { id: id.to_owned(), count: 1 }.written(),
            most: MOST_PASSKEYS,
        };
        stage.world.commit(&stage.vs.id, Change::of(Act::CredentialAdd(added)), now).await.unwrap();
    }
}

impl Plugin for ToyPasskeys {
    fn passkeys(&self) -> Option<&dyn Passkeys> {
        Some(self)
    }
}

fn checked(party: &RelyingParty<'_>, challenge: &PasskeyChallenge, answer: &str) -> Result<Answer, PasskeyFault> {
    let fault = |kind, reason: &str| PasskeyFault { kind, reason: reason.to_owned() };
    let answer: Answer =
        serde_json::from_str(answer).map_err(|_| fault(PasskeyFaultKind::Malformed, "it is no answer"))?;
    if answer.challenge != BASE64URL_NOPAD.encode(challenge) || answer.origin != party.origin {
        return Err(fault(PasskeyFaultKind::Elsewhere, "it answers another question"));
    }
    Ok(answer)
}

impl Passkeys for ToyPasskeys {
    fn user_handle(&self, user: &UserId) -> String {
        format!("handle of {user}")
    }

    fn creation_options(&self, request: &PasskeyRequest<'_>, challenge: &PasskeyChallenge) -> serde_json::Value {
        let (challenge, origin) = (BASE64URL_NOPAD.encode(challenge), request.party.origin);
        json!({ "challenge": challenge, "origin": origin, "known": request.known })
    }

    fn register(
        &self,
        request: &PasskeyRequest<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<NewPasskey, PasskeyFault> {
        let Answer { id, count, .. } = checked(&request.party, challenge, answer)?;
        let opened = Kept { id: id.clone(), count }.written();
        Ok(NewPasskey { opened, lookup: id, backed_up: false, name: "Toy".to_owned() })
    }

    fn lookup(&self, opened: &SecretBytes) -> Result<String, PasskeyFault> {
        Ok(Kept::read(opened).id)
    }

    fn request_options(&self, party: &RelyingParty<'_>, challenge: &PasskeyChallenge) -> serde_json::Value {
        json!({ "challenge": BASE64URL_NOPAD.encode(challenge), "origin": party.origin })
    }

    fn whose(&self, answer: &str) -> Result<Asserted, PasskeyFault> {
        let malformed = |_| PasskeyFault { kind: PasskeyFaultKind::Malformed, reason: "it is no answer".to_owned() };
        let Answer { id, handle, .. } = serde_json::from_str(answer).map_err(malformed)?;
        Ok(Asserted { credential_id: id, user_handle: handle })
    }

    fn verify(
        &self,
        opened: &SecretBytes,
        party: &RelyingParty<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<PasskeyVerified, PasskeyFault> {
        let (kept, Answer { id, count, .. }) = (Kept::read(opened), checked(party, challenge, answer)?);
        let cloned = count <= kept.count;
        let updated = Kept { id, count: count.max(kept.count) }.written();
        Ok(PasskeyVerified { updated, backed_up: false, cloned })
    }
}
