//! `doorward audit verify`, `doorward audit public-key` and `doorward audit export`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use doorward_api::ports::{Change, Ledger};
use doorward_api::{AuditEvent, EventContext, EventKind};
use doorward_api::{Timestamp, VirtualServerId};
use doorward_audit::{AccessCheck, Checkpoints, Extent, Format, Signers, Span, verify_export};

use crate::args::{ExportFormat, ExportedArgs};
use crate::commands::{runtime, sign};
use crate::{Failure, Finding, config, wire};

/// Checks a virtual server's chain against itself and its signed checkpoints, and then access logs against the chain.
pub(crate) fn verify(
    file: &Path,
    exported: &ExportedArgs,
    virtual_server: &str,
    access_logs: &[PathBuf],
) -> Result<Finding, Failure> {
    let vs = VirtualServerId::new(virtual_server);
    if let (Some(export), Some(checkpoints)) = (&exported.export, &exported.checkpoints) {
        return verify_exported(export, checkpoints, exported, &vs);
    }
    let config = config::load(file)?;
    let checkpoints = Checkpoints::new(config.checkpoints.clone(), &config.key);
    let runtime = runtime()?;
    let holds = wire::asking(&config, |store| {
        let report = runtime.block_on(checkpoints.verify(store, &vs)).map_err(Failure::other)?;
        println!("{report}");
        if access_logs.is_empty() {
            return Ok(report.holds());
        }
        // Read before the files are: a line that is in them by then may be too new for the chain.
        let check = runtime.block_on(AccessCheck::begin(store, &vs)).map_err(Failure::other)?;
        Ok(lines_hold(check, access_logs, store.clock().now())? && report.holds())
    })?;
    Ok(if holds { Finding::Good } else { Finding::Bad })
}

/// The same with nothing but what an auditor has.
fn verify_exported(
    export: &Path,
    checkpoints: &Path,
    args: &ExportedArgs,
    vs: &VirtualServerId,
) -> Result<Finding, Failure> {
    let extent = if args.part { Extent::Part } else { Extent::Whole };
    let signers = Signers::known(&args.public_keys, vs);
    let report =
        runtime()?.block_on(verify_export(export, checkpoints, &signers, vs, extent)).map_err(Failure::other)?;
    println!("{report}");
    Ok(if report.holds() { Finding::Good } else { Finding::Bad })
}

/// Says whose signatures count, one key a line, the one in use first.
pub(crate) fn public_key(file: &Path, virtual_server: &str) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let checkpoints = Checkpoints::new(config.checkpoints.clone(), &config.key);
    let signers = checkpoints.signers().map_err(Failure::other)?;
    for key in signers.of_virtual_server(&VirtualServerId::new(virtual_server)) {
        println!("{key}");
    }
    Ok(Finding::Good)
}

fn lines_hold(mut check: AccessCheck, files: &[PathBuf], now: Timestamp) -> Result<bool, Failure> {
    for file in files {
        let read = match file.as_os_str() == "-" {
            true => check.read(std::io::stdin().lock()),
            false => File::open(file).and_then(|open| check.read(BufReader::new(open))),
        };
        read.map_err(|cause| Failure::Other(format!("{}: {cause}", file.display())))?;
    }
    let report = check.finish(now);
    println!("{report}");
    Ok(report.holds())
}

/// Writes every record to standard output, and records that it was done.
pub(crate) fn export(file: &Path, virtual_server: &str, format: ExportFormat, span: Span) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let vs = VirtualServerId::new(virtual_server);
    let runtime = runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    let (format, name) = match format {
        ExportFormat::Json => (Format::Json, "json"),
        ExportFormat::Csv => (Format::Csv, "csv"),
    };
    let mut event = AuditEvent::new(EventKind::LogExported, EventContext::default())
        .with("actor", "command line")
        .with("format", name);
    for (field, moment) in [("from", span.from), ("until", span.until)] {
        if let Some(moment) = moment {
            event = event.with(field, moment.rfc3339());
        }
    }
    let now = store.clock().now();
    runtime.block_on(store.commit(&vs, Change::only(event), now)).map_err(Failure::other)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    runtime.block_on(doorward_audit::export(&store, &vs, (format, span), &mut out)).map_err(Failure::other)?;
    out.flush().map_err(Failure::other)?;
    let signed = sign(&runtime, &mut Checkpoints::new(config.checkpoints, &config.key), &store, &vs);
    store.close();
    signed?;
    Ok(Finding::Good)
}
