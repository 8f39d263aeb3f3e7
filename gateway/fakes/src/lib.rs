//! The ports of [`doorward_api::ports`] in memory, for the tests of what stands on them: small, and honest about the conditions
//! of each act. A crate of its own, since a feature of `api` would have it and all that builds on it built twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends there and says so"
)]
#![allow(missing_docs, reason = "only tests read it")]

mod acts;
mod approvals;
mod decisions;
mod dice;
mod imports;
mod provisioning;
mod provisioning_rules;
mod push;
mod register;
mod rows;
mod toys;
mod trail;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::audit::EventKind;
use doorward_api::device::WakeUp;
use doorward_api::flow::Delivery;
use doorward_api::mail::DueMail;
use doorward_api::ports::{
    Change, Clock, Credentials, Directory, Fails, Flows, Ledger, Mailer, MeterKey, Meters, OneTime, OneTimePurpose,
    OneTimes, Outbox, PasswordCheck, PushDelivery, Rehash, Sessions, Settings, Taken,
};
use doorward_api::settings::{SettingChange, SettingKind, StoredDocument};
use doorward_api::{
    AuditEvent, CommitError, Credential, CredentialId, Flow, FlowId, FoldedName, GroupRef, MailId, Secret, Session,
    SessionId, StoreError, Timestamp, TokenHash, TokenState, User, UserId, VirtualServerId,
};

pub use dice::Dice;
pub use provisioning::Provisioned;
pub use provisioning_rules::RulesWatch;
pub use rows::Rows;
pub use toys::ToyTokens;

/// When every story begins.
pub fn now() -> Timestamp {
    Timestamp::from_secs(1_764_000_000)
}

/// The world behind the ports.
#[derive(Default)]
pub struct World {
    pub rows: Mutex<Rows>,
    /// What the mail server says; it is down when `None`.
    pub mail_server: Mutex<Option<Delivery>>,
    pub delivered: Mutex<HashMap<MailId, Delivery>>,
    /// What push services say; they take everything when `None`.
    pub push_service: Mutex<Option<PushDelivery>>,
    /// What they were sent, oldest first.
    pub woken: Mutex<Vec<WakeUp>>,
    /// The store does not answer.
    pub down: Mutex<bool>,
    /// Or only when it is asked for a session.
    pub sessions_down: Mutex<bool>,
    /// Whoever asks it for a session panics.
    pub broken: Mutex<bool>,
    /// Too many passwords are being checked.
    pub busy: Mutex<bool>,
    /// Every limit is reached.
    pub full: Mutex<bool>,
    /// How many changes were asked for.
    pub commits: AtomicU64,
}

impl World {
    /// alice, bob and carol (who has no address), all in `staff`; the mail server works.
    pub fn new() -> Arc<Self> {
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

    pub fn kinds(&self) -> Vec<EventKind> {
        self.rows.lock().unwrap().events.iter().map(|event| event.kind).collect()
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Rows) -> T) -> T {
        look(&mut self.rows.lock().unwrap())
    }

    /// A field of the newest mail that has it.
    pub fn mailed(&self, field: &str) -> Option<String> {
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
        Ok(self.with(|rows| {
            let found = rows.users.iter().find(|user| FoldedName::assume(&user.name) == *name);
            found.map(|user| rows.with_nested(user))
        }))
    }
    async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.users.iter().find(|u| u.id == *user).map(|user| rows.with_nested(user))))
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
        let broken = *self.broken.lock().unwrap();
        assert!(!broken, "broken by the test");
        self.up()?;
        if *self.sessions_down.lock().unwrap() {
            return Err(StoreError::Unavailable("pulled the plug".into()));
        }
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
        let somebodys = |token: &&Credential| token.id == *id && token.user.as_str() != Rows::NOBODY;
        Ok(self.with(|rows| rows.credentials.iter().find(somebodys).cloned()))
    }
    async fn credential_by_serial(&self, _: &VirtualServerId, serial: &str) -> Result<Option<Credential>, StoreError> {
        self.up()?;
        let somebodys = |token: &&Credential| token.serial == serial && token.user.as_str() != Rows::NOBODY;
        Ok(self.with(|rows| rows.credentials.iter().find(somebodys).cloned()))
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

    async fn one_times(
        &self,
        _: &VirtualServerId,
        purpose: OneTimePurpose,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<OneTime>, StoreError> {
        self.up()?;
        let all: Vec<OneTime> = self.with(|rows| rows.one_times.values().cloned().collect());
        let live = all.into_iter().filter(|one| one.purpose == purpose && one.expires_at > now);
        Ok(live.take(most as usize).collect())
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
        if *self.full.lock().unwrap() {
            return Ok(Taken::Full { until: now + window });
        }
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
    async fn document(&self, _: &VirtualServerId, kind: SettingKind) -> Result<StoredDocument, StoreError> {
        self.up()?;
        let never = StoredDocument { body: None, version: 0 };
        Ok(self.with(|rows| rows.settings.get(&kind).cloned()).unwrap_or(never))
    }
    async fn changes(
        &self,
        _: &VirtualServerId,
        kind: SettingKind,
        limit: u32,
    ) -> Result<Vec<SettingChange>, StoreError> {
        self.up()?;
        let of_kind = |(of, change): &(SettingKind, SettingChange)| (*of == kind).then(|| change.clone());
        Ok(self.with(|rows| rows.changes.iter().rev().filter_map(of_kind).take(limit as usize).collect()))
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
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.up()?;
        tokio::task::yield_now().await;
        self.with(|rows| {
            let mut after = rows.clone();
            for (act, what) in change.acts.into_iter().enumerate() {
                let name = what.name();
                after.watch.after(&what);
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

/// Details of the newest event of a kind.
pub fn details(world: &World, kind: EventKind) -> BTreeMap<&'static str, serde_json::Value> {
    world.with(|rows| rows.events.iter().rev().find(|event| event.kind == kind).unwrap().details.clone())
}
