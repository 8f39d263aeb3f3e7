//! Provisioning tasks, for reading.

use async_trait::async_trait;

use super::store::{Listed, Page};
use crate::error::StoreError;
use crate::ids::{CredentialId, GroupId, UserId, VirtualServerId};
use crate::provisioning::{EntryStatus, ProvisioningEntry, ProvisioningLink, ProvisioningTask, TaskNumber};
use crate::provisioning_rules::{RulePass, RuleScope, RuleStanding};
use crate::secret::TokenHash;
use crate::time::Timestamp;
use crate::user::User;

/// So many tasks in which there is something to do are told at once.
pub const DUE_AT_ONCE: u32 = 200;

/// Provisioning tasks and their users.
#[async_trait]
pub trait Provisioning: Send + Sync {
    /// One task.
    async fn provisioning_task(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
    ) -> Result<Option<ProvisioningTask>, StoreError>;
    /// Tasks, the newest first. `after` is a task's number.
    async fn provisioning_tasks(
        &self,
        vs: &VirtualServerId,
        page: &Page,
    ) -> Result<Listed<ProvisioningTask>, StoreError>;
    /// The number of the newest task; 0 where there is none.
    async fn newest_provisioning_task(&self, vs: &VirtualServerId) -> Result<TaskNumber, StoreError>;
    /// The next tasks after one in which there is something to do now, by their numbers; at most [`DUE_AT_ONCE`]. Those whose users
    /// only have to open their mails are not among them.
    async fn due_provisioning_tasks(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
        after: TaskNumber,
    ) -> Result<Vec<ProvisioningTask>, StoreError>;
    /// How many users of a task are how far.
    async fn provisioning_counts(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
    ) -> Result<Vec<(EntryStatus, u64)>, StoreError>;
    /// How many users of a task have come to their end without ever having been written to: they were taken out, the stop date passed, or
    /// they have enrolled by themselves before.
    async fn provisioning_never_written(&self, vs: &VirtualServerId, task: TaskNumber) -> Result<u64, StoreError>;
    /// How many tokens are reserved, by all tasks.
    async fn reserved_tokens(&self, vs: &VirtualServerId) -> Result<u64, StoreError>;
    /// Users of a task, by name; all of them, or those who are so far.
    async fn provisioning_entries(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
        status: Option<EntryStatus>,
        page: &Page,
    ) -> Result<Listed<ProvisioningEntry>, StoreError>;
    /// One user of a task.
    async fn provisioning_entry(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
        user: &UserId,
    ) -> Result<Option<ProvisioningEntry>, StoreError>;
    /// The newest entries of a user, newest first; at most 50.
    async fn provisioning_of(&self, vs: &VirtualServerId, user: &UserId) -> Result<Vec<ProvisioningEntry>, StoreError>;
    /// The entry for which a token was issued.
    async fn provisioning_of_token(
        &self,
        vs: &VirtualServerId,
        token: &CredentialId,
    ) -> Result<Option<ProvisioningEntry>, StoreError>;
    /// Whose a link is, whatever has become of it since. One in whose place another was mailed is nobody's.
    async fn provisioning_link(
        &self,
        vs: &VirtualServerId,
        link: &TokenHash,
    ) -> Result<Option<ProvisioningLink>, StoreError>;
    /// Members of a group, nested ones included, in the order of their rows. `after` is a user's id. Their groups are not read.
    async fn all_members(&self, vs: &VirtualServerId, group: &GroupId, page: &Page)
    -> Result<Listed<User>, StoreError>;
    /// How users stand, as rules go by it, in the order of their rows. `after` is a user's id.
    async fn rule_standings(
        &self,
        vs: &VirtualServerId,
        scope: &RuleScope,
        page: &Page,
    ) -> Result<Listed<RuleStanding>, StoreError>;
    /// The newest task of a rule that was not removed.
    async fn rule_task(&self, vs: &VirtualServerId, rule: &GroupId) -> Result<Option<ProvisioningTask>, StoreError>;
    /// How far rules have looked through everybody. `None` where there never were any.
    async fn rule_pass(&self, vs: &VirtualServerId) -> Result<Option<RulePass>, StoreError>;
}
