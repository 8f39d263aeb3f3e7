//! A device for tests: the other half of `PROTOCOL.md`, without a network. Each step gives a [`Request`]; what is
//! answered is handed back to it. It is the same at each run.

#![allow(clippy::unwrap_used, reason = "a device of tests: what it cannot do ends the test")]

use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use doorward_api::device::DeviceCall;
use doorward_api::ports::Entropy;
use doorward_oath::ocra::{Inputs, Suite as OcraSuite};
use doorward_oath::{Algorithm, Digits, Params, hotp};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, RegistrationResponse,
};
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::agree;
use crate::bytes::{Fixed, draw, hkdf, mac, sha256};
use crate::keys::point_of;
use crate::pin::{Random, Suite};

/// Randomness that is the same at each run and never the same twice.
#[derive(Debug, Default)]
pub struct Steady(AtomicU64);

impl Steady {
    /// One of its own for each number.
    pub const fn new(number: u64) -> Self {
        Self(AtomicU64::new(number << 32))
    }
}

impl Entropy for Steady {
    fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(32) {
            let turn = self.0.fetch_add(1, Ordering::Relaxed);
            let bytes = sha256(&[b"doorward tests", &turn.to_be_bytes()]);
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
    }
}

/// A call as it goes out.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path below `/a/v1/`.
    pub name: String,
    /// The whole address.
    pub target_uri: String,
    /// Header fields by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// As the gateway sees it.
    pub fn call(&self) -> DeviceCall<'_> {
        DeviceCall {
            name: &self.name,
            method: "POST",
            query: "",
            target_uri: &self.target_uri,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

/// A device with one account.
#[derive(Debug)]
pub struct Phone {
    origin: String,
    random: Steady,
    sign: SigningKey,
    agree: SecretKey,
    nonce: Fixed<16>,
    /// How it describes itself.
    pub device: Value,
    /// The last number that it has used.
    pub sequence: u64,
    /// The token's id, once it is known.
    pub id: String,
    /// The counter of the next passcode, where they go by clicks.
    pub counter: u64,
    asked: Vec<u8>,
    /// What `activate/begin` was answered.
    pub welcome: Value,
    transcript: Fixed<32>,
    seed: Vec<u8>,
    confirm: Fixed<32>,
    registering: Option<ClientRegistration<Suite>>,
    record: Option<Vec<u8>>,
    unlocking: Option<ClientLogin<Suite>>,
}

impl Clone for Phone {
    /// A copy of the device, as thieves make it: the same keys, and randomness of its own.
    fn clone(&self) -> Self {
        let mut copy = Phone::new(0xc0, &self.origin);
        (copy.sign, copy.device) = (self.sign.clone(), self.device.clone());
        (copy.sequence, copy.id, copy.counter) = (self.sequence, self.id.clone(), self.counter);
        (copy.welcome, copy.seed) = (self.welcome.clone(), self.seed.clone());
        copy
    }
}

impl Phone {
    /// An iPhone that opens the app of this origin; one of its own for each number.
    pub fn new(number: u64, origin: &str) -> Self {
        let random = Steady::new(number + 1);
        let sign = SigningKey::from(agree::secret_key(&random).unwrap());
        let device = json!({
            "os": "ios", "form": "phone", "name": "iPhone, Safari", "installed": true, "push": true, "biometric": false,
        });
        Self {
            origin: origin.to_owned(),
            sign,
            agree: agree::secret_key(&random).unwrap(),
            nonce: draw(&random),
            device,
            sequence: 0,
            id: String::new(),
            counter: 0,
            asked: Vec::new(),
            welcome: Value::Null,
            transcript: Fixed::new([0; 32]),
            seed: Vec::new(),
            confirm: Fixed::new([0; 32]),
            registering: None,
            record: None,
            unlocking: None,
            random,
        }
    }

    /// The same as another platform.
    pub fn called(mut self, os: &str, form: &str, name: &str) -> Self {
        for (field, value) in [("os", os), ("form", form), ("name", name)] {
            self.device.as_object_mut().unwrap().insert(field.to_owned(), json!(value));
        }
        self
    }

    /// A call that is signed and counted.
    pub fn request(&mut self, name: &str, fields: Value, now: u64) -> Request {
        self.sequence += 1;
        self.signed(name, self.with_id(fields), self.sequence, now)
    }

    /// A call that is signed and not counted.
    pub fn uncounted(&self, name: &str, fields: Value, now: u64) -> Request {
        self.signed(name, self.with_id(fields), 0, now)
    }

    fn with_id(&self, mut fields: Value) -> Vec<u8> {
        fields.as_object_mut().unwrap().insert("id".to_owned(), json!(self.id));
        serde_json::to_vec(&fields).unwrap()
    }

    /// RFC 9421.
    fn signed(&self, name: &str, body: Vec<u8>, sequence: u64, now: u64) -> Request {
        let nonce = draw::<16>(&self.random).text().to_string();
        self.signed_with(name, body, sequence, now, &nonce)
    }

    /// The same with a nonce of the caller's choice.
    pub fn signed_with(&self, name: &str, body: Vec<u8>, sequence: u64, now: u64, nonce: &str) -> Request {
        let target_uri = format!("{}/a/v1/{name}", self.origin);
        let digest = format!("sha-256=:{}:", BASE64.encode(&sha256(&[&body])));
        let covered = r#"("@method" "@target-uri" "content-digest" "doorward-sequence")"#;
        let id = &self.id;
        let parameters = format!(r#"{covered};created={now};nonce="{nonce}";keyid="{id}";alg="ecdsa-p256-sha256""#);
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": {target_uri}\n\"content-digest\": {digest}\n\
             \"doorward-sequence\": {sequence}\n\"@signature-params\": {parameters}"
        );
        let signature: Signature = self.sign.sign(base.as_bytes());
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("content-digest", digest),
            ("doorward-sequence", sequence.to_string()),
            ("signature-input", format!("doorward={parameters}")),
            ("signature", format!("doorward=:{}:", BASE64.encode(&signature.to_bytes()))),
        ];
        let headers = headers.map(|(field, value)| (field.to_owned(), value)).to_vec();
        Request { name: name.to_owned(), target_uri, headers, body }
    }

    /// `activate/begin` by the link or the QR code.
    pub fn begin(&mut self, link: &str, now: u64) -> Request {
        let (_, fragment) = link.split_once("#v=1&i=").unwrap();
        let (id, ticket) = fragment.split_once("&t=").unwrap();
        self.id = id.to_owned();
        self.begin_with(json!({ "id": id, "ticket": ticket }), now)
    }

    /// `activate/begin` by a typed code.
    pub fn begin_typed(&mut self, user: &str, code: &str, now: u64) -> Request {
        self.id = String::new();
        self.begin_with(json!({ "user": user, "code": code }), now)
    }

    fn begin_with(&mut self, mut body: Value, now: u64) -> Request {
        let more = json!({
            "v": 1,
            "pub_sig": BASE64URL_NOPAD.encode(self.sign.verifying_key().to_encoded_point(false).as_bytes()),
            "pub_dh": point_of(&self.agree.public_key()),
            "nonce": self.nonce,
            "device": self.device,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.asked = serde_json::to_vec(&body).unwrap();
        self.signed("activate/begin", self.asked.clone(), 0, now)
    }

    /// The answer of `activate/begin`: what both sides agree on comes of it.
    pub fn took_begin(&mut self, answer: &[u8]) {
        self.welcome = serde_json::from_slice(answer).unwrap();
        self.id = self.welcome.get("id").and_then(Value::as_str).unwrap().to_owned();
        let theirs: Fixed<65> = self.told("/pub_dh");
        let nonce: Fixed<16> = self.told("/nonce");
        let theirs = agree::public_key(&theirs).unwrap();
        let shared = p256::ecdh::diffie_hellman(self.agree.to_nonzero_scalar(), theirs.as_affine());
        let salt = [self.nonce.bytes().as_slice(), nonce.bytes()].concat();
        let info = |what: &str| format!("doorward-authenticator/v1/{what}\0{}", self.id).into_bytes();
        let algorithm = self.params().algorithm;
        let mut seed = vec![0; algorithm.output_len()];
        hkdf(shared.raw_secret_bytes(), &salt, &[&info("seed")], &mut seed);
        let mut confirm = [0; 32];
        hkdf(shared.raw_secret_bytes(), &salt, &[&info("confirm")], &mut confirm);
        (self.seed, self.confirm) = (seed, Fixed::new(confirm));
        self.transcript = Fixed::new(sha256(&[&self.asked, answer]));
    }

    fn told<T: serde::de::DeserializeOwned>(&self, pointer: &str) -> T {
        serde_json::from_value(self.welcome.pointer(pointer).unwrap().clone()).unwrap()
    }

    /// The seed: what nobody else may have.
    pub fn seed(&self) -> &[u8] {
        &self.seed
    }

    /// Four digits to compare.
    pub fn check(&self) -> String {
        self.told("/check")
    }

    /// `pin/register`.
    pub fn register_pin(&mut self, pin: &str, now: u64) -> Request {
        let started = ClientRegistration::<Suite>::start(&mut Random(&self.random), pin.as_bytes()).unwrap();
        self.registering = Some(started.state);
        self.request("pin/register", json!({ "request": encode(&started.message.serialize()) }), now)
    }

    /// The answer of `pin/register`: what the gateway is to keep.
    pub fn took_registration(&mut self, pin: &str, answer: &Value) -> Vec<u8> {
        let response = RegistrationResponse::deserialize(&decode(answer, "response")).unwrap();
        let state = self.registering.take().unwrap();
        let parameters = ClientRegistrationFinishParameters::default();
        let finished = state.finish(&mut Random(&self.random), pin.as_bytes(), response, parameters).unwrap();
        let record = finished.message.serialize().to_vec();
        self.record = Some(record.clone());
        record
    }

    /// `activate/finish` with what was set up.
    pub fn finish(&mut self, subscription: Option<Value>, wanted: bool, now: u64) -> Request {
        let fields = self.finishing(subscription, wanted, now);
        self.request("activate/finish", fields, now)
    }

    /// What `activate/finish` says.
    pub fn finishing(&self, subscription: Option<Value>, wanted: bool, now: u64) -> Value {
        let mac = mac(self.confirm.bytes(), &[b"device\0", self.transcript.bytes()]);
        json!({
            "pin": self.record.as_ref().map(|record| encode(record)),
            "push": subscription,
            "push_wanted": wanted,
            "otp": self.first_passcode(now),
            "mac": encode(&mac),
        })
    }

    /// Whether the gateway has shown that it has agreed on the same.
    pub fn trusts(&self, answer: &Value) -> bool {
        let expected = mac(self.confirm.bytes(), &[b"gateway\0", self.transcript.bytes()]);
        answer.get("mac").and_then(Value::as_str) == Some(encode(&expected).as_str())
    }

    /// The passcode that shows that the seed is the same.
    pub fn first_passcode(&self, now: u64) -> String {
        match self.period() {
            Some(period) => hotp::passcode(&self.seed, now / period, self.params()).expose().to_owned(),
            None if self.welcome.pointer("/template/event") == Some(&json!(true)) => {
                hotp::passcode(&self.seed, 0, self.params()).expose().to_owned()
            }
            None => self.answer_to("00000000"),
        }
    }

    /// The passcode of now, or of the next click.
    pub fn passcode(&mut self, now: u64) -> String {
        let position = self.period().map_or(self.counter, |period| now / period);
        self.counter += 1;
        hotp::passcode(&self.seed, position, self.params()).expose().to_owned()
    }

    /// The answer to a question.
    pub fn answer_to(&self, question: &str) -> String {
        let suite: OcraSuite = self.told::<String>("/template/ocra").parse().unwrap();
        suite.passcode(&self.seed, &Inputs::question(question)).unwrap().expose().to_owned()
    }

    fn period(&self) -> Option<u64> {
        self.told("/template/period")
    }

    fn params(&self) -> Params {
        let algorithm: String = self.told("/template/algorithm");
        let digits = Digits::new(self.told("/template/digits")).unwrap();
        Params { algorithm: Algorithm::parse(&algorithm).unwrap(), digits }
    }

    /// `pin/unlock/1`.
    pub fn unlock(&mut self, pin: &str, now: u64) -> Request {
        let started = ClientLogin::<Suite>::start(&mut Random(&self.random), pin.as_bytes()).unwrap();
        self.unlocking = Some(started.state);
        self.request("pin/unlock/1", json!({ "ke1": encode(&started.message.serialize()) }), now)
    }

    /// `pin/unlock/2`; `None` where the PIN was wrong.
    pub fn unlocked(&mut self, pin: &str, answer: &Value, now: u64) -> Option<Request> {
        let response = CredentialResponse::deserialize(&decode(answer, "ke2")).unwrap();
        let state = self.unlocking.take().unwrap();
        let parameters = ClientLoginFinishParameters::default();
        let finished = state.finish(&mut Random(&self.random), pin.as_bytes(), response, parameters).ok()?;
        Some(self.request("pin/unlock/2", json!({ "ke3": encode(&finished.message.serialize()) }), now))
    }

    /// `push/answer` that approves.
    pub fn approve(&mut self, push: &str, nonce: &str, number: &str, now: u64) -> Request {
        let text = format!("doorward/push/v1\0{push}\0{nonce}\0{number}");
        let proof = encode(&mac(&self.seed, &[text.as_bytes()]));
        let fields = json!({ "push": push, "decision": "approve", "number": number, "proof": proof });
        self.request("push/answer", fields, now)
    }

    /// `token/release` by whoever has opened the seed.
    pub fn release(&mut self, now: u64) -> Request {
        let nonce = draw::<16>(&self.random).text().to_string();
        let text = format!("doorward/release/v1\0{}\0{nonce}", self.id);
        let proof = encode(&mac(&self.seed, &[text.as_bytes()]));
        self.request("token/release", json!({ "nonce": nonce, "proof": proof }), now)
    }

    /// `push/answer` that says `deny` or `report`.
    pub fn turn_down(&mut self, push: &str, decision: &str, now: u64) -> Request {
        let fields = json!({ "push": push, "decision": decision, "number": null, "proof": null });
        self.request("push/answer", fields, now)
    }
}

/// Base64url.
pub fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn decode(answer: &Value, field: &str) -> Vec<u8> {
    let text = answer.get(field).and_then(Value::as_str).unwrap();
    BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
}
