//! Small tools of the faults: waiting, figures, and what a gateway says of itself.

use std::time::Duration;

pub(crate) use doorward_tests::world::until_within as until;
use doorward_tests::world::{Gateway, exchange};
use serde_json::Value;

/// The value below which this part of them lies (0 to 1); zero of none.
pub(crate) fn quantile(times: &[Duration], part: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
}

/// In milliseconds, as a figure.
pub(crate) fn ms(time: Duration) -> String {
    match time.as_secs_f64() * 1000.0 {
        few if few < 10.0 => format!("{few:.1} ms"),
        many => format!("{many:.0} ms"),
    }
}

/// In seconds, as a figure.
pub(crate) fn secs(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// What `/readyz` answers: the status, and what is said of a dependency.
pub(crate) fn readiness(gateway: &Gateway, dependency: &str) -> (u16, String) {
    let answer = exchange(gateway.metrics, "GET", "127.0.0.1", "/readyz", &[], b"");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()));
    (answer.status, body["dependencies"][dependency].as_str().unwrap_or_default().to_owned())
}

/// Whether some line of the log has all these words.
pub(crate) fn logged(gateway: &Gateway, words: &[&str]) -> bool {
    gateway.log.lock().unwrap().lines().any(|line| words.iter().all(|word| line.contains(word)))
}
