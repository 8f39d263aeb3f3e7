//! PA-01: "`/public` open, `/admin` denied", where the application reads paths in a way of its own: real nginx and real PHP, and
//! origins that read like Tomcat, IIS, a framework, a program in C. Whatever spelling comes through, the administration's page
//! never does.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cases::{APP_COOKIE, Values, bytes};
use crate::world::{ADMINISTRATION, Moody, Nginx, PUBLIC, Php, Served, Temperament, Way, Ways, send_raw, site, words};

/// All that is admitted is below `/public`, and nothing below `/admin`, whatever is admitted.
const ONLY_PUBLIC: &str = r#"
@id("public") permit (principal, action, resource) when { context.prefixes.contains("/public") };
@id("administration") forbid (principal, action, resource) when { context.prefixes.contains("/admin") };
"#;
/// Everything is admitted but what is below `/admin`: what a naive rule says.
const ALL_BUT_ADMIN: &str = r#"
@id("open") permit (principal, action, resource);
@id("administration") forbid (principal, action, resource) when { context.prefixes.contains("/admin") };
"#;
const ALL_ON: &str = "encoded_slash = true\nsemicolon = true\ndouble_slash = true";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The seventeen of the attack table.
    seventeen: Vec<String>,
    /// Further ones.
    more: Vec<String>,
}

/// An origin, and what its application must opt into.
struct Kind {
    name: &'static str,
    port: u16,
    /// It takes capital letters for small ones.
    ignores_case: bool,
    /// It decodes an encoded slash, so that an application that lets those through must not be it.
    decodes_slashes: bool,
}

fn spellings() -> Vec<Vec<u8>> {
    let file: File = toml::from_str(include_str!("spellings.toml")).unwrap();
    assert_eq!(file.seventeen.len(), 17);
    let values = Values { host: "", path: "", session: None, cookie: APP_COOKIE, each: None };
    file.seventeen.iter().chain(&file.more).map(|text| bytes(text, &values).unwrap()).collect()
}

/// What an origin shows for a target that is sent to it directly.
fn shows(port: u16, target: &[u8]) -> String {
    let request = [b"GET ", target, b" HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n"].concat();
    String::from_utf8_lossy(&send_raw(port, &request)).into_owned()
}

/// What comes of a target that is sent through the gateway: the status and the whole answer.
fn asked(ways: &Ways, host: &str, target: &[u8]) -> (u16, String) {
    let rest = format!(" HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut line = ways.connect(Way::Tls, host);
    line.send(&[b"GET ", target, rest.as_bytes()].concat());
    let (answer, raw) = line.answer(false).unwrap_or_else(|end| panic!("{}: {end:?}", target.escape_ascii()));
    (answer.status, String::from_utf8_lossy(&raw).into_owned())
}

#[test]
fn no_spelling_gets_the_administrations_page_from_any_kind_of_origin() {
    let moody: BTreeMap<&str, Moody> = [
        ("strict", Temperament::Strict),
        ("lenient", Temperament::Lenient),
        ("tomcat", Temperament::Semicolons),
        ("iis", Temperament::Folding),
        ("nul", Temperament::EndsAtNul),
    ]
    .map(|(name, temperament)| (name, Moody::start(temperament)))
    .into();
    let (nginx, php) = (Nginx::start(), Php::pages());
    let mut kinds: Vec<Kind> = moody
        .iter()
        .map(|(name, origin)| Kind {
            name,
            port: origin.port,
            ignores_case: *name == "iis",
            decodes_slashes: !matches!(*name, "strict" | "tomcat"),
        })
        .collect();
    kinds.push(Kind { name: "nginx", port: nginx.port, ignores_case: false, decodes_slashes: true });
    kinds.push(Kind { name: "php", port: php.port, ignores_case: false, decodes_slashes: true });

    for policies in [ONLY_PUBLIC, ALL_BUT_ADMIN] {
        let mut apps = Vec::new();
        for kind in &kinds {
            let case = if kind.ignores_case { "case_insensitive = true\n" } else { "" };
            apps.push((format!("{}-strict", kind.name), kind.port, case.to_owned()));
            apps.push((format!("{}-lax", kind.name), kind.port, format!("{case}{ALL_ON}")));
        }
        let apps: Vec<(&str, u16, &str)> =
            apps.iter().map(|(app, port, lines)| (app.as_str(), *port, lines.as_str())).collect();
        let installation = site(policies, &apps, &[]);
        let served = installation.serve();
        let ways = Ways::new(served.ports.http, served.ports.https, &installation.path("site.pem"));
        for kind in &kinds {
            for options in ["strict", "lax"] {
                check(&ways, kind, options, policies == ONLY_PUBLIC);
            }
        }
    }
}

fn check(ways: &Ways, kind: &Kind, options: &str, only_public: bool) {
    let host = format!("{}-{options}.example.test", kind.name);
    assert!(shows(kind.port, b"/admin/").contains(ADMINISTRATION), "{} has an administration", kind.name);
    let (status, page) = asked(ways, &host, b"/public/");
    assert!(status == 200 && page.contains(PUBLIC), "{host}: /public/ is open: {page}");
    for target in [&b"/admin"[..], b"/admin/", b"/admin/index.html", b"/admin?/public"] {
        let (status, page) = asked(ways, &host, target);
        // Where nobody is admitted whoever they are, signing in is not asked for.
        assert_eq!(status, 403, "{host}: {}: {page}", target.escape_ascii());
    }
    let mut through = 0;
    for target in spellings() {
        // An application that asked for encoded slashes said that they are letters there.
        let a_letter =
            options == "lax" && kind.decodes_slashes && target.to_ascii_lowercase().windows(3).any(|w| w == b"%2f");
        let (status, page) = asked(ways, &host, &target);
        let shown = target.escape_ascii();
        assert!(a_letter || !page.contains(ADMINISTRATION), "{host}: {shown} got the administration's page: {page}");
        assert!(
            [200, 301, 400, 403, 404].contains(&status) || (only_public && status == 303),
            "{host}: {shown}: {status}"
        );
        assert!(
            !only_public || status != 200 || page.contains(PUBLIC),
            "{host}: {shown} got what is not public: {page}"
        );
        through += usize::from(![400, 403].contains(&status));
    }
    assert!(only_public || through >= 3, "{host}: hardly anything came through, which shows nothing: {through}");
}

/// The origins are what they are called: each of them does get the administration's page in a spelling of its kind, asked directly.
#[test]
fn each_kind_of_origin_reads_some_spelling_in_its_own_way() {
    for (temperament, target) in [
        (Temperament::Lenient, "/public%2f..%2fadmin"),
        (Temperament::Lenient, "//admin"),
        (Temperament::Semicolons, "/public/..;/admin"),
        (Temperament::Semicolons, "/admin;x=1"),
        (Temperament::Folding, "/ADMIN"),
        (Temperament::Folding, "/public\\..\\admin"),
        (Temperament::EndsAtNul, "/admin%00.png"),
    ] {
        assert_eq!(temperament.shows(target), Some(ADMINISTRATION), "{temperament:?} {target}");
        assert_ne!(Temperament::Strict.shows(target), Some(ADMINISTRATION), "{target}");
    }
    let (nginx, php) = (Nginx::start(), Php::pages());
    for target in ["/public/../admin/", "//admin/", "/%61dmin/", "/public/%2e%2e/admin/", "/public%2f..%2fadmin/"] {
        assert!(shows(nginx.port, target.as_bytes()).contains(ADMINISTRATION), "nginx: {target}");
    }
    assert!(shows(php.port, b"/%61dmin/").contains(ADMINISTRATION), "PHP");
}

/// An origin that ignores case is covered by policies in small letters; policies that could not hold there are refused.
#[test]
fn an_application_that_ignores_case_is_judged_in_small_letters_and_gets_the_path_as_it_was_asked_for() {
    let origin = Moody::start(Temperament::Folding);
    let installation =
        site(ALL_BUT_ADMIN, &[("folding", origin.port, "case_insensitive = true"), ("minding", origin.port, "")], &[]);
    let served: Served = installation.serve();
    let ways = Ways::new(served.ports.http, served.ports.https, &installation.path("site.pem"));
    for target in ["/ADMIN", "/Admin", "/aDMIN/x", "/Public/../ADMIN", "/%41dmin", "/ADMIN?x"] {
        assert_eq!(asked(&ways, "folding.example.test", target.as_bytes()).0, 403, "{target}");
    }
    // Letters that only some servers take for ASCII ones.
    for target in ["/adm%C4%B1n", "/ADM%C4%B0N", "/%E2%84%AA", "/%C5%BF"] {
        assert_eq!(asked(&ways, "folding.example.test", target.as_bytes()).0, 400, "{target}");
    }
    let before = origin.mark();
    assert_eq!(asked(&ways, "folding.example.test", b"/Reset/AbC/%C3%89t%C3%A9?Code=XyZ").0, 200);
    assert!(origin.since(&before).heads[0].starts_with("GET /Reset/AbC/%C3%89t%C3%A9?Code=XyZ HTTP/1.1\r\n"));
    // Without the option, capitals are other letters.
    let (status, page) = asked(&ways, "minding.example.test", b"/ADMIN");
    assert!(status == 200 && page.contains(ADMINISTRATION), "{page}");

    let policies = installation.path("policies/site.cedar");
    for (condition, good) in [
        (r#"context.prefixes.contains("/Admin")"#, false),
        (r#"context.path == "/ADMIN/x""#, false),
        (r#"context.path like "*.PNG""#, false),
        (r#"context.path == "/%C3%89""#, false),
        (r#"context.path == "/%C3%A9" && context.method == "GET""#, true),
    ] {
        let forbid = format!(
            "permit (principal, action, resource);\n@id(\"capital\") forbid (principal, action, resource) when {{ {condition} }};"
        );
        std::fs::write(&policies, forbid).unwrap();
        let checked = installation.command(&["check"], &[], "");
        assert_eq!(checked.status.success(), good, "{condition}: {}", words(&checked));
        assert!(good || words(&checked).contains("case_insensitive"), "{}", words(&checked));
    }
}
