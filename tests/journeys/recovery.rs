//! Recovery codes: made with the phone at hand, typed without it, good once each, and the way to another phone.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use crate::journeys::api::{Olga, ask, read};
use crate::journeys::first_light::through_the_door;
use crate::journeys::token_policies::set;
use crate::world::{Database, Installation, Mail, Page, Phone, Served, Stage, Visitor, until, wrong};

const ALICE: &str = "alice@example.test";

/// An installation whose users may make recovery codes, and are told whom to call.
fn company(database: Database) -> Installation {
    let installation = Installation::with_users(database);
    let document = json!({
        "target_users": {"mode": "all"}, "windows_link": "store", "installer_url": null, "recovery_codes": true
    });
    set(&installation, "self_provisioning", &document);
    set(&installation, "appearance", &json!({"support": "Call 7007", "languages": [], "texts": {}}));
    installation
}

/// A passcode that is good and was not used.
fn fresh(phone: &Phone, used: &[String]) -> String {
    loop {
        match phone.passcode_beside(used) {
            Some(passcode) => return passcode,
            None => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// The codes on a page.
fn codes(page: &Page) -> Vec<String> {
    let in_group = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let is_group = |group: &str| group.len() == 4 && group.chars().all(in_group);
    let is_code = |word: &&str| word.matches('-').count() == 2 && word.split('-').all(is_group);
    page.words().split_whitespace().filter(is_code).map(str::to_owned).collect()
}

/// alice has enrolled, and makes ten codes at her own page.
fn enrols_and_makes_codes(served: &Served, alice: &mut Visitor) -> (Phone, Vec<String>) {
    let (_, phone) = through_the_door(&served.gateway, alice, "alice", &served.url("wiki", "/"));
    let used = [phone.passcode()];
    let page = alice.get(&served.url("login", "/authenticators"));
    page.says("You have none.");
    let form = alice.get(&served.url("login", &page.link("/recovery-codes")));
    let refused = alice.type_passcode(&form, &wrong(&used[0], 1));
    assert_eq!((refused.status(), codes(&refused)), (422, Vec::new()));
    refused.says("Not accepted.");
    let passcode = fresh(&phone, &used);
    let shown = alice.type_passcode(&refused, &passcode);
    let mut made = codes(&shown);
    assert_eq!((shown.status(), made.len()), (200, 10), "{}", shown.words());
    shown.says("They are not shown again.");
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 10, "no two are the same");
    // Her passcode is used up, and the codes are nowhere else.
    let again = alice.type_passcode(&refused, &passcode);
    again.says("This passcode has already been used.");
    let page = alice.get(&served.url("login", &shown.link("/authenticators")));
    page.says("10 of ten are left");
    for page in [again, page] {
        assert_eq!(codes(&page), [""; 0]);
    }
    (phone, made)
}

/// Another browser, through the password.
fn asked(served: &Served) -> (Visitor, Page) {
    let mut visitor = served.proxied_visitor();
    let page = visitor.sign_in(&served.gateway, "alice", &served.url("wiki", "/"));
    page.is_at(Stage::Passcode);
    page.says("You can type one of your recovery codes instead.");
    (visitor, page)
}

/// Of two browsers that type the same code in the same moment, how many get in.
fn both_at_once(served: &Served, code: &str) -> usize {
    let barrier = Barrier::new(2);
    let browsers = [asked(served), asked(served)];
    let wiki = served.url("wiki", "/");
    std::thread::scope(|scope| {
        let typed = browsers.map(|(mut visitor, page)| {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                visitor.type_passcode(&page, code).url
            })
        });
        typed.into_iter().map(|typed| typed.join().unwrap()).filter(|url| *url == wiki).count()
    })
}

/// Her mails about codes that were used, newest first.
fn told(installation: &Installation) -> Vec<Mail> {
    let mut mails = installation.mails();
    mails.retain(|mail| mail.to == ALICE && mail.subject.contains("recovery codes was used"));
    mails
}

/// The verification code that came last. Other mails may come after it.
fn verification_code(installation: &Installation) -> String {
    let alone = |line: &str| line.trim().len() == 6 && line.trim().bytes().all(|b| b.is_ascii_digit());
    let mails = installation.mails();
    mails.iter().find(|mail| mail.to == ALICE && mail.text.lines().any(alone)).expect("a code was sent").code()
}

/// At the page of her authenticator she says that it is lost.
fn reports_the_phone_lost(served: &Served, alice: &mut Visitor) -> Page {
    let all = alice.get(&served.url("login", "/authenticators"));
    let one = alice.get(&served.url("login", &all.link("/authenticators/")));
    let lost = one.link("/authenticators/");
    assert!(lost.ends_with("/lost"), "{lost}");
    let asked = alice.get(&served.url("login", &lost));
    asked.says("given up for good");
    asked.says("You can add another authenticator when you sign in next.");
    alice.press(&asked, "lost")
}

fn enrols_another(installation: &Installation, served: &Served, alice: &mut Visitor) -> Phone {
    let page = alice.ask_for_code(&served.gateway, "alice", &served.url("wiki", "/"));
    let page = alice.type_code(&page, &verification_code(installation));
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.finish(&page, &phone);
    assert_eq!(page.url, served.url("wiki", "/"), "{}", page.words());
    phone
}

/// Nothing in a backup tells a code, however it is written.
fn stands_nowhere(dump: &str, code: &str) {
    let plain = code.replace('-', "");
    let (spaced, hex) = (code.replace('-', " "), data_encoding::HEXLOWER.encode(plain.as_bytes()));
    let base64 = data_encoding::BASE64.encode(plain.as_bytes());
    let dump = dump.to_lowercase();
    for written in [code, &plain, &spaced, &hex, &base64] {
        assert!(!dump.contains(&written.to_lowercase()), "a code stands in the database as {written}");
    }
}

fn recorded(installation: &Installation, kind: &str) -> usize {
    let all = installation.sql("SELECT record FROM audit_record");
    all.lines().filter(|record| record.contains(&format!("\"{kind}\""))).count()
}

/// The phone is gone, and with it the mailbox: the help desk takes the authenticator away and reads a passcode out.
#[test]
fn who_rings_the_help_desk_comes_in_without_enrolling() {
    let installation = company(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let bearer = format!("Bearer {}", Olga::becomes_administrator(&served.gateway).signs_in());
    let call = |method: &str, path: &str, body: Option<Value>| {
        let told = ask(&served.gateway, method, path, &[("Authorization", bearer.as_str())], body.as_ref());
        assert!(told.status < 300, "{path}: {}", told.text());
        read(&told)
    };
    let token = call("GET", "/tokens", None)["items"][0]["id"].as_str().unwrap().to_owned();
    call("POST", &format!("/tokens/{token}/actions"), Some(json!({"action": "lost"})));
    let removed = |mail: &Mail| mail.to == ALICE && mail.subject.contains("was removed from your account");
    until("alice is told", || installation.mails().iter().any(removed));
    let user = call("GET", "/users?q=alice", None)["items"][0]["id"].as_str().unwrap().to_owned();
    let given = json!({"reason": "lost the phone", "hours": 8});
    let given = call("POST", &format!("/users/{user}/temporary-passcode"), Some(given));

    let mut elsewhere = served.proxied_visitor();
    let page = elsewhere.sign_in(&served.gateway, "alice", &wiki);
    page.says("You need an authenticator");
    page.says("Sign in with a recovery code or a temporary passcode instead");
    let page = elsewhere.type_passcode(&page, "7Q2M-K94T");
    page.says("Not accepted. Check what you typed, and try again.");
    let page = elsewhere.type_passcode(&page, given["passcode"].as_str().unwrap());
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
    assert_eq!(call("GET", "/tokens?state=active", None)["items"], json!([]), "nothing was enrolled");
}

#[test]
fn who_has_lost_their_phone_comes_in_by_a_code_and_enrols_another() {
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = company(database);
        let served = installation.serve();
        let wiki = served.url("wiki", "/");
        let mut alice = served.proxied_visitor();
        let (lost, codes) = enrols_and_makes_codes(&served, &mut alice);

        let made = |mail: &Mail| mail.to == ALICE && mail.subject.contains("recovery codes were made");
        until("alice is told of the codes", || installation.mails().iter().any(made));

        // As it is read off the paper.
        let (mut elsewhere, page) = asked(&served);
        let page = elsewhere.type_passcode(&page, &format!(" {} ", codes[0].to_lowercase().replace('-', " ")));
        assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
        until("alice is told", || told(&installation).len() == 1);
        let mail = told(&installation).remove(0);
        assert!(mail.text.contains(" 9 recovery codes left"), "{}", mail.text);
        assert!(mail.text.contains(&served.url("login", "/authenticators")), "{}", mail.text);
        assert!(mail.text.contains("Call 7007"), "whom to call: {}", mail.text);
        assert!(codes.iter().all(|code| !mail.raw.contains(code) && !mail.text.contains(code)), "{}", mail.raw);

        let (mut third, page) = asked(&served);
        let page = third.type_passcode(&page, &codes[0]);
        page.is_at(Stage::Passcode);
        page.says("Not accepted.");
        assert_eq!(third.once("GET", &wiki, &[], None).status, 303, "a code is good once");
        assert_eq!(both_at_once(&served, &codes[1]), 1);
        until("alice is told once more", || told(&installation).len() == 2);

        let page = reports_the_phone_lost(&served, &mut elsewhere);
        page.says("The authenticator is given up");
        std::thread::sleep(Duration::from_millis(1100)); // as long as a process may know a session for
        for browser in [&mut alice, &mut elsewhere] {
            assert_eq!(browser.once("GET", &wiki, &[], None).status, 303, "every browser is signed out");
        }
        let found = enrols_another(&installation, &served, &mut elsewhere);
        assert_ne!(found.secret, lost.secret);
        elsewhere.get(&served.url("login", "/authenticators")).says("8 of ten are left");
        let (mut thief, page) = asked(&served);
        thief.type_passcode(&page, &lost.passcode()).is_at(Stage::Passcode);

        for (kind, times) in
            [("RECOVERY_CODES_MADE", 1), ("RECOVERY_CODE_USED", 2), ("TOKEN_LOST", 1), ("TOKEN_SUSPENDED", 0)]
        {
            assert_eq!(recorded(&installation, kind), times, "{kind}");
        }
        let dump = installation.dump();
        assert!(dump.contains("recovery_codes"), "what is kept of them is in it");
        codes.iter().for_each(|code| stands_nowhere(&dump, code));
    }
}
