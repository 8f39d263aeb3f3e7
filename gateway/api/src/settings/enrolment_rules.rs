//! Settings > Enrolment Rules: how those who may self-provision come to it, group by group. The first rule that fits a user counts
//! alone; somebody whom none fits may enrol at once and with no more than the emailed code.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};
use crate::ids::GroupId;
use crate::time::Timestamp;

/// A day in UTC, written `2026-12-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Timestamp);

impl Day {
    /// Reads `2026-12-24`. `None` for what is no day from 1970 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return None };
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
        let date = time::Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
        let midnight = date.midnight().assume_utc().unix_timestamp();
        (midnight >= 0).then(|| Self(Timestamp::from_secs(midnight)))
    }

    /// The day of a moment; the first there is for one before it.
    pub fn of(at: Timestamp) -> Self {
        let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
        Self(Timestamp::from_secs(secs - secs % (24 * 60 * 60)))
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        self.0
    }

    /// The first moment after it.
    pub fn ends(self) -> Timestamp {
        self.0 + std::time::Duration::from_hours(24)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.rfc3339();
        f.write_str(text.get(..10).unwrap_or_default())
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Day::parse(&text).ok_or_else(|| format!("{text} is no day"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// What is asked of somebody besides the emailed code before they get a token: whoever has a password and the mailbox of
/// another has neither of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "networks")]
pub enum ExtraProof {
    /// Nothing.
    None,
    /// To come from one of these networks.
    TrustedNetwork(Vec<IpNet>),
    /// That an operator has approved it.
    OperatorApproval,
    /// A code that the help desk has given.
    HelpDeskCode,
}

impl ExtraProof {
    /// The name in the document, the flow and the trail.
    pub const fn as_str(&self) -> &'static str {
        match self {
            ExtraProof::None => "none",
            ExtraProof::TrustedNetwork(_) => "trusted_network",
            ExtraProof::OperatorApproval => "operator_approval",
            ExtraProof::HelpDeskCode => "help_desk_code",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRule {
    /// How operators call it: one line of 1 to 64 characters, each name once.
    pub name: String,
    /// Members of these groups; everybody where there are none.
    pub groups: Vec<GroupId>,
    /// How many of a hundred users it reaches, by a stable hash of the user: 1 to 100. The others wait.
    pub percentage: u8,
    /// The first day on which it is offered; at once where there is none.
    pub starts_on: Option<Day>,
    /// The last day on which it may be put off; never where there is none.
    pub deadline: Option<Day>,
    /// What is asked besides the emailed code.
    pub proof: ExtraProof,
    /// How long a new token is on probation, in hours: 0 to 720. Policies say what that keeps closed
    /// (`context.authn.probation`).
    pub probation_hours: u16,
}

/// The rules of one virtual server, the first one first: at most 50.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRules {
    /// In the order in which they are asked.
    pub rules: Vec<EnrolmentRule>,
}

impl Document for EnrolmentRules {
    const KIND: SettingKind = SettingKind::EnrolmentRules;

    fn of_new() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let day = Day::parse("2026-12-24").unwrap();
        assert_eq!(day.to_string(), "2026-12-24");
        assert_eq!(day.begins().rfc3339(), "2026-12-24T00:00:00.000Z");
        assert_eq!(day.ends(), Day::parse("2026-12-25").unwrap().begins());
        for none in ["", "2026-13-01", "2026-02-30", "24.12.2026", "2026-12-24T00:00:00Z", "2026-1-1"] {
            assert_eq!(Day::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_rule_reads_back_what_it_writes() {
        let rule = EnrolmentRule {
            name: "Staff".into(),
            groups: vec![GroupId::from("g1")],
            percentage: 25,
            starts_on: Day::parse("2026-12-01"),
            deadline: Day::parse("2026-12-24"),
            proof: ExtraProof::TrustedNetwork(vec!["10.0.0.0/8".parse().unwrap()]),
            probation_hours: 48,
        };
        let written = serde_json::to_value(&rule).unwrap();
        assert_eq!(written["proof"], serde_json::json!({"kind": "trusted_network", "networks": ["10.0.0.0/8"]}));
        assert_eq!(written["deadline"], "2026-12-24");
        assert_eq!(serde_json::from_value::<EnrolmentRule>(written).unwrap(), rule);
    }
}
