//! WebSockets: who may open one, from where, and when it ends (CS-03, FR-05, decision D).

use std::time::{Duration, Instant};

use crate::world::{Origin, Served, Socket, Visitor, exchange, send_raw, site};

const POLICIES: &str = r#"
@id("staff") permit (principal is User, action, resource) when { context.authn.password };
@id("open") permit (principal, action, resource) when { context.host == "open.example.test" };
"#;

const WEBSOCKET: &str = "websocket = true";
const HOST: &str = "live.example.test";
const OWN: (&str, &str) = ("Origin", "https://live.example.test");

fn cookie(visitor: &Visitor) -> String {
    format!("__Host-doorward_app={}", visitor.cookie(HOST, "__Host-doorward_app"))
}

fn open(served: &Served, cookie: &str) -> Socket {
    let socket = Socket::open(served.ports.http, HOST, "/socket", &[OWN, ("Cookie", cookie)]);
    assert_eq!(socket.answer.status, 101, "{:?}", socket.answer);
    socket
}

#[test]
fn a_websocket_is_opened_with_a_session_and_frames_pass_both_ways() {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("live", origin.port, WEBSOCKET), ("plain", origin.port, "")], &["alice"]);
    let served = installation.serve();
    let port = served.ports.http;
    // Without a session: 401 before the application hears anything, whatever the handshake looks like.
    for fields in [
        &[OWN][..],
        &[OWN, ("Accept", "text/html")],
        &[OWN, ("Sec-Fetch-Mode", "websocket")],
        &[OWN, ("Cookie", "__Host-doorward_app=QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE")],
        &[OWN, ("Cookie", "doorward_app=x; theirs=1")],
        &[("Origin", "https://evil.test")],
        &[],
    ] {
        let refused = Socket::open(port, HOST, "/socket", fields);
        assert_eq!(refused.answer.status, 401, "{fields:?}");
        assert!(refused.answer.header("sec-websocket-accept").is_none(), "{fields:?}");
    }
    assert_eq!((origin.connections(), origin.heard()), (0, String::new()));

    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &served.url("live", "/"));
    let (connections, heads) = (origin.connections(), origin.heads().len());
    // With one, but not from a page of this application.
    let cookie = cookie(&alice);
    let with_cookie = ("Cookie", cookie.as_str());
    for fields in [
        &[with_cookie][..],
        &[with_cookie, ("Origin", "https://evil.test")],
        &[with_cookie, ("Origin", "null")],
        &[with_cookie, ("Origin", "")],
        &[with_cookie, ("Origin", "http://live.example.test")],
        &[with_cookie, ("Origin", "https://live.example.test.evil.test")],
        &[with_cookie, ("Origin", "https://live.example.test:444")],
        &[with_cookie, ("Origin", "https://login.example.test")],
        &[with_cookie, ("Origin", "https://evil.test https://live.example.test")],
        &[with_cookie, OWN, ("Origin", "https://evil.test")],
        &[with_cookie, ("X-Origin", "https://live.example.test")],
    ] {
        let refused = Socket::open(port, HOST, "/socket", fields);
        assert!([400, 403].contains(&refused.answer.status), "{fields:?}: {}", refused.answer.status);
    }
    assert_eq!((origin.connections(), origin.heads().len()), (connections, heads), "the application heard of it");

    let fields = [OWN, with_cookie, ("Remote-User", "forged"), ("Sec-WebSocket-Protocol", "chat")];
    let mut socket = Socket::open(port, HOST, "/socket?x=1", &fields);
    assert_eq!(socket.answer.status, 101);
    assert_eq!(socket.answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    for text in ["hello", "", "once more"] {
        assert!(socket.echoes(text), "{text:?}");
    }
    let head = origin.heads().pop().unwrap();
    assert!(head.starts_with("GET /socket?x=1 HTTP/1.1\r\n"), "{head}");
    let lower = head.to_lowercase();
    for line in [
        "remote-user: alice\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-protocol: chat\r\n",
        "origin: https://live.example.test\r\n",
    ] {
        assert!(lower.contains(line), "{line} is missing: {head}");
    }
    assert!(!head.contains("forged") && !head.contains("doorward"), "{head}");
    // Two frames sent at once come back as two.
    socket.send("one").unwrap();
    socket.send("two").unwrap();
    assert_eq!((socket.receive().as_deref(), socket.receive().as_deref()), (Some("one"), Some("two")));

    // An application that did not ask for WebSockets gets none.
    opens(&mut alice, &served, "plain");
    let plain = format!("__Host-doorward_app={}", alice.cookie("plain.example.test", "__Host-doorward_app"));
    let before = origin.heads().len();
    let refused = Socket::open(
        port,
        "plain.example.test",
        "/socket",
        &[("Origin", "https://plain.example.test"), ("Cookie", &plain)],
    );
    assert_eq!((refused.answer.status, origin.heads().len()), (501, before));
}

/// Already signed in: another application opens without a question.
fn opens(visitor: &mut Visitor, served: &Served, host: &str) {
    let page = visitor.get(&served.url(host, "/"));
    assert_eq!((page.status(), page.url), (200, served.url(host, "/")));
}

#[test]
fn an_upgrade_that_was_not_made_hides_no_second_request() {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("open", origin.port, WEBSOCKET)], &[]);
    let served = installation.serve();
    let ask = |upgrade: &str, target: &str| {
        let before = origin.heads().len();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: open.example.test\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\
             Origin: https://open.example.test\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
             GET /smuggled HTTP/1.1\r\nHost: open.example.test\r\nConnection: close\r\n\r\n"
        );
        let answer = String::from_utf8_lossy(&send_raw(served.ports.http, request.as_bytes())).into_owned();
        let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)).collect();
        (statuses.join(" "), origin.heads()[before..].to_vec())
    };
    for upgrade in ["websocket", "foo", "h2c", "TLS/1.0", "foo, websocket"] {
        let (statuses, heads) = ask(upgrade, "/no-socket");
        // Either the connection ends with the first answer, or the second request is one that was judged like any other.
        let smuggled = heads.iter().filter(|head| head.starts_with("GET /smuggled")).count();
        assert!(heads.len() <= statuses.split(' ').count(), "{upgrade}: {statuses}: {heads:?}");
        assert!(smuggled == 0 || statuses == "200 200", "{upgrade}: {statuses}: {heads:?}");
        let first = heads.iter().find(|head| head.starts_with("GET /no-socket"));
        if upgrade != "websocket" && !upgrade.contains("websocket") {
            assert!(
                first.is_none_or(|head| !head.to_lowercase().contains("\r\nupgrade:")),
                "{upgrade} went on: {heads:?}"
            );
        }
    }
}

#[test]
fn a_websocket_that_was_opened_stays_open() {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("live", origin.port, WEBSOCKET)], &["alice"]);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &served.url("live", "/"));
    let cookie = cookie(&alice);
    // Many at a time, each used at once: whatever is read in whatever order, none is torn down.
    let lost: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut sockets: Vec<Socket> = (0..15).map(|_| open(&served, &cookie)).collect();
                    let at_once =
                        sockets.iter_mut().filter_map(|socket| (!socket.echoes("at once")).then_some(())).count();
                    at_once + sockets.iter_mut().filter_map(|socket| (!socket.echoes("later")).then_some(())).count()
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(lost, 0, "of 120");
}

#[test]
fn a_websocket_ends_within_a_second_of_its_session() {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("live", origin.port, WEBSOCKET)], &["alice", "bob"]);
    let served = installation.serve();
    let (mut alice, mut bob) = (served.proxied_visitor(), served.proxied_visitor());
    alice.with_password(&served.gateway, "alice", &served.url("live", "/"));
    bob.with_password(&served.gateway, "bob", &served.url("live", "/"));
    let mut hers: Vec<Socket> = (0..5).map(|_| open(&served, &cookie(&alice))).collect();
    let mut his = open(&served, &cookie(&bob));
    assert!(hers.iter_mut().all(|socket| socket.echoes("hers")));
    assert!(his.echoes("his"));
    // They live for longer than anything is remembered.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(hers.iter_mut().all(|socket| socket.echoes("still hers")));

    assert_eq!(alice.sign_out(&served.url("login", "/")).status, 303);
    let signed_out = Instant::now();
    for socket in hers {
        let closed = socket.closed_at().expect("it ends");
        assert!(closed < signed_out + Duration::from_secs(1), "{:?} after the sign-out", closed - signed_out);
    }
    assert!(his.echoes("still his"), "nobody else's is cut");
    let refused = Socket::open(served.ports.http, HOST, "/socket", &[OWN, ("Cookie", &cookie(&alice))]);
    assert_eq!(refused.answer.status, 401);
}

#[test]
fn a_websocket_at_another_gateway_ends_within_a_second_of_its_session() {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("live", origin.port, WEBSOCKET)], &["alice", "bob"]);
    let (here, there) = (installation.serve(), installation.serve());
    let (mut alice, mut bob) = (here.proxied_visitor(), here.proxied_visitor());
    alice.with_password(&here.gateway, "alice", &here.url("live", "/"));
    bob.with_password(&here.gateway, "bob", &here.url("live", "/"));
    // Opened at different moments, so that they are looked after at different moments.
    let mut hers = Vec::new();
    for _ in 0..6 {
        hers.push(open(&there, &cookie(&alice)));
        std::thread::sleep(Duration::from_millis(90));
    }
    let mut his = open(&there, &cookie(&bob));
    let page = alice.get(&here.url("login", "/"));
    let form = page.form_to("/signout");
    // The other gateway has asked a moment ago, so that it need not ask again for as long as it may.
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(exchange(there.ports.http, "GET", HOST, "/", &[("Cookie", &cookie(&alice))], b"").status, 200);
    assert!(hers.iter_mut().all(|socket| socket.echoes("hers")));
    assert_eq!(alice.post_once(&page, &form, &[]).status, 303);
    let signed_out = Instant::now();
    for socket in hers {
        let closed = socket.closed_at().expect("it ends");
        assert!(closed < signed_out + Duration::from_secs(1), "{:?} after the sign-out", closed - signed_out);
    }
    assert!(his.echoes("still his"));
    // Somebody who is switched off on the command line, in a third process.
    let switched_off = installation.command(&["user", "disable"], &["bob"], "");
    let at = Instant::now();
    assert!(switched_off.status.success(), "{switched_off:?}");
    let closed = his.closed_at().expect("it ends");
    assert!(closed < at + Duration::from_secs(1), "{:?} after", closed.saturating_duration_since(at));
}
