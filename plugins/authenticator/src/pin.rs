//! The PIN: the server's half of OPAQUE (RFC 9807), and the counting of failures. The PIN itself never comes here, nor
//! anything by which it could be tried out without being counted.

use doorward_api::TokenState;
use doorward_api::device::{DeviceAnswer, DeviceSaid};
use doorward_api::ports::Entropy;
use doorward_api::template::PinType;
use opaque_ke::key_exchange::group::Group;
use opaque_ke::ksf::Identity;
use opaque_ke::rand::{CryptoRng, RngCore};
use opaque_ke::{
    CipherSuite, CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, Ristretto255,
    ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup, TripleDh,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha512;

use crate::bytes::Blob;
use crate::call::{PinChange, PinRegister, PinUnlockFinish, PinUnlockStart};
use crate::device::Visit;
use crate::kept::{Kept, Stage};
use crate::reply::{Refusal, done, done_saying};

/// Seconds after which an exchange that was not finished was a failure.
const EXCHANGE_SECS: u64 = 60;

/// Seconds after an unlock in which the PIN may be changed.
const CHANGE_SECS: u64 = 120;

/// How often a PIN may be begun to be set, at an activation or after an unlock: each time is a guess that is not
/// counted.
const REGISTRATIONS_MAX: u8 = 8;

/// OPAQUE-3DH with ristretto255 and SHA-512. The stretching is the device's own: the server's half has none.
pub(crate) struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Identity;
}

/// The server's long-lived keys.
pub(crate) struct Opaque(ServerSetup<Suite>);

impl Opaque {
    /// Of these bytes, always the same.
    pub(crate) fn of(oprf_seed: &[u8; 64], key_seed: &[u8; 32]) -> Option<Self> {
        let secret = Ristretto255::derive_scalar((*key_seed).into()).ok()?;
        let public = Ristretto255::serialize_pk(&Ristretto255::public_key(&secret));
        let secret = Ristretto255::serialize_sk(&secret);
        // The third part stands in for users who are not there; here there always is one.
        let parts = [oprf_seed.as_slice(), secret.as_slice(), public.as_slice()].concat();
        ServerSetup::deserialize(&zeroize::Zeroizing::new(parts)).ok().map(Self)
    }

    /// The public key, in base64url.
    #[cfg(test)]
    pub(crate) fn public_key(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.0.keypair().public().serialize())
    }

    fn register(&self, id: &str, request: &[u8]) -> Result<Vec<u8>, Refusal> {
        let request = RegistrationRequest::deserialize(request).map_err(|_| Refusal::Malformed)?;
        let started = ServerRegistration::start(&self.0, request, id.as_bytes()).map_err(|_| Refusal::Malformed)?;
        Ok(started.message.serialize().to_vec())
    }

    /// The second message, and what the third is checked by.
    fn begin(&self, id: &str, record: &[u8], ke1: &[u8], entropy: &dyn Entropy) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
        let record = ServerRegistration::deserialize(record).map_err(|_| Refusal::Unavailable)?;
        let request = CredentialRequest::deserialize(ke1).map_err(|_| Refusal::Malformed)?;
        let parameters = ServerLoginParameters::default();
        let mut random = Random(entropy);
        let started = ServerLogin::start(&mut random, &self.0, Some(record), request, id.as_bytes(), parameters);
        let started = started.map_err(|_| Refusal::Malformed)?;
        Ok((started.message.serialize().to_vec(), started.state.serialize().to_vec()))
    }
}

/// Whether the third message is that of somebody who knows the PIN.
fn right(state: &[u8], ke3: &[u8]) -> bool {
    let state = ServerLogin::<Suite>::deserialize(state);
    let message = CredentialFinalization::deserialize(ke3);
    match (state, message) {
        (Ok(state), Ok(message)) => state.finish(message, ServerLoginParameters::default()).is_ok(),
        _ => false,
    }
}

/// The host's randomness, as the library asks for it.
pub(crate) struct Random<'a>(pub(crate) &'a dyn Entropy);

impl RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, into: &mut [u8]) {
        self.0.fill(into);
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), opaque_ke::rand::Error> {
        self.0.fill(into);
        Ok(())
    }
}

impl CryptoRng for Random<'_> {}

/// A token's PIN, as far as it is known here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// The device's registration (RFC 9807 5).
    record: Blob<512>,
    /// Failures in a row, an exchange that goes on among them.
    fails: u8,
    exchange: Option<Exchange>,
    unlocked: Option<Unlocked>,
}

/// An exchange that is not finished.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    state: Blob<512>,
    /// Seconds since the epoch.
    at: u64,
}

/// The last unlock.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlocked {
    /// Seconds since the epoch.
    at: u64,
    registrations: u8,
}

/// What became of an exchange that was a failure.
enum Failure {
    /// So many more are permitted.
    Permitted { left: u8 },
    /// It was one too many.
    TooMany,
}

impl Pin {
    /// Of a registration; `None` where it is none.
    pub(crate) fn new(record: &Blob<512>) -> Option<Self> {
        let record = read_record(record)?;
        Some(Self { record, fails: 0, exchange: None, unlocked: None })
    }

    /// How many more failures are permitted.
    pub(crate) fn left(&self, permitted: u8) -> u8 {
        permitted.saturating_sub(self.fails)
    }

    /// Whether the exchange that goes on locks the token unless it is finished.
    pub(crate) fn on_its_last(&self, permitted: u8) -> bool {
        self.fails > permitted
    }

    /// Ends an exchange as the failure that it was counted as.
    fn give_up(&mut self, permitted: u8) -> Failure {
        self.exchange = None;
        if self.on_its_last(permitted) { Failure::TooMany } else { Failure::Permitted { left: self.left(permitted) } }
    }

    fn unlocked(&mut self, now: u64) -> Option<&mut Unlocked> {
        self.unlocked.as_mut().filter(|unlocked| now.checked_sub(unlocked.at).is_some_and(|secs| secs <= CHANGE_SECS))
    }
}

impl Exchange {
    /// One from the future began under another clock: how long ago is not known.
    fn over(&self, now: u64) -> bool {
        now.checked_sub(self.at).is_none_or(|secs| secs > EXCHANGE_SECS)
    }
}

fn read_record(record: &Blob<512>) -> Option<Blob<512>> {
    let upload = RegistrationUpload::<Suite>::deserialize(record.bytes()).ok()?;
    Some(Blob::new(ServerRegistration::finish(upload).serialize().to_vec()))
}

/// What stands open since an earlier call is settled before anything else: an exchange that was not finished in time. That of a
/// token that is held is settled once it is given back: until then nothing of it is kept, and it would be settled by each call.
pub(crate) fn settle(visit: &Visit<'_>, kept: &mut Kept) -> Option<DeviceSaid> {
    if visit.token.state != TokenState::Active {
        return None;
    }
    let Stage::Active(active) = &mut kept.stage else { return None };
    let pin = active.pin.as_mut()?;
    if !pin.exchange.as_ref()?.over(visit.now.secs()) {
        return None;
    }
    Some(said(kept_failure(pin.give_up(visit.pins_permitted()), kept)))
}

/// Carries out what a failure brings.
fn kept_failure(failure: Failure, kept: &mut Kept) -> Failure {
    if matches!(failure, Failure::TooMany) {
        kept.lock();
    }
    failure
}

const fn said(failure: Failure) -> DeviceSaid {
    match failure {
        Failure::Permitted { left } => DeviceSaid::PinRejected { left },
        Failure::TooMany => DeviceSaid::PinLocked,
    }
}

/// The PIN of a token in use, or why there is none.
fn pin_of(kept: &mut Kept) -> Result<&mut Pin, Refusal> {
    match &mut kept.stage {
        Stage::Active(active) => active.pin.as_mut().ok_or(Refusal::NotAllowed),
        _ => Err(Refusal::NotNow),
    }
}

/// `pin/register`.
pub(crate) fn register(visit: &Visit<'_>, kept: &mut Kept, call: &PinRegister) -> DeviceAnswer {
    if visit.token.template.pin != PinType::UserSelected {
        return Refusal::NotAllowed.into();
    }
    let registrations = match &mut kept.stage {
        Stage::Claimed(claimed) if claimed.confirmed && !claimed.over(visit) => Some(&mut claimed.registrations),
        Stage::Active(active) => active
            .pin
            .as_mut()
            .and_then(|pin| pin.unlocked(visit.now.secs()))
            .map(|unlocked| &mut unlocked.registrations),
        _ => None,
    };
    let Some(registrations) = registrations else { return Refusal::NotNow.into() };
    if *registrations >= REGISTRATIONS_MAX {
        return Refusal::TooMany.into();
    }
    *registrations += 1;
    match visit.keys.opaque.register(visit.token.id.as_str(), call.request.bytes()) {
        Ok(response) => done(&json!({ "response": Blob::<512>::new(response) })),
        Err(refusal) => refusal.into(),
    }
}

/// `pin/unlock/1`: counted as a failure before it is answered.
pub(crate) fn unlock_start(visit: &Visit<'_>, kept: &mut Kept, call: &PinUnlockStart) -> DeviceAnswer {
    let permitted = visit.pins_permitted();
    let pin = match pin_of(kept) {
        Ok(pin) => pin,
        Err(refusal) => return refusal.into(),
    };
    let begun = visit.keys.opaque.begin(visit.token.id.as_str(), pin.record.bytes(), call.ke1.bytes(), visit.entropy);
    let (ke2, state) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return refusal.into(),
    };
    // One that was begun before and not finished was a failure.
    let before = pin.exchange.is_some().then(|| pin.give_up(permitted));
    if let Some(Failure::TooMany) = before {
        kept.lock();
        return Refusal::Locked.saying(vec![DeviceSaid::PinLocked]);
    }
    pin.fails = pin.fails.saturating_add(1);
    pin.unlocked = None;
    pin.exchange = Some(Exchange { state: Blob::new(state), at: visit.now.secs() });
    let body = json!({ "ke2": Blob::<512>::new(ke2), "attempts_left": pin.left(permitted) });
    DeviceAnswer { said: before.map(said).into_iter().collect(), ..done(&body) }
}

/// `pin/unlock/2`: whoever can make it knows the PIN.
pub(crate) fn unlock_finish(visit: &Visit<'_>, kept: &mut Kept, call: &PinUnlockFinish) -> DeviceAnswer {
    let pin = match pin_of(kept) {
        Ok(pin) => pin,
        Err(refusal) => return refusal.into(),
    };
    let Some(exchange) = pin.exchange.take() else { return Refusal::NotNow.into() };
    if !right(exchange.state.bytes(), call.ke3.bytes()) {
        return rejected(visit, kept, |left| Refusal::WrongPin { left }.into());
    }
    pin.fails = 0;
    pin.unlocked = Some(Unlocked { at: visit.now.secs(), registrations: 0 });
    done(&json!({}))
}

/// `pin/unlock/failed`: the device found the PIN wrong, and says so.
pub(crate) fn unlock_failed(visit: &Visit<'_>, kept: &mut Kept) -> DeviceAnswer {
    match pin_of(kept) {
        Ok(pin) if pin.exchange.is_none() => Refusal::NotNow.into(),
        Ok(_) => rejected(visit, kept, |left| done(&json!({ "attempts_left": left }))),
        Err(refusal) => refusal.into(),
    }
}

/// Ends the exchange as a failure.
fn rejected(visit: &Visit<'_>, kept: &mut Kept, answer: impl Fn(u8) -> DeviceAnswer) -> DeviceAnswer {
    let failure = match pin_of(kept) {
        Ok(pin) => pin.give_up(visit.pins_permitted()),
        Err(refusal) => return refusal.into(),
    };
    match kept_failure(failure, kept) {
        Failure::Permitted { left } => DeviceAnswer { said: vec![DeviceSaid::PinRejected { left }], ..answer(left) },
        Failure::TooMany => Refusal::Locked.saying(vec![DeviceSaid::PinLocked]),
    }
}

/// `pin/change`.
pub(crate) fn change(visit: &Visit<'_>, kept: &mut Kept, call: &PinChange) -> DeviceAnswer {
    let pin = match pin_of(kept) {
        Ok(pin) => pin,
        Err(refusal) => return refusal.into(),
    };
    if pin.unlocked(visit.now.secs()).is_none() {
        return Refusal::NotNow.into();
    }
    let Some(record) = read_record(&call.record) else { return Refusal::Malformed.into() };
    pin.record = record;
    pin.unlocked = None;
    done_saying(&json!({}), DeviceSaid::PinChanged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

    /// What devices have registered rests on this: the same seeds give the same evaluation in every version of the
    /// library.
    #[test]
    fn a_registration_is_answered_the_same_with_every_version() {
        let opaque = Opaque::of(&[1; 64], &[2; 32]).unwrap();
        // The base point of ristretto255 (RFC 9496).
        let point = HEXLOWER.decode(b"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76").unwrap();
        let answer = BASE64URL_NOPAD.encode(&opaque.register("tok3n", &point).unwrap());
        let known = "loOEdlRrZveWTDcxlncJKdlmPjZ7KFbSy8oUnAlkZlCqSvpjtrdKdM-lAuFFBWUjY1pTuidZN4kI16TPWt_BRg";
        assert_eq!(answer, known);
        assert_ne!(answer, BASE64URL_NOPAD.encode(&opaque.register("other", &point).unwrap()));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let opaque = Opaque::of(&[1; 64], &[2; 32]).unwrap();
        for request in [&[][..], &[0; 32], &[0xff; 32], &[1; 33]] {
            assert_eq!(opaque.register("tok3n", request).unwrap_err(), Refusal::Malformed);
        }
        assert!(read_record(&Blob::new(vec![1; 192])).is_none());
    }
}
