//! Decision records: what was decided of late, so that other policies can be tried on it. A record stands for all requests of a day
//! that are alike; one of them is kept whole, as its example.
//!
//! It is no audit record: it proves nothing, is counted after the fact, and goes after some days.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::ids::{AppId, GroupId, PolicyId, SessionId, UserId, VirtualServerId};
use crate::object::Object;
use crate::proof::{Factor, Proofs};
use crate::settings::Day;
use crate::subject::{GroupRef, Principal, Subject};
use crate::time::Timestamp;

/// So many records are kept of one day and virtual server; what is unlike all of them is only counted.
pub const MOST_RECORDS_OF_A_DAY: u64 = 50_000;

/// So many beginnings of a path tell requests apart: `/admin/users/7` is like `/admin/users/8`.
const SEGMENTS_TOLD_APART: usize = 2;

/// A text that tells requests apart is no longer than this, in bytes.
const LONGEST_TOLD_APART: usize = 128;

/// An example with a longer path, or with names of groups that are longer together, is not kept: cut, it would be another one.
const LONGEST_IN_EXAMPLE: usize = 4096;

/// What policies said, in the words of metrics and logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decided {
    /// `admit`, `challenge` or `refuse`.
    pub decision: String,
    /// Of a challenge: the least further proof that would admit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub need: Vec<Factor>,
    /// The policies that determined it.
    pub by: Vec<PolicyId>,
}

impl From<&Decision> for Decided {
    fn from(decision: &Decision) -> Self {
        let need = match decision {
            Decision::Challenge { need, .. } => need.clone(),
            Decision::Admit { .. } | Decision::Refuse { .. } => Vec::new(),
        };
        Self { decision: decision.as_str().to_owned(), need, by: decision.by().to_vec() }
    }
}

/// How other policies decide otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The request passes, or could with further proof, where it does not today.
    Gain,
    /// It is refused, whatever is proved, where it passes or could pass today.
    Lose,
    /// It is still possible, but more or another proof is asked for.
    Step,
}

impl Difference {
    /// What matters most first.
    pub const ALL: [Difference; 3] = [Difference::Lose, Difference::Gain, Difference::Step];

    /// The name in metrics, the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Difference::Gain => "gain",
            Difference::Lose => "lose",
            Difference::Step => "step",
        }
    }

    /// The difference of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Between what policies say and what others would say. Nothing where only the policies that say it are others.
    pub fn between(before: &Decision, after: &Decision) -> Option<Self> {
        use Decision::{Admit, Challenge, Refuse};
        match (before, after) {
            (Admit { .. }, Admit { .. }) | (Refuse { .. }, Refuse { .. }) => None,
            (Challenge { need, .. }, Challenge { need: other, .. }) => (need != other).then_some(Difference::Step),
            (Admit { .. }, Challenge { .. }) => Some(Difference::Step),
            (Admit { .. } | Challenge { .. }, Refuse { .. }) => Some(Difference::Lose),
            (Refuse { .. } | Challenge { .. }, Admit { .. }) | (Refuse { .. }, Challenge { .. }) => {
                Some(Difference::Gain)
            }
        }
    }
}

/// One request as the policies saw it: enough to decide on it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionFacts {
    /// When it was decided.
    pub at: Timestamp,
    /// The host that was asked for.
    pub host: String,
    /// The path as policies are shown it; never a query.
    pub path: String,
    /// The client's address.
    pub client: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The name to show of who asked; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// Their groups, nested ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What they had proved, and when.
    pub proofs: Proofs,
}

/// What makes requests alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DecisionClass {
    /// The application.
    pub app: AppId,
    /// Who asked; nobody known, when there is none.
    pub user: Option<UserId>,
    /// Their sign-in name; empty of nobody.
    pub name: String,
    /// The method.
    pub method: String,
    /// The first segments of the path.
    pub path_class: String,
    /// The network of the client's address: of the 24 bits that a IPv4 address begins with, or the 48 of an IPv6 one.
    pub network: String,
    /// What was proved, however long ago.
    pub factors: Vec<Factor>,
    /// Whether an enrolment was put off.
    pub deferred: bool,
    /// Whether a token was on probation.
    pub probation: bool,
    /// What the policies said.
    pub decided: Decided,
    /// What the policies in the shadow said, where they said otherwise.
    pub shadow: Option<ShadowSaid>,
}

/// What policies in the shadow said, where they said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShadowSaid {
    /// Which policies: their fingerprint.
    pub fingerprint: String,
    /// What they said.
    pub decided: Decided,
    /// How that differs.
    pub difference: Difference,
}

impl Serialize for Difference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Difference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom("no such difference"))
    }
}

/// A record of one day, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Its row.
    pub id: String,
    /// The day, UTC.
    pub day: Day,
    /// What its requests have in common.
    pub class: DecisionClass,
    /// When the first of them was decided.
    pub first_at: Timestamp,
    /// And the last.
    pub last_at: Timestamp,
    /// How many they are.
    pub count: u64,
    /// One of them: the first.
    pub facts: DecisionFacts,
}

impl DecisionRecord {
    /// Its example, as it was asked.
    pub fn question(&self, vs: &VirtualServerId) -> (Subject, Object) {
        let facts = &self.facts;
        let object = Object {
            virtual_server: vs.clone(),
            app: self.class.app.clone(),
            host: facts.host.as_str().into(),
            method: self.class.method.clone().into(),
            path: facts.path.as_str().into(),
            client: facts.client,
            secure: facts.secure,
        };
        let Some(user) = &self.class.user else { return (Subject::Anonymous, object) };
        let group = |name: &String| GroupRef { id: GroupId::new(name.as_str()), name: name.clone() };
        let principal = Principal {
            user: user.clone(),
            name: self.class.name.clone(),
            display_name: facts.display_name.clone(),
            email: None,
            groups: facts.groups.iter().map(group).collect(),
            session: SessionId::new("recorded"),
            proofs: facts.proofs,
        };
        (Subject::User(Arc::new(principal)), object)
    }
}

impl DecisionClass {
    /// Of one request.
    pub fn of(
        (subject, object): (&Subject, &Object),
        at: Timestamp,
        decision: &Decision,
        shadow: Option<ShadowSaid>,
    ) -> Self {
        let principal = subject.principal();
        let proofs = subject.proofs();
        Self {
            app: object.app.clone(),
            user: principal.map(|who| who.user.clone()),
            name: principal.map(|who| who.name.clone()).unwrap_or_default(),
            method: object.method.chars().take(32).collect(),
            path_class: path_class(&object.path),
            network: network(object.client),
            factors: Factor::ALL.into_iter().filter(|factor| proofs.has(*factor)).collect(),
            deferred: proofs.deferred(at),
            probation: proofs.on_probation(at),
            decided: Decided::from(decision),
            shadow,
        }
    }
}

impl DecisionFacts {
    /// Of one request. Nothing, where it is too long to be kept.
    pub fn of((subject, object): (&Subject, &Object), at: Timestamp) -> Option<Self> {
        let principal = subject.principal();
        let groups = principal.map_or(&[][..], |who| &who.groups);
        let room = object.path.len() + groups.iter().map(|group| group.name.len() + 4).sum::<usize>();
        (room <= LONGEST_IN_EXAMPLE).then(|| Self {
            at,
            host: object.host.as_ref().to_owned(),
            path: object.path.as_ref().to_owned(),
            client: object.client,
            secure: object.secure,
            display_name: principal.map(|who| who.display_name.clone()).unwrap_or_default(),
            groups: groups.iter().map(|group| group.name.clone()).collect(),
            proofs: subject.proofs(),
        })
    }
}

/// The first segments of a path, and a star for all that may follow.
fn path_class(path: &str) -> String {
    let mut class = String::new();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    for segment in segments.by_ref().take(SEGMENTS_TOLD_APART) {
        class.push('/');
        let room = LONGEST_TOLD_APART.saturating_sub(class.len());
        class.push_str(segment.get(..segment.floor_char_boundary(room)).unwrap_or_default());
    }
    match (class.is_empty(), segments.next().is_some()) {
        (true, _) => "/".to_owned(),
        (false, true) => class + "/*",
        (false, false) => class,
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// What was seen of requests that are alike, since it was last written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the first was decided.
    pub first_at: Timestamp,
    /// And the last.
    pub last_at: Timestamp,
    /// How many they are.
    pub count: u64,
    /// The first of them.
    pub facts: DecisionFacts,
}

/// All that was seen in one virtual server since it was last written down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionTally {
    /// By day and class.
    pub seen: Vec<(Day, DecisionClass, Seen)>,
    /// Requests that were seen and could not be told apart any more, or not be kept.
    pub left_out: BTreeMap<Day, u64>,
    /// How often policies in the shadow, by their fingerprint, said what: `same`, or the name of a difference.
    pub shadow: BTreeMap<(String, &'static str), ShadowSeen>,
}

impl DecisionTally {
    /// Whether there is nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.left_out.is_empty() && self.shadow.is_empty()
    }
}

/// How often, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowSeen {
    /// How often.
    pub count: u64,
    /// First.
    pub first_at: Timestamp,
    /// Last.
    pub last_at: Timestamp,
}

/// How often policies in the shadow said this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowTally {
    /// `same`, or the name of a [`Difference`].
    pub outcome: String,
    /// How often, and when.
    pub seen: ShadowSeen,
}

/// How much is kept of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionDay {
    /// Which, UTC.
    pub day: Day,
    /// So many records.
    pub records: u64,
    /// So many requests are in none of them.
    pub left_out: u64,
}

/// Which records are asked for; each condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// Of this application.
    pub app: Option<AppId>,
    /// About this user.
    pub user: Option<UserId>,
    /// Decided so: `admit`, `challenge` or `refuse`; empty: any.
    pub decision: String,
    /// Where the policies in the shadow with this fingerprint said otherwise.
    pub shadow: Option<String>,
    /// And in this way.
    pub difference: Option<Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(need: &[Factor]) -> Decision {
        Decision::Challenge { need: need.to_vec(), by: Vec::new() }
    }

    #[test]
    fn a_difference_is_who_gets_in_and_what_is_asked_for() {
        let (admit, refuse) = (Decision::Admit { by: vec!["a".into()] }, Decision::Refuse { by: Vec::new() });
        let otp = challenge(&[Factor::Otp]);
        let between = |before: &Decision, after: &Decision| Difference::between(before, after);
        assert_eq!(between(&admit, &Decision::Admit { by: vec!["b".into()] }), None, "another policy, the same answer");
        assert_eq!(between(&otp, &challenge(&[Factor::Otp])), None);
        assert_eq!(between(&otp, &challenge(&[Factor::Passkey])), Some(Difference::Step));
        assert_eq!(between(&admit, &otp), Some(Difference::Step));
        assert_eq!(between(&otp, &admit), Some(Difference::Gain), "without the proof that was asked for");
        assert_eq!(between(&refuse, &otp), Some(Difference::Gain));
        assert_eq!(between(&refuse, &admit), Some(Difference::Gain));
        assert_eq!(between(&admit, &refuse), Some(Difference::Lose));
        assert_eq!(between(&otp, &refuse), Some(Difference::Lose));
    }

    #[test]
    fn paths_and_addresses_are_told_apart_only_so_far() {
        assert_eq!(path_class("/"), "/");
        assert_eq!(path_class("/admin/"), "/admin");
        assert_eq!(path_class("//admin/users"), "/admin/users");
        assert_eq!(path_class("/admin/users/7"), "/admin/users/*");
        assert!(path_class(&format!("/{}/x/y", "ü".repeat(4000))).len() <= LONGEST_TOLD_APART + 4);
        assert_eq!(network([192, 0, 2, 77].into()), "192.0.2.0/24");
        assert_eq!(network("::ffff:10.1.2.3".parse().unwrap()), "10.1.2.0/24");
        assert_eq!(network("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
    }

    #[test]
    fn a_record_asks_its_question_again() {
        let at = Timestamp::from_secs(1000);
        let object = Object {
            virtual_server: "default".into(),
            app: "wiki".into(),
            host: "wiki.localhost".into(),
            method: "GET".into(),
            path: "/a/b/c".into(),
            client: [10, 0, 0, 1].into(),
            secure: true,
        };
        let principal = Principal {
            user: "u1".into(),
            name: "alice".into(),
            display_name: "Alice".into(),
            email: Some("alice@example.test".into()),
            groups: vec![GroupRef { id: "g1".into(), name: "staff".into() }],
            session: "s1".into(),
            proofs: Proofs::NONE.with(Factor::Password, at),
        };
        let subject = Subject::User(Arc::new(principal));
        let decision = Decision::Admit { by: vec!["wiki".into()] };
        let class = DecisionClass::of((&subject, &object), at, &decision, None);
        let facts = DecisionFacts::of((&subject, &object), at).unwrap();
        assert_eq!((class.path_class.as_str(), class.factors.as_slice()), ("/a/b/*", &[Factor::Password][..]));
        let facts: DecisionFacts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        let day = Day::parse("2026-12-01").unwrap();
        let record = DecisionRecord { id: "x".into(), day, class, first_at: at, last_at: at, count: 1, facts };
        let (again, asked) = record.question(&"default".into());
        assert_eq!(asked, object);
        let again = again.principal().unwrap();
        assert_eq!((again.name.as_str(), again.groups[0].name.as_str()), ("alice", "staff"));
        assert_eq!((again.proofs, again.email.as_deref()), (subject.proofs(), None), "no policy reads an address");
    }

    #[test]
    fn what_is_too_long_is_no_example() {
        let object = Object {
            virtual_server: "default".into(),
            app: "wiki".into(),
            host: "wiki.localhost".into(),
            method: "GET".into(),
            path: format!("/{}", "a".repeat(LONGEST_IN_EXAMPLE)).into(),
            client: [10, 0, 0, 1].into(),
            secure: true,
        };
        assert_eq!(DecisionFacts::of((&Subject::Anonymous, &object), Timestamp::default()), None);
    }
}
