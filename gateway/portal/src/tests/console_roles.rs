//! Who may do what at the console: the matrix of roles and pages, written out. A new page is a new row.

use std::collections::{BTreeMap, BTreeSet};

use doorward_api::operator::Role;
use doorward_views::console_enrolment::REQUESTS;
use http::{Method, StatusCode};

use super::console_world::{Browser, Console};
use super::matrix::{self, Row, WHO};
use super::world::Told;

/// Each page and each form, and whether somebody is let in: `yes`, or `-` who is turned away, whatever they send. What is deleted
/// in a row is missed by no row below.
const MATRIX: &str = "
    page                                            | nobody | auditor | help desk | administrator

    GET    /signin                                  | yes    | yes     | yes       | yes
    POST   /signin                                  | yes    | yes     | yes       | yes
    GET    /setup/nothing                           | yes    | yes     | yes       | yes
    POST   /setup/nothing                           | yes    | yes     | yes       | yes
    POST   /language                                | yes    | yes     | yes       | yes
    GET    /assets/console.css                      | yes    | yes     | yes       | yes

    GET    /                                        | -      | yes     | yes       | yes
    GET    /account                                 | -      | yes     | yes       | yes
    POST   /account                                 | -      | yes     | yes       | yes

    GET    /settings/self-provisioning              | -      | yes     | yes       | yes
    GET    /settings/self-provisioning/edit         | -      | -       | -         | yes
    POST   /settings/self-provisioning              | -      | -       | -         | yes
    POST   /settings/self-provisioning/preview      | -      | yes     | yes       | yes
    GET    /settings/enrolment-rules                | -      | yes     | yes       | yes
    GET    /settings/enrolment-rules/new            | -      | -       | -         | yes
    POST   /settings/enrolment-rules/new            | -      | -       | -         | yes
    GET    /settings/enrolment-rules/{place}/edit   | -      | -       | -         | yes
    POST   /settings/enrolment-rules/{place}/edit   | -      | -       | -         | yes
    GET    /settings/enrolment-rules/{place}/up     | -      | -       | -         | yes
    POST   /settings/enrolment-rules/{place}/up     | -      | -       | -         | yes
    GET    /settings/enrolment-rules/{place}/down   | -      | -       | -         | yes
    POST   /settings/enrolment-rules/{place}/down   | -      | -       | -         | yes
    GET    /settings/enrolment-rules/{place}/remove | -      | -       | -         | yes
    POST   /settings/enrolment-rules/{place}/remove | -      | -       | -         | yes
    GET    /settings/appearance                     | -      | yes     | yes       | yes
    GET    /settings/appearance/edit                | -      | -       | -         | yes
    POST   /settings/appearance                     | -      | -       | -         | yes
    GET    /settings/appearance/logo.picture        | -      | yes     | yes       | yes
    GET    /settings/appearance/logo                | -      | -       | -         | yes
    POST   /settings/appearance/logo                | -      | -       | -         | yes
    GET    /settings/appearance/logo-remove         | -      | -       | -         | yes
    POST   /settings/appearance/logo-remove         | -      | -       | -         | yes
    GET    /settings/appearance/words               | -      | yes     | yes       | yes
    POST   /settings/appearance/words               | -      | -       | -         | yes
    GET    /settings/appearance/words/reset         | -      | -       | -         | yes
    POST   /settings/appearance/words/reset         | -      | -       | -         | yes
    GET    /policies/software-token                 | -      | yes     | yes       | yes
    GET    /policies/software-token/edit            | -      | -       | -         | yes
    POST   /policies/software-token                 | -      | -       | -         | yes
    GET    /policies/token-templates                | -      | yes     | yes       | yes
    GET    /policies/token-templates/edit           | -      | -       | -         | yes
    POST   /policies/token-templates                | -      | -       | -         | yes
    GET    /policies/server-side-pin                | -      | yes     | yes       | yes
    GET    /policies/server-side-pin/edit           | -      | -       | -         | yes
    POST   /policies/server-side-pin                | -      | -       | -         | yes
    GET    /policies/synchronization                | -      | yes     | yes       | yes
    GET    /policies/synchronization/edit           | -      | -       | -         | yes
    POST   /policies/synchronization                | -      | -       | -         | yes
    GET    /policies/account-lockout                | -      | yes     | yes       | yes
    GET    /policies/account-lockout/edit           | -      | -       | -         | yes
    POST   /policies/account-lockout                | -      | -       | -         | yes

    GET    /enrolment-requests                      | -      | yes     | yes       | yes
    GET    /users                                   | -      | yes     | yes       | yes
    GET    /users/new                               | -      | -       | yes       | yes
    POST   /users/new                               | -      | -       | yes       | yes
    GET    /users/{user}                            | -      | yes     | yes       | yes
    GET    /users/{user}/edit                       | -      | -       | yes       | yes
    POST   /users/{user}/edit                       | -      | -       | yes       | yes
    GET    /users/{user}/password                   | -      | -       | yes       | yes
    POST   /users/{user}/password                   | -      | -       | yes       | yes
    GET    /users/{user}/temporary                  | -      | -       | yes       | yes
    POST   /users/{user}/temporary                  | -      | -       | yes       | yes
    GET    /users/{user}/withdraw                   | -      | -       | yes       | yes
    POST   /users/{user}/withdraw                   | -      | -       | yes       | yes
    GET    /users/{user}/withdraw-recovery-codes    | -      | -       | yes       | yes
    POST   /users/{user}/withdraw-recovery-codes    | -      | -       | yes       | yes
    GET    /users/{user}/approve                    | -      | -       | yes       | yes
    POST   /users/{user}/approve                    | -      | -       | yes       | yes
    GET    /users/{user}/help-desk-code             | -      | -       | yes       | yes
    POST   /users/{user}/help-desk-code             | -      | -       | yes       | yes
    GET    /users/{user}/refuse                     | -      | -       | yes       | yes
    POST   /users/{user}/refuse                     | -      | -       | yes       | yes
    GET    /users/{user}/withdraw-grant             | -      | -       | yes       | yes
    POST   /users/{user}/withdraw-grant             | -      | -       | yes       | yes
    GET    /users/{user}/verify                     | -      | -       | yes       | yes
    POST   /users/{user}/verify                     | -      | -       | yes       | yes
    GET    /users/{user}/verification/{push}        | -      | -       | yes       | yes
    GET    /users/{user}/sign-out                   | -      | -       | yes       | yes
    POST   /users/{user}/sign-out                   | -      | -       | yes       | yes
    GET    /users/{user}/disable                    | -      | -       | yes       | yes
    POST   /users/{user}/disable                    | -      | -       | yes       | yes
    GET    /users/{user}/enable                     | -      | -       | yes       | yes
    POST   /users/{user}/enable                     | -      | -       | yes       | yes

    GET    /groups                                  | -      | yes     | yes       | yes
    GET    /groups/new                              | -      | -       | -         | yes
    POST   /groups/new                              | -      | -       | -         | yes
    GET    /groups/{group}                          | -      | yes     | yes       | yes
    GET    /groups/{group}/rename                   | -      | -       | -         | yes
    POST   /groups/{group}/rename                   | -      | -       | -         | yes
    GET    /groups/{group}/add-member               | -      | -       | -         | yes
    POST   /groups/{group}/add-member               | -      | -       | -         | yes
    GET    /groups/{group}/remove-member            | -      | -       | -         | yes
    POST   /groups/{group}/remove-member            | -      | -       | -         | yes
    GET    /groups/{group}/add-parent               | -      | -       | -         | yes
    POST   /groups/{group}/add-parent               | -      | -       | -         | yes
    GET    /groups/{group}/remove-parent            | -      | -       | -         | yes
    POST   /groups/{group}/remove-parent            | -      | -       | -         | yes
    GET    /groups/{group}/delete                   | -      | -       | -         | yes
    POST   /groups/{group}/delete                   | -      | -       | -         | yes

    GET    /import                                  | -      | -       | -         | yes
    POST   /import                                  | -      | -       | -         | yes
    GET    /import/{import}                         | -      | -       | -         | yes
    GET    /tokens                                  | -      | yes     | yes       | yes
    GET    /tokens/{token}                          | -      | yes     | yes       | yes
    GET    /tokens/{token}/assign                   | -      | -       | yes       | yes
    POST   /tokens/{token}/assign                   | -      | -       | yes       | yes
    GET    /tokens/{token}/test                     | -      | -       | yes       | yes
    POST   /tokens/{token}/test                     | -      | -       | yes       | yes
    GET    /tokens/{token}/resync                   | -      | -       | yes       | yes
    POST   /tokens/{token}/resync                   | -      | -       | yes       | yes
    GET    /tokens/{token}/pin                      | -      | -       | yes       | yes
    POST   /tokens/{token}/pin                      | -      | -       | yes       | yes
    GET    /tokens/{token}/label                    | -      | -       | yes       | yes
    POST   /tokens/{token}/label                    | -      | -       | yes       | yes
    GET    /tokens/{token}/suspend                  | -      | -       | yes       | yes
    POST   /tokens/{token}/suspend                  | -      | -       | yes       | yes
    GET    /tokens/{token}/reactivate               | -      | -       | yes       | yes
    POST   /tokens/{token}/reactivate               | -      | -       | yes       | yes
    GET    /tokens/{token}/unlock                   | -      | -       | yes       | yes
    POST   /tokens/{token}/unlock                   | -      | -       | yes       | yes
    GET    /tokens/{token}/return                   | -      | -       | yes       | yes
    POST   /tokens/{token}/return                   | -      | -       | yes       | yes
    GET    /tokens/{token}/lost                     | -      | -       | yes       | yes
    POST   /tokens/{token}/lost                     | -      | -       | yes       | yes
    GET    /tokens/{token}/faulty                   | -      | -       | yes       | yes
    POST   /tokens/{token}/faulty                   | -      | -       | yes       | yes
    GET    /tokens/{token}/reinitialize             | -      | -       | yes       | yes
    POST   /tokens/{token}/reinitialize             | -      | -       | yes       | yes
    GET    /tokens/{token}/delete                   | -      | -       | -         | yes
    POST   /tokens/{token}/delete                   | -      | -       | -         | yes
    GET    /users/{user}/delete                     | -      | -       | -         | yes
    POST   /users/{user}/delete                     | -      | -       | -         | yes

    GET    /operators                               | -      | yes     | yes       | yes
    POST   /operators/invite                        | -      | -       | -         | yes
    GET    /operators/{operator}                    | -      | yes     | yes       | yes
    POST   /operators/{operator}                    | -      | -       | -         | yes

    POST   /signout                                 | -      | yes     | yes       | yes
";

/// The console's own list of its routes, and that of the pages of settings.
const ROUTES: &str = include_str!("../console/mod.rs");
const PANELS: &str = include_str!("../console/panels.rs");

/// Where a path stands that the list calls by a name.
const NAMED: [(&str, &str); 3] = [
    ("appearance", include_str!("../console/appearance.rs")),
    ("rules", include_str!("../console/rules.rs")),
    ("words", include_str!("../console/words.rs")),
];

/// The forms that carry a file.
const WITH_A_FILE: [&str; 2] = ["/import", "/settings/appearance/logo"];

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
async fn everybody(console: &Console) -> [Browser<'_>; 4] {
    let olga = console.signed_in("olga", Role::Administrator).await;
    let anna = console.signed_in("anna", Role::Auditor).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    [console.browser(), anna, hugo, olga]
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
    ])
}

fn filled(path: &str, things: &BTreeMap<&'static str, String>) -> String {
    things.iter().fold(path.to_owned(), |path, (place, id)| path.replace(&format!("{{{place}}}"), id))
}

#[test]
fn the_matrix_has_a_row_for_every_page_and_no_others() {
    let (routes, matrix) = (routes(), matrix::read(MATRIX));
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
    let rows: BTreeSet<String> = matrix::read(MATRIX).iter().map(|row| filled(row.path, &things)).collect();
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
    for row in matrix::read(MATRIX) {
        let path = filled(row.path, &things);
        for ((who, browser), expected) in WHO.iter().zip(&everybody).zip(row.let_in) {
            let told = ask(browser, &row.method, &path).await;
            if let_in(&told) != expected {
                differences.push(format!("{} by {who}: {}", row.name(), told.status));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}
