//! Clients that want much (DO-02, FR-11): it passes through, or it is turned away, and the memory stays as it was.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::process::{forget_peak, peak, resident};
use crate::world::{Bulk, Installation, Served, read_some, send_raw, site};

const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;
const HOST: &str = "open.example.test";
const MEBI: u64 = 1024 * 1024;

fn serve(bulk: &Bulk) -> (Installation, Served) {
    let installation = site(POLICIES, &[("open", bulk.port, "")], &[]);
    let served = installation.serve();
    // What the first requests allocate stays; it is not what is measured.
    for _ in 0..20 {
        assert_eq!(served.proxied_visitor().get(&served.url("open", "/")).status(), 200);
    }
    (installation, served)
}

/// The form of the tests that takes longer: a whole gibibyte.
fn much() -> u64 {
    if std::env::var_os("DOORWARD_LONG").is_some() { 1024 * MEBI } else { 256 * MEBI }
}

/// The memory that something takes at its peak, beyond what was taken before, in KiB.
fn grows(served: &Served, what: impl FnOnce()) -> u64 {
    let pid = served.gateway.pid();
    let before = resident(pid);
    forget_peak(pid);
    what();
    peak(pid).saturating_sub(before)
}

/// A request of a client behind a front proxy, as bytes; what it is answered, its body left out.
fn connect(served: &Served, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", served.ports.http)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn an_upload_of_any_length_is_streamed_do_02() {
    let bulk = Bulk::start();
    let (installation, served) = serve(&bulk);
    let length = much();
    let begun = Instant::now();
    let grown = grows(&served, || {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut stream = connect(&served, &head);
        std::io::copy(&mut std::io::repeat(b'x').take(length), &mut stream).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with(&length.to_string()), "{said}");
    });
    println!("{} MiB up over HTTP/1 in {:?}: {grown} KiB more memory", length / MEBI, begun.elapsed());
    assert!(grown < 16 * 1024, "{grown} KiB");
    assert_eq!(bulk.taken(), length);

    let length = length / 4;
    let begun = Instant::now();
    let grown = grows(&served, || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--http2", "--noproxy", "*", "--upload-file", "-", "--request", "POST"])
            .args(["--connect-to", &format!("::127.0.0.1:{}", served.ports.https), "--cacert"])
            .arg(installation.path("site.pem"))
            .arg(format!("https://{HOST}/"));
        let mut child = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::copy(&mut std::io::repeat(b'x').take(length), &mut stdin).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), length.to_string());
    });
    println!("{} MiB up over HTTP/2 and TLS in {:?}: {grown} KiB more memory", length / MEBI, begun.elapsed());
    assert!(grown < 16 * 1024, "{grown} KiB");
}

#[test]
fn a_download_is_streamed_however_slowly_it_is_taken_do_02() {
    let bulk = Bulk::start();
    let (_installation, served) = serve(&bulk);
    let length = much();
    let head = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
    };
    let grown = grows(&served, || {
        let mut stream = connect(&served, &head(&format!("/bytes/{length}")));
        let mut bytes = vec![0; 256 * 1024];
        let mut count = 0;
        loop {
            match read_some(&mut stream, &mut bytes).unwrap() {
                0 => break,
                read => count += read as u64,
            }
            if count < 4 * MEBI {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        assert!(count > length && count < length + 1000, "{count} of {length}");
    });
    println!("{} MiB down: {grown} KiB more memory", length / MEBI);
    assert!(grown < 16 * 1024, "{grown} KiB");
}

#[test]
fn the_portal_takes_64_kib_and_not_a_byte_more_do_02() {
    let bulk = Bulk::start();
    let (_installation, served) = serve(&bulk);
    let port = served.ports.http;
    let form = |length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: login.example.test\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{}",
            "x".repeat(length)
        )
    };
    let status =
        |answer: &[u8]| String::from_utf8_lossy(answer).split(' ').nth(1).map(str::to_owned).unwrap_or_default();
    assert_ne!(status(&send_raw(port, form(64 * 1024).as_bytes())), "413", "as much as may be");
    assert_eq!(status(&send_raw(port, form(64 * 1024 + 1).as_bytes())), "413");

    // A body that never ends is answered, and the connection with it ends.
    let begun = Instant::now();
    let grown = grows(&served, || {
        let mut stream = connect(
            &served,
            "POST / HTTP/1.1\r\nHost: login.example.test\r\nX-Forwarded-Proto: https\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        let mut sent = 0_u64;
        while begun.elapsed() < Duration::from_secs(30) && stream.write_all(&chunk).is_ok() {
            sent += 0x4000;
        }
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        println!("a form without end was ended after {:?} and {} KiB", begun.elapsed(), sent / 1024);
        assert!(said.is_empty() || status(&said) == "413", "{}", String::from_utf8_lossy(&said));
    });
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(grown < 16 * 1024, "{grown} KiB");
}

#[test]
fn heads_that_are_too_long_are_refused_at_once_and_leave_nothing_behind_fr_11() {
    let bulk = Bulk::start();
    let (_installation, served) = serve(&bulk);
    let host = format!("Host: {HOST}\r\nX-Forwarded-Proto: https\r\n");
    let heads = [
        (
            "65 fields of 1 KB",
            431,
            format!("GET / HTTP/1.1\r\n{host}{}\r\n", format!("X-F: {}\r\n", "x".repeat(1024)).repeat(65)),
        ),
        ("a field of 17 KB", 431, format!("GET / HTTP/1.1\r\n{host}X-F: {}\r\n\r\n", "x".repeat(17 * 1024))),
        ("101 fields", 431, format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X-F: x\r\n".repeat(99))),
        ("a target of 8,193 bytes", 414, format!("GET /{} HTTP/1.1\r\n{host}\r\n", "x".repeat(8192))),
        (
            "1 MB of cookies",
            431,
            format!("GET / HTTP/1.1\r\n{host}{}\r\n", format!("Cookie: a={}\r\n", "x".repeat(10_000)).repeat(100)),
        ),
    ];
    let mut took = Vec::new();
    let grown = grows(&served, || {
        for _ in 0..40 {
            for (what, status, head) in &heads {
                let mut stream = connect(&served, "");
                let begun = Instant::now();
                // It may be refused before all was sent.
                let _ = stream.write_all(head.as_bytes());
                let mut said = [0; 12];
                stream.read_exact(&mut said).unwrap_or_else(|error| panic!("{what}: {error}"));
                took.push(begun.elapsed());
                assert_eq!(String::from_utf8_lossy(&said), format!("HTTP/1.1 {status}"), "{what}");
            }
        }
    });
    took.sort();
    let median = took[took.len() / 2];
    println!("{} heads refused, median {median:?}, slowest {:?}: {grown} KiB more memory", took.len(), took.last());
    assert!(median < Duration::from_millis(100), "{median:?}");
    assert!(grown < 4 * 1024, "{grown} KiB");
}
