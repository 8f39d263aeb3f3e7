//! Problems of the API (RFC 9457), in the words of whoever sits at the terminal.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use super::show::plain;

/// A call that was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    /// `urn:doorward:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    pub(super) status: u16,
    detail: String,
    request_id: String,
    state: Option<String>,
    errors: Vec<Fault>,
    /// Seconds, of the header.
    #[serde(skip)]
    pub(super) retry_after: Option<u64>,
    /// As it came, for programs that ask for JSON.
    #[serde(skip)]
    pub(super) document: Option<Value>,
}

/// A field that breaks a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Fault {
    field: String,
    message: String,
}

impl Refusal {
    /// What an answer says that is no success.
    pub(super) fn read(status: u16, body: &Value, retry_after: Option<u64>) -> Self {
        let told: Self = serde_json::from_value(body.clone()).unwrap_or_default();
        Self { status, retry_after, ..told }
    }

    /// What is looked for by a name that nothing has.
    pub(super) fn not_found(sentence: String) -> Self {
        let (kind, title) = ("urn:doorward:problem:not-found", "There is no such thing");
        let document = json!({"type": kind, "title": title, "status": 404, "detail": sentence});
        Self { kind: kind.to_owned(), title: sentence, status: 404, document: Some(document), ..Self::default() }
    }

    /// The last part of the type.
    fn name(&self) -> &str {
        self.kind.strip_prefix("urn:doorward:problem:").unwrap_or_default()
    }

    /// Whether it is of this kind.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    /// What can be done about it, where the API's own words speak to programs.
    fn advice(&self) -> Option<String> {
        match (self.name(), self.retry_after) {
            ("sign-in-required", _) => Some("sign in with `doorward login`".to_owned()),
            ("reproof-required", _) => {
                Some("changes take a proof of the last ten minutes: `doorward prove`, then the same again".to_owned())
            }
            ("another-version" | "changed-meanwhile", _) => Some("look at it anew, then try again".to_owned()),
            (_, Some(seconds)) => Some(format!("try again in {seconds} s")),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.title.as_str(), self.status) {
            ("", status) => write!(f, "the server answered {status}")?,
            (title, _) => f.write_str(&plain(title))?,
        }
        if let Some(state) = &self.state {
            write!(f, " ({})", plain(state))?;
        }
        let advice = self.advice();
        if let Some(advice) = &advice {
            write!(f, ": {advice}")?;
        }
        for fault in &self.errors {
            let (field, message) = (plain(&fault.field), plain(&fault.message));
            let field = if field.is_empty() { "the body" } else { &field };
            write!(f, "\n  {field}: {message}")?;
        }
        if self.errors.is_empty() && advice.is_none() && !self.detail.is_empty() {
            write!(f, ": {}", plain(&self.detail))?;
        }
        if self.status >= 500 && !self.request_id.is_empty() {
            write!(f, " (request {})", plain(&self.request_id))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_told_with_its_rule() {
        let body = json!({
            "type": "urn:doorward:problem:invalid", "title": "Fields break rules", "status": 422, "detail": "two",
            "request_id": "r", "errors": [
                {"field": "account_minutes", "rule": "between", "message": "must be between 1 and 1440", "min": 1},
                {"field": "", "rule": "type", "message": "must be an object"},
            ],
        });
        let refusal = Refusal::read(422, &body, None);
        assert!(refusal.is("invalid"));
        let said = "Fields break rules\n  account_minutes: must be between 1 and 1440\n  the body: must be an object";
        assert_eq!(refusal.to_string(), said);
    }

    #[test]
    fn what_to_do_is_said_where_it_is_known() {
        let told = |kind: &str, status, wait| {
            let body = json!({"type": format!("urn:doorward:problem:{kind}"), "title": "No", "detail": "why",
                              "request_id": "r-1", "state": null});
            Refusal::read(status, &body, wait).to_string()
        };
        assert!(told("sign-in-required", 401, None).contains("doorward login"));
        assert!(told("reproof-required", 403, None).contains("doorward prove"));
        assert_eq!(told("too-many", 429, Some(12)), "No: try again in 12 s");
        assert_eq!(told("role-required", 403, None), "No: why");
        assert_eq!(told("task-over", 409, None), "No: why", "to look at it anew helps nothing");
        assert_eq!(told("internal", 500, None), "No: why (request r-1)");
        assert_eq!(Refusal::read(502, &Value::Null, None).to_string(), "the server answered 502");
    }

    #[test]
    fn words_from_outside_do_not_steer_the_terminal() {
        let body = json!({"title": "a\u{1b}[2Jb", "detail": "c\rd"});
        assert_eq!(Refusal::read(409, &body, None).to_string(), "a[2Jb: cd");
    }
}
