//! OATH CSV: `serial,secret,type,digits,period or counter[,hash]`, a token a line.

use data_encoding::{BASE32_NOPAD, HEXUPPER};
use doorward_api::plugin::{ImportFault, ImportRow, ImportedToken};
use doorward_oath::token::{SECRET_MIN, Valid};
use zeroize::Zeroizing;

use super::{Described, Moved, hash, push, serial};

/// What a header may call each column, in small letters and without spaces and underscores.
const NAMES: [&[&str]; 6] = [
    &["serial", "serialnumber", "serialno"],
    &["secret", "secretkey", "key", "seed", "hexsecret"],
    &["type"],
    &["digits", "length", "otplen", "otplength"],
    &["period", "counter", "step", "timestep", "timeinterval", "period|counter", "period/counter", "periodorcounter"],
    &["hash", "algorithm"],
];

/// Columns that every line has.
const COLUMNS_MIN: usize = 4;

/// Whether its first line could be of such a file.
pub(super) fn looks_like(text: &str) -> bool {
    lines(text).next().is_some_and(|(_, line)| line.split(',').nth(COLUMNS_MIN - 1).is_some())
}

/// Reads the lines, after a header or without one.
pub(super) fn read(text: &str) -> Result<Vec<ImportRow>, ImportFault> {
    let mut rows = Vec::new();
    for (place, line) in lines(text) {
        let columns: Vec<&str> = line.split(',').take(NAMES.len() + 1).map(unquoted).collect();
        if rows.is_empty() && is_header(&columns) {
            check_header(&columns)?;
            continue;
        }
        push(&mut rows, row(place, &columns))?;
    }
    Ok(rows)
}

/// The lines that say something, each with its number.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines()).map(|(place, line)| (place, line.trim())).filter(|(_, line)| {
        let comment = line.starts_with('#');
        !line.is_empty() && !comment
    })
}

/// A value without the spaces and quotes around it. No column holds a comma, so quotes are never needed.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map_or(value, str::trim)
}

/// A name of a column as it is compared.
fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_header(columns: &[&str]) -> bool {
    let names = |column: &&str| NAMES.iter().any(|names| names.contains(&folded(column).as_str()));
    columns.iter().filter(|column| names(column)).count() >= 2
}

fn check_header(columns: &[&str]) -> Result<(), ImportFault> {
    let known = columns.iter().zip(NAMES).all(|(column, names)| names.contains(&folded(column).as_str()));
    if known && (COLUMNS_MIN..=NAMES.len()).contains(&columns.len()) {
        return Ok(());
    }
    Err(ImportFault::Malformed("its columns are not serial, secret, type, digits, period or counter, hash".into()))
}

fn row(place: u32, columns: &[&str]) -> ImportRow {
    let token = token(columns);
    // Where columns are interchanged, what stands in the serial's place may be the secret.
    let shown = columns.first().filter(|_| columns.get(1).is_some_and(|text| secret(text).is_some()));
    ImportRow { place, serial: shown.and_then(|text| serial(text).ok()), token }
}

fn token(columns: &[&str]) -> Result<ImportedToken, String> {
    let [number, key, kind, digits, rest @ ..] = columns else {
        return Err("It has fewer than four columns.".into());
    };
    let (position, algorithm) = match rest {
        [] => ("", ""),
        [position] => (*position, ""),
        [position, algorithm] => (*position, *algorithm),
        _ => return Err("It has more than six columns.".into()),
    };
    let secret = secret(key).ok_or("Its secret is neither hexadecimal nor base32.")?;
    Described {
        serial: serial(number)?,
        secret,
        moved: moved(kind, position)?,
        digits: digits.parse().map_err(|_| "Its number of digits is no number.")?,
        hash: hash(algorithm)?,
        valid: Valid::default(),
    }
    .token()
}

/// An empty position is that of a new token.
fn moved(kind: &str, position: &str) -> Result<Moved, String> {
    match kind.to_ascii_lowercase().as_str() {
        "hotp" if position.is_empty() => Ok(Moved::Clicks { next: 0 }),
        "hotp" => Ok(Moved::Clicks { next: position.parse().map_err(|_| "Its counter is no number.")? }),
        "totp" if position.is_empty() => Ok(Moved::Time { step: 30, drift: 0 }),
        "totp" => Ok(Moved::Time { step: position.parse().map_err(|_| "Its period is no number.")?, drift: 0 }),
        _ => Err("Its type is neither hotp nor totp.".into()),
    }
}

/// Hexadecimal where it can be, else base32: no secret of useful length is likely to be both.
fn secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut compact = Zeroizing::new(String::with_capacity(text.len()));
    compact.extend(text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()));
    let hexadecimal = HEXUPPER.decode(compact.as_bytes()).ok().filter(|bytes| bytes.len() >= SECRET_MIN);
    let bytes = match hexadecimal {
        Some(bytes) => bytes,
        None => BASE32_NOPAD.decode(compact.trim_end_matches('=').as_bytes()).ok()?,
    };
    Some(Zeroizing::new(bytes)).filter(|bytes| !bytes.is_empty())
}
