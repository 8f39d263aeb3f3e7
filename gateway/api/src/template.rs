//! Token templates and targets: the parameters that operators set and that each token freezes (R48..R81).

use serde::{Deserialize, Serialize};

use crate::settings::Complexity;

/// A platform on which an authenticator may be installed: exactly the seed's four (R53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// iPhone or iPad.
    Ios,
    /// Android phone or tablet.
    Android,
    /// Windows 10 Mobile.
    WindowsMobile,
    /// Windows 10 or later, desktop or tablet: "On This Computer".
    WindowsDesktop,
}

impl Target {
    /// In the order the wizard shows them.
    pub const ALL: [Target; 4] = [Target::Ios, Target::Android, Target::WindowsMobile, Target::WindowsDesktop];

    /// The value of the form field `target`, and the name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Target::Ios => "ios",
            Target::Android => "android",
            Target::WindowsMobile => "windows-mobile",
            Target::WindowsDesktop => "windows-desktop",
        }
    }

    /// Back from [`Target::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }

    /// Whether it is "a mobile device" at W3.
    pub const fn mobile(self) -> bool {
        !matches!(self, Target::WindowsDesktop)
    }

    /// The operating system in records and metrics.
    pub const fn os(self) -> &'static str {
        match self {
            Target::Ios => "iOS",
            Target::Android => "Android",
            Target::WindowsMobile => "Windows 10 Mobile",
            Target::WindowsDesktop => "Windows 10",
        }
    }

    /// The device type in records.
    pub const fn device_type(self) -> &'static str {
        match self {
            Target::Ios | Target::Android => "Mobile/tablet",
            Target::WindowsMobile => "Mobile",
            Target::WindowsDesktop => "Desktop/tablet",
        }
    }
}

/// Hash of a passcode's HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashAlgorithm {
    /// HMAC-SHA-1, what every standard app honours.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// How passcodes come to be (R59).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No challenge is keyed in. Recommended.
    QuickLog,
    /// OCRA (RFC 6287).
    ChallengeResponse,
}

/// What moves the passcode on (R61, R62).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronization {
    /// A new passcode every so many seconds: 30, 60, 90, 120, 180, 240 or 300.
    Time {
        /// Seconds.
        step: u32,
    },
    /// A new passcode at each click, accepted up to so many clicks ahead (1..100).
    Event {
        /// Clicks.
        look_ahead: u32,
    },
}

/// Which PIN belongs to the token (R63).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinType {
    /// The passcode alone suffices.
    None,
    /// Asked by the app before it shows a passcode.
    UserSelected,
    /// Typed with the passcode and checked by the virtual server.
    ServerSide,
}

/// The parameters of a token. Frozen into it when its activation is issued (R57).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Counts up at each edit; recorded with each enrolment.
    pub version: u32,
    /// Quick Log or Challenge-Response.
    pub mode: Mode,
    /// Characters of a passcode: 6 or 8 (R60).
    pub length: u8,
    /// Time-based or event-based.
    pub synchronization: Synchronization,
    /// The HMAC's hash.
    pub hash: HashAlgorithm,
    /// The PIN.
    pub pin: PinType,
    /// Least characters of a user-selected PIN: 4 to 8 (R73).
    #[serde(default = "pin_length")]
    pub pin_length: u8,
    /// A user-selected PIN may be one run (R74).
    #[serde(default)]
    pub allow_trivial_pins: bool,
    /// Wrong PINs in a row that are permitted: 1 to 15 (R75).
    #[serde(default = "max_pin_attempts")]
    pub max_pin_attempts: u8,
    /// Of what characters a user-selected PIN is (R76..R78).
    #[serde(default = "min_pin_complexity")]
    pub min_pin_complexity: Complexity,
    /// Fingerprint or face instead of the PIN (R79).
    pub biometric: bool,
    /// Push notifications. Not set any more: whether a token is asked by push is its platform's setting of that moment (R50, A8).
    pub push: bool,
}

// What tokens have whose template was written before these fields were there.

const fn pin_length() -> u8 {
    4
}

const fn max_pin_attempts() -> u8 {
    5
}

const fn min_pin_complexity() -> Complexity {
    Complexity::Decimal
}

impl Template {
    /// The template that any standard authenticator app can carry (decision A2): Quick Log, six digits,
    /// 30 seconds, SHA-1, no PIN, no biometrics, no push.
    pub const STANDARD_APP: Template = Template {
        version: 1,
        mode: Mode::QuickLog,
        length: 6,
        synchronization: Synchronization::Time { step: 30 },
        hash: HashAlgorithm::Sha1,
        pin: PinType::None,
        pin_length: pin_length(),
        allow_trivial_pins: false,
        max_pin_attempts: max_pin_attempts(),
        min_pin_complexity: min_pin_complexity(),
        biometric: false,
        push: false,
    };
}
