//! How long an operator waits for each page and list of a large virtual server. See benches/README.md.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot be done ends the measurement"
)]

mod pages;
mod whole;
mod world;

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use doorward_api::Timestamp;
use doorward_tests::world::{Cluster, Database, Installation, Ports, Served, try_exchange};
use rustix::fs::{Advice, fadvise};

use crate::pages::{Asked, Operator};
use crate::world::{Extent, fill};

const USAGE: &str = "usage: doorward-scale [--database sqlite|postgres] [--users N] [--tokens N] [--records N] [--cold N] [--rounds N] \
                     [--only NAME|NAME] [--write FILE]";

/// A gateway has at most so many connections to PostgreSQL.
const CONNECTIONS: usize = 16;

/// What a page may take at the server, at the 95th percentile.
const LIMIT: Duration = Duration::from_millis(150);

struct Args {
    databases: Vec<Database>,
    extent: Extent,
    cold: usize,
    rounds: usize,
    /// Of pages in whose names one of these is, with `|` between them.
    only: String,
    write: Option<String>,
}

fn args() -> Result<Args, String> {
    let extent = Extent { users: 200_000, tokens: 300_000, records: 2_000_000 };
    let mut args = Args {
        databases: vec![Database::Sqlite, Database::Postgres],
        extent,
        cold: 5,
        rounds: 20,
        only: String::new(),
        write: None,
    };
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
            "--cold" => args.cold = usize::try_from(number()?).map_err(|_| USAGE.to_owned())?,
            "--rounds" => args.rounds = usize::try_from(number()?).map_err(|_| USAGE.to_owned())?.max(1),
            "--only" => args.only = value,
            "--write" => args.write = Some(value),
            _ => return Err(format!("{word} is not understood\n{USAGE}")),
        }
    }
    Ok(args)
}

/// How long each of them took.
struct Row {
    name: &'static str,
    /// With the database's files out of memory.
    cold: Vec<Duration>,
    /// Thereafter.
    warm: Vec<Duration>,
}

fn nth(times: &[Duration], hundredth: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * hundredth).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// Where a database's files lie, and how they are taken out of memory.
enum Keeps {
    Sqlite,
    Postgres(Cluster),
}

impl Keeps {
    fn new(database: Database) -> (Self, Installation) {
        let mut installation = Installation::new(Database::Sqlite);
        match database {
            Database::Sqlite => (Keeps::Sqlite, installation),
            Database::Postgres => {
                let cluster = Cluster::new();
                cluster.create("doorward");
                installation.store = cluster.url("doorward");
                (Keeps::Postgres(cluster), installation)
            }
        }
    }

    /// Takes what the system and a server keep of the database's files out of memory. What the gateway's own connections keep stays
    /// with SQLite; with PostgreSQL they are new ones, over which nothing but an operator's session was asked for.
    fn forgets(&self, installation: &Installation, served: &Served, operator: &Operator) {
        match self {
            Keeps::Sqlite => {
                for file in ["doorward.db", "doorward.db-wal"] {
                    out_of_memory(&installation.path(file));
                }
            }
            Keeps::Postgres(cluster) => {
                cluster.stop();
                out_of_memory(&cluster.files());
                cluster.start();
                wait_for(served.ports);
                // That connections were lost is another story: they are made anew, and know who asks.
                for _ in 0..CONNECTIONS {
                    operator.ask(&served.gateway, &Asked::page("own account", "/account"));
                }
                out_of_memory(&cluster.files());
            }
        }
    }
}

/// What of a file, or of all files in a folder, lies in the system's memory is written and forgotten.
fn out_of_memory(path: &Path) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder of our own");
        entries.flatten().for_each(|entry| out_of_memory(&entry.path()));
    } else if let Ok(file) = File::open(path) {
        // What is not written yet would stay.
        let forgotten = rustix::fs::fdatasync(&file).and_then(|()| fadvise(&file, 0, None, Advice::DontNeed));
        forgotten.unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    }
}

fn begin(installation: &Installation) -> Served {
    let ports = Ports::free();
    let served = installation.begin(ports);
    wait_for(ports);
    served
}

fn wait_for(ports: Ports) {
    let until = Instant::now() + Duration::from_secs(900);
    let ready =
        || try_exchange(ports.metrics, "GET", "127.0.0.1", "/readyz", &[], b"").is_ok_and(|told| told.status == 200);
    while !ready() {
        assert!(Instant::now() < until, "the gateway is not ready");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn measure(database: Database, args: &Args) -> String {
    let (keeps, installation) = Keeps::new(database);
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
        .filter(|asked| args.only.split('|').any(|only| asked.name.contains(only)))
        .map(|asked| row(&keeps, &installation, &served, &operator, &asked, args))
        .collect();
    let mut text = format!(
        "## {}\n\nFilled in {} s; the gateway was ready {} s after its start.\n\n",
        match database {
            Database::Sqlite => "SQLite",
            Database::Postgres => "PostgreSQL",
        },
        filled.as_secs(),
        started.as_secs()
    );
    let _ = writeln!(text, "| page | cold p50 | cold p95 | warm p50 | warm p95 | |\n|---|---:|---:|---:|---:|---|");
    for Row { name, cold, warm } in rows {
        let times = [nth(&cold, 50), nth(&cold, 95), nth(&warm, 50), nth(&warm, 95)];
        let over = if times.iter().any(|time| *time > LIMIT) { "over" } else { "" };
        let [cold_50, cold_95, warm_50, warm_95] = times.map(|time| time.as_millis());
        let _ = writeln!(text, "| {name} | {cold_50} | {cold_95} | {warm_50} | {warm_95} | {over} |");
    }
    text.push('\n');
    text.push_str(&whole::counts(&keeps, &installation, &served, &operator));
    text.push_str(&whole::file(&installation, &served, &operator, args.extent));
    text.push_str(&whole::deletion(&served, &operator, args.extent));
    text.push_str(&whole::backup(database, &installation, served, &operator));
    text
}

fn row(
    keeps: &Keeps,
    installation: &Installation,
    served: &Served,
    operator: &Operator,
    asked: &Asked,
    args: &Args,
) -> Row {
    let ask = || operator.ask(&served.gateway, asked);
    let from_cold = |_| {
        keeps.forgets(installation, served, operator);
        ask()
    };
    let cold: Vec<Duration> = (0..args.cold).map(from_cold).collect();
    let warm: Vec<Duration> = (0..args.rounds).map(|_| ask()).collect();
    eprintln!("{}: cold {:?}, warm {:?}", asked.name, nth(&cold, 95), nth(&warm, 95));
    Row { name: asked.name, cold, warm }
}

#[allow(clippy::disallowed_methods, reason = "a measurement has no clock but this")]
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
    let day = Timestamp::from_millis(now()).rfc3339();
    let day = day.split('T').next().unwrap_or_default();
    let mut text = format!(
        "# Large virtual servers, measured\n\nHow it is measured is in [README.md](README.md#large-virtual-servers). \
         Measured on {day}: {users} users, {tokens} tokens, {records} audit records; an optimised build, the database on \
         the same machine and disk. Each page {} times from a cold page cache and then {} times, in milliseconds from \
         connecting to the last byte. `over` marks what takes longer than {} ms.\n\n",
        args.cold,
        args.rounds,
        LIMIT.as_millis()
    );
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
