//! Settings: read, applied, and what they mean for one user.

use std::any::Any;

use data_encoding::{BASE64, HEXLOWER};
use doorward_api::plugin::{Authenticator, PinFault};
use doorward_api::ports::{Act, Change};
use doorward_api::settings::{
    Appearance, Approvals, Document, EnrolmentRule, EnrolmentRules, FieldChange, Lockout, PinRules, ProvisioningRule,
    ProvisioningRules, Seen, SelfProvisioning, ServerPinPolicy, SettingChange, SettingKind, TargetSettings, Windows,
};
use doorward_api::{
    CommitError, EventKind, FieldFault, FieldRule, GroupId, HeldAct, Secret, Target, Timestamp, TokenState,
    TokenTemplate, VirtualServerId,
};
use doorward_tokens::settings::Checked;
use doorward_tokens::{Facts, NotOffered, Offer, Terms, offer};
use ring::digest::{SHA256, digest};

use super::{By, ManageError, Manager};
use crate::approvals::Approval;
use crate::enrol::kinds::{Kind, in_the_way};
use crate::names::fold_name;
use crate::settings::{setting, setting_of};
use crate::signin::counted;

/// How many entries a page's Change Log shows.
const CHANGE_LOG: u32 = 5;

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
            SettingKind::Lockout => {
                type $document = Lockout;
                $body
            }
            SettingKind::ProvisioningRules => {
                type $document = ProvisioningRules;
                $body
            }
            SettingKind::Approvals => {
                type $document = Approvals;
                $body
            }
        }
    };
}
/// What a user would be offered, were an OTP asked of them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// Self-provisioning on these platforms, on these terms. From which network they come is not judged.
    Offered(Vec<Target>, Terms),
    /// Nothing, for this reason.
    Not(NotOffered),
}

/// What a kind of authenticator can do with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindFits {
    /// The plugin's name, as it stands with tokens.
    pub kind: &'static str,
    /// The platforms that are allowed, in order.
    pub targets: Vec<TargetFits>,
}

/// The same on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFits {
    /// The platform.
    pub target: Target,
    /// What is in the way, as a sentence; nothing where it fits.
    pub why_not: Option<String>,
}

impl Manager {
    /// A document as it stands.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn setting<D: Document>(&self, vs: &VirtualServerId) -> Result<Seen<D>, ManageError> {
        let port = self.ports().settings.as_ref();
        Ok(match self.desk.site.load().virtual_server(vs) {
            Some(vs) => setting_of::<D>(port, vs).await?,
            None => setting::<D>(port, vs).await?,
        })
    }

    /// Puts a document in place of the one that was `seen`. In force at the next evaluation. One that says the same is taken and
    /// leaves no trace.
    ///
    /// # Errors
    /// [`ManageError::Conflict`] when somebody else was faster; [`ManageError::Invalid`]; [`ManageError::Forbidden`].
    pub async fn apply<D: Checked>(
        &self,
        vs: &VirtualServerId,
        by: &By,
        seen: i64,
        new: D,
    ) -> Result<Seen<D>, ManageError> {
        self.apply_under(vs, by, seen, new, None).await
    }

    async fn apply_under<D: Checked>(
        &self,
        vs: &VirtualServerId,
        by: &By,
        seen: i64,
        new: D,
        approval: Option<&Approval>,
    ) -> Result<Seen<D>, ManageError> {
        Self::allow(by, D::KIND.module().edit())?;
        let old = self.setting::<D>(vs).await?;
        if old.version != seen {
            return Err(ManageError::Conflict);
        }
        self.refers_to_what_there_is(vs, &old.document, &new).await?;
        let changes = changes(&old.document, &new);
        if changes.is_empty() {
            return Ok(old);
        }
        let body = serde_json::to_string(&new).map_err(|_| ManageError::Conflict)?;
        let held = HeldAct::SettingPut { kind: D::KIND, seen, body: body.clone() };
        let seal = self.turn(vs, by, approval, held, D::KIND.as_str()).await?;
        let told = serde_json::to_value(&changes).unwrap_or_default();
        let act = Act::SettingSet { kind: D::KIND, seen, body, operator: by.name.clone(), changes };
        let event = by.event(event_of(D::KIND)).with("operationObjectType", D::KIND.as_str()).with("changes", told);
        let change = with_approvers(Change::of(act).record(event), &new);
        match self.commit(vs, by, seal.on(change)).await {
            Err(CommitError::Lost { what: "administrators_are_there", .. }) => Err(nobody_could_approve(&new)),
            Err(CommitError::Lost { .. }) => Err(ManageError::Conflict),
            outcome => Ok(outcome.map(|()| Seen { document: new, version: seen.saturating_add(1) })?),
        }
    }

    /// What another operator has approved.
    pub(crate) async fn apply_approved(
        &self,
        vs: &VirtualServerId,
        by: &By,
        (kind, seen, body): (SettingKind, i64, &str),
        approval: &Approval,
    ) -> Result<(), ManageError> {
        of_kind!(kind, D => {
            let new: D = read(body)?;
            self.apply_under(vs, by, seen, new, Some(approval)).await.map(drop)
        })
    }

    /// The fields that a document would change; `None` where it is another by now than the one that was seen.
    pub(crate) async fn would_apply(
        &self,
        vs: &VirtualServerId,
        kind: SettingKind,
        seen: i64,
        body: &str,
    ) -> Result<Option<Vec<FieldChange>>, ManageError> {
        of_kind!(kind, D => {
            let (old, new) = (self.setting::<D>(vs).await?, read::<D>(body)?);
            Ok((old.version == seen).then(|| changes(&old.document, &new)))
        })
    }

    /// The groups that a document names exist. One that was deleted since may stay in the list: it matches nobody (R40).
    async fn refers_to_what_there_is<D: Document>(
        &self,
        vs: &VirtualServerId,
        old: &D,
        new: &D,
    ) -> Result<(), ManageError> {
        let known: Vec<GroupId> = groups_of(old).into_iter().map(|(_, group)| group).collect();
        let mut faults = Vec::new();
        for (field, group) in groups_of(new).into_iter().filter(|(_, group)| !known.contains(group)) {
            if self.ports().register.group(vs, &group).await?.is_none() {
                let value = format!("group {group}");
                faults.push(FieldFault::new(field, FieldRule::Unknown { value }));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ManageError::Invalid(faults)) }
    }

    /// The newest changes of a document, newest first.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn change_log(&self, vs: &VirtualServerId, kind: SettingKind) -> Result<Vec<SettingChange>, ManageError> {
        Ok(self.ports().settings.changes(vs, kind, CHANGE_LOG).await?)
    }

    /// What a user would be offered if a policy asked for an OTP now: the predicate that the sign-in asks.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when nobody has that name.
    pub async fn preview(&self, vs: &VirtualServerId, user_name: &str, now: Timestamp) -> Result<Preview, ManageError> {
        let folded = fold_name(user_name).ok_or(ManageError::NotFound)?;
        let user = self.ports().directory.find(vs, &folded).await?.ok_or(ManageError::NotFound)?;
        let tokens = self.ports().credentials.credentials_of(vs, &user.id).await?;
        let tokens = tokens.iter().filter(|token| token.form.is_token());
        let states: Vec<TokenState> = tokens.map(counted).collect();
        let settings = self.setting::<SelfProvisioning>(vs).await?.document;
        let rules = self.setting::<EnrolmentRules>(vs).await?.document;
        let targets = self.setting::<TargetSettings>(vs).await?.document;
        let offered = offer(&Facts {
            policy_requires_otp: true,
            account_usable: !user.disabled,
            user: &user.id,
            tokens: &states,
            adding: false,
            groups: &user.groups,
            address: None,
            now,
            settings: &settings,
            rules: &rules,
            targets: &targets,
            feasible: &self.feasible(vs).await?,
        });
        Ok(match offered {
            Ok(Offer { choices, terms }) => Preview::Offered(choices.allowed().to_vec(), terms),
            Err(why) => Preview::Not(why),
        })
    }

    /// The rules that a sample of a PIN breaks: for trying one out (self-provisioning.md 3.5).
    ///
    /// # Errors
    /// [`ManageError::Unavailable`] when no plugin of this build judges PINs.
    pub fn try_pin(&self, rules: &PinRules, sample: &Secret) -> Result<Vec<PinFault>, ManageError> {
        Ok(self.desk.secret_rules()?.check(rules, sample).err().unwrap_or_default())
    }

    /// The platforms on which a token can be enrolled by the template in force.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn feasible(&self, vs: &VirtualServerId) -> Result<Vec<Target>, ManageError> {
        let template = self.setting::<TokenTemplate>(vs).await?;
        let targets = self.setting::<TargetSettings>(vs).await?.document;
        let site = self.desk.site.load();
        let Some(vs) = site.virtual_server(vs) else { return Ok(Vec::new()) };
        Ok(self.desk.feasible(vs, &template.document.freeze(template.version), &targets))
    }

    /// Which kinds of authenticator can carry a template on the platforms that are allowed, and why another cannot.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn kinds(&self, vs: &VirtualServerId, template: &TokenTemplate) -> Result<Vec<KindFits>, ManageError> {
        let targets = self.setting::<TargetSettings>(vs).await?.document;
        let template = template.freeze(0);
        let site = self.desk.site.load();
        let Some(vs) = site.virtual_server(vs) else { return Ok(Vec::new()) };
        let on = |kind: &dyn Authenticator, target| TargetFits {
            target,
            why_not: in_the_way(kind, vs, &template, target, &targets),
        };
        let fits = |(kind, authenticator): Kind<'_>| KindFits {
            kind,
            targets: targets.allowed().map(|target| on(authenticator, target)).collect(),
        };
        Ok(self.desk.wizard_kinds().map(fits).collect())
    }
}

/// A document as it was kept. What it may say is looked at once more: a rule may have come to be meanwhile.
fn read<D: Checked>(body: &str) -> Result<D, ManageError> {
    let kept: D = serde_json::from_str(body).map_err(|_| ManageError::Conflict)?;
    D::read(&kept.shown()).map_err(ManageError::Invalid)
}

/// Nothing takes two where there are not two who may do everything.
fn with_approvers<D: Document>(change: Change, new: &D) -> Change {
    let document: &dyn Any = new;
    match document.downcast_ref::<Approvals>().map(Approvals::least_administrators) {
        Some(least) if least > 1 => change.and(Act::AdministratorsAreThere { least }),
        _ => change,
    }
}

fn nobody_could_approve<D: Checked>(new: &D) -> ManageError {
    let shown = new.shown();
    let on = |(name, value): (&String, &serde_json::Value)| (value == true).then(|| name.clone());
    let fields = shown.as_object().into_iter().flatten().filter_map(on);
    ManageError::Invalid(fields.map(|name| FieldFault::new(name, FieldRule::Approvers)).collect())
}

/// The groups that a document names, with the fields in which they stand.
fn groups_of<D: Document>(document: &D) -> Vec<(String, GroupId)> {
    let document: &dyn Any = document;
    if let Some(settings) = document.downcast_ref::<SelfProvisioning>() {
        let groups = settings.target_users.groups().iter();
        return groups.map(|group| ("target_users.groups".to_owned(), group.clone())).collect();
    }
    if let Some(rules) = document.downcast_ref::<ProvisioningRules>() {
        let of_rule =
            |(number, rule): (usize, &ProvisioningRule)| (format!("rules[{number}].group"), rule.group.clone());
        return rules.rules.iter().enumerate().map(of_rule).collect();
    }
    let Some(rules) = document.downcast_ref::<EnrolmentRules>() else { return Vec::new() };
    let of_rule = |(number, rule): (usize, &EnrolmentRule)| {
        let field = format!("rules[{number}].groups");
        rule.groups.iter().map(move |group| (field.clone(), group.clone())).collect::<Vec<_>>()
    };
    rules.rules.iter().enumerate().flat_map(of_rule).collect()
}

/// The fields in which two documents differ, as they are shown: without those that mean nothing.
fn changes<D: Checked>(old: &D, new: &D) -> Vec<FieldChange> {
    let fields = |document: &D| match document.shown() {
        serde_json::Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let mut changes = doorward_api::settings::differences_of(&fields(old), &fields(new));
    for change in changes.iter_mut().filter(|change| D::KIND == SettingKind::Appearance && change.field == "logo") {
        (change.old, change.new) = (described(&change.old), described(&change.new));
    }
    changes
}

/// A picture as it is recorded: which, not the picture itself.
fn described(logo: &serde_json::Value) -> serde_json::Value {
    let Some(data) = logo["data"].as_str() else { return serde_json::Value::Null };
    let bytes = BASE64.decode(data.as_bytes()).unwrap_or_default();
    let sha256 = HEXLOWER.encode(digest(&SHA256, &bytes).as_ref());
    serde_json::json!({ "media_type": logo["media_type"], "bytes": bytes.len(), "sha256": sha256 })
}

const fn event_of(kind: SettingKind) -> EventKind {
    match kind {
        SettingKind::SelfProvisioning => EventKind::SelfProvisioningSettingsChanged,
        SettingKind::EnrolmentRules => EventKind::EnrolmentRulesChanged,
        SettingKind::Appearance => EventKind::AppearanceChanged,
        SettingKind::ProvisioningRules => EventKind::ProvisioningRulesChanged,
        SettingKind::Targets => EventKind::TargetSettingsChanged,
        SettingKind::TokenTemplate => EventKind::TokenTemplateChanged,
        SettingKind::ServerPinPolicy => EventKind::ServerPinPolicyChanged,
        SettingKind::Synchronization => EventKind::SyncPolicyChanged,
        SettingKind::Lockout => EventKind::LockoutPolicyChanged,
        SettingKind::Approvals => EventKind::ApprovalsChanged,
    }
}
