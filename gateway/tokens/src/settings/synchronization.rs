//! Synchronization (self-provisioning.md 2.2).

use doorward_api::settings::Windows;
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;

impl Checked for Windows {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let read = Self {
            inner_steps: raw.integer("inner_steps", 0, 10),
            outer_steps: raw.integer("outer_steps", 0, 100),
            outer_events: raw.integer("outer_events", 1, 1000),
        };
        if read.outer_steps < read.inner_steps {
            raw.fault("outer_steps", FieldRule::AtLeast { other: "inner_steps".into() });
        }
        raw.finish(|| Some(read))
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::said;

    #[test]
    fn the_outer_window_is_no_narrower_than_the_inner() {
        let usual = Windows::of_new();
        assert_eq!(said(&usual, "outer_steps", json!(0)), ["outer_steps: must not be less than inner_steps"]);
        assert_eq!(said(&usual, "outer_steps", json!(1)), [""; 0]);
        assert_eq!(said(&usual, "outer_events", json!(0)), ["outer_events: must be a whole number from 1 to 1000"]);
        assert_eq!(said(&usual, "inner_steps", json!(11)), ["inner_steps: must be a whole number from 0 to 10"]);
    }
}
