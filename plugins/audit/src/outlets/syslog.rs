//! A record as a message of syslog (RFC 5424), framed by its length (RFC 6587 3.4.1, RFC 5425 4.3).

use doorward_api::audit::StoredRecord;
use serde_json::Value;

/// The longest message: what every receiver of syslog over TLS should take (RFC 5425 4.3.1).
pub(crate) const LONGEST: usize = 8192;

/// The number of an enterprise that elements of structured data are named by (RFC 5424 7.2.2). Ours is the one that is set
/// aside for examples (RFC 5612), as there is none of our own.
const ENTERPRISE: u32 = 32473;

/// Texts of a record that is too long are cut at the first of these that makes it short enough.
const CUTS: [usize; 4] = [512, 128, 32, 0];

/// Facilities by their usual names. What else there is belongs to parts of an operating system.
const FACILITIES: [(&str, u8); 13] = [
    ("user", 1),
    ("daemon", 3),
    ("auth", 4),
    ("authpriv", 10),
    ("audit", 13),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

const NOTICE: u8 = 5;
const WARNING: u8 = 4;

/// Parts of the names of events that somebody should look at.
const WARNINGS: [&str; 12] = [
    "FAIL",
    "LOCKED",
    "REJECTED",
    "REUSED",
    "DISPUTED",
    "DENIED",
    "REPORTED",
    "MISMATCH",
    "THROTTLED",
    "DISOWNED",
    "LIMIT",
    "RESTORED",
];

/// A facility of syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// Messages about who may do what, for few eyes.
    pub const AUTHPRIV: Self = Self(10);

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        FACILITIES.iter().find(|(one, _)| *one == name).map(|(_, code)| Self(*code))
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FACILITIES.iter().map(|(name, _)| *name)
    }
}

/// How messages of one virtual server are headed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Their facility.
    pub facility: Facility,
    /// Who they are from: printable, at most 255 characters.
    pub hostname: String,
    /// What they are from: printable, at most 48 characters.
    pub app_name: String,
}

/// Whether a text can be the name of an application.
pub fn is_app_name(name: &str) -> bool {
    (1..=48).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Heading {
    /// The message of a record, with its length before it.
    pub fn frame(&self, record: &StoredRecord) -> Vec<u8> {
        let message = self.message(record);
        let mut frame = format!("{} ", message.len()).into_bytes();
        frame.extend_from_slice(message.as_bytes());
        frame
    }

    /// Header, structured data, and the record as JSON: byte for byte as it was hashed where it is of ASCII alone. What is not
    /// is written as `\uXXXX`, which says the same to whoever reads JSON: text beyond ASCII would have to begin with a mark
    /// (RFC 5424 6.4) that is no JSON.
    fn message(&self, record: &StoredRecord) -> String {
        let parsed: Value = serde_json::from_str(&record.record).unwrap_or_default();
        let head = self.head(record, &parsed, false);
        let body = ascii(&record.record);
        if head.len() + body.len() <= LONGEST {
            return head + &body;
        }
        let head = self.head(record, &parsed, true);
        let cut = CUTS.iter().map(|longest| ascii(&shortened(parsed.clone(), *longest).to_string()));
        let fits = |body: &String| head.len() + body.len() <= LONGEST;
        // What cannot be made short enough is named by its structured data.
        head.clone() + &cut.into_iter().find(fits).unwrap_or_else(|| "{\"truncated\":true}".to_owned())
    }

    fn head(&self, record: &StoredRecord, parsed: &Value, truncated: bool) -> String {
        let text = |pointer: &str| parsed.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let event = text("/details/event");
        let severity = if WARNINGS.iter().any(|part| event.contains(part)) { WARNING } else { NOTICE };
        let priority = self.facility.0 * 8 + severity;
        let (at, kind) = (or_nil(text("/timeStamp")), or_nil(text("/details/type")));
        let (host, app) = (or_nil(&self.hostname), or_nil(&self.app_name));
        let of = quoted(text("/context/tenantId"));
        let (id, event) = (quoted(text("/id")), quoted(event));
        let StoredRecord { seq, hash, .. } = record;
        let mut head = format!(
            "<{priority}>1 {at} {host} {app} - {kind} [doorward@{ENTERPRISE} id=\"{id}\" virtualServer=\"{of}\" \
             seq=\"{seq}\" event=\"{event}\" hash=\"{hash}\""
        );
        if truncated {
            head.push_str(" truncated=\"true\"");
        }
        head.push_str("] ");
        head
    }
}

/// A field of the header; `-` for none.
fn or_nil(text: &str) -> &str {
    let printable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if printable { text } else { "-" }
}

/// A value of structured data.
fn quoted(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | ']') {
            value.push('\\');
        }
        value.push(c);
    }
    value
}

/// JSON with everything beyond ASCII escaped. Outside of its texts JSON has nothing of that.
fn ascii(json: &str) -> String {
    if json.is_ascii() {
        return json.to_owned();
    }
    let mut text = String::with_capacity(json.len() * 2);
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// The record with its details' and its context's texts cut, and a mark that says so.
fn shortened(record: Value, longest: usize) -> Value {
    let mut cut = cut_texts(record, longest);
    if let Value::Object(fields) = &mut cut {
        fields.insert("truncated".to_owned(), Value::Bool(true));
    }
    cut
}

fn cut_texts(value: Value, longest: usize) -> Value {
    match value {
        Value::String(text) if text.chars().count() > longest.max(64) => {
            Value::String(text.chars().take(longest).collect::<String>() + "…")
        }
        // Short ones say which record it is, until nothing else helps.
        Value::Array(items) if longest == 0 => Value::Array(items.into_iter().take(1).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| cut_texts(item, longest)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, cut_texts(value, longest))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::audit::{GENESIS, chain_hash};
    use doorward_api::{AuditEvent, EventContext, EventKind, Timestamp};

    use super::*;

    fn stored(event: &AuditEvent) -> StoredRecord {
        let record = event.record("default", 7, Timestamp::from_millis(1_800_000_000_123));
        StoredRecord { seq: 7, prev: GENESIS.into(), hash: chain_hash(GENESIS, &record), record }
    }

    fn event(kind: EventKind, name: &str) -> AuditEvent {
        AuditEvent::new(kind, EventContext { used_name: Some(name.to_owned()), ..EventContext::default() })
    }

    fn heading() -> Heading {
        Heading { facility: Facility::AUTHPRIV, hostname: "login.example.test".into(), app_name: "doorward".into() }
    }

    /// The JSON of a message, behind its structured data.
    fn body(message: &str) -> &str {
        message.split_once("\"] ").unwrap().1
    }

    #[test]
    fn a_message_has_the_form_of_rfc_5424_and_the_record_as_it_was_hashed() {
        let record = stored(&event(EventKind::AuthSuccess, "alice"));
        let message = heading().message(&record);
        let head = format!(
            "<85>1 2027-01-15T08:00:00.123Z login.example.test doorward - AUTHENTICATION [doorward@32473 id=\"default-7\" \
             virtualServer=\"default\" seq=\"7\" event=\"AUTH_SUCCESS\" hash=\"{}\"] ",
            record.hash
        );
        assert_eq!(message.strip_prefix(&head), Some(record.record.as_str()), "{message}");
        assert_eq!(chain_hash(GENESIS, body(&message)), record.hash);
    }

    #[test]
    fn a_frame_begins_with_the_length_of_its_message() {
        let record = stored(&event(EventKind::AuthSuccess, "Zoë"));
        let frame = String::from_utf8(heading().frame(&record)).unwrap();
        let (length, message) = frame.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len());
    }

    #[test]
    fn what_should_be_looked_at_is_a_warning() {
        let priority = |kind| heading().message(&stored(&event(kind, "alice"))).split_once('>').unwrap().0.to_owned();
        assert_eq!(priority(EventKind::AuthFailure), "<84");
        assert_eq!(priority(EventKind::TokenLocked), "<84");
        assert_eq!(priority(EventKind::AuthSuccess), "<85");
    }

    /// RFC 5424 6.4 wants a mark before text beyond ASCII, and JSON has none.
    #[test]
    fn text_beyond_ascii_is_escaped_and_says_the_same() {
        let record = stored(&event(EventKind::AuthFailure, "Zoë 🚪"));
        let message = heading().message(&record);
        assert!(message.is_ascii(), "{message}");
        let (told, kept): (Value, Value) =
            (serde_json::from_str(body(&message)).unwrap(), serde_json::from_str(&record.record).unwrap());
        assert_eq!(told, kept);
    }

    /// AU-01: whatever somebody types stays within its record.
    #[test]
    fn nothing_that_is_typed_breaks_out_of_its_message() {
        let name = "x\r\n<0>1 - - - - - - \"] [evil@1 a=\"b\"] ";
        let mut record = stored(&event(EventKind::AuthFailure, name));
        record.record = record.record.replace("\"id\":\"default-7\"", "\"id\":\"\\\"]\\\\ x\"");
        let message = heading().message(&record);
        assert!(!message.contains(['\r', '\n']), "{message}");
        assert!(message.contains(" id=\"\\\"\\]\\\\ x\" virtualServer="), "{message}");
    }

    #[test]
    fn a_record_that_is_too_long_is_cut_and_says_so() {
        for text in ["x".repeat(1024), "é".repeat(512), "🚪".repeat(256)] {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
            let long =
                names.iter().fold(event(EventKind::AuthFailure, "alice"), |event, name| event.with(name, text.clone()));
            let message = heading().message(&stored(&long));
            assert!(message.len() <= LONGEST, "{}", message.len());
            assert!(message.contains(" truncated=\"true\"] "), "{message}");
            let told: Value = serde_json::from_str(body(&message)).unwrap();
            assert_eq!((&told["truncated"], &told["context"]["usedName"]), (&true.into(), &"alice".into()));
            assert_eq!(told["details"]["event"], "AUTH_FAILURE");
        }
        let many: Vec<String> = (0..5000).map(|n| format!("group-{n}")).collect();
        let message = heading().message(&stored(&event(EventKind::AuthFailure, "alice").with("groups", many)));
        assert!(message.len() <= LONGEST && message.contains("alice"), "{message}");
    }

    #[test]
    fn facilities_have_names() {
        assert_eq!(Facility::named("authpriv"), Some(Facility::AUTHPRIV));
        assert_eq!(Facility::named("local7"), Some(Facility(23)));
        assert_eq!(Facility::named("kern"), None);
        assert!(is_app_name("doorward") && !is_app_name("") && !is_app_name("a b") && !is_app_name(&"x".repeat(49)));
    }
}
