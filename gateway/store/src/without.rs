//! Users who have no token. How many tokens a user has stands in their row, so that those without one are a short index, however
//! many there are with one.

use doorward_api::enrolment::{MissingUser, Wanted};
use doorward_api::ports::{Missing, Page, Scanned};
use doorward_api::{GroupId, StoreError, UserId, VirtualServerId};

use crate::db::rows;
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::After;

/// So many users are counted by one statement: none comes near to what a statement may take.
const AT_ONCE: i64 = 20_000;

/// So many users without a token are looked at for one page, at first and at most.
const SCANNED: [i64; 2] = [500, 5_000];

/// At most so many at once.
const MOST: u32 = 200;

/// Groups of a list, and those that lie in them: `$name (id)`.
macro_rules! closed {
    ($name:literal, $list:literal) => {
        concat!(
            $name,
            " (id) AS (SELECT g.id FROM user_group g WHERE g.virtual_server = $1 AND ",
            $list,
            " LIKE '%,' || g.id || ',%' UNION SELECT n.group_id FROM ",
            $name,
            " w JOIN group_nest n ON n.virtual_server = $1 AND n.into_id = w.id)"
        )
    };
}

macro_rules! groups {
    () => {
        concat!(
            "WITH RECURSIVE ",
            closed!("wanted", "$2"),
            ", ",
            closed!("others", "$3"),
            ", ",
            closed!("targets", "$5")
        )
    };
}

/// A user `u` in one of the groups, and in none of the others.
macro_rules! is_wanted {
    () => {
        "($4 OR EXISTS (SELECT 1 FROM group_member m WHERE m.virtual_server = $1 AND m.user_id = u.id \
             AND m.group_id IN (SELECT id FROM wanted))) \
         AND ($6 OR EXISTS (SELECT 1 FROM group_member m WHERE m.virtual_server = $1 AND m.user_id = u.id \
             AND m.group_id IN (SELECT id FROM targets))) \
         AND NOT EXISTS (SELECT 1 FROM group_member m WHERE m.virtual_server = $1 AND m.user_id = u.id \
             AND m.group_id IN (SELECT id FROM others))"
    };
}

/// How many of the next users are wanted, and have no token; how many were looked at, and which was the last.
const COUNT: &str = concat!(
    groups!(),
    ", seen AS MATERIALIZED (SELECT i.id, i.tokens FROM user_account i WHERE i.virtual_server = $1 AND i.id > $7 \
        AND NOT i.disabled ORDER BY i.id LIMIT $8) \
     SELECT (SELECT COUNT(*) FROM seen), (SELECT MAX(id) FROM seen), COUNT(*), COUNT(CASE WHEN u.tokens = 0 THEN 1 END) \
     FROM seen u WHERE ",
    is_wanted!()
);

/// The same of the next members of the groups.
const COUNT_MEMBERS: &str = concat!(
    groups!(),
    ", seen AS MATERIALIZED (SELECT DISTINCT i.user_id AS id FROM group_member i WHERE i.virtual_server = $1 \
        AND i.group_id IN (SELECT id FROM wanted) AND i.user_id > $7 ORDER BY i.user_id LIMIT $8) \
     SELECT (SELECT COUNT(*) FROM seen), (SELECT MAX(id) FROM seen), COUNT(*), COUNT(CASE WHEN u.tokens = 0 THEN 1 END) \
     FROM seen CROSS JOIN user_account u WHERE u.virtual_server = $1 AND u.id = seen.id AND NOT u.disabled AND ",
    is_wanted!()
);

const LIST: &str = concat!(
    groups!(),
    ", seen AS MATERIALIZED (SELECT i.id, i.folded_name, i.name, i.display_name, i.email FROM user_account i \
        WHERE i.virtual_server = $1 AND i.tokens = 0 AND NOT i.disabled AND i.folded_name COLLATE \"binary\" >= $7 \
        AND (i.folded_name COLLATE \"binary\", i.id) > ($7, $8) ORDER BY i.folded_name COLLATE \"binary\", i.id LIMIT $9) \
     SELECT * FROM (SELECT '' AS id, s.folded_name, s.id AS name, '' AS display_name, CAST(NULL AS TEXT) AS email \
         FROM seen s WHERE (SELECT COUNT(*) FROM seen) = $9 \
         ORDER BY s.folded_name COLLATE \"binary\" DESC, s.id DESC LIMIT 1) edge \
     UNION ALL SELECT * FROM (SELECT u.id, u.folded_name, u.name, u.display_name, u.email FROM seen u WHERE ",
    is_wanted!(),
    " ORDER BY u.folded_name COLLATE \"binary\", u.id LIMIT $10) page"
);

#[derive(sqlx::FromRow)]
struct UserRow {
    id: String,
    folded_name: String,
    name: String,
    display_name: String,
    email: Option<String>,
}

fn joined(groups: &[GroupId]) -> String {
    let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    format!(",{},", ids.join(","))
}

/// How many of those who are wanted have no token. A part of them after the other, so that no statement takes long.
pub(crate) async fn count(store: &Store, vs: &VirtualServerId, wanted: &Wanted) -> Result<Missing, StoreError> {
    let (mut all, mut after) = (Missing::default(), String::new());
    loop {
        let (vs, wanted) = (vs.clone(), wanted.clone());
        let (some, last) =
            store.run(move |inner| async move { count_some(&inner, &vs, &wanted, &after).await }).await?;
        all.users += some.users;
        all.missing += some.missing;
        match last {
            Some(last) => after = last,
            None => return Ok(all),
        }
    }
}

/// Counts the next users; with the last of them where there are more.
async fn count_some(
    inner: &Inner,
    vs: &VirtualServerId,
    wanted: &Wanted,
    after: &str,
) -> Result<(Missing, Option<String>), Failure> {
    type Row = (i64, Option<String>, i64, i64);
    let sql = if wanted.everybody { COUNT } else { COUNT_MEMBERS };
    let found = rows!(
        inner.db.reader(),
        Row,
        sql,
        vs.as_str(),
        joined(&wanted.within),
        joined(&wanted.without),
        wanted.everybody,
        joined(wanted.targets.as_deref().unwrap_or_default()),
        wanted.targets.is_none(),
        after,
        AT_ONCE,
    )?;
    let (seen, last, users, missing) = found.into_iter().next().unwrap_or_default();
    let count = |of: i64| u64::try_from(of).unwrap_or_default();
    Ok((Missing { users: count(users), missing: count(missing) }, last.filter(|_| seen == AT_ONCE)))
}

/// Who they are, by name.
pub(crate) async fn list(
    inner: &Inner,
    vs: &VirtualServerId,
    wanted: &Wanted,
    page: &Page,
) -> Result<Scanned<MissingUser>, Failure> {
    let nothing = Scanned { items: Vec::new(), next: None, searched_to: None };
    let after = if page.after.is_empty() { Some(After::default()) } else { After::read(&page.after) };
    let Some(after) = after else { return Ok(nothing) };
    let limit = page.limit.clamp(1, MOST) as usize;
    let mut found = Vec::new();
    for scanned in SCANNED {
        found = some(inner, vs, wanted, (&after, scanned, limit)).await?;
        let cut = found.first().is_some_and(|row| row.id.is_empty());
        if !cut || found.len() > limit + 1 {
            break;
        }
    }
    let place = |key: &str, id: &str| After { key: key.to_owned(), id: id.to_owned() }.written();
    let edge = found.first().filter(|row| row.id.is_empty()).map(|row| place(&row.folded_name, &row.name));
    found.retain(|row| !row.id.is_empty());
    let more = found.len() > limit;
    found.truncate(limit);
    let next = if more { found.last().map(|row| place(&row.folded_name, &row.id)) } else { edge };
    let items = found.into_iter().map(|row| MissingUser {
        id: UserId::new(row.id),
        name: row.name,
        display_name: row.display_name,
        email: row.email,
    });
    Ok(Scanned { items: items.collect(), next, searched_to: None })
}

/// One more than are listed, of so many that are looked at. The first row may be no user, but tell where the search was cut.
async fn some(
    inner: &Inner,
    vs: &VirtualServerId,
    wanted: &Wanted,
    (after, scanned, limit): (&After, i64, usize),
) -> Result<Vec<UserRow>, Failure> {
    Ok(rows!(
        inner.db.reader(),
        UserRow,
        LIST,
        vs.as_str(),
        joined(&wanted.within),
        joined(&wanted.without),
        wanted.everybody,
        joined(wanted.targets.as_deref().unwrap_or_default()),
        wanted.targets.is_none(),
        &after.key,
        &after.id,
        scanned,
        i64::try_from(limit + 1).unwrap_or(i64::MAX),
    )?)
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    vec![
        ("users without a token", LIST),
        ("how many have no token", COUNT),
        ("how many members have no token", COUNT_MEMBERS),
    ]
}
