//! Waiting for what comes in its own time, and for what a gateway writes of it.

use std::time::{Duration, Instant};

use serde_json::Value;

/// Waits until something holds, for 30 s at the most.
#[track_caller]
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(what, Duration::from_secs(30), holds);
}

/// Waits until something holds, and says how long that took.
#[track_caller]
pub fn until_within(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < limit, "after {limit:?} there is still not: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// The fields of the access log's lines in what `doorward run` wrote. Every line must be a record.
pub fn logged_requests(log: &str) -> Vec<Value> {
    let record = |line: &str| -> Value { serde_json::from_str(line).unwrap_or_else(|_| panic!("no record: {line}")) };
    let requests = log.lines().map(record).filter(|record| record["target"] == "access");
    requests.map(|mut record| record["fields"].take()).collect()
}
