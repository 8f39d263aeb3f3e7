//! What is kept, and what an act does to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use doorward_api::audit::EventKind;
use doorward_api::decided::{DecisionRecord, ShadowSeen};
use doorward_api::import_job::ImportJob;
use doorward_api::mail::NewMail;
use doorward_api::operator::{ApiKey, CustomRole, Operator, OperatorSession};
use doorward_api::ports::{Act, MeterKey, OneTime};
use doorward_api::provisioning::{MOST_FAILURES, ProvisioningTask, TaskNumber};
use doorward_api::push::Push;
use doorward_api::recovery::SeenRecoveryCodes;
use doorward_api::session::SessionKind;
use doorward_api::settings::{Day, Document, SettingChange, SettingKind, StoredDocument};
use doorward_api::user::TemporaryPasscode;
use doorward_api::{
    AuditEvent, Credential, CredentialId, Flow, Grant, GrantState, GroupId, GroupRef, MailId, PendingAct, SecretBytes,
    Session, Step, Template, Timestamp, TokenForm, TokenHash, TokenState, User, UserId,
};

use crate::provisioning::Provisioned;
use crate::provisioning_rules::RulesWatch;

/// Everything there is.
#[derive(Default, Clone)]
pub struct Rows {
    pub users: Vec<User>,
    pub passwords: HashMap<UserId, String>,
    pub flows: Vec<Flow>,
    /// Those that are nobody's have a user without a name: [`Rows::NOBODY`].
    pub credentials: Vec<Credential>,
    pub sessions: HashMap<TokenHash, Session>,
    pub one_times: HashMap<TokenHash, OneTime>,
    pub mails: Vec<NewMail>,
    /// Of these the ones that were withdrawn before anybody has sent them.
    pub withdrawn_mails: BTreeSet<MailId>,
    pub meters: HashMap<MeterKey, (u32, Timestamp)>,
    pub events: Vec<AuditEvent>,
    /// Where the trail begins, once it was cut.
    pub trail_begins: Option<Timestamp>,
    /// A kind that is not here was never set.
    pub settings: BTreeMap<SettingKind, StoredDocument>,
    /// The Change Log, oldest first.
    pub changes: Vec<(SettingKind, SettingChange)>,
    /// Groups besides those that a user is in from the beginning.
    pub groups: Vec<GroupRef>,
    /// The inner one and the outer one.
    pub nests: Vec<(GroupId, GroupId)>,
    /// Where it counts more than 1.
    pub user_versions: HashMap<UserId, i64>,
    pub temporary_passcodes: HashMap<UserId, TemporaryPasscode>,
    /// One of each user at the most, whether it is over or not.
    pub grants: HashMap<UserId, Grant>,
    pub recovery_codes: HashMap<UserId, SeenRecoveryCodes>,
    /// Requests to devices, oldest first.
    pub pushes: Vec<Push>,
    pub provisioning_tasks: Vec<ProvisioningTask>,
    /// Of which something is still to be done.
    pub unsettled: BTreeSet<TaskNumber>,
    pub provisioned: Vec<Provisioned>,
    pub watch: RulesWatch,
    /// Files of tokens, oldest first.
    pub imports: Vec<ImportJob>,
    pub operators: Vec<Operator>,
    /// Roles that operators have made.
    pub roles: Vec<CustomRole>,
    pub api_keys: Vec<(TokenHash, ApiKey)>,
    /// Acts that wait for a second operator, oldest first.
    pub pending_acts: Vec<PendingAct>,
    pub operator_sessions: HashMap<TokenHash, OperatorSession>,
    pub decisions: Vec<DecisionRecord>,
    pub decisions_left_out: BTreeMap<Day, u64>,
    /// What policies in the shadow have said, by their fingerprint and the outcome.
    pub shadow: BTreeMap<(String, String), ShadowSeen>,
    /// Of whose password the hash is too weak, and which it is.
    pub weak_hashes: HashMap<UserId, String>,
}

impl Rows {
    /// The owner of what is nobody's.
    pub const NOBODY: &str = "";

    /// Sets a document as an operator would, past the ledger.
    pub fn set<D: Document>(&mut self, document: &D) {
        let version = self.settings.get(&D::KIND).map_or(0, |stored| stored.version) + 1;
        let body = Some(serde_json::to_string(document).unwrap());
        self.settings.insert(D::KIND, StoredDocument { body, version });
        if D::KIND == SettingKind::ProvisioningRules {
            self.watch.begin();
        }
    }

    /// How often a document was set.
    pub fn version_of(&self, kind: SettingKind) -> i64 {
        self.settings.get(&kind).map_or(0, |stored| stored.version)
    }

    fn token(&mut self, id: &CredentialId) -> Option<&mut Credential> {
        self.credentials.iter_mut().find(|token| token.id == *id)
    }

    pub(crate) fn has_token(&self, user: &UserId) -> bool {
        self.counting(user) > 0
    }

    /// How many tokens of a user count as one.
    pub(crate) fn counting(&self, user: &UserId) -> usize {
        let counts =
            |token: &&Credential| token.user == *user && token.form.is_token() && token.state.counts_as_token();
        self.credentials.iter().filter(counts).count()
    }

    /// The grant of a user, unless it is over.
    pub fn grant(&self, user: &UserId, now: Timestamp) -> Option<&Grant> {
        self.grants.get(user).filter(|grant| grant.expires_at > now)
    }

    /// Where the grant of a user stands, unless it is over.
    pub(crate) fn grant_state(&self, user: &UserId, now: Timestamp) -> Option<GrantState> {
        self.grant(user, now).map(|grant| grant.state)
    }

    /// Whether the act's condition held.
    pub(crate) fn take(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::FlowStart(flow) => self.flows.push(*flow),
            Act::FlowMove { id, browser, step, nonce, to, new_nonce, user, data, expires_at } => {
                let found = self.flows.iter_mut().find(|flow| flow.id == id);
                let standing = |flow: &&mut Flow| {
                    flow.browser == browser && flow.step == step && flow.nonce == nonce && flow.expires_at > now
                };
                let Some(flow) = found.filter(standing) else { return false };
                let row = Flow { step: to, nonce: new_nonce, user, data: *data, expires_at, ..flow.clone() };
                let left = (to == Step::Cancelled).then_some(row.data.provisioned.zip(row.user.clone())).flatten();
                *flow = row;
                if let Some((task, user)) = left {
                    return self.take(Act::ProvisioningFailed { task, user, most: MOST_FAILURES }, now);
                }
            }
            Act::FlowsSupersede { user, keep, .. } => {
                for flow in &mut self.flows {
                    if flow.user.as_ref() == Some(&user) && flow.id != keep && flow.step.enrolling() {
                        self.events.push(AuditEvent::new(EventKind::EnrollmentSuperseded, flow.context()));
                        flow.step = Step::Superseded;
                    }
                }
                for token in &mut self.credentials {
                    if token.user == user && token.state == TokenState::Assigned && token.form == TokenForm::Software {
                        token.state = TokenState::Revoked;
                    }
                }
            }
            Act::FlowsMakeRoom { user, keep, most, .. } => {
                let counts = |flow: &&mut Flow| {
                    use Step::{CodeIssued, EmailVerified, ExtraProof, NewPin};
                    let verified = matches!(flow.step, ExtraProof | EmailVerified | CodeIssued | NewPin);
                    let open = !flow.step.ended() && flow.expires_at > now && !flow.data.proofs.is_empty();
                    flow.user.as_ref() == Some(&user) && flow.id != keep && open && !verified
                };
                let mut theirs: Vec<&mut Flow> = self.flows.iter_mut().filter(counts).collect();
                let ended = (theirs.len() + 1).saturating_sub(most as usize);
                for flow in theirs.iter_mut().take(ended) {
                    self.events.push(AuditEvent::new(EventKind::SignInSuperseded, flow.context()));
                    flow.step = Step::Superseded;
                }
            }
            Act::UserPasswordRehash { user, old, .. } => {
                return self.weak_hashes.get(&user) == Some(&old) && self.weak_hashes.remove(&user).is_some();
            }
            Act::FlowsEndOf { user, .. } => {
                for flow in self.flows.iter_mut().filter(|flow| flow.user.as_ref() == Some(&user)) {
                    if !flow.step.ended() {
                        flow.step = Step::Cancelled;
                    }
                }
                for token in &mut self.credentials {
                    if token.user == user && token.state == TokenState::Assigned && token.form == TokenForm::Software {
                        token.state = TokenState::Revoked;
                    }
                }
            }
            Act::CredentialIssue(new) => {
                if self.counting(&new.user) >= usize::from(new.most) {
                    return false;
                }
                self.credentials.push(Credential {
                    target: Some(new.target),
                    additional: new.additional,
                    template: new.template,
                    opened: new.opened,
                    ..row((new.id, new.user, new.plugin, new.serial), TokenState::Assigned, TokenForm::Software, now)
                });
            }
            Act::CredentialReissue { id, version, plugin, opened, template } => {
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned && t.version == version)
                else {
                    return false;
                };
                (token.plugin, token.opened, token.template) = (plugin, opened, template);
                token.version = version + 1;
            }
            Act::CredentialRetarget { id, target } => {
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned) else { return false };
                token.target = Some(target);
            }
            Act::CredentialActivate { id, version, opened, most } => {
                let user = self.token(&id).map(|token| token.user.clone());
                if user.is_none_or(|user| self.counting(&user) >= usize::from(most)) {
                    return false;
                }
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned && t.version == version)
                else {
                    return false;
                };
                (token.state, token.opened, token.version, token.fails) = (TokenState::Active, opened, version + 1, 0);
                token.activated_at = Some(now);
            }
            Act::EnrolmentStillAllowed { user, settings } => {
                let same = settings.iter().all(|(kind, version)| self.version_of(*kind) == *version);
                let as_read = self.users.iter().find(|one| one.id == user.id).map(|one| self.with_nested(one));
                return same && !user.disabled && as_read.as_ref() == Some(user.as_ref());
            }
            Act::CredentialUse { id, version, opened } => {
                let fits =
                    |t: &&mut Credential| t.state == TokenState::Active && t.version == version && !t.locked(now);
                let Some(token) = self.token(&id).filter(fits) else { return false };
                (token.opened, token.version, token.fails, token.locked_until) = (opened, version + 1, 0, None);
            }
            Act::SessionStart(new) => {
                let session = Session {
                    id: new.id,
                    user: new.user,
                    kind: new.kind,
                    proofs: new.proofs,
                    created_at: now,
                    last_seen_at: now,
                    expires_at: new.expires_at,
                };
                self.sessions.insert(new.token, session);
            }
            Act::SessionRaise { id, old, token, proofs, expires_at } => {
                if self.sessions.get(&old).is_none_or(|session| session.id != id) {
                    return false;
                }
                let Some(session) = self.sessions.remove(&old) else { return false };
                self.sessions.insert(token, Session { proofs, expires_at, last_seen_at: now, ..session });
            }
            Act::SessionEnd { id } => self.sessions.retain(|_, session| *session.portal() != id),
            Act::SessionsEndOf { user } => self.sessions.retain(|_, session| session.user != user),
            Act::OtherSessionsEnd { user, keep } => {
                self.sessions.retain(|_, session| session.user != user || *session.portal() == keep);
            }
            Act::DeferredSessionsEnd { user, keep } => self.sessions.retain(|_, session| {
                let put_off = session.user == user && session.proofs.deferred_until.is_some();
                !put_off || keep.as_ref() == Some(&session.id)
            }),
            Act::OneTimePut(one) if self.one_times.contains_key(&one.hash) => return false,
            Act::OneTimePut(one) => drop(self.one_times.insert(one.hash, one)),
            Act::OneTimeTake { purpose, hash } => {
                let taken = self.one_times.remove(&hash);
                return taken.is_some_and(|one| one.purpose == purpose && one.expires_at > now);
            }
            Act::MailQueue(mail) => self.mails.push(mail),
            Act::Nothing => {}
            other => return self.take_as_operator(other, now),
        }
        true
    }

    /// The portal sessions of a user.
    pub fn portal_sessions(&self, user: &str) -> Vec<Session> {
        let theirs = |session: &&Session| session.user.as_str() == user && session.kind == SessionKind::Portal;
        self.sessions.values().filter(theirs).cloned().collect()
    }
}

/// A credential as its row begins: nothing is kept of it yet.
pub(crate) fn row(
    (id, user, plugin, serial): (CredentialId, UserId, String, String),
    state: TokenState,
    form: TokenForm,
    now: Timestamp,
) -> Credential {
    Credential {
        id,
        user,
        plugin,
        serial,
        state,
        form,
        label: String::new(),
        target: None,
        additional: false,
        template: Template::STANDARD_APP,
        opened: SecretBytes::default(),
        damaged: false,
        version: 1,
        pin: None,
        pin_version: 0,
        fails: 0,
        locked_until: None,
        created_at: now,
        activated_at: None,
        last_used_at: None,
    }
}
