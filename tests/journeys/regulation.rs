//! Guessing is regulated, and nobody can turn that on others (LG-01 to LG-07, LG-09, LG-10; SEC 5.8, 5.17).

use std::collections::VecDeque;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::journeys::faults::form_bytes;
use crate::journeys::first_light::{as_far_as_the_secret, through_the_door};
use crate::world::{Answer, Database, Installation, Page, Served, Stage, Visitor, words};

const LOCKED: &str = "Too many failed tries with this account.";
const KNOWN_BROWSER: &str = "You can sign in at once with a browser in which you have signed in before.";
const NOT_ACCEPTED: &str = "That user name or password isn’t right.";
const WRONG: &str = "not the password";

/// Somebody with a fresh browser at this address.
fn somebody(served: &Served, address: &str) -> Visitor {
    let mut visitor = served.proxied_visitor();
    visitor.always.push(("X-Forwarded-For".to_owned(), address.to_owned()));
    visitor
}

/// The same, asked for the password of a user on the way to the intranet.
fn asked(served: &Served, address: &str, user: &str) -> (Visitor, Page) {
    let mut visitor = somebody(served, address);
    let mut page = visitor.up_to_the_password(user, &served.url("intranet", "/"));
    // Where many begin at once on a slow disk, some are told to come back.
    for _ in 0..20 {
        if page.status() != 503 {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
        page = visitor.up_to_the_password(user, &served.url("intranet", "/"));
    }
    page.is_at(Stage::Password);
    (visitor, page)
}

fn type_password(visitor: &mut Visitor, page: &Page, password: &str) -> Page {
    visitor.submit(page, "password", &[("password", password)])
}

/// The very answer to a password.
fn answer_to(visitor: &mut Visitor, page: &Page, password: &str) -> Answer {
    visitor.post_once(page, &page.form("password"), &[("password", password)])
}

/// Does all of these, many at the same moment, in no order; what came of them.
fn at_once<T: Send, R: Send>(what: Vec<T>, hands: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let (queue, done) = (Mutex::new(VecDeque::from(what)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                while let Some(one) = { queue.lock().unwrap().pop_front() } {
                    let result = work(one);
                    done.lock().unwrap().push(result);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

fn number(installation: &Installation, sql: &str) -> u64 {
    let told = installation.sql(sql);
    told.trim().parse().unwrap_or_else(|_| panic!("{sql}: {told}"))
}

/// How many audit records hold this text.
fn records(installation: &Installation, text: &str) -> u64 {
    number(installation, &format!("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%{text}%'"))
}

/// How many wrong passwords were looked at.
fn looked_at(installation: &Installation) -> u64 {
    records(installation, "\"reason\":\"password\"")
}

/// Locks that were told, of this scope.
fn locks(installation: &Installation, scope: &str) -> u64 {
    number(
        installation,
        &format!(
            "SELECT COUNT(*) FROM audit_record WHERE record LIKE '%\"event\":\"AUTH_LOCKED\"%' \
             AND record LIKE '%\"scope\":\"{scope}\"%'"
        ),
    )
}

/// Lets a quarter of an hour be over for whoever waits, but not the day.
fn let_locks_end(installation: &Installation) {
    installation.sql("UPDATE meter SET ends_at = 1 WHERE scope = 'password' AND subject NOT LIKE 'day:%'");
}

fn metric(served: &Served, series: &str) -> f64 {
    served.gateway.metric(series)
}

/// Four wrong passwords under four spellings of a name, from four addresses, at the same moment.
fn lock_out(served: &Served, spellings: [&str; 4]) {
    let strangers = spellings.iter().enumerate().map(|(at, name)| asked(served, &format!("203.0.113.{at}"), name));
    let pages = at_once(strangers.collect(), 4, |(mut stranger, page)| type_password(&mut stranger, &page, WRONG));
    assert!(pages.iter().any(|page| page.words().contains(LOCKED)), "the last of the four locks");
}

fn strangers_lock_an_account_and_its_owner_gets_in_all_the_same(database: Database, rounds: u64) {
    let installation = Installation::with_users(database);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let password = served.gateway.password("alice");
    let mut owner = somebody(&served, "198.51.100.7");
    owner.with_password(&served.gateway, "alice", &intranet);

    for round in 1..=rounds {
        // Somebody has begun before the lock, and ends after it.
        let (mut early, early_page) = asked(&served, "203.0.113.77", "alice");
        lock_out(&served, ["alice", "ALICE", " alice ", "ａｌｉｃｅ"]);
        let evaluated = looked_at(&installation);
        for spelling in ["alice", "Alice\u{a0}", "ａlice"] {
            let (mut late, page) = asked(&served, "203.0.113.99", spelling);
            let page = type_password(&mut late, &page, &password);
            page.says(LOCKED);
            page.says(KNOWN_BROWSER);
            assert_eq!(late.once("GET", &intranet, &[], None).status, 303, "even with the right one");
        }
        type_password(&mut early, &early_page, &password).says(LOCKED);
        assert_eq!(looked_at(&installation), evaluated, "none of these was looked at");

        // The owner's browser is known, whatever happens elsewhere, and from wherever it comes.
        for address in ["198.51.100.7", "203.0.113.1"] {
            owner.jar.retain(|_, cookies| {
                cookies.retain(|name, _| name.contains("device"));
                true
            });
            owner.always = vec![("X-Forwarded-For".to_owned(), address.to_owned())];
            owner.with_password(&served.gateway, "alice", &intranet);
        }
        assert_eq!(locks(&installation, "account"), round, "once for each time");
        let_locks_end(&installation);
    }
    assert_eq!(records(&installation, "\"reason\":\"locked\""), 0, "running against a lock fills no trail");
    let refused =
        metric(&served, "doorward_sign_ins_total{factor=\"password\",result=\"locked\",virtual_server=\"default\"}");
    assert!(refused >= rounds as f64 * 4.0, "but it is measured: {refused}");

    // The address is no name of hers: it counts by itself.
    let (mut by_mail, page) = asked(&served, "203.0.113.5", "alice@example.test");
    type_password(&mut by_mail, &page, &password).says(NOT_ACCEPTED);
    // And when the lock is over, any browser is good again.
    somebody(&served, "203.0.113.6").with_password(&served.gateway, "alice", &intranet);
}

#[test]
fn strangers_lock_an_account_and_its_owner_gets_in_all_the_same_on_sqlite() {
    strangers_lock_an_account_and_its_owner_gets_in_all_the_same(Database::Sqlite, 2);
}

#[test]
fn strangers_lock_an_account_and_its_owner_gets_in_all_the_same_on_postgresql() {
    strangers_lock_an_account_and_its_owner_gets_in_all_the_same(Database::Postgres, 1);
}

/// A hundred sessions at as many addresses, three wrong passwords of each at the same moment: four are looked at.
fn of_three_hundred_passwords_at_once_four_are_looked_at(installation: &Installation, gateways: &[&Served]) {
    let begun = at_once((0..100).collect(), 16, |nth: usize| {
        let served = gateways[nth % gateways.len()];
        asked(served, &format!("203.0.113.{nth}"), "alice")
    });
    let tries = begun.iter().flat_map(|one| [one.clone(), one.clone(), one.clone()]).collect();
    let answers = at_once(tries, 48, |(mut visitor, page)| answer_to(&mut visitor, &page, WRONG).status);
    // A database that is pressed for time may not have taken one of them; it is no try then, or one that is counted.
    let taken = answers.iter().filter(|status| **status == 303).count();
    assert!(taken > 200 && answers.iter().all(|status| [303, 503].contains(status)), "{answers:?}");
    let recorded = looked_at(installation);
    assert!(recorded == 4 || (recorded < 4 && taken < 300), "{recorded} were looked at");
    assert_eq!(number(installation, "SELECT counted FROM meter WHERE scope = 'password' AND subject LIKE 'user:%'"), 4);
    assert_eq!(number(installation, "SELECT counted FROM meter WHERE scope = 'password' AND subject LIKE 'day:%'"), 4);
    assert!(locks(installation, "account") <= 1);

    let (mut visitor, page) = begun.into_iter().next_back().unwrap();
    type_password(&mut visitor, &page, &gateways[0].gateway.password("alice")).says(LOCKED);
    assert_eq!(looked_at(installation), recorded);
}

#[test]
fn of_three_hundred_passwords_at_once_four_are_looked_at_on_sqlite() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    of_three_hundred_passwords_at_once_four_are_looked_at(&installation, &[&served]);
}

#[test]
fn of_guesses_at_two_gateways_as_many_are_looked_at_as_at_one() {
    let installation = Installation::with_users(Database::Postgres);
    let (one, other) = (installation.serve(), installation.serve());
    let both = [&one, &other];
    of_three_hundred_passwords_at_once_four_are_looked_at(&installation, &both);

    // The same with passcodes, by somebody who has the password: ten, however many sessions, and then the token is locked.
    let wiki = one.url("wiki", "/");
    let (page, phone) = through_the_door(&one.gateway, &mut one.proxied_visitor(), "bob", &wiki);
    assert_eq!(page.url, wiki);
    let password = one.gateway.password("bob");
    let mut sessions: Vec<(Visitor, Page)> = (0..6)
        .map(|nth: usize| {
            let mut thief = somebody(both[nth % 2], &format!("203.0.113.{nth}"));
            let page = thief.sign_in_with("bob", &password, &wiki);
            page.is_at(Stage::Passcode);
            (thief, page)
        })
        .collect();
    // A sixth session with the password ended the first one.
    let (mut first, page) = sessions.remove(0);
    first.type_passcode(&page, &phone.passcode_at("+30 seconds")).says("Continued elsewhere");
    assert_eq!(first.once("GET", &wiki, &[], None).status, 303);
    assert_eq!(records(&installation, "SIGN_IN_SUPERSEDED"), 1);

    let tries = sessions.iter().flat_map(|one| vec![one.clone(); 12]).collect();
    let pages = at_once(tries, 30, |(mut thief, page)| thief.type_passcode(&page, "12345"));
    assert_eq!(pages.len(), 60);
    assert_eq!(records(&installation, "\"reason\":\"passcode\""), 10);
    assert_eq!(records(&installation, "\"event\":\"TOKEN_LOCKED\""), 1);
    for (thief, page) in &mut sessions {
        thief.type_passcode(page, &phone.passcode_at("+30 seconds")).says("Too many failed tries.");
        assert_eq!(thief.once("GET", &wiki, &[], None).status, 303);
    }
    assert_eq!(records(&installation, "\"reason\":\"passcode\""), 10, "and what is refused is not recorded");
}

#[test]
fn a_try_counts_though_its_client_is_gone_and_though_the_database_fails_after_it() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let counted = || {
        number(
            &installation,
            "SELECT COALESCE(SUM(counted), 0) FROM meter WHERE scope = 'password' AND subject LIKE 'user:%'",
        )
    };
    for nth in 1..=4 {
        let (visitor, page) = asked(&served, "203.0.113.1", "alice");
        let bytes = form_bytes(&visitor, &page, &page.form("password"), &[("password", WRONG)]);
        let mut gone = TcpStream::connect(("127.0.0.1", served.ports.http)).unwrap();
        gone.write_all(&bytes).unwrap();
        // Its answer would take a second at least.
        std::thread::sleep(Duration::from_millis(100));
        drop(gone);
        let end = Instant::now() + Duration::from_secs(20);
        while counted() < nth {
            assert!(Instant::now() < end, "try {nth} is never counted");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let (mut alice, page) = asked(&served, "203.0.113.2", "alice");
    type_password(&mut alice, &page, &served.gateway.password("alice")).says(LOCKED);

    // Nothing that is recorded can be written: the try is counted, and its answer fails.
    let bobs: Vec<(Visitor, Page)> = (0..4).map(|nth| asked(&served, &format!("203.0.113.1{nth}"), "bob")).collect();
    installation
        .sql("CREATE TRIGGER full BEFORE INSERT ON audit_record BEGIN SELECT RAISE(ABORT, 'no more room'); END");
    let answers = at_once(bobs, 4, |(mut bob, page)| answer_to(&mut bob, &page, WRONG));
    for answer in answers {
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{}", answer.text());
    }
    installation.sql("DROP TRIGGER full");
    let (mut bob, page) = asked(&served, "203.0.113.3", "bob");
    type_password(&mut bob, &page, &served.gateway.password("bob")).says(LOCKED);
}

#[test]
fn an_address_that_tries_everybody_has_to_wait_and_known_browsers_behind_it_do_not() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    const OFFICE: &str = "2001:db8:0:7::1";
    let mut alice = somebody(&served, OFFICE);
    alice.with_password(&served.gateway, "alice", &intranet);
    let (mut bob, bobs_page) = asked(&served, OFFICE, "bob");

    let (mut first, page) = asked(&served, "2001:db8:0:7::2", "nobody0");
    type_password(&mut first, &page, WRONG).says(NOT_ACCEPTED);
    // 97 more have failed elsewhere in that network; two more may, whatever the names.
    installation.sql("UPDATE meter SET counted = 98 WHERE scope = 'address' AND subject = '2001:db8:0:7::/64'");
    let begun = (0..6).map(|nth| asked(&served, &format!("2001:db8:0:7::1{nth}"), &format!("nobody1{nth}"))).collect();
    let answers = at_once(begun, 6, |(mut one, page)| answer_to(&mut one, &page, WRONG));
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!((refused.len(), answers.iter().filter(|answer| answer.status == 303).count()), (4, 2));
    for answer in refused {
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=900).contains(&seconds), "{seconds}");
        assert!(answer.text().contains("Your network has to wait"), "{}", answer.text());
    }
    assert_eq!(locks(&installation, "address"), 1);
    assert_eq!(
        answer_to(&mut bob, &bobs_page, &served.gateway.password("bob")).status,
        429,
        "a browser not seen before"
    );
    assert_eq!(number(&installation, "SELECT COUNT(*) FROM meter WHERE subject LIKE 'user:%' AND counted > 0"), 0);

    // Whoever has signed in before goes on, and so do other networks.
    alice.jar.entry("login.example.test".to_owned()).or_default().retain(|name, _| name.contains("device"));
    alice.jar.remove("intranet.example.test");
    alice.with_password(&served.gateway, "alice", &intranet);
    somebody(&served, "2001:db8:0:8::1").with_password(&served.gateway, "bob", &intranet);
}

const FLOW_REFUSALS: &str = "doorward_flow_refusals_total";

#[test]
fn what_can_begin_is_limited_by_address_and_in_all_and_what_is_over_goes_away() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let (intranet, wiki) = (served.url("intranet", "/"), served.url("wiki", "/"));
    const OFFICE: &str = "198.51.100.7";
    let refusals =
        |reason: &str| metric(&served, &format!("{FLOW_REFUSALS}{{reason=\"{reason}\",virtual_server=\"default\"}}"));
    let mut alice = somebody(&served, OFFICE);
    alice.with_password(&served.gateway, "alice", &intranet);
    let name = |visitor: &mut Visitor, user: &str| {
        let page = visitor.get(&intranet);
        visitor.post_once(&page, &page.form("username"), &[("username", user)])
    };

    installation.sql(&format!("UPDATE meter SET counted = 4999 WHERE scope = 'flows' AND subject = '{OFFICE}'"));
    assert_eq!(name(&mut somebody(&served, OFFICE), "bob").status, 303);
    for user in ["bob", "nobody"] {
        let answer = name(&mut somebody(&served, OFFICE), user);
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() <= 900);
    }
    assert_eq!((refusals("address"), locks(&installation, "flows")), (2.0, 1));
    assert_eq!(alice.get(&wiki).stage(), Stage::Offer, "raising a session is counted by the session");
    assert_eq!(name(&mut somebody(&served, "198.51.100.8"), "bob").status, 303);

    // A hundred thousand are under way, all of nobody.
    installation.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO flow (virtual_server, id, browser, step, nonce, data, created_at, expires_at) \
         SELECT 'default', 'flood-' || i, 'flood-' || i, 'password', '', x'00', 0, 9000000000000 FROM n",
    );
    std::thread::sleep(Duration::from_millis(1100));
    let answer = name(&mut somebody(&served, "198.51.100.9"), "bob");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{}", answer.text());
    assert_eq!(refusals("full"), 1.0);
    assert_eq!(alice.get(&intranet).status(), 200, "whoever is in goes on");

    // They expired long ago: there is room at once, and soon nothing is left of them.
    installation.sql("UPDATE flow SET expires_at = 1 WHERE id LIKE 'flood-%'");
    std::thread::sleep(Duration::from_millis(1100));
    somebody(&served, "198.51.100.9").with_password(&served.gateway, "bob", &intranet);
    let end = Instant::now() + Duration::from_secs(60);
    while number(&installation, "SELECT COUNT(*) FROM flow WHERE id LIKE 'flood-%'") > 0 {
        assert!(Instant::now() < end, "they are never swept");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn an_account_that_was_switched_off_is_refused_at_the_end_of_every_way_in() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let (wiki, intranet) = (served.url("wiki", "/"), served.url("intranet", "/"));
    let password = served.gateway.password("bob");
    // Alice stands before the last step of her enrolment.
    let mut alice = served.proxied_visitor();
    let (page, alices_phone) = as_far_as_the_secret(&served.gateway, &mut alice, "alice", &wiki);
    let at_the_end = alice.press(&page, "continue");
    // Bob has an authenticator, and stands before his password, before his passcode, before a step up, and has a ticket.
    let (_, phone) = through_the_door(&served.gateway, &mut served.proxied_visitor(), "bob", &wiki);
    let (mut before_password, password_page) = asked(&served, "203.0.113.1", "bob");
    let mut before_passcode = served.proxied_visitor();
    let passcode_page = before_passcode.sign_in_with("bob", &password, &wiki);
    let mut stepping_up = served.proxied_visitor();
    stepping_up.with_password(&served.gateway, "bob", &intranet);
    let step_up = stepping_up.get(&wiki);
    step_up.is_at(Stage::Passcode);
    let (mut with_ticket, page) = asked(&served, "203.0.113.2", "bob");
    let ticket = answer_to(&mut with_ticket, &page, &password).header("location").unwrap().to_owned();
    assert!(ticket.contains("/.doorward/enter?ticket="), "{ticket}");

    // Past the command, which would end their flows as well: what is looked at here is the end of each way.
    installation.sql("UPDATE user_account SET disabled = TRUE WHERE name IN ('alice', 'bob')");
    // A user is read anew every few seconds at the latest.
    std::thread::sleep(Duration::from_secs(5));
    let next = phone.passcode_at("+30 seconds");
    assert_ne!(alice.type_passcode(&at_the_end, &alices_phone.passcode()).url, wiki);
    type_password(&mut before_password, &password_page, &password).says(NOT_ACCEPTED);
    assert_ne!(before_passcode.type_passcode(&passcode_page, &next).url, wiki);
    assert_ne!(stepping_up.type_passcode(&step_up, &next).url, wiki);
    with_ticket.get(&ticket);
    for (who, url) in [
        (&mut alice, &wiki),
        (&mut before_password, &intranet),
        (&mut before_passcode, &wiki),
        (&mut stepping_up, &wiki),
        (&mut with_ticket, &intranet),
    ] {
        assert_eq!(who.once("GET", url, &[], None).status, 303, "{url}");
    }
    let signed_in = "\"event\":\"AUTH_SUCCESS\"";
    assert_eq!(
        records(&installation, signed_in),
        3,
        "bob through the door, on the intranet, and with the ticket; nobody since"
    );
    let active = number(&installation, "SELECT COUNT(*) FROM credential WHERE state = 'active'");
    assert_eq!(active, 1, "bob's, from before");
}

#[test]
fn passwords_are_exact_to_the_last_byte_and_endless_ones_cost_nothing() {
    let installation = Installation::with_users(Database::Sqlite);
    let long = format!(" {}é\u{0}tail", "p".repeat(90));
    let added = installation.command(&["user", "add"], &["lena"], &long);
    assert!(added.status.success(), "{}", words(&added));
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let changed = |at: usize| format!("{}q{}", &long[..at], &long[at + 1..]);
    let others = [
        changed(72),
        changed(73),
        long[..72].to_owned(),
        long.trim_start().to_owned(),
        long.replace('\u{0}', ""),
        long.split('\u{0}').next().unwrap().to_owned(),
        long.replace('é', "e\u{301}"),
        long.to_uppercase(),
        format!("{long} "),
    ];
    // Three at a time: a fourth would lock.
    for some in others.chunks(3) {
        let begun = some.iter().map(|other| (asked(&served, "203.0.113.1", "lena"), other)).collect();
        for page in at_once(begun, 3, |((mut lena, page), other)| type_password(&mut lena, &page, other)) {
            page.says(NOT_ACCEPTED);
        }
        let_locks_end(&installation);
    }
    let (mut lena, page) = asked(&served, "203.0.113.2", "lena");
    assert_eq!(type_password(&mut lena, &page, &long).url, intranet);

    let counted = || number(&installation, "SELECT COALESCE(SUM(counted), 0) FROM meter WHERE scope LIKE 'password%'");
    let (mut lena, page) = asked(&served, "203.0.113.3", "lena");
    let before = (counted(), looked_at(&installation));
    assert_eq!(answer_to(&mut lena, &page, &"x".repeat(4097)).status, 400);
    assert_eq!(answer_to(&mut lena, &page, &"x".repeat(60_000)).status, 400);
    assert_eq!(answer_to(&mut lena, &page, &"x".repeat(1 << 20)).status, 413);
    assert_eq!((counted(), looked_at(&installation)), before, "no try, and no work");
    type_password(&mut lena, &page, &"x".repeat(4096)).says(NOT_ACCEPTED);
    assert_eq!(looked_at(&installation), before.1 + 1);
}

#[test]
fn a_password_hashed_with_less_work_is_hashed_anew_when_it_is_next_used() {
    /// "weak-but-right" in 8 MiB and one pass, by another implementation of Argon2.
    const WEAK: &str =
        "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$qK87J4b1eEOLXulDwkJJR1PYJaiGgVbTjiQtNLSp4Ag";
    let installation = Installation::with_users(Database::Postgres);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let hash = || installation.sql("SELECT password_hash FROM user_account WHERE name = 'carol'").trim().to_owned();
    installation.sql(&format!("UPDATE user_account SET password_hash = '{WEAK}' WHERE name = 'carol'"));
    let (mut stranger, page) = asked(&served, "203.0.113.1", "carol");
    type_password(&mut stranger, &page, WRONG).says(NOT_ACCEPTED);
    assert_eq!(hash(), WEAK, "a wrong password changes nothing");
    let sign_in = || {
        let (mut carol, page) = asked(&served, "203.0.113.2", "carol");
        assert_eq!(type_password(&mut carol, &page, "weak-but-right").url, intranet);
    };
    sign_in();
    let strong = hash();
    assert!(strong.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{strong}");
    sign_in();
    assert_eq!((hash(), records(&installation, "USER_PASSWORD_REHASHED")), (strong, 1), "once");
}

/// How long something took of the two kinds, in milliseconds.
#[derive(Default)]
struct Times {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

impl Times {
    /// Medians within 5 ms or 15 %, or distributions that the Mann-Whitney test cannot tell apart (p > 0.01).
    fn tell_nothing(&self, what: &str, samples: usize) {
        // What the database had no time for is no sample; most of them must be.
        assert!(self.known.len().min(self.unknown.len()) > samples * 3 / 4, "{what}: too few were answered");
        let (known, unknown, z) =
            (median(&self.known), median(&self.unknown), mann_whitney(&self.known, &self.unknown));
        let near = (known - unknown).abs() <= f64::max(5.0, 0.15 * known.min(unknown));
        println!("{what}: median {known:.1} ms known, {unknown:.1} ms unknown, z {z:.2}");
        assert!(near || z.abs() < 2.576, "{what}: {known:.1} ms known, {unknown:.1} ms unknown, z {z:.2}");
    }
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The statistic U as a normal deviate; equal times do not occur.
fn mann_whitney(one: &[f64], other: &[f64]) -> f64 {
    let above = one.iter().map(|a| other.iter().filter(|b| a > b).count()).sum::<usize>() as f64;
    let (n, m) = (one.len() as f64, other.len() as f64);
    (above - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// The processor's time that a process has used, in its ticks of 10 ms.
fn ticks(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
}

#[test]
fn how_long_it_takes_says_nothing_of_who_exists() {
    let samples: usize = if std::env::var_os("DOORWARD_LONG").is_some() { 500 } else { 60 };
    let installation = Installation::with_users(Database::Sqlite);
    installation.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 999 + {samples}) \
         INSERT INTO user_account (virtual_server, id, name, folded_name, display_name, password_hash, disabled, created_at) \
         SELECT virtual_server, 'known' || i, 'known' || i, 'known' || i, '', password_hash, FALSE, 0 \
         FROM n, user_account WHERE name = 'alice'"
    ));
    let served = installation.serve();
    names_tell_nothing(&served, samples);
    passwords_tell_nothing(&served, samples);
}

/// One known name and one of nobody after the other.
fn names_tell_nothing(served: &Served, samples: usize) {
    let mut times = Times::default();
    let measured = at_once((0..samples).collect(), 3, |nth| {
        ["known", "ghost"].map(|kind| {
            let mut visitor = somebody(served, &address(nth));
            let page = visitor.get(&served.url("intranet", "/"));
            let (form, user) = (page.form("username"), format!("{kind}{}", 1000 + nth));
            let begun = Instant::now();
            let taken = visitor.post_once(&page, &form, &[("username", &user)]).status == 303;
            taken.then(|| begun.elapsed().as_secs_f64() * 1000.0)
        })
    });
    for [known, unknown] in measured {
        times.known.extend(known);
        times.unknown.extend(unknown);
    }
    times.tell_nothing("a name", samples);
}

/// Each at an address of its own, so that none of them is slowed.
fn address(nth: usize) -> String {
    format!("203.{}.113.{}", nth / 200, nth % 200)
}

fn passwords_tell_nothing(served: &Served, samples: usize) {
    let mut times = Times::default();
    let (mut work_known, mut work_unknown) = (0.0, 0.0);
    // First one kind, then the other, then the other way round: whatever else the machine does hits both.
    let half = samples / 2;
    for (known, from) in [(true, 0), (false, 0), (false, half), (true, half)] {
        let before = ticks(served.gateway.pid());
        let measured = at_once((from..from + half).collect(), 10, |nth| {
            let user = format!("{}{}", if known { "known" } else { "ghost" }, 1000 + nth);
            let (mut visitor, page) = asked(served, &address(nth), &user);
            let form = page.form("password");
            let begun = Instant::now();
            let taken = visitor.post_once(&page, &form, &[("password", WRONG)]).status == 303;
            taken.then(|| begun.elapsed().as_secs_f64() * 1000.0)
        });
        let measured = measured.into_iter().flatten();
        let work = ticks(served.gateway.pid()) - before;
        if known {
            times.known.extend(measured);
            work_known += work;
        } else {
            times.unknown.extend(measured);
            work_unknown += work;
        }
    }
    times.tell_nothing("a wrong password", samples);
    // The answer to a wrong password is held back to a fixed moment. That its work is the same shows in the processor's time.
    println!("work: {work_known} ticks known, {work_unknown} ticks unknown");
    let ratio = work_known / work_unknown;
    assert!(
        (0.8..1.25).contains(&ratio),
        "{work_known} ticks of work for known users, {work_unknown} for unknown ones"
    );
}
