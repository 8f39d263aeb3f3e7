//! Processes: started, waited for, looked at, ended.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use doorward_benches::readings::{ProcessTime, kibibytes};

/// A process that serves; ended when dropped.
pub(crate) struct Process {
    child: Child,
    /// All that it says, its access log included.
    log: PathBuf,
    /// It has children that only end with it when it is asked.
    asked: bool,
    began: Instant,
}

impl Process {
    /// Starts it with all that it says going to a file.
    pub(crate) fn start(mut command: Command, log: &Path, asked: bool) -> Result<Self, String> {
        let create = || File::options().create(true).append(true).open(log);
        let (out, err) = create()
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(|cause| format!("{}: {cause}", log.display()))?;
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = child.map_err(|cause| format!("{} does not start: {cause}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_owned(), asked, began })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it is ready, and says how long after its start that was.
    pub(crate) fn wait(
        &mut self,
        most: Duration,
        between: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<Duration, String> {
        loop {
            let seen = self.began.elapsed();
            if ready() {
                return Ok(self.began.elapsed());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended ({status}): {}", self.last_words()));
            }
            if seen > most {
                return Err(format!("it is not ready after {} s: {}", most.as_secs(), self.last_words()));
            }
            std::thread::sleep(between);
        }
    }

    /// User and system time so far, of all threads and of all processes that it started, in seconds.
    pub(crate) fn cpu_seconds(&self, ticks_per_second: f64) -> f64 {
        let all = processes();
        let mut family = vec![self.pid()];
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(all.iter().filter(|(_, time)| time.parent == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        let ticks: u64 = all.iter().filter(|(pid, _)| family.contains(pid)).map(|(_, time)| time.ticks).sum();
        ticks as f64 / ticks_per_second
    }

    /// Resident memory of it and of all processes that it started, in MB (10⁶ bytes).
    pub(crate) fn megabytes(&self) -> f64 {
        let all = processes();
        let mine = all.iter().filter(|(pid, time)| *pid == self.pid() || time.parent == self.pid());
        let resident = mine.filter_map(|(pid, _)| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            kibibytes(&status, "VmRSS")
        });
        resident.sum::<u64>() as f64 * 1024.0 / 1e6
    }

    /// Forgets what it has said so far.
    pub(crate) fn empty_log(&self) {
        let emptied = File::options().write(true).open(&self.log).and_then(|file| file.set_len(0));
        emptied.expect("a log can be emptied");
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" / ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.asked {
            let _ = Command::new("kill").arg(self.pid().to_string()).status();
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn processes() -> Vec<(u32, ProcessTime)> {
    let entries = std::fs::read_dir("/proc").expect("/proc is there");
    entries
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            // One that has just ended is left out.
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, ProcessTime::parse(&stat)?))
        })
        .collect()
}
