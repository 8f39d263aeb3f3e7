//! The calls as a device makes them: strict, and every field bounded.

use doorward_api::Secret;
use doorward_api::device::DeviceFacts;
use serde::{Deserialize, Serialize};

use crate::bytes::{Blob, Fixed, Text};
use crate::reply::Refusal;

/// A call has so many bytes at most.
const BODY_MAX: usize = 16 << 10;

/// The longest name of a device.
const NAME_MAX: usize = 64;

/// Letters and digits of an activation code.
pub(crate) const CODE_LEN: usize = 12;

/// A token's or a request's id.
pub(crate) type Id = Text<64>;

/// Everything that can be called.
#[derive(Debug)]
pub(crate) enum Call {
    Begin(Begin),
    Handoff(Handoff),
    Status,
    Finish(Finish),
    PinRegister(PinRegister),
    PinUnlockStart(PinUnlockStart),
    PinUnlockFinish(PinUnlockFinish),
    PinUnlockFailed,
    PinChange(PinChange),
    BioRegister(BioRegister),
    BioChallenge,
    BioAssert(BioAssert),
    Subscription(SubscriptionCall),
    Pending,
    Answer(PushAnswerCall),
    Token,
    Release(Release),
}

impl Call {
    /// Reads a call of this name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where there is no such call, [`Refusal::Malformed`] where the body is not its.
    pub(crate) fn read(name: &str, body: &[u8]) -> Result<(Whose, Self), Refusal> {
        if body.len() > BODY_MAX {
            return Err(Refusal::Malformed);
        }
        match name {
            "activate/begin" => {
                let begin: Begin = parse(body)?;
                let whose = begin.whose().ok_or(Refusal::Malformed)?;
                Ok((whose, Call::Begin(begin)))
            }
            "activate/handoff" => of(body, |call: &Handoff| &call.id, Call::Handoff),
            "activate/status" => of(body, |call: &Only| &call.id, |_| Call::Status),
            "activate/finish" => of(body, |call: &Finish| &call.id, Call::Finish),
            "pin/register" => of(body, |call: &PinRegister| &call.id, Call::PinRegister),
            "pin/unlock/1" => of(body, |call: &PinUnlockStart| &call.id, Call::PinUnlockStart),
            "pin/unlock/2" => of(body, |call: &PinUnlockFinish| &call.id, Call::PinUnlockFinish),
            "pin/unlock/failed" => of(body, |call: &Only| &call.id, |_| Call::PinUnlockFailed),
            "pin/change" => of(body, |call: &PinChange| &call.id, Call::PinChange),
            "bio/register" => of(body, |call: &BioRegister| &call.id, Call::BioRegister),
            "bio/challenge" => of(body, |call: &Only| &call.id, |_| Call::BioChallenge),
            "bio/assert" => of(body, |call: &BioAssert| &call.id, Call::BioAssert),
            "push/subscription" => of(body, |call: &SubscriptionCall| &call.id, Call::Subscription),
            "push/pending" => of(body, |call: &PendingCall| &call.id, |_| Call::Pending),
            "push/answer" => of(body, |call: &PushAnswerCall| &call.id, Call::Answer),
            "token" => of(body, |call: &Only| &call.id, |_| Call::Token),
            "token/release" => of(body, |call: &Release| &call.id, Call::Release),
            _ => Err(Refusal::NotFound),
        }
    }

    /// Whether it carries no sequence number: it changes nothing that a copy could misuse.
    pub(crate) fn uncounted(&self) -> bool {
        matches!(self, Call::Begin(_) | Call::Status | Call::Pending)
    }
}

/// Whose token a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This one.
    Token(String),
    /// The one that was issued to the user of this name.
    IssuedTo(String),
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    // A list of the fields' values would be read too.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Refusal::Malformed);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::Malformed)
}

fn of<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    id: impl Fn(&T) -> &Id,
    call: impl Fn(T) -> Call,
) -> Result<(Whose, Call), Refusal> {
    let read: T = parse(body)?;
    let whose = Whose::Token(id(&read).as_str().to_owned());
    Ok((whose, call(read)))
}

/// A call that says nothing more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    id: Id,
}

/// `activate/begin`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    v: Version,
    id: Option<Id>,
    ticket: Option<Fixed<32>>,
    user: Option<Text<256>>,
    code: Option<Text<64>>,
    pub(crate) pub_sig: Fixed<65>,
    pub(crate) pub_dh: Fixed<65>,
    pub(crate) nonce: Fixed<16>,
    pub(crate) device: Described,
}

/// Version 1 of the protocol.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u8")]
struct Version;

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number == 1 { Ok(Self) } else { Err("an unknown version") }
    }
}

/// What a device shows to be let in.
#[derive(Debug)]
pub(crate) enum Voucher<'a> {
    /// Of the QR code and the link.
    Ticket(&'a Fixed<32>),
    /// Typed, as it is meant; `None` when it cannot be a code.
    Code(Option<String>),
}

impl Begin {
    fn whose(&self) -> Option<Whose> {
        let Version = self.v;
        match (&self.id, &self.ticket, &self.user, &self.code) {
            (Some(id), Some(_), None, None) => Some(Whose::Token(id.as_str().to_owned())),
            (None, None, Some(user), Some(_)) => Some(Whose::IssuedTo(user.as_str().to_owned())),
            _ => None,
        }
    }

    /// The ticket, or the code.
    pub(crate) fn voucher(&self) -> Voucher<'_> {
        match (&self.ticket, &self.code) {
            (Some(ticket), _) => Voucher::Ticket(ticket),
            (None, code) => Voucher::Code(code.as_ref().and_then(|code| normal_code(code.as_str()))),
        }
    }

    /// What the signature names as its key: the token's id, or nothing where it is not known yet.
    pub(crate) fn key_id(&self) -> &str {
        self.id.as_ref().map_or("", Text::as_str)
    }
}

/// An activation code as it is meant: capitals; I and L are 1, O is 0; hyphens and spaces are nothing (Crockford's
/// base32).
fn normal_code(typed: &str) -> Option<String> {
    let meant = |c: char| match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let code: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).map(meant).collect();
    let plain = code.bytes().all(|b| crate::activate::CROCKFORD.contains(&b));
    (plain && code.len() == CODE_LEN).then_some(code)
}

/// A device, as it describes itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    pub(crate) os: Os,
    pub(crate) form: Form,
    name: Text<512>,
    installed: bool,
    push: bool,
    biometric: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Os {
    Ios,
    Android,
    Windows,
    Macos,
    Linux,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Phone,
    Tablet,
    Desktop,
}

impl Os {
    const fn as_str(self) -> &'static str {
        match self {
            Os::Ios => "ios",
            Os::Android => "android",
            Os::Windows => "windows",
            Os::Macos => "macos",
            Os::Linux => "linux",
            Os::Other => "other",
        }
    }
}

impl Form {
    const fn as_str(self) -> &'static str {
        match self {
            Form::Phone => "phone",
            Form::Tablet => "tablet",
            Form::Desktop => "desktop",
        }
    }
}

impl Described {
    /// What is remembered of it.
    pub(crate) fn facts(&self) -> DeviceFacts {
        let name = one_line(self.name.as_str());
        DeviceFacts {
            os: self.os.as_str().to_owned(),
            form: self.form.as_str().to_owned(),
            name: if name.is_empty() { self.os.as_str().to_owned() } else { name },
            installed: self.installed,
            push: self.push,
            biometric: self.biometric,
        }
    }
}

/// One line of visible characters, cut where it is too long: it stands on pages, in mails and in records.
fn one_line(text: &str) -> String {
    let unseen = |c: &char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let shown = |c: char| if c.is_control() || c.is_whitespace() { ' ' } else { c };
    let text: String = text.chars().filter(|c| !unseen(c)).map(shown).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(NAME_MAX).collect::<String>().trim_end().to_owned()
}

/// `activate/handoff`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handoff {
    id: Id,
    pub(crate) ticket: Fixed<32>,
}

/// `activate/finish`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finish {
    id: Id,
    pub(crate) pin: Option<Blob<512>>,
    pub(crate) push: Option<Subscription>,
    pub(crate) push_wanted: bool,
    pub(crate) otp: Text<16>,
    pub(crate) mac: Fixed<32>,
}

/// `pin/register`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinRegister {
    id: Id,
    pub(crate) request: Blob<512>,
}

/// `pin/unlock/1`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinUnlockStart {
    id: Id,
    pub(crate) ke1: Blob<512>,
}

/// `pin/unlock/2`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinUnlockFinish {
    id: Id,
    pub(crate) ke3: Blob<512>,
}

/// `pin/change`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinChange {
    id: Id,
    pub(crate) record: Blob<512>,
}

/// `bio/register`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BioRegister {
    id: Id,
    pub(crate) credential: Blob<1024>,
    pub(crate) public_key: Blob<2048>,
    pub(crate) algorithm: i32,
    pub(crate) prf: bool,
}

/// `bio/assert`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BioAssert {
    id: Id,
    pub(crate) authenticator_data: Blob<2048>,
    pub(crate) client_data: Blob<4096>,
    pub(crate) signature: Blob<1024>,
}

/// A subscription at a push service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    endpoint: Text<2048>,
    pub(crate) p256dh: Fixed<65>,
    pub(crate) auth: Fixed<16>,
}

impl Subscription {
    /// Its address.
    pub(crate) fn endpoint(&self) -> Secret {
        Secret::new(self.endpoint.as_str())
    }
}

/// `push/subscription`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionCall {
    id: Id,
    pub(crate) subscription: Option<Subscription>,
    pub(crate) wanted: bool,
}

/// `push/pending`. The host holds the answer back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingCall {
    id: Id,
    #[serde(default)]
    #[expect(dead_code, reason = "read so that it is bounded; the host waits")]
    wait: Wait,
}

/// Seconds: 0 to 25.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "u8")]
struct Wait;

impl TryFrom<u8> for Wait {
    type Error = &'static str;

    fn try_from(secs: u8) -> Result<Self, Self::Error> {
        if secs <= 25 { Ok(Self) } else { Err("too long") }
    }
}

/// `push/answer`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushAnswerCall {
    id: Id,
    pub(crate) push: Id,
    pub(crate) decision: Decision,
    pub(crate) number: Option<Text<8>>,
    pub(crate) proof: Option<Fixed<32>>,
}

/// What a user says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    Approve,
    Deny,
    Report,
}

/// `token/release`. Clients that do not know of a proof send none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    id: Id,
    pub(crate) nonce: Option<Fixed<16>>,
    pub(crate) proof: Option<Fixed<32>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_code_is_read_as_it_is_meant() {
        for typed in ["A1B0-C1D2-E3F4", "a1b0c1d2e3f4", " aIbO-cLd2 e3f4", "alboc1d2-e3f4"] {
            assert_eq!(normal_code(typed).as_deref(), Some("A1B0C1D2E3F4"), "{typed}");
        }
        for wrong in ["A1B0-C1D2-E3F", "A1B0-C1D2-E3F45", "A1B0-C1D2-E3FU", "", "A1B0_C1D2_E3F4", "ä1B0-C1D2-E3F"] {
            assert_eq!(normal_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_name_of_a_device_is_one_line_of_what_can_be_seen() {
        for (given, shown) in [
            ("iPhone, Safari", "iPhone, Safari"),
            ("  a\r\n\tb\0c ", "a b c"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("zero\u{200b}width", "zerowidth"),
            ("電話 📱", "電話 📱"),
        ] {
            assert_eq!(one_line(given), shown);
        }
        assert_eq!(one_line(&"é".repeat(100)).chars().count(), 64);
    }

    #[test]
    fn a_call_with_a_field_too_many_too_few_or_twice_is_none() {
        for (name, body) in [
            ("token", r#"{"id":"t","more":1}"#),
            ("token", r#"{}"#),
            ("token", r#"{"id":"t","id":"u"}"#),
            ("token", r#"["t"]"#),
            ("token", ""),
            ("push/pending", r#"{"id":"t","wait":26}"#),
            ("push/pending", r#"{"id":"t","wait":-1}"#),
            ("push/answer", r#"{"id":"t","push":"p","decision":"maybe","number":null,"proof":null}"#),
            ("pin/register", r#"{"id":"t","request":"+/"}"#),
        ] {
            assert_eq!(Call::read(name, body.as_bytes()).unwrap_err(), Refusal::Malformed, "{name} {body}");
        }
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(65));
        assert_eq!(Call::read("token", long.as_bytes()).unwrap_err(), Refusal::Malformed);
        assert_eq!(Call::read("tokens", b"{}").unwrap_err(), Refusal::NotFound);
        assert!(Call::read("push/pending", br#"{"id":"t"}"#).is_ok());
    }
}
