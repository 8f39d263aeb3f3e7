//! Another key while gateways run (F-34). Which one seals stands in the database, so that all processes change over together:
//!
//! 1. the new key is proposed; each process answers which keys it holds;
//! 2. when all of them hold it, it is taken into use, and each process follows within a second or two;
//! 3. what is sealed with the old one is sealed anew (`reseal.rs`);
//! 4. the proposal is withdrawn, and the change recorded.
//!
//! Each step may be done again, so that whoever is killed in between goes on at the next try.

use std::sync::Weak;
use std::time::Duration;

use doorward_api::keys::KeyId;
use doorward_api::ports::Clock;
use doorward_api::{AuditEvent, EventContext, EventKind, StoreError, VirtualServerId};
use serde::{Deserialize, Serialize};

use crate::db::{change, change_in, rows, rows_in};
use crate::error::Failure;
use crate::migrate::{SEALING_KEY, put, seal_check};
use crate::open::{Inner, Store};
use crate::{audit, restore};

/// How often a process looks which key is in use.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The key that is about to be taken into use.
const NEXT_KEY: &str = "next_key";

/// Followed by the name of the process that answers.
const ANSWER: &str = "key_answer:";

/// How many looks pass between two complaints.
const SAY_AGAIN: u32 = 60;

const LOOK: &str = "SELECT name, value FROM meta WHERE name IN ('sealing_key', 'next_key')";
const FORGET_ANSWERS: &str = "DELETE FROM meta WHERE name LIKE 'key_answer:%'";

/// What a process has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// The keys that it holds.
    pub keys: Vec<String>,
    /// The one that it seals with.
    pub in_use: String,
    /// When, in milliseconds.
    at: i64,
}

/// Which keys the database speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyState {
    /// The one that seals; nothing where there has never been another.
    pub in_use: Option<KeyId>,
    /// The one that is proposed: a change is under way.
    pub next: Option<KeyId>,
}

/// Follows the key that is in use, for as long as there is a store.
pub(crate) async fn watch(store: Weak<Inner>) {
    let instance = store.upgrade().map(|inner| inner.entropy.id()).unwrap_or_default();
    let mut complaints = 0_u32;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(inner) = store.upgrade() else { return };
        let looked = tokio::time::timeout(inner.limit, look(&inner, &instance)).await;
        match looked {
            Ok(Ok(None)) => complaints = 0,
            Ok(Ok(Some(missing))) => {
                if complaints.is_multiple_of(SAY_AGAIN) {
                    tracing::error!(
                        key = %missing,
                        "the database is sealed with a key that this process does not hold: put the key file in place and send \
                         SIGHUP"
                    );
                }
                complaints = complaints.saturating_add(1);
            }
            // Said by whoever needs the store for more than this.
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

/// Takes the key into use that the database names, and answers while another is proposed. Says which key is missing.
async fn look(inner: &Inner, instance: &str) -> Result<Option<KeyId>, Failure> {
    let state = state(inner).await?;
    let master = inner.sealer.master();
    let missing = inner.sealer.follow(state.in_use);
    if state.next.is_some() {
        let keys = master.ids().iter().map(KeyId::to_string).collect();
        let answer = KeyAnswer { keys, in_use: master.in_use().to_string(), at: inner.clock.now().millis() };
        let text = serde_json::to_string(&answer).map_err(|_| Failure::damaged("an answer"))?;
        const SQL: &str = "INSERT INTO meta (name, value) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT) \
                           WHERE EXISTS (SELECT 1 FROM meta WHERE name = 'next_key') \
                           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        change!(inner.db.writer()?, SQL, format!("{ANSWER}{instance}"), text)?;
    }
    Ok(missing)
}

async fn state(inner: &Inner) -> Result<KeyState, Failure> {
    let found = rows!(inner.db.reader(), (String, String), LOOK)?;
    let of = |wanted: &str| found.iter().find(|(name, _)| name == wanted).and_then(|(_, value)| KeyId::parse(value));
    Ok(KeyState { in_use: of(SEALING_KEY), next: of(NEXT_KEY) })
}

impl Store {
    /// Which keys the database speaks of.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn key_state(&self) -> Result<KeyState, StoreError> {
        self.run(|inner| async move { state(&inner).await }).await
    }

    /// The key that the database is sealed with, where this process does not hold it. It seals nothing then.
    pub fn missing_key(&self) -> Option<KeyId> {
        self.inner.sealer.missing()
    }

    /// Withdraws the proposal of a key that has changed nothing. Another's stands.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn withdraw_key(&self, id: KeyId) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM meta WHERE name = 'next_key' AND value = $1";
        self.run(move |inner| async move {
            let mut tx = inner.db.begin().await?;
            if change_in!(&mut tx, SQL, id.to_string())? > 0 {
                change_in!(&mut tx, FORGET_ANSWERS)?;
            }
            tx.commit().await
        })
        .await
    }

    /// Proposes a key. Processes answer from then on.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn propose_key(&self, id: KeyId) -> Result<(), StoreError> {
        self.run(move |inner| async move {
            let mut tx = inner.db.begin().await?;
            change_in!(&mut tx, FORGET_ANSWERS)?;
            put(&mut tx, NEXT_KEY, &id.to_string()).await?;
            tx.commit().await
        })
        .await
    }

    /// What the processes have answered that still do.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn key_answers(&self, not_older: Duration) -> Result<Vec<KeyAnswer>, StoreError> {
        const SQL: &str = "SELECT value FROM meta WHERE name LIKE 'key_answer:%' ORDER BY name";
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String,), SQL)?;
            let oldest = inner.clock.now().millis() - i64::try_from(not_older.as_millis()).unwrap_or(i64::MAX);
            let read = |(text,): &(String,)| serde_json::from_str::<KeyAnswer>(text).ok();
            Ok(found.iter().filter_map(read).filter(|answer| answer.at >= oldest).collect())
        })
        .await
    }

    /// Takes a key into use that this process holds. All others follow.
    ///
    /// # Errors
    /// When the store does not answer, or the key is not there.
    pub async fn take_key_into_use(&self, id: KeyId) -> Result<(), StoreError> {
        self.run(move |inner| async move {
            let before = inner.sealer.master().in_use();
            let mut tx = inner.db.begin().await?;
            if !inner.sealer.master().take_into_use(id) {
                return Err(Failure::damaged(format!("key {id} is not in the key file")));
            }
            let done = match seal_check(&mut tx, &inner.sealer).await {
                Ok(()) => tx.commit().await,
                Err(failure) => Err(failure),
            };
            // As the database has it.
            if done.is_err() {
                inner.sealer.master().take_into_use(before);
            }
            done
        })
        .await
    }

    /// Withdraws the proposal, and records in each chain which key it is now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end_key_change(&self, from: Option<KeyId>, to: KeyId) -> Result<(), StoreError> {
        let event = AuditEvent::new(EventKind::KeyRotated, EventContext::default())
            .with("actor", "command line")
            .with("newKey", to.to_string());
        let event = match from {
            Some(from) => event.with("oldKey", from.to_string()),
            None => event,
        };
        self.record_everywhere(event, true).await
    }

    /// Records in each chain that a key is gone from the key file.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn record_key_retired(&self, id: KeyId) -> Result<(), StoreError> {
        let event = AuditEvent::new(EventKind::KeyRetired, EventContext::default())
            .with("actor", "command line")
            .with("key", id.to_string());
        self.record_everywhere(event, false).await
    }

    async fn record_everywhere(&self, event: AuditEvent, ends: bool) -> Result<(), StoreError> {
        self.run(move |inner| async move {
            let now = inner.clock.now();
            let mut tx = inner.db.begin().await?;
            if ends {
                change_in!(&mut tx, "DELETE FROM meta WHERE name = 'next_key'")?;
                change_in!(&mut tx, FORGET_ANSWERS)?;
            }
            for (vs,) in rows_in!(&mut tx, (String,), restore::VIRTUAL_SERVERS)? {
                audit::append(&mut tx, &VirtualServerId::new(vs), std::slice::from_ref(&event), now).await?;
            }
            tx.commit().await
        })
        .await
    }
}
