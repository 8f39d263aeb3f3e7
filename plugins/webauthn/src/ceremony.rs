//! The two ceremonies, as a relying party checks them.

use ring::digest::{SHA256, digest};

use crate::client;
use crate::data::Data;
use crate::fault::{Fault, Part};
use crate::key::{Algorithm, PublicKey};

/// What was asked, and where.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The relying party: the host alone.
    pub rp_id: &'a str,
    /// The origin of the page that has asked, as browsers write it.
    pub origin: &'a str,
    /// The challenge: random, and good once.
    pub challenge: &'a [u8],
    /// The user must have been verified (by PIN, fingerprint, face), and not only been there.
    pub user_verified: bool,
}

/// What a browser gives of a new credential, by `navigator.credentials.create()`.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    /// `response.clientDataJSON`.
    pub client_data: &'a [u8],
    /// `response.getAuthenticatorData()`.
    pub authenticator_data: &'a [u8],
    /// `response.getPublicKey()`: a SubjectPublicKeyInfo.
    pub public_key: &'a [u8],
    /// `response.getPublicKeyAlgorithm()`: a number of COSE.
    pub algorithm: i64,
}

/// A new credential. Nothing attests what has made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// By what it is found.
    pub id: Vec<u8>,
    /// By what it is verified.
    pub key: PublicKey,
    /// How often it has signed; 0 where that is not counted.
    pub sign_count: u32,
    /// The kind of authenticator, as it says itself; all 0 where it does not say.
    pub aaguid: [u8; 16],
    /// It may be copied to other devices of its user.
    pub backup_eligible: bool,
    /// It is.
    pub backed_up: bool,
    /// The user was verified.
    pub user_verified: bool,
}

/// Checks a registration (WebAuthn 7.1) that asked for one of these algorithms and for no attestation. Whether the
/// credential is somebody's already is for the caller to look at.
///
/// # Errors
/// [`Fault`]: the first check that fails.
pub fn register(
    expected: &Expected<'_>,
    algorithms: &[Algorithm],
    made: &Registration<'_>,
) -> Result<Registered, Fault> {
    client::check(made.client_data, "webauthn.create", expected)?;
    let data = Data::read(made.authenticator_data)?;
    data.check(expected)?;
    let credential = data.credential(algorithms)?;
    let key = PublicKey::read(made.public_key, made.algorithm, algorithms)?;
    if key != credential.key {
        return Err(Fault::KeyMismatch);
    }
    Ok(Registered {
        id: credential.id.to_vec(),
        key,
        sign_count: data.sign_count,
        aaguid: credential.aaguid,
        backup_eligible: data.backup_eligible(),
        backed_up: data.backed_up(),
        user_verified: data.user_verified(),
    })
}

/// What a browser gives of a credential in use, by `navigator.credentials.get()`.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// `response.clientDataJSON`.
    pub client_data: &'a [u8],
    /// `response.authenticatorData`.
    pub authenticator_data: &'a [u8],
    /// `response.signature`.
    pub signature: &'a [u8],
}

/// What is kept of a credential.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its key.
    pub key: &'a PublicKey,
    /// How often it had signed when it was last seen.
    pub sign_count: u32,
    /// Whether it may be copied, which never changes; none where that is not kept.
    pub backup_eligible: Option<bool>,
}

/// A credential that was used rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asserted {
    /// How often it has signed; to be kept.
    pub sign_count: u32,
    /// Whether it is copied to other devices of its user now.
    pub backed_up: bool,
    /// The user was verified.
    pub user_verified: bool,
    /// It has not signed more often than when it was last seen, though it counts: somebody may have a copy (6.1.1).
    pub cloned: bool,
}

/// Checks an assertion (WebAuthn 7.2). That it is by the credential of the user in question is for the caller to look
/// at.
///
/// # Errors
/// [`Fault`]: the first check that fails.
pub fn verify(expected: &Expected<'_>, known: &Known<'_>, given: &Assertion<'_>) -> Result<Asserted, Fault> {
    client::check(given.client_data, "webauthn.get", expected)?;
    let data = Data::read(given.authenticator_data)?;
    data.check(expected)?;
    if known.backup_eligible.is_some_and(|eligible| eligible != data.backup_eligible()) {
        return Err(Fault::BackupEligible);
    }
    data.no_credential()?;
    let signature = Part::Signature.bounded(given.signature)?;
    let message = [given.authenticator_data, digest(&SHA256, given.client_data).as_ref()].concat();
    if !known.key.signed(&message, signature) {
        return Err(Fault::Signature);
    }
    let counts = data.sign_count != 0 || known.sign_count != 0;
    Ok(Asserted {
        sign_count: data.sign_count,
        backed_up: data.backed_up(),
        user_verified: data.user_verified(),
        cloned: counts && data.sign_count <= known.sign_count,
    })
}
