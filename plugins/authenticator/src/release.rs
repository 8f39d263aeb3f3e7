//! The token is removed from its device. Whoever is in possession of an unlocked phone may also be so of its mailbox and its saved
//! passwords, which bring another token where there is none: so it takes what a passcode takes (decision 0015).

use doorward_api::PluginError;
use doorward_api::device::{DeviceAnswer, DeviceSaid};
use doorward_api::template::PinType;
use serde_json::json;

use crate::bytes::{Fixed, mac};
use crate::call::Release;
use crate::device::Visit;
use crate::kept::{Active, Kept, Stage};
use crate::reply::{Refusal, done_saying};

/// What a proof begins with.
const PROOF: &[u8] = b"doorward/release/v1\0";

/// `token/release`.
pub(crate) fn release(visit: &Visit<'_>, kept: &Kept, call: &Release) -> Result<DeviceAnswer, PluginError> {
    let Stage::Active(active) = &kept.stage else { return Ok(Refusal::NotNow.into()) };
    let said = match (&call.nonce, &call.proof) {
        (None, None) => DeviceSaid::ReleasedUnproved,
        (Some(_), Some(_)) if active.on_its_last(visit.pins_permitted()) => return Ok(Refusal::NotNow.into()),
        (Some(nonce), Some(proof)) if *proof == proof_of(visit, active, nonce)? => proved(visit),
        (Some(_), Some(_)) => return Ok(Refusal::WrongMac.into()),
        (Some(_), None) | (None, Some(_)) => return Ok(Refusal::Malformed.into()),
    };
    Ok(done_saying(&json!({}), said))
}

/// Only who has opened the seed can make it.
fn proof_of(visit: &Visit<'_>, active: &Active, nonce: &Fixed<16>) -> Result<Fixed<32>, PluginError> {
    let passcodes = active.passcodes()?;
    let (id, nonce) = (visit.token.id.as_str().as_bytes(), nonce.text());
    Ok(Fixed::new(mac(passcodes.secret(), &[PROOF, id, b"\0", nonce.as_bytes()])))
}

/// Where the PIN is one that the server checks, the seed lies open on the device: it proves the device, and not who has it.
fn proved(visit: &Visit<'_>) -> DeviceSaid {
    match visit.token.template.pin {
        PinType::ServerSide => DeviceSaid::ReleasedUnproved,
        PinType::None | PinType::UserSelected => DeviceSaid::Released,
    }
}
