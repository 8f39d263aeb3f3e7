//! A second process on the same database: this test binary, started again to run one test, which does as it is told.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use doorward_store::Store;

use crate::world::{PATIENT, block_on, open};
use crate::{crashes, keys, races};

/// Holds the address and, behind a space, the errand.
const ERRAND: &str = "DOORWARD_STORE_ERRAND";

/// Another process with a store on the same database.
pub(crate) struct SecondProcess {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl SecondProcess {
    /// Starts it and waits until its store is open.
    pub(crate) fn start(url: &str, errand: &str) -> Self {
        let mut child = Command::new(myself())
            .args(["--exact", "second_process::an_errand", "--nocapture", "--test-threads=1"])
            .env(ERRAND, format!("{url} {errand}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut started = Self { child, input, output };
        assert_eq!(started.next().as_deref(), Some("ready"));
        started
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self) {
        self.input.write_all(b"go\n").unwrap();
    }

    /// What it says next; `None` when it has ended.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(said) = line.trim_end().strip_prefix("said ") {
                return Some(said.to_owned());
            }
        }
    }

    /// Its only answer.
    pub(crate) fn answer(mut self) -> String {
        let answer = self.next().expect("the second process answers");
        assert!(self.child.wait().unwrap().success());
        answer
    }

    /// `kill -9`; what it had said by then.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// This test binary: the one that runs, even where a newer build has taken its place meanwhile.
fn myself() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { running } else { std::env::current_exe().unwrap() }
}

/// Says something to the first process, on a line of its own whatever the test harness writes.
pub(crate) fn say(what: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    write!(out, "\nsaid {what}\n").unwrap();
    out.flush().unwrap();
}

/// What the second process does. Where nobody has sent it, it has nothing to do.
#[test]
fn an_errand() {
    let Ok(errand) = std::env::var(ERRAND) else { return };
    let (url, errand) = errand.split_once(' ').unwrap();
    if errand == keys::SEAL_ANEW {
        say("ready");
        block_on(keys::seal_anew(url));
        return;
    }
    if errand == crashes::MIGRATE {
        say("ready");
        crashes::migrate(url);
        return;
    }
    let store: Store = open(url, 1, PATIENT).unwrap();
    say("ready");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    match errand {
        crashes::WRITE_ON => block_on(crashes::write_on(&store)),
        crashes::SHED_ON => block_on(crashes::shed_on(&store)),
        race => say(block_on(races::contend(&store, race))),
    }
    store.close();
}
