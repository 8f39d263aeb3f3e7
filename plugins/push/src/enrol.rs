//! How a token comes onto a phone: the QR code, the app's one call, and the word of the browser that enrols.

use data_encoding::HEXLOWER;
use doorward_api::device::{ActivationFailure, ActivationStage, DeviceAnswer, DeviceFacts, DeviceSaid};
use doorward_api::plugin::{OfferRequest, OfferView};
use doorward_api::ports::Entropy;
use doorward_api::{PluginError, Secret, Target, Timestamp, TokenState};
use serde_json::json;
use zeroize::Zeroizing;

use crate::agent::Agent;
use crate::bytes::{Fixed, sha256};
use crate::call::Enrol;
use crate::device::{Visit, address};
use crate::kept::{Issued, Kept, Phone, Stage};
use crate::keys::{PhoneKey, phone_key};
use crate::reply::{Refusal, done_with};
use crate::seen::Seen;
use crate::uri::{Invitation, TTL_MINUTES};

impl Issued {
    /// Draws what lets a phone in, good from now on.
    pub(crate) fn draw(entropy: &dyn Entropy, now: Timestamp) -> Self {
        let until = now.secs() + TTL_MINUTES * 60;
        Self { credential: Fixed::draw(entropy), until, secret: Fixed::draw(entropy) }
    }

    /// Whether the app shows what is on the QR code.
    fn admits(&self, enrol: &Enrol) -> bool {
        credential_of(enrol).is_some_and(|credential| credential == self.credential)
    }
}

fn credential_of(enrol: &Enrol) -> Option<Fixed<20>> {
    let bytes = Zeroizing::new(HEXLOWER.decode(enrol.credential.as_bytes()).ok()?);
    (bytes.len() == 20).then(|| Fixed::first_of(&bytes))
}

/// What people need to bring a token onto a phone, and how far it is.
pub(crate) fn show(kept: &Kept, request: &OfferRequest, issuer: &str) -> Result<OfferView, PluginError> {
    let origin = request.origin.as_deref().ok_or_else(no_origin)?;
    let link = match &kept.stage {
        Stage::Issued(issued) => {
            let credential = Zeroizing::new(HEXLOWER.encode(issued.credential.bytes()));
            let (url, serial) = (address(origin), request.credential.as_str());
            let invitation =
                Invitation { url: &url, credential: &credential, serial, issuer, account: &request.account };
            Secret::new(invitation.uri())
        }
        // It was used: nothing is left to be shown.
        Stage::Claimed(_) | Stage::Failed(_) | Stage::Active(_) => Secret::default(),
    };
    // The app has nowhere to type a code.
    Ok(OfferView::Activation { link, code: Secret::default(), stage: stage_of(kept) })
}

/// Where the portal is not known, the app would not find us.
pub(crate) fn no_origin() -> PluginError {
    PluginError::Unavailable("the portal's origin is not known".into())
}

fn stage_of(kept: &Kept) -> ActivationStage {
    match &kept.stage {
        Stage::Issued(_) => ActivationStage::Waiting,
        // The app cannot show a check code.
        Stage::Claimed(phone) => ActivationStage::Found { device: phone.device.name.clone(), check: String::new() },
        Stage::Failed(why) => ActivationStage::Failed(*why),
        Stage::Active(phone) => ActivationStage::Active { device: phone.device.name.clone() },
    }
}

/// The word of the browser that enrols. Nothing more is awaited of the phone: if it is theirs, the token comes into
/// use.
pub(crate) fn confirm(kept: Kept, theirs: bool) -> Option<Kept> {
    let Stage::Claimed(phone) = kept.stage else { return None };
    let stage = if theirs { Stage::Active(phone) } else { Stage::Failed(ActivationFailure::NotMine) };
    Some(Kept::of(stage))
}

/// The phone and its platform, once it is confirmed.
pub(crate) fn ready(kept: &Kept) -> Option<(DeviceFacts, Target)> {
    kept.active().map(|phone| (phone.device.clone(), phone.target))
}

/// The app finishes its enrolment.
pub(crate) fn finish(visit: &Visit<'_>, kept: Kept, enrol: &Enrol) -> DeviceAnswer {
    match kept.stage {
        Stage::Issued(issued) if visit.token.state == TokenState::Assigned && issued.admits(enrol) => {
            claim(visit, &issued, enrol)
        }
        Stage::Claimed(phone) if visit.token.state == TokenState::Assigned && phone.was_admitted_by(enrol) => {
            claim_again(visit, &phone, enrol)
        }
        Stage::Active(phone) if phone.was_admitted_by(enrol) => claim_late(&phone, enrol),
        _ => Refusal::NoActivation.into(),
    }
}

impl Phone {
    fn was_admitted_by(&self, enrol: &Enrol) -> bool {
        credential_of(enrol).is_some_and(|credential| sha256(credential.bytes()) == self.spent)
    }
}

/// The first phone comes.
fn claim(visit: &Visit<'_>, issued: &Issued, enrol: &Enrol) -> DeviceAnswer {
    if visit.now.secs() > issued.until {
        return Refusal::NoActivation.saying(refused("expired"));
    }
    let Some(key) = phone_key(&enrol.key) else { return Refusal::Key.into() };
    let Some(agent) = visit.agent().filter(|agent| visit.token.allowed.contains(&agent.target)) else {
        let answer = Refusal::Platform.saying(refused("target_not_allowed"));
        return failed(answer, ActivationFailure::TargetNotAllowed);
    };
    let phone = phone(visit, issued, key, &agent);
    let said = vec![DeviceSaid::Found { device: phone.device.clone() }];
    let keep = Some(Kept::of(Stage::Claimed(Box::new(phone))).write());
    DeviceAnswer { keep, said, ..welcome(visit) }
}

fn phone(visit: &Visit<'_>, issued: &Issued, key: PhoneKey, agent: &Agent) -> Phone {
    Phone {
        spent: sha256(issued.credential.bytes()),
        device: agent.facts(),
        target: agent.target,
        key,
        server: visit.server.mark(),
        secret: issued.secret.clone(),
        polls: Seen::default(),
        updates: Seen::default(),
    }
}

/// The same phone, whose answer was lost, gets it again. Another one shows that the QR code was seen by somebody else:
/// before it is clear whose the first is, neither is taken.
fn claim_again(visit: &Visit<'_>, phone: &Phone, enrol: &Enrol) -> DeviceAnswer {
    match phone_key(&enrol.key) {
        None => Refusal::Key.into(),
        Some(key) if key == phone.key => welcome(visit),
        Some(_) => failed(Refusal::NoActivation.saying(refused("second_device")), ActivationFailure::SecondDevice),
    }
}

/// The token is in use: nobody gets in by its QR code any more. Another phone that shows what stood on it is recorded, since
/// somebody else has seen it.
fn claim_late(phone: &Phone, enrol: &Enrol) -> DeviceAnswer {
    match phone_key(&enrol.key) {
        Some(key) if key == phone.key => Refusal::NoActivation.into(),
        Some(_) | None => Refusal::NoActivation.saying(refused("second_device")),
    }
}

fn welcome(visit: &Visit<'_>) -> DeviceAnswer {
    let detail = json!({
        "public_key": visit.server.public(),
        "rollout_state": "enrolled",
        "serial": visit.serial(),
    });
    done_with(&json!(true), &detail, visit.now)
}

fn refused(reason: &'static str) -> DeviceSaid {
    DeviceSaid::ActivationRefused { reason }
}

fn failed(answer: DeviceAnswer, why: ActivationFailure) -> DeviceAnswer {
    DeviceAnswer { keep: Some(Kept::of(Stage::Failed(why)).write()), ..answer }
}
