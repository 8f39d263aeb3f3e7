//! Revocation cuts what is open, and nothing else (decision D: 1,000 sockets of two users).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::world::{Origin, Served, Socket, Visitor, read_some, site};

const STAFF: &str = r#"@id("staff") permit (principal is User, action, resource) when { context.authn.password };"#;
const HOST: &str = "live.example.test";
/// The sockets of each of the two.
const EACH: usize = 500;

/// All that somebody has open: sockets, a download without an end, an event stream on which nothing happens.
struct Open {
    sockets: Vec<Socket>,
    streams: Vec<TcpStream>,
}

impl Open {
    fn by(served: &Served, cookie: &str) -> Self {
        let socket = || {
            let fields = [("Origin", "https://live.example.test"), ("Cookie", cookie)];
            let socket = Socket::open(served.ports.http, HOST, "/socket", &fields);
            assert_eq!(socket.answer.status, 101, "{:?}", socket.answer);
            socket
        };
        let sockets = std::thread::scope(|scope| {
            let all: Vec<_> =
                (0..5).map(|_| scope.spawn(|| (0..EACH / 5).map(|_| socket()).collect::<Vec<_>>())).collect();
            all.into_iter().flat_map(|one| one.join().unwrap()).collect()
        });
        let streams = ["/endless", "/events"].map(|target| stream(served.ports.http, target, cookie)).into();
        Self { sockets, streams }
    }

    /// How many sockets are alive, and how long it took to find out.
    fn alive(&mut self) -> (usize, Duration) {
        let begun = Instant::now();
        (self.sockets.iter_mut().filter_map(|socket| socket.echoes("here").then_some(())).count(), begun.elapsed())
    }

    /// When the last of it was cut.
    fn last_cut(self) -> Instant {
        let closed = |socket: Socket| socket.closed_at().expect("a socket is cut");
        let sockets = self.sockets.into_iter().map(closed).max().unwrap();
        self.streams.into_iter().map(ended).fold(sockets, Instant::max)
    }
}

/// A stream of which the first event has come.
fn stream(port: u16, target: &str, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nCookie: {cookie}\r\n\r\n")
        .unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"data: first\n\n") {
        assert_eq!(read_some(&mut stream, &mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
    stream
}

/// When it was cut; that it ended as an answer does would be a lie.
fn ended(mut stream: TcpStream) -> Instant {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let at = Instant::now();
    assert!(!all.ends_with(b"0\r\n\r\n"), "it was cut, and says that it is whole");
    at
}

fn cookie(visitor: &Visitor) -> String {
    format!("__Host-doorward_app={}", visitor.cookie(HOST, "__Host-doorward_app"))
}

/// A thousand connections are more files than a process may usually open.
fn more_files(pid: u32) {
    let status = Command::new("prlimit").args(["--pid", &pid.to_string(), "--nofile=8192:"]).status().unwrap();
    assert!(status.success(), "prlimit: 8192 open files are not allowed here");
}

#[test]
fn of_a_thousand_sockets_of_two_users_those_of_the_revoked_one_are_cut_within_a_second() {
    let origin = Origin::start();
    let installation = site(STAFF, &[("live", origin.port, "websocket = true")], &["alice", "bob"]);
    let served = installation.serve();
    more_files(served.gateway.pid());
    more_files(std::process::id());
    let (mut alice, mut bob) = (served.proxied_visitor(), served.proxied_visitor());
    alice.with_password(&served.gateway, "alice", &served.url("live", "/"));
    bob.with_password(&served.gateway, "bob", &served.url("live", "/"));
    let (mut hers, mut his) = (Open::by(&served, &cookie(&alice)), Open::by(&served, &cookie(&bob)));
    assert_eq!((hers.alive().0, his.alive().0), (EACH, EACH));

    // A reload, with policies that let both stay, cuts nobody.
    std::fs::write(installation.path("policies/site.cedar"), format!("// Read again.\n{STAFF}")).unwrap();
    served.gateway.signal("HUP");
    served.gateway.wait_for_log("policies and certificates reloaded");
    std::thread::sleep(Duration::from_millis(1200));
    let ((hers_alive, took), (his_alive, also_took)) = (hers.alive(), his.alive());
    assert_eq!((hers_alive, his_alive), (EACH, EACH));
    // A second; and on a machine that is busy otherwise, as much more as everything takes longer there.
    let within = Duration::from_secs(1) + took + also_took;

    // Switched off on the command line, in another process.
    let output = installation.command(&["user", "disable"], &["alice"], "");
    let acknowledged = Instant::now();
    assert!(output.status.success(), "{output:?}");
    let last = hers.last_cut().saturating_duration_since(acknowledged);
    println!("user disable: the last of {EACH} sockets and 2 streams was cut after {last:?}");
    assert!(last < within, "{last:?}, not within {within:?}");
    assert_eq!(his.alive().0, EACH, "nobody else's is cut");

    // Signed out in the portal.
    assert_eq!(bob.sign_out(&served.url("login", "/")).status, 303);
    let acknowledged = Instant::now();
    let last = his.last_cut().saturating_duration_since(acknowledged);
    println!("sign-out: the last of {EACH} sockets and 2 streams was cut after {last:?}");
    assert!(last < within, "{last:?}, not within {within:?}");
}
