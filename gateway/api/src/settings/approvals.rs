//! Which acts of operators take two of them.

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};

/// What takes two. Whoever gives powers to operators could make the second one: that takes two as soon as anything does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a box of its own on a page")]
pub struct Approvals {
    /// Invitations, roles, and API keys that are made; this document.
    pub operators: bool,
    /// Every other document of the settings.
    pub settings: bool,
    /// Users who are deleted.
    pub user_deletion: bool,
    /// Tokens whose rows are deleted.
    pub token_deletion: bool,
    /// Files that are taken away: the audit trail, reports.
    pub exports: bool,
}

/// Acts of one of these kinds take two, or do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// [`Approvals::operators`].
    Operators,
    /// [`Approvals::settings`].
    Settings,
    /// [`Approvals::user_deletion`].
    UserDeletion,
    /// [`Approvals::token_deletion`].
    TokenDeletion,
    /// [`Approvals::exports`].
    Exports,
}

impl Approvals {
    /// Whether acts of a kind take two.
    pub const fn take_two(&self, kind: Held) -> bool {
        match kind {
            Held::Operators => self.any(),
            Held::Settings => self.settings,
            Held::UserDeletion => self.user_deletion,
            Held::TokenDeletion => self.token_deletion,
            Held::Exports => self.exports,
        }
    }

    /// Whether anything takes two.
    pub const fn any(&self) -> bool {
        self.operators || self.settings || self.user_deletion || self.token_deletion || self.exports
    }

    /// How many operators there must be who may do everything.
    pub const fn least_administrators(&self) -> u32 {
        if self.any() { 2 } else { 1 }
    }
}

impl Document for Approvals {
    const KIND: SettingKind = SettingKind::Approvals;

    fn of_new() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_powers_needs_another_as_soon_as_anything_takes_two() {
        let none = Approvals::of_new();
        assert!(!none.any() && !none.take_two(Held::Operators));
        let exports = Approvals { exports: true, ..none };
        assert!(exports.take_two(Held::Exports) && exports.take_two(Held::Operators));
        assert!(!exports.take_two(Held::Settings) && !exports.take_two(Held::UserDeletion));
        assert_eq!((none.least_administrators(), exports.least_administrators()), (1, 2));
    }
}
