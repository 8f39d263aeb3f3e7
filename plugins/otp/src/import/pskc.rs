//! PSKC, the Portable Symmetric Key Container (RFC 6030).

use doorward_api::plugin::{ImportFault, ImportKey, ImportRow, ImportedToken};
use doorward_api::template::HashAlgorithm;
use doorward_oath::token::{Valid, digits_of};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::cipher::{Keys, Sealed, base64};
use super::xml::{Document, Element, malformed};
use super::{Described, Moved, hash, push, serial};

/// The namespace of the RFC; those of its drafts are other formats.
const PSKC: &str = "urn:ietf:params:xml:ns:keyprov:pskc";

/// Digits of a passcode whose file does not say (RFC 4226 5.3).
const DIGITS: u8 = 6;

/// Seconds of a step where the file does not say (RFC 6238 5.2).
const STEP: u32 = 30;

/// Reads the keys one after the other.
pub(super) fn read(text: &str, key: Option<&ImportKey>) -> Result<Vec<ImportRow>, ImportFault> {
    let mut document = Document::open(text)?;
    if document.root.name != "KeyContainer" || document.root.space != PSKC {
        return Err(ImportFault::UnknownFormat);
    }
    if document.root.attribute("Version") != Some("1.0") {
        return Err(malformed("its version is not 1.0"));
    }
    let mut locked = Locked { key, encryption: None, method: None, keys: None, opened: 0, closed: 0 };
    let mut rows = Vec::new();
    let mut place = 0;
    while let Some(child) = document.next_child()? {
        match child.name.as_str() {
            _ if child.space != PSKC => {}
            "EncryptionKey" => locked.encryption = Some(child),
            "MACMethod" => locked.method = Some(child),
            "KeyPackage" => {
                place += 1;
                push(&mut rows, row(place, &child, &mut locked)?)?;
            }
            _ => {}
        }
    }
    // One that does not open was altered; if none does, the key is another one.
    if locked.closed > 0 && locked.opened == 0 { Err(ImportFault::WrongKey) } else { Ok(rows) }
}

/// What is needed to open encrypted values, once there is one.
struct Locked<'a> {
    key: Option<&'a ImportKey>,
    encryption: Option<Element>,
    method: Option<Element>,
    keys: Option<Keys>,
    /// How many values it has opened,
    opened: u32,
    /// and how many it has not.
    closed: u32,
}

impl Locked<'_> {
    fn open(&mut self, value: &Element, mac: Option<&Element>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => Keys::of(self.encryption.as_ref(), self.method.as_ref(), self.key).map_err(Trouble::File)?,
        };
        match self.keys.insert(keys).open(value, mac) {
            Ok(plain) => {
                self.opened += 1;
                Ok(plain)
            }
            Err(Sealed::WrongKey(sentence)) => {
                self.closed += 1;
                Err(sentence.into())
            }
            Err(Sealed::Unfit(sentence)) => Err(sentence.into()),
        }
    }
}

/// What is wrong, and how far it reaches.
enum Trouble {
    /// One token cannot be taken: a sentence for an operator.
    Row(String),
    /// None can.
    File(ImportFault),
}

impl From<String> for Trouble {
    fn from(sentence: String) -> Self {
        Trouble::Row(sentence)
    }
}

impl From<&str> for Trouble {
    fn from(sentence: &str) -> Self {
        Trouble::Row(sentence.to_owned())
    }
}

fn row(place: u32, package: &Element, locked: &mut Locked<'_>) -> Result<ImportRow, ImportFault> {
    let number = number(package);
    let token = match token(package, locked) {
        Ok(token) => Ok(token),
        Err(Trouble::Row(sentence)) => Err(sentence),
        Err(Trouble::File(fault)) => return Err(fault),
    };
    Ok(ImportRow { place, serial: number.ok(), token })
}

/// The device's serial number; a key without a device has its own.
fn number(package: &Element) -> Result<String, String> {
    let device = package.child("DeviceInfo").and_then(|device| device.child("SerialNo")).map(Element::text);
    let key = package.child("Key").and_then(|key| key.attribute("Id"));
    serial(device.or(key).unwrap_or_default())
}

fn token(package: &Element, locked: &mut Locked<'_>) -> Result<ImportedToken, Trouble> {
    let key = package.child("Key").ok_or("It has no key.")?;
    let parameters = key.child("AlgorithmParameters");
    let suite = parameters.and_then(|parameters| parameters.child("Suite")).map(Element::text);
    let kind = Kind::of(key.attribute("Algorithm").unwrap_or_default(), suite)?;
    let valid = policy(key, kind)?;
    let format = parameters.and_then(|parameters| parameters.child("ResponseFormat"));
    let digits = digits(format)?;
    let data = key.child("Data").ok_or("It has no data.")?;
    let moved = kind.moved(data)?;
    let hash = match kind {
        Kind::Asked { digits: of_suite } if of_suite != digits && format.is_some() => {
            return Err("Its length and its suite disagree.".into());
        }
        Kind::Asked { .. } => HashAlgorithm::Sha1,
        Kind::Clicks | Kind::Time => hash(suite.unwrap_or_default())?,
    };
    let digits = if let Kind::Asked { digits } = kind { digits } else { digits };
    let secret = secret(data, locked)?;
    Ok(Described { serial: number(package)?, secret, moved, digits, hash, valid }.token()?)
}

/// What a key is for.
#[derive(Clone, Copy)]
enum Kind {
    Clicks,
    Time,
    Asked {
        /// Of the suite.
        digits: u8,
    },
}

impl Kind {
    /// By the algorithm's address and, for OCRA, its suite.
    fn of(algorithm: &str, suite: Option<&str>) -> Result<Self, &'static str> {
        let name = algorithm.strip_prefix(PSKC).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
        match name {
            "hotp" => Ok(Kind::Clicks),
            "totp" => Ok(Kind::Time),
            "ocra" => {
                let digits = suite.and_then(digits_of);
                let digits =
                    digits.ok_or("Its OCRA suite is not OCRA-1:HOTP-SHA1-6:QN08 or OCRA-1:HOTP-SHA1-8:QN08.")?;
                Ok(Kind::Asked { digits: digits.get() })
            }
            "pin" => Err("It is a PIN and no token."),
            _ => Err("Its algorithm is none of HOTP, TOTP and OCRA."),
        }
    }

    /// What the file says of where it is.
    fn moved(self, data: &Element) -> Result<Moved, String> {
        Ok(match self {
            Kind::Clicks => Moved::Clicks { next: plain(data, "Counter", "counter")?.unwrap_or(0) },
            Kind::Time => Moved::Time {
                step: plain(data, "TimeInterval", "time step")?.unwrap_or(STEP),
                drift: plain(data, "TimeDrift", "drift")?.map_or(0, signed),
            },
            Kind::Asked { .. } => Moved::Asked,
        })
    }
}

/// A number of the data. An encrypted one is not taken.
fn plain<N: std::str::FromStr>(data: &Element, name: &str, called: &str) -> Result<Option<N>, String> {
    let Some(element) = data.child(name) else { return Ok(None) };
    let number = element.child("PlainValue").and_then(|value| value.text().parse().ok());
    number.map(Some).ok_or_else(|| format!("Its {called} is no number, or is encrypted."))
}

/// A drift of 32 bits, which libpskc writes without its sign: 4294967292 for -4.
fn signed(drift: i64) -> i64 {
    u32::try_from(drift).map_or(drift, |bits| bits.cast_signed().into())
}

/// Characters of a passcode.
fn digits(format: Option<&Element>) -> Result<u8, &'static str> {
    let Some(format) = format else { return Ok(DIGITS) };
    if format.attribute("Encoding") != Some("DECIMAL") {
        return Err("Its passcodes are not of decimal digits.");
    }
    if !matches!(format.attribute("CheckDigits").or(format.attribute("CheckDigit")), None | Some("false" | "0")) {
        return Err("Its passcodes have a check digit.");
    }
    format
        .attribute("Length")
        .and_then(|length| length.parse().ok())
        .ok_or("It does not say how long its passcodes are.")
}

fn secret(data: &Element, locked: &mut Locked<'_>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let secret = data.child("Secret").ok_or("It has no secret.")?;
    match (secret.child("PlainValue"), secret.child("EncryptedValue")) {
        (Some(value), None) => Ok(Zeroizing::new(base64(value.text()).ok_or("Its secret is not written in base64.")?)),
        (None, Some(value)) => locked.open(value, secret.child("ValueMAC")),
        _ => Err("It has no secret, or two.".into()),
    }
}

/// What a key may be used for. What is not understood forbids its use (RFC 6030 5).
fn policy(key: &Element, kind: Kind) -> Result<Valid, String> {
    let mut valid = Valid::default();
    let Some(policy) = key.child("Policy") else { return Ok(valid) };
    let mut usages = Vec::new();
    for element in policy.children() {
        match element.name.as_str() {
            "StartDate" => valid.from = Some(date(element)?),
            "ExpiryDate" => valid.until = Some(date(element)?),
            "KeyUsage" => usages.push(element.text()),
            // A PIN that the device asks for itself is none of ours.
            "PINPolicy" if element.attribute("PINUsageMode") == Some("Local") => {}
            "PINPolicy" => return Err("Its policy asks for a PIN that is checked with the passcode.".into()),
            _ => return Err("Its policy has a rule that is not kept here.".into()),
        }
    }
    let ours = |usage: &&str| matches!((*usage, kind), ("OTP", _) | ("CR", Kind::Asked { .. }));
    if !usages.is_empty() && !usages.iter().any(ours) {
        return Err("Its policy does not allow it to be used for passcodes.".into());
    }
    Ok(valid)
}

/// A date with its time. One before the epoch counts as the epoch.
fn date(element: &Element) -> Result<u64, String> {
    let date = OffsetDateTime::parse(element.text(), &Rfc3339);
    let date = date.map_err(|_| "A date of its policy cannot be read.")?;
    Ok(u64::try_from(date.unix_timestamp()).unwrap_or(0))
}
