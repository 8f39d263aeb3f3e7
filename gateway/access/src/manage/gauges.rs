//! How far enrolment has come, as metrics tell it: the same sums as in the reports, asked for now and then by a job and never by
//! whoever reads the metrics.

use std::collections::BTreeSet;

use doorward_api::enrolment::{EnrolmentFilter, FunnelStep};
use doorward_api::ports::Missing;
use doorward_api::settings::EnrolmentRules;
use doorward_api::{GroupId, Target, Timestamp, VirtualServerId};

use super::{ManageError, Manager, MissingOf};

/// At most so many groups are told of one by one.
pub const MOST_GAUGED: usize = 20;

/// How many transactions have come at least so far, by the platform that was chosen; `other` where none was, or another.
pub type Reached = Vec<(FunnelStep, &'static str, u64)>;

/// How many have no token yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingGauges {
    /// Of those who may enrol by themselves.
    pub all: Missing,
    /// Of each group that has a deadline, by its name.
    pub groups: Vec<(String, Missing)>,
}

/// The name of what is on none of the platforms.
const OTHER: &str = "other";

impl Manager {
    /// How far enrolments have come.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn enrolments_reached(&self, vs: &VirtualServerId) -> Result<Reached, ManageError> {
        let mut left = self.steps(vs, "").await?;
        let mut reached = Vec::new();
        for target in Target::ALL {
            let of_target = self.steps(vs, target.os()).await?;
            for ((step, count), (_, rest)) in of_target.into_iter().zip(&mut left) {
                *rest = rest.saturating_sub(count);
                reached.push((step, target.as_str(), count));
            }
        }
        reached.extend(left.into_iter().map(|(step, count)| (step, OTHER, count)));
        Ok(reached)
    }

    /// How many have come at least so far, of one system or of all.
    async fn steps(&self, vs: &VirtualServerId, os: &str) -> Result<Vec<(FunnelStep, u64)>, ManageError> {
        let filter = EnrolmentFilter { os: os.to_owned(), offered: true, ..EnrolmentFilter::default() };
        let funnel = self.ports().enrolments.enrolment_totals(vs, &filter).await?.funnel;
        let of = |step: FunnelStep| funnel.iter().find(|one| one.step == step).map_or(0, |one| one.reached);
        Ok(FunnelStep::ALL.into_iter().map(|step| (step, of(step))).collect())
    }

    /// How many have no token yet; `None` while they are counted for the first time.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn missing_gauges(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<Option<MissingGauges>, ManageError> {
        let Some(counted) = self.missing_now(vs, now).await? else { return Ok(None) };
        let rules = self.setting::<EnrolmentRules>(vs).await?.document.rules;
        let dated: BTreeSet<GroupId> =
            rules.into_iter().filter(|rule| rule.deadline.is_some()).flat_map(|rule| rule.groups).collect();
        let all = counted.lines.iter().find(|line| line.of == MissingOf::All).map(|line| line.count);
        let groups = counted.lines.iter().filter_map(|line| match &line.of {
            MissingOf::Group { id, name } if dated.contains(id) => Some((name.clone(), line.count)),
            _ => None,
        });
        let groups = groups.take(MOST_GAUGED).collect();
        Ok(Some(MissingGauges { all: all.unwrap_or_default(), groups }))
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::{Day, EnrolmentRule, ExtraProof};

    use super::*;
    use crate::stage::{PASSWORD_AND_OTP, Stage};

    #[tokio::test]
    async fn groups_that_have_a_deadline_are_told_of_and_no_others() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let (manager, vs) = (Manager::new(stage.desk.clone()), &stage.vs.id);
        let group = stage.world.with(|rows| rows.users.iter().find_map(|user| user.groups.first().cloned())).unwrap();
        let rule = |deadline| EnrolmentRule {
            name: "rule".into(),
            groups: vec![group.id.clone()],
            percentage: 100,
            starts_on: None,
            deadline,
            proof: ExtraProof::None,
            probation_hours: 0,
        };
        for (deadline, told) in [(Day::parse("2026-12-24"), true), (None, false)] {
            stage.world.with(|rows| rows.set(&EnrolmentRules { rules: vec![rule(deadline)] }));
            // One that has counted nothing yet.
            let manager = Manager::new(stage.desk.clone());
            let gauges = manager.missing_gauges(vs, crate::testing::now()).await.unwrap().unwrap();
            assert!(gauges.all.missing > 0, "{gauges:?}");
            let names: Vec<&str> = gauges.groups.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, if told { vec![group.name.as_str()] } else { Vec::new() });
        }
        let reached = manager.enrolments_reached(vs).await.unwrap();
        assert_eq!(reached.len(), (Target::ALL.len() + 1) * FunnelStep::ALL.len());
    }
}
