//! A database that comes from a backup: nothing that was used, ended or shown since the backup was made is good again (F-09).
//!
//! An epoch ends. What is short-lived is void: sessions, sign-ins under way, links, codes, requests to devices, grants, recovery
//! codes, temporary passcodes. What is long-lived is aged: each token is moved past whatever it may have shown until now. The
//! chain goes on with a record that says where the backup ended.
//!
//! It is begun by a mark in the database, and while that stands nobody else opens it: whoever is killed in between does all of
//! it again.

use std::fmt;
use std::sync::Arc;

use doorward_api::plugin::Restored;
use doorward_api::ports::{Clock, Entropy};
use doorward_api::settings::{Document, Windows};
use doorward_api::{
    AuditEvent, EventContext, EventKind, SecretBytes, StoreError, Template, Timestamp, VirtualServerId,
};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::Failure;
use crate::migrate::{get, put};
use crate::open::{Inner, OpenError, Store, StoreOptions};
use crate::seal::Place;

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// To be used.
    Use,
    /// To be restored.
    Restore,
}

/// The mark.
pub(crate) const RESTORING: &str = "restoring";

/// How many times a backup was restored.
const EPOCH: &str = "epoch";

/// Rows that are aged in one transaction.
const PORTION: i64 = 100;

pub(crate) const VIRTUAL_SERVERS: &str = "SELECT id FROM virtual_server ORDER BY id";

const HEADS: &str = "SELECT virtual_server, seq, hash FROM audit_head ORDER BY virtual_server";

/// What is void with the epoch in which it was made. A sign-in under way ends as if its time were over, with its record and
/// whatever else belongs to that (`sweep.rs`).
const VOID: [&str; 12] = [
    "DELETE FROM session",
    "DELETE FROM operator_session",
    // One that was revoked since the backup was made must not come back: programs get new ones.
    "UPDATE api_key SET disabled = TRUE, expires_at = CASE WHEN expires_at > $1 THEN $1 ELSE expires_at END \
        WHERE NOT disabled",
    "DELETE FROM one_time",
    "DELETE FROM push_request",
    "DELETE FROM enrolment_grant",
    "DELETE FROM recovery_codes",
    // One that was refused or done since must not wait again.
    "DELETE FROM pending_act",
    // The task goes on; an operator sends them once more.
    "UPDATE provisioning_entry SET link = NULL WHERE link IS NOT NULL",
    "UPDATE user_account SET temporary_passcode = NULL WHERE temporary_passcode IS NOT NULL",
    "UPDATE flow SET expires_at = CAST($1 AS BIGINT) WHERE ended_at IS NULL AND expires_at > CAST($1 AS BIGINT)",
    // What it says is void, or was sent before.
    "UPDATE mail SET delivery = 'refused', fields = NULL, settled_at = CAST($1 AS BIGINT) WHERE delivery = 'pending'",
];

const TOKENS: &str = "SELECT virtual_server, id, plugin, template, sealed, version FROM credential \
                      WHERE sealed IS NOT NULL AND (virtual_server, id) > ($1, $2) ORDER BY virtual_server, id LIMIT $3";
const AGE_TOKEN: &str = "UPDATE credential SET sealed = $4, version = version + 1 \
                         WHERE virtual_server = $1 AND id = $2 AND version = $3";
/// A thing that was handed out may have been used for the first time since.
const SUSPEND: &str = "UPDATE credential SET state = 'suspended' WHERE virtual_server = $1 AND id = $2 \
                       AND (state = 'active' OR (state = 'assigned' AND form = 'hardware'))";

const OPERATORS: &str = "SELECT virtual_server, id, plugin, sealed, version FROM operator \
                         WHERE (virtual_server, id) > ($1, $2) ORDER BY virtual_server, id LIMIT $3";
const AGE_OPERATOR: &str = "UPDATE operator SET sealed = $4, version = version + 1 \
                            WHERE virtual_server = $1 AND id = $2 AND version = $3";

/// A token whose bytes come from a backup.
pub struct AgedToken<'a> {
    /// Of which plugin.
    pub plugin: &'a str,
    /// What it does.
    pub template: &'a Template,
    /// How far it may have run away.
    pub windows: &'a Windows,
    /// Its bytes.
    pub opened: &'a SecretBytes,
    /// Until when what it has shown is used up.
    pub now: Timestamp,
}

/// Asks a token's plugin.
pub type Aging = Arc<dyn Fn(&AgedToken<'_>) -> Restored + Send + Sync>;

/// Signs that a chain goes on after a record with a hash, because its database was restored at a time.
pub type Vouch = Arc<dyn Fn(&VirtualServerId, (i64, &str), &str) -> String + Send + Sync>;

/// How a restore is done.
#[derive(Clone)]
pub struct RestorePlan {
    /// When the backup was made, where that is known.
    pub taken_at: Option<String>,
    /// Moves tokens on.
    pub age: Aging,
    /// Signs the records.
    pub vouch: Vouch,
}

impl fmt::Debug for RestorePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestorePlan").field("taken_at", &self.taken_at).finish_non_exhaustive()
    }
}

/// What a restore has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreOutcome {
    /// The epoch that has begun.
    pub epoch: u64,
    /// Tokens that were moved on.
    pub aged: u64,
    /// Tokens of which nobody knows what was used, and which are suspended therefore.
    pub suspended: u64,
    /// Values that cannot be opened. The tokens among them are suspended, too.
    pub unreadable: u64,
}

/// The mark's text.
#[derive(Serialize, Deserialize)]
struct Restoring {
    epoch: u64,
    heads: Vec<(String, i64, String)>,
}

/// Says whether the database may be opened for this; puts the mark, before a step of the schema adds to the chains.
pub(crate) async fn admit(tx: &mut Tx, opening: Opening, schema: i64) -> Result<(), OpenError> {
    let marked = get(tx, RESTORING).await?.is_some();
    match opening {
        Opening::Use if marked => Err(OpenError::RestoreUnfinished),
        Opening::Restore if schema == 0 => Err(OpenError::Empty),
        Opening::Restore if !marked => {
            let epoch = get(tx, EPOCH).await?.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default() + 1;
            let heads = rows_in!(&mut *tx, (String, i64, String), HEADS)?;
            let text = serde_json::to_string(&Restoring { epoch, heads })
                .map_err(|_| OpenError::Damaged("the chains' heads cannot be written".into()))?;
            // Others may have been about to change the key then; nobody is now.
            change_in!(&mut *tx, "DELETE FROM meta WHERE name = 'next_key' OR name LIKE 'key_answer:%'")?;
            Ok(put(tx, RESTORING, &text).await?)
        }
        Opening::Use | Opening::Restore => Ok(()),
    }
}

impl Store {
    /// Opens a database that comes from a backup, and keeps everybody else out until [`Store::restore`] has come to its end.
    ///
    /// # Errors
    /// [`OpenError`]; one more than for others is [`OpenError::InUse`].
    pub fn open_restored(options: StoreOptions, entropy: Arc<dyn Entropy>) -> Result<Store, OpenError> {
        Self::open_for(options, entropy, Opening::Restore)
    }

    /// Ends the epoch of the backup and begins another. May be done again when it was broken off.
    ///
    /// # Errors
    /// When the store does not answer, or was not opened for it.
    pub async fn restore(&self, plan: RestorePlan) -> Result<RestoreOutcome, StoreError> {
        let done = self.spawn(move |inner| async move { restore(&inner, &plan).await });
        done.await?.map_err(|failure| self.inner.db.explain(&failure))
    }
}

async fn restore(inner: &Inner, plan: &RestorePlan) -> Result<RestoreOutcome, Failure> {
    let restoring = void(inner).await?;
    let mut outcome = RestoreOutcome { epoch: restoring.epoch, ..RestoreOutcome::default() };
    age_tokens(inner, plan, &mut outcome).await?;
    age_operators(inner, plan, &mut outcome).await?;
    end(inner, plan, restoring, outcome).await?;
    Ok(outcome)
}

async fn void(inner: &Inner) -> Result<Restoring, Failure> {
    let now = inner.clock.now().millis();
    let mut tx = inner.db.begin().await?;
    let mark = get(&mut tx, RESTORING).await?.ok_or_else(|| Failure::damaged("the database is not being restored"))?;
    let restoring = serde_json::from_str(&mark).map_err(|_| Failure::damaged("the mark of the restore"))?;
    for sql in VOID {
        match sql.contains("$1") {
            true => change_in!(&mut tx, sql, now)?,
            false => change_in!(&mut tx, sql)?,
        };
    }
    tx.commit().await?;
    Ok(restoring)
}

/// The windows of each virtual server.
async fn windows(inner: &Inner, vs: &str) -> Result<Windows, Failure> {
    const SQL: &str = "SELECT body FROM setting WHERE virtual_server = $1 AND kind = $2";
    let found = rows!(inner.db.reader(), (String,), SQL, vs, Windows::KIND.as_str())?;
    Ok(found.first().and_then(|(body,)| serde_json::from_str(body).ok()).unwrap_or_else(Windows::of_new))
}

type TokenRow = (String, String, String, String, Vec<u8>, i64);

async fn age_tokens(inner: &Inner, plan: &RestorePlan, outcome: &mut RestoreOutcome) -> Result<(), Failure> {
    let (mut after, mut last_id) = (String::new(), String::new());
    let mut of: Option<(String, Windows)> = None;
    loop {
        let mut tx = inner.db.begin().await?;
        let found = rows_in!(&mut tx, TokenRow, TOKENS, after.as_str(), last_id.as_str(), PORTION)?;
        let Some(last) = found.last() else { return Ok(()) };
        (after, last_id) = (last.0.clone(), last.1.clone());
        for (vs, id, plugin, template, sealed, version) in found {
            if of.as_ref().is_none_or(|(known, _)| *known != vs) {
                of = Some((vs.clone(), windows(inner, &vs).await?));
            }
            let Some((_, windows)) = &of else { continue };
            let server = VirtualServerId::new(&vs);
            let place = Place::new("credential", "sealed", &id, &server);
            let opened = inner.sealer.open(place, &sealed).ok();
            let template: Option<Template> = serde_json::from_str(&template).ok();
            let (Some(opened), Some(template)) = (opened, template) else {
                // Its key may be put back in place later. What was used of it since the backup would be good again then.
                change_in!(&mut tx, SUSPEND, &vs, &id)?;
                outcome.unreadable += 1;
                continue;
            };
            let token =
                AgedToken { plugin: &plugin, template: &template, windows, opened: &opened, now: inner.clock.now() };
            match (plan.age)(&token) {
                Restored::Unchanged => {}
                Restored::Updated(bytes) => {
                    let sealed = inner.sealer.seal(place, bytes.expose())?;
                    outcome.aged += change_in!(&mut tx, AGE_TOKEN, &vs, &id, version, sealed)?;
                }
                Restored::Unknown => outcome.suspended += change_in!(&mut tx, SUSPEND, &vs, &id)?,
            }
        }
        tx.commit().await?;
    }
}

type OperatorRow = (String, String, String, Vec<u8>, i64);

/// Their second factors are of the standard kind, and follow no setting.
async fn age_operators(inner: &Inner, plan: &RestorePlan, outcome: &mut RestoreOutcome) -> Result<(), Failure> {
    let (template, windows) = (Template::STANDARD_APP, Windows::of_new());
    let (mut after, mut last_id) = (String::new(), String::new());
    loop {
        let mut tx = inner.db.begin().await?;
        let found = rows_in!(&mut tx, OperatorRow, OPERATORS, after.as_str(), last_id.as_str(), PORTION)?;
        let Some(last) = found.last() else { return Ok(()) };
        (after, last_id) = (last.0.clone(), last.1.clone());
        for (vs, id, plugin, sealed, version) in found {
            let server = VirtualServerId::new(&vs);
            let place = Place::new("operator", "sealed", &id, &server);
            let Ok(opened) = inner.sealer.open(place, &sealed) else {
                outcome.unreadable += 1;
                continue;
            };
            let now = inner.clock.now();
            let token = AgedToken { plugin: &plugin, template: &template, windows: &windows, opened: &opened, now };
            if let Restored::Updated(bytes) = (plan.age)(&token) {
                let sealed = inner.sealer.seal(place, bytes.expose())?;
                outcome.aged += change_in!(&mut tx, AGE_OPERATOR, &vs, &id, version, sealed)?;
            }
        }
        tx.commit().await?;
    }
}

/// The records, and with them the end of the mark.
async fn end(inner: &Inner, plan: &RestorePlan, restoring: Restoring, outcome: RestoreOutcome) -> Result<(), Failure> {
    let now = inner.clock.now();
    let mut tx = inner.db.begin().await?;
    for (vs, seq, hash) in restoring.heads {
        let vs = VirtualServerId::new(vs);
        let mut event = AuditEvent::new(EventKind::DatabaseRestored, EventContext::default())
            .with("actor", "command line")
            .with("epoch", outcome.epoch)
            .with("restoredAt", now.rfc3339())
            .with("signature", (plan.vouch)(&vs, (seq, &hash), &now.rfc3339()))
            .with("backupSeq", seq)
            .with("backupHash", hash)
            .with("tokensAged", outcome.aged)
            .with("tokensSuspended", outcome.suspended);
        if let Some(taken_at) = &plan.taken_at {
            event = event.with("backupTakenAt", taken_at.clone());
        }
        audit::append(&mut tx, &vs, &[event], now).await?;
    }
    put(&mut tx, EPOCH, &restoring.epoch.to_string()).await?;
    change_in!(&mut tx, "DELETE FROM meta WHERE name = 'restoring'")?;
    tx.commit().await
}
