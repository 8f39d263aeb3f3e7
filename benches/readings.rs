//! What other programs' output says: h2load, callgrind, criterion, the kernel.

/// Whether h2load had every one of so many requests answered with a 2xx.
///
/// # Errors
/// What it says instead, in its own words.
pub fn all_answered(output: &str, requests: u64) -> Result<(), String> {
    let line = |begins: &str| output.lines().find(|line| line.starts_with(begins));
    let (Some(requested), Some(statuses)) = (line("requests:"), line("status codes:")) else {
        return Err(format!("h2load counted nothing: {}", output.trim()));
    };
    let all = count(requested, "succeeded") == Some(requests) && count(statuses, "2xx") == Some(requests);
    if all { Ok(()) } else { Err(format!("not all of {requests} requests were answered: {requested}; {statuses}")) }
}

/// The number before a word: 7 of `7 succeeded,`.
fn count(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
    let number = words.windows(2).find_map(|pair| match pair {
        [number, this] if *this == word => Some(*number),
        _ => None,
    });
    number?.parse().ok()
}

/// A line of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessTime {
    /// The process that started it.
    pub parent: u32,
    /// User and system time of all its threads, those that have ended included, in clock ticks.
    pub ticks: u64,
}

impl ProcessTime {
    /// From the line. The name, in brackets, may hold anything: what follows its last bracket counts.
    pub fn parse(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        // proc(5): the state is field 3, the parent 4, utime 14, stime 15.
        let parent = u32::try_from(number(1)?).ok()?;
        Some(Self { parent, ticks: number(11)?.checked_add(number(12)?)? })
    }
}

/// The instructions that a part of a callgrind profile counts: since the last part, of all threads.
pub fn instructions(profile: &str) -> Option<u64> {
    let total =
        profile.lines().rev().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")))?;
    total.split_whitespace().next()?.parse().ok()
}

/// A value of `/proc/meminfo` or `/proc/PID/status`, in KiB.
pub fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "finished in 1.20s, 13333.33 req/s, 15.00MB/s\n\
        requests: 16000 total, 16000 started, 16000 done, 16000 succeeded, 0 failed, 0 errored, 0 timeout\n\
        status codes: 16000 2xx, 0 3xx, 0 4xx, 0 5xx\n";

    #[test]
    fn a_round_counts_only_when_each_request_was_answered_with_a_2xx() {
        assert_eq!(all_answered(GOOD, 16_000), Ok(()));
        assert!(all_answered(GOOD, 16_001).is_err());
        let redirected = GOOD.replace("16000 2xx, 0 3xx", "15999 2xx, 1 3xx");
        assert!(all_answered(&redirected, 16_000).unwrap_err().contains("1 3xx"));
        let lost = GOOD.replace("16000 succeeded, 0 failed", "15999 succeeded, 1 failed");
        assert!(all_answered(&lost, 16_000).is_err());
        assert!(all_answered("connection refused", 1).unwrap_err().contains("connection refused"));
    }

    #[test]
    fn a_process_may_bear_any_name() {
        let line = "42 (a) b (c)) S 7 42 42 0 -1 4194560 100 0 0 0 31 11 5 5 20 0 3 0 100 1 1";
        assert_eq!(ProcessTime::parse(line), Some(ProcessTime { parent: 7, ticks: 42 }));
        assert_eq!(ProcessTime::parse("42 (short) S 7"), None);
    }

    #[test]
    fn a_profile_says_its_total_at_the_end_and_a_status_its_memory() {
        assert_eq!(instructions("version: 1\nsummary: 99\nfn=(1)\n1 2\n\ntotals: 123456\n"), Some(123_456));
        assert_eq!(instructions("version: 1\n"), None);
        let status = "VmHWM:\t   20000 kB\nVmRSS:\t   12345 kB\n";
        assert_eq!((kibibytes(status, "VmRSS"), kibibytes(status, "VmSwap")), (Some(12_345), None));
    }
}
