//! Users of the local directory.

use doorward_api::ports::{Act, Change, Listed, Page};
use doorward_api::user::{NewUser, UserDetails, UserRecord};
use doorward_api::{
    CommitError, EventKind, FieldFault, FieldRule, GroupId, HeldAct, Module, Secret, UserId, VirtualServerId,
};

use super::groups::gone;
use super::text::{LONGEST_NAME, address, line};
use super::tries_of;
use super::{By, ManageError, Manager};
use crate::approvals::Approval;
use crate::names::fold_name;
use crate::passwords::{self, HashError};

/// The least characters of a password that an operator sets.
const SHORTEST_PASSWORD: u32 = 8;

/// What is asked of a user to be.
#[derive(Debug, Clone, Default)]
pub struct NewUserForm {
    /// The sign-in name.
    pub name: String,
    /// What every user's record says.
    pub details: UserForm,
    /// A password of the operator's choice; none is drawn when this is `None` and `draw_password` is off.
    pub password: Option<Secret>,
    /// A password is drawn, and told once.
    pub draw_password: bool,
    /// They are switched off from the beginning.
    pub disabled: bool,
}

/// What a user's record says, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct UserForm {
    /// The name to show.
    pub display_name: String,
    /// The mail address; empty for none.
    pub email: String,
    /// The groups that they are in themselves.
    pub groups: Vec<GroupId>,
}

/// A password that was drawn, to be told once.
#[derive(Debug)]
pub struct GivenPassword(pub Secret);

impl Manager {
    /// Users whose name, display name or address begins with a text.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn users(
        &self,
        vs: &VirtualServerId,
        begins: &str,
        page: &Page,
    ) -> Result<Listed<UserRecord>, ManageError> {
        Ok(self.ports().register.users(vs, begins, page).await?)
    }

    /// One user.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn user(&self, vs: &VirtualServerId, id: &UserId) -> Result<UserRecord, ManageError> {
        self.ports().register.user_record(vs, id).await?.ok_or(ManageError::NotFound)
    }

    /// The user who signs in with this name, however it is spelt.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn user_named(&self, vs: &VirtualServerId, name: &str) -> Result<Option<UserRecord>, ManageError> {
        let Some(folded) = fold_name(name) else { return Ok(None) };
        let Some(user) = self.ports().directory.find(vs, &folded).await? else { return Ok(None) };
        Ok(self.ports().register.user_record(vs, &user.id).await?)
    }

    /// A new user.
    ///
    /// # Errors
    /// [`ManageError::Invalid`].
    pub async fn add_user(
        &self,
        vs: &VirtualServerId,
        by: &By,
        form: NewUserForm,
    ) -> Result<(UserRecord, Option<GivenPassword>), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let mut faults = Vec::new();
        let folded = fold_name(&form.name);
        if folded.is_none() {
            faults.push(FieldFault::new("name", FieldRule::SignInName));
        }
        let details = self.details(vs, &form.details, &[], by, &mut faults).await?;
        let drawn = form.draw_password.then(|| passwords::generate(self.ports().entropy.as_ref()));
        let password = drawn.clone().or(form.password);
        let password_hash = self.hashed(password, &mut faults).await?;
        let (Some(folded), Some(details), []) = (folded, details, faults.as_slice()) else {
            return Err(ManageError::Invalid(faults));
        };
        let id = UserId::new(self.ports().entropy.id());
        let mut names = Vec::new();
        for group in &details.groups {
            names.push(self.group(vs, group).await?.name);
        }
        let name = form.name.trim().to_owned();
        let new = NewUser {
            name: name.clone(),
            folded,
            display_name: details.display_name,
            email: details.email,
            password_hash,
            groups: names,
        };
        let event = by.event_of(EventKind::UserCreated, &id).with("name", name);
        let mut change = Change::of(Act::UserAdd(Box::new(new), id.clone())).record(event);
        if form.disabled {
            let off = by.event_of(EventKind::UserDisabled, &id);
            change = change.and(Act::UserDisable { user: id.clone(), disabled: true }).record(off);
        }
        match self.commit(vs, by, change).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::field("name", FieldRule::Taken)),
            outcome => {
                outcome?;
                Ok((self.user(vs, &id).await?, drawn.map(GivenPassword)))
            }
        }
    }

    /// What a user's record says, in place of the version that was `seen`.
    ///
    /// # Errors
    /// [`ManageError::Invalid`]; [`ManageError::Conflict`]; [`ManageError::NotFound`].
    pub async fn update_user(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &UserId,
        seen: i64,
        form: &UserForm,
    ) -> Result<UserRecord, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let before = self.user(vs, id).await?;
        let was_in: Vec<GroupId> = before.direct_groups.iter().map(|group| group.id.clone()).collect();
        let mut faults = Vec::new();
        let details = self.details(vs, form, &was_in, by, &mut faults).await?;
        let (Some(details), []) = (details, faults.as_slice()) else { return Err(ManageError::Invalid(faults)) };
        if before.version != seen {
            return Err(ManageError::Conflict);
        }
        let fields: Vec<&str> = [
            ("display_name", before.user.display_name == details.display_name),
            ("email", before.user.email == details.email),
            ("groups", sorted(&was_in) == sorted(&details.groups)),
        ]
        .into_iter()
        .filter_map(|(field, same)| (!same).then_some(field))
        .collect();
        if fields.is_empty() {
            return Ok(before);
        }
        let event = by.event_of(EventKind::UserUpdated, id).with("fields", fields);
        let act = Act::UserUpdate { user: id.clone(), version: seen, details: Box::new(details) };
        self.commit(vs, by, Change::of(act).record(event)).await?;
        self.desk.identities.forget_user(id);
        self.user(vs, id).await
    }

    /// Whoever may not change what groups let people do may not do it through a user's record either.
    async fn details(
        &self,
        vs: &VirtualServerId,
        form: &UserForm,
        was_in: &[GroupId],
        by: &By,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Option<UserDetails>, ManageError> {
        let display_name = line(faults, "display_name", &form.display_name, LONGEST_NAME, true);
        let email = address(faults, "email", &form.email);
        let groups = sorted(&form.groups);
        if groups != sorted(was_in) {
            Self::allow(by, Module::Groups.edit())?;
        }
        for group in &groups {
            if self.ports().register.group(vs, group).await?.is_none() {
                faults.push(FieldFault::new("groups", FieldRule::Unknown { value: format!("group {group}") }));
            }
        }
        Ok(display_name.map(|display_name| UserDetails { display_name, email, groups }))
    }

    async fn hashed(
        &self,
        password: Option<Secret>,
        faults: &mut Vec<FieldFault>,
    ) -> Result<Option<String>, ManageError> {
        let Some(password) = password else { return Ok(None) };
        if password.expose().chars().count() < SHORTEST_PASSWORD as usize {
            faults.push(FieldFault::new("password", FieldRule::TooShort { min: SHORTEST_PASSWORD }));
            return Ok(None);
        }
        match self.ports().passwords.hash(password).await {
            Ok(hash) => Ok(Some(hash)),
            Err(HashError::Length) => {
                faults.push(FieldFault::new("password", FieldRule::TooLong { max: 4096 }));
                Ok(None)
            }
            Err(HashError::Busy | HashError::Failed) => Err(ManageError::Busy),
        }
    }

    /// Another password: typed, or drawn and told once. Sessions end, and so does a lock.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `password`; [`ManageError::NotFound`].
    pub async fn set_password(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &UserId,
        typed: Option<Secret>,
    ) -> Result<Option<GivenPassword>, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let drawn = typed.is_none().then(|| passwords::generate(self.ports().entropy.as_ref()));
        let mut faults = Vec::new();
        let hash = self.hashed(typed.or_else(|| drawn.clone()), &mut faults).await?;
        let hash = hash.ok_or(ManageError::Invalid(faults))?;
        let mut change = Change::of(Act::UserPassword { user: id.clone(), hash });
        change.acts.extend(Self::end_all_of(id, by));
        let change = change.record(by.event_of(EventKind::UserPasswordChanged, id));
        self.commit(vs, by, change).await.map_err(gone)?;
        self.desk.identities.forget_user(id);
        // What was tried was tried on another password.
        self.starts_anew(vs, by, tries_of(id)).await;
        Ok(drawn.map(GivenPassword))
    }

    /// Switches a user off, which ends their sessions, or on.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn disable_user(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &UserId,
        disabled: bool,
    ) -> Result<UserRecord, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let kind = if disabled { EventKind::UserDisabled } else { EventKind::UserEnabled };
        let mut change = Change::of(Act::UserDisable { user: id.clone(), disabled });
        if disabled {
            change.acts.extend(Self::end_all_of(id, by));
        }
        self.commit(vs, by, change.record(by.event_of(kind, id))).await.map_err(gone)?;
        self.desk.identities.forget_user(id);
        self.user(vs, id).await
    }

    /// A user goes, with everything that is theirs.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn delete_user(&self, vs: &VirtualServerId, by: &By, id: &UserId) -> Result<(), ManageError> {
        self.delete_user_under(vs, by, id, None).await
    }

    pub(crate) async fn delete_user_under(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &UserId,
        approval: Option<&Approval>,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.delete())?;
        let user = self.user(vs, id).await?;
        let act = HeldAct::UserDelete { user: id.clone() };
        let seal = self.turn(vs, by, approval, act, &user.user.name).await?;
        let event = by.event_of(EventKind::UserDeleted, id).with("name", user.user.name);
        // What they had under way and what they held is recorded by the change itself.
        let act = Act::UserDelete { user: id.clone(), by: Box::new(by.context()) };
        let change = seal.on(Change::of(act).record(event));
        self.commit(vs, by, change).await.map_err(gone)?;
        self.desk.identities.forget_user(id);
        Ok(())
    }

    /// Ends all sessions of a user, and the sign-ins that are under way.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn sign_out_everywhere(&self, vs: &VirtualServerId, by: &By, id: &UserId) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        self.user(vs, id).await?;
        let mut change = Change::default();
        change.acts.extend(Self::end_all_of(id, by));
        let change = change.record(by.event_of(EventKind::SessionEnded, id).with("reason", "operator"));
        self.commit(vs, by, change).await?;
        self.desk.identities.forget_user(id);
        Ok(())
    }
}

fn sorted(groups: &[GroupId]) -> Vec<GroupId> {
    let mut sorted = groups.to_vec();
    sorted.sort();
    sorted.dedup();
    sorted
}
