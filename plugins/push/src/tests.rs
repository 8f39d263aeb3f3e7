//! The app's side of the protocol, played against the plugin: what it scans, signs and is answered.

use std::os::unix::fs::PermissionsExt;

use data_encoding::{BASE32, BASE64, HEXLOWER};
use doorward_api::device::{ActivationFailure, ActivationStage, DeviceSaid};
use doorward_api::flow::KeptSecret;
use doorward_api::ports::Entropy;
use doorward_api::push::{PushAnswer, PushContext, PushData, PushPurpose, PushState};
use doorward_api::{CredentialId, FlowId, OperatorId, PushId, TokenState, UserId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::*;
use crate::challenge::{Challenge, capabilities_text};

const PORTAL: &str = "https://gate.example";
const URL: &str = "https://gate.example/.doorward/p/push";
const SERIAL: &str = "aeaqcaibaeaqcaibaeaqcaibae";
const AGENT: &str = "privacyIDEA-App/4.8 ios/17.1";
/// 2026-11-23T22:21:07Z.
const NOW: Timestamp = Timestamp::from_secs(1_795_472_467);
const AT_NOW: &str = "2026-11-23T22:21:07.000000Z";

const GATEWAY: &str = include_str!("tests/gateway.pem");
const PHONE: &str = include_str!("tests/phone.pem");
const OTHER_PHONE: &str = include_str!("tests/other-phone.pem");

/// Never the same twice.
#[derive(Default)]
struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, into: &mut [u8]) {
        for byte in into {
            *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

fn host() -> Host {
    Host { entropy: Arc::new(Counting::default()), issuer: "Doorward".into(), key: SecretBytes::new(vec![7; 32]) }
}

fn plugin_with(pem: &str) -> Arc<dyn Plugin> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("push.pem");
    std::fs::write(&path, pem).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    (PLUGIN.build)(json!({ "key_file": path }), host()).unwrap()
}

fn request() -> OfferRequest {
    OfferRequest {
        credential: CredentialId::new(SERIAL),
        origin: Some(PORTAL.into()),
        user: UserId::new("u"),
        account: "alice".into(),
        issuer: "Gate".into(),
        template: Template::STANDARD_APP,
        target: Target::Ios,
    }
}

/// A phone's key, and what of the gateway it believes.
struct App {
    pair: RsaKeyPair,
}

impl App {
    fn new(pem: &str) -> Self {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pair = RsaKeyPair::from_pkcs8(&BASE64.decode(body.as_bytes()).unwrap()).unwrap();
        Self { pair }
    }

    fn sign(&self, text: &str) -> String {
        let mut made = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut made).unwrap();
        BASE32.encode(&made)
    }

    /// `SubjectPublicKeyInfo`, as the app writes it.
    fn public(&self) -> String {
        let key = self.pair.public_key().as_ref();
        let tagged = |tag: u8, content: &[u8]| {
            let len = u16::try_from(content.len()).unwrap().to_be_bytes();
            [&[tag, 0x82, len[0], len[1]][..], content].concat()
        };
        let algorithm = HEXLOWER.decode(b"300d06092a864886f70d0101010500").unwrap();
        let bits = tagged(0x03, &[&[0], key].concat());
        BASE64.encode(&tagged(0x30, &[algorithm, bits].concat()))
    }

    fn poll(&self, timestamp: &str) -> String {
        let signature = self.sign(&format!("{SERIAL}|{timestamp}"));
        form(&[("serial", SERIAL), ("timestamp", timestamp), ("signature", &signature)])
    }

    fn enrol(&self, credential: &str) -> String {
        form(&[
            ("enrollment_credential", credential),
            ("serial", SERIAL),
            ("fbtoken", "no_firebase_token"),
            ("pubkey", &self.public()),
            ("capabilities", "[\"decline_reason\"]"),
        ])
    }

    /// An answer; of each further field its value is signed, of `decline` its name.
    fn answer(&self, nonce: &str, further: &[(&str, &str)]) -> String {
        let mut text = format!("{nonce}|{SERIAL}");
        for (name, value) in further {
            text = format!("{text}|{}", if *name == "decline" { name } else { value });
        }
        let signature = self.sign(&text);
        let fields = [("serial", SERIAL), ("nonce", nonce), ("signature", &signature)];
        form(&[&fields, further].concat())
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

/// A token in the gateway, with what the host would do for it.
struct World {
    plugin: Arc<dyn Plugin>,
    opened: SecretBytes,
    state: TokenState,
    agent: &'static str,
    allowed: Vec<Target>,
    push_enabled: bool,
    pending: Vec<Push>,
    now: Timestamp,
}

impl World {
    /// A token whose QR code is shown.
    async fn issued() -> Self {
        let plugin = plugin_with(GATEWAY);
        let offer = plugin.authenticator().unwrap().offer(&request(), NOW).await.unwrap();
        Self {
            plugin,
            opened: offer.opened,
            state: TokenState::Assigned,
            agent: AGENT,
            allowed: vec![Target::Ios, Target::Android],
            push_enabled: true,
            pending: Vec::new(),
            now: NOW,
        }
    }

    /// One that is in use, with a request that waits.
    async fn in_use() -> (Self, App) {
        let (mut world, app) = (Self::issued().await, App::new(PHONE));
        let answer = world.post(&app.enrol(&world.credential()));
        assert_eq!(answer.status, 200);
        world.confirm(true);
        world.state = TokenState::Active;
        world.pending = vec![push("p1", "47")];
        (world, app)
    }

    fn device(&self) -> &dyn Device {
        self.plugin.authenticator().unwrap().device().unwrap()
    }

    fn shown(&self) -> (String, ActivationStage) {
        let view = self.plugin.authenticator().unwrap().show(&self.opened, &request()).unwrap();
        let OfferView::Activation { link, code, stage } = view else { panic!("it has no secret to show") };
        assert!(code.is_empty());
        (link.expose().to_owned(), stage)
    }

    fn credential(&self) -> String {
        let (link, _) = self.shown();
        let (_, rest) = link.split_once("enrollment_credential=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    }

    fn confirm(&mut self, theirs: bool) {
        self.opened = self.device().confirm(&self.opened, theirs).unwrap().unwrap();
    }

    fn call(&mut self, method: &str, query: &str, body: &str) -> DeviceAnswer {
        let headers = [("user-agent".to_owned(), self.agent.to_owned())];
        let call = DeviceCall { name: "", method, query, target_uri: URL, headers: &headers, body: body.as_bytes() };
        match self.device().addressee(&call) {
            Ok(addressee) if addressee == Addressee::Token(CredentialId::new(SERIAL)) => {}
            Ok(_) => return self.device().unknown(&call),
            Err(answer) => return answer,
        }
        let token = DeviceToken {
            id: &CredentialId::new(SERIAL),
            serial: "GAKT001",
            state: self.state,
            opened: &self.opened,
            template: &Template::STANDARD_APP,
            target: Some(Target::Ios),
            account: "alice",
            issuer: "Gate",
            origin: PORTAL,
            portal: PORTAL,
            support: None,
            allowed: &self.allowed,
            push_enabled: self.push_enabled,
            pending: &self.pending,
        };
        let answer = self.device().answer(&call, &token, self.now).unwrap();
        if let Some(keep) = &answer.keep {
            self.opened = keep.clone();
        }
        answer
    }

    fn post(&mut self, body: &str) -> DeviceAnswer {
        self.call("POST", "", body)
    }

    fn get(&mut self, query: &str) -> DeviceAnswer {
        self.call("GET", query, "")
    }

    /// The requests that a poll shows.
    fn polled(&mut self, app: &App, timestamp: &str) -> Vec<Value> {
        let answer = self.get(&app.poll(timestamp));
        assert_eq!(answer.status, 200);
        value_of(&answer).as_array().unwrap().clone()
    }
}

fn push(id: &str, number: &str) -> Push {
    let context = PushContext {
        application: Some("Wiki".into()),
        address: "203.0.113.7".into(),
        browser: "Firefox on Windows".into(),
    };
    Push {
        id: PushId::new(id),
        user: UserId::new("u"),
        purpose: PushPurpose::SignIn { flow: FlowId::new("f") },
        state: PushState::Pending,
        created_at: NOW,
        expires_at: NOW + std::time::Duration::from_secs(120),
        data: PushData {
            nonce: format!("nonce-of-{id}"),
            number: KeptSecret::new(&Secret::new(number)),
            context,
            answered_by: None,
            serial: None,
        },
    }
}

fn json_of(answer: &DeviceAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn value_of(answer: &DeviceAnswer) -> Value {
    json_of(answer)["result"]["value"].clone()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {value}")).to_owned()
}

/// What the enrolment tells of the gateway's key: the DER of an `RSAPublicKey`.
fn gateway_key(enrolled: &Value) -> Vec<u8> {
    BASE64.decode(text(&enrolled["detail"], "public_key").as_bytes()).unwrap()
}

fn gateway_signed(key: &[u8], text: &str, made: &str) -> bool {
    let made = BASE32.decode(made.as_bytes()).unwrap();
    UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key).verify(text.as_bytes(), &made).is_ok()
}

fn refusals(answer: &DeviceAnswer) -> Vec<&'static str> {
    let reason =
        |said: &DeviceSaid| if let DeviceSaid::ActivationRefused { reason } = said { Some(*reason) } else { None };
    answer.said.iter().filter_map(reason).collect()
}

fn approved(id: &str, number: &str) -> Vec<DeviceSaid> {
    let number = KeptSecret::new(&Secret::new(number));
    vec![DeviceSaid::PushAnswered { push: PushId::new(id), answer: PushAnswer::Approve { number } }]
}

#[tokio::test]
async fn a_phone_is_enrolled_by_the_qr_code_and_the_word_of_the_browser() {
    let (mut world, app) = (World::issued().await, App::new(PHONE));
    let (link, stage) = world.shown();
    assert_eq!(stage, ActivationStage::Waiting);
    assert_eq!(world.shown().0, link, "a page that is loaded anew shows the same");
    assert!(
        link.starts_with("otpauth://pipush/Gate:alice?url=https%3A%2F%2Fgate.example%2F.doorward%2Fp%2Fpush&ttl=10")
    );

    // An iPhone asks first whether there is a network at all.
    let probe = world.post("");
    assert_eq!((probe.status, probe.keep.is_none()), (400, true));
    assert_eq!(json_of(&probe)["result"]["status"], json!(false));

    let credential = world.credential();
    assert!(credential.len() == 40 && credential.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    let enrolled = world.post(&app.enrol(&credential));
    assert_eq!(enrolled.status, 200);
    let body = json_of(&enrolled);
    assert_eq!((&body["result"]["status"], &body["result"]["value"]), (&json!(true), &json!(true)));
    assert_eq!((&body["detail"]["rollout_state"], &body["detail"]["serial"]), (&json!("enrolled"), &json!(SERIAL)));
    assert!(text(&body["detail"], "public_key").starts_with("MII"));
    let [DeviceSaid::Found { device }] = enrolled.said.as_slice() else { panic!("{:?}", enrolled.said) };
    assert_eq!(device.name, "iPhone, privacyIDEA 4.8");

    let name = "iPhone, privacyIDEA 4.8".to_owned();
    assert_eq!(world.shown(), (String::new(), ActivationStage::Found { device: name.clone(), check: String::new() }));
    assert_eq!(world.device().ready(&world.opened).unwrap(), None);
    assert_eq!(world.device().reach(&world.opened).unwrap(), Reach::Never);
    assert_eq!(world.polled(&app, AT_NOW), Vec::<Value>::new(), "until it is confirmed there is nothing to answer");

    world.confirm(true);
    let (facts, target) = world.device().ready(&world.opened).unwrap().unwrap();
    assert_eq!((facts.name.as_str(), target), (name.as_str(), Target::Ios));
    assert_eq!(world.shown().1, ActivationStage::Active { device: name });
    assert_eq!(world.device().reach(&world.opened).unwrap(), Reach::WhileOpen);
    assert!(world.device().confirm(&world.opened, false).unwrap().is_none(), "it was said already");
}

#[tokio::test]
async fn a_credential_lets_in_one_phone_and_none_after_it() {
    let (mut world, app, other) = (World::issued().await, App::new(PHONE), App::new(OTHER_PHONE));
    let credential = world.credential();
    let first = world.post(&app.enrol(&credential));

    // The same phone, whose answer was lost, is told the same, and it changes nothing.
    let again = world.post(&app.enrol(&credential));
    assert_eq!((again.status, &again.body, again.keep.is_none()), (200, &first.body, true));
    assert!(again.said.is_empty());

    // Once it is in use, the code is nothing: not for its own phone either.
    let before = world.opened.clone();
    world.confirm(true);
    world.state = TokenState::Active;
    for (late, recorded) in [(&app, vec![]), (&other, vec!["second_device"])] {
        let refused = world.post(&late.enrol(&credential));
        assert_eq!((refused.status, refused.keep.is_none(), refusals(&refused)), (404, true, recorded));
    }

    // Before that, a second phone ends it for both.
    (world.opened, world.state) = (before, TokenState::Assigned);
    let refused = world.post(&other.enrol(&credential));
    assert_eq!((refused.status, refusals(&refused)), (404, vec!["second_device"]));
    assert_eq!(world.shown().1, ActivationStage::Failed(ActivationFailure::SecondDevice));
    assert_eq!(world.post(&app.enrol(&credential)).status, 404);
    assert_eq!(world.get(&app.poll(AT_NOW)).status, 400);
}

#[tokio::test]
async fn a_wrong_credential_and_an_unknown_token_are_answered_alike() {
    let (mut world, app) = (World::issued().await, App::new(PHONE));
    let credential = world.credential();
    let wrong = world.post(&app.enrol(&credential.replace(&credential[..2], "ff")));
    let unknown = world.post(&app.enrol(&credential).replace(SERIAL, "nobody"));
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    assert!(wrong.status == 404 && wrong.keep.is_none() && wrong.said.is_empty());

    world.now = NOW + std::time::Duration::from_secs(601);
    let late = world.post(&app.enrol(&credential));
    assert_eq!((late.status, &late.body, refusals(&late)), (404, &wrong.body, vec!["expired"]));
    world.now = NOW + std::time::Duration::from_secs(600);
    assert_eq!(world.post(&app.enrol(&credential)).status, 200);
}

#[tokio::test]
async fn a_key_that_is_too_weak_is_refused_and_changes_nothing() {
    let (mut world, app) = (World::issued().await, App::new(PHONE));
    let fields = app.enrol(&world.credential());
    let good = utf8_percent_encode(&app.public(), NON_ALPHANUMERIC).to_string();
    for key in [include_str!("tests/weak.b64").trim(), include_str!("tests/exponent3.b64").trim(), "AAAA", "!"] {
        let key = utf8_percent_encode(key, NON_ALPHANUMERIC).to_string();
        let answer = world.post(&fields.replace(&good, &key));
        assert_eq!((answer.status, answer.keep.is_none()), (400, true), "{key}");
    }
    // With the other alphabet, and with plus signs that nobody encoded.
    let other = app.public().replace('/', "_");
    assert_eq!(world.post(&fields.replace(&good, &other)).status, 200);
}

#[tokio::test]
async fn a_phone_of_a_platform_that_is_not_allowed_ends_the_activation() {
    for (agent, allowed) in [
        (AGENT, vec![Target::Android]),
        ("privacyIDEA-App/4.8 linux/6.1", vec![Target::Ios, Target::Android]),
        ("curl/8.0", Target::ALL.to_vec()),
    ] {
        let (mut world, app) = (World::issued().await, App::new(PHONE));
        (world.agent, world.allowed) = (agent, allowed);
        let answer = world.post(&app.enrol(&world.credential()));
        assert_eq!((answer.status, refusals(&answer)), (403, vec!["target_not_allowed"]), "{agent}");
        assert_eq!(world.shown().1, ActivationStage::Failed(ActivationFailure::TargetNotAllowed));
    }
}

#[tokio::test]
async fn what_is_not_theirs_is_nothing() {
    let (mut world, app) = (World::issued().await, App::new(PHONE));
    world.post(&app.enrol(&world.credential()));
    world.confirm(false);
    assert_eq!(world.shown().1, ActivationStage::Failed(ActivationFailure::NotMine));
    assert_eq!(world.device().ready(&world.opened).unwrap(), None);
    assert_eq!(world.device().device_name(&world.opened).unwrap(), "");
    assert_eq!(world.get(&app.poll(AT_NOW)).status, 400);
}

#[tokio::test]
async fn a_request_is_shown_with_both_signatures_and_ten_numbers() {
    let (mut world, app) = (World::issued().await, App::new(PHONE));
    let key = gateway_key(&json_of(&world.post(&app.enrol(&world.credential()))));
    world.confirm(true);
    (world.state, world.pending) = (TokenState::Active, vec![push("p1", "47")]);

    let challenges = world.polled(&app, AT_NOW);
    let [challenge] = challenges.as_slice() else { panic!("{challenges:?}") };
    assert!(challenge.as_object().unwrap().values().all(Value::is_string));
    let part = |name: &str| text(challenge, name);
    assert_eq!((part("url").as_str(), part("serial").as_str(), part("title").as_str()), (URL, SERIAL, "Gate"));
    assert_eq!((part("sslverify").as_str(), part("version").as_str()), ("1", "2"));
    let question =
        "Sign in to Wiki? Choose the number that the page shows. Asked by Firefox on Windows at 203.0.113.7.";
    assert_eq!(part("question"), question);
    let nonce = part("nonce");
    assert!(nonce.len() == 32 && BASE32.decode(nonce.as_bytes()).is_ok());

    let signed = format!("{nonce}|{URL}|{SERIAL}|{question}|Gate|1|{}", part("require_presence"));
    assert!(gateway_signed(&key, &signed, &part("signature")));
    let capabilities = format!(r#"{{"capabilities":{},"nonce":"{nonce}"}}"#, part("capabilities"));
    assert!(gateway_signed(&key, &capabilities, &part("capabilities_signature")));
    assert_eq!(serde_json::from_str::<Value>(&part("capabilities")).unwrap(), json!({ "decline_reason": true }));

    let options = part("require_presence");
    let mut numbers: Vec<&str> = options.split(',').collect();
    assert!(numbers.contains(&"47") && numbers.iter().all(|n| n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit())));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 10);

    // The next poll shows the same.
    let again = world.polled(&app, "2026-11-23T22:21:08.000Z");
    assert_eq!(again, challenges);
}

#[tokio::test]
async fn the_place_of_the_right_number_tells_nothing() {
    let (mut world, app) = World::in_use().await;
    let mut places = [0; 10];
    for n in 0..60_u32 {
        world.pending = vec![push(&format!("p{n}"), &(10 + n).to_string())];
        world.now = NOW + std::time::Duration::from_secs(n.into());
        let at = world.now.rfc3339();
        let challenge = world.polled(&app, &at).remove(0);
        let options = text(&challenge, "require_presence");
        let place = options.split(',').position(|option| option == (10 + n).to_string()).unwrap();
        places[place] += 1;
    }
    assert!(places.iter().filter(|count| **count > 0).count() >= 8, "{places:?}");
}

#[tokio::test]
async fn the_right_number_approves_and_a_wrong_one_is_handed_on_to_end_the_request() {
    let (mut world, app) = World::in_use().await;
    let challenge = world.polled(&app, AT_NOW).remove(0);
    let nonce = text(&challenge, "nonce");

    let right = world.post(&app.answer(&nonce, &[("presence_answer", "47")]));
    assert_eq!((right.status, value_of(&right), right.said), (200, json!(true), approved("p1", "47")));

    let wrong = world.post(&app.answer(&nonce, &[("presence_answer", "48")]));
    assert_eq!((wrong.status, value_of(&wrong), wrong.said), (200, json!(false), approved("p1", "48")));

    let none = world.post(&app.answer(&nonce, &[]));
    assert_eq!((none.status, value_of(&none), none.said), (200, json!(false), approved("p1", "")));

    // The host has ended it: nothing is there to be answered any more.
    world.pending.clear();
    let over = world.post(&app.answer(&nonce, &[("presence_answer", "47")]));
    assert_eq!((over.status, value_of(&over), over.said.len()), (200, json!(false), 0));
}

#[tokio::test]
async fn declining_says_why() {
    let (mut world, app) = World::in_use().await;
    let nonce = text(&world.polled(&app, AT_NOW)[0], "nonce");
    for (further, answer) in [
        (&[("decline", "1")][..], PushAnswer::Deny),
        (&[("decline", "1"), ("decline_reason", "cancelled")], PushAnswer::Deny),
        (&[("decline", "1"), ("decline_reason", "something_new")], PushAnswer::Deny),
        (&[("decline", "1"), ("decline_reason", "unknown_trigger")], PushAnswer::Report),
        (&[("decline", "1"), ("decline_reason", "unknown_trigger"), ("presence_answer", "47")], PushAnswer::Report),
    ] {
        let declined = world.post(&app.answer(&nonce, further));
        let said = vec![DeviceSaid::PushAnswered { push: PushId::new("p1"), answer }];
        assert_eq!((declined.status, value_of(&declined), declined.said), (200, json!(true), said), "{further:?}");
    }
}

#[tokio::test]
async fn no_answer_is_turned_into_another() {
    let (mut world, app) = World::in_use().await;
    let nonce = text(&world.polled(&app, AT_NOW)[0], "nonce");
    let declined = app.answer(&nonce, &[("decline", "1"), ("decline_reason", "unknown_trigger")]);
    let refused = world.get(&App::new(OTHER_PHONE).poll(AT_NOW));
    for turned in [
        declined.replace("&decline=1", ""),
        declined.replace("unknown%5Ftrigger", "cancelled"),
        declined.replace("&decline%5Freason=unknown%5Ftrigger", ""),
        app.answer(&nonce, &[("presence_answer", "48")]).replace("answer=48", "answer=47"),
        App::new(OTHER_PHONE).answer(&nonce, &[("presence_answer", "47")]),
    ] {
        let answer = world.post(&turned);
        assert_eq!((answer.status, &answer.body, answer.said.len()), (400, &refused.body, 0), "{turned}");
    }
    let posing = world.post(&app.answer(&nonce, &[("presence_answer", "decline")]));
    assert_eq!((posing.status, posing.said.len()), (400, 0));
}

#[tokio::test]
async fn an_unknown_token_and_a_bad_signature_are_answered_alike_to_the_byte() {
    let (mut world, app) = World::in_use().await;
    let unknown = world.get(&app.poll(AT_NOW).replace(SERIAL, "nobody"));
    let bad = world.get(&App::new(OTHER_PHONE).poll(AT_NOW));
    let torn = world.get(&app.poll(AT_NOW).replace("signature=", "signature=A"));
    let other_time = world.get(&app.poll(AT_NOW).replace("07%2E0", "08%2E0"));
    let late = world.get(&app.poll("2026-11-23T22:19:07Z"));
    let no_time = world.get(&app.poll("yesterday"));
    let answered = world.post(&App::new(OTHER_PHONE).answer("N", &[]));
    let nobody = world.post(&app.answer("N", &[]).replace(SERIAL, "nobody"));
    for answer in [&bad, &torn, &other_time, &late, &no_time, &answered, &nobody] {
        assert_eq!((answer.status, &answer.body), (unknown.status, &unknown.body));
        assert!(answer.keep.is_none() && answer.said.is_empty());
    }
    assert_eq!(unknown.status, 400);
    assert_eq!(json_of(&unknown)["result"]["error"]["message"], json!("ERR10: Could not verify signature!"));

    // A token whose secret is destroyed is not there any more.
    (world.opened, world.state) = (SecretBytes::default(), TokenState::Revoked);
    assert_eq!(world.get(&app.poll(AT_NOW)).body, unknown.body);
}

#[tokio::test]
async fn a_poll_is_good_once_and_within_a_minute() {
    let (mut world, app) = World::in_use().await;
    for (timestamp, status) in [
        ("2026-11-23T22:20:08.000000Z", 200),
        ("2026-11-23T22:22:06.000000Z", 200),
        ("2026-11-23T22:20:06.000000Z", 400),
        ("2026-11-23T22:22:08.000000Z", 400),
        ("2026-11-23T22:21:07.123456", 200),
        ("2026-11-24T00:21:07.5+02:00", 200),
    ] {
        let poll = app.poll(timestamp);
        assert_eq!(world.get(&poll).status, status, "{timestamp}");
        assert_eq!(world.get(&poll).status, 400, "{timestamp} once more");
    }
}

#[tokio::test]
async fn another_firebase_address_is_heard_and_forgotten() {
    let (mut world, app) = World::in_use().await;
    let update = |timestamp: &str| {
        let signature = app.sign(&format!("no_firebase_token|{SERIAL}|{timestamp}"));
        let fields = [("new_fb_token", "no_firebase_token"), ("serial", SERIAL), ("timestamp", timestamp)];
        form(&[&fields[..], &[("signature", &signature)]].concat())
    };
    let five_minutes_ago = update("2026-11-23T22:16:08Z");
    let answer = world.post(&five_minutes_ago);
    assert_eq!((answer.status, value_of(&answer), answer.said.len()), (200, json!(true), 0));
    assert_eq!(world.post(&five_minutes_ago).status, 400, "once");
    assert_eq!(world.post(&update("2026-11-23T22:16:06Z")).status, 400, "too late");
}

#[tokio::test]
async fn where_push_is_off_nothing_is_asked_or_answered() {
    let (mut world, app) = World::in_use().await;
    let nonce = text(&world.polled(&app, AT_NOW)[0], "nonce");
    world.push_enabled = false;
    let poll = world.get(&app.poll("2026-11-23T22:21:08Z"));
    assert_eq!(poll.status, 403);
    let answer = world.post(&app.answer(&nonce, &[("presence_answer", "47")]));
    assert_eq!((value_of(&answer), answer.said.len()), (json!(false), 0));
}

#[tokio::test]
async fn a_phone_that_was_given_another_key_of_ours_is_not_asked() {
    let (mut world, app) = World::in_use().await;
    // A key of PKCS#1 is the same key; any other is not believed by the app.
    world.plugin = plugin_with(include_str!("tests/gateway-pkcs1.pem"));
    assert_eq!(world.polled(&app, AT_NOW).len(), 1);
    world.plugin = plugin_with(include_str!("tests/other-gateway.pem"));
    assert_eq!(world.device().reach(&world.opened).unwrap(), Reach::Never);
    assert_eq!(world.polled(&app, "2026-11-23T22:21:08Z").len(), 0);
}

#[tokio::test]
async fn without_a_key_it_fits_nothing_and_answers_nobody() {
    let (mut world, app) = World::in_use().await;
    let unknown = world.get(&app.poll(AT_NOW).replace(SERIAL, "nobody"));
    world.plugin = (PLUGIN.build)(json!({}), host()).unwrap();
    let authenticator = world.plugin.authenticator().unwrap();
    let why = authenticator.fits(&Template::STANDARD_APP, Target::Ios).unwrap_err();
    assert!(why.parameter == "key_file" && why.reason.contains("switched off"));
    assert!(authenticator.offer(&request(), NOW).await.is_err());
    assert_eq!(world.device().reach(&world.opened).unwrap(), Reach::Never);
    assert_eq!(world.get(&app.poll(AT_NOW)).body, unknown.body);
}

#[tokio::test]
async fn it_has_no_passcodes_and_nobody_wakes_it() {
    let (world, _) = World::in_use().await;
    let authenticator = world.plugin.authenticator().unwrap();
    assert_eq!(authenticator.factor(), Factor::Push);
    let windows = doorward_api::Windows { inner_steps: 1, outer_steps: 1, outer_events: 1 };
    let check = Check { template: &Template::STANDARD_APP, windows: &windows, challenge: None };
    let verified = authenticator.verify(&world.opened, &check, &Secret::new("47"), NOW).await.unwrap();
    assert!(matches!(verified, Verified::Rejected));
    assert!(world.device().wake(&world.opened, &push("p1", "47"), PORTAL, NOW).unwrap().is_none());
    assert!(world.device().at_portal());
}

#[tokio::test]
async fn nothing_but_its_own_bytes_is_read() {
    let (world, _) = World::in_use().await;
    let later = String::from_utf8(world.opened.expose().to_vec()).unwrap().replace("\"v\":1", "\"v\":2");
    for bytes in [b"{}".to_vec(), b"".to_vec(), later.into_bytes()] {
        assert!(matches!(world.device().reach(&SecretBytes::new(bytes)), Err(PluginError::Damaged(_))));
    }
}

/// The example of the protocol, byte for byte.
#[test]
fn what_is_signed_is_put_together_as_the_app_does() {
    let challenge = Challenge {
        nonce: "6DX6D2TV2BZEX47DLB6R4AM3BNCLWIEL".into(),
        url: "https://gate.example/ttype/push".into(),
        serial: "PIPU00000A86".into(),
        question: "Do you want to confirm the login?".into(),
        title: "Gate".into(),
        options: "77,41,47".into(),
    };
    let signed = "6DX6D2TV2BZEX47DLB6R4AM3BNCLWIEL|https://gate.example/ttype/push|PIPU00000A86|\
                  Do you want to confirm the login?|Gate|1|77,41,47";
    assert_eq!(challenge.text(), signed);
    let hash = HEXLOWER.encode(crate::bytes::sha256(signed.as_bytes()).bytes());
    assert_eq!(hash, "3e772c8aca52f2926c46a3eaf3d5edd0f10484cda08c4f7e516176d16bbc5c15");
    assert_eq!(capabilities_text("ABC123"), r#"{"capabilities":{"decline_reason":true},"nonce":"ABC123"}"#);

    use crate::call::{Answer, Choice};
    let text = |choice| Answer { nonce: "N".into(), choice, signature: String::new() }.text("S");
    assert_eq!(text(Choice::Approve(None)), "N|S");
    assert_eq!(text(Choice::Approve(Some("77".into()))), "N|S|77");
    let reason = Some("cancelled".to_owned());
    assert_eq!(text(Choice::Decline { reason, option: None }), "N|S|decline|cancelled");
}

#[test]
fn no_word_of_others_can_move_the_parts_of_what_is_signed() {
    let mut asked = push("p1", "47");
    asked.data.context.application = Some("Wiki|x,y\r\nz\u{202e}".into());
    let secret = crate::bytes::Fixed::first_of(&[1; 32]);
    let challenge = Challenge::of(&asked, &secret, URL, SERIAL, "Ga|te, Ltd.").unwrap();
    assert_eq!(challenge.title, "Ga te Ltd.");
    assert!(challenge.question.starts_with("Sign in to Wiki x y z? "), "{}", challenge.question);
    assert_eq!(challenge.text().matches('|').count(), 6);

    asked.purpose = PushPurpose::HelpDesk { operator: OperatorId::new("o") };
    asked.data.context = PushContext::default();
    let challenge = Challenge::of(&asked, &secret, URL, SERIAL, "Gate").unwrap();
    assert_eq!(challenge.question, "Are you speaking to the help desk? Choose the number that you are told.");

    // What cannot be among the numbers is not asked.
    for number in ["7", "100", "", "abc", "09"] {
        assert!(Challenge::of(&push("p1", number), &secret, URL, SERIAL, "Gate").is_none(), "{number}");
    }
}

/// It has shown nothing that could be typed.
#[tokio::test]
async fn a_token_that_answers_requests_only_comes_back_from_a_backup_as_it_was() {
    let (world, _) = World::in_use().await;
    let windows = doorward_api::settings::Document::of_new();
    let check = Check { template: &Template::STANDARD_APP, windows: &windows, challenge: None };
    let restored = world.plugin.authenticator().unwrap().restored(&world.opened, &check, world.now);
    assert!(matches!(restored, Ok(Restored::Unchanged)));
}
