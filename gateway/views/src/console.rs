//! The console's pages: what the portal hands over, and which template each takes.

use std::collections::BTreeMap;

use doorward_api::language::{ENGLISH, LANGUAGES, Language};
use doorward_api::operator::HeldRole;
use doorward_api::plugin::PinFault;
use doorward_api::{FieldFault, FieldRule, Timestamp};
use minijinja::{Value, context};
use serde::Serialize;

use crate::console_access::{AccessPage, RoleChoice, role_said};
use crate::console_appearance::{LogoBox, OwnWords, WordsPage};
use crate::console_enrolment::{RuleLine, RuleList};
use crate::console_past::PastPage;
use crate::console_policies::PoliciesPage;
use crate::console_records::RecordsPage;

/// The frame of a page of the console.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConsoleFrame {
    /// The language of the page; what it has no words for is said in English.
    pub language: String,
    /// The virtual server's name. Empty before anybody is signed in where there are several.
    pub brand: String,
    /// The hidden field `csrf` of every form.
    pub csrf: String,
    /// Where `POST /language` returns to.
    pub path_back: String,
    /// Who is signed in.
    pub operator: Option<OperatorName>,
    /// Which entry of the menu this page belongs to: its path.
    pub here: String,
    /// How many acts wait for whoever is signed in: to be decided, or to be done since they were approved.
    pub waiting: u64,
    /// Where the help link leads (R84).
    pub support_url: Option<String>,
    /// Assets lie at the root.
    pub base: String,
}

/// Who is signed in at the console.
#[derive(Debug, Clone, Serialize)]
pub struct OperatorName {
    /// Their name.
    pub name: String,
    /// What their role is called.
    pub role: Said,
    /// What they may: `users:view`. The menu shows what can be looked at.
    pub may: Vec<String>,
}

impl OperatorName {
    /// Of a name and a role.
    pub fn new(name: impl Into<String>, role: &HeldRole) -> Self {
        Self { name: name.into(), role: role_said(role), may: role.permissions.names() }
    }
}

/// A page of the console.
#[derive(Debug, Clone)]
pub enum ConsolePage {
    /// Name, password, passcode.
    SignIn(SignInPage),
    /// Behind an operator's link.
    Setup(Box<SetupPage>),
    /// What needs attention.
    Start(OverviewPage),
    /// A document of the settings.
    Setting(Box<SettingPage>),
    /// Words in place of ours.
    Words(Box<WordsPage>),
    /// All operators.
    Operators(OperatorsPage),
    /// One of them.
    Operator(OperatorPage),
    /// A link was made: shown once.
    Invited(InvitedPage),
    /// One's own account.
    Account(AccountPage),
    /// Users, tokens, groups and files of tokens.
    Records(RecordsPage),
    /// Roles and API keys.
    Access(AccessPage),
    /// Access policies.
    Policies(PoliciesPage),
    /// Reports and logs.
    Past(PastPage),
    /// Says one thing.
    Message(ConsoleMessage),
}

impl ConsolePage {
    /// The template's name below `admin/`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            ConsolePage::SignIn(_) => "signin",
            ConsolePage::Setup(_) => "setup",
            ConsolePage::Start(_) => "start",
            ConsolePage::Setting(_) => "setting",
            ConsolePage::Words(_) => "words",
            ConsolePage::Operators(_) => "operators",
            ConsolePage::Operator(_) => "operator",
            ConsolePage::Invited(_) => "invited",
            ConsolePage::Account(_) => "account",
            ConsolePage::Records(page) => page.name(),
            ConsolePage::Access(page) => page.name(),
            ConsolePage::Policies(page) => page.name(),
            ConsolePage::Past(page) => page.name(),
            ConsolePage::Message(_) => "message",
        }
    }

    /// It shows what cannot be looked up again: whatever leads away from it and back loses that.
    pub(crate) const fn is_shown_once(&self) -> bool {
        matches!(
            self,
            ConsolePage::Invited(_)
                | ConsolePage::Access(AccessPage::KeyMade(_))
                | ConsolePage::Records(RecordsPage::Given(_))
        )
    }

    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        match self {
            ConsolePage::SignIn(page) => Value::from_serialize(page),
            ConsolePage::Setup(page) => {
                let qr = page.qr_svg.clone().map(Value::from_safe_string);
                context! { qr, ..Value::from_serialize(page.as_ref()) }
            }
            ConsolePage::Start(page) => Value::from_serialize(page),
            ConsolePage::Setting(page) => Value::from_serialize(page.as_ref()),
            ConsolePage::Words(page) => Value::from_serialize(page.as_ref()),
            ConsolePage::Operators(page) => Value::from_serialize(page),
            ConsolePage::Operator(page) => Value::from_serialize(page),
            ConsolePage::Invited(page) => Value::from_serialize(page),
            ConsolePage::Account(page) => Value::from_serialize(page),
            ConsolePage::Records(page) => page.fields(),
            ConsolePage::Access(page) => page.fields(),
            ConsolePage::Policies(page) => page.fields(),
            ConsolePage::Past(page) => page.fields(),
            ConsolePage::Message(page) => Value::from_serialize(page),
        }
    }
}

/// A text of ours or of somebody's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The key of our words.
    Words(String),
    /// As it is.
    Text(String),
    /// The name of a language in itself.
    Language(Language),
    /// Nothing is said.
    #[default]
    Nothing,
}

impl Said {
    /// Our words.
    pub fn words(key: impl Into<String>) -> Self {
        Said::Words(key.into())
    }

    /// A text, or nothing if it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Said::Nothing } else { Said::Text(text) }
    }

    /// The name of the language of a tag; English where none is set, nothing for a tag that is none of ours.
    pub fn language(tag: &str) -> Self {
        if tag.is_empty() {
            return Said::Language(ENGLISH);
        }
        LANGUAGES.into_iter().find(|language| language.tag == tag).map_or(Said::Nothing, Said::Language)
    }
}

/// A rule that is broken, as it is said at its field and at the top of the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// The id of the field; none when it belongs to none.
    pub field: Option<String>,
    /// The key of its words.
    pub key: String,
    /// Numbers and texts in them.
    pub args: BTreeMap<&'static str, Value>,
    /// Another field that they name: the key of its label.
    pub other: Option<String>,
    /// What that field says.
    pub value: Option<Said>,
    /// The keys of its own field's label, which goes before the words where they stand apart from the field.
    pub label: Vec<String>,
}

impl Fault {
    /// Plain words about a field.
    pub fn plain(field: Option<&str>, key: impl Into<String>) -> Self {
        let (field, key) = (field.map(str::to_owned), key.into());
        Self { field, key, args: BTreeMap::new(), other: None, value: None, label: Vec::new() }
    }

    /// With the keys of its field's label.
    #[must_use]
    pub fn called(self, label: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { label: label.into_iter().map(Into::into).collect(), ..self }
    }

    /// With a number or text in its words.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.args.insert(name, value.into());
        self
    }

    /// A broken rule. `label` gives the key of a field's label, `said` what a field's value is called.
    pub fn of(fault: &FieldFault, label: impl Fn(&str) -> String, said: impl Fn(&str, &str) -> Said) -> Self {
        let mut told =
            Self::plain(Some(&fault.field), RULE.to_owned() + rule_name(&fault.rule)).called([label(&fault.field)]);
        match &fault.rule {
            FieldRule::Between { min, max } => {
                told.args.insert("min", Value::from(*min));
                told.args.insert("max", Value::from(*max));
            }
            FieldRule::AtMost { other }
            | FieldRule::AtLeast { other }
            | FieldRule::NotBefore { other }
            | FieldRule::NeededBy { other } => {
                told.other = Some(label(other));
            }
            FieldRule::NotAvailable { other, value } => {
                told.other = Some(label(other));
                told.value = Some(said(other, value));
            }
            FieldRule::Unknown { value } => {
                told.args.insert("value", Value::from(value.clone()));
            }
            FieldRule::TooLong { max }
            | FieldRule::TooMany { max }
            | FieldRule::TooLarge { max }
            | FieldRule::WithinDays { max } => {
                told.args.insert("max", Value::from(*max));
            }
            FieldRule::TooShort { min } => {
                told.args.insert("min", Value::from(*min));
            }
            FieldRule::HostBits { network } => {
                told.args.insert("network", Value::from(network.clone()));
            }
            _ => {}
        }
        told
    }
}

/// What is wrong, in the order in which the fields stand on their page, each with what its field is called. What belongs to no
/// field goes first, and what belongs to none of these, such as the proof, last. The first fault of a field is the one it is told.
pub fn in_page_order<'a>(
    mut faults: Vec<Fault>,
    fields: impl IntoIterator<Item = (&'a str, Vec<String>)>,
) -> Vec<Fault> {
    let fields: Vec<(&str, Vec<String>)> = fields.into_iter().collect();
    let place = |fault: &Fault| {
        let name = fault.field.as_deref()?;
        Some(fields.iter().position(|(field, _)| *field == name).unwrap_or(usize::MAX))
    };
    for fault in &mut faults {
        let at = place(fault).and_then(|place| fields.get(place));
        if let Some((_, label)) = at {
            fault.label.clone_from(label);
        }
    }
    faults.sort_by_key(place);
    faults
}

/// What the keys of rules begin with.
const RULE: &str = "rule-";

const fn rule_name(rule: &FieldRule) -> &'static str {
    match rule {
        FieldRule::Required => "required",
        FieldRule::OneOf { .. } => "one-of",
        FieldRule::Between { .. } => "between",
        FieldRule::AtMost { .. } => "at-most",
        FieldRule::AtLeast { .. } => "at-least",
        FieldRule::NotBefore { .. } => "not-before",
        FieldRule::NotAvailable { .. } => "not-available",
        FieldRule::Unknown { .. } => "unknown",
        FieldRule::Taken => "taken",
        FieldRule::Twice => "twice",
        FieldRule::List => "list",
        FieldRule::TooMany { .. } => "too-many",
        FieldRule::TooLong { .. } => "too-long",
        FieldRule::TooShort { .. } => "too-short",
        FieldRule::Text => "text",
        FieldRule::HttpsUrl => "https-url",
        FieldRule::ContactUrl => "contact-url",
        FieldRule::MailAddress => "mail-address",
        FieldRule::SignInName => "sign-in-name",
        FieldRule::Pin { fault } => match fault {
            PinFault::Charset => "pin-charset",
            PinFault::TooShort => "pin-too-short",
            PinFault::TooLong => "pin-too-long",
            PinFault::NeedsUpper => "pin-needs-upper",
            PinFault::NeedsLower => "pin-needs-lower",
            PinFault::NeedsDigit => "pin-needs-digit",
            PinFault::Trivial => "pin-trivial",
        },
        FieldRule::PinUsedBefore => "pin-used-before",
        FieldRule::Differs => "differs",
        FieldRule::Day => "day",
        FieldRule::Past => "past",
        FieldRule::WithinDays { .. } => "within-days",
        FieldRule::Network => "network",
        FieldRule::HostBits { .. } => "host-bits",
        FieldRule::Colour => "colour",
        FieldRule::Contrast => "contrast",
        FieldRule::Base64 => "base64",
        FieldRule::TooLarge { .. } => "too-large",
        FieldRule::Picture => "picture",
        FieldRule::Message => "message",
        FieldRule::Circle => "circle",
        FieldRule::NotByHand => "not-by-hand",
        FieldRule::NeededBy { .. } => "needed-by",
        FieldRule::Approvers => "approvers",
    }
}

/// The names of all rules that have words: a test compares them with the locales.
#[cfg(test)]
pub(crate) fn every_rule() -> Vec<FieldRule> {
    let text = || "x".to_owned();
    let pins = [
        PinFault::Charset,
        PinFault::TooShort,
        PinFault::TooLong,
        PinFault::NeedsUpper,
        PinFault::NeedsLower,
        PinFault::NeedsDigit,
        PinFault::Trivial,
    ];
    let others = [
        FieldRule::Required,
        FieldRule::OneOf { values: vec![text()] },
        FieldRule::Between { min: 1, max: 2 },
        FieldRule::AtMost { other: text() },
        FieldRule::AtLeast { other: text() },
        FieldRule::NotBefore { other: text() },
        FieldRule::NotAvailable { other: text(), value: text() },
        FieldRule::Unknown { value: text() },
        FieldRule::Taken,
        FieldRule::Twice,
        FieldRule::List,
        FieldRule::TooMany { max: 2 },
        FieldRule::TooLong { max: 2 },
        FieldRule::TooShort { min: 2 },
        FieldRule::Text,
        FieldRule::HttpsUrl,
        FieldRule::ContactUrl,
        FieldRule::MailAddress,
        FieldRule::SignInName,
        FieldRule::PinUsedBefore,
        FieldRule::Differs,
        FieldRule::Day,
        FieldRule::Past,
        FieldRule::WithinDays { max: 2 },
        FieldRule::Network,
        FieldRule::HostBits { network: text() },
        FieldRule::Colour,
        FieldRule::Contrast,
        FieldRule::Base64,
        FieldRule::TooLarge { max: 2 },
        FieldRule::Picture,
        FieldRule::Message,
        FieldRule::Circle,
        FieldRule::NotByHand,
        FieldRule::NeededBy { other: text() },
        FieldRule::Approvers,
    ];
    others.into_iter().chain(pins.map(|fault| FieldRule::Pin { fault })).collect()
}

/// Something that is told at the top of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The key of its words.
    pub key: String,
    /// A name, a number or the like in them, as `$what`.
    pub what: Option<String>,
    /// How many, as `$count`, where the words depend on it. Of what else they name only `what` is told then.
    pub count: Option<u64>,
    /// Where it is put right: a path.
    pub link: Option<String>,
    /// A point in time in them, as `$time`.
    pub at: Option<Timestamp>,
}

impl Told {
    /// Plain words.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), what: None, count: None, link: None, at: None }
    }

    /// With a name or number.
    #[must_use]
    pub fn about(self, what: impl Into<String>) -> Self {
        Self { what: Some(what.into()), ..self }
    }

    /// With a number that the words depend on.
    #[must_use]
    pub fn counting(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// With the way to it.
    #[must_use]
    pub fn at_page(self, path: impl Into<String>) -> Self {
        Self { link: Some(path.into()), ..self }
    }

    /// With a time.
    #[must_use]
    pub fn when(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }
}

/// Signing in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignInPage {
    /// The name as it was typed.
    pub name: String,
    /// The virtual servers to choose from, where there are several: id and name.
    pub servers: Vec<ServerChoice>,
    /// Which one is chosen.
    pub server: String,
    /// Where to go on: a path.
    pub next: String,
    /// What was wrong.
    pub notice: Option<Told>,
    /// It was no mistake: a farewell, an end of time.
    pub mild: bool,
}

/// A virtual server to choose.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServerChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Behind an operator's link.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SetupPage {
    /// The form's action.
    pub action: String,
    /// What the operator will be.
    pub role: Said,
    /// An operator sets password and second factor anew, and keeps their name.
    pub anew: bool,
    /// The name as it was typed, or as it stays.
    pub name: String,
    /// The link of the QR code.
    pub uri: String,
    /// The key in groups.
    pub key: String,
    /// The QR code: an SVG document of ours.
    #[serde(skip)]
    pub qr_svg: Option<String>,
    /// Fewest characters of a password.
    pub least: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// The start page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OverviewPage {
    /// What needs attention, in order. None: all is well.
    pub attention: Vec<Told>,
    /// What there is: words and number.
    pub counts: Vec<Counted>,
    /// That it was counted a while ago, or is being counted for the first time.
    pub counting: Option<Told>,
}

impl OverviewPage {
    /// Mail has waited to leave since then: nobody gets the code that begins an enrolment.
    pub fn mail_waits(since: Timestamp) -> Told {
        Told::new("console-attention-mail-waits").when(since)
    }
}

/// A number on the start page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counted {
    /// The key of what is counted.
    pub key: String,
    /// How many.
    pub count: u64,
}

/// Password and passcode, which a form asks for when they were proved too long ago.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProofFields {
    /// They are asked for.
    pub asked: bool,
    /// What was wrong with them.
    pub fault: Option<Fault>,
}

/// A document of the settings: to be read, or to be changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SettingPage {
    /// `self_provisioning`: its words are `console-page-<name>`.
    pub name: String,
    /// Its path.
    pub path: String,
    /// The way to it in the menu: keys.
    pub crumbs: Vec<String>,
    /// What is said below the heading: keys.
    pub notes: Vec<String>,
    /// The fields can be changed.
    pub editing: bool,
    /// There is an Edit button.
    pub may_edit: bool,
    /// `Save` where the seed says so, else `Apply`.
    pub saves: bool,
    /// The version that the form was filled from, or that is read: buttons on the page name it too, as `seen`.
    pub seen: i64,
    /// The fields, in sections.
    pub sections: Vec<Section>,
    /// Values that are sent along unseen.
    pub hidden: Vec<(String, String)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What needs attention.
    pub warnings: Vec<Told>,
    /// What was done.
    pub notice: Option<Told>,
    /// Somebody else has changed it meanwhile. While the page is read, that came between a button on it and what it does.
    pub conflict: Vec<ChangeRow>,
    /// Which kinds of authenticator can do what a token template says.
    pub kinds: Option<KindTable>,
    /// The newest changes.
    pub log: Vec<ChangeRow>,
    /// The box "Preview as user".
    pub preview: Option<PreviewBox>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// Fields that belong together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Section {
    /// Its heading: a key.
    pub title: String,
    /// What is said below it: a key.
    pub hint: Option<String>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The table of platforms.
    pub table: Vec<TargetLine>,
    /// Platforms to be read, with where they are set.
    pub platforms: Option<Platforms>,
    /// A button that shows the form again with the fields that belong to what was chosen: its key.
    pub choose: Option<String>,
    /// A PIN to be tried out against the rules as they are typed.
    pub tester: Option<PinTester>,
    /// The enrolment rules ([`RuleList::section`]).
    pub rules: Option<RuleList>,
    /// The logo ([`AppearanceSection::Logo`](crate::console_appearance::AppearanceSection)). Given only while the page is read:
    /// what it leads to would lose what is typed.
    pub logo: Option<LogoBox>,
    /// How many texts were replaced, and the way to them. Given only while the page is read, as the logo is.
    pub own_words: Option<OwnWords>,
}

/// The box in which a PIN is tried out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PinTester {
    /// The sample as it was typed.
    pub pin: String,
    /// It was tried.
    pub tried: bool,
    /// The rules that it breaks; none: it is accepted.
    pub faults: Vec<Fault>,
}

/// The platforms that are allowed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Platforms {
    /// Keys of their names.
    pub names: Vec<String>,
    /// Where they are set.
    pub link: String,
}

/// One field.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Field {
    /// Its name in the form, and its id.
    pub name: String,
    /// The key of its label.
    pub label: String,
    /// The key of what is said below the label.
    pub hint: Option<String>,
    /// How it is filled in: `text`, `number`, `password`, `code`, `file`, `date` (a day, `2026-12-24`), `lines` (technical text,
    /// line by line), `colour` (with a button that shows it, `choose=colour`), `suggest` (names are [offered](Field::offered));
    /// `flag` (sends `on`), `choice` (radio buttons), `select`, `checks` (boxes, each sent as `<name>.<value>=on`; where none is
    /// ticked, all of them are meant); `groups` and `member-of` (boxes sent as `group.<id>=on`, a name as `group_add`, and a
    /// button that adds it, `choose=group`).
    pub kind: &'static str,
    /// As it was typed or stands.
    pub value: String,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
    /// The values of the boxes that are ticked, of a field of the kind `checks`.
    pub ticked: Vec<String>,
    /// The colour to be shown beside it: set by [`Field::coloured`].
    pub swatch: Option<String>,
    /// How it is read.
    pub said: Option<Said>,
    /// What is wrong.
    pub fault: Option<Fault>,
    /// Groups that are listed.
    pub groups: Vec<GroupLine>,
    /// Names that are offered.
    pub offered: Vec<String>,
    /// Where names are found that begin with what is typed: a path that takes it as `q` and gives a JSON list.
    pub suggests: Option<&'static str>,
    /// A word for style: when it is of use.
    pub when: Option<&'static str>,
    /// It is technical text, which is written from the left in every language.
    pub ltr: bool,
}

impl Field {
    /// With its value shown as a colour, if it is one: `#rrggbb`, and nothing else gets into a picture.
    #[must_use]
    pub fn coloured(self) -> Self {
        let digits = self.value.strip_prefix('#').unwrap_or_default();
        let colour = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self { swatch: colour.then(|| self.value.clone()), ..self }
    }
}

/// Something to choose.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// What it is called.
    pub said: Said,
    /// The key of what is said below it.
    pub hint: Option<String>,
}

/// A listed group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupLine {
    /// Its row.
    pub id: String,
    /// Its name; its row when it is gone.
    pub name: String,
    /// It was deleted.
    pub gone: bool,
}

/// A row of the table of platforms.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TargetLine {
    /// The platform: its words are `console-os-<name>` and `console-device-<name>`.
    pub name: String,
    /// The three boxes.
    pub allowed: bool,
    /// The default app's.
    pub app: bool,
    /// Push.
    pub push: bool,
}

/// Which kinds of authenticator can carry a template on which platforms, and why another cannot.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindTable {
    /// The platforms: their words are `console-target-<name>`.
    pub targets: Vec<String>,
    /// A row for each kind.
    pub rows: Vec<KindLine>,
    /// The platforms on which none can.
    pub none_for: Vec<String>,
}

/// A row of it.
#[derive(Debug, Clone, Serialize)]
pub struct KindLine {
    /// The kind.
    pub kind: Said,
    /// For each platform what is in the way, in the plugin's own English; nothing where it fits.
    pub why_not: Vec<Option<String>>,
}

/// An entry of the Change Log, or of a conflict.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: String,
    /// What.
    pub fields: Vec<ChangedField>,
}

/// A field that was changed.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedField {
    /// Of which of several it is: a rule's name; a language and the name of a message. None where there is one only.
    pub of: Vec<Said>,
    /// The keys of its label.
    pub label: Vec<String>,
    /// What it said.
    pub old: Said,
    /// What it says.
    pub new: Said,
}

/// "Preview as user".
#[derive(Debug, Clone, Default, Serialize)]
pub struct PreviewBox {
    /// The name that was typed.
    pub name: String,
    /// What came of it.
    pub outcome: Option<PreviewOutcome>,
}

/// Whether somebody is offered it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PreviewOutcome {
    /// Offered?
    pub offered: bool,
    /// The key of why, or why not.
    pub key: String,
    /// A point in time in those words, as `$time`.
    pub at: Option<Timestamp>,
    /// Keys of the platforms that they would choose from.
    pub platforms: Vec<String>,
    /// On which terms: the enrolment rule that fits them, as it is now. Nobody can move or change it here.
    pub rule: Option<RuleLine>,
    /// There are rules, and none fits them.
    pub none_fits: bool,
}

/// All operators.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OperatorsPage {
    /// By name.
    pub operators: Vec<OperatorLine>,
    /// Links that were made and not used yet.
    pub invited: Vec<InvitedLine>,
    /// What was done.
    pub notice: Option<Told>,
    /// One may change them.
    pub may_edit: bool,
    /// Roles to invite for.
    pub roles: Vec<RoleChoice>,
    /// The role that was chosen.
    pub role: String,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// One of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OperatorLine {
    /// Its row.
    pub id: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: String,
    /// What it is called.
    pub role_said: Said,
    /// Switched off.
    pub disabled: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_seen_at: Option<Timestamp>,
    /// It is oneself.
    pub own: bool,
}

/// A link that was made and not used yet.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InvitedLine {
    /// What the operator will be.
    pub role: Said,
    /// Who made it.
    pub by: String,
    /// Until when it is good.
    pub until: Timestamp,
    /// The form that withdraws it: a path. None where one may not.
    pub withdraw: Option<String>,
}

/// One operator's page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OperatorPage {
    /// Who.
    pub of: OperatorLine,
    /// One may change them.
    pub may_edit: bool,
    /// Roles to choose from.
    pub roles: Vec<RoleChoice>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What was done.
    pub notice: Option<Told>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// A link was made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InvitedPage {
    /// It, whole.
    pub link: String,
    /// For which role.
    pub role: Said,
    /// Until when it is good.
    pub until: Timestamp,
    /// Who sets password and second factor anew by it, by name; none where it makes one more operator.
    pub of: Option<String>,
}

/// One's own account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AccountPage {
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What was done.
    pub notice: Option<Told>,
    /// Fewest characters of a password.
    pub least: usize,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// A page that says one thing: its words are `console-message-<kind>` and `…-title`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConsoleMessage {
    /// Which.
    pub kind: String,
    /// The answer's status.
    pub status: u16,
    /// The request's id.
    pub request_id: String,
    /// Where to go on.
    pub onward: Option<String>,
}
