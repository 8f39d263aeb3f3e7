//! What operators set for tokens, with apps and terminals that nobody here wrote: PINs on the server, clicks instead of seconds,
//! eight digits, questions. How it is set is told elsewhere; here it is in the database.

use serde_json::{Value, json};

use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Database, Gateway, Installation, Page, Phone, Stage, Visitor, ask_peer, peer};

const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// A template as a new virtual server has it, but for these fields.
pub(crate) fn template(changes: &Value) -> Value {
    let mut template = json!({
        "mode": "quick_log", "length": 6, "synchronization": {"time": {"step": 30}}, "pin_type": "none",
        "pin_length": 4, "allow_trivial_pins": false, "max_pin_attempts": 5, "min_pin_complexity": "decimal",
        "allow_biometric_pin": false
    });
    for (field, value) in changes.as_object().unwrap() {
        template[field] = value.clone();
    }
    template
}

pub(crate) fn set(installation: &Installation, kind: &str, body: &Value) {
    set_in(|sql| installation.sql(sql), kind, body);
}

/// The same in any database.
pub(crate) fn set_in(sql: impl Fn(&str) -> String, kind: &str, body: &Value) {
    sql(&format!(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) VALUES ('default', '{kind}', '{body}', 1, 0) \
         ON CONFLICT (virtual_server, kind) DO UPDATE SET body = excluded.body, version = setting.version + 1"
    ));
}

/// Signs in as far as the passcode.
fn asked(gateway: &Gateway, visitor: &mut Visitor, user: &str, url: &str) -> Page {
    let page = visitor.sign_in(gateway, user, url);
    page.is_at(Stage::Passcode);
    page
}

/// The text of an element with this id.
fn text_of(page: &Page, id: &str) -> String {
    let html = page.html();
    let rest = html.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no {id} on {html}"));
    rest.split('>').nth(1).unwrap().split('<').next().unwrap().trim().to_owned()
}

#[test]
fn a_pin_on_the_server_is_typed_with_the_passcode_and_changed_at_its_first_use() {
    for database in BOTH {
        let installation = Installation::with_users(database);
        set(&installation, "token_template", &template(&json!({"pin_type": "server_side"})));
        let served = installation.serve();
        let (gateway, wiki) = (&served.gateway, served.url("wiki", "/"));
        let mut alice = served.proxied_visitor();
        let (page, phone) = as_far_as_the_secret(gateway, &mut alice, "alice", &wiki);
        let page = alice.press(&page, "continue");
        let pin = text_of(&page, "first-pin");
        assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()), "{pin:?}");
        let page = alice.type_passcode(&page, &phone.passcode());
        page.says("Not accepted");
        assert_eq!(text_of(&page, "first-pin"), pin, "it is still there to be read");
        let page = alice.type_passcode(&page, &format!("{pin}{}", phone.passcode()));
        page.says("Choose a new PIN");
        assert_eq!(alice.once("GET", &wiki, &[], None).status, 303, "nobody is in yet");

        let choose = |alice: &mut Visitor, page: &Page, pin: &str, again: &str| {
            alice.submit(page, "pin", &[("pin", pin), ("pin_again", again)])
        };
        let page = choose(&mut alice, &page, "2222", "2222");
        page.says("not one run");
        let page = choose(&mut alice, &page, "8432", "8423");
        page.says("not the same");
        let page = choose(&mut alice, &page, "8432", "8432");
        assert_eq!(page.url, wiki);

        let secrets = installation.dump();
        assert!(!secrets.contains("8432") || !secrets.contains("\"8432\""), "no PIN in the database");
        let mut again = served.proxied_visitor();
        let page = asked(gateway, &mut again, "alice", &wiki);
        page.says("Your PIN, followed at once by the 6 digits");
        let used = [phone.passcode()];
        let fresh = || loop {
            match phone.passcode_beside(&used) {
                Some(passcode) => break passcode,
                None => std::thread::sleep(std::time::Duration::from_millis(200)),
            }
        };
        let next = fresh();
        let page = again.type_passcode(&page, &format!("{next}8432"));
        page.is_at(Stage::Passcode);
        let page = again.type_passcode(&page, &format!("8432{next}"));
        assert_eq!(page.url, wiki, "{}", page.words());
    }
}

#[test]
fn a_token_of_clicks_is_looked_for_as_far_ahead_as_is_set_and_then_asked_for_the_next() {
    let installation = Installation::with_users(Database::Sqlite);
    set(&installation, "token_template", &template(&json!({"synchronization": {"event": {"look_ahead": 3}}})));
    let served = installation.serve();
    let (gateway, wiki) = (&served.gateway, served.url("wiki", "/"));
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(gateway, &mut alice, "alice", &wiki);
    assert!(page.link("otpauth://").contains("otpauth://hotp/"), "an app of clicks");
    page.says("another each time you ask for one");
    let page = alice.press(&page, "continue");
    let page = alice.type_passcode(&page, &phone.passcode_of(0, 6));
    assert_eq!(page.url, wiki);
    // R62: one, two, three ahead; the fourth is right, but only the one after it signs in.
    let type_anew = |counter: u64| {
        let mut visitor = served.proxied_visitor();
        let page = asked(gateway, &mut visitor, "alice", &wiki);
        let page = visitor.type_passcode(&page, &phone.passcode_of(counter, 6));
        (visitor, page)
    };
    let (_, page) = type_anew(3);
    assert_eq!(page.url, wiki, "three ahead");
    for spent in [0, 1, 2, 3] {
        let (_, page) = type_anew(spent);
        page.is_at(Stage::Passcode);
    }
    let (mut visitor, page) = type_anew(7);
    page.says("Type the very next passcode");
    let page = visitor.type_passcode(&page, &phone.passcode_of(8, 6));
    assert_eq!(page.url, wiki);
}

#[test]
fn eight_digits_a_minute_long_are_what_new_tokens_have_and_old_ones_do_not() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let (gateway, wiki) = (&served.gateway, served.url("wiki", "/"));
    let (_, of_alice) = through_the_door(gateway, &mut served.proxied_visitor(), "alice", &wiki);
    let longer = template(&json!({"length": 8, "synchronization": {"time": {"step": 60}}}));
    set(&installation, "token_template", &longer);
    let mut bob = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(gateway, &mut bob, "bob", &wiki);
    page.says("a passcode of 8 digits, a new one every 60 seconds");
    let page = bob.press(&page, "continue");
    let page = bob.type_passcode(&page, &phone.passcode_by(8, 60));
    assert_eq!(page.url, wiki);
    let mut alice = served.proxied_visitor();
    let page = asked(gateway, &mut alice, "alice", &wiki);
    page.says("6 digits");
    let used = [of_alice.passcode()];
    let passcode = loop {
        match of_alice.passcode_beside(&used) {
            Some(passcode) => break passcode,
            None => std::thread::sleep(std::time::Duration::from_millis(200)),
        }
    };
    assert_eq!(alice.type_passcode(&page, &passcode).url, wiki);
}

/// R59, decision B11.
#[test]
fn a_terminal_answers_the_question_that_the_page_asks() {
    let installation = Installation::with_users(Database::Sqlite);
    set(&installation, "token_template", &template(&json!({"mode": "challenge_response", "length": 8})));
    let served = installation.serve();
    let (gateway, wiki) = (&served.gateway, served.url("wiki", "/"));
    let answer = |phone: &Phone, page: &Page| -> String {
        let challenge = text_of(page, "challenge").replace(' ', "");
        let suite = "OCRA-1:HOTP-SHA1-8:QN08";
        ask_peer(peer("ocra.py").args([suite, &phone.secret, &challenge])).as_str().unwrap().to_owned()
    };
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(gateway, &mut alice, "alice", &wiki);
    page.says("OCRA-1:HOTP-SHA1-8:QN08");
    let page = alice.press(&page, "continue");
    let right = answer(&phone, &page);
    let page = alice.type_passcode(&page, &right);
    assert_eq!(page.url, wiki, "{}", page.words());

    let mut again = served.proxied_visitor();
    let page = asked(gateway, &mut again, "alice", &wiki);
    let first = text_of(&page, "challenge");
    let page = again.type_passcode(&page, &right);
    page.says("Not accepted");
    assert_ne!(text_of(&page, "challenge"), first, "a question is asked once");
    let page = again.type_passcode(&page, &answer(&phone, &page));
    assert_eq!(page.url, wiki);
}
