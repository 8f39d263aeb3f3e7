//! TLS: what is spoken with clients (TL-01), and whom the gateway believes to be an upstream (TL-02).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::world::{Bulk, Installation, Ports, Served, exchange, peer, run, site, words};

const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;

fn serve() -> (Installation, Served) {
    let bulk = Bulk::start();
    let installation = site(POLICIES, &[("open", bulk.port, ""), ("other", bulk.port, "")], &[]);
    let served = installation.serve();
    (installation, served)
}

/// What `openssl s_client` sees of a connection.
fn s_client(served: &Served, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-connect", &format!("127.0.0.1:{}", served.ports.https)])
        .args(["-servername", "open.example.test"])
        .args(arguments);
    words(&run(&mut command, input))
}

fn is_connected(said: &str) -> bool {
    !said.contains("Cipher is (NONE)") && said.contains("Cipher is ")
}

/// Every suite that this OpenSSL has for TLS 1.2, the weakest too.
fn suites() -> Vec<String> {
    let listed = run(Command::new("openssl").args(["ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL@SECLEVEL=0"]), "");
    String::from_utf8_lossy(&listed.stdout).trim().split(':').map(str::to_owned).collect()
}

/// The suite that the gateway chooses of these for TLS 1.2, if it takes any.
fn taken_of(served: &Served, offered: &[String]) -> Option<String> {
    let said = s_client(served, &["-tls1_2", "-cipher", &format!("{}:@SECLEVEL=0", offered.join(":"))], "");
    let chosen = said.lines().find_map(|line| line.split_once("Cipher is ")).map(|(_, suite)| suite.trim().to_owned());
    chosen.filter(|suite| suite != "(NONE)")
}

#[test]
fn tls_is_1_2_or_1_3_with_forward_secrecy_and_authenticated_encryption_tl_01() {
    let (_installation, served) = serve();
    for old in ["-tls1", "-tls1_1"] {
        let said = s_client(&served, &[old, "-cipher", "ALL:@SECLEVEL=0"], "");
        assert!(!is_connected(&said), "{old}: {said}");
        let alert = ["alert protocol version", "alert handshake failure", "no protocols available"];
        assert!(alert.iter().any(|words| said.contains(words)), "{old}: {said}");
    }
    for new in ["-tls1_2", "-tls1_3"] {
        let said = s_client(&served, &[new], "");
        assert!(is_connected(&said), "{new}: {said}");
        assert!(said.contains("Compression: NONE"), "{said}");
    }
    // Whatever is taken is left out the next time, until nothing of the rest is.
    let (mut offered, mut taken) = (suites(), Vec::new());
    while let Some(suite) = taken_of(&served, &offered) {
        offered.retain(|other| *other != suite);
        taken.push(suite);
    }
    println!("TLS 1.2: {taken:?}, and none of {} others", offered.len());
    let is_good = |suite: &String| {
        suite.starts_with("ECDHE-") && (suite.contains("-GCM-") || suite.ends_with("-CHACHA20-POLY1305"))
    };
    assert!(taken.len() >= 3 && taken.iter().all(is_good), "{taken:?}");
    assert!(
        offered.len() > 20 && offered.iter().any(|suite| suite == "AES128-SHA"),
        "weak ones were offered: {offered:?}"
    );
}

#[test]
fn there_is_no_renegotiation_tl_01() {
    let (_installation, served) = serve();
    // A line with an R asks OpenSSL's client to negotiate once more.
    let mut child = Command::new("openssl")
        .args(["s_client", "-tls1_2", "-connect", &format!("127.0.0.1:{}", served.ports.https)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // The connection may be gone by then.
    let _ = stdin.write_all(b"R\n");
    std::thread::sleep(Duration::from_secs(1));
    drop(stdin);
    let said = words(&child.wait_with_output().unwrap());
    assert!(is_connected(&said), "{said}");
    assert!(said.contains("RENEGOTIATING"), "{said}");
    assert!(said.contains("no renegotiation") || said.contains("no_renegotiation") || said.contains("alert"), "{said}");
}

#[test]
fn sslscan_finds_nothing_to_say_tl_01() {
    let (_installation, served) = serve();
    let mut command = Command::new("sslscan");
    command.args(["--no-colour", "--sni-name=open.example.test", &format!("127.0.0.1:{}", served.ports.https)]);
    let said = words(&run(&mut command, ""));
    let has = |line: &str| said.lines().any(|other| other.split_whitespace().collect::<Vec<_>>().join(" ") == line);
    for line in [
        "SSLv2 disabled",
        "SSLv3 disabled",
        "TLSv1.0 disabled",
        "TLSv1.1 disabled",
        "TLSv1.2 enabled",
        "TLSv1.3 enabled",
        "Session renegotiation not supported",
        "TLSv1.3 not vulnerable to heartbleed",
        "TLSv1.2 not vulnerable to heartbleed",
    ] {
        assert!(has(line), "{line:?} is not in {said}");
    }
    let accepted: Vec<&str> =
        said.lines().filter(|line| line.starts_with("Accepted") || line.starts_with("Preferred")).collect();
    assert!(accepted.len() >= 6, "{said}");
    for line in accepted {
        let good = line.contains("TLS_AES_") || line.contains("TLS_CHACHA20_") || line.contains("ECDHE-");
        assert!(good && !line.contains("-SHA ") && !line.contains(" CBC"), "{line}");
    }
}

#[test]
fn a_host_that_was_not_asked_for_in_the_handshake_is_not_served_tl_01() {
    let (_installation, served) = serve();
    let request = |host: &str| {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        s_client(&served, &["-alpn", "http/1.1", "-ign_eof", "-quiet"], &head)
    };
    assert!(request("open.example.test").contains("HTTP/1.1 200 "));
    let other = request("other.example.test");
    assert!(other.contains("HTTP/1.1 421 "), "{other}");
}

#[test]
fn plain_http_on_the_tls_port_is_not_answered_tl_01() {
    let (_installation, served) = serve();
    let mut stream = TcpStream::connect(("127.0.0.1", served.ports.https)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: open.example.test\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&said));
}

/// An authority, and certificates signed by it or not.
fn certificates(folder: &Path) {
    let script = r#"
set -eu
new() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"; }
sign() { # name, authority, DNS name
    printf 'subjectAltName=DNS:%s\nbasicConstraints=critical,CA:FALSE\n' "$3" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.pem"
}
authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -keyout "$1.key" -out "$1.pem" -subj "/CN=$1"; }
authority believed; authority unknown
for name in good expired early named stranger alone; do new "$name"; done
sign good believed localhost
sign named believed elsewhere.example.test
sign stranger unknown localhost
openssl x509 -req -in alone.csr -signkey alone.key -days 30 -extfile good.ext -out alone.pem
faketime '400 days ago' sh -c 'openssl x509 -req -in expired.csr -CA believed.pem -CAkey believed.key -CAcreateserial -days 30 -extfile good.ext -out expired.pem'
faketime '+400 days' sh -c 'openssl x509 -req -in early.csr -CA believed.pem -CAkey believed.key -CAcreateserial -days 30 -extfile good.ext -out early.pem'
"#;
    let made = run(Command::new("sh").current_dir(folder).arg("-s"), script);
    assert!(made.status.success(), "{}", words(&made));
}

#[test]
fn an_upstream_that_cannot_show_who_it_is_hears_nothing_tl_02() {
    const ORIGINS: [&str; 6] = ["good", "expired", "early", "named", "stranger", "alone"];
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str, kind: &str| folder.path().join(format!("{name}.{kind}")).display().to_string();
    let mut child = peer("tls_origins.py")
        .args(ORIGINS.map(|name| format!("{name}={}:{}", file(name, "pem"), file(name, "key"))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let ports = next();
    let apps: Vec<(&str, u16, &str)> =
        ORIGINS.iter().map(|name| (*name, u16::try_from(ports[*name].as_u64().unwrap()).unwrap(), "")).collect();
    let mut installation = site(POLICIES, &apps, &[]);
    for (_, port, _) in &apps {
        installation.instead.push((format!("http://127.0.0.1:{port}\""), format!("https://localhost:{port}\"")));
    }
    let served = installation.begin_with(Ports::free(), &[("SSL_CERT_FILE", &file("believed", "pem"))]);
    served.gateway.wait_ready();
    for name in ORIGINS {
        let host = format!("{name}.example.test");
        let headers = [("X-Forwarded-Proto", "https"), ("Authorization", "Bearer secret")];
        let answer = exchange(served.ports.http, "GET", &host, "/", &headers, b"");
        let expected = if name == "good" { 200 } else { 502 };
        assert_eq!(answer.status, expected, "{name}: {}", answer.text());
    }
    drop(child.stdin.take());
    let heard = next();
    child.wait().unwrap();
    for name in ORIGINS {
        assert_eq!(heard[name].as_u64().unwrap() > 0, name == "good", "{name} heard {} bytes", heard[name]);
    }
}
