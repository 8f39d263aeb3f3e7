//! The audit trail as operators look through it: one record read again, and what is asked of all of them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::audit::{EventKind, StoredRecord};
use crate::ids::{FlowId, UserId};
use crate::time::Timestamp;

/// The types of records ([`EventKind::record_type`]).
pub const RECORD_TYPES: [&str; 3] = ["AUTHENTICATION", "ENROLLMENT", "AUDIT"];

/// A committed record, read again. What it lacks is nothing; one that cannot be read says nothing but its number and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its number.
    pub seq: i64,
    /// When it was appended.
    pub at: Timestamp,
    /// What happened, if this build knows the name.
    pub kind: Option<EventKind>,
    /// The name: `TOKEN_ASSIGNED`.
    pub event: String,
    /// The record's type.
    pub record_type: String,
    context: Map<String, Value>,
    details: Map<String, Value>,
}

impl Fact {
    /// Of a record as it was hashed.
    pub fn read(seq: i64, at: Timestamp, record: &str) -> Self {
        let mut record: Value = serde_json::from_str(record).unwrap_or_default();
        let mut take = |name: &str| match record.get_mut(name).map(Value::take) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let (context, details) = (take("context"), take("details"));
        let named = |name: &str| details.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let event = named("event");
        Self {
            seq,
            at,
            kind: serde_json::from_value(Value::String(event.clone())).ok(),
            record_type: named("type"),
            event,
            context,
            details,
        }
    }

    /// A text of the record's `context`.
    pub fn context(&self, name: &str) -> Option<&str> {
        self.context.get(name).and_then(Value::as_str)
    }

    /// A field of its `details`.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.details.get(name)
    }

    /// A text of its `details`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.detail(name).and_then(Value::as_str)
    }

    /// The details but for `type` and `event`, which have places of their own.
    pub fn further(&self) -> impl Iterator<Item = (&str, &Value)> {
        let named = |(name, _): &(&String, &Value)| !matches!(name.as_str(), "type" | "event");
        self.details.iter().filter(named).map(|(name, value)| (name.as_str(), value))
    }

    /// Who did it: an operator by name, a user by the name that was used, else what the record calls the actor (`system`,
    /// `command line`).
    pub fn actor(&self) -> Option<&str> {
        let user = || self.context("usedName").filter(|_| self.record_type != "AUDIT");
        match (self.context("operator"), self.text("actor")) {
            (Some(operator), _) => Some(operator),
            (None, Some("user")) => self.context("usedName").or(Some("user")),
            (None, Some(actor)) => Some(actor),
            (None, None) => user(),
        }
    }

    /// The kind and the name of what it was done to, as far as the record tells.
    pub fn object(&self) -> Option<(&'static str, Cow<'_, str>)> {
        self.of_its_kind().or_else(|| self.by_what_it_names())
    }

    /// By what happened: in most records of these a name or an id is that of something else besides.
    fn of_its_kind(&self) -> Option<(&'static str, Cow<'_, str>)> {
        let event = self.event.as_str();
        let named = |kind, name: &str| self.text(name).map(|name| (kind, Cow::Borrowed(name)));
        match event {
            "LOG_EXPORTED" => named("log", "name"),
            "REPORT_RUN" => named("report", "name"),
            "OPERATOR_INVITED" | "OPERATOR_INVITATION_WITHDRAWN" => named("invitation", "role"),
            "OPERATOR_CREATED" => self.context("operator").map(|name| ("operator", Cow::Borrowed(name))),
            "ROLE_CREATED" | "ROLE_UPDATED" | "ROLE_DELETED" => named("role", "role"),
            "ROLE_CHANGED" => named("operator", "name"),
            _ if event.starts_with("API_KEY_") => named("api_key", "apiKey"),
            _ if event.starts_with("APPROVAL_") => named("approval", "act"),
            _ if event.starts_with("OPERATOR_") => named("operator", "name"),
            _ if event.ends_with("_CHANGED") && self.detail("operationObjectType").is_some() => {
                named("settings", "operationObjectType")
            }
            _ if event.starts_with("PROVISIONING_TASK_") && self.context("principalId").is_none() => {
                self.detail("taskId").map(|number| ("task", Cow::Owned(number.to_string())))
            }
            _ => None,
        }
    }

    fn by_what_it_names(&self) -> Option<(&'static str, Cow<'_, str>)> {
        let token = || self.text("serial").map(|serial| ("token", serial));
        let group = || self.text("group").map(|id| ("group", self.text("name").or(self.text("new")).unwrap_or(id)));
        let of_group = || group().filter(|_| self.event.starts_with("GROUP_"));
        let user = || {
            let name = self.context("usedName").or_else(|| self.text("name")).or_else(|| self.context("principalId"));
            name.map(|name| ("user", name))
        };
        let found = token().or_else(of_group).or_else(user).or_else(group)?;
        Some((found.0, Cow::Borrowed(found.1)))
    }

    /// Whether a text, in small letters, is in one of its values.
    pub fn says(&self, text: &str) -> bool {
        let texts = self.context.values().chain(self.details.values());
        text.is_empty() || texts.into_iter().any(|value| within(value, text))
    }
}

fn within(value: &Value, text: &str) -> bool {
    match value {
        Value::String(said) => said.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| within(item, text)),
        Value::Object(fields) => fields.values().any(|field| within(field, text)),
        other => {
            let written = other.to_string();
            written == text
        }
    }
}

/// Which end of a long list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// Which records are asked for; each condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrailFilter {
    /// Appended at this time or later.
    pub from: Option<Timestamp>,
    /// Appended before this.
    pub until: Option<Timestamp>,
    /// Of this type.
    pub record_type: String,
    /// One of these events; any when there are none.
    pub events: Vec<String>,
    /// About this user.
    pub user: Option<UserId>,
    /// By the operator of this name.
    pub operator: String,
    /// From this address.
    pub address: String,
    /// About the token of this serial number.
    pub serial: String,
    /// Of this flow.
    pub flow: Option<FlowId>,
    /// With this text in one of their values, in capital or small letters.
    pub text: String,
    /// Which come first.
    pub order: Order,
}

/// A record of the trail with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRecord {
    /// As it stands in the chain.
    pub stored: StoredRecord,
    /// When it was appended.
    pub at: Timestamp,
}

impl TrailRecord {
    /// Read again.
    pub fn fact(&self) -> Fact {
        Fact::read(self.stored.seq, self.at, &self.stored.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditEvent, EventContext};

    fn fact(event: &AuditEvent) -> Fact {
        let at = Timestamp::from_secs(7);
        Fact::read(3, at, &event.record("default", 3, at))
    }

    #[test]
    fn a_record_reads_back_with_what_it_says() {
        let context = EventContext {
            user: Some(UserId::new("u1")),
            operator: Some("olga".into()),
            flow: Some(FlowId::new("f1")),
            ..EventContext::default()
        };
        let told = fact(&AuditEvent::new(EventKind::TokenAssigned, context).with("serial", "DW-1").with("tries", 3));
        assert_eq!((told.seq, told.kind), (3, Some(EventKind::TokenAssigned)));
        assert_eq!((told.event.as_str(), told.record_type.as_str()), ("TOKEN_ASSIGNED", "AUDIT"));
        assert_eq!((told.context("transactionId"), told.actor()), (Some("f1"), Some("olga")));
        assert_eq!(told.object(), Some(("token", "DW-1".into())));
        assert_eq!(told.further().map(|(name, _)| name).collect::<Vec<_>>(), ["serial", "tries"]);
        assert!(told.says("dw-") && told.says("3") && !told.says("serial"), "names of fields are no values");
    }

    #[test]
    fn what_it_was_done_to_is_told_of_whatever_kind_it_is() {
        let by = || EventContext { operator: Some("olga".into()), ..EventContext::default() };
        let of_user = || EventContext { user: Some(UserId::new("u1")), ..by() };
        for (event, wanted) in [
            (
                AuditEvent::new(EventKind::ProvisioningTaskCreated, by()).with("taskId", 7).with("group", "g1"),
                ("task", "7"),
            ),
            (AuditEvent::new(EventKind::ProvisioningTaskResent, of_user()).with("taskId", 7), ("user", "u1")),
            (AuditEvent::new(EventKind::ProvisioningRuleGave, of_user()).with("group", "g1"), ("user", "u1")),
            (
                AuditEvent::new(EventKind::GroupRenamed, by()).with("group", "g1").with("new", "Sales"),
                ("group", "Sales"),
            ),
            (AuditEvent::new(EventKind::RoleCreated, by()).with("roleId", "r1").with("role", "Desk"), ("role", "Desk")),
            (AuditEvent::new(EventKind::RoleChanged, by()).with("name", "otto"), ("operator", "otto")),
            (AuditEvent::new(EventKind::ApiKeyRevoked, by()).with("apiKey", "nightly"), ("api_key", "nightly")),
            (AuditEvent::new(EventKind::OperatorInvited, by()).with("role", "auditor"), ("invitation", "auditor")),
            (AuditEvent::new(EventKind::OperatorDisabled, by()).with("name", "otto"), ("operator", "otto")),
            (AuditEvent::new(EventKind::ApprovalGiven, by()).with("act", "export"), ("approval", "export")),
            (AuditEvent::new(EventKind::LogExported, by()).with("name", "audit_log"), ("log", "audit_log")),
            (
                AuditEvent::new(EventKind::ReportRun, by()).with("name", "enrolment_history"),
                ("report", "enrolment_history"),
            ),
            (AuditEvent::new(EventKind::UserUpdated, of_user()).with("apiKey", "nightly"), ("user", "u1")),
        ] {
            assert_eq!(fact(&event).object(), Some((wanted.0, wanted.1.into())), "{:?}", event.kind);
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_record_still() {
        for record in ["", "[]", "{\"details\":7}", "{\"details\":{\"event\":\"OF_THE_FUTURE\"}}"] {
            let told = Fact::read(1, Timestamp::from_secs(1), record);
            assert_eq!((told.kind, told.actor(), told.object()), (None, None, None), "{record}");
        }
    }
}
