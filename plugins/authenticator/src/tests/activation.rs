//! Tickets and codes, check codes, second devices, the finish.

use super::*;
use crate::testing::encode;
use doorward_api::device::ActivationFailure;

const REFUSED_SECOND: DeviceSaid = DeviceSaid::ActivationRefused { reason: "second_device" };

#[test]
fn link_and_code_are_the_same_each_time_they_are_shown_and_gone_once_used() {
    let mut world = World::new(PLAIN);
    let (link, code, stage) = world.shown();
    assert_eq!(world.shown(), (link.clone(), code.clone(), stage.clone()));
    assert!(link.starts_with("https://authenticator.example.org/a/#v=1&i=tok3n&t="), "{link}");
    assert_eq!(link.len() - link.rfind('=').unwrap() - 1, 43);
    assert!(code.len() == 14 && code.split('-').all(|group| group.len() == 4), "{code}");
    assert_eq!(stage, ActivationStage::Waiting);
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    let found = ActivationStage::Found { device: "iPhone, Safari".into(), check: phone.check() };
    assert_eq!(world.shown(), (String::new(), String::new(), found));
    let kept = String::from_utf8(world.opened.expose().to_vec()).unwrap();
    assert!(
        !kept.contains(&link[link.len() - 43..]) && !kept.contains(&code.replace('-', "")),
        "nothing is left of them"
    );
}

#[test]
fn a_device_is_found_confirmed_set_up_and_in_use() {
    let mut world = World::new(PLAIN);
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    assert_eq!(world.said, [DeviceSaid::Found { device: facts() }]);
    assert_eq!(phone.check().len(), 4);
    assert_eq!(phone.welcome["portal"], "https://login.example.org");
    let status = |world: &mut World, phone: &Phone| {
        let status = phone.uncounted("activate/status", json!({}), world.now);
        let told = world.must(&status);
        assert!(!world.kept, "asking changes nothing");
        told["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&mut world, &phone), "claimed");
    assert!(world.confirm(true));
    assert!(!world.confirm(true), "it was said already");
    assert_eq!(status(&mut world, &phone), "confirmed");
    assert_eq!(world.stage(), ActivationStage::SettingUp { device: "iPhone, Safari".into() });
    let finish = phone.finish(None, false, world.now);
    let finished = world.must(&finish);
    assert!(phone.trusts(&finished));
    assert_eq!(world.said, [DeviceSaid::Activated { device: facts(), target: Target::Ios }]);
    assert_eq!(world.stage(), ActivationStage::Active { device: "iPhone, Safari".into() });
    assert_eq!(status(&mut world, &phone), "active");
    assert!(!world.confirm(false), "it is too late for that");
}

#[test]
fn a_typed_code_does_the_same() {
    let mut world = World::new(PLAIN);
    let (_, code, _) = world.shown();
    let mut phone = Phone::new(1, ORIGIN);
    let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    let begin = phone.begin_typed("alice", &typed, world.now);
    assert_eq!(world.device().addressee(&begin.call()).unwrap(), Addressee::IssuedTo("alice".into()));
    let (status, body) = world.raw(&begin);
    assert_eq!(status, 200);
    phone.took_begin(&body);
    world.confirm(true);
    let finish = phone.finish(None, false, world.now);
    let finished = world.must(&finish);
    assert!(phone.trusts(&finished));
}

#[test]
fn five_wrong_codes_void_the_code_and_nothing_else() {
    let mut world = World::new(PLAIN);
    let (link, code, _) = world.shown();
    let wrong_link = format!("{}{}", &link[..link.len() - 43], "A".repeat(43));
    for _ in 0..10 {
        let begin = Phone::new(2, ORIGIN).begin(&wrong_link, world.now);
        assert_eq!(world.refused(&begin), "not_found");
        assert!(!world.kept && world.said.is_empty());
    }
    for time in 1..=7 {
        assert_eq!(world.stage(), ActivationStage::Waiting, "before wrong code {time}");
        let begin = Phone::new(2, ORIGIN).begin_typed("alice", "0000-0000-0000", world.now);
        assert_eq!(world.refused(&begin), "not_found");
        let said = (time == 5).then_some(DeviceSaid::ActivationRefused { reason: "wrong_code" });
        assert_eq!(world.said, Vec::from_iter(said), "wrong code {time}");
    }
    let begin = Phone::new(3, ORIGIN).begin_typed("alice", &code, world.now);
    assert_eq!(world.refused(&begin), "not_found", "the right one is void too");
    // Whoever knows a name has typed them. Its owner scans.
    let mut phone = Phone::new(4, ORIGIN);
    world.begin(&mut phone);
    world.confirm(true);
    let finish = phone.finish(None, false, world.now);
    let finished = world.must(&finish);
    assert!(phone.trusts(&finished));
}

#[test]
fn a_ticket_is_good_for_ten_minutes_and_a_confirmed_device_has_ten_more() {
    for (after, expected) in [(600, 200), (601, 410)] {
        let mut world = World::new(PLAIN);
        let link = world.link();
        world.now += after;
        let begin = Phone::new(1, ORIGIN).begin(&link, world.now);
        assert_eq!(world.send(&begin).0, expected, "after {after} seconds");
    }
    for (confirm, after, expected) in [(false, 600, 409), (false, 601, 410), (true, 1200, 200), (true, 1201, 410)] {
        let mut world = World::new(PLAIN);
        let mut phone = Phone::new(1, ORIGIN);
        world.begin(&mut phone);
        confirm.then(|| world.confirm(true));
        world.now += after;
        let finish = phone.finish(None, false, world.now);
        assert_eq!(world.send(&finish).0, expected, "{confirm} {after}");
        if expected == 410 {
            assert_eq!(world.said, [DeviceSaid::ActivationRefused { reason: "expired" }]);
            let status = phone.uncounted("activate/status", json!({}), world.now);
            assert_eq!(world.must(&status), json!({ "state": "failed", "reason": "expired" }));
        }
    }
}

#[test]
fn the_same_key_is_answered_the_same_to_the_byte_until_the_token_is_in_use() {
    let mut world = World::new(PLAIN);
    let mut phone = Phone::new(1, ORIGIN);
    let begin = phone.begin(&world.link(), world.now);
    let (_, first) = world.raw(&begin);
    phone.took_begin(&first);
    world.now += 30;
    let again = phone.signed_with("activate/begin", begin.body.clone(), 0, world.now, "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(world.raw(&again), (200, first.clone()));
    assert!(!world.kept && world.said.is_empty());
    world.confirm(true);
    world.now += 620;
    let again = phone.signed_with("activate/begin", begin.body.clone(), 0, world.now, "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(world.raw(&again), (200, first), "confirmed, it may go on after ten minutes");
    let finish = phone.finish(None, false, world.now);
    world.must(&finish);
    let again = phone.signed_with("activate/begin", begin.body, 0, world.now, "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(world.refused(&again), "already_used");
}

#[test]
fn a_second_device_before_the_first_is_confirmed_ends_it_for_both() {
    let mut world = World::new(PLAIN);
    let link = world.link();
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    let second = Phone::new(2, ORIGIN).begin(&link, world.now);
    assert_eq!(world.refused(&second), "already_used");
    assert_eq!(world.said, [REFUSED_SECOND]);
    assert_eq!(world.stage(), ActivationStage::Failed(ActivationFailure::SecondDevice));
    let status = phone.uncounted("activate/status", json!({}), world.now);
    assert_eq!(world.must(&status), json!({ "state": "failed", "reason": "second_device" }));
    assert!(!world.confirm(true));
    let finish = phone.finish(None, false, world.now);
    assert_eq!(world.refused(&finish), "already_used");
    let third = Phone::new(3, ORIGIN).begin(&link, world.now);
    assert_eq!(world.refused(&third), "already_used");
}

#[test]
fn a_second_device_once_the_first_is_confirmed_is_turned_away_alone() {
    let mut world = World::new(PLAIN);
    let (link, code, _) = world.shown();
    let mut phone = world.confirmed();
    for begin in [Phone::new(2, ORIGIN).begin(&link, NOW), Phone::new(3, ORIGIN).begin_typed("alice", &code, NOW)] {
        assert_eq!(world.refused(&begin), "already_used");
        assert_eq!(world.said, [REFUSED_SECOND]);
        assert!(!world.kept);
    }
    let finish = phone.finish(None, false, world.now);
    world.must(&finish);
}

#[test]
fn somebody_without_the_ticket_can_do_an_activation_no_harm() {
    let mut world = World::new(PLAIN);
    let link = world.link();
    let wrong = format!("{}{}", &link[..link.len() - 43], "A".repeat(43));
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    for begin in
        [Phone::new(2, ORIGIN).begin(&wrong, NOW), Phone::new(3, ORIGIN).begin_typed("alice", "0000-0000-0000", NOW)]
    {
        assert_eq!(world.refused(&begin), "not_found");
        assert!(!world.kept && world.said.is_empty());
    }
    assert!(world.confirm(true));
    let mut forged = Phone::new(9, ORIGIN);
    forged.id = phone.id.clone();
    let status = forged.uncounted("activate/status", json!({}), NOW);
    assert_eq!(world.refused(&status), "signature");
}

#[test]
fn a_device_that_is_not_its_users_is_let_go() {
    for first in [false, true] {
        let mut world = World::new(PLAIN);
        let mut phone = Phone::new(1, ORIGIN);
        world.begin(&mut phone);
        first.then(|| world.confirm(true));
        assert!(world.confirm(false));
        assert_eq!(world.stage(), ActivationStage::Failed(ActivationFailure::NotMine));
        let status = phone.uncounted("activate/status", json!({}), world.now);
        assert_eq!(world.must(&status)["reason"], "not_mine");
        assert!(!String::from_utf8_lossy(world.opened.expose()).contains("seed"), "the seed is gone with it");
    }
    assert!(!World::new(PLAIN).confirm(true), "nobody has come yet");
}

#[test]
fn a_device_counts_as_the_platform_that_it_is() {
    for (os, form, target) in [
        ("ios", "tablet", Some(Target::Ios)),
        ("android", "phone", Some(Target::Android)),
        ("windows", "phone", Some(Target::WindowsMobile)),
        ("windows", "tablet", Some(Target::WindowsDesktop)),
        ("linux", "desktop", Some(Target::WindowsDesktop)),
        ("macos", "desktop", Some(Target::WindowsDesktop)),
        ("other", "phone", None),
        ("linux", "tablet", None),
    ] {
        let mut world = World::new(PLAIN);
        let mut phone = Phone::new(1, ORIGIN).called(os, form, "Thing");
        let begin = phone.begin(&world.link(), world.now);
        let (status, body) = world.raw(&begin);
        if let Some(target) = target {
            phone.took_begin(&body);
            world.confirm(true);
            let finish = phone.finish(None, false, world.now);
            world.must(&finish);
            assert!(
                matches!(&world.said[..], [DeviceSaid::Activated { target: real, .. }] if *real == target),
                "{os} {form}"
            );
        } else {
            assert_eq!(status, 403, "{os} {form}");
        }
    }
}

#[test]
fn a_device_of_a_platform_that_is_not_allowed_is_told_which_are() {
    let mut world = World::new(PLAIN);
    world.allowed = vec![Target::Android, Target::WindowsDesktop];
    let begin = Phone::new(1, ORIGIN).begin(&world.link(), world.now);
    let (status, body) = world.send(&begin);
    assert_eq!(
        (status, body),
        (403, json!({ "error": "target_not_allowed", "allowed": ["android", "windows-desktop"] }))
    );
    assert_eq!(world.said, [DeviceSaid::ActivationRefused { reason: "target_not_allowed" }]);
    assert_eq!(world.stage(), ActivationStage::Failed(ActivationFailure::TargetNotAllowed));
}

#[test]
fn a_platform_that_is_forbidden_while_a_device_is_set_up_is_not_let_in() {
    let mut world = World::new(PLAIN);
    let mut phone = world.confirmed();
    world.allowed = vec![Target::Android];
    let finish = phone.finish(None, false, world.now);
    assert_eq!(world.refused(&finish), "target_not_allowed");
    assert_eq!(world.stage(), ActivationStage::Failed(ActivationFailure::TargetNotAllowed));
}

#[test]
fn an_installed_app_starts_with_another_ticket_and_the_first_is_void() {
    let mut world = World::new(PLAIN);
    let first = world.link();
    let (front, ticket) = first.split_at(first.len() - 43);
    let handoff = |ticket: &str| {
        let body = serde_json::to_vec(&json!({ "id": "tok3n", "ticket": ticket })).unwrap();
        let target_uri = format!("{ORIGIN}/a/v1/activate/handoff");
        Request { name: "activate/handoff".into(), target_uri, headers: Vec::new(), body }
    };
    let given = world.must(&handoff(ticket));
    let second = given["ticket"].as_str().unwrap().to_owned();
    assert_eq!(world.refused(&handoff(ticket)), "not_found");
    let begin = Phone::new(1, ORIGIN).begin(&first, world.now);
    assert_eq!(world.refused(&begin), "not_found");
    let begin = Phone::new(2, ORIGIN).begin(&format!("{front}{second}"), world.now);
    assert_eq!(world.send(&begin).0, 200);
    assert_eq!(world.refused(&handoff(&second)), "already_used");
    let mut late = World::new(PLAIN);
    let link = late.link();
    late.now += 601;
    assert_eq!(late.refused(&handoff(&link[link.len() - 43..])), "expired");
}

#[test]
fn a_finish_that_was_carried_out_may_be_sent_again_and_no_other() {
    let mut world = World::new(PLAIN);
    let mut phone = world.confirmed();
    let fields = phone.finishing(None, false, world.now);
    let finish = phone.request("activate/finish", fields.clone(), world.now);
    let first = world.must(&finish);
    world.now += 300;
    let again = phone.request("activate/finish", fields, world.now);
    assert_eq!(world.must(&again), first);
    assert!(world.said.is_empty());
    let other = phone.finish(None, true, world.now);
    assert_eq!(world.refused(&other), "already_used");
}

#[test]
fn a_finish_must_show_the_same_seed_and_the_same_words() {
    let mut world = World::new(PLAIN);
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    let early = phone.finish(None, false, world.now);
    assert_eq!(world.refused(&early), "not_now", "nobody has confirmed it");
    world.confirm(true);
    let mut finish = |field: &str, value: Value| {
        let mut fields = phone.finishing(None, false, NOW);
        fields[field] = value;
        phone.request("activate/finish", fields, NOW)
    };
    let (wrong_mac, wrong_otp, late_otp) =
        (finish("mac", json!(encode(&[0; 32]))), finish("otp", json!("000000")), finish("otp", json!("")));
    assert_eq!(world.refused(&wrong_mac), "wrong_mac");
    assert_eq!(world.said, [DeviceSaid::ActivationRefused { reason: "wrong_mac" }]);
    assert_eq!(world.refused(&wrong_otp), "wrong_otp");
    assert_eq!(world.refused(&late_otp), "wrong_otp");
    let right = phone.finish(None, false, NOW);
    world.must(&right);
}

#[test]
fn a_pin_is_set_where_there_must_be_one_and_only_there() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.confirmed();
    let without = phone.finish(None, false, world.now);
    assert_eq!(world.refused(&without), "not_allowed");
    let mut garbage = phone.finishing(None, false, world.now);
    garbage["pin"] = json!(encode(&[1; 192]));
    let garbage = phone.request("activate/finish", garbage, world.now);
    assert_eq!(world.refused(&garbage), "malformed");
    let record = {
        let request = phone.register_pin("2580", world.now);
        let answer = world.must(&request);
        phone.took_registration("2580", &answer)
    };
    for pin in [PinType::None, PinType::ServerSide] {
        let mut world = World::new(Template { pin, ..PLAIN });
        let mut phone = world.confirmed();
        let register = phone.register_pin("2580", world.now);
        assert_eq!(world.refused(&register), "not_allowed");
        let mut fields = phone.finishing(None, false, world.now);
        fields["pin"] = json!(encode(&record));
        let finish = phone.request("activate/finish", fields, world.now);
        assert_eq!(world.refused(&finish), "not_allowed");
    }
}

#[test]
fn a_copy_of_a_device_that_is_being_set_up_lets_neither_in() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.confirmed();
    let mut copy = phone.clone();
    let register = phone.register_pin("2580", world.now);
    world.must(&register);
    let register = copy.register_pin("2580", world.now);
    assert_eq!(world.refused(&register), "already_used");
    assert_eq!(world.said, [REFUSED_SECOND]);
    assert_eq!(world.stage(), ActivationStage::Failed(ActivationFailure::SecondDevice));
}
