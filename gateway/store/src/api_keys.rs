//! Keys of programs. Of a key's secret only the hash is here.

use doorward_api::operator::{ApiKey, NewApiKey};
use doorward_api::{ApiKeyId, OperatorId, Permissions, Timestamp, TokenHash, VirtualServerId};

use crate::db::{Tx, change, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Inner;

macro_rules! select_key {
    () => {
        "SELECT id, name, permissions, created_by, created_at, expires_at, last_used_at, disabled FROM api_key \
         WHERE virtual_server = $1"
    };
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: String,
    name: String,
    permissions: String,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    disabled: bool,
}

impl From<KeyRow> for ApiKey {
    fn from(row: KeyRow) -> Self {
        Self {
            id: ApiKeyId::new(row.id),
            name: row.name,
            permissions: Permissions::read(&row.permissions),
            created_by: OperatorId::new(row.created_by),
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            disabled: row.disabled,
        }
    }
}

pub(crate) async fn all(inner: &Inner, vs: &VirtualServerId) -> Result<Vec<ApiKey>, Failure> {
    const SQL: &str = select_key!();
    let found = rows!(inner.db.reader(), KeyRow, SQL, vs.as_str())?;
    let mut all: Vec<ApiKey> = found.into_iter().map(ApiKey::from).collect();
    // Sorted here: the two databases do not order text alike.
    all.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Ok(all)
}

pub(crate) async fn of(inner: &Inner, vs: &VirtualServerId, token: &TokenHash) -> Result<Option<ApiKey>, Failure> {
    const SQL: &str = concat!(select_key!(), " AND token = $2");
    let found = rows!(inner.db.reader(), KeyRow, SQL, vs.as_str(), token.hex())?;
    Ok(found.into_iter().next().map(ApiKey::from))
}

pub(crate) async fn touch(inner: &Inner, vs: &VirtualServerId, id: &ApiKeyId, now: Timestamp) -> Result<(), Failure> {
    const SQL: &str = "UPDATE api_key SET last_used_at = $3 \
                       WHERE virtual_server = $1 AND id = $2 AND last_used_at < $3";
    if inner.clock.took_back(now) {
        return Err(Failure::ClockSetRight);
    }
    change!(inner.db.writer()?, SQL, vs.as_str(), id.as_str(), now.millis())?;
    Ok(())
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewApiKey) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO api_key (virtual_server, id, token, name, permissions, created_by, created_at, \
                       expires_at, disabled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE) ON CONFLICT DO NOTHING";
    let (vs, id, by) = (at.vs.as_str(), new.id.as_str(), new.created_by.as_str());
    let (permissions, now, end) = (new.permissions.text(), at.now.millis(), new.expires_at.millis());
    some(change_in!(tx, SQL, vs, id, new.token.hex(), &new.name, permissions, by, now, end)?)
}

/// Of uses that come at once one is the first. Noted to the minute, as those after it are.
pub(crate) async fn use_first(tx: &mut Tx, at: At<'_>, id: &ApiKeyId) -> Result<(), Failure> {
    const SQL: &str = "UPDATE api_key SET last_used_at = $3 - $3 % 60000 WHERE virtual_server = $1 AND id = $2 \
                       AND last_used_at IS NULL AND NOT disabled AND expires_at > $3";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), at.now.millis())?)
}

/// It is over from now on, too: it is swept away when it has been so for a while, however long it was to be good.
pub(crate) async fn revoke(tx: &mut Tx, at: At<'_>, id: &ApiKeyId) -> Result<(), Failure> {
    const SQL: &str = "UPDATE api_key SET disabled = TRUE, \
                       expires_at = CASE WHEN expires_at > $3 THEN $3 ELSE expires_at END \
                       WHERE virtual_server = $1 AND id = $2 AND NOT disabled";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), at.now.millis())?)
}
