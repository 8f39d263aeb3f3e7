//! What a token is made by, as the gateway tells it, and the passcodes that come of it.

use std::num::NonZeroU32;

use doorward_api::SecretBytes;
use doorward_api::settings::{Complexity, PinRules};
use doorward_oath::ocra::{Inputs, Suite};
use doorward_oath::{Algorithm, Digits, Params, Passcode, hotp, totp};
use serde::{Deserialize, Serialize};

use super::stop::Stop;

/// The template of PROTOCOL.md.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) mode: Mode,
    pub(super) algorithm: String,
    pub(super) digits: u8,
    pub(super) period: Option<NonZeroU32>,
    pub(super) event: bool,
    pub(super) ocra: Option<String>,
    pub(super) pin: Pin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    QuickLog,
    ChallengeResponse,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pin {
    #[serde(rename = "type")]
    pub(super) kind: PinKind,
    pub(super) min_length: u8,
    pub(super) max_length: u8,
    pub(super) allow_trivial: bool,
    pub(super) complexity: WireComplexity,
    pub(super) max_attempts: u32,
}

/// Who asks for the PIN: nobody, this command, or the gateway's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PinKind {
    None,
    UserSelected,
    ServerSide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireComplexity {
    Decimal,
    Strong,
}

/// What a passcode is for, besides the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    /// By the gateway's clock.
    pub(super) now: i64,
    /// The next counter.
    pub(super) counter: u64,
    /// The question, where there is one.
    pub(super) challenge: Option<&'a str>,
}

impl Template {
    /// The hash under the passcodes.
    pub(super) fn algorithm(&self) -> Result<Algorithm, Stop> {
        Algorithm::parse(&self.algorithm).ok_or_else(|| self.unknown())
    }

    /// The passcode of a moment.
    pub(super) fn passcode(&self, seed: &SecretBytes, moment: Moment<'_>) -> Result<Passcode, Stop> {
        let seed = seed.expose();
        match (self.mode, moment.challenge) {
            (Mode::ChallengeResponse, Some(question)) => self.response(seed, question),
            (Mode::ChallengeResponse, None) => Err(Stop::rule(
                "this authenticator answers questions: give --challenge with the eight digits of the page",
            )),
            (Mode::QuickLog, Some(_)) => {
                Err(Stop::rule("this authenticator answers no questions; leave --challenge out"))
            }
            (Mode::QuickLog, None) => {
                let digits = Digits::new(self.digits).ok_or_else(|| self.unknown())?;
                let params = Params { algorithm: self.algorithm()?, digits };
                match self.period {
                    _ if self.event => Ok(hotp::passcode(seed, moment.counter, params)),
                    Some(period) => {
                        let now = u64::try_from(moment.now).unwrap_or(0);
                        Ok(totp::passcode(seed, totp::step_at(now, period), params))
                    }
                    None => Err(self.unknown()),
                }
            }
        }
    }

    fn response(&self, seed: &[u8], question: &str) -> Result<Passcode, Stop> {
        if question.len() != QUESTION || !question.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Stop::rule("the question has eight digits"));
        }
        let suite = self.ocra.as_deref().and_then(|suite| suite.parse::<Suite>().ok()).ok_or_else(|| self.unknown())?;
        suite.passcode(seed, &Inputs::question(question)).map_err(|cause| Stop::rule(cause.to_string()))
    }

    /// For how many seconds more the passcode of this moment lasts, where it does.
    pub(super) fn lasts(&self, now: i64) -> Option<i64> {
        let period = i64::from(self.period.filter(|_| !self.event)?.get());
        Some(period - now.rem_euclid(period))
    }

    /// The rules of the PIN that this command asks for; none where it asks for none.
    pub(super) fn pin_rules(&self) -> Option<PinRules> {
        let complexity = match self.pin.complexity {
            WireComplexity::Decimal => Complexity::Decimal,
            WireComplexity::Strong => Complexity::StrongAlphanumeric,
        };
        (self.pin.kind == PinKind::UserSelected).then_some(PinRules {
            min_length: self.pin.min_length,
            max_length: self.pin.max_length,
            complexity,
            allow_trivial: self.pin.allow_trivial,
        })
    }

    fn unknown(&self) -> Stop {
        Stop::rule("the gateway asks for passcodes of a kind that this version cannot make")
    }
}

/// Digits of a question.
const QUESTION: usize = 8;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The usual one, with a PIN.
    pub(crate) fn usual() -> Template {
        serde_json::from_str(
            r#"{"mode":"quick_log","algorithm":"SHA1","digits":6,"period":30,"event":false,"ocra":null,"pin":{"type":
               "user_selected","min_length":4,"max_length":8,"allow_trivial":false,"complexity":"decimal","max_attempts":5},
               "biometric":false}"#,
        )
        .unwrap()
    }

    /// RFC 4226 appendix D, RFC 6238 appendix B.
    #[test]
    fn passcodes_are_those_of_the_rfcs() {
        let seed = SecretBytes::new(b"12345678901234567890".to_vec());
        let at = |template: &Template, now: i64, counter: u64, challenge: Option<&str>| {
            template.passcode(&seed, Moment { now, counter, challenge }).map(|code| code.expose().to_owned())
        };
        let time = Template { digits: 8, ..usual() };
        assert_eq!(at(&time, 59, 9, None).unwrap(), "94287082");
        assert_eq!(time.lasts(59), Some(1));
        let event = Template { event: true, period: None, ..usual() };
        assert_eq!(at(&event, 59, 0, None).unwrap(), "755224");
        assert_eq!(event.lasts(59), None);
        let asked =
            Template { mode: Mode::ChallengeResponse, ocra: Some("OCRA-1:HOTP-SHA1-6:QN08".to_owned()), ..usual() };
        assert_eq!(at(&asked, 59, 0, Some("00000000")).unwrap(), "237653");
        for (template, challenge) in
            [(&asked, None), (&asked, Some("1234")), (&asked, Some("1234567x")), (&time, Some("00000000"))]
        {
            assert!(matches!(at(template, 59, 0, challenge), Err(Stop::Rule(_))), "{challenge:?}");
        }
    }

    #[test]
    fn a_template_is_kept_as_it_was_told_and_may_say_more() {
        let template = usual();
        let kept = serde_json::to_string(&template).unwrap();
        assert_eq!(serde_json::from_str::<Template>(&kept).unwrap(), template);
        let rules = template.pin_rules().unwrap();
        assert_eq!((rules.min_length, rules.max_length, rules.complexity), (4, 8, Complexity::Decimal));
    }
}
