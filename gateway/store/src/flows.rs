//! Sign-in flows (SEC 5.6). What a flow remembers is sealed; where it stands is not.

use async_trait::async_trait;
use doorward_api::ports::Flows;
use doorward_api::provisioning::TaskNumber;
use doorward_api::{
    CredentialId, EventContext, Flow, FlowData, FlowId, Step, StoreError, Timestamp, TokenHash, UserId, VirtualServerId,
};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::seal::Place;
use crate::sessions;

/// The steps of [`Step::enrolling`], as SQL; a test compares.
macro_rules! enrolling {
    () => {
        "step IN ('offered', 'code_sent', 'extra_proof', 'email_verified', 'code_issued')"
    };
}
pub(crate) use enrolling;

macro_rules! select_flow {
    () => {
        "SELECT id, browser, user_id, step, nonce, data, token_shown_at, created_at, expires_at FROM flow \
         WHERE virtual_server = $1 AND "
    };
}
pub(crate) use select_flow;

#[derive(sqlx::FromRow)]
pub(crate) struct FlowRow {
    id: String,
    browser: String,
    user_id: Option<String>,
    step: String,
    nonce: String,
    data: Vec<u8>,
    token_shown_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
}

impl FlowRow {
    pub(crate) fn flow(self, inner: &Inner, vs: &VirtualServerId) -> Result<Flow, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("flow {}: {what}", self.id));
        let mut data: FlowData = inner.sealer.open_json(place(&self.id, vs), &self.data)?;
        data.proofs.by_token = self.token_shown_at.map(Timestamp::from_millis);
        Ok(Flow {
            browser: TokenHash::from_hex(&self.browser).ok_or_else(|| damaged("browser"))?,
            step: Step::parse(&self.step).ok_or_else(|| damaged("step"))?,
            data,
            id: FlowId::new(self.id),
            user: self.user_id.map(UserId::new),
            nonce: self.nonce,
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// A flow that has come to its end, as far as its row could be read.
pub(crate) struct Ended {
    pub(crate) last_step: Step,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) context: EventContext,
}

impl FlowRow {
    /// What cannot be opened ends as well: nobody must be kept from enrolling by it.
    fn ended(self, at: At<'_>) -> Result<Ended, Failure> {
        let last_step = Step::parse(&self.step).ok_or_else(|| Failure::damaged(format!("flow {}: step", self.id)))?;
        let bare = EventContext {
            user: self.user_id.clone().map(UserId::new),
            flow: Some(FlowId::new(&self.id)),
            ..EventContext::default()
        };
        Ok(match self.flow(at.inner, at.vs) {
            Ok(flow) => Ended { last_step, context: flow.context(), credential: flow.data.credential },
            Err(failure) => {
                tracing::error!("{}", failure.message());
                Ended { last_step, context: bare, credential: None }
            }
        })
    }
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("flow", "data", id, vs)
}

#[async_trait]
impl Flows for Store {
    async fn flow_of_browser(
        &self,
        vs: &VirtualServerId,
        browser: &TokenHash,
        _now: Timestamp,
    ) -> Result<Option<Flow>, StoreError> {
        const SQL: &str = concat!(select_flow!(), "browser = $2 ORDER BY created_at DESC, id DESC LIMIT 1");
        let (vs, browser) = (vs.clone(), browser.hex());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), FlowRow, SQL, vs.as_str(), browser)?;
            found.into_iter().next().map(|row| row.flow(&inner, &vs)).transpose()
        })
        .await
    }

    async fn flow(&self, vs: &VirtualServerId, id: &FlowId) -> Result<Option<Flow>, StoreError> {
        const SQL: &str = concat!(select_flow!(), "id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), FlowRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.flow(&inner, &vs)).transpose()
        })
        .await
    }

    async fn open_flows(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM flow WHERE virtual_server = $1 AND ended_at IS NULL AND expires_at > $2";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str(), now.millis())?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }
}

pub(crate) async fn start(tx: &mut Tx, at: At<'_>, flow: &Flow) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO flow \
                       (virtual_server, id, browser, user_id, step, nonce, data, created_at, expires_at, ended_at, proved_at, \
                       token_shown_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    let (vs, id, browser) = (at.vs.as_str(), flow.id.as_str(), flow.browser.hex());
    let (user, step) = (flow.user.as_ref().map(UserId::as_str), flow.step.as_str());
    let data = at.inner.sealer.seal_json(place(id, at.vs), &flow.data)?;
    let (begin, end) = (flow.created_at.millis(), flow.expires_at.millis());
    let (ended, proved) = (ended(flow.step, at.now), proved(&flow.data, at.now));
    let shown = sessions::shown(&flow.data.proofs);
    some(change_in!(tx, SQL, vs, id, browser, user, step, &flow.nonce, data, begin, end, ended, proved, shown)?)
}

/// Where a flow must stand.
pub(crate) struct Standing<'a> {
    pub(crate) id: &'a FlowId,
    pub(crate) browser: &'a TokenHash,
    pub(crate) step: Step,
    pub(crate) nonce: &'a str,
}

/// Where it goes.
pub(crate) struct Going<'a> {
    pub(crate) step: Step,
    pub(crate) nonce: &'a str,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) data: &'a FlowData,
    pub(crate) expires_at: Timestamp,
}

pub(crate) async fn go(tx: &mut Tx, at: At<'_>, from: Standing<'_>, to: Going<'_>) -> Result<(), Failure> {
    const SQL: &str = "UPDATE flow SET step = $6, nonce = $7, user_id = $8, data = $9, expires_at = $10, ended_at = $11, \
                       proved_at = COALESCE(proved_at, $13), token_shown_at = $14 \
                       WHERE virtual_server = $1 AND id = $2 AND browser = $3 AND step = $4 AND nonce = $5 \
                       AND expires_at > $12";
    let (vs, id, browser) = (at.vs.as_str(), from.id.as_str(), from.browser.hex());
    let (step, user) = (to.step.as_str(), to.user.map(UserId::as_str));
    let data = at.inner.sealer.seal_json(place(id, at.vs), to.data)?;
    let (end, ended, now) = (to.expires_at.millis(), ended(to.step, at.now), at.now.millis());
    let (from_step, proved, shown) = (from.step.as_str(), proved(to.data, at.now), sessions::shown(&to.data.proofs));
    some(change_in!(
        tx, SQL, vs, id, browser, from_step, from.nonce, step, to.nonce, user, data, end, ended, now, proved, shown
    )?)
}

fn ended(step: Step, now: Timestamp) -> Option<i64> {
    step.ended().then_some(now.millis())
}

fn proved(data: &FlowData, now: Timestamp) -> Option<i64> {
    (!data.proofs.is_empty()).then_some(now.millis())
}

/// The statement that ends open flows of a user, all but one. Those that have expired are left to the sweep, which records
/// them as expired. First the end, which locks the rows and still tells their steps, then the new step.
macro_rules! end_flows {
    ($($and:tt)+) => {
        concat!(
            "UPDATE flow SET ended_at = $4 \
             WHERE virtual_server = $1 AND user_id = $2 AND id <> $3 AND ended_at IS NULL AND expires_at > $4",
            $($and)+,
            " RETURNING id, browser, user_id, step, nonce, data, token_shown_at, created_at, expires_at"
        )
    };
}

/// What was ended, and where it stood.
pub(crate) async fn supersede(tx: &mut Tx, at: At<'_>, user: &UserId, keep: &FlowId) -> Result<Vec<Ended>, Failure> {
    const END: &str = end_flows!(" AND ", enrolling!());
    let rows = rows_in!(&mut *tx, FlowRow, END, at.vs.as_str(), user.as_str(), keep.as_str(), at.now.millis())?;
    marked(tx, at, rows, Step::Superseded).await
}

/// The same for every open flow of a user, enrolling or not.
pub(crate) async fn cancel_all(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<Vec<Ended>, Failure> {
    const END: &str = end_flows!("");
    let rows = rows_in!(&mut *tx, FlowRow, END, at.vs.as_str(), user.as_str(), "", at.now.millis())?;
    marked(tx, at, rows, Step::Cancelled).await
}

/// Ends the enrolments of a user that have expired and to which the sweep has not come.
pub(crate) async fn expire_all(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<Vec<Ended>, Failure> {
    const SQL: &str = concat!(
        "UPDATE flow SET ended_at = $3 \
         WHERE virtual_server = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at <= $3 AND ",
        enrolling!(),
        " RETURNING id, browser, user_id, step, nonce, data, token_shown_at, created_at, expires_at"
    );
    let mut rows = rows_in!(tx, FlowRow, SQL, at.vs.as_str(), user.as_str(), at.now.millis())?;
    rows.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    rows.into_iter().map(|row| row.ended(at)).collect()
}

/// Ends the oldest open flows of a user in which something is proved, until fewer than `most` are left besides `keep`.
pub(crate) async fn make_room(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    keep: &FlowId,
    most: u32,
) -> Result<Vec<Ended>, Failure> {
    // Two that come at once would each see the other as not there yet; so the user's row is held first.
    const HOLD: &str = "UPDATE user_account SET disabled = disabled WHERE virtual_server = $1 AND id = $2";
    // Beyond its email code a flow is not ended by a password alone.
    const END: &str = end_flows!(
        " AND id IN (SELECT id FROM flow WHERE virtual_server = $1 AND user_id = $2 AND id <> $3 AND ended_at IS NULL \
         AND expires_at > $4 AND proved_at IS NOT NULL \
         AND step NOT IN ('extra_proof', 'email_verified', 'code_issued', 'new_pin') \
         ORDER BY proved_at DESC, id LIMIT 1000000 OFFSET $5)"
    );
    let (vs, id) = (at.vs.as_str(), user.as_str());
    change_in!(&mut *tx, HOLD, vs, id)?;
    let left = i64::from(most.saturating_sub(1));
    let rows = rows_in!(&mut *tx, FlowRow, END, vs, id, keep.as_str(), at.now.millis(), left)?;
    marked(tx, at, rows, Step::Superseded).await
}

async fn marked(tx: &mut Tx, at: At<'_>, mut rows: Vec<FlowRow>, step: Step) -> Result<Vec<Ended>, Failure> {
    const MARK: &str = "UPDATE flow SET step = $3 WHERE virtual_server = $1 AND id = $2";
    rows.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        change_in!(&mut *tx, MARK, at.vs.as_str(), &row.id, step.as_str())?;
        ended.push(row.ended(at)?);
    }
    Ok(ended)
}

/// Ends the open enrolments of a user by a task. What cannot be opened ends as well, as it may be one.
pub(crate) async fn end_provisioned(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    task: TaskNumber,
) -> Result<Vec<Ended>, Failure> {
    const OPEN: &str =
        concat!(select_flow!(), "user_id = $2 AND ended_at IS NULL AND expires_at > $3 AND ", enrolling!());
    const END: &str = end_flows!(" AND id = $5");
    let (vs, user, now) = (at.vs.as_str(), user.as_str(), at.now.millis());
    let mut rows = Vec::new();
    for row in rows_in!(&mut *tx, FlowRow, OPEN, vs, user, now)? {
        let id = row.id.clone();
        if row.flow(at.inner, at.vs).is_ok_and(|flow| flow.data.provisioned != Some(task)) {
            continue;
        }
        rows.extend(rows_in!(&mut *tx, FlowRow, END, vs, user, "", now, id)?);
    }
    marked(tx, at, rows, Step::Cancelled).await
}

/// Notes the end of an enrolment that expired at `step`. Refused when it was noted before: that makes it happen once.
pub(crate) async fn expire(tx: &mut Tx, at: At<'_>, id: &FlowId, step: Step) -> Result<(), Failure> {
    const SQL: &str = "UPDATE flow SET ended_at = $4 WHERE virtual_server = $1 AND id = $2 AND step = $3 \
                       AND ended_at IS NULL AND expires_at <= $4";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), step.as_str(), at.now.millis())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_and_the_vocabulary_agree_on_what_enrolling_is() {
        let names: Vec<String> =
            Step::ALL.into_iter().filter(|step| step.enrolling()).map(|step| format!("'{}'", step.as_str())).collect();
        assert_eq!(enrolling!(), format!("step IN ({})", names.join(", ")));
    }
}
