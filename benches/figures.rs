//! Several values of one quantity, and what is said of them.

/// Values of one quantity, one for each round, in the order of the rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    values: Vec<f64>,
}

impl Series {
    /// These values.
    pub fn new(values: Vec<f64>) -> Self {
        Self { values }
    }

    /// One more round.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// How many rounds.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The value in the middle; between the two in the middle where the count is even. `None` of nothing.
    pub fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        let upper = sorted.len() / 2;
        match (sorted.len() % 2, upper.checked_sub(1).and_then(|lower| sorted.get(lower)), sorted.get(upper)) {
            (0, Some(lower), Some(upper)) => Some((lower + upper) / 2.0),
            (_, _, middle) => middle.copied(),
        }
    }

    /// The least value.
    pub fn least(&self) -> Option<f64> {
        self.sorted().first().copied()
    }

    /// The greatest value.
    pub fn most(&self) -> Option<f64> {
        self.sorted().last().copied()
    }

    /// Round by round, this over that: what both had of the machine in the same round falls out. Rounds that only one of
    /// them has are left out.
    pub fn over(&self, other: &Series) -> Series {
        Series { values: self.values.iter().zip(&other.values).map(|(this, that)| this / that).collect() }
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// `median (least–most)` with so many decimals; a dash of nothing.
    pub fn shown(&self, decimals: usize) -> String {
        match (self.median(), self.least(), self.most()) {
            (Some(median), Some(least), Some(most)) if self.count() > 1 => {
                format!("{} ({}–{})", grouped(median, decimals), grouped(least, decimals), grouped(most, decimals))
            }
            (Some(only), ..) => grouped(only, decimals),
            _ => "–".to_owned(),
        }
    }
}

/// A number with so many decimals, and a comma between thousands.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut shown = String::new();
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if place > 0 && left.is_multiple_of(3) && !shown.ends_with('-') {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(rest) = rest {
        shown.push('.');
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle_whatever_the_order_and_the_count() {
        assert_eq!(Series::new(vec![3.0, 1.0, 2.0]).median(), Some(2.0));
        assert_eq!(Series::new(vec![4.0, 1.0, 2.0, 3.0]).median(), Some(2.5));
        assert_eq!(Series::new(vec![7.0]).median(), Some(7.0));
        assert_eq!(Series::default().median(), None);
    }

    #[test]
    fn a_ratio_is_taken_round_by_round_so_that_a_busy_round_counts_for_both() {
        let bare = Series::new(vec![100.0, 200.0, 100.0]);
        let gate = Series::new(vec![110.0, 220.0, 110.0]);
        let ratio = gate.over(&bare);
        assert_eq!((ratio.count(), ratio.shown(2)), (3, "1.10 (1.10–1.10)".to_owned()));
        assert_eq!(Series::new(vec![1.0]).over(&bare).count(), 1);
    }

    #[test]
    fn what_is_shown_has_its_spread_unless_there_is_one_value_only() {
        assert_eq!(Series::new(vec![81_500.0, 94_200.4, 90_000.0]).shown(0), "90,000 (81,500–94,200)");
        assert_eq!(Series::new(vec![1.5]).shown(1), "1.5");
        assert_eq!(Series::default().shown(1), "–");
        assert_eq!(
            (grouped(-1234.5, 1), grouped(999.0, 0), grouped(-123.0, 0)),
            ("-1,234.5".into(), "999".into(), "-123".into())
        );
    }
}
