//! What is read from the store, and the counters that are kept apart from any transaction.

use std::time::Duration;

use async_trait::async_trait;

use crate::audit::{AuditEvent, ChainHead, StoredRecord, Trimmed};
use crate::credential::{Credential, TokenRecord, TokenState};
use crate::error::StoreError;
use crate::flow::{Delivery, Flow};
use crate::grant::{Grant, GrantRecord, GrantState};
use crate::ids::{
    ApiKeyId, CredentialId, FlowId, GroupId, MailId, OperatorId, PushId, RoleId, SessionId, UserId, VirtualServerId,
};
use crate::mail::DueMail;
use crate::operator::{ApiKey, CustomRole, Operator, OperatorSession};
use crate::push::Push;
use crate::recovery::SeenRecoveryCodes;
use crate::secret::TokenHash;
use crate::session::Session;
use crate::settings::{SettingChange, SettingKind, StoredDocument};
use crate::time::Timestamp;
use crate::user::{FoldedName, GroupRecord, TemporaryPasscode, User, UserRecord};

use super::ledger::{OneTime, OneTimePurpose};

/// Users of the local directory.
#[async_trait]
pub trait Users: Send + Sync {
    /// By folded name, groups included.
    async fn user_by_name(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError>;
    /// By row, groups included.
    async fn user_by_id(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<User>, StoreError>;
    /// The argon2id hash of a local password, in PHC form.
    async fn password_hash(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<String>, StoreError>;
    /// How many users there are.
    async fn user_count(&self, vs: &VirtualServerId) -> Result<u64, StoreError>;
}

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// By the cookie's hash: live, idle no longer than `idle`, its portal session live too. Says nothing of the user.
    async fn session(
        &self,
        vs: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;
    /// Notes that a session (and its portal session) was used.
    async fn touch(&self, vs: &VirtualServerId, id: &SessionId, now: Timestamp) -> Result<(), StoreError>;
    /// How many portal sessions are live.
    async fn live_sessions(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError>;
}

/// Sign-in flows.
#[async_trait]
pub trait Flows: Send + Sync {
    /// The newest flow of a browser, ended and expired ones included: their page says what became of them. Whether it has
    /// expired is the caller's to see; [`Act::FlowMove`](super::Act) checks it again.
    async fn flow_of_browser(
        &self,
        vs: &VirtualServerId,
        browser: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Flow>, StoreError>;
    /// By row, expired ones included.
    async fn flow(&self, vs: &VirtualServerId, id: &FlowId) -> Result<Option<Flow>, StoreError>;
    /// How many flows are open, of users and of nobody.
    async fn open_flows(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError>;
}

/// How often in a row a credential failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fails {
    /// This one included.
    pub count: u32,
    /// Set by the failure that went over the limit.
    pub locked_until: Option<Timestamp>,
}

/// Enrolled authenticators.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// All of a user that are not revoked, oldest first; one that cannot be opened too, and says so.
    async fn credentials_of(&self, vs: &VirtualServerId, user: &UserId) -> Result<Vec<Credential>, StoreError>;
    /// By row; nothing for one that is nobody's. An error when it cannot be opened.
    async fn credential(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<Option<Credential>, StoreError>;
    /// By serial number, whatever else is like [`Credentials::credential`].
    async fn credential_by_serial(&self, vs: &VirtualServerId, serial: &str) -> Result<Option<Credential>, StoreError>;
    /// Counts a failure in a statement of its own, before anything is answered (LG-05). The failure after `permitted` locks
    /// for `lock`, and the count begins anew when a lock is over.
    async fn count_failure(
        &self,
        vs: &VirtualServerId,
        id: &CredentialId,
        permitted: u32,
        lock: Duration,
        now: Timestamp,
    ) -> Result<Fails, StoreError>;
}

/// Single-use values.
#[async_trait]
pub trait OneTimes: Send + Sync {
    /// Looks without using up: live ones only.
    async fn one_time(
        &self,
        vs: &VirtualServerId,
        purpose: OneTimePurpose,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError>;

    /// Live ones of a purpose, at most so many: for those that somebody looks through.
    async fn one_times(
        &self,
        vs: &VirtualServerId,
        purpose: OneTimePurpose,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<OneTime>, StoreError>;
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeterScope {
    /// Failed passwords of an account from unknown devices.
    Password,
    /// Failed passwords of an account from a device it knows.
    PasswordKnownDevice,
    /// Failed passwords from an address.
    Address,
    /// Passcodes of a token that were looked at, wrong or not.
    PasscodeTries,
    /// Tries of one emailed code.
    CodeTries,
    /// Tries of emailed codes of a user, over all codes, in a day.
    CodeTriesDay,
    /// Codes sent to a user in an hour.
    CodeSends,
    /// Flows begun from an address.
    Flows,
    /// Operators' sign-ins that failed, by name.
    Operator,
    /// Operators' sign-ins that failed, by address.
    OperatorAddress,
    /// Operators who proved anew who they are, and failed, by session.
    OperatorProof,
    /// Temporary passcodes of a user that were looked at, wrong or not.
    TemporaryPasscode,
    /// Codes of the help desk that a user typed in a day.
    HelpDeskCode,
    /// Recovery codes of a user that were looked at in a day, wrong or not.
    RecoveryCode,
    /// Requests to a user's devices that came to nothing in a row: from some on none is sent for a while.
    PushOff,
    /// Activation codes that were typed on devices, by address.
    ActivationCodes,
    /// API keys that were sent and are refused, by address and by key.
    ApiKeys,
}

impl MeterScope {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            MeterScope::Password => "password",
            MeterScope::PasswordKnownDevice => "password_known_device",
            MeterScope::Address => "address",
            MeterScope::PasscodeTries => "passcode_tries",
            MeterScope::CodeTries => "code_tries",
            MeterScope::CodeTriesDay => "code_tries_day",
            MeterScope::CodeSends => "code_sends",
            MeterScope::Flows => "flows",
            MeterScope::Operator => "operator",
            MeterScope::OperatorAddress => "operator_address",
            MeterScope::OperatorProof => "operator_proof",
            MeterScope::TemporaryPasscode => "temporary_passcode",
            MeterScope::HelpDeskCode => "help_desk_code",
            MeterScope::RecoveryCode => "recovery_code",
            MeterScope::PushOff => "push_off",
            MeterScope::ActivationCodes => "activation_codes",
            MeterScope::ApiKeys => "api_keys",
        }
    }
}

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MeterKey {
    /// What.
    pub scope: MeterScope,
    /// Whose: a user's row, a folded name, an address, a flow and code number.
    pub key: String,
}

/// What became of taking a place below a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There was one; it is counted.
    Place {
        /// Which one, from 1.
        number: u32,
        /// When the window ends.
        ends: Timestamp,
    },
    /// There was none, and nothing was counted.
    Full {
        /// When the window ends.
        until: Timestamp,
    },
}

/// Counters with a window that begins at the first count. Each call is one statement, committed by itself: of N parallel
/// calls each gets another number, so that exactly as many pass a limit as the limit says (LG-04).
#[async_trait]
pub trait Meters: Send + Sync {
    /// Counts one and returns the count, this one included, and when the window ends.
    async fn count(
        &self,
        vs: &VirtualServerId,
        key: &MeterKey,
        window: Duration,
        now: Timestamp,
    ) -> Result<(u32, Timestamp), StoreError>;
    /// Counts one, unless `limit` are counted in this window.
    async fn take_place(
        &self,
        vs: &VirtualServerId,
        key: &MeterKey,
        limit: u32,
        window: Duration,
        now: Timestamp,
    ) -> Result<Taken, StoreError>;
    /// Gives a place back that was taken in the window which ends at `ends`; nothing when that window is over.
    async fn give_back(&self, vs: &VirtualServerId, key: &MeterKey, ends: Timestamp) -> Result<(), StoreError>;
    /// Reads without counting: 0 when the window is over.
    async fn read(&self, vs: &VirtualServerId, key: &MeterKey, now: Timestamp) -> Result<(u32, Timestamp), StoreError>;
    /// Forgets.
    async fn forget(&self, vs: &VirtualServerId, key: &MeterKey) -> Result<(), StoreError>;
}

/// The outbox, for its sender.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes up to `limit` due mails of all virtual servers for `lease`: nobody else gets them meanwhile.
    async fn take_due(&self, limit: u32, lease: Duration, now: Timestamp) -> Result<Vec<DueMail>, StoreError>;
    /// Takes this one, if it is pending and nobody else has it.
    async fn take(
        &self,
        vs: &VirtualServerId,
        id: &MailId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<DueMail>, StoreError>;
    /// Has this one for `lease` longer: only while it is in the hands of whoever took it as `due`, and pending.
    async fn keep(&self, due: &DueMail, lease: Duration, now: Timestamp) -> Result<(), StoreError>;
    /// What has become of one.
    async fn delivery(&self, vs: &VirtualServerId, id: &MailId) -> Result<Option<Delivery>, StoreError>;
    /// It was sent, or refused for good: its fields are destroyed, and the record is appended, in one transaction.
    async fn settle(
        &self,
        vs: &VirtualServerId,
        id: &MailId,
        outcome: Delivery,
        event: AuditEvent,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// It could not be sent now; `again_at` says when to try next.
    async fn postpone(&self, vs: &VirtualServerId, id: &MailId, again_at: Timestamp) -> Result<(), StoreError>;
}

/// What operators set at run time.
#[async_trait]
pub trait Settings: Send + Sync {
    /// A document as it stands. An error when there is no such virtual server.
    async fn document(&self, vs: &VirtualServerId, kind: SettingKind) -> Result<StoredDocument, StoreError>;
    /// The newest changes of a document, newest first, at most `limit`.
    async fn changes(
        &self,
        vs: &VirtualServerId,
        kind: SettingKind,
        limit: u32,
    ) -> Result<Vec<SettingChange>, StoreError>;
}

/// Which part of a long list is asked for: `limit` entries after `after`, the last one's id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The `next` of the page before; empty for the first.
    pub after: String,
    /// At most so many: 1 to 200.
    pub limit: u32,
}

/// A part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// In order.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Which tokens are asked for; each condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenFilter {
    /// In this state.
    pub state: Option<TokenState>,
    /// Locked at this time by failed passcodes.
    pub locked_at: Option<Timestamp>,
    /// Of this user.
    pub owner: Option<UserId>,
    /// Whose serial number begins with this.
    pub serial: String,
}

/// What operators look through. All lists are of one virtual server, and in the order of names or serial numbers.
#[async_trait]
pub trait Register: Send + Sync {
    /// Users whose folded name, display name or address begins with a text.
    async fn users(&self, vs: &VirtualServerId, begins: &str, page: &Page) -> Result<Listed<UserRecord>, StoreError>;
    /// One user.
    async fn user_record(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<UserRecord>, StoreError>;
    /// The temporary passcode of a user, whether it is over or not.
    async fn temporary_passcode(
        &self,
        vs: &VirtualServerId,
        id: &UserId,
    ) -> Result<Option<TemporaryPasscode>, StoreError>;
    /// What is left of a user's recovery codes; an error when it cannot be opened.
    async fn recovery_codes(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
    ) -> Result<Option<SeenRecoveryCodes>, StoreError>;
    /// The grant of a user, unless it is over.
    async fn grant(&self, vs: &VirtualServerId, user: &UserId, now: Timestamp) -> Result<Option<Grant>, StoreError>;
    /// Grants in a state that are not over, in the order of the users' names. `after` is a user's id.
    async fn grants(
        &self,
        vs: &VirtualServerId,
        state: GrantState,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<GrantRecord>, StoreError>;
    /// Users without a token that counts ([`TokenState::counts_as_token`]) who are not disabled and have an address, in the
    /// order of their rows, groups included: those who are to be reminded. `after` is a user's id.
    async fn users_without_token(&self, vs: &VirtualServerId, page: &Page) -> Result<Listed<User>, StoreError>;
    /// Groups whose name begins with a text, in capital or small letters.
    async fn groups(&self, vs: &VirtualServerId, begins: &str, page: &Page) -> Result<Listed<GroupRecord>, StoreError>;
    /// One group.
    async fn group(&self, vs: &VirtualServerId, id: &GroupId) -> Result<Option<GroupRecord>, StoreError>;
    /// Users who are in a group themselves.
    async fn members(
        &self,
        vs: &VirtualServerId,
        group: &GroupId,
        page: &Page,
    ) -> Result<Listed<UserRecord>, StoreError>;
    /// Tokens, without their secrets. Revoked ones are listed only where that state is asked for.
    async fn tokens(
        &self,
        vs: &VirtualServerId,
        filter: &TokenFilter,
        page: &Page,
    ) -> Result<Listed<TokenRecord>, StoreError>;
    /// One token.
    async fn token(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<Option<TokenRecord>, StoreError>;
    /// How many tokens there are in each state, and how many Active ones are locked at this time.
    async fn token_counts(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<(Vec<(TokenState, u64)>, u64), StoreError>;
}

/// Requests to users' devices.
#[async_trait]
pub trait Pushes: Send + Sync {
    /// One, whether it is over or not.
    async fn push(&self, vs: &VirtualServerId, id: &PushId) -> Result<Option<Push>, StoreError>;
    /// A user's requests that were made at or after `since`, newest first; at most 50.
    async fn pushes_of(&self, vs: &VirtualServerId, user: &UserId, since: Timestamp) -> Result<Vec<Push>, StoreError>;
}

/// Operators and their sessions.
#[async_trait]
pub trait Operators: Send + Sync {
    /// By folded name.
    async fn operator_by_name(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<Operator>, StoreError>;
    /// By row.
    async fn operator(&self, vs: &VirtualServerId, id: &OperatorId) -> Result<Option<Operator>, StoreError>;
    /// All of them, by name.
    async fn operators(&self, vs: &VirtualServerId) -> Result<Vec<Operator>, StoreError>;
    /// A session by its token's hash: live, idle no longer than `idle`, its operator not switched off.
    async fn operator_session(
        &self,
        vs: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<OperatorSession>, StoreError>;
    /// Notes that a session was used.
    async fn touch_operator(&self, vs: &VirtualServerId, id: &SessionId, now: Timestamp) -> Result<(), StoreError>;
    /// The roles that operators have made, by name.
    async fn roles(&self, vs: &VirtualServerId) -> Result<Vec<CustomRole>, StoreError>;
    /// One of them.
    async fn role(&self, vs: &VirtualServerId, id: &RoleId) -> Result<Option<CustomRole>, StoreError>;
    /// The keys of programs, by name; those that are over or revoked too.
    async fn api_keys(&self, vs: &VirtualServerId) -> Result<Vec<ApiKey>, StoreError>;
    /// A key by the hash of its secret, be it over or revoked.
    async fn api_key_of(&self, vs: &VirtualServerId, token: &TokenHash) -> Result<Option<ApiKey>, StoreError>;
    /// Notes that a key was used, as it was before.
    async fn touch_api_key(&self, vs: &VirtualServerId, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError>;
}

/// The audit chain, for reading.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Records with `seq > after`, in order, at most `limit`.
    async fn records(&self, vs: &VirtualServerId, after: i64, limit: u32) -> Result<Vec<StoredRecord>, StoreError>;
    /// The chain's end as the head row says.
    async fn head(&self, vs: &VirtualServerId) -> Result<ChainHead, StoreError>;
    /// Where the chain was cut, as the head row says; `None` for one that is whole.
    async fn trimmed(&self, vs: &VirtualServerId) -> Result<Option<Trimmed>, StoreError>;
    /// Every virtual server.
    async fn virtual_servers(&self) -> Result<Vec<VirtualServerId>, StoreError>;
}
