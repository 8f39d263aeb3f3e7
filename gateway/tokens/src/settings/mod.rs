//! What each value of a settings document may be. A document is read whole: every field that breaks a rule is named, and
//! nothing is taken of one in which any does.

mod appearance;
mod approvals;
mod enrolment_rules;
mod lockout;
mod provisioning_rules;
mod raw;
mod self_provisioning;
mod server_pin;
mod synchronization;
mod targets;
mod token_template;
mod url;

use doorward_api::FieldFault;
use doorward_api::settings::Document;
use serde_json::Value;

pub use appearance::picture_type;
pub use enrolment_rules::MOST_RULES;
pub use provisioning_rules::MOST_PROVISIONING_RULES;

/// A document that can be read from what somebody sent.
pub trait Checked: Document {
    /// Reads a JSON object: numbers are numbers, booleans booleans; a field that is unknown, missing or not available breaks a
    /// rule.
    ///
    /// # Errors
    /// Every field that breaks a rule, in the document's order.
    fn read(raw: &Value) -> Result<Self, Vec<FieldFault>>;

    /// The document as it is shown and sent: without fields that are not available.
    fn shown(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The document with one field set to something else, and what is said of it: `field: rule`.
    pub(crate) fn said<D: Checked>(document: &D, field: &str, value: Value) -> Vec<String> {
        let mut raw = document.shown();
        raw[field] = value;
        faults::<D>(&raw)
    }

    pub(crate) fn faults<D: Checked>(raw: &Value) -> Vec<String> {
        match D::read(raw) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::{
        Appearance, Approvals, EnrolmentRules, Lockout, ProvisioningRules, SelfProvisioning, ServerPinPolicy,
        TargetSettings, TokenTemplate, Windows,
    };
    use serde_json::json;

    use super::*;

    /// Fields that came to a document after it was described to others.
    const LATER: [&str; 2] = ["other_apps", "max_tokens"];

    fn holds<D: Checked>() {
        let new = D::of_new();
        assert_eq!(D::read(&new.shown()).unwrap(), new, "what is shown is read back");
        let Value::Object(fields) = new.shown() else { panic!("a document is an object") };
        for field in fields.keys() {
            let mut without = fields.clone();
            without.remove(field);
            match D::read(&Value::Object(without)) {
                // What a new document leaves open may be left out, and what those who write documents may not know yet.
                Ok(read) => {
                    assert!(fields[field].is_null() || LATER.contains(&field.as_str()), "{field}");
                    assert_eq!(read, new, "{field}");
                }
                Err(faults) => assert!(faults.iter().any(|fault| fault.field.starts_with(field.as_str())), "{field}"),
            }
        }
        let mut more = fields.clone();
        more.insert("surprise".into(), json!(1));
        assert_eq!(D::read(&Value::Object(more)).unwrap_err()[0].field, "surprise");
        for garbage in [json!(null), json!([]), json!("x"), json!({}), json!(7)] {
            assert!(D::read(&garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn every_document_is_read_whole_or_not_at_all() {
        holds::<SelfProvisioning>();
        holds::<EnrolmentRules>();
        holds::<Appearance>();
        holds::<ProvisioningRules>();
        holds::<TargetSettings>();
        holds::<TokenTemplate>();
        holds::<ServerPinPolicy>();
        holds::<Windows>();
        holds::<Lockout>();
        holds::<Approvals>();
    }
}
