//! A desk over the ports in memory, and browsers that stand before it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use doorward_api::flow::ReturnTo;
use doorward_api::keys::MasterKey;
use doorward_api::plugin::{Host, Plugin};
use doorward_api::ports::{NoMetrics, Settings};
use doorward_api::settings::{SettingChange, SettingKind, StoredDocument};
use doorward_api::{
    Screen, ScreenPage, Secret, SecretBytes, StoreError, Timestamp, Token, TokenState, VirtualServerId,
};
use doorward_fakes::{ToyTokens, World};

use crate::dispute::Disputes;
use crate::gate::Gate;
use crate::passwords::Passwords;
use crate::ports::Ports;
use crate::provision::Provisioner;
use crate::remind::Reminders;
use crate::returns::Returns;
use crate::sessions::{Identities, SessionLimits};
use crate::signin::{Desk, DeskError, Rules};
use crate::site::{AuthenticatorSite, SharedSite, Site, VirtualServer};
use crate::testing::{Dice, now, return_to, virtual_server_with};
use crate::toy_app::ToyApp;
use crate::visit::{Landing, Moved, Opening, StepForm, Visit};

/// Password and OTP for members of staff.
pub(crate) const PASSWORD_AND_OTP: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.authn.otp };
"#;

/// An OTP alone (SP 0.6).
pub(crate) const OTP_ALONE: &str = r#"
    @id("wiki-otp")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.otp };
"#;

pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    pub(crate) desk: Arc<Desk>,
    site: SharedSite,
    pub(crate) disputes: Disputes,
    /// Who writes the mails of provisioning tasks.
    pub(crate) provisioner: Provisioner,
    pub(crate) vs: Arc<VirtualServer>,
    returns: Returns,
}

impl Stage {
    pub(crate) fn set(policies: &str) -> Arc<Self> {
        Self::set_with(policies, |_| ())
    }

    /// With other rules.
    pub(crate) fn set_with(policies: &str, change: impl FnOnce(&mut Rules)) -> Arc<Self> {
        Self::set_up(policies, Vec::new(), change)
    }

    /// With authenticators of our own, which have an origin then.
    pub(crate) fn set_up(
        policies: &str,
        ours: Vec<(&'static str, Arc<dyn Plugin>)>,
        change: impl FnOnce(&mut Rules),
    ) -> Arc<Self> {
        // Nobody waits in a test.
        let mut rules = Rules { longest_delay: Duration::ZERO, ..Rules::default() };
        change(&mut rules);
        let world = World::new();
        let mut vs = virtual_server_with("default", policies);
        vs.authenticator = (!ours.is_empty()).then(|| AuthenticatorSite {
            host: "authenticator.localhost".into(),
            origin: "http://authenticator.localhost:8080".into(),
        });
        let vs = Arc::new(vs);
        let theirs: [(&'static str, Arc<dyn Plugin>); 2] =
            [("otp", Arc::new(ToyTokens(Dice::default()))), ("pin", judge_of_pins())];
        let site = Site {
            generation: 1,
            virtual_servers: BTreeMap::from([(vs.id.clone(), vs.clone())]),
            hosts: HashMap::new(),
            trusted_proxies: Vec::new(),
            secure_cookies: false,
        };
        let site: SharedSite = Arc::new(ArcSwap::from_pointee(site));
        let key = MasterKey::new(vec![7; 32]).unwrap();
        let identities = Arc::new(Identities::new(world.clone(), world.clone(), SessionLimits::default()));
        let desk = Desk::new(
            ports(&world),
            &key,
            site.clone(),
            Arc::new(Gate::new(Arc::new(NoMetrics))),
            identities.clone(),
            ours.into_iter().chain(theirs).collect(),
            rules,
        );
        let disputes = Disputes::new(ports(&world), identities);
        let returns = Returns::new(&key, Arc::new(Dice::default()));
        let provisioner = Provisioner::new(ports(&world), site.clone());
        Arc::new(Self { world, desk: Arc::new(desk), site, disputes, provisioner, vs, returns })
    }

    /// With an authenticator of our own before the standard app.
    pub(crate) fn with_app(policies: &str) -> Arc<Self> {
        Self::set_up(policies, vec![(ToyApp::ID, Arc::new(ToyApp::new()))], |_| ())
    }

    /// With an authenticator of our own, and with one that others have made, before the standard app.
    pub(crate) fn with_kinds(policies: &str) -> Arc<Self> {
        let theirs: (&'static str, Arc<dyn Plugin>) = (ToyApp::THEIRS, Arc::new(ToyApp::of_others()));
        Self::set_up(policies, vec![(ToyApp::ID, Arc::new(ToyApp::new())), theirs], |_| ())
    }

    /// Another virtual server in place of the one of its name.
    pub(crate) fn serve(&self, vs: VirtualServer) {
        let old = self.site.load_full();
        self.site.store(Arc::new(Site {
            generation: old.generation + 1,
            virtual_servers: BTreeMap::from([(vs.id.clone(), Arc::new(vs))]),
            hosts: HashMap::new(),
            trusted_proxies: Vec::new(),
            secure_cookies: false,
        }));
    }

    /// Who reminds of deadlines.
    pub(crate) fn reminders(&self) -> Reminders {
        Reminders::new(ports(&self.world), self.site.clone())
    }

    /// The same ports and virtual server, beside one of which no setting can be read.
    pub(crate) fn beside_one_that_is_damaged(&self) -> (Ports, SharedSite) {
        let damaged = VirtualServerId::new("damaged");
        let site = self.site.load_full();
        let mut virtual_servers = site.virtual_servers.clone();
        virtual_servers.insert(damaged.clone(), Arc::new(virtual_server_with("damaged", PASSWORD_AND_OTP)));
        let both = Site {
            generation: site.generation,
            virtual_servers,
            hosts: HashMap::new(),
            trusted_proxies: Vec::new(),
            secure_cookies: false,
        };
        let settings = Arc::new(DamagedSettings { world: self.world.clone(), of: damaged });
        (Ports { settings, ..ports(&self.world) }, Arc::new(ArcSwap::from_pointee(both)))
    }

    /// The passcode that a user's app shows.
    pub(crate) fn passcode(&self, user: &str, at: Timestamp) -> String {
        self.world.with(|rows| {
            let theirs = rows.credentials.iter().rev().filter(|token| token.user.as_str() == user);
            let live = theirs.clone().find(|token| token.state != TokenState::Revoked && token.form.is_token());
            // What was revoked shows nothing.
            live.map_or_else(
                || "none".to_owned(),
                |token| match token.plugin.as_str() {
                    ToyApp::ID => ToyApp::passcode(&token.opened, at),
                    _ => ToyTokens::passcode(&token.opened, at),
                },
            )
        })
    }
}

/// The plugin that judges PINs, as it is shipped.
fn judge_of_pins() -> Arc<dyn Plugin> {
    let key = SecretBytes::new(vec![7; 32]);
    let host = Host { entropy: Arc::new(Dice::default()), issuer: "Doorward".into(), key };
    let Ok(plugin) = (doorward_pin::PLUGIN.build)(serde_json::json!({}), host) else { panic!("it takes no settings") };
    plugin
}

fn ports(world: &Arc<World>) -> Ports {
    Ports {
        directory: world.clone(),
        sessions: world.clone(),
        flows: world.clone(),
        credentials: world.clone(),
        one_times: world.clone(),
        meters: world.clone(),
        settings: world.clone(),
        register: world.clone(),
        trail: world.clone(),
        enrolments: world.clone(),
        provisioning: world.clone(),
        imports: world.clone(),
        pending: world.clone(),
        decisions: world.clone(),
        pushes: world.clone(),
        push_sender: world.clone(),
        ledger: world.clone(),
        mailer: world.clone(),
        outbox: world.clone(),
        clock: world.clone(),
        entropy: Arc::new(Dice::default()),
        metrics: Arc::new(NoMetrics),
        passwords: Arc::new(Passwords::new(Arc::new(Dice::default()))),
    }
}

/// Settings of which those of one virtual server cannot be read.
struct DamagedSettings {
    world: Arc<World>,
    of: VirtualServerId,
}

#[async_trait]
impl Settings for DamagedSettings {
    async fn document(&self, vs: &VirtualServerId, kind: SettingKind) -> Result<StoredDocument, StoreError> {
        match *vs == self.of {
            true => Ok(StoredDocument { body: Some("no document".to_owned()), version: 1 }),
            false => self.world.document(vs, kind).await,
        }
    }

    async fn changes(
        &self,
        vs: &VirtualServerId,
        kind: SettingKind,
        limit: u32,
    ) -> Result<Vec<SettingChange>, StoreError> {
        self.world.changes(vs, kind, limit).await
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) enum Send {
    Password(String),
    Passcode(String),
    Passkey(String),
    Add,
    Later,
    AskApproval,
    GoOn,
    HelpDeskCode(String),
    Resend,
    Code(String),
    Target(&'static str),
    NewSecret,
    Kind(&'static str),
    Installed,
    Mine(bool),
    Continue,
    Back,
    Cancel,
    Switch,
    NewPin(String, String),
    RequestPush,
    FinishPush(Option<&'static str>),
    CancelPush,
}

pub(crate) struct Browser {
    pub(crate) stage: Arc<Stage>,
    pub(crate) flow: Option<Token>,
    pub(crate) session: Option<Token>,
    pub(crate) device: Option<String>,
    pub(crate) now: Timestamp,
}

impl Browser {
    pub(crate) fn new(stage: &Arc<Stage>) -> Self {
        Self { stage: stage.clone(), flow: None, session: None, device: None, now: now() }
    }

    /// Another tab.
    pub(crate) fn tab(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            flow: self.flow.clone(),
            session: self.session.clone(),
            device: self.device.clone(),
            now: self.now,
        }
    }

    pub(crate) fn wait(&mut self, secs: u64) {
        self.now = self.now + Duration::from_secs(secs);
    }

    pub(crate) fn visit(&self) -> Visit {
        Visit {
            vs: self.stage.vs.clone(),
            browser: self.flow.clone(),
            session: self.session.clone(),
            device: self.device.clone(),
            address: [127, 0, 0, 1].into(),
            language: "en".into(),
            user_agent: "Mozilla/5.0 (Linux; Android 15)".into(),
            request_id: "r-1".into(),
            now: self.now,
        }
    }

    /// The sealed address of a page of the wiki.
    pub(crate) fn page(&self, path: &str) -> String {
        self.sealed(&return_to(path))
    }

    /// A return address, as the gate seals it.
    pub(crate) fn sealed(&self, to: &ReturnTo) -> String {
        self.stage.returns.seal(&self.stage.vs, to, self.now).unwrap()
    }

    pub(crate) async fn open(&mut self, path: Option<&str>) -> Opening {
        let sealed = path.map(|path| self.page(path));
        let opening = self.stage.desk.open(&self.visit(), sealed.as_deref(), None).await.unwrap();
        if let Opening::Raise { browser } = &opening {
            self.flow = Some(browser.clone());
        }
        opening
    }

    /// W0 for a page of the wiki, or for the portal.
    pub(crate) async fn name(&mut self, path: Option<&str>, name: &str) -> Moved {
        let sealed = path.map(|path| self.page(path));
        let moved = self.stage.desk.name(&self.visit(), sealed.as_deref(), name).await.unwrap();
        self.took(&moved);
        moved
    }

    pub(crate) async fn look(&self) -> Screen {
        self.stage.desk.look(&self.visit()).await.unwrap().page().expect("a flow")
    }

    pub(crate) async fn form(&self) -> StepForm {
        let ids = self.look().await.form;
        StepForm { flow: ids.flow, nonce: ids.nonce, return_to: ids.return_to }
    }

    /// Sends the form of the current page.
    pub(crate) async fn send(&mut self, what: Send) -> Moved {
        let form = self.form().await;
        self.send_form(&form, what).await
    }

    pub(crate) async fn send_form(&mut self, form: &StepForm, what: Send) -> Moved {
        let moved = self.try_form(form, what).await.unwrap();
        self.took(&moved);
        moved
    }

    pub(crate) async fn try_form(&self, form: &StepForm, what: Send) -> Result<Moved, DeskError> {
        let (desk, visit) = (&self.stage.desk, &self.visit());
        match what {
            Send::Password(text) => desk.password(visit, form, Secret::new(text)).await,
            Send::Passcode(text) => desk.passcode(visit, form, Secret::new(text)).await,
            Send::Passkey(answer) => desk.passkey(visit, form, Secret::new(answer)).await,
            Send::Add => desk.add_authenticator(visit, form).await,
            Send::Later => desk.later(visit, form).await,
            Send::AskApproval => desk.ask_approval(visit, form).await,
            Send::GoOn => desk.go_on(visit, form).await,
            Send::HelpDeskCode(code) => desk.help_desk_code(visit, form, &Secret::new(code)).await,
            Send::Resend => desk.resend_code(visit, form).await,
            Send::Code(text) => desk.verify_code(visit, form, &text).await,
            Send::Target(value) => desk.choose_target(visit, form, value).await,
            Send::NewSecret => desk.new_secret(visit, form).await,
            Send::Kind(kind) => desk.choose_kind(visit, form, kind).await,
            Send::Installed => desk.app_installed(visit, form).await,
            Send::Mine(theirs) => desk.confirm_device(visit, form, theirs).await,
            Send::Continue => desk.continue_to_passcode(visit, form).await,
            Send::Back => desk.back(visit, form).await,
            Send::Cancel => desk.cancel(visit, form).await,
            Send::Switch => desk.switch_user(visit, form).await,
            Send::RequestPush => desk.request_push(visit, form).await,
            Send::FinishPush(pin) => desk.finish_push(visit, form, pin.map(Secret::new).as_ref()).await,
            Send::CancelPush => desk.cancel_push(visit, form).await,
            Send::NewPin(pin, again) => desk.new_pin(visit, form, Secret::new(pin), Secret::new(again)).await,
        }
    }

    fn took(&mut self, moved: &Moved) {
        match moved {
            Moved::ToStep { browser: Some(browser) } => self.flow = Some(browser.clone()),
            Moved::SignedIn(landing) => {
                self.session = landing.session.clone().or(self.session.take());
                self.device = landing.device.clone().or(self.device.take());
            }
            Moved::StartAgain { .. } | Moved::BackToOwn { .. } | Moved::Denied(_) => self.flow = None,
            Moved::ToStep { browser: None } | Moved::Ask(_) | Moved::Cancelled { .. } | Moved::GoOn { .. } => {}
        }
    }

    pub(crate) async fn page_name(&self) -> &'static str {
        self.look().await.page.name()
    }

    /// The code in the newest mail.
    pub(crate) fn mailed_code(&self) -> String {
        self.stage.world.mailed("code").unwrap()
    }

    /// The key that W5 shows.
    pub(crate) async fn key(&self) -> String {
        match self.look().await.page {
            ScreenPage::Install { key, .. } => key.expose().to_owned(),
            other => panic!("not W5 but {}", other.name()),
        }
    }

    /// With name and password as far as the wizard or the passcode.
    pub(crate) async fn identified(stage: &Arc<Stage>, user: &str) -> Self {
        Self::identified_as(stage, user).await.0
    }

    /// The same, and where it led.
    pub(crate) async fn identified_as(stage: &Arc<Stage>, user: &str) -> (Self, Moved) {
        let mut browser = Self::new(stage);
        browser.name(Some("/page?x=1"), user).await;
        let moved = browser.send(Send::Password(format!("password of {user}"))).await;
        (browser, moved)
    }

    /// As far as W3.
    pub(crate) async fn verified(stage: &Arc<Stage>, user: &str) -> Self {
        let mut browser = Self::identified(stage, user).await;
        browser.send(Send::Add).await;
        let code = browser.mailed_code();
        browser.send(Send::Code(code)).await;
        browser
    }

    /// As far as W5.
    pub(crate) async fn installing(stage: &Arc<Stage>, user: &str) -> Self {
        let mut browser = Self::verified(stage, user).await;
        browser.send(Send::Target("android")).await;
        browser
    }

    /// Through the door.
    pub(crate) async fn enrolled(stage: &Arc<Stage>, user: &str) -> (Self, Landing) {
        let mut browser = Self::installing(stage, user).await;
        browser.send(Send::Continue).await;
        let code = stage.passcode(&format!("u-{user}"), browser.now);
        match browser.send(Send::Passcode(code)).await {
            Moved::SignedIn(landing) => (browser, *landing),
            other => panic!("{other:?}"),
        }
    }
}
