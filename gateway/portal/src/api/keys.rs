//! API keys.

use doorward_access::operators::{KeyForm, KeyRecord};
use doorward_api::{Permission, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Drawn, Found, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::Problem;

/// A key by which a program calls in an operator's name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct KeyShown {
    /// Its id; no secret.
    id: String,
    /// Its name.
    name: String,
    /// The name of the operator who made it, and in whose name it calls.
    operator: String,
    /// What it was given.
    granted: Vec<String>,
    /// What it may now: of that, what its operator may as well.
    permissions: Vec<String>,
    /// It is good: neither over nor revoked, and its operator is not switched off.
    live: bool,
    /// It was revoked.
    revoked: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl KeyShown {
    fn of(record: KeyRecord) -> Self {
        let KeyRecord { key, operator, permissions, live } = record;
        Self {
            id: key.id.to_string(),
            name: key.name,
            operator,
            granted: key.permissions.names(),
            permissions: permissions.names(),
            live,
            revoked: key.disabled,
            created_at: key.created_at.rfc3339(),
            expires_at: key.expires_at.rfc3339(),
            last_used_at: key.last_used_at.map(Timestamp::rfc3339),
        }
    }
}

impl Shown for KeyShown {
    fn example() -> Self {
        let permissions = vec!["users:view".to_owned(), "reports:view".to_owned()];
        Self {
            id: SOME_ID.to_owned(),
            name: "Nightly report".to_owned(),
            operator: "olga".to_owned(),
            granted: permissions.clone(),
            permissions,
            live: true,
            revoked: false,
            created_at: SOME_TIME.rfc3339(),
            expires_at: SOME_TIME.rfc3339(),
            last_used_at: None,
        }
    }
}

/// All keys, by name. Those that are over stay for 30 days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub(super) struct KeysShown {
    /// They.
    items: Vec<KeyShown>,
}

impl Shown for KeysShown {
    fn example() -> Self {
        Self { items: vec![KeyShown::example()] }
    }
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub(super) struct NewKey {
    /// To be sent as `Authorization: Bearer <secret>`. It is told this once.
    secret: String,
    /// The key.
    key: KeyShown,
}

impl Shown for NewKey {
    fn example() -> Self {
        let secret = "dwk_9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o1f2e3d4c.ZGVmYXVsdA".to_owned();
        Self { secret, key: KeyShown::example() }
    }
}

body! {
    /// What a key shall be.
    KeyGiven {
        /// One line of at most 64 characters; no other key's.
        #[schema(min_length = 1, max_length = 64)]
        name: String,
        /// What it may: no more than who makes it, and nothing that changes operators, roles or keys.
        #[schema(value_type = Vec<String>)]
        permissions: Vec<Permission>,
        /// How long it is good, in days.
        #[schema(minimum = 1, maximum = 365)]
        days: u32,
    }
    example { "name": "Nightly report", "permissions": ["users:view", "reports:view"], "days": 90 }
}

/// `GET /api-keys`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<KeysShown>, Problem> {
    let keys = asked.api.parts.operators.api_keys(&asked.vs.id, asked.visitor.now).await?;
    Ok(Found(KeysShown { items: keys.into_iter().map(KeyShown::of).collect() }))
}

/// `POST /api-keys`
pub(super) async fn add(asked: Asked, given: KeyGiven) -> Result<Drawn<NewKey>, Problem> {
    let permissions = given.permissions.into_iter().collect();
    let form = KeyForm { name: given.name, permissions, days: given.days };
    let (record, text) = asked.api.parts.operators.add_api_key(&asked.at(), &asked.session, &form).await?;
    Ok(Drawn(NewKey { secret: text.expose(), key: KeyShown::of(record) }))
}

/// `GET /api-keys/{key}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<KeyShown>, Problem> {
    let key = asked.api.parts.operators.api_key(&asked.vs.id, &asked.id("key"), asked.visitor.now).await?;
    Ok(Found(KeyShown::of(key)))
}

/// `DELETE /api-keys/{key}`
pub(super) async fn revoke(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.operators.revoke_api_key(&asked.at(), &asked.session, &asked.id("key")).await?;
    Ok(Done)
}
