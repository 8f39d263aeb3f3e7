//! A passcode opens once, in its time, and says nothing to a stranger.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Answer, Database, Gateway, Installation, Page, Phone, Stage, Visitor, words};

/// What time it is for an authenticator.
#[expect(clippy::disallowed_methods, reason = "an authenticator has a clock of its own")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits for the beginning of one of the authenticator's steps of 30 seconds, so that what follows lies in that one. Its time.
fn new_step() -> u64 {
    loop {
        let now = seconds();
        if now % 30 < 3 {
            return now;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The passcode so many steps from the one in which `at` lies.
fn passcode(phone: &Phone, at: u64, steps: i64) -> String {
    phone.passcode_at(&format!("@{}", at.checked_add_signed(steps * 30).unwrap()))
}

/// Refused, still outside.
#[track_caller]
fn refused(page: &Page, why: &str) {
    page.is_at(Stage::Passcode);
    page.says(why);
}

const USED: &str = "This passcode has already been used.";
const WRONG: &str = "Not accepted.";
const NEXT: &str = "Type the very next passcode";

/// OT-01.
#[test]
fn a_passcode_opens_once_in_every_session_and_on_every_way() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let gateway = &served.gateway;
    let (wiki, intranet) = (served.url("wiki", "/"), served.url("intranet", "/"));
    // Two others have come as far as the password, one to the wiki, one to the intranet only.
    let mut second = served.proxied_visitor();
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(gateway, &mut alice, "alice", &wiki);
    let at = new_step();
    let first = passcode(&phone, at, 0);
    let page = alice.press(&page, "continue");
    let page = alice.type_passcode(&page, &first);
    assert_eq!(page.url, wiki);

    let page = second.sign_in(gateway, "alice", &wiki);
    refused(&second.type_passcode(&page, &first), USED);
    let mut third = served.proxied_visitor();
    let page = third.sign_in(gateway, "alice", &intranet);
    assert_eq!(page.url, intranet, "a password is enough there");
    let step_up = third.get(&wiki);
    step_up.is_at(Stage::Passcode);
    refused(&third.type_passcode(&step_up, &first), USED);
    assert_eq!(third.once("GET", &wiki, &[], None).status, 303);

    // The next one opens for whoever comes first, and for nobody after.
    let next = passcode(&phone, at, 1);
    let step_up = third.get(&served.url("login", "/signin/step"));
    assert_eq!(third.type_passcode(&step_up, &next).url, wiki);
    let page = second.get(&served.url("login", "/signin/step"));
    refused(&second.type_passcode(&page, &next), USED);
    refused(&second.type_passcode(&page, &first), USED);
    assert_eq!(second.once("GET", &wiki, &[], None).status, 303);

    let output = installation.command(&["audit", "export"], &[], "");
    let told = words(&output);
    assert_eq!(told.matches("PASSCODE_REUSED").count(), 4, "each is on record: {told}");
    for code in [&first, &next] {
        assert!(!told.contains(&format!("\"{code}\"")), "and no passcode is");
    }
}

/// OT-01, of login and then step-up.
#[test]
fn a_step_up_takes_a_new_passcode() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().to_str().unwrap();
    for name in ["wiki", "intranet", "public"] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../policies/default/{name}.cedar"));
        let text = std::fs::read_to_string(from).unwrap();
        // A passcode of the last two seconds, instead of five minutes.
        std::fs::write(folder.path().join(format!("{name}.cedar")), text.replace("age.otp <= 300", "age.otp <= 2"))
            .unwrap();
    }
    let gateway = Gateway::demo_with(&["--policies", policies], &[]);
    let mut alice = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &gateway.url("wiki", "/"));
    let at = new_step();
    let page = alice.press(&page, "continue");
    assert_eq!(alice.type_passcode(&page, &passcode(&phone, at, 0)).url, gateway.url("wiki", "/"));
    let admin = gateway.url("wiki", "/admin?tab=2");
    let mut page = alice.get(&admin);
    while page.stage() != Stage::Passcode {
        assert_eq!(page.url, admin, "admitted while the passcode is fresh");
        std::thread::sleep(Duration::from_millis(300));
        page = alice.get(&admin);
    }
    assert!(
        alice.get(&gateway.url("wiki", "/")).words().contains("GET / HTTP/1.1"),
        "the rest of the wiki is open still"
    );
    refused(&alice.type_passcode(&page, &passcode(&phone, at, 0)), USED);
    let page = alice.type_passcode(&page, &passcode(&phone, at, 1));
    assert_eq!(page.url, admin);
    page.says("GET /admin?tab=2 HTTP/1.1");
}

/// OT-02.
#[test]
fn another_spelling_of_a_used_passcode_is_the_same_passcode() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &wiki);
    let at = new_step();
    let code = passcode(&phone, at, 0);
    let page = alice.press(&page, "continue");
    alice.type_passcode(&page, &code);
    let full_width =
        |code: &str| code.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0xff10).unwrap()).collect::<String>();
    let arabic =
        |code: &str| code.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0x660).unwrap()).collect::<String>();
    let spaced = |code: &str| format!("{} {}", &code[..3], &code[3..]);
    let mut other = gateway.visitor();
    let page = other.sign_in(&gateway, "alice", &wiki);
    for spelling in [
        spaced(&code),
        format!(" {code}"),
        format!("{code}\r\n"),
        format!("{code}\t"),
        format!("\u{a0}{code}"),
        full_width(&code),
        arabic(&code),
        format!("{}{}", full_width(&code[..1]), &code[1..]),
    ] {
        refused(&other.type_passcode(&page, &spelling), USED);
    }
    // A new one is taken as people type it, and is used then, however it is typed.
    let next = passcode(&phone, at, 1);
    let landed = other.type_passcode(&page, &format!(" {}\n", full_width(&spaced(&next).replace(' ', ""))));
    assert_eq!(landed.url, wiki);
    let mut third = gateway.visitor();
    let page = third.sign_in(&gateway, "alice", &wiki);
    refused(&third.type_passcode(&page, &next), USED);
    // What is no passcode does not become one by leaving something out.
    for no_spelling in ["+#", "0#", "#\0", "#.0", "-#"] {
        refused(&third.type_passcode(&page, &no_spelling.replace('#', &next)), WRONG);
    }
}

/// OT-03.
#[test]
fn a_passcode_is_good_one_step_around_its_own_and_never_before_the_last() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let mut bob = gateway.visitor();
    let (page_of_bob, phone_of_bob) = as_far_as_the_secret(&gateway, &mut bob, "bob", &wiki);
    let page_of_bob = bob.press(&page_of_bob, "continue");
    let mut alice = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &wiki);
    let page = alice.press(&page, "continue");
    let mut others: Vec<Visitor> = (0..3).map(|_| gateway.visitor()).collect();
    let at = new_step();
    // A first passcode may be of the step before; the one before that is too old, and the one after the next too young.
    for steps in [-2, 2] {
        refused(&bob.type_passcode(&page_of_bob, &passcode(&phone_of_bob, at, steps)), WRONG);
        refused(&alice.type_passcode(&page, &passcode(&phone, at, steps)), WRONG);
    }
    assert_eq!(bob.type_passcode(&page_of_bob, &passcode(&phone_of_bob, at, -1)).url, wiki);
    assert_eq!(alice.type_passcode(&page, &passcode(&phone, at, 0)).url, wiki);
    let mut pages = Vec::new();
    for other in &mut others {
        pages.push(other.sign_in(&gateway, "alice", &wiki));
    }
    for (steps, why) in [(-2, USED), (-1, USED), (0, USED), (2, NEXT)] {
        refused(&others[0].type_passcode(&pages[0], &passcode(&phone, at, steps)), why);
    }
    assert_eq!(others[0].type_passcode(&pages[0], &passcode(&phone, at, 1)).url, wiki);
    // The one of this very moment is older than that.
    for steps in [-2, -1, 0, 1] {
        others[1].type_passcode(&pages[1], &passcode(&phone, at, steps)).is_at(Stage::Passcode);
        assert_eq!(others[1].once("GET", &wiki, &[], None).status, 303, "step {steps}");
    }
    assert_eq!(seconds() / 30, at / 30, "all that was within one step");
}

/// OT-05.
#[test]
fn nine_wrong_passcodes_in_a_row_are_permitted_over_all_browsers_and_the_tenth_locks() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let (_, phone) = through_the_door(&gateway, &mut gateway.visitor(), "alice", &wiki);
    let mut guessers: Vec<Visitor> = (0..2).map(|_| gateway.visitor()).collect();
    let pages: Vec<Page> = guessers.iter_mut().map(|guesser| guesser.sign_in(&gateway, "alice", &wiki)).collect();
    for nth in 1..=10 {
        let page = guessers[nth % 2].type_passcode(&pages[nth % 2], "12345");
        page.is_at(Stage::Passcode);
        assert_eq!(
            page.words().contains("Too many failed tries."),
            nth == 10,
            "wrong passcode {nth}: {}",
            page.words()
        );
    }
    for (guesser, page) in guessers.iter_mut().zip(&pages) {
        guesser.type_passcode(page, &phone.passcode_at("+30 seconds")).says("Too many failed tries.");
        assert_eq!(guesser.once("GET", &wiki, &[], None).status, 303);
    }
    // A stranger to the password never gets there, so only who knows it can lock the token; and bob's is another.
    let (page, _) = through_the_door(&gateway, &mut gateway.visitor(), "bob", &wiki);
    assert_eq!(page.url, wiki);
}

/// Who is known of in this world, all with names of five letters: what the name is must make no difference.
const NAMES: [&str; 7] = ["alice", "bobby", "carol", "davey", "erica", "fritz", "nobod"];

/// alice may enrol; bobby has an authenticator; carol has no address; davey is switched off; erica's is suspended; fritz is in
/// no group of those that may enrol; nobod is nobody.
fn all_kinds_of_users() -> Installation {
    let installation = Installation::new(Database::Sqlite);
    for name in &NAMES[..6] {
        let email = format!("{name}@example.test");
        let group = if *name == "fritz" { "guests" } else { "staff" };
        installation.add_user(name, (*name != "carol").then_some(&email), &[group]);
    }
    let staff = installation.sql("SELECT id FROM user_group WHERE name = 'staff'");
    installation.sql(&format!(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) VALUES ('default', 'self_provisioning', \
         '{{\"target_users\":{{\"mode\":\"only_groups\",\"groups\":[\"{}\"]}},\"windows_link\":\"store\",\
         \"installer_url\":null}}', 1, 0)",
        staff.trim()
    ));
    installation
}

/// Gives bobby and erica their authenticators, and takes erica's and davey away again.
fn settle(installation: &Installation, wiki: &str, served: &crate::world::Served) {
    for name in ["bobby", "erica"] {
        let (page, _) = through_the_door(&served.gateway, &mut served.proxied_visitor(), name, wiki);
        assert_eq!(page.url, wiki);
    }
    installation.sql(
        "UPDATE credential SET state = 'suspended' WHERE user_id = (SELECT id FROM user_account WHERE name = 'erica')",
    );
    let output = installation.command(&["user", "disable"], &["davey"], "");
    assert!(output.status.success(), "{}", words(&output));
}

/// All of an answer but what is random or a time of day.
fn masked(answer: &Answer, name: &str, page: Option<&Page>) -> String {
    let mut text = format!("{}\n", answer.status);
    for (field, value) in &answer.headers {
        let value = match field.to_ascii_lowercase().as_str() {
            "date" | "x-request-id" => "…".to_owned(),
            "set-cookie" => value
                .split_once('=')
                .map(|(n, v)| format!("{n}=…{}", v.split_once(';').map_or("", |(_, a)| a)))
                .unwrap(),
            _ => value.clone(),
        };
        text.push_str(&format!("{field}: {value}\n"));
    }
    text.push_str(&answer.text());
    let mut random: Vec<String> = Vec::new();
    if let Some(form) = page.and_then(|page| page.try_form("csrf")) {
        random.extend(
            ["csrf", "flow", "nonce", "return"]
                .iter()
                .filter_map(|field| form.fields.get(*field))
                .filter(|v| !v.is_empty())
                .cloned(),
        );
    }
    if let Some(form) = page.and_then(|page| page.try_form("flow")) {
        random.extend(["csrf", "flow", "nonce", "return"].iter().filter_map(|field| form.fields.get(*field)).cloned());
    }
    for value in random {
        text = text.replace(&value, "…");
    }
    without_times(&text.replace(name, "NAMED"))
}

/// Byte for byte; if not, the first lines that differ.
#[track_caller]
fn same(one: &str, other: &str, what: &str) {
    let differ = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert!(one == other, "{what}: {differ:?}");
}

/// `14:32` and `14:32:05.120` become `…`.
fn without_times(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let time = |at: usize| {
        let digit = |i: usize| chars.get(at + i).is_some_and(char::is_ascii_digit);
        digit(0) && digit(1) && chars.get(at + 2) == Some(&':') && digit(3) && digit(4)
    };
    let mut masked = String::new();
    let mut at = 0;
    while at < chars.len() {
        if time(at) {
            masked.push('…');
            at += 5;
            // Seconds, where a machine reads it.
            while chars.get(at).is_some_and(|c| c.is_ascii_digit() || [':', '.'].contains(c)) {
                at += 1;
            }
        } else {
            masked.push(chars[at]);
            at += 1;
        }
    }
    masked
}

/// Sends a form and notes the very answer and the page that it leads to.
fn note(
    visitor: &mut Visitor,
    page: &Page,
    field: &str,
    value: &str,
    name: &str,
    notes: &mut Vec<String>,
    step: &str,
) -> Page {
    let form = page.form(field);
    notes.push(masked(&visitor.post_once(page, &form, &[(field, value)]), name, None));
    let next = visitor.get(step);
    notes.push(masked(&next.answer, name, Some(&next)));
    next
}

#[test]
fn a_wrong_password_tells_nothing_of_whose_it_is_not() {
    let installation = all_kinds_of_users();
    let served = installation.serve();
    let wiki = served.url("wiki", "/page?x=1");
    let step = served.url("login", "/signin/step");
    settle(&installation, &wiki, &served);
    let stories: Vec<Vec<String>> = std::thread::scope(|scope| {
        let all: Vec<_> = NAMES
            .iter()
            .map(|name| {
                let mut visitor = served.proxied_visitor();
                let (wiki, step) = (&wiki, &step);
                scope.spawn(move || {
                    let mut notes = Vec::new();
                    let page = visitor.get(wiki);
                    let mut page = note(&mut visitor, &page, "username", name, name, &mut notes, step);
                    // Three are permitted, the fourth locks, and then not even the right one is looked at.
                    for _ in 0..5 {
                        page = note(&mut visitor, &page, "password", "not the password", name, &mut notes, step);
                        page.is_at(Stage::Password);
                    }
                    page.says("Too many failed tries with this account.");
                    notes
                })
            })
            .collect();
        all.into_iter().map(|story| story.join().unwrap()).collect()
    });
    for (name, story) in NAMES.iter().zip(&stories) {
        for (at, (one, other)) in stories[0].iter().zip(story).enumerate() {
            same(one, other, &format!("answer {at} to {name}"));
        }
        assert_eq!(stories[0].len(), story.len());
    }
    assert!(stories[0][3].contains("That user name or password isn’t right."), "{}", stories[0][3]);
    let mut alice = served.proxied_visitor();
    let page = alice.sign_in(&served.gateway, "alice", &wiki);
    page.is_at(Stage::Password);
    page.says("Too many failed tries with this account.");
}

#[test]
fn without_a_password_only_somebody_who_may_enrol_looks_different() {
    let installation = all_kinds_of_users();
    let only = "permit (principal is User, action, resource == Application::\"wiki\") when { context.authn.otp };";
    let before = installation.serve();
    let wiki = before.url("wiki", "/");
    settle(&installation, &wiki, &before);
    drop(before);
    installation.write("policies/wiki.cedar", &format!("@id(\"wiki\")\n{only}\n"));
    let served = installation.serve();
    let step = served.url("login", "/signin/step");
    let mut stories = Vec::new();
    for name in ["bobby", "davey", "erica", "fritz", "nobod"] {
        let mut visitor = served.proxied_visitor();
        let mut notes = Vec::new();
        let page = visitor.get(&wiki);
        let page = note(&mut visitor, &page, "username", name, name, &mut notes, &step);
        page.is_at(Stage::Passcode);
        page.says_not("suspended");
        let page = note(&mut visitor, &page, "otp", "000000", name, &mut notes, &step);
        refused(&page, WRONG);
        stories.push((name, notes));
    }
    for (name, story) in &stories {
        for (at, (one, other)) in stories[0].1.iter().zip(story).enumerate() {
            same(one, other, &format!("answer {at} to {name}"));
        }
    }
    for name in ["alice", "carol"] {
        let mut visitor = served.proxied_visitor();
        let page = visitor.get(&wiki);
        let page = visitor.submit(&page, "username", &[("username", name)]);
        page.is_at(Stage::Offer);
        page.says_not("***@");
    }
    // And it works: the emailed code and the passcode are all that is asked for.
    let mut alice = served.proxied_visitor();
    let page = alice.get(&wiki);
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    let page = alice.press(&page, "add_authenticator");
    page.says_not("***@");
    let page = alice.type_code(&page, &served.gateway.mail_to("alice@example.test").code());
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    assert_eq!(alice.finish(&page, &phone).url, wiki);
}

#[test]
fn a_first_passcode_that_is_wrong_costs_nothing_but_a_try() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &wiki);
    let page = alice.press(&page, "continue");
    for _ in 0..3 {
        refused(&alice.type_passcode(&page, "000000"), WRONG);
    }
    refused(&alice.type_passcode(&page, ""), "Enter the passcode.");
    assert_eq!(alice.once("GET", &wiki, &[], None).status, 303);
    assert_eq!(alice.type_passcode(&page, &phone.passcode()).url, wiki);
}
