//! Our own authenticator: how it comes onto a device, its PIN, requests, and how it goes. The device is built from the protocol's
//! page alone; the browser has no JavaScript.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Gateway, Home, Kept, PASSWORD, Page, Stage, Visitor, fresh};

pub(crate) const PIN: &str = "2580";
pub(crate) const WRONG: &str = "9946";

/// The newest record of an event.
#[track_caller]
pub(crate) fn record(records: &[Value], event: &str) -> Value {
    let found = records.iter().rfind(|record| record["details"]["event"] == event);
    found.unwrap_or_else(|| panic!("no {event} among {:?}", names(records))).clone()
}

pub(crate) fn names(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["details"]["event"].as_str()).collect()
}

pub(crate) fn count(records: &[Value], event: &str) -> usize {
    names(records).into_iter().filter(|name| *name == event).count()
}

/// Fails unless the newest record of an event has just these fields, and these among them say so.
#[track_caller]
fn tells(records: &[Value], event: &str, kind: &str, fields: &[&str], says: &[(&str, Value)]) {
    let record = record(records, event);
    let details = record["details"].as_object().unwrap();
    assert_eq!(details["type"], kind, "{record}");
    let found = details.keys().map(String::as_str).filter(|field| !["event", "type"].contains(field));
    let found: BTreeSet<&str> = found.collect();
    assert_eq!(found, fields.iter().copied().collect(), "{event}: {record}");
    for (field, value) in says {
        assert_eq!(details[*field], *value, "{event}: {record}");
    }
}

/// Nobody is signed in here.
#[track_caller]
pub(crate) fn is_outside(home: &Home<'_>, visitor: &mut Visitor) {
    assert_eq!(visitor.once("GET", &home.url("wiki", "/"), &[], None).status, 303);
}

/// Where a user's newest token stands.
pub(crate) fn token_state(kept: &Kept, user: &str) -> String {
    kept.sql(&format!(
        "SELECT c.state FROM credential c JOIN user_account u ON u.id = c.user_id WHERE u.name = '{user}' \
         ORDER BY c.created_at DESC, c.rowid DESC LIMIT 1"
    ))
}

/// Asks for a request on the page of the passcode: the page that shows the number.
pub(crate) fn asking(visitor: &mut Visitor, page: &Page) -> Page {
    let page = visitor.press(page, "push");
    assert!(page.live().starts_with("push-waiting"), "{}", page.words());
    page
}

/// Signed in as far as the passcode.
pub(crate) fn at_passcode(home: &Home<'_>, user: &str) -> (Visitor, Page) {
    let mut visitor = home.visitor();
    let page = visitor.sign_in(home.gateway, user, &home.url("wiki", "/"));
    page.is_at(Stage::Passcode);
    (visitor, page)
}

/// EN-07, R24..R26: what a device does is shown at once, and signs nobody in.
#[test]
fn a_link_brings_the_token_onto_a_device_and_its_first_passcode_signs_in() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    assert_eq!(page.live(), "waiting");
    let mut device = home.device();
    let begun = device.begin(&page.activation().link).good();
    assert_eq!((&begun["account"], &begun["template"]["pin"]["type"]), (&json!("alice"), &json!("user_selected")));

    let page = home.step(&mut alice);
    page.says("Device found: iPhone, Safari");
    assert_eq!(page.shown_number(), device.phone.check());
    assert!(!page.html().contains("/a/#v=1"), "what was used is not shown any more");
    assert_eq!(device.stands()["state"], "claimed");
    device.finish(Some(PIN)).refused(409, "not_now");
    is_outside(&home, &mut alice);
    assert_eq!(token_state(&kept, "alice"), "assigned", "before the browser's word nothing is in use");

    let page = home.judge(&mut alice, &device, true);
    assert_eq!(page.live(), "setting-up", "{}", page.words());
    page.says("iPhone, Safari is being set up");
    assert_eq!(device.stands()["state"], "confirmed");
    device.finish(Some(PIN)).good();
    assert_eq!((token_state(&kept, "alice").as_str(), device.state().as_str()), ("active", "active"));
    is_outside(&home, &mut alice);

    let page = home.after_activation(&mut alice);
    page.says("iPhone, Safari");
    let passcode = device.passcode();
    let page = alice.type_passcode(&page, &crate::world::wrong(&passcode, 1));
    page.says("Not accepted");
    let page = alice.type_passcode(&page, &passcode);
    assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());
    page.says("Remote-User: alice");

    let facts = ["serial", "os", "form", "deviceName", "installed", "pushCapable", "biometric"];
    let records = kept.records();
    let phone = [("os", json!("ios")), ("form", json!("phone")), ("deviceName", json!("iPhone, Safari"))];
    tells(&records, "ACTIVATION_STARTED", "ENROLLMENT", &facts, &phone);
    tells(&records, "ACTIVATION_CONFIRMED", "ENROLLMENT", &["serial"], &[]);
    tells(
        &records,
        "TOKEN_ACTIVATED",
        "AUDIT",
        &["actor", "deviceType", "from", "os", "reason", "serial", "to"],
        &[("from", json!("assigned")), ("to", json!("active")), ("reason", json!("activation"))],
    );
    let completed = [&facts[..], &["deviceType", "pinType"]].concat();
    tells(&records, "ACTIVATION_COMPLETED", "ENROLLMENT", &completed, &[("pinType", json!("user_selected"))]);
    tells(&records, "ENROLLMENT_CONFIRMED", "ENROLLMENT", &["method", "serial"], &[("method", json!("otp"))]);
    let order = ["ACTIVATION_CODE_ISSUED", "ACTIVATION_STARTED", "ACTIVATION_CONFIRMED", "TOKEN_ACTIVATED"];
    let order = [&order[..], &["ACTIVATION_COMPLETED", "ENROLLMENT_CONFIRMED", "SESSION_STARTED"]].concat();
    let told: Vec<&str> = names(&records).into_iter().filter(|name| order.contains(name)).collect();
    assert_eq!(told, order);
    kept.verifies();
    for (call, class) in [("activate/begin", "2xx"), ("activate/finish", "2xx"), ("pin/register", "4xx")] {
        let series = format!(
            "doorward_device_calls_total{{call=\"{call}\",status_class=\"{class}\",virtual_server=\"default\"}}"
        );
        assert!(gateway.metric(&series) >= 1.0, "{series}");
    }
}

#[test]
fn a_typed_code_does_the_same_however_it_is_written() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    for (user, written) in
        [("alice", str::to_owned as fn(&str) -> String), ("bob", |code| code.to_lowercase().replace('-', " "))]
    {
        let mut visitor = home.visitor();
        let page = home.issuing(&mut visitor, user);
        let code = page.activation().code;
        assert_eq!(code.len(), 14, "{code}");
        let mut device = home.device();
        device.begin_typed(user, &written(&code)).good();
        home.judge(&mut visitor, &device, true);
        device.finish(Some(PIN)).good();
        let page = home.after_activation(&mut visitor);
        let page = visitor.type_passcode(&page, &device.passcode());
        assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());
    }
}

#[test]
fn a_device_that_is_not_theirs_gets_nothing_and_a_new_code_does_it_rightly() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let (first, mut thief) = (page.activation(), home.device().android());
    thief.begin(&first.link).good();
    let page = home.judge(&mut alice, &thief, false);
    page.says("nothing was added");
    assert_eq!(thief.stands(), json!({ "state": "failed", "reason": "not_mine" }));
    thief.finish(Some(PIN)).refused(409, "not_now");
    thief.finish(None).refused(409, "already_used");
    home.device().begin(&first.link).refused(409, "already_used");
    let page = alice.press(&page, "new_code");
    let again = page.activation();
    assert!(again.link != first.link && again.code != first.code);
    let mut device = home.device();
    let page = home.setting_up(&mut alice, &page, &mut device, PIN);
    assert_eq!(alice.type_passcode(&page, &device.passcode()).url, home.url("wiki", "/"));
    let records = kept.records();
    tells(&records, "ACTIVATION_DISOWNED", "ENROLLMENT", &["serial"], &[]);
    assert_eq!(count(&records, "ACTIVATION_CODE_REFRESHED"), 1);
}

#[test]
fn the_pin_is_changed_and_only_the_new_one_opens() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    assert_eq!(device.change_pin(WRONG, "1379").good(), json!({ "attempts_left": 4 }), "who knows it changes it");
    assert_eq!(device.change_pin(PIN, "1379").good(), json!({}));
    assert_eq!(device.unlock(PIN).good(), json!({ "attempts_left": 4 }));
    assert_eq!(device.unlock("1379").good(), json!({}));
    let records = kept.records();
    let pin = [("where", json!("app"))];
    tells(&records, "PIN_CHANGED", "AUDIT", &["actor", "serial", "where"], &pin);
    tells(&records, "PIN_REJECTED", "AUDIT", &["serial", "triesLeft", "where"], &[("triesLeft", json!(4))]);
}

#[test]
fn a_request_is_approved_with_the_number_of_the_page_and_the_browser_goes_in() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut first = home.visitor();
    let page = home.issuing(&mut first, "alice");
    let mut device = home.device();
    let page = home.setting_up(&mut first, &page, &mut device, PIN);
    // The very first sign-in is proved by it as well.
    let page = asking(&mut first, &page);
    let [push] = &device.pending()[..] else { panic!("one request waits") };
    assert_eq!(push["purpose"], "sign_in");
    assert_eq!(push["context"]["application"], "Wiki");
    assert_eq!(push["context"]["address"], "127.0.0.1");
    assert!(!push.to_string().contains(&format!("\"{}\"", page.shown_number())), "the number is on the page alone");
    assert_eq!(device.approve(push, &page.shown_number()).good(), json!({ "result": "approved" }));
    is_outside(&home, &mut first);
    let page = home.step(&mut first);
    page.says("The request was approved");
    let page = first.press(&page, "finish");
    assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());

    let records = kept.records();
    tells(&records, "ENROLLMENT_CONFIRMED", "ENROLLMENT", &["method", "serial"], &[("method", json!("push"))]);
    let about = ["push", "purpose", "numberMatching", "serial"];
    let sent = [&about[..], &["expiresAt"]].concat();
    tells(&records, "PUSH_SENT", "AUTHENTICATION", &sent, &[("purpose", json!("sign_in"))]);
    tells(&records, "PUSH_APPROVED", "AUTHENTICATION", &about, &[("numberMatching", json!(true))]);
    assert_eq!(record(&records, "AUTH_SUCCESS")["details"]["factors"], "password otp push");
    assert_eq!(kept.sql("SELECT state FROM push_request"), "used");
}

#[test]
fn a_request_is_denied_or_reported_and_the_passcode_stays() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let (mut device, passcode) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let mut used = vec![passcode];
    for (decision, result, ahead) in [("deny", "denied", 11), ("report", "reported", 22)] {
        let (mut alice, page) = at_passcode(&home, "alice");
        asking(&mut alice, &page);
        let push = device.pending().remove(0);
        assert_eq!(device.turn_down(&push, decision).good(), json!({ "result": result }));
        assert!(device.pending().is_empty());
        let page = home.step(&mut alice);
        page.says("The request was denied on your device");
        page.is_at(Stage::Passcode);
        let passcode = fresh(&mut device, &used);
        assert_eq!(alice.type_passcode(&page, &passcode).url, home.url("wiki", "/"));
        used.push(passcode);
        kept.ahead(ahead);
        device.ahead = ahead;
    }
    // Somebody else knows the password: nobody is asked for a day.
    for (hours, off) in [(1, true), (23, true), (25, false)] {
        kept.ahead(hours * 3600);
        device.ahead = hours * 3600;
        let (_, page) = at_passcode(&home, "alice");
        assert_eq!(page.try_form("push").is_none(), off, "after {hours} hours: {}", page.words());
    }
    let records = kept.records();
    let about = ["push", "purpose", "numberMatching", "serial"];
    tells(&records, "PUSH_DENIED", "AUTHENTICATION", &about, &[]);
    tells(&records, "PUSH_REPORTED", "AUTHENTICATION", &about, &[]);
}

/// Whoever finds a phone unlocked finds its mailbox and the saved password as well: these two bring no other authenticator.
#[test]
fn a_token_that_is_removed_without_its_pin_is_held_and_no_other_is_offered() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let guess = json!({ "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "proof": "A".repeat(43) });
    device.say("token/release", guess).refused(422, "wrong_mac");
    assert_eq!(token_state(&kept, "alice"), "active");
    device.say("token/release", json!({})).good();
    assert_eq!(token_state(&kept, "alice"), "suspended");
    assert_eq!(device.state(), "suspended");
    device.release().refused(423, "suspended");
    tells(
        &kept.records(),
        "TOKEN_SUSPENDED",
        "AUDIT",
        &["actor", "from", "reason", "serial", "to"],
        &[("actor", json!("user")), ("reason", json!("released")), ("to", json!("suspended"))],
    );
    let mut thief = home.visitor();
    let page = thief.sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    assert!(page.try_form("add_authenticator").is_none(), "{}", page.words());
    is_outside(&home, &mut thief);
}

/// It belongs to nobody any more, so there is nothing that its device could be told of it; the app says so, and watches it no longer.
#[test]
fn the_device_of_a_token_that_was_given_up_as_lost_finds_that_it_is_not_known() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    // As an operator's word does it.
    kept.sql("UPDATE credential SET state = 'lost', user_id = NULL, label = ''");
    device.say("token", json!({})).refused(404, "not_found");
    device.unlock(PIN).refused(404, "not_found");
    device.ask("push/pending", json!({ "wait": 0 })).refused(404, "not_found");
    device.release().refused(404, "not_found");
}

#[test]
fn a_device_that_lets_its_token_go_is_offered_another() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    device.unlock(PIN).good();
    device.release().good();
    assert_eq!(token_state(&kept, "alice"), "revoked");
    device.say("token", json!({})).refused(410, "gone");
    device.unlock(PIN).refused(410, "gone");
    tells(
        &kept.records(),
        "TOKEN_REVOKED",
        "AUDIT",
        &["actor", "from", "reason", "serial", "to"],
        &[("actor", json!("user")), ("reason", json!("released")), ("to", json!("revoked"))],
    );
    let mut alice = home.visitor();
    let page = alice.sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    page.is_at(Stage::Offer);
    let page = home.choosing_from(&mut alice, "alice", &page);
    let page = alice.choose_ios(&page);
    let mut another = home.device();
    let page = home.setting_up(&mut alice, &page, &mut another, PIN);
    assert_eq!(alice.type_passcode(&page, &another.passcode()).url, home.url("wiki", "/"));
}
