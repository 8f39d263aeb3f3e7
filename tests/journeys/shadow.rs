//! Other policies than those in force, tried on what was decided of late, and asked in the shadow of each decision: they tell what
//! they would do, and do nothing.

use crate::world::{Installation, Origin, Ports, Served, site, until, words};

const PASSWORD: &str =
    r#"@id("password") permit (principal is User, action, resource) when { context.authn.password };"#;

/// As before, but nobody gets at the reports any more, and the files take a passcode.
const NEXT: &str = r#"
@id("password")
permit (principal is User, action, resource == Application::"wiki") when { context.authn.password };
@id("no-reports")
forbid (principal, action, resource) when { context.prefixes.contains("/reports") };
@id("files")
permit (principal is User, action, resource == Application::"files") when { context.authn.password && context.authn.otp };
"#;

/// With these policies in a folder of their own, asked in the shadow if `asked`.
fn with_next(origin: &Origin, next: &str, asked: bool) -> Installation {
    let mut installation = site(PASSWORD, &[("wiki", origin.port, ""), ("files", origin.port, "")], &["alice", "bob"]);
    std::fs::create_dir(installation.path("next")).unwrap();
    installation.write("next/next.cedar", next);
    if asked {
        let written = "policies = \"policies\"".to_owned();
        installation.instead.push((written.clone(), format!("{written}\npolicies_shadow = \"next\"")));
        // Commands shall know of it as well.
        installation.write("doorward.toml", &installation.configuration(Ports::free()));
    }
    installation
}

/// alice reads a report and a file, bob a page; each is let in.
fn a_morning(served: &Served) {
    let (mut alice, mut bob) = (served.proxied_visitor(), served.proxied_visitor());
    alice.with_password(&served.gateway, "alice", &served.url("wiki", "/reports/2026/12"));
    assert_eq!(alice.get(&served.url("files", "/a.pdf")).status(), 200);
    bob.with_password(&served.gateway, "bob", &served.url("wiki", "/start"));
}

fn said(served: &Served, outcome: &str) -> f64 {
    let series = format!("doorward_policy_shadow_total{{outcome=\"{outcome}\",virtual_server=\"default\"}}");
    served.gateway.metric(&series)
}

#[test]
fn changed_policies_replayed_on_what_was_decided_say_who_loses() {
    let origin = Origin::start();
    let installation = with_next(&origin, NEXT, false);
    let mut served = installation.serve();
    a_morning(&served);
    // What was decided is written down when the process stops, at the latest.
    served.gateway.signal("TERM");
    served.gateway.gone_within(std::time::Duration::from_secs(30));

    let next = installation.path("next").display().to_string();
    let replay = installation.command(&["policy", "replay"], &["--policies", &next], "");
    let told = words(&replay);
    assert_eq!(replay.status.code(), Some(1), "{told}");
    let line = |begins: &str| {
        told.lines().find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("{begins}: {told}")).to_owned()
    };
    let lost = line("lose  alice in wiki");
    assert!(lost.contains("GET /reports/2026/12") && lost.contains("refuse by no-reports instead of admit"), "{lost}");
    let step = line("step  alice in files");
    assert!(step.contains("challenge for otp by files instead of admit by password"), "{step}");
    assert!(!told.contains("bob in"), "for him nothing changes: {told}");

    let policies = installation.path("policies").display().to_string();
    let same = installation.command(&["policy", "replay"], &["--policies", &policies], "");
    assert_eq!(same.status.code(), Some(0), "{}", words(&same));

    installation.write("next/next.cedar", "permit (principal, action, resource == Application::\"wikki\");");
    let broken = installation.command(&["policy", "replay"], &["--policies", &next], "");
    assert_eq!(broken.status.code(), Some(2));
    let broken = words(&broken);
    assert!(broken.contains("next.cedar:1:") && broken.contains("there is no application"), "{broken}");
}

#[test]
fn policies_in_the_shadow_that_would_refuse_change_no_answer_and_are_counted() {
    let origin = Origin::start();
    let installation = with_next(&origin, NEXT, true);
    let check = installation.command(&["check"], &[], "");
    assert!(words(&check).contains("3 policies in the shadow"), "{}", words(&check));
    let served = installation.serve();
    a_morning(&served);
    until("what the shadow says is counted", || said(&served, "lose") >= 1.0 && said(&served, "step") >= 1.0);
    assert!(said(&served, "same") >= 1.0);
    until("and written down", || {
        let differing = "SELECT COUNT(*) FROM decision_record WHERE shadow_outcome = 'lose' AND user_name = 'alice'";
        installation.sql(differing).trim() == "1"
    });
    let tally = installation.sql("SELECT SUM(requests) FROM shadow_tally WHERE outcome = 'lose'");
    assert!(tally.trim().parse::<u64>().unwrap() >= 1, "{tally}");
}

#[test]
fn a_broken_set_in_the_shadow_harms_nothing() {
    let origin = Origin::start();
    let installation = with_next(&origin, "permit (principal, action", true);
    let check = installation.command(&["check"], &[], "");
    let told = words(&check);
    assert_eq!(check.status.code(), Some(1), "{told}");
    assert!(told.contains("policies in the shadow do not hold") && told.contains("next.cedar:1:"), "{told}");

    let served = installation.serve();
    a_morning(&served);
    served.gateway.wait_for_log("policies in the shadow do not hold");
    let reloads = |outcome: &str| {
        served.gateway.metric(&format!("doorward_reloads_total{{outcome=\"{outcome}\",what=\"shadow\"}}"))
    };
    assert_eq!((reloads("refused"), reloads("applied")), (1.0, 0.0));

    // Mended, it is asked from the next reload on; and once more broken, no more.
    installation.write("next/next.cedar", NEXT);
    served.gateway.signal("HUP");
    until("it is taken", || reloads("applied") == 1.0);
    a_morning(&served);
    until("it is asked", || said(&served, "lose") >= 1.0);
    std::fs::remove_dir_all(installation.path("next")).unwrap();
    served.gateway.signal("HUP");
    until("it is gone", || reloads("refused") == 2.0);
    a_morning(&served);
}
