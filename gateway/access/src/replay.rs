//! Replay: decision records decided again by the policies in force and by proposed ones, and who would gain, lose, or be asked for
//! another proof. A part of the records at a time, so that nobody else waits for it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use doorward_api::decided::{Decided, DecisionFilter, DecisionRecord, Difference};
use doorward_api::ports::{Decisions, Page};
use doorward_api::{AppId, StoreError, Timestamp, UserId, VirtualServerId};
use doorward_policy::Policies;

use crate::records::Answers;

/// So many records are read at once.
const PORTION: u32 = 250;

/// Of so many groups an example is kept.
const MOST_GROUPS: usize = 50_000;

/// So many of them are told.
const MOST_TOLD: usize = 1000;

/// What proposed policies would have decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// So many records were decided again.
    pub records: u64,
    /// So many requests they stand for.
    pub requests: u64,
    /// When the oldest of them was made.
    pub since: Option<Timestamp>,
    /// Whether these were all. The newest come first.
    pub complete: bool,
    /// What it comes to, for each difference that there is.
    pub totals: Vec<ReplayTotal>,
    /// Who is affected, those with the most requests first.
    pub groups: Vec<ReplayGroup>,
    /// How many more groups there are.
    pub left_out: u64,
}

/// What one kind of difference comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayTotal {
    /// Which.
    pub outcome: Difference,
    /// How many requests.
    pub requests: u64,
    /// Of how many users; nobody in particular is none.
    pub users: u64,
}

/// One user in one application, and one kind of difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayGroup {
    /// How it differs.
    pub outcome: Difference,
    /// The application.
    pub app: AppId,
    /// Who; nobody known, when there is none.
    pub user: Option<UserId>,
    /// Their sign-in name; empty of nobody.
    pub name: String,
    /// How many requests.
    pub requests: u64,
    /// In how many records.
    pub records: u64,
    /// One of them: the newest.
    pub example: ReplayExample,
}

/// A request that would be decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayExample {
    /// When it was made.
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Where it came from.
    pub client: IpAddr,
    /// What the policies in force say of it.
    pub before: Decided,
    /// What the proposed ones say.
    pub after: Decided,
}

/// One kind of difference for one user in one application.
type GroupKey = (Difference, AppId, Option<UserId>);

/// A replay under way: records are read, then decided, in turn.
pub struct ReplayRun {
    current: Arc<Policies>,
    proposed: Arc<Policies>,
    answers: [Answers; 2],
    after: Option<String>,
    /// Read, and not decided yet.
    waiting: VecDeque<DecisionRecord>,
    groups: HashMap<GroupKey, ReplayGroup>,
    /// Requests of the groups beyond those.
    unlisted: HashMap<GroupKey, u64>,
    records: u64,
    requests: u64,
    since: Option<Timestamp>,
}

impl std::fmt::Debug for ReplayRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplayRun").field("records", &self.records).finish_non_exhaustive()
    }
}

impl ReplayRun {
    /// Of the policies in force and of proposed ones.
    pub fn new(current: Arc<Policies>, proposed: Arc<Policies>) -> Self {
        Self {
            current,
            proposed,
            answers: <[Answers; 2]>::default(),
            after: Some(String::new()),
            waiting: VecDeque::new(),
            groups: HashMap::new(),
            unlisted: HashMap::new(),
            records: 0,
            requests: 0,
            since: None,
        }
    }

    /// How many records were decided again by now.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Reads some more records, the newest first. False when there are no more.
    ///
    /// # Errors
    /// When the store does not answer; it may be tried again.
    pub async fn read(&mut self, decisions: &dyn Decisions, vs: &VirtualServerId) -> Result<bool, StoreError> {
        let Some(after) = self.after.clone() else { return Ok(false) };
        let page = Page { after, limit: PORTION };
        let found = decisions.decisions(vs, &DecisionFilter::default(), &page).await?;
        self.waiting.extend(found.items);
        self.after = found.next;
        Ok(true)
    }

    /// Decides what was read, until it is so late. Policies may take long, so this is for a thread that may be kept busy.
    pub fn decide(&mut self, vs: &VirtualServerId, until: Option<Instant>) {
        while until.is_none_or(|until| Instant::now() < until)
            && let Some(record) = self.waiting.pop_front()
        {
            self.decide_one(vs, &record);
        }
    }

    fn decide_one(&mut self, vs: &VirtualServerId, record: &DecisionRecord) {
        self.records += 1;
        self.requests = self.requests.saturating_add(record.count);
        self.since = Some(self.since.map_or(record.first_at, |since| since.min(record.first_at)));
        let (subject, object) = record.question(vs);
        let at = record.facts.at;
        let [of_current, of_proposed] = &mut self.answers;
        let before = of_current.ask(&self.current, (&subject, &object), at);
        let after = of_proposed.ask(&self.proposed, (&subject, &object), at);
        let Some(outcome) = Difference::between(&before, &after) else { return };
        let key = (outcome, record.class.app.clone(), record.class.user.clone());
        if let Some(group) = self.groups.get_mut(&key) {
            group.requests = group.requests.saturating_add(record.count);
            group.records += 1;
            return;
        }
        if self.groups.len() >= MOST_GROUPS {
            let requests = self.unlisted.entry(key).or_default();
            *requests = requests.saturating_add(record.count);
            return;
        }
        let group = ReplayGroup {
            outcome,
            app: record.class.app.clone(),
            user: record.class.user.clone(),
            name: record.class.name.clone(),
            requests: record.count,
            records: 1,
            example: ReplayExample {
                at,
                method: record.class.method.clone(),
                path: record.facts.path.clone(),
                client: record.facts.client,
                before: Decided::from(&before),
                after: Decided::from(&after),
            },
        };
        self.groups.insert(key, group);
    }

    /// What it has come to.
    pub fn finish(self) -> Replay {
        let listed = self.groups.iter().map(|(key, group)| (key, group.requests));
        let all = || listed.clone().chain(self.unlisted.iter().map(|(key, requests)| (key, *requests)));
        let total = |outcome: Difference| {
            let of_it = || all().filter(|((its, ..), _)| *its == outcome);
            let users: HashSet<&UserId> = of_it().filter_map(|((.., user), _)| user.as_ref()).collect();
            let requests = of_it().fold(0, |sum: u64, (_, requests)| sum.saturating_add(requests));
            ReplayTotal { outcome, requests, users: users.len() as u64 }
        };
        let totals = Difference::ALL.into_iter().map(total).filter(|total| total.requests > 0).collect();
        let mut groups: Vec<ReplayGroup> = self.groups.into_values().collect();
        groups.sort_by(|a, b| {
            b.requests.cmp(&a.requests).then_with(|| (&a.app, &a.name, a.outcome).cmp(&(&b.app, &b.name, b.outcome)))
        });
        let left_out = (groups.len().saturating_sub(MOST_TOLD) + self.unlisted.len()) as u64;
        groups.truncate(MOST_TOLD);
        Replay {
            records: self.records,
            requests: self.requests,
            since: self.since,
            complete: self.after.is_none() && self.waiting.is_empty(),
            totals,
            groups,
            left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::decided::{DecisionClass, DecisionFacts, DecisionTally, Seen};
    use doorward_api::settings::Day;
    use doorward_api::{Decision, Factor, Proofs, Subject};
    use doorward_fakes::World;

    use super::*;
    use crate::testing::{now, object, principal, virtual_server_with};

    fn policies(text: &str) -> Arc<Policies> {
        virtual_server_with("default", text).policies
    }

    /// A record of so many requests.
    fn seen(subject: &Subject, path: &str, count: u64) -> (Day, DecisionClass, Seen) {
        let (object, at) = (object(path), now());
        let class = DecisionClass::of((subject, &object), at, &Decision::Admit { by: Vec::new() }, None);
        let facts = DecisionFacts::of((subject, &object), at).unwrap();
        (Day::of(at), class, Seen { first_at: at, last_at: at, count, facts })
    }

    async fn replayed(world: &World, current: &str, proposed: &str) -> Replay {
        let mut run = ReplayRun::new(policies(current), policies(proposed));
        while run.read(world, &"default".into()).await.unwrap() {
            run.decide(&"default".into(), None);
        }
        run.finish()
    }

    #[tokio::test]
    async fn whoever_is_affected_is_told_with_an_example() {
        let world = World::new();
        let user = |name: &str, proofs: Proofs| Subject::User(Arc::new(principal(name, proofs)));
        let password = Proofs::NONE.with(Factor::Password, now());
        let both = password.with(Factor::Otp, now());
        let tally = DecisionTally {
            seen: vec![
                seen(&user("alice", both), "/page", 5),
                seen(&user("alice", both), "/other", 2),
                seen(&user("bob", password), "/page", 3),
                seen(&user("carol", both), "/admin", 1),
                seen(&Subject::Anonymous, "/page", 9),
            ],
            ..DecisionTally::default()
        };
        world.keep_decisions(&"default".into(), &tally).await.unwrap();
        let current = r#"@id("staff") permit(principal is User, action, resource) when { context.authn.password };"#;
        let proposed = r#"
            @id("staff") permit(principal is User, action, resource) when { context.authn.password && context.authn.otp };
            @id("no-admin") forbid(principal, action, resource) when { context.path == "/admin" };
        "#;
        let replay = replayed(&world, current, proposed).await;
        assert_eq!((replay.records, replay.requests, replay.complete, replay.left_out), (5, 20, true, 0));
        assert_eq!(replay.since, Some(now()));
        let told: Vec<_> = replay.groups.iter().map(|one| (one.outcome, one.name.as_str(), one.requests)).collect();
        assert_eq!(told, [(Difference::Step, "", 9), (Difference::Step, "bob", 3), (Difference::Lose, "carol", 1)]);
        let bob = &replay.groups[1].example;
        assert_eq!((bob.before.decision.as_str(), bob.after.need.as_slice()), ("admit", &[Factor::Otp][..]));
        assert_eq!(replay.groups[2].example.after.by[0].as_str(), "no-admin");
        let totals: Vec<_> = replay.totals.iter().map(|one| (one.outcome, one.requests, one.users)).collect();
        assert_eq!(totals, [(Difference::Lose, 1, 1), (Difference::Step, 12, 1)]);
        // Nothing changes for the same policies, and nobody is asked twice for what both say.
        let same = replayed(&world, current, current).await;
        assert_eq!((same.totals, same.groups), (Vec::new(), Vec::new()));
    }

    #[tokio::test]
    async fn many_records_are_decided_a_part_at_a_time() {
        let world = World::new();
        let one = |n: usize| seen(&Subject::Anonymous, &format!("/{n}"), 1);
        let tally = DecisionTally { seen: (0..600).map(one).collect(), ..DecisionTally::default() };
        world.keep_decisions(&"default".into(), &tally).await.unwrap();
        let mut run = ReplayRun::new(policies(""), policies("permit(principal, action, resource);"));
        assert!(run.read(world.as_ref(), &"default".into()).await.unwrap());
        run.decide(&"default".into(), Some(Instant::now()));
        assert_eq!(run.records(), 0, "it is too late for any");
        run.decide(&"default".into(), None);
        assert_eq!(run.records(), u64::from(PORTION));
        let broken_off = run.finish();
        assert!(!broken_off.complete && broken_off.totals[0].requests == u64::from(PORTION), "{broken_off:?}");
        let whole = replayed(&world, "", "permit(principal, action, resource);").await;
        assert_eq!((whole.records, whole.complete, whole.groups.len()), (600, true, 1));
        assert_eq!((whole.groups[0].outcome, whole.groups[0].records), (Difference::Gain, 600));
    }
}
