//! Acts that take two operators, as they are asked for and decided at the console.

use doorward_api::operator::Role;
use doorward_api::settings::{Approvals, Lockout};
use doorward_api::{ApprovalState, EventKind};
use http::StatusCode;

use super::console_world::{Browser, Console, PASSWORD, edit, send, shown, stored, words};
use super::world::Told;

const EVERYTHING: Approvals =
    Approvals { operators: true, settings: true, user_deletion: true, token_deletion: true, exports: true };

/// olga and oleg, administrators; everything takes two.
async fn two(console: &Console) -> [Browser<'_>; 2] {
    let olga = console.signed_in("olga", Role::Administrator).await;
    let oleg = console.signed_in("oleg", Role::Administrator).await;
    console.store.with(|rows| rows.set(&EVERYTHING));
    [olga, oleg]
}

/// It waits: the way to its page.
#[track_caller]
fn held(told: &Told) -> String {
    assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.body);
    let (path, done) = told.location().split_once('?').unwrap();
    assert_eq!(done, "done=asked", "{path}");
    assert!(path.starts_with("/approvals/"), "{path}");
    path.to_owned()
}

async fn decide(browser: &Browser<'_>, path: &str, what: &str) -> Told {
    let page = browser.get(path).await;
    browser.send(&page, path, &[("do", what)]).await
}

fn states(console: &Console) -> Vec<ApprovalState> {
    console.store.with(|rows| rows.pending_acts.iter().map(|act| act.state).collect())
}

#[tokio::test]
async fn a_change_of_settings_waits_and_is_shown_to_whoever_may_approve_it() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let told = edit(&olga, "/policies/account-lockout", &[("token_minutes", Some("30"))]).await;
    let path = held(&told);
    assert_eq!(stored::<Lockout>(&console).token_minutes, 15);
    let own = olga.get(&format!("{path}?done=asked")).await;
    assert!(own.body.contains("Nothing was done yet"), "{}", own.body);
    assert!(own.body.contains("value=\"withdraw\"") && !own.body.contains("value=\"approve\""), "{}", own.body);
    assert!(own.body.contains("<bdi>oleg</bdi>"), "who can approve it");

    assert!(oleg.get("/").await.body.contains("waiting for you: 1"), "a number in the menu");
    assert!(!olga.get("/").await.body.contains("waiting for you"), "not of one's own");
    assert!(oleg.get("/approvals").await.body.contains(&format!("href=\"{path}\"")));
    let page = oleg.get(&path).await;
    assert!(
        page.body.contains("<del><bdi>15</bdi></del>") && page.body.contains("<ins><bdi>30</bdi></ins>"),
        "{}",
        page.body
    );
    let told = oleg.send(&page, &path, &[("do", "approve")]).await;
    assert_eq!(told.location(), format!("{path}?done=approve"), "{}", told.body);
    assert_eq!(stored::<Lockout>(&console).token_minutes, 30);
    let after = oleg.get(told.location()).await;
    assert!(after.body.contains("It is approved."), "{}", after.body);
    assert!(!after.body.contains("name=\"do\""), "nothing is left to be decided");
    assert!(oleg.get("/approvals").await.body.contains("Nothing waits."));
    assert!(oleg.get("/approvals?all=1").await.body.contains(&format!("href=\"{path}\"")));
}

#[tokio::test]
async fn nobody_decides_their_own_and_what_was_decided_stays() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let path = held(&edit(&olga, "/policies/account-lockout", &[("token_minutes", Some("30"))]).await);
    let page = olga.get(&path).await;
    for what in ["approve", "refuse"] {
        let told = olga.send(&page, &path, &[("do", what)]).await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        assert!(told.body.contains("Nobody approves what they have asked for."), "{}", told.body);
    }
    let told = oleg.post(&path, &[("csrf", "x"), ("do", "approve")]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "a form that is not ours");
    let told = decide(&oleg, &path, "refuse").await;
    assert_eq!(told.location(), format!("{path}?done=refuse"));
    let told =
        oleg.send(&page, &path, &[("do", "approve"), ("csrf", &oleg.get("/account").await.hidden("csrf"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
    assert_eq!((states(&console), stored::<Lockout>(&console).token_minutes), (vec![ApprovalState::Refused], 15));
    let told = oleg.post(&path, &[("csrf", &oleg.get("/account").await.hidden("csrf")), ("do", "dance")]).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_proved_themselves_too_long_ago_is_asked_before_anything_is_decided() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let path = held(&edit(&olga, "/policies/account-lockout", &[("token_minutes", Some("30"))]).await);
    console.later(11);
    let told = decide(&oleg, &path, "approve").await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.body);
    assert!(told.body.contains("name=\"proof_password\""));
    assert_eq!(states(&console), [ApprovalState::Waiting]);
}

#[tokio::test]
async fn an_invitation_is_made_by_who_asked_when_it_is_approved() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let invite = async || {
        let page = olga.get("/operators").await;
        send(&olga, &page, "/operators/invite", &[("role", Some("auditor"))]).await
    };
    let path = held(&invite().await);
    assert_eq!(decide(&oleg, &path, "approve").await.location(), format!("{path}?done=approve"));
    assert!(oleg.get(&path).await.body.contains("Whoever asked for it does it now."));
    let own = olga.get(&path).await;
    assert!(own.body.contains("href=\"/operators\"") && own.body.contains("It works once."), "{}", own.body);
    assert!(olga.get("/").await.body.contains("waiting for you: 1"));
    let told = invite().await;
    assert!(told.status == StatusCode::OK && told.body.contains("/setup/"), "{}", told.body);
    assert_ne!(held(&invite().await), path, "it was good once");
}

#[tokio::test]
async fn who_comes_by_an_approved_link_is_let_in_when_another_operator_has_read_their_name() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let invite = async || {
        let page = olga.get("/operators").await;
        send(&olga, &page, "/operators/invite", &[("role", Some("administrator"))]).await
    };
    let path = held(&invite().await);
    decide(&oleg, &path, "approve").await;
    let told = invite().await.body;
    let link = format!("/setup/{}", told.split("/setup/").nth(1).unwrap().split('<').next().unwrap());
    // olga, in another browser, as somebody else.
    let otto = console.browser();
    let page = otto.get(&link).await;
    let key = page.body.split("id=\"key\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    let passcode = shown(key, console.caller().now);
    let fields = [("name", "otto"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", passcode.as_str())];
    let told = otto.send(&page, &link, &fields).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert!(told.body.contains("Another operator has to switch you on"), "{}", told.body);
    assert!(otto.cookie("doorward_console").is_none());

    let id = console.store.with(|rows| rows.operators.last().unwrap().id.to_string());
    let page = olga.get(&format!("/operators/{id}")).await;
    assert!(page.body.contains("Switched off"), "{}", page.body);
    let told = send(&olga, &page, &format!("/operators/{id}"), &[("disabled", None)]).await;
    let path = held(&told);
    assert!(oleg.get(&path).await.body.contains("<bdi>otto</bdi>"));
    decide(&oleg, &path, "approve").await;
    assert!(console.store.with(|rows| !rows.operators.last().unwrap().disabled));
}

#[tokio::test]
async fn users_roles_and_downloads_wait_too_and_switching_off_does_not() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let task = async |path: &str| {
        let page = olga.get(path).await;
        olga.send(&page, path, &[]).await
    };
    let user = held(&task("/users/u-carol/delete").await);
    assert!(console.store.with(|rows| rows.users.iter().any(|one| one.name == "carol")));
    assert!(oleg.get(&user).await.body.contains("<del><bdi>carol</bdi></del>"));
    assert!(!decide(&oleg, &user, "approve").await.location().is_empty());
    assert!(console.store.with(|rows| rows.users.iter().all(|one| one.name != "carol")));

    let csrf = olga.get("/account").await.hidden("csrf");
    let role = [("csrf", csrf.as_str()), ("name", "Desk"), ("may.tokens.edit", "on")];
    let path = held(&olga.post("/operators/roles/new", &role).await);
    assert!(oleg.get(&path).await.body.contains("tokens:view, tokens:edit"));
    decide(&oleg, &path, "approve").await;
    assert!(console.store.with(|rows| rows.roles.iter().any(|one| one.name == "Desk")));

    let file = olga.get("/logs/audit.csv?event=USER_DELETED").await;
    let path = held(&file);
    decide(&oleg, &path, "approve").await;
    let own = olga.get(&path).await;
    assert!(own.body.contains("href=\"/logs/audit.csv?event=USER_DELETED\""), "{}", own.body);
    assert!(own.body.contains("as often as it takes"), "{}", own.body);
    // A connection may break: it is good until it ends, and every taking is recorded.
    for _ in 0..2 {
        assert_eq!(olga.get("/logs/audit.csv?event=USER_DELETED").await.status, StatusCode::OK);
    }
    let taken = |one: &&doorward_api::AuditEvent| one.kind == EventKind::LogExported;
    let taken = console.store.with(|rows| rows.events.iter().filter(taken).cloned().collect::<Vec<_>>());
    assert_eq!(taken.iter().map(|one| one.details["approvedBy"].clone()).collect::<Vec<_>>(), ["oleg", "oleg"]);
    let page = olga.get(&path).await;
    olga.send(&page, &path, &[("do", "withdraw")]).await;
    assert_ne!(held(&olga.get("/logs/audit.csv?event=USER_DELETED").await), path);

    let third = console.store.with(|rows| {
        let mut third = rows.operators[1].clone();
        (third.id, third.name) = ("o-ivo".into(), "ivo".into());
        rows.operators.push(third);
        rows.events.clear();
        "/operators/o-ivo"
    });
    let page = olga.get(third).await;
    let told = send(&olga, &page, third, &[("disabled", Some("on"))]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    assert!(console.store.with(|rows| rows.events.iter().any(|one| one.kind == EventKind::OperatorDisabled)));
}

#[tokio::test]
async fn it_is_not_switched_on_where_nobody_could_approve() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let on = [("operators", Some("on")), ("settings", Some("on"))];
    let told = edit(&olga, "/settings/approvals", &on).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.body);
    assert!(told.body.contains("nobody could approve"), "{}", told.body);
    let told = edit(&olga, "/settings/approvals", &[("exports", Some("on"))]).await;
    assert!(told.body.contains("This has to be on as long as"), "{}", told.body);
    console.signed_in("oleg", Role::Administrator).await;
    let told = edit(&olga, "/settings/approvals", &on).await;
    assert_eq!(told.location(), "/settings/approvals?saved", "{}", told.body);
    assert!(stored::<Approvals>(&console).settings);
    held(&edit(&olga, "/settings/approvals", &[("operators", None), ("settings", None)]).await);
}

#[tokio::test]
async fn who_has_asked_for_as_much_as_may_wait_is_shown_what_waits() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let ask = async |minutes: u32| {
        let minutes = minutes.to_string();
        edit(&olga, "/policies/account-lockout", &[("token_minutes", Some(minutes.as_str()))]).await
    };
    for minutes in 20..40 {
        held(&ask(minutes).await);
    }
    let told = ask(40).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/approvals?full=1"), "{}", told.body);
    let page = olga.get("/approvals?full=1").await;
    assert!(page.body.contains("Withdraw or decide some of what waits"), "{}", page.body);
    assert!(!olga.get("/approvals").await.body.contains("Withdraw or decide some of what waits"));
    held(&edit(&oleg, "/policies/account-lockout", &[("token_minutes", Some("40"))]).await);
    let mut asked = states(&console);
    assert_eq!(asked.len(), 21);
    asked.dedup();
    assert_eq!(asked, [ApprovalState::Waiting], "of what could not wait nothing is left");
}

#[tokio::test]
async fn what_waits_needs_attention_and_so_does_what_is_to_be_done_since_it_was_approved() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let start = words(&oleg.get("/").await);
    assert!(!start.contains("waits for your approval"), "{start}");
    let page = olga.get("/operators").await;
    let path = held(&send(&olga, &page, "/operators/invite", &[("role", Some("auditor"))]).await);
    let start = oleg.get("/").await;
    assert!(words(&start).contains("One act waits for your approval.") && start.body.contains("href=\"/approvals\""));
    assert!(!words(&olga.get("/").await).contains("One act"), "it is not hers to decide");
    decide(&oleg, &path, "approve").await;
    assert!(words(&olga.get("/").await).contains("One act of yours is approved: it is for you to do now."));
    assert!(!words(&oleg.get("/").await).contains("One act"));
}

#[tokio::test]
async fn rules_that_provision_are_shown_to_the_second_operator_in_words() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let new = "/provisioning/rules/new";
    let form = olga.get(new).await;
    let shown = send(&olga, &form, new, &[("rule.group", Some("staff")), ("rule.stop_days", Some("5"))]).await;
    let path = held(&send(&olga, &shown, new, &[("confirmed", Some("on"))]).await);
    let page = oleg.get(&path).await;
    let said = words(&page);
    assert!(said.contains("Rule none → staff") && said.contains("Days to enrol none → 5"), "{said}");
    assert!(!page.body.contains("g-staff") && !page.body.contains("stop_days"), "{}", page.body);
}

#[tokio::test]
async fn a_key_that_was_approved_has_not_to_be_typed_again() {
    let console = Console::start();
    let [olga, oleg] = two(&console).await;
    let new = "/operators/keys/new";
    let form = olga.get(new).await;
    let typed = [("name", Some("nightly")), ("days", Some("7")), ("may.users.view", Some("on"))];
    let path = held(&send(&olga, &form, new, &typed).await);
    decide(&oleg, &path, "approve").await;
    let own = olga.get(&path).await;
    let way = own.body.split("href=\"/operators/keys/new").nth(1).unwrap().split('"').next().unwrap();
    let form = olga.get(&format!("{new}{way}")).await;
    assert!(form.body.contains("value=\"nightly\"") && form.body.contains("value=\"7\""), "{}", form.body);
    let told = send(&olga, &form, new, &[]).await;
    assert!(told.status == StatusCode::OK && told.body.contains("The key is ready"), "{}", told.body);
    let other = oleg.get(&format!("{new}{way}")).await;
    assert!(!other.body.contains("value=\"nightly\""), "it is nobody else's");
}
