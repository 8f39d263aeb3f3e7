//! A session is judged anew on every request (SE-06) and ends when its time is over, however busily it is used (SE-08).

use std::time::{Duration, Instant};

use crate::journeys::first_light::through_the_door;
use crate::world::{
    Database, Gateway, Installation, Origin, Ports, Served, Timed, Visitor, exchange, faketime, site, words,
};

/// What is promised of a change to a user, a group, a token or a policy.
const FELT_WITHIN: Duration = Duration::from_secs(5);

const STAFF_ONLY: &str = r#"
@id("staff") permit (principal in Group::"staff", action, resource) when { context.authn.password };
"#;

/// Somebody signed in, and a page that nobody else asks for.
struct Holder {
    visitor: Visitor,
    path: String,
    url: String,
}

impl Holder {
    fn of(served: &Served, user: &str) -> Self {
        let path = format!("/page-of-{user}");
        let url = served.url("wiki", &path);
        let mut visitor = served.proxied_visitor();
        visitor.with_password(&served.gateway, user, &url);
        Self { visitor, path, url }
    }

    /// Whether the application hears of a request of this browser.
    fn opens(&mut self, origin: &Origin) -> bool {
        let line = format!("GET {} ", self.path);
        let heard = || origin.heads().iter().filter(|head| head.starts_with(&line)).count();
        let before = heard();
        let answer = self.visitor.once("GET", &self.url, &[], None);
        let reached = heard() > before;
        assert_eq!(answer.status == 200, reached, "{}: {}", self.url, answer.status);
        reached
    }

    /// Makes a change and asks until it is felt; then it stays so.
    fn feels(&mut self, origin: &Origin, what: &str, change: impl FnOnce()) {
        assert!(self.opens(origin), "{what}: open before");
        change();
        let changed = Instant::now();
        loop {
            // What counts is when it was asked: an answer may be slow on a busy machine.
            let asked = changed.elapsed();
            if !self.opens(origin) {
                break;
            }
            assert!(asked < FELT_WITHIN + Duration::from_millis(500), "{what}: open {asked:?} later");
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(!self.opens(origin), "{what}: closed, and open again");
    }
}

/// SE-06: an operator switches a user off, takes a group away, deletes the user's row, or changes the policies.
#[test]
fn whatever_is_changed_about_a_user_a_group_or_a_policy_is_felt_by_a_live_session_within_five_seconds() {
    let origin = Origin::start();
    let users = ["alice", "bobby", "carol", "davey", "erica"];
    let installation = site(STAFF_ONLY, &[("wiki", origin.port, "")], &users);
    let served = installation.serve();
    let [mut alice, mut bobby, mut carol, mut davey, mut erica] = users.map(|user| Holder::of(&served, user));
    let disable = || {
        let output = installation.command(&["user", "disable"], &["alice"], "");
        assert!(output.status.success(), "{}", words(&output));
    };
    let bobbys = "DELETE FROM group_member WHERE user_id = (SELECT id FROM user_account WHERE name = 'bobby')";
    let carols = "UPDATE user_account SET disabled = TRUE WHERE name = 'carol'";
    // As a careless hand would do it: the sessions' rows stay.
    let daveys = "PRAGMA foreign_keys = OFF; DELETE FROM user_account WHERE name = 'davey'";
    std::thread::scope(|scope| {
        scope.spawn(|| alice.feels(&origin, "switched off by command", disable));
        scope.spawn(|| bobby.feels(&origin, "out of the group", || drop(installation.sql(bobbys))));
        scope.spawn(|| carol.feels(&origin, "switched off past the gateway", || drop(installation.sql(carols))));
        scope.spawn(|| davey.feels(&origin, "deleted", || drop(installation.sql(daveys))));
    });
    erica.feels(&origin, "forbidden by a policy", || {
        installation.write("policies/zz_out.cedar", "@id(\"out\") forbid (principal, action, resource);");
        served.gateway.signal("HUP");
    });

    // A session that was only shut out opens again when the policy is gone; one that was ended does not.
    std::fs::remove_file(installation.path("policies/zz_out.cedar")).unwrap();
    served.gateway.signal("HUP");
    let end = Instant::now() + FELT_WITHIN * 2;
    while !erica.opens(&origin) {
        assert!(Instant::now() < end, "the policy is gone, and erica still outside");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!alice.opens(&origin), "her session was ended");
}

/// SE-06, of tokens: whoever loses the token loses the sessions that it has opened, at the portal and everywhere.
#[test]
fn a_token_that_is_taken_away_takes_its_sessions_along() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    assert_eq!(alice.get(&served.url("intranet", "/")).status(), 200);
    let cookies = alice.jar.clone();
    let is_in = |host: &str| {
        let host_name = format!("{host}.example.test");
        let cookie = cookies[&host_name].iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let fields = [("Accept", "text/html"), ("X-Forwarded-Proto", "https"), ("Cookie", cookie.as_str())];
        exchange(served.ports.http, "GET", &host_name, "/", &fields, b"").status == 200
    };
    assert!(["wiki", "intranet", "login"].into_iter().all(is_in));
    let output = installation.command(&["user", "revoke-tokens"], &["alice"], "");
    assert!(output.status.success(), "{}", words(&output));
    let revoked = Instant::now();
    for host in ["wiki", "intranet", "login"] {
        while is_in(host) {
            assert!(revoked.elapsed() < FELT_WITHIN, "{host} is open {:?} later", revoked.elapsed());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Asks as a script of a page that is left open asks, and says whether it is answered.
fn polls(gateway: &Gateway, visitor: &mut Visitor) -> bool {
    let answer = visitor.once("GET", &gateway.url("intranet", "/news"), &[("Sec-Fetch-Mode", "cors")], None);
    match answer.status {
        200 => true,
        401 => false,
        status => panic!("{status}: {}", answer.text()),
    }
}

/// SE-08.
#[test]
fn a_session_in_constant_use_is_over_after_eight_hours_and_an_unused_one_after_thirty_minutes() {
    let timed = Timed::demo("");
    let gateway = &timed.gateway;
    let minutes = |minutes: u64| timed.ahead(minutes * 60);
    let signed_in = |user: &str| {
        let mut visitor = gateway.visitor();
        visitor.with_password(gateway, user, &gateway.url("intranet", "/"));
        visitor
    };
    let (mut busy, mut now_and_then, mut idle) = (signed_in("alice"), signed_in("bob"), signed_in("carol"));
    let portal = busy.clone();

    // What is used is noted in passing: here, where hours pass in seconds, that is waited for.
    let last_used = || timed.sql("SELECT MAX(last_seen_at) FROM session").parse::<u64>().unwrap();
    let begun = last_used();
    for minute in (10..480).step_by(10) {
        minutes(minute);
        assert!(polls(gateway, &mut busy), "in use all the time, over after {minute} minutes");
        let noted_by = Instant::now() + Duration::from_secs(20);
        while last_used() < begun + minute * 60_000 {
            assert!(Instant::now() < noted_by, "the use after {minute} minutes is not noted");
            std::thread::sleep(Duration::from_millis(5));
        }
        if minute % 20 == 0 && minute < 100 {
            assert!(polls(gateway, &mut now_and_then), "used every twenty minutes, over after {minute}");
        }
        if minute == 40 {
            assert!(!polls(gateway, &mut idle), "unused for forty minutes");
        }
        if minute == 120 {
            assert!(!polls(gateway, &mut now_and_then), "last used forty minutes ago");
        }
    }
    // It was in use ten minutes ago, and that has put nothing off.
    minutes(480);
    assert!(!polls(gateway, &mut busy), "eight hours are over");
    for visitor in [&mut busy, &mut portal.clone()] {
        let page = visitor.get(&gateway.url("login", "/"));
        assert!(page.try_form("username").is_some(), "the portal's session too: {}", page.words());
    }
    // Neither comes back when a clock is put back.
    minutes(470);
    assert!(!polls(gateway, &mut busy), "the store's time never goes back");
    assert!(!polls(gateway, &mut idle));
}

/// SE-08: what a page asks for by itself is answered as long as its user's session lasts, and makes that no longer, whatever
/// the request says of itself. Who reads meanwhile is noted, though the page has asked a moment before.
#[test]
fn a_page_that_only_polls_keeps_nobody_signed_in() {
    let origin = Origin::start();
    let marked = "background = [\"/api/poll\", \"/rooms/*/news\"]";
    let installation = site(STAFF_ONLY, &[("wiki", origin.port, marked)], &["alice", "bobby"]);
    let clock = installation.path("clock");
    std::fs::write(&clock, "+0\n").unwrap();
    let environment = [
        ("LD_PRELOAD", faketime().display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let served = installation.begin_with(Ports::free(), &environment.each_ref().map(|(name, value)| (*name, &**value)));
    served.gateway.wait_ready();
    let after = |minutes: u64| {
        let new = installation.write("clock.new", &format!("+{}\n", minutes * 60));
        std::fs::rename(new, &clock).unwrap();
    };
    let last_used = |user: &str| {
        let of = format!("user_id = (SELECT id FROM user_account WHERE name = '{user}')");
        installation.sql(&format!("SELECT MAX(last_seen_at) FROM session WHERE {of}")).trim().to_owned()
    };
    let signed_in = |user: &str| {
        let mut visitor = served.proxied_visitor();
        visitor.with_password(&served.gateway, user, &served.url("wiki", "/"));
        visitor
    };
    let (mut alice, mut bobby) = (signed_in("alice"), signed_in("bobby"));
    let asks = |visitor: &mut Visitor, path: &str, mode: &str| {
        visitor.once("GET", &served.url("wiki", path), &[("Sec-Fetch-Mode", mode)], None).status
    };
    let begun = last_used("alice");
    for minutes in [10, 20, 29] {
        after(minutes);
        for (path, mode) in
            [("/api/poll", "cors"), ("/api/poll/7?since=1", "navigate"), ("/rooms/7/news", "same-origin")]
        {
            assert_eq!(asks(&mut alice, path, mode), 200, "{path} after {minutes} minutes");
        }
        if minutes == 20 {
            let before = last_used("bobby");
            assert_eq!((asks(&mut bobby, "/api/poll", "cors"), asks(&mut bobby, "/page", "navigate")), (200, 200));
            let noted_by = Instant::now() + Duration::from_secs(20);
            while last_used("bobby") == before {
                assert!(Instant::now() < noted_by, "a page that was read is not noted");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
    assert_eq!(last_used("alice"), begun, "nobody has used it since");
    after(31);
    assert_eq!(asks(&mut alice, "/api/poll", "cors"), 401, "nobody has been there for 31 minutes");
    assert_eq!(asks(&mut alice, "/page", "navigate"), 303);
    assert_eq!(asks(&mut bobby, "/api/poll", "cors"), 200, "somebody was there eleven minutes ago");
    after(51);
    assert_eq!(asks(&mut bobby, "/api/poll", "cors"), 401, "and is not any more");
}

/// HH-06: names from the directory that would break a header become text in it.
#[test]
fn names_from_the_directory_cannot_become_headers() {
    let origin = Origin::start();
    let installation = site(STAFF_ONLY, &[("wiki", origin.port, "")], &["alice"]);
    let alice = "(SELECT id FROM user_account WHERE name = 'alice')";
    installation.sql(
        "UPDATE user_account SET display_name = 'Ünï' || char(13) || char(10) || 'X-Admin: 1' WHERE name = 'alice'",
    );
    let mut groups = vec!["a,admins".to_owned(), "b;admins".to_owned(), "c\r\nRemote-User: root".to_owned()];
    groups.extend((0..200).map(|number| format!("{:040}-{number}", 0)));
    for (number, group) in groups.iter().enumerate() {
        let name = group.replace('\r', "' || char(13) || '").replace('\n', "' || char(10) || '");
        installation.sql(&format!(
            "INSERT INTO user_group (virtual_server, id, name) VALUES ('default', 'g{number}', '{name}');
             INSERT INTO group_member (virtual_server, user_id, group_id) VALUES ('default', {alice}, 'g{number}')"
        ));
    }
    let served: Served = installation.serve();
    let mut visitor = served.proxied_visitor();
    visitor.with_password(&served.gateway, "alice", &served.url("wiki", "/"));
    let heads = origin.heads();
    let head = heads.last().unwrap();
    let of = |name: &str| {
        let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
        fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("Remote-Name"), ["%C3%9Cn%C3%AF%0D%0AX-Admin: 1"], "{head}");
    assert_eq!(of("Remote-User"), ["alice"]);
    assert!(of("X-Admin").is_empty());
    let list = of("Remote-Groups");
    assert!(list.len() == 1 && list[0].len() <= 8192, "{} bytes", list[0].len());
    let told: Vec<&str> = list[0].split(',').collect();
    assert!(told.len() > 100, "{} groups of {}", told.len(), groups.len());
    assert!(!told.contains(&"admins") && !list[0].contains(';') && !list[0].contains(['\r', '\n']), "{list:?}");
    for name in told {
        assert!(name == "staff" || groups.iter().any(|group| encoded(group) == name), "{name} is no group of hers");
    }
}

/// As `Remote-Groups` writes these names.
fn encoded(group: &str) -> String {
    group.replace(',', "%2C").replace(';', "%3B").replace('\r', "%0D").replace('\n', "%0A")
}
