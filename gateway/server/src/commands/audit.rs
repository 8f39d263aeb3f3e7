//! `doorward audit verify` and `doorward audit export`.

use std::io::Write;
use std::path::Path;

use doorward_api::VirtualServerId;
use doorward_api::ports::{Change, Ledger};
use doorward_api::{AuditEvent, EventContext, EventKind};
use doorward_audit::{Checkpoints, Format};

use crate::args::ExportFormat;
use crate::commands::{runtime, sign};
use crate::{Failure, Finding, config, wire};

/// Checks a virtual server's chain against itself and its signed checkpoints.
pub(crate) fn verify(file: &Path, virtual_server: &str) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let vs = VirtualServerId::new(virtual_server);
    let store = wire::open_store(&config.store_url, &config.key)?;
    let checkpoints = Checkpoints::new(config.checkpoints, &config.key);
    let report = runtime()?.block_on(checkpoints.verify(&store, &vs)).map_err(Failure::other)?;
    store.close();
    println!("{report}");
    Ok(if report.holds() { Finding::Good } else { Finding::Bad })
}

/// Writes every record to standard output, and records that it was done.
pub(crate) fn export(file: &Path, virtual_server: &str, format: ExportFormat) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let vs = VirtualServerId::new(virtual_server);
    let runtime = runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    let (format, name) = match format {
        ExportFormat::Json => (Format::Json, "json"),
        ExportFormat::Csv => (Format::Csv, "csv"),
    };
    let event = AuditEvent::new(EventKind::LogExported, EventContext::default())
        .with("actor", "command line")
        .with("format", name);
    let now = store.clock().now();
    runtime.block_on(store.commit(&vs, Change::only(event), now)).map_err(Failure::other)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    runtime.block_on(doorward_audit::export(&store, &vs, format, &mut out)).map_err(Failure::other)?;
    out.flush().map_err(Failure::other)?;
    let signed = sign(&runtime, &mut Checkpoints::new(config.checkpoints, &config.key), &store, &vs);
    store.close();
    signed?;
    Ok(Finding::Good)
}
