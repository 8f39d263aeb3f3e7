//! What the host keeps of a token, sealed: a small versioned JSON object.

use data_encoding::BASE32_NOPAD;
use doorward_api::{PluginError, SecretBytes, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The version written today. Version 1 had neither `outer` nor `valid`. Any other is refused, never guessed at.
const VERSION: u8 = 2;

/// Fewest bytes of a secret (RFC 4226 4, R6).
pub const SECRET_MIN: usize = 16;

/// A credential's secret, and what was learned of the authenticator.
pub struct Kept {
    secret: Zeroizing<Vec<u8>>,
    /// The last accepted time step (TOTP) or counter (HOTP).
    pub last: Option<u64>,
    /// How many steps the authenticator's clock is ahead of ours, as of its last passcode (TOTP).
    pub drift: i64,
    /// The last right passcode outside the inner window, until one is accepted.
    pub(crate) outer: Option<Outer>,
    /// When it may be used; a token drawn here always.
    valid: Valid,
}

/// A right passcode that signed nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outer {
    /// Its time step or counter.
    pub(crate) at: u64,
    /// When it was typed, in seconds since the epoch.
    pub(crate) seen: u64,
}

/// The time in which a token that was made elsewhere may be used (RFC 6030 5), in seconds since the epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valid {
    /// Not before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<u64>,
    /// Not at or after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<u64>,
}

impl Valid {
    fn at(self, secs: u64) -> bool {
        self.from.is_none_or(|from| secs >= from) && self.until.is_none_or(|until| secs < until)
    }
}

/// The JSON. The secret is borrowed, so that no copy of it is left behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    v: u8,
    secret: &'a str,
    last: Option<u64>,
    drift: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    outer: Option<Outer>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    valid: Option<Valid>,
}

impl Kept {
    /// A new secret, never used.
    pub fn new(secret: Zeroizing<Vec<u8>>) -> Self {
        Self { secret, last: None, drift: 0, outer: None, valid: Valid::default() }
    }

    /// The secret of a token that was made elsewhere, and what its maker says of it.
    pub fn imported(secret: Zeroizing<Vec<u8>>, last: Option<u64>, drift: i64, valid: Valid) -> Self {
        Self { last, drift, valid, ..Self::new(secret) }
    }

    /// The same, once it is known how many steps the authenticator's clock is ahead. No passcode is used up by that.
    pub(crate) fn heard(self, drift: i64) -> Self {
        Self { drift, ..self }
    }

    /// The same after an accepted passcode.
    pub(crate) fn used(self, last: u64, drift: i64) -> Self {
        Self { last: Some(last), drift, outer: None, ..self }
    }

    /// The same after a right passcode outside the inner window.
    pub(crate) fn seen_outside(self, outer: Outer) -> Self {
        Self { outer: Some(outer), ..self }
    }

    /// Whether it may be used now.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        self.valid.at(now.secs())
    }

    /// Reads what [`Kept::write`] wrote.
    ///
    /// # Errors
    /// [`PluginError::Damaged`]; it quotes nothing of the bytes.
    pub fn read(opened: &SecretBytes) -> Result<Self, PluginError> {
        let damaged = |what: &str| PluginError::Damaged(what.to_owned());
        // serde's own message could quote the secret, so it is not passed on.
        let wire: Wire = serde_json::from_slice(opened.expose()).map_err(|_| damaged("not a passcode secret"))?;
        match wire.v {
            VERSION => {}
            1 if wire.outer.is_none() && wire.valid.is_none() => {}
            _ => return Err(damaged("a passcode secret of an unknown version")),
        }
        let secret = BASE32_NOPAD.decode(wire.secret.as_bytes()).map_err(|_| damaged("the passcode secret is cut"))?;
        let secret = Zeroizing::new(secret);
        if secret.len() < SECRET_MIN {
            return Err(damaged("the passcode secret is too short"));
        }
        let valid = wire.valid.unwrap_or_default();
        Ok(Self { secret, last: wire.last, drift: wire.drift, outer: wire.outer, valid })
    }

    /// The bytes for the host to seal.
    pub fn write(&self) -> SecretBytes {
        let secret = self.secret_base32();
        let valid = Some(self.valid).filter(|valid| *valid != Valid::default());
        let (last, drift, outer) = (self.last, self.drift, self.outer);
        let wire = Wire { v: VERSION, secret: &secret, last, drift, outer, valid };
        // Numbers and a text: nothing here that JSON could not hold. Empty bytes would be refused by `read`.
        SecretBytes::new(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// The secret.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// RFC 4648 base32, upper case, without padding: the form every app reads.
    pub fn secret_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let outer = Outer { at: 58_800_020, seen: 1_764_000_010 };
        let valid = Valid { from: None, until: Some(1_900_000_000) };
        let kept = Kept::imported(Zeroizing::new(vec![7; 20]), Some(58_800_000), -2, valid).seen_outside(outer);
        let again = Kept::read(&kept.write()).unwrap();
        assert_eq!((again.secret(), again.last, again.drift), (&[7_u8; 20][..], Some(58_800_000), -2));
        assert_eq!((again.outer, again.valid), (Some(outer), valid));
    }

    #[test]
    fn what_the_first_version_wrote_is_read_still() {
        let bytes = br#"{"v":1,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":7,"drift":-1}"#;
        let kept = Kept::read(&SecretBytes::new(bytes.to_vec())).unwrap();
        assert_eq!((kept.secret(), kept.last, kept.drift), (&b"12345678901234567890"[..], Some(7), -1));
        assert_eq!(kept.outer, None);
        assert!(kept.valid_at(Timestamp::from_secs(0)));
    }

    #[test]
    fn a_token_is_valid_from_one_date_until_another() {
        let valid = Valid { from: Some(100), until: Some(200) };
        let kept = Kept::imported(Zeroizing::new(vec![7; 20]), None, 0, valid);
        let days: Vec<bool> = [99, 100, 199, 200].map(|secs| kept.valid_at(Timestamp::from_secs(secs))).to_vec();
        assert_eq!(days, [false, true, true, false]);
    }

    #[test]
    fn bytes_of_somebody_else_are_damaged_and_the_error_does_not_quote_them() {
        for bytes in [
            &b""[..],
            b"\xff\x00garbage",
            b"{}",
            br#"{"v":3,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":null,"drift":0}"#,
            br#"{"v":2,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":null,"drift":0,"more":1}"#,
            br#"{"v":1,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last":null,"drift":0,"outer":{"at":1,"seen":1}}"#,
            br#"{"v":2,"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1","last":null,"drift":0}"#,
            br#"{"v":2,"secret":"GEZDGNBV","last":null,"drift":0}"#,
            br#"{"v":2,"secret":12345,"last":null,"drift":0}"#,
        ] {
            let Err(error) = Kept::read(&SecretBytes::new(bytes.to_vec())) else {
                panic!("{:?} was taken", String::from_utf8_lossy(bytes))
            };
            assert!(matches!(&error, PluginError::Damaged(_)));
            assert!(!error.to_string().contains("GEZD") && !error.to_string().contains("12345"), "{error}");
        }
    }
}
