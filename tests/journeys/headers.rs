//! What a browser, a forger and an application may say, and what becomes of it: forged forms (CS-01), open redirects (CS-02),
//! the headers of our pages (CS-04), forged identities (HH-01 to HH-03), and what leaks neither way (HH-07).

use crate::world::{Answer, Gateway, Origin, Page, Phone, Php, Visitor, exchange, send_raw, site};

/// Every route of the portal that changes something.
const POSTS: [&str; 15] = [
    "/signout",
    "/signin",
    "/signin/password",
    "/signin/passcode",
    "/signin/switch",
    "/signin/cancel",
    "/enrol/add",
    "/enrol/code",
    "/enrol/resend",
    "/enrol/target",
    "/enrol/new-code",
    "/enrol/continue",
    "/enrol/back",
    "/notice/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "/language",
];

/// Alice, signed in with her password, in the middle of enrolling: as much as can be lost to a forged form.
fn midway(gateway: &Gateway) -> (Visitor, Page) {
    let mut alice = gateway.visitor();
    alice.with_password(gateway, "alice", &gateway.url("intranet", "/"));
    let page = alice.get(&gateway.url("wiki", "/"));
    let page = alice.press(&page, "add_authenticator");
    gateway.mail_to("alice@example.test");
    (alice, page)
}

/// Where things stand: the step with its nonce, the session, the mails.
fn standing(gateway: &Gateway, visitor: &Visitor) -> (String, String, usize, String) {
    let mut looker = visitor.clone();
    let page = looker.step(gateway);
    let form = page.form("verification_code");
    assert_eq!(looker.jar, visitor.jar, "looking changes no cookie");
    let start = looker.get(&gateway.url("login", "/"));
    start.form_to("/signout");
    (
        form.fields["flow"].clone(),
        form.fields["nonce"].clone(),
        gateway.mails().len(),
        visitor.cookie("login.localhost", "doorward"),
    )
}

/// CS-01.
#[test]
fn a_forged_form_changes_nothing() {
    let gateway = Gateway::demo();
    let (mut alice, page) = midway(&gateway);
    let before = standing(&gateway, &alice);
    let (_, others) = {
        let mut bob = gateway.visitor();
        let page = bob.up_to_the_password("bob", &gateway.url("wiki", "/"));
        (bob, page.form("password").fields["csrf"].clone())
    };
    let step = page.form("verification_code").fields;
    let start = alice.get(&gateway.url("login", "/"));
    let session_csrf = start.form_to("/signout").fields["csrf"].clone();
    let flow_csrf = step["csrf"].clone();
    assert!(!flow_csrf.is_empty() && !session_csrf.is_empty() && flow_csrf != session_csrf && others != flow_csrf);

    let own = format!("http://login.localhost:{}", gateway.port);
    let form = |csrf: Option<&str>| {
        let mut body = format!(
            "flow={}&nonce={}&username=bob&password=x&verification_code=000000&target=ios&otp=000000&language=de&add_authenticator=",
            step["flow"], step["nonce"]
        );
        if let Some(csrf) = csrf {
            body.push_str(&format!("&csrf={csrf}"));
        }
        body
    };
    let url_encoded = ("Content-Type", "application/x-www-form-urlencoded");
    let cookie = alice.jar["login.localhost"]
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ");
    for path in POSTS {
        let right = if path == "/signout" { &session_csrf } else { &flow_csrf };
        let foreign = if path == "/signout" { &flow_csrf } else { &session_csrf };
        let answered = |status: u16, why: &str, fields: &[(&str, &str)], body: &str| {
            let fields: Vec<_> =
                fields.iter().copied().chain([("Accept", "text/html"), ("Cookie", cookie.as_str())]).collect();
            let authority = format!("login.localhost:{}", gateway.port);
            let answer = exchange(gateway.port, "POST", &authority, path, &fields, body.as_bytes());
            assert_eq!(answer.status, status, "{path}: {why}: {}", answer.text());
            assert_eq!(answer.all("set-cookie").count(), 0, "{path}: {why}");
        };
        let refused = |why: &str, fields: &[(&str, &str)], body: &str| answered(403, why, fields, body);
        // The browser itself says that it comes from a page of ours: then that page is too old, and leads back to a new one.
        let led_back = |why: &str, body: &str| answered(303, why, &[url_encoded, ("Origin", &own)], body);
        for origin in [
            "null",
            "https://evil.test",
            &format!("{own}.evil.test"),
            "http://login.localhost",
            &gateway.url("wiki", ""),
            "",
        ] {
            refused(&format!("from {origin:?}"), &[url_encoded, ("Origin", origin)], &form(Some(right)));
        }
        for site in ["cross-site", "same-site", "none"] {
            refused(site, &[url_encoded, ("Sec-Fetch-Site", site)], &form(Some(right)));
            refused(site, &[url_encoded, ("Origin", &own), ("Sec-Fetch-Site", site)], &form(Some(right)));
        }
        refused("two origins", &[url_encoded, ("Origin", &own), ("Origin", "https://evil.test")], &form(Some(right)));
        refused("no origin and no token", &[url_encoded], &form(None));
        let json = format!("{{\"csrf\":\"{right}\",\"flow\":\"{}\",\"nonce\":\"{}\"}}", step["flow"], step["nonce"]);
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
            refused(kind, &[("Content-Type", kind)], &json);
            refused(kind, &[("Content-Type", kind)], &form(Some(right)));
        }
        // The choice of a language hangs on the browser's word alone where there is one: it is on pages bound to nothing.
        if path != "/language" {
            refused("no token", &[url_encoded, ("Origin", &own)], &form(None));
            refused("an empty token", &[url_encoded, ("Origin", &own)], &form(Some("")));
            led_back("another's token", &form(Some(&others)));
            led_back("the token of another kind of form", &form(Some(foreign)));
            led_back("a token cut short", &form(Some(&right[..right.len() - 1])));
            for wrong in [&others, foreign, &right[..right.len() - 1].to_owned()] {
                refused("a wrong token, and no word of the browser", &[url_encoded], &form(Some(wrong)));
            }
            refused("the token in the address", &[url_encoded, ("Origin", &own)], &format!("x={right}"));
        }
    }
    let app = format!("wiki.localhost:{}", gateway.port);
    let answer = exchange(
        gateway.port,
        "POST",
        &app,
        "/.doorward/language",
        &[url_encoded, ("Origin", "https://evil.test"), ("Accept", "text/html")],
        b"language=de&back=/",
    );
    assert_eq!((answer.status, answer.all("set-cookie").count()), (403, 0));
    assert_eq!(standing(&gateway, &alice), before, "something changed");

    // The very same form, sent by its own page, is taken.
    let page = alice.submit(
        &page,
        "verification_code",
        &[("verification_code", &gateway.mail_to("alice@example.test").code())],
    );
    assert!(page.try_form("target").is_some(), "{}", page.words());
    assert_eq!(alice.sign_out(&gateway.url("login", "/")).status, 303);
}

/// CS-01.
#[test]
fn a_get_changes_nothing() {
    let gateway = Gateway::demo();
    let (mut alice, page) = midway(&gateway);
    let before = standing(&gateway, &alice);
    let fields = page.form("verification_code").fields;
    let code = gateway.mail_to("alice@example.test").code();
    let query = format!(
        "?csrf={}&flow={}&nonce={}&verification_code={code}&target=ios&language=de&username=bob",
        fields["csrf"], fields["flow"], fields["nonce"]
    );
    for path in POSTS {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = alice.clone().once(method, &gateway.url("login", &format!("{path}{query}")), &[], None);
            let looks = path == "/signin" || path.starts_with("/notice/");
            if method == "GET" || method == "HEAD" {
                let expected = if looks { &[200, 303, 404, 410][..] } else { &[405][..] };
                assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.status);
            } else {
                assert_eq!(answer.status, 405, "{method} {path}");
            }
            let set: Vec<&str> = answer.all("set-cookie").filter(|set| !set.starts_with("doorward_flow=")).collect();
            assert_eq!(set, [""; 0], "{method} {path}");
        }
        let override_it =
            [("X-HTTP-Method-Override", "POST"), ("X-HTTP-Method", "POST"), ("X-Method-Override", "POST")];
        let answer = alice.clone().once(
            "GET",
            &gateway.url("login", &format!("{path}{query}&_method=POST")),
            &override_it,
            None,
        );
        assert!(answer.status == 405 || path == "/signin" || path.starts_with("/notice/"), "{path}: {}", answer.status);
    }
    assert_eq!(standing(&gateway, &alice), before, "something changed");
    let page = alice.submit(&page, "verification_code", &[("verification_code", &code)]);
    assert!(page.try_form("target").is_some(), "and the form that was posted is taken: {}", page.words());
}

/// What leads a browser astray that is told to go there.
const ASTRAY: [&str; 22] = [
    "https://evil.test",
    "https://evil.test/",
    "http://evil.test/",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "\\/evil.test",
    "https:evil.test",
    "https:/evil.test",
    "https://login.localhost@evil.test",
    "https://login.localhost.evil.test",
    "@evil.test",
    ".evil.test",
    ":80@evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\r\nX-Evil: 1\r\n\r\n",
    "/\u{9}/evil.test",
    "h\tttps://evil.test",
    " //evil.test",
    "/ /evil.test",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// An answer sends nobody but to one of these origins, or to a path of the host that was asked.
fn stays(answer: &Answer, origins: &[&str], what: &str) {
    assert!(answer.header("x-evil").is_none() && answer.header("refresh").is_none(), "{what}");
    for location in answer.all("location") {
        let at_origin = origins
            .iter()
            .any(|origin| location.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let second = location.strip_prefix('/').map(|rest| rest.chars().next().unwrap_or('x'));
        let local = second.is_some_and(|second| second != '/' && second != '\\' && !second.is_whitespace());
        assert!(at_origin || local, "{what}: leads to {location:?}");
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{what}: {location:?}");
    }
    assert!(!answer.text().contains("http-equiv"), "{what}");
}

/// CS-02.
#[test]
fn nobody_is_led_astray() {
    let gateway = Gateway::demo();
    let mut carol = gateway.visitor();
    carol.with_password(&gateway, "carol", &gateway.url("intranet", "/"));
    let (portal, intranet) = (gateway.url("login", ""), gateway.url("intranet", ""));
    for payload in ASTRAY {
        let sent = encoded(payload);
        for parameter in ["return", "rd", "next", "to", "url", "redirect_uri", "back", "continue"] {
            let url = gateway.url("login", &format!("/signin?{parameter}={sent}"));
            let mut stranger = gateway.visitor();
            let page = stranger.get(&url);
            stays(&page.answer, &[&portal], &format!("{parameter}={payload:?}"));
            let form = page.form("username");
            assert!(form.fields.get("return").is_none_or(String::is_empty), "{payload:?} is carried on: {form:?}");
            let answer = carol.clone().once("GET", &url, &[], None);
            assert_eq!(answer.header("location"), Some(format!("{portal}/").as_str()), "{parameter}={payload:?}");
        }
        // The page that is named beside a ticket is one of the application, whatever it is.
        let url = gateway.url("intranet", &format!("/.doorward/enter?ticket=x&to={sent}"));
        let answer = carol.clone().once("GET", &url, &[], None);
        assert_eq!(answer.status, 303);
        let location = answer.header("location").unwrap();
        assert!(location.starts_with(&format!("{intranet}/")), "{payload:?} leads to {location:?}");
        stays(&answer, &[&intranet], payload);
        // The language's way back.
        for (host, path) in [("login", "/language"), ("intranet", "/.doorward/language")] {
            let body = format!("language=de&back={sent}");
            let origin = gateway.url(host, "");
            let from = [("Origin", origin.as_str())];
            let answer = gateway.visitor().once("POST", &gateway.url(host, path), &from, Some(body.as_bytes()));
            assert_eq!(answer.status, 303, "{host} {payload:?}");
            stays(&answer, &[], payload);
            assert!(
                !answer.header("location").unwrap().contains("evil"),
                "{payload:?}: {:?}",
                answer.header("location")
            );
        }
    }
    // Signing in with such a return ends at the portal; a sealed one that was touched is none.
    let mut stranger = gateway.visitor();
    let sealed = stranger.once("GET", &gateway.url("intranet", "/page"), &[], None);
    let sealed = sealed.header("location").unwrap().split("return=").nth(1).unwrap().to_owned();
    let middle = sealed.len() / 2;
    let other = if &sealed[middle..=middle] == "A" { "B" } else { "A" };
    let touched = format!("{}{other}{}", &sealed[..middle], &sealed[middle + 1..]);
    for (given, end) in [
        ("https://evil.test/", gateway.url("login", "/")),
        (touched.as_str(), gateway.url("login", "/")),
        (sealed.as_str(), gateway.url("intranet", "/page")),
    ] {
        let mut carol = stranger.clone();
        let page = carol.get(&gateway.url("login", "/signin"));
        let mut form = page.form("username");
        form.fields.insert("return".to_owned(), given.to_owned());
        let page = carol.send(&page, &form, &[("username", "carol")]);
        let page = carol.submit(&page, "password", &[("password", &gateway.password("carol"))]);
        assert_eq!(page.url, end, "return={given}");
    }
}

/// The headers and the body of a page of ours (SEC 5.12).
fn is_dressed(answer: &Answer, form_action: &str, what: &str) {
    let csp = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    assert_eq!(answer.all("content-security-policy").collect::<Vec<_>>(), [csp.as_str()], "{what}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.all(name).collect::<Vec<_>>(), [value], "{what}: {name}");
    }
    let permissions = answer.header("permissions-policy").unwrap_or_default();
    assert!(permissions.contains("camera=()") && permissions.contains("geolocation=()"), "{what}: {permissions}");
    assert!(
        answer.header("content-type").is_some_and(|kind| kind.eq_ignore_ascii_case("text/html; charset=utf-8")),
        "{what}"
    );
    let html = answer.text();
    assert!(html.contains("</html>"), "{what} is a whole page: {html}");
    for tag in html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default()) {
        let tag = tag.to_ascii_lowercase();
        assert!(!tag.starts_with("script") || tag.contains(" src=\"/"), "{what}: inline script");
        assert!(!tag.starts_with("style") && !tag.contains(" style="), "{what}: inline style: {tag}");
        assert!(!tag.contains("javascript:"), "{what}: {tag}");
        assert!(
            !tag.split_whitespace().any(|word| word.starts_with("on") && word.contains("=\"")),
            "{what}: handler: {tag}"
        );
    }
}

/// CS-04.
#[test]
fn every_page_of_ours_says_how_it_may_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let policies = r#"
        @id("wiki") permit (principal is User, action, resource == Application::"wiki")
        when { context.authn.password && context.authn.otp };
        @id("intranet") permit (principal is User, action, resource == Application::"intranet") when { context.authn.password };
        @id("public") permit (principal, action, resource == Application::"public");
        @id("closed") forbid (principal, action, resource == Application::"public") when { context.prefixes.contains("/closed") };
    "#;
    std::fs::write(folder.path().join("site.cedar"), policies).unwrap();
    let gateway = Gateway::demo_with(&["--policies", folder.path().to_str().unwrap()], &[]);
    let mut somebody = gateway.visitor();
    let long = "x".repeat(70_000);
    for (host, method, path, status, body) in [
        ("login", "GET", "/signin", 200, None),
        ("login", "GET", "/signed-out", 200, None),
        ("login", "GET", "/nothing-here", 404, None),
        ("login", "GET", "/assets/nothing.js", 404, None),
        ("login", "GET", "/signout", 405, None),
        ("login", "GET", "/a%00b", 400, None),
        ("login", "POST", "/signin", 403, Some("username=alice")),
        ("login", "POST", "/signin", 413, Some(long.as_str())),
        ("wiki", "GET", "/.doorward/enter?ticket=x&again=yes", 400, None),
        ("wiki", "GET", "/.doorward/nothing-here", 404, None),
        ("wiki", "POST", "/.doorward/language", 403, Some("language=de")),
        ("wiki", "GET", "/a//b", 400, None),
        ("public", "GET", "/closed/x", 403, None),
        ("unknown", "GET", "/", 421, None),
    ] {
        let answer = somebody.clone().once(method, &gateway.url(host, path), &[], body.map(str::as_bytes));
        let what = format!("{method} {host}{path}");
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        is_dressed(&answer, "'self'", &what);
        assert!(answer.header("strict-transport-security").is_none(), "{what}: not over TLS");
    }
    // Answers without a page are kept by nobody either.
    for (host, path, accept, status) in [
        ("wiki", "/", "text/html", 303),
        ("wiki", "/", "application/json", 401),
        ("public", "/closed", "application/json", 403),
    ] {
        let answer = exchange(
            gateway.port,
            "GET",
            &format!("{host}.localhost:{}", gateway.port),
            path,
            &[("Accept", accept)],
            b"",
        );
        assert_eq!((answer.status, answer.header("cache-control")), (status, Some("no-store")), "{host}{path}");
    }
    // The forms of a flow may lead to the one application that it is for, and the others to none.
    let to_wiki = format!("'self' {}", gateway.url("wiki", ""));
    let page = somebody.get(&gateway.url("wiki", "/"));
    is_dressed(&page.answer, &to_wiki, "W0");
    let page = somebody.submit(&page, "username", &[("username", "alice")]);
    is_dressed(&page.answer, &to_wiki, "password");
    let page = somebody.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    is_dressed(&page.answer, &to_wiki, "W1");
    let page = somebody.press(&page, "add_authenticator");
    is_dressed(&page.answer, &to_wiki, "W2");
    let page = somebody.type_code(&page, &gateway.mail_to("alice@example.test").code());
    is_dressed(&page.answer, &to_wiki, "W3");
    let page = somebody.choose_ios(&page);
    is_dressed(&page.answer, &to_wiki, "W5");
    let phone = Phone::scan(&page.link("otpauth://"));
    let page = somebody.press(&page, "continue");
    is_dressed(&page.answer, &to_wiki, "W8");
    assert_eq!(somebody.type_passcode(&page, &phone.passcode()).status(), 200);
    is_dressed(&somebody.get(&gateway.url("login", "/")).answer, "'self'", "start page");
}

#[test]
fn over_tls_the_portal_is_only_ever_asked_over_tls() {
    let origin = Origin::start();
    let installation = site("permit (principal, action, resource);", &[("wiki", origin.port, "")], &[]);
    let served = installation.serve();
    let mut visitor = served.proxied_visitor();
    let portal = visitor.once("GET", &served.url("login", "/signin"), &[], None);
    assert_eq!(portal.header("strict-transport-security"), Some("max-age=31536000"));
    let app = visitor.once("GET", &served.url("wiki", "/"), &[], None);
    assert_eq!((app.status, app.header("strict-transport-security")), (200, None), "the application's host is its own");
}

/// Every way in which a name of ours can be forged. All values hold the word.
const FORGED: [&str; 41] = [
    "Remote-User: forged",
    "Remote-User: forged-twice",
    "remote-user: forged",
    "REMOTE-USER: forged",
    "rEmOtE-uSeR: forged",
    "Remote-Groups: forged,admins",
    "Remote-Name: forged",
    "Remote-Email: forged@evil.test",
    "Remote_User: forged",
    "REMOTE_USER: forged",
    "remote.user: forged",
    "Remote~User: forged",
    "Remote!User: forged",
    "Remote*User: forged",
    "Remote'User: forged",
    "Remote|User: forged",
    "Remote^User: forged",
    "Remote$User: forged",
    "Remote&User: forged",
    "Remote%User: forged",
    "Remote+User: forged",
    "Remote`User: forged",
    "Remote#User: forged",
    "Remote_Groups: forged",
    "Remote.Name: forged",
    "Remote_Email: forged",
    "X-Remote-User: forged",
    "X_Remote_User: forged",
    "X-Remote_User: forged",
    "X.Remote.User: forged",
    "X-Remote-Groups: forged",
    "X-Forwarded-User: forged",
    "X_Forwarded_User: forged",
    "X-Forwarded-Email: forged",
    "X-Auth-Request-User: forged",
    "X-Authenticated-User: forged",
    "X-WebAuth-User: forged",
    "X-Doorward-User: forged",
    "X-Original-URL: /forged",
    "X-HTTP-Method-Override: forged",
    "Proxy: http://forged.test/",
];

/// A request with these lines.
fn get(port: u16, authority: &str, target: &str, lines: &[&str]) -> String {
    let head = format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    String::from_utf8_lossy(&send_raw(port, format!("{head}{lines}\r\n").as_bytes())).into_owned()
}

/// What the demo's applications saw under a name, byte for byte.
fn seen<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let of_name = |line: &'a str| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name));
    body.lines().filter_map(of_name).map(|(_, value)| value.trim()).collect()
}

#[test]
fn an_application_hears_who_it_is_from_the_gateway_alone() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    alice.with_password(&gateway, "alice", &gateway.url("intranet", "/"));
    let session = format!("Cookie: doorward_app={}", alice.cookie("intranet.localhost", "doorward_app"));
    let authority = |host: &str| format!("{host}.localhost:{}", gateway.port);

    let lines: Vec<&str> = FORGED.iter().copied().chain([session.as_str(), "X-Own: stays"]).collect();
    let text = get(gateway.port, &authority("intranet"), "/", &lines);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(seen(&text, "Remote-User"), ["alice"]);
    assert_eq!(seen(&text, "Remote-Groups"), ["staff"]);
    assert_eq!(seen(&text, "Remote-Name"), ["Alice Arden"]);
    assert_eq!(seen(&text, "Remote-Email"), ["alice@example.test"]);
    assert_eq!(seen(&text, "X-Own"), ["stays"]);
    assert!(!text.contains("forged"), "{text}");

    // Open to everybody, with and without a session of another host; and a page that is open in a closed application.
    for (host, target) in [("public", "/"), ("wiki", "/health")] {
        for extra in [session.as_str(), "X-Own: stays"] {
            let lines: Vec<&str> = FORGED.iter().copied().chain([extra]).collect();
            let text = get(gateway.port, &authority(host), target, &lines);
            assert!(text.starts_with("HTTP/1.1 200") && !text.contains("forged"), "{host}: {text}");
            assert_eq!(seen(&text, "Remote-User"), [""; 0], "{host}: nobody is known here");
        }
    }
    // Refused, redirected, failed: nothing of it is said back, and it makes nobody of anybody.
    for (host, target, expected) in
        [("wiki", "/", "303"), ("wiki", "/a//b", "400"), ("login", "/", "303"), ("unknown", "/", "421")]
    {
        let text = get(gateway.port, &authority(host), target, &[&FORGED[..], &["Accept: text/html"]].concat());
        assert_eq!(text.split(' ').nth(1), Some(expected), "{host}{target}: {text}");
        assert!(!text.contains("forged"), "{host}{target}: {text}");
    }
    // Nobody's word on addresses is taken: there is no trusted proxy.
    let lies = [
        "X-Forwarded-For: 10.9.8.7",
        "X-Real-IP: 10.9.8.7",
        "Forwarded: for=10.9.8.7;host=evil.test",
        "X-Forwarded-Host: evil.test",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 443",
        "True-Client-IP: 10.9.8.7",
        "CF-Connecting-IP: 10.9.8.7",
        "X_Forwarded_For: 10.9.8.7",
        "X-Forwarded-Server: evil.test",
    ];
    let text = get(gateway.port, &authority("public"), "/", &lies);
    assert!(!text.contains("10.9.8.7") && !text.contains("evil.test"), "{text}");
    assert_eq!(seen(&text, "X-Forwarded-For"), ["127.0.0.1"]);
    assert_eq!(seen(&text, "X-Forwarded-Proto"), ["http"]);
    assert_eq!(seen(&text, "X-Forwarded-Host"), [authority("public")]);
}

/// What PHP made of a request.
fn variables(text: &str) -> serde_json::Value {
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let json = body.get(body.find('{').unwrap_or(0)..=body.rfind('}').unwrap_or(0)).unwrap_or_default();
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_php_application_which_folds_names_hears_it_from_the_gateway_alone() {
    let php = Php::start();
    // PHP does fold: without the gateway an alias is as good as the name.
    let direct = variables(&get(php.port, "127.0.0.1", "/", &["Remote_User: forged"]));
    let dotted = variables(&get(php.port, "127.0.0.1", "/", &["Remote.User: forged"]));
    let folds = |seen: &serde_json::Value| seen["server"]["HTTP_REMOTE_USER"] == "forged";
    assert!(folds(&direct) || folds(&dotted), "PHP folds neither, so it shows nothing: {direct} {dotted}");

    let policies = r#"
        @id("php") permit (principal is User, action, resource == Application::"php") when { context.authn.password };
        @id("php-open") permit (principal, action, resource == Application::"php") when { context.prefixes.contains("/open") };
    "#;
    let installation = site(policies, &[("php", php.port, "")], &["alice"]);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &served.url("php", "/"));
    let session = format!("Cookie: __Host-doorward_app={}", alice.cookie("php.example.test", "__Host-doorward_app"));
    let asked = |target: &str, extra: &[&str]| {
        let lines = [&FORGED[..], extra].concat();
        let text = get(served.ports.http, "php.example.test", target, &lines);
        (text.split(' ').nth(1).unwrap_or_default().to_owned(), text)
    };
    let (status, text) = asked("/", &[&session, "Cookie: theirs=1", "Authorization: Basic eDp5"]);
    assert_eq!(status, "200", "{text}");
    let seen = variables(&text);
    assert_eq!(seen["server"]["HTTP_REMOTE_USER"], "alice");
    assert_eq!(seen["server"]["HTTP_REMOTE_GROUPS"], "staff");
    assert_eq!(seen["server"].get("HTTP_REMOTE_EMAIL"), None, "alice has none here, and a forged one is none");
    assert_eq!(seen["server"].get("HTTP_PROXY"), None);
    assert_eq!(seen["cookies"], serde_json::json!({ "theirs": "1" }));
    assert_eq!(seen["server"]["HTTP_AUTHORIZATION"], "Basic eDp5", "what is the application's own goes on");
    assert!(!text.contains("forged"), "{text}");
    for (target, extra) in [("/open/x", "X-Own: 1"), ("/open/x", "Cookie: __Host-doorward_app=nobody")] {
        let (status, text) = asked(target, &[extra]);
        assert_eq!(status, "200", "{text}");
        assert_eq!(variables(&text)["server"].get("HTTP_REMOTE_USER"), None, "{text}");
        assert!(!text.contains("forged"), "{text}");
    }
    let (status, text) = asked("/open/x", &[&session]);
    assert_eq!(
        (status.as_str(), &variables(&text)["server"]["HTTP_REMOTE_USER"]),
        ("200", &serde_json::json!("alice"))
    );
    // A header that is to go no further (HH-03) does not take ours along, however it is said.
    for connection in [
        "Connection: close, Remote-User",
        "Connection: Remote-User, Remote-Groups, X-Remote-User",
        "connection: remote-user\r\nConnection: Remote-User",
        "CONNECTION: close,remote-user , Remote_User",
        "Connection: a, b, c, d, e, f, g, remote-user",
        "Connection: close, Cookie",
    ] {
        let (status, text) = asked("/", &[&session, connection]);
        assert_eq!(status, "200", "{connection}: {text}");
        let seen = variables(&text);
        assert_eq!(seen["server"]["HTTP_REMOTE_USER"], "alice", "{connection}");
        assert_eq!(seen["server"]["HTTP_REMOTE_GROUPS"], "staff", "{connection}");
        assert_eq!(seen["server"]["HTTP_HOST"], "php.example.test", "{connection}");
        assert_eq!(seen["server"]["HTTP_X_FORWARDED_FOR"], "127.0.0.1", "{connection}");
        assert!(!text.contains("forged"), "{connection}: {text}");
    }
    for refused in [
        "Connection: a, b, c, d, e, f, g, h, i, j, k, remote-user",
        "Connection: a, b, c, d, e, f\r\nConnection: g, h, i, j, k, l",
        "Connection: close, Host",
        "Connection: close, X-Forwarded-For, X-Forwarded-Proto, Remote-User",
        "Connection: :authority",
    ] {
        assert_eq!(asked("/", &[&session, refused]).0, "400", "{refused}");
    }
    let (_, text) = asked("/evil", &[&session]);
    let head = text.split("\r\n\r\n").next().unwrap().to_lowercase();
    assert!(head.contains("set-cookie: theirs=1") && !head.contains("evil") && !head.contains("remote-user"), "{head}");
}

#[test]
fn what_is_ours_does_not_leak_to_an_application_nor_come_back_from_one() {
    let origin = Origin::start();
    let policies = r#"@id("wiki") permit (principal is User, action, resource) when { context.authn.password };"#;
    let installation = site(policies, &[("wiki", origin.port, "")], &["alice"]);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &served.url("wiki", "/"));
    let ours = alice.cookie("wiki.example.test", "__Host-doorward_app");
    let theirs = "a=1; b=\"x; y\"; c==; doorwards=2; Doorward=3; d";
    let crumbs = [
        format!("Cookie: a=1; __Host-doorward_app={ours}; b=\"x; doorward=1; __Host-doorward_flow=secret1; y\""),
        "Cookie: __Host-doorward=secret2; c==; doorward_app=secret3; doorwards=2".to_owned(),
        "Cookie: Doorward=3; doorward_device=secret4; doorward_console=secret5; =doorward_lang=secret6; d".to_owned(),
    ];
    let lines: Vec<&str> = crumbs.iter().map(String::as_str).collect();
    let text = get(served.ports.http, "wiki.example.test", "/cookies", &lines);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(seen(&text, "Cookie"), [theirs], "theirs stay byte for byte");
    assert_eq!(seen(&text, "Remote-User"), ["alice"]);
    assert!(!text.contains("secret") && !text.contains(&ours), "{text}");

    // In a form that is posted on, in trailers, in the names of parameters: the body is the application's, trailers are nobody's.
    let body = "5\r\nhello\r\n0\r\nRemote-User: forged\r\nCookie: forged\r\nContent-Length: 0\r\nHost: forged\r\n\r\n";
    let request = format!(
        "POST /post HTTP/1.1\r\nHost: wiki.example.test\r\nConnection: close\r\nTrailer: Remote-User\r\n\
         Transfer-Encoding: chunked\r\nCookie: __Host-doorward_app={ours}\r\n\r\n{body}"
    );
    let answer = String::from_utf8_lossy(&send_raw(served.ports.http, request.as_bytes())).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("hello"), "{answer}");
    assert_eq!(seen(&answer, "Remote-User"), ["alice"]);
    assert!(!origin.heard().contains("forged"), "{}", origin.heard());
    assert!(!origin.heard().contains("__Host-") && !origin.heard().contains(&ours), "{}", origin.heard());

    let answer = alice.once("GET", &served.url("wiki", "/evil"), &[], None);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.all("set-cookie").collect::<Vec<_>>(), ["theirs=1; Path=/", "also=theirs"]);
    assert_eq!(answer.header("x-own"), Some("stays"), "the rest is the application's own");
    let names: Vec<String> =
        answer.headers.iter().map(|(name, _)| name.to_lowercase().replace(['_', '.'], "-")).collect();
    assert!(!names.iter().any(|name| name.contains("remote-user")), "{names:?}");
    assert!(!answer.headers.iter().any(|(_, value)| value.contains("evil")), "{:?}", answer.headers);
    assert_eq!(alice.cookie("wiki.example.test", "__Host-doorward_app"), ours);
}
