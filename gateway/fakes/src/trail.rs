//! What operators look through of the past: folded from the events anew at each question.

use async_trait::async_trait;
use doorward_api::audit::StoredRecord;
use doorward_api::enrolment::{
    Enrolment, EnrolmentFilter, EnrolmentResult, FunnelStep, MissingUser, ReportRow, StepTotal, Totals, Wanted, fold,
    place,
};
use doorward_api::ports::{Enrolments, Listed, Missing, Page, Scanned, Trail};
use doorward_api::trail::{Order, TrailFilter, TrailRecord};
use doorward_api::{CredentialId, FlowId, GroupId, StoreError, Timestamp, User, VirtualServerId};

use crate::register::part;
use crate::{Rows, World, now};

fn scanned<T>(listed: Listed<T>) -> Scanned<T> {
    Scanned { items: listed.items, next: listed.next, searched_to: None }
}

impl Rows {
    fn trail(&self, vs: &VirtualServerId) -> Vec<TrailRecord> {
        let record = |(seq, event): (i64, &doorward_api::AuditEvent)| {
            let record = event.record(vs.as_str(), seq, now());
            TrailRecord { stored: StoredRecord { seq, prev: String::new(), hash: String::new(), record }, at: now() }
        };
        (1..).zip(&self.events).map(record).collect()
    }

    fn folded(&self, vs: &VirtualServerId) -> Vec<Enrolment> {
        let mut rows: Vec<Enrolment> = Vec::new();
        for record in self.trail(vs) {
            let fact = record.fact();
            let Some(place) = place(&fact) else { continue };
            let found = rows
                .iter()
                .position(|row| place.flow == Some(row.id.as_str()))
                .or_else(|| rows.iter().rposition(|row| place.serial.is_some_and(|serial| row.serial == serial)));
            match (found, fold(found.map(|at| rows[at].clone()), &fact)) {
                (Some(at), Some(row)) => rows[at] = row,
                (None, Some(row)) => rows.push(row),
                (_, None) => {}
            }
        }
        rows
    }

    /// The transaction that a token came into use by, while nobody has signed in with it.
    pub(crate) fn unconfirmed(&self, token: &CredentialId) -> Option<FlowId> {
        let token = self.credentials.iter().find(|one| one.id == *token)?;
        let its = |row: &Enrolment| {
            let reached = |step| row.step(step).is_some();
            let issued = row.serial == token.serial && reached(FunnelStep::TargetChosen);
            issued && reached(FunnelStep::Activated) && !reached(FunnelStep::FirstUse)
        };
        let rows = self.folded(&VirtualServerId::new("default"));
        rows.into_iter().rev().find(its).map(|row| FlowId::from(row.id))
    }

    fn found(&self, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Vec<Enrolment> {
        let is = |wanted: &str, said: &str| wanted.is_empty() || wanted == said;
        let in_group = |row: &Enrolment, group: &GroupId| {
            let user = self.users.iter().find(|user| Some(&user.id) == row.user.as_ref());
            user.is_some_and(|user| user.groups.iter().any(|one| one.id == *group))
        };
        let mut rows = self.folded(vs);
        rows.retain(|row| {
            let shown = filter.offered || row.result != EnrolmentResult::Offered;
            filter.from.is_none_or(|from| row.began_at >= from)
                && filter.until.is_none_or(|until| row.began_at < until)
                && filter.initiation.is_none_or(|initiation| row.initiation == initiation)
                && filter.result.map_or(shown, |result| row.result == result)
                && filter.user.as_ref().is_none_or(|user| row.user.as_ref() == Some(user))
                && filter.group.as_ref().is_none_or(|group| in_group(row, group))
                && is(&filter.serial, &row.serial)
                && is(&filter.address, &row.address)
                && is(&filter.application, &row.application)
                && is(&filter.os, &row.os)
        });
        if filter.order == Order::Newest {
            rows.reverse();
        }
        rows
    }

    fn wanted(&self, wanted: &Wanted) -> Vec<&User> {
        let within = |user: &User, groups: &[GroupId]| {
            self.with_nested(user).groups.iter().any(|group| groups.contains(&group.id))
        };
        let mut users: Vec<&User> = self.users.iter().filter(|user| !user.disabled).collect();
        users.retain(|user| wanted.everybody || within(user, &wanted.within));
        users.retain(|user| wanted.targets.as_ref().is_none_or(|targets| within(user, targets)));
        users.retain(|user| !within(user, &wanted.without));
        users
    }
}

#[async_trait]
impl Trail for World {
    async fn trail(
        &self,
        vs: &VirtualServerId,
        filter: &TrailFilter,
        page: &Page,
    ) -> Result<Scanned<TrailRecord>, StoreError> {
        self.up()?;
        let mut records = self.with(|rows| rows.trail(vs));
        records.retain(|record| {
            let fact = record.fact();
            let is = |wanted: &str, said: Option<&str>| wanted.is_empty() || said == Some(wanted);
            filter.from.is_none_or(|from| record.at >= from)
                && filter.until.is_none_or(|until| record.at < until)
                && is(&filter.record_type, Some(&fact.record_type))
                && (filter.events.is_empty() || filter.events.contains(&fact.event))
                && is(filter.user.as_ref().map_or("", |user| user.as_str()), fact.context("principalId"))
                && is(&filter.operator, fact.context("operator"))
                && is(&filter.address, fact.context("originatingAddress"))
                && is(&filter.serial, fact.text("serial"))
                && is(filter.flow.as_ref().map_or("", |flow| flow.as_str()), fact.context("transactionId"))
                && fact.says(&filter.text.to_lowercase())
        });
        if filter.order == Order::Newest {
            records.reverse();
        }
        Ok(scanned(part(records, page)))
    }

    async fn begins(&self, _: &VirtualServerId) -> Result<Option<Timestamp>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.trail_begins))
    }
}

#[async_trait]
impl Enrolments for World {
    async fn enrolments(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        page: &Page,
    ) -> Result<Scanned<ReportRow>, StoreError> {
        self.up()?;
        let rows = self.with(|rows| {
            let known = |enrolment: Enrolment| {
                let user = rows.users.iter().find(|user| Some(&user.id) == enrolment.user.as_ref());
                ReportRow {
                    enrolment,
                    name: user.map(|user| user.name.clone()),
                    display_name: user.map(|user| user.display_name.clone()).unwrap_or_default(),
                    groups: user.iter().flat_map(|user| &user.groups).map(|group| group.name.clone()).collect(),
                }
            };
            rows.found(vs, filter).into_iter().map(known).collect()
        });
        Ok(scanned(part(rows, page)))
    }

    async fn enrolment_totals(&self, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, StoreError> {
        self.up()?;
        let rows = self.with(|rows| rows.found(vs, &EnrolmentFilter { offered: true, ..filter.clone() }));
        let count = |of: &dyn Fn(&Enrolment) -> bool| rows.iter().filter(|row| of(row)).count() as u64;
        let result = |result: EnrolmentResult| (result, count(&|row| row.result == result));
        let step =
            |step: FunnelStep| StepTotal { step, reached: count(&|row| row.furthest() >= step as usize), median: None };
        Ok(Totals {
            counted: rows.len() as u64,
            results: EnrolmentResult::ALL.into_iter().map(result).filter(|(_, count)| *count > 0).collect(),
            median_duration: rows.iter().filter(|row| row.result.succeeded()).find_map(Enrolment::duration),
            top_reason: rows.iter().find(|row| !row.reason.is_empty()).map(|row| (row.reason.clone(), 1)),
            funnel: FunnelStep::ALL.into_iter().map(step).collect(),
        })
    }

    async fn count_missing(&self, _: &VirtualServerId, wanted: &Wanted) -> Result<Missing, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let users = rows.wanted(wanted);
            let missing = users.iter().filter(|user| !rows.has_token(&user.id)).count() as u64;
            Missing { users: users.len() as u64, missing }
        }))
    }

    async fn missing(
        &self,
        _: &VirtualServerId,
        wanted: &Wanted,
        page: &Page,
    ) -> Result<Scanned<MissingUser>, StoreError> {
        self.up()?;
        let users = self.with(|rows| {
            let without = rows.wanted(wanted).into_iter().filter(|user| !rows.has_token(&user.id));
            let told = |user: &User| MissingUser {
                id: user.id.clone(),
                name: user.name.clone(),
                display_name: user.display_name.clone(),
                email: user.email.clone(),
            };
            without.map(told).collect()
        });
        Ok(scanned(part(users, page)))
    }
}
