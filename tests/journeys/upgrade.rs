//! How a process leaves: told to stop, or to hand its listeners to a new one.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::world::{Asker, Connection, Installation, Load, Origin, Served, Socket, binary, run, site, words};

const OPEN: &str = r#"@id("open") permit (principal, action, resource);"#;
const HOST: &str = "live.example.test";
/// How long a configuration gives to open requests. No story here waits for so long.
const GRACE: Duration = Duration::from_secs(40);

/// A gateway in front of an application that is open to everybody, and has a long grace.
fn serve(origin: &Origin) -> (Installation, Served) {
    let mut installation = site(OPEN, &[("live", origin.port, "websocket = true")], &[]);
    let patient = format!("threads = 2\ngrace = {}", GRACE.as_secs());
    installation.instead.push(("threads = 2".to_owned(), patient));
    let served = installation.serve();
    (installation, served)
}

fn exits(served: &mut Served) -> Duration {
    let (took, code) = served.gateway.gone_within(GRACE / 2);
    assert_eq!(code, Some(0), "{}", served.gateway.log.lock().unwrap());
    took
}

#[test]
fn told_to_stop_while_nothing_is_under_way_it_is_gone_at_once() {
    let origin = Origin::start();
    let (_installation, mut served) = serve(&origin);
    // Connections that only wait are nothing under way.
    let mut idle: Vec<Connection> = (0..5).map(|_| Connection::open(served.ports.http, HOST).unwrap()).collect();
    for connection in &mut idle {
        assert_eq!(connection.get("/", "").unwrap().status, 200);
    }
    let mut silent = Connection::open(served.ports.http, HOST).unwrap();
    assert_eq!(served.visitor().get(&served.url("live", "/")).status(), 200);
    served.gateway.signal("TERM");
    let took = exits(&mut served);
    assert!(took < GRACE / 4, "{took:?}");
    for connection in idle.iter_mut().chain([&mut silent]) {
        assert!(connection.is_closed_within(Duration::from_secs(1)));
    }
}

#[test]
fn told_to_stop_it_answers_what_is_under_way_and_says_close() {
    let origin = Origin::start();
    let (_installation, mut served) = serve(&origin);
    let (mut held, mut kept) =
        (Connection::open(served.ports.http, HOST).unwrap(), Connection::open(served.ports.http, HOST).unwrap());
    assert_ne!(kept.get("/", "").unwrap().header("connection"), Some("close"));
    held.send(format!("GET /hold HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    origin.wait_for(2);
    served.gateway.signal("TERM");
    // A connection that is kept may ask once more.
    std::thread::sleep(Duration::from_millis(300));
    let answer = kept.get("/once-more", "").unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(kept.is_closed_within(Duration::from_secs(5)));
    assert!(Connection::open(served.ports.http, HOST).is_err(), "nothing new is taken");
    std::thread::sleep(Duration::from_millis(1500));
    origin.release();
    let answer = held.answer().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(answer.text().starts_with("GET /hold HTTP/1.1\r\n"), "{}", answer.text());
    let took = exits(&mut served);
    assert!(took < GRACE / 4, "{took:?} after the last answer");
}

#[test]
fn a_websocket_is_told_that_the_gateway_goes_away() {
    let origin = Origin::start();
    let (_installation, mut served) = serve(&origin);
    let own = [("Origin", "https://live.example.test")];
    let mut sockets: Vec<Socket> = (0..20).map(|_| Socket::open(served.ports.http, HOST, "/socket", &own)).collect();
    for socket in &mut sockets {
        assert!(socket.echoes("still here"));
    }
    // Some have frames on their way back.
    for socket in sockets.iter_mut().take(10) {
        for _ in 0..50 {
            socket.send(&"x".repeat(100)).unwrap();
        }
    }
    served.gateway.signal("TERM");
    for mut socket in sockets {
        assert_eq!(socket.farewell(), Some(1001));
        assert!(socket.closed_at().is_some());
    }
    let took = exits(&mut served);
    assert!(took < GRACE / 4, "{took:?}");
}

#[test]
fn an_upgrade_answers_the_next_request_of_a_kept_connection() {
    let origin = Origin::start();
    let (installation, mut old) = serve(&origin);
    let mut kept: Vec<Connection> = (0..5).map(|_| Connection::open(old.ports.http, HOST).unwrap()).collect();
    for connection in &mut kept {
        assert_eq!(connection.get("/before", "").unwrap().status, 200);
    }
    let load = Load::start([Asker::plain(old.ports.http, HOST).anew()]);
    let new = installation.upgrade(&old);
    new.gateway.wait_ready();
    // The old process goes on for some seconds before it says close.
    let end = Instant::now() + GRACE / 2;
    let mut closing = 0;
    while closing < kept.len() {
        assert!(Instant::now() < end, "the old process does not close its connections");
        closing = 0;
        for connection in &mut kept {
            match connection.get("/after", "") {
                Ok(answer) => {
                    assert_eq!(answer.status, 200);
                    closing += usize::from(answer.header("connection") == Some("close"));
                }
                Err(why) => panic!("a request was lost: {why}"),
            }
        }
        if closing > 0 && closing < kept.len() {
            // They are told at the same moment; what was asked before it is asked again.
            kept.retain_mut(|connection| !connection.is_closed_within(Duration::from_millis(200)));
            closing = 0;
            if kept.is_empty() {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = exits(&mut old);
    assert!(took < GRACE / 4, "{took:?} after its last answer");
    let tally = load.stop();
    assert!(tally.lost.is_empty() && tally.sent > 20, "{tally:?}");
    // Every listener is the new process's.
    assert_eq!(new.visitor().get(&new.url("live", "/tls")).status(), 200);
    assert_eq!(new.proxied_visitor().get(&new.url("live", "/plain")).status(), 200);
    assert!(new.gateway.metric("doorward_start_time_seconds") > 1.0e9);
    assert!(Connection::open(new.ports.console, "127.0.0.1").unwrap().get("/", "").is_ok());
}

#[test]
fn told_to_hand_over_to_nobody_it_serves_on() {
    let origin = Origin::start();
    let (_installation, served) = serve(&origin);
    let mut kept = Connection::open(served.ports.http, HOST).unwrap();
    served.gateway.signal("QUIT");
    served.gateway.wait_for_log("no new process waits at");
    assert_ne!(kept.get("/", "").unwrap().header("connection"), Some("close"));
    assert_eq!(served.visitor().get(&served.url("live", "/")).status(), 200);
}

#[test]
fn an_upgrade_that_cannot_be_made_ends_with_a_reason_and_harms_nothing() {
    let origin = Origin::start();
    let (installation, served) = serve(&origin);
    let upgrade = |file: &std::path::Path| {
        run(Command::new("timeout").arg("60").arg(binary()).args(["run", "--upgrade", "-c"]).arg(file), "")
    };
    let good = std::fs::read_to_string(&served.file).unwrap();
    // Others could put a socket of theirs there.
    let open = installation.path("open-to-all");
    std::fs::create_dir(&open).unwrap();
    Command::new("chmod").arg("1777").arg(&open).status().unwrap();
    let socket = format!("threads = 2\nupgrade_socket = \"{}\"", open.join("upgrade.sock").display());
    let output = upgrade(&installation.write("open.toml", &good.replace("threads = 2", &socket)));
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("listen.upgrade_socket") && words(&output).contains("1777"), "{}", words(&output));
    // Another program has the port.
    let stranger = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = format!("console = \"{}\"", stranger.local_addr().unwrap());
    let console = format!("console = \"127.0.0.1:{}\"", served.ports.console);
    let output = upgrade(&installation.write("taken.toml", &good.replace(&console, &taken)));
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("in use"), "{}", words(&output));
    // A policy does not hold.
    let policy = installation.path("policies/site.cedar");
    std::fs::write(&policy, "permit (").unwrap();
    let output = upgrade(&served.file);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    std::fs::write(&policy, OPEN).unwrap();
    // Nobody hands anything over.
    let output = upgrade(&served.file);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("send it SIGQUIT"), "{}", words(&output));
    assert_eq!(served.visitor().get(&served.url("live", "/")).status(), 200);
}
