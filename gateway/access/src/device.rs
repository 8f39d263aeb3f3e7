//! Device cookies: a browser shows that its user has signed in with it before. They regulate guessing and nothing else
//! (SEC 5.8, decision A38): strangers who lock an account do not lock its owner out.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::keys::{MacKey, MasterKey, Purpose};
use doorward_api::ports::Entropy;
use doorward_api::{Timestamp, UserId, VirtualServerId};

/// How long a browser is known; also the cookie's life.
pub const DEVICE_LIFE: Duration = Duration::from_hours(365 * 24);

/// Form of the cookie's text; a change of form is a new word here.
const FORM: &str = "d1";

/// The device cookie's longest text.
const LONGEST: usize = 256;

/// The random part of a device cookie: the name of a browser, as far as its meter is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceNonce(String);

impl DeviceNonce {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes and reads device cookies. Nothing is stored: a cookie is `d1.<nonce>.<issued>.<mac>`, the MAC binding it to
/// virtual server and user.
#[derive(Clone)]
pub struct Devices {
    key: MacKey,
    entropy: Arc<dyn Entropy>,
}

impl Devices {
    /// With the key for device cookies.
    pub fn new(master: &MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { key: master.mac(Purpose::Device), entropy }
    }

    /// A new cookie for a user who has just signed in fully.
    pub fn make(&self, vs: &VirtualServerId, user: &UserId, now: Timestamp) -> String {
        let mut bytes = [0_u8; 16];
        self.entropy.fill(&mut bytes);
        let nonce = BASE64URL_NOPAD.encode(&bytes);
        let issued = now.secs().to_string();
        let mac = self.key.hex(&parts(vs, user, &nonce, &issued));
        format!("{FORM}.{nonce}.{issued}.{mac}")
    }

    /// The browser's nonce, if `text` is a cookie that was made for this very user within the last year.
    pub fn known(&self, vs: &VirtualServerId, user: &UserId, text: &str, now: Timestamp) -> Option<DeviceNonce> {
        if text.len() > LONGEST {
            return None;
        }
        let mut fields = text.split('.');
        let (form, nonce, issued, mac) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let whole = form == FORM && fields.next().is_none();
        if !whole || !self.key.check(&parts(vs, user, nonce, issued), mac) {
            return None;
        }
        let issued_at = Timestamp::from_secs(issued.parse().ok()?);
        (now.since(issued_at) < DEVICE_LIFE).then(|| DeviceNonce(nonce.to_owned()))
    }
}

fn parts<'a>(vs: &'a VirtualServerId, user: &'a UserId, nonce: &'a str, issued: &'a str) -> [&'a str; 5] {
    [FORM, vs.as_str(), user.as_str(), nonce, issued]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dice, now};

    fn devices() -> Devices {
        Devices::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(Dice::default()))
    }

    #[test]
    fn a_device_is_known_to_its_own_user_only() {
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let devices = devices();
        let cookie = devices.make(&vs, &alice, now());
        assert!(devices.known(&vs, &alice, &cookie, now()).is_some());
        assert_eq!(devices.known(&vs, &UserId::from("u-bob"), &cookie, now()), None);
        assert_eq!(devices.known(&VirtualServerId::from("second"), &alice, &cookie, now()), None);
        assert_ne!(devices.make(&vs, &alice, now()), cookie, "each browser has a nonce of its own");
    }

    #[test]
    fn a_device_is_known_for_a_year() {
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let cookie = devices().make(&vs, &alice, now());
        let almost = now() + DEVICE_LIFE - Duration::from_secs(1);
        assert!(devices().known(&vs, &alice, &cookie, almost).is_some());
        assert_eq!(devices().known(&vs, &alice, &cookie, now() + DEVICE_LIFE), None);
    }

    #[test]
    fn a_forged_device_is_unknown() {
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let cookie = devices().make(&vs, &alice, now());
        let later = cookie.replacen(&now().secs().to_string(), &(now().secs() + 9).to_string(), 1);
        for wrong in
            [&later, "", "d1", "d1...", "d1.a.b.c", &format!("{cookie}.x"), &cookie[1..], &cookie.to_uppercase()]
        {
            assert_eq!(devices().known(&vs, &alice, wrong, now()), None, "{wrong}");
        }
        assert_eq!(devices().known(&vs, &alice, &"d".repeat(1 << 20), now()), None);
    }
}
