//! The access policies as operators look at them: at the console's pages, and at a terminal over the API.

use serde_json::{Value, json};

use super::api::Olga;
use super::cli::Terminal;
use super::first_light::through_the_door;
use crate::world::{Gateway, Kept, browse, until};

#[test]
fn a_terminal_reads_explains_and_tries_policies_of_a_gateway_that_runs() {
    let kept = Kept::new();
    let gateway = kept.demo();
    through_the_door(&gateway, &mut gateway.visitor(), "alice", &gateway.url("wiki", "/page"));
    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);

    let list = terminal.good(&["policy", "list", "wiki-health"]);
    assert!(list.contains("wiki-health") && list.contains("permit") && !list.contains("intranet"), "{list}");
    let cases = terminal.good(&["policy", "cases"]);
    assert!(cases.contains("ok      ") && cases.contains(", 0 failed"), "{cases}");
    assert!(terminal.good(&["policy", "shadow"]).contains("There are no shadow policies."));

    let of_alice = ["policy", "explain", "--app", "wiki", "--path", "/page", "--user", "alice", "--proof", "password"];
    let refused = terminal.refused(&of_alice);
    assert!(refused.contains("challenge: needs otp (by wiki)") && refused.contains("held"), "{refused}");
    let whole = terminal.good(&[&of_alice[..], &["--proof", "otp=5m"]].concat());
    assert!(whole.contains("admit (by wiki)"), "{whole}");

    let records = || -> Value {
        let told = terminal.good(&["policy", "records", "--user", "alice", "--decision", "admit", "--json"]);
        serde_json::from_str(&told).unwrap()
    };
    until("the decision is recorded", || !records()["items"].as_array().unwrap().is_empty());
    let next = terminal.path("next");
    std::fs::create_dir(&next).unwrap();
    std::fs::write(next.join("wiki.cedar"), "@id(\"shut\") forbid (principal, action, resource);").unwrap();
    let next = next.display().to_string();
    let replay = terminal.refused(&["policy", "replay", "--policies", &next]);
    assert!(
        replay.contains("lose  alice in wiki") && replay.contains("refuse by shut instead of admit by wiki"),
        "{replay}"
    );
    std::fs::write(terminal.path("next/wiki.cedar"), "permit (principle);").unwrap();
    let broken = terminal.refused(&["policy", "replay", "--policies", &next]);
    assert!(broken.contains("wiki.cedar:1:"), "{broken}");
}

#[test]
fn the_pages_of_the_policies_are_looked_at() {
    let gateway = Gateway::demo();
    through_the_door(&gateway, &mut gateway.visitor(), "alice", &gateway.url("wiki", "/page"));
    let setup = gateway.first_administrator().expect("the banner names the link");
    browse(&gateway, "console-policies", "console-policies", json!({ "language": "en", "setup": setup }));
}
