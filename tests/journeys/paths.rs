//! Paths: what is judged is what the application receives, in whatever spelling it was asked for (PA-01 to PA-06, PA-08).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Gateway, Origin, decoded, exchange, logged_requests, resolved, send_raw, site, until};

/// Everything but `/admin`.
const ADMIN_DENIED: &str = r#"
@id("open") permit (principal, action, resource);
@id("admin") forbid (principal, action, resource) when { context.prefixes.contains("/admin") };
"#;

/// The spellings of security.md 0.3, raw, and what is to come of each: the status, and the path that the application gets.
const SPELLINGS: [(&[u8], u16, Option<&str>); 17] = [
    (b"/public/../admin", 403, None),
    (b"/%61dmin", 403, None),
    (b"//admin", 400, None),
    (b"/public/%2e%2e/admin", 403, None),
    (b"/public%2f..%2fadmin", 400, None),
    (b"/public\\..\\admin", 400, None),
    (b"/public/..;/admin", 400, None),
    (b"/admin;x=1", 400, None),
    (b"/ADMIN", 200, Some("/ADMIN")),
    (b"/%2561dmin", 200, Some("/%2561dmin")),
    (b"/admin%00.png", 400, None),
    (b"/./admin", 403, None),
    (b"/admin/.", 403, None),
    (b"/public#/../admin", 400, None),
    (b"/%c0%ae%c0%ae/admin", 400, None),
    (b"/\tadmin", 400, None),
    (b"/%ef%bd%81dmin", 200, Some("/%EF%BD%81dmin")),
];

/// What came of a target that was sent as it is.
struct Asked {
    target: String,
    status: u16,
    request_id: String,
    /// The request line that the application shows.
    line: Option<String>,
}

fn ask(port: u16, authority: &str, target: &[u8], lines: &str) -> Asked {
    let rest = format!(" HTTP/1.1\r\nHost: {authority}\r\n{lines}Connection: close\r\n\r\n");
    let request = [b"GET ", target, rest.as_bytes()].concat();
    let target = String::from_utf8_lossy(target).into_owned();
    let answer = String::from_utf8_lossy(&send_raw(port, &request)).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer to {target:?}"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    let id = |line: &str| line.to_ascii_lowercase().strip_prefix("x-request-id: ").map(str::to_owned);
    let request_id = head.lines().find_map(id).unwrap_or_else(|| panic!("an answer without a request id: {head}"));
    let line = body.lines().next().filter(|line| line.ends_with(" HTTP/1.1")).map(str::to_owned);
    Asked { target, status, request_id, line }
}

/// The status, and the request line that the application shows.
fn raw(port: u16, authority: &str, target: &[u8], lines: &str) -> (u16, Option<String>) {
    let Asked { status, line, .. } = ask(port, authority, target, lines);
    (status, line)
}

fn demo_with(policies: &str) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.cedar"), policies).unwrap();
    (Gateway::demo_with(&["--policies", folder.path().to_str().unwrap()], &[]), folder)
}

#[test]
fn seventeen_spellings_of_a_denied_path_are_denied_refused_or_other_paths() {
    let (gateway, _folder) = demo_with(ADMIN_DENIED);
    let authority = format!("public.localhost:{}", gateway.port);
    assert_eq!(raw(gateway.port, &authority, b"/", "").0, 200, "the rest is open");
    assert_eq!(raw(gateway.port, &authority, b"/admin", "").0, 403);
    for (target, status, path) in SPELLINGS {
        let shown = String::from_utf8_lossy(target).into_owned();
        let got = raw(gateway.port, &authority, target, "");
        assert_eq!(got, (status, path.map(|path| format!("GET {path} HTTP/1.1"))), "{shown:?}");
        let with_query = [target, b"?/public"].concat();
        assert_eq!(raw(gateway.port, &authority, &with_query, "").0, status, "{shown:?} with a query");
    }
}

/// What applications that read paths in their own ways make of one: none at all, nginx, Tomcat, one that decodes before it cuts
/// parameters off, IIS (but for the case of letters), one that ends at a NUL.
fn readings(path: &str, encoded_slash: bool) -> Vec<String> {
    // Who asked for encoded slashes to be let through has said that they are letters there.
    let path = if encoded_slash { path.replace("%2F", "letter") } else { path.to_owned() };
    let path = path.as_str();
    let without =
        |path: &str| path.split('/').map(|part| part.split(';').next().unwrap_or("")).collect::<Vec<_>>().join("/");
    let once = decoded(path, true);
    let slashes = once.replace('\\', "/");
    let all = [
        path.to_owned(),
        once.clone(),
        decoded(&without(path), true),
        slashes,
        without(&once),
        once.split('\0').next().unwrap_or("").to_owned(),
    ];
    all.iter().map(|path| resolved(path)).collect()
}

/// Pieces from which spellings are made.
const PIECES: [&str; 26] = [
    "/",
    "/",
    "/",
    ".",
    "..",
    "admin",
    "admin",
    "public",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    ";",
    ";x=1",
    "%3b",
    "%25",
    "%61dmin",
    "%c3%a9",
    "%c0%ae",
    "\\",
    "%00",
    "//",
    "A",
    "%252e",
    "%ef%bc%8f",
    "..;",
];

/// The same walk at every run (xorshift).
fn random_spellings(pieces: &[&str], between: &str, count: usize) -> Vec<String> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    (0..count)
        .map(|_| {
            let chosen: Vec<&str> = (0..=next() % 7).map(|_| pieces[next() % pieces.len()]).collect();
            format!("/{}", chosen.join(between))
        })
        .collect()
}

#[test]
fn whatever_comes_through_is_not_the_denied_path_in_any_servers_reading() {
    let origin = Origin::start();
    let all_on = "encoded_slash = true\nsemicolon = true\ndouble_slash = true";
    let installation = site(ADMIN_DENIED, &[("strict", origin.port, ""), ("lenient", origin.port, all_on)], &[]);
    let served = installation.serve();
    for host in ["strict", "lenient"] {
        let authority = format!("{host}.example.test");
        let mut through = 0;
        for spelling in random_spellings(&PIECES, "", 700) {
            let (status, line) = raw(served.ports.http, &authority, spelling.as_bytes(), "");
            assert!([200, 400, 403].contains(&status), "{status} for {spelling}");
            let Some(line) = line else {
                assert_ne!(status, 200, "{spelling}");
                continue;
            };
            through += 1;
            let path = line.split(' ').nth(1).unwrap();
            for reading in readings(path, host == "lenient") {
                let admin = reading == "/admin" || reading.starts_with("/admin/");
                assert!(!admin, "{host}: {spelling} came through as {path}, which a server may read as {reading}");
            }
        }
        assert!(through > 40, "only {through} came through at {host}: this shows too little");
    }
}

#[test]
fn what_is_judged_is_the_path_of_the_request_line_that_the_application_gets() {
    let spellings: Vec<String> = [
        "/",
        "/a",
        "/a/",
        "/a/b.html",
        "/./a",
        "/x/../a",
        "/a/.",
        "/a/b/..",
        "/%61",
        "/%7euser",
        "/~user",
        "/caf%c3%a9",
        "/a%20b",
        "/a+b",
        "/ADMIN",
        "/%2561dmin",
        "/%ef%bd%81dmin",
        "/public%23/x",
        "/a%3Fb",
        "/a[1]",
        "/a|b",
        "/a%7Cb",
        "/...",
        "/..a",
        "/a,b/(c)",
        "/%E2%82%AC",
        "/a:b@c",
        "/!$&'()*+,=",
        "/a%25b",
    ]
    .iter()
    .map(|path| (*path).to_owned())
    .chain(random_spellings(&PIECES, "", 150))
    .collect();
    // First what the application gets of each, where everything is admitted.
    let origin = Origin::start();
    let first = site("permit (principal, action, resource);", &[("app", origin.port, "")], &[]);
    let first = first.serve();
    let mut lines = Vec::new();
    for spelling in &spellings {
        if let (200, Some(line)) = raw(first.ports.http, "app.example.test", spelling.as_bytes(), "") {
            lines.push((spelling.clone(), line.split(' ').nth(1).unwrap().to_owned()));
        }
    }
    assert!(lines.len() > 40, "only {} came through", lines.len());
    // Then policies that name exactly these paths: what admits nothing else admits each, what forbids them forbids each.
    let list =
        lines.iter().map(|(_, path)| format!("\"{}\"", path.replace('\\', "\\\\"))).collect::<Vec<_>>().join(", ");
    let policies = format!(
        r#"
        @id("only") permit (principal, action, resource == Application::"only") when {{ [{list}].contains(context.path) }};
        @id("but") permit (principal, action, resource == Application::"but") unless {{ [{list}].contains(context.path) }};
        "#
    );
    let second = site(&policies, &[("only", origin.port, ""), ("but", origin.port, "")], &[]);
    let second = second.serve();
    let port = second.ports.http;
    for (spelling, path) in &lines {
        for query in ["", "?x=/other&y=%2F..", "?"] {
            let target = format!("{spelling}{query}");
            let line = format!("GET {path}{query} HTTP/1.1");
            assert_eq!(
                raw(port, "only.example.test", target.as_bytes(), ""),
                (200, Some(line)),
                "{target} is judged as {path}"
            );
            assert_eq!(raw(port, "but.example.test", target.as_bytes(), "").0, 403, "{target} is judged as {path}");
        }
    }
    assert_eq!(raw(port, "only.example.test", b"/elsewhere", "").0, 403, "the list is a list");
    assert_eq!(raw(port, "but.example.test", b"/elsewhere", "").0, 200);
}

#[test]
fn what_has_no_one_reading_is_refused_before_the_application_hears_of_it() {
    let origin = Origin::start();
    let apps = [
        ("strict", origin.port, ""),
        ("slash", origin.port, "encoded_slash = true"),
        ("semi", origin.port, "semicolon = true"),
        ("double", origin.port, "double_slash = true"),
        ("dav", origin.port, "extra_methods = [\"PROPFIND\"]"),
    ];
    let installation = site(ADMIN_DENIED, &apps, &[]);
    let served = installation.serve();
    let status = |host: &str, target: &[u8]| raw(served.ports.http, &format!("{host}.example.test"), target, "");
    let never: [&[u8]; 27] = [
        b"/a%5cb",
        b"/a%5Cb",
        b"/a\\b",
        b"/a%00b",
        b"/a%0d%0ab",
        b"/a%0ab",
        b"/a%7fb",
        b"/%",
        b"/%2",
        b"/%zz",
        b"/a%u0041",
        b"/a\xe9",
        b"/a\xc3\xa9",
        b"/a\x01b",
        b"/a\x7fb",
        b"/a b",
        b"/a\tb",
        b"/a#b",
        b"/..",
        b"/a/../../b",
        b"/%2e%2e/a",
        b"/a%c3",
        b"/a%c0%af",
        b"/a%e0%80%af",
        b"/a%f0%80%80%af",
        b"/a%c2%85",
        b"*",
    ];
    for target in never {
        for (host, ..) in apps {
            assert_eq!(status(host, target).0, 400, "{:?} at {host}", String::from_utf8_lossy(target));
        }
    }
    assert_eq!(origin.connections(), 0, "the application heard of it: {}", origin.heard());
    // What an application may opt into, each for itself.
    for (host, target, line) in [
        ("slash", "/a%2fb", "/a%2Fb"),
        ("slash", "/a%2Fadmin", "/a%2Fadmin"),
        ("semi", "/a;v=1/b", "/a;v=1/b"),
        ("double", "/a//b", "/a//b"),
    ] {
        assert_eq!(status(host, target.as_bytes()), (200, Some(format!("GET {line} HTTP/1.1"))), "{target} at {host}");
        for (other, ..) in apps.iter().filter(|(other, ..)| *other != host) {
            assert_eq!(status(other, target.as_bytes()).0, 400, "{target} at {other}, which did not ask for it");
        }
    }
    // And what it still may not be: another way to write `/admin`.
    for (host, target, expected) in [
        ("slash", "/public%2f..%2fadmin", 400),
        ("slash", "/%2fadmin", 400),
        // By whole segments: what an application lets through as a letter of a segment is one for the policies, too.
        ("slash", "/admin%2fx", 200),
        ("slash", "/..%2fadmin", 400),
        ("semi", "/admin;x=1", 403),
        ("semi", "/admin;x=1/users", 403),
        ("semi", "/;x/admin", 400),
        ("semi", "/public/..;/admin", 400),
        ("semi", "/.;x/admin", 400),
        ("double", "//admin", 400),
        ("double", "/public//../admin", 200),
        ("double", "/public/../admin", 403),
        ("double", "/x//../../admin", 403),
    ] {
        assert_eq!(status(host, target.as_bytes()).0, expected, "{target} at {host}");
    }
    let propfind = |host: &str, target: &str| {
        exchange(served.ports.http, "PROPFIND", &format!("{host}.example.test"), target, &[], b"").status
    };
    assert_eq!((propfind("dav", "/x"), propfind("dav", "/admin"), propfind("strict", "/x")), (200, 403, 501));
}

#[test]
fn no_header_and_no_query_says_which_path_is_meant() {
    let origin = Origin::start();
    let policies = r#"
        @id("public") permit (principal, action, resource) when { context.prefixes.contains("/public") };
        @id("here") permit (principal, action, resource) when { context.host == "app.example.test" && context.path == "/host" };
        @id("get") permit (principal, action, resource) when { context.method == "GET" && context.path == "/get-only" };
    "#;
    let installation = site(policies, &[("app", origin.port, "")], &[]);
    let served = installation.serve();
    let ask = |target: &str, lines: &str| raw(served.ports.http, "app.example.test", target.as_bytes(), lines);
    assert_eq!(ask("/public", "").0, 200);
    for target in [
        "/admin?x=/public",
        "/x?next=/public",
        "/admin?/public",
        "/admin?/../public",
        "/?/public/x",
        "/admin?%2fpublic",
    ] {
        assert_eq!(ask(target, "").0, 403, "{target}");
    }
    assert_eq!(ask("/public%23/../admin", "").0, 403, "an encoded hash is a letter of a segment");
    assert_eq!(ask("/public%23/x", "").0, 403);
    assert_eq!(ask("/public/%23/x", ""), (200, Some("GET /public/%23/x HTTP/1.1".to_owned())));
    assert_eq!(ask("/public#/../admin", "").0, 400);
    let connections = origin.connections();
    for name in [
        "X-Forwarded-Uri",
        "X-Forwarded-Path",
        "X-Forwarded-Prefix",
        "X-Original-URL",
        "X-Original-URI",
        "X-Rewrite-URL",
        "X_Original_URL",
        "X-Forwarded-Host",
        "X-Original-Method",
        "X-Forwarded-Method",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Envoy-Original-Path",
        "X-Accel-Redirect",
        "Referer",
        "Origin",
    ] {
        let line = format!("{name}: /public\r\n");
        assert_eq!(ask("/admin", &line).0, 403, "{name}");
    }
    for agent in ["GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0"] {
        assert_eq!(ask("/healthz", &format!("User-Agent: {agent}\r\n")).0, 403, "{agent}");
    }
    assert_eq!(origin.connections(), connections, "the application heard of it");
    // Where the way is open, none of them goes on: an application that believes them would serve another page.
    let forged = "X-Forwarded-Uri: /forged\r\nX-Forwarded-Path: /forged\r\nX-Forwarded-Prefix: /forged\r\nX-Original-URL: /forged\r\n\
                  X-Original-URI: /forged\r\nX-Rewrite-URL: /forged\r\nX_Original_URL: /forged\r\nX-HTTP-Method-Override: FORGED\r\n\
                  X-HTTP-Method: FORGED\r\nX-Forwarded-Method: FORGED\r\n";
    assert_eq!(ask("/public/x", forged).0, 200);
    assert!(!origin.heard().to_lowercase().contains("forged"), "{}", origin.heard());
    // Nor does the method change on the way.
    assert_eq!(ask("/get-only", "X-HTTP-Method-Override: DELETE\r\n").0, 200);
    let post = exchange(
        served.ports.http,
        "POST",
        "app.example.test",
        "/get-only?_method=GET",
        &[("X-HTTP-Method-Override", "GET")],
        b"",
    );
    assert_eq!(post.status, 403);
    // A host is one host, however it is written.
    for host in ["APP.example.test", "app.example.test.", "app.example.test:443"] {
        assert_eq!(raw(served.ports.http, host, b"/host", "").0, 200, "{host}");
    }
    for host in ["evil.test", "app.example.test.evil.test", "app.example.test:444", "127.0.0.1"] {
        assert_eq!(raw(served.ports.http, host, b"/host", "").0, 421, "{host}");
    }
}

#[test]
fn a_prefix_is_made_of_whole_segments_and_a_pattern_of_the_whole_path() {
    let policies = r#"
        @id("open") permit (principal, action, resource == Application::"public");
        @id("admin") forbid (principal, action, resource == Application::"public") when { context.prefixes.contains("/admin") };
        @id("health") permit (principal, action, resource == Application::"wiki") when { context.path like "/api/health" };
        @id("docs") permit (principal, action, resource == Application::"wiki") when { context.prefixes.contains("/docs/v1") };
    "#;
    let (gateway, _folder) = demo_with(policies);
    for (host, path, admitted) in [
        ("public", "/admin", false),
        ("public", "/admin/", false),
        ("public", "/admin/users", false),
        ("public", "/admin?x", false),
        ("public", "/administrator", true),
        ("public", "/admin.html", true),
        ("public", "/admins/admin", true),
        ("public", "/x/admin", true),
        ("public", "/admin%2Ehtml", true),
        ("public", "/admin-", true),
        ("wiki", "/api/health", true),
        ("wiki", "/api/healthX", false),
        ("wiki", "/api/health/", false),
        ("wiki", "/x/api/health", false),
        ("wiki", "/api/health?x=1", true),
        ("wiki", "/API/health", false),
        ("wiki", "/docs/v1", true),
        ("wiki", "/docs/v1/a", true),
        ("wiki", "/docs/v10", false),
        ("wiki", "/docs", false),
        ("wiki", "/docs/v1/../v2", false),
        ("wiki", "/docs/v2/../v1/", true),
    ] {
        let (status, _) = raw(
            gateway.port,
            &format!("{host}.localhost:{}", gateway.port),
            path.as_bytes(),
            "Accept: application/json\r\n",
        );
        assert_eq!(status == 200, admitted, "{host}{path}: {status}");
        assert!(admitted || status == 403, "{host}{path}: {status}");
    }
}

/// Two open subtrees; all else is closed.
const TWO_OPEN: &str = r#"
@id("open") permit (principal, action, resource) when {
    context.prefixes.contains("/public") || context.prefixes.contains("/docs/open")
};
"#;

/// What the policies say of a path, said once more without them.
fn is_open(path: &str) -> bool {
    ["/public", "/docs/open"].iter().any(|open| path == *open || path.starts_with(&format!("{open}/")))
}

/// Segments of what paths are attacked with.
const SEGMENTS: [&str; 34] = [
    "public",
    "public",
    "docs",
    "open",
    "admin",
    "Public",
    "%70ublic",
    "%50ublic",
    "pu%62lic",
    "..",
    "..",
    ".",
    "%2e%2e",
    ".%2e",
    "%2E",
    "%252e",
    "..;",
    ";x=1",
    "%3b",
    "%2f",
    "%2F",
    "%5c",
    "",
    "",
    "%00",
    "%c0%ae",
    "%7e",
    "~",
    "a b",
    "%20",
    "%41",
    "é",
    "x?y=/public",
    "*",
];

#[test]
fn what_is_judged_is_what_the_application_receives_and_what_the_log_says() {
    let origin = Origin::start();
    let all_on = "encoded_slash = true\nsemicolon = true\ndouble_slash = true";
    let installation = site(TWO_OPEN, &[("strict", origin.port, ""), ("lenient", origin.port, all_on)], &[]);
    let served = installation.serve();
    let mut asked = Vec::new();
    for app in ["strict", "lenient"] {
        let authority = format!("{app}.example.test");
        for target in random_spellings(&SEGMENTS, "/", 400) {
            asked.push(ask(served.ports.http, &authority, target.as_bytes(), ""));
        }
    }
    let logged = || -> BTreeMap<String, Value> {
        let requests = logged_requests(&served.gateway.log.lock().unwrap());
        requests.into_iter().map(|request| (request["request_id"].as_str().unwrap().to_owned(), request)).collect()
    };
    until("every answer has its line in the log", || {
        let logged = logged();
        asked.iter().all(|one| logged.contains_key(&one.request_id))
    });
    let logged = logged();
    let (mut admitted, mut refused, mut changed) = (0, 0, 0);
    for Asked { target, status, request_id, line } in &asked {
        let Some(line) = line else {
            assert_ne!(*status, 200, "{target:?}");
            refused += 1;
            continue;
        };
        let received = line.split(' ').nth(1).unwrap();
        let path = received.split('?').next().unwrap();
        assert!(is_open(path), "{target:?} came through as {received:?}");
        let told = &logged[request_id];
        assert_eq!(told["path"].as_str(), Some(path), "{target:?}: the log says otherwise");
        assert_eq!(told["decision"].as_str(), Some("admit"), "{target:?}");
        admitted += 1;
        changed += usize::from(received != target);
    }
    assert_eq!(origin.heads().len(), admitted, "nothing else reached the application");
    assert!(admitted > 20 && refused > 100 && changed > 5, "{admitted} admitted, {changed} rewritten; {refused} not");
}
