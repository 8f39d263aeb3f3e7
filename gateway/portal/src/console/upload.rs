//! A form with a file: `multipart/form-data` (RFC 7578), read strictly. Every browser writes it the same way, so whatever else
//! the grammar permits (a preamble, parts in parts, parts in other encodings) is refused.

use axum::extract::{FromRequest, FromRequestParts, Request};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::MOST_FILES;
use doorward_api::Secret;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Shared;
use super::signed::{Signed, SignedPost, Turned, forged};
use crate::csrf::{Provenance, provenance};
use crate::fault::Fault;
use crate::fields::Fields;

/// The largest file.
pub(super) const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// Such a file, and what stands around it.
const LARGEST_BODY: usize = LARGEST_FILE + 64 * 1024;

/// More parts than any of our forms with one file has.
const MOST_PARTS: usize = 32;

/// The same where many files may be sent, and each may be typed as well: name and text.
const MOST_PARTS_OF_MANY: usize = 3 * MOST_FILES as usize + MOST_PARTS;

/// The longest head of a part, in bytes.
const LONGEST_HEAD: usize = 2048;

/// The longest name of a file that is kept, in characters.
const LONGEST_NAME: usize = 100;

/// A form with a file, proved to be our own. Only administrators' are read at all.
pub(super) struct Upload {
    pub(super) post: SignedPost,
    /// The file's name and content; none where none was chosen.
    pub(super) file: Option<(String, Vec<u8>)>,
}

/// A form with any number of files, proved to be our own.
pub(super) struct Uploads {
    pub(super) post: SignedPost,
    /// Names and contents.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl FromRequest<Shared> for Upload {
    type Rejection = Turned;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Turned> {
        let Uploads { post, mut files } = Uploads::read(request, console, MOST_PARTS).await?;
        let file = files.pop();
        if files.is_empty() {
            Ok(Self { post, file })
        } else {
            Err(Fault::new(ErrorKind::BadRequest, "a form has two files").into())
        }
    }
}

impl FromRequest<Shared> for Uploads {
    type Rejection = Turned;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Turned> {
        Self::read(request, console, MOST_PARTS_OF_MANY).await
    }
}

impl Uploads {
    async fn read(request: Request, console: &Shared, most: usize) -> Result<Self, Turned> {
        let (mut parts, body) = request.into_parts();
        let signed = Signed::from_request_parts(&mut parts, console).await?;
        if provenance(&parts.headers, &signed.caller.origin) == Provenance::Foreign {
            return Err(forged().into());
        }
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        // Anything else has no fields, so it lacks the value that proves it.
        let Some(boundary) = kind.and_then(boundary) else { return Err(forged().into()) };
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(whole) => whole.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Fault::new(ErrorKind::TooLarge, "a file is too large").into());
            }
            Err(_) => return Err(Fault::new(ErrorKind::BadRequest, "a form broke off").into()),
        };
        let parts = read(boundary, &body, most);
        let (fields, files) = sent(parts).map_err(|why| Fault::new(ErrorKind::BadRequest, why))?;
        if !signed.owns(console, fields.text("csrf")) {
            return Err(forged().into());
        }
        Ok(Self { post: SignedPost { signed, fields }, files })
    }
}

/// Fields, and the files.
type Sent = (Fields, Vec<(String, Vec<u8>)>);

fn sent(parts: Result<Vec<Part<'_>>, &'static str>) -> Result<Sent, &'static str> {
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    for part in parts? {
        match part.file {
            // A browser sends one without a name where none was chosen.
            Some(name) if name.is_empty() && part.content.is_empty() => {}
            Some(name) => files.push((name, part.content.to_vec())),
            None => {
                let text = std::str::from_utf8(part.content).map_err(|_| "a field is not UTF-8")?;
                pairs.push((part.name, Secret::new(text)));
            }
        }
    }
    let fields = Fields::of(pairs, MOST_PARTS_OF_MANY).map_err(|_| "a field appears twice")?;
    Ok((fields, files))
}

/// `multipart/form-data; boundary=…`
fn boundary(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let (name, value) = parameters.trim().split_once('=')?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    let good = name.eq_ignore_ascii_case("boundary") && (1..=70).contains(&value.len()) && value.bytes().all(plain);
    good.then_some(value)
}

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
struct Part<'a> {
    name: String,
    /// It is a file, of this name.
    file: Option<String>,
    content: &'a [u8],
}

fn read<'a>(boundary: &str, body: &'a [u8], most: usize) -> Result<Vec<Part<'a>>, &'static str> {
    let delimiter = format!("\r\n--{boundary}");
    let opening = delimiter.trim_start().as_bytes();
    let mut rest = body.strip_prefix(opening).ok_or("a form does not begin with its boundary")?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return if matches!(end, b"" | b"\r\n") { Ok(parts) } else { Err("a form goes on behind its end") };
        }
        if parts.len() == most {
            return Err("a form has too many parts");
        }
        rest = rest.strip_prefix(b"\r\n").ok_or("a boundary stands alone on its line")?;
        let (head, behind) = split(rest, b"\r\n\r\n").ok_or("a part has no end of its head")?;
        let (content, behind) = split(behind, delimiter.as_bytes()).ok_or("a part does not end")?;
        let (name, file) = disposition(head)?;
        parts.push(Part { name, file, content });
        rest = behind;
    }
}

fn split<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *at.first()?;
    let mut from = 0;
    loop {
        let found = from + text.get(from..)?.iter().position(|byte| *byte == first)?;
        let (before, here) = text.split_at_checked(found)?;
        if let Some(behind) = here.strip_prefix(at) {
            return Some((before, behind));
        }
        from = found + 1;
    }
}

/// The name of a part, and that of its file.
fn disposition(head: &[u8]) -> Result<(String, Option<String>), &'static str> {
    if head.len() > LONGEST_HEAD {
        return Err("the head of a part is too long");
    }
    let head = std::str::from_utf8(head).map_err(|_| "the head of a part is not UTF-8")?;
    let mut found = None;
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':').ok_or("a part's head has a line that is none")?;
        if name.eq_ignore_ascii_case("content-transfer-encoding") {
            return Err("a part is encoded");
        }
        if name.eq_ignore_ascii_case("content-disposition") && found.replace(value.trim()).is_some() {
            return Err("a part has two names");
        }
    }
    let rest = found.and_then(|value| value.strip_prefix("form-data")).ok_or("a part has no name")?;
    let (name, rest) = parameter(rest, "name").ok_or("a part has no name")?;
    if rest.is_empty() {
        return Ok((name, None));
    }
    let (file, rest) = parameter(rest, "filename").ok_or("a part's head says more than is known")?;
    if rest.is_empty() { Ok((name, Some(base(&file)))) } else { Err("a part's head says more than is known") }
}

/// `; name="…"`; browsers write `"` and the ends of lines as `%22`, `%0D` and `%0A` there.
fn parameter<'a>(text: &'a str, name: &str) -> Option<(String, &'a str)> {
    let rest = text.strip_prefix(';')?.trim_start_matches(' ').strip_prefix(name)?.strip_prefix("=\"")?;
    let (value, rest) = rest.split_once('"')?;
    Some((value.to_owned(), rest))
}

/// A file's name to be shown: without its folders and what cannot be seen.
fn base(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\keys\\a.csv\"\r\n\
        Content-Type: text/csv\r\n\r\n1,\r\n--X\r\n2\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"key\"\r\n\r\n\r\n--XX--\r\n";

    #[test]
    fn a_form_is_read_as_a_browser_writes_it() {
        let (fields, files) = sent(read("XX", FORM.as_bytes(), MOST_PARTS)).unwrap();
        assert_eq!((fields.text("csrf"), fields.text("key")), ("abc", ""));
        assert_eq!(files, [("a.csv".to_owned(), b"1,\r\n--X\r\n2".to_vec())]);
    }

    #[test]
    fn a_file_that_was_not_chosen_is_none() {
        let form = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n";
        assert_eq!(sent(read("B", form.as_bytes(), MOST_PARTS)).unwrap().1, []);
    }

    #[test]
    fn what_no_browser_writes_is_refused() {
        let part = |head: &str| format!("--B\r\n{head}\r\n\r\nx\r\n--B--\r\n");
        let name = "Content-Disposition: form-data; name=\"a\"";
        assert!(sent(read("B", part(name).as_bytes(), MOST_PARTS)).is_ok());
        for bad in [
            String::new(),
            "--B--trailing".to_owned(),
            format!("preamble\r\n{}", part(name)),
            part("Content-Type: text/plain"),
            part(&format!("{name}\r\n{name}")),
            part(&format!("{name}\r\nContent-Transfer-Encoding: base64")),
            part(&format!("{name}; filename=\"f\"; more=\"m\"")),
            part("Content-Disposition: attachment; name=\"a\""),
            part("nonsense"),
            part(&format!("X: {}\r\n{name}", "x".repeat(LONGEST_HEAD))),
            part(name).replace("--B--", "--B"),
            format!("--B\r\n{name}\r\n\r\nx\r\n--B\r\n{name}\r\n\r\ny\r\n--B--\r\n"),
            format!("--B{}", format!("\r\n{name}\r\n\r\nx\r\n--B").repeat(MOST_PARTS + 1)) + "--",
        ] {
            assert!(sent(read("B", bad.as_bytes(), MOST_PARTS)).is_err(), "{bad:?}");
        }
        let file = format!("{name}; filename=\"f\"");
        let two = format!("--B\r\n{file}\r\n\r\nx\r\n--B\r\n{file}\r\n\r\ny\r\n--B--\r\n");
        // Which forms take two is said where they are taken.
        assert_eq!(sent(read("B", two.as_bytes(), MOST_PARTS)).unwrap().1.len(), 2);
    }

    #[test]
    fn a_boundary_is_one_of_a_form_with_a_file() {
        assert_eq!(boundary("multipart/form-data; boundary=----Web1"), Some("----Web1"));
        assert_eq!(boundary("Multipart/Form-Data;boundary=\"a b\""), None);
        assert_eq!(boundary("multipart/form-data; boundary=\"ab\""), Some("ab"));
        for bad in
            ["multipart/form-data", "multipart/mixed; boundary=x", "multipart/form-data; boundary=", "text/plain"]
        {
            assert_eq!(boundary(bad), None, "{bad}");
        }
    }
}
