//! `strace` on a running process: what it asks of the kernel, in order, and answers of the kernel that it would not give.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A process that is watched; it goes on as before when this is dropped.
pub struct Strace {
    child: Child,
    folder: TempDir,
}

impl Strace {
    /// Watches a process with all its threads. `None` when this user may not.
    pub fn attach(pid: u32, arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("doorward-strace-").tempdir().unwrap();
        let mut child = Command::new("strace")
            .args(["-f", "-y", "-ttt", "-s", "64", "-o"])
            .arg(folder.path().join("calls"))
            .args(arguments)
            .args(["-p", &pid.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed (make faults does so)");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if !line.contains("attached") {
            let _ = child.wait();
            return None;
        }
        // It goes on to say which threads come and go; a pipe that nobody reads would stop it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { child, folder })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// What was seen so far, a call a line: thread, time, call. A call that took its time stands in two lines, `<unfinished ...>`
    /// where it began and `<... resumed>` where it ended.
    pub fn seen(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap_or_default()
    }

    /// Lets go of the process, and returns all that was seen.
    pub fn detach(mut self) -> String {
        self.let_go();
        self.seen()
    }

    fn let_go(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let _ = Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status();
        let end = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        self.let_go();
    }
}
