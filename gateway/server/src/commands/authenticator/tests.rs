//! The command against the gateway's own half of the protocol (`plugins/authenticator`), without a network in between.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::device::{DeviceCall, DeviceSaid, DeviceToken};
use doorward_api::flow::KeptSecret;
use doorward_api::plugin::{Authenticator, Check, Host, OfferRequest, OfferView, Plugin, Verified};
use doorward_api::ports::Clock;
use doorward_api::push::{Push, PushAnswer, PushContext, PushData, PushPurpose, PushState};
use doorward_api::settings::{Document, Windows};
use doorward_api::template::{Mode as ApiMode, PinType, Synchronization};
use doorward_api::{
    CredentialId, FlowId, PushId, Secret, Target, Template as ApiTemplate, Timestamp, TokenState, UserId,
};
use doorward_connect::{HttpAnswer, HttpError};

use super::line::Carrier;
use super::link::Ticket;
use super::*;

const NOW: i64 = 1_764_000_000;
const ORIGIN: &str = "http://authenticator.localhost:8080";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(NOW)
    }
}

/// The gateway, with one token that was issued to alice.
struct Gateway {
    plugin: Arc<dyn Plugin>,
    id: CredentialId,
    template: ApiTemplate,
    kept: RefCell<SecretBytes>,
    state: Cell<TokenState>,
    pending: RefCell<Vec<Push>>,
    said: RefCell<Vec<DeviceSaid>>,
    /// What the browser that enrols says.
    theirs: bool,
    /// How many answers to a finish are lost.
    lost: Cell<u32>,
    ticket: (String, String),
}

fn with_pin() -> ApiTemplate {
    ApiTemplate { pin: PinType::UserSelected, push: true, ..ApiTemplate::STANDARD_APP }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    runtime_of_tests().block_on(future)
}

fn runtime_of_tests() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

impl Gateway {
    fn issuing(template: ApiTemplate) -> Self {
        let key = SecretBytes::new(vec![7; 32]);
        let host = Host { entropy: Arc::new(SystemEntropy), issuer: "Example".to_owned(), key };
        let plugin = (doorward_authenticator::PLUGIN.build)(json!({}), host).unwrap();
        let id = CredentialId::new("token-1");
        let request = OfferRequest {
            credential: id.clone(),
            origin: Some(ORIGIN.to_owned()),
            user: UserId::new("u-1"),
            account: "alice".to_owned(),
            issuer: "Example".to_owned(),
            template: template.clone(),
            target: Target::WindowsDesktop,
        };
        let own = plugin.authenticator().unwrap();
        let opened = at_once(own.offer(&request, Timestamp::from_secs(NOW))).unwrap().opened;
        let OfferView::Activation { link, code, .. } = own.show(&opened, &request).unwrap() else { panic!("no link") };
        Self {
            id,
            template,
            kept: RefCell::new(opened),
            state: Cell::new(TokenState::Assigned),
            pending: RefCell::default(),
            said: RefCell::default(),
            theirs: true,
            lost: Cell::new(0),
            ticket: (link.expose().to_owned(), code.expose().to_owned()),
            plugin,
        }
    }

    fn own(&self) -> &dyn Authenticator {
        self.plugin.authenticator().unwrap()
    }

    fn takes(&self, passcode: &str, challenge: Option<&str>) -> bool {
        let windows = Windows::of_new();
        let check = Check { template: &self.template, windows: &windows, challenge };
        let opened = self.kept.borrow().clone();
        let verified =
            at_once(self.own().verify(&opened, &check, &Secret::new(passcode), Timestamp::from_secs(NOW))).unwrap();
        match verified {
            Verified::Accepted { updated } => {
                *self.kept.borrow_mut() = updated;
                true
            }
            _ => false,
        }
    }

    fn ask(&self) {
        let data = PushData {
            nonce: BASE64URL_NOPAD.encode(&[5; 16]),
            number: KeptSecret::new(&Secret::new("47")),
            context: PushContext {
                application: Some("Wiki\u{1b}[2J".to_owned()),
                address: "192.0.2.7".to_owned(),
                browser: "Firefox on Windows".to_owned(),
            },
            answered_by: None,
            serial: None,
        };
        self.pending.borrow_mut().push(Push {
            id: PushId::new("push-1"),
            user: UserId::new("u-1"),
            purpose: PushPurpose::SignIn { flow: FlowId::new("flow-1") },
            state: PushState::Pending,
            created_at: Timestamp::from_secs(NOW),
            expires_at: Timestamp::from_secs(NOW + 120),
            data,
        });
    }

    fn note(&self, said: DeviceSaid) {
        let state = match &said {
            DeviceSaid::Activated { .. } => TokenState::Active,
            DeviceSaid::PinLocked => TokenState::LockedPin,
            DeviceSaid::Cloned => TokenState::Suspended,
            DeviceSaid::Released => TokenState::Revoked,
            DeviceSaid::ReleasedUnproved => TokenState::Suspended,
            _ => self.state.get(),
        };
        self.state.set(state);
        self.said.borrow_mut().push(said);
    }
}

impl Carrier for Gateway {
    fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Result<HttpAnswer, HttpError> {
        let name = url.strip_prefix(ORIGIN).unwrap().strip_prefix("/a/v1/").unwrap();
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let body = body.as_bytes();
        let call = DeviceCall { name, method: "POST", query: "", target_uri: url, headers: &headers, body };
        let device = self.own().device().unwrap();
        if let Err(answer) = device.addressee(&call) {
            return Ok(HttpAnswer { status: answer.status, body: answer.body });
        }
        let (opened, pending) = (self.kept.borrow().clone(), self.pending.borrow().clone());
        let token = DeviceToken {
            id: &self.id,
            serial: "A-1",
            state: self.state.get(),
            opened: &opened,
            template: &self.template,
            target: Some(Target::WindowsDesktop),
            account: "alice",
            issuer: "Example",
            origin: ORIGIN,
            portal: "http://login.localhost:8080",
            support: None,
            allowed: &Target::ALL,
            push_enabled: true,
            pending: &pending,
        };
        let answer = device.answer(&call, &token, Timestamp::from_secs(NOW)).unwrap();
        if let Some(kept) = answer.keep {
            *self.kept.borrow_mut() = kept;
        }
        answer.said.into_iter().for_each(|said| self.note(said));
        if name == "activate/begin" && answer.status == 200 {
            let confirmed = device.confirm(&self.kept.borrow(), self.theirs).unwrap();
            *self.kept.borrow_mut() = confirmed.unwrap();
        }
        if name == "activate/finish" && self.lost.get() > 0 {
            self.lost.set(self.lost.get() - 1);
            return Err(HttpError::TimedOut);
        }
        Ok(HttpAnswer { status: answer.status, body: answer.body })
    }
}

/// A folder with a key file and PINs.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn types(&self, pin: &str, new_pin: &str) -> Typist {
        std::fs::write(self.file("pin"), pin).unwrap();
        std::fs::write(self.file("new-pin"), new_pin).unwrap();
        Typist { pin_file: Some(self.file("pin")), new_pin_file: Some(self.file("new-pin")) }
    }

    fn keys(&self) -> KeyFile {
        KeyFile::open(&self.file("authenticator.json")).unwrap()
    }

    fn activate(&self, gateway: &Gateway, ticket: &Ticket, pin: &str) -> Result<usize, Stop> {
        let wishes = Wishes { name: "Terminal on Linux".to_owned(), push: true };
        activate(&line_to(gateway), &mut self.keys(), ticket, &wishes, &self.types("", pin))
    }

    fn device<'a>(&self, gateway: &'a Gateway, pin: &str, new_pin: &str) -> Device<'a> {
        let file = self.keys();
        let signer = file.accounts[0].signer().unwrap();
        Device { line: line_to(gateway), file, nth: 0, signer, typist: self.types(pin, new_pin) }
    }
}

fn line_to(gateway: &Gateway) -> Line<'_> {
    let origin = Origin::read(ORIGIN).unwrap();
    Line { carrier: gateway, origin, clock: &Still, entropy: &SystemEntropy, pause: Duration::ZERO }
}

fn by_link(gateway: &Gateway) -> Ticket {
    let (id, ticket) = gateway.ticket.0.split_once("&i=").unwrap().1.split_once("&t=").unwrap();
    Ticket::Link { id: id.to_owned(), ticket: Secret::new(ticket) }
}

#[test]
fn a_token_is_set_up_shows_passcodes_and_is_removed() {
    let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    assert_eq!(gateway.state.get(), TokenState::Active);
    let mut device = desk.device(&gateway, "274901", "");
    let (passcode, lasts) = device.next_passcode(None).unwrap();
    assert!(gateway.takes(passcode.expose(), None));
    assert!(lasts.is_some_and(|seconds| (1..=30).contains(&seconds)));
    assert!(matches!(device.status().unwrap(), Finding::Good));
    device.remove(Shown::Seed).unwrap();
    assert!(device.file.accounts.is_empty());
    assert_eq!(gateway.said.borrow().last(), Some(&DeviceSaid::Released));
}

#[test]
fn a_token_is_removed_by_its_pin_or_as_one_that_was_merely_found() {
    let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    let wrong = desk.device(&gateway, "274902", "").remove(Shown::Seed).map(drop).unwrap_err();
    assert!(wrong.to_string().contains("the PIN is wrong"), "{wrong}");
    assert_eq!((gateway.state.get(), desk.keys().accounts.len()), (TokenState::Active, 1));
    desk.device(&gateway, "", "").remove(Shown::Device).unwrap();
    assert_eq!(gateway.said.borrow().last(), Some(&DeviceSaid::ReleasedUnproved));
    assert!(desk.keys().accounts.is_empty());
}

#[test]
fn a_token_that_is_held_is_forgotten_here_and_stays_held() {
    for state in [TokenState::Suspended, TokenState::Revoked] {
        let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
        desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
        gateway.state.set(state);
        desk.device(&gateway, "274901", "").remove(Shown::Seed).unwrap();
        assert!(desk.keys().accounts.is_empty());
        assert_eq!(gateway.state.get(), state);
    }
}

#[test]
fn a_code_that_was_typed_does_the_same() {
    let (gateway, desk) = (Gateway::issuing(ApiTemplate::STANDARD_APP), Desk::new());
    let ticket = Ticket::Typed { user: "alice".to_owned(), code: Secret::new(gateway.ticket.1.clone()) };
    desk.activate(&gateway, &ticket, "").unwrap();
    let (passcode, _) = desk.device(&gateway, "", "").next_passcode(None).unwrap();
    assert!(gateway.takes(passcode.expose(), None), "without a PIN");
}

#[test]
fn clicks_and_questions_are_answered_too() {
    let event = Synchronization::Event { look_ahead: 3 };
    let clicks = Gateway::issuing(ApiTemplate { synchronization: event, ..ApiTemplate::STANDARD_APP });
    let desk = Desk::new();
    desk.activate(&clicks, &by_link(&clicks), "").unwrap();
    for _ in 0..3 {
        let (passcode, _) = desk.device(&clicks, "", "").next_passcode(None).unwrap();
        assert!(clicks.takes(passcode.expose(), None));
    }
    let asks = Gateway::issuing(ApiTemplate { mode: ApiMode::ChallengeResponse, ..ApiTemplate::STANDARD_APP });
    let desk = Desk::new();
    desk.activate(&asks, &by_link(&asks), "").unwrap();
    let (passcode, lasts) = desk.device(&asks, "", "").next_passcode(Some("12345678")).unwrap();
    assert!(asks.takes(passcode.expose(), Some("12345678")) && lasts.is_none());
}

#[test]
fn nothing_is_kept_of_an_activation_that_came_to_nothing() {
    let mut gateway = Gateway::issuing(with_pin());
    gateway.theirs = false;
    let desk = Desk::new();
    let stop = desk.activate(&gateway, &by_link(&gateway), "274901").unwrap_err();
    assert_eq!(stop.to_string(), "the browser said that this device is not theirs");
    let again = desk.activate(&gateway, &by_link(&gateway), "274901").unwrap_err();
    assert!(again.is("already_used"), "{again}");
    assert!(desk.keys().accounts.is_empty());
}

#[test]
fn a_finish_whose_answer_was_lost_is_sent_again_and_the_keys_are_there_whatever_comes() {
    for (lost, done) in [(2, true), (9, false)] {
        let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
        gateway.lost.set(lost);
        let activated = desk.activate(&gateway, &by_link(&gateway), "274901");
        assert_eq!(activated.is_ok(), done);
        let (passcode, _) = desk.device(&gateway, "274901", "").next_passcode(None).unwrap();
        assert!(gateway.takes(passcode.expose(), None));
    }
}

#[test]
fn wrong_pins_are_counted_by_the_gateway_until_it_locks() {
    let (gateway, desk) = (Gateway::issuing(ApiTemplate { max_pin_attempts: 2, ..with_pin() }), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    let wrong = || desk.device(&gateway, "274902", "").next_passcode(None).map(drop).unwrap_err().to_string();
    assert_eq!(wrong(), "the PIN is wrong; one more is permitted");
    assert_eq!(wrong(), "the PIN is wrong; the next wrong one locks the authenticator");
    assert!(wrong().contains("locked for good"));
    assert_eq!(gateway.state.get(), TokenState::LockedPin);
    let right = desk.device(&gateway, "274901", "").next_passcode(None).map(drop).unwrap_err();
    assert!(right.is("locked"), "{right}");
}

#[test]
fn a_pin_is_changed_and_only_the_new_one_opens() {
    let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    desk.device(&gateway, "274901", "660174").change_pin().unwrap();
    assert_eq!(desk.keys().accounts[0].seed_keys.len(), 1);
    assert!(desk.device(&gateway, "274901", "").next_passcode(None).is_err());
    let (passcode, _) = desk.device(&gateway, "660174", "").next_passcode(None).unwrap();
    assert!(gateway.takes(passcode.expose(), None));
    let refused = desk.device(&gateway, "660174", "1111").change_pin().map(drop).unwrap_err();
    assert!(refused.to_string().contains("one run"), "{refused}");
}

#[test]
fn a_request_is_shown_approved_with_its_number_or_turned_down() {
    let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    let none = desk.device(&gateway, "274901", "").approve("47", None).map(drop).unwrap_err();
    assert_eq!(none.to_string(), "no such request waits");
    gateway.ask();
    let (pending, now) = desk.device(&gateway, "", "").pending(0).unwrap();
    let told = pending[0].told(now);
    assert_eq!(told, "Sign-in to Wiki[2J, from 192.0.2.7 with Firefox on Windows; for 120 s more");
    desk.device(&gateway, "274901", "").approve("47", None).unwrap();
    let answer = PushAnswer::Approve { number: KeptSecret::new(&Secret::new("47")) };
    let approved = DeviceSaid::PushAnswered { push: PushId::new("push-1"), answer };
    assert_eq!(gateway.said.borrow().last(), Some(&approved));
    desk.device(&gateway, "", "").deny(true, Some("push-1")).unwrap();
    let reported = DeviceSaid::PushAnswered { push: PushId::new("push-1"), answer: PushAnswer::Report };
    assert_eq!(gateway.said.borrow().last(), Some(&reported), "which asks for no PIN");
}

/// What a thief has who copies the key file and uses it.
#[test]
fn a_copy_of_the_key_file_is_found_out() {
    let (gateway, desk) = (Gateway::issuing(with_pin()), Desk::new());
    desk.activate(&gateway, &by_link(&gateway), "274901").unwrap();
    let thief = Desk::new();
    std::fs::copy(desk.file("authenticator.json"), thief.file("authenticator.json")).unwrap();
    desk.device(&gateway, "274901", "").status().unwrap();
    let found = thief.device(&gateway, "000000", "").next_passcode(None).map(drop).unwrap_err();
    assert!(found.is("suspended"), "{found}");
    assert_eq!(gateway.state.get(), TokenState::Suspended);
}
