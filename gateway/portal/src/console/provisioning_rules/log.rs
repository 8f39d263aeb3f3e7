//! The Change Log of the provisioning rules: which rule was changed, added, moved or taken away, and what it said. A
//! rule is known by its group.

use doorward_api::VirtualServerId;
use doorward_api::settings::{FieldChange, ProvisioningRule, SettingChange};
use doorward_views::console::{ChangeRow, ChangedField, Said};
use serde_json::Value;

use crate::console::Console;
use crate::console::changes::{Names, group_line, names};
use crate::console::panels::label;
use crate::fault::Fault;

/// The entries of the log.
pub(in crate::console) async fn rows(
    console: &Console,
    vs: &VirtualServerId,
    log: &[SettingChange],
) -> Result<Vec<ChangeRow>, Fault> {
    let changes = log.iter().flat_map(|entry| &entry.changes);
    let rules: Vec<ProvisioningRule> =
        changes.flat_map(|change| [&change.old, &change.new]).flat_map(rules_of).collect();
    let names = names(console, vs, rules.iter().map(|rule| rule.group.as_str())).await?;
    let row = |entry: &SettingChange| ChangeRow {
        at: entry.at,
        operator: entry.operator.clone(),
        fields: entry.changes.iter().flat_map(|change| fields(change, &names)).collect(),
    };
    Ok(log.iter().map(row).collect())
}

fn rules_of(value: &Value) -> Vec<ProvisioningRule> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn fields(change: &FieldChange, names: &Names) -> Vec<ChangedField> {
    let (old, new) = (rules_of(&change.old), rules_of(&change.new));
    let find =
        |rules: &[ProvisioningRule], one: &ProvisioningRule| rules.iter().position(|rule| rule.group == one.group);
    let gone = old.iter().filter(|rule| find(&new, rule).is_none()).map(|rule| (Some(rule), None, false));
    let there = new.iter().enumerate().map(|(place, rule)| {
        let before = find(&old, rule);
        // What merely closes up was not moved: only whoever stands on another side of one that was there and is.
        let kept = |of: &[ProvisioningRule], other: &[ProvisioningRule], until: usize| {
            of.iter().take(until).filter(|one| find(other, one).is_some()).count()
        };
        let moved = before.is_some_and(|before| kept(&old, &new, before) != kept(&new, &old, place));
        (before.and_then(|before| old.get(before)), Some(rule), moved)
    });
    let place = |rules: &[ProvisioningRule], rule: Option<&ProvisioningRule>| {
        let found = rule.and_then(|rule| find(rules, rule));
        found.map_or(Said::Nothing, |place| Said::text((place + 1).to_string()))
    };
    let mut rows = Vec::new();
    for (before, after, moved) in gone.chain(there) {
        rows.extend(differences(before, after, names));
        if moved {
            rows.push(ChangedField {
                of: vec![name(after, names)],
                label: vec![label("rule.place")],
                old: place(&old, before),
                new: place(&new, after),
            });
        }
    }
    rows
}

fn name(rule: Option<&ProvisioningRule>, names: &Names) -> Said {
    rule.map_or(Said::Nothing, |rule| Said::text(group_line(names, rule.group.as_str()).name))
}

fn differences(old: Option<&ProvisioningRule>, new: Option<&ProvisioningRule>, names: &Names) -> Vec<ChangedField> {
    let mut rows = Vec::new();
    if old.is_none() || new.is_none() {
        let (old, new) = (name(old, names), name(new, names));
        rows.push(ChangedField { of: Vec::new(), label: vec![label("rule")], old, new });
    }
    let which = name(new.or(old), names);
    let (before, after) = (said(old), said(new));
    for ((key, old), (_, new)) in before.into_iter().zip(after).filter(|(old, new)| old.1 != new.1) {
        rows.push(ChangedField { of: vec![which.clone()], label: vec![label(key)], old, new });
    }
    rows
}

/// Each field of a rule in words, by its name.
fn said(rule: Option<&ProvisioningRule>) -> [(&'static str, Said); 3] {
    let of = |said: &dyn Fn(&ProvisioningRule) -> Said| rule.map_or(Said::Nothing, said);
    [
        ("rule.stop_days", of(&|rule| Said::text(rule.stop_days.to_string()))),
        ("rule.take", of(&|rule| Said::words(if rule.take { "console-on" } else { "console-off" }))),
        ("rule.note", of(&|rule| Said::text(rule.note.as_str()))),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let names =
            Names::from([("a".into(), Some("Sales".into())), ("b".into(), Some("Staff".into())), ("c".into(), None)]);
        let of = |said: &Said| match said {
            Said::Text(text) | Said::Words(text) => text.clone(),
            _ => "-".to_owned(),
        };
        let row = |row: ChangedField| {
            let which: String = row.of.iter().map(of).collect();
            let label = row.label.join(" ").replace("console-field-", "");
            format!("{which} {label}: {} -> {}", of(&row.old), of(&row.new)).trim().to_owned()
        };
        let change = FieldChange { field: "rules".into(), old: old.clone(), new: new.clone() };
        fields(&change, &names).into_iter().map(row).collect()
    }

    fn rule(group: &str, days: u8) -> Value {
        json!({"group": group, "stop_days": days, "take": true, "note": ""})
    }

    #[test]
    fn a_rule_that_was_changed_is_told_field_by_field() {
        let mut after = rule("a", 10);
        after["take"] = json!(false);
        after["note"] = json!("Hello");
        assert_eq!(
            told(&json!([rule("a", 10)]), &json!([after])),
            ["Sales rule-take: console-on -> console-off", "Sales rule-note: - -> Hello"]
        );
    }

    #[test]
    fn what_is_new_gone_or_moved_is_told_and_what_merely_closes_up_is_not() {
        let (a, b, c) = (rule("a", 1), rule("b", 2), rule("c", 3));
        assert_eq!(
            told(&json!([a]), &json!([a, c]))[..2],
            ["rule: - -> c".to_owned(), "c rule-stop_days: - -> 3".to_owned()]
        );
        assert_eq!(told(&json!([a, b]), &json!([b]))[0], "rule: Sales -> -");
        assert!(told(&json!([a, b]), &json!([b])).iter().all(|row| !row.contains("place")));
        assert_eq!(told(&json!([a, b]), &json!([b, a])), ["Staff rule-place: 2 -> 1", "Sales rule-place: 1 -> 2"]);
    }
}
