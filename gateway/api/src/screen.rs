//! What a person is shown at a step of sign-in: the model behind each page, without words or markup.
//!
//! `access` makes these, `views` turns them into pages, `portal` carries them. Times are UTC.

use serde::Serialize;

use crate::device::ActivationStage;
use crate::flow::Notice;
use crate::secret::Secret;
use crate::settings::{PinOrder, PinRules};
use crate::template::{Target, Template};
use crate::time::Timestamp;

/// One page of sign-in or self-provisioning.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Which page.
    pub page: ScreenPage,
    /// The flow's row, the nonce of its step and where it leads: hidden fields `flow`, `nonce` and `return` of every form. Empty at
    /// W0.
    pub form: FormIds,
    /// Why the page says more than it did at first.
    pub notice: Option<Notice>,
    /// The application that is being signed in to; `None` when it is the portal itself.
    pub app_name: Option<String>,
    /// That application's origin, for the page's `form-action` (decision A4).
    pub app_origin: Option<String>,
    /// The user name as typed, once given.
    pub user_name: Option<String>,
    /// It was begun on the user's own page, and leads back there: cancelling it signs nobody out.
    pub own: bool,
    /// Step n of m, inside the wizard.
    pub progress: Option<Progress>,
    /// Whether Back is safe here.
    pub back: bool,
    /// When the flow times out.
    pub expires_at: Option<Timestamp>,
    /// Now, for "sent 14:32".
    pub now: Timestamp,
}

/// The hidden fields of a step's forms.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FormIds {
    /// The flow's row.
    pub flow: String,
    /// The step's nonce.
    pub nonce: String,
    /// The sealed return address, so that a page which outlives its flow still leads to where it was going.
    pub return_to: Option<String>,
}

/// "Step 2 of 5".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// From 1.
    pub step: u8,
    /// How many there are.
    pub of: u8,
}

/// The pages. Their names are those of self-provisioning.md 3.1.
#[derive(Debug, Clone)]
pub enum ScreenPage {
    /// W0: the user name.
    Name {
        /// The name remembered on this device.
        remembered: Option<String>,
        /// The sealed return address, a hidden field `return`.
        return_to: Option<String>,
    },
    /// W0's second page: the password.
    Password,
    /// W8 for somebody who has a token (or who has none and is not offered one).
    Passcode {
        /// Digits of a passcode: 6 or 8.
        length: u8,
        /// No token and not offered one: "Expecting an enrolment email?" is shown.
        enrolment_hint: bool,
        /// The token is suspended: "contact the help desk". Only after a password.
        suspended: bool,
        /// How a PIN is typed with the passcode, where one is.
        pin: Option<PinOrder>,
        /// What is to be keyed into the token, where it answers questions.
        challenge: Option<ChallengeView>,
        /// Recovery codes are taken here. Where the token is suspended: its user has some left, or a temporary passcode.
        recovery: bool,
        /// The user's authenticator shows passcodes: what does not is asked first, and other codes are typed.
        passcodes: bool,
        /// A request can be sent to a device of the user, or is under way.
        push: Option<PushView>,
        /// One of the user's passkeys would be enough. Only after a password. Field `answer`.
        passkey: Option<PasskeyView>,
    },
    /// The server-side PIN must be changed. Fields `pin` and `pin_again`.
    NewPin {
        /// The rules that the new one must keep.
        rules: PinRules,
    },
    /// W1: you need an authenticator.
    NeedAuthenticator {
        /// `j***@e***.org`, only after a password (0.6).
        masked_email: Option<String>,
        /// Until when it may be put off, where it may be: a form "Later" without fields.
        later_until: Option<Timestamp>,
        /// They have a recovery code or a temporary passcode: another form, with the field `otp`.
        stand_in: bool,
    },
    /// Somebody else must say yes first.
    AskApproval {
        /// Where the user's request stands: not asked yet, asked, approved or refused.
        state: Option<crate::grant::GrantState>,
        /// Why it was refused, in the operator's words.
        reason: Option<String>,
        /// Until when the request or the approval is good.
        valid_until: Option<Timestamp>,
    },
    /// The help desk's code is asked for. Field `code`.
    HelpDeskCode,
    /// W2: check your email.
    CheckEmail {
        /// When the newest code was made; `None` when none could be (E1, E2).
        sent_at: Option<Timestamp>,
        /// Sent, being sent, or refused (E2).
        delivery: Option<crate::flow::Delivery>,
        /// When a new one may be asked for.
        resend_at: Timestamp,
        /// Until when the code is good.
        expires_at: Option<Timestamp>,
        /// Masked address, only after a password.
        masked_email: Option<String>,
    },
    /// W3: where do you want to install it? Field `target`: `mobile` or `windows-desktop`, or the target itself if a kind has
    /// only one.
    ChooseKind {
        /// The values, in order: `mobile` or a target's name.
        choices: Vec<String>,
        /// The value chosen beforehand.
        preselected: String,
    },
    /// W4: which device? Field `target`.
    ChooseDevice {
        /// The targets, in order.
        choices: Vec<Target>,
        /// The target chosen beforehand.
        preselected: Target,
    },
    /// W5: put the secret into the app.
    Install {
        /// The platform, whose instructions are shown.
        target: Target,
        /// The QR code's text and the tap-to-open link.
        uri: Secret,
        /// The key in groups of four.
        key: Secret,
        /// The account name as the app will show it.
        account: String,
        /// The issuer as the app will show it.
        issuer: String,
        /// Until when the code is shown.
        valid_until: Timestamp,
        /// It is over: no QR code, only "New code".
        expired: bool,
        /// What the token is made by: what its passcodes look like and when they change.
        template: Template,
        /// The other kinds that may be taken instead, by their plugins' names. Field `kind`.
        others: Vec<String>,
    },
    /// W5 and W6 for an authenticator of our own: install it, open it there, and watch it come to life.
    Activate {
        /// The platform, whose instructions are shown.
        target: Target,
        /// Which app: its plugin's name. One that others have made has no code to be typed and shows no number.
        app: String,
        /// How the app comes onto the device.
        install: InstallLink,
        /// Only the first part is shown: install the app, then "I've installed it" (R22).
        install_first: bool,
        /// The browser runs on a device of this platform: the link comes before the QR code (3.3).
        same_device: bool,
        /// The QR code's text and the link.
        link: Secret,
        /// The code to be typed, in groups of four.
        code: Secret,
        /// The authenticator's host, shown beside the code.
        server: String,
        /// The user's name, which is typed with the code.
        account: String,
        /// Until when the code is shown.
        valid_until: Timestamp,
        /// It is over: no QR code, only "New code".
        expired: bool,
        /// How far it is.
        stage: ActivationStage,
        /// The platforms that are allowed, where the device is of none of them.
        allowed: Vec<Target>,
        /// The other kinds that may be taken instead, by their plugins' names. Field `kind`.
        others: Vec<String>,
    },
    /// W7 and W8 in one: your authenticator is ready, sign in with it.
    FirstPasscode {
        /// The platform.
        target: Target,
        /// Digits.
        length: u8,
        /// When it was issued.
        added_at: Timestamp,
        /// How a PIN is typed with the passcode, and which was drawn for the token.
        pin: Option<(PinOrder, Secret)>,
        /// What is to be keyed into the token, where it answers questions.
        challenge: Option<ChallengeView>,
        /// The device's name, where it has told one.
        device: Option<String>,
        /// It shows passcodes; what does not is proved by a request alone.
        passcodes: bool,
        /// A request can be sent to it, or is under way.
        push: Option<PushView>,
        /// It is only seen to work: nobody is signed in by it, since it came by a provisioning mail.
        only_tried: bool,
    },
    /// The flow is over.
    Ended {
        /// How.
        how: EndedHow,
        /// A URL to begin again with, to the same application.
        start_again: String,
    },
}

/// How the app comes onto a device (R21..R23, R43..R46, decision B16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "url")]
pub enum InstallLink {
    /// It is there already: no link anywhere.
    None,
    /// The install page on the authenticator's origin.
    Page(String),
    /// A store.
    Store(String),
    /// An installer (.exe).
    Installer(String),
}

/// What the page of a sign-in asks the browser for a passkey with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// What `navigator.credentials.get()` is called with, as JSON.
    pub options: String,
    /// Nothing else will do.
    pub alone: bool,
}

/// A request to a device, as the page of the sign-in shows it.
#[derive(Debug, Clone)]
pub enum PushView {
    /// One can be sent.
    Offered,
    /// One was sent, and waits.
    Waiting {
        /// The number to be entered on the device.
        number: Secret,
        /// Its end.
        until: Timestamp,
        /// The device must be opened by hand: nothing wakes it.
        by_hand: bool,
    },
    /// It was approved: the next form signs in.
    Approved,
    /// None can be sent before then.
    Off {
        /// Until then.
        until: Timestamp,
    },
}

/// A challenge as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChallengeView {
    /// In groups of four, to be read and typed: `1234 5678`.
    pub text: String,
    /// It is over: only another can be asked for.
    pub expired: bool,
}

/// How a flow ended without signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedHow {
    /// The user cancelled.
    Cancelled,
    /// It was continued in another browser or tab.
    Superseded,
    /// "Your sign-in timed out."
    Expired,
}

impl ScreenPage {
    /// The name in templates, tests and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            ScreenPage::Name { .. } => "name",
            ScreenPage::Password => "password",
            ScreenPage::Passcode { .. } => "passcode",
            ScreenPage::NewPin { .. } => "new_pin",
            ScreenPage::NeedAuthenticator { .. } => "need_authenticator",
            ScreenPage::AskApproval { .. } => "ask_approval",
            ScreenPage::HelpDeskCode => "help_desk_code",
            ScreenPage::CheckEmail { .. } => "check_email",
            ScreenPage::ChooseKind { .. } => "choose_kind",
            ScreenPage::ChooseDevice { .. } => "choose_device",
            ScreenPage::Install { .. } => "install",
            ScreenPage::Activate { .. } => "activate",
            ScreenPage::FirstPasscode { .. } => "first_passcode",
            ScreenPage::Ended { .. } => "ended",
        }
    }
}
