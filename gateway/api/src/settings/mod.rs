//! What operators set for a virtual server at run time (decision B18): one document of each kind, with a version that counts
//! its changes. What a value may be is checked in `tokens`; here is what there is.

mod appearance;
mod approvals;
mod enrolment_rules;
mod lockout;
mod pin;
mod provisioning_rules;
mod self_provisioning;
mod synchronization;
mod targets;
mod token_template;

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::permission::Module;
use crate::time::Timestamp;

pub use appearance::{Appearance, Logo};
pub use approvals::{Approvals, Held};
pub use enrolment_rules::{Day, EnrolmentRule, EnrolmentRules, ExtraProof};
pub use lockout::Lockout;
pub use pin::{Complexity, PinOrder, PinRules, ServerPinPolicy};
pub use provisioning_rules::{ProvisioningRule, ProvisioningRules};
pub use self_provisioning::{SelfProvisioning, TargetUsers, WindowsLink};
pub use synchronization::Windows;
pub use targets::{TargetRow, TargetSettings};
pub use token_template::TokenTemplate;

/// A kind of document. A new kind is a new entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// Settings > Self-Provisioning (R33..R47).
    SelfProvisioning,
    /// Settings > Enrolment Rules: how those who may self-provision come to it.
    EnrolmentRules,
    /// Settings > Appearance: name, colour, logo, languages and words of the portal.
    Appearance,
    /// Token Management > Provisioning Rules: who is given a token, or loses it, by coming into a group and leaving it.
    ProvisioningRules,
    /// Policies > Token Policies > Software Token & Push OTP Settings (R48..R55).
    Targets,
    /// Policies > Token Policies > Token Templates (R56..R81).
    TokenTemplate,
    /// Policies > Token Policies > Server-side PIN Policy.
    ServerPinPolicy,
    /// Policies > Token Policies > Synchronization.
    Synchronization,
    /// Policies > Account Lockout Policy.
    Lockout,
    /// Operators > Approvals: which acts of operators take two.
    Approvals,
}

impl SettingKind {
    /// In the order of the console's menu.
    pub const ALL: [SettingKind; 10] = [
        SettingKind::SelfProvisioning,
        SettingKind::EnrolmentRules,
        SettingKind::Appearance,
        SettingKind::ProvisioningRules,
        SettingKind::Targets,
        SettingKind::TokenTemplate,
        SettingKind::ServerPinPolicy,
        SettingKind::Synchronization,
        SettingKind::Lockout,
        SettingKind::Approvals,
    ];

    /// The name in the store and in the API's paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            SettingKind::SelfProvisioning => "self_provisioning",
            SettingKind::EnrolmentRules => "enrolment_rules",
            SettingKind::Appearance => "appearance",
            SettingKind::ProvisioningRules => "provisioning_rules",
            SettingKind::Targets => "targets",
            SettingKind::TokenTemplate => "token_template",
            SettingKind::ServerPinPolicy => "server_pin_policy",
            SettingKind::Synchronization => "synchronization",
            SettingKind::Lockout => "lockout",
            SettingKind::Approvals => "approvals",
        }
    }

    /// Who may see and change it is told by this part of the console.
    pub const fn module(self) -> Module {
        match self {
            SettingKind::SelfProvisioning | SettingKind::EnrolmentRules => Module::SelfProvisioning,
            SettingKind::Appearance => Module::Appearance,
            SettingKind::ProvisioningRules => Module::Provisioning,
            SettingKind::Targets
            | SettingKind::TokenTemplate
            | SettingKind::ServerPinPolicy
            | SettingKind::Synchronization => Module::TokenPolicies,
            SettingKind::Lockout => Module::AccessPolicies,
            SettingKind::Approvals => Module::Operators,
        }
    }

    /// Back from [`SettingKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A document of a kind. One that was never set is what a new virtual server begins with.
pub trait Document: Clone + PartialEq + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which.
    const KIND: SettingKind;

    /// What a new virtual server begins with.
    fn of_new() -> Self;

    /// What one begins with that has an origin for an authenticator of our own.
    fn of_new_with_authenticator() -> Self {
        Self::of_new()
    }
}

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// JSON; `None` for one that was never set.
    pub body: Option<String>,
    /// Counts the changes: 0 for one that was never set.
    pub version: i64,
}

/// A document that was read, and the version that whoever changes it has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<D> {
    /// What it says.
    pub document: D,
    /// Of which version.
    pub version: i64,
}

impl<D: Document> Seen<D> {
    /// Reads a stored document. `None` when it is not one of this kind.
    pub fn read(stored: &StoredDocument) -> Option<Self> {
        let document = match &stored.body {
            Some(body) => serde_json::from_str(body).ok()?,
            None => D::of_new(),
        };
        Some(Self { document, version: stored.version })
    }
}

/// One field that a change changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name in the document.
    pub field: String,
    /// What it said.
    pub old: Value,
    /// What it says now.
    pub new: Value,
}

/// The fields in which two documents differ, by their names.
pub fn differences_of(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value = |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| FieldChange { field: name.clone(), old: value(old, name), new: value(new, name) })
        .filter(|change| change.old != change.new)
        .collect()
}

/// An entry of a page's Change Log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Which version it made.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// The operator's name at that time.
    pub operator: String,
    /// What.
    pub changes: Vec<FieldChange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_was_never_set_is_what_a_new_virtual_server_begins_with() {
        let never = StoredDocument { body: None, version: 0 };
        let seen: Seen<Lockout> = Seen::read(&never).unwrap();
        assert_eq!((seen.document, seen.version), (Lockout::of_new(), 0));
        let garbage = StoredDocument { body: Some("{\"more\":1}".into()), version: 3 };
        assert_eq!(Seen::<Lockout>::read(&garbage), None);
    }

    #[test]
    fn each_document_reads_back_what_it_writes() {
        fn check<D: Document>() {
            let body = serde_json::to_string(&D::of_new()).unwrap();
            let seen: Seen<D> = Seen::read(&StoredDocument { body: Some(body), version: 1 }).unwrap();
            assert_eq!(seen.document, D::of_new());
        }
        check::<SelfProvisioning>();
        check::<EnrolmentRules>();
        check::<Appearance>();
        check::<ProvisioningRules>();
        check::<TargetSettings>();
        check::<TokenTemplate>();
        check::<ServerPinPolicy>();
        check::<Windows>();
        check::<Lockout>();
        check::<Approvals>();
    }

    #[test]
    fn only_the_fields_that_differ_are_told() {
        let fields = |value: Value| value.as_object().cloned().unwrap();
        let old = fields(serde_json::json!({"min_length": 4, "order": "prepend", "history": 3}));
        let new = fields(serde_json::json!({"min_length": 5, "order": "prepend"}));
        let told: Vec<String> =
            differences_of(&old, &new).iter().map(|c| format!("{} {} {}", c.field, c.old, c.new)).collect();
        assert_eq!(told, ["history 3 null", "min_length 4 5"]);
        assert_eq!(differences_of(&old, &old), []);
    }

    #[test]
    fn each_kind_is_read_back_by_its_name() {
        for kind in SettingKind::ALL {
            assert_eq!(SettingKind::parse(kind.as_str()), Some(kind));
        }
    }
}
