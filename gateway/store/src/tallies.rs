//! How many enrolment transactions came to what. The sums are kept, in the transaction that folds a row: of each hour, of each day
//! and of each 32 days, by who has set it going, by system and by result. A report over a year adds up a few hundred of them
//! instead of looking at each row.
//!
//! A row says what it was counted as, and by which of its records it was last counted. What a process of the release before has
//! folded, and not counted, is counted by whoever folds next.

use std::collections::BTreeMap;

use doorward_api::enrolment::{Enrolment, EnrolmentFilter, EnrolmentResult, FunnelStep, Initiation, StepTotal, Totals};
use doorward_api::{Timestamp, VirtualServerId};
use serde::{Deserialize, Serialize};

use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::Failure;
use crate::open::Inner;

const HOUR: i64 = 3_600_000;

/// The spans of time of which there are sums, the narrowest first. Each is a multiple of the one before.
const WIDTHS: [i64; 3] = [HOUR, 24 * HOUR, 32 * 24 * HOUR];

/// The parts into which times between a power of two and the next are sorted: the middle of such a part is at most a
/// thirty-second (3.2 %) from anything in it.
const PARTS: u32 = 16;

/// How many durations there are of a row: from each step to the next, and of the whole.
const TOOK: usize = FunnelStep::ALL.len();

/// The middle one of so few durations is exact.
const FEW: usize = 500;

/// So many rows are counted at once that another process has left.
const CAUGHT_UP: i64 = 200;

/// So many when all of them are.
const AT_ONCE: i64 = 2_000;

/// What a row is counted as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    initiation: Initiation,
    os: String,
    result: EnrolmentResult,
    reason: String,
    furthest: u8,
    /// The parts in which its durations lie.
    took: [Option<u16>; TOOK],
}

impl Count {
    pub(crate) fn of(row: &Enrolment) -> Self {
        let mut took = [None; TOOK];
        let gaps = row.steps.windows(2).map(|pair| match pair {
            [Some(before), Some(after)] => Some(after.millis().saturating_sub(before.millis())),
            _ => None,
        });
        let whole = row.duration().filter(|_| row.result.succeeded());
        for (place, lasted) in took.iter_mut().zip(gaps.chain([whole])) {
            *place = lasted.map(part_of);
        }
        Self {
            initiation: row.initiation,
            os: row.os.clone(),
            result: row.result,
            reason: row.reason.clone(),
            furthest: u8::try_from(row.furthest()).unwrap_or_default(),
            took,
        }
    }

    /// As it is kept beside its row.
    pub(crate) fn written(&self) -> Result<String, Failure> {
        serde_json::to_string(self)
            .map_err(|_| Failure::damaged("what a row of the report counts as cannot be written"))
    }

    /// Nothing where it cannot be read: it was not counted then.
    pub(crate) fn read(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }
}

/// The part of all durations in which one lies, in milliseconds.
fn part_of(millis: i64) -> u16 {
    let millis = millis.max(0).unsigned_abs();
    let Some(octave) = millis.checked_ilog2().filter(|octave| *octave >= PARTS.ilog2()) else {
        return u16::try_from(millis).unwrap_or_default();
    };
    let within = (millis >> (octave - PARTS.ilog2())) & u64::from(PARTS - 1);
    u16::try_from(u64::from(octave * PARTS) + within).unwrap_or(u16::MAX)
}

/// The middle of a part.
fn middle_of(part: u16) -> i64 {
    let (octave, within) = (u32::from(part) / PARTS, u32::from(part) % PARTS);
    if octave < PARTS.ilog2() {
        return i64::from(part);
    }
    let width = 1_i64.checked_shl(octave - PARTS.ilog2()).unwrap_or(i64::MAX);
    i64::from(PARTS + within).saturating_mul(width).saturating_add(width / 2)
}

/// Sums of rows of one result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Sums {
    reasons: BTreeMap<String, u64>,
    furthest: BTreeMap<u8, u64>,
    took: [BTreeMap<u16, u64>; TOOK],
}

impl Sums {
    /// A row more, or one less.
    fn change(&mut self, reason: &str, furthest: u8, took: &[Option<u16>; TOOK], more: bool) {
        if !reason.is_empty() {
            step(&mut self.reasons, reason.to_owned(), more);
        }
        step(&mut self.furthest, furthest, more);
        for (parts, part) in self.took.iter_mut().zip(took) {
            if let Some(part) = part {
                step(parts, *part, more);
            }
        }
    }

    fn add(&mut self, other: Sums) {
        let plus = |(into, from): (&mut BTreeMap<u16, u64>, BTreeMap<u16, u64>)| {
            from.into_iter().for_each(|(part, count)| *into.entry(part).or_default() += count);
        };
        self.took.iter_mut().zip(other.took).for_each(plus);
        other.reasons.into_iter().for_each(|(reason, count)| *self.reasons.entry(reason).or_default() += count);
        other.furthest.into_iter().for_each(|(step, count)| *self.furthest.entry(step).or_default() += count);
    }
}

fn step<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, more: bool) {
    let count = counts.entry(key);
    match (more, count) {
        (true, count) => *count.or_default() += 1,
        (false, std::collections::btree_map::Entry::Occupied(mut count)) => {
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
        (false, std::collections::btree_map::Entry::Vacant(_)) => {}
    }
}

/// By what a sum is found: its width and begin, who has set it going, the system, and the result.
type Key = (i64, i64, &'static str, String, &'static str);

/// How many rows, and the rest of what is counted.
type Sum = (i64, Sums);

/// Sums that are being changed; each is read once and written once.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sums: BTreeMap<Key, Sum>,
}

impl Tally {
    /// What a row that began then was counted as before, and is counted as now.
    pub(crate) async fn change(
        &mut self,
        tx: &mut Tx,
        vs: &VirtualServerId,
        began_at: Timestamp,
        (before, now): (Option<&Count>, &Count),
    ) -> Result<(), Failure> {
        if before == Some(now) {
            return Ok(());
        }
        for (count, more) in before.map(|before| (before, false)).into_iter().chain([(now, true)]) {
            for width in WIDTHS {
                let at = floor(began_at.millis(), width);
                let key = (width, at, count.initiation.as_str(), count.os.clone(), count.result.as_str());
                let (counted, sums) = self.sum(tx, vs, key).await?;
                *counted += if more { 1 } else { -1 };
                sums.change(&count.reason, count.furthest, &count.took, more);
            }
        }
        Ok(())
    }

    async fn sum(&mut self, tx: &mut Tx, vs: &VirtualServerId, key: Key) -> Result<&mut Sum, Failure> {
        const SQL: &str = "SELECT counted, body FROM enrolment_count WHERE virtual_server = $1 AND width = $2 AND at = $3 \
                           AND initiation = $4 AND os = $5 AND result = $6";
        if !self.sums.contains_key(&key) {
            let (width, at, initiation, os, result) = &key;
            let found = rows_in!(&mut *tx, (i64, String), SQL, vs.as_str(), *width, *at, *initiation, os, *result)?;
            let found = found.into_iter().next().map(|(counted, body)| (counted, read(&body)));
            self.sums.insert(key.clone(), found.unwrap_or_default());
        }
        Ok(self.sums.entry(key).or_default())
    }

    /// Writes them down. Sums of nothing go.
    pub(crate) async fn keep(self, tx: &mut Tx, vs: &VirtualServerId) -> Result<(), Failure> {
        const KEEP: &str = "INSERT INTO enrolment_count (virtual_server, width, at, initiation, os, result, counted, body) \
                            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                            ON CONFLICT (virtual_server, width, at, initiation, os, result) \
                            DO UPDATE SET counted = excluded.counted, body = excluded.body";
        const DROP: &str = "DELETE FROM enrolment_count WHERE virtual_server = $1 AND width = $2 AND at = $3 \
                            AND initiation = $4 AND os = $5 AND result = $6";
        for ((width, at, initiation, os, result), (counted, sums)) in self.sums {
            let vs = vs.as_str();
            if counted > 0 {
                let body = serde_json::to_string(&sums).map_err(|_| Failure::damaged("a sum cannot be written"))?;
                change_in!(&mut *tx, KEEP, vs, width, at, initiation, os, result, counted, body)?;
            } else {
                change_in!(&mut *tx, DROP, vs, width, at, initiation, os, result)?;
            }
        }
        Ok(())
    }
}

/// What cannot be read is no reason to refuse a change: a report that is wrong is better than nobody signing in.
fn read(body: &str) -> Sums {
    serde_json::from_str(body).unwrap_or_else(|error| {
        tracing::error!(%error, "a sum of the enrolment history cannot be read, and begins anew");
        Sums::default()
    })
}

/// Counts some of the rows that were folded and not counted.
pub(crate) async fn catch_up(tx: &mut Tx, vs: &VirtualServerId) -> Result<(), Failure> {
    count_some(tx, vs, CAUGHT_UP).await.map(drop)
}

/// Counts all of them. Whoever else counts holds the chain's head, as is done here.
pub(crate) async fn catch_up_all(tx: &mut Tx, vs: &VirtualServerId) -> Result<(), Failure> {
    const HOLD: &str = "SELECT seq FROM audit_head WHERE virtual_server = $1 FOR UPDATE";
    if rows_in!(&mut *tx, (String, String, Option<String>), UNCOUNTED, vs.as_str(), 1_i64)?.is_empty() {
        return Ok(());
    }
    lock_in!(&mut *tx, HOLD, vs.as_str())?;
    while count_some(tx, vs, AT_ONCE).await? > 0 {}
    Ok(())
}

const UNCOUNTED: &str = "SELECT id, body, counted FROM enrolment \
                         WHERE virtual_server = $1 AND counted_seq <> last_seq ORDER BY id LIMIT $2";

async fn count_some(tx: &mut Tx, vs: &VirtualServerId, most: i64) -> Result<usize, Failure> {
    const COUNTED: &str =
        "UPDATE enrolment SET counted = $3, counted_seq = last_seq WHERE virtual_server = $1 AND id = $2";
    let found = rows_in!(&mut *tx, (String, String, Option<String>), UNCOUNTED, vs.as_str(), most)?;
    let (mut tally, many) = (Tally::default(), found.len());
    for (id, body, counted) in found {
        let written = match serde_json::from_str::<Enrolment>(&body) {
            Ok(row) => {
                let now = Count::of(&row);
                let before = Count::read(counted.as_deref());
                tally.change(tx, vs, row.began_at, (before.as_ref(), &now)).await?;
                Some(now.written()?)
            }
            Err(_) => counted,
        };
        change_in!(&mut *tx, COUNTED, vs.as_str(), id, written)?;
    }
    tally.keep(tx, vs).await?;
    Ok(many)
}

/// The last multiple of a width that is not after a time.
fn floor(at: i64, width: i64) -> i64 {
    if matches!(at, i64::MIN | i64::MAX) { at } else { at.div_euclid(width).saturating_mul(width) }
}

/// The first one that is not before it.
fn ceil(at: i64, width: i64) -> i64 {
    let below = floor(at, width);
    if below == at { at } else { below.saturating_add(width) }
}

/// A span of time that is looked at in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    /// The width of the sums that are added up; `None`: row by row.
    width: Option<i64>,
    from: i64,
    until: i64,
}

/// A span of time as few sums have it: the widest ones in the middle, narrower ones around them, and rows at the very edges.
fn spans(from: i64, until: i64) -> Vec<Span> {
    let (mut found, mut edges) = (Vec::new(), None);
    let (mut outer_from, mut outer_until) = (from, until);
    for (narrower, width) in std::iter::once(None).chain(WIDTHS.map(Some)).zip(WIDTHS) {
        let (inner_from, inner_until) = (ceil(outer_from, width), floor(outer_until, width));
        if inner_from >= inner_until {
            break;
        }
        found.push(Span { width: narrower, from: outer_from, until: inner_from });
        found.push(Span { width: narrower, from: inner_until, until: outer_until });
        (outer_from, outer_until, edges) = (inner_from, inner_until, Some(width));
    }
    found.push(Span { width: edges, from: outer_from, until: outer_until });
    found.retain(|span| span.from < span.until);
    found
}

/// What a row of the report counts, as it stands in its columns.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    result: String,
    reason: String,
    furthest: i64,
    duration: Option<i64>,
    step_0: Option<i64>,
    step_1: Option<i64>,
    step_2: Option<i64>,
    step_3: Option<i64>,
    step_4: Option<i64>,
    step_5: Option<i64>,
}

impl Row {
    /// It stands for where a portion ends.
    pub(crate) fn counts_nothing(&self) -> bool {
        self.result.is_empty()
    }

    /// How long it took from each step to the next, and in the whole where it succeeded, in milliseconds.
    fn took(&self) -> [Option<i64>; TOOK] {
        let between = |before: Option<i64>, after: Option<i64>| Some(after?.saturating_sub(before?));
        [
            between(self.step_0, self.step_1),
            between(self.step_1, self.step_2),
            between(self.step_2, self.step_3),
            between(self.step_3, self.step_4),
            between(self.step_4, self.step_5),
            self.duration,
        ]
    }
}

/// What was added up.
#[derive(Debug, Default)]
pub(crate) struct Added {
    results: BTreeMap<&'static str, u64>,
    /// Of what neither succeeded nor is under way.
    reasons: BTreeMap<String, u64>,
    sums: Sums,
    /// The durations of the first rows, as they are.
    first: Vec<[Option<i64>; TOOK]>,
}

impl Added {
    /// A row more.
    pub(crate) fn row(&mut self, row: Row) {
        // One that cannot be read is told of where it is shown.
        let Some(result) = EnrolmentResult::parse(&row.result) else { return };
        let took = row.took();
        if self.first.len() < FEW {
            self.first.push(took);
        }
        let mut sums = Sums::default();
        let furthest = u8::try_from(row.furthest).unwrap_or_default();
        sums.change(&row.reason, furthest, &took.map(|lasted| lasted.map(part_of)), true);
        self.add(result, 1, sums);
    }

    fn add(&mut self, result: EnrolmentResult, counted: u64, sums: Sums) {
        *self.results.entry(result.as_str()).or_default() += counted;
        let ended = !matches!(result, EnrolmentResult::Offered | EnrolmentResult::InProgress);
        if ended && !result.succeeded() {
            sums.reasons.iter().for_each(|(why, count)| *self.reasons.entry(why.clone()).or_default() += count);
        }
        self.sums.add(sums);
    }

    /// How many rows.
    pub(crate) fn counted(&self) -> u64 {
        self.results.values().sum()
    }

    fn reached(&self, step: FunnelStep) -> u64 {
        self.sums.furthest.iter().filter(|(furthest, _)| usize::from(**furthest) >= step as usize).map(|(_, n)| n).sum()
    }

    /// All of it. The middle ones of few durations are exact; of more, or of sums, they are the middles of their parts.
    pub(crate) fn totals(self) -> Totals {
        let counted = self.counted();
        let exact = u64::try_from(self.first.len()).is_ok_and(|first| first == counted);
        let median = |place: usize| {
            if exact { middle_one(&self.first, place) } else { self.sums.took.get(place).and_then(middle) }
        };
        // The first step has none before it.
        let of_step = |(place, step): (usize, FunnelStep)| StepTotal {
            step,
            reached: self.reached(step),
            median: place.checked_sub(1).and_then(median),
        };
        Totals {
            counted,
            results: EnrolmentResult::ALL
                .into_iter()
                .filter_map(|result| Some((result, *self.results.get(result.as_str())?)))
                .collect(),
            median_duration: median(TOOK - 1),
            // Of equal ones the first by name.
            top_reason: self.reasons.iter().rev().max_by_key(|(_, count)| **count).map(|(why, n)| (why.clone(), *n)),
            funnel: FunnelStep::ALL.into_iter().enumerate().map(of_step).collect(),
        }
    }
}

/// The middle one of durations as they are; of an even number the shorter one.
fn middle_one(rows: &[[Option<i64>; TOOK]], place: usize) -> Option<i64> {
    let mut all: Vec<i64> = rows.iter().filter_map(|took| took.get(place).copied().flatten()).collect();
    all.sort_unstable();
    all.get(all.len().checked_sub(1)? / 2).copied()
}

/// The middle one of durations that are sorted into parts; of an even number the shorter one.
fn middle(parts: &BTreeMap<u16, u64>) -> Option<i64> {
    let all: u64 = parts.values().sum();
    let mut before = 0;
    let found = parts.iter().find(|(_, count)| {
        before += **count;
        before >= all.div_ceil(2)
    });
    found.map(|(part, _)| middle_of(*part))
}

/// Whether the sums can answer: they know nothing of users, tokens, addresses and applications.
pub(crate) fn can_answer(filter: &EnrolmentFilter) -> bool {
    filter.user.is_none()
        && filter.group.is_none()
        && [&filter.serial, &filter.address, &filter.application].into_iter().all(|said| said.is_empty())
}

/// How many transactions came to what, of those between two times. Durations are the middles of the parts in which they lie.
pub(crate) async fn totals(inner: &Inner, vs: &VirtualServerId, filter: &EnrolmentFilter) -> Result<Totals, Failure> {
    let (from, until) =
        (filter.from.map_or(i64::MIN, Timestamp::millis), filter.until.map_or(i64::MAX, Timestamp::millis));
    let mut added = Added::default();
    for span in spans(from, until) {
        match span.width {
            Some(width) => add_sums(inner, vs, filter, (width, span), &mut added).await?,
            None => add_rows(inner, vs, filter, span, &mut added).await?,
        }
    }
    Ok(added.totals())
}

/// What a filter says of a sum: who has set it going, the system, the result.
fn said(filter: &EnrolmentFilter) -> (&'static str, &str, &'static str) {
    (
        filter.initiation.map_or("", Initiation::as_str),
        filter.os.as_str(),
        filter.result.map_or("", EnrolmentResult::as_str),
    )
}

const SUMS: &str = "SELECT result, counted, body FROM enrolment_count \
                    WHERE virtual_server = $1 AND width = $2 AND at >= $3 AND at < $4 \
                    AND ($5 = '' OR initiation = $5) AND ($6 = '' OR os = $6) AND ($7 = '' OR result = $7)";

const ROWS: &str = "SELECT result, reason, furthest, duration, step_0, step_1, step_2, step_3, step_4, step_5 \
                    FROM enrolment WHERE virtual_server = $1 AND began_at >= $2 AND began_at < $3 \
                    AND ($4 = '' OR initiation = $4) AND ($5 = '' OR os = $5) AND ($6 = '' OR result = $6)";

async fn add_sums(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &EnrolmentFilter,
    (width, span): (i64, Span),
    added: &mut Added,
) -> Result<(), Failure> {
    type Row = (String, i64, String);
    let (initiation, os, result) = said(filter);
    let (vs, reader) = (vs.as_str(), inner.db.reader());
    for (result, counted, body) in rows!(reader, Row, SUMS, vs, width, span.from, span.until, initiation, os, result)? {
        if let Some(result) = EnrolmentResult::parse(&result) {
            added.add(result, counted.unsigned_abs(), read(&body));
        }
    }
    Ok(())
}

/// Rows of less than an hour.
async fn add_rows(
    inner: &Inner,
    vs: &VirtualServerId,
    filter: &EnrolmentFilter,
    span: Span,
    added: &mut Added,
) -> Result<(), Failure> {
    let (initiation, os, result) = said(filter);
    let (vs, reader) = (vs.as_str(), inner.db.reader());
    let rows = rows!(reader, Row, ROWS, vs, span.from, span.until, initiation, os, result)?;
    rows.into_iter().for_each(|row| added.row(row));
    Ok(())
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    vec![("sums of enrolments", SUMS), ("enrolments at the edge of sums", ROWS), ("enrolments not counted", UNCOUNTED)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_part_is_near_to_everything_in_it() {
        for exact in 0..32 {
            assert_eq!(middle_of(part_of(exact)), exact);
        }
        assert_eq!((part_of(-5), middle_of(part_of(-5))), (0, 0));
        let mut last = 0;
        for millis in (0..60).flat_map(|power| [0, 1, 3, 7].map(|more| (1_i64 << power) + (more << power) / 8)) {
            let part = part_of(millis);
            assert!(part >= last || millis < 32, "{millis}");
            last = part;
            let off = (middle_of(part) - millis).abs();
            assert!(off * 32 <= millis, "{millis}: {}", middle_of(part));
        }
        assert!(middle_of(part_of(i64::MAX)) > i64::MAX / 32 * 30);
    }

    #[test]
    fn any_span_is_covered_once_and_by_few() {
        let day = 24 * HOUR;
        let year = 1_700_000_000_000;
        for (from, until, sums) in [
            (i64::MIN, i64::MAX, 1),
            (i64::MIN, year, 4),
            (year, i64::MAX, 4),
            (year, year + 365 * day + 5, 7),
            (year, year + 10, 1),
            (year, year, 0),
            (year + 5, year, 0),
            (0, 32 * day, 1),
            (0, HOUR, 1),
            (1, 3 * HOUR - 1, 3),
        ] {
            let mut found = spans(from, until);
            assert_eq!(found.len(), sums, "{found:?}");
            found.sort_by_key(|span| span.from);
            let mut at = from;
            for span in found {
                assert_eq!(span.from, at);
                let width = span.width.unwrap_or(1);
                assert!([span.from, span.until].into_iter().all(|edge| floor(edge, width) == edge), "{span:?}");
                at = span.until;
            }
            assert_eq!(at, if sums == 0 { from } else { until });
        }
        let rows: i64 = spans(year, year + 365 * day + 5)
            .iter()
            .map(|span| span.width.map_or(0, |width| (span.until - span.from) / width))
            .sum();
        assert!(rows < 12 + 64 + 48, "{rows}");
    }

    #[test]
    fn what_was_counted_and_is_no_more_leaves_nothing() {
        let row = Enrolment {
            steps: [Some(Timestamp::from_millis(0)), Some(Timestamp::from_millis(40)), None, None, None, None],
            reason: "expired".into(),
            result: EnrolmentResult::Expired,
            ..Enrolment::default()
        };
        let count = Count::of(&row);
        assert_eq!((count.furthest, count.took), (1, [Some(part_of(40)), None, None, None, None, None]));
        assert_eq!(Count::read(Some(&count.written().unwrap())), Some(count.clone()));
        assert_eq!(Count::read(None), None);
        let mut sums = Sums::default();
        let change = |sums: &mut Sums, more| sums.change(&count.reason, count.furthest, &count.took, more);
        change(&mut sums, true);
        change(&mut sums, true);
        let written = serde_json::to_string(&sums).unwrap();
        assert_eq!(read(&written), sums);
        change(&mut sums, false);
        change(&mut sums, false);
        assert_eq!(sums, Sums::default());
        change(&mut sums, false);
        assert_eq!(sums, Sums::default());
        assert_eq!(read("[]"), Sums::default());
    }

    #[test]
    fn the_middle_one_of_an_even_number_is_the_shorter_one() {
        assert_eq!(middle(&BTreeMap::new()), None);
        assert_eq!(middle(&BTreeMap::from([(3, 1), (5, 1)])), Some(3));
        assert_eq!(middle(&BTreeMap::from([(3, 1), (5, 2)])), Some(5));
    }
}
