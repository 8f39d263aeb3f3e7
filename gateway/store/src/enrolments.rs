//! The enrolment history report: a row for each enrolment transaction, folded from its records by
//! [`fold`](doorward_api::enrolment::fold) in the transaction that appends them.
//!
//! As in `trail.rs`, a search looks at a bounded number of rows.

use std::collections::BTreeMap;

use async_trait::async_trait;
use doorward_api::enrolment::{
    Enrolment, EnrolmentFilter, EnrolmentResult, FunnelStep, MissingUser, Place, ReportRow, StepTotal, Totals, Wanted,
    fold, place,
};
use doorward_api::ports::{Enrolments, Missing, Page, Scanned};
use doorward_api::trail::{Fact, Order};
use doorward_api::{StoreError, Timestamp, UserId, VirtualServerId};

use crate::db::{Tx, change_in, on, rows, rows_in};
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::After;
use crate::tallies::{self, Count, Tally};
use crate::without;

/// So many rows are looked at for one page.
const SCANNED: i64 = 4_000;

/// So many rows are counted one by one.
const COUNTED: i64 = 5_000;

/// The middle one of so few durations is looked up; of more it is taken from the sums.
const FEW: u64 = 500;

/// At most so many rows at once.
const MOST: u32 = 200;

/// Folds a record into the row that it belongs to, and counts it. The chain's head is held, so nobody else does at the same time.
pub(crate) async fn fold_in(tx: &mut Tx, vs: &VirtualServerId, fact: &Fact) -> Result<(), Failure> {
    let Some(place) = place(fact) else { return Ok(()) };
    let (row, counted) = stored(tx, vs, place).await?.unzip();
    // What neither begins one nor belongs to one is some sign-in's.
    let Some(row) = fold(row, fact) else { return Ok(()) };
    let (before, now) = (counted.flatten(), Count::of(&row));
    let mut tally = Tally::default();
    tally.change(tx, vs, row.began_at, (before.as_ref(), &now)).await?;
    tally.keep(tx, vs).await?;
    keep(tx, vs, &row, &now.written()?).await?;
    tallies::catch_up(tx, vs).await
}

/// A row, and what it was counted as.
type Stored = (Enrolment, Option<Count>);

async fn stored(tx: &mut Tx, vs: &VirtualServerId, place: Place<'_>) -> Result<Option<Stored>, Failure> {
    const BY_FLOW: &str = "SELECT body, counted FROM enrolment WHERE virtual_server = $1 AND id = $2";
    const BY_SERIAL: &str = "SELECT body, counted FROM enrolment WHERE virtual_server = $1 AND serial = $2 \
                             ORDER BY began_at DESC, id DESC LIMIT 1";
    for (sql, value) in [(BY_FLOW, place.flow), (BY_SERIAL, place.serial)] {
        let Some(value) = value else { continue };
        let found = rows_in!(&mut *tx, (String, Option<String>), sql, vs.as_str(), value)?;
        if let Some((body, counted)) = found.into_iter().next() {
            return Ok(Some((read(&body)?, Count::read(counted.as_deref()))));
        }
    }
    Ok(None)
}

fn read(body: &str) -> Result<Enrolment, Failure> {
    serde_json::from_str(body).map_err(|_| Failure::damaged("a row of the enrolment history cannot be read"))
}

async fn keep(tx: &mut Tx, vs: &VirtualServerId, row: &Enrolment, counted: &str) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO enrolment (virtual_server, id, last_seq, began_at, result, reason, initiation, user_id, \
                           serial, address, application, os, furthest, duration, step_0, step_1, step_2, step_3, step_4, \
                           step_5, body, counted, counted_seq) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
                           $20, $21, $22, $3) \
                       ON CONFLICT (virtual_server, id) DO UPDATE SET last_seq = excluded.last_seq, \
                           began_at = excluded.began_at, result = excluded.result, reason = excluded.reason, \
                           initiation = excluded.initiation, user_id = excluded.user_id, serial = excluded.serial, \
                           address = excluded.address, application = excluded.application, os = excluded.os, \
                           furthest = excluded.furthest, duration = excluded.duration, step_0 = excluded.step_0, \
                           step_1 = excluded.step_1, step_2 = excluded.step_2, step_3 = excluded.step_3, \
                           step_4 = excluded.step_4, step_5 = excluded.step_5, body = excluded.body, \
                           counted = excluded.counted, counted_seq = excluded.counted_seq";
    let body = serde_json::to_string(row).map_err(|_| Failure::damaged("a row of the report cannot be written"))?;
    let [offered, started, accepted, chosen, activated, used] = row.steps.map(|at| at.map(Timestamp::millis));
    change_in!(
        &mut *tx,
        SQL,
        vs.as_str(),
        &row.id,
        row.last_seq,
        row.began_at.millis(),
        row.result.as_str(),
        &row.reason,
        row.initiation.as_str(),
        row.user.as_ref().map(|user| user.as_str().to_owned()),
        Some(row.serial.as_str()).filter(|serial| !serial.is_empty()),
        &row.address,
        &row.application,
        &row.os,
        i64::try_from(row.furthest()).unwrap_or_default(),
        row.duration().filter(|_| row.result.succeeded()),
        offered,
        started,
        accepted,
        chosen,
        activated,
        used,
        body,
        counted,
    )?;
    Ok(())
}

/// Rows in the order of when they began, between two times, from a place on. The place is told by the times already, but for
/// rows of the same moment; by the `+` it is kept out of the choice of an index.
macro_rules! seen {
    ($columns:literal, ($at:literal, $narrowest:literal), $order:literal, $beyond:literal) => {
        concat!(
            "WITH seen AS MATERIALIZED (SELECT ",
            $columns,
            " FROM enrolment i WHERE i.virtual_server = $1 AND ",
            $at,
            " >= $2 AND ",
            $at,
            " < $3 AND (+i.began_at, i.id) ",
            $beyond,
            " ($4, $5)",
            $narrowest,
            " ORDER BY i.began_at ",
            $order,
            ", i.id ",
            $order,
            " LIMIT $6)"
        )
    };
}

/// Every condition of a filter.
macro_rules! fits {
    () => {
        "($7 = '' OR e.initiation = $7) AND (e.result = $8 OR ($8 = '' AND ($9 OR e.result <> 'offered'))) \
         AND ($10 = '' OR e.user_id = $10) AND ($11 = '' OR e.serial = $11) AND ($12 = '' OR e.address = $12) \
         AND ($13 = '' OR e.application = $13) AND ($14 = '' OR e.os = $14) \
         AND ($15 = '' OR EXISTS (SELECT 1 FROM group_member m WHERE m.virtual_server = $1 AND m.user_id = e.user_id \
             AND m.group_id = $15))"
    };
}

/// A page, and before it a row without an id where the search was cut: it stands for the last that was looked at.
macro_rules! search {
    (($at:literal, $narrowest:literal), $order:literal, $beyond:literal, $other:literal) => {
        concat!(
            seen!(
                "virtual_server, id, began_at, initiation, result, user_id, serial, address, application, os",
                ($at, $narrowest),
                $order,
                $beyond
            ),
            " SELECT * FROM (SELECT '' AS id, s.began_at, s.id AS body, CAST(NULL AS TEXT) AS name, \
                 CAST(NULL AS TEXT) AS display_name FROM seen s WHERE (SELECT COUNT(*) FROM seen) = $6 \
                 ORDER BY s.began_at ",
            $other,
            ", s.id ",
            $other,
            " LIMIT 1) edge \
              UNION ALL SELECT * FROM (SELECT e.id, e.began_at, whole.body, u.name, u.display_name FROM seen e \
              JOIN enrolment whole ON whole.virtual_server = e.virtual_server AND whole.id = e.id \
              LEFT JOIN user_account u ON u.virtual_server = e.virtual_server AND u.id = e.user_id WHERE ",
            fits!(),
            " ORDER BY e.began_at ",
            $order,
            ", e.id ",
            $order,
            " LIMIT $16) page"
        )
    };
}

macro_rules! searches {
    ($narrowest:tt) => {
        [search!($narrowest, "DESC", "<", "ASC"), search!($narrowest, "ASC", ">", "DESC")]
    };
}

// By the `+` the time is kept out of the choice of an index, where what is looked for is narrow enough.
const BY_TIME: [&str; 2] = searches!(("i.began_at", ""));
const BY_SERIAL: [&str; 2] = searches!(("+i.began_at", " AND i.serial = $11"));
const BY_USER: [&str; 2] = searches!(("+i.began_at", " AND i.user_id = $10"));
const BY_RESULT: [&str; 2] = searches!(("i.began_at", " AND i.result = $8"));

/// How many came to what: by result and reason; and by the furthest step. With how many were looked at.
const COUNTS: &str = concat!(
    seen!(
        "id, began_at, initiation, result, reason, user_id, serial, address, application, os, furthest, duration, step_0, \
         step_1, step_2, step_3, step_4, step_5",
        ("i.began_at", ""),
        "DESC",
        "<"
    ),
    ", part AS MATERIALIZED (SELECT * FROM seen e WHERE ",
    fits!(),
    ") SELECT 'seen' AS what, '' AS name, COUNT(*) AS counted FROM seen \
       UNION ALL SELECT result, reason, COUNT(*) FROM part GROUP BY result, reason \
       UNION ALL SELECT 'furthest', CAST(furthest AS TEXT), COUNT(*) FROM part GROUP BY furthest"
);

/// The middle one of how long each step took from the one before; as the last, of the whole of those that succeeded.
const MEDIANS: &str = concat!(
    seen!(
        "id, began_at, initiation, result, reason, user_id, serial, address, application, os, furthest, duration, step_0, \
         step_1, step_2, step_3, step_4, step_5",
        ("i.began_at", ""),
        "DESC",
        "<"
    ),
    ", part AS MATERIALIZED (SELECT * FROM seen e WHERE ",
    fits!(),
    "), gap (step, took) AS (SELECT 1, step_1 - step_0 FROM part UNION ALL SELECT 2, step_2 - step_1 FROM part \
       UNION ALL SELECT 3, step_3 - step_2 FROM part UNION ALL SELECT 4, step_4 - step_3 FROM part \
       UNION ALL SELECT 5, step_5 - step_4 FROM part UNION ALL SELECT 6, duration FROM part), \
     ranked AS (SELECT step, took, ROW_NUMBER() OVER (PARTITION BY step ORDER BY took) AS place, \
       COUNT(*) OVER (PARTITION BY step) AS counted FROM gap WHERE took IS NOT NULL) \
     SELECT CAST(step AS BIGINT), CAST(took AS BIGINT) FROM ranked WHERE place = (counted + 1) / 2"
);

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    began_at: i64,
    body: String,
    name: Option<String>,
    display_name: Option<String>,
}

/// A filter as statements take it.
struct Bound {
    from: i64,
    until: i64,
    after: (i64, String),
    initiation: &'static str,
    result: &'static str,
    user: String,
    group: String,
}

impl Bound {
    /// `None` for a place that no list has given.
    fn of(filter: &EnrolmentFilter, after: &str) -> Option<Self> {
        let after = match (after.is_empty(), filter.order) {
            (true, Order::Newest) => (i64::MAX, String::new()),
            (true, Order::Oldest) => (i64::MIN, String::new()),
            (false, _) => {
                let After { key, id } = After::read(after)?;
                (key.parse().ok()?, id)
            }
        };
        let from = filter.from.map_or(i64::MIN, Timestamp::millis);
        let until = filter.until.map_or(i64::MAX, Timestamp::millis);
        let (from, until) = match filter.order {
            Order::Newest => (from, until.min(after.0.saturating_add(1))),
            Order::Oldest => (from.max(after.0), until),
        };
        Some(Self {
            from,
            until,
            after,
            initiation: filter.initiation.map_or("", |initiation| initiation.as_str()),
            result: filter.result.map_or("", EnrolmentResult::as_str),
            user: filter.user.as_ref().map_or("", |user| user.as_str()).to_owned(),
            group: filter.group.as_ref().map_or("", |group| group.as_str()).to_owned(),
        })
    }
}

/// Rows of a statement that takes a filter, with what it takes besides.
macro_rules! filtered {
    ($inner:expr, $row:ty, $sql:expr, $vs:expr, $filter:expr, $bound:expr, $scanned:expr, $offered:expr $(, $more:expr)*) => {
        rows!(
            $inner.db.reader(),
            $row,
            $sql,
            $vs.as_str(),
            $bound.from,
            $bound.until,
            $bound.after.0,
            &$bound.after.1,
            $scanned,
            $bound.initiation,
            $bound.result,
            $offered,
            &$bound.user,
            &$filter.serial,
            &$filter.address,
            &$filter.application,
            &$filter.os,
            &$bound.group
            $(, $more)*
        )
    };
}

async fn search(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &EnrolmentFilter,
    page: &Page,
) -> Result<Scanned<ReportRow>, Failure> {
    let Some(bound) = Bound::of(filter, &page.after) else {
        return Ok(Scanned { items: Vec::new(), next: None, searched_to: None });
    };
    let limit = page.limit.clamp(1, MOST) as usize;
    let ways = match filter {
        EnrolmentFilter { serial, .. } if !serial.is_empty() => BY_SERIAL,
        EnrolmentFilter { user: Some(_), .. } => BY_USER,
        EnrolmentFilter { result: Some(_), .. } => BY_RESULT,
        _ => BY_TIME,
    };
    let [newest, oldest] = ways;
    let sql = if filter.order == Order::Newest { newest } else { oldest };
    // Few at first: most pages are found among them.
    let mut found = Vec::new();
    for scanned in [500, SCANNED] {
        let asked = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        found = filtered!(inner, Row, sql, vs, filter, bound, scanned, filter.offered, asked)?;
        let cut = found.first().is_some_and(|row| row.id.is_empty());
        if !cut || found.len() > limit + 1 {
            break;
        }
    }
    scanned(inner, vs, found, limit).await
}

fn written(at: i64, id: &str) -> String {
    After { key: at.to_string(), id: id.to_owned() }.written()
}

async fn scanned(
    inner: &Inner,
    vs: &VirtualServerId,
    mut found: Vec<Row>,
    limit: usize,
) -> Result<Scanned<ReportRow>, Failure> {
    // The first row may tell where the search was cut.
    let edge = found.first().filter(|row| row.id.is_empty()).map(|row| (row.began_at, row.body.clone()));
    found.retain(|row| !row.id.is_empty());
    let more = found.len() > limit;
    found.truncate(limit);
    let (next, searched_to) = match (more, found.last(), edge) {
        (true, Some(last), _) => (Some(written(last.began_at, &last.id)), None),
        (_, _, Some((at, id))) => (Some(written(at, &id)), Some(Timestamp::from_millis(at))),
        _ => (None, None),
    };
    let rows: Vec<(Enrolment, Row)> =
        found.into_iter().map(|row| Ok((read(&row.body)?, row))).collect::<Result<_, Failure>>()?;
    let mut users: Vec<&str> = rows.iter().filter_map(|(row, _)| row.user.as_ref()).map(UserId::as_str).collect();
    users.sort_unstable();
    users.dedup();
    let groups = groups_of(inner, vs, &users).await?;
    let items = rows.into_iter().map(|(enrolment, row)| ReportRow {
        groups: enrolment.user.as_ref().and_then(|user| groups.get(user.as_str())).cloned().unwrap_or_default(),
        enrolment,
        name: row.name,
        display_name: row.display_name.unwrap_or_default(),
    });
    Ok(Scanned { items: items.collect(), next, searched_to })
}

/// The groups that users are in themselves, by name.
async fn groups_of(
    inner: &Inner,
    vs: &VirtualServerId,
    users: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    const AT_ONCE: usize = 20;
    const SQL: &str = "SELECT m.user_id, g.name FROM group_member m \
                       JOIN user_group g ON g.virtual_server = m.virtual_server AND g.id = m.group_id \
                       WHERE m.virtual_server = $1 AND m.user_id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
                           $13, $14, $15, $16, $17, $18, $19, $20, $21) ORDER BY g.name";
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for some in users.chunks(AT_ONCE) {
        let padded = some.iter().copied().chain(std::iter::repeat("")).take(AT_ONCE);
        let found: Vec<(String, String)> = on!(inner.db.reader(), |pool| {
            let mut query = sqlx::query_as(SQL).bind(vs.as_str());
            for user in padded {
                query = query.bind(user);
            }
            query.fetch_all(pool).await
        })?;
        for (user, group) in found {
            groups.entry(user).or_default().push(group);
        }
    }
    Ok(groups)
}

async fn totals(inner: &Inner, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, Failure> {
    let newest = EnrolmentFilter { order: Order::Newest, ..filter.clone() };
    let Some(bound) = Bound::of(&newest, "") else { return Ok(Totals::default()) };
    if tallies::can_answer(filter) {
        let mut totals = tallies::totals(inner, vs, filter, COUNTED).await?;
        if totals.counted <= FEW {
            let medians = filtered!(inner, (i64, i64), MEDIANS, vs, filter, bound, COUNTED, true)?;
            with_medians(&mut totals, &medians);
        }
        return Ok(totals);
    }
    // What was offered and never begun is in the funnel.
    let counts = filtered!(inner, (String, String, i64), COUNTS, vs, filter, bound, COUNTED, true)?;
    let medians = filtered!(inner, (i64, i64), MEDIANS, vs, filter, bound, COUNTED, true)?;
    Ok(summed(&counts, &medians))
}

fn summed(counts: &[(String, String, i64)], medians: &[(i64, i64)]) -> Totals {
    let count = |of: i64| u64::try_from(of).unwrap_or_default();
    let mut results: BTreeMap<usize, u64> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    let mut reached = [0_u64; FunnelStep::ALL.len()];
    let mut seen = 0;
    for (what, name, counted) in counts {
        match (what.as_str(), EnrolmentResult::parse(what)) {
            ("seen", _) => seen = *counted,
            ("furthest", _) => {
                let furthest = name.parse::<usize>().unwrap_or_default();
                reached.iter_mut().take(furthest + 1).for_each(|step| *step += count(*counted));
            }
            (_, Some(result)) => {
                *results.entry(result as usize).or_default() += count(*counted);
                let failed =
                    !result.succeeded() && !matches!(result, EnrolmentResult::Offered | EnrolmentResult::InProgress);
                if failed && !name.is_empty() {
                    *reasons.entry(name).or_default() += count(*counted);
                }
            }
            (_, None) => {}
        }
    }
    let median = |step: usize| medians.iter().find(|(of, _)| usize::try_from(*of) == Ok(step)).map(|(_, took)| *took);
    let of_step = |(place, step): (usize, FunnelStep)| StepTotal {
        step,
        reached: reached.get(place).copied().unwrap_or_default(),
        median: median(place),
    };
    Totals {
        counted: results.values().sum(),
        more: seen == COUNTED,
        results: EnrolmentResult::ALL
            .into_iter()
            .filter_map(|result| Some((result, *results.get(&(result as usize))?)))
            .collect(),
        median_duration: median(FunnelStep::ALL.len()),
        // Of equal ones the first by name.
        top_reason: reasons
            .into_iter()
            .rev()
            .max_by_key(|(_, count)| *count)
            .map(|(name, count)| (name.to_owned(), count)),
        funnel: FunnelStep::ALL.into_iter().enumerate().map(of_step).collect(),
    }
}

/// The middle ones as they were looked up, in place of those that were taken from the sums.
fn with_medians(totals: &mut Totals, medians: &[(i64, i64)]) {
    let median = |step: usize| medians.iter().find(|(of, _)| usize::try_from(*of) == Ok(step)).map(|(_, took)| *took);
    for (place, step) in totals.funnel.iter_mut().enumerate() {
        step.median = median(place);
    }
    totals.median_duration = median(FunnelStep::ALL.len());
}

#[async_trait]
impl Enrolments for Store {
    async fn enrolments(
        &self,
        vs: &VirtualServerId,
        filter: &EnrolmentFilter,
        page: &Page,
    ) -> Result<Scanned<ReportRow>, StoreError> {
        let (vs, filter, page) = (vs.clone(), filter.clone(), page.clone());
        self.run(move |inner| async move { search(&inner, &vs, &filter, &page).await }).await
    }

    async fn enrolment_totals(&self, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, StoreError> {
        let (vs, filter) = (vs.clone(), filter.clone());
        self.run(move |inner| async move { totals(&inner, &vs, &filter).await }).await
    }

    async fn count_missing(&self, vs: &VirtualServerId, wanted: &Wanted) -> Result<Missing, StoreError> {
        without::count(self, vs, wanted).await
    }

    async fn missing(
        &self,
        vs: &VirtualServerId,
        wanted: &Wanted,
        page: &Page,
    ) -> Result<Scanned<MissingUser>, StoreError> {
        let (vs, wanted, page) = (vs.clone(), wanted.clone(), page.clone());
        self.run(move |inner| async move { without::list(&inner, &vs, &wanted, &page).await }).await
    }
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    let ways = [
        (["enrolments", "enrolments, oldest first"], BY_TIME),
        (["enrolments of a token", "enrolments of a token, oldest first"], BY_SERIAL),
        (["enrolments of a user", "enrolments of a user, oldest first"], BY_USER),
        (["enrolments that ended so", "enrolments that ended so, oldest first"], BY_RESULT),
    ];
    ways.into_iter()
        .flat_map(|(names, sqls)| names.into_iter().zip(sqls))
        .chain([("what enrolments came to", COUNTS), ("how long enrolments took", MEDIANS)])
        .collect()
}
