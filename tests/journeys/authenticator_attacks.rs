//! What thieves, copies of devices and people who read along try with our own authenticator.

use std::sync::Barrier;

use doorward_authenticator::testing::Request;
use serde_json::{Value, json};

use super::authenticator::{PIN, WRONG, asking, at_passcode, count, is_outside, record, token_state};
use super::token_policies::set_in;
use crate::world::{Database, Device, Gateway, Home, Installation, Kept, PASSWORD, Said, Stage, fresh};

/// Wrong PINs in a row that are permitted, as a new virtual server begins.
const PERMITTED: usize = 5;

/// A site with an authenticator, and its users.
pub(crate) fn site(database: Database) -> Installation {
    let mut installation = Installation::with_users(database);
    let portal = "portal = \"https://login.example.test\"\n";
    let origin = "authenticator = \"https://authenticator.example.test\"\n";
    installation.instead.push((portal.to_owned(), format!("{portal}{origin}")));
    installation
}

/// A row of the platforms' settings.
fn row(allowed: bool, push: bool) -> Value {
    json!({ "allowed": allowed, "app": allowed, "push": push })
}

/// What is set for platforms, iPhones first.
fn targets(ios: Value, android: Value) -> Value {
    json!({ "ios": ios, "android": android, "windows-mobile": row(false, false), "windows-desktop": row(true, false) })
}

/// So many unlocks with a wrong PIN at the same moment, spread over gateways: 32 at once, so that none is older than what a
/// gateway remembers. Whoever sends is in a hurry: nothing is finished.
fn storm(device: &mut Device, gateways: &[&Gateway], waves: usize) -> Vec<Said> {
    const AT_ONCE: usize = 32;
    let mut answers = Vec::new();
    for _ in 0..waves {
        let now = device.now();
        let calls: Vec<(Device, Request)> = (0..AT_ONCE)
            .map(|nth| {
                let request = device.phone.unlock(WRONG, now);
                let mut sender = device.clone();
                sender.connect_to(gateways[nth % gateways.len()]);
                (sender, request)
            })
            .collect();
        let together = Barrier::new(AT_ONCE);
        std::thread::scope(|scope| {
            let send = |(sender, request): &(Device, Request)| {
                together.wait();
                sender.send(request)
            };
            let threads: Vec<_> = calls.iter().map(|call| scope.spawn(move || send(call))).collect();
            answers.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        });
    }
    answers
}

/// The storm, and what was let through of it and after it: as many as are permitted, and the one that locks.
fn storm_is_counted(device: &mut Device, gateways: &[&Gateway]) {
    let answers = storm(device, gateways, 2);
    let mut looked_at = answers.iter().filter(|said| said.status == 200).count();
    for said in answers.iter().filter(|said| said.status != 200) {
        assert!(["locked", "sequence"].contains(&said.error()), "{said:?}");
    }
    assert!(looked_at > 0);
    // Calls that overtook each other were refused and not counted: what is left is tried one after the other.
    loop {
        let now = device.now();
        let request = device.phone.unlock(WRONG, now);
        let said = device.send(&request);
        if said.status != 200 {
            said.refused(423, "locked");
            break;
        }
        looked_at += 1;
        assert!(looked_at < 100);
    }
    assert_eq!(looked_at, PERMITTED + 1);
    for (name, fields) in [
        ("pin/unlock/failed", json!({})),
        ("pin/register", json!({ "request": "4vKuCmq8Tnh6JxqWHFAFFfjjC2qliC3YvbaWWUXgjS0" })),
        ("push/subscription", json!({ "subscription": null, "wanted": true })),
        ("token/release", json!({})),
    ] {
        device.say(name, fields).refused(423, "locked");
    }
    device.unlock(PIN).refused(423, "locked");
    device.ask("push/pending", json!({ "wait": 0 })).refused(423, "locked");
    assert_eq!(device.state(), "locked_pin");
}

#[test]
fn of_sixty_four_wrong_pins_at_the_same_moment_as_many_are_looked_at_as_are_permitted() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, used) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let (mut alice, page) = at_passcode(&home, "alice");
    storm_is_counted(&mut device, &[&gateway]);
    assert_eq!(token_state(&kept, "alice"), "locked_pin");
    let passcode = fresh(&mut device, &[used]);
    let page = alice.type_passcode(&page, &passcode);
    assert_ne!(page.url, home.url("wiki", "/"), "a thief's passcode is none");
    let records = kept.records();
    assert_eq!((count(&records, "PIN_REJECTED"), count(&records, "TOKEN_PIN_LOCKED")), (PERMITTED, 1));
    let locked = record(&records, "TOKEN_PIN_LOCKED");
    assert_eq!((&locked["details"]["from"], &locked["details"]["to"]), (&json!("active"), &json!("locked_pin")));
    kept.verifies();
}

#[test]
fn nor_are_more_where_two_gateways_share_a_database() {
    let installation = site(Database::Postgres);
    let (one, other) = (installation.serve(), installation.serve());
    let home = Home::site(&one);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    storm_is_counted(&mut device, &[&one.gateway, &other.gateway]);
    assert_eq!(installation.sql("SELECT state FROM credential").trim(), "locked_pin");
}

#[test]
fn as_many_wrong_pins_as_are_permitted_let_the_right_one_in_and_one_more_locks() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    for _ in 0..2 {
        for left in (0..PERMITTED).rev() {
            assert_eq!(device.unlock(WRONG).good(), json!({ "attempts_left": left }));
        }
        assert_eq!(device.unlock(PIN).good(), json!({}), "after so many failures, and they are forgotten");
    }
    for _ in 0..PERMITTED {
        device.unlock(WRONG).good();
    }
    device.unlock(WRONG).refused(423, "locked");
    device.unlock(PIN).refused(423, "locked");
}

#[test]
fn a_call_that_was_recorded_is_not_done_again_and_a_copy_of_a_device_suspends_its_token() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let (mut device, used) = home.enrolled(&mut alice, "alice", PIN);
    let now = device.now();
    let release = device.phone.request("push/subscription", json!({ "subscription": null, "wanted": true }), now);
    device.send(&release).good();
    device.send(&release).refused(409, "sequence");
    // What is signed is the whole of it.
    let mut bent = device.phone.request("token", json!({}), now);
    bent.body = json!({ "id": device.phone.id, "more": 1 }).to_string().into_bytes();
    device.send(&bent).refused(400, "malformed");
    for (field, value) in
        [("doorward-sequence", "99"), ("content-digest", "sha-256=:AAAA:"), ("signature", "doorward=:AAAA:")]
    {
        let mut bent = device.phone.request("token", json!({}), now);
        bent.headers.iter_mut().filter(|(name, _)| name == field).for_each(|(_, other)| *other = value.to_owned());
        device.send(&bent).refused(401, "signature");
    }
    let mut elsewhere = device.phone.request("token", json!({}), now);
    elsewhere.name = "token/release".to_owned();
    device.send(&elsewhere).refused(401, "signature");
    for off in [-62, 62_i64] {
        let created = now.checked_add_signed(off).unwrap();
        let said = device.send(&device.phone.uncounted("push/pending", json!({ "wait": 0 }), created));
        said.refused(401, "clock");
        assert!(said.value["now"].as_u64().unwrap().abs_diff(now) < 10);
    }
    assert_eq!(device.state(), "active", "none of it was anything");

    let mut copy = device.clone();
    assert_eq!(device.state(), "active");
    copy.unlock(PIN).refused(423, "suspended");
    assert_eq!(token_state(&kept, "alice"), "suspended");
    assert_eq!(device.state(), "suspended");
    device.unlock(PIN).refused(423, "suspended");
    let suspended = record(&kept.records(), "TOKEN_SUSPENDED");
    assert_eq!((&suspended["details"]["reason"], &suspended["details"]["actor"]), (&json!("cloned"), &json!("system")));
    // Its passcodes are none any more; who is in stays, since nobody but the user is known to be harmed.
    let page = home.visitor().sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    page.says("suspended");
    let passcode = fresh(&mut device, &[used]);
    let mut again = home.visitor();
    let page = again.sign_in_with("alice", PASSWORD, &home.url("wiki", "/"));
    again.post_elsewhere(&page, "/signin/passcode", &[("otp", &passcode)]).says("suspended");
    is_outside(&home, &mut again);
    assert_eq!(alice.get(&home.url("wiki", "/")).status(), 200);
}

/// EN-06.
#[test]
fn a_link_that_two_devices_show_is_void_for_both_before_one_was_confirmed_and_for_the_second_after() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let activation = page.activation();
    let (mut first, mut second) = (home.device(), home.device().android());
    let now = first.now();
    let begin = first.phone.begin(&activation.link, now);
    let answer = first.send(&begin);
    assert_eq!(answer.status, 200);
    first.phone.took_begin(&answer.body);
    assert_eq!(first.send(&begin).body, answer.body, "whose answer was lost is answered the same, to the byte");
    second.begin_typed("alice", &activation.code).refused(409, "already_used");
    let page = home.step(&mut alice);
    page.says("The code was used on a second device");
    assert!(page.try_form("mine").is_none());
    for device in [&first, &second] {
        assert_ne!(device.ask("activate/status", json!({})).value["state"], "confirmed");
    }
    first.finish(None).refused(409, "already_used");
    assert_eq!(token_state(&kept, "alice"), "assigned");
    let records = kept.records();
    assert_eq!(record(&records, "ACTIVATION_FAILED")["details"]["reason"], "second_device");
    assert_eq!(count(&records, "ACTIVATION_CODE_REUSED"), 1);

    let page = alice.press(&page, "new_code");
    let activation = page.activation();
    let (mut first, mut second) = (home.device(), home.device().android());
    first.begin(&activation.link).good();
    home.judge(&mut alice, &first, true);
    second.begin(&activation.link).refused(409, "already_used");
    second.begin_typed("alice", &activation.code).refused(409, "already_used");
    assert_eq!(first.stands()["state"], "confirmed");
    first.finish(Some(PIN)).good();
    for mut late in [home.device(), home.device()] {
        late.begin(&activation.link).refused(409, "already_used");
        late.begin_typed("alice", &activation.code).refused(404, "not_found");
    }
    // Not even to the device itself is it answered again: what was agreed on lies nowhere.
    first.begin(&activation.link).refused(409, "already_used");
    let handoff = json!({ "id": first.phone.id, "ticket": activation.link.split("&t=").nth(1).unwrap() });
    let json_body = [("Content-Type", "application/json")];
    let answer = home.knock("POST", "/a/v1/activate/handoff", &json_body, handoff.to_string().as_bytes());
    assert_eq!(answer.status, 409, "{}", answer.text());
    let page = home.after_activation(&mut alice);
    assert_eq!(alice.type_passcode(&page, &first.passcode()).url, home.url("wiki", "/"));
}

/// EN-06.
#[test]
fn a_link_is_good_for_ten_minutes_and_a_confirmed_device_has_ten_more() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let first = page.activation();
    let at = |device: &mut Device, seconds: u64| {
        kept.ahead(seconds);
        device.ahead = seconds;
    };
    let mut device = home.device();
    at(&mut device, 605);
    device.begin(&first.link).refused(410, "expired");
    device.begin_typed("alice", &first.code).refused(410, "expired");
    let page = home.step(&mut alice);
    page.says("This code has expired");
    let page = alice.press(&page, "new_code");
    let second = page.activation();
    device.begin(&first.link).refused(404, "not_found");
    device.begin_typed("alice", &first.code).refused(404, "not_found");
    // In the ninth minute the device comes and is confirmed, in the nineteenth it finishes.
    at(&mut device, 605 + 580);
    device.begin(&second.link).good();
    home.judge(&mut alice, &device, true);
    let mut late = device.clone();
    at(&mut device, 605 + 1150);
    device.finish(Some(PIN)).good();
    assert_eq!(token_state(&kept, "alice"), "active");
    late.ahead = device.ahead;
    late.finish(Some(PIN)).refused(423, "suspended");
}

/// EN-06.
#[test]
fn a_device_that_is_confirmed_and_does_nothing_is_too_late() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let mut device = home.device();
    device.begin(&page.activation().link).good();
    home.judge(&mut alice, &device, true);
    kept.ahead(1205);
    device.ahead = 1205;
    assert_eq!(device.stands(), json!({ "state": "failed", "reason": "expired" }));
    device.finish(None).refused(410, "expired");
    assert_eq!(token_state(&kept, "alice"), "assigned");
}

/// EN-06.
#[test]
fn a_link_is_void_once_another_was_asked_for_or_its_user_went_back() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let first = page.activation();
    let page = alice.press(&page, "new_code");
    let second = page.activation();
    home.device().begin(&first.link).refused(404, "not_found");
    home.device().begin_typed("alice", &first.code).refused(404, "not_found");
    // Back to the choice, and another device is chosen.
    let page = alice.send(&page, &page.form_to("/enrol/back"), &[]);
    let page = alice.submit(&page, "target", &[("target", "android")]);
    let page = if page.try_form("installed").is_some() { alice.press(&page, "installed") } else { page };
    let third = page.activation();
    assert_ne!(third.link, first.link);
    home.device().begin(&first.link).refused(404, "not_found");
    assert!(third.link == second.link || home.device().begin(&second.link).status == 404);
    // Whoever gives it up altogether leaves nothing that could be used.
    let page = home.step(&mut alice);
    alice.send(&page, &page.form_to("/signin/cancel"), &[]);
    for gone in [&first, &second, &third] {
        let said = home.device().android().begin(&gone.link);
        assert!([404, 410].contains(&said.status), "{said:?}");
    }
    assert_ne!(token_state(&kept, "alice"), "active");
}

#[test]
fn a_code_is_not_guessed() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let right = page.activation();
    for user in ["alice", "bob", "nobody"] {
        for number in 0..5 {
            home.device().begin_typed(user, &format!("0000-0000-000{number}")).refused(404, "not_found");
        }
    }
    home.device().begin_typed("alice", &right.code).refused(404, "not_found");
    assert_eq!(record(&kept.records(), "ACTIVATION_FAILED")["details"]["reason"], "wrong_code");
    // From one address no more than thirty are looked at, whoever they are of.
    for number in 0..14 {
        home.device().begin_typed("carol", &format!("0000-0000-00{number:02}"));
    }
    home.device().begin_typed("bob", &right.code).refused(429, "too_many");
    // A ticket cannot be guessed, and nobody ends an activation by trying: alice knows nothing of it, and scans.
    let link = right.link;
    let (head, _) = link.split_once("&t=").unwrap();
    for _ in 0..10 {
        home.device().begin(&format!("{head}&t={}", "A".repeat(43))).refused(404, "not_found");
    }
    home.device().begin(&link).good();
}

/// R49, EN-05.
#[test]
fn a_platform_that_is_switched_off_midway_is_not_activated() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let switch = |ios: bool, android: bool| {
        set_in(|sql| kept.sql(sql), "targets", &targets(row(ios, ios), row(android, android)));
    };
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let mut device = home.device();
    device.begin(&page.activation().link).good();
    home.judge(&mut alice, &device, true);
    switch(false, true);
    let refused = device.finish(Some(PIN));
    refused.refused(403, "target_not_allowed");
    assert_eq!(refused.value["allowed"], json!(["android", "windows-desktop"]));
    assert_eq!(token_state(&kept, "alice"), "assigned");
    assert_eq!(record(&kept.records(), "ACTIVATION_FAILED")["details"]["reason"], "target_not_allowed");
    is_outside(&home, &mut alice);

    // Another device than the one that was chosen is taken for what it is.
    switch(true, false);
    let mut bob = home.visitor();
    let page = home.choosing(&mut bob, "bob");
    let page = bob.submit(&page, "target", &[("target", "ios")]);
    let mut android = home.device().android();
    android.begin(&page.activation().link).refused(403, "target_not_allowed");
    let page = home.step(&mut bob);
    page.says("You can use one of these");
    page.says("iPhone or iPad");
    page.says_not("Android phone");
    // And whoever may have none at all any more, gets none.
    let page = bob.press(&page, "new_code");
    let mut device = home.device();
    device.begin(&page.activation().link).good();
    home.judge(&mut bob, &device, true);
    let off = json!({ "target_users": { "mode": "none" }, "windows_link": "store", "installer_url": null });
    set_in(|sql| kept.sql(sql), "self_provisioning", &off);
    let refused = device.finish(Some(PIN));
    refused.refused(403, "not_allowed");
    assert_eq!(token_state(&kept, "bob"), "assigned");
}

/// SS-01.
#[test]
fn requests_go_to_push_services_alone() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let mut device = home.device();
    device.begin(&page.activation().link).good();
    home.judge(&mut alice, &device, true);
    let bad = [
        "http://169.254.169.254/",
        "https://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:5432",
        "https://127.0.0.1/x",
        "https://[::ffff:127.0.0.1]/",
        "https://[::1]/x",
        "https://0x7f.1/",
        "https://2130706433/x",
        "https://localhost/x",
        "https://authenticator.localhost/x",
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:8443/fcm/send/x",
        "https://user:pass@fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://fcm.googleapis.com.example.org/x",
        "https://fcm.googleapis.com\\@127.0.0.1/x",
        "https://fcm.googleapis.com/x#@127.0.0.1",
        "https://fcm.googleapis.com/",
        "https://example.org/?https://fcm.googleapis.com/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/x",
        "//fcm.googleapis.com/x",
        "",
    ];
    device.register(PIN).unwrap();
    for endpoint in bad {
        let now = device.now();
        let finish = device.phone.finish(Some(subscription(endpoint)), true, now);
        let said = device.send(&finish);
        assert!(["not_allowed", "malformed"].contains(&said.error()), "{endpoint}: {said:?}");
    }
    let now = device.now();
    let finish = device.phone.finish(Some(subscription("https://fcm.googleapis.com/fcm/send/x")), true, now);
    device.send(&finish).good();
    for endpoint in bad {
        let said = device.say("push/subscription", json!({ "subscription": subscription(endpoint), "wanted": true }));
        assert!(["not_allowed", "malformed"].contains(&said.error()), "{endpoint}: {said:?}");
    }
    let told = device.say("token", json!({})).good();
    assert_eq!(told["push"]["subscribed"], true, "the good one stays: {told}");
}

/// A browser's subscription, with the keys of RFC 8291's example.
pub(crate) fn subscription(endpoint: &str) -> Value {
    json!({
        "endpoint": endpoint,
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    })
}

/// PU-01.
#[test]
fn fifty_sign_ins_in_ten_minutes_are_three_requests_and_the_passcode_stays() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let (mut device, used) = home.enrolled(&mut home.visitor(), "alice", PIN);
    for start in 0..50 {
        kept.ahead(start * 12);
        device.ahead = start * 12;
        let (mut thief, page) = at_passcode(&home, "alice");
        if page.try_form("push").is_some() {
            let page = thief.press(&page, "push");
            page.is_at(Stage::Passcode);
        }
        assert!(device.pending().len() <= 1, "a user has one that waits");
    }
    let records = kept.records();
    assert_eq!(count(&records, "PUSH_SENT"), 3);
    let (mut alice, page) = at_passcode(&home, "alice");
    page.says("No request can be sent to your device before");
    let passcode = fresh(&mut device, &[used]);
    assert_eq!(alice.type_passcode(&page, &passcode).url, home.url("wiki", "/"));
    // A quarter of an hour after the last of them it is offered again.
    kept.ahead(1200);
    let (mut alice, page) = at_passcode(&home, "alice");
    asking(&mut alice, &page);
}

/// PU-02.
#[test]
fn a_wrong_number_ends_a_request_and_there_is_no_second_guess() {
    let kept = Kept::new();
    let gateway = kept.demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let (mut thief, page) = at_passcode(&home, "alice");
    let page = asking(&mut thief, &page);
    let push = device.pending().remove(0);
    let no_number = json!({ "push": push["id"], "decision": "approve", "number": null, "proof": null });
    device.say("push/answer", no_number).refused(400, "malformed");
    let (right, other) = (page.shown_number(), if page.shown_number() == "99" { "98" } else { "99" });
    assert_eq!(device.approve(&push, other).good(), json!({ "result": "mismatched" }));
    assert_eq!(device.approve(&push, &right).good(), json!({ "result": "over" }));
    let page = home.step(&mut thief);
    page.says("Another number was entered");
    let page = thief.post_elsewhere(&page, "/signin/push/finish", &[("finish", "yes")]);
    page.is_at(Stage::Passcode);
    is_outside(&home, &mut thief);
    let records = kept.records();
    assert_eq!((count(&records, "PUSH_NUMBER_MISMATCH"), count(&records, "PUSH_APPROVED")), (1, 0));
}

/// PU-03.
#[test]
fn an_approval_is_good_for_its_request_by_its_device_and_once() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let (mut bobs, _) = home.enrolled(&mut home.visitor(), "bob", PIN);
    let (mut alice, page) = at_passcode(&home, "alice");
    let page = asking(&mut alice, &page);
    let first = device.pending().remove(0);
    let number = page.shown_number();

    // By another device: it is not its user's request, and it does not have the key.
    assert_eq!(bobs.approve(&first, &number).good(), json!({ "result": "over" }));
    let own = bobs.phone.id.clone();
    bobs.phone.id.clone_from(&device.phone.id);
    bobs.approve(&first, &number).refused(401, "signature");
    bobs.phone.id = own;
    // By the device's key alone, without the seed that a PIN opens.
    let by_key = json!({ "push": first["id"], "decision": "approve", "number": number, "proof": "A".repeat(43) });
    device.say("push/answer", by_key).refused(422, "wrong_mac");
    // With a clock that is off.
    device.ahead += 62;
    device.approve(&first, &number).refused(401, "clock");
    device.ahead -= 62;

    let approval = device.approval(&first, &number);
    assert_eq!(device.send(&approval).good(), json!({ "result": "approved" }));
    device.send(&approval).refused(409, "sequence");
    assert_eq!(device.approve(&first, &number).good(), json!({ "result": "over" }));
    let page = home.step(&mut alice);
    assert_eq!(alice.press(&page, "finish").url, home.url("wiki", "/"));

    // For another request.
    kept.ahead(11);
    device.ahead = 11;
    let (mut again, page) = at_passcode(&home, "alice");
    let page = asking(&mut again, &page);
    let second = device.pending().remove(0);
    let said: Value = serde_json::from_slice(&approval.body).unwrap();
    let moved = json!({ "push": second["id"], "decision": "approve", "number": number, "proof": said["proof"] });
    device.say("push/answer", moved).refused(422, "wrong_mac");
    assert_eq!(device.approve(&second, &page.shown_number()).good(), json!({ "result": "approved" }));
    // What was approved and is not taken goes nowhere else.
    assert_eq!(kept.sql("SELECT COUNT(*) FROM push_request WHERE state = 'approved'"), "1");
}

/// PU-04.
#[test]
fn only_the_browser_that_asked_gets_on_and_nobody_after_a_cancel_or_the_end() {
    let kept = Kept::new();
    let gateway = kept.timed_demo_with_authenticator();
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let (mut asks, page) = at_passcode(&home, "alice");
    let (mut thief, other) = at_passcode(&home, "alice");
    let page = asking(&mut asks, &page);
    let push = device.pending().remove(0);
    assert_eq!(device.approve(&push, &page.shown_number()).good(), json!({ "result": "approved" }));
    for _ in 0..2 {
        let stays = thief.post_elsewhere(&other, "/signin/push/finish", &[("finish", "yes")]);
        stays.is_at(Stage::Passcode);
        assert!(!stays.live().contains("approved"), "{}", stays.words());
        is_outside(&home, &mut thief);
    }
    let form = page.form("flow");
    let stolen = [("flow", form.fields["flow"].as_str()), ("finish", "yes")];
    thief.post_elsewhere(&other, "/signin/push/finish", &stolen);
    is_outside(&home, &mut thief);
    let page = home.step(&mut asks);
    assert_eq!(asks.press(&page, "finish").url, home.url("wiki", "/"));

    // Withdrawn.
    kept.ahead(11);
    device.ahead = 11;
    let (mut asks, page) = at_passcode(&home, "alice");
    let page = asking(&mut asks, &page);
    let (push, number) = (device.pending().remove(0), page.shown_number());
    let page = asks.press(&page, "cancel");
    assert!(device.pending().is_empty());
    assert_eq!(device.approve(&push, &number).good(), json!({ "result": "over" }));
    asks.post_elsewhere(&page, "/signin/push/finish", &[("finish", "yes")]).is_at(Stage::Passcode);
    is_outside(&home, &mut asks);

    // Past its end.
    kept.ahead(22);
    device.ahead = 22;
    let (mut asks, page) = at_passcode(&home, "alice");
    let page = asking(&mut asks, &page);
    let (push, number) = (device.pending().remove(0), page.shown_number());
    kept.ahead(22 + 121);
    device.ahead = 22 + 121;
    assert_eq!(device.approve(&push, &number).good(), json!({ "result": "over" }));
    let page = home.step(&mut asks);
    page.says("The request was not answered in time");
    asks.post_elsewhere(&page, "/signin/push/finish", &[("finish", "yes")]).is_at(Stage::Passcode);
    is_outside(&home, &mut asks);
    assert_eq!(count(&kept.records(), "PUSH_APPROVED"), 1);
}

/// A device's token is of one virtual server, whatever address it calls.
#[test]
fn a_token_of_another_virtual_server_is_not_found() {
    let mut installation = site(Database::Sqlite);
    let upstream = installation.upstreams["wiki"];
    std::fs::create_dir(installation.path("policies-other")).unwrap();
    let policy =
        "@id(\"other\") permit(principal, action, resource) when { context.authn.password && context.authn.otp };";
    std::fs::write(installation.path("policies-other").join("wiki.cedar"), policy).unwrap();
    let other = format!(
        "[virtual_server.other]\nname = \"Elsewhere\"\nportal = \"https://login2.example.test\"\npolicies = \"policies-other\"\n\
         authenticator = \"https://authenticator2.example.test\"\n\n[virtual_server.other.apps.wiki]\nname = \"The other wiki\"\n\
         url = \"https://wiki2.example.test\"\nupstream = \"http://127.0.0.1:{upstream}\"\n\n[virtual_server.default]\n"
    );
    installation.instead.push(("[virtual_server.default]\n".to_owned(), other));
    let served = installation.serve();
    let home = Home::site(&served);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let id = device.phone.id.clone();
    device.say("token", json!({})).good();
    let body = json!({ "id": id }).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-Proto", "https")];
    let there = |name: &str, path: &str, body: &str| {
        crate::world::exchange(served.gateway.port, "POST", name, path, &headers, body.as_bytes())
    };
    for (path, body) in [("token", body.clone()), ("push/pending", json!({ "id": id, "wait": 0 }).to_string())] {
        let path = format!("/a/v1/{path}");
        let answer = there("authenticator2.example.test", &path, &body);
        assert_eq!((answer.status, answer.text().as_str()), (404, "{\"error\":\"not_found\"}"));
        // Here it is there, and signed by nobody.
        assert_eq!(there("authenticator.example.test", &path, &body).status, 401);
    }
    // A call to one is none to the other: the address is signed.
    let request = device.phone.request("token", json!({}), device.now());
    let mut all: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    all.push(("X-Forwarded-Proto", "https"));
    let port = served.gateway.port;
    let answer =
        crate::world::exchange(port, "POST", "authenticator2.example.test", "/a/v1/token", &all, &request.body);
    assert_eq!(answer.status, 404, "{}", answer.text());
    let unknown = json!({ "id": "nobody" }).to_string();
    assert_eq!(there("authenticator.example.test", "/a/v1/token", &unknown).text(), answer.text(), "and is told alike");
}

#[test]
fn what_is_no_call_is_refused_and_harms_nobody() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let (mut device, _) = home.enrolled(&mut home.visitor(), "alice", PIN);
    let id = device.phone.id.clone();
    let json_body = [("Content-Type", "application/json")];
    let deep = format!("{}{}", "[".repeat(8000), "]".repeat(8000));
    let nested = format!("{{\"id\":{}1{}}}", "{\"a\":".repeat(2000), "}".repeat(2000));
    let twice = format!("{{\"id\":\"{id}\",\"id\":\"{id}\"}}");
    let more = format!("{{\"id\":\"{id}\",\"admin\":true}}");
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(10_000));
    let garbage: Vec<&[u8]> = vec![
        b"",
        b"null",
        b"[]",
        b"{",
        b"\"\"",
        b"1e999",
        b"{\"id\":1}",
        b"{\"id\":null}",
        b"{\"id\":\"\"}",
        b"\xff\xfe{}",
        b"{\"id\":\"\\ud800\"}",
        b"{\"id\":\"a\\u0000b\"}",
        deep.as_bytes(),
        nested.as_bytes(),
        twice.as_bytes(),
        more.as_bytes(),
        long.as_bytes(),
    ];
    let calls = [
        "activate/begin",
        "activate/status",
        "activate/handoff",
        "activate/finish",
        "pin/register",
        "pin/unlock/1",
        "pin/unlock/2",
        "pin/unlock/failed",
        "pin/change",
        "bio/register",
        "bio/challenge",
        "bio/assert",
        "push/subscription",
        "push/pending",
        "push/answer",
        "token",
        "token/release",
        "here",
    ];
    for call in calls {
        let path = format!("/a/v1/{call}");
        for body in &garbage {
            let answer = home.knock("POST", &path, &json_body, body);
            let said = String::from_utf8_lossy(body).chars().take(60).collect::<String>();
            assert!([400, 401, 404].contains(&answer.status), "{call} {said}: {} {}", answer.status, answer.text());
            assert_eq!(answer.header("content-type"), Some("application/json"), "{call} {said}");
        }
        let body = format!("{{\"id\":\"{id}\"{}}}", " ".repeat(17 * 1024));
        assert_eq!(home.knock("POST", &path, &json_body, body.as_bytes()).status, 413, "{call}");
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let status = home.knock(method, &path, &json_body, b"").status;
            assert!([404, 405].contains(&status), "{method} {call}: {status}");
        }
    }
    let body = json!({ "id": id }).to_string();
    for headers in [
        &[][..],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/x-www-form-urlencoded")],
        &[("Content-Type", "application/json-seq")],
    ] {
        assert_eq!(home.knock("POST", "/a/v1/token", headers, body.as_bytes()).status, 415, "{headers:?}");
    }
    for origin in ["https://evil.example", "null", &home.url("login", ""), &home.url("wiki", "")] {
        let headers = [json_body[0], ("Origin", origin)];
        let answer = home.knock("POST", "/a/v1/token", &headers, body.as_bytes());
        assert_eq!((answer.status, answer.text().as_str()), (403, "{\"error\":\"not_allowed\"}"), "{origin}");
    }
    let own = home.url("authenticator", "");
    let headers = [json_body[0], ("Origin", own.as_str())];
    assert_eq!(home.knock("POST", "/a/v1/token", &headers, body.as_bytes()).status, 401, "its own page may call");
    for unknown in ["/a/v1/", "/a/v1/nothing", "/a/v1/token/", "/a/v1//token", "/a/v1/token%2frelease"] {
        let status = home.knock("POST", unknown, &json_body, body.as_bytes()).status;
        assert!([400, 404, 405].contains(&status), "{unknown}: {status}");
    }
    assert_eq!(device.state(), "active");
    assert_eq!(device.unlock(PIN).good(), json!({}));
}

#[test]
fn the_authenticators_host_is_of_the_authenticator_alone() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let mut device = home.device();
    device.begin(&page.activation().link).good();
    home.judge(&mut alice, &device, true);
    let finished = device.finish(Some(PIN));
    let page = home.after_activation(&mut alice);
    alice.type_passcode(&page, &device.passcode());

    // One cookie there is, and it tells only what this browser once had.
    let [cookie] = &finished.cookies[..] else { panic!("{:?}", finished.cookies) };
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/"), "{cookie}");
    let value = cookie.split(';').next().unwrap();
    let headers = [("Content-Type", "application/json"), ("Cookie", value)];
    let here: Value = serde_json::from_slice(&home.knock("POST", "/a/v1/here", &headers, b"{}").body).unwrap();
    assert_eq!(here["known"][0]["account"], "alice");
    let forged = [("Content-Type", "application/json"), ("Cookie", "doorward_authenticator=AAAA")];
    assert_eq!(home.knock("POST", "/a/v1/here", &forged, b"{}").text(), "{\"known\":[]}");

    // Whoever is signed in is nobody here, and no page of the portal or of an application is here.
    let session = alice.jar["login.localhost"].iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    let cookies = [("Cookie", session.as_str())];
    for path in [
        "/signin",
        "/signin/step",
        "/signin/passcode",
        "/enrol/device",
        "/own",
        "/authenticators",
        "/signout",
        "/notice/x",
        "/.doorward/enter?ticket=x",
        "/.doorward/p/push",
        "/api/v1/users",
        "/page",
        "/wiki",
        "/a/v1/token",
        "/healthz",
    ] {
        let answer = home.knock("GET", path, &cookies, b"");
        assert!([404, 405].contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.header("set-cookie").is_none(), "{path}");
        let form = [("Content-Type", "application/x-www-form-urlencoded"), cookies[0]];
        let answer = home.knock("POST", path, &form, b"a=b");
        assert!(answer.status >= 400 && answer.header("set-cookie").is_none(), "POST {path}: {}", answer.status);
    }
    for path in ["/", "/a", "/a/", "/a/sw.js", "/a/manifest.webmanifest"] {
        let answer = home.knock("GET", path, &cookies, b"");
        assert!([200, 303].contains(&answer.status) && answer.header("set-cookie").is_none(), "{path}");
    }
    let app = home.knock("GET", "/a/", &[], b"");
    let policy = app.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");

    // Nor is the app, or what it calls, on any other host.
    let host = |name: &str| format!("{name}.localhost:{}", gateway.port);
    let ask = |name: &str, method: &str, path: &str| {
        let headers = [("Content-Type", "application/json")];
        crate::world::exchange(gateway.port, method, &host(name), path, &headers, b"{}")
    };
    for path in ["/a/", "/a/main.js", "/a/sw.js"] {
        assert_eq!(ask("login", "GET", path).status, 404, "{path}");
    }
    assert_eq!(ask("login", "POST", "/a/v1/here").status, 404);
    assert!(!ask("public", "GET", "/a/").text().contains("Doorward Authenticator"));
    assert_ne!(ask("wiki", "POST", "/a/v1/here").status, 200);
}
