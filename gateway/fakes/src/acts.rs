//! What operators do to tokens, users, groups, settings and each other.

use doorward_api::audit::EventKind;
use doorward_api::credential::{AddedPasskey, NewStock};
use doorward_api::operator::{ApiKey, CustomRole, HeldRole, Operator, OperatorSession, RecoveredOperator, RoleRef};
use doorward_api::ports::Act;
use doorward_api::push::{Push, PushState};
use doorward_api::recovery::SeenRecoveryCodes;
use doorward_api::settings::{SettingChange, StoredDocument};
use doorward_api::user::NewUser;
use doorward_api::{
    ApiKeyId, AuditEvent, Credential, CredentialId, EventContext, GroupId, GroupRef, OperatorId, Timestamp, TokenForm,
    TokenState, User, UserId,
};

use crate::Rows;
use crate::rows::row;

impl Rows {
    /// Whether the act's condition held; what signing in does is no act of an operator.
    pub(crate) fn take_as_operator(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::CredentialLearn { id, version, opened } => self.change(&id, |token| {
                let shows = matches!(token.state, TokenState::Active | TokenState::Assigned);
                let right = shows && token.version == version;
                if right {
                    (token.opened, token.version) = (opened, version + 1);
                }
                right
            }),
            Act::CredentialState { id, from, to } => self.move_token(&id, &from, to),
            Act::CredentialUnlock { id } => self.change(&id, |token| {
                let locked = token.state == TokenState::Active && token.locked(now);
                if locked {
                    (token.fails, token.locked_until) = (0, None);
                }
                locked
            }),
            Act::CredentialPin { id, version, pin } => self.change(&id, |token| {
                let right = token.state.owned() && token.pin_version == version;
                if right {
                    (token.pin, token.pin_version) = (pin, version + 1);
                }
                right
            }),
            Act::CredentialLabel { id, label } => self.change(&id, |token| {
                token.label = label;
                true
            }),
            Act::CredentialAdd(new) => self.add_passkey(new, now),
            Act::CredentialStock(new) => self.stock(new, now),
            Act::CredentialAssign { id, user, most } => {
                let known = self.users.iter().any(|one| one.id == user);
                let free = known && self.counting(&user) < usize::from(most);
                free && self.change(&id, |token| {
                    let stocked = token.state == TokenState::Inventory;
                    if stocked {
                        (token.state, token.user) = (TokenState::Assigned, user);
                        (token.activated_at, token.last_used_at) = (None, None);
                    }
                    stocked
                })
            }
            Act::CredentialRemove { id } => self.remove_token(&id),
            Act::CredentialDelete { id } => {
                let before = self.credentials.len();
                self.credentials.retain(|token| token.id != id || token.state.owned());
                self.credentials.len() < before
            }
            other => self.take_of_directory(other, now),
        }
    }

    fn change(&mut self, id: &CredentialId, change: impl FnOnce(&mut Credential) -> bool) -> bool {
        self.credentials.iter_mut().find(|token| token.id == *id).is_some_and(change)
    }

    fn move_token(&mut self, id: &CredentialId, from: &[TokenState], to: TokenState) -> bool {
        let Some(token) = self.credentials.iter().find(|token| token.id == *id).cloned() else { return false };
        let another = |one: &Credential| {
            one.id != *id && one.user == token.user && one.form.is_token() && one.state.counts_as_token()
        };
        let more = token.form.is_token() && to.counts_as_token() && !token.state.counts_as_token();
        let second = more && self.credentials.iter().any(another);
        let nobodys = to.owned() && token.user.as_str() == Rows::NOBODY;
        if !from.contains(&token.state) || token.state == TokenState::Revoked || second || nobodys {
            return false;
        }
        self.change(id, |token| {
            token.state = to;
            if !to.owned() {
                (token.pin, token.pin_version) = (None, token.pin_version + 1);
            }
            match to {
                TokenState::Revoked => (token.opened, token.version) = (Default::default(), token.version + 1),
                _ if !to.owned() => {
                    (token.user, token.label) = (UserId::new(Rows::NOBODY), String::new());
                    (token.fails, token.locked_until) = (0, None);
                }
                _ => {}
            }
            true
        })
    }

    fn remove_token(&mut self, id: &CredentialId) -> bool {
        let Some(token) = self.credentials.iter().find(|token| token.id == *id).cloned() else { return false };
        let stays = |one: &Credential| {
            one.id != *id && one.user == token.user && one.form.is_token() && one.state == TokenState::Active
        };
        let app = token.form == TokenForm::Software && token.state.counts_as_token();
        app && self.credentials.iter().any(stays) && self.move_token(id, &[token.state], TokenState::Revoked)
    }

    fn add_passkey(&mut self, new: AddedPasskey, now: Timestamp) -> bool {
        let theirs = |token: &&Credential| {
            token.user == new.user && token.form == TokenForm::Passkey && token.state != TokenState::Revoked
        };
        let there = self.credentials.iter().any(|token| token.serial == new.serial || token.id == new.id);
        if there || self.credentials.iter().filter(theirs).count() >= usize::from(new.most) {
            return false;
        }
        self.credentials.push(Credential {
            label: new.label,
            opened: new.opened,
            activated_at: Some(now),
            ..row((new.id, new.user, new.plugin, new.serial), TokenState::Active, TokenForm::Passkey, now)
        });
        true
    }

    fn stock(&mut self, new: NewStock, now: Timestamp) -> bool {
        if self.credentials.iter().any(|token| token.serial == new.serial || token.id == new.id) {
            return false;
        }
        let nobody = UserId::new(Rows::NOBODY);
        self.credentials.push(Credential {
            template: new.template,
            opened: new.opened,
            ..row((new.id, nobody, new.plugin, new.serial), TokenState::Inventory, TokenForm::Hardware, now)
        });
        true
    }

    fn take_of_directory(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::UserAdd(new, id) => self.add_user(*new, id),
            Act::UserPassword { user, hash } => {
                let known = self.has_user(&user);
                if known {
                    self.passwords.insert(user, hash);
                }
                known
            }
            Act::UserDisable { user, disabled } => self.change_user(&user, |user| user.disabled = disabled),
            Act::UserUpdate { user, version, details } => {
                let groups: Option<Vec<GroupRef>> = details.groups.iter().map(|id| self.group_ref(id)).collect();
                let Some(groups) = groups.filter(|_| self.user_version(&user) == version) else { return false };
                self.user_versions.insert(user.clone(), version + 1);
                self.change_user(&user, |user| {
                    (user.display_name, user.email, user.groups) = (details.display_name, details.email, groups);
                })
            }
            Act::UserDelete { user, by } => self.delete_user(&user, &by),
            Act::TemporaryPasscodeSet { user, passcode } => {
                let known = self.has_user(&user);
                match passcode.filter(|_| known) {
                    Some(passcode) => drop(self.temporary_passcodes.insert(user, passcode)),
                    None => drop(self.temporary_passcodes.remove(&user)),
                }
                known
            }
            Act::RecoveryCodesSet { user, seen, codes } => {
                let there = self.recovery_codes.get(&user).map_or(0, |codes| codes.version);
                let right = self.has_user(&user) && there == seen;
                match codes.filter(|_| right) {
                    Some(codes) => {
                        let version = if seen == 0 { now.millis() } else { seen + 1 };
                        self.recovery_codes.insert(user, SeenRecoveryCodes { codes, version });
                    }
                    None if right => drop(self.recovery_codes.remove(&user)),
                    None => {}
                }
                right
            }
            Act::GrantSet { grant, seen } => {
                let right = self.has_user(&grant.user) && self.grant_state(&grant.user, now) == seen;
                if right {
                    self.grants.insert(grant.user.clone(), *grant);
                }
                right
            }
            Act::GrantTake { user, state } => {
                let right = self.grant_state(&user, now) == Some(state);
                right && self.grants.remove(&user).is_some()
            }
            Act::PushStart { push, not_since } => self.start_push(*push, not_since, now),
            Act::PushMove { id, from, to, data } => {
                let stands = |push: &&mut Push| {
                    push.id == id && push.state == from && (from != PushState::Pending || push.expires_at > now)
                };
                let Some(push) = self.pushes.iter_mut().find(stands) else { return false };
                (push.state, push.data) = (to, *data);
                true
            }
            Act::PushesCancelOf { user } => {
                for push in self.pushes.iter_mut().filter(|push| push.user == user && push.pending(now)) {
                    push.state = PushState::Cancelled;
                }
                true
            }
            Act::GroupAdd { id, name } => {
                let free = self.group_refs().iter().all(|group| group.id != id && group.name != name);
                if free {
                    self.groups.push(GroupRef { id, name });
                }
                free
            }
            Act::GroupRename { id, name } => self.rename_group(&id, &name),
            Act::GroupDelete { id } => {
                let known = self.group_ref(&id).is_some();
                self.hold_by_deleted(&id);
                self.groups.retain(|group| group.id != id);
                self.nests.retain(|(inner, outer)| *inner != id && *outer != id);
                for user in self.users.clone() {
                    self.set_member(&id, &user.id, false);
                }
                self.groups.retain(|group| group.id != id);
                known
            }
            Act::GroupMember { group, user, member } => self.set_member(&group, &user, member),
            Act::GroupNest { group, into, member } => self.nest(group, into, member),
            other => self.take_of_operators(other, now),
        }
    }

    fn start_push(&mut self, push: Push, not_since: Timestamp, now: Timestamp) -> bool {
        let new = self.pushes.iter().all(|one| one.id != push.id);
        let in_the_way = |one: &Push| one.user == push.user && (one.pending(now) || one.created_at > not_since);
        let right = new && self.has_user(&push.user) && !self.pushes.iter().any(in_the_way);
        if right {
            self.pushes.push(push);
        }
        right
    }

    fn has_user(&self, user: &UserId) -> bool {
        self.users.iter().any(|one| one.id == *user)
    }

    /// Counts the changes of a user's record.
    pub fn user_version(&self, user: &UserId) -> i64 {
        self.user_versions.get(user).copied().unwrap_or(1)
    }

    fn change_user(&mut self, user: &UserId, change: impl FnOnce(&mut User)) -> bool {
        self.users.iter_mut().find(|one| one.id == *user).map(change).is_some()
    }

    fn add_user(&mut self, new: NewUser, id: UserId) -> bool {
        if self.users.iter().any(|user| user.id == id || user.name == new.folded.as_str()) {
            return false;
        }
        let known = self.group_refs();
        let group = |name: &String| match known.iter().find(|group| group.name == *name) {
            Some(group) => group.clone(),
            None => GroupRef { id: GroupId::new(format!("g-{name}")), name: name.clone() },
        };
        let mut groups: Vec<GroupRef> = new.groups.iter().map(group).collect();
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        groups.dedup();
        if let Some(password) = new.password_hash {
            self.passwords.insert(id.clone(), password);
        }
        let (name, display_name, email) = (new.name, new.display_name, new.email);
        self.users.push(User { id, name, display_name, email, disabled: false, groups });
        true
    }

    fn delete_user(&mut self, user: &UserId, by: &EventContext) -> bool {
        if !self.has_user(user) {
            return false;
        }
        self.users.retain(|one| one.id != *user);
        self.passwords.remove(user);
        self.temporary_passcodes.remove(user);
        self.grants.remove(user);
        self.recovery_codes.remove(user);
        for one in self.provisioned.iter().filter(|one| one.entry.user == *user) {
            let tasks = self.provisioning_tasks.iter_mut().filter(|task| task.number == one.entry.task);
            tasks.for_each(|task| task.count -= 1);
        }
        self.provisioned.retain(|one| one.entry.user != *user);
        self.pushes.retain(|push| push.user != *user);
        self.sessions.retain(|_, session| session.user != *user);
        let left = self.flows.iter().filter(|flow| flow.user.as_ref() == Some(user) && flow.step.enrolling());
        self.events.extend(left.map(|flow| AuditEvent::new(EventKind::EnrollmentCancelled, flow.context())));
        self.flows.retain(|flow| flow.user.as_ref() != Some(user));
        self.mails.retain(|mail| mail.user != *user);
        for token in self.credentials.clone().iter().filter(|token| token.user == *user) {
            let stocked = token.form == TokenForm::Hardware;
            let to = if stocked { TokenState::Inventory } else { TokenState::Revoked };
            if self.move_token(&token.id, &[token.state], to) {
                let kind = if stocked { EventKind::TokenReturned } else { EventKind::TokenRevoked };
                let event = AuditEvent::new(kind, EventContext { user: Some(user.clone()), ..by.clone() });
                self.events.push(event.with("serial", token.serial.as_str()).with("from", token.state.as_str()));
            }
            self.change(&token.id, |token| {
                token.user = UserId::new(Rows::NOBODY);
                true
            });
        }
        true
    }

    /// Every group: those that were made, and those that somebody is in.
    pub fn group_refs(&self) -> Vec<GroupRef> {
        let mut all: Vec<GroupRef> = self.groups.clone();
        all.extend(self.users.iter().flat_map(|user| user.groups.clone()));
        all.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        all.dedup();
        all
    }

    pub(crate) fn group_ref(&self, id: &GroupId) -> Option<GroupRef> {
        self.group_refs().into_iter().find(|group| group.id == *id)
    }

    fn rename_group(&mut self, id: &GroupId, name: &str) -> bool {
        let taken = self.group_refs().iter().any(|group| group.id != *id && group.name == name);
        if taken || self.group_ref(id).is_none() {
            return false;
        }
        let of_users = self.users.iter_mut().flat_map(|user| user.groups.iter_mut());
        for group in self.groups.iter_mut().chain(of_users).filter(|group| group.id == *id) {
            name.clone_into(&mut group.name);
        }
        true
    }

    fn set_member(&mut self, group: &GroupId, user: &UserId, member: bool) -> bool {
        let Some(known) = self.group_ref(group).filter(|_| self.has_user(user)) else { return false };
        // A group that nobody is in any more is there all the same.
        if !self.groups.contains(&known) {
            self.groups.push(known.clone());
        }
        let before = self.users.iter().find(|one| one.id == *user).is_some_and(|user| user.groups.contains(&known));
        if before != member {
            let next = self.user_version(user) + 1;
            self.user_versions.insert(user.clone(), next);
        }
        self.change_user(user, |user| {
            user.groups.retain(|one| one.id != known.id);
            if member {
                user.groups.push(known);
                user.groups.sort_by(|one, other| one.name.cmp(&other.name));
            }
        })
    }

    fn nest(&mut self, group: GroupId, into: GroupId, member: bool) -> bool {
        if self.group_ref(&group).is_none() || self.group_ref(&into).is_none() {
            return false;
        }
        if member && self.and_above(vec![into.clone()]).contains(&group) {
            return false;
        }
        self.nests.retain(|nest| *nest != (group.clone(), into.clone()));
        if member {
            self.nests.push((group, into));
        }
        true
    }

    /// These groups and all in which they lie.
    pub(crate) fn and_above(&self, mut groups: Vec<GroupId>) -> Vec<GroupId> {
        loop {
            let next = self.nests.iter().find(|(inner, outer)| groups.contains(inner) && !groups.contains(outer));
            match next {
                Some((_, outer)) => groups.push(outer.clone()),
                None => return groups,
            }
        }
    }

    /// A user as sign-in sees them: in nested groups, too.
    pub(crate) fn with_nested(&self, user: &User) -> User {
        let within = self.and_above(user.groups.iter().map(|group| group.id.clone()).collect());
        let mut groups = user.groups.clone();
        groups.extend(
            within.iter().filter(|id| user.groups.iter().all(|g| g.id != **id)).filter_map(|id| self.group_ref(id)),
        );
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        User { groups, ..user.clone() }
    }

    fn take_of_operators(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::SettingSet { kind, seen, body, operator, changes } => {
                if self.version_of(kind) != seen {
                    return false;
                }
                let version = seen + 1;
                self.settings.insert(kind, StoredDocument { body: Some(body), version });
                self.changes.push((kind, SettingChange { version, at: now, operator, changes }));
                true
            }
            Act::SettingsStill { seen } => seen.iter().all(|(kind, version)| self.version_of(*kind) == *version),
            Act::OperatorAdd(new) => {
                // Names in tests are folded already, as those of users are.
                if self.operators.iter().any(|one| one.name.to_lowercase() == new.folded.as_str()) {
                    return false;
                }
                let Some(role) = self.held(&new.role) else { return false };
                self.operators.push(Operator {
                    id: new.id,
                    name: new.name,
                    role,
                    disabled: new.disabled,
                    password_hash: new.password_hash,
                    plugin: new.plugin,
                    opened: new.opened,
                    version: 1,
                    created_at: now,
                    last_seen_at: None,
                });
                true
            }
            Act::OperatorUse { id, version, opened } => self.change_operator(&id, |one| {
                let right = one.version == version;
                if right {
                    (one.opened, one.version) = (opened, version + 1);
                }
                right
            }),
            Act::OperatorPassword { id, hash, keep } => {
                self.operator_sessions.retain(|_, session| session.operator.id != id || session.id == keep);
                self.change_operator(&id, |one| {
                    (one.password_hash, one.version) = (hash, one.version + 1);
                    true
                })
            }
            Act::OperatorRecover(anew) => {
                let RecoveredOperator { id, judged, seen, password_hash, plugin, opened } = *anew;
                let same = self.has_role_as_judged(&id, &judged);
                let right = self.change_operator(&id, |one| {
                    let right = same && one.password_hash == seen;
                    if right {
                        (one.password_hash, one.plugin, one.opened) = (password_hash, plugin, opened);
                        one.version += 1;
                    }
                    right
                });
                self.operator_sessions.retain(|_, session| !right || session.operator.id != id);
                right
            }
            Act::OperatorRole { id, from, role } => {
                let Some(role) = self.held(&role) else { return false };
                self.has_role_as_judged(&id, &from)
                    && (role.administers() || !self.is_last_administrator(&id))
                    && self.change_operator(&id, |one| {
                        one.role = role;
                        true
                    })
            }
            Act::OperatorDisable { id, from, disabled } => {
                if !self.has_role_as_judged(&id, &from) || (disabled && self.is_last_administrator(&id)) {
                    return false;
                }
                if disabled {
                    self.operator_sessions.retain(|_, session| session.operator.id != id);
                }
                self.change_operator(&id, |one| {
                    one.disabled = disabled;
                    true
                })
            }
            Act::OperatorStands { id, may, gives } => {
                let Some(gives) = self.held(&gives) else { return false };
                let needed = gives.permissions.with(may);
                let stands = |one: &Operator| one.id == id && !one.disabled && one.role.permissions.includes(needed);
                self.operators.iter().any(stands)
            }
            Act::OperatorSessionStart(new) => {
                let mut operator = None;
                let allowed = self.change_operator(&new.operator, |one| {
                    one.last_seen_at = Some(now);
                    operator = Some(one.clone());
                    !one.disabled
                });
                let Some(operator) = operator.filter(|_| allowed) else { return false };
                let (id, expires_at) = (new.id, new.expires_at);
                let (created_at, last_seen_at, proved_at) = (now, now, now);
                let session = OperatorSession { id, operator, created_at, last_seen_at, proved_at, expires_at };
                self.operator_sessions.insert(new.token, session);
                true
            }
            Act::OperatorSessionProved { id } => {
                let live = |session: &&mut OperatorSession| session.id == id && session.expires_at > now;
                self.operator_sessions.values_mut().find(live).map(|session| session.proved_at = now).is_some()
            }
            Act::OperatorSessionEnd { id } => {
                self.operator_sessions.retain(|_, session| session.id != id);
                true
            }
            Act::RoleAdd(new) => {
                let free = !self.has_role_name(&new);
                if free {
                    self.roles.push(CustomRole { version: 1, ..new });
                }
                free
            }
            Act::RoleSet(role) => {
                let taken = self.has_role_name(&role);
                let at = |one: &&mut CustomRole| one.id == role.id && one.version == role.version;
                let of = RoleRef::Custom(role.id.clone());
                let (all, others) = (self.administrators(|_| false), self.administrators(|one| one.role.of == of));
                let everything = HeldRole::from(role.clone()).administers();
                let last = !everything && others < all && others < self.least_administrators();
                let Some(row) = self.roles.iter_mut().find(at).filter(|_| !taken && !last) else { return false };
                *row = CustomRole { version: role.version + 1, ..role.clone() };
                for one in self.operators.iter_mut().filter(|one| one.role.of == of) {
                    one.role = role.clone().into();
                }
                true
            }
            Act::RoleDelete { id } => {
                let of = RoleRef::Custom(id.clone());
                let (held, before) = (self.operators.iter().any(|one| one.role.of == of), self.roles.len());
                self.roles.retain(|one| held || one.id != id);
                self.roles.len() < before
            }
            Act::ApiKeyAdd(new) => {
                if self.api_keys.iter().any(|(_, key)| key.name == new.name && !key.disabled) {
                    return false;
                }
                let key = ApiKey {
                    id: new.id,
                    name: new.name,
                    permissions: new.permissions,
                    created_by: new.created_by,
                    created_at: now,
                    expires_at: new.expires_at,
                    last_used_at: None,
                    disabled: false,
                };
                self.api_keys.push((new.token, key));
                true
            }
            Act::ApiKeyUseFirst { id } => self.change_key(&id, |key| {
                let first = key.last_used_at.is_none() && key.expires_at > now;
                if first {
                    key.last_used_at = Some(Timestamp::from_millis(now.millis() - now.millis() % 60_000));
                }
                first
            }),
            Act::ApiKeyRevoke { id } => self.change_key(&id, |key| {
                (key.disabled, key.expires_at) = (true, key.expires_at.min(now));
                true
            }),
            Act::PendingActAdd(new) => self.hold_act(*new, now),
            Act::PendingActMove { id, from, to, by, expires_at } => self.move_act(&id, (from, to), by, expires_at, now),
            Act::AdministratorsAreThere { least } => self.administrators(|_| false) >= least,
            other => self.take_of_provisioning(other, now),
        }
    }

    /// A role as it is held.
    fn held(&self, of: &RoleRef) -> Option<HeldRole> {
        match of {
            RoleRef::BuiltIn(role) => Some((*role).into()),
            RoleRef::Custom(id) => self.roles.iter().find(|one| one.id == *id).cloned().map(HeldRole::from),
        }
    }

    fn has_role_name(&self, role: &CustomRole) -> bool {
        let same = |one: &CustomRole| one.id != role.id && one.name.to_lowercase() == role.name.to_lowercase();
        self.roles.iter().any(same)
    }

    /// One that is not revoked.
    fn change_key(&mut self, id: &ApiKeyId, change: impl FnOnce(&mut ApiKey) -> bool) -> bool {
        self.api_keys.iter_mut().find(|(_, key)| key.id == *id && !key.disabled).is_some_and(|(_, key)| change(key))
    }

    fn change_operator(&mut self, id: &OperatorId, change: impl FnOnce(&mut Operator) -> bool) -> bool {
        self.operators.iter_mut().find(|one| one.id == *id).is_some_and(change)
    }

    fn has_role_as_judged(&self, id: &OperatorId, judged: &HeldRole) -> bool {
        let same = |role: &HeldRole| role.of == judged.of && judged.permissions.includes(role.permissions);
        self.operators.iter().any(|one| one.id == *id && same(&one.role))
    }

    fn is_last_administrator(&self, id: &OperatorId) -> bool {
        let (all, others) = (self.administrators(|_| false), self.administrators(|one| one.id == *id));
        others < all && others < self.least_administrators()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorward_api::flow::KeptSecret;
    use doorward_api::push::{PushContext, PushData, PushPurpose};
    use doorward_api::{Grant, GrantDetails, GrantState, Secret};

    use super::*;
    use crate::{World, now};

    fn set(user: &str, state: GrantState, seen: Option<GrantState>) -> Act {
        let (user, details) = (UserId::new(user), GrantDetails::default());
        let grant = Grant { user, state, at: now(), expires_at: now() + Duration::from_mins(1), details };
        Act::GrantSet { grant: Box::new(grant), seen }
    }

    fn take(state: GrantState) -> Act {
        Act::GrantTake { user: UserId::new("u-alice"), state }
    }

    fn push(id: &str, made_at: Timestamp) -> Push {
        let number = KeptSecret::new(&Secret::new("47"));
        let context = PushContext::default();
        Push {
            id: id.into(),
            user: UserId::new("u-alice"),
            purpose: PushPurpose::SignIn { flow: "f-1".into() },
            state: PushState::Pending,
            created_at: made_at,
            expires_at: made_at + Duration::from_mins(1),
            data: PushData { nonce: "n".into(), number, context, answered_by: None, serial: None },
        }
    }

    #[test]
    fn a_push_starts_when_none_is_pending_and_the_last_is_old_enough_and_moves_from_where_it_stands() {
        use PushState::{Approved, Cancelled, Denied, Pending, Used};
        let world = World::new();
        let tell = |act, at| world.with(|rows| rows.take(act, at));
        let after = |secs| now() + Duration::from_secs(secs);
        let start = |id, at: u64| {
            let push = Box::new(push(id, after(at)));
            Act::PushStart { push, not_since: after(at) - Duration::from_secs(10) }
        };
        let moved =
            |id: &str, from, to| Act::PushMove { id: id.into(), from, to, data: Box::new(push(id, now()).data) };
        let cancel = || Act::PushesCancelOf { user: UserId::new("u-alice") };
        for (why, act, at, held) in [
            ("the first", start("p-1", 0), 0, true),
            ("one is pending", start("p-2", 30), 30, false),
            ("that one is over", moved("p-1", Pending, Approved), 60, false),
            ("and another may start", start("p-2", 60), 60, true),
            ("it is denied", moved("p-2", Pending, Denied), 61, true),
            ("once", moved("p-2", Pending, Approved), 61, false),
            ("so soon after it none", start("p-3", 69), 69, false),
            ("ten seconds later one", start("p-3", 70), 70, true),
            ("approved", moved("p-3", Pending, Approved), 129, true),
            ("and used after its end", moved("p-3", Approved, Used), 200, true),
            ("the next", start("p-4", 300), 300, true),
            ("is withdrawn", cancel(), 301, true),
            ("and answered no more", moved("p-4", Pending, Approved), 302, false),
            ("nothing to withdraw", cancel(), 302, true),
        ] {
            assert_eq!(tell(act, after(at)), held, "{why}");
        }
        let states: Vec<PushState> = world.with(|rows| rows.pushes.iter().map(|push| push.state).collect());
        assert_eq!(states, [Pending, Denied, Used, Cancelled]);
        assert!(tell(Act::UserDelete { user: UserId::new("u-alice"), by: Box::default() }, now()));
        assert!(world.with(|rows| rows.pushes.is_empty()));
    }

    #[test]
    fn a_grant_is_set_and_taken_where_it_stands_and_while_it_is_not_over() {
        use GrantState::{Approved, Asked, Refused};
        let world = World::new();
        let tell = |act, at| world.with(|rows| rows.take(act, at));
        let over = now() + Duration::from_mins(1);
        for (why, act, at, held) in [
            ("nobody", set("u-nobody", Asked, None), now(), false),
            ("there was none", set("u-alice", Approved, Some(Asked)), now(), false),
            ("the first", set("u-alice", Asked, None), now(), true),
            ("there is one", set("u-alice", Asked, None), now(), false),
            ("it is not refused", set("u-alice", Approved, Some(Refused)), now(), false),
            ("as it was seen", set("u-alice", Approved, Some(Asked)), now(), true),
            ("it is approved by now", take(Asked), now(), false),
            ("it is over", take(Approved), over, false),
            ("it stands there", take(Approved), now(), true),
            ("it is taken", take(Approved), now(), false),
            ("the next", set("u-alice", Asked, None), now(), true),
            ("that is over", set("u-alice", Approved, Some(Asked)), over, false),
            ("and gives way", set("u-alice", Refused, None), over, true),
        ] {
            assert_eq!(tell(act, at), held, "{why}");
        }
        assert!(tell(Act::UserDelete { user: UserId::new("u-alice"), by: Box::default() }, now()));
        assert!(world.with(|rows| rows.grants.is_empty()));
    }
}
