//! Decision records, and policies in the shadow: what the gate has decided on requests is noted in passing, and looked at beside
//! them. Noting is all that a request pays for it; it never waits, and what does not fit is counted and let go.
//!
//! The gate hands each decision to the [`Recorder`]. The [`Collector`], a job of the background, takes them from there, asks the
//! policies in the shadow what they would have said, adds up what is alike, and writes it down now and then.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use doorward_api::decided::{
    Decided, DecisionClass, DecisionFacts, DecisionTally, Difference, Seen, ShadowSaid, ShadowSeen,
};
use doorward_api::ports::{Decisions, Metrics};
use doorward_api::settings::Day;
use doorward_api::{Decision, Object, Subject, Timestamp, VirtualServerId};
use doorward_policy::{FootprintKey, Policies, Slice};

use crate::gate::{Answer, bytes_of};
use crate::site::{SharedSite, VirtualServer};

/// What is noted lies in so many places, so that threads seldom wait for each other.
const PLACES: usize = 8;

/// So many decisions fit into one of them.
const MOST_NOTED: usize = 2048;

/// A request with a longer path is not noted, in bytes: anybody can ask for many (SEC 5.17).
const LONGEST_PATH: usize = 2048;

/// So many kinds of requests of one virtual server are told apart until they are written down.
const MOST_TOLD_APART: usize = 20_000;

/// So many answers are remembered until all are forgotten, and so many bytes of their questions.
const MOST_REMEMBERED: usize = 20_000;
const MOST_REMEMBERED_BYTES: usize = 16 * 1024 * 1024;

/// So long policies in the shadow may take of what was noted between two times. Sending mails and much else waits beside it.
const SHADOW_PATIENCE: Duration = Duration::from_millis(25);

/// So many records are written at once: other writers wait no longer for them than for a sign-in.
const PORTION: usize = 200;

/// What is too old is looked for so often.
const SWEEP: Duration = Duration::from_mins(10);

/// So many portions of what is too old are taken away at once; the next time goes on.
const MOST_SWEPT: usize = 100;

/// A decision, as the gate has made it.
struct Noted {
    virtual_server: VirtualServerId,
    subject: Subject,
    object: Object,
    at: Timestamp,
    answer: Arc<Answer>,
    recorded: bool,
    shadow: Option<Arc<Policies>>,
}

/// Where the gate leaves what it has decided.
pub struct Recorder {
    places: [Mutex<Vec<Noted>>; PLACES],
    full: AtomicU64,
    long: AtomicU64,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// One that has nothing yet.
    pub fn new() -> Self {
        Self {
            places: std::array::from_fn(|_| Mutex::new(Vec::new())),
            full: AtomicU64::new(0),
            long: AtomicU64::new(0),
        }
    }

    /// Notes a decision, if anybody wants to know of it.
    pub(crate) fn note(
        &self,
        vs: &VirtualServer,
        (subject, object): (&Subject, &Object),
        at: Timestamp,
        answer: &Arc<Answer>,
    ) {
        let recorded = vs.beside.record_days > 0;
        let shadow = vs.beside.shadow_policies();
        if !recorded && shadow.is_none() {
            return;
        }
        if object.path.len() > LONGEST_PATH {
            self.long.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Some(mut place) = self.places.get(place_of_this_thread()).map(held) else { return };
        if place.len() >= MOST_NOTED {
            drop(place);
            self.full.fetch_add(1, Ordering::Relaxed);
            return;
        }
        place.push(Noted {
            virtual_server: vs.id.clone(),
            subject: subject.clone(),
            object: object.clone(),
            at,
            answer: answer.clone(),
            recorded,
            shadow: shadow.cloned(),
        });
    }

    /// Lets go of what was noted.
    pub fn forget(&self) {
        drop(self.take());
    }

    /// Takes what was noted.
    fn take(&self) -> Vec<Noted> {
        self.places.iter().flat_map(|place| std::mem::take(&mut *held(place))).collect()
    }
}

/// The value of a lock. Whoever broke off while they held it has left something whole behind: each hold is one step.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads take the places in turn, and each stays with its own.
fn place_of_this_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    std::thread_local! {
        static PLACE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % PLACES;
    }
    PLACE.try_with(|place| *place).unwrap_or_default()
}

/// Takes up what the gate has noted.
pub struct Collector {
    recorder: Arc<Recorder>,
    decisions: Arc<dyn Decisions>,
    site: SharedSite,
    metrics: Arc<dyn Metrics>,
    gathered: Mutex<Gathered>,
    /// Only what gathers takes it, so that nobody waits for policies that take long.
    remembered: Mutex<Answers>,
    swept_at: Mutex<Option<Timestamp>>,
}

/// What was taken up, and not written down yet.
type Gathered = HashMap<VirtualServerId, OfServer>;

/// The same of one virtual server.
#[derive(Default)]
struct OfServer {
    seen: HashMap<(Day, DecisionClass), Seen>,
    left_out: BTreeMap<Day, u64>,
    /// How many of these were too long.
    long: u64,
    shadow: BTreeMap<(String, &'static str), ShadowSeen>,
}

/// Answers of policies that are asked again and again. Questions name the policies that they are for.
#[derive(Default)]
pub(crate) struct Answers {
    kept: HashMap<FootprintKey, Decision>,
    bytes: usize,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl Collector {
    /// Takes from a recorder.
    pub fn new(
        recorder: Arc<Recorder>,
        decisions: Arc<dyn Decisions>,
        site: SharedSite,
        metrics: Arc<dyn Metrics>,
    ) -> Self {
        let (gathered, remembered, swept_at) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { recorder, decisions, site, metrics, gathered, remembered, swept_at }
    }

    /// Takes up what was noted since the last time.
    pub fn gather(&self) {
        self.gather_within(SHADOW_PATIENCE);
    }

    /// The same, while the policies in the shadow take no longer than this. What they are not asked is counted, and recorded
    /// without them.
    fn gather_within(&self, patience: Duration) {
        for (reason, lost) in [("full", &self.recorder.full), ("long", &self.recorder.long)] {
            self.lost(reason, lost.swap(0, Ordering::Relaxed));
        }
        let noted = self.recorder.take();
        if noted.is_empty() {
            return;
        }
        let said = said_in_shadow(&mut held(&self.remembered), &noted, patience);
        let mut told: BTreeMap<(VirtualServerId, &'static str), u64> = BTreeMap::new();
        let mut gathered = held(&self.gathered);
        for (one, said) in noted.iter().zip(said) {
            let server = gathered.entry(one.virtual_server.clone()).or_default();
            if let Some(outcome) = said.outcome() {
                *told.entry((one.virtual_server.clone(), outcome)).or_default() += 1;
            }
            if let (InShadow::Said(outcome, _), Some(policies)) = (&said, &one.shadow) {
                server.tell(&policies.fingerprint(), outcome, one.at);
            }
            if one.recorded {
                server.add(one, said.difference());
            }
        }
        drop(gathered);
        for ((vs, outcome), count) in told {
            self.metrics.shadow(vs.as_str(), outcome, count);
        }
    }

    /// Writes down what was taken up. What the store does not take is counted, and let go.
    pub async fn write(&self) {
        let servers = std::mem::take(&mut *held(&self.gathered));
        for (vs, server) in servers {
            let all: u64 = server.left_out.values().sum();
            self.lost("long", server.long);
            self.lost("most", all.saturating_sub(server.long));
            let mut portions = server.in_portions().into_iter();
            for tally in portions.by_ref() {
                match self.decisions.keep_decisions(&vs, &tally).await {
                    Ok(beyond) => self.lost("most", beyond),
                    Err(error) => {
                        tracing::warn!(%error, virtual_server = %vs, "decision records could not be written; they are left out");
                        self.lost("store", requests_of(&tally));
                        // Whoever does not answer is not asked for each portion anew.
                        break;
                    }
                }
            }
            self.lost("store", portions.map(|tally| requests_of(&tally)).sum());
        }
    }

    fn lost(&self, reason: &'static str, count: u64) {
        if count > 0 {
            self.metrics.decisions_lost(reason, count);
        }
    }

    /// Takes away what is too old, now and then.
    pub async fn sweep(&self, now: Timestamp) {
        {
            let mut swept_at = held(&self.swept_at);
            if swept_at.is_some_and(|at| now.since(at) < SWEEP) {
                return;
            }
            *swept_at = Some(now);
        }
        for server in self.site.load_full().virtual_servers.values() {
            let keep = Duration::from_hours(24).saturating_mul(server.beside.record_days);
            let first = Day::of(now - keep);
            for _ in 0..MOST_SWEPT {
                match self.decisions.drop_decisions(&server.id, first).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "old decision records could not be removed; tried again");
                        break;
                    }
                }
            }
        }
    }
}

fn requests_of(tally: &DecisionTally) -> u64 {
    tally.seen.iter().map(|(_, _, seen)| seen.count).sum()
}

impl Answers {
    /// What policies say, now or remembered.
    pub(crate) fn ask(&mut self, policies: &Policies, asked: (&Subject, &Object), at: Timestamp) -> Decision {
        let (subject, object) = asked;
        let slice = policies.slice(&object.app);
        let key = slice.key(subject, object, at);
        if let Some(decision) = self.kept.get(&key) {
            return decision.clone();
        }
        self.decide(&slice, key)
    }

    /// Asks anew, and remembers it.
    fn decide(&mut self, slice: &Slice, key: FootprintKey) -> Decision {
        let decision = slice.decide_key(&key);
        let bytes = key.bytes() + bytes_of(&decision) as usize;
        if self.kept.len() >= MOST_REMEMBERED || self.bytes + bytes > MOST_REMEMBERED_BYTES {
            self.kept.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.kept.insert(key, decision.clone());
        decision
    }
}

/// What policies in the shadow make of a decision.
#[derive(Debug)]
enum InShadow {
    /// There are none.
    Nobody,
    /// There was no time to ask them.
    NotAsked,
    /// The outcome, and all of it where it differs.
    Said(&'static str, Option<ShadowSaid>),
}

impl InShadow {
    fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::NotAsked => Some("not_asked"),
            Self::Said(outcome, _) => Some(outcome),
        }
    }

    fn difference(self) -> Option<ShadowSaid> {
        match self {
            Self::Nobody | Self::NotAsked => None,
            Self::Said(_, said) => said,
        }
    }
}

/// What the policies in the shadow say of each decision. Only what they have not said before takes time.
fn said_in_shadow(answers: &mut Answers, noted: &[Noted], patience: Duration) -> Vec<InShadow> {
    let mut taken = Duration::ZERO;
    let mut ask = |one: &Noted| {
        let Some(policies) = &one.shadow else { return InShadow::Nobody };
        let slice = policies.slice(&one.object.app);
        let key = slice.key(&one.subject, &one.object, one.at);
        let decision = match answers.kept.get(&key) {
            Some(decision) => decision.clone(),
            None if taken >= patience => return InShadow::NotAsked,
            None => {
                let began = Instant::now();
                let decision = answers.decide(&slice, key);
                taken += began.elapsed();
                decision
            }
        };
        let Some(difference) = Difference::between(one.answer.decision(), &decision) else {
            return InShadow::Said("same", None);
        };
        let fingerprint = policies.fingerprint();
        InShadow::Said(
            difference.as_str(),
            Some(ShadowSaid { fingerprint, decided: Decided::from(&decision), difference }),
        )
    };
    noted.iter().map(&mut ask).collect()
}

impl OfServer {
    fn tell(&mut self, fingerprint: &str, outcome: &'static str, at: Timestamp) {
        let seen = self.shadow.entry((fingerprint.to_owned(), outcome)).or_insert(ShadowSeen {
            count: 0,
            first_at: at,
            last_at: at,
        });
        seen.count += 1;
        seen.first_at = seen.first_at.min(at);
        seen.last_at = seen.last_at.max(at);
    }

    fn add(&mut self, one: &Noted, shadow: Option<ShadowSaid>) {
        let Noted { subject, object, at, .. } = one;
        let class = DecisionClass::of((subject, object), *at, one.answer.decision(), shadow);
        let day = Day::of(*at);
        let full = self.seen.len() >= MOST_TOLD_APART;
        match self.seen.entry((day, class)) {
            Entry::Occupied(mut there) => {
                let seen = there.get_mut();
                seen.count += 1;
                // Threads are looked at one after the other.
                seen.first_at = seen.first_at.min(*at);
                seen.last_at = seen.last_at.max(*at);
            }
            Entry::Vacant(_) if full => *self.left_out.entry(day).or_default() += 1,
            Entry::Vacant(free) => match DecisionFacts::of((subject, object), *at) {
                Some(facts) => drop(free.insert(Seen { first_at: *at, last_at: *at, count: 1, facts })),
                None => {
                    *self.left_out.entry(day).or_default() += 1;
                    self.long += 1;
                }
            },
        }
    }

    /// All of it, in parts that are written one after the other.
    fn in_portions(self) -> Vec<DecisionTally> {
        let mut seen: Vec<_> = self.seen.into_iter().map(|((day, class), seen)| (day, class, seen)).collect();
        let mut first = DecisionTally { seen: Vec::new(), left_out: self.left_out, shadow: self.shadow };
        first.seen = seen.split_off(seen.len().saturating_sub(PORTION));
        let mut portions = vec![first];
        while !seen.is_empty() {
            let part = seen.split_off(seen.len().saturating_sub(PORTION));
            portions.push(DecisionTally { seen: part, ..DecisionTally::default() });
        }
        portions.retain(|portion| !portion.is_empty());
        portions
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arc_swap::ArcSwap;
    use doorward_api::decided::DecisionFilter;
    use doorward_api::ports::{NoMetrics, Page};
    use doorward_api::{Factor, Proofs};
    use doorward_fakes::World;

    use super::*;
    use crate::gate::{Gate, LastAnswer, Verdict};
    use crate::site::{Shadow, Site};
    use crate::testing::{now, object, principal, site_of, virtual_server_with};

    const STAFF: &str = r#"@id("staff") permit(principal is User, action, resource) when { context.authn.password };"#;

    /// What was measured, by name.
    #[derive(Default)]
    struct Counted(Mutex<BTreeMap<String, u64>>);

    impl Metrics for Counted {
        fn decision(&self, _: &str, _: &str, _: &'static str, _: bool, _: Duration) {}
        fn shadow(&self, vs: &str, outcome: &'static str, count: u64) {
            *held(&self.0).entry(format!("{vs} {outcome}")).or_default() += count;
        }
        fn decisions_lost(&self, reason: &'static str, count: u64) {
            *held(&self.0).entry(format!("lost {reason}")).or_default() += count;
        }
        fn request(&self, _: &str, _: &str, _: &'static str, _: Duration) {}
        fn upstream(&self, _: &str, _: &'static str) {}
        fn sign_in(&self, _: &str, _: Factor, _: &'static str) {}
        fn flow_refusal(&self, _: &str, _: &'static str) {}
        fn enrollment(&self, _: &str, _: &'static str, _: &'static str) {}
        fn push(&self, _: &str, _: &'static str) {}
        fn device_call(&self, _: &str, _: &'static str, _: &'static str) {}
        fn mail(&self, _: &str, _: &'static str, _: &'static str) {}
        fn reload(&self, _: &'static str, _: &'static str) {}
        fn front_refusal(&self, _: &'static str) {}
    }

    /// A gate that notes, and all that comes of it.
    struct Scene {
        world: Arc<World>,
        vs: Arc<VirtualServer>,
        site: Site,
        gate: Gate,
        collector: Collector,
        counted: Arc<Counted>,
    }

    impl Scene {
        fn set(days: u32, shadow: Option<Result<&str, &str>>) -> Self {
            let mut vs = virtual_server_with("default", STAFF);
            let policies = |text: &str| virtual_server_with("default", text).policies;
            let loaded = |set: Result<&str, &str>| set.map(policies).map_err(str::to_owned);
            vs.beside.record_days = days;
            vs.beside.shadow = shadow.map(|set| Shadow { folder: "next".into(), loaded: loaded(set) });
            let site = site_of(&vs, 1);
            let vs = Arc::new(vs);
            let served = Site { virtual_servers: BTreeMap::from([(vs.id.clone(), vs.clone())]), ..site_of(&vs, 1) };
            let (world, counted) = (World::new(), Arc::new(Counted::default()));
            let recorder = Arc::new(Recorder::new());
            let served = Arc::new(ArcSwap::from_pointee(served));
            let collector = Collector::new(recorder.clone(), world.clone(), served, counted.clone());
            let gate = Gate::new(Arc::new(NoMetrics)).noting(recorder);
            Self { world, vs, site, gate, collector, counted }
        }

        fn ask(&self, subject: &Subject, path: &str) -> Verdict {
            let object = object(path);
            self.gate.decide(&mut LastAnswer::default(), &self.site, &self.vs, subject, &object, now())
        }

        async fn written(&self) -> Vec<doorward_api::decided::DecisionRecord> {
            self.collector.gather();
            self.collector.write().await;
            let page = Page { after: String::new(), limit: 1000 };
            self.world.decisions(&self.vs.id, &DecisionFilter::default(), &page).await.unwrap().items
        }

        fn counted(&self, name: &str) -> u64 {
            held(&self.counted.0).get(name).copied().unwrap_or(0)
        }
    }

    fn alice() -> Subject {
        Subject::User(Arc::new(principal("alice", Proofs::NONE.with(Factor::Password, now()))))
    }

    #[tokio::test]
    async fn requests_that_are_alike_become_one_record_with_an_example() {
        let scene = Scene::set(14, None);
        for path in ["/a/b/1", "/a/b/2", "/a/b/3"] {
            assert!(matches!(scene.ask(&alice(), path), Verdict::Admit(_)));
        }
        scene.ask(&Subject::Anonymous, "/a/b/1");
        let mut records = scene.written().await;
        records.sort_by_key(|record| record.count);
        let [nobody, alices] = &records[..] else { panic!("{records:?}") };
        assert_eq!((alices.count, alices.class.path_class.as_str()), (3, "/a/b/*"));
        assert_eq!((alices.facts.path.as_str(), alices.class.name.as_str()), ("/a/b/1", "alice"));
        assert_eq!(
            (alices.class.decided.decision.as_str(), alices.facts.groups.as_slice()),
            ("admit", &["staff".to_owned()][..])
        );
        assert_eq!((nobody.class.user.clone(), nobody.class.decided.decision.as_str()), (None, "challenge"));
        // The next time adds to what is there.
        scene.ask(&alice(), "/a/b/4");
        assert_eq!(scene.written().await.iter().map(|record| record.count).sum::<u64>(), 5);
    }

    #[tokio::test]
    async fn nothing_is_noted_where_nobody_wants_to_know() {
        let scene = Scene::set(0, None);
        scene.ask(&alice(), "/");
        assert!(scene.gate_has_noted_nothing());
        assert!(scene.written().await.is_empty());
    }

    impl Scene {
        fn gate_has_noted_nothing(&self) -> bool {
            self.collector.recorder.places.iter().all(|place| held(place).is_empty())
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_let_go_and_counted() {
        let scene = Scene::set(14, None);
        for _ in 0..MOST_NOTED + 5 {
            scene.ask(&alice(), "/");
        }
        scene.ask(&alice(), &format!("/{}", "a".repeat(LONGEST_PATH)));
        let records = scene.written().await;
        assert_eq!(records[0].count, MOST_NOTED as u64);
        assert_eq!((scene.counted("lost full"), scene.counted("lost long")), (5, 1));
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_keeps_nobody_waiting() {
        let scene = Scene::set(14, None);
        *scene.world.down.lock().unwrap() = true;
        scene.ask(&alice(), "/");
        scene.collector.gather();
        scene.collector.write().await;
        assert_eq!(scene.counted("lost store"), 1);
        *scene.world.down.lock().unwrap() = false;
        assert!(scene.written().await.is_empty(), "what was lost is lost, and not counted twice");
    }

    #[tokio::test]
    async fn policies_in_the_shadow_change_no_answer_and_are_counted() {
        let scene = Scene::set(
            14,
            Some(Ok(r#"@id("shut") forbid(principal, action, resource) when { context.path == "/shut" };
            permit(principal, action, resource);"#)),
        );
        assert!(matches!(scene.ask(&alice(), "/shut"), Verdict::Admit(_)));
        assert!(matches!(scene.ask(&alice(), "/"), Verdict::Admit(_)));
        assert!(matches!(scene.ask(&Subject::Anonymous, "/"), Verdict::Challenge { .. }));
        let records = scene.written().await;
        let differing: Vec<_> = records.iter().filter_map(|record| record.class.shadow.as_ref()).collect();
        assert_eq!(differing.len(), 2, "{records:?}");
        let lost = differing.iter().find(|said| said.difference == Difference::Lose).unwrap();
        assert_eq!((lost.decided.decision.as_str(), lost.decided.by[0].as_str()), ("refuse", "shut"));
        let counted = ["lose", "gain", "same", "step"].map(|outcome| scene.counted(&format!("default {outcome}")));
        assert_eq!(counted, [1, 1, 1, 0]);
        let fingerprint = scene.vs.beside.shadow_policies().unwrap().fingerprint();
        let tallies = scene.world.shadow_tallies(&scene.vs.id, &fingerprint).await.unwrap();
        assert_eq!(tallies.iter().map(|tally| tally.seen.count).sum::<u64>(), 3);
    }

    #[tokio::test]
    async fn a_shadow_without_records_is_counted_all_the_same() {
        let scene = Scene::set(0, Some(Ok("")));
        scene.ask(&alice(), "/");
        assert!(scene.written().await.is_empty());
        assert_eq!(scene.counted("default lose"), 1);
    }

    #[tokio::test]
    async fn policies_in_the_shadow_that_take_too_long_are_not_asked_for_the_rest() {
        let scene = Scene::set(14, Some(Ok("")));
        scene.ask(&alice(), "/");
        scene.collector.gather();
        scene.ask(&alice(), "/");
        scene.ask(&Subject::Anonymous, "/");
        scene.collector.gather_within(Duration::ZERO);
        let records = scene.written().await;
        assert_eq!(records.iter().map(|record| record.count).sum::<u64>(), 3, "all the same");
        let counted = ["lose", "not_asked"].map(|outcome| scene.counted(&format!("default {outcome}")));
        assert_eq!(counted, [2, 1], "what they have said before costs nothing");
    }

    #[tokio::test]
    async fn a_broken_set_in_the_shadow_harms_nothing() {
        let scene = Scene::set(14, Some(Err("next/a.cedar:1:1: nonsense")));
        assert!(matches!(scene.ask(&alice(), "/"), Verdict::Admit(_)));
        let records = scene.written().await;
        assert_eq!((records.len(), records[0].class.shadow.as_ref()), (1, None));
        assert!(held(&scene.counted.0).is_empty());
    }

    #[tokio::test]
    async fn what_is_too_old_goes_now_and_then() {
        let scene = Scene::set(14, None);
        scene.ask(&alice(), "/");
        assert_eq!(scene.written().await.len(), 1);
        let days = |days: u64| now() + Duration::from_hours(24 * days);
        scene.collector.sweep(days(13)).await;
        assert_eq!(scene.written().await.len(), 1);
        scene.collector.sweep(days(15)).await;
        assert!(scene.written().await.is_empty());
    }
}
