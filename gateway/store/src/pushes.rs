//! Requests to users' devices. A user has one that is pending at the most; one that is past its end waits for nothing,
//! whatever its row says.

use async_trait::async_trait;
use doorward_api::ports::Pushes;
use doorward_api::push::{Push, PushData, PushPurpose, PushState};
use doorward_api::{PushId, StoreError, Timestamp, UserId, VirtualServerId};
use serde::{Deserialize, Serialize};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;
use crate::users::hold;

/// How many of a user's requests are told at once.
const MOST: i64 = 50;

/// What is sealed: what the request is for, which stays, and what it carries.
#[derive(Serialize, Deserialize)]
struct Kept<Purpose, Data> {
    purpose: Purpose,
    data: Data,
}

/// As it is read.
type KeptRow = Kept<PushPurpose, PushData>;

#[derive(sqlx::FromRow)]
struct PushRow {
    id: String,
    user_id: String,
    state: String,
    created_at: i64,
    expires_at: i64,
    data: Vec<u8>,
}

impl PushRow {
    fn push(self, inner: &Inner, vs: &VirtualServerId) -> Result<Push, Failure> {
        let damaged = || Failure::damaged(format!("push_request {}: state", self.id));
        let state = PushState::parse(&self.state).ok_or_else(damaged)?;
        let Kept { purpose, data }: KeptRow = inner.sealer.open_json(place(&self.id, vs), &self.data)?;
        Ok(Push {
            id: PushId::new(self.id),
            user: UserId::new(self.user_id),
            purpose,
            state,
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            data,
        })
    }
}

macro_rules! select_push {
    () => {
        "SELECT id, user_id, state, created_at, expires_at, data FROM push_request WHERE virtual_server = $1 AND "
    };
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("push_request", "data", id, vs)
}

#[async_trait]
impl Pushes for Store {
    async fn push(&self, vs: &VirtualServerId, id: &PushId) -> Result<Option<Push>, StoreError> {
        const SQL: &str = concat!(select_push!(), "id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), PushRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.push(&inner, &vs)).transpose()
        })
        .await
    }

    /// One that cannot be opened is good for nothing, and hides no other.
    async fn pushes_of(&self, vs: &VirtualServerId, user: &UserId, since: Timestamp) -> Result<Vec<Push>, StoreError> {
        const SQL: &str =
            concat!(select_push!(), "user_id = $2 AND created_at >= $3 ORDER BY created_at DESC, id DESC LIMIT $4");
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), PushRow, SQL, vs.as_str(), user.as_str(), since.millis(), MOST)?;
            let opened = found.into_iter().map(|row| row.push(&inner, &vs));
            Ok(opened
                .filter_map(|push| push.inspect_err(|failure| tracing::error!("{}", failure.message())).ok())
                .collect())
        })
        .await
    }
}

/// Refused when the user has one that is pending, or one that was made after `not_since`. That there is the user is
/// seen to by the table. Two that come at once would each see the other as not there yet; so the user is held first.
pub(crate) async fn start(tx: &mut Tx, at: At<'_>, push: &Push, not_since: Timestamp) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO push_request (virtual_server, id, user_id, state, created_at, expires_at, data) \
                       SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM push_request \
                           WHERE virtual_server = $1 AND user_id = $3 \
                           AND (created_at > $8 OR (state = 'pending' AND expires_at > $9))) \
                       ON CONFLICT DO NOTHING";
    let (vs, id, user) = (at.vs.as_str(), push.id.as_str(), push.user.as_str());
    let (state, begin, end) = (push.state.as_str(), push.created_at.millis(), push.expires_at.millis());
    let kept = Kept { purpose: &push.purpose, data: &push.data };
    let data = at.inner.sealer.seal_json(place(id, at.vs), &kept)?;
    hold(&mut *tx, at.vs, &push.user).await?;
    some(change_in!(tx, SQL, vs, id, user, state, begin, end, data, not_since.millis(), at.now.millis())?)
}

/// Refused unless it stands there, and when it is pending and over.
pub(crate) async fn go(
    tx: &mut Tx,
    at: At<'_>,
    id: &PushId,
    (from, to): (PushState, PushState),
    data: &PushData,
) -> Result<(), Failure> {
    // What it is for never changes, so it may be read before the row is held.
    const READ: &str = "SELECT data FROM push_request WHERE virtual_server = $1 AND id = $2";
    const SQL: &str = "UPDATE push_request SET state = $4, data = $5 WHERE virtual_server = $1 AND id = $2 \
                       AND state = $3 AND (state <> 'pending' OR expires_at > $6)";
    let (vs, id) = (at.vs.as_str(), id.as_str());
    let found = rows_in!(&mut *tx, (Vec<u8>,), READ, vs, id)?;
    let (sealed,) = found.into_iter().next().ok_or(Failure::Refused)?;
    let before: KeptRow = at.inner.sealer.open_json(place(id, at.vs), &sealed)?;
    let kept = Kept { purpose: before.purpose, data };
    let sealed = at.inner.sealer.seal_json(place(id, at.vs), &kept)?;
    some(change_in!(tx, SQL, vs, id, from.as_str(), to.as_str(), sealed, at.now.millis())?)
}

/// Those that are over stay as they are: nobody has withdrawn them.
pub(crate) async fn cancel_all(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<(), Failure> {
    const SQL: &str = "UPDATE push_request SET state = 'cancelled' \
                       WHERE virtual_server = $1 AND user_id = $2 AND state = 'pending' AND expires_at > $3";
    change_in!(tx, SQL, at.vs.as_str(), user.as_str(), at.now.millis())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_and_the_vocabulary_agree_on_what_pending_and_cancelled_are_called() {
        assert_eq!((PushState::Pending.as_str(), PushState::Cancelled.as_str()), ("pending", "cancelled"));
    }
}
