//! What operators read of the past: the audit trail, the enrolment history report, and who has no token yet. What is taken away as
//! a file leaves a record of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_api::enrolment::{EnrolmentFilter, MissingUser, ReportRow, Totals, Wanted};
use doorward_api::permission::Module;
use doorward_api::ports::{Change, Missing, Page, Scanned};
use doorward_api::settings::{Day, EnrolmentRules, TargetUsers};
use doorward_api::trail::{TrailFilter, TrailRecord};
use doorward_api::{EventKind, GroupId, HeldAct, SelfProvisioning, StoreError, Timestamp, VirtualServerId};

use super::counting::PATIENCE;
use super::{By, ManageError, Manager};

/// Counting everybody takes a moment where there are very many: what was counted is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// So long whoever can wait does.
const LONGEST: Duration = Duration::from_secs(300);

/// At most so many groups are counted one by one.
const MOST_GROUPS: usize = 50;

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The audit trail.
    Trail,
    /// The enrolment history report.
    Enrolments,
}

/// What enrolments came to, as was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentTotals {
    /// When.
    pub at: Timestamp,
    /// What they came to.
    pub totals: Totals,
}

/// Whose enrolments were counted, and which of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    vs: VirtualServerId,
    /// Everything that a filter says, in words.
    filter: String,
}

impl Asked {
    fn of(vs: &VirtualServerId, filter: &EnrolmentFilter) -> Self {
        Self { vs: vs.clone(), filter: format!("{filter:?}") }
    }
}

/// How many have no token yet, as was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingNow {
    /// When.
    pub at: Timestamp,
    /// By enrolment rule, in their order, and then by group.
    pub lines: Vec<MissingLine>,
}

/// Of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingOf {
    /// All who may enrol by themselves.
    All,
    /// Those for whom this rule is the first that fits.
    Rule {
        /// Its place, from 0.
        place: usize,
        /// Its name.
        name: String,
        /// The day until which it may be put off.
        deadline: Option<Day>,
    },
    /// Those whom none of the rules fits.
    NoRule,
    /// Those of a group.
    Group {
        /// Its row.
        id: GroupId,
        /// Its name; its row where it is gone.
        name: String,
    },
}

impl MissingOf {
    /// How a list of them is asked for.
    pub fn key(&self) -> String {
        match self {
            MissingOf::All => "all".to_owned(),
            MissingOf::Rule { place, .. } => format!("rule.{place}"),
            MissingOf::NoRule => "no_rule".to_owned(),
            MissingOf::Group { id, .. } => format!("group.{id}"),
        }
    }
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingLine {
    /// Of whom.
    pub of: MissingOf,
    /// How many there are, and how many of them have no token.
    pub count: Missing,
    wanted: Wanted,
}

impl Manager {
    /// Records of the trail for which every condition holds.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn trail(
        &self,
        vs: &VirtualServerId,
        filter: &TrailFilter,
        page: &Page,
    ) -> Result<Scanned<TrailRecord>, ManageError> {
        Ok(self.ports().trail.trail(vs, filter, page).await?)
    }

    /// When the first record of the trail was appended, once older ones were taken away; `None` while all of them are there.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn trail_begins(&self, vs: &VirtualServerId) -> Result<Option<Timestamp>, ManageError> {
        Ok(self.ports().trail.begins(vs).await?)
    }

    /// Enrolment transactions for which every condition holds.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn enrolments(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        page: &Page,
    ) -> Result<Scanned<ReportRow>, ManageError> {
        Ok(self.ports().enrolments.enrolments(vs, filter, page).await?)
    }

    /// What they came to, and the funnel, for whoever can wait until they are counted.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn enrolment_totals(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
    ) -> Result<Totals, ManageError> {
        Ok(self.ports().enrolments.enrolment_totals(vs, filter).await?)
    }

    /// The same for a page. Where there are very many, they are counted while it shows what was counted before: `None` where nothing
    /// was yet.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`], where nothing was counted before.
    pub async fn enrolment_totals_now(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        now: Timestamp,
    ) -> Result<Option<Arc<EnrolmentTotals>>, ManageError> {
        self.enrolment_totals_within(vs, filter, now, PATIENCE).await
    }

    /// A part of the enrolments and what all of them came to, for one page: where to find the part took long, the page waits so much
    /// less until they are counted.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn enrolments_with_totals(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        page: &Page,
        now: Timestamp,
    ) -> Result<(Scanned<ReportRow>, Option<Arc<EnrolmentTotals>>), ManageError> {
        let begun = Instant::now();
        let found = self.enrolments(vs, filter, page).await?;
        let patience = PATIENCE.saturating_sub(begun.elapsed());
        Ok((found, self.enrolment_totals_within(vs, filter, now, patience).await?))
    }

    async fn enrolment_totals_within(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Option<Arc<EnrolmentTotals>>, ManageError> {
        let (manager, asked) = (Self::new(self.desk.clone()), Asked::of(vs, filter));
        let (vs, filter) = (vs.clone(), filter.clone());
        let count = || async move {
            let totals = manager.enrolment_totals(&vs, &filter).await?;
            Ok::<_, ManageError>(EnrolmentTotals { at: now, totals })
        };
        Ok(self.enrolment_counts.within(&asked, patience, |_| false, count).await?)
    }

    /// Records that a file was taken away: of what, in which form, and what was looked for. Before it is: what could not be
    /// recorded is not given.
    ///
    /// # Errors
    /// [`ManageError::Forbidden`]; [`ManageError::Unavailable`].
    pub async fn taken_away(
        &self,
        vs: &VirtualServerId,
        by: &By,
        what: Taken,
        format: &'static str,
        filter: &str,
    ) -> Result<(), ManageError> {
        let (module, kind, name) = match what {
            Taken::Trail => (Module::Audit, EventKind::LogExported, "audit_log"),
            Taken::Enrolments => (Module::Reports, EventKind::ReportRun, "enrolment_history"),
        };
        Self::allow(by, module.export())?;
        let act = HeldAct::Export { module, format: format.to_owned(), filter: filter.to_owned() };
        let seal = self.turn(vs, by, None, act, name).await?;
        let event = by.event(kind).with("name", name).with("format", format).with("filter", filter);
        Ok(self.commit(vs, by, seal.on(Change::only(event))).await?)
    }

    /// How many of those who may enrol by themselves have no token, as was counted a moment ago. Where there are very many, they are
    /// counted while a page shows what was counted before: `None` where nothing was yet.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`], where nothing was counted before.
    pub async fn missing_now(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<Option<Arc<MissingNow>>, ManageError> {
        self.missing_within(vs, now, PATIENCE).await
    }

    /// The same for whoever can wait until they are counted.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`], also where that takes minutes.
    pub async fn missing_counted(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Arc<MissingNow>, ManageError> {
        let late = || ManageError::Unavailable(StoreError::Unavailable("counting takes too long".into()));
        self.missing_within(vs, now, LONGEST).await?.ok_or_else(late)
    }

    async fn missing_within(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Option<Arc<MissingNow>>, ManageError> {
        let good = |counted: &MissingNow| now.since(counted.at) < GOOD_FOR && counted.at <= now;
        let (manager, of) = (Self::new(self.desk.clone()), vs.clone());
        let count = || async move { manager.count_missing(&of, now).await };
        Ok(self.missing_counts.within(vs, patience, good, count).await?)
    }

    async fn count_missing(&self, vs: &VirtualServerId, now: Timestamp) -> Result<MissingNow, ManageError> {
        let mut lines = self.missing_lines(vs).await?;
        for line in &mut lines {
            self.name(vs, &mut line.of).await?;
            line.count = self.ports().enrolments.count_missing(vs, &line.wanted).await?;
        }
        let key = |line: &MissingLine| match &line.of {
            MissingOf::Group { name, .. } => Some(name.to_lowercase()),
            _ => None,
        };
        lines.sort_by_key(key);
        Ok(MissingNow { at: now, lines })
    }

    /// Who they are, by name. `key` is one of [`MissingOf::key`].
    ///
    /// # Errors
    /// [`ManageError::NotFound`] where the settings tell of no such group or rule.
    pub async fn missing(
        &self,
        vs: &VirtualServerId,
        key: &str,
        page: &Page,
    ) -> Result<(MissingOf, Scanned<MissingUser>), ManageError> {
        let lines = self.missing_lines(vs).await?;
        let mut line = lines.into_iter().find(|line| line.of.key() == key).ok_or(ManageError::NotFound)?;
        self.name(vs, &mut line.of).await?;
        let found = self.ports().enrolments.missing(vs, &line.wanted, page).await?;
        Ok((line.of, found))
    }

    /// Finds out what a group is called.
    async fn name(&self, vs: &VirtualServerId, of: &mut MissingOf) -> Result<(), ManageError> {
        let MissingOf::Group { id, name } = of else { return Ok(()) };
        match self.group(vs, id).await {
            Ok(group) => *name = group.name,
            Err(ManageError::NotFound) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whom the settings tell of, not counted yet, and groups not by their names yet.
    async fn missing_lines(&self, vs: &VirtualServerId) -> Result<Vec<MissingLine>, ManageError> {
        let targets = self.setting::<SelfProvisioning>(vs).await?.document.target_users;
        let rules = self.setting::<EnrolmentRules>(vs).await?.document;
        let (aimed, spared) = match &targets {
            TargetUsers::None => return Ok(Vec::new()),
            TargetUsers::All => (None, Vec::new()),
            TargetUsers::OnlyGroups(groups) => (Some(groups.clone()), Vec::new()),
            TargetUsers::ExceptGroups(groups) => (None, groups.clone()),
        };
        let everybody = Wanted { everybody: true, without: spared.clone(), targets: aimed, ..Wanted::default() };
        let line = |of, wanted| MissingLine { of, count: Missing::default(), wanted };
        let mut lines = vec![line(MissingOf::All, everybody.clone())];
        // The first rule that fits a user counts alone, so those after one for everybody are nobody's.
        let mut before = spared;
        let mut reaches_all = false;
        for (place, rule) in rules.rules.iter().enumerate() {
            let of = MissingOf::Rule { place, name: rule.name.clone(), deadline: rule.deadline };
            reaches_all = rule.groups.is_empty();
            let (within, without) = (rule.groups.clone(), before.clone());
            lines.push(line(of, Wanted { within, everybody: reaches_all, without, ..everybody.clone() }));
            if reaches_all {
                break;
            }
            before.extend(rule.groups.iter().cloned());
        }
        if !rules.rules.is_empty() && !reaches_all {
            lines.push(line(MissingOf::NoRule, Wanted { without: before, ..everybody.clone() }));
        }
        let mut groups: Vec<GroupId> = rules.rules.iter().flat_map(|rule| rule.groups.clone()).collect();
        if let TargetUsers::OnlyGroups(aimed) = targets {
            groups.extend(aimed);
        }
        groups.sort();
        groups.dedup();
        lines.extend(groups.into_iter().take(MOST_GROUPS).map(|id| {
            let wanted = Wanted { within: vec![id.clone()], everybody: false, ..everybody.clone() };
            line(MissingOf::Group { name: id.to_string(), id }, wanted)
        }));
        Ok(lines)
    }
}
