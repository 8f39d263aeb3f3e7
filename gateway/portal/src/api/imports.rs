//! Files of tokens that were made elsewhere. A file is read while the caller waits, so that one which cannot be read is
//! refused at once; its tokens then go into the stock one after another, and the caller looks how far that is.
//!
//! What became of each row is kept by this process, for an hour; the tokens themselves, the records of them, and how far the file has
//! come, are in the store.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use doorward_access::manage::text::{LONGEST_NAME, line};
use doorward_access::manage::{By, ImportReport, Imported, RowOutcome};
use doorward_api::import_job::ImportJob;
use doorward_api::plugin::{ImportFault, ImportKey, ImportRow};
use doorward_api::{FieldRule, Secret, SecretBytes, Timestamp, VirtualServerId};
use serde::Serialize;
use tracing::Instrument;
use utoipa::ToSchema;

use super::Shared;
use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Begun, Found, Shown};
use super::people::SOME_ID;
use super::problem::{Problem, Wrong};

/// The largest file.
pub(super) const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// The largest body: such a file in base 64, and what stands around it.
pub(super) const LARGEST_BODY: usize = LARGEST_FILE.div_ceil(3) * 4 + 64 * 1024;

/// How long a report is kept after the file was sent.
const KEPT: Duration = Duration::from_hours(1);

/// So many reports are kept, of all virtual servers; the oldest that is done goes first.
const MOST_KEPT: usize = 32;

/// So many files are taken at a time.
const AT_A_TIME: usize = 2;

/// The files of the last hour.
#[derive(Debug, Default)]
pub(super) struct Imports(Mutex<VecDeque<Arc<Job>>>);

/// One file, on its way into the stock.
#[derive(Debug)]
struct Job {
    id: String,
    vs: VirtualServerId,
    begun_at: Timestamp,
    rows: usize,
    done: Arc<AtomicUsize>,
    outcome: Mutex<Option<Result<ImportReport, ()>>>,
}

/// Nothing that holds these locks can panic; were it otherwise, what is in them would still be whole.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Imports {
    /// Takes a place for a file; `None` when there is none.
    fn begin(&self, job: Job) -> Option<Arc<Job>> {
        let (job, mut jobs) = (Arc::new(job), lock(&self.0));
        jobs.retain(|kept| job.begun_at.since(kept.begun_at) < KEPT || !kept.over());
        if jobs.iter().filter(|kept| !kept.over()).count() >= AT_A_TIME {
            return None;
        }
        if jobs.len() >= MOST_KEPT
            && let Some(oldest) = jobs.iter().position(|kept| kept.over())
        {
            jobs.remove(oldest);
        }
        jobs.push_back(job.clone());
        Some(job)
    }

    fn find(&self, vs: &VirtualServerId, id: &str, now: Timestamp) -> Option<Arc<Job>> {
        let jobs = lock(&self.0);
        let lasts = |job: &&Arc<Job>| now.since(job.begun_at) < KEPT || !job.over();
        jobs.iter().find(|job| job.vs == *vs && job.id == id).filter(lasts).cloned()
    }
}

impl Job {
    fn over(&self) -> bool {
        lock(&self.outcome).is_some()
    }

    fn shown(&self) -> ImportShown {
        let outcome = lock(&self.outcome);
        let report = outcome.as_ref().and_then(|outcome| outcome.as_ref().ok());
        ImportShown {
            id: self.id.clone(),
            state: match outcome.as_ref() {
                None => ImportState::Running,
                Some(Ok(_)) => ImportState::Done,
                Some(Err(())) => ImportState::Failed,
            },
            rows: self.rows,
            done: self.done.load(Ordering::SeqCst).min(self.rows),
            taken: report.map(ImportReport::taken),
            report: report.map(|report| report.rows.iter().map(RowShown::of).collect()),
        }
    }
}

/// How far a file is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ImportState {
    /// On its way.
    Running,
    /// At its end; the report tells of each row.
    Done,
    /// It broke off, as when its process has ended; it may be sent again, and nothing is taken twice.
    Failed,
}

/// A file of tokens on its way into the stock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenImport)]
pub(super) struct ImportShown {
    /// Its id.
    id: String,
    /// How far it is.
    state: ImportState,
    /// How many rows it has.
    rows: usize,
    /// How many are dealt with.
    done: usize,
    /// How many went into the stock, at its end; `null` as well where another process has taken the file.
    taken: Option<usize>,
    /// What became of each row, in the file's order, at its end; `null` as well where another process has taken the file.
    report: Option<Vec<RowShown>>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RowOutcomeName {
    /// It is in the stock now.
    Taken,
    /// A token with this serial number is there already.
    AlreadyThere,
    /// It cannot be taken; `message` says why.
    Refused,
    /// The store did not answer: it was not taken, and may be sent again.
    NotReached,
}

/// A row of the report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
struct RowShown {
    /// Line or place in the file, from 1.
    place: u32,
    /// The serial number as far as it could be read.
    serial: Option<String>,
    /// What became of it.
    outcome: RowOutcomeName,
    /// Why it was refused.
    message: Option<String>,
}

impl RowShown {
    fn of(row: &Imported) -> Self {
        let (outcome, message) = match &row.outcome {
            RowOutcome::Taken => (RowOutcomeName::Taken, None),
            RowOutcome::AlreadyThere => (RowOutcomeName::AlreadyThere, None),
            RowOutcome::Refused(why) => (RowOutcomeName::Refused, Some(why.clone())),
            RowOutcome::NotReached => (RowOutcomeName::NotReached, None),
        };
        Self { place: row.place, serial: row.serial.clone(), outcome, message }
    }
}

impl ImportShown {
    /// Of a file that another process takes, or took: what became of each row is not known here.
    fn kept(job: &ImportJob, now: Timestamp) -> Self {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            id: job.id.clone(),
            state: match job.ended_at {
                Some(_) => ImportState::Done,
                None if job.broke_off(now) => ImportState::Failed,
                None => ImportState::Running,
            },
            rows: count(job.rows),
            done: count(job.done.min(job.rows)),
            taken: None,
            report: None,
        }
    }
}

impl Shown for ImportShown {
    fn example() -> Self {
        let row = |place, serial: &str, outcome, message: Option<&str>| RowShown {
            place,
            serial: Some(serial.to_owned()),
            outcome,
            message: message.map(str::to_owned),
        };
        Self {
            id: SOME_ID.to_owned(),
            state: ImportState::Done,
            rows: 2,
            done: 2,
            taken: Some(1),
            report: Some(vec![
                row(1, "30000001", RowOutcomeName::Taken, None),
                row(2, "30000002", RowOutcomeName::Refused, Some("the secret is shorter than 16 bytes")),
            ]),
        }
    }
}

body! {
    /// A file of tokens that were made elsewhere: PSKC (RFC 6030) or OATH CSV; which of them it is, is seen from
    /// itself.
    FileGiven {
        /// The file in base 64, of at most 16 MiB.
        #[schema(format = Byte, content_encoding = "base64")]
        file_base64: String,
        /// The pre-shared key of an encrypted file, in hex.
        #[schema(value_type = Option<String>, format = Password)]
        key: Option<Secret>,
        /// The password of an encrypted file; not together with a key.
        #[schema(value_type = Option<String>, format = Password)]
        password: Option<Secret>,
        /// What the file is called, for those who look through files that were sent: one line of at most 100 characters.
        #[schema(max_length = 100)]
        name: Option<String>,
    }
    example { "file_base64": "MzAwMDAwMDEsMzEzMjMzMzQzNTM2MzczODM5MzAzMTMyMzMzNDM1MzYzNzM4MzkzMCxob3RwLDYsMAo=" }
}

/// `POST /tokens/import`
pub(super) async fn begin(asked: Asked, given: FileGiven) -> Result<Begun<ImportShown>, Problem> {
    let (key, name) = (key(&given)?, name(&given)?);
    let file = BASE64.decode(given.file_base64.as_bytes());
    let file = file.map_err(|_| Problem::invalid(vec![Wrong::new("file_base64", "base64", "must be base 64")]))?;
    let (plugin, rows) = read(&asked.api, file, key).await?;
    let job = Job {
        id: asked.api.parts.entropy.id(),
        vs: asked.vs.id.clone(),
        begun_at: asked.visitor.now,
        rows: rows.len(),
        done: Arc::default(),
        outcome: Mutex::default(),
    };
    let job = asked.api.imports.begin(job).ok_or_else(Problem::busy)?;
    let span = tracing::info_span!("import", request_id = asked.visitor.request_id);
    // Answered before anything is done: that it is on its way is all that is done under a key.
    let by = By { undone: None, ..asked.by() };
    tokio::spawn(take(asked.api.clone(), by, (job.clone(), name), (plugin, rows)).instrument(span));
    Ok(Begun { at: format!("/tokens/imports/{}", job.id), body: job.shown() })
}

/// Whatever becomes of it, it comes to an end: a job that stayed for ever would take the place of another.
async fn take(api: Shared, by: By, (job, name): (Arc<Job>, String), read: (&'static str, Vec<ImportRow>)) {
    let (vs, id, done) = (job.vs.clone(), job.id.clone(), job.done.clone());
    let taken = tokio::spawn(async move { api.parts.manager.import_tokens(&vs, &by, (&id, &name), read, done).await });
    let outcome = match taken.await {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a file of tokens was not taken");
            Err(())
        }
        Err(error) => {
            tracing::error!(%error, "taking a file of tokens broke off");
            Err(())
        }
    };
    *lock(&job.outcome) = Some(outcome);
}

/// Deriving a key from a password takes its time, and so does a large file: not on a thread that others wait for.
async fn read(api: &Shared, file: Vec<u8>, key: Option<ImportKey>) -> Result<(&'static str, Vec<ImportRow>), Problem> {
    let manager = api.parts.manager.clone();
    let read = tokio::task::spawn_blocking(move || manager.read_tokens(&file, key.as_ref())).await;
    let read = read.map_err(|error| Problem::internal(format!("reading a file of tokens broke off: {error}")))?;
    read.map_err(|fault| {
        let (field, rule) = match fault {
            ImportFault::UnknownFormat => ("file_base64", "unknown_format"),
            ImportFault::TooLarge(_) => ("file_base64", "too_large"),
            ImportFault::Malformed(_) => ("file_base64", "malformed"),
            ImportFault::KeyNeeded => ("key", "required"),
            ImportFault::WrongKey => ("key", "wrong_key"),
        };
        Problem::invalid(vec![Wrong::new(field, rule, &fault.to_string())])
    })
}

fn name(given: &FileGiven) -> Result<String, Problem> {
    let mut faults = Vec::new();
    let name = line(&mut faults, "name", given.name.as_deref().unwrap_or_default(), LONGEST_NAME, true);
    name.ok_or_else(|| Problem::invalid(faults.into_iter().map(Wrong::from).collect()))
}

fn key(given: &FileGiven) -> Result<Option<ImportKey>, Problem> {
    match (&given.key, &given.password) {
        (None, None) => Ok(None),
        (None, Some(password)) => Ok(Some(ImportKey::Password(password.clone()))),
        (Some(key), None) => {
            let bytes = HEXLOWER_PERMISSIVE.decode(key.expose().as_bytes());
            let wrong = |_| Problem::invalid(vec![Wrong::new("key", "hex", "must be hex")]);
            Ok(Some(ImportKey::Key(SecretBytes::new(bytes.map_err(wrong)?))))
        }
        (Some(_), Some(_)) => {
            let rule = FieldRule::NotAvailable { other: "key".to_owned(), value: "given".to_owned() };
            Err(Problem::invalid(vec![Wrong::of("password", rule)]))
        }
    }
}

/// `GET /tokens/imports/{import}`
pub(super) async fn look(asked: Asked, _: Nothing) -> Result<Found<ImportShown>, Problem> {
    let id: String = asked.id("import");
    if let Some(job) = asked.api.imports.find(&asked.vs.id, &id, asked.visitor.now) {
        return Ok(Found(job.shown()));
    }
    // It is of another process, or of one that was here before.
    let job = asked.api.parts.manager.import_job(&asked.vs.id, &id).await?;
    Ok(Found(ImportShown::kept(&job, asked.visitor.now)))
}
