//! What operators grant to somebody who enrols. A user has one grant at the most; one that is over is nothing and gives way.

use doorward_api::ports::Listed;
use doorward_api::{Grant, GrantRecord, GrantState, Timestamp, UserId, VirtualServerId};

use crate::db::{Tx, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Inner;
use crate::pages::Part;
use crate::seal::Place;

#[derive(sqlx::FromRow)]
struct GrantRow {
    user_id: String,
    state: String,
    at: i64,
    expires_at: i64,
    details: Vec<u8>,
}

impl GrantRow {
    fn grant(self, inner: &Inner, vs: &VirtualServerId) -> Result<Grant, Failure> {
        let damaged = || Failure::damaged(format!("enrolment_grant of {}: state", self.user_id));
        Ok(Grant {
            state: GrantState::parse(&self.state).ok_or_else(damaged)?,
            at: Timestamp::from_millis(self.at),
            expires_at: Timestamp::from_millis(self.expires_at),
            details: inner.sealer.open_json(place(&self.user_id, vs), &self.details)?,
            user: UserId::new(self.user_id),
        })
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    #[sqlx(flatten)]
    grant: GrantRow,
    name: String,
    display_name: String,
}

impl RecordRow {
    fn record(self, inner: &Inner, vs: &VirtualServerId) -> Result<GrantRecord, Failure> {
        let grant = self.grant.grant(inner, vs)?;
        Ok(GrantRecord { grant, name: self.name, display_name: self.display_name })
    }
}

/// The user is the row.
fn place<'a>(user: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("enrolment_grant", "details", user, vs)
}

/// An error when it cannot be opened.
pub(crate) async fn of_user(
    inner: &Inner,
    vs: &VirtualServerId,
    user: &UserId,
    now: Timestamp,
) -> Result<Option<Grant>, Failure> {
    const SQL: &str = "SELECT user_id, state, at, expires_at, details FROM enrolment_grant \
                       WHERE virtual_server = $1 AND user_id = $2 AND expires_at > $3";
    let found = rows!(inner.db.reader(), GrantRow, SQL, vs.as_str(), user.as_str(), now.millis())?;
    found.into_iter().next().map(|row| row.grant(inner, vs)).transpose()
}

/// One that cannot be opened is good for nothing, and hides no other.
pub(crate) async fn in_state(
    inner: &Inner,
    vs: &VirtualServerId,
    state: GrantState,
    part: &Part,
    now: Timestamp,
) -> Result<Listed<GrantRecord>, Failure> {
    // The list goes on behind a user whose own grant may be gone by now.
    const SQL: &str = "SELECT g.user_id, g.state, g.at, g.expires_at, g.details, u.name, u.display_name \
                       FROM enrolment_grant g \
                       JOIN user_account u ON u.virtual_server = g.virtual_server AND u.id = g.user_id \
                       WHERE g.virtual_server = $1 AND g.state = $2 AND g.expires_at > $3 \
                       AND ($4 = '' OR (u.folded_name, u.id) > (SELECT a.folded_name, a.id FROM user_account a \
                           WHERE a.virtual_server = $1 AND a.id = $4)) \
                       ORDER BY u.folded_name, u.id LIMIT $5";
    let (reader, after) = (inner.db.reader(), part.after.id.as_str());
    let found = rows!(reader, RecordRow, SQL, vs.as_str(), state.as_str(), now.millis(), after, part.rows())?;
    let listed = part.listed_by_row(found, |row: &RecordRow| row.grant.user_id.clone());
    let opened = listed.items.into_iter().map(|row| row.record(inner, vs));
    let items = opened
        .filter_map(|record| record.inspect_err(|failure| tracing::error!("{}", failure.message())).ok())
        .collect();
    Ok(Listed { items, next: listed.next })
}

/// Refused unless the one before stands where it was seen. That there is the user is seen to by the table.
pub(crate) async fn set(tx: &mut Tx, at: At<'_>, grant: &Grant, seen: Option<GrantState>) -> Result<(), Failure> {
    const FIRST: &str = "INSERT INTO enrolment_grant (virtual_server, user_id, state, at, expires_at, details) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (virtual_server, user_id) DO UPDATE SET \
                         state = excluded.state, at = excluded.at, expires_at = excluded.expires_at, \
                         details = excluded.details WHERE enrolment_grant.expires_at <= $7";
    const NEXT: &str = "UPDATE enrolment_grant SET state = $3, at = $4, expires_at = $5, details = $6 \
                        WHERE virtual_server = $1 AND user_id = $2 AND expires_at > $7 AND state = $8";
    let (vs, user, state) = (at.vs.as_str(), grant.user.as_str(), grant.state.as_str());
    let (begin, end, now) = (grant.at.millis(), grant.expires_at.millis(), at.now.millis());
    let details = at.inner.sealer.seal_json(place(user, at.vs), &grant.details)?;
    some(match seen {
        None => change_in!(tx, FIRST, vs, user, state, begin, end, details, now)?,
        Some(seen) => change_in!(tx, NEXT, vs, user, state, begin, end, details, now, seen.as_str())?,
    })
}

/// Refused unless it stands there, so that it is taken once.
pub(crate) async fn take(tx: &mut Tx, at: At<'_>, user: &UserId, state: GrantState) -> Result<(), Failure> {
    const SQL: &str = "DELETE FROM enrolment_grant \
                       WHERE virtual_server = $1 AND user_id = $2 AND state = $3 AND expires_at > $4";
    some(change_in!(tx, SQL, at.vs.as_str(), user.as_str(), state.as_str(), at.now.millis())?)
}
