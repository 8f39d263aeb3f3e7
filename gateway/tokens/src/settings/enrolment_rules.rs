//! Enrolment Rules. Whether the groups exist is for the store to say.

use std::collections::BTreeSet;
use std::net::IpAddr;

use doorward_api::settings::{Day, EnrolmentRule, EnrolmentRules, ExtraProof};
use doorward_api::{FieldFault, FieldRule, GroupId};
use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;

use super::Checked;
use super::raw::{Raw, line};

/// The most rules.
pub const MOST_RULES: u32 = 50;

/// The longest name of a rule, in characters.
const LONGEST_NAME: u32 = 64;

/// The most networks of a rule.
const MOST_NETWORKS: u32 = 64;

/// The longest probation, in hours: thirty days.
const LONGEST_PROBATION: i64 = 30 * 24;

/// What is asked for; which networks, stands beside it.
const PROOFS: [(&str, ExtraProof); 4] = [
    ("none", ExtraProof::None),
    ("trusted_network", ExtraProof::TrustedNetwork(Vec::new())),
    ("operator_approval", ExtraProof::OperatorApproval),
    ("help_desk_code", ExtraProof::HelpDeskCode),
];

impl Checked for EnrolmentRules {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let mut names = BTreeSet::new();
        let mut rules = Vec::new();
        for mut fields in raw.objects("rules", MOST_RULES) {
            rules.push(rule(&mut fields, &mut names));
            raw.close(fields);
        }
        raw.finish(|| Some(Self { rules: rules.into_iter().collect::<Option<_>>()? }))
    }
}

fn rule(fields: &mut Raw<'_>, names: &mut BTreeSet<String>) -> Option<EnrolmentRule> {
    let name = name(fields, names);
    let groups = groups(fields);
    let percentage = fields.integer("percentage", 1, 100);
    let starts_on = fields.optional("starts_on", day);
    let deadline = fields.optional("deadline", day);
    if starts_on.zip(deadline).is_some_and(|(first, last)| last < first) {
        let other = fields.path("starts_on");
        fields.fault("deadline", FieldRule::NotBefore { other });
    }
    let proof = proof(fields);
    let probation_hours = fields.integer("probation_hours", 0, LONGEST_PROBATION);
    Some(EnrolmentRule {
        name: name?,
        groups: groups?,
        percentage,
        starts_on,
        deadline,
        proof: proof?,
        probation_hours,
    })
}

/// Operators tell rules apart by their names: two that differ in capitals only are one name.
fn name(fields: &mut Raw<'_>, names: &mut BTreeSet<String>) -> Option<String> {
    let name = fields.required("name", |value| line(value, LONGEST_NAME))?;
    if !names.insert(name.to_lowercase()) {
        fields.fault("name", FieldRule::Twice);
    }
    Some(name)
}

/// None is everybody; duplicates are one. What is no list must not come to mean everybody.
fn groups(fields: &mut Raw<'_>) -> Option<Vec<GroupId>> {
    if fields.value("groups").is_none() {
        return Some(Vec::new());
    }
    let listed: BTreeSet<&str> = fields.each("groups", None, group)?.into_iter().collect();
    Some(listed.into_iter().map(GroupId::from).collect())
}

fn group(value: &Value) -> Result<&str, FieldRule> {
    match value.as_str() {
        Some("") => Err(FieldRule::Required),
        Some(id) => Ok(id),
        None => Err(FieldRule::Text),
    }
}

fn day(value: &Value) -> Result<Day, FieldRule> {
    value.as_str().and_then(Day::parse).ok_or(FieldRule::Day)
}

/// Networks go with the one kind that asks for some.
fn proof(rule: &mut Raw<'_>) -> Option<ExtraProof> {
    let mut fields = rule.object("proof");
    let kind = fields.choice("kind", &PROOFS);
    let listed = fields.value("networks").is_some();
    let proof = match kind {
        Some(ExtraProof::TrustedNetwork(_)) => networks(&mut fields).map(ExtraProof::TrustedNetwork),
        Some(kind) if listed => {
            let other = fields.path("kind");
            fields.fault("networks", FieldRule::NotAvailable { other, value: kind.as_str().into() });
            None
        }
        kind => kind,
    };
    rule.close(fields);
    proof
}

/// At least one; duplicates are one.
fn networks(fields: &mut Raw<'_>) -> Option<Vec<IpNet>> {
    let listed = fields.each("networks", Some(MOST_NETWORKS), network)?;
    if listed.is_empty() {
        fields.fault("networks", FieldRule::Required);
        return None;
    }
    let mut networks = Vec::with_capacity(listed.len());
    for network in listed {
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Some(networks)
}

/// A network, or an address as the network of that address alone. Bits behind the prefix are refused: whoever writes
/// `10.1.2.3/8` may mean that one address, and would trust sixteen million.
fn network(value: &Value) -> Result<IpNet, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Network)?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(unmapped(IpNet::from(address)));
    }
    let network: IpNet = text.parse().map_err(|_| FieldRule::Network)?;
    let trunc = network.trunc();
    if trunc == network { Ok(unmapped(network)) } else { Err(FieldRule::HostBits { network: trunc.to_string() }) }
}

/// A client with an IPv4 address is known by that, never by `::ffff:192.0.2.1`: so is its network.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let address = mapped.addr().to_ipv4_mapped();
    let prefix = mapped.prefix_len().checked_sub(96);
    let plain = address.zip(prefix).and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    plain.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::{faults, said};

    fn staff() -> Value {
        json!({
            "name": "Staff", "groups": ["g1"], "percentage": 25, "starts_on": "2026-12-01", "deadline": "2026-12-24",
            "proof": {"kind": "operator_approval"}, "probation_hours": 48,
        })
    }

    fn read(rules: Value) -> EnrolmentRules {
        EnrolmentRules::read(&json!({"rules": rules})).unwrap()
    }

    /// The rule with one field set to something else, and what is said of it.
    fn with(field: &str, value: Value) -> Vec<String> {
        let mut rule = staff();
        rule[field] = value;
        faults::<EnrolmentRules>(&json!({"rules": [rule]}))
    }

    #[test]
    fn a_rule_is_read_as_it_was_sent_and_shown_as_it_is() {
        let read = read(json!([staff()]));
        let rule = &read.rules[0];
        assert_eq!((rule.name.as_str(), rule.percentage, rule.probation_hours), ("Staff", 25, 48));
        assert_eq!(rule.groups, [GroupId::from("g1")]);
        assert_eq!((rule.starts_on, rule.deadline), (Day::parse("2026-12-01"), Day::parse("2026-12-24")));
        assert_eq!(rule.proof, ExtraProof::OperatorApproval);
        assert_eq!(read.shown(), json!({"rules": [staff()]}));
    }

    #[test]
    fn rules_are_a_list_of_at_most_fifty() {
        let usual = EnrolmentRules::of_new();
        let many = |count: usize| -> Value {
            let named = |n: usize| {
                let mut rule = staff();
                rule["name"] = json!(format!("Rule {n}"));
                rule
            };
            (0..count).map(named).collect()
        };
        assert_eq!(said(&usual, "rules", many(50)), [""; 0]);
        assert_eq!(said(&usual, "rules", many(51)), ["rules: must have at most 50 entries"]);
        assert_eq!(said(&usual, "rules", staff()), ["rules: must be a list"]);
        assert_eq!(said(&usual, "rules", json!(null)), ["rules: must be given"]);
        assert!(said(&usual, "rules", json!(["Staff"])).contains(&"rules[0]: must be given".to_owned()));
    }

    #[test]
    fn every_fault_names_its_rule_and_its_field() {
        let mut second = staff();
        second["name"] = json!("Guests");
        second["percentage"] = json!(0);
        second["surprise"] = json!(1);
        second["proof"]["more"] = json!(1);
        assert_eq!(
            faults::<EnrolmentRules>(&json!({"rules": [staff(), second]})),
            [
                "rules[1].percentage: must be a whole number from 1 to 100",
                "rules[1].proof.more: there is no field more",
                "rules[1].surprise: there is no field surprise",
            ]
        );
        for field in ["name", "percentage", "proof", "probation_hours"] {
            let expected = format!("rules[0].{field}: must be given");
            assert!(with(field, json!(null)).contains(&expected), "{field}");
        }
    }

    #[test]
    fn a_name_is_one_line_and_stands_once() {
        for good in [json!("S"), json!("x".repeat(64)), json!("Fünf & mehr")] {
            assert_eq!(with("name", good), [""; 0]);
        }
        assert_eq!(
            read(json!([{"name": " Staff ", "percentage": 1, "proof": {"kind": "none"}, "probation_hours": 0}])).rules
                [0]
            .name,
            "Staff"
        );
        assert_eq!(with("name", json!(" ")), ["rules[0].name: must be given"]);
        assert_eq!(with("name", json!("x".repeat(65))), ["rules[0].name: must have at most 64 characters"]);
        for bad in [json!("a\nb"), json!(7)] {
            assert_eq!(with("name", bad), ["rules[0].name: must be one line of visible characters"]);
        }
        let mut again = staff();
        again["name"] = json!("STAFF");
        assert_eq!(faults::<EnrolmentRules>(&json!({"rules": [staff(), again]})), ["rules[1].name: is given twice"]);
    }

    #[test]
    fn no_group_is_everybody_and_one_named_twice_is_one() {
        let groups = |listed: Value| {
            let mut rule = staff();
            rule["groups"] = listed;
            read(json!([rule])).rules[0].groups.clone()
        };
        assert_eq!(groups(json!(null)), []);
        assert_eq!(groups(json!([])), []);
        assert_eq!(groups(json!(["b", "a", "b"])), [GroupId::from("a"), GroupId::from("b")]);
    }

    #[test]
    fn what_is_no_list_of_groups_does_not_mean_everybody() {
        assert_eq!(with("groups", json!("g1")), ["rules[0].groups: must be a list"]);
        assert_eq!(with("groups", json!({})), ["rules[0].groups: must be a list"]);
        assert_eq!(with("groups", json!(["g1", ""])), ["rules[0].groups[1]: must be given"]);
        for bad in [json!([1]), json!([null])] {
            assert_eq!(with("groups", bad), ["rules[0].groups[0]: must be one line of visible characters"]);
        }
    }

    #[test]
    fn numbers_keep_to_their_ranges() {
        for (field, good, bad, range) in
            [("percentage", [1, 100], [0, 101], "1 to 100"), ("probation_hours", [0, 720], [-1, 721], "0 to 720")]
        {
            for value in good {
                assert_eq!(with(field, json!(value)), [""; 0], "{field} {value}");
            }
            for value in bad.map(|n| json!(n)).into_iter().chain([json!("3"), json!(1.5), json!(true)]) {
                assert_eq!(with(field, value), [format!("rules[0].{field}: must be a whole number from {range}")]);
            }
        }
    }

    #[test]
    fn the_last_day_is_not_before_the_first() {
        assert_eq!(with("deadline", json!("2026-12-01")), [""; 0]);
        assert_eq!(with("deadline", json!(null)), [""; 0]);
        assert_eq!(with("starts_on", json!(null)), [""; 0]);
        assert_eq!(with("deadline", json!("2026-11-30")), ["rules[0].deadline: must not be before rules[0].starts_on"]);
        for field in ["starts_on", "deadline"] {
            for bad in [json!("24.12.2026"), json!("2026-02-30"), json!(""), json!(20_261_224)] {
                assert_eq!(with(field, bad), [format!("rules[0].{field}: must be a day such as 2026-12-24")]);
            }
        }
    }

    #[test]
    fn networks_go_with_the_one_kind_that_asks_for_some() {
        let proof = |kind: &str, networks: Value| with("proof", json!({"kind": kind, "networks": networks}));
        assert_eq!(proof("trusted_network", json!(["10.0.0.0/8"])), [""; 0]);
        for nothing in [json!([]), json!(null)] {
            assert_eq!(proof("trusted_network", nothing), ["rules[0].proof.networks: must be given"]);
        }
        assert_eq!(proof("trusted_network", json!("10.0.0.0/8")), ["rules[0].proof.networks: must be a list"]);
        for kind in ["none", "operator_approval", "help_desk_code"] {
            assert_eq!(proof(kind, json!(null)), [""; 0], "{kind}");
            let expected = format!("rules[0].proof.networks: is not available when rules[0].proof.kind is {kind}");
            assert_eq!(proof(kind, json!(["10.0.0.0/8"])), [expected]);
        }
        assert_eq!(
            proof("magic", json!(["10.0.0.0/8"])),
            ["rules[0].proof.kind: must be one of none, trusted_network, operator_approval, help_desk_code"]
        );
        let many = |count: u8| (0..count).map(|n| json!(format!("10.0.{n}.0/24"))).collect::<Value>();
        assert_eq!(proof("trusted_network", many(64)), [""; 0]);
        assert_eq!(proof("trusted_network", many(65)), ["rules[0].proof.networks: must have at most 64 entries"]);
    }

    #[test]
    fn the_names_of_the_kinds_are_those_in_the_trail() {
        for (name, proof) in PROOFS {
            assert_eq!(name, proof.as_str());
        }
    }

    #[test]
    fn an_address_is_a_network_of_its_own_and_duplicates_are_one() {
        let listed = json!([
            "192.0.2.1",
            "192.0.2.1/32",
            "10.0.0.0/8",
            "2001:db8::1",
            "2001:DB8::/32",
            "::ffff:192.0.2.1",
            "::ffff:10.0.0.0/104",
        ]);
        let mut rule = staff();
        rule["proof"] = json!({"kind": "trusted_network", "networks": listed});
        let shown = read(json!([rule])).shown();
        let networks = json!(["192.0.2.1/32", "10.0.0.0/8", "2001:db8::1/128", "2001:db8::/32"]);
        assert_eq!(shown["rules"][0]["proof"]["networks"], networks);
    }

    #[test]
    fn bits_behind_the_prefix_are_refused_and_the_network_is_named() {
        let one =
            |network: Value| with("proof", json!({"kind": "trusted_network", "networks": ["10.0.0.0/8", network]}));
        let field = "rules[0].proof.networks[1]";
        assert_eq!(
            one(json!("10.1.2.3/8")),
            [format!("{field}: sets bits behind its prefix; the network is 10.0.0.0/8")]
        );
        assert_eq!(
            one(json!("2001:db8::1/32")),
            [format!("{field}: sets bits behind its prefix; the network is 2001:db8::/32")]
        );
        for bad in [json!("10.0.0.0/33"), json!("10.0.0"), json!("office"), json!(""), json!(10), json!(null)] {
            assert_eq!(one(bad), [format!("{field}: must be a network such as 10.0.0.0/8, or an address")]);
        }
    }
}
