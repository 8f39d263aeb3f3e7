//! Upstreams over TLS whose certificates come from an authority of one's own (`ca_file`): each application believes the one that
//! it names, and no other.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::world::{Installation, Served, binary, exchange, peer, run, site, until, words};

const EVERYBODY: &str = "@id(\"everybody\") permit (principal, action, resource);";

/// Two authorities, and a certificate for `localhost` that the first has signed.
fn authorities(folder: &Path) {
    let script = r#"
set -eu
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
for authority in ours others; do
    key $authority
    openssl req -x509 -new -key $authority.key -subj "/CN=$authority" -days 30 -out $authority.pem
done
key origin
openssl req -new -key origin.key -subj /CN=origin -out origin.csr
printf 'subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n' > origin.ext
openssl x509 -req -in origin.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 30 -extfile origin.ext -out origin.pem
"#;
    let made = run(Command::new("sh").current_dir(folder).arg("-s"), script);
    assert!(made.status.success(), "{}", words(&made));
}

/// An application behind that certificate; gone when dropped.
struct TlsOrigin {
    process: Child,
    port: u16,
}

impl TlsOrigin {
    fn start(folder: &Path) -> Self {
        let file = |name: &str| folder.join(name).display().to_string();
        let mut process = peer("tls_origins.py")
            .arg(format!("origin={}:{}", file("origin.pem"), file("origin.key")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).unwrap();
        Self { process, port: u16::try_from(ports["origin"].as_u64().unwrap()).unwrap() }
    }
}

impl Drop for TlsOrigin {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn status(served: &Served, app: &str) -> u16 {
    let headers = [("X-Forwarded-Proto", "https")];
    exchange(served.ports.http, "GET", &format!("{app}.example.test"), "/", &headers, b"").status
}

/// Applications at the same origin, each with its own lines.
fn at(origin: &TlsOrigin, apps: &[(&str, &str)]) -> Installation {
    let apps: Vec<(&str, u16, &str)> = apps.iter().map(|(app, lines)| (*app, origin.port, *lines)).collect();
    let mut installation = site(EVERYBODY, &apps, &[]);
    let port = origin.port;
    installation.instead.push((format!("http://127.0.0.1:{port}\""), format!("https://localhost:{port}\"")));
    installation
}

#[test]
fn an_application_believes_the_authority_that_it_names_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    authorities(folder.path());
    let origin = TlsOrigin::start(folder.path());
    let asked = "health_path = \"/\"\nca_file = \"named-by-asked.pem\"";
    let apps = [
        ("right", "ca_file = \"right.pem\""),
        ("wrong", "ca_file = \"wrong.pem\""),
        ("none", ""),
        ("asked", asked),
        ("askedwrongly", "health_path = \"/\"\nca_file = \"wrong.pem\""),
    ];
    let installation = at(&origin, &apps);
    let put = |authority: &str, file: &str| {
        std::fs::copy(folder.path().join(format!("{authority}.pem")), installation.path(file)).unwrap();
    };
    put("ours", "right.pem");
    put("ours", "named-by-asked.pem");
    put("others", "wrong.pem");
    let served = installation.serve();
    assert_eq!(["right", "wrong", "none"].map(|app| status(&served, app)), [200, 502, 502]);
    let log = served.gateway.log.lock().unwrap().clone();
    for app in ["wrong", "none"] {
        let said = |line: &str| line.contains(&format!("\"app\":\"{app}\"")) && line.contains("UnknownIssuer");
        assert!(log.lines().any(said), "{app}: {log}");
    }
    // The question after their health is asked of the same certificates.
    let healthy = |app: &str| {
        let port = origin.port;
        served.gateway.metric(&format!("doorward_upstream_healthy{{app=\"{app}\",upstream=\"localhost:{port}\"}}"))
    };
    until("the wrong authority is a sick upstream", || {
        let text = exchange(served.gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text();
        text.contains("doorward_upstream_healthy{app=\"askedwrongly\"") && healthy("askedwrongly") == 0.0
    });
    assert_eq!(healthy("asked"), 1.0);

    // A reload brings others, also for connections that are kept.
    put("others", "right.pem");
    put("ours", "wrong.pem");
    served.gateway.signal("HUP");
    until("the other authority is in force", || status(&served, "wrong") == 200);
    assert_eq!(status(&served, "right"), 502, "nothing goes over a connection that was checked with another");
}

#[test]
fn an_authority_that_cannot_be_used_is_named_with_its_application() {
    let folder = tempfile::tempdir().unwrap();
    authorities(folder.path());
    let origin = TlsOrigin::start(folder.path());
    let told = |installation: &Installation| {
        let output = run(Command::new(binary()).arg("check").arg("-c").arg(installation.file()), "");
        assert_eq!(output.status.code(), Some(2), "{}", words(&output));
        words(&output)
    };
    let installation = at(&origin, &[("wiki", "ca_file = \"ca.pem\"")]);
    let begin = "`virtual_server.default.apps.wiki.ca_file`: ";
    for (text, rule) in [
        (None, "ca.pem: "),
        (Some("no certificate"), "it holds no certificate"),
        (Some("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), "certificate 1 in it cannot be used"),
    ] {
        if let Some(text) = text {
            installation.write("ca.pem", text);
        }
        let said = told(&installation);
        assert!(said.contains(begin) && said.contains(rule), "{rule}: {said}");
    }
    let ours = std::fs::read_to_string(folder.path().join("ours.pem")).unwrap();
    installation.write("ca.pem", &ours);
    let output = run(Command::new(binary()).arg("check").arg("-c").arg(installation.file()), "");
    assert!(output.status.success(), "{}", words(&output));

    let plain = site(EVERYBODY, &[("wiki", origin.port, "ca_file = \"ca.pem\"")], &[]);
    plain.write("ca.pem", &ours);
    let said = told(&plain);
    assert!(said.contains(begin) && said.contains("is for upstreams at https://"), "{said}");
}
