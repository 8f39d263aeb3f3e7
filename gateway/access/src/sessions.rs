//! From a cookie to a [`Subject`]: sessions as of at most a second ago, users as of at most five (decision A20).
//!
//! Three answers: nobody ([`Subject::Anonymous`]), somebody ([`Subject::User`]), and [`Unclear`]. An unknown or foreign
//! cookie is nobody's, as is that of a user who is gone or switched off. A store that does not answer has said neither, and
//! a doubt never ends in somebody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward_api::ports::{Directory, Sessions};
use doorward_api::session::SessionKind;
use doorward_api::{
    Principal, Session, SessionId, StoreError, Subject, Timestamp, Token, TokenHash, User, UserId, VirtualServerId,
};
use moka::{future, sync};

/// How many sessions, and how many users, are remembered at most.
const MOST_REMEMBERED: u64 = 100_000;

/// A session's use is noted this often.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// And this long after it could not be, it is tried again.
const TOUCH_AGAIN: Duration = Duration::from_secs(10);

/// Whom a cookie is shown to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The portal.
    Portal,
    /// An application's host: lower case, no port.
    App(&'a str),
}

impl Place<'_> {
    /// A portal session is good at the portal only, an application's on its own host only.
    fn takes(self, kind: &SessionKind) -> bool {
        match (self, kind) {
            (Place::Portal, SessionKind::Portal) => true,
            (Place::App(here), SessionKind::App { host, .. }) => here == host,
            _ => false,
        }
    }
}

/// What a request says of its session's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They are there: the session is in use.
    Use,
    /// A page asks by itself, whether anybody sits before it or not. The session is good for it and ends no later (SE-08).
    Background,
}

/// How long sessions live, and how old what is known of them may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session unused for so long is over.
    pub idle: Duration,
    /// Every session is over after so long.
    pub absolute: Duration,
    /// How old what is known of a session may be; so fast does a sign-out reach every process.
    pub cache: Duration,
    /// How old what is known of a user may be.
    pub facts: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(30),
            absolute: Duration::from_hours(8),
            cache: Duration::from_secs(1),
            facts: Duration::from_secs(5),
        }
    }
}

/// Whose cookie it is cannot be found out just now: the store does not answer. Its holder may be somebody, so they are not
/// asked to sign in as if they were nobody; and may be nobody, so they are let in nowhere but where anybody is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("whose session it is cannot be found out: {0}")]
pub struct Unclear(#[from] pub StoreError);

/// Finds out who asks.
pub struct Identities {
    sessions: Arc<dyn Sessions>,
    directory: Arc<dyn Directory>,
    limits: SessionLimits,
    lookups: future::Cache<(VirtualServerId, TokenHash), Lookup>,
    facts: future::Cache<(VirtualServerId, UserId), Facts>,
    /// Whose use is being noted, and since when.
    touched: sync::Cache<SessionId, Timestamp>,
    forgotten: Forgotten,
}

/// What was found of a cookie, kept by somebody who sees the same one again and again, a connection. It is used for as long as
/// it would be from the cache, and no longer.
#[derive(Default)]
pub struct LastSeen(Option<((VirtualServerId, TokenHash), Lookup)>);

/// What a cookie was found to be.
#[derive(Clone)]
struct Lookup {
    /// Before the store was asked.
    read_at: Timestamp,
    /// See [`Forgotten`].
    turn: u64,
    found: Found,
}

#[derive(Clone)]
enum Found {
    Nobody,
    Somebody(Arc<Somebody>),
    /// The store did not answer. Shared by those who wait for the same answer, and never used again.
    Unclear(Unclear),
}

struct Somebody {
    session: Session,
    principal: Arc<Principal>,
    facts_read_at: Timestamp,
    facts_turn: u64,
}

/// What the directory says of a user.
#[derive(Clone)]
struct Facts {
    read_at: Timestamp,
    turn: u64,
    /// `None` when they are gone or switched off.
    user: Option<Arc<User>>,
}

impl Identities {
    /// With nothing known yet.
    pub fn new(sessions: Arc<dyn Sessions>, directory: Arc<dyn Directory>, limits: SessionLimits) -> Self {
        Self {
            sessions,
            directory,
            limits,
            lookups: future::Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(limits.cache).build(),
            facts: future::Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(limits.facts).build(),
            touched: sync::Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(TOUCH_AGAIN).build(),
            forgotten: Forgotten::new(limits),
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> &SessionLimits {
        &self.limits
    }

    /// Who shows this cookie at this place. `last` is what whoever asks keeps between two questions: the cookie is probably the
    /// same again.
    ///
    /// # Errors
    /// [`Unclear`] when the store does not answer.
    pub async fn identify(
        &self,
        last: &mut LastSeen,
        vs: &VirtualServerId,
        place: Place<'_>,
        token: Option<&Token>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Subject, Unclear> {
        // Who shows no cookie is nobody, whatever the store would say.
        let Some(token) = token else { return Ok(Subject::Anonymous) };
        let (hash, within) = (token.hash(), self.limits.cache);
        let seen = last.0.as_ref().filter(|((server, seen), _)| *seen == hash && server == vs);
        if let Some((_, lookup)) = seen.filter(|(_, lookup)| self.fresh(lookup, within, now)) {
            return self.at(vs, place, lookup, purpose, now).map(subject);
        }
        let key = (vs.clone(), hash);
        let lookup = self.found(key.clone(), within, now).await;
        let subject = self.at(vs, place, &lookup, purpose, now).map(subject);
        last.0 = Some((key, lookup));
        subject
    }

    /// The same, for what has been going on for a while: what is known of the session may be no older than `within`.
    ///
    /// # Errors
    /// [`Unclear`] when the store does not answer.
    pub async fn identify_anew(
        &self,
        vs: &VirtualServerId,
        place: Place<'_>,
        token: Option<&Token>,
        (purpose, within): (Purpose, Duration),
        now: Timestamp,
    ) -> Result<Subject, Unclear> {
        let Some(token) = token else { return Ok(Subject::Anonymous) };
        let lookup = self.found((vs.clone(), token.hash()), within, now).await;
        self.at(vs, place, &lookup, purpose, now).map(subject)
    }

    /// The live session of this cookie, with its user; `None` for nobody.
    ///
    /// # Errors
    /// [`Unclear`] when the store does not answer.
    pub async fn session(
        &self,
        vs: &VirtualServerId,
        place: Place<'_>,
        token: Option<&Token>,
        now: Timestamp,
    ) -> Result<Option<(Session, Arc<Principal>)>, Unclear> {
        let Some(token) = token else { return Ok(None) };
        let lookup = self.found((vs.clone(), token.hash()), self.limits.cache, now).await;
        let somebody = self.at(vs, place, &lookup, Purpose::Use, now)?;
        Ok(somebody.map(|somebody| (somebody.session.clone(), somebody.principal.clone())))
    }

    /// What is known of a portal session and of those that hang on it is not used any more. Call it after the change is
    /// committed: at a sign-out, and when the session's level rises.
    pub fn forget_all_of(&self, portal: &SessionId) {
        self.forgotten.session(portal);
    }

    /// What is known of a user, and of every session of theirs, is not used any more. Call it after the change is committed.
    pub fn forget_user(&self, user: &UserId) {
        self.forgotten.user(user);
    }

    /// Whom a look-up found, if their session is good at this place and now; its use is noted.
    fn at<'a>(
        &self,
        vs: &VirtualServerId,
        place: Place<'_>,
        lookup: &'a Lookup,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<&'a Somebody>, Unclear> {
        let somebody = match &lookup.found {
            Found::Nobody => return Ok(None),
            Found::Somebody(somebody) => somebody,
            Found::Unclear(unclear) => return Err(unclear.clone()),
        };
        let live_here = place.takes(&somebody.session.kind) && somebody.session.expires_at > now;
        // Here and not where the store is asked: what it told a page that asks by itself serves its user for a second.
        if live_here && purpose == Purpose::Use {
            self.touch(vs, &somebody.session, now);
        }
        Ok(live_here.then_some(somebody))
    }

    /// What a cookie is, as of no longer ago than `within`.
    async fn found(&self, key: (VirtualServerId, TokenHash), within: Duration, now: Timestamp) -> Lookup {
        let within = within.min(self.limits.cache);
        match self.lookups.get(&key).await {
            Some(lookup) if self.fresh(&lookup, within, now) => lookup,
            // Boxed: nearly every request finds what it needs above.
            _ => Box::pin(self.look_up_together(key, within, now)).await,
        }
    }

    /// Asks the store, once for all who want to know the same at the same moment.
    async fn look_up_together(&self, key: (VirtualServerId, TokenHash), within: Duration, now: Timestamp) -> Lookup {
        let asking = self.look_up(&key.0, &key.1, now);
        let old = |known: &Lookup| !self.fresh(known, within, now);
        let entry = self.lookups.entry(key.clone()).or_insert_with_if(asking, old).await;
        let lookup = entry.into_value();
        // The answer another request waited for can be overtaken by a sign-out while it was on its way.
        if matches!(lookup.found, Found::Unclear(_)) || self.fresh(&lookup, within, now) {
            return lookup;
        }
        let again = self.look_up(&key.0, &key.1, now).await;
        self.lookups.insert(key, again.clone()).await;
        again
    }

    async fn look_up(&self, vs: &VirtualServerId, token: &TokenHash, now: Timestamp) -> Lookup {
        let turn = self.forgotten.turn();
        let found = match self.ask_store(vs, token, now).await {
            Ok(Some(somebody)) => Found::Somebody(Arc::new(somebody)),
            Ok(None) => Found::Nobody,
            Err(error) => {
                tracing::warn!(virtual_server = %vs, %error, "a session could not be looked up; its holder must try again");
                Found::Unclear(error.into())
            }
        };
        Lookup { read_at: now, turn, found }
    }

    async fn ask_store(
        &self,
        vs: &VirtualServerId,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Somebody>, StoreError> {
        let Some(session) = self.sessions.session(vs, token, self.limits.idle, now).await? else { return Ok(None) };
        let facts = self.facts(vs, &session.user, now).await?;
        let Some(user) = facts.user else { return Ok(None) };
        let principal = Arc::new(principal(&user, &session));
        Ok(Some(Somebody { session, principal, facts_read_at: facts.read_at, facts_turn: facts.turn }))
    }

    /// Notes that a session is in use, and lets nobody wait for it: when nothing can be written (a full disk, a database
    /// that another process holds), the session goes on until it is idle, as fast as ever (F-04, F-06).
    fn touch(&self, vs: &VirtualServerId, session: &Session, now: Timestamp) {
        if now.since(session.last_seen_at) < TOUCH_EVERY {
            return;
        }
        // Of requests at the same moment one does it.
        let too_old = |since: &Timestamp| now.since(*since) >= TOUCH_AGAIN;
        if !self.touched.entry_by_ref(&session.id).or_insert_with_if(|| now, too_old).is_fresh() {
            return;
        }
        let (sessions, vs, id) = (self.sessions.clone(), vs.clone(), session.id.clone());
        tokio::spawn(async move {
            if let Err(error) = sessions.touch(&vs, &id, now).await {
                tracing::warn!(virtual_server = %vs, session = %id, %error, "a session's use could not be noted");
            }
        });
    }

    async fn facts(&self, vs: &VirtualServerId, user: &UserId, now: Timestamp) -> Result<Facts, StoreError> {
        let key = (vs.clone(), user.clone());
        if let Some(facts) = self.facts.get(&key).await
            && now.near(facts.read_at, self.limits.facts)
            && facts.turn >= self.forgotten.turn_of_user(user)
        {
            return Ok(facts);
        }
        let turn = self.forgotten.turn();
        let user = self.directory.get(vs, user).await?.filter(|user| !user.disabled).map(Arc::new);
        let facts = Facts { read_at: now, turn, user };
        self.facts.insert(key, facts.clone()).await;
        Ok(facts)
    }

    /// Whether a look-up may still be used.
    fn fresh(&self, lookup: &Lookup, within: Duration, now: Timestamp) -> bool {
        let young = now.near(lookup.read_at, within);
        match &lookup.found {
            Found::Unclear(_) => false,
            Found::Nobody => young,
            Found::Somebody(somebody) => {
                let facts_young = now.near(somebody.facts_read_at, self.limits.facts);
                young && facts_young && self.remembers(lookup.turn, somebody)
            }
        }
    }

    /// Whether nothing that a look-up found has been forgotten since.
    fn remembers(&self, turn: u64, somebody: &Somebody) -> bool {
        // No mark is younger than the turn; where it has not moved on since, no mark need be looked for.
        if turn.min(somebody.facts_turn) == self.forgotten.turn() {
            return true;
        }
        let session_turn = self.forgotten.turn_of_session(somebody.session.portal());
        let user_turn = self.forgotten.turn_of_user(&somebody.session.user);
        turn >= session_turn.max(user_turn) && somebody.facts_turn >= user_turn
    }
}

impl std::fmt::Debug for LastSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LastSeen").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identities").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn subject(found: Option<&Somebody>) -> Subject {
    found.map_or(Subject::Anonymous, |somebody| Subject::User(somebody.principal.clone()))
}

fn principal(user: &User, session: &Session) -> Principal {
    Principal {
        user: user.id.clone(),
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        groups: user.groups.clone(),
        session: session.portal().clone(),
        proofs: session.proofs,
    }
}

/// What must not be used any more. Removing an entry would not do: an answer that is on its way could bring it back. So
/// each forgetting takes the next turn, each reading bears the turn at which it began, and a reading from before the
/// forgetting does not count.
struct Forgotten {
    turn: AtomicU64,
    sessions: sync::Cache<SessionId, u64>,
    users: sync::Cache<UserId, u64>,
}

impl Forgotten {
    /// Marks are kept well beyond the time for which anything older is remembered.
    fn new(limits: SessionLimits) -> Self {
        let keep = Duration::from_mins(1) + limits.cache + limits.facts;
        Self {
            turn: AtomicU64::new(0),
            sessions: sync::Cache::builder().time_to_live(keep).build(),
            users: sync::Cache::builder().time_to_live(keep).build(),
        }
    }

    fn turn(&self) -> u64 {
        self.turn.load(Ordering::SeqCst)
    }

    fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::SeqCst).saturating_add(1)
    }

    fn session(&self, portal: &SessionId) {
        self.sessions.insert(portal.clone(), self.next_turn());
    }

    fn user(&self, user: &UserId) {
        self.users.insert(user.clone(), self.next_turn());
    }

    fn turn_of_session(&self, portal: &SessionId) -> u64 {
        self.sessions.get(portal).unwrap_or(0)
    }

    fn turn_of_user(&self, user: &UserId) -> u64 {
        self.users.get(user).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    use async_trait::async_trait;
    use doorward_api::ports::PasswordCheck;
    use doorward_api::{FoldedName, Proofs, Secret};

    use super::*;
    use crate::testing::{Dice, now};

    #[derive(Default)]
    struct World {
        sessions: Mutex<HashMap<TokenHash, Session>>,
        users: Mutex<HashMap<UserId, User>>,
        down: AtomicBool,
        disk_full: AtomicBool,
        held: AtomicBool,
        session_reads: AtomicUsize,
        user_reads: AtomicUsize,
        touches: AtomicUsize,
    }

    impl World {
        fn answers(&self) -> Result<(), StoreError> {
            let down = self.down.load(Ordering::SeqCst);
            if down { Err(StoreError::Unavailable("pulled the plug".into())) } else { Ok(()) }
        }
    }

    #[async_trait]
    impl Sessions for World {
        async fn session(
            &self,
            _: &VirtualServerId,
            token: &TokenHash,
            idle: Duration,
            now: Timestamp,
        ) -> Result<Option<Session>, StoreError> {
            self.session_reads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.answers()?;
            let found = self.sessions.lock().unwrap().get(token).cloned();
            Ok(found.filter(|session| now.since(session.last_seen_at) < idle))
        }
        async fn touch(&self, _: &VirtualServerId, _: &SessionId, _: Timestamp) -> Result<(), StoreError> {
            self.touches.fetch_add(1, Ordering::SeqCst);
            if self.held.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let full = self.disk_full.load(Ordering::SeqCst);
            if full { Err(StoreError::Unavailable("disk full".into())) } else { Ok(()) }
        }
        async fn live_sessions(&self, _: &VirtualServerId, _: Timestamp) -> Result<u64, StoreError> {
            Ok(0)
        }
    }

    #[async_trait]
    impl Directory for World {
        async fn find(&self, _: &VirtualServerId, _: &FoldedName) -> Result<Option<User>, StoreError> {
            Ok(None)
        }
        async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
            self.user_reads.fetch_add(1, Ordering::SeqCst);
            self.answers()?;
            Ok(self.users.lock().unwrap().get(user).cloned())
        }
        async fn check_password(
            &self,
            _: &VirtualServerId,
            _: Option<&UserId>,
            _: &Secret,
        ) -> Result<PasswordCheck, StoreError> {
            Ok(PasswordCheck::Wrong)
        }
    }

    struct Stage {
        world: Arc<World>,
        identities: Identities,
        vs: VirtualServerId,
        portal: Token,
        app: Token,
    }

    impl Stage {
        fn set() -> Self {
            let world = Arc::new(World::default());
            let alice = User {
                id: "u-alice".into(),
                name: "alice".into(),
                display_name: String::new(),
                email: None,
                disabled: false,
                groups: Vec::new(),
            };
            world.users.lock().unwrap().insert(alice.id.clone(), alice);
            let dice = Dice::default();
            let (portal, app) = (Token::draw(&dice), Token::draw(&dice));
            let on_wiki = SessionKind::App { host: "wiki.localhost".into(), portal: "s-portal".into() };
            for (token, id, kind) in [(&portal, "s-portal", SessionKind::Portal), (&app, "s-app", on_wiki)] {
                let session = Session {
                    id: id.into(),
                    user: "u-alice".into(),
                    kind,
                    proofs: Proofs::NONE,
                    created_at: now(),
                    last_seen_at: now(),
                    expires_at: now() + Duration::from_hours(8),
                };
                world.sessions.lock().unwrap().insert(token.hash(), session);
            }
            let identities = Identities::new(world.clone(), world.clone(), SessionLimits::default());
            Self { world, identities, vs: "default".into(), portal, app }
        }

        async fn name(&self, place: Place<'_>, token: &Token, at: Timestamp) -> Option<String> {
            let subject = self.ask(place, Some(token), Purpose::Use, at).await;
            subject.expect("the store answers").principal().map(|p| p.name.clone())
        }

        /// Whoever has not asked before.
        async fn ask(
            &self,
            place: Place<'_>,
            token: Option<&Token>,
            purpose: Purpose,
            at: Timestamp,
        ) -> Result<Subject, Unclear> {
            self.identities.identify(&mut LastSeen::default(), &self.vs, place, token, purpose, at).await
        }

        async fn on_wiki(&self, at: Timestamp) -> Option<String> {
            self.name(Place::App("wiki.localhost"), &self.app, at).await
        }

        fn reads(&self) -> usize {
            self.world.session_reads.load(Ordering::SeqCst)
        }
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test]
    async fn a_session_is_good_at_its_own_place_only() {
        let stage = Stage::set();
        assert_eq!(stage.on_wiki(now()).await.as_deref(), Some("alice"));
        assert_eq!(stage.name(Place::Portal, &stage.portal, now()).await.as_deref(), Some("alice"));
        assert_eq!(stage.name(Place::Portal, &stage.app, now()).await, None);
        assert_eq!(stage.name(Place::App("intranet.localhost"), &stage.app, now()).await, None);
        assert_eq!(stage.name(Place::App("wiki.localhost"), &stage.portal, now()).await, None);
        let without = stage.ask(Place::Portal, None, Purpose::Use, now()).await;
        assert!(matches!(without, Ok(Subject::Anonymous)));
    }

    #[tokio::test]
    async fn the_portal_session_stands_behind_every_principal() {
        let stage = Stage::set();
        let place = Place::App("wiki.localhost");
        let found = stage.identities.session(&stage.vs, place, Some(&stage.app), now()).await.unwrap();
        let (session, principal) = found.unwrap();
        assert_eq!((session.id.as_str(), principal.session.as_str()), ("s-app", "s-portal"));
    }

    #[tokio::test]
    async fn the_store_is_asked_once_a_second() {
        let stage = Stage::set();
        for millis in [0, 1, 500, 999] {
            stage.on_wiki(now() + ms(millis)).await;
        }
        assert_eq!(stage.reads(), 1);
        stage.on_wiki(now() + ms(1000)).await;
        assert_eq!(stage.reads(), 2);
    }

    #[tokio::test]
    async fn who_must_know_sooner_asks_sooner() {
        let stage = Stage::set();
        let place = Place::App("wiki.localhost");
        stage.on_wiki(now()).await;
        let ask =
            |within, at| stage.identities.identify_anew(&stage.vs, place, Some(&stage.app), (Purpose::Use, within), at);
        for (millis, reads) in [(299, 1), (300, 2), (599, 2), (600, 3)] {
            let at = now() + ms(millis);
            ask(ms(300), at).await.unwrap();
            assert_eq!(stage.reads(), reads, "after {millis} ms");
        }
        ask(ms(9000), now() + ms(1600)).await.unwrap();
        assert_eq!(stage.reads(), 4, "nobody may know later than all");
    }

    #[tokio::test]
    async fn requests_at_the_same_moment_share_one_question() {
        let stage = Arc::new(Stage::set());
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let stage = stage.clone();
                tokio::spawn(async move { stage.on_wiki(now()).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().as_deref(), Some("alice"));
        }
        assert_eq!(stage.reads(), 1);
    }

    #[tokio::test]
    async fn nobody_is_remembered_too() {
        let stage = Stage::set();
        let stranger = Token::parse(&"A".repeat(43)).unwrap();
        assert_eq!(stage.name(Place::Portal, &stranger, now()).await, None);
        assert_eq!(stage.name(Place::Portal, &stranger, now() + ms(900)).await, None);
        assert_eq!(stage.reads(), 1);
    }

    #[tokio::test]
    async fn a_sign_out_is_felt_at_once_here_and_within_a_second_elsewhere() {
        for forget in [true, false] {
            let stage = Stage::set();
            assert!(stage.on_wiki(now()).await.is_some());
            stage.world.sessions.lock().unwrap().clear();
            if forget {
                stage.identities.forget_all_of(&"s-portal".into());
                assert_eq!(stage.on_wiki(now() + ms(1)).await, None);
            }
            assert_eq!(stage.on_wiki(now() + ms(1000)).await, None);
        }
    }

    #[tokio::test]
    async fn who_is_seen_again_and_again_is_nobody_as_soon_as_anybody_else_would_be() {
        let (stage, mut last) = (Stage::set(), LastSeen::default());
        let place = Place::App("wiki.localhost");
        let mut again = async |token: &Token, millis| {
            let subject = stage
                .identities
                .identify(&mut last, &stage.vs, place, Some(token), Purpose::Use, now() + ms(millis))
                .await
                .unwrap();
            subject.principal().map(|principal| principal.name.clone())
        };
        for (millis, reads) in [(0, 1), (999, 1), (1000, 2), (1999, 2)] {
            assert_eq!(again(&stage.app, millis).await.as_deref(), Some("alice"));
            assert_eq!(stage.reads(), reads, "after {millis} ms");
        }
        assert_eq!(again(&stage.portal, 1999).await, None, "another cookie, and not one for here");
        assert_eq!(again(&stage.app, 1999).await.as_deref(), Some("alice"));
        stage.world.sessions.lock().unwrap().clear();
        stage.identities.forget_all_of(&"s-portal".into());
        assert_eq!(again(&stage.app, 1999).await, None);
    }

    /// Twenty minutes later by a clock that was wrong, and is set right: what was read then is not of the last second.
    #[tokio::test]
    async fn what_was_read_before_the_clock_was_set_back_is_read_anew() {
        let stage = Stage::set();
        let place = Place::App("wiki.localhost");
        let mut last = LastSeen::default();
        for (at, expected) in [(now() + Duration::from_mins(20), true), (now(), false)] {
            // On one and the same connection, signed out elsewhere in between.
            let (vs, token) = (&stage.vs, Some(&stage.app));
            let subject = stage.identities.identify(&mut last, vs, place, token, Purpose::Background, at).await;
            assert_eq!(subject.unwrap().principal().is_some(), expected);
            stage.world.sessions.lock().unwrap().clear();
        }
    }

    #[tokio::test]
    async fn who_a_user_was_before_the_clock_was_set_back_is_read_anew() {
        let stage = Stage::set();
        assert!(stage.on_wiki(now() + Duration::from_mins(10)).await.is_some());
        stage.world.users.lock().unwrap().clear();
        assert_eq!(stage.on_wiki(now()).await, None);
    }

    #[tokio::test]
    async fn an_answer_from_before_the_sign_out_does_not_count_after_it() {
        let stage = Stage::set();
        let before = stage.identities.look_up(&stage.vs, &stage.app.hash(), now()).await;
        stage.identities.forget_all_of(&"s-portal".into());
        assert!(!stage.identities.fresh(&before, ms(1000), now()));
        let after = stage.identities.look_up(&stage.vs, &stage.app.hash(), now()).await;
        assert!(stage.identities.fresh(&after, ms(1000), now()), "a session that was raised lives on under its row");
    }

    #[tokio::test]
    async fn a_user_switched_off_is_nobody_within_five_seconds() {
        let stage = Stage::set();
        assert!(stage.on_wiki(now()).await.is_some());
        stage.world.users.lock().unwrap().get_mut(&UserId::from("u-alice")).unwrap().disabled = true;
        assert!(stage.on_wiki(now() + ms(4500)).await.is_some(), "facts are remembered");
        assert_eq!(stage.on_wiki(now() + ms(5000)).await, None);
        assert_eq!(stage.world.user_reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_forgotten_user_is_read_anew() {
        let stage = Stage::set();
        assert!(stage.on_wiki(now()).await.is_some());
        stage.world.users.lock().unwrap().clear();
        stage.identities.forget_user(&"u-alice".into());
        assert_eq!(stage.on_wiki(now() + ms(1)).await, None);
    }

    #[tokio::test]
    async fn while_the_store_does_not_answer_a_cookie_is_neither_nobodys_nor_somebodys() {
        let stage = Stage::set();
        let place = Place::App("wiki.localhost");
        assert_eq!(stage.on_wiki(now()).await.as_deref(), Some("alice"));
        stage.world.down.store(true, Ordering::SeqCst);
        assert_eq!(
            stage.on_wiki(now() + ms(999)).await.as_deref(),
            Some("alice"),
            "what was known goes on for a second"
        );
        let stranger = Token::parse(&"A".repeat(43)).unwrap();
        for (token, millis) in [(&stage.app, 1_000), (&stage.app, 1_001), (&stranger, 0)] {
            let at = now() + ms(millis);
            let unclear = stage.ask(place, Some(token), Purpose::Use, at).await.unwrap_err();
            assert!(matches!(&unclear, Unclear(StoreError::Unavailable(why)) if why == "pulled the plug"), "{unclear}");
            assert!(stage.identities.session(&stage.vs, Place::Portal, Some(token), at).await.is_err());
        }
        let without = stage.ask(place, None, Purpose::Use, now() + ms(1_000)).await;
        assert!(matches!(without, Ok(Subject::Anonymous)), "without a cookie there is nothing to look up");
        stage.world.down.store(false, Ordering::SeqCst);
        assert_eq!(stage.on_wiki(now() + ms(1_002)).await.as_deref(), Some("alice"), "the failure is not remembered");
    }

    #[tokio::test]
    async fn those_who_wait_for_the_same_answer_are_told_the_same_of_a_store_that_gives_none() {
        let stage = Arc::new(Stage::set());
        stage.world.down.store(true, Ordering::SeqCst);
        let ask = |stage: Arc<Stage>| async move {
            let place = Place::App("wiki.localhost");
            stage.ask(place, Some(&stage.app), Purpose::Use, now()).await.is_err()
        };
        let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(ask(stage.clone()))).collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_store_that_can_only_be_read_signs_nobody_out() {
        let stage = Stage::set();
        stage.world.disk_full.store(true, Ordering::SeqCst);
        assert!(stage.on_wiki(now() + Duration::from_mins(5)).await.is_some());
        assert_eq!(stage.on_wiki(now() + Duration::from_mins(30)).await, None, "but it ends when it seems idle");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_database_that_another_process_holds() {
        let stage = Stage::set();
        stage.world.held.store(true, Ordering::SeqCst);
        for millis in [0, 1_100, 2_200] {
            let on_wiki = stage.on_wiki(now() + Duration::from_mins(5) + ms(millis));
            assert!(tokio::time::timeout(Duration::from_secs(5), on_wiki).await.is_ok_and(|who| who.is_some()));
            tokio::task::yield_now().await;
        }
        assert_eq!(stage.world.touches.load(Ordering::SeqCst), 1, "and writing is not tried at each request");
    }

    #[tokio::test]
    async fn what_a_page_asks_for_by_itself_is_no_use_and_hides_none() {
        let stage = Stage::set();
        let ask = async |purpose: Purpose, millis: u64| {
            let (place, at) = (Place::App("wiki.localhost"), now() + Duration::from_mins(5) + ms(millis));
            let subject = stage.ask(place, Some(&stage.app), purpose, at).await.unwrap();
            tokio::task::yield_now().await;
            subject.principal().is_some()
        };
        let touches = || stage.world.touches.load(Ordering::SeqCst);
        for millis in [0, 900, 1_800] {
            assert!(ask(Purpose::Background, millis).await, "decided like any other");
        }
        assert_eq!(touches(), 0);
        assert!(ask(Purpose::Use, 1_900).await);
        assert_eq!((touches(), stage.reads()), (1, 2), "noted, though the store was last asked for the page");
        assert!(!ask(Purpose::Background, 25 * 60_000).await, "it ends when nobody has used it");
    }

    #[tokio::test]
    async fn use_is_noted_once_a_minute_and_not_beyond_the_absolute_end() {
        let stage = Stage::set();
        stage.on_wiki(now() + Duration::from_secs(59)).await;
        assert_eq!(stage.world.touches.load(Ordering::SeqCst), 0);
        for millis in [60_000, 60_001, 60_400] {
            stage.on_wiki(now() + ms(millis)).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(stage.world.touches.load(Ordering::SeqCst), 1);
        let mut sessions = stage.world.sessions.lock().unwrap().clone();
        sessions.values_mut().for_each(|session| session.last_seen_at = now() + Duration::from_hours(8));
        *stage.world.sessions.lock().unwrap() = sessions;
        assert_eq!(stage.on_wiki(now() + Duration::from_hours(8)).await, None);
    }
}
