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

/// The wiki wants an OTP unless it may be put off.
const MAY_BE_PUT_OFF: &str = r#"@id("wiki") permit(principal is User, action, resource == Application::"wiki")
    when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };"#;

/// The wiki wants a passcode of the last five minutes, and a token that is not on probation.
const NO_NEWCOMERS: &str = r#"@id("wiki") permit(principal is User, action, resource == Application::"wiki")
        when { context.authn.password && context.authn.otp && context.authn.age.otp <= 300 };
    @id("newcomers") forbid(principal, action, resource == Application::"wiki") when { context.authn.probation };"#;

const A_MINUTE: Duration = Duration::from_secs(60);

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
fn whoever_may_put_an_authenticator_off_gets_in_without_one_until_the_deadline() {
    let slice = load(MAY_BE_PUT_OFF).slice(&AppId::from("wiki"));
    let until = NOW + A_MINUTE;
    let password = proofs(&[(Factor::Password, 9)]);
    let alice = user("alice", &[], Proofs { deferred_until: Some(until), ..password });
    let at = |now| slice.decide(&alice, &get("wiki", "/"), now);
    assert_eq!(at(NOW), Decision::Admit { by: vec!["wiki".into()] });
    assert_eq!(at(until - Duration::from_millis(1)).as_str(), "admit");
    needs(&at(until), &[Factor::Otp]);
    needs(&slice.decide(&user("bob", &[], password), &get("wiki", "/"), NOW), &[Factor::Otp]);
}

#[test]
fn putting_off_proves_nothing_and_is_never_asked_for() {
    let slice = load(MAY_BE_PUT_OFF).slice(&AppId::from("wiki"));
    let put_off = Proofs { deferred_until: Some(NOW + A_MINUTE), ..Proofs::NONE };
    // It stays as it is, so that the password alone is missing.
    needs(&slice.decide(&user("alice", &[], put_off), &get("wiki", "/"), NOW), &[Factor::Password]);
    needs(&slice.decide(&Subject::Anonymous, &get("wiki", "/"), NOW), &[Factor::Password, Factor::Otp]);
    let alone = r#"permit(principal is User, action, resource) when { context.authn.enrolment_deferred };"#;
    let bob = user("bob", &[], proofs(&[(Factor::Password, 9)]));
    assert_eq!(decide(alone, &bob, &get("wiki", "/")), Decision::Refuse { by: vec![] });
}

#[test]
fn a_token_on_probation_is_refused_and_not_asked_for_again() {
    let slice = load(NO_NEWCOMERS).slice(&AppId::from("wiki"));
    let until = NOW + Duration::from_hours(1);
    let new = |otp| Proofs { probation_until: Some(until), ..proofs(&[(Factor::Password, 900), (Factor::Otp, otp)]) };
    let refused = Decision::Refuse { by: vec!["newcomers".into()] };
    for otp in [0, 300, 301] {
        // Even where the passcode is too old: another of the same token would change nothing.
        assert_eq!(slice.decide(&user("alice", &[], new(otp)), &get("wiki", "/"), NOW), refused, "{otp}");
    }
    let later = |given: Proofs, now| slice.decide(&user("alice", &[], given), &get("wiki", "/"), now);
    assert_eq!(later(new(0), until - Duration::from_millis(1)).as_str(), "refuse");
    needs(&later(new(0), until), &[Factor::Otp]);
    assert_eq!(later(new(0).with(Factor::Otp, until), until).as_str(), "admit");
}

#[test]
fn a_challenge_whose_token_turns_out_to_be_on_probation_ends_in_a_refusal() {
    let slice = load(NO_NEWCOMERS).slice(&AppId::from("wiki"));
    let mut given = Proofs::NONE;
    let ask = |given| slice.decide(&user("alice", &[], given), &get("wiki", "/"), NOW);
    while let Decision::Challenge { need, .. } = ask(given) {
        assert!(given.otp.is_none(), "asked in circles");
        given = need.iter().fold(given, |given, factor| given.with(*factor, NOW));
        given.probation_until = Some(NOW + A_MINUTE);
    }
    assert_eq!(ask(given), Decision::Refuse { by: vec!["newcomers".into()] });
}

#[test]
fn nobody_known_is_asked_to_sign_in_where_only_those_who_put_it_off_or_are_new_get_in() {
    let anonymous = |text: &str| decide(text, &Subject::Anonymous, &get("wiki", "/"));
    let permit = |body: &str| format!("permit(principal is User, action, resource) when {{ {body} }};");
    needs(&anonymous(&permit("context.authn.enrolment_deferred")), &[Factor::Password]);
    needs(&anonymous(&permit("context.authn.probation && context.authn.otp")), &[Factor::Otp]);
    let neither = "forbid(principal, action, resource) unless { context.authn.enrolment_deferred };";
    needs(&anonymous(&format!("{} {neither}", permit("context.authn.probation"))), &[Factor::Password]);
    let never = "forbid(principal, action, resource) when { context.authn.enrolment_deferred };";
    assert_eq!(anonymous(&format!("{never} {}", permit("context.authn.enrolment_deferred"))).as_str(), "refuse");
}

#[test]
fn a_key_changes_when_what_is_put_off_or_on_probation_ends() {
    let policies = load(&format!(
        r#"{MAY_BE_PUT_OFF} permit(principal, action, resource == Application::"intranet") when {{ !context.authn.probation }};"#
    ));
    let until = NOW + A_MINUTE;
    let put_off = user("alice", &[], Proofs { deferred_until: Some(until), ..Proofs::NONE });
    let new = user("alice", &[], Proofs { probation_until: Some(until), ..Proofs::NONE });
    let neither = user("alice", &[], Proofs::NONE);
    let (wiki, intranet) = (policies.slice(&AppId::from("wiki")), policies.slice(&AppId::from("intranet")));
    let of_wiki = |who: &Subject, now| wiki.key(who, &get("wiki", "/"), now);
    let of_intranet = |who: &Subject, now| intranet.key(who, &get("intranet", "/"), now);
    // The end itself is not in the key: it is kept as long as it is good, and for everybody alike.
    let farther = user("bob", &[], Proofs { deferred_until: Some(until + A_MINUTE), ..Proofs::NONE });
    assert_eq!(of_wiki(&put_off, NOW), of_wiki(&put_off, until - Duration::from_secs(1)));
    assert_eq!(of_wiki(&put_off, NOW), of_wiki(&farther, NOW));
    assert_ne!(of_wiki(&put_off, NOW), of_wiki(&put_off, until));
    assert_eq!(of_wiki(&put_off, until), of_wiki(&neither, NOW));
    assert_ne!(of_intranet(&new, NOW), of_intranet(&new, until));
    assert_eq!(of_intranet(&new, until), of_intranet(&neither, NOW));
    assert!(!wiki.footprint(&put_off, &get("wiki", "/"), until).is(&of_wiki(&put_off, NOW)));
    // What no policy of the application reads makes no difference.
    assert_eq!(of_wiki(&new, NOW), of_wiki(&neither, NOW));
    assert_eq!(of_intranet(&put_off, NOW), of_intranet(&neither, NOW));
}

#[test]
fn a_key_of_another_slice_is_refused() {
    let policies = load("permit(principal, action, resource);");
    let key = policies.slice(&AppId::from("wiki")).key(&Subject::Anonymous, &get("wiki", "/"), NOW);
    assert_eq!(policies.slice(&AppId::from("wiki")).decide_key(&key).as_str(), "admit");
    assert_eq!(policies.slice(&AppId::from("intranet")).decide_key(&key).as_str(), "refuse");
}
