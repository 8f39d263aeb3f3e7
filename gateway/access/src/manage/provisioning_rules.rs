//! Rules that provision by group: who would be affected. The rules themselves are a document of the settings, and
//! [`Provisioner`](crate::provision::Provisioner) carries them out; both judge by the same function.

use std::collections::{BTreeMap, BTreeSet};

use doorward_api::ports::Page;
use doorward_api::provisioning::SkipReason;
use doorward_api::provisioning_rules::{RuleScope, RuleStanding};
use doorward_api::settings::ProvisioningRules;
use doorward_api::{GroupId, Module, StoreError, UserId, VirtualServerId};
use doorward_tokens::{RuleStep, rule_of};

use super::{By, ManageError, Manager};
use crate::provision::rules::{BEGIN, Laws, part_of_everybody, place_after, read_place};

/// So many users are looked at for one answer.
const MOST_LOOKED_AT: u64 = 2000;

/// So many are told.
const MOST_TOLD: usize = 100;

/// So many are read at once.
const AT_ONCE: u32 = 200;

/// What rules would do to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleEffect {
    /// They get a mail, and with it a token.
    Gets,
    /// They would, but for a reason.
    Skipped(SkipReason),
    /// They lose what the rule has given: the token of this serial number, or a mail that was not used yet.
    Loses(Option<String>),
    /// They keep what the rule has given, and no rule takes it any more.
    Keeps,
    /// What they have got is another rule's from now on.
    HandedOver,
    /// Nothing.
    Nothing,
}

impl RuleEffect {
    /// The names, in the order of [`RulePreview::counts`].
    pub const NAMES: [&str; 6] = ["gets", "skipped", "loses", "keeps", "handed_over", "nothing"];

    /// The name in the API and in words.
    pub const fn as_str(&self) -> &'static str {
        let [gets, skipped, loses, keeps, handed_over, nothing] = Self::NAMES;
        match self {
            RuleEffect::Gets => gets,
            RuleEffect::Skipped(_) => skipped,
            RuleEffect::Loses(_) => loses,
            RuleEffect::Keeps => keeps,
            RuleEffect::HandedOver => handed_over,
            RuleEffect::Nothing => nothing,
        }
    }
}

/// What rules would do to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePreviewLine {
    /// Who.
    pub user: UserId,
    /// Their sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// What.
    pub effect: RuleEffect,
    /// The rule by which, by its group.
    pub rule: Option<GroupId>,
}

/// Who would be affected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulePreview {
    /// Those to whom anything would be done, a part of them.
    pub lines: Vec<RulePreviewLine>,
    /// How many would be affected how, of all who were looked at: pairs of a name of [`RuleEffect::NAMES`] and a
    /// number.
    pub counts: Vec<(&'static str, u64)>,
    /// How many users were looked at.
    pub looked_at: u64,
    /// Nobody is left to look at: the counts are of everybody from the place on that was asked for.
    pub complete: bool,
    /// Where those are who come after the lines.
    pub next: Option<String>,
}

impl RulePreview {
    fn count(&mut self, effect: &RuleEffect) {
        match self.counts.iter_mut().find(|(name, _)| *name == effect.as_str()) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((effect.as_str(), 1)),
        }
    }
}

/// What is asked of one user: how they would stand in these groups. `None`: in those they are in.
#[derive(Debug, Clone)]
pub struct RuleQuestion {
    /// Who.
    pub user: UserId,
    /// The groups that they would be in themselves.
    pub groups: Option<Vec<GroupId>>,
}

/// What rules would take from members of a group, did it lie in another no longer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WouldTake {
    /// From how many by which rule, in the order of the rules; none of those that take nothing.
    pub by_rule: Vec<(GroupId, u64)>,
    /// How many members were looked at.
    pub looked_at: u64,
    /// Nobody is left to look at.
    pub complete: bool,
}

fn line(laws: &Laws, standing: &RuleStanding) -> RulePreviewLine {
    let (effect, rule) = match laws.step(standing) {
        RuleStep::Stay => (RuleEffect::Nothing, rule_of(&laws.rules, &standing.groups).map(|rule| &rule.group)),
        RuleStep::Give(rule) => (RuleEffect::Gets, Some(&rule.group)),
        RuleStep::Skip(rule, reason) => (RuleEffect::Skipped(reason), Some(&rule.group)),
        RuleStep::HandOver(_, rule) => (RuleEffect::HandedOver, Some(&rule.group)),
        RuleStep::LetGo(held) if held.is_worth_something() => (RuleEffect::Keeps, Some(&held.rule)),
        RuleStep::LetGo(held) => (RuleEffect::Nothing, Some(&held.rule)),
        RuleStep::Take(held) => {
            (RuleEffect::Loses(held.token.as_ref().map(|token| token.serial.clone())), Some(&held.rule))
        }
    };
    RulePreviewLine {
        user: standing.user.clone(),
        name: standing.name.clone(),
        display_name: standing.display_name.clone(),
        effect,
        rule: rule.cloned(),
    }
}

/// Whether a user comes off as before: the same is done to them by the same group's rule, and what is given is given alike.
fn same(before: &Laws, laws: &Laws, standing: &RuleStanding, now: &RulePreviewLine) -> bool {
    let was = line(before, standing);
    let gives = |laws: &Laws| laws.rules.rules.iter().find(|rule| Some(&rule.group) == now.rule.as_ref()).cloned();
    (&was.effect, &was.rule) == (&now.effect, &now.rule)
        && (now.effect != RuleEffect::Gets || gives(before) == gives(laws))
}

impl Manager {
    /// Whom these rules would affect, were they in force now; nobody is, of whom nothing would change. A bounded number
    /// of users is looked at, from a place on that an earlier answer has given.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`]; [`ManageError::Forbidden`].
    pub async fn preview_rules(
        &self,
        vs: &VirtualServerId,
        by: &By,
        rules: &ProvisioningRules,
        after: &str,
    ) -> Result<RulePreview, ManageError> {
        self.preview_beside(vs, by, rules, None, after).await
    }

    /// Whom it would affect that these rules take the place of those: nobody is, to whom the ones do what the others do.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`]; [`ManageError::Forbidden`].
    pub async fn preview_change_of_rules(
        &self,
        vs: &VirtualServerId,
        by: &By,
        (old, new): (&ProvisioningRules, &ProvisioningRules),
    ) -> Result<RulePreview, ManageError> {
        self.preview_beside(vs, by, new, Some(old), "").await
    }

    async fn preview_beside(
        &self,
        vs: &VirtualServerId,
        by: &By,
        rules: &ProvisioningRules,
        old: Option<&ProvisioningRules>,
        after: &str,
    ) -> Result<RulePreview, ManageError> {
        Self::allow(by, Module::Provisioning.view())?;
        let mut preview = RulePreview::default();
        let mut place = Some(after).filter(|after| !after.is_empty()).unwrap_or(BEGIN).to_owned();
        // Where the last line stands, which may be another phase than the one that is looked at by then.
        let mut told_to = None;
        // A user in the groups of several rules is met at each, and counted at the one that counts.
        while preview.looked_at < MOST_LOOKED_AT {
            let (phase, _) = read_place(&place);
            let here = rules.rules.get(phase).map(|rule| &rule.group);
            let (found, next) = part_of_everybody(self.ports(), vs, rules, &place, AT_ONCE).await?;
            let laws = Laws::of(self.ports(), vs, Some(rules), &found).await?;
            let before = match old {
                Some(old) => Some(Laws::of(self.ports(), vs, Some(old), &found).await?),
                None => None,
            };
            for standing in &found {
                preview.looked_at += 1;
                let covering = rule_of(rules, &standing.groups).map(|rule| &rule.group);
                let line = line(&laws, standing);
                let same = before.as_ref().is_some_and(|before| same(before, &laws, standing, &line));
                if covering != here || line.effect == RuleEffect::Nothing || same {
                    continue;
                }
                preview.count(&line.effect);
                if preview.lines.len() < MOST_TOLD {
                    told_to = Some(place_after(phase, line.user.as_str()));
                    preview.lines.push(line);
                } else if preview.next.is_none() {
                    preview.next.clone_from(&told_to);
                }
            }
            match next {
                Some(next) => place = next,
                None => {
                    preview.complete = true;
                    break;
                }
            }
        }
        if !preview.complete && preview.next.is_none() {
            preview.next = Some(place);
        }
        Ok(preview)
    }

    /// What these rules would do to one user, as they are, or as if they were in other groups.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::Forbidden`].
    pub async fn preview_rules_of(
        &self,
        vs: &VirtualServerId,
        by: &By,
        rules: &ProvisioningRules,
        question: &RuleQuestion,
    ) -> Result<RulePreviewLine, ManageError> {
        Self::allow(by, Module::Provisioning.view())?;
        let one = Page { after: String::new(), limit: 1 };
        let found =
            self.ports().provisioning.rule_standings(vs, &RuleScope::One(question.user.clone()), &one).await?.items;
        let mut standing = found.into_iter().next().ok_or(ManageError::NotFound)?;
        if let Some(groups) = &question.groups {
            standing.groups = self.and_outer(vs, groups).await?;
        }
        let laws = Laws::of(self.ports(), vs, Some(rules), std::slice::from_ref(&standing)).await?;
        Ok(line(&laws, &standing))
    }

    /// Which of these groups and of those in which they lie a rule goes by.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`]; [`ManageError::Forbidden`].
    pub async fn rules_above(
        &self,
        vs: &VirtualServerId,
        by: &By,
        rules: &ProvisioningRules,
        groups: &[GroupId],
    ) -> Result<Vec<GroupId>, ManageError> {
        Self::allow(by, Module::Provisioning.view())?;
        let above = self.and_outer(vs, groups).await?;
        Ok(rules.rules.iter().map(|rule| &rule.group).filter(|group| above.contains(group)).cloned().collect())
    }

    /// What these rules would take, did a group lie in another no longer. A bounded number of its members is looked at.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`]; [`ManageError::Forbidden`].
    pub async fn preview_unnesting(
        &self,
        vs: &VirtualServerId,
        by: &By,
        rules: &ProvisioningRules,
        (group, from): (&GroupId, &GroupId),
    ) -> Result<WouldTake, ManageError> {
        Self::allow(by, Module::Provisioning.view())?;
        let scope = RuleScope::Unnested { group: group.clone(), from: from.clone() };
        let mut page = Page { after: String::new(), limit: AT_ONCE };
        let (mut taken, mut would) = (BTreeMap::<GroupId, u64>::new(), WouldTake::default());
        while would.looked_at < MOST_LOOKED_AT && !would.complete {
            let found = self.ports().provisioning.rule_standings(vs, &scope, &page).await?;
            let laws = Laws::of(self.ports(), vs, Some(rules), &found.items).await?;
            for standing in &found.items {
                would.looked_at += 1;
                if let RuleStep::Take(held) = laws.step(standing) {
                    *taken.entry(held.rule.clone()).or_default() += 1;
                }
            }
            match found.next {
                Some(next) => page.after = next,
                None => would.complete = true,
            }
        }
        let in_order = rules.rules.iter().filter_map(|rule| taken.remove_entry(&rule.group));
        would.by_rule = in_order.collect();
        Ok(would)
    }

    /// These groups, and those in which they lie.
    async fn and_outer(&self, vs: &VirtualServerId, groups: &[GroupId]) -> Result<BTreeSet<GroupId>, StoreError> {
        let (mut all, mut open) = (BTreeSet::new(), groups.to_vec());
        while let Some(group) = open.pop() {
            let Some(found) = self.ports().register.group(vs, &group).await? else { continue };
            if all.insert(group) {
                open.extend(found.parents.into_iter().map(|parent| parent.id));
            }
        }
        Ok(all)
    }
}
