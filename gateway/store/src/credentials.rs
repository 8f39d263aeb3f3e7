//! Enrolled authenticators. Their bytes are sealed, and gone once the token is revoked.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::credential::{NewCredential, Version};
use doorward_api::ports::{Credentials, Fails};
use doorward_api::{
    AuditEvent, Credential, CredentialId, EventContext, EventKind, SecretBytes, StoreError, Target, Template,
    Timestamp, TokenState, UserId, VirtualServerId,
};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;

macro_rules! select_credential {
    () => {
        "SELECT id, user_id, plugin, serial, state, target, template, sealed, version, fails, locked_until, created_at, \
         activated_at, last_used_at FROM credential WHERE virtual_server = $1 AND "
    };
}

/// One more failure. A lock that is over is forgotten with the failures that led to it; one that is not stays as it is.
const COUNT_FAILURE: &str = "UPDATE credential SET \
     fails = CASE WHEN locked_until <= $3 THEN 1 ELSE fails + 1 END, \
     locked_until = CASE \
         WHEN locked_until > $3 THEN locked_until \
         WHEN (CASE WHEN locked_until <= $3 THEN 1 ELSE fails + 1 END) > $4 THEN $5 \
         ELSE NULL END \
     WHERE virtual_server = $1 AND id = $2 RETURNING fails, locked_until";

#[derive(sqlx::FromRow)]
struct CredentialRow {
    id: String,
    user_id: String,
    plugin: String,
    serial: String,
    state: String,
    target: String,
    template: String,
    sealed: Option<Vec<u8>>,
    version: i64,
    fails: i64,
    locked_until: Option<i64>,
    created_at: i64,
    activated_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl CredentialRow {
    /// With its bytes opened. That they cannot be is an error.
    fn credential(self, inner: &Inner, vs: &VirtualServerId) -> Result<Credential, Failure> {
        let opened = self.opened(inner, vs)?;
        self.with(opened, false)
    }

    /// That its bytes cannot be opened is said of it: one damaged token must not hide the others, nor itself from an operator.
    fn credential_even_damaged(self, inner: &Inner, vs: &VirtualServerId) -> Result<Credential, Failure> {
        match self.opened(inner, vs) {
            Ok(opened) => self.with(opened, false),
            Err(Failure::Damaged(_)) => self.with(SecretBytes::default(), true),
            Err(other) => Err(other),
        }
    }

    /// Only what is revoked has no bytes: the schema sees to it.
    fn opened(&self, inner: &Inner, vs: &VirtualServerId) -> Result<SecretBytes, Failure> {
        match &self.sealed {
            Some(sealed) => inner.sealer.open(place(&self.id, vs), sealed),
            None => Ok(SecretBytes::default()),
        }
    }

    fn with(self, opened: SecretBytes, unreadable: bool) -> Result<Credential, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("credential {}: {what}", self.id));
        Ok(Credential {
            state: TokenState::parse(&self.state).ok_or_else(|| damaged("state"))?,
            target: Target::parse(&self.target).ok_or_else(|| damaged("target"))?,
            template: serde_json::from_str(&self.template).map_err(|_| damaged("template"))?,
            opened,
            damaged: unreadable,
            id: CredentialId::new(self.id),
            user: UserId::new(self.user_id),
            plugin: self.plugin,
            serial: self.serial,
            version: self.version,
            fails: count(self.fails),
            locked_until: self.locked_until.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(self.created_at),
            activated_at: self.activated_at.map(Timestamp::from_millis),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        })
    }
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("credential", "sealed", id, vs)
}

fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

#[async_trait]
impl Credentials for Store {
    async fn credentials_of(&self, vs: &VirtualServerId, user: &UserId) -> Result<Vec<Credential>, StoreError> {
        const SQL: &str = concat!(select_credential!(), "user_id = $2 AND state <> 'revoked' ORDER BY created_at, id");
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), CredentialRow, SQL, vs.as_str(), user.as_str())?;
            found.into_iter().map(|row| row.credential_even_damaged(&inner, &vs)).collect()
        })
        .await
    }

    async fn credential(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<Option<Credential>, StoreError> {
        const SQL: &str = concat!(select_credential!(), "id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), CredentialRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.credential(&inner, &vs)).transpose()
        })
        .await
    }

    async fn count_failure(
        &self,
        vs: &VirtualServerId,
        id: &CredentialId,
        permitted: u32,
        lock: Duration,
        now: Timestamp,
    ) -> Result<Fails, StoreError> {
        let (vs, id, permitted, until) = (vs.clone(), id.clone(), i64::from(permitted), (now + lock).millis());
        self.run(move |inner| async move {
            type Row = (i64, Option<i64>);
            let (writer, vs, now) = (inner.db.writer()?, vs.as_str(), now.millis());
            let found = rows!(writer, Row, COUNT_FAILURE, vs, id.as_str(), now, permitted, until)?;
            let (fails, until) =
                found.into_iter().next().ok_or_else(|| Failure::damaged(format!("there is no credential {id}")))?;
            Ok(Fails { count: count(fails), locked_until: until.map(Timestamp::from_millis) })
        })
        .await
    }
}

pub(crate) async fn issue(tx: &mut Tx, at: At<'_>, new: &NewCredential) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO credential \
         (virtual_server, id, user_id, plugin, serial, state, target, template, sealed, version, fails, created_at) \
         SELECT $1, $2, $3, $4, $5, 'assigned', $6, $7, $8, 1, 0, $9 \
         WHERE NOT EXISTS (SELECT 1 FROM credential \
             WHERE virtual_server = $1 AND user_id = $3 AND state IN ('active', 'suspended')) \
         ON CONFLICT DO NOTHING";
    let (vs, id, user) = (at.vs.as_str(), new.id.as_str(), new.user.as_str());
    let (target, template, now) = (new.target.as_str(), written(&new.template)?, at.now.millis());
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    some(change_in!(tx, SQL, vs, id, user, &new.plugin, &new.serial, target, template, sealed, now)?)
}

pub(crate) async fn reissue(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    opened: &SecretBytes,
    template: &Template,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET sealed = $4, template = $5, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state = 'assigned'";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed, written(template)?)?)
}

pub(crate) async fn retarget(tx: &mut Tx, at: At<'_>, id: &CredentialId, target: Target) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET target = $3 WHERE virtual_server = $1 AND id = $2 AND state = 'assigned'";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), target.as_str())?)
}

/// That the user has not got another token meanwhile is seen to by the index `credential_one_token`: of two that are
/// activated at the same moment, the second breaks it and is refused.
pub(crate) async fn activate(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    opened: &SecretBytes,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET state = 'active', sealed = $4, version = version + 1, \
                       fails = 0, locked_until = NULL, activated_at = $5, last_used_at = $5 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state = 'assigned'";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed, at.now.millis())?)
}

/// An accepted passcode is spent: the bytes that say so are written over the version they were made of, or not at all.
pub(crate) async fn spend(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    opened: &SecretBytes,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET sealed = $4, version = version + 1, fails = 0, locked_until = NULL, \
                       last_used_at = $5 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state = 'active' \
                       AND (locked_until IS NULL OR locked_until <= $5)";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed, at.now.millis())?)
}

/// From a revoked token there is no way back: its secret is gone.
pub(crate) async fn change_state(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    from: &[TokenState],
    to: TokenState,
) -> Result<(), Failure> {
    const CHANGE: &str = "UPDATE credential SET state = $3 \
                          WHERE virtual_server = $1 AND id = $2 AND state <> 'revoked' AND state IN ($4, $5, $6)";
    const REVOKE: &str = "UPDATE credential SET state = $3, sealed = NULL, version = version + 1, revoked_at = $7 \
                          WHERE virtual_server = $1 AND id = $2 AND state <> 'revoked' AND state IN ($4, $5, $6)";
    let named = |state: TokenState| if from.contains(&state) { state.as_str() } else { "" };
    let (assigned, active, suspended) =
        (named(TokenState::Assigned), named(TokenState::Active), named(TokenState::Suspended));
    let (vs, id, state) = (at.vs.as_str(), id.as_str(), to.as_str());
    some(if to == TokenState::Revoked {
        change_in!(tx, REVOKE, vs, id, state, assigned, active, suspended, at.now.millis())?
    } else {
        change_in!(tx, CHANGE, vs, id, state, assigned, active, suspended)?
    })
}

/// A token that was revoked before it was proved.
pub(crate) struct Revoked {
    pub(crate) id: CredentialId,
    pub(crate) serial: String,
}

impl Revoked {
    fn each(rows: Vec<(String, String)>) -> Vec<Self> {
        rows.into_iter().map(|(id, serial)| Self { id: CredentialId::new(id), serial }).collect()
    }

    pub(crate) fn event(&self, context: EventContext, actor: &'static str, reason: &'static str) -> AuditEvent {
        AuditEvent::new(EventKind::TokenRevoked, context)
            .with("actor", actor)
            .with("serial", self.serial.as_str())
            .with("from", TokenState::Assigned.as_str())
            .with("to", TokenState::Revoked.as_str())
            .with("reason", reason)
    }
}

/// Revokes what a user was given and never proved.
pub(crate) async fn revoke_assigned_of(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<Vec<Revoked>, Failure> {
    const SQL: &str = "UPDATE credential SET state = 'revoked', sealed = NULL, version = version + 1, revoked_at = $3 \
                       WHERE virtual_server = $1 AND user_id = $2 AND state = 'assigned' RETURNING id, serial";
    Ok(Revoked::each(rows_in!(tx, (String, String), SQL, at.vs.as_str(), user.as_str(), at.now.millis())?))
}

/// Revokes this one, if it was never proved.
pub(crate) async fn revoke_assigned(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<Vec<Revoked>, Failure> {
    const SQL: &str = "UPDATE credential SET state = 'revoked', sealed = NULL, version = version + 1, revoked_at = $3 \
                       WHERE virtual_server = $1 AND id = $2 AND state = 'assigned' RETURNING id, serial";
    Ok(Revoked::each(rows_in!(tx, (String, String), SQL, at.vs.as_str(), id.as_str(), at.now.millis())?))
}

fn written(template: &Template) -> Result<String, Failure> {
    serde_json::to_string(template).map_err(|_| Failure::damaged("a template cannot be written"))
}
