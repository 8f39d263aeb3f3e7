//! Provisioning Rules. Whether the groups exist is for the store to say.

use std::collections::BTreeSet;

use doorward_api::settings::{ProvisioningRule, ProvisioningRules};
use doorward_api::{FieldFault, FieldRule, GroupId};
use serde_json::Value;

use super::Checked;
use super::raw::{Raw, line};

/// The most rules.
pub const MOST_PROVISIONING_RULES: u32 = 50;

/// The most days to enrol in.
const MOST_DAYS: i64 = 90;

/// The longest note, in characters.
const LONGEST_NOTE: u32 = 500;

impl Checked for ProvisioningRules {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let mut groups = BTreeSet::new();
        let mut rules = Vec::new();
        for mut fields in raw.objects("rules", MOST_PROVISIONING_RULES) {
            rules.push(rule(&mut fields, &mut groups));
            raw.close(fields);
        }
        raw.finish(|| Some(Self { rules: rules.into_iter().collect::<Option<_>>()? }))
    }
}

fn rule(fields: &mut Raw<'_>, groups: &mut BTreeSet<GroupId>) -> Option<ProvisioningRule> {
    let group = fields.required("group", group);
    if group.as_ref().is_some_and(|group| !groups.insert(group.clone())) {
        fields.fault("group", FieldRule::Twice);
    }
    let stop_days = fields.integer("stop_days", 1, MOST_DAYS);
    let take = fields.boolean("take");
    let note = fields.required("note", note);
    Some(ProvisioningRule { group: group?, stop_days, take, note: note? })
}

fn group(value: &Value) -> Result<GroupId, FieldRule> {
    match value.as_str() {
        Some("") => Err(FieldRule::Required),
        Some(id) => Ok(GroupId::new(id)),
        None => Err(FieldRule::Text),
    }
}

/// It may be empty.
fn note(value: &Value) -> Result<String, FieldRule> {
    match value.as_str().map(str::trim) {
        Some("") => Ok(String::new()),
        _ => line(value, LONGEST_NOTE),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::testing::faults;

    fn sales() -> Value {
        json!({"group": "g1", "stop_days": 10, "take": true, "note": "Welcome."})
    }

    /// The rule with one field set to something else, and what is said of it.
    fn with(field: &str, value: Value) -> Vec<String> {
        let mut rule = sales();
        rule[field] = value;
        faults::<ProvisioningRules>(&json!({"rules": [rule]}))
    }

    #[test]
    fn a_rule_is_read_as_it_was_sent_and_shown_as_it_is() {
        let document = json!({"rules": [sales(), {"group": "g2", "stop_days": 90, "take": false, "note": ""}]});
        assert_eq!(ProvisioningRules::read(&document).unwrap().shown(), document);
    }

    #[test]
    fn a_group_has_one_rule() {
        let two = json!({"rules": [sales(), sales()]});
        assert_eq!(faults::<ProvisioningRules>(&two), ["rules[1].group: is given twice"]);
        assert_eq!(with("group", json!("")), ["rules[0].group: must be given"]);
        assert_eq!(with("group", json!(null)), ["rules[0].group: must be given"]);
        assert_eq!(with("group", json!(7)), ["rules[0].group: must be one line of visible characters"]);
    }

    #[test]
    fn every_fault_names_its_rule_and_its_field() {
        for days in [json!(0), json!(91), json!("10"), json!(1.5)] {
            assert_eq!(with("stop_days", days), ["rules[0].stop_days: must be a whole number from 1 to 90"]);
        }
        assert_eq!(with("take", json!("yes")), ["rules[0].take: must be one of true, false"]);
        assert_eq!(with("note", json!("x".repeat(501))), ["rules[0].note: must have at most 500 characters"]);
        assert_eq!(with("note", json!("a\nb")), ["rules[0].note: must be one line of visible characters"]);
        assert_eq!(with("surprise", json!(1)), ["rules[0].surprise: there is no field surprise"]);
        let many: Value =
            (0..51).map(|n| json!({"group": format!("g{n}"), "stop_days": 1, "take": true, "note": ""})).collect();
        assert_eq!(faults::<ProvisioningRules>(&json!({"rules": many})), ["rules: must have at most 50 entries"]);
    }
}
