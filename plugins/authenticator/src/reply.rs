//! What a device is answered.

use doorward_api::device::{CalledBy, DeviceAnswer, DeviceSaid};
use doorward_api::{Target, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Why a call is not done: the codes of `PROTOCOL.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    Signature,
    Clock { now: Timestamp },
    Sequence,
    NotFound,
    Expired,
    AlreadyUsed,
    TargetNotAllowed { allowed: Vec<Target> },
    NotAllowed,
    Locked,
    Suspended,
    Gone,
    NotNow,
    WrongPin { left: u8 },
    WrongMac,
    WrongOtp,
    TooMany,
    Unavailable,
}

impl Refusal {
    fn status_and_code(&self) -> (u16, &'static str) {
        match self {
            Refusal::Malformed => (400, "malformed"),
            Refusal::Signature => (401, "signature"),
            Refusal::Clock { .. } => (401, "clock"),
            Refusal::Sequence => (409, "sequence"),
            Refusal::NotFound => (404, "not_found"),
            Refusal::Expired => (410, "expired"),
            Refusal::AlreadyUsed => (409, "already_used"),
            Refusal::TargetNotAllowed { .. } => (403, "target_not_allowed"),
            Refusal::NotAllowed => (403, "not_allowed"),
            Refusal::Locked => (423, "locked"),
            Refusal::Suspended => (423, "suspended"),
            Refusal::Gone => (410, "gone"),
            Refusal::NotNow => (409, "not_now"),
            Refusal::WrongPin { .. } => (422, "wrong_pin"),
            Refusal::WrongMac => (422, "wrong_mac"),
            Refusal::WrongOtp => (422, "wrong_otp"),
            Refusal::TooMany => (429, "too_many"),
            Refusal::Unavailable => (503, "unavailable"),
        }
    }

    fn body(&self) -> Value {
        let (_, code) = self.status_and_code();
        match self {
            Refusal::Clock { now } => json!({ "error": code, "now": now.secs() }),
            Refusal::TargetNotAllowed { allowed } => {
                let names: Vec<_> = allowed.iter().map(|target| target.as_str()).collect();
                json!({ "error": code, "allowed": names })
            }
            Refusal::WrongPin { left } => json!({ "error": code, "attempts_left": left }),
            _ => json!({ "error": code }),
        }
    }

    /// The answer, with what has happened besides.
    pub(crate) fn saying(self, said: Vec<DeviceSaid>) -> DeviceAnswer {
        let (status, _) = self.status_and_code();
        DeviceAnswer { said, ..with_status(status, &self.body()) }
    }
}

impl From<Refusal> for DeviceAnswer {
    fn from(refusal: Refusal) -> Self {
        refusal.saying(Vec::new())
    }
}

/// The answer of a call that was done.
pub(crate) fn done(body: &impl Serialize) -> DeviceAnswer {
    with_status(200, body)
}

/// The answer of a call that was done, and what it has brought about.
pub(crate) fn done_saying(body: &impl Serialize, said: DeviceSaid) -> DeviceAnswer {
    DeviceAnswer { said: vec![said], ..done(body) }
}

fn with_status(status: u16, body: &impl Serialize) -> DeviceAnswer {
    // Texts, numbers and lists of them: nothing that JSON could not hold.
    DeviceAnswer {
        status,
        body: serde_json::to_vec(body).unwrap_or_default(),
        keep: None,
        said: Vec::new(),
        by: CalledBy::Anybody,
    }
}
