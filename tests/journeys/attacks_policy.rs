//! Policies that cannot be evaluated, that name what is gone, or that change while somebody is on the way: nobody is let in by
//! any of it (PO-01, PO-02).

use std::time::{Duration, Instant};

use crate::world::{Installation, Origin, Served, Visitor, exchange, site, words};

/// Puts these policies into the folder and waits until they were reloaded; whether they were taken.
fn reload(installation: &Installation, served: &Served, policies: &[(&str, &str)]) -> bool {
    let folder = installation.path("policies");
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, text) in policies {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let reloads = || {
        let text = exchange(served.ports.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text();
        let sum = |label: &str| {
            let of = text.lines().filter(|line| line.starts_with("doorward_reloads_total{") && line.contains(label));
            of.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
        };
        // The last thing that is counted when all was taken, and the only one when it was not.
        (sum("outcome=\"applied\",what=\"configuration\""), sum("outcome=\"refused\""))
    };
    let before = reloads();
    served.gateway.signal("HUP");
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let now = reloads();
        if now != before {
            return now.0 > before.0;
        }
        assert!(Instant::now() < end, "no reload is counted");
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn status(visitor: &mut Visitor, url: &str) -> u16 {
    visitor.once("GET", url, &[], None).status
}

const PASSWORD: &str =
    r#"@id("password") permit (principal is User, action, resource) when { context.authn.password };"#;

/// PO-01.
#[test]
fn a_policy_that_says_nothing_lets_nobody_in() {
    let origin = Origin::start();
    let installation = site(PASSWORD, &[("wiki", origin.port, ""), ("files", origin.port, "")], &["alice"]);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &wiki);
    let heard = || origin.heads().len();
    let overflow = "context.authn.age.password + 9223372036854775807 > 0";

    // What cannot be evaluated: a permit does not admit, a forbid forbids, whatever else would let her in.
    for (why, policies) in [
        ("a permit that fails", format!("@id(\"p\") permit (principal, action, resource) when {{ {overflow} }};")),
        (
            "a forbid that fails",
            format!("{PASSWORD}\n@id(\"f\") forbid (principal, action, resource) when {{ {overflow} && context.secure }};"),
        ),
        (
            "a group that nobody is in any more",
            r#"@id("gone") permit (principal in Group::"dissolved", action, resource) when { context.authn.password };"#.into(),
        ),
        (
            "everybody but a group that is gone, and nobody is permitted",
            r#"@id("gone") forbid (principal in Group::"dissolved", action, resource);"#.into(),
        ),
        (
            "only for another application",
            r#"@id("files") permit (principal, action, resource == Application::"files");"#.into(),
        ),
        ("nothing but a comment", "// all that was here is gone".into()),
    ] {
        // The session may be some seconds old by now, which is what makes the sum too large.
        assert!(reload(&installation, &served, &[("site.cedar", &policies)]), "{why}");
        std::thread::sleep(Duration::from_millis(1100));
        let before = heard();
        let answer = alice.once("GET", &wiki, &[], None);
        assert!([303, 403].contains(&answer.status), "{why}: {}", answer.status);
        assert_eq!(heard(), before, "{why}: the application heard of it");
        assert!(reload(&installation, &served, &[("site.cedar", PASSWORD)]));
        assert_eq!(status(&mut alice, &wiki), 200, "after {why}");
    }

    // An empty folder is most likely a mistake; in any case nobody gets in by it.
    let taken = reload(&installation, &served, &[]);
    assert_eq!(status(&mut alice, &wiki), if taken { 403 } else { 200 });
    assert!(reload(&installation, &served, &[("site.cedar", PASSWORD)]));

    // What does not exist, or was misspelt, is refused with its name, and the policies in force stay.
    for (broken, named) in [
        (r#"@id("x") permit (principal, action, resource == Application::"wikki");"#, "wikki"),
        (r#"@id("x") permit (principal, action, resource) when { context.authn.passwort };"#, "passwort"),
        (r#"@id("x") permit (principal, action, resource) when { principal.rank > 3 };"#, "rank"),
        (r#"@id("x") permit (principal, action, resource"#, "site.cedar"),
    ] {
        assert!(!reload(&installation, &served, &[("site.cedar", broken)]), "{broken}");
        let log = served.gateway.log.lock().unwrap().clone();
        assert!(log.lines().rev().take(20).any(|line| line.contains(named)), "{named} is not named: {log}");
        assert_eq!(status(&mut alice, &wiki), 200, "{broken}: the old ones are in force");
        let output = installation.command(&["check"], &[], "");
        assert!(!output.status.success() && words(&output).contains(named), "{}", words(&output));
    }
}

/// PO-02: the order of files and policies changes nothing, and a request is judged by one set of them.
#[test]
fn the_order_of_files_changes_nothing_and_a_change_is_for_the_next_request() {
    let origin = Origin::start();
    let installation = site(PASSWORD, &[("wiki", origin.port, "")], &["alice"]);
    let served = installation.serve();
    let (wiki, closed) = (served.url("wiki", "/"), served.url("wiki", "/closed/x"));
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &wiki);
    let forbid = r#"@id("closed") forbid (principal, action, resource) when { context.prefixes.contains("/closed") };"#;
    for files in [
        [("a.cedar", PASSWORD), ("b.cedar", forbid)],
        [("a.cedar", forbid), ("b.cedar", PASSWORD)],
        [("z.cedar", PASSWORD), ("A.cedar", forbid)],
        [("one.cedar", &*format!("{PASSWORD}\n{forbid}")), ("two.cedar", "")],
        [("one.cedar", &*format!("{forbid}\n{PASSWORD}")), ("two.cedar", "")],
    ] {
        assert!(reload(&installation, &served, &files), "{files:?}");
        assert_eq!((status(&mut alice, &wiki), status(&mut alice, &closed)), (200, 403), "{files:?}");
    }

    // A request that was admitted is not half admitted: it comes to its end, and the next one is judged anew.
    let before = origin.heads().len();
    let mut waiting = alice.clone();
    std::thread::scope(|scope| {
        let url = served.url("wiki", "/hold");
        let held = scope.spawn(move || waiting.once("GET", &url, &[], None));
        origin.wait_for(before + 1);
        let nobody = r#"@id("nobody") forbid (principal, action, resource);"#;
        assert!(reload(&installation, &served, &[("site.cedar", PASSWORD), ("nobody.cedar", nobody)]));
        assert_eq!(status(&mut alice, &wiki), 403);
        origin.release();
        let answer = held.join().unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("GET /hold HTTP/1.1") && answer.text().contains("Remote-User: alice"));
    });
    assert_eq!(status(&mut alice, &served.url("wiki", "/hold")), 403);
}
