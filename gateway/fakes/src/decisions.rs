//! Decision records: all of them, in the order in which they came.

use async_trait::async_trait;
use doorward_api::decided::{
    DecisionDay, DecisionFilter, DecisionRecord, DecisionTally, MOST_RECORDS_OF_A_DAY, ShadowSeen, ShadowTally,
};
use doorward_api::ports::{Decisions, Page, Scanned};
use doorward_api::settings::Day;
use doorward_api::{StoreError, VirtualServerId};

use crate::World;

#[async_trait]
impl Decisions for World {
    async fn keep_decisions(&self, _: &VirtualServerId, tally: &DecisionTally) -> Result<u64, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let mut beyond = 0;
            for (day, left) in &tally.left_out {
                *rows.decisions_left_out.entry(*day).or_default() += left;
            }
            for (day, class, seen) in &tally.seen {
                let of_day = rows.decisions.iter().filter(|record| record.day == *day).count() as u64;
                let there = rows.decisions.iter_mut().find(|record| record.day == *day && record.class == *class);
                match there {
                    Some(record) => {
                        record.count += seen.count;
                        record.last_at = record.last_at.max(seen.last_at);
                    }
                    None if of_day >= MOST_RECORDS_OF_A_DAY => beyond += seen.count,
                    None => {
                        let id = format!("record-{}", rows.decisions.len());
                        rows.decisions.push(DecisionRecord {
                            id,
                            day: *day,
                            class: class.clone(),
                            first_at: seen.first_at,
                            last_at: seen.last_at,
                            count: seen.count,
                            facts: seen.facts.clone(),
                        });
                    }
                }
            }
            for ((fingerprint, outcome), seen) in &tally.shadow {
                let there = rows.shadow.entry((fingerprint.clone(), (*outcome).to_owned()));
                let there = there.or_insert(ShadowSeen { count: 0, ..*seen });
                there.count += seen.count;
                there.last_at = seen.last_at;
            }
            beyond
        }))
    }

    async fn decisions(
        &self,
        _: &VirtualServerId,
        filter: &DecisionFilter,
        page: &Page,
    ) -> Result<Scanned<DecisionRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let mut found: Vec<DecisionRecord> = rows.decisions.clone();
            found.retain(|record| {
                let said = record.class.shadow.as_ref();
                filter.app.as_ref().is_none_or(|app| record.class.app == *app)
                    && filter.user.as_ref().is_none_or(|user| record.class.user.as_ref() == Some(user))
                    && (filter.decision.is_empty() || record.class.decided.decision == filter.decision)
                    && filter.shadow.as_ref().is_none_or(|set| said.is_some_and(|said| said.fingerprint == *set))
                    && filter.difference.is_none_or(|one| said.is_some_and(|said| said.difference == one))
            });
            found.sort_by(|a, b| (b.first_at, &b.id).cmp(&(a.first_at, &a.id)));
            let begins = found.iter().position(|record| record.id == page.after).map_or(0, |at| at + 1);
            let limit = page.limit.max(1) as usize;
            let more = found.len() > begins + limit;
            let items: Vec<_> = found.into_iter().skip(begins).take(limit).collect();
            let next = items.last().filter(|_| more).map(|record| record.id.clone());
            Scanned { items, next, searched_to: None }
        }))
    }

    async fn decision_days(&self, _: &VirtualServerId) -> Result<Vec<DecisionDay>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let of_records = rows.decisions.iter().map(|record| record.day);
            let mut days: Vec<Day> = of_records.chain(rows.decisions_left_out.keys().copied()).collect();
            days.sort_unstable();
            days.dedup();
            let count = |day: Day| rows.decisions.iter().filter(|record| record.day == day).count() as u64;
            let left = |day: Day| rows.decisions_left_out.get(&day).copied().unwrap_or(0);
            let day = |day: Day| DecisionDay { day, records: count(day), left_out: left(day) };
            days.into_iter().rev().map(day).collect()
        }))
    }

    async fn shadow_tallies(&self, _: &VirtualServerId, fingerprint: &str) -> Result<Vec<ShadowTally>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let of_it = rows.shadow.iter().filter(|((set, _), _)| set == fingerprint);
            of_it.map(|((_, outcome), seen)| ShadowTally { outcome: outcome.clone(), seen: *seen }).collect()
        }))
    }

    async fn drop_decisions(&self, _: &VirtualServerId, before: Day) -> Result<u64, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let there = rows.decisions.len();
            rows.decisions.retain(|record| record.day >= before);
            (there - rows.decisions.len()) as u64
        }))
    }
}
