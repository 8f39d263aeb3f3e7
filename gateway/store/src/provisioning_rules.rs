//! What rules that provision by group go by, what they hold, and whom they are still to look at.
//!
//! Whatever changes who is in which group marks the user in the same transaction, or wants everybody to be looked at
//! where it may concern many. That is done where rules were ever set, and nowhere else.

use std::collections::BTreeSet;

use doorward_api::credential::TokenState;
use doorward_api::ports::{Listed, Page};
use doorward_api::provisioning::{EntryStatus, ProvisioningTask, TaskNumber};
use doorward_api::provisioning_rules::{HeldEntry, HeldToken, RulePass, RuleScope, RuleStanding};
use doorward_api::{AuditEvent, CredentialId, GroupId, Timestamp, UserId, VirtualServerId};

use crate::credentials::counting;
use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::groups::Portion;
use crate::ledger::At;
use crate::open::Inner;
use crate::pages::Part;
use crate::provisioning::{TaskRow, select_tasks, withdraw_mail};
use crate::users::within;

/// A group and all that lie in it: `inner_group (id)`, to follow a `WITH RECURSIVE`. A text that `concat!` takes.
macro_rules! inner_group {
    ($group:literal) => {
        concat!(
            "inner_group (id) AS (SELECT g.id FROM user_group g WHERE g.virtual_server = $1 AND g.id = ",
            $group,
            " UNION SELECT n.group_id FROM inner_group i \
                JOIN group_nest n ON n.virtual_server = $1 AND n.into_id = i.id)"
        )
    };
}
pub(crate) use inner_group;

/// The groups in which the group `$2` lies: `above (id)`, to follow a `WITH RECURSIVE`. A text that `concat!` takes.
macro_rules! above {
    () => {
        "above (id) AS (SELECT n.into_id FROM group_nest n WHERE n.virtual_server = $1 AND n.group_id = $2 \
            UNION SELECT n.into_id FROM above a JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = a.id)"
    };
}

/// How the users stand whom `$found` tells, `found (id)`: each once for each group, or once without one. The facts are
/// gathered before the groups are joined to them, so that it is done once for each user. To rules a group counts until it is
/// emptied, though it is being deleted: nobody is to lose by its rule what they had through that.
macro_rules! standings {
    (nests $nests:literal, $($found:tt)+) => {
        standings!([within!(nests $nests, "m.user_id IN (SELECT id FROM found)")] $($found)+)
    };
    ([$($within:tt)+] $($found:tt)+) => {
        concat!(
            "WITH RECURSIVE ", $($found)+, ", facts AS MATERIALIZED (\
                SELECT u.id, u.name, u.display_name, u.disabled, COALESCE(u.email, '') <> '' AS has_email, (",
            counting!("COUNT(*)", "u.id"),
            ") AS tokens, (SELECT COUNT(*) FROM provisioning_entry r WHERE r.virtual_server = $1 AND r.user_id = u.id \
                AND r.status IN ('pending', 'active')) AS reserved, \
                COALESCE((SELECT MAX(n.task) FROM provisioning_entry n WHERE n.virtual_server = $1 \
                    AND n.user_id = u.id), 0) AS newest_task, \
                d.marked, h.task, h.rule, EXISTS (SELECT 1 FROM user_group o WHERE o.virtual_server = $1 AND o.id = h.rule \
                    AND o.going) AS going, h.status, c.id AS credential, c.serial, c.state \
                FROM found f JOIN user_account u ON u.virtual_server = $1 AND u.id = f.id \
                LEFT JOIN provisioning_due d ON d.virtual_server = $1 AND d.user_id = u.id \
                LEFT JOIN provisioning_entry h ON h.virtual_server = $1 AND h.user_id = u.id AND h.rule IS NOT NULL \
                LEFT JOIN credential c ON c.virtual_server = $1 AND c.id = h.credential AND c.user_id = u.id \
                    AND c.state <> 'revoked'), ",
            $($within)+,
            " SELECT f.*, w.group_id FROM facts f LEFT JOIN within w ON w.user_id = f.id ORDER BY f.id"
        )
    };
    ($($found:tt)+) => { standings!(nests "TRUE", $($found)+) };
}

/// Members of the group `$4` and of those in it.
macro_rules! members {
    () => {
        concat!(
            inner_group!("$4"),
            ", found (id) AS (SELECT DISTINCT m.user_id FROM group_member m WHERE m.virtual_server = $1 \
                AND m.user_id > $2 AND m.group_id IN (SELECT id FROM inner_group) ORDER BY m.user_id LIMIT $3)"
        )
    };
}

const MEMBERS: &str = standings!(members!());

const UNNESTED: &str = standings!(nests "NOT (n.group_id = $4 AND n.into_id = $5)", members!());

const HELD: &str = standings!(
    "found (id) AS (SELECT e.user_id FROM provisioning_entry e WHERE e.virtual_server = $1 AND e.rule IS NOT NULL \
        AND e.user_id > $2 ORDER BY e.user_id LIMIT $3)"
);

const DUE: &str = standings!(
    "found (id) AS (SELECT e.user_id FROM provisioning_due e WHERE e.virtual_server = $1 AND e.user_id > $2 \
        ORDER BY e.user_id LIMIT $3)"
);

const ONE: &str =
    standings!("found (id) AS (SELECT e.id FROM user_account e WHERE e.virtual_server = $1 AND e.id = $2 LIMIT $3)");

#[derive(sqlx::FromRow)]
struct StandingRow {
    id: String,
    name: String,
    display_name: String,
    disabled: bool,
    has_email: bool,
    tokens: i64,
    reserved: i64,
    newest_task: i64,
    marked: Option<i64>,
    task: Option<i64>,
    rule: Option<String>,
    going: bool,
    status: Option<String>,
    credential: Option<String>,
    serial: Option<String>,
    state: Option<String>,
    group_id: Option<String>,
}

impl StandingRow {
    /// Without groups.
    fn standing(&self) -> Result<RuleStanding, Failure> {
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(RuleStanding {
            user: UserId::new(&self.id),
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            disabled: self.disabled,
            has_email: self.has_email,
            groups: BTreeSet::new(),
            tokens: count(self.tokens),
            reserved: count(self.reserved),
            held: self.held()?,
            newest_task: self.newest_task,
            due: self.marked,
        })
    }

    fn held(&self) -> Result<Option<HeldEntry>, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("what a rule holds of {}: {what}", self.id));
        let (Some(task), Some(rule), Some(status)) = (self.task, &self.rule, &self.status) else { return Ok(None) };
        let status = EntryStatus::parse(status).ok_or_else(|| damaged("status"))?;
        let token = match (&self.credential, &self.serial, &self.state) {
            (Some(id), Some(serial), Some(state)) => Some(HeldToken {
                id: CredentialId::new(id),
                serial: serial.clone(),
                state: TokenState::parse(state).ok_or_else(|| damaged("state"))?,
            }),
            _ => None,
        };
        Ok(Some(HeldEntry { rule: GroupId::new(rule), going: self.going, task, status, token }))
    }
}

fn standings(rows: Vec<StandingRow>) -> Result<Vec<RuleStanding>, Failure> {
    let mut all: Vec<RuleStanding> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| last.user.as_str() != row.id) {
            all.push(row.standing()?);
        }
        if let (Some(last), Some(group)) = (all.last_mut(), row.group_id) {
            last.groups.insert(GroupId::new(group));
        }
    }
    Ok(all)
}

pub(crate) async fn of(
    inner: &Inner,
    vs: &VirtualServerId,
    scope: &RuleScope,
    page: &Page,
) -> Result<Listed<RuleStanding>, Failure> {
    let Some(part) = Part::after_row(page) else { return Ok(Listed { items: Vec::new(), next: None }) };
    let (reader, vs, after, limit) = (inner.db.reader(), vs.as_str(), part.after.id.as_str(), part.rows());
    let found = match scope {
        RuleScope::MembersOf(group) => rows!(reader, StandingRow, MEMBERS, vs, after, limit, group.as_str())?,
        RuleScope::Unnested { group, from } => {
            rows!(reader, StandingRow, UNNESTED, vs, after, limit, group.as_str(), from.as_str())?
        }
        RuleScope::Held => rows!(reader, StandingRow, HELD, vs, after, limit)?,
        RuleScope::Due => rows!(reader, StandingRow, DUE, vs, after, limit)?,
        RuleScope::One(user) => rows!(reader, StandingRow, ONE, vs, user.as_str(), limit)?,
    };
    Ok(part.listed_by_row(standings(found)?, |one| one.user.as_str().to_owned()))
}

pub(crate) async fn task(
    inner: &Inner,
    vs: &VirtualServerId,
    rule: &GroupId,
) -> Result<Option<ProvisioningTask>, Failure> {
    const SQL: &str = select_tasks!("rule = $2 AND removed_at IS NULL ORDER BY number DESC LIMIT 1");
    let found = rows!(inner.db.reader(), TaskRow, SQL, vs.as_str(), rule.as_str())?;
    Ok(found.into_iter().next().map(ProvisioningTask::from))
}

pub(crate) async fn pass(inner: &Inner, vs: &VirtualServerId) -> Result<Option<RulePass>, Failure> {
    const SQL: &str = "SELECT wanted, done, place, done_at FROM provisioning_pass WHERE virtual_server = $1";
    type Row = (i64, i64, Option<String>, Option<i64>);
    let found = rows!(inner.db.reader(), Row, SQL, vs.as_str())?;
    Ok(found.into_iter().next().map(|(wanted, done, place, done_at)| RulePass {
        wanted,
        done,
        place,
        done_at: done_at.map(Timestamp::from_millis),
    }))
}

/// Rules are to look at a user: they came into a group, left one, or were changed otherwise. A mark grows, and begins with the time:
/// one that was taken off does not come back as it was.
pub(crate) async fn mark(tx: &mut Tx, at: At<'_>, user: &str) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO provisioning_due (virtual_server, user_id, marked) \
                       SELECT $1, u.id, $3 FROM user_account u \
                       WHERE u.virtual_server = $1 AND u.id = $2 \
                       AND EXISTS (SELECT 1 FROM provisioning_pass p WHERE p.virtual_server = $1) \
                       ON CONFLICT (virtual_server, user_id) DO UPDATE SET marked = \
                           CASE WHEN $3 > provisioning_due.marked THEN $3 ELSE provisioning_due.marked + 1 END";
    change_in!(tx, SQL, at.vs.as_str(), user, at.now.millis())?;
    Ok(())
}

/// Rules are to look at everybody, where there ever were any.
pub(crate) async fn want(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const SQL: &str = "UPDATE provisioning_pass SET wanted = wanted + 1 WHERE virtual_server = $1";
    change_in!(tx, SQL, at.vs.as_str())?;
    Ok(())
}

/// The same after the rules themselves were changed; from the first time on there are some.
pub(crate) async fn begin(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO provisioning_pass (virtual_server, wanted, doing, done) VALUES ($1, 1, 0, 0) \
                       ON CONFLICT (virtual_server) DO UPDATE SET wanted = provisioning_pass.wanted + 1";
    change_in!(tx, SQL, at.vs.as_str())?;
    Ok(())
}

pub(crate) async fn hold(
    tx: &mut Tx,
    at: At<'_>,
    (task, user): (TaskNumber, &UserId),
    (from, to): (&GroupId, Option<&GroupId>),
    end: bool,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE provisioning_entry SET rule = $5, \
                       status = CASE WHEN $6 AND status IN ('pending', 'active') THEN 'removed' ELSE status END \
                       WHERE virtual_server = $1 AND task = $2 AND user_id = $3 AND rule = $4 RETURNING link";
    let (from, to) = (from.as_str(), to.map(GroupId::as_str));
    let found = rows_in!(&mut *tx, (Option<String>,), SQL, at.vs.as_str(), task, user.as_str(), from, to, end)?;
    holds(!found.is_empty())?;
    for (link,) in found.into_iter().filter(|_| end) {
        withdraw_mail(&mut *tx, at, link.as_deref(), (user.as_str(), (task, true)), told).await?;
    }
    Ok(())
}

/// What was given to members of a group, since it lies in the group of a rule, is held by the group itself from now on,
/// which is being deleted: there is no rule of that group, so nobody takes it. It is let go by and by, with a record each,
/// or comes back under a rule by another group of its user.
pub(crate) async fn hold_by_deleted(tx: &mut Tx, at: At<'_>, group: &str) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "WITH RECURSIVE ",
        above!(),
        ", ",
        inner_group!("$2"),
        " UPDATE provisioning_entry SET rule = $2 \
         WHERE virtual_server = $1 AND rule IS NOT NULL AND rule IN (SELECT id FROM above) \
         AND user_id IN (SELECT m.user_id FROM group_member m WHERE m.virtual_server = $1 \
             AND m.group_id IN (SELECT id FROM inner_group))"
    );
    change_in!(tx, SQL, at.vs.as_str(), group)?;
    Ok(())
}

/// The same of some of its members, or of those of a group in it.
pub(crate) async fn hold_some_by_deleted(tx: &mut Tx, at: At<'_>, part: &Portion<'_>) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "WITH RECURSIVE ",
        above!(),
        " UPDATE provisioning_entry SET rule = $2 \
         WHERE virtual_server = $1 AND user_id > $4 AND user_id <= $5 AND rule IS NOT NULL AND rule IN (SELECT id FROM above) \
         AND user_id IN (SELECT m.user_id FROM group_member m WHERE m.virtual_server = $1 AND m.group_id = $3 \
             AND m.user_id > $4 AND m.user_id <= $5)"
    );
    change_in!(tx, SQL, at.vs.as_str(), part.going, part.of, part.after, part.until)?;
    Ok(())
}

/// Whoever was changed once more, or looked at by another process, is not as they were seen: nothing is done to them.
pub(crate) async fn saw(tx: &mut Tx, at: At<'_>, users: &[(UserId, i64)], wanted: i64) -> Result<(), Failure> {
    const SAME: &str = "SELECT wanted FROM provisioning_pass WHERE virtual_server = $1 AND wanted = $2";
    const SQL: &str = "DELETE FROM provisioning_due WHERE virtual_server = $1 AND user_id = $2 AND marked = $3";
    holds(!rows_in!(&mut *tx, (i64,), SAME, at.vs.as_str(), wanted)?.is_empty())?;
    for (user, marked) in users {
        holds(change_in!(&mut *tx, SQL, at.vs.as_str(), user.as_str(), *marked)? == 1)?;
    }
    Ok(())
}

pub(crate) async fn move_pass(
    tx: &mut Tx,
    at: At<'_>,
    wanted: i64,
    (seen, next): (Option<&str>, Option<&str>),
) -> Result<(), Failure> {
    const BEGIN: &str = "UPDATE provisioning_pass SET place = $3, doing = wanted \
                         WHERE virtual_server = $1 AND wanted = $2 AND place IS NULL";
    const ON: &str = "UPDATE provisioning_pass SET place = $3 WHERE virtual_server = $1 AND wanted = $2 AND place = $4";
    const END: &str = "UPDATE provisioning_pass SET place = NULL, done = doing, done_at = $4 \
                       WHERE virtual_server = $1 AND wanted = $2 AND place = $3";
    let vs = at.vs.as_str();
    some(match (seen, next) {
        (None, next) => change_in!(tx, BEGIN, vs, wanted, next)?,
        (Some(seen), Some(next)) => change_in!(tx, ON, vs, wanted, next, seen)?,
        (Some(seen), None) => change_in!(tx, END, vs, wanted, seen, at.now.millis())?,
    })
}
