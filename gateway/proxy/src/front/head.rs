//! The raw head of an HTTP/1 request, looked at before Pingora parses it: the only place where the bytes can still be seen
//! as they came (FR, HO). Pure functions over bytes.
//!
//! Strict on purpose. RFC 9112 lets a server be lenient with line ends, folding and lists of lengths; each leniency is a
//! way for two servers to see two requests in the same bytes, so none is taken.

use http::StatusCode;
use memchr::{memchr, memchr_iter};

use crate::canonical::{check_host, is_target_byte, split_target};
use crate::hygiene::folds_to;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// The longest method that is looked at; longer ones are none.
const LONGEST_METHOD: usize = 32;
/// Room in a request line for what is not its target: method, two spaces, version, line end.
const AROUND_TARGET: usize = LONGEST_METHOD + 12;
/// From this many options in `Connection` on, the field is an attack and not a request (HH-03).
const MOST_CONNECTION_OPTIONS: usize = 9;

/// How far a head has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not all of it.
    More,
    /// All of it: so many bytes, the empty line included.
    Complete(usize),
}

/// Looks for the end of a head in a buffer that grows, without looking at any byte twice.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    seen: usize,
    line_start: usize,
}

impl Scan {
    /// Looks at what has been added to the buffer.
    pub(crate) fn advance(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, Refusal> {
        let fresh = buffer.get(self.seen..).unwrap_or_default();
        for at in memchr_iter(b'\n', fresh).map(|offset| self.seen + offset) {
            let line = buffer.get(self.line_start..at).and_then(|line| line.strip_suffix(b"\r"));
            let line = line.ok_or(Refusal::bad("bare_lf"))?;
            if line.is_empty() {
                return complete(at + 1, self.line_start, limits);
            }
            if self.line_start == 0 {
                check_first_line(line.len(), limits)?;
            }
            self.line_start = at + 1;
        }
        self.seen = buffer.len();
        if self.line_start == 0 {
            check_first_line(buffer.len(), limits)?;
        }
        if buffer.len() >= limits.header_bytes {
            return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_long"));
        }
        Ok(Progress::More)
    }
}

/// Said as soon as it is known: a target that is too long may never end.
fn check_first_line(length: usize, limits: &Limits) -> Result<(), Refusal> {
    if length > limits.target_bytes + AROUND_TARGET {
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "target_too_long"));
    }
    Ok(())
}

fn complete(length: usize, line_start: usize, limits: &Limits) -> Result<Progress, Refusal> {
    if line_start == 0 {
        return Err(Refusal::bad("empty_line_first"));
    }
    if length > limits.header_bytes {
        return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_long"));
    }
    Ok(Progress::Complete(length))
}

/// A head that passed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The request line in origin-form, when it came in absolute-form: it replaces the line as far as its CRLF.
    pub(crate) request_line: Option<Vec<u8>>,
    /// A body in chunks follows.
    pub(crate) chunked: bool,
    /// There is a field `Upgrade`.
    pub(crate) asks_to_switch: bool,
}

/// Checks a complete head.
pub(crate) fn check(head: &[u8], limits: &Limits) -> Result<Checked, Refusal> {
    let head = head.strip_suffix(b"\r\n").filter(|head| head.ends_with(b"\r\n")).ok_or(Refusal::bad("head_form"))?;
    // All at once and without an early end, so that many bytes are looked at in one step.
    let plain = |byte: u8| (byte >= 0x20 && byte != 0x7f) | matches!(byte, b'\t' | b'\r' | b'\n');
    if !head.iter().fold(true, |good, byte| good & plain(*byte)) {
        return Err(Refusal::bad("control_byte"));
    }
    let mut lines = lines(head);
    let line = RequestLine::parse(lines.next().unwrap_or(Ok(b""))?, limits)?;
    let mut fields = Fields::default();
    for field in lines {
        fields.add(field?, limits)?;
    }
    // Every line has the one at its end.
    if head.iter().filter(|byte| **byte == b'\r').count() != fields.count + 1 {
        return Err(Refusal::bad("bare_cr"));
    }
    let host = fields.host()?;
    fields.framing(line.one_dot_zero)?;
    Ok(Checked {
        request_line: line.in_origin_form(host)?,
        chunked: fields.transfer_encoding.first.is_some(),
        asks_to_switch: fields.asks_to_switch,
    })
}

/// The lines of a head that ends with one, each without its CRLF.
fn lines(head: &[u8]) -> impl Iterator<Item = Result<&[u8], Refusal>> {
    let mut start = 0;
    memchr_iter(b'\n', head).map(move |end| {
        let line = head.get(start..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(Refusal::bad("bare_lf"));
        start = end + 1;
        line
    })
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
    one_dot_zero: bool,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::bad("request_line"));
        };
        check_method(method)?;
        if target.len() > limits.target_bytes {
            return Err(Refusal::new(StatusCode::URI_TOO_LONG, "target_too_long"));
        }
        if !target.iter().copied().all(is_target_byte) {
            return Err(Refusal::bad("target_byte"));
        }
        let one_dot_zero = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                return Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "version"));
            }
            _ => return Err(Refusal::bad("version")),
        };
        Ok(Self { method, target, version, one_dot_zero })
    }

    /// An absolute-form target must name the very host of the `Host` field (RFC 9112 3.2.2, HO-01) and is rewritten, so
    /// that nothing behind this line sees any other form than `/…`.
    fn in_origin_form(&self, host: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        if self.target.starts_with(b"/") {
            return split_target(self.target).map(|_| None);
        }
        let rest = strip_scheme(self.target).ok_or(Refusal::bad("target_form"))?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !authority.eq_ignore_ascii_case(host) {
            return Err(Refusal::bad("target_other_host"));
        }
        let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
        let target = [slash, path].concat();
        split_target(&target)?;
        Ok(Some([self.method, b" ", &target, b" ", self.version].concat()))
    }
}

fn strip_scheme(target: &[u8]) -> Option<&[u8]> {
    [b"http://".as_slice(), b"https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// What every method must be, whatever the application allows later (FR-12).
pub(crate) fn check_method(method: &[u8]) -> Result<(), Refusal> {
    if !is_token(method) {
        return Err(Refusal::bad("method_form"));
    }
    if matches!(method, b"CONNECT" | b"TRACE") {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_never"));
    }
    if method.len() > LONGEST_METHOD || method.iter().any(u8::is_ascii_lowercase) {
        return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "method_unknown"));
    }
    Ok(())
}

/// The fields that frame and route a request; all others are only counted and looked at byte by byte.
#[derive(Default)]
struct Fields<'a> {
    count: usize,
    host: Single<'a>,
    content_length: Single<'a>,
    transfer_encoding: Single<'a>,
    connection_options: usize,
    asks_to_switch: bool,
}

/// A field that may come once.
#[derive(Default)]
struct Single<'a> {
    first: Option<&'a [u8]>,
    again: bool,
}

impl<'a> Single<'a> {
    fn add(&mut self, value: &'a [u8]) {
        self.again = self.first.is_some();
        self.first.get_or_insert(value);
    }

    /// The value, if there is just one.
    fn only(&self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.again)
    }
}

/// The names that are looked at, in small letters.
const FRAMING: [&str; 3] = ["host", "content-length", "transfer-encoding"];

impl<'a> Fields<'a> {
    fn add(&mut self, line: &'a [u8], limits: &Limits) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > limits.header_fields {
            return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_fields"));
        }
        if line.len() > limits.field_bytes {
            return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "field_too_long"));
        }
        // Controls are looked for in the whole head.
        let (name, value) = name_and_value(line)?;
        let is = |word: &str| name.eq_ignore_ascii_case(word);
        // Nearly every name is of another length than these.
        match name.len() {
            4 if is("host") => self.host.add(value),
            14 if is("content-length") => self.content_length.add(value),
            17 if is("transfer-encoding") => self.transfer_encoding.add(value),
            10 if is("connection") => self.connection(value)?,
            6 if is("expect") => check_expectation(value)?,
            7 if is("upgrade") => self.asks_to_switch = true,
            // `Transfer_Encoding` is the same word to a server that folds names.
            _ if FRAMING.iter().any(|word| folds_to(name, word)) => return Err(Refusal::bad("folded_framing")),
            _ => {}
        }
        Ok(())
    }

    fn host(&self) -> Result<&'a [u8], Refusal> {
        let missing = self.host.first.is_none();
        let host = self.host.only().ok_or(Refusal::bad(if missing { "host_missing" } else { "host_twice" }))?;
        let text = std::str::from_utf8(host).map_err(|_| Refusal::bad("host_form"))?;
        check_host(text)?;
        Ok(host)
    }

    /// Exactly one of: no body, one length, `chunked` (SEC 5.2).
    fn framing(&self, one_dot_zero: bool) -> Result<(), Refusal> {
        match (&self.content_length, &self.transfer_encoding) {
            (Single { first: None, .. }, Single { first: None, .. }) => Ok(()),
            (length, Single { first: None, .. }) => match length.only() {
                Some(length) => check_length(length),
                None => Err(Refusal::bad("content_length_twice")),
            },
            (Single { first: None, .. }, _) if one_dot_zero => Err(Refusal::bad("transfer_encoding_in_1_0")),
            (Single { first: None, .. }, coding) => match coding.only() {
                Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => Ok(()),
                _ => Err(Refusal::bad("transfer_encoding")),
            },
            _ => Err(Refusal::bad("two_framings")),
        }
    }

    fn connection(&mut self, value: &[u8]) -> Result<(), Refusal> {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|option| !option.is_empty()) {
            self.connection_options += 1;
            if self.connection_options > MOST_CONNECTION_OPTIONS || !is_token(option) {
                return Err(Refusal::bad("connection_options"));
            }
            // A length is for everybody on the way: who takes it for one hop's forwards a body without it (RFC 9110 7.6.1).
            if option.eq_ignore_ascii_case(b"content-length") {
                return Err(Refusal::bad("length_nominated"));
            }
        }
        Ok(())
    }
}

pub(crate) fn split_field(line: &[u8]) -> Result<(&str, &[u8]), Refusal> {
    let (name, value) = name_and_value(line)?;
    if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
        return Err(Refusal::bad("field_value"));
    }
    Ok((name, value))
}

/// The same, for a line without control characters.
fn name_and_value(line: &[u8]) -> Result<(&str, &[u8]), Refusal> {
    if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        return Err(Refusal::bad("folded_line"));
    }
    let colon = memchr(b':', line).ok_or(Refusal::bad("field_form"))?;
    let (name, value) = line.split_at_checked(colon).ok_or(Refusal::bad("field_form"))?;
    if !is_token(name) {
        return Err(Refusal::bad("field_name"));
    }
    let value = value.strip_prefix(b":").unwrap_or(value);
    let name = std::str::from_utf8(name).map_err(|_| Refusal::bad("field_name"))?;
    Ok((name, trim_blanks(value)))
}

/// RFC 9110 `OWS` around a value: spaces and tabs, nothing else.
fn trim_blanks(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    value.get(start..end).unwrap_or_default()
}

/// One way to write a length: digits, no sign, no list, no leading zero, and small enough for everybody (FR-02).
pub(crate) fn check_length(value: &[u8]) -> Result<(), Refusal> {
    let digits = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let padded = value.len() > 1 && value.starts_with(b"0");
    if digits && !padded { Ok(()) } else { Err(Refusal::bad("content_length")) }
}

/// RFC 9110 10.1.1 knows one expectation (FR-10).
pub(crate) fn check_expectation(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"100-continue") {
        Ok(())
    } else {
        Err(Refusal::new(StatusCode::EXPECTATION_FAILED, "expectation"))
    }
}

/// RFC 9110 `token`: one of its characters at least.
fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_character)
}

/// RFC 9110 `tchar`.
pub(crate) fn is_token_character(byte: u8) -> bool {
    // One look for each byte of every name.
    static IS_ONE: [bool; 256] = token_characters();
    IS_ONE.get(usize::from(byte)) == Some(&true)
}

const fn token_characters() -> [bool; 256] {
    let mut are = [false; 256];
    let (mut rest, mut byte) = (are.as_mut_slice(), 0_u8);
    while let Some((is_one, after)) = rest.split_first_mut() {
        *is_one = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        rest = after;
        byte = byte.wrapping_add(1);
    }
    are
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(head: &[u8]) -> u16 {
        let limits = Limits::default();
        match Scan::default().advance(head, &limits) {
            Ok(Progress::More) => 0,
            Ok(Progress::Complete(length)) => match check(&head[..length], &limits) {
                Ok(_) => 200,
                Err(refusal) => refusal.status.as_u16(),
            },
            Err(refusal) => refusal.status.as_u16(),
        }
    }

    /// A POST with these lines after its `Host`.
    fn post(lines: &str) -> u16 {
        outcome(format!("POST /p HTTP/1.1\r\nHost: app.test\r\n{lines}\r\n\r\n").as_bytes())
    }

    fn get(target: &str) -> u16 {
        outcome(format!("GET {target} HTTP/1.1\r\nHost: app.test\r\n\r\n").as_bytes())
    }

    #[test]
    fn one_framing_passes_and_every_second_one_is_refused() {
        for (lines, status) in [
            ("Accept: */*", 200),
            ("Content-Length: 5", 200),
            ("Content-Length: 0", 200),
            ("Transfer-Encoding: chunked", 200),
            ("transfer-encoding: Chunked", 200),
            ("Content-Length: 44\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 4", 400),
            ("Content-Length: 5\r\nContent-Length: 5", 400),
            ("Content-Length: 5\r\nContent-Length: 6", 400),
            ("Content-Length: 5, 5", 400),
            ("Content-Length: +5", 400),
            ("Content-Length: 0x5", 400),
            ("Content-Length: -1", 400),
            ("Content-Length: 18446744073709551621", 400),
            ("Content-Length:", 400),
            ("Content-Length: 5 5", 400),
            ("Content-Length: 05", 400),
            ("Content-Length: １", 400),
            ("Content_Length: 5", 400),
            ("Transfer-Encoding: xchunked", 400),
            ("Transfer-Encoding: chunked, identity", 400),
            ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked, chunked", 400),
            ("Transfer-Encoding: ,chunked", 400),
            ("Transfer-Encoding: chunked;q=1", 400),
            ("Transfer-Encoding: \x0bchunked", 400),
            ("Transfer-Encoding : chunked", 400),
            ("Transfer-Encoding:\r\n chunked", 400),
            ("Transfer_Encoding: chunked", 400),
        ] {
            assert_eq!(post(lines), status, "{lines:?}");
        }
    }

    #[test]
    fn http_1_0_has_no_transfer_encoding() {
        assert_eq!(outcome(b"POST /p HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
        assert_eq!(outcome(b"GET /p HTTP/1.0\r\nHost: app.test\r\n\r\n"), 200);
    }

    #[test]
    fn lines_end_in_one_way() {
        for (head, status) in [
            (&b"GET / HTTP/1.1\nHost: app.test\n\n"[..], 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\nA: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\rc\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\r\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\0c\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\r\n c\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA : b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\n: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA\"c: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\nA: caf\xc3\xa9\tb\r\n\r\n", 200),
            (b"\r\nGET / HTTP/1.1\r\nHost: app.test\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: app.test\r\n", 0),
        ] {
            assert_eq!(outcome(head), status, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_request_line_has_three_words_and_a_printable_target() {
        for (line, status) in [
            ("GET / HTTP/1.1", 200),
            ("GET /a?b=[c]|{d} HTTP/1.1", 200),
            ("GET /p x HTTP/1.1", 400),
            ("GET  / HTTP/1.1", 400),
            ("GET /\tadmin HTTP/1.1", 400),
            ("GET\t/ HTTP/1.1", 400),
            ("GET /#x HTTP/1.1", 400),
            ("GET /é HTTP/1.1", 400),
            ("GET / HTTP/1.1 ", 400),
            ("GET /", 400),
            ("GET / http/1.1", 400),
            ("GET / HTTP/2.0", 505),
            ("GET / HTTP/1.2", 505),
            ("PRI * HTTP/2.0", 505),
            ("CONNECT app.test:443 HTTP/1.1", 405),
            ("TRACE / HTTP/1.1", 405),
            ("get / HTTP/1.1", 501),
            ("GeT / HTTP/1.1", 501),
            ("G{T / HTTP/1.1", 400),
            ("PROPFIND / HTTP/1.1", 200),
            ("OPTIONS * HTTP/1.1", 400),
            ("GET admin HTTP/1.1", 400),
        ] {
            assert_eq!(outcome(format!("{line}\r\nHost: app.test\r\n\r\n").as_bytes()), status, "{line:?}");
        }
        let long = "M".repeat(1024);
        assert_eq!(outcome(format!("{long} / HTTP/1.1\r\nHost: app.test\r\n\r\n").as_bytes()), 501);
    }

    #[test]
    fn an_absolute_target_names_the_host_of_the_request_or_is_refused() {
        assert_eq!(get("http://app.test/x"), 200);
        assert_eq!(get("http://evil.test/x"), 400);
        assert_eq!(get("http://app.test@evil.test/x"), 400);
        assert_eq!(get("http://app.test.evil.test/x"), 400);
        assert_eq!(get("ftp://app.test/x"), 400);
        let line = |target: &str| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: app.test\r\n\r\n");
            check(head.as_bytes(), &Limits::default())
                .unwrap()
                .request_line
                .map(|line| String::from_utf8(line).unwrap())
        };
        assert_eq!(line("/x"), None);
        assert_eq!(line("HTTP://APP.test/x?y").as_deref(), Some("GET /x?y HTTP/1.1"));
        assert_eq!(line("http://app.test").as_deref(), Some("GET / HTTP/1.1"));
        assert_eq!(line("http://app.test?y").as_deref(), Some("GET /?y HTTP/1.1"));
    }

    #[test]
    fn there_is_one_host_and_it_is_one() {
        for (lines, status) in [
            ("Host: app.test", 200),
            ("host: APP.test.:8080", 200),
            ("Accept: x", 400),
            ("Host: app.test\r\nHost: app.test", 400),
            ("Host: a, b", 400),
            ("Host: app.test@evil.test", 400),
            ("Host: app.test:0", 400),
            ("Host: app.test:99999", 400),
            ("Host: [::1", 400),
            ("Host:", 400),
            ("HOST: app.test", 200),
        ] {
            assert_eq!(outcome(format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n").as_bytes()), status, "{lines:?}");
        }
    }

    #[test]
    fn expectations_and_connection_options_are_bounded() {
        assert_eq!(post("Expect: 100-continue"), 200);
        assert_eq!(post("Expect: foo"), 417);
        assert_eq!(post("Connection: close, X-Remote-User"), 200);
        assert_eq!(post("Connection: a,b,c,d,e,f,g,h,i,j,k,l"), 400);
        assert_eq!(post("Connection: :authority"), 400);
        assert_eq!(post("Connection: close, Content-length"), 400);
    }

    #[test]
    fn who_asks_to_switch_is_known_from_the_head() {
        let switches = |lines: &str| {
            let head = format!("GET /upgrade: HTTP/1.1\r\nHost: app.test\r\n{lines}\r\n");
            check(head.as_bytes(), &Limits::default()).unwrap().asks_to_switch
        };
        assert!(switches("uPgrade: websocket\r\n"));
        assert!(!switches("X-Upgrade: upgrade: websocket\r\n"));
        assert!(!switches(""));
    }

    #[test]
    fn a_line_that_only_nearly_ends_is_no_line_whatever_comes_with_it() {
        for head in [
            // As many carriage returns as lines, and not one at the end of each.
            &b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\r\r\nC: d\n\r\n"[..],
            b"GET / HTTP/1.1\r\r\nHost: app.test\n\r\n",
            b"GET / HTTP/1.1\r\nHost: app.test\r\nA: \rb\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: app.test\r\nA: b\x7f\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: app.test\r\nA: \x0bb\r\n\r\n",
        ] {
            assert_eq!(
                check(head, &Limits::default()).map_err(|refusal| refusal.status.as_u16()),
                Err(400),
                "{}",
                head.escape_ascii()
            );
        }
    }

    #[test]
    fn too_much_of_anything_is_refused_with_its_own_status() {
        assert_eq!(get(&format!("/{}", "a".repeat(8191))), 200);
        assert_eq!(get(&format!("/{}", "a".repeat(8192))), 414);
        assert_eq!(get(&"a".repeat(70_000)), 414);
        assert_eq!(post(&"A: b\r\n".repeat(98)).to_string(), "200", "98 and Host");
        assert_eq!(post(&"A: b\r\n".repeat(101)), 431);
        assert_eq!(post(&format!("A: {}", "b".repeat(17_000))), 431);
        assert_eq!(post(&format!("A: {}\r\n", "b".repeat(1000)).repeat(66)), 431);
        // Nothing has ended yet, and it is too much already.
        assert_eq!(outcome(format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(66_000)).as_bytes()), 431);
    }

    #[test]
    fn a_head_that_comes_byte_by_byte_is_the_same_head() {
        let head = b"POST /p HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi";
        let mut scan = Scan::default();
        let limits = Limits::default();
        let mut ended = None;
        for length in 1..=head.len() {
            if let Progress::Complete(at) = scan.advance(&head[..length], &limits).unwrap() {
                ended = Some((length, at));
                break;
            }
        }
        assert_eq!(ended, Some((head.len() - 2, head.len() - 2)));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut state = 1_u32;
        let limits = Limits::default();
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"GET /HTP1.:\r\n\r\n \t\0a-"[(state >> 24) as usize % 20]
                })
                .collect();
            let _ = Scan::default().advance(&bytes, &limits);
            let _ = check(&bytes, &limits);
        }
    }
}
