//! Approvals: which acts of operators take two.

use doorward_api::settings::Approvals;
use doorward_api::{FieldFault, FieldRule};
use serde_json::Value;

use super::Checked;
use super::raw::Raw;

impl Checked for Approvals {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let read = Self {
            operators: raw.boolean("operators"),
            settings: raw.boolean("settings"),
            user_deletion: raw.boolean("user_deletion"),
            token_deletion: raw.boolean("token_deletion"),
            exports: raw.boolean("exports"),
        };
        // Whoever could make a second operator alone would need no other.
        if let Some(other) = first_of_the_others(&read).filter(|_| !read.operators) {
            raw.fault("operators", FieldRule::NeededBy { other: other.to_owned() });
        }
        raw.finish(|| Some(read))
    }
}

fn first_of_the_others(read: &Approvals) -> Option<&'static str> {
    let others = [
        (read.settings, "settings"),
        (read.user_deletion, "user_deletion"),
        (read.token_deletion, "token_deletion"),
        (read.exports, "exports"),
    ];
    others.into_iter().find_map(|(on, name)| on.then_some(name))
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;
    use serde_json::json;

    use super::*;
    use crate::settings::testing::said;

    #[test]
    fn whoever_makes_operators_needs_another_as_soon_as_anything_does() {
        let none = Approvals::of_new();
        for other in ["settings", "user_deletion", "token_deletion", "exports"] {
            let wrong = said(&none, other, json!(true));
            assert_eq!(wrong, [format!("operators: must be on as long as {other} is")]);
            let with = Approvals { operators: true, ..none };
            assert_eq!(said(&with, other, json!(true)), [""; 0], "{other}");
        }
        assert_eq!(said(&none, "operators", json!(true)), [""; 0]);
    }
}
