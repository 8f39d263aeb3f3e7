//! What opens the encrypted values of a PSKC (RFC 6030 6): AES in CBC mode, checked by an HMAC before anything is believed.

use std::num::NonZeroU32;

use aes::cipher::{Array, BlockModeDecrypt, KeyIvInit, consts::U16};
use data_encoding::BASE64;
use doorward_api::plugin::{ImportFault, ImportKey};
use ring::{hmac, pbkdf2};
use zeroize::Zeroizing;

use super::xml::{Element, malformed};

/// Bytes of a block.
const BLOCK: usize = 16;

/// More rounds of PBKDF2 than this are not computed for a file.
const ROUNDS_MAX: u32 = 2_000_000;

/// The algorithms of a MAC, and of PBKDF2's: their addresses in XML.
const SHA1: [&str; 2] = [
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#hmac-sha1",
];
const SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384";
const SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";

/// The keys of a file.
pub(super) struct Keys {
    encryption: Zeroizing<Vec<u8>>,
    mac: hmac::Key,
}

/// Why a value cannot be opened, as a sentence for an operator.
pub(super) enum Sealed {
    /// It is encrypted in a way that is not taken.
    Unfit(&'static str),
    /// It was altered, or the key is another one.
    WrongKey(&'static str),
}

impl Keys {
    /// From what the file says of its keys (`EncryptionKey`, `MACMethod`), and the key or password that opens it.
    pub(super) fn of(
        encryption: Option<&Element>,
        method: Option<&Element>,
        key: Option<&ImportKey>,
    ) -> Result<Self, ImportFault> {
        let encryption = encryption.ok_or_else(|| malformed("it does not say what it is encrypted with"))?;
        let method = method.ok_or_else(|| malformed("it is encrypted without a MAC, so that it could be altered"))?;
        let encryption = encryption_key(encryption, key)?;
        let algorithm = method.attribute("Algorithm").and_then(hmac_of);
        let algorithm = algorithm.ok_or_else(|| malformed("its MAC is not of HMAC with SHA-1, -256, -384 or -512"))?;
        // Where none is given, one key does both (RFC 6030 6.1.1).
        let mac = match method.child("MACKey") {
            Some(sealed) => {
                let (_, bytes) = cipher_value(sealed).ok_or_else(|| malformed("its MAC key cannot be read"))?;
                decrypt(&encryption, &bytes).ok_or(ImportFault::WrongKey)?
            }
            None => encryption.clone(),
        };
        Ok(Self { mac: hmac::Key::new(algorithm, &mac), encryption })
    }

    /// Opens an `EncryptedValue` whose `ValueMAC` is this.
    pub(super) fn open(&self, value: &Element, mac: Option<&Element>) -> Result<Zeroizing<Vec<u8>>, Sealed> {
        let unfit = Sealed::Unfit("Its secret is encrypted in another way than AES in CBC mode.");
        let (expected_len, bytes) = cipher_value(value).ok_or(unfit)?;
        if self.encryption.len() != expected_len {
            return Err(Sealed::WrongKey("Its secret is encrypted with a key of another length."));
        }
        let mac = mac.and_then(|mac| base64(mac.text()));
        let mac = mac.ok_or(Sealed::Unfit("Its secret is encrypted without a MAC."))?;
        let altered = |_| Sealed::WrongKey("Its secret was altered: the MAC does not fit.");
        hmac::verify(&self.mac, &bytes, &mac).map_err(altered)?;
        decrypt(&self.encryption, &bytes).ok_or(Sealed::WrongKey("Its secret cannot be decrypted."))
    }
}

/// The key given, or the one derived from the password.
fn encryption_key(element: &Element, key: Option<&ImportKey>) -> Result<Zeroizing<Vec<u8>>, ImportFault> {
    if element.foreign("X509Data").is_some() {
        return Err(malformed("it is encrypted for a certificate, which is not taken"));
    }
    let derived = element.foreign("DerivedKey");
    let key = match (key.ok_or(ImportFault::KeyNeeded)?, derived) {
        (ImportKey::Key(bytes), _) => Zeroizing::new(bytes.expose().to_vec()),
        (ImportKey::Password(password), Some(derived)) => derive(derived, password.expose().as_bytes())?,
        (ImportKey::Password(_), None) => return Err(ImportFault::WrongKey),
    };
    if matches!(key.len(), 16 | 24 | 32) { Ok(key) } else { Err(ImportFault::WrongKey) }
}

/// PBKDF2 (RFC 8018 5.2) by the parameters of a `DerivedKey`.
fn derive(derived: &Element, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportFault> {
    let method = derived.foreign("KeyDerivationMethod");
    let by_pbkdf2 =
        method.and_then(|method| method.attribute("Algorithm")).is_some_and(|name| name.ends_with("#pbkdf2"));
    let parameters = method.filter(|_| by_pbkdf2).and_then(|method| method.foreign("PBKDF2-params"));
    let parameters = parameters.ok_or_else(|| malformed("its key is derived in another way than PBKDF2"))?;
    let text = |name| parameters.foreign(name).map(Element::text);

    let salt = parameters.foreign("Salt").and_then(|salt| salt.foreign("Specified"));
    let salt = salt.and_then(|salt| base64(salt.text())).ok_or_else(|| malformed("the salt of its key is missing"))?;
    let rounds = text("IterationCount").and_then(|rounds| rounds.parse::<u32>().ok());
    let rounds = rounds.filter(|rounds| *rounds <= ROUNDS_MAX).and_then(NonZeroU32::new);
    let rounds = rounds.ok_or_else(|| malformed("the rounds of its key are not between 1 and 2,000,000"))?;
    let length = text("KeyLength").map_or(Some(16), |length| length.parse().ok());
    let length = length.filter(|length: &usize| matches!(length, 16 | 24 | 32));
    let length = length.ok_or_else(|| malformed("the length of its key is not 16, 24 or 32"))?;
    let function = parameters.foreign("PRF").and_then(|prf| prf.attribute("Algorithm")).map_or(SHA1[0], |name| name);
    let function = hmac_of(function).ok_or_else(|| malformed("its key is derived with an unknown function"))?;

    let mut key = Zeroizing::new(vec![0_u8; length]);
    pbkdf2::derive(pbkdf2_of(function), rounds, &salt, password, &mut key);
    Ok(key)
}

fn hmac_of(name: &str) -> Option<hmac::Algorithm> {
    match name {
        _ if SHA1.contains(&name) => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        SHA256 => Some(hmac::HMAC_SHA256),
        SHA384 => Some(hmac::HMAC_SHA384),
        SHA512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn pbkdf2_of(algorithm: hmac::Algorithm) -> pbkdf2::Algorithm {
    if algorithm == hmac::HMAC_SHA256 {
        pbkdf2::PBKDF2_HMAC_SHA256
    } else if algorithm == hmac::HMAC_SHA384 {
        pbkdf2::PBKDF2_HMAC_SHA384
    } else if algorithm == hmac::HMAC_SHA512 {
        pbkdf2::PBKDF2_HMAC_SHA512
    } else {
        pbkdf2::PBKDF2_HMAC_SHA1
    }
}

/// The length of the key that an encrypted element asks for, and its bytes: initialisation vector, then the blocks.
fn cipher_value(element: &Element) -> Option<(usize, Vec<u8>)> {
    let algorithm = element.foreign("EncryptionMethod")?.attribute("Algorithm")?;
    let key_len = match algorithm.strip_prefix("http://www.w3.org/2001/04/xmlenc#")? {
        "aes128-cbc" => 16,
        "aes192-cbc" => 24,
        "aes256-cbc" => 32,
        _ => return None,
    };
    let bytes = base64(element.foreign("CipherData")?.foreign("CipherValue")?.text())?;
    Some((key_len, bytes))
}

/// Decrypts the blocks behind the initialisation vector. The last byte says how many at the end are filling (XML Encryption
/// 5.2): what the others of them are is not said there.
fn decrypt(key: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (vector, blocks) = bytes.split_at_checked(BLOCK)?;
    let mut plain = Zeroizing::new(blocks.to_vec());
    match key.len() {
        16 => each_block(cbc::Decryptor::<aes::Aes128>::new_from_slices(key, vector).ok()?, &mut plain),
        24 => each_block(cbc::Decryptor::<aes::Aes192>::new_from_slices(key, vector).ok()?, &mut plain),
        32 => each_block(cbc::Decryptor::<aes::Aes256>::new_from_slices(key, vector).ok()?, &mut plain),
        _ => None,
    }?;
    let filling = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(filling).filter(|_| (1..=BLOCK).contains(&filling))?;
    plain.truncate(length);
    Some(plain)
}

/// `None` where the bytes are no whole blocks.
fn each_block(mut decryptor: impl BlockModeDecrypt<BlockSize = U16>, bytes: &mut [u8]) -> Option<()> {
    for block in bytes.chunks_mut(BLOCK) {
        let block: &mut Array<u8, U16> = block.try_into().ok()?;
        decryptor.decrypt_block(block);
    }
    Some(())
}

/// Base64 with spaces and line breaks in it.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    BASE64.decode(compact.as_bytes()).ok()
}
