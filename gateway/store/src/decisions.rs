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

    /// It stands for where a search was cut.
    fn says_nothing(&self) -> bool {
        self.decided.is_empty()
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

/// Rows before a place, newest first, of the narrowest condition: first, where the search was cut, the last that was looked at, which
/// says nothing; then those for which all holds. In one statement, since rows come and go.
macro_rules! search {
    ($narrowest:literal) => {
        concat!(
            "WITH seen AS MATERIALIZED (SELECT d.day, d.id, d.app, d.user_id, d.decision, d.shadow, d.shadow_outcome, \
             d.first_at FROM decision_record d WHERE d.virtual_server = $1 AND (d.first_at, d.id) < ($2, $3)",
            $narrowest,
            " ORDER BY d.first_at DESC, d.id DESC LIMIT $4) \
             SELECT * FROM (SELECT s.day, s.id, s.app, s.user_id, '' AS user_name, '' AS method, '' AS path_class, \
             '' AS network, '' AS decided, s.shadow, s.shadow_outcome, CAST(NULL AS TEXT) AS shadow_said, s.first_at, \
             s.first_at AS last_at, s.first_at AS requests, '' AS facts FROM seen s \
             WHERE (SELECT COUNT(*) FROM seen) = $4 ORDER BY s.first_at, s.id LIMIT 1) edge UNION ALL \
             SELECT * FROM (SELECT r.day, r.id, r.app, r.user_id, r.user_name, r.method, r.path_class, r.network, \
             r.decided, r.shadow, r.shadow_outcome, r.shadow_said, r.first_at, r.last_at, r.requests, r.facts \
             FROM (SELECT e.day, e.id FROM seen e \
             WHERE ($5 = '' OR e.app = $5) AND ($6 = '' OR e.user_id = $6) AND ($7 = '' OR e.decision = $7) \
             AND ($8 = '' OR e.shadow = $8) AND ($9 = '' OR e.shadow_outcome = $9) \
             ORDER BY e.first_at DESC, e.id DESC LIMIT $10) found \
             CROSS JOIN decision_record r WHERE r.virtual_server = $1 AND r.day = found.day AND r.id = found.id \
             ORDER BY r.first_at DESC, r.id DESC) page"
        )
    };
}

const BY_TIME: &str = search!("");
const BY_APP: &str = search!(" AND d.app = $5");
const BY_USER: &str = search!(" AND d.user_id = $6");
const BY_DECISION: &str = search!(" AND d.decision = $7");
const BY_SHADOW: &str = search!(" AND d.shadow IS NOT NULL AND d.shadow = $8");

/// What is asked for, and the way to look for it.
struct Search<'a> {
    sql: &'static str,
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
        let ways = [(BY_SHADOW, shadow), (BY_USER, user), (BY_APP, app), (BY_DECISION, decision)];
        let (sql, wanted) = ways.into_iter().find(|(_, wanted)| !wanted.is_empty()).unwrap_or((BY_TIME, ""));
        let conditions = [app, user, shadow, difference, decision].iter().filter(|one| !one.is_empty()).count();
        let alone = conditions == usize::from(!wanted.is_empty());
        Self { sql, alone, app, user, decision, shadow, difference }
    }

    /// Records before a place among so many rows; and where those end, if there are so many.
    async fn among(
        &self,
        inner: &Inner,
        vs: &VirtualServerId,
        (at, id): (i64, &str),
        (scanned, limit): (i64, i64),
    ) -> Result<(Vec<Row>, Option<Row>), Failure> {
        let Self { sql, app, user, decision, shadow, difference, .. } = self;
        let mut found = rows!(
            inner.db.reader(),
            Row,
            *sql,
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
        )?;
        let cut = found.first().is_some_and(Row::says_nothing);
        let edge = if cut { Some(found.remove(0)) } else { None };
        Ok((found, edge))
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
        (found, stopped) = search.among(inner, vs, before, (*scanned, wanted)).await?;
        if found.len() > limit || stopped.is_none() {
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
        searched_to: stopped.as_ref().map(|edge| Timestamp::from_millis(edge.first_at)),
        next: stopped.map(|edge| edge.place().written()),
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
        // What a set says seldom counts for as long as it says anything: without it, the rest would say that nothing differs.
        const TALLIES: &str = "DELETE FROM shadow_tally WHERE virtual_server = $1 AND fingerprint NOT IN \
                               (SELECT fingerprint FROM shadow_tally WHERE virtual_server = $1 AND last_at >= $2)";
        let (vs, day, begins) = (vs.clone(), day_number(before), before.begins().millis());
        self.run(move |inner| async move {
            let gone = change!(inner.db.writer()?, RECORDS, vs.as_str(), day, PORTION)?;
            let days = change!(inner.db.writer()?, DAYS, vs.as_str(), day)?;
            Ok(gone + days + change!(inner.db.writer()?, TALLIES, vs.as_str(), begins)?)
        })
        .await
    }
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    vec![
        ("decision records", BY_TIME),
        ("decision records of an application", BY_APP),
        ("decision records of a user", BY_USER),
        ("decision records that decided so", BY_DECISION),
        ("decision records of policies in the shadow", BY_SHADOW),
    ]
}
