//! Roles and API keys at the console.

use doorward_api::operator::{Role, RoleRef};
use doorward_api::{Module, Permissions};
use http::StatusCode;

use super::console_world::{Browser, Console};
use super::world::Told;

async fn send(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Told {
    let csrf = browser.get("/account").await.hidden("csrf");
    browser.post(path, &[&[("csrf", csrf.as_str())], fields].concat()).await
}

fn made(console: &Console) -> (String, Permissions, i64) {
    console.store.with(|rows| {
        let role = rows.roles.last().unwrap();
        (role.id.to_string(), role.permissions, role.version)
    })
}

#[tokio::test]
async fn a_role_is_made_of_ticks_given_to_somebody_changed_and_deleted() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let form = olga.get("/operators/roles/new").await.body;
    assert!(form.contains("name=\"may.tokens.delete\"") && !form.contains("may.tokens.export"), "{form}");
    let empty = send(&olga, "/operators/roles/new", &[("name", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("name", "Token desk"), ("may.tokens.edit", "on"), ("may.nothing.view", "on")];
    let told = send(&olga, "/operators/roles/new", &fields).await;
    assert_eq!(told.location(), "/operators/roles?done=created", "{}", told.body);
    let (id, permissions, _) = made(&console);
    assert_eq!(permissions, Module::Tokens.edit().into());

    let invited = send(&olga, "/operators/invite", &[("role", &id)]).await;
    assert!(invited.body.contains("Token desk"), "{}", invited.body);
    let tom = console.signed_in("tom", RoleRef::parse(&id)).await;
    let start = tom.get("/").await.body;
    assert!(start.contains("href=\"/tokens\"") && !start.contains("href=\"/users\""), "{start}");
    assert!(!start.contains("href=\"/operators\"") && start.contains("Token desk"), "{start}");

    let path = format!("/operators/roles/{id}");
    let fields = [("name", "Desk"), ("may.tokens.view", "on"), ("may.users.view", "on"), ("seen", "1")];
    let told = send(&olga, &path, &fields).await;
    assert_eq!(told.location(), format!("{path}?done=saved"), "{}", told.body);
    assert_eq!(tom.get("/users").await.status, StatusCode::OK, "at the next request");
    let late = send(&olga, &path, &fields).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(made(&console).2, 2);

    let held = send(&olga, &format!("{path}/delete"), &[]).await;
    assert_eq!(held.status, StatusCode::CONFLICT, "tom has it");
    let tom = console.store.with(|rows| rows.operators.iter().find(|one| one.name == "tom").unwrap().id.to_string());
    let told = send(&olga, &format!("/operators/{tom}"), &[("role", "auditor")]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert_eq!(send(&olga, &format!("{path}/delete"), &[]).await.location(), "/operators/roles?done=deleted");
    assert!(console.store.with(|rows| rows.roles.is_empty()));
}

#[tokio::test]
async fn nobody_ticks_what_they_may_not_do_and_their_own_role_is_only_read() {
    let console = Console::start();
    console.signed_in("olga", Role::Administrator).await;
    let may = [Module::Roles.delete(), Module::Operators.edit(), Module::Tokens.edit()];
    let beate = console.signed_in("beate", console.role("chief", &may)).await;
    let form = beate.get("/operators/roles/new").await.body;
    assert!(form.contains("name=\"may.tokens.edit\"") && !form.contains("name=\"may.users.view\""), "{form}");
    let told = send(&beate, "/operators/roles/new", &[("name", "More"), ("may.users.view", "on")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("may not do themselves"), "{}", told.body);
    let own = beate.get("/operators/roles/r-chief").await.body;
    assert!(own.contains("your own role") && !own.contains("name=\"may.tokens.edit\""), "{own}");
    let invite = beate.get("/operators").await.body;
    assert!(invite.contains("value=\"r-chief\"") && !invite.contains("value=\"auditor\""), "{invite}");
    let more = send(&beate, "/operators/invite", &[("role", "administrator")]).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let form = olga.get("/operators/keys/new").await.body;
    assert!(form.contains("name=\"may.roles.view\"") && !form.contains("name=\"may.roles.edit\""), "{form}");
    let wrong = send(&olga, "/operators/keys/new", &[("name", "nightly"), ("days", "366")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("name", "nightly"), ("days", "30"), ("may.users.view", "on")];
    let told = send(&olga, "/operators/keys/new", &fields).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let secret = told.body.split("dwk_").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let list = olga.get("/operators/keys").await.body;
    assert!(list.contains("nightly") && list.contains("<li>Users: Look</li>") && !list.contains(&secret), "{list}");
    let id = console.store.with(|rows| rows.api_keys[0].1.id.to_string());
    let revoke = format!("/operators/keys/{id}/revoke");
    assert!(list.contains(&format!("href=\"{revoke}\"")), "{list}");
    assert_eq!(send(&olga, &revoke, &[]).await.location(), "/operators/keys?done=key-revoked");
    let list = olga.get("/operators/keys?done=key-revoked").await.body;
    assert!(list.contains("Revoked") && !list.contains(&revoke), "{list}");
}

#[tokio::test]
async fn no_spelling_of_a_task_leads_round_what_it_takes() {
    let console = Console::start();
    console.signed_in("olga", Role::Administrator).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    for path in ["/users/u-alice/delete", "/users/u-alice/%64elete", "/users/u-alice/delet%65"] {
        assert_eq!(hugo.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(send(&hugo, path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in
        ["/users/u-alice/delete/", "//users/u-alice/delete", "/users/u-alice/DELETE", "/users/u-alice/delete%00"]
    {
        assert_eq!(send(&hugo, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(console.store.with(|rows| rows.users.iter().any(|user| user.id.as_str() == "u-alice")));
}
