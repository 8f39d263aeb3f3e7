//! The policies and cases that come with the gateway, and how wrong cases are told.

use super::*;
use crate::cases;

fn shipped() -> Policies {
    let sources = [
        source("wiki.cedar", include_str!("../../../../policies/default/wiki.cedar")),
        source("intranet.cedar", include_str!("../../../../policies/default/intranet.cedar")),
        source("public.cedar", include_str!("../../../../policies/default/public.cedar")),
    ];
    Policies::load(&sources, &apps()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_shipped_case_is_decided_as_it_says() {
    let policies = shipped();
    for (file, text) in [
        ("wiki.toml", include_str!("../../../../policies/cases/wiki.toml")),
        ("intranet.toml", include_str!("../../../../policies/cases/intranet.toml")),
        ("public.toml", include_str!("../../../../policies/cases/public.toml")),
    ] {
        let results = cases::run(&policies, file, text).unwrap();
        assert!(results.len() >= 2);
        for result in results {
            assert!(result.passed(), "{file}:{}: {}: {:?}", result.line, result.name, result.difference);
        }
    }
}

#[test]
fn a_case_that_is_decided_otherwise_says_how() {
    let text = "\n[[case]]\nname = \"n\"\napp = \"wiki\"\nexpect = \"challenge\"\nneed = [\"otp\"]\nby = [\"wiki\"]\n";
    let results = cases::run(&shipped(), "c.toml", text).unwrap();
    assert_eq!((results[0].line, results[0].passed()), (2, false));
    assert_eq!(
        results[0].difference.as_deref(),
        Some("expected challenge with otp by wiki, got challenge with password, otp by wiki")
    );
}

#[test]
fn a_case_that_cannot_be_run_names_its_line() {
    let case = "[[case]]\nname = \"n\"\napp = \"wiki\"\nexpect = \"admit\"\n";
    let error = |text: &str| cases::run(&shipped(), "c.toml", text).unwrap_err().to_string();
    assert!(error(&format!("{case}usr = \"a\"")).starts_with("c.toml:5: unknown field `usr`"));
    assert_eq!(
        error(&format!("{case}\n{}", case.replace("wiki", "wikki"))),
        "c.toml:6: there is no application \"wikki\""
    );
    assert_eq!(error(&format!("{case}proofs = {{ otp = true }}")), "c.toml:1: groups and proofs need a user");
    assert_eq!(error(&format!("{case}need = [\"otp\"]")), "c.toml:1: need belongs to expect = \"challenge\"");
    let soon = format!("{case}user = \"a\"\nproofs = {{ otp = \"soon\" }}");
    assert_eq!(error(&soon), "c.toml:1: \"soon\" is no time ago: write \"10s ago\" (s, m, h, d)");
    assert_eq!(
        error(&format!("{case}at = 2026-01-01")),
        "c.toml:1: at is a date and a time in UTC: 2026-01-01T12:00:00Z"
    );
}

#[test]
fn a_case_may_say_what_is_put_off_and_what_is_on_probation() {
    let policies = load(
        r#"@id("p") permit(principal is User, action, resource)
        when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };
        @id("f") forbid(principal, action, resource == Application::"wiki") when { context.authn.probation };"#,
    );
    let case = |user: &str, proofs: &str, expect: &str| {
        let text =
            format!("[[case]]\nname = \"n\"\napp = \"wiki\"\n{user}\nproofs = {{ {proofs} }}\nexpect = \"{expect}\"\n");
        cases::run(&policies, "c.toml", &text).map(|results| results[0].difference.clone())
    };
    let of_alice =
        |proofs: &str, expect: &str| assert_eq!(case("user = \"alice\"", proofs, expect), Ok(None), "{proofs}");
    of_alice("password = true, enrolment_deferred = true", "admit");
    of_alice("password = true, enrolment_deferred = false", "challenge");
    of_alice("password = true, otp = true, probation = false", "admit");
    of_alice("password = true, otp = true, probation = true", "refuse");
    let of_nobody = case("", "enrolment_deferred = true", "admit").unwrap_err();
    assert_eq!(of_nobody.to_string(), "c.toml:1: groups and proofs need a user");
    let no_time = case("user = \"alice\"", "probation = \"10s ago\"", "admit").unwrap_err().to_string();
    assert!(no_time.starts_with("c.toml:5: invalid type: string"), "{no_time}");
}

#[test]
fn a_case_may_say_when_it_happens() {
    let policies =
        load("permit(principal, action, resource) when { context.time == datetime(\"2024-02-29T23:59:58Z\") };");
    let text = |at: &str| format!("[[case]]\nname = \"n\"\napp = \"wiki\"\nat = {at}\nexpect = \"admit\"\n");
    for (at, passed) in [
        ("2024-02-29T23:59:58Z", true),
        ("2024-03-01T01:59:58+02:00", true),
        ("2024-02-29T23:59:59Z", false),
        ("2023-12-31T00:00:00Z", false),
    ] {
        assert_eq!(cases::run(&policies, "c.toml", &text(at)).unwrap()[0].passed(), passed, "{at}");
    }
}
