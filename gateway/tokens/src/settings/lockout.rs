//! Account Lockout Policy (self-provisioning.md 2.5).

use doorward_api::FieldFault;
use doorward_api::settings::Lockout;
use serde_json::Value;

use super::Checked;
use super::raw::Raw;

/// The longest lock, in minutes: a day.
const LONGEST: i64 = 24 * 60;

impl Checked for Lockout {
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>> {
        let mut raw = Raw::new(raw);
        let read = Self {
            account_failures: raw.integer("account_failures", 0, 50),
            account_minutes: raw.integer("account_minutes", 1, LONGEST),
            token_failures: raw.integer("token_failures", 1, 50),
            token_minutes: raw.integer("token_minutes", 1, LONGEST),
        };
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
    fn failures_and_minutes_keep_to_their_ranges() {
        let usual = Lockout::of_new();
        for (field, good, bad) in [
            ("account_failures", [0, 50], [-1, 51]),
            ("account_minutes", [1, 1440], [0, 1441]),
            ("token_failures", [1, 50], [0, 51]),
            ("token_minutes", [1, 1440], [0, 1441]),
        ] {
            for value in good {
                assert_eq!(said(&usual, field, json!(value)), [""; 0], "{field} {value}");
            }
            for value in bad.map(|n| json!(n)).into_iter().chain([json!("3"), json!(1.5), json!(true)]) {
                let said = said(&usual, field, value);
                assert!(said[0].starts_with(&format!("{field}: must be a whole number")), "{said:?}");
            }
        }
    }
}
