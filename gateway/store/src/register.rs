//! What operators look through: users, groups and tokens of one virtual server, in parts.
//!
//! Lists go by the letters' numbers, in both databases: so what begins with a text is one span of an index, and a part of a list is
//! read from there and from nowhere else, however long the list is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use doorward_api::credential::TokenRecord;
use doorward_api::ports::{Listed, Page, Register, TokenFilter};
use doorward_api::recovery::SeenRecoveryCodes;
use doorward_api::user::{GroupRecord, TemporaryPasscode, UserRecord};
use doorward_api::{
    CredentialId, Grant, GrantRecord, GrantState, GroupId, GroupRef, StoreError, Timestamp, TokenForm, TokenState,
    User, UserId, VirtualServerId,
};

use crate::credentials::{count, target};
use crate::db::rows;
use crate::error::Failure;
use crate::open::{Inner, Store};
use crate::pages::{After, Part, begins_with, end_of};
use crate::users::{by_name, passcode_place, within};
use crate::{grants, recovery, users};

/// Users whom `$of` tells, each once for each group, or once without one; in the order of `$key`.
macro_rules! select_records {
    ($key:literal, $($of:tt)+) => {
        concat!(
            "WITH RECURSIVE found AS MATERIALIZED (SELECT id, name, ", $key, " AS sort_key, display_name, email, disabled, version, \
                password_hash IS NOT NULL AS has_password, created_at, temporary_passcode \
                FROM user_account WHERE virtual_server = $1 AND ",
            $($of)+,
            "), ",
            within!("m.user_id IN (SELECT id FROM found)"),
            " SELECT u.*, g.id AS group_id, g.name AS group_name, \
             EXISTS (SELECT 1 FROM group_member m \
                 WHERE m.virtual_server = $1 AND m.user_id = u.id AND m.group_id = g.id) AS direct \
             FROM found u LEFT JOIN within w ON w.user_id = u.id \
             LEFT JOIN user_group g ON g.virtual_server = $1 AND g.id = w.group_id AND NOT g.going \
             ORDER BY u.sort_key COLLATE \"binary\", u.id"
        )
    };
}

const USER: &str = select_records!("folded_name", "id = $2");

/// Users of `$among` whose `$key` begins so (`$2`, up to `$3`), in its order, from a place on (`$4`, `$5`). Those that `$listed` tells of were
/// listed already: their name begins so, or what they are called. `$7` to `$8` is what is looked for in small letters, `$9` to `$10`
/// as well but for letters that SQLite knows only as they are.
macro_rules! users_by {
    ($key:literal, $among:literal, $listed:literal) => {
        select_records!(
            $key,
            $key,
            " COLLATE \"binary\" >= $2 AND ",
            $key,
            " COLLATE \"binary\" < $3 AND (",
            $key,
            " COLLATE \"binary\", id) > ($4, $5) AND ",
            $among,
            " AND NOT (",
            $listed,
            ") ORDER BY ",
            $key,
            " COLLATE \"binary\", id LIMIT $6"
        )
    };
}

const BY_NAME: &str = users_by!("folded_name", "TRUE", "$7 || $8 || $9 || $10 = ''");
const BY_DISPLAY_NAME: &str = users_by!(
    "LOWER(display_name)",
    "TRUE",
    "(folded_name COLLATE \"binary\" >= $7 AND folded_name COLLATE \"binary\" < $8) OR $9 || $10 = ''"
);
const BY_EMAIL: &str = users_by!(
    "LOWER(email)",
    "email IS NOT NULL",
    "(folded_name COLLATE \"binary\" >= $7 AND folded_name COLLATE \"binary\" < $8) \
     OR (LOWER(display_name) COLLATE \"binary\" >= $7 AND LOWER(display_name) COLLATE \"binary\" < $8) \
     OR (LOWER(display_name) COLLATE \"binary\" >= $9 AND LOWER(display_name) COLLATE \"binary\" < $10)"
);

/// A part of a group's members is found first, by the names that stand beside them, and then looked up.
const MEMBERS: &str = select_records!(
    "folded_name",
    "id IN (SELECT user_id FROM (SELECT m.user_id FROM group_member m WHERE m.virtual_server = $1 AND m.group_id = $2 \
        AND m.name COLLATE \"binary\" >= $3 AND (m.name COLLATE \"binary\", m.user_id) > ($3, $4) \
        ORDER BY m.name COLLATE \"binary\", m.user_id LIMIT $5) AS part)"
);

/// Groups that `$of` tells, each once for each group that it lies in, or once without one.
macro_rules! select_groups {
    ($of:literal) => {
        concat!(
            "SELECT f.id, f.name, f.sort_key, f.members, p.id AS parent_id, p.name AS parent_name FROM (\
                SELECT g.id, g.name, LOWER(g.name) AS sort_key, (SELECT COUNT(*) FROM group_member m \
                    WHERE m.virtual_server = $1 AND m.group_id = g.id) AS members \
                FROM user_group g WHERE g.virtual_server = $1 AND NOT g.going AND ",
            $of,
            ") f LEFT JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = f.id \
             LEFT JOIN user_group p ON p.virtual_server = $1 AND p.id = n.into_id AND NOT p.going \
             ORDER BY f.sort_key COLLATE \"binary\", f.id"
        )
    };
}

const GROUP: &str = select_groups!("g.id = $2");
const GROUPS: &str = select_groups!(
    "(LOWER(g.name) LIKE $2 ESCAPE '!' OR LOWER(g.name) LIKE $3 ESCAPE '!') \
     AND LOWER(g.name) COLLATE \"binary\" >= $4 AND (LOWER(g.name) COLLATE \"binary\", g.id) > ($4, $5) \
     ORDER BY LOWER(g.name) COLLATE \"binary\", g.id LIMIT $6"
);

macro_rules! select_tokens {
    ($($of:literal),+) => {
        concat!(
            "SELECT c.id, c.serial, LOWER(c.serial) AS sort_key, c.form, c.plugin, c.user_id, u.name AS user_name, c.state, c.label, c.target, \
             c.template, c.fails, c.locked_until, c.pin IS NOT NULL AS has_pin, c.created_at, c.activated_at, \
             c.last_used_at FROM credential c \
             LEFT JOIN user_account u ON u.virtual_server = c.virtual_server AND u.id = c.user_id \
             WHERE c.virtual_server = $1 AND ",
            $($of),+
        )
    };
}

const TOKEN: &str = select_tokens!("c.id = $2");
/// Each condition that is given must hold. The narrowest is told twice, so that its index is used: nobody waits until every
/// token was looked at, of a hundred thousand, to see the one of a user.
macro_rules! list_tokens {
    ($narrowest:literal) => {
        list_tokens!($narrowest, "LOWER(c.serial) COLLATE \"binary\"", "LOWER(c.serial) COLLATE \"binary\"")
    };
    // What is compared may be kept out of the choice of an index by what is added to it; not what is sorted by.
    ($narrowest:literal, $compared:literal, $sorted:literal) => {
        select_tokens!(
            $narrowest,
            "(c.state = $2 OR ($2 = '' AND c.state <> 'revoked')) \
             AND ($3 IS NULL OR (c.state = 'active' AND c.locked_until > $3)) AND ($4 = '' OR c.user_id = $4) AND ",
            $compared,
            " >= $5 AND ",
            $compared,
            " < $6 AND (",
            $compared,
            ", c.id) > ($7, $8) ORDER BY ",
            $sorted,
            ", c.id LIMIT $9"
        )
    };
}

const TOKENS: &str = list_tokens!("");
const TOKENS_IN_STATE: &str = list_tokens!(
    "c.state = $2 AND ",
    "LOWER(c.serial) || '' COLLATE \"binary\"",
    "c.state, LOWER(c.serial) COLLATE \"binary\""
);
const TOKENS_LOCKED: &str = list_tokens!("c.locked_until IS NOT NULL AND ");
const TOKENS_OF_OWNER: &str = list_tokens!(
    "c.user_id = $4 AND ",
    "LOWER(c.serial) || '' COLLATE \"binary\"",
    "LOWER(c.serial) || '' COLLATE \"binary\""
);

const COUNTS: &str = "SELECT state, COUNT(*), \
                      COUNT(CASE WHEN state = 'active' AND locked_until > $2 THEN 1 END) \
                      FROM credential WHERE virtual_server = $1 AND form <> 'passkey' GROUP BY state";

#[derive(sqlx::FromRow)]
struct UserRow {
    id: String,
    name: String,
    sort_key: String,
    display_name: String,
    email: Option<String>,
    disabled: bool,
    version: i64,
    has_password: bool,
    created_at: i64,
    temporary_passcode: Option<Vec<u8>>,
    group_id: Option<String>,
    group_name: Option<String>,
    direct: bool,
}

impl UserRow {
    /// Without groups.
    fn record(&self, inner: &Inner, vs: &VirtualServerId) -> UserRecord {
        UserRecord {
            user: User {
                id: UserId::new(&self.id),
                name: self.name.clone(),
                display_name: self.display_name.clone(),
                email: self.email.clone(),
                disabled: self.disabled,
                groups: Vec::new(),
            },
            direct_groups: Vec::new(),
            version: self.version,
            has_password: self.has_password,
            created_at: Timestamp::from_millis(self.created_at),
            temporary_passcode: self.passcode(inner, vs),
        }
    }

    /// One that cannot be opened is good for nothing, and hides nobody from an operator.
    fn passcode(&self, inner: &Inner, vs: &VirtualServerId) -> Option<(Timestamp, String)> {
        let sealed = self.temporary_passcode.as_ref()?;
        let opened = inner.sealer.open_json::<TemporaryPasscode>(passcode_place(&self.id, vs), sealed);
        let passcode = opened.inspect_err(|failure| tracing::error!("{}", failure.message())).ok()?;
        Some((passcode.expires_at, passcode.reason))
    }
}

/// Users in the order of their rows, with what they are sorted by.
fn users(rows: Vec<UserRow>, inner: &Inner, vs: &VirtualServerId) -> Vec<(String, UserRecord)> {
    let mut all: Vec<(String, UserRecord)> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|(_, last)| last.user.id.as_str() != row.id) {
            all.push((row.sort_key.clone(), row.record(inner, vs)));
        }
        let Some((_, record)) = all.last_mut() else { continue };
        if let (Some(id), Some(name)) = (row.group_id, row.group_name) {
            let group = GroupRef { id: GroupId::new(id), name };
            if row.direct {
                record.direct_groups.push(group.clone());
            }
            record.user.groups.push(group);
        }
    }
    for (_, record) in &mut all {
        record.user.groups = by_name(std::mem::take(&mut record.user.groups));
        record.direct_groups = by_name(std::mem::take(&mut record.direct_groups));
    }
    all
}

#[derive(sqlx::FromRow)]
struct GroupRow {
    id: String,
    name: String,
    sort_key: String,
    members: i64,
    parent_id: Option<String>,
    parent_name: Option<String>,
}

/// Groups in the order of their rows, with what they are sorted by.
fn groups(rows: Vec<GroupRow>) -> Vec<(String, GroupRecord)> {
    let mut all: Vec<(String, GroupRecord)> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|(_, last)| last.id.as_str() != row.id) {
            let (id, members) = (GroupId::new(row.id), row.members.unsigned_abs());
            all.push((row.sort_key, GroupRecord { id, name: row.name, members, parents: Vec::new() }));
        }
        let Some((_, record)) = all.last_mut() else { continue };
        if let (Some(id), Some(name)) = (row.parent_id, row.parent_name) {
            record.parents.push(GroupRef { id: GroupId::new(id), name });
        }
    }
    for (_, record) in &mut all {
        record.parents = by_name(std::mem::take(&mut record.parents));
    }
    all
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: String,
    serial: String,
    sort_key: String,
    form: String,
    plugin: String,
    user_id: Option<String>,
    user_name: Option<String>,
    state: String,
    label: String,
    target: Option<String>,
    template: String,
    fails: i64,
    locked_until: Option<i64>,
    has_pin: bool,
    created_at: i64,
    activated_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl TokenRow {
    fn record(self) -> Result<TokenRecord, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("credential {}: {what}", self.id));
        Ok(TokenRecord {
            form: TokenForm::parse(&self.form).ok_or_else(|| damaged("form"))?,
            state: TokenState::parse(&self.state).ok_or_else(|| damaged("state"))?,
            target: target(self.target.as_deref()).map_err(|()| damaged("target"))?,
            template: serde_json::from_str(&self.template).map_err(|_| damaged("template"))?,
            id: CredentialId::new(self.id),
            serial: self.serial,
            plugin: self.plugin,
            owner: self.user_id.map(UserId::new).zip(self.user_name),
            label: self.label,
            fails: count(self.fails),
            locked_until: self.locked_until.map(Timestamp::from_millis),
            has_pin: self.has_pin,
            created_at: Timestamp::from_millis(self.created_at),
            activated_at: self.activated_at.map(Timestamp::from_millis),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        })
    }
}

/// A filter as the statement takes it.
struct Sought<'a> {
    sql: &'static str,
    state: &'static str,
    locked: Option<i64>,
    owner: &'a str,
    /// What a serial number begins with, and what no such one comes up to.
    serial: (String, String),
}

impl<'a> Sought<'a> {
    fn of(filter: &'a TokenFilter) -> Self {
        // Only an Active token is locked.
        let state = filter.state.or(filter.locked_at.map(|_| TokenState::Active));
        Self {
            sql: match (&filter.owner, filter.locked_at, state) {
                (Some(_), ..) => TOKENS_OF_OWNER,
                (None, Some(_), _) => TOKENS_LOCKED,
                (None, None, Some(_)) if filter.serial.is_empty() => TOKENS_IN_STATE,
                // What a serial number begins with is narrower than a state.
                (None, None, _) => TOKENS,
            },
            state: state.map_or("", TokenState::as_str),
            locked: filter.locked_at.map(Timestamp::millis),
            owner: filter.owner.as_ref().map_or("", UserId::as_str),
            serial: span(filter.serial.to_ascii_lowercase()),
        }
    }
}

/// What begins with a text: from there, and up to there.
fn span(begins: String) -> (String, String) {
    let end = end_of(&begins);
    (begins, end)
}

/// From where on a list is read of what begins so: its begin, or the place where it goes on, whichever comes later. PostgreSQL begins at
/// the place, and not where what begins so does, if it is told of both and the place comes first: it would read all before it.
fn from_where<'a>(begins: &'a str, key: &'a str, id: &'a str) -> (&'a str, &'a str) {
    if key < begins { (begins, "") } else { (key, id) }
}

/// A way to look for users, and what is looked for in it.
struct Way<'a> {
    sql: &'static str,
    begins: &'a (String, String),
}

/// Users of whom something begins with a text. First those whose sign-in name does, then those who are called so, then those whose
/// address begins so; each of them once. The place of an entry begins with the number of the way by which it was found.
async fn find_users(
    inner: &Inner,
    vs: &VirtualServerId,
    begins: &str,
    part: &Part,
) -> Result<Vec<(String, UserRecord)>, Failure> {
    let (small, as_is) = (span(begins.to_lowercase()), span(begins.to_ascii_lowercase()));
    let way = |sql, begins| Way { sql, begins };
    let mut ways = vec![way(BY_NAME, &small)];
    if !begins.is_empty() {
        // What is written in one way only is looked for once.
        let spellings = if small == as_is { vec![&small] } else { vec![&small, &as_is] };
        ways.extend(
            [BY_DISPLAY_NAME, BY_EMAIL].into_iter().flat_map(|sql| spellings.iter().map(move |one| way(sql, *one))),
        );
    }
    let (first, mut key) = part.after.key.split_once(':').unwrap_or(("0", ""));
    let mut id = part.after.id.as_str();
    let first = first.parse::<usize>().unwrap_or(usize::MAX);
    let mut all = Vec::new();
    for (number, Way { sql, begins: (begins, end) }) in ways.iter().enumerate().skip(first) {
        let (from, from_id) = from_where(begins, key, id);
        let wanted = part.rows().saturating_sub(i64::try_from(all.len()).unwrap_or(i64::MAX));
        let (reader, vs_id) = (inner.db.reader(), vs.as_str());
        let rows = rows!(
            reader, UserRow, *sql, vs_id, from, end, from, from_id, wanted, &small.0, &small.1, &as_is.0, &as_is.1
        )?;
        all.extend(users(rows, inner, vs).into_iter().map(|(key, user)| (format!("{number}:{key}"), user)));
        if i64::try_from(all.len()).is_ok_and(|many| many >= part.rows()) {
            break;
        }
        (key, id) = ("", "");
    }
    Ok(all)
}

async fn members(
    inner: &Inner,
    vs: &VirtualServerId,
    group: &GroupId,
    part: &Part,
) -> Result<Vec<(String, UserRecord)>, Failure> {
    let (after, reader) = (&part.after, inner.db.reader());
    let rows = rows!(reader, UserRow, MEMBERS, vs.as_str(), group.as_str(), &after.key, &after.id, part.rows())?;
    Ok(users(rows, inner, vs))
}

/// Where an entry stands that was found with what it is sorted by.
fn place<T>(id: impl Fn(&T) -> &str) -> impl Fn(&(String, T)) -> After {
    move |(key, entry)| After { key: key.clone(), id: id(entry).to_owned() }
}

fn without_keys<T>(listed: Listed<(String, T)>) -> Listed<T> {
    Listed { items: listed.items.into_iter().map(|(_, entry)| entry).collect(), next: listed.next }
}

/// What comes after a place that no list has given.
fn nothing<T>() -> Listed<T> {
    Listed { items: Vec::new(), next: None }
}

#[async_trait]
impl Register for Store {
    async fn users(&self, vs: &VirtualServerId, begins: &str, page: &Page) -> Result<Listed<UserRecord>, StoreError> {
        let Some(part) = Part::of(page) else { return Ok(nothing()) };
        let (vs, begins) = (vs.clone(), begins.to_owned());
        self.run(move |inner| async move {
            let all = find_users(&inner, &vs, &begins, &part).await?;
            Ok(without_keys(part.listed(all, place(|record: &UserRecord| record.user.id.as_str()))))
        })
        .await
    }

    async fn user_record(&self, vs: &VirtualServerId, id: &UserId) -> Result<Option<UserRecord>, StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), UserRow, USER, vs.as_str(), id.as_str())?;
            Ok(users(found, &inner, &vs).into_iter().next().map(|(_, record)| record))
        })
        .await
    }

    async fn temporary_passcode(
        &self,
        vs: &VirtualServerId,
        id: &UserId,
    ) -> Result<Option<TemporaryPasscode>, StoreError> {
        const SQL: &str = "SELECT temporary_passcode FROM user_account \
                           WHERE virtual_server = $1 AND id = $2 AND temporary_passcode IS NOT NULL";
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (Vec<u8>,), SQL, vs.as_str(), id.as_str())?;
            let open = |(sealed,): (Vec<u8>,)| inner.sealer.open_json(passcode_place(id.as_str(), &vs), &sealed);
            found.into_iter().next().map(open).transpose()
        })
        .await
    }

    async fn recovery_codes(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
    ) -> Result<Option<SeenRecoveryCodes>, StoreError> {
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move { recovery::of_user(&inner, &vs, &user).await }).await
    }

    async fn grant(&self, vs: &VirtualServerId, user: &UserId, now: Timestamp) -> Result<Option<Grant>, StoreError> {
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move { grants::of_user(&inner, &vs, &user, now).await }).await
    }

    async fn grants(
        &self,
        vs: &VirtualServerId,
        state: GrantState,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<GrantRecord>, StoreError> {
        let Some(part) = Part::after_row(page) else { return Ok(nothing()) };
        let vs = vs.clone();
        self.run(move |inner| async move { grants::in_state(&inner, &vs, state, &part, now).await }).await
    }

    async fn users_without_token(&self, vs: &VirtualServerId, page: &Page) -> Result<Listed<User>, StoreError> {
        let Some(part) = Part::after_row(page) else { return Ok(nothing()) };
        let vs = vs.clone();
        self.run(move |inner| async move { users::without_token(&inner, &vs, &part).await }).await
    }

    async fn groups(&self, vs: &VirtualServerId, begins: &str, page: &Page) -> Result<Listed<GroupRecord>, StoreError> {
        let Some(part) = Part::of(page) else { return Ok(nothing()) };
        let (vs, small, as_is) =
            (vs.clone(), begins_with(&begins.to_lowercase()), begins_with(&begins.to_ascii_lowercase()));
        self.run(move |inner| async move {
            let (reader, after) = (inner.db.reader(), &part.after);
            let found = rows!(reader, GroupRow, GROUPS, vs.as_str(), small, as_is, &after.key, &after.id, part.rows())?;
            Ok(without_keys(part.listed(groups(found), place(|record: &GroupRecord| record.id.as_str()))))
        })
        .await
    }

    async fn group(&self, vs: &VirtualServerId, id: &GroupId) -> Result<Option<GroupRecord>, StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), GroupRow, GROUP, vs.as_str(), id.as_str())?;
            Ok(groups(found).into_iter().next().map(|(_, record)| record))
        })
        .await
    }

    async fn members(
        &self,
        vs: &VirtualServerId,
        group: &GroupId,
        page: &Page,
    ) -> Result<Listed<UserRecord>, StoreError> {
        let Some(part) = Part::of(page) else { return Ok(nothing()) };
        let (vs, group) = (vs.clone(), group.clone());
        self.run(move |inner| async move {
            let all = members(&inner, &vs, &group, &part).await?;
            Ok(without_keys(part.listed(all, place(|record: &UserRecord| record.user.id.as_str()))))
        })
        .await
    }

    async fn tokens(
        &self,
        vs: &VirtualServerId,
        filter: &TokenFilter,
        page: &Page,
    ) -> Result<Listed<TokenRecord>, StoreError> {
        let Some(part) = Part::of(page) else { return Ok(nothing()) };
        let (vs, filter) = (vs.clone(), filter.clone());
        self.run(move |inner| async move {
            let (reader, vs, sought, after) = (inner.db.reader(), vs.as_str(), Sought::of(&filter), &part.after);
            let Sought { sql, state, locked, owner, serial: (begins, end) } = sought;
            let (from, id) = from_where(&begins, &after.key, &after.id);
            let limit = part.rows();
            let found = rows!(reader, TokenRow, sql, vs, state, locked, owner, from, end, from, id, limit)?;
            let keyed = |row: TokenRow| Ok((row.sort_key.clone(), row.record()?));
            let all = found.into_iter().map(keyed).collect::<Result<Vec<_>, Failure>>()?;
            Ok(without_keys(part.listed(all, place(|token: &TokenRecord| token.id.as_str()))))
        })
        .await
    }

    async fn token(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<Option<TokenRecord>, StoreError> {
        let (vs, id) = (vs.clone(), id.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), TokenRow, TOKEN, vs.as_str(), id.as_str())?;
            found.into_iter().next().map(TokenRow::record).transpose()
        })
        .await
    }

    /// Each state once, those of which there are none with 0.
    async fn token_counts(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<(Vec<(TokenState, u64)>, u64), StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String, i64, i64), COUNTS, vs.as_str(), now.millis())?;
            let locked = found.iter().map(|(_, _, locked)| locked.unsigned_abs()).sum();
            let counted: BTreeMap<String, i64> = found.into_iter().map(|(state, count, _)| (state, count)).collect();
            let of = |state: TokenState| counted.get(state.as_str()).map_or(0, |count| count.unsigned_abs());
            Ok((TokenState::ALL.into_iter().map(|state| (state, of(state))).collect(), locked))
        })
        .await
    }
}

/// What is asked here, for the look at its plans.
#[cfg(test)]
pub(crate) fn statements() -> Vec<crate::plans::Statement> {
    vec![
        ("a user", USER),
        ("users by name", BY_NAME),
        ("users by display name", BY_DISPLAY_NAME),
        ("users by address", BY_EMAIL),
        ("members of a group", MEMBERS),
        ("a group", GROUP),
        ("groups", GROUPS),
        ("a token", TOKEN),
        ("tokens", TOKENS),
        ("tokens in a state", TOKENS_IN_STATE),
        ("locked tokens", TOKENS_LOCKED),
        ("tokens of a user", TOKENS_OF_OWNER),
        ("token counts", COUNTS),
    ]
}
