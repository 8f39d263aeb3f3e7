//! A history: who tried what, when, and what came of it, a line of JSON each; and the judge, who reads nothing but that file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The gateway said that it was done.
    Ok,
    /// The gateway said that it was not, or never heard of it.
    Refused,
    /// The gateway said that it could not just now. To the judge that is no answer, since it may have been done all the same;
    /// but one came.
    NotNow,
    /// No answer, or one that says none of this.
    Unknown,
    /// The answer is the same either way; the audit trail tells by this request's id.
    Told(String),
}

/// A history that is being written.
pub(crate) struct History {
    file: Mutex<File>,
    path: PathBuf,
    begun: Instant,
    next: AtomicU64,
}

impl History {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { file: Mutex::new(File::create(&path).unwrap()), path, begun: Instant::now(), next: AtomicU64::new(0) }
    }

    /// A client is about to try to use a secret of a kind. The secret itself is not written down, only its name.
    pub(crate) fn invoke(&self, client: &str, kind: &str, secret: &str) -> u64 {
        let try_ = self.next.fetch_add(1, Ordering::Relaxed);
        self.write(json!({
            "try": try_, "at_ms": self.at(), "event": "invoke", "client": client, "kind": kind, "secret": secret,
        }));
        try_
    }

    /// `saw` is what the answer looked like, for whoever asks why.
    pub(crate) fn returns(&self, try_: u64, outcome: &Outcome, saw: &str) {
        let mut line = json!({ "try": try_, "at_ms": self.at(), "saw": saw });
        match outcome {
            Outcome::Ok => line["event"] = "ok".into(),
            Outcome::Refused => line["event"] = "refused".into(),
            Outcome::NotNow => line["event"] = "not now".into(),
            Outcome::Unknown => line["event"] = "unknown".into(),
            Outcome::Told(request) => {
                line["event"] = "told".into();
                line["request"] = request.as_str().into();
            }
        }
        self.write(line);
    }

    fn at(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    fn write(&self, line: Value) {
        writeln!(self.file.lock().unwrap(), "{line}").unwrap();
    }

    /// What is to be said of it. `accepted` are the requests of which the audit trail says that they used a code.
    pub(crate) fn judged(&self, accepted: &BTreeSet<String>) -> Judgement {
        judge(&self.path, accepted)
    }
}

/// What a history says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) tries: usize,
    /// Secrets by kind.
    pub(crate) secrets: BTreeMap<String, usize>,
    /// Those that were used more than once.
    pub(crate) twice: Vec<String>,
    /// Those that were used by nobody though each try was answered, and what each try saw.
    pub(crate) never: Vec<String>,
    /// Tries without a clear answer, but for those that were told to come back.
    pub(crate) unknown: usize,
    /// Tries that were told to come back.
    pub(crate) not_now: usize,
}

impl Judgement {
    pub(crate) fn all(&self) -> usize {
        self.secrets.values().sum()
    }
}

/// Reads a history. Of each secret at most one try may have come to `ok`, and exactly one where every try was answered.
fn judge(path: &Path, accepted: &BTreeSet<String>) -> Judgement {
    let text = std::fs::read_to_string(path).unwrap();
    let mut judgement = Judgement::default();
    let mut open: BTreeMap<u64, (String, String)> = BTreeMap::new();
    // How many tries of each secret came to ok, and how many have no clear answer.
    let mut secrets: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut seen: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let try_ = line["try"].as_u64().unwrap();
        if word("event") == "invoke" {
            judgement.tries += 1;
            let secret = (word("kind"), word("secret"));
            let (_, unclear) = secrets.entry(secret.clone()).or_default();
            // Until its answer is read.
            *unclear += 1;
            open.insert(try_, secret);
            continue;
        }
        let secret = open.remove(&try_).expect("an answer belongs to a try");
        let (done, unclear) = secrets.get_mut(&secret).unwrap();
        seen.entry(secret).or_default().push(format!("{} ms: {}", line["at_ms"], word("saw")));
        let ok = match word("event").as_str() {
            "ok" => true,
            "refused" => false,
            "told" => accepted.contains(&word("request")),
            "not now" => {
                judgement.not_now += 1;
                continue;
            }
            _ => continue,
        };
        *unclear -= 1;
        *done += usize::from(ok);
    }
    for ((kind, secret), (done, unclear)) in secrets {
        let name = format!("{kind} {secret}");
        judgement.unknown += unclear;
        match done {
            0 if unclear == 0 => {
                let saw = seen.remove(&(kind.clone(), secret)).unwrap_or_default();
                judgement.never.push(format!("{name} ({})", saw.join(", ")));
            }
            0 | 1 => {}
            _ => judgement.twice.push(name),
        }
        *judgement.secrets.entry(kind).or_default() += 1;
    }
    judgement.unknown -= judgement.not_now;
    judgement
}

/// A judge that finds nothing wrong with anything is worth nothing: this one is shown what is wrong, and must see it.
pub(crate) fn the_judge_sees() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::new(folder.path().join("history.jsonl"));
    let told = |request: &str| Outcome::Told(request.to_owned());
    let tries = [
        ("good", vec![Outcome::Refused, Outcome::Ok, Outcome::Refused]),
        ("twice", vec![Outcome::Ok, Outcome::Ok]),
        ("never", vec![Outcome::Refused, Outcome::Refused]),
        ("perhaps", vec![Outcome::Refused, Outcome::Unknown]),
        ("done or not", vec![Outcome::Refused, Outcome::NotNow]),
        ("on coming back", vec![Outcome::NotNow, Outcome::Ok]),
        ("twice on coming back", vec![Outcome::NotNow, Outcome::Ok, Outcome::Ok]),
        ("told once", vec![told("a"), told("b")]),
        ("told twice", vec![told("a"), told("c")]),
    ];
    for (secret, outcomes) in tries {
        let invoked: Vec<u64> = outcomes.iter().map(|_| history.invoke("somebody", "kind", secret)).collect();
        for (try_, outcome) in invoked.into_iter().zip(&outcomes) {
            history.returns(try_, outcome, "");
        }
    }
    history.invoke("somebody", "kind", "never answered");
    let accepted = ["a", "c"].map(str::to_owned).into();
    let judgement = history.judged(&accepted);
    assert_eq!(judgement.twice, ["kind told twice", "kind twice", "kind twice on coming back"]);
    assert!(judgement.never.len() == 1 && judgement.never[0].starts_with("kind never ("), "{:?}", judgement.never);
    assert_eq!((judgement.unknown, judgement.not_now, judgement.tries, judgement.all()), (2, 3, 21, 10));
}
