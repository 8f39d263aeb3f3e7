//! Who is told of audit records: a collector of logs that nobody here wrote (rsyslog), and a receiver of webhooks that checks
//! signatures by Python's own libraries (`tests/peers/webhook_receiver.py`).

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use super::gateway::free_port;
use super::peer::peer;
use super::waiting::until;

/// A message as rsyslog has understood it.
#[derive(Debug, Clone)]
pub struct Message {
    pub facility: String,
    pub severity: String,
    pub host: String,
    pub app: String,
    pub kind: String,
    pub data: String,
    /// What follows all of that.
    pub text: String,
}

/// A collector that writes what it hears into a file.
pub struct Rsyslog {
    pub port: u16,
    folder: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Rsyslog {
    /// Plain TCP.
    pub fn plain(folder: &Path) -> Self {
        Self::start(folder, "", "")
    }

    /// TLS with the certificate `NAME.pem` of a folder.
    pub fn over_tls(folder: &Path, certificates: &Path, name: &str) -> Self {
        let (certificate, key) = (certificates.join(format!("{name}.pem")), certificates.join(format!("{name}.key")));
        let files = format!(
            "global(defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile=\"{0}\" \
             defaultNetstreamDriverCertFile=\"{0}\" defaultNetstreamDriverKeyFile=\"{1}\")",
            certificate.display(),
            key.display()
        );
        Self::start(folder, &files, "StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.Authmode=\"anon\"")
    }

    fn start(folder: &Path, files: &str, driver: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let port = free_port();
        let text = format!(
            "global(workDirectory=\"{folder}\")\n{files}\nmodule(load=\"imtcp\" {driver})\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             template(name=\"fields\" type=\"string\" string=\"%syslogfacility-text%\\t%syslogseverity-text%\\t%hostname%\\t\
             %app-name%\\t%msgid%\\t%structured-data%\\t%msg%\\n\")\n\
             action(type=\"omfile\" file=\"{folder}/heard\" template=\"fields\")\n",
            folder = folder.display()
        );
        std::fs::write(folder.join("rsyslog.conf"), text).unwrap();
        let collector = Self { port, folder: folder.to_owned(), process: Mutex::new(None) };
        collector.come_up();
        collector
    }

    /// Listens (again).
    pub fn come_up(&self) {
        let child = Command::new("/usr/sbin/rsyslogd")
            .args(["-n", "-f"])
            .arg(self.folder.join("rsyslog.conf"))
            .arg("-i")
            .arg(self.folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rsyslogd is installed (make test does so)");
        *self.process.lock().unwrap() = Some(child);
        until("the collector listens", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Told to stop, as a service manager does: what it has read it writes.
    pub fn go_down(&self) {
        if let Some(mut child) = self.process.lock().unwrap().take() {
            let _ = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status();
            let _ = child.wait();
        }
    }

    /// What it has heard, in order.
    pub fn heard(&self) -> Vec<Message> {
        let text = std::fs::read_to_string(self.folder.join("heard")).unwrap_or_default();
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter(|line| line.contains("doorward@")).map(message).collect()
    }
}

fn message(line: &str) -> Message {
    let fields: Vec<&str> = line.splitn(7, '\t').collect();
    let [facility, severity, host, app, kind, data, text] = fields[..] else { panic!("no message: {line}") };
    Message {
        facility: facility.to_owned(),
        severity: severity.to_owned(),
        host: host.to_owned(),
        app: app.to_owned(),
        kind: kind.to_owned(),
        data: data.to_owned(),
        text: text.to_owned(),
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.go_down();
    }
}

/// A receiver of webhooks.
pub struct Hook {
    pub port: u16,
    folder: PathBuf,
    secret: String,
    process: Mutex<Option<Child>>,
}

impl Hook {
    pub fn start(folder: &Path, secret: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let hook =
            Self { port: free_port(), folder: folder.to_owned(), secret: secret.to_owned(), process: Mutex::new(None) };
        hook.come_up();
        hook
    }

    /// Listens (again).
    pub fn come_up(&self) {
        let mut command = peer("webhook_receiver.py");
        command.arg(self.port.to_string()).arg(&self.folder).arg(&self.secret).stdin(Stdio::piped());
        *self.process.lock().unwrap() = Some(command.spawn().expect("python starts"));
        until("the receiver listens", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Stops listening.
    pub fn go_down(&self) {
        if let Some(mut child) = self.process.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// From now on it answers so, and hears nothing.
    pub fn answers(&self, status: u16) {
        self.put("status", &status.to_string());
    }

    fn put(&self, name: &str, text: &str) {
        let new = self.folder.join(format!("{name}.new"));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.folder.join(name)).unwrap();
    }

    /// From now on it takes what holds.
    pub fn takes(&self) {
        self.put("status", "204");
    }

    /// Its messages that held, in order: id and body.
    pub fn heard(&self) -> Vec<Value> {
        self.lines("heard").iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Why others did not.
    pub fn wrong(&self) -> Vec<String> {
        self.lines("wrong")
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.lines("asked").len()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(str::to_owned).collect()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.go_down();
    }
}
