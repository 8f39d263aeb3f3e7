//! What must hold for all policies and all requests.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Duration;

use doorward_api::{Decision, Factor};
use proptest::prelude::*;

use super::*;
use crate::{ClauseOutcome, FootprintKey, PolicyOutcome, explain};

/// Policies that together read every fact, in every way that the footprint knows.
const POOL: [&str; 27] = [
    r#"permit(principal, action, resource == Application::"public");"#,
    r#"permit(principal is User, action, resource) when { context.authn.password && context.authn.otp };"#,
    r#"permit(principal in Group::"staff", action, resource) when { context.authn.password };"#,
    r#"permit(principal, action, resource) when { context.path == "/health" && context.method == "GET" };"#,
    r#"permit(principal is User, action, resource) when { context.authn.passkey } unless { principal in [Group::"guests", Group::"temps"] };"#,
    r#"permit(principal == User::"alice", action, resource) when { context.authn.age.push < 60 };"#,
    r#"permit(principal is User, action, resource) when { principal.name like "b*" && context.authn.otp };"#,
    r#"permit(principal, action, resource) when { context.ip.isInRange(ip("10.0.0.0/8")) && ["GET", "HEAD"].contains(context.method) };"#,
    r#"permit(principal, action, resource) when { if context.secure then context.authn.otp else context.authn.passkey };"#,
    r#"permit(principal, action, resource) when { context.time < datetime("2026-01-01T12:00:30Z") && context.authn.password };"#,
    r#"permit(principal, action, resource) when { context.path like "*.png" };"#,
    r#"permit(principal, action, resource) when { context.authn.age.password < context.authn.age.otp };"#,
    r#"permit(principal is Anonymous, action, resource) when { context.host == "wiki.localhost" };"#,
    r#"permit(principal is User, action, resource) when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };"#,
    r#"permit(principal is User, action, resource) when { context.authn.probation && context.method == "GET" };"#,
    r#"forbid(principal, action, resource) when { context.prefixes.contains("/admin") } unless { context.authn.age.otp <= 300 };"#,
    r#"forbid(principal, action, resource == Application::"wiki") when { context.prefixes.containsAny(["/admin", "/a/b"]) } unless { context.ip.isLoopback() };"#,
    r#"forbid(principal in Group::"guests", action, resource) when { !["GET", "HEAD"].contains(context.method) };"#,
    r#"forbid(principal, action, resource) unless { context.secure || context.host == "public.localhost" };"#,
    r#"forbid(principal is User, action, resource) when { principal has display_name && principal.display_name == "" };"#,
    r#"forbid(principal, action, resource) when { 3600 < context.authn.age.password && context.authn.password };"#,
    r#"forbid(principal, action, resource) when { context.authn.age.passkey + 9223372036854775000 > 0 && context.method == "PUT" };"#,
    r#"forbid(principal, action, resource) when { context.authn.push && !context.authn.passkey && context.path == "/a/b" };"#,
    r#"forbid(principal, action, resource) when { context.prefixes == ["/"] && context.time.toTime() > duration("12h") };"#,
    r#"forbid(principal, action, resource == Application::"intranet") when { context.authn.probation };"#,
    r#"forbid(principal is User, action, resource) when { context.authn.probation } unless { context.authn.age.otp <= 60 };"#,
    r#"forbid(principal, action, resource) unless { context.authn.enrolment_deferred || context.authn.age.password <= 300 };"#,
];

const FORBIDS: std::ops::Range<usize> = 15..27;

/// The policies of the pool whose bits are set.
fn chosen(bits: u32) -> Vec<&'static str> {
    POOL.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, text)| *text).collect()
}

/// The same, without loading them again.
fn some(bits: u32) -> Policies {
    static ALL: LazyLock<Policies> = LazyLock::new(|| policies(&POOL));
    ALL.only(|n| bits >> n & 1 == 1)
}

fn policies(texts: &[&str]) -> Policies {
    let sources: Vec<Source> =
        texts.iter().enumerate().map(|(n, text)| source(&format!("{n:02}.cedar"), text)).collect();
    Policies::load(&sources, &apps()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A request made of one random number.
#[derive(Debug, Clone)]
struct Ask {
    subject: Subject,
    object: Object,
    now: Timestamp,
}

impl Ask {
    fn from_bits(mut bits: u64) -> Ask {
        let mut pick = |n: u64| {
            let picked = bits % n;
            bits /= n;
            usize::try_from(picked).unwrap()
        };
        // A few seconds on both sides of every limit and date of the pool.
        let now = NOW + Duration::from_secs([0, 29, 30, 31, 86_000][pick(5)]);
        let ages = [None, Some(0), Some(59), Some(60), Some(300), Some(301), Some(3601)];
        let mut proofs = Proofs::NONE;
        for factor in Factor::ALL {
            if let Some(age) = ages[pick(7)] {
                proofs = proofs.with(factor, now - Duration::from_secs(age));
            }
        }
        let ends = [None, Some(NOW), Some(NOW + Duration::from_secs(30)), Some(NOW + Duration::from_hours(48))];
        proofs.deferred_until = ends[pick(4)];
        proofs.probation_until = ends[pick(4)];
        let groups: [&[&str]; 6] =
            [&[], &["staff"], &["guests"], &["staff", "temps"], &["other"], &["guests", "staff"]];
        let subject = match pick(4) {
            0 => Subject::Anonymous,
            n => user(["alice", "bob", "Alice"][n - 1], groups[pick(6)], proofs),
        };
        let mut object = get(
            ["wiki", "intranet", "public"][pick(3)],
            ["/", "/health", "/admin", "/admin/x", "/administrator", "/a/b", "/a/b.png", "//admin"][pick(8)],
        );
        object.method = ["GET", "HEAD", "POST", "PUT"][pick(4)].into();
        object.client =
            ["192.0.2.1", "10.0.0.1", "127.0.0.1", "::1", "::ffff:10.0.0.9", "2001:db8::1"][pick(6)].parse().unwrap();
        object.secure = pick(4) > 0;
        Ask { subject, object, now }
    }

    fn of(&self, policies: &Policies) -> Decision {
        policies.slice(&self.object.app).decide(&self.subject, &self.object, self.now)
    }
}

fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::Refuse { .. } => 0,
        Decision::Challenge { .. } => 1,
        Decision::Admit { .. } => 2,
    }
}

/// xorshift64*: the same requests in every run, so that a failure is found again.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    })
}

#[test]
fn a_kept_decision_is_the_decision_for_ten_thousand_requests_over_reloads() {
    let mut kept: HashMap<FootprintKey, Decision> = HashMap::new();
    let mut hits = 0;
    let mut seen = [0; 3];
    let mut before: Option<FootprintKey> = None;
    let hash_of = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    let mut random = numbers(0x1234_5678_9ABC_DEF1);
    for _reload in 0..40 {
        // Some six of the policies.
        let bits = random.next().unwrap() & (random.next().unwrap() % (1 << POOL.len()));
        let bits = u32::try_from(bits).unwrap();
        let policies = policies(&chosen(bits));
        let slices: HashMap<AppId, _> = apps().into_iter().map(|app| (app.clone(), policies.slice(&app))).collect();
        let shown_all: HashMap<AppId, _> = slices.iter().map(|(app, s)| (app.clone(), s.shown_everything())).collect();
        for ask in random.by_ref().take(250).map(Ask::from_bits) {
            let Ask { subject, object, now } = &ask;
            let slice = &slices[&object.app];
            let (key, footprint) = (slice.key(subject, object, *now), slice.footprint(subject, object, *now));
            assert!(footprint.is(&key) && hash_of(&|h| footprint.hash(h)) == hash_of(&|h| key.hash(h)), "{ask:?}");
            assert_eq!(
                before.as_ref().is_some_and(|before| footprint.is(before)),
                before.as_ref() == Some(&key),
                "{ask:?}"
            );
            before = Some(key.clone());
            hits += usize::from(kept.contains_key(&key));
            let decision = kept.entry(key.clone()).or_insert_with(|| slice.decide_key(&key));
            // The same policies, shown every fact and not only those of the footprint.
            let uncached = shown_all[&object.app].decide(subject, object, *now);
            assert_eq!(*decision, uncached, "{:?}\n{ask:?}", chosen(bits));
            seen[usize::from(rank(decision))] += 1;
        }
    }
    assert!(hits > 100, "the cache was put to use only {hits} times");
    assert!(seen.iter().all(|n| *n > 300), "not every answer was tried: {seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_forbid_never_admits_more(bits in 0_u32..1 << POOL.len(), forbid in FORBIDS, seed in 1_u64..) {
        let (before, after) = (some(bits & !(1 << forbid)), some(bits | 1 << forbid));
        for ask in numbers(seed).take(20).map(Ask::from_bits) {
            prop_assert!(rank(&ask.of(&after)) <= rank(&ask.of(&before)), "{ask:?}");
        }
    }

    #[test]
    fn adding_a_permit_never_refuses_more(bits in 0_u32..1 << POOL.len(), permit in 0..FORBIDS.start, seed in 1_u64..) {
        let (before, after) = (some(bits & !(1 << permit)), some(bits | 1 << permit));
        for ask in numbers(seed).take(20).map(Ask::from_bits) {
            prop_assert!(rank(&ask.of(&after)) >= rank(&ask.of(&before)), "{ask:?}");
        }
    }

    #[test]
    fn the_order_of_files_and_policies_changes_nothing(
        texts in Just(()).prop_perturb(|(), mut rng| chosen(rng.next_u32() & ((1 << POOL.len()) - 1))),
        turn in 0..POOL.len(),
        seed in 1_u64..,
    ) {
        // The policies keep their names, so that the answers can be compared to the last word.
        let named: Vec<String> = texts.iter().enumerate().map(|(n, text)| format!("@id(\"p{n}\") {text}")).collect();
        let mut turned = named.clone();
        turned.rotate_left(turn % named.len().max(1));
        turned.reverse();
        let one_each = policies(&named.iter().map(String::as_str).collect::<Vec<_>>());
        let all_in_one = load(&turned.join("\n"));
        for ask in numbers(seed).take(20).map(Ask::from_bits) {
            prop_assert_eq!(ask.of(&one_each), ask.of(&all_in_one));
        }
    }

    #[test]
    fn what_is_asked_for_is_enough(bits in 0_u32..1 << POOL.len(), seed in 1_u64..) {
        let policies = some(bits);
        for ask in numbers(seed).take(20).map(Ask::from_bits) {
            let (Decision::Challenge { need, .. }, Subject::User(principal)) = (ask.of(&policies), &ask.subject) else { continue };
            let mut principal = principal.as_ref().clone();
            principal.proofs = need.iter().fold(principal.proofs, |proofs, factor| proofs.with(*factor, ask.now));
            let then = Ask { subject: Subject::User(Arc::new(principal)), ..ask.clone() };
            prop_assert_eq!(then.of(&policies).as_str(), "admit", "{:?}", ask);
        }
    }

    #[test]
    fn a_policy_holds_exactly_when_all_its_explained_clauses_do(bits in 0_u32..1 << POOL.len(), seed in 1_u64..) {
        let policies = some(bits);
        for ask in numbers(seed).take(10).map(Ask::from_bits) {
            for policy in explain(&policies, &ask.subject, &ask.object, ask.now).policies {
                let all_held = policy.clauses.iter().all(|clause| clause.outcome == ClauseOutcome::Held);
                prop_assert_eq!(policy.outcome == PolicyOutcome::Held, all_held, "{:?}", policy);
            }
        }
    }

    #[test]
    fn no_text_makes_loading_panic(text in r#"[a-z@;:(){}&|"'\\ \n/=<>.,é]{0,80}"#) {
        let _loaded_or_not = try_load(&text);
        let _loaded_or_not = try_load(&format!("{}{text}", POOL[1]));
    }
}
