//! Deciding: the policies of one application, asked with the proofs given and, if they do not admit, with the least
//! further proof that would.

use std::collections::HashSet;
use std::sync::Arc;

use cedar_policy::PolicySet;
use doorward_api::{Decision, Factor, Object, PolicyId, Subject, Timestamp};

use crate::assume;
use crate::engine::{Answer, Vocabulary};
use crate::facts::{Facts, Footprint, FootprintKey, SliceId, Who};
use crate::load::{Entry, Invalid};
use crate::reads::Reads;

/// The policies that can apply to one application.
#[derive(Debug)]
pub struct Slice {
    id: Arc<SliceId>,
    vocabulary: Arc<Vocabulary>,
    entries: Vec<Arc<Entry>>,
    reads: Reads,
    /// Those whose proof can make a difference, weakest first.
    factors: Vec<Factor>,
    policies: PolicySet,
    /// The same, as they would be for whoever suits them best; see [`assume`].
    for_somebody: PolicySet,
    forbids: HashSet<PolicyId>,
}

/// Every non-empty set of factors, the smallest first; among equals the one whose strongest factor is the weakest.
const FURTHER: [&[Factor]; 15] = {
    use Factor::{Otp, Passkey, Password, Push};
    [
        &[Password],
        &[Otp],
        &[Push],
        &[Passkey],
        &[Password, Otp],
        &[Password, Push],
        &[Otp, Push],
        &[Password, Passkey],
        &[Otp, Passkey],
        &[Push, Passkey],
        &[Password, Otp, Push],
        &[Password, Otp, Passkey],
        &[Password, Push, Passkey],
        &[Otp, Push, Passkey],
        &[Password, Otp, Push, Passkey],
    ]
};

impl Slice {
    pub(crate) fn new(id: SliceId, vocabulary: Arc<Vocabulary>, entries: Vec<Arc<Entry>>) -> Result<Slice, Invalid> {
        let reads = entries.iter().fold(Reads::default(), |reads, entry| reads.merged(entry.reads.clone()));
        let mut policies = PolicySet::new();
        let mut for_somebody = PolicySet::new();
        for entry in &entries {
            let unusable = |cause: String| Invalid { entry: Arc::clone(entry), cause };
            policies.add(entry.policy.clone()).map_err(|e| unusable(e.to_string()))?;
            if let Some(policy) = assume::for_somebody(&entry.tree).map_err(unusable)? {
                for_somebody.add(policy).map_err(|e| unusable(e.to_string()))?;
            }
        }
        let forbids = entries.iter().filter(|e| !e.permits()).map(|e| e.id.clone()).collect();
        let factors = reads.factors().collect();
        Ok(Slice { id: Arc::new(id), vocabulary, entries, reads, factors, policies, for_somebody, forbids })
    }

    /// What the policies say of one request. Anything that goes wrong on the way refuses.
    pub fn decide(&self, subject: &Subject, object: &Object, now: Timestamp) -> Decision {
        self.decide_key(&self.key(subject, object, now))
    }

    /// The facts that the decision depends on: keep decisions under this. Of the time, only what some policy asks for
    /// is in it, so a kept decision does not outlive the age of a proof or a date that a policy names.
    pub fn key(&self, subject: &Subject, object: &Object, now: Timestamp) -> FootprintKey {
        self.footprint(subject, object, now).key()
    }

    /// The same facts where they lie: look kept decisions up by this.
    pub fn footprint<'a>(&'a self, subject: &'a Subject, object: &'a Object, now: Timestamp) -> Footprint<'a> {
        Footprint::of(&self.id, &self.reads, subject, object, now)
    }

    /// As [`Slice::decide`], from a key of this very slice. A key of another slice is refused.
    pub fn decide_key(&self, key: &FootprintKey) -> Decision {
        let facts = &key.0;
        if facts.slice != self.id {
            return Decision::Refuse { by: Vec::new() };
        }
        let given = self.ask(&self.policies, facts);
        if given.admits {
            return Decision::Admit { by: given.by };
        }
        self.least_further(facts).unwrap_or(Decision::Refuse { by: given.by })
    }

    /// The same policies, shown every fact there is: what the footprint must agree with.
    #[cfg(test)]
    pub(crate) fn shown_everything(&self) -> Slice {
        let id = SliceId { app: self.id.app.clone(), fingerprint: self.id.fingerprint };
        let slice = Slice::new(id, Arc::clone(&self.vocabulary), self.entries.clone()).unwrap();
        Slice { reads: Reads::everything(), ..slice }
    }

    pub(crate) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The least further proof under which the policies would admit.
    ///
    /// Of somebody unknown, it is the least under which they would admit *anybody*: whatever a policy asks about the
    /// person is taken to be so. That never admits; it only decides whether signing in is worth while.
    ///
    /// Only proofs are ever asked for. That an enrolment is put off, or a token on probation, is as it is for somebody known;
    /// of somebody unknown it is supposed only where nothing else would do.
    fn least_further(&self, facts: &Facts) -> Option<Decision> {
        let unknown = facts.who == Who::Anonymous;
        let policies = if unknown { &self.for_somebody } else { &self.policies };
        let changes = |factor: &Factor| facts.supposing(&self.reads, &[*factor]) != *facts;
        let mut useful: Vec<Factor> = self.factors.iter().copied().filter(changes).collect();
        // Signing in takes a proof even if no policy asks for one: the password, then.
        if unknown && !useful.contains(&Factor::Password) {
            useful.push(Factor::Password);
        }
        let sets = || FURTHER.into_iter().filter(|set| set.iter().all(|factor| useful.contains(factor)));
        let least = |facts: &Facts| {
            sets().find_map(|set| {
                let then = self.ask(policies, &facts.supposing(&self.reads, set));
                then.admits.then(|| Decision::Challenge { need: set.to_vec(), by: then.by })
            })
        };
        if unknown { facts.of_anybody().find_map(|facts| least(&facts)) } else { least(facts) }
    }

    fn ask(&self, policies: &PolicySet, facts: &Facts) -> Answer {
        match self.vocabulary.question(facts) {
            Ok(question) => question.ask(policies, &self.forbids),
            // The facts themselves cannot be put (a clock beyond the year 9999): nobody is admitted.
            Err(_) => Answer { admits: false, by: Vec::new() },
        }
    }
}
