//! The facts of one request that a slice reads, and nothing more.
//!
//! They are the cache key and, at the same time, all that the policies are shown: a fact that is not in the key cannot
//! be read, so equal keys give equal decisions by construction. Were the footprint ever to miss something, the policy
//! would fail to evaluate (and so refuse), not silently decide on stale facts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
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

/// The same facts, looked at where they lie: a remembered decision is found by them without a copy of anything. Its hash is
/// that of its key.
#[derive(Debug, Hash)]
pub struct Footprint<'a>(Facts<Cow<'a, str>>);

/// Which policies the facts were gathered for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SliceId {
    pub(crate) app: String,
    pub(crate) fingerprint: u64,
}

/// The facts, with texts of their own or borrowed ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts<Text = String> {
    pub(crate) slice: Arc<SliceId>,
    pub(crate) who: Who<Text>,
    pub(crate) host: Option<Text>,
    pub(crate) method: Option<Text>,
    pub(crate) path: Option<Text>,
    /// In order, each once.
    pub(crate) prefixes: Option<Vec<Text>>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) secure: Option<bool>,
    /// In whole seconds.
    pub(crate) time: Option<u64>,
    pub(crate) given: PerFactor<Option<bool>>,
    /// In whole seconds.
    pub(crate) ages: PerFactor<Option<i64>>,
    /// Whether the enrolment is put off. Its end is no fact of its own: when it passes, this changes.
    pub(crate) deferred: Option<bool>,
    /// Whether the token is on probation. The same holds of its end.
    pub(crate) probation: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who<Text = String> {
    Anonymous,
    User {
        /// In order, each once.
        groups: Vec<Text>,
        person: Option<Person<Text>>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person<Text = String> {
    pub(crate) name: Text,
    pub(crate) display_name: Text,
}

// === impl FootprintKey ===

impl FootprintKey {
    /// About how many bytes of text it keeps: what a cache of keys must count, since a request's path is as long as its
    /// client likes.
    pub fn bytes(&self) -> usize {
        // A text in a list is a value of its own.
        const IN_LIST: usize = 32;
        let facts = &self.0;
        let list = |list: &[String]| list.iter().map(|text| text.len() + IN_LIST).sum::<usize>();
        let (groups, person) = match &facts.who {
            Who::Anonymous => (0, 0),
            Who::User { groups, person } => {
                (list(groups), person.as_ref().map_or(0, |person| person.name.len() + person.display_name.len()))
            }
        };
        let texts = [&facts.host, &facts.method, &facts.path].into_iter().flatten().map(String::len).sum::<usize>();
        groups + person + texts + facts.prefixes.as_deref().map_or(0, list)
    }
}

// === impl Footprint ===

impl<'a> Footprint<'a> {
    /// Looks at what `reads` asks for.
    pub(crate) fn of(
        slice: &Arc<SliceId>,
        reads: &'a Reads,
        subject: &'a Subject,
        object: &'a Object,
        now: Timestamp,
    ) -> Self {
        let proofs = subject.proofs();
        Self(Facts {
            slice: Arc::clone(slice),
            who: subject.principal().map_or(Who::Anonymous, |principal| user(reads, principal)),
            host: text(&reads.host, &object.host),
            method: text(&reads.method, &object.method),
            path: text(&reads.path, &object.path),
            prefixes: beginnings(&reads.prefixes, &object.path),
            // `::ffff:10.0.0.1` is 10.0.0.1, whatever kind of socket it came through.
            ip: reads.ip.then(|| object.client.to_canonical()),
            secure: reads.secure.then_some(object.secure),
            time: reads.time.then(|| now.secs()),
            given: PerFactor::from_fn(|f| reads.given.get(f).then(|| proofs.has(f))),
            ages: PerFactor::from_fn(|f| age(reads.ages.get(f), || seconds_since(&proofs, f, now))),
            deferred: reads.deferred.then(|| proofs.deferred(now)),
            probation: reads.probation.then(|| proofs.on_probation(now)),
        })
    }

    /// Whether these are the facts of a key.
    pub fn is(&self, key: &FootprintKey) -> bool {
        self.0.same(&key.0)
    }

    /// The facts to keep.
    pub fn key(&self) -> FootprintKey {
        let kept = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let list = |list: &[Cow<'_, str>]| list.iter().map(|text| text.as_ref().to_owned()).collect::<Vec<_>>();
        let facts = &self.0;
        let who = match &facts.who {
            Who::Anonymous => Who::Anonymous,
            Who::User { groups, person } => Who::User {
                groups: list(groups),
                person: person.as_ref().map(|one| Person {
                    name: one.name.as_ref().to_owned(),
                    display_name: one.display_name.as_ref().to_owned(),
                }),
            },
        };
        FootprintKey(Facts {
            slice: Arc::clone(&facts.slice),
            who,
            host: kept(&facts.host),
            method: kept(&facts.method),
            path: kept(&facts.path),
            prefixes: facts.prefixes.as_deref().map(list),
            ip: facts.ip,
            secure: facts.secure,
            time: facts.time,
            given: facts.given,
            ages: facts.ages,
            deferred: facts.deferred,
            probation: facts.probation,
        })
    }
}

// === impl Facts ===

impl<Text: AsRef<str>> Facts<Text> {
    /// Whether every fact is the same, whoever holds the texts.
    fn same<Other: AsRef<str>>(&self, other: &Facts<Other>) -> bool {
        let Facts { slice, who, host, method, path, prefixes, ip, secure, time, given, ages, deferred, probation } =
            self;
        (Arc::ptr_eq(slice, &other.slice) || *slice == other.slice)
            && (*ip, *secure, *time, *given, *ages) == (other.ip, other.secure, other.time, other.given, other.ages)
            && (*deferred, *probation) == (other.deferred, other.probation)
            && same_text(path, &other.path)
            && same_text(host, &other.host)
            && same_text(method, &other.method)
            && match (prefixes, &other.prefixes) {
                (Some(these), Some(those)) => same_list(these, those),
                (None, None) => true,
                _ => false,
            }
            && who.same(&other.who)
    }
}

impl<Text: AsRef<str>> Who<Text> {
    fn same<Other: AsRef<str>>(&self, other: &Who<Other>) -> bool {
        match (self, other) {
            (Who::Anonymous, Who::Anonymous) => true,
            (Who::User { groups, person }, Who::User { groups: others, person: other }) => {
                let same_person = match (person, other) {
                    (Some(this), Some(that)) => {
                        this.name.as_ref() == that.name.as_ref()
                            && this.display_name.as_ref() == that.display_name.as_ref()
                    }
                    (None, None) => true,
                    _ => false,
                };
                same_person && same_list(groups, others)
            }
            _ => false,
        }
    }
}

fn same_text(this: &Option<impl AsRef<str>>, that: &Option<impl AsRef<str>>) -> bool {
    this.as_ref().map(AsRef::as_ref) == that.as_ref().map(AsRef::as_ref)
}

fn same_list(these: &[impl AsRef<str>], those: &[impl AsRef<str>]) -> bool {
    these.iter().map(AsRef::as_ref).eq(those.iter().map(AsRef::as_ref))
}

/// Texts weigh, small facts are packed: a hash is made for every request. Equality is over each fact by itself.
impl<Text: AsRef<str>> Hash for Facts<Text> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Facts { slice, who, host, method, path, prefixes, ip, secure, time, given, ages, deferred, probation } =
            self;
        let mut flags = u64::from(matches!(who, Who::User { .. }));
        let mut flag = |value: Option<bool>| flags = (flags << 2) | value.map_or(0, |value| 2 | u64::from(value));
        [secure, deferred, probation].into_iter().for_each(|fact| flag(*fact));
        Factor::ALL.into_iter().for_each(|factor| flag(*given.get(factor)));
        state.write_u64(slice.fingerprint);
        state.write_u64(flags);
        time.iter().for_each(|time| state.write_u64(*time));
        Factor::ALL.into_iter().filter_map(|factor| *ages.get(factor)).for_each(|age| state.write_i64(age));
        match ip {
            Some(IpAddr::V4(v4)) => state.write_u32(v4.to_bits()),
            Some(IpAddr::V6(v6)) => state.write_u128(v6.to_bits()),
            None => {}
        }
        let mut text = |text: &Text| text.as_ref().hash(state);
        [host, method, path].into_iter().flatten().for_each(&mut text);
        prefixes.iter().flatten().for_each(&mut text);
        if let Who::User { groups, person } = who {
            groups.iter().for_each(&mut text);
            person.iter().for_each(|person| {
                text(&person.name);
                text(&person.display_name);
            });
        }
    }
}

impl Facts {
    /// The same facts, had these proofs been given just now. What is put off, and the probation of a token, stay as they are:
    /// nobody can be asked for either.
    pub(crate) fn supposing(&self, reads: &Reads, further: &[Factor]) -> Facts {
        let mut facts = self.clone();
        // An approved push counts as an OTP too (A18).
        let otp = further.contains(&Factor::Push).then_some(Factor::Otp);
        for factor in further.iter().copied().chain(otp) {
            let given = facts.given.get_mut(factor);
            *given = given.map(|_| true);
            *facts.ages.get_mut(factor) = age(reads.ages.get(factor), || 0);
        }
        facts
    }

    /// The facts of whoever suits the policies best, should these be the facts of nobody known: as they are first, then with
    /// an enrolment that is put off, then with a token on probation, then with both; whatever of it is read.
    pub(crate) fn of_anybody(&self) -> impl Iterator<Item = Facts> {
        let read = |fact: Option<bool>, wanted: bool| fact.is_some() || !wanted;
        [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .filter(move |(deferred, probation)| read(self.deferred, *deferred) && read(self.probation, *probation))
            .map(|(deferred, probation)| Facts {
                deferred: self.deferred.map(|_| deferred),
                probation: self.probation.map(|_| probation),
                ..self.clone()
            })
    }
}

fn user<'a>(reads: &'a Reads, principal: &'a Principal) -> Who<Cow<'a, str>> {
    let is_in = |name: &str| principal.groups.iter().any(|group| group.name == name);
    let groups = match &reads.groups {
        Extent::Unread => Vec::new(),
        Extent::Compared(literals) => literals.iter().filter(|name| is_in(name)).map(|text| borrowed(text)).collect(),
        Extent::Whole => {
            let mut all: Vec<_> = principal.groups.iter().map(|group| borrowed(&group.name)).collect();
            all.sort_unstable();
            all.dedup();
            all
        }
    };
    let person = || Person { name: borrowed(&principal.name), display_name: borrowed(&principal.display_name) };
    Who::User { groups, person: reads.person.then(person) }
}

fn borrowed(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn seconds_since(proofs: &Proofs, factor: Factor, now: Timestamp) -> i64 {
    proofs.at(factor).map_or(NEVER, |at| i64::try_from(now.since(at).as_secs()).unwrap_or(NEVER).min(NEVER))
}

/// A text, or that it is none of those it is compared with.
fn text<'a>(extent: &Extent<String>, text: &'a str) -> Option<Cow<'a, str>> {
    match extent {
        Extent::Unread => None,
        Extent::Compared(literals) if !literals.contains(text) => Some(Cow::Borrowed(NONE_OF_THEM)),
        Extent::Compared(_) | Extent::Whole => Some(Cow::Borrowed(text)),
    }
}

/// An age, or one that compares alike with every limit. So a decision stays cached until a proof really gets too old.
fn age(extent: &Extent<i64>, seconds: impl FnOnce() -> i64) -> Option<i64> {
    match extent {
        Extent::Unread => None,
        Extent::Whole => Some(seconds()),
        Extent::Compared(limits) => {
            let seconds = seconds();
            Some(match limits.range(..=seconds).next_back() {
                Some(limit) if *limit == seconds => seconds,
                Some(limit) => limit.saturating_add(1),
                None => limits.first().map_or(0, |first| first.saturating_sub(1)),
            })
        }
    }
}

/// Those beginnings of a path that are asked for, in order.
fn beginnings<'a>(extent: &'a Extent<String>, path: &str) -> Option<Vec<Cow<'a, str>>> {
    match extent {
        Extent::Unread => None,
        // A path of thousands of segments has as many beginnings; few are asked for.
        Extent::Compared(literals) => {
            Some(literals.iter().filter(|literal| lies_in(path, literal)).map(|text| borrowed(text)).collect())
        }
        Extent::Whole => Some(prefixes(path).into_iter().map(Cow::Owned).collect()),
    }
}

/// Whether `beginning` is one of the [`prefixes`] of a path.
fn lies_in(path: &str, beginning: &str) -> bool {
    beginning == "/"
        || begins_with(path.split('/'), beginning)
        || (has_parameters(path) && begins_with(path.split('/').map(without_parameters), beginning))
}

fn begins_with<'a>(segments: impl Iterator<Item = &'a str>, beginning: &str) -> bool {
    let mut segments = segments.filter(|segment| !segment.is_empty());
    // An empty segment is none of the path's.
    beginning.strip_prefix('/').is_some_and(|wanted| wanted.split('/').all(|one| segments.next() == Some(one)))
}

/// Every beginning of a path by whole segments. Empty segments do not count, so that `//admin` lies in `/admin`; and
/// where parameters are let through, a segment counts with and without them, so that `/admin;x` and `/admin%3Bx` do too (A30).
pub(crate) fn prefixes(path: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["/".to_owned()]);
    collect(path.split('/'), &mut found);
    if has_parameters(path) {
        collect(path.split('/').map(without_parameters), &mut found);
    }
    found
}

/// What parameters of a segment begin with: some servers cut them off before they decode, and some after.
const PARAMETERS: [&str; 3] = [";", "%3B", "%3b"];

fn has_parameters(path: &str) -> bool {
    PARAMETERS.iter().any(|sign| path.contains(sign))
}

/// A segment's name: what is before its parameters, encoded ones too.
pub fn without_parameters(segment: &str) -> &str {
    PARAMETERS.iter().fold(segment, |name, sign| name.split(sign).next().unwrap_or_default())
}

fn collect<'a>(segments: impl Iterator<Item = &'a str>, found: &mut BTreeSet<String>) {
    let mut prefix = String::new();
    for segment in segments.filter(|s| !s.is_empty()) {
        prefix.push('/');
        prefix.push_str(segment);
        found.insert(prefix.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Vec<String> {
        prefixes(path).into_iter().collect()
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
    fn a_beginning_that_is_asked_for_is_found_without_making_all_of_them() {
        let paths = [
            "/",
            "/admin",
            "/admin/",
            "//admin//x",
            "/administrator/x",
            "/admin;a=1/x",
            "/;a/admin;b/x",
            "/admin%3Ba=1/x",
            "/%3b/admin%3b;c/x",
            "/a/b/c",
        ];
        let asked =
            ["/", "", "a", "/a", "/a/", "//a", "/a/b", "/a/b/c", "/a/b/c/d", "/admin", "/admin/x", "/admin;a=1", "/;a"];
        for path in paths {
            let all = prefixes(path);
            for beginning in asked.into_iter().map(str::to_owned).chain(all.clone()) {
                assert_eq!(lies_in(path, &beginning), all.contains(&beginning), "{beginning:?} of {path:?}");
            }
        }
    }

    #[test]
    fn odd_spellings_lie_where_an_application_may_see_them() {
        assert_eq!(of("//admin//x"), ["/", "/admin", "/admin/x"]);
        assert_eq!(of("/admin;a=1/x"), ["/", "/admin", "/admin/x", "/admin;a=1", "/admin;a=1/x"]);
        assert_eq!(of("/admin%3Ba=1/x"), ["/", "/admin", "/admin%3Ba=1", "/admin%3Ba=1/x", "/admin/x"]);
        assert_eq!(of("/admin%3ba"), ["/", "/admin", "/admin%3ba"]);
        assert_eq!(of("/a%3Bb;c%3Bd"), ["/", "/a", "/a%3Bb;c%3Bd"]);
        assert_eq!(of("/admin%3C"), ["/", "/admin%3C"]);
    }

    #[test]
    fn an_age_is_replaced_only_by_one_that_compares_alike() {
        let limits: BTreeSet<i64> = BTreeSet::from([60, 61, 300]);
        let extent = Extent::Compared(limits.clone());
        for seconds in (0..400).chain([NEVER]) {
            let shown = age(&extent, || seconds).unwrap();
            for limit in &limits {
                assert_eq!(seconds.cmp(limit), shown.cmp(limit), "{seconds} shown as {shown}");
            }
        }
        assert_eq!(age(&extent, || 100), age(&extent, || 299));
    }
}
