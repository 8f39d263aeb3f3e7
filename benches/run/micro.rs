//! What the small benches (`micro/`) found: criterion's own estimates.

use std::path::Path;

use serde_json::Value;

/// One small bench.
pub(crate) struct Latency {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Median, and the bounds of its 95 % confidence interval, in microseconds; or why there is none.
    pub(crate) seen: Result<[f64; 3], String>,
}

pub(crate) const REMEMBERED: &str = "decide/remembered";
pub(crate) const EVALUATED: &str = "decide/evaluated";

const ALL: [(&str, &str); 10] = [
    (REMEMBERED, "a decision that was made before (the gate, key and look-up)"),
    ("decide/remembered_and_noted", "the same, noted for a decision record and the shadow"),
    (EVALUATED, "a decision by Cedar"),
    ("decide/evaluated_challenge", "the same for nobody, with the least proof that would admit"),
    ("decide/evaluated_of_10000", "a decision by Cedar, with 10,000 applications"),
    ("sessions/remembered", "from a cookie to somebody, known for less than a second"),
    ("sessions/looked_up", "the same, with a store that answers at once"),
    ("canonical/host", "a host into canonical form"),
    ("canonical/path", "a target into canonical form, which it has, as nearly all"),
    ("canonical/path_escaped", "the same, with an escape that is none of it"),
];

pub(crate) fn read(folder: Option<&Path>) -> Vec<Latency> {
    let seen = |name: &str| estimate(folder.ok_or("no folder of criterion was named")?, name);
    ALL.iter().map(|&(name, what)| Latency { name, what, seen: seen(name) }).collect()
}

fn estimate(folder: &Path, name: &str) -> Result<[f64; 3], String> {
    let file = folder.join(name).join("new/estimates.json");
    let text = std::fs::read_to_string(file).map_err(|cause| format!("criterion left nothing: {cause}"))?;
    let all: Value = serde_json::from_str(&text).map_err(|cause| cause.to_string())?;
    let median = &all["median"];
    let interval = &median["confidence_interval"];
    let nanoseconds = [&median["point_estimate"], &interval["lower_bound"], &interval["upper_bound"]];
    let [Some(middle), Some(lower), Some(upper)] = nanoseconds.map(Value::as_f64) else {
        return Err("criterion left no median".to_owned());
    };
    Ok([middle, lower, upper].map(|nanoseconds| nanoseconds / 1e3))
}
