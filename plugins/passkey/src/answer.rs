//! What the page sends of a browser's credential: its `toJSON()` (WebAuthn 5.1). Browsers and extensions add to it;
//! what is not looked at is passed over.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::passkey::{Asserted, PasskeyFault};
use doorward_webauthn::{Assertion, CREDENTIAL_ID_MAX, Registration};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::fault::malformed;

/// The longest answer that is read.
const ANSWER_MAX: usize = 32 * 1024;

/// The longest user handle (WebAuthn 4), in bytes.
const USER_HANDLE_MAX: usize = 64;

/// As it stands in answers, lookups and handles.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Bytes in base64url, in its one spelling.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        // The cause would quote what was sent.
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(|_| D::Error::custom("not base64url"))
    }
}

/// `PublicKeyCredential`, with the response that its ceremony has.
#[derive(Deserialize)]
struct Answer<R> {
    id: Bytes,
    #[serde(rename = "type")]
    _kind: Kind,
    response: R,
}

/// The only one that there is.
#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "public-key")]
    PublicKey,
}

impl<R: DeserializeOwned> Answer<R> {
    fn read(answer: &str) -> Result<Self, PasskeyFault> {
        if answer.len() > ANSWER_MAX {
            return Err(malformed(format!("answer: at most {ANSWER_MAX} bytes are read")));
        }
        let read: Self = serde_json::from_str(answer).map_err(|cause| malformed(category(&cause)))?;
        if (1..=CREDENTIAL_ID_MAX).contains(&read.id.0.len()) {
            Ok(read)
        } else {
            Err(malformed(format!("id: it has 1 to {CREDENTIAL_ID_MAX} bytes")))
        }
    }
}

/// What is wrong with it, and where; not what was sent.
fn category(cause: &serde_json::Error) -> String {
    let what = if cause.is_data() { "no credential of a browser" } else { "no JSON" };
    format!("answer: it is {what} (column {})", cause.column())
}

/// A credential that was made.
pub(crate) struct Made(Answer<Attestation>);

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    #[serde(rename = "publicKey")]
    public_key: Bytes,
    #[serde(rename = "publicKeyAlgorithm")]
    algorithm: i64,
}

impl Made {
    pub(crate) fn read(answer: &str) -> Result<Self, PasskeyFault> {
        Answer::read(answer).map(Self)
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.0.id.0
    }

    pub(crate) fn registration(&self) -> Registration<'_> {
        let response = &self.0.response;
        Registration {
            client_data: &response.client_data.0,
            authenticator_data: &response.authenticator_data.0,
            public_key: &response.public_key.0,
            algorithm: response.algorithm,
        }
    }
}

/// A credential that was used.
pub(crate) struct Given(Answer<Used>);

#[derive(Deserialize)]
struct Used {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(default, rename = "userHandle")]
    user_handle: Option<Bytes>,
}

impl Given {
    pub(crate) fn read(answer: &str) -> Result<Self, PasskeyFault> {
        Answer::read(answer).map(Self)
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.0.id.0
    }

    /// A passkey that was found without a name says whose it is.
    pub(crate) fn whose(&self) -> Result<Asserted, PasskeyFault> {
        let handle = self.0.response.user_handle.as_ref().map(|handle| handle.0.as_slice());
        let handle = handle.filter(|handle| (1..=USER_HANDLE_MAX).contains(&handle.len()));
        let handle = handle.ok_or_else(|| malformed(format!("userHandle: it has 1 to {USER_HANDLE_MAX} bytes")))?;
        Ok(Asserted { credential_id: encoded(self.id()), user_handle: encoded(handle) })
    }

    pub(crate) fn assertion(&self) -> Assertion<'_> {
        let response = &self.0.response;
        Assertion {
            client_data: &response.client_data.0,
            authenticator_data: &response.authenticator_data.0,
            signature: &response.signature.0,
        }
    }
}
