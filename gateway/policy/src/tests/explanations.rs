//! What `doorward explain` prints.

use std::time::Duration;

use doorward_api::Factor;

use super::*;
use crate::{ClauseOutcome, PolicyOutcome, explain};

const WIKI: &str = include_str!("../../../../policies/default/wiki.cedar");

#[test]
fn the_administration_from_outside_without_an_otp_shows_each_policy_and_what_failed() {
    let policies = Policies::load(&[source("wiki.cedar", WIKI)], &apps()).unwrap();
    let alice = user("alice", &[], Proofs::NONE.with(Factor::Password, NOW - Duration::from_secs(60)));
    let printed = explain(&policies, &alice, &get("wiki", "/admin"), NOW).to_string();
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    for expected in [
        "refuse (by wiki-admin-fresh-otp, wiki-admin-inside-only)",
        "permit wiki (wiki.cedar:5): did not hold",
        "held         principal is User",
        r#"held         resource == Application::"wiki""#,
        "held         when { context.authn.password }",
        "failed       when { context.authn.otp }",
        "permit wiki-health (wiki.cedar:10): did not hold",
        r#"failed       when { context.path == "/health" }"#,
        "forbid wiki-admin-fresh-otp (wiki.cedar:17): held",
        r#"held         when { context.prefixes.contains("/admin") }"#,
        "held         unless { context.authn.age.otp <= 300 }",
        "forbid wiki-admin-inside-only (wiki.cedar:23): held",
        r#"held         unless { context.ip.isInRange(ip("10.0.0.0/8")) }"#,
    ] {
        assert!(lines.contains(&expected), "{expected} is missing in:\n{printed}");
    }
}

#[test]
fn what_comes_after_a_failed_clause_is_not_reached() {
    let policies =
        load("@id(\"p\") permit(principal, action, resource)\nwhen { !context.secure && context.authn.otp };");
    let explained = explain(&policies, &Subject::Anonymous, &get("wiki", "/"), NOW);
    let outcomes: Vec<_> = explained.policies[0].clauses.iter().map(|c| (c.line, c.outcome.clone())).collect();
    assert_eq!(outcomes, [(2, ClauseOutcome::Failed), (2, ClauseOutcome::NotReached)]);
    assert_eq!(explained.to_string().lines().next(), Some("refuse (nothing permits it)"));
}

#[test]
fn what_is_put_off_or_on_probation_is_explained_like_any_other_clause() {
    let policies = load(
        r#"@id("p") permit(principal is User, action, resource)
        when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };
        @id("f") forbid(principal, action, resource) when { context.authn.probation };"#,
    );
    let later = Some(NOW + Duration::from_secs(60));
    let password = Proofs::NONE.with(Factor::Password, NOW);
    let printed = |proofs| explain(&policies, &user("alice", &[], proofs), &get("wiki", "/"), NOW).to_string();
    let put_off = printed(Proofs { deferred_until: later, ..password });
    assert!(put_off.starts_with("admit (by p)"), "{put_off}");
    assert!(
        put_off.contains("held         when { (context.authn.otp || context.authn.enrolment_deferred) }"),
        "{put_off}"
    );
    assert!(put_off.contains("failed       when { context.authn.probation }"), "{put_off}");
    assert!(printed(password).starts_with("challenge: needs otp (by p)"), "{}", printed(password));
    let new = printed(Proofs { probation_until: later, ..password.with(Factor::Otp, NOW) });
    assert!(new.starts_with("refuse (by f)"), "{new}");
    assert!(new.contains("held         when { context.authn.probation }"), "{new}");
}

#[test]
fn an_error_is_shown_where_it_happens() {
    let policies =
        load("forbid(principal, action, resource) when { context.authn.age.otp + 9223372036854775807 > 0 };");
    let explained = explain(&policies, &Subject::Anonymous, &get("wiki", "/"), NOW);
    assert!(matches!(&explained.policies[0].outcome, PolicyOutcome::Error(cause) if cause.contains("overflow")));
    assert!(matches!(&explained.policies[0].clauses[0].outcome, ClauseOutcome::Error(_)));
}

#[test]
fn an_explanation_is_json_too() {
    let policies = load("@id(\"p\") permit(principal is User, action, resource) when { context.authn.otp };");
    let explained = explain(&policies, &Subject::Anonymous, &get("wiki", "/"), NOW);
    assert_eq!(
        serde_json::to_value(&explained).unwrap(),
        serde_json::json!({
            "decision": "challenge", "need": ["otp"], "by": ["p"],
            "policies": [{
                "id": "p", "effect": "permit", "file": "a.cedar", "line": 1, "outcome": "did_not_hold",
                "clauses": [
                    {"text": "principal is User", "line": 1, "outcome": "failed"},
                    {"text": "when { context.authn.otp }", "line": 1, "outcome": "not_reached"},
                ],
            }],
        })
    );
}
