//! The one door through which anything is written: a list of conditional acts and the audit records that tell of them,
//! all in one transaction or not at all.

use async_trait::async_trait;

use crate::approval::{ApprovalState, NewPendingAct};
use crate::audit::{AuditEvent, EventContext};
use crate::credential::{AddedPasskey, NewCredential, NewStock, ServerPin, TokenState, Version};
use crate::error::{CommitError, StoreError};
use crate::flow::{Flow, FlowData, Step};
use crate::grant::{Grant, GrantState};
use crate::ids::{
    ApiKeyId, ApprovalId, CredentialId, FlowId, GroupId, OperatorId, PushId, RoleId, SessionId, UserId, VirtualServerId,
};
use crate::import_job::NewImportJob;
use crate::mail::NewMail;
use crate::operator::{CustomRole, HeldRole, NewApiKey, NewOperator, NewOperatorSession, RecoveredOperator, RoleRef};
use crate::permission::Permission;
use crate::proof::Proofs;
use crate::provisioning::{NewEntry, NewTask, TaskNumber};
use crate::push::{Push, PushData, PushState};
use crate::recovery::RecoveryCodes;
use crate::secret::{SecretBytes, TokenHash};
use crate::session::NewSession;
use crate::settings::{FieldChange, SettingKind};
use crate::template::{Target, Template};
use crate::time::Timestamp;
use crate::user::{NewUser, TemporaryPasscode, User, UserDetails};

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
    /// the user's Assigned software credentials, whose secrets are destroyed. Never lost. Which those are is known only when
    /// it is done, so the ledger itself records each of them, before the records of the change: `ENROLLMENT_SUPERSEDED` with the
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
    /// Ends every open flow of a user as `Cancelled`, and revokes their Assigned software credentials: what was proved in
    /// those flows is no proof any more. Never lost. Recorded like [`Act::FlowsSupersede`], as `ENROLLMENT_CANCELLED`.
    FlowsEndOf {
        /// Whose.
        user: UserId,
        /// Who did it and from where: the address and the request of those records.
        by: Box<EventContext>,
    },
    /// A new credential, Assigned. Lost when the user has as many that count as tokens ([`TokenState::counts_as_token`]) as it says
    /// that they may have with it.
    CredentialIssue(NewCredential),
    /// A passkey, Active at once. Lost when there is anything of its serial number, or when the user has as many passkeys as it
    /// says that they may have with it.
    CredentialAdd(AddedPasskey),
    /// New bytes and template for an Assigned credential ("New code"), by the kind that makes it now. Lost unless Assigned at
    /// this version.
    CredentialReissue {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// Whose bytes they are.
        plugin: String,
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
    /// version, or when the user has got as many tokens meanwhile as they may have with it.
    CredentialActivate {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// The plugin's new bytes.
        opened: SecretBytes,
        /// How many tokens that count the user may have with it.
        most: u8,
    },
    /// What an activation is allowed by is still so (EN-05). Changes nothing, and holds it until the change is done. Lost
    /// when the user is switched off or in other groups, or when the self-provisioning settings are others.
    EnrolmentStillAllowed {
        /// As it was read.
        user: Box<User>,
        /// The versions of the settings that allowed it.
        settings: Vec<(SettingKind, i64)>,
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
    /// What a token has shown without signing in: found again, or seen in the outer window. New bytes only. Lost unless it is
    /// Active or Assigned, and at this version.
    CredentialLearn {
        /// Which.
        id: CredentialId,
        /// The version read.
        version: Version,
        /// The plugin's new bytes.
        opened: SecretBytes,
    },
    /// Another state. Lost unless it is in one of `from`, or when it would come to count as a token beside another: only an
    /// activation makes one more. Revoking destroys the secret; what goes to the stock belongs to nobody any more and has no PIN.
    CredentialState {
        /// Which.
        id: CredentialId,
        /// Where it must be.
        from: Vec<TokenState>,
        /// Where it goes.
        to: TokenState,
    },
    /// Forgets failures and the lock that they led to. Lost unless it is Active and locked at this time.
    CredentialUnlock {
        /// Which.
        id: CredentialId,
    },
    /// A server-side PIN, or none. Lost when the PIN is no longer the one that was read, or the token belongs to nobody.
    CredentialPin {
        /// Which.
        id: CredentialId,
        /// The PIN's version read: [`crate::Credential::pin_version`].
        version: Version,
        /// The new one.
        pin: Option<ServerPin>,
    },
    /// The name that its user or an operator gives a token; empty for none. Lost when there is no such token.
    CredentialLabel {
        /// Which.
        id: CredentialId,
        /// One line of at most 64 characters.
        label: String,
    },
    /// A token that was made elsewhere, into the stock. Lost when its serial number is there.
    CredentialStock(NewStock),
    /// A token of the stock is given to a user: Inventory to Assigned. Lost unless it is in the stock, or when the user has as many
    /// that count as tokens as they may have with it.
    CredentialAssign {
        /// Which.
        id: CredentialId,
        /// To whom.
        user: UserId,
        /// How many tokens that count the user may have with it.
        most: u8,
    },
    /// An app's token that its user can do without is revoked, and its secret destroyed. Lost unless it counts as a token, and the
    /// user has another that is Active: of two that go at the same moment, one stays.
    CredentialRemove {
        /// Which.
        id: CredentialId,
    },
    /// A row that is no use to anybody goes. Lost unless it is in the stock, Lost, Faulty or Revoked.
    CredentialDelete {
        /// Which.
        id: CredentialId,
    },
    /// A new session.
    SessionStart(NewSession),
    /// A rise of level: the portal session gets a new cookie value and the merged proofs; the old value is dead at once.
    /// Lost when the session is gone, or has another cookie than the one that was shown: of two tabs that raise it, one does.
    SessionRaise {
        /// Which.
        id: SessionId,
        /// The hash of the cookie that was shown.
        old: TokenHash,
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
    /// Ends all sessions of a user but one portal session and those that hang on it. Never lost.
    OtherSessionsEnd {
        /// Whose.
        user: UserId,
        /// The portal session.
        keep: SessionId,
    },
    /// Ends those sessions of a user for which enrolment was put off: there is a token now. Never lost.
    DeferredSessionsEnd {
        /// Whose.
        user: UserId,
        /// The portal session that is about to be raised, if one is.
        keep: Option<SessionId>,
    },
    /// A new single-use value. Lost when there is one of this purpose and hash.
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
    /// What a user's record says. Lost when there is no such user, or the record is not at this version.
    UserUpdate {
        /// Whose.
        user: UserId,
        /// The record's version read.
        version: Version,
        /// What it says now.
        details: Box<UserDetails>,
    },
    /// A user goes, with sessions, flows and memberships; tokens go back to the stock or are revoked. Lost when there is no such
    /// user. What they had under way and what they held is known only when it is done, so the ledger itself records each of
    /// them, before the records of the change: `ENROLLMENT_CANCELLED` or, for what was out of time, `ENROLLMENT_EXPIRED`;
    /// `TOKEN_RETURNED` and `TOKEN_REVOKED`.
    UserDelete {
        /// Whose.
        user: UserId,
        /// Who did it and from where: the address, the request and the operator of those records.
        by: Box<EventContext>,
    },
    /// A passcode that stands in for a token for a while, or none any more. Lost when there is no such user.
    TemporaryPasscodeSet {
        /// Whose.
        user: UserId,
        /// The new one, in place of the one before.
        passcode: Option<TemporaryPasscode>,
    },
    /// A user's recovery codes in place of those before, or none any more. Lost when there is no such user, or those before are
    /// not at the version that was seen: so each code is good once.
    RecoveryCodesSet {
        /// Whose.
        user: UserId,
        /// The version read; 0 where there were none.
        seen: Version,
        /// What is left, or new ones.
        codes: Option<RecoveryCodes>,
    },
    /// A user's grant in place of the one before. Lost when there is no such user, or the one before is not in the state that
    /// was seen (`None`: there was none, or it was over).
    GrantSet {
        /// The new one.
        grant: Box<Grant>,
        /// Where the one before stood.
        seen: Option<GrantState>,
    },
    /// A user's grant goes: it was used, or withdrawn. Lost unless it stands there, and is not over.
    GrantTake {
        /// Whose.
        user: UserId,
        /// Where it must stand.
        state: GrantState,
    },
    /// A new request to a user's device. Lost when the user has one that is pending, or one that was made after `not_since`.
    PushStart {
        /// The request, pending.
        push: Box<Push>,
        /// Requests of a user lie so far apart (decision B2).
        not_since: Timestamp,
    },
    /// A request is answered, withdrawn, or used. Lost unless it stands at `from`, and from `Pending` only before its end.
    PushMove {
        /// Which.
        id: PushId,
        /// Where it must stand.
        from: PushState,
        /// Where it goes.
        to: PushState,
        /// What it carries from now on.
        data: Box<PushData>,
    },
    /// A user's pending requests are withdrawn: the token that they were sent to is suspended, locked or gone. Never lost.
    PushesCancelOf {
        /// Whose.
        user: UserId,
    },
    /// A new group. Lost when the name is taken.
    GroupAdd {
        /// The row to be.
        id: GroupId,
        /// Its name.
        name: String,
    },
    /// Another name. Lost when there is no such group, or the name is taken.
    GroupRename {
        /// Which.
        id: GroupId,
        /// Its new name.
        name: String,
    },
    /// A group goes, with its memberships. Lost when there is no such group.
    GroupDelete {
        /// Which.
        id: GroupId,
    },
    /// A user is in a group from now on, or no longer. Lost when there is no such user or group; not when it is so already.
    GroupMember {
        /// Which.
        group: GroupId,
        /// Who.
        user: UserId,
        /// In?
        member: bool,
    },
    /// A group lies in another from now on, or no longer: members of the inner are members of the outer. Lost when there is
    /// no such group, or when it would come to lie in itself.
    GroupNest {
        /// The inner.
        group: GroupId,
        /// The outer.
        into: GroupId,
        /// In?
        member: bool,
    },
    /// A document of the settings, with its entry in the Change Log. Lost unless it is at the version that was seen.
    SettingSet {
        /// Which.
        kind: SettingKind,
        /// The version read; 0 for one that was never set.
        seen: i64,
        /// The document, as JSON.
        body: String,
        /// Who, by name.
        operator: String,
        /// What it changes.
        changes: Vec<FieldChange>,
    },
    /// Documents of the settings are as they were read. Changes nothing, and holds them until the change is done. Lost when one of
    /// them is another by now.
    SettingsStill {
        /// Which, and the versions read.
        seen: Vec<(SettingKind, i64)>,
    },
    /// A new provisioning task. Lost when there is one of this number.
    ProvisioningTaskAdd(Box<NewTask>),
    /// Users of a task, each of them once. Lost unless its group is read as far as was seen, or when it was removed; and where a rule
    /// gives, when one of them is not there any more, is in the task already, or has something that a rule holds.
    ProvisioningFill {
        /// Which.
        task: TaskNumber,
        /// How far its group was read: [`crate::provisioning::ProvisioningTask::cursor`].
        seen: Option<String>,
        /// How far it is read now.
        next: Option<String>,
        /// The users.
        entries: Vec<NewEntry>,
    },
    /// Another stop date or note. Lost unless the task is at this version, and not removed.
    ProvisioningTaskEdit {
        /// Which.
        task: TaskNumber,
        /// The version read.
        version: Version,
        /// The new stop date.
        stops_at: Timestamp,
        /// The new note.
        note: String,
    },
    /// Nobody of it may enrol any more. Lost when it was removed before.
    ProvisioningTaskRemove {
        /// Which.
        task: TaskNumber,
    },
    /// Everybody of it who has not enrolled is to be written to once more; where a rule has made it, everybody for whom a rule still
    /// holds something. Lost unless it runs.
    ProvisioningTaskResend {
        /// Which.
        task: TaskNumber,
    },
    /// Does what is due of a task, for so many of its users at the most: those of one that has ended are expired or removed, with
    /// their records; those who are to be written to once more become pending. Mails of theirs that still wait are withdrawn. When
    /// nothing is left to do, it is settled. Never lost.
    ProvisioningTaskSettle {
        /// Which.
        task: TaskNumber,
        /// So many users.
        most: u32,
    },
    /// The mail with a new link is on its way: Pending to Active. The mail's id is the link's hash ([`NewMail::by_link`]), by which it is
    /// withdrawn when nothing can come of the link any more. Lost unless it is pending and its task runs.
    ProvisioningMailed {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
        /// SHA-256 of the link.
        link: TokenHash,
    },
    /// A user is to be written to once more, and whatever link there was is dead. Lost unless that may be done
    /// ([`crate::provisioning::EntryStatus::may_be_sent_again`]), and the task runs.
    ProvisioningEntryResend {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
    },
    /// A user is taken out. Lost unless that may be done ([`crate::provisioning::EntryStatus::may_be_removed`]).
    ProvisioningEntryRemove {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
    },
    /// A link is used up. Lost unless its entry is Active, its task runs, and it was not used.
    ProvisioningLinkTake {
        /// SHA-256 of the link.
        link: TokenHash,
    },
    /// A token is issued for an entry. Lost unless it is Active, and its task runs.
    ProvisioningIssued {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
        /// The token.
        token: CredentialId,
    },
    /// The token of an entry is in use. Lost unless it is Active, with this token, and its task runs.
    ProvisioningEnrolled {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
        /// The token.
        token: CredentialId,
    },
    /// A user has put a token in use by themselves: the entries by which they still might are completed, with a record each. The token
    /// is not theirs. Never lost.
    ProvisioningClose {
        /// Who.
        user: UserId,
    },
    /// An entry has failed once more; so many failures lock it, with a record. Never lost.
    ProvisioningFailed {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
        /// So many.
        most: u32,
    },
    /// A token was signed in with, wherever that is. The enrolment that it came by is confirmed by the first time: `record` is
    /// appended with the enrolment's transaction, and where it came by a task with that, whose entry is completed. Nothing is
    /// recorded of what is confirmed already, nor of a token that came by no enrolment. Never lost.
    EnrolmentUsed {
        /// Which token.
        token: CredentialId,
        /// `ENROLLMENT_CONFIRMED`, but for what only the ledger knows.
        record: Box<AuditEvent>,
    },
    /// An entry that a rule holds is handed to another rule, or let go; what still waits of it may end. Lost unless it is held by
    /// that rule, or when no other may have it.
    ProvisioningRuleHold {
        /// Which task.
        task: TaskNumber,
        /// Who.
        user: UserId,
        /// The rule that holds it, by its group.
        from: GroupId,
        /// The rule that does from now on.
        to: Option<GroupId>,
        /// Nothing comes of it any more: Pending and Active become Removed.
        end: bool,
    },
    /// Rules have looked at these users, as they were when so much had become of them. Lost when one of them was changed once more or
    /// looked at by somebody else meanwhile, or something that concerns many has changed.
    ProvisioningRulesSaw {
        /// Who, and [`crate::provisioning_rules::RuleStanding::due`].
        users: Vec<(UserId, i64)>,
        /// What was wanted when they were read: [`crate::provisioning_rules::RulePass::wanted`].
        wanted: i64,
    },
    /// Rules have looked on through everybody. Lost unless they stood where it was seen, and nothing that concerns many has changed.
    ProvisioningPassMove {
        /// What was wanted when they were read: [`crate::provisioning_rules::RulePass::wanted`].
        wanted: i64,
        /// Where they stood: [`crate::provisioning_rules::RulePass::place`].
        seen: Option<String>,
        /// Where they stand now; `None` when everybody was looked at.
        next: Option<String>,
    },
    /// A file of tokens is about to be taken into the stock. Lost when there is one of its id.
    ImportBegin(Box<NewImportJob>),
    /// So many more of its rows are dealt with. Never lost.
    ImportDealt {
        /// Which.
        id: String,
        /// So many.
        rows: u64,
    },
    /// It has come to its end. Never lost.
    ImportEnd {
        /// Which.
        id: String,
    },
    /// A new operator. Lost when the folded name is taken, or there is no such role.
    OperatorAdd(Box<NewOperator>),
    /// An operator's accepted passcode: new bytes. Lost unless at this version.
    OperatorUse {
        /// Who.
        id: OperatorId,
        /// The version read.
        version: Version,
        /// The plugin's new bytes.
        opened: SecretBytes,
    },
    /// Another password hash, and the end of the operator's sessions, but for the one in which it is changed. Lost when there is
    /// no such operator.
    OperatorPassword {
        /// Whose.
        id: OperatorId,
        /// argon2id in PHC form.
        hash: String,
        /// The session that stays.
        keep: SessionId,
    },
    /// Another password and another second factor, and the end of all sessions. Lost when there is no such operator, when they have
    /// another password than was read, or another role than was judged or it permits more by now.
    OperatorRecover(Box<RecoveredOperator>),
    /// Another role. Lost when there is no such operator or role, when they have another one than was judged or it permits more
    /// by now, or when no administrator would be left.
    OperatorRole {
        /// Whose.
        id: OperatorId,
        /// The role that they have, by which it was judged whether it may be taken.
        from: HeldRole,
        /// The role.
        role: RoleRef,
    },
    /// Off or on; off ends the operator's sessions. Lost when there is no such operator, when they have another role than was
    /// judged or it permits more by now, or when no administrator would be left.
    OperatorDisable {
        /// Whose.
        id: OperatorId,
        /// The role that they have, by which it was judged whether they may be switched.
        from: HeldRole,
        /// Off?
        disabled: bool,
    },
    /// An operator is switched on, and may now what is done by their powers. Lost when they are not or may not.
    OperatorStands {
        /// Who.
        id: OperatorId,
        /// What they must be allowed to do.
        may: Permission,
        /// A role that is given by it: all that it permits now, they must be allowed, too.
        gives: RoleRef,
    },
    /// A new session of an operator. Lost when there is no such operator, or they are switched off.
    OperatorSessionStart(NewOperatorSession),
    /// The operator has proved anew who they are, in this session. Lost when it is gone.
    OperatorSessionProved {
        /// Which.
        id: SessionId,
    },
    /// Ends an operator's session. Never lost.
    OperatorSessionEnd {
        /// Which.
        id: SessionId,
    },
    /// A new role. Lost when the name is taken.
    RoleAdd(CustomRole),
    /// Another name, or other permissions. Lost unless it is at the version that is given, or when the name is taken.
    RoleSet(CustomRole),
    /// A role goes. Lost when there is none, or an operator has it.
    RoleDelete {
        /// Which.
        id: RoleId,
    },
    /// A new key of a program. Lost when the name is taken.
    ApiKeyAdd(Box<NewApiKey>),
    /// It is used for the first time. Lost when it was used before, is over or revoked.
    ApiKeyUseFirst {
        /// Which.
        id: ApiKeyId,
    },
    /// It is good no longer, and over at this moment if it was not before. Lost when there is none, or it was revoked before.
    ApiKeyRevoke {
        /// Which.
        id: ApiKeyId,
    },
    /// An act of an operator that waits for another one. Lost when as many wait as may, in all or of who asks.
    PendingActAdd(Box<NewPendingAct>),
    /// What becomes of it. Lost unless it stands at `from`, and is not over; to [`ApprovalState::Expired`], unless it is. Nobody
    /// but whoever asked withdraws it, or does what was approved; nobody but others approves or refuses it. Where it goes on standing
    /// at `from`, only that is looked at.
    PendingActMove {
        /// Which.
        id: ApprovalId,
        /// Where it must stand.
        from: ApprovalState,
        /// Where it goes.
        to: ApprovalState,
        /// Who moves it: row and name; nobody when it is over.
        by: Option<(OperatorId, String)>,
        /// Until when something may come of it from now on, if it is another time.
        expires_at: Option<Timestamp>,
    },
    /// There are operators who may do everything, and are switched on. Lost when there are fewer, as of the end of what comes
    /// before it in this change.
    AdministratorsAreThere {
        /// So many.
        least: u32,
    },
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
            Act::CredentialAdd(_) => "credential_add",
            Act::CredentialReissue { .. } => "credential_reissue",
            Act::CredentialRetarget { .. } => "credential_retarget",
            Act::CredentialActivate { .. } => "credential_activate",
            Act::EnrolmentStillAllowed { .. } => "enrolment_still_allowed",
            Act::CredentialUse { .. } => "credential_use",
            Act::CredentialLearn { .. } => "credential_learn",
            Act::CredentialState { .. } => "credential_state",
            Act::CredentialUnlock { .. } => "credential_unlock",
            Act::CredentialPin { .. } => "credential_pin",
            Act::CredentialLabel { .. } => "credential_label",
            Act::CredentialStock(_) => "credential_stock",
            Act::CredentialAssign { .. } => "credential_assign",
            Act::CredentialRemove { .. } => "credential_remove",
            Act::CredentialDelete { .. } => "credential_delete",
            Act::SessionStart(_) => "session_start",
            Act::SessionRaise { .. } => "session_raise",
            Act::SessionEnd { .. } => "session_end",
            Act::DeferredSessionsEnd { .. } => "deferred_sessions_end",
            Act::SessionsEndOf { .. } => "sessions_end_of",
            Act::OtherSessionsEnd { .. } => "other_sessions_end",
            Act::OneTimePut(_) => "one_time_put",
            Act::OneTimeTake { .. } => "one_time_take",
            Act::MailQueue(_) => "mail_queue",
            Act::UserAdd(..) => "user_add",
            Act::UserPassword { .. } => "user_password",
            Act::UserPasswordRehash { .. } => "user_password_rehash",
            Act::UserDisable { .. } => "user_disable",
            Act::UserUpdate { .. } => "user_update",
            Act::UserDelete { .. } => "user_delete",
            Act::TemporaryPasscodeSet { .. } => "temporary_passcode_set",
            Act::RecoveryCodesSet { .. } => "recovery_codes_set",
            Act::GrantSet { .. } => "grant_set",
            Act::GrantTake { .. } => "grant_take",
            Act::PushStart { .. } => "push_start",
            Act::PushMove { .. } => "push_move",
            Act::PushesCancelOf { .. } => "pushes_cancel_of",
            Act::GroupAdd { .. } => "group_add",
            Act::GroupRename { .. } => "group_rename",
            Act::GroupDelete { .. } => "group_delete",
            Act::GroupMember { .. } => "group_member",
            Act::GroupNest { .. } => "group_nest",
            Act::SettingSet { .. } => "setting_set",
            Act::SettingsStill { .. } => "settings_still",
            Act::ProvisioningTaskAdd(_) => "provisioning_task_add",
            Act::ProvisioningFill { .. } => "provisioning_fill",
            Act::ProvisioningTaskEdit { .. } => "provisioning_task_edit",
            Act::ProvisioningTaskRemove { .. } => "provisioning_task_remove",
            Act::ProvisioningTaskResend { .. } => "provisioning_task_resend",
            Act::ProvisioningTaskSettle { .. } => "provisioning_task_settle",
            Act::ProvisioningMailed { .. } => "provisioning_mailed",
            Act::ProvisioningEntryResend { .. } => "provisioning_entry_resend",
            Act::ProvisioningEntryRemove { .. } => "provisioning_entry_remove",
            Act::ProvisioningLinkTake { .. } => "provisioning_link_take",
            Act::ProvisioningIssued { .. } => "provisioning_issued",
            Act::ProvisioningEnrolled { .. } => "provisioning_enrolled",
            Act::ProvisioningClose { .. } => "provisioning_close",
            Act::ProvisioningFailed { .. } => "provisioning_failed",
            Act::EnrolmentUsed { .. } => "enrolment_used",
            Act::ProvisioningRuleHold { .. } => "provisioning_rule_hold",
            Act::ProvisioningRulesSaw { .. } => "provisioning_rules_saw",
            Act::ProvisioningPassMove { .. } => "provisioning_pass_move",
            Act::ImportBegin(_) => "import_begin",
            Act::ImportDealt { .. } => "import_dealt",
            Act::ImportEnd { .. } => "import_end",
            Act::OperatorAdd(_) => "operator_add",
            Act::OperatorUse { .. } => "operator_use",
            Act::OperatorPassword { .. } => "operator_password",
            Act::OperatorRecover(_) => "operator_recover",
            Act::OperatorRole { .. } => "operator_role",
            Act::OperatorDisable { .. } => "operator_disable",
            Act::OperatorStands { .. } => "operator_stands",
            Act::OperatorSessionStart(_) => "operator_session_start",
            Act::OperatorSessionProved { .. } => "operator_session_proved",
            Act::OperatorSessionEnd { .. } => "operator_session_end",
            Act::RoleAdd(_) => "role_add",
            Act::RoleSet(_) => "role_set",
            Act::RoleDelete { .. } => "role_delete",
            Act::ApiKeyAdd(_) => "api_key_add",
            Act::ApiKeyUseFirst { .. } => "api_key_use_first",
            Act::ApiKeyRevoke { .. } => "api_key_revoke",
            Act::PendingActAdd(_) => "pending_act_add",
            Act::PendingActMove { .. } => "pending_act_move",
            Act::AdministratorsAreThere { .. } => "administrators_are_there",
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
    /// The link by which an operator is made: name, password and second factor are chosen behind it.
    OperatorInvite,
    /// The link by which an operator sets password and second factor anew.
    OperatorRecovery,
    /// What an operator's request under a key of theirs was answered with (24 hours).
    Idempotency,
    /// Somebody was reminded of a deadline: nobody is, twice on the same day before it.
    EnrolmentReminder,
    /// The challenge for a passkey that a user is about to make (5 minutes).
    PasskeyCeremony,
}

impl OneTimePurpose {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            OneTimePurpose::Ticket => "ticket",
            OneTimePurpose::Dispute => "dispute",
            OneTimePurpose::OperatorInvite => "operator_invite",
            OneTimePurpose::OperatorRecovery => "operator_recovery",
            OneTimePurpose::Idempotency => "idempotency",
            OneTimePurpose::EnrolmentReminder => "enrolment_reminder",
            OneTimePurpose::PasskeyCeremony => "passkey_ceremony",
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

    /// And all of another change.
    #[must_use]
    pub fn with(mut self, other: Change) -> Self {
        self.acts.extend(other.acts);
        self.events.extend(other.events);
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
