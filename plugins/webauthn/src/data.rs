//! Authenticator data (WebAuthn 6.1): what an authenticator says of itself, its user and its credential.

use ring::digest::{SHA256, digest};

use crate::CREDENTIAL_ID_MAX;
use crate::cbor::Reader;
use crate::ceremony::Expected;
use crate::fault::{Fault, Part, first};
use crate::key::{Algorithm, PublicKey};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// The part that all of them have, as it stands there, and what follows it.
pub(crate) struct Data<'a> {
    party: &'a [u8; 32],
    flags: u8,
    pub(crate) sign_count: u32,
    rest: &'a [u8],
}

/// A credential as its authenticator has made it (WebAuthn 6.5.1).
pub(crate) struct Credential<'a> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) id: &'a [u8],
    pub(crate) key: PublicKey,
}

impl<'a> Data<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let bytes = Part::AuthenticatorData.bounded(bytes)?;
        Self::split(bytes).ok_or(Fault::AuthenticatorData)
    }

    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (party, rest) = bytes.split_first_chunk()?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, rest) = rest.split_first_chunk()?;
        Some(Self { party, flags: *flags, sign_count: u32::from_be_bytes(*sign_count), rest })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the credential may be copied to other devices.
    pub(crate) fn backup_eligible(&self) -> bool {
        self.has(BACKUP_ELIGIBLE)
    }

    /// Whether it is.
    pub(crate) fn backed_up(&self) -> bool {
        self.has(BACKED_UP)
    }

    /// Whether the user was verified, and not only there.
    pub(crate) fn user_verified(&self) -> bool {
        self.has(USER_VERIFIED)
    }

    /// What both ceremonies ask of it.
    pub(crate) fn check(&self, expected: &Expected<'_>) -> Result<(), Fault> {
        let party = digest(&SHA256, expected.rp_id.as_bytes());
        first([
            (party.as_ref() == self.party, Fault::RelyingParty),
            (self.has(USER_PRESENT), Fault::UserPresent),
            (self.user_verified() || !expected.user_verified, Fault::UserVerified),
            (self.backup_eligible() || !self.backed_up(), Fault::BackupState),
        ])
    }

    /// The credential of a registration.
    pub(crate) fn credential(&self, algorithms: &[Algorithm]) -> Result<Credential<'a>, Fault> {
        if !self.has(HAS_CREDENTIAL) {
            return Err(Fault::CredentialData);
        }
        let (aaguid, rest) = self.rest.split_first_chunk().ok_or(Fault::AuthenticatorData)?;
        let (len, rest) = rest.split_first_chunk().ok_or(Fault::AuthenticatorData)?;
        let len = usize::from(u16::from_be_bytes(*len));
        if !(1..=CREDENTIAL_ID_MAX).contains(&len) {
            return Err(Fault::CredentialId);
        }
        let (id, rest) = rest.split_at_checked(len).ok_or(Fault::AuthenticatorData)?;
        let mut reader = Reader::new(rest);
        let key = PublicKey::of_authenticator(&mut reader, algorithms)?;
        self.ends(reader)?;
        Ok(Credential { aaguid: *aaguid, id, key })
    }

    /// An assertion has no credential in it.
    pub(crate) fn no_credential(&self) -> Result<(), Fault> {
        if self.has(HAS_CREDENTIAL) { Err(Fault::CredentialData) } else { self.ends(Reader::new(self.rest)) }
    }

    /// Whether all that is left are the outputs of extensions, where the flags say that there are some. None were asked
    /// for, and none are looked at.
    fn ends(&self, mut reader: Reader<'_>) -> Result<(), Fault> {
        let passed = if self.has(HAS_EXTENSIONS) { reader.pass_map() } else { Some(()) };
        passed.filter(|()| reader.at_end()).ok_or(Fault::AuthenticatorData)
    }
}
