//! Enrolment cannot be cut short, guessed, or taken over: the steps in their order, the emailed code, the mail server away, the
//! way round the wizard that is not there, and "Not you?".

use std::time::{Duration, Instant};

use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Database, Gateway, Installation, Mail, Page, Stage, Visitor, exchange, words, wrong};

/// Every mail to a user of the demo, newest first.
fn mails_of(gateway: &Gateway, user: &str) -> Vec<Mail> {
    gateway.mails().into_iter().filter(|mail| mail.to == format!("{user}@example.test")).collect()
}

/// The newest code of a user, once they have had so many mails.
fn code_of_mail(gateway: &Gateway, user: &str, number: usize) -> String {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let mails = mails_of(gateway, user);
        if mails.len() >= number {
            assert_eq!(mails.len(), number, "one click, one mail");
            return mails[0].code();
        }
        assert!(Instant::now() < end, "{user} has had {} mails, not {number}", mails.len());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether an answer comes from the application: it alone repeats the request's own line.
fn from_upstream(text: &str) -> bool {
    text.contains("HTTP/1.1") || text.contains("legacy application")
}

/// All that a form of sign-in can be sent to, with what it would be sent with.
const FORMS: [(&str, &[(&str, &str)]); 9] = [
    ("/signin/password", &[("password", "x")]),
    ("/signin/passcode", &[("otp", "123456")]),
    ("/enrol/add", &[("add_authenticator", "yes")]),
    ("/enrol/code", &[("verification_code", "123456")]),
    ("/enrol/resend", &[]),
    ("/enrol/target", &[("target", "ios")]),
    ("/enrol/new-code", &[("new_code", "yes")]),
    ("/enrol/continue", &[("continue", "yes")]),
    ("/enrol/back", &[]),
];

/// What belongs to a page.
fn belongs(stage: Stage) -> &'static [&'static str] {
    match stage {
        Stage::Password => &["/signin/password"],
        Stage::Offer => &["/enrol/add"],
        Stage::Code => &["/enrol/code", "/enrol/resend"],
        Stage::Kind => &["/enrol/target"],
        Stage::Device => &["/enrol/target", "/enrol/back"],
        Stage::Secret => &["/enrol/new-code", "/enrol/continue", "/enrol/back"],
        Stage::Passcode => &["/signin/passcode", "/enrol/back"],
        Stage::Name | Stage::Other => &[],
    }
}

/// Sends every form that does not belong here: nothing moves, nothing is shown, nobody gets in.
fn nothing_else_moves(gateway: &Gateway, visitor: &mut Visitor, stage: Stage) {
    let here = visitor.step(gateway);
    here.is_at(stage);
    for (path, fields) in FORMS {
        if belongs(stage).contains(&path) {
            // Nor does a form that belongs here, when it is of an older page or of no page.
            for forged in
                [&[("nonce", "0000"), ("flow", "0000")][..], &[("nonce", "")], &[("step", "confirmed"), ("nonce", "x")]]
            {
                let after = visitor.post_elsewhere(&here, path, &[fields, forged].concat());
                assert_eq!(
                    (after.stage(), after.secret()),
                    (stage, here.secret()),
                    "{path} {forged:?}: {}",
                    after.words()
                );
            }
            continue;
        }
        for fill in
            [fields, &[], &[("step", "code_issued"), ("state", "confirmed"), ("target", "ios"), ("otp", "123456")]]
        {
            let after = visitor.post_elsewhere(&here, path, fill);
            assert_eq!(after.stage(), stage, "{path} {fill:?} at {stage:?}: {}", after.words());
            assert_eq!(after.secret(), here.secret(), "{path} at {stage:?}");
        }
        let looked = visitor.once("GET", &gateway.url("login", path), &[], None);
        assert!([303, 405].contains(&looked.status) || path == "/signin/step", "GET {path}: {}", looked.status);
    }
    let door = visitor.once("GET", &gateway.url("wiki", "/page"), &[], None);
    assert_eq!(door.status, 303);
    assert!(!from_upstream(&door.text()));
    let after = visitor.step(gateway);
    assert_eq!((after.stage(), after.secret()), (stage, here.secret()));
}

/// EN-01.
#[test]
fn no_step_can_be_taken_before_its_turn() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let page = alice.get(&gateway.url("wiki", "/page"));
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    nothing_else_moves(&gateway, &mut alice, Stage::Password);
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    nothing_else_moves(&gateway, &mut alice, Stage::Offer);
    assert!(gateway.mails().is_empty(), "no code is sent before it is asked for");
    let page = alice.press(&page, "add_authenticator");
    nothing_else_moves(&gateway, &mut alice, Stage::Code);
    let at_code = page.clone();
    let code = code_of_mail(&gateway, "alice", 1);
    let page = alice.type_code(&page, &code);
    nothing_else_moves(&gateway, &mut alice, Stage::Kind);
    let page = alice.submit(&page, "target", &[("target", "mobile")]);
    nothing_else_moves(&gateway, &mut alice, Stage::Device);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    nothing_else_moves(&gateway, &mut alice, Stage::Secret);
    // Not even a right passcode is taken before the page that asks for it.
    let phone = page.phone();
    let early = alice.post_elsewhere(&page, "/signin/passcode", &[("otp", &phone.passcode())]);
    assert_eq!(early.secret().as_ref(), Some(&phone.secret));
    let page = alice.press(&page, "continue");
    nothing_else_moves(&gateway, &mut alice, Stage::Passcode);
    // And what was sent once is not sent again.
    let replayed = alice.type_code(&at_code, &code);
    replayed.is_at(Stage::Passcode);
    replayed.says("You had already gone on from there.");
    let page = alice.type_passcode(&page, &phone.passcode());
    assert_eq!(page.url, gateway.url("wiki", "/page"));
    assert_eq!(gateway.mails().iter().filter(|mail| mail.subject.contains("code")).count(), 1);
}

/// EN-02.
#[test]
fn a_code_is_good_only_in_the_browser_and_for_the_user_that_asked() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/");
    let mut here = gateway.visitor();
    let page_here = here.ask_for_code(&gateway, "alice", &url);
    let code_here = code_of_mail(&gateway, "alice", 1);
    let mut there = gateway.visitor();
    let page_there = there.ask_for_code(&gateway, "alice", &url);
    let code_there = code_of_mail(&gateway, "alice", 2);
    let mut bob = gateway.visitor();
    let page_bob = bob.ask_for_code(&gateway, "bob", &url);
    assert_ne!(code_here, code_there);

    for (visitor, page, code) in
        [(&mut there, &page_there, &code_here), (&mut here, &page_here, &code_there), (&mut bob, &page_bob, &code_here)]
    {
        let page = visitor.type_code(page, code);
        page.is_at(Stage::Code);
        page.says("4 tries left.");
    }
    // The other browser's form, with everything that it carries but the cookie.
    let borrowed = page_here.form("verification_code");
    let answer = bob.post_once(&page_bob, &borrowed, &[("verification_code", &code_here)]);
    assert_eq!(answer.status, 303, "it changes nothing, and leads to a page of bob's own");
    assert!(answer.header("location").unwrap().starts_with("/signin?return="), "{:?}", answer.headers);
    let own = page_bob.form("verification_code");
    let smuggled = [
        ("flow", borrowed.fields["flow"].as_str()),
        ("nonce", &borrowed.fields["nonce"]),
        ("verification_code", &code_here),
    ];
    bob.send(&page_bob, &own, &smuggled).is_at(Stage::Code);
    // All that while it is good where it belongs.
    let page = here.type_code(&page_here, &code_here);
    page.is_at(Stage::Kind);
    bob.step(&gateway).is_at(Stage::Code);
}

/// EN-03.
#[test]
fn a_code_is_good_once_and_only_the_newest() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    let page = alice.ask_for_code(&gateway, "alice", &url);
    let began = Instant::now();
    let first = code_of_mail(&gateway, "alice", 1);
    // A double click, a reload, an impatient "Send a new code": one mail.
    alice.post_elsewhere(&page, "/enrol/add", &[("add_authenticator", "yes")]).is_at(Stage::Code);
    let mut page = alice.step(&gateway);
    for _ in 0..3 {
        page = alice.post_elsewhere(&page, "/enrol/resend", &[]);
        page.is_at(Stage::Code);
    }
    assert_eq!(code_of_mail(&gateway, "alice", 1), first);
    // After thirty seconds there is a new one.
    while mails_of(&gateway, "alice").len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "a new code can be had after 30 seconds");
        std::thread::sleep(Duration::from_secs(1));
        let page_now = alice.step(&gateway);
        page = alice.post_elsewhere(&page_now, "/enrol/resend", &[]);
    }
    assert!(began.elapsed() >= Duration::from_secs(29), "no second mail within 30 seconds: {:?}", began.elapsed());
    page.says("A new code was sent.");
    let second = code_of_mail(&gateway, "alice", 2);
    assert_ne!(first, second);
    let page = alice.type_code(&page, &first);
    page.is_at(Stage::Code);
    page.says("That code isn’t right.");
    // As people type: with spaces, hyphens, in full width.
    let wide: String = second.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0xff10).unwrap()).collect();
    let typed = format!(" {}-{} ", wide.chars().take(3).collect::<String>(), wide.chars().skip(3).collect::<String>());
    let after = alice.type_code(&page, &typed);
    after.is_at(Stage::Kind);
    let again = alice.type_code(&page, &second);
    again.is_at(Stage::Kind);
    again.says("You had already gone on from there.");
    let spent = page.form("verification_code");
    // After enrolment neither opens anything, and nothing is offered any more.
    let installing = alice.choose_ios(&after);
    let phone = installing.phone();
    let landed = alice.finish(&installing, &phone);
    assert_eq!(landed.url, url);
    let answer = alice.post_once(&page, &spent, &[("verification_code", &second)]);
    assert!([303, 403].contains(&answer.status) && !answer.text().contains("otpauth"), "{}", answer.text());
    let mut elsewhere = gateway.visitor();
    let page = elsewhere.sign_in(&gateway, "alice", &url);
    page.is_at(Stage::Passcode);
    elsewhere.post_elsewhere(&page, "/enrol/add", &[]).is_at(Stage::Passcode);
    elsewhere.post_elsewhere(&page, "/enrol/code", &[("verification_code", &second)]).is_at(Stage::Passcode);
}

/// EN-03.
#[test]
fn a_code_is_refused_after_the_password_was_changed() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let url = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let page = alice.sign_in(&served.gateway, "alice", &url);
    let page = alice.press(&page, "add_authenticator");
    page.is_at(Stage::Code);
    let code = served.gateway.mail_to("alice@example.test").code();
    let output = installation.command(&["user", "password"], &["alice", "--generate"], "");
    assert!(output.status.success(), "{}", words(&output));
    let after = alice.type_code(&page, &code);
    assert!(after.secret().is_none());
    assert!(
        !matches!(after.stage(), Stage::Kind | Stage::Device | Stage::Secret | Stage::Passcode),
        "a sign-in with the old password goes no further: {}",
        after.words()
    );
}

/// EN-04.
#[test]
fn codes_are_guessed_five_times_each_and_fifteen_times_a_day_over_all_codes_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let mut gateway = Gateway::demo_with(&["--state", state], &[]);
    let mut first = gateway.visitor();
    let guessed = five_wrong_guesses(&gateway, &mut first, "bob");
    let mut second = gateway.visitor();
    five_wrong_guesses(&gateway, &mut second, "bob");
    gateway.demo_again(&["--state", state]);
    // Neither the code's own limit nor the day's begins anew.
    let (page, code) = guessed;
    first.type_code(&page, &code).says("Too many wrong codes.");
    let mut third = gateway.visitor();
    five_wrong_guesses(&gateway, &mut third, "bob");
    let mut fourth = gateway.visitor();
    let page = fourth.ask_for_code(&gateway, "bob", &gateway.url("wiki", "/"));
    page.is_at(Stage::Code);
    let code = gateway.mail_to("bob@example.test").code();
    let page = fourth.type_code(&page, &code);
    page.says("Too many wrong codes today.");
    assert!(page.secret().is_none());
    fourth.step(&gateway).says_not("install");
    gateway.demo_again(&["--state", state]);
    let page = fourth.step(&gateway);
    page.says("Too many wrong codes today.");
    let mut form = page.form("flow");
    form.action = "/enrol/code".to_owned();
    fourth.send(&page, &form, &[("verification_code", &code)]).says("Too many wrong codes today.");
    // It is bob's day that is over, not alice's.
    let mut alice = gateway.visitor();
    let (page, _) = through_the_door(&gateway, &mut alice, "alice", &gateway.url("wiki", "/"));
    assert_eq!(page.url, gateway.url("wiki", "/"));
}

/// Asks for a code in a fresh browser, types five wrong ones, and then the right one in vain. The page and the right code.
fn five_wrong_guesses(gateway: &Gateway, visitor: &mut Visitor, user: &str) -> (Page, String) {
    let before = mails_of(gateway, user).len();
    let mut page = visitor.ask_for_code(gateway, user, &gateway.url("wiki", "/"));
    let code = code_of_mail(gateway, user, before + 1);
    for nth in 1..=5 {
        page = visitor.type_code(&page, &wrong(&code, nth));
        page.is_at(Stage::Code);
        match 5 - nth {
            0 => page.says("Too many wrong codes. Send a new code."),
            1 => page.says("1 try left."),
            left => page.says(&format!("{left} tries left.")),
        }
    }
    let page = visitor.type_code(&page, &code);
    page.is_at(Stage::Code);
    page.says("Too many wrong codes. Send a new code.");
    (page, code)
}

#[test]
fn five_codes_are_sent_in_an_hour_over_all_browsers_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let mut gateway = Gateway::demo_with(&["--state", state], &[]);
    for number in 1..=5 {
        if number == 4 {
            gateway.demo_again(&["--state", state]);
        }
        let mut browser = gateway.visitor();
        browser.ask_for_code(&gateway, "bob", &gateway.url("wiki", "/")).is_at(Stage::Code);
        // The demo's mailbox is in memory: a restart empties it.
        code_of_mail(&gateway, "bob", if number < 4 { number } else { number - 3 });
    }
    let mut browser = gateway.visitor();
    let page = browser.ask_for_code(&gateway, "bob", &gateway.url("wiki", "/"));
    page.says("Too many codes requested. Try again after");
    assert_eq!(mails_of(&gateway, "bob").len(), 2);
    // alice has a limit of her own.
    gateway.visitor().ask_for_code(&gateway, "alice", &gateway.url("wiki", "/")).is_at(Stage::Code);
    code_of_mail(&gateway, "alice", 1);
}

#[test]
fn somebody_without_an_address_is_told_so_and_sent_to_the_help_desk() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    let offer = carol.sign_in(&gateway, "carol", &gateway.url("wiki", "/"));
    offer.is_at(Stage::Offer);
    let page = carol.press(&offer, "add_authenticator");
    page.says("There is no email address on record for you");
    page.says("Contact the help desk");
    page.says_not("We sent a code");
    for fill in [
        &[("verification_code", "000000")][..],
        &[("verification_code", ""), ("email", "eve@evil.test"), ("to", "eve@evil.test")],
    ] {
        for path in ["/enrol/code", "/enrol/resend", "/enrol/target", "/enrol/add"] {
            let after = carol.post_elsewhere(&page, path, fill);
            assert!(
                after.secret().is_none() && !matches!(after.stage(), Stage::Kind | Stage::Device),
                "{path}: {}",
                after.words()
            );
        }
    }
    carol.step(&gateway).says("There is no email address on record for you");
    assert!(gateway.mails().is_empty());
}

#[test]
fn a_mail_server_that_is_away_is_admitted_and_the_same_code_arrives_when_it_is_back() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    gateway.stop_mail(true);
    let page = alice.ask_for_code(&gateway, "alice", &gateway.url("wiki", "/"));
    e2(&page);
    e2(&alice.step(&gateway));
    // Retrying is not asking for more codes: it costs none of the five of an hour.
    let mut page = page;
    for _ in 0..7 {
        page = alice.post_elsewhere(&page, "/enrol/resend", &[]);
        e2(&page);
    }
    assert!(gateway.mails().is_empty());
    gateway.stop_mail(false);
    let page = alice.post_elsewhere(&page, "/enrol/resend", &[]);
    page.is_at(Stage::Code);
    page.says("We sent a code");
    let code = code_of_mail(&gateway, "alice", 1);
    let page = alice.type_code(&page, &code);
    page.is_at(Stage::Kind);
    // And no second mail comes late.
    assert_eq!(mails_of(&gateway, "alice").len(), 1);
}

#[test]
fn the_page_about_a_mail_that_did_not_go_out_notices_when_it_does() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    gateway.stop_mail(true);
    e2(&alice.ask_for_code(&gateway, "alice", &gateway.url("wiki", "/")));
    gateway.stop_mail(false);
    // Nobody presses anything: the outbox tries again by itself.
    let end = Instant::now() + Duration::from_secs(90);
    while mails_of(&gateway, "alice").is_empty() {
        assert!(Instant::now() < end, "the outbox tries again by itself");
        std::thread::sleep(Duration::from_millis(200));
    }
    let end = Instant::now() + Duration::from_secs(5);
    let mut page = alice.step(&gateway);
    while page.stage() != Stage::Code {
        assert!(Instant::now() < end, "the mail is there, and the page says {}", page.words());
        std::thread::sleep(Duration::from_millis(100));
        page = alice.step(&gateway);
    }
    page.says("We sent a code");
    alice.type_code(&page, &mails_of(&gateway, "alice")[0].code()).is_at(Stage::Kind);
}

/// E2: nothing is claimed, and Retry is offered.
#[track_caller]
fn e2(page: &Page) {
    page.says("The email could not be sent.");
    page.says("Try again");
    page.says_not("We sent a code");
    page.says_not("We are sending");
}

#[test]
fn another_browser_takes_over_only_when_it_has_passed_its_code() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/");
    let mut first = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut first, "bob", &url);
    let mut second = gateway.visitor();
    let at_code = second.ask_for_code(&gateway, "bob", &url);
    at_code.is_at(Stage::Code);
    // Until then the first goes on, its code shown.
    assert_eq!(first.step(&gateway).secret().as_ref(), Some(&phone.secret));
    second.type_code(&at_code, &wrong(&code_of_mail(&gateway, "bob", 2), 1)).is_at(Stage::Code);
    assert_eq!(first.step(&gateway).secret().as_ref(), Some(&phone.secret));
    let at_code = second.step(&gateway);
    let chosen = second.type_code(&at_code, &code_of_mail(&gateway, "bob", 2));
    chosen.is_at(Stage::Kind);
    // Now it is over there, whatever is pressed.
    for after in [
        first.step(&gateway),
        first.press(&page, "continue"),
        first.post_elsewhere(&page, "/enrol/new-code", &[]),
        first.post_elsewhere(&page, "/signin/passcode", &[("otp", &phone.passcode())]),
    ] {
        after.says("Continued elsewhere");
        assert!(after.secret().is_none());
    }
    // What it showed opens nothing here either.
    let page = second.choose_ios(&chosen);
    let newer = page.phone();
    assert_ne!(newer.secret, phone.secret);
    let page = second.press(&page, "continue");
    let page = second.type_passcode(&page, &phone.passcode());
    page.says("Not accepted.");
    let page = second.type_passcode(&page, &newer.passcode());
    assert_eq!(page.url, url);
    let door = first.once("GET", &url, &[], None);
    assert_eq!(door.status, 303, "the first browser is not signed in by it");
}

#[test]
fn there_is_no_way_round_the_wizard() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let (_, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &gateway.url("wiki", "/page"));
    let cookies: String =
        alice.jar.values().flatten().map(|(n, v)| format!("{n}={v}; {n}_app={v}; doorward_app={v}; ")).collect();
    let upstream = "doorward_upstream_results_total";
    let before = sum(&gateway, upstream);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in [
            "/",
            "/page",
            "/admin",
            "/api/x?health",
            "/health/",
            "/health/../page",
            "/%68ealth/x",
            "/.doorward/enter",
            "/.doorward/enter?ticket=x",
        ] {
            for extra in [
                &[][..],
                &[("Remote-User", "alice"), ("X-Forwarded-User", "alice"), ("X-Remote-User", "alice")],
                &[("X-Original-URL", "/health"), ("X-Rewrite-URL", "/health"), ("X-Forwarded-Uri", "/health")],
                &[
                    ("X-HTTP-Method-Override", "GET"),
                    ("X-Forwarded-For", "127.0.0.1"),
                    ("X-Forwarded-Host", "public.localhost"),
                ],
                &[("Authorization", "Basic YWxpY2U6eA==")],
                &[("Cookie", &cookies)],
                &[
                    ("Cookie", &cookies),
                    ("Connection", "Upgrade"),
                    ("Upgrade", "websocket"),
                    ("Sec-WebSocket-Version", "13"),
                ],
                &[("Accept", "application/json")],
            ] {
                let headers = [&[("Accept", "text/html")], extra].concat();
                let answer =
                    exchange(gateway.port, method, &format!("wiki.localhost:{}", gateway.port), path, &headers, b"");
                let text = answer.text();
                assert!(!from_upstream(&text), "{method} {path} {extra:?}: {text}");
                assert!((300..500).contains(&answer.status), "{method} {path} {extra:?}: {}", answer.status);
            }
            let answer = alice.once(method, &gateway.url("wiki", path), &[], (method == "POST").then_some(b"otp=1"));
            assert!(
                !from_upstream(&answer.text()) && (300..500).contains(&answer.status),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    assert_eq!(sum(&gateway, upstream), before, "nothing arrived at the application");
    // The one page that is open to everybody is, which shows that the application is there and would have answered.
    let open = alice.once("GET", &gateway.url("wiki", "/health"), &[], None);
    assert!(from_upstream(&open.text()));
    assert!(sum(&gateway, upstream) > before, "and that it would have been counted");
    let page = alice.step(&gateway);
    assert_eq!(page.secret().as_ref(), Some(&phone.secret), "and the wizard stands where it stood");
    let page = alice.finish(&page, &phone);
    assert!(from_upstream(&page.html()));
}

/// All series of a name together.
fn sum(gateway: &Gateway, name: &str) -> f64 {
    let text = exchange(gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text();
    text.lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[test]
fn the_page_asked_for_comes_to_the_last_byte_of_its_query() {
    let gateway = Gateway::demo();
    let target = "/caf%C3%A9/a%20b/it's(1)!?x=1&y=a%2Bb+c&empty=&flag&q=%25&z=%22%3Cb%3E%22&u=https://evil.test/?a=b&n=%C3%BC&x=2";
    let mut alice = gateway.visitor();
    let (page, _) = through_the_door(&gateway, &mut alice, "alice", &gateway.url("wiki", target));
    assert_eq!(page.url, gateway.url("wiki", target));
    page.says(&format!("GET {target} HTTP/1.1"));
}

#[test]
fn a_form_sent_without_a_session_is_said_to_be_lost_and_leads_to_its_page_by_get() {
    const LOST: &str = "What you sent was not received";
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/edit?id=7");
    let mut alice = gateway.visitor();
    alice.get(&url).says_not(LOST);
    let from_its_page = [("Referer", url.as_str())];
    let answer = alice.once("POST", &gateway.url("wiki", "/save"), &from_its_page, Some(b"text=lost"));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let signin = answer.header("location").unwrap().to_owned();
    assert!(signin.starts_with(&gateway.url("login", "/signin?return=")), "{signin}");
    alice.get(&signin).says(LOST);
    let (page, _) = through_the_door(&gateway, &mut alice, "alice", &signin);
    assert_eq!(page.url, url);
    page.says("GET /edit?id=7 HTTP/1.1");
    page.says_not("text=lost");

    // The session at the portal is enough, so that nothing is asked for: then a page says so.
    alice.jar.get_mut("wiki.localhost").unwrap().remove("doorward_app");
    let answer = alice.once("POST", &gateway.url("wiki", "/save"), &from_its_page, Some(b"text=lost"));
    let page = alice.get(answer.header("location").unwrap());
    page.says(LOST);
    let onward = page.link("/signin");
    assert_eq!(alice.get(&gateway.url("login", &onward)).url, url);
}

#[test]
fn a_program_is_told_in_its_own_language_that_it_must_sign_in() {
    let gateway = Gateway::demo();
    let mut program = gateway.visitor();
    for (method, headers) in [
        ("GET", &[("Accept", "application/json")][..]),
        ("POST", &[("Accept", "application/json"), ("Content-Type", "application/json")]),
        ("PUT", &[("Accept", "application/json")]),
        ("DELETE", &[("Accept", "application/json")]),
        ("GET", &[("Accept", "text/html"), ("Sec-Fetch-Mode", "cors")]),
    ] {
        let host = format!("wiki.localhost:{}", gateway.port);
        let answer = exchange(gateway.port, method, &host, "/api/pages", headers, b"");
        assert_eq!(answer.status, 401, "{method} {headers:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.header("location"), None);
        assert!(answer.header("www-authenticate").is_some(), "RFC 9110 asks for one with every 401");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], 401);
        assert_eq!(problem["signin"], gateway.url("login", "/signin").as_str());
    }
    // Once signed in, the same program's cookie is enough.
    through_the_door(&gateway, &mut program, "alice", &gateway.url("wiki", "/"));
    let cookie = program.jar["wiki.localhost"].iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    let host = format!("wiki.localhost:{}", gateway.port);
    let answer =
        exchange(gateway.port, "GET", &host, "/api/pages", &[("Accept", "application/json"), ("Cookie", &cookie)], b"");
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("GET /api/pages HTTP/1.1"));
}

/// The link of the notice mail, once it is there.
fn dispute_link(gateway: &Gateway, user: &str) -> String {
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        let notice = mails_of(gateway, user).into_iter().find(|mail| mail.text.contains("/notice/"));
        if let Some(notice) = notice {
            let link = notice.text.lines().map(str::trim).find(|line| line.starts_with("http")).unwrap().to_owned();
            assert!(notice.html.contains(&link), "the same link in both parts");
            return link;
        }
        assert!(Instant::now() < end, "no notice to {user}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn not_you_suspends_the_authenticator_and_ends_every_session_once() {
    let gateway = Gateway::demo();
    let wiki = gateway.url("wiki", "/");
    let mut thief = gateway.visitor();
    let (page, phone) = through_the_door(&gateway, &mut thief, "alice", &wiki);
    assert!(from_upstream(&page.html()));
    let intranet = thief.get(&gateway.url("intranet", "/"));
    assert!(from_upstream(&intranet.html()));
    let link = dispute_link(&gateway, "alice");
    assert!(link.starts_with(&gateway.url("login", "/notice/")), "{link}");

    // Whoever looks, a mail scanner too, changes nothing.
    let mut owner = gateway.visitor();
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(owner.once(method, &link, &[], None).status, 200);
    }
    assert_eq!(
        exchange(
            gateway.port,
            "POST",
            &format!("login.localhost:{}", gateway.port),
            &link[link.find("/notice").unwrap()..],
            &[],
            b""
        )
        .status,
        403
    );
    assert!(from_upstream(&thief.get(&wiki).html()));
    let looked = owner.get(&link);
    looked.says("An authenticator was added to your account: iPhone or iPad");
    let form = looked.form("dispute");
    let done = owner.send(&looked, &form, &[("dispute", "yes")]);
    done.says("The authenticator is suspended");
    let pressed = Instant::now();
    for host in ["wiki", "intranet"] {
        loop {
            let answer = thief.once("GET", &gateway.url(host, "/"), &[], None);
            if answer.status == 303 && !from_upstream(&answer.text()) {
                break;
            }
            assert!(pressed.elapsed() < Duration::from_secs(1), "every session has ended within a second");
        }
    }
    // Once.
    owner.get(&link).says("This link no longer works");
    owner.send(&looked, &form, &[("dispute", "yes")]).says("This link no longer works");

    // What became of the authenticator is told after the password only.
    let mut alice = gateway.visitor();
    let page = alice.get(&wiki);
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    page.says_not("suspended");
    let page = alice.submit(&page, "password", &[("password", "not hers")]);
    page.is_at(Stage::Password);
    page.says_not("suspended");
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    page.says("Your authenticator is suspended");
    for path in ["/signin/passcode", "/enrol/add"] {
        let after = alice.post_elsewhere(&page, path, &[("otp", &phone.passcode())]);
        assert!(after.secret().is_none() && !from_upstream(&after.html()), "{path}: {}", after.words());
        assert_eq!(alice.once("GET", &wiki, &[], None).status, 303);
    }
    assert_eq!(mails_of(&gateway, "alice").len(), 2, "no further code is sent");
}

#[test]
fn a_suspended_authenticator_is_good_again_when_an_operator_says_so() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let link = dispute_link(&served.gateway, "alice");
    let page = alice.get(&link);
    alice.submit(&page, "dispute", &[("dispute", "yes")]).says("The authenticator is suspended");
    let output = installation.command(&["user", "reactivate"], &["alice"], "");
    assert!(output.status.success(), "{}", words(&output));
    let mut later = served.proxied_visitor();
    let page = later.sign_in(&served.gateway, "alice", &wiki);
    let page = later.type_passcode(&page, &phone.passcode_at("+30 seconds"));
    assert_eq!(page.url, wiki, "{}", page.words());
}
