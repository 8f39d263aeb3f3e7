//! What operators look through, and who they are.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::credential::TokenRecord;
use doorward_api::operator::{ApiKey, CustomRole, Operator, OperatorSession};
use doorward_api::ports::{Listed, Operators, Page, Register, TokenFilter};
use doorward_api::recovery::SeenRecoveryCodes;
use doorward_api::user::{GroupRecord, TemporaryPasscode, UserRecord};
use doorward_api::{
    ApiKeyId, Credential, CredentialId, FoldedName, Grant, GrantRecord, GrantState, GroupId, GroupRef, OperatorId,
    RoleId, SessionId, StoreError, Timestamp, TokenHash, TokenState, User, UserId, VirtualServerId,
};

use crate::{Rows, World, now};

/// A part of a list that is sorted already; `next` is the number of its first entry.
pub(crate) fn part<T>(all: Vec<T>, page: &Page) -> Listed<T> {
    let from = page.after.parse().unwrap_or(0);
    let limit = page.limit.clamp(1, 200) as usize;
    let next = (all.len() > from + limit).then(|| (from + limit).to_string());
    Listed { items: all.into_iter().skip(from).take(limit).collect(), next }
}

/// The first part of what is left of a list; `next` is the id of its last entry.
pub(crate) fn first_of<T>(mut all: Vec<T>, limit: u32, id: impl Fn(&T) -> &str) -> Listed<T> {
    let limit = limit.clamp(1, 200) as usize;
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).map(|last| id(last).to_owned());
    Listed { items: all, next }
}

fn begins(text: &str, with: &str) -> bool {
    text.to_lowercase().starts_with(&with.to_lowercase())
}

impl Rows {
    fn user_record(&self, user: &User) -> UserRecord {
        let passcode = self.temporary_passcodes.get(&user.id);
        UserRecord {
            user: self.with_nested(user),
            direct_groups: user.groups.clone(),
            version: self.user_version(&user.id),
            has_password: self.passwords.contains_key(&user.id),
            created_at: now(),
            temporary_passcode: passcode.map(|passcode| (passcode.expires_at, passcode.reason.clone())),
        }
    }

    fn grant_record(&self, grant: &Grant) -> Option<GrantRecord> {
        let user = self.users.iter().find(|user| user.id == grant.user)?;
        let (name, display_name) = (user.name.clone(), user.display_name.clone());
        Some(GrantRecord { grant: grant.clone(), name, display_name })
    }

    fn group_record(&self, group: GroupRef) -> GroupRecord {
        let members = self.users.iter().filter(|user| user.groups.contains(&group)).count() as u64;
        let outer = self.nests.iter().filter(|(inner, _)| *inner == group.id).filter_map(|(_, o)| self.group_ref(o));
        let mut parents: Vec<GroupRef> = outer.collect();
        parents.sort_by(|one, other| one.name.cmp(&other.name));
        GroupRecord { id: group.id, name: group.name, members, parents }
    }

    fn token_record(&self, token: &Credential) -> TokenRecord {
        let owner = self.users.iter().find(|user| user.id == token.user);
        TokenRecord {
            id: token.id.clone(),
            serial: token.serial.clone(),
            form: token.form,
            plugin: token.plugin.clone(),
            owner: owner.map(|user| (user.id.clone(), user.name.clone())),
            state: token.state,
            label: token.label.clone(),
            target: token.target,
            template: token.template.clone(),
            fails: token.fails,
            locked_until: token.locked_until,
            has_pin: token.pin.is_some(),
            created_at: token.created_at,
            activated_at: token.activated_at,
            last_used_at: token.last_used_at,
        }
    }
}

#[async_trait]
impl Register for World {
    async fn users(&self, _: &VirtualServerId, with: &str, page: &Page) -> Result<Listed<UserRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let fits = |user: &&User| {
                let email = user.email.as_deref().unwrap_or_default();
                [user.name.as_str(), user.display_name.as_str(), email].into_iter().any(|text| begins(text, with))
            };
            let mut all: Vec<UserRecord> = rows.users.iter().filter(fits).map(|user| rows.user_record(user)).collect();
            all.sort_by(|one, other| one.user.name.cmp(&other.user.name));
            part(all, page)
        }))
    }
    async fn user_record(&self, _: &VirtualServerId, id: &UserId) -> Result<Option<UserRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.users.iter().find(|user| user.id == *id).map(|user| rows.user_record(user))))
    }
    async fn temporary_passcode(
        &self,
        _: &VirtualServerId,
        id: &UserId,
    ) -> Result<Option<TemporaryPasscode>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.temporary_passcodes.get(id).cloned()))
    }
    async fn recovery_codes(
        &self,
        _: &VirtualServerId,
        user: &UserId,
    ) -> Result<Option<SeenRecoveryCodes>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.recovery_codes.get(user).cloned()))
    }
    async fn grant(&self, _: &VirtualServerId, user: &UserId, now: Timestamp) -> Result<Option<Grant>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.grant(user, now).cloned()))
    }
    async fn grants(
        &self,
        _: &VirtualServerId,
        state: GrantState,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<GrantRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let fits = |grant: &&Grant| grant.state == state && grant.expires_at > now;
            let mut all: Vec<GrantRecord> =
                rows.grants.values().filter(fits).filter_map(|grant| rows.grant_record(grant)).collect();
            all.sort_by(|one, other| one.name.cmp(&other.name));
            let after = rows.users.iter().find(|user| user.id.as_str() == page.after).map(|user| &user.name);
            all.retain(|record| page.after.is_empty() || after.is_some_and(|after| record.name > *after));
            first_of(all, page.limit, |record| record.grant.user.as_str())
        }))
    }
    async fn users_without_token(&self, _: &VirtualServerId, page: &Page) -> Result<Listed<User>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let fits = |user: &&User| {
                let reached = !user.disabled && user.email.as_deref().is_some_and(|email| !email.is_empty());
                reached && !rows.has_token(&user.id) && user.id.as_str() > page.after.as_str()
            };
            let mut all: Vec<User> = rows.users.iter().filter(fits).map(|user| rows.with_nested(user)).collect();
            all.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
            first_of(all, page.limit, |user| user.id.as_str())
        }))
    }
    async fn groups(&self, _: &VirtualServerId, with: &str, page: &Page) -> Result<Listed<GroupRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let fits = |group: &GroupRef| begins(&group.name, with);
            let all = rows.group_refs().into_iter().filter(fits).map(|group| rows.group_record(group)).collect();
            part(all, page)
        }))
    }
    async fn group(&self, _: &VirtualServerId, id: &GroupId) -> Result<Option<GroupRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.group_ref(id).map(|group| rows.group_record(group))))
    }
    async fn members(
        &self,
        _: &VirtualServerId,
        group: &GroupId,
        page: &Page,
    ) -> Result<Listed<UserRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let within = |user: &&User| user.groups.iter().any(|one| one.id == *group);
            let mut all: Vec<UserRecord> =
                rows.users.iter().filter(within).map(|user| rows.user_record(user)).collect();
            all.sort_by(|one, other| one.user.name.cmp(&other.user.name));
            part(all, page)
        }))
    }
    async fn tokens(
        &self,
        _: &VirtualServerId,
        filter: &TokenFilter,
        page: &Page,
    ) -> Result<Listed<TokenRecord>, StoreError> {
        self.up()?;
        let fits = |token: &&Credential| {
            let state = filter.state.map_or(token.state != TokenState::Revoked, |state| token.state == state);
            let locked = filter.locked_at.is_none_or(|at| token.state == TokenState::Active && token.locked(at));
            let owner = filter.owner.as_ref().is_none_or(|owner| token.user == *owner);
            state && locked && owner && begins(&token.serial, &filter.serial)
        };
        Ok(self.with(|rows| {
            let found = rows.credentials.iter().filter(fits);
            let mut all: Vec<TokenRecord> = found.map(|token| rows.token_record(token)).collect();
            all.sort_by(|one, other| one.serial.cmp(&other.serial));
            part(all, page)
        }))
    }
    async fn token(&self, _: &VirtualServerId, id: &CredentialId) -> Result<Option<TokenRecord>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.credentials.iter().find(|t| t.id == *id).map(|token| rows.token_record(token))))
    }
    async fn token_counts(
        &self,
        _: &VirtualServerId,
        now: Timestamp,
    ) -> Result<(Vec<(TokenState, u64)>, u64), StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let of = |state| rows.credentials.iter().filter(|token| token.state == state).count() as u64;
            let locked = |token: &&Credential| token.state == TokenState::Active && token.locked(now);
            let counts = TokenState::ALL.into_iter().map(|state| (state, of(state))).collect();
            (counts, rows.credentials.iter().filter(locked).count() as u64)
        }))
    }
}

#[async_trait]
impl Operators for World {
    async fn operator_by_name(&self, _: &VirtualServerId, name: &FoldedName) -> Result<Option<Operator>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.operators.iter().find(|one| one.name.to_lowercase() == name.as_str()).cloned()))
    }
    async fn operator(&self, _: &VirtualServerId, id: &OperatorId) -> Result<Option<Operator>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.operators.iter().find(|one| one.id == *id).cloned()))
    }
    async fn operators(&self, _: &VirtualServerId) -> Result<Vec<Operator>, StoreError> {
        self.up()?;
        let mut all = self.with(|rows| rows.operators.clone());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }
    async fn operator_session(
        &self,
        _: &VirtualServerId,
        token: &TokenHash,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<OperatorSession>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let session = rows.operator_sessions.get(token)?;
            let operator = rows.operators.iter().find(|one| one.id == session.operator.id && !one.disabled)?.clone();
            let live = session.expires_at > now && now.since(session.last_seen_at) <= idle;
            live.then(|| OperatorSession { operator, ..session.clone() })
        }))
    }
    async fn touch_operator(&self, _: &VirtualServerId, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.up()?;
        self.with(|rows| {
            for session in rows.operator_sessions.values_mut().filter(|session| session.id == *id) {
                session.last_seen_at = session.last_seen_at.max(now);
            }
        });
        Ok(())
    }
    async fn roles(&self, _: &VirtualServerId) -> Result<Vec<CustomRole>, StoreError> {
        self.up()?;
        let mut all = self.with(|rows| rows.roles.clone());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }
    async fn role(&self, _: &VirtualServerId, id: &RoleId) -> Result<Option<CustomRole>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.roles.iter().find(|one| one.id == *id).cloned()))
    }
    async fn api_keys(&self, _: &VirtualServerId) -> Result<Vec<ApiKey>, StoreError> {
        self.up()?;
        let mut all: Vec<ApiKey> = self.with(|rows| rows.api_keys.iter().map(|(_, key)| key.clone()).collect());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }
    async fn api_key_of(&self, _: &VirtualServerId, token: &TokenHash) -> Result<Option<ApiKey>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.api_keys.iter().find(|(hash, _)| hash == token).map(|(_, key)| key.clone())))
    }
    async fn touch_api_key(&self, _: &VirtualServerId, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        self.up()?;
        self.with(|rows| {
            for (_, key) in rows.api_keys.iter_mut().filter(|(_, key)| key.id == *id) {
                key.last_used_at = key.last_used_at.max(Some(now));
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::GrantDetails;

    use super::*;

    #[tokio::test]
    async fn grants_and_those_without_a_token_are_listed_in_parts() {
        let (world, vs) = (World::new(), VirtualServerId::new("default"));
        let until = now() + Duration::from_mins(1);
        world.with(|rows| {
            for name in ["u-bob", "u-alice", "u-carol"] {
                let (user, state, details) = (UserId::new(name), GrantState::Asked, GrantDetails::default());
                rows.grants.insert(user.clone(), Grant { user, state, at: now(), expires_at: until, details });
            }
        });
        let page = |after: &str, limit| Page { after: after.into(), limit };
        let asked = async |after: &str, at| {
            let listed = world.grants(&vs, GrantState::Asked, &page(after, 2), at).await.unwrap();
            let names: Vec<String> = listed.items.into_iter().map(|record| record.name).collect();
            (names.join(" "), listed.next)
        };
        assert_eq!(asked("", now()).await, ("alice bob".into(), Some("u-bob".into())));
        assert_eq!(asked("u-bob", now()).await, ("carol".into(), None));
        assert_eq!(asked("", until).await, (String::new(), None));
        assert_eq!(world.grant(&vs, &UserId::new("u-bob"), until).await.unwrap(), None);

        let first = world.users_without_token(&vs, &page("", 1)).await.unwrap();
        assert_eq!((first.items[0].name.as_str(), first.next.as_deref()), ("alice", Some("u-alice")));
        let second = world.users_without_token(&vs, &page("u-alice", 1)).await.unwrap();
        assert_eq!((second.items[0].name.as_str(), second.next), ("bob", None), "carol has no address");
    }
}
