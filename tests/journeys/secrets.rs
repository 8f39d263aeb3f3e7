//! Markers are planted wherever a person or a browser gives us a secret, and then searched for in everything that the gateway
//! writes: its output at every level of detail, its access log, its measurements, its audit trail, its checkpoints, and every
//! byte of its database.

use std::process::Command;
use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde_json::Value;

use super::authenticator_attacks::subscription;
use crate::world::{
    Database, Gateway, Home, Installation, Kept, PASSWORD, PushService, Stage, Visitor, binary, exchange, run, words,
    wrong,
};

/// Where markers are planted that no gateway has any use for.
const PIN: &str = "Pin-Marker-4410";
const AUTHORIZATION: &str = "Basic-Marker-5521";
const BODY: &str = "Body-Marker-6632";
const QUERY: &str = "Query-Marker-7743";
const WRONG_PASSWORD: &str = "Nearly-The-Password-8854";
/// A password typed into the field of the user name.
const MISPLACED: &str = "Misplaced-Password-9965";
const ADDRESS: &str = "alice@example.test";
/// What is chosen and typed on a device, which never comes here.
const DEVICE_PIN: &str = "DevPin41";
const WRONG_DEVICE_PIN: &str = "DevPin42";
/// Where a push service finds a device, and what messages to it are encrypted with.
const ENDPOINT: &str = "Endpoint-Marker-1177";
const AUTH: &[u8; 16] = b"\x8f\x11\xc0\x5a\x77\xe2\x03\x9d\x64\xab\x30\xfe\x19\xd7\x52\x86";
/// What the libraries that see requests, mails and statements tell too, by the exact names of their modules.
const EVERY_DETAIL: &str = "trace,pingora_core::protocols=trace,pingora_proxy=trace,hyper::proto=trace,h2::codec=trace,\
                            sqlx::query=trace,lettre::transport=trace,axum::rejection=trace,rustls::server=trace";

/// A secret, and every form in which it may turn up.
struct Marker {
    what: &'static str,
    forms: Vec<Vec<u8>>,
    /// Six digits turn up by chance inside longer numbers.
    whole: bool,
}

impl Marker {
    fn text(what: &'static str, text: &str) -> Self {
        let encoded = text.replace('@', "%40");
        let forms = [text, &encoded, &BASE64.encode(text.as_bytes()), &HEXLOWER.encode(text.as_bytes())];
        Self { what, forms: forms.iter().map(|form| form.as_bytes().to_vec()).collect(), whole: false }
    }

    fn code(what: &'static str, code: &str) -> Self {
        Self { what, forms: vec![code.as_bytes().to_vec()], whole: true }
    }

    fn bytes(what: &'static str, written: &str, bytes: &[u8]) -> Self {
        let forms = [
            written.as_bytes().to_vec(),
            written.to_lowercase().into_bytes(),
            bytes.to_vec(),
            HEXLOWER.encode(bytes).into_bytes(),
            HEXUPPER.encode(bytes).into_bytes(),
            BASE64.encode(bytes).into_bytes(),
            BASE64URL_NOPAD.encode(bytes).into_bytes(),
            format!("{bytes:?}").into_bytes(),
        ];
        Self { what, forms: forms.into(), whole: false }
    }

    /// Where it is found first.
    fn found_in(&self, place: &[u8]) -> Option<usize> {
        self.forms.iter().find_map(|form| {
            let mut at = occurrences(place, form).into_iter();
            at.find(|at| !self.whole || stands_alone(place, *at, form.len()))
        })
    }
}

fn occurrences(place: &[u8], form: &[u8]) -> Vec<usize> {
    let first = form[0];
    let starts = place.iter().enumerate().filter(|(_, byte)| **byte == first).map(|(at, _)| at);
    starts.filter(|at| place[*at..].starts_with(form)).collect()
}

fn stands_alone(place: &[u8], at: usize, length: usize) -> bool {
    let part_of_more = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.');
    let before = at.checked_sub(1).and_then(|before| place.get(before));
    let after = place.get(at + length);
    !part_of_more(before) && !after.is_some_and(|b| b.is_ascii_alphanumeric())
}

/// Every place with its bytes.
struct Places(Vec<(String, Vec<u8>)>);

impl Places {
    fn search(&self, markers: &[Marker]) {
        let found: Vec<String> = markers
            .iter()
            .flat_map(|marker| {
                self.0.iter().filter_map(move |(place, bytes)| Some((marker, place, bytes, marker.found_in(bytes)?)))
            })
            .map(|(marker, place, bytes, at)| {
                let around = &bytes[at.saturating_sub(120)..(at + 120).min(bytes.len())];
                format!("{} in {place}: …{}…", marker.what, String::from_utf8_lossy(around))
            })
            .collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    /// A search that finds nothing anywhere proves nothing: this is there.
    #[track_caller]
    fn has(&self, place: &str, text: &str) {
        let (_, bytes) = self.0.iter().find(|(name, _)| name == place).unwrap_or_else(|| panic!("no {place}"));
        assert!(!occurrences(bytes, text.as_bytes()).is_empty(), "{text} is not in {place}");
    }
}

/// AD-03, CR-01.
#[test]
fn no_secret_is_in_anything_the_gateway_writes_by_default() {
    search_everything(None);
}

/// AD-03, CR-01.
#[test]
fn no_secret_is_in_anything_the_gateway_writes_when_it_tells_every_detail() {
    search_everything(Some(EVERY_DETAIL));
}

fn search_everything(level: Option<&str>) {
    let kept = Kept::new();
    // The access log is at `info`, and on for everybody who runs a gateway.
    let level = level.unwrap_or("warn,access=info");
    let mut gateway = kept.demo_with(&[("RUST_LOG", level)]);
    let markers = walk(&gateway);
    let mut places = everything_written(&kept, &mut gateway);

    places.has("standard error", "\"path\":\"/page\"");
    places.has("standard error", "\"status\":303");
    if level.starts_with("trace") {
        places.has("standard error", "DEBUG");
    }
    places.has("doorward.db", "$argon2id$");
    places.has("doorward.db", "Alice Arden");

    // The demo prints its passwords for whoever tries it out, on the lines of its users and nowhere else.
    let (users, rest): (Vec<&str>, Vec<&str>) = gateway_lines(&places).partition(|line| line.starts_with("user "));
    assert!(users.len() == 3 && users.iter().all(|line| line.contains(PASSWORD)), "{users:?}");
    let rest = rest.join("\n").into_bytes();
    places.0.retain(|(name, _)| name != "standard output");
    places.0.push(("standard output".into(), rest));
    places.search(&markers);
    the_address_is_on_the_users_record_alone(&mut places);
}

/// All that a gateway has written, and writes at its end, with the proof that a story of somebody's enrolment is in it.
fn everything_written(kept: &Kept, gateway: &mut Gateway) -> Places {
    let mut places = Places(Vec::new());
    let metrics = exchange(gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").body;
    places.0.push(("/metrics".into(), metrics));
    // With the gateway running, what it has written last is in the write-ahead log.
    places.0.extend(database(kept).into_iter().map(|(name, bytes)| (format!("{name} while running"), bytes)));
    checkpointed(kept);
    for format in ["json", "csv"] {
        let output = kept.command(&["audit", "export"], &["--format", format]);
        assert!(output.status.success());
        places.0.push((format!("audit export as {format}"), output.stdout));
    }
    gateway.signal("TERM");
    assert_eq!(gateway.exit_code(), Some(0));
    places.0.extend(database(kept));
    let checkpoints = kept.files("checkpoints", "");
    assert!(!checkpoints.is_empty());
    places.0.extend(checkpoints.into_iter().map(|(name, bytes)| (format!("checkpoints/{name}"), bytes)));
    let (output, log) = written(gateway);
    places.0.push(("standard output".into(), output.into_bytes()));
    places.0.push(("standard error".into(), log.into_bytes()));
    places.has("/metrics", "doorward_sign_ins_total");
    places.has("audit export as json", "ENROLLMENT_CONFIRMED");
    places.has("audit export as csv", "ENROLLMENT_CONFIRMED");
    places.has("doorward.db-wal while running", "ENROLLMENT_CONFIRMED");
    places
}

/// AD-03, CR-01, of our own authenticator: what activates it, its PIN, its seed, what it proves and how it is woken.
#[test]
fn no_secret_of_a_device_is_in_anything_the_gateway_writes() {
    let (kept, service) = (Kept::new(), PushService::start());
    let plugins = kept.path("plugins.toml");
    let text = format!("[plugins.authenticator]\npush_services = [\"{}\"]\n", service.origin());
    std::fs::write(&plugins, text).unwrap();
    let plugins = ["--plugins", plugins.to_str().unwrap()];
    let mut gateway = kept.demo_with_authenticator(&plugins, &[("RUST_LOG", EVERY_DETAIL)]);
    let markers = walk_with_device(&gateway, &service);
    let places = everything_written(&kept, &mut gateway);
    for (place, text) in [
        ("standard error", "/a/v1/pin/unlock/1"),
        ("audit export as json", "ACTIVATION_COMPLETED"),
        ("audit export as json", "PUSH_APPROVED"),
        ("audit export as json", "PIN_REJECTED"),
        ("doorward.db", "iPhone, Safari"),
    ] {
        places.has(place, text);
    }
    places.search(&markers);
}

/// alice with a device, through all that it can do, and markers of all that is secret about it.
fn walk_with_device(gateway: &Gateway, service: &PushService) -> Vec<Marker> {
    let home = Home::demo(gateway);
    let mut alice = home.visitor();
    let page = home.issuing(&mut alice, "alice");
    let thrown_away = page.activation();
    let page = alice.press(&page, "new_code");
    let activation = page.activation();
    let wrong_code = "7777-ZZZZ-8888";
    home.device().begin_typed("alice", wrong_code);
    let mut markers = vec![Marker::text("a wrong activation code", wrong_code)];
    for shown in [&thrown_away, &activation] {
        markers.push(Marker::text("an activation code", &shown.code));
        markers.push(Marker::text("an activation code as it is kept", &shown.code.replace('-', "")));
        markers.push(token("a ticket", shown.link.split("&t=").nth(1).unwrap()));
    }

    let mut device = home.device();
    device.begin(&activation.link).good();
    home.judge(&mut alice, &device, true);
    let record = device.register(DEVICE_PIN).unwrap();
    let mut subscription = subscription(&format!("{}/{ENDPOINT}", service.origin()));
    subscription["auth"] = BASE64URL_NOPAD.encode(AUTH).into();
    let request = device.phone.finish(Some(subscription), true, device.now());
    let finished = device.send(&request);
    let cookie = finished.cookies[0].split(';').next().unwrap().split_once('=').unwrap().1;
    markers.extend([
        Marker::text("the device's PIN", DEVICE_PIN),
        Marker::text("a wrong PIN of the device", WRONG_DEVICE_PIN),
        Marker::bytes("what is registered for the PIN", &BASE64URL_NOPAD.encode(&record), &record),
        Marker::bytes("the device's seed", &BASE32_NOPAD.encode(device.phone.seed()), device.phone.seed()),
        Marker::text("where the device is woken", ENDPOINT),
        Marker::bytes("the subscription's secret", &BASE64URL_NOPAD.encode(AUTH), AUTH),
        token("the authenticator's cookie", cookie),
    ]);
    finished.good();

    let page = home.after_activation(&mut alice);
    let passcode = device.passcode();
    let page = alice.type_passcode(&page, &passcode);
    assert_eq!(page.url, home.url("wiki", "/"));
    markers.push(Marker::code("the device's passcode", &passcode));
    device.unlock(WRONG_DEVICE_PIN).good();
    assert_eq!(device.change_pin(DEVICE_PIN, "NewPin77").good(), serde_json::json!({}));
    markers.push(Marker::text("the device's new PIN", "NewPin77"));

    let mut again = home.visitor();
    let page = again.sign_in(gateway, "alice", &home.url("wiki", "/"));
    let page = again.press(&page, "push");
    service.next();
    let (push, number) = (device.pending().remove(0), page.shown_number());
    let approval = device.approval(&push, &number);
    let said: Value = serde_json::from_slice(&approval.body).unwrap();
    assert_eq!(device.send(&approval).good()["result"], "approved");
    let page = home.step(&mut again);
    assert_eq!(again.press(&page, "finish").url, home.url("wiki", "/"));
    markers.push(token("an approval's proof", said["proof"].as_str().unwrap()));
    // Two digits are everywhere; as a number that was entered or drawn they are nowhere.
    let named = [format!("\"number\":\"{number}\""), format!("number={number}"), format!("number: \"{number}\"")];
    let forms = named.into_iter().map(String::into_bytes).collect();
    markers.push(Marker { what: "a request's number", forms, whole: false });
    broken_calls(&home, &activation.link);
    markers
}

/// Calls that fail in all the ways in which something might be said of what they held.
fn broken_calls(home: &Home<'_>, link: &str) {
    let json = [("Content-Type", "application/json")];
    let ticket = link.split("&t=").nth(1).unwrap();
    let id = link.split("&i=").nth(1).unwrap().split('&').next().unwrap();
    for body in [
        format!("{{\"id\":\"{id}\",\"ticket\":\"{ticket}\"}}"),
        format!("{{\"id\":\"{id}\",\"ticket\":\"{ticket}\",\"pin\":\"{DEVICE_PIN}\"}}"),
        format!("{{\"ticket\":\"{ticket}\",{DEVICE_PIN}"),
        format!("\"{DEVICE_PIN}\""),
    ] {
        for call in ["activate/handoff", "activate/begin", "pin/unlock/1", "nothing"] {
            home.knock("POST", &format!("/a/v1/{call}"), &json, body.as_bytes());
        }
    }
    // An installed app of an iPhone starts with its ticket in the address, and its manifest is asked for so.
    for path in ["/a/", "/a/manifest.webmanifest", "/a/main.js"] {
        home.knock("GET", &format!("{path}?i={id}&t={ticket}"), &[], b"");
    }
}

/// CR-01, of the other database: what a backup of it holds is useless without the key.
#[test]
fn no_secret_is_in_a_backup_of_postgresql_nor_in_the_configuration() {
    let installation = Installation::with_users(Database::Postgres);
    let served = installation.serve();
    let gateway = &served.gateway;
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let page = alice.sign_in(gateway, "alice", &wiki);
    let page = alice.press(&page, "add_authenticator");
    let code = gateway.mail_to(ADDRESS).code();
    let page = alice.type_code(&page, &code);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    // In the middle, with code and secret in use, and at the end.
    let midway = installation.dump();
    let passcode = phone.passcode();
    let page = alice.press(&page, "continue");
    let page = alice.type_passcode(&page, &passcode);
    assert_eq!(page.url, wiki);
    let ticket = page.hops.iter().find_map(|hop| hop.split("ticket=").nth(1)).unwrap().split('&').next().unwrap();
    let mut markers = vec![
        Marker::text("the password", &gateway.password("alice")),
        Marker::code("the emailed code", &code),
        Marker::code("the passcode", &passcode),
        Marker::bytes("the seed", &phone.secret, &BASE32_NOPAD.decode(phone.secret.as_bytes()).unwrap()),
        token("a ticket", ticket),
    ];
    let values = alice.jar.values().flat_map(|jar| jar.values()).filter(|value| value.len() >= 32);
    markers.extend(values.map(|value| token("a cookie", value)));
    assert!(markers.len() >= 8, "with portal, application and device cookies: {}", markers.len());
    let places = Places(vec![
        ("a backup midway".into(), midway.into_bytes()),
        ("a backup at the end".into(), installation.dump().into_bytes()),
        ("the configuration".into(), std::fs::read(&served.file).unwrap()),
    ]);
    places.has("a backup midway", "code_issued");
    places.has("a backup at the end", "ENROLLMENT_CONFIRMED");
    places.has("a backup at the end", "$argon2id$");
    places.search(&markers);
    // Nor is it of any use to somebody with another key.
    let key = installation.path("master.key");
    std::fs::remove_file(&key).unwrap();
    assert!(run(Command::new(binary()).args(["key", "new"]).arg(&key), "").status.success());
    let output = installation.command(&["audit", "export"], &[], "");
    let said = words(&output);
    assert!(!output.status.success() && said.contains("the key is not the one"), "{said}");
}

/// CR-02: a sealed value that was moved to another row or changed opens nothing, for nobody. The token is suspended until an
/// operator gives it back, and log and trail say so.
#[test]
fn a_sealed_value_that_was_moved_or_changed_opens_nothing() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    let phones = ["alice", "bob"].map(|user| {
        let mut visitor = gateway.visitor();
        let page = visitor.sign_in_with(user, PASSWORD, &wiki);
        let page = visitor.press(&page, "add_authenticator");
        let page = visitor.type_code(&page, &gateway.mail_to(&format!("{user}@example.test")).code());
        let page = visitor.choose_ios(&page);
        let phone = page.phone();
        assert_eq!(visitor.finish(&page, &phone).url, wiki);
        (user, phone)
    });
    let of = |user: &str| format!("user_id = (SELECT id FROM user_account WHERE name = '{user}')");
    let hex = |user: &str| kept.sql(&format!("SELECT hex(sealed) FROM credential WHERE {}", of(user)));
    let put = |user: &str, hex: &str| {
        kept.sql(&format!("UPDATE credential SET sealed = x'{hex}' WHERE {}", of(user)));
    };
    let (alices, bobs) = (hex("alice"), hex("bob"));
    let flipped = |at: usize| {
        let other = if alices[at..].starts_with('0') { "1" } else { "0" };
        format!("{}{other}{}", &alices[..at], &alices[at + 1..])
    };
    let suspensions = || {
        let of_it = |record: &Value| {
            let details = &record["details"];
            details["event"] == "TOKEN_SUSPENDED" && details["reason"] == "damaged" && details["to"] == "suspended"
        };
        kept.records().iter().filter(|record| of_it(record)).count()
    };
    let of_a_flow = kept.sql("SELECT hex(data) FROM flow ORDER BY created_at DESC LIMIT 1");
    for (what, sealed) in [
        ("bob's", bobs),
        ("a value of another table", of_a_flow),
        ("its tag flipped", flipped(alices.len() - 1)),
        ("its beginning flipped", flipped(0)),
        ("its middle flipped", flipped(alices.len() / 2)),
        ("half of it", alices[..alices.len() / 4 * 2].to_owned()),
        ("nothing", String::new()),
    ] {
        let (_, phone) = &phones[usize::from(what == "bob's")];
        let passcode = phone.passcode_at("+30 seconds");
        let mut early = gateway.visitor();
        let page = early.sign_in_with("alice", PASSWORD, &wiki);
        let recorded = suspensions();
        put("alice", &sealed);
        let page = early.type_passcode(&page, &passcode);
        assert_ne!(page.url, wiki, "{what}: {}", page.words());
        assert_eq!(early.once("GET", &wiki, &[], None).status, 303, "{what}");
        let page = gateway.visitor().sign_in_with("alice", PASSWORD, &wiki);
        assert_eq!(page.status(), 200, "{what}: {}", page.words());
        assert!(page.words().contains("is suspended") && page.try_form("otp").is_none(), "{what}: {}", page.words());
        assert!(page.secret().is_none() && page.try_form("add_authenticator").is_none(), "{what}: no way round it");
        let state = kept.sql(&format!("SELECT state FROM credential WHERE {}", of("alice")));
        assert_eq!((state.trim(), suspensions()), ("suspended", recorded + 1), "{what}: it is recorded once");
        // As `doorward user reactivate` gives it back.
        kept.sql(&format!("UPDATE credential SET state = 'active' WHERE {}", of("alice")));
        put("alice", &alices);
    }
    let log = gateway.log.lock().unwrap().clone();
    assert!(log.contains("sealed value is damaged"), "operators are told: {log}");
    for (user, phone) in &phones {
        let mut visitor = gateway.visitor();
        let page = visitor.sign_in_with(user, PASSWORD, &wiki);
        let page = visitor.type_passcode(&page, &phone.passcode_at("+30 seconds"));
        assert_eq!(page.url, wiki, "put back, {user}'s is good: {}", page.words());
    }
}

fn gateway_lines(places: &Places) -> impl Iterator<Item = &str> {
    let (_, output) = places.0.iter().find(|(name, _)| name == "standard output").unwrap();
    std::str::from_utf8(output).unwrap().lines()
}

/// The user's row holds display name and address side by side, and the index by which users are found by their address holds it
/// between the virtual server and the user's id; no copy of the address is anywhere else.
fn the_address_is_on_the_users_record_alone(places: &mut Places) {
    const ID: usize = 26;
    let row = [b"Alice Arden", ADDRESS.as_bytes()].concat();
    let entry = [b"default", ADDRESS.as_bytes()].concat();
    let mut rows = 0;
    for (name, bytes) in &mut places.0 {
        if !name.starts_with("doorward.db") {
            continue;
        }
        for at in occurrences(bytes, &row) {
            rows += 1;
            bytes[at..at + row.len()].fill(b'.');
        }
        for at in occurrences(bytes, &entry) {
            let id = bytes.get(at + entry.len()..at + entry.len() + ID).unwrap_or_default();
            if id.len() == ID && id.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')) {
                bytes[at..at + entry.len()].fill(b'.');
            }
        }
    }
    assert!(rows > 0, "the address is on record");
    places.search(&[Marker::text("the full mail address", ADDRESS)]);
}

/// alice through the wizard, with everything going wrong on the way that can, and markers in all that she sends.
fn walk(gateway: &Gateway) -> Vec<Marker> {
    let mut markers = vec![
        Marker::text("the password", PASSWORD),
        Marker::text("a wrong password", WRONG_PASSWORD),
        Marker::text("a password typed as a name", MISPLACED),
        Marker::text("a header with a PIN", PIN),
        Marker::text("a header with credentials", AUTHORIZATION),
        Marker::text("a body", BODY),
        Marker::text("a query", QUERY),
    ];
    let mut alice = gateway.visitor();
    alice.always.push(("X-Pin".into(), PIN.into()));
    let wiki = gateway.url("wiki", &format!("/page?secret={QUERY}"));

    // A password in the wrong field, an address in place of a name, a wrong password.
    for name in [MISPLACED, ADDRESS] {
        gateway.visitor().sign_in_with(name, WRONG_PASSWORD, &wiki);
    }
    let page = alice.sign_in_with("alice", WRONG_PASSWORD, &wiki);
    let page = alice.submit(&page, "password", &[("password", PASSWORD)]);
    // The mail server turns the mail away, and takes it then.
    gateway.stop_mail(true);
    let page = alice.press(&page, "add_authenticator");
    gateway.stop_mail(false);
    let page = alice.send(&page, &page.form_to("/enrol/resend"), &[]);
    let code = gateway.mail_to(ADDRESS).code();
    let wrong_code = wrong(&code, 1);
    let page = alice.type_code(&page, &wrong_code);
    let page = alice.type_code(&page, &code);
    markers.extend([Marker::code("the emailed code", &code), Marker::code("a wrong code", &wrong_code)]);

    // A first secret, thrown away for a second.
    let page = alice.choose_ios(&page);
    let first = page.phone().secret;
    let page = alice.send(&page, &page.form_to("/enrol/new-code"), &[]);
    let phone = page.phone();
    assert_ne!(first, phone.secret);
    for (what, secret) in [("the first seed", &first), ("the seed", &phone.secret)] {
        markers.push(Marker::bytes(what, secret, &BASE32_NOPAD.decode(secret.as_bytes()).unwrap()));
    }
    let page = alice.press(&page, "continue");
    let passcode = phone.passcode();
    let wrong_passcode = wrong(&passcode, 1);
    let page = alice.type_passcode(&page, &wrong_passcode);
    let page = alice.type_passcode(&page, &passcode);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()));
    markers.extend([Marker::code("the passcode", &passcode), Marker::code("a wrong passcode", &wrong_passcode)]);
    let ticket = page.hops.iter().find_map(|hop| hop.split("ticket=").nth(1)).unwrap().split('&').next().unwrap();
    markers.push(token("a ticket", ticket));

    // Sent on to the application, and refused, with credentials in it.
    let bearer = [("Authorization", AUTHORIZATION)];
    let sent = alice.once("POST", &wiki, &bearer, Some(format!("pin={BODY}").as_bytes()));
    assert_eq!(sent.status, 200);
    assert!(sent.text().contains(BODY) && sent.text().contains(PIN), "the application gets what it is sent");
    let stranger = exchange(gateway.port, "POST", &host(gateway, "wiki"), "/x", &bearer, BODY.as_bytes());
    assert_eq!(stranger.status, 401);
    broken_requests(gateway, &mut alice);

    // Once more with the passcode that was used, which is said to be used; then the sign-out.
    let mut elsewhere = gateway.visitor();
    let page = elsewhere.sign_in(gateway, "alice", &wiki);
    elsewhere.type_passcode(&page, &passcode).is_at(Stage::Passcode);
    markers.push(token("a dispute link", &dispute(gateway)));
    assert_eq!(alice.sign_out(&gateway.url("login", "/")).status, 303);

    let mut cookies = 0;
    for visitor in [&alice, &elsewhere] {
        for (_, cookie) in &visitor.cookies {
            let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
            if value.len() >= 32 {
                cookies += 1;
                markers.push(token("a cookie", value));
            }
        }
    }
    assert!(cookies >= 4, "flow, hop, portal and application cookies: {cookies}");
    markers
}

/// Requests that fail in all the ways in which something might be said of what they held.
fn broken_requests(gateway: &Gateway, alice: &mut Visitor) {
    let login = host(gateway, "login");
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Pin", PIN)];
    for body in
        [format!("password={WRONG_PASSWORD}&%zz"), format!("{{\"password\":\"{WRONG_PASSWORD}\"}}"), "%ff%fe".into()]
    {
        exchange(gateway.port, "POST", &login, "/signin/password", &form, body.as_bytes());
    }
    exchange(gateway.port, "GET", &login, &format!("/signin?return={QUERY}"), &[], b"");
    exchange(gateway.port, "GET", &host(gateway, "wiki"), &format!("/.doorward/enter?ticket={QUERY}"), &[], b"");
    for value in [QUERY, "%00", "\"x\""] {
        let cookie = format!("doorward_flow={value}{QUERY}; doorward={QUERY}; doorward_app={QUERY}");
        exchange(gateway.port, "GET", &login, "/signin/step", &[("Cookie", &cookie)], b"");
        exchange(gateway.port, "GET", &host(gateway, "wiki"), "/", &[("Cookie", &cookie)], b"");
    }
    let split = format!("/page?a={QUERY}\u{0}");
    alice.get(&gateway.url("public", &format!("/open?secret={QUERY}")));
    exchange(gateway.port, "GET", &host(gateway, "wiki"), &split, &form, b"");
}

/// A token of ours, as it is written and as bytes.
fn token(what: &'static str, written: &str) -> Marker {
    match BASE64URL_NOPAD.decode(written.as_bytes()) {
        Ok(bytes) => Marker::bytes(what, written, &bytes),
        Err(_) => Marker::text(what, written),
    }
}

fn dispute(gateway: &Gateway) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let found = gateway.mails().into_iter().find_map(|mail| {
            let link = mail.text.split_whitespace().find(|word| word.contains("/notice/"))?.to_owned();
            link.rsplit('/').next().map(str::to_owned)
        });
        if let Some(token) = found {
            // Somebody looks at it, so that its path is logged.
            gateway.visitor().get(&gateway.url("login", &format!("/notice/{token}")));
            return token;
        }
        assert!(Instant::now() < end, "a notice is sent");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn host(gateway: &Gateway, name: &str) -> String {
    format!("{name}.localhost:{}", gateway.port)
}

/// The database, its write-ahead log and the index of that.
fn database(kept: &Kept) -> Vec<(String, Vec<u8>)> {
    kept.files("", "doorward.db")
}

/// Waits for a signed checkpoint.
fn checkpointed(kept: &Kept) {
    let end = Instant::now() + Duration::from_secs(90);
    while kept.files("checkpoints", "").iter().all(|(_, bytes)| bytes.is_empty()) {
        assert!(Instant::now() < end, "no checkpoint is written");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// All that it said, once its end is read.
fn written(gateway: &Gateway) -> (String, String) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut before = 0;
    loop {
        let (output, log) = (gateway.output.lock().unwrap().clone(), gateway.log.lock().unwrap().clone());
        if (log.len() == before && before > 0) || Instant::now() > end {
            return (output, log);
        }
        before = log.len();
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn a_marker_is_found_in_each_form_and_a_code_only_where_it_stands_alone() {
    let seed = [0x9f, 0x21, 0x00, 0xc4, 0x5e, 0x77, 0x0b, 0xfa, 0x13, 0x88];
    let written = BASE32_NOPAD.encode(&seed);
    let marker = Marker::bytes("a seed", &written, &seed);
    let hex = HEXLOWER.encode(&seed);
    for form in
        [written.as_bytes(), written.to_lowercase().as_bytes(), &seed, hex.as_bytes(), format!("{seed:?}").as_bytes()]
    {
        assert!(marker.found_in(&[b"before ", form, b" after"].concat()).is_some());
    }
    assert!(marker.found_in(b"nothing of it").is_none());
    let address = Marker::text("an address", ADDRESS);
    assert!(
        address.found_in(b"to=alice%40example.test&").is_some() && address.found_in(b"<alice@example.test>").is_some()
    );
    let code = Marker::code("a code", "483920");
    for leak in ["code=483920", "\"483920\"", "483920", "otp: 483920\n", "[483920]"] {
        assert!(code.found_in(leak.as_bytes()).is_some(), "{leak}");
    }
    for chance in ["1795483920", "16:25:45.483920Z", "ms=0.483920", "4839201", "a483920"] {
        assert!(code.found_in(chance.as_bytes()).is_none(), "{chance}");
    }
}
