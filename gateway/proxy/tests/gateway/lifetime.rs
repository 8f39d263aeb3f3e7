//! How long things last: heads, idle connections, WebSockets, streams.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use doorward_api::UserId;
use doorward_proxy::Limits;

use crate::world::{World, header, portal_session, read_all, read_answer, status, statuses};

const HANDSHAKE: &str =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n";

fn upgrade(world: &World, host: &str, lines: &str) -> (String, TcpStream) {
    let mut stream = world.connect();
    write!(stream, "GET /public HTTP/1.1\r\nHost: {host}\r\n{HANDSHAKE}{lines}\r\n").unwrap();
    (read_answer(&mut stream), stream)
}

fn own_origin(world: &World, host: &str) -> String {
    format!("Origin: http://{host}:{}\r\n", world.public)
}

/// How long until the other end closes.
fn closed_after(stream: &mut TcpStream) -> Duration {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let begun = Instant::now();
    read_all(stream);
    begun.elapsed()
}

#[test]
fn a_websocket_is_for_those_who_may_from_pages_of_the_application() {
    let world = World::start();
    let origin = own_origin(&world, "wiki.localhost");
    assert_eq!(status(&upgrade(&world, "wiki.localhost", &origin).0), 401);
    let cookie = world.sign_in("wiki.localhost");
    for foreign in ["", "Origin: null\r\n", "Origin: https://evil.test\r\n"] {
        assert_eq!(status(&upgrade(&world, "wiki.localhost", &format!("{cookie}{foreign}")).0), 403, "{foreign:?}");
    }
    let origin_of_half = own_origin(&world, "half.localhost");
    assert_eq!(status(&upgrade(&world, "half.localhost", &origin_of_half).0), 501, "not opted in");
    for body in ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let request = format!("GET /public HTTP/1.1\r\nHost: wiki.localhost\r\n{HANDSHAKE}{cookie}{origin}{body}");
        assert_eq!(status(&world.raw(request)), 400, "{body:?}");
    }
    assert_eq!(world.heard.take(), "", "nothing was sent before it was allowed");
    let (answer, mut stream) = upgrade(&world, "wiki.localhost", &format!("{cookie}{origin}"));
    assert_eq!(status(&answer), 101);
    stream.write_all(b"frame").unwrap();
    let mut echoed = [0; 5];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"frame");
    assert_eq!(header(&world.heard.take(), "remote-user"), ["alice"]);
}

/// Nobody could use such a connection again, and no limit counts it.
#[test]
fn a_handshake_that_comes_to_nothing_leaves_no_connection_to_the_application() {
    let world = World::start();
    let origin = own_origin(&world, "open.localhost");
    for _ in 0..20 {
        let mut stream = world.connect();
        write!(stream, "GET /no-socket HTTP/1.1\r\nHost: open.localhost\r\n{HANDSHAKE}{origin}\r\n").unwrap();
        assert_eq!(status(&read_answer(&mut stream)), 404);
    }
    let begun = Instant::now();
    while world.heard.open.load(Ordering::SeqCst) > 0 && begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(world.heard.connections.load(Ordering::SeqCst), 20);
    assert_eq!(world.heard.open.load(Ordering::SeqCst), 0);
}

#[test]
fn what_hangs_on_a_session_ends_with_it() {
    let world = World::start();
    let lines = format!("{}{}", world.sign_in("wiki.localhost"), own_origin(&world, "wiki.localhost"));
    let (answer, mut socket) = upgrade(&world, "wiki.localhost", &lines);
    assert_eq!(status(&answer), 101);
    let (_, mut open) = upgrade(&world, "open.localhost", &own_origin(&world, "open.localhost"));
    assert_eq!(world.live.cut(&portal_session()), 1);
    assert!(closed_after(&mut socket) < Duration::from_millis(900));
    open.write_all(b"frame").unwrap();
    let mut echoed = [0; 5];
    open.read_exact(&mut echoed).unwrap();
    assert_eq!(world.live.sessions(), 0);
}

#[test]
fn a_sign_out_in_another_process_ends_sockets_and_streams_soon() {
    let world = World::start();
    let cookie = world.sign_in("wiki.localhost");
    let (answer, mut socket) =
        upgrade(&world, "wiki.localhost", &format!("{cookie}{}", own_origin(&world, "wiki.localhost")));
    assert_eq!(status(&answer), 101);
    let mut events = world.connect();
    write!(events, "GET /events HTTP/1.1\r\nHost: wiki.localhost\r\n{cookie}\r\n").unwrap();
    let mut begun = [0; 12];
    events.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(world.live.sessions(), 1, "both are still there");
    world.store.with(|rows| rows.sessions.clear());
    world.identities.forget_all_of(&portal_session());
    assert!(closed_after(&mut socket) < Duration::from_secs(2));
    assert!(closed_after(&mut events) < Duration::from_secs(2));
}

#[test]
fn an_upload_of_whoever_is_switched_off_meanwhile_is_cut() {
    let world = World::start();
    let cookie = world.sign_in("wiki.localhost");
    let mut uploads = ["Transfer-Encoding: chunked", "Content-Length: 2000000"].map(|body| {
        let mut upload = world.connect();
        write!(upload, "POST /upload HTTP/1.1\r\nHost: wiki.localhost\r\n{cookie}{body}\r\n\r\n").unwrap();
        upload
    });
    for _ in 0..6 {
        uploads.iter_mut().for_each(|upload| upload.write_all(b"3\r\nabc\r\n").unwrap());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(world.heard.open.load(Ordering::SeqCst), 2, "both are still there");
    world.store.with(|rows| rows.users[0].disabled = true);
    world.identities.forget_user(&UserId::from("u-1"));
    for upload in &mut uploads {
        assert!(closed_after(upload) < Duration::from_secs(2));
    }
}

#[test]
fn a_head_that_drips_is_ended_and_so_is_a_silent_connection() {
    let world = World::with(Limits {
        header_deadline: Duration::from_millis(700),
        idle: Duration::from_secs(2),
        ..Limits::default()
    });
    let mut silent = world.connect();
    let mut dripping = world.connect();
    let begun = Instant::now();
    let head = b"GET / HTTP/1.1\r\nHost: open.localhost\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for byte in head.chunks(1) {
        if dripping.write_all(byte).is_err() || begun.elapsed() > Duration::from_secs(2) {
            break;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    assert_eq!(status(&read_all(&mut dripping)), 408);
    assert!(closed_after(&mut silent) < Duration::from_secs(4));
    assert_eq!(world.heard.take(), "");
}

#[test]
fn an_address_has_room_for_so_many_connections() {
    let world = World::with(Limits { connections_per_address: 5, ..Limits::default() });
    let mut held: Vec<TcpStream> = (0..8).map(|_| world.connect()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let answers: usize = held
        .iter_mut()
        .map(|stream| {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: open.localhost\r\nConnection: close\r\n\r\n");
            statuses(&read_all(stream)).len()
        })
        .sum();
    assert!((1..=5).contains(&answers), "{answers} of 8 were served");
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(status(&world.get("open.localhost", "/", "")), 200, "room again");
}

#[test]
fn a_shutdown_loses_no_request_of_a_connection_that_is_kept() {
    let world = World::start();
    let request = "GET / HTTP/1.1\r\nHost: open.localhost\r\n\r\n";
    let mut kept: Vec<TcpStream> = (0..10).map(|_| world.connect()).collect();
    for stream in &mut kept {
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(status(&read_answer(stream)), 200);
    }
    let mut idle = kept.pop().unwrap();
    world.shut_down();
    std::thread::sleep(Duration::from_millis(300));
    for stream in &mut kept {
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_all(stream);
        assert_eq!((status(&answer), header(&answer, "connection")), (200, vec!["close"]));
    }
    assert!(closed_after(&mut idle) < Duration::from_secs(3));
}

fn call(world: &World, name: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "POST /a/v1/{name} HTTP/1.1\r\nHost: authenticator.localhost\r\nContent-Length: {length}\r\nConnection: close\r\n"
    );
    world.raw(format!("{head}\r\n{body}"))
}

/// A device waits for a request for longer than anybody else may be silent.
#[test]
fn an_answer_that_is_held_back_is_cut_by_no_limit() {
    let short = Duration::from_millis(300);
    let limits = Limits { idle: short, header_deadline: short, body_idle: short, slow_for: short, ..Limits::default() };
    let world = World::with(limits);
    let answer = call(&world, "push/pending", "1500");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("nothing yet"), "{answer}");
}

#[test]
fn a_device_that_waits_keeps_no_process_from_leaving() {
    let world = World::start();
    let departure = world.departure.clone();
    let begun = Instant::now();
    let leaving = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        departure.begin();
    });
    let answer = call(&world, "push/pending", "20000");
    leaving.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("{\"error\":\"unavailable\"}"), "{answer}");
    assert_eq!(header(&answer, "retry-after").len(), 1);
    assert_eq!(status(&call(&world, "here", "{}")), 200, "what does not wait is answered");
}

#[test]
fn the_call_of_a_device_is_short() {
    let world = World::start();
    assert_eq!(status(&call(&world, "here", &"x".repeat(16 * 1024))), 200);
    let answer = call(&world, "here", &"x".repeat(16 * 1024 + 1));
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("{\"error\":\"malformed\"}"), "{answer}");
}
