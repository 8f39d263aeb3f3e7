//! A mail server that nobody here wrote: aiosmtpd, run by `tests/peers/mail_server.py`.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::gateway::{Mail, free_port};

/// How it answers whoever wants to leave a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Accept,
    /// 451
    Later,
    /// 550
    Refuse,
    /// Takes connections and says nothing.
    Silent,
    /// Says a byte a second.
    Slow,
    /// Keeps the mail and is gone before it has said so.
    Vanish,
}

/// A mail server with its mails in a folder.
#[derive(Debug)]
pub struct MailServer {
    pub port: u16,
    folder: PathBuf,
    process: Mutex<Option<Child>>,
}

impl MailServer {
    /// Starts one that keeps its mails in `folder`.
    pub fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let server = Self { port: free_port(), folder: folder.to_owned(), process: Mutex::new(None) };
        server.come_up();
        server
    }

    /// Listens (again).
    pub fn come_up(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("../target/tools/venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test-tools`", python.display());
        let mut child = Command::new(python)
            .arg(root.join("peers/mail_server.py"))
            .arg(self.port.to_string())
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .spawn()
            .expect("python starts");
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end && child.try_wait().unwrap().is_none(), "the mail server does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        *self.process.lock().unwrap() = Some(child);
    }

    /// Stops listening; the mails stay.
    pub fn go_down(&self) {
        if let Some(mut child) = self.process.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// From now on it answers so.
    pub fn behave(&self, manner: Manner) {
        let word = match manner {
            Manner::Accept => "accept",
            Manner::Later => "later",
            Manner::Refuse => "refuse",
            Manner::Silent => "silent",
            Manner::Slow => "slow",
            Manner::Vanish => "vanish",
        };
        std::fs::write(self.folder.join("manner.new"), word).unwrap();
        std::fs::rename(self.folder.join("manner.new"), self.folder.join("manner")).unwrap();
    }

    /// Where the mails are.
    /// Every mail that it took, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        mails_in(&self.folder)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.go_down();
    }
}

/// The mails in a mail server's folder, newest first.
pub fn mails_in(folder: &Path) -> Vec<Mail> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let read = |file: &PathBuf| {
        let mail: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(mail["recipients"], 1, "a mail is for one person");
        assert_eq!(mail["type"], "multipart/alternative", "text and HTML are alternatives");
        let text = |field: &str| mail[field].as_str().unwrap().to_owned();
        Mail { to: text("to"), subject: text("subject"), text: text("text"), html: text("html"), raw: text("raw") }
    };
    files.iter().rev().map(read).collect()
}
