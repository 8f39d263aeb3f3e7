//! From the portal's host to an application's: a ticket in a redirect, good once, for 30 seconds, at that host and in the
//! browser that began there (SEC 5.4, decision A6). What it opens is a session of that host alone.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::flow::ReturnTo;
use doorward_api::ports::{Act, Change, Entropy, Ledger, OneTime, OneTimePurpose, OneTimes};
use doorward_api::session::{NewSession, SessionKind};
use doorward_api::{CommitError, Proofs, SessionId, StoreError, Timestamp, Token, UserId, VirtualServerId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::site::App;

/// Where tickets are shown, on every application's host.
pub const ENTER_PATH: &str = "/.doorward/enter";

/// How long a ticket is good: a redirect takes no longer.
const LIFE: Duration = Duration::from_secs(30);

/// A page's address longer than this does not travel beside the ticket.
const LONGEST_PAGE: usize = 4096;

/// The portal session that is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Its row.
    pub portal: SessionId,
    /// Its user.
    pub user: UserId,
    /// What was proved.
    pub proofs: Proofs,
    /// Its absolute end, and so the new session's.
    pub expires_at: Timestamp,
}

/// What a ticket opened.
#[derive(Debug)]
pub struct Redeemed {
    /// The value of the application's session cookie.
    pub session: Token,
    /// The portal session that it hangs on. The application's session of before may have given way: nothing old of it may
    /// be remembered.
    pub portal: SessionId,
    /// Where to go: absolute, at the application's own origin.
    pub location: String,
}

/// A ticket opens nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TicketError {
    /// Used, expired, or never issued.
    #[error("the ticket is used up or was never good")]
    Gone,
    /// Good, but not at this host or not in this browser. It stays good.
    #[error("the ticket is for another host or browser")]
    NotHere,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the store keeps of a ticket (sealed there).
#[derive(Serialize, Deserialize)]
struct Stub {
    portal: SessionId,
    user: UserId,
    proofs: Proofs,
    expires_at: Timestamp,
    to: ReturnTo,
}

/// Issues and redeems tickets.
#[derive(Clone)]
pub struct Tickets {
    ledger: Arc<dyn Ledger>,
    one_times: Arc<dyn OneTimes>,
    entropy: Arc<dyn Entropy>,
}

impl Tickets {
    /// Over the store.
    pub fn new(ledger: Arc<dyn Ledger>, one_times: Arc<dyn OneTimes>, entropy: Arc<dyn Entropy>) -> Self {
        Self { ledger, one_times, entropy }
    }

    /// A ticket to a page: the act that makes it good, to be committed with the sign-in, and the address to redirect to.
    pub fn issue(&self, session: &Handover, to: &ReturnTo, now: Timestamp) -> (Act, String) {
        let ticket = Token::draw(self.entropy.as_ref());
        let stub = Stub {
            portal: session.portal.clone(),
            user: session.user.clone(),
            proofs: session.proofs,
            expires_at: session.expires_at,
            to: to.clone(),
        };
        // Writing these plain types cannot fail; an empty stub would not be read back, and open nothing.
        let data = serde_json::to_string(&stub).unwrap_or_default();
        let act = OneTime { purpose: OneTimePurpose::Ticket, hash: ticket.hash(), data, expires_at: now + LIFE };
        (Act::OneTimePut(act), enter_url(to, &ticket))
    }

    /// Uses a ticket up and starts the application's session, both or neither.
    ///
    /// # Errors
    /// [`TicketError`]. For the first two go to [`page`]: who has a session already sees it, who has none is sent to the
    /// portal and comes back with a new ticket.
    pub async fn redeem(
        &self,
        vs: &VirtualServerId,
        ticket: &str,
        host: &str,
        hop: Option<&Token>,
        now: Timestamp,
    ) -> Result<Redeemed, TicketError> {
        let ticket = Token::parse(ticket).ok_or(TicketError::Gone)?.hash();
        let kept = self.one_times.one_time(vs, OneTimePurpose::Ticket, &ticket, now).await?.ok_or(TicketError::Gone)?;
        let stub: Stub = serde_json::from_str(&kept.data)
            .map_err(|error| StoreError::Damaged(format!("a ticket cannot be read: {error}")))?;
        let same_browser = hop.is_some_and(|hop| hop.hash().same(&stub.to.hop));
        if stub.to.host != host || !same_browser {
            return Err(TicketError::NotHere);
        }
        let location = format!("{}{}", stub.to.origin, stub.to.path_and_query);
        let portal = stub.portal.clone();
        let session = self.start(vs, ticket, stub, now).await?;
        Ok(Redeemed { session, portal, location })
    }

    async fn start(
        &self,
        vs: &VirtualServerId,
        hash: doorward_api::TokenHash,
        stub: Stub,
        now: Timestamp,
    ) -> Result<Token, TicketError> {
        let cookie = Token::draw(self.entropy.as_ref());
        let session = NewSession {
            id: SessionId::new(self.entropy.id()),
            token: cookie.hash(),
            user: stub.user,
            kind: SessionKind::App { host: stub.to.host, portal: stub.portal },
            proofs: stub.proofs,
            expires_at: stub.expires_at,
        };
        let take = Act::OneTimeTake { purpose: OneTimePurpose::Ticket, hash };
        match self.ledger.commit(vs, Change::of(take).and(Act::SessionStart(session)), now).await {
            Ok(()) => Ok(cookie),
            Err(CommitError::Lost { .. }) => Err(TicketError::Gone),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

/// The address carries the page as well, so that a reload of a used ticket still leads there.
fn enter_url(to: &ReturnTo, ticket: &Token) -> String {
    let url = format!("{}{ENTER_PATH}?ticket={}", to.origin, ticket.expose());
    let page = utf8_percent_encode(&to.path_and_query, NON_ALPHANUMERIC).to_string();
    if page.len() > LONGEST_PAGE { url } else { format!("{url}&to={page}") }
}

/// The page that a ticket which opens nothing was for (its decoded parameter `to`): absolute, always at the application's
/// own origin; its start page when `to` is no path.
pub fn page(app: &App, to: Option<&str>) -> String {
    let plain =
        |path: &&str| path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#');
    format!("{}{}", app.origin, to.filter(plain).unwrap_or("/"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use doorward_api::{AppId, TokenHash};

    use super::*;
    use crate::testing::{Dice, hop, now, return_to, virtual_server};

    /// Keeps tickets and the sessions they opened.
    #[derive(Default)]
    struct Drawer(Mutex<(HashMap<TokenHash, OneTime>, Vec<NewSession>)>);

    #[async_trait]
    impl OneTimes for Drawer {
        async fn one_time(
            &self,
            _: &VirtualServerId,
            purpose: OneTimePurpose,
            hash: &TokenHash,
            now: Timestamp,
        ) -> Result<Option<OneTime>, StoreError> {
            tokio::task::yield_now().await;
            let kept = self.0.lock().unwrap().0.get(hash).cloned();
            Ok(kept.filter(|kept| kept.purpose == purpose && kept.expires_at > now))
        }

        async fn one_times(
            &self,
            _: &VirtualServerId,
            _: OneTimePurpose,
            _: u32,
            _: Timestamp,
        ) -> Result<Vec<OneTime>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[async_trait]
    impl Ledger for Drawer {
        async fn commit(&self, _: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError> {
            let mut kept = self.0.lock().unwrap();
            for (act, what) in change.acts.into_iter().enumerate() {
                match what {
                    Act::OneTimePut(one) => drop(kept.0.insert(one.hash, one)),
                    Act::OneTimeTake { hash, .. } => {
                        if kept.0.remove(&hash).is_none_or(|one| one.expires_at <= now) {
                            return Err(CommitError::Lost { act, what: "one_time_take" });
                        }
                    }
                    Act::SessionStart(session) => kept.1.push(session),
                    other => panic!("{}", other.name()),
                }
            }
            Ok(())
        }
        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    struct Stage {
        kept: Arc<Drawer>,
        tickets: Tickets,
        vs: VirtualServerId,
    }

    impl Stage {
        fn set() -> Self {
            let kept = Arc::new(Drawer::default());
            let tickets = Tickets::new(kept.clone(), kept.clone(), Arc::new(Dice::default()));
            Self { kept, tickets, vs: "default".into() }
        }

        /// Issues a ticket and returns its text and address.
        async fn issued(&self) -> (String, String) {
            let session = Handover {
                portal: "s-portal".into(),
                user: "u-alice".into(),
                proofs: Proofs { password: Some(now()), ..Proofs::NONE },
                expires_at: now() + Duration::from_hours(8),
            };
            let (act, url) = self.tickets.issue(&session, &return_to("/page?x=1"), now());
            self.kept.commit(&self.vs, Change::of(act), now()).await.unwrap();
            let ticket = url.split("ticket=").nth(1).unwrap().split('&').next().unwrap().to_owned();
            (ticket, url)
        }

        async fn redeem(&self, ticket: &str, at: Timestamp) -> Result<Redeemed, TicketError> {
            self.tickets.redeem(&self.vs, ticket, "wiki.localhost", Some(&hop()), at).await
        }
    }

    #[tokio::test]
    async fn a_ticket_opens_a_session_of_its_host() {
        let stage = Stage::set();
        let (ticket, url) = stage.issued().await;
        assert!(url.starts_with("http://wiki.localhost:8080/.doorward/enter?ticket="), "{url}");
        assert!(url.ends_with("&to=%2Fpage%3Fx%3D1"), "{url}");
        let redeemed = stage.redeem(&ticket, now()).await.unwrap();
        assert_eq!(redeemed.location, "http://wiki.localhost:8080/page?x=1");
        let sessions = stage.kept.0.lock().unwrap().1.clone();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].token, redeemed.session.hash());
        assert_eq!(sessions[0].kind, SessionKind::App { host: "wiki.localhost".into(), portal: "s-portal".into() });
        assert_eq!(sessions[0].expires_at, now() + Duration::from_hours(8));
        assert!(sessions[0].proofs.password.is_some());
    }

    #[tokio::test]
    async fn a_used_ticket_is_refused() {
        let stage = Stage::set();
        let (ticket, _) = stage.issued().await;
        stage.redeem(&ticket, now()).await.unwrap();
        assert!(matches!(stage.redeem(&ticket, now()).await, Err(TicketError::Gone)));
    }

    #[tokio::test]
    async fn of_many_who_show_a_ticket_one_gets_in() {
        let stage = Arc::new(Stage::set());
        let (ticket, _) = stage.issued().await;
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let (stage, ticket) = (stage.clone(), ticket.clone());
                tokio::spawn(async move { stage.redeem(&ticket, now()).await.is_ok() })
            })
            .collect();
        let mut opened = 0;
        for task in tasks {
            opened += u32::from(task.await.unwrap());
        }
        assert_eq!(opened, 1);
    }

    #[tokio::test]
    async fn an_old_or_invented_ticket_is_refused() {
        let stage = Stage::set();
        let (ticket, _) = stage.issued().await;
        assert!(matches!(stage.redeem(&ticket, now() + LIFE).await, Err(TicketError::Gone)));
        for wrong in ["", &ticket[1..], &"B".repeat(43), &ticket.to_lowercase()] {
            assert!(matches!(stage.redeem(wrong, now()).await, Err(TicketError::Gone)), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_stolen_ticket_opens_nothing_and_stays_good_for_its_owner() {
        let stage = Stage::set();
        let (ticket, _) = stage.issued().await;
        let other_browser = Token::draw(&Dice::default());
        for (host, hop) in
            [("intranet.localhost", Some(&hop())), ("wiki.localhost", Some(&other_browser)), ("wiki.localhost", None)]
        {
            let answer = stage.tickets.redeem(&stage.vs, &ticket, host, hop, now()).await;
            assert!(matches!(answer, Err(TicketError::NotHere)), "{answer:?}");
        }
        assert!(stage.redeem(&ticket, now()).await.is_ok());
    }

    #[tokio::test]
    async fn two_slashes_do_not_lead_to_another_site() {
        let stage = Stage::set();
        let session = Handover { portal: "s".into(), user: "u".into(), proofs: Proofs::NONE, expires_at: now() + LIFE };
        let (act, url) = stage.tickets.issue(&session, &return_to("//evil.test/x"), now());
        stage.kept.commit(&stage.vs, Change::of(act), now()).await.unwrap();
        let ticket = url.split("ticket=").nth(1).unwrap().split('&').next().unwrap();
        let location = stage.redeem(ticket, now()).await.unwrap().location;
        assert_eq!(location, "http://wiki.localhost:8080//evil.test/x");
    }

    #[test]
    fn the_page_of_a_used_ticket_is_always_the_applications_own() {
        let vs = virtual_server("default");
        let wiki = &vs.apps[&AppId::from("wiki")];
        assert_eq!(page(wiki, Some("/page?x=1")), "http://wiki.localhost:8080/page?x=1");
        assert_eq!(page(wiki, Some("//evil.test/")), "http://wiki.localhost:8080//evil.test/");
        for nonsense in
            ["https://evil.test/", "@evil.test/", ".evil.test/", "", "/\r\nSet-Cookie: a=b", "/\\evil", "/a#b"]
        {
            assert_eq!(page(wiki, Some(nonsense)), "http://wiki.localhost:8080/", "{nonsense:?}");
        }
        assert_eq!(page(wiki, None), "http://wiki.localhost:8080/");
    }

    #[test]
    fn a_very_long_page_does_not_travel_in_the_address() {
        let url = enter_url(&return_to(&format!("/{}", "%".repeat(2000))), &hop());
        assert!(!url.contains("&to="));
    }
}
