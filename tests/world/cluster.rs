//! A PostgreSQL that a story may stop, kill, start, or have followed by a standby: a cluster of its own on a port of loopback.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::gateway::free_port;
use super::network::Elsewhere;
use super::postgres::{programs, run_sql, unprivileged};
use super::words;

/// A cluster; taken away when dropped.
pub struct Cluster {
    /// Loopback, or where it was put.
    pub address: String,
    pub port: u16,
    /// What its programs are run by, where it was put elsewhere.
    run_by: Vec<String>,
    folder: PathBuf,
    programs: PathBuf,
    keeper: Mutex<Option<Child>>,
}

/// Serves the cluster in `$1` until standard input closes, so that it does not outlive who started it.
const KEEPER: &str = r#"
"$2/postgres" -D "$1/data" >>"$1/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server 2>/dev/null
wait $server
"#;

impl Cluster {
    /// A new, empty one, running.
    pub fn new() -> Self {
        Self::folder().begun()
    }

    /// The same, elsewhere in the network.
    pub fn at(place: &Elsewhere) -> Self {
        let mut cluster = Self::folder();
        cluster.address.clone_from(&place.there);
        cluster.run_by = place.run_by().map(str::to_owned).to_vec();
        cluster.begun()
    }

    fn begun(self) -> Self {
        let data = self.data();
        self.does("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]);
        let settings = format!(
            "port = {}\nlisten_addresses = '{}'\nunix_socket_directories = ''\nfsync = off\nmax_connections = 100\n\
             wal_level = replica\nwal_keep_size = '64MB'\n",
            self.port, self.address
        );
        append(&self.folder.join("data/postgresql.conf"), &settings);
        append(&self.folder.join("data/pg_hba.conf"), "host all all 0.0.0.0/0 trust\n");
        self.start();
        self
    }

    /// One that follows this one over a port that leads to it, running.
    pub fn standby_over(&self, port: u16) -> Self {
        let standby = Self::folder();
        let (port, data) = (port.to_string(), standby.data());
        let source = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-D", &data];
        standby.does("pg_basebackup", &[&source[..], &["-R", "-X", "stream", "-c", "fast"]].concat());
        append(&standby.folder.join("data/postgresql.conf"), &format!("port = {}\n", standby.port));
        standby.start();
        standby
    }

    fn folder() -> Self {
        let programs = programs().expect("PostgreSQL is installed (make test does so)");
        // Where only some of them are linked to, the others lie beside what the links lead to.
        let programs = programs.join("initdb").canonicalize().unwrap().parent().unwrap().to_owned();
        let folder = tempfile::Builder::new().prefix("doorward-cluster-").tempdir_in("/tmp").unwrap().keep();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let address = "127.0.0.1".to_owned();
        Self { address, port: free_port(), run_by: Vec::new(), folder, programs, keeper: Mutex::new(None) }
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Where its files lie.
    pub fn files(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The address of a database in it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}:{}/{database}", self.address, self.port)
    }

    /// Makes a database.
    pub fn create(&self, database: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'"));
    }

    /// Runs SQL, past the gateway.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let said = run_sql(&self.url(database), sql);
        said.unwrap_or_else(|error| panic!("{error}")).trim().to_owned()
    }

    /// Serves (again), and waits until it answers.
    pub fn start(&self) {
        self.start_unwaited();
        let end = Instant::now() + Duration::from_secs(60);
        while let Err(error) = run_sql(&self.url("postgres"), "SELECT 1") {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "PostgreSQL does not answer: {error}\n{}", log());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn start_unwaited(&self) {
        let mut keeper = self.command("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&self.folder).arg(&self.programs).stdin(Stdio::piped());
        *self.keeper.lock().unwrap() = Some(keeper.spawn().unwrap());
    }

    /// `pg_ctl -m fast stop`: everything is written, and everybody is sent away.
    pub fn stop(&self) {
        self.does("pg_ctl", &["-D", &self.data(), "-m", "fast", "-t", "300", "stop"]);
        self.end_keeper();
    }

    /// `pg_ctl -m immediate stop`: no farewell to anybody, and no checkpoint.
    pub fn stop_immediately(&self) {
        self.does("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
        self.end_keeper();
    }

    /// Kills every process of it at once.
    pub fn kill(&self) {
        let pid = self.postmaster();
        let _ = Command::new("kill").args(["-KILL", &pid]).args(children_of(&pid)).status();
        self.end_keeper();
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.does("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
    }

    /// Sets a parameter of the running cluster.
    pub fn set(&self, name: &str, value: &str) {
        self.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'"));
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    fn end_keeper(&self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap().take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    fn postmaster(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        text.lines().next().unwrap().to_owned()
    }

    /// Runs one of PostgreSQL's programs to its end.
    fn does(&self, program: &str, arguments: &[&str]) {
        let output = self.command(self.programs.join(program)).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", words(&output));
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = match self.run_by.first() {
            None => Command::new(program),
            Some(first) => {
                // Only root puts something elsewhere; what is put there gives that up.
                let (user, group) = unprivileged().expect("root runs this");
                let mut command = Command::new(first);
                command.args(&self.run_by[1..]).args(["setpriv", "--clear-groups", "--reuid", &user.to_string()]);
                command.args(["--regid", &group.to_string()]).arg(program);
                command
            }
        };
        command.current_dir("/").stdin(Stdio::null());
        if let (true, Some((user, group))) = (self.run_by.is_empty(), unprivileged()) {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end_keeper();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The processes that a process has started.
fn children_of(pid: &str) -> Vec<String> {
    let parent = |stat: &str| stat.rsplit(')').next()?.split_whitespace().nth(1).map(str::to_owned);
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        .filter(|name| {
            // It may have ended meanwhile.
            let stat = std::fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
            parent(&stat).as_deref() == Some(pid)
        })
        .collect()
}

fn append(file: &Path, text: &str) {
    let old = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, format!("{old}\n{text}")).unwrap();
}
