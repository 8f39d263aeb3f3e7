//! PA-01: "`/public` is open, all else is denied", against every spelling; and what the portal's prefix may never be.

use crate::world::{World, status};

const SPELLINGS: [&str; 18] = [
    "/public/../admin",
    "/%61dmin",
    "//admin",
    "/public/%2e%2e/admin",
    "/public%2f..%2fadmin",
    "/public\\..\\admin",
    "/public/..;/admin",
    "/admin;x=1",
    "/ADMIN",
    "/%2561dmin",
    "/admin%00.png",
    "/./admin",
    "/admin/.",
    "/public#/../admin",
    "/%c0%ae%c0%ae/admin",
    "/\tadmin",
    "/%ef%bd%81dmin",
    "/admin?x=/public",
];

#[test]
fn no_spelling_of_admin_reaches_the_origin() {
    let world = World::start();
    for host in ["half.localhost", "lenient.localhost"] {
        for spelling in SPELLINGS {
            let answer = status(&world.get(host, spelling, ""));
            assert!((400..500).contains(&answer), "{host}{spelling}: {answer}");
            assert_eq!(world.heard.take(), "", "{host}{spelling}");
        }
    }
}

#[test]
fn the_upstream_gets_the_path_that_was_judged() {
    let world = World::start();
    for (host, target, sent) in [
        ("half.localhost", "/x/../public/%7ea?q=%2e%2e#", None),
        ("half.localhost", "/x/../public/%7ea?q=%2e%2e", Some("/public/~a?q=%2e%2e")),
        ("half.localhost", "/public/caf%c3%a9/[1]", Some("/public/caf%C3%A9/%5B1%5D")),
        ("half.localhost", "/public?next=/admin", Some("/public?next=/admin")),
        ("half.localhost", "/publication", None),
        ("lenient.localhost", "/public/a%2fb;v=1//c", Some("/public/a%2Fb;v=1//c")),
        ("lenient.localhost", "/public/..%2fadmin", None),
        ("lenient.localhost", "/public/..;x/admin", None),
        ("lenient.localhost", "/public%3ba=1/x", Some("/public%3Ba=1/x")),
    ] {
        world.get(host, target, "");
        let heard = world.heard.take();
        match sent {
            Some(sent) => assert!(heard.starts_with(&format!("GET {sent} HTTP/1.1\r\n")), "{target}: {heard:?}"),
            None => assert_eq!(heard, "", "{target}"),
        }
    }
}

#[test]
fn the_reserved_prefix_is_answered_here_on_every_host() {
    let world = World::start();
    for target in
        ["/.doorward/enter?ticket=x", "/a/../.doorward/enter", "/%2edoorward/enter", "/.doorward", "/.DOORWARD/x"]
    {
        let answer = world.get("open.localhost", target, "");
        assert!(status(&answer) == 404 && answer.contains("\r\n\r\nportal /."), "{target}: {answer}");
    }
    assert_eq!(world.heard.take(), "");
}

#[test]
fn headers_that_rename_a_request_change_nothing() {
    let world = World::start();
    let forged = "X-Forwarded-Uri: /public\r\nX-Original-URL: /public\r\nX-Rewrite-URL: /public\r\nX-Forwarded-Prefix: /public\r\n\
                  User-Agent: kube-probe/1.29\r\n";
    assert_eq!(status(&world.get("half.localhost", "/admin", forged)), 403);
    assert_eq!(
        status(&world.get("half.localhost", "/public", &format!("{forged}X-HTTP-Method-Override: DELETE\r\n"))),
        200
    );
    let heard = world.heard.take().to_lowercase();
    for name in ["x-forwarded-uri", "x-original-url", "x-rewrite-url", "x-forwarded-prefix", "override"] {
        assert!(!heard.contains(name), "{name} went on");
    }
}

#[test]
fn an_application_takes_the_methods_it_opted_into() {
    let world = World::start();
    let propfind = |host: &str| {
        status(&world.raw(format!("PROPFIND /public HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")))
    };
    assert_eq!(propfind("lenient.localhost"), 200);
    assert_eq!(propfind("half.localhost"), 501);
}

#[test]
fn every_printable_byte_goes_on_in_one_way_or_is_refused() {
    let world = World::start();
    for byte in (0x21..=0x7e_u8).map(char::from) {
        let query = format!("/public?a{byte}b");
        let answer = status(&world.get("half.localhost", &query, ""));
        let heard = world.heard.take();
        match byte {
            '#' | '"' | '<' | '>' => assert_eq!((answer, heard.as_str()), (400, ""), "{query}"),
            _ => assert!(answer == 200 && heard.starts_with(&format!("GET {query} HTTP/1.1\r\n")), "{query}: {heard}"),
        }
        let local = status(&world.get("login.localhost", &format!("/echo?a{byte}b"), ""));
        assert_eq!(local, answer, "our own pages take what applications get: {query}");

        let path = format!("/public/a{byte}b");
        let answer = status(&world.get("half.localhost", &path, ""));
        let heard = world.heard.take();
        let sent = match byte {
            '#' | '"' | '<' | '>' | '\\' | ';' | '%' | '`' => None,
            '[' | ']' | '^' | '{' | '|' | '}' => Some(format!("/public/a%{:02X}b", u32::from(byte))),
            _ => Some(path.clone()),
        };
        match sent {
            Some(sent) => assert!(heard.starts_with(&format!("GET {sent} HTTP/1.1\r\n")), "{path}: {heard}"),
            None => assert_eq!((answer, heard.as_str()), (400, ""), "{path}"),
        }
    }
}
