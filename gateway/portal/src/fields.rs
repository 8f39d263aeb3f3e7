//! Forms and queries: `application/x-www-form-urlencoded`, read strictly.
//!
//! A field that appears twice has no value that two readers would agree on, and text that is not UTF-8 is not what was
//! typed; both are refused. Fields nobody asks for are not looked at (EN-09).

use doorward_api::Secret;
use percent_encoding::percent_decode_str;

/// More fields than any of our forms has.
const MOST_FIELDS: usize = 32;

/// The longest password, PIN or passcode that is looked at (LG-09).
const LONGEST_SECRET: usize = 4096;

/// The fields of a form or query. Values are secrets: a password may be among them.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, Secret)>);

/// Not a form that can be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("a field appears twice")]
    Repeated,
    #[error("a field is not UTF-8")]
    NotUtf8,
    #[error("too many fields")]
    TooMany,
    #[error("a field is too long")]
    TooLong,
}

impl Fields {
    /// Reads a form's body or the part of a URL behind `?`.
    pub(crate) fn parse(raw: &[u8]) -> Result<Self, Malformed> {
        Self::parse_up_to(raw, MOST_FIELDS)
    }

    /// The same for a form that may have more fields.
    pub(crate) fn parse_up_to(raw: &[u8], most: usize) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(raw).map_err(|_| Malformed::NotUtf8)?;
        let mut fields = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.add(decode(name)?, Secret::new(decode(value)?), most)?;
        }
        Ok(fields)
    }

    /// Fields that were read some other way, at most so many.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (String, Secret)>, most: usize) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.add(name, value, most)?;
        }
        Ok(fields)
    }

    /// All of them, in the order of the form.
    pub(crate) fn exposed(self) -> Vec<(String, String)> {
        self.0.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    }

    fn add(&mut self, name: String, value: Secret, most: usize) -> Result<(), Malformed> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(Malformed::Repeated);
        }
        if self.0.len() == most {
            return Err(Malformed::TooMany);
        }
        self.0.push((name, value));
        Ok(())
    }

    /// A field, if the form has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A field's text; nothing when the form does not have it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).map_or("", Secret::expose)
    }

    /// A password, PIN or passcode; empty when the form does not have it.
    pub(crate) fn secret(&self, name: &str) -> Result<Secret, Malformed> {
        let secret = self.get(name).cloned().unwrap_or_default();
        if secret.len() > LONGEST_SECRET { Err(Malformed::TooLong) } else { Ok(secret) }
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A field's text unless it is absent or empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

fn decode(part: &str) -> Result<String, Malformed> {
    let spaced = part.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Malformed::NotUtf8)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<Fields, Malformed> {
        Fields::parse(raw.as_bytes())
    }

    #[test]
    fn a_form_is_read_as_a_browser_writes_it() {
        let fields = read("username=al+ice%40example.test&password=a%2Bb%26%C3%A9&empty=&flag").unwrap();
        assert_eq!(fields.text("username"), "al ice@example.test");
        assert_eq!(fields.text("password"), "a+b&é");
        assert_eq!(fields.filled("empty"), None);
        assert!(fields.get("flag").is_some());
        assert!(fields.get("other").is_none());
        assert_eq!(fields.text("other"), "");
    }

    #[test]
    fn a_repeated_field_is_refused_however_it_is_spelt() {
        assert_eq!(read("otp=1&otp=2").unwrap_err(), Malformed::Repeated);
        assert_eq!(read("otp=1&x=3&%6ftp=1").unwrap_err(), Malformed::Repeated);
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        assert_eq!(read("username=%ff").unwrap_err(), Malformed::NotUtf8);
        assert_eq!(Fields::parse(b"username=\xff").unwrap_err(), Malformed::NotUtf8);
        assert_eq!(read("%c3=1").unwrap_err(), Malformed::NotUtf8);
    }

    #[test]
    fn a_form_of_very_many_fields_is_refused() {
        let raw: Vec<String> = (0..33).map(|n| format!("f{n}=1")).collect();
        assert_eq!(read(&raw.join("&")).unwrap_err(), Malformed::TooMany);
        assert!(read(&raw[..32].join("&")).is_ok());
    }

    #[test]
    fn fields_never_print_their_values() {
        assert!(!format!("{:?}", read("password=hunter2").unwrap()).contains("hunter2"));
    }
}
