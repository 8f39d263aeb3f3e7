//! How long an operator waits for each page and list of a large virtual server. See benches/README.md.

mod pages;
mod world;

use std::fmt::Write as _;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use doorward_api::Timestamp;
use doorward_tests::world::{Database, Installation, Ports, Served, try_exchange};

use crate::pages::{Asked, Operator};
use crate::world::{Extent, fill};

const USAGE: &str = "usage: doorward-scale [--database sqlite|postgres] [--users N] [--tokens N] [--records N] [--rounds N] [--write FILE]";

/// What a page may take at the server, at the 95th percentile.
const LIMIT: Duration = Duration::from_millis(150);

struct Args {
    databases: Vec<Database>,
    extent: Extent,
    rounds: usize,
    write: Option<String>,
}

fn args() -> Result<Args, String> {
    let extent = Extent { users: 200_000, tokens: 300_000, records: 2_000_000 };
    let mut args = Args { databases: vec![Database::Sqlite, Database::Postgres], extent, rounds: 20, write: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} takes a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} takes a number\n{USAGE}"));
        match word.as_str() {
            "--database" if value == "sqlite" => args.databases = vec![Database::Sqlite],
            "--database" if value == "postgres" => args.databases = vec![Database::Postgres],
            "--users" => args.extent.users = number()?,
            "--tokens" => args.extent.tokens = number()?,
            "--records" => args.extent.records = number()?,
            "--rounds" => args.rounds = usize::try_from(number()?).map_err(|_| USAGE.to_owned())?.max(1),
            "--write" => args.write = Some(value),
            _ => return Err(format!("{word} is not understood\n{USAGE}")),
        }
    }
    Ok(args)
}

/// How long each of them took.
struct Row {
    name: &'static str,
    first: Duration,
    warm: Vec<Duration>,
}

fn nth(times: &[Duration], hundredth: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * hundredth).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// Takes what the system keeps of the database's file out of memory.
fn forget(installation: &Installation) {
    for ending in ["", "-wal"] {
        if let Some(file) = installation.store.strip_prefix("sqlite://") {
            let file = format!("of={file}{ending}");
            let _ = Command::new("dd").args([&file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"]).output();
        }
    }
}

fn begin(installation: &Installation) -> Served {
    let ports = Ports::free();
    let served = installation.begin(ports);
    let until = Instant::now() + Duration::from_secs(900);
    let ready =
        || try_exchange(ports.metrics, "GET", "127.0.0.1", "/readyz", &[], b"").is_ok_and(|told| told.status == 200);
    while !ready() {
        assert!(Instant::now() < until, "the gateway is not ready");
        std::thread::sleep(Duration::from_millis(100));
    }
    served
}

fn measure(database: Database, args: &Args) -> String {
    let installation = Installation::new(database);
    installation.add_user("alice", Some("alice@example.test"), &["staff"]);
    let served = begin(&installation);
    let mut operator = Operator::becomes_administrator(&served.gateway);
    drop(served);
    let began = Instant::now();
    fill(&installation, args.extent, Timestamp::from_millis(now()));
    let filled = began.elapsed();
    let began = Instant::now();
    let served = begin(&installation);
    let started = began.elapsed();
    eprintln!("filled in {filled:?}, ready {started:?} later");
    operator.signs_in(&served.gateway);
    let rows: Vec<Row> = pages::all(&served.gateway, &operator)
        .into_iter()
        .map(|asked| row(&installation, &served, &operator, &asked, args.rounds))
        .collect();
    let memory = if database == Database::Sqlite { "its file out of the system's memory" } else { "as it is" };
    let mut text = format!(
        "## {database:?}\n\nFilled in {} s; the gateway was ready {} s after its start.\n\n",
        filled.as_secs(),
        started.as_secs()
    );
    let _ = writeln!(text, "| page | first, {memory} | p50 | p95 | |\n|---|---:|---:|---:|---|");
    for Row { name, first, warm } in rows {
        let (p50, p95) = (nth(&warm, 50), nth(&warm, 95));
        let over = if p95.max(first) > LIMIT { "over" } else { "" };
        let _ =
            writeln!(text, "| {name} | {} | {} | {} | {over} |", first.as_millis(), p50.as_millis(), p95.as_millis());
    }
    text
}

fn row(installation: &Installation, served: &Served, operator: &Operator, asked: &Asked, rounds: usize) -> Row {
    forget(installation);
    let first = operator.ask(&served.gateway, asked);
    let warm = (0..rounds).map(|_| operator.ask(&served.gateway, asked)).collect();
    eprintln!("{}: {first:?}", asked.name);
    Row { name: asked.name, first, warm }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or_default()
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(args) => args,
        Err(words) => {
            eprintln!("{words}");
            return ExitCode::from(2);
        }
    };
    let Extent { users, tokens, records } = args.extent;
    let mut text =
        format!("{users} users, {tokens} tokens, {records} records; {} times each, in milliseconds.\n\n", args.rounds);
    for database in &args.databases {
        text.push_str(&measure(*database, &args));
        text.push('\n');
    }
    print!("{text}");
    match args.write.map(|file| std::fs::write(file, &text)) {
        Some(Err(cause)) => {
            eprintln!("the table was not kept: {cause}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
