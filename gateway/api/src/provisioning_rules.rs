//! Rules that provision by group: what they go by, of one user at one moment, and how far they have looked through
//! everybody.
//!
//! What a rule gives is an entry of one of its tasks, which the rule *holds* from then on: there is one such entry of a
//! user at the most. So a rule gives once for each stay in its group, and knows what is its own to take.

use std::collections::BTreeSet;

use crate::credential::TokenState;
use crate::ids::{CredentialId, GroupId, UserId};
use crate::provisioning::{EntryStatus, TaskNumber};
use crate::time::Timestamp;

/// Of whom it is asked how they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleScope {
    /// Members of a group, those of groups in it included.
    MembersOf(GroupId),
    /// The same, as they would stand if the group lay no longer in another.
    Unnested {
        /// Whose members, those of groups in it included.
        group: GroupId,
        /// In which it would lie no longer.
        from: GroupId,
    },
    /// Whoever has an entry that a rule holds.
    Held,
    /// Whoever came, left or was changed since rules have looked at them.
    Due,
    /// This one.
    One(UserId),
}

/// What rules go by, of one user. Read in one statement: it belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStanding {
    /// Who.
    pub user: UserId,
    /// Their sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The account is switched off.
    pub disabled: bool,
    /// There is an address to write to.
    pub has_email: bool,
    /// All groups, those included in which theirs lie.
    pub groups: BTreeSet<GroupId>,
    /// How many tokens count as one.
    pub tokens: u32,
    /// How many more are reserved for them, by any task.
    pub reserved: u32,
    /// What a rule holds.
    pub held: Option<HeldEntry>,
    /// The newest task in which they are; 0 where there is none.
    pub newest_task: TaskNumber,
    /// Tells what has become of them since rules have looked, and grows with it; `None` when nothing has. None comes twice, not even
    /// after rules have looked: whoever has stood still meanwhile shall not take what is new for what they have seen.
    pub due: Option<i64>,
}

/// An entry that a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEntry {
    /// The rule, by its group.
    pub rule: GroupId,
    /// That group was deleted, and is being emptied: until it is gone, nothing becomes of what it holds.
    pub going: bool,
    /// The task.
    pub task: TaskNumber,
    /// How far it is.
    pub status: EntryStatus,
    /// The token that came by it, while it is the user's.
    pub token: Option<HeldToken>,
}

impl HeldEntry {
    /// Whether there is anything that could be taken: a token, or an entry by which one may still come.
    pub fn is_worth_something(&self) -> bool {
        self.token.is_some() || self.status.reserves()
    }
}

/// A token that came by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    /// Its row.
    pub id: CredentialId,
    /// Its serial number.
    pub serial: String,
    /// Its state.
    pub state: TokenState,
}

/// How far rules have looked through everybody whom they could concern. There is one of each virtual server whose rules
/// were ever set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePass {
    /// Counts what concerns many: rules that were changed, groups that were put into others or deleted.
    pub wanted: i64,
    /// Up to which of these everybody was looked at.
    pub done: i64,
    /// How far it is now; `None` while nothing is looked through.
    pub place: Option<String>,
    /// When everybody was looked at last.
    pub done_at: Option<Timestamp>,
}
