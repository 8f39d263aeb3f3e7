//! One sign-in, self-provisioning included, as a row in the store (SEC 5.6). The browser holds a cookie, nothing else.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::audit::EventContext;
use crate::grant::GrantState;
use crate::ids::{AppId, CredentialId, FlowId, UserId};
use crate::mail::masked;
use crate::plugin::PinFault;
use crate::proof::{Factor, Proofs};
use crate::secret::{Secret, TokenHash};
use crate::template::Target;
use crate::time::Timestamp;

/// Where a flow stands. The names of the enrolment are those of self-provisioning.md 4 (decision A13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The password is asked for.
    Password,
    /// A passcode of a token the user has is asked for. Also shown to somebody who has none and is not offered one.
    Passcode,
    /// The passcode was right, and the server-side PIN with it must be changed before anything else (R69).
    NewPin,
    /// W1: the user has no token and may add one.
    Offered,
    /// W2: a verification code was mailed.
    CodeSent,
    /// The code was right, and the user's enrolment rule asks for more: an approval, or the help desk's code.
    ExtraProof,
    /// W3, W4: nothing more is asked; where to install?
    EmailVerified,
    /// W5, then W7/W8: the token is Assigned and its secret shown; its first passcode is awaited.
    CodeIssued,
    /// Done: signed in.
    Confirmed,
    /// Ended by the user.
    Cancelled,
    /// Ended by a newer flow of the same user.
    Superseded,
}

impl Step {
    /// All of them.
    pub const ALL: [Step; 11] = [
        Step::Password,
        Step::Passcode,
        Step::NewPin,
        Step::Offered,
        Step::CodeSent,
        Step::ExtraProof,
        Step::EmailVerified,
        Step::CodeIssued,
        Step::Confirmed,
        Step::Cancelled,
        Step::Superseded,
    ];

    /// The name in the store, records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Step::Password => "password",
            Step::Passcode => "passcode",
            Step::NewPin => "new_pin",
            Step::Offered => "offered",
            Step::CodeSent => "code_sent",
            Step::ExtraProof => "extra_proof",
            Step::EmailVerified => "email_verified",
            Step::CodeIssued => "code_issued",
            Step::Confirmed => "confirmed",
            Step::Cancelled => "cancelled",
            Step::Superseded => "superseded",
        }
    }

    /// Back from [`Step::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether nothing follows.
    pub const fn ended(self) -> bool {
        matches!(self, Step::Confirmed | Step::Cancelled | Step::Superseded)
    }

    /// Whether it lies within self-provisioning.
    pub const fn enrolling(self) -> bool {
        matches!(self, Step::Offered | Step::CodeSent | Step::ExtraProof | Step::EmailVerified | Step::CodeIssued)
    }
}

/// A flow's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The row.
    pub id: FlowId,
    /// SHA-256 of the browser's flow cookie: only that browser may go on.
    pub browser: TokenHash,
    /// The user, when the name given is somebody's. Unknown names have flows too, which never get past a proof.
    pub user: Option<UserId>,
    /// Where it stands.
    pub step: Step,
    /// Random; part of every form, replaced at every step (SEC 5.6).
    pub nonce: String,
    /// All else.
    pub data: FlowData,
    /// When the user name was given.
    pub created_at: Timestamp,
    /// The end: 15 minutes after the last step before the wizard, 60 minutes in all inside it.
    pub expires_at: Timestamp,
}

impl Flow {
    /// What records say of who and where, as far as the flow knows it.
    pub fn context(&self) -> EventContext {
        EventContext {
            user: self.user.clone(),
            used_name: self.user.as_ref().and_then(|_| recordable(&self.data.typed_name)),
            session: self.data.raises.clone(),
            flow: Some(self.id.clone()),
            application: self.data.return_to.as_ref().map(|to| to.app.as_str().to_owned()),
            ..EventContext::default()
        }
    }
}

/// A name as records may hold it: a full mail address never appears there. A name of nobody is not recorded at all, since
/// it may be a password that was typed into the wrong field.
fn recordable(name: &str) -> Option<String> {
    if name.contains('@') { masked(name) } else { Some(name.to_owned()) }
}

/// What a flow remembers. Sealed in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowData {
    /// The user name as typed, shown again with "Switch user".
    pub typed_name: String,
    /// Where to go in the end.
    pub return_to: Option<ReturnTo>,
    /// Language chosen or negotiated (`fr`).
    pub language: String,
    /// What the policy asked for when the flow began.
    pub need: Vec<Factor>,
    /// What was proved within this flow (and in the portal session that is being stepped up).
    pub proofs: Proofs,
    /// The message to show on the current page, if the last try went wrong.
    pub notice: Option<Notice>,
    /// The emailed code, once sent.
    pub code: Option<SentCode>,
    /// The state of the grant by which this flow has got past [`Step::ExtraProof`]: approved, or a code that was right.
    pub granted: Option<GrantState>,
    /// W3's answer "on a mobile device", until W4 is answered.
    pub mobile_chosen: bool,
    /// The platform chosen at W3/W4.
    pub target: Option<Target>,
    /// The token issued in this flow.
    pub credential: Option<CredentialId>,
    /// Until when W5 shows its code.
    pub issue_expires_at: Option<Timestamp>,
    /// W5 was left by Continue: W8 asks for the passcode.
    pub asks_passcode: bool,
    /// The question that the passcode asked for now answers, where a token answers questions.
    pub challenge: Option<Challenge>,
    /// The server-side PIN that was drawn for the token issued in this flow: shown to its user until it is used.
    pub first_pin: Option<KeptSecret>,
    /// Whose PIN must be changed: its passcode was right.
    pub new_pin: Option<CredentialId>,
    /// W5: the user says that the app is installed, so the code may be shown (R22).
    #[serde(default)]
    pub app_installed: bool,
    /// The request that was sent to the user's device from this flow, the newest.
    #[serde(default)]
    pub push: Option<crate::ids::PushId>,
    /// The portal session that this flow raises, if the browser had one.
    pub raises: Option<crate::ids::SessionId>,
    /// The page of the user's own to which it goes back in the end: it was begun there.
    #[serde(default)]
    pub own: Option<OwnTask>,
    /// It adds another authenticator to those that the user has. No code was mailed: one of theirs was proved instead.
    #[serde(default)]
    pub adding: bool,
    /// The provisioning task whose mail has begun it. Neither a password nor a code was asked for: the link came by mail, and an
    /// operator has sent it. It ends with a token, and signs nobody in.
    #[serde(default)]
    pub provisioned: Option<crate::provisioning::TaskNumber>,
    /// The name of the group whose rule has made that task.
    #[serde(default)]
    pub by_rule: Option<String>,
    /// The name of the operator who has made it, where no rule has.
    #[serde(default)]
    pub by_operator: Option<String>,
}

impl FlowData {
    /// In which nothing has happened yet but that a name was typed.
    pub fn new(typed_name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            typed_name: typed_name.into(),
            return_to: None,
            language: language.into(),
            need: Vec::new(),
            proofs: Proofs::NONE,
            notice: None,
            code: None,
            granted: None,
            mobile_chosen: false,
            target: None,
            credential: None,
            issue_expires_at: None,
            asks_passcode: false,
            challenge: None,
            first_pin: None,
            new_pin: None,
            app_installed: false,
            push: None,
            raises: None,
            own: None,
            adding: false,
            provisioned: None,
            by_rule: None,
            by_operator: None,
        }
    }
}

/// What somebody does with their own authenticators for which one of them must have been proved a short while ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnTask {
    /// Adds another.
    Add,
    /// Removes this one.
    Remove(CredentialId),
    /// Adds a passkey.
    Passkey,
    /// Removes this passkey.
    RemovePasskey(CredentialId),
}

impl OwnTask {
    /// Its page at the portal.
    pub fn path(&self) -> String {
        match self {
            OwnTask::Add => "/authenticators/add".to_owned(),
            OwnTask::Remove(id) => format!("/authenticators/{id}/remove"),
            OwnTask::Passkey => "/passkeys/add".to_owned(),
            OwnTask::RemovePasskey(id) => format!("/passkeys/{id}/remove"),
        }
    }
}

/// A question to a token of challenge and response (RFC 6287): good once, for a short while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Eight digits.
    pub text: String,
    /// Its end: 120 seconds after it was drawn (R59).
    pub expires_at: Timestamp,
}

/// A secret that is kept, sealed with the flow; it prints as `…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSecret(String);

impl KeptSecret {
    /// Keeps the text.
    pub fn new(secret: &Secret) -> Self {
        Self(secret.expose().to_owned())
    }

    /// The secret again.
    pub fn secret(&self) -> Secret {
        Secret::new(self.0.as_str())
    }
}

impl std::fmt::Debug for KeptSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The page to go back to, opened from its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The application.
    pub app: AppId,
    /// Its origin: `http://wiki.localhost:8080`.
    pub origin: String,
    /// Its host without port.
    pub host: String,
    /// Path and query of the page to go back to: the one asked for. What was sent cannot be sent for its user again; so after a
    /// form it is the page on which the form was.
    pub path_and_query: String,
    /// The path that was asked for, alone and as the policy saw it.
    pub path: String,
    /// The method asked for.
    pub method: String,
    /// SHA-256 of the application host's hop cookie: the ticket opens only the browser that began there.
    pub hop: TokenHash,
    /// The client's address as the gate saw it. The portal may see another of the same client (one by IPv6, one by IPv4), and would
    /// then ask for less or more than the gate does.
    #[serde(default)]
    pub client: Option<IpAddr>,
}

impl ReturnTo {
    /// Whether something was sent with what was asked for. It is lost.
    pub fn sent_something(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// The emailed verification code, as remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// HMAC of the code, bound to the flow.
    pub mac: String,
    /// Which code of this flow, from 1; a meter of its own for each.
    pub number: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it is good (10 minutes).
    pub expires_at: Timestamp,
    /// The mail in the outbox.
    pub mail: crate::ids::MailId,
    /// What has become of the mail.
    pub delivery: Delivery,
    /// Void: too many wrong tries.
    pub void: bool,
}

/// What has become of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Not yet accepted by the mail server; the outbox goes on trying.
    Pending,
    /// Accepted: the server said 250.
    Sent,
    /// Refused for good.
    Refused,
}

/// Why the current page says more than it did at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Notice {
    /// User name or password was not accepted.
    NotAccepted,
    /// The passcode was not accepted: wait for the next one.
    PasscodeNotAccepted {
        /// After the second time a hint about the clock is shown.
        times: u32,
    },
    /// This passcode was used before.
    PasscodeUsed,
    /// The passcode was right, but the token has run away: the very next one is asked for (self-provisioning.md 2.2).
    NextPasscode,
    /// The challenge was over before it was answered; here is another.
    ChallengeExpired,
    /// The new PIN breaks rules.
    PinRejected {
        /// Which.
        faults: Vec<PinFault>,
    },
    /// The new PIN was used before.
    PinUsedBefore,
    /// The new PIN was not typed the same both times.
    PinDiffers,
    /// Too many failures with the account from browsers that it does not know; a known one still gets in.
    AccountLocked {
        /// When to come back.
        until: Timestamp,
    },
    /// Too many failures with an authenticator; try again later.
    Locked {
        /// When.
        until: Timestamp,
    },
    /// The verification code was wrong.
    CodeWrong {
        /// How many tries are left.
        tries_left: u32,
    },
    /// The verification code is too old.
    CodeExpired,
    /// Too many wrong tries with this code.
    CodeVoid,
    /// Too many codes asked for.
    CodeLimit {
        /// When the next may be asked for.
        until: Timestamp,
    },
    /// Too many wrong codes today.
    CodeDayLimit {
        /// When to come back.
        until: Timestamp,
    },
    /// E1: no address on record.
    NoEmail,
    /// E2: the mail could not be sent.
    MailFailed,
    /// A newer code was sent.
    CodeSentAgain,
    /// Nothing was chosen.
    ChooseTarget,
    /// The field was left empty.
    Empty,
    /// A form of an earlier step was sent; here is where things stand.
    StaleForm,
    /// What was sent to the application came without a session, and is lost.
    NotReceived,
    /// The user is no longer offered self-provisioning.
    NoLongerOffered,
    /// No request is sent to the user's device just now: too many went unanswered, or one was sent a moment ago.
    PushOff {
        /// Until then.
        until: Timestamp,
    },
    /// None of the user's devices can be asked.
    PushUnavailable,
    /// The request was denied on the device.
    PushDenied,
    /// Another number was entered on the device than the page shows.
    PushMismatched,
    /// The request was not answered in time.
    PushExpired,
    /// A request must be approved: the policy asks for more than a passcode.
    PushNeeded,
    /// The passkey was not accepted, whatever the reason.
    PasskeyNotAccepted,
    /// The enrolment rule asks for a network that the user does not come from.
    NotInNetwork,
    /// The help desk's code was wrong.
    HelpDeskCodeWrong {
        /// How many tries are left today.
        tries_left: u32,
    },
    /// There is no code of the help desk, or it is over.
    HelpDeskCodeOver,
    /// Too many wrong codes of the help desk today.
    HelpDeskCodeLimit {
        /// When to come back.
        until: Timestamp,
    },
}
