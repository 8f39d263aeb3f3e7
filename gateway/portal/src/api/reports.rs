//! The audit trail, the enrolment history report, and who has no token yet.

use std::sync::{Arc, Mutex, PoisonError};

use doorward_access::manage::{MissingLine, MissingOf, Taken};
use doorward_api::FieldFault;
use doorward_api::enrolment::{Enrolment, EnrolmentResult, FunnelStep, MissingUser, ReportRow, StepTotal, Totals};
use doorward_api::ports::{Missing, Scanned};
use doorward_api::trail::RECORD_TYPES;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::asked::Asked;
use super::call::{AFTER, LIMIT, Of, Param};
use super::given::Nothing;
use super::gives::{Filed, Found, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::{Problem, Wrong};
use crate::past::{self, Form, ORDERS, enrolment_filter, enrolment_json, record_json, trail_filter};

const FROM: Param =
    Param::new("from", Of::Text, "Not before this: a day in the time zone, or a moment as RFC 3339 has it.");
const UNTIL: Param = Param::new("until", Of::Text, "Before this moment; of a day, all of it is meant.");
const BEGAN_FROM: Param = Param::new(
    "from",
    Of::Text,
    "Offered or begun, whichever came first (`began_at`), not before this: a day in the time zone, or a moment as RFC 3339 has it.",
);
const BEGAN_UNTIL: Param =
    Param::new("until", Of::Text, "Offered or begun before this moment; of a day, all of it is meant.");
const TZ: Param =
    Param::new("tz", Of::Text, "The time zone of days and of tables: `Europe/Berlin`. UTC when it is not said.");
const ORDER: Param = Param::new("order", Of::Names(&ORDERS), "Which come first; the newest when it is not said.");
const USER: Param = Param::new("user", Of::Id, "Of the user with this id.");
const ADDRESS: Param = Param::new("address", Of::Text, "From this address.");
const SERIAL: Param = Param::new("serial", Of::Text, "Of the token with this serial number.");
const TYPE: Param = Param::new("type", Of::Names(&RECORD_TYPES), "Of this type.");
const EVENT: Param = Param::new("event", Of::Text, "One of these events, with commas between them.");
const OPERATOR: Param = Param::new("operator", Of::Name, "By the operator of this name.");
const TRANSACTION: Param = Param::new("transaction", Of::Id, "Of this sign-in or enrolment.");
const TEXT: Param = Param::new("q", Of::Text, "With this text in one of their values.");

/// What can be asked of the trail.
pub(super) const TRAIL: [Param; 14] =
    [FROM, UNTIL, TZ, TYPE, EVENT, USER, OPERATOR, ADDRESS, SERIAL, TRANSACTION, TEXT, ORDER, AFTER, LIMIT];
/// The same for a file of all of it.
pub(super) const TRAIL_FILE: [Param; 12] =
    [FROM, UNTIL, TZ, TYPE, EVENT, USER, OPERATOR, ADDRESS, SERIAL, TRANSACTION, TEXT, ORDER];

const INITIATED_BY: Param = Param::new(
    "initiated_by",
    Of::Names(&["self_provisioning", "provisioning_email", "operator", "rule"]),
    "Set going by. `operator` never occurs: what an operator's mail has begun is `provisioning_email`, with their name as `initiator`.",
);
const RESULT: Param = Param::new(
    "result",
    Of::Names(&["offered", "in_progress", "completed", "confirmed", "cancelled", "expired", "failed", "superseded"]),
    "What has become of it.",
);
const GROUP: Param = Param::new("group", Of::Id, "Of users who are in this group themselves.");
const APPLICATION: Param = Param::new("application", Of::Text, "For this application.");
const OS: Param = Param::new("os", Of::Text, "On this operating system.");
const OFFERED: Param = Param::new("offered", Of::Switch, "`true`: those that were offered and never begun, too.");

/// What can be asked of the report.
pub(super) const ENROLMENTS: [Param; 14] = [
    BEGAN_FROM,
    BEGAN_UNTIL,
    TZ,
    INITIATED_BY,
    RESULT,
    USER,
    GROUP,
    SERIAL,
    ADDRESS,
    APPLICATION,
    OS,
    OFFERED,
    AFTER,
    LIMIT,
];
/// The same of its sums, and for a file of all of it.
pub(super) const ENROLMENTS_ALL: [Param; 12] =
    [BEGAN_FROM, BEGAN_UNTIL, TZ, INITIATED_BY, RESULT, USER, GROUP, SERIAL, ADDRESS, APPLICATION, OS, OFFERED];
/// Of which of the counts.
pub(super) const MISSING: [Param; 3] =
    [Param { required: true, ..Param::new("of", Of::Text, "A `key` of the funnel's `missing`.") }, AFTER, LIMIT];

/// A record of the audit trail: its place in the chain, and itself as it was hashed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRecord)]
pub(super) struct RecordShown {
    /// Its number: counted from 1 without gaps.
    seq: i64,
    /// The hash of the record before.
    prev: String,
    /// SHA-256 over `prev`, a line feed and the record in canonical form.
    hash: String,
    /// `logVersion`, `category`, `timeStamp`, `id`, `context` and `details`.
    #[schema(value_type = Object)]
    record: Value,
}

impl RecordShown {
    fn of(record: Value) -> Self {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            seq: record.get("seq").and_then(Value::as_i64).unwrap_or_default(),
            prev: text("prev"),
            hash: text("hash"),
            record: record.get("record").cloned().unwrap_or_default(),
        }
    }
}

impl Shown for RecordShown {
    fn example() -> Self {
        let context = json!({"tenantId": "default", "originatingAddress": "192.0.2.7", "principalId": SOME_ID});
        let details = json!({"type": "ENROLLMENT", "event": "ENROLLMENT_CONFIRMED", "serial": "DW-7Q2M-K94T"});
        let record = json!({"logVersion": "1.0", "category": "AUDIT", "id": "default-7", "seq": 7,
            "timeStamp": SOME_TIME.rfc3339(), "context": context, "details": details});
        Self {
            seq: 7,
            prev: "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9".to_owned(),
            hash: "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b".to_owned(),
            record,
        }
    }
}

/// A part of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRecords)]
pub(super) struct RecordsShown {
    /// What was found. May be empty though there is more: `searched_to` says so.
    items: Vec<RecordShown>,
    /// What to send as `after` for the next part; `null` when there is none. It is the number of a record.
    next: Option<String>,
    /// How far was looked, where that was not far enough to find as many as were asked for.
    searched_to: Option<String>,
    /// When the first record was appended that is kept, once older ones were taken away; `null` while all of them are there.
    begins_at: Option<String>,
}

impl Shown for RecordsShown {
    fn example() -> Self {
        Self { items: vec![RecordShown::example()], next: Some("7".to_owned()), searched_to: None, begins_at: None }
    }
}

/// An enrolment transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Enrolment, value_type = Object)]
#[serde(transparent)]
pub(super) struct EnrolmentShown(Value);

impl Shown for EnrolmentShown {
    fn example() -> Self {
        let enrolment = Enrolment {
            id: SOME_ID.to_owned(),
            began_at: SOME_TIME,
            steps: [Some(SOME_TIME); 6],
            finished_at: Some(SOME_TIME),
            result: EnrolmentResult::Confirmed,
            kind: "authenticator".to_owned(),
            serial: "DW-7Q2M-K94T".to_owned(),
            os: "iOS".to_owned(),
            codes_sent: 1,
            ..Enrolment::default()
        };
        let row = ReportRow { enrolment, name: Some("alice".into()), display_name: String::new(), groups: Vec::new() };
        Self(enrolment_json(&row))
    }
}

/// A part of the enrolment history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Enrolments)]
pub(super) struct EnrolmentsShown {
    /// What was found. May be empty though there is more: `searched_to` says so.
    items: Vec<EnrolmentShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
    /// How far was looked, where that was not far enough to find as many as were asked for.
    searched_to: Option<String>,
}

impl Shown for EnrolmentsShown {
    fn example() -> Self {
        Self { items: vec![EnrolmentShown::example()], next: None, searched_to: None }
    }
}

/// How many came to what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResultCount)]
pub(super) struct ResultCount {
    /// What.
    result: String,
    /// How many.
    count: u64,
}

/// The sums of the enrolment history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolmentTotals)]
pub(super) struct TotalsShown {
    /// How many transactions were begun.
    started: u64,
    /// How many of them succeeded.
    completed: u64,
    /// That part of them, from 0 to 1; `null` where none were begun.
    completion_rate: Option<f64>,
    /// The middle one of how long those took that succeeded, in milliseconds.
    median_duration_ms: Option<i64>,
    /// The commonest reason of the others.
    top_failure_reason: Option<String>,
    /// How many had it.
    top_failure_count: u64,
    /// How many ended how.
    results: Vec<ResultCount>,
}

impl TotalsShown {
    fn of(totals: &Totals) -> Self {
        let result = |(result, count): &(EnrolmentResult, u64)| ResultCount {
            result: result.as_str().to_owned(),
            count: *count,
        };
        let top = totals.top_reason.as_ref();
        Self {
            started: totals.started(),
            completed: totals.completed(),
            completion_rate: totals
                .completion_rate()
                .and_then(|rate| u32::try_from(rate).ok())
                .map(|rate| f64::from(rate) / 1000.0),
            median_duration_ms: totals.median_duration,
            top_failure_reason: top.map(|(reason, _)| reason.clone()),
            top_failure_count: top.map_or(0, |(_, count)| *count),
            results: totals.results.iter().map(result).collect(),
        }
    }
}

impl Shown for TotalsShown {
    fn example() -> Self {
        let results = vec![(EnrolmentResult::Confirmed, 9), (EnrolmentResult::Expired, 3)];
        let top_reason = Some(("expired".to_owned(), 3));
        Self::of(&Totals { results, median_duration: Some(95_000), top_reason, ..Totals::default() })
    }
}

/// A step of the funnel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FunnelStep)]
pub(super) struct StepShown {
    /// `offered`, `started`, `code_accepted`, `target_chosen`, `activated` or `first_use`.
    step: String,
    /// How many have reached it.
    reached: u64,
    /// How many have not, of those who reached the step before.
    lost: u64,
    /// The middle one of how long it took from the step before, in milliseconds.
    median_ms: Option<i64>,
}

/// How many of those who may enrol have no token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissingCount)]
pub(super) struct MissingShown {
    /// By which they are listed.
    key: String,
    /// `all`, `rule`, `no_rule` or `group`.
    of: String,
    /// The name of the rule or group.
    name: Option<String>,
    /// The last day on which it may be put off, by the rule.
    deadline: Option<String>,
    /// How many users there are.
    users: u64,
    /// How many of them have no token.
    missing: u64,
}

impl MissingShown {
    fn of(line: &MissingLine) -> Self {
        let (of, name, deadline) = match &line.of {
            MissingOf::All => ("all", None, None),
            MissingOf::Rule { name, deadline, .. } => ("rule", Some(name.clone()), *deadline),
            MissingOf::NoRule => ("no_rule", None, None),
            MissingOf::Group { name, .. } => ("group", Some(name.clone()), None),
        };
        let Missing { users, missing } = line.count;
        Self { key: line.of.key(), of: of.to_owned(), name, deadline: deadline.map(String::from), users, missing }
    }
}

/// The funnel of self-provisioning, and who has no token yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Funnel)]
pub(super) struct FunnelShown {
    /// The steps, in order.
    steps: Vec<StepShown>,
    /// By enrolment rule, and then by group.
    missing: Vec<MissingShown>,
    /// When those were counted; `null` while they are being counted for the first time.
    missing_at: Option<String>,
}

fn steps(funnel: &[StepTotal]) -> Vec<StepShown> {
    let before = std::iter::once(None).chain(funnel.iter().map(|step| Some(step.reached)));
    let shown = |(step, before): (&StepTotal, Option<u64>)| StepShown {
        step: step.step.as_str().to_owned(),
        reached: step.reached,
        lost: before.map_or(0, |before| before.saturating_sub(step.reached)),
        median_ms: step.median,
    };
    funnel.iter().zip(before).map(shown).collect()
}

impl Shown for FunnelShown {
    fn example() -> Self {
        let step = |(step, reached)| StepTotal { step, reached, median: Some(12_000) };
        let funnel: Vec<StepTotal> = FunnelStep::ALL.into_iter().zip([20, 18, 15, 14, 12, 11]).map(step).collect();
        let missing = MissingShown {
            key: "all".to_owned(),
            of: "all".to_owned(),
            name: None,
            deadline: None,
            users: 40,
            missing: 29,
        };
        Self { steps: steps(&funnel), missing: vec![missing], missing_at: Some(SOME_TIME.rfc3339()) }
    }
}

/// Somebody who has no token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserWithoutToken)]
pub(super) struct MissingUserShown {
    /// Their id.
    id: String,
    /// The sign-in name.
    name: String,
    /// The name to show.
    display_name: Option<String>,
    /// The mail address.
    email: Option<String>,
}

/// A part of those who have no token, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsersWithoutToken)]
pub(super) struct MissingUsersShown {
    /// This part. May be empty though there is a next one.
    items: Vec<MissingUserShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl MissingUsersShown {
    fn of(found: Scanned<MissingUser>) -> Self {
        let user = |user: MissingUser| MissingUserShown {
            id: user.id.to_string(),
            name: user.name,
            display_name: Some(user.display_name).filter(|name| !name.is_empty()),
            email: user.email,
        };
        Self { items: found.items.into_iter().map(user).collect(), next: found.next }
    }
}

impl Shown for MissingUsersShown {
    fn example() -> Self {
        let (id, name) = (SOME_ID.to_owned(), "alice".to_owned());
        let user = MissingUserShown { id, name, display_name: None, email: Some("alice@example.org".to_owned()) };
        Self { items: vec![user], next: None }
    }
}

fn wrong(faults: Vec<FieldFault>) -> Problem {
    Problem::invalid(faults.into_iter().map(Wrong::from).collect())
}

/// `GET /audit/records`
pub(super) async fn records(asked: Asked, _: Nothing) -> Result<Found<RecordsShown>, Problem> {
    let (filter, _) = trail_filter(&|name| asked.query(name).to_owned()).map_err(wrong)?;
    let manager = &asked.api.parts.manager;
    let found = manager.trail(&asked.vs.id, &filter, &asked.page()).await?;
    let begins = manager.trail_begins(&asked.vs.id).await?;
    Ok(Found(RecordsShown {
        begins_at: begins.map(doorward_api::Timestamp::rfc3339),
        items: found.items.iter().map(|record| RecordShown::of(record_json(record))).collect(),
        next: found.next,
        searched_to: found.searched_to.map(doorward_api::Timestamp::rfc3339),
    }))
}

/// `GET /reports/enrolments`
pub(super) async fn enrolments(asked: Asked, _: Nothing) -> Result<Found<EnrolmentsShown>, Problem> {
    let (filter, _) = enrolment_filter(&|name| asked.query(name).to_owned()).map_err(wrong)?;
    let found = asked.api.parts.manager.enrolments(&asked.vs.id, &filter, &asked.page()).await?;
    Ok(Found(EnrolmentsShown {
        items: found.items.iter().map(|row| EnrolmentShown(enrolment_json(row))).collect(),
        next: found.next,
        searched_to: found.searched_to.map(doorward_api::Timestamp::rfc3339),
    }))
}

/// `GET /reports/enrolments/totals`
pub(super) async fn totals(asked: Asked, _: Nothing) -> Result<Found<TotalsShown>, Problem> {
    Ok(Found(TotalsShown::of(&summed(&asked).await?)))
}

async fn summed(asked: &Asked) -> Result<Totals, Problem> {
    let (filter, _) = enrolment_filter(&|name| asked.query(name).to_owned()).map_err(wrong)?;
    Ok(asked.api.parts.manager.enrolment_totals(&asked.vs.id, &filter).await?)
}

/// `GET /reports/funnel`
pub(super) async fn funnel(asked: Asked, _: Nothing) -> Result<Found<FunnelShown>, Problem> {
    let totals = summed(&asked).await?;
    let missing = asked.api.parts.manager.missing_now(&asked.vs.id, asked.visitor.now).await?;
    Ok(Found(FunnelShown {
        steps: steps(&totals.funnel),
        missing: missing.iter().flat_map(|now| &now.lines).map(MissingShown::of).collect(),
        missing_at: missing.map(|now| now.at.rfc3339()),
    }))
}

/// `GET /reports/missing`
pub(super) async fn missing(asked: Asked, _: Nothing) -> Result<Found<MissingUsersShown>, Problem> {
    let (_, found) = asked.api.parts.manager.missing(&asked.vs.id, asked.query("of"), &asked.page()).await?;
    Ok(Found(MissingUsersShown::of(found)))
}

/// `GET /audit/records.csv`
pub(super) async fn records_file(asked: Asked, _: Nothing) -> Result<Filed, Problem> {
    let looked_for = trail_filter(&|name| asked.query(name).to_owned()).map_err(wrong)?;
    let manager = asked.api.parts.manager.clone();
    manager.taken_away(&asked.vs.id, &asked.by(), Taken::Trail, Form::Csv.ending(), asked.raw_query()).await?;
    Ok(filed(past::trail(manager, asked.vs.id.clone(), looked_for, Form::Csv)))
}

/// `GET /reports/enrolments.csv`
pub(super) async fn enrolments_file(asked: Asked, _: Nothing) -> Result<Filed, Problem> {
    let looked_for = enrolment_filter(&|name| asked.query(name).to_owned()).map_err(wrong)?;
    let manager = asked.api.parts.manager.clone();
    manager.taken_away(&asked.vs.id, &asked.by(), Taken::Enrolments, Form::Csv.ending(), asked.raw_query()).await?;
    Ok(filed(past::enrolments(manager, asked.vs.id.clone(), looked_for, Form::Csv)))
}

fn filed(file: past::File) -> Filed {
    Filed(Streamed(Arc::new(Mutex::new(Some(file)))))
}

/// A file, to be sent once.
#[derive(Debug, Clone, Default)]
pub(super) struct Streamed(Arc<Mutex<Option<past::File>>>);

impl Streamed {
    /// It, for the first who asks.
    pub(super) fn take(&self) -> Option<past::File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
