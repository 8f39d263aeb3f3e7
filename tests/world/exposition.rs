//! `/metrics`, read by the rules of the text exposition format.

use std::collections::{BTreeMap, BTreeSet};

/// What `/metrics` said at a moment.
#[derive(Debug, Clone, Default)]
pub struct Exposition {
    /// Each family's type, by its name.
    pub types: BTreeMap<String, String>,
    /// Each series with its labels, as written, and its value.
    pub series: BTreeMap<String, f64>,
}

/// The ends of the names of a histogram's series.
const HISTOGRAM: [&str; 3] = ["_bucket", "_sum", "_count"];

impl Exposition {
    /// Fails where the format is broken: help and type once and first, names and labels well formed, values numbers, no series
    /// twice, no family torn apart, buckets that only grow, counters that are not negative.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let (mut all, mut helped, mut family) = (Self::default(), BTreeSet::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or((rest, ""));
                assert!(!help.trim().is_empty(), "{name} has no help");
                assert!(helped.insert(name.to_owned()), "{name} is explained twice");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(helped.contains(name), "{name} is not explained");
                assert!(all.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is torn apart");
                name.clone_into(&mut family);
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?} is no sample"));
                let name = series.split('{').next().unwrap_or_default();
                assert_eq!(family_of(name, &all.types), family, "{line} stands below another family");
                let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
                assert!(all.types[&family] == "gauge" || value >= 0.0, "{line}");
                assert!(all.series.insert(series.to_owned(), value).is_none(), "{series} twice");
            }
        }
        all.check_buckets();
        all
    }

    fn check_buckets(&self) {
        let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (series, value) in &self.series {
            let (name, mut labels) = parts(series);
            if let (Some(base), Some(le)) = (name.strip_suffix("_bucket"), labels.remove("le")) {
                let bound = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
                buckets.entry(format!("{base}{labels:?}")).or_default().push((bound, *value));
            } else if let Some(base) = name.strip_suffix("_count") {
                buckets.entry(format!("{base}{labels:?}")).or_default().push((f64::MAX, *value));
            }
        }
        for (histogram, mut bounds) in buckets {
            bounds.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(bounds.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{histogram}: {bounds:?}");
            let last = bounds.last().unwrap();
            assert!(last.0.is_infinite(), "{histogram} ends with +Inf");
            assert_eq!(last.1, bounds[bounds.len() - 2].1, "{histogram}: all that was counted is in +Inf");
        }
    }

    /// What has changed since `before`, counted; a histogram by its count alone.
    pub fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        let change = |series: &String| {
            let (now, then) = [self, before].map(|at| at.series.get(series).copied().unwrap_or_default()).into();
            now - then
        };
        let timed = |series: &String| {
            let (name, _) = parts(series);
            let histogram = self.types.get(family_of(&name, &self.types)).is_some_and(|kind| kind == "histogram");
            histogram && !name.ends_with("_count")
        };
        let all: BTreeSet<&String> = self.series.keys().chain(before.series.keys()).collect();
        all.into_iter().filter(|s| !timed(s)).map(|s| (s.clone(), change(s))).filter(|(_, by)| *by != 0.0).collect()
    }
}

/// The family that a sample's name belongs to.
pub fn family_of<'a>(name: &'a str, types: &BTreeMap<String, String>) -> &'a str {
    let stem = HISTOGRAM.iter().find_map(|end| name.strip_suffix(end));
    stem.filter(|stem| types.get(*stem).is_some_and(|kind| kind == "histogram")).unwrap_or(name)
}

/// A series' name and labels.
pub fn parts(series: &str) -> (String, BTreeMap<String, String>) {
    let word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    let (name, rest) = series.split_once('{').unwrap_or((series, ""));
    assert!(word(name), "{series}");
    let mut labels = BTreeMap::new();
    let mut rest = rest.strip_suffix('}').unwrap_or(rest);
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{series}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("{series}"));
        assert!(word(label) && !value.contains('\\'), "{series}");
        assert!(labels.insert(label.to_owned(), value.to_owned()).is_none(), "{series}");
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    (name.to_owned(), labels)
}
