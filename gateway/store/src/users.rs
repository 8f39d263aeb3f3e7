//! Users of the local directory, and the groups that they are in: in themselves, or since a group lies in another.

use std::collections::BTreeSet;

use async_trait::async_trait;
use doorward_api::credential::Version;
use doorward_api::ports::{Listed, Users};
use doorward_api::user::{NewUser, TemporaryPasscode, UserDetails};
use doorward_api::{FoldedName, GroupId, GroupRef, StoreError, User, UserId, VirtualServerId};

use crate::credentials::without_token;
use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::pages::Part;
use crate::provisioning_rules;
use crate::seal::Place;

/// Every group of the users whom `$of` tells, nested ones included: `within (user_id, group_id)`, to follow a `WITH RECURSIVE`.
/// `UNION` drops what was found before, so that it ends even where groups lie in each other. A text that `concat!` takes.
/// With `nests` only those count of how groups lie in others, `n`, of which that holds. Else those do of which neither is being
/// deleted: whoever is in one by another loses it with the change that deletes that.
macro_rules! within {
    (nests $nests:literal, $($of:tt)+) => {
        concat!(
            "within (user_id, group_id) AS (\
                SELECT m.user_id, m.group_id FROM group_member m WHERE m.virtual_server = $1 AND ", $($of)+,
            " UNION \
                SELECT w.user_id, n.into_id FROM within w \
                JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = w.group_id AND ", $nests, ")"
        )
    };
    ($($of:tt)+) => {
        concat!(
            "within (user_id, group_id) AS (\
                SELECT m.user_id, m.group_id FROM group_member m WHERE m.virtual_server = $1 AND ", $($of)+,
            " UNION \
                SELECT w.user_id, n.into_id FROM within w \
                JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = w.group_id \
                AND n.group_id NOT IN (SELECT o.id FROM user_group o WHERE o.virtual_server = $1 AND o.going))"
        )
    };
}
pub(crate) use within;

/// A user once for each group, or once without one; `$column` is `$2`.
macro_rules! select_user {
    ($column:literal) => {
        concat!(
            "WITH RECURSIVE ",
            within!("m.user_id = (SELECT id FROM user_account WHERE virtual_server = $1 AND ", $column, " = $2)"),
            " SELECT u.id, u.name, u.display_name, u.email, u.disabled, g.id AS group_id, g.name AS group_name \
             FROM user_account u LEFT JOIN within w ON w.user_id = u.id \
             LEFT JOIN user_group g ON g.virtual_server = $1 AND g.id = w.group_id AND NOT g.going \
             WHERE u.virtual_server = $1 AND u.",
            $column,
            " = $2"
        )
    };
}

const BY_NAME: &str = select_user!("folded_name");
const BY_ID: &str = select_user!("id");

#[derive(sqlx::FromRow)]
struct UserRow {
    id: String,
    name: String,
    display_name: String,
    email: Option<String>,
    disabled: bool,
    group_id: Option<String>,
    group_name: Option<String>,
}

/// Users in the order of their rows, each with all its groups.
fn users(rows: Vec<UserRow>) -> Vec<User> {
    let mut all: Vec<User> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| last.id.as_str() != row.id) {
            all.push(User {
                id: UserId::new(row.id),
                name: row.name,
                display_name: row.display_name,
                email: row.email,
                disabled: row.disabled,
                groups: Vec::new(),
            });
        }
        if let (Some(user), Some(id), Some(name)) = (all.last_mut(), row.group_id, row.group_name) {
            user.groups.push(GroupRef { id: GroupId::new(id), name });
        }
    }
    for user in &mut all {
        user.groups = by_name(std::mem::take(&mut user.groups));
    }
    all
}

/// One user of the rows of one user.
fn user(rows: Vec<UserRow>) -> Option<User> {
    users(rows).into_iter().next()
}

/// Sorted here: the two databases do not order text alike.
pub(crate) fn by_name(mut groups: Vec<GroupRef>) -> Vec<GroupRef> {
    groups.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    groups
}

/// Holds a user until the change is done: of two that come at once, the second sees what the first has done.
pub(crate) async fn hold(tx: &mut Tx, vs: &VirtualServerId, user: &UserId) -> Result<(), Failure> {
    const SQL: &str = "SELECT id FROM user_account WHERE virtual_server = $1 AND id = $2 FOR NO KEY UPDATE";
    Ok(lock_in!(tx, SQL, vs.as_str(), user.as_str())?)
}

/// Users who are not disabled, have an address and no token that counts, in the order of their rows.
pub(crate) async fn without_token(inner: &Inner, vs: &VirtualServerId, part: &Part) -> Result<Listed<User>, Failure> {
    // They are found before their groups are, so that there are as many as were asked for.
    const SQL: &str = concat!(
        "WITH RECURSIVE found AS (SELECT one.id, one.name, one.display_name, one.email, one.disabled \
            FROM user_account one WHERE one.virtual_server = $1 AND one.id > $2 AND NOT one.disabled AND one.email <> '' AND ",
        without_token!("one.id"),
        " ORDER BY one.id LIMIT $3), ",
        within!("m.user_id IN (SELECT id FROM found)"),
        " SELECT u.*, g.id AS group_id, g.name AS group_name FROM found u LEFT JOIN within w ON w.user_id = u.id \
         LEFT JOIN user_group g ON g.virtual_server = $1 AND g.id = w.group_id AND NOT g.going ORDER BY u.id"
    );
    let found = rows!(inner.db.reader(), UserRow, SQL, vs.as_str(), part.after.id.as_str(), part.rows())?;
    Ok(part.listed_by_row(users(found), |user: &User| user.id.as_str().to_owned()))
}

/// Members of a group and of those that lie in it, in the order of their rows. Their groups are not read.
pub(crate) async fn all_members(
    inner: &Inner,
    vs: &VirtualServerId,
    group: &GroupId,
    part: &Part,
) -> Result<Listed<User>, Failure> {
    const SQL: &str = "WITH RECURSIVE inner_group (id) AS (SELECT g.id FROM user_group g \
                           WHERE g.virtual_server = $1 AND g.id = $2 \
                           UNION SELECT n.group_id FROM inner_group i \
                           JOIN group_nest n ON n.virtual_server = $1 AND n.into_id = i.id) \
                       SELECT u.id, u.name, u.display_name, u.email, u.disabled, NULL AS group_id, NULL AS group_name \
                       FROM user_account u WHERE u.virtual_server = $1 AND u.id IN (SELECT DISTINCT m.user_id \
                           FROM group_member m WHERE m.virtual_server = $1 AND m.user_id > $3 \
                           AND m.group_id IN (SELECT id FROM inner_group) ORDER BY m.user_id LIMIT $4) ORDER BY u.id";
    let (after, limit) = (part.after.id.as_str(), part.rows());
    let found = rows!(inner.db.reader(), UserRow, SQL, vs.as_str(), group.as_str(), after, limit)?;
    Ok(part.listed_by_row(users(found), |user: &User| user.id.as_str().to_owned()))
}

/// Where a temporary passcode is sealed.
pub(crate) fn passcode_place<'a>(id: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("user_account", "temporary_passcode", id, vs)
}

#[async_trait]
impl Users for Store {
    async fn user_by_name(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError> {
        let (vs, name) = (vs.clone(), name.clone());
        self.run(move |inner| async move {
            Ok(user(rows!(inner.db.reader(), UserRow, BY_NAME, vs.as_str(), name.as_str())?))
        })
        .await
    }

    async fn user_by_id(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<User>, StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(
            move |inner| async move { Ok(user(rows!(inner.db.reader(), UserRow, BY_ID, vs.as_str(), id.as_str())?)) },
        )
        .await
    }

    async fn password_hash(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT password_hash FROM user_account WHERE virtual_server = $1 AND id = $2";
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (Option<String>,), SQL, vs.as_str(), id.as_str())?;
            Ok(found.into_iter().next().and_then(|(hash,)| hash))
        })
        .await
    }

    async fn user_count(&self, vs: &VirtualServerId) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM user_account WHERE virtual_server = $1";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str())?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewUser, id: &UserId) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO user_account \
                       (virtual_server, id, name, folded_name, display_name, email, password_hash, disabled, created_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8) ON CONFLICT DO NOTHING";
    let (vs, now) = (at.vs.as_str(), at.now.millis());
    let (id, folded) = (id.as_str(), new.folded.as_str());
    let (email, password) = (new.email.as_deref(), new.password_hash.as_deref());
    some(change_in!(&mut *tx, SQL, vs, id, &new.name, folded, &new.display_name, email, password, now)?)?;
    for group in &new.groups {
        join(tx, at, id, group).await?;
    }
    provisioning_rules::mark(tx, at, id).await
}

/// Makes the user a member of the group of that name, which is made when missing.
async fn join(tx: &mut Tx, at: At<'_>, user: &str, group: &str) -> Result<(), Failure> {
    const MAKE: &str = "INSERT INTO user_group (virtual_server, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT id FROM user_group WHERE virtual_server = $1 AND name = $2";
    let vs = at.vs.as_str();
    change_in!(&mut *tx, MAKE, vs, at.inner.entropy.id(), group)?;
    let found = rows_in!(&mut *tx, (String,), FIND, vs, group)?;
    let (group,) = found.into_iter().next().ok_or_else(|| Failure::damaged("a group just made is not there"))?;
    change_in!(&mut *tx, JOIN, vs, user, group)?;
    Ok(())
}

/// Nothing when it is so already. Refused when there is no such user or group (foreign keys say so).
pub(crate) const JOIN: &str =
    "INSERT INTO group_member (virtual_server, user_id, group_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(crate) async fn set_password(tx: &mut Tx, at: At<'_>, user: &UserId, hash: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_account SET password_hash = $3 WHERE virtual_server = $1 AND id = $2";
    some(change_in!(tx, SQL, at.vs.as_str(), user.as_str(), hash)?)
}

/// Refused unless the hash is still the old one.
pub(crate) async fn rehash(tx: &mut Tx, at: At<'_>, user: &UserId, old: &str, new: &str) -> Result<(), Failure> {
    const SQL: &str =
        "UPDATE user_account SET password_hash = $4 WHERE virtual_server = $1 AND id = $2 AND password_hash = $3";
    some(change_in!(tx, SQL, at.vs.as_str(), user.as_str(), old, new)?)
}

/// Refused unless the user is switched on and in the same groups as when it was read. The caller holds the virtual server, and
/// with it how groups lie in each other.
pub(crate) async fn unchanged(tx: &mut Tx, at: At<'_>, user: &User) -> Result<(), Failure> {
    // It writes what is there already: so nobody else writes it until this transaction has ended.
    const HOLD: &str =
        "UPDATE user_account SET disabled = disabled WHERE virtual_server = $1 AND id = $2 AND NOT disabled";
    const GROUPS: &str = concat!(
        "WITH RECURSIVE ",
        within!("m.user_id = $2"),
        " SELECT w.group_id FROM within w \
         JOIN user_group g ON g.virtual_server = $1 AND g.id = w.group_id AND NOT g.going"
    );
    let (vs, id) = (at.vs.as_str(), user.id.as_str());
    some(change_in!(&mut *tx, HOLD, vs, id)?)?;
    let now: BTreeSet<String> = rows_in!(&mut *tx, (String,), GROUPS, vs, id)?.into_iter().map(|(id,)| id).collect();
    let before: BTreeSet<&str> = user.groups.iter().map(|group| group.id.as_str()).collect();
    holds(now.iter().map(String::as_str).eq(before))
}

pub(crate) async fn disable(tx: &mut Tx, at: At<'_>, user: &UserId, disabled: bool) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_account SET disabled = $3 WHERE virtual_server = $1 AND id = $2";
    some(change_in!(&mut *tx, SQL, at.vs.as_str(), user.as_str(), disabled)?)?;
    provisioning_rules::mark(tx, at, user.as_str()).await
}

/// Refused unless the record is at the version that was read, or when one of the groups is not there.
pub(crate) async fn update(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    version: Version,
    details: &UserDetails,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_account SET display_name = $4, email = $5, version = version + 1 \
                       WHERE virtual_server = $1 AND id = $2 AND version = $3";
    // Of one that is going they are taken out by what deletes it.
    const LEAVE: &str = "DELETE FROM group_member WHERE virtual_server = $1 AND user_id = $2 AND group_id NOT IN \
                         (SELECT g.id FROM user_group g WHERE g.virtual_server = $1 AND g.going)";
    let (vs, id, email) = (at.vs.as_str(), user.as_str(), details.email.as_deref());
    some(change_in!(&mut *tx, SQL, vs, id, version, &details.display_name, email)?)?;
    change_in!(&mut *tx, LEAVE, vs, id)?;
    for group in &details.groups {
        change_in!(&mut *tx, JOIN, vs, id, group.as_str())?;
    }
    provisioning_rules::mark(tx, at, id).await
}

/// Nothing is made for a user meanwhile that would hang on their row.
pub(crate) async fn hold_to_delete(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<(), Failure> {
    // The tasks before their users, as everybody does it.
    const TASKS: &str = "SELECT number FROM provisioning_task WHERE virtual_server = $1 AND number IN (SELECT e.task \
                         FROM provisioning_entry e WHERE e.virtual_server = $1 AND e.user_id = $2) \
                         ORDER BY number FOR NO KEY UPDATE";
    const HOLD: &str = "SELECT id FROM user_account WHERE virtual_server = $1 AND id = $2 FOR UPDATE";
    let (vs, id) = (at.vs.as_str(), user.as_str());
    lock_in!(&mut *tx, TASKS, vs, id)?;
    Ok(lock_in!(tx, HOLD, vs, id)?)
}

/// A user goes whose tokens were taken from them, and what is only theirs with them. Tasks of provisioning by mail count them no
/// longer. That their grant, their recovery codes and the requests to their devices go is seen to by the tables of those.
pub(crate) async fn delete(tx: &mut Tx, at: At<'_>, user: &UserId) -> Result<(), Failure> {
    const COUNTED: &str = "UPDATE provisioning_task SET users = users - 1 WHERE virtual_server = $1 \
                           AND number IN (SELECT e.task FROM provisioning_entry e \
                               WHERE e.virtual_server = $1 AND e.user_id = $2)";
    const WITH_THEM: [&str; 4] = [
        "DELETE FROM session WHERE virtual_server = $1 AND user_id = $2",
        "DELETE FROM flow WHERE virtual_server = $1 AND user_id = $2",
        "DELETE FROM mail WHERE virtual_server = $1 AND user_id = $2",
        "DELETE FROM group_member WHERE virtual_server = $1 AND user_id = $2",
    ];
    const NOBODYS: &str = "UPDATE credential SET user_id = NULL WHERE virtual_server = $1 AND user_id = $2";
    const SQL: &str = "DELETE FROM user_account WHERE virtual_server = $1 AND id = $2";
    let (vs, id) = (at.vs.as_str(), user.as_str());
    change_in!(&mut *tx, COUNTED, vs, id)?;
    for sql in WITH_THEM {
        change_in!(&mut *tx, sql, vs, id)?;
    }
    change_in!(&mut *tx, NOBODYS, vs, id)?;
    some(change_in!(tx, SQL, vs, id)?)
}

pub(crate) async fn set_passcode(
    tx: &mut Tx,
    at: At<'_>,
    user: &UserId,
    passcode: Option<&TemporaryPasscode>,
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE user_account SET temporary_passcode = $3 WHERE virtual_server = $1 AND id = $2";
    let (vs, id) = (at.vs.as_str(), user.as_str());
    let sealed = passcode.map(|passcode| at.inner.sealer.seal_json(passcode_place(id, at.vs), passcode)).transpose()?;
    some(change_in!(tx, SQL, vs, id, sealed)?)
}
