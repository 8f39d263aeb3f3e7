//! What can go wrong with a call: problem documents (RFC 9457), each with a type that programs go by.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use doorward_access::manage::ManageError;
use doorward_access::operators::OperatorError;
use doorward_api::{ApprovalId, FieldFault, FieldRule, TokenState};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::gives::Shown;
use super::people::SOME_ID;

/// When trying again is worth it, where nothing better is known: seconds.
const IN_A_MOMENT: u64 = 5;

/// The kinds of problems. A new kind is a new entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Malformed,
    SignInRequired,
    NotAccepted,
    RoleRequired,
    ReproofRequired,
    NotFound,
    NoSuchMethod,
    ChangedMeanwhile,
    NotInState,
    HasToken,
    TaskOver,
    NoDevice,
    LastAdministrator,
    BeyondOwn,
    OwnRole,
    OwnRecovery,
    RoleInUse,
    OwnRequest,
    NotOwnRequest,
    Decided,
    AskerMayNot,
    TooManyWait,
    Underway,
    AnotherVersion,
    TooLarge,
    MediaType,
    Invalid,
    AnotherRequest,
    VersionRequired,
    TooMany,
    Internal,
    Unavailable,
    /// It waits for another operator: answered as what has begun, not as a problem.
    Held,
    /// The listener met it, before any call was found.
    Outcome(StatusCode),
}

impl Kind {
    /// Every kind that has a name.
    #[cfg(test)]
    pub(super) const ALL: [Kind; 32] = [
        Kind::Malformed,
        Kind::SignInRequired,
        Kind::NotAccepted,
        Kind::RoleRequired,
        Kind::ReproofRequired,
        Kind::NotFound,
        Kind::NoSuchMethod,
        Kind::ChangedMeanwhile,
        Kind::NotInState,
        Kind::HasToken,
        Kind::TaskOver,
        Kind::NoDevice,
        Kind::LastAdministrator,
        Kind::BeyondOwn,
        Kind::OwnRole,
        Kind::OwnRecovery,
        Kind::RoleInUse,
        Kind::OwnRequest,
        Kind::NotOwnRequest,
        Kind::Decided,
        Kind::AskerMayNot,
        Kind::TooManyWait,
        Kind::Underway,
        Kind::AnotherVersion,
        Kind::TooLarge,
        Kind::MediaType,
        Kind::Invalid,
        Kind::AnotherRequest,
        Kind::VersionRequired,
        Kind::TooMany,
        Kind::Internal,
        Kind::Unavailable,
    ];

    /// Status, the last part of the type, and the title.
    const fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request cannot be read"),
            Kind::SignInRequired => (StatusCode::UNAUTHORIZED, "sign-in-required", "Nobody is signed in"),
            Kind::NotAccepted => (StatusCode::UNAUTHORIZED, "not-accepted", "Name, password or passcode is not right"),
            Kind::RoleRequired => (StatusCode::FORBIDDEN, "role-required", "Your role does not allow it"),
            Kind::ReproofRequired => (StatusCode::FORBIDDEN, "reproof-required", "Prove anew who you are"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::NoSuchMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "There is no such method here")
            }
            Kind::ChangedMeanwhile => {
                (StatusCode::CONFLICT, "changed-meanwhile", "Somebody else has changed it meanwhile")
            }
            Kind::NotInState => (StatusCode::CONFLICT, "not-in-state", "This cannot happen to a token in its state"),
            Kind::HasToken => (StatusCode::CONFLICT, "has-token", "The user has a token already"),
            Kind::TaskOver => (StatusCode::CONFLICT, "task-over", "The task is over"),
            Kind::NoDevice => (StatusCode::CONFLICT, "no-device", "None of the user's devices can be asked"),
            Kind::LastAdministrator => (StatusCode::CONFLICT, "last-administrator", "The last administrator stays"),
            Kind::BeyondOwn => (StatusCode::FORBIDDEN, "beyond-own", "It is more than you may do yourself"),
            Kind::OwnRole => (StatusCode::CONFLICT, "own-role", "Nobody changes their own role"),
            Kind::OwnRecovery => (StatusCode::CONFLICT, "own-recovery", "Another operator has to do it"),
            Kind::RoleInUse => (StatusCode::CONFLICT, "role-in-use", "An operator has this role"),
            Kind::OwnRequest => (StatusCode::CONFLICT, "own-request", "Nobody approves what they have asked for"),
            Kind::NotOwnRequest => (StatusCode::CONFLICT, "not-own-request", "Only who has asked takes it back"),
            Kind::Decided => (StatusCode::CONFLICT, "decided", "It waits no longer"),
            Kind::AskerMayNot => (StatusCode::CONFLICT, "asker-may-not", "Who has asked for it may not do it any more"),
            Kind::TooManyWait => {
                (StatusCode::CONFLICT, "too-many-wait", "As many acts wait for a second operator as may")
            }
            Kind::Held => (StatusCode::ACCEPTED, "held", "Another operator has to approve it"),
            Kind::Underway => (StatusCode::CONFLICT, "underway", "A request under this key is under way"),
            Kind::AnotherVersion => (StatusCode::PRECONDITION_FAILED, "another-version", "It has another version"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Kind::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body is not application/json"),
            Kind::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Fields break rules"),
            Kind::AnotherRequest => {
                (StatusCode::UNPROCESSABLE_ENTITY, "key-of-another-request", "The key stands for another request")
            }
            Kind::VersionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "version-required", "Say which version you have seen")
            }
            Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many failures"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed"),
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now"),
            Kind::Outcome(status) => (status, "", ""),
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        self.facts().0
    }

    /// The type, as programs see it.
    pub(super) fn uri(self) -> String {
        match self.facts().1 {
            "" => "about:blank".to_owned(),
            name => format!("urn:doorward:problem:{name}"),
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Kind::Outcome(status) => status.canonical_reason().unwrap_or_default(),
            kind => kind.facts().2,
        }
    }
}

/// A call that cannot be answered. Handlers return it; one place gives it its document.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    /// What the caller is told.
    pub(super) detail: String,
    /// What the log is told besides; never a secret.
    cause: Option<String>,
    wrong: Vec<Wrong>,
    state: Option<TokenState>,
    retry_after: Option<u64>,
    /// A token was shown, and is good no longer.
    ended: bool,
    /// It was held as this.
    pub(super) held: Option<ApprovalId>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            cause: None,
            wrong: Vec::new(),
            state: None,
            retry_after: None,
            ended: false,
            held: None,
        }
    }

    /// Nobody is signed in, or no longer.
    pub(super) fn signed_out(ended: bool) -> Self {
        let detail = if ended { "the token is good no longer" } else { "send the token of a session as Bearer" };
        Self { ended, ..Self::new(Kind::SignInRequired, detail) }
    }

    pub(super) fn not_found() -> Self {
        Self::new(Kind::NotFound, "there is no such thing in this virtual server")
    }

    /// Fields that break rules.
    pub(super) fn invalid(wrong: Vec<Wrong>) -> Self {
        let detail = match wrong.len() {
            1 => "a field breaks a rule".to_owned(),
            many => format!("{many} fields break rules"),
        };
        Self { wrong, ..Self::new(Kind::Invalid, detail) }
    }

    /// Too much went wrong; worth trying again after that.
    pub(super) fn wait(wait: Duration) -> Self {
        Self::until(wait, "too much went wrong with this name, or from this address")
    }

    /// Too often; worth trying again after that.
    pub(super) fn until(wait: Duration, detail: &str) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        Self { retry_after: Some(seconds), ..Self::new(Kind::TooMany, detail) }
    }

    pub(super) fn internal(cause: impl Into<String>) -> Self {
        let problem = Self::new(Kind::Internal, "the failure is in the server's log, under the id of this request");
        Self { cause: Some(cause.into()), ..problem }
    }

    /// Something did not answer. A change may have been made nevertheless: its commit was waited for no longer, or what is
    /// read after it failed.
    pub(super) fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "not everything that is needed has answered; a change may have been made: look before you send it again, \
                      or send it again under the same Idempotency-Key";
        let problem = Self::new(Kind::Unavailable, detail);
        Self { cause: Some(cause.into()), retry_after: Some(IN_A_MOMENT), ..problem }
    }

    pub(super) fn busy() -> Self {
        let problem = Self::unavailable("too much is under way");
        Self { detail: "nothing was done; try again in a moment".to_owned(), ..problem }
    }

    /// Under a key that stays reserved.
    pub(super) fn perhaps_done(self) -> Self {
        let detail =
            "it may have been done, and is not done again under this key: look, then send it under another if need be";
        Self { detail: detail.to_owned(), ..self }
    }

    pub(super) fn underway() -> Self {
        let detail = "the first request under this key has not been answered, or its outcome is not known; \
                      look whether it was done before you send it under another key";
        Self { retry_after: Some(IN_A_MOMENT), ..Self::new(Kind::Underway, detail) }
    }

    /// Says it in the log, at the level of whose mistake it is.
    pub(super) fn log(&self, request_id: &str) {
        let status = self.kind.status().as_u16();
        let cause = self.cause.as_deref().unwrap_or(&self.detail);
        match self.kind {
            Kind::Internal => tracing::error!(request_id, status, cause, "a call failed"),
            Kind::Unavailable => tracing::warn!(request_id, status, cause, "a call is unavailable"),
            _ => tracing::debug!(request_id, status, cause, "a call was refused"),
        }
    }

    /// Its document.
    pub(super) fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            kind: self.kind.uri(),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            state: self.state.map(|state| state.as_str().to_owned()),
            errors: self.wrong.clone(),
        }
    }

    /// The answer.
    pub(super) fn response(&self, request_id: &str) -> Response {
        let body = serde_json::to_string(&self.document(request_id)).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut response = (self.kind.status(), [kind], body).into_response();
        if self.kind == Kind::SignInRequired || self.kind == Kind::NotAccepted {
            let challenge = if self.ended { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        let told = error.to_string();
        match error {
            ManageError::NotFound => Self::not_found(),
            ManageError::Conflict => Self::new(Kind::ChangedMeanwhile, "look at it anew, then decide"),
            ManageError::Invalid(faults) => Self::invalid(faults.into_iter().map(Wrong::from).collect()),
            ManageError::NotInState { from } => Self { state: Some(from), ..Self::new(Kind::NotInState, told) },
            ManageError::HasToken => Self::new(Kind::HasToken, told),
            ManageError::TaskOver => Self::new(Kind::TaskOver, told),
            ManageError::Forbidden => Self::new(Kind::RoleRequired, told),
            ManageError::Held(id) => Self::held(id),
            ManageError::TooManyWait => Self::new(Kind::TooManyWait, told),
            ManageError::Busy => Self::busy(),
            ManageError::Unavailable(_) => Self::unavailable(told),
        }
    }
}

impl From<OperatorError> for Problem {
    fn from(error: OperatorError) -> Self {
        let told = error.to_string();
        match error {
            OperatorError::Busy => Self::busy(),
            OperatorError::Held(id) => Self::held(id),
            OperatorError::TooManyWait => Self::new(Kind::TooManyWait, told),
            OperatorError::Forbidden => Self::new(Kind::RoleRequired, told),
            OperatorError::NotFresh => Self::reproof(),
            OperatorError::NotFound => Self::not_found(),
            OperatorError::Beyond => Self::new(Kind::BeyondOwn, told),
            OperatorError::OwnRole => Self::new(Kind::OwnRole, told),
            OperatorError::OwnRecovery => Self::new(Kind::OwnRecovery, told),
            OperatorError::RoleInUse => Self::new(Kind::RoleInUse, told),
            OperatorError::Conflict => Self::new(Kind::ChangedMeanwhile, "look at it anew, then decide"),
            OperatorError::Invalid(faults) => Self::invalid(faults.into_iter().map(Wrong::from).collect()),
            OperatorError::LastAdministrator => Self::new(Kind::LastAdministrator, told),
            OperatorError::NoSecondFactor => Self::internal(told),
            OperatorError::Store(_) | OperatorError::Plugin(_) => Self::unavailable(told),
        }
    }
}

impl Problem {
    fn held(id: ApprovalId) -> Self {
        Self { held: Some(id), ..Self::new(Kind::Held, "it waits for another operator") }
    }

    pub(super) fn reproof() -> Self {
        let detail = "password and passcode were proved more than 10 minutes ago: POST /session/proof, then try again";
        Self::new(Kind::ReproofRequired, detail)
    }
}

/// A field that breaks a rule, as it is told: `field`, `rule`, `message`, and what the rule is about.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Wrong(Map<String, Value>);

impl Wrong {
    /// A rule of the API's own.
    pub(super) fn new(field: &str, rule: &str, message: &str) -> Self {
        Self::with(field, rule, message, Map::new())
    }

    fn with(field: &str, rule: &str, message: &str, mut facts: Map<String, Value>) -> Self {
        for (name, value) in [("field", field), ("rule", rule), ("message", message)] {
            facts.insert(name.to_owned(), json!(value));
        }
        Self(facts)
    }

    /// Something else than what belongs there.
    pub(super) fn kind(field: &str, expected: &str) -> Self {
        let facts = Map::from_iter([("expected".to_owned(), json!(expected))]);
        Self::with(field, "type", &format!("must be {expected}"), facts)
    }

    pub(super) fn of(field: &str, rule: FieldRule) -> Self {
        FieldFault::new(field, rule).into()
    }
}

impl From<FieldFault> for Wrong {
    fn from(fault: FieldFault) -> Self {
        let facts = match serde_json::to_value(&fault.rule) {
            Ok(Value::Object(facts)) => facts,
            _ => Map::new(),
        };
        let rule = facts.get("rule").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::with(&fault.field, &rule, &fault.rule.to_string(), facts)
    }
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// What kind of problem it is: `urn:doorward:problem:…`. Go by this, not by the texts.
    #[serde(rename = "type")]
    kind: String,
    /// The kind, in words.
    title: String,
    /// The answer's status.
    status: u16,
    /// This problem, in words; the listener says none.
    #[schema(required = false)]
    detail: String,
    /// Under which it is found in the logs.
    request_id: String,
    /// The state that a token is in, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Every field that breaks a rule, and which.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldError>, required = false)]
    errors: Vec<Wrong>,
}

/// A field that breaks a rule. What the rule is about (`min`, `max`, `values`, …) stands beside these.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "says what Wrong is written as")]
pub(super) struct FieldError {
    /// The field's name; `ios.push` for one within another.
    field: String,
    /// The rule's name.
    rule: String,
    /// The rule, in words.
    message: String,
}

impl Shown for ProblemDocument {
    fn example() -> Self {
        let rule = FieldRule::Between { min: 1, max: 1440 };
        Problem::invalid(vec![Wrong::of("token_minutes", rule)]).document(SOME_ID)
    }
}

impl ProblemDocument {
    /// One of a kind, as it may come.
    pub(super) fn of(kind: Kind) -> Self {
        Problem::new(kind, kind.title()).document(SOME_ID)
    }
}
