//! What is refused when it is loaded, and with which words.

use doorward_api::{Decision, Proofs};

use super::*;

/// The one error of a text, as it is printed.
fn error(text: &str) -> String {
    try_load(text).expect_err("this loads").to_string()
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let printed = error(text);
    assert!(printed.contains(expected), "expected …{expected}… but got:\n{printed}");
}

#[test]
fn a_slip_of_the_pen_is_named_with_line_and_column() {
    let printed = error("@id(\"a\")\npermit(principal, action, resource)\nwhen { context.host = \"a\" };");
    assert!(printed.starts_with("a.cedar:3:8: "), "{printed}");
}

#[test]
fn a_fact_that_does_not_exist_is_named_with_its_place() {
    let printed = error("\n\npermit(principal, action, resource)\n  when { context.hosts == \"a\" };");
    assert!(printed.starts_with("a.cedar:4:10: "), "{printed}");
    assert!(printed.contains("hosts"), "{printed}");
}

#[test]
fn types_are_checked() {
    refused("permit(principal, action, resource) when { context.authn.age.otp < \"300\" };", "unexpected type");
    refused("permit(principal, action, resource) when { context.ip.isInRange(ip(\"10.0.0.0/99\")) };", "a.cedar:1:");
    let printed = error("permit(principal is Usr, action, resource);");
    let expected = "a.cedar:1:21: for policy `a.cedar:1`, unrecognized entity type `Usr`\n  help: did you mean `User`?";
    assert_eq!(printed, expected);
}

#[test]
fn an_unknown_application_is_refused_with_a_hint() {
    let printed = error("// first line\npermit(principal, action,\n  resource == Application::\"wikki\");");
    assert_eq!(printed, "a.cedar:3:28: there is no application \"wikki\"\n  help: did you mean Application::\"wiki\"?");
    refused(
        "permit(principal, action, resource) when { resource == Application::\"mail\" };",
        "help: the applications are wiki, intranet, public",
    );
}

#[test]
fn an_id_given_twice_names_both_places() {
    let a = source("a.cedar", "@id(\"x\") permit(principal, action, resource);");
    let b = source("b.cedar", "\n @id(\"x\") forbid(principal, action, resource);");
    let errors = Policies::load(&[a, b], &apps()).unwrap_err();
    assert_eq!(errors.to_string(), "b.cedar:2:2: @id(\"x\") is given to two policies: here and at a.cedar:1:1");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let sources = [
        source(
            "a.cedar",
            "permit(principal, action, resource == Application::\"x\");\npermit(principal, action, resource == Application::\"y\");",
        ),
        source("b.cedar", "permit("),
    ];
    assert_eq!(Policies::load(&sources, &apps()).unwrap_err().0.len(), 3);
}

#[test]
fn a_template_or_an_empty_id_is_refused() {
    refused("permit(principal == ?principal, action, resource);", "a.cedar:1:");
    refused("@id permit(principal, action, resource);", "an @id needs a text");
}

#[test]
fn a_policy_that_can_never_hold_is_refused() {
    refused("forbid(principal, action, resource) when { false };", "a.cedar:1:");
    refused("forbid(principal is Anonymous, action, resource) when { principal is User };", "a.cedar:1:");
}

#[test]
fn a_literal_that_can_never_be_met_is_refused() {
    let when = |body: &str| format!("forbid(principal, action, resource) when {{ {body} }};");
    refused(&when("context.method == \"get\""), "a.cedar:1:62: no method is \"get\"");
    refused(&when("[\"GET\", \"head\"].contains(context.method)"), "write \"HEAD\"");
    refused(&when("context.host == \"Wiki.localhost\""), "no host is");
    refused(&when("context.host == \"wiki.localhost:8080\""), "no host is");
    refused(&when("context.path == \"admin\""), "no path is");
    refused(&when("context.prefixes.contains(\"/admin/\")"), "no path has the prefix");
    refused(&when("principal == User::\"Mallory\""), "write User::\"mallory\"");
}

#[test]
fn the_classic_mistake_with_path_prefixes_is_refused() {
    let when = |body: &str| format!("permit(principal, action, resource) when {{ {body} }};");
    refused(&when("context.path like \"/public*\""), "write context.prefixes.contains(\"/public\")");
    refused(
        &when("context.secure && !(context.path like \"/admin/*\")"),
        "write context.prefixes.contains(\"/admin\")",
    );
    load(&when("context.path like \"*.png\""));
    load(&when("context.path like \"/u/*/avatar\""));
}

#[test]
fn what_is_put_off_and_what_is_on_probation_are_words_of_the_schema() {
    let when = |body: &str| format!("permit(principal, action, resource) when {{ {body} }};");
    load(&when("context.authn.password && (context.authn.otp || context.authn.enrolment_deferred)"));
    load(r#"forbid(principal, action, resource == Application::"wiki") when { context.authn.probation };"#);
    refused(&when("context.authn.enrolment_defered"), "enrolment_defered");
    refused(&when("context.authn.probation < 3"), "unexpected type");
}

#[test]
fn no_policy_at_all_admits_nobody() {
    let policies = Policies::load(&[], &apps()).unwrap();
    assert!(policies.is_empty());
    let all = Proofs { password: Some(NOW), otp: Some(NOW), push: Some(NOW), passkey: Some(NOW), ..Proofs::NONE };
    for subject in [Subject::Anonymous, user("alice", &[], all)] {
        let decision = policies.slice(&AppId::from("wiki")).decide(&subject, &get("wiki", "/"), NOW);
        assert_eq!(decision, Decision::Refuse { by: vec![] });
    }
}

#[test]
fn an_unknown_application_admits_nobody() {
    let policies = load("permit(principal, action, resource);");
    let decide = |app: &str| policies.slice(&AppId::from(app)).decide(&Subject::Anonymous, &get(app, "/"), NOW);
    assert_eq!(decide("wiki").as_str(), "admit");
    assert_eq!(decide("elsewhere").as_str(), "refuse");
}

#[test]
fn a_policy_without_an_id_is_named_by_its_place() {
    let policies = load("@id(\"a\") permit(principal, action, resource);\npermit(principal, action, resource);");
    let decision = policies.slice(&AppId::from("wiki")).decide(&Subject::Anonymous, &get("wiki", "/"), NOW);
    assert_eq!(decision, Decision::Admit { by: vec!["a".into(), "a.cedar:2".into()] });
}

#[test]
fn a_slice_holds_what_can_apply_to_its_application() {
    let policies = load(
        r#"@id("everywhere") permit(principal, action, resource);
           @id("typed") permit(principal, action, resource is Application);
           @id("wiki") permit(principal, action, resource == Application::"wiki");
           @id("in") permit(principal, action, resource in Application::"intranet");
           @id("in-body") permit(principal, action, resource) when { resource == Application::"public" };"#,
    );
    let ids = |app: &str| -> Vec<String> {
        policies.slice(&AppId::from(app)).entries().iter().map(|e| e.id.to_string()).collect()
    };
    assert_eq!(ids("wiki"), ["everywhere", "typed", "wiki", "in-body"]);
    assert_eq!(ids("intranet"), ["everywhere", "typed", "in", "in-body"]);
    assert_eq!(policies.len(), 5);
}

#[test]
fn the_fingerprint_follows_the_text_and_not_the_order() {
    let a = source("a.cedar", "permit(principal, action, resource);");
    let b = source("b.cedar", "forbid(principal, action, resource);");
    let of = |sources: &[Source]| Policies::load(sources, &apps()).unwrap().fingerprint();
    assert_eq!(of(&[a.clone(), b.clone()]), of(&[b.clone(), a.clone()]));
    assert_ne!(of(&[a.clone(), b]), of(&[a]));
    // The very value, so that another version of the gateway that computes another one is noticed.
    assert_eq!(of(&[]), "cbf29ce484222325");
}

#[test]
fn scenarios_and_groups_can_be_asked_for() {
    let policies = load(
        r#"@id("a") @scenario("Remote access") permit(principal in Group::"staff", action, resource)
           unless { principal in [Group::"guests", Group::"staff"] };"#,
    );
    assert_eq!(policies.scenario(&"a".into()), Some("Remote access"));
    assert_eq!(policies.groups().into_iter().collect::<Vec<_>>(), ["guests", "staff"]);
}

#[test]
fn an_application_that_ignores_case_has_policies_in_small_letters() {
    let source = source(
        "a.cedar",
        r#"@id("a") forbid(principal, action, resource) when { context.prefixes.contains("/Admin") || context.path like "*.PNG" };
@id("b") permit(principal, action, resource == Application::"intranet") when { context.path == "/B" };
@id("c") permit(principal, action, resource) when { context.method == "GET" && context.ip.isInRange(ip("10.0.0.0/8")) };"#,
    );
    let of = |ignoring: &str| {
        let served: Vec<Served> =
            apps().into_iter().map(|app| Served { ignores_case: app.as_str() == ignoring, app }).collect();
        let loaded = Policies::load(std::slice::from_ref(&source), &served);
        loaded.err().map_or_else(Vec::new, |errors| errors.0.into_iter().map(|e| (e.line, e.message)).collect())
    };
    let no_path = |app: &str, text: &str| {
        format!(
            "no path of {app} is \"{text}\": it has case_insensitive = true, so its policies are shown small letters"
        )
    };
    let everywhere = |app: &str| vec![(1, no_path(app, "*.PNG")), (1, no_path(app, "/Admin"))];
    assert_eq!(of("wiki"), everywhere("wiki"));
    assert_eq!(of("intranet"), [everywhere("intranet"), vec![(2, no_path("intranet", "/B"))]].concat());
    assert_eq!(of("none of them"), []);
}

/// The shapes of a condition that make a tree deep, with so many levels.
fn deep(levels: usize) -> [String; 6] {
    [
        format!("{}context.secure{}", "(".repeat(levels), ")".repeat(levels)),
        vec!["context.secure"; levels].join(" && "),
        vec!["context.secure"; levels].join(" || "),
        format!("{} false", "if context.secure then true else ".repeat(levels)),
        format!("1{} != 1", " + 1".repeat(levels)),
        (0..levels / 3).fold("context.secure".to_owned(), |inside, _| format!("context.secure && ({inside})")),
    ]
    .map(|condition| format!("forbid(principal, action, resource) when {{ {condition} }};"))
}

/// A stack that is too small ends the process, and with it this test.
#[test]
fn a_policy_that_goes_too_deep_is_refused_and_one_that_does_not_is_used_on_any_thread() {
    for text in deep(20_000) {
        let printed = error(&text);
        assert!(printed.starts_with("a.cedar:1:1: this policy goes too deep"), "{printed:.200}");
    }
    for text in deep(450) {
        let text = format!("{text} permit(principal, action, resource);");
        let policies = std::thread::Builder::new()
            .stack_size(2 * 1024 * 1024)
            .spawn(move || {
                let policies = load(&text);
                let alice = user("alice", &[], Proofs::NONE);
                let said = crate::explain(&policies, &alice, &get("wiki", "/"), NOW);
                assert_eq!((said.policies.len(), said.policies[0].clauses.is_empty()), (2, false));
                (policies.slice(&"wiki".into()).decide(&alice, &get("wiki", "/"), NOW), text)
            })
            .unwrap();
        let (decision, text) = policies.join().unwrap();
        assert!(matches!(decision, Decision::Refuse { .. }), "{decision:?} by {text:.100}");
    }
}

#[test]
fn of_a_file_with_errors_in_each_line_the_first_hundred_are_told() {
    let one = |n: usize| format!("permit(principal, action, resource == Application::\"other{n}\");\n");
    let text: String = (0..20_000).map(one).collect();
    let errors = try_load(&text).unwrap_err();
    assert_eq!((errors.0.len(), errors.0[0].line), (100, 1));
    assert!(errors.to_string().ends_with("there may be more: 100 are told at most"));
    let all = (0..20_000).map(|n| format!("Application::\"other{n}\"")).collect::<Vec<_>>().join(", ");
    let errors = try_load(&format!("permit(principal, action, resource) when {{ [{all}].contains(resource) }};"));
    assert_eq!(errors.unwrap_err().0.len(), 100);
}

#[test]
fn the_permits_that_ask_for_a_passcode_without_a_password_can_be_asked_for() {
    let alone = |text: &str| load(text).otp_alone().into_iter().map(ToString::to_string).collect::<Vec<_>>();
    let policies = r#"
        @id("both") permit(principal, action, resource) when { context.authn.password && context.authn.otp };
        @id("otp") permit(principal, action, resource) when { context.authn.otp };
        @id("aged") permit(principal, action, resource) when { context.authn.age.otp < 300 };
        @id("password") permit(principal, action, resource) when { context.authn.password };"#;
    assert_eq!(alone(policies), ["otp", "aged"]);
    let forbid = r#"@id("no") forbid(principal, action, resource) unless { context.authn.password };"#;
    assert_eq!(alone(&format!("{policies}\n{forbid}")), [""; 0]);
}
