//! Keys by which programs call the API in an operator's name.
//!
//! A key may what it was given and its operator may as well, as of now; never what changes operators, roles or keys. When its
//! operator is switched off, so is it. It proves itself by each request: nobody is asked for password and passcode.

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use doorward_api::operator::{ApiKey, HeldRole, NewApiKey, Operator, OperatorSession};
use doorward_api::ports::{Act, Change, MeterKey, MeterScope};
use doorward_api::{
    ApiKeyId, AuditEvent, CommitError, EventKind, FieldFault, FieldRule, HeldAct, Module, Permissions, SessionId,
    Timestamp, Token, VirtualServerId,
};
use ring::digest::{SHA256, digest};

use super::roles::within;
use super::staff::may_change;
use super::{APPROVAL, Caller, OperatorDesk, OperatorError, Undone, enabled};
use crate::manage::text::line;
use crate::network::network_of;

/// The longest life of a key, in days.
pub const LONGEST_KEY_DAYS: u32 = 365;

/// Keys that are neither over nor revoked, of a virtual server.
pub const MOST_API_KEYS: usize = 200;

/// The longest name of a key, in characters.
const LONGEST_KEY_NAME: u32 = 64;

/// What every key begins with: whoever looks through texts for secrets finds it by this.
pub const KEY_PREFIX: &str = "dwk_";

/// The characters of a [`Token`], and of the sum behind it.
const TOKEN_LENGTH: usize = 43;
const SUM_LENGTH: usize = 8;

/// Keys that are refused, from one address within [`WAIT`].
const PERMITTED: u32 = 30;
const WAIT: Duration = Duration::from_mins(15);

/// A use within this of the one before is not written.
const MINUTE: i64 = 60_000;

/// A key as it is sent: `dwk_`, the secret, a sum by which a misprint is known from a key, and the virtual server.
#[derive(Debug, Clone)]
pub struct KeyText {
    /// The virtual server that it is for.
    pub vs: VirtualServerId,
    token: Token,
}

impl KeyText {
    /// Reads one; `None` for whatever cannot be one, which the store is not asked about.
    pub fn parse(text: &str) -> Option<Self> {
        let (secret, vs) = text.strip_prefix(KEY_PREFIX)?.split_once('.')?;
        let (token, sum) = secret.split_at_checked(TOKEN_LENGTH)?;
        let vs = String::from_utf8(BASE64URL_NOPAD.decode(vs.as_bytes()).ok()?).ok()?;
        let key = Self { vs: VirtualServerId::new(vs), token: Token::parse(token)? };
        (key.sum() == sum).then_some(key)
    }

    /// As it is sent.
    pub fn expose(&self) -> String {
        let vs = BASE64URL_NOPAD.encode(self.vs.as_str().as_bytes());
        format!("{KEY_PREFIX}{}{}.{vs}", self.token.expose(), self.sum())
    }

    fn sum(&self) -> String {
        let text = format!("{}.{}", self.token.expose(), self.vs);
        HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref()).chars().take(SUM_LENGTH).collect()
    }
}

/// What a key shall be.
#[derive(Debug, Clone)]
pub struct KeyForm {
    /// Its name.
    pub name: String,
    /// What it may.
    pub permissions: Permissions,
    /// How long: 1 to [`LONGEST_KEY_DAYS`].
    pub days: u32,
}

/// A key, and whose it is.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// It.
    pub key: ApiKey,
    /// The name of its operator.
    pub operator: String,
    /// What it may now.
    pub permissions: Permissions,
    /// It is good: neither over nor revoked, and its operator not switched off.
    pub live: bool,
}

/// What became of a key that was sent.
#[derive(Debug)]
pub enum KeyEntered {
    /// It is good. The session is none that is kept: it says who asks, and what they may by this key.
    Welcome(Box<OperatorSession>, String),
    /// It is none, or good no longer.
    NotAccepted,
    /// It is none or good no longer, as were too many from this address.
    Waits {
        /// Until then.
        until: Timestamp,
    },
}

impl OperatorDesk {
    /// All keys, by name; those that are over or revoked too, for a while.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn api_keys(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Vec<KeyRecord>, OperatorError> {
        let (keys, operators) = (self.ports.operators.api_keys(vs).await?, self.operators(vs).await?);
        let whose = |key: &ApiKey| operators.iter().find(|one| one.id == key.created_by);
        Ok(keys.into_iter().map(|key| told(whose(&key), key, now)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], or a store that does not answer.
    pub async fn api_key(
        &self,
        vs: &VirtualServerId,
        id: &ApiKeyId,
        now: Timestamp,
    ) -> Result<KeyRecord, OperatorError> {
        let all = self.api_keys(vs, now).await?;
        all.into_iter().find(|one| one.key.id == *id).ok_or(OperatorError::NotFound)
    }

    /// Makes a key of the operator's own. Its secret is told this once.
    ///
    /// # Errors
    /// [`OperatorError::Invalid`], [`OperatorError::Beyond`], [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], or a
    /// store that does not answer.
    pub async fn add_api_key(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        form: &KeyForm,
    ) -> Result<(KeyRecord, KeyText), OperatorError> {
        may_change(by, caller, Module::ApiKeys.edit())?;
        let name = self.checked(caller, form).await?;
        within(by, form.permissions)?;
        let act = HeldAct::ApiKeyAdd { name: name.clone(), permissions: form.permissions, days: form.days };
        let seal = self.turn(caller, by, act, &name).await?;
        let text = KeyText { vs: caller.vs.clone(), token: Token::draw(self.ports.entropy.as_ref()) };
        let new = NewApiKey {
            id: ApiKeyId::new(self.ports.entropy.id()),
            token: text.token.hash(),
            name,
            permissions: form.permissions,
            created_by: by.operator.id.clone(),
            expires_at: caller.now + Duration::from_hours(24 * u64::from(form.days)),
        };
        let key = ApiKey {
            id: new.id.clone(),
            name: new.name.clone(),
            permissions: new.permissions,
            created_by: new.created_by.clone(),
            created_at: caller.now,
            expires_at: new.expires_at,
            last_used_at: None,
            disabled: false,
        };
        let event = about(caller.event(EventKind::ApiKeyCreated, Some(&by.operator.name)), &key)
            .with("permissions", key.permissions.names())
            .with("expiresAt", key.expires_at.rfc3339());
        let change = Change::of(Act::ApiKeyAdd(Box::new(new))).record(event);
        let change = Undone::by(caller.undone, seal.on(change));
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Err(CommitError::Lost { what: APPROVAL, .. }) => Err(OperatorError::Conflict),
            Ok(()) => Ok((told(Some(&by.operator), key, caller.now), text)),
            Err(CommitError::Lost { .. }) => Err(fault("name", FieldRule::Taken)),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Makes a key void, whosever it is. One that is void already is left so.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], or a store that does not answer.
    pub async fn revoke_api_key(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &ApiKeyId,
    ) -> Result<(), OperatorError> {
        may_change(by, caller, Module::ApiKeys.delete())?;
        let found = self.api_key(&caller.vs, id, caller.now).await?;
        let event = about(caller.event(EventKind::ApiKeyRevoked, Some(&by.operator.name)), &found.key);
        let change = Change::of(Act::ApiKeyRevoke { id: id.clone() }).record(event);
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) | Err(CommitError::Lost { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Who asks by a key, and what they may. A good key is let in however many others came from its address.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn enter_by_key(&self, caller: &Caller, sent: &KeyText) -> Result<KeyEntered, OperatorError> {
        let (operators, vs) = (self.ports.operators.as_ref(), &caller.vs);
        let Some(key) = operators.api_key_of(vs, &sent.token.hash()).await? else {
            return self.refuse_key(caller, None).await;
        };
        let operator = operators.operator(vs, &key.created_by).await?;
        let why = match &operator {
            _ if key.disabled => "revoked",
            _ if key.expires_at <= caller.now => "expired",
            Some(operator) if enabled(operator) => {
                self.note_use(caller, &key, operator).await?;
                let name = key.name.clone();
                return Ok(KeyEntered::Welcome(Box::new(session(operator.clone(), key, caller.now)), name));
            }
            _ => "operator_disabled",
        };
        let name = operator.map(|one| one.name);
        let event = about(caller.event(EventKind::ApiKeyRefused, name.as_deref()), &key).with("reason", why);
        self.refuse_key(caller, Some((&key.id, event))).await
    }

    /// Refusals are counted by address, so that nobody has the store write without end. That a key was tried on after its
    /// end is on record, once in a window: somebody has it who should not.
    async fn refuse_key(
        &self,
        caller: &Caller,
        known: Option<(&ApiKeyId, AuditEvent)>,
    ) -> Result<KeyEntered, OperatorError> {
        let Caller { vs, address, now, .. } = caller;
        let meter = |key: String| MeterKey { scope: MeterScope::ApiKeys, key };
        let of_address = meter(network_of(*address).to_string());
        let (refused, until) = self.ports.meters.read(vs, &of_address, *now).await?;
        if refused >= PERMITTED {
            return Ok(KeyEntered::Waits { until });
        }
        self.ports.meters.count(vs, &of_address, WAIT, *now).await?;
        if let Some((id, event)) = known {
            let (nth, _) = self.ports.meters.count(vs, &meter(format!("key {id}")), WAIT, *now).await?;
            if nth == 1 {
                match self.ports.ledger.commit(vs, Change::only(event), *now).await {
                    Ok(()) | Err(CommitError::Lost { .. }) => {}
                    Err(CommitError::Store(error)) => return Err(error.into()),
                }
            }
        }
        Ok(KeyEntered::NotAccepted)
    }

    /// The first use is recorded; those after it are noted, to the minute.
    async fn note_use(&self, caller: &Caller, key: &ApiKey, operator: &Operator) -> Result<(), OperatorError> {
        let minute = Timestamp::from_millis(caller.now.millis() - caller.now.millis().rem_euclid(MINUTE));
        match key.last_used_at {
            Some(last) if last >= minute => Ok(()),
            Some(_) => Ok(self.ports.operators.touch_api_key(&caller.vs, &key.id, minute).await?),
            None => {
                let event = about(caller.event(EventKind::ApiKeyUsedFirst, Some(&operator.name)), key);
                let change = Change::of(Act::ApiKeyUseFirst { id: key.id.clone() }).record(event);
                match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
                    // Another use was the first.
                    Ok(()) | Err(CommitError::Lost { .. }) => Ok(()),
                    Err(CommitError::Store(error)) => Err(error.into()),
                }
            }
        }
    }

    /// The name, if all is well.
    async fn checked(&self, caller: &Caller, form: &KeyForm) -> Result<String, OperatorError> {
        let mut faults = Vec::new();
        let name = line(&mut faults, "name", &form.name, LONGEST_KEY_NAME, false);
        if !(1..=LONGEST_KEY_DAYS).contains(&form.days) {
            faults.push(FieldFault::new("days", FieldRule::Between { min: 1, max: LONGEST_KEY_DAYS.into() }));
        }
        if form.permissions.is_empty() {
            faults.push(FieldFault::new("permissions", FieldRule::Required));
        }
        for never in form.permissions.iter().filter(|each| !form.permissions.of_key().may(*each)) {
            let value = format!("key that may {never}");
            faults.push(FieldFault::new("permissions", FieldRule::Unknown { value }));
        }
        let Some(name) = name.filter(|_| faults.is_empty()) else { return Err(OperatorError::Invalid(faults)) };
        let live = |key: &&ApiKey| !key.disabled && key.expires_at > caller.now;
        if self.ports.operators.api_keys(&caller.vs).await?.iter().filter(live).count() >= MOST_API_KEYS {
            return Err(fault("name", FieldRule::TooMany { max: 200 }));
        }
        Ok(name)
    }
}

fn fault(field: &str, rule: FieldRule) -> OperatorError {
    OperatorError::Invalid(vec![FieldFault::new(field, rule)])
}

/// What a key may, of what its operator may.
fn left(key: &ApiKey, operator: &Operator) -> Permissions {
    key.permissions.and(operator.role.permissions).of_key()
}

fn told(operator: Option<&Operator>, key: ApiKey, now: Timestamp) -> KeyRecord {
    let live = !key.disabled && key.expires_at > now && operator.is_some_and(enabled);
    KeyRecord {
        operator: operator.map(|one| one.name.clone()).unwrap_or_default(),
        permissions: operator.map(|one| left(&key, one)).unwrap_or_default(),
        live,
        key,
    }
}

/// Who asks by a key.
fn session(operator: Operator, key: ApiKey, now: Timestamp) -> OperatorSession {
    let role = HeldRole { permissions: left(&key, &operator), ..operator.role.clone() };
    OperatorSession {
        id: SessionId::new(key.id.as_str()),
        operator: Operator { role, ..operator },
        created_at: key.created_at,
        last_seen_at: now,
        proved_at: now,
        expires_at: key.expires_at,
    }
}

/// Which key a record tells of.
fn about(event: AuditEvent, key: &ApiKey) -> AuditEvent {
    event.with("apiKeyId", key.id.as_str()).with("apiKey", key.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_a_misprint_is_none() {
        let token = Token::parse(&"A".repeat(43)).unwrap();
        for vs in ["default", "a.b é", ""] {
            let key = KeyText { vs: vs.into(), token: token.clone() };
            let text = key.expose();
            assert!(text.starts_with("dwk_"));
            let read = KeyText::parse(&text).unwrap();
            assert_eq!((read.vs.as_str(), read.expose()), (vs, text.clone()));
            for place in 0..text.len() {
                if !text.is_char_boundary(place) {
                    continue;
                }
                let mut other = text.clone();
                other.replace_range(place..=place, "7");
                assert!(other == text || KeyText::parse(&other).is_none(), "{other}");
            }
        }
        for none in ["", "dwk_", "dwk_.", &"A".repeat(43), &format!("dwk_{}00000000.ZGVm", "A".repeat(43))] {
            assert!(KeyText::parse(none).is_none(), "{none}");
        }
        assert!(!format!("{:?}", KeyText { vs: "x".into(), token }).contains("AAAA"));
    }
}
