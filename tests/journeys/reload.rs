//! SIGHUP: what is read again, what happens where it is bad, and that no connection notices.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::journeys::first_light::{as_far_as_the_code, as_far_as_the_secret};
use crate::world::{Database, Installation, MailServer, Served, certificate, site, until};

fn reloads(served: &Served, what: &str, outcome: &str) -> f64 {
    served.gateway.metric(&format!("doorward_reloads_total{{outcome=\"{outcome}\",what=\"{what}\"}}"))
}

fn reload(served: &Served, what: &str, outcome: &str) {
    let before = reloads(served, what, outcome);
    served.gateway.signal("HUP");
    until(&format!("{what} {outcome}: {}", served.gateway.log.lock().unwrap()), || {
        reloads(served, what, outcome) == before + 1.0
    });
}

/// A connection over TLS that stays, by `openssl s_client`.
struct Tls {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Tls {
    fn open(port: u16) -> Self {
        let mut process = Command::new("openssl")
            .args(["s_client", "-quiet", "-servername", "public.example.test", "-alpn", "http/1.1"])
            .args(["-connect", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed (make test does so)");
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, answers }
    }

    /// The status of a request on it; 0 when the connection is gone.
    fn get(&mut self, target: &str) -> u16 {
        let input = self.process.stdin.as_mut().unwrap();
        write!(input, "GET {target} HTTP/1.1\r\nHost: public.example.test\r\n\r\n").unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line).unwrap() == 0 {
                return 0;
            }
            let lower = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if lower.is_empty() {
                break;
            }
        }
        self.answers.read_exact(&mut vec![0; length]).unwrap();
        status
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The serial number of the certificate that a new handshake shows.
fn serial(port: u16) -> String {
    let shell = format!(
        "openssl s_client -connect 127.0.0.1:{port} -servername wiki.example.test </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn renew_certificate(installation: &Installation, hosts: &[&str]) {
    certificate(&installation.path(""), "site", hosts);
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_the_old_ones_go_on() {
    let installation = Installation::new(Database::Sqlite);
    let served = installation.serve();
    let port = served.ports.https;
    let mut kept = Tls::open(port);
    assert_eq!(kept.get("/before"), 200);
    let before = serial(port);

    renew_certificate(&installation, &["*.example.test"]);
    assert_eq!(serial(port), before, "nothing is taken unasked");
    reload(&served, "certificate", "applied");
    let after = serial(port);
    assert_ne!(after, before);
    assert_eq!(kept.get("/after"), 200, "on the connection of before");
    // curl verifies it.
    let page = served.visitor().get(&served.url("public", "/"));
    assert_eq!(page.status(), 200);
    assert!(served.gateway.metric("doorward_last_reload_success_timestamp_seconds{what=\"certificate\"}") > 1.0e9);

    // The same once more is a reload in which no certificate has changed.
    reload(&served, "configuration", "applied");
    assert_eq!((reloads(&served, "certificate", "applied"), serial(port)), (1.0, after));
}

/// What is spoilt, how, the part that is named, and what the log says.
type Spoilt<'a> = (&'a str, &'a dyn Fn(), &'a str, &'a [&'a str]);

#[test]
fn whatever_is_bad_leaves_all_of_the_old_in_force() {
    let installation = Installation::new(Database::Sqlite);
    let served = installation.serve();
    let (port, file) = (served.ports.https, served.file.clone());
    let good = std::fs::read_to_string(&file).unwrap();
    // Each bad thing comes with one that would be good: another name of the site.
    let renamed = good.replace("name = \"Example\"", "name = \"Renamed\"");
    assert_ne!(good, renamed);
    let policy = installation.path("policies/public.cedar");
    let good_policy = std::fs::read_to_string(&policy).unwrap();
    let (pem, key) = (installation.path("site.pem"), installation.path("site.key"));
    let (good_pem, good_key) = (std::fs::read(&pem).unwrap(), std::fs::read(&key).unwrap());
    certificate(&installation.path(""), "other", &["*.example.test"]);
    certificate(&installation.path(""), "narrow", &["login.example.test", "wiki.example.test"]);
    let write = |to: &Path, text: &str| std::fs::write(to, text).unwrap();
    let replaced = |old: &str, new: &str| {
        let text = renamed.replacen(old, new, 1);
        assert_ne!(text, renamed, "{old}");
        write(&file, &text);
    };
    let before = serial(port);
    let name = || served.proxied_visitor().get(&served.url("login", "/signin")).html();
    assert!(name().contains("Example"));

    let cases: &[Spoilt<'_>] = &[
        ("broken TOML", &|| write(&file, &format!("{renamed}\n[[[")), "configuration", &[".toml:"]),
        ("an unknown key", &|| replaced("threads = 2", "thraeds = 2"), "configuration", &["thraeds"]),
        ("a value that breaks a rule", &|| replaced("threads = 2", "grace = 0"), "configuration", &["listen.grace"]),
        ("a plugin that is not there", &|| replaced("[audit]", "[plugins.none]\n[audit]"), "configuration", &["none"]),
        (
            "templates that are not there",
            &|| write(&file, &format!("templates = \"none\"\n{renamed}")),
            "configuration",
            &["templates"],
        ),
        ("no configuration at all", &|| std::fs::remove_file(&file).unwrap(), "configuration", &["cannot be read"]),
        ("a policy that does not parse", &|| write(&policy, "permit (principal"), "policy", &["public.cedar"]),
        (
            "a policy for an application that does not exist",
            &|| write(&policy, &good_policy.replace("\"public\"", "\"nowhere\"")),
            "policy",
            &["nowhere"],
        ),
        (
            "a policy that asks for what there is not",
            &|| {
                write(
                    &policy,
                    &format!(
                        "{good_policy}\n@id(\"x\") permit (principal, action, resource) when {{ principal.shoe }};"
                    ),
                )
            },
            "policy",
            &["public.cedar", "shoe"],
        ),
        (
            "policies that cannot be read",
            &|| {
                std::fs::rename(&policy, installation.path("aside")).unwrap();
                std::fs::create_dir(&policy).unwrap();
            },
            "policy",
            &["cannot be read"],
        ),
        (
            "no policies' folder",
            &|| replaced("policies = \"policies\"", "policies = \"none\""),
            "configuration",
            &["policies"],
        ),
        (
            "a key that does not fit",
            &|| {
                std::fs::copy(installation.path("other.key"), &key).unwrap();
            },
            "certificate",
            &["cannot be used together"],
        ),
        ("a certificate that is none", &|| write(&pem, "nothing"), "certificate", &["site.pem"]),
        ("a certificate that is not there", &|| std::fs::remove_file(&pem).unwrap(), "certificate", &["site.pem"]),
        (
            "a host that no certificate covers",
            &|| {
                std::fs::copy(installation.path("narrow.pem"), &pem).unwrap();
                std::fs::copy(installation.path("narrow.key"), &key).unwrap();
            },
            "certificate",
            &["no certificate covers the host", "intranet.example.test"],
        ),
        (
            "no certificate at all",
            &|| replaced("[[certificates]]\ncertificate = \"site.pem\"\nkey = \"site.key\"\n", ""),
            "configuration",
            &["listen.https"],
        ),
    ];
    for (what, spoil, part, said) in cases {
        write(&file, &renamed);
        served.gateway.log.lock().unwrap().clear();
        spoil();
        let (applied, refused) = (reloads(&served, "configuration", "applied"), reloads(&served, part, "refused"));
        served.gateway.signal("HUP");
        until(&format!("the refusal of {what}"), || reloads(&served, part, "refused") == refused + 1.0);
        served.gateway.wait_for_log("the old configuration stays in force");
        let log = served.gateway.log.lock().unwrap().clone();
        for word in *said {
            assert!(log.contains(word), "{what}: {word:?} is not said: {log}");
        }
        assert_eq!(reloads(&served, "configuration", "applied"), applied, "{what}");
        assert!(name().contains("Example") && !name().contains("Renamed"), "{what}: half of it is in force");
        assert_eq!(serial(port), before, "{what}");
        assert_eq!(served.proxied_visitor().get(&served.url("public", "/")).status(), 200, "{what}");
        // All is well again.
        let _ = std::fs::remove_dir(&policy);
        std::fs::write(&policy, &good_policy).unwrap();
        std::fs::write(&pem, &good_pem).unwrap();
        std::fs::write(&key, &good_key).unwrap();
    }
    write(&file, &renamed);
    reload(&served, "configuration", "applied");
    assert!(name().contains("Renamed"));
}

#[test]
fn what_needs_a_restart_is_said_and_the_rest_is_in_force_at_once() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let other_mails = MailServer::start(&installation.path("other-mails"));
    std::fs::create_dir_all(installation.path("templates/locales")).unwrap();
    std::fs::write(installation.path("templates/locales/en.ftl"), "signin-submit = Enter here\n").unwrap();
    let good = std::fs::read_to_string(&served.file).unwrap();
    let signin = || served.proxied_visitor().get(&served.url("wiki", "/")).words();
    assert!(signin().contains("Login") && !signin().contains("Enter here"), "{}", signin());

    let changed = good
        .replace("threads = 2", "threads = 3\ngrace = 30")
        .replace(&format!("console = \"127.0.0.1:{}\"", served.ports.console), "console = \"127.0.0.1:9\"")
        .replace("doorward.db", "another.db")
        .replace(&format!("port = {}", installation.mail.port), &format!("port = {}", other_mails.port))
        .replace("trusted_proxies", "templates = \"templates\"\ntrusted_proxies");
    std::fs::write(
        &served.file,
        format!("{changed}\n[limits]\nmemory = \"4GiB\"\n[plugins.otp]\nissuer = \"Another issuer\"\n"),
    )
    .unwrap();
    reload(&served, "configuration", "applied");
    served.gateway.wait_for_log("policies and certificates reloaded");
    let log = served.gateway.log.lock().unwrap().clone();
    let line = log.lines().find(|line| line.contains("needs a restart")).unwrap_or_else(|| panic!("{log}"));
    for (setting, said) in [
        ("listen.console", true),
        ("listen.threads", true),
        ("listen.grace", true),
        ("limits.memory", true),
        ("store.url", true),
        ("listen.https", false),
        ("listen.metrics", false),
        ("store.key_file", false),
        ("audit.checkpoints", false),
    ] {
        assert_eq!(line.contains(setting), said, "{setting}: {line}");
    }

    // Words, plugin and mail server are new; the database is the old one, in which alice is.
    assert!(signin().contains("Enter here"), "{}", signin());
    let mut alice = served.proxied_visitor();
    let page = as_far_as_the_code(&served.gateway, &mut alice, "alice", &served.url("wiki", "/"));
    assert!(page.words().contains("We sent"), "{}", page.words());
    assert_eq!(installation.mails().len(), 0, "nothing goes to the old one");
    assert_eq!(other_mails.mails().len(), 1);
    let code = other_mails.mails()[0].code();
    let page = alice.submit(&page, "verification_code", &[("verification_code", &code)]);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    assert!(page.link("otpauth://").contains("issuer=Another%20issuer"), "{}", page.link("otpauth://"));

    // And back.
    std::fs::write(&served.file, &good).unwrap();
    served.gateway.log.lock().unwrap().clear();
    reload(&served, "configuration", "applied");
    served.gateway.wait_for_log("policies and certificates reloaded");
    assert!(!served.gateway.log.lock().unwrap().contains("needs a restart"));
    assert!(signin().contains("Login"), "{}", signin());
    let (page, _) =
        as_far_as_the_secret(&served.gateway, &mut served.proxied_visitor(), "bob", &served.url("wiki", "/"));
    assert!(page.link("otpauth://").contains("issuer=Example"), "{}", page.link("otpauth://"));
}

#[test]
fn a_new_application_is_served_from_the_reload_on_and_a_removed_one_is_not() {
    const POLICY: &str = r#"@id("open") permit (principal, action, resource);"#;
    let origin = crate::world::Origin::start();
    let mut installation = site(POLICY, &[("one", origin.port, "")], &[]);
    let served = installation.serve();
    let status = |app: &str| {
        let answer = crate::world::exchange(served.ports.http, "GET", &format!("{app}.example.test"), "/", &[], b"");
        answer.status
    };
    assert_eq!((status("one"), status("two")), (200, 421));
    installation.upstreams = [("two".to_owned(), origin.port)].into();
    std::fs::write(&served.file, installation.configuration(served.ports)).unwrap();
    reload(&served, "configuration", "applied");
    assert_eq!((status("one"), status("two")), (421, 200));
}
