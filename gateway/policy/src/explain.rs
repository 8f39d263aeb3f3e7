//! Why: the decision, and of every policy of the application what held and what did not, as written in the file.

use std::fmt;

use cedar_policy::Policy;
use doorward_api::{Decision, Factor, Object, PolicyId, Subject, Timestamp};
use serde::Serialize;

use crate::decide::Slice;
use crate::depth::with_room;
use crate::engine::{Holding, Question};
use crate::load::{Entry, Policies};
use crate::text::Clause;

/// Why one request is decided as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `admit`, `challenge` or `refuse`.
    pub decision: &'static str,
    /// Of a challenge: the least further proof that would admit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub need: Vec<Factor>,
    /// The policies that determined it.
    pub by: Vec<PolicyId>,
    /// Every policy that can apply to the application, in the order of the files, with the proofs given.
    pub policies: Vec<PolicyExplanation>,
}

/// What became of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyExplanation {
    /// Its id.
    pub id: PolicyId,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// The file it stands in.
    pub file: String,
    /// The line where it begins.
    pub line: usize,
    /// Whether it held.
    pub outcome: PolicyOutcome,
    /// What it is made of, in the order in which it is looked at. Empty when it asks for nothing.
    pub clauses: Vec<ClauseExplanation>,
}

/// Whether a policy held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOutcome {
    /// All its clauses held.
    Held,
    /// One of them did not.
    DidNotHold,
    /// It could not be evaluated: a permit then admits nobody, a forbid forbids.
    Error(String),
}

/// What became of one clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseExplanation {
    /// As written in the file, on one line.
    pub text: String,
    /// The line where it stands.
    pub line: usize,
    /// Whether it held.
    pub outcome: ClauseOutcome,
}

/// Whether a clause held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseOutcome {
    /// What it asks for is so. Of an `unless`: what it names is not so.
    Held,
    /// What it asks for is not so.
    Failed,
    /// An earlier clause failed already.
    NotReached,
    /// It could not be evaluated.
    Error(String),
}

/// Explains what the policies say of one request.
pub fn explain(policies: &Policies, subject: &Subject, object: &Object, now: Timestamp) -> Explanation {
    let slice = policies.slice(&object.app);
    let key = slice.key(subject, object, now);
    let question = slice.vocabulary().question(&key.0);
    let decision = slice.decide_key(&key);
    Explanation {
        decision: decision.as_str(),
        by: decision.by().to_vec(),
        policies: policies_of(&slice, question.as_ref()),
        need: match decision {
            Decision::Challenge { need, .. } => need,
            Decision::Admit { .. } | Decision::Refuse { .. } => Vec::new(),
        },
    }
}

/// Clauses are parsed anew, as policies of their own.
fn policies_of(slice: &Slice, question: Result<&Question, &String>) -> Vec<PolicyExplanation> {
    let all = |question: Result<&Question, &String>| {
        slice.entries().iter().map(|entry| policy(entry, question)).collect::<Vec<_>>()
    };
    with_room(|| all(question)).unwrap_or_else(|error| all(Err(&error.to_string())))
}

fn policy(entry: &Entry, question: Result<&Question, &String>) -> PolicyExplanation {
    PolicyExplanation {
        id: entry.id.clone(),
        effect: if entry.permits() { "permit" } else { "forbid" },
        file: entry.file.clone(),
        line: entry.place.line,
        outcome: match question.map(|question| question.holds(&entry.policy)) {
            Ok(Holding::Held) => PolicyOutcome::Held,
            Ok(Holding::DidNotHold) => PolicyOutcome::DidNotHold,
            Ok(Holding::Failed(cause)) => PolicyOutcome::Error(cause),
            Err(cause) => PolicyOutcome::Error(cause.clone()),
        },
        clauses: clauses(entry, question),
    }
}

/// Each clause by itself, up to the first that does not hold.
fn clauses(entry: &Entry, question: Result<&Question, &String>) -> Vec<ClauseExplanation> {
    let mut reached = true;
    let explain = |(clause, line): &(Clause, usize)| {
        let outcome = match (reached, question) {
            (false, _) => ClauseOutcome::NotReached,
            (true, Ok(question)) => outcome(clause, question),
            (true, Err(cause)) => ClauseOutcome::Error(cause.clone()),
        };
        reached = outcome == ClauseOutcome::Held;
        ClauseExplanation { text: clause.quoted(), line: *line, outcome }
    };
    entry.clauses.iter().map(explain).collect()
}

fn outcome(clause: &Clause, question: &Question) -> ClauseOutcome {
    match Policy::parse(None, clause.as_policy()).map(|policy| question.holds(&policy)) {
        Ok(Holding::Held) => ClauseOutcome::Held,
        Ok(Holding::DidNotHold) => ClauseOutcome::Failed,
        Ok(Holding::Failed(cause)) => ClauseOutcome::Error(cause),
        Err(error) => ClauseOutcome::Error(error.to_string()),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.decision)?;
        if !self.need.is_empty() {
            write!(f, ": needs {}", listed(&self.need))?;
        }
        if !self.by.is_empty() {
            write!(f, " (by {})", listed(&self.by))?;
        }
        if self.decision == "refuse" && self.by.is_empty() {
            f.write_str(" (nothing permits it)")?;
        }
        for policy in &self.policies {
            write!(f, "\n\n{policy}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PolicyExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match &self.outcome {
            PolicyOutcome::Held => "held",
            PolicyOutcome::DidNotHold => "did not hold",
            PolicyOutcome::Error(_) => "could not be evaluated",
        };
        write!(f, "{} {} ({}:{}): {outcome}", self.effect, self.id, self.file, self.line)?;
        if let PolicyOutcome::Error(cause) = &self.outcome {
            write!(f, ": {cause}")?;
        }
        self.clauses.iter().try_for_each(|clause| write!(f, "\n  {clause}"))
    }
}

impl fmt::Display for ClauseExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match &self.outcome {
            ClauseOutcome::Held => "held",
            ClauseOutcome::Failed => "failed",
            ClauseOutcome::NotReached => "not reached",
            ClauseOutcome::Error(_) => "error",
        };
        write!(f, "{outcome:<12} {}", self.text)?;
        match &self.outcome {
            ClauseOutcome::Error(cause) => write!(f, ": {cause}"),
            _ => Ok(()),
        }
    }
}

fn listed(items: &[impl fmt::Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
