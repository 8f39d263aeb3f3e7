//! When memory is nearly out: newcomers are turned away first, then new requests; what is under way goes on (F-28).

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::world::{World, connect, header, read_all, read_answer, status};

/// Of its memory, so many hundredths are in use.
fn used(world: &World, hundredths: u64) {
    world.headroom.note(hundredths, 100);
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: open.localhost\r\n\r\n";

#[test]
fn above_three_quarters_whoever_comes_is_closed_and_whoever_is_in_is_answered_a_last_time() {
    let world = World::start();
    let (mut kept, mut silent) = (world.connect(), world.connect());
    kept.write_all(ASK).unwrap();
    assert!(!header(&read_answer(&mut kept), "connection").contains(&"close"), "usually it is kept");

    used(&world, 76);
    let mut newcomer = world.connect();
    let _ = newcomer.write_all(ASK);
    assert_eq!(read_all(&mut newcomer), "");
    let mut operator = connect(world.console);
    write!(operator, "GET /mailbox HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", world.console)
        .unwrap();
    assert_eq!(status(&read_all(&mut operator)), 200, "operators get in");
    kept.write_all(ASK).unwrap();
    let answer = read_answer(&mut kept);
    assert_eq!((status(&answer), header(&answer, "connection")), (200, vec!["close"]));
    let begun = Instant::now();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(read_all(&mut silent), "");
    assert!(begun.elapsed() < Duration::from_secs(15), "who says nothing is not waited for as long as usual");

    used(&world, 50);
    assert_eq!(status(&world.get("open.localhost", "/", "")), 200, "everybody gets in when it is over");
}

#[test]
fn above_eighty_five_hundredths_a_new_request_is_told_to_come_back_before_its_body_is_asked_for() {
    let world = World::start();
    let (mut under_way, mut with_a_body, mut for_a_head) = (world.connect(), world.connect(), world.connect());
    write!(
        under_way,
        "GET /public HTTP/1.1\r\nHost: open.localhost\r\nOrigin: http://open.localhost:{}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
        world.public
    )
    .unwrap();
    assert_eq!(status(&read_answer(&mut under_way)), 101);
    world.heard.take();

    used(&world, 86);
    with_a_body
        .write_all(b"POST / HTTP/1.1\r\nHost: open.localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let answer = read_answer(&mut with_a_body);
    assert_eq!((status(&answer), header(&answer, "retry-after")), (503, vec!["5"]), "{answer}");
    for_a_head.write_all(b"HEAD / HTTP/1.1\r\nHost: open.localhost\r\n\r\n").unwrap();
    let answer = read_all(&mut for_a_head);
    assert!(status(&answer) == 503 && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(world.heard.take(), "", "neither reached the application");
    under_way.write_all(b"frame").unwrap();
    let mut echoed = [0; 5];
    under_way.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"frame", "what had begun goes on");
}
