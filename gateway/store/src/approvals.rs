//! Acts of operators that wait for a second one. What is to be done is sealed: a document may hold what is not to be read here.

use async_trait::async_trait;
use doorward_api::approval::{ApprovalState, NewPendingAct, PendingAct};
use doorward_api::ports::{Listed, Page, PendingActs, Reader};
use doorward_api::settings::{Approvals, Document};
use doorward_api::{ApprovalId, HeldAct, OperatorId, StoreError, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::pages::{After, Part};
use crate::seal::Place;
use crate::settings;

macro_rules! select_acts {
    ($($of:literal),+) => {
        concat!(
            "SELECT id, operator_id, operator, api_key, about, act, asked_at, expires_at, state, decided_at, decided_by \
             FROM pending_act WHERE virtual_server = $1",
            $($of),+
        )
    };
}

/// That somebody has asked for it: `$2` is who, `$3` the API key by which they look; none, where it is empty.
macro_rules! asked_for {
    () => {
        "(operator_id = $2 AND (CAST($3 AS TEXT) = '' OR api_key = CAST($3 AS TEXT)))"
    };
}

/// That somebody may decide it by what they may, which is `$4`.
macro_rules! permitted {
    () => {
        "(' ' || CAST($4 AS TEXT) || ' ' LIKE '% ' || permission || ' %')"
    };
}

#[derive(sqlx::FromRow)]
struct ActRow {
    id: String,
    operator_id: String,
    operator: String,
    api_key: Option<String>,
    about: String,
    act: Vec<u8>,
    asked_at: i64,
    expires_at: i64,
    state: String,
    decided_at: Option<i64>,
    decided_by: Option<String>,
}

impl ActRow {
    fn act(self, inner: &Inner, vs: &VirtualServerId) -> Result<PendingAct, Failure> {
        let damaged = || Failure::damaged(format!("pending_act {}: state", self.id));
        Ok(PendingAct {
            state: ApprovalState::parse(&self.state).ok_or_else(damaged)?,
            act: inner.sealer.open_json(place(&self.id, vs), &self.act)?,
            id: ApprovalId::new(self.id),
            operator: OperatorId::new(self.operator_id),
            operator_name: self.operator,
            api_key: self.api_key,
            about: self.about,
            asked_at: Timestamp::from_millis(self.asked_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            decided_at: self.decided_at.map(Timestamp::from_millis),
            decided_by: self.decided_by,
        })
    }

    fn place(&self) -> After {
        After { key: self.asked_at.to_string(), id: self.id.clone() }
    }
}

fn place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("pending_act", "act", id, vs)
}

/// One that cannot be opened is good for nothing, and hides no other.
fn opened(rows: Vec<ActRow>, inner: &Inner, vs: &VirtualServerId) -> Vec<PendingAct> {
    let opened = rows.into_iter().map(|row| row.act(inner, vs));
    opened.filter_map(|act| act.inspect_err(|failure| tracing::error!("{}", failure.message())).ok()).collect()
}

/// Every text, since a set that is everything is stored as one word.
fn texts(reader: &Reader) -> String {
    reader.may.names().join(" ")
}

/// No key has an empty name.
fn key(reader: &Reader) -> String {
    reader.api_key.clone().unwrap_or_default()
}

#[async_trait]
impl PendingActs for Store {
    async fn pending_act(&self, vs: &VirtualServerId, id: &ApprovalId) -> Result<Option<PendingAct>, StoreError> {
        const SQL: &str = select_acts!(" AND id = $2");
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), ActRow, SQL, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(|row| row.act(&inner, &vs)).transpose()
        })
        .await
    }

    async fn open_acts_of(
        &self,
        vs: &VirtualServerId,
        operator: &OperatorId,
        now: Timestamp,
    ) -> Result<Vec<PendingAct>, StoreError> {
        const SQL: &str =
            select_acts!(" AND operator_id = $2 AND state IN ('waiting', 'approved') AND expires_at > $3 ORDER BY id");
        let (vs, operator) = (vs.clone(), operator.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), ActRow, SQL, vs.as_str(), operator.as_str(), now.millis())?;
            Ok(opened(found, &inner, &vs))
        })
        .await
    }

    async fn pending_acts(
        &self,
        vs: &VirtualServerId,
        reader: &Reader,
        only_open: bool,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<PendingAct>, StoreError> {
        const SQL: &str = concat!(
            select_acts!(" AND ("),
            asked_for!(),
            " OR ",
            permitted!(),
            ") AND (asked_at, id) < ($5, $6) AND (NOT $7 OR (state IN ('waiting', 'approved') AND expires_at > $8)) \
             ORDER BY asked_at DESC, id DESC LIMIT $9"
        );
        let nothing = || Ok(Listed { items: Vec::new(), next: None });
        let Some(part) = Part::of(page) else { return nothing() };
        let before = if page.after.is_empty() { Some(i64::MAX) } else { part.after.key.parse().ok() };
        let Some(before) = before else { return nothing() };
        let (vs, operator, key, may) = (vs.clone(), reader.operator.clone(), key(reader), texts(reader));
        self.run(move |inner| async move {
            let (reader, last) = (inner.db.reader(), part.after.id.as_str());
            let (of, who, now) = (vs.as_str(), operator.as_str(), now.millis());
            let found = rows!(reader, ActRow, SQL, of, who, key, may, before, last, only_open, now, part.rows())?;
            let listed = part.listed(found, ActRow::place);
            Ok(Listed { items: opened(listed.items, &inner, &vs), next: listed.next })
        })
        .await
    }

    async fn acts_waiting_for(&self, vs: &VirtualServerId, reader: &Reader, now: Timestamp) -> Result<u64, StoreError> {
        const SQL: &str = concat!(
            "SELECT COUNT(*) FROM pending_act WHERE virtual_server = $1 AND expires_at > $5 AND ((state = 'approved' AND ",
            asked_for!(),
            ") OR (state = 'waiting' AND operator_id <> $2 AND ",
            permitted!(),
            "))"
        );
        let (vs, operator, key, may) = (vs.clone(), reader.operator.clone(), key(reader), texts(reader));
        self.run(move |inner| async move {
            let (reader, who) = (inner.db.reader(), operator.as_str());
            let found = rows!(reader, (i64,), SQL, vs.as_str(), who, key, may, now.millis())?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }
}

/// Refused when as many are open as may be, in all or of who asks.
pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewPendingAct) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO pending_act (virtual_server, id, operator_id, operator, api_key, permission, about, act, \
                       asked_at, expires_at, state) \
                       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting' \
                       WHERE (SELECT COUNT(*) FROM pending_act o WHERE o.virtual_server = $1 \
                           AND o.state IN ('waiting', 'approved') AND o.expires_at > $9) < $11 \
                       AND (SELECT COUNT(*) FROM pending_act o WHERE o.virtual_server = $1 AND o.operator_id = $3 \
                           AND o.state IN ('waiting', 'approved') AND o.expires_at > $9) < $12 ON CONFLICT DO NOTHING";
    settings::hold_to_change(tx, at).await?;
    let (vs, id, operator) = (at.vs.as_str(), new.id.as_str(), new.operator.as_str());
    let (name, key, permission) = (&new.operator_name, new.api_key.as_deref(), new.act.permission().to_string());
    let act = at.inner.sealer.seal_json::<HeldAct>(place(id, at.vs), &new.act)?;
    let (about, now, end) = (&new.about, at.now.millis(), new.expires_at.millis());
    let (most, most_of_one) = (i64::from(new.most), i64::from(new.most_of_one));
    some(change_in!(tx, SQL, vs, id, operator, name, key, permission, about, act, now, end, most, most_of_one)?)
}

/// Where an act goes, and who sends it there.
pub(crate) struct Going<'a> {
    pub(crate) from: ApprovalState,
    pub(crate) to: ApprovalState,
    pub(crate) by: Option<&'a (OperatorId, String)>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Refused unless it stands where it must. Of two who approve it at once one does; nobody approves what they have asked for.
pub(crate) async fn go(tx: &mut Tx, at: At<'_>, id: &ApprovalId, going: Going<'_>) -> Result<(), Failure> {
    const SQL: &str = "UPDATE pending_act SET state = $4, decided_at = CASE WHEN $3 = $4 THEN decided_at ELSE $5 END, decided_by = COALESCE($7, decided_by), \
                       expires_at = COALESCE($8, expires_at) \
                       WHERE virtual_server = $1 AND id = $2 AND state = $3 AND (expires_at > $5) = ($4 <> 'expired') \
                       AND CASE WHEN $4 = 'expired' THEN TRUE \
                           WHEN $4 = 'withdrawn' OR $3 = 'approved' THEN operator_id = $6 \
                           ELSE $6 <> '' AND operator_id <> $6 END";
    let nobody = String::new();
    let who = going.by.map_or(nobody.as_str(), |(id, _)| id.as_str());
    // Who has approved it stays, when it is done by whoever asked.
    let decides = matches!(
        (going.from, going.to),
        (ApprovalState::Waiting, ApprovalState::Approved | ApprovalState::Done | ApprovalState::Refused)
    );
    let name = going.by.filter(|_| decides).map(|(_, name)| name.as_str());
    let (vs, from, to, now) = (at.vs.as_str(), going.from.as_str(), going.to.as_str(), at.now.millis());
    let end = going.expires_at.map(Timestamp::millis);
    some(change_in!(tx, SQL, vs, id.as_str(), from, to, now, who, name, end)?)
}

/// How many operators there must be who may do everything: two, while anything takes two. The caller holds the virtual server.
pub(crate) async fn least_administrators(tx: &mut Tx, at: At<'_>) -> Result<i64, Failure> {
    const SQL: &str = "SELECT body FROM setting WHERE virtual_server = $1 AND kind = $2";
    let found = rows_in!(tx, (String,), SQL, at.vs.as_str(), Approvals::KIND.as_str())?;
    let Some((body,)) = found.first() else { return Ok(Approvals::of_new().least_administrators().into()) };
    let damaged = |_| Failure::damaged("the settings `approvals` cannot be read");
    let document: Approvals = serde_json::from_str(body).map_err(damaged)?;
    Ok(document.least_administrators().into())
}
