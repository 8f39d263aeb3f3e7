//! Virtual servers, and what operators set for them at run time: a document of each kind (decision B18).
//!
//! A document that was never set has no row. Whoever decides by a document and whoever changes one therefore meet at the row of
//! the virtual server, which is always there.

use async_trait::async_trait;
use doorward_api::audit::GENESIS;
use doorward_api::ports::Settings;
use doorward_api::settings::{FieldChange, SettingChange, SettingKind, StoredDocument};
use doorward_api::{StoreError, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::At;
use crate::open::Store;
use crate::provisioning_rules;

/// Makes a virtual server with the beginning of its chain. Refused when it is there already. It has no documents: those that
/// were never set are what a new one begins with (R29).
pub(crate) async fn add_virtual_server(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const SERVER: &str = "INSERT INTO virtual_server (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const HEAD: &str = "INSERT INTO audit_head (virtual_server, seq, hash, appended_at) VALUES ($1, 0, $2, $3)";
    let (vs, now) = (at.vs.as_str(), at.now.millis());
    some(change_in!(&mut *tx, SERVER, vs, now)?)?;
    change_in!(&mut *tx, HEAD, vs, GENESIS, now)?;
    Ok(())
}

/// Before what is decided for a whole virtual server is changed: nobody else changes it, or relies on it, until this is done.
pub(crate) async fn hold_to_change(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const HOLD: &str = "SELECT id FROM virtual_server WHERE id = $1 FOR NO KEY UPDATE";
    Ok(lock_in!(tx, HOLD, at.vs.as_str())?)
}

/// Before something is made to depend on it: it stays as it is until this is done. Others may rely on it as well.
pub(crate) async fn hold_to_rely(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const HOLD: &str = "SELECT id FROM virtual_server WHERE id = $1 FOR SHARE";
    Ok(lock_in!(tx, HOLD, at.vs.as_str())?)
}

/// Refused unless each document is at the version that was read. The caller holds the virtual server.
pub(crate) async fn unchanged(tx: &mut Tx, at: At<'_>, read: &[(SettingKind, i64)]) -> Result<(), Failure> {
    const SQL: &str = "SELECT version FROM setting WHERE virtual_server = $1 AND kind = $2";
    for (kind, version) in read {
        let found = rows_in!(&mut *tx, (i64,), SQL, at.vs.as_str(), kind.as_str())?;
        holds(found.first().map_or(0, |(now,)| *now) == *version)?;
    }
    Ok(())
}

/// A document to be.
pub(crate) struct NewDocument<'a> {
    pub(crate) kind: SettingKind,
    pub(crate) seen: i64,
    pub(crate) body: &'a str,
    pub(crate) operator: &'a str,
    pub(crate) changes: &'a [FieldChange],
}

/// Refused unless the document is at the version that was seen.
pub(crate) async fn set(tx: &mut Tx, at: At<'_>, new: NewDocument<'_>) -> Result<(), Failure> {
    const FIRST: &str = "INSERT INTO setting (virtual_server, kind, body, version, changed_at) \
                         VALUES ($1, $2, $3, 1, $4) ON CONFLICT DO NOTHING";
    const NEXT: &str = "UPDATE setting SET body = $3, version = version + 1, changed_at = $4 \
                        WHERE virtual_server = $1 AND kind = $2 AND version = $5";
    const LOG: &str = "INSERT INTO setting_change (virtual_server, kind, version, changed_at, operator, changes) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    hold_to_change(tx, at).await?;
    let (vs, kind, now) = (at.vs.as_str(), new.kind.as_str(), at.now.millis());
    some(match new.seen {
        0 => change_in!(&mut *tx, FIRST, vs, kind, new.body, now)?,
        seen => change_in!(&mut *tx, NEXT, vs, kind, new.body, now, seen)?,
    })?;
    let changes = serde_json::to_string(new.changes).map_err(|_| Failure::damaged("a change cannot be written"))?;
    some(change_in!(&mut *tx, LOG, vs, kind, new.seen + 1, now, new.operator, changes)?)?;
    // What a user may have comes into what rules give, and so do the rules.
    match new.kind {
        SettingKind::ProvisioningRules => provisioning_rules::begin(tx, at).await,
        SettingKind::SelfProvisioning => provisioning_rules::want(tx, at).await,
        _ => Ok(()),
    }
}

#[async_trait]
impl Settings for Store {
    async fn document(&self, vs: &VirtualServerId, kind: SettingKind) -> Result<StoredDocument, StoreError> {
        const SQL: &str = "SELECT s.body, s.version FROM virtual_server v \
                           LEFT JOIN setting s ON s.virtual_server = v.id AND s.kind = $2 WHERE v.id = $1";
        let vs = vs.clone();
        self.run(move |inner| async move {
            type Row = (Option<String>, Option<i64>);
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), kind.as_str())?;
            let row = found.into_iter().next();
            let (body, version) = row.ok_or_else(|| Failure::damaged(format!("there is no virtual server {vs}")))?;
            Ok(StoredDocument { body, version: version.unwrap_or_default() })
        })
        .await
    }

    async fn changes(
        &self,
        vs: &VirtualServerId,
        kind: SettingKind,
        limit: u32,
    ) -> Result<Vec<SettingChange>, StoreError> {
        const SQL: &str = "SELECT version, changed_at, operator, changes FROM setting_change \
                           WHERE virtual_server = $1 AND kind = $2 ORDER BY version DESC LIMIT $3";
        let vs = vs.clone();
        self.run(move |inner| async move {
            type Row = (i64, i64, String, String);
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), kind.as_str(), i64::from(limit))?;
            found.into_iter().map(|row| entry(kind, row)).collect()
        })
        .await
    }
}

fn entry(kind: SettingKind, row: (i64, i64, String, String)) -> Result<SettingChange, Failure> {
    let (version, at, operator, changes) = row;
    let damaged = |_| Failure::damaged(format!("change {version} of the settings `{}`", kind.as_str()));
    let changes = serde_json::from_str(&changes).map_err(damaged)?;
    Ok(SettingChange { version, at: Timestamp::from_millis(at), operator, changes })
}
