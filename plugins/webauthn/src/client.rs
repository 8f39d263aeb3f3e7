//! Client data: what a browser says that it has asked an authenticator (WebAuthn 5.8.1).

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ceremony::Expected;
use crate::fault::{Fault, Part, first};

/// What is looked at; browsers may add to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    /// Where it is inside of another site: that one's.
    #[serde(default)]
    top_origin: Option<IgnoredAny>,
}

/// Whether a page of this origin has asked this, by itself.
pub(crate) fn check(json: &[u8], kind: &str, expected: &Expected<'_>) -> Result<(), Fault> {
    let json = Part::ClientData.bounded(json)?;
    let text = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let said: ClientData = serde_json::from_slice(text).map_err(|_| Fault::ClientData)?;
    let challenge = BASE64URL_NOPAD.decode(said.challenge.as_bytes());
    first([
        (said.r#type == kind, Fault::Type),
        (challenge.is_ok_and(|challenge| challenge == expected.challenge), Fault::Challenge),
        (said.origin == expected.origin, Fault::Origin),
        (!said.cross_origin && said.top_origin.is_none(), Fault::CrossOrigin),
    ])
}
