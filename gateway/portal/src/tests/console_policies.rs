//! Access policies in the console, over ports in memory.

use std::sync::Arc;
use std::time::Duration;

use doorward_access::site::{Beside, Shadow};
use doorward_api::decided::{
    Decided, DecisionClass, DecisionFacts, DecisionTally, Difference, Seen, ShadowSaid, ShadowSeen,
};
use doorward_api::operator::Role;
use doorward_api::ports::Decisions;
use doorward_api::settings::Day;
use doorward_api::{AppId, Factor, Module, Proofs, UserId};
use doorward_fakes::now;
use doorward_policy::{Policies, Source};
use http::StatusCode;

use super::console_world::{Browser, Console, all_in, filled};
use super::world::Told;

const WIKI: &str = r#"// Members of staff, with <password>.
@id("wiki") @scenario("2")
permit (principal in Group::"staff", action, resource == Application::"wiki")
when { context.authn.password };

@id("admin-inside") forbid (principal, action, resource == Application::"wiki")
when { context.prefixes.contains("/admin") } unless { context.ip.isInRange(ip("10.0.0.0/8")) };
"#;

fn source(file: &str, text: &str) -> Source {
    Source { file: file.into(), text: text.into() }
}

fn beside() -> Beside {
    Beside { loaded_at: now(), ..Beside::default() }
}

/// So many requests of alice to the wiki, with her password, that were admitted.
fn seen(count: u64, shadow: Option<ShadowSaid>) -> DecisionTally {
    let facts = DecisionFacts {
        at: now(),
        host: "wiki.localhost".into(),
        path: "/pages/7".into(),
        client: [192, 0, 2, 7].into(),
        secure: false,
        display_name: String::new(),
        groups: vec!["staff".into()],
        proofs: Proofs::NONE.with(Factor::Password, now() - Duration::from_secs(90)),
    };
    let class = DecisionClass {
        app: "wiki".into(),
        user: Some(UserId::new("u-alice")),
        name: "alice".into(),
        method: "GET".into(),
        path_class: "/pages/7".into(),
        network: "192.0.2.0/24".into(),
        factors: vec![Factor::Password],
        deferred: false,
        probation: false,
        decided: Decided { decision: "admit".into(), need: Vec::new(), by: vec!["wiki".into()] },
        shadow,
    };
    let seen = Seen { first_at: now(), last_at: now(), count, facts };
    DecisionTally { seen: vec![(Day::parse("2026-11-24").unwrap(), class, seen)], ..DecisionTally::default() }
}

/// Sends the form of the replay with some of its texts changed, and no file.
async fn replayed(browser: &Browser<'_>, changes: &[(&str, &str)], file: (&str, &str)) -> Told {
    const PATH: &str = "/access-policies/replay";
    let page = browser.get(PATH).await;
    let mut fields = filled(&page, PATH);
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields.retain(|(name, _)| name != "files");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.upload(PATH, "http://127.0.0.1:8081", ("files", file.0, file.1.as_bytes()), &fields).await
}

#[tokio::test]
async fn policies_are_read_with_their_place_their_text_and_what_is_said_above_them() {
    let console = Console::with(None, WIKI);
    let anna = {
        console.signed_in("olga", Role::Administrator).await;
        console.signed_in("anna", Role::Auditor).await
    };
    let page = anna.get("/access-policies").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    all_in(
        &page.body,
        &[
            "test.cedar</bdi></h2>",
            "id=\"wiki\"",
            "line <bdi>2</bdi>",
            "@scenario",
            "// Members of staff, with &lt;password&gt;.",
            "when { context.authn.password };",
            "admin-inside",
            "aria-current=\"page\">Policies</a>",
        ],
    );
    let found = anna.get("/access-policies?q=ISINRANGE").await.body;
    assert!(found.contains("id=\"admin-inside\"") && !found.contains("id=\"wiki\""), "{found}");
    all_in(&anna.get("/access-policies?q=none").await.body, &["There is no such policy."]);
}

#[tokio::test]
async fn many_policies_are_shown_in_parts() {
    let many: String = (0..60).map(|n| format!("@id(\"p{n:02}\") permit (principal, action, resource);\n")).collect();
    let console = Console::with(None, &many);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let first = olga.get("/access-policies").await.body;
    assert!(first.contains("id=\"p49\"") && !first.contains("id=\"p50\""));
    all_in(&first, &["href=\"/access-policies?after=50\""]);
    let second = olga.get("/access-policies?after=50").await.body;
    assert!(second.contains("id=\"p59\"") && !second.contains("id=\"p49\"") && !second.contains("rel=\"next\""));
}

#[tokio::test]
async fn without_policies_the_page_says_what_that_means() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    all_in(&olga.get("/access-policies").await.body, &["There is no policy, so nobody gets anywhere."]);
    all_in(&olga.get("/access-policies/cases").await.body, &["There are no cases beside the policies."]);
    all_in(&olga.get("/access-policies/shadow").await.body, &["There are no shadow policies.", "policies_shadow"]);
    all_in(&olga.get("/access-policies/decisions").await.body, &["Nothing was recorded yet."]);
}

#[tokio::test]
async fn a_supposed_request_is_explained_criterion_by_criterion() {
    let console = Console::with(None, WIKI);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let form = olga.get("/access-policies/explain").await;
    all_in(&form.body, &["data-suggests=\"/access-policies/users\"", "<option value=\"alice\">", "Wiki &amp; Co"]);
    assert!(!form.body.contains("What would be decided<"), "nothing was asked");
    let ask =
        "/access-policies/explain?app=wiki&path=/admin/users&method=get&user=alice&address=10.0.0.0/8&password=90s";
    let inside = olga.get(ask).await;
    assert_eq!(inside.status, StatusCode::OK, "{}", inside.body);
    all_in(
        &inside.body,
        &[
            "<span class=\"result good\">Admitted</span>",
            "GET http://wiki.localhost:8080/admin/users",
            "href=\"/users/u-alice\"",
            "test.cedar:2",
            "when { context.authn.password }",
            "<span class=\"mark\">held</span>",
            "<span class=\"mark\">failed</span>",
        ],
    );
    let outside = olga.get(&ask.replace("10.0.0.0/8", "192.0.2.7")).await.body;
    all_in(&outside, &["<span class=\"result bad\">Refused</span>", "<code translate=\"no\">admin-inside</code>"]);
    let supposed = olga.get(&ask.replace("user=alice", "user=somebody&groups=staff,%20sales")).await.body;
    all_in(&supposed, &["<span class=\"result good\">Admitted</span>", "<bdi>staff</bdi>, <bdi>sales</bdi>"]);
    let nobody = olga.get("/access-policies/explain?app=wiki&address=10.0.0.1").await.body;
    all_in(&nobody, &["<span class=\"result step\">Further proof</span>", "nobody signed in"]);
}

#[tokio::test]
async fn what_cannot_be_supposed_is_said_at_its_field_and_what_was_typed_stays() {
    let console = Console::with(None, WIKI);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga
        .get("/access-policies/explain?app=mail&path=/../x&user=nobody&address=here&time=soon&otp=5w&password=0s")
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["app", "path", "address", "time", "otp"] {
        assert!(page.body.contains(&format!("<a href=\"#{field}\">")), "{field}: {}", page.body);
    }
    all_in(&page.body, &["path_climbs", "value=\"here\"", "value=\"5w\"", "value=\"soon\""]);
    let nobody = olga.get("/access-policies/explain?app=wiki&user=nobody&address=10.0.0.1").await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&nobody.body, &["<a href=\"#user\">"]);
}

#[tokio::test]
async fn whoever_may_not_look_at_users_is_told_no_groups_and_given_no_names() {
    let console = Console::with(None, WIKI);
    console.signed_in("olga", Role::Administrator).await;
    let pia = console.signed_in("pia", console.role("policies", &[Module::AccessPolicies.view()])).await;
    let page = pia.get("/access-policies/explain?app=wiki&user=alice&address=10.0.0.1&password=0s").await.body;
    all_in(&page, &["<span class=\"result good\">Admitted</span>"]);
    assert!(
        !page.contains("/users/") && !page.contains("<bdi>staff</bdi>") && !page.contains("data-suggests"),
        "{page}"
    );
    assert_eq!(pia.get("/access-policies/users?q=a").await.status, StatusCode::FORBIDDEN);
    console.store.keep_decisions(&"default".into(), &seen(3, None)).await.unwrap();
    let records = pia.get("/access-policies/decisions").await.body;
    assert!(records.contains("alice") && !records.contains("href=\"/users/"), "{records}");
}

#[tokio::test]
async fn names_are_offered_that_begin_with_what_is_typed() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let told = olga.get("/access-policies/users?q=al").await;
    assert_eq!((told.header("content-type"), told.body.as_str()), ("application/json", "[\"alice\"]"));
    assert_eq!(olga.get("/access-policies/users?q=none").await.body, "[]");
}

#[tokio::test]
async fn the_cases_are_run_and_each_is_told_of() {
    let case =
        |name: &str, expect: &str| format!("[[case]]\nname = \"{name}\"\napp = \"wiki\"\nexpect = \"{expect}\"\n");
    let cases = vec![
        source("cases/wiki.toml", &(case("<first>", "challenge") + &case("second", "admit"))),
        source("cases/broken.toml", "[[case]]\nnames = 1\n"),
    ];
    let console = Console::with_beside(WIKI, Beside { cases, ..beside() });
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/access-policies/cases").await;
    all_in(&page.body, &["cases/wiki.toml", "Run the cases"]);
    assert!(!page.body.contains("first"));
    let ran = olga.send(&page, "/access-policies/cases", &[]).await;
    assert_eq!(ran.status, StatusCode::OK, "{}", ran.body);
    all_in(
        &ran.body,
        &[
            "Otherwise: 2",
            "As expected: 1",
            "&lt;first&gt;",
            "expected admit, got challenge",
            "cases/broken.toml:2:",
            "Run them again",
        ],
    );
}

#[tokio::test]
async fn a_replay_says_who_would_lose_and_by_which_request() {
    let console = Console::with(None, WIKI);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let records = console.store.with(|rows| rows.events.len());
    let none = replayed(&olga, &[], ("", "")).await;
    assert_eq!(none.status, StatusCode::OK, "{}", none.body);
    all_in(&none.body, &["Nothing was recorded yet, so there is nothing to decide again."]);

    console.store.keep_decisions(&"default".into(), &seen(41, None)).await.unwrap();
    all_in(&replayed(&olga, &[], ("", "")).await.body, &["Every recorded request would be decided as it was."]);
    let sales = WIKI.replace("staff", "sales");
    let lost = replayed(&olga, &[("text.1", &sales)], ("", "")).await.body;
    all_in(
        &lost,
        &[
            "Would lose access",
            "href=\"/users/u-alice\"",
            "Requests: 41",
            "GET /pages/7",
            "Admitted",
            "Refused",
            "<span class=\"tag\">changed</span>",
            "Group::&quot;sales&quot;",
        ],
    );
    // A file takes the place of the one of its name; one more stands beside it.
    let otp = WIKI.replace("context.authn.password", "context.authn.password && context.authn.otp");
    all_in(&replayed(&olga, &[], ("test.cedar", &otp)).await.body, &["Would be asked otherwise", "passcode"]);
    let shut = r#"@id("shut") forbid (principal, action, resource);"#;
    all_in(&replayed(&olga, &[("text.2", shut)], ("", "")).await.body, &["Would lose access", "new.cedar"]);
    all_in(&replayed(&olga, &[("text.1", "")], ("more.cedar", shut)).await.body, &["Would lose access", "more.cedar"]);
    assert_eq!(console.store.with(|rows| rows.events.len()), records, "nothing but looking");
}

#[tokio::test]
async fn changed_policies_that_do_not_hold_are_named_by_file_and_line() {
    let console = Console::with(None, WIKI);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let wrong = WIKI.replace("authn.password", "authn.pasword").replace("\"wiki\")", "\"wikki\")");
    let told = replayed(&olga, &[("text.1", &wrong)], ("", "")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(
        &told.body,
        &[
            "These policies do not hold",
            "<a href=\"#text.1\"><bdi translate=\"no\">test.cedar:4:8",
            "did you mean",
            "pasword",
        ],
    );
    let binary = replayed(&olga, &[], ("x.cedar", "\u{fffd}")).await;
    assert_eq!(binary.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&binary.body, &["x.cedar:1:"]);
    let nothing = replayed(&olga, &[("text.1", " ")], ("", "")).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&nothing.body, &["<a href=\"#files\">"]);
}

#[tokio::test]
async fn the_shadow_page_tells_what_would_be_otherwise() {
    let text = WIKI.replace("staff", "sales");
    let shut = Policies::load(&[source("next/a.cedar", &text)], &[AppId::from("wiki")]).unwrap();
    let fingerprint = shut.fingerprint();
    let shadow = Shadow { folder: "/etc/doorward/next".into(), loaded: Ok(Arc::new(shut)) };
    let console = Console::with_beside(WIKI, Beside { shadow: Some(shadow), ..beside() });
    let olga = console.signed_in("olga", Role::Administrator).await;
    all_in(
        &olga.get("/access-policies/shadow").await.body,
        &["/etc/doorward/next", "They were not asked yet", &fingerprint],
    );
    let said = ShadowSaid {
        fingerprint: fingerprint.clone(),
        decided: Decided { decision: "refuse".into(), need: Vec::new(), by: Vec::new() },
        difference: Difference::Lose,
    };
    let mut tally = seen(5, Some(said));
    let often = |count| ShadowSeen { count, first_at: now(), last_at: now() };
    tally.shadow.insert((fingerprint.clone(), "lose"), often(5));
    tally.shadow.insert((fingerprint, "same"), often(70));
    console.store.keep_decisions(&"default".into(), &tally).await.unwrap();
    let page = olga.get("/access-policies/shadow").await.body;
    all_in(
        &page,
        &[
            "Would lose access",
            "<strong>70</strong>",
            "GET /pages/7",
            "href=\"/access-policies/shadow?difference=lose\"",
        ],
    );
    let gains = olga.get("/access-policies/shadow?difference=gain").await.body;
    all_in(&gains, &["Nowhere so far.", "All of it"]);
}

#[tokio::test]
async fn shadow_policies_that_do_not_hold_are_told_with_their_faults() {
    let shadow =
        Shadow { folder: "next".into(), loaded: Err("next/a.cedar:1:1: <wrong>\nnext/b.cedar:2:1: too".into()) };
    let console = Console::with_beside(WIKI, Beside { shadow: Some(shadow), ..beside() });
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/access-policies/shadow").await.body;
    all_in(&page, &["They do not hold, so they are not asked", "next/a.cedar:1:1: &lt;wrong&gt;</li>", "b.cedar:2:1"]);
}

#[tokio::test]
async fn records_are_looked_through_and_lead_to_their_explanation() {
    let console = Console::with(None, WIKI);
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.store.keep_decisions(&"default".into(), &seen(12, None)).await.unwrap();
    let page = olga.get("/access-policies/decisions").await.body;
    all_in(&page, &["2026-11-24", "192.0.2.0/24", "GET /pages/7", "Records: 1", ">12</td>"]);
    let link = page.split("href=\"/access-policies/explain?").nth(1).unwrap().split('"').next().unwrap();
    let explained = olga.get(&format!("/access-policies/explain?{}", link.replace("&amp;", "&"))).await;
    assert_eq!(explained.status, StatusCode::OK, "{link}: {}", explained.body);
    assert!(link.contains("groups=staff"), "with the groups of then: {link}");
    all_in(&explained.body, &["<span class=\"result good\">Admitted</span>", "GET http://wiki.localhost:8080/pages/7"]);
    assert!(olga.get("/access-policies/decisions?user=alice&decision=admit").await.body.contains("GET /pages/7"));
    all_in(&olga.get("/access-policies/decisions?decision=refuse").await.body, &["Nothing of this kind was recorded."]);
    let wrong = olga.get("/access-policies/decisions?user=nobody").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&wrong.body, &["<a href=\"#user\">", "value=\"nobody\""]);
}

#[tokio::test]
async fn forms_of_others_are_not_taken() {
    let console = Console::with_beside(WIKI, beside());
    let olga = console.signed_in("olga", Role::Administrator).await;
    let foreign = olga.upload("/access-policies/replay", "https://evil.example", ("files", "a", b"x"), &[]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(olga.post("/access-policies/cases", &[("csrf", "x")]).await.status, StatusCode::FORBIDDEN);
}
