//! The sealed return address (decisions A15, R12): where a browser wants to go in the end, carried by itself through the
//! portal, unreadable and unchangeable. An anonymous request thus costs no row in the store, and nobody can make the portal
//! redirect to a place that the gateway did not see itself.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::flow::ReturnTo;
use doorward_api::keys::{MasterKey, Purpose, SealingKey};
use doorward_api::ports::Entropy;
use doorward_api::{Timestamp, VirtualServerId};
use serde::{Deserialize, Serialize};

use crate::site::VirtualServer;

/// How long an address is good: a tab that was left open over a holiday, or a bookmark of the sign-in page, still leads to where it
/// was going. An older one opens no more than a new one does, and anybody can have a new one by asking for the page: it names a
/// page and proves nothing, is good for one virtual server and while the application has that origin and host, its page is judged
/// anew, and the ticket that comes of it opens only the browser that asked. What ends is what a copied one still tells, and it ends
/// with its key at the latest.
const LIFE: Duration = Duration::from_hours(7 * 24);

/// The longest sealed text; a longer address is given up, and the user arrives at the portal's start page. With room for a path of
/// 1,500 bytes, which is in it twice, and well below what is read of a target.
const LONGEST: usize = 5 * 1024;

/// Seals and opens return addresses.
#[derive(Clone)]
pub struct Returns {
    key: SealingKey,
    entropy: Arc<dyn Entropy>,
}

#[derive(Serialize)]
struct Written<'a> {
    expires_at: Timestamp,
    to: &'a ReturnTo,
}

#[derive(Deserialize)]
struct Read {
    expires_at: Timestamp,
    to: ReturnTo,
}

impl Returns {
    /// With the key for return addresses.
    pub fn new(master: &MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { key: master.sealing(Purpose::ReturnAddress), entropy }
    }

    /// The address as unpadded base64url. `None` when it would be too long.
    pub fn seal(&self, vs: &VirtualServer, to: &ReturnTo, now: Timestamp) -> Option<String> {
        let plain = serde_json::to_vec(&Written { expires_at: now + LIFE, to }).ok()?;
        let sealed = self.key.seal(&place(&vs.id), &plain, self.entropy.as_ref());
        let text = BASE64URL_NOPAD.encode(&sealed);
        (!sealed.is_empty() && text.len() <= LONGEST).then_some(text)
    }

    /// Opens an address of the same virtual server. `None` for anything else: foreign, changed, expired, or to an
    /// application that is not (any more) configured with that very origin (CS-02).
    pub fn open(&self, vs: &VirtualServer, text: &str, now: Timestamp) -> Option<ReturnTo> {
        if text.len() > LONGEST {
            return None;
        }
        let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let plain = self.key.open(&place(&vs.id), &sealed).ok()?;
        let Read { expires_at, to } = serde_json::from_slice(plain.expose()).ok()?;
        let app = vs.apps.get(&to.app)?;
        let good = expires_at > now && app.origin == to.origin && app.host == to.host;
        good.then_some(to)
    }
}

fn place(vs: &VirtualServerId) -> [&str; 2] {
    ["return-address", vs.as_str()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dice, now, return_to, virtual_server};

    fn returns() -> Returns {
        Returns::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(Dice::default()))
    }

    #[test]
    fn an_address_comes_back_whole() {
        let vs = virtual_server("default");
        let to = return_to("/page?x=1&y=%2F");
        let text = returns().seal(&vs, &to, now()).unwrap();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
        assert_eq!(returns().open(&vs, &text, now()), Some(to));
    }

    #[test]
    fn an_old_address_is_not_opened() {
        let vs = virtual_server("default");
        let text = returns().seal(&vs, &return_to("/"), now()).unwrap();
        assert!(returns().open(&vs, &text, now() + (LIFE - Duration::from_millis(1))).is_some());
        assert_eq!(returns().open(&vs, &text, now() + LIFE), None);
    }

    #[test]
    fn an_address_is_good_over_a_long_weekend() {
        let vs = virtual_server("default");
        let text = returns().seal(&vs, &return_to("/page"), now()).unwrap();
        assert!(returns().open(&vs, &text, now() + Duration::from_hours(4 * 24)).is_some());
    }

    #[test]
    fn an_address_of_another_virtual_server_or_key_is_not_opened() {
        let vs = virtual_server("default");
        let text = returns().seal(&vs, &return_to("/"), now()).unwrap();
        assert_eq!(returns().open(&virtual_server("second"), &text, now()), None);
        let other = Returns::new(&MasterKey::new(vec![8; 32]).unwrap(), Arc::new(Dice::default()));
        assert_eq!(other.open(&vs, &text, now()), None);
    }

    #[test]
    fn a_forged_or_damaged_address_is_not_opened() {
        let vs = virtual_server("default");
        let text = returns().seal(&vs, &return_to("/"), now()).unwrap();
        let (start, end) = text.split_at(40);
        let flipped = format!("{start}{}{}", if end.starts_with('A') { 'B' } else { 'A' }, &end[1..]);
        let long = "A".repeat(1 << 20);
        for wrong in
            [&flipped, start, "", "https://evil.test", "//evil.test", "/\\evil", "javascript:alert(1)", "%zz", &long]
        {
            assert_eq!(returns().open(&vs, wrong, now()), None);
        }
    }

    #[test]
    fn an_application_that_has_moved_is_not_returned_to() {
        let text = returns().seal(&virtual_server("default"), &return_to("/"), now()).unwrap();
        let mut moved = virtual_server("default");
        moved.apps.clear();
        assert_eq!(returns().open(&moved, &text, now()), None);
    }

    #[test]
    fn a_long_address_comes_back_whole() {
        let vs = virtual_server("default");
        let path = format!("/{}", "x".repeat(1_500));
        let client = Some("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap());
        let to = ReturnTo { path: path.clone(), client, ..return_to(&path) };
        let text = returns().seal(&vs, &to, now()).unwrap();
        assert_eq!(returns().open(&vs, &text, now()), Some(to));
    }

    #[test]
    fn an_address_that_is_too_long_is_given_up() {
        let to = return_to(&format!("/?{}", "x".repeat(4000)));
        assert_eq!(returns().seal(&virtual_server("default"), &to, now()), None);
    }
}
