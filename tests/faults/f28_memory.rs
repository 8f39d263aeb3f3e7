//! F-28: little memory, and many who each want some of it: connections that say nothing, uploads that never end, sign-ins that
//! are begun and left. Each is bounded, so that all together fit; what is beyond a bound is turned away.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::process::{let_open, peak, resident};
use doorward_tests::world::{
    Answer, Bulk, Installation, MemoryBound, Others, Page, Served, Visitor, Ways, connect, site,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::measure::{ms, secs, until};
use crate::people::{Ending, flows, signs_in, somebody, until_somebody_signs_in};
use crate::runner::{Fault, Found, Scale};
use crate::traffic::POLICIES;

pub(crate) const FAULT: Fault = Fault {
    id: "F-28",
    what: "256 MiB of memory for thousands of idle connections, hundreds of slow uploads of 1 GiB, and sign-ins begun and left",
    promise: "the kernel kills nothing, what is beyond a limit is closed or answered 503, others are served meanwhile, and afterwards \
              somebody signs in",
    run: story,
};

const HOST: &str = "open.example.test";
const MEMORY: u64 = 256;
/// How many connections one address may hold.
const EACH: usize = 200;
/// How many more are tried.
const TOO_MANY: usize = 10;
/// Of the idle connections, one in so many has shaken hands for TLS.
const TLS: usize = 10;
/// Sign-ins that may be open at the same time (SEC 5.17).
const MOST_FLOWS: usize = 100_000;
/// A page is good for a while only, and so it is opened anew after so many sign-ins.
const FLOWS_OF_A_PAGE: usize = 50;
/// What the test needs besides the crowd, on a gateway's listeners.
const ELBOW_ROOM: usize = 200;

/// How many come.
struct Siege {
    /// As the promise is worded.
    wanted: usize,
    /// Of those, as many as there are places for.
    idle: usize,
    uploads: usize,
    flows: usize,
}

impl Siege {
    fn of(scale: Scale) -> Self {
        let (wanted, uploads, flows) = scale.of((1_000, 50, 2_000), (10_000, 500, MOST_FLOWS));
        // A gateway has places for as many as its file descriptors allow (F-27), and this is not about who finds none.
        let files = usize::try_from(let_open(std::process::id(), 40_000)).unwrap();
        let places = files.saturating_sub(96) / 2 * 7 / 8;
        let idle = wanted.min(places.saturating_sub(uploads + ELBOW_ROOM));
        Self { wanted, idle, uploads, flows }
    }
}

fn story(scale: Scale) -> Found {
    let bound = match MemoryBound::new(MEMORY) {
        Ok(bound) => bound,
        Err(why) => return Found::NotTried(why),
    };
    let siege = Siege::of(scale);
    let bulk = Bulk::start();
    let installation = site(POLICIES, &[("open", bulk.port, ""), ("staff", bulk.port, "")], &["alice"]);
    let served = installation.begin_by(&bound.run_by());
    served.gateway.wait_ready();
    let pid = served.gateway.pid();
    assert!(bound.holds(pid), "the gateway is bounded");
    let url = served.url("staff", "/");
    assert!(signs_in(&served, &url), "in peace");
    let peace = resident(pid);

    let tls = Ways::new(served.ports.http, served.ports.https, &installation.path("site.pem")).tls();
    let tls_count = siege.idle / TLS;
    let mut plain = Crowd::of(siege.idle - tls_count, [127, 1], Door::Plain(served.ports.http));
    plain.come(&bound);
    let with_plain = resident(pid);
    let mut over_tls = Crowd::of(tls_count, [127, 2], Door::Tls(served.ports.https, tls.clone()));
    over_tls.come(&bound);
    let with_tls = resident(pid);
    let mut uploads = Uploads::default();
    for number in 0..siege.uploads {
        let begun = uploads.begin(number, served.ports.https, &tls);
        assert_eq!(
            bound.kills(),
            0,
            "killed for want of memory, with {} idle connections and {number} uploads",
            siege.idle
        );
        begun.expect("an upload is let in");
    }
    until("uploads arrive", Duration::from_secs(20), || {
        assert_eq!(
            bound.kills(),
            0,
            "killed for want of memory, with {} idle connections and {} uploads",
            siege.idle,
            siege.uploads
        );
        bulk.taken() >= uploads.sent
    });
    let with_uploads = resident(pid);

    let closed = one_address_has_no_more_than_its_share(&served);
    let others = Others::ask(served.ports.http, HOST, Duration::from_millis(50));
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let _ending = Ending(&over);
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                plain.stay();
                over_tls.stay();
                std::thread::sleep(Duration::from_millis(500));
            }
        });
        scope.spawn(|| uploads.go_on(&over));
        begin_and_leave(&served, siege.flows);
    });
    let took = begun.elapsed();
    assert_eq!(bound.kills(), 0, "killed for want of memory");
    let (asked, _, slowest) = others.end();
    assert!(flows(&installation) >= siege.flows, "each was begun");
    assert_eq!(uploads.under_way(), siege.uploads, "an upload that is slow and steady goes on");
    plain.stay();
    over_tls.stay();
    assert!(plain.held() + over_tls.held() >= siege.idle * 99 / 100, "whoever left was replaced");

    all_flows_are_open(&installation);
    let refused = one_more_is_told_to_come_back(&served);
    drop((plain, over_tls, uploads));
    the_time_of_flows_passes(&installation);
    let back = until_somebody_signs_in(&served, &url, Duration::from_secs(20));
    assert_eq!(bound.kills(), 0, "killed for want of memory");
    let each =
        |from: u64, to: u64, count: usize| format!("{:.1} KiB", to.saturating_sub(from) as f64 / count.max(1) as f64);
    Found::Held(vec![
        ("idle connections", format!("{} of {}", siege.idle, siege.wanted)),
        ("memory of each", each(peace, with_plain, siege.idle - tls_count)),
        ("of each over TLS", each(with_plain, with_tls, tls_count)),
        ("slow uploads", siege.uploads.to_string()),
        ("memory of each upload", each(with_tls, with_uploads, siege.uploads)),
        ("sign-ins begun", siege.flows.to_string()),
        ("in", secs(took)),
        ("told to come back, of 100,000 open", format!("after {}", secs(refused))),
        ("connections beyond an address's share closed", format!("{closed} of {TOO_MANY}")),
        ("resident in peace", mebibytes(peace)),
        ("peak", mebibytes(peak(pid))),
        ("killed", "0".to_owned()),
        ("others' p99", format!("{} of {asked}", ms(slowest))),
        ("somebody signed in after", secs(back)),
    ])
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{} MiB", kibibytes / 1024)
}

/// Where a connection knocks.
enum Door {
    Plain(u16),
    Tls(u16, Arc<ClientConfig>),
}

impl Door {
    /// A connection that says nothing from here on; `None` when it was not let in.
    fn knock(&self, from: Ipv4Addr) -> Option<TcpStream> {
        let stream = match self {
            Door::Plain(port) => connect(from, *port).ok()?,
            Door::Tls(port, tls) => shake_hands(connect(from, *port).ok()?, tls).ok()?.sock,
        };
        stream.set_nonblocking(true).unwrap();
        Some(stream)
    }
}

fn shake_hands(
    mut socket: TcpStream,
    tls: &Arc<ClientConfig>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from(HOST).expect("the name of a host");
    let mut connection = ClientConnection::new(tls.clone(), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(connection, socket))
}

/// Those who connect and say nothing, two hundred from each address.
struct Crowd {
    net: [u8; 2],
    door: Door,
    connections: Vec<Option<TcpStream>>,
}

impl Crowd {
    fn of(count: usize, net: [u8; 2], door: Door) -> Self {
        Self { net, door, connections: (0..count).map(|_| None).collect() }
    }

    /// All are let in.
    fn come(&mut self, bound: &MemoryBound) {
        let count = self.connections.len();
        for some in (0..count).step_by(EACH) {
            self.first_stay((some + EACH).min(count));
            assert_eq!(bound.kills(), 0, "killed for want of memory, with {some} idle connections of {count}");
        }
        until("all are let in", Duration::from_secs(60), || {
            self.stay();
            // It is the gateway's turn: it closes those that it does not want.
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(bound.kills(), 0, "killed for want of memory, with {count} idle connections");
            self.held() == count
        });
    }

    /// Whoever was shown out for saying nothing comes again.
    fn stay(&mut self) {
        self.first_stay(self.connections.len());
    }

    fn first_stay(&mut self, count: usize) {
        for (number, one) in self.connections.iter_mut().enumerate().take(count) {
            if !one.as_mut().is_some_and(is_open) {
                *one = self.door.knock(address(self.net, number));
            }
        }
    }

    fn held(&mut self) -> usize {
        self.connections.iter_mut().flatten().filter_map(|one| is_open(one).then_some(())).count()
    }
}

fn address([first, second]: [u8; 2], number: usize) -> Ipv4Addr {
    let nth = u8::try_from(number / EACH + 1).expect("there are addresses for that many");
    Ipv4Addr::new(first, second, 0, nth)
}

/// Whatever else was said, such as tickets of TLS, is passed over.
fn is_open(stream: &mut TcpStream) -> bool {
    loop {
        match stream.read(&mut [0; 1024]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Ten more from an address that holds what it may. How many of them were closed.
fn one_address_has_no_more_than_its_share(served: &Served) -> usize {
    let door = Door::Plain(served.ports.http);
    let mut more: Vec<_> = (0..TOO_MANY).filter_map(|_| door.knock(address([127, 1], 0))).collect();
    until("those that are too many are closed", Duration::from_secs(10), || !more.iter_mut().any(is_open));
    more.len()
}

/// Bodies of 1 GiB, each of which takes its time.
#[derive(Default)]
struct Uploads {
    streams: Vec<StreamOwned<ClientConnection, TcpStream>>,
    /// Bytes of bodies.
    sent: u64,
}

impl Uploads {
    const AT_FIRST: usize = 64 * 1024;
    const EVERY_SECOND: usize = 4 * 1024;

    fn begin(&mut self, number: usize, port: u16, tls: &Arc<ClientConfig>) -> std::io::Result<()> {
        let head = format!("POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {}\r\n\r\n", 1_u64 << 30);
        let mut stream = shake_hands(connect(address([127, 3], number), port)?, tls)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(&[b'x'; Self::AT_FIRST])?;
        self.sent += Self::AT_FIRST as u64;
        self.streams.push(stream);
        Ok(())
    }

    fn each_sends(&mut self, bytes: usize) {
        let piece = vec![b'x'; bytes];
        for stream in &mut self.streams {
            // Whoever was turned away is found out at the end.
            if stream.write_all(&piece).is_ok() {
                self.sent += piece.len() as u64;
            }
        }
    }

    fn go_on(&mut self, over: &AtomicBool) {
        while !over.load(Ordering::SeqCst) {
            self.each_sends(Self::EVERY_SECOND);
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// How many were neither answered nor closed.
    fn under_way(&mut self) -> usize {
        let waits = |stream: &mut StreamOwned<ClientConnection, TcpStream>| {
            stream.sock.set_nonblocking(true).unwrap();
            matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        self.streams.iter_mut().filter_map(|stream| waits(stream).then_some(())).count()
    }
}

/// So many type a name and go, each at an address of their own.
fn begin_and_leave(served: &Served, count: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while next.load(Ordering::Relaxed) < count {
                    let page = Opened::at(served);
                    for _ in 0..FLOWS_OF_A_PAGE {
                        if next.fetch_add(1, Ordering::Relaxed) < count {
                            let answer = page.name(served);
                            assert_eq!(answer.status, 303, "{}", answer.text());
                        }
                    }
                }
            });
        }
    });
}

/// The page that asks for a name. Opened once, it begins many sign-ins, as with a browser's "back".
struct Opened {
    visitor: Visitor,
    page: Page,
}

impl Opened {
    fn at(served: &Served) -> Self {
        let mut visitor = somebody(served);
        let page = visitor.get(&served.url("staff", "/"));
        Self { visitor, page }
    }

    /// A name is given, from an address of its own.
    fn name(&self, served: &Served) -> Answer {
        let mut visitor = somebody(served);
        visitor.jar = self.visitor.jar.clone();
        visitor.post_once(&self.page, &self.page.form("username"), &[("username", "alice")])
    }
}

/// Where fewer were begun than may be open, the others are copies.
fn all_flows_are_open(installation: &Installation) {
    let missing = MOST_FLOWS.saturating_sub(flows(installation)).to_string();
    installation.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {missing}) \
         INSERT INTO flow (virtual_server, id, browser, user_id, step, nonce, data, created_at, expires_at) \
         SELECT virtual_server, id || i, browser || i, user_id, step, nonce, data, created_at, expires_at \
         FROM n, (SELECT * FROM flow WHERE ended_at IS NULL LIMIT 1) WHERE {missing} > 0"
    ));
}

/// How long it took until the gateway knew that there are too many: it counts once a second.
fn one_more_is_told_to_come_back(served: &Served) -> Duration {
    let page = Opened::at(served);
    until("one more is told to come back", Duration::from_secs(10), || {
        let answer = page.name(served);
        assert!(matches!(answer.status, 303 | 503), "{}", answer.text());
        answer.status == 503 && answer.header("retry-after").is_some()
    })
}

/// Sign-ins that were left make room when their time is over. It is over now, to save the wait.
fn the_time_of_flows_passes(installation: &Installation) {
    installation.sql("UPDATE flow SET expires_at = created_at");
}
