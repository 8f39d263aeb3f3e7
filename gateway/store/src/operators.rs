//! Operators and their sessions at the console. What the second factor keeps is sealed; of a session's token only the hash is
//! here.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::credential::Version;
use doorward_api::operator::{NewOperator, NewOperatorSession, Operator, OperatorSession, Role};
use doorward_api::ports::Operators;
use doorward_api::{FoldedName, OperatorId, SecretBytes, SessionId, StoreError, Timestamp, TokenHash, VirtualServerId};

use crate::db::{Tx, change, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;
use crate::settings;

macro_rules! select_operator {
    () => {
        "SELECT id, name, role, disabled, password_hash, plugin, sealed, version, created_at, last_seen_at \
         FROM operator WHERE virtual_server = $1"
    };
}

/// `$4` is the earliest last use that is not idle.
const FIND_SESSION: &str = "SELECT s.id AS session_id, s.created_at AS began_at, s.last_seen_at AS used_at, s.proved_at, \
     s.expires_at, o.id, o.name, o.role, o.disabled, o.password_hash, o.plugin, o.sealed, o.version, o.created_at, \
     o.last_seen_at FROM operator_session s \
     JOIN operator o ON o.virtual_server = s.virtual_server AND o.id = s.operator_id \
     WHERE s.virtual_server = $1 AND s.token = $2 AND s.expires_at > $3 AND s.last_seen_at >= $4 AND NOT o.disabled";

/// That somebody else is an administrator and switched on; `$2` is the one who is not asked after.
macro_rules! another_administrator {
    () => {
        "EXISTS (SELECT 1 FROM operator other WHERE other.virtual_server = $1 AND other.id <> $2 \
         AND other.role = 'administrator' AND NOT other.disabled)"
    };
}

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
}

impl OperatorRow {
    fn operator(self, inner: &Inner, vs: &VirtualServerId) -> Result<Operator, Failure> {
        let role = Role::parse(&self.role).ok_or_else(|| Failure::damaged(format!("operator {}: role", self.id)))?;
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
        const SQL: &str = concat!(select_operator!(), " AND folded_name = $2");
        let (vs, name) = (vs.clone(), name.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), OperatorRow, SQL, vs.as_str(), name.as_str())?;
            found.into_iter().next().map(|row| row.operator(&inner, &vs)).transpose()
        })
        .await
    }

    async fn operator(&self, vs: &VirtualServerId, id: &OperatorId) -> Result<Option<Operator>, StoreError> {
        const SQL: &str = concat!(select_operator!(), " AND id = $2");
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
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewOperator) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO operator (virtual_server, id, name, folded_name, role, disabled, password_hash, \
                       plugin, sealed, version, created_at) \
                       VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $8, 1, $9) ON CONFLICT DO NOTHING";
    let (vs, id, folded, role) = (at.vs.as_str(), new.id.as_str(), new.folded.as_str(), new.role.as_str());
    let sealed = at.inner.sealer.seal(place(id, at.vs), new.opened.expose())?;
    let now = at.now.millis();
    some(change_in!(tx, SQL, vs, id, &new.name, folded, role, &new.password_hash, &new.plugin, sealed, now)?)
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

pub(crate) async fn set_password(tx: &mut Tx, at: At<'_>, id: &OperatorId, hash: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE operator SET password_hash = $3 WHERE virtual_server = $1 AND id = $2";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), hash)?)
}

/// Refused when it would take the last administrator away. Two who take each other's role away wait for each other.
pub(crate) async fn set_role(tx: &mut Tx, at: At<'_>, id: &OperatorId, role: Role) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE operator SET role = $3 WHERE virtual_server = $1 AND id = $2 \
         AND ($3 = 'administrator' OR role <> 'administrator' OR disabled OR ",
        another_administrator!(),
        ")"
    );
    settings::hold_to_change(tx, at).await?;
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), role.as_str())?)
}

/// Refused when it would switch the last administrator off.
pub(crate) async fn disable(tx: &mut Tx, at: At<'_>, id: &OperatorId, disabled: bool) -> Result<(), Failure> {
    const ON: &str = "UPDATE operator SET disabled = FALSE WHERE virtual_server = $1 AND id = $2";
    const OFF: &str = concat!(
        "UPDATE operator SET disabled = TRUE WHERE virtual_server = $1 AND id = $2 \
         AND (role <> 'administrator' OR disabled OR ",
        another_administrator!(),
        ")"
    );
    const END: &str = "DELETE FROM operator_session WHERE virtual_server = $1 AND operator_id = $2";
    let (vs, id) = (at.vs.as_str(), id.as_str());
    if !disabled {
        return some(change_in!(tx, ON, vs, id)?);
    }
    settings::hold_to_change(tx, at).await?;
    some(change_in!(&mut *tx, OFF, vs, id)?)?;
    change_in!(&mut *tx, END, vs, id)?;
    Ok(())
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
