//! Server-side PIN Policy (self-provisioning.md 2.1).

use doorward_api::settings::{Complexity, PinOrder, ServerPinPolicy};
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;

/// The names of complexities (R76..R78).
pub(super) const COMPLEXITIES: [(&str, Complexity); 2] =
    [("decimal", Complexity::Decimal), ("strong_alphanumeric", Complexity::StrongAlphanumeric)];

const ORDERS: [(&str, PinOrder); 2] = [("prepend", PinOrder::Prepend), ("append", PinOrder::Append)];

impl Checked for ServerPinPolicy {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let change_on_first_use = raw.boolean("change_on_first_use");
        let force_random = raw.boolean("force_random");
        let order = raw.choice("order", &ORDERS);
        let min_length: u8 = raw.integer("min_length", 3, 15);
        let max_length: u8 = raw.integer("max_length", 4, 16);
        let generated_length: u8 = raw.integer("generated_length", 3, 16);
        let complexity = raw.choice("complexity", &COMPLEXITIES);
        let allow_trivial = raw.boolean("allow_trivial");
        let change_after_days = raw.integer("change_after_days", 0, 365);
        let history = raw.integer("history", 0, 10);
        if max_length > 0 && min_length > max_length {
            raw.fault("min_length", FieldRule::AtMost { other: "max_length".into() });
        }
        if generated_length > 0 && generated_length < min_length {
            raw.fault("generated_length", FieldRule::AtLeast { other: "min_length".into() });
        }
        if max_length > 0 && generated_length > max_length {
            raw.fault("generated_length", FieldRule::AtMost { other: "max_length".into() });
        }
        raw.finish(|| {
            Some(Self {
                change_on_first_use,
                force_random,
                order: order?,
                min_length,
                max_length,
                generated_length,
                complexity: complexity?,
                allow_trivial,
                change_after_days,
                history,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::said;

    #[test]
    fn lengths_keep_their_order() {
        let usual = ServerPinPolicy::of_new();
        assert_eq!(
            said(&usual, "min_length", json!(9)),
            ["min_length: must not be greater than max_length", "generated_length: must not be less than min_length"]
        );
        assert_eq!(said(&usual, "max_length", json!(5)), ["generated_length: must not be greater than max_length"]);
        assert_eq!(said(&usual, "generated_length", json!(8)), [""; 0]);
        assert_eq!(said(&usual, "min_length", json!(2)), ["min_length: must be a whole number from 3 to 15"]);
    }

    #[test]
    fn names_are_those_of_the_list() {
        let usual = ServerPinPolicy::of_new();
        assert_eq!(said(&usual, "order", json!("both")), ["order: must be one of prepend, append"]);
        assert_eq!(said(&usual, "complexity", json!(4)), ["complexity: must be one of decimal, strong_alphanumeric"]);
        assert_eq!(said(&usual, "complexity", json!("strong_alphanumeric")), [""; 0]);
        assert_eq!(said(&usual, "change_after_days", json!(366)).len(), 1);
        assert_eq!(said(&usual, "history", json!(11)).len(), 1);
    }
}
