//! A record as a message of a webhook, signed as Standard Webhooks has it (https://www.standardwebhooks.com).

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD};
use doorward_api::audit::StoredRecord;
use doorward_api::{SecretBytes, Timestamp};
use ring::hmac;
use serde_json::Value;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// A secret's bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// More at a time than the old one and the new one nobody needs; some receivers take no longer headers.
const MOST_SECRETS: usize = 4;
/// So much of a record's hash stands in its message's id.
const HASH_PART: usize = 16;

/// The secrets that messages are signed with: one, or the old and the new while they are changed.
#[derive(Clone)]
pub struct Secrets {
    keys: Vec<hmac::Key>,
    bytes: Vec<SecretBytes>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |one: &Self| one.bytes.iter().map(|secret| secret.expose().to_vec()).collect::<Vec<_>>();
        bytes(self) == bytes(other)
    }
}

impl Eq for Secrets {}

impl Secrets {
    /// Reads a file of secrets, one a line: `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// The rule that is broken, as a sentence's end. The secret is not repeated.
    pub fn read(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let bytes = lines.map(secret).collect::<Result<Vec<_>, _>>()?;
        if bytes.is_empty() || bytes.len() > MOST_SECRETS {
            return Err(format!("must hold 1 to {MOST_SECRETS} secrets, one a line"));
        }
        let keys = bytes.iter().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose())).collect();
        Ok(Self { keys, bytes })
    }

    /// `v1,…` of each secret, with spaces between.
    fn signature(&self, id: &str, at: u64, body: &str) -> String {
        let signed = format!("{id}.{at}.{body}");
        let of = |key: &hmac::Key| format!("v1,{}", BASE64.encode(hmac::sign(key, signed.as_bytes()).as_ref()));
        self.keys.iter().map(of).collect::<Vec<_>>().join(" ")
    }
}

fn secret(line: &str) -> Result<SecretBytes, String> {
    let rule = || format!("must hold secrets such as {PREFIX}… with 24 to 64 bytes in base64, one a line");
    let text = line.strip_prefix(PREFIX).ok_or_else(rule)?.trim_end_matches('=');
    let bytes = BASE64_NOPAD.decode(text.as_bytes()).map_err(|_| rule())?;
    if LENGTHS.contains(&bytes.len()) { Ok(SecretBytes::new(bytes)) } else { Err(rule()) }
}

/// What a webhook hears of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interest {
    /// Every record.
    All,
    /// Those of these events, by their names.
    Events(BTreeSet<String>),
}

impl Interest {
    /// Whether a record is one of those.
    pub fn covers(&self, record: &StoredRecord) -> bool {
        match self {
            Self::All => true,
            Self::Events(names) => event_of(record).is_some_and(|event| names.contains(&event)),
        }
    }
}

fn event_of(record: &StoredRecord) -> Option<String> {
    let parsed: Value = serde_json::from_str(&record.record).ok()?;
    Some(parsed.pointer("/details/event")?.as_str()?.to_owned())
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// The request that tells of a record.
pub fn posted(record: &StoredRecord, secrets: &Secrets, now: Timestamp) -> Posted {
    let parsed: Value = serde_json::from_str(&record.record).unwrap_or_default();
    let text = |pointer: &str| parsed.pointer(pointer).cloned().unwrap_or_default();
    // The record stands in it byte for byte as it was hashed.
    let body = format!(
        "{{\"type\":{},\"timestamp\":{},\"hash\":\"{}\",\"data\":{}}}",
        text("/details/event"),
        text("/timeStamp"),
        record.hash,
        record.record
    );
    // A database that was restored counts on from its backup: the same number may then be another record.
    let hash = record.hash.get(..HASH_PART).unwrap_or(&record.hash);
    let id = format!("{}-{hash}", parsed.get("id").and_then(Value::as_str).unwrap_or_default());
    let at = now.secs();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", concat!("Doorward/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("webhook-signature", secrets.signature(&id, at, &body)),
        ("webhook-timestamp", at.to_string()),
        ("webhook-id", id),
    ];
    Posted { headers, body }
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// Not now.
    Later,
    /// This record will not be taken as it is.
    Refused,
    /// The receiver wants nothing any more.
    Gone,
}

/// What a status says. A redirect is followed nowhere: it would lead to an address that nobody has checked.
pub const fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Taken,
        410 => Verdict::Gone,
        400 | 413 | 415 | 422 => Verdict::Refused,
        _ => Verdict::Later,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::audit::{GENESIS, chain_hash};
    use doorward_api::{AuditEvent, EventContext, EventKind};

    use super::*;

    fn record() -> StoredRecord {
        let event = AuditEvent::new(EventKind::TokenRevoked, EventContext::default()).with("reason", "lost");
        let record = event.record("default", 7, Timestamp::from_secs(1_800_000_000));
        StoredRecord { seq: 7, prev: GENESIS.into(), hash: chain_hash(GENESIS, &record), record }
    }

    fn header<'a>(posted: &'a Posted, name: &str) -> &'a str {
        &posted.headers.iter().find(|(one, _)| *one == name).unwrap().1
    }

    /// The example of Standard Webhooks' own libraries.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let secrets = Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = secrets.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_message_holds_the_record_as_it_was_hashed_and_an_id_of_its_own() {
        let secrets = Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (record, now) = (record(), Timestamp::from_secs(1_800_000_060));
        let posted = posted(&record, &secrets, now);
        let body: Value = serde_json::from_str(&posted.body).unwrap();
        assert_eq!((&body["type"], &body["timestamp"]), (&"TOKEN_REVOKED".into(), &body["data"]["timeStamp"]));
        let data = posted.body.split_once("\"data\":").unwrap().1.strip_suffix('}').unwrap();
        assert_eq!(chain_hash(GENESIS, data), body["hash"].as_str().unwrap());
        assert_eq!(header(&posted, "webhook-timestamp"), "1800000060");
        assert_eq!(header(&posted, "webhook-id"), format!("default-7-{}", &record.hash[..16]));
        let of_id = secrets.signature(header(&posted, "webhook-id"), 1_800_000_060, &posted.body);
        assert_eq!(header(&posted, "webhook-signature"), of_id);
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let (old, new) =
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let of = |text: &str| Secrets::read(text).unwrap().signature("id", 1, "{}");
        assert_eq!(of(&format!("{old}\n{new}\n")), format!("{} {}", of(old), of(new)));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for wrong in
            ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64 at all!!!!!!!!!!!!!"]
        {
            let rule = Secrets::read(wrong).unwrap_err();
            assert!(rule.starts_with("must hold") && (wrong.len() < 7 || !rule.contains(wrong)), "{rule}");
        }
        assert!(Secrets::read(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".repeat(5)).is_err());
        let secrets = Secrets::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{secrets:?}"), "…");
    }

    #[test]
    fn a_webhook_hears_of_what_it_asked_for() {
        let of = |names: &[&str]| Interest::Events(names.iter().map(|name| (*name).to_owned()).collect());
        assert!(Interest::All.covers(&record()) && of(&["TOKEN_REVOKED"]).covers(&record()));
        assert!(!of(&["AUTH_FAILURE"]).covers(&record()));
    }

    #[test]
    fn a_status_says_what_is_done_next() {
        for (status, expected) in [
            (200, Verdict::Taken),
            (204, Verdict::Taken),
            (302, Verdict::Later),
            (404, Verdict::Later),
            (429, Verdict::Later),
            (503, Verdict::Later),
            (422, Verdict::Refused),
            (410, Verdict::Gone),
        ] {
            assert_eq!(verdict(status), expected, "{status}");
        }
    }
}
