//! What the app is answered: JSON in the shape in which it expects it.

use doorward_api::Timestamp;
use doorward_api::device::{CalledBy, DeviceAnswer, DeviceSaid};
use serde_json::{Value, json};

/// Why a call is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It lacks this field.
    Missing(&'static str),
    /// A field is none.
    Malformed,
    /// The one answer to all that is not to be told apart: no such token, another's signature, too late, seen before.
    Unverified,
    /// The one answer to whoever has not got what lets a phone in.
    NoActivation,
    /// It is no key that we take.
    Key,
    /// The phone is of a platform that is not allowed.
    Platform,
    /// Requests are switched off for its platform.
    Off,
}

impl Refusal {
    fn status_code_and_message(&self) -> (u16, u16, String) {
        match self {
            Refusal::Missing(name) => (400, 905, format!("ERR905: Missing parameter: {name}")),
            Refusal::Malformed => (400, 905, "ERR905: Malformed parameter".into()),
            Refusal::Unverified => (400, 10, "ERR10: Could not verify signature!".into()),
            Refusal::NoActivation => (404, 601, "ERR601: This code is not valid, or was used. Get a new one.".into()),
            Refusal::Key => (400, 905, "ERR905: The public key must be RSA of 2048 to 8192 bits.".into()),
            Refusal::Platform => (403, 303, "ERR303: Devices of this kind are not allowed.".into()),
            Refusal::Off => (403, 303, "ERR303: Polling not allowed!".into()),
        }
    }

    /// The answer, with what has happened besides.
    pub(crate) fn saying(&self, said: DeviceSaid) -> DeviceAnswer {
        DeviceAnswer { said: vec![said], ..self.into() }
    }
}

impl From<&Refusal> for DeviceAnswer {
    fn from(refusal: &Refusal) -> Self {
        let (status, code, message) = refusal.status_code_and_message();
        let error = json!({ "code": code, "message": message });
        // No time: equal refusals are equal to the byte.
        let body = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "result": { "status": false, "error": error },
            "detail": null,
        });
        sent(status, &body)
    }
}

impl From<Refusal> for DeviceAnswer {
    fn from(refusal: Refusal) -> Self {
        Self::from(&refusal)
    }
}

/// The answer of a call that was done.
pub(crate) fn done(value: &Value, now: Timestamp) -> DeviceAnswer {
    done_with(value, &Value::Null, now)
}

/// The same with more to tell.
pub(crate) fn done_with(value: &Value, detail: &Value, now: Timestamp) -> DeviceAnswer {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "result": { "status": true, "value": value },
        "detail": detail,
        "time": now.secs(),
    });
    sent(200, &body)
}

fn sent(status: u16, body: &Value) -> DeviceAnswer {
    DeviceAnswer { status, body: body.to_string().into_bytes(), keep: None, said: Vec::new(), by: CalledBy::Anybody }
}
