//! What the app asks, as it comes: fields of a form or of a query, each bounded. Fields that are not known are the
//! app's business.

use doorward_api::device::DeviceCall;
use percent_encoding::percent_decode_str;

use crate::keys::SIGNATURE_MAX;
use crate::reply::Refusal;

/// A form or a query has so many bytes at most.
const LONGEST: usize = 16 << 10;

/// A call, and the token that it names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// The token's id: what the app calls its serial number.
    pub(crate) serial: String,
    /// What is asked.
    pub(crate) asked: Asked,
}

/// All that can be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The app finishes its enrolment.
    Enrol(Enrol),
    /// Requests that wait.
    Poll(Signed),
    /// An answer to one.
    Answer(Answer),
    /// Another address at Firebase: the app tells it even where it uses none.
    Update(Update),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Enrol {
    /// Of the QR code, in hexadecimal.
    pub(crate) credential: String,
    /// `SubjectPublicKeyInfo` in base64.
    pub(crate) key: String,
}

/// When it was signed, as it stands in what was signed, and the signature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) timestamp: String,
    pub(crate) signature: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) nonce: String,
    pub(crate) choice: Choice,
    pub(crate) signature: String,
}

/// What the user says to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Yes, and the option that was chosen; none from an app that did not ask for one.
    Approve(Option<String>),
    /// No, and why.
    Decline {
        reason: Option<String>,
        /// Signed with it, where an option was chosen before.
        option: Option<String>,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) firebase: String,
    pub(crate) signed: Signed,
}

impl Read {
    /// Reads a call.
    ///
    /// # Errors
    /// [`Refusal::Missing`] where it is none.
    pub(crate) fn of(call: &DeviceCall<'_>) -> Result<Self, Refusal> {
        match call.method {
            "GET" => Self::poll(&Fields::read(call.query.as_bytes())?),
            "POST" => Self::posted(&Fields::read(call.body)?),
            _ => Err(Refusal::Missing("method")),
        }
    }

    fn poll(fields: &Fields) -> Result<Self, Refusal> {
        Ok(Self { serial: fields.serial()?, asked: Asked::Poll(fields.signed()?) })
    }

    fn posted(fields: &Fields) -> Result<Self, Refusal> {
        let serial = fields.serial()?;
        let asked = if fields.has("enrollment_credential") {
            Asked::Enrol(Enrol {
                credential: fields.required("enrollment_credential", 64)?,
                key: fields.required("pubkey", 2048)?,
            })
        } else if fields.has("new_fb_token") {
            Asked::Update(Update { firebase: fields.required("new_fb_token", 512)?, signed: fields.signed()? })
        } else {
            Asked::Answer(fields.answer()?)
        };
        Ok(Self { serial, asked })
    }
}

/// Names and values.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`. A name that comes twice could be read in two ways.
    fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST).ok_or(Refusal::Malformed)?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name)?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::Malformed);
            }
            fields.push((name, decoded(value)?));
        }
        Ok(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn required(&self, name: &'static str, most: usize) -> Result<String, Refusal> {
        let value = self.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))?;
        if value.len() <= most { Ok(value.to_owned()) } else { Err(Refusal::Malformed) }
    }

    /// A part of what is signed. A line between two parts must not stand within one.
    fn part(&self, name: &'static str, most: usize) -> Result<String, Refusal> {
        self.required(name, most)
            .and_then(|value| if value.contains('|') { Err(Refusal::Malformed) } else { Ok(value) })
    }

    /// The same where it may be missing; an empty one is.
    fn optional_part(&self, name: &'static str, most: usize) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(_) => self.part(name, most).map(Some),
        }
    }

    fn serial(&self) -> Result<String, Refusal> {
        self.part("serial", 64)
    }

    fn signed(&self) -> Result<Signed, Refusal> {
        Ok(Signed { timestamp: self.part("timestamp", 40)?, signature: self.required("signature", SIGNATURE_MAX)? })
    }

    fn answer(&self) -> Result<Answer, Refusal> {
        let option = self.optional_part("presence_answer", 8)?;
        let choice = match self.get("decline") {
            None => Choice::Approve(option.map(two_digits).transpose()?),
            Some("1") => Choice::Decline { reason: self.optional_part("decline_reason", 64)?, option },
            Some(_) => return Err(Refusal::Malformed),
        };
        Ok(Answer { nonce: self.part("nonce", 64)?, choice, signature: self.required("signature", SIGNATURE_MAX)? })
    }
}

/// An option: nothing else was ever offered, so `decline` cannot pass for one.
fn two_digits(option: String) -> Result<String, Refusal> {
    let digits = option.len() == 2 && option.bytes().all(|b| b.is_ascii_digit());
    if digits { Ok(option) } else { Err(Refusal::Malformed) }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn call<'a>(method: &'a str, query: &'a str, body: &'a [u8]) -> DeviceCall<'a> {
        DeviceCall { name: "", method, query, target_uri: "", headers: &[], body }
    }

    fn posted(body: &str) -> Result<Asked, Refusal> {
        Read::of(&call("POST", "", body.as_bytes())).map(|read| read.asked)
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn what_is_asked_is_told_by_the_fields() {
        let poll = "serial=abc&timestamp=2026-11-23T22%3A21%3A07.123456Z&signature=ME%3D%3D&capabilities=%5B%5D";
        let read = Read::of(&call("GET", poll, b"")).unwrap();
        assert_eq!(read.serial, "abc");
        let signed = Signed { timestamp: text("2026-11-23T22:21:07.123456Z"), signature: text("ME==") };
        assert_eq!(read.asked, Asked::Poll(signed));

        let enrol = posted("enrollment_credential=00ff&serial=s&fbtoken=no_firebase_token&pubkey=MI%2BA%3D").unwrap();
        assert_eq!(enrol, Asked::Enrol(Enrol { credential: text("00ff"), key: text("MI+A=") }));

        let update = posted("new_fb_token=no_firebase_token&serial=s&timestamp=t&signature=A").unwrap();
        let signed = Signed { timestamp: text("t"), signature: text("A") };
        assert_eq!(update, Asked::Update(Update { firebase: text("no_firebase_token"), signed }));

        let answer = |choice| Asked::Answer(Answer { nonce: text("N"), choice, signature: text("A") });
        let of = |more: &str| posted(&format!("serial=s&nonce=N&signature=A{more}")).unwrap();
        assert_eq!(of(""), answer(Choice::Approve(None)));
        assert_eq!(of("&presence_answer=77"), answer(Choice::Approve(Some(text("77")))));
        assert_eq!(of("&decline=1"), answer(Choice::Decline { reason: None, option: None }));
        let reason = Some(text("cancelled"));
        assert_eq!(of("&decline=1&decline_reason=cancelled"), answer(Choice::Decline { reason, option: None }));
    }

    #[test]
    fn the_empty_post_of_an_iphone_names_what_is_missing() {
        assert_eq!(posted(""), Err(Refusal::Missing("serial")));
        assert_eq!(Read::of(&call("GET", "", b"")), Err(Refusal::Missing("serial")));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        let long = format!("serial={}&nonce=N&signature=A", "x".repeat(65));
        for body in [
            "serial=s&serial=t&nonce=N&signature=A",
            "serial=s&ser%69al=t&nonce=N&signature=A",
            "serial=s%7Ct&nonce=N&signature=A",
            "serial=s&nonce=N%7Cdecline&signature=A",
            "serial=s&nonce=N&signature=A&presence_answer=decline",
            "serial=s&nonce=N&signature=A&presence_answer=7",
            "serial=s&nonce=N&signature=A&decline=1&decline_reason=a%7Cb",
            "serial=s&nonce=N&signature=A&decline=yes",
            "serial=%ff&nonce=N&signature=A",
            &long,
        ] {
            assert_eq!(posted(body), Err(Refusal::Malformed), "{body}");
        }
        assert!(Read::of(&call("PUT", "", b"serial=s&nonce=N&signature=A")).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Read::of(&call("POST", "", &bytes));
        }
    }
}
