//! Which tokens were activated in this browser. A browser that has cleared what the app had stored is told by it what
//! is gone (AUTH 6.9). The cookie is sealed, so that nobody learns an account's name by making one up.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_access::cookies::{CookieLife, CookieName};
use doorward_api::keys::{Purpose, SealingKey};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::parts::Portal;

/// As long as a browser keeps any cookie.
const LIFE: CookieLife = CookieLife::For(Duration::from_hours(400 * 24));

/// More tokens than this are not told of, the oldest first.
const MOST: usize = 8;

/// A browser keeps no cookie of more than 4 KiB, its name and attributes with it.
const LONGEST: usize = 3600;

/// A token that was activated here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    serial: String,
    account: String,
}

/// What the cookie holds, oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known(Vec<Entry>);

impl Known {
    /// Of this request. A cookie that is not ours, or no longer, is none.
    pub(super) fn read(portal: &Portal, caller: &Caller, headers: &HeaderMap) -> Self {
        let opened = caller
            .cookies
            .get(CookieName::Authenticator, headers)
            .and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
            .and_then(|sealed| key(portal).open(&place(caller), &sealed).ok())
            .and_then(|plain| serde_json::from_slice(plain.expose()).ok());
        Self(opened.unwrap_or_default())
    }

    /// And this one, which is the newest from now on.
    pub(super) fn with(mut self, serial: &str, account: &str) -> Self {
        self.0.retain(|entry| entry.serial != serial);
        self.0.push(Entry { serial: serial.to_owned(), account: account.to_owned() });
        let over = self.0.len().saturating_sub(MOST);
        self.0.drain(..over);
        self
    }

    /// As `here` tells it.
    pub(super) fn told(&self, issuer: &str) -> Vec<Value> {
        let one = |entry: &Entry| json!({ "serial": entry.serial, "issuer": issuer, "account": entry.account });
        self.0.iter().map(one).collect()
    }

    /// The cookie: of as many as it has room for.
    pub(super) fn cookie(mut self, portal: &Portal, caller: &Caller) -> Option<HeaderValue> {
        let key = key(portal);
        while !self.0.is_empty() {
            let plain = serde_json::to_vec(&self.0).ok()?;
            let sealed = key.seal(&place(caller), &plain, portal.parts.entropy.as_ref());
            let text = BASE64URL_NOPAD.encode(&sealed);
            if text.len() <= LONGEST {
                return Some(caller.cookies.set(CookieName::Authenticator, &text, LIFE));
            }
            self.0.remove(0);
        }
        None
    }
}

fn key(portal: &Portal) -> SealingKey {
    portal.parts.keys.sealing(Purpose::KnownTokens)
}

fn place(caller: &Caller) -> [&str; 2] {
    ["known-tokens", caller.vs().id.as_str()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_eight_are_known_and_none_twice() {
        let mut known = Known::default();
        for number in 0..10 {
            known = known.with(&format!("DW-{number}"), "alice");
        }
        known = known.with("DW-5", "bob");
        let serials: Vec<&str> = known.0.iter().map(|entry| entry.serial.as_str()).collect();
        assert_eq!(serials, ["DW-2", "DW-3", "DW-4", "DW-6", "DW-7", "DW-8", "DW-9", "DW-5"]);
        assert_eq!(known.told("Example").last().unwrap()["account"], "bob");
    }
}
