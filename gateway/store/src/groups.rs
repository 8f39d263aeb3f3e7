//! Groups: who is in them, and which lie in others. How they lie in each other is decided for a whole virtual server at once, or
//! two who each put one into the other would make a circle.

use doorward_api::{GroupId, UserId};

use crate::db::{Tx, change_in, lock_in, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::At;
use crate::provisioning_rules;
use crate::settings::hold_to_change;
use crate::users::JOIN;

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, id: &GroupId, name: &str) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO user_group (virtual_server, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), name)?)
}

/// That the name is free is seen to by the table.
pub(crate) async fn rename(tx: &mut Tx, at: At<'_>, id: &GroupId, name: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_group SET name = $3 WHERE virtual_server = $1 AND id = $2";
    some(change_in!(tx, SQL, at.vs.as_str(), id.as_str(), name)?)
}

pub(crate) async fn delete(tx: &mut Tx, at: At<'_>, id: &GroupId) -> Result<(), Failure> {
    // Nobody joins it meanwhile.
    const HOLD: &str = "SELECT id FROM user_group WHERE virtual_server = $1 AND id = $2 FOR UPDATE";
    const TELL: &str = "UPDATE user_account SET version = version + 1 WHERE virtual_server = $1 \
                        AND id IN (SELECT user_id FROM group_member WHERE virtual_server = $1 AND group_id = $2)";
    const EMPTY: &str = "DELETE FROM group_member WHERE virtual_server = $1 AND group_id = $2";
    const UNNEST: &str = "DELETE FROM group_nest WHERE virtual_server = $1 AND (group_id = $2 OR into_id = $2)";
    const SQL: &str = "DELETE FROM user_group WHERE virtual_server = $1 AND id = $2";
    let (vs, id) = (at.vs.as_str(), id.as_str());
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

pub(crate) async fn set_member(
    tx: &mut Tx,
    at: At<'_>,
    group: &GroupId,
    user: &UserId,
    member: bool,
) -> Result<(), Failure> {
    const BOTH: &str = "SELECT COUNT(*) FROM user_account u JOIN user_group g ON g.virtual_server = u.virtual_server \
                        WHERE u.virtual_server = $1 AND u.id = $2 AND g.id = $3";
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
                        WHERE one.virtual_server = $1 AND one.id = $2 AND other.id = $3";
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
