//! What operators and their API keys may do: modules of the console, and what can be done in each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part of the console and of the API. Each of their calls and pages belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// Users, what they are granted, and what stands in for their tokens.
    Users,
    /// Groups and who is in them.
    Groups,
    /// Tokens.
    Tokens,
    /// How tokens come in and are handed out: files of tokens, enrolment by email.
    Provisioning,
    /// Who may enrol by themselves, and on which terms.
    SelfProvisioning,
    /// What tokens are like: templates, PINs, push, synchronization.
    TokenPolicies,
    /// Who gets where: access policies and the account lockout.
    AccessPolicies,
    /// How the portal looks, and its words.
    Appearance,
    /// Reports.
    Reports,
    /// The audit trail, and where it is sent.
    Audit,
    /// Operators.
    Operators,
    /// Their roles.
    Roles,
    /// Keys of programs.
    ApiKeys,
}

/// What is done in a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// To look.
    View,
    /// To make and to change.
    Edit,
    /// To delete for good.
    Delete,
    /// To take a copy away.
    Export,
}

impl Module {
    /// All, in the order of the console. A new one goes to the end of the enumeration, and here wherever it belongs.
    pub const ALL: [Module; 13] = [
        Module::Users,
        Module::Groups,
        Module::Tokens,
        Module::Provisioning,
        Module::SelfProvisioning,
        Module::TokenPolicies,
        Module::AccessPolicies,
        Module::Appearance,
        Module::Reports,
        Module::Audit,
        Module::Operators,
        Module::Roles,
        Module::ApiKeys,
    ];

    /// The name in the store, records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Module::Users => "users",
            Module::Groups => "groups",
            Module::Tokens => "tokens",
            Module::Provisioning => "provisioning",
            Module::SelfProvisioning => "self_provisioning",
            Module::TokenPolicies => "token_policies",
            Module::AccessPolicies => "access_policies",
            Module::Appearance => "appearance",
            Module::Reports => "reports",
            Module::Audit => "audit",
            Module::Operators => "operators",
            Module::Roles => "roles",
            Module::ApiKeys => "api_keys",
        }
    }

    /// What there is to do in it. What is not here cannot be permitted: there would be nothing behind it.
    pub const fn actions(self) -> &'static [Action] {
        use Action::{Delete, Edit, Export, View};
        match self {
            Module::Users
            | Module::Groups
            | Module::Tokens
            | Module::Provisioning
            | Module::Roles
            | Module::ApiKeys => &[View, Edit, Delete],
            Module::SelfProvisioning
            | Module::TokenPolicies
            | Module::AccessPolicies
            | Module::Appearance
            | Module::Operators => &[View, Edit],
            Module::Reports | Module::Audit => &[View, Edit, Export],
        }
    }

    /// To look at it.
    pub const fn view(self) -> Permission {
        Permission { module: self, action: Action::View }
    }

    /// To make and to change in it.
    pub const fn edit(self) -> Permission {
        Permission { module: self, action: Action::Edit }
    }

    /// To delete in it.
    pub const fn delete(self) -> Permission {
        Permission { module: self, action: Action::Delete }
    }

    /// To take a copy of it away.
    pub const fn export(self) -> Permission {
        Permission { module: self, action: Action::Export }
    }
}

impl Action {
    /// The least first.
    pub const ALL: [Action; 4] = [Action::View, Action::Edit, Action::Delete, Action::Export];

    /// The name in the store, records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::View => "view",
            Action::Edit => "edit",
            Action::Delete => "delete",
            Action::Export => "export",
        }
    }
}

/// To do something in a module. Written as `users:edit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// Where.
    pub module: Module,
    /// What.
    pub action: Action,
}

impl Permission {
    const fn bit(self) -> u64 {
        1 << (self.module as u64 * Action::ALL.len() as u64 + self.action as u64)
    }

    /// Every one that there is.
    pub fn all() -> impl Iterator<Item = Permission> {
        Module::ALL.into_iter().flat_map(|module| module.actions().iter().map(move |&action| Self { module, action }))
    }

    /// Back from its text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|permission| permission.to_string() == text)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.module.as_str(), self.action.as_str())
    }
}

/// Everything, as it is stored: of this release and of later ones.
pub const EVERYTHING: &str = "*";

/// What somebody may do: a set. What is not in it is denied.
///
/// Who may change or export something may look at it, and who may delete may change: no set is without what it brings.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Everything.
    pub const ALL: Self = Self::everything(&Action::ALL);

    /// To look at everything.
    const VIEW: Self = Self::everything(&[Action::View]);

    /// What an auditor may: look at everything, and take along what was recorded.
    pub const AUDITOR: Self = Self::VIEW.with(Module::Reports.export()).with(Module::Audit.export());

    /// What the help desk may: care for users and their tokens besides.
    pub const HELP_DESK: Self = Self::AUDITOR.with(Module::Users.edit()).with(Module::Tokens.edit());

    /// What no API key may, whosever it is: make itself more powerful, or outlive its operator.
    const NEVER_OF_KEYS: [Module; 3] = [Module::Operators, Module::Roles, Module::ApiKeys];

    /// Of these actions, those that there are, in every module.
    const fn everything(wanted: &[Action]) -> Self {
        let (mut all, mut modules): (Self, &[Module]) = (Self::NONE, &Module::ALL);
        while let [module, others @ ..] = modules {
            let mut actions = module.actions();
            while let [action, more @ ..] = actions {
                if has(wanted, *action) {
                    all = all.with(Permission { module: *module, action: *action });
                }
                actions = more;
            }
            modules = others;
        }
        all
    }

    /// With one more, and what it brings.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        let module = permission.module;
        let brings = match permission.action {
            Action::View => 0,
            Action::Edit | Action::Export => module.view().bit(),
            Action::Delete => module.view().bit() | module.edit().bit(),
        };
        Self(self.0 | permission.bit() | brings)
    }

    /// Whether one is in it.
    pub const fn may(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether all of another are in it.
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is left of it for an API key: nothing changes operators, roles or keys but an operator.
    #[must_use]
    pub fn of_key(self) -> Self {
        let kept = |each: &Permission| each.action == Action::View || !Self::NEVER_OF_KEYS.contains(&each.module);
        self.iter().filter(kept).collect()
    }

    /// Nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::all().filter(move |each| self.may(*each))
    }

    /// Each of them as a text, in order.
    pub fn names(self) -> Vec<String> {
        self.iter().map(|each| each.to_string()).collect()
    }

    /// Their texts in one, as it is stored. Everything is [`EVERYTHING`]: that brings what later releases add.
    pub fn text(self) -> String {
        if self == Self::ALL { EVERYTHING.to_owned() } else { self.names().join(" ") }
    }

    /// Back from [`Permissions::text`]. What another release knows and this one does not is permitted to nobody here.
    pub fn read(text: &str) -> Self {
        if text == EVERYTHING {
            return Self::ALL;
        }
        text.split_ascii_whitespace().filter_map(Permission::parse).collect()
    }
}

const fn has(actions: &[Action], action: Action) -> bool {
    let mut rest = actions;
    while let [first, others @ ..] = rest {
        if *first as u8 == action as u8 {
            return true;
        }
        rest = others;
    }
    false
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

/// As it is stored.
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::read(&String::deserialize(deserializer)?))
    }
}

impl From<Permission> for Permissions {
    fn from(one: Permission) -> Self {
        Self::NONE.with(one)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_a_bit_of_its_own_and_reads_back() {
        let all: Vec<Permission> = Permission::all().collect();
        for (place, one) in all.iter().enumerate() {
            assert_eq!(Permission::parse(&one.to_string()), Some(*one));
            assert!(all.iter().skip(place + 1).all(|other| other.bit() != one.bit()), "{one}");
            assert!(Permissions::ALL.may(*one), "{one}");
        }
        assert_eq!(Permissions::ALL.iter().count(), all.len());
        assert_eq!(Permissions::read(&Permissions::ALL.text()), Permissions::ALL);
        assert_eq!(Permissions::ALL.text(), "*", "a role with every tick has those of later releases, too");
        assert_eq!(Permissions::read(&Permissions::ALL.names().join(" ")), Permissions::ALL);
        for none in ["", "users", "users:", "users:export", "tokens:fly", "Users:view", "nothing:view"] {
            assert_eq!(Permission::parse(none), None, "{none}");
        }
        assert_eq!(Permissions::read("users:view of_the_future:view"), Module::Users.view().into());
    }

    #[test]
    fn who_may_change_may_look_and_who_may_delete_may_change() {
        let of = |permission: Permission| Permissions::from(permission).text();
        assert_eq!(of(Module::Users.delete()), "users:view users:edit users:delete");
        assert_eq!(of(Module::Groups.edit()), "groups:view groups:edit");
        assert_eq!(of(Module::Audit.export()), "audit:view audit:export");
        assert_eq!(of(Module::Tokens.view()), "tokens:view");
    }

    #[test]
    fn the_built_in_roles_include_one_another() {
        assert!(Permissions::ALL.includes(Permissions::HELP_DESK));
        assert!(Permissions::HELP_DESK.includes(Permissions::AUDITOR));
        assert!(!Permissions::AUDITOR.includes(Permissions::HELP_DESK));
        for denied in [Module::Users.delete(), Module::Groups.edit(), Module::Provisioning.edit()] {
            assert!(!Permissions::HELP_DESK.may(denied), "{denied}");
        }
        assert!(Permissions::AUDITOR.iter().all(|each| matches!(each.action, Action::View | Action::Export)));
    }

    #[test]
    fn no_key_changes_operators_roles_or_keys() {
        let kept = Permissions::ALL.of_key();
        for module in [Module::Operators, Module::Roles, Module::ApiKeys] {
            assert!(kept.may(module.view()) && !kept.may(module.edit()) && !kept.may(module.delete()), "{module:?}");
        }
        assert!(kept.may(Module::Users.delete()));
        assert!(Permissions::ALL.includes(kept) && !kept.includes(Permissions::ALL));
    }
}
