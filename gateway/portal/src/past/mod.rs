//! What console and API have in common where they tell of the past: what can be looked for, and the files that can be taken
//! away.

mod file;

use std::net::IpAddr;

use doorward_api::audit::EventKind;
use doorward_api::enrolment::{EnrolmentFilter, EnrolmentResult, Initiation};
use doorward_api::settings::Day;
use doorward_api::trail::{Order, RECORD_TYPES, TrailFilter};
use doorward_api::{FieldFault, FieldRule, FlowId, GroupId, Timestamp, UserId};
use serde_json::Value;

use crate::zone::Zone;

pub(crate) use file::{File, Form, enrolment_json, enrolments, record_json, trail};

/// The names of the orders.
pub(crate) const ORDERS: [&str; 2] = ["newest", "oldest"];

/// The longest text that is looked for.
const LONGEST_TEXT: u32 = 200;

/// Something that is looked for, name by name.
pub(crate) type Query<'a> = &'a dyn Fn(&str) -> String;

/// Reads what is looked for, and gathers all that is wrong with it.
struct Reader<'a> {
    query: Query<'a>,
    faults: Vec<FieldFault>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> String {
        (self.query)(name).trim().to_owned()
    }

    fn wrong(&mut self, name: &str, rule: FieldRule) {
        self.faults.push(FieldFault::new(name, rule));
    }

    /// A text that is taken as it is.
    fn line(&mut self, name: &str) -> String {
        let text = self.text(name);
        if text.chars().count() > LONGEST_TEXT as usize {
            self.wrong(name, FieldRule::TooLong { max: LONGEST_TEXT });
        }
        text
    }

    fn one_of<T>(&mut self, name: &str, known: &[&str], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let found = parse(&text);
        if found.is_none() {
            self.wrong(name, FieldRule::OneOf { values: known.iter().map(|name| (*name).to_owned()).collect() });
        }
        found
    }

    fn zone(&mut self) -> Zone {
        let name = self.text("tz");
        Zone::parse(&name).unwrap_or_else(|| {
            self.wrong("tz", FieldRule::Unknown { value: name.clone() });
            Zone::default()
        })
    }

    /// A day in the zone, or a moment as RFC 3339 has it. Of a day that is an end, all of it is meant.
    fn moment(&mut self, name: &str, zone: &Zone, end: bool) -> Option<Timestamp> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let of_day = |day: Day| if end { zone.ends(day) } else { zone.begins(day) };
        let instant = || text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp::from_millis(at.as_millisecond()));
        let found = Day::parse(&text).and_then(of_day).or_else(instant);
        if found.is_none() {
            self.wrong(name, FieldRule::Day);
        }
        found
    }

    fn span(&mut self, zone: &Zone) -> (Option<Timestamp>, Option<Timestamp>) {
        let (from, until) = (self.moment("from", zone, false), self.moment("until", zone, true));
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            self.wrong("until", FieldRule::NotBefore { other: "from".to_owned() });
        }
        (from, until)
    }

    fn address(&mut self) -> String {
        let text = self.text("address");
        match text.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) if text.is_empty() => text,
            Err(_) => {
                self.wrong("address", FieldRule::Network);
                text
            }
        }
    }

    fn order(&mut self) -> Order {
        let order = self.one_of("order", &ORDERS, |text| match text {
            "newest" => Some(Order::Newest),
            "oldest" => Some(Order::Oldest),
            _ => None,
        });
        order.unwrap_or_default()
    }

    fn events(&mut self) -> Vec<String> {
        let text = self.text("event");
        let events: Vec<String> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_uppercase).collect();
        let known = |name: &String| serde_json::from_value::<EventKind>(Value::String(name.clone())).is_ok();
        if let Some(unknown) = events.iter().find(|name| !known(name)) {
            self.wrong("event", FieldRule::Unknown { value: unknown.clone() });
        }
        events
    }

    fn done<T>(self, found: T) -> Result<T, Vec<FieldFault>> {
        if self.faults.is_empty() { Ok(found) } else { Err(self.faults) }
    }
}

fn some<T: From<String>>(text: String) -> Option<T> {
    (!text.is_empty()).then(|| T::from(text))
}

/// Which records are looked for, and in which zone they are told.
pub(crate) fn trail_filter(query: Query<'_>) -> Result<(TrailFilter, Zone), Vec<FieldFault>> {
    let mut reader = Reader { query, faults: Vec::new() };
    let zone = reader.zone();
    let (from, until) = reader.span(&zone);
    let record_type = reader.one_of("type", &RECORD_TYPES, |text| {
        RECORD_TYPES.into_iter().find(|name| name.eq_ignore_ascii_case(text)).map(str::to_owned)
    });
    let filter = TrailFilter {
        from,
        until,
        record_type: record_type.unwrap_or_default(),
        events: reader.events(),
        user: some::<UserId>(reader.line("user")),
        operator: reader.line("operator"),
        address: reader.address(),
        serial: reader.line("serial").to_uppercase(),
        flow: some::<FlowId>(reader.line("transaction")),
        text: reader.line("q"),
        order: reader.order(),
    };
    reader.done((filter, zone))
}

/// Which enrolment transactions are looked for, and in which zone they are told.
pub(crate) fn enrolment_filter(query: Query<'_>) -> Result<(EnrolmentFilter, Zone), Vec<FieldFault>> {
    let mut reader = Reader { query, faults: Vec::new() };
    let zone = reader.zone();
    let (from, until) = reader.span(&zone);
    let filter = EnrolmentFilter {
        from,
        until,
        initiation: reader.one_of("initiated_by", &initiations(), Initiation::parse),
        result: reader.one_of("result", &results(), EnrolmentResult::parse),
        user: some::<UserId>(reader.line("user")),
        group: some::<GroupId>(reader.line("group")),
        serial: reader.line("serial").to_uppercase(),
        address: reader.address(),
        application: reader.line("application"),
        os: reader.line("os"),
        offered: reader.text("offered") == "true",
        order: reader.order(),
    };
    reader.done((filter, zone))
}

/// Who may have set an enrolment going, by name.
pub(crate) fn initiations() -> [&'static str; 4] {
    Initiation::ALL.map(Initiation::as_str)
}

/// What may have become of one, by name.
pub(crate) fn results() -> [&'static str; 8] {
    EnrolmentResult::ALL.map(EnrolmentResult::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> String {
        move |name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        }
    }

    #[test]
    fn days_are_those_of_the_zone_and_moments_are_taken_too() {
        let asked = query(&[("from", "2026-11-24"), ("until", "2026-11-24"), ("tz", "Europe/Berlin")]);
        let (filter, zone) = trail_filter(&asked).unwrap();
        assert_eq!(zone.name(), "Europe/Berlin");
        let told = |at: Option<Timestamp>| at.unwrap().rfc3339();
        assert_eq!(told(filter.from), "2026-11-23T23:00:00.000Z");
        assert_eq!(told(filter.until), "2026-11-24T23:00:00.000Z", "all of the day is meant");
        let (filter, _) = enrolment_filter(&query(&[("from", "2026-11-24T10:00:00+02:00")])).unwrap();
        assert_eq!(told(filter.from), "2026-11-24T08:00:00.000Z");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_its_field() {
        let asked = query(&[
            ("from", "yesterday"),
            ("tz", "Mars"),
            ("type", "X"),
            ("event", "AUTH_SUCCESS,NONSENSE"),
            ("address", "home"),
            ("order", "best"),
        ]);
        let faults = trail_filter(&asked).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["tz", "from", "type", "event", "address", "order"]);
        let turned = enrolment_filter(&query(&[("from", "2026-11-24"), ("until", "2026-11-01")])).unwrap_err();
        assert_eq!(turned[0].field, "until");
    }

    #[test]
    fn nothing_said_is_everything() {
        assert_eq!(trail_filter(&query(&[])).unwrap().0, TrailFilter::default());
        assert_eq!(enrolment_filter(&query(&[])).unwrap().0, EnrolmentFilter::default());
        let (filter, _) = trail_filter(&query(&[("event", "auth_failure, user_created"), ("type", "audit")])).unwrap();
        assert_eq!((filter.events.len(), filter.record_type.as_str()), (2, "AUDIT"));
    }
}
