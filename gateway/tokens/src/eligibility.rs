//! Who is offered self-provisioning: the one predicate (self-provisioning.md 0.2, R3, R36..R39).
//!
//! `offer = policy_requires_otp AND account_usable AND user_has_no_token AND user_in_target_users AND a_target_is_left`
//!
//! It is asked at every step of the wizard anew, and once more right before a token becomes Active (EN-05).

use doorward_api::{GroupRef, SelfProvisioning, Target, TargetSettings, TargetUsers, TokenState};

use crate::targets::Choices;

/// What the predicate reads, all of it of this moment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The policy asks for a one-time passcode that was not given.
    pub policy_requires_otp: bool,
    /// The account is not disabled.
    pub account_usable: bool,
    /// The states of the user's tokens, of every kind.
    pub tokens: &'a [TokenState],
    /// The user's groups, nested ones included.
    pub groups: &'a [GroupRef],
    /// What operators set: who.
    pub settings: &'a SelfProvisioning,
    /// What operators set: on what.
    pub targets: &'a TargetSettings,
    /// The targets on which some plugin can honour the token template.
    pub feasible: &'a [Target],
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
    /// The settings leave this user out.
    #[error("the user is not among the target users")]
    NotInTargetUsers,
    /// No platform is allowed that could carry the template.
    #[error("no target is allowed")]
    NoTarget,
}

impl NotOffered {
    /// The reason in `SELF_PROVISIONING_NOT_OFFERED` (self-provisioning.md 5.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            NotOffered::NotNeeded => "not_needed",
            NotOffered::AccountUnusable => "account_locked",
            NotOffered::HasToken => "has_token",
            NotOffered::NotInTargetUsers => "not_in_target_users",
            NotOffered::NoTarget => "no_target",
        }
    }
}

/// The targets that are offered, or why nothing is.
///
/// # Errors
/// The first term of the predicate that does not hold.
pub fn offer(facts: &Facts<'_>) -> Result<Choices, NotOffered> {
    if !facts.policy_requires_otp {
        return Err(NotOffered::NotNeeded);
    }
    if !facts.account_usable {
        return Err(NotOffered::AccountUnusable);
    }
    // A Suspended token counts: a thief of a suspended account must not provision around the suspension (SP A5).
    if facts.tokens.iter().any(|state| state.counts_as_token()) {
        return Err(NotOffered::HasToken);
    }
    if !among(&facts.settings.target_users, facts.groups) {
        return Err(NotOffered::NotInTargetUsers);
    }
    let left = facts.targets.allowed().filter(|target| facts.feasible.contains(target));
    Choices::new(left).ok_or(NotOffered::NoTarget)
}

/// Whether a user with these groups is among the target users. Groups are compared by row, so that renames change nothing.
fn among(users: &TargetUsers, groups: &[GroupRef]) -> bool {
    let in_one_of = |listed: &[doorward_api::GroupId]| groups.iter().any(|group| listed.contains(&group.id));
    match users {
        TargetUsers::All => true,
        TargetUsers::OnlyGroups(listed) => in_one_of(listed),
        TargetUsers::ExceptGroups(listed) => !in_one_of(listed),
        TargetUsers::None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::GroupId;
    use doorward_api::settings::Document;

    fn group(id: &str) -> GroupRef {
        GroupRef { id: GroupId::from(id), name: format!("name of {id}") }
    }

    fn settings(target_users: TargetUsers) -> SelfProvisioning {
        SelfProvisioning { target_users, ..SelfProvisioning::for_new_virtual_server() }
    }

    fn ask(tokens: &[TokenState], groups: &[GroupRef], settings: &SelfProvisioning) -> Result<(), NotOffered> {
        offer(&Facts {
            policy_requires_otp: true,
            account_usable: true,
            tokens,
            groups,
            settings,
            targets: &TargetSettings::of_new(),
            feasible: &Target::ALL,
        })
        .map(|_| ())
    }

    #[test]
    fn the_truth_table_of_tokens_holds() {
        use TokenState as S;
        let all = settings(TargetUsers::All);
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
            assert_eq!(ask(&tokens, &[], &all), expected, "{tokens:?}");
        }
    }

    #[test]
    fn target_users_are_found_by_the_groups_row() {
        let staff = [group("g-staff"), group("g-all")];
        let listed = vec![GroupId::from("g-staff"), GroupId::from("g-gone")];
        let out = Err(NotOffered::NotInTargetUsers);
        assert_eq!(ask(&[], &[], &settings(TargetUsers::All)), Ok(()));
        assert_eq!(ask(&[], &staff, &settings(TargetUsers::None)), out);
        assert_eq!(ask(&[], &staff, &settings(TargetUsers::OnlyGroups(listed.clone()))), Ok(()));
        assert_eq!(ask(&[], &[group("g-all")], &settings(TargetUsers::OnlyGroups(listed.clone()))), out);
        assert_eq!(ask(&[], &staff, &settings(TargetUsers::ExceptGroups(listed.clone()))), out);
        assert_eq!(ask(&[], &[], &settings(TargetUsers::ExceptGroups(listed))), Ok(()));
        assert_eq!(
            ask(&[], &staff, &settings(TargetUsers::OnlyGroups(Vec::new()))),
            out,
            "an empty list lets nobody in"
        );
    }

    #[test]
    fn a_target_must_be_allowed_and_feasible() {
        let settings = settings(TargetUsers::All);
        let mut facts = Facts {
            policy_requires_otp: true,
            account_usable: true,
            tokens: &[],
            groups: &[],
            settings: &settings,
            targets: &TargetSettings::of_new(),
            feasible: &[Target::WindowsMobile],
        };
        assert_eq!(offer(&facts), Err(NotOffered::NoTarget), "Windows 10 Mobile is off by default");
        facts.feasible = &[Target::WindowsMobile, Target::Android];
        assert_eq!(offer(&facts).unwrap().allowed(), [Target::Android]);
    }

    #[test]
    fn nobody_is_offered_what_they_do_not_need_or_cannot_use() {
        let settings = settings(TargetUsers::All);
        let facts = Facts {
            policy_requires_otp: false,
            account_usable: true,
            tokens: &[],
            groups: &[],
            settings: &settings,
            targets: &TargetSettings::of_new(),
            feasible: &Target::ALL,
        };
        assert_eq!(offer(&facts), Err(NotOffered::NotNeeded));
        let disabled = Facts { policy_requires_otp: true, account_usable: false, ..facts };
        assert_eq!(offer(&disabled), Err(NotOffered::AccountUnusable));
    }
}
