//! What people do while something breaks, and what they may be answered.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Answer, Installation, Served, Visitor};

/// Somebody with an address of their own: how many may begin to sign in from one address is limited.
pub(crate) fn somebody(served: &Served) -> Visitor {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let [_, second, third, last] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut visitor = served.proxied_visitor();
    visitor.always.push(("X-Forwarded-For".to_owned(), format!("10.{second}.{third}.{last}")));
    visitor
}

/// Somebody begins to sign in: one change of what is stored, which 303 acknowledges.
pub(crate) fn begin(served: &Served, url: &str) -> Answer {
    let mut visitor = somebody(served);
    let page = visitor.get(url);
    visitor.post_once(&page, &page.form("username"), &[("username", "alice")])
}

/// How many sign-ins were begun.
pub(crate) fn flows(installation: &Installation) -> usize {
    installation.sql("SELECT COUNT(*) FROM flow").trim().parse().unwrap()
}

/// Whether somebody can sign in with a password from beginning to end.
pub(crate) fn signs_in(served: &Served, url: &str) -> bool {
    try_to_sign_in(served, url).inspect_err(|why| eprintln!("nobody can sign in: {why}")).is_ok()
}

/// Waits until somebody can, and says how long that took.
#[track_caller]
pub(crate) fn until_somebody_signs_in(served: &Served, url: &str, limit: Duration) -> Duration {
    let begun = Instant::now();
    while let Err(why) = try_to_sign_in(served, url) {
        assert!(begun.elapsed() < limit, "after {limit:?} nobody can sign in: {why}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

fn try_to_sign_in(served: &Served, url: &str) -> Result<(), String> {
    let mut visitor = somebody(served);
    // Whoever is turned away at the door gets no answer at all; that is no more than a sign-in that did not succeed.
    let mut page = visitor.try_get(url)?;
    for (field, value) in [("username", "alice".to_owned()), ("password", served.gateway.password("alice"))] {
        let form = page.try_form(field).ok_or_else(|| format!("{} {}", page.status(), page.words()))?;
        page = visitor.try_send(&page, &form, &[(field, &value)])?;
    }
    match (page.status(), page.url == url) {
        (200, true) => Ok(()),
        (status, _) => Err(format!("{status} {} {}", page.url, page.words())),
    }
}

/// A page for people that says when to try again, and no step taken.
#[track_caller]
pub(crate) fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seconds: u32 = answer.header("retry-after").expect("it says when to try again").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text().contains("<h1"), "{}", answer.text());
    assert_eq!(answer.header("set-cookie"), None, "no session, no step");
}

/// Somebody with a session asks for pages for so long; each is served. How long each took.
#[track_caller]
pub(crate) fn works_on(visitor: &mut Visitor, url: &str, time: Duration) -> Vec<Duration> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let asked = Instant::now();
        let answer = visitor.once("GET", url, &[], None);
        times.push(asked.elapsed());
        assert_eq!(answer.status, 200, "{}", answer.text());
        std::thread::sleep(Duration::from_millis(5));
    }
    times
}

/// Tells those who go on in the background to stop, however this ends.
pub(crate) struct Ending<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
