//! The plugin through its contract, with a device of the tests at the other end.

mod activation;
mod bio;
mod pin;
mod push;
mod release;
mod signature;

use std::sync::Arc;

use doorward_api::device::{ActivationStage, Addressee, Device, DeviceFacts, DeviceSaid, DeviceToken};
use doorward_api::plugin::{Authenticator, Check, Host, OfferRequest, OfferView, Plugin, Restored, Verified};
use doorward_api::push::Push;
use doorward_api::settings::{Document, Windows};
use doorward_api::template::{HashAlgorithm, Mode, PinType, Synchronization};
use doorward_api::{CredentialId, PluginError, Secret, SecretBytes, Target, Template, Timestamp, TokenState, UserId};
use serde_json::{Value, json};

use crate::PLUGIN;
use crate::testing::{Phone, Request, Steady};

pub(crate) const ORIGIN: &str = "https://authenticator.example.org";
pub(crate) const NOW: u64 = 1_764_000_010;
pub(crate) const PLAIN: Template = Template::STANDARD_APP;
pub(crate) const WITH_PIN: Template =
    Template { pin: PinType::UserSelected, max_pin_attempts: 3, push: true, ..Template::STANDARD_APP };

/// A token, the plugin, and the host's part between them.
pub(crate) struct World {
    pub(crate) plugin: Arc<dyn Plugin>,
    pub(crate) template: Template,
    pub(crate) opened: SecretBytes,
    pub(crate) state: TokenState,
    pub(crate) allowed: Vec<Target>,
    pub(crate) pending: Vec<Push>,
    pub(crate) now: u64,
    /// What the last call has brought about.
    pub(crate) said: Vec<DeviceSaid>,
    /// Whether the last call had anything remembered.
    pub(crate) kept: bool,
    pub(crate) id: CredentialId,
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

impl World {
    /// A token that was just issued.
    pub(crate) fn new(template: Template) -> Self {
        Self::with(template, json!({}))
    }

    pub(crate) fn with(template: Template, settings: Value) -> Self {
        let entropy = Arc::new(Steady::new(0));
        let host = Host { entropy, issuer: "Doorward".into(), key: SecretBytes::new(vec![7; 32]) };
        let mut world = Self {
            plugin: (PLUGIN.build)(settings, host).unwrap(),
            template,
            opened: SecretBytes::default(),
            state: TokenState::Assigned,
            allowed: Target::ALL.to_vec(),
            pending: Vec::new(),
            now: NOW,
            said: Vec::new(),
            kept: false,
            id: CredentialId::new("tok3n"),
        };
        let offer = wait(world.authenticator().offer(&world.request(), world.time()));
        world.opened = offer.unwrap().opened;
        world
    }

    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        self.plugin.authenticator().unwrap()
    }

    pub(crate) fn device(&self) -> &dyn Device {
        self.authenticator().device().unwrap()
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_secs(self.now as i64)
    }

    pub(crate) fn request(&self) -> OfferRequest {
        OfferRequest {
            credential: self.id.clone(),
            origin: Some(ORIGIN.into()),
            user: UserId::new("u1"),
            account: "alice".into(),
            issuer: "Example Org".into(),
            template: self.template.clone(),
            target: Target::Ios,
        }
    }

    /// Link, code and stage, as the page shows them.
    pub(crate) fn shown(&self) -> (String, String, ActivationStage) {
        match self.authenticator().show(&self.opened, &self.request()).unwrap() {
            OfferView::Activation { link, code, stage } => (link.expose().into(), code.expose().into(), stage),
            OfferView::Secret { .. } => panic!("an app of somebody else"),
        }
    }

    pub(crate) fn link(&self) -> String {
        self.shown().0
    }

    pub(crate) fn stage(&self) -> ActivationStage {
        self.shown().2
    }

    /// Sends a call, as the host does; what it says has happened is carried out.
    pub(crate) fn raw(&mut self, request: &Request) -> (u16, Vec<u8>) {
        match self.device().addressee(&request.call()) {
            Ok(Addressee::Token(id)) if id != self.id => {
                let answer = self.device().unknown(&request.call());
                return (answer.status, answer.body);
            }
            Ok(_) => {}
            Err(answer) => return (answer.status, answer.body),
        }
        let token = DeviceToken {
            id: &self.id,
            serial: "DW-7Q2M-K94T",
            state: self.state,
            opened: &self.opened,
            template: &self.template,
            target: Some(Target::Ios),
            account: "alice",
            issuer: "Example Org",
            origin: ORIGIN,
            portal: "https://login.example.org",
            support: None,
            allowed: &self.allowed,
            push_enabled: true,
            pending: &self.pending,
        };
        let answer = self.device().answer(&request.call(), &token, self.time()).unwrap();
        self.kept = answer.keep.is_some();
        if let Some(kept) = answer.keep {
            self.opened = kept;
        }
        self.said = answer.said;
        for said in &self.said {
            match said {
                DeviceSaid::Activated { .. } => self.state = TokenState::Active,
                DeviceSaid::PinLocked => self.state = TokenState::LockedPin,
                DeviceSaid::Cloned => self.state = TokenState::Suspended,
                DeviceSaid::Released => (self.state, self.opened) = (TokenState::Revoked, SecretBytes::default()),
                _ => {}
            }
        }
        (answer.status, answer.body)
    }

    /// The same, with the body read.
    pub(crate) fn send(&mut self, request: &Request) -> (u16, Value) {
        let (status, body) = self.raw(request);
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The answer of a call that must be done.
    pub(crate) fn must(&mut self, request: &Request) -> Value {
        let (status, body) = self.send(request);
        assert_eq!(status, 200, "{} {body}", request.name);
        body
    }

    /// The code of a call that must be refused.
    pub(crate) fn refused(&mut self, request: &Request) -> String {
        let (status, body) = self.send(request);
        assert!(status >= 400, "{} {body}", request.name);
        body["error"].as_str().unwrap().to_owned()
    }

    /// The word of the browser that enrols; whether there was anything to say it of.
    pub(crate) fn confirm(&mut self, theirs: bool) -> bool {
        let confirmed = self.device().confirm(&self.opened, theirs).unwrap();
        let any = confirmed.is_some();
        self.opened = confirmed.unwrap_or(self.opened.clone());
        any
    }

    /// A device comes by the link.
    pub(crate) fn begin(&mut self, phone: &mut Phone) {
        let request = phone.begin(&self.link(), self.now);
        let (status, body) = self.raw(&request);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        phone.took_begin(&body);
    }

    /// A device whose user has confirmed it.
    pub(crate) fn confirmed(&mut self) -> Phone {
        let mut phone = Phone::new(1, ORIGIN);
        self.begin(&mut phone);
        assert!(self.confirm(true));
        phone
    }

    /// A device in use; its PIN is 2580 where there is one.
    pub(crate) fn active(&mut self, subscription: Option<Value>) -> Phone {
        let mut phone = self.confirmed();
        if self.template.pin == PinType::UserSelected {
            let registered = phone.register_pin("2580", self.now);
            let registered = self.must(&registered);
            phone.took_registration("2580", &registered);
        }
        let finish = phone.finish(subscription, true, self.now);
        let finished = self.must(&finish);
        assert!(phone.trusts(&finished));
        phone
    }

    /// It comes from a backup, and is made safe now.
    fn comes_back(&mut self) -> &'static str {
        let windows = Windows::of_new();
        let check = Check { template: &self.template, windows: &windows, challenge: None };
        match self.authenticator().restored(&self.opened, &check, self.time()).unwrap() {
            Restored::Unchanged => "unchanged",
            Restored::Updated(bytes) => {
                self.opened = bytes;
                "updated"
            }
            Restored::Unknown => "unknown",
        }
    }

    /// What becomes of a passcode that somebody types.
    pub(crate) fn typed(&mut self, passcode: &str, question: Option<&str>) -> &'static str {
        let windows = Windows::of_new();
        let check = Check { template: &self.template, windows: &windows, challenge: question };
        let verified = wait(self.authenticator().verify(&self.opened, &check, &Secret::new(passcode), self.time()));
        match verified.unwrap() {
            Verified::Accepted { updated } => {
                self.opened = updated;
                "accepted"
            }
            Verified::Outer { updated } => {
                self.opened = updated;
                "outer"
            }
            Verified::Replayed => "replayed",
            Verified::Rejected => "rejected",
        }
    }
}

#[test]
fn damaged_bytes_are_an_error_and_no_answer() {
    let mut world = World::new(PLAIN);
    let link = world.link();
    for bytes in [&b""[..], b"{}", br#"{"v":2,"stage":{}}"#, br#"{"v":1,"stage":"issued"}"#, b"\xff"] {
        world.opened = SecretBytes::new(bytes.to_vec());
        let damaged = |error: PluginError| assert!(matches!(error, PluginError::Damaged(_)));
        damaged(world.authenticator().show(&world.opened, &world.request()).unwrap_err());
        damaged(world.device().confirm(&world.opened, true).unwrap_err());
        damaged(world.device().reach(&world.opened).unwrap_err());
        damaged(world.device().device_name(&world.opened).unwrap_err());
        let windows = Windows::of_new();
        let check = Check { template: &PLAIN, windows: &windows, challenge: None };
        let typed = Secret::new("123456");
        let asked = world.authenticator().verify(&world.opened, &check, &typed, world.time());
        damaged(wait(asked).unwrap_err());
    }
    world.opened = SecretBytes::default();
    let begin = Phone::new(1, ORIGIN).begin(&link, NOW);
    assert_eq!(world.refused(&begin), "gone", "what was destroyed can check nothing");
}

#[test]
fn nothing_is_offered_where_the_app_has_no_origin() {
    let world = World::new(PLAIN);
    let request = OfferRequest { origin: None, ..world.request() };
    assert!(wait(world.authenticator().offer(&request, world.time())).is_err());
    assert!(world.authenticator().show(&world.opened, &request).is_err());
    let odd = OfferRequest { template: Template { length: 7, ..PLAIN }, ..world.request() };
    assert!(wait(world.authenticator().offer(&odd, world.time())).is_err());
}

#[test]
fn every_kind_of_passcode_is_activated_and_taken() {
    for template in [
        PLAIN,
        Template { length: 8, hash: HashAlgorithm::Sha256, ..PLAIN },
        Template { hash: HashAlgorithm::Sha512, synchronization: Synchronization::Time { step: 60 }, ..PLAIN },
        Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..PLAIN },
        Template { pin: PinType::ServerSide, ..PLAIN },
    ] {
        let mut world = World::new(template.clone());
        let mut phone = world.active(None);
        let passcode = phone.passcode(world.now);
        assert_eq!(world.typed(&passcode, None), "accepted", "{template:?}: finishing uses none up");
        assert_eq!(world.typed(&passcode, None), "replayed", "{template:?}");
    }
    let mut world = World::new(Template { mode: Mode::ChallengeResponse, length: 8, ..PLAIN });
    let phone = world.active(None);
    assert_eq!(world.typed(&phone.answer_to("40172385"), Some("40172385")), "accepted");
    assert_eq!(world.typed(&phone.answer_to("40172385"), Some("40172386")), "rejected");
}

#[test]
fn a_clock_that_is_off_when_the_device_is_set_up_is_known_from_then_on() {
    let mut world = World::new(PLAIN);
    let mut phone = world.confirmed();
    let fields = phone.finishing(None, false, world.now + 15 * 30);
    let finish = phone.request("activate/finish", fields, world.now);
    world.must(&finish);
    let passcode = phone.passcode(world.now + 15 * 30);
    assert_eq!(world.typed(&passcode, None), "accepted");
}

#[test]
fn two_passcodes_in_a_row_find_a_token_again() {
    let mut world = World::new(Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..PLAIN });
    let mut phone = world.active(None);
    phone.counter = 700;
    let (first, second) = (Secret::new(phone.passcode(NOW)), Secret::new(phone.passcode(NOW)));
    let windows = Windows::of_new();
    let check = Check { template: &world.template, windows: &windows, challenge: None };
    let found = wait(world.authenticator().resync(&world.opened, &check, [&first, &second], world.time())).unwrap();
    let Verified::Accepted { updated } = found else { panic!("not found") };
    world.opened = updated;
    assert_eq!(world.typed(&phone.passcode(NOW), None), "accepted");
}

#[test]
fn what_a_device_may_have_shown_since_a_backup_is_used_up_by_its_restore() {
    for template in [PLAIN, WITH_PIN] {
        let mut world = World::new(template);
        let mut phone = world.active(None);
        let backup = world.opened.clone();
        world.now += 3600;
        let shown = phone.passcode(world.now);
        assert_eq!(world.typed(&shown, None), "accepted");
        world.opened = backup;
        assert_eq!(world.comes_back(), "updated");
        for passcode in [shown, phone.passcode(world.now + 30)] {
            assert_eq!(world.typed(&passcode, None), "replayed");
        }
        // The device itself is known as before.
        let token = phone.request("token", json!({}), world.now);
        world.must(&token);
        world.now += 60;
        let next = phone.passcode(world.now);
        assert_eq!(world.typed(&next, None), "accepted");
    }
    let mut clicks = World::new(Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..PLAIN });
    clicks.active(None);
    assert_eq!(clicks.comes_back(), "unknown");
    assert_eq!(World::new(PLAIN).comes_back(), "unchanged", "no device has shown anything yet");
}

#[test]
fn no_passcode_is_taken_before_a_device_is_set_up() {
    let mut world = World::new(PLAIN);
    assert_eq!(world.typed("123456", None), "rejected");
    let mut phone = world.confirmed();
    let passcode = phone.passcode(world.now);
    assert_eq!(world.typed(&passcode, None), "rejected");
}

#[test]
fn a_device_may_ask_how_its_token_stands_whatever_has_become_of_it() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    let token = phone.request("token", json!({}), world.now);
    let told = world.must(&token);
    assert_eq!(
        (&told["state"], &told["attempts_left"], &told["serial"]),
        (&json!("active"), &json!(3), &json!("DW-7Q2M-K94T"))
    );
    assert_eq!((&told["push"]["wanted"], &told["push"]["subscribed"]), (&json!(true), &json!(false)));
    assert_eq!(told["template"], phone.welcome["template"]);
    for (state, expected) in [(TokenState::Suspended, "suspended"), (TokenState::LockedPin, "locked_pin")] {
        world.state = state;
        let token = phone.request("token", json!({}), world.now);
        assert_eq!(world.must(&token)["state"], expected);
        let other = phone.request("push/subscription", json!({ "subscription": null, "wanted": true }), world.now);
        assert_eq!(world.refused(&other), if expected == "suspended" { "suspended" } else { "locked" });
        assert!(world.kept, "its number is remembered all the same");
    }
    world.state = TokenState::Revoked;
    let token = phone.request("token", json!({}), world.now);
    assert_eq!(world.refused(&token), "gone");
}

#[test]
fn a_token_is_called_by_what_its_device_says_of_itself() {
    let mut world = World::new(PLAIN);
    assert_eq!(world.device().device_name(&world.opened).unwrap(), "");
    world.active(None);
    assert_eq!(world.device().device_name(&world.opened).unwrap(), "iPhone, Safari");
}

fn facts() -> DeviceFacts {
    DeviceFacts {
        os: "ios".into(),
        form: "phone".into(),
        name: "iPhone, Safari".into(),
        installed: true,
        push: true,
        biometric: false,
    }
}
