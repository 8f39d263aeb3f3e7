//! An outbox, a directory, a clock and counters in memory, around a sender.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use doorward_api::flow::Delivery;
use doorward_api::keys::MasterKey;
use doorward_api::mail::{DueMail, MailKind, NewMail};
use doorward_api::ports::{Clock, Directory, Mailer, Metrics, Outbox, PasswordCheck, Settings};
use doorward_api::proof::Factor;
use doorward_api::settings::{Appearance, SettingChange, SettingKind, StoredDocument};
use doorward_api::{
    AuditEvent, FlowId, FoldedName, MailId, Secret, StoreError, Timestamp, User, UserId, VirtualServerId,
};
use doorward_views::Views;

use super::Sink;
use crate::{Means, OutboxParts, OutboxSender, Protection, Smtp, SmtpSettings};

/// One queued mail and where it stands.
struct Row {
    mail: NewMail,
    attempts: u32,
    due_at: Timestamp,
    delivery: Delivery,
}

/// Everything that a sender touches.
#[derive(Default)]
pub(crate) struct World {
    rows: Mutex<BTreeMap<String, Row>>,
    pub(crate) email: Mutex<Option<String>>,
    /// The account is switched off.
    pub(crate) disabled: Mutex<bool>,
    /// The appearance as it is stored, and how often it was changed.
    appearance: Mutex<(Option<String>, i64)>,
    pub(crate) events: Mutex<Vec<AuditEvent>>,
    pub(crate) counted: Mutex<Vec<(&'static str, &'static str)>>,
    /// How often settling fails before it works.
    pub(crate) settle_fails: Mutex<u32>,
    /// Whether the store answers at all.
    pub(crate) store_down: Mutex<bool>,
    now: AtomicI64,
}

pub(crate) const BRAND: &str = "Example Org";

pub(crate) fn vs() -> VirtualServerId {
    VirtualServerId::new("default")
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        let world = Self::default();
        *world.email.lock().unwrap() = Some("Alice@Example.test".into());
        world.now.store(1_764_000_000_000, Ordering::SeqCst);
        Arc::new(world)
    }

    pub(crate) fn key() -> MasterKey {
        MasterKey::new(vec![7; 32]).unwrap()
    }

    /// A sender to a sink, impatient enough for tests.
    pub(crate) fn sender(self: &Arc<Self>, sink: &Sink) -> OutboxSender {
        self.sender_to(sink.address.port())
    }

    pub(crate) fn sender_to(self: &Arc<Self>, port: u16) -> OutboxSender {
        let smtp = Smtp::new(SmtpSettings {
            host: "127.0.0.1".into(),
            port,
            protection: Protection::None,
            from: "Doorward <doorward@example.test>".into(),
            ..SmtpSettings::default()
        });
        OutboxSender::new(OutboxParts {
            outbox: self.clone(),
            directory: self.clone(),
            means: Arc::new(ArcSwap::from_pointee(Means {
                smtp: smtp.unwrap().with_patience(Duration::from_millis(400)),
                views: Arc::new(Views::new(None).unwrap()),
            })),
            settings: self.clone(),
            brand: Box::new(|_| BRAND.to_owned()),
            key: Self::key(),
            clock: self.clone(),
            metrics: self.clone(),
        })
    }

    /// Queues a verification code that is good for ten minutes.
    pub(crate) fn queue_code(&self, code: &str) -> MailId {
        let fields = [("code", code), ("minutes", "10")];
        self.queue(MailKind::VerificationCode, &fields)
    }

    pub(crate) fn queue(&self, kind: MailKind, fields: &[(&str, &str)]) -> MailId {
        let mut rows = self.rows.lock().unwrap();
        let id = MailId::new(format!("mail{}", rows.len() + 1));
        let now = self.now();
        let mail = NewMail {
            id: id.clone(),
            user: UserId::new("u1"),
            kind,
            language: "en".into(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
            flow: Some(FlowId::new("f1")),
            expires_at: now + Duration::from_secs(600),
        };
        rows.insert(id.as_str().to_owned(), Row { mail, attempts: 0, due_at: now, delivery: Delivery::Pending });
        id
    }

    /// An operator changes how mails look.
    pub(crate) fn dress(&self, appearance: &Appearance) {
        self.store_appearance(&serde_json::to_string(appearance).unwrap());
    }

    pub(crate) fn store_appearance(&self, body: &str) {
        let mut stored = self.appearance.lock().unwrap();
        *stored = (Some(body.to_owned()), stored.1 + 1);
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// When a mail is due again, in seconds from now.
    pub(crate) fn due_in(&self, id: &MailId) -> u64 {
        self.rows.lock().unwrap()[id.as_str()].due_at.since(self.now()).as_secs()
    }

    pub(crate) fn state(&self, id: &MailId) -> Delivery {
        self.rows.lock().unwrap()[id.as_str()].delivery
    }

    pub(crate) fn event_names(&self) -> Vec<String> {
        self.events.lock().unwrap().iter().map(|event| event.kind.name()).collect()
    }

    /// One field of the last event.
    pub(crate) fn event_field(&self, name: &str) -> String {
        let events = self.events.lock().unwrap();
        let value = events.last().unwrap().details.get(name).cloned().unwrap_or_default();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    fn take_row(row: &mut Row, lease: Duration, now: Timestamp) -> Option<DueMail> {
        if row.delivery != Delivery::Pending || row.due_at > now {
            return None;
        }
        row.due_at = now + lease;
        row.attempts += 1;
        Some(DueMail { virtual_server: vs(), mail: row.mail.clone(), attempts: row.attempts - 1 })
    }

    fn answers(&self) -> Result<(), StoreError> {
        if *self.store_down.lock().unwrap() { Err(StoreError::Unavailable("down".into())) } else { Ok(()) }
    }
}

/// Delivers as the sign-in does, but waits until the try is over even on a busy machine.
pub(crate) async fn deliver(sender: &OutboxSender, id: &MailId) -> Delivery {
    sender.deliver(&vs(), id, Duration::from_secs(20)).await
}

#[async_trait]
impl Outbox for World {
    async fn take_due(&self, limit: u32, lease: Duration, now: Timestamp) -> Result<Vec<DueMail>, StoreError> {
        self.answers()?;
        let mut rows = self.rows.lock().unwrap();
        Ok(rows.values_mut().filter_map(|row| Self::take_row(row, lease, now)).take(limit as usize).collect())
    }

    async fn take(
        &self,
        _: &VirtualServerId,
        id: &MailId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<DueMail>, StoreError> {
        self.answers()?;
        Ok(self.rows.lock().unwrap().get_mut(id.as_str()).and_then(|row| Self::take_row(row, lease, now)))
    }

    async fn keep(&self, due: &DueMail, lease: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.answers()?;
        if let Some(row) = self.rows.lock().unwrap().get_mut(due.mail.id.as_str())
            && row.attempts == due.attempts + 1
        {
            row.due_at = now + lease;
        }
        Ok(())
    }

    async fn delivery(&self, _: &VirtualServerId, id: &MailId) -> Result<Option<Delivery>, StoreError> {
        self.answers()?;
        Ok(self.rows.lock().unwrap().get(id.as_str()).map(|row| row.delivery))
    }

    async fn settle(
        &self,
        _: &VirtualServerId,
        id: &MailId,
        outcome: Delivery,
        event: AuditEvent,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let mut fails = self.settle_fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return Err(StoreError::Unavailable("busy".into()));
        }
        self.rows.lock().unwrap().get_mut(id.as_str()).unwrap().delivery = outcome;
        self.events.lock().unwrap().push(event);
        Ok(())
    }

    async fn postpone(&self, _: &VirtualServerId, id: &MailId, again_at: Timestamp) -> Result<(), StoreError> {
        self.rows.lock().unwrap().get_mut(id.as_str()).unwrap().due_at = again_at;
        Ok(())
    }
}

#[async_trait]
impl Settings for World {
    async fn document(&self, _: &VirtualServerId, kind: SettingKind) -> Result<StoredDocument, StoreError> {
        self.answers()?;
        assert_eq!(kind, SettingKind::Appearance);
        let (body, version) = self.appearance.lock().unwrap().clone();
        Ok(StoredDocument { body, version })
    }

    async fn changes(&self, _: &VirtualServerId, _: SettingKind, _: u32) -> Result<Vec<SettingChange>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Directory for World {
    async fn find(&self, _: &VirtualServerId, _: &FoldedName) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        Ok(Some(User {
            id: user.clone(),
            name: "alice".into(),
            display_name: "Alice".into(),
            email: self.email.lock().unwrap().clone(),
            disabled: *self.disabled.lock().unwrap(),
            groups: Vec::new(),
        }))
    }

    async fn check_password(
        &self,
        _: &VirtualServerId,
        _: Option<&UserId>,
        _: &Secret,
    ) -> Result<PasswordCheck, StoreError> {
        Ok(PasswordCheck::Wrong)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

impl Metrics for World {
    fn mail(&self, _: &str, kind: &'static str, outcome: &'static str) {
        self.counted.lock().unwrap().push((kind, outcome));
    }
    fn decision(&self, _: &str, _: &str, _: &'static str, _: bool, _: Duration) {}
    fn shadow(&self, _: &str, _: &'static str, _: u64) {}
    fn decisions_lost(&self, _: &'static str, _: u64) {}
    fn request(&self, _: &str, _: &str, _: &'static str, _: Duration) {}
    fn upstream(&self, _: &str, _: &'static str) {}
    fn sign_in(&self, _: &str, _: Factor, _: &'static str) {}
    fn flow_refusal(&self, _: &str, _: &'static str) {}
    fn enrollment(&self, _: &str, _: &'static str, _: &'static str) {}
    fn push(&self, _: &str, _: &'static str) {}
    fn device_call(&self, _: &str, _: &'static str, _: &'static str) {}
    fn reload(&self, _: &'static str, _: &'static str) {}
    fn front_refusal(&self, _: &'static str) {}
}
