//! Which check has failed.

/// Something that comes from a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `clientDataJSON`.
    ClientData,
    /// The authenticator data.
    AuthenticatorData,
    /// The public key as a SubjectPublicKeyInfo.
    PublicKey,
    /// The signature.
    Signature,
}

impl Part {
    /// The name in WebAuthn.
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::ClientData => "clientDataJSON",
            Part::AuthenticatorData => "authenticatorData",
            Part::PublicKey => "publicKey",
            Part::Signature => "signature",
        }
    }

    /// The most bytes that are read.
    pub(crate) const fn max(self) -> usize {
        match self {
            Part::ClientData | Part::AuthenticatorData => 4096,
            Part::PublicKey => 2048,
            // As long as the longest RSA key.
            Part::Signature => 1024,
        }
    }

    /// The bytes, if they are not too many.
    pub(crate) const fn bounded(self, bytes: &[u8]) -> Result<&[u8], Fault> {
        if bytes.len() > self.max() { Err(Fault::TooLong(self)) } else { Ok(bytes) }
    }
}

/// Why a registration or an assertion is refused: the check that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More bytes than are read.
    #[error("{}: at most {} bytes are read", .0.as_str(), .0.max())]
    TooLong(Part),
    /// No JSON, or without a member that must be there.
    #[error("clientDataJSON: it is no client data")]
    ClientData,
    /// A registration in place of an assertion, or the other way round.
    #[error("clientDataJSON type: it is of another ceremony")]
    Type,
    /// Not what was asked.
    #[error("clientDataJSON challenge: it is not the one that was given")]
    Challenge,
    /// A page of somebody else has asked.
    #[error("clientDataJSON origin: it is another one")]
    Origin,
    /// A page inside of another site's has asked.
    #[error("clientDataJSON crossOrigin: it was asked inside of another site")]
    CrossOrigin,
    /// Not of the form that its flags say.
    #[error("authenticatorData: its length is not what its flags say")]
    AuthenticatorData,
    /// For another relying party.
    #[error("authenticatorData rpIdHash: it is another relying party's")]
    RelyingParty,
    /// Nobody was there.
    #[error("authenticatorData flag UP: the user was not present")]
    UserPresent,
    /// Nobody was verified.
    #[error("authenticatorData flag UV: the user was not verified")]
    UserVerified,
    /// A copy of what cannot be copied.
    #[error("authenticatorData flag BS: a credential that cannot be backed up says that it is")]
    BackupState,
    /// What could be copied when it was registered cannot any more, or the other way round.
    #[error("authenticatorData flag BE: it is not what it was at the registration")]
    BackupEligible,
    /// A registration without a credential, or an assertion with one.
    #[error("authenticatorData flag AT: a credential stands in a registration, and nowhere else")]
    CredentialData,
    /// Longer than any may be, or none.
    #[error("authenticatorData credentialId: it has 1 to 1023 bytes")]
    CredentialId,
    /// Of none of the algorithms that were asked for.
    #[error("publicKeyAlgorithm: it is none of those that were asked for")]
    Algorithm,
    /// No key of its algorithm.
    #[error("publicKey: it is no key of its algorithm")]
    PublicKey,
    /// The authenticator's key is no key of its algorithm, or not written as CTAP2 has it.
    #[error("authenticatorData credentialPublicKey: it is no key of its algorithm")]
    CredentialPublicKey,
    /// The browser names another key than the authenticator.
    #[error("publicKey: it is not the one in the authenticator data")]
    KeyMismatch,
    /// Not by this key, or not of this.
    #[error("signature: it is wrong")]
    Signature,
}

/// Nothing, or what the first check says that does not hold.
pub(crate) fn first<const N: usize>(checks: [(bool, Fault); N]) -> Result<(), Fault> {
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(fault))
}
