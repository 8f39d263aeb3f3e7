//! What the host keeps for this plugin, sealed: a small versioned JSON object.

use data_encoding::BASE32_NOPAD;
use doorward_api::{PluginError, SecretBytes};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The version written today. Another one is refused, never guessed at.
const VERSION: u8 = 1;

/// A credential's secret, and what was learned of the authenticator.
pub(crate) struct Kept {
    secret: Zeroizing<Vec<u8>>,
    /// The last accepted time step (TOTP) or counter (HOTP).
    pub(crate) last: Option<u64>,
    /// How many steps the authenticator's clock is ahead of ours, as of its last passcode (TOTP).
    pub(crate) drift: i64,
}

/// The JSON. The secret is borrowed, so that no copy of it is left behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    v: u8,
    secret: &'a str,
    last: Option<u64>,
    drift: i64,
}

impl Kept {
    /// A new secret, never used.
    pub(crate) fn new(secret: Zeroizing<Vec<u8>>) -> Self {
        Self { secret, last: None, drift: 0 }
    }

    /// The same after an accepted passcode.
    pub(crate) fn used(self, last: u64, drift: i64) -> Self {
        Self { last: Some(last), drift, ..self }
    }

    /// Reads what [`Kept::write`] wrote.
    pub(crate) fn read(opened: &SecretBytes) -> Result<Self, PluginError> {
        let damaged = |what: &str| PluginError::Damaged(what.to_owned());
        // serde's own message could quote the secret, so it is not passed on.
        let wire: Wire = serde_json::from_slice(opened.expose()).map_err(|_| damaged("not a passcode secret"))?;
        if wire.v != VERSION {
            return Err(damaged("a passcode secret of an unknown version"));
        }
        let secret = BASE32_NOPAD.decode(wire.secret.as_bytes()).map_err(|_| damaged("the passcode secret is cut"))?;
        let secret = Zeroizing::new(secret);
        if secret.len() < 16 {
            return Err(damaged("the passcode secret is too short"));
        }
        Ok(Self { secret, last: wire.last, drift: wire.drift })
    }

    /// The bytes for the host to seal.
    pub(crate) fn write(&self) -> SecretBytes {
        let secret = self.secret_base32();
        let wire = Wire { v: VERSION, secret: &secret, last: self.last, drift: self.drift };
        // Numbers and a text: nothing here that JSON could not hold. Empty bytes would be refused by `read`.
        SecretBytes::new(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// The secret.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// RFC 4648 base32, upper case, without padding: the form every app reads.
    pub(crate) fn secret_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let kept = Kept::new(Zeroizing::new(vec![7; 20])).used(58_800_000, -2);
        let again = Kept::read(&kept.write()).unwrap();
        assert_eq!((again.secret(), again.last, again.drift), (&[7_u8; 20][..], Some(58_800_000), -2));
    }

    #[test]
    fn bytes_of_somebody_else_are_damaged_and_the_error_does_not_quote_them() {
        for bytes in [
            &b""[..],
            b"\xff\x00garbage",
            b"{}",
            br#"{"v":2,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":null,"drift":0}"#,
            br#"{"v":1,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":null,"drift":0,"more":1}"#,
            br#"{"v":1,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1","last":null,"drift":0}"#,
            br#"{"v":1,"secret":"GEZDGNBV","last":null,"drift":0}"#,
            br#"{"v":1,"secret":12345,"last":null,"drift":0}"#,
        ] {
            let Err(error) = Kept::read(&SecretBytes::new(bytes.to_vec())) else {
                panic!("{:?} was taken", String::from_utf8_lossy(bytes))
            };
            assert!(matches!(&error, PluginError::Damaged(_)));
            assert!(!error.to_string().contains("GEZD") && !error.to_string().contains("12345"), "{error}");
        }
    }
}
