//! The three answers of a policy.

use crate::ids::PolicyId;
use crate::proof::Factor;

/// What the policies say of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Let it pass.
    Admit {
        /// The permits that held.
        by: Vec<PolicyId>,
    },
    /// It would pass with further proof.
    Challenge {
        /// The least further proof that would admit, weakest first. Never empty. Includes a factor given before when it is too old.
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

impl Decision {
    /// The name in metrics and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Decision::Admit { .. } => "admit",
            Decision::Challenge { .. } => "challenge",
            Decision::Refuse { .. } => "refuse",
        }
    }

    /// The policies that determined it.
    pub fn by(&self) -> &[PolicyId] {
        match self {
            Decision::Admit { by } | Decision::Challenge { by, .. } | Decision::Refuse { by } => by,
        }
    }
}
