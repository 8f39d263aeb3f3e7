//! F-28: little memory, and many who each want some of it: connections that say nothing, uploads that never end, answers that are
//! not taken, sign-ins that are begun and left. Most of it is bounded for each; what is left is bounded for all, as newcomers are
//! turned away while memory is scarce. Nobody is killed, whoever is in goes on, and when they have gone everybody is let in again.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::process::{let_open, peak, resident};
use doorward_tests::world::{
    Answer, Bulk, Installation, MemoryBound, Page, Served, Visitor, Ways, connect, exchange, site, try_exchange,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::measure::{secs, until};
use crate::people::{Ending, flows, signs_in, somebody, until_somebody_signs_in};
use crate::runner::{Fault, Found, Scale};
use crate::traffic::POLICIES;

pub(crate) const FAULT: Fault = Fault {
    id: "F-28",
    what: "little memory for thousands of idle connections, hundreds of slow uploads of 1 GiB, and sign-ins begun and left",
    promise: "the kernel kills nothing, newcomers are closed and requests answered 503 while memory is short, what is under way goes \
              on, and afterwards everybody is let in",
    run: story,
};

const HOST: &str = "open.example.test";
/// How many connections one address may hold.
const EACH: usize = 200;
/// How many more are tried.
const TOO_MANY: usize = 10;
/// Of the idle connections, one in so many has shaken hands for TLS.
const TLS: usize = 10;
/// Those who are in and then want more than they take.
const GREEDY: usize = 150;
/// So many of them ask at the same time.
const AT_A_TIME: usize = 10;
/// So much of the memory is in use when these begin.
const ALMOST: f64 = 0.7;
/// Sign-ins that may be open at the same time (SEC 5.17).
const MOST_FLOWS: usize = 100_000;
/// A page is good for a while only, and so it is opened anew after so many sign-ins.
const FLOWS_OF_A_PAGE: usize = 50;
/// What the test needs besides the crowd, on a gateway's listeners.
const ELBOW_ROOM: usize = 400;

/// How many come, and to how much.
struct Siege {
    /// In MiB.
    memory: u64,
    /// As the promise is worded.
    wanted: usize,
    /// Of those, as many as there are places for.
    idle: usize,
    uploads: usize,
    flows: usize,
    /// For so long sign-ins are begun.
    patience: Duration,
}

impl Siege {
    fn of(scale: Scale) -> Self {
        let (memory, wanted, uploads, flows) = scale.of((160, 1_000, 300, 1_000), (256, 10_000, 500, MOST_FLOWS));
        // A gateway has places for as many as its file descriptors allow (F-27), and this is not about who finds none.
        let files = usize::try_from(let_open(std::process::id(), 40_000)).unwrap();
        let places = files.saturating_sub(96) / 2 * 7 / 8;
        let idle = wanted.min(places.saturating_sub(uploads + ELBOW_ROOM));
        let patience = scale.of(Duration::from_secs(8), Duration::from_secs(300));
        Self { memory, wanted, idle, uploads, flows, patience }
    }
}

fn story(scale: Scale) -> Found {
    let siege = Siege::of(scale);
    let bound = match MemoryBound::new(siege.memory) {
        Ok(bound) => bound,
        Err(why) => return Found::NotTried(why),
    };
    let bulk = Bulk::start();
    let installation = site(POLICIES, &[("open", bulk.port, ""), ("staff", bulk.port, "")], &["alice"]);
    let served = installation.begin_by(&bound.run_by());
    served.gateway.wait_ready();
    let pid = served.gateway.pid();
    assert!(bound.holds(pid), "the gateway is bounded");
    assert_eq!(memory(&served, "limit_bytes"), (siege.memory << 20) as f64, "it knows its bound");
    let url = served.url("staff", "/");
    assert!(signs_in(&served, &url), "in peace");
    let (peace, peace_counted) = (resident(pid), memory(&served, "used_bytes"));

    let tls = Ways::new(served.ports.http, served.ports.https, &installation.path("site.pem")).tls();
    let mut plain = Crowd::of(siege.idle - siege.idle / TLS, [127, 1], Door::Plain(served.ports.http));
    let plain_in = plain.come(&bound, &served);
    let with_plain = resident(pid);
    let mut over_tls = Crowd::of(siege.idle / TLS, [127, 2], Door::Tls(served.ports.https, tls.clone()));
    let tls_in = over_tls.come(&bound, &served);
    let with_tls = resident(pid);
    let closed = one_address_has_no_more_than_its_share(&served);

    let limit = (siege.memory << 20) as f64;
    let mut numbers = 0..siege.uploads;
    let mut uploads = Uploads::default();
    for number in numbers.by_ref() {
        uploads.begin(number, served.ports.https, &tls);
        nobody_was_killed(&bound, &format!("{number} uploads"));
        if memory(&served, "used_bytes") > ALMOST * limit {
            break;
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    let (some_in, with_uploads) = (uploads.under_way(), resident(pid));

    let mut greedy: Vec<TcpStream> = (0..GREEDY).filter_map(|_| kept(&served)).collect();
    let told = greedy.chunks_mut(AT_A_TIME).flat_map(want_more_than_they_take).collect::<Vec<_>>();
    let told_to_come_back = told.iter().filter(|status| **status == Some(503)).count();
    nobody_was_killed(&bound, "answers that nobody takes");
    let spent = memory(&served, "used_bytes");
    assert!(told_to_come_back > 0, "new requests are told to come back when memory is spent: {told:?}");
    drop(greedy);
    until("there is memory again", Duration::from_secs(60), || {
        uploads.each_sends(1024);
        std::thread::sleep(Duration::from_millis(200));
        memory(&served, "level") == 0.0
    });

    let before = turned_away(&served);
    // Those who said nothing were shown out meanwhile.
    plain.stay();
    over_tls.stay();
    for number in numbers {
        uploads.begin(number, served.ports.https, &tls);
        nobody_was_killed(&bound, &format!("{number} uploads"));
    }
    assert!(turned_away(&served) > before, "newcomers are turned away while memory is scarce");
    std::thread::sleep(Duration::from_secs(1));
    let let_in = uploads.under_way();

    let (over, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let comers = Comers::default();
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
        scope.spawn(|| comers.come(&served, &over));
        begin_and_leave(&served, &begun, siege.flows, siege.patience);
    });
    nobody_was_killed(&bound, "sign-ins that were begun and left");
    let begun = begun.into_inner();
    assert!(begun > 0 && flows(&installation) >= begun, "each was begun");
    assert_eq!(uploads.under_way(), let_in, "an upload that was let in goes on");
    let (answered, not_let_in) = comers.counted();
    assert!(answered > 0, "memory is not scarce all the time, and somebody comes through");

    drop((plain, over_tls, uploads));
    let again = until("there is memory again", Duration::from_secs(60), || memory(&served, "level") == 0.0);
    until("what they took is given back", Duration::from_secs(60), || memory(&served, "used_bytes") < ALMOST * limit);
    std::thread::sleep(Duration::from_secs(2));
    let afterwards = memory(&served, "used_bytes");
    assert_eq!(exchange(served.ports.http, "GET", HOST, "/", FRONT, b"").status, 200, "newcomers are let in");
    all_flows_are_open(&installation);
    let refused = one_more_is_told_to_come_back(&served);
    the_time_of_flows_passes(&installation);
    let back = until_somebody_signs_in(&served, &url, Duration::from_secs(20));
    nobody_was_killed(&bound, "all");
    let each =
        |from: u64, to: u64, count: usize| format!("{:.1} KiB", to.saturating_sub(from) as f64 / count.max(1) as f64);
    let counted = |bytes: f64| format!("{:.0} of {} MiB", bytes / 1_048_576.0, siege.memory);
    Found::Held(vec![
        ("idle connections", format!("{} of {}", plain_in + tls_in, siege.wanted)),
        ("memory of each", each(peace, with_plain, plain_in)),
        ("of each over TLS", each(with_plain, with_tls, tls_in)),
        ("slow uploads let in", format!("{let_in} of {}", siege.uploads)),
        ("memory of each upload", each(with_tls, with_uploads, some_in)),
        ("told to come back, of requests on kept connections", format!("{told_to_come_back} of {}", told.len())),
        ("newcomers meanwhile", format!("{answered} answered, {not_let_in} turned away")),
        ("sign-ins begun meanwhile", begun.to_string()),
        ("told to come back, of 100,000 open", format!("after {}", secs(refused))),
        ("connections beyond an address's share closed", format!("{closed} of {TOO_MANY}")),
        ("counted in peace", counted(peace_counted)),
        ("counted when it was spent", counted(spent)),
        ("counted afterwards", counted(afterwards)),
        ("resident in peace", mebibytes(peace)),
        ("peak", mebibytes(peak(pid))),
        ("killed", "0".to_owned()),
        ("memory again after", secs(again)),
        ("somebody signed in after", secs(back)),
    ])
}

/// What a front proxy that is believed says.
const FRONT: &[(&str, &str)] = &[("X-Forwarded-Proto", "https")];

fn memory(served: &Served, series: &str) -> f64 {
    served.gateway.metric(&format!("doorward_memory_{series}"))
}

fn turned_away(served: &Served) -> f64 {
    served.gateway.metric("doorward_front_refusals_total{reason=\"memory\"}")
}

#[track_caller]
fn nobody_was_killed(bound: &MemoryBound, with: &str) {
    assert_eq!(bound.kills(), 0, "killed for want of memory, with {with}");
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

    /// As many as are let in: all, or as many as there is memory for.
    fn come(&mut self, bound: &MemoryBound, served: &Served) -> usize {
        let count = self.connections.len();
        for some in (0..count).step_by(EACH) {
            self.first_stay((some + EACH).min(count));
            nobody_was_killed(bound, &format!("{some} idle connections of {count}"));
        }
        until("all are let in", Duration::from_secs(60), || {
            self.stay();
            // It is the gateway's turn: it closes those that it does not want.
            std::thread::sleep(Duration::from_millis(200));
            nobody_was_killed(bound, &format!("{count} idle connections"));
            self.held() == count || turned_away(served) > 0.0
        });
        self.held()
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

/// A connection over the front proxy on which somebody was answered, and which is kept.
fn kept(served: &Served) -> Option<TcpStream> {
    let mut stream = connect(Ipv4Addr::LOCALHOST, served.ports.http).ok()?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n\r\n").ok()?;
    let answer = read_head(&mut stream)?;
    stream.read_exact(&mut [0]).ok()?;
    (status(&answer) == Some(200) && !answer.contains("connection: close")).then_some(stream)
}

/// Each asks for 100 MB and takes the head. With what status they were answered, if they were.
fn want_more_than_they_take(streams: &mut [TcpStream]) -> Vec<Option<u16>> {
    let head = format!("GET /bytes/100000000 HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n\r\n");
    for stream in &mut *streams {
        // Whoever has been closed by now hears of it when reading.
        let _ = stream.write_all(head.as_bytes());
    }
    streams.iter_mut().map(told).collect()
}

fn told(stream: &mut TcpStream) -> Option<u16> {
    let answer = read_head(stream)?;
    let status = status(&answer);
    assert!(matches!(status, Some(200 | 503)), "{answer}");
    assert_eq!(status == Some(503), answer.contains("\r\nretry-after: "), "{answer}");
    status
}

/// In lower case.
fn read_head(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend_from_slice(&byte);
    }
    Some(String::from_utf8_lossy(&head).to_lowercase())
}

fn status(head: &str) -> Option<u16> {
    head.split(' ').nth(1)?.parse().ok()
}

/// Those who come while others besiege the gateway, each on a connection of their own.
#[derive(Default)]
struct Comers {
    answered: AtomicUsize,
    turned_away: AtomicUsize,
}

impl Comers {
    fn come(&self, served: &Served, over: &AtomicBool) {
        while !over.load(Ordering::SeqCst) {
            let count = match try_exchange(served.ports.http, "GET", HOST, "/", FRONT, b"").map(|answer| answer.status)
            {
                Ok(200) => &self.answered,
                Ok(503) | Err(_) => &self.turned_away,
                Ok(other) => panic!("somebody was answered {other}"),
            };
            count.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn counted(&self) -> (usize, usize) {
        (self.answered.load(Ordering::Relaxed), self.turned_away.load(Ordering::Relaxed))
    }
}

type Upload = StreamOwned<ClientConnection, TcpStream>;

/// Bodies of 1 GiB, each of which takes its time.
#[derive(Default)]
struct Uploads {
    streams: Vec<Upload>,
}

impl Uploads {
    const AT_FIRST: usize = 64 * 1024;
    const EVERY_SECOND: usize = 4 * 1024;

    /// Whether it was let in is found out later.
    fn begin(&mut self, number: usize, port: u16, tls: &Arc<ClientConfig>) {
        if let Ok(stream) = Self::begun(number, port, tls) {
            self.streams.push(stream);
        }
    }

    fn begun(number: usize, port: u16, tls: &Arc<ClientConfig>) -> std::io::Result<Upload> {
        let head = format!("POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {}\r\n\r\n", 1_u64 << 30);
        let mut stream = shake_hands(connect(address([127, 3], number), port)?, tls)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(&[b'x'; Self::AT_FIRST])?;
        Ok(stream)
    }

    fn each_sends(&mut self, bytes: usize) {
        let piece = vec![b'x'; bytes];
        for stream in &mut self.streams {
            // Whoever was turned away is found out at the end.
            let _ = stream.write_all(&piece);
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
        let waits = |stream: &mut Upload| {
            stream.sock.set_nonblocking(true).unwrap();
            matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        self.streams.iter_mut().filter_map(|stream| waits(stream).then_some(())).count()
    }
}

/// So many type a name and go, each at an address of their own; whoever is turned away comes again. After a while those who are
/// left are not waited for.
fn begin_and_leave(served: &Served, begun: &AtomicUsize, count: usize, patience: Duration) {
    let end = Instant::now() + patience;
    let more = || begun.load(Ordering::Relaxed) < count && Instant::now() < end;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while more() {
                    let Some(page) = Opened::try_at(served) else {
                        std::thread::sleep(Duration::from_millis(50));
                        continue;
                    };
                    for _ in 0..FLOWS_OF_A_PAGE {
                        match page.try_name(served).map(|answer| (answer.status, answer.text())) {
                            Ok((303, _)) => begun.fetch_add(1, Ordering::Relaxed),
                            Ok((503, _)) | Err(_) => break,
                            Ok((other, text)) => panic!("{other} {text}"),
                        };
                        if !more() {
                            break;
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
    /// Nothing where there is no such page just now.
    fn try_at(served: &Served) -> Option<Self> {
        let mut visitor = somebody(served);
        let page = visitor.try_get(&served.url("staff", "/")).ok()?;
        page.try_form("username").is_some().then_some(Self { visitor, page })
    }

    /// A name is given, from an address of its own.
    fn try_name(&self, served: &Served) -> Result<Answer, String> {
        let mut visitor = somebody(served);
        visitor.jar = self.visitor.jar.clone();
        visitor.try_post(&self.page, &self.page.form("username"), &[("username", "alice")])
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
    let page = Opened::try_at(served).expect("the page that asks for a name");
    until("one more is told to come back", Duration::from_secs(10), || {
        let answer = page.try_name(served).expect("an answer");
        assert!(matches!(answer.status, 303 | 503), "{}", answer.text());
        answer.status == 503 && answer.header("retry-after").is_some()
    })
}

/// Sign-ins that were left make room when their time is over. It is over now, to save the wait.
fn the_time_of_flows_passes(installation: &Installation) {
    installation.sql("UPDATE flow SET expires_at = created_at");
}
