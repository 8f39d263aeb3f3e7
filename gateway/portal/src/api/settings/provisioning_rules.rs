//! Token Management > Provisioning Rules, and whom they would affect.

use doorward_access::manage::{RuleEffect, RulePreview, RulePreviewLine, RuleQuestion};
use doorward_api::provisioning::SkipReason;
use doorward_api::settings::{ProvisioningRule, ProvisioningRules};
use doorward_api::{GroupId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kept, Sent};
use crate::api::asked::Asked;
use crate::api::gives::{Found, Shown};
use crate::api::people::SOME_ID;
use crate::api::problem::Problem;
use crate::api::provisioning::Skipped;

impl Kept for ProvisioningRules {
    type Shape = ProvisioningRulesSettings;

    fn example() -> Self {
        let rule = ProvisioningRule {
            group: GroupId::from(SOME_ID),
            stop_days: 10,
            take: true,
            note: "Welcome to Sales.".to_owned(),
        };
        Self { rules: vec![rule] }
    }
}

/// Token Management > Provisioning Rules: whoever comes into a group is written to, and whoever leaves it may lose what
/// they got. The first rule that fits a user counts alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ProvisioningRulesSettings {
    /// In the order in which they are asked.
    #[schema(max_items = 50)]
    rules: Vec<ProvisioningRuleShape>,
}

/// One rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProvisioningRule)]
struct ProvisioningRuleShape {
    /// The id of the group whose members it is for, those of groups in it included. Each group has one rule at the
    /// most.
    group: String,
    /// So many whole days they have to enrol: 1 to 90.
    #[schema(minimum = 1, maximum = 90)]
    stop_days: u8,
    /// What the rule gave is taken from whoever leaves the group, unless another rule fits them.
    take: bool,
    /// What the mails say besides: one line of at most 500 characters; may be empty.
    #[schema(max_length = 500)]
    note: String,
}

impl Shown for ProvisioningRulesSettings {
    fn example() -> Self {
        Self::of(&ProvisioningRules::example())
    }
}

impl ProvisioningRulesSettings {
    pub(super) fn of(document: &ProvisioningRules) -> Self {
        let shape = |rule: &ProvisioningRule| ProvisioningRuleShape {
            group: rule.group.to_string(),
            stop_days: rule.stop_days,
            take: rule.take,
            note: rule.note.clone(),
        };
        Self { rules: document.rules.iter().map(shape).collect() }
    }
}

/// What rules would do to somebody.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProvisioningRuleEffect)]
enum EffectName {
    /// They are written to, and get a token by it.
    Gets,
    /// They would be, but for a reason.
    Skipped,
    /// They lose what a rule has given.
    Loses,
    /// They keep what a rule has given, and no rule takes it any more.
    Keeps,
    /// What they have got is another rule's from now on.
    HandedOver,
    /// Nothing.
    Nothing,
}

impl EffectName {
    const fn of(effect: &RuleEffect) -> Self {
        match effect {
            RuleEffect::Gets => EffectName::Gets,
            RuleEffect::Skipped(_) => EffectName::Skipped,
            RuleEffect::Loses(_) => EffectName::Loses,
            RuleEffect::Keeps => EffectName::Keeps,
            RuleEffect::HandedOver => EffectName::HandedOver,
            RuleEffect::Nothing => EffectName::Nothing,
        }
    }
}

/// Whom rules would affect.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningRulesPreview)]
pub(in crate::api) struct RulesPreviewShown {
    /// Those to whom anything would be done: at most 100 of them.
    items: Vec<EffectShown>,
    /// How many users were looked at, at most 2000.
    looked_at: u64,
    /// How many of those would be affected how.
    counts: CountsShown,
    /// Nobody is left to look at: the counts are of everybody from `after` on.
    complete: bool,
    /// What to send as `after` for those who come behind `items`; `null` when there is nobody.
    next: Option<String>,
}

/// How many would be affected how.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ProvisioningRulesCounts)]
struct CountsShown {
    /// They get a token.
    gets: u64,
    /// They would, but for a reason.
    skipped: u64,
    /// They lose what a rule has given.
    loses: u64,
    /// They keep it for good.
    keeps: u64,
    /// It is another rule's.
    handed_over: u64,
}

/// What rules would do to one user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningRuleAffected)]
struct EffectShown {
    /// The user's id.
    user: String,
    /// Their sign-in name.
    name: String,
    /// The name to show; may be empty.
    display_name: String,
    /// What.
    effect: EffectName,
    /// Why they would be skipped.
    skipped: Option<Skipped>,
    /// The serial number of the token that they would lose; `null` where it is a mail that was not used yet.
    serial: Option<String>,
    /// The group of the rule by which.
    rule: Option<String>,
}

impl EffectShown {
    fn of(line: RulePreviewLine) -> Self {
        let (skipped, serial) = match &line.effect {
            RuleEffect::Skipped(reason) => (Some(*reason), None),
            RuleEffect::Loses(serial) => (None, serial.clone()),
            _ => (None, None),
        };
        Self {
            effect: EffectName::of(&line.effect),
            user: line.user.to_string(),
            name: line.name,
            display_name: line.display_name,
            skipped: skipped.map(Skipped::of),
            serial,
            rule: line.rule.map(|rule| rule.to_string()),
        }
    }
}

impl RulesPreviewShown {
    fn of(preview: RulePreview) -> Self {
        let count = |name: &str| preview.counts.iter().find(|(one, _)| *one == name).map_or(0, |(_, count)| *count);
        let [gets, skipped, loses, keeps, handed_over, _] = RuleEffect::NAMES.map(count);
        Self {
            looked_at: preview.looked_at,
            counts: CountsShown { gets, skipped, loses, keeps, handed_over },
            complete: preview.complete,
            next: preview.next,
            items: preview.lines.into_iter().map(EffectShown::of).collect(),
        }
    }
}

impl Shown for RulesPreviewShown {
    fn example() -> Self {
        let line = |name: &str, effect| RulePreviewLine {
            user: UserId::from(SOME_ID),
            name: name.to_owned(),
            display_name: String::new(),
            effect,
            rule: Some(GroupId::from(SOME_ID)),
        };
        Self::of(RulePreview {
            lines: vec![
                line("alice", RuleEffect::Gets),
                line("bob", RuleEffect::Skipped(SkipReason::NoEmail)),
                line("carol", RuleEffect::Loses(Some("DW-7Q2M-K94T".to_owned()))),
            ],
            counts: vec![("gets", 1), ("skipped", 1), ("loses", 1)],
            looked_at: 3,
            complete: true,
            next: None,
        })
    }
}

/// `POST /provisioning/rules/preview`
pub(in crate::api) async fn preview_rules(
    asked: Asked,
    Sent(rules): Sent<ProvisioningRules>,
) -> Result<Found<RulesPreviewShown>, Problem> {
    let (manager, vs, by) = (&asked.api.parts.manager, &asked.vs.id, asked.by());
    if asked.query("user").is_empty() {
        let preview = manager.preview_rules(vs, &by, &rules, asked.query("after")).await?;
        return Ok(Found(RulesPreviewShown::of(preview)));
    }
    let groups = asked.query("groups");
    let listed = groups.split(',').map(str::trim).filter(|id| !id.is_empty()).map(GroupId::new).collect();
    let question = RuleQuestion {
        user: UserId::new(asked.query("user")),
        groups: asked.raw_query().split('&').any(|pair| pair.starts_with("groups=")).then_some(listed),
    };
    let line = manager.preview_rules_of(vs, &by, &rules, &question).await?;
    let counts = vec![(line.effect.as_str(), 1)];
    let one = RulePreview { lines: vec![line], counts, looked_at: 1, complete: true, next: None };
    Ok(Found(RulesPreviewShown::of(one)))
}
