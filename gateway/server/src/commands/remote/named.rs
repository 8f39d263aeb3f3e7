//! Things by the names that people know them by. The API knows them by ids.

use doorward_access::names::fold_name;
use serde_json::Value;

use super::Stop;
use super::line::{Line, asking, odd};
use super::show::text;

/// A user, by sign-in name however it is spelt, or as `id:…`.
pub(super) fn user(line: &Line, name: &str) -> Result<Value, Stop> {
    if let Some(id) = by_id(name)? {
        return Ok(line.get(format!("/users/{id}"))?.body);
    }
    let none = || Stop::not_there("user", name);
    let wanted = fold_name(name).ok_or_else(none)?;
    let is = |user: &Value| fold_name(&raw(user, "name")).is_some_and(|folded| folded == wanted);
    one(line, "/users", &[("q", name.trim())], is)?.ok_or_else(none)
}

/// A group, by name in capitals or not, or as `id:…`.
pub(super) fn group(line: &Line, name: &str) -> Result<Value, Stop> {
    if let Some(id) = by_id(name)? {
        return Ok(line.get(format!("/groups/{id}"))?.body);
    }
    // Two that differ in capitals only can be there: the very name goes first.
    let mut like = None;
    let exact = one(line, "/groups", &[("q", name.trim())], |group| {
        let found = raw(group, "name");
        if found.to_lowercase() == name.trim().to_lowercase() && like.is_none() {
            like = Some(group.clone());
        }
        found == name.trim()
    })?;
    exact.or(like).ok_or_else(|| Stop::not_there("group", name))
}

/// A token, by serial number, or as `id:…`. Revoked ones are found when no other has the number.
pub(super) fn token(line: &Line, serial: &str) -> Result<Value, Stop> {
    if let Some(id) = by_id(serial)? {
        return Ok(line.get(format!("/tokens/{id}"))?.body);
    }
    let is = |token: &Value| raw(token, "serial").eq_ignore_ascii_case(serial.trim());
    if let Some(found) = one(line, "/tokens", &[("serial", serial.trim())], is)? {
        return Ok(found);
    }
    let revoked = one(line, "/tokens", &[("serial", serial.trim()), ("state", "revoked")], is)?;
    revoked.ok_or_else(|| Stop::not_there("token", serial))
}

/// An operator, by name, or as `id:…`.
pub(super) fn operator(line: &Line, name: &str) -> Result<Value, Stop> {
    if let Some(id) = by_id(name)? {
        return Ok(line.get(format!("/operators/{id}"))?.body);
    }
    let mut all = line.get("/operators")?.body;
    let Some(Value::Array(all)) = all.get_mut("items").map(Value::take) else { return Err(odd()) };
    let wanted = fold_name(name);
    let found = all.into_iter().find(|operator| wanted.is_some() && fold_name(&raw(operator, "name")) == wanted);
    found.ok_or_else(|| Stop::not_there("operator", name))
}

/// The id of a thing.
pub(super) fn id(of: &Value) -> Result<String, Stop> {
    Ok(of.get("id").and_then(Value::as_str).ok_or_else(odd)?.to_owned())
}

/// A text as it came, for comparing.
pub(super) fn raw(of: &Value, field: &str) -> String {
    of.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a thing is called, for saying.
pub(super) fn called(of: &Value) -> String {
    let name = text(of, "name");
    if name.is_empty() { text(of, "serial") } else { name }
}

/// The id of what has no name, with `id:` before it or without.
pub(super) fn written_id(written: &str) -> Result<&str, Stop> {
    checked(written.strip_prefix("id:").unwrap_or(written))
}

fn by_id(name: &str) -> Result<Option<&str>, Stop> {
    name.strip_prefix("id:").map(checked).transpose()
}

fn checked(id: &str) -> Result<&str, Stop> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_id { Ok(id) } else { Err(Stop::because(format!("{id:?} is no id"))) }
}

fn one(
    line: &Line,
    path: &str,
    query: &[(&str, &str)],
    mut is: impl FnMut(&Value) -> bool,
) -> Result<Option<Value>, Stop> {
    let mut found = None;
    line.each(path, query, |items| {
        found = items.into_iter().find(|item| is(item));
        Ok(found.is_none())
    })?;
    Ok(found)
}

/// A page of a list, or the whole of it in the same shape.
pub(super) fn page(
    line: &Line,
    path: &str,
    query: &[(&str, &str)],
    page: &crate::args::PageArgs,
) -> Result<Value, Stop> {
    if page.all {
        let items = line.all(path, query)?;
        return Ok(serde_json::json!({ "items": items, "next": null }));
    }
    let limit = page.limit.map(|limit| limit.to_string()).unwrap_or_default();
    let mut all = query.to_vec();
    all.extend([("limit", limit.as_str()), ("after", page.after.as_deref().unwrap_or_default())]);
    Ok(line.get(format!("{path}{}", asking(&all)))?.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_goes_into_a_path_as_it_is() {
        assert_eq!(by_id("alice").unwrap(), None);
        assert_eq!(by_id("id:mfrggzdf").unwrap(), Some("mfrggzdf"));
        for (written, id) in [("mfrggzdf", "mfrggzdf"), ("id:mfrggzdf", "mfrggzdf")] {
            assert_eq!(written_id(written).unwrap(), id);
        }
        for wrong in ["", "id:", "id:id:a", "a/b"] {
            assert!(written_id(wrong).is_err(), "{wrong}");
        }
        for wrong in ["id:", "id:id:a", "id:a/b", "id:..", "id:a?b", "id:ü"] {
            assert!(by_id(wrong).is_err(), "{wrong}");
        }
    }
}
