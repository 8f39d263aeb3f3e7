//! Token Templates (R56..R81). Which fields there are hangs on the PIN type (R63).

use doorward_api::settings::{Document, TokenTemplate};
use doorward_api::template::{Mode, PinType, Synchronization};
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;
use super::server_pin::COMPLEXITIES;
use crate::template::{LENGTHS, LOOK_AHEAD, STEPS};

const MODES: [(&str, Mode); 2] = [("quick_log", Mode::QuickLog), ("challenge_response", Mode::ChallengeResponse)];

const PIN_TYPES: [(&str, PinType); 3] =
    [("none", PinType::None), ("user_selected", PinType::UserSelected), ("server_side", PinType::ServerSide)];

#[derive(Clone, Copy)]
enum By {
    Time,
    Event,
}

/// The fields that a user-selected PIN has and no other.
const PIN_FIELDS: [&str; 5] =
    ["pin_length", "allow_trivial_pins", "max_pin_attempts", "min_pin_complexity", "allow_biometric_pin"];

impl Checked for TokenTemplate {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let mode = raw.choice("mode", &MODES);
        let length = raw.number_of("length", &LENGTHS);
        let synchronization = match mode {
            Some(Mode::ChallengeResponse) => {
                absent(&mut raw, "synchronization", "mode", "challenge_response");
                Some(Self::of_new().synchronization)
            }
            _ => synchronization(&mut raw),
        };
        let pin_type = raw.choice("pin_type", &PIN_TYPES);
        let without_pin = Self { mode: mode.unwrap_or(Mode::QuickLog), length, ..Self::of_new() };
        let read = match pin_type {
            Some(PinType::UserSelected) => with_pin(&mut raw, without_pin),
            Some(PinType::None) => without(&mut raw, without_pin, "none"),
            Some(PinType::ServerSide) => without(&mut raw, without_pin, "server_side"),
            None => {
                for field in PIN_FIELDS {
                    let _ = raw.value(field);
                }
                Some(without_pin)
            }
        };
        raw.finish(|| Some(Self { synchronization: synchronization?, pin_type: pin_type?, ..read? }))
    }

    fn shown(&self) -> Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut shown {
            if self.pin_type != PinType::UserSelected {
                for field in PIN_FIELDS {
                    fields.remove(field);
                }
            }
            if self.mode == Mode::ChallengeResponse {
                fields.remove("synchronization");
            }
        }
        shown
    }
}

/// Time or clicks, each with a number of its own (R61, R62).
fn synchronization(raw: &mut Raw<'_>) -> Option<Synchronization> {
    let mut fields = raw.object("synchronization");
    let by = match (fields.value("time").is_some(), fields.value("event").is_some()) {
        (true, false) => Some(By::Time),
        (false, true) => Some(By::Event),
        _ => None,
    };
    let read = match by {
        Some(By::Time) => {
            let mut time = fields.object("time");
            let step = time.number_of("step", &STEPS);
            fields.close(time);
            Some(Synchronization::Time { step })
        }
        Some(By::Event) => {
            let mut event = fields.object("event");
            let look_ahead = event.integer("look_ahead", i64::from(*LOOK_AHEAD.start()), i64::from(*LOOK_AHEAD.end()));
            fields.close(event);
            Some(Synchronization::Event { look_ahead })
        }
        None => None,
    };
    raw.close(fields);
    if read.is_none() && raw.value("synchronization").is_some() {
        raw.fault("synchronization", FieldRule::OneOf { values: vec!["time".into(), "event".into()] });
    }
    read
}

fn with_pin(raw: &mut Raw<'_>, template: TokenTemplate) -> Option<TokenTemplate> {
    let pin_length = raw.integer("pin_length", 4, 8);
    let allow_trivial_pins = raw.boolean("allow_trivial_pins");
    let max_pin_attempts = raw.integer("max_pin_attempts", 1, 15);
    let min_pin_complexity = raw.choice("min_pin_complexity", &COMPLEXITIES);
    let allow_biometric_pin = raw.boolean("allow_biometric_pin");
    Some(TokenTemplate {
        pin_length,
        allow_trivial_pins,
        max_pin_attempts,
        min_pin_complexity: min_pin_complexity?,
        allow_biometric_pin,
        ..template
    })
}

fn without(raw: &mut Raw<'_>, template: TokenTemplate, pin_type: &str) -> Option<TokenTemplate> {
    for field in PIN_FIELDS {
        absent(raw, field, "pin_type", pin_type);
    }
    Some(template)
}

fn absent(raw: &mut Raw<'_>, name: &'static str, other: &str, value: &str) {
    if raw.value(name).is_some() {
        raw.fault(name, FieldRule::NotAvailable { other: other.into(), value: value.into() });
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Complexity;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::{faults, said};

    fn user_selected() -> TokenTemplate {
        TokenTemplate { pin_type: PinType::UserSelected, ..TokenTemplate::of_new() }
    }

    #[test]
    fn a_passcode_has_six_or_eight_characters() {
        let usual = TokenTemplate::of_new();
        for good in [6, 8] {
            assert_eq!(said(&usual, "length", json!(good)), [""; 0]);
        }
        for bad in [json!(5), json!(7), json!(9), json!(""), json!("six"), json!("6"), json!(6.5)] {
            assert_eq!(said(&usual, "length", bad), ["length: must be one of 6, 8"]);
        }
    }

    #[test]
    fn synchronization_is_by_time_or_by_clicks() {
        let usual = TokenTemplate::of_new();
        let by = |value: Value| said(&usual, "synchronization", value);
        for step in STEPS {
            assert_eq!(by(json!({"time": {"step": step}})), [""; 0]);
        }
        for clicks in [1, 3, 100] {
            assert_eq!(by(json!({"event": {"look_ahead": clicks}})), [""; 0]);
        }
        for step in [0, 29, 45, 301] {
            assert!(by(json!({"time": {"step": step}}))[0].starts_with("synchronization.time.step: must be one of 30"));
        }
        for clicks in [0, 101] {
            assert!(by(json!({"event": {"look_ahead": clicks}}))[0].starts_with("synchronization.event.look_ahead: "));
        }
        for neither in [json!({}), json!({"time": {"step": 30}, "event": {"look_ahead": 3}})] {
            assert!(by(neither).iter().any(|said| said == "synchronization: must be one of time, event"));
        }
    }

    #[test]
    fn in_challenge_response_there_is_nothing_to_synchronize() {
        let mut raw = TokenTemplate::of_new().shown();
        raw["mode"] = json!("challenge_response");
        assert_eq!(
            faults::<TokenTemplate>(&raw),
            ["synchronization: is not available when mode is challenge_response"]
        );
        raw.as_object_mut().unwrap().remove("synchronization");
        let read = TokenTemplate::read(&raw).unwrap();
        assert_eq!(read.mode, Mode::ChallengeResponse);
        assert_eq!(read.shown(), raw);
    }

    /// R63, cell by cell.
    #[test]
    fn each_field_of_a_pin_is_there_with_a_user_selected_one_only() {
        let values = [
            ("pin_length", json!(5)),
            ("allow_trivial_pins", json!(true)),
            ("max_pin_attempts", json!(7)),
            ("min_pin_complexity", json!("strong_alphanumeric")),
            ("allow_biometric_pin", json!(true)),
        ];
        for (field, value) in values {
            for (pin_type, name) in [(PinType::None, "none"), (PinType::ServerSide, "server_side")] {
                let template = TokenTemplate { pin_type, ..TokenTemplate::of_new() };
                let expected = format!("{field}: is not available when pin_type is {name}");
                assert_eq!(said(&template, field, value.clone()), [expected]);
            }
            assert_eq!(said(&user_selected(), field, value), [""; 0]);
        }
    }

    #[test]
    fn the_fields_of_a_user_selected_pin_keep_to_their_ranges() {
        for bad in [json!(3), json!(9), json!(0), json!(4.5), json!("")] {
            assert_eq!(said(&user_selected(), "pin_length", bad), ["pin_length: must be a whole number from 4 to 8"]);
        }
        for bad in [0, 16] {
            assert_eq!(said(&user_selected(), "max_pin_attempts", json!(bad)).len(), 1);
        }
        let mut raw = user_selected().shown();
        raw["min_pin_complexity"] = json!("strong_alphanumeric");
        assert_eq!(TokenTemplate::read(&raw).unwrap().min_pin_complexity, Complexity::StrongAlphanumeric);
    }

    #[test]
    fn there_are_exactly_three_pin_types() {
        for good in ["none", "server_side"] {
            assert_eq!(said(&TokenTemplate::of_new(), "pin_type", json!(good)), [""; 0]);
        }
        for bad in [json!("server_select"), json!(""), json!(1)] {
            let said = said(&TokenTemplate::of_new(), "pin_type", bad);
            assert_eq!(said, ["pin_type: must be one of none, user_selected, server_side"]);
        }
    }
}
