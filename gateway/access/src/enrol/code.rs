//! The emailed verification code: six digits, good for one flow, kept as a keyed hash only (R16, decision A9).

use doorward_api::flow::SentCode;
use doorward_api::keys::{MacKey, MasterKey, Purpose};
use doorward_api::{FlowId, Secret, VirtualServerId};
use unicode_normalization::UnicodeNormalization;

/// Digits of a code.
pub const LENGTH: usize = 6;

/// Longer input is no code, whatever it holds.
const LONGEST_INPUT: usize = 64;

/// Makes and checks codes.
#[derive(Clone)]
pub struct Codes {
    key: MacKey,
}

impl Codes {
    /// With the key for verification codes, which lies outside the database.
    pub fn new(master: &MasterKey) -> Self {
        Self { key: master.mac(Purpose::VerificationCode) }
    }

    /// The `number`th code of a flow.
    ///
    /// It is the keyed hash of the flow's 128 random bits and the number, cut to six digits. So it is as unpredictable as a
    /// drawn one to everybody without the key; each number gives another; and a mail that was refused can be written again
    /// with the *same* code (decision A10) although the code itself is stored nowhere.
    pub fn draw(&self, vs: &VirtualServerId, flow: &FlowId, number: u32) -> Secret {
        let hash = self.key.hex(&["draw", vs.as_str(), flow.as_str(), &number.to_string()]);
        // Sixteen hex digits are 64 bits: cutting them to a million is even to within 10^-13.
        let bits = hash.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or_default();
        Secret::new(format!("{:06}", bits % 1_000_000))
    }

    /// What the flow keeps of a code.
    pub fn mac(&self, vs: &VirtualServerId, flow: &FlowId, number: u32, code: &Secret) -> String {
        self.key.hex(&["check", vs.as_str(), flow.as_str(), &number.to_string(), code.expose()])
    }

    /// Whether what was typed is the code that was sent, compared in constant time.
    pub fn right(&self, vs: &VirtualServerId, flow: &FlowId, sent: &SentCode, typed: &Secret) -> bool {
        let number = sent.number.to_string();
        self.key.check(&["check", vs.as_str(), flow.as_str(), &number, typed.expose()], &sent.mac)
    }
}

/// What was typed, freed from spaces and hyphens, with digits of other scripts and widths turned into ours (R17).
pub fn normalise(typed: &str) -> Secret {
    let digits = typed.chars().take(LONGEST_INPUT).nfkc().filter(|c| !c.is_whitespace() && !is_hyphen(*c));
    Secret::new(digits.map(western).collect::<String>())
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Arabic-Indic digits, as an Arabic keyboard types them, are digits too. Full-width ones were folded by NFKC before.
fn western(c: char) -> char {
    let value = match c {
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        other => return other,
    };
    char::from_digit(value, 10).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::flow::Delivery;
    use doorward_api::{MailId, Timestamp};

    fn codes(byte: u8) -> Codes {
        Codes::new(&MasterKey::new(vec![byte; 32]).unwrap())
    }

    fn sent(codes: &Codes, flow: &str, number: u32) -> (Secret, SentCode) {
        let (vs, flow) = (VirtualServerId::from("default"), FlowId::from(flow));
        let code = codes.draw(&vs, &flow, number);
        let sent = SentCode {
            mac: codes.mac(&vs, &flow, number, &code),
            number,
            made_at: Timestamp::default(),
            expires_at: Timestamp::default(),
            mail: MailId::from("m"),
            delivery: Delivery::Sent,
            void: false,
        };
        (code, sent)
    }

    #[test]
    fn a_code_is_six_digits_with_its_zeros() {
        let codes = codes(7);
        let mut zeros = 0;
        for number in 0..2_000 {
            let (code, _) = sent(&codes, "f", number);
            assert!(code.expose().len() == LENGTH && code.expose().bytes().all(|b| b.is_ascii_digit()));
            zeros += usize::from(code.expose().starts_with('0'));
        }
        assert!((120..280).contains(&zeros), "a tenth begins with zero, not {zeros} of 2000");
    }

    #[test]
    fn a_code_is_right_in_its_own_flow_and_turn_only() {
        let (codes, vs) = (codes(7), VirtualServerId::from("default"));
        let (code, sent_first) = sent(&codes, "f-1", 1);
        assert!(codes.right(&vs, &"f-1".into(), &sent_first, &code));
        assert!(!codes.right(&vs, &"f-2".into(), &sent_first, &code), "EN-02: of another session");
        assert!(!codes.right(&"second".into(), &"f-1".into(), &sent_first, &code), "EN-02: of another tenant");
        let (newer, sent_second) = sent(&codes, "f-1", 2);
        assert!(!codes.right(&vs, &"f-1".into(), &sent_second, &code), "EN-03: the newest only");
        assert!(codes.right(&vs, &"f-1".into(), &sent_second, &newer));
    }

    #[test]
    fn another_key_makes_other_codes() {
        let differ = (0..20).filter(|n| sent(&codes(7), "f", *n).0.expose() != sent(&codes(8), "f", *n).0.expose());
        assert!(differ.count() >= 19);
    }

    #[test]
    fn a_code_may_be_typed_as_one_likes() {
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "12\u{2011}34\u{2013}56",
            "１２３４５６",
            "\u{a0}123456\r\n",
            "١٢٣٤٥٦",
            "۱۲۳۴۵۶",
        ] {
            assert_eq!(normalise(typed).expose(), "123456", "{typed:?}");
        }
        assert!(normalise(" - ").is_empty());
        assert_eq!(normalise("12345a").expose(), "12345a");
        assert!(normalise(&"1".repeat(1 << 20)).len() <= LONGEST_INPUT);
    }
}
