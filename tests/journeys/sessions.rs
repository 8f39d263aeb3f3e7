//! Sessions: what their cookies look like, what is no session, and how they rise and end (SE-01 to SE-05, SE-07).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::journeys::first_light::{as_far_as_the_code, as_far_as_the_secret, through_the_door};
use crate::world::{Answer, Gateway, Origin, Page, Phone, Visitor, exchange, send_raw, site};

/// What is promised of a sign-out.
const SOON: Duration = Duration::from_secs(1);

/// Password for everything, a passcode too below `/secure` of the wiki.
const STEP_UP: &str = r#"
@id("wiki") permit (principal is User, action, resource == Application::"wiki") when { context.authn.password };
@id("secure") forbid (principal, action, resource == Application::"wiki")
when { context.prefixes.contains("/secure") } unless { context.authn.otp };
@id("intranet") permit (principal is User, action, resource == Application::"intranet") when { context.authn.password };
@id("public") permit (principal, action, resource == Application::"public");
"#;

/// Password for each of two applications.
const PASSWORD_ONLY: &str = r#"
@id("staff") permit (principal is User, action, resource) when { context.authn.password };
"#;

/// Asks the demo for a page with exactly these cookies.
fn ask(gateway: &Gateway, host: &str, target: &str, cookie: &str) -> Answer {
    let authority = format!("{host}.localhost:{}", gateway.port);
    exchange(gateway.port, "GET", &authority, target, &[("Accept", "text/html"), ("Cookie", cookie)], b"")
}

/// Whether a cookie makes somebody of its bearer on a host of the demo. Nobody is sent to sign in, or is told nothing of a user.
fn opens(gateway: &Gateway, host: &str, cookie: &str) -> bool {
    let answer = ask(gateway, host, "/", cookie);
    let at_portal = host == "login";
    match answer.status {
        200 if at_portal => true,
        200 => answer.text().contains("Remote-User: "),
        303 => {
            let location = answer.header("location").unwrap_or_default();
            let signin = if at_portal { "/signin".to_owned() } else { gateway.url("login", "/signin?return=") };
            assert!(location.starts_with(&signin), "{host}: {location}");
            false
        }
        status => panic!("{status} from {host}: {}", answer.text()),
    }
}

/// The names that were set on each host, after every attribute was looked at.
fn names_of(visitor: &Visitor, secure: bool) -> BTreeMap<String, BTreeSet<String>> {
    let prefix = if secure { "__Host-" } else { "" };
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (host, cookie) in &visitor.cookies {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let name = name.strip_prefix(prefix).unwrap_or_else(|| panic!("{cookie} has no {prefix}"));
        let (ages, attributes): (Vec<&str>, Vec<&str>) = parts.partition(|part| part.starts_with("Max-Age="));
        let mut expected = vec!["HttpOnly", "SameSite=Lax", "Path=/"];
        expected.extend(secure.then_some("Secure"));
        assert_eq!(BTreeSet::from_iter(attributes), BTreeSet::from_iter(expected), "{host}: {cookie}");
        let lasting = ["doorward_device", "doorward_lang", "doorward_name"].contains(&name);
        let age = match (value.is_empty(), lasting) {
            (true, _) => vec!["Max-Age=0"],
            (false, true) => vec!["Max-Age=31536000"],
            (false, false) => vec![],
        };
        assert_eq!(ages, age, "{host}: {cookie}");
        if !lasting && !value.is_empty() {
            assert_eq!(BASE64URL_NOPAD.decode(value.as_bytes()).unwrap().len(), 32, "256 bits: {cookie}");
        }
        names.entry(host.clone()).or_default().insert(name.to_owned());
    }
    names
}

fn set_of(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// SE-01.
#[test]
fn the_cookies_of_the_demo_bear_the_names_and_attributes_that_were_promised() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let page = alice.get(&gateway.url("intranet", "/"));
    let page = alice.submit(&page, "language", &[("language", "de")]);
    let page = alice.submit(&page, "username", &[("username", "alice"), ("remember", "yes")]);
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    assert_eq!(page.status(), 200, "{}", page.words());
    let page = alice.get(&gateway.url("wiki", "/"));
    assert!(page.try_form("add_authenticator").is_some(), "{}", page.words());
    alice.get(&gateway.url("public", "/"));
    let names = names_of(&alice, false);
    let all = ["doorward", "doorward_flow", "doorward_device", "doorward_lang", "doorward_name"];
    assert_eq!(names["login.localhost"], set_of(&all));
    assert_eq!(names["intranet.localhost"], set_of(&["doorward_flow", "doorward_app"]));
    assert_eq!(names["wiki.localhost"], set_of(&["doorward_flow"]));
    assert!(!names.contains_key("public.localhost"), "an open application needs no cookie: {names:?}");
    assert_eq!(alice.sign_out(&gateway.url("login", "/")).status, 303);
    names_of(&alice, false);
    assert_eq!(alice.cookie("login.localhost", "doorward"), "", "the browser is told to drop it");
}

/// SE-01.
#[test]
fn over_tls_every_cookie_is_bound_to_its_host_and_no_other_name_is_read() {
    let origin = Origin::start();
    let installation = site(PASSWORD_ONLY, &[("wiki", origin.port, "")], &["alice"]);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let url = served.url("wiki", "/");
    let page = alice.get(&url);
    let page = alice.submit(&page, "language", &[("language", "fr")]);
    let page = alice.submit(&page, "username", &[("username", "alice"), ("remember", "yes")]);
    let page = alice.submit(&page, "password", &[("password", &served.gateway.password("alice"))]);
    assert_eq!(page.status(), 200, "{}", page.words());
    let names = names_of(&alice, true);
    let all = ["doorward", "doorward_flow", "doorward_device", "doorward_lang", "doorward_name"];
    assert_eq!(names["login.example.test"], set_of(&all));
    assert_eq!(names["wiki.example.test"], set_of(&["doorward_flow", "doorward_app"]));

    let app = alice.cookie("wiki.example.test", "__Host-doorward_app");
    let portal = alice.cookie("login.example.test", "__Host-doorward");
    let status = |host: &str, cookie: &str| {
        let fields = [("Accept", "text/html"), ("X-Forwarded-Proto", "https"), ("Cookie", cookie)];
        exchange(served.ports.http, "GET", host, "/", &fields, b"").status
    };
    assert_eq!(status("wiki.example.test", &format!("__Host-doorward_app={app}")), 200);
    assert_eq!(status("login.example.test", &format!("__Host-doorward={portal}")), 200);
    // A neighbouring host can set the plain name for the whole domain, but not the prefixed one.
    for plain in
        [format!("doorward_app={app}"), format!("__Secure-doorward_app={app}"), format!("__host-doorward_app={app}")]
    {
        assert_eq!(status("wiki.example.test", &plain), 303, "{plain}");
    }
    assert_eq!(status("login.example.test", &format!("doorward={portal}")), 303);
    assert_eq!(status("wiki.example.test", &format!("doorward_app=planted; __Host-doorward_app={app}")), 200);
    assert_eq!(status("wiki.example.test", &format!("doorward_app={app}; __Host-doorward_app=planted")), 303);
}

/// SE-02.
#[test]
fn each_rise_of_level_brings_new_ids_and_the_old_ones_are_dead_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.cedar"), STEP_UP).unwrap();
    let gateway = Gateway::demo_with(&["--policies", folder.path().to_str().unwrap()], &[]);
    let mut alice = gateway.visitor();
    let page = alice.up_to_the_password("alice", &gateway.url("wiki", "/"));
    let half = alice.cookie("login.localhost", "doorward_flow");
    assert!(!half.is_empty());
    alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    let (portal, wiki) = (alice.cookie("login.localhost", "doorward"), alice.cookie("wiki.localhost", "doorward_app"));
    assert!(opens(&gateway, "login", &format!("doorward={portal}")));
    assert!(opens(&gateway, "wiki", &format!("doorward_app={wiki}")));

    // Whoever planted or read the id of the half-done sign-in has nothing of the session that came of it.
    for name in ["doorward_flow", "doorward"] {
        assert!(!opens(&gateway, "login", &format!("{name}={half}")), "{name}");
        assert!(!opens(&gateway, "wiki", &format!("{name}={half}; doorward_app={half}")), "{name}");
    }
    let seen = ask(&gateway, "login", "/signin/step", &format!("doorward_flow={half}"));
    assert!(seen.all("set-cookie").all(|set| !set.starts_with("doorward=")), "{:?}", seen.headers);

    // Enrolment ends in a higher level of the same session.
    alice.get(&gateway.url("intranet", "/"));
    let intranet = alice.cookie("intranet.localhost", "doorward_app");
    let url = gateway.url("wiki", "/secure/x");
    let page = alice.get(&url);
    let raising = alice.cookie("login.localhost", "doorward_flow");
    assert_ne!(raising, half, "each flow has an id of its own");
    let page = enrol(&gateway, &mut alice, &page);
    assert_eq!((page.status(), page.url.as_str()), (200, url.as_str()), "{}", page.words());

    let (raised, raised_wiki) =
        (alice.cookie("login.localhost", "doorward"), alice.cookie("wiki.localhost", "doorward_app"));
    assert_ne!(raised, portal);
    assert_ne!(raised_wiki, wiki);
    assert!(!opens(&gateway, "login", &format!("doorward={portal}")), "the portal's id from before the rise lives on");
    assert!(
        !opens(&gateway, "wiki", &format!("doorward_app={wiki}")),
        "the application's id from before the rise lives on"
    );
    assert!(opens(&gateway, "login", &format!("doorward={raised}")));
    assert!(opens(&gateway, "wiki", &format!("doorward_app={raised_wiki}")));
    assert!(
        opens(&gateway, "intranet", &format!("doorward_app={intranet}")),
        "where nothing rose, nothing is interrupted"
    );
    assert!(
        !opens(&gateway, "login", &format!("doorward={raising}"))
            && !opens(&gateway, "wiki", &format!("doorward_app={raising}"))
    );
}

/// SE-02.
#[test]
fn an_id_that_was_planted_before_the_sign_in_opens_nothing_after_it() {
    let gateway = Gateway::demo();
    let planted = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";
    let mut victim = gateway.visitor();
    for (host, name) in [
        ("login.localhost", "doorward"),
        ("login.localhost", "doorward_flow"),
        ("intranet.localhost", "doorward_app"),
        ("intranet.localhost", "doorward_flow"),
    ] {
        victim.jar.entry(host.to_owned()).or_default().insert(name.to_owned(), planted.to_owned());
    }
    victim.with_password(&gateway, "carol", &gateway.url("intranet", "/"));
    for (host, name) in [("login", "doorward"), ("intranet", "doorward_app")] {
        let id = victim.cookie(&format!("{host}.localhost"), name);
        assert_ne!(id, planted);
        assert!(opens(&gateway, host, &format!("{name}={id}")));
        for name in ["doorward", "doorward_app", "doorward_flow"] {
            assert!(!opens(&gateway, host, &format!("{name}={planted}")), "{name} at {host}");
        }
    }
    // Another user's session, planted in the middle of hers, is not raised into hers: it ends where hers begins.
    let mut mallory = gateway.visitor();
    mallory.with_password(&gateway, "bob", &gateway.url("intranet", "/"));
    let mallorys = mallory.cookie("login.localhost", "doorward");
    let mut victim = gateway.visitor();
    let page = victim.up_to_the_password("carol", &gateway.url("intranet", "/"));
    victim.jar.entry("login.localhost".to_owned()).or_default().insert("doorward".to_owned(), mallorys.clone());
    assert!(opens(&gateway, "login", &format!("doorward={mallorys}")));
    let page = victim.submit(&page, "password", &[("password", &gateway.password("carol"))]);
    assert!(page.words().contains("Remote-User: carol"), "{}", page.words());
    assert!(!opens(&gateway, "login", &format!("doorward={mallorys}")));
}

/// Values that are almost the one that is good.
fn mangled(good: &str) -> Vec<String> {
    let bytes = BASE64URL_NOPAD.decode(good.as_bytes()).unwrap();
    let mut all = vec![
        good[1..].to_owned(),
        good[..42].to_owned(),
        good[..22].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        format!("{good}%00"),
        format!("{good}.{good}"),
        format!("A{good}"),
        good.to_uppercase(),
        good.to_lowercase(),
        good.chars().rev().collect(),
        good.replace(['-', '_'], "+"),
        HEXLOWER.encode(&bytes),
    ];
    for bit in (0..256).step_by(15) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        all.push(BASE64URL_NOPAD.encode(&flipped));
    }
    // The last of 43 characters has two bits that say nothing: it must still have one spelling.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(&good[42..]).unwrap();
    all.extend((1..4).map(|spare| format!("{}{}", &good[..42], &alphabet[last + spare..=last + spare])));
    all.retain(|value| value != good);
    all
}

/// SE-03.
#[test]
fn a_mangled_id_is_nobodys_and_what_is_kept_of_one_opens_nothing() {
    let state = tempfile::tempdir().unwrap();
    let gateway = Gateway::demo_with(&["--state", state.path().to_str().unwrap()], &[("RUST_LOG", "debug")]);
    let mut carol = gateway.visitor();
    carol.with_password(&gateway, "carol", &gateway.url("intranet", "/"));
    let good = [
        ("login", "doorward", carol.cookie("login.localhost", "doorward")),
        ("intranet", "doorward_app", carol.cookie("intranet.localhost", "doorward_app")),
    ];
    for (host, name, value) in &good {
        for wrong in mangled(value) {
            assert!(!opens(&gateway, host, &format!("{name}={wrong}")), "{name}={wrong} for {value}");
        }
    }
    // The one host's id is nothing at the other, under either name.
    for name in ["doorward", "doorward_app", "doorward_flow"] {
        assert!(!opens(&gateway, "login", &format!("{name}={}", good[1].2)));
        assert!(!opens(&gateway, "intranet", &format!("{name}={}", good[0].2)));
        assert!(!opens(&gateway, "wiki", &format!("{name}={}", good[1].2)));
    }

    let kept = sqlite(state.path(), "SELECT token, id FROM session");
    let columns: Vec<&str> = kept.split(['|', '\n']).filter(|column| !column.is_empty()).collect();
    assert_eq!(columns.len(), 4, "two sessions: {kept}");
    for column in columns {
        let raw = HEXLOWER.decode(column.as_bytes()).unwrap_or_default();
        for value in [column.to_owned(), BASE64URL_NOPAD.encode(&raw)] {
            assert!(!opens(&gateway, "login", &format!("doorward={value}")), "{column}");
            assert!(!opens(&gateway, "intranet", &format!("doorward_app={value}")), "{column}");
        }
    }
    let log = gateway.log.lock().unwrap().clone() + &gateway.output.lock().unwrap();
    for (host, name, value) in &good {
        let raw = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
        for needle in [value.as_bytes(), HEXLOWER.encode(&raw).as_bytes(), &raw] {
            for file in std::fs::read_dir(state.path())
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_file())
            {
                let held = std::fs::read(&file).unwrap();
                assert!(!held.windows(needle.len()).any(|window| window == needle), "{name} is in {}", file.display());
            }
        }
        assert!(!log.contains(value.as_str()), "{name} is in the log");
        assert!(opens(&gateway, host, &format!("{name}={value}")), "and the right one still opens");
    }
}

/// Asks the database of a demo with a state folder.
fn sqlite(state: &std::path::Path, sql: &str) -> String {
    let output = std::process::Command::new("sqlite3")
        .args(["-batch", "-bail", "-cmd", ".timeout 10000"])
        .arg(state.join("doorward.db"))
        .arg(sql)
        .output()
        .expect("sqlite3 is installed (make test does so)");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// SE-04.
#[test]
fn a_malformed_cookie_is_no_session_and_never_an_error_of_ours() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    carol.with_password(&gateway, "carol", &gateway.url("intranet", "/"));
    for (host, name) in [("login", "doorward"), ("intranet", "doorward_app")] {
        let good = carol.cookie(&format!("{host}.localhost"), name);
        let huge = "x".repeat(64 * 1024);
        let large = "x".repeat(9_000);
        let crumbs = format!("{name}={good}\r\nCookie: {name}={good}");
        let fields: Vec<Vec<u8>> = [
            "",
            "=",
            ";",
            ";;;=;",
            name,
            "NAME",
            "NAME=",
            "NAME=\"\"",
            "NAME=\"GOOD\"",
            "NAME='GOOD'",
            "NAME = GOOD",
            "NAME=GOOD GOOD",
            "NAME=%zz",
            "NAME=%00",
            "NAME=%47%4F",
            "NAME={\"user\":\"carol\",\"level\":9}",
            "NAME=[]",
            "NAME=null",
            "NAME=true",
            "NAME=0",
            "NAME=AAAA====",
            "NAME=!!!not base64!!!",
            "NAME=../../etc/passwd",
            "NAME=' OR '1'='1",
            "NAME=GOOD; NAME=GOOD",
            "NAME=x; NAME=GOOD",
            "NAME=GOOD; NAME=x",
            "NAME=GOOD,NAME=GOOD",
            "=NAME=GOOD",
            "$Version=1; NAME=\"GOOD\"; $Path=/",
            "__Host-NAME=GOOD",
        ]
        .iter()
        .map(|field| field.replace("NAME", name).replace("GOOD", &good).into_bytes())
        .chain([
            format!("{name}={huge}").into_bytes(),
            format!("{name}={large}").into_bytes(),
            format!("{name}={good}{large}").into_bytes(),
            format!("{name}={good}\r\nCookie: a={large}\r\nCookie: b={large}").into_bytes(),
            crumbs.into_bytes(),
            [name.as_bytes(), b"=", good.as_bytes(), b"\0"].concat(),
            [name.as_bytes(), b"=\0", good.as_bytes()].concat(),
            [name.as_bytes(), b"=\xff\xfe\xfd"].concat(),
            [name.as_bytes(), b"=\xc3\xa9", good.as_bytes()].concat(),
            [name.as_bytes(), b"=", good.as_bytes(), b"\t"].concat().into_iter().chain(*b"x").collect(),
            [name.as_bytes(), b"=\x1b[31m"].concat(),
        ])
        .collect();
        for field in fields {
            let head = format!(
                "GET / HTTP/1.1\r\nHost: {host}.localhost:{}\r\nAccept: text/html\r\nConnection: close\r\nCookie: ",
                gateway.port
            );
            let raw = send_raw(gateway.port, &[head.as_bytes(), &field, b"\r\n\r\n"].concat());
            let answer = String::from_utf8_lossy(&raw).into_owned();
            let shown: String = String::from_utf8_lossy(&field).chars().take(60).collect();
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(["303", "400", "431"].contains(&status), "{status} for {shown:?} at {host}");
            assert!(!answer.contains("Remote-User"), "{shown:?} at {host}");
            let location =
                answer.lines().find_map(|line| line.to_lowercase().strip_prefix("location: ").map(str::to_owned));
            assert_eq!(status == "303", location.is_some_and(|to| to.contains("/signin")), "{shown:?}: {answer}");
        }
        assert!(opens(&gateway, host, &format!("{name}={good}")), "the good one is good alone");
        assert!(opens(&gateway, host, &format!("a=1; {name}={good};b=\"2\"")), "and among others");
    }
}

/// SE-05.
#[test]
fn a_sign_out_ends_the_session_of_every_application_within_a_second() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let mut old: Vec<(String, String)> = Vec::new();
    alice.with_password(&gateway, "alice", &gateway.url("intranet", "/"));
    let page = alice.get(&gateway.url("wiki", "/"));
    assert!(page.try_form("add_authenticator").is_some(), "{}", page.words());
    assert_eq!(enrol(&gateway, &mut alice, &page).status(), 200);
    for (host, jar) in &alice.jar {
        for (name, value) in jar {
            old.push((host.split('.').next().unwrap().to_owned(), format!("{name}={value}")));
        }
    }
    let good = |host: &str| {
        old.iter().filter(|(at, _)| at == host).map(|(_, pair)| pair.as_str()).collect::<Vec<_>>().join("; ")
    };
    for host in ["login", "wiki", "intranet"] {
        assert!(opens(&gateway, host, &good(host)), "{host} before");
    }
    let mut other_browser = gateway.visitor();
    other_browser.with_password(&gateway, "carol", &gateway.url("intranet", "/"));

    let answer = alice.sign_out(&gateway.url("login", "/"));
    let signed_out = Instant::now();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/signed-out")));
    // Every old value, under its own name and every other, on every host.
    for host in ["login", "wiki", "intranet", "public"] {
        while signed_out.elapsed() < SOON && opens(&gateway, host, &good(host)) {}
        let begun = signed_out.elapsed();
        assert!(!opens(&gateway, host, &good(host)), "{host} opens {begun:?} after the sign-out");
    }
    for host in ["login", "wiki", "intranet", "public"] {
        for (_, pair) in &old {
            let value = pair.split_once('=').unwrap().1;
            for name in ["doorward", "doorward_app", "doorward_flow", "doorward_device"] {
                assert!(
                    !opens(&gateway, host, &format!("{name}={value}")),
                    "{name} with the value of {pair} at {host}"
                );
            }
        }
    }
    assert_eq!(other_browser.get(&gateway.url("intranet", "/")).status(), 200, "nobody else is signed out");
}

/// The wizard from its first page.
fn enrol(gateway: &Gateway, alice: &mut Visitor, page: &Page) -> Page {
    let page = alice.press(page, "add_authenticator");
    let page = alice.type_code(&page, &gateway.mail_to("alice@example.test").code());
    let page = alice.choose_ios(&page);
    let phone = Phone::scan(&page.link("otpauth://"));
    alice.finish(&page, &phone)
}

#[test]
fn requests_that_hail_down_during_a_sign_out_are_refused_within_a_second() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    carol.with_password(&gateway, "carol", &gateway.url("intranet", "/"));
    let request = format!(
        "GET / HTTP/1.1\r\nHost: intranet.localhost:{}\r\nConnection: close\r\nCookie: doorward_app={}\r\n\r\n",
        gateway.port,
        carol.cookie("intranet.localhost", "doorward_app")
    );
    let stop = AtomicBool::new(false);
    let (signed_out, seen) = std::thread::scope(|scope| {
        let hail: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        // What is under way when its session ends may be cut without a word.
                        let raw = String::from_utf8_lossy(&send_raw(gateway.port, request.as_bytes())).into_owned();
                        seen.push((begun, raw.contains("Remote-User: carol")));
                    }
                    seen
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(carol.sign_out(&gateway.url("login", "/")).status, 303);
        let signed_out = Instant::now();
        std::thread::sleep(SOON * 2);
        stop.store(true, Ordering::Relaxed);
        (signed_out, hail.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>())
    });
    assert!(seen.iter().any(|(begun, open)| *begun < signed_out && *open), "it opened before");
    let after: Vec<_> = seen.iter().filter(|(begun, _)| *begun > signed_out + SOON).collect();
    assert!(after.len() > 10, "only {} requests came after", after.len());
    assert!(after.iter().all(|(_, open)| !open), "it opens still");
    let first_no = seen.iter().filter(|(_, open)| !open).map(|(begun, _)| *begun).min().unwrap();
    assert!(seen.iter().all(|(begun, open)| !open || *begun < first_no + SOON), "no, and yes again");
}

/// SE-05.
#[test]
fn twenty_requests_in_flight_end_with_their_session() {
    let origin = Origin::start();
    let installation = site(PASSWORD_ONLY, &[("wiki", origin.port, "")], &["alice", "bob"]);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let mut bob = served.proxied_visitor();
    for (visitor, user) in [(&mut alice, "alice"), (&mut bob, "bob")] {
        visitor.with_password(&served.gateway, user, &served.url("wiki", "/"));
    }
    let so_far = origin.heads().len();
    let hold = |visitor: &Visitor| {
        let cookie = format!("__Host-doorward_app={}", visitor.cookie("wiki.example.test", "__Host-doorward_app"));
        let head =
            format!("GET /hold HTTP/1.1\r\nHost: wiki.example.test\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        let raw = send_raw(served.ports.http, head.as_bytes());
        (Instant::now(), String::from_utf8_lossy(&raw).into_owned())
    };
    std::thread::scope(|scope| {
        let in_flight: Vec<_> = (0..20).map(|_| scope.spawn(|| hold(&alice.clone()))).collect();
        let bobs = scope.spawn(|| hold(&bob));
        origin.wait_for(so_far + 21);
        let mut leaving = alice.clone();
        assert_eq!(leaving.sign_out(&served.url("login", "/")).status, 303);
        let signed_out = Instant::now();
        for one in in_flight {
            let (ended, answer) = one.join().unwrap();
            assert!(ended < signed_out + SOON, "ended {:?} after the sign-out", ended - signed_out);
            assert!(!answer.contains("Remote-User"), "{answer}");
        }
        assert!(!bobs.is_finished(), "nobody else is cut");
        origin.release();
        let (_, answer) = bobs.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Remote-User: bob"), "{answer}");
    });
}

/// SE-05.
#[test]
fn a_sign_out_at_one_gateway_is_felt_at_the_other_within_a_second() {
    let origin = Origin::start();
    let installation = site(PASSWORD_ONLY, &[("wiki", origin.port, ""), ("intranet", origin.port, "")], &["alice"]);
    let (here, there) = (installation.serve(), installation.serve());
    let mut alice = here.proxied_visitor();
    alice.with_password(&here.gateway, "alice", &here.url("wiki", "/"));
    assert_eq!(alice.get(&here.url("intranet", "/")).status(), 200);
    let jars = alice.jar.clone();
    let opens_there = |host: &str, name: &str| {
        let host = format!("{host}.example.test");
        let cookie = format!("{name}={}", jars[&host][name]);
        let fields = [("Accept", "text/html"), ("Cookie", &cookie)];
        exchange(there.ports.http, "GET", &host, "/", &fields, b"").status == 200
    };
    let places = [("wiki", "__Host-doorward_app"), ("intranet", "__Host-doorward_app"), ("login", "__Host-doorward")];
    // The other gateway is asked up to the last moment, so that it remembers as freshly as it can.
    for (host, name) in places {
        assert!(opens_there(host, name), "{host}");
    }
    let page = alice.get(&here.url("login", "/"));
    let form = page.form_to("/signout");
    for (host, name) in places {
        assert!(opens_there(host, name), "{host}");
    }
    assert_eq!(alice.post_once(&page, &form, &[]).status, 303);
    let signed_out = Instant::now();
    for (host, name) in places {
        while signed_out.elapsed() < SOON && opens_there(host, name) {}
        let begun = signed_out.elapsed();
        assert!(!opens_there(host, name), "{host} opens {begun:?} after the sign-out");
    }
}

/// SE-07.
#[test]
fn a_half_done_sign_in_opens_nothing() {
    let gateway = Gateway::demo();
    let nothing_opens = |visitor: &Visitor, stage: &str| {
        for host in ["login", "wiki", "intranet"] {
            let jar = visitor.jar.get(&format!("{host}.localhost")).cloned().unwrap_or_default();
            let cookie = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            assert!(!opens(&gateway, host, &cookie), "{stage}: {host}");
        }
        for (host, jar) in &visitor.jar {
            assert!(!jar.contains_key("doorward") && !jar.contains_key("doorward_app"), "{stage}: {host} {jar:?}");
            for value in jar.values() {
                for name in ["doorward", "doorward_app"] {
                    for at in ["login", "wiki", "intranet", "public"] {
                        assert!(!opens(&gateway, at, &format!("{name}={value}")), "{stage}: {name} at {at}");
                    }
                }
            }
        }
    };
    let wiki = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    alice.up_to_the_password("alice", &wiki);
    nothing_opens(&alice, "name given");
    let mut alice = gateway.visitor();
    as_far_as_the_code(&gateway, &mut alice, "alice", &wiki);
    nothing_opens(&alice, "password given, code sent");
    let mut bob = gateway.visitor();
    let (page, _) = as_far_as_the_secret(&gateway, &mut bob, "bob", &wiki);
    nothing_opens(&bob, "code given, secret shown");
    bob.press(&page, "continue");
    nothing_opens(&bob, "passcode asked for");
    // The weaker application asks from the beginning, in the same browser too.
    let page = bob.get(&gateway.url("intranet", "/"));
    assert!(
        page.url.starts_with(&gateway.url("login", "/")) && page.try_form("username").is_some(),
        "{}",
        page.words()
    );
    nothing_opens(&bob, "having looked at the intranet");

    // A token in use, and only its passcode missing.
    let mut carol = gateway.visitor();
    carol.with_password(&gateway, "alice", &gateway.url("intranet", "/"));
    let weaker = carol.cookie("intranet.localhost", "doorward_app");
    let page = carol.get(&wiki);
    assert!(page.url.starts_with(&gateway.url("login", "/")), "one factor is not two: {}", page.words());
    assert_eq!(carol.cookie("wiki.localhost", "doorward_app"), "");
    for name in ["doorward_app", "doorward"] {
        assert!(
            !opens(&gateway, "wiki", &format!("{name}={weaker}")),
            "the weaker application's session opens the stronger"
        );
    }
    let portal = carol.cookie("login.localhost", "doorward");
    assert!(!opens(&gateway, "wiki", &format!("doorward_app={portal}; doorward={portal}")));
}

#[test]
fn a_known_user_between_password_and_passcode_is_nobody() {
    let gateway = Gateway::demo();
    through_the_door(&gateway, &mut gateway.visitor(), "alice", &gateway.url("wiki", "/"));
    let mut again = gateway.visitor();
    let page = again.up_to_the_password("alice", &gateway.url("wiki", "/"));
    let page = again.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    assert!(page.try_form("otp").is_some(), "{}", page.words());
    for host in ["login", "wiki", "intranet"] {
        let jar = again.jar.get(&format!("{host}.localhost")).cloned().unwrap_or_default();
        assert!(!jar.contains_key("doorward") && !jar.contains_key("doorward_app"), "{host}: {jar:?}");
        let cookie = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        assert!(!opens(&gateway, host, &cookie), "{host}");
    }
    assert_eq!(
        exchange(
            gateway.port,
            "GET",
            &format!("wiki.localhost:{}", gateway.port),
            "/",
            &[("Accept", "application/json")],
            b""
        )
        .status,
        401
    );
}

/// The address with the ticket that a sign-in of carol at the intranet ends in, not opened yet.
fn ticket(gateway: &Gateway, carol: &mut Visitor) -> String {
    let page = carol.up_to_the_password("carol", &gateway.url("intranet", "/page?x=1"));
    let answer = carol.post_once(&page, &page.form("password"), &[("password", &gateway.password("carol"))]);
    let url = answer.header("location").unwrap_or_default().to_owned();
    assert!(url.starts_with(&gateway.url("intranet", "/.doorward/enter?ticket=")), "{url}");
    url
}

fn app_cookie(answer: &Answer) -> Option<String> {
    let set = answer.all("set-cookie").find_map(|set| set.strip_prefix("doorward_app="))?;
    Some(set.split(';').next().unwrap().to_owned())
}

#[test]
fn a_stolen_ticket_opens_nothing_in_another_browser_or_at_another_host() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    let url = ticket(&gateway, &mut carol);
    let bare = gateway.visitor().once("GET", &url, &[], None);
    assert_eq!((bare.status, app_cookie(&bare)), (303, None), "a browser without any cookie");
    let mut bare = gateway.visitor();
    let page = bare.get(&url);
    assert!(page.try_form("username").is_some(), "whoever has no cookie is asked to sign in: {}", page.words());
    let mut thief = gateway.visitor();
    thief.get(&gateway.url("intranet", "/"));
    let stolen = thief.once("GET", &url, &[], None);
    assert_eq!((stolen.status, app_cookie(&stolen)), (303, None), "a browser with a hop cookie of its own");
    let page = thief.get(&url);
    assert!(page.try_form("username").is_some(), "the thief is asked to sign in: {}", page.words());
    // At another host, even in the right browser and with the right hop cookie.
    let hop = carol.cookie("intranet.localhost", "doorward_flow");
    let target = url.split_once(&format!(":{}", gateway.port)).unwrap().1;
    for host in ["wiki", "public", "login"] {
        let elsewhere = ask(&gateway, host, target, &format!("doorward_flow={hop}"));
        assert!(elsewhere.status != 200 || host == "login", "{host}: {}", elsewhere.status);
        assert!(
            elsewhere.all("set-cookie").all(|set| !set.contains("doorward_app=") && !set.starts_with("doorward=")),
            "{host}"
        );
    }
    // Whoever only looks uses nothing up; its owner gets in.
    assert_eq!(app_cookie(&carol.once("HEAD", &url, &[], None)), None);
    let page = carol.get(&url);
    assert_eq!((page.status(), page.url.as_str()), (200, gateway.url("intranet", "/page?x=1").as_str()));
    assert!(page.words().contains("Remote-User: carol"), "{}", page.words());
}

#[test]
fn a_ticket_is_good_once_however_many_ask_at_the_same_moment() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    let url = ticket(&gateway, &mut carol);
    let opened: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..16)
            .map(|_| {
                let (mut one, url) = (carol.clone(), url.clone());
                scope.spawn(move || app_cookie(&one.once("GET", &url, &[], None)))
            })
            .collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(opened.len(), 1, "one of sixteen");
    assert!(opens(&gateway, "intranet", &format!("doorward_app={}", opened[0])));
    // A reload leads to the page, and to no second session.
    carol.jar.get_mut("intranet.localhost").unwrap().insert("doorward_app".to_owned(), opened[0].clone());
    let again = carol.once("GET", &url, &[], None);
    assert_eq!((again.status, app_cookie(&again)), (303, None));
    assert_eq!(again.header("location"), Some(gateway.url("intranet", "/page?x=1").as_str()));
}

#[test]
fn a_ticket_is_good_for_thirty_seconds() {
    let state = tempfile::tempdir().unwrap();
    let gateway = Gateway::demo_with(&["--state", state.path().to_str().unwrap()], &[]);
    let mut carol = gateway.visitor();
    let url = ticket(&gateway, &mut carol);
    let left = sqlite(
        state.path(),
        "SELECT expires_at - (julianday('now') - 2440587.5) * 86400000 FROM one_time WHERE purpose = 'ticket'",
    );
    let left: f64 = left.trim().parse().unwrap_or_else(|_| panic!("one ticket: {left:?}"));
    assert!((1.0..=30_000.0).contains(&left), "{left} ms");
    // Thirty seconds pass: for the ticket, all that counts of them is this number.
    sqlite(state.path(), "UPDATE one_time SET expires_at = expires_at - 30000 WHERE purpose = 'ticket'");
    let late = carol.once("GET", &url, &[], None);
    assert_eq!((late.status, app_cookie(&late)), (303, None));
    // Whose ticket came too late is still signed in at the portal, and gets another.
    let page = carol.get(&url);
    assert_eq!(
        (page.status(), page.url.as_str()),
        (200, gateway.url("intranet", "/page?x=1").as_str()),
        "{}",
        page.words()
    );
}
