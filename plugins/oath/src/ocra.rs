//! OCRA: passcodes that answer a challenge or sign something (RFC 6287).
//!
//! A [`Suite`] says which inputs there are and how they are encoded:
//!
//! ```text
//! OCRA-1 : HOTP-<SHA1|SHA256|SHA512>-<0|4..10> : [C-]Q<A|N|H><04..64>[-P<hash>][-S<001..512>][-T<n><S|M|H>]
//! ```
//!
//! Only what is written out is taken: the RFC's abbreviations (`Q`, `P`, `S`, `T` with defaults) are refused, so that a
//! suite has one spelling, and with it one set of passcodes.

use std::str::FromStr;

use data_encoding::HEXLOWER;

use crate::passcode::{Algorithm, Passcode, decimal};

/// Bytes that the challenge takes up in the message, whatever its length.
const CHALLENGE_LEN: usize = 128;

/// The format of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChallengeFormat {
    /// `QA`: printable ASCII without spaces.
    Alphanumeric,
    /// `QN`: decimal digits.
    Numeric,
    /// `QH`: hexadecimal digits.
    Hexadecimal,
}

/// A parsed OCRA suite.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Suite {
    text: String,
    algorithm: Algorithm,
    digits: u8,
    counter: bool,
    format: ChallengeFormat,
    max_challenge: usize,
    pin: Option<Algorithm>,
    session: Option<usize>,
    time_step: Option<u64>,
}

/// A suite that is none, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an OCRA suite: {0}")]
pub struct SuiteError(&'static str);

/// An input that the suite does not take, misses, or takes in another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The counter is missing, or not part of the suite.
    #[error("the suite and the inputs disagree on a counter")]
    Counter,
    /// The challenge has the wrong format or is empty or too long.
    #[error("the challenge does not fit the suite")]
    Challenge,
    /// The PIN's hash is missing, not part of the suite, or of another length.
    #[error("the PIN hash does not fit the suite")]
    Pin,
    /// The session information is missing, not part of the suite, or too long.
    #[error("the session information does not fit the suite")]
    Session,
    /// The time step is missing, or not part of the suite.
    #[error("the suite and the inputs disagree on a time step")]
    Time,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge<'a> {
    /// One side asks; or the text to be signed.
    One(&'a str),
    /// Both sides ask (RFC 6287 7.2): the question of the one who is to be convinced comes first.
    Mutual(&'a str, &'a str),
}

/// The inputs of one computation; exactly those that the suite names.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// `C`.
    pub counter: Option<u64>,
    /// `Q`.
    pub challenge: Challenge<'a>,
    /// `P`: the hash of the PIN, by the suite's algorithm for it.
    pub pin_hash: Option<&'a [u8]>,
    /// `S`.
    pub session: Option<&'a [u8]>,
    /// `T`: the number of time steps since the epoch, see [`Suite::time_at`].
    pub time: Option<u64>,
}

impl<'a> Inputs<'a> {
    /// A challenge and nothing else.
    pub const fn question(challenge: &'a str) -> Self {
        Self { counter: None, challenge: Challenge::One(challenge), pin_hash: None, session: None, time: None }
    }
}

impl Suite {
    /// The suite as it is written; part of every message.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Digits of a passcode; 0 stands for the whole hash, as lower-case hex.
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// Format and greatest length of a challenge.
    pub const fn challenge(&self) -> (ChallengeFormat, usize) {
        (self.format, self.max_challenge)
    }

    /// Whether a counter is among the inputs.
    pub const fn has_counter(&self) -> bool {
        self.counter
    }

    /// The hash that the PIN is put in by, if a PIN is among the inputs.
    pub const fn pin(&self) -> Option<Algorithm> {
        self.pin
    }

    /// Bytes of the session information, if it is among the inputs.
    pub const fn session_len(&self) -> Option<usize> {
        self.session
    }

    /// The time step that a second lies in, if time is among the inputs.
    pub fn time_at(&self, secs: u64) -> Option<u64> {
        self.time_step.and_then(|step| secs.checked_div(step))
    }

    /// Computes the passcode.
    ///
    /// # Errors
    /// [`InputError`] names the input that does not fit the suite.
    pub fn passcode(&self, secret: &[u8], inputs: &Inputs<'_>) -> Result<Passcode, InputError> {
        let tag = self.algorithm.mac(secret, &self.message(inputs)?);
        Ok(match self.digits {
            0 => Passcode::of(HEXLOWER.encode(tag.as_ref())),
            digits => decimal(&tag, digits),
        })
    }

    /// `suite 00 C Q P S T`, each input in its fixed width.
    fn message(&self, inputs: &Inputs<'_>) -> Result<Vec<u8>, InputError> {
        let mut message = self.text.clone().into_bytes();
        message.push(0);
        match (self.counter, inputs.counter) {
            (true, Some(counter)) => message.extend_from_slice(&counter.to_be_bytes()),
            (false, None) => {}
            _ => return Err(InputError::Counter),
        }
        message.extend_from_slice(&self.challenge_bytes(inputs.challenge)?);
        match (self.pin, inputs.pin_hash) {
            (Some(hash), Some(pin)) if pin.len() == hash.output_len() => message.extend_from_slice(pin),
            (None, None) => {}
            _ => return Err(InputError::Pin),
        }
        match (self.session, inputs.session) {
            // Shorter session information is filled up with zeros in front.
            (Some(len), Some(session)) if session.len() <= len => {
                message.resize(message.len() + len - session.len(), 0);
                message.extend_from_slice(session);
            }
            (None, None) => {}
            _ => return Err(InputError::Session),
        }
        match (self.time_step, inputs.time) {
            (Some(_), Some(time)) => message.extend_from_slice(&time.to_be_bytes()),
            (None, None) => {}
            _ => return Err(InputError::Time),
        }
        Ok(message)
    }

    fn challenge_bytes(&self, challenge: Challenge<'_>) -> Result<Vec<u8>, InputError> {
        let text = match challenge {
            Challenge::One(question) => self.checked(question)?.to_owned(),
            Challenge::Mutual(first, second) => format!("{}{}", self.checked(first)?, self.checked(second)?),
        };
        let mut bytes = match self.format {
            ChallengeFormat::Alphanumeric => text.into_bytes(),
            ChallengeFormat::Hexadecimal => nibbles_to_bytes(&hex_nibbles(&text)),
            // The RFC's reference code turns the number into a hexadecimal *text* and fills that up on the right; so leading
            // zeros of the challenge vanish, and an odd number of nibbles ends in half a byte.
            ChallengeFormat::Numeric => nibbles_to_bytes(&decimal_nibbles(&text)),
        };
        bytes.resize(CHALLENGE_LEN, 0);
        Ok(bytes)
    }

    fn checked<'a>(&self, question: &'a str) -> Result<&'a str, InputError> {
        let fits = !question.is_empty()
            && question.len() <= self.max_challenge
            && question.bytes().all(|b| match self.format {
                ChallengeFormat::Alphanumeric => b.is_ascii_graphic(),
                ChallengeFormat::Numeric => b.is_ascii_digit(),
                ChallengeFormat::Hexadecimal => b.is_ascii_hexdigit(),
            });
        if fits { Ok(question) } else { Err(InputError::Challenge) }
    }
}

impl FromStr for Suite {
    type Err = SuiteError;

    fn from_str(text: &str) -> Result<Self, SuiteError> {
        let mut parts = text.split(':');
        let (Some("OCRA-1"), Some(function), Some(inputs), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SuiteError("it has not the form OCRA-1:…:…"));
        };
        let (algorithm, digits) = parse_function(function)?;

        let mut inputs = inputs.split('-').peekable();
        let counter = inputs.next_if_eq(&"C").is_some();
        let (format, max_challenge) = parse_challenge(inputs.next())?;
        let pin = inputs.next_if(|part| part.starts_with('P')).map(parse_pin).transpose()?;
        let session = inputs.next_if(|part| part.starts_with('S')).map(parse_session).transpose()?;
        let time_step = inputs.next_if(|part| part.starts_with('T')).map(parse_time).transpose()?;
        if inputs.next().is_some() {
            return Err(SuiteError("its inputs are unknown or not in the order C, Q, P, S, T"));
        }
        Ok(Self { text: text.to_owned(), algorithm, digits, counter, format, max_challenge, pin, session, time_step })
    }
}

fn parse_function(text: &str) -> Result<(Algorithm, u8), SuiteError> {
    const WRONG: SuiteError = SuiteError("the function is not HOTP-<SHA1|SHA256|SHA512>-<0|4..10>");
    let (hash, digits) = text.strip_prefix("HOTP-").and_then(|rest| rest.split_once('-')).ok_or(WRONG)?;
    let algorithm = Algorithm::parse(hash).ok_or(WRONG)?;
    let digits = match digits {
        "0" | "4" | "5" | "6" | "7" | "8" | "9" | "10" => digits.parse().map_err(|_| WRONG)?,
        _ => return Err(WRONG),
    };
    Ok((algorithm, digits))
}

fn parse_challenge(part: Option<&str>) -> Result<(ChallengeFormat, usize), SuiteError> {
    const WRONG: SuiteError = SuiteError("the challenge is not Q<A|N|H><04..64>");
    let part = part.ok_or(WRONG)?;
    let (kind, len) = part.split_at_checked(2).ok_or(WRONG)?;
    let format = match kind {
        "QA" => ChallengeFormat::Alphanumeric,
        "QN" => ChallengeFormat::Numeric,
        "QH" => ChallengeFormat::Hexadecimal,
        _ => return Err(WRONG),
    };
    match fixed_number(len, 2) {
        Some(len @ 4..=64) => Ok((format, len)),
        _ => Err(WRONG),
    }
}

fn parse_pin(part: &str) -> Result<Algorithm, SuiteError> {
    part.strip_prefix('P').and_then(Algorithm::parse).ok_or(SuiteError("the PIN is not P<SHA1|SHA256|SHA512>"))
}

fn parse_session(part: &str) -> Result<usize, SuiteError> {
    match part.strip_prefix('S').and_then(|len| fixed_number(len, 3)) {
        Some(len @ 1..=512) => Ok(len),
        _ => Err(SuiteError("the session information is not S<001..512>")),
    }
}

/// Seconds of a time step.
fn parse_time(part: &str) -> Result<u64, SuiteError> {
    const WRONG: SuiteError = SuiteError("the time step is not T<1..59><S|M> or T<1..48>H");
    let (number, unit) = part.split_at_checked(part.len().saturating_sub(1)).ok_or(WRONG)?;
    let (most, seconds) = match unit {
        "S" => (59, 1),
        "M" => (59, 60),
        "H" => (48, 3600),
        _ => return Err(WRONG),
    };
    let number = number.strip_prefix('T').filter(|n| !n.starts_with('0')).ok_or(WRONG)?;
    match fixed_number(number, number.len()) {
        Some(n) if n <= most => Ok(n as u64 * seconds),
        _ => Err(WRONG),
    }
}

/// A number of exactly `len` digits.
fn fixed_number(text: &str, len: usize) -> Option<usize> {
    let digits = text.len() == len && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn hex_nibbles(text: &str) -> Vec<u8> {
    text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect()
}

/// A decimal number of any length in base 16, most significant nibble first, without leading zeros.
fn decimal_nibbles(text: &str) -> Vec<u8> {
    // Least significant nibble first; each digit is one multiplication by ten with a carry.
    let mut number: Vec<u8> = vec![0];
    for digit in text.chars().filter_map(|c| c.to_digit(10)) {
        let mut carry = digit;
        for nibble in &mut number {
            carry += u32::from(*nibble) * 10;
            *nibble = (carry % 16) as u8;
            carry /= 16;
        }
        while carry > 0 {
            number.push((carry % 16) as u8);
            carry /= 16;
        }
    }
    number.reverse();
    number
}

/// Two nibbles a byte; an odd last one gets a zero behind it.
fn nibbles_to_bytes(nibbles: &[u8]) -> Vec<u8> {
    nibbles.chunks(2).map(|pair| pair.first().copied().unwrap_or(0) << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const K20: &[u8] = b"12345678901234567890";
    const K32: &[u8] = b"12345678901234567890123456789012";
    const K64: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";
    /// SHA-1 of the PIN `1234`.
    const PIN: [u8; 20] = [
        0x71, 0x10, 0xed, 0xa4, 0xd0, 0x9e, 0x06, 0x2a, 0xa5, 0xe4, 0xa3, 0x90, 0xb0, 0xa5, 0x72, 0xac, 0x0d, 0x2c,
        0x02, 0x20,
    ];
    /// The RFC's time: 132d0b6 minutes.
    const TIME: u64 = 0x132_d0b6;

    fn suite(text: &str) -> Suite {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    /// Computes one passcode for each expected one, from what `inputs` makes of its number.
    fn check<'a>(text: &str, key: &[u8], expected: &[&str], inputs: impl Fn(usize) -> Inputs<'a>) {
        let suite = suite(text);
        for (n, expected) in expected.iter().enumerate() {
            assert_eq!(suite.passcode(key, &inputs(n)).unwrap().expose(), *expected, "{text}, {n}");
        }
    }

    /// Eight (or ten) equal digits, as the RFC's challenges are.
    fn equal_digits(n: usize) -> &'static str {
        [
            "00000000", "11111111", "22222222", "33333333", "44444444", "55555555", "66666666", "77777777", "88888888",
            "99999999",
        ][n]
    }

    #[test]
    fn one_way_sha1_six_digits() {
        let expected =
            ["237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598", "750600", "294470"];
        check("OCRA-1:HOTP-SHA1-6:QN08", K20, &expected, |n| Inputs::question(equal_digits(n)));
    }

    #[test]
    fn one_way_sha256_with_counter_and_pin() {
        let expected = [
            "65347737", "86775851", "78192410", "71565254", "10104329", "65983500", "70069104", "91771096", "75011558",
            "08522129",
        ];
        check("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1", K32, &expected, |n| Inputs {
            counter: Some(n as u64),
            pin_hash: Some(&PIN),
            ..Inputs::question("12345678")
        });
    }

    #[test]
    fn one_way_sha256_with_pin() {
        let expected = ["83238735", "01501458", "17957585", "86776967", "86807031"];
        check("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", K32, &expected, |n| Inputs {
            pin_hash: Some(&PIN),
            ..Inputs::question(equal_digits(n))
        });
    }

    #[test]
    fn one_way_sha512_with_counter() {
        let expected = [
            "07016083", "63947962", "70123924", "25341727", "33203315", "34205738", "44343969", "51946085", "20403879",
            "31409299",
        ];
        check("OCRA-1:HOTP-SHA512-8:C-QN08", K64, &expected, |n| Inputs {
            counter: Some(n as u64),
            ..Inputs::question(equal_digits(n))
        });
    }

    #[test]
    fn one_way_sha512_with_time() {
        let expected = ["95209754", "55907591", "22048402", "24218844", "36209546"];
        check("OCRA-1:HOTP-SHA512-8:QN08-T1M", K64, &expected, |n| Inputs {
            time: Some(TIME),
            ..Inputs::question(equal_digits(n))
        });
    }

    const CLIENT: [&str; 5] = ["CLI22220", "CLI22221", "CLI22222", "CLI22223", "CLI22224"];
    const SERVER: [&str; 5] = ["SRV11110", "SRV11111", "SRV11112", "SRV11113", "SRV11114"];

    fn server_answers<'a>(n: usize) -> Inputs<'a> {
        Inputs { challenge: Challenge::Mutual(CLIENT[n], SERVER[n]), ..Inputs::question("") }
    }

    fn client_answers<'a>(n: usize) -> Inputs<'a> {
        Inputs { challenge: Challenge::Mutual(SERVER[n], CLIENT[n]), ..Inputs::question("") }
    }

    #[test]
    fn mutual_sha256() {
        let server = ["28247970", "01984843", "65387857", "03351211", "83412541"];
        let client = ["15510767", "90175646", "33777207", "95285278", "28934924"];
        check("OCRA-1:HOTP-SHA256-8:QA08", K32, &server, server_answers);
        check("OCRA-1:HOTP-SHA256-8:QA08", K32, &client, client_answers);
    }

    #[test]
    fn mutual_sha512_with_the_clients_pin() {
        let server = ["79496648", "76831980", "12250499", "90856481", "12761449"];
        let client = ["18806276", "70020315", "01600026", "18951020", "32528969"];
        check("OCRA-1:HOTP-SHA512-8:QA08", K64, &server, server_answers);
        check("OCRA-1:HOTP-SHA512-8:QA08-PSHA1", K64, &client, |n| Inputs {
            pin_hash: Some(&PIN),
            ..client_answers(n)
        });
    }

    #[test]
    fn plain_signature_sha256() {
        let expected = ["53095496", "04110475", "31331128", "76028668", "46554205"];
        let texts = ["SIG10000", "SIG11000", "SIG12000", "SIG13000", "SIG14000"];
        check("OCRA-1:HOTP-SHA256-8:QA08", K32, &expected, |n| Inputs::question(texts[n]));
    }

    #[test]
    fn timed_signature_sha512() {
        let expected = ["77537423", "31970405", "10235557", "95213541", "65360607"];
        let texts = ["SIG1000000", "SIG1100000", "SIG1200000", "SIG1300000", "SIG1400000"];
        check("OCRA-1:HOTP-SHA512-8:QA10-T1M", K64, &expected, |n| Inputs {
            time: Some(TIME),
            ..Inputs::question(texts[n])
        });
    }

    #[test]
    fn the_whole_grammar_is_read() {
        let full = suite("OCRA-1:HOTP-SHA512-10:C-QH64-PSHA256-S128-T48H");
        assert_eq!(full.digits(), 10);
        assert_eq!(full.challenge(), (ChallengeFormat::Hexadecimal, 64));
        assert!(full.has_counter());
        assert_eq!(full.pin(), Some(Algorithm::Sha256));
        assert_eq!(full.session_len(), Some(128));
        assert_eq!(full.time_at(48 * 3600 * 7 + 5), Some(7));
        assert_eq!(suite("OCRA-1:HOTP-SHA1-0:QA04").digits(), 0);
        assert_eq!(suite("OCRA-1:HOTP-SHA1-6:QN08-T30S").time_at(59), Some(1));
    }

    #[test]
    fn what_is_no_suite_is_refused() {
        for text in [
            "",
            "OCRA-1",
            "OCRA-2:HOTP-SHA1-6:QN08",
            "ocra-1:HOTP-SHA1-6:QN08",
            "OCRA-1:HOTP-SHA1-6:QN08:",
            "OCRA-1:TOTP-SHA1-6:QN08",
            "OCRA-1:HOTP-MD5-6:QN08",
            "OCRA-1:HOTP-SHA1-3:QN08",
            "OCRA-1:HOTP-SHA1-11:QN08",
            "OCRA-1:HOTP-SHA1-06:QN08",
            "OCRA-1:HOTP-SHA1-+6:QN08",
            "OCRA-1:HOTP-SHA1-6:",
            "OCRA-1:HOTP-SHA1-6:C",
            "OCRA-1:HOTP-SHA1-6:QN8",
            "OCRA-1:HOTP-SHA1-6:QN03",
            "OCRA-1:HOTP-SHA1-6:QN65",
            "OCRA-1:HOTP-SHA1-6:QX08",
            "OCRA-1:HOTP-SHA1-6:QNé8",
            "OCRA-1:HOTP-SHA1-6:QN08-C",
            "OCRA-1:HOTP-SHA1-6:QN08-P",
            "OCRA-1:HOTP-SHA1-6:QN08-PMD5",
            "OCRA-1:HOTP-SHA1-6:QN08-S64",
            "OCRA-1:HOTP-SHA1-6:QN08-S000",
            "OCRA-1:HOTP-SHA1-6:QN08-S513",
            "OCRA-1:HOTP-SHA1-6:QN08-T",
            "OCRA-1:HOTP-SHA1-6:QN08-T0S",
            "OCRA-1:HOTP-SHA1-6:QN08-T60S",
            "OCRA-1:HOTP-SHA1-6:QN08-T49H",
            "OCRA-1:HOTP-SHA1-6:QN08-T01M",
            "OCRA-1:HOTP-SHA1-6:QN08-T1D",
            "OCRA-1:HOTP-SHA1-6:QN08-Té",
            "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1",
            "OCRA-1:HOTP-SHA1-6:QN08-T1M-",
        ] {
            assert!(text.parse::<Suite>().is_err(), "{text:?} was taken for a suite");
        }
    }

    #[test]
    fn inputs_that_do_not_fit_the_suite_are_refused() {
        let plain = suite("OCRA-1:HOTP-SHA1-6:QN08");
        let question = Inputs::question("12345678");
        let refused = |suite: &Suite, inputs: Inputs<'_>| suite.passcode(K20, &inputs).unwrap_err();
        assert_eq!(refused(&plain, Inputs { counter: Some(1), ..question }), InputError::Counter);
        assert_eq!(refused(&plain, Inputs { pin_hash: Some(&PIN), ..question }), InputError::Pin);
        assert_eq!(refused(&plain, Inputs { session: Some(b"x"), ..question }), InputError::Session);
        assert_eq!(refused(&plain, Inputs { time: Some(1), ..question }), InputError::Time);
        for wrong in ["", "123456789", "1234567a", "１２３４", "-1", " 1"] {
            assert_eq!(refused(&plain, Inputs::question(wrong)), InputError::Challenge, "{wrong:?}");
        }
        let full = suite("OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S004-T1M");
        let all = Inputs {
            counter: Some(1),
            pin_hash: Some(&PIN),
            session: Some(b"ab"),
            time: Some(1),
            ..Inputs::question("1")
        };
        assert!(full.passcode(K20, &all).is_ok());
        assert_eq!(refused(&full, Inputs { counter: None, ..all }), InputError::Counter);
        assert_eq!(refused(&full, Inputs { pin_hash: Some(&PIN[1..]), ..all }), InputError::Pin);
        assert_eq!(refused(&full, Inputs { session: Some(b"abcde"), ..all }), InputError::Session);
        assert_eq!(refused(&full, Inputs { time: None, ..all }), InputError::Time);
    }

    #[test]
    fn a_message_has_each_input_in_its_place_and_width() {
        let full = suite("OCRA-1:HOTP-SHA1-6:C-QH08-PSHA1-S004-T1M");
        let message = full
            .message(&Inputs {
                counter: Some(0x0102),
                pin_hash: Some(&PIN),
                session: Some(b"ab"),
                time: Some(3),
                ..Inputs::question("abc")
            })
            .unwrap();
        let (head, rest) = message.split_at(full.as_str().len());
        assert_eq!(head, full.as_str().as_bytes());
        assert_eq!(rest[..9], [0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(rest[9..12], [0xab, 0xc0, 0]);
        assert_eq!(rest[9 + 128..9 + 128 + 20], PIN);
        assert_eq!(rest[9 + 148..], [0, 0, b'a', b'b', 0, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn a_numeric_challenge_becomes_a_hexadecimal_text_filled_up_on_the_right() {
        for (decimal, nibbles) in [
            ("0", vec![0]),
            ("00000000", vec![0]),
            ("16", vec![1, 0]),
            ("0000255", vec![15, 15]),
            ("11111111", vec![0xa, 9, 8, 0xa, 0xc, 7]),
            ("18446744073709551616", vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(decimal_nibbles(decimal), nibbles, "{decimal}");
        }
        assert_eq!(nibbles_to_bytes(&[1, 2, 3]), [0x12, 0x30]);
        let longest = "9".repeat(64);
        let suite = suite("OCRA-1:HOTP-SHA1-6:QN64");
        let both = Inputs { challenge: Challenge::Mutual(&longest, &longest), ..Inputs::question("") };
        assert!(suite.passcode(K20, &both).is_ok());
    }

    #[test]
    fn no_digits_means_the_whole_hash() {
        let passcode = suite("OCRA-1:HOTP-SHA256-0:QN08").passcode(K32, &Inputs::question("1")).unwrap();
        assert_eq!(passcode.expose().len(), 64);
        let ten = suite("OCRA-1:HOTP-SHA256-10:QN08").passcode(K32, &Inputs::question("1")).unwrap();
        assert_eq!(ten.expose().len(), 10);
    }
}
