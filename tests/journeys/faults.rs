//! What goes wrong around a gateway: it is killed at any step of the wizard, its clients are slow, many, or talk nonsense, its
//! upstreams are down. Nobody gets in by it, nothing is half saved, and it recovers by itself. What is measured besides is in `faults/`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::world::{
    Database, Form, Gateway, Installation, Kept, Page, Phone, Stage, Visitor, exchange, forms, free_port, read_some,
    send_raw, wrong,
};

// --- killed ---

/// How long after a form was sent the gateway is killed. All of them lie within the time that an answer takes.
const DELAYS: [u64; 4] = [0, 3, 12, 40];

#[test]
fn killed_while_a_form_is_under_way_the_wizard_stands_before_or_after_that_step_and_goes_on() {
    // A mail server of its own: one that has taken a mail keeps it, whatever becomes of the gateway.
    let installation = Installation::with_users(Database::Sqlite);
    let mut served = installation.serve();
    let wiki = served.url("wiki", "/page?x=1");
    let mut alice =
        Enrolling { visitor: served.proxied_visitor(), code: None, phone: None, tried: Vec::new(), sent: Vec::new() };
    let mut seen = BTreeSet::new();
    let mut page = alice.visitor.get(&wiki);
    let mut rounds = 0;
    while page.stage() != Stage::Other {
        rounds += 1;
        assert!(rounds < 60, "she gets no further: {}", page.words());
        let stage = page.stage();
        seen.insert(format!("{stage:?}"));
        // At each step as often as there are delays, and then without being killed, so that it ends.
        let kill = (0..DELAYS.len()).find(|nth| !alice.tried.contains(&(stage, *nth)));
        let Some((form, fill)) = alice.next(&served.gateway, &page) else { panic!("a dead end: {}", page.words()) };
        let fill: Vec<(&str, &str)> = fill.iter().map(|(name, value)| (*name, value.as_str())).collect();
        page = match kill {
            None => alice.visitor.send(&page, &form, &fill),
            Some(nth) => {
                alice.tried.push((stage, nth));
                let bytes = form_bytes(&alice.visitor, &page, &form, &fill);
                let sending = send_off(served.gateway.port, bytes);
                std::thread::sleep(Duration::from_millis(DELAYS[nth]));
                served.gateway.kill();
                alice.keep(&page.url, &sending.join().unwrap());
                served = installation.begin(served.ports);
                served.gateway.wait_ready();
                let back = alice.visitor.get(&wiki);
                alice.is_near(stage, &back);
                back
            }
        };
    }
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
    page.says("Remote-User: alice");
    let all = ["Name", "Password", "Offer", "Code", "Kind", "Device", "Secret", "Passcode"];
    assert_eq!(seen, all.map(str::to_owned).into(), "every step was there to be killed at");

    // Nothing is half saved: each change is there with its record, or neither is.
    let sql = |sql: &str| installation.sql(sql).trim().to_owned();
    assert_eq!(sql("PRAGMA integrity_check"), "ok");
    assert_eq!(sql("SELECT group_concat(state, ' ') FROM credential"), "active");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    let exported = installation.command(&["audit", "export"], &["--format", "json"], "");
    let records: Vec<serde_json::Value> =
        exported.stdout.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let count = |name: &str| records.iter().filter(|record| record["details"]["event"] == name).count();
    assert_eq!((count("TOKEN_ACTIVATED"), count("ENROLLMENT_CONFIRMED"), count("TARGET_SELECTED")), (1, 1, 1));
    assert_eq!(count("TOKEN_ASSIGNED"), 1);
    assert_eq!(count("VERIFICATION_CODE_ACCEPTED"), 1);
}

/// alice on her way, with all that she has been given so far.
struct Enrolling {
    visitor: Visitor,
    code: Option<String>,
    phone: Option<Phone>,
    /// At which step the gateway was killed, after which delay.
    tried: Vec<(Stage, usize)>,
    /// The passcodes that she has sent, the newest last.
    sent: Vec<String>,
}

impl Enrolling {
    /// What she does on this page.
    fn next(&mut self, gateway: &Gateway, page: &Page) -> Option<(Form, Vec<(&'static str, String)>)> {
        let fill = match page.stage() {
            Stage::Name => vec![("username", "alice".to_owned())],
            Stage::Password => vec![("password", gateway.password("alice"))],
            Stage::Offer => vec![("add_authenticator", String::new())],
            Stage::Code => {
                let code = self.code.get_or_insert_with(|| late_code(gateway));
                vec![("verification_code", code.clone())]
            }
            Stage::Kind => vec![("target", "mobile".to_owned())],
            Stage::Device => vec![("target", "ios".to_owned())],
            Stage::Secret => {
                let phone = page.phone();
                let first = self.phone.get_or_insert_with(|| phone.clone());
                assert_eq!(first.secret, phone.secret, "the secret never changes");
                vec![("continue", String::new())]
            }
            Stage::Passcode => {
                // One that was taken though nobody heard of it is refused as used; then she takes another.
                let phone = self.phone.clone()?;
                let code = match self.sent.last() {
                    Some(last) if !page.html().contains("role=\"alert\"") => last.clone(),
                    _ => self.fresh_passcode(&phone),
                };
                self.sent.push(code.clone());
                vec![("otp", code)]
            }
            Stage::Other => return None,
        };
        Some((page.form(fill.first()?.0), fill))
    }

    /// A passcode that she has not sent yet: of this time step or, since that is accepted too, of the next.
    fn fresh_passcode(&self, phone: &Phone) -> String {
        loop {
            if let Some(fresh) = phone.passcode_beside(&self.sent) {
                return fresh;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The step that was, or the one that follows it. A browser that has not heard of a new cookie signs in anew.
    fn is_near(&self, stage: Stage, back: &Page) {
        let near: &[Stage] = match stage {
            Stage::Name => &[Stage::Name, Stage::Password],
            Stage::Password => &[Stage::Name, Stage::Password, Stage::Offer],
            Stage::Offer => &[Stage::Offer, Stage::Code],
            Stage::Code => &[Stage::Code, Stage::Kind],
            Stage::Kind => &[Stage::Kind, Stage::Device],
            Stage::Device => &[Stage::Device, Stage::Secret],
            Stage::Secret => &[Stage::Secret, Stage::Passcode],
            Stage::Passcode => &[Stage::Passcode, Stage::Name, Stage::Password, Stage::Other],
            Stage::Other => &[],
        };
        assert!(near.contains(&back.stage()), "from {stage:?} to {:?}: {}", back.stage(), back.words());
        if let (Some(phone), Some(secret)) = (&self.phone, back.secret()) {
            assert_eq!(phone.secret, secret);
        }
    }

    /// The cookies of an answer, if one came before the end.
    fn keep(&mut self, url: &str, raw: &[u8]) {
        let head = String::from_utf8_lossy(raw);
        let host = url.split('/').nth(2).unwrap().split(':').next().unwrap().to_owned();
        let Some((head, _)) = head.split_once("\r\n\r\n") else { return };
        for line in head.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let (cookie, _) = value.trim().split_once(';').unwrap_or((value.trim(), ""));
                let (name, value) = cookie.split_once('=').unwrap();
                self.visitor.jar.entry(host.clone()).or_default().insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A code whose first sender may have been killed: the next one takes its mail when it has been silent for 15 seconds.
fn late_code(gateway: &Gateway) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(mail) = gateway.mails().into_iter().find(|mail| mail.to == "alice@example.test") {
            return mail.code();
        }
        assert!(Instant::now() < end, "the mail that was under way never arrives");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Sends bytes on a connection that is there already, and reads in the background what comes back.
fn send_off(port: u16, bytes: Vec<u8>) -> std::thread::JoinHandle<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        // Either may fail at any byte: the other end is about to be killed.
        let _ = stream.write_all(&bytes).and_then(|()| stream.read_to_end(&mut answer).map(drop));
        answer
    })
}

/// A form as it goes over the wire.
pub(crate) fn form_bytes(visitor: &Visitor, page: &Page, form: &Form, fill: &[(&str, &str)]) -> Vec<u8> {
    let mut fields = form.fields.clone();
    fields.extend(fill.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let body = fields.iter().map(|(n, v)| format!("{}={}", percent(n), percent(v))).collect::<Vec<_>>().join("&");
    let (scheme, authority) = (page.url.split(':').next().unwrap(), page.url.split('/').nth(2).unwrap());
    let host = authority.split(':').next().unwrap();
    let cookies =
        visitor.jar.get(host).into_iter().flatten().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    let path = form.action.split_once(authority).map_or(form.action.as_str(), |(_, path)| path);
    format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nOrigin: {scheme}://{authority}\r\nAccept: text/html\r\n\
         X-Forwarded-Proto: {scheme}\r\n\
         Cookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

// --- clients ---

#[test]
fn nonsense_and_a_megabyte_to_every_route_of_the_portal_never_give_an_error_of_ours() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let wiki = gateway.url("wiki", "/page?x=1");
    // With a sign-in under way and a session besides, so that more than the first check is reached.
    alice.with_password(&gateway, "alice", &gateway.url("intranet", "/"));
    let page = alice.get(&wiki);
    let own = forms(&page.html()).into_iter().find(|form| form.fields.contains_key("csrf")).expect("a form of ours");
    let proof: String = ["csrf", "flow", "nonce"]
        .map(|n| format!("{n}={}", percent(own.fields.get(n).map_or("", String::as_str))))
        .join("&");
    let routes = routes();
    assert!(routes.len() > 20, "{routes:?}");
    let kinds = [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
        "\u{fffd}/;;=",
    ];
    let bodies: [Vec<u8>; 9] = [
        Vec::new(),
        b"%".to_vec(),
        b"%zz=%zz&&&=&==".to_vec(),
        vec![0xff; 300],
        vec![0; 300],
        b"{\"flow\":[[[[[[{}".to_vec(),
        format!("{proof}&username=%00&password=%ff&otp=%F0%9F%92%A9&target=%2e%2e&language=../../x&back=//x&return=x")
            .into_bytes(),
        format!("{proof}&{}", "a=b&".repeat(10_000)).into_bytes(),
        format!("{proof}&verification_code={0}&password={0}&otp={0}&username={0}&return={0}", "9".repeat(10_000))
            .into_bytes(),
    ];
    for (host, path) in &routes {
        let authority = format!("{host}.localhost:{}", gateway.port);
        let origin = format!("http://{authority}");
        let cookies = alice.jar.get(&format!("{host}.localhost")).cloned().unwrap_or_default();
        let cookie = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        for method in ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"] {
            for (nth, body) in bodies.iter().enumerate() {
                let kind = kinds[if nth < 5 { nth } else { 0 }];
                let headers =
                    [("Content-Type", kind), ("Cookie", &cookie), ("Origin", &origin), ("Accept", "text/html")];
                let answer = exchange(gateway.port, method, &authority, path, &headers, body);
                assert!(answer.status < 500, "{method} {host}{path} {nth}: {} {}", answer.status, answer.text());
            }
        }
        for query in
            ["%", "%ff=%ff", "ticket=%00&return=%00", "return[]=1&return=2&ticket=a&ticket=b", &"a=b&".repeat(1500)]
        {
            let answer =
                exchange(gateway.port, "GET", &authority, &format!("{path}?{query}"), &[("Cookie", &cookie)], b"");
            assert!(answer.status < 500, "GET {host}{path}?{query}: {}", answer.status);
        }
        let form = [("Content-Type", kinds[0]), ("Cookie", &cookie), ("Origin", &origin), ("Accept", "text/html")];
        let large = exchange(gateway.port, "POST", &authority, path, &form, &vec![b'a'; 1024 * 1024]);
        assert_eq!(large.status, 413, "{host}{path}");
    }
    // It is in good order still.
    let mut bob = gateway.visitor();
    bob.with_password(&gateway, "bob", &gateway.url("intranet", "/"));
}

/// Every route of the portal, as its router has them, and with something in place of what varies.
fn routes() -> Vec<(&'static str, String)> {
    let router = include_str!("../../gateway/portal/src/router.rs");
    let found = router.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut routes: Vec<(&str, String)> = found
        .map(|path| {
            let host = if path.starts_with("/.doorward/") { "wiki" } else { "login" };
            (host, path.replace("{token}", &"A".repeat(43)).replace("{file}", "style.css"))
        })
        .collect();
    routes.push(("login", "/no/such/page".to_owned()));
    routes.push(("wiki", "/.doorward/no/such/page".to_owned()));
    routes
}

/// DO-02, of the portal.
#[test]
fn a_body_of_more_than_64_kib_to_the_portal_is_too_large_in_either_framing() {
    let gateway = Gateway::demo();
    let login = format!("login.localhost:{}", gateway.port);
    let post =
        |size: usize| exchange(gateway.port, "POST", &login, "/signin", &[("Accept", "text/html")], &vec![b'a'; size]);
    assert_eq!(post(64 * 1024).status, 403, "as large as may be: it is looked at, and is no form of ours");
    let answer = post(64 * 1024 + 1);
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("<h1"), "a page says so: {}", answer.text());
    // Chunked, without an end in sight.
    let mut endless = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    endless.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    endless.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let head =
        format!("POST /signin HTTP/1.1\r\nHost: {login}\r\nAccept: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
    endless.write_all(head.as_bytes()).unwrap();
    let chunk = [b"1000\r\n".as_slice(), &[b'a'; 0x1000], b"\r\n"].concat();
    let mut sent = 0;
    while sent < 64 * 1024 * 1024 && endless.write_all(&chunk).is_ok() {
        sent += chunk.len();
    }
    assert!(sent < 64 * 1024 * 1024, "it is not read for ever");
    // An application's own requests have no such limit: the gateway lets them through as they are.
    let public = format!("public.localhost:{}", gateway.port);
    assert_eq!(exchange(gateway.port, "POST", &public, "/", &[], &vec![b'a'; 200 * 1024]).status, 200);
}

#[test]
fn two_hundred_clients_that_drip_their_heads_are_all_let_go_within_15_seconds_while_others_are_served() {
    let gateway = Gateway::demo();
    let began = Instant::now();
    let mut drips: Vec<(TcpStream, Option<Duration>)> = (0..200)
        .map(|nth| {
            let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
            stream.set_nonblocking(true).unwrap();
            let head = format!("GET /{nth} HTTP/1.1\r\nHost: wiki.localhost:{}\r\nX-Drip: ", gateway.port);
            // One in four has not even got so far as its first line.
            let head = if nth % 4 == 0 { "GET /".to_owned() } else { head };
            stream.write_all(head.as_bytes()).unwrap();
            (stream, None)
        })
        .collect();
    let mut served = 0;
    while began.elapsed() < Duration::from_secs(20) && drips.iter().any(|(_, closed)| closed.is_none()) {
        for (stream, closed) in drips.iter_mut().filter(|(_, closed)| closed.is_none()) {
            if is_closed(stream) || (stream.write_all(b"a").is_err() && is_closed(stream)) {
                *closed = Some(began.elapsed());
            }
        }
        // Others come from other addresses: this one has as many connections as it may.
        let asked = Instant::now();
        assert_eq!(status_from_elsewhere(&gateway, "public"), 200);
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        served += 1;
        std::thread::sleep(Duration::from_millis(300));
    }
    let open = drips.iter().filter(|(_, closed)| closed.is_none()).count();
    assert_eq!(open, 0, "{open} of 200 are open after {:?}", began.elapsed());
    let last = drips.iter().filter_map(|(_, closed)| *closed).max().unwrap();
    let first = drips.iter().filter_map(|(_, closed)| *closed).min().unwrap();
    assert!(last <= Duration::from_secs(15), "{last:?}");
    assert!(first >= Duration::from_secs(8), "a slow client has its ten seconds: {first:?}");
    assert!(served > 5, "{served}");
    // The address is welcome again, as soon as what they still had to say was passed over.
    let public = format!("GET / HTTP/1.1\r\nHost: public.localhost:{}\r\nConnection: close\r\n\r\n", gateway.port);
    let end = Instant::now() + Duration::from_secs(10);
    while !send_raw(gateway.port, public.as_bytes()).starts_with(b"HTTP/1.1 200") {
        assert!(Instant::now() < end, "the address is shut out");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether the other end has closed; what it said before is passed over.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut said = [0; 4096];
    loop {
        match read_some(stream, &mut said) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// The status of a page for somebody with another address of this machine.
fn status_from_elsewhere(gateway: &Gateway, app: &str) -> u16 {
    let output = Command::new("curl")
        .args(["--silent", "--noproxy", "*", "--max-time", "10", "--interface", "127.0.0.2", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}", "--header", &format!("Host: {app}.localhost:{}", gateway.port)])
        .arg(format!("http://127.0.0.1:{}/", gateway.port))
        .output()
        .expect("curl is installed (make test does so)");
    String::from_utf8_lossy(&output.stdout).parse().unwrap()
}

#[test]
fn an_address_has_its_number_of_connections_and_no_more() {
    let gateway = Gateway::demo();
    let connect = || {
        let stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    };
    let public = format!("GET / HTTP/1.1\r\nHost: public.localhost:{}\r\n\r\n", gateway.port);
    let served = |stream: &mut TcpStream| {
        let mut said = [0; 12];
        stream.write_all(public.as_bytes()).is_ok() && stream.read_exact(&mut said).is_ok() && &said == b"HTTP/1.1 200"
    };
    let mut held: Vec<TcpStream> = (0..200).map(|_| connect()).collect();
    for (nth, stream) in held.iter_mut().enumerate() {
        assert!(served(stream), "connection {nth} of 200");
    }
    for _ in 0..20 {
        assert!(!served(&mut connect()), "the 201st is turned away");
    }
    assert_eq!(status_from_elsewhere(&gateway, "public"), 200, "others do not notice");
    let refused = gateway.metric("doorward_front_refusals_total{reason=\"too_many_connections\"}");
    assert!(refused >= 20.0, "each is counted: {refused}");
    // Who leaves makes room.
    held.truncate(150);
    let end = Instant::now() + Duration::from_secs(5);
    while !served(&mut connect()) {
        assert!(Instant::now() < end, "there is room again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_silent_connection_is_closed_before_and_after_a_request_and_half_a_head_on_it_too() {
    let gateway = Gateway::demo();
    let connect = || {
        let stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    };
    let public = format!("GET / HTTP/1.1\r\nHost: public.localhost:{}\r\n\r\n", gateway.port);
    let after_a_request = || {
        let mut stream = connect();
        stream.write_all(public.as_bytes()).unwrap();
        let mut said = [0; 12];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"HTTP/1.1 200");
        stream
    };
    let (silent, used, mut half) = (connect(), after_a_request(), after_a_request());
    half.write_all(b"GET /half HTTP/1.1\r\nHost: pub").unwrap();
    let closing = |name: &'static str, mut stream: TcpStream, within: std::ops::Range<u64>| {
        let began = Instant::now();
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            let end = stream.read_to_end(&mut rest);
            let took = began.elapsed();
            assert!(end.is_ok() || took < Duration::from_secs(59), "{name} is still open after {took:?}");
            assert!((within.start..within.end).contains(&took.as_secs()), "{name} was closed after {took:?}");
        })
    };
    let all = [closing("silent", silent, 28..40), closing("used", used, 28..40), closing("half", half, 8..15)];
    for one in all {
        one.join().unwrap();
    }
}

// --- upstreams ---

#[test]
fn an_upstream_that_is_down_is_a_page_that_says_so_and_comes_back_by_itself() {
    let mut installation = Installation::with_users(Database::Sqlite);
    let port = free_port();
    installation.upstreams.insert("public".to_owned(), port);
    let served = installation.serve();
    let url = served.url("public", "/page");
    let mut visitor = served.proxied_visitor();
    let began = Instant::now();
    let answer = visitor.once("GET", &url, &[], None);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(answer.status, 502);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let page = answer.text();
    assert!(page.contains("<h1") && page.contains("502"), "{page}");
    assert!(!page.contains("127.0.0.1") && !page.contains(&port.to_string()), "where it is concerns nobody: {page}");
    let reference = answer.header("x-request-id").expect("a reference to ask for");
    assert!(page.contains(reference));
    let fields = [("Accept", "application/json"), ("X-Forwarded-Proto", "https")];
    let program = exchange(served.ports.http, "POST", "public.example.test", "/page", &fields, b"{}");
    assert_eq!(program.status, 502);
    assert!(!program.text().contains("<html"), "a program is told in few words: {}", program.text());
    let gateway = &served.gateway;
    assert!(gateway.metric("doorward_upstream_results_total{app=\"public\",outcome=\"connect_failed\"}") >= 2.0);
    assert!(gateway.log.lock().unwrap().contains("\"status\":502"), "it is in the access log");
    // The others are not concerned, and nor is this one when its server is back.
    assert_eq!(visitor.get(&served.url("wiki", "/")).status(), 200, "to the sign-in page");
    let back = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = back.accept().unwrap();
        let mut said = [0; 4096];
        let _ = read_some(&mut stream, &mut said).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nback").unwrap();
    });
    let answer = visitor.once("GET", &url, &[], None);
    assert_eq!((answer.status, answer.text().as_str()), (200, "back"));
    answering.join().unwrap();
}

#[test]
fn wrong_codes_typed_at_once_while_the_database_is_slow_are_each_counted_or_not_taken() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let mut alice = gateway.visitor();
    let page = alice.ask_for_code(&gateway, "alice", &gateway.url("wiki", "/"));
    let code = gateway.mail_to("alice@example.test").code();
    let form = page.form("verification_code");
    let lock = kept.lock();
    let tries: Vec<_> = (1..=8)
        .map(|nth| {
            let bytes = form_bytes(&alice, &page, &form, &[("verification_code", &wrong(&code, nth))]);
            let port = gateway.port;
            std::thread::spawn(move || send_raw(port, &bytes))
        })
        .collect();
    for one in tries {
        let answer = one.join().unwrap();
        let status = String::from_utf8_lossy(&answer[..12.min(answer.len())]).into_owned();
        assert!(status.starts_with("HTTP/1.1 503"), "while nothing can be counted nothing is compared: {status}");
    }
    drop(lock);
    let page = alice.step(&gateway);
    page.is_at(Stage::Code);
    alice.type_code(&page, &code).is_at(Stage::Kind);
}
