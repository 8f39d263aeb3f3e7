//! Settings: one document of each kind, changed by whoever has seen it as it stands.

mod appearance;
mod enrolment_rules;
mod kinds;
mod preview;
mod provisioning_rules;

use axum::body::Bytes;
use doorward_api::FieldFault;
use doorward_api::settings::{
    Approvals, Complexity, Document, Lockout, PinOrder, SelfProvisioning, ServerPinPolicy, SettingChange,
    TargetSettings, TokenTemplate, Windows,
};
use doorward_api::template::{Mode, PinType, Synchronization};
use doorward_tokens::settings::Checked;
use doorward_views::Views;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::asked::Asked;
use super::call::LARGEST;
use super::given::{Described, Nothing, Takes, json};
use super::gives::{Found, Gives, Reply, Shown, Told, Versioned};
use super::people::SOME_TIME;
use super::problem::{Problem, Wrong};

pub(super) use kinds::kinds;
pub(super) use preview::preview;
pub(super) use provisioning_rules::preview_rules;

/// A kind of document, with the type by which it is described. What is read and shown is the document itself; a test
/// holds the two together.
pub(super) trait Kept: Checked {
    /// The description.
    type Shape: Shown + Send;

    /// The largest body that it is sent in.
    const LARGEST: usize = LARGEST;

    /// One that says something.
    fn example() -> Self {
        Self::of_new()
    }

    /// What only the pages can find wrong with it.
    fn faults_on_pages(&self, _: &Views) -> Vec<FieldFault> {
        Vec::new()
    }
}

macro_rules! kept {
    ($($document:ty => $shape:ident),+ $(,)?) => {
        $(
            impl Kept for $document {
                type Shape = $shape;
            }

            impl Shown for $shape {
                fn example() -> Self {
                    Self::of(&<$document>::of_new())
                }
            }
        )+
    };
}

kept! {
    SelfProvisioning => SelfProvisioningSettings,
    TargetSettings => TargetsSettings,
    TokenTemplate => TokenTemplateSettings,
    ServerPinPolicy => ServerPinPolicySettings,
    Windows => SynchronizationSettings,
    Lockout => LockoutSettings,
    Approvals => ApprovalsSettings,
}

/// Whether a challenge is keyed in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ModeName {
    /// None is.
    QuickLog,
    /// OCRA (RFC 6287).
    ChallengeResponse,
}

impl ModeName {
    pub(super) const fn of(mode: Mode) -> Self {
        match mode {
            Mode::QuickLog => ModeName::QuickLog,
            Mode::ChallengeResponse => ModeName::ChallengeResponse,
        }
    }
}

/// Which PIN belongs to a token.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PinTypeName {
    /// None.
    None,
    /// Asked by the app.
    UserSelected,
    /// Typed with the passcode, and checked by the server.
    ServerSide,
}

impl PinTypeName {
    pub(super) const fn of(pin: PinType) -> Self {
        match pin {
            PinType::None => PinTypeName::None,
            PinType::UserSelected => PinTypeName::UserSelected,
            PinType::ServerSide => PinTypeName::ServerSide,
        }
    }
}

/// Of what characters a PIN is made.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ComplexityName {
    /// Digits, letters, or both.
    Decimal,
    /// At least one capital letter, one small letter and one digit.
    StrongAlphanumeric,
}

impl ComplexityName {
    pub(super) const fn of(complexity: Complexity) -> Self {
        match complexity {
            Complexity::Decimal => ComplexityName::Decimal,
            Complexity::StrongAlphanumeric => ComplexityName::StrongAlphanumeric,
        }
    }
}

/// What moves a passcode on: one of the two.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PasscodeSynchronization)]
pub(super) enum SynchronizationShown {
    /// Time.
    Time {
        /// Seconds: 30, 60, 90, 120, 180, 240 or 300.
        step: u32,
    },
    /// Clicks.
    Event {
        /// Clicks ahead that are accepted: 1 to 100.
        look_ahead: u32,
    },
}

impl SynchronizationShown {
    pub(super) const fn of(synchronization: Synchronization) -> Self {
        match synchronization {
            Synchronization::Time { step } => SynchronizationShown::Time { step },
            Synchronization::Event { look_ahead } => SynchronizationShown::Event { look_ahead },
        }
    }
}

/// Settings > Self-Provisioning.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SelfProvisioningSettings {
    /// Who is offered it.
    target_users: TargetUsersShape,
    /// How the app comes to a Windows computer.
    windows_link: WindowsLinkName,
    /// Where the installer is, with `installer` only: an absolute https URL of at most 2048 characters.
    installer_url: Option<String>,
    /// Where the app is in the Microsoft Store: an https URL. Without one the install page of the app itself stands in, as for
    /// the other stores.
    microsoft_store_url: Option<String>,
    /// Where the app is in the App Store.
    app_store_url: Option<String>,
    /// Where the app is on Google Play.
    google_play_url: Option<String>,
    /// Whether users may make recovery codes.
    recovery_codes: bool,
    /// Whether users may take another app than the one offered first, where the template allows it; `true` where it is left out.
    #[serde(default = "yes")]
    other_apps: bool,
    /// How many authenticators a user may have, 1 to 5; 1 where it is left out. More than the first are added on the user's own page.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 5)]
    max_tokens: u8,
}

const fn one() -> u8 {
    1
}

const fn yes() -> bool {
    true
}

/// Who is offered self-provisioning.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TargetUsers)]
struct TargetUsersShape {
    /// Who.
    mode: TargetUsersMode,
    /// The ids of groups, with the two modes that name some.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
}

/// Who is offered self-provisioning.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TargetUsersMode {
    /// Everybody.
    All,
    /// Members of groups only.
    OnlyGroups,
    /// Everybody but members of groups.
    ExceptGroups,
    /// Nobody.
    None,
}

/// How the app comes to a Windows computer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WindowsLinkName {
    /// It is there already.
    None,
    /// From the Microsoft Store.
    Store,
    /// By the installer that the operator provides.
    Installer,
}

impl SelfProvisioningSettings {
    fn of(document: &SelfProvisioning) -> Self {
        use doorward_api::settings::{TargetUsers, WindowsLink};
        let mode = match document.target_users {
            TargetUsers::All => TargetUsersMode::All,
            TargetUsers::OnlyGroups(_) => TargetUsersMode::OnlyGroups,
            TargetUsers::ExceptGroups(_) => TargetUsersMode::ExceptGroups,
            TargetUsers::None => TargetUsersMode::None,
        };
        let groups: Vec<String> = document.target_users.groups().iter().map(ToString::to_string).collect();
        Self {
            target_users: TargetUsersShape { mode, groups: Some(groups).filter(|groups| !groups.is_empty()) },
            windows_link: match document.windows_link {
                WindowsLink::None => WindowsLinkName::None,
                WindowsLink::Store => WindowsLinkName::Store,
                WindowsLink::Installer => WindowsLinkName::Installer,
            },
            installer_url: document.installer_url.clone(),
            microsoft_store_url: document.microsoft_store_url.clone(),
            app_store_url: document.app_store_url.clone(),
            google_play_url: document.google_play_url.clone(),
            recovery_codes: document.recovery_codes,
            other_apps: document.other_apps,
            max_tokens: document.max_tokens,
        }
    }
}

/// Policies > Token Policies > Software Token & Push OTP Settings.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TargetsSettings {
    /// iPhone or iPad.
    ios: TargetRowShape,
    /// Android phone or tablet.
    android: TargetRowShape,
    /// Windows 10 Mobile.
    windows_mobile: TargetRowShape,
    /// Windows 10 or later, desktop or tablet.
    windows_desktop: TargetRowShape,
}

/// One platform. A platform that is not allowed has neither the app nor push.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TargetRow)]
struct TargetRowShape {
    /// Tokens may be enrolled on it.
    allowed: bool,
    /// The default app; the same as `allowed`.
    app: bool,
    /// Push notifications.
    push: bool,
}

impl TargetsSettings {
    fn of(document: &TargetSettings) -> Self {
        let row = |row: doorward_api::settings::TargetRow| TargetRowShape {
            allowed: row.allowed,
            app: row.app,
            push: row.push,
        };
        Self {
            ios: row(document.ios),
            android: row(document.android),
            windows_mobile: row(document.windows_mobile),
            windows_desktop: row(document.windows_desktop),
        }
    }
}

/// Policies > Token Policies > Token Templates. It applies to tokens enrolled from now on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenTemplateSettings {
    /// Whether a challenge is keyed in.
    mode: ModeName,
    /// Characters of a passcode: 6 or 8.
    #[schema(minimum = 6, maximum = 8)]
    length: u8,
    /// What moves the passcode on; with `quick_log` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    synchronization: Option<SynchronizationShown>,
    /// The PIN. The fields below are there with `user_selected` only.
    pin_type: PinTypeName,
    /// Least characters of the PIN: 4 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 4, maximum = 8)]
    pin_length: Option<u8>,
    /// The PIN may be one run, such as 1234.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_trivial_pins: Option<bool>,
    /// Wrong PINs in a row that are permitted: 1 to 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 15)]
    max_pin_attempts: Option<u8>,
    /// Of what the PIN is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_pin_complexity: Option<ComplexityName>,
    /// A fingerprint or a face may stand in for the PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_biometric_pin: Option<bool>,
}

impl TokenTemplateSettings {
    fn of(document: &TokenTemplate) -> Self {
        let with_pin = document.pin_type == PinType::UserSelected;
        let quick = document.mode == Mode::QuickLog;
        Self {
            mode: ModeName::of(document.mode),
            length: document.length,
            synchronization: quick.then(|| SynchronizationShown::of(document.synchronization)),
            pin_type: PinTypeName::of(document.pin_type),
            pin_length: with_pin.then_some(document.pin_length),
            allow_trivial_pins: with_pin.then_some(document.allow_trivial_pins),
            max_pin_attempts: with_pin.then_some(document.max_pin_attempts),
            min_pin_complexity: with_pin.then(|| ComplexityName::of(document.min_pin_complexity)),
            allow_biometric_pin: with_pin.then_some(document.allow_biometric_pin),
        }
    }
}

/// Policies > Token Policies > Server-side PIN Policy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerPinPolicySettings {
    /// A PIN that somebody else has set must be changed at its first use.
    change_on_first_use: bool,
    /// Operators do not type PINs, the server draws them.
    force_random: bool,
    /// Whether the PIN is typed before or after the passcode.
    order: PinOrderName,
    /// Least number of characters: 3 to 15, at most `max_length`.
    #[schema(minimum = 3, maximum = 15)]
    min_length: u8,
    /// Greatest number of characters: 4 to 16.
    #[schema(minimum = 4, maximum = 16)]
    max_length: u8,
    /// Characters of a PIN that is drawn: between the two.
    #[schema(minimum = 3, maximum = 16)]
    generated_length: u8,
    /// Of what a PIN is made.
    complexity: ComplexityName,
    /// A PIN that is one run is taken.
    allow_trivial: bool,
    /// Days after which a PIN must be changed: 0 to 365, 0 never.
    #[schema(minimum = 0, maximum = 365)]
    change_after_days: u16,
    /// How many earlier PINs are not taken again: 0 to 10.
    #[schema(minimum = 0, maximum = 10)]
    history: u8,
}

/// Where a PIN is typed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PinOrderName {
    /// Before the passcode.
    Prepend,
    /// After it.
    Append,
}

impl ServerPinPolicySettings {
    fn of(document: &ServerPinPolicy) -> Self {
        Self {
            change_on_first_use: document.change_on_first_use,
            force_random: document.force_random,
            order: match document.order {
                PinOrder::Prepend => PinOrderName::Prepend,
                PinOrder::Append => PinOrderName::Append,
            },
            min_length: document.min_length,
            max_length: document.max_length,
            generated_length: document.generated_length,
            complexity: ComplexityName::of(document.complexity),
            allow_trivial: document.allow_trivial,
            change_after_days: document.change_after_days,
            history: document.history,
        }
    }
}

/// Policies > Token Policies > Synchronization.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SynchronizationSettings {
    /// Time steps on either side within which a passcode is accepted: 0 to 10.
    #[schema(minimum = 0, maximum = 10)]
    inner_steps: u32,
    /// Time steps on either side within which one is right, but asks for the next: `inner_steps` to 100.
    #[schema(minimum = 0, maximum = 100)]
    outer_steps: u32,
    /// Clicks ahead within which one is right, but asks for the next: 1 to 1000.
    #[schema(minimum = 1, maximum = 1000)]
    outer_events: u32,
}

impl SynchronizationSettings {
    fn of(document: &Windows) -> Self {
        let Windows { inner_steps, outer_steps, outer_events } = *document;
        Self { inner_steps, outer_steps, outer_events }
    }
}

/// Policies > Account Lockout Policy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LockoutSettings {
    /// Wrong passwords in a row that an account is permitted: 0 to 50, 0 never locks.
    #[schema(minimum = 0, maximum = 50)]
    account_failures: u32,
    /// Minutes that an account is locked for: 1 to 1440.
    #[schema(minimum = 1, maximum = 1440)]
    account_minutes: u32,
    /// Wrong passcodes in a row that a token is permitted: 1 to 50.
    #[schema(minimum = 1, maximum = 50)]
    token_failures: u32,
    /// Minutes that a token is locked for: 1 to 1440.
    #[schema(minimum = 1, maximum = 1440)]
    token_minutes: u32,
}

impl LockoutSettings {
    fn of(document: &Lockout) -> Self {
        let Lockout { account_failures, account_minutes, token_failures, token_minutes } = *document;
        Self { account_failures, account_minutes, token_failures, token_minutes }
    }
}

/// Operators > Approvals: which acts take two operators. `operators` has to be on as soon as any other is; anything takes two
/// operators who may do everything.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "it is what the document is")]
pub(super) struct ApprovalsSettings {
    /// Invitations, roles, and API keys that are made; this document.
    operators: bool,
    /// Every other document of the settings.
    settings: bool,
    /// Users who are deleted.
    user_deletion: bool,
    /// Tokens whose rows are deleted.
    token_deletion: bool,
    /// Files that are taken away: the audit trail, reports.
    exports: bool,
}

impl ApprovalsSettings {
    fn of(document: &Approvals) -> Self {
        let Approvals { operators, settings, user_deletion, token_deletion, exports } = *document;
        Self { operators, settings, user_deletion, token_deletion, exports }
    }
}

/// A document as it is sent.
pub(super) struct Sent<D>(D);

impl<D: Kept> Takes for Sent<D> {
    fn described() -> Option<Described> {
        let mut parts = Vec::new();
        D::Shape::schemas(&mut parts);
        let (name, schema) = (D::Shape::name().into_owned(), D::Shape::schema());
        Some(Described { name, schema, parts, example: D::example().shown() })
    }

    fn take(headers: &HeaderMap, body: &Bytes) -> Result<Self, Problem> {
        D::read(&json(headers, body)?).map(Self).map_err(broken)
    }
}

fn broken(faults: Vec<FieldFault>) -> Problem {
    Problem::invalid(faults.into_iter().map(Wrong::from).collect())
}

/// A document as it stands, and its version.
pub(super) struct Standing<D> {
    document: D,
    version: i64,
}

impl<D: Kept> Gives for Standing<D> {
    fn told() -> Vec<Told> {
        Versioned::<D::Shape>::told()
    }

    fn reply(self) -> Result<Reply, Problem> {
        Reply::versioned(&self.document.shown(), self.version)
    }
}

/// `GET /settings/{kind}`
pub(super) async fn get<D: Kept>(asked: Asked, _: Nothing) -> Result<Standing<D>, Problem> {
    let seen = asked.api.parts.manager.setting::<D>(&asked.vs.id).await?;
    Ok(Standing { document: seen.document, version: seen.version })
}

/// `PUT /settings/{kind}`
pub(super) async fn put<D: Kept>(asked: Asked, Sent(new): Sent<D>) -> Result<Standing<D>, Problem> {
    let parts = &asked.api.parts;
    let faults = new.faults_on_pages(&parts.views);
    if !faults.is_empty() {
        return Err(broken(faults));
    }
    let seen = parts.manager.apply::<D>(&asked.vs.id, &asked.by(), asked.version, new).await?;
    Ok(Standing { document: seen.document, version: seen.version })
}

/// The newest changes of a document, newest first: at most five.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingChanges)]
pub(super) struct ChangesShown {
    /// They.
    items: Vec<ChangeShown>,
}

/// A change of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingChange)]
struct ChangeShown {
    /// The version that it made.
    version: i64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The operator's name at that time.
    operator: String,
    /// What.
    changes: Vec<FieldChangeShown>,
}

/// A field that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
struct FieldChangeShown {
    /// The field's name in the document.
    field: String,
    /// What it said; `null` when it was not there.
    old: Value,
    /// What it says now; `null` when it is not there.
    new: Value,
}

impl Shown for ChangesShown {
    fn example() -> Self {
        let change = FieldChangeShown { field: "token_minutes".to_owned(), old: json!(15), new: json!(30) };
        let (at, operator) = (SOME_TIME.rfc3339(), "olga".to_owned());
        Self { items: vec![ChangeShown { version: 2, at, operator, changes: vec![change] }] }
    }
}

impl ChangeShown {
    fn of(change: SettingChange) -> Self {
        let field = |change: doorward_api::settings::FieldChange| FieldChangeShown {
            field: change.field,
            old: change.old,
            new: change.new,
        };
        Self {
            version: change.version,
            at: change.at.rfc3339(),
            operator: change.operator,
            changes: change.changes.into_iter().map(field).collect(),
        }
    }
}

/// `GET /settings/{kind}/changes`
pub(super) async fn changes<D: Kept>(asked: Asked, _: Nothing) -> Result<Found<ChangesShown>, Problem> {
    let log = asked.api.parts.manager.change_log(&asked.vs.id, D::KIND).await?;
    Ok(Found(ChangesShown { items: log.into_iter().map(ChangeShown::of).collect() }))
}

#[cfg(test)]
mod tests {
    use doorward_api::GroupId;
    use doorward_api::settings::{Appearance, EnrolmentRules, ExtraProof, ProvisioningRules, TargetUsers, WindowsLink};

    use super::appearance::AppearanceSettings;
    use super::enrolment_rules::EnrolmentRulesSettings;
    use super::*;

    fn shape_holds<D: Kept>(document: &D, of: impl Fn(&D) -> D::Shape)
    where
        D::Shape: for<'de> Deserialize<'de>,
    {
        let shown = document.shown();
        assert_eq!(serde_json::to_value(of(document)).unwrap(), shown);
        let read: D::Shape = serde_json::from_value(shown.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), shown);
    }

    #[test]
    fn each_document_is_described_as_it_is_shown() {
        let groups = vec![GroupId::from("g-1")];
        for target_users in [
            TargetUsers::All,
            TargetUsers::OnlyGroups(groups.clone()),
            TargetUsers::ExceptGroups(groups),
            TargetUsers::None,
        ] {
            for windows_link in [WindowsLink::None, WindowsLink::Store, WindowsLink::Installer] {
                let target_users = target_users.clone();
                let document = SelfProvisioning {
                    target_users,
                    windows_link,
                    recovery_codes: true,
                    google_play_url: Some("https://play.example.test/app".to_owned()),
                    ..SelfProvisioning::of_new()
                };
                shape_holds(&document, SelfProvisioningSettings::of);
            }
        }
        for pin_type in [PinType::None, PinType::UserSelected, PinType::ServerSide] {
            for mode in [Mode::QuickLog, Mode::ChallengeResponse] {
                let document = TokenTemplate { pin_type, mode, ..TokenTemplate::of_new() };
                shape_holds(&document, TokenTemplateSettings::of);
            }
        }
        let clicks = Synchronization::Event { look_ahead: 3 };
        let by_clicks = TokenTemplate { synchronization: clicks, ..TokenTemplate::of_new() };
        shape_holds(&by_clicks, TokenTemplateSettings::of);
        shape_holds(&TargetSettings::of_new(), TargetsSettings::of);
        shape_holds(&ServerPinPolicy::of_new(), ServerPinPolicySettings::of);
        let append = ServerPinPolicy { order: PinOrder::Append, ..ServerPinPolicy::of_new() };
        shape_holds(&append, ServerPinPolicySettings::of);
        shape_holds(&Windows::of_new(), SynchronizationSettings::of);
        shape_holds(&Lockout::of_new(), LockoutSettings::of);
        shape_holds(&Approvals::of_new(), ApprovalsSettings::of);
        for proof in [
            ExtraProof::None,
            ExtraProof::TrustedNetwork(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]),
            ExtraProof::OperatorApproval,
            ExtraProof::HelpDeskCode,
        ] {
            let mut document = EnrolmentRules::example();
            document.rules[0].proof = proof;
            document.rules[0].starts_on = None;
            shape_holds(&document, EnrolmentRulesSettings::of);
        }
        for document in [EnrolmentRules::of_new(), EnrolmentRules::example()] {
            shape_holds(&document, EnrolmentRulesSettings::of);
        }
        for document in [ProvisioningRules::of_new(), ProvisioningRules::example()] {
            shape_holds(&document, super::provisioning_rules::ProvisioningRulesSettings::of);
        }
        for document in [Appearance::of_new(), Appearance::example()] {
            shape_holds(&document, AppearanceSettings::of);
        }
    }

    #[test]
    fn each_example_is_taken() {
        fn taken<D: Kept>() {
            let faults = D::read(&D::example().shown()).map(drop);
            assert!(faults.is_ok(), "{faults:?}");
        }
        taken::<SelfProvisioning>();
        taken::<EnrolmentRules>();
        taken::<Appearance>();
        taken::<ProvisioningRules>();
        let faults = Appearance::example().faults_on_pages(&Views::new(None).unwrap());
        assert_eq!(faults, []);
    }
}
