//! Rules that provision by group: who comes into a group sets an authenticator up by mail, and who leaves it loses what
//! the rule gave.

use serde_json::{Value, json};

use crate::journeys::api::{Olga, ask, read};
use crate::journeys::provisioning::{caller, for_nobody, link, mails_to};
use crate::world::{Answer, Gateway, browse, until};

const RULES: &str = "/settings/provisioning_rules";

/// Puts rules in force.
fn set(gateway: &Gateway, token: &str, rules: &Value) {
    let bearer = format!("Bearer {token}");
    let seen = ask(gateway, "GET", RULES, &[("Authorization", bearer.as_str())], None);
    let etag = seen.header("etag").unwrap().to_owned();
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag.as_str())];
    let done = ask(gateway, "PUT", RULES, &headers, Some(rules));
    assert_eq!(done.status, 200, "{}", done.text());
}

fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = read(answer);
    made.get("user").unwrap_or(&made)["id"].as_str().unwrap().to_owned()
}

/// Sets an authenticator up by a mail's link.
fn enrols(gateway: &Gateway, link: &str) {
    let mut visitor = gateway.visitor();
    let page = visitor.get(link);
    let page = visitor.press(&page, "begin");
    let page = visitor.choose_ios(&page);
    let phone = page.phone();
    let page = visitor.press(&page, "continue");
    let page = visitor.submit(&page, "otp", &[("otp", &phone.passcode())]);
    assert!(page.url.ends_with("/enrol-by-mail/done"), "{}: {}", page.url, page.words());
}

#[test]
fn who_joins_is_written_to_who_leaves_loses_that_token_and_the_preview_has_said_so() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    for_nobody(&gateway, &token);
    let sales = made(&call("POST", "/groups", Some(&json!({"name": "Sales"}))));
    let id = |name: &str| {
        let found = read(&call("GET", &format!("/users?q={name}"), None))["items"].clone();
        found.as_array().unwrap().iter().find(|user| user["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (alice, bob) = (id("alice"), id("bob"));
    let member = |method: &str, user: &str| {
        let done = call(method, &format!("/groups/{sales}/members/{user}"), None);
        assert_eq!(done.status, 204, "{}", done.text());
    };
    member("PUT", &bob);
    let rules = json!({"rules": [{"group": sales, "stop_days": 5, "take": true, "note": "Welcome to Sales."}]});
    let preview = |query: &str| {
        let told = call("POST", &format!("/provisioning/rules/preview{query}"), Some(&rules));
        assert_eq!(told.status, 200, "{}", told.text());
        read(&told)
    };

    // Before anything is in force, it is said who would get one.
    let before = preview("");
    assert_eq!((&before["counts"]["gets"], &before["items"][0]["name"]), (&json!(1), &json!("bob")));
    assert_eq!(preview(&format!("?user={alice}&groups={sales}"))["items"][0]["effect"], "gets");
    let (of_alice, of_bob) = ("alice@example.test", "bob@example.test");
    set(&gateway, &token, &rules);
    until("bob is written to", || mails_to(&gateway, of_bob).len() == 1);
    member("PUT", &alice);
    until("alice is written to", || mails_to(&gateway, of_alice).len() == 1);
    let mail = mails_to(&gateway, of_alice).remove(0);
    assert!(mail.text.contains("Welcome to Sales."), "{}", mail.text);
    enrols(&gateway, &link(&mail));
    enrols(&gateway, &link(&mails_to(&gateway, of_bob)[0]));
    let tokens = |user: &str| {
        let found = read(&call("GET", &format!("/tokens?owner={user}"), None))["items"].clone();
        let of =
            |token: &Value| (token["serial"].as_str().unwrap().to_owned(), token["state"].as_str().unwrap().to_owned());
        found.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let (given, state) = tokens(&alice).remove(0);
    assert_eq!(state, "active");

    // A token of the stock is another matter: no rule gave it.
    let file = data_encoding::BASE64.encode(b"30000007,3132333435363738393031323334353637383930,hotp,6,0\n");
    assert_eq!(call("POST", "/tokens/import", Some(&json!({"file_base64": file}))).status, 202);
    let stock = || read(&call("GET", "/tokens?serial=30000007", None))["items"][0]["id"].clone();
    until("the token is in the stock", || stock().is_string());
    let bearer = format!("Bearer {token}");
    let seen = ask(&gateway, "GET", "/settings/self_provisioning", &[("Authorization", bearer.as_str())], None);
    let mut two = read(&seen);
    two["max_tokens"] = json!(2);
    let headers = [("Authorization", bearer.as_str()), ("If-Match", seen.header("etag").unwrap())];
    assert_eq!(ask(&gateway, "PUT", "/settings/self_provisioning", &headers, Some(&two)).status, 200);
    let assigned =
        call("POST", &format!("/tokens/{}/assign", stock().as_str().unwrap()), Some(&json!({"user": alice})));
    assert_eq!(assigned.status, 200, "{}", assigned.text());

    // Whoever looks before she leaves sees what she loses; then she does, and nobody loses anything else.
    let leaving = preview(&format!("?user={alice}&groups="))["items"][0].clone();
    assert_eq!((&leaving["effect"], &leaving["serial"]), (&json!("loses"), &json!(given)));
    member("DELETE", &alice);
    until("what the rule gave is taken", || tokens(&alice).iter().all(|(serial, _)| *serial != given));
    let left: Vec<String> = tokens(&alice).into_iter().map(|(_, state)| state).collect();
    assert_eq!(left, ["assigned"], "the one of the stock is hers still");
    assert_eq!(tokens(&bob)[0].1, "active");
    let revoked = read(&call("GET", "/audit/records?event=TOKEN_REVOKED", None))["items"].clone();
    let told = revoked.to_string();
    assert!(told.contains("\"reason\":\"rule\"") && told.contains(&given), "{told}");
    let preview = preview("");
    assert_eq!(preview["counts"], json!({"gets": 0, "skipped": 0, "loses": 0, "keeps": 0, "handed_over": 0}));
    let tasks = read(&call("GET", "/provisioning/tasks", None))["items"].clone();
    assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
    assert_eq!((&tasks[0]["rule"], &tasks[0]["operator"]), (&json!(sales), &json!("")));
}

/// Every page of provisioning, in a real browser, in English and in the language with the longest words.
#[test]
fn the_pages_of_tasks_and_rules_stand_at_every_size() {
    for language in ["en", "de"] {
        let gateway = Gateway::demo();
        let setup = gateway.first_administrator().expect("the banner names the link");
        let folder = format!("console-provisioning-{language}");
        browse(&gateway, "console-provisioning", &folder, json!({ "language": language, "setup": setup }));
    }
}
