//! Requests: where they are sent, what waits, and what proves an answer.

use doorward_api::device::{DeviceAnswer, DeviceSaid, Reach, WakeUp};
use doorward_api::flow::KeptSecret;
use doorward_api::push::{Push, PushAnswer, PushPurpose};
use doorward_api::{PluginError, PushId, Secret, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::agree;
use crate::bytes::{Fixed, mac};
use crate::call::{Decision, PushAnswerCall, Subscription, SubscriptionCall};
use crate::device::Visit;
use crate::kept::{Active, Kept, Stage};
use crate::reply::{Refusal, done, done_saying};
use crate::webpush::{self, Message};
use crate::{Doorbell, services};

/// What a proof begins with.
const PROOF: &[u8] = b"doorward/push/v1\0";

impl Visit<'_> {
    /// Whether a request may be sent there.
    pub(crate) fn check_subscription(&self, subscription: &Subscription) -> Result<(), Refusal> {
        let allowed = services::allowed(&subscription.endpoint(), &self.settings.push_services).is_some();
        if !allowed {
            return Err(Refusal::NotAllowed);
        }
        agree::public_key(&subscription.p256dh).map(|_| ()).ok_or(Refusal::Malformed)
    }

    /// Whether requests are sent to this token at all: what is set for its platform counts at once (R50), whatever was set
    /// when the token was made.
    pub(crate) fn push_enabled(&self) -> bool {
        self.token.push_enabled
    }
}

/// `push/subscription`.
pub(crate) fn subscribe(visit: &Visit<'_>, kept: &mut Kept, call: &SubscriptionCall) -> DeviceAnswer {
    let Stage::Active(active) = &mut kept.stage else { return Refusal::NotNow.into() };
    if let Some(subscription) = &call.subscription
        && let Err(refusal) = visit.check_subscription(subscription)
    {
        return refusal.into();
    }
    active.subscription = call.subscription.clone();
    active.wanted = call.wanted;
    done(&json!({}))
}

/// `push/pending`.
pub(crate) fn pending(visit: &Visit<'_>, kept: &Kept) -> DeviceAnswer {
    if !matches!(kept.stage, Stage::Active(_)) {
        return Refusal::NotNow.into();
    }
    let waiting = visit.token.pending.iter().filter(|push| push.pending(visit.now));
    let pending: Vec<Value> = waiting.map(shown).collect();
    done(&json!({ "pending": pending, "now": visit.now.secs(), "push": { "enabled": visit.push_enabled() } }))
}

/// What the device may know of a request: never the number.
fn shown(push: &Push) -> Value {
    let purpose = match push.purpose {
        PushPurpose::SignIn { .. } => "sign_in",
        PushPurpose::HelpDesk { .. } => "help_desk",
    };
    json!({
        "id": push.id.as_str(),
        "nonce": push.data.nonce,
        "created": push.created_at.secs(),
        "expires": push.expires_at.secs(),
        "purpose": purpose,
        "context": push.data.context,
    })
}

/// `push/answer`.
pub(crate) fn answer(visit: &Visit<'_>, kept: &Kept, call: &PushAnswerCall) -> Result<DeviceAnswer, PluginError> {
    let Stage::Active(active) = &kept.stage else { return Ok(Refusal::NotNow.into()) };
    let mut waiting = visit.token.pending.iter().filter(|push| push.pending(visit.now));
    let Some(push) = waiting.find(|push| push.id.as_str() == call.push.as_str()) else {
        return Ok(done(&json!({ "result": "over" })));
    };
    match (call.decision, &call.number, &call.proof) {
        (Decision::Deny, ..) => Ok(answered(push, PushAnswer::Deny, "denied")),
        (Decision::Report, ..) => Ok(answered(push, PushAnswer::Report, "reported")),
        (Decision::Approve, ..) if active.on_its_last(visit.pins_permitted()) => Ok(Refusal::NotNow.into()),
        (Decision::Approve, Some(number), Some(proof)) => {
            let number = Secret::new(number.as_str());
            let expected = proof_of(active, push, &number)?;
            Ok(if *proof == expected { approved(push, &number) } else { Refusal::WrongMac.into() })
        }
        (Decision::Approve, ..) => Ok(Refusal::Malformed.into()),
    }
}

/// Only who has opened the seed can make it.
fn proof_of(active: &Active, push: &Push, number: &Secret) -> Result<Fixed<32>, PluginError> {
    let passcodes = active.passcodes()?;
    let (id, nonce, number) = (push.id.as_str().as_bytes(), push.data.nonce.as_bytes(), number.expose().as_bytes());
    Ok(Fixed::new(mac(passcodes.secret(), &[PROOF, id, b"\0", nonce, b"\0", number])))
}

/// The host judges the number too: what it finds is what counts. The device is told the same.
fn approved(push: &Push, number: &Secret) -> DeviceAnswer {
    let right: bool = push.data.number.secret().expose().as_bytes().ct_eq(number.expose().as_bytes()).into();
    let answer = PushAnswer::Approve { number: KeptSecret::new(number) };
    answered(push, answer, if right { "approved" } else { "mismatched" })
}

fn answered(push: &Push, answer: PushAnswer, result: &str) -> DeviceAnswer {
    let push: PushId = push.id.clone();
    done_saying(&json!({ "result": result }), DeviceSaid::PushAnswered { push, answer })
}

/// How a token's device can be asked.
pub(crate) fn reach(kept: &Kept) -> Reach {
    match &kept.stage {
        Stage::Active(active) if active.wanted && active.subscription.is_some() => Reach::Woken,
        Stage::Active(active) if active.wanted => Reach::WhileOpen,
        _ => Reach::Never,
    }
}

/// The request that wakes a token's device.
pub(crate) fn wake(bell: &Doorbell<'_>, kept: &Kept, push: &Push, now: Timestamp) -> Option<WakeUp> {
    let Stage::Active(active) = &kept.stage else { return None };
    let subscription = active.subscription.as_ref().filter(|_| active.wanted)?;
    let service = services::allowed(&subscription.endpoint(), &bell.settings.push_services)?;
    let (id, expires) = (push.id.as_str(), push.expires_at.secs());
    // It lies on lock screens and passes through others' services: it says neither who nor where.
    let plain = json!({
        "web_push": 8030,
        "notification": { "title": active.issuer, "navigate": format!("{}/a/?push={id}", bell.origin), "tag": id },
        "doorward": { "v": 1, "push": id, "expires": expires },
    });
    let own = Some(bell.origin).filter(|origin| origin.starts_with("https://"));
    let message = Message {
        subscription,
        service: &service,
        contact: bell.settings.contact.as_deref().or(own),
        plain: &serde_json::to_vec(&plain).ok()?,
        ttl: expires.saturating_sub(now.secs()),
    };
    webpush::compose(&message, bell.keys, bell.entropy, now)
}

/// The bytes without the subscription, where there is one.
pub(crate) fn forget(kept: Kept) -> Option<Kept> {
    match kept.stage {
        Stage::Active(mut active) if active.subscription.is_some() => {
            active.subscription = None;
            Some(Kept::of(Stage::Active(active)))
        }
        _ => None,
    }
}
