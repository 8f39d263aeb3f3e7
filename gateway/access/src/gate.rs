//! The gate: the one place that decides whether a request may pass, and the only maker of a [`Permit`].
//!
//! Decisions are remembered under exactly the facts that the policies of the application read ([`FootprintKey`]), so a
//! remembered decision is always the one that would be made anew.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_api::ports::Metrics;
use doorward_api::{AppId, Decision, Factor, Object, PolicyId, Principal, Subject, Timestamp, VirtualServerId};
use doorward_policy::{Footprint, FootprintKey};
use moka::Equivalent;
use moka::sync::Cache;

use crate::records::Recorder;
use crate::site::{Site, VirtualServer};

/// How much room remembered decisions take up: a path may be long, and anybody can ask for many (SEC 5.17).
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What one takes up besides its texts: question, decision, and the cache's own.
const AROUND: usize = 512;

/// What one connection keeps of the last question is no longer than this, in bytes.
const MOST_KEPT_BY_ONE: u32 = 2048;

/// A decision that nobody has asked for in that time is let go: of an older site, or of a second that is over.
const LET_GO_AFTER: Duration = Duration::from_mins(5);

/// What metrics and logs call it when no decision can be made, since it is unclear who asks.
pub const UNCLEAR: &str = "unclear";

/// The answer to a request.
#[derive(Debug)]
pub enum Verdict {
    /// It may pass.
    Admit(Permit),
    /// It would pass with further proof.
    Challenge {
        /// The least further proof that would do, weakest first. Never empty.
        need: Vec<Factor>,
        /// The permits that would hold then.
        by: Vec<PolicyId>,
    },
    /// No proof would help.
    Refuse {
        /// The forbids that held; empty when simply nothing permits.
        by: Vec<PolicyId>,
    },
}

/// The right to pass one request on to one application. Only [`Gate::decide`] makes one, and it cannot be copied, so
/// "forwarded without a decision" does not compile.
#[derive(Debug)]
pub struct Permit {
    app: AppId,
    principal: Option<Arc<Principal>>,
    answer: Arc<Answer>,
}

impl Permit {
    /// The application it leads to.
    pub fn app(&self) -> &AppId {
        &self.app
    }

    /// The user on whose behalf; `None` where everybody is admitted and nobody is signed in.
    pub fn principal(&self) -> Option<&Arc<Principal>> {
        self.principal.as_ref()
    }

    /// The policies that permitted it.
    pub fn by(&self) -> &[PolicyId] {
        self.answer.decision.by()
    }
}

/// Decides, and remembers decisions.
pub struct Gate {
    remembered: Cache<Kept, Arc<Answer>>,
    metrics: Arc<dyn Metrics>,
    recorder: Option<Arc<Recorder>>,
}

/// All that a decision depends on. The facts name the application and its policies.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Question {
    generation: u64,
    virtual_server: VirtualServerId,
    facts: FootprintKey,
}

/// A question that was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    question: Question,
    decision: Decision,
}

impl Answer {
    /// What the policies said.
    pub(crate) fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// An answer, found by its question.
#[derive(Debug)]
struct Kept(Arc<Answer>);

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.0.question == other.0.question
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.question.hash(state);
    }
}

/// The last answer that somebody got who asks again and again, a connection: the next question is mostly the same one, and
/// comparing two costs less than looking one up.
#[derive(Debug, Default)]
pub struct LastAnswer(Option<Arc<Answer>>);

/// The same, looked at where it lies.
#[derive(Hash)]
struct Asked<'a> {
    generation: u64,
    virtual_server: &'a VirtualServerId,
    facts: Footprint<'a>,
}

impl Equivalent<Kept> for Asked<'_> {
    fn equivalent(&self, kept: &Kept) -> bool {
        self.is(&kept.0.question)
    }
}

impl Asked<'_> {
    fn is(&self, question: &Question) -> bool {
        self.generation == question.generation
            && *self.virtual_server == question.virtual_server
            && self.facts.is(&question.facts)
    }

    fn to_remember(&self) -> Question {
        Question { generation: self.generation, virtual_server: self.virtual_server.clone(), facts: self.facts.key() }
    }
}

impl Question {
    /// About the room it takes up.
    fn bytes(&self) -> u32 {
        u32::try_from(AROUND + self.virtual_server.as_str().len() + self.facts.bytes()).unwrap_or(u32::MAX)
    }
}

pub(crate) fn bytes_of(decision: &Decision) -> u32 {
    u32::try_from(decision.by().iter().map(|policy| policy.as_str().len() + 24).sum::<usize>()).unwrap_or(u32::MAX)
}

impl Gate {
    /// A gate that remembers nothing yet.
    pub fn new(metrics: Arc<dyn Metrics>) -> Self {
        let remembered = Cache::builder()
            .weigher(|_: &Kept, answer: &Arc<Answer>| {
                answer.question.bytes().saturating_add(bytes_of(&answer.decision))
            })
            .max_capacity(MOST_BYTES)
            .time_to_idle(LET_GO_AFTER)
            .build();
        Self { remembered, metrics, recorder: None }
    }

    /// The same, that notes what it decides on requests.
    #[must_use]
    pub fn noting(self, recorder: Arc<Recorder>) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// Decides on a request, and measures it. `last` is what whoever asks keeps between two questions.
    pub fn decide(
        &self,
        last: &mut LastAnswer,
        site: &Site,
        vs: &VirtualServer,
        subject: &Subject,
        object: &Object,
        now: Timestamp,
    ) -> Verdict {
        let began = Instant::now();
        let Some((answer, cached)) = self.ask(last, site, vs, subject, object, now) else {
            self.metrics.decision(vs.id.as_str(), object.app.as_str(), "refuse", false, began.elapsed());
            return Verdict::Refuse { by: Vec::new() };
        };
        if let Some(recorder) = &self.recorder {
            recorder.note(vs, (subject, object), now, &answer);
        }
        let decision = &answer.decision;
        self.metrics.decision(vs.id.as_str(), object.app.as_str(), decision.as_str(), cached, began.elapsed());
        match decision {
            Decision::Admit { .. } => {
                Verdict::Admit(Permit { app: object.app.clone(), principal: subject.principal().cloned(), answer })
            }
            Decision::Challenge { need, by } => Verdict::Challenge { need: need.clone(), by: by.clone() },
            Decision::Refuse { by } => Verdict::Refuse { by: by.clone() },
        }
    }

    /// Decides on a request of which it is unclear who asks, and measures it. It passes as nobody's, and only where
    /// everybody passes: what somebody in particular may do, a doubt does not give, and what nobody may, it does not refuse.
    pub fn decide_unclear(&self, site: &Site, vs: &VirtualServer, object: &Object, now: Timestamp) -> Option<Permit> {
        let began = Instant::now();
        let answered = self.ask(&mut LastAnswer::default(), site, vs, &Subject::Anonymous, object, now);
        let cached = answered.as_ref().is_some_and(|(_, cached)| *cached);
        let admitted = answered.filter(|(answer, _)| matches!(answer.decision, Decision::Admit { .. }));
        let permit = admitted.map(|(answer, _)| Permit { app: object.app.clone(), principal: None, answer });
        let told = if permit.is_some() { "admit" } else { UNCLEAR };
        self.metrics.decision(vs.id.as_str(), object.app.as_str(), told, cached, began.elapsed());
        permit
    }

    /// The same question without a right to pass: what must a user who signs in still prove?
    pub fn decision(
        &self,
        site: &Site,
        vs: &VirtualServer,
        subject: &Subject,
        object: &Object,
        now: Timestamp,
    ) -> Decision {
        let answer = self.ask(&mut LastAnswer::default(), site, vs, subject, object, now);
        answer.map_or(Decision::Refuse { by: Vec::new() }, |(answer, _)| answer.decision.clone())
    }

    /// The answer, and whether it was remembered. None to a request for another virtual server's application, or for no
    /// application: no policy has been asked, so nobody passes.
    fn ask(
        &self,
        last: &mut LastAnswer,
        site: &Site,
        vs: &VirtualServer,
        subject: &Subject,
        object: &Object,
        now: Timestamp,
    ) -> Option<(Arc<Answer>, bool)> {
        if object.virtual_server != vs.id || !vs.apps.contains_key(&object.app) {
            return None;
        }
        let slice = vs.policies.slice(&object.app);
        let facts = slice.footprint(subject, object, now);
        let asked = Asked { generation: site.generation, virtual_server: &vs.id, facts };
        if let Some(answer) = last.0.as_ref().filter(|answer| asked.is(&answer.question)) {
            return Some((answer.clone(), true));
        }
        let remembered = self.remembered.get(&asked);
        let cached = remembered.is_some();
        let answer = remembered.unwrap_or_else(|| {
            let question = asked.to_remember();
            let decision = slice.decide_key(&question.facts);
            let answer = Arc::new(Answer { question, decision });
            self.remembered.insert(Kept(answer.clone()), answer.clone());
            answer
        });
        // A connection that waits shall not keep a long path.
        last.0 = (answer.question.bytes() <= MOST_KEPT_BY_ONE).then(|| answer.clone());
        Some((answer, cached))
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("remembered", &self.remembered.entry_count()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use doorward_api::Proofs;

    use super::*;
    use crate::testing::{now, object, principal, site_of, virtual_server_with};

    const OTP_FOR_THE_WIKI: &str = r#"
        @id("wiki-staff")
        permit(principal is User, action, resource == Application::"wiki")
        when { context.authn.password && context.authn.otp };
    "#;

    /// Remembers what was measured.
    #[derive(Default)]
    struct Measured(Mutex<Vec<(&'static str, bool)>>);

    impl Metrics for Measured {
        fn decision(&self, _: &str, _: &str, decision: &'static str, cached: bool, _: Duration) {
            self.0.lock().unwrap().push((decision, cached));
        }
        fn shadow(&self, _: &str, _: &'static str, _: u64) {}
        fn decisions_lost(&self, _: &'static str, _: u64) {}
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

    fn alice(proofs: Proofs) -> Subject {
        Subject::User(Arc::new(principal("alice", proofs)))
    }

    #[test]
    fn a_permit_says_for_whom_and_where_to() {
        let vs = virtual_server_with("default", OTP_FOR_THE_WIKI);
        let gate = Gate::new(Arc::new(Measured::default()));
        let proofs = Proofs::NONE.with(Factor::Password, now()).with(Factor::Otp, now());
        let verdict =
            gate.decide(&mut LastAnswer::default(), &site_of(&vs, 1), &vs, &alice(proofs), &object("/page"), now());
        let Verdict::Admit(permit) = verdict else { panic!("{verdict:?}") };
        assert_eq!(permit.app().as_str(), "wiki");
        assert_eq!(permit.principal().unwrap().name, "alice");
        assert_eq!(permit.by(), [PolicyId::from("wiki-staff")]);
    }

    #[test]
    fn half_a_sign_in_is_challenged_for_the_rest() {
        let vs = virtual_server_with("default", OTP_FOR_THE_WIKI);
        let gate = Gate::new(Arc::new(Measured::default()));
        let proofs = Proofs::NONE.with(Factor::Password, now());
        let verdict =
            gate.decide(&mut LastAnswer::default(), &site_of(&vs, 1), &vs, &alice(proofs), &object("/page"), now());
        let Verdict::Challenge { need, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!(need, [Factor::Otp]);
    }

    #[test]
    fn whoever_is_unclear_passes_as_nobody_where_everybody_does_and_nowhere_else() {
        let policies = r#"
            @id("health") permit(principal, action, resource) when { context.path == "/health" };
            @id("staff") permit(principal is User, action, resource) when { context.path == "/page" };
            @id("shut") forbid(principal, action, resource) when { context.path == "/shut" };
        "#;
        let vs = virtual_server_with("default", policies);
        let measured = Arc::new(Measured::default());
        let gate = Gate::new(measured.clone());
        let site = site_of(&vs, 1);
        let permit = gate.decide_unclear(&site, &vs, &object("/health"), now()).unwrap();
        assert_eq!((permit.principal(), permit.by()), (None, &[PolicyId::from("health")][..]));
        // A challenge for the one, a refusal for the other: neither is true of somebody who is not known.
        for path in ["/page", "/shut", "/nothing"] {
            assert!(gate.decide_unclear(&site, &vs, &object(path), now()).is_none(), "{path}");
        }
        let seen: Vec<_> = measured.0.lock().unwrap().iter().map(|(decision, _)| *decision).collect();
        assert_eq!(seen, ["admit", "unclear", "unclear", "unclear"]);
    }

    #[test]
    fn another_virtual_servers_application_is_refused() {
        let vs = virtual_server_with("default", "permit(principal, action, resource);");
        let gate = Gate::new(Arc::new(Measured::default()));
        let site = site_of(&vs, 1);
        let mut foreign = object("/");
        foreign.virtual_server = VirtualServerId::from("second");
        let mut unknown = object("/");
        unknown.app = AppId::from("nothing");
        for object in [foreign, unknown] {
            let verdict = gate.decide(&mut LastAnswer::default(), &site, &vs, &Subject::Anonymous, &object, now());
            assert!(matches!(verdict, Verdict::Refuse { .. }), "{verdict:?}");
        }
    }

    #[test]
    fn a_decision_is_made_once_and_anew_for_a_new_site() {
        let open = virtual_server_with("default", "permit(principal, action, resource);");
        let shut = virtual_server_with("default", "forbid(principal, action, resource);");
        let measured = Arc::new(Measured::default());
        let gate = Gate::new(measured.clone());
        for (vs, generation) in [(&open, 1), (&open, 1), (&shut, 2), (&shut, 2)] {
            gate.decide(
                &mut LastAnswer::default(),
                &site_of(vs, generation),
                vs,
                &Subject::Anonymous,
                &object("/"),
                now(),
            );
        }
        let seen = measured.0.lock().unwrap().clone();
        assert_eq!(seen, [("admit", false), ("admit", true), ("refuse", false), ("refuse", true)]);
    }

    #[test]
    fn who_asks_again_gets_the_last_answer_to_the_same_question_only() {
        let policies = r#"permit(principal, action, resource) when { context.path == "/open" };"#;
        let (vs, shut) = (virtual_server_with("default", policies), virtual_server_with("default", ""));
        let measured = Arc::new(Measured::default());
        let gate = Gate::new(measured.clone());
        let mut last = LastAnswer::default();
        let mut ask = |vs: &VirtualServer, generation: u64, path: &str| {
            let site = site_of(vs, generation);
            gate.decide(&mut last, &site, vs, &Subject::Anonymous, &object(path), now());
        };
        for (vs, generation, path) in [(&vs, 1, "/open"), (&vs, 1, "/open"), (&vs, 1, "/other"), (&shut, 2, "/open")] {
            ask(vs, generation, path);
        }
        let seen = measured.0.lock().unwrap().clone();
        assert_eq!(seen, [("admit", false), ("admit", true), ("refuse", false), ("refuse", false)]);
    }

    #[test]
    fn long_paths_do_not_fill_the_memory() {
        let policies = r#"permit(principal, action, resource) when { context.path like "*.css" };"#;
        let vs = virtual_server_with("default", policies);
        let gate = Gate::new(Arc::new(Measured::default()));
        let site = site_of(&vs, 1);
        for n in 0..10_000 {
            let path = format!("/{n}/{}", "a".repeat(7900));
            gate.decide(&mut LastAnswer::default(), &site, &vs, &Subject::Anonymous, &object(&path), now());
        }
        gate.remembered.run_pending_tasks();
        let kept = gate.remembered.entry_count() * 7900;
        assert!(kept > 0 && kept <= MOST_BYTES, "{kept} bytes are kept");
    }

    #[test]
    fn a_question_of_the_portal_is_not_measured_as_a_request() {
        let vs = virtual_server_with("default", OTP_FOR_THE_WIKI);
        let measured = Arc::new(Measured::default());
        let gate = Gate::new(measured.clone());
        let decision = gate.decision(&site_of(&vs, 1), &vs, &alice(Proofs::NONE), &object("/"), now());
        assert_eq!(decision.as_str(), "challenge");
        assert!(measured.0.lock().unwrap().is_empty());
    }
}
