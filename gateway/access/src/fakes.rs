//! The ports in memory, for tests of the desk: small, and honest about the conditions of each act.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::audit::EventKind;
use doorward_api::credential::Credential;
use doorward_api::flow::Delivery;
use doorward_api::mail::{DueMail, NewMail};
use doorward_api::plugin::{Authenticator, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::ports::{
    Act, Change, Clock, Credentials, Directory, Entropy, Fails, Flows, Ledger, Mailer, MeterKey, Meters, NoMetrics,
    OneTime, OneTimePurpose, OneTimes, Outbox, PasswordCheck, Rehash, Sessions, Settings, Taken,
};
use doorward_api::session::SessionKind;
use doorward_api::{
    AuditEvent, CommitError, CredentialId, Factor, Flow, FlowId, FoldedName, GroupRef, MailId, PluginError, Secret,
    SecretBytes, SelfProvisioning, Session, SessionId, Step, StoreError, Target, Template, Timestamp, TokenHash,
    TokenState, User, UserId, VirtualServerId,
};

use crate::names::fold_name;
use crate::ports::Ports;
use crate::testing::{Dice, now};

/// Everything there is.
#[derive(Default, Clone)]
pub(crate) struct Rows {
    pub(crate) users: Vec<User>,
    pub(crate) passwords: HashMap<UserId, String>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) sessions: HashMap<TokenHash, Session>,
    pub(crate) one_times: HashMap<TokenHash, OneTime>,
    pub(crate) mails: Vec<NewMail>,
    pub(crate) meters: HashMap<MeterKey, (u32, Timestamp)>,
    pub(crate) events: Vec<AuditEvent>,
    pub(crate) settings: Option<SelfProvisioning>,
    /// Of whose password the hash is too weak, and which it is.
    pub(crate) weak_hashes: HashMap<UserId, String>,
}

/// The world behind the ports.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) rows: Mutex<Rows>,
    /// What the mail server says; it is down when `None`.
    pub(crate) mail_server: Mutex<Option<Delivery>>,
    pub(crate) delivered: Mutex<HashMap<MailId, Delivery>>,
    /// The store does not answer.
    pub(crate) down: Mutex<bool>,
    /// Too many passwords are being checked.
    pub(crate) busy: Mutex<bool>,
}

impl World {
    /// alice, bob and carol (who has no address), all in `staff`; the mail server works.
    pub(crate) fn new() -> Arc<Self> {
        let world = Self { mail_server: Mutex::new(Some(Delivery::Sent)), ..Self::default() };
        for (name, email) in [("alice", Some("alice@example.test")), ("bob", Some("bob@example.test")), ("carol", None)]
        {
            let user = User {
                id: UserId::new(format!("u-{name}")),
                name: name.into(),
                display_name: String::new(),
                email: email.map(str::to_owned),
                disabled: false,
                groups: vec![GroupRef { id: "g-staff".into(), name: "staff".into() }],
            };
            let mut rows = world.rows.lock().unwrap();
            rows.passwords.insert(user.id.clone(), format!("password of {name}"));
            rows.users.push(user);
        }
        Arc::new(world)
    }

    pub(crate) fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            directory: self.clone(),
            sessions: self.clone(),
            flows: self.clone(),
            credentials: self.clone(),
            one_times: self.clone(),
            meters: self.clone(),
            settings: self.clone(),
            ledger: self.clone(),
            mailer: self.clone(),
            outbox: self.clone(),
            clock: self.clone(),
            entropy: Arc::new(Dice::default()),
            metrics: Arc::new(NoMetrics),
        }
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.rows.lock().unwrap().events.iter().map(|event| event.kind).collect()
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Rows) -> T) -> T {
        look(&mut self.rows.lock().unwrap())
    }

    /// A field of the newest mail that has it.
    pub(crate) fn mailed(&self, field: &str) -> Option<String> {
        let rows = self.rows.lock().unwrap();
        rows.mails.iter().rev().find_map(|mail| mail.fields.get(field)).map(|secret| secret.expose().to_owned())
    }

    fn up(&self) -> Result<(), StoreError> {
        if *self.down.lock().unwrap() { Err(StoreError::Unavailable("pulled the plug".into())) } else { Ok(()) }
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        now()
    }
}

#[async_trait]
impl Directory for World {
    async fn find(&self, _: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.users.iter().find(|user| fold_name(&user.name).as_ref() == Some(name)).cloned()))
    }
    async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.users.iter().find(|u| u.id == *user).cloned()))
    }
    async fn check_password(
        &self,
        _: &VirtualServerId,
        user: Option<&UserId>,
        password: &Secret,
    ) -> Result<PasswordCheck, StoreError> {
        self.up()?;
        if *self.busy.lock().unwrap() {
            return Ok(PasswordCheck::Busy);
        }
        let right = user.and_then(|user| self.with(|rows| rows.passwords.get(user).cloned()));
        Ok(if right.as_deref() == Some(password.expose()) { PasswordCheck::Right } else { PasswordCheck::Wrong })
    }
    async fn rehash(&self, _: &VirtualServerId, user: &UserId, _: &Secret) -> Result<Option<Rehash>, StoreError> {
        let old = self.with(|rows| rows.weak_hashes.get(user).cloned());
        Ok(old.map(|old| Rehash { old, new: "strong".into() }))
    }
}

#[async_trait]
impl Sessions for World {
    async fn session(
        &self,
        _: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        self.up()?;
        let found = self.with(|rows| rows.sessions.get(token).cloned());
        Ok(found.filter(|s| s.expires_at > now && now.since(s.last_seen_at) < idle))
    }
    async fn touch(&self, _: &VirtualServerId, _: &SessionId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
    async fn live_sessions(&self, _: &VirtualServerId, _: Timestamp) -> Result<u64, StoreError> {
        Ok(self.with(|rows| rows.sessions.len()) as u64)
    }
}

#[async_trait]
impl Flows for World {
    async fn flow_of_browser(
        &self,
        _: &VirtualServerId,
        browser: &TokenHash,
        _: Timestamp,
    ) -> Result<Option<Flow>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.flows.iter().rev().find(|flow| flow.browser == *browser).cloned()))
    }
    async fn flow(&self, _: &VirtualServerId, id: &FlowId) -> Result<Option<Flow>, StoreError> {
        Ok(self.with(|rows| rows.flows.iter().find(|flow| flow.id == *id).cloned()))
    }
    async fn open_flows(&self, _: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        self.up()?;
        let open = |flow: &&Flow| !flow.step.ended() && flow.expires_at > now;
        Ok(self.with(|rows| rows.flows.iter().filter(open).count()) as u64)
    }
}

#[async_trait]
impl Credentials for World {
    async fn credentials_of(&self, _: &VirtualServerId, user: &UserId) -> Result<Vec<Credential>, StoreError> {
        self.up()?;
        let owned = |token: &&Credential| token.user == *user && token.state != TokenState::Revoked;
        Ok(self.with(|rows| rows.credentials.iter().filter(owned).cloned().collect()))
    }
    async fn credential(&self, _: &VirtualServerId, id: &CredentialId) -> Result<Option<Credential>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.credentials.iter().find(|token| token.id == *id).cloned()))
    }
    async fn count_failure(
        &self,
        _: &VirtualServerId,
        id: &CredentialId,
        permitted: u32,
        lock: Duration,
        now: Timestamp,
    ) -> Result<Fails, StoreError> {
        self.with(|rows| {
            let token = rows.credentials.iter_mut().find(|token| token.id == *id).unwrap();
            if token.locked_until.is_some_and(|until| until <= now) {
                (token.fails, token.locked_until) = (0, None);
            }
            token.fails += 1;
            if token.fails > permitted {
                token.locked_until = token.locked_until.or(Some(now + lock));
            }
            Ok(Fails { count: token.fails, locked_until: token.locked_until })
        })
    }
}

#[async_trait]
impl OneTimes for World {
    async fn one_time(
        &self,
        _: &VirtualServerId,
        purpose: OneTimePurpose,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        self.up()?;
        let found = self.with(|rows| rows.one_times.get(hash).cloned());
        Ok(found.filter(|one| one.purpose == purpose && one.expires_at > now))
    }
}

#[async_trait]
impl Meters for World {
    async fn count(
        &self,
        _: &VirtualServerId,
        key: &MeterKey,
        window: Duration,
        now: Timestamp,
    ) -> Result<(u32, Timestamp), StoreError> {
        self.up()?;
        self.with(|rows| {
            let meter = rows.meters.entry(key.clone()).or_insert((0, now + window));
            if meter.1 <= now {
                *meter = (0, now + window);
            }
            meter.0 += 1;
            Ok(*meter)
        })
    }
    async fn take_place(
        &self,
        vs: &VirtualServerId,
        key: &MeterKey,
        limit: u32,
        window: Duration,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let (counted, until) = self.read(vs, key, now).await?;
        if counted >= limit {
            return Ok(Taken::Full { until });
        }
        self.count(vs, key, window, now).await.map(|(number, ends)| Taken::Place { number, ends })
    }
    async fn give_back(&self, _: &VirtualServerId, key: &MeterKey, ends: Timestamp) -> Result<(), StoreError> {
        self.up()?;
        self.with(|rows| match rows.meters.get_mut(key) {
            Some(meter) if meter.1 == ends => meter.0 = meter.0.saturating_sub(1),
            _ => {}
        });
        Ok(())
    }
    async fn read(&self, _: &VirtualServerId, key: &MeterKey, now: Timestamp) -> Result<(u32, Timestamp), StoreError> {
        Ok(self.with(|rows| rows.meters.get(key).copied()).filter(|meter| meter.1 > now).unwrap_or((0, now)))
    }
    async fn forget(&self, _: &VirtualServerId, key: &MeterKey) -> Result<(), StoreError> {
        self.with(|rows| rows.meters.remove(key));
        Ok(())
    }
}

#[async_trait]
impl Settings for World {
    async fn self_provisioning(&self, _: &VirtualServerId) -> Result<SelfProvisioning, StoreError> {
        self.up()?;
        let set = self.with(|rows| rows.settings.clone());
        Ok(set.unwrap_or_else(SelfProvisioning::for_new_virtual_server))
    }
}

#[async_trait]
impl Mailer for World {
    async fn deliver(&self, _: &VirtualServerId, mail: &MailId, _: Duration) -> Delivery {
        let said = self.mail_server.lock().unwrap().unwrap_or(Delivery::Pending);
        self.delivered.lock().unwrap().insert(mail.clone(), said);
        said
    }
}

#[async_trait]
impl Outbox for World {
    async fn take_due(&self, _: u32, _: Duration, _: Timestamp) -> Result<Vec<DueMail>, StoreError> {
        Ok(Vec::new())
    }
    async fn take(
        &self,
        _: &VirtualServerId,
        _: &MailId,
        _: Duration,
        _: Timestamp,
    ) -> Result<Option<DueMail>, StoreError> {
        Ok(None)
    }
    async fn keep(&self, _: &DueMail, _: Duration, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
    async fn delivery(&self, _: &VirtualServerId, id: &MailId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.delivered.lock().unwrap().get(id).copied())
    }
    async fn settle(
        &self,
        _: &VirtualServerId,
        _: &MailId,
        _: Delivery,
        _: AuditEvent,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }
    async fn postpone(&self, _: &VirtualServerId, _: &MailId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Ledger for World {
    async fn commit(&self, _: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError> {
        self.up()?;
        tokio::task::yield_now().await;
        self.with(|rows| {
            let mut after = rows.clone();
            for (act, what) in change.acts.into_iter().enumerate() {
                let name = what.name();
                if !after.take(what, now) {
                    return Err(CommitError::Lost { act, what: name });
                }
            }
            after.events.extend(change.events);
            *rows = after;
            Ok(())
        })
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.up()
    }
}

impl Rows {
    fn token(&mut self, id: &CredentialId) -> Option<&mut Credential> {
        self.credentials.iter_mut().find(|token| token.id == *id)
    }

    fn has_token(&self, user: &UserId) -> bool {
        self.credentials.iter().any(|token| token.user == *user && token.state.counts_as_token())
    }

    /// Whether the act's condition held.
    fn take(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::FlowStart(flow) => self.flows.push(*flow),
            Act::FlowMove { id, browser, step, nonce, to, new_nonce, user, data, expires_at } => {
                let found = self.flows.iter_mut().find(|flow| flow.id == id);
                let standing = |flow: &&mut Flow| {
                    flow.browser == browser && flow.step == step && flow.nonce == nonce && flow.expires_at > now
                };
                let Some(flow) = found.filter(standing) else { return false };
                let row = Flow { step: to, nonce: new_nonce, user, data: *data, expires_at, ..flow.clone() };
                *flow = row;
            }
            Act::FlowsSupersede { user, keep, .. } => {
                for flow in &mut self.flows {
                    if flow.user.as_ref() == Some(&user) && flow.id != keep && flow.step.enrolling() {
                        self.events.push(AuditEvent::new(EventKind::EnrollmentSuperseded, flow.context()));
                        flow.step = Step::Superseded;
                    }
                }
                for token in &mut self.credentials {
                    if token.user == user && token.state == TokenState::Assigned {
                        token.state = TokenState::Revoked;
                    }
                }
            }
            Act::FlowsMakeRoom { user, keep, most, .. } => {
                let counts = |flow: &&mut Flow| {
                    let verified = matches!(flow.step, Step::EmailVerified | Step::CodeIssued);
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
                    if token.user == user && token.state == TokenState::Assigned {
                        token.state = TokenState::Revoked;
                    }
                }
            }
            Act::CredentialIssue(new) => {
                if self.has_token(&new.user) {
                    return false;
                }
                self.credentials.push(Credential {
                    id: new.id,
                    user: new.user,
                    plugin: new.plugin,
                    serial: new.serial,
                    state: TokenState::Assigned,
                    target: new.target,
                    template: new.template,
                    opened: new.opened,
                    version: 1,
                    fails: 0,
                    locked_until: None,
                    created_at: now,
                    activated_at: None,
                    last_used_at: None,
                });
            }
            Act::CredentialReissue { id, version, opened, template } => {
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned && t.version == version)
                else {
                    return false;
                };
                (token.opened, token.template, token.version) = (opened, template, version + 1);
            }
            Act::CredentialRetarget { id, target } => {
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned) else { return false };
                token.target = target;
            }
            Act::CredentialActivate { id, version, opened } => {
                let user = self.token(&id).map(|token| token.user.clone());
                if user.is_none_or(|user| self.has_token(&user)) {
                    return false;
                }
                let Some(token) = self.token(&id).filter(|t| t.state == TokenState::Assigned && t.version == version)
                else {
                    return false;
                };
                (token.state, token.opened, token.version, token.fails) = (TokenState::Active, opened, version + 1, 0);
            }
            Act::EnrolmentStillAllowed { user, settings } => {
                let now = self.settings.clone().unwrap_or_else(SelfProvisioning::for_new_virtual_server);
                return now == settings && !user.disabled && self.users.contains(&user);
            }
            Act::CredentialUse { id, version, opened } => {
                let fits =
                    |t: &&mut Credential| t.state == TokenState::Active && t.version == version && !t.locked(now);
                let Some(token) = self.token(&id).filter(fits) else { return false };
                (token.opened, token.version, token.fails, token.locked_until) = (opened, version + 1, 0, None);
            }
            Act::CredentialState { id, from, to } => {
                let Some(token) = self.token(&id).filter(|t| from.contains(&t.state)) else { return false };
                token.state = to;
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
            Act::SessionRaise { id, token, proofs, expires_at } => {
                let Some(old) = self.sessions.iter().find(|(_, s)| s.id == id).map(|(hash, _)| *hash) else {
                    return false;
                };
                let Some(session) = self.sessions.remove(&old) else { return false };
                self.sessions.insert(token, Session { proofs, expires_at, last_seen_at: now, ..session });
            }
            Act::SessionEnd { id } => self.sessions.retain(|_, session| *session.portal() != id),
            Act::SessionsEndOf { user } => self.sessions.retain(|_, session| session.user != user),
            Act::OneTimePut(one) => drop(self.one_times.insert(one.hash, one)),
            Act::OneTimeTake { purpose, hash } => {
                let taken = self.one_times.remove(&hash);
                return taken.is_some_and(|one| one.purpose == purpose && one.expires_at > now);
            }
            Act::MailQueue(mail) => self.mails.push(mail),
            other => panic!("{} is nothing that signing in does", other.name()),
        }
        true
    }

    /// The portal sessions of a user.
    pub(crate) fn portal_sessions(&self, user: &str) -> Vec<Session> {
        let theirs = |session: &&Session| session.user.as_str() == user && session.kind == SessionKind::Portal;
        self.sessions.values().filter(theirs).cloned().collect()
    }
}

/// A token whose passcode is easily worked out: its number times the step of thirty seconds.
pub(crate) struct ToyTokens(pub(crate) Dice);

/// `number:last used step`
fn kept(opened: &SecretBytes) -> (u64, u64) {
    let text = String::from_utf8(opened.expose().to_vec()).unwrap();
    let (number, last) = text.split_once(':').unwrap();
    (number.parse().unwrap(), last.parse().unwrap())
}

impl ToyTokens {
    /// What the user's app shows.
    pub(crate) fn passcode(opened: &SecretBytes, now: Timestamp) -> String {
        Self::at_step(kept(opened).0, now.secs() / 30)
    }

    fn at_step(number: u64, step: u64) -> String {
        format!("{:06}", number.wrapping_mul(step) % 1_000_000)
    }
}

impl Plugin for ToyTokens {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for ToyTokens {
    fn factor(&self) -> Factor {
        Factor::Otp
    }
    fn fits(&self, _: &Template, _: Target) -> Result<(), WhyNot> {
        Ok(())
    }
    async fn offer(&self, _: &OfferRequest, _: Timestamp) -> Result<Offer, PluginError> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(Offer { opened: SecretBytes::new(format!("{}:0", u32::from_le_bytes(bytes)).into_bytes()) })
    }
    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        let number = kept(opened).0;
        Ok(OfferView {
            uri: Secret::new(format!("otpauth://totp/{}:{}?secret={number}", request.issuer, request.account)),
            key: Secret::new(number.to_string()),
        })
    }
    async fn verify(
        &self,
        opened: &SecretBytes,
        _: &Template,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        // Others have their turn meanwhile, as at a real one.
        tokio::task::yield_now().await;
        let (number, last) = kept(opened);
        let step = now.secs() / 30;
        let fitting = [step - 1, step, step + 1].into_iter().find(|s| Self::at_step(number, *s) == answer.expose());
        Ok(match fitting {
            Some(step) if step <= last => Verified::Replayed,
            Some(step) => Verified::Accepted { updated: SecretBytes::new(format!("{number}:{step}").into_bytes()) },
            None => Verified::Rejected,
        })
    }
}

/// Details of the newest event of a kind.
pub(crate) fn details(world: &World, kind: EventKind) -> BTreeMap<&'static str, serde_json::Value> {
    world.with(|rows| rows.events.iter().rev().find(|event| event.kind == kind).unwrap().details.clone())
}
