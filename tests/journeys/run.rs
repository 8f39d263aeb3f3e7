//! `doorward run` as operators run it: TLS, a real mail server, SQLite and PostgreSQL, two gateways on one database, reloads, and
//! what it says when something is wrong.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::journeys::first_light::{as_far_as_the_code, through_the_door};
use crate::journeys::pipush::make_key;
use crate::world::{
    Answer, Database, Installation, Mail, Manner, Page, Phone, Ports, SLOW, Served, Visitor, binary, exchange, forms,
    run, until, words,
};

/// The mails with a code in them.
fn code_mails(installation: &Installation) -> Vec<Mail> {
    let is_code = |line: &str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    installation.mails().into_iter().filter(|mail| mail.text.lines().any(|line| is_code(line.trim()))).collect()
}

/// How often each event stands in the audit trail.
fn events(installation: &Installation) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in installation.sql("SELECT record FROM audit_record ORDER BY seq").lines() {
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        *counts.entry(record["details"]["event"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// The whole wizard, by `curl`, and what is left in its jar and at the mail server.
fn alice_enrols(installation: &Installation, gateway: &Served, alice: &mut Visitor) {
    let url = gateway.url("wiki", "/page?x=1&y=%C3%A4");
    let (page, _) = through_the_door(&gateway.gateway, alice, "alice", &url);
    assert_eq!((page.url.as_str(), page.status()), (url.as_str(), 200));
    let words = page.words().to_ascii_lowercase(); // HTTP/2 writes names so
    assert!(words.contains("get /page?x=1&y=%c3%a4 http/1.1"), "{words}");
    assert!(words.contains("remote-user: alice"), "{words}");
    assert!(!words.contains("doorward"), "no cookie of ours reaches the application: {words}");

    for (host, cookies) in &alice.jar {
        for name in cookies.keys() {
            assert!(name.starts_with("__Host-doorward"), "{name} of {host}");
        }
    }
    assert!(alice.jar["login.example.test"].contains_key("__Host-doorward"));
    assert!(alice.jar["wiki.example.test"].contains_key("__Host-doorward_app"));

    let codes = code_mails(installation);
    let [mail] = &codes[..] else { panic!("exactly one code is sent: {codes:?}") };
    assert_eq!(mail.to, "alice@example.test");
    assert!(mail.html.contains("<html") && mail.html.contains(&mail.code()), "{}", mail.html);
    assert!(mail.text.contains("Example") && !mail.text.contains('<'), "{}", mail.text);
    until("the notice that there is a new authenticator", || installation.mails().len() == 2);
}

#[test]
fn over_http2_and_sqlite_somebody_enrols_with_a_real_mail_server() {
    let installation = Installation::with_users(Database::Sqlite);
    let gateway = installation.serve();
    alice_enrols(&installation, &gateway, &mut gateway.visitor());
}

#[test]
fn over_http1_and_postgresql_somebody_enrols_with_a_real_mail_server() {
    let installation = Installation::with_users(Database::Postgres);
    let gateway = installation.serve();
    alice_enrols(&installation, &gateway, &mut gateway.old_visitor());
}

/// Signs out at the portal and looks at the very answer.
fn sign_out(visitor: &mut Visitor, gateway: &Served) -> Answer {
    let page = visitor.get(&gateway.url("login", "/"));
    let form = forms(&page.html()).into_iter().find(|form| form.action == "/signout").expect("a way to sign out");
    visitor.post_once(&page, &form, &[])
}

/// A request with a stolen session cookie of an application.
fn replayed(gateway: &Served, app: &str, cookie: &str) -> Answer {
    let host = format!("{app}.example.test");
    let cookie = format!("__Host-doorward_app={cookie}");
    let headers = [("Accept", "text/html"), ("X-Forwarded-Proto", "https"), ("Cookie", cookie.as_str())];
    exchange(gateway.ports.http, "GET", &host, "/", &headers, b"")
}

#[test]
fn two_gateways_on_one_postgresql_are_one_site() {
    let installation = Installation::with_users(Database::Postgres);
    let (one, other) = (installation.serve(), installation.serve());

    // Each step of the wizard at the other gateway than the one before.
    let mut alice = one.visitor();
    let url = one.url("wiki", "/page?x=1");
    let page = as_far_as_the_code(&one.gateway, &mut alice, "alice", &url);
    alice.connect_to(other.ports.https);
    let code = one.gateway.mail_to("alice@example.test").code();
    let page = alice.submit(&page, "verification_code", &[("verification_code", &code)]);
    alice.connect_to(one.ports.https);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    let phone = Phone::scan(&page.link("otpauth://"));
    alice.connect_to(other.ports.https);
    let page = alice.press(&page, "continue");
    alice.connect_to(one.ports.https);
    let page = alice.submit(&page, "otp", &[("otp", &phone.passcode())]);
    assert_eq!((page.url.as_str(), page.status()), (url.as_str(), 200), "{}", page.words());

    // What was got at one counts at the other.
    alice.connect_to(other.ports.https);
    for app in ["wiki", "intranet"] {
        let page = alice.get(&other.url(app, "/"));
        assert_eq!((page.url.clone(), page.status()), (other.url(app, "/"), 200));
    }

    // Signed out at one, refused at the other: no request that begins a second later is admitted.
    let stolen =
        ["wiki", "intranet"].map(|app| (app, alice.jar[&format!("{app}.example.test")]["__Host-doorward_app"].clone()));
    alice.connect_to(one.ports.https);
    for (app, cookie) in &stolen {
        assert_eq!(replayed(&other, app, cookie).status, 200, "{app}");
    }
    assert_eq!(sign_out(&mut alice, &one).status, 303);
    let signed_out = Instant::now();
    for (app, cookie) in &stolen {
        loop {
            let begun = signed_out.elapsed();
            let answer = replayed(&other, app, cookie);
            if answer.status == 303 {
                assert!(answer.header("location").unwrap().starts_with("https://login.example.test/"), "{answer:?}");
                break;
            }
            assert!(begun <= Duration::from_secs(1), "{app} was still open {begun:?} after the sign-out: {answer:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    for (app, cookie) in &stolen {
        assert_eq!(replayed(&one, app, cookie).status, 303, "{app}");
    }
}

/// Does the same in 64 threads at the same moment, on the two gateways in turn.
fn at_once<T: Send>(gateways: [&Served; 2], work: impl Fn(usize, &Served) -> T + Sync) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(64));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|number| {
                let (barrier, work) = (barrier.clone(), &work);
                scope.spawn(move || {
                    barrier.wait();
                    work(number, gateways[number % 2])
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn each_thing_is_used_once(database: Database) {
    let installation = Installation::with_users(database);
    let (one, other) = (installation.serve(), installation.serve());
    let both = [&one, &other];
    let wiki = one.url("wiki", "/page");

    // A code.
    let mut bob = one.proxied_visitor();
    let page = as_far_as_the_code(&one.gateway, &mut bob, "bob", &wiki);
    let code = one.gateway.mail_to("bob@example.test").code();
    let form = page.form("verification_code");
    at_once(both, |_, gateway| {
        let mut bob = bob.clone();
        bob.connect_to(gateway.ports.http);
        bob.post_once(&page, &form, &[("verification_code", &code)]).status
    });
    let counted = events(&installation);
    assert_eq!(counted.get("VERIFICATION_CODE_ACCEPTED"), Some(&1), "{counted:?}");
    let page = bob.get(&one.url("login", "/signin/step"));
    let page = bob.submit(&page, "target", &[("target", "ios")]);
    let phone = Phone::scan(&page.link("otpauth://"));
    let page = bob.press(&page, "continue");
    let first = phone.passcode();
    let page = bob.submit(&page, "otp", &[("otp", &first)]);
    assert_eq!((page.url.as_str(), page.status()), (wiki.as_str(), 200), "{}", page.words());

    // A passcode: 64 browsers, each with the password given.
    let browsers: Vec<(Visitor, Page)> = (0..64)
        .map(|_| {
            let mut bob = one.proxied_visitor();
            let page = bob.get(&wiki);
            let page = bob.submit(&page, "username", &[("username", "bob")]);
            let page = bob.submit(&page, "password", &[("password", &one.gateway.password("bob"))]);
            (bob, page)
        })
        .collect();
    let passcode = phone.passcode_beside(&[first]).unwrap();
    let answers = at_once(both, |number, gateway| {
        let (mut bob, page) = browsers[number].clone();
        bob.connect_to(gateway.ports.http);
        let answer = bob.post_once(&page, &page.form("otp"), &[("otp", &passcode)]);
        let location = answer.header("location").unwrap_or_default().to_owned();
        location.starts_with("https://wiki.example.test/.doorward/enter").then_some((bob, location))
    });
    let winners: Vec<_> = answers.into_iter().flatten().collect();
    let [(winner, ticket)] = &winners[..] else { panic!("{} of 64 got in with one passcode", winners.len()) };

    // The ticket that it got.
    let answers = at_once(both, |_, gateway| {
        let mut bob = winner.clone();
        bob.connect_to(gateway.ports.http);
        bob.jar.get_mut("wiki.example.test").unwrap().remove("__Host-doorward_app");
        bob.once("GET", ticket, &[], None);
        bob.jar["wiki.example.test"].contains_key("__Host-doorward_app").then_some(bob)
    });
    let mut winners: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "one ticket opens one session");
    let page = winners[0].get(&wiki);
    assert_eq!((page.url.as_str(), page.status(), page.hops.len()), (wiki.as_str(), 200, 0));
}

#[test]
fn of_64_uses_over_two_gateways_on_sqlite_one_succeeds() {
    each_thing_is_used_once(Database::Sqlite);
}

#[test]
fn of_64_uses_over_two_gateways_on_postgresql_one_succeeds() {
    each_thing_is_used_once(Database::Postgres);
}

/// From W2 to the page asked for, with the one code that was sent.
fn enrol_with_the_code(installation: &Installation, gateway: &Served, alice: &mut Visitor, page: &Page) {
    let codes = code_mails(installation);
    let [mail] = &codes[..] else { panic!("exactly one code is sent: {codes:?}") };
    let page = alice.submit(page, "verification_code", &[("verification_code", &mail.code())]);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    let phone = Phone::scan(&page.link("otpauth://"));
    let page = alice.press(&page, "continue");
    let page = alice.submit(&page, "otp", &[("otp", &phone.passcode())]);
    assert_eq!((page.url.clone(), page.status()), (gateway.url("wiki", "/"), 200));
}

fn sent(installation: &Installation) -> usize {
    events(installation).get("VERIFICATION_CODE_SENT").copied().unwrap_or_default()
}

/// The form behind Retry and "Send a new code".
fn resend(visitor: &mut Visitor, page: &Page) -> Page {
    let form =
        forms(&page.html()).into_iter().find(|form| form.action == "/enrol/resend").expect("a way to send it again");
    visitor.send(page, &form, &[])
}

#[test]
fn while_the_mail_server_refuses_or_is_gone_nothing_is_claimed_and_retry_sends_one_code() {
    for gone in [true, false] {
        let installation = Installation::with_users(Database::Sqlite);
        let gateway = installation.serve();
        if gone {
            installation.mail.go_down()
        } else {
            installation.mail.behave(Manner::Refuse)
        }
        let mut alice = gateway.proxied_visitor();
        let page = as_far_as_the_code(&gateway.gateway, &mut alice, "alice", &gateway.url("wiki", "/"));
        assert!(page.words().contains("We couldn’t send you a code"), "{}", page.words());
        assert!(!page.words().contains("We sent"), "{}", page.words());
        assert!(page.try_form("verification_code").is_none(), "there is no code to type");
        assert_eq!(sent(&installation), 0);

        if gone {
            installation.mail.come_up()
        } else {
            installation.mail.behave(Manner::Accept)
        }
        let page = resend(&mut alice, &page);
        assert!(page.words().contains("We sent"), "{}", page.words());
        assert_eq!(sent(&installation), 1);
        enrol_with_the_code(&installation, &gateway, &mut alice, &page);
    }
}

#[test]
fn while_the_mail_server_says_later_the_page_says_we_are_sending_it_and_the_outbox_does() {
    let installation = Installation::with_users(Database::Sqlite);
    let gateway = installation.serve();
    installation.mail.behave(Manner::Later);
    let mut alice = gateway.proxied_visitor();
    let page = as_far_as_the_code(&gateway.gateway, &mut alice, "alice", &gateway.url("wiki", "/"));
    assert!(page.words().contains("We are sending"), "{}", page.words());
    assert!(!page.words().contains("We sent"), "{}", page.words());
    assert_eq!((sent(&installation), code_mails(&installation).len()), (0, 0));

    installation.mail.behave(Manner::Accept);
    until("the code, sent by the outbox", || sent(&installation) == 1);
    let page = alice.get(&page.url);
    assert!(page.words().contains("We sent"), "{}", page.words());
    enrol_with_the_code(&installation, &gateway, &mut alice, &page);
}

/// What it is, what is written instead of what, the words of the line that is at fault, and what else is said.
type Mistake<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a [&'a str]);

#[test]
fn what_is_wrong_with_a_configuration_is_named_and_ends_with_exit_code_2() {
    let installation = Installation::new(Database::Sqlite);
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = taken.local_addr().unwrap();
    let nobody = format!("postgres://nobody@127.0.0.1:{}/none", Ports::free().https);
    let https = Ports::free();
    let good = installation.configuration(https);
    let open_key = installation.path("open.key");
    std::fs::copy(installation.path("master.key"), &open_key).unwrap();
    Command::new("chmod").args(["644"]).arg(&open_key).status().unwrap();
    let bad_policies = installation.path("bad");
    std::fs::create_dir(&bad_policies).unwrap();
    std::fs::write(
        bad_policies.join("wiki.cedar"),
        "// A comment.\n@id(\"wiki\")\npermit (principal, action, resource)\nwhen { context.auth };\n",
    )
    .unwrap();
    let store = format!("url = \"{}\"", installation.store);
    let listen = format!("https = [\"127.0.0.1:{}\"]", https.https);

    let upstream = format!("upstream = \"http://127.0.0.1:{}\"", installation.echo.port);
    let pair = "upstream = [\"http://10.0.0.1:3000\", \"https://10.0.0.2:3000\"]";
    let twice = "upstream = [\"http://10.0.0.1:3000\", \"http://10.0.0.1:3000\"]";
    let nobody_asked = format!("{upstream}\nhealth_path = \"healthz\"");

    let cases: [Mistake<'_>; 15] = [
        ("an unknown key", "threads = 2", "thraeds = 2", Some("thraeds"), &["thraeds"]),
        (
            "a missing certificate",
            "site.pem",
            "none.pem",
            Some("none.pem"),
            &["certificates.certificate", "No such file"],
        ),
        ("a missing key", "master.key", "none.key", Some("none.key"), &["store.key_file", "No such file"]),
        ("a key that others may read", "master.key", "open.key", Some("open.key"), &["may be read by others", "644"]),
        (
            "plain HTTP in public",
            "http = [\"127.0.0.1:",
            "http = [\"0.0.0.0:",
            Some("0.0.0.0"),
            &["listen.http", "loopback"],
        ),
        (
            "no amount of memory",
            "[audit]",
            "[limits]\nmemory = \"1GB\"\n[audit]",
            Some("1GB"),
            &["limits.memory", "64MiB"],
        ),
        ("an address that is none", &listen, "https = [\"here\"]", Some("here"), &["socket address"]),
        ("upstreams with and without TLS", &upstream, pair, Some(pair), &["intranet.upstream", "all begin with"]),
        ("an upstream named twice", &upstream, twice, Some(twice), &["intranet.upstream", "10.0.0.1:3000 twice"]),
        ("no upstream", &upstream, "upstream = []", Some("upstream = []"), &["intranet.upstream", "name an address"]),
        ("an upstream that is none", &upstream, "upstream = 1", Some("upstream = 1"), &["an address such as"]),
        ("a health_path that is none", &upstream, &nobody_asked, Some("health_path"), &["health_path", "/healthz"]),
        ("a bad policy", "policies = \"policies\"", "policies = \"bad\"", None, &["bad/wiki.cedar:4:8"]),
        ("an unreachable database", &store, &format!("url = \"{nobody}\""), None, &["the database does not answer"]),
        ("a taken port", &listen, &format!("https = [\"{taken}\"]"), None, &[&taken.to_string(), "in use"]),
    ];
    for (what, old, new, at, said) in cases {
        let text = good.replacen(old, new, 1);
        assert_ne!(text, good, "{what}");
        let file = installation.write("wrong.toml", &text);
        let output = run(Command::new("timeout").arg("60").arg(binary()).arg("run").arg("-c").arg(&file), "");
        let words = words(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: {words}");
        if let Some(at) = at {
            let line = 1 + text.lines().position(|line| line.contains(at)).unwrap();
            assert!(words.contains(&format!("wrong.toml:{line}: ")), "{what} stands in line {line}: {words}");
        }
        for part in said {
            assert!(words.contains(part), "{what}: {part:?} is not said: {words}");
        }
        assert!(!words.contains("panicked"), "{what}: {words}");
    }
}

#[test]
fn a_configuration_that_is_named_from_its_own_folder_finds_its_files() {
    let installation = Installation::new(Database::Sqlite);
    let text = installation.configuration(Ports::free()).replace(&installation.store, "sqlite://doorward.db");
    installation.write("here.toml", &text);
    for command in [&["check", "-c", "here.toml"][..], &["user", "add", "-c", "here.toml", "alice", "--generate"]] {
        let output = run(Command::new(binary()).args(command).current_dir(installation.path("")), "");
        assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    }
    assert!(installation.path("doorward.db").exists());
}

#[test]
fn the_example_configuration_knows_every_key_that_it_shows() {
    let installation = Installation::new(Database::Sqlite);
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doorward.toml");
    let text = std::fs::read_to_string(example).unwrap();
    // Settings that are commented out are meant to be taken as they stand, too.
    let is_setting = |line: &str| line.starts_with("# ") && line.contains(" = ") || line.starts_with("# [");
    let keep = |line: &str| !line.contains("postgres:") && !line.contains("virtual server's");
    let text: String = text
        .lines()
        .map(|line| if is_setting(line) && keep(line) { format!("{}\n", &line[2..]) } else { format!("{line}\n") })
        .collect();
    let folder = installation.path("").display().to_string();
    let text = text
        .replace("/etc/doorward/tls/example.org.pem", &format!("{folder}site.pem"))
        .replace("/etc/doorward/tls/example.org.key", &format!("{folder}site.key"))
        .replace("/etc/doorward/master.key", &format!("{folder}master.key"))
        .replace("mail-ca.pem", &format!("{folder}site.pem"))
        .replace("siem-ca.pem", &format!("{folder}site.pem"))
        .replace("doorward-siem.pem", &format!("{folder}site.pem"))
        .replace("doorward-siem.key", &format!("{folder}site.key"))
        .replace("hooks-ca.pem", &format!("{folder}site.pem"))
        .replace("/etc/doorward/chat.secret", &format!("{folder}chat.secret"))
        .replace("intranet-ca.pem", &format!("{folder}site.pem"))
        .replace("/etc/doorward/push.pem", &format!("{folder}push.pem"))
        .replace("/etc/doorward/smtp-password", &format!("{folder}master.key"))
        .replace("/var/lib/doorward/upgrade.sock", &format!("{folder}upgrade.sock"))
        .replace("/var/lib/doorward/doorward.db", &format!("{folder}example.db"))
        .replace("\"policies/default\"", &format!("\"{folder}policies\""))
        .replace("\"policies/next\"", &format!("\"{folder}policies\""))
        .replace("templates = \"templates\"", &format!("templates = \"{folder}templates\""))
        .replace("example.org", "example.test");
    std::fs::create_dir(installation.path("templates")).unwrap();
    make_key(&installation.path("push.pem"));
    installation.write("chat.secret", &format!("whsec_{}\n", "A".repeat(32)));
    let only_its_owner: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    for file in ["chat.secret", "site.key"] {
        std::fs::set_permissions(installation.path(file), only_its_owner.clone()).unwrap();
    }
    let file = installation.write("example.toml", &text);
    // The demo's policies name an application that the example has not.
    std::fs::remove_file(installation.path("policies/public.cedar")).unwrap();
    let output = run(Command::new(binary()).arg("check").arg("-c").arg(&file), "");
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
}

#[test]
fn a_reload_takes_good_policies_at_once_and_keeps_the_old_where_the_new_are_bad() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let reloads = |what: &str, outcome: &str| {
        served.gateway.metric(&format!("doorward_reloads_total{{outcome=\"{outcome}\",what=\"{what}\"}}"))
    };
    let intranet = served.url("intranet", "/");
    let mut alice = served.proxied_visitor();
    let page = alice.get(&intranet);
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    let page = alice.submit(&page, "password", &[("password", &served.gateway.password("alice"))]);
    assert_eq!((page.url.as_str(), page.status()), (intranet.as_str(), 200));

    // From now on the intranet wants a passcode: the session that is open is asked for one.
    let file = installation.path("policies/intranet.cedar");
    let old = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, old.replace("context.authn.password }", "context.authn.password && context.authn.otp }"))
        .unwrap();
    served.gateway.signal("HUP");
    until("the reload", || reloads("policy", "applied") == 1.0);
    let page = alice.get(&intranet);
    assert!(page.url.starts_with("https://login.example.test/"), "{} {}", page.url, page.words());
    assert!(page.try_form("add_authenticator").is_some(), "{}", page.words());
    assert_eq!(events(&installation).get("ACCESS_POLICY_CHANGED"), Some(&1));

    // A policy that does not hold changes nothing, and its place is in the log.
    std::fs::write(&file, "@id(\"intranet\")\npermit (principal, action, resource == Application::\"intranet\")\nwhen { context.nonsense };\n")
        .unwrap();
    served.gateway.signal("HUP");
    until("the refusal", || reloads("policy", "refused") == 1.0);
    assert!(alice.get(&intranet).url.starts_with("https://login.example.test/"));
    until("why", || served.gateway.log.lock().unwrap().contains("intranet.cedar:3:8"));
    assert_eq!(events(&installation).get("ACCESS_POLICY_CHANGED"), Some(&1));

    // Nor does a configuration that does not hold.
    std::fs::write(&file, &old).unwrap();
    let good = std::fs::read_to_string(&served.file).unwrap();
    std::fs::write(&served.file, good.replace("threads = 2", "thraeds = 2")).unwrap();
    served.gateway.signal("HUP");
    until("the refusal", || reloads("configuration", "refused") == 1.0);
    assert!(alice.get(&intranet).url.starts_with("https://login.example.test/"));
    until("why", || served.gateway.log.lock().unwrap().contains("thraeds"));

    std::fs::write(&served.file, good).unwrap();
    served.gateway.signal("HUP");
    until("the reload", || reloads("policy", "applied") == 2.0);
    let page = alice.get(&intranet);
    assert_eq!((page.url.as_str(), page.status()), (intranet.as_str(), 200));
    assert_eq!(events(&installation).get("ACCESS_POLICY_CHANGED"), Some(&2));
}

#[test]
fn told_to_stop_it_finishes_open_requests_and_is_gone_within_its_grace() {
    let installation = Installation::new(Database::Sqlite);
    let mut served = installation.serve();
    let port = served.ports.http;
    let slow = std::thread::spawn(move || {
        exchange(port, "GET", "public.example.test", "/slow", &[("X-Forwarded-Proto", "https")], b"")
    });
    until("the slow request's arrival", || installation.echo.reached() == 1);
    let told = Instant::now();
    served.gateway.signal("TERM");
    let answer = slow.join().unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("GET /slow "), "{}", answer.text());
    assert!(told.elapsed() >= SLOW / 2, "it was still open when the signal came");
    assert_eq!(served.gateway.exit_code(), Some(0), "{}", served.gateway.log.lock().unwrap());
    // Ten seconds of grace, five for what is stuck, and something for a busy machine.
    assert!(told.elapsed() < Duration::from_secs(20), "{:?}", told.elapsed());
    assert!(!installation.path("doorward.db-wal").exists(), "the database is left whole, in one file");

    let again = installation.serve();
    assert_eq!(again.visitor().get(&again.url("public", "/")).status(), 200);
}
