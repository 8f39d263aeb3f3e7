//! Passkeys from the page's first question to a sign-in, with an authenticator that says what it is told to say.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::passkey::{PasskeyFaultKind, PasskeyVerified};
use doorward_api::ports::Entropy;
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;

/// Nothing here draws anything.
struct NoDice;

impl Entropy for NoDice {
    fn fill(&self, _into: &mut [u8]) {
        unreachable!()
    }
}

fn plugin_with(key: u8) -> Arc<dyn Plugin> {
    let host = Host { entropy: Arc::new(NoDice), issuer: "Doorward".into(), key: SecretBytes::new(vec![key; 32]) };
    (PLUGIN.build)(json!({}), host).unwrap()
}

fn plugin() -> Arc<dyn Plugin> {
    plugin_with(1)
}

const PORTAL: RelyingParty<'static> =
    RelyingParty { id: "portal.example.org", origin: "https://portal.example.org:8443" };
const ASKED: PasskeyChallenge = [3; 32];

/// A kind of authenticator that has a name.
const BITWARDEN: [u8; 16] = 0xd548826e_79b4_db40_a3d8_11116f7e8349_u128.to_be_bytes();

fn user() -> UserId {
    UserId::new("user-1")
}

fn request<'a>(user: &'a UserId, known: &'a [String]) -> PasskeyRequest<'a> {
    PasskeyRequest { party: PORTAL, issuer: "Example Ltd", user, account: "ada", display_name: "Ada Byron", known }
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// A device that keeps one passkey.
struct Device {
    key: Ed25519KeyPair,
    id: Vec<u8>,
    handle: String,
    flags: u8,
    count: u32,
    origin: &'static str,
}

/// The user was there and was verified; it is a passkey that is copied to other devices.
const SYNCED: u8 = 0b1_1101;
const HAS_CREDENTIAL: u8 = 1 << 6;

impl Device {
    fn new() -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
        Self {
            key,
            id: b"credential-1".to_vec(),
            handle: String::new(),
            flags: SYNCED,
            count: 0,
            origin: PORTAL.origin,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        serde_json::to_vec(&said).unwrap()
    }

    fn data(&self, flags: u8, more: &[u8]) -> Vec<u8> {
        let party = digest(&SHA256, PORTAL.id.as_bytes());
        [party.as_ref(), &[flags], &self.count.to_be_bytes(), more].concat()
    }

    /// `navigator.credentials.create()`, and `toJSON()` of what it gives.
    fn create(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let key = self.key.public_key().as_ref();
        let cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 0x20][..], key].concat();
        let len = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&BITWARDEN[..], &len, &self.id, &cose].concat();
        let info = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], key].concat();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": text(&self.client_data("webauthn.create", options)),
                "authenticatorData": text(&self.data(self.flags | HAS_CREDENTIAL, &credential)),
                "publicKey": text(&info), "publicKeyAlgorithm": -8,
                "transports": ["internal"], "attestationObject": "",
            },
        })
    }

    /// `navigator.credentials.get()`, and `toJSON()` of what it gives.
    fn get(&self, options: &Value) -> Value {
        let (client, data) = (self.client_data("webauthn.get", options), self.data(self.flags, &[]));
        let signature = self.key.sign(&[&data, digest(&SHA256, &client).as_ref()].concat());
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "authenticatorAttachment": null, "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&client), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": self.handle,
            },
        })
    }
}

/// The plugin, and a device with a passkey.
struct World {
    plugin: Arc<dyn Plugin>,
    device: Device,
    opened: SecretBytes,
}

impl World {
    fn new() -> Self {
        Self::with(Device::new())
    }

    fn with(mut device: Device) -> Self {
        let plugin = plugin();
        let made = register(&plugin, &mut device, |answer| answer).unwrap();
        Self { plugin, device, opened: made.opened }
    }

    fn passkeys(&self) -> &dyn Passkeys {
        self.plugin.passkeys().unwrap()
    }

    /// A sign-in by what the device says, with a change to it.
    fn sign_in(&self, change: impl FnOnce(Value) -> Value) -> Result<PasskeyVerified, PasskeyFault> {
        let options = self.passkeys().request_options(&PORTAL, &ASKED);
        let answer = change(self.device.get(&options)).to_string();
        self.passkeys().verify(&self.opened, &PORTAL, &ASKED, &answer)
    }
}

fn register(
    plugin: &Arc<dyn Plugin>,
    device: &mut Device,
    change: impl FnOnce(Value) -> Value,
) -> Result<NewPasskey, PasskeyFault> {
    let (passkeys, user) = (plugin.passkeys().unwrap(), user());
    let request = request(&user, &[]);
    let answer = change(device.create(&passkeys.creation_options(&request, &ASKED))).to_string();
    passkeys.register(&request, &ASKED, &answer)
}

fn set(mut answer: Value, pointer: &str, to: Value) -> Value {
    *answer.pointer_mut(pointer).unwrap() = to;
    answer
}

fn without(mut answer: Value, name: &str) -> Value {
    answer["response"].as_object_mut().unwrap().remove(name).unwrap();
    answer
}

#[test]
fn a_passkey_is_made_found_again_and_signs_its_user_in() {
    let (plugin, mut device) = (plugin(), Device::new());
    let made = register(&plugin, &mut device, |answer| answer).unwrap();
    assert_eq!(made.lookup, text(b"credential-1"));
    assert_eq!((made.name.as_str(), made.backed_up), ("Bitwarden", true));

    let passkeys = plugin.passkeys().unwrap();
    let answer = device.get(&passkeys.request_options(&PORTAL, &ASKED)).to_string();
    let whose = passkeys.whose(&answer).unwrap();
    assert_eq!(whose, Asserted { credential_id: made.lookup, user_handle: passkeys.user_handle(&user()) });
    let verified = passkeys.verify(&made.opened, &PORTAL, &ASKED, &answer).unwrap();
    assert_eq!((verified.cloned, verified.backed_up), (false, true));
    assert_eq!(verified.updated.expose(), made.opened.expose(), "it does not count");
}

#[test]
fn the_page_asks_for_a_passkey_that_verifies_its_user_and_needs_no_name() {
    let (plugin, user) = (plugin(), user());
    let passkeys = plugin.passkeys().unwrap();
    let known = [text(b"credential-0")];
    let asked = passkeys.creation_options(&request(&user, &known), &ASKED);
    assert_eq!(
        asked,
        json!({
            "rp": { "id": "portal.example.org", "name": "Example Ltd" },
            "user": { "id": passkeys.user_handle(&user), "name": "ada", "displayName": "Ada Byron" },
            "challenge": text(&ASKED),
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 300_000,
            "excludeCredentials": [{ "type": "public-key", "id": known[0] }],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
        })
    );
    let nameless = PasskeyRequest { issuer: "", ..request(&user, &[]) };
    assert_eq!(passkeys.creation_options(&nameless, &ASKED)["rp"]["name"], "Doorward");
    assert_eq!(
        passkeys.request_options(&PORTAL, &ASKED),
        json!({
            "challenge": text(&ASKED), "timeout": 300_000, "rpId": "portal.example.org",
            "allowCredentials": [], "userVerification": "required",
        })
    );
}

#[test]
fn a_handle_is_always_the_same_for_a_user_and_tells_nobody_who_it_is() {
    let handle = |key, user: &str| plugin_with(key).passkeys().unwrap().user_handle(&UserId::new(user));
    let ada = handle(1, "user-1");
    assert_eq!(BASE64URL_NOPAD.decode(ada.as_bytes()).unwrap().len(), 32);
    assert_eq!(ada, handle(1, "user-1"));
    assert_ne!(ada, handle(1, "user-2"));
    assert_ne!(ada, handle(2, "user-1"));
    assert_eq!(ada, "xCF5uuWcGTau_snkWdRHCRnWxlX8UKli8Zeprk188Eg");
}

#[test]
fn what_another_page_asked_or_nobody_was_verified_for_makes_no_passkey() {
    let plugin = plugin();
    let kind = |device: &mut Device| register(&plugin, device, |answer| answer).map_err(|fault| fault.kind).err();
    assert_eq!(kind(&mut Device::new()), None);
    let elsewhere = Some(PasskeyFaultKind::Elsewhere);
    assert_eq!(kind(&mut Device { origin: "https://portal.example.org", ..Device::new() }), elsewhere);
    assert_eq!(kind(&mut Device { origin: "https://evil.example", ..Device::new() }), elsewhere);
    let unverified = Some(PasskeyFaultKind::NotVerified);
    assert_eq!(kind(&mut Device { flags: 0b001, ..Device::new() }), unverified);
    let (passkeys, user) = (plugin.passkeys().unwrap(), user());
    let request = request(&user, &[]);
    let answer = Device::new().create(&passkeys.creation_options(&request, &[4; 32])).to_string();
    let fault = passkeys.register(&request, &ASKED, &answer).unwrap_err();
    assert_eq!(fault.kind, PasskeyFaultKind::Elsewhere);
    assert_eq!(fault.to_string(), "clientDataJSON challenge: it is not the one that was given");
}

#[test]
fn an_answer_that_is_none_is_refused_without_quoting_it() {
    let plugin = plugin();
    let refused = |change: &dyn Fn(Value) -> Value| register(&plugin, &mut Device::new(), change).unwrap_err();
    let changes: [&dyn Fn(Value) -> Value; 10] = [
        &|_| json!("secret"),
        &|_| json!({}),
        &|answer| set(answer, "/id", json!("secret+")),
        &|answer| set(answer, "/id", json!("")),
        &|answer| set(answer, "/id", json!(text(&[0; 1024]))),
        &|answer| set(answer, "/type", json!("secret")),
        &|answer| set(answer, "/response/publicKeyAlgorithm", json!("secret")),
        &|answer| set(answer, "/response/publicKey", json!("c2VjcmV0")),
        &|answer| without(answer, "publicKey"),
        &|answer| set(answer, "/rawId", json!("secret".repeat(6000))),
    ];
    for (at, change) in changes.iter().enumerate() {
        let fault = refused(change);
        assert_eq!(fault.kind, PasskeyFaultKind::Malformed, "{at}: {fault}");
        assert!(!fault.reason.contains("secret"), "{fault}");
    }
    let unsupported = refused(&|answer| set(answer, "/response/publicKeyAlgorithm", json!(-37)));
    assert_eq!(unsupported.kind, PasskeyFaultKind::Unsupported);
    let another = refused(&|answer| set(answer, "/id", json!(text(b"credential-2"))));
    assert_eq!(another.kind, PasskeyFaultKind::Rejected);
    let text = plugin.passkeys().unwrap().whose("secret").unwrap_err().reason;
    assert_eq!(text, "answer: it is no JSON (column 1)");
}

#[test]
fn a_sign_in_is_by_this_passkey_on_this_portal_by_a_user_who_was_verified() {
    let world = World::new();
    let kind = |change: &dyn Fn(Value) -> Value| world.sign_in(change).map_err(|fault| fault.kind).err();
    assert_eq!(kind(&|answer| answer), None);
    let rejected = Some(PasskeyFaultKind::Rejected);
    assert_eq!(kind(&|answer| set(answer, "/response/signature", json!(text(&[0; 64])))), rejected);
    assert_eq!(kind(&|answer| set(answer, "/id", json!(text(b"credential-2")))), rejected);
    let answer = world.device.get(&world.passkeys().request_options(&PORTAL, &ASKED)).to_string();
    let verify = |party: &RelyingParty<'_>, challenge: &PasskeyChallenge| {
        world.passkeys().verify(&world.opened, party, challenge, &answer).map_err(|fault| fault.kind).err()
    };
    let elsewhere = Some(PasskeyFaultKind::Elsewhere);
    assert_eq!(verify(&PORTAL, &[4; 32]), elsewhere);
    assert_eq!(verify(&RelyingParty { origin: "https://other.example.org", ..PORTAL }, &ASKED), elsewhere);
    assert_eq!(verify(&RelyingParty { id: "other.example.org", ..PORTAL }, &ASKED), elsewhere);
    let unverified = World { device: Device { flags: 0b1_1001, ..Device::new() }, ..World::new() };
    assert_eq!(unverified.sign_in(|answer| answer).unwrap_err().kind, PasskeyFaultKind::NotVerified);
    let another_kind = World { device: Device { flags: 0b101, ..Device::new() }, ..World::new() };
    assert_eq!(another_kind.sign_in(|answer| answer).unwrap_err().kind, PasskeyFaultKind::Rejected);
}

#[test]
fn a_passkey_that_says_no_name_is_nobodys() {
    let world = World::new();
    let answer = world.device.get(&world.passkeys().request_options(&PORTAL, &ASKED));
    let long = text(&[0; 65]);
    for nobody in [
        without(answer.clone(), "userHandle"),
        set(answer.clone(), "/response/userHandle", Value::Null),
        set(answer.clone(), "/response/userHandle", json!("")),
        set(answer, "/response/userHandle", json!(long)),
    ] {
        let fault = world.passkeys().whose(&nobody.to_string()).unwrap_err();
        assert_eq!(fault.reason, "userHandle: it has 1 to 64 bytes");
    }
}

#[test]
fn a_count_that_goes_back_is_reported_each_time() {
    let mut world = World::with(Device { count: 5, ..Device::new() });
    for (count, cloned) in [(6, false), (9, false), (7, true), (8, true), (9, true), (10, false)] {
        world.device.count = count;
        let verified = world.sign_in(|answer| answer).unwrap();
        assert_eq!(verified.cloned, cloned, "{count}");
        world.opened = verified.updated;
    }
}

#[test]
fn whether_it_is_copied_is_what_it_last_said() {
    let mut world = World::with(Device { flags: 0b1101, ..Device::new() });
    assert!(!world.sign_in(|answer| answer).unwrap().backed_up);
    world.device.flags = SYNCED;
    let verified = world.sign_in(|answer| answer).unwrap();
    assert!(verified.backed_up);
    let kept: Value = serde_json::from_slice(verified.updated.expose()).unwrap();
    assert_eq!((&kept["backup_eligible"], &kept["backed_up"]), (&json!(true), &json!(true)));
}

#[test]
fn bytes_that_are_not_its_own_are_damaged_and_not_the_users_fault() {
    let world = World::new();
    let written = std::str::from_utf8(world.opened.expose()).unwrap().to_owned();
    let answer = world.device.get(&world.passkeys().request_options(&PORTAL, &ASKED)).to_string();
    let version = written.replace("\"v\":1", "\"v\":2");
    let key = written.replace("\"key\":\"", "\"key\":\"AAAA");
    for opened in ["", "{}", &version, &key, &written.replace('{', "{\"more\":1,")] {
        let opened = SecretBytes::new(opened.as_bytes().to_vec());
        let fault = world.passkeys().verify(&opened, &PORTAL, &ASKED, &answer).unwrap_err();
        assert_eq!(fault.kind, PasskeyFaultKind::Damaged, "{fault}");
    }
}

#[test]
fn nothing_can_be_set() {
    let host = Host { entropy: Arc::new(NoDice), issuer: String::new(), key: SecretBytes::default() };
    let refused = (PLUGIN.build)(json!({ "tiemout": 5 }), host).err().unwrap();
    assert_eq!(refused.field, "tiemout");
}

proptest! {
    #[test]
    fn whatever_the_page_sends_is_answered(
        answer in ".{0,200}",
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let world = World::new();
        let (passkeys, user) = (world.passkeys(), user());
        let request = request(&user, &[]);
        prop_assert!(passkeys.whose(&answer).is_err());
        prop_assert!(passkeys.register(&request, &ASKED, &answer).is_err());
        let right = world.device.get(&passkeys.request_options(&PORTAL, &ASKED)).to_string();
        let mut changed = right.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let changed = String::from_utf8_lossy(&changed);
        let _ = passkeys.whose(&changed);
        let _ = passkeys.register(&request, &ASKED, &changed);
        let _ = passkeys.verify(&world.opened, &PORTAL, &ASKED, &changed);
    }
}
