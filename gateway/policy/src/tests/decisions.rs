//! Admit, challenge, refuse.

use std::time::Duration;

use doorward_api::{Decision, Factor};

use super::*;

fn decide(text: &str, subject: &Subject, object: &Object) -> Decision {
    load(text).slice(&object.app).decide(subject, object, NOW)
}

#[track_caller]
fn needs(decision: &Decision, expected: &[Factor]) {
    match decision {
        Decision::Challenge { need, .. } => assert_eq!(need, expected),
        other => panic!("expected a challenge for {expected:?}, got {other:?}"),
    }
}

fn proofs(given: &[(Factor, u64)]) -> Proofs {
    given.iter().fold(Proofs::NONE, |p, (factor, age)| p.with(*factor, NOW - Duration::from_secs(*age)))
}

#[test]
fn the_fewest_and_weakest_further_proofs_are_asked_for() {
    let wiki = get("wiki", "/");
    let nothing = user("alice", &[], Proofs::NONE);
    let text = "permit(principal, action, resource) when { context.authn.passkey || (context.authn.password && context.authn.otp) };";
    needs(&decide(text, &nothing, &wiki), &[Factor::Passkey]);
    needs(&decide(text, &user("alice", &[], proofs(&[(Factor::Password, 9)])), &wiki), &[Factor::Otp]);
    let text = "permit(principal, action, resource) when { context.authn.push || context.authn.otp };";
    needs(&decide(text, &nothing, &wiki), &[Factor::Otp]);
    let text = "permit(principal, action, resource) when { context.authn.push };";
    needs(&decide(text, &user("alice", &[], proofs(&[(Factor::Otp, 0)])), &wiki), &[Factor::Push]);
}

#[test]
fn a_proof_that_is_too_old_is_asked_for_again() {
    let text = "permit(principal, action, resource) when { context.authn.age.otp <= 300 && context.authn.password };";
    let at = |age| {
        decide(text, &user("alice", &[], proofs(&[(Factor::Password, 9999), (Factor::Otp, age)])), &get("wiki", "/"))
    };
    assert_eq!(at(300).as_str(), "admit");
    needs(&at(301), &[Factor::Otp]);
}

#[test]
fn a_proof_of_the_future_is_as_good_as_one_of_now() {
    let text = "permit(principal, action, resource) when { context.authn.age.otp <= 0 };";
    let ahead = Proofs::NONE.with(Factor::Otp, NOW + Duration::from_secs(5));
    assert_eq!(decide(text, &user("alice", &[], ahead), &get("wiki", "/")).as_str(), "admit");
}

#[test]
fn an_approved_push_counts_as_an_otp_with_its_age() {
    let text = "permit(principal, action, resource) when { context.authn.otp && context.authn.age.otp <= 60 };";
    let push = user("alice", &[], proofs(&[(Factor::Push, 30)]));
    assert_eq!(decide(text, &push, &get("wiki", "/")).as_str(), "admit");
}

#[test]
fn what_no_proof_can_help_is_refused_and_names_the_forbids() {
    let text = r#"@id("p") permit(principal, action, resource) when { context.authn.otp };
        @id("f") forbid(principal, action, resource) unless { context.ip.isInRange(ip("10.0.0.0/8")) };
        @id("g") forbid(principal, action, resource) when { context.prefixes.contains("/x") };"#;
    let alice = user("alice", &[], proofs(&[(Factor::Otp, 1)]));
    assert_eq!(decide(text, &alice, &get("wiki", "/")), Decision::Refuse { by: vec!["f".into()] });
    assert_eq!(decide(text, &Subject::Anonymous, &get("wiki", "/")), Decision::Refuse { by: vec!["f".into()] });
    assert_eq!(decide(text, &alice, &get("wiki", "/x")), Decision::Refuse { by: vec!["f".into(), "g".into()] });
}

#[test]
fn nobody_known_is_asked_to_sign_in_if_somebody_could_get_in() {
    let anonymous = |text: &str| decide(text, &Subject::Anonymous, &get("wiki", "/"));
    let staff = r#"permit(principal in Group::"staff", action, resource) when { context.authn.otp };"#;
    needs(&anonymous(staff), &[Factor::Otp]);
    needs(&anonymous("permit(principal is User, action, resource);"), &[Factor::Password]);
    needs(&anonymous(r#"permit(principal == User::"alice", action, resource);"#), &[Factor::Password]);
    let mixed = r#"permit(principal, action, resource)
        when { principal is User && principal.name like "a*" && context.authn.password }
        unless { !context.authn.otp || principal in Group::"guests" };"#;
    needs(&anonymous(mixed), &[Factor::Password, Factor::Otp]);
    assert_eq!(
        anonymous("permit(principal is Anonymous, action, resource) when { context.authn.otp };").as_str(),
        "refuse"
    );
}

#[test]
fn a_forbid_that_spares_some_users_does_not_turn_nobody_away() {
    let permit = "permit(principal is User, action, resource) when { context.authn.password };";
    let anonymous = |forbid: &str| decide(&format!("{permit}\n{forbid}"), &Subject::Anonymous, &get("wiki", "/"));
    needs(
        &anonymous(r#"forbid(principal, action, resource) unless { principal in Group::"staff" };"#),
        &[Factor::Password],
    );
    needs(&anonymous("forbid(principal is Anonymous, action, resource);"), &[Factor::Password]);
    needs(&anonymous(r#"forbid(principal in Group::"guests", action, resource);"#), &[Factor::Password]);
    assert_eq!(anonymous("forbid(principal is User, action, resource);").as_str(), "refuse");
    needs(
        &anonymous("forbid(principal, action, resource) unless { context.authn.otp };"),
        &[Factor::Password, Factor::Otp],
    );
}

#[test]
fn users_are_known_by_name_whatever_its_case_and_groups_by_their_names() {
    let text = r#"@id("alice") permit(principal == User::"alice", action, resource);
        @id("staff") permit(principal in Group::"staff", action, resource);
        @id("name") permit(principal is User, action, resource) when { principal.name == "Carol" && !(principal has display_name) };"#;
    let by = |name: &str, groups: &[&str]| {
        decide(text, &user(name, groups, Proofs::NONE), &get("wiki", "/"))
            .by()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(by("Alice", &[]), ["alice"]);
    assert_eq!(by("bob", &["guests", "staff"]), ["staff"]);
    assert_eq!(by("Carol", &[]), ["name"]);
    assert_eq!(by("row of alice", &["row of staff", "Staff"]), [""; 0]);
}

#[test]
fn a_permit_that_cannot_be_evaluated_does_not_admit() {
    let broken = "context.authn.age.password * 9223372036854775807 > 0";
    let text = format!(r#"@id("p") permit(principal, action, resource) when {{ {broken} }};"#);
    let decision = decide(&text, &user("alice", &[], Proofs::NONE), &get("wiki", "/"));
    // Had the password been given just now, the product would not overflow; yet 0 > 0 does not hold.
    assert_eq!(decision, Decision::Refuse { by: vec![] });
}

#[test]
fn a_forbid_that_cannot_be_evaluated_forbids() {
    let text = r#"@id("p") permit(principal, action, resource);
        @id("f") forbid(principal, action, resource) when { context.authn.age.otp * 9223372036854775807 > 0 };"#;
    let alice = user("alice", &[], proofs(&[(Factor::Otp, 60)]));
    let slice = load(text).slice(&AppId::from("wiki"));
    // A proof of just now gives no overflow, so asking for one is right.
    needs(&slice.decide(&alice, &get("wiki", "/"), NOW), &[Factor::Otp]);
    let text = text.replace("otp * 9223372036854775807 > 0", "otp + 9223372036854775807 > 0 && context.secure");
    assert_eq!(decide(&text, &alice, &get("wiki", "/")), Decision::Refuse { by: vec!["f".into()] });
}

#[test]
fn a_clock_beyond_all_dates_admits_nobody() {
    let text = r#"permit(principal, action, resource) when { context.time > datetime("2020-01-01") };"#;
    let slice = load(text).slice(&AppId::from("wiki"));
    assert_eq!(slice.decide(&Subject::Anonymous, &get("wiki", "/"), NOW).as_str(), "admit");
    assert_eq!(
        slice.decide(&Subject::Anonymous, &get("wiki", "/"), Timestamp::from_millis(i64::MAX)).as_str(),
        "refuse"
    );
}

#[test]
fn an_ipv4_address_is_itself_on_an_ipv6_socket_too() {
    let text = r#"permit(principal, action, resource) when { context.ip.isInRange(ip("10.0.0.0/8")) };"#;
    let mapped = Object { client: "::ffff:10.1.2.3".parse().unwrap(), ..get("wiki", "/") };
    assert_eq!(decide(text, &Subject::Anonymous, &mapped).as_str(), "admit");
}

#[test]
fn prefixes_match_whole_segments() {
    let text = r#"permit(principal, action, resource) when { context.prefixes.contains("/public") };"#;
    let admits = |path: &str| decide(text, &Subject::Anonymous, &get("wiki", path)).as_str() == "admit";
    for path in ["/public", "/public/", "/public/x/y"] {
        assert!(admits(path), "{path}");
    }
    for path in ["/", "/publicity", "/x/public", "/Public", "/public%2fx"] {
        assert!(!admits(path), "{path}");
    }
}

#[test]
fn a_key_holds_only_what_can_make_a_difference() {
    let text = r#"permit(principal, action, resource == Application::"wiki") when { context.authn.age.otp <= 300 };
        permit(principal, action, resource == Application::"wiki") when { context.path == "/health" };
        permit(principal in Group::"staff", action, resource == Application::"intranet");"#;
    let policies = load(text);
    let slice = policies.slice(&AppId::from("wiki"));
    let key = |subject: &Subject, path: &str, later: u64| {
        slice.key(subject, &get("wiki", path), NOW + Duration::from_secs(later))
    };
    let alice = user("alice", &["staff"], proofs(&[(Factor::Otp, 10)]));
    let bob = user("bob", &[], proofs(&[(Factor::Otp, 20)]));
    assert_eq!(key(&alice, "/a", 0), key(&bob, "/b", 0));
    assert_eq!(key(&alice, "/a", 0), key(&alice, "/a", 200));
    assert_ne!(key(&alice, "/a", 0), key(&alice, "/a", 291));
    assert_ne!(key(&alice, "/a", 0), key(&alice, "/health", 0));
    assert_ne!(key(&alice, "/a", 0), key(&Subject::Anonymous, "/a", 0));
    let intranet = policies.slice(&AppId::from("intranet"));
    let of = |subject: &Subject| intranet.key(subject, &get("intranet", "/"), NOW);
    assert_eq!(of(&user("bob", &["x"], Proofs::NONE)), of(&user("eve", &["y", "z"], Proofs::NONE)));
    assert_ne!(of(&alice), of(&bob));
}

#[test]
fn a_key_of_another_slice_is_refused() {
    let policies = load("permit(principal, action, resource);");
    let key = policies.slice(&AppId::from("wiki")).key(&Subject::Anonymous, &get("wiki", "/"), NOW);
    assert_eq!(policies.slice(&AppId::from("wiki")).decide_key(&key).as_str(), "admit");
    assert_eq!(policies.slice(&AppId::from("intranet")).decide_key(&key).as_str(), "refuse");
}
