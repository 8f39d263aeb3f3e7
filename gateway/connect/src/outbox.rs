//! Sends what lies in the outbox: at once for somebody who waits, again and again for everything else.
//!
//! A mail is taken for a limited time, in which nobody else has it. Its words are rendered and its address is read at the
//! moment it is sent (EN-09). What became of it is written together with its audit record.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use doorward_api::flow::Delivery;
use doorward_api::keys::{MacKey, MasterKey, Purpose};
use doorward_api::mail::{DueMail, MailKind};
use doorward_api::ports::{Clock, Directory, Mailer, Metrics, Outbox, Settings};
use doorward_api::settings::{Appearance, Document};
use doorward_api::{AuditEvent, EventContext, EventKind, MailId, StoreError, VirtualServerId};
use doorward_views::{Look, Looks, Views};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::address::MailAddress;
use crate::letter::Letter;
use crate::smtp::{SendError, Smtp};

/// How long a taken mail belongs to one sender who says nothing more of it: so long does somebody wait for a code whose
/// sender was killed.
const LEASE: Duration = Duration::from_secs(15);
/// How often a sender who is at it says so.
const KEEP: Duration = Duration::from_secs(3);
/// Mails sent at the same time; one slow mail does not hold up the others.
const AT_ONCE: u32 = 8;
/// How often the outbox is looked into.
const POLL: Duration = Duration::from_secs(1);
/// How often somebody who waits for a mail that another sender has looks what became of it.
const WATCH: Duration = Duration::from_millis(100);
/// How often writing the outcome of a sent mail is tried: if it is lost, the mail is sent twice.
const SETTLE_TRIES: u32 = 5;
/// Outcomes remembered for those who wait.
const REMEMBERED: usize = 256;

/// The pause before the next try: 2 s, 4 s, … 1 min.
fn pause(attempts_before: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(attempts_before.saturating_add(1)).min(60))
}

/// What the sender works with.
pub struct OutboxParts {
    /// The queue.
    pub outbox: Arc<dyn Outbox>,
    /// Where addresses are read.
    pub directory: Arc<dyn Directory>,
    /// Words and mail server. Others may be put in their place at any time; a mail that is being sent keeps those it has.
    pub means: Arc<ArcSwap<Means>>,
    /// Where appearances are read: a mail looks and speaks as the portal does at the moment it is sent.
    pub settings: Arc<dyn Settings>,
    /// The name that a virtual server's mails bear where its appearance has none.
    pub brand: Box<dyn Fn(&VirtualServerId) -> String + Send + Sync>,
    /// The key of `addressHash` is derived from it.
    pub key: MasterKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// `doorward_mails_total`.
    pub metrics: Arc<dyn Metrics>,
}

/// What mails are made of and sent through.
pub struct Means {
    /// The mail server.
    pub smtp: Smtp,
    /// The words.
    pub views: Arc<Views>,
}

/// Sends mails. Sockets are opened on the runtime that calls it.
pub struct OutboxSender(Arc<Sender>);

struct Sender {
    parts: OutboxParts,
    address_hash: MacKey,
    looks: Looks,
    /// The newest outcomes, for those who wait for a mail that [`OutboxSender::run`] took first.
    recent: Mutex<VecDeque<(MailId, Outcome)>>,
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The server said 250.
    Sent,
    /// Refused for good: by the server, or because there is nobody or nothing to send.
    Refused,
    /// Not now; it is tried again.
    Postponed,
    /// The mail server cannot be used at the moment; it is tried again.
    Unreachable,
}

impl Outcome {
    /// What somebody is told who waits. While the mail server cannot be used, nothing is claimed to be on its way: they see
    /// that it could not be sent and may try again, even though the outbox goes on trying as well (R16, F-18).
    const fn told(self) -> Delivery {
        match self {
            Outcome::Sent => Delivery::Sent,
            Outcome::Postponed => Delivery::Pending,
            Outcome::Refused | Outcome::Unreachable => Delivery::Refused,
        }
    }
}

/// Why a mail was not sent. For the log and the audit record.
#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error("it expired")]
    Expired,
    #[error("there is no such user any more")]
    NoUser,
    #[error("the account is switched off")]
    Disabled,
    #[error("the user has no address on record")]
    NoEmail,
    #[error("the address on record is none")]
    BadAddress,
    #[error("its words cannot be made: {0}")]
    Words(String),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MailError {
    /// `reason` in the audit record, when it will never be sent; `None` when it is tried again.
    const fn for_good(&self) -> Option<&'static str> {
        match self {
            MailError::Expired => Some("expired"),
            MailError::NoUser => Some("no_user"),
            MailError::Disabled => Some("disabled"),
            MailError::NoEmail => Some("no_email"),
            MailError::BadAddress => Some("bad_address"),
            MailError::Words(_) => Some("template"),
            MailError::Send(SendError::Refused { .. }) => Some("refused"),
            MailError::Send(SendError::Unreachable(_) | SendError::Later(_)) | MailError::Store(_) => None,
        }
    }
}

impl OutboxSender {
    /// A sender. Nothing happens before [`Mailer::deliver`] or [`OutboxSender::run`] is called.
    pub fn new(parts: OutboxParts) -> Self {
        let address_hash = parts.key.mac(Purpose::AddressHash);
        Self(Arc::new(Sender { parts, address_hash, looks: Looks::default(), recent: Mutex::default() }))
    }

    /// Sends what is due, until it is dropped. A mail that is being sent then is tried again when its time with this sender
    /// is over.
    pub async fn run(&self) {
        let mut sending = JoinSet::new();
        loop {
            while sending.try_join_next().is_some() {}
            let room = AT_ONCE.saturating_sub(u32::try_from(sending.len()).unwrap_or(AT_ONCE));
            let taken = if room == 0 { 0 } else { self.start_due(room, &mut sending).await };
            if room == 0 {
                sending.join_next().await;
            } else if taken < room {
                sleep(POLL).await;
            }
        }
    }

    /// Starts sending up to so many due mails and returns how many there were.
    async fn start_due(&self, room: u32, sending: &mut JoinSet<()>) -> u32 {
        let Sender { parts, .. } = &*self.0;
        match parts.outbox.take_due(room, LEASE, parts.clock.now()).await {
            Ok(due) => {
                let taken = u32::try_from(due.len()).unwrap_or(room);
                for mail in due {
                    let sender = self.0.clone();
                    sending.spawn(async move {
                        sender.attempt(&mail).await;
                    });
                }
                taken
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read; tried again");
                0
            }
        }
    }
}

#[async_trait]
impl Mailer for OutboxSender {
    async fn deliver(&self, vs: &VirtualServerId, mail: &MailId, wait: Duration) -> Delivery {
        let until = Instant::now() + wait;
        let Sender { parts, .. } = &*self.0;
        match parts.outbox.take(vs, mail, LEASE, parts.clock.now()).await {
            Ok(Some(due)) => {
                // A task of its own: when the waiting ends, the sending must not, or nobody knows whether it was sent.
                let sender = self.0.clone();
                let attempt = tokio::spawn(async move { sender.attempt(&due).await });
                match tokio::time::timeout_at(until, attempt).await {
                    Ok(Ok(outcome)) => outcome.told(),
                    Ok(Err(_)) | Err(_) => Delivery::Pending,
                }
            }
            Ok(None) => {
                let left = until.saturating_duration_since(Instant::now());
                timeout(left, self.0.watch(vs, mail)).await.unwrap_or(Delivery::Pending)
            }
            Err(error) => {
                tracing::warn!(%error, mail = %mail, "a mail cannot be taken from the outbox; tried again");
                Delivery::Pending
            }
        }
    }
}

impl Sender {
    /// Waits until another sender is through with a mail.
    async fn watch(&self, vs: &VirtualServerId, mail: &MailId) -> Delivery {
        loop {
            if let Some(outcome) = self.remembered(mail) {
                return outcome.told();
            }
            match self.parts.outbox.delivery(vs, mail).await {
                Ok(Some(Delivery::Pending)) | Err(_) => sleep(WATCH).await,
                Ok(Some(settled)) => return settled,
                // No such mail: it can never arrive.
                Ok(None) => return Delivery::Refused,
            }
        }
    }

    fn remembered(&self, mail: &MailId) -> Option<Outcome> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().rev().find(|(id, _)| id == mail).map(|(_, outcome)| *outcome)
    }

    fn remember(&self, mail: &MailId, outcome: Outcome) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= REMEMBERED {
            recent.pop_front();
        }
        recent.push_back((mail.clone(), outcome));
    }

    /// One try, its outcome written down.
    async fn attempt(&self, due: &DueMail) -> Outcome {
        let sending = async {
            let mut address = None;
            let result = self.send(due, &mut address).await;
            self.conclude(due, address.as_ref(), result).await
        };
        let outcome = tokio::select! {
            outcome = sending => outcome,
            never = self.keep(due) => match never {},
        };
        self.remember(&due.mail.id, outcome);
        outcome
    }

    /// Nobody else takes the mail while this goes on.
    async fn keep(&self, due: &DueMail) -> Infallible {
        let OutboxParts { outbox, clock, .. } = &self.parts;
        loop {
            sleep(KEEP).await;
            if let Err(error) = outbox.keep(due, LEASE, clock.now()).await {
                tracing::warn!(%error, mail = %due.mail.id, "a mail that is being sent cannot be kept from others");
            }
        }
    }

    /// Finds address and words and hands them to the mail server. `address` is set as soon as it is known.
    async fn send(&self, due: &DueMail, address: &mut Option<MailAddress>) -> Result<(), MailError> {
        let DueMail { virtual_server: vs, mail, .. } = due;
        let OutboxParts { directory, means, brand, clock, .. } = &self.parts;
        let means = means.load_full();
        let Means { smtp, views } = means.as_ref();
        let now = clock.now();
        if mail.expires_at <= now {
            return Err(MailError::Expired);
        }
        let user = directory.get(vs, &mail.user).await?.ok_or(MailError::NoUser)?;
        // Whoever is switched off cannot enrol, and may be out of the house.
        if user.disabled && mail.kind == MailKind::Provisioning {
            return Err(MailError::Disabled);
        }
        let email = user.email.filter(|email| !email.is_empty()).ok_or(MailError::NoEmail)?;
        let to = address.insert(MailAddress::parse(&email).map_err(|_| MailError::BadAddress)?);
        let look = self.look(vs).await?;
        let words = views
            .mail(mail.kind, &mail.language, &mail.fields, &brand(vs), &look)
            .map_err(|error| MailError::Words(error.to_string()))?;
        let letter = Letter { from: smtp.from(), to, words: &words, id: mail.id.as_str(), at: now };
        let bytes = letter.compose().map_err(|error| MailError::Words(error.to_string()))?;
        Ok(smtp.send(to, bytes.expose()).await?)
    }

    /// How a virtual server's mails look. A code must arrive even where its appearance cannot be read.
    async fn look(&self, vs: &VirtualServerId) -> Result<Arc<Look>, StoreError> {
        let stored = self.parts.settings.document(vs, Appearance::KIND).await?;
        Ok(self.looks.of(vs, &stored).unwrap_or_else(|| {
            tracing::warn!(%vs, "the appearance cannot be read; a mail looks as Doorward's do");
            Arc::default()
        }))
    }

    /// Writes down what became of a try.
    async fn conclude(&self, due: &DueMail, address: Option<&MailAddress>, result: Result<(), MailError>) -> Outcome {
        let vs = due.virtual_server.as_str();
        let kind = due.mail.kind.as_str();
        let error = match result {
            Ok(()) => {
                self.settle(due, Delivery::Sent, self.event(due, address, None)).await;
                self.parts.metrics.mail(vs, kind, "sent");
                return Outcome::Sent;
            }
            Err(error) => error,
        };
        let now = self.parts.clock.now();
        let again_at = now + pause(due.attempts);
        // The next try would find it expired: it ends here, and its record says so.
        let reason = error.for_good().or((again_at >= due.mail.expires_at).then_some("expired"));
        tracing::warn!(%error, mail = %due.mail.id, kind, attempt = due.attempts + 1, reason, "a mail was not sent");
        if let Some(reason) = reason {
            self.settle(due, Delivery::Refused, self.event(due, address, Some((reason, &error)))).await;
            self.parts.metrics.mail(vs, kind, if reason == "expired" { "expired" } else { "refused" });
            return Outcome::Refused;
        }
        if let Err(error) = self.parts.outbox.postpone(&due.virtual_server, &due.mail.id, again_at).await {
            // Nobody has it when its time with this sender is over; then it is due again.
            tracing::warn!(%error, mail = %due.mail.id, "a mail cannot be postponed");
        }
        self.parts.metrics.mail(vs, kind, "postponed");
        match error {
            MailError::Send(SendError::Unreachable(_)) => Outcome::Unreachable,
            _ => Outcome::Postponed,
        }
    }

    /// Writes the outcome and its record, several times if need be.
    async fn settle(&self, due: &DueMail, outcome: Delivery, event: AuditEvent) {
        let OutboxParts { outbox, clock, .. } = &self.parts;
        for tries_left in (0..SETTLE_TRIES).rev() {
            let settled = outbox.settle(&due.virtual_server, &due.mail.id, outcome, event.clone(), clock.now()).await;
            match settled {
                Ok(()) => return,
                Err(error) if tries_left == 0 => {
                    tracing::error!(%error, mail = %due.mail.id, ?outcome, "what became of a mail cannot be written");
                }
                Err(_) => sleep(POLL).await,
            }
        }
    }

    /// The record of a delivery. The address is in it as a keyed hash only.
    fn event(&self, due: &DueMail, address: Option<&MailAddress>, failure: Option<(&str, &MailError)>) -> AuditEvent {
        let kind = match (due.mail.kind, failure) {
            (MailKind::VerificationCode, None) => EventKind::VerificationCodeSent,
            (MailKind::VerificationCode, Some(_)) => EventKind::VerificationCodeFailed,
            (MailKind::EnrolmentNotice, None) => EventKind::EnrollmentNoticeSent,
            (MailKind::EnrolmentNotice, Some(_)) => EventKind::EnrollmentNoticeFailed,
            (MailKind::EnrolmentReminder, None) => EventKind::EnrollmentReminderSent,
            (MailKind::EnrolmentReminder, Some(_)) => EventKind::EnrollmentReminderFailed,
            (MailKind::EnrolmentApproved, None) => EventKind::EnrollmentApprovedSent,
            (MailKind::EnrolmentApproved, Some(_)) => EventKind::EnrollmentApprovedFailed,
            (MailKind::RecoveryCodeUsed | MailKind::RecoveryCodesMade, None) => EventKind::RecoveryCodeNoticeSent,
            (MailKind::RecoveryCodeUsed | MailKind::RecoveryCodesMade, Some(_)) => EventKind::RecoveryCodeNoticeFailed,
            (MailKind::AuthenticatorRemoved, None) => EventKind::TokenNoticeSent,
            (MailKind::AuthenticatorRemoved, Some(_)) => EventKind::TokenNoticeFailed,
            (MailKind::Provisioning, None) => EventKind::ProvisioningMailSent,
            (MailKind::Provisioning, Some(_)) => EventKind::ProvisioningMailFailed,
        };
        let context =
            EventContext { user: Some(due.mail.user.clone()), flow: due.mail.flow.clone(), ..EventContext::default() };
        let mut event =
            AuditEvent::new(kind, context).with("channel", "email").with("attempt", due.attempts.saturating_add(1));
        if let Some(address) = address {
            event = event.with("addressHash", self.address_hash.hex(&[&address.folded()]));
        }
        match failure {
            Some((reason, MailError::Send(SendError::Refused { code }))) => {
                event.with("reason", reason).with("smtpCode", code.as_str())
            }
            Some((reason, _)) => event.with("reason", reason),
            None => event,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_two_seconds_to_a_minute() {
        let pauses: Vec<u64> = (0..8).map(|n| pause(n).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause(u32::MAX).as_secs(), 60);
    }
}
