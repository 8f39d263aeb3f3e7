//! Time zones: what reports and logs are read in. The zones are compiled in, so that every machine knows the same ones.

use doorward_api::Timestamp;
use doorward_api::settings::Day;
use jiff::Timestamp as Instant;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The longest name that is looked for.
const LONGEST: usize = 64;

/// Zones that are offered; any other can be typed.
pub(crate) const OFFERED: [&str; 32] = [
    "UTC",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Kolkata",
    "Asia/Riyadh",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Rome",
    "Europe/Warsaw",
    "Pacific/Auckland",
];

/// A time zone by its name.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    name: String,
    zone: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

impl Zone {
    /// `Europe/Berlin`, in capital or small letters; UTC where nothing is said.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::default());
        }
        if name.len() > LONGEST {
            return None;
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        Some(Self { name, zone })
    }

    /// The name as the database has it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `2026-11-24 15:32:05 +01:00`
    pub(crate) fn written(&self, at: Timestamp) -> String {
        self.formatted(at, "%Y-%m-%d %H:%M:%S %:z")
    }

    /// `2026-11-24 15:32`: where the zone is told elsewhere.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        self.formatted(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `2026-11-24`
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.formatted(at, "%Y-%m-%d")
    }

    fn formatted(&self, at: Timestamp, form: &str) -> String {
        match Instant::from_millisecond(at.millis()) {
            Ok(instant) => instant.to_zoned_datetime(self.zone.clone()).strftime(form).to_string(),
            Err(_) => at.rfc3339(),
        }
    }

    /// The first moment of a day here.
    pub(crate) fn begins(&self, day: Day) -> Option<Timestamp> {
        self.midnight(day.to_string().parse().ok()?)
    }

    /// The first moment after it: some days have 23 hours, and some 25.
    pub(crate) fn ends(&self, day: Day) -> Option<Timestamp> {
        let date: Date = day.to_string().parse().ok()?;
        self.midnight(date.tomorrow().ok()?)
    }

    fn midnight(&self, date: Date) -> Option<Timestamp> {
        let first = date.to_zoned_datetime(self.zone.clone()).ok()?;
        Some(Timestamp::from_millis(first.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    /// 2026-11-24T14:32:05Z.
    const AT: Timestamp = Timestamp::from_millis(1_795_530_725_000);

    #[test]
    fn a_time_is_told_as_the_clocks_there_show_it() {
        assert_eq!(zone("").written(AT), "2026-11-24 14:32:05 +00:00");
        assert_eq!(zone("europe/berlin").written(AT), "2026-11-24 15:32:05 +01:00");
        assert_eq!(zone("Asia/Kolkata").written(AT), "2026-11-24 20:02:05 +05:30");
        assert_eq!(zone("Europe/Berlin").name(), "Europe/Berlin");
        assert_eq!(zone("Pacific/Auckland").day(AT), "2026-11-25");
    }

    #[test]
    fn a_day_on_which_the_clocks_change_is_as_long_as_it_is() {
        let berlin = zone("Europe/Berlin");
        let hours = |day: &str| {
            let day = Day::parse(day).unwrap();
            berlin.ends(day).unwrap().since(berlin.begins(day).unwrap()).as_secs() / 3600
        };
        assert_eq!([hours("2026-03-28"), hours("2026-03-29"), hours("2026-10-25")], [24, 23, 25]);
        assert_eq!(berlin.begins(Day::parse("2026-11-24").unwrap()).unwrap().rfc3339(), "2026-11-23T23:00:00.000Z");
    }

    #[test]
    fn only_zones_are_taken() {
        for other in ["Mars/Olympus", "../../etc/passwd", "+01:00", &"A".repeat(100)] {
            assert!(Zone::parse(other).is_none(), "{other}");
        }
        assert!(OFFERED.iter().all(|name| Zone::parse(name).is_some_and(|zone| zone.name() == *name)));
    }
}
