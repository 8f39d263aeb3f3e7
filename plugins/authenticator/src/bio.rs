//! Fingerprint or face: assertions of the device's platform (WebAuthn level 3), for devices whose platform gives no
//! secret of its own.

use doorward_api::device::DeviceAnswer;
use doorward_webauthn::{Algorithm, Assertion, Expected, Known, PublicKey, verify};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bytes::{Blob, Fixed, draw};
use crate::call::{BioAssert, BioRegister};
use crate::device::Visit;
use crate::kept::{Kept, Stage};
use crate::reply::{Refusal, done};
use crate::services::Origin;

/// Seconds for which a challenge is good.
const CHALLENGE_SECS: u64 = 120;

/// The two that platforms use.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Rs256];

/// What stands in for the PIN.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bio {
    credential: Blob<1024>,
    key: PublicKey,
    /// Half of the key that opens the seed; none where the platform gives a secret of its own.
    half: Option<Fixed<32>>,
    challenge: Option<Challenge>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Challenge {
    bytes: Fixed<32>,
    /// Seconds since the epoch.
    at: u64,
}

/// `bio/register`.
pub(crate) fn register(visit: &Visit<'_>, kept: &mut Kept, call: &BioRegister) -> DeviceAnswer {
    if !visit.token.template.biometric {
        return Refusal::NotAllowed.into();
    }
    let claimed = match &mut kept.stage {
        Stage::Claimed(claimed) if claimed.confirmed && !claimed.over(visit) => claimed,
        _ => return Refusal::NotNow.into(),
    };
    let read = PublicKey::read(call.public_key.bytes(), i64::from(call.algorithm), &ALGORITHMS);
    let Ok(key) = read else { return Refusal::Malformed.into() };
    let half = (!call.prf).then(|| draw::<32>(visit.entropy));
    let answer = match &half {
        Some(half) => done(&json!({ "half": half })),
        None => done(&json!({})),
    };
    claimed.bio = Some(Bio { credential: call.credential.clone(), key, half, challenge: None });
    answer
}

/// What stands in for the PIN of a token in use, where half of a key is kept for it.
fn bio_of<'a>(visit: &Visit<'_>, kept: &'a mut Kept) -> Result<&'a mut Bio, Refusal> {
    let Stage::Active(active) = &mut kept.stage else { return Err(Refusal::NotNow) };
    // A PIN that is on its last try is not got round by a finger.
    if active.on_its_last(visit.pins_permitted()) {
        return Err(Refusal::NotNow);
    }
    active.bio.as_mut().filter(|bio| bio.half.is_some()).ok_or(Refusal::NotAllowed)
}

/// `bio/challenge`.
pub(crate) fn challenge(visit: &Visit<'_>, kept: &mut Kept) -> DeviceAnswer {
    match bio_of(visit, kept) {
        Ok(bio) => {
            let bytes = draw::<32>(visit.entropy);
            let answer = done(&json!({ "challenge": bytes }));
            bio.challenge = Some(Challenge { bytes, at: visit.now.secs() });
            answer
        }
        Err(refusal) => refusal.into(),
    }
}

/// `bio/assert`. A challenge is good once, whatever comes of it.
pub(crate) fn assert(visit: &Visit<'_>, kept: &mut Kept, call: &BioAssert) -> DeviceAnswer {
    let bio = match bio_of(visit, kept) {
        Ok(bio) => bio,
        Err(refusal) => return refusal.into(),
    };
    let Some(challenge) = bio.challenge.take() else { return Refusal::NotNow.into() };
    let secs = visit.now.secs().checked_sub(challenge.at);
    if secs.is_none_or(|secs| secs > CHALLENGE_SECS) {
        return Refusal::Expired.into();
    }
    match &bio.half {
        Some(half) if right(bio, &challenge.bytes, visit.token.origin, call) => done(&json!({ "half": half })),
        _ => Refusal::NotAllowed.into(),
    }
}

/// Whether the platform has verified its user for this challenge. How often it has signed is not kept: a copy of its key
/// opens nothing without what the device keeps.
fn right(bio: &Bio, challenge: &Fixed<32>, origin: &str, call: &BioAssert) -> bool {
    let Some(party) = Origin::parse(origin) else { return false };
    let expected = Expected { rp_id: party.host(), origin, challenge: challenge.bytes(), user_verified: true };
    let known = Known { key: &bio.key, sign_count: 0, backup_eligible: None };
    let given = Assertion {
        client_data: call.client_data.bytes(),
        authenticator_data: call.authenticator_data.bytes(),
        signature: call.signature.bytes(),
    };
    verify(&expected, &known, &given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{decode, sha256};

    /// A key and a signature that OpenSSL made.
    const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtqMLRHFIfx-sLqIlRGXgZ41TS7yAivMM9dpJbwgokt2i9w\
        kn1z5usP-YMB6Wkw4y_eOFBROY7FxXfNrDL3AFfGMl3FAm3iXFN-SXtLCeDkJecfCMBSH43laGieEw6aeCtB9HFmlr\
        5obslsfv0FKXjO3MV5BKAJS9IdkEF6hcHmrFw30GvQcqdCEBdIShv2tVeDgKsJipeTPgoylGPe4EvEemmDWNys0L_8\
        B4lbVWzcdTUafTV2wY_dq_D4LNm2ZK6RK1ZAjS1m1iOo0jX6rD0oD9473vV9oX5MzxMnrqu6vVmQtKJRrP4uR7Gz-g\
        4LrlF_XmqZqF_dGv_mHDLlmOPwIDAQAB";
    const SIGNATURE: &str = "CO5Z7l7ZEVE9c_aceoN6YzBJLujOl1VHI6U0MB77-z2YSR9SiFQM-AF9sYPR92JVKHxKJekrMaH5CkCa9w72AmI1Da\
        AQZ7sSeo2oc5PdNClxcMo9ZSmEPH6OWLpciaWWJsigtvv_2QT1Bcp0Ykfo5AjIg2pasxnpSY4moNSUulSISvORq4zB\
        faIFytuznHeO0YhV156d_F-XKJCVSedsKK4fdZErcsrAFRtCL2y69oYFnTjsb8i4sLIGjPMXYcgElbB7g9n21dzD-I\
        KT4NydKrBZqU80i_yl8N5dd4ESF00FlstApgaISfoLEHgRt-O4QmMfxdMqBVHRIZJwNDnJOg";
    const ORIGIN: &str = "https://authenticator.example.org";
    const PRESENT_AND_VERIFIED: u8 = 0b101;

    fn assertion(client: &str) -> BioAssert {
        let party = sha256(&[b"authenticator.example.org"]);
        let fields = json!({
            "id": "t",
            "authenticator_data": Blob::<2048>::new([&party[..], &[PRESENT_AND_VERIFIED], &[0; 4]].concat()),
            "client_data": Blob::<4096>::new(client.as_bytes().to_vec()),
            "signature": SIGNATURE,
        });
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn an_assertion_by_rsa_is_verified_as_windows_hello_makes_it() {
        let key = PublicKey::read(&decode(RSA).unwrap(), -257, &ALGORITHMS).unwrap();
        let credential = Blob::new(Vec::new());
        let bio = Bio { credential, key, half: None, challenge: None };
        let challenge = Fixed::new([5; 32]);
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{ORIGIN}","crossOrigin":false}}"#,
            challenge.text().as_str()
        );
        assert!(right(&bio, &challenge, ORIGIN, &assertion(&client)));
        assert!(!right(&bio, &challenge, ORIGIN, &assertion(&client.replace("false}", "false }"))));
        assert!(!right(&bio, &Fixed::new([6; 32]), ORIGIN, &assertion(&client)));
    }
}
