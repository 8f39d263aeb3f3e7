//! Signs the calls of a device: HTTP Message Signatures (RFC 9421) as PROTOCOL.md of the authenticator has them.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use doorward_api::ports::Entropy;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use ring::digest::{SHA256, digest};

/// The components that are signed, in their order.
const COMPONENTS: &str = r#"("@method" "@target-uri" "content-digest" "doorward-sequence")"#;

/// Who signs, and how far it has come.
pub(super) struct Signer {
    /// The token's id; empty while it is not known.
    pub(super) id: String,
    /// The device's key.
    pub(super) key: SigningKey,
    /// The number of the last call that is counted.
    pub(super) sequence: u64,
    /// How many seconds the gateway's clock is ahead of this machine's.
    pub(super) ahead: i64,
}

/// What one signature is made of, besides the key.
pub(super) struct Call<'a> {
    /// The whole address.
    pub(super) target: &'a str,
    /// The body.
    pub(super) body: &'a [u8],
    /// 0 for calls that are not counted.
    pub(super) sequence: u64,
    /// By the gateway's clock.
    pub(super) created: i64,
    /// 16 random bytes.
    pub(super) nonce: [u8; 16],
}

impl Signer {
    /// The header fields that make a call one of this device.
    pub(super) fn sign(&self, call: &Call<'_>) -> Vec<(&'static str, String)> {
        let digest = content_digest(call.body);
        let parameters = self.parameters(call);
        let signature: Signature = self.key.sign(base(call, &digest, &parameters).as_bytes());
        vec![
            ("content-type", "application/json".to_owned()),
            ("content-digest", digest),
            ("doorward-sequence", call.sequence.to_string()),
            ("signature-input", format!("doorward={parameters}")),
            ("signature", format!("doorward=:{}:", BASE64.encode(&signature.to_bytes()))),
        ]
    }

    fn parameters(&self, call: &Call<'_>) -> String {
        let nonce = BASE64URL_NOPAD.encode(&call.nonce);
        format!(
            "{COMPONENTS};created={};nonce=\"{nonce}\";keyid=\"{}\";alg=\"ecdsa-p256-sha256\"",
            call.created, self.id
        )
    }
}

/// The signature base (RFC 9421 2.5).
fn base(call: &Call<'_>, digest: &str, parameters: &str) -> String {
    format!(
        "\"@method\": POST\n\"@target-uri\": {}\n\"content-digest\": {digest}\n\"doorward-sequence\": {}\n\
         \"@signature-params\": {parameters}",
        call.target, call.sequence
    )
}

fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(digest(&SHA256, body).as_ref()))
}

/// Random bytes for a nonce.
pub(super) fn nonce(entropy: &dyn Entropy) -> [u8; 16] {
    let mut nonce = [0; 16];
    entropy.fill(&mut nonce);
    nonce
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Verifier;

    use super::*;

    fn signer() -> Signer {
        Signer { id: "token-1".to_owned(), key: SigningKey::from_slice(&[7; 32]).unwrap(), sequence: 16, ahead: 0 }
    }

    const CALL: Call<'static> = Call {
        target: "https://authenticator.example.org/a/v1/token",
        body: br#"{"id":"token-1"}"#,
        sequence: 17,
        created: 1_732_900_000,
        nonce: [0; 16],
    };

    #[test]
    fn the_base_is_as_rfc_9421_writes_it() {
        let signer = signer();
        let text = base(&CALL, &content_digest(CALL.body), &signer.parameters(&CALL));
        assert_eq!(
            text,
            "\"@method\": POST\n\
             \"@target-uri\": https://authenticator.example.org/a/v1/token\n\
             \"content-digest\": sha-256=:fRMtnC3xbjvcC58I1TfZWt5s3mn6LXGsm7Kjm9B/3v8=:\n\
             \"doorward-sequence\": 17\n\
             \"@signature-params\": (\"@method\" \"@target-uri\" \"content-digest\" \"doorward-sequence\");created=1732900000;\
             nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"token-1\";alg=\"ecdsa-p256-sha256\""
        );
    }

    #[test]
    fn what_is_sent_is_what_was_signed() {
        let signer = signer();
        let fields = signer.sign(&CALL);
        let field = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1.clone();
        let parameters = field("signature-input").strip_prefix("doorward=").unwrap().to_owned();
        let text = base(&CALL, &field("content-digest"), &parameters);
        let signature = field("signature");
        let signature = signature.strip_prefix("doorward=:").unwrap().strip_suffix(':').unwrap();
        let signature = Signature::from_slice(&BASE64.decode(signature.as_bytes()).unwrap()).unwrap();
        signer.key.verifying_key().verify(text.as_bytes(), &signature).unwrap();
        assert_eq!(field("doorward-sequence"), "17");
    }
}
