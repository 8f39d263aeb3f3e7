//! The console's pages of roles and API keys.

use doorward_api::Timestamp;
use doorward_api::operator::{HeldRole, Role, RoleRef};
use doorward_api::permission::{Action, Module, Permission, Permissions};
use minijinja::Value;
use serde::Serialize;

use crate::console::{Fault, ProofFields, Said, Told};
use crate::console_approvals::{ApprovalPage, ApprovalsPage};

/// One of them.
#[derive(Debug, Clone)]
pub enum AccessPage {
    /// All roles.
    Roles(RolesPage),
    /// One, to be read, made or changed.
    Role(Box<RolePage>),
    /// All keys.
    Keys(KeysPage),
    /// One to be made.
    NewKey(Box<NewKeyPage>),
    /// One was made: its secret is shown once.
    KeyMade(KeyMadePage),
    /// What waits for a second operator.
    Approvals(ApprovalsPage),
    /// One act that does.
    Approval(Box<ApprovalPage>),
}

impl AccessPage {
    /// The template's name below `admin/`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            AccessPage::Roles(_) => "roles",
            AccessPage::Role(_) => "role",
            AccessPage::Keys(_) => "keys",
            AccessPage::NewKey(_) => "key_new",
            AccessPage::KeyMade(_) => "key_made",
            AccessPage::Approvals(_) => "approvals",
            AccessPage::Approval(_) => "approval",
        }
    }

    pub(crate) fn fields(&self) -> Value {
        match self {
            AccessPage::Roles(page) => Value::from_serialize(page),
            AccessPage::Role(page) => Value::from_serialize(page.as_ref()),
            AccessPage::Keys(page) => Value::from_serialize(page),
            AccessPage::NewKey(page) => Value::from_serialize(page.as_ref()),
            AccessPage::KeyMade(page) => Value::from_serialize(page),
            AccessPage::Approvals(page) => Value::from_serialize(page),
            AccessPage::Approval(page) => Value::from_serialize(page.as_ref()),
        }
    }
}

/// What a role is called: ours by our words, others by their own.
pub fn role_said(role: &HeldRole) -> Said {
    match &role.of {
        RoleRef::BuiltIn(ours) => built_in_said(*ours),
        RoleRef::Custom(_) => Said::text(role.name.as_str()),
    }
}

/// What one of ours is called.
pub fn built_in_said(role: Role) -> Said {
    Said::words(format!("console-role-{}", role.as_str()))
}

/// A role to choose.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RoleChoice {
    /// The value.
    pub value: String,
    /// What it is called.
    pub said: Said,
    /// The key of what is said of it.
    pub hint: Option<String>,
}

/// All roles.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RolesPage {
    /// Ours first.
    pub roles: Vec<RoleLine>,
    /// One may make roles.
    pub may_edit: bool,
    /// What was done.
    pub notice: Option<Told>,
}

/// One of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RoleLine {
    /// Its page; ours have none.
    pub path: Option<String>,
    /// What it is called.
    pub said: Said,
    /// The key of what is said of it.
    pub hint: Option<String>,
    /// How many operators have it.
    pub operators: usize,
}

/// A role, to be read, made or changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RolePage {
    /// Its name as it stands; empty for one to be made.
    pub about: String,
    /// Its name as it was typed.
    pub name: String,
    /// Where the form is sent.
    pub action: String,
    /// What it may.
    pub table: Vec<ModuleRow>,
    /// One may change it; else it is read.
    pub may_edit: bool,
    /// Where it is deleted, if one may and nobody has it.
    pub delete: Option<String>,
    /// The version that the form was filled from.
    pub seen: i64,
    /// How many operators have it.
    pub operators: usize,
    /// The key of why it cannot be changed by whoever looks at it.
    pub why_not: Option<&'static str>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What was done.
    pub notice: Option<Told>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// A module in the table of permissions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModuleRow {
    /// Its words are `console-module-<name>`.
    pub module: &'static str,
    /// View, edit, delete, export.
    pub cells: Vec<PermissionCell>,
}

/// A permission in it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PermissionCell {
    /// The action: its words are `console-action-<name>`.
    pub action: &'static str,
    /// The box's name in the form: `may.users.edit`.
    pub name: String,
    /// There is such a thing to do.
    pub there: bool,
    /// It can be given by whoever looks at it.
    pub free: bool,
    /// It is permitted.
    pub ticked: bool,
}

/// What the names of the boxes begin with.
pub const MAY: &str = "may.";

/// The table of permissions: of what can be given, what is.
pub fn permission_table(free: Permissions, ticked: Permissions) -> Vec<ModuleRow> {
    let cell = |module: Module, action: Action| {
        let permission = Permission { module, action };
        PermissionCell {
            action: action.as_str(),
            name: format!("{MAY}{}.{}", module.as_str(), action.as_str()),
            there: module.actions().contains(&action),
            free: free.may(permission),
            ticked: ticked.may(permission),
        }
    };
    let row = |module: Module| ModuleRow {
        module: module.as_str(),
        cells: Action::ALL.into_iter().map(|action| cell(module, action)).collect(),
    };
    Module::ALL.into_iter().map(row).collect()
}

/// What is permitted, module by module; of others than those nothing is.
pub fn permission_words(permissions: Permissions) -> Vec<(&'static str, Vec<&'static str>)> {
    let of = |module: Module| {
        let may = |action: &&Action| permissions.may(Permission { module, action: **action });
        (module.as_str(), Action::ALL.iter().filter(may).map(|action| action.as_str()).collect::<Vec<_>>())
    };
    Module::ALL.into_iter().map(of).filter(|(_, actions)| !actions.is_empty()).collect()
}

/// All keys.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeysPage {
    /// By name.
    pub keys: Vec<KeyLine>,
    /// One may make keys.
    pub may_edit: bool,
    /// What was done.
    pub notice: Option<Told>,
}

/// One of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyLine {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub operator: String,
    /// What it may now: modules, each with its actions. Their words are `console-module-<name>` and `console-action-<name>`.
    pub permissions: Vec<(&'static str, Vec<&'static str>)>,
    /// `live`, `over`, `revoked` or `dead` (its operator is switched off): its words are `console-key-<state>`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Where it is revoked, if one may.
    pub revoke: Option<String>,
}

/// A key to be made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewKeyPage {
    /// Its name as it was typed.
    pub name: String,
    /// How many days it is good, as it was typed.
    pub days: String,
    /// The most.
    pub most_days: u32,
    /// What it may.
    pub table: Vec<ModuleRow>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Proofs that are asked for.
    pub proof: ProofFields,
}

/// A key was made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyMadePage {
    /// Its name.
    pub name: String,
    /// Its secret, whole.
    pub secret: String,
    /// Its end.
    pub until: Timestamp,
}
