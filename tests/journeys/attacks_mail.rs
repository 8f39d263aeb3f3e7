//! What others may write into a mail (ML-01, ML-02), and which mail servers and databases are spoken to (ML-03, TL-02, SS-02).

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::world::process::peak;
use crate::world::{Database, Installation, Ports, Stage, binary, certificate, postgres_over_tls, run, words};

/// As a TOML basic string.
fn toml(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        })
        .collect()
}

/// ML-01: what would break a head, hide itself or turn the text around is refused before anything is sent.
#[test]
fn a_name_that_is_more_than_a_line_of_visible_text_is_refused_by_name() {
    let mut installation = Installation::new(Database::Sqlite);
    let long = "x".repeat(101);
    for name in [
        "Ex\r\nBcc: eve@evil.test",
        "a\nb",
        "a\tb",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{200b}b",
        "\u{2028}",
        "",
        " ",
        &long,
    ] {
        for (field, written) in [("virtual_server.default.name", "Example"), ("apps.wiki.name", "The wiki")] {
            installation.instead = vec![(format!("name = \"{written}\""), format!("name = \"{}\"", toml(name)))];
            let text = installation.configuration(Ports::free());
            let output =
                run(Command::new(binary()).args(["check", "-c"]).arg(installation.write("check.toml", &text)), "");
            assert!(!output.status.success() && words(&output).contains(field), "{name:?}: {}", words(&output));
        }
    }
}

/// ML-01 and ML-02, over the wire to a mail server that nobody here wrote.
#[test]
fn a_hostile_name_changes_no_head_no_recipient_and_no_end_of_a_mail() {
    let app = ". MAIL FROM:<eve@evil.test> <b>bold</b> =?utf-8?B?RXZpbA==?=";
    let brand = ".=?utf-8?B?RXZpbA==?= <img src=x onerror=alert(1)> Bcc: eve@evil.test";
    let mut installation = Installation::with_users(Database::Sqlite);
    installation.instead.push(("name = \"The wiki\"".to_owned(), format!("name = \"{}\"", toml(app))));
    installation.instead.push(("name = \"Example\"".to_owned(), format!("name = \"{}\"", toml(brand))));
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(&served.gateway, "alice", &served.url("wiki", "/"));
    page.is_at(Stage::Code);
    assert!(!page.html().contains("<b>bold") && !page.html().contains("<img src=x"), "{}", page.html());
    let page = alice.type_code(&page, &served.gateway.mail_to("alice@example.test").code());
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    alice.finish(&page, &phone);
    let end = Instant::now() + Duration::from_secs(15);
    while installation.mails().len() < 2 {
        assert!(Instant::now() < end, "the notice comes too");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mails = installation.mails();
    assert_eq!(mails.len(), 2, "nothing in them became a mail of its own");
    for mail in mails {
        assert_eq!(mail.to, "alice@example.test");
        let (head, body) = mail.raw.split_once("\r\n\r\n").expect("a mail has a head and a body");
        assert!(!mail.raw.replace("\r\n", "").contains(['\r', '\n']), "only CRLF is on the wire");
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let known = [
            "From",
            "To",
            "Date",
            "Message-ID",
            "Subject",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "MIME-Version",
            "Content-Type",
        ];
        for name in &names {
            assert!(known.contains(name), "{name:?} in {head}");
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name} twice: {head}");
        }
        assert!(mail.subject.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{:?}", mail.subject);
        assert!(!mail.subject.contains("Evil"), "nothing is decoded that a name only looks like: {:?}", mail.subject);
        assert!(body.trim_end().ends_with("--"), "it ends where its parts end: {body:?}");
        assert!(mail.html.trim_end().ends_with("</html>"), "{}", mail.html);
        assert!(
            mail.text.lines().any(|line| line == brand),
            "a line that begins with a dot comes whole: {}",
            mail.text
        );
        for markup in ["<b>", "<img"] {
            assert!(!mail.html.contains(markup), "{markup} in {}", mail.html);
        }
    }
}

/// ML-03: where TLS is asked for and the server does not offer it, nothing is sent, and the operator is told why.
#[test]
fn a_mail_server_without_tls_gets_no_mail_where_tls_is_asked_for() {
    for security in ["starttls", "tls"] {
        let mut installation = Installation::with_users(Database::Sqlite);
        installation.instead.push(("security = \"none\"".to_owned(), format!("security = \"{security}\"")));
        installation.instead.push(("host = \"127.0.0.1\"".to_owned(), "host = \"localhost\"".to_owned()));
        let served = installation.serve();
        let mut alice = served.proxied_visitor();
        let page = alice.ask_for_code(&served.gateway, "alice", &served.url("wiki", "/"));
        page.says_not("We sent a code");
        assert!(installation.mails().is_empty(), "{security}");
        let log = served.gateway.log.lock().unwrap().clone();
        assert!(log.contains("the mail server cannot be used"), "{security}: {log}");
        assert!(!log.contains("alice@example.test"), "{log}");
        assert!(served.gateway.metric("doorward_mails_total{kind=\"verification_code\",outcome=\"sent\"}") == 0.0);
    }
}

/// Says whatever it is told to whoever connects, and counts them.
fn talker(says: fn(&mut TcpStream)) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || says(&mut stream));
        }
    });
    (port, count)
}

/// SS-02: a mail server that never stops talking costs neither memory nor anybody's time but that of who waits for its mail.
#[test]
fn a_mail_server_that_never_stops_talking_costs_neither_memory_nor_others_time() {
    let (port, connections) = talker(|stream| {
        let much = vec![b'2'; 1024 * 1024];
        while stream.write_all(&much).is_ok() {}
    });
    let mut installation = Installation::with_users(Database::Sqlite);
    let own = installation.mail.port;
    installation.instead.push((format!("port = {own}"), format!("port = {port}")));
    let served = installation.serve();
    let pid = served.gateway.pid();
    let mut bob = served.proxied_visitor();
    bob.sign_in(&served.gateway, "bob", &served.url("intranet", "/"));
    let before = peak(pid);
    let mut alice = served.proxied_visitor();
    let page = alice.sign_in(&served.gateway, "alice", &served.url("wiki", "/"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let begun = Instant::now();
            (alice.press(&page, "add_authenticator"), begun.elapsed())
        });
        while !waiting.is_finished() {
            let begun = Instant::now();
            assert_eq!(bob.once("GET", &served.url("intranet", "/"), &[], None).status, 200);
            assert!(begun.elapsed() < Duration::from_secs(5), "somebody else waits: {:?}", begun.elapsed());
            std::thread::sleep(Duration::from_millis(50));
        }
        let (page, took) = waiting.join().unwrap();
        page.says_not("We sent a code");
        assert!(took < Duration::from_secs(30), "who waits for the mail is told after {took:?}");
    });
    assert!(connections.load(Ordering::SeqCst) > 0, "it was spoken to");
    let grown = peak(pid).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB more at the most");
}

/// TL-02: a database across a network is believed by its certificate or not spoken to.
#[test]
fn a_database_with_another_certificate_is_refused_by_name() {
    let mut installation = Installation::new(Database::Sqlite);
    let folder = installation.path("");
    certificate(&folder, "database", &["localhost"]);
    certificate(&folder, "other-name", &["database.example.test"]);
    certificate(&folder, "stranger", &["localhost"]);
    let (port, _running) = postgres_over_tls(&folder.join("database.pem"), &folder.join("database.key"));
    let (misnamed, _also) = postgres_over_tls(&folder.join("other-name.pem"), &folder.join("other-name.key"));
    let plain = installation.store.clone();
    let check = |installation: &mut Installation, port: u16, mode: &str, root: &str| {
        let root = folder.join(root);
        let url =
            format!("postgres://postgres@localhost:{port}/postgres?sslmode={mode}&sslrootcert={}", root.display());
        installation.instead = vec![(plain.clone(), url)];
        let text = installation.configuration(Ports::free());
        let file = installation.write("check.toml", &text);
        let output = run(Command::new(binary()).args(["user", "add", "zoe", "--generate", "-c"]).arg(file), "");
        (output.status.success(), words(&output))
    };
    for (port, mode, root, why) in [
        (port, "verify-full", "stranger.pem", "of another authority"),
        (port, "verify-ca", "stranger.pem", "of another authority"),
        (misnamed, "verify-full", "other-name.pem", "of another name"),
    ] {
        let (taken, said) = check(&mut installation, port, mode, root);
        assert!(!taken && said.to_lowercase().contains("certificate"), "{why}: {said}");
    }
    let (taken, said) = check(&mut installation, port, "verify-full", "database.pem");
    assert!(taken, "the right one is taken: {said}");
}
