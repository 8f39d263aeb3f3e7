//! Sessions (SEC 5.4). Of a cookie only the hash is here.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::ports::Sessions;
use doorward_api::session::{NewSession, SessionKind};
use doorward_api::{Proofs, Session, SessionId, StoreError, Timestamp, TokenHash, UserId, VirtualServerId};

use crate::db::{Tx, change, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Store;

/// A live session whose portal session, if it hangs on one, is live too. `$4` is the earliest last use that is not idle.
const FIND: &str = "SELECT s.id, s.user_id, s.portal, s.host, s.proofs, s.token_shown_at, s.created_at, \
                    s.last_seen_at, s.expires_at FROM session s \
                    LEFT JOIN session p ON p.virtual_server = s.virtual_server AND p.id = s.portal \
                    WHERE s.virtual_server = $1 AND s.token = $2 AND s.expires_at > $3 AND s.last_seen_at >= $4 \
                    AND (s.portal IS NULL OR (p.expires_at > $3 AND p.last_seen_at >= $4))";

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    user_id: String,
    portal: Option<String>,
    host: Option<String>,
    proofs: String,
    token_shown_at: Option<i64>,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl SessionRow {
    fn session(self) -> Result<Session, Failure> {
        let damaged = || Failure::damaged(format!("session {}", self.id));
        let proofs: Proofs = serde_json::from_str(&self.proofs).map_err(|_| damaged())?;
        let kind = match (self.portal, self.host) {
            (None, None) => SessionKind::Portal,
            (Some(portal), Some(host)) => SessionKind::App { host, portal: SessionId::new(portal) },
            _ => return Err(Failure::damaged(format!("session {}", self.id))),
        };
        Ok(Session {
            id: SessionId::new(self.id),
            user: UserId::new(self.user_id),
            kind,
            proofs: Proofs { by_token: self.token_shown_at.map(Timestamp::from_millis), ..proofs },
            created_at: Timestamp::from_millis(self.created_at),
            last_seen_at: Timestamp::from_millis(self.last_seen_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

#[async_trait]
impl Sessions for Store {
    async fn session(
        &self,
        vs: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let (vs, token, not_idle) = (vs.clone(), token.hex(), (now - idle).millis());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), SessionRow, FIND, vs.as_str(), token, now.millis(), not_idle)?;
            found.into_iter().next().map(SessionRow::session).transpose()
        })
        .await
    }

    async fn touch(&self, vs: &VirtualServerId, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE session SET last_seen_at = $3 WHERE virtual_server = $1 AND last_seen_at < $3 \
                           AND (id = $2 OR id = (SELECT portal FROM session WHERE virtual_server = $1 AND id = $2))";
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

    async fn live_sessions(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM session WHERE virtual_server = $1 AND portal IS NULL AND expires_at > $2";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str(), now.millis())?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }
}

/// Refused when the portal session that it would hang on is gone (a foreign key says so). At an application's host a session
/// of another level takes the place of the one before, whose id is dead at once (SE-02).
pub(crate) async fn start(tx: &mut Tx, at: At<'_>, new: &NewSession) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO session \
                       (virtual_server, id, token, user_id, portal, host, proofs, created_at, last_seen_at, expires_at, \
                       token_shown_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) ON CONFLICT DO NOTHING";
    const REPLACE: &str = "DELETE FROM session \
                           WHERE virtual_server = $1 AND portal = $2 AND host = $3 AND id <> $4 AND proofs <> $5";
    let (portal, host) = match &new.kind {
        SessionKind::Portal => (None, None),
        SessionKind::App { host, portal } => (Some(portal.as_str()), Some(host.as_str())),
    };
    let (vs, id, token, user) = (at.vs.as_str(), new.id.as_str(), new.token.hex(), new.user.as_str());
    let (proofs, now, end) = (written(&new.proofs)?, at.now.millis(), new.expires_at.millis());
    let shown = shown(&new.proofs);
    some(change_in!(tx, SQL, vs, id, token, user, portal, host, proofs.as_str(), now, end, shown)?)?;
    if portal.is_some() {
        change_in!(tx, REPLACE, vs, portal, host, id, proofs.as_str())?;
    }
    Ok(())
}

pub(crate) async fn raise(
    tx: &mut Tx,
    at: At<'_>,
    id: &SessionId,
    (old, token): (&TokenHash, &TokenHash),
    proofs: &Proofs,
    expires_at: Timestamp,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE session SET token = $3, proofs = $4, expires_at = $5, last_seen_at = $6, token_shown_at = $7 \
                       WHERE virtual_server = $1 AND id = $2 AND portal IS NULL AND expires_at > $6 AND token = $8";
    let (vs, now, end) = (at.vs.as_str(), at.now.millis(), expires_at.millis());
    some(change_in!(tx, SQL, vs, id.as_str(), token.hex(), written(proofs)?, end, now, shown(proofs), old.hex())?)
}

/// The sessions of applications go with it (`ON DELETE CASCADE`).
pub(crate) async fn end(tx: &mut Tx, at: At<'_>, id: &SessionId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM session WHERE virtual_server = $1 AND id = $2";
    change_in!(tx, SQL, at.vs.as_str(), id.as_str())?;
    Ok(())
}

pub(crate) async fn end_all_of(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM session WHERE virtual_server = $1 AND user_id = $2";
    change_in!(tx, SQL, at.vs.as_str(), user.as_str())?;
    Ok(())
}

pub(crate) async fn end_others(tx: &mut Tx, at: At<'_>, user: &UserId, keep: &SessionId) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM session WHERE virtual_server = $1 AND user_id = $2 AND id <> $3 \
                       AND (portal IS NULL OR portal <> $3)";
    change_in!(tx, SQL, at.vs.as_str(), user.as_str(), keep.as_str())?;
    Ok(())
}

pub(crate) async fn end_deferred(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    keep: Option<&SessionId>,
) -> Result<(), Failure> {
    // Proofs are JSON without spaces, and leave out what there is not.
    const SQL: &str = "DELETE FROM session WHERE virtual_server = $1 AND user_id = $2 AND id <> $3 \
                       AND proofs LIKE '%\"deferred_until\":%'";
    change_in!(tx, SQL, at.vs.as_str(), user.as_str(), keep.map_or("", SessionId::as_str))?;
    Ok(())
}

/// What is kept beside the proofs.
pub(crate) fn shown(proofs: &Proofs) -> Option<i64> {
    proofs.by_token.map(Timestamp::millis)
}

fn written(proofs: &Proofs) -> Result<String, Failure> {
    serde_json::to_string(proofs).map_err(|_| Failure::damaged("proofs cannot be written"))
}
