//! What is good once: hand-over tickets, which the portal gives a browser to carry to an application's host and which are good
//! for one session there, and passcodes.

use std::time::Duration;

use doorward_tests::world::{Answer, NoAnswer, Served, Visitor};

/// How long a browser waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The cookie of a session with an application.
const SESSION: &str = "__Host-doorward_app";

/// A browser on its way to an application with a ticket.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) visitor: Visitor,
    pub(crate) url: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    Yes,
    No,
    /// Told to come back.
    NotNow,
    /// No answer, or one that says none of this.
    Unknown,
}

/// Somebody who is signed in at the portal goes to an application, and stops at its door. `None` when something is not there.
pub(crate) fn ticket(signed_in: &Visitor, app: &str) -> Option<Ticket> {
    let host = format!("{app}.example.test");
    let mut visitor = signed_in.clone();
    visitor.jar.remove(&host);
    let mut url = format!("https://{host}/");
    for _ in 0..6 {
        let answer = visitor.attempt_once(&url, PATIENCE).ok()?;
        url = answer.header("location")?.to_owned();
        if url.starts_with(&format!("https://{host}/.doorward/enter")) {
            return Some(Ticket { visitor, url });
        }
        if url.starts_with('/') {
            url = format!("https://login.example.test{url}");
        }
    }
    None
}

impl Ticket {
    /// Uses it at the gateway on this port. The visitor has the session then, if there is one.
    pub(crate) fn enter(&self, port: u16) -> (Entered, Visitor) {
        let mut here = self.clone();
        here.visitor.connect_to(port);
        here.enter_as_connected()
    }

    /// The same at the gateway that it is connected to.
    pub(crate) fn enter_as_connected(&self) -> (Entered, Visitor) {
        let mut visitor = self.visitor.clone();
        let entered = entered(visitor.attempt_once(&self.url, PATIENCE).as_ref());
        (entered, visitor)
    }
}

fn entered(answer: Result<&Answer, &NoAnswer>) -> Entered {
    match answer {
        Ok(answer) if answer.all("set-cookie").any(is_session) => Entered::Yes,
        Ok(answer) if answer.status < 500 => Entered::No,
        Ok(answer) if answer.status == 503 => Entered::NotNow,
        Err(NoAnswer::NotSent) => Entered::No,
        _ => Entered::Unknown,
    }
}

fn is_session(cookie: &str) -> bool {
    cookie.strip_prefix(SESSION).and_then(|rest| rest.strip_prefix('=')).is_some_and(|value| !value.starts_with(';'))
}

/// Whether this gateway takes this passcode of somebody who is asked for one.
pub(crate) fn takes(asked: &Visitor, served: &Served, passcode: &str) -> bool {
    let mut visitor = asked.clone();
    visitor.connect_to(served.ports.http);
    let page = visitor.get(&served.url("login", "/signin/step"));
    let answer = visitor.post_once(&page, &page.form("otp"), &[("otp", passcode)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").is_some_and(|to| to.contains("/.doorward/enter"))
}
