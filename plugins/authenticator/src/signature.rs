//! HTTP Message Signatures (RFC 9421), in the one form that `PROTOCOL.md` writes down.

use data_encoding::BASE64;
use doorward_api::Timestamp;
use doorward_api::device::DeviceCall;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use subtle::ConstantTimeEq;

use crate::bytes::{Fixed, decode, sha256};
use crate::reply::Refusal;
use crate::sequence::NUMBER_MAX;

/// What is covered, in this order.
const COMPONENTS: &str = r#"("@method" "@target-uri" "content-digest" "doorward-sequence")"#;

/// How far a device's clock may be off.
const CLOCK_OFF_MAX: u64 = 60;

/// What a right signature tells.
#[derive(Debug, PartialEq)]
pub(crate) struct Signed {
    /// The call's number; 0 where it is not counted.
    pub(crate) sequence: u64,
    /// The nonce.
    pub(crate) nonce: Fixed<16>,
}

/// Checks a call's signature by this key.
///
/// # Errors
/// [`Refusal::Signature`]; [`Refusal::Clock`] where only the time is wrong.
pub(crate) fn check(call: &DeviceCall<'_>, key: &Fixed<65>, key_id: &str, now: Timestamp) -> Result<Signed, Refusal> {
    let read = read(call, key_id).ok_or(Refusal::Signature)?;
    let right = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.bytes()).verify(&read.base, &read.signature);
    right.map_err(|_| Refusal::Signature)?;
    // The clock is looked at after the signature: who cannot sign learns nothing, and who can is to set it right.
    if now.secs().abs_diff(read.created) > CLOCK_OFF_MAX {
        return Err(Refusal::Clock { now });
    }
    Ok(read.signed)
}

/// What stands in the header fields.
struct Read {
    signed: Signed,
    created: u64,
    base: Vec<u8>,
    signature: Vec<u8>,
}

fn read(call: &DeviceCall<'_>, key_id: &str) -> Option<Read> {
    let digest = field(call, "content-digest")?;
    let given = BASE64.decode(digest.strip_prefix("sha-256=:")?.strip_suffix(':')?.as_bytes()).ok()?;
    if !bool::from(given.ct_eq(sha256(&[call.body]).as_slice())) {
        return None;
    }
    let sequence = field(call, "doorward-sequence")?;
    let number = number(sequence)?;
    let input = field(call, "signature-input")?.strip_prefix("doorward=")?;
    let parameters = input.strip_prefix(COMPONENTS)?.strip_prefix(";created=")?;
    let (created, rest) = parameters.split_once(";nonce=\"")?;
    let (nonce, rest) = rest.split_once("\";keyid=\"")?;
    let (named, rest) = rest.split_once("\";alg=\"")?;
    if rest != "ecdsa-p256-sha256\"" || named != key_id {
        return None;
    }
    let nonce = Fixed::new(<[u8; 16]>::try_from(decode(nonce)?.as_slice()).ok()?);
    let signature = field(call, "signature")?.strip_prefix("doorward=:")?.strip_suffix(':')?;
    let signature = BASE64.decode(signature.as_bytes()).ok()?;
    let base = base(call.target_uri, digest, sequence, input);
    let created = self::number(created)?;
    Some(Read { signed: Signed { sequence: number, nonce }, created, base, signature })
}

/// The signature base (RFC 9421 2.5).
pub(crate) fn base(target_uri: &str, digest: &str, sequence: &str, parameters: &str) -> Vec<u8> {
    let lines = [
        "\"@method\": POST".to_owned(),
        format!("\"@target-uri\": {target_uri}"),
        format!("\"content-digest\": {digest}"),
        format!("\"doorward-sequence\": {sequence}"),
        format!("\"@signature-params\": {parameters}"),
    ];
    lines.join("\n").into_bytes()
}

/// A header field that stands there once.
fn field<'a>(call: &DeviceCall<'a>, name: &str) -> Option<&'a str> {
    let mut values = call.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let value = values.next().filter(|value| value.bytes().all(|b| b.is_ascii_graphic() || b == b' '))?;
    values.next().is_none().then_some(value)
}

/// A whole number without a sign or needless zeros.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten().filter(|number| *number <= NUMBER_MAX)
}
