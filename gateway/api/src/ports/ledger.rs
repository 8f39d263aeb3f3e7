//! The one door through which anything is written: a list of conditional acts and the audit records that tell of them,
//! all in one transaction or not at all.

use async_trait::async_trait;

use crate::audit::{AuditEvent, EventContext};
use crate::credential::{NewCredential, TokenState, Version};
use crate::error::{CommitError, StoreError};
use crate::flow::{Flow, FlowData, Step};
use crate::ids::{CredentialId, FlowId, SessionId, UserId, VirtualServerId};
use crate::mail::NewMail;
use crate::proof::Proofs;
use crate::secret::{SecretBytes, TokenHash};
use crate::session::NewSession;
use crate::template::{SelfProvisioning, Target, Template};
use crate::time::Timestamp;
use crate::user::{NewUser, User};

/// One conditional statement. Where the condition does not hold, the whole change is undone ([`CommitError::Lost`]).
#[derive(Debug, Clone)]
pub enum Act {
    /// A new flow. Lost when its id exists.
    FlowStart(Box<Flow>),
    /// Moves a flow on: only if it still stands at `step` with `nonce`, belongs to `browser`, and has not expired.
    FlowMove {
        /// Which.
        id: FlowId,
        /// The browser's cookie, hashed.
        browser: TokenHash,
        /// Where it must stand.
        step: Step,
        /// The nonce it must have.
        nonce: String,
        /// Where it goes.
        to: Step,
        /// Its new nonce; the same as `nonce` when the page stays the same.
        new_nonce: String,
        /// Whose it is from now on (set when the name is given).
        user: Option<UserId>,
        /// What it remembers.
        data: Box<FlowData>,
        /// Its new end.
        expires_at: Timestamp,
    },
    /// Ends the user's other open flows that are enrolling ([`Step::enrolling`]), except `keep`, as `Superseded`, and revokes
    /// the user's Assigned credentials, whose secrets are destroyed. Never lost. Which those are is known only when it is
    /// done, so the ledger itself records each of them, before the records of the change: `ENROLLMENT_SUPERSEDED` with the
    /// `lastStep`, and `TOKEN_REVOKED`.
    FlowsSupersede {
        /// Whose.
        user: UserId,
        /// The one to keep.
        keep: FlowId,
        /// Who did it and from where: the address and the request of those records.
        by: Box<EventContext>,
    },
    /// Makes room for one more flow of a user in which something was proved: of the others the oldest end as `Superseded` until
    /// fewer than `most` are left. One whose emailed code was right is left alone, since no lesser proof ends it (decision
    /// A12). Never lost. Recorded like [`Act::FlowsSupersede`]; where nothing was enrolling, as `SIGN_IN_SUPERSEDED`.
    FlowsMakeRoom {
        /// Whose.
        user: UserId,
        /// The one more.
        keep: FlowId,
        /// How many there may be with it.
        most: u32,
        /// Who did it and from where: the address and the request of those records.
        by: Box<EventContext>,
    },
    /// Ends every open flow of a user as `Cancelled`, and revokes their Assigned credentials: what was proved in those flows
    /// is no proof any more. Never lost. Recorded like [`Act::FlowsSupersede`], as `ENROLLMENT_CANCELLED`.
    FlowsEndOf {
        /// Whose.
        user: UserId,
        /// Who did it and from where: the address and the request of those records.
        by: Box<EventContext>,
    },
    /// A new credential, Assigned. Lost when the user has one that counts as a token (Active or Suspended).
    CredentialIssue(NewCredential),
    /// New bytes and template for an Assigned credential ("New code"). Lost unless Assigned at this version.
    CredentialReissue {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// The new secret.
        opened: SecretBytes,
        /// The template of this moment.
        template: Template,
    },
    /// Another target for an Assigned credential, same secret. Lost unless Assigned.
    CredentialRetarget {
        /// Which.
        id: CredentialId,
        /// The new platform.
        target: Target,
    },
    /// The first accepted proof: Assigned to Active with the new bytes, failures forgotten. Lost unless Assigned at this
    /// version, or when the user has got another token meanwhile.
    CredentialActivate {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// The plugin's new bytes.
        opened: SecretBytes,
    },
    /// What an activation is allowed by is still so (EN-05). Changes nothing, and holds it until the change is done. Lost
    /// when the user is switched off or in other groups, or when the self-provisioning settings are others.
    EnrolmentStillAllowed {
        /// As it was read.
        user: Box<User>,
        /// As they were read.
        settings: SelfProvisioning,
    },
    /// An accepted passcode: new bytes, failures forgotten. Lost unless Active, not locked, and at this version.
    CredentialUse {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// The plugin's new bytes.
        opened: SecretBytes,
    },
    /// Another state. Lost unless it is in one of `from`. Revoking destroys the secret.
    CredentialState {
        /// Which.
        id: CredentialId,
        /// Where it must be.
        from: Vec<TokenState>,
        /// Where it goes.
        to: TokenState,
    },
    /// A new session.
    SessionStart(NewSession),
    /// A rise of level: the portal session gets a new cookie value and the merged proofs; the old value is dead at once.
    /// Lost when the session is gone.
    SessionRaise {
        /// Which.
        id: SessionId,
        /// The new cookie's hash.
        token: TokenHash,
        /// What is proved now.
        proofs: Proofs,
        /// The new absolute end.
        expires_at: Timestamp,
    },
    /// Ends a portal session and every application session that hangs on it. Never lost.
    SessionEnd {
        /// The portal session.
        id: SessionId,
    },
    /// Ends all sessions of a user. Never lost.
    SessionsEndOf {
        /// Whose.
        user: UserId,
    },
    /// A new single-use value.
    OneTimePut(OneTime),
    /// Uses one up. Lost when it is gone, expired, or for another purpose.
    OneTimeTake {
        /// For what.
        purpose: OneTimePurpose,
        /// SHA-256 of the value.
        hash: TokenHash,
    },
    /// A mail into the outbox.
    MailQueue(NewMail),
    /// A new user. Lost when the folded name is taken.
    UserAdd(Box<NewUser>, UserId),
    /// A new password hash. Lost when there is no such user.
    UserPassword {
        /// Whose.
        user: UserId,
        /// argon2id in PHC form.
        hash: String,
    },
    /// A stronger hash of the same password. Lost when the user's hash is no longer the old one.
    UserPasswordRehash {
        /// Whose.
        user: UserId,
        /// What is stored.
        old: String,
        /// argon2id in PHC form.
        new: String,
    },
    /// Switches a user off or on. Lost when there is no such user.
    UserDisable {
        /// Whose.
        user: UserId,
        /// Off?
        disabled: bool,
    },
    /// The self-provisioning settings.
    SelfProvisioningSet(SelfProvisioning),
    /// Nothing but the records.
    Nothing,
}

impl Act {
    /// The name in [`CommitError::Lost`].
    pub const fn name(&self) -> &'static str {
        match self {
            Act::FlowStart(_) => "flow_start",
            Act::FlowMove { .. } => "flow_move",
            Act::FlowsSupersede { .. } => "flows_supersede",
            Act::FlowsMakeRoom { .. } => "flows_make_room",
            Act::FlowsEndOf { .. } => "flows_end_of",
            Act::CredentialIssue(_) => "credential_issue",
            Act::CredentialReissue { .. } => "credential_reissue",
            Act::CredentialRetarget { .. } => "credential_retarget",
            Act::CredentialActivate { .. } => "credential_activate",
            Act::EnrolmentStillAllowed { .. } => "enrolment_still_allowed",
            Act::CredentialUse { .. } => "credential_use",
            Act::CredentialState { .. } => "credential_state",
            Act::SessionStart(_) => "session_start",
            Act::SessionRaise { .. } => "session_raise",
            Act::SessionEnd { .. } => "session_end",
            Act::SessionsEndOf { .. } => "sessions_end_of",
            Act::OneTimePut(_) => "one_time_put",
            Act::OneTimeTake { .. } => "one_time_take",
            Act::MailQueue(_) => "mail_queue",
            Act::UserAdd(..) => "user_add",
            Act::UserPassword { .. } => "user_password",
            Act::UserPasswordRehash { .. } => "user_password_rehash",
            Act::UserDisable { .. } => "user_disable",
            Act::SelfProvisioningSet(_) => "self_provisioning_set",
            Act::Nothing => "nothing",
        }
    }
}

/// For what a single-use value is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OneTimePurpose {
    /// Hands a session to an application's host (30 seconds).
    Ticket,
    /// "Not you?" in the notice mail (7 days).
    Dispute,
}

impl OneTimePurpose {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            OneTimePurpose::Ticket => "ticket",
            OneTimePurpose::Dispute => "dispute",
        }
    }
}

/// A single-use value. Only its hash is stored.
#[derive(Debug, Clone)]
pub struct OneTime {
    /// For what.
    pub purpose: OneTimePurpose,
    /// SHA-256 of the value.
    pub hash: TokenHash,
    /// What it stands for, as JSON of who made it. Sealed in the store.
    pub data: String,
    /// Its end.
    pub expires_at: Timestamp,
}

/// What is to become of the store.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The acts, in order.
    pub acts: Vec<Act>,
    /// What is recorded of them, in order.
    pub events: Vec<AuditEvent>,
}

impl Change {
    /// A change of one act.
    pub fn of(act: Act) -> Self {
        Self { acts: vec![act], events: Vec::new() }
    }

    /// Only records.
    pub fn only(event: AuditEvent) -> Self {
        Self { acts: Vec::new(), events: vec![event] }
    }

    /// And this.
    #[must_use]
    pub fn and(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// And record this.
    #[must_use]
    pub fn record(mut self, event: AuditEvent) -> Self {
        self.events.push(event);
        self
    }
}

/// Makes changes.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// All acts and records in one transaction, or nothing.
    ///
    /// # Errors
    /// [`CommitError::Lost`] names the first act whose condition did not hold; [`CommitError::Store`] when the store did not
    /// answer. In either case nothing was changed.
    async fn commit(&self, vs: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError>;

    /// Whether the store answers (readiness).
    async fn ping(&self) -> Result<(), StoreError>;
}
