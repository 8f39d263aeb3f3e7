//! The programs of `tests/peers`, and the Python that runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Python that has the packages of `tests/peers/requirements.txt`.
pub fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/venv/bin/python");
    assert!(python.exists(), "{} is missing: run `make test-tools`", python.display());
    python
}

/// A program of `tests/peers`, about to be run.
pub fn peer(script: &str) -> Command {
    let mut command = Command::new(python());
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script));
    command
}

/// Runs one to its end and reads the JSON that it prints.
pub fn ask_peer(command: &mut Command) -> serde_json::Value {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("python starts");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{command:?}: {error}: {}", String::from_utf8_lossy(&output.stdout)))
}
