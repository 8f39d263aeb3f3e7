//! The user's own page, in a browser without JavaScript and with an authenticator that nobody here wrote: a name, a test, two
//! passcodes in a row, a new PIN, the way out everywhere, and a loss.

use std::time::Duration;

use serde_json::{Value, json};

use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Database, Gateway, Installation, Page, Phone, Served, Stage, Visitor};

/// Somebody with a phone, and the passcodes that it has shown.
struct Owner {
    phone: Phone,
    used: Vec<String>,
}

impl Owner {
    /// A passcode that is good and was not used.
    fn fresh(&mut self) -> String {
        loop {
            if let Some(passcode) = self.phone.passcode_beside(&self.used) {
                self.used.push(passcode.clone());
                return passcode;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What a phone shows whose clock is five minutes fast, and what it shows next.
    fn two_in_a_row(&self) -> (String, String) {
        loop {
            let [first, next, again] =
                [300, 330, 300].map(|ahead| self.phone.passcode_at(&format!("now + {ahead} seconds")));
            // Otherwise a step has ended in between.
            if first == again {
                return (first, next);
            }
        }
    }

    /// Another browser, through the password and a passcode.
    fn comes_in(&mut self, served: &Served, url: &str) -> Visitor {
        let mut visitor = served.proxied_visitor();
        let page = visitor.sign_in(&served.gateway, "alice", url);
        page.is_at(Stage::Passcode);
        let passcode = self.fresh();
        let page = visitor.type_passcode(&page, &passcode);
        assert_eq!(page.url, url, "{}", page.words());
        visitor
    }
}

/// alice, signed in, at the page of her authenticator; how she came there, by its links.
fn at_her_page(served: &Served, alice: &mut Visitor) -> Page {
    let page = alice.get(&served.url("login", "/"));
    let all = page.link("/authenticators");
    let page = alice.get(&served.url("login", &all));
    page.says("In use");
    page.says("iPhone or iPad");
    let one = page.link("/authenticators/");
    alice.get(&served.url("login", &one))
}

/// The events of a kind, from the audit trail.
fn recorded(installation: &Installation, kind: &str) -> Vec<Value> {
    let all = installation.sql("SELECT record FROM audit_record ORDER BY seq");
    let records = all.lines().map(|record| serde_json::from_str::<Value>(record).unwrap());
    records.filter(|record| record["details"]["event"] == kind).map(|record| record["details"].clone()).collect()
}

#[test]
fn somebody_names_tests_and_finds_their_authenticator_and_signs_out_everywhere() {
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = Installation::with_users(database);
        let served = installation.serve();
        let wiki = served.url("wiki", "/");
        let mut alice = served.proxied_visitor();
        let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
        let used = vec![phone.passcode()];
        let mut owner = Owner { phone, used };

        let page = at_her_page(&served, &mut alice);
        let address = page.url.clone();
        let page = alice.submit(&page, "label", &[("label", "  My <i>phone</i> ")]);
        assert_eq!(page.url, format!("{address}?done=renamed"));
        page.says("The name is saved.");
        page.says("My <i>phone</i>");
        assert!(!page.html().contains("<i>"));

        // What was tested is used up, for the page and for the sign-in.
        let tested = owner.fresh();
        let page = alice.submit(&page, "otp", &[("otp", &tested)]);
        page.says("The passcode was right. It is used up now.");
        let page = alice.submit(&page, "otp", &[("otp", &tested)]);
        assert_eq!(page.status(), 422);
        page.says("This passcode has already been used.");
        let mut second = served.proxied_visitor();
        let asked = second.sign_in(&served.gateway, "alice", &wiki);
        second.type_passcode(&asked, &tested).says("This passcode has already been used.");

        // Ahead: two in a row bring it back.
        let (first, next) = owner.two_in_a_row();
        let page = alice.submit(&page, "first", &[("first", &first), ("second", &first)]);
        page.says("These are not two passcodes in a row");
        let page = alice.submit(&page, "first", &[("first", &first), ("second", &next)]);
        page.says("Your authenticator is synchronized.");

        let page = alice.get(&served.url("login", "/sign-out-everywhere"));
        let page = alice.press(&page, "everywhere");
        assert_eq!(page.url, served.url("login", "/signed-out/everywhere"));
        page.says("You are signed out everywhere");
        assert_eq!(alice.get(&address).stage(), Stage::Name);
        assert_eq!(alice.once("GET", &wiki, &[], None).status, 303, "the application's session has ended, too");

        for (kind, results) in [("TOKEN_TESTED", &["right"][..]), ("TOKEN_RESYNCED", &["not_found", "found"][..])] {
            let found = recorded(&installation, kind);
            let said: Vec<&str> = found.iter().map(|record| record["result"].as_str().unwrap()).collect();
            assert_eq!(said, results, "{kind}");
            assert!(found.iter().all(|record| record["actor"] == "user"), "{kind}: {found:?}");
        }
        assert_eq!(recorded(&installation, "TOKEN_RENAMED")[0]["actor"], "user");
        let ended = recorded(&installation, "SESSION_ENDED");
        assert_eq!(ended.last().unwrap()["reason"], "signed_out_everywhere");
    }
}

#[test]
fn a_lost_authenticator_is_suspended_and_every_browser_is_signed_out() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let used = vec![phone.passcode()];
    let mut owner = Owner { phone, used };
    let mut elsewhere = owner.comes_in(&served, &wiki);

    let page = at_her_page(&served, &mut alice);
    let lost = page.link("/authenticators/");
    assert!(lost.ends_with("/lost"), "{lost}");
    let asked = alice.get(&served.url("login", &lost));
    asked.says("Is this authenticator lost?");
    alice.get(&wiki).says("GET / HTTP/1.1"); // looking has changed nothing
    let page = alice.press(&asked, "lost");
    page.says("The authenticator is suspended");
    assert_eq!(page.url, served.url("login", "/authenticators/reported"));
    std::thread::sleep(Duration::from_millis(1100)); // as long as a process may know a session for
    for browser in [&mut alice, &mut elsewhere] {
        assert_eq!(browser.once("GET", &wiki, &[], None).status, 303, "every browser is signed out");
    }
    let page = alice.sign_in(&served.gateway, "alice", &wiki);
    page.says("Your authenticator is suspended");
    assert!(page.try_form("otp").is_none() && page.try_form("add_authenticator").is_none());
    let suspended = &recorded(&installation, "TOKEN_SUSPENDED")[0];
    for (field, value) in [("actor", "user"), ("reason", "lost"), ("from", "active"), ("to", "suspended")] {
        assert_eq!(suspended[field], value, "{field}");
    }
}

#[test]
fn nobody_finds_the_authenticator_of_another() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let (mut alice, mut bob) = (gateway.visitor(), gateway.visitor());
    let (_, phone) = through_the_door(&gateway, &mut alice, "alice", &wiki);
    through_the_door(&gateway, &mut bob, "bob", &wiki);
    let hers = alice.get(&gateway.url("login", "/authenticators")).link("/authenticators/");
    let own = bob.get(&gateway.url("login", "/authenticators"));
    let page = bob.get(&gateway.url("login", &own.link("/authenticators/")));
    assert_ne!(own.link("/authenticators/"), hers);
    for path in [hers.clone(), format!("{hers}/lost")] {
        assert_eq!(bob.get(&gateway.url("login", &path)).status(), 404, "{path}");
    }
    for (field, task, fill) in [
        ("label", "name", vec![("label", "mine".to_owned())]),
        ("otp", "test", vec![("otp", phone.passcode())]),
        ("first", "resync", vec![("first", phone.passcode()), ("second", phone.passcode())]),
        ("label", "lost", vec![]),
    ] {
        let mut form = page.form(field);
        form.action = format!("{hers}/{task}");
        let fill: Vec<(&str, &str)> = fill.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(bob.send(&page, &form, &fill).status(), 404, "{task}");
    }
    alice.get(&gateway.url("login", &hers)).says("In use");
}

/// The template of a new virtual server with a PIN on the server, which its user chooses.
fn with_pins(installation: &Installation) {
    let template = json!({
        "mode": "quick_log", "length": 6, "synchronization": {"time": {"step": 30}}, "pin_type": "server_side",
        "pin_length": 4, "allow_trivial_pins": false, "max_pin_attempts": 5, "min_pin_complexity": "decimal",
        "allow_biometric_pin": false
    });
    installation.sql(&format!(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) \
         VALUES ('default', 'token_template', '{template}', 1, 0)"
    ));
}

#[test]
fn a_pin_is_changed_by_its_owner() {
    let installation = Installation::with_users(Database::Sqlite);
    with_pins(&installation);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(&served.gateway, &mut alice, "alice", &wiki);
    let mut owner = Owner { phone, used: Vec::new() };
    let page = alice.press(&page, "continue");
    let given = drawn_pin(&page);
    let page = alice.type_passcode(&page, &format!("{given}{}", owner.fresh()));
    let page = alice.submit(&page, "pin", &[("pin", "8432"), ("pin_again", "8432")]);
    assert_eq!(page.url, wiki, "{}", page.words());

    let page = at_her_page(&served, &mut alice);
    let refused = alice.submit(&page, "pin", &[("otp", "8432000000"), ("pin", "2222"), ("pin_again", "2222")]);
    refused.says("Choose a PIN that is not one run");
    let old = format!("8432{}", owner.fresh());
    let page = alice.submit(&refused, "pin", &[("otp", &old), ("pin", "5791"), ("pin_again", "5791")]);
    page.says("Your PIN is changed.");
    let new = format!("5791{}", owner.fresh());
    alice.submit(&page, "otp", &[("otp", &new)]).says("The passcode was right.");

    let changed = recorded(&installation, "PIN_CHANGED");
    assert_eq!(changed.last().unwrap()["actor"], "user");
    let broken: Vec<Value> = recorded(&installation, "PIN_REJECTED").iter().map(|r| r["ruleBroken"].clone()).collect();
    assert_eq!(broken, [json!("pin.trivial")]);
    let dump = installation.dump();
    assert!(!dump.contains("\"5791\"") && !dump.contains("\"8432\""), "no PIN stands in the database");
}

/// The PIN that was drawn, as the page of the first passcode shows it.
fn drawn_pin(page: &Page) -> String {
    let html = page.html();
    let (_, rest) = html.split_once("id=\"first-pin\"").unwrap_or_else(|| panic!("no PIN at {}", page.url));
    rest.split_once('>').unwrap().1.split('<').next().unwrap().trim().to_owned()
}
