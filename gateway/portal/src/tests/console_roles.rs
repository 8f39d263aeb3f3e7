//! Who may do what at the console: the matrix of roles and pages, written out. A new page is a new row.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use doorward_api::operator::{ApiKey, Role};
use doorward_api::{Module, Permission, Token};
use doorward_fakes::{Dice, now};
use doorward_views::console_enrolment::REQUESTS;
use doorward_views::console_past::{AUDIT, FUNNEL, HISTORY, MISSING};
use doorward_views::console_policies::{CASES, DECISIONS, EXPLAIN, POLICIES, REPLAY, SHADOW};
use http::{Method, StatusCode};

use super::console_world::{Browser, Console};
use super::matrix::{self, REGISTRAR, Row, TOKEN_DESK, WHO};
use super::world::Told;

/// Each page and each form, and whether somebody is let in: `yes`, or `-` who is turned away, whatever they send. What is deleted
/// in a row is missed by no row below.
const MATRIX: &str = "
    page                                            | nobody | auditor | help desk | administrator | token desk | registrar

    GET    /signin                                  | yes    | yes     | yes       | yes           | yes        | yes
    POST   /signin                                  | yes    | yes     | yes       | yes           | yes        | yes
    GET    /setup/nothing                           | yes    | yes     | yes       | yes           | yes        | yes
    POST   /setup/nothing                           | yes    | yes     | yes       | yes           | yes        | yes
    GET    /language                                | yes    | yes     | yes       | yes           | yes        | yes
    POST   /language                                | yes    | yes     | yes       | yes           | yes        | yes
    GET    /assets/console.css                      | yes    | yes     | yes       | yes           | yes        | yes

    GET    /                                        | -      | yes     | yes       | yes           | yes        | yes
    GET    /approvals                               | -      | yes     | yes       | yes           | yes        | yes
    GET    /approvals/{approval}                    | -      | yes     | yes       | yes           | yes        | yes
    POST   /approvals/{approval}                    | -      | yes     | yes       | yes           | yes        | yes
    GET    /account                                 | -      | yes     | yes       | yes           | yes        | yes
    POST   /account                                 | -      | yes     | yes       | yes           | yes        | yes

    GET    /settings/self-provisioning              | -      | yes     | yes       | yes           | -          | -
    GET    /settings/self-provisioning/edit         | -      | -       | -         | yes           | -          | -
    POST   /settings/self-provisioning              | -      | -       | -         | yes           | -          | -
    GET    /settings/self-provisioning/preview      | -      | yes     | yes       | yes           | -          | -
    POST   /settings/self-provisioning/preview      | -      | yes     | yes       | yes           | -          | -
    GET    /settings/enrolment-rules                | -      | yes     | yes       | yes           | -          | -
    GET    /settings/enrolment-rules/new            | -      | -       | -         | yes           | -          | -
    POST   /settings/enrolment-rules/new            | -      | -       | -         | yes           | -          | -
    GET    /settings/enrolment-rules/{place}/edit   | -      | -       | -         | yes           | -          | -
    POST   /settings/enrolment-rules/{place}/edit   | -      | -       | -         | yes           | -          | -
    GET    /settings/enrolment-rules/{place}/up     | -      | -       | -         | yes           | -          | -
    POST   /settings/enrolment-rules/{place}/up     | -      | -       | -         | yes           | -          | -
    GET    /settings/enrolment-rules/{place}/down   | -      | -       | -         | yes           | -          | -
    POST   /settings/enrolment-rules/{place}/down   | -      | -       | -         | yes           | -          | -
    GET    /settings/enrolment-rules/{place}/remove | -      | -       | -         | yes           | -          | -
    POST   /settings/enrolment-rules/{place}/remove | -      | -       | -         | yes           | -          | -
    GET    /settings/appearance                     | -      | yes     | yes       | yes           | -          | -
    GET    /settings/appearance/edit                | -      | -       | -         | yes           | -          | -
    POST   /settings/appearance                     | -      | -       | -         | yes           | -          | -
    GET    /settings/appearance/logo.picture        | -      | yes     | yes       | yes           | -          | -
    GET    /settings/appearance/logo                | -      | -       | -         | yes           | -          | -
    POST   /settings/appearance/logo                | -      | -       | -         | yes           | -          | -
    GET    /settings/appearance/logo-remove         | -      | -       | -         | yes           | -          | -
    POST   /settings/appearance/logo-remove         | -      | -       | -         | yes           | -          | -
    GET    /settings/appearance/words               | -      | yes     | yes       | yes           | -          | -
    POST   /settings/appearance/words               | -      | -       | -         | yes           | -          | -
    GET    /settings/appearance/words/reset         | -      | -       | -         | yes           | -          | -
    POST   /settings/appearance/words/reset         | -      | -       | -         | yes           | -          | -
    GET    /policies/software-token                 | -      | yes     | yes       | yes           | -          | -
    GET    /policies/software-token/edit            | -      | -       | -         | yes           | -          | -
    POST   /policies/software-token                 | -      | -       | -         | yes           | -          | -
    GET    /policies/token-templates                | -      | yes     | yes       | yes           | -          | -
    GET    /policies/token-templates/edit           | -      | -       | -         | yes           | -          | -
    POST   /policies/token-templates                | -      | -       | -         | yes           | -          | -
    GET    /policies/server-side-pin                | -      | yes     | yes       | yes           | -          | -
    GET    /policies/server-side-pin/edit           | -      | -       | -         | yes           | -          | -
    POST   /policies/server-side-pin                | -      | -       | -         | yes           | -          | -
    GET    /policies/synchronization                | -      | yes     | yes       | yes           | -          | -
    GET    /policies/synchronization/edit           | -      | -       | -         | yes           | -          | -
    POST   /policies/synchronization                | -      | -       | -         | yes           | -          | -
    GET    /settings/approvals                      | -      | yes     | yes       | yes           | -          | yes
    GET    /settings/approvals/edit                 | -      | -       | -         | yes           | -          | yes
    POST   /settings/approvals                      | -      | -       | -         | yes           | -          | yes
    GET    /policies/account-lockout                | -      | yes     | yes       | yes           | -          | -
    GET    /policies/account-lockout/edit           | -      | -       | -         | yes           | -          | -
    POST   /policies/account-lockout                | -      | -       | -         | yes           | -          | -

    GET    /access-policies                         | -      | yes     | yes       | yes           | -          | -
    GET    /access-policies/explain                 | -      | yes     | yes       | yes           | -          | -
    GET    /access-policies/users                   | -      | yes     | yes       | yes           | yes        | yes
    GET    /access-policies/cases                   | -      | yes     | yes       | yes           | -          | -
    POST   /access-policies/cases                   | -      | yes     | yes       | yes           | -          | -
    GET    /access-policies/replay                  | -      | yes     | yes       | yes           | -          | -
    POST   /access-policies/replay                  | -      | yes     | yes       | yes           | -          | -
    GET    /access-policies/shadow                  | -      | yes     | yes       | yes           | -          | -
    GET    /access-policies/decisions               | -      | yes     | yes       | yes           | -          | -

    GET    /enrolment-requests                      | -      | yes     | yes       | yes           | yes        | yes
    GET    /users                                   | -      | yes     | yes       | yes           | yes        | yes
    GET    /users/new                               | -      | -       | yes       | yes           | -          | yes
    POST   /users/new                               | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}                            | -      | yes     | yes       | yes           | yes        | yes
    GET    /users/{user}/edit                       | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/edit                       | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/password                   | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/password                   | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/temporary                  | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/temporary                  | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/withdraw                   | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/withdraw                   | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/withdraw-recovery-codes    | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/withdraw-recovery-codes    | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/approve                    | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/approve                    | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/help-desk-code             | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/help-desk-code             | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/refuse                     | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/refuse                     | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/withdraw-grant             | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/withdraw-grant             | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/verify                     | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/verify                     | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/verification/{push}        | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/unlock                     | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/unlock                     | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/sign-out                   | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/sign-out                   | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/disable                    | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/disable                    | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/enable                     | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/enable                     | -      | -       | yes       | yes           | -          | yes

    GET    /groups                                  | -      | yes     | yes       | yes           | -          | yes
    GET    /groups/new                              | -      | -       | -         | yes           | -          | yes
    POST   /groups/new                              | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}                          | -      | yes     | yes       | yes           | -          | yes
    GET    /groups/{group}/rename                   | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/rename                   | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}/add-member               | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/add-member               | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}/remove-member            | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/remove-member            | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}/add-parent               | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/add-parent               | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}/remove-parent            | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/remove-parent            | -      | -       | -         | yes           | -          | yes
    GET    /groups/{group}/delete                   | -      | -       | -         | yes           | -          | yes
    POST   /groups/{group}/delete                   | -      | -       | -         | yes           | -          | yes

    GET    /import                                  | -      | -       | -         | yes           | -          | -
    POST   /import                                  | -      | -       | -         | yes           | -          | -
    GET    /import/{import}                         | -      | -       | -         | yes           | -          | -
    GET    /tokens                                  | -      | yes     | yes       | yes           | yes        | -
    GET    /tokens/{token}                          | -      | yes     | yes       | yes           | yes        | -
    GET    /tokens/{token}/assign                   | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/assign                   | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/test                     | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/test                     | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/resync                   | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/resync                   | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/pin                      | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/pin                      | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/label                    | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/label                    | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/suspend                  | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/suspend                  | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/reactivate               | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/reactivate               | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/unlock                   | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/unlock                   | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/return                   | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/return                   | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/lost                     | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/lost                     | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/faulty                   | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/faulty                   | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/reinitialize             | -      | -       | yes       | yes           | yes        | -
    POST   /tokens/{token}/reinitialize             | -      | -       | yes       | yes           | yes        | -
    GET    /tokens/{token}/delete                   | -      | -       | -         | yes           | yes        | -
    POST   /tokens/{token}/delete                   | -      | -       | -         | yes           | yes        | -
    GET    /users/{user}/delete                     | -      | -       | -         | yes           | -          | yes
    POST   /users/{user}/delete                     | -      | -       | -         | yes           | -          | yes

    GET    /logs/audit                              | -      | yes     | yes       | yes           | -          | -
    GET    /logs/audit.csv                          | -      | yes     | yes       | yes           | -          | -
    GET    /logs/audit.json                         | -      | yes     | yes       | yes           | -          | -
    GET    /reports/enrolments                      | -      | yes     | yes       | yes           | -          | -
    GET    /reports/enrolments.csv                  | -      | yes     | yes       | yes           | -          | -
    GET    /reports/enrolments.json                 | -      | yes     | yes       | yes           | -          | -
    GET    /reports/funnel                          | -      | yes     | yes       | yes           | -          | -
    GET    /reports/missing                         | -      | yes     | yes       | yes           | -          | -
    GET    /provisioning                            | -      | yes     | yes       | yes           | -          | -
    GET    /provisioning/new                        | -      | -       | -         | yes           | -          | -
    POST   /provisioning/new                        | -      | -       | -         | yes           | -          | -
    GET    /provisioning/rules                      | -      | yes     | yes       | yes           | -          | -
    GET    /provisioning/rules/new                  | -      | -       | -         | yes           | -          | -
    POST   /provisioning/rules/new                  | -      | -       | -         | yes           | -          | -
    GET    /provisioning/rules/{place}/edit         | -      | -       | -         | yes           | -          | -
    POST   /provisioning/rules/{place}/edit         | -      | -       | -         | yes           | -          | -
    GET    /provisioning/rules/{place}/up           | -      | -       | -         | yes           | -          | -
    POST   /provisioning/rules/{place}/up           | -      | -       | -         | yes           | -          | -
    GET    /provisioning/rules/{place}/down         | -      | -       | -         | yes           | -          | -
    POST   /provisioning/rules/{place}/down         | -      | -       | -         | yes           | -          | -
    GET    /provisioning/rules/{place}/remove       | -      | -       | -         | yes           | -          | -
    POST   /provisioning/rules/{place}/remove       | -      | -       | -         | yes           | -          | -
    GET    /provisioning/{task}                     | -      | yes     | yes       | yes           | -          | -
    GET    /provisioning/{task}/edit                | -      | -       | -         | yes           | -          | -
    POST   /provisioning/{task}/edit                | -      | -       | -         | yes           | -          | -
    GET    /provisioning/{task}/resend              | -      | -       | -         | yes           | -          | -
    POST   /provisioning/{task}/resend              | -      | -       | -         | yes           | -          | -
    GET    /provisioning/{task}/remove              | -      | -       | -         | yes           | -          | -
    POST   /provisioning/{task}/remove              | -      | -       | -         | yes           | -          | -
    GET    /provisioning/{task}/users/{user}/resend | -      | -       | yes       | yes           | -          | yes
    POST   /provisioning/{task}/users/{user}/resend | -      | -       | yes       | yes           | -          | yes
    GET    /provisioning/{task}/users/{user}/remove | -      | -       | yes       | yes           | -          | yes
    POST   /provisioning/{task}/users/{user}/remove | -      | -       | yes       | yes           | -          | yes
    GET    /users/{user}/provision                  | -      | -       | yes       | yes           | -          | yes
    POST   /users/{user}/provision                  | -      | -       | yes       | yes           | -          | yes


    GET    /operators                               | -      | yes     | yes       | yes           | -          | yes
    GET    /operators/invitations/nothing/withdraw  | -      | -       | -         | yes           | -          | yes
    POST   /operators/invitations/nothing/withdraw  | -      | -       | -         | yes           | -          | yes
    GET    /operators/invite                        | -      | -       | -         | yes           | -          | yes
    POST   /operators/invite                        | -      | -       | -         | yes           | -          | yes
    GET    /operators/{operator}                    | -      | yes     | yes       | yes           | -          | yes
    POST   /operators/{operator}                    | -      | -       | -         | yes           | -          | yes
    GET    /operators/{operator}/recovery           | -      | -       | -         | yes           | -          | yes
    POST   /operators/{operator}/recovery           | -      | -       | -         | yes           | -          | yes

    GET    /operators/roles                         | -      | yes     | yes       | yes           | -          | yes
    GET    /operators/roles/new                     | -      | -       | -         | yes           | -          | yes
    POST   /operators/roles/new                     | -      | -       | -         | yes           | -          | yes
    GET    /operators/roles/{role}                  | -      | yes     | yes       | yes           | -          | yes
    POST   /operators/roles/{role}                  | -      | -       | -         | yes           | -          | yes
    GET    /operators/roles/{role}/delete           | -      | -       | -         | yes           | -          | yes
    POST   /operators/roles/{role}/delete           | -      | -       | -         | yes           | -          | yes
    GET    /operators/keys                          | -      | yes     | yes       | yes           | -          | yes
    GET    /operators/keys/new                      | -      | -       | -         | yes           | -          | yes
    POST   /operators/keys/new                      | -      | -       | -         | yes           | -          | yes
    GET    /operators/keys/{key}/revoke             | -      | -       | -         | yes           | -          | yes
    POST   /operators/keys/{key}/revoke             | -      | -       | -         | yes           | -          | yes

    GET    /signout                                 | -      | yes     | yes       | yes           | yes        | yes
    POST   /signout                                 | -      | yes     | yes       | yes           | yes        | yes
";

/// The console's own list of its routes, and that of the pages of settings.
const ROUTES: &str = include_str!("../console/mod.rs");
const PANELS: &str = include_str!("../console/panels.rs");

/// Where a path stands that the list calls by a name.
const NAMED: [(&str, &str); 9] = [
    ("approvals", include_str!("../console/approvals.rs")),
    ("appearance", include_str!("../console/appearance.rs")),
    ("keys", include_str!("../console/keys.rs")),
    ("policies", include_str!("../console/policies.rs")),
    ("provisioning", include_str!("../console/provisioning.rs")),
    ("provisioning_rules", include_str!("../console/provisioning_rules.rs")),
    ("roles", include_str!("../console/roles.rs")),
    ("rules", include_str!("../console/rules.rs")),
    ("words", include_str!("../console/words.rs")),
];

/// The forms that carry a file.
const WITH_A_FILE: [&str; 3] = ["/import", "/settings/appearance/logo", REPLAY];

/// A token of RFC 4226's secret.
const STOCK: &str = "HW-1,3132333435363738393031323334353637383930,hotp,6,0\r\n";

/// Every route, as the console lists it: `GET /users/{id}`.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for listed in ROUTES.split(".route(").skip(1) {
        let (path, handlers) = listed.split_once(',').unwrap();
        let Some(path) = path_of(path.trim()) else { continue };
        let handlers = handlers.split(';').next().unwrap();
        for method in ["get", "post"] {
            if handlers.contains(&format!("{method}(")) {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    for panel in PANELS.split("path: \"").skip(1) {
        let path = panel.split('"').next().unwrap();
        routes.extend([format!("GET {path}"), format!("POST {path}"), format!("GET {path}/edit")]);
    }
    routes
}

/// The path that is written so in the list: as a text, or by a name. Those of the pages of settings are found among these.
fn path_of(written: &str) -> Option<String> {
    match written {
        "panel.path" | "&edit" => return None,
        "REQUESTS" => return Some(REQUESTS.to_owned()),
        "AUDIT" => return Some(AUDIT.to_owned()),
        "HISTORY" => return Some(HISTORY.to_owned()),
        "FUNNEL" => return Some(FUNNEL.to_owned()),
        "MISSING" => return Some(MISSING.to_owned()),
        "POLICIES" => return Some(POLICIES.to_owned()),
        "EXPLAIN" => return Some(EXPLAIN.to_owned()),
        "CASES" => return Some(CASES.to_owned()),
        "REPLAY" => return Some(REPLAY.to_owned()),
        "SHADOW" => return Some(SHADOW.to_owned()),
        "DECISIONS" => return Some(DECISIONS.to_owned()),
        _ => {}
    }
    if let Some(text) = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Some(text.to_owned());
    }
    let named = || {
        let (module, name) = written.split_once("::")?;
        let (_, source) = NAMED.iter().find(|(known, _)| *known == module)?;
        source.split_once(&format!("const {name}: &str = \""))?.1.split('"').next()
    };
    Some(named().unwrap_or_else(|| panic!("which path is {written}?")).to_owned())
}

/// The route that a row comes to. A place that is filled in goes before one that is open.
fn route<'r>(routes: &'r BTreeSet<String>, row: &Row) -> Option<&'r String> {
    let page = row.name();
    let parts: Vec<&str> = page.split('/').collect();
    let comes_to = |route: &&String| {
        let places: Vec<&str> = route.split('/').collect();
        places.len() == parts.len()
            && places.iter().zip(&parts).all(|(place, part)| place == part || place.starts_with('{'))
    };
    let open = |route: &&String| route.matches('{').count();
    routes.iter().filter(comes_to).min_by_key(open)
}

/// Whether somebody was let in: neither sent to the sign-in nor told that their role does not permit it. What came of it then is
/// told elsewhere.
#[track_caller]
fn let_in(told: &Told) -> bool {
    let to_the_door = told.location() == "/signin" || told.location().starts_with("/signin?next=");
    let forbidden = told.body.contains("Your role does not permit this");
    assert_eq!(told.status == StatusCode::FORBIDDEN, forbidden, "{}", told.body);
    !to_the_door && !forbidden
}

async fn ask(browser: &Browser<'_>, method: &Method, path: &str) -> Told {
    if *method == Method::GET {
        return browser.get(path).await;
    }
    // What is open to everybody hangs on the cookie of the sign-in.
    let outside = path == "/signin" || path.starts_with("/setup/");
    let account = browser.get("/account").await;
    let page = if outside || account.status != StatusCode::OK { browser.get("/signin").await } else { account };
    let csrf = page.hidden("csrf");
    if WITH_A_FILE.contains(&path) {
        upload(browser, path, &csrf).await
    } else {
        browser.post(path, &[("csrf", &csrf)]).await
    }
}

async fn upload(browser: &Browser<'_>, path: &str, csrf: &str) -> Told {
    let body = format!(
        "--XyZ\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
         --XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"tokens.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{STOCK}\r\n--XyZ--\r\n"
    );
    let headers = [("content-type", "multipart/form-data; boundary=XyZ"), ("origin", "http://127.0.0.1:8081")];
    browser.ask(Method::POST, path, &headers, body).await
}

/// Somebody of each role: each of the columns.
async fn everybody(console: &Console) -> [Browser<'_>; 6] {
    let olga = console.signed_in("olga", Role::Administrator).await;
    let anna = console.signed_in("anna", Role::Auditor).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let tom = console.signed_in("tom", console.role("token desk", &TOKEN_DESK)).await;
    let rita = console.signed_in("rita", console.role("registrar", &REGISTRAR)).await;
    [console.browser(), anna, hugo, olga, tom, rita]
}

/// Something of each kind that pages are about. The operator is none of those who ask, who go on asking.
async fn things(console: &Console, by: &Browser<'_>) -> BTreeMap<&'static str, String> {
    console.signed_in("ivo", Role::Administrator).await;
    let csrf = by.get("/account").await.hidden("csrf");
    let sent = upload(by, "/import", &csrf).await;
    let import = sent.location().strip_prefix("/import/").unwrap_or_else(|| panic!("{}", sent.body)).to_owned();
    while !by.get(&format!("/import/{import}")).await.header("refresh").is_empty() {
        tokio::task::yield_now().await;
    }
    let role = console.role("nobodys", &TOKEN_DESK);
    let key = ApiKey {
        id: "k-nightly".into(),
        name: "nightly".into(),
        permissions: TOKEN_DESK.into_iter().collect(),
        created_by: console.store.with(|rows| rows.operators[0].id.clone()),
        created_at: now(),
        expires_at: now() + Duration::from_hours(24),
        last_used_at: None,
        disabled: false,
    };
    console.store.with(|rows| rows.api_keys.push((Token::draw(&Dice::default()).hash(), key)));
    let (token, operator) = console.store.with(|rows| {
        let operator = rows.operators.iter().find(|operator| operator.name == "ivo").unwrap();
        (rows.credentials[0].id.to_string(), operator.id.to_string())
    });
    BTreeMap::from([
        ("user", "u-alice".to_owned()),
        ("place", "1".to_owned()),
        ("group", "g-staff".to_owned()),
        ("token", token),
        ("import", import),
        ("operator", operator),
        ("push", "nobodys".to_owned()),
        ("approval", "nobodys".to_owned()),
        ("task", "1".to_owned()),
        ("role", role.as_str().to_owned()),
        ("key", "k-nightly".to_owned()),
    ])
}

fn filled(path: &str, things: &BTreeMap<&'static str, String>) -> String {
    things.iter().fold(path.to_owned(), |path, (place, id)| path.replace(&format!("{{{place}}}"), id))
}

#[test]
fn the_matrix_has_a_row_for_every_page_and_no_others() {
    let (routes, matrix) = (routes(), matrix::read(MATRIX, &WHO));
    assert!(routes.len() > 40, "{routes:?}");
    let mut with_rows = BTreeSet::new();
    for row in &matrix {
        let route = route(&routes, row);
        with_rows.insert(route.unwrap_or_else(|| panic!("there is no page {}", row.name())));
    }
    let without: Vec<&String> = routes.iter().filter(|route| !with_rows.contains(route)).collect();
    assert!(without.is_empty(), "pages without a row: {without:?}");
}

#[tokio::test]
async fn whatever_a_page_offers_to_do_has_a_row() {
    let console = Console::start();
    let everybody = everybody(&console).await;
    let things = things(&console, &everybody[3]).await;
    let rows: BTreeSet<String> = matrix::read(MATRIX, &WHO).iter().map(|row| filled(row.path, &things)).collect();
    for about in ["/users/{user}", "/tokens/{token}", "/groups/{group}"] {
        let path = filled(about, &things);
        let page = everybody[3].get(&path).await.body;
        let begins = format!("href=\"{path}/");
        let tasks: BTreeSet<&str> =
            page.split(&begins).skip(1).map(|rest| rest.split(['"', '?']).next().unwrap()).collect();
        assert!(!tasks.is_empty(), "{about}");
        for task in tasks {
            assert!(rows.contains(&format!("{path}/{task}")), "{about}/{task} has no row");
        }
    }
}

#[tokio::test]
async fn every_page_lets_in_whom_the_matrix_says_and_nobody_else() {
    let console = Console::start();
    let everybody = everybody(&console).await;
    let things = things(&console, &everybody[3]).await;
    let mut differences = Vec::new();
    for row in matrix::read(MATRIX, &WHO) {
        let path = filled(row.path, &things);
        for ((who, browser), expected) in WHO.iter().zip(&everybody).zip(&row.let_in) {
            let told = ask(browser, &row.method, &path).await;
            if let_in(&told) != *expected {
                differences.push(format!("{} by {who}: {}", row.name(), told.status));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// What is between the quotes behind each of these, as it would be followed.
fn all_behind(body: &str, marker: &str) -> Vec<String> {
    let found = body.split(marker).skip(1).filter_map(|rest| rest.split('"').next());
    found.map(|text| text.replace("&amp;", "&").replace("&#x2f;", "/")).collect()
}

/// Links and forms of a page, within the console.
fn ways(body: &str) -> Vec<(Method, String)> {
    let within = |path: &String| path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/assets/");
    let mut ways = BTreeSet::new();
    let mut add = |method: &Method, paths: Vec<String>| {
        ways.extend(paths.into_iter().filter(within).map(|path| (method.to_string(), path)));
    };
    add(&Method::GET, all_behind(body, " href=\""));
    for form in body.split("<form ").skip(1) {
        let tag = form.split('>').next().unwrap();
        let method = if tag.contains("method=\"post\"") { Method::POST } else { Method::GET };
        add(&method, all_behind(tag, "action=\""));
        add(&Method::POST, all_behind(form, " formaction=\""));
    }
    ways.into_iter().map(|(method, path)| (Method::from_bytes(method.as_bytes()).unwrap(), path)).collect()
}

/// Whether the role forbids it. A form is sent without anything in it: what it would do is not done, since it is not proved to be
/// ours, and who may not send it is told so before.
async fn forbidden(browser: &Browser<'_>, method: &Method, path: &str) -> bool {
    let told = if *method == Method::GET { browser.get(path).await } else { browser.post(path, &[]).await };
    told.body.contains("Your role does not permit this")
}

#[tokio::test]
async fn no_page_offers_what_its_reader_may_not_do() {
    let console = Console::start();
    let [_, auditor, help_desk, olga, token_desk, registrar] = everybody(&console).await;
    let things = things(&console, &olga).await;
    // Somebody has a token, so that pages of the one lead to pages of the other.
    console.store.with(|rows| {
        let token = rows.credentials.first_mut().unwrap();
        (token.user, token.state) = ("u-alice".into(), doorward_api::TokenState::Active);
    });
    let mut readers = vec![
        ("auditor".to_owned(), auditor),
        ("help desk".to_owned(), help_desk),
        ("administrator".to_owned(), olga),
        ("token desk".to_owned(), token_desk),
        ("registrar".to_owned(), registrar),
    ];
    // Who may one thing, and looks at nothing else.
    for module in Module::ALL {
        let all: Vec<Permission> = Permission::all().filter(|one| one.module == module).collect();
        let role = console.role(module.as_str(), &all);
        readers.push((module.as_str().to_owned(), console.signed_in(module.as_str(), role).await));
    }
    let pages: Vec<String> = matrix::read(MATRIX, &WHO)
        .into_iter()
        .filter(|row| row.method == Method::GET && row.path != "/import/{import}")
        .map(|row| filled(row.path, &things))
        .collect();
    let mut dead_ends = BTreeSet::new();
    for (who, browser) in &readers {
        let (mut next, mut seen, mut tried) = (pages.clone(), BTreeSet::new(), BTreeMap::new());
        while let Some(page) = next.pop() {
            // Lists that are looked through otherwise lead nowhere else.
            if !seen.insert(page.split('?').next().unwrap().to_owned()) || seen.len() > 400 {
                continue;
            }
            let told = browser.get(&page).await;
            if told.status == StatusCode::FORBIDDEN {
                continue;
            }
            for (method, path) in ways(&told.body) {
                let key = (method.to_string(), path.clone());
                let forbidden = match tried.get(&key) {
                    Some(known) => *known,
                    None => {
                        let found = path != "/signout" && forbidden(browser, &method, &path).await;
                        tried.insert(key, found);
                        found
                    }
                };
                if forbidden {
                    dead_ends.insert(format!("{who}: {page} leads to {method} {path}"));
                } else if method == Method::GET {
                    next.push(path);
                }
            }
        }
        assert!(tried.len() > 5, "{who} is led to {}", tried.len());
    }
    assert!(dead_ends.is_empty(), "{dead_ends:#?}");
}
