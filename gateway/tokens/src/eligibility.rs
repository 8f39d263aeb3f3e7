//! Who is offered self-provisioning: the one predicate (self-provisioning.md 0.2, R3, R36..R39), and on which terms: the first
//! enrolment rule that fits the user.
//!
//! `offer = policy_requires_otp AND account_usable AND user_has_no_token AND user_in_target_users AND the_rule_has_reached_them
//! AND a_target_is_left`
//!
//! For whoever has a token, has proved it, and adds another, `user_has_no_token` reads `user_has_fewer_tokens_than_are_allowed`. What
//! a rule asks for besides the emailed code is not asked of them, since they have shown more.
//!
//! It is asked at every step of the wizard anew, and once more right before a token becomes Active (EN-05).

use std::net::IpAddr;
use std::time::Duration;

use doorward_api::settings::{EnrolmentRule, EnrolmentRules, ExtraProof};
use doorward_api::{
    GroupId, GroupRef, SelfProvisioning, Target, TargetSettings, TargetUsers, Timestamp, TokenState, UserId,
};

use crate::targets::Choices;

/// What the predicate reads, all of it of this moment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The policy asks for a one-time passcode that was not given.
    pub policy_requires_otp: bool,
    /// The account is not disabled.
    pub account_usable: bool,
    /// Whose account.
    pub user: &'a UserId,
    /// The states of the user's tokens, of every kind.
    pub tokens: &'a [TokenState],
    /// They have proved one of these tokens, and add another.
    pub adding: bool,
    /// The user's groups, nested ones included.
    pub groups: &'a [GroupRef],
    /// From where the user comes; `None` for a preview, which judges no network.
    pub address: Option<IpAddr>,
    /// Now.
    pub now: Timestamp,
    /// What operators set: who.
    pub settings: &'a SelfProvisioning,
    /// What operators set: how.
    pub rules: &'a EnrolmentRules,
    /// What operators set: on what.
    pub targets: &'a TargetSettings,
    /// The targets on which some plugin can honour the token template.
    pub feasible: &'a [Target],
}

/// Self-provisioning is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// On what.
    pub choices: Choices,
    /// On which terms.
    pub terms: Terms,
}

/// On which terms somebody enrols: what the first rule says that fits. Where none does, at once and with no more than the
/// emailed code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// The rule's name.
    pub rule: Option<String>,
    /// Until when it may be put off.
    pub later_until: Option<Timestamp>,
    /// What is asked after the emailed code.
    pub grant: Option<NeededGrant>,
    /// How long a new token is on probation.
    pub probation: Duration,
}

/// Which grant of an operator is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeededGrant {
    /// An approval.
    Approval,
    /// The help desk's code.
    HelpDeskCode,
}

impl NeededGrant {
    /// The one that a proof needs, if it needs one.
    pub const fn of(proof: &ExtraProof) -> Option<Self> {
        match proof {
            ExtraProof::None | ExtraProof::TrustedNetwork(_) => None,
            ExtraProof::OperatorApproval => Some(NeededGrant::Approval),
            ExtraProof::HelpDeskCode => Some(NeededGrant::HelpDeskCode),
        }
    }
}

/// Why somebody is not offered self-provisioning, in the order in which it is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// No OTP is needed.
    #[error("the policy needs no one-time passcode")]
    NotNeeded,
    /// The account is disabled.
    #[error("the account is not usable")]
    AccountUnusable,
    /// There is one, in use or held.
    #[error("the user has a token")]
    HasToken,
    /// There are as many as a user may have.
    #[error("the user has as many tokens as are allowed")]
    HasAllTokens,
    /// The settings leave this user out.
    #[error("the user is not among the target users")]
    NotInTargetUsers,
    /// The user's rule begins later, or has not reached them: its percentage leaves them out.
    #[error("the enrolment rule has not reached the user yet")]
    NotYet {
        /// When it begins, if that is known.
        begins: Option<Timestamp>,
    },
    /// The user's rule asks for another network.
    #[error("the user does not come from a network that the enrolment rule trusts")]
    NotInNetwork,
    /// No platform is allowed that could carry the template.
    #[error("no target is allowed")]
    NoTarget,
    /// The provisioning task by which they were enrolling has ended for them.
    #[error("the provisioning task has ended")]
    TaskOver,
}

impl NotOffered {
    /// The reason in `SELF_PROVISIONING_NOT_OFFERED` (self-provisioning.md 5.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            NotOffered::NotNeeded => "not_needed",
            NotOffered::AccountUnusable => "account_locked",
            NotOffered::HasToken => "has_token",
            NotOffered::HasAllTokens => "has_all_tokens",
            NotOffered::NotInTargetUsers => "not_in_target_users",
            NotOffered::NotYet { .. } => "not_yet",
            NotOffered::NotInNetwork => "not_in_network",
            NotOffered::NoTarget => "no_target",
            NotOffered::TaskOver => "task_over",
        }
    }
}

/// What is offered, or why nothing is.
///
/// # Errors
/// The first term of the predicate that does not hold.
pub fn offer(facts: &Facts<'_>) -> Result<Offer, NotOffered> {
    if !facts.policy_requires_otp {
        return Err(NotOffered::NotNeeded);
    }
    if !facts.account_usable {
        return Err(NotOffered::AccountUnusable);
    }
    // A Suspended token counts: a thief of a suspended account must not provision around the suspension (SP A5).
    let held = facts.tokens.iter().filter(|state| state.counts_as_token()).count();
    if !facts.adding && held > 0 {
        return Err(NotOffered::HasToken);
    }
    if facts.adding && held >= usize::from(facts.settings.max_tokens) {
        return Err(NotOffered::HasAllTokens);
    }
    if !among(&facts.settings.target_users, facts.groups) {
        return Err(NotOffered::NotInTargetUsers);
    }
    let rule = rule_for(facts.rules, facts.groups);
    if let Some(rule) = rule {
        reached(rule, facts)?;
    }
    let left = facts.targets.allowed().filter(|target| facts.feasible.contains(target));
    let choices = Choices::new(left).ok_or(NotOffered::NoTarget)?;
    let terms = terms(rule, facts.now);
    let terms = if facts.adding { Terms { later_until: None, grant: None, ..terms } } else { terms };
    Ok(Offer { choices, terms })
}

/// The rule for a user with these groups: the first that names one of them, or none at all.
pub fn rule_for<'a>(rules: &'a EnrolmentRules, groups: &[GroupRef]) -> Option<&'a EnrolmentRule> {
    rules.rules.iter().find(|rule| rule.groups.is_empty() || in_one_of(&rule.groups, groups))
}

/// Until when a token that was activated then is on probation, by the rule for its user.
pub fn probation_until(rules: &EnrolmentRules, groups: &[GroupRef], activated_at: Timestamp) -> Option<Timestamp> {
    let hours = rule_for(rules, groups)?.probation_hours;
    (hours > 0).then(|| activated_at + Duration::from_hours(hours.into()))
}

/// Whether a rule has reached a user: its day has come, they are among its hundredths, and they come from where it trusts.
fn reached(rule: &EnrolmentRule, facts: &Facts<'_>) -> Result<(), NotOffered> {
    let begins = rule.starts_on.map(|day| day.begins());
    if begins.is_some_and(|begins| begins > facts.now) {
        return Err(NotOffered::NotYet { begins });
    }
    if hundredth(facts.user) >= rule.percentage {
        return Err(NotOffered::NotYet { begins: None });
    }
    match (&rule.proof, facts.address) {
        (ExtraProof::TrustedNetwork(networks), Some(address)) => {
            // `::ffff:10.0.0.1` is 10.0.0.1, whatever kind of socket it came through.
            let address = address.to_canonical();
            let trusted = networks.iter().any(|network| network.contains(&address));
            if trusted { Ok(()) } else { Err(NotOffered::NotInNetwork) }
        }
        _ => Ok(()),
    }
}

fn terms(rule: Option<&EnrolmentRule>, now: Timestamp) -> Terms {
    let Some(rule) = rule else { return Terms::default() };
    Terms {
        rule: Some(rule.name.clone()),
        later_until: rule.deadline.map(|day| day.ends()).filter(|ends| *ends > now),
        grant: NeededGrant::of(&rule.proof),
        probation: Duration::from_hours(rule.probation_hours.into()),
    }
}

/// In which hundredth of all users somebody is, 0 to 99: always the same, so that whoever was reached stays so when the
/// percentage grows. FNV-1a of the row's id, which is random.
fn hundredth(user: &UserId) -> u8 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = user.as_str().bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    // The high half is mixed best.
    u8::try_from((hash >> 32) % 100).unwrap_or_default()
}

/// Whether a user with these groups is among the target users. Groups are compared by row, so that renames change nothing.
fn among(users: &TargetUsers, groups: &[GroupRef]) -> bool {
    match users {
        TargetUsers::All => true,
        TargetUsers::OnlyGroups(listed) => in_one_of(listed, groups),
        TargetUsers::ExceptGroups(listed) => !in_one_of(listed, groups),
        TargetUsers::None => false,
    }
}

fn in_one_of(listed: &[GroupId], groups: &[GroupRef]) -> bool {
    groups.iter().any(|group| listed.contains(&group.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::settings::{Day, Document};

    fn group(id: &str) -> GroupRef {
        GroupRef { id: GroupId::from(id), name: format!("name of {id}") }
    }

    fn settings(target_users: TargetUsers) -> SelfProvisioning {
        SelfProvisioning { target_users, ..SelfProvisioning::for_new_virtual_server() }
    }

    /// What is read of alice, who comes from her own network at noon of a day.
    struct Alice {
        user: UserId,
        settings: SelfProvisioning,
        rules: EnrolmentRules,
        targets: TargetSettings,
    }

    impl Alice {
        fn new(target_users: TargetUsers, rules: Vec<EnrolmentRule>) -> Self {
            let settings = settings(target_users);
            let rules = EnrolmentRules { rules };
            Self { user: UserId::from("u-alice"), settings, rules, targets: TargetSettings::of_new() }
        }

        fn facts(&self) -> Facts<'_> {
            Facts {
                policy_requires_otp: true,
                account_usable: true,
                user: &self.user,
                tokens: &[],
                adding: false,
                groups: &[],
                address: Some([10, 0, 0, 7].into()),
                now: day("2026-12-10").begins() + Duration::from_hours(12),
                settings: &self.settings,
                rules: &self.rules,
                targets: &self.targets,
                feasible: &Target::ALL,
            }
        }
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// For everybody, at once, and for ever.
    fn rule(name: &str) -> EnrolmentRule {
        EnrolmentRule {
            name: name.into(),
            groups: Vec::new(),
            percentage: 100,
            starts_on: None,
            deadline: None,
            proof: ExtraProof::None,
            probation_hours: 0,
        }
    }

    fn ask(tokens: &[TokenState], groups: &[GroupRef], target_users: TargetUsers) -> Result<(), NotOffered> {
        let alice = Alice::new(target_users, Vec::new());
        offer(&Facts { tokens, groups, ..alice.facts() }).map(|_| ())
    }

    /// What a rule says of alice in a group.
    fn by_rules(rules: Vec<EnrolmentRule>, groups: &[GroupRef]) -> Result<Terms, NotOffered> {
        let alice = Alice::new(TargetUsers::All, rules);
        offer(&Facts { groups, ..alice.facts() }).map(|offer| offer.terms)
    }

    #[test]
    fn the_truth_table_of_tokens_holds() {
        use TokenState as S;
        for (tokens, expected) in [
            (vec![], Ok(())),
            (vec![S::Active], Err(NotOffered::HasToken)),
            (vec![S::Suspended], Err(NotOffered::HasToken)),
            (vec![S::Assigned], Ok(())),
            (vec![S::LockedPin], Err(NotOffered::HasToken)),
            (vec![S::Revoked], Ok(())),
            (vec![S::Lost, S::Faulty, S::Inventory], Ok(())),
            (vec![S::Revoked, S::Assigned, S::Active], Err(NotOffered::HasToken)),
        ] {
            assert_eq!(ask(&tokens, &[], TargetUsers::All), expected, "{tokens:?}");
        }
    }

    #[test]
    fn whoever_has_proved_a_token_may_have_as_many_as_are_allowed() {
        use TokenState as S;
        let out = Err(NotOffered::HasAllTokens);
        for (most, tokens, expected) in [
            (1, vec![S::Active], out),
            (2, vec![S::Active], Ok(())),
            (2, vec![S::Active, S::Assigned, S::Revoked], Ok(())),
            (2, vec![S::Active, S::Suspended], out),
            (2, vec![S::LockedPin, S::Active], out),
            (3, vec![S::Active, S::Suspended], Ok(())),
            // Fewer are allowed than there are by now.
            (1, vec![S::Active, S::Active], out),
        ] {
            let mut alice = Alice::new(TargetUsers::All, Vec::new());
            alice.settings.max_tokens = most;
            let asked = |adding| offer(&Facts { tokens: &tokens, adding, ..alice.facts() }).map(|_| ());
            assert_eq!(asked(true), expected, "{most} {tokens:?}");
            assert_eq!(asked(false), Err(NotOffered::HasToken), "by the mailbox nobody has two: {most} {tokens:?}");
        }
    }

    #[test]
    fn what_a_rule_asks_besides_the_emailed_code_is_not_asked_of_who_has_shown_a_token() {
        let mut rule = rule("r");
        (rule.proof, rule.deadline, rule.probation_hours) = (ExtraProof::OperatorApproval, Some(day("2026-12-31")), 8);
        let mut alice = Alice::new(TargetUsers::All, vec![rule]);
        alice.settings.max_tokens = 2;
        let terms = offer(&Facts { tokens: &[TokenState::Active], adding: true, ..alice.facts() }).unwrap().terms;
        assert_eq!((terms.grant, terms.later_until, terms.probation), (None, None, Duration::from_hours(8)));
        let far = Facts { adding: true, address: Some([192, 0, 2, 1].into()), ..alice.facts() };
        assert!(offer(&far).is_ok());
        alice.rules.rules[0].proof = ExtraProof::TrustedNetwork(vec!["10.0.0.0/8".parse().unwrap()]);
        let far = Facts { adding: true, address: Some([192, 0, 2, 1].into()), ..alice.facts() };
        assert_eq!(offer(&far), Err(NotOffered::NotInNetwork), "from where they come is");
    }

    #[test]
    fn target_users_are_found_by_the_groups_row() {
        let staff = [group("g-staff"), group("g-all")];
        let listed = vec![GroupId::from("g-staff"), GroupId::from("g-gone")];
        let out = Err(NotOffered::NotInTargetUsers);
        assert_eq!(ask(&[], &[], TargetUsers::All), Ok(()));
        assert_eq!(ask(&[], &staff, TargetUsers::None), out);
        assert_eq!(ask(&[], &staff, TargetUsers::OnlyGroups(listed.clone())), Ok(()));
        assert_eq!(ask(&[], &[group("g-all")], TargetUsers::OnlyGroups(listed.clone())), out);
        assert_eq!(ask(&[], &staff, TargetUsers::ExceptGroups(listed.clone())), out);
        assert_eq!(ask(&[], &[], TargetUsers::ExceptGroups(listed)), Ok(()));
        assert_eq!(ask(&[], &staff, TargetUsers::OnlyGroups(Vec::new())), out, "an empty list lets nobody in");
    }

    #[test]
    fn a_target_must_be_allowed_and_feasible() {
        let alice = Alice::new(TargetUsers::All, Vec::new());
        let only = |feasible| offer(&Facts { feasible, ..alice.facts() }).map(|offer| offer.choices.allowed().to_vec());
        assert_eq!(only(&[Target::WindowsMobile]), Err(NotOffered::NoTarget), "Windows 10 Mobile is off by default");
        assert_eq!(only(&[Target::WindowsMobile, Target::Android]).unwrap(), [Target::Android]);
    }

    #[test]
    fn nobody_is_offered_what_they_do_not_need_or_cannot_use() {
        let alice = Alice::new(TargetUsers::All, Vec::new());
        let no_need = Facts { policy_requires_otp: false, ..alice.facts() };
        assert_eq!(offer(&no_need), Err(NotOffered::NotNeeded));
        let disabled = Facts { account_usable: false, ..alice.facts() };
        assert_eq!(offer(&disabled), Err(NotOffered::AccountUnusable));
    }

    #[test]
    fn the_first_rule_that_fits_counts_alone() {
        let staff = EnrolmentRule { groups: vec![GroupId::from("g-staff")], probation_hours: 8, ..rule("staff") };
        let rules = vec![staff, EnrolmentRule { probation_hours: 24, ..rule("all others") }];
        let of_staff = by_rules(rules.clone(), &[group("g-staff")]).unwrap();
        assert_eq!((of_staff.rule.as_deref(), of_staff.probation), (Some("staff"), Duration::from_hours(8)));
        let of_others = by_rules(rules, &[group("g-guests")]).unwrap();
        assert_eq!((of_others.rule.as_deref(), of_others.probation), (Some("all others"), Duration::from_hours(24)));
    }

    #[test]
    fn whom_no_rule_fits_enrols_at_once() {
        let guests = EnrolmentRule { groups: vec![GroupId::from("g-guests")], percentage: 1, ..rule("guests") };
        assert_eq!(by_rules(vec![guests], &[group("g-staff")]), Ok(Terms::default()));
    }

    #[test]
    fn a_rule_begins_on_its_day_and_may_be_put_off_to_the_end_of_its_last() {
        let begins = |text| by_rules(vec![EnrolmentRule { starts_on: Some(day(text)), ..rule("r") }], &[]).map(|_| ());
        assert_eq!(begins("2026-12-10"), Ok(()));
        assert_eq!(begins("2026-12-11"), Err(NotOffered::NotYet { begins: Some(day("2026-12-11").begins()) }));
        let until = |text| by_rules(vec![EnrolmentRule { deadline: Some(day(text)), ..rule("r") }], &[]).unwrap();
        assert_eq!(until("2026-12-10").later_until, Some(day("2026-12-11").begins()));
        assert_eq!(until("2026-12-09").later_until, None, "from then on it is asked for");
    }

    #[test]
    fn a_percentage_reaches_so_many_and_keeps_whom_it_has_reached() {
        let reached_by = |percentage: u8| -> Vec<u32> {
            let mut alice = Alice::new(TargetUsers::All, vec![EnrolmentRule { percentage, ..rule("r") }]);
            let mut reached = |number: &u32| {
                alice.user = UserId::from(format!("u-{number}"));
                offer(&alice.facts()).is_ok()
            };
            (0..2000).filter(|number| reached(number)).collect()
        };
        let (some, more) = (reached_by(25), reached_by(50));
        assert!((400..600).contains(&some.len()), "{}", some.len());
        assert!((900..1100).contains(&more.len()), "{}", more.len());
        assert!(some.iter().all(|number| more.contains(number)));
        assert_eq!(reached_by(100).len(), 2000);
    }

    #[test]
    fn a_trusted_network_is_where_one_must_come_from() {
        let proof = ExtraProof::TrustedNetwork(vec!["10.0.0.0/24".parse().unwrap()]);
        let alice = Alice::new(TargetUsers::All, vec![EnrolmentRule { proof, ..rule("r") }]);
        let from = |address: Option<&str>| {
            offer(&Facts { address: address.map(|text| text.parse().unwrap()), ..alice.facts() }).map(|_| ())
        };
        assert_eq!(from(Some("10.0.0.200")), Ok(()));
        assert_eq!(from(Some("::ffff:10.0.0.200")), Ok(()));
        assert_eq!(from(Some("10.0.1.1")), Err(NotOffered::NotInNetwork));
        assert_eq!(from(None), Ok(()), "a preview judges no network");
    }

    #[test]
    fn a_rule_says_which_grant_is_needed_and_how_long_probation_lasts() {
        let needs = |proof| by_rules(vec![EnrolmentRule { proof, ..rule("r") }], &[]).unwrap().grant;
        assert_eq!(needs(ExtraProof::None), None);
        assert_eq!(needs(ExtraProof::OperatorApproval), Some(NeededGrant::Approval));
        assert_eq!(needs(ExtraProof::HelpDeskCode), Some(NeededGrant::HelpDeskCode));
        let rules = EnrolmentRules { rules: vec![EnrolmentRule { probation_hours: 2, ..rule("r") }] };
        let at = Timestamp::from_secs(1000);
        assert_eq!(probation_until(&rules, &[], at), Some(at + Duration::from_hours(2)));
        assert_eq!(probation_until(&EnrolmentRules::default(), &[], at), None);
    }
}
