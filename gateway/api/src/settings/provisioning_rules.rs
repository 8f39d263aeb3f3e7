//! Token Management > Provisioning Rules: who comes into a group is provisioned by email, and who leaves it may lose
//! what they got. The first rule that fits a user counts alone. A rule is known by its group, so each group has one at
//! the most.

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};
use crate::ids::GroupId;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningRule {
    /// Members of this group, those of groups in it included.
    pub group: GroupId,
    /// So many whole days they have to enrol: 1 to 90.
    pub stop_days: u8,
    /// Whether what the rule gave is taken from whoever leaves.
    pub take: bool,
    /// What the mails say besides: one line, may be empty.
    pub note: String,
}

/// The rules of one virtual server, the first one first: at most 50.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningRules {
    /// In the order in which they are asked.
    pub rules: Vec<ProvisioningRule>,
}

impl Document for ProvisioningRules {
    const KIND: SettingKind = SettingKind::ProvisioningRules;

    fn of_new() -> Self {
        Self::default()
    }
}
