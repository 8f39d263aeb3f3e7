//! Acts of operators that wait for a second one: what was asked for, by whom, and what has become of it.

use serde::{Deserialize, Serialize};

use crate::ids::{ApprovalId, CredentialId, OperatorId, RoleId, UserId};
use crate::operator::RoleRef;
use crate::permission::{Module, Permission, Permissions};
use crate::settings::{Held, SettingKind};
use crate::time::Timestamp;

/// An act, whole: whoever reads it can do it, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum HeldAct {
    /// A document in place of the one that was seen.
    SettingPut {
        /// Which.
        kind: SettingKind,
        /// The version that was seen.
        seen: i64,
        /// The document, as JSON.
        body: String,
    },
    /// A link for one more operator.
    OperatorInvite {
        /// What they will be.
        role: RoleRef,
    },
    /// Another role for an operator.
    OperatorRole {
        /// Whose.
        operator: OperatorId,
        /// Which.
        role: RoleRef,
    },
    /// An operator is switched on.
    OperatorEnable {
        /// Who.
        operator: OperatorId,
    },
    /// A new role.
    RoleAdd {
        /// Its name.
        name: String,
        /// What it may.
        permissions: Permissions,
    },
    /// Another name, or other permissions.
    RoleSet {
        /// Which.
        role: RoleId,
        /// The version that was seen.
        seen: i64,
        /// Its name.
        name: String,
        /// What it may.
        permissions: Permissions,
    },
    /// A role goes.
    RoleDelete {
        /// Which.
        role: RoleId,
    },
    /// A key of whoever asks.
    ApiKeyAdd {
        /// Its name.
        name: String,
        /// What it may.
        permissions: Permissions,
        /// How many days it is good.
        days: u32,
    },
    /// A user goes.
    UserDelete {
        /// Who.
        user: UserId,
    },
    /// A token's row goes.
    TokenDelete {
        /// Which.
        token: CredentialId,
    },
    /// A file is taken away.
    Export {
        /// Of the audit trail or of a report: the module.
        module: Module,
        /// `csv`, `json`.
        format: String,
        /// What was looked for, as a query.
        filter: String,
    },
}

impl HeldAct {
    /// The name in records and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            HeldAct::SettingPut { .. } => "setting_put",
            HeldAct::OperatorInvite { .. } => "operator_invite",
            HeldAct::OperatorRole { .. } => "operator_role",
            HeldAct::OperatorEnable { .. } => "operator_enable",
            HeldAct::RoleAdd { .. } => "role_add",
            HeldAct::RoleSet { .. } => "role_set",
            HeldAct::RoleDelete { .. } => "role_delete",
            HeldAct::ApiKeyAdd { .. } => "api_key_add",
            HeldAct::UserDelete { .. } => "user_delete",
            HeldAct::TokenDelete { .. } => "token_delete",
            HeldAct::Export { .. } => "export",
        }
    }

    /// All names, in that order.
    pub const NAMES: [&'static str; 11] = [
        "setting_put",
        "operator_invite",
        "operator_role",
        "operator_enable",
        "role_add",
        "role_set",
        "role_delete",
        "api_key_add",
        "user_delete",
        "token_delete",
        "export",
    ];

    /// What it takes: of whoever asks, and of whoever approves.
    pub const fn permission(&self) -> Permission {
        match self {
            HeldAct::SettingPut { kind, .. } => kind.module().edit(),
            HeldAct::OperatorInvite { .. } | HeldAct::OperatorRole { .. } | HeldAct::OperatorEnable { .. } => {
                Module::Operators.edit()
            }
            HeldAct::RoleAdd { .. } | HeldAct::RoleSet { .. } => Module::Roles.edit(),
            HeldAct::RoleDelete { .. } => Module::Roles.delete(),
            HeldAct::ApiKeyAdd { .. } => Module::ApiKeys.edit(),
            HeldAct::UserDelete { .. } => Module::Users.delete(),
            HeldAct::TokenDelete { .. } => Module::Tokens.delete(),
            HeldAct::Export { module, .. } => module.export(),
        }
    }

    /// By what the settings say whether it takes two.
    pub const fn held(&self) -> Held {
        match self {
            HeldAct::SettingPut { kind: SettingKind::Approvals, .. }
            | HeldAct::OperatorInvite { .. }
            | HeldAct::OperatorRole { .. }
            | HeldAct::OperatorEnable { .. }
            | HeldAct::RoleAdd { .. }
            | HeldAct::RoleSet { .. }
            | HeldAct::RoleDelete { .. }
            | HeldAct::ApiKeyAdd { .. } => Held::Operators,
            HeldAct::SettingPut { .. } => Held::Settings,
            HeldAct::UserDelete { .. } => Held::UserDeletion,
            HeldAct::TokenDelete { .. } => Held::TokenDeletion,
            HeldAct::Export { .. } => Held::Exports,
        }
    }

    /// What comes of it is for the eyes of whoever asked: when it is approved, they do it themselves.
    pub const fn is_collected(&self) -> bool {
        matches!(self, HeldAct::OperatorInvite { .. } | HeldAct::ApiKeyAdd { .. } | HeldAct::Export { .. })
    }

    /// Where it stands when whoever asked has done it. A file may be taken as often as it takes to have it whole, until the approval
    /// ends: whether its last byte has come, nobody here knows.
    pub const fn collected(&self) -> ApprovalState {
        if matches!(self, HeldAct::Export { .. }) { ApprovalState::Approved } else { ApprovalState::Done }
    }
}

/// What has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// It waits for a second operator.
    Waiting,
    /// It is approved, and whoever asked may do it ([`HeldAct::is_collected`]).
    Approved,
    /// It was done.
    Done,
    /// A second operator has refused it.
    Refused,
    /// Whoever asked has taken it back.
    Withdrawn,
    /// Nobody was in time.
    Expired,
}

impl ApprovalState {
    /// Every one.
    pub const ALL: [ApprovalState; 6] = [
        ApprovalState::Waiting,
        ApprovalState::Approved,
        ApprovalState::Done,
        ApprovalState::Refused,
        ApprovalState::Withdrawn,
        ApprovalState::Expired,
    ];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            ApprovalState::Waiting => "waiting",
            ApprovalState::Approved => "approved",
            ApprovalState::Done => "done",
            ApprovalState::Refused => "refused",
            ApprovalState::Withdrawn => "withdrawn",
            ApprovalState::Expired => "expired",
        }
    }

    /// Back from [`ApprovalState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Something is still to come of it.
    pub const fn is_open(self) -> bool {
        matches!(self, ApprovalState::Waiting | ApprovalState::Approved)
    }
}

/// An act that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAct {
    /// The row.
    pub id: ApprovalId,
    /// Who asked.
    pub operator: OperatorId,
    /// Their name at that time.
    pub operator_name: String,
    /// The API key by which they asked.
    pub api_key: Option<String>,
    /// What for.
    pub act: HeldAct,
    /// What it was about, as it was called then: a user's name, a role's.
    pub about: String,
    /// When.
    pub asked_at: Timestamp,
    /// Until when something may come of it.
    pub expires_at: Timestamp,
    /// Where it stands, unless it is over by now.
    pub state: ApprovalState,
    /// When it came to stand there.
    pub decided_at: Option<Timestamp>,
    /// The name of who approved or refused it.
    pub decided_by: Option<String>,
}

impl PendingAct {
    /// Where it stands: one that is over has expired, whether that was recorded already or not.
    pub fn state_at(&self, now: Timestamp) -> ApprovalState {
        if self.state.is_open() && self.expires_at <= now { ApprovalState::Expired } else { self.state }
    }
}

/// An act to be kept.
#[derive(Debug, Clone)]
pub struct NewPendingAct {
    /// The row to be.
    pub id: ApprovalId,
    /// Who asks.
    pub operator: OperatorId,
    /// Their name.
    pub operator_name: String,
    /// The API key by which they ask.
    pub api_key: Option<String>,
    /// What for.
    pub act: HeldAct,
    /// What it is about.
    pub about: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// So many may be open at once.
    pub most: u32,
    /// So many of who asks: nobody alone fills up what all have.
    pub most_of_one: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_of_each() -> Vec<HeldAct> {
        let (name, permissions) = ("Desk".to_owned(), Permissions::HELP_DESK);
        vec![
            HeldAct::SettingPut { kind: SettingKind::Lockout, seen: 1, body: "{}".into() },
            HeldAct::OperatorInvite { role: RoleRef::parse("auditor") },
            HeldAct::OperatorRole { operator: "o1".into(), role: RoleRef::parse("r1") },
            HeldAct::OperatorEnable { operator: "o1".into() },
            HeldAct::RoleAdd { name: name.clone(), permissions },
            HeldAct::RoleSet { role: "r1".into(), seen: 2, name: name.clone(), permissions },
            HeldAct::RoleDelete { role: "r1".into() },
            HeldAct::ApiKeyAdd { name, permissions, days: 90 },
            HeldAct::UserDelete { user: "u1".into() },
            HeldAct::TokenDelete { token: "c1".into() },
            HeldAct::Export { module: Module::Audit, format: "csv".into(), filter: "q=x".into() },
        ]
    }

    #[test]
    fn each_act_reads_back_and_has_a_name_of_its_own() {
        let names: Vec<&str> = some_of_each().iter().map(HeldAct::name).collect();
        assert_eq!(names, HeldAct::NAMES);
        for act in some_of_each() {
            let text = serde_json::to_string(&act).unwrap();
            assert_eq!(serde_json::from_str::<HeldAct>(&text).unwrap(), act, "{text}");
            assert!(text.contains(act.name()), "{text}");
            assert!(Permission::parse(&act.permission().to_string()).is_some(), "{text}");
        }
    }

    #[test]
    fn only_a_file_may_be_taken_more_than_once() {
        let again = |act: &HeldAct| act.collected() == ApprovalState::Approved;
        let names: Vec<&str> = some_of_each().iter().filter(|act| again(act)).map(HeldAct::name).collect();
        assert_eq!(names, ["export"]);
    }

    #[test]
    fn what_is_over_has_expired_and_what_was_decided_stays() {
        let act = PendingAct {
            id: "a1".into(),
            operator: "o1".into(),
            operator_name: "olga".into(),
            api_key: None,
            act: HeldAct::UserDelete { user: "u1".into() },
            about: "anna".into(),
            asked_at: Timestamp::from_secs(0),
            expires_at: Timestamp::from_secs(10),
            state: ApprovalState::Waiting,
            decided_at: None,
            decided_by: None,
        };
        assert_eq!(act.state_at(Timestamp::from_secs(9)), ApprovalState::Waiting);
        assert_eq!(act.state_at(Timestamp::from_secs(10)), ApprovalState::Expired);
        let done = PendingAct { state: ApprovalState::Done, ..act };
        assert_eq!(done.state_at(Timestamp::from_secs(99)), ApprovalState::Done);
    }
}
