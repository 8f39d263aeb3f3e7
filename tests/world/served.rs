//! `doorward run` as an operator sets it up: a folder with a configuration, a key, a certificate and policies; SQLite or
//! PostgreSQL; a real mail server; users added on the command line.
//!
//! Hosts are `login`, `wiki`, `intranet` and `public` under `example.test`, without a port: visitors connect to a gateway's port
//! whatever the address says. So several gateways on one database are one site, as behind a load balancer.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

use super::gateway::{Gateway, binary, free_port};
use super::mail_server::{MailServer, mails_in};
use super::postgres;
use super::upstream::Upstream;
use super::{Elsewhere, Mail, Visitor};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// The ports of one gateway.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub https: u16,
    /// Plain HTTP for a front proxy on this machine, which is believed.
    pub http: u16,
    pub console: u16,
    pub metrics: u16,
}

impl Ports {
    pub fn free() -> Self {
        Self { https: free_port(), http: free_port(), console: free_port(), metrics: free_port() }
    }
}

/// An operator's folder. Gone when dropped, with the mail server.
pub struct Installation {
    folder: TempDir,
    /// The database's address.
    pub store: String,
    pub mail: MailServer,
    /// Where each application is, by its key. `wiki`, `intranet` and `public` at first.
    pub upstreams: BTreeMap<String, u16>,
    /// Further lines of an application's table, by its key.
    pub options: BTreeMap<String, String>,
    /// Pieces of the configuration, and what stands there instead.
    pub instead: Vec<(String, String)>,
    /// What stands behind `wiki`, `intranet` and `public`.
    pub echo: Upstream,
    passwords: Mutex<BTreeMap<String, String>>,
}

impl Installation {
    /// Everything but users.
    pub fn new(database: Database) -> Self {
        let folder = tempfile::Builder::new().prefix("doorward-run-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let store = match database {
            Database::Sqlite => format!("sqlite://{}", at("doorward.db").display()),
            Database::Postgres => postgres::new_database(),
        };
        certificate(folder.path(), "site", &["*.example.test"]);
        copy_policies(&at("policies"));
        let echo = Upstream::start();
        let upstreams = ["wiki", "intranet", "public"].map(|app| (app.to_owned(), echo.port)).into();
        let mail = MailServer::start(&at("mails"));
        let made = run(Command::new(binary()).args(["key", "new"]).arg(at("master.key")), "");
        assert!(made.status.success(), "{}", words(&made));
        Self {
            folder,
            store,
            mail,
            upstreams,
            options: BTreeMap::new(),
            instead: Vec::new(),
            echo,
            passwords: Mutex::default(),
        }
    }

    /// One with alice, bob and carol (who has no address), as in the demo.
    pub fn with_users(database: Database) -> Self {
        let installation = Self::new(database);
        installation.add_user("alice", Some("alice@example.test"), &["staff"]);
        installation.add_user("bob", Some("bob@example.test"), &["staff", "admins"]);
        installation.add_user("carol", None, &["staff"]);
        installation
    }

    /// A file or folder of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration of a gateway on these ports.
    pub fn configuration(&self, ports: Ports) -> String {
        let mut text = format!(
            r#"trusted_proxies = ["127.0.0.1"]

[listen]
https = ["127.0.0.1:{https}"]
http = ["127.0.0.1:{http}"]
console = "127.0.0.1:{console}"
metrics = "127.0.0.1:{metrics}"
threads = 2

[[certificates]]
certificate = "site.pem"
key = "site.key"

[store]
url = "{store}"
key_file = "master.key"

[mail]
host = "127.0.0.1"
port = {mail}
security = "none"
from = "Example sign-in <no-reply@example.test>"

[audit]
checkpoints = "checkpoints"

[virtual_server.default]
name = "Example"
portal = "https://login.example.test"
policies = "policies"
support_url = "https://example.test/help"
"#,
            https = ports.https,
            http = ports.http,
            console = ports.console,
            metrics = ports.metrics,
            store = self.store,
            mail = self.mail.port,
        );
        for (app, port) in &self.upstreams {
            text.push_str(&format!(
                "\n[virtual_server.default.apps.{app}]\nname = \"The {app}\"\nurl = \"https://{app}.example.test\"\nupstream = \
                 \"http://127.0.0.1:{port}\"\n{}\n",
                self.options.get(app).map_or("", String::as_str)
            ));
        }
        for (written, other) in &self.instead {
            assert!(text.contains(written), "{written:?} is not in {text}");
            text = text.replace(written, other);
        }
        text
    }

    /// Writes a configuration to a file of the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The configuration that commands use.
    pub fn file(&self) -> PathBuf {
        let file = self.path("doorward.toml");
        if !file.exists() {
            self.write("doorward.toml", &self.configuration(Ports::free()));
        }
        file
    }

    /// Runs a command of `doorward` on this installation: `doorward user add -c FILE …`.
    pub fn command(&self, words: &[&str], arguments: &[&str], input: &str) -> Output {
        run(Command::new(binary()).args(words).arg("-c").arg(self.file()).args(arguments), input)
    }

    /// Adds a user, whose password is made and remembered.
    pub fn add_user(&self, name: &str, email: Option<&str>, groups: &[&str]) {
        let mut arguments = vec![name, "--generate"];
        arguments.extend(email.iter().flat_map(|email| ["--email", email]));
        arguments.extend(groups.iter().flat_map(|group| ["--group", group]));
        let output = self.command(&["user", "add"], &arguments, "");
        assert!(output.status.success(), "{}", words(&output));
        self.remember(name, &output);
    }

    /// Adds many users at once, past the commands: each with the password of one who is there, an address, and no groups.
    pub fn add_users_like(&self, model: &str, names: &[String]) {
        let password = self.passwords.lock().unwrap()[model].clone();
        for name in names {
            self.passwords.lock().unwrap().insert(name.clone(), password.clone());
        }
        let rows: Vec<String> = names.iter().map(|name| format!("('{name}')")).collect();
        self.sql(&format!(
            "INSERT INTO user_account (virtual_server, id, name, folded_name, display_name, email, password_hash, disabled, created_at) \
             SELECT model.virtual_server, 'id-' || new.name, new.name, new.name, new.name, new.name || '@example.test', \
             model.password_hash, model.disabled, model.created_at \
             FROM user_account model, (SELECT column1 AS name FROM (VALUES {}) AS list) new WHERE model.name = '{model}'",
            rows.join(", ")
        ));
    }

    /// Remembers the password that a command printed.
    pub fn remember(&self, name: &str, output: &Output) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let password = said.lines().find_map(|line| line.strip_prefix("password ")).expect("a password is printed");
        self.passwords.lock().unwrap().insert(name.to_owned(), password.to_owned());
    }

    /// Starts a gateway on free ports and waits until it is ready.
    pub fn serve(&self) -> Served {
        let served = self.begin(Ports::free());
        served.gateway.wait_ready();
        served
    }

    /// Starts a gateway on these ports and does not wait.
    pub fn begin(&self, ports: Ports) -> Served {
        self.begin_with(ports, &[])
    }

    /// The same with further environment.
    pub fn begin_with(&self, ports: Ports, environment: &[(&str, &str)]) -> Served {
        let file = self.write(&format!("doorward-{}.toml", ports.https), &self.configuration(ports));
        let mut command = Command::new(binary());
        command.arg("run").arg("-c").arg(&file).envs(environment.iter().copied());
        let mut gateway = Gateway::start(command, ports.http, ports.console, ports.metrics);
        gateway.passwords = self.passwords.lock().unwrap().clone();
        gateway.mails = Some(self.mail.folder().to_owned());
        Served { gateway, ports, file, certificate: self.path("site.pem") }
    }

    /// Starts a gateway on free ports by a command that runs it, such as `prlimit --nofile=128`, and does not wait.
    pub fn begin_by(&self, runner: &[&str]) -> Served {
        let ports = Ports::free();
        let file = self.write(&format!("doorward-{}.toml", ports.https), &self.configuration(ports));
        let mut command = Command::new(runner[0]);
        command.args(&runner[1..]).arg(binary()).arg("run").arg("-c").arg(&file);
        let mut gateway = Gateway::start(command, ports.http, ports.console, ports.metrics);
        gateway.passwords = self.passwords.lock().unwrap().clone();
        gateway.mails = Some(self.mail.folder().to_owned());
        Served { gateway, ports, file, certificate: self.path("site.pem") }
    }

    /// Starts a process that takes over from a running one, as an operator upgrades, and returns when it has.
    pub fn upgrade(&self, old: &Served) -> Served {
        let mut command = Command::new(binary());
        command.args(["run", "--upgrade", "-c"]).arg(&old.file);
        let ports = old.ports;
        let mut gateway = Gateway::start(command, ports.http, ports.console, ports.metrics);
        gateway.passwords = self.passwords.lock().unwrap().clone();
        gateway.mails = Some(self.mail.folder().to_owned());
        gateway.wait_for_log("waiting for the running process's listeners");
        old.gateway.signal("QUIT");
        gateway.wait_for_log("the listeners were handed over");
        Served { gateway, ports, file: old.file.clone(), certificate: self.path("site.pem") }
    }

    /// Every mail that the mail server took, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        mails_in(self.mail.folder())
    }

    /// Every row of every table, as a backup writes it.
    pub fn dump(&self) -> String {
        match self.store.starts_with("sqlite:") {
            true => self.sql(".dump"),
            false => postgres::dump(&self.store),
        }
    }

    /// Runs SQL on the database, past the gateway.
    pub fn sql(&self, sql: &str) -> String {
        let Some(file) = self.store.strip_prefix("sqlite://") else { return postgres::sql(&self.store, sql) };
        let output = run(Command::new("sqlite3").args(["-batch", "-bail", "-cmd", ".timeout 10000", file, sql]), "");
        assert!(output.status.success(), "sqlite3: {}", words(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Adds the rows that a file holds, one in a line, with a tab between columns, to a table.
    pub fn load(&self, table: &str, rows: &Path) {
        let Some(file) = self.store.strip_prefix("sqlite://") else {
            postgres::sql(&self.store, &format!("\\copy {table} FROM '{}'", rows.display()));
            return;
        };
        let import = format!(".import \"{}\" {table}", rows.display());
        let how = ["-batch", "-bail", file, ".mode tabs", &import];
        let output = run(Command::new("sqlite3").args(how), "");
        assert!(output.status.success(), "sqlite3: {}", words(&output));
    }
}

/// A running `doorward run`; killed when dropped.
pub struct Served {
    pub gateway: Gateway,
    pub ports: Ports,
    /// Its configuration.
    pub file: PathBuf,
    certificate: PathBuf,
}

impl Served {
    /// `https://wiki.example.test/page`
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}.example.test{path}")
    }

    /// Somebody with `curl` over TLS and HTTP/2.
    pub fn visitor(&self) -> Visitor {
        Visitor::by_curl(self.ports.https, &self.certificate, true)
    }

    /// Somebody with `curl` over TLS and HTTP/1.1.
    pub fn old_visitor(&self) -> Visitor {
        Visitor::by_curl(self.ports.https, &self.certificate, false)
    }

    /// Somebody elsewhere in the network, with `curl` over TLS and HTTP/1.1. The gateway must listen on that place's way here.
    pub fn visitor_from(&self, place: &Elsewhere) -> Visitor {
        Visitor::from_elsewhere(self.ports.https, &self.certificate, &place.here, &place.run_by())
    }

    /// Somebody whose TLS a front proxy on this machine has ended: quicker than `curl`.
    pub fn proxied_visitor(&self) -> Visitor {
        Visitor::by_front_proxy(self.ports.http)
    }
}

/// Runs a command to its end with this on standard input.
pub fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// All that a command said.
pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Makes a self-signed certificate `NAME.pem` with `NAME.key` for these names.
pub fn certificate(folder: &Path, name: &str, hosts: &[&str]) {
    let names = hosts.iter().map(|host| format!("DNS:{host}")).collect::<Vec<_>>().join(",");
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=example.test", "-addext", &format!("subjectAltName={names}"), "-addext"])
        .args(["basicConstraints=critical,CA:FALSE", "-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
        .current_dir(folder)
        .output()
        .expect("openssl is installed (make test does so)");
    assert!(output.status.success(), "openssl: {}", words(&output));
}

/// The policies that the demo has built in.
fn copy_policies(to: &Path) {
    std::fs::create_dir(to).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default");
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
