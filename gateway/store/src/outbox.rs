//! Mails on their way out. Their fields may hold a code: sealed while the mail waits, destroyed when it is settled.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::flow::Delivery;
use doorward_api::mail::{DueMail, MailKind, NewMail};
use doorward_api::ports::Outbox;
use doorward_api::{AuditEvent, CommitError, FlowId, MailId, StoreError, Timestamp, UserId, VirtualServerId};

use crate::db::{Tx, change, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::{At, Deed, transact};
use crate::open::{Inner, Store};
use crate::seal::Place;

macro_rules! returning_mail {
    () => {
        " RETURNING virtual_server, id, user_id, kind, language, fields, flow_id, attempts, expires_at"
    };
}

/// The conditions stand twice on purpose: PostgreSQL chooses the rows first, and looks again at the outer condition when
/// somebody else was at a row meanwhile. So no two senders get one mail.
const TAKE_DUE: &str = concat!(
    "UPDATE mail SET leased_until = $2, attempts = attempts + 1 \
     WHERE (virtual_server, id) IN (SELECT virtual_server, id FROM mail \
         WHERE delivery = 'pending' AND due_at <= $1 AND leased_until <= $1 AND expires_at > $1 \
         ORDER BY due_at LIMIT $3) \
     AND delivery = 'pending' AND leased_until <= $1",
    returning_mail!()
);

const TAKE: &str = concat!(
    "UPDATE mail SET leased_until = $4, attempts = attempts + 1 \
     WHERE virtual_server = $1 AND id = $2 AND delivery = 'pending' AND leased_until <= $3 AND expires_at > $3",
    returning_mail!()
);

/// The number of takes tells one sender from the next.
const KEEP: &str = "UPDATE mail SET leased_until = $4 \
     WHERE virtual_server = $1 AND id = $2 AND attempts = $3 AND delivery = 'pending' AND leased_until > 0";

/// Not one that a sender has in hand: what becomes of that one is the sender's to say.
const EXPIRE: &str = "UPDATE mail SET delivery = 'refused', fields = NULL, settled_at = $1 \
     WHERE delivery = 'pending' AND expires_at <= $1 AND leased_until <= $1 \
     RETURNING virtual_server, id, kind, flow_id";

const WAITING: &str =
    "SELECT virtual_server, COUNT(*), MIN(created_at) FROM mail WHERE delivery = 'pending' GROUP BY virtual_server";

/// The mails of a virtual server that have not left yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMails {
    /// The tenant.
    pub virtual_server: VirtualServerId,
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub since: Timestamp,
}

/// A mail that waited until it was too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredMail {
    /// The tenant.
    pub virtual_server: VirtualServerId,
    /// Which.
    pub id: MailId,
    /// What it was about.
    pub kind: MailKind,
    /// The flow that it belonged to.
    pub flow: Option<FlowId>,
}

#[derive(sqlx::FromRow)]
struct MailRow {
    virtual_server: String,
    id: String,
    user_id: String,
    kind: String,
    language: String,
    fields: Option<Vec<u8>>,
    flow_id: Option<String>,
    attempts: i64,
    expires_at: i64,
}

impl MailRow {
    fn mail(self, inner: &Inner) -> Result<DueMail, Failure> {
        let vs = VirtualServerId::new(self.virtual_server);
        let damaged = |what: &str| Failure::damaged(format!("mail {}: {what}", self.id));
        let sealed = self.fields.as_deref().ok_or_else(|| damaged("fields"))?;
        let mail = NewMail {
            kind: MailKind::parse(&self.kind).ok_or_else(|| damaged("kind"))?,
            fields: inner.sealer.open_json(place(&self.id, &vs), sealed)?,
            id: MailId::new(self.id),
            user: UserId::new(self.user_id),
            language: self.language,
            flow: self.flow_id.map(FlowId::new),
            expires_at: Timestamp::from_millis(self.expires_at),
        };
        // The take just counted is not a try of before.
        let attempts = u32::try_from(self.attempts - 1).unwrap_or_default();
        Ok(DueMail { virtual_server: vs, mail, attempts })
    }
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("mail", "fields", id, vs)
}

const fn delivery_name(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Pending => "pending",
        Delivery::Sent => "sent",
        Delivery::Refused => "refused",
    }
}

fn delivery_named(name: &str) -> Option<Delivery> {
    [Delivery::Pending, Delivery::Sent, Delivery::Refused].into_iter().find(|one| delivery_name(*one) == name)
}

#[async_trait]
impl Outbox for Store {
    async fn take_due(&self, limit: u32, lease: Duration, now: Timestamp) -> Result<Vec<DueMail>, StoreError> {
        let until = (now + lease).millis();
        self.run(move |inner| async move {
            let found = rows!(inner.db.writer()?, MailRow, TAKE_DUE, now.millis(), until, i64::from(limit))?;
            let opened = found.into_iter().map(|row| row.mail(&inner));
            // A mail that cannot be opened must not hold up the others; it stays, and expires.
            Ok(opened
                .filter_map(|mail| mail.inspect_err(|failure| tracing::error!("{}", failure.message())).ok())
                .collect())
        })
        .await
    }

    async fn take(
        &self,
        vs: &VirtualServerId,
        id: &MailId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<DueMail>, StoreError> {
        let (vs, id, until) = (vs.clone(), id.clone(), (now + lease).millis());
        self.run(move |inner| async move {
            let found = rows!(inner.db.writer()?, MailRow, TAKE, vs.as_str(), id.as_str(), now.millis(), until)?;
            found.into_iter().next().map(|row| row.mail(&inner)).transpose()
        })
        .await
    }

    async fn keep(&self, due: &DueMail, lease: Duration, now: Timestamp) -> Result<(), StoreError> {
        let (vs, id) = (due.virtual_server.clone(), due.mail.id.clone());
        let (take, until) = (i64::from(due.attempts) + 1, (now + lease).millis());
        self.run(move |inner| async move {
            change!(inner.db.writer()?, KEEP, vs.as_str(), id.as_str(), take, until)?;
            Ok(())
        })
        .await
    }

    async fn delivery(&self, vs: &VirtualServerId, id: &MailId) -> Result<Option<Delivery>, StoreError> {
        const SQL: &str = "SELECT delivery FROM mail WHERE virtual_server = $1 AND id = $2";
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String,), SQL, vs.as_str(), id.as_str())?;
            let Some((name,)) = found.into_iter().next() else { return Ok(None) };
            delivery_named(&name).map(Some).ok_or_else(|| Failure::damaged(format!("mail {id}: delivery")))
        })
        .await
    }

    /// Does nothing when the mail was settled before: what became of it is recorded once.
    async fn settle(
        &self,
        vs: &VirtualServerId,
        id: &MailId,
        outcome: Delivery,
        event: AuditEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        let settled = self
            .spawn(move |inner| async move {
                transact(&inner, &vs, &[Deed::MailSettle { id: &id, outcome }], &[event], &move || now).await
            })
            .await?;
        match settled {
            Ok(()) | Err(CommitError::Lost { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    async fn postpone(&self, vs: &VirtualServerId, id: &MailId, again_at: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE mail SET due_at = $3, leased_until = 0 \
                           WHERE virtual_server = $1 AND id = $2 AND delivery = 'pending'";
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            change!(inner.db.writer()?, SQL, vs.as_str(), id.as_str(), again_at.millis())?;
            Ok(())
        })
        .await
    }
}

impl Store {
    /// What waits to be sent, by virtual server; one with nothing waiting is not named.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn waiting_mails(&self) -> Result<Vec<WaitingMails>, StoreError> {
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String, i64, i64), WAITING)?;
            Ok(found
                .into_iter()
                .map(|(vs, count, since)| WaitingMails {
                    virtual_server: VirtualServerId::new(vs),
                    count: u64::try_from(count).unwrap_or_default(),
                    since: Timestamp::from_millis(since),
                })
                .collect())
        })
        .await
    }

    /// Marks as refused what waited until it was too late, and says which; each is named once. Their fields are destroyed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn expire_mails(&self, now: Timestamp) -> Result<Vec<ExpiredMail>, StoreError> {
        self.run(move |inner| async move {
            type Row = (String, String, String, Option<String>);
            let found = rows!(inner.db.writer()?, Row, EXPIRE, now.millis())?;
            let expired = found.into_iter().filter_map(|(vs, id, kind, flow)| {
                Some(ExpiredMail {
                    virtual_server: VirtualServerId::new(vs),
                    id: MailId::new(id),
                    kind: MailKind::parse(&kind)?,
                    flow: flow.map(FlowId::new),
                })
            });
            Ok(expired.collect())
        })
        .await
    }
}

pub(crate) async fn queue(tx: &mut Tx, at: At<'_>, new: &NewMail) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO mail (virtual_server, id, user_id, kind, language, fields, flow_id, delivery, \
                       attempts, due_at, leased_until, created_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, 0, $8, $9) ON CONFLICT DO NOTHING";
    let (vs, id, user, kind) = (at.vs.as_str(), new.id.as_str(), new.user.as_str(), new.kind.as_str());
    let exposed: BTreeMap<&str, &str> =
        new.fields.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let fields = at.inner.sealer.seal_json(place(id, at.vs), &exposed)?;
    let (flow, now, end) = (new.flow.as_ref().map(FlowId::as_str), at.now.millis(), new.expires_at.millis());
    some(change_in!(tx, SQL, vs, id, user, kind, &new.language, fields, flow, now, end)?)
}

pub(crate) async fn settle(tx: &mut Tx, at: At<'_>, id: &MailId, outcome: Delivery) -> Result<(), Failure> {
    const SQL: &str = "UPDATE mail SET delivery = $3, fields = NULL, settled_at = $4 \
                       WHERE virtual_server = $1 AND id = $2 AND delivery = 'pending'";
    if outcome == Delivery::Pending {
        return Err(Failure::damaged("a mail cannot be settled as pending"));
    }
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), delivery_name(outcome), at.now.millis())?)
}

/// A mail that is no longer to be sent. Not one that a sender has in hand: what becomes of that one is the sender's to say. Whether it
/// waited until now.
pub(crate) async fn withdraw(tx: &mut Tx, at: At<'_>, id: &str) -> Result<bool, Failure> {
    const SQL: &str = "UPDATE mail SET delivery = 'refused', fields = NULL, settled_at = $3 \
                       WHERE virtual_server = $1 AND id = $2 AND delivery = 'pending' AND leased_until <= $3";
    Ok(change_in!(tx, SQL, at.vs.as_str(), id, at.now.millis())? > 0)
}

#[cfg(test)]
mod tests {
    use doorward_api::Secret;

    use super::*;

    #[test]
    fn every_delivery_is_found_by_its_name() {
        for delivery in [Delivery::Pending, Delivery::Sent, Delivery::Refused] {
            assert_eq!(delivery_named(delivery_name(delivery)), Some(delivery));
        }
        assert_eq!(delivery_named("lost"), None);
    }

    #[test]
    fn sealed_fields_read_back_as_secrets() {
        let fields: BTreeMap<String, Secret> = serde_json::from_str(r#"{"code":"123456"}"#).unwrap();
        assert_eq!(fields["code"].expose(), "123456");
    }
}
