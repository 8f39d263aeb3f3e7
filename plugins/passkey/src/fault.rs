//! What becomes of a check that failed: what the user is told, and what is recorded.

use doorward_api::passkey::{PasskeyFault, PasskeyFaultKind as Kind};
use doorward_webauthn::Fault;

/// By the check.
pub(crate) fn of(fault: Fault) -> PasskeyFault {
    let kind = match fault {
        Fault::TooLong(_)
        | Fault::ClientData
        | Fault::AuthenticatorData
        | Fault::CredentialData
        | Fault::CredentialId
        | Fault::PublicKey
        | Fault::CredentialPublicKey
        | Fault::KeyMismatch
        | Fault::BackupState => Kind::Malformed,
        Fault::Type | Fault::Challenge | Fault::Origin | Fault::CrossOrigin | Fault::RelyingParty => Kind::Elsewhere,
        Fault::UserPresent | Fault::UserVerified => Kind::NotVerified,
        Fault::Algorithm => Kind::Unsupported,
        Fault::Signature | Fault::BackupEligible => Kind::Rejected,
    };
    PasskeyFault { kind, reason: fault.to_string() }
}

/// It is no answer of a browser, for this reason.
pub(crate) fn malformed(reason: impl Into<String>) -> PasskeyFault {
    PasskeyFault { kind: Kind::Malformed, reason: reason.into() }
}

/// The answer names another credential than it is of.
pub(crate) fn another_id() -> PasskeyFault {
    PasskeyFault { kind: Kind::Rejected, reason: "id: it is another credential's".into() }
}

/// What was kept cannot be read.
pub(crate) fn damaged(reason: impl std::fmt::Display) -> PasskeyFault {
    PasskeyFault { kind: Kind::Damaged, reason: format!("the passkey's bytes cannot be read: {reason}") }
}
