//! Enrolled authenticators, and those in the stock. Their bytes and their PINs are sealed, and gone once the token is revoked.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::credential::{AddedPasskey, NewCredential, NewStock, ServerPin, Version};
use doorward_api::ports::{Credentials, Fails};
use doorward_api::{
    AuditEvent, Credential, CredentialId, EventContext, EventKind, SecretBytes, StoreError, Target, Template,
    Timestamp, TokenForm, TokenState, UserId, VirtualServerId,
};

use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;
use crate::users::hold;

macro_rules! select_credential {
    () => {
        "SELECT id, user_id, plugin, serial, state, form, label, target, additional, template, sealed, version, pin, pin_version, \
         fails, locked_until, created_at, activated_at, last_used_at \
         FROM credential WHERE virtual_server = $1 AND user_id IS NOT NULL AND "
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
    form: String,
    label: String,
    target: Option<String>,
    additional: bool,
    template: String,
    sealed: Option<Vec<u8>>,
    version: i64,
    pin: Option<Vec<u8>>,
    pin_version: i64,
    fails: i64,
    locked_until: Option<i64>,
    created_at: i64,
    activated_at: Option<i64>,
    last_used_at: Option<i64>,
}

/// What is sealed of a token.
type Opened = (SecretBytes, Option<ServerPin>);

impl CredentialRow {
    /// With what is sealed of it opened. That it cannot be is an error.
    fn credential(self, inner: &Inner, vs: &VirtualServerId) -> Result<Credential, Failure> {
        let opened = self.opened(inner, vs)?;
        self.with(opened, false)
    }

    /// That it cannot be opened is said of it: one damaged token must not hide the others, nor itself from an operator.
    fn credential_even_damaged(self, inner: &Inner, vs: &VirtualServerId) -> Result<Credential, Failure> {
        match self.opened(inner, vs) {
            Ok(opened) => self.with(opened, false),
            Err(Failure::Damaged(_)) => self.with(Opened::default(), true),
            Err(other) => Err(other),
        }
    }

    /// Only what is revoked has no bytes: the schema sees to it.
    fn opened(&self, inner: &Inner, vs: &VirtualServerId) -> Result<Opened, Failure> {
        let bytes = self.sealed.as_ref().map(|sealed| inner.sealer.open(place(&self.id, vs), sealed)).transpose()?;
        let pin =
            self.pin.as_ref().map(|sealed| inner.sealer.open_json(pin_place(&self.id, vs), sealed)).transpose()?;
        Ok((bytes.unwrap_or_default(), pin))
    }

    fn with(self, (opened, pin): Opened, unreadable: bool) -> Result<Credential, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("credential {}: {what}", self.id));
        Ok(Credential {
            state: TokenState::parse(&self.state).ok_or_else(|| damaged("state"))?,
            form: TokenForm::parse(&self.form).ok_or_else(|| damaged("form"))?,
            target: target(self.target.as_deref()).map_err(|()| damaged("target"))?,
            template: serde_json::from_str(&self.template).map_err(|_| damaged("template"))?,
            additional: self.additional,
            opened,
            damaged: unreadable,
            id: CredentialId::new(self.id),
            user: UserId::new(self.user_id),
            plugin: self.plugin,
            serial: self.serial,
            label: self.label,
            version: self.version,
            pin,
            pin_version: self.pin_version,
            fails: count(self.fails),
            locked_until: self.locked_until.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(self.created_at),
            activated_at: self.activated_at.map(Timestamp::from_millis),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        })
    }
}

/// A thing has none; anything else has one that is known.
pub(crate) fn target(stored: Option<&str>) -> Result<Option<Target>, ()> {
    stored.map(|name| Target::parse(name).ok_or(())).transpose()
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("credential", "sealed", id, vs)
}

fn pin_place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("credential", "pin", id, vs)
}

pub(crate) fn count(stored: i64) -> u32 {
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

    /// Nothing when the token is nobody's.
    async fn credential(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<Option<Credential>, StoreError> {
        const SQL: &str = concat!(select_credential!(), "id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), CredentialRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.credential(&inner, &vs)).transpose()
        })
        .await
    }

    async fn credential_by_serial(&self, vs: &VirtualServerId, serial: &str) -> Result<Option<Credential>, StoreError> {
        const SQL: &str = concat!(select_credential!(), "serial = $2");
        let (vs, serial) = (vs.clone(), serial.to_owned());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), CredentialRow, SQL, vs.as_str(), serial.as_str())?;
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

/// The states of [`TokenState::counts_as_token`], of the row that `$of` names; a test compares.
macro_rules! in_counting_state {
    ($of:literal) => {
        concat!($of, "state IN ('active', 'suspended', 'locked_pin')")
    };
}

/// Tokens of the user `$user` that count as one ([`TokenState::counts_as_token`], [`TokenForm::is_token`]; a test compares).
macro_rules! counting {
    ($what:literal, $user:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM credential other WHERE other.virtual_server = $1 AND other.user_id = ",
            $user,
            " AND ",
            crate::credentials::in_counting_state!("other."),
            " AND other.form <> 'passkey'"
        )
    };
}

/// That the user `$user` has no token that counts as one.
macro_rules! without_token {
    ($user:literal) => {
        concat!("NOT EXISTS (", crate::credentials::counting!("1", $user), ")")
    };
}

/// That the user `$user` has fewer tokens that count than `$most`. What is given to them at the same moment is counted when it
/// is activated, with the user held.
macro_rules! fewer_than {
    ($user:literal, $most:literal) => {
        concat!("(", counting!("COUNT(*)", $user), ") < ", $most)
    };
}
pub(crate) use {counting, in_counting_state, without_token};

/// Holds the owner of a token: nobody else's activation counts their tokens until this is done.
async fn hold_owner(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<(), Failure> {
    const HOLD: &str = "SELECT id FROM user_account WHERE virtual_server = $1 \
                        AND id = (SELECT user_id FROM credential WHERE virtual_server = $1 AND id = $2) \
                        FOR NO KEY UPDATE";
    Ok(lock_in!(tx, HOLD, at.vs.as_str(), id.as_str())?)
}

pub(crate) async fn issue(tx: &mut Tx, at: At<'_>, new: &NewCredential) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "INSERT INTO credential (virtual_server, id, user_id, plugin, serial, state, form, label, target, template, sealed, \
         version, pin_version, fails, created_at, additional) \
         SELECT $1, $2, $3, $4, $5, 'assigned', 'software', '', $6, $7, $8, 1, 0, 0, $9, $10 WHERE ",
        fewer_than!("$3", "$11"),
        " ON CONFLICT DO NOTHING"
    );
    let (vs, id, user) = (at.vs.as_str(), new.id.as_str(), new.user.as_str());
    let (target, template, now) = (new.target.as_str(), written(&new.template)?, at.now.millis());
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    let (additional, most) = (new.additional, i64::from(new.most));
    some(change_in!(tx, SQL, vs, id, user, &new.plugin, &new.serial, target, template, sealed, now, additional, most)?)
}

/// Of those that are made at the same moment one is counted after the other. A passkey has no platform of ours and shows no
/// passcodes: its template says nothing of it.
pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &AddedPasskey) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO credential (virtual_server, id, user_id, plugin, serial, state, form, label, template, sealed, \
                       version, pin_version, fails, created_at, activated_at) \
                       SELECT $1, $2, $3, $4, $5, 'active', 'passkey', $6, $7, $8, 1, 0, 0, $9, $9 WHERE \
                       (SELECT COUNT(*) FROM credential other WHERE other.virtual_server = $1 AND other.user_id = $3 \
                           AND other.form = 'passkey' AND other.state <> 'revoked') < $10 \
                       ON CONFLICT DO NOTHING";
    let (vs, id, user) = (at.vs.as_str(), new.id.as_str(), new.user.as_str());
    let (template, now, most) = (written(&Template::STANDARD_APP)?, at.now.millis(), i64::from(new.most));
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    hold(&mut *tx, at.vs, &new.user).await?;
    some(change_in!(tx, SQL, vs, id, user, &new.plugin, &new.serial, &new.label, template, sealed, now, most)?)
}

pub(crate) async fn reissue(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    (plugin, opened, template): (&str, &SecretBytes, &Template),
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET sealed = $4, template = $5, plugin = $6, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state = 'assigned'";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed, written(template)?, plugin)?)
}

pub(crate) async fn retarget(tx: &mut Tx, at: At<'_>, id: &CredentialId, target: Target) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET target = $3 WHERE virtual_server = $1 AND id = $2 AND state = 'assigned'";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), target.as_str())?)
}

/// Of those that are activated at the same moment one is counted after the other, so that there are never more than `most`.
pub(crate) async fn activate(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    opened: &SecretBytes,
    most: u8,
) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE credential SET state = 'active', sealed = $4, version = version + 1, \
         fails = 0, locked_until = NULL, activated_at = $5, last_used_at = $5 \
         WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state = 'assigned' AND ",
        fewer_than!("credential.user_id", "$6")
    );
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    let (vs, now, most) = (at.vs.as_str(), at.now.millis(), i64::from(most));
    hold_owner(tx, at, id).await?;
    some(change_in!(tx, SQL, vs, id.as_str(), version, sealed, now, most)?)
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

/// What a token has shown is kept, and nothing else is changed by it.
pub(crate) async fn learn(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    opened: &SecretBytes,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET sealed = $4, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3 AND state IN ('active', 'assigned')";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed)?)
}

/// Another state, from one of those that are named in `from`. From a revoked token there is no way back: its secret is gone.
/// What is nobody's comes to nobody by this (the table sees to it), and none comes to count beside another.
pub(crate) async fn change_state(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    from: &[TokenState],
    to: TokenState,
) -> Result<(), Failure> {
    // `from` is one text with commas, since it is of any length.
    macro_rules! change {
        ($set:literal) => {
            concat!(
                "UPDATE credential SET state = $3",
                $set,
                " WHERE virtual_server = $1 AND id = $2 AND state <> 'revoked' AND $4 LIKE '%,' || state || ',%'"
            )
        };
    }
    const CHANGE: &str = change!("");
    const COUNTS: &str = concat!(
        change!(""),
        " AND (",
        in_counting_state!(""),
        " OR form = 'passkey' OR ",
        without_token!("credential.user_id"),
        ")"
    );
    const REVOKE: &str =
        change!(", sealed = NULL, version = version + 1, pin = NULL, pin_version = pin_version + 1, revoked_at = $5");
    const TO_NOBODY: &str = change!(
        ", user_id = NULL, label = '', fails = 0, locked_until = NULL, pin = NULL, pin_version = pin_version + 1"
    );
    let names: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
    let (vs, token, state, from) = (at.vs.as_str(), id, to.as_str(), format!(",{},", names.join(",")));
    let id = token.as_str();
    some(match to {
        TokenState::Revoked => change_in!(tx, REVOKE, vs, id, state, from, at.now.millis())?,
        TokenState::Inventory | TokenState::Lost | TokenState::Faulty => {
            change_in!(tx, TO_NOBODY, vs, id, state, from)?
        }
        TokenState::Assigned => change_in!(tx, CHANGE, vs, id, state, from)?,
        TokenState::Active | TokenState::Suspended | TokenState::LockedPin => {
            hold_owner(&mut *tx, at, token).await?;
            change_in!(tx, COUNTS, vs, id, state, from)?
        }
    })
}

pub(crate) async fn unlock(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET fails = 0, locked_until = NULL \
                       WHERE virtual_server = $1 AND id = $2 AND state = 'active' AND locked_until > $3";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), at.now.millis())?)
}

/// A PIN is its user's, so a token that is nobody's has none.
pub(crate) async fn set_pin(
    tx: &mut Tx,
    at: At<'_>,
    id: &CredentialId,
    version: Version,
    pin: Option<&ServerPin>,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET pin = $4, pin_version = pin_version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND pin_version = $3 \
                       AND user_id IS NOT NULL AND state <> 'revoked'";
    let sealed = pin.map(|pin| at.inner.sealer.seal_json(pin_place(id.as_str(), at.vs), pin)).transpose()?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed)?)
}

pub(crate) async fn set_label(tx: &mut Tx, at: At<'_>, id: &CredentialId, label: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE credential SET label = $3 WHERE virtual_server = $1 AND id = $2";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), label)?)
}

/// Refused when its serial number is there, in whatever state.
pub(crate) async fn stock(tx: &mut Tx, at: At<'_>, new: &NewStock) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO credential (virtual_server, id, plugin, serial, state, form, label, template, sealed, \
                       version, pin_version, fails, created_at) \
                       VALUES ($1, $2, $3, $4, 'inventory', 'hardware', '', $5, $6, 1, 0, 0, $7) ON CONFLICT DO NOTHING";
    let (vs, id, template) = (at.vs.as_str(), new.id.as_str(), written(&new.template)?);
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    some(change_in!(tx, SQL, vs, id, &new.plugin, &new.serial, template, sealed, at.now.millis())?)
}

/// When it was activated and used by somebody before is nothing to its new user.
pub(crate) async fn assign(tx: &mut Tx, at: At<'_>, id: &CredentialId, user: &UserId, most: u8) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE credential SET state = 'assigned', user_id = $3, activated_at = NULL, last_used_at = NULL \
         WHERE virtual_server = $1 AND id = $2 AND state = 'inventory' AND ",
        fewer_than!("$3", "$4")
    );
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), user.as_str(), i64::from(most))?)
}

/// Of two that go at the same moment the second finds that the first is gone.
pub(crate) async fn remove(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE credential SET state = 'revoked', sealed = NULL, version = version + 1, revoked_at = $3, \
         pin = NULL, pin_version = pin_version + 1 \
         WHERE virtual_server = $1 AND id = $2 AND form = 'software' AND ",
        in_counting_state!(""),
        " AND EXISTS (SELECT 1 FROM credential other WHERE other.virtual_server = $1 \
             AND other.user_id = credential.user_id AND other.id <> $2 AND other.state = 'active' \
             AND other.form <> 'passkey')"
    );
    hold_owner(tx, at, id).await?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), at.now.millis())?)
}

pub(crate) async fn delete(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM credential WHERE virtual_server = $1 AND id = $2 \
                       AND state IN ('inventory', 'lost', 'faulty', 'revoked')";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str())?)
}

macro_rules! revoke_assigned {
    () => {
        "UPDATE credential SET state = 'revoked', sealed = NULL, version = version + 1, revoked_at = $3, pin = NULL, \
         pin_version = pin_version + 1 WHERE virtual_server = $1 AND state = 'assigned' AND form = 'software' AND "
    };
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

/// Revokes what a user was given in a flow and never proved. A thing that an operator has handed out is no flow's to revoke.
pub(crate) async fn revoke_assigned_of(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<Vec<Revoked>, Failure> {
    const SQL: &str = concat!(revoke_assigned!(), "user_id = $2 RETURNING id, serial");
    Ok(Revoked::each(rows_in!(tx, (String, String), SQL, at.vs.as_str(), user.as_str(), at.now.millis())?))
}

/// Revokes this one, if it was never proved.
pub(crate) async fn revoke_assigned(tx: &mut Tx, at: At<'_>, id: &CredentialId) -> Result<Vec<Revoked>, Failure> {
    const SQL: &str = concat!(revoke_assigned!(), "id = $2 RETURNING id, serial");
    Ok(Revoked::each(rows_in!(tx, (String, String), SQL, at.vs.as_str(), id.as_str(), at.now.millis())?))
}

/// A token that was taken from a user who goes.
pub(crate) struct TakenToken {
    pub(crate) serial: String,
    pub(crate) from: TokenState,
    pub(crate) to: TokenState,
}

/// An app's token of a user who goes is revoked; a thing goes back to the stock, for the next one.
pub(crate) async fn take_from(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<Vec<TakenToken>, Failure> {
    // What nobody else changes meanwhile: the record says what it was.
    const HOLD: &str = "SELECT id FROM credential WHERE virtual_server = $1 AND user_id = $2 ORDER BY id FOR UPDATE";
    const THEIRS: &str = "SELECT serial, state, form FROM credential \
                          WHERE virtual_server = $1 AND user_id = $2 AND state <> 'revoked' ORDER BY id";
    const TO_STOCK: &str = "UPDATE credential SET state = 'inventory', user_id = NULL, label = '', fails = 0, \
                            locked_until = NULL, pin = NULL, pin_version = pin_version + 1 \
                            WHERE virtual_server = $1 AND user_id = $2 AND state <> 'revoked' AND form = 'hardware'";
    const REVOKE: &str = "UPDATE credential SET state = 'revoked', sealed = NULL, version = version + 1, revoked_at = $3, \
                          pin = NULL, pin_version = pin_version + 1 \
                          WHERE virtual_server = $1 AND user_id = $2 AND state <> 'revoked'";
    let (vs, id) = (at.vs.as_str(), user.as_str());
    lock_in!(&mut *tx, HOLD, vs, id)?;
    let theirs = rows_in!(&mut *tx, (String, String, String), THEIRS, vs, id)?;
    change_in!(&mut *tx, TO_STOCK, vs, id)?;
    change_in!(tx, REVOKE, vs, id, at.now.millis())?;
    let taken = |(serial, state, form): (String, String, String)| {
        let from = TokenState::parse(&state).ok_or_else(|| Failure::damaged(format!("token {serial}: state")))?;
        let stocked = form == TokenForm::Hardware.as_str();
        let to = if stocked { TokenState::Inventory } else { TokenState::Revoked };
        Ok(TakenToken { serial, from, to })
    };
    theirs.into_iter().map(taken).collect()
}

fn written(template: &Template) -> Result<String, Failure> {
    serde_json::to_string(template).map_err(|_| Failure::damaged("a template cannot be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_and_the_vocabulary_agree_on_what_counts_as_a_token() {
        let counting: Vec<String> = TokenState::ALL
            .into_iter()
            .filter(|state| state.counts_as_token())
            .map(|state| format!("'{}'", state.as_str()))
            .collect();
        let condition = format!("state IN ({})", counting.join(", "));
        assert!(without_token!("$2").contains(&condition));
        assert!(fewer_than!("$2", "$3").contains(&condition));
        let uncounted: Vec<&str> = [TokenForm::Software, TokenForm::Hardware, TokenForm::Passkey]
            .into_iter()
            .filter(|form| !form.is_token())
            .map(TokenForm::as_str)
            .collect();
        assert_eq!(uncounted, ["passkey"]);
        assert!(without_token!("$2").contains("form <> 'passkey'"));
    }
}
