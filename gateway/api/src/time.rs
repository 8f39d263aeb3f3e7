//! Points in time and spans, as the store keeps them: whole milliseconds.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Comes from the [`Clock`](crate::ports::Clock) port only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down. Negative times count as 0.
    pub const fn secs(self) -> u64 {
        if self.0 < 0 { 0 } else { (self.0 / 1000).unsigned_abs() }
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// Whether `other` lies less than `span` before or after it. What was read at a time that the clock was set back from since does
    /// not, however much earlier it seems to be now.
    pub fn near(self, other: Timestamp, span: Duration) -> bool {
        self.since(other) < span && other.since(self) < span
    }

    /// Reads what RFC 3339 calls a date-time, in whichever zone.
    pub fn parse(text: &str) -> Option<Self> {
        let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// `2026-11-24T14:32:05.120Z`, the form of audit records (RFC 3339, UTC, milliseconds).
    pub fn rfc3339(self) -> String {
        let mut text = String::with_capacity(24);
        self.write_rfc3339(&mut text);
        text
    }

    /// Adds [`Timestamp::rfc3339`] to a text. Digit by digit: every request is logged with its time.
    pub fn write_rfc3339(self, into: &mut String) {
        let at = time::OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1000)).ok();
        let Some((at, year)) = at.and_then(|at| Some((at, u32::try_from(at.year()).ok()?))) else {
            into.push_str(&self.0.to_string());
            return into.push_str("ms");
        };
        let millis = u32::try_from(self.0.rem_euclid(1000)).unwrap_or_default();
        push_digits(into, 4, year);
        for (before, part) in [('-', u8::from(at.month())), ('-', at.day()), ('T', at.hour())] {
            into.push(before);
            push_digits(into, 2, part.into());
        }
        for part in [at.minute(), at.second()] {
            into.push(':');
            push_digits(into, 2, part.into());
        }
        into.push('.');
        push_digits(into, 3, millis);
        into.push('Z');
    }

    /// `14:32`, UTC: what a page shows of a time of today.
    pub fn clock_utc(self) -> String {
        let minutes = self.secs() / 60;
        format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
    }

    /// `2026-11-24 14:32`, UTC: what mails show.
    pub fn minute_utc(self) -> String {
        let full = self.rfc3339();
        match (full.get(..10), full.get(11..16)) {
            (Some(day), Some(clock)) => format!("{day} {clock}"),
            _ => full,
        }
    }
}

/// The last `count` decimal digits of a number.
fn push_digits(into: &mut String, count: u32, number: u32) {
    for place in (0..count).rev() {
        into.push(char::from_digit(number / 10_u32.pow(place) % 10, 10).unwrap_or('0'));
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// `90s`, `5m`, `2h`, `1d`: how long ago something was.
pub fn parse_age(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_rfc_3339_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_764_000_000_007).rfc3339(), "2025-11-24T16:00:00.007Z");
        assert_eq!(Timestamp::from_millis(-1).rfc3339(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).rfc3339(), "9223372036854775807ms");
        assert_eq!(Timestamp::from_secs(59).clock_utc(), "00:00");
        assert_eq!(Timestamp::from_millis(1_764_000_000_007).minute_utc(), "2025-11-24 16:00");
    }

    #[test]
    fn what_was_written_is_read_again() {
        for millis in [0, -1, 1_764_000_000_007] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::parse(&at.rfc3339()), Some(at));
        }
        assert_eq!(Timestamp::parse("2025-11-24T17:00:00+01:00"), Some(Timestamp::from_millis(1_764_000_000_000)));
        for other in ["", "2025-11-24", "2025-11-24 16:00", "yesterday"] {
            assert_eq!(Timestamp::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_future_is_no_time_ago() {
        assert_eq!(Timestamp::from_secs(1).since(Timestamp::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn what_is_near_lies_on_either_side_and_what_is_far_on_neither() {
        let (noon, span) = (Timestamp::from_secs(43_200), Duration::from_secs(5));
        for secs in [43_196, 43_200, 43_204] {
            assert!(noon.near(Timestamp::from_secs(secs), span), "{secs}");
        }
        for secs in [43_195, 43_205, 86_400, 0] {
            assert!(!noon.near(Timestamp::from_secs(secs), span), "{secs}");
        }
    }

    #[test]
    fn an_age_has_a_number_and_a_unit() {
        let secs = |text: &str| parse_age(text).map(|age| age.as_secs());
        assert_eq!([secs("0s"), secs(" 90s "), secs("5m"), secs("2h")], [Some(0), Some(90), Some(300), Some(7200)]);
        assert_eq!(secs("4294967295d"), Some(4_294_967_295 * 86_400));
        for wrong in ["", "5", "s", "-1s", "5 m", "5w", "5é", "99999999999s"] {
            assert_eq!(secs(wrong), None, "{wrong}");
        }
    }
}
