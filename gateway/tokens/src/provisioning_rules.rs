//! What rules that provision by group do to one user: a pure function of the rules and of how the user stands.
//!
//! ```text
//!                   in a rule's group           in none
//!  nothing held     give, or skip for a reason  nothing
//!  held by it       nothing                     take, or let go
//!  held by another  hand over                   (the same)
//! ```
//! The first rule in whose group a user is counts alone. What one rule has given stays with whoever comes under
//! another: it is handed over, and goes when no rule fits any more. A rule that is no longer there, or whose group is
//! not, takes nothing: neither a slip of an operator nor a group that was deleted may cost many their tokens.

use std::collections::BTreeSet;

use doorward_api::GroupId;
use doorward_api::provisioning::SkipReason;
use doorward_api::provisioning_rules::{HeldEntry, RuleStanding};
use doorward_api::settings::{ProvisioningRule, ProvisioningRules};

/// What is done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStep<'a> {
    /// Nothing: all is as it should be.
    Stay,
    /// The rule gives: an entry of one of its tasks.
    Give(&'a ProvisioningRule),
    /// It would, but for a reason.
    Skip(&'a ProvisioningRule, SkipReason),
    /// What another rule has given is held by this one from now on.
    HandOver(&'a HeldEntry, &'a ProvisioningRule),
    /// What the rule has given is the user's own from now on.
    LetGo(&'a HeldEntry),
    /// What the rule has given is taken.
    Take(&'a HeldEntry),
}

/// The rule under which a user is: the first that fits.
pub fn rule_of<'a>(rules: &'a ProvisioningRules, groups: &BTreeSet<GroupId>) -> Option<&'a ProvisioningRule> {
    rules.rules.iter().find(|rule| groups.contains(&rule.group))
}

/// What is to be done to a user. `gone` are the groups of rules that were deleted, `most` is how many tokens a user may
/// have.
pub fn rule_step<'a>(
    rules: &'a ProvisioningRules,
    gone: &BTreeSet<GroupId>,
    most: u8,
    standing: &'a RuleStanding,
) -> RuleStep<'a> {
    match (&standing.held, rule_of(rules, &standing.groups)) {
        (None, None) => RuleStep::Stay,
        // Its members are in it still, or just were: where they belong is seen once it is gone.
        (Some(held), _) if held.going => RuleStep::Stay,
        (None, Some(rule)) => match in_the_way(most, standing) {
            Some(reason) => RuleStep::Skip(rule, reason),
            None => RuleStep::Give(rule),
        },
        (Some(held), Some(rule)) if held.rule == rule.group => RuleStep::Stay,
        (Some(held), Some(rule)) => RuleStep::HandOver(held, rule),
        (Some(held), None) => match rules.rules.iter().find(|rule| rule.group == held.rule) {
            Some(_) if gone.contains(&held.rule) => RuleStep::Stay,
            Some(rule) if rule.take && held.is_worth_something() => RuleStep::Take(held),
            _ => RuleStep::LetGo(held),
        },
    }
}

/// Why there is nothing to give to somebody. A token that any task reserves counts as one.
fn in_the_way(most: u8, standing: &RuleStanding) -> Option<SkipReason> {
    if standing.disabled {
        return Some(SkipReason::Disabled);
    }
    if !standing.has_email {
        return Some(SkipReason::NoEmail);
    }
    let all = standing.tokens.saturating_add(standing.reserved);
    (all >= u32::from(most)).then_some(SkipReason::HasAllTokens)
}

#[cfg(test)]
mod tests {
    use doorward_api::provisioning::EntryStatus;
    use doorward_api::provisioning_rules::HeldToken;
    use doorward_api::{CredentialId, TokenState, UserId};

    use super::*;

    fn rule(group: &str, take: bool) -> ProvisioningRule {
        ProvisioningRule { group: GroupId::new(group), stop_days: 10, take, note: String::new() }
    }

    fn rules(listed: &[(&str, bool)]) -> ProvisioningRules {
        ProvisioningRules { rules: listed.iter().map(|(group, take)| rule(group, *take)).collect() }
    }

    fn standing(groups: &[&str], held: Option<&str>) -> RuleStanding {
        let token = HeldToken { id: CredentialId::new("t"), serial: "DW-1".into(), state: TokenState::Active };
        RuleStanding {
            user: UserId::new("u"),
            name: "alice".into(),
            display_name: String::new(),
            disabled: false,
            has_email: true,
            groups: groups.iter().map(|group| GroupId::new(*group)).collect(),
            tokens: u32::from(held.is_some()),
            reserved: 0,
            held: held.map(|rule| HeldEntry {
                rule: GroupId::new(rule),
                going: false,
                task: 1,
                status: EntryStatus::Completed,
                token: Some(token),
            }),
            newest_task: 1,
            due: None,
        }
    }

    fn said(rules: &ProvisioningRules, standing: &RuleStanding) -> String {
        match rule_step(rules, &BTreeSet::from([GroupId::new("gone")]), 1, standing) {
            RuleStep::Stay => "stay".into(),
            RuleStep::Give(rule) => format!("give {}", rule.group),
            RuleStep::Skip(_, reason) => format!("skip {}", reason.as_str()),
            RuleStep::HandOver(_, rule) => format!("to {}", rule.group),
            RuleStep::LetGo(_) => "let go".into(),
            RuleStep::Take(held) => format!("take {}", held.rule),
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts_alone() {
        let rules = rules(&[("a", true), ("b", true)]);
        assert_eq!(said(&rules, &standing(&["a", "b"], None)), "give a");
        assert_eq!(said(&rules, &standing(&["b", "c"], None)), "give b");
        assert_eq!(said(&rules, &standing(&["c"], None)), "stay");
        assert_eq!(said(&rules, &standing(&["a", "b"], Some("a"))), "stay");
    }

    #[test]
    fn whoever_leaves_every_rule_loses_what_the_rule_gave_if_it_says_so() {
        let rules = rules(&[("a", true), ("b", false), ("gone", true)]);
        assert_eq!(said(&rules, &standing(&["c"], Some("a"))), "take a");
        assert_eq!(said(&rules, &standing(&[], Some("b"))), "let go");
        assert_eq!(said(&rules, &standing(&["b"], Some("a"))), "to b", "another rule fits: it stays");
        assert_eq!(said(&rules, &standing(&["a"], Some("b"))), "to a");
    }

    #[test]
    fn a_rule_or_a_group_that_is_not_there_takes_nothing() {
        let rules = rules(&[("a", true), ("gone", true)]);
        assert_eq!(said(&rules, &standing(&[], Some("removed"))), "let go");
        assert_eq!(said(&rules, &standing(&[], Some("gone"))), "stay");
        assert_eq!(said(&rules, &standing(&["a"], Some("gone"))), "to a");
    }

    #[test]
    fn what_a_group_holds_that_is_being_emptied_stays_as_it_is_until_it_is_gone() {
        let rules = rules(&[("a", true), ("b", true)]);
        let going = |groups: &[&str], of: &str| {
            let mut standing = standing(groups, Some(of));
            standing.held.as_mut().unwrap().going = true;
            said(&rules, &standing)
        };
        assert_eq!(
            going(&["b"], "removed"),
            "stay",
            "by way of the group itself they are still in that of another rule"
        );
        assert_eq!(going(&[], "a"), "stay", "they were taken out already");
        assert_eq!(going(&["a"], "a"), "stay");
    }

    #[test]
    fn what_is_over_already_is_not_taken_once_more() {
        let rules = rules(&[("a", true)]);
        let mut left = standing(&[], Some("a"));
        let of = |left: &mut RuleStanding, status| {
            let held = left.held.as_mut().unwrap();
            (held.token, held.status) = (None, status);
            said(&rules, left)
        };
        assert_eq!(of(&mut left, EntryStatus::Active), "take a");
        assert_eq!(of(&mut left, EntryStatus::Pending), "take a");
        for over in [EntryStatus::Expired, EntryStatus::Locked, EntryStatus::Removed, EntryStatus::Completed] {
            assert_eq!(of(&mut left, over), "let go");
        }
    }

    #[test]
    fn nothing_is_given_to_whom_it_could_not_come() {
        let rules = rules(&[("a", true)]);
        let member = standing(&["a"], None);
        assert_eq!(said(&rules, &RuleStanding { disabled: true, ..member.clone() }), "skip disabled");
        assert_eq!(said(&rules, &RuleStanding { has_email: false, ..member.clone() }), "skip no_email");
        assert_eq!(said(&rules, &RuleStanding { tokens: 1, ..member.clone() }), "skip has_all_tokens");
        assert_eq!(said(&rules, &RuleStanding { reserved: 1, ..member }), "skip has_all_tokens");
    }
}
