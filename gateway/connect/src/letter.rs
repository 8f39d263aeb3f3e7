//! One mail as the bytes that a mail server is handed (RFC 5322, MIME).

use std::time::{Duration, UNIX_EPOCH};

use data_encoding::BASE64;
use doorward_api::{SecretBytes, Timestamp};
use doorward_views::MailText;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::address::{MailAddress, hides_text};

/// What is sent, to whom, and how it is recognised again.
pub(crate) struct Letter<'a> {
    /// The sender.
    pub(crate) from: &'a Mailbox,
    /// The one recipient.
    pub(crate) to: &'a MailAddress,
    /// Subject and bodies.
    pub(crate) words: &'a MailText,
    /// Part of the Message-ID. The same at every try, so that mail programs show a mail once that was delivered twice.
    pub(crate) id: &'a str,
    /// The Date.
    pub(crate) at: Timestamp,
}

/// The words cannot be made a mail of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LetterError {
    /// The subject is not one line of visible text.
    #[error("the subject holds line breaks, control characters or hidden characters")]
    Subject,
    /// Anything else, which the address types rule out.
    #[error("the mail cannot be composed")]
    Composition,
}

impl Letter<'_> {
    /// The whole mail; its bodies may hold a code.
    pub(crate) fn compose(&self) -> Result<SecretBytes, LetterError> {
        let to = self.to.get().clone();
        let envelope =
            Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).map_err(|_| LetterError::Composition)?;
        let date = UNIX_EPOCH + Duration::from_secs(self.at.secs());
        let message = Message::builder()
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(date)
            .message_id(Some(format!("<{}@{}>", self.id, self.from.email.domain())))
            .raw_header(subject(&self.words.subject)?)
            // RFC 3834: no out-of-office answer, please; Exchange wants it said in its own way.
            .raw_header(plain("Auto-Submitted", "auto-generated"))
            .raw_header(plain("X-Auto-Response-Suppress", "All"))
            .multipart(MultiPart::alternative_plain_html(
                line_breaks(self.words.text.expose()),
                line_breaks(self.words.html.expose()),
            ))
            .map_err(|_| LetterError::Composition)?;
        Ok(SecretBytes::new(message.formatted()))
    }
}

fn plain(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The subject, encoded where it must be. Text that already looks encoded is encoded once more, since a mail program
/// would decode it to something that nobody has looked at (ML-01).
fn subject(text: &str) -> Result<HeaderValue, LetterError> {
    // Isolates are how a right-to-left language holds a product's name together; overrides are how text is faked.
    let isolate = |c: char| matches!(c, '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    if text.trim().is_empty() || text.chars().any(|c| c.is_control() || (hides_text(c) && !isolate(c))) {
        return Err(LetterError::Subject);
    }
    let name = HeaderName::new_from_ascii_str("Subject");
    if text.contains("=?") {
        let encoded = encoded_words(text);
        return Ok(HeaderValue::dangerous_new_pre_encoded(name, text.to_owned(), encoded));
    }
    Ok(HeaderValue::new(name, text.to_owned()))
}

/// RFC 2047 encoded words of whole characters, each short enough for a line.
fn encoded_words(text: &str) -> String {
    const BYTES: usize = 42;
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let encoded: Vec<_> = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes()))).collect();
    encoded.join("\r\n ")
}

/// Every kind of line break as `\n`, of which the composer makes CRLF: a lone CR or LF on the wire is what SMTP smuggling
/// is made of (ML-02).
fn line_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::Secret;

    fn compose(subject: &str, text: &str, html: &str) -> Result<String, LetterError> {
        let from: Mailbox = "Doorward <doorward@example.test>".parse().unwrap();
        let to = MailAddress::parse("alice@example.test").unwrap();
        let words = MailText { subject: subject.into(), text: Secret::new(text), html: Secret::new(html) };
        let letter = Letter { from: &from, to: &to, words: &words, id: "m1", at: Timestamp::from_secs(1_764_000_000) };
        letter.compose().map(|bytes| String::from_utf8(bytes.expose().to_vec()).unwrap())
    }

    /// The head, with folded lines as one.
    fn head(mail: &str) -> Vec<String> {
        mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_says_who_when_and_that_a_machine_wrote_it() {
        let mail = compose("Your code", "text", "<p>html</p>").unwrap();
        let head = head(&mail);
        for line in [
            "From: \"Doorward\" <doorward@example.test>",
            "To: alice@example.test",
            "Subject: Your code",
            "Date: Mon, 24 Nov 2025 16:00:00 +0000",
            "Message-ID: <m1@example.test>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(head.iter().any(|l| l == line || l.replace('"', "") == line.replace('"', "")), "{line}\n{head:#?}");
        }
        assert!(head.iter().any(|l| l.starts_with("Content-Type: multipart/alternative")));
        assert!(mail.contains("Content-Type: text/plain; charset=utf-8") && mail.contains("Content-Type: text/html"));
    }

    #[test]
    fn a_subject_with_line_breaks_or_faked_direction_is_refused() {
        for bad in ["", " ", "a\r\nBcc: eve@example.test", "a\nb", "a\rb", "a\0b", "a\u{2028}b", "exe\u{202e}txt"] {
            assert_eq!(compose(bad, "t", "h"), Err(LetterError::Subject), "{bad:?}");
        }
        assert!(compose("رمز \u{2068}Doorward\u{2069}", "t", "h").is_ok());
    }

    #[test]
    fn a_subject_that_looks_encoded_is_encoded_once_more() {
        let fake = "Code =?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLnRlc3Q=?= and a good deal more text behind it, é";
        let mail = compose(fake, "t", "h").unwrap();
        let head = head(&mail);
        let subject = head.iter().find_map(|l| l.strip_prefix("Subject: ")).unwrap();
        assert!(!subject.contains("DQpCY2M6"), "{subject}");
        let decoded: String = subject
            .split(' ')
            .map(|word| {
                let base64 = word.strip_prefix("=?utf-8?B?").unwrap().strip_suffix("?=").unwrap();
                assert!(word.len() <= 75, "RFC 2047 allows 75 characters");
                String::from_utf8(BASE64.decode(base64.as_bytes()).unwrap()).unwrap()
            })
            .collect();
        assert_eq!(decoded, fake);
    }

    #[test]
    fn only_crlf_ends_a_line_and_everything_is_ascii() {
        let text = "one\n.\nMAIL FROM:<eve@example.test>\r.\rtwo\r\n.\r\nthree é 😀";
        for (text, html) in [(text, "<p>é</p>\n.\n"), ("plain\n.\nascii\r.\r", "<p>x</p>")] {
            let mail = compose("Überschrift – コード", text, html).unwrap();
            assert!(mail.is_ascii());
            let rest = mail.replace("\r\n", "");
            assert!(!rest.contains(['\r', '\n']), "{mail:?}");
            assert!(mail.split("\r\n").all(|line| line.len() <= 998));
        }
    }
}
