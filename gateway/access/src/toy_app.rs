//! An authenticator of our own that needs no device, for the tests of this crate: it says what a real one would say,
//! and proves nothing. Whatever its calls carry is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use doorward_api::device::{
    ActivationFailure, ActivationStage, Addressee, AppFile, CalledBy, Device, DeviceAnswer, DeviceCall, DeviceFacts,
    DeviceSaid, DeviceToken, Reach, WakeUp,
};
use doorward_api::flow::KeptSecret;
use doorward_api::plugin::{Authenticator, Check, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::push::{Push, PushAnswer};
use doorward_api::{
    Factor, PluginError, PushId, ScreenPage, Secret, SecretBytes, Target, Template, Timestamp, TokenState,
};
use doorward_fakes::ToyTokens;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::devices::DeviceReply;
use crate::stage::{Browser, Send, Stage};
use crate::testing::Dice;

/// See the module.
pub(crate) struct ToyApp {
    toy: ToyTokens,
    /// It is as one that others have made: called at the portal, for requests alone, and in use once it is confirmed.
    theirs: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    /// What [`ToyTokens`] keeps.
    toy: String,
    stage: Where,
    device: String,
    key: String,
    wrong_pins: u8,
    issued_at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Where {
    Issued,
    Claimed,
    Confirmed,
    Active,
    Failed(ActivationFailure),
}

impl Kept {
    fn read(opened: &SecretBytes) -> Self {
        serde_json::from_slice(opened.expose()).unwrap()
    }

    fn written(&self) -> SecretBytes {
        SecretBytes::new(serde_json::to_vec(self).unwrap())
    }

    fn toy(&self) -> SecretBytes {
        SecretBytes::new(self.toy.as_bytes().to_vec())
    }

    fn with_toy(&self, toy: &SecretBytes) -> SecretBytes {
        let toy = String::from_utf8(toy.expose().to_vec()).unwrap();
        Self { toy, ..self.clone() }.written()
    }

    fn number(&self) -> &str {
        self.toy.split(':').next().unwrap()
    }
}

/// Wrong PINs in a row that are permitted.
const PERMITTED: u8 = 2;

/// How long a code is good.
const LIFE: u64 = 600;

impl ToyApp {
    /// What stands with its tokens.
    pub(crate) const ID: &'static str = "toy-app";

    /// What stands with tokens of [`ToyApp::of_others`].
    pub(crate) const THEIRS: &'static str = "toy-push";

    pub(crate) fn new() -> Self {
        Self { toy: ToyTokens(Dice::default()), theirs: false }
    }

    /// One that others have made, for phones alone.
    pub(crate) fn of_others() -> Self {
        Self { theirs: true, ..Self::new() }
    }

    /// What the app shows.
    pub(crate) fn passcode(opened: &SecretBytes, now: Timestamp) -> String {
        ToyTokens::passcode(&Kept::read(opened).toy(), now)
    }
}

impl Plugin for ToyApp {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for ToyApp {
    fn factor(&self) -> Factor {
        if self.theirs { Factor::Push } else { Factor::Otp }
    }
    fn fits(&self, _: &Template, target: Target) -> Result<(), WhyNot> {
        let no = || WhyNot { parameter: "target", reason: "For phones only.".into() };
        if self.theirs && !target.mobile() { Err(no()) } else { Ok(()) }
    }
    fn device(&self) -> Option<&dyn Device> {
        Some(self)
    }
    async fn offer(&self, request: &OfferRequest, now: Timestamp) -> Result<Offer, PluginError> {
        assert!(request.origin.is_some(), "offered where its app is nowhere");
        let toy = self.toy.offer(request, now).await?.opened;
        let toy = String::from_utf8(toy.expose().to_vec()).unwrap();
        let (device, key) = (String::new(), String::new());
        let kept = Kept { toy, stage: Where::Issued, device, key, wrong_pins: 0, issued_at: now.secs() };
        Ok(Offer { opened: kept.written() })
    }
    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        let kept = Kept::read(opened);
        let origin = request.origin.clone().unwrap_or_default();
        let device = kept.device.clone();
        Ok(OfferView::Activation {
            link: Secret::new(format!("{origin}/a/#i={}&t={}", request.credential, kept.number())),
            code: if self.theirs { Secret::default() } else { Secret::new(kept.number()) },
            stage: match kept.stage {
                Where::Issued => ActivationStage::Waiting,
                Where::Claimed if self.theirs => ActivationStage::Found { device, check: String::new() },
                Where::Claimed => ActivationStage::Found { device, check: "4821".into() },
                Where::Confirmed => ActivationStage::SettingUp { device },
                Where::Active => ActivationStage::Active { device },
                Where::Failed(why) => ActivationStage::Failed(why),
            },
        })
    }
    async fn verify(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let kept = Kept::read(opened);
        if kept.stage != Where::Active || self.theirs {
            return Ok(Verified::Rejected);
        }
        Ok(match self.toy.verify(&kept.toy(), check, answer, now).await? {
            Verified::Accepted { updated } => Verified::Accepted { updated: kept.with_toy(&updated) },
            Verified::Outer { updated } => Verified::Outer { updated: kept.with_toy(&updated) },
            other => other,
        })
    }
}

fn answer(status: u16, body: Value) -> DeviceAnswer {
    DeviceAnswer { status, body: body.to_string().into_bytes(), keep: None, said: Vec::new(), by: CalledBy::Anybody }
}

fn error(status: u16, code: &str) -> DeviceAnswer {
    answer(status, json!({ "error": code }))
}

fn facts(body: &BTreeMap<String, Value>, kept: &Kept) -> DeviceFacts {
    let os = body.get("os").and_then(Value::as_str).unwrap_or("android").to_owned();
    DeviceFacts { os, form: "phone".into(), name: kept.device.clone(), installed: true, push: true, biometric: false }
}

fn target(os: &str) -> Target {
    match os {
        "ios" => Target::Ios,
        "android" => Target::Android,
        _ => Target::WindowsDesktop,
    }
}

impl ToyApp {
    fn begin(
        &self,
        kept: Kept,
        body: &BTreeMap<String, Value>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> DeviceAnswer {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let shown = text("ticket") + &text("code");
        let facts = facts(body, &Kept { device: text("device"), ..kept.clone() });
        let failed = |why, reason, status, code| DeviceAnswer {
            keep: Some(Kept { stage: Where::Failed(why), ..kept.clone() }.written()),
            said: vec![DeviceSaid::ActivationRefused { reason }],
            ..error(status, code)
        };
        match kept.stage {
            _ if shown != kept.number() => error(404, "not_found"),
            Where::Issued if now.secs() >= kept.issued_at + LIFE => error(410, "expired"),
            Where::Issued if !token.allowed.contains(&target(&facts.os)) => {
                failed(ActivationFailure::TargetNotAllowed, "target_not_allowed", 403, "target_not_allowed")
            }
            Where::Issued => DeviceAnswer {
                keep: Some(Kept { stage: Where::Claimed, device: text("device"), key: text("key"), ..kept }.written()),
                said: vec![DeviceSaid::Found { device: facts }],
                ..answer(200, json!({ "check": "4821", "id": token.id.as_str() }))
            },
            Where::Claimed if kept.key == text("key") => answer(200, json!({ "check": "4821" })),
            Where::Claimed => failed(ActivationFailure::SecondDevice, "second_device", 409, "already_used"),
            Where::Confirmed | Where::Active | Where::Failed(_) => DeviceAnswer {
                said: vec![DeviceSaid::ActivationRefused { reason: "second_device" }],
                ..error(409, "already_used")
            },
        }
    }

    fn answer_to(
        &self,
        call: &DeviceCall<'_>,
        body: &BTreeMap<String, Value>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> DeviceAnswer {
        match token.state {
            TokenState::Suspended => return error(423, "suspended"),
            TokenState::LockedPin => return error(423, "locked"),
            TokenState::Revoked => return error(410, "gone"),
            _ => {}
        }
        let kept = Kept::read(token.opened);
        let say = |said| DeviceAnswer { said: vec![said], ..answer(200, json!({})) };
        match call.name {
            "activate/begin" => self.begin(kept, body, token, now),
            "activate/finish" if kept.stage != Where::Confirmed => error(409, "not_now"),
            "activate/finish" => {
                let device = facts(body, &kept);
                let target = target(&device.os);
                let keep = Some(Kept { stage: Where::Active, ..kept }.written());
                let said = vec![DeviceSaid::Activated { device, target }];
                DeviceAnswer { keep, said, ..answer(200, json!({ "state": "active" })) }
            }
            "pin/unlock/1" => Self::wrong_pin(kept),
            "pin/unlock/2" => {
                DeviceAnswer { keep: Some(Kept { wrong_pins: 0, ..kept }.written()), ..answer(200, json!({})) }
            }
            "pin/change" => say(DeviceSaid::PinChanged),
            "clone" => DeviceAnswer { said: vec![DeviceSaid::Cloned], ..error(423, "suspended") },
            "token/release" if body.contains_key("proof") => say(DeviceSaid::Released),
            "token/release" => say(DeviceSaid::ReleasedUnproved),
            "push/pending" => {
                let pending: Vec<&str> = token.pending.iter().map(|push| push.id.as_str()).collect();
                answer(200, json!({ "pending": pending, "now": now.secs(), "push": token.push_enabled }))
            }
            "push/answer" => {
                let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
                let answer = match text("decision") {
                    "approve" => PushAnswer::Approve { number: KeptSecret::new(&Secret::new(text("number"))) },
                    "report" => PushAnswer::Report,
                    _ => PushAnswer::Deny,
                };
                say(DeviceSaid::PushAnswered { push: PushId::from(text("push")), answer })
            }
            "token" => answer(
                200,
                json!({ "state": token.state.as_str(), "account": token.account, "issuer": token.issuer,
                        "portal": token.portal, "support": token.support, "origin": token.origin }),
            ),
            _ => error(404, "not_found"),
        }
    }

    fn wrong_pin(kept: Kept) -> DeviceAnswer {
        let wrong_pins = kept.wrong_pins + 1;
        let keep = Some(Kept { wrong_pins, ..kept }.written());
        if wrong_pins > PERMITTED {
            return DeviceAnswer { keep, said: vec![DeviceSaid::PinLocked], ..error(423, "locked") };
        }
        let left = PERMITTED - wrong_pins;
        let said = vec![DeviceSaid::PinRejected { left }];
        DeviceAnswer { keep, said, ..answer(200, json!({ "attempts_left": left })) }
    }
}

impl Device for ToyApp {
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer> {
        let body: BTreeMap<String, Value> = serde_json::from_slice(call.body).map_err(|_| error(400, "malformed"))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("id"), text("user")) {
            (Some(id), _) => Ok(Addressee::Token(id.as_str().into())),
            (None, Some(user)) => Ok(Addressee::IssuedTo(user)),
            (None, None) => Err(error(400, "malformed")),
        }
    }

    fn unknown(&self, _: &DeviceCall<'_>) -> DeviceAnswer {
        error(404, "not_found")
    }

    /// Whatever is not said to be forged, its device has signed; but for what begins it, which anybody can say.
    fn answer(
        &self,
        call: &DeviceCall<'_>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> Result<DeviceAnswer, PluginError> {
        let body: BTreeMap<String, Value> = serde_json::from_slice(call.body).unwrap();
        if body.contains_key("forged") {
            return Ok(error(401, "signature"));
        }
        let answer = self.answer_to(call, &body, token, now);
        Ok(if call.name == "activate/begin" { answer } else { answer.signed_by_device() })
    }

    fn confirm(&self, opened: &SecretBytes, theirs: bool) -> Result<Option<SecretBytes>, PluginError> {
        let kept = Kept::read(opened);
        let yes = if self.theirs { Where::Active } else { Where::Confirmed };
        let stage = if theirs { yes } else { Where::Failed(ActivationFailure::NotMine) };
        Ok((kept.stage == Where::Claimed).then(|| Kept { stage, ..kept }.written()))
    }

    fn at_portal(&self) -> bool {
        self.theirs
    }

    fn ready(&self, opened: &SecretBytes) -> Result<Option<(DeviceFacts, Target)>, PluginError> {
        let kept = Kept::read(opened);
        let os = BTreeMap::from([("os".to_owned(), Value::from("ios"))]);
        Ok((self.theirs && kept.stage == Where::Active).then(|| (facts(&os, &kept), Target::Ios)))
    }

    fn reach(&self, opened: &SecretBytes) -> Result<Reach, PluginError> {
        Ok(if Kept::read(opened).stage == Where::Active { Reach::WhileOpen } else { Reach::Never })
    }

    fn device_name(&self, opened: &SecretBytes) -> Result<String, PluginError> {
        Ok(Kept::read(opened).device)
    }

    fn wake(&self, _: &SecretBytes, _: &Push, _: &str, _: Timestamp) -> Result<Option<WakeUp>, PluginError> {
        Ok(None)
    }

    fn forget_subscription(&self, _: &SecretBytes) -> Result<Option<SecretBytes>, PluginError> {
        Ok(None)
    }

    fn file(&self, path: &str, _: &str, issuer: &str) -> Option<AppFile> {
        let body = issuer.as_bytes().to_vec().into();
        (path == "/a/").then_some(AppFile { media_type: "text/html; charset=utf-8", body, immutable: false })
    }

    fn content_security_policy(&self) -> &'static str {
        "default-src 'none'"
    }
}

/// A device with the app, in somebody's hands.
pub(crate) struct Phone {
    stage: Arc<Stage>,
    /// What its clock says.
    pub(crate) now: Timestamp,
    /// What tells it from others.
    key: &'static str,
    os: &'static str,
    id: String,
    /// It has the app that others have made.
    theirs: bool,
}

impl Phone {
    pub(crate) fn new(stage: &Arc<Stage>, key: &'static str) -> Self {
        Self { stage: stage.clone(), now: crate::testing::now(), key, os: "android", id: String::new(), theirs: false }
    }

    /// With the app that others have made.
    pub(crate) fn of_others(stage: &Arc<Stage>, key: &'static str) -> Self {
        Self { theirs: true, os: "ios", ..Self::new(stage, key) }
    }

    pub(crate) fn running(self, os: &'static str) -> Self {
        Self { os, ..self }
    }

    /// Makes a call: its reply, and the status with the body.
    pub(crate) async fn reply(&self, name: &str, body: &Value) -> DeviceReply {
        let mut visit = Browser::new(&self.stage).visit();
        visit.now = self.now;
        let body = body.to_string();
        let target_uri = format!("http://authenticator.localhost:8080/a/v1/{name}");
        let body = body.as_bytes();
        let call = DeviceCall { method: "POST", name, query: "", target_uri: &target_uri, headers: &[], body };
        match self.theirs {
            true => self.stage.desk.device_call_at_portal(&visit, ToyApp::THEIRS, &call).await.unwrap(),
            false => self.stage.desk.device_call(&visit, &call).await.unwrap(),
        }
    }

    pub(crate) async fn call(&self, name: &str, body: Value) -> (u16, Value) {
        let reply = self.reply(name, &body).await;
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// About its own token.
    pub(crate) async fn say(&self, name: &str) -> (u16, Value) {
        self.call(name, json!({ "id": self.id, "os": self.os })).await
    }

    /// Scans the QR code, or follows the link.
    pub(crate) async fn scan(&mut self, link: &str) -> (u16, Value) {
        let (_, ticket) = link.split_once("#i=").unwrap();
        let (id, ticket) = ticket.split_once("&t=").unwrap();
        self.id = id.to_owned();
        let device = format!("phone of {}", self.key);
        let body = json!({ "id": id, "ticket": ticket, "key": self.key, "device": device, "os": self.os });
        self.call("activate/begin", body).await
    }
}

/// The link on the browser's page.
pub(crate) async fn link(browser: &Browser) -> String {
    match browser.look().await.page {
        ScreenPage::Activate { link, .. } => link.expose().to_owned(),
        other => panic!("not W5 but {}", other.name()),
    }
}

/// Somebody whose phone has put a token in use, and who stands before its first passcode.
pub(crate) async fn activated(stage: &Arc<Stage>, user: &str) -> (Browser, Phone) {
    let mut browser = Browser::installing(stage, user).await;
    browser.send(Send::Installed).await;
    let mut phone = Phone::new(stage, "the owner");
    phone.scan(&link(&browser).await).await;
    browser.send(Send::Mine(true)).await;
    assert_eq!(phone.say("activate/finish").await.0, 200);
    (browser, phone)
}
