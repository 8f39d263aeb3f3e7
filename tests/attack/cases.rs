//! The format of the table: what an entry of `cases/*.toml` may say, and what it becomes.
//!
//! ```toml
//! [defaults]                          # of every entry of this file that does not say otherwise
//! answer = 400
//!
//! [[case]]
//! id = "FR-02-equal-twice"            # the attack's id, and a name of its own
//! what = "the same length twice"
//! send = '{post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello'
//! ```
//!
//! Bytes are written as text. `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` are bytes; a line's end in the file is none, so that a
//! long text can be broken, and blanks at the beginning of its next line are none either. Placeholders:
//!
//! | | |
//! |---|---|
//! | `{host}` | the host of the place |
//! | `{HOST}` | the same in capitals |
//! | `{path}` | a path that no other case has |
//! | `{cookie}` | the whole `Cookie` line of the session; nothing without one |
//! | `{session}` | the session's secret; without one, a secret of nobody's |
//! | `{get}` | `GET {path} HTTP/1.1`, `Host` and `{cookie}`, each with its CRLF |
//! | `{post}` | the same with `POST` |
//! | `{end}` | `Connection: close` and the empty line after the head |
//! | `{form:text}` | the end of a head as `{end}`, with what a form says of its body, and the text as that body |
//! | `{each}` | the member of `each` in turn |
//! | `{then}` | what follows is sent once the application has heard what was before |
//! | `{repeat:N:text}` | the text so many times; placeholders in it too |
//! | `{{` | a brace |

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::world::Way;

/// Whether the request brings a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum With {
    None,
    /// Alice's, of a password and a passcode.
    Session,
}

/// What kind of place it is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Everybody is admitted, except below `/admin`, `/members` (a passcode) and `/office` (from 10.0.0.0/8 only).
    Open,
    /// A password and a passcode admit.
    Otp,
    /// Nobody that the table knows is admitted.
    Admin,
    /// As `open`, with all that an application can opt into.
    Lax,
    /// As `otp`, with WebSockets.
    Live,
    /// The gateway's own pages.
    Portal,
}

/// The transports, as entries name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    Front,
    Tls,
}

impl Over {
    pub const fn way(self) -> Way {
        match self {
            Over::Front => Way::Front,
            Over::Tls => Way::Tls,
        }
    }
}

/// What is to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Status {
    One(u16),
    AnyOf(Vec<u16>),
    Word(StatusWord),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusWord {
    /// What any request to that place would be answered.
    Usual,
}

/// What the application is to hear.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Hears {
    Word(HearsWord),
    Request(Request),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HearsWord {
    /// Not one byte.
    Nothing,
    /// One request to the case's own path where the place admits, else not one byte.
    Usual,
}

/// One request, where the place admits; else not one byte.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its request line.
    pub line: String,
    /// Lines of its head; names in any case, `…` at the end for "begins so". Placeholders stand here too, and in `line`.
    #[serde(default)]
    pub has: Vec<String>,
    /// What does not occur in any of its bytes, in any case.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// What its bytes end with.
    #[serde(default)]
    pub ends: Option<String>,
}

/// An entry as it is written, or the defaults of a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    answer: Option<Status>,
    answers: Option<usize>,
    closed: Option<bool>,
    origin: Option<Hears>,
    says: Option<Vec<String>>,
    never: Option<Vec<String>>,
    leads_home: Option<bool>,
    upstream_dropped: Option<bool>,
    with: Option<Vec<With>>,
    r#where: Option<Vec<Place>>,
    over: Option<Vec<Over>>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    what: String,
    send: String,
    #[serde(default)]
    each: Vec<String>,
    #[serde(flatten)]
    written: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    defaults: Written,
    case: Vec<Entry>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub what: String,
    pub send: String,
    /// Which member of a list it is; each member but the first is sent to one place only, in turn.
    pub number: usize,
    /// What `{each}` stands for.
    pub each: Option<String>,
    pub answer: Status,
    /// How many answers come before anything else is asked.
    pub answers: usize,
    /// Whether the connection is closed then; either is right where nothing is said.
    pub closed: Option<bool>,
    pub origin: Hears,
    /// Lines that the head of every answer has; names in any case, `…` at the end for "begins so".
    pub says: Vec<String>,
    /// What occurs in no answer, in any case.
    pub never: Vec<String>,
    /// Every `Location` is a path of this host, or an address of the place or the portal.
    pub leads_home: bool,
    /// The application's connection is closed, since half a request is on it.
    pub upstream_dropped: bool,
    pub with: Vec<With>,
    places: Vec<Place>,
    pub over: Vec<Over>,
}

/// What placeholders stand for.
pub struct Values<'a> {
    pub host: &'a str,
    pub path: &'a str,
    /// The secret of a session.
    pub session: Option<&'a str>,
    /// The name of its cookie.
    pub cookie: &'a str,
    pub each: Option<&'a str>,
}

/// Every case of `cases/`, in the order of files and entries.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("attack/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let cases: Vec<Case> = files.iter().flat_map(|file| read(file)).collect();
    let mut ids = BTreeSet::new();
    for case in &cases {
        assert!(ids.insert(case.name()), "{} is there twice", case.name());
    }
    cases
}

fn read(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let read: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let entries = read.case.into_iter();
    entries
        .flat_map(|entry| cases_of(entry, &read.defaults).unwrap_or_else(|why| panic!("{}: {why}", file.display())))
        .collect()
}

/// An entry is a case for each member of its list.
fn cases_of(entry: Entry, defaults: &Written) -> Result<Vec<Case>, String> {
    let id = entry.id;
    let own: Written = entry.written.try_into().map_err(|error| format!("{id}: {error}"))?;
    let missing = |what: &str| format!("{id} says no {what}, nor do the defaults");
    let case = Case {
        answer: own.answer.or_else(|| defaults.answer.clone()).ok_or_else(|| missing("answer"))?,
        origin: own.origin.or_else(|| defaults.origin.clone()).ok_or_else(|| missing("origin"))?,
        answers: own.answers.or(defaults.answers).unwrap_or(1),
        closed: own.closed.or(defaults.closed),
        says: own.says.or_else(|| defaults.says.clone()).unwrap_or_default(),
        never: own.never.or_else(|| defaults.never.clone()).unwrap_or_default(),
        leads_home: own.leads_home.or(defaults.leads_home).unwrap_or(false),
        upstream_dropped: own.upstream_dropped.or(defaults.upstream_dropped).unwrap_or(false),
        with: own.with.or_else(|| defaults.with.clone()).unwrap_or_else(|| vec![With::None, With::Session]),
        places: own.r#where.or_else(|| defaults.r#where.clone()).unwrap_or_else(|| vec![Place::Open, Place::Otp]),
        over: own.over.or_else(|| defaults.over.clone()).unwrap_or_else(|| vec![Over::Front, Over::Tls]),
        what: entry.what,
        send: entry.send,
        number: 0,
        each: None,
        id,
    };
    if entry.each.is_empty() {
        return Ok(vec![case]);
    }
    if !case.send.contains("{each}") {
        return Err(format!("{} has a list and does not use it", case.id));
    }
    let members = entry.each.into_iter().enumerate();
    Ok(members.map(|(number, each)| Case { each: Some(each), number, ..case.clone() }).collect())
}

impl Case {
    /// The places that it is sent to.
    pub fn places(&self) -> Vec<Place> {
        match self.number {
            0 => self.places.clone(),
            number => vec![self.places[number % self.places.len()]],
        }
    }

    /// Its id, and the member of the list.
    pub fn name(&self) -> String {
        match &self.each {
            Some(each) => format!("{} [{}]", self.id, each.chars().take(60).collect::<String>()),
            None => self.id.clone(),
        }
    }
}

/// The text that a text without bytes stands for.
pub fn expanded(text: &str, values: &Values<'_>) -> Result<String, String> {
    String::from_utf8(bytes(text, values)?).map_err(|error| error.to_string())
}

/// The bytes that a text stands for.
pub fn bytes(text: &str, values: &Values<'_>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '\\' => escape(after, &mut bytes)?,
            '{' => placeholder(after, values, &mut bytes)?,
            '\n' => after.trim_start_matches([' ', '\t']),
            other => {
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                after
            }
        };
    }
    Ok(bytes)
}

/// What comes after a backslash; the rest.
fn escape<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Result<&'a str, String> {
    let (byte, length) = match text.as_bytes() {
        [b'r', ..] => (b'\r', 1),
        [b'n', ..] => (b'\n', 1),
        [b't', ..] => (b'\t', 1),
        [b'0', ..] => (0, 1),
        [b'\\', ..] => (b'\\', 1),
        [b'x', ..] => {
            let digits = text.get(1..3).unwrap_or_default();
            (u8::from_str_radix(digits, 16).map_err(|_| format!("\\x{digits} is no byte"))?, 3)
        }
        _ => return Err(format!("\\{} is no escape", text.chars().next().unwrap_or(' '))),
    };
    bytes.push(byte);
    Ok(&text[length..])
}

/// What comes after an opening brace; the rest.
fn placeholder<'a>(text: &'a str, values: &Values<'_>, into: &mut Vec<u8>) -> Result<&'a str, String> {
    if let Some(rest) = text.strip_prefix('{') {
        into.push(b'{');
        return Ok(rest);
    }
    let end = closing(text).ok_or("a brace is not closed")?;
    let (name, rest) = (&text[..end], &text[end + 1..]);
    let cookie = values.session.map_or(String::new(), |session| format!("Cookie: {}={session}\\r\\n", values.cookie));
    let head = |method: &str| format!("{method} {{path}} HTTP/1.1\\r\\nHost: {{host}}\\r\\n{cookie}");
    let expanded = match name {
        "host" => values.host.to_owned(),
        "HOST" => values.host.to_uppercase(),
        "path" => values.path.to_owned(),
        "session" => values.session.unwrap_or(NOBODY).to_owned(),
        "cookie" => cookie,
        "get" => head("GET"),
        "post" => head("POST"),
        "end" => "Connection: close\\r\\n\\r\\n".to_owned(),
        "each" => values.each.ok_or("there is no list")?.to_owned(),
        form if form.starts_with("form:") => {
            let body = bytes(&form[5..], values)?;
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            into.extend(format!("{kind}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes());
            into.extend(body);
            return Ok(rest);
        }
        other => {
            let repeated = other.strip_prefix("repeat:").and_then(|repeated| repeated.split_once(':'));
            let (count, text) = repeated.ok_or_else(|| format!("{{{other}}} is no placeholder"))?;
            let count: usize = count.parse().map_err(|_| format!("{count} is no number"))?;
            let once = bytes(text, values)?;
            into.extend(std::iter::repeat_n(once, count).flatten());
            return Ok(rest);
        }
    };
    into.extend(bytes(&expanded, values)?);
    Ok(rest)
}

/// Where the brace closes that was opened just before.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    text.bytes().position(|byte| {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// The cookie of an application's session.
pub const APP_COOKIE: &str = "__Host-doorward_app";
/// A secret in the form of a session's, which is nobody's.
const NOBODY: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";

#[cfg(test)]
const VALUES: Values<'_> =
    Values { host: "app.test", path: "/p", session: None, cookie: APP_COOKIE, each: Some("\\x41{path}") };

#[test]
fn a_text_stands_for_bytes() {
    let of = |text: &str| bytes(text, &VALUES);
    assert_eq!(of(r"a\r\n\t\0\\\xff").unwrap(), b"a\r\n\t\0\\\xff");
    assert_eq!(of("a\n   b").unwrap(), b"ab");
    assert_eq!(of("{path}{each}{{x}").unwrap(), b"/pA/p{x}");
    assert_eq!(of(r"{repeat:3:a\r}").unwrap(), b"a\ra\ra\r");
    assert_eq!(of("{repeat:2:b{repeat:2:a}}").unwrap(), b"baabaa");
    assert!(of("{form:a={each}}").unwrap().ends_with(b"Content-Length: 5\r\nConnection: close\r\n\r\na=A/p"));
    assert_eq!(of("{get}{cookie}").unwrap(), b"GET /p HTTP/1.1\r\nHost: app.test\r\n");
    for wrong in ["{", "{nothing}", r"\q", r"\xg0", r"\x1", "{repeat:x:y}", "{repeat:3}"] {
        assert!(of(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_entry_with_a_key_that_is_none_is_an_error() {
    let entry = |line: &str| -> Result<Vec<Case>, String> {
        let text = format!("[[case]]\nid = 'X'\nwhat = ''\nsend = ''\nanswer = 400\norigin = 'nothing'\n{line}");
        let mut file: File = toml::from_str(&text).map_err(|error| error.to_string())?;
        cases_of(file.case.remove(0), &file.defaults)
    };
    assert!(entry("").is_ok());
    for line in
        ["anwser = 400", "where = ['nowhere']", "origin = { lien = 'x' }", "answer = 'sometimes'", "each = ['a']"]
    {
        assert!(entry(line).is_err(), "{line}");
    }
}
