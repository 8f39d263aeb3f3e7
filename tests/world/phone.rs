//! An authenticator that nobody here wrote: `oathtool`, given the secret of the link that the page shows.

use std::process::Command;

/// A phone with one account.
#[derive(Debug, Clone)]
pub struct Phone {
    pub secret: String,
}

impl Phone {
    /// Takes an `otpauth://` link.
    pub fn scan(uri: &str) -> Self {
        let secret = uri
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("secret="))
            .unwrap_or_else(|| panic!("no secret in {uri}"));
        Self { secret: secret.to_owned() }
    }

    /// The passcode of this moment.
    pub fn passcode(&self) -> String {
        self.passcode_at("now")
    }

    /// The next passcode that is good and is not among those: of this moment or, since that is accepted too, of the step after
    /// it. Not always the one after it: where a step ended between the phone's showing the first one and its being checked,
    /// the phone is known to be a step behind from then on, and is not believed to be a step ahead (decision B13).
    pub fn passcode_beside(&self, used: &[String]) -> Option<String> {
        ["now", "now + 30 seconds"].into_iter().map(|when| self.passcode_at(when)).find(|code| !used.contains(code))
    }

    /// The passcode of a counter (HOTP), of so many digits.
    pub fn passcode_of(&self, counter: u64, digits: u8) -> String {
        self.shows(&["--hotp", "-b", "-c", &counter.to_string(), "-d", &digits.to_string()])
    }

    /// The passcode of this moment, of so many digits and with steps of so many seconds.
    pub fn passcode_by(&self, digits: u8, step: u32) -> String {
        self.shows(&["--totp", "-b", "-d", &digits.to_string(), "-s", &format!("{step}s")])
    }

    fn shows(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("oathtool").args(arguments).arg(&self.secret).output().expect("oathtool is installed");
        assert!(output.status.success(), "oathtool: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The passcode of a moment, in words that `date` understands.
    pub fn passcode_at(&self, when: &str) -> String {
        let output = Command::new("oathtool")
            .args(["--totp", "-b", "--now", when, &self.secret])
            .output()
            .expect("oathtool is installed (make test does so)");
        assert!(output.status.success(), "oathtool: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}
