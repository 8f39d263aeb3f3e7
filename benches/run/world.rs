//! Everything that is measured, and the fast origin behind all of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use doorward_tests::world::{binary, free_port, try_exchange};
use tempfile::TempDir;

use crate::args::Args;
use crate::contestants::{Contestant, Kind};
use crate::load::{PROTO, Request, TARGET};
use crate::process::Process;
use crate::rivals;
use crate::sites::{Sites, nobody};

/// The answer's body: 1 KiB.
fn body() -> String {
    "0123456789abcdef".repeat(64)
}

/// How one is run.
pub(crate) struct Manner<'a> {
    pub(crate) threads: usize,
    /// A command that runs it; none for itself.
    pub(crate) runner: &'a [String],
    /// How long it may take to get ready.
    pub(crate) patience: Duration,
    /// Between two looks whether it is.
    pub(crate) look_every: Duration,
}

/// One that serves.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) port: u16,
    pub(crate) request: Request,
    /// From its start to its first good answer.
    pub(crate) ready_after: Duration,
}

pub(crate) struct World {
    folder: TempDir,
    origin: Running,
    doorward: PathBuf,
    rivals: Option<PathBuf>,
    /// Made when it is needed first: it takes a sign-in.
    sites: OnceLock<Sites>,
    pub(crate) ticks_per_second: f64,
}

impl World {
    pub(crate) fn new(args: &Args) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("doorward-bench-").tempdir().map_err(|cause| cause.to_string())?;
        // Workers that give up their rights go through it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).map_err(|cause| cause.to_string())?;
        let port = free_port();
        let origin = start(
            rivals::nginx(&new_folder(folder.path(), "origin"), port, cores(), &rivals::answering(&body())),
            folder.path(),
            true,
        )?;
        let request = Request { host: "origin.example.test".to_owned(), cookie: "none=".to_owned() };
        let origin = ready(origin, port, request, &Manner::usual(), || answers(port, "origin.example.test", "none="))?;
        Ok(Self {
            folder,
            origin,
            doorward: args.doorward.clone().unwrap_or_else(binary),
            // They are started in folders of their own.
            rivals: args.rivals.as_ref().and_then(|folder| std::path::absolute(folder).ok()),
            sites: OnceLock::new(),
            ticks_per_second: ticks_per_second()?,
        })
    }

    /// The gateway's binary.
    pub(crate) fn doorward(&self) -> &Path {
        &self.doorward
    }

    /// Pingora alone, as it is built beside this program.
    pub(crate) fn bare(&self, kind: Kind) -> PathBuf {
        let name = if kind == Kind::BareDefaults { "bare-pingora-defaults" } else { "bare-pingora" };
        std::env::current_exe().expect("this program is a file").with_file_name(name)
    }

    /// The program of another proxy, or why there is none.
    pub(crate) fn rival(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.rivals.as_ref().ok_or("no folder of rivals was named")?;
        let program = folder.join("bin").join(name);
        let missing = || format!("{name} could not be installed from PyPI (benches/requirements.txt)");
        if program.exists() { Ok(program) } else { Err(missing()) }
    }

    /// Starts one, waits until it serves, and sees that what it answers comes from the origin.
    pub(crate) fn start(&self, one: &Contestant, manner: &Manner<'_>) -> Result<Running, String> {
        let failed = |why: String| format!("{}: {why}", one.title);
        let running = match one.kind {
            Kind::Doorward(shape) => self.sites().start(self, one.id, shape, manner),
            _ => self.start_other(one, manner),
        };
        let running = running.map_err(failed)?;
        let right = answers(running.port, &running.request.host, &running.request.cookie);
        if right { Ok(running) } else { Err(failed("what it answers is not the origin's".to_owned())) }
    }

    fn start_other(&self, one: &Contestant, manner: &Manner<'_>) -> Result<Running, String> {
        let (port, origin) = (free_port(), self.origin.port);
        let folder = self.folder_for(one.id);
        let command = match one.kind {
            Kind::Bare | Kind::BareDefaults => {
                let mut command = by(manner.runner, &self.bare(one.kind));
                command.args([format!("127.0.0.1:{port}"), format!("127.0.0.1:{origin}"), manner.threads.to_string()]);
                command
            }
            Kind::Nginx { asks } => rivals::nginx(&folder, port, manner.threads, &rivals::forwarding(origin, asks)),
            Kind::Envoy => rivals::envoy(&self.rival("envoy")?, &folder, [port, origin], manner.threads),
            Kind::Traefik => rivals::traefik(&self.rival("traefik")?, &folder, [port, origin]),
            Kind::Caddy => rivals::caddy(&self.rival("caddy")?, &folder, [port, origin]),
            Kind::Doorward(_) => unreachable!("started by its site"),
        };
        let process = start(command, &folder, matches!(one.kind, Kind::Nginx { .. }))?;
        let request = nobody();
        let (host, cookie) = (request.host.clone(), request.cookie.clone());
        ready(process, port, request, manner, || answers(port, &host, &cookie))
    }

    fn sites(&self) -> &Sites {
        self.sites.get_or_init(|| Sites::new(self.origin.port))
    }

    pub(crate) fn origin_port(&self) -> u16 {
        self.origin.port
    }

    /// A folder of its own for one that is about to start.
    pub(crate) fn folder_for(&self, id: &str) -> PathBuf {
        new_folder(self.folder.path(), id)
    }
}

impl Manner<'_> {
    /// As an operator runs it: a thread for each core.
    pub(crate) fn usual() -> Self {
        Self { threads: cores(), runner: &[], patience: Duration::from_secs(120), look_every: Duration::from_millis(1) }
    }

    /// As this one is run.
    pub(crate) fn of(one: &Contestant) -> Self {
        if one.alone { Self { threads: 1, ..Self::usual() } } else { Self::usual() }
    }
}

/// A command, run by another where there is one.
pub(crate) fn by(runner: &[String], program: &Path) -> Command {
    match runner {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

pub(crate) fn start(command: Command, folder: &Path, asked: bool) -> Result<Process, String> {
    Process::start(command, &folder.join("log"), asked)
}

/// Waits until it is ready.
pub(crate) fn ready(
    mut process: Process,
    port: u16,
    request: Request,
    manner: &Manner<'_>,
    is_ready: impl Fn() -> bool,
) -> Result<Running, String> {
    let ready_after = process.wait(manner.patience, manner.look_every, is_ready)?;
    Ok(Running { process, port, request, ready_after })
}

/// Whether the origin's answer comes.
fn answers(port: u16, host: &str, cookie: &str) -> bool {
    let answer = try_exchange(port, "GET", host, TARGET, &[PROTO, ("Cookie", cookie)], b"");
    answer.is_ok_and(|answer| answer.status == 200 && answer.body == body().as_bytes())
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn new_folder(parent: &Path, name: &str) -> PathBuf {
    let folder = (0..).map(|number| parent.join(format!("{name}-{number}"))).find(|folder| !folder.exists());
    let folder = folder.expect("a name is free");
    std::fs::create_dir(&folder).expect("a folder can be made");
    folder
}

fn ticks_per_second() -> Result<f64, String> {
    let output = Command::new("getconf").arg("CLK_TCK").output().map_err(|cause| format!("getconf: {cause}"))?;
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(|_| "getconf CLK_TCK says no number".to_owned())
}
