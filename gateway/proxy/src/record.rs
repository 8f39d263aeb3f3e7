//! Room 8: one line in the access log and one measurement for every outcome, whatever became of the request. The record
//! lies in the request's context; should that be dropped before Pingora reports the end (a client left, a session was cut),
//! dropping it writes the line.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use doorward_api::ports::{Entropy, Metrics};
use doorward_api::{PolicyId, Subject, Token, UserId};

use crate::arrive::Arrived;
use crate::refusal::Refusal;

/// The longest value of a line (AU-01).
const LONGEST: usize = 1024;

/// Where records go.
pub(crate) struct Book {
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) access_log: bool,
}

/// What is known of a request by now.
pub(crate) struct Record {
    book: Arc<Book>,
    begun: Instant,
    written: bool,
    /// The request's id; on error pages, in the answer, and sent upstream.
    pub(crate) request_id: String,
    /// The virtual server; empty while unknown.
    pub(crate) virtual_server: String,
    /// The application, or `portal`, `console`, `none`.
    pub(crate) app: String,
    host: String,
    method: String,
    path: String,
    client: Option<IpAddr>,
    user: Option<UserId>,
    decision: &'static str,
    policies: String,
    /// Why it was refused or failed.
    pub(crate) reason: Option<String>,
}

impl Record {
    /// Begins with nothing but an id.
    pub(crate) fn begin(book: Arc<Book>, request_id: String) -> Self {
        Self::begin_at(Instant::now(), book, request_id)
    }

    fn begin_at(begun: Instant, book: Arc<Book>, request_id: String) -> Self {
        Self {
            book,
            begun,
            written: false,
            request_id,
            virtual_server: String::new(),
            app: "none".to_owned(),
            host: String::new(),
            method: String::new(),
            path: String::new(),
            client: None,
            user: None,
            decision: "none",
            policies: String::new(),
            reason: None,
        }
    }

    /// What the first room found.
    pub(crate) fn arrived(&mut self, arrived: &Arrived) {
        self.client = Some(arrived.client);
        self.host.clone_from(&arrived.host.name);
        self.method.clone_from(&arrived.method);
        self.path = readable_path(&arrived.path);
    }

    /// The path in its canonical form.
    pub(crate) fn path(&mut self, path: &str) {
        self.path = readable_path(path);
    }

    /// Who asks.
    pub(crate) fn subject(&mut self, subject: &Subject) {
        self.user = subject.principal().map(|principal| principal.user.clone());
    }

    /// What the gate said.
    pub(crate) fn decision(&mut self, decision: &'static str, by: &[PolicyId]) {
        self.decision = decision;
        self.policies = shortened(&by.iter().map(PolicyId::as_str).collect::<Vec<_>>().join(","));
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
        self.book.metrics.request(&self.virtual_server, &self.app, status_class(status), took);
        if self.book.access_log {
            self.write_line(status, took.as_secs_f64() * 1000.0);
        }
    }

    fn write_line(&self, status: Option<u16>, milliseconds: f64) {
        tracing::info!(
            target: "access",
            request_id = %self.request_id,
            virtual_server = %self.virtual_server,
            app = %self.app,
            client = self.client.map(tracing::field::display),
            host = %self.host,
            method = %self.method,
            path = %self.path,
            status = status.unwrap_or_default(),
            cut = status.is_none(),
            decision = self.decision,
            policies = %self.policies,
            user = self.user.as_ref().map(tracing::field::display),
            reason = self.reason.as_deref().map(shortened),
            ms = milliseconds,
            "request"
        );
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

/// A path for the log: secrets of links left out, and not too long.
fn readable_path(path: &str) -> String {
    let readable = |segment: &str| if Token::parse(segment).is_some() { "…".to_owned() } else { segment.to_owned() };
    shortened(&path.split('/').map(readable).collect::<Vec<_>>().join("/"))
}

fn shortened(text: &str) -> String {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or(0);
    if text.len() <= LONGEST { text.to_owned() } else { text.get(..end).unwrap_or_default().to_owned() }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use doorward_api::Factor;

    use super::*;

    /// Remembers what was measured of requests.
    #[derive(Default)]
    pub(crate) struct Seen(pub(crate) Mutex<Vec<String>>);

    impl Metrics for Seen {
        fn decision(&self, _: &str, _: &str, _: &'static str, _: bool, _: Duration) {}
        fn request(&self, vs: &str, app: &str, class: &'static str, _: Duration) {
            self.0.lock().unwrap().push(format!("{vs}/{app}/{class}"));
        }
        fn upstream(&self, app: &str, outcome: &'static str) {
            self.0.lock().unwrap().push(format!("{app}: {outcome}"));
        }
        fn sign_in(&self, _: &str, _: Factor, _: &'static str) {}
        fn flow_refusal(&self, _: &str, _: &'static str) {}
        fn enrollment(&self, _: &str, _: &'static str, _: &'static str) {}
        fn mail(&self, _: &str, _: &'static str, _: &'static str) {}
        fn reload(&self, _: &'static str, _: &'static str) {}
        fn front_refusal(&self, reason: &'static str) {
            self.0.lock().unwrap().push(reason.to_owned());
        }
    }

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn every_request_is_measured_once_a_cut_one_too() {
        let seen = Arc::new(Seen::default());
        let book = Arc::new(Book { metrics: seen.clone(), access_log: true });
        let mut record = Record::begin(book.clone(), "one".into());
        record.finish(Some(204));
        drop(record);
        drop(Record::begin(book, "two".into()));
        assert_eq!(*seen.0.lock().unwrap(), ["/none/2xx", "/none/cut"]);
    }

    #[test]
    fn a_refused_head_is_a_request_that_was_answered() {
        let seen = Arc::new(Seen::default());
        let refusals =
            Refusals { book: Arc::new(Book { metrics: seen.clone(), access_log: true }), entropy: Arc::new(Zeros) };
        let answer = refusals.head(Refusal::bad("host_twice"), None, Instant::now());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(*seen.0.lock().unwrap(), ["host_twice", "/none/4xx"]);
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
