//! Writes a chain out, record by record, for people and for other systems.

use std::io::{self, Write};

use doorward_api::audit::StoredRecord;
use doorward_api::csv::row;
use doorward_api::ports::AuditLog;
use doorward_api::{StoreError, Timestamp, VirtualServerId};
use serde_json::Value;

/// Records read at a time.
const BATCH: u32 = 1000;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One record a line, byte for byte as it was hashed: the chain can be computed anew from the export alone.
    Json,
    /// RFC 4180, one record a row, the common fields in columns of their own.
    Csv,
}

/// Why an export ended early. What was written before is whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Of which time records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Appended at this time or later.
    pub from: Option<Timestamp>,
    /// Appended before this.
    pub until: Option<Timestamp>,
}

impl Span {
    fn has(self, record: &StoredRecord) -> bool {
        let Self { from, until } = self;
        if from.is_none() && until.is_none() {
            return true;
        }
        let at = field(record, "/timeStamp");
        // RFC 3339 in UTC: the order of the texts is that of the times.
        from.is_none_or(|from| at >= from.rfc3339()) && until.is_none_or(|until| at < until.rfc3339())
    }
}

/// Writes the records of a virtual server that there are now, oldest first, and returns how many. Holds one batch in
/// memory at a time. Records that are appended meanwhile are left for the next export.
///
/// # Errors
/// [`ExportError`]; what was written before it is whole.
pub async fn export<L: AuditLog + ?Sized, W: Write>(
    log: &L,
    vs: &VirtualServerId,
    (format, span): (Format, Span),
    out: &mut W,
) -> Result<i64, ExportError> {
    let end = log.head(vs).await?.seq;
    if format == Format::Csv {
        out.write_all(row(COLUMNS.iter().map(|(name, _)| (*name).to_owned())).as_bytes())?;
    }
    let (mut after, mut written) = (0, 0);
    while after < end {
        let records = log.records(vs, after, BATCH).await?;
        let Some(last) = records.last() else { break };
        after = last.seq;
        for record in records.iter().filter(|record| record.seq <= end && span.has(record)) {
            match format {
                Format::Json => writeln!(out, "{}", record.record)?,
                Format::Csv => out.write_all(row(COLUMNS.iter().map(|(_, cell)| cell(record))).as_bytes())?,
            }
            written += 1;
        }
    }
    out.flush()?;
    Ok(written)
}

type Cell = fn(&StoredRecord) -> String;

/// The columns of a CSV export.
const COLUMNS: &[(&str, Cell)] = &[
    ("seq", |r| r.seq.to_string()),
    ("timeStamp", |r| field(r, "/timeStamp")),
    ("type", |r| field(r, "/details/type")),
    ("event", |r| field(r, "/details/event")),
    ("tenantId", |r| field(r, "/context/tenantId")),
    ("principalId", |r| field(r, "/context/principalId")),
    ("usedName", |r| field(r, "/context/usedName")),
    ("originatingAddress", |r| field(r, "/context/originatingAddress")),
    ("sessionId", |r| field(r, "/context/sessionId")),
    ("transactionId", |r| field(r, "/context/transactionId")),
    ("applicationName", |r| field(r, "/context/applicationName")),
    ("policyName", |r| field(r, "/context/policyName")),
    ("globalAccessId", |r| field(r, "/context/globalAccessId")),
    ("details", further_details),
    ("hash", |r| r.hash.clone()),
];

fn parsed(record: &StoredRecord) -> Value {
    serde_json::from_str(&record.record).unwrap_or_default()
}

fn field(record: &StoredRecord, pointer: &str) -> String {
    match parsed(record).pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The details that have no column, as JSON; a record that cannot be read is given whole.
fn further_details(record: &StoredRecord) -> String {
    match parsed(record).get("details") {
        Some(Value::Object(details)) => {
            let rest = details.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "event"));
            let rest: serde_json::Map<_, _> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            Value::Object(rest).to_string()
        }
        _ => record.record.clone(),
    }
}
