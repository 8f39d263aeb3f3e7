//! The facts of one request that a slice reads, and nothing more.
//!
//! They are the cache key and, at the same time, all that the policies are shown: a fact that is not in the key cannot
//! be read, so equal keys give equal decisions by construction. Were the footprint ever to miss something, the policy
//! would fail to evaluate (and so refuse), not silently decide on stale facts.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::{Factor, Object, Principal, Proofs, Subject, Timestamp};

use crate::reads::{Extent, PerFactor, Reads};

/// How long ago a proof was given that never was, in seconds. The schema tells policy authors.
pub(crate) const NEVER: i64 = 1_000_000_000_000;

/// Shown instead of a text that equals none of the literals it is compared with.
const NONE_OF_THEM: &str = "\0";

/// The facts of one request that a slice reads. Equal keys mean equal decisions, across applications, virtual servers
/// and reloads as well, since the key names the policies it was made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FootprintKey(pub(crate) Facts);

/// Which policies the facts were gathered for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SliceId {
    pub(crate) app: String,
    pub(crate) fingerprint: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    pub(crate) slice: Arc<SliceId>,
    pub(crate) who: Who,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) prefixes: Option<BTreeSet<String>>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) secure: Option<bool>,
    /// In whole seconds.
    pub(crate) time: Option<u64>,
    pub(crate) given: PerFactor<Option<bool>>,
    /// In whole seconds.
    pub(crate) ages: PerFactor<Option<i64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Anonymous,
    User { groups: BTreeSet<String>, person: Option<Person> },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) display_name: String,
}

// === impl FootprintKey ===

impl FootprintKey {
    /// About how many bytes of text it keeps: what a cache of keys must count, since a request's path is as long as its
    /// client likes.
    pub fn bytes(&self) -> usize {
        // A text in a set is a value of its own, with its share of the tree.
        const IN_SET: usize = 64;
        let facts = &self.0;
        let set = |set: &BTreeSet<String>| set.iter().map(|text| text.len() + IN_SET).sum::<usize>();
        let (groups, person) = match &facts.who {
            Who::Anonymous => (0, 0),
            Who::User { groups, person } => {
                (set(groups), person.as_ref().map_or(0, |person| person.name.len() + person.display_name.len()))
            }
        };
        let texts = [&facts.host, &facts.method, &facts.path].into_iter().flatten().map(String::len).sum::<usize>();
        groups + person + texts + facts.prefixes.as_ref().map_or(0, set)
    }
}

// === impl Facts ===

impl Facts {
    /// Gathers what `reads` asks for.
    pub(crate) fn gather(
        slice: &Arc<SliceId>,
        reads: &Reads,
        subject: &Subject,
        object: &Object,
        now: Timestamp,
    ) -> Facts {
        let proofs = subject.proofs();
        Facts {
            slice: Arc::clone(slice),
            who: subject.principal().map_or(Who::Anonymous, |principal| user(reads, principal)),
            host: text(&reads.host, &object.host),
            method: text(&reads.method, &object.method),
            path: text(&reads.path, &object.path),
            prefixes: set(&reads.prefixes, || prefixes(&object.path, longest(&reads.prefixes))),
            // `::ffff:10.0.0.1` is 10.0.0.1, whatever kind of socket it came through.
            ip: reads.ip.then(|| object.client.to_canonical()),
            secure: reads.secure.then_some(object.secure),
            time: reads.time.then(|| now.secs()),
            given: PerFactor::from_fn(|f| reads.given.get(f).then(|| proofs.has(f))),
            ages: PerFactor::from_fn(|f| age(reads.ages.get(f), seconds_since(&proofs, f, now))),
        }
    }

    /// The same facts, had these proofs been given just now.
    pub(crate) fn supposing(&self, reads: &Reads, further: &[Factor]) -> Facts {
        let mut facts = self.clone();
        // An approved push counts as an OTP too (A18).
        let otp = further.contains(&Factor::Push).then_some(Factor::Otp);
        for factor in further.iter().copied().chain(otp) {
            let given = facts.given.get_mut(factor);
            *given = given.map(|_| true);
            *facts.ages.get_mut(factor) = age(reads.ages.get(factor), 0);
        }
        facts
    }
}

fn user(reads: &Reads, principal: &Principal) -> Who {
    let all = || principal.groups.iter().map(|group| group.name.clone());
    let person = || Person { name: principal.name.clone(), display_name: principal.display_name.clone() };
    Who::User { groups: set(&reads.groups, || all().collect()).unwrap_or_default(), person: reads.person.then(person) }
}

fn seconds_since(proofs: &Proofs, factor: Factor, now: Timestamp) -> i64 {
    proofs.at(factor).map_or(NEVER, |at| i64::try_from(now.since(at).as_secs()).unwrap_or(NEVER).min(NEVER))
}

/// A text, or that it is none of those it is compared with.
fn text(extent: &Extent<String>, text: &str) -> Option<String> {
    match extent {
        Extent::Unread => None,
        Extent::Compared(literals) if !literals.contains(text) => Some(NONE_OF_THEM.to_owned()),
        Extent::Compared(_) | Extent::Whole => Some(text.to_owned()),
    }
}

/// A set, or its part that is asked for.
fn set(extent: &Extent<String>, all: impl FnOnce() -> BTreeSet<String>) -> Option<BTreeSet<String>> {
    match extent {
        Extent::Unread => None,
        Extent::Whole => Some(all()),
        Extent::Compared(literals) => {
            let mut those = all();
            those.retain(|member| literals.contains(member));
            Some(those)
        }
    }
}

/// An age, or one that compares alike with every limit. So a decision stays cached until a proof really gets too old.
fn age(extent: &Extent<i64>, seconds: i64) -> Option<i64> {
    match extent {
        Extent::Unread => None,
        Extent::Whole => Some(seconds),
        Extent::Compared(limits) => Some(match limits.range(..=seconds).next_back() {
            Some(limit) if *limit == seconds => seconds,
            Some(limit) => limit.saturating_add(1),
            None => limits.first().map_or(0, |first| first.saturating_sub(1)),
        }),
    }
}

/// Every beginning of a path by whole segments. Empty segments do not count, so that `//admin` lies in `/admin`; and
/// where parameters are let through, a segment counts with and without them, so that `/admin;x` does too (A30).
///
/// Beginnings longer than `longest` are left out: a path of thousands of segments has as many, each longer than the last.
pub(crate) fn prefixes(path: &str, longest: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["/".to_owned()]);
    collect(path.split('/'), longest, &mut found);
    if path.contains(';') {
        let names = path.split('/').map(|s| s.split_once(';').map_or(s, |(name, _)| name));
        collect(names, longest, &mut found);
    }
    found
}

fn collect<'a>(segments: impl Iterator<Item = &'a str>, longest: usize, found: &mut BTreeSet<String>) {
    let mut prefix = String::new();
    for segment in segments.filter(|s| !s.is_empty()) {
        prefix.push('/');
        prefix.push_str(segment);
        if prefix.len() > longest {
            return;
        }
        found.insert(prefix.clone());
    }
}

/// The longest text that is asked for; no end to it where the whole fact is read.
fn longest(extent: &Extent<String>) -> usize {
    match extent {
        Extent::Whole => usize::MAX,
        Extent::Unread | Extent::Compared(_) => extent.literals().map(String::len).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Vec<String> {
        prefixes(path, usize::MAX).into_iter().collect()
    }

    #[test]
    fn prefixes_are_whole_segments() {
        assert_eq!(of("/"), ["/"]);
        assert_eq!(of("/admin"), ["/", "/admin"]);
        assert_eq!(of("/admin/"), ["/", "/admin"]);
        assert_eq!(of("/admin/users"), ["/", "/admin", "/admin/users"]);
        assert_eq!(of("/administrator"), ["/", "/administrator"]);
    }

    #[test]
    fn only_beginnings_that_can_be_asked_for_are_made() {
        let path = "/admin/a".repeat(1000);
        assert_eq!(prefixes(&path, 6).into_iter().collect::<Vec<_>>(), ["/", "/admin"]);
        assert_eq!(prefixes("/administrator/x", 6).len(), 1);
        assert_eq!(prefixes("/;a/admin;b/x", 6).into_iter().collect::<Vec<_>>(), ["/", "/;a", "/admin"]);
    }

    #[test]
    fn odd_spellings_lie_where_an_application_may_see_them() {
        assert_eq!(of("//admin//x"), ["/", "/admin", "/admin/x"]);
        assert_eq!(of("/admin;a=1/x"), ["/", "/admin", "/admin/x", "/admin;a=1", "/admin;a=1/x"]);
    }

    #[test]
    fn an_age_is_replaced_only_by_one_that_compares_alike() {
        let limits: BTreeSet<i64> = BTreeSet::from([60, 61, 300]);
        let extent = Extent::Compared(limits.clone());
        for seconds in (0..400).chain([NEVER]) {
            let shown = age(&extent, seconds).unwrap();
            for limit in &limits {
                assert_eq!(seconds.cmp(limit), shown.cmp(limit), "{seconds} shown as {shown}");
            }
        }
        assert_eq!(age(&extent, 100), age(&extent, 299));
    }
}
