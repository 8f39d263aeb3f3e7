//! The gateway as users run it: the binary, with its output read and its mailbox at hand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::http::exchange;
use super::mail_server::mails_in;
use super::visitor::Visitor;

/// A running gateway; killed when dropped.
pub struct Gateway {
    child: Child,
    pub port: u16,
    pub console: u16,
    pub metrics: u16,
    pub passwords: BTreeMap<String, String>,
    /// The folder of the mail server that it uses; the demo has a mailbox of its own.
    pub mails: Option<PathBuf>,
    /// What it wrote on standard error.
    pub log: Arc<Mutex<String>>,
    /// What it wrote on standard output.
    pub output: Arc<Mutex<String>>,
    /// Its story makes it panic.
    panics: bool,
}

/// A mail of the demo's mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The whole of it, a character for each byte; empty in the demo, whose mailbox does not show it.
    pub raw: String,
}

impl Mail {
    /// The code: the one line that is nothing but six digits.
    pub fn code(&self) -> String {
        self.try_code().unwrap_or_else(|| panic!("the mail holds the code alone on one line: {}", self.text))
    }

    /// The same of a mail that may be another.
    fn try_code(&self) -> Option<String> {
        let mut codes =
            self.text.lines().map(str::trim).filter(|l| l.len() == 6 && l.bytes().all(|b| b.is_ascii_digit()));
        codes.next().filter(|_| codes.next().is_none()).map(str::to_owned)
    }
}

/// The binary that `cargo build` made, beside this test's own.
pub fn binary() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let binary = path.join("doorward");
    assert!(
        binary.exists(),
        "{} is missing: run `make test`, or `cargo build -p doorward-server` first",
        binary.display()
    );
    binary
}

/// A port for a server that is about to be started. It lies below those that the system hands out by itself, so that between
/// this look and the server's start no outgoing connection and no listener on "any port" takes it.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_240;
    const COUNT: u32 = 20_000;
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // Two runs of these tests at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(997);
    for _ in 0..COUNT {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + begin.wrapping_add(asked) % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port from {FIRST} on is free");
}

impl Gateway {
    /// The demo, on ports of its own.
    pub fn demo() -> Self {
        Self::demo_with(&[], &[])
    }

    /// The demo with further arguments and environment.
    pub fn demo_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::demo_on([free_port(), free_port(), free_port()], arguments, environment)
    }

    /// The demo on these ports, of portal and applications, console, metrics. It enrols standard apps: most stories are told with
    /// an independent token.
    pub fn demo_on(ports: [u16; 3], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::demo_by(ports, &[&["--standard-apps"], arguments].concat(), environment)
    }

    /// The demo as it comes: with an authenticator of our own.
    pub fn demo_with_authenticator(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::demo_with_authenticator_on([free_port(), free_port(), free_port()], arguments, environment)
    }

    /// The same on these ports.
    pub fn demo_with_authenticator_on(ports: [u16; 3], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::demo_by(ports, arguments, environment)
    }

    fn demo_by([port, console, metrics]: [u16; 3], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary());
        command
            .args(["demo", "--port", &port.to_string(), "--console-port", &console.to_string()])
            .args(["--metrics-port", &metrics.to_string()])
            .args(arguments)
            .envs(environment.iter().copied());
        let mut gateway = Self::start(command, port, console, metrics);
        gateway.wait_ready();
        let passwords = gateway
            .output
            .lock()
            .unwrap()
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("user")).then_some(())?;
                let name = words.next()?.to_owned();
                (words.next() == Some("password")).then_some(())?;
                Some((name, words.next()?.to_owned()))
            })
            .collect();
        gateway.passwords = passwords;
        gateway
    }

    /// Kills the demo (no farewell: SIGKILL) and starts it once more on the same ports, with these arguments.
    pub fn demo_again(&mut self, arguments: &[&str]) {
        self.kill();
        *self = Self::demo_on([self.port, self.console, self.metrics], arguments, &[]);
    }

    /// Makes the demo's mail server turn mail away, or take it again.
    pub fn stop_mail(&self, stopped: bool) {
        let body = format!("stopped={stopped}");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = exchange(self.console, "POST", "127.0.0.1", "/mailbox/stopped", &form, body.as_bytes());
        assert_eq!(answer.status, 303, "{}", answer.text());
    }

    /// Starts a command that serves on these ports.
    pub fn start(mut command: Command, port: u16, console: u16, metrics: u16) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the gateway starts");
        let output = collect(child.stdout.take().unwrap());
        let log = collect(child.stderr.take().unwrap());
        Self { child, port, console, metrics, passwords: BTreeMap::new(), mails: None, log, output, panics: false }
    }

    /// The path of the newest link for the first administrator: the demo prints it, a service logs it.
    pub fn first_administrator(&self) -> Option<String> {
        let said = format!("{}\n{}", self.output.lock().unwrap(), self.log.lock().unwrap());
        let link = said.rsplit_once("console first administrator ")?.1.split("/setup/").nth(1)?;
        let token: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        Some(format!("/setup/{token}"))
    }

    /// Waits until `/readyz` says so.
    pub fn wait_ready(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if says_ready(self.metrics).unwrap_or(false) {
                return;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        panic!("the gateway is not ready after 30 s: {}", self.log.lock().unwrap());
    }

    /// An address on one of its hosts: `url("wiki", "/page")`.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}.localhost:{}{path}", self.port)
    }

    /// Somebody with a fresh browser.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.port)
    }

    /// A user's password.
    pub fn password(&self, user: &str) -> String {
        self.passwords.get(user).unwrap_or_else(|| panic!("the banner names no {user}")).clone()
    }

    /// The demo's mailbox, or what its mail server took, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        if let Some(folder) = &self.mails {
            return mails_in(folder);
        }
        let answer = exchange(self.console, "GET", "127.0.0.1", "/mailbox.json", &[], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mails: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let text = |mail: &serde_json::Value, field: &str| mail[field].as_str().unwrap_or_default().to_owned();
        mails
            .as_array()
            .expect("the mailbox is a list")
            .iter()
            .map(|m| Mail {
                to: text(m, "to"),
                subject: text(m, "subject"),
                text: text(m, "text"),
                html: text(m, "html"),
                raw: String::new(),
            })
            .collect()
    }

    /// The newest mail to an address, waited for.
    pub fn mail_to(&self, address: &str) -> Mail {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(mail) = self.mails().into_iter().find(|m| m.to == address) {
                return mail;
            }
            assert!(Instant::now() < end, "no mail to {address}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The codes that were sent to an address, the newest first. What else was sent may come between them.
    pub fn codes_to(&self, address: &str) -> Vec<String> {
        self.mails().iter().filter(|mail| mail.to == address).filter_map(Mail::try_code).collect()
    }

    /// The value of a series, 0 when it is not there.
    pub fn metric(&self, series: &str) -> f64 {
        let text = exchange(self.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text();
        text.lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
            .map_or(0.0, |value| value.parse().unwrap())
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// This story is about panics, so that there are some in its log.
    pub fn will_panic(&mut self) {
        self.panics = true;
    }

    /// Waits until it has written this on standard error.
    pub fn wait_for_log(&self, words: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.log.lock().unwrap().contains(words) {
            assert!(Instant::now() < end, "after 30 s it has not said {words:?}: {}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it is gone, for at most so long, and says how long it took and its exit code.
    pub fn gone_within(&mut self, most: Duration) -> (Duration, Option<i32>) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (begun.elapsed(), status.code());
            }
            assert!(begun.elapsed() < most, "it is still there after {most:?}: {}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it at once and waits.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The exit code, waited for.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Gateway {
    /// In no story that is not about it does any part of a gateway panic.
    fn drop(&mut self) {
        self.kill();
        if !self.panics && !std::thread::panicking() {
            let log = self.log.lock().unwrap();
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

/// A gateway that starts makes sure of its ports before it serves on them: until then a connection may come to nothing.
fn says_ready(metrics: u16) -> std::io::Result<bool> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", metrics))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut said = [0; 12];
    stream.read_exact(&mut said)?;
    Ok(&said == b"HTTP/1.1 200")
}

fn collect(stream: impl std::io::Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = text.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut text = kept.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
    text
}
