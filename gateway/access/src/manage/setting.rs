//! Settings: read, applied, and what they mean for one user.

use std::any::Any;

use doorward_api::plugin::PinFault;
use doorward_api::ports::{Act, Change};
use doorward_api::settings::{
    Document, FieldChange, PinRules, Seen, SelfProvisioning, SettingChange, SettingKind, TargetSettings,
};
use doorward_api::{
    CommitError, EventKind, FieldFault, FieldRule, Secret, Target, TokenState, TokenTemplate, VirtualServerId,
};
use doorward_tokens::settings::Checked;
use doorward_tokens::{Choices, Facts, NotOffered, offer};

use super::{By, ManageError, Manager, Role};
use crate::names::fold_name;
use crate::settings::setting;
use crate::signin::counted;

/// How many entries a page's Change Log shows.
const CHANGE_LOG: u32 = 5;

/// What a user would be offered, were an OTP asked of them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// Self-provisioning on these platforms.
    Offered(Vec<Target>),
    /// Nothing, for this reason.
    Not(NotOffered),
}

impl Manager {
    /// A document as it stands.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn setting<D: Document>(&self, vs: &VirtualServerId) -> Result<Seen<D>, ManageError> {
        Ok(setting::<D>(self.ports().settings.as_ref(), vs).await?)
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
        Self::allow(by, Role::Administrator)?;
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
        let told = serde_json::to_value(&changes).unwrap_or_default();
        let act = Act::SettingSet { kind: D::KIND, seen, body, operator: by.name.clone(), changes };
        let event = by.event(event_of(D::KIND)).with("operationObjectType", D::KIND.as_str()).with("changes", told);
        match self.commit(vs, by, Change::of(act).record(event)).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::Conflict),
            outcome => Ok(outcome.map(|()| Seen { document: new, version: seen.saturating_add(1) })?),
        }
    }

    /// The groups that self-provisioning names exist. One that was deleted since may stay in the list: it matches nobody (R40).
    async fn refers_to_what_there_is<D: Document>(
        &self,
        vs: &VirtualServerId,
        old: &D,
        new: &D,
    ) -> Result<(), ManageError> {
        let (old, new): (&dyn Any, &dyn Any) = (old, new);
        let Some(new) = new.downcast_ref::<SelfProvisioning>() else { return Ok(()) };
        let known = old.downcast_ref::<SelfProvisioning>().map(|old| old.target_users.groups()).unwrap_or_default();
        let mut faults = Vec::new();
        for group in new.target_users.groups().iter().filter(|group| !known.contains(group)) {
            if self.ports().register.group(vs, group).await?.is_none() {
                let value = format!("group {group}");
                faults.push(FieldFault::new("target_users.groups", FieldRule::Unknown { value }));
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
    pub async fn preview(&self, vs: &VirtualServerId, user_name: &str) -> Result<Preview, ManageError> {
        let folded = fold_name(user_name).ok_or(ManageError::NotFound)?;
        let user = self.ports().directory.find(vs, &folded).await?.ok_or(ManageError::NotFound)?;
        let tokens = self.ports().credentials.credentials_of(vs, &user.id).await?;
        let states: Vec<TokenState> = tokens.iter().map(counted).collect();
        let settings = self.setting::<SelfProvisioning>(vs).await?.document;
        let targets = self.setting::<TargetSettings>(vs).await?.document;
        let offered = offer(&Facts {
            policy_requires_otp: true,
            account_usable: !user.disabled,
            tokens: &states,
            groups: &user.groups,
            settings: &settings,
            targets: &targets,
            feasible: &self.feasible(vs).await?,
        });
        Ok(match offered {
            Ok(choices) => Preview::Offered(Choices::allowed(&choices).to_vec()),
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
        Ok(self.desk.feasible(&template.document.freeze(template.version)))
    }

    /// Why no token can be enrolled by a template on a platform: each plugin's own reason.
    pub fn why_not(&self, template: &TokenTemplate, target: Target) -> Vec<String> {
        let template = template.freeze(0);
        let kinds: Vec<_> = self.desk.otp_kinds().collect();
        if kinds.iter().any(|(_, kind)| kind.fits(&template, target).is_ok()) {
            return Vec::new();
        }
        kinds.iter().filter_map(|(_, kind)| kind.fits(&template, target).err()).map(|why| why.reason).collect()
    }
}

/// The fields in which two documents differ, as they are shown: without those that mean nothing.
fn changes<D: Checked>(old: &D, new: &D) -> Vec<FieldChange> {
    let fields = |document: &D| match document.shown() {
        serde_json::Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    doorward_api::settings::differences_of(&fields(old), &fields(new))
}

const fn event_of(kind: SettingKind) -> EventKind {
    match kind {
        SettingKind::SelfProvisioning => EventKind::SelfProvisioningSettingsChanged,
        SettingKind::Targets => EventKind::TargetSettingsChanged,
        SettingKind::TokenTemplate => EventKind::TokenTemplateChanged,
        SettingKind::ServerPinPolicy => EventKind::ServerPinPolicyChanged,
        SettingKind::Synchronization => EventKind::SyncPolicyChanged,
        SettingKind::Lockout => EventKind::LockoutPolicyChanged,
    }
}
