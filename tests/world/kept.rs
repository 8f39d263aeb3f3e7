//! A demo whose state is kept: killed and started again as often as a story likes, its database looked at with `sqlite3`, its
//! audit trail read with the operator's commands.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use data_encoding::BASE64;
use serde_json::Value;
use tempfile::TempDir;

use super::Gateway;
use super::browser::{clock_of, faketime};
use super::gateway::{binary, free_port};

/// The users' password on every start.
pub const PASSWORD: &str = "Correct-Horse-7741-Battery";

/// The folder, and the ports that stay the same.
pub struct Kept {
    folder: TempDir,
    ports: [u16; 3],
}

impl Kept {
    #[expect(clippy::new_without_default, reason = "it takes ports, which nobody expects of a default")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("doorward-kept-").tempdir().unwrap();
        Self { folder, ports: [free_port(), free_port(), free_port()] }
    }

    /// Starts the demo on it.
    pub fn demo(&self) -> Gateway {
        self.demo_with(&[])
    }

    /// The same with further environment.
    pub fn demo_with(&self, environment: &[(&str, &str)]) -> Gateway {
        self.demo_by(&[], environment)
    }

    fn demo_by(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Gateway {
        let state = self.path("");
        let environment = [&[("DOORWARD_DEMO_PASSWORD", PASSWORD)], environment].concat();
        let arguments = [&["--state", state.to_str().unwrap()], arguments].concat();
        Gateway::demo_on(self.ports, &arguments, &environment)
    }

    /// One that serves our own authenticator, with further arguments and environment.
    pub fn demo_with_authenticator(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Gateway {
        let state = self.path("");
        let environment = [&[("DOORWARD_DEMO_PASSWORD", PASSWORD)], environment].concat();
        let arguments = [&["--state", state.to_str().unwrap()], arguments].concat();
        Gateway::demo_with_authenticator_on(self.ports, &arguments, &environment)
    }

    /// The same with a clock that [`Kept::ahead`] moves.
    pub fn timed_demo_with_authenticator(&self) -> Gateway {
        self.ahead(0);
        let clock = self.path("clock");
        self.demo_with_authenticator(&[], &clock_of(faketime().to_str().unwrap(), clock.to_str().unwrap()))
    }

    /// The one of standard apps, with a clock that [`Kept::ahead`] moves.
    pub fn timed_demo(&self) -> Gateway {
        self.timed_demo_by(&[])
    }

    /// The same with further arguments.
    pub fn timed_demo_by(&self, arguments: &[&str]) -> Gateway {
        self.ahead(0);
        let clock = self.path("clock");
        self.demo_by(arguments, &clock_of(faketime().to_str().unwrap(), clock.to_str().unwrap()))
    }

    /// From now on its clock is so many seconds ahead.
    pub fn ahead(&self, seconds: u64) {
        std::fs::write(self.path("clock.new"), format!("+{seconds}\n")).unwrap();
        std::fs::rename(self.path("clock.new"), self.path("clock")).unwrap();
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every file of it that begins so, with its bytes.
    pub fn files(&self, folder: &str, begins: &str) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.path(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with(begins) && entry.file_type().unwrap().is_file() {
                found.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
        found
    }

    /// Runs SQL, past the gateway.
    pub fn sql(&self, sql: &str) -> String {
        sqlite(&self.path("doorward.db"), sql)
    }

    /// Another process takes the database for itself, until what this returns is dropped.
    pub fn lock(&self) -> Lock {
        Lock::on(&self.path("doorward.db"))
    }

    /// `doorward WORDS -c … ARGUMENTS` on this database.
    pub fn command(&self, words: &[&str], arguments: &[&str]) -> Output {
        let key = std::fs::read(self.path("master.key")).unwrap();
        let (key_file, config) = (self.path("base64.key"), self.path("doorward.toml"));
        write_private(&key_file, &BASE64.encode(&key));
        let policies = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../policies/default");
        let apps = ["wiki", "intranet", "public"].map(|app| {
            format!(
                "[virtual_server.default.apps.{app}]\nname = \"{app}\"\nurl = \"https://{app}.example.test\"\n\
                 upstream = \"http://127.0.0.1:9\"\n"
            )
        });
        let text = format!(
            "[listen]\nhttp = [\"127.0.0.1:1\"]\nconsole = \"127.0.0.1:2\"\nmetrics = \"127.0.0.1:3\"\n\
             [store]\nurl = \"sqlite://doorward.db\"\nkey_file = \"base64.key\"\n\
             [mail]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\nfrom = \"no-reply@example.org\"\n\
             [audit]\ncheckpoints = \"checkpoints\"\n\
             [virtual_server.default]\nname = \"Demo\"\nportal = \"https://login.example.test\"\npolicies = {policies:?}\n{}",
            apps.concat()
        );
        std::fs::write(&config, text).unwrap();
        Command::new(binary()).args(words).arg("-c").arg(&config).args(arguments).output().unwrap()
    }

    /// Every audit record there is, oldest first, as `doorward audit export` writes it.
    pub fn records(&self) -> Vec<Value> {
        let output = self.command(&["audit", "export"], &["--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// Fails unless `doorward audit verify` finds the trail whole.
    #[track_caller]
    pub fn verifies(&self) {
        let output = self.command(&["audit", "verify"], &[]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
}

/// What `sqlite3` says to this.
pub(super) fn sqlite(database: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3")
        .args(["-batch", "-bail", "-cmd", ".timeout 10000"])
        .arg(database)
        .arg(sql)
        .output()
        .expect("sqlite3 is installed (make test does so)");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A database held by another process.
pub struct Lock {
    process: Child,
    input: Option<ChildStdin>,
}

impl Lock {
    /// Takes an SQLite database.
    pub fn on(file: &Path) -> Self {
        let mut process = Command::new("sqlite3")
            .args(["-batch", "-bail", "-cmd", ".timeout 10000"])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sqlite3 is installed (make test does so)");
        let mut input = process.stdin.take().unwrap();
        writeln!(input, "BEGIN IMMEDIATE; SELECT 'locked';").unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "locked");
        Self { process, input: Some(input) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // With its input at an end, sqlite3 leaves, and its transaction is rolled back.
        self.input = None;
        let _ = self.process.wait();
    }
}

fn write_private(file: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
