//! The console's pages, over ports in memory.

use doorward_api::operator::Role;
use doorward_api::settings::{
    Document, Lockout, SelfProvisioning, ServerPinPolicy, SettingKind, TargetSettings, TargetUsers, TokenTemplate,
};
use doorward_api::template::{Mode, PinType};
use doorward_api::{EventKind, GroupId};
use http::{Method, StatusCode};

use super::console_world::{Console, PASSWORD, edit, send, shown, stored};
use super::world::Told;

const LOCKOUT: &str = "/policies/account-lockout";
const PROVISIONING: &str = "/settings/self-provisioning";
const TARGETS: &str = "/policies/software-token";
const TEMPLATE: &str = "/policies/token-templates";

#[tokio::test]
async fn nobody_sees_anything_without_signing_in() {
    let console = Console::start();
    let browser = console.browser();
    for path in ["/", PROVISIONING, LOCKOUT, TARGETS, TEMPLATE, "/operators", "/operators/x", "/account"] {
        let told = browser.get(path).await;
        assert_eq!(told.status, StatusCode::SEE_OTHER, "{path}");
        assert!(told.location().starts_with("/signin"), "{path}: {}", told.location());
    }
    let told = browser.get(&format!("{LOCKOUT}/edit")).await;
    assert_eq!(told.location(), "/signin?next=%2Fpolicies%2Faccount%2Dlockout%2Fedit");
    for path in [LOCKOUT, "/signout", "/operators/invite", "/account"] {
        let told = browser.post(path, &[("csrf", "x")]).await;
        assert!(told.location().starts_with("/signin"), "{path}: {} {}", told.status, told.location());
    }
}

#[tokio::test]
async fn the_first_administrator_comes_in_by_the_link_and_again_with_name_password_and_passcode() {
    let console = Console::start();
    let caller = console.caller();
    let link = console.operators.first_link(&caller.vs, caller.now).await.unwrap().unwrap();
    let browser = console.browser();
    let path = format!("/setup/{}", link.expose());
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    let key = |page: &Told| page.body.split("id=\"key\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap().to_owned();
    assert_eq!(key(&page), key(&browser.get(&path).await), "a reload shows the same secret");
    assert!(page.body.contains("<svg") && page.body.contains("href=\"otpauth://totp/Example &amp; Co:administrator"));

    let passcode = shown(&key(&page), caller.now);
    let fields = [("name", "olga"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", "000001")];
    let wrong = browser.send(&page, &path, &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#passcode\"") && wrong.body.contains("value=\"olga\""), "{}", wrong.body);
    assert_eq!(key(&wrong), key(&page));
    let fields = [("name", "olga"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", passcode.as_str())];
    let done = browser.send(&wrong, &path, &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"));
    let start = browser.get("/").await;
    assert!(start.body.contains("olga") && start.body.contains("Example &amp; Co"), "{}", start.body);
    assert_eq!(browser.get(&path).await.status, StatusCode::GONE);

    console.later(1);
    let out = browser.send(&start, "/signout", &[]).await;
    assert_eq!(out.location(), "/signin?out");
    assert_eq!(browser.cookie("doorward_console"), None);
    let page = browser.get(&format!("/signin?next=%2F{}", &LOCKOUT[1..].replace('/', "%2F"))).await;
    let passcode = console.passcode("olga");
    let refused = browser.send(&page, "/signin", &[("name", "olga"), ("password", "x"), ("passcode", &passcode)]).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(refused.body.contains("role=\"alert\"") && refused.body.contains("value=\"olga\""));
    let fields = [("name", "olga"), ("password", PASSWORD), ("passcode", passcode.as_str())];
    let entered = browser.send(&refused, "/signin", &fields).await;
    assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, LOCKOUT));
    assert_eq!(browser.get(LOCKOUT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn cookies_are_strict_and_over_tls_they_are_secure() {
    let console = Console::start();
    let told = console.browser().get("/signin").await;
    let cookie = told.header("set-cookie");
    assert!(cookie.starts_with("doorward_console_form=") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(cookie.contains("HttpOnly") && !cookie.contains("Secure"), "{cookie}");
    let console = Console::with(Some("https://console.example.test"), "");
    let told = console.browser().get("/signin").await;
    let cookie = told.header("set-cookie");
    assert!(cookie.starts_with("__Host-doorward_console_form=") && cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn every_page_has_the_strict_headers() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    for path in ["/", "/nothing", PROVISIONING, "/operators"] {
        let told = olga.get(path).await;
        let policy = told.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(told.header("cache-control"), "no-store", "{path}");
        assert_eq!(told.header("referrer-policy"), "same-origin", "{path}");
    }
    let asset = olga.get("/assets/console.css").await;
    assert_eq!((asset.status, asset.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(&format!("{LOCKOUT}/edit")).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("seen", seen.as_str()),
        ("account_failures", "0"),
        ("account_minutes", "1"),
        ("token_failures", "1"),
        ("token_minutes", "1"),
    ];
    for headers in [
        &[("origin", "http://evil.test")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:9999")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let told = olga.post_from(LOCKOUT, &fields, headers).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let forged: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| if *name == "csrf" { ("csrf", "forged") } else { (*name, *value) }).collect();
    assert_eq!(olga.post(LOCKOUT, &forged).await.status, StatusCode::FORBIDDEN);
    let outside = olga.get("/signin").await.hidden("csrf");
    let other: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| if *name == "csrf" { ("csrf", outside.as_str()) } else { (*name, *value) })
        .collect();
    assert_eq!(
        olga.post(LOCKOUT, &other).await.status,
        StatusCode::FORBIDDEN,
        "the sign-in's value is not a session's"
    );
    assert_eq!(stored::<Lockout>(&console), Lockout::of_new());
    assert_eq!(olga.post(LOCKOUT, &fields).await.location(), format!("{LOCKOUT}?saved"));
}

#[tokio::test]
async fn a_page_opens_read_only_and_saves_what_was_changed_with_who_and_when() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(LOCKOUT).await;
    assert!(
        page.body.contains(&format!("href=\"{LOCKOUT}/edit\"")) && !page.body.contains("name=\"account_failures\"")
    );
    assert!(page.body.contains("Nothing has been changed yet."));
    let told = edit(&olga, LOCKOUT, &[("account_failures", Some("5"))]).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/policies/account-lockout?saved"));
    assert_eq!(stored::<Lockout>(&console), Lockout { account_failures: 5, ..Lockout::of_new() });
    let page = olga.get(told.location()).await;
    assert!(page.body.contains("Saved.") && page.body.contains("role=\"status\""));
    assert!(page.body.contains("<bdi>olga</bdi>") && page.body.contains("<del><bdi>3</bdi></del>"), "{}", page.body);
    let unchanged = edit(&olga, LOCKOUT, &[]).await;
    assert_eq!(unchanged.location(), "/policies/account-lockout?unchanged");
    let recorded =
        console.store.with(|rows| rows.events.iter().filter(|e| e.kind == EventKind::LockoutPolicyChanged).count());
    assert_eq!(recorded, 1);
}

#[tokio::test]
async fn every_page_of_the_settings_saves_what_it_was_filled_with() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    for path in [PROVISIONING, TARGETS, TEMPLATE, "/policies/server-side-pin", "/policies/synchronization", LOCKOUT] {
        let told = edit(&olga, path, &[]).await;
        assert_eq!(told.location(), format!("{path}?unchanged"), "{path}: {}", told.body);
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_said_at_its_field_and_nothing_that_was_typed_is_lost() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let told = edit(
        &olga,
        LOCKOUT,
        &[("account_failures", Some("4.5<b>")), ("token_minutes", Some("")), ("account_minutes", Some("20"))],
    )
    .await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "<a href=\"#account_failures\">Account lock threshold: This must be a whole number from 0 to 50.</a>",
        "<a href=\"#token_minutes\">Token lock duration: This must be given.</a>",
        "id=\"account_failures-error\"",
        "value=\"4.5&lt;b&gt;\"",
        "value=\"20\"",
        "<title>Error – Account Lockout Policy",
    ] {
        assert!(told.body.contains(part), "{part} is not in {}", told.body);
    }
    assert_eq!(console.store.with(|rows| rows.version_of(SettingKind::Lockout)), 0);
    let policy =
        edit(&olga, "/policies/server-side-pin", &[("min_length", Some("9")), ("generated_length", Some("3"))]).await;
    assert_eq!(policy.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(policy.body.contains("“"), "another field is named: {}", policy.body);
    assert_eq!(stored::<ServerPinPolicy>(&console), ServerPinPolicy::of_new());
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_second_is_told_what_the_first_changed() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let otto = console.signed_in("otto", Role::Administrator).await;
    let (page_of_olga, page_of_otto) =
        (olga.get(&format!("{LOCKOUT}/edit")).await, otto.get(&format!("{LOCKOUT}/edit")).await);
    assert_eq!(
        send(&olga, &page_of_olga, LOCKOUT, &[("token_failures", Some("7"))]).await.status,
        StatusCode::SEE_OTHER
    );
    let told = send(&otto, &page_of_otto, LOCKOUT, &[("account_failures", Some("6"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(told.body.contains("Somebody else was faster") && told.body.contains("<bdi>olga</bdi>"), "{}", told.body);
    assert!(told.body.contains("<del><bdi>9</bdi></del>") && told.body.contains("<ins><bdi>7</bdi></ins>"));
    assert!(told.body.contains("value=\"6\""), "what otto typed is still there");
    assert_eq!(stored::<Lockout>(&console).account_failures, 3, "nothing was overwritten");
    let again = send(&otto, &told, LOCKOUT, &[("token_failures", Some("7"))]).await;
    assert_eq!(again.location(), format!("{LOCKOUT}?saved"));
    assert_eq!(stored::<Lockout>(&console), Lockout { account_failures: 6, token_failures: 7, ..Lockout::of_new() });
}

#[tokio::test]
async fn who_may_only_look_has_no_edit_button_and_is_refused() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let csrf_of = |told: &Told| told.hidden("csrf");
    for (name, role) in [("anna", Role::Auditor), ("hugo", Role::HelpDesk)] {
        let browser = console.signed_in(name, role).await;
        let page = browser.get(LOCKOUT).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("/edit\""), "{name}");
        assert_eq!(browser.get(&format!("{LOCKOUT}/edit")).await.status, StatusCode::FORBIDDEN);
        let csrf = csrf_of(&page);
        for path in [LOCKOUT, PROVISIONING, TARGETS, TEMPLATE, "/operators/invite"] {
            let told = browser.post(path, &[("csrf", &csrf), ("seen", "0")]).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
        let list = browser.get("/operators").await;
        assert!(list.body.contains("olga") && !list.body.contains("action=\"/operators/invite\""), "{name}");
    }
    assert_eq!(olga.get("/operators").await.status, StatusCode::OK);
}

#[tokio::test]
async fn after_ten_minutes_a_change_asks_for_password_and_passcode_in_the_same_form() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let fresh = olga.get(&format!("{LOCKOUT}/edit")).await;
    assert!(!fresh.body.contains("name=\"proof_password\""));
    console.later(11);
    let told = send(&olga, &fresh, LOCKOUT, &[("account_failures", Some("5"))]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("name=\"proof_password\"") && told.body.contains("value=\"5\""), "{}", told.body);
    let passcode = console.passcode("olga");
    let wrong = [
        ("account_failures", Some("5")),
        ("proof_password", Some("wrong")),
        ("proof_passcode", Some(passcode.as_str())),
    ];
    let told = send(&olga, &told, LOCKOUT, &wrong).await;
    assert!(
        told.body.contains("href=\"#proof\"")
            && told.body.contains("value=\"5\"")
            && !told.body.contains("value=\"wrong\"")
    );
    assert_eq!(stored::<Lockout>(&console), Lockout::of_new());
    let right = [
        ("account_failures", Some("5")),
        ("proof_password", Some(PASSWORD)),
        ("proof_passcode", Some(passcode.as_str())),
    ];
    assert_eq!(send(&olga, &told, LOCKOUT, &right).await.location(), format!("{LOCKOUT}?saved"));
    assert!(!olga.get(&format!("{LOCKOUT}/edit")).await.body.contains("name=\"proof_password\""), "fresh again");
}

#[tokio::test]
async fn groups_are_added_by_name_and_kept_by_their_rows() {
    let console = Console::start();
    console.group("g-pilot", "pilot <1>");
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(&format!("{PROVISIONING}/edit")).await;
    assert!(page.body.contains("<option value=\"pilot &lt;1&gt;\">") && page.body.contains("<option value=\"staff\">"));
    let only = ("target_users.mode", Some("only_groups"));

    let none = send(&olga, &page, PROVISIONING, &[only]).await;
    assert!(none.body.contains("<a href=\"#target_users.groups\">Groups: This must be given.</a>"), "{}", none.body);
    let unknown = send(&olga, &page, PROVISIONING, &[only, ("group_add", Some("nobody's"))]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unknown.body.contains("There is no <bdi>nobody&#39;s</bdi>.")
            && unknown.body.contains("value=\"nobody&#39;s\""),
        "{}",
        unknown.body
    );

    let added =
        send(&olga, &page, PROVISIONING, &[only, ("group_add", Some("staff")), ("choose", Some("group"))]).await;
    assert_eq!(added.status, StatusCode::OK);
    assert!(
        added.body.contains("name=\"group.g-staff\"")
            && stored::<SelfProvisioning>(&console) == SelfProvisioning::of_new()
    );
    let twice = send(&olga, &added, PROVISIONING, &[("group_add", Some("staff")), ("choose", Some("group"))]).await;
    assert_eq!(twice.body.matches("name=\"group.g-staff\"").count(), 1, "one that is named twice is one");
    let saved = send(&olga, &twice, PROVISIONING, &[("group_add", Some("pilot <1>"))]).await;
    assert_eq!(saved.location(), format!("{PROVISIONING}?saved"), "{}", saved.body);
    let rows = ["g-pilot", "g-staff"].map(GroupId::from).to_vec();
    assert_eq!(stored::<SelfProvisioning>(&console).target_users, TargetUsers::OnlyGroups(rows));
    let page = olga.get(saved.location()).await;
    assert!(
        page.body.contains("<li><bdi>staff</bdi></li>")
            && page.body.contains("<ins><bdi>pilot &lt;1&gt;, staff</bdi></ins>"),
        "{}",
        page.body
    );

    let all = edit(&olga, PROVISIONING, &[("target_users.mode", Some("all"))]).await;
    assert_eq!(all.location(), format!("{PROVISIONING}?saved"), "{}", all.body);
    assert_eq!(stored::<SelfProvisioning>(&console).target_users, TargetUsers::All);
}

#[tokio::test]
async fn a_group_that_was_deleted_is_flagged_and_may_stay_or_go() {
    let console = Console::start();
    let gone = TargetUsers::OnlyGroups(vec!["g-gone".into(), "g-staff".into()]);
    console.store.with(|rows| rows.set(&SelfProvisioning { target_users: gone, ..SelfProvisioning::of_new() }));
    let olga = console.signed_in("olga", Role::Administrator).await;
    for path in [PROVISIONING, &format!("{PROVISIONING}/edit")] {
        let page = olga.get(path).await;
        assert!(
            page.body.contains("<bdi>g-gone</bdi> <strong class=\"bad\">deleted</strong>"),
            "{path}: {}",
            page.body
        );
        assert!(page.body.contains("a group that was deleted"), "{path}");
    }
    assert!(olga.get("/").await.body.contains("a group that was deleted"));
    assert_eq!(
        edit(&olga, PROVISIONING, &[("windows_link", Some("none"))]).await.location(),
        format!("{PROVISIONING}?saved")
    );
    assert_eq!(edit(&olga, PROVISIONING, &[("group.g-gone", None)]).await.location(), format!("{PROVISIONING}?saved"));
    assert_eq!(stored::<SelfProvisioning>(&console).target_users, TargetUsers::OnlyGroups(vec!["g-staff".into()]));
}

#[tokio::test]
async fn the_installer_has_an_address_and_windows_is_asked_for_only_where_it_is_allowed() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let installer = ("windows_link", Some("installer"));
    let none = edit(&olga, PROVISIONING, &[installer]).await;
    assert!(none.body.contains("<a href=\"#installer_url\">"), "{}", none.body);
    let plain = edit(&olga, PROVISIONING, &[installer, ("installer_url", Some("http://example.test/a.exe"))]).await;
    assert!(
        plain.body.contains("complete https:// address") && plain.body.contains("value=\"http://example.test/a.exe\"")
    );
    let odd = edit(&olga, PROVISIONING, &[installer, ("installer_url", Some("https://example.test/get"))]).await;
    assert_eq!(odd.location(), format!("{PROVISIONING}?saved"));
    assert!(olga.get(PROVISIONING).await.body.contains("does not end in .exe"));

    edit(&olga, TARGETS, &[("windows-desktop.allowed", None)]).await;
    let page = olga.get(&format!("{PROVISIONING}/edit")).await;
    assert!(!page.body.contains("id=\"installer_url\"") && !page.body.contains("windows-desktop"), "{}", page.body);
    assert_eq!(send(&olga, &page, PROVISIONING, &[]).await.location(), format!("{PROVISIONING}?unchanged"));
    assert_eq!(stored::<SelfProvisioning>(&console).installer_url.as_deref(), Some("https://example.test/get"));
}

#[tokio::test]
async fn stores_have_addresses_or_none() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let plain = edit(&olga, PROVISIONING, &[("google_play_url", Some("http://play.example.test/app"))]).await;
    assert!(plain.body.contains("<a href=\"#google_play_url\">"), "{}", plain.body);
    let good = ("google_play_url", Some("https://play.example.test/app"));
    assert_eq!(edit(&olga, PROVISIONING, &[good]).await.location(), format!("{PROVISIONING}?saved"));
    let kept = stored::<SelfProvisioning>(&console);
    assert_eq!(kept.google_play_url.as_deref(), Some("https://play.example.test/app"));
    assert_eq!((kept.app_store_url, kept.microsoft_store_url), (None, None));
    assert!(olga.get(PROVISIONING).await.body.contains("https://play.example.test/app"));
    assert_eq!(
        edit(&olga, PROVISIONING, &[("google_play_url", Some(""))]).await.location(),
        format!("{PROVISIONING}?saved")
    );
    assert_eq!(stored::<SelfProvisioning>(&console).google_play_url, None);
}

#[tokio::test]
async fn whether_users_may_make_recovery_codes_is_one_box() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let on = ("recovery_codes", Some("on"));
    assert_eq!(edit(&olga, PROVISIONING, &[on]).await.location(), format!("{PROVISIONING}?saved"));
    assert!(stored::<SelfProvisioning>(&console).recovery_codes);
    assert_eq!(edit(&olga, PROVISIONING, &[on]).await.location(), format!("{PROVISIONING}?unchanged"));
    assert_eq!(
        edit(&olga, PROVISIONING, &[("recovery_codes", None)]).await.location(),
        format!("{PROVISIONING}?saved")
    );
    assert_eq!(stored::<SelfProvisioning>(&console), SelfProvisioning::of_new());
}

#[tokio::test]
async fn how_many_authenticators_a_user_may_have_is_one_number() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let most = |most| [("max_tokens", Some(most))];
    assert_eq!(edit(&olga, PROVISIONING, &most("2")).await.location(), format!("{PROVISIONING}?saved"));
    assert_eq!(stored::<SelfProvisioning>(&console).max_tokens, 2);
    let told = edit(&olga, PROVISIONING, &most("6")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("id=\"max_tokens-error\""), "at its field: {}", told.body);
    assert_eq!(stored::<SelfProvisioning>(&console).max_tokens, 2);
}

#[tokio::test]
async fn whether_users_may_take_another_app_is_one_box() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let off = ("other_apps", None);
    assert_eq!(edit(&olga, PROVISIONING, &[off]).await.location(), format!("{PROVISIONING}?saved"));
    assert!(!stored::<SelfProvisioning>(&console).other_apps);
    let on = ("other_apps", Some("on"));
    assert_eq!(edit(&olga, PROVISIONING, &[on]).await.location(), format!("{PROVISIONING}?saved"));
    assert_eq!(stored::<SelfProvisioning>(&console), SelfProvisioning::of_new());
}

#[tokio::test]
async fn the_template_says_which_kinds_can_honour_it_and_why_another_cannot() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(TEMPLATE).await.body;
    let table = page.split("class=\"kinds\"").nth(1).expect("the table");
    assert!(table.contains(">Standard authenticator app</th>") && table.contains(">Yes</span>"), "{table}");
    assert!(!page.contains("class=\"kinds\" open"), "it is quiet while somebody can");
    assert!(table.contains("which the app would be served.</bdi>"), "ours has no origin here: {table}");
    let again = edit(&olga, TEMPLATE, &[("pin_type", Some("user_selected"))]).await;
    assert_eq!(send(&olga, &again, TEMPLATE, &[]).await.location(), format!("{TEMPLATE}?saved"));
    let page = olga.get(TEMPLATE).await.body;
    assert!(page.contains("Standard authenticator apps do not ask for a PIN of the token&#39;s own."), "{page}");
}

#[tokio::test]
async fn the_boxes_of_a_platform_move_together() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    edit(&olga, TARGETS, &[("android.allowed", None)]).await;
    edit(&olga, TARGETS, &[("ios.app", None)]).await;
    edit(&olga, TARGETS, &[("windows-mobile.app", Some("on"))]).await;
    let now: TargetSettings = stored(&console);
    let row = |row: doorward_api::settings::TargetRow| (row.allowed, row.app, row.push);
    assert_eq!((row(now.android), row(now.ios)), ((false, false, false), (false, false, false)));
    assert_eq!(row(now.windows_mobile), (true, true, false));
    let pushed = edit(&olga, TARGETS, &[("windows-mobile.push", Some("on")), ("android.push", Some("on"))]).await;
    assert_eq!(pushed.location(), format!("{TARGETS}?saved"));
    let now: TargetSettings = stored(&console);
    assert_eq!((now.windows_mobile.push, now.android.push), (true, false), "no push where nothing is allowed");
    let page = olga.get(PROVISIONING).await;
    assert!(page.body.contains("Windows 10 Mobile, Mobile") && !page.body.contains("<li>Android"), "{}", page.body);
    for target in ["windows-mobile.allowed", "windows-desktop.allowed"] {
        edit(&olga, TARGETS, &[(target, None)]).await;
    }
    assert!(olga.get("/").await.body.contains("No platform is allowed"));
    assert!(olga.get(PROVISIONING).await.body.contains("nobody is offered self-provisioning"));
}

#[tokio::test]
async fn the_fields_of_a_template_are_those_of_its_pin_type() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(&format!("{TEMPLATE}/edit")).await;
    assert!(!page.body.contains("id=\"pin_length\"") && page.body.contains("Applies to tokens enrolled from now on."));

    let chosen = [("pin_type", Some("user_selected")), ("length", Some("8"))];
    let again = send(&olga, &page, TEMPLATE, &chosen).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(
        again.body.contains("id=\"pin_length\"") && again.body.contains("The fields now belong to what you chose"),
        "{}",
        again.body
    );
    assert_eq!(stored::<TokenTemplate>(&console), TokenTemplate::of_new(), "nothing is stored that was not seen");
    let bad = send(&olga, &again, TEMPLATE, &[("pin_length", Some("3")), ("max_pin_attempts", Some("16"))]).await;
    assert!(
        bad.body.contains("<a href=\"#pin_length\">PIN Length: This must be a whole number from 4 to 8.</a>"),
        "{}",
        bad.body
    );
    let fields = [("pin_length", Some("5")), ("max_pin_attempts", Some("7")), ("allow_biometric_pin", Some("on"))];
    assert_eq!(send(&olga, &bad, TEMPLATE, &fields).await.location(), format!("{TEMPLATE}?saved"));
    let now: TokenTemplate = stored(&console);
    assert_eq!((now.pin_type, now.length, now.pin_length, now.max_pin_attempts), (PinType::UserSelected, 8, 5, 7));
    assert!(now.allow_biometric_pin && !now.allow_trivial_pins);

    let page = olga.get(&format!("{TEMPLATE}/edit")).await;
    let shown = send(&olga, &page, TEMPLATE, &[("pin_type", Some("none")), ("choose", Some("fields"))]).await;
    assert!(!shown.body.contains("id=\"pin_length\""), "{}", shown.body);
    assert_eq!(send(&olga, &shown, TEMPLATE, &[]).await.location(), format!("{TEMPLATE}?saved"));
    assert_eq!(stored::<TokenTemplate>(&console).pin_type, PinType::None);
}

#[tokio::test]
async fn synchronization_is_by_time_or_by_clicks_and_nothing_in_challenge_response() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let clicks = [("synchronization.by", Some("event")), ("synchronization.event.look_ahead", Some("101"))];
    let bad = edit(&olga, TEMPLATE, &clicks).await;
    assert!(bad.body.contains("<a href=\"#synchronization.event.look_ahead\">"), "{}", bad.body);
    let good = send(&olga, &bad, TEMPLATE, &[("synchronization.event.look_ahead", Some("5"))]).await;
    assert_eq!(good.location(), format!("{TEMPLATE}?saved"));
    let page = olga.get(good.location()).await;
    assert!(page.body.contains("<del>") && page.body.contains("Clicks before another passcode"), "{}", page.body);

    let page = olga.get(&format!("{TEMPLATE}/edit")).await;
    let shown = send(&olga, &page, TEMPLATE, &[("mode", Some("challenge_response")), ("choose", Some("fields"))]).await;
    assert!(!shown.body.contains("id=\"synchronization.by\""), "{}", shown.body);
    assert_eq!(send(&olga, &shown, TEMPLATE, &[]).await.location(), format!("{TEMPLATE}?saved"));
    assert_eq!(stored::<TokenTemplate>(&console).mode, Mode::ChallengeResponse);
}

#[tokio::test]
async fn the_preview_says_what_a_user_would_be_offered_and_why_not() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let ask = async |name: &str| {
        let page = olga.get(PROVISIONING).await;
        olga.send(&page, &format!("{PROVISIONING}/preview"), &[("name", name)]).await.body
    };
    let offered = ask("ALICE").await;
    assert!(offered.contains("Offered.") && offered.contains("<li>Android, Mobile/tablet</li>"), "{offered}");
    assert!(ask("nobody").await.contains("There is no user of this name."));
    assert!(ask("").await.contains("There is no user of this name."));
    edit(&olga, PROVISIONING, &[("target_users.mode", Some("except_groups")), ("group_add", Some("staff"))]).await;
    let excepted = ask("alice").await;
    assert!(excepted.contains("Not offered.") && excepted.contains("in a group that is excepted"), "{excepted}");
    edit(&olga, PROVISIONING, &[("target_users.mode", Some("none"))]).await;
    assert!(ask("alice").await.contains("It is offered to no users."));
}

#[tokio::test]
async fn the_start_page_tells_what_needs_attention_or_that_all_is_well() {
    let otp_alone = r#"@id("wiki-otp") permit(principal, action, resource) when { context.authn.otp };"#;
    let console = Console::with(None, otp_alone);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/").await;
    assert!(
        page.body.contains("<bdi>wiki-otp</bdi>") && page.body.contains("<bdi>wiki.localhost</bdi>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("Needs your attention") && !page.body.contains("All is well"));
    console.later(2 * 24 * 60);
    let olga = console.signed_in("otto", Role::Administrator).await;
    assert!(olga.get("/").await.body.contains("ended <time"), "a certificate that is over");
}

#[tokio::test]
async fn an_administrator_invites_and_whoever_opens_the_link_is_an_operator() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let list = olga.get("/operators").await;
    let none = olga.send(&list, "/operators/invite", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let invited = olga.send(&list, "/operators/invite", &[("role", "auditor")]).await;
    assert_eq!(invited.status, StatusCode::OK);
    let link = invited.body.split("http://127.0.0.1:8081").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let otto = console.browser();
    let page = otto.get(&link).await;
    let key = page.body.split("id=\"key\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    let passcode = shown(key, console.caller().now);
    let fields = [("name", "otto"), ("password", PASSWORD), ("again", PASSWORD), ("passcode", passcode.as_str())];
    assert_eq!(otto.send(&page, &link, &fields).await.location(), "/");
    let list = olga.get("/operators").await;
    assert!(list.body.contains("otto") && list.body.contains("Auditor"), "{}", list.body);

    let of_otto = list.body.split("href=\"/operators/").find(|rest| rest.contains("otto")).unwrap();
    let path = format!("/operators/{}", of_otto.split('"').next().unwrap());
    let page = olga.get(&path).await;
    let saved = olga.send(&page, &path, &[("role", "help_desk"), ("disabled", "on")]).await;
    assert!(saved.body.contains("Saved.") && saved.body.contains("Switched off"), "{}", saved.body);
    assert_eq!(otto.get("/").await.status, StatusCode::SEE_OTHER, "their session is over");
    assert_eq!(olga.get("/operators/nobody").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let id = console.store.with(|rows| rows.operators[0].id.to_string());
    let path = format!("/operators/{id}");
    for (fields, why) in [
        (&[("role", "auditor")][..], "Nobody changes their own role."),
        (&[("role", "administrator"), ("disabled", "on")], "The last administrator"),
    ] {
        let page = olga.get(&path).await;
        let told = olga.send(&page, &path, fields).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(told.body.contains(why), "{}", told.body);
    }
}

#[tokio::test]
async fn an_operator_changes_their_password() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/account").await;
    let differ = olga.send(&page, "/account", &[("password", "another horse battery"), ("again", "x")]).await;
    assert!(differ.body.contains("The two passwords are not the same."));
    let short = olga.send(&page, "/account", &[("password", "short"), ("again", "short")]).await;
    assert!(short.body.contains("href=\"#password\""));
    let fields = [("password", "another horse battery"), ("again", "another horse battery")];
    assert!(olga.send(&page, "/account", &fields).await.body.contains("Your password was changed."));
    assert_eq!(console.store.kinds().last(), Some(&EventKind::OperatorPasswordChanged));
}

#[tokio::test]
async fn a_colleague_is_given_a_link_by_which_they_come_in_anew() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let otto = console.signed_in("otto", Role::Auditor).await;
    let ids = console.store.with(|rows| rows.operators.iter().map(|one| one.id.to_string()).collect::<Vec<_>>());
    assert!(!olga.get(&format!("/operators/{}", ids[0])).await.body.contains("/recovery"), "not for oneself");
    let path = format!("/operators/{}/recovery", ids[1]);
    assert!(olga.get(&format!("/operators/{}", ids[1])).await.body.contains(&format!("href=\"{path}\"")));
    let page = olga.get(&path).await;
    assert!(page.body.contains("API keys stay"), "{}", page.body);
    let told = send(&olga, &page, &path, &[]).await;
    assert!(told.body.contains("in person") && !told.body.contains("action=\"/language\""), "{}", told.body);
    let link = format!("/setup/{}", told.body.split("/setup/").nth(1).unwrap().split('<').next().unwrap());

    let anew = console.browser();
    let page = anew.get(&link).await;
    assert!(!page.body.contains("name=\"name\"") && page.body.contains("value=\"otto\""), "{}", page.body);
    let key = page.body.split("id=\"key\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    let passcode = shown(key, console.caller().now);
    let fields = [("password", "another horse battery"), ("again", "another horse battery"), ("passcode", &passcode)];
    let told = anew.send(&page, &link, &fields).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/"), "{}", told.body);
    assert!(anew.get("/").await.body.contains("otto"));
    assert!(otto.get("/").await.location().starts_with("/signin"), "the sessions of before have ended");
}

#[tokio::test]
async fn too_many_wrong_proofs_lead_to_the_sign_in() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.later(11);
    let page = olga.get("/operators").await;
    let wrong = [("role", "auditor"), ("proof_password", "guessed"), ("proof_passcode", "000000")];
    for _ in 0..4 {
        let told = olga.send(&page, "/operators/invite", &wrong).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.body);
    }
    let told = olga.send(&page, "/operators/invite", &wrong).await;
    assert_eq!(
        (told.status, told.location()),
        (StatusCode::SEE_OTHER, "/signin?next=%2Foperators%2Finvite"),
        "{}",
        told.body
    );
    assert!(olga.get(told.location()).await.body.contains("Your session has ended."));
}

#[tokio::test]
async fn the_language_is_the_browsers_until_one_is_chosen() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    *olga.language.lock().unwrap() = "de-AT,de;q=0.9".into();
    let page = olga.get(LOCKOUT).await;
    assert!(page.body.contains("<html lang=\"de\"") && page.body.contains("Richtlinie zur Kontosperre"));
    let chosen = olga.send(&page, "/language", &[("language", "en")]).await;
    assert_eq!(chosen.location(), LOCKOUT);
    assert!(olga.get(LOCKOUT).await.body.contains("<html lang=\"en\""));
}

#[tokio::test]
async fn a_session_that_has_ended_is_said_to_have_ended() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.later(31);
    let told = olga.get(LOCKOUT).await;
    let page = olga.get(told.location()).await;
    assert!(
        page.body.contains("Your session has ended.")
            && page.body.contains("name=\"next\" value=\"/policies/account-lockout\"")
    );
}

/// After a reload, or the end of a session, a form's own address is looked at.
#[tokio::test]
async fn what_a_form_is_sent_to_leads_back_to_the_page_of_the_form() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    for (path, page) in [
        ("/operators/invite", "/operators"),
        ("/settings/self-provisioning/preview", "/settings/self-provisioning"),
        ("/signout", "/"),
        ("/language", "/"),
    ] {
        let told = olga.get(path).await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, page), "{path}");
    }
    assert_eq!(olga.get("/operators").await.status, StatusCode::OK, "looking signs nobody out");
}

/// The link would be lost by it.
#[tokio::test]
async fn a_link_that_is_shown_once_has_no_choice_of_a_language_beside_it() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/operators").await;
    assert!(page.body.contains("action=\"/language\""));
    let told = send(&olga, &page, "/operators/invite", &[("role", Some("auditor"))]).await;
    assert!(told.body.contains("/setup/") && !told.body.contains("action=\"/language\""), "{}", told.body);
}

#[tokio::test]
async fn an_invitation_is_seen_until_it_is_used_and_can_be_withdrawn() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    assert!(!olga.get("/operators").await.body.contains("Open invitations"), "hers was used");
    let page = olga.get("/operators").await;
    let told = send(&olga, &page, "/operators/invite", &[("role", Some("auditor"))]).await;
    let link = told.body.split("/setup/").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let list = olga.get("/operators").await;
    assert!(
        list.body.contains("Open invitations") && list.body.contains("invited by <bdi>olga</bdi>"),
        "{}",
        list.body
    );
    let path = list.body.split("href=\"/operators/invitations/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/operators/invitations/{path}");
    assert!(!path.contains(&link), "the link itself is not kept");
    let ask = olga.get(&path).await;
    let told = send(&olga, &ask, &path, &[]).await;
    assert_eq!(told.location(), "/operators?done=invitation-withdrawn", "{}", told.body);
    let list = olga.get(told.location()).await;
    assert!(list.body.contains("The invitation is withdrawn") && !list.body.contains("Open invitations"));
    assert_eq!(console.store.kinds().last(), Some(&EventKind::OperatorInvitationWithdrawn));
    assert_eq!(console.browser().get(&format!("/setup/{link}")).await.status, StatusCode::GONE);
    assert_eq!(olga.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_answered_has_a_page_that_says_so() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let told = olga.get("/nothing").await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    assert!(told.body.contains("req-0042"));
    let told = olga.ask(Method::DELETE, LOCKOUT, &[], String::new()).await;
    assert_eq!((told.status, told.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD,POST"));
    *console.store.down.lock().unwrap() = true;
    let told = olga.get(LOCKOUT).await;
    assert_eq!((told.status, told.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    olga.forget("doorward_console");
    assert_eq!(olga.get("/signin").await.status, StatusCode::OK, "the sign-in needs no store to be shown");
}

#[tokio::test]
async fn the_sign_in_leads_to_pages_of_the_console_alone() {
    let console = Console::start();
    let browser = console.browser();
    for (next, kept) in [
        ("%2Foperators", "/operators"),
        ("%2F%2Fevil.test", "/"),
        ("https%3A%2F%2Fevil.test", "/"),
        ("%2Fsignin%3Fnext%3Dx", "/"),
    ] {
        let page = browser.get(&format!("/signin?next={next}")).await;
        assert_eq!(page.hidden("next"), kept, "{next}");
    }
}

#[tokio::test]
async fn a_pin_is_tried_out_by_the_rules_as_they_are_typed() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let policy = "/policies/server-side-pin";
    let page = olga.get(&format!("{policy}/edit")).await;
    let sample = ("choose", Some("pin"));
    let trivial = send(&olga, &page, policy, &[sample, ("try_pin", Some("1234"))]).await;
    assert!(
        trivial.body.contains("must not be one run") && trivial.body.contains("value=\"1234\""),
        "{}",
        trivial.body
    );
    let fine = send(&olga, &trivial, policy, &[sample, ("try_pin", Some("1234")), ("allow_trivial", Some("on"))]).await;
    assert!(fine.body.contains("This PIN would be accepted."), "{}", fine.body);
    let broken = send(&olga, &page, policy, &[sample, ("try_pin", Some("1234")), ("min_length", Some("x"))]).await;
    assert!(broken.body.contains("href=\"#min_length\"") && !broken.body.contains("would be accepted"));
    assert_eq!(stored::<ServerPinPolicy>(&console), ServerPinPolicy::of_new(), "nothing is stored by trying");
}
