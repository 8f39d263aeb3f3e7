//! The pages of the settings: read-only first, then Edit, with everything that was typed kept through every error.

use axum::extract::{RawQuery, State};
use doorward_access::manage::{KindFits, ManageError, Preview};
use doorward_api::settings::{
    Appearance, Approvals, Document, EnrolmentRules, Lockout, PinRules, ProvisioningRules, SelfProvisioning,
    ServerPinPolicy, SettingKind, TargetSettings, TargetUsers, TokenTemplate, Windows,
};
use doorward_api::{FieldFault, FieldRule, Secret, Target};
use doorward_tokens::NotOffered;
use doorward_tokens::settings::Checked;
use doorward_views::console::{
    ChangeRow, Choice, ConsolePage, Fault as Said, Field, GroupLine, KindLine, KindTable, PinTester, Platforms,
    PreviewBox, PreviewOutcome, ProofFields, Said as Words, Section, SettingPage, TargetLine, Told, in_page_order,
};
use http::StatusCode;
use serde_json::Value;

use super::appearance::{self, Shown};
use super::changes::{self, Names};
use super::entered::{Entered, ON, kept};
use super::panels::{GROUPS, Kind, Panel, Part, Spec, Special, choice_key, hint_key, label, labels, said};
use super::records::offered_groups;
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, rules};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

const TARGETS_PAGE: &str = "/policies/software-token";

/// Runs for the document of a kind.
macro_rules! of_kind {
    ($kind:expr, $document:ident => $body:expr) => {
        match $kind {
            SettingKind::SelfProvisioning => {
                type $document = SelfProvisioning;
                $body
            }
            SettingKind::EnrolmentRules => {
                type $document = EnrolmentRules;
                $body
            }
            SettingKind::Appearance => {
                type $document = Appearance;
                $body
            }
            SettingKind::ProvisioningRules => {
                type $document = ProvisioningRules;
                $body
            }
            SettingKind::Targets => {
                type $document = TargetSettings;
                $body
            }
            SettingKind::TokenTemplate => {
                type $document = TokenTemplate;
                $body
            }
            SettingKind::ServerPinPolicy => {
                type $document = ServerPinPolicy;
                $body
            }
            SettingKind::Synchronization => {
                type $document = Windows;
                $body
            }
            SettingKind::Approvals => {
                type $document = Approvals;
                $body
            }
            SettingKind::Lockout => {
                type $document = Lockout;
                $body
            }
        }
    };
}

/// A document as it stands: as JSON, with its version.
async fn current(console: &Console, signed: &Signed, kind: SettingKind) -> Result<(Value, i64), Fault> {
    of_kind!(kind, D => {
        let seen = console.parts.manager.setting::<D>(&signed.vs.id).await?;
        Ok((seen.document.shown(), seen.version))
    })
}

/// What is wrong with a document as it was typed.
fn faults(kind: SettingKind, raw: &Value) -> Vec<FieldFault> {
    of_kind!(kind, D => D::read(raw).err().unwrap_or_default())
}

/// Puts it in force. Whether anything was changed by it.
pub(super) async fn apply(
    console: &Console,
    signed: &Signed,
    kind: SettingKind,
    seen: i64,
    raw: &Value,
) -> Result<bool, ManageError> {
    of_kind!(kind, D => {
        let document = D::read(raw).map_err(ManageError::Invalid)?;
        let applied = console.parts.manager.apply::<D>(&signed.vs.id, &signed.by(), seen, document).await?;
        Ok(applied.version != seen)
    })
}

/// What a new document of a kind begins with: for fields that were not there before.
fn begins_with(kind: SettingKind) -> Entered {
    let mut entered = of_kind!(kind, D => Entered::of(&serde_json::to_value(D::of_new()).unwrap_or_default()));
    if kind == SettingKind::TokenTemplate {
        entered.set("synchronization.event.look_ahead", "3");
    }
    entered
}

/// A page in the making.
struct Draft {
    editing: bool,
    entered: Entered,
    seen: i64,
    faults: Vec<Said>,
    notice: Option<Told>,
    conflict: Vec<ChangeRow>,
    proof: ProofFields,
    preview: Option<PreviewBox>,
    tester: PinTester,
}

impl Draft {
    fn new(entered: Entered, seen: i64) -> Self {
        Self {
            editing: false,
            entered,
            seen,
            faults: Vec::new(),
            notice: None,
            conflict: Vec::new(),
            proof: ProofFields::default(),
            preview: None,
            tester: PinTester::default(),
        }
    }
}

/// `GET` of a page: to be read.
pub(super) async fn read(
    panel: &'static Panel,
    State(console): State<Shared>,
    signed: Signed,
    RawQuery(query): RawQuery,
) -> Answer {
    let (shown, version) = current(&console, &signed, panel.kind).await?;
    let draft = Draft { notice: notice(query.as_deref()), ..Draft::new(Entered::of(&shown), version) };
    show(&console, &signed, panel, StatusCode::OK, draft).await
}

/// What became of a change, as the way back from it says.
pub(super) fn notice(query: Option<&str>) -> Option<Told> {
    match query {
        Some(SAVED) => Some(Told::new("console-saved")),
        Some(UNCHANGED) => Some(Told::new("console-unchanged")),
        _ => None,
    }
}

const SAVED: &str = "saved";
const UNCHANGED: &str = "unchanged";

/// The word for it.
pub(super) const fn outcome_word(changed: bool) -> &'static str {
    if changed { SAVED } else { UNCHANGED }
}

/// Back to a page of the settings.
pub(super) fn applied(path: &str, changed: bool) -> Answer {
    see_other(&format!("{path}?{}", outcome_word(changed)))
}

/// The page to be read, after a button on it, or a form of one step, that came too late.
pub(super) async fn overtaken(console: &Console, signed: &Signed, panel: &Panel, seen: i64) -> Answer {
    let (shown, version) = current(console, signed, panel.kind).await?;
    let conflict = made_since(console, signed, panel, seen).await?;
    let draft = Draft { conflict, ..Draft::new(Entered::of(&shown), version) };
    show(console, signed, panel, StatusCode::CONFLICT, draft).await
}

/// `GET …/edit`: to be changed.
pub(super) async fn edit(panel: &'static Panel, State(console): State<Shared>, signed: Signed) -> Answer {
    let (shown, version) = current(&console, &signed, panel.kind).await?;
    let draft = Draft { editing: true, proof: signed.proof_fields(), ..Draft::new(Entered::of(&shown), version) };
    show(&console, &signed, panel, StatusCode::OK, draft).await
}

/// `POST` of a page.
pub(super) async fn save(panel: &'static Panel, State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let mut entered = Entered::from_form(panel, &post.fields);
    let seen = seen(&post.fields);
    let (shown, version) = current(&console, &post.signed, panel.kind).await?;
    tidy(panel, &mut entered, &Entered::of(&shown));
    let mut draft = Draft { editing: true, proof: post.signed.proof_fields(), ..Draft::new(entered, seen) };

    let unknown = take_group(&console, &post.signed, &mut draft.entered).await?;
    if let Some(notice) = only_shown_again(panel, &post.fields, &draft.entered) {
        draft.faults.extend(unknown.iter().map(|fault| told(panel, fault)));
        draft.notice = notice;
        if post.fields.text("choose") == "pin" {
            try_pin(&console, panel, &mut draft, post.fields.text("try_pin"))?;
        }
        return show(&console, &post.signed, panel, StatusCode::OK, draft).await;
    }

    let proved = post.prove(&console).await?;
    let raw = kept(panel, draft.entered.json(panel), &shown);
    let wrong: Vec<FieldFault> = unknown.into_iter().chain(faults(panel.kind, &raw)).collect();
    if let Err(proof) = &proved {
        draft.proof = proof.clone();
        draft.faults.extend(proof.fault.clone());
    } else {
        draft.proof = ProofFields::default();
    }
    if proved.is_err() || !wrong.is_empty() {
        let fields = wrong.iter().map(|fault| told(panel, fault));
        draft.faults = fields.chain(std::mem::take(&mut draft.faults)).collect();
        return show(&console, &post.signed, panel, StatusCode::UNPROCESSABLE_ENTITY, draft).await;
    }

    match apply(&console, &post.signed, panel.kind, seen, &raw).await {
        Ok(changed) => applied(panel.path, changed),
        Err(ManageError::Invalid(wrong)) => {
            draft.faults = wrong.iter().map(|fault| told(panel, fault)).collect();
            show(&console, &post.signed, panel, StatusCode::UNPROCESSABLE_ENTITY, draft).await
        }
        Err(ManageError::Conflict) => {
            // Read anew: it may have come between.
            let (_, version) = current(&console, &post.signed, panel.kind).await.unwrap_or((shown, version));
            draft.conflict = made_since(&console, &post.signed, panel, seen).await?;
            draft.seen = version;
            show(&console, &post.signed, panel, StatusCode::CONFLICT, draft).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The version that a form was filled from.
pub(super) fn seen(fields: &Fields) -> i64 {
    fields.text("seen").parse().unwrap_or(-1)
}

/// The longest PIN that a user may select (R73).
const LONGEST_PIN: u8 = 8;

/// Judges a sample by the rules as they are typed. Where they break rules themselves, those are told.
fn try_pin(console: &Console, panel: &Panel, draft: &mut Draft, sample: &str) -> Result<(), Fault> {
    let raw = draft.entered.json(panel);
    let rules = match panel.kind {
        SettingKind::TokenTemplate => TokenTemplate::read(&raw).map(|template| PinRules {
            min_length: template.pin_length,
            max_length: LONGEST_PIN,
            complexity: template.min_pin_complexity,
            allow_trivial: template.allow_trivial_pins,
        }),
        _ => ServerPinPolicy::read(&raw).map(|policy| policy.rules()),
    };
    draft.tester.pin = sample.to_owned();
    match rules {
        Err(wrong) => draft.faults.extend(wrong.iter().map(|fault| told(panel, fault))),
        Ok(rules) => {
            let broken = console.parts.manager.try_pin(&rules, &Secret::new(sample))?;
            let fault = |fault| told(panel, &FieldFault::new("try_pin", FieldRule::Pin { fault }));
            draft.tester.faults = broken.into_iter().map(fault).collect();
            draft.tester.tried = true;
        }
    }
    Ok(())
}

/// What others have changed since a version was seen.
pub(super) async fn made_since(
    console: &Console,
    signed: &Signed,
    panel: &Panel,
    seen: i64,
) -> Result<Vec<ChangeRow>, Fault> {
    let mut log = console.parts.manager.change_log(&signed.vs.id, panel.kind).await?;
    log.retain(|entry| entry.version > seen);
    changes::rows(console, &signed.vs.id, panel, &log).await
}

/// Fields that are not there any more go; those that are there now begin as in a new document.
fn tidy(panel: &Panel, entered: &mut Entered, stored: &Entered) {
    match panel.kind {
        SettingKind::Targets => Target::ALL.into_iter().for_each(|target| one_switch(entered, stored, target)),
        SettingKind::TokenTemplate => entered.fill_from(&begins_with(panel.kind)),
        _ => {}
    }
}

/// Allowed and the app's box are one switch (R52): whichever was touched moves the other. Push goes with it (R54).
fn one_switch(entered: &mut Entered, stored: &Entered, target: Target) {
    let name = |column: &str| format!("{}.{column}", target.as_str());
    let (allowed, app, push) = (name("allowed"), name("app"), name("push"));
    let was = stored.is(&allowed, ON);
    let same = entered.is(&allowed, ON) == entered.is(&app, ON);
    let now = if same { entered.is(&allowed, ON) } else { !was };
    let word = |on: bool| if on { ON } else { "" };
    entered.set(&allowed, word(now));
    entered.set(&app, word(now));
    let pushed = now && entered.is(&push, ON);
    entered.set(&push, word(pushed));
}

/// Takes the group that was typed into the list (R40). What is wrong with it is told, and it stays typed.
async fn take_group(console: &Console, signed: &Signed, entered: &mut Entered) -> Result<Option<FieldFault>, Fault> {
    if entered.group_add.is_empty() || entered.is("target_users.mode", "all") || entered.is("target_users.mode", "none")
    {
        return Ok(None);
    }
    let Some(group) = console.parts.manager.group_named(&signed.vs.id, &entered.group_add).await? else {
        let value = entered.group_add.clone();
        return Ok(Some(FieldFault::new(GROUPS, FieldRule::Unknown { value })));
    };
    entered.also(GROUPS, group.id.to_string());
    entered.group_add.clear();
    Ok(None)
}

/// Whether the form is only to be shown again: by a button, or since other fields belong to what was chosen in it.
fn only_shown_again(panel: &Panel, fields: &Fields, entered: &Entered) -> Option<Option<Told>> {
    let other = fields.get("shape").is_some() && fields.text("shape") != panel.shape(entered);
    match (fields.text("choose"), other) {
        ("group", false) => Some(None),
        ("", false) => None,
        (_, true) => Some(Some(Told::new("console-choose-again"))),
        (_, false) => Some(None),
    }
}

/// `POST /settings/self-provisioning/preview`
pub(super) async fn preview(State(console): State<Shared>, post: SignedPost) -> Answer {
    let SignedPost { signed, fields } = post;
    let panel = super::panels::PANELS.iter().find(|panel| panel.kind == SettingKind::SelfProvisioning);
    let Some(panel) = panel else { return see_other("/") };
    let name = fields.text("name").trim().to_owned();
    let outcome = match console.parts.manager.preview(&signed.vs.id, &name, signed.caller.now).await {
        Ok(preview) => outcome(&console, &signed, preview).await?,
        Err(ManageError::NotFound) => not_offered("console-preview-unknown-user"),
        Err(error) => return Err(error.into()),
    };
    let (shown, version) = current(&console, &signed, panel.kind).await?;
    let preview = Some(PreviewBox { name, outcome: Some(outcome) });
    let draft = Draft { preview, ..Draft::new(Entered::of(&shown), version) };
    show(&console, &signed, panel, StatusCode::OK, draft).await
}

fn not_offered(key: &str) -> PreviewOutcome {
    PreviewOutcome { key: key.to_owned(), ..PreviewOutcome::default() }
}

pub(super) async fn outcome(console: &Console, signed: &Signed, preview: Preview) -> Result<PreviewOutcome, Fault> {
    let why = match preview {
        Preview::Offered(targets, terms) => {
            let platforms = targets.into_iter().map(target_key).collect();
            let (rule, none_fits) = rules::terms(console, signed, &terms).await?;
            let key = "console-preview-yes".to_owned();
            return Ok(PreviewOutcome { offered: true, key, at: None, platforms, rule, none_fits });
        }
        Preview::Not(why) => why,
    };
    let manager = &console.parts.manager;
    let key = match why {
        NotOffered::HasToken | NotOffered::HasAllTokens => "console-preview-has-token",
        NotOffered::AccountUnusable => "console-preview-disabled",
        NotOffered::NotYet { begins: Some(begins) } => {
            return Ok(PreviewOutcome { at: Some(begins), ..not_offered("console-preview-begins") });
        }
        NotOffered::NotYet { begins: None } => "console-preview-not-reached",
        // A preview judges no network.
        NotOffered::NotInNetwork => "console-rule-proof-trusted_network",
        NotOffered::NoTarget | NotOffered::TaskOver => {
            let allowed = manager.setting::<TargetSettings>(&signed.vs.id).await?.document;
            let none = allowed.allowed().next().is_none();
            if none { "console-preview-no-platform" } else { "console-preview-no-plugin" }
        }
        NotOffered::NotInTargetUsers | NotOffered::NotNeeded => {
            match manager.setting::<SelfProvisioning>(&signed.vs.id).await?.document.target_users {
                TargetUsers::OnlyGroups(_) => "console-preview-not-in-groups",
                TargetUsers::ExceptGroups(_) => "console-preview-excluded",
                TargetUsers::All | TargetUsers::None => "console-preview-no-users",
            }
        }
    };
    Ok(not_offered(key))
}

const TARGET: &str = "console-target-";

pub(super) fn target_key(target: Target) -> String {
    TARGET.to_owned() + target.as_str()
}

fn told(panel: &Panel, fault: &FieldFault) -> Said {
    let mut told = Said::of(fault, label, |name, value| match value {
        "on" | "off" => Words::words(if value == "on" { "console-on" } else { "console-off" }),
        value => said(panel, name, value),
    });
    // The radio buttons stand for what the document says by its shape.
    if fault.field == "synchronization" {
        told.field = Some("synchronization.by".to_owned());
    }
    told
}

/// Everything together.
async fn show(console: &Console, signed: &Signed, panel: &Panel, status: StatusCode, draft: Draft) -> Answer {
    let mut entered = draft.entered;
    if draft.editing {
        entered.fill_missing_numbers(panel, &begins_with(panel.kind));
    }
    let names = changes::names(console, &signed.vs.id, entered.list(GROUPS).iter().map(String::as_str)).await?;
    let allowed = match panel.kind {
        SettingKind::SelfProvisioning => {
            let document = console.parts.manager.setting::<TargetSettings>(&signed.vs.id).await?.document;
            document.allowed().collect()
        }
        _ => Vec::new(),
    };
    let offered = match (panel.kind, draft.editing) {
        (SettingKind::SelfProvisioning, true) => offered_groups(console, signed).await?,
        _ => Vec::new(),
    };
    let look = match (panel.kind, draft.editing) {
        (SettingKind::Appearance, false) => Some(appearance::shown(console, signed).await?),
        _ => None,
    };
    let kinds = match panel.kind {
        SettingKind::TokenTemplate => kinds_that_can(console, signed, &entered.json(panel)).await?,
        _ => None,
    };
    let faults = in_page_order(draft.faults, panel.specs().map(|spec| (spec.name, labels(spec.name))));
    let (faults, tester) = (&faults, &draft.tester);
    let view = View { panel, entered: &entered, faults, names: &names, allowed: &allowed, offered, tester, look };
    let log = console.parts.manager.change_log(&signed.vs.id, panel.kind).await?;
    let may_edit = signed.may(panel.kind.module().edit());
    let preview =
        (panel.kind == SettingKind::SelfProvisioning && !draft.editing).then(|| draft.preview.unwrap_or_default());
    let page = SettingPage {
        name: panel.kind.as_str().to_owned(),
        path: panel.path.to_owned(),
        crumbs: panel.crumbs.iter().map(|key| (*key).to_owned()).collect(),
        notes: panel.notes.iter().map(|key| (*key).to_owned()).collect(),
        editing: draft.editing,
        may_edit,
        saves: panel.saves,
        seen: draft.seen,
        sections: view.sections(draft.editing),
        hidden: view.hidden(),
        warnings: view.warnings(),
        faults: faults.clone(),
        notice: draft.notice,
        conflict: draft.conflict,
        kinds,
        log: changes::rows(console, &signed.vs.id, panel, &log).await?,
        preview,
        proof: draft.proof,
    };
    console.page(signed, panel.path, status, ConsolePage::Setting(Box::new(page)))
}

/// Which kinds of authenticator can carry the template as it is typed, on the platforms that are allowed.
async fn kinds_that_can(console: &Console, signed: &Signed, raw: &Value) -> Result<Option<KindTable>, Fault> {
    // What breaks rules is told at its field.
    let Ok(template) = TokenTemplate::read(raw) else { return Ok(None) };
    let kinds = console.parts.manager.kinds(&signed.vs.id, &template).await?;
    let row = |fits: &KindFits| KindLine {
        kind: kind_name(fits.kind),
        why_not: fits.targets.iter().map(|on| on.why_not.clone()).collect(),
    };
    let targets: Vec<Target> = kinds.first().iter().flat_map(|fits| fits.targets.iter().map(|on| on.target)).collect();
    let fits = |fits: &KindFits, target| fits.targets.iter().any(|on| on.target == target && on.why_not.is_none());
    let nobody = |target: &&Target| !kinds.iter().any(|kind| fits(kind, **target));
    Ok(Some(KindTable {
        none_for: targets.iter().filter(nobody).map(|target| target.as_str().to_owned()).collect(),
        targets: targets.iter().map(|target| target.as_str().to_owned()).collect(),
        rows: kinds.iter().map(row).collect(),
    }))
}

/// What a kind is called; the name of its plugin where it came in by one that we have no words for.
fn kind_name(kind: &str) -> Words {
    match kind {
        "authenticator" | "otp" | "push" => Words::words(format!("kind-{kind}")),
        another => Words::text(another),
    }
}

/// What a page's fields are made of.
struct View<'a> {
    panel: &'a Panel,
    entered: &'a Entered,
    faults: &'a [Said],
    names: &'a Names,
    /// The platforms that are allowed, where the page tells of them.
    allowed: &'a [Target],
    offered: Vec<String>,
    tester: &'a PinTester,
    /// The logo and the words, while the page is read.
    look: Option<Shown>,
}

impl View<'_> {
    fn sections(&self, editing: bool) -> Vec<Section> {
        let there = |part: &&Part| match part.special {
            Special::Windows => self.has_windows(),
            Special::Logo | Special::OwnWords => self.look.is_some(),
            _ => true,
        };
        self.panel.parts.iter().filter(there).map(|part| self.section(part, editing)).collect()
    }

    fn section(&self, part: &Part, editing: bool) -> Section {
        let mut section = Section {
            title: part.title.to_owned(),
            hint: part.hint.map(str::to_owned),
            choose: part.choose.map(str::to_owned),
            ..Section::default()
        };
        if part.special == Special::Targets {
            section.table =
                ["android", "ios", "windows-mobile", "windows-desktop"].map(|name| self.line(name)).to_vec();
            return section;
        }
        if part.special == Special::Platforms {
            let names = self.allowed.iter().copied().map(target_key).collect();
            section.platforms = Some(Platforms { names, link: TARGETS_PAGE.to_owned() });
        }
        if let Some(look) = &self.look {
            section.logo = (part.special == Special::Logo).then(|| look.logo.clone());
            section.own_words = (part.special == Special::OwnWords).then(|| look.words.clone());
        }
        if part.special == Special::Type && !editing {
            let said = Some(Words::words("console-token-type"));
            section.fields.push(Field { label: label("type"), kind: "text", said, ..Field::default() });
        }
        // In a template there is a PIN to be judged with the one PIN type only.
        let judges = self.panel.kind != SettingKind::TokenTemplate || self.entered.is("pin_type", "user_selected");
        if part.special == Special::Tester && judges {
            section.tester = Some(self.tester.clone());
        }
        let shown = |spec: &&Spec| if editing { spec.shown(self.entered) } else { (spec.available)(self.entered) };
        section.fields.extend(part.specs.iter().filter(shown).map(|spec| self.field(spec)));
        section
    }

    fn has_windows(&self) -> bool {
        self.allowed.contains(&Target::WindowsDesktop)
    }

    fn line(&self, name: &str) -> TargetLine {
        let on = |column: &str| self.entered.is(&format!("{name}.{column}"), ON);
        TargetLine { name: name.to_owned(), allowed: on("allowed"), app: on("app"), push: on("push") }
    }

    fn field(&self, spec: &Spec) -> Field {
        let label = label(spec.name);
        let value = self.entered.text(spec.name);
        let (kind, choices) = match spec.kind {
            Kind::Choice(choices) => ("choice", choices.iter().map(|choice| radio(spec.name, *choice)).collect()),
            Kind::Select(values) => ("select", values.iter().map(|value| option(value)).collect()),
            Kind::Number => ("number", Vec::new()),
            Kind::Text => ("text", Vec::new()),
            Kind::Flag => ("flag", Vec::new()),
            Kind::Groups => ("groups", Vec::new()),
            Kind::Colour => ("colour", Vec::new()),
            Kind::Languages => ("checks", appearance::languages()),
            Kind::Language => ("select", appearance::language_or_none()),
        };
        let groups = matches!(spec.kind, Kind::Groups);
        let field = Field {
            name: spec.name.to_owned(),
            hint: spec.hint.then(|| hint_key(&label)),
            label,
            kind,
            value: if groups { self.entered.group_add.clone() } else { value.to_owned() },
            choices,
            said: Some(said(self.panel, spec.name, value)),
            fault: self.faults.iter().find(|fault| fault.field.as_deref() == Some(spec.name)).cloned(),
            groups: if groups { self.groups() } else { Vec::new() },
            offered: if groups { self.offered.clone() } else { Vec::new() },
            suggests: None,
            when: spec.when,
            ticked: if groups { Vec::new() } else { self.entered.list(spec.name).to_vec() },
            swatch: None,
            ltr: false,
        };
        if matches!(spec.kind, Kind::Colour) { field.coloured() } else { field }
    }

    fn groups(&self) -> Vec<GroupLine> {
        self.entered.list(GROUPS).iter().map(|row| changes::group_line(self.names, row)).collect()
    }

    /// What the form was shown by; and what has no place on it now but is kept.
    fn hidden(&self) -> Vec<(String, String)> {
        let shape = self.panel.shape(self.entered);
        let mut hidden = if shape.is_empty() { Vec::new() } else { vec![("shape".to_owned(), shape)] };
        if self.panel.kind == SettingKind::SelfProvisioning && !self.has_windows() {
            let kept = ["windows_link", "installer_url"];
            hidden.extend(kept.map(|name| (name.to_owned(), self.entered.text(name).to_owned())));
        }
        hidden
    }

    fn warnings(&self) -> Vec<Told> {
        let mut warnings = Vec::new();
        if self.panel.kind != SettingKind::SelfProvisioning {
            return warnings;
        }
        if self.allowed.is_empty() {
            warnings.push(Told::new("console-attention-no-platform").at_page(TARGETS_PAGE));
        }
        if self.groups().iter().any(|group| group.gone) {
            warnings.push(Told::new("console-attention-group-gone"));
        }
        let url = self.entered.text("installer_url");
        let path = url.split(['?', '#']).next().unwrap_or_default();
        if self.entered.is("windows_link", "installer") && !url.is_empty() && !path.to_lowercase().ends_with(".exe") {
            warnings.push(Told::new("console-warning-no-exe"));
        }
        warnings
    }
}

fn radio(name: &str, (value, hint): (&str, bool)) -> Choice {
    let key = choice_key(name, value);
    Choice { value: value.to_owned(), hint: hint.then(|| hint_key(&key)), said: Words::words(key) }
}

fn option(value: &str) -> Choice {
    Choice { value: value.to_owned(), said: Words::text(value), hint: None }
}
