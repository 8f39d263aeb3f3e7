//! What is to be reached, and whether it was: compared here, never written by hand.

use crate::figures::Series;

/// One target.
#[derive(Debug, Clone)]
pub struct Target {
    /// What is measured.
    pub what: &'static str,
    /// The most it may be.
    pub limit: f64,
    /// Of what: `µs`, `MB`, or `×` for a ratio.
    pub unit: &'static str,
    /// What was measured, of which the median counts; or why it was not.
    pub seen: Result<Series, String>,
}

impl Target {
    /// `reached`, `NOT reached`, or `not measured` with the reason.
    pub fn verdict(&self) -> String {
        match self.seen.as_ref().map(Series::median) {
            Ok(Some(seen)) if seen <= self.limit => "reached".to_owned(),
            Ok(Some(_)) => "**NOT reached**".to_owned(),
            Ok(None) => "not measured: no round".to_owned(),
            Err(why) => format!("not measured: {why}"),
        }
    }

    /// What it is compared with, in its unit.
    pub fn allowed(&self) -> String {
        format!("≤ {} {}", self.limit, self.unit)
    }

    /// What was seen, in its unit, with its spread.
    pub fn shown(&self) -> String {
        let decimals = match self.limit {
            little if little < 10.0 => 3,
            some if some < 100.0 => 1,
            _ => 0,
        };
        self.seen.as_ref().map_or_else(|_| "–".to_owned(), |seen| format!("{} {}", seen.shown(decimals), self.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(seen: Result<f64, &str>) -> Target {
        let seen = seen.map(|value| Series::new(vec![value])).map_err(str::to_owned);
        Target { what: "a decision", limit: 25.0, unit: "µs", seen }
    }

    #[test]
    fn a_target_is_reached_by_its_limit_and_by_nothing_above_it() {
        assert_eq!(target(Ok(25.0)).verdict(), "reached");
        assert_eq!(target(Ok(25.01)).verdict(), "**NOT reached**");
        assert_eq!(target(Ok(25.01)).shown(), "25.0 µs");
        assert_eq!(target(Ok(1.0)).allowed(), "≤ 25 µs");
    }

    #[test]
    fn it_is_the_median_that_counts_and_the_spread_is_shown_beside_it() {
        let seen = Ok(Series::new(vec![1.0, 30.0, 20.0]));
        let target = Target { what: "a decision", limit: 25.0, unit: "µs", seen };
        assert_eq!((target.verdict(), target.shown()), ("reached".to_owned(), "20.0 (1.0–30.0) µs".to_owned()));
    }

    #[test]
    fn what_was_not_measured_is_never_said_to_be_reached() {
        let missing = target(Err("no valgrind"));
        assert_eq!((missing.verdict(), missing.shown()), ("not measured: no valgrind".to_owned(), "–".to_owned()));
        let empty = Target { seen: Ok(Series::default()), ..missing };
        assert_eq!(empty.verdict(), "not measured: no round");
    }
}
