//! Our own authenticator beside what others have written: passcodes as independent apps and terminals reckon them, and what wakes
//! a device as independent browsers and push services read it.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::{Value, json};

use super::authenticator::{PIN, asking, at_passcode};
use super::authenticator_attacks::{site, subscription};
use super::token_policies::{set, template};
use crate::world::{
    Database, Device, Home, Installation, Kept, Page, Phone, PushService, Pushed, ask_peer, fresh, peer,
};

/// What RFC 8291's example has beside the keys of [`subscription`].
const PRIVATE_KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

fn sets(installation: &Installation, more: &Value) {
    let mut body = template(&json!({ "pin_type": "user_selected" }));
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    set(installation, "token_template", &body);
}

/// Enrolled; the first passcode is somebody else's doing.
fn enrolled(home: &Home<'_>, user: &str, passcode: impl Fn(&Device, &Phone, &Page) -> String) -> (Device, Phone) {
    let mut visitor = home.visitor();
    let page = home.issuing(&mut visitor, user);
    let mut device = home.device();
    let page = home.setting_up(&mut visitor, &page, &mut device, PIN);
    let app = Phone { secret: BASE32_NOPAD.encode(device.phone.seed()) };
    let passcode = passcode(&device, &app, &page);
    let page = visitor.type_passcode(&page, &passcode);
    assert_eq!(page.url, home.url("wiki", "/"), "{}", page.words());
    (device, app)
}

#[test]
fn a_devices_passcodes_are_those_of_others_apps() {
    let installation = site(Database::Sqlite);
    let served = installation.serve();
    let home = Home::site(&served);
    sets(&installation, &json!({ "length": 8, "synchronization": { "time": { "step": 60 } } }));
    let (mut device, app) = enrolled(&home, "alice", |_, app, _| app.passcode_by(8, 60));
    for seconds in [0, 59, 1_111_111_109, 20_000_000_000] {
        assert_eq!(device.phone.passcode(seconds), app.passcode_of(seconds / 60, 8));
    }
    sets(&installation, &json!({ "synchronization": { "event": { "look_ahead": 3 } } }));
    let (mut device, app) = enrolled(&home, "bob", |_, app, _| app.passcode_of(0, 6));
    let (mut again, page) = at_passcode(&home, "bob");
    assert_eq!(again.type_passcode(&page, &app.passcode_of(1, 6)).url, home.url("wiki", "/"));
    assert_eq!(device.phone.passcode(0), app.passcode_of(0, 6));
    device.release().good();

    sets(&installation, &json!({ "mode": "challenge_response", "length": 8 }));
    enrolled(&home, "bob", |device, app, page| {
        let question = page.text_of("challenge").replace(' ', "");
        let asked = ["OCRA-1:HOTP-SHA1-8:QN08", &app.secret, &question];
        let theirs = ask_peer(peer("ocra.py").args(asked)).as_str().unwrap().to_owned();
        assert_eq!(device.phone.answer_to(&question), theirs);
        theirs
    });
}

/// What a browser makes of a message, and a push service of its sender.
fn read(pushed: &Pushed) -> Value {
    let auth = subscription("")["auth"].as_str().unwrap().to_owned();
    let body = BASE64URL_NOPAD.encode(&pushed.body);
    ask_peer(peer("web_push.py").args([PRIVATE_KEY, &auth, &body, pushed.header("authorization")]))
}

/// F-37: the passcode stays whatever becomes of a push service.
#[test]
fn what_wakes_a_device_is_read_by_a_browser_and_names_its_sender_to_the_push_service() {
    let (kept, service) = (Kept::new(), PushService::start());
    let plugins = kept.path("plugins.toml");
    let text = format!(
        "[plugins.authenticator]\npush_services = [\"{}\"]\ncontact = \"mailto:ops@example.org\"\n",
        service.origin()
    );
    std::fs::write(&plugins, text).unwrap();
    let gateway = kept.demo_with_authenticator(&["--plugins", plugins.to_str().unwrap()], &[]);
    let home = Home::demo(&gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let mut device = home.device();
    let welcome = device.begin(&page.activation().link).good();
    home.judge(&mut alice, &device, true);
    let at = format!("{}/wpush/v2/of-alice", service.origin());
    device.finish_with(Some(PIN), Some(subscription(&at))).good();
    let page = home.after_activation(&mut alice);
    let page = asking(&mut alice, &page);
    page.says("A request was sent to your device");

    let pushed = service.next();
    assert_eq!(pushed.path, "/wpush/v2/of-alice");
    assert_eq!((pushed.header("content-encoding"), pushed.header("urgency")), ("aes128gcm", "high"));
    assert!((60..=120).contains(&pushed.header("ttl").parse::<u64>().unwrap()));
    assert!(pushed.header("topic").len() <= 32);
    let read_there = read(&pushed);
    let push = device.pending().remove(0);
    assert_eq!(read_there["key"], welcome["push"]["vapid"], "who the subscription was made for");
    assert_eq!((&read_there["head"]["alg"], &read_there["head"]["typ"]), (&json!("ES256"), &json!("JWT")));
    assert_eq!(read_there["claims"]["aud"], service.origin());
    assert_eq!(read_there["claims"]["sub"], "mailto:ops@example.org");
    let lasts = read_there["claims"]["exp"].as_u64().unwrap() - device.now();
    assert!(lasts <= 24 * 3600, "{lasts}");
    let navigate = home.url("authenticator", &format!("/a/?push={}", push["id"].as_str().unwrap()));
    let plain = json!({
        "web_push": 8030,
        "notification": { "title": "Doorward Demo", "navigate": navigate, "tag": push["id"] },
        "doorward": { "v": 1, "push": push["id"], "expires": push["expires"] },
    });
    assert_eq!(read_there["plain"], plain, "neither who nor where");
    assert_eq!(device.approve(&push, &page.shown_number()).good()["result"], "approved");
    let page = home.step(&mut alice);
    assert_eq!(alice.press(&page, "finish").url, home.url("wiki", "/"));

    // The subscription is gone: the device is found only while its app is open, and the passcode goes on.
    service.answers(410);
    std::thread::sleep(std::time::Duration::from_secs(10));
    let (mut alice, page) = at_passcode(&home, "alice");
    asking(&mut alice, &page);
    service.next();
    crate::world::until("the subscription is forgotten", || {
        device.say("token", json!({})).good()["push"]["subscribed"] == false
    });
    let page = home.step(&mut alice);
    page.says("Your device can’t be woken");
    assert_eq!(device.pending().len(), 1, "which waits there all the same");
    let passcode = fresh(&mut device, &[]);
    assert_eq!(alice.type_passcode(&page, &passcode).url, home.url("wiki", "/"));
}
