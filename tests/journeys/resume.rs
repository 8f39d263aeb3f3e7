//! Whoever was interrupted goes on where they were: a reload, a second tab, a restart of the gateway, a step back.

use crate::journeys::first_light::{as_far_as_the_code, as_far_as_the_secret, through_the_door};
use crate::world::{Database, Gateway, Installation, Page, Stage, Visitor, words, wrong};

/// The same page, with the same secret, by reload, in a second tab that asks for the application anew, and in one that opens the
/// portal.
fn stays(gateway: &Gateway, visitor: &mut Visitor, page: &Page) {
    let (stage, secret) = (page.stage(), page.secret());
    assert_ne!(stage, Stage::Other, "{}", page.words());
    for url in
        [gateway.url("login", "/signin/step"), gateway.url("wiki", "/page?x=1"), gateway.url("login", "/signin/step")]
    {
        let again = visitor.get(&url);
        assert_eq!((again.stage(), again.secret()), (stage, secret.clone()), "{url} at {stage:?}: {}", again.words());
    }
}

#[test]
fn a_reload_or_a_second_tab_shows_the_same_step_and_the_same_secret() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/page?x=1");
    let mut alice = gateway.visitor();
    let page = alice.get(&url);
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    stays(&gateway, &mut alice, &page);
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    stays(&gateway, &mut alice, &page);
    let page = alice.press(&page, "add_authenticator");
    stays(&gateway, &mut alice, &page);
    assert_eq!(gateway.mails().len(), 1, "coming back sends no second mail");
    let code = gateway.mail_to("alice@example.test").code();
    let page = alice.type_code(&page, &wrong(&code, 1));
    stays(&gateway, &mut alice, &page);
    alice.step(&gateway).says("4 tries left.");
    let page = alice.type_code(&page, &code);
    stays(&gateway, &mut alice, &page);
    let page = alice.submit(&page, "target", &[("target", "mobile")]);
    stays(&gateway, &mut alice, &page);
    let page = alice.submit(&page, "target", &[("target", "ios")]);
    let phone = page.phone();
    stays(&gateway, &mut alice, &page);
    // What one tab does, the other finds done.
    let other_tab = alice.get(&url);
    let page = alice.press(&page, "continue");
    stays(&gateway, &mut alice, &page);
    let late = alice.press(&other_tab, "continue");
    late.is_at(Stage::Passcode);
    late.says("You had already gone on from there.");
    let page = alice.type_passcode(&late, &phone.passcode());
    assert_eq!(page.url, url);
    // The tab left open is in as well, and so is whoever presses its button, or loads the step's page again.
    assert_eq!(alice.get(&url).url, url);
    let late = alice.press(&other_tab, "continue");
    assert_eq!((late.status(), late.url.as_str()), (200, url.as_str()), "{}", late.words());
    assert_eq!(alice.step(&gateway).url, url);
    let notices = || gateway.mails().iter().filter(|mail| mail.text.contains("/notice/")).count();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while notices() == 0 {
        assert!(std::time::Instant::now() < end, "a notice is sent");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(notices(), 1);
}

#[test]
fn of_two_tabs_at_the_same_step_both_lead_to_the_application() {
    let gateway = Gateway::demo();
    let url = gateway.url("intranet", "/page?x=1");
    let mut carol = gateway.visitor();
    let first = carol.up_to_the_password("carol", &url);
    let second = carol.step(&gateway);
    let password = gateway.password("carol");
    assert_eq!(carol.submit(&first, "password", &[("password", &password)]).url, url);
    assert_eq!(carol.submit(&second, "password", &[("password", &password)]).url, url);
    // Signed out, the tab left open is no dead end: it asks for the name, on the way to the same page.
    assert_eq!(carol.sign_out(&gateway.url("login", "/")).status, 303);
    let page = carol.submit(&second, "password", &[("password", &password)]);
    page.is_at(Stage::Name);
    page.says("Sign in to Intranet");
    let page = carol.submit(&page, "username", &[("username", "carol")]);
    assert_eq!(carol.submit(&page, "password", &[("password", &password)]).url, url);
}

#[test]
fn of_tabs_restored_at_once_each_leads_to_its_own_page() {
    let gateway = Gateway::demo();
    let urls = ["/one", "/two", "/three"].map(|path| gateway.url("intranet", path));
    let mut carol = gateway.visitor();
    // Each was asked for before the others had answered, so that none of them knew of a cookie, and the last one's stays.
    let tabs = urls.each_ref().map(|url| {
        carol.jar.remove("login.localhost");
        carol.get(url)
    });
    let password = gateway.password("carol");
    for (tab, url) in tabs.iter().zip(&urls).rev() {
        let page = carol.submit(tab, "username", &[("username", "carol")]);
        // The first that signs in is asked for everything. The others are too old, and are led on.
        let landed = match page.try_form("password") {
            Some(_) => carol.submit(&page, "password", &[("password", &password)]),
            None => page,
        };
        assert_eq!(&landed.url, url, "{}", landed.words());
    }
}

#[test]
fn a_tab_left_for_days_still_knows_where_it_was_going() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let url = served.url("wiki", "/page?x=1");
    let mut alice = served.proxied_visitor();
    let page = alice.up_to_the_password("alice", &url);
    installation.sql("DELETE FROM flow");
    let page = alice.submit(&page, "password", &[("password", &served.gateway.password("alice"))]);
    page.is_at(Stage::Name);
    page.says("Sign in to The wiki");
}

#[test]
fn the_secret_stays_with_back_another_platform_and_a_wrong_passcode_and_changes_with_new_code() {
    let gateway = Gateway::demo();
    let mut alice = gateway.visitor();
    let (mut page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &gateway.url("wiki", "/"));
    for target in ["android", "windows-desktop", "ios"] {
        page = alice.post_elsewhere(&page, "/enrol/back", &[]);
        while page.stage() == Stage::Device {
            page = alice.post_elsewhere(&page, "/enrol/back", &[]);
        }
        page.is_at(Stage::Kind);
        // A value of the second page counts for both.
        page = alice.submit(&page, "target", &[("target", target)]);
        assert_eq!(page.secret().as_ref(), Some(&phone.secret), "{target}: {}", page.words());
    }
    let asks = alice.press(&page, "continue");
    let asks = alice.type_passcode(&asks, "000000");
    asks.says("Not accepted.");
    page = alice.post_elsewhere(&asks, "/enrol/back", &[]);
    assert_eq!(page.secret().as_ref(), Some(&phone.secret));
    let renewed = alice.press(&page, "new_code");
    let newer = renewed.phone();
    assert_ne!(newer.secret, phone.secret);
    stays(&gateway, &mut alice, &renewed);
    let asks = alice.press(&renewed, "continue");
    alice.type_passcode(&asks, &phone.passcode()).says("Not accepted.");
    assert_eq!(alice.type_passcode(&asks, &newer.passcode()).url, gateway.url("wiki", "/"));
}

#[test]
fn a_killed_gateway_goes_on_where_everybody_was() {
    let folder = tempfile::tempdir().unwrap();
    let state = ["--state", folder.path().to_str().unwrap()];
    let mut gateway = Gateway::demo_with(&state, &[]);
    let url = gateway.url("wiki", "/page?x=1");
    let mut alice = gateway.visitor();
    let page = as_far_as_the_code(&gateway, &mut alice, "alice", &url);
    let code = gateway.mail_to("alice@example.test").code();
    gateway.demo_again(&state);
    stays(&gateway, &mut alice, &page);
    let page = alice.type_code(&page, &code);
    page.is_at(Stage::Kind);
    gateway.demo_again(&state);
    stays(&gateway, &mut alice, &page);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    gateway.demo_again(&state);
    stays(&gateway, &mut alice, &page);
    let page = alice.press(&page, "continue");
    gateway.demo_again(&state);
    stays(&gateway, &mut alice, &page);
    let used = phone.passcode();
    let page = alice.type_passcode(&page, &used);
    assert_eq!(page.url, url);
    // The session is still one, and the passcode is still used.
    gateway.demo_again(&state);
    assert_eq!(alice.get(&url).hops, Vec::<String>::new());
    let mut elsewhere = gateway.visitor();
    let page = elsewhere.sign_in(&gateway, "alice", &url);
    elsewhere.type_passcode(&page, &used).is_at(Stage::Passcode);
    assert_eq!(elsewhere.once("GET", &url, &[], None).status, 303);
    assert_eq!(elsewhere.type_passcode(&page, &phone.passcode_at("+30 seconds")).url, url);
}

#[test]
fn somebody_who_has_enrolled_and_closed_the_browser_is_asked_for_a_passcode_only() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    let (_, phone) = through_the_door(&gateway, &mut alice, "alice", &url);
    // Closing the browser forgets what has no term; the rest it keeps.
    let mut reopened = gateway.visitor();
    for (host, jar) in &alice.jar {
        let kept = jar.iter().filter(|(name, _)| name.ends_with("device") || name.ends_with("lang"));
        reopened.jar.insert(host.clone(), kept.map(|(n, v)| (n.clone(), v.clone())).collect());
    }
    let page = reopened.sign_in(&gateway, "alice", &url);
    page.is_at(Stage::Passcode);
    page.says_not("Add Authenticator");
    assert_eq!(reopened.type_passcode(&page, &phone.passcode_at("+30 seconds")).url, url);
}

#[test]
fn a_browser_closed_in_the_middle_begins_anew_and_takes_over() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/");
    let mut before = gateway.visitor();
    let (_, lost) = as_far_as_the_secret(&gateway, &mut before, "alice", &url);
    let mut after = gateway.visitor();
    let offer = after.sign_in(&gateway, "alice", &url);
    offer.is_at(Stage::Offer);
    let page = after.press(&offer, "add_authenticator");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while gateway.mails().len() < 2 {
        assert!(std::time::Instant::now() < end, "a code of its own");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let page = after.type_code(&page, &gateway.mail_to("alice@example.test").code());
    let page = after.choose_ios(&page);
    let phone = page.phone();
    assert_ne!(phone.secret, lost.secret);
    assert_eq!(after.finish(&page, &phone).url, url);
}

#[test]
fn an_hour_is_enough_and_then_it_starts_again_for_the_same_page() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let url = served.url("wiki", "/page?x=1");
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(&served.gateway, &mut alice, "alice", &url);
    let left = installation.sql("SELECT (expires_at - created_at) / 60000 FROM flow");
    let left: u64 = left.trim().parse().unwrap();
    assert!((60..=61).contains(&left), "sixty minutes in the wizard, not {left}");
    installation.sql("UPDATE flow SET expires_at = created_at + 1");
    for after in [
        alice.get(&served.url("login", "/signin/step")),
        alice.press(&page, "continue"),
        alice.post_elsewhere(&page, "/enrol/new-code", &[]),
        alice.post_elsewhere(&page, "/signin/passcode", &[("otp", &phone.passcode())]),
    ] {
        after.says("Your sign-in timed out");
        assert!(after.secret().is_none());
    }
    let over = alice.get(&served.url("login", "/signin/step"));
    let start = over.link("/signin");
    assert!(start.contains("return="), "{start}");
    let page = alice.get(&served.url("login", &start));
    page.is_at(Stage::Name);
    page.says("Sign in to The wiki");
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    let page = alice.submit(&page, "password", &[("password", &served.gateway.password("alice"))]);
    page.is_at(Stage::Offer);
    let before = installation.mails().len();
    let page = alice.press(&page, "add_authenticator");
    while installation.mails().len() == before {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let page = alice.type_code(&page, &installation.mails()[0].code());
    let page = alice.choose_ios(&page);
    let newer = page.phone();
    assert_ne!(newer.secret, phone.secret);
    assert_eq!(alice.finish(&page, &newer).url, url);
}

#[test]
fn somebody_switched_off_in_the_middle_goes_no_further() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let url = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(&served.gateway, &mut alice, "alice", &url);
    let page = alice.press(&page, "continue");
    let output = installation.command(&["user", "disable"], &["alice"], "");
    assert!(output.status.success(), "{}", words(&output));
    let after = alice.type_passcode(&page, &phone.passcode());
    assert!(after.secret().is_none() && after.url != url, "{}", after.words());
    after.says_not("disabled");
    assert_eq!(alice.once("GET", &url, &[], None).status, 303);
    // Switched on again, what was begun before is not taken up.
    installation.command(&["user", "enable"], &["alice"], "");
    let after = alice.post_elsewhere(&page, "/signin/passcode", &[("otp", &phone.passcode())]);
    assert!(after.url != url, "{}", after.words());
    assert_eq!(alice.once("GET", &url, &[], None).status, 303);
    alice.jar.clear();
    alice.sign_in(&served.gateway, "alice", &url).is_at(Stage::Offer);
}

#[test]
fn a_platform_taken_away_in_the_middle_cannot_be_finished() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let url = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (page, phone) = as_far_as_the_secret(&served.gateway, &mut alice, "alice", &url);
    let page = alice.press(&page, "continue");
    installation.sql(
        "INSERT INTO setting (virtual_server, kind, body, version, changed_at) VALUES ('default', 'targets', \
         '{\"ios\":{\"allowed\":false,\"app\":false,\"push\":false},\
         \"android\":{\"allowed\":true,\"app\":true,\"push\":true},\
         \"windows-mobile\":{\"allowed\":false,\"app\":false,\"push\":false},\
         \"windows-desktop\":{\"allowed\":true,\"app\":true,\"push\":false}}', 1, 0)",
    );
    let after = alice.type_passcode(&page, &phone.passcode());
    assert_ne!(after.url, url);
    after.says("Choose one of the devices.");
    after.says_not("iPhone");
    assert_eq!(alice.once("GET", &url, &[], None).status, 303);
    let page = alice.submit(&after, "target", &[("target", "android")]);
    let phone = page.phone();
    assert_eq!(alice.finish(&page, &phone).url, url);
}

#[test]
fn cancel_ends_it_and_voids_what_was_shown() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/page?x=1");
    let mut alice = gateway.visitor();
    let (page, phone) = as_far_as_the_secret(&gateway, &mut alice, "alice", &url);
    let ended = alice.post_elsewhere(&page, "/signin/cancel", &[]);
    ended.says("You are signed out");
    assert!(ended.secret().is_none());
    for after in [
        alice.press(&page, "continue"),
        alice.post_elsewhere(&page, "/signin/passcode", &[("otp", &phone.passcode())]),
        alice.step(&gateway),
    ] {
        assert!(after.secret().is_none() && after.url != url, "{}", after.words());
        after.says("You are signed out");
    }
    // From the start, to the same page, with another secret: nothing was added to the account.
    let start = alice.get(&gateway.url("login", &ended.link("/signin")));
    start.is_at(Stage::Name);
    let page = alice.submit(&start, "username", &[("username", "alice")]);
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    page.is_at(Stage::Offer);
}

#[test]
fn another_user_takes_over_the_browser_but_nothing_else() {
    let gateway = Gateway::demo();
    let url = gateway.url("wiki", "/page?x=1");
    let mut bob = gateway.visitor();
    let (_, phone) = through_the_door(&gateway, &mut bob, "bob", &url);
    let mut shared = gateway.visitor();
    let page = shared.get(&url);
    let page = shared.submit(&page, "username", &[("username", "alice")]);
    page.says("Signing in as alice");
    let page = shared.post_elsewhere(&page, "/signin/switch", &[]);
    page.is_at(Stage::Name);
    page.says("Sign in to Wiki");
    let page = shared.submit(&page, "username", &[("username", "bob")]);
    page.says("Signing in as bob");
    let page = shared.submit(&page, "password", &[("password", &gateway.password("bob"))]);
    page.is_at(Stage::Passcode);
    let page = shared.type_passcode(&page, &phone.passcode_at("+30 seconds"));
    assert_eq!(page.url, url);
    page.says("Remote-User: bob");
    page.says_not("alice");

    // Nor does what one has proved help the other.
    let mut mixed = gateway.visitor();
    let page = mixed.sign_in(&gateway, "alice", &url);
    page.is_at(Stage::Offer);
    let page = mixed.post_elsewhere(&page, "/signin/switch", &[]);
    let page = mixed.submit(&page, "username", &[("username", "bob")]);
    page.is_at(Stage::Password);
    assert_eq!(mixed.once("GET", &url, &[], None).status, 303);
}
