//! The audit vocabulary, the canonical form of a record, and the hash that chains them (decision A3, SEC 5.14).
//!
//! `store` appends a record in the transaction of the change that it tells of; `plugins/audit` reads committed records.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlowId, SessionId, UserId};
use crate::time::Timestamp;

/// Everything that is recorded. The names are those of self-provisioning.md 5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the catalogue's own")]
pub enum EventKind {
    // sign-in
    AuthSuccess,
    AuthFailure,
    AuthLocked,
    SignInSuperseded,
    SessionStarted,
    SessionLevelRaised,
    SessionEnded,
    PasscodeReused,
    PushSent,
    PushApproved,
    PushDenied,
    PushReported,
    PushNumberMismatch,
    PushThrottled,
    PushCancelled,
    // self-provisioning
    SelfProvisioningOffered,
    SelfProvisioningNotOffered,
    AddAuthenticatorSelected,
    VerificationCodeSent,
    VerificationCodeResent,
    VerificationCodeFailed,
    VerificationCodeAccepted,
    VerificationCodeRejected,
    VerificationCodeExpired,
    VerificationCodeLimit,
    TargetSelected,
    ActivationCodeIssued,
    ActivationCodeRefreshed,
    ActivationCodeReused,
    ActivationStarted,
    ActivationConfirmed,
    ActivationDisowned,
    ActivationCompleted,
    ActivationFailed,
    EnrollmentCancelled,
    EnrollmentExpired,
    EnrollmentSuperseded,
    EnrollmentConfirmed,
    EnrollmentNoticeSent,
    EnrollmentNoticeFailed,
    EnrollmentDisputed,
    EnrollmentDeferred,
    EnrollmentApprovalRequested,
    EnrollmentApproved,
    EnrollmentRefused,
    EnrollmentGrantWithdrawn,
    EnrollmentApprovedSent,
    EnrollmentApprovedFailed,
    EnrollmentReminderSent,
    EnrollmentReminderFailed,
    HelpDeskCodeIssued,
    HelpDeskCodeAccepted,
    HelpDeskCodeRejected,
    HelpDeskCodeLimit,
    // tokens
    TokenAssigned,
    TokenActivated,
    TokenLocked,
    TokenPinLocked,
    TokenUnlocked,
    TokenSuspended,
    TokenReactivated,
    TokenRevoked,
    TokenLost,
    TokenFaulty,
    TokenReturned,
    TokenReinitialized,
    TokenResynced,
    TokenRenamed,
    TokenDeleted,
    TokenImported,
    TokenTested,
    TokenRefused,
    PinSet,
    PinChanged,
    PinReset,
    PinExpired,
    PinRejected,
    TemporaryPasscodeIssued,
    TemporaryPasscodeWithdrawn,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    RecoveryCodesWithdrawn,
    RecoveryCodeNoticeSent,
    RecoveryCodeNoticeFailed,
    TokenNoticeSent,
    TokenNoticeFailed,
    PasskeyAdded,
    PasskeyRemoved,
    ProvisioningTaskCreated,
    ProvisioningTaskEdited,
    ProvisioningTaskRemoved,
    ProvisioningTaskResent,
    ProvisioningMailSent,
    ProvisioningMailFailed,
    ProvisioningLocked,
    ProvisioningExpired,
    ProvisioningCompleted,
    ProvisioningRemoved,
    ProvisioningRuleGave,
    ProvisioningRuleReleased,
    // configuration
    TenantCreated,
    TenantMigrated,
    DatabaseRestored,
    AuditTrimmed,
    KeyRotated,
    KeyRetired,
    UserCreated,
    UserDisabled,
    UserEnabled,
    UserUnlocked,
    UserPasswordChanged,
    UserPasswordRehashed,
    AccessPolicyChanged,
    SelfProvisioningSettingsChanged,
    EnrolmentRulesChanged,
    AppearanceChanged,
    ProvisioningRulesChanged,
    TargetSettingsChanged,
    TokenTemplateChanged,
    ServerPinPolicyChanged,
    SyncPolicyChanged,
    LockoutPolicyChanged,
    UserUpdated,
    UserDeleted,
    GroupCreated,
    GroupRenamed,
    GroupDeleted,
    GroupMembershipChanged,
    OperatorLogin,
    OperatorLoginFailed,
    OperatorLogout,
    OperatorInvited,
    OperatorInvitationWithdrawn,
    OperatorCreated,
    OperatorDisabled,
    OperatorEnabled,
    OperatorPasswordChanged,
    OperatorRecoveryOffered,
    OperatorRecovered,
    RoleChanged,
    RoleCreated,
    RoleUpdated,
    RoleDeleted,
    ApiKeyCreated,
    ApiKeyUsedFirst,
    ApiKeyRevoked,
    ApiKeyRefused,
    ApprovalsChanged,
    ApprovalRequested,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalWithdrawn,
    ApprovalExpired,
    LogExported,
    ReportRun,
    // ours: which lines of the access log a process wrote (decision A25)
    AccessLogSealed,
}

impl EventKind {
    /// All of them, in the order of the catalogue.
    pub const ALL: [EventKind; 156] = [
        EventKind::AuthSuccess,
        EventKind::AuthFailure,
        EventKind::AuthLocked,
        EventKind::SignInSuperseded,
        EventKind::SessionStarted,
        EventKind::SessionLevelRaised,
        EventKind::SessionEnded,
        EventKind::PasscodeReused,
        EventKind::PushSent,
        EventKind::PushApproved,
        EventKind::PushDenied,
        EventKind::PushReported,
        EventKind::PushNumberMismatch,
        EventKind::PushThrottled,
        EventKind::PushCancelled,
        EventKind::SelfProvisioningOffered,
        EventKind::SelfProvisioningNotOffered,
        EventKind::AddAuthenticatorSelected,
        EventKind::VerificationCodeSent,
        EventKind::VerificationCodeResent,
        EventKind::VerificationCodeFailed,
        EventKind::VerificationCodeAccepted,
        EventKind::VerificationCodeRejected,
        EventKind::VerificationCodeExpired,
        EventKind::VerificationCodeLimit,
        EventKind::TargetSelected,
        EventKind::ActivationCodeIssued,
        EventKind::ActivationCodeRefreshed,
        EventKind::ActivationCodeReused,
        EventKind::ActivationStarted,
        EventKind::ActivationConfirmed,
        EventKind::ActivationDisowned,
        EventKind::ActivationCompleted,
        EventKind::ActivationFailed,
        EventKind::EnrollmentCancelled,
        EventKind::EnrollmentExpired,
        EventKind::EnrollmentSuperseded,
        EventKind::EnrollmentConfirmed,
        EventKind::EnrollmentNoticeSent,
        EventKind::EnrollmentNoticeFailed,
        EventKind::EnrollmentDisputed,
        EventKind::EnrollmentDeferred,
        EventKind::EnrollmentApprovalRequested,
        EventKind::EnrollmentApproved,
        EventKind::EnrollmentRefused,
        EventKind::EnrollmentGrantWithdrawn,
        EventKind::EnrollmentApprovedSent,
        EventKind::EnrollmentApprovedFailed,
        EventKind::EnrollmentReminderSent,
        EventKind::EnrollmentReminderFailed,
        EventKind::HelpDeskCodeIssued,
        EventKind::HelpDeskCodeAccepted,
        EventKind::HelpDeskCodeRejected,
        EventKind::HelpDeskCodeLimit,
        EventKind::TokenAssigned,
        EventKind::TokenActivated,
        EventKind::TokenLocked,
        EventKind::TokenPinLocked,
        EventKind::TokenUnlocked,
        EventKind::TokenSuspended,
        EventKind::TokenReactivated,
        EventKind::TokenRevoked,
        EventKind::TokenLost,
        EventKind::TokenFaulty,
        EventKind::TokenReturned,
        EventKind::TokenReinitialized,
        EventKind::TokenResynced,
        EventKind::TokenRenamed,
        EventKind::TokenDeleted,
        EventKind::TokenImported,
        EventKind::TokenTested,
        EventKind::TokenRefused,
        EventKind::PinSet,
        EventKind::PinChanged,
        EventKind::PinReset,
        EventKind::PinExpired,
        EventKind::PinRejected,
        EventKind::TemporaryPasscodeIssued,
        EventKind::TemporaryPasscodeWithdrawn,
        EventKind::RecoveryCodesMade,
        EventKind::RecoveryCodeUsed,
        EventKind::RecoveryCodesWithdrawn,
        EventKind::RecoveryCodeNoticeSent,
        EventKind::RecoveryCodeNoticeFailed,
        EventKind::TokenNoticeSent,
        EventKind::TokenNoticeFailed,
        EventKind::PasskeyAdded,
        EventKind::PasskeyRemoved,
        EventKind::ProvisioningTaskCreated,
        EventKind::ProvisioningTaskEdited,
        EventKind::ProvisioningTaskRemoved,
        EventKind::ProvisioningTaskResent,
        EventKind::ProvisioningMailSent,
        EventKind::ProvisioningMailFailed,
        EventKind::ProvisioningLocked,
        EventKind::ProvisioningExpired,
        EventKind::ProvisioningCompleted,
        EventKind::ProvisioningRemoved,
        EventKind::ProvisioningRuleGave,
        EventKind::ProvisioningRuleReleased,
        EventKind::TenantCreated,
        EventKind::TenantMigrated,
        EventKind::DatabaseRestored,
        EventKind::AuditTrimmed,
        EventKind::KeyRotated,
        EventKind::KeyRetired,
        EventKind::UserCreated,
        EventKind::UserDisabled,
        EventKind::UserEnabled,
        EventKind::UserUnlocked,
        EventKind::UserPasswordChanged,
        EventKind::UserPasswordRehashed,
        EventKind::AccessPolicyChanged,
        EventKind::SelfProvisioningSettingsChanged,
        EventKind::EnrolmentRulesChanged,
        EventKind::AppearanceChanged,
        EventKind::ProvisioningRulesChanged,
        EventKind::TargetSettingsChanged,
        EventKind::TokenTemplateChanged,
        EventKind::ServerPinPolicyChanged,
        EventKind::SyncPolicyChanged,
        EventKind::LockoutPolicyChanged,
        EventKind::UserUpdated,
        EventKind::UserDeleted,
        EventKind::GroupCreated,
        EventKind::GroupRenamed,
        EventKind::GroupDeleted,
        EventKind::GroupMembershipChanged,
        EventKind::OperatorLogin,
        EventKind::OperatorLoginFailed,
        EventKind::OperatorLogout,
        EventKind::OperatorInvited,
        EventKind::OperatorInvitationWithdrawn,
        EventKind::OperatorCreated,
        EventKind::OperatorDisabled,
        EventKind::OperatorEnabled,
        EventKind::OperatorPasswordChanged,
        EventKind::OperatorRecoveryOffered,
        EventKind::OperatorRecovered,
        EventKind::RoleChanged,
        EventKind::RoleCreated,
        EventKind::RoleUpdated,
        EventKind::RoleDeleted,
        EventKind::ApiKeyCreated,
        EventKind::ApiKeyUsedFirst,
        EventKind::ApiKeyRevoked,
        EventKind::ApiKeyRefused,
        EventKind::ApprovalsChanged,
        EventKind::ApprovalRequested,
        EventKind::ApprovalGiven,
        EventKind::ApprovalRefused,
        EventKind::ApprovalWithdrawn,
        EventKind::ApprovalExpired,
        EventKind::LogExported,
        EventKind::ReportRun,
        EventKind::AccessLogSealed,
    ];

    /// The record's `type`: `AUTHENTICATION`, `ENROLLMENT` or `AUDIT`.
    pub const fn record_type(self) -> &'static str {
        use EventKind as E;
        match self {
            E::AuthSuccess
            | E::AuthFailure
            | E::AuthLocked
            | E::SignInSuperseded
            | E::SessionStarted
            | E::SessionLevelRaised
            | E::SessionEnded
            | E::PasscodeReused
            | E::PushSent
            | E::PushApproved
            | E::PushDenied
            | E::PushReported
            | E::PushNumberMismatch
            | E::PushThrottled
            | E::PushCancelled => "AUTHENTICATION",
            E::SelfProvisioningOffered
            | E::SelfProvisioningNotOffered
            | E::AddAuthenticatorSelected
            | E::VerificationCodeSent
            | E::VerificationCodeResent
            | E::VerificationCodeFailed
            | E::VerificationCodeAccepted
            | E::VerificationCodeRejected
            | E::VerificationCodeExpired
            | E::VerificationCodeLimit
            | E::TargetSelected
            | E::ActivationCodeIssued
            | E::ActivationCodeRefreshed
            | E::ActivationCodeReused
            | E::ActivationStarted
            | E::ActivationConfirmed
            | E::ActivationDisowned
            | E::ActivationCompleted
            | E::ActivationFailed
            | E::EnrollmentCancelled
            | E::EnrollmentExpired
            | E::EnrollmentSuperseded
            | E::EnrollmentConfirmed
            | E::EnrollmentNoticeSent
            | E::EnrollmentNoticeFailed
            | E::EnrollmentDisputed
            | E::EnrollmentDeferred
            | E::EnrollmentApprovalRequested
            | E::EnrollmentApproved
            | E::EnrollmentRefused
            | E::EnrollmentGrantWithdrawn
            | E::EnrollmentApprovedSent
            | E::EnrollmentApprovedFailed
            | E::EnrollmentReminderSent
            | E::EnrollmentReminderFailed
            | E::HelpDeskCodeIssued
            | E::HelpDeskCodeAccepted
            | E::HelpDeskCodeRejected
            | E::HelpDeskCodeLimit
            | E::ProvisioningMailSent
            | E::ProvisioningMailFailed
            | E::ProvisioningLocked
            | E::ProvisioningExpired
            | E::ProvisioningCompleted
            | E::ProvisioningRemoved => "ENROLLMENT",
            _ => "AUDIT",
        }
    }

    /// The name in the record: `VERIFICATION_CODE_SENT`.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            _ => String::new(),
        }
    }
}

/// Who and where: the record's `context`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventContext {
    /// The client's address.
    pub address: Option<std::net::IpAddr>,
    /// The user concerned.
    pub user: Option<UserId>,
    /// The name that was used.
    pub used_name: Option<String>,
    /// The portal session (its row, no secret).
    pub session: Option<SessionId>,
    /// The sign-in flow: the enrolment's `transactionId`.
    pub flow: Option<FlowId>,
    /// The application asked for.
    pub application: Option<String>,
    /// The determining policy.
    pub policy: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// The operator who did it, by name.
    pub operator: Option<String>,
}

/// Something that happened, to be appended with the change it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// What.
    pub kind: EventKind,
    /// Who and where.
    pub context: EventContext,
    /// Further fields by the catalogue's names. Never a secret, a code, a PIN or a full mail address.
    pub details: BTreeMap<&'static str, Value>,
}

impl AuditEvent {
    /// An event without further fields.
    pub fn new(kind: EventKind, context: EventContext) -> Self {
        Self { kind, context, details: BTreeMap::new() }
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.insert(name, value.into());
        self
    }

    /// The record as canonical JSON: keys sorted, no spaces (what RFC 8785 gives for this subset), every text cut at 1 KiB
    /// and free of control characters (AU-01).
    pub fn record(&self, virtual_server: &str, seq: i64, at: Timestamp) -> String {
        let mut context = serde_json::Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                context.insert(name.to_owned(), Value::String(value));
            }
        };
        put("tenantId", Some(virtual_server.to_owned()));
        put("originatingAddress", self.context.address.map(|a| a.to_string()));
        put("principalId", self.context.user.as_ref().map(|u| u.as_str().to_owned()));
        put("usedName", self.context.used_name.clone());
        put("sessionId", self.context.session.as_ref().map(|s| s.as_str().to_owned()));
        put("transactionId", self.context.flow.as_ref().map(|f| f.as_str().to_owned()));
        put("applicationName", self.context.application.clone());
        put("policyName", self.context.policy.clone());
        put("globalAccessId", self.context.request_id.clone());
        put("operator", self.context.operator.clone());
        let mut details: serde_json::Map<String, Value> =
            self.details.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        details.insert("type".into(), self.kind.record_type().into());
        details.insert("event".into(), self.kind.name().into());
        let record = serde_json::json!({
            "logVersion": "1.0",
            "category": "AUDIT",
            "id": format!("{virtual_server}-{seq}"),
            "seq": seq,
            "timeStamp": at.rfc3339(),
            "context": context,
            "details": details,
        });
        tidy(record).to_string()
    }
}

/// Cuts each text at 1 KiB, replaces control characters and line separators, and sorts the keys: whether `serde_json`'s own
/// map does depends on a feature that any crate of a build may switch on.
fn tidy(value: Value) -> Value {
    match value {
        Value::String(text) => {
            Value::String(shortened(&text).chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        Value::Object(fields) => {
            let sorted: BTreeMap<String, Value> = fields.into_iter().map(|(k, v)| (k, tidy(v))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    }
}

/// The longest text of a record, in bytes of UTF-8 (AU-01).
const LONGEST: usize = 1024;

/// Cut between characters. What stands in for a character that is not written as it is takes three bytes.
fn shortened(text: &str) -> &str {
    let mut bytes = 0;
    let end = text.char_indices().find(|(_, c)| {
        bytes += if acts(*c) { '\u{fffd}'.len_utf8() } else { c.len_utf8() };
        bytes > LONGEST
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// Whether a character does more in a terminal or a file of lines than show itself.
fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The `prev` of a chain's first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 over the previous hash and the record, lower-case hex.
pub fn chain_hash(prev: &str, record: &str) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(prev.as_bytes());
    context.update(b"\n");
    context.update(record.as_bytes());
    HEXLOWER.encode(context.finish().as_ref())
}

/// A record as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Counts from 1 within a virtual server, without gaps.
    pub seq: i64,
    /// Hash of the record before, or [`GENESIS`].
    pub prev: String,
    /// [`chain_hash`] of `prev` and `record`.
    pub hash: String,
    /// Canonical JSON.
    pub record: String,
}

/// Where a chain was cut because what came before was too old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed {
    /// The last record that is to go. It, or those before it, may be there still.
    pub upto: i64,
    /// Its hash: the `prev` of the first record that stays.
    pub hash: String,
    /// The record that says so (`AUDIT_TRIMMED`).
    pub told_by: i64,
}

/// A place at which a chain is to be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The last record that is to go.
    pub upto: i64,
    /// Its hash.
    pub hash: String,
    /// What says so: it becomes the next record.
    pub event: AuditEvent,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Sequence of the last record; 0 when there is none.
    pub seq: i64,
    /// Its hash, or [`GENESIS`].
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_all_events_leaves_none_out() {
        let source = include_str!("audit.rs").split("pub enum EventKind {").nth(1).unwrap();
        let listed = source.split("\n}").next().unwrap().lines().filter(|line| line.trim().ends_with(','));
        let listed: Vec<&str> = listed.map(|line| line.trim().trim_end_matches(',')).collect();
        assert_eq!(EventKind::ALL.map(|kind| format!("{kind:?}")).to_vec(), listed);
    }

    #[test]
    fn the_catalogue_says_of_every_event_what_it_is_and_of_no_other() {
        let rows = include_str!("../../../docs/events.md").lines().filter_map(|line| line.strip_prefix("| `"));
        let cells = rows
            .filter_map(|row| row.split_once("` | ").and_then(|(name, rest)| Some((name, rest.split_once(" | ")?))));
        let told: Vec<(&str, &str)> = cells.map(|(name, (of, _))| (name, of)).collect();
        for kind in EventKind::ALL {
            let (name, of) = (kind.name(), kind.record_type());
            let found: Vec<&str> = told.iter().filter(|row| row.0 == name).map(|row| row.1).collect();
            assert_eq!(found, [of], "docs/events.md needs one row: | `{name}` | {of} | when it is recorded. |");
        }
        let known = EventKind::ALL.map(EventKind::name);
        let others: Vec<&str> =
            told.iter().map(|row| row.0).filter(|name| !known.iter().any(|one| one == name)).collect();
        assert_eq!(others, [""; 0], "docs/events.md tells of events that there are not");
    }

    #[test]
    fn a_record_is_one_canonical_line_whatever_it_is_fed() {
        let context = EventContext { used_name: Some("al\r\nice\u{1b}[2J\"}{\u{2028}".into()), ..Default::default() };
        let event = AuditEvent::new(EventKind::AuthFailure, context).with("reason", "x".repeat(5000));
        let record = event.record("default", 7, Timestamp::from_secs(0));
        assert!(!record.contains(['\r', '\n', '\u{1b}', '\u{2028}']), "{record}");
        assert!(record.len() < 1600, "{}", record.len());
        for long in ["\u{1f6aa}".repeat(5000), "\n".repeat(5000), "é".repeat(511) + "x\u{1f6aa}"] {
            let record = AuditEvent::new(EventKind::AuthFailure, EventContext::default()).with("reason", long);
            let record: Value = serde_json::from_str(&record.record("default", 7, Timestamp::from_secs(0))).unwrap();
            let kept = record["details"]["reason"].as_str().unwrap();
            assert!((1021..=1024).contains(&kept.len()), "{} bytes", kept.len());
        }
        let parsed: Value = serde_json::from_str(&record).unwrap();
        assert_eq!(parsed["details"]["event"], "AUTH_FAILURE");
        assert_eq!(parsed["details"]["type"], "AUTHENTICATION");
        assert_eq!(parsed["timeStamp"], "1970-01-01T00:00:00.000Z");
        assert_eq!(parsed.to_string(), record, "keys are sorted already");
    }

    #[test]
    fn each_hash_depends_on_all_before() {
        let first = chain_hash(GENESIS, "{}");
        assert_eq!(first.len(), 64);
        assert_ne!(chain_hash(&first, "{}"), first);
    }
}
