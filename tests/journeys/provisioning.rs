//! Enrolment by email, by an operator's task: for those whom self-provisioning is not offered to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::journeys::api::{Olga, ask, read};
use crate::world::{Answer, Gateway, Home, Kept, Mail, fresh, until};

/// Olga's way to the API.
pub(crate) fn caller<'g>(gateway: &'g Gateway, token: &str) -> impl Fn(&str, &str, Option<&Value>) -> Answer + 'g {
    let bearer = format!("Bearer {token}");
    move |method, path, body| ask(gateway, method, path, &[("Authorization", bearer.as_str())], body)
}

/// Self-provisioning is for nobody (R39).
pub(crate) fn for_nobody(gateway: &Gateway, token: &str) {
    let bearer = format!("Bearer {token}");
    let seen = ask(gateway, "GET", "/settings/self_provisioning", &[("Authorization", bearer.as_str())], None);
    let mut document = read(&seen);
    document["target_users"] = json!({"mode": "none"});
    let etag = seen.header("etag").unwrap().to_owned();
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag.as_str())];
    let done = ask(gateway, "PUT", "/settings/self_provisioning", &headers, Some(&document));
    assert_eq!(done.status, 200, "{}", done.text());
}

pub(crate) fn mails_to(gateway: &Gateway, address: &str) -> Vec<Mail> {
    gateway.mails().into_iter().filter(|mail| mail.to == address && mail.text.contains("/enrol-by-mail/")).collect()
}

/// The link of a mail: a line of its own.
pub(crate) fn link(mail: &Mail) -> String {
    mail.text.lines().map(str::trim).find(|line| line.contains("/enrol-by-mail/")).unwrap().to_owned()
}

#[test]
fn two_are_written_to_one_enrols_by_the_link_and_the_other_is_taken_out() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    for_nobody(&gateway, &token);
    let wiki = gateway.url("wiki", "/page");
    let mut alice = gateway.visitor();
    let page = alice.sign_in(&gateway, "alice", &wiki);
    page.says_not("Add Authenticator");

    let made =
        call("POST", "/provisioning/tasks", Some(&json!({"users": ["alice", "bob"], "note": "before the fair"})));
    assert_eq!(made.status, 201, "{}", made.text());
    let number = read(&made)["task"]["number"].as_i64().unwrap();
    let path = format!("/provisioning/tasks/{number}");
    until("both are written to", || read(&call("GET", &path, None))["percent"] == 100);
    let (of_alice, of_bob) = ("alice@example.test", "bob@example.test");
    until("the mails have arrived", || {
        [of_alice, of_bob].into_iter().all(|address| mails_to(&gateway, address).len() == 1)
    });
    let mail = mails_to(&gateway, of_alice).remove(0);
    assert!(mail.text.contains("before the fair"), "{}", mail.text);
    let (theirs, bobs) = (link(&mail), link(&mails_to(&gateway, of_bob)[0]));

    // A scanner opens whatever it finds, more than once.
    let mut scanner = gateway.visitor();
    for _ in 0..3 {
        let page = scanner.get(&theirs);
        assert_eq!(page.status(), 200, "{}", page.words());
        page.says("alice");
    }
    let mut phone_browser = gateway.visitor();
    let page = phone_browser.get(&theirs);
    let page = phone_browser.press(&page, "begin");
    let page = phone_browser.choose_ios(&page);
    let phone = page.phone();
    let page = phone_browser.press(&page, "continue");
    page.says("See that it works");

    // The link is used: whoever comes with it is told what to do.
    let again = gateway.visitor().get(&theirs);
    assert_eq!(again.status(), 410);
    again.says("used already");
    let page = scanner.get(&bobs);
    let form = page.form("begin");
    assert!(form.action.contains("/enrol-by-mail/"));

    let first = phone.passcode();
    let page = phone_browser.get(&gateway.url("login", "/signin/step"));
    let page = phone_browser.submit(&page, "otp", &[("otp", &first)]);
    assert!(page.url.ends_with("/enrol-by-mail/done"), "{}", page.url);
    page.says("You are not signed in yet");
    let status = |user: &str| {
        let items = read(&call("GET", &format!("{path}/users"), None))["items"].clone();
        let found = items.as_array().unwrap().iter().find(|item| item["name"] == user).cloned().unwrap();
        (found["status"].as_str().unwrap().to_owned(), found["user"].as_str().unwrap().to_owned())
    };
    assert_eq!(status("alice").0, "enrolled");

    // The first sign-in completes it.
    let mut alice = gateway.visitor();
    let page = alice.sign_in(&gateway, "alice", &wiki);
    page.says("passcode");
    let used = vec![first];
    let next = loop {
        match phone.passcode_beside(&used) {
            Some(next) => break next,
            None => std::thread::sleep(Duration::from_secs(1)),
        }
    };
    let page = alice.submit(&page, "otp", &[("otp", &next)]);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
    assert_eq!(status("alice").0, "completed");

    // Bob's mail is sent again: the old link is dead, and then he is taken out.
    let bob = status("bob").1;
    let again = call("POST", &format!("{path}/users/{bob}/resend"), None);
    assert_eq!(again.status, 204, "{}", again.text());
    until("bob is written to again", || mails_to(&gateway, of_bob).len() == 2);
    let dead = gateway.visitor().get(&bobs);
    assert_eq!(dead.status(), 410);
    dead.says("leads nowhere");
    let newer = mails_to(&gateway, of_bob).iter().map(link).find(|one| *one != bobs).unwrap();
    assert_eq!(gateway.visitor().get(&newer).status(), 200);
    assert_eq!(call("DELETE", &path, None).status, 204);
    let gone = gateway.visitor().get(&newer);
    assert_eq!(gone.status(), 410);
    gone.says("withdrawn");
    until("bob is told so", || status("bob").0 == "removed");
}

#[test]
fn a_stop_date_that_has_passed_ends_what_was_not_done() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    let made = call("POST", "/provisioning/tasks", Some(&json!({"users": ["alice"]})));
    assert_eq!(made.status, 201, "{}", made.text());
    until("alice is written to", || mails_to(&gateway, "alice@example.test").len() == 1);
    let link = link(&mails_to(&gateway, "alice@example.test")[0]);
    assert_eq!(gateway.visitor().get(&link).status(), 200);
    kept.sql("UPDATE provisioning_task SET stops_at = 1");
    let late = gateway.visitor().get(&link);
    assert_eq!(late.status(), 410);
    late.says("too old");
    let status = || read(&call("GET", "/provisioning/tasks/1/users", None))["items"][0]["status"].clone();
    until("she is told so", || status() == "expired");
    let over = call("POST", "/provisioning/tasks/1/resend", None);
    assert_eq!(over.status, 409, "{}", over.text());
}

#[test]
fn our_own_authenticator_is_set_up_by_the_mail_and_whoever_leaves_has_failed_once() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    for_nobody(&gateway, &token);
    let made = call("POST", "/provisioning/tasks", Some(&json!({"users": ["alice", "bob"]})));
    assert_eq!(made.status, 201, "{}", made.text());
    let status = |user: &str| {
        let items = read(&call("GET", "/provisioning/tasks/1/users", None))["items"].clone();
        items.as_array().unwrap().iter().find(|item| item["name"] == user).unwrap()["status"].clone()
    };
    let begins = |user: &str| {
        let address = format!("{user}@example.test");
        until("the mail has arrived", || mails_to(&gateway, &address).len() == 1);
        let mut visitor = gateway.visitor();
        let page = visitor.get(&link(&mails_to(&gateway, &address)[0]));
        let page = visitor.press(&page, "begin");
        let page = visitor.choose_ios(&page);
        (visitor, page)
    };

    let (mut alice, page) = begins("alice");
    let mut device = home.device();
    let page = home.setting_up(&mut alice, &page, &mut device, "2580");
    assert_eq!(status("alice"), "enrolled", "the device has put it in use");
    let first = device.passcode();
    let page = alice.type_passcode(&page, &first);
    assert!(page.url.ends_with("/enrol-by-mail/done"), "{}: {}", page.url, page.words());
    page.says("You are not signed in yet");
    let mut later = home.visitor();
    let page = later.sign_in(&gateway, "alice", &home.url("wiki", "/"));
    let passcode = fresh(&mut device, &[first]);
    let page = later.type_passcode(&page, &passcode);
    assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());
    until("it is completed", || status("alice") == "completed");

    // Whoever leaves the wizard has failed once, and needs another mail.
    let (mut bob, page) = begins("bob");
    bob.send(&page, &page.form_to("/signin/cancel"), &[]);
    let items = read(&call("GET", "/provisioning/tasks/1/users", None))["items"].clone();
    let entry = items.as_array().unwrap().iter().find(|item| item["name"] == "bob").unwrap().clone();
    assert_eq!((&entry["status"], &entry["fails"]), (&json!("active"), &json!(1)));
}
