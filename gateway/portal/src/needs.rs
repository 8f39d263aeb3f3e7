//! What a call of the API or a page of the console takes of whoever asks. None of them can be listed without saying so.

use doorward_api::operator::OperatorSession;
use doorward_api::{Module, Permission};
use percent_encoding::percent_decode_str;

/// It.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To be known: signed in, or by an API key.
    Known,
    /// To be signed in, which no API key is.
    Session,
    /// The same; and for a change, to have proved of late who one is.
    Deciding,
    /// A permission.
    May(Permission),
}

impl Need {
    /// Whether a session may, which may be that of an API key.
    pub(crate) fn is_met(self, session: &OperatorSession, by_key: bool) -> bool {
        match self {
            Need::Known => true,
            Need::Session | Need::Deciding => !by_key,
            Need::May(permission) => session.operator.role.permissions.may(permission),
        }
    }
}

impl From<Permission> for Need {
    fn from(permission: Permission) -> Self {
        Need::May(permission)
    }
}

/// What a page and its form take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Takes {
    /// To be shown it.
    pub(crate) page: Gate,
    /// To send its form.
    pub(crate) form: Gate,
}

/// What a page or a form takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gate {
    /// Nothing: it is there for those who are not signed in.
    Open,
    /// Something.
    Need(Need),
    /// It depends on which of several things is asked for, the last part of the path; nothing else is there.
    Task(fn(&str) -> Option<Permission>),
}

impl Takes {
    /// Anybody may.
    pub(crate) const fn nothing() -> Self {
        Self { page: Gate::Open, form: Gate::Open }
    }

    /// Everybody who is signed in may.
    pub(crate) const fn a_session() -> Self {
        Self::one(Gate::Need(Need::Session))
    }

    /// To look; there is no form but one that changes nothing.
    pub(crate) const fn look(module: Module) -> Self {
        Self::one(may(module.view()))
    }

    /// To look for the page, to edit for its form.
    pub(crate) const fn look_and_edit(module: Module) -> Self {
        Self { page: may(module.view()), form: may(module.edit()) }
    }

    /// To edit for both.
    pub(crate) const fn edit(module: Module) -> Self {
        Self::one(may(module.edit()))
    }

    /// To delete for both.
    pub(crate) const fn delete(module: Module) -> Self {
        Self::one(may(module.delete()))
    }

    /// To export.
    pub(crate) const fn export(module: Module) -> Self {
        Self::one(may(module.export()))
    }

    /// What the task takes that the path ends with.
    pub(crate) const fn task(of: fn(&str) -> Option<Permission>) -> Self {
        Self::one(Gate::Task(of))
    }

    const fn one(gate: Gate) -> Self {
        Self { page: gate, form: gate }
    }
}

const fn may(permission: Permission) -> Gate {
    Gate::Need(Need::May(permission))
}

impl Gate {
    /// What a path needs; `None` when nothing. A task that there is not is found out by its page, which reads the path as this
    /// does: decoded, once.
    pub(crate) fn need(self, path: &str) -> Option<Need> {
        match self {
            Gate::Open => None,
            Gate::Need(need) => Some(need),
            Gate::Task(of) => {
                let task = path.rsplit('/').next().unwrap_or_default();
                let task = percent_decode_str(task).decode_utf8_lossy();
                Some(of(&task).map_or(Need::Session, Need::May))
            }
        }
    }
}
