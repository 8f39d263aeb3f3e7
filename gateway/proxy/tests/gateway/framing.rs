//! The raw probes of SEC 0.3: the answer it must be, and not one byte at the origin.

use std::io::Write;

use crate::world::{World, connect, header, read_all, read_answer, status, statuses};

/// After the request line `POST /p` and its Host.
fn post(lines: &str, body: &str) -> String {
    format!("POST /p HTTP/1.1\r\nHost: open.localhost\r\n{lines}\r\n\r\n{body}")
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: open.localhost\r\n\r\n")
}

#[test]
fn a_head_that_could_be_two_is_refused_and_nothing_is_sent() {
    let world = World::start();
    let smuggled = "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: open.localhost\r\n\r\n";
    let long = |count: usize| "a".repeat(count);
    let probes: Vec<(String, u16)> = vec![
        (post("Content-Length: 44\r\nTransfer-Encoding: chunked", smuggled), 400),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 4", smuggled), 400),
        (post("Content-Length: 5\r\nContent-Length: 5", "hello"), 400),
        (post("Content-Length: 5, 5", "hello"), 400),
        (post("Content-Length: 5\r\nContent-Length: 6", "hello"), 400),
        (post("Content-Length: +5", "hello"), 400),
        (post("Content-Length: 0x5", "hello"), 400),
        (post("Content-Length: -1", "hello"), 400),
        (post("Content-Length: 18446744073709551621", "hello"), 400),
        (post("Content-Length:", "hello"), 400),
        (post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), 400),
        (post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), 400),
        (post("X: y\r\nTransfer_Encoding: chunked", "0\r\n\r\n"), 400),
        ("POST /p HTTP/1.0\r\nHost: open.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(), 400),
        ("GET /p HTTP/1.1\nHost: open.localhost\n\n".into(), 400),
        (post("A: b\rc", ""), 400),
        (post("A: b\0c", ""), 400),
        (post("A: b\r\n c", ""), 400),
        ("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: open.localhost\r\nHost: open.localhost\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: open.localhost@evil.test\r\n\r\n".into(), 400),
        ("GET http://evil.test/ HTTP/1.1\r\nHost: open.localhost\r\n\r\n".into(), 400),
        (get("/p x"), 400),
        (get("/\tadmin"), 400),
        (get("/public#/../admin"), 400),
        ("CONNECT open.localhost:80 HTTP/1.1\r\nHost: open.localhost\r\n\r\n".into(), 405),
        ("TRACE / HTTP/1.1\r\nHost: open.localhost\r\n\r\n".into(), 405),
        ("get / HTTP/1.1\r\nHost: open.localhost\r\n\r\n".into(), 501),
        ("FOO / HTTP/1.1\r\nHost: open.localhost\r\n\r\n".into(), 501),
        (post("Expect: foo", ""), 417),
        (post(&format!("A: {}\r\n", long(1000)).repeat(100), ""), 431),
        (post(&"A: b\r\n".repeat(300), ""), 431),
        (post(&format!("A: {}", long(17 * 1024)), ""), 431),
        (get(&format!("/{}", long(64 * 1024))), 414),
        (get(&format!("/{}", long(8192))), 414),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), 505),
    ];
    for (probe, expected) in &probes {
        let answer = world.raw(probe);
        assert_eq!(
            status(&answer),
            *expected,
            "{}",
            probe.escape_debug().to_string().chars().take(200).collect::<String>()
        );
        let understood = probe.starts_with("FOO ");
        assert_eq!(header(&answer, "connection"), [if understood { "keep-alive" } else { "close" }]);
        assert_eq!(
            world.heard.take(),
            "",
            "the origin heard of {}",
            probe.escape_debug().to_string().chars().take(200).collect::<String>()
        );
    }
    assert_eq!(world.heard.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[test]
fn a_host_that_is_not_served_has_no_upstream() {
    let world = World::start();
    for host in ["evil.test", "127.0.0.1", "open.localhost:1", "sub.open.localhost", "[::1]"] {
        assert_eq!(status(&world.get(host, "/", "")), 421, "{host}");
    }
    assert_eq!(world.heard.take(), "");
    for host in ["OPEN.localhost", "open.localhost.", &format!("open.localhost:{}", world.public)] {
        assert_eq!(status(&world.get(host, "/", "")), 200, "{host}");
    }
    let public = format!("\r\nHost: open.localhost:{}\r\n", world.public);
    assert_eq!(world.heard.take().matches(&public).count(), 3, "one spelling goes on");
}

#[test]
fn a_chunk_that_is_none_ends_both_connections() {
    let world = World::start();
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "2;\nxx\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
    ] {
        let answer = world.raw(post("Transfer-Encoding: chunked", body));
        assert_eq!(status(&answer), 400, "{body:?}");
        let heard = world.heard.take();
        assert!(!heard.contains("hello") && !heard.contains("xx"), "{body:?}: {heard:?}");
    }
    let before = world.heard.connections.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(status(&world.get("open.localhost", "/", "")), 200);
    let after = world.heard.connections.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(after, before + 1, "a connection with half a request on it was used again");
}

#[test]
fn what_follows_an_upgrade_that_was_not_is_not_a_request() {
    let world = World::start();
    let second = "GET /admin HTTP/1.1\r\nHost: open.localhost\r\n\r\n";
    let answer = world
        .raw(format!("GET /p HTTP/1.1\r\nHost: open.localhost\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n{second}"));
    assert_eq!(statuses(&answer), [200]);
    let heard = world.heard.take();
    assert!(!heard.contains("/admin") && !heard.to_lowercase().contains("upgrade"), "{heard}");
}

#[test]
fn a_refused_request_takes_its_body_along() {
    let world = World::start();
    let inner = "GET /admin HTTP/1.1\r\nHost: open.localhost\r\n\r\n";
    let mut stream = world.connect();
    let refused = format!("POST /x HTTP/1.1\r\nHost: wiki.localhost\r\nContent-Length: {}\r\n\r\n{inner}", inner.len());
    stream.write_all(refused.as_bytes()).unwrap();
    assert_eq!(status(&read_answer(&mut stream)), 401);
    stream.write_all(b"GET /real HTTP/1.1\r\nHost: open.localhost\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(statuses(&read_all(&mut stream)), [200]);
    let heard = world.heard.take();
    assert!(heard.starts_with("GET /real ") && !heard.contains("/admin"), "{heard}");
}

#[test]
fn a_body_is_invited_only_where_it_is_wanted() {
    let world = World::start();
    let mut stream = world.connect();
    stream.write_all(post("Content-Length: 5\r\nExpect: 100-continue", "").as_bytes()).unwrap();
    assert_eq!(status(&read_answer(&mut stream)), 100);
    stream.write_all(b"hello").unwrap();
    assert_eq!(status(&read_answer(&mut stream)), 200);
    let heard = world.heard.take();
    assert!(heard.ends_with("\r\n\r\nhello") && !heard.to_lowercase().contains("expect"), "{heard}");
    let denied = "POST /p HTTP/1.1\r\nHost: wiki.localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(statuses(&world.raw(denied)), [401]);
    assert_eq!(world.heard.take(), "");
}

#[test]
fn trailers_end_here() {
    let world = World::start();
    let body = "5\r\nhello\r\n0\r\nX-Remote-User: admin\r\nHost: evil.test\r\n\r\n";
    world.raw(post("Transfer-Encoding: chunked\r\nConnection: close", body));
    let heard = world.heard.take();
    assert!(heard.contains("hello") && !heard.contains("admin") && !heard.contains("evil"), "{heard}");
}

#[test]
fn an_absolute_target_of_the_same_host_goes_on_in_origin_form() {
    let world = World::start();
    let answer =
        world.raw("GET http://open.localhost/a?b HTTP/1.1\r\nHost: open.localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&answer), 200);
    assert!(world.heard.take().starts_with("GET /a?b HTTP/1.1\r\n"));
}

#[test]
fn one_connection_carries_one_request_after_the_other() {
    let world = World::start();
    let mut stream = world.connect();
    for number in 0..5 {
        stream.write_all(format!("GET /{number} HTTP/1.1\r\nHost: open.localhost\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(status(&read_answer(&mut stream)), 200);
    }
    stream.write_all(b"\r\nGET /after-an-empty-line HTTP/1.1\r\nHost: open.localhost\r\n\r\n").unwrap();
    assert_eq!(status(&read_answer(&mut stream)), 200);
    assert_eq!(
        world.heard.connections.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "the upstream's connection is kept"
    );
}

#[test]
fn the_console_answers_to_its_own_names_only() {
    let world = World::start();
    let asked = |host: &str| {
        let mut stream = connect(world.console);
        write!(stream, "GET /mailbox HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        read_all(&mut stream)
    };
    assert!(asked(&format!("127.0.0.1:{}", world.console)).ends_with("\r\n\r\nmail"));
    assert!(asked("localhost").ends_with("\r\n\r\nmail"));
    for host in ["evil.test", "open.localhost", "login.localhost"] {
        assert_eq!(status(&asked(host)), 421, "{host}");
    }
}

/// Each would put one more layer around the connection.
#[test]
fn a_connection_that_was_asked_to_switch_carries_no_further_request() {
    let world = World::start();
    let origin = format!("Origin: http://open.localhost:{}\r\n", world.public);
    for (host, target, upgrade, told) in [
        ("open.localhost", "/p", "foo", 200),
        ("open.localhost", "/no-socket", "websocket", 404),
        ("half.localhost", "/public", "websocket", 501),
        ("login.localhost", "/two-cookies", "h2c", 200),
    ] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: keep-alive, Upgrade\r\nUpgrade: {upgrade}\r\n\r\n"
        );
        let mut stream = world.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_answer(&mut stream);
        assert_eq!((status(&answer), header(&answer, "connection")), (told, vec!["close"]), "{host} {upgrade}");
        // It may be closed already.
        let _ = stream.write_all(request.as_bytes());
        assert_eq!(read_all(&mut stream), "", "{host} {upgrade}");
    }
}
