//! For the fuzz targets alone: a way to what is private otherwise.

use std::num::NonZeroU32;

use doorward_api::Secret;
use doorward_api::plugin::{ImportFault, ImportRow};
use doorward_oath::Params;
use doorward_oath::token::{self, Kind, Shape};

/// The digits that somebody typed; `None` when they typed something else.
pub fn read_passcode(typed: &str) -> Option<String> {
    token::digits(&Secret::new(typed)).map(|digits| digits.to_string())
}

/// The address of a token of the usual shape: SHA-1, six digits, 30 seconds.
pub fn otpauth(secret: &str, issuer: &str, account: &str) -> String {
    const PERIOD: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
    let shape = Shape { params: Params::COMMON, kind: Kind::Time { period: PERIOD } };
    crate::uri::otpauth(shape, secret, issuer, account)
}

/// The rows of a file of tokens that needs no key.
///
/// # Errors
/// Those of the importer.
pub fn import(file: &[u8]) -> Result<Vec<ImportRow>, ImportFault> {
    crate::import::read(file, None)
}
