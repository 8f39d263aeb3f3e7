//! Between an enrolment rule and its form. A field of the form is called by the name that the rule has for it, behind `rule.`.

use doorward_api::settings::{EnrolmentRule, ExtraProof};
use doorward_api::{FieldFault, FieldRule};
use doorward_views::console::{Fault as Said, Field, Said as Words};
use serde_json::{Value, json};

use crate::console::Console;
use crate::console::changes::{Names, group_line};
use crate::console::entered::{groups, number};
use crate::console::panels::{choice_key, label};
use crate::console::records::{Refused, choice, field, hinted};
use crate::console::signed::Signed;
use crate::fault::Fault;
use crate::fields::Fields;

const NAME: &str = "rule.name";
const GROUPS: &str = "rule.groups";
const PERCENTAGE: &str = "rule.percentage";
const STARTS_ON: &str = "rule.starts_on";
const DEADLINE: &str = "rule.deadline";
const PROOF: &str = "rule.proof";
const NETWORKS: &str = "rule.networks";
const PROBATION: &str = "rule.probation_hours";

/// The one kind of extra proof that goes with networks.
const TRUSTED: &str = "trusted_network";

/// All kinds, with words below each.
const PROOFS: [(&str, bool); 4] =
    [("none", true), (TRUSTED, true), ("operator_approval", true), ("help_desk_code", true)];

/// A rule as it is being typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Entered {
    name: String,
    /// The rows of the groups that are listed.
    pub(super) groups: Vec<String>,
    /// The name of one more, as it was typed.
    group_add: String,
    percentage: String,
    starts_on: String,
    deadline: String,
    proof: String,
    networks: String,
    probation_hours: String,
}

impl Entered {
    /// A new rule is for everybody, and asks for nothing.
    pub(super) fn of_new() -> Self {
        Self {
            percentage: "100".to_owned(),
            proof: ExtraProof::None.as_str().to_owned(),
            probation_hours: "0".to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn of(rule: &EnrolmentRule) -> Self {
        let day = |day: Option<_>| day.map(String::from).unwrap_or_default();
        let networks: Vec<String> = match &rule.proof {
            ExtraProof::TrustedNetwork(networks) => networks.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        Self {
            name: rule.name.clone(),
            groups: rule.groups.iter().map(ToString::to_string).collect(),
            group_add: String::new(),
            percentage: rule.percentage.to_string(),
            starts_on: day(rule.starts_on),
            deadline: day(rule.deadline),
            proof: rule.proof.as_str().to_owned(),
            networks: networks.join("\n"),
            probation_hours: rule.probation_hours.to_string(),
        }
    }

    pub(super) fn from_form(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).trim().to_owned();
        Self {
            name: text(NAME),
            groups: groups(fields),
            group_add: text("group_add"),
            percentage: text(PERCENTAGE),
            starts_on: text(STARTS_ON),
            deadline: text(DEADLINE),
            proof: text(PROOF),
            networks: text(NETWORKS),
            probation_hours: text(PROBATION),
        }
    }

    /// Takes the group that was typed into the list. What is wrong with it is told, and it stays typed.
    pub(super) async fn take_group(&mut self, console: &Console, signed: &Signed) -> Result<Option<Refused>, Fault> {
        if self.group_add.is_empty() {
            return Ok(None);
        }
        let Some(group) = console.parts.manager.group_named(&signed.vs.id, &self.group_add).await? else {
            return Ok(Some(Refused::field(GROUPS, "console-fault-unknown-group")));
        };
        let row = group.id.to_string();
        if !self.groups.contains(&row) {
            self.groups.push(row);
        }
        self.group_add.clear();
        Ok(None)
    }

    pub(super) fn fields(&self, names: &Names, offered: Vec<String>) -> Vec<Field> {
        let groups = Field {
            groups: self.groups.iter().map(|row| group_line(names, row)).collect(),
            offered,
            ..field(GROUPS, "member-of", self.group_add.as_str())
        };
        let networks = Field { when: Some("network"), ..field(NETWORKS, "lines", self.networks.as_str()) };
        let fields = vec![
            field(NAME, "text", self.name.as_str()),
            groups,
            field(PERCENTAGE, "number", self.percentage.as_str()),
            field(STARTS_ON, "date", self.starts_on.as_str()),
            field(DEADLINE, "date", self.deadline.as_str()),
            choice(PROOF, self.proof.as_str(), &PROOFS),
            networks,
            field(PROBATION, "number", self.probation_hours.as_str()),
        ];
        fields.into_iter().map(hinted).collect()
    }

    /// The networks that were typed, a line each.
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.networks.lines().map(str::trim).filter(|line| !line.is_empty())
    }

    /// The rule as JSON. Networks go with the one kind that asks for some.
    pub(super) fn json(&self) -> Value {
        let day = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        let count = |text: &str| if text.is_empty() { Value::Null } else { number(text) };
        let mut proof = json!({ "kind": self.proof });
        if self.proof == TRUSTED
            && let Some(fields) = proof.as_object_mut()
        {
            fields.insert("networks".to_owned(), self.lines().collect());
        }
        json!({
            "name": self.name,
            "groups": self.groups,
            "percentage": count(&self.percentage),
            "starts_on": day(&self.starts_on),
            "deadline": day(&self.deadline),
            "proof": proof,
            "probation_hours": count(&self.probation_hours),
        })
    }

    /// What is wrong with the rule at a place, at the field of the form that it is about.
    pub(super) fn told(&self, fault: &FieldFault, place: usize) -> Said {
        let of_rule = fault.field.strip_prefix(&format!("rules[{place}]."));
        let field = match (of_rule, &fault.rule) {
            (Some(rest), _) => form_field(rest),
            // Of two rules of one name the lower one is the fault, whichever of them is being typed.
            (None, FieldRule::Twice) if fault.field.ends_with("].name") => Some(NAME),
            (None, _) => None,
        };
        let other = |other: &str| label(other.split_once("].").and_then(|(_, rest)| form_field(rest)).unwrap_or(other));
        let told = Said::of(fault, other, |_, value| Words::words(choice_key(PROOF, value)));
        let told = Said { field: field.map(str::to_owned), ..told };
        match of_rule.and_then(|rest| self.line_of(rest)) {
            Some(line) => which_line(told, line),
            None => told,
        }
    }

    /// The line that a fault is about: `proof.networks[1]`.
    fn line_of(&self, rest: &str) -> Option<&str> {
        let number = rest.strip_prefix("proof.networks[")?.strip_suffix(']')?;
        self.lines().nth(number.parse().ok()?)
    }
}

/// Of several lines it must be said which one is meant.
fn which_line(told: Said, line: &str) -> Said {
    let key = match told.key.as_str() {
        "rule-network" => "console-fault-network",
        "rule-host-bits" => "console-fault-host-bits",
        _ => return told,
    };
    Said { key: key.to_owned(), ..told }.with("value", line)
}

/// The field of the form for a field of a rule.
fn form_field(of_rule: &str) -> Option<&'static str> {
    if of_rule.starts_with("proof.networks") {
        return Some(NETWORKS);
    }
    Some(match of_rule.split(['.', '[']).next()? {
        "name" => NAME,
        "groups" => GROUPS,
        "percentage" => PERCENTAGE,
        "starts_on" => STARTS_ON,
        "deadline" => DEADLINE,
        "proof" => PROOF,
        "probation_hours" => PROBATION,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::EnrolmentRules;
    use doorward_tokens::settings::Checked;

    use super::*;

    fn form(text: &str) -> Entered {
        Entered::from_form(&Fields::parse(text.as_bytes()).unwrap())
    }

    fn read(entered: &Entered) -> Result<EnrolmentRules, Vec<FieldFault>> {
        EnrolmentRules::read(&json!({ "rules": [entered.json()] }))
    }

    #[test]
    fn a_rule_comes_back_from_its_form() {
        for proof in [
            json!({"kind": "none"}),
            json!({"kind": "trusted_network", "networks": ["10.0.0.0/8", "2001:db8::/32"]}),
            json!({"kind": "operator_approval"}),
            json!({"kind": "help_desk_code"}),
        ] {
            let kind = proof["kind"].as_str().unwrap();
            assert!(PROOFS.iter().any(|(known, _)| *known == kind), "{kind} can be chosen");
            let rule = json!({"name": "Staff", "groups": ["g1", "g2"], "percentage": 25, "starts_on": "2026-12-01",
                              "deadline": null, "proof": proof, "probation_hours": 48});
            let rules = EnrolmentRules::read(&json!({ "rules": [rule] })).unwrap();
            assert_eq!(read(&Entered::of(&rules.rules[0])), Ok(rules));
        }
    }

    #[test]
    fn a_new_rule_lacks_its_name_alone() {
        let faults = read(&Entered::of_new()).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["rules[0].name"]);
    }

    #[test]
    fn each_fault_is_told_at_its_field() {
        let typed = form(
            "rule.name=&rule.percentage=half&rule.starts_on=2026-12-02&rule.deadline=2026-12-01&rule.proof=trusted_network\
             &rule.networks=10.0.0.0%2F8%0D%0A%0D%0A+10.1.2.3%2F8+%0D%0Aoffice&rule.probation_hours=",
        );
        let told: Vec<Said> = read(&typed).unwrap_err().iter().map(|fault| typed.told(fault, 0)).collect();
        let fields: Vec<&str> = told.iter().filter_map(|fault| fault.field.as_deref()).collect();
        assert_eq!(fields, [NAME, PERCENTAGE, DEADLINE, NETWORKS, NETWORKS, PROBATION]);
        assert_eq!(told[2].other.as_deref(), Some("console-field-rule-starts_on"));
        let value = |fault: &Said| fault.args["value"].as_str().unwrap().to_owned();
        assert_eq!((told[3].key.as_str(), value(&told[3])), ("console-fault-host-bits", "10.1.2.3/8".into()));
        assert_eq!((told[4].key.as_str(), value(&told[4])), ("console-fault-network", "office".into()));
    }

    #[test]
    fn networks_that_are_out_of_the_way_are_not_sent() {
        let typed = form("rule.name=A&rule.percentage=1&rule.proof=none&rule.networks=office&rule.probation_hours=0");
        assert_eq!(read(&typed).map(|rules| rules.rules[0].proof.clone()), Ok(ExtraProof::None));
    }

    #[test]
    fn a_name_that_another_rule_has_is_told_at_the_one_that_is_typed() {
        let twice = FieldFault::new("rules[3].name", FieldRule::Twice);
        assert_eq!(Entered::default().told(&twice, 0).field.as_deref(), Some(NAME));
        let other = FieldFault::new("rules[3].deadline", FieldRule::Day);
        assert_eq!(Entered::default().told(&other, 0).field, None);
    }
}
