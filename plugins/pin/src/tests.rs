//! The table of `rules.json`, and what must hold of every PIN.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use doorward_api::settings::Complexity;
use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    rules: Rules,
    policies: BTreeMap<String, PinRules>,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    order: Vec<PinFault>,
    charset: String,
    trivial: Trivial,
    drawn_from: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trivial {
    whole_pin: bool,
    least: usize,
    steps: Vec<i32>,
    ignore_case: bool,
    wrap_around: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    pin: String,
    policy: String,
    faults: Vec<PinFault>,
    source: String,
}

fn table() -> Table {
    serde_json::from_str(include_str!("../rules.json")).unwrap()
}

fn check(policy: &PinRules, pin: &str) -> Vec<PinFault> {
    Pin.check(policy, &Secret::new(pin)).err().unwrap_or_default()
}

#[test]
fn every_example_of_the_table_is_judged_as_it_says() {
    let table = table();
    for Example { pin, policy, faults, source } in &table.examples {
        assert_eq!(check(&table.policies[policy], pin), *faults, "{pin:?} under {policy:?} ({source})");
    }
    let named: BTreeSet<&String> = table.examples.iter().map(|example| &example.policy).collect();
    assert!(table.examples.len() >= 50 && named.len() == table.policies.len());
}

#[test]
fn the_table_says_the_rules_of_the_code() {
    let Rules { order, charset, trivial, drawn_from } = table().rules;
    let taken: String = (0..=255).map(char::from).filter(char::is_ascii_alphanumeric).collect();
    assert_eq!(charset, taken);
    assert_eq!(drawn_from["decimal"].as_bytes(), generate::DIGITS);
    assert_eq!(drawn_from["strong_alphanumeric"].as_bytes(), generate::WITHOUT_LOOK_ALIKES);
    assert!(trivial.whole_pin && trivial.ignore_case && !trivial.wrap_around);
    assert_eq!((trivial.least, trivial.steps), (3, vec![0, 1, -1]));
    let everything =
        PinRules { min_length: 9, max_length: 3, complexity: Complexity::StrongAlphanumeric, allow_trivial: false };
    let mut found: Vec<PinFault> = check(&everything, "----");
    found.push(check(&everything, "aaaa")[4]);
    assert_eq!(found, order);
}

#[test]
fn a_setting_that_is_none_is_refused() {
    let key = || doorward_api::SecretBytes::new(vec![0; 32]);
    let host = || Host { entropy: Arc::new(Seeded::new(1)), issuer: "Doorward".into(), key: key() };
    assert!((PLUGIN.build)(json!({}), host()).unwrap().secret_rules().is_some());
    let refused = (PLUGIN.build)(json!({ "min_length": 4 }), host()).err().unwrap();
    assert_eq!(refused.field, "min_length");
}

/// Randomness that can be had again: xorshift.
struct Seeded(Mutex<u64>);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(seed | 1))
    }
}

impl Entropy for Seeded {
    fn fill(&self, into: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in into {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = (*state >> 24) as u8;
        }
    }
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, into: &mut [u8]) {
        into.fill(7);
    }
}

fn rules(complexity: Complexity, min_length: u8, max_length: u8) -> PinRules {
    PinRules { min_length, max_length, complexity, allow_trivial: false }
}

#[test]
fn no_pin_is_drawn_where_none_can_keep_the_rules() {
    let dice = Seeded::new(3);
    for (policy, length) in [
        (rules(Complexity::Decimal, 4, 8), 3),
        (rules(Complexity::Decimal, 4, 8), 9),
        (rules(Complexity::Decimal, 0, 8), 0),
        (rules(Complexity::Decimal, 8, 4), 6),
        (rules(Complexity::StrongAlphanumeric, 1, 8), 2),
    ] {
        let refused = Pin.generate(&policy, length, &dice);
        assert!(matches!(refused, Err(PluginError::Unavailable(_))), "{policy:?} {length}");
    }
}

#[test]
fn randomness_that_is_none_ends_in_an_error_and_not_in_an_endless_search() {
    let policy = rules(Complexity::Decimal, 4, 8);
    assert!(matches!(Pin.generate(&policy, 6, &Sevens), Err(PluginError::Unavailable(_))));
    let allowed = PinRules { allow_trivial: true, ..policy };
    assert_eq!(Pin.generate(&allowed, 6, &Sevens).unwrap().expose(), "777777");
}

#[test]
fn every_pin_of_three_digits_is_drawn_about_as_often_as_any_other_and_a_run_never() {
    let (policy, dice) = (rules(Complexity::Decimal, 3, 8), Seeded::new(5));
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..100_000 {
        let pin = Pin.generate(&policy, 3, &dice).unwrap();
        *seen.entry(pin.expose().to_owned()).or_default() += 1;
    }
    // Of a thousand, 10 are of equal digits, 8 count up and 8 count down.
    assert_eq!(seen.len(), 974);
    assert!(seen.values().all(|times| (50..=170).contains(times)), "{seen:?}");
}

/// Written another way than the rule: a run is a piece of one of these.
fn is_a_piece_of_a_run(pin: &str) -> bool {
    let runs = ["0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"];
    let pin = pin.to_ascii_lowercase();
    let equal = pin.chars().all(|c| c.is_ascii_alphanumeric() && pin.starts_with(c));
    pin.len() >= 3 && (equal || runs.iter().any(|run| run.contains(&pin)))
}

proptest! {
    #[test]
    fn a_pin_is_trivial_exactly_when_all_of_it_is_one_run(pin in "[0-9a-zA-Z]{0,12}|[0-4]{3,5}|[a-cA-C]{3,4}") {
        prop_assert_eq!(rules::is_one_run(&pin), is_a_piece_of_a_run(&pin));
    }

    #[test]
    fn a_run_with_anything_else_behind_it_is_taken(start in 0_u8..7, other in "[0-9a-z]") {
        let run: String = (start..start + 3).map(|digit| char::from(b'0' + digit)).collect();
        let pin = format!("{run}{other}");
        let policy = rules(Complexity::Decimal, 3, 8);
        let goes_on = other.as_bytes()[0] == b'0' + start + 3;
        prop_assert_eq!(check(&policy, &pin).is_empty(), !goes_on, "{}", pin);
    }

    #[test]
    fn what_is_taken_has_the_length_and_the_characters(pin in "\\PC{0,20}", min in 0_u8..10, max in 0_u8..20) {
        let policy = PinRules { allow_trivial: true, ..rules(Complexity::Decimal, min, max) };
        let length = pin.chars().count();
        let good = pin.bytes().all(|b| b.is_ascii_alphanumeric()) && (min.into()..=max.into()).contains(&length);
        prop_assert_eq!(check(&policy, &pin).is_empty(), good);
    }

    #[test]
    fn what_is_drawn_keeps_the_rules(seed: u64, length in 3_u8..=16, strong: bool, allow_trivial: bool) {
        let complexity = if strong { Complexity::StrongAlphanumeric } else { Complexity::Decimal };
        let policy = PinRules { allow_trivial, ..rules(complexity, 3, 16) };
        let pin = Pin.generate(&policy, length, &Seeded::new(seed)).unwrap();
        prop_assert_eq!(pin.len(), usize::from(length));
        prop_assert_eq!(check(&policy, pin.expose()), Vec::new());
        prop_assert!(!pin.expose().contains(['O', 'o', 'I', 'i', 'L', 'l']));
        prop_assert!(!strong || !pin.expose().contains(['0', '1']));
    }
}
