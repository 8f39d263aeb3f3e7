//! The line to a gateway's API: one call after the other, each with whatever its kind needs.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::Secret;
use doorward_api::ports::Entropy;
use doorward_connect::{HttpAsk, HttpClient, HttpError, HttpTold, Reach};
use doorward_store::SystemEntropy;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::Stop;
use super::problem::Refusal;
use super::sessions::Sessions;
use super::show::{Manner, plain};
use super::typed;
use super::wait::aside;
use crate::Failure;
use crate::args::{RemoteArgs, USUAL_SERVER};
use crate::commands::runtime;

/// How long an answer may take. A password takes the longest, behind others.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer: a page of 200 users who are in many groups each.
const LONGEST: usize = 32 * 1024 * 1024;
/// How often a call is made again that was not done at all.
const TRIES: u32 = 4;
/// Nobody is kept waiting any longer for one that was turned away.
const LONGEST_WAIT: u64 = 30;

/// A call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    version: Option<String>,
    key: Option<String>,
}

impl Call {
    /// Below `/api/v1`.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, version: None, key: None }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path).with(body)
    }

    pub(super) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path).with(body)
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(super) fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The version that was seen.
    pub(super) fn seen(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// It makes, draws or sends something: done once, however often it is sent.
    pub(super) fn once(self) -> Self {
        self.under(SystemEntropy.id())
    }

    /// Done once under this key.
    pub(super) fn under(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Whether sending it twice does no more than sending it once.
    fn is_harmless(&self) -> bool {
        self.key.is_some() || self.method == Method::GET
    }

    /// Whether it is sent again after this answer. One that makes something may have been done all the same: only its key
    /// keeps it from being done twice.
    fn is_worth_another_try(&self, refusal: &Refusal) -> bool {
        match self.key {
            Some(_) => refusal.is("unavailable") || refusal.is("underway"),
            None => refusal.is("unavailable") && self.method != Method::POST,
        }
    }
}

/// What a call that was taken is answered with.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The version, quoted, as it is sent back.
    pub(super) etag: Option<String>,
    /// Where it is, below `/api/v1`.
    pub(super) location: Option<String>,
    /// The document; null where there is none.
    pub(super) body: Value,
}

/// A gateway, and as whom it is asked.
pub(super) struct Line {
    client: HttpClient,
    runtime: tokio::runtime::Runtime,
    server: String,
    bearer: RefCell<Option<Secret>>,
    /// How answers are shown.
    pub(super) manner: Manner,
}

impl Line {
    /// To a server, as whoever is signed in there.
    pub(super) fn open(at: &RemoteArgs) -> Result<Self, Stop> {
        let line = Self::unsigned(at)?;
        let token = match given_token(at)? {
            Some(token) => Some(of_virtual_server(token, at.virtual_server.as_deref())?),
            None => Sessions::open()?.find(&line.server, at.virtual_server.as_deref()).map(|kept| kept.token.clone()),
        };
        let token = token.ok_or_else(|| Stop::SignedOut(line.server.clone()))?;
        line.bearer.replace(Some(token));
        Ok(line)
    }

    /// To a server, as nobody yet.
    pub(super) fn unsigned(at: &RemoteArgs) -> Result<Self, Stop> {
        let authorities = at.ca.as_deref().map(std::fs::read_to_string).transpose();
        let authorities = authorities.map_err(|cause| Stop::because(format!("--ca: {cause}")))?;
        let client = HttpClient::new(Reach::Anywhere, authorities.as_deref()).map_err(Failure::other)?;
        let server = server(at)?;
        Ok(Self { client, runtime: runtime()?, server, bearer: RefCell::default(), manner: Manner::of(at.json) })
    }

    /// The server's address, without a slash at its end.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// From now on it is asked as whoever this belongs to.
    pub(super) fn sign(&self, token: Secret) {
        self.bearer.replace(Some(token));
    }

    /// Makes a call. Where it takes a fresh proof, and somebody sits at the terminal, they are asked for it.
    pub(super) fn call(&self, call: &Call) -> Result<Told, Stop> {
        self.proved(call, None)
    }

    /// Makes a call whose answer may be a file: it is written as it comes. A part of it is none.
    pub(super) fn call_for_file(&self, call: &Call, into: &mut dyn Write) -> Result<Told, Stop> {
        let mut sink = Sink { into, written: false, failed: None };
        let told = self.proved(call, Some(&mut sink));
        let failed = sink.failed.or_else(|| sink.into.flush().err());
        match failed {
            // Whoever reads it has seen enough (`| head`).
            Some(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Stop::because(cause.to_string())),
            _ => told,
        }
    }

    fn proved(&self, call: &Call, mut sink: Option<&mut Sink<'_>>) -> Result<Told, Stop> {
        match self.made(call, sink.as_deref_mut()) {
            Err(Stop::Refused(refusal)) if refusal.is("reproof-required") && typed::is_terminal() => {
                aside(|| {
                    eprintln!("Prove who you are: changes take a proof of the last ten minutes.");
                    self.prove()
                })?;
                self.made(call, sink).and_then(done)
            }
            outcome => outcome.and_then(done),
        }
    }

    /// Password and passcode, once more.
    pub(super) fn prove(&self) -> Result<Told, Stop> {
        let (password, passcode) = (typed::secret("Password: ")?, typed::secret("Passcode: ")?);
        let proof = json!({"password": password.expose(), "passcode": passcode.expose()});
        self.made(&Call::post("/session/proof", proof), None)
    }

    /// What lies there.
    pub(super) fn get(&self, path: impl Into<String>) -> Result<Told, Stop> {
        self.call(&Call::get(path))
    }

    /// Every entry of a list, a page at a time.
    pub(super) fn each(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mut take: impl FnMut(Vec<Value>) -> Result<bool, Stop>,
    ) -> Result<(), Stop> {
        let mut after = None;
        loop {
            let mut all = query.to_vec();
            all.push(("limit", "200"));
            let next: Option<String> = after.take();
            if let Some(next) = &next {
                all.push(("after", next));
            }
            let mut page = self.get(format!("{path}{}", asking(&all)))?.body;
            let items = page.get_mut("items").map(Value::take);
            let Some(Value::Array(items)) = items else { return Err(odd()) };
            let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if !take(items)? || next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }

    /// The whole of a list.
    pub(super) fn all(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, Stop> {
        let mut all = Vec::new();
        self.each(path, query, |mut items| {
            all.append(&mut items);
            Ok(true)
        })?;
        Ok(all)
    }

    /// What was turned away is tried again, and so is what went lost, if that does no harm.
    fn made(&self, call: &Call, mut sink: Option<&mut Sink<'_>>) -> Result<Told, Stop> {
        let mut tried = 0;
        loop {
            tried += 1;
            let more = tried < TRIES;
            let heard = self.sent(call, sink.as_deref_mut());
            let begun = sink.as_ref().is_some_and(|sink| sink.written);
            match heard {
                Err(Lost(cause)) if begun => return Err(Stop::because(format!("the file broke off: {cause}"))),
                Err(Lost(_)) if more && call.is_harmless() => self.rest(1),
                Err(Lost(cause)) => {
                    return Err(Stop::because(format!("{} cannot be reached: {cause}", self.server)));
                }
                Ok(Heard::Refused(refusal)) => match refusal.retry_after {
                    Some(seconds) if more && seconds <= LONGEST_WAIT && call.is_worth_another_try(&refusal) => {
                        self.rest(seconds);
                    }
                    _ => return Err(self.refused(refusal)),
                },
                Ok(Heard::Odd) => return Err(odd()),
                Ok(Heard::Told(told)) => return Ok(told),
            }
        }
    }

    fn rest(&self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }

    /// What the server itself could not do is no refusal.
    fn refused(&self, refusal: Box<Refusal>) -> Stop {
        if refusal.is("sign-in-required") {
            Stop::SignedOut(self.server.clone())
        } else if refusal.status >= 500 {
            Stop::because(format!("{}: {refusal}", self.server))
        } else {
            Stop::Refused(refusal)
        }
    }

    fn sent(&self, call: &Call, sink: Option<&mut Sink<'_>>) -> Result<Heard, Lost> {
        let url = format!("{}/api/v1{}", self.server, call.path);
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
        let headers = self.headers(call);
        let ask = HttpAsk { method: call.method.clone(), url: &url, headers, body, limit: PATIENCE, longest: LONGEST };
        let told = match sink {
            None => self.runtime.block_on(self.client.ask(ask)),
            Some(sink) => self.runtime.block_on(self.client.ask_for_file(ask, is_file, |part| sink.take(part))),
        };
        Ok(read(&told.map_err(Lost)?, self.manner.json))
    }

    fn headers(&self, call: &Call) -> Vec<(&'static str, String)> {
        let mut headers = vec![("accept", "application/json".to_owned())];
        if let Some(token) = &*self.bearer.borrow() {
            headers.push(("authorization", format!("Bearer {}", token.expose())));
        }
        if call.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if let Some(version) = &call.version {
            headers.push(("if-match", version.clone()));
        }
        if let Some(key) = &call.key {
            headers.push(("idempotency-key", key.clone()));
        }
        headers
    }
}

/// Why a call may not have arrived.
struct Lost(HttpError);

/// Where a file goes, part by part.
struct Sink<'a> {
    into: &'a mut dyn Write,
    written: bool,
    failed: Option<std::io::Error>,
}

impl Sink<'_> {
    fn take(&mut self, part: &[u8]) -> ControlFlow<()> {
        self.written = true;
        match self.into.write_all(part) {
            Ok(()) => ControlFlow::Continue(()),
            Err(cause) => {
                self.failed = Some(cause);
                ControlFlow::Break(())
            }
        }
    }
}

/// What a call is answered with.
enum Heard {
    Told(Told),
    Refused(Box<Refusal>),
    /// Neither JSON nor nothing, where no file was asked for.
    Odd,
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// What was taken and is no JSON.
fn is_file(status: u16, headers: &HeaderMap) -> bool {
    let kind = header(headers, "content-type");
    (200..300).contains(&status) && kind.is_some_and(|kind| !kind.trim_start().starts_with("application/json"))
}

fn read(told: &HttpTold, whole: bool) -> Heard {
    let body: Option<Value> = match told.body.as_slice() {
        [] => Some(Value::Null),
        text => serde_json::from_slice(text).ok(),
    };
    if !(200..300).contains(&told.status) {
        let body = body.unwrap_or_default();
        let retry_after = header(&told.headers, "retry-after").and_then(|seconds| seconds.parse().ok());
        let mut refusal = Refusal::read(told.status, &body, retry_after);
        refusal.document = Some(body).filter(|body| whole && body.is_object());
        return Heard::Refused(Box::new(refusal));
    }
    let Some(body) = body else { return Heard::Odd };
    let location = header(&told.headers, "location");
    let location = location.map(|path| path.strip_prefix("/api/v1").unwrap_or(&path).to_owned());
    Heard::Told(Told { etag: header(&told.headers, "etag"), location, body })
}

/// An answer that this version does not understand.
pub(super) fn odd() -> Stop {
    Stop::because("the server's answer is none of this API")
}

/// The address of a server as it is kept: scheme and authority, nothing behind them.
fn server(at: &RemoteArgs) -> Result<String, Stop> {
    let said = at.said_server().unwrap_or_else(|| USUAL_SERVER.to_owned());
    let trimmed = said.trim().trim_end_matches('/').trim_end_matches("/api/v1").to_ascii_lowercase();
    let uri: Option<http::Uri> = trimmed.parse().ok();
    let is_origin = |uri: &http::Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some()
            && uri.path() == "/"
            && uri.query().is_none()
    };
    match uri.filter(is_origin) {
        Some(_) => Ok(trimmed),
        None => Err(Stop::because(format!("{said:?} is no server's address, such as https://console.example.org"))),
    }
}

fn given_token(at: &RemoteArgs) -> Result<Option<Secret>, Stop> {
    if let Some(file) = &at.token_file {
        return typed::first_line(file).map(Some);
    }
    let token = std::env::var("DOORWARD_TOKEN").ok().filter(|token| !token.trim().is_empty());
    Ok(token.map(|token| Secret::new(token.trim())))
}

/// The token, unless it belongs to another virtual server than the one that is asked for: what was meant for the one would be done
/// in the other. Tokens end with a dot and the name of theirs.
fn of_virtual_server(token: Secret, wanted: Option<&str>) -> Result<Secret, Stop> {
    let Some(wanted) = wanted else { return Ok(token) };
    let named = token.expose().rsplit_once('.').and_then(|(_, name)| BASE64URL_NOPAD.decode(name.as_bytes()).ok());
    match named.and_then(|name| String::from_utf8(name).ok()) {
        Some(named) if named == wanted => Ok(token),
        Some(named) => {
            let named = plain(&named);
            Err(Stop::because(format!("--virtual-server {wanted}: the token that is given belongs to {named}")))
        }
        None => Err(Stop::because(format!("--virtual-server {wanted}: the token that is given says of none"))),
    }
}

/// A file's text, or that of standard input.
pub(super) fn text_of(file: &Path) -> Result<String, Stop> {
    let wrong = |cause: std::io::Error| Stop::because(format!("{}: {cause}", file.display()));
    if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).map_err(wrong)
    } else {
        std::fs::read_to_string(file).map_err(wrong)
    }
}

/// What waits for another operator was not done: whoever goes on as if it were would be wrong.
fn done(told: Told) -> Result<Told, Stop> {
    // Of one that is only looked at nothing is said of where it is.
    let is_held = told.location.is_some() && told.body.pointer("/approval/id").is_some();
    if is_held { Err(Stop::Held(Box::new(told.body))) } else { Ok(told) }
}

/// `?a=b&c=d` of what is not empty.
pub(super) fn asking(query: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

/// Percent-encoded (RFC 3986), whatever is in it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_origin() {
        let of = |said: &str| server(&RemoteArgs { server: Some(said.to_owned()), ..RemoteArgs::default() }).ok();
        assert_eq!(of("https://Console.example.org/").as_deref(), Some("https://console.example.org"));
        assert_eq!(of("http://127.0.0.1:8081/api/v1/").as_deref(), Some("http://127.0.0.1:8081"));
        for wrong in ["console.example.org", "ftp://a", "https://a/console", "https://", "https://a?b", "x y"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_query_holds_any_text() {
        assert_eq!(asking(&[("q", "a b&c=ü"), ("limit", "5"), ("after", "")]), "?q=a%20b%26c%3D%C3%BC&limit=5");
        assert_eq!(asking(&[("q", "")]), "");
    }

    #[test]
    fn an_answer_is_read_by_its_status() {
        let mut headers = HeaderMap::new();
        headers.insert("etag", "\"4\"".parse().unwrap());
        headers.insert("location", "/api/v1/users/u".parse().unwrap());
        headers.insert("retry-after", "5".parse().unwrap());
        let heard =
            |status, body: &str, whole| read(&HttpTold { status, headers: headers.clone(), body: body.into() }, whole);
        let Heard::Told(taken) = heard(201, "{\"id\":\"u\"}", true) else { panic!("it was taken") };
        assert_eq!((taken.etag.as_deref(), taken.location.as_deref()), (Some("\"4\""), Some("/users/u")));
        assert_eq!(taken.body["id"], "u");
        assert!(matches!(heard(204, "", false), Heard::Told(told) if told.body.is_null()));
        assert!(matches!(heard(200, "\"time\",\"event\"\r\n", false), Heard::Odd), "nothing is thrown away unsaid");
        let refusal = |whole| match heard(503, "{\"type\":\"urn:doorward:problem:unavailable\"}", whole) {
            Heard::Refused(refusal) => refusal,
            _ => panic!("it was refused"),
        };
        assert!(refusal(false).is("unavailable") && refusal(false).retry_after == Some(5));
        assert!(refusal(false).document.is_none() && refusal(true).document.is_some());
        assert!(matches!(heard(502, "<html>", true), Heard::Refused(refusal) if refusal.document.is_none()));
    }

    #[test]
    fn what_may_have_been_done_is_sent_again_under_its_key_only() {
        let refusal = |kind: &str| {
            let body = json!({"type": format!("urn:doorward:problem:{kind}")});
            Refusal::read(503, &body, Some(5))
        };
        let (unavailable, underway) = (refusal("unavailable"), refusal("underway"));
        let makes = Call::post("/api-keys", json!({}));
        assert!(!makes.is_worth_another_try(&unavailable) && !makes.is_worth_another_try(&underway));
        let makes = makes.once();
        assert!(makes.is_worth_another_try(&unavailable) && makes.is_worth_another_try(&underway));
        assert!(!makes.is_worth_another_try(&refusal("invalid")));
        assert!(Call::get("/users").is_worth_another_try(&unavailable));
        assert!(Call::delete("/users/u").is_worth_another_try(&unavailable));
    }

    #[test]
    fn a_file_is_what_was_taken_and_is_no_json() {
        let of = |kind: &str| HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind.parse().unwrap())]);
        assert!(is_file(200, &of("text/csv")));
        assert!(!is_file(200, &of("application/json")) && !is_file(403, &of("text/html")));
        assert!(!is_file(204, &HeaderMap::new()));
    }
}
