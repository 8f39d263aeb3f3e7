//! Clients that take their time (DO-01): each ends when it must, whoever is merely slow goes on, and nobody else notices.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread::scope;
use std::time::{Duration, Instant};

use crate::world::process::{let_open, resident};
use crate::world::{Bulk, Installation, Origin, Others, Served, Socket, ask_peer, peer, read_some, site};

/// `open` and `live` are for everybody.
const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;

const HOST: &str = "open.example.test";

/// Whoever takes too little is ended at the end of the first span of thirty seconds in which it does. The system's buffers may still
/// be filling at the beginning of one, and on a busy machine that may count as taking: then it is the next. In seconds, with some for
/// the machine.
const TWO_SPANS: u8 = 75;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// What a connection came to.
#[derive(Debug)]
struct End {
    /// When it was closed; `None` while it is open.
    after: Option<Duration>,
    said: String,
}

impl End {
    /// Closed neither before nor after, with an answer of this status or with none.
    fn assert(&self, what: &str, earliest: u64, latest: u64, status: Option<u16>) {
        let after = self.after.unwrap_or_else(|| panic!("{what} is never ended: {self:?}"));
        assert!(after >= seconds(earliest) && after <= seconds(latest), "{what}: {self:?}");
        let last = self.said.rsplit("HTTP/1.1 ").next().unwrap_or_default();
        let said = last.get(..3).and_then(|status| status.parse().ok());
        assert_eq!(said, status, "{what}: {self:?}");
    }
}

/// So many connections on which this is sent, and then a part every second, the last again and again, until they have ended or
/// `most` is over.
fn drip(port: u16, count: usize, begin: &str, parts: &[&str], most: u64) -> Vec<End> {
    let begun = Instant::now();
    let mut clients: Vec<(TcpStream, End)> = (0..count)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(begin.as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            (stream, End { after: None, said: String::new() })
        })
        .collect();
    let mut sent = 0;
    while begun.elapsed() < seconds(most) && clients.iter().any(|(_, end)| end.after.is_none()) {
        std::thread::sleep(Duration::from_millis(50));
        let due = begun.elapsed() >= seconds(sent as u64 + 1);
        let part = parts[sent.min(parts.len() - 1)];
        sent += usize::from(due);
        for (stream, end) in clients.iter_mut().filter(|(_, end)| end.after.is_none()) {
            if due {
                // Whoever was told no may still write; the answer is in what is read.
                let _ = stream.write_all(part.as_bytes());
            }
            let mut bytes = [0; 4096];
            match read_some(stream, &mut bytes) {
                Ok(0) => end.after = Some(begun.elapsed()),
                Ok(count) => end.said.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => end.after = Some(begun.elapsed()),
            }
        }
    }
    clients.into_iter().map(|(_, end)| end).collect()
}

fn head(line: &str, host: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\n{more}")
}

fn serve(bulk: &Bulk, origin: &Origin) -> (Installation, Served) {
    let apps = [("open", bulk.port, ""), ("live", origin.port, "websocket = true")];
    let installation = site(POLICIES, &apps, &[]);
    let served = installation.serve();
    (installation, served)
}

#[test]
fn whoever_takes_too_long_is_ended_in_time_and_whoever_is_slow_is_not_do_01() {
    let (bulk, origin) = (Bulk::start(), Origin::start());
    let (installation, served) = serve(&bulk, &origin);
    let (port, portal) = (served.ports.http, "login.example.test");
    let body = head("POST /", HOST, "Content-Length: 100000\r\n\r\n");
    let others = Others::ask(port, HOST, Duration::from_millis(50));
    scope(|all| {
        // Heads: ten seconds, on a fresh connection and on one that was used.
        all.spawn(|| {
            let begin = head("GET /", HOST, "X-Slow: ");
            drip(port, 100, &begin, &["x"], 40).iter().for_each(|end| end.assert("a slow head", 9, 15, Some(408)));
        });
        all.spawn(|| {
            let (begin, slow) = (head("GET /", HOST, "\r\n"), head("GET /", HOST, "X-Slow: "));
            drip(port, 50, &begin, &[&slow, "x"], 40)
                .iter()
                .for_each(|end| end.assert("a slow second head", 9, 15, Some(408)));
        });
        // Nothing at all: thirty.
        all.spawn(|| drip(port, 50, "", &[""], 60)[..].iter().for_each(|end| end.assert("silence", 29, 40, None)));
        all.spawn(|| {
            let begin = head("GET /", HOST, "\r\n");
            drip(port, 50, &begin, &[""], 60)
                .iter()
                .for_each(|end| end.assert("silence afterwards", 29, 40, Some(200)));
        });
        // Bodies: thirty seconds of too little, or of nothing.
        all.spawn(|| {
            drip(port, 50, &body, &["x"], 75).iter().for_each(|end| end.assert("a slow body", 29, 45, Some(408)));
        });
        all.spawn(|| {
            // A quick beginning does not pay for a slow end.
            let begin = format!("{body}{}", "x".repeat(50_000));
            drip(port, 10, &begin, &["x"], 75)
                .iter()
                .for_each(|end| end.assert("a body that slows down", 29, 45, Some(408)));
        });
        all.spawn(|| {
            let begin = head("POST /", HOST, "Transfer-Encoding: chunked\r\n\r\n");
            drip(port, 10, &begin, &["1\r\nx\r\n"], 75)
                .iter()
                .for_each(|end| end.assert("slow chunks", 29, 45, Some(408)));
        });
        all.spawn(|| drip(port, 10, &body, &[""], 75).iter().for_each(|end| end.assert("no body", 29, 45, Some(408))));
        all.spawn(|| {
            let begin = head("POST /", portal, "Content-Length: 60000\r\n\r\n");
            drip(port, 10, &begin, &["x"], 75).iter().for_each(|end| end.assert("a slow form", 29, 45, Some(408)));
        });
        // A client that does not take what is ready for it.
        all.spawn(|| does_not_read(&served));
        // And those that are to go on.
        all.spawn(|| steady_body(port));
        all.spawn(|| steady_reader(port));
        all.spawn(|| {
            let mut socket = Socket::open(
                port,
                "live.example.test",
                "/",
                &[("X-Forwarded-Proto", "https"), ("Origin", "https://live.example.test")],
            );
            std::thread::sleep(seconds(62));
            assert!(socket.echoes("still here"), "a WebSocket that was silent for a minute");
        });
        all.spawn(|| over_http2(&installation, &served));
        all.spawn(|| slowhttptest(port));
    });
    let (count, median, slowest) = others.end();
    println!("others: {count} requests, median {median:?}, p99 {slowest:?}");
    assert!(slowest < seconds(3), "others' p99 {slowest:?} of {count}, median {median:?}");
}

/// Ten clients ask for much and never read. It is the gateway that knows when it has ended them.
fn does_not_read(served: &Served) {
    let begun = Instant::now();
    let reason = "doorward_front_refusals_total{reason=\"slow_reader\"}";
    let clients: Vec<TcpStream> = (0..10)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", served.ports.http)).unwrap();
            stream.write_all(head("GET /bytes/100000000", HOST, "\r\n").as_bytes()).unwrap();
            stream
        })
        .collect();
    // One more is ended over HTTP/2, in `over_http2`.
    while served.gateway.metric(reason) < 10.0 {
        assert!(begun.elapsed() < seconds(TWO_SPANS.into()), "{} clients were ended", served.gateway.metric(reason));
        std::thread::sleep(Duration::from_millis(500));
    }
    println!("clients that do not read were ended after {:?}", begun.elapsed());
    assert!(begun.elapsed() > seconds(29));
    drop(clients);
}

/// A little more than the least rate, for longer than the patience.
fn steady_body(port: u16) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let begin = head("POST /", HOST, "Connection: close\r\nContent-Length: 15000\r\n\r\n");
    stream.write_all(begin.as_bytes()).unwrap();
    for _ in 0..50 {
        stream.write_all(&[b'x'; 300]).unwrap();
        std::thread::sleep(seconds(1));
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("15000"), "{said}");
}

/// Few bytes at a time, for longer than the patience, of far more than any buffer between holds.
fn steady_reader(port: u16) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(head("GET /bytes/100000000", HOST, "\r\n").as_bytes()).unwrap();
    let begun = Instant::now();
    let mut bytes = vec![0; 16 * 1024];
    while begun.elapsed() < seconds(62) {
        stream.read_exact(&mut bytes).unwrap_or_else(|error| panic!("cut after {:?}: {error}", begun.elapsed()));
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The same over HTTP/2, all at the same time.
fn over_http2(installation: &Installation, served: &Served) {
    let mut command = peer("h2_hostile.py");
    command.arg(served.ports.https.to_string()).arg(installation.path("site.pem")).arg(HOST);
    let ending = [
        ("slow preface", 9, 15),
        ("slow head", 9, 15),
        // After five CONTINUATION frames the codec has had enough.
        ("slow block", 4, 15),
        ("slow body", 29, 45),
        ("silent body", 29, TWO_SPANS),
        ("shut window", 29, TWO_SPANS),
        ("deaf", 29, TWO_SPANS),
        ("idle", 59, 75),
        ("pinging", 59, 75),
    ];
    let came = ask_peer(command.args(ending.map(|(name, ..)| name)).args(["steady body", "events"]));
    for (name, earliest, latest) in ending {
        let after = came[name]["seconds"].as_f64().unwrap();
        println!("{name} over HTTP/2: {after:.1} s, {}", came[name]);
        assert!(after >= f64::from(earliest) && after <= f64::from(latest), "{name}: {}", came[name]);
        let status = came[name]["status"].as_u64();
        let answered = [("slow body", 408), ("silent body", 504)].into_iter().find(|(other, _)| *other == name);
        match answered {
            Some((_, expected)) => assert_eq!(status, Some(expected), "{name}: {}", came[name]),
            None => assert!(came[name]["ended"] == true || name == "shut window", "{name}: {}", came[name]),
        }
    }
    assert_eq!(came["steady body"]["status"], 200, "{}", came["steady body"]);
    assert_eq!(came["events"]["ended"], false, "{}", came["events"]);
    assert!(came["events"]["data"].as_u64().unwrap() > 60 * 9, "{}", came["events"]);
}

/// The tool that others measure themselves with: slow heads, and slow bodies as through a proxy.
fn slowhttptest(port: u16) {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("slowhttptest");
        command.args(["-c", "100", "-r", "100", "-p", "5", "-l", "55", "-i", "5"]).args(arguments);
        let output = command.stdin(Stdio::null()).output().expect("slowhttptest is installed: see .ci/need");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("No open connections left"), "{arguments:?}: {said}");
        assert!(!said.contains("service available:   NO"), "{arguments:?}: {said}");
    };
    run(&["-H", "-x", "24", "-u", &format!("http://127.0.0.1:{port}/")]);
    run(&["-B", "-s", "8192", "-x", "10", "-d", &format!("127.0.0.1:{port}"), "-u", &format!("http://{HOST}/")]);
}

#[test]
fn thousands_of_idle_connections_from_many_addresses_harm_nobody_and_end_do_01() {
    let (bulk, origin) = (Bulk::start(), Origin::start());
    let (_installation, served) = serve(&bulk, &origin);
    let pid = served.gateway.pid();
    let files = let_open(pid, 12_000);
    let wanted = usize::try_from(files.saturating_sub(500)).unwrap().min(5000);
    let others = Others::ask(served.ports.http, HOST, Duration::from_millis(20));
    let before = resident(pid);
    let came =
        ask_peer(peer("idle_crowd.py").arg(served.ports.http.to_string()).args([wanted.to_string(), pid.to_string()]));
    let (count, median, slowest) = others.end();
    let held = usize::try_from(came["held"].as_u64().unwrap()).unwrap();
    let each = resident_of(&came, before, held);
    println!(
        "{held} idle connections, {each} bytes each: {came}; others: {count} requests, p99 {slowest:?}, {median:?}"
    );
    assert!(held >= wanted * 99 / 100, "{came}");
    assert_eq!(came["refused"], came["too_many"], "one address has two hundred and no more: {came}");
    assert_eq!(came["open"], 0, "all have ended: {came}");
    let last = came["last"].as_f64().unwrap();
    assert!((29.0..45.0).contains(&last), "{came}");
    assert!(each < 96 * 1024, "{each} bytes for an idle connection");
    assert!(slowest < seconds(3), "others' p99 {slowest:?} of {count}, median {median:?}");
    drop(served);
    drop(origin);
}

/// Bytes of memory for each connection.
fn resident_of(came: &serde_json::Value, before: u64, held: usize) -> u64 {
    let most = came["resident"].as_u64().unwrap();
    most.saturating_sub(before) * 1024 / u64::try_from(held.max(1)).unwrap()
}
