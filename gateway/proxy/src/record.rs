//! Room 8: one line in the access log and one measurement for every outcome, whatever became of the request. The record
//! lies in the request's context; should that be dropped before Pingora reports the end (a client left, a session was cut),
//! dropping it writes the line.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_access::site::{App, HostRole, VirtualServer};
use doorward_api::ports::{Clock, Entropy, Metrics};
use doorward_api::{PolicyId, Subject, Timestamp, Token, UserId};

use crate::arrive::Arrived;
use crate::refusal::Refusal;

/// The longest value of a line (AU-01).
const LONGEST: usize = 1024;
/// Room for a usual line.
const USUAL_LINE: usize = 768;

/// Takes the access log's lines: each whole, with its line end, one call for each.
pub type Lines = Arc<dyn Fn(&str) + Send + Sync>;

/// Where records go.
pub(crate) struct Book {
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    /// `None`: no lines are written.
    pub(crate) lines: Option<Lines>,
}

/// Whose page a request was for.
#[derive(Debug, Clone)]
enum Whose {
    /// No application's.
    Ours(&'static str),
    /// The portal's pages of a virtual server.
    Portal(Arc<VirtualServer>),
    /// The authenticator of a virtual server, and the calls of devices.
    Authenticator(Arc<VirtualServer>),
    /// An application's.
    App(Arc<VirtualServer>, Arc<App>),
}

/// What is known of a request by now.
pub(crate) struct Record {
    book: Arc<Book>,
    begun: Instant,
    /// The same moment, as the store tells the time.
    at: Timestamp,
    written: bool,
    /// The request's id; on error pages, in the answer, and sent upstream.
    pub(crate) request_id: String,
    whose: Whose,
    host: Option<Arc<str>>,
    method: Cow<'static, str>,
    path: Option<Arc<str>>,
    client: Option<IpAddr>,
    user: Option<UserId>,
    decision: &'static str,
    policies: Vec<PolicyId>,
    /// Why it was refused or failed.
    pub(crate) reason: Option<String>,
}

impl Whose {
    /// The virtual server's id; empty while unknown.
    fn virtual_server(&self) -> &str {
        match self {
            Self::Ours(_) => "",
            Self::Portal(vs) | Self::Authenticator(vs) | Self::App(vs, _) => vs.id.as_str(),
        }
    }

    /// The application, or `portal`, `authenticator`, `console`, `none`.
    fn app(&self) -> &str {
        match self {
            Self::Ours(name) => name,
            Self::Portal(_) => "portal",
            Self::Authenticator(_) => "authenticator",
            Self::App(_, app) => app.id.as_str(),
        }
    }
}

impl Record {
    /// Begins with nothing but an id.
    pub(crate) fn begin(book: Arc<Book>, request_id: String) -> Self {
        Self::begin_at(Instant::now(), book, request_id)
    }

    fn begin_at(begun: Instant, book: Arc<Book>, request_id: String) -> Self {
        Self {
            at: book.clock.now(),
            book,
            begun,
            written: false,
            request_id,
            whose: Whose::Ours("none"),
            host: None,
            method: Cow::Borrowed(""),
            path: None,
            client: None,
            user: None,
            decision: "none",
            policies: Vec::new(),
            reason: None,
        }
    }

    /// When it began.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// What the first room found.
    pub(crate) fn arrived(&mut self, arrived: &Arrived) {
        self.client = Some(arrived.client);
        self.host = Some(arrived.host.name.clone());
        self.method = arrived.method.clone();
        self.path = Some(arrived.path.clone());
    }

    /// The path in its canonical form.
    pub(crate) fn path(&mut self, path: &Arc<str>) {
        self.path = Some(path.clone());
    }

    /// It is for the console.
    pub(crate) fn for_console(&mut self) {
        self.whose = Whose::Ours("console");
    }

    /// It is for our own pages: the portal's, the authenticator's, or those below the reserved prefix of an application.
    pub(crate) fn for_ours(&mut self, role: &HostRole) {
        self.whose = match role {
            HostRole::Authenticator(vs) => Whose::Authenticator(vs.clone()),
            HostRole::Portal(vs) | HostRole::App(vs, _) => Whose::Portal(vs.clone()),
        };
    }

    /// It is for an application.
    pub(crate) fn for_app(&mut self, vs: &Arc<VirtualServer>, app: &Arc<App>) {
        self.whose = Whose::App(vs.clone(), app.clone());
    }

    /// The application, or `portal`, `authenticator`, `console`, `none`.
    pub(crate) fn app(&self) -> &str {
        self.whose.app()
    }

    /// Who asks.
    pub(crate) fn subject(&mut self, subject: &Subject) {
        self.user = subject.principal().map(|principal| principal.user.clone());
    }

    /// What the gate said.
    pub(crate) fn decision(&mut self, decision: &'static str, by: &[PolicyId]) {
        self.decision = decision;
        self.policies = by.to_vec();
    }

    /// Why not.
    pub(crate) fn refused(&mut self, refusal: Refusal) {
        self.reason = Some(refusal.reason.to_owned());
    }

    /// The request is over.
    pub(crate) fn finish(&mut self, status: Option<u16>) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        let took = self.begun.elapsed();
        let (vs, app) = (self.whose.virtual_server(), self.whose.app());
        self.book.metrics.request(vs, app, status_class(status), took);
        if let Some(lines) = &self.book.lines {
            lines(&self.line(status, took));
        }
    }

    /// The line, in the form of every other line of the log, so that one reader reads all. It is written out by hand: as an
    /// event it would cost as much as the whole gate.
    fn line(&self, status: Option<u16>, took: Duration) -> String {
        let mut line = String::with_capacity(USUAL_LINE);
        line.push_str("{\"timestamp\":\"");
        (self.at + took).write_rfc3339(&mut line);
        line.push_str("\",\"level\":\"INFO\",\"fields\":{\"message\":\"request\"");
        let mut fields = Fields(&mut line);
        fields.text("request_id", &self.request_id);
        fields.text("virtual_server", self.whose.virtual_server());
        fields.text("app", self.whose.app());
        if let Some(client) = self.client {
            fields.client("client", client);
        }
        fields.text("host", self.host.as_deref().unwrap_or_default());
        fields.text("method", &self.method);
        fields.text("path", &readable_path(self.path.as_deref().unwrap_or_default()));
        fields.number("status", status.unwrap_or_default().into());
        fields.bare("cut", if status.is_none() { "true" } else { "false" });
        fields.text("decision", self.decision);
        match self.policies.as_slice() {
            [only] => fields.text("policies", only.as_str()),
            several => fields.text("policies", &several.iter().map(PolicyId::as_str).collect::<Vec<_>>().join(",")),
        }
        if let Some(user) = &self.user {
            fields.text("user", user.as_str());
        }
        if let Some(reason) = &self.reason {
            fields.text("reason", reason);
        }
        fields.milliseconds("ms", took);
        line.push_str("},\"target\":\"access\"}\n");
        line
    }
}

/// Adds a number's decimal digits, without the detour that a format takes.
fn push_number(into: &mut String, number: u64) {
    if number >= 10 {
        push_number(into, number / 10);
    }
    into.push(char::from_digit(u32::try_from(number % 10).unwrap_or(0), 10).unwrap_or('0'));
}

/// The fields of a line.
struct Fields<'a>(&'a mut String);

impl Fields<'_> {
    /// A text: cut, and escaped where it must be.
    fn text(&mut self, name: &str, value: &str) {
        let value = shortened(value);
        self.name(name);
        // Without an early end, so that many bytes are looked at in one step.
        let plain = |byte: u8| (byte >= 0x20) & (byte != b'"') & (byte != b'\\');
        if value.bytes().fold(true, |good, byte| good & plain(byte)) {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        } else {
            self.0.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    /// What needs no escaping and no quotes.
    fn bare(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(value);
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        push_number(self.0, value);
    }

    fn client(&mut self, name: &str, address: IpAddr) {
        self.name(name);
        self.0.push('"');
        match address {
            IpAddr::V4(v4) => v4.octets().into_iter().enumerate().for_each(|(nth, octet)| {
                if nth > 0 {
                    self.0.push('.');
                }
                push_number(self.0, octet.into());
            }),
            IpAddr::V6(v6) => drop(write!(self.0, "{v6}")),
        }
        self.0.push('"');
    }

    fn milliseconds(&mut self, name: &str, span: Duration) {
        self.name(name);
        push_number(self.0, u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        self.0.push('.');
        let micros = span.subsec_micros() % 1000;
        for place in [100, 10, 1] {
            self.0.push(char::from_digit(micros / place % 10, 10).unwrap_or('0'));
        }
    }

    fn name(&mut self, name: &str) {
        self.0.push_str(",\"");
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish(None);
    }
}

/// Records heads that were refused before there was a request, and words the answer.
pub(crate) struct Refusals {
    pub(crate) book: Arc<Book>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Refusals {
    /// The whole answer to a refused head that began to come in at `begun`. It was answered, so it is counted and written
    /// down as any request is; nothing that it said is believed, so none of it is in the line.
    pub(crate) fn head(&self, refusal: Refusal, client: Option<IpAddr>, begun: Instant) -> String {
        let request_id = self.note(refusal, client, begun);
        let body = format!("{}\nReference: {request_id}\n", refusal.status);
        let again = refusal.kind().retry_after().map(|seconds| format!("Retry-After: {seconds}\r\n"));
        format!(
            "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Request-Id: {request_id}\r\n{}Connection: close\r\n\r\n{body}",
            refusal.status,
            body.len(),
            again.unwrap_or_default()
        )
    }

    /// Records a refusal. The id that it has in the log.
    pub(crate) fn note(&self, refusal: Refusal, client: Option<IpAddr>, begun: Instant) -> String {
        let request_id = self.entropy.id();
        self.book.metrics.front_refusal(refusal.reason);
        let mut record = Record::begin_at(begun, self.book.clone(), request_id.clone());
        record.client = client;
        record.refused(refusal);
        record.finish(Some(refusal.status.as_u16()));
        request_id
    }
}

fn status_class(status: Option<u16>) -> &'static str {
    match status {
        None => "cut",
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(_) => "5xx",
    }
}

/// A path for the log: secrets of links left out.
fn readable_path(path: &str) -> Cow<'_, str> {
    let is_secret = |segment: &str| Token::parse(segment).is_some();
    if !path.split('/').any(is_secret) {
        return Cow::Borrowed(path);
    }
    let readable = |segment| if is_secret(segment) { "…" } else { segment };
    Cow::Owned(path.split('/').map(readable).collect::<Vec<_>>().join("/"))
}

fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use doorward_access::site::AppOptions;
    use doorward_api::{Factor, Principal};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{alice, site, wiki};

    /// Remembers what was measured of requests.
    #[derive(Default)]
    pub(crate) struct Seen(pub(crate) Mutex<Vec<String>>);

    impl Metrics for Seen {
        fn decision(&self, _: &str, _: &str, _: &'static str, _: bool, _: Duration) {}
        fn shadow(&self, _: &str, _: &'static str, _: u64) {}
        fn decisions_lost(&self, _: &'static str, _: u64) {}
        fn request(&self, vs: &str, app: &str, class: &'static str, _: Duration) {
            self.0.lock().unwrap().push(format!("{vs}/{app}/{class}"));
        }
        fn upstream(&self, app: &str, outcome: &'static str) {
            self.0.lock().unwrap().push(format!("{app}: {outcome}"));
        }
        fn sign_in(&self, _: &str, _: Factor, _: &'static str) {}
        fn flow_refusal(&self, _: &str, _: &'static str) {}
        fn enrollment(&self, _: &str, _: &'static str, _: &'static str) {}
        fn push(&self, _: &str, _: &'static str) {}
        fn device_call(&self, _: &str, _: &'static str, _: &'static str) {}
        fn mail(&self, _: &str, _: &'static str, _: &'static str) {}
        fn reload(&self, _: &'static str, _: &'static str) {}
        fn front_refusal(&self, reason: &'static str) {
            self.0.lock().unwrap().push(reason.to_owned());
        }
    }

    /// A clock that stands still.
    pub(crate) struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_764_000_000_007)
        }
    }

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn book(seen: &Arc<Seen>) -> Arc<Book> {
        Arc::new(Book { metrics: seen.clone(), clock: Arc::new(Still), lines: None })
    }

    /// The line of a request of alice's to the wiki.
    fn line_of(path: &str, host: &str, reason: Option<&str>) -> String {
        let site = site("", &[wiki(AppOptions::default())]);
        let Some(HostRole::App(vs, app)) = site.hosts.get("wiki.localhost") else { panic!("the wiki is there") };
        let mut record = Record::begin(book(&Arc::default()), "id-1".into());
        record.for_app(vs, app);
        record.path(&path.into());
        record.host = Some(host.into());
        record.method = "GET".into();
        record.client = Some("2001:db8::1".parse().unwrap());
        record.subject(&Subject::User(Arc::new(Principal { user: "u-1".into(), ..alice() })));
        record.decision("admit", &["one".into(), "other".into()]);
        record.reason = reason.map(str::to_owned);
        record.written = true;
        record.line(Some(200), Duration::from_micros(12_034))
    }

    #[test]
    fn a_line_is_one_json_object_in_the_form_of_the_log() {
        let line = line_of("/page", "wiki.localhost", None);
        assert_eq!(
            line,
            "{\"timestamp\":\"2025-11-24T16:00:00.019Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"request\",\"request_id\":\"id-1\",\
             \"virtual_server\":\"default\",\"app\":\"wiki\",\"client\":\"2001:db8::1\",\"host\":\"wiki.localhost\",\"method\":\"GET\",\
             \"path\":\"/page\",\"status\":200,\"cut\":false,\"decision\":\"admit\",\"policies\":\"one,other\",\"user\":\"u-1\",\
             \"ms\":12.034},\"target\":\"access\"}\n"
        );
    }

    #[test]
    fn whatever_a_stranger_sends_a_line_stays_a_line() {
        for sent in ["a\r\nb", "\u{1b}[2J", "\"}{\"", "\u{2028}", "\\", "\u{0}", "é"] {
            let line = line_of(&format!("/{sent}"), sent, Some(sent));
            let read: Value = serde_json::from_str(&line).unwrap();
            let fields = &read["fields"];
            assert_eq!(
                json!([fields["path"], fields["host"], fields["reason"]]),
                json!([format!("/{sent}"), sent, sent])
            );
            assert_eq!(line.chars().filter(|character| character.is_control()).collect::<String>(), "\n", "{sent:?}");
        }
        let long = "x".repeat(1_000_000);
        let read: Value = serde_json::from_str(&line_of(&long, &long, Some(&long))).unwrap();
        for name in ["path", "host", "reason"] {
            assert_eq!(read["fields"][name].as_str().map(str::len), Some(LONGEST), "{name}");
        }
    }

    #[test]
    fn every_request_has_one_line_in_the_book() {
        let written: Arc<Mutex<Vec<String>>> = Arc::default();
        let pen = written.clone();
        let lines: Lines = Arc::new(move |line: &str| pen.lock().unwrap().push(line.to_owned()));
        let seen = Arc::new(Seen::default());
        let book = Arc::new(Book { metrics: seen, clock: Arc::new(Still), lines: Some(lines) });
        Record::begin(book.clone(), "one".into()).finish(Some(204));
        drop(Record::begin(book, "two".into()));
        let written = written.lock().unwrap();
        let cut = |line: &String| serde_json::from_str::<Value>(line).unwrap()["fields"]["cut"].as_bool();
        assert_eq!(written.iter().map(cut).collect::<Vec<_>>(), [Some(false), Some(true)]);
    }

    #[test]
    fn every_request_is_measured_once_a_cut_one_too() {
        let seen = Arc::new(Seen::default());
        let book = book(&seen);
        let mut record = Record::begin(book.clone(), "one".into());
        record.finish(Some(204));
        drop(record);
        drop(Record::begin(book, "two".into()));
        assert_eq!(*seen.0.lock().unwrap(), ["/none/2xx", "/none/cut"]);
    }

    #[test]
    fn a_refused_head_is_a_request_that_was_answered() {
        let seen = Arc::new(Seen::default());
        let refusals = Refusals { book: book(&seen), entropy: Arc::new(Zeros) };
        let answer = refusals.head(Refusal::bad("host_twice"), None, Instant::now());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(*seen.0.lock().unwrap(), ["host_twice", "/none/4xx"]);
    }

    /// Of a link into the authenticator, ticket and all, the log has the path alone.
    #[test]
    fn the_authenticators_host_has_a_name_of_its_own_and_no_query() {
        let site = site("", &[]);
        let role = site.hosts.get("authenticator.localhost").unwrap();
        let seen = Arc::new(Seen::default());
        let mut record = Record::begin(book(&seen), "id-1".into());
        record.arrived(&Arrived {
            client: "192.0.2.9".parse().unwrap(),
            secure: true,
            host: crate::canonical::canonical_host("authenticator.localhost").unwrap(),
            method: "GET".into(),
            path: "/a/".into(),
            query: Some("i=token&t=ticket".into()),
        });
        record.for_ours(role);
        let line = record.line(Some(200), Duration::ZERO);
        record.finish(Some(200));
        assert!(line.contains("\"app\":\"authenticator\"") && line.contains("\"path\":\"/a/\""), "{line}");
        assert!(!line.contains("ticket"), "{line}");
        assert_eq!(*seen.0.lock().unwrap(), ["default/authenticator/2xx"]);
    }

    #[test]
    fn the_secret_of_a_link_is_not_logged() {
        let secret = "A".repeat(43);
        assert_eq!(readable_path(&format!("/notice/{secret}")), "/notice/…");
        assert_eq!(readable_path("/wiki/start"), "/wiki/start");
    }

    #[test]
    fn a_long_path_is_cut_between_characters() {
        assert_eq!(shortened(&"é".repeat(600)).len(), 1024);
        assert_eq!(shortened("short"), "short");
    }
}
