//! Enrolment rules and the appearance of a portal, set by an operator through the API, or in the database where how they are set
//! is told elsewhere.

use serde_json::{Value, json};

use crate::journeys::api::{Olga, ask, read};
use crate::journeys::first_light::{as_far_as_the_code, through_the_door};
use crate::journeys::token_policies::set;
use crate::world::{Database, Gateway, Installation, Ports, exchange, until};

const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// The wiki lets in who has put it off; payroll is closed to new tokens.
const POLICIES: &str = r#"
@id("wiki")
permit (principal is User, action, resource == Application::"wiki")
when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };

@id("payroll")
permit (principal is User, action, resource == Application::"payroll")
when { context.authn.password && context.authn.otp };

@id("payroll-not-for-new-tokens")
forbid (principal, action, resource == Application::"payroll")
when { context.authn.probation };
"#;

fn rule(changes: &Value) -> Value {
    let mut rule = json!({
        "name": "everybody", "groups": [], "percentage": 100, "starts_on": null, "deadline": null,
        "proof": {"kind": "none"}, "probation_hours": 0
    });
    for (field, value) in changes.as_object().unwrap() {
        rule[field] = value.clone();
    }
    json!({ "rules": [rule] })
}

/// A day so many days from now, by the machine's own clock.
fn day(ahead: i64) -> String {
    let output =
        std::process::Command::new("date").args(["-u", "-d", &format!("{ahead} days"), "+%F"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An installation with those policies, and alice.
fn company(database: Database, origin: u16) -> Installation {
    let mut installation = Installation::new(database);
    std::fs::remove_dir_all(installation.path("policies")).unwrap();
    std::fs::create_dir(installation.path("policies")).unwrap();
    std::fs::write(installation.path("policies/site.cedar"), POLICIES).unwrap();
    installation.upstreams = [("wiki".to_owned(), origin), ("payroll".to_owned(), origin)].into_iter().collect();
    installation.add_user("alice", Some("alice@example.test"), &["staff"]);
    installation
}

#[test]
fn a_second_factor_is_put_off_until_its_deadline_and_no_longer() {
    for database in BOTH {
        let origin = crate::world::Origin::start();
        let installation = company(database, origin.port);
        set(&installation, "enrolment_rules", &rule(&json!({"deadline": day(2)})));
        let served = installation.serve();
        let wiki = served.url("wiki", "/page");
        let mut alice = served.proxied_visitor();
        let page = alice.sign_in(&served.gateway, "alice", &wiki);
        page.says("Later");
        let page = alice.send(&page, &page.form_to("/enrol/later"), &[]);
        assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
        // Payroll knows of no "later", whatever she has put off.
        let page = alice.get(&served.url("payroll", "/"));
        page.says("Add Authenticator");
        page.says_not("Later");

        // She was reminded when the gateway began: three days are left at the most.
        let reminded = || installation.mails().iter().filter(|mail| mail.to == "alice@example.test").count() == 1;
        until("alice is reminded", reminded);
        let mail = served.gateway.mail_to("alice@example.test");
        assert!(mail.text.contains(&day(2)), "{}", mail.text);
        drop(served);
        let served = installation.begin(Ports::free());
        std::thread::sleep(std::time::Duration::from_secs(2));
        assert!(reminded(), "nobody is reminded twice of the same day");

        set(&installation, "enrolment_rules", &rule(&json!({"deadline": day(-1)})));
        let wiki = served.url("wiki", "/page");
        let mut late = served.proxied_visitor();
        let page = late.sign_in(&served.gateway, "alice", &wiki);
        page.says("Add Authenticator");
        page.says_not("Later");
        let deferred = installation.sql("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%ENROLLMENT_DEFERRED%'");
        assert_eq!(deferred.trim(), "1");
    }
}

#[test]
fn whom_a_rule_has_not_reached_signs_in_as_before() {
    let origin = crate::world::Origin::start();
    let installation = company(Database::Sqlite, origin.port);
    set(&installation, "enrolment_rules", &rule(&json!({"starts_on": day(5)})));
    let served = installation.serve();
    let wiki = served.url("wiki", "/page");
    let page = served.proxied_visitor().sign_in(&served.gateway, "alice", &wiki);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
}

#[test]
fn a_new_token_does_not_open_what_is_kept_from_new_ones() {
    for database in BOTH {
        let origin = crate::world::Origin::start();
        let installation = company(database, origin.port);
        set(&installation, "enrolment_rules", &rule(&json!({"probation_hours": 24})));
        let served = installation.serve();
        let (gateway, wiki, payroll) = (&served.gateway, served.url("wiki", "/"), served.url("payroll", "/"));
        let mut alice = served.proxied_visitor();
        let (page, _) = through_the_door(gateway, &mut alice, "alice", &wiki);
        assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()));
        assert_eq!(alice.get(&payroll).status(), 403, "on probation");
        // The rule is taken back: the next sign-in is on no probation any more.
        set(&installation, "enrolment_rules", &json!({"rules": []}));
        let left = alice.sign_out(&served.url("login", "/"));
        assert_eq!(left.status, 303);
        let page = alice.sign_in(gateway, "alice", &payroll);
        page.says("passcode");
    }
}

/// Olga's way to the API.
fn caller<'g>(gateway: &'g Gateway, token: &str) -> impl Fn(&str, &str, Option<&Value>) -> crate::world::Answer + 'g {
    let bearer = format!("Bearer {token}");
    move |method, path, body| ask(gateway, method, path, &[("Authorization", bearer.as_str())], body)
}

/// Puts a document in place of the one that there is.
fn put(gateway: &Gateway, token: &str, path: &str, document: &Value) -> crate::world::Answer {
    let bearer = format!("Bearer {token}");
    let seen = ask(gateway, "GET", path, &[("Authorization", bearer.as_str())], None);
    let etag = seen.header("etag").expect("a version").to_owned();
    ask(gateway, "PUT", path, &[("Authorization", bearer.as_str()), ("If-Match", etag.as_str())], Some(document))
}

#[test]
fn who_needs_an_approval_asks_for_it_and_goes_on_when_it_is_there() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    let done =
        put(&gateway, &token, "/settings/enrolment_rules", &rule(&json!({"proof": {"kind": "operator_approval"}})));
    assert_eq!(done.status, 200, "{}", done.text());

    let (mut alice, wiki) = (gateway.visitor(), gateway.url("wiki", "/page"));
    let page = as_far_as_the_code(&gateway, &mut alice, "alice", &wiki);
    let code = gateway.mail_to("alice@example.test").code();
    let page = alice.submit(&page, "verification_code", &[("verification_code", &code)]);
    assert!(page.secret().is_none(), "nothing is issued yet");
    let page = alice.send(&page, &page.form_to("/enrol/ask-approval"), &[]);
    let page = alice.send(&page, &page.form_to("/enrol/go-on"), &[]);
    assert!(page.try_form("target").is_none(), "nobody has approved: {}", page.words());

    let waiting = read(&call("GET", "/enrolment-requests", None));
    assert_eq!(waiting["items"][0]["user"]["name"], "alice", "{waiting}");
    let user = waiting["items"][0]["user"]["id"].as_str().unwrap().to_owned();
    let refused = call("POST", &format!("/users/{user}/enrolment-grant/refuse"), Some(&json!({"reason": ""})));
    assert_eq!((refused.status, &read(&refused)["errors"][0]["field"]), (422, &json!("reason")));
    let approved = call("POST", &format!("/users/{user}/enrolment-grant/approve"), Some(&json!({})));
    assert_eq!(approved.status, 200, "{}", approved.text());
    until("alice is told", || {
        gateway
            .mails()
            .iter()
            .any(|mail| mail.to == "alice@example.test" && mail.text.contains("http://login.localhost"))
    });

    let page = alice.step(&gateway);
    let page = alice.send(&page, &page.form_to("/enrol/go-on"), &[]);
    let page = alice.submit(&page, "target", &[("target", "mobile")]);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    let phone = page.phone();
    let page = alice.finish(&page, &phone);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
    let gone = call("GET", &format!("/users/{user}/enrolment-grant"), None);
    assert_eq!(gone.status, 404, "the token has used it up");
}

#[test]
fn the_help_desk_gives_a_code_that_is_good_once() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let call = caller(&gateway, &token);
    let done = put(&gateway, &token, "/settings/enrolment_rules", &rule(&json!({"proof": {"kind": "help_desk_code"}})));
    assert_eq!(done.status, 200, "{}", done.text());
    let found = read(&call("GET", "/users?q=alice", None));
    let user = found["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
    let given =
        call("POST", &format!("/users/{user}/enrolment-grant/help-desk-code"), Some(&json!({"reason": "called"})));
    assert_eq!(given.status, 201, "{}", given.text());
    let spoken = read(&given)["code"].as_str().unwrap().to_owned();
    let known = call("GET", &format!("/users/{user}/enrolment-grant"), None);
    assert!(known.status == 200 && !known.text().contains(&spoken), "{}", known.text());

    let wiki = gateway.url("wiki", "/page");
    let to_the_code = |visitor: &mut crate::world::Visitor| {
        let codes = || gateway.codes_to("alice@example.test");
        let before = codes().len();
        let page = as_far_as_the_code(&gateway, visitor, "alice", &wiki);
        until("the code is mailed", || codes().len() > before);
        visitor.submit(&page, "verification_code", &[("verification_code", &codes()[0])])
    };
    let (mut alice, mut thief) = (gateway.visitor(), gateway.visitor());
    let page = to_the_code(&mut alice);
    let page = alice.submit(&page, "code", &[("code", "AAAA-AAAA")]);
    page.says("4");
    let page = alice.submit(&page, "code", &[("code", &spoken.to_lowercase())]);
    assert!(page.try_form("target").is_some(), "{}", page.words());
    // Whoever has the password, the mailbox and yesterday's code gets no further than the code.
    let page = to_the_code(&mut thief);
    let page = thief.submit(&page, "code", &[("code", &spoken)]);
    assert!(page.try_form("target").is_none() && page.secret().is_none(), "{}", page.words());
}

#[test]
fn a_portal_speaks_and_looks_as_its_operators_say() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let picture = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3];
    let look = |changes: &Value| {
        let mut look = json!({
            "product_name": "Harbour Pass", "accent": "#0f766e",
            "logo": {"media_type": "image/png", "data": data_encoding::BASE64.encode(&picture)},
            "support": "Call 7007", "support_url": "tel:+4930123", "languages": ["en", "de"], "default_language": "de",
            "texts": {"de": {"need-submit": "Get <b>my</b> key"}}
        });
        for (field, value) in changes.as_object().unwrap() {
            look[field] = value.clone();
        }
        put(&gateway, &token, "/settings/appearance", &look)
    };
    for (field, value, named) in [
        ("accent", json!("#ffff00"), "accent"),
        ("support_url", json!("javascript:alert(1)"), "support_url"),
        ("logo", json!({"media_type": "image/svg+xml", "data": "PHN2Zy8+"}), "logo"),
        ("texts", json!({"en": {"need-submit": "Get { $secret }"}}), "texts.en.need-submit"),
        ("texts", json!({"en": {"no-such-message": "x"}}), "texts.en.no-such-message"),
    ] {
        let refused = look(&json!({ field: value }));
        let errors = read(&refused)["errors"].clone();
        assert_eq!(refused.status, 422, "{field}: {errors}");
        assert!(errors[0]["field"].as_str().unwrap().starts_with(named), "{field}: {errors}");
    }
    let done = look(&json!({}));
    assert_eq!(done.status, 200, "{}", done.text());

    let login = |path: &str, language: &str| {
        exchange(gateway.port, "GET", "login.localhost", path, &[("Accept-Language", language)], b"")
    };
    let page = login("/signin", "fr").text();
    assert!(page.contains("Harbour Pass") && page.contains("lang=\"de\""), "{page}");
    assert!(!page.contains("value=\"fr\""), "French is not offered");
    let css =
        page.split('"').find(|part| part.starts_with("/appearance/") && part.ends_with(".css")).unwrap().to_owned();
    let sheet = login(&css, "en");
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(sheet.text().contains("#0f766e"), "{}", sheet.text());
    let logo = login(&css.replace(".css", ".logo"), "en");
    assert_eq!(
        (logo.status, logo.header("content-type"), logo.body.as_slice()),
        (200, Some("image/png"), &picture[..])
    );
    assert_eq!(login("/appearance/0.html", "en").status, 404);

    let mut alice = gateway.visitor();
    let page = alice.sign_in(&gateway, "alice", &gateway.url("wiki", "/page"));
    let html = page.html();
    assert!(html.contains("Get &lt;b&gt;my&lt;/b&gt; key"), "words stay words: {html}");
    alice.press(&page, "add_authenticator");
    let mail = gateway.mail_to("alice@example.test");
    assert!(mail.text.contains("Harbour Pass"), "{}", mail.text);
    // The console is the operators' and stays as it is.
    let console = exchange(gateway.console, "GET", "127.0.0.1", "/", &[], b"").text();
    assert!(!console.contains("/appearance/"), "{console}");
}
