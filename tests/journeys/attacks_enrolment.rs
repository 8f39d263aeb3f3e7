//! What somebody who has a password, or a form, can and cannot do to enrolment and to other people's authenticators.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Database, Form, Gateway, Installation, Kept, Page, Stage, Visitor, words, wrong};

/// Every record of an installation's trail.
fn records(installation: &Installation) -> Vec<Value> {
    let output = installation.command(&["audit", "export"], &["--format", "json"], "");
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(records: &[Value], event: &str) -> usize {
    records.iter().filter(|record| record["details"]["event"] == event).count()
}

/// OT-07: a form cannot say whose authenticator is meant, and one that is not in use opens nothing. All of it is answered alike.
#[test]
fn only_the_users_own_token_in_use_opens() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    let (_, alices) = through_the_door(&gateway, &mut gateway.visitor(), "alice", &wiki);
    let (_, bobs) = through_the_door(&gateway, &mut gateway.visitor(), "bob", &wiki);
    let of_bob = |column: &str| {
        kept.sql(&format!(
            "SELECT c.{column} FROM credential c JOIN user_account u ON u.id = c.user_id WHERE u.name = 'bob'"
        ))
    };
    let (id, serial, row) = (of_bob("id"), of_bob("serial"), of_bob("user_id"));
    let foreign: Vec<(&str, &str)> = ["token", "token_id", "credential", "credential_id", "id"]
        .into_iter()
        .map(|name| (name, id.as_str()))
        .chain([("serial", serial.as_str()), ("user_id", &row), ("user", "bob"), ("username", "bob")])
        .collect();
    let later = "+30 seconds";
    let bobs_code = bobs.passcode_at(later);
    let wrong_code = wrong(&alices.passcode_at(later), 7);
    let answers = |visitor: &mut Visitor, code: &str| {
        let page = visitor.sign_in(&gateway, "alice", &wiki);
        let plain = visitor.type_passcode(&page, code);
        let told = visitor.submit(&page, "otp", &[foreign.as_slice(), &[("otp", code)]].concat());
        for page in [&plain, &told] {
            page.is_at(Stage::Passcode);
            page.says("Not accepted.");
        }
        [plain.words(), told.words()]
    };
    let mut alice = gateway.visitor();
    let to_bobs = answers(&mut alice, &bobs_code);
    assert_eq!(to_bobs, answers(&mut gateway.visitor(), &wrong_code), "another's passcode is a wrong one");
    // With her own passcode all those fields are nothing: it is she who comes in.
    let page = alice.step(&gateway);
    let mine = alices.passcode_at(later);
    let landed = alice.submit(&page, "otp", &[foreign.as_slice(), &[("otp", &mine)]].concat());
    assert_eq!(landed.url, wiki);
    landed.says("Remote-User: alice");
    // And bob's passcode, tried on the way, was not used up.
    let mut bob = gateway.visitor();
    let page = bob.sign_in(&gateway, "bob", &wiki);
    assert_eq!(bob.type_passcode(&page, &bobs_code).url, wiki);

    // Held.
    kept.sql(&format!("UPDATE credential SET state = 'suspended' WHERE id = '{id}'"));
    let mut again = gateway.visitor();
    let page = again.sign_in(&gateway, "bob", &wiki);
    page.says("suspended");
    let page = again.post_elsewhere(&page, "/signin/passcode", &[("otp", &bobs.passcode_at("+60 seconds"))]);
    page.says("suspended");
    assert_eq!(again.once("GET", &wiki, &[], None).status, 303);
    // Taken away: there is nothing to type a passcode for.
    let output = kept.command(&["user", "revoke-tokens"], &["bob"]);
    assert!(output.status.success(), "{}", words(&output));
    let mut after = gateway.visitor();
    let page = after.sign_in(&gateway, "bob", &wiki);
    page.is_at(Stage::Offer);
    after.post_elsewhere(&page, "/signin/passcode", &[("otp", &bobs.passcode_at("+60 seconds"))]).is_at(Stage::Offer);
    // Issued, and not proved yet: it opens only where it was issued.
    let (_, pending) = as_far_as_the_secret(&gateway, &mut gateway.visitor(), "bob", &wiki);
    let mut elsewhere = gateway.visitor();
    let page = elsewhere.sign_in(&gateway, "bob", &wiki);
    page.is_at(Stage::Offer);
    elsewhere.post_elsewhere(&page, "/signin/passcode", &[("otp", &pending.passcode())]).is_at(Stage::Offer);
    assert_eq!(elsewhere.once("GET", &wiki, &[], None).status, 303);
}

/// EN-05: the settings are asked at every step and once more with the passcode; what was allowed when the wizard began counts
/// for nothing.
#[test]
fn what_is_switched_off_in_the_middle_is_off_for_every_step_that_follows() {
    let installation = Installation::new(Database::Sqlite);
    let names = ["anna", "berta", "clara", "doris", "emily"];
    for name in names {
        installation.add_user(name, Some(&format!("{name}@example.test")), &["staff"]);
    }
    let served = installation.serve();
    let gateway = &served.gateway;
    let wiki = served.url("wiki", "/");
    let code = |name: &str| gateway.mail_to(&format!("{name}@example.test")).code();
    // As far as the offer, the code, the platform, the secret, the first passcode.
    let mut all: Vec<(Visitor, Page)> = names
        .map(|name| {
            let mut visitor = served.proxied_visitor();
            let page = visitor.sign_in(gateway, name, &wiki);
            (visitor, page)
        })
        .into();
    for (number, (visitor, page)) in all.iter_mut().enumerate() {
        let name = names[number];
        if number >= 1 {
            *page = visitor.press(page, "add_authenticator");
        }
        if number >= 2 {
            *page = visitor.type_code(page, &code(name));
        }
        if number >= 3 {
            *page = visitor.choose_ios(page);
        }
    }
    let phone = all[4].1.phone();
    let (last, page) = &mut all[4];
    *page = last.press(page, "continue");
    let stages = all.iter().map(|(_, page)| page.stage()).collect::<Vec<_>>();
    assert_eq!(stages, [Stage::Offer, Stage::Code, Stage::Kind, Stage::Secret, Stage::Passcode]);

    installation.sql(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) VALUES ('default', 'self_provisioning', \
         '{\"target_users\":{\"mode\":\"none\"},\"windows_link\":\"store\",\"installer_url\":null}', 1, 0) \
         ON CONFLICT (virtual_server, kind) DO UPDATE SET body = excluded.body, version = setting.version + 1",
    );
    let sent = installation.mails().len();
    let right = code("berta");
    let passcode = phone.passcode();
    let next: [(&str, &[(&str, &str)]); 5] = [
        ("/enrol/add", &[("add_authenticator", "yes")]),
        ("/enrol/code", &[("verification_code", &right)]),
        ("/enrol/target", &[("target", "ios")]),
        ("/enrol/new-code", &[("new_code", "yes")]),
        ("/signin/passcode", &[("otp", &passcode)]),
    ];
    for ((visitor, page), (path, fill)) in all.iter_mut().zip(next) {
        let after = visitor.post_elsewhere(page, path, fill);
        after.is_at(Stage::Passcode);
        assert!(after.secret().is_none(), "{path}: {}", after.words());
        // Nor does any other step lead on from there.
        for (path, fill) in next {
            let after = visitor.post_elsewhere(&after, path, fill);
            assert!(after.stage() == Stage::Passcode && after.secret().is_none(), "{path}: {}", after.words());
        }
        assert_eq!(visitor.once("GET", &wiki, &[], None).status, 303, "{path}");
    }
    assert_eq!(installation.mails().len(), sent, "no code and no notice is sent any more");
    assert_eq!(installation.sql("SELECT COUNT(*) FROM credential WHERE state <> 'revoked'").trim(), "0");
    let told = records(&installation);
    assert_eq!(count(&told, "SELF_PROVISIONING_NOT_OFFERED"), names.len());
    assert_eq!(count(&told, "TOKEN_REVOKED"), 2, "of the two tokens that had been issued");
    assert_eq!(count(&told, "ENROLLMENT_CONFIRMED") + count(&told, "SESSION_STARTED"), 0);
}

/// EN-08: a password that was stolen, for an account that has no authenticator yet.
#[test]
fn a_stolen_password_alone_enrols_nothing_and_its_owner_hears_of_it() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut thief = served.proxied_visitor();
    let page = thief.ask_for_code(&served.gateway, "alice", &wiki);
    page.is_at(Stage::Code);
    // The thief sees neither the code nor the whole address that it went to.
    let mail = served.gateway.mail_to("alice@example.test");
    assert!(!page.html().contains(&mail.code()) && !page.html().contains("alice@example.test"), "{}", page.words());
    for (path, fill) in [
        ("/enrol/target", &[("target", "ios")][..]),
        ("/enrol/continue", &[("continue", "yes")]),
        ("/signin/passcode", &[("otp", "000000")]),
    ] {
        thief.post_elsewhere(&page, path, fill).is_at(Stage::Code);
    }
    assert!(installation.sql("SELECT COUNT(*) FROM credential").trim() == "0", "no token, no secret");
    assert_eq!(thief.once("GET", &wiki, &[], None).status, 303);
    // The mail tells its owner that somebody is at it, and operators have it on record.
    assert!(mail.text.contains("The wiki"), "what for is said: {}", mail.text);
    let told = records(&installation);
    for event in ["SELF_PROVISIONING_OFFERED", "ADD_AUTHENTICATOR_SELECTED", "VERIFICATION_CODE_SENT"] {
        assert_eq!(count(&told, event), 1, "{event}");
    }
    // With the code too, the owner is told of what was added, and can undo it.
    let page = thief.type_code(&page, &mail.code());
    let page = thief.choose_ios(&page);
    let phone = page.phone();
    assert_eq!(thief.finish(&page, &phone).url, wiki);
    let end = Instant::now() + Duration::from_secs(15);
    while !installation.mails().iter().any(|mail| mail.to == "alice@example.test" && mail.text.contains("/notice/")) {
        assert!(Instant::now() < end, "the owner of the account is told");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// EN-09: more in a form than the page had in it.
const SMUGGLED: [(&str, &str); 22] = [
    ("email", "eve@evil.test"),
    ("to", "eve@evil.test"),
    ("address", "eve@evil.test"),
    ("mail", "eve@evil.test"),
    ("user", "bob"),
    ("username", "bob"),
    ("user_id", "1"),
    ("tenant", "other"),
    ("virtual_server", "other"),
    ("token_type", "none"),
    ("plugin", "none"),
    ("pin_len", "0"),
    ("pin", "0000"),
    ("biometric", "on"),
    ("digits", "1"),
    ("period", "86400"),
    ("algorithm", "MD5"),
    ("secret", "AAAAAAAAAAAAAAAA"),
    ("step", "confirmed"),
    ("state", "active"),
    ("groups", "admins"),
    ("proofs", "otp"),
];

#[test]
fn what_a_form_is_not_asked_for_it_cannot_say() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let gateway = &served.gateway;
    let wiki = served.url("wiki", "/page");
    let mut alice = served.proxied_visitor();
    let submit = |visitor: &mut Visitor, page: &Page, field: &str, fill: &[(&str, &str)]| {
        let form: Form = page.form(field);
        // What the form has itself stays its own.
        let more = SMUGGLED.iter().copied().filter(|(name, _)| !form.names.iter().any(|own| own == name));
        visitor.send(page, &form, &more.chain(fill.iter().copied()).collect::<Vec<_>>())
    };
    let page = alice.get(&wiki);
    let page = submit(&mut alice, &page, "username", &[("username", "alice")]);
    let page = submit(&mut alice, &page, "password", &[("password", &gateway.password("alice"))]);
    page.is_at(Stage::Offer);
    let page = submit(&mut alice, &page, "add_authenticator", &[("add_authenticator", "yes")]);
    page.is_at(Stage::Code);
    let code = gateway.mail_to("alice@example.test").code();
    let page = submit(&mut alice, &page, "verification_code", &[("verification_code", &code)]);
    let page = submit(&mut alice, &page, "target", &[("target", "mobile")]);
    let page = submit(&mut alice, &page, "target", &[("target", "ios")]);
    let link = page.link("otpauth://totp/");
    for (part, value) in [("digits", "6"), ("period", "30"), ("algorithm", "SHA1")] {
        let said = link.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{part}=")));
        assert!(said.is_none_or(|said| said == value), "{link}");
    }
    assert!(!link.contains("AAAAAAAAAAAAAAAA"), "{link}");
    let phone = page.phone();
    let page = submit(&mut alice, &page, "continue", &[("continue", "yes")]);
    let page = submit(&mut alice, &page, "otp", &[("otp", &phone.passcode())]);
    assert_eq!(page.url, wiki, "{}", page.words());
    for said in ["Remote-User: alice", "Remote-Groups: staff", "Remote-Email: alice@example.test"] {
        page.says(said);
    }
    assert!(installation.mails().iter().all(|mail| mail.to == "alice@example.test"), "one person is written to");
    let owner = "SELECT u.name, c.plugin, c.state FROM credential c JOIN user_account u ON u.id = c.user_id";
    assert_eq!(installation.sql(owner).trim(), "alice|otp|active");
    assert_eq!(installation.sql("SELECT COUNT(*) FROM group_member").trim(), "4", "nobody joined a group");
}

/// HH-05: whatever a browser says of the host and the scheme it came by, the links of a mail and of every redirect are those of
/// the configuration.
#[test]
fn no_header_says_where_a_mail_or_a_redirect_leads() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    for (name, value) in [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Server", "evil.test"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.test;proto=https"),
        ("X-Host", "evil.test"),
        ("X-Original-Host", "evil.test"),
        ("Referer", "https://evil.test/"),
    ] {
        alice.always.push((name.to_owned(), value.to_owned()));
    }
    let wiki = gateway.url("wiki", "/page");
    let (page, _) = through_the_door(&gateway, &mut alice, "alice", &wiki);
    assert_eq!(page.url, wiki);
    let own = [gateway.url("wiki", "/"), gateway.url("login", "/")];
    assert!(page.hops.iter().all(|hop| own.iter().any(|own| hop.starts_with(own))), "{:?}", page.hops);
    let end = Instant::now() + Duration::from_secs(15);
    let notice = loop {
        if let Some(notice) = gateway.mails().into_iter().find(|mail| mail.text.contains("/notice/")) {
            break notice;
        }
        assert!(Instant::now() < end, "no notice");
        std::thread::sleep(Duration::from_millis(50));
    };
    let portal = gateway.url("login", "/notice/");
    assert!(notice.text.contains(&portal) && notice.html.contains(&portal), "{}", notice.text);
    for mail in gateway.mails() {
        let all = format!("{} {} {}", mail.subject, mail.text, mail.html);
        assert!(!all.contains("evil") && !all.contains("https://login"), "{all}");
    }
}
