//! What operators look through: users, groups and tokens of one virtual server, in parts.
//!
//! The order is that of the database: with SQLite by the letters' numbers, with PostgreSQL by the rules of its language. A
//! part of a list and the ones before it agree, since all are made by the same database.

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
use crate::pages::{After, Part, begins_with};
use crate::users::{by_name, passcode_place, within};
use crate::{grants, recovery, users};

/// Users whom `$of` tells, each once for each group, or once without one.
macro_rules! select_records {
    ($of:literal) => {
        concat!(
            "WITH RECURSIVE found AS (SELECT id, name, folded_name, display_name, email, disabled, version, \
                password_hash IS NOT NULL AS has_password, created_at, temporary_passcode \
                FROM user_account WHERE virtual_server = $1 AND ",
            $of,
            "), ",
            within!("m.user_id IN (SELECT id FROM found)"),
            " SELECT u.*, g.id AS group_id, g.name AS group_name, \
             EXISTS (SELECT 1 FROM group_member m \
                 WHERE m.virtual_server = $1 AND m.user_id = u.id AND m.group_id = g.id) AS direct \
             FROM found u LEFT JOIN within w ON w.user_id = u.id \
             LEFT JOIN user_group g ON g.virtual_server = $1 AND g.id = w.group_id \
             ORDER BY u.folded_name, u.id"
        )
    };
}

const USER: &str = select_records!("id = $2");

/// `$2` is in small letters, `$3` as well but for letters that SQLite knows only as they are.
const USERS: &str = select_records!(
    "(folded_name LIKE $2 ESCAPE '!' OR LOWER(display_name) LIKE $2 ESCAPE '!' OR LOWER(display_name) LIKE $3 ESCAPE '!' \
     OR LOWER(email) LIKE $2 ESCAPE '!' OR LOWER(email) LIKE $3 ESCAPE '!') \
     AND (folded_name, id) > ($4, $5) ORDER BY folded_name, id LIMIT $6"
);

const MEMBERS: &str = select_records!(
    "id IN (SELECT m.user_id FROM group_member m WHERE m.virtual_server = $1 AND m.group_id = $2) \
     AND (folded_name, id) > ($3, $4) ORDER BY folded_name, id LIMIT $5"
);

/// Groups that `$of` tells, each once for each group that it lies in, or once without one.
macro_rules! select_groups {
    ($of:literal) => {
        concat!(
            "SELECT f.id, f.name, f.sort_key, f.members, p.id AS parent_id, p.name AS parent_name FROM (\
                SELECT g.id, g.name, LOWER(g.name) AS sort_key, (SELECT COUNT(*) FROM group_member m \
                    WHERE m.virtual_server = $1 AND m.group_id = g.id) AS members \
                FROM user_group g WHERE g.virtual_server = $1 AND ",
            $of,
            ") f LEFT JOIN group_nest n ON n.virtual_server = $1 AND n.group_id = f.id \
             LEFT JOIN user_group p ON p.virtual_server = $1 AND p.id = n.into_id \
             ORDER BY f.sort_key, f.id"
        )
    };
}

const GROUP: &str = select_groups!("g.id = $2");
const GROUPS: &str = select_groups!(
    "(LOWER(g.name) LIKE $2 ESCAPE '!' OR LOWER(g.name) LIKE $3 ESCAPE '!') \
     AND (LOWER(g.name), g.id) > ($4, $5) ORDER BY LOWER(g.name), g.id LIMIT $6"
);

macro_rules! select_tokens {
    ($($of:literal),+) => {
        concat!(
            "SELECT c.id, c.serial, c.form, c.plugin, c.user_id, u.name AS user_name, c.state, c.label, c.target, \
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
        select_tokens!(
            $narrowest,
            "(c.state = $2 OR ($2 = '' AND c.state <> 'revoked')) \
             AND ($3 IS NULL OR (c.state = 'active' AND c.locked_until > $3)) AND ($4 = '' OR c.user_id = $4) \
             AND LOWER(c.serial) LIKE $5 ESCAPE '!' AND (c.serial, c.id) > ($6, $7) ORDER BY c.serial, c.id LIMIT $8"
        )
    };
}

const TOKENS: &str = list_tokens!("");
const TOKENS_IN_STATE: &str = list_tokens!("c.state = $2 AND ");
const TOKENS_OF_OWNER: &str = list_tokens!("c.user_id = $4 AND ");

const COUNTS: &str = "SELECT state, COUNT(*), \
                      COUNT(CASE WHEN state = 'active' AND locked_until > $2 THEN 1 END) \
                      FROM credential WHERE virtual_server = $1 AND form <> 'passkey' GROUP BY state";

#[derive(sqlx::FromRow)]
struct UserRow {
    id: String,
    name: String,
    folded_name: String,
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
            all.push((row.folded_name.clone(), row.record(inner, vs)));
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
    serial: String,
}

impl<'a> Sought<'a> {
    fn of(filter: &'a TokenFilter) -> Self {
        // Only an Active token is locked.
        let state = filter.state.or(filter.locked_at.map(|_| TokenState::Active));
        Self {
            sql: match (&filter.owner, state) {
                (Some(_), _) => TOKENS_OF_OWNER,
                (None, Some(_)) => TOKENS_IN_STATE,
                (None, None) => TOKENS,
            },
            state: state.map_or("", TokenState::as_str),
            locked: filter.locked_at.map(Timestamp::millis),
            owner: filter.owner.as_ref().map_or("", UserId::as_str),
            serial: begins_with(&filter.serial.to_ascii_lowercase()),
        }
    }
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
        let (vs, small, as_is) =
            (vs.clone(), begins_with(&begins.to_lowercase()), begins_with(&begins.to_ascii_lowercase()));
        self.run(move |inner| async move {
            let (reader, after) = (inner.db.reader(), &part.after);
            let found = rows!(reader, UserRow, USERS, vs.as_str(), small, as_is, &after.key, &after.id, part.rows())?;
            let all = users(found, &inner, &vs);
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
            let (reader, after) = (inner.db.reader(), &part.after);
            let (key, id, limit) = (&after.key, &after.id, part.rows());
            let found = rows!(reader, UserRow, MEMBERS, vs.as_str(), group.as_str(), key, id, limit)?;
            let all = users(found, &inner, &vs);
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
            let Sought { sql, state, locked, owner, serial } = sought;
            let (key, id, limit) = (&after.key, &after.id, part.rows());
            let found = rows!(reader, TokenRow, sql, vs, state, locked, owner, serial, key, id, limit)?;
            let all = found.into_iter().map(TokenRow::record).collect::<Result<Vec<_>, _>>()?;
            Ok(part.listed(all, |token| After { key: token.serial.clone(), id: token.id.as_str().to_owned() }))
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
