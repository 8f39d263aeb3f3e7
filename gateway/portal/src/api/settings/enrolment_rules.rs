//! Settings > Enrolment Rules.

use doorward_api::GroupId;
use doorward_api::settings::{Day, EnrolmentRule, EnrolmentRules, ExtraProof};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Kept;
use crate::api::gives::Shown;
use crate::api::people::SOME_ID;

impl Kept for EnrolmentRules {
    type Shape = EnrolmentRulesSettings;

    fn example() -> Self {
        let rule = EnrolmentRule {
            name: "Staff".to_owned(),
            groups: vec![GroupId::from(SOME_ID)],
            percentage: 25,
            starts_on: Day::parse("2026-12-01"),
            deadline: Day::parse("2026-12-24"),
            proof: ExtraProof::OperatorApproval,
            probation_hours: 48,
        };
        Self { rules: vec![rule] }
    }
}

/// Settings > Enrolment Rules: how those who may self-provision come to it. The first rule that fits a user counts alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct EnrolmentRulesSettings {
    /// In the order in which they are asked.
    #[schema(max_items = 50)]
    rules: Vec<EnrolmentRuleShape>,
}

/// One rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnrolmentRule)]
struct EnrolmentRuleShape {
    /// How operators call it: one line of 1 to 64 characters, each name once.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// The ids of groups whose members it is for; everybody where there are none.
    #[schema(required = false)]
    groups: Vec<String>,
    /// How many of a hundred of them it reaches, always the same ones: 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    percentage: u8,
    /// The first day on which it is offered, in UTC; at once where there is none.
    #[schema(format = Date)]
    starts_on: Option<String>,
    /// The last day on which it may be put off, in UTC, not before `starts_on`; never where there is none.
    #[schema(format = Date)]
    deadline: Option<String>,
    /// What is asked besides the emailed code.
    proof: ExtraProofShape,
    /// How long a new token is on probation, in hours: 0 to 720. Policies say what that keeps closed.
    #[schema(minimum = 0, maximum = 720)]
    probation_hours: u16,
}

/// What is asked besides the emailed code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExtraProof)]
struct ExtraProofShape {
    /// What.
    kind: ExtraProofName,
    /// With `trusted_network` only: 1 to 64 networks, such as `10.0.0.0/8`, or addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 64)]
    networks: Option<Vec<String>>,
}

/// What is asked besides the emailed code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExtraProofName {
    /// Nothing.
    None,
    /// To come from one of some networks.
    TrustedNetwork,
    /// That an operator has approved it.
    OperatorApproval,
    /// A code that the help desk has given.
    HelpDeskCode,
}

impl Shown for EnrolmentRulesSettings {
    fn example() -> Self {
        Self::of(&EnrolmentRules::example())
    }
}

impl EnrolmentRulesSettings {
    pub(super) fn of(document: &EnrolmentRules) -> Self {
        Self { rules: document.rules.iter().map(EnrolmentRuleShape::of).collect() }
    }
}

impl EnrolmentRuleShape {
    fn of(rule: &EnrolmentRule) -> Self {
        Self {
            name: rule.name.clone(),
            groups: rule.groups.iter().map(ToString::to_string).collect(),
            percentage: rule.percentage,
            starts_on: rule.starts_on.map(String::from),
            deadline: rule.deadline.map(String::from),
            proof: ExtraProofShape::of(&rule.proof),
            probation_hours: rule.probation_hours,
        }
    }
}

impl ExtraProofShape {
    fn of(proof: &ExtraProof) -> Self {
        let (kind, networks) = match proof {
            ExtraProof::None => (ExtraProofName::None, None),
            ExtraProof::TrustedNetwork(networks) => (ExtraProofName::TrustedNetwork, Some(networks)),
            ExtraProof::OperatorApproval => (ExtraProofName::OperatorApproval, None),
            ExtraProof::HelpDeskCode => (ExtraProofName::HelpDeskCode, None),
        };
        Self { kind, networks: networks.map(|networks| networks.iter().map(ToString::to_string).collect()) }
    }
}
