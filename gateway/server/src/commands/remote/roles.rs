//! Roles, and keys by which programs call.

use serde_json::{Value, json};

use super::line::{Call, Line, odd};
use super::named::{called, id, raw};
use super::show::text;
use super::table::Column;
use super::users::{told, version};
use super::{Outcome, Stop};
use crate::args::{ApiKeyCommand, RoleCommand};

const ROLES: [Column; 4] =
    [("NAME", "name"), ("BUILT IN", "built_in"), ("OPERATORS", "operators"), ("MAY", "permissions")];

const KEYS: [Column; 5] = [
    ("NAME", "name"),
    ("OPERATOR", "operator"),
    ("GOOD", "live"),
    ("ENDS AT", "expires_at"),
    ("LAST USED", "last_used_at"),
];

const FIRST_OF_ROLE: [&str; 4] = ["name", "built_in", "operators", "permissions"];

const FIRST_OF_KEY: [&str; 6] = ["name", "operator", "live", "expires_at", "last_used_at", "permissions"];

/// `doorward role …`
pub(super) fn run(line: &Line, command: RoleCommand) -> Outcome {
    match command {
        RoleCommand::List => line.manner.list(&line.get("/roles")?.body, &ROLES),
        RoleCommand::Show { role: name } => line.manner.card(&role(line, &name)?, &FIRST_OF_ROLE),
        RoleCommand::Add { name, may } => {
            let made = line.call(&Call::post("/roles", json!({"name": name, "permissions": may})).once())?.body;
            line.manner.card(&made, &FIRST_OF_ROLE)
        }
        RoleCommand::Edit { role: name, rename, may } => {
            let old = role(line, &name)?;
            let permissions = if may.is_empty() { old.get("permissions").cloned() } else { Some(json!(may)) };
            let new = json!({"name": rename.unwrap_or_else(|| raw(&old, "name")), "permissions": permissions});
            let call = Call::put(format!("/roles/{}", id(&old)?), new).seen(version(&old)?);
            line.manner.card(&line.call(&call)?.body, &FIRST_OF_ROLE)
        }
        RoleCommand::Remove { role: name } => {
            let role = role(line, &name)?;
            line.call(&Call::delete(format!("/roles/{}", id(&role)?)))?;
            line.manner.done(&Value::Null, &format!("The role {} is removed.", called(&role)))
        }
    }
}

/// `doorward api-key …`
pub(super) fn keys(line: &Line, command: ApiKeyCommand) -> Outcome {
    match command {
        ApiKeyCommand::List => line.manner.list(&line.get("/api-keys")?.body, &KEYS),
        ApiKeyCommand::Show { key } => line.manner.card(&find(line, "/api-keys", "API key", &key)?, &FIRST_OF_KEY),
        ApiKeyCommand::Add { name, may, days } => {
            let new = json!({"name": name, "permissions": may, "days": days});
            let made = line.call(&Call::post("/api-keys", new).once())?.body;
            let said = format!("The key is good until {}. It is shown this once.", text(&made, "key.expires_at"));
            told(line, &made, &said, "secret")
        }
        ApiKeyCommand::Revoke { key } => {
            let key = find(line, "/api-keys", "API key", &key)?;
            line.call(&Call::delete(format!("/api-keys/{}", id(&key)?)))?;
            line.manner.done(&Value::Null, &format!("The key {} is revoked.", called(&key)))
        }
    }
}

/// A role by its name, however its letters are, or as `id:…`.
pub(super) fn role(line: &Line, name: &str) -> Result<Value, Stop> {
    find(line, "/roles", "role", name)
}

/// One of a short list.
fn find(line: &Line, path: &str, what: &str, name: &str) -> Result<Value, Stop> {
    let mut all = line.get(path)?.body;
    let Some(Value::Array(all)) = all.get_mut("items").map(Value::take) else { return Err(odd()) };
    let wanted = name.strip_prefix("id:");
    let is = |one: &Value| match wanted {
        Some(id) => raw(one, "id") == id,
        None => raw(one, "name").to_lowercase() == name.trim().to_lowercase(),
    };
    all.into_iter().find(is).ok_or_else(|| Stop::not_there(what, name))
}
