//! A real Chromium, led by the scripts of `tests/browser`. A gateway whose clock can be moved ahead, for the pages that only
//! time brings about.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::gateway::binary;
use super::kept::sqlite;
use super::{Gateway, words};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Runs a script in a browser of its own; what the story says is added to what the script knows of the gateway. Screenshots
/// go to `target/screenshots/STORY/`, and stay to be looked at.
pub fn browse(gateway: &Gateway, script: &str, story: &str, says: Value) {
    let shots = binary().parent().and_then(Path::parent).unwrap().join("screenshots").join(story);
    let _ = std::fs::remove_dir_all(&shots);
    std::fs::create_dir_all(&shots).unwrap();
    let mut world = json!({
        "port": gateway.port,
        "console": gateway.console,
        "passwords": gateway.passwords,
        "out": shots,
    });
    for (name, value) in says.as_object().expect("a story says things by name") {
        world[name] = value.clone();
    }
    let browser = root().join("tests/browser");
    assert!(browser.join("node_modules").exists(), "the browser's tools are missing: run `make test-tools`");
    let output = Command::new("node")
        .arg(browser.join(script).with_extension("mjs"))
        .arg(world.to_string())
        .output()
        .expect("node is installed (make test does so)");
    assert!(output.status.success() && words(&output).contains("told"), "{story}: {}", words(&output));
}

/// A demo that keeps its state in a folder, has policies beyond the built-in ones, and whose clock is moved by a file.
pub struct Timed {
    pub gateway: Gateway,
    folder: TempDir,
}

impl Timed {
    /// The demo with its own policies and these.
    pub fn demo(policies: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("doorward-timed-").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("policies")).unwrap();
        for file in std::fs::read_dir(root().join("policies/default")).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, path("policies").join(file.file_name().unwrap())).unwrap();
        }
        std::fs::write(path("policies/more.cedar"), policies).unwrap();
        std::fs::write(path("clock"), "+0\n").unwrap();
        let text = |name: &str| path(name).to_str().unwrap().to_owned();
        let gateway = Gateway::demo_with(
            &["--state", &text("state"), "--policies", &text("policies")],
            &clock_of(faketime().to_str().unwrap(), &text("clock")),
        );
        Self { gateway, folder }
    }

    /// From now on its clock is so many seconds ahead.
    pub fn ahead(&self, seconds: u64) {
        let path = |name: &str| self.folder.path().join(name);
        std::fs::write(path("clock.new"), format!("+{seconds}\n")).unwrap();
        std::fs::rename(path("clock.new"), path("clock")).unwrap();
    }

    /// Runs SQL on its database, past the gateway.
    pub fn sql(&self, sql: &str) -> String {
        sqlite(&self.folder.path().join("state/doorward.db"), sql)
    }

    /// What a script needs to move the clock and to look into the database.
    pub fn says(&self, language: &str) -> Value {
        let path = |name: &str| self.folder.path().join(name);
        json!({ "clock": path("clock"), "database": path("state/doorward.db"), "language": language })
    }
}

/// The environment of a program whose clock is moved by this file, but whose waiting is true.
pub(super) fn clock_of<'a>(library: &'a str, file: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
}

/// The library that tells a program another time. Debian puts it into a folder named after the processor.
pub fn faketime() -> PathBuf {
    std::fs::read_dir("/usr/lib")
        .unwrap()
        .map(|entry| entry.unwrap().path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists())
        .expect("faketime is installed (make test does so)")
}
