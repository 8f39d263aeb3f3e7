//! The enrolment history report: a row for each enrolment transaction, folded from its records by
//! [`fold`](doorward_api::enrolment::fold) in the transaction that appends them.
//!
//! As in `trail.rs`, a search looks at a bounded number of rows.

use std::collections::BTreeMap;
use std::time::Instant;

use async_trait::async_trait;
use doorward_api::enrolment::{
    Enrolment, EnrolmentFilter, EnrolmentResult, MissingUser, Place, ReportRow, Totals, Wanted, fold, place,
};
use doorward_api::ports::{Enrolments, Missing, Page, Scanned};
use doorward_api::trail::{Fact, Order};
use doorward_api::{CredentialId, FlowId, StoreError, Timestamp, UserId, VirtualServerId};

use crate::db::{Tx, change_in, on, rows, rows_in};
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::After;
use crate::portions::Portions;
use crate::tallies::{self, Added, Count, Tally};
use crate::without;

/// So many rows are looked at for one page.
const SCANNED: i64 = 20_000;

/// So many at first: most pages are found among them.
const FEW_SCANNED: i64 = 500;

/// So many rows are counted by one statement: none comes near to what a statement may take.
const AT_ONCE: i64 = 10_000;

/// Where there are so few, they are counted row by row, and the middle ones of their durations are exact.
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

/// The transaction in which a token was issued and came into use, while nobody has signed in with it. What was given to its user
/// in another way has none. Of two first sign-ins at the same moment one comes to nothing: both write over the same version of the
/// token.
pub(crate) async fn unconfirmed(
    tx: &mut Tx,
    vs: &VirtualServerId,
    token: &CredentialId,
) -> Result<Option<FlowId>, Failure> {
    let found = rows_in!(tx, (String,), UNCONFIRMED, vs.as_str(), token.as_str())?;
    Ok(found.into_iter().next().map(|(id,)| FlowId::from(id)))
}

const UNCONFIRMED: &str = "SELECT e.id FROM credential c \
                           JOIN enrolment e ON e.virtual_server = c.virtual_server AND e.serial = c.serial \
                           WHERE c.virtual_server = $1 AND c.id = $2 \
                           AND e.step_3 IS NOT NULL AND e.step_4 IS NOT NULL AND e.step_5 IS NULL \
                           ORDER BY e.began_at DESC, e.id DESC LIMIT 1";

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

/// What rows count, and before them a row that counts nothing where the portion ended: it stands for the last that was looked at.
macro_rules! counts {
    (($at:literal, $narrowest:literal)) => {
        concat!(
            seen!(
                "id, began_at, initiation, result, reason, user_id, serial, address, application, os, furthest, duration, \
                 step_0, step_1, step_2, step_3, step_4, step_5",
                ($at, $narrowest),
                "ASC",
                ">"
            ),
            " SELECT * FROM (SELECT s.began_at, s.id, '' AS result, s.reason, s.furthest, s.duration, s.step_0, s.step_1, \
                 s.step_2, s.step_3, s.step_4, s.step_5 FROM seen s WHERE (SELECT COUNT(*) FROM seen) = $6 \
                 ORDER BY s.began_at DESC, s.id DESC LIMIT 1) edge \
              UNION ALL SELECT e.began_at, e.id, e.result, e.reason, e.furthest, e.duration, e.step_0, e.step_1, \
                 e.step_2, e.step_3, e.step_4, e.step_5 FROM seen e WHERE ",
            fits!()
        )
    };
}

/// The statements of one way to look: newest first, oldest first, and what there is to count.
struct Way {
    newest: &'static str,
    oldest: &'static str,
    counts: &'static str,
}

macro_rules! way {
    ($narrowest:tt) => {
        Way {
            newest: search!($narrowest, "DESC", "<", "ASC"),
            oldest: search!($narrowest, "ASC", ">", "DESC"),
            counts: counts!($narrowest),
        }
    };
}

// By the `+` the time is kept out of the choice of an index, where what is looked for is narrow enough.
const BY_TIME: Way = way!(("i.began_at", ""));
const BY_SERIAL: Way = way!(("+i.began_at", " AND i.serial = $11"));
const BY_USER: Way = way!(("+i.began_at", " AND i.user_id = $10"));
const BY_RESULT: Way = way!(("i.began_at", " AND i.result = $8"));

/// The way with the fewest rows to go through, as far as one can say beforehand.
fn narrowest(filter: &EnrolmentFilter) -> Way {
    match filter {
        EnrolmentFilter { serial, .. } if !serial.is_empty() => BY_SERIAL,
        EnrolmentFilter { user: Some(_), .. } => BY_USER,
        EnrolmentFilter { result: Some(_), .. } => BY_RESULT,
        _ => BY_TIME,
    }
}

/// What a row counts, and its place.
#[derive(sqlx::FromRow)]
struct CountedRow {
    began_at: i64,
    id: String,
    #[sqlx(flatten)]
    row: tallies::Row,
}

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
    let limit = page.limit.clamp(1, MOST) as usize;
    let Way { newest, oldest, .. } = narrowest(filter);
    let sql = if filter.order == Order::Newest { newest } else { oldest };
    let mut portions = Portions::of(FEW_SCANNED, SCANNED, Instant::now());
    let (mut rows, mut scanned, mut after): (Vec<Row>, _, _) = (Vec::new(), portions.first, page.after.clone());
    let searched_to = loop {
        let Some(bound) = Bound::of(filter, &after) else { break None };
        let asked = i64::try_from(limit + 1 - rows.len()).unwrap_or(i64::MAX);
        let mut found = filtered!(inner, Row, sql, vs, filter, bound, scanned, filter.offered, asked)?;
        // The first row may tell where the search was cut.
        let edge = found.first().filter(|row| row.id.is_empty()).map(|row| (row.began_at, row.body.clone()));
        found.retain(|row| !row.id.is_empty());
        rows.extend(found);
        let Some((at, id)) = edge.filter(|_| rows.len() <= limit) else { break None };
        after = written(at, &id);
        match portions.after(scanned, Instant::now()) {
            Some(more) => scanned = more,
            None => break Some(Timestamp::from_millis(at)),
        }
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match (rows.last(), searched_to) {
        (Some(last), _) if more => Some(written(last.began_at, &last.id)),
        (_, Some(_)) => Some(after),
        _ => None,
    };
    Ok(Scanned { items: whole(inner, vs, rows).await?, next, searched_to })
}

fn written(at: i64, id: &str) -> String {
    After { key: at.to_string(), id: id.to_owned() }.written()
}

/// Rows with the names of those whom they are of, and of their groups.
async fn whole(inner: &Inner, vs: &VirtualServerId, found: Vec<Row>) -> Result<Vec<ReportRow>, Failure> {
    let rows: Vec<(Enrolment, Row)> =
        found.into_iter().map(|row| Ok((read(&row.body)?, row))).collect::<Result<_, Failure>>()?;
    let mut users: Vec<&str> = rows.iter().filter_map(|(row, _)| row.user.as_ref()).map(UserId::as_str).collect();
    users.sort_unstable();
    users.dedup();
    let groups = groups_of(inner, vs, &users).await?;
    let report = |(enrolment, row): (Enrolment, Row)| ReportRow {
        groups: enrolment.user.as_ref().and_then(|user| groups.get(user.as_str())).cloned().unwrap_or_default(),
        enrolment,
        name: row.name,
        display_name: row.display_name.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(report).collect())
}

/// The groups that users are in themselves, by name.
async fn groups_of(
    inner: &Inner,
    vs: &VirtualServerId,
    users: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    const AT_ONCE: usize = 20;
    const SQL: &str = "SELECT m.user_id, g.name FROM group_member m \
                       JOIN user_group g ON g.virtual_server = m.virtual_server AND g.id = m.group_id AND NOT g.going \
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

/// What the transactions of a filter came to: from the sums, where those know enough of them, and there are not few or some of their
/// rows are gone; otherwise row by row, a portion after the other, so that no statement takes long.
async fn totals(store: &Store, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, StoreError> {
    // What was offered and never begun is in the funnel. Oldest first, since disks are read ahead and not back.
    let filter = EnrolmentFilter { order: Order::Oldest, offered: true, ..filter.clone() };
    let kept = if tallies::can_answer(&filter) { Some(kept(store, vs, &filter).await?) } else { None };
    if let Some(kept) = kept.as_ref().filter(|kept| kept.counted > FEW) {
        return Ok(kept.clone());
    }
    let (mut added, mut after) = (Added::default(), String::new());
    loop {
        let (vs, filter) = (vs.clone(), filter.clone());
        let (rows, edge) =
            store.run(move |inner| async move { count_some(&inner, &vs, &filter, &after).await }).await?;
        rows.into_iter().for_each(|row| added.row(row));
        match (edge, &kept) {
            // Rows go with their records, when those are too old; sums stay.
            (None, Some(kept)) if kept.counted > added.counted() => return Ok(kept.clone()),
            (None, _) => return Ok(added.totals()),
            (Some(edge), None) => after = edge,
            // To find few among very many takes longer than exact middles are worth.
            (Some(_), Some(kept)) => return Ok(kept.clone()),
        }
    }
}

async fn kept(store: &Store, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, StoreError> {
    let (vs, filter) = (vs.clone(), filter.clone());
    store.run(move |inner| async move { tallies::totals(&inner, &vs, &filter).await }).await
}

/// What rows count that were looked at, and the place of the last of them where there are more.
async fn count_some(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &EnrolmentFilter,
    after: &str,
) -> Result<(Vec<tallies::Row>, Option<String>), Failure> {
    let Some(bound) = Bound::of(filter, after) else { return Ok((Vec::new(), None)) };
    let Way { counts, .. } = narrowest(filter);
    let found = filtered!(inner, CountedRow, counts, vs, filter, bound, AT_ONCE, filter.offered)?;
    let edge = found.iter().find(|found| found.row.counts_nothing()).map(|edge| written(edge.began_at, &edge.id));
    Ok((found.into_iter().map(|found| found.row).filter(|row| !row.counts_nothing()).collect(), edge))
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
        totals(self, vs, filter).await
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
        (["enrolments", "enrolments, oldest first", "what enrolments count"], BY_TIME),
        (
            ["enrolments of a token", "enrolments of a token, oldest first", "what enrolments of a token count"],
            BY_SERIAL,
        ),
        (["enrolments of a user", "enrolments of a user, oldest first", "what enrolments of a user count"], BY_USER),
        (
            [
                "enrolments that ended so",
                "enrolments that ended so, oldest first",
                "what enrolments count that ended so",
            ],
            BY_RESULT,
        ),
    ];
    ways.into_iter()
        .flat_map(|(names, Way { newest, oldest, counts })| names.into_iter().zip([newest, oldest, counts]))
        .chain([("the enrolment that a token came by", UNCONFIRMED)])
        .collect()
}
