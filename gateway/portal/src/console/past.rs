//! Reports and logs: the audit log, the enrolment history, the funnel, and who has no token yet. What is looked for stands in the
//! address, so each view can be sent to somebody; what is taken away as a file leaves a record.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use doorward_access::manage::{EnrolmentTotals, ManageError, MissingLine, MissingOf, Taken};
use doorward_api::enrolment::{EnrolmentResult, Initiation, ReportRow, StepTotal};
use doorward_api::operator::Role;
use doorward_api::ports::{Page, Scanned};
use doorward_api::settings::{Day, SettingKind};
use doorward_api::trail::{Fact, RECORD_TYPES, TrailRecord};
use doorward_api::{EventKind, FieldFault, FieldRule, HeldAct, Module, Timestamp, UserId};
use doorward_views::console::{Choice, ConsolePage, Fault as Said, Said as Words, in_page_order};
use doorward_views::console_access::built_in_said;
use doorward_views::console_past::{
    AUDIT, AuditPage, FUNNEL, FunnelBar, FunnelPage, HISTORY, HistoryPage, HistoryRow, Looking, LookingField, MISSING,
    MissingBar, MissingPage, MissingRow, PastPage, RecordRow, TotalsBox, hundredths, took,
};
use doorward_views::console_records::Linked;
use http::StatusCode;
use serde_json::Value;

use super::changes::Names;
use super::records::{AT_A_TIME, at, counting, linked, parts, path_with, query};
use super::signed::Signed;
use super::{Console, Shared, approvals, changes, groups, provisioning, roles, tokens, users};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::past::{self, Form, enrolment_filter, results, trail_filter};
use crate::zone::{OFFERED, Zone};

/// What the report shows when nothing is looked for: so much of the past (self-provisioning.md 5.2).
const USUAL: Duration = Duration::from_hours(30 * 24);

/// What else is in a query than what is looked for.
const BESIDES: [&str; 2] = ["after", "download"];

/// The names of what can be looked for, on each page.
const OF_TRAIL: [&str; 12] =
    ["from", "until", "type", "event", "user", "operator", "address", "serial", "transaction", "q", "tz", "order"];
const OF_REPORT: [&str; 13] = [
    "from",
    "until",
    "initiated_by",
    "result",
    "user",
    "group",
    "serial",
    "address",
    "application",
    "os",
    "offered",
    "tz",
    "order",
];

/// What was looked for, as it was typed.
struct Sought {
    query: Fields,
    names: &'static [&'static str],
    /// What a page begins with that is asked for nothing.
    usual: Vec<(&'static str, String)>,
    /// What is meant by names: the ids.
    ids: Vec<(&'static str, String)>,
    /// Names that nobody and nothing has.
    unknown: Vec<FieldFault>,
}

impl Sought {
    fn new(query: Fields, names: &'static [&'static str]) -> Self {
        Self { query, names, usual: Vec::new(), ids: Vec::new(), unknown: Vec::new() }
    }

    /// The report begins with the last days.
    fn of_report(query: Fields, now: Timestamp) -> Self {
        let zone = Zone::parse(query.text("tz")).unwrap_or_default();
        let mut sought = Self::new(query, &OF_REPORT);
        if !sought.filtered() {
            sought.usual = vec![("from", zone.day(now - USUAL))];
        }
        sought
    }

    /// Something is looked for.
    fn filtered(&self) -> bool {
        self.query.names().any(|name| !BESIDES.contains(&name) && !matches!(name, "tz" | "order"))
    }

    /// As it was typed, or what a page begins with.
    fn typed(&self, name: &str) -> String {
        let usual = || self.usual.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        match self.query.get(name) {
            Some(_) => self.query.text(name).trim().to_owned(),
            None => usual().unwrap_or_default(),
        }
    }

    /// As it is meant.
    fn meant(&self, name: &str) -> String {
        let id = self.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| id.clone());
        id.unwrap_or_else(|| self.typed(name))
    }

    /// Finds whose ids are meant by names.
    async fn find(mut self, console: &Console, signed: &Signed) -> Result<Self, Fault> {
        let (manager, vs) = (&console.parts.manager, &signed.vs.id);
        let user = self.typed("user");
        if !user.is_empty() {
            match manager.user_named(vs, &user).await? {
                Some(record) => self.ids.push(("user", record.user.id.to_string())),
                None => self.unknown.push(FieldFault::new("user", FieldRule::Unknown { value: user })),
            }
        }
        let group = self.typed("group");
        if self.names.contains(&"group") && !group.is_empty() {
            match manager.group_named(vs, &group).await? {
                Some(record) => self.ids.push(("group", record.id.to_string())),
                None => self.unknown.push(FieldFault::new("group", FieldRule::Unknown { value: group })),
            }
        }
        Ok(self)
    }

    /// The filter, or all that is wrong.
    fn read<F>(
        &self,
        parse: impl Fn(past::Query<'_>) -> Result<(F, Zone), Vec<FieldFault>>,
    ) -> Result<(F, Zone), Vec<FieldFault>> {
        let read = parse(&|name| self.meant(name));
        if self.unknown.is_empty() {
            return read;
        }
        let mut faults = read.err().unwrap_or_default();
        faults.extend(self.unknown.iter().cloned());
        Err(faults)
    }

    /// What is looked for, name by name. Where somebody has emptied every field, that is said: such an address must not lead
    /// back to what the page begins with.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = self.names.iter().map(|name| (*name, self.typed(name))).collect();
        let says = |(name, value): &(&'static str, String)| !value.is_empty() && !matches!(*name, "tz" | "order");
        if self.filtered() && !pairs.iter().any(says) {
            pairs.push(("all", "on".to_owned()));
        }
        pairs
    }

    fn path(&self, path: &str, other: &[(&str, &str)]) -> String {
        let pairs = self.pairs();
        let kept = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let kept = kept.filter(|(name, _)| !other.iter().any(|(known, _)| known == name));
        let all: Vec<(&str, &str)> = kept.chain(other.iter().copied()).collect();
        path_with(path, &all)
    }

    fn looking(&self, path: &str, zone: &Zone, faults: Vec<FieldFault>) -> Looking {
        let turned = if self.typed("order") == "oldest" { "newest" } else { "oldest" };
        Looking {
            path: path.to_owned(),
            filtered: self.filtered(),
            zones: OFFERED.map(str::to_owned).to_vec(),
            zone: zone.name().to_owned(),
            turn: Some((turned.to_owned(), self.path(path, &[("order", turned)]))),
            permalink: self.path(path, &[]),
            faults: in_page_order(
                faults.iter().map(|fault| Said::of(fault, label, |_, value| Words::text(value))).collect(),
                self.names.iter().map(|name| (*name, vec![label(name)])),
            ),
            ..Looking::default()
        }
    }

    /// What cannot be read cannot be taken away either.
    fn files(&self, looking: Looking, may: bool) -> Looking {
        let may = may && looking.faults.is_empty();
        let file = |form: Form| may.then(|| self.path(&format!("{}.{}", looking.path, form.ending()), &[]));
        Looking { csv: file(Form::Csv), json: file(Form::Json), ..looking }
    }

    fn field(&self, name: &str, kind: &'static str, faults: &[Said]) -> LookingField {
        LookingField {
            name: name.to_owned(),
            label: label(name),
            kind,
            value: self.typed(name),
            choices: Vec::new(),
            fault: faults.iter().find(|fault| fault.field.as_deref() == Some(name)).cloned(),
        }
    }

    fn select(&self, name: &str, values: &[&str], words: &str, faults: &[Said]) -> LookingField {
        let choice = |value: &&str| Choice {
            value: (*value).to_owned(),
            said: Words::words(format!("{words}{value}")),
            hint: None,
        };
        LookingField { choices: values.iter().map(choice).collect(), ..self.field(name, "select", faults) }
    }
}

/// The key of a field's label.
fn label(name: &str) -> String {
    match name {
        "transaction" => "console-past-transaction-id".to_owned(),
        name => format!("console-past-{name}"),
    }
}

/// Some of those fields say something.
fn used(fields: &[LookingField]) -> bool {
    fields.iter().any(|field| !field.value.is_empty())
}

fn page(query: &Fields) -> Page {
    Page { after: query.text("after").to_owned(), limit: AT_A_TIME }
}

fn status(faults: &[Said]) -> StatusCode {
    if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

fn show(console: &Console, signed: &Signed, here: &str, status: StatusCode, page: PastPage) -> Answer {
    console.page(signed, here, status, ConsolePage::Past(page))
}

/// Nothing, where what is looked for cannot be read.
fn nothing<T>() -> Scanned<T> {
    Scanned { items: Vec::new(), next: None, searched_to: None }
}

/// `GET /logs/audit`
pub(super) async fn audit(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let part = page(&query);
    let sought = Sought::new(query, &OF_TRAIL).find(&console, &signed).await?;
    let (found, zone, faults) = match sought.read(trail_filter) {
        Ok((filter, zone)) => (console.parts.manager.trail(&signed.vs.id, &filter, &part).await?, zone, Vec::new()),
        Err(faults) => (nothing(), Zone::default(), faults),
    };
    let looking = sought.looking(AUDIT, &zone, faults);
    let looking = sought.files(looking, signed.may(Module::Audit.export()));
    let wrong = looking.faults.clone();
    let field = |name: &str, kind| sought.field(name, kind, &wrong);
    let more = vec![
        field("operator", "text"),
        field("address", "text"),
        field("serial", "text"),
        field("transaction", "text"),
    ];
    let looking = Looking {
        fields: vec![
            field("from", "date"),
            field("until", "date"),
            sought.select("type", &RECORD_TYPES, "console-record-", &wrong),
            LookingField { choices: events(), ..field("event", "suggest") },
            field("user", "text"),
            field("q", "text"),
        ],
        more_used: used(&more) || !sought.typed("tz").is_empty(),
        more: more.into_iter().chain([field("tz", "zone")]).collect(),
        ..looking
    };
    let names = names_of_users(&console, &signed, &found.items).await?;
    let facts: Vec<Fact> = found.items.iter().map(TrailRecord::fact).collect();
    let groups: Vec<&str> = facts.iter().flat_map(groups_in).collect();
    let groups = changes::names(&console, &signed.vs.id, groups).await?;
    let begins = console.parts.manager.trail_begins(&signed.vs.id).await?;
    let records = found.items.iter().map(|record| record_row(record, &zone, &sought, (&names, &groups)));
    let page = AuditPage {
        records: records.collect(),
        parts: through(&sought, AUDIT, &part, found.next.as_deref()),
        searched_to: found.searched_to.map(|at| zone.short(at)),
        begins: begins.map(|at| zone.short(at)),
        looking,
    };
    show(&console, &signed, AUDIT, status(&wrong), PastPage::Audit(Box::new(page)))
}

/// The names of all events, to choose from.
fn events() -> Vec<Choice> {
    let choice = |kind: EventKind| Choice { value: kind.name(), said: Words::Nothing, hint: None };
    EventKind::ALL.into_iter().map(choice).collect()
}

fn through(sought: &Sought, path: &str, part: &Page, next: Option<&str>) -> doorward_views::console_records::Parts {
    let pairs = sought.pairs();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    parts(path, &pairs, &part.after, next)
}

/// What users are called whom records name by their rows only. Those who are gone have no name.
async fn names_of_users(
    console: &Console,
    signed: &Signed,
    records: &[TrailRecord],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut names = BTreeMap::new();
    for fact in records.iter().map(TrailRecord::fact) {
        let Some(id) = fact.context("principalId").filter(|id| fact.object() == Some(("user", (*id).into()))) else {
            continue;
        };
        if names.contains_key(id) {
            continue;
        }
        match console.parts.manager.user(&signed.vs.id, &UserId::from(id)).await {
            Ok(record) => names.insert(id.to_owned(), record.user.name),
            Err(ManageError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(names)
}

fn record_row(
    record: &TrailRecord,
    zone: &Zone,
    sought: &Sought,
    (names, groups): (&BTreeMap<String, String>, &Names),
) -> RecordRow {
    let fact = record.fact();
    let called = |name: &str| names.get(name).map_or_else(|| name.to_owned(), String::clone);
    let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let tz = sought.typed("tz");
    RecordRow {
        seq: record.stored.seq,
        at: zone.short(record.at),
        iso: record.at.rfc3339(),
        event: fact.event.clone(),
        actor: own(fact.actor()),
        address: own(fact.context("originatingAddress")),
        object: fact.object().map(|(kind, name)| (kind.to_owned(), object_said(kind, &name, called))),
        object_path: object_path(&fact),
        changes: changed(&fact, groups),
        details: details(&fact, groups),
        transaction: fact
            .context("transactionId")
            .map(|flow| path_with(AUDIT, &[("transaction", flow), ("order", "oldest"), ("tz", &tz)])),
        hash: record.stored.hash.clone(),
    }
}

/// What it is called, in our words where it is something of ours.
fn object_said(kind: &str, name: &str, called: impl Fn(&str) -> String) -> Words {
    match (kind, name) {
        ("log", "audit_log") => Words::words("console-page-audit"),
        ("report", "enrolment_history") => Words::words("console-page-history"),
        ("settings", _) if SettingKind::ALL.iter().any(|known| known.as_str() == name) => {
            Words::words(format!("console-page-{name}"))
        }
        ("approval", _) if HeldAct::NAMES.contains(&name) => Words::words(format!("console-act-{name}")),
        ("invitation", _) => match Role::parse(name) {
            Some(role) => built_in_said(role),
            None => Words::text(name),
        },
        ("user", _) => Words::text(called(name)),
        _ => Words::text(name),
    }
}

fn object_path(fact: &Fact) -> Option<String> {
    let (kind, name) = fact.object()?;
    let gone = fact.event.ends_with("_DELETED");
    match kind {
        "token" => Some(path_with(tokens::HERE, &[("serial", &name)])),
        "user" => fact.context("principalId").map(|id| at(users::HERE, id)),
        "task" => Some(at(provisioning::HERE, &name)),
        "group" if !gone => fact.text("group").map(|id| at(groups::HERE, id)),
        "role" if !gone => fact.text("roleId").map(|id| at(roles::HERE, id)),
        "approval" => fact.text("approvalId").map(|id| at(approvals::HERE, id)),
        "report" => Some(HISTORY.to_owned()),
        _ => None,
    }
}

/// The rows of groups that a record names: its own, and those in the settings that it tells of.
fn groups_in(fact: &Fact) -> Vec<&str> {
    fn find<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| find(one, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match (name.as_str(), value) {
                        ("group", Value::String(id)) => found.push(id),
                        ("groups", Value::Array(ids)) => found.extend(ids.iter().filter_map(Value::as_str)),
                        _ => find(value, found),
                    }
                }
            }
            _ => {}
        }
    }
    let mut found: Vec<&str> = fact.text("group").into_iter().collect();
    fact.detail("changes").into_iter().for_each(|changes| find(changes, &mut found));
    found
}

/// Old and new values, as records of settings have them, and those that name both. Groups are called by their names.
fn changed(fact: &Fact, groups: &Names) -> Vec<(String, String, String)> {
    let listed = fact.detail("changes").and_then(Value::as_array);
    let said = |value: &Value| {
        let known = groups.iter().filter_map(|(id, name)| Some((id, name.as_ref()?)));
        known.fold(plain(value), |text, (id, name)| text.replace(id.as_str(), name))
    };
    let one = |change: &Value| {
        let text = |name: &str| change.get(name).map(said).unwrap_or_default();
        (change.get("field").map(plain).unwrap_or_default(), text("old"), text("new"))
    };
    let mut found: Vec<_> = listed.into_iter().flatten().map(one).collect();
    for (what, old, new) in [("name", "old", "new"), ("state", "from", "to")] {
        if let (Some(old), Some(new)) = (fact.detail(old), fact.detail(new)) {
            found.push((what.to_owned(), plain(old), plain(new)));
        }
    }
    found
}

fn details(fact: &Fact, groups: &Names) -> Vec<(String, String)> {
    let of_context =
        ["usedName", "principalId", "sessionId", "transactionId", "applicationName", "policyName", "globalAccessId"];
    let of_context = of_context.into_iter().filter_map(|name| Some((name.to_owned(), fact.context(name)?.to_owned())));
    let further = fact.further().filter(|(name, _)| *name != "changes");
    let said = |name: &str, value: &Value| match (name, groups.get(&plain(value)).cloned().flatten()) {
        ("group", Some(called)) => format!("{called} ({})", plain(value)),
        _ => plain(value),
    };
    further.map(|(name, value)| (name.to_owned(), said(name, value))).chain(of_context).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `GET /logs/audit.csv`
pub(super) async fn audit_csv(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    audit_file(&console, raw, &signed, Form::Csv).await
}

/// `GET /logs/audit.json`
pub(super) async fn audit_json(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    audit_file(&console, raw, &signed, Form::Json).await
}

async fn audit_file(console: &Console, raw: Option<String>, signed: &Signed, form: Form) -> Answer {
    let sought = Sought::new(query(raw)?, &OF_TRAIL).find(console, signed).await?;
    let looked_for = sought.read(trail_filter).map_err(ManageError::Invalid)?;
    let manager = console.parts.manager.clone();
    let filter = sought.path("", &[]);
    manager
        .taken_away(&signed.vs.id, &signed.by(), Taken::Trail, form.ending(), filter.trim_start_matches('?'))
        .await?;
    Ok(past::trail(manager, signed.vs.id.clone(), looked_for, form).into_response())
}

/// `GET /reports/enrolments`
pub(super) async fn history(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let part = page(&query);
    let sought = Sought::of_report(query, signed.caller.now).find(&console, &signed).await?;
    let manager = &console.parts.manager;
    let (found, totals, zone, faults) = match sought.read(enrolment_filter) {
        Ok((filter, zone)) => {
            let now = signed.caller.now;
            let (found, totals) = manager.enrolments_with_totals(&signed.vs.id, &filter, &part, now).await?;
            (found, summed(totals.as_deref(), now), zone, Vec::new())
        }
        Err(faults) => (nothing(), TotalsBox::default(), Zone::default(), faults),
    };
    let looking = looking_at_enrolments(&sought, HISTORY, &zone, faults);
    let looking = sought.files(looking, signed.may(Module::Reports.export()));
    let wrong = looking.faults.clone();
    let begins = manager.trail_begins(&signed.vs.id).await?;
    let page = HistoryPage {
        totals,
        rows: found.items.iter().map(|row| history_row(row, &zone, &sought, &signed)).collect(),
        parts: through(&sought, HISTORY, &part, found.next.as_deref()),
        searched_to: found.searched_to.map(|at| zone.short(at)),
        begins: begins.map(|at| zone.short(at)),
        looking,
    };
    show(&console, &signed, HISTORY, status(&wrong), PastPage::History(Box::new(page)))
}

fn looking_at_enrolments(sought: &Sought, path: &str, zone: &Zone, faults: Vec<FieldFault>) -> Looking {
    let looking = sought.looking(path, zone, faults);
    let wrong = looking.faults.clone();
    let field = |name: &str, kind| sought.field(name, kind, &wrong);
    let more = vec![
        field("group", "text"),
        field("serial", "text"),
        field("address", "text"),
        field("application", "text"),
        field("os", "text"),
    ];
    let offered = (path == HISTORY).then(|| field("offered", "flag"));
    // An empty list must say something, so what never occurs is not offered. An address that asks for it is shown as it is.
    let asked = Initiation::parse(&sought.typed("initiated_by"));
    let initiations =
        Initiation::ALL.into_iter().filter(|one| Initiation::OCCURRING.contains(one) || asked == Some(*one));
    let initiations: Vec<&str> = initiations.map(Initiation::as_str).collect();
    Looking {
        fields: vec![
            field("from", "date"),
            field("until", "date"),
            sought.select("initiated_by", &initiations, "console-initiation-", &wrong),
            sought.select("result", &results(), "console-result-", &wrong),
            field("user", "text"),
        ],
        more_used: used(&more)
            || !sought.typed("tz").is_empty()
            || offered.as_ref().is_some_and(|it| !it.value.is_empty()),
        more: more.into_iter().chain([field("tz", "zone")]).chain(offered).collect(),
        // What is summed up has no order.
        turn: looking.turn.filter(|_| path == HISTORY),
        ..looking
    }
}

fn summed(counted: Option<&EnrolmentTotals>, now: Timestamp) -> TotalsBox {
    let counting = counting(counted.map(|counted| counted.at), now);
    let Some(EnrolmentTotals { totals, .. }) = counted else { return TotalsBox { counting, ..TotalsBox::default() } };
    TotalsBox {
        counting,
        counted: true,
        started: totals.started(),
        completed: totals.completed(),
        rate: totals.completion_rate().map(|rate| (rate / 10, rate % 10)),
        median: totals.median_duration.map(took),
        top_reason: totals.top_reason.clone(),
    }
}

fn history_row(row: &ReportRow, zone: &Zone, sought: &Sought, signed: &Signed) -> HistoryRow {
    let of = &row.enrolment;
    let user = of.user.as_ref().zip(row.name.as_deref());
    let token = |serial: &str| Linked {
        path: path_with(tokens::HERE, &[("serial", serial), ("state", "")]),
        name: serial.to_owned(),
    };
    let tz = sought.typed("tz");
    let records = || path_with(AUDIT, &[("transaction", of.id.as_str()), ("order", "oldest"), ("tz", &tz)]);
    HistoryRow {
        at: zone.short(of.began_at),
        iso: of.began_at.rfc3339(),
        user: user.map(|(id, name)| linked(users::HERE, id.as_str(), name)),
        used_name: of.used_name.clone(),
        result: of.result.as_str(),
        mood: match of.result {
            result if result.succeeded() => "good",
            EnrolmentResult::Failed => "bad",
            _ => "",
        },
        // That one has expired because it is over says nothing.
        reason: if of.reason == of.result.as_str() { String::new() } else { of.reason.clone() },
        duration: of.duration().map(took),
        os: of.os.clone(),
        token: (!of.serial.is_empty()).then(|| token(&of.serial)),
        facts: facts(row, zone),
        records: signed.may(Module::Audit.view()).then(records),
    }
}

/// All else that is known of a transaction: the columns of the report that have no room beside the others.
fn facts(row: &ReportRow, zone: &Zone) -> Vec<(String, Words)> {
    let of = &row.enrolment;
    let text = |text: &str| Words::text(text);
    let count = |count: u32| Words::text(if count > 0 { count.to_string() } else { String::new() });
    let flag = |said: Option<bool>| match said {
        Some(said) => Words::words(if said { "console-on" } else { "console-off" }),
        None => Words::Nothing,
    };
    let set = |said: bool| if said { Words::words("console-on") } else { Words::Nothing };
    let device = [of.device_name.as_str(), of.device_type.as_str()];
    let device: Vec<&str> = device.into_iter().filter(|text| !text.is_empty()).collect();
    let initiation = Words::words(format!("console-initiation-{}", of.initiation.as_str()));
    [
        ("started", text(&of.started_at().map(|at| zone.short(at)).unwrap_or_default())),
        ("finished", text(&of.finished_at.map(|at| zone.short(at)).unwrap_or_default())),
        ("initiated_by", initiation),
        ("initiator", text(&of.initiator)),
        ("groups", text(&row.groups.join(", "))),
        ("application", text(&of.application)),
        ("policy", text(&of.policy)),
        ("last_step", text(&of.last_step)),
        ("kind", if of.kind.is_empty() { Words::Nothing } else { text(&of.kind) }),
        ("device", text(&device.join(", "))),
        ("device_address", text(&of.device_address)),
        ("push", flag(of.push)),
        ("pin_type", text(&of.pin_type)),
        ("biometric", flag(of.biometric)),
        ("template_version", text(&of.template_version.map(|version| version.to_string()).unwrap_or_default())),
        ("address", text(&of.address)),
        ("user_agent", text(&of.user_agent)),
        ("language", text(&of.language)),
        ("codes_sent", count(of.codes_sent)),
        ("wrong_codes", count(of.wrong_codes)),
        ("wrong_passcodes", count(of.wrong_passcodes)),
        ("refreshes", count(of.refreshes)),
        ("additional", set(of.additional)),
        ("disputed", set(of.disputed)),
    ]
    .into_iter()
    .filter(|(_, said)| *said != Words::Nothing)
    .map(|(name, said)| (format!("console-past-{name}"), said))
    .collect()
}

/// `GET /reports/enrolments.csv`
pub(super) async fn history_csv(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    history_file(&console, raw, &signed, Form::Csv).await
}

/// `GET /reports/enrolments.json`
pub(super) async fn history_json(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    history_file(&console, raw, &signed, Form::Json).await
}

async fn history_file(console: &Console, raw: Option<String>, signed: &Signed, form: Form) -> Answer {
    let sought = Sought::of_report(query(raw)?, signed.caller.now).find(console, signed).await?;
    let looked_for = sought.read(enrolment_filter).map_err(ManageError::Invalid)?;
    let manager = console.parts.manager.clone();
    let filter = sought.path("", &[]);
    let filter = filter.trim_start_matches('?');
    manager.taken_away(&signed.vs.id, &signed.by(), Taken::Enrolments, form.ending(), filter).await?;
    Ok(past::enrolments(manager, signed.vs.id.clone(), looked_for, form).into_response())
}

/// `GET /reports/funnel`
pub(super) async fn funnel(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let sought = Sought::of_report(query(raw)?, signed.caller.now).find(&console, &signed).await?;
    let (manager, now) = (&console.parts.manager, signed.caller.now);
    let missing = manager.missing_now(&signed.vs.id, now);
    // Both may take as long as a page waits: it waits once.
    let (totals, missing, zone, faults) = match sought.read(enrolment_filter) {
        Ok((filter, zone)) => {
            let (totals, missing) =
                tokio::try_join!(manager.enrolment_totals_now(&signed.vs.id, &filter, now), missing)?;
            (totals, missing, zone, Vec::new())
        }
        Err(faults) => (None, missing.await?, Zone::default(), faults),
    };
    let looking = looking_at_enrolments(&sought, FUNNEL, &zone, faults);
    let wrong = looking.faults.clone();
    let page = FunnelPage {
        totals: if wrong.is_empty() { summed(totals.as_deref(), now) } else { TotalsBox::default() },
        steps: totals.map(|counted| bars(&counted.totals.funnel)).unwrap_or_default(),
        missing: missing.iter().flat_map(|counted| &counted.lines).map(|line| missing_bar(line, now)).collect(),
        counted_at: missing.map(|counted| zone.short(counted.at)).unwrap_or_default(),
        looking,
    };
    show(&console, &signed, FUNNEL, status(&wrong), PastPage::Funnel(Box::new(page.drawn())))
}

fn bars(funnel: &[StepTotal]) -> Vec<FunnelBar> {
    let before = std::iter::once(None).chain(funnel.iter().map(|step| Some(step.reached)));
    let bar = |(step, before): (&StepTotal, Option<u64>)| {
        let lost = before.map_or(0, |before| before.saturating_sub(step.reached));
        FunnelBar {
            step: step.step.as_str(),
            reached: step.reached,
            lost,
            lost_percent: before.map(|before| hundredths(lost, before)),
            median: step.median.map(took),
            ..FunnelBar::default()
        }
    };
    funnel.iter().zip(before).map(bar).collect()
}

/// Which words tell of whom, their name, and their deadline.
fn of_whom(of: &MissingOf) -> (&'static str, String, Option<Day>) {
    match of {
        MissingOf::All => ("all", String::new(), None),
        MissingOf::Rule { name, deadline, .. } => ("rule", name.clone(), *deadline),
        MissingOf::NoRule => ("no_rule", String::new(), None),
        MissingOf::Group { name, .. } => ("group", name.clone(), None),
    }
}

fn missing_bar(line: &MissingLine, now: Timestamp) -> MissingBar {
    let (of, name, deadline) = of_whom(&line.of);
    MissingBar {
        of,
        name,
        deadline: deadline.map(String::from),
        over: deadline.is_some_and(|day| day.ends() <= now),
        users: line.count.users,
        missing: line.count.missing,
        path: path_with(MISSING, &[("of", &line.of.key())]),
        ..MissingBar::default()
    }
}

/// `GET /reports/missing?of=…`
pub(super) async fn missing(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let (key, part) = (query.text("of").to_owned(), page(&query));
    let (of, found) = console.parts.manager.missing(&signed.vs.id, &key, &part).await?;
    let (of, name, deadline) = of_whom(&of);
    let row = |user: &doorward_api::enrolment::MissingUser| MissingRow {
        path: at(users::HERE, user.id.as_str()),
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
    };
    let page = MissingPage {
        of,
        name,
        deadline: deadline.map(String::from),
        users: found.items.iter().map(row).collect(),
        parts: parts(MISSING, &[("of", &key)], &part.after, found.next.as_deref()),
    };
    show(&console, &signed, FUNNEL, StatusCode::OK, PastPage::Missing(Box::new(page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::enrolment::{Enrolment, FunnelStep};

    /// What it took is the time between them, though the row stands where it was offered.
    #[test]
    fn when_the_button_was_pressed_stands_beside_the_end() {
        let (offered, pressed, ended) = (
            Timestamp::from_secs(1_764_000_000),
            Timestamp::from_secs(1_764_000_300),
            Timestamp::from_secs(1_764_000_395),
        );
        let mut enrolment = Enrolment { began_at: offered, finished_at: Some(ended), ..Enrolment::default() };
        enrolment.steps[FunnelStep::Offered as usize] = Some(offered);
        let told = |enrolment: &Enrolment| {
            let (enrolment, groups) = (enrolment.clone(), Vec::new());
            facts(&ReportRow { enrolment, name: None, display_name: String::new(), groups }, &Zone::default())
        };
        assert!(told(&enrolment).iter().all(|(name, _)| name != "console-past-started"), "it was never begun");
        enrolment.steps[FunnelStep::Started as usize] = Some(pressed);
        let times = told(&enrolment);
        let of = |name: &str| times.iter().find(|(known, _)| known == name).map(|(_, said)| said.clone());
        let short = |at| Some(Words::text(Zone::default().short(at)));
        assert_eq!((of("console-past-started"), of("console-past-finished")), (short(pressed), short(ended)));
        assert_eq!(enrolment.duration().map(took).as_deref(), Some("1:35"));
    }
}
