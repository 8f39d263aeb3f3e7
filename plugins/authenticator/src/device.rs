//! The half that talks to devices: each call, from its bytes to its answer.

use doorward_api::device::{Addressee, DeviceAnswer, DeviceCall, DeviceSaid, DeviceToken};
use doorward_api::ports::Entropy;
use doorward_api::{CredentialId, PluginError, Timestamp, TokenState};
use serde_json::json;

use crate::call::{Call, Whose};
use crate::kept::{Kept, Stage};
use crate::keys::Keys;
use crate::reply::{Refusal, done};
use crate::sequence::Order;
use crate::settings::Settings;
use crate::{activate, bio, pin, push, release, signature};

/// A call with all that it is answered by.
pub(crate) struct Visit<'a> {
    pub(crate) call: &'a DeviceCall<'a>,
    pub(crate) token: &'a DeviceToken<'a>,
    pub(crate) now: Timestamp,
    pub(crate) keys: &'a Keys,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) settings: &'a Settings,
}

impl Visit<'_> {
    /// Wrong PINs in a row that are permitted.
    pub(crate) fn pins_permitted(&self) -> u8 {
        self.token.template.max_pin_attempts
    }
}

/// A call, by its name and body.
fn read(call: &DeviceCall<'_>) -> Result<(Whose, Call), Refusal> {
    if call.method != "POST" { Err(Refusal::NotFound) } else { Call::read(call.name, call.body) }
}

/// Whose token a call is about.
pub(crate) fn addressee(call: &DeviceCall<'_>) -> Result<Addressee, Refusal> {
    Ok(match read(call)?.0 {
        Whose::Token(id) => Addressee::Token(CredentialId::new(id)),
        Whose::IssuedTo(user) => Addressee::IssuedTo(user),
    })
}

/// Answers a call.
pub(crate) fn answer(visit: &Visit<'_>) -> Result<DeviceAnswer, PluginError> {
    let call = match read(visit.call) {
        Ok((_, call)) => call,
        Err(refusal) => return Ok(refusal.into()),
    };
    // What was destroyed can check nothing any more.
    let over = matches!(visit.token.state, TokenState::Revoked | TokenState::Lost | TokenState::Faulty);
    if over || visit.token.opened.expose().is_empty() {
        return Ok(Refusal::Gone.into());
    }
    let kept = Kept::read(visit.token.opened)?;
    match call {
        Call::Begin(begin) => Ok(activate::begin(visit, kept, &begin)),
        Call::Handoff(handoff) => Ok(activate::handoff(visit, kept, &handoff)),
        call => signed(visit, kept, &call),
    }
}

/// A call that is signed by the key of a device that has come.
fn signed(visit: &Visit<'_>, mut kept: Kept, call: &Call) -> Result<DeviceAnswer, PluginError> {
    let Some(key) = kept.key() else { return Ok(Refusal::NotFound.into()) };
    let signed = match signature::check(visit.call, key, visit.token.id.as_str(), visit.now) {
        Ok(signed) => signed,
        // It is the device: only its clock is wrong.
        Err(refusal @ Refusal::Clock { .. }) => return Ok(DeviceAnswer::from(refusal).signed_by_device()),
        Err(refusal) => return Ok(refusal.into()),
    };
    if call.uncounted() != (signed.sequence == 0) {
        return Ok(DeviceAnswer::from(Refusal::Signature).signed_by_device());
    }
    let order = match kept.window() {
        Some(window) if !call.uncounted() => window.take(signed.sequence, &signed.nonce),
        _ => Order::Next,
    };
    let settled = pin::settle(visit, &mut kept);
    let answer = match order {
        Order::Copied => copied(visit, &mut kept),
        Order::Late => Refusal::Sequence.into(),
        Order::Next => in_turn(visit, &mut kept, call)?,
    };
    let keep = !call.uncounted() || settled.is_some();
    let said = settled.into_iter().chain(answer.said).collect();
    Ok(DeviceAnswer { keep: keep.then(|| kept.write()), said, ..answer }.signed_by_device())
}

/// Two devices use the same key.
fn copied(visit: &Visit<'_>, kept: &mut Kept) -> DeviceAnswer {
    match activate::spoil(kept) {
        Some(answer) => answer,
        None if visit.token.state == TokenState::Active => Refusal::Suspended.saying(vec![DeviceSaid::Cloned]),
        None => Refusal::Suspended.into(),
    }
}

/// A call that came in its turn.
fn in_turn(visit: &Visit<'_>, kept: &mut Kept, call: &Call) -> Result<DeviceAnswer, PluginError> {
    let locked = visit.token.state == TokenState::LockedPin || matches!(kept.stage, Stage::Locked(_));
    match call {
        // How it stands is told however it stands.
        Call::Token => return Ok(token(visit, kept, locked)),
        _ if locked => return Ok(Refusal::Locked.into()),
        _ if visit.token.state == TokenState::Suspended => return Ok(Refusal::Suspended.into()),
        _ => {}
    }
    Ok(match call {
        Call::Status => activate::status(visit, kept),
        Call::Finish(call) => activate::finish(visit, kept, call),
        Call::PinRegister(call) => pin::register(visit, kept, call),
        Call::PinUnlockStart(call) => pin::unlock_start(visit, kept, call),
        Call::PinUnlockFinish(call) => pin::unlock_finish(visit, kept, call),
        Call::PinUnlockFailed => pin::unlock_failed(visit, kept),
        Call::PinChange(call) => pin::change(visit, kept, call),
        Call::BioRegister(call) => bio::register(visit, kept, call),
        Call::BioChallenge => bio::challenge(visit, kept),
        Call::BioAssert(call) => bio::assert(visit, kept, call),
        Call::Subscription(call) => push::subscribe(visit, kept, call),
        Call::Pending => push::pending(visit, kept),
        Call::Answer(call) => push::answer(visit, kept, call)?,
        Call::Release(call) => release::release(visit, kept, call)?,
        Call::Begin(_) | Call::Handoff(_) | Call::Token => Refusal::NotFound.into(),
    })
}

/// `token`.
fn token(visit: &Visit<'_>, kept: &Kept, locked: bool) -> DeviceAnswer {
    let token = visit.token;
    let state = match (token.state, &kept.stage) {
        _ if locked => "locked_pin",
        (TokenState::Suspended, _) => "suspended",
        (_, Stage::Active(_)) => "active",
        _ => "pending",
    };
    let active = if let Stage::Active(active) = &kept.stage { Some(active) } else { None };
    let pin = active.and_then(|active| active.pin.as_ref());
    done(&json!({
        "state": state,
        "serial": token.serial,
        "issuer": token.issuer,
        "account": token.account,
        "portal": token.portal,
        "support": token.support,
        "now": visit.now.secs(),
        "template": activate::template(token.template),
        "attempts_left": pin.map(|pin| pin.left(visit.pins_permitted())),
        "push": {
            "enabled": visit.push_enabled(),
            "wanted": active.is_some_and(|active| active.wanted),
            "subscribed": active.is_some_and(|active| active.subscription.is_some()),
            "vapid": visit.keys.vapid_point(),
        },
    }))
}
