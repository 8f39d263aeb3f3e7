//! F-30: a mistake of ours ends what it is in and nothing else. A gateway that is shipped has no switch that makes it panic; what is
//! tried where:
//! - a page's handler: `a_panic_ends_one_page_and_nothing_else` in the portal, and the proxy's tests call one that panics;
//! - work on the store with the writer's lock in hand: `work_that_panics_is_rolled_back_and_holds_up_nobody` in the store;
//! - a job of the background: `a_job_that_panics_is_begun_anew` in the server;
//! - a password's check: `work_that_breaks_off_takes_no_thread_along` beside its threads;
//! - here, a process that is given no more threads. Signing in needs none. Sending a mail wants one to look a name up, and there
//!   the runtime panics indeed: in the very process that is shipped.

use std::time::Duration;

use doorward_tests::world::{Database, Installation, Page, Ports, Served, Stage, Strace, Visitor, exchange};

use crate::measure::{secs, until};
use crate::people::{signs_in, somebody};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-30",
    what: "no new thread is to be had; panics in tasks of the running process (handlers, jobs and the store by tests of their own)",
    promise: "people sign in and work on, a panic ends its task alone, what it was doing is done later, and the process lives",
    run: story,
};

fn story(scale: Scale) -> Found {
    let Some(signed_in) = no_threads_for_passwords(scale.of(10, 100)) else {
        return Found::NotTried("this user may not trace processes".to_owned());
    };
    let mut figures =
        vec![("sign-ins without a new thread", signed_in.to_string()), ("process alive", "yes".to_owned())];
    if scale == Scale::Full {
        let (panics, took) = no_threads_for_mails(100).expect("it could be traced before");
        figures.push(("panics survived", format!("{panics} of {panics}")));
        figures.push(("last mail sent after", secs(took)));
    }
    Found::Held(figures)
}

/// From now on the kernel refuses each new thread, until what this returns is dropped.
fn no_more_threads(served: &Served, why: &str) -> Option<Strace> {
    let fault = format!("inject=clone,clone3:error={why}");
    Strace::attach(served.gateway.pid(), &["-e", "trace=clone,clone3", "-e", &fault])
}

fn no_threads_for_passwords(many: usize) -> Option<usize> {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let mut bob = served.proxied_visitor();
    bob.with_password(&served.gateway, "bob", &intranet);
    let none = no_more_threads(&served, "EAGAIN")?;
    for _ in 0..many {
        assert!(signs_in(&served, &intranet), "the threads that hash passwords were there before");
        assert_eq!(bob.get(&intranet).url, intranet);
    }
    drop(none);
    assert!(signs_in(&served, &intranet));
    Some(many)
}

/// How many tasks panicked, and how long it took until each mail that was under way in one was sent.
fn no_threads_for_mails(many: usize) -> Option<(usize, Duration)> {
    let mut installation = Installation::with_users(Database::Sqlite);
    // A name that has to be looked up.
    installation.instead.push(("[mail]\nhost = \"127.0.0.1\"".to_owned(), "[mail]\nhost = \"localhost\"".to_owned()));
    let names: Vec<String> = (0..many).map(|nth| format!("somebody{nth}")).collect();
    installation.add_users_like("alice", &names);
    let mut served = installation.begin(Ports::free());
    served.gateway.wait_ready();
    served.gateway.will_panic();
    let wiki = served.url("wiki", "/");
    let waiting: Vec<(Visitor, Page)> = names
        .iter()
        .map(|name| {
            let mut visitor = somebody(&served);
            let page = visitor.sign_in_with(name, &served.gateway.password(name), &wiki);
            page.is_at(Stage::Offer);
            (visitor, page)
        })
        .collect();
    // A thread that has nothing to do ends after ten seconds; until then it would look names up.
    std::thread::sleep(Duration::from_secs(12));
    let none = no_more_threads(&served, "EPERM")?;
    for (mut visitor, page) in waiting {
        let page = visitor.press(&page, "add_authenticator");
        page.is_at(Stage::Code);
    }
    let panics = served.gateway.log.lock().unwrap().matches("panicked at").count();
    assert!(panics >= many, "{panics} of {many}");
    assert_eq!(exchange(served.gateway.metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status, 200);
    drop(none);
    assert!(signs_in(&served, &served.url("intranet", "/")));
    let took = until("every mail", Duration::from_secs(90), || installation.mails().len() >= many);
    let mut to: Vec<String> = installation.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), installation.mails().len()), (many, many), "one mail to each");
    Some((panics, took))
}
