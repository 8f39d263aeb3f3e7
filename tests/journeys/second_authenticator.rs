//! A second authenticator: added by whoever has just shown the first, good at the next sign-in, and removed when it is not needed.
//! Apps that nobody here wrote show the passcodes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::journeys::first_light::through_the_door;
use crate::journeys::token_policies::{set, set_in};
use crate::world::{Database, Installation, Page, Phone, Served, Stage, Timed, Visitor, browse};

/// An installation whose users may have so many.
fn company(database: Database, most: u8) -> Installation {
    let installation = Installation::with_users(database);
    set(&installation, "self_provisioning", &document(most));
    installation
}

/// The settings by which users may have so many.
fn document(most: u8) -> Value {
    json!({"target_users": {"mode": "all"}, "windows_link": "store", "installer_url": null, "max_tokens": most})
}

/// A passcode that is good and was not used.
fn fresh(phone: &Phone, used: &mut Vec<String>) -> String {
    loop {
        if let Some(passcode) = phone.passcode_beside(used) {
            used.push(passcode.clone());
            return passcode;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// From the own page through the wizard, as far as the first passcode.
fn adding(served: &Served, visitor: &mut Visitor) -> (Page, Phone) {
    let page = visitor.get(&served.url("login", "/authenticators"));
    let page = visitor.get(&served.url("login", &page.link("/authenticators/add")));
    page.says("Either of them is enough.");
    let page = visitor.press(&page, "add");
    page.says("Step 1 of 4");
    let page = visitor.submit(&page, "target", &[("target", "mobile")]);
    let page = visitor.submit(&page, "target", &[("target", "android")]);
    let phone = Phone::scan(&page.link("otpauth://"));
    (visitor.press(&page, "continue"), phone)
}

/// Whether a passcode opens the wiki for another browser.
fn opens(served: &Served, passcode: &str) -> bool {
    let wiki = served.url("wiki", "/");
    let mut visitor = served.proxied_visitor();
    let page = visitor.sign_in(&served.gateway, "alice", &wiki);
    page.is_at(Stage::Passcode);
    visitor.type_passcode(&page, passcode).url == wiki
}

fn records(installation: &Installation, event: &str) -> Vec<Value> {
    let all = installation.sql("SELECT record FROM audit_record ORDER BY seq");
    let records = all.lines().map(|record| serde_json::from_str::<Value>(record).unwrap());
    records.filter(|record| record["details"]["event"] == event).map(|record| record["details"].clone()).collect()
}

#[test]
fn somebody_adds_a_second_phone_signs_in_with_either_and_removes_the_first() {
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = company(database, 2);
        let served = installation.serve();
        let mut alice = served.proxied_visitor();
        let (_, first) = through_the_door(&served.gateway, &mut alice, "alice", &served.url("wiki", "/"));
        let mut used_of_first = vec![first.passcode()];

        let (page, second) = adding(&served, &mut alice);
        let passcode = second.passcode();
        let page = alice.type_passcode(&page, &passcode);
        assert_eq!(page.url, served.url("login", "/authenticators?done=added"), "{}", page.words());
        page.says("Your new authenticator is in use.");
        page.says("Android device");
        assert!(!page.html().contains("/authenticators/add"), "there are as many as are allowed");
        let mut used_of_second = vec![passcode];
        assert!(opens(&served, &fresh(&first, &mut used_of_first)));
        assert!(opens(&served, &fresh(&second, &mut used_of_second)));
        let confirmed = records(&installation, "ENROLLMENT_CONFIRMED");
        let additional: Vec<bool> = confirmed.iter().map(|record| record["additional"] == true).collect();
        assert_eq!(additional, [false, true]);

        // The oldest comes first on the page.
        let page = alice.get(&served.url("login", &page.link("/authenticators/")));
        page.says("iPhone or iPad");
        let page = alice.get(&served.url("login", &format!("{}/remove", path(&page))));
        page.says("Remove this authenticator?");
        let page = alice.press(&page, "remove");
        assert_eq!(page.url, served.url("login", "/authenticators?done=removed"));
        page.says("The authenticator is removed.");
        assert!(!page.words().contains("iPhone or iPad"));
        assert!(!opens(&served, &fresh(&first, &mut used_of_first)), "it opens nothing any more");
        assert!(opens(&served, &fresh(&second, &mut used_of_second)));
        let revoked = records(&installation, "TOKEN_REVOKED");
        assert_eq!((&revoked[0]["actor"], &revoked[0]["reason"]), (&json!("user"), &json!("removed")));
        assert!(page.html().contains("/authenticators/add"), "its place is free");
    }
}

fn path(page: &Page) -> String {
    let (_, from) = page.url.split_once("/authenticators").unwrap();
    format!("/authenticators{from}")
}

#[test]
fn nobody_adds_one_by_password_and_mailbox_nor_more_than_are_allowed() {
    let installation = company(Database::Sqlite, 1);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let (_, _phone) = through_the_door(&served.gateway, &mut alice, "alice", &served.url("wiki", "/"));
    let page = alice.get(&served.url("login", "/authenticators"));
    assert!(!page.html().contains("/authenticators/add"));
    let page = alice.get(&served.url("login", "/authenticators/add"));
    page.says("No other authenticator can be added now.");

    set(&installation, "self_provisioning", &document(5));
    let mut thief = served.proxied_visitor();
    let page = thief.sign_in(&served.gateway, "alice", &served.url("wiki", "/"));
    page.is_at(Stage::Passcode);
    assert!(!page.html().contains("/enrol/add"), "{}", page.words());
    assert_eq!(thief.get(&served.url("login", "/authenticators/add")).stage(), Stage::Name);
}

#[test]
fn one_that_is_begun_and_cancelled_leaves_everything_as_it_was() {
    let installation = company(Database::Sqlite, 2);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let (_, first) = through_the_door(&served.gateway, &mut alice, "alice", &served.url("wiki", "/"));
    let mut used = vec![first.passcode()];
    let (page, second) = adding(&served, &mut alice);
    let cancel = crate::world::forms(&page.html()).into_iter().find(|form| form.action == "/signin/cancel").unwrap();
    let page = alice.send(&page, &cancel, &[]);
    assert_eq!(page.url, served.url("login", "/authenticators"), "{}", page.words());
    assert!(!page.words().contains("Android device"));
    assert!(!opens(&served, &second.passcode()));
    assert!(opens(&served, &fresh(&first, &mut used)));
}

/// On the screen of a phone.
fn on_a_phone(language: &str, app: &str) {
    let timed = Timed::demo("");
    set_in(|sql| timed.sql(sql), "self_provisioning", &document(2));
    let mut says = timed.says(language);
    says["app"] = app.into();
    browse(&timed.gateway, "second-authenticator", &format!("second-authenticator-{language}"), says);
}

#[test]
fn a_second_authenticator_on_a_phone() {
    on_a_phone("en", "iPhone or iPad");
}

#[test]
fn a_second_authenticator_on_a_phone_in_german() {
    on_a_phone("de", "iPhone oder iPad");
}
