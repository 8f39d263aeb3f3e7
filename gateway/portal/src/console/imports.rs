//! Files of tokens: sent by a form, read and taken while their page shows how far it is, and reported row by row. What became of
//! each row is kept by this process; the tokens, the records of them, and how far the file has come, are in the store.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, RawQuery, State};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use doorward_access::manage::{By, ImportReport, Imported, RowOutcome};
use doorward_api::import_job::ImportJob;
use doorward_api::plugin::{ImportFault, ImportKey};
use doorward_api::{Module, OperatorId, Secret, SecretBytes, Timestamp, VirtualServerId};
use doorward_views::console::{Fault as Said, Told};
use doorward_views::console_records::{ImportPage, JobLine, JobPage, Parts, RecordsPage, RowCount, RowLine, TaskPage};
use http::{HeaderValue, StatusCode, header};
use tracing::Instrument;

use super::records::{Refused, at, field, hinted, path_with, query, show, unproved, with_refusal};
use super::signed::Signed;
use super::upload::{LARGEST_FILE, Upload};
use super::{Console, Shared, tokens};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/import";

/// So many files are read and taken at a time.
const AT_ONCE: usize = 2;

/// So many reports are kept, of all virtual servers; the oldest that is done goes first.
const MOST_KEPT: usize = 32;

/// So many rows of a report are shown at a time.
const ROWS: usize = 200;

/// A header that all browsers know: the page shows itself again, with no script.
const REFRESH: &str = "refresh";

/// The files that were sent to this process.
#[derive(Debug, Default)]
pub(super) struct Jobs(Mutex<VecDeque<Arc<Job>>>);

/// One file on its way into the stock.
#[derive(Debug)]
struct Job {
    id: String,
    vs: VirtualServerId,
    operator: OperatorId,
    file: String,
    at: Timestamp,
    done: Arc<AtomicUsize>,
    stage: Mutex<Stage>,
}

/// How far a file is.
#[derive(Debug, Clone)]
enum Stage {
    Reading,
    Taking {
        total: usize,
    },
    Done(Arc<ImportReport>),
    /// The file cannot be read; `None`: the server could not finish it.
    Failed(Option<ImportFault>),
}

impl Stage {
    const fn name(&self) -> &'static str {
        match self {
            Stage::Reading => "reading",
            Stage::Taking { .. } => "taking",
            Stage::Done(_) => "done",
            Stage::Failed(_) => "failed",
        }
    }

    const fn over(&self) -> bool {
        matches!(self, Stage::Done(_) | Stage::Failed(_))
    }
}

/// Nothing that holds these locks can panic; were it otherwise, what is in them would still be whole.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Takes a place for a file; `None` when there is none.
    fn begin(&self, job: Job) -> Option<Arc<Job>> {
        let (job, mut jobs) = (Arc::new(job), lock(&self.0));
        if jobs.iter().filter(|kept| !kept.stage().over()).count() >= AT_ONCE {
            return None;
        }
        if jobs.len() >= MOST_KEPT
            && let Some(oldest) = jobs.iter().position(|kept| kept.stage().over())
        {
            jobs.remove(oldest);
        }
        jobs.push_back(job.clone());
        Some(job)
    }

    /// An operator's own, the newest first.
    fn of(&self, signed: &Signed) -> Vec<Arc<Job>> {
        lock(&self.0).iter().rev().filter(|job| job.is_of(signed)).cloned().collect()
    }
}

impl Job {
    fn stage(&self) -> Stage {
        lock(&self.stage).clone()
    }

    fn is_of(&self, signed: &Signed) -> bool {
        self.vs == signed.vs.id && self.operator == signed.session.operator.id
    }

    fn line(&self) -> JobLine {
        JobLine { path: at(HERE, &self.id), file: self.file.clone(), at: self.at, stage: self.stage().name() }
    }
}

/// `GET /import`
pub(super) async fn open(State(console): State<Shared>, signed: Signed) -> Answer {
    form(&console, &signed, None).await
}

/// What stands of a file that another process takes, or took before it ended.
fn kept_stage(job: &ImportJob, now: Timestamp) -> &'static str {
    match job.ended_at {
        Some(_) => "over",
        None if job.broke_off(now) => "broke-off",
        None => "taking",
    }
}

fn kept_line(job: &ImportJob, now: Timestamp) -> JobLine {
    let file = if job.file.is_empty() { job.id.clone() } else { job.file.clone() };
    JobLine { path: at(HERE, &job.id), file, at: job.begun_at, stage: kept_stage(job, now) }
}

async fn form(console: &Console, signed: &Signed, refused: Option<Refused>) -> Answer {
    let task = TaskPage {
        key: "console-task-import".to_owned(),
        texts: vec![Told::new("console-task-import-text")],
        fields: vec![
            hinted(field("file", "file", "")),
            hinted(field("key", "password", "")),
            hinted(field("import-password", "password", "")),
        ],
        action: HERE.to_owned(),
        cancel: if signed.may(Module::Tokens.view()) { tokens::HERE } else { "/" }.to_owned(),
        upload: true,
        ..TaskPage::default()
    };
    let (status, task) = with_refusal(signed, task, refused);
    let here = console.imports.of(signed);
    let mut jobs: Vec<JobLine> = here.iter().map(|job| job.line()).collect();
    let kept = console.parts.manager.import_jobs(&signed.vs.id, &signed.session.operator.id).await?;
    let elsewhere = kept.iter().filter(|kept| here.iter().all(|job| job.id != kept.id));
    jobs.extend(elsewhere.map(|kept| kept_line(kept, signed.caller.now)));
    show(console, signed, HERE, status, RecordsPage::Import(Box::new(ImportPage { task, jobs })))
}

/// `POST /import`
pub(super) async fn send(State(console): State<Shared>, upload: Upload) -> Answer {
    let Upload { mut post, file } = upload;
    if let Some(refused) = unproved(&console, &mut post).await? {
        return form(&console, &post.signed, Some(refused)).await;
    }
    let (signed, fields) = (&post.signed, &post.fields);
    let (file, key) = match chosen(file).and_then(|file| Ok((file, key(fields)?))) {
        Ok(both) => both,
        Err(refused) => return form(&console, signed, Some(refused)).await,
    };
    let (name, content) = file;
    let job = Job {
        id: console.parts.entropy.id(),
        vs: signed.vs.id.clone(),
        operator: signed.session.operator.id.clone(),
        file: name,
        at: signed.caller.now,
        done: Arc::default(),
        stage: Mutex::new(Stage::Reading),
    };
    let Some(job) = console.imports.begin(job) else {
        let busy = Said::plain(None, "console-fault-import-busy");
        return form(&console, signed, Some(Refused::new(StatusCode::CONFLICT, busy))).await;
    };
    let span = tracing::info_span!("import", request_id = signed.caller.request_id);
    tokio::spawn(work(console.clone(), signed.by(), job.clone(), content, key).instrument(span));
    see_other(&at(HERE, &job.id))
}

fn chosen(file: Option<(String, Vec<u8>)>) -> Result<(String, Vec<u8>), Refused> {
    let file = file.ok_or_else(|| Refused::field("file", "console-fault-file"))?;
    if file.1.len() > LARGEST_FILE { Err(Refused::field("file", "console-fault-file-large")) } else { Ok(file) }
}

fn key(fields: &Fields) -> Result<Option<ImportKey>, Refused> {
    match (fields.filled("key"), fields.filled("import-password")) {
        (None, None) => Ok(None),
        (None, Some(password)) => Ok(Some(ImportKey::Password(Secret::new(password)))),
        (Some(key), None) => {
            let bytes = key_bytes(key).ok_or_else(|| Refused::field("key", "console-fault-key"))?;
            Ok(Some(ImportKey::Key(SecretBytes::new(bytes))))
        }
        (Some(_), Some(_)) => Err(Refused::field("import-password", "console-fault-key-or-password")),
    }
}

/// A key of AES is 16, 24 or 32 bytes long; written in hex, it is no key of one of these lengths in base64 as well, but for 32
/// digits, and those are what people write keys of 16 bytes in.
fn key_bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let good = |bytes: &Vec<u8>| matches!(bytes.len(), 16 | 24 | 32);
    let hex = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().filter(good);
    hex.or_else(|| BASE64.decode(text.as_bytes()).ok().filter(good))
}

/// Reads the file and takes its tokens. Whatever becomes of it, it comes to an end: a job that stayed for ever would take the
/// place of another.
async fn work(console: Shared, by: By, job: Arc<Job>, file: Vec<u8>, key: Option<ImportKey>) {
    let manager = console.parts.manager.clone();
    // A key is derived from a password by many rounds: not on a thread that others wait for.
    let read = tokio::task::spawn_blocking(move || manager.read_tokens(&file, key.as_ref())).await;
    let end = match read {
        Ok(Ok(tokens)) => {
            *lock(&job.stage) = Stage::Taking { total: tokens.1.len() };
            let (vs, done, manager) = (job.vs.clone(), job.done.clone(), console.parts.manager.clone());
            let (id, file) = (job.id.clone(), job.file.clone());
            match tokio::spawn(async move { manager.import_tokens(&vs, &by, (&id, &file), tokens, done).await }).await {
                Ok(Ok(report)) => Stage::Done(Arc::new(report)),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a file of tokens was not taken");
                    Stage::Failed(None)
                }
                Err(error) => {
                    tracing::error!(%error, "taking a file of tokens broke off");
                    Stage::Failed(None)
                }
            }
        }
        Ok(Err(fault)) => Stage::Failed(Some(fault)),
        Err(error) => {
            tracing::error!(%error, "reading a file of tokens broke off");
            Stage::Failed(None)
        }
    };
    *lock(&job.stage) = end;
}

/// `GET /import/{id}?still`, `?left&from=200`
pub(super) async fn look(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let page = match console.imports.of(&signed).into_iter().find(|job| job.id == id) {
        Some(job) => job_page(&job, &query),
        None => kept_page(&console, &signed, &id, &query).await?,
    };
    let renews = page.renews;
    let mut answer = show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Job(Box::new(page)))?;
    if renews {
        answer.headers_mut().insert(header::HeaderName::from_static(REFRESH), HeaderValue::from_static("1"));
    }
    Ok(answer)
}

/// A file of another process, or of one that was here before: it says so itself.
async fn kept_page(console: &Console, signed: &Signed, id: &str, query: &Fields) -> Result<JobPage, Fault> {
    let job = console.parts.manager.import_job(&signed.vs.id, id).await?;
    if job.operator != signed.session.operator.id {
        return Err(Fault::new(doorward_access::arrival::ErrorKind::NotFound, "no such file was sent"));
    }
    let of = kept_line(&job, signed.caller.now);
    Ok(JobPage {
        renews: of.stage == "taking" && query.get("still").is_none(),
        of,
        done: job.done.min(job.rows),
        total: job.rows,
        ..JobPage::default()
    })
}

fn job_page(job: &Job, query: &Fields) -> JobPage {
    let stage = job.stage();
    let mut page = JobPage {
        of: job.line(),
        done: job.done.load(Ordering::SeqCst) as u64,
        renews: !stage.over() && query.get("still").is_none(),
        ..JobPage::default()
    };
    match stage {
        Stage::Reading => {}
        Stage::Taking { total } => {
            page.total = total as u64;
            page.done = page.done.min(page.total);
        }
        Stage::Failed(fault) => page.fault = Some(told(fault)),
        Stage::Done(report) => {
            page.only_left = query.get("left").is_some();
            page.counts = counts(&report);
            (page.rows, page.parts) = rows(&report, page.only_left, &page.of.path, query);
        }
    }
    page
}

fn told(fault: Option<ImportFault>) -> Said {
    let (key, what) = match fault {
        None => ("console-job-fault-broke-off", None),
        Some(ImportFault::UnknownFormat) => ("console-job-fault-unknown", None),
        Some(ImportFault::TooLarge(why)) => ("console-job-fault-too-large", Some(why)),
        Some(ImportFault::Malformed(why)) => ("console-job-fault-malformed", Some(why)),
        Some(ImportFault::KeyNeeded) => ("console-job-fault-key-needed", None),
        Some(ImportFault::WrongKey) => ("console-job-fault-wrong-key", None),
    };
    let said = Said::plain(None, key);
    match what {
        Some(what) => said.with("what", what),
        None => said,
    }
}

const OUTCOMES: [&str; 4] = ["taken", "there", "refused", "not-reached"];

const fn outcome(row: &Imported) -> &'static str {
    match row.outcome {
        RowOutcome::Taken => "taken",
        RowOutcome::AlreadyThere => "there",
        RowOutcome::Refused(_) => "refused",
        RowOutcome::NotReached => "not-reached",
    }
}

fn counts(report: &ImportReport) -> Vec<RowCount> {
    let count = |name: &'static str| report.rows.iter().filter(|row| outcome(row) == name).count() as u64;
    OUTCOMES.map(|name| RowCount { name, count: count(name) }).to_vec()
}

fn rows(report: &ImportReport, only_left: bool, path: &str, query: &Fields) -> (Vec<RowLine>, Parts) {
    let from: usize = query.text("from").parse().unwrap_or(0);
    let shown = |row: &&Imported| !only_left || row.outcome != RowOutcome::Taken;
    let all = report.rows.iter().filter(shown).count();
    let line = |row: &Imported| RowLine {
        place: row.place,
        serial: row.serial.clone(),
        outcome: outcome(row),
        why: match &row.outcome {
            RowOutcome::Refused(why) => Some(why.clone()),
            _ => None,
        },
    };
    let lines = report.rows.iter().filter(shown).skip(from).take(ROWS).map(line).collect();
    let behind = from.saturating_add(ROWS);
    let left = if only_left { "on" } else { "" };
    let next = (all > behind).then(|| path_with(path, &[("left", left), ("from", &behind.to_string())]));
    let first = (from > 0).then(|| path_with(path, &[("left", left)]));
    (lines, Parts { first, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hex_or_base64_of_a_length_that_aes_has() {
        let twelve = "12345678901234567890123456789012";
        assert_eq!(key_bytes(twelve).map(|key| key.len()), Some(16));
        assert_eq!(key_bytes("1234 5678 90AB cdef 1234567890123456").map(|key| key.len()), Some(16));
        assert_eq!(key_bytes("MTIzNDU2Nzg5MDEyMzQ1Ng==").as_deref(), Some(&b"1234567890123456"[..]));
        for bad in ["", "12", "MTIz", "no key at all"] {
            assert_eq!(key_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_report_is_shown_in_parts_and_only_what_was_left_if_that_is_wanted() {
        let row = |place: u32| Imported {
            place,
            serial: Some(place.to_string()),
            outcome: if place.is_multiple_of(2) { RowOutcome::Taken } else { RowOutcome::Refused("it is odd".into()) },
        };
        let report = ImportReport { rows: (1..=500).map(row).collect() };
        let query = |raw: &str| Fields::parse(raw.as_bytes()).unwrap();
        let (lines, parts) = rows(&report, false, "/import/j", &query("from=200"));
        assert_eq!((lines.len(), lines[0].place), (200, 201));
        assert_eq!((parts.first.as_deref(), parts.next.as_deref()), (Some("/import/j"), Some("/import/j?from=400")));
        let (lines, parts) = rows(&report, true, "/import/j", &query("left=on"));
        assert_eq!((lines.len(), lines[1].place, lines[1].why.as_deref()), (200, 3, Some("it is odd")));
        assert_eq!(parts.next.as_deref(), Some("/import/j?left=on&from=200"));
        let counted: Vec<u64> = counts(&report).into_iter().map(|each| each.count).collect();
        assert_eq!(counted, [250, 0, 250, 0]);
    }
}
