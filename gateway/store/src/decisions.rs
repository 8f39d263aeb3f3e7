//! Decision records. A tally is added in one transaction, which holds the row of each of its days: whoever adds to the same day
//! waits, so that no more rows are made of a day than there may be.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use doorward_api::decided::{
    Decided, DecisionClass, DecisionDay, DecisionFacts, DecisionFilter, DecisionRecord, DecisionTally, Difference,
    MOST_RECORDS_OF_A_DAY, Seen, ShadowSaid, ShadowSeen, ShadowTally,
};
use doorward_api::ports::{Decisions, Page, Scanned};
use doorward_api::settings::Day;
use doorward_api::{AppId, Factor, StoreError, Timestamp, UserId, VirtualServerId};
use ring::digest::{SHA256, digest};

use crate::db::{Tx, change, change_in, rows, rows_in};
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::After;

/// So many rows are looked at for one page, where more than its narrowest condition is asked for; and so many at first.
const SCANNED: i64 = 8_000;
const FEW: i64 = 1_000;

/// At most so many records at once: a replay takes as many.
const MOST: u32 = 1000;

/// So many rows are taken away at once.
const PORTION: i64 = 2000;

/// Texts with an end of a page: nothing is before it.
const FIRST: (i64, &str) = (i64::MAX, "");

impl Store {
    async fn add(inner: &Inner, vs: &VirtualServerId, tally: &DecisionTally) -> Result<u64, Failure> {
        let mut tx = inner.db.begin().await?;
        let days: BTreeSet<Day> =
            tally.seen.iter().map(|(day, ..)| *day).chain(tally.left_out.keys().copied()).collect();
        let mut kept = BTreeMap::new();
        // In order, so that two processes never wait for each other.
        for day in days {
            kept.insert(day, hold(&mut tx, vs, day).await?);
        }
        let mut left_out = tally.left_out.clone();
        let mut beyond: u64 = 0;
        for (day, class, seen) in &tally.seen {
            let records = kept.entry(*day).or_insert(0);
            let id = id_of(class);
            if count_in(&mut tx, vs, (*day, &id), seen).await? {
                continue;
            }
            if *records >= whole(MOST_RECORDS_OF_A_DAY) {
                let left = left_out.entry(*day).or_insert(0);
                *left = left.saturating_add(seen.count);
                beyond = beyond.saturating_add(seen.count);
            } else if make(&mut tx, vs, (*day, &id), class, seen).await? {
                *records += 1;
            }
        }
        for (day, records) in kept {
            let left = left_out.get(&day).copied().unwrap_or(0);
            settle(&mut tx, vs, day, (records, whole(left))).await?;
        }
        for ((fingerprint, outcome), seen) in &tally.shadow {
            tell(&mut tx, vs, (fingerprint, outcome), *seen).await?;
        }
        tx.commit().await?;
        Ok(beyond)
    }
}

/// Takes the row of a day, and says how many records it has.
async fn hold(tx: &mut Tx, vs: &VirtualServerId, day: Day) -> Result<i64, Failure> {
    const SQL: &str = "INSERT INTO decision_day (virtual_server, day, records, left_out) VALUES ($1, $2, 0, 0) \
                       ON CONFLICT (virtual_server, day) DO UPDATE SET left_out = decision_day.left_out RETURNING records";
    let found = rows_in!(&mut *tx, (i64,), SQL, vs.as_str(), day_number(day))?;
    Ok(found.first().map_or(0, |(records,)| *records))
}

async fn settle(tx: &mut Tx, vs: &VirtualServerId, day: Day, (records, left): (i64, i64)) -> Result<(), Failure> {
    const SQL: &str = "UPDATE decision_day SET records = $3, left_out = left_out + $4 \
                       WHERE virtual_server = $1 AND day = $2";
    Ok(change_in!(&mut *tx, SQL, vs.as_str(), day_number(day), records, left).map(drop)?)
}

/// Adds to a row that is there.
async fn count_in(tx: &mut Tx, vs: &VirtualServerId, (day, id): (Day, &str), seen: &Seen) -> Result<bool, Failure> {
    const SQL: &str = "UPDATE decision_record SET requests = requests + $4, \
                       last_at = CASE WHEN last_at < $5 THEN $5 ELSE last_at END \
                       WHERE virtual_server = $1 AND day = $2 AND id = $3";
    let changed =
        change_in!(&mut *tx, SQL, vs.as_str(), day_number(day), id, whole(seen.count), seen.last_at.millis())?;
    Ok(changed > 0)
}

/// Makes a row; not of somebody who is gone.
async fn make(
    tx: &mut Tx,
    vs: &VirtualServerId,
    (day, id): (Day, &str),
    class: &DecisionClass,
    seen: &Seen,
) -> Result<bool, Failure> {
    const SQL: &str = "INSERT INTO decision_record (virtual_server, day, id, app, user_id, user_name, method, \
                           path_class, network, decision, decided, shadow, shadow_outcome, shadow_said, first_at, \
                           last_at, requests, facts) \
                       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 \
                       WHERE $5 IS NULL OR EXISTS \
                           (SELECT 1 FROM user_account u WHERE u.virtual_server = $1 AND u.id = $5)";
    let shadow = class.shadow.as_ref();
    let made = change_in!(
        &mut *tx,
        SQL,
        vs.as_str(),
        day_number(day),
        id,
        class.app.as_str(),
        class.user.as_ref().map(UserId::as_str),
        &class.name,
        &class.method,
        &class.path_class,
        &class.network,
        &class.decided.decision,
        json(&class.decided),
        shadow.map(|said| said.fingerprint.as_str()),
        shadow.map(|said| said.difference.as_str()),
        shadow.map(|said| json(&said.decided)),
        seen.first_at.millis(),
        seen.last_at.millis(),
        whole(seen.count),
        json(&seen.facts),
    )?;
    Ok(made > 0)
}

async fn tell(
    tx: &mut Tx,
    vs: &VirtualServerId,
    (fingerprint, outcome): (&str, &str),
    seen: ShadowSeen,
) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO shadow_tally (virtual_server, fingerprint, outcome, requests, first_at, last_at) \
                       VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (virtual_server, fingerprint, outcome) DO UPDATE SET \
                           requests = shadow_tally.requests + excluded.requests, last_at = excluded.last_at";
    let ShadowSeen { count, first_at, last_at } = seen;
    let (first, last) = (first_at.millis(), last_at.millis());
    Ok(change_in!(&mut *tx, SQL, vs.as_str(), fingerprint, outcome, whole(count), first, last).map(drop)?)
}

/// The digest of what makes requests alike. Names are not in it: they change, and the user stays the same.
fn id_of(class: &DecisionClass) -> String {
    let DecisionClass {
        app,
        user,
        name: _,
        method,
        path_class,
        network,
        factors,
        deferred,
        probation,
        decided,
        shadow,
    } = class;
    let alike = json(&(app, user, method, path_class, network, factors, deferred, probation, decided, shadow));
    let digest = digest(&SHA256, alike.as_bytes());
    HEXLOWER.encode(digest.as_ref().get(..16).unwrap_or_default())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Days since 1970.
fn day_number(day: Day) -> i64 {
    whole(day.begins().secs() / (24 * 60 * 60))
}

fn day_of(number: i64) -> Day {
    Day::of(Timestamp::from_secs(number.saturating_mul(24 * 60 * 60)))
}

#[derive(sqlx::FromRow)]
struct Row {
    day: i64,
    id: String,
    app: String,
    user_id: Option<String>,
    user_name: String,
    method: String,
    path_class: String,
    network: String,
    decided: String,
    shadow: Option<String>,
    shadow_outcome: Option<String>,
    shadow_said: Option<String>,
    first_at: i64,
    last_at: i64,
    requests: i64,
    facts: String,
}

impl Row {
    fn place(&self) -> After {
        After { key: self.first_at.to_string(), id: self.id.clone() }
    }

    /// `None` for what cannot be read: another release has written it.
    fn record(self) -> Option<DecisionRecord> {
        let facts: DecisionFacts = serde_json::from_str(&self.facts).ok()?;
        let said = |text: &str| serde_json::from_str::<Decided>(text).ok();
        let shadow = match (self.shadow, self.shadow_outcome, self.shadow_said) {
            (Some(fingerprint), Some(outcome), Some(decided)) => {
                let (difference, decided) = (Difference::parse(&outcome)?, said(&decided)?);
                Some(ShadowSaid { fingerprint, decided, difference })
            }
            _ => None,
        };
        let class = DecisionClass {
            app: AppId::new(self.app),
            user: self.user_id.map(UserId::new),
            name: self.user_name,
            method: self.method,
            path_class: self.path_class,
            network: self.network,
            factors: Factor::ALL.into_iter().filter(|factor| facts.proofs.has(*factor)).collect(),
            deferred: facts.proofs.deferred(facts.at),
            probation: facts.proofs.on_probation(facts.at),
            decided: said(&self.decided)?,
            shadow,
        };
        Some(DecisionRecord {
            id: self.id,
            day: day_of(self.day),
            class,
            first_at: Timestamp::from_millis(self.first_at),
            last_at: Timestamp::from_millis(self.last_at),
            count: u64::try_from(self.requests).unwrap_or(0),
            facts,
        })
    }
}

/// Rows before a place, newest first, of the narrowest condition.
macro_rules! seen {
    ($columns:literal, $narrowest:literal) => {
        concat!(
            "WITH seen AS (SELECT ",
            $columns,
            " FROM decision_record d WHERE d.virtual_server = $1 \
             AND (d.first_at, d.id) < ($2, $3)",
            $narrowest,
            " ORDER BY d.first_at DESC, d.id DESC LIMIT $4) "
        )
    };
}

/// Those of them for which all holds; and where they end.
macro_rules! narrowed {
    ($narrowest:literal, $in_edge:literal) => {
        Narrowed {
            search: concat!(
                seen!("*", $narrowest),
                "SELECT day, id, app, user_id, user_name, method, path_class, network, decided, shadow, \
                 shadow_outcome, shadow_said, first_at, last_at, requests, facts FROM seen \
                 WHERE ($5 = '' OR app = $5) AND ($6 = '' OR user_id = $6) AND ($7 = '' OR decision = $7) \
                 AND ($8 = '' OR shadow = $8) AND ($9 = '' OR shadow_outcome = $9) \
                 ORDER BY first_at DESC, id DESC LIMIT $10"
            ),
            edge: concat!(
                seen!("d.first_at, d.id", $in_edge),
                "SELECT first_at, id, (SELECT COUNT(*) FROM seen) FROM seen WHERE ($5 = '' OR $5 = $5) \
                 ORDER BY first_at, id LIMIT 1"
            ),
        }
    };
}

struct Narrowed {
    search: &'static str,
    edge: &'static str,
}

const BY_TIME: Narrowed = narrowed!("", "");
const BY_APP: Narrowed = narrowed!(" AND d.app = $5", " AND d.app = $5");
const BY_USER: Narrowed = narrowed!(" AND d.user_id = $6", " AND d.user_id = $5");
const BY_DECISION: Narrowed = narrowed!(" AND d.decision = $7", " AND d.decision = $5");
const BY_SHADOW: Narrowed =
    narrowed!(" AND d.shadow IS NOT NULL AND d.shadow = $8", " AND d.shadow IS NOT NULL AND d.shadow = $5");

/// What is asked for, and the way to look for it.
struct Search<'a> {
    narrowed: &'static Narrowed,
    /// What the narrowest condition looks for.
    wanted: &'a str,
    /// There is no other condition.
    alone: bool,
    app: &'a str,
    user: &'a str,
    decision: &'a str,
    shadow: &'a str,
    difference: &'a str,
}

impl<'a> Search<'a> {
    fn of(filter: &'a DecisionFilter) -> Self {
        let app = filter.app.as_ref().map_or("", AppId::as_str);
        let user = filter.user.as_ref().map_or("", UserId::as_str);
        let shadow = filter.shadow.as_deref().unwrap_or_default();
        let difference = filter.difference.map_or("", Difference::as_str);
        let decision = filter.decision.as_str();
        let ways = [(&BY_SHADOW, shadow), (&BY_USER, user), (&BY_APP, app), (&BY_DECISION, decision)];
        let (narrowed, wanted) = ways.into_iter().find(|(_, wanted)| !wanted.is_empty()).unwrap_or((&BY_TIME, ""));
        let conditions = [app, user, shadow, difference, decision].iter().filter(|one| !one.is_empty()).count();
        let alone = conditions == usize::from(!wanted.is_empty());
        Self { narrowed, wanted, alone, app, user, decision, shadow, difference }
    }

    /// Records before a place among so many rows.
    async fn among(
        &self,
        inner: &Inner,
        vs: &VirtualServerId,
        (at, id): (i64, &str),
        (scanned, limit): (i64, i64),
    ) -> Result<Vec<Row>, Failure> {
        let Self { narrowed, app, user, decision, shadow, difference, .. } = self;
        Ok(rows!(
            inner.db.reader(),
            Row,
            narrowed.search,
            vs.as_str(),
            at,
            id,
            scanned,
            *app,
            *user,
            *decision,
            *shadow,
            *difference,
            limit,
        )?)
    }

    /// Where so many rows before a place end, if there are so many.
    async fn edge(
        &self,
        inner: &Inner,
        vs: &VirtualServerId,
        (at, id): (i64, &str),
        scanned: i64,
    ) -> Result<Option<(i64, String)>, Failure> {
        type Edge = (i64, String, i64);
        let found = rows!(inner.db.reader(), Edge, self.narrowed.edge, vs.as_str(), at, id, scanned, self.wanted)?;
        let stopped = found.into_iter().next().filter(|(_, _, count)| *count == scanned);
        Ok(stopped.map(|(at, id, _)| (at, id)))
    }
}

async fn search(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &DecisionFilter,
    page: &Page,
) -> Result<Scanned<DecisionRecord>, Failure> {
    let nothing = Scanned { items: Vec::new(), next: None, searched_to: None };
    let (at, id) = match After::read(&page.after).map(|after| (after.key.parse::<i64>(), after.id)) {
        Some((Ok(at), id)) => (at, id),
        _ if page.after.is_empty() => (FIRST.0, FIRST.1.to_owned()),
        _ => return Ok(nothing),
    };
    let before = (at, id.as_str());
    let limit = page.limit.clamp(1, MOST) as usize;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let search = Search::of(filter);
    // Where nothing is left to look at, no more rows are needed than are shown.
    let tries: &[i64] = if search.alone { &[wanted] } else { &[FEW, SCANNED] };
    let (mut found, mut stopped) = (Vec::new(), None);
    for scanned in tries {
        found = search.among(inner, vs, before, (*scanned, wanted)).await?;
        if found.len() > limit {
            break;
        }
        stopped = search.edge(inner, vs, before, *scanned).await?;
        if stopped.is_none() {
            break;
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().map(Row::place);
    let items = found.into_iter().filter_map(Row::record).collect();
    if more {
        return Ok(Scanned { items, next: last.map(|place| place.written()), searched_to: None });
    }
    Ok(Scanned {
        items,
        searched_to: stopped.as_ref().map(|(at, _)| Timestamp::from_millis(*at)),
        next: stopped.map(|(at, id)| After { key: at.to_string(), id }.written()),
    })
}

#[async_trait]
impl Decisions for Store {
    async fn keep_decisions(&self, vs: &VirtualServerId, tally: &DecisionTally) -> Result<u64, StoreError> {
        let (vs, tally) = (vs.clone(), tally.clone());
        self.run(move |inner| async move { Store::add(&inner, &vs, &tally).await }).await
    }

    async fn decisions(
        &self,
        vs: &VirtualServerId,
        filter: &DecisionFilter,
        page: &Page,
    ) -> Result<Scanned<DecisionRecord>, StoreError> {
        let (vs, filter, page) = (vs.clone(), filter.clone(), page.clone());
        self.run(move |inner| async move { search(&inner, &vs, &filter, &page).await }).await
    }

    async fn decision_days(&self, vs: &VirtualServerId) -> Result<Vec<DecisionDay>, StoreError> {
        const SQL: &str = "SELECT day, records, left_out FROM decision_day WHERE virtual_server = $1 \
                           ORDER BY day DESC LIMIT 400";
        let vs = vs.clone();
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let found =
            self.run(move |inner| async move { Ok(rows!(inner.db.reader(), (i64, i64, i64), SQL, vs.as_str())?) });
        let day = |(day, records, left): (i64, i64, i64)| DecisionDay {
            day: day_of(day),
            records: count(records),
            left_out: count(left),
        };
        Ok(found.await?.into_iter().map(day).collect())
    }

    async fn shadow_tallies(&self, vs: &VirtualServerId, fingerprint: &str) -> Result<Vec<ShadowTally>, StoreError> {
        const SQL: &str = "SELECT outcome, requests, first_at, last_at FROM shadow_tally \
                           WHERE virtual_server = $1 AND fingerprint = $2 ORDER BY outcome";
        let (vs, fingerprint) = (vs.clone(), fingerprint.to_owned());
        let found = self.run(move |inner| async move {
            Ok(rows!(inner.db.reader(), (String, i64, i64, i64), SQL, vs.as_str(), fingerprint)?)
        });
        let tally = |(outcome, count, first, last): (String, i64, i64, i64)| ShadowTally {
            outcome,
            seen: ShadowSeen {
                count: u64::try_from(count).unwrap_or(0),
                first_at: Timestamp::from_millis(first),
                last_at: Timestamp::from_millis(last),
            },
        };
        Ok(found.await?.into_iter().map(tally).collect())
    }

    async fn drop_decisions(&self, vs: &VirtualServerId, before: Day) -> Result<u64, StoreError> {
        const RECORDS: &str = "DELETE FROM decision_record WHERE virtual_server = $1 AND (day, id) IN \
                               (SELECT day, id FROM decision_record WHERE virtual_server = $1 AND day < $2 \
                                ORDER BY day, id LIMIT $3)";
        const DAYS: &str = "DELETE FROM decision_day WHERE virtual_server = $1 AND day < $2";
        const TALLIES: &str = "DELETE FROM shadow_tally WHERE virtual_server = $1 AND last_at < $2";
        let (vs, day, begins) = (vs.clone(), day_number(before), before.begins().millis());
        self.run(move |inner| async move {
            let gone = change!(inner.db.writer()?, RECORDS, vs.as_str(), day, PORTION)?;
            let days = change!(inner.db.writer()?, DAYS, vs.as_str(), day)?;
            Ok(gone + days + change!(inner.db.writer()?, TALLIES, vs.as_str(), begins)?)
        })
        .await
    }
}
