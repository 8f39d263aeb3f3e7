//! Tokens that were made elsewhere: files in PSKC (RFC 6030) and OATH CSV. See the README for what is read of them.

mod cipher;
mod csv;
mod pskc;
mod xml;

use std::collections::HashMap;

use doorward_api::Template;
use doorward_api::plugin::{ImportFault, ImportKey, ImportRow, ImportedToken};
use doorward_api::template::{HashAlgorithm, Mode, Synchronization};
use doorward_oath::token::{Kept, SECRET_MIN, Valid, shape};
use zeroize::Zeroizing;

/// A file has so many bytes at most.
const FILE_MAX: usize = 16 << 20;

/// A file has so many tokens at most.
const ROWS_MAX: usize = 10_000;

/// The longest serial number.
const SERIAL_MAX: usize = 64;

/// Most bytes of a secret: the block of the longest hash. A longer one would be hashed first.
const SECRET_MAX: usize = 128;

/// How many clicks ahead a token is accepted (decision B10): its maker does not say.
const LOOK_AHEAD: u32 = 3;

/// A clock whose file says that it is more steps off than this has to be set.
const DRIFT_MAX: u64 = 100;

/// Reads a file of either kind.
pub(crate) fn read(file: &[u8], key: Option<&ImportKey>) -> Result<Vec<ImportRow>, ImportFault> {
    if file.len() > FILE_MAX {
        return Err(ImportFault::TooLarge("it has more than 16 MiB".into()));
    }
    let text = std::str::from_utf8(file).map_err(|_| ImportFault::UnknownFormat)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = if text.trim_start().starts_with('<') {
        pskc::read(text, key)?
    } else if csv::looks_like(text) {
        csv::read(text)?
    } else {
        return Err(ImportFault::UnknownFormat);
    };
    if rows.is_empty() {
        return Err(ImportFault::Malformed("there is no token in it".into()));
    }
    refuse_doubles(&mut rows);
    Ok(rows)
}

/// Takes one more row, unless there are too many.
fn push(rows: &mut Vec<ImportRow>, row: ImportRow) -> Result<(), ImportFault> {
    if rows.len() == ROWS_MAX {
        return Err(ImportFault::TooLarge("it has more than 10,000 tokens".into()));
    }
    rows.push(row);
    Ok(())
}

/// Of several tokens with one serial number the first is taken: the file is wrong about one of them. What is no token, such as
/// the PIN of a device, stands in nobody's way.
fn refuse_doubles(rows: &mut [ImportRow]) {
    let mut places: HashMap<String, u32> = HashMap::new();
    for row in rows {
        let Ok(token) = &row.token else { continue };
        match places.get(&token.serial) {
            Some(first) => row.token = Err(format!("Its serial number stands in this file before, at {first}.")),
            None => {
                places.insert(token.serial.clone(), row.place);
            }
        }
    }
}

/// What a file says of a token.
struct Described {
    serial: String,
    secret: Zeroizing<Vec<u8>>,
    moved: Moved,
    digits: u8,
    hash: HashAlgorithm,
    valid: Valid,
}

/// What moves a token's passcodes on, and where they are.
enum Moved {
    /// HOTP.
    Clicks {
        /// The counter of its next passcode.
        next: u64,
    },
    /// TOTP.
    Time {
        /// Seconds of a step.
        step: u32,
        /// How many steps its clock is ahead.
        drift: i64,
    },
    /// OCRA.
    Asked,
}

impl Described {
    /// The token, or why it cannot be taken.
    fn token(self) -> Result<ImportedToken, String> {
        check_secret(&self.secret)?;
        let standard = Template { length: self.digits, hash: self.hash, ..Template::STANDARD_APP };
        let (template, last, drift) = match self.moved {
            Moved::Clicks { next } => {
                let synchronization = Synchronization::Event { look_ahead: LOOK_AHEAD };
                (Template { synchronization, ..standard }, next.checked_sub(1), 0)
            }
            Moved::Time { drift, .. } if drift.unsigned_abs() > DRIFT_MAX => {
                return Err("Its clock is more than 100 steps off.".into());
            }
            Moved::Time { step, drift } => {
                (Template { synchronization: Synchronization::Time { step }, ..standard }, None, drift)
            }
            Moved::Asked => (Template { mode: Mode::ChallengeResponse, ..standard }, None, 0),
        };
        shape(&template).map_err(|why| why.reason)?;
        let opened = Kept::imported(self.secret, last, drift, self.valid).write();
        Ok(ImportedToken { serial: self.serial, template, opened })
    }
}

fn check_secret(secret: &[u8]) -> Result<(), String> {
    match secret.len() {
        ..SECRET_MIN => Err(format!("Its secret has fewer than {SECRET_MIN} bytes.")),
        SECRET_MIN..=SECRET_MAX => Ok(()),
        _ => Err(format!("Its secret has more than {SECRET_MAX} bytes.")),
    }
}

/// A serial number: letters, digits and what makers put between them. Nothing that a page, a table or a log would read as
/// more than a name.
fn serial(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("It has no serial number.".into());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '/');
    if text.len() > SERIAL_MAX || !text.chars().all(plain) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(format!(
            "Its serial number is not of letters, digits and - . _ : / alone, or has more than {SERIAL_MAX} characters."
        ));
    }
    Ok(text.to_owned())
}

/// The name of a hash, with or without `HMAC` and hyphens.
fn hash(text: &str) -> Result<HashAlgorithm, String> {
    let name: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match name.strip_prefix("hmac").unwrap_or(&name) {
        "" | "sha1" => Ok(HashAlgorithm::Sha1),
        "sha256" => Ok(HashAlgorithm::Sha256),
        "sha512" => Ok(HashAlgorithm::Sha512),
        _ => Err("Its hash is none of SHA-1, SHA-256 and SHA-512.".into()),
    }
}

#[cfg(test)]
mod tests;
