//! F-18: the mail server is gone, says later or never, takes connections and hangs, speaks a byte a second, or keeps a mail and is
//! gone before it has said so. Nobody is told that a mail was sent that was not, nobody gets more of them than they asked for, and
//! whoever does not wait for a mail notices nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{ScopedJoinHandle, sleep};
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Manner, Page, Served, Stage, Visitor, forms};

use crate::measure::{ms, quantile, secs, until};
use crate::people::{Ending, somebody, works_on};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-18",
    what: "the mail server is down, answers 4xx, answers 5xx, hangs, speaks a byte a second, or breaks off after it has taken a mail",
    promise: "the wizard claims no mail that was not sent; the outbox tries again until the code expires; a request brings one mail, \
              or two with the same code where the end was unclear; no sender stays stuck; proxied requests notice nothing",
    run: story,
};

/// More than are sent at the same time.
const AT_ONCE: usize = 9;
/// Somebody waits for a mail for at most five seconds; more than that is a busy machine.
const WAIT: Duration = Duration::from_secs(5 + 5);
/// The least that is worth a comparison: below it the machine's own unrest is all there is to see.
const FLOOR: Duration = Duration::from_millis(25);

/// Somebody on the page that offers a code.
struct Asker {
    name: String,
    visitor: Visitor,
    page: Page,
}

struct Site {
    installation: Installation,
    served: Served,
}

fn story(scale: Scale) -> Found {
    let site = Site::new();
    let mut askers = site.askers(5 + AT_ONCE + scale.of(0, 2));
    let mut next = || askers.pop().unwrap();
    let quiet = site.proxied(Duration::from_secs(1));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ending = Ending(&over);
        let proxying: ScopedJoinHandle<'_, Vec<Duration>> = scope.spawn(|| {
            let mut times = Vec::new();
            while !over.load(Ordering::SeqCst) {
                times.extend(site.proxied(Duration::from_millis(200)));
            }
            times
        });

        let mail = &site.installation.mail;
        // In this order: what waits from before is tried again meanwhile, and is neither refused nor taken.
        mail.behave(Manner::Refuse);
        let mut refused = next();
        let page = refused.asks();
        page.says("We couldn’t send you a code");

        mail.behave(Manner::Vanish);
        let mut unclear = next();
        unclear.asks().says("We are sending");
        assert_eq!(site.codes_to(&unclear).len(), 1, "it was taken");

        mail.behave(Manner::Later);
        let mut later = next();
        later.asks().says("We are sending");
        let mut expiring = (scale == Scale::Full).then(&mut next);
        if let Some(asker) = &mut expiring {
            asker.asks().says("We are sending");
            site.let_expire(asker);
        }

        mail.behave(Manner::Silent);
        let mut hung: Vec<Asker> = (0..AT_ONCE).map(|_| next()).collect();
        let waited = ask_all(&mut hung);
        if scale == Scale::Full {
            mail.behave(Manner::Slow);
            hung.push(next());
            ask_all(&mut hung[AT_ONCE..]);
        }

        mail.go_down();
        let mut down = next();
        down.asks().says("We couldn’t send you a code");
        site.tells_nobody_who_is_known();
        mail.behave(Manner::Accept);
        mail.come_up();
        let well_again = Instant::now();
        let waiting: Vec<&Asker> = hung.iter().chain([&down, &later]).collect();
        let all = || waiting.iter().all(|asker| !site.codes_to(asker).is_empty());
        until("every mail that was not refused", Duration::from_secs(90), all);
        let caught_up = well_again.elapsed();
        let again = |asker: &Asker| site.codes_to(asker).len() == 2;
        until("the mail of which nobody knew", Duration::from_secs(30), || again(&unclear));
        until("no mail waits", Duration::from_secs(30), || site.waiting() == 0);
        assert!(site.codes_to(&refused).is_empty(), "a refusal is for good");
        refused.retries(&page).says("We sent a code");

        // No sender is stuck: as many as can be sent at once are, each at once.
        let mut last = next();
        last.asks().says("We sent a code");
        drop(ending);
        let busy = proxying.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));

        let unclear_codes = site.codes_to(&unclear);
        assert_eq!(unclear_codes[0], unclear_codes[1], "two mails with one code");
        let clear = hung.iter().chain([&down, &later, &refused, &last]);
        let mails: Vec<usize> = clear.map(|asker| site.codes_to(asker).len()).collect();
        assert!(mails.iter().all(|count| *count == 1), "one mail each: {mails:?}");
        if let Some(asker) = &expiring {
            assert!(site.codes_to(asker).is_empty(), "a code that expired is not sent");
        }
        let (quiet_p99, busy_p99) = (quantile(&quiet, 0.99), quantile(&busy, 0.99));
        assert!(
            busy_p99 < quiet_p99.max(FLOOR) * scale.of(20, 4),
            "proxied requests: {} and {}",
            ms(quiet_p99),
            ms(busy_p99)
        );
        Found::Held(vec![
            ("hanging at once", AT_ONCE.to_string()),
            ("waited for a hanging one at most", secs(waited)),
            ("all sent after it came back", secs(caught_up)),
            ("most mails for a request", mails.into_iter().max().unwrap_or_default().to_string()),
            ("where the end was unclear", unclear_codes.len().to_string()),
            ("senders stuck", site.waiting().to_string()),
            ("proxied p99 in quiet", ms(quiet_p99)),
            ("meanwhile", ms(busy_p99)),
        ])
    })
}

/// All at the same time; none is told that a mail was sent. The longest that one waited.
fn ask_all(askers: &mut [Asker]) -> Duration {
    std::thread::scope(|scope| {
        let all: Vec<_> = askers
            .iter_mut()
            .map(|asker| {
                scope.spawn(|| {
                    let begun = Instant::now();
                    let page = asker.asks();
                    let took = begun.elapsed();
                    page.says_not("We sent");
                    assert!(took < WAIT, "{took:?}");
                    took
                })
            })
            .collect();
        let joined = all.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.max().unwrap_or_default()
    })
}

impl Asker {
    fn asks(&mut self) -> Page {
        self.visitor.press(&self.page, "add_authenticator")
    }

    fn retries(&mut self, page: &Page) -> Page {
        let form =
            forms(&page.html()).into_iter().find(|form| form.action == "/enrol/resend").expect("a way to try again");
        self.visitor.send(page, &form, &[])
    }
}

impl Site {
    fn new() -> Self {
        let installation = Installation::with_users(Database::Sqlite);
        let served = installation.serve();
        Self { installation, served }
    }

    /// So many people who have given their passwords.
    fn askers(&self, count: usize) -> Vec<Asker> {
        let names: Vec<String> = (0..count).map(|nth| format!("asker{nth}")).collect();
        self.installation.add_users_like("alice", &names);
        let password = self.served.gateway.password("alice");
        let asker = |name: String| {
            let mut visitor = somebody(&self.served);
            let page = visitor.sign_in_with(&name, &password, &self.served.url("wiki", "/"));
            page.is_at(Stage::Offer);
            Asker { name, visitor, page }
        };
        names.into_iter().map(asker).collect()
    }

    /// How many mails have not been sent, nor given up.
    fn waiting(&self) -> usize {
        self.installation.sql("SELECT COUNT(*) FROM mail WHERE delivery = 'pending'").trim().parse().unwrap()
    }

    /// The codes in the mails that somebody got.
    fn codes_to(&self, asker: &Asker) -> Vec<String> {
        let address = format!("{}@example.test", asker.name);
        self.installation.mails().into_iter().filter(|mail| mail.to == address).map(|mail| mail.code()).collect()
    }

    /// How long requests to an application take.
    fn proxied(&self, time: Duration) -> Vec<Duration> {
        works_on(&mut somebody(&self.served), &self.served.url("public", "/"), time)
    }

    /// Whether there is such a user is no more to be seen than otherwise.
    fn tells_nobody_who_is_known(&self) {
        let words = |user: &str| {
            let page = somebody(&self.served).sign_in_with(user, "not the password", &self.served.url("wiki", "/"));
            (page.status(), page.words().replace(user, "somebody"))
        };
        assert_eq!(words("asker0"), words("nobody0"));
    }

    /// Somebody's code ends soon; its mail is given up then, and recorded.
    fn let_expire(&self, asker: &Asker) {
        let expired = || {
            self.served.gateway.metric(
                "doorward_mails_total{kind=\"verification_code\",outcome=\"expired\",virtual_server=\"default\"}",
            )
        };
        let before = expired();
        self.installation.sql(&format!(
            "UPDATE mail SET expires_at = created_at + (expires_at - created_at) / 100 WHERE delivery = 'pending' AND user_id = \
             (SELECT id FROM user_account WHERE name = '{}')",
            asker.name
        ));
        until("its mail is given up", Duration::from_secs(40), || {
            sleep(Duration::from_millis(200));
            expired() > before
        });
    }
}
