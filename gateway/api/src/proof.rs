//! What somebody has proved, and when.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A kind of proof that a policy can ask for, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// The password of the directory.
    Password,
    /// A one-time passcode of an enrolled token.
    Otp,
    /// An approved push; it satisfies `otp` as well (decision A18).
    Push,
    /// A passkey (WebAuthn).
    Passkey,
}

impl Factor {
    /// Every factor, weakest first: the order in which step-up looks for the least further proof.
    pub const ALL: [Factor; 4] = [Factor::Password, Factor::Otp, Factor::Push, Factor::Passkey];

    /// The name in policies, metrics and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Factor::Password => "password",
            Factor::Otp => "otp",
            Factor::Push => "push",
            Factor::Passkey => "passkey",
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The proofs given so far, each with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proofs {
    /// When the password was last proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Timestamp>,
    /// When a one-time passcode was last proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<Timestamp>,
    /// When a push was last approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Timestamp>,
    /// When a passkey was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Timestamp>,
    /// When the OTP was a recovery code: its owner's authenticator is gone, and may be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Timestamp>,
    /// When one of the user's tokens was last in their hands: it showed a passcode, or a request was approved on it. Neither a
    /// recovery code nor a temporary passcode says so. Whoever keeps proofs keeps it beside them, since a process of the release
    /// before reads none that it does not know.
    #[serde(skip)]
    pub by_token: Option<Timestamp>,
    /// No proof: until when the user need not have an authenticator yet ([`Proofs::deferred`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferred_until: Option<Timestamp>,
    /// No proof: until when the token that proved the OTP is on probation ([`Proofs::on_probation`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probation_until: Option<Timestamp>,
}

impl Proofs {
    /// Nothing proved.
    pub const NONE: Proofs = Proofs {
        password: None,
        otp: None,
        push: None,
        passkey: None,
        recovered: None,
        by_token: None,
        deferred_until: None,
        probation_until: None,
    };

    /// When `factor` was last proved. An approved push counts as an OTP too (A18).
    pub fn at(&self, factor: Factor) -> Option<Timestamp> {
        match factor {
            Factor::Password => self.password,
            Factor::Otp => self.otp.max(self.push),
            Factor::Push => self.push,
            Factor::Passkey => self.passkey,
        }
    }

    /// Whether `factor` was proved at all.
    pub fn has(&self, factor: Factor) -> bool {
        self.at(factor).is_some()
    }

    /// The same proofs with one more, given at `at`.
    #[must_use]
    pub fn with(mut self, factor: Factor, at: Timestamp) -> Proofs {
        let slot = match factor {
            Factor::Password => &mut self.password,
            Factor::Otp => &mut self.otp,
            Factor::Push => &mut self.push,
            Factor::Passkey => &mut self.passkey,
        };
        *slot = (*slot).max(Some(at));
        self
    }

    /// Without what was put off, where it is done.
    fn settled(mut self) -> Proofs {
        if self.has(Factor::Otp) || self.has(Factor::Passkey) {
            self.deferred_until = None;
        }
        self
    }

    /// Whether the user's enrolment is put off at `now`: what `context.authn.enrolment_deferred` says.
    pub fn deferred(&self, now: Timestamp) -> bool {
        self.deferred_until.is_some_and(|until| until > now)
    }

    /// Whether the token that proved the OTP is on probation at `now`: what `context.authn.probation` says.
    pub fn on_probation(&self, now: Timestamp) -> bool {
        self.probation_until.is_some_and(|until| until > now)
    }

    /// These proofs, where it is only supposed that an enrolment is put off, or a token on probation. The end of that has not come
    /// yet; how far off it is, no policy can read.
    #[must_use]
    pub fn supposing(self, deferred: bool, probation: bool, at: Timestamp) -> Proofs {
        let still = at + Duration::from_secs(1);
        Proofs { deferred_until: deferred.then_some(still), probation_until: probation.then_some(still), ..self }
    }

    /// Both sets, the later time of each. Whoever has proved an OTP or more has put nothing off.
    #[must_use]
    pub fn merged(self, other: Proofs) -> Proofs {
        Proofs {
            password: self.password.max(other.password),
            otp: self.otp.max(other.otp),
            push: self.push.max(other.push),
            passkey: self.passkey.max(other.passkey),
            recovered: self.recovered.max(other.recovered),
            by_token: self.by_token.max(other.by_token),
            deferred_until: self.deferred_until.max(other.deferred_until),
            probation_until: self.probation_until.max(other.probation_until),
        }
        .settled()
    }

    /// The same proofs, each given so much earlier, and whatever has an end ended so much earlier.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Proofs {
        let earlier = |at: Option<Timestamp>| at.map(|at| at - by);
        Proofs {
            password: earlier(self.password),
            otp: earlier(self.otp),
            push: earlier(self.push),
            passkey: earlier(self.passkey),
            recovered: earlier(self.recovered),
            by_token: earlier(self.by_token),
            deferred_until: earlier(self.deferred_until),
            probation_until: earlier(self.probation_until),
        }
    }

    /// Whether nothing was proved, whatever is put off.
    pub fn is_empty(&self) -> bool {
        !Factor::ALL.into_iter().any(|factor| self.has(factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approved_push_counts_as_an_otp() {
        let proofs = Proofs::NONE.with(Factor::Push, Timestamp::from_secs(9));
        assert_eq!(proofs.at(Factor::Otp), Some(Timestamp::from_secs(9)));
        assert!(!Proofs::NONE.with(Factor::Otp, Timestamp::from_secs(9)).has(Factor::Push));
    }

    #[test]
    fn proofs_grow_older_together_and_none_comes_of_nothing() {
        let given =
            Proofs::NONE.with(Factor::Password, Timestamp::from_secs(5)).with(Factor::Otp, Timestamp::from_secs(7));
        let older =
            Proofs::NONE.with(Factor::Password, Timestamp::from_secs(2)).with(Factor::Otp, Timestamp::from_secs(4));
        assert_eq!(given.earlier(Duration::from_secs(3)), older);
        assert!(Proofs::NONE.earlier(Duration::from_secs(3)).is_empty());
    }

    #[test]
    fn what_is_put_off_proves_nothing_and_ends() {
        let until = Timestamp::from_secs(9);
        let put_off = Proofs { deferred_until: Some(until), probation_until: Some(until), ..Proofs::NONE };
        assert!(put_off.is_empty());
        let at = Timestamp::from_secs;
        assert_eq!([at(8), at(9)].map(|now| put_off.deferred(now)), [true, false]);
        assert_eq!([at(8), at(9)].map(|now| put_off.on_probation(now)), [true, false]);
        assert!(put_off.with(Factor::Password, at(1)).deferred(at(2)));
        let proved = Proofs::NONE.with(Factor::Otp, at(1));
        assert!(!put_off.merged(proved).deferred(at(2)));
    }

    #[test]
    fn what_the_release_before_does_not_know_is_not_among_the_proofs_that_it_reads() {
        let shown = Proofs { by_token: Some(Timestamp::from_secs(5)), ..Proofs::NONE };
        assert_eq!(serde_json::to_string(&shown).unwrap(), "{}");
    }

    #[test]
    fn a_later_proof_is_kept() {
        let early = Proofs::NONE.with(Factor::Password, Timestamp::from_secs(5));
        assert_eq!(early.with(Factor::Password, Timestamp::from_secs(3)).password, Some(Timestamp::from_secs(5)));
    }
}
