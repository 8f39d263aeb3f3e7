//! A user as authenticators know them (WebAuthn 14.6.1).

use data_encoding::BASE64URL_NOPAD;
use doorward_api::{SecretBytes, UserId};
use ring::hmac;

/// What the plugin's key is used for here.
const PURPOSE: &[u8] = b"doorward-passkey/v1/user-handle\0";

/// The handle in base64url: 32 bytes from which nobody without the key can tell the user, or that two are of one.
pub(crate) fn of(key: &SecretBytes, user: &UserId) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    context.update(PURPOSE);
    context.update(user.as_str().as_bytes());
    BASE64URL_NOPAD.encode(context.sign().as_ref())
}
