//! Files of the trail and of the enrolment history: CSV (RFC 4180) that no spreadsheet takes for formulas, and JSON. They are
//! written part by part while they are sent, so that their length is no matter.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use doorward_access::manage::{ManageError, Manager};
use doorward_api::csv::row;
use doorward_api::enrolment::{EnrolmentFilter, FunnelStep, ReportRow};
use doorward_api::ports::{Page, Scanned};
use doorward_api::trail::{Fact, TrailFilter, TrailRecord};
use doorward_api::{Timestamp, VirtualServerId};
use futures::StreamExt;
use futures::stream::{BoxStream, try_unfold};
use http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::zone::Zone;

/// So many rows are read at once.
const PART: u32 = 200;

/// So often a part is asked for that does not come: a file of hours must not end early because the store was busy for a moment.
const TRIES: u32 = 6;

/// How long is waited before the second time, and twice as long before each that follows.
const PAUSE: Duration = Duration::from_millis(100);

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A table.
    Csv,
    /// An array.
    Json,
}

impl Form {
    /// By the ending of a path.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Json => "json",
        }
    }

    const fn media(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8; header=present",
            Form::Json => "application/json",
        }
    }
}

/// A file that is being written.
pub(crate) struct File {
    name: String,
    form: Form,
    parts: BoxStream<'static, Result<Bytes, ManageError>>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("name", &self.name).field("form", &self.form).finish_non_exhaustive()
    }
}

impl IntoResponse for File {
    /// Should the store fail in the midst of it, the connection is broken off: a file that ends early must not look whole.
    fn into_response(self) -> Response {
        let mut response = Body::from_stream(self.parts).into_response();
        let disposition = format!("attachment; filename=\"{}.{}\"", self.name, self.form.ending());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.form.media()));
        if let Ok(disposition) = HeaderValue::try_from(disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// A row of either: as cells, and as JSON.
struct Written<T: 'static> {
    columns: &'static [(&'static str, Cell<T>)],
    json: fn(&T) -> Value,
    zone: Zone,
    form: Form,
}

type Cell<T> = fn(&T, &Zone) -> String;

impl<T> Written<T> {
    fn head(&self) -> String {
        match self.form {
            Form::Csv => row(self.columns.iter().map(|(name, _)| (*name).to_owned())),
            Form::Json => "[".to_owned(),
        }
    }

    fn rows(&self, items: &[T], first: bool) -> String {
        let mut text = String::new();
        for (place, item) in items.iter().enumerate() {
            match self.form {
                Form::Csv => text += &row(self.columns.iter().map(|(_, cell)| cell(item, &self.zone))),
                Form::Json => {
                    text += if first && place == 0 { "\n" } else { ",\n" };
                    text += &(self.json)(item).to_string();
                }
            }
        }
        text
    }

    const fn end(&self) -> &'static str {
        match self.form {
            Form::Csv => "",
            Form::Json => "\n]\n",
        }
    }
}

/// How far a file is.
struct Progress {
    /// Where its next part begins; `None` when everything was read.
    page: Option<Page>,
    begun: bool,
    any: bool,
}

fn written<T, F>(
    written: Written<T>,
    read: impl Fn(Page) -> F + Send + Sync + 'static,
) -> BoxStream<'static, Result<Bytes, ManageError>>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<Scanned<T>, ManageError>> + Send,
{
    let begin = Progress { page: Some(Page { after: String::new(), limit: PART }), begun: false, any: false };
    try_unfold((begin, written, read), |(progress, written, read)| async move {
        let Some(page) = progress.page else { return Ok(None) };
        let found = insisted(&read, &page).await?;
        let mut text = if progress.begun { String::new() } else { written.head() };
        text += &written.rows(&found.items, !progress.any);
        let page = found.next.map(|after| Page { after, limit: PART });
        if page.is_none() {
            text += written.end();
        }
        let progress = Progress { page, begun: true, any: progress.any || !found.items.is_empty() };
        Ok(Some((Bytes::from(text), (progress, written, read))))
    })
    .boxed()
}

/// A part, asked for again while there is hope that it comes. That it did not is said: whoever takes the file sees a connection that
/// breaks off, and nothing of why.
async fn insisted<T, F>(read: &(impl Fn(Page) -> F + Sync), page: &Page) -> Result<Scanned<T>, ManageError>
where
    F: Future<Output = Result<Scanned<T>, ManageError>> + Send,
{
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match read(page.clone()).await {
            Err(ManageError::Unavailable(_) | ManageError::Busy) => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
        pause *= 2;
    }
    read(page.clone()).await.inspect_err(|error| {
        tracing::warn!(%error, after = page.after, "a file that was being taken away is broken off");
    })
}

/// A record of the trail, read once for all its cells.
struct Told {
    record: TrailRecord,
    fact: Fact,
}

impl From<TrailRecord> for Told {
    fn from(record: TrailRecord) -> Self {
        Self { fact: record.fact(), record }
    }
}

/// The trail, of what is looked for.
pub(crate) fn trail(
    manager: Arc<Manager>,
    vs: VirtualServerId,
    (filter, zone): (TrailFilter, Zone),
    form: Form,
) -> File {
    let name = format!("audit-log-{vs}");
    let shape = Written { columns: TRAIL, json: |told: &Told| record_json(&told.record), zone, form };
    let parts = written(shape, move |page| {
        let (manager, vs, filter) = (manager.clone(), vs.clone(), filter.clone());
        async move {
            let found = manager.trail(&vs, &filter, &page).await?;
            let items = found.items.into_iter().map(Told::from).collect();
            Ok(Scanned { items, next: found.next, searched_to: found.searched_to })
        }
    });
    File { name: named(&name), form, parts }
}

/// The enrolment history, of what is looked for.
pub(crate) fn enrolments(
    manager: Arc<Manager>,
    vs: VirtualServerId,
    (filter, zone): (EnrolmentFilter, Zone),
    form: Form,
) -> File {
    let name = format!("enrolment-history-{vs}");
    let shape = Written { columns: ENROLMENTS, json: enrolment_json, zone, form };
    let parts = written(shape, move |page| {
        let (manager, vs, filter) = (manager.clone(), vs.clone(), filter.clone());
        async move { manager.enrolments(&vs, &filter, &page).await }
    });
    File { name: named(&name), form, parts }
}

/// A name that any system takes for one of a file.
fn named(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

const TRAIL: &[(&str, Cell<Told>)] = &[
    ("time", |r, zone| zone.written(r.record.at)),
    ("time_utc", |r, _| r.record.at.rfc3339()),
    ("seq", |r, _| r.record.stored.seq.to_string()),
    ("type", |r, _| r.fact.record_type.clone()),
    ("event", |r, _| r.fact.event.clone()),
    ("actor", |r, _| text(r.fact.actor())),
    ("address", |r, _| text(r.fact.context("originatingAddress"))),
    ("object_type", |r, _| text(r.fact.object().map(|(kind, _)| kind))),
    ("object", |r, _| r.fact.object().map(|(_, name)| name.into_owned()).unwrap_or_default()),
    ("user_id", |r, _| text(r.fact.context("principalId"))),
    ("user", |r, _| text(r.fact.context("usedName"))),
    ("transaction", |r, _| text(r.fact.context("transactionId"))),
    ("application", |r, _| text(r.fact.context("applicationName"))),
    ("policy", |r, _| text(r.fact.context("policyName"))),
    ("request", |r, _| text(r.fact.context("globalAccessId"))),
    ("details", |r, _| {
        let further: serde_json::Map<String, Value> =
            r.fact.further().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Value::Object(further).to_string()
    }),
    ("hash", |r, _| r.record.stored.hash.clone()),
];

const ENROLMENTS: &[(&str, Cell<ReportRow>)] = &[
    // By this they are looked for and sorted; what it took is counted from the next.
    ("began", |r, zone| at(Some(r.enrolment.began_at), zone)),
    ("began_utc", |r, _| utc(Some(r.enrolment.began_at))),
    ("started", |r, zone| at(r.enrolment.started_at(), zone)),
    ("started_utc", |r, _| utc(r.enrolment.started_at())),
    ("finished", |r, zone| at(r.enrolment.finished_at, zone)),
    ("finished_utc", |r, _| utc(r.enrolment.finished_at)),
    ("duration_seconds", |r, _| r.enrolment.duration().map(|took| (took / 1000).to_string()).unwrap_or_default()),
    ("user_id", |r, _| text(r.enrolment.user.as_ref().map(|user| user.as_str()))),
    ("user", |r, _| r.name.clone().unwrap_or_else(|| r.enrolment.used_name.clone())),
    ("display_name", |r, _| r.display_name.clone()),
    ("groups", |r, _| r.groups.join("; ")),
    ("initiated_by", |r, _| r.enrolment.initiation.as_str().to_owned()),
    ("initiator", |r, _| r.enrolment.initiator.clone()),
    ("application", |r, _| r.enrolment.application.clone()),
    ("policy", |r, _| r.enrolment.policy.clone()),
    ("result", |r, _| r.enrolment.result.as_str().to_owned()),
    ("reason", |r, _| r.enrolment.reason.clone()),
    ("last_step", |r, _| r.enrolment.last_step.clone()),
    ("token_type", |r, _| r.enrolment.kind.clone()),
    ("serial", |r, _| r.enrolment.serial.clone()),
    ("os", |r, _| r.enrolment.os.clone()),
    ("device_type", |r, _| r.enrolment.device_type.clone()),
    ("device_name", |r, _| r.enrolment.device_name.clone()),
    ("push", |r, _| flag(r.enrolment.push)),
    ("pin_type", |r, _| r.enrolment.pin_type.clone()),
    ("biometric", |r, _| flag(r.enrolment.biometric)),
    ("template_version", |r, _| r.enrolment.template_version.map(|version| version.to_string()).unwrap_or_default()),
    ("address", |r, _| r.enrolment.address.clone()),
    ("user_agent", |r, _| r.enrolment.user_agent.clone()),
    ("device_address", |r, _| r.enrolment.device_address.clone()),
    ("codes_sent", |r, _| r.enrolment.codes_sent.to_string()),
    ("wrong_codes", |r, _| r.enrolment.wrong_codes.to_string()),
    ("wrong_passcodes", |r, _| r.enrolment.wrong_passcodes.to_string()),
    ("qr_refreshes", |r, _| r.enrolment.refreshes.to_string()),
    ("language", |r, _| r.enrolment.language.clone()),
    ("additional", |r, _| flag(Some(r.enrolment.additional))),
    ("disputed", |r, _| flag(Some(r.enrolment.disputed))),
    ("transaction", |r, _| r.enrolment.id.clone()),
];

fn text(said: Option<&str>) -> String {
    said.unwrap_or_default().to_owned()
}

fn at(at: Option<Timestamp>, zone: &Zone) -> String {
    at.map(|at| zone.written(at)).unwrap_or_default()
}

fn utc(at: Option<Timestamp>) -> String {
    at.map(Timestamp::rfc3339).unwrap_or_default()
}

fn flag(said: Option<bool>) -> String {
    text(said.map(|said| if said { "yes" } else { "no" }))
}

/// A record with its place in the chain; itself as it was hashed.
pub(crate) fn record_json(record: &TrailRecord) -> Value {
    let stored = &record.stored;
    let whole: Value = serde_json::from_str(&stored.record).unwrap_or_default();
    json!({ "seq": stored.seq, "prev": stored.prev, "hash": stored.hash, "record": whole })
}

/// A row of the report.
pub(crate) fn enrolment_json(row: &ReportRow) -> Value {
    let of = &row.enrolment;
    let said = |text: &str| if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let steps = FunnelStep::ALL.map(|step| (step.as_str().to_owned(), json!(time(of.step(step)))));
    json!({
        "transaction": of.id,
        "result": of.result.as_str(),
        "reason": said(&of.reason),
        "last_step": said(&of.last_step),
        "began_at": of.began_at.rfc3339(),
        "started_at": time(of.started_at()),
        "finished_at": time(of.finished_at),
        "duration_ms": of.duration(),
        "steps": serde_json::Map::from_iter(steps),
        "user_id": of.user.as_ref().map(|user| user.as_str()),
        "user": row.name.as_deref().map_or_else(|| said(&of.used_name), said),
        "display_name": said(&row.display_name),
        "groups": row.groups,
        "initiated_by": of.initiation.as_str(),
        "initiator": said(&of.initiator),
        "additional": of.additional,
        "application": said(&of.application),
        "policy": said(&of.policy),
        "token_type": said(&of.kind),
        "serial": said(&of.serial),
        "os": said(&of.os),
        "device_type": said(&of.device_type),
        "device_name": said(&of.device_name),
        "push": of.push,
        "pin_type": said(&of.pin_type),
        "biometric": of.biometric,
        "template_version": of.template_version,
        "address": said(&of.address),
        "user_agent": said(&of.user_agent),
        "device_address": said(&of.device_address),
        "codes_sent": of.codes_sent,
        "wrong_codes": of.wrong_codes,
        "wrong_passcodes": of.wrong_passcodes,
        "qr_refreshes": of.refreshes,
        "language": said(&of.language),
        "disputed": of.disputed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_whole_however_it_is_cut_into_parts() {
        let shape = |form| Written::<i32> {
            columns: &[("n", |n, _| n.to_string())],
            json: |n| json!(n),
            zone: Zone::default(),
            form,
        };
        let read = |page: Page| async move {
            Ok(match page.after.as_str() {
                "" => Scanned { items: vec![], next: Some("1".into()), searched_to: None },
                "1" => Scanned { items: vec![1, 2], next: Some("2".into()), searched_to: None },
                _ => Scanned { items: vec![3], next: None, searched_to: None },
            })
        };
        let whole = async |form| {
            let parts: Vec<_> = written(shape(form), read).collect().await;
            parts.into_iter().map(|part| String::from_utf8(part.unwrap().to_vec()).unwrap()).collect::<String>()
        };
        assert_eq!(whole(Form::Csv).await, "\"n\"\r\n\"1\"\r\n\"2\"\r\n\"3\"\r\n");
        let parsed: Value = serde_json::from_str(&whole(Form::Json).await).unwrap();
        assert_eq!(parsed, json!([1, 2, 3]));
        let nothing = |_: Page| async { Ok(Scanned::<i32> { items: vec![], next: None, searched_to: None }) };
        let parts: Vec<_> = written(shape(Form::Json), nothing).collect().await;
        assert_eq!(parts.len(), 1);
        let broken = |_: Page| async { Err::<Scanned<i32>, _>(ManageError::Busy) };
        let mut parts = written(shape(Form::Csv), broken);
        assert!(parts.next().await.unwrap().is_err());
    }
}
