//! Operators at the console: in by the printed link, with a real authenticator and a real browser, and through every page of
//! the settings.

use serde_json::json;

use super::api::{Olga, ask, read};
use crate::world::{Database, Gateway, Installation, Timed, browse, exchange, words};

fn at_console(gateway: &Gateway, host: &str, path: &str) -> crate::world::Answer {
    exchange(gateway.console, "GET", host, path, &[], b"")
}

/// What the script needs of the console besides the rest.
fn says(timed: &Timed, language: &str) -> serde_json::Value {
    let mut says = timed.says(language);
    says["setup"] = json!(timed.gateway.first_administrator().expect("the banner names the link"));
    says
}

#[test]
fn the_first_administrator_comes_in_by_the_printed_link_and_sets_what_there_is_to_set() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console", "console-english", says(&timed, "en"));
    assert_eq!(timed.sql("select name, role from operator order by name"), "olga|administrator\notto|auditor");
    let changed = timed.sql("select distinct kind from setting_change where operator = 'olga' order by kind");
    let kinds = "lockout\nself_provisioning\nserver_pin_policy\nsynchronization\ntargets\ntoken_template";
    assert_eq!(changed, kinds, "each of them has its entry");
}

#[test]
fn rules_requests_and_the_look_of_the_portal_are_set_at_the_console() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console-rules", "console-rules-english", says(&timed, "en"));
}

#[test]
fn rules_requests_and_the_look_of_the_portal_are_set_at_the_console_in_polish() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console-rules", "console-rules-polish", says(&timed, "pl"));
}

#[test]
fn the_console_in_german() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console", "console-german", says(&timed, "de"));
}

#[test]
fn the_console_without_javascript() {
    let timed = Timed::demo("");
    browse(&timed.gateway, "console-plain", "console-without-script", says(&timed, "en"));
}

#[test]
fn whoever_is_not_signed_in_sees_nothing_and_other_names_lead_nowhere() {
    let gateway = Gateway::demo();
    for path in ["/", "/settings/self-provisioning", "/policies/token-templates", "/operators", "/account"] {
        let answer = at_console(&gateway, "127.0.0.1", path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").is_some_and(|to| to.starts_with("/signin")), "{path}");
    }
    assert_eq!(at_console(&gateway, "127.0.0.1", "/signin").status, 200);
    for host in ["evil.test", "login.localhost", "wiki.localhost"] {
        assert_eq!(at_console(&gateway, host, "/signin").status, 421, "{host}");
    }
    for path in ["/signin", "/operators", "/settings/self-provisioning", "/console"] {
        let public = exchange(gateway.port, "GET", "login.localhost", path, &[], b"");
        assert!(!public.text().contains("Doorward console"), "{path} at the portal");
    }
}

#[test]
fn a_restart_without_operators_voids_the_link_that_was_printed_before() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let mut gateway = Gateway::demo_with(&["--state", state], &[]);
    let before = gateway.first_administrator().unwrap();
    assert_eq!(at_console(&gateway, "127.0.0.1", &before).status, 200);
    gateway.demo_again(&["--state", state]);
    let after = gateway.first_administrator().unwrap();
    assert_ne!(before, after);
    assert_eq!(at_console(&gateway, "127.0.0.1", &before).status, 410);
    assert_eq!(at_console(&gateway, "127.0.0.1", &after).status, 200);
}

#[test]
fn a_lone_administrator_who_has_lost_everything_comes_back_by_the_database() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let gateway = &served.gateway;
    let mut olga = Olga::becomes_administrator(gateway);
    let before = olga.signs_in();
    let told = installation.command(&["operator", "recover", "OLGA"], &[], "");
    assert!(told.status.success(), "{}", words(&told));
    let said = words(&told);
    let link = said.lines().find_map(|line| line.find("/setup/").and_then(|at| line.get(at..))).expect("a link");
    let mut olga = Olga::joins(gateway, link, "olga");
    let now = olga.signs_in();
    let who = |token: &str| {
        let bearer = format!("Bearer {token}");
        ask(gateway, "GET", "/session", &[("Authorization", bearer.as_str())], None)
    };
    assert_eq!(read(&who(&now)).pointer("/operator/role").unwrap(), "administrator", "she is who she was");
    assert_eq!(who(&before).status, 401, "the sessions of before have ended");
    assert_eq!(at_console(gateway, "127.0.0.1", link).status, 410, "it was good once");
    let nobody = installation.command(&["operator", "recover", "nobody"], &[], "");
    assert_eq!(nobody.status.code(), Some(2), "{}", words(&nobody));
    let trail =
        String::from_utf8(installation.command(&["audit", "export"], &["--format", "json"], "").stdout).unwrap();
    for (event, says) in [("OPERATOR_RECOVERY_OFFERED", "command line"), ("OPERATOR_RECOVERED", "olga")] {
        assert!(trail.lines().any(|line| line.contains(event) && line.contains(says)), "{event}");
    }
}
