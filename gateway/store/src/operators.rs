//! Operators and their sessions at the console. What the second factor keeps is sealed; of a session's token only the hash is
//! here.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::credential::Version;
use doorward_api::operator::{
    ApiKey, CustomRole, HeldRole, NewOperator, NewOperatorSession, Operator, OperatorSession, RecoveredOperator,
    RoleRef,
};
use doorward_api::ports::Operators;
use doorward_api::{
    ApiKeyId, FoldedName, OperatorId, Permission, Permissions, RoleId, SecretBytes, SessionId, StoreError, Timestamp,
    TokenHash, VirtualServerId,
};

use crate::db::{Tx, change, change_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;
use crate::{api_keys, approvals, roles, settings};

/// What is read of an operator `o` and of their role `r`, where operators have made it.
macro_rules! of_operator {
    () => {
        "o.id, o.name, o.role, o.disabled, o.password_hash, o.plugin, o.sealed, o.version, o.created_at, o.last_seen_at, \
         r.name AS role_name, r.permissions AS role_permissions"
    };
}

macro_rules! select_operator {
    () => {
        concat!(
            "SELECT ",
            of_operator!(),
            " FROM operator o LEFT JOIN operator_role r ON r.virtual_server = o.virtual_server AND r.id = o.role \
             WHERE o.virtual_server = $1"
        )
    };
}

/// `$4` is the earliest last use that is not idle.
const FIND_SESSION: &str = concat!(
    "SELECT s.id AS session_id, s.created_at AS began_at, s.last_seen_at AS used_at, s.proved_at, s.expires_at, ",
    of_operator!(),
    " FROM operator_session s JOIN operator o ON o.virtual_server = s.virtual_server AND o.id = s.operator_id \
     LEFT JOIN operator_role r ON r.virtual_server = o.virtual_server AND r.id = o.role \
     WHERE s.virtual_server = $1 AND s.token = $2 AND s.expires_at > $3 AND s.last_seen_at >= $4 AND NOT o.disabled"
);

/// That a role is everything: the one from the beginning, or one of operators that is everything, too.
macro_rules! is_everything {
    ($role:literal) => {
        concat!(
            "(",
            $role,
            " = 'administrator' OR EXISTS (SELECT 1 FROM operator_role every WHERE every.virtual_server = $1 \
             AND every.id = ",
            $role,
            " AND every.permissions = '*'))"
        )
    };
}

/// How many operators are switched on and may do everything, those of a condition; `one` is each of them.
macro_rules! administrators {
    ($of:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM operator one WHERE one.virtual_server = $1 AND NOT one.disabled AND ",
            is_everything!("one.role"),
            $of,
            ")"
        )
    };
}
pub(crate) use {administrators, is_everything};

#[derive(sqlx::FromRow)]
struct OperatorRow {
    id: String,
    name: String,
    role: String,
    disabled: bool,
    password_hash: String,
    plugin: String,
    sealed: Vec<u8>,
    version: i64,
    created_at: i64,
    last_seen_at: Option<i64>,
    role_name: Option<String>,
    role_permissions: Option<String>,
}

impl OperatorRow {
    fn operator(self, inner: &Inner, vs: &VirtualServerId) -> Result<Operator, Failure> {
        let role = held(&self.role, self.role_name, self.role_permissions);
        let role = role.ok_or_else(|| Failure::damaged(format!("operator {}: role", self.id)))?;
        Ok(Operator {
            opened: inner.sealer.open(place(&self.id, vs), &self.sealed)?,
            id: OperatorId::new(self.id),
            name: self.name,
            role,
            disabled: self.disabled,
            password_hash: self.password_hash,
            plugin: self.plugin,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            last_seen_at: self.last_seen_at.map(Timestamp::from_millis),
        })
    }
}

/// A role, with name and permissions of one that operators have made.
fn held(role: &str, name: Option<String>, permissions: Option<String>) -> Option<HeldRole> {
    match RoleRef::parse(role) {
        RoleRef::BuiltIn(role) => Some(role.into()),
        of => Some(HeldRole { of, name: name?, permissions: Permissions::read(&permissions?) }),
    }
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    session_id: String,
    began_at: i64,
    used_at: i64,
    proved_at: i64,
    expires_at: i64,
    #[sqlx(flatten)]
    operator: OperatorRow,
}

impl SessionRow {
    fn session(self, inner: &Inner, vs: &VirtualServerId) -> Result<OperatorSession, Failure> {
        Ok(OperatorSession {
            id: SessionId::new(self.session_id),
            operator: self.operator.operator(inner, vs)?,
            created_at: Timestamp::from_millis(self.began_at),
            last_seen_at: Timestamp::from_millis(self.used_at),
            proved_at: Timestamp::from_millis(self.proved_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("operator", "sealed", id, vs)
}

#[async_trait]
impl Operators for Store {
    async fn operator_by_name(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<Operator>, StoreError> {
        const SQL: &str = concat!(select_operator!(), " AND o.folded_name = $2");
        let (vs, name) = (vs.clone(), name.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), OperatorRow, SQL, vs.as_str(), name.as_str())?;
            found.into_iter().next().map(|row| row.operator(&inner, &vs)).transpose()
        })
        .await
    }

    async fn operator(&self, vs: &VirtualServerId, id: &OperatorId) -> Result<Option<Operator>, StoreError> {
        const SQL: &str = concat!(select_operator!(), " AND o.id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), OperatorRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.operator(&inner, &vs)).transpose()
        })
        .await
    }

    async fn operators(&self, vs: &VirtualServerId) -> Result<Vec<Operator>, StoreError> {
        const SQL: &str = select_operator!();
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), OperatorRow, SQL, vs.as_str())?;
            let opened = found.into_iter().map(|row| row.operator(&inner, &vs));
            // One that cannot be opened must not hide the others, who may have to make a new one in its place.
            let mut all: Vec<Operator> = opened
                .filter_map(|one| one.inspect_err(|failure| tracing::error!("{}", failure.message())).ok())
                .collect();
            // Sorted here: the two databases do not order text alike.
            all.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
            Ok(all)
        })
        .await
    }

    async fn operator_session(
        &self,
        vs: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<OperatorSession>, StoreError> {
        let (vs, token, not_idle) = (vs.clone(), token.hex(), (now - idle).millis());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), SessionRow, FIND_SESSION, vs.as_str(), token, now.millis(), not_idle)?;
            found.into_iter().next().map(|row| row.session(&inner, &vs)).transpose()
        })
        .await
    }

    async fn touch_operator(&self, vs: &VirtualServerId, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE operator_session SET last_seen_at = $3 \
                           WHERE virtual_server = $1 AND id = $2 AND last_seen_at < $3";
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            if inner.clock.took_back(now) {
                return Err(Failure::ClockSetRight);
            }
            change!(inner.db.writer()?, SQL, vs.as_str(), id.as_str(), now.millis())?;
            Ok(())
        })
        .await
    }

    async fn roles(&self, vs: &VirtualServerId) -> Result<Vec<CustomRole>, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { roles::all(&inner, &vs).await }).await
    }

    async fn role(&self, vs: &VirtualServerId, id: &RoleId) -> Result<Option<CustomRole>, StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move { roles::one(&inner, &vs, &id).await }).await
    }

    async fn api_keys(&self, vs: &VirtualServerId) -> Result<Vec<ApiKey>, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { api_keys::all(&inner, &vs).await }).await
    }

    async fn api_key_of(&self, vs: &VirtualServerId, token: &TokenHash) -> Result<Option<ApiKey>, StoreError> {
        let (vs, token) = (vs.clone(), *token);
        self.run(move |inner| async move { api_keys::of(&inner, &vs, &token).await }).await
    }

    async fn touch_api_key(&self, vs: &VirtualServerId, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move { api_keys::touch(&inner, &vs, &id, now).await }).await
    }
}

/// That there is the role `$n`: one that is there from the beginning, or one that operators have made.
macro_rules! role_is_there {
    ($n:literal) => {
        concat!(
            $n,
            " IN ('auditor', 'help_desk', 'administrator') OR EXISTS (SELECT 1 FROM operator_role r \
             WHERE r.virtual_server = $1 AND r.id = ",
            $n,
            ")"
        )
    };
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewOperator) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "INSERT INTO operator (virtual_server, id, name, folded_name, role, disabled, password_hash, plugin, sealed, \
         version, created_at) SELECT $1, $2, $3, $4, $5, $10, $6, $7, $8, 1, $9 WHERE ",
        role_is_there!("$5"),
        " ON CONFLICT DO NOTHING"
    );
    settings::hold_to_rely(tx, at).await?;
    let (vs, id, folded, role) = (at.vs.as_str(), new.id.as_str(), new.folded.as_str(), new.role.as_str());
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    let now = at.now.millis();
    let (hash, plugin, off) = (&new.password_hash, &new.plugin, new.disabled);
    some(change_in!(tx, SQL, vs, id, &new.name, folded, role, hash, plugin, sealed, now, off)?)
}

/// As a user's passcode: written over the version that it was made of, or not at all.
pub(crate) async fn spend(
    tx: &mut Tx,
    at: At<'_>,
    id: &OperatorId,
    version: Version,
    opened: &SecretBytes,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE operator SET sealed = $4, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3";
    let sealed = at.inner.sealer.seal(place(id.as_str(), at.vs), opened.expose())?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), version, sealed)?)
}

/// Whoever had the password before may be somebody else: of the sessions only the one stays in which it is changed, and whoever is
/// about to sign in with the old one has read another version.
pub(crate) async fn set_password(
    tx: &mut Tx,
    at: At<'_>,
    id: &OperatorId,
    (hash, keep): (&str, &SessionId),
) -> Result<(), Failure> {
    const SQL: &str =
        "UPDATE operator SET password_hash = $3, version = version + 1 WHERE virtual_server = $1 AND id = $2";
    const END: &str = "DELETE FROM operator_session WHERE virtual_server = $1 AND operator_id = $2 AND id <> $3";
    let (vs, id) = (at.vs.as_str(), id.as_str());
    some(change_in!(&mut *tx, SQL, vs, id, hash)?)?;
    change_in!(&mut *tx, END, vs, id, keep.as_str())?;
    Ok(())
}

/// Refused unless the password is the one that was read: so a link is good once, and none beside it. Whoever has more powers by
/// now is another one than was judged.
pub(crate) async fn recover(tx: &mut Tx, at: At<'_>, anew: &RecoveredOperator) -> Result<(), Failure> {
    const SQL: &str = "UPDATE operator SET password_hash = $4, plugin = $5, sealed = $6, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND password_hash = $3";
    settings::hold_to_rely(tx, at).await?;
    as_judged(tx, at, &anew.id, &anew.judged).await?;
    let (vs, id) = (at.vs.as_str(), anew.id.as_str());
    let sealed = at.inner.sealer.seal(place(id, at.vs), anew.opened.expose())?;
    some(change_in!(&mut *tx, SQL, vs, id, &anew.seen, &anew.password_hash, &anew.plugin, sealed)?)?;
    end_sessions(tx, at, &anew.id).await
}

async fn end_sessions(tx: &mut Tx, at: At<'_>, of: &OperatorId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM operator_session WHERE virtual_server = $1 AND operator_id = $2";
    change_in!(tx, SQL, at.vs.as_str(), of.as_str())?;
    Ok(())
}

/// Refused unless so many operators who may do everything are switched on.
pub(crate) async fn administrators_are_there(tx: &mut Tx, at: At<'_>, least: u32) -> Result<(), Failure> {
    const SQL: &str = concat!("SELECT ", administrators!(""));
    settings::hold_to_change(tx, at).await?;
    let found = rows_in!(tx, (i64,), SQL, at.vs.as_str())?;
    holds(found.first().is_some_and(|(count,)| *count >= i64::from(least)))
}

/// The role of an operator, and whether they are switched off. The caller holds the virtual server, and with it who has which role
/// and what each permits.
async fn role_of(tx: &mut Tx, at: At<'_>, id: &OperatorId) -> Result<(HeldRole, bool), Failure> {
    const SQL: &str = "SELECT o.role, o.disabled, r.name, r.permissions FROM operator o \
                       LEFT JOIN operator_role r ON r.virtual_server = o.virtual_server AND r.id = o.role \
                       WHERE o.virtual_server = $1 AND o.id = $2";
    type Row = (String, bool, Option<String>, Option<String>);
    let found = rows_in!(tx, Row, SQL, at.vs.as_str(), id.as_str())?;
    let (role, disabled, name, permissions) = found.into_iter().next().ok_or(Failure::Refused)?;
    Ok((held(&role, name, permissions).ok_or(Failure::Refused)?, disabled))
}

/// Refused unless the operator has the role that was judged, and it permits no more than it did then. The caller holds the virtual
/// server.
async fn as_judged(tx: &mut Tx, at: At<'_>, id: &OperatorId, judged: &HeldRole) -> Result<(), Failure> {
    let (now, _) = role_of(tx, at, id).await?;
    holds(now.of == judged.of && judged.permissions.includes(now.permissions))
}

/// Refused unless the operator has the role that was judged, and when it would take away one of the last who may do
/// everything. Two who take each other's role away wait for each other.
pub(crate) async fn set_role(
    tx: &mut Tx,
    at: At<'_>,
    id: &OperatorId,
    (from, role): (&HeldRole, &RoleRef),
) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE operator SET role = $3 WHERE virtual_server = $1 AND id = $2 AND (",
        is_everything!("$3"),
        " OR disabled OR NOT ",
        is_everything!("operator.role"),
        " OR ",
        administrators!(" AND one.id <> $2"),
        " >= $4) AND (",
        role_is_there!("$3"),
        ")"
    );
    settings::hold_to_change(tx, at).await?;
    as_judged(tx, at, id, from).await?;
    let least = approvals::least_administrators(tx, at).await?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), role.as_str(), least)?)
}

/// Refused unless the operator has the role that was judged, and when it would switch off one of the last who may do
/// everything.
pub(crate) async fn disable(
    tx: &mut Tx,
    at: At<'_>,
    (id, from): (&OperatorId, &HeldRole),
    disabled: bool,
) -> Result<(), Failure> {
    const ON: &str = "UPDATE operator SET disabled = FALSE WHERE virtual_server = $1 AND id = $2";
    const OFF: &str = concat!(
        "UPDATE operator SET disabled = TRUE WHERE virtual_server = $1 AND id = $2 AND (disabled OR NOT ",
        is_everything!("operator.role"),
        " OR ",
        administrators!(" AND one.id <> $2"),
        " >= $3)"
    );
    settings::hold_to_change(tx, at).await?;
    as_judged(tx, at, id, from).await?;
    let vs = at.vs.as_str();
    if !disabled {
        return some(change_in!(tx, ON, vs, id.as_str())?);
    }
    let least = approvals::least_administrators(tx, at).await?;
    some(change_in!(&mut *tx, OFF, vs, id.as_str(), least)?)?;
    end_sessions(tx, at, id).await
}

/// Refused unless the operator is switched on and may this now, with all that the role permits which is given. Whoever takes any
/// of it away at that moment, or has the role permit more, waits.
pub(crate) async fn stands(
    tx: &mut Tx,
    at: At<'_>,
    id: &OperatorId,
    (may, gives): (Permission, &RoleRef),
) -> Result<(), Failure> {
    const GIVES: &str = "SELECT permissions FROM operator_role WHERE virtual_server = $1 AND id = $2";
    settings::hold_to_rely(tx, at).await?;
    let given = match gives {
        RoleRef::BuiltIn(role) => role.permissions(),
        RoleRef::Custom(id) => {
            let found = rows_in!(&mut *tx, (String,), GIVES, at.vs.as_str(), id.as_str())?;
            found.first().map(|(permissions,)| Permissions::read(permissions)).ok_or(Failure::Refused)?
        }
    };
    let (role, disabled) = role_of(tx, at, id).await?;
    holds(!disabled && role.permissions.includes(given.with(may)))
}

/// Refused when the operator is switched off: a session made at that moment would live again once they are switched on.
pub(crate) async fn start_session(tx: &mut Tx, at: At<'_>, new: &NewOperatorSession) -> Result<(), Failure> {
    const SEEN: &str = "UPDATE operator SET last_seen_at = $3 WHERE virtual_server = $1 AND id = $2 AND NOT disabled";
    const SQL: &str = "INSERT INTO operator_session \
                       (virtual_server, id, token, operator_id, created_at, last_seen_at, proved_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $5, $5, $6) ON CONFLICT DO NOTHING";
    let (vs, operator, now) = (at.vs.as_str(), new.operator.as_str(), at.now.millis());
    some(change_in!(&mut *tx, SEEN, vs, operator, now)?)?;
    some(change_in!(&mut *tx, SQL, vs, new.id.as_str(), new.token.hex(), operator, now, new.expires_at.millis())?)
}

pub(crate) async fn prove_session(tx: &mut Tx, at: At<'_>, id: &SessionId) -> Result<(), Failure> {
    const SQL: &str = "UPDATE operator_session SET proved_at = $3, last_seen_at = $3 \
                       WHERE virtual_server = $1 AND id = $2 AND expires_at > $3";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), at.now.millis())?)
}

pub(crate) async fn end_session(tx: &mut Tx, at: At<'_>, id: &SessionId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM operator_session WHERE virtual_server = $1 AND id = $2";
    change_in!(tx, SQL, at.vs.as_str(), id.as_str())?;
    Ok(())
}
