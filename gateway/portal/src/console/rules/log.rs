//! The Change Log of the enrolment rules: which rule was changed, added, moved or taken away, and what it said.

use std::collections::BTreeMap;

use doorward_api::settings::{EnrolmentRule, ExtraProof, FieldChange, SettingChange};
use doorward_api::{GroupId, VirtualServerId};
use doorward_views::console::{ChangeRow, ChangedField, Said};
use doorward_views::console_records::Fact;
use serde_json::Value;

use crate::console::Console;
use crate::console::changes::{Names, group_line, names};
use crate::console::panels::{choice_key, label};
use crate::fault::Fault;

/// The entries of the log.
pub(in crate::console) async fn rows(
    console: &Console,
    vs: &VirtualServerId,
    log: &[SettingChange],
) -> Result<Vec<ChangeRow>, Fault> {
    let changes = log.iter().flat_map(|entry| &entry.changes);
    let rules: Vec<EnrolmentRule> = changes.flat_map(|change| [&change.old, &change.new]).flat_map(rules_of).collect();
    let groups = rules.iter().flat_map(|rule| &rule.groups).map(GroupId::as_str);
    let names = names(console, vs, groups).await?;
    let row = |entry: &SettingChange| ChangeRow {
        at: entry.at,
        operator: entry.operator.clone(),
        fields: entry.changes.iter().flat_map(|change| fields(change, &names)).collect(),
    };
    Ok(log.iter().map(row).collect())
}

/// What a rule says.
pub(super) fn facts(rule: &EnrolmentRule, names: &Names) -> Vec<Fact> {
    said(rule, names).into_iter().map(|(label, said)| Fact { label, said }).collect()
}

fn rules_of(value: &Value) -> Vec<EnrolmentRule> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// A rule before and after, each with its place from 0.
#[derive(Default)]
struct Pair<'a> {
    old: Option<(usize, &'a EnrolmentRule)>,
    new: Option<(usize, &'a EnrolmentRule)>,
}

/// A rule is known by its name. Where a rule of a name that is gone stood, there stands now what it was called anew.
fn pairs<'a>(old: &'a [EnrolmentRule], new: &'a [EnrolmentRule]) -> Vec<Pair<'a>> {
    let named = |rules: &[EnrolmentRule], name: &str| rules.iter().position(|rule| rule.name == name);
    let before = |place: usize, rule: &EnrolmentRule| {
        let same = named(old, &rule.name);
        same.or_else(|| old.get(place).filter(|other| named(new, &other.name).is_none()).map(|_| place))
    };
    let mut left: BTreeMap<usize, &EnrolmentRule> = old.iter().enumerate().collect();
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for (place, rule) in new.iter().enumerate() {
        let old = before(place, rule).and_then(|place| left.remove_entry(&place));
        pairs.push(Pair { old, new: Some((place, rule)) });
    }
    pairs.extend(left.into_iter().map(|old| Pair { old: Some(old), new: None }));
    pairs
}

fn fields(change: &FieldChange, names: &Names) -> Vec<ChangedField> {
    let (old, new) = (rules_of(&change.old), rules_of(&change.new));
    let pairs = pairs(&old, &new);
    pairs.iter().flat_map(|pair| differences(pair, moved(pair, &pairs), names)).collect()
}

/// Whether the rules that were there and are there still stand on other sides of it now.
fn moved(pair: &Pair<'_>, all: &[Pair<'_>]) -> bool {
    let places = |pair: &Pair<'_>| Some((pair.old?.0, pair.new?.0));
    let Some((old, new)) = places(pair) else { return false };
    let before = |one: fn((usize, usize)) -> usize, place: usize| {
        all.iter().filter_map(places).filter(|places| one(*places) < place).count()
    };
    old != new && before(|(old, _)| old, old) != before(|(_, new)| new, new)
}

fn differences(pair: &Pair<'_>, moved: bool, names: &Names) -> Vec<ChangedField> {
    let (old, new) = (pair.old.map(|(_, rule)| rule), pair.new.map(|(_, rule)| rule));
    let name = |rule: Option<&EnrolmentRule>| rule.map_or(Said::Nothing, |rule| Said::text(rule.name.as_str()));
    let of = vec![name(new.or(old))];
    let mut rows = Vec::new();
    if old.is_none() || new.is_none() {
        rows.push(ChangedField { of: Vec::new(), label: vec![label("rule")], old: name(old), new: name(new) });
    }
    let whole = |rule: Option<&EnrolmentRule>| rule.map(|rule| said(rule, names)).unwrap_or_default();
    let (before, after) = (BTreeMap::from_iter(whole(old)), BTreeMap::from_iter(whole(new)));
    let at = |all: &BTreeMap<String, Said>, key: &str| all.get(key).cloned().unwrap_or(Said::Nothing);
    for (key, _) in whole(new.or(old)) {
        let (old, new) = (at(&before, &key), at(&after, &key));
        let told_above = rows.len() == 1 && key == label(NAME);
        if old != new && !told_above {
            rows.push(ChangedField { of: of.clone(), label: vec![key], old, new });
        }
    }
    if moved {
        let place = |of: Option<(usize, _)>| of.map_or(Said::Nothing, |(place, _)| Said::text((place + 1).to_string()));
        let (old, new) = (place(pair.old), place(pair.new));
        rows.push(ChangedField { of, label: vec![label("rule.place")], old, new });
    }
    rows
}

const NAME: &str = "rule.name";

/// Each field of a rule in words, by the key of its label.
fn said(rule: &EnrolmentRule, names: &Names) -> Vec<(String, Said)> {
    let groups: Vec<String> = rule.groups.iter().map(|group| group_line(names, group.as_str()).name).collect();
    let everybody = Said::words("console-rule-everybody");
    let networks = match &rule.proof {
        ExtraProof::TrustedNetwork(networks) => networks.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let day = |day: Option<_>| Said::text(day.map(String::from).unwrap_or_default());
    [
        (NAME, Said::text(rule.name.as_str())),
        ("rule.groups", if groups.is_empty() { everybody } else { Said::text(groups.join(", ")) }),
        ("rule.percentage", Said::text(rule.percentage.to_string())),
        ("rule.starts_on", day(rule.starts_on)),
        ("rule.deadline", day(rule.deadline)),
        ("rule.proof", Said::words(choice_key("rule.proof", rule.proof.as_str()))),
        ("rule.networks", Said::text(networks.join(", "))),
        ("rule.probation_hours", Said::text(rule.probation_hours.to_string())),
    ]
    .map(|(name, said)| (label(name), said))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(name: &str) -> Value {
        json!({"name": name, "groups": [], "percentage": 100, "starts_on": null, "deadline": null,
               "proof": {"kind": "none"}, "probation_hours": 0})
    }

    fn told(old: &[Value], new: &[Value]) -> Vec<String> {
        let names = Names::from([("g1".into(), Some("staff".into())), ("g2".into(), None)]);
        let of = |said: &Said| match said {
            Said::Text(text) => text.clone(),
            Said::Words(key) => key.clone(),
            _ => "-".to_owned(),
        };
        let row = |row: ChangedField| {
            let which: String = row.of.iter().map(of).collect();
            let label = row.label.join(" ").replace("console-field-", "");
            format!("{which} {label}: {} -> {}", of(&row.old), of(&row.new)).trim().to_owned()
        };
        let change = FieldChange { field: "rules".into(), old: json!(old), new: json!(new) };
        fields(&change, &names).into_iter().map(row).collect()
    }

    #[test]
    fn a_rule_that_was_changed_is_told_field_by_field() {
        let mut staff = rule("Staff");
        staff["groups"] = json!(["g1", "g2"]);
        staff["deadline"] = json!("2026-12-24");
        staff["proof"] = json!({"kind": "trusted_network", "networks": ["10.0.0.0/8"]});
        assert_eq!(
            told(&[rule("Guests"), rule("Staff")], &[rule("Guests"), staff]),
            [
                "Staff rule-groups: console-rule-everybody -> staff, g2",
                "Staff rule-deadline: - -> 2026-12-24",
                "Staff rule-proof: console-choice-rule-proof-none -> console-choice-rule-proof-trusted_network",
                "Staff rule-networks: - -> 10.0.0.0/8",
            ]
        );
    }

    #[test]
    fn a_rule_that_is_new_or_gone_is_told_with_all_it_says() {
        let (old, new) = ([rule("A")], [rule("A"), rule("B")]);
        assert_eq!(
            told(&old, &new),
            [
                "rule: - -> B",
                "B rule-groups: - -> console-rule-everybody",
                "B rule-percentage: - -> 100",
                "B rule-proof: - -> console-choice-rule-proof-none",
                "B rule-probation_hours: - -> 0",
            ]
        );
        assert_eq!(told(&new, &old)[..2], ["rule: B -> -", "B rule-groups: console-rule-everybody -> -"]);
    }

    #[test]
    fn a_rule_that_was_renamed_is_the_same_rule() {
        assert_eq!(told(&[rule("A"), rule("B")], &[rule("C"), rule("B")]), ["C rule-name: A -> C"]);
    }

    #[test]
    fn a_move_is_told_and_what_merely_closes_up_is_not() {
        let (a, b, c) = (rule("A"), rule("B"), rule("C"));
        assert_eq!(
            told(&[a.clone(), b.clone(), c.clone()], &[a.clone(), c.clone(), b.clone()]),
            ["C rule-place: 3 -> 2", "B rule-place: 2 -> 3"]
        );
        let removed = told(&[a, b.clone(), c.clone()], &[b, c]);
        assert!(removed.iter().all(|row| !row.contains("rule-place")), "{removed:?}");
    }
}
