//! Groups: who is in them, and which lie in which.

use doorward_api::ports::{Act, Change, Listed, Page};
use doorward_api::user::{GroupRecord, UserRecord};
use doorward_api::{CommitError, EventKind, FieldRule, GroupId, Module, UserId, VirtualServerId};

use super::text::{LONGEST_NAME, line};
use super::{By, ManageError, Manager};

impl Manager {
    /// Groups whose name begins with a text.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn groups(
        &self,
        vs: &VirtualServerId,
        begins: &str,
        page: &Page,
    ) -> Result<Listed<GroupRecord>, ManageError> {
        Ok(self.ports().register.groups(vs, begins, page).await?)
    }

    /// One group.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn group(&self, vs: &VirtualServerId, id: &GroupId) -> Result<GroupRecord, ManageError> {
        self.ports().register.group(vs, id).await?.ok_or(ManageError::NotFound)
    }

    /// The group of exactly this name.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn group_named(&self, vs: &VirtualServerId, name: &str) -> Result<Option<GroupRecord>, ManageError> {
        let mut page = Page { after: String::new(), limit: 200 };
        loop {
            let found = self.ports().register.groups(vs, name, &page).await?;
            if let Some(group) = found.items.into_iter().find(|group| group.name == name) {
                return Ok(Some(group));
            }
            let Some(next) = found.next else { return Ok(None) };
            page.after = next;
        }
    }

    /// Users who are in a group themselves.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn members(
        &self,
        vs: &VirtualServerId,
        group: &GroupId,
        page: &Page,
    ) -> Result<Listed<UserRecord>, ManageError> {
        Ok(self.ports().register.members(vs, group, page).await?)
    }

    /// A new group.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `name`.
    pub async fn add_group(&self, vs: &VirtualServerId, by: &By, name: &str) -> Result<GroupRecord, ManageError> {
        Self::allow(by, Module::Groups.edit())?;
        let name = group_name(name)?;
        let id = GroupId::new(self.ports().entropy.id());
        let event = by.event(EventKind::GroupCreated).with("group", id.as_str()).with("name", name.as_str());
        let act = Act::GroupAdd { id: id.clone(), name };
        match self.commit(vs, by, Change::of(act).record(event)).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::field("name", FieldRule::Taken)),
            outcome => {
                outcome?;
                self.group(vs, &id).await
            }
        }
    }

    /// Another name. Settings and policies that name the group by its row follow; policies name it by this text.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `name`; [`ManageError::NotFound`].
    pub async fn rename_group(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &GroupId,
        name: &str,
    ) -> Result<GroupRecord, ManageError> {
        Self::allow(by, Module::Groups.edit())?;
        let name = group_name(name)?;
        let old = self.group(vs, id).await?;
        let event = by.event(EventKind::GroupRenamed).with("group", id.as_str());
        let event = event.with("old", old.name).with("new", name.as_str());
        let act = Act::GroupRename { id: id.clone(), name };
        match self.commit(vs, by, Change::of(act).record(event)).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::field("name", FieldRule::Taken)),
            outcome => {
                outcome?;
                self.group(vs, id).await
            }
        }
    }

    /// A group goes, with its memberships.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn delete_group(&self, vs: &VirtualServerId, by: &By, id: &GroupId) -> Result<(), ManageError> {
        Self::allow(by, Module::Groups.delete())?;
        let old = self.group(vs, id).await?;
        let event = by.event(EventKind::GroupDeleted).with("group", id.as_str()).with("name", old.name);
        let change = Change::of(Act::GroupDelete { id: id.clone() }).record(event);
        self.commit(vs, by, change).await.map_err(gone)
    }

    /// A user is in a group from now on, or no longer.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn set_member(
        &self,
        vs: &VirtualServerId,
        by: &By,
        group: &GroupId,
        user: &UserId,
        member: bool,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Groups.edit())?;
        let record = self.group(vs, group).await?;
        let event = by.event_of(EventKind::GroupMembershipChanged, user).with("group", group.as_str());
        let event = event.with("name", record.name).with("member", member);
        let act = Act::GroupMember { group: group.clone(), user: user.clone(), member };
        self.commit(vs, by, Change::of(act).record(event)).await.map_err(gone)?;
        self.desk.identities.forget_user(user);
        Ok(())
    }

    /// A group lies in another from now on, or no longer.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `into` when it would come to lie in itself; [`ManageError::NotFound`].
    pub async fn nest_group(
        &self,
        vs: &VirtualServerId,
        by: &By,
        group: &GroupId,
        into: &GroupId,
        member: bool,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Groups.edit())?;
        let (inner, outer) = (self.group(vs, group).await?, self.group(vs, into).await?);
        let event = by.event(EventKind::GroupMembershipChanged).with("group", into.as_str()).with("name", outer.name);
        let event = event.with("innerGroup", inner.name).with("member", member);
        let act = Act::GroupNest { group: group.clone(), into: into.clone(), member };
        match self.commit(vs, by, Change::of(act).record(event)).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::field("into", FieldRule::Circle)),
            outcome => Ok(outcome?),
        }
    }
}

fn group_name(text: &str) -> Result<String, ManageError> {
    let mut faults = Vec::new();
    line(&mut faults, "name", text, LONGEST_NAME, false).ok_or(ManageError::Invalid(faults))
}

/// What was lost was not there.
pub(super) fn gone(error: CommitError) -> ManageError {
    match error {
        CommitError::Lost { .. } => ManageError::NotFound,
        CommitError::Store(error) => ManageError::Unavailable(error),
    }
}
