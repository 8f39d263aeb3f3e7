//! The audit trail as operators look through it. Each record has an entry with what is looked for, made in the transaction that
//! appends the record.
//!
//! A search looks at [`SCANNED`] entries at most, or at [`READ`] where their records must be read, taken in order from the index of
//! its narrowest condition, in [`Portions`]. Where that is not enough to find as many as were asked for, it says how far it has come.

use std::time::Instant;

use async_trait::async_trait;
use doorward_api::audit::StoredRecord;
use doorward_api::ports::{Page, Scanned, Trail};
use doorward_api::trail::{Fact, Order, TrailFilter, TrailRecord};
use doorward_api::{StoreError, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::enrolments;
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::within_text;
use crate::portions::Portions;

/// So many entries are looked at for one page.
const SCANNED: i64 = 20_000;

/// So many where their records must be read for a text.
const READ: i64 = 4_000;

/// So many entries at first.
const FEW: i64 = 500;

/// So many at first where their records must be read.
const FEW_READ: i64 = 100;

/// Records are appended in the order of their numbers, by the clocks of several processes: so far may two of them disagree
/// before a record of the one is not found by the time of the other.
const SLACK: i64 = 10 * 60 * 1000;

/// So many records that another process has left are gone through with each that is appended.
const CAUGHT_UP: i64 = 500;

/// At most so many records at once.
const MOST: u32 = 200;

/// Makes the entry of a record, and the row of the enrolment that it is of.
pub(crate) async fn enter(
    tx: &mut Tx,
    vs: &VirtualServerId,
    (seq, at): (i64, i64),
    record: &str,
) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO audit_entry (virtual_server, seq, at, type, event, user_id, operator, address, serial, \
                           flow_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                       ON CONFLICT (virtual_server, seq) DO UPDATE SET at = excluded.at, type = excluded.type, \
                           event = excluded.event, user_id = excluded.user_id, operator = excluded.operator, \
                           address = excluded.address, serial = excluded.serial, flow_id = excluded.flow_id";
    let fact = Fact::read(seq, Timestamp::from_millis(at), record);
    change_in!(
        &mut *tx,
        SQL,
        vs.as_str(),
        seq,
        at,
        &fact.record_type,
        &fact.event,
        fact.context("principalId"),
        fact.context("operator"),
        fact.context("originatingAddress"),
        fact.text("serial"),
        fact.context("transactionId"),
    )?;
    enrolments::fold_in(tx, vs, &fact).await
}

/// Goes through what another process has appended and not gone through, from the record after `entered` on, a bounded part of
/// it. Returns how far it has come. The chain's head is held.
pub(crate) async fn catch_up(tx: &mut Tx, vs: &VirtualServerId, entered: i64) -> Result<i64, Failure> {
    const SQL: &str = "SELECT seq, appended_at, record FROM audit_record \
                       WHERE virtual_server = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let mut reached = entered;
    for (seq, at, record) in rows_in!(&mut *tx, (i64, i64, String), SQL, vs.as_str(), entered, CAUGHT_UP)? {
        enter(tx, vs, (seq, at), &record).await?;
        reached = seq;
    }
    Ok(reached)
}

/// Goes through all of a chain that was not gone through yet, a part at a time.
pub(crate) async fn catch_up_all(tx: &mut Tx, vs: &VirtualServerId) -> Result<(), Failure> {
    const FROM: &str = "SELECT entered, seq FROM audit_head WHERE virtual_server = $1";
    const DONE: &str = "UPDATE audit_head SET entered = seq WHERE virtual_server = $1";
    let found = rows_in!(&mut *tx, (i64, i64), FROM, vs.as_str())?;
    let Some((mut entered, last)) = found.into_iter().next() else { return Ok(()) };
    while entered < last {
        let reached = catch_up(tx, vs, entered).await?;
        if reached == entered {
            break; // There are no records where the head says that there are: `verify` tells of that.
        }
        entered = reached;
    }
    change_in!(&mut *tx, DONE, vs.as_str()).map(drop).map_err(Failure::from)
}

/// Entries in the order of their numbers, between two of them. First, where the search was cut, the last that was looked at, with
/// no record; then the records that were found. All of it in one statement: records come and go, and what is left out of one page
/// must be where the next one begins. Without a text (`$17` is `$18` then) no more records are read than are shown. By `CROSS JOIN`
/// SQLite reads them last.
macro_rules! searches {
    ($narrowest:literal) => {
        [searches!($narrowest, "DESC", "ASC"), searches!($narrowest, "ASC", "DESC")]
    };
    ($narrowest:literal, $order:literal, $other:literal) => {
        concat!(
            "WITH seen AS MATERIALIZED (SELECT i.seq, i.at, i.type, i.event, i.user_id, i.operator, i.address, i.serial, \
             i.flow_id FROM audit_entry i WHERE i.virtual_server = $1 AND i.seq > $2 AND i.seq < $3",
            $narrowest,
            " ORDER BY i.seq ",
            $order,
            " LIMIT $4) \
             SELECT * FROM (SELECT s.seq, s.at, '' AS prev, '' AS hash, '' AS record FROM seen s \
             WHERE (SELECT COUNT(*) FROM seen) = $4 ORDER BY s.seq ",
            $other,
            " LIMIT 1) edge UNION ALL \
             SELECT * FROM (SELECT r.seq, r.appended_at, r.prev, r.hash, r.record FROM (SELECT e.seq FROM seen e \
             WHERE e.at >= $5 AND e.at < $6 AND ($7 = '' OR e.type = $7) \
             AND ($8 = '' OR $8 LIKE '%,' || e.event || ',%') AND ($9 = '' OR e.event = $9) \
             AND ($10 = '' OR e.user_id = $10) AND ($11 = '' OR e.operator = $11) AND ($12 = '' OR e.address = $12) \
             AND ($13 = '' OR e.serial = $13) AND ($14 = '' OR e.flow_id = $14) ORDER BY e.seq ",
            $order,
            " LIMIT $17) found CROSS JOIN audit_record r WHERE r.virtual_server = $1 AND r.seq = found.seq \
             AND ($15 = '%' OR LOWER(r.record) LIKE $15 ESCAPE '!' OR ($16 <> $15 AND LOWER(r.record) LIKE $16 ESCAPE '!')) \
             ORDER BY r.seq ",
            $order,
            " LIMIT $18) page"
        )
    };
}

/// The statements of one way to look: newest first, and oldest first.
type Searches = [&'static str; 2];

const BY_NUMBER: Searches = searches!("");
const BY_FLOW: Searches = searches!(" AND i.flow_id = $14");
const BY_SERIAL: Searches = searches!(" AND i.serial = $13");
const BY_USER: Searches = searches!(" AND i.user_id = $10");
const BY_OPERATOR: Searches = searches!(" AND i.operator = $11");
const BY_ADDRESS: Searches = searches!(" AND i.address = $12");
const BY_EVENT: Searches = searches!(" AND i.event = $9");
const BY_TYPE: Searches = searches!(" AND i.type = $7");

/// The way to look that has the fewest entries to go through, as far as one can say beforehand.
fn narrowest(filter: &TrailFilter, event: &str) -> Searches {
    let flow = filter.flow.as_ref().map_or("", |flow| flow.as_str());
    let user = filter.user.as_ref().map_or("", |user| user.as_str());
    [
        (BY_FLOW, flow),
        (BY_SERIAL, filter.serial.as_str()),
        (BY_USER, user),
        (BY_OPERATOR, filter.operator.as_str()),
        (BY_ADDRESS, filter.address.as_str()),
        (BY_EVENT, event),
        (BY_TYPE, filter.record_type.as_str()),
    ]
    .into_iter()
    .find(|(_, wanted)| !wanted.is_empty())
    .map_or(BY_NUMBER, |(searches, _)| searches)
}

/// There is at most one condition, so that whatever is looked at is found, and no more is looked at than is shown.
fn asks_one_thing(filter: &TrailFilter) -> bool {
    let TrailFilter { from, until, record_type, events, user, operator, address, serial, flow, text, order: _ } =
        filter;
    let texts = [record_type, operator, address, serial].iter().filter(|said| !said.is_empty()).count();
    let conditions = texts + events.len() + usize::from(user.is_some()) + usize::from(flow.is_some());
    conditions <= 1 && text.is_empty() && from.is_none() && until.is_none()
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The numbers between which what is asked for lies.
struct Between {
    after: i64,
    before: i64,
}

impl Between {
    /// By the times of a filter, and the place where a page goes on. `None`: there is nothing.
    async fn of(
        inner: &Inner,
        vs: &VirtualServerId,
        filter: &TrailFilter,
        page: &Page,
    ) -> Result<Option<Self>, Failure> {
        let mut between = Self { after: 0, before: i64::MAX };
        if let Some(from) = filter.from {
            match first_at(inner, vs, from.millis().saturating_sub(SLACK)).await? {
                Some(first) => between.after = first - 1,
                None => return Ok(None),
            }
        }
        if let Some(until) = filter.until {
            let first = first_at(inner, vs, until.millis().saturating_add(SLACK)).await?;
            between.before = first.unwrap_or(i64::MAX);
        }
        let known = page.after.is_empty() || between.go_on(filter.order, &page.after);
        Ok(known.then_some(between))
    }

    /// From a place on. `false`: there is no such place.
    fn go_on(&mut self, order: Order, place: &str) -> bool {
        let Ok(place) = place.parse::<i64>() else { return false };
        match order {
            Order::Newest => self.before = self.before.min(place),
            Order::Oldest => self.after = self.after.max(place),
        }
        true
    }
}

const FIRST_AT: &str = "SELECT seq FROM audit_entry WHERE virtual_server = $1 AND at >= $2 ORDER BY at, seq LIMIT 1";

/// In one statement with what comes before, PostgreSQL would read the whole trail where nothing of it was taken away.
const FIRST_AFTER: &str =
    "SELECT appended_at FROM audit_record WHERE virtual_server = $1 AND seq > $2 ORDER BY seq LIMIT 1";

/// The number of the first entry at or after a time.
async fn first_at(inner: &Inner, vs: &VirtualServerId, at: i64) -> Result<Option<i64>, Failure> {
    let found = rows!(inner.db.reader(), (i64,), FIRST_AT, vs.as_str(), at)?;
    Ok(found.first().map(|(seq,)| *seq))
}

type Row = (i64, i64, String, String, String);

/// Looks at few entries first: most pages are found among them.
async fn search(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &TrailFilter,
    page: &Page,
) -> Result<Scanned<TrailRecord>, Failure> {
    let nothing = Scanned { items: Vec::new(), next: None, searched_to: None };
    let Some(mut between) = Between::of(inner, vs, filter, page).await? else { return Ok(nothing) };
    let limit = page.limit.clamp(1, MOST) as usize;
    let (few, most) = match (asks_one_thing(filter), filter.text.is_empty()) {
        (true, _) => (whole(limit + 1), SCANNED),
        (false, true) => (FEW, SCANNED),
        (false, false) => (FEW_READ, READ),
    };
    let mut portions = Portions::of(few, most, Instant::now());
    let (mut items, mut scanned) = (Vec::new(), portions.first);
    loop {
        let left = limit - items.len();
        let found = search_among(inner, vs, filter, (&between, scanned, left)).await?;
        items.extend(found.items);
        let (Some(next), Some(_), false) = (&found.next, found.searched_to, items.len() == limit) else {
            return Ok(Scanned { items, next: found.next, searched_to: None });
        };
        match portions.after(scanned, Instant::now()) {
            Some(more) => scanned = more,
            None => return Ok(Scanned { items, next: found.next, searched_to: found.searched_to }),
        }
        between.go_on(filter.order, next);
    }
}

async fn search_among(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &TrailFilter,
    (between, scanned, limit): (&Between, i64, usize),
) -> Result<Scanned<TrailRecord>, Failure> {
    let event = if let [only] = filter.events.as_slice() { only.as_str() } else { "" };
    let events = if filter.events.is_empty() { String::new() } else { format!(",{},", filter.events.join(",")) };
    let [newest, oldest] = narrowest(filter, event);
    let sql = if filter.order == Order::Newest { newest } else { oldest };
    let [small, as_is] =
        [filter.text.to_lowercase(), filter.text.to_ascii_lowercase()].map(|text| within_record(&text));
    let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
    let asked = whole(limit + 1);
    let found = rows!(
        inner.db.reader(),
        Row,
        sql,
        vs.as_str(),
        between.after,
        between.before,
        scanned,
        filter.from.map_or(i64::MIN, Timestamp::millis),
        filter.until.map_or(i64::MAX, Timestamp::millis),
        &filter.record_type,
        events,
        event,
        id(filter.user.as_ref().map(|user| user.as_str())),
        &filter.operator,
        &filter.address,
        &filter.serial,
        id(filter.flow.as_ref().map(|flow| flow.as_str())),
        small,
        as_is,
        if filter.text.is_empty() { asked } else { scanned },
        asked,
    )?;
    // The first row may tell where the search was cut.
    let edge = found.first().filter(|(.., record)| record.is_empty()).map(|(seq, at, ..)| (*seq, *at));
    let found: Vec<Row> = found.into_iter().skip(usize::from(edge.is_some())).collect();
    let enough = found.len() > limit;
    let said = filter.text.to_lowercase();
    let mut last = None;
    let mut items = Vec::with_capacity(limit);
    for (seq, at, prev, hash, record) in found.into_iter().take(limit) {
        last = Some(seq);
        let at = Timestamp::from_millis(at);
        let record = TrailRecord { stored: StoredRecord { seq, prev, hash, record }, at };
        // The statement has looked at the names of fields, too.
        if record.fact().says(&said) {
            items.push(record);
        }
    }
    if enough {
        return Ok(Scanned { items, next: last.map(|seq| seq.to_string()), searched_to: None });
    }
    Ok(Scanned {
        items,
        next: edge.map(|(seq, _)| seq.to_string()),
        searched_to: edge.map(|(_, at)| Timestamp::from_millis(at)),
    })
}

/// The pattern of a text within a record, as JSON writes it there.
fn within_record(text: &str) -> String {
    let written = serde_json::to_string(text).unwrap_or_default();
    within_text(written.get(1..written.len().saturating_sub(1)).unwrap_or_default())
}

#[async_trait]
impl Trail for Store {
    async fn trail(
        &self,
        vs: &VirtualServerId,
        filter: &TrailFilter,
        page: &Page,
    ) -> Result<Scanned<TrailRecord>, StoreError> {
        let (vs, filter, page) = (vs.clone(), filter.clone(), page.clone());
        self.run(move |inner| async move { search(&inner, &vs, &filter, &page).await }).await
    }

    async fn begins(&self, vs: &VirtualServerId) -> Result<Option<Timestamp>, StoreError> {
        const TRIMMED: &str = "SELECT trimmed FROM audit_head WHERE virtual_server = $1 AND trimmed > 0";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let (reader, vs) = (inner.db.reader(), vs.as_str());
            let Some((trimmed,)) = rows!(reader, (i64,), TRIMMED, vs)?.into_iter().next() else { return Ok(None) };
            let found = rows!(reader, (i64,), FIRST_AFTER, vs, trimmed)?;
            Ok(found.first().map(|(at,)| Timestamp::from_millis(*at)))
        })
        .await
    }
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    let ways = [
        (["trail", "trail, oldest first"], BY_NUMBER),
        (["trail of a flow", "trail of a flow, oldest first"], BY_FLOW),
        (["trail of a token", "trail of a token, oldest first"], BY_SERIAL),
        (["trail of a user", "trail of a user, oldest first"], BY_USER),
        (["trail of an operator", "trail of an operator, oldest first"], BY_OPERATOR),
        (["trail of an address", "trail of an address, oldest first"], BY_ADDRESS),
        (["trail of an event", "trail of an event, oldest first"], BY_EVENT),
        (["trail of a type", "trail of a type, oldest first"], BY_TYPE),
    ];
    ways.into_iter()
        .flat_map(|(names, searches)| names.into_iter().zip(searches))
        .chain([("first record of a time", FIRST_AT), ("first record that is left", FIRST_AFTER)])
        .collect()
}
