//! The test vectors of WebAuthn level 3, and what becomes of them when something is changed.

use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Deserializer};

use super::*;
use crate::cbor::Reader;
use crate::fault::Part;

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";

fn hex<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)
}

/// An example: a registration, and an assertion by the credential that it has made.
#[derive(Debug, Clone, Deserialize)]
struct Example {
    name: String,
    algorithm: i64,
    #[serde(deserialize_with = "hex")]
    aaguid: Vec<u8>,
    #[serde(deserialize_with = "hex")]
    credential_id: Vec<u8>,
    #[serde(deserialize_with = "hex")]
    public_key: Vec<u8>,
    registration: Said,
    assertion: Said,
}

#[derive(Debug, Clone, Deserialize)]
struct Said {
    #[serde(deserialize_with = "hex")]
    challenge: Vec<u8>,
    client_data: String,
    #[serde(deserialize_with = "hex")]
    authenticator_data: Vec<u8>,
    #[serde(default, deserialize_with = "hex")]
    signature: Vec<u8>,
}

impl Said {
    fn expected(&self) -> Expected<'_> {
        Expected { rp_id: RP_ID, origin: ORIGIN, challenge: &self.challenge, user_verified: false }
    }
}

impl Example {
    fn register_for(&self, expected: &Expected<'_>) -> Result<Registered, Fault> {
        let made = Registration {
            client_data: self.registration.client_data.as_bytes(),
            authenticator_data: &self.registration.authenticator_data,
            public_key: &self.public_key,
            algorithm: self.algorithm,
        };
        register(expected, &Algorithm::ALL, &made)
    }

    fn register(&self) -> Result<Registered, Fault> {
        self.register_for(&self.registration.expected())
    }

    fn verify_for(&self, expected: &Expected<'_>, known: &Registered) -> Result<Asserted, Fault> {
        let known =
            Known { key: &known.key, sign_count: known.sign_count, backup_eligible: Some(known.backup_eligible) };
        let given = Assertion {
            client_data: self.assertion.client_data.as_bytes(),
            authenticator_data: &self.assertion.authenticator_data,
            signature: &self.assertion.signature,
        };
        verify(expected, &known, &given)
    }

    fn verify(&self) -> Result<Asserted, Fault> {
        self.verify_for(&self.assertion.expected(), &plain(self).register().unwrap())
    }
}

/// `vectors.json`: section 16 of WebAuthn level 3, where the public keys are given as private ones; they were written
/// as SubjectPublicKeyInfo by another library.
static EXAMPLES: LazyLock<Vec<Example>> =
    LazyLock::new(|| serde_json::from_str(include_str!("tests/vectors.json")).unwrap());

fn example(name: &str) -> Example {
    EXAMPLES.iter().find(|example| example.name == name).unwrap().clone()
}

/// The same example, asked by a page that stands by itself.
fn plain(example: &Example) -> Example {
    let mut plain = example.clone();
    let text = &mut plain.registration.client_data;
    *text = text.replace("\"crossOrigin\":true", "\"crossOrigin\":false").replace("\"topOrigin\"", "\"another\"");
    plain
}

#[test]
fn the_examples_of_webauthn_hold_for_the_algorithms_that_are_asked_for() {
    let mut held = Vec::new();
    for example in EXAMPLES.iter().filter(|example| !example.name.contains("Origin")) {
        let registered = example.register();
        if Algorithm::of(example.algorithm).is_none() {
            assert_eq!(registered, Err(Fault::Algorithm), "{}", example.name);
            continue;
        }
        let registered = registered.unwrap();
        assert_eq!(registered.id, example.credential_id, "{}", example.name);
        assert_eq!(registered.aaguid[..], example.aaguid, "{}", example.name);
        assert_eq!(registered.key.algorithm().cose(), example.algorithm, "{}", example.name);
        let asserted = example.verify().unwrap();
        assert!(!asserted.cloned, "neither counts: {}", example.name);
        held.push(registered.key.algorithm());
    }
    let of = |asked| held.iter().filter(|algorithm| **algorithm == asked).count();
    assert_eq!(Algorithm::ALL.map(of), [8, 1, 1]);
}

#[test]
fn a_page_inside_of_another_site_is_refused_whether_it_says_which_or_not() {
    for name in ["none-es256-crossOrigin", "none-es256-topOrigin"] {
        let example = example(name);
        assert_eq!(example.register(), Err(Fault::CrossOrigin), "{name}");
        assert_eq!(example.verify(), Err(Fault::CrossOrigin), "{name}");
    }
}

#[test]
fn what_the_flags_say_is_told_and_the_user_must_be_verified_where_that_is_asked() {
    let example = example("none-es256");
    let registered = example.register().unwrap();
    let flags = (registered.backup_eligible, registered.backed_up, registered.user_verified, registered.sign_count);
    assert_eq!(flags, (true, true, false, 0));
    let verified = Expected { user_verified: true, ..example.registration.expected() };
    assert_eq!(example.register_for(&verified), Err(Fault::UserVerified));
    let verified = Expected { user_verified: true, ..example.assertion.expected() };
    assert_eq!(example.verify_for(&verified, &registered), Err(Fault::UserVerified));
}

#[test]
fn each_thing_that_is_not_what_was_asked_is_named() {
    let example = example("none-es256");
    let known = example.register().unwrap();
    let (register, verify) = (example.registration.expected(), example.assertion.expected());
    for (wrong, fault) in [
        (Expected { challenge: &[0; 32], ..register }, Fault::Challenge),
        (Expected { challenge: &[], ..register }, Fault::Challenge),
        (Expected { origin: "https://example.org:444", ..register }, Fault::Origin),
        (Expected { origin: "http://example.org", ..register }, Fault::Origin),
        (Expected { rp_id: "www.example.org", ..register }, Fault::RelyingParty),
    ] {
        assert_eq!(example.register_for(&wrong), Err(fault));
    }
    for (wrong, fault) in [
        (Expected { challenge: &example.registration.challenge, ..verify }, Fault::Challenge),
        (Expected { origin: "https://example.com", ..verify }, Fault::Origin),
        (Expected { rp_id: "org", ..verify }, Fault::RelyingParty),
    ] {
        assert_eq!(example.verify_for(&wrong, &known), Err(fault));
    }
}

#[test]
fn client_data_of_the_other_ceremony_or_that_are_none_are_refused() {
    let example = example("none-es256");
    let said = |text: String| {
        let mut changed = example.clone();
        changed.registration.client_data = text;
        changed.register().map(|_| ())
    };
    let text = example.registration.client_data.clone();
    assert_eq!(said(text.clone()), Ok(()));
    assert_eq!(said(format!("\u{feff}{text}")), Ok(()), "a mark of the byte order is no part of it");
    assert_eq!(said(text.replace("webauthn.create", "webauthn.get")), Err(Fault::Type));
    assert_eq!(said(text.replace("\"challenge\"", "\"chall\"")), Err(Fault::ClientData));
    assert_eq!(said(format!("{{\"type\":\"webauthn.get\",{}", &text[1..])), Err(Fault::ClientData), "said twice");
    assert_eq!(said(format!("{text}.")), Err(Fault::ClientData));
    assert_eq!(said("[".repeat(4096)), Err(Fault::ClientData));
    let long = text.replace("extraData", &"x".repeat(4096));
    assert_eq!(said(long), Err(Fault::TooLong(Part::ClientData)));
}

/// Offset of the flags, and what they mean.
const FLAGS: usize = 32;
const UP: u8 = 1;
const BE: u8 = 1 << 3;
const BS: u8 = 1 << 4;
const AT: u8 = 1 << 6;
const ED: u8 = 1 << 7;

#[test]
fn authenticator_data_are_as_long_as_their_flags_say() {
    let example = example("none-es256");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = example.clone();
        change(&mut changed.registration.authenticator_data);
        changed.register().map(|_| ())
    };
    assert_eq!(with(&|data| data[FLAGS] &= !UP), Err(Fault::UserPresent));
    assert_eq!(with(&|data| data[FLAGS] &= !BE), Err(Fault::BackupState));
    assert_eq!(with(&|data| data[FLAGS] &= !AT), Err(Fault::CredentialData));
    assert_eq!(with(&|data| data[FLAGS] |= ED), Err(Fault::AuthenticatorData), "extensions that are not there");
    assert_eq!(with(&|data| data.push(0xa0)), Err(Fault::AuthenticatorData), "extensions that were not announced");
    let extended = |data: &mut Vec<u8>, extensions: &[u8]| {
        data[FLAGS] |= ED;
        data.extend_from_slice(extensions);
    };
    assert_eq!(with(&|data| extended(data, b"\xa1\x6bcredProtect\x02")), Ok(()));
    assert_eq!(with(&|data| extended(data, b"\xa1\x6bcredProtect\x02\x00")), Err(Fault::AuthenticatorData));
    assert_eq!(with(&|data| extended(data, b"\x80")), Err(Fault::AuthenticatorData));
    for short in [0, 36, 37, 52, 54, 60] {
        assert_eq!(with(&|data| data.truncate(short)), Err(Fault::AuthenticatorData), "{short}");
    }
    assert_eq!(with(&|data| data.truncate(160)), Err(Fault::CredentialPublicKey));
    assert_eq!(with(&|data| data[54] = 0), Err(Fault::CredentialId));
    assert_eq!(with(&|data| data[53] = 4), Err(Fault::CredentialId));
    assert_eq!(with(&|data| data.resize(4097, 0)), Err(Fault::TooLong(Part::AuthenticatorData)));
}

#[test]
fn the_browser_and_the_authenticator_name_the_same_key() {
    let (one, other) = (example("none-es256"), example("packed-es256"));
    let swapped = Example { public_key: other.public_key, ..one.clone() };
    assert_eq!(swapped.register(), Err(Fault::KeyMismatch));
    let edwards = example("packed-eddsa");
    let another_kind = Example { public_key: edwards.public_key, algorithm: -8, ..one.clone() };
    assert_eq!(another_kind.register(), Err(Fault::KeyMismatch));
    assert_eq!(Example { algorithm: -257, ..one.clone() }.register(), Err(Fault::PublicKey));
    assert_eq!(Example { algorithm: -37, ..one.clone() }.register(), Err(Fault::Algorithm));
    let mut compressed = one.clone();
    compressed.public_key[26] = 2;
    assert_eq!(compressed.register(), Err(Fault::PublicKey));
    let mut longer = one.clone();
    longer.public_key.push(0);
    assert_eq!(longer.register(), Err(Fault::PublicKey));
    let long = Example { public_key: vec![0x30; 2049], ..one.clone() };
    assert_eq!(long.register(), Err(Fault::TooLong(Part::PublicKey)));
    let asked = [Algorithm::Rs256];
    assert_eq!(PublicKey::read(&one.public_key, -7, &asked), Err(Fault::Algorithm));
}

/// A COSE_Key, as an authenticator writes it.
fn cose(hex: &str) -> Result<PublicKey, Fault> {
    let bytes = HEXLOWER.decode(hex.replace(' ', "").as_bytes()).unwrap();
    let mut reader = Reader::new(&bytes);
    PublicKey::of_authenticator(&mut reader, &Algorithm::ALL)
}

#[test]
fn a_key_has_the_members_of_its_kind_in_their_order_and_no_others() {
    let x = "afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61";
    assert!(cose(&format!("a4 0101 0327 2006 21 5820 {x}")).is_ok());
    assert!(cose(&format!("a5 0102 0326 2001 21 5820 {x} 22 5820 {x}")).is_ok());
    for wrong in [
        // Of another kind or curve, with one member more, in another order, one of them too short, a y that is a sign.
        format!("a4 0102 0327 2006 21 5820 {x}"),
        format!("a4 0101 0327 2001 21 5820 {x}"),
        format!("a5 0101 0327 2006 21 5820 {x} 2200"),
        format!("a4 0327 0101 2006 21 5820 {x}"),
        format!("a4 0101 0327 21 5820 {x} 2006"),
        format!("a4 0101 0327 2006 21 581f {x}"),
        format!("a5 0102 0326 2002 21 5820 {x} 22 5820 {x}"),
        format!("a5 0102 0326 2001 21 5820 {x} 22 f5"),
        format!("a4 0102 0326 2001 21 5820 {x}"),
        format!("bf 0101 0327 2006 21 5820 {x} ff"),
        format!("a4 0101 033807 2006 21 5820 {x}"),
        String::new(),
    ] {
        assert_eq!(cose(&wrong), Err(Fault::CredentialPublicKey), "{wrong}");
    }
    assert_eq!(cose(&format!("a4 0101 0328 2006 21 5820 {x}")), Err(Fault::Algorithm));
}

#[test]
fn an_rsa_key_is_long_enough_and_has_the_usual_exponent() {
    let key = |modulus: &[u8], exponent: &str| {
        let len = modulus.len();
        cose(&format!("a4 0103 03390100 20 59{len:04x} {} 21 {exponent}", HEXLOWER.encode(modulus)))
    };
    let modulus = |len: usize, first: u8, last: u8| {
        let mut modulus = vec![0x55; len];
        (modulus[0], modulus[len - 1]) = (first, last);
        modulus
    };
    assert!(key(&modulus(256, 0x80, 1), "43010001").is_ok());
    assert!(key(&modulus(1024, 0xff, 1), "43010001").is_ok());
    for (modulus, exponent) in [
        (modulus(256, 0x7f, 1), "43010001"),
        (modulus(1025, 1, 1), "43010001"),
        (modulus(256, 0x80, 2), "43010001"),
        (modulus(257, 0, 1), "43010001"),
        (modulus(256, 0x80, 1), "4103"),
        (modulus(256, 0x80, 1), "4400010001"),
        (modulus(256, 0x80, 1), "40"),
    ] {
        assert_eq!(key(&modulus, exponent), Err(Fault::CredentialPublicKey), "{} {exponent}", modulus.len());
    }
}

#[test]
fn a_key_is_kept_as_text_and_read_back_if_it_is_one() {
    for name in ["none-es256", "packed-eddsa", "packed-rs256"] {
        let key = example(name).register().unwrap().key;
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key, "{text}");
        for (from, to) in [("\"key\":\"", "\"key\":\"AAAA"), ("-", "-1"), ("\"}", "=\"}"), ("{", "{\"v\":1,")] {
            let wrong = text.replacen(from, to, 1);
            assert!(serde_json::from_str::<PublicKey>(&wrong).is_err(), "{wrong}");
        }
    }
}

/// An authenticator that says what it is told to say.
struct Authenticator(Ed25519KeyPair);

impl Authenticator {
    fn new() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }

    fn key(&self) -> PublicKey {
        cose(&format!("a4 0101 0327 2006 21 5820 {}", HEXLOWER.encode(self.0.public_key().as_ref()))).unwrap()
    }

    fn assert(&self, flags: u8, count: u32, more: &[u8], known: (u32, Option<bool>)) -> Result<Asserted, Fault> {
        let challenge = [9; 32];
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{ORIGIN}"}}"#,
            BASE64URL_NOPAD.encode(&challenge)
        );
        let party = digest(&SHA256, RP_ID.as_bytes());
        let data = [party.as_ref(), &[flags], &count.to_be_bytes(), more].concat();
        let message = [&data, digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.0.sign(&message);
        let signature = signature.as_ref();
        let given = Assertion { client_data: client.as_bytes(), authenticator_data: &data, signature };
        let (sign_count, backup_eligible) = known;
        let expected = Expected { rp_id: RP_ID, origin: ORIGIN, challenge: &challenge, user_verified: true };
        verify(&expected, &Known { key: &self.key(), sign_count, backup_eligible }, &given)
    }
}

const THERE: u8 = 0b101;

#[test]
fn a_count_that_does_not_go_up_is_reported_and_none_at_all_is_not() {
    let authenticator = Authenticator::new();
    let cloned = |count, known| authenticator.assert(THERE, count, &[], (known, None)).unwrap().cloned;
    assert_eq!([(0, 0), (1, 0), (6, 5), (u32::MAX, 5)].map(|(count, known)| cloned(count, known)), [false; 4]);
    assert_eq!([(5, 5), (4, 5), (0, 5)].map(|(count, known)| cloned(count, known)), [true; 3]);
    assert_eq!(authenticator.assert(THERE, 6, &[], (5, None)).unwrap().sign_count, 6);
}

#[test]
fn an_assertion_has_no_credential_in_it_and_stays_as_copyable_as_it_was() {
    let authenticator = Authenticator::new();
    let given = |flags, more: &[u8], eligible| {
        authenticator.assert(flags, 0, more, (0, eligible)).map(|asserted| asserted.backed_up)
    };
    assert_eq!(given(THERE, &[], None), Ok(false));
    assert_eq!(given(THERE | BE | BS, &[], None), Ok(true));
    assert_eq!(given(THERE | BE, &[], Some(true)), Ok(false));
    assert_eq!(given(THERE | BE, &[], Some(false)), Err(Fault::BackupEligible));
    assert_eq!(given(THERE, &[], Some(true)), Err(Fault::BackupEligible));
    assert_eq!(given(THERE | BS, &[], None), Err(Fault::BackupState));
    assert_eq!(given(THERE | AT, &[], None), Err(Fault::CredentialData));
    assert_eq!(given(THERE, &[0], None), Err(Fault::AuthenticatorData));
    assert_eq!(given(THERE | ED, b"\xa1\x63prf\xf5", None), Ok(false));
    assert_eq!(given(THERE | ED, b"\xa1\x63prf", None), Err(Fault::AuthenticatorData));
    assert_eq!(given(THERE & !UP, &[], None), Err(Fault::UserPresent));
}

#[test]
fn a_signature_is_of_this_key_and_of_these_very_bytes() {
    for name in ["none-es256", "packed-eddsa", "packed-rs256"] {
        let example = example(name);
        let known = example.register().unwrap();
        let wrong = |change: &dyn Fn(&mut Said)| {
            let mut changed = example.clone();
            change(&mut changed.assertion);
            changed.verify_for(&example.assertion.expected(), &known)
        };
        assert_eq!(wrong(&|said| said.signature[9] ^= 1), Err(Fault::Signature), "{name}");
        assert_eq!(wrong(&|said| said.signature.clear()), Err(Fault::Signature), "{name}");
        assert_eq!(wrong(&|said| said.signature.resize(1025, 0)), Err(Fault::TooLong(Part::Signature)), "{name}");
        assert_eq!(wrong(&|said| said.client_data.push(' ')), Err(Fault::Signature), "{name}");
        assert_eq!(wrong(&|said| said.authenticator_data[36] ^= 1), Err(Fault::Signature), "{name}");
        let stranger = self::example("tpm-es256").register().unwrap();
        let stranger = Registered { backup_eligible: known.backup_eligible, ..stranger };
        assert_eq!(example.verify_for(&example.assertion.expected(), &stranger), Err(Fault::Signature), "{name}");
    }
}

#[test]
fn every_fault_names_what_was_checked() {
    let texts = [
        (Fault::TooLong(Part::Signature), "signature: at most 1024 bytes are read"),
        (Fault::Challenge, "clientDataJSON challenge: it is not the one that was given"),
        (Fault::UserVerified, "authenticatorData flag UV: the user was not verified"),
    ];
    for (fault, text) in texts {
        assert_eq!(fault.to_string(), text);
    }
}

/// A change of a byte string: cut somewhere, lengthened, or a byte of it changed.
fn changed(bytes: &[u8], at: prop::sample::Index, byte: u8, cut: bool) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let at = at.index(bytes.len());
    if cut {
        changed.truncate(at)
    } else {
        changed[at] = byte
    }
    changed
}

proptest! {
    #[test]
    fn whatever_comes_is_answered(
        client in prop::collection::vec(any::<u8>(), 0..200),
        data in prop::collection::vec(any::<u8>(), 0..300),
        key in prop::collection::vec(any::<u8>(), 0..300),
        algorithm in prop::sample::select(vec![-7_i64, -8, -257, 0]),
        signature in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let example = &EXAMPLES[0];
        let made = Registration { client_data: &client, authenticator_data: &data, public_key: &key, algorithm };
        let expected = example.registration.expected();
        prop_assert!(register(&expected, &Algorithm::ALL, &made).is_err());
        let right = Registration { client_data: example.registration.client_data.as_bytes(), ..made };
        prop_assert!(register(&expected, &Algorithm::ALL, &right).is_err());
        let _ = PublicKey::of_authenticator(&mut Reader::new(&data), &Algorithm::ALL);
        let _ = PublicKey::read(&key, algorithm, &Algorithm::ALL);
        let _ = Reader::new(&data).pass_map();
        let known = example.register().unwrap();
        let known = Known { key: &known.key, sign_count: 0, backup_eligible: None };
        let given = Assertion {
            client_data: example.assertion.client_data.as_bytes(),
            authenticator_data: &data,
            signature: &signature,
        };
        prop_assert!(verify(&example.assertion.expected(), &known, &given).is_err());
    }

    #[test]
    fn an_example_with_one_change_is_answered_and_never_taken_for_another_key(
        which in 0..EXAMPLES.len(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let example = plain(&EXAMPLES[which]);
        let right = example.register();
        let mut wrong = example.clone();
        wrong.registration.authenticator_data = changed(&example.registration.authenticator_data, at, byte, cut);
        if let (Ok(right), Ok(changed)) = (&right, wrong.register()) {
            prop_assert_eq!(&right.key, &changed.key);
        }
        let mut wrong = example.clone();
        wrong.public_key = changed(&example.public_key, at, byte, cut);
        prop_assert!(wrong.public_key == example.public_key || wrong.register().is_err());
        if let Ok(known) = &right {
            let mut wrong = example.clone();
            wrong.assertion.signature = changed(&example.assertion.signature, at, byte, cut);
            let same = wrong.assertion.signature == example.assertion.signature;
            prop_assert!(same || wrong.verify_for(&example.assertion.expected(), known).is_err());
        }
    }
}
