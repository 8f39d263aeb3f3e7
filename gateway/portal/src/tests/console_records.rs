//! The console's pages of users, tokens, groups and files of tokens, over ports in memory.

use std::time::Duration;

use doorward_api::credential::Credential;
use doorward_api::operator::Role;
use doorward_api::ports::{MeterKey, MeterScope, Meters};
use doorward_api::push::PushState;
use doorward_api::recovery::{RecoveryCodes, SeenRecoveryCodes};
use doorward_api::settings::{Document, SelfProvisioning, ServerPinPolicy, TargetUsers};
use doorward_api::template::PinType;
use doorward_api::{EventKind, TokenForm, TokenState, UserId, VirtualServerId};
use doorward_fakes::now;
use http::{Method, StatusCode};

use super::app::token;
use super::console_world::{Browser, Console, ORIGIN, PASSWORD};
use super::world::Told;

/// The secret of RFC 4226's example, and its first passcodes.
const STOCK: &str = "HW-1,3132333435363738393031323334353637383930,hotp,6,0\r\n\
                     HW-2,3132333435363738393031323334353637383931,hotp,6,0\r\n\
                     HW-3,abc,hotp,6,0\r\n";
const SHOWN: [&str; 6] = ["755224", "287082", "359152", "969429", "338314", "254676"];

/// Opens a form and sends it.
async fn fill(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Told {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    let action = path.split('?').next().unwrap();
    browser.send(&page, action, fields).await
}

/// The secret that is told once.
fn secret(told: &Told) -> String {
    let after = told.body.split("id=\"secret\"").nth(1).unwrap_or_else(|| panic!("no secret in {}", told.body));
    after.split(['>', '<']).nth(1).unwrap().to_owned()
}

async fn upload(browser: &Browser<'_>, file: &str, more: &[(&str, &str)]) -> Told {
    let csrf = browser.get("/import").await.hidden("csrf");
    upload_with(browser, &csrf, file, more, ORIGIN).await
}

async fn upload_with(browser: &Browser<'_>, csrf: &str, file: &str, more: &[(&str, &str)], origin: &str) -> Told {
    let fields = [&[("csrf", csrf)], more].concat();
    browser.upload("/import", origin, ("file", "tokens.csv", file.as_bytes()), &fields).await
}

/// Sends a file and waits until it is done.
async fn imported(browser: &Browser<'_>, file: &str) -> (String, Told) {
    let sent = upload(browser, file, &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let path = sent.location().to_owned();
    loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        if page.header("refresh").is_empty() {
            return (path, page);
        }
        tokio::task::yield_now().await;
    }
}

/// The path of a token in the list.
fn token_path(console: &Console, serial: &str) -> String {
    let id = console
        .store
        .with(|rows| rows.credentials.iter().find(|token| token.serial == serial).map(|token| token.id.to_string()));
    format!("/tokens/{}", id.unwrap())
}

fn state(console: &Console, serial: &str) -> TokenState {
    console.store.with(|rows| rows.credentials.iter().find(|token| token.serial == serial).unwrap().state)
}

#[tokio::test]
async fn users_are_looked_for_and_each_has_a_page() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let list = olga.get("/users").await;
    for part in ["href=\"/users/u-alice\"", "href=\"/users/u-bob\"", "no token", "href=\"/users/new\""] {
        assert!(list.body.contains(part), "{part} is not in {}", list.body);
    }
    let found = olga.get("/users?q=AL").await;
    assert!(found.body.contains("u-alice") && !found.body.contains("u-bob"), "{}", found.body);
    let none = olga.get("/users?q=%3Cb%3E").await;
    assert!(
        none.body.contains("There is no user whose name or address begins with “<bdi>&lt;b&gt;</bdi>”."),
        "{}",
        none.body
    );
    let page = olga.get("/users/u-alice").await;
    for part in
        ["alice@example.test", "href=\"/groups/g-staff\"", "The user has no token.", "<strong>Offered.</strong>"]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert_eq!(olga.get("/users/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/users/u-alice/nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_long_list_is_shown_in_parts() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.store.with(|rows| {
        let alice = rows.users[0].clone();
        rows.users.extend((0..60).map(|number| doorward_api::User {
            id: format!("u-{number:02}").as_str().into(),
            name: format!("n{number:02}"),
            ..alice.clone()
        }));
    });
    let mut page = olga.get("/users?q=n").await;
    let mut seen = Vec::new();
    loop {
        seen.extend(page.body.split("href=\"/users/u-").skip(1).map(|rest| rest[..2].to_owned()));
        let Some(rest) = page.body.split("rel=\"next\"").next().filter(|before| *before != page.body) else { break };
        let next = rest.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&");
        page = olga.get(&next).await;
        assert!(page.body.contains("From the start"));
    }
    assert_eq!(seen, (0..60).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_new_user_gets_a_drawn_password_that_is_shown_once() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let fields = [("name", "dora"), ("display_name", "Dora"), ("email", "dora@example.test"), ("password-by", "draw")];
    let wrong = fill(&olga, "/users/new", &[("name", " "), ("email", "<no>"), ("password-by", "draw")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#name\"") && wrong.body.contains("href=\"#email\""), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"&lt;no&gt;\""), "what was typed is there still");
    let taken = fill(&olga, "/users/new", &[("name", "Alice"), ("password-by", "none")]).await;
    assert!(taken.body.contains("This name is taken."), "{}", taken.body);
    let told = fill(&olga, "/users/new", &[&fields[..], &[("group_add", "staff")]].concat()).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(secret(&told).len() >= 8);
    assert_eq!(console.store.kinds().last(), Some(&EventKind::UserCreated));
    let list = olga.get("/users?q=dora").await;
    assert!(list.body.contains("Dora") && list.body.contains("dora@example.test"));
    assert!(!list.body.contains(&secret(&told)));
    let groups = console.store.with(|rows| rows.users.iter().find(|user| user.name == "dora").unwrap().groups.clone());
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["staff"]);
}

#[tokio::test]
async fn of_two_who_edit_a_user_the_second_is_told_what_it_says_now() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let (first, second) = (olga.get("/users/u-alice/edit").await, olga.get("/users/u-alice/edit").await);
    assert!(first.body.contains("name=\"group.g-staff\""));
    let kept = ("group.g-staff", "on");
    let saved = olga
        .send(&first, "/users/u-alice/edit", &[("display_name", "Alice A."), ("email", "a@example.test"), kept])
        .await;
    assert_eq!(saved.location(), "/users/u-alice?done=saved");
    assert!(olga.get(saved.location()).await.body.contains("Saved."));
    let told = olga.send(&second, "/users/u-alice/edit", &[("display_name", "Mine"), ("email", ""), kept]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    for part in ["Somebody else was faster", "Alice A.", "a@example.test", "value=\"Mine\""] {
        assert!(told.body.contains(part), "{part} is not in {}", told.body);
    }
    let again = olga.send(&told, "/users/u-alice/edit", &[("display_name", "Mine"), ("email", "")]).await;
    assert_eq!(again.location(), "/users/u-alice?done=saved");
    let alice = console.store.with(|rows| rows.users[0].clone());
    assert_eq!((alice.display_name.as_str(), alice.email, alice.groups.len()), ("Mine", None, 0));
}

#[tokio::test]
async fn groups_of_a_user_are_added_by_name_without_losing_what_was_typed() {
    let console = Console::start();
    console.group("g-crew", "crew");
    let olga = console.signed_in("olga", Role::Administrator).await;
    let fields = [("display_name", "Typed"), ("group.g-staff", "on"), ("choose", "group")];
    let unknown = fill(&olga, "/users/u-alice/edit", &[&fields[..], &[("group_add", "nobody")]].concat()).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unknown.body.contains("<a href=\"#groups\">In the groups: There is no group of this name.</a>"),
        "{}",
        unknown.body
    );
    let shown = fill(&olga, "/users/u-alice/edit", &[&fields[..], &[("group_add", "crew")]].concat()).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body.contains("name=\"group.g-crew\"") && shown.body.contains("value=\"Typed\""), "{}", shown.body);
    assert_eq!(console.store.with(|rows| rows.users[0].groups.len()), 1, "nothing is stored yet");
}

#[tokio::test]
async fn a_user_is_cared_for() {
    let console = Console::start();
    let hugo = {
        console.signed_in("olga", Role::Administrator).await;
        console.signed_in("hugo", Role::HelpDesk).await
    };
    let drawn = fill(&hugo, "/users/u-bob/password", &[("password-by", "draw")]).await;
    assert!(
        secret(&drawn).len() >= 8 && drawn.body.contains("This is the password of <bdi>bob</bdi>."),
        "{}",
        drawn.body
    );
    let short = fill(&hugo, "/users/u-bob/password", &[("password-by", "type"), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("href=\"#password\"") && !short.body.contains("value=\"short\""), "{}", short.body);
    let off = fill(&hugo, "/users/u-bob/disable", &[]).await;
    assert_eq!(off.location(), "/users/u-bob?done=disabled");
    let page = hugo.get("/users/u-bob").await;
    assert!(page.body.contains("switched off and cannot sign in") && page.body.contains("/users/u-bob/enable\""));
    assert!(!page.body.contains("/users/u-bob/delete\""), "that is for administrators");
    assert_eq!(fill(&hugo, "/users/u-bob/enable", &[]).await.location(), "/users/u-bob?done=enabled");
    assert_eq!(fill(&hugo, "/users/u-bob/sign-out", &[]).await.location(), "/users/u-bob?done=signed-out");
    assert_eq!(console.store.kinds().last(), Some(&EventKind::SessionEnded));

    let none = fill(&hugo, "/users/u-bob/temporary", &[("reason", ""), ("hours", "200")]).await;
    assert!(none.body.contains("href=\"#reason\"") && none.body.contains("from 1 to 168"), "{}", none.body);
    let given = fill(&hugo, "/users/u-bob/temporary", &[("reason", "left it at home"), ("hours", "8")]).await;
    assert_eq!(secret(&given).len(), "7Q2M-K94T".len());
    let page = hugo.get("/users/u-bob").await;
    assert!(page.body.contains("left it at home") && !page.body.contains(&secret(&given)), "{}", page.body);
    assert_eq!(fill(&hugo, "/users/u-bob/withdraw", &[]).await.location(), "/users/u-bob?done=withdrawn");
    assert!(!hugo.get("/users/u-bob").await.body.contains("left it at home"));
    let edit = hugo.get("/users/u-bob/edit").await;
    assert!(!edit.body.contains("group_add"), "groups are for administrators");
    let saved = hugo.send(&edit, "/users/u-bob/edit", &[("display_name", "Bob"), ("group_add", "staff")]).await;
    assert_eq!(saved.location(), "/users/u-bob?done=saved", "{}", saved.body);
    assert_eq!(console.store.with(|rows| rows.users[1].groups.len()), 1, "those that were stay");
}

#[tokio::test]
async fn the_lock_of_an_account_is_seen_and_ended() {
    let console = Console::start();
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let offered = "href=\"/users/u-bob/unlock\"";
    assert!(!hugo.get("/users/u-bob").await.body.contains(offered), "there is no lock");
    let lock = MeterKey { scope: MeterScope::Password, key: "lock:user:u-bob".into() };
    console
        .store
        .take_place(&VirtualServerId::from("default"), &lock, 1, Duration::from_mins(15), now())
        .await
        .unwrap();
    let page = hugo.get("/users/u-bob").await;
    assert!(page.body.contains("Too many failed tries: this account is locked until"), "{}", page.body);
    assert!(page.body.contains(offered), "{}", page.body);
    assert_eq!(fill(&hugo, "/users/u-bob/unlock", &[]).await.location(), "/users/u-bob?done=unlocked");
    assert_eq!(console.store.kinds().last(), Some(&EventKind::UserUnlocked));
    let page = hugo.get("/users/u-bob?done=unlocked").await;
    assert!(page.body.contains("The failed tries were forgotten.") && !page.body.contains(offered), "{}", page.body);
}

/// Bob has made recovery codes, and so many are left.
fn bob_has_codes(console: &Console, left: usize) {
    let codes = RecoveryCodes { made_at: now(), macs: vec!["ab".repeat(32); left] };
    let kept = SeenRecoveryCodes { codes, version: 1 };
    console.store.with(|rows| rows.recovery_codes.insert(UserId::from("u-bob"), kept));
}

#[tokio::test]
async fn what_is_left_of_recovery_codes_is_seen_and_voided() {
    const FORM: &str = "/users/u-bob/withdraw-recovery-codes";
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let offered = format!("href=\"{FORM}\"");
    let page = olga.get("/users/u-bob").await;
    assert!(!page.body.contains(&offered) && !page.body.contains("Recovery codes"), "{}", page.body);
    bob_has_codes(&console, 7);
    let page = olga.get("/users/u-bob").await;
    assert!(page.body.contains("Recovery codes") && page.body.contains("7 left, made <time"), "{}", page.body);
    assert!(page.body.contains(&offered) && !page.body.contains("abababab"), "{}", page.body);
    let anna = console.signed_in("anna", Role::Auditor).await;
    let page = anna.get("/users/u-bob").await;
    assert!(page.body.contains("7 left, made <time") && !page.body.contains(&offered), "who looks only sees them");

    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let page = hugo.get(FORM).await;
    assert!(page.body.contains("class=\"danger\""), "{}", page.body);
    let told = hugo.send(&page, FORM, &[]).await;
    assert_eq!(told.location(), "/users/u-bob?done=recovery-codes-withdrawn", "{}", told.body);
    assert_eq!(console.store.kinds().last(), Some(&EventKind::RecoveryCodesWithdrawn));
    assert!(console.store.with(|rows| rows.recovery_codes.is_empty()));
    let page = hugo.get(told.location()).await;
    assert!(page.body.contains("role=\"status\"") && !page.body.contains(&offered), "{}", page.body);

    bob_has_codes(&console, 0);
    let page = olga.get("/users/u-bob").await;
    assert!(!page.body.contains(&offered), "there is nothing to void");
}

/// Decision B23: the number is read to the caller, and whoever can enter it is the user.
#[tokio::test]
async fn the_help_desk_asks_the_device_of_whoever_calls() {
    const FORM: &str = "/users/u-alice/verify";
    let console = Console::with_app();
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    assert!(hugo.get("/users/u-alice").await.body.contains(&format!("href=\"{FORM}\"")));
    let told = fill(&hugo, FORM, &[]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(told.body.contains("None of this user’s devices can be asked."), "{}", told.body);

    let in_use = Credential { state: TokenState::Active, ..token("c-alice") };
    console.store.with(|rows| rows.credentials = vec![in_use]);
    let told = fill(&hugo, FORM, &[]).await;
    let page = told.location().to_owned();
    assert!(page.starts_with("/users/u-alice/verification/"), "{}", told.body);
    let waiting = hugo.get(&page).await;
    assert_eq!(waiting.header("refresh"), "3");
    let number = console.store.with(|rows| rows.pushes[0].data.number.secret());
    assert!(waiting.body.contains(&format!(">{}</code>", number.expose())), "{}", waiting.body);
    assert!(waiting.body.contains("ask the caller to open the app"), "nothing wakes this one");
    let again = fill(&hugo, FORM, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "one is under way");
    assert!(again.body.contains("No request is sent to this user just now"), "{}", again.body);
    let heidi = console.signed_in("heidi", Role::HelpDesk).await;
    assert_eq!(heidi.get(&page).await.status, StatusCode::NOT_FOUND, "it is for whoever asked");
    let elsewhere = page.replace("u-alice", "u-bob");
    assert_eq!(hugo.get(&elsewhere).await.status, StatusCode::NOT_FOUND);

    for (state, said) in [
        (PushState::Approved, "The caller is"),
        (PushState::Denied, "Do nothing for this caller."),
        (PushState::Reported, "has reported the request"),
        (PushState::Mismatched, "Another number was entered"),
    ] {
        console.store.with(|rows| rows.pushes[0].state = state);
        let over = hugo.get(&page).await;
        assert!(over.body.contains(said) && over.header("refresh").is_empty(), "{state:?}: {}", over.body);
        assert!(!over.body.contains("id=\"number\""), "{state:?}");
    }
    console.store.with(|rows| {
        rows.pushes[0].state = PushState::Pending;
        rows.pushes[0].expires_at = now();
    });
    assert!(hugo.get(&page).await.body.contains("in time. This proves nothing."));
}

#[tokio::test]
async fn a_user_is_deleted_after_a_page_that_names_what_goes() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/users/u-carol/delete").await;
    assert!(page.body.contains("What goes with the user") && page.body.contains("class=\"danger\""), "{}", page.body);
    let told = olga.send(&page, "/users/u-carol/delete", &[]).await;
    assert_eq!(told.location(), "/users?done=deleted");
    assert_eq!(olga.get("/users/u-carol").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_may_only_look_sees_no_forms_and_is_refused() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    imported(&olga, STOCK).await;
    let token = token_path(&console, "HW-1");
    let anna = console.signed_in("anna", Role::Auditor).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let page = anna.get("/users/u-alice").await;
    assert!(!page.body.contains("/users/u-alice/") && !anna.get("/users").await.body.contains("/users/new"));
    assert!(!anna.get(&token).await.body.contains(&format!("{token}/")));
    assert!(!anna.get("/groups/g-staff").await.body.contains("/groups/g-staff/"));
    assert!(!page.body.contains("href=\"/import\""));
    let csrf = page.hidden("csrf");
    let of_token = |task: &str| format!("{token}/{task}");
    for path in
        ["/users/new", "/users/u-alice/edit", "/users/u-alice/password", &of_token("assign"), &of_token("label")]
    {
        assert_eq!(anna.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(anna.post(path, &[("csrf", &csrf)]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let csrf = hugo.get("/users").await.hidden("csrf");
    for path in ["/users/u-alice/delete", &of_token("delete"), "/groups/new", "/groups/g-staff/delete"] {
        assert_eq!(hugo.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(hugo.post(path, &[("csrf", &csrf)]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(hugo.get("/import").await.status, StatusCode::FORBIDDEN);
    assert_eq!(upload_with(&hugo, &csrf, STOCK, &[], ORIGIN).await.status, StatusCode::FORBIDDEN);
    assert_eq!(console.browser().get(&token).await.status, StatusCode::SEE_OTHER, "nobody sees anything");
}

#[tokio::test]
async fn what_was_proved_too_long_ago_is_asked_for_again() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.later(11);
    let page = olga.get("/users/u-bob/disable").await;
    assert!(page.body.contains("name=\"proof_password\""));
    let told = olga.send(&page, "/users/u-bob/disable", &[]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!console.store.with(|rows| rows.users[1].disabled));
    let passcode = console.passcode("olga");
    let proof = [("proof_password", PASSWORD), ("proof_passcode", passcode.as_str())];
    assert_eq!(olga.send(&told, "/users/u-bob/disable", &proof).await.location(), "/users/u-bob?done=disabled");
}

#[tokio::test]
async fn a_file_is_imported_and_each_row_is_told_of() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let (path, page) = imported(&olga, STOCK).await;
    for part in ["tokens.csv", "<dt>Taken</dt><dd>2</dd>", "<dt>Refused</dt><dd>1</dd>", "HW-1", "HW-2", "lang=\"en\""]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    let left = olga.get(&format!("{path}?left=on")).await;
    assert!(!left.body.contains("HW-1") && left.body.contains("Show all rows"), "{}", left.body);
    let (_, again) = imported(&olga, STOCK).await;
    assert!(again.body.contains("<dt>There already</dt><dd>2</dd>"), "{}", again.body);
    let list = olga.get("/import").await;
    assert_eq!(list.body.matches("tokens.csv").count(), 2);
    let otto = console.signed_in("otto", Role::Administrator).await;
    assert_eq!(otto.get(&path).await.status, StatusCode::NOT_FOUND, "only one's own");
    assert!(!otto.get("/import").await.body.contains("tokens.csv"));
    assert_eq!(state(&console, "HW-1"), TokenState::Inventory);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let (_, page) = imported(&olga, "\u{1}\u{2} no such file").await;
    assert!(page.body.contains("Nothing was imported"), "{}", page.body);
    let both = upload(&olga, STOCK, &[("key", "x"), ("import-password", "y")]).await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(both.body.contains("Give the key or the password, not both."), "{}", both.body);
    let key = upload(&olga, STOCK, &[("key", "no key")]).await;
    assert!(key.body.contains("href=\"#key\""), "{}", key.body);
    let csrf = olga.get("/import").await.hidden("csrf");
    let form = format!("--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--B--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=B"), ("origin", ORIGIN)];
    let none = olga.ask(Method::POST, "/import", &headers, form).await;
    assert!(none.body.contains("Choose a file."), "{}", none.body);
    assert_eq!(upload_with(&olga, "forged", STOCK, &[], ORIGIN).await.status, StatusCode::FORBIDDEN);
    assert_eq!(upload_with(&olga, &csrf, STOCK, &[], "http://evil.test").await.status, StatusCode::FORBIDDEN);
    assert_eq!(upload(&olga, &"x".repeat(17 * 1024 * 1024), &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(console.store.with(|rows| rows.credentials.is_empty()));
}

#[tokio::test]
async fn a_token_goes_from_the_stock_to_a_user_and_back() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    imported(&olga, STOCK).await;
    let token = token_path(&console, "HW-1");
    let page = olga.get(&token).await;
    for part in
        ["In stock", "Hardware", "SHA-1", "Event-based", "nobody’s", "/assign\"", "/delete\"", "assign it to a user"]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains("/suspend\"") && !page.body.contains("/test\""), "{}", page.body);
    let refused = olga.get(&format!("{token}/suspend")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("It is in stock"), "{}", refused.body);

    let assign = format!("{token}/assign");
    let unknown = fill(&olga, &assign, &[("user", "nobody")]).await;
    assert!(
        unknown.body.contains("<a href=\"#user\">Name of the user: There is no user of this name.</a>"),
        "{}",
        unknown.body
    );
    let told = fill(&olga, &assign, &[("user", "ALICE")]).await;
    assert_eq!(told.location(), format!("{token}?done=assign"));
    let page = olga.get(told.location()).await;
    assert!(page.body.contains("The first right passcode activates it.") && page.body.contains("/users/u-alice"));
    console.store.with(|rows| {
        rows.credentials.iter_mut().find(|token| token.serial == "HW-1").unwrap().state = TokenState::Active;
    });
    let second = fill(&olga, &format!("{}/assign", token_path(&console, "HW-2")), &[("user", "alice")]).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.body);
    assert!(second.body.contains("has a token already"), "{}", second.body);
    let csrf = page.hidden("csrf");
    let again = olga.post(&assign, &[("csrf", &csrf), ("user", "bob")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let label = fill(&olga, &format!("{token}/label"), &[("label", "Key ring")]).await;
    assert_eq!(label.location(), format!("{token}?done=saved"));
    assert!(olga.get("/users/u-alice").await.body.contains("Key ring"));
    let back = fill(&olga, &format!("{token}/return"), &[]).await;
    assert_eq!(back.location(), format!("{token}?done=return"));
    assert_eq!(state(&console, "HW-1"), TokenState::Inventory);
    let gone = fill(&olga, &format!("{token}/delete"), &[]).await;
    assert_eq!(gone.location(), "/tokens?done=deleted");
    assert_eq!(olga.get(&token).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_active_token_is_tried_out_resynchronised_held_and_unlocked() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    imported(&olga, STOCK).await;
    let token = token_path(&console, "HW-1");
    fill(&olga, &format!("{token}/assign"), &[("user", "alice")]).await;
    let until = console.caller().now + std::time::Duration::from_secs(600);
    console.store.with(|rows| {
        let row = rows.credentials.iter_mut().find(|token| token.serial == "HW-1").unwrap();
        (row.state, row.fails, row.locked_until) = (TokenState::Active, 9, Some(until));
    });
    assert!(olga.get("/users?q=alice").await.body.contains("token locked"));
    let page = olga.get(&token).await;
    assert!(page.body.contains("Locked until") && page.body.contains("/unlock\""), "{}", page.body);
    assert!(olga.get("/tokens?locked=on").await.body.contains("HW-1"));
    assert_eq!(fill(&olga, &format!("{token}/unlock"), &[]).await.location(), format!("{token}?done=unlock"));

    let test = format!("{token}/test");
    let wrong = fill(&olga, &test, &[("passcode", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("This passcode is wrong."), "{}", wrong.body);
    assert_eq!(fill(&olga, &test, &[("passcode", SHOWN[0])]).await.location(), format!("{token}?done=tested"));
    let spent = fill(&olga, &test, &[("passcode", SHOWN[0])]).await;
    assert_eq!(spent.status, StatusCode::UNPROCESSABLE_ENTITY, "a passcode is good once");
    let resync = format!("{token}/resync");
    let none = fill(&olga, &resync, &[("first", SHOWN[4]), ("second", SHOWN[2])]).await;
    assert!(none.body.contains("do not belong to this token one right after the other"), "{}", none.body);
    let found = fill(&olga, &resync, &[("first", SHOWN[3]), ("second", SHOWN[4])]).await;
    assert_eq!(found.location(), format!("{token}?done=resynced"));
    assert_eq!(fill(&olga, &test, &[("passcode", SHOWN[5])]).await.location(), format!("{token}?done=tested"));

    assert_eq!(fill(&olga, &format!("{token}/suspend"), &[]).await.location(), format!("{token}?done=suspend"));
    let held = olga.get(&test).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    assert!(held.body.contains("It is held"), "{}", held.body);
    assert_eq!(fill(&olga, &format!("{token}/lost"), &[]).await.location(), format!("{token}?done=lost"));
    let page = olga.get(&token).await;
    assert!(page.body.contains("/reinitialize\"") && !page.body.contains("/return\""), "{}", page.body);
    fill(&olga, &format!("{token}/reinitialize"), &[]).await;
    assert_eq!(state(&console, "HW-1"), TokenState::Inventory);
}

#[tokio::test]
async fn a_passkey_stands_with_its_users_tokens_and_can_only_be_taken_back() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    imported(&olga, STOCK).await;
    let token = token_path(&console, "HW-1");
    fill(&olga, &format!("{token}/assign"), &[("user", "alice")]).await;
    console.store.with(|rows| {
        let row = rows.credentials.iter_mut().find(|token| token.serial == "HW-1").unwrap();
        (row.form, row.state, row.plugin) = (TokenForm::Passkey, TokenState::Active, "passkey".into());
    });
    let page = olga.get(&token).await;
    assert!(page.body.contains("Passkey") && page.body.contains("here it can only be taken back"), "{}", page.body);
    assert!(page.body.contains(&format!("href=\"{token}/return\"")), "{}", page.body);
    for task in ["suspend", "lost", "faulty", "reinitialize", "delete", "assign", "label", "test", "resync", "pin"] {
        assert!(!page.body.contains(&format!("{token}/{task}\"")), "{task}");
        assert_eq!(olga.get(&format!("{token}/{task}")).await.status, StatusCode::CONFLICT, "{task}");
    }
    assert!(!page.body.contains("Made by this template") && !page.body.contains("Wrong passcodes in a row"));
    assert_eq!(fill(&olga, &format!("{token}/return"), &[]).await.location(), format!("{token}?done=return"));
    assert_eq!(state(&console, "HW-1"), TokenState::Revoked);
}

#[tokio::test]
async fn a_server_side_pin_is_drawn_or_typed_as_the_policy_has_it() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    imported(&olga, STOCK).await;
    let token = token_path(&console, "HW-1");
    fill(&olga, &format!("{token}/assign"), &[("user", "alice")]).await;
    assert!(!olga.get(&token).await.body.contains("/pin\""), "it has none");
    console.store.with(|rows| {
        rows.credentials.iter_mut().find(|token| token.serial == "HW-1").unwrap().template.pin = PinType::ServerSide;
    });
    let pin = format!("{token}/pin");
    let drawn = fill(&olga, &pin, &[("pin-by", "draw"), ("must_change", "on")]).await;
    assert!(!secret(&drawn).is_empty(), "{}", drawn.body);
    console.store.with(|rows| {
        let policy = ServerPinPolicy { force_random: true, change_on_first_use: true, ..ServerPinPolicy::of_new() };
        rows.set(&policy);
    });
    let page = olga.get(&pin).await;
    assert!(!page.body.contains("pin-by") && !page.body.contains("must_change"), "{}", page.body);
    let csrf = page.hidden("csrf");
    let typed = olga.post(&pin, &[("csrf", &csrf), ("pin-by", "type"), ("pin", "739164")]).await;
    assert_eq!(typed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(typed.body.contains("The server draws it; it cannot be typed."), "{}", typed.body);
}

#[tokio::test]
async fn tokens_are_looked_for_by_state_serial_number_and_owner() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    assert!(olga.get("/tokens").await.body.contains("There are no tokens yet."));
    imported(&olga, STOCK).await;
    fill(&olga, &format!("{}/assign", token_path(&console, "HW-2")), &[("user", "bob")]).await;
    let serials = async |path: &str| {
        let body = olga.get(path).await.body;
        ["HW-1", "HW-2"].map(|serial| body.contains(&format!(">{serial}<")))
    };
    assert_eq!(serials("/tokens").await, [true, true]);
    assert_eq!(serials("/tokens?state=assigned&serial=&owner=").await, [false, true]);
    assert_eq!(serials("/tokens?serial=hw-1").await, [true, false]);
    assert_eq!(serials("/tokens?owner=BOB").await, [false, true]);
    assert_eq!(serials("/tokens?state=lost").await, [false, false]);
    let unknown = olga.get("/tokens?owner=nobody").await;
    assert!(
        unknown.body.contains("<a href=\"#owner\">Name of the user: There is no user of this name.</a>"),
        "{}",
        unknown.body
    );
    let counts = olga.get("/tokens").await.body;
    assert!(counts.contains("<span>In stock</span> <strong>1</strong>"), "{counts}");
}

#[tokio::test]
async fn a_group_has_members_and_lies_in_others_but_not_in_itself() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let made = fill(&olga, "/groups/new", &[("name", "crew")]).await;
    let crew = made.location().strip_suffix("?done=created").unwrap().to_owned();
    let taken = fill(&olga, "/groups/new", &[("name", "crew")]).await;
    assert!(taken.body.contains("This name is taken."), "{}", taken.body);
    let add = format!("{crew}/add-member");
    let unknown = fill(&olga, &add, &[("user", "nobody")]).await;
    assert!(unknown.body.contains("href=\"#user\""), "{}", unknown.body);
    assert_eq!(fill(&olga, &add, &[("user", "alice")]).await.location(), format!("{crew}?done=member"));
    let page = olga.get(&crew).await;
    assert!(page.body.contains("One member") && page.body.contains("/users/u-alice\""), "{}", page.body);
    let removed = fill(&olga, &format!("{crew}/remove-member?user=u-alice"), &[]).await;
    assert_eq!(removed.location(), format!("{crew}?done=member-removed"));
    assert!(olga.get(&crew).await.body.contains("No members"));

    let into = fill(&olga, &format!("{crew}/add-parent"), &[("into", "staff")]).await;
    assert_eq!(into.location(), format!("{crew}?done=parent"));
    assert!(olga.get("/groups").await.body.contains("lies in"));
    let circle = fill(&olga, "/groups/g-staff/add-parent", &[("into", "crew")]).await;
    assert_eq!(circle.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        circle.body.contains("<a href=\"#into\">Name of the other group: It would lie in itself.</a>"),
        "{}",
        circle.body
    );
    let out = fill(&olga, &format!("{crew}/remove-parent?into=g-staff"), &[]).await;
    assert_eq!(out.location(), format!("{crew}?done=parent-removed"));
    let renamed = fill(&olga, &format!("{crew}/rename"), &[("name", "Crew 2")]).await;
    assert_eq!(renamed.location(), format!("{crew}?done=saved"));
    assert!(olga.get("/groups?q=crew").await.body.contains("Crew 2"));
}

#[tokio::test]
async fn who_deletes_a_group_is_told_that_self_provisioning_names_it() {
    let console = Console::start();
    console.group("g-crew", "crew");
    let olga = console.signed_in("olga", Role::Administrator).await;
    assert!(!olga.get("/groups/g-crew/delete").await.body.contains("Self-Provisioning names this group"));
    console.store.with(|rows| {
        let target_users = TargetUsers::OnlyGroups(vec!["g-crew".into()]);
        rows.set(&SelfProvisioning { target_users, ..SelfProvisioning::of_new() });
    });
    assert!(olga.get("/groups/g-crew").await.body.contains("Self-Provisioning names this group."));
    let page = olga.get("/groups/g-crew/delete").await;
    assert!(page.body.contains("Once it is deleted, nobody is in it any more"), "{}", page.body);
    assert_eq!(olga.send(&page, "/groups/g-crew/delete", &[]).await.location(), "/groups?done=deleted");
    assert_eq!(olga.get("/groups/g-crew").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_whose_process_has_died_says_how_far_it_came() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let job = |id: &str, ended_at| doorward_api::import_job::ImportJob {
        id: id.into(),
        operator: console.store.with(|rows| rows.operators[0].id.clone()),
        file: "tokens.csv".into(),
        rows: 1000,
        done: 400,
        begun_at: now() - std::time::Duration::from_secs(60),
        touched_at: now() - std::time::Duration::from_secs(20),
        ended_at,
    };
    let jobs = [job("i-dead", None), job("i-over", Some(now()))];
    console.store.with(|rows| rows.imports.extend(jobs));
    let list = olga.get("/import").await;
    assert!(list.body.contains("tokens.csv") && list.body.contains("It broke off:"), "{}", list.body);
    let page = olga.get("/import/i-dead").await;
    assert!(page.body.contains("400") && page.body.contains("send the file again"), "{}", page.body);
    assert_eq!(page.header("refresh"), "");
    let page = olga.get("/import/i-over").await;
    assert!(page.body.contains("a process that has ended since"), "{}", page.body);
    console.store.with(|rows| rows.imports[0].operator = "o-other".into());
    assert_eq!(olga.get("/import/i-dead").await.status, StatusCode::NOT_FOUND, "it is somebody else's");
}
