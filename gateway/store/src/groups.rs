//! Groups: who is in them, and which lie in others. How they lie in each other is decided for a whole virtual server at once, or
//! two who each put one into the other would make a circle.
//!
//! A group of many members *is going* from the change on that deletes it: nobody finds it any more, its name is free, and its
//! members are taken out in portions, each in a transaction of its own, so that others write in between. What a crash has left
//! of it, the janitor finishes.

use std::sync::Arc;

use doorward_api::{CommitError, GroupId, StoreError, Timestamp, UserId, VirtualServerId};

use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::{At, Deed, When, transact};
use crate::open::{Inner, Store};
use crate::provisioning_rules::{self, inner_group};
use crate::settings::hold_to_change;
use crate::users::JOIN;

/// So many members are dealt with in one transaction: others wait for it no longer than for a few sign-ins.
const PORTION: i64 = 500;

/// Members of one group, itself deleted or in the one that is, by their rows.
#[derive(Debug)]
pub(crate) struct Portion<'a> {
    /// The group that is going.
    pub(crate) going: &'a str,
    /// Whose members.
    pub(crate) of: &'a str,
    /// Those behind this one,
    pub(crate) after: &'a str,
    /// up to this one.
    pub(crate) until: &'a str,
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, id: &GroupId, name: &str) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO user_group (virtual_server, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), name)?)
}

/// That the name is free is seen to by the table.
pub(crate) async fn rename(tx: &mut Tx, at: At<'_>, id: &GroupId, name: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_group SET name = $3 WHERE virtual_server = $1 AND id = $2 AND NOT going";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), name)?)
}

/// At once where few are concerned; else it is going from now on.
pub(crate) async fn delete(tx: &mut Tx, at: At<'_>, id: &GroupId) -> Result<(), Failure> {
    const THERE: &str = "SELECT COUNT(*) FROM user_group WHERE virtual_server = $1 AND id = $2 AND NOT going";
    const MANY: &str = concat!(
        "WITH RECURSIVE ",
        inner_group!("$2"),
        " SELECT COUNT(*) FROM (SELECT 1 FROM group_member m WHERE m.virtual_server = $1 \
         AND m.group_id IN (SELECT id FROM inner_group) LIMIT $3) AS found"
    );
    // The name is free for another from now on. This one nobody chooses.
    const GO: &str = "UPDATE user_group SET going = TRUE, name = $3 WHERE virtual_server = $1 AND id = $2";
    let (vs, row) = (at.vs.as_str(), id.as_str());
    hold_to_change(tx, at).await?;
    holds(rows_in!(&mut *tx, (i64,), THERE, vs, row)?.first() == Some(&(1,)))?;
    let members = rows_in!(&mut *tx, (i64,), MANY, vs, row, PORTION + 1)?;
    match members.first() {
        Some((members,)) if *members > PORTION => some(change_in!(tx, GO, vs, row, format!("{row} (deleted)"))?),
        _ => remove(tx, at, row).await,
    }
}

/// Some members of a group that is going, or of one in it. What was given to them since it lay in others is kept for them in the
/// same moment in which they are taken out of it.
pub(crate) async fn leave(tx: &mut Tx, at: At<'_>, part: &Portion<'_>) -> Result<(), Failure> {
    const TELL: &str = "UPDATE user_account SET version = version + 1 WHERE virtual_server = $1 \
                        AND id IN (SELECT user_id FROM group_member WHERE virtual_server = $1 AND group_id = $2 \
                            AND user_id > $3 AND user_id <= $4)";
    const EMPTY: &str = "DELETE FROM group_member WHERE virtual_server = $1 AND group_id = $2 \
                         AND user_id > $3 AND user_id <= $4";
    let vs = at.vs.as_str();
    hold_to_change(tx, at).await?;
    if part.going != part.of {
        return provisioning_rules::hold_some_by_deleted(tx, at, part).await;
    }
    // Users before what is theirs, as whoever deletes one does it.
    change_in!(&mut *tx, TELL, vs, part.going, part.after, part.until)?;
    provisioning_rules::hold_some_by_deleted(tx, at, part).await?;
    change_in!(&mut *tx, EMPTY, vs, part.going, part.after, part.until)?;
    Ok(())
}

/// The row itself, with whatever still hangs on it.
pub(crate) async fn remove(tx: &mut Tx, at: At<'_>, id: &str) -> Result<(), Failure> {
    // Nobody joins it meanwhile.
    const HOLD: &str = "SELECT id FROM user_group WHERE virtual_server = $1 AND id = $2 FOR UPDATE";
    const TELL: &str = "UPDATE user_account SET version = version + 1 WHERE virtual_server = $1 \
                        AND id IN (SELECT user_id FROM group_member WHERE virtual_server = $1 AND group_id = $2)";
    const EMPTY: &str = "DELETE FROM group_member WHERE virtual_server = $1 AND group_id = $2";
    const UNNEST: &str = "DELETE FROM group_nest WHERE virtual_server = $1 AND (group_id = $2 OR into_id = $2)";
    const SQL: &str = "DELETE FROM user_group WHERE virtual_server = $1 AND id = $2";
    let vs = at.vs.as_str();
    hold_to_change(tx, at).await?;
    lock_in!(&mut *tx, HOLD, vs, id)?;
    change_in!(&mut *tx, TELL, vs, id)?;
    // While it is still known who is in it, and in what it lies.
    provisioning_rules::hold_by_deleted(tx, at, id).await?;
    for sql in [EMPTY, UNNEST] {
        change_in!(&mut *tx, sql, vs, id)?;
    }
    some(change_in!(&mut *tx, SQL, vs, id)?)?;
    provisioning_rules::want(tx, at).await
}

/// Empties a group that is going, and deletes it. Any number of processes may do so at once. Nothing where it is not going.
pub(crate) async fn finish(
    inner: &Arc<Inner>,
    vs: &VirtualServerId,
    id: &str,
    when: When<'_>,
) -> Result<(), CommitError> {
    let within = inner_groups(inner, vs, id).await.map_err(|failure| inner.db.explain(&failure))?;
    if within.is_empty() {
        return Ok(());
    }
    for of in &within {
        let mut after = String::new();
        loop {
            let until = end_of_portion(inner, vs, of, &after).await.map_err(|failure| inner.db.explain(&failure))?;
            let Some(until) = until else { break };
            let part = Portion { going: id, of, after: &after, until: &until };
            transact(inner, vs, &[Deed::GroupLeave(&part)], &[], when).await?;
            after = until;
        }
    }
    match transact(inner, vs, &[Deed::GroupRemove(id)], &[], when).await {
        // Another process was faster.
        Err(CommitError::Lost { .. }) => Ok(()),
        outcome => outcome,
    }
}

/// A group that is going, and those in it; none where it is not.
async fn inner_groups(inner: &Arc<Inner>, vs: &VirtualServerId, id: &str) -> Result<Vec<String>, Failure> {
    const SQL: &str = concat!(
        "WITH RECURSIVE ",
        inner_group!("$2"),
        " SELECT i.id FROM inner_group i WHERE EXISTS (SELECT 1 FROM user_group g \
         WHERE g.virtual_server = $1 AND g.id = $2 AND g.going)"
    );
    let (of, vs, id) = (Arc::clone(inner), vs.clone(), id.to_owned());
    let found = inner.in_time(async move { Ok(rows!(of.db.reader(), (String,), SQL, vs.as_str(), id)?) }).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

async fn end_of_portion(
    inner: &Arc<Inner>,
    vs: &VirtualServerId,
    group: &str,
    after: &str,
) -> Result<Option<String>, Failure> {
    const SQL: &str = "SELECT MAX(part.user_id) FROM (SELECT m.user_id FROM group_member m WHERE m.virtual_server = $1 \
                       AND m.group_id = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4) AS part";
    let (of, vs, group, after) = (Arc::clone(inner), vs.clone(), group.to_owned(), after.to_owned());
    let read = async move { Ok(rows!(of.db.reader(), (Option<String>,), SQL, vs.as_str(), group, after, PORTION)?) };
    Ok(inner.in_time(read).await?.into_iter().next().and_then(|(until,)| until))
}

impl Store {
    /// Groups that were deleted, and whose members a process that was ended has not all taken out. Says how many there were.
    pub(crate) async fn finish_groups(&self, vs: &VirtualServerId, now: Timestamp) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT id FROM user_group WHERE virtual_server = $1 AND going";
        let of = vs.clone();
        let found = self.run(|inner| async move { Ok(rows!(inner.db.reader(), (String,), SQL, of.as_str())?) }).await?;
        let mut finished = 0;
        for (id,) in found {
            let vs = vs.clone();
            match self.spawn(|inner| async move { finish(&inner, &vs, &id, &move || now).await }).await? {
                Ok(()) => finished += 1,
                Err(CommitError::Store(error)) => return Err(error),
                Err(lost) => tracing::error!(%lost, "a group that was deleted cannot be emptied"),
            }
        }
        Ok(finished)
    }
}

pub(crate) async fn set_member(
    tx: &mut Tx,
    at: At<'_>,
    group: &GroupId,
    user: &UserId,
    member: bool,
) -> Result<(), Failure> {
    const BOTH: &str = "SELECT COUNT(*) FROM user_account u JOIN user_group g ON g.virtual_server = u.virtual_server \
                        WHERE u.virtual_server = $1 AND u.id = $2 AND g.id = $3 AND NOT g.going";
    const LEAVE: &str = "DELETE FROM group_member WHERE virtual_server = $1 AND user_id = $2 AND group_id = $3";
    // By the user's row, whoever relies on the groups they are in learns of it.
    const TELL: &str = "UPDATE user_account SET version = version + 1 WHERE virtual_server = $1 AND id = $2";
    let (vs, user, group) = (at.vs.as_str(), user.as_str(), group.as_str());
    holds(rows_in!(&mut *tx, (i64,), BOTH, vs, user, group)?.first() == Some(&(1,)))?;
    let changed = match member {
        true => change_in!(&mut *tx, JOIN, vs, user, group)?,
        false => change_in!(&mut *tx, LEAVE, vs, user, group)?,
    };
    if changed > 0 {
        change_in!(&mut *tx, TELL, vs, user)?;
        provisioning_rules::mark(tx, at, user).await?;
    }
    Ok(())
}

pub(crate) async fn nest(
    tx: &mut Tx,
    at: At<'_>,
    group: &GroupId,
    into: &GroupId,
    member: bool,
) -> Result<(), Failure> {
    const BOTH: &str = "SELECT COUNT(*) FROM user_group one JOIN user_group other \
                        ON other.virtual_server = one.virtual_server \
                        WHERE one.virtual_server = $1 AND one.id = $2 AND other.id = $3 \
                        AND NOT one.going AND NOT other.going";
    // The outer one, and all in which it lies: is the inner one among them?
    const ROUND: &str = "WITH RECURSIVE above (id) AS (SELECT id FROM user_group WHERE virtual_server = $1 AND id = $3 \
                         UNION SELECT n.into_id FROM above a \
                         JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = a.id) \
                         SELECT COUNT(*) FROM above WHERE id = $2";
    const IN: &str =
        "INSERT INTO group_nest (virtual_server, group_id, into_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    const OUT: &str = "DELETE FROM group_nest WHERE virtual_server = $1 AND group_id = $2 AND into_id = $3";
    let (vs, group, into) = (at.vs.as_str(), group.as_str(), into.as_str());
    hold_to_change(tx, at).await?;
    holds(rows_in!(&mut *tx, (i64,), BOTH, vs, group, into)?.first() == Some(&(1,)))?;
    if !member {
        change_in!(&mut *tx, OUT, vs, group, into)?;
        return provisioning_rules::want(tx, at).await;
    }
    holds(rows_in!(&mut *tx, (i64,), ROUND, vs, group, into)?.first() == Some(&(0,)))?;
    change_in!(&mut *tx, IN, vs, group, into)?;
    provisioning_rules::want(tx, at).await
}
