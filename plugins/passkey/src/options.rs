//! What the page asks the browser with.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::passkey::{PasskeyChallenge, PasskeyRequest, RelyingParty};
use doorward_webauthn::Algorithm;
use serde_json::{Value, json};

/// How long the user may take: somebody has to fetch a phone, or a key.
const PATIENCE: Duration = Duration::from_mins(5);

/// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn 5.1.8).
pub(crate) fn creation(
    request: &PasskeyRequest<'_>,
    handle: &str,
    product: &str,
    challenge: &PasskeyChallenge,
) -> Value {
    let name = if request.issuer.is_empty() { product } else { request.issuer };
    let algorithms = Algorithm::ALL.map(|algorithm| json!({ "type": "public-key", "alg": algorithm.cose() }));
    let known: Vec<Value> = request.known.iter().map(|id| json!({ "type": "public-key", "id": id })).collect();
    json!({
        "rp": { "id": request.party.id, "name": name },
        "user": { "id": handle, "name": request.account, "displayName": request.display_name },
        "challenge": BASE64URL_NOPAD.encode(challenge),
        "pubKeyCredParams": algorithms,
        "timeout": millis(PATIENCE),
        "excludeCredentials": known,
        "authenticatorSelection": {
            "residentKey": "required",
            // The same, to browsers of level 1.
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    })
}

/// `PublicKeyCredentialRequestOptionsJSON` (WebAuthn 5.1.9).
pub(crate) fn request(party: &RelyingParty<'_>, challenge: &PasskeyChallenge) -> Value {
    json!({
        "challenge": BASE64URL_NOPAD.encode(challenge),
        "timeout": millis(PATIENCE),
        "rpId": party.id,
        // Whatever passkey there is: who has some is nothing to tell a stranger.
        "allowCredentials": [],
        "userVerification": "required",
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
