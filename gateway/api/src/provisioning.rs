//! Provisioning by email: an operator lets users enrol whom self-provisioning is not offered to (self-provisioning.md R31, 2.4).
//!
//! Each use is a task with a number, a stop date and its users. Each user of it is an entry:
//!
//! ```text
//!  pending ──mailed──▶ active ──token in use──▶ enrolled ──first sign-in──▶ completed
//!     ▲                 │  │  └─five failures──▶ locked
//!     │                 │  └────stop date──────▶ expired
//!     └──sent again─────┴───◀── locked, expired
//! ```
//! An entry that was taken out, by itself or with its task, is `removed`; whoever could get no token is `skipped` from the beginning.

use crate::credential::Version;
use crate::ids::{CredentialId, GroupId, UserId};
use crate::secret::TokenHash;
use crate::time::Timestamp;

/// Counts the tasks of a virtual server, from 1.
pub type TaskNumber = i64;

/// So many failures lock an entry (self-provisioning.md 2.4): first passcodes that were wrong, and wizards that were begun by the link
/// and came to no token.
pub const MOST_FAILURES: u32 = 5;

/// How far an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryStatus {
    /// The mail was not written yet.
    Pending,
    /// The mail was written: the user may still enrol.
    Active,
    /// The token is in use, and nobody has signed in with it yet.
    Enrolled,
    /// It was signed in with.
    Completed,
    /// It failed too often.
    Locked,
    /// The stop date has passed before.
    Expired,
    /// It was taken out, or its task was removed.
    Removed,
    /// There was nothing to provision, for a reason.
    Skipped,
}

impl EntryStatus {
    /// All of them.
    pub const ALL: [EntryStatus; 8] = [
        EntryStatus::Pending,
        EntryStatus::Active,
        EntryStatus::Enrolled,
        EntryStatus::Completed,
        EntryStatus::Locked,
        EntryStatus::Expired,
        EntryStatus::Removed,
        EntryStatus::Skipped,
    ];

    /// The name in the store, the API and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            EntryStatus::Pending => "pending",
            EntryStatus::Active => "active",
            EntryStatus::Enrolled => "enrolled",
            EntryStatus::Completed => "completed",
            EntryStatus::Locked => "locked",
            EntryStatus::Expired => "expired",
            EntryStatus::Removed => "removed",
            EntryStatus::Skipped => "skipped",
        }
    }

    /// Back from [`EntryStatus::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether a token is reserved for it: it may still come to one.
    pub const fn reserves(self) -> bool {
        matches!(self, EntryStatus::Pending | EntryStatus::Active)
    }

    /// Whether the mail may be written once more.
    pub const fn may_be_sent_again(self) -> bool {
        matches!(self, EntryStatus::Active | EntryStatus::Locked | EntryStatus::Expired)
    }

    /// Whether it can be taken out.
    pub const fn may_be_removed(self) -> bool {
        matches!(self, EntryStatus::Pending | EntryStatus::Active | EntryStatus::Locked | EntryStatus::Expired)
    }
}

/// Why nothing is provisioned to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// The account is switched off.
    Disabled,
    /// There is no address to write to.
    NoEmail,
    /// The user has as many tokens as are allowed, those counted that other tasks reserve.
    HasAllTokens,
}

impl SkipReason {
    /// All of them.
    pub const ALL: [SkipReason; 3] = [SkipReason::Disabled, SkipReason::NoEmail, SkipReason::HasAllTokens];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            SkipReason::Disabled => "disabled",
            SkipReason::NoEmail => "no_email",
            SkipReason::HasAllTokens => "has_all_tokens",
        }
    }

    /// Back from [`SkipReason::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A task to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its number.
    pub number: TaskNumber,
    /// Which operator has made it, by name.
    pub operator: String,
    /// The first moment at which nobody of it may enrol any more.
    pub stops_at: Timestamp,
    /// What its mails say besides; may be empty.
    pub note: String,
    /// Its users are the members of this group, nested ones included, who are found by and by.
    pub group: Option<GroupId>,
    /// The rule that has made it, by its group; then there is no operator, and its users come one by one.
    pub rule: Option<GroupId>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningTask {
    /// Its number.
    pub number: TaskNumber,
    /// Which operator has made it, by name; empty where a rule has.
    pub operator: String,
    /// When.
    pub created_at: Timestamp,
    /// The first moment at which nobody of it may enrol any more.
    pub stops_at: Timestamp,
    /// What its mails say besides; may be empty.
    pub note: String,
    /// The group whose members it is for.
    pub group: Option<GroupId>,
    /// The rule that has made it, by its group.
    pub rule: Option<GroupId>,
    /// The last member that was found, while the group is being read; `None` when it is read to its end.
    pub cursor: Option<String>,
    /// How many users it has, those that were skipped included.
    pub count: u64,
    /// When the last mail of it was written.
    pub mailed_at: Option<Timestamp>,
    /// Everybody who was written to before then is written to once more.
    pub resend_at: Option<Timestamp>,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: Version,
}

impl ProvisioningTask {
    /// Whether its users may still enrol.
    pub fn runs(&self, now: Timestamp) -> bool {
        self.removed_at.is_none() && self.stops_at > now
    }
}

/// A user of a task, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Who.
    pub user: UserId,
    /// Why there is nothing to provision, if there is not.
    pub skipped: Option<SkipReason>,
    /// The rule that gives it, by its group, and holds it from now on. Of a user of whom one is held there comes no other.
    pub rule: Option<GroupId>,
}

/// A user of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningEntry {
    /// The task.
    pub task: TaskNumber,
    /// Who.
    pub user: UserId,
    /// Their sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// How far it is.
    pub status: EntryStatus,
    /// Why they were skipped.
    pub skipped: Option<SkipReason>,
    /// How often enrolling has failed.
    pub fails: u32,
    /// The token that was issued for it, and its serial number.
    pub token: Option<(CredentialId, String)>,
    /// When the mail was written.
    pub mailed_at: Option<Timestamp>,
    /// When its link was used.
    pub opened_at: Option<Timestamp>,
}

/// A link that was mailed, and what it is good for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningLink {
    /// SHA-256 of it.
    pub link: TokenHash,
    /// Its task.
    pub task: ProvisioningTask,
    /// Whose it is.
    pub entry: ProvisioningEntry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_and_reason_is_read_back_by_its_name() {
        for status in EntryStatus::ALL {
            assert_eq!(EntryStatus::parse(status.as_str()), Some(status));
        }
        for reason in SkipReason::ALL {
            assert_eq!(SkipReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!((EntryStatus::parse("begun"), SkipReason::parse("")), (None, None));
    }

    #[test]
    fn whoever_has_a_token_by_it_is_neither_written_to_nor_taken_out() {
        for done in [EntryStatus::Enrolled, EntryStatus::Completed, EntryStatus::Removed, EntryStatus::Skipped] {
            assert!(!done.reserves() && !done.may_be_sent_again() && !done.may_be_removed(), "{done:?}");
        }
    }
}
