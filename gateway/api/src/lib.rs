//! The vocabulary of Doorward and the contracts between its crates. No I/O happens here.
//!
//! Read in this order: who asks ([`Subject`]), what is asked for ([`Object`]), what was proved ([`Proofs`]), what is
//! decided ([`Decision`]); then a sign-in as a row ([`Flow`]), a token as a row ([`Credential`]), what is recorded
//! ([`AuditEvent`]); then the [`ports`] through which the outside world is reached, and the [`plugin`] contract.

pub mod approval;
pub mod audit;
pub mod credential;
pub mod csv;
pub mod decided;
pub mod decision;
pub mod device;
pub mod enrolment;
pub mod error;
pub mod field;
pub mod flow;
pub mod grant;
pub mod ids;
pub mod import_job;
pub mod keys;
pub mod language;
pub mod mail;
pub mod object;
pub mod operator;
pub mod passkey;
pub mod permission;
pub mod plugin;
pub mod ports;
pub mod proof;
pub mod provisioning;
pub mod provisioning_rules;
pub mod push;
pub mod recovery;
pub mod screen;
pub mod secret;
pub mod session;
pub mod settings;
pub mod subject;
pub mod template;
pub mod time;
pub mod trail;
pub mod user;

pub use approval::{ApprovalState, HeldAct, NewPendingAct, PendingAct};
pub use audit::{AuditEvent, EventContext, EventKind};
pub use credential::{Credential, TokenForm, TokenState};
pub use decision::Decision;
pub use error::{CommitError, PluginError, StoreError};
pub use field::{FieldFault, FieldRule};
pub use flow::{Flow, FlowData, Step};
pub use grant::{Grant, GrantDetails, GrantRecord, GrantState};
pub use ids::{
    ApiKeyId, AppId, ApprovalId, CredentialId, FlowId, GroupId, MailId, OperatorId, OutletId, PolicyId, PushId, RoleId,
    SessionId, UserId, VirtualServerId,
};
pub use object::Object;
pub use permission::{Module, Permission, Permissions};
pub use proof::{Factor, Proofs};
pub use recovery::RecoveryCodes;
pub use screen::{EndedHow, FormIds, Progress, Screen, ScreenPage};
pub use secret::{Secret, SecretBytes, Token, TokenHash};
pub use session::Session;
pub use settings::{SelfProvisioning, SettingKind, TargetSettings, TargetUsers, TokenTemplate, Windows};
pub use subject::{GroupRef, Principal, Subject};
pub use template::{Target, Template};
pub use time::{Timestamp, parse_age};
pub use user::{FoldedName, User};
