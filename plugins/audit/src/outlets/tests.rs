//! A courier with an outlet that does what it is told, step by step: no time passes but by the clock that it is lent.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use doorward_api::audit::{ChainHead, Trimmed};

use super::*;
use crate::testing::Chain;

/// Minutes after the first record.
const START: i64 = 1_000_000;

/// A chain and one outlet.
#[derive(Default)]
struct Store {
    chain: Chain,
    state: Mutex<OutletState>,
    holder: Mutex<Option<String>>,
}

#[async_trait]
impl AuditLog for Store {
    async fn records(&self, vs: &VirtualServerId, after: i64, limit: u32) -> Result<Vec<StoredRecord>, StoreError> {
        self.chain.records(vs, after, limit).await
    }

    async fn head(&self, vs: &VirtualServerId) -> Result<ChainHead, StoreError> {
        self.chain.head(vs).await
    }

    async fn trimmed(&self, vs: &VirtualServerId) -> Result<Option<Trimmed>, StoreError> {
        self.chain.trimmed(vs).await
    }

    async fn virtual_servers(&self) -> Result<Vec<VirtualServerId>, StoreError> {
        self.chain.virtual_servers().await
    }
}

#[async_trait]
impl AuditOutlets for Store {
    async fn want_outlet(&self, _: &VirtualServerId, _: &OutletId, _: bool, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_outlet(
        &self,
        _: &VirtualServerId,
        _: &OutletId,
        holder: &str,
        _: Duration,
        _: Timestamp,
    ) -> Result<Option<OutletState>, StoreError> {
        *self.holder.lock().unwrap() = Some(holder.to_owned());
        Ok(Some(self.state.lock().unwrap().clone()))
    }

    async fn keep_outlet(
        &self,
        _: &VirtualServerId,
        _: &OutletId,
        holder: &str,
        _: Duration,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.holder.lock().unwrap().as_deref() == Some(holder))
    }

    async fn note_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        state: &OutletState,
    ) -> Result<bool, StoreError> {
        let ours = self.keep_outlet(vs, outlet, holder, LEASE, Timestamp::default()).await?;
        if ours {
            *self.state.lock().unwrap() = state.clone();
        }
        Ok(ours)
    }

    async fn outlet(&self, _: &VirtualServerId, _: &OutletId) -> Result<Option<OutletState>, StoreError> {
        Ok(Some(self.state.lock().unwrap().clone()))
    }

    async fn outlets_sent(&self, _: &VirtualServerId, _: Timestamp) -> Result<Option<i64>, StoreError> {
        Ok(Some(self.state.lock().unwrap().sent))
    }
}

/// Takes records, unless it is told otherwise for the next ones.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Carried>>,
    always: Mutex<Option<Stop>>,
    heard: Mutex<Vec<i64>>,
}

#[async_trait]
impl Carrier for Script {
    fn at_once(&self) -> u32 {
        3
    }

    async fn carry(&self, records: &[StoredRecord]) -> Carried {
        let all = Carried { done: records.len(), told: records.len(), stop: None };
        let always = self.always.lock().unwrap().clone();
        let told = match always {
            Some(stop) => Carried { done: 0, told: 0, stop: Some(stop) },
            None => self.answers.lock().unwrap().pop_front().unwrap_or(all),
        };
        self.heard.lock().unwrap().extend(records.iter().take(told.done).map(|record| record.seq));
        told
    }
}

struct Time(AtomicI64);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// The middle.
struct Dice;

impl Entropy for Dice {
    fn fill(&self, into: &mut [u8]) {
        into.fill(127);
    }
}

#[derive(Default)]
struct Counts(Mutex<(usize, usize, i64)>);

impl OutletWatch for Counts {
    fn told(&self, _: &VirtualServerId, _: &OutletId, count: usize) {
        self.0.lock().unwrap().0 += count;
    }

    fn failed(&self, _: &VirtualServerId, _: &OutletId) {
        self.0.lock().unwrap().1 += 1;
    }

    fn skipped(&self, _: &VirtualServerId, _: &OutletId, count: i64) {
        self.0.lock().unwrap().2 += count;
    }
}

struct World {
    store: Arc<Store>,
    script: Arc<Script>,
    time: Arc<Time>,
    counts: Arc<Counts>,
    courier: Courier<Store>,
    state: OutletState,
    refusals: Refusals,
}

impl World {
    /// With so many records.
    async fn with(records: i64, patience: Patience) -> Self {
        let store = Arc::new(Store { chain: Chain::of(records), ..Store::default() });
        let (script, counts) = (Arc::new(Script::default()), Arc::new(Counts::default()));
        let time = Arc::new(Time(AtomicI64::new(START)));
        let courier = Courier {
            store: store.clone(),
            virtual_server: VirtualServerId::new("default"),
            outlet: OutletId::new("syslog.siem"),
            holder: "this process".to_owned(),
            carrier: script.clone(),
            patience,
            clock: time.clone(),
            entropy: Arc::new(Dice),
            watch: counts.clone(),
        };
        let taken =
            store.take_outlet(&courier.virtual_server, &courier.outlet, &courier.holder, LEASE, courier.clock.now());
        let state = taken.await.unwrap().unwrap();
        Self { store, script, time, counts, courier, state, refusals: Refusals::default() }
    }

    async fn step(&mut self) -> Next {
        self.courier.step(&mut self.state, &mut self.refusals).await.unwrap()
    }

    fn pass(&self, secs: i64) {
        self.time.0.fetch_add(secs, Ordering::SeqCst);
    }

    fn heard(&self) -> Vec<i64> {
        self.script.heard.lock().unwrap().clone()
    }

    fn kept(&self) -> OutletState {
        self.store.state.lock().unwrap().clone()
    }

    /// Told, failed, skipped.
    fn counts(&self) -> (usize, usize, i64) {
        *self.counts.0.lock().unwrap()
    }
}

fn away() -> Stop {
    Stop::Failed("away".to_owned())
}

#[tokio::test]
async fn every_record_is_told_in_order_and_how_far_is_kept() {
    let mut world = World::with(7, Patience::COLLECTOR).await;
    for sent in [3, 6, 7] {
        assert_eq!(world.step().await, Next::Step);
        assert_eq!(world.kept().sent, sent);
    }
    assert_eq!(world.step().await, Next::Sleep(POLL));
    world.store.chain.append("bob", Timestamp::from_secs(8));
    world.step().await;
    assert_eq!(world.heard(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(world.counts(), (8, 0, 0));
}

#[tokio::test]
async fn after_an_outage_it_goes_on_where_it_stopped() {
    let mut world = World::with(5, Patience::COLLECTOR).await;
    world
        .script
        .answers
        .lock()
        .unwrap()
        .extend([Carried { done: 1, told: 1, stop: Some(away()) }, Carried { done: 0, told: 0, stop: Some(away()) }]);
    world.step().await;
    let kept = world.kept();
    assert_eq!((kept.sent, kept.attempts, kept.last_error.as_deref()), (1, 1, Some("away")));
    assert_eq!(kept.failing_since, Some(Timestamp::from_secs(START)));
    assert!(matches!(world.step().await, Next::Sleep(pause) if pause <= Duration::from_secs(1)));
    world.pass(1);
    world.step().await;
    assert_eq!((world.kept().attempts, world.kept().failing_since), (2, kept.failing_since));
    world.pass(2);
    world.step().await;
    world.step().await;
    assert_eq!(world.heard(), [1, 2, 3, 4, 5]);
    assert_eq!((world.kept().failing_since, world.kept().last_error), (None, None));
    assert_eq!(world.counts(), (5, 2, 0));
}

#[tokio::test]
async fn a_collector_is_waited_for_however_long_it_takes() {
    let mut world = World::with(5, Patience::COLLECTOR).await;
    *world.script.always.lock().unwrap() = Some(away());
    for _ in 0..100 {
        world.step().await;
        world.pass(86_400);
    }
    *world.script.always.lock().unwrap() = None;
    world.step().await;
    world.step().await;
    assert_eq!((world.heard(), world.counts()), (vec![1, 2, 3, 4, 5], (5, 100, 0)));
}

#[tokio::test]
async fn what_a_webhook_has_missed_for_three_days_is_given_up_and_the_rest_is_told() {
    let mut world = World::with(5, Patience::WEBHOOK).await;
    *world.script.always.lock().unwrap() = Some(away());
    world.step().await;
    world.pass(2 * 86_400);
    for _ in 0..4 {
        world.store.chain.append("bob", world.time.now());
    }
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().skipped), (0, 0), "not yet");
    world.pass(86_400);
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().skipped), (5, 5));
    assert!(world.kept().failing_since.is_some(), "it fails still");
    *world.script.always.lock().unwrap() = None;
    world.pass(3600);
    world.step().await;
    world.step().await;
    assert_eq!((world.heard(), world.counts()), (vec![6, 7, 8, 9], (4, 3, 5)));
}

#[tokio::test]
async fn a_record_that_is_refused_as_it_is_does_not_keep_the_others_back() {
    let mut world = World::with(2, Patience::WEBHOOK).await;
    *world.script.always.lock().unwrap() = Some(Stop::Refused("422".to_owned()));
    for tries in 1..REFUSED_TRIES {
        world.step().await;
        assert_eq!((world.kept().sent, world.kept().attempts), (0, tries));
        world.pass(3600);
    }
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().skipped, world.kept().attempts), (1, 1, 0));
    *world.script.always.lock().unwrap() = None;
    world.step().await;
    assert_eq!(world.heard(), [2]);
}

#[tokio::test]
async fn an_outage_is_no_refusal() {
    let mut world = World::with(2, Patience::WEBHOOK).await;
    *world.script.always.lock().unwrap() = Some(away());
    for _ in 0..20 {
        world.step().await;
        world.pass(3600);
    }
    *world.script.always.lock().unwrap() = Some(Stop::Refused("422".to_owned()));
    for tries in 1..REFUSED_TRIES {
        world.step().await;
        assert_eq!((world.kept().sent, world.kept().attempts), (0, 20 + tries));
        world.pass(3600);
    }
    // The same one, with an outage in between; and then the next, which has its own tries.
    *world.script.always.lock().unwrap() = Some(away());
    world.step().await;
    world.pass(3600);
    *world.script.always.lock().unwrap() = Some(Stop::Refused("422".to_owned()));
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().skipped), (1, 1));
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().skipped), (1, 1));
}

#[tokio::test]
async fn what_is_of_no_interest_makes_no_outlet_well() {
    let mut world = World::with(9, Patience::WEBHOOK).await;
    let failing = Carried { done: 1, told: 0, stop: Some(away()) };
    let passed = Carried { done: 3, told: 0, stop: None };
    world.script.answers.lock().unwrap().extend([failing.clone(), passed, failing]);
    world.step().await;
    assert_eq!((world.kept().sent, world.kept().attempts), (1, 1));
    let since = world.kept().failing_since;
    assert!(since.is_some());
    for (sent, attempts) in [(4, 1), (5, 2)] {
        world.pass(60);
        world.step().await;
        let kept = world.kept();
        assert_eq!((kept.sent, kept.attempts, kept.failing_since), (sent, attempts, since));
        assert_eq!(kept.last_error.as_deref(), Some("away"));
    }
    world.pass(60);
    world.step().await;
    assert_eq!(
        (world.kept().sent, world.kept().attempts, world.kept().failing_since),
        (8, 0, None),
        "somebody is there"
    );
}

#[tokio::test]
async fn a_time_that_was_reckoned_from_a_clock_ahead_is_not_waited_for() {
    let mut world = World::with(3, Patience::WEBHOOK).await;
    world.pass(86_400);
    *world.script.always.lock().unwrap() = Some(away());
    world.step().await;
    world.pass(-86_400);
    world.step().await;
    assert_eq!((world.kept().attempts, world.kept().failing_since), (2, Some(Timestamp::from_secs(START))));
    assert!(world.kept().due_at <= Timestamp::from_secs(START + 3600));
    *world.script.always.lock().unwrap() = None;
    world.pass(3600);
    world.step().await;
    assert_eq!(world.heard(), [1, 2, 3]);
}

#[tokio::test]
async fn one_that_is_gone_is_asked_no_more() {
    let mut world = World::with(2, Patience::WEBHOOK).await;
    *world.script.always.lock().unwrap() = Some(Stop::Gone("410".to_owned()));
    assert_eq!(world.step().await, Next::LetGo);
    assert_eq!((world.kept().sent, world.kept().disabled_at), (0, Some(Timestamp::from_secs(START))));
}

#[tokio::test]
async fn a_process_that_lost_the_outlet_lets_go_and_writes_nothing() {
    let mut world = World::with(5, Patience::COLLECTOR).await;
    *world.store.holder.lock().unwrap() = Some("another".to_owned());
    assert_eq!(world.step().await, Next::LetGo);
    assert_eq!(world.kept().sent, 0);
}

#[tokio::test]
async fn records_that_were_trimmed_before_are_counted_as_missed() {
    let mut world = World::with(5, Patience::COLLECTOR).await;
    world.store.chain.tamper(|rows| rows.records.retain(|record| record.seq > 3));
    world.step().await;
    assert_eq!((world.heard(), world.counts()), (vec![4, 5], (2, 0, 3)));
}

#[test]
fn pauses_double_up_to_a_limit_and_are_never_all_alike() {
    let of = |attempts| Patience::COLLECTOR.pause(attempts, &Dice).as_secs_f64();
    for (attempts, whole) in [(1, 1.0), (2, 2.0), (5, 16.0), (6, 30.0), (60, 30.0), (u32::MAX, 30.0)] {
        let pause = of(attempts);
        assert!(pause > whole / 2.0 && pause < whole, "{attempts}: {pause}");
    }
}
