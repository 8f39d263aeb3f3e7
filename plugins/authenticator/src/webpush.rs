//! What is sent to a push service: encrypted for the device alone (RFC 8291), with our name on it (RFC 8292).

use data_encoding::BASE64URL_NOPAD;
use doorward_api::Timestamp;
use doorward_api::device::WakeUp;
use doorward_api::ports::Entropy;
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::json;
use zeroize::Zeroizing;

use crate::agree;
use crate::bytes::{Fixed, draw, hkdf, sha256};
use crate::call::Subscription;
use crate::keys::{Keys, point_of};
use crate::services::Origin;

/// The size that a record is said to have at most (RFC 8188 2.1); there is one.
const RECORD_SIZE: u32 = 4096;

/// What an encrypted body may hold: a record less its tag, its end, and the head before it.
const PLAIN_MAX: usize = 3993;

/// How long our name on a request is good: no longer than a day (RFC 8292 2).
const NAMED_SECS: u64 = 12 * 3600;

/// What goes to a push service.
pub(crate) struct Message<'a> {
    pub(crate) subscription: &'a Subscription,
    /// The push service.
    pub(crate) service: &'a Origin,
    /// Whom it may turn to.
    pub(crate) contact: Option<&'a str>,
    pub(crate) plain: &'a [u8],
    /// Seconds for which it is worth delivering.
    pub(crate) ttl: u64,
}

/// Composes the request. `None` where there is no encrypting: the subscription's key is no point, or the text too long.
pub(crate) fn compose(message: &Message<'_>, keys: &Keys, entropy: &dyn Entropy, now: Timestamp) -> Option<WakeUp> {
    let ours = agree::secret_key(entropy)?;
    let body = encrypt(message.subscription, message.plain, &ours, &draw(entropy))?;
    let endpoint = message.subscription.endpoint();
    let token = vapid(&keys.vapid, &message.service.text(), message.contact, now)?;
    let topic = sha256(&[endpoint.expose().as_bytes()]);
    let headers = vec![
        ("ttl", message.ttl.to_string()),
        ("urgency", "high".to_owned()),
        // A newer request takes the place of one that was not delivered yet. At most 32 characters.
        ("topic", BASE64URL_NOPAD.encode(topic.get(..24)?)),
        ("content-encoding", "aes128gcm".to_owned()),
        ("content-type", "application/octet-stream".to_owned()),
        ("authorization", format!("vapid t={token}, k={}", keys.vapid_point().text().as_str())),
    ];
    Some(WakeUp { endpoint, headers, body })
}

/// RFC 8291 3.4, RFC 8188 2: head and one record.
fn encrypt(to: &Subscription, plain: &[u8], ours: &SecretKey, salt: &Fixed<16>) -> Option<Vec<u8>> {
    if plain.len() > PLAIN_MAX {
        return None;
    }
    let theirs = agree::public_key(&to.p256dh)?;
    let our_point = point_of(&ours.public_key());
    let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());
    let mut ikm = Zeroizing::new([0_u8; 32]);
    let info: [&[u8]; 3] = [b"WebPush: info\0", to.p256dh.bytes(), our_point.bytes()];
    hkdf(shared.raw_secret_bytes(), to.auth.bytes(), &info, ikm.as_mut());
    let mut key = Zeroizing::new([0_u8; 16]);
    hkdf(ikm.as_ref(), salt.bytes(), &[b"Content-Encoding: aes128gcm\0"], key.as_mut());
    let mut nonce = [0_u8; 12];
    hkdf(ikm.as_ref(), salt.bytes(), &[b"Content-Encoding: nonce\0"], &mut nonce);
    let mut record = plain.to_vec();
    // The mark of the last record.
    record.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).ok()?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).ok()?;
    let mut body = salt.bytes().to_vec();
    body.extend_from_slice(&RECORD_SIZE.to_be_bytes());
    body.push(u8::try_from(our_point.bytes().len()).ok()?);
    body.extend_from_slice(our_point.bytes());
    body.extend_from_slice(&record);
    Some(body)
}

/// Who sends this: a token that is good at this service alone, signed by the key that the subscription is bound to.
fn vapid(key: &SigningKey, service: &str, contact: Option<&str>, now: Timestamp) -> Option<String> {
    let part = |json: &serde_json::Value| Some(BASE64URL_NOPAD.encode(&serde_json::to_vec(json).ok()?));
    let mut claims = json!({ "aud": service, "exp": now.secs() + NAMED_SECS });
    if let (Some(contact), Some(claims)) = (contact, claims.as_object_mut()) {
        claims.insert("sub".to_owned(), json!(contact));
    }
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ES256" }))?, part(&claims)?);
    let signature: p256::ecdsa::Signature = key.try_sign(signed.as_bytes()).ok()?;
    Some(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::decode;
    use doorward_api::SecretBytes;
    use p256::ecdsa::signature::Verifier;
    use p256::ecdsa::{Signature, VerifyingKey};
    use serde_json::Value;

    fn fixed<const N: usize>(text: &str) -> Fixed<N> {
        Fixed::new(decode(text).unwrap().try_into().unwrap())
    }

    fn subscription(endpoint: &str) -> Subscription {
        let keys = json!({
            "endpoint": endpoint,
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        });
        serde_json::from_value(keys).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8291_is_encrypted_to_the_byte() {
        let ours = SecretKey::from_slice(&decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap()).unwrap();
        let to = subscription("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV");
        let plain = b"When I grow up, I want to be a watermelon";
        let body = encrypt(&to, plain, &ours, &fixed("DGv6ra1nlYgDCS1FRnbzlw")).unwrap();
        assert_eq!(
            BASE64URL_NOPAD.encode(&body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK\
             6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn what_is_too_long_for_one_record_is_not_sent() {
        let ours = SecretKey::from_slice(&[7; 32]).unwrap();
        let to = subscription("https://push.example.net/x");
        let salt = Fixed::new([1; 16]);
        assert_eq!(encrypt(&to, &[0; PLAIN_MAX], &ours, &salt).unwrap().len(), 4096);
        assert!(encrypt(&to, &[0; PLAIN_MAX + 1], &ours, &salt).is_none());
    }

    /// RFC 8292 2 and 3.
    #[test]
    fn a_push_service_can_tell_who_sends_and_until_when_it_may() {
        let keys = Keys::of(&SecretBytes::new(vec![7; 32])).unwrap();
        let now = Timestamp::from_secs(1_764_000_000);
        let token = vapid(&keys.vapid, "https://push.example.net", Some("mailto:ops@example.org"), now).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| serde_json::from_slice::<Value>(&decode(part).unwrap()).unwrap();
        assert_eq!(read(head), json!({ "typ": "JWT", "alg": "ES256" }));
        let expected =
            json!({ "aud": "https://push.example.net", "exp": 1_764_043_200, "sub": "mailto:ops@example.org" });
        assert_eq!(read(claims), expected);
        let key = VerifyingKey::from_sec1_bytes(keys.vapid_point().bytes()).unwrap();
        let signature = Signature::from_slice(&decode(signature).unwrap()).unwrap();
        assert!(key.verify(signed.as_bytes(), &signature).is_ok());
        assert!(read(vapid(&keys.vapid, "x", None, now).unwrap().split('.').nth(1).unwrap()).get("sub").is_none());
    }
}
