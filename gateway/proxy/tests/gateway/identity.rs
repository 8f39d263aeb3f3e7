//! Who is let in and how the upstream hears of it; what those who are not let in are told.

use crate::world::{World, header, read_all, status};
use std::io::Write;

/// What a program says.
const JSON: &str = "Accept: application/json\r\n";

#[test]
fn a_browser_is_led_to_the_portal_and_a_program_is_told() {
    let world = World::start();
    let answer = world.get("wiki.localhost", "/page?x=1", "Accept: text/html\r\n");
    assert_eq!(status(&answer), 303);
    let location = header(&answer, "location")[0];
    assert!(location.starts_with(&format!("http://login.localhost:{}/signin?return=", world.public)), "{location}");
    let cookie = header(&answer, "set-cookie")[0];
    assert!(
        cookie.starts_with("doorward_flow=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let hop = cookie.split(';').next().unwrap();
    let again = world.get("wiki.localhost", "/page", &format!("Accept: text/html\r\nCookie: {hop}\r\n"));
    assert_eq!(header(&again, "set-cookie"), [""; 0], "the hop cookie is kept");

    let answer = world.get("wiki.localhost", "/api", "Accept: application/json\r\n");
    assert_eq!(status(&answer), 401);
    assert_eq!(header(&answer, "content-type"), ["application/problem+json"]);
    let request_id = header(&answer, "x-request-id")[0];
    assert!(answer.contains(&format!("\"request_id\":\"{request_id}\"")) && answer.contains("/signin\""), "{answer}");
    assert_eq!(world.heard.take(), "");
}

#[test]
fn the_upstream_hears_who_it_is_from_us_alone() {
    let world = World::start();
    let cookie = world.sign_in("wiki.localhost");
    let forged = "Remote-User: root\r\nremote-user: root\r\nX_Remote_User: root\r\nX.Remote.User: root\r\nREMOTE_USER: root\r\n\
                  X-Remote-User: root\r\nRemote-Groups: admins\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: for=1.1.1.1\r\n\
                  X-Real-IP: 1.1.1.1\r\nAuthorization: Basic eDp5\r\n";
    let answer = world.raw(format!(
        "GET / HTTP/1.1\r\nHost: wiki.localhost\r\n{cookie}{forged}Connection: close, X-Remote-User, Remote-User\r\n\r\n"
    ));
    assert_eq!(status(&answer), 200);
    let heard = world.heard.take();
    for (name, value) in [
        ("remote-user", "alice"),
        ("remote-groups", "staff%2C all"),
        ("remote-name", "Alice %C3%9Cn%C3%AF"),
        ("remote-email", "alice@example.test"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("authorization", "Basic eDp5"),
        ("cookie", "a=1; b=2"),
    ] {
        assert_eq!(header(&heard, name), [value], "{name}");
    }
    for word in ["root", "admins", "1.1.1.1", "doorward_app"] {
        assert!(!heard.contains(word), "{word} went on: {heard}");
    }
    assert_eq!(header(&heard, "x-request-id"), header(&answer, "x-request-id"), "one id everywhere");
}

#[test]
fn an_open_application_hears_of_nobody() {
    let world = World::start();
    let forged = "Remote-User: root\r\nX_Remote_User: root\r\nX-Forwarded-User: root\r\n";
    let answer = world.get("open.localhost", "/", forged);
    assert_eq!(status(&answer), 200);
    assert!(!world.heard.take().contains("root"));
    assert_eq!(header(&answer, "set-cookie"), ["theirs=1"], "an upstream sets its own cookies");
    assert_eq!(header(&answer, "remote-user"), [""; 0]);
    assert_eq!(header(&answer, "server"), ["origin"]);
}

#[test]
fn a_session_is_good_on_its_own_host_and_a_malformed_one_nowhere() {
    let world = World::start();
    let foreign = world.sign_in("open.localhost");
    assert_eq!(status(&world.get("wiki.localhost", "/", &format!("{JSON}{foreign}"))), 401);
    let good = world.sign_in("wiki.localhost");
    let token = good.split("doorward_app=").nth(1).unwrap()[..43].to_owned();
    let upper = token.to_uppercase();
    for value in
        ["", "%zz", "\"", "{}", "AAAA", &token[1..], &format!("{token}A"), &upper, &"a".repeat(20_000 - 300)[..16_000]]
    {
        let answer = status(&world.get("wiki.localhost", "/", &format!("{JSON}Cookie: doorward_app={value}\r\n")));
        assert_eq!(answer, 401, "{}", &value[..value.len().min(50)]);
    }
    let twice = format!("{JSON}Cookie: doorward_app={token}; doorward_app={token}\r\n");
    assert_eq!(status(&world.get("wiki.localhost", "/", &twice)), 401, "duplicates mean no session");
    assert_eq!(world.heard.take(), "");
    assert_eq!(status(&world.get("wiki.localhost", "/", &good)), 200);
}

#[test]
fn who_cannot_be_looked_up_is_neither_asked_to_sign_in_nor_let_in_but_told_to_try_again() {
    let world = World::start();
    let cookie = world.sign_in("wiki.localhost");
    *world.store.down.lock().unwrap() = true;
    let page = world.get("wiki.localhost", "/page", &format!("Accept: text/html\r\n{cookie}"));
    let request_id = header(&page, "x-request-id")[0];
    assert!(status(&page) == 503 && page.ends_with(&format!("page Unavailable {request_id}")), "{page}");
    assert_eq!(header(&page, "retry-after"), ["5"]);

    let document = world.get("wiki.localhost", "/api", &format!("{JSON}{cookie}"));
    assert_eq!((status(&document), header(&document, "content-type")), (503, vec!["application/problem+json"]));
    assert_eq!(header(&document, "retry-after"), ["5"]);
    assert!(document.contains("urn:doorward:problem:try-again"), "{document}");

    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://wiki.localhost\r\n";
    let socket = world.raw(format!("GET / HTTP/1.1\r\nHost: wiki.localhost\r\n{socket}{cookie}\r\n"));
    assert_eq!(status(&socket), 503);
    for answer in [&page, &document, &socket] {
        assert_eq!(header(answer, "set-cookie"), [""; 0]);
        assert_eq!(header(answer, "location"), [""; 0]);
    }
    // A cookie that means nothing is not told from one that does.
    let stranger = format!("Cookie: doorward_app={}\r\n", "A".repeat(43));
    assert_eq!(status(&world.get("wiki.localhost", "/", &format!("{JSON}{stranger}"))), 503);
    assert_eq!(world.heard.take(), "", "nothing went on");

    // Without a cookie nobody need be asked; and where everybody is let in, it does not matter who it is.
    assert_eq!(status(&world.get("wiki.localhost", "/", JSON)), 401);
    assert_eq!(status(&world.get("half.localhost", "/public/x", &cookie)), 200);
    assert_eq!(header(&world.heard.take(), "remote-user"), [""; 0], "it is served as nobody's");
    assert_eq!(status(&world.get("half.localhost", "/private", &format!("{JSON}{cookie}"))), 503);

    *world.store.down.lock().unwrap() = false;
    assert_eq!(status(&world.get("wiki.localhost", "/page", &cookie)), 200, "and nobody was signed out by it");
}

#[test]
fn an_upstream_that_is_down_is_told_by_a_page_with_an_id() {
    let world = World::start();
    let answer = world.get("down.localhost", "/", "Accept: text/html\r\n");
    let request_id = header(&answer, "x-request-id")[0];
    assert_eq!(status(&answer), 502);
    assert!(answer.ends_with(&format!("page Upstream {request_id}")), "{answer}");
    let answer = world.get("down.localhost", "/", "");
    assert!(status(&answer) == 502 && answer.contains("application/problem+json"), "{answer}");
}

#[test]
fn the_portal_is_called_with_what_the_rooms_found() {
    let world = World::start();
    let lines = "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Host: evil.test\r\nX-Custom: 1\r\n";
    let answer = world.get("login.localhost", "/a/../echo?x=1", lines);
    assert!(answer.ends_with("/echo?x=1 127.0.0.1 login.localhost connection,host,x-custom body=0"), "{answer}");
    let answer = world.get("login.localhost", "/two-cookies", "");
    assert_eq!(header(&answer, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(status(&world.get("login.localhost", "/panic", "")), 500);
    let head = world.raw("HEAD /echo HTTP/1.1\r\nHost: login.localhost\r\nConnection: close\r\n\r\n");
    assert!(head.ends_with("\r\n\r\n") && header(&head, "content-length").len() == 1, "{head}");
}

#[test]
fn the_portal_takes_small_bodies_only() {
    let world = World::start();
    let post = |length: usize| {
        let mut stream = world.connect();
        write!(
            stream,
            "POST /echo HTTP/1.1\r\nHost: login.localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        let _ = stream.write_all(&vec![b'a'; length]);
        read_all(&mut stream)
    };
    assert!(post(65_536).ends_with("body=65536"));
    assert_eq!(status(&post(65_537)), 413);
    let endless = world.raw(format!(
        "POST /echo HTTP/1.1\r\nHost: login.localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        format!("1000\r\n{}\r\n", "a".repeat(4096)).repeat(17)
    ));
    assert_eq!(status(&endless), 413);
}
