//! The PIN that the server checks: typed with the passcode, before it or after it (R68), and changed when it must be (R69).

use std::time::Duration;

use doorward_api::credential::{Credential, ServerPin};
use doorward_api::flow::Notice;
use doorward_api::plugin::{PinFault, SecretRules};
use doorward_api::ports::{Act, Change, PasswordCheck};
use doorward_api::settings::{PinOrder, PinRules, ServerPinPolicy};
use doorward_api::template::PinType;
use doorward_api::{EventKind, Factor, FlowData, PluginError, Secret, Step, Timestamp, TokenState};

use crate::passwords::{HashError, Passwords};
use crate::settings::setting;
use crate::signin::{Desk, DeskError, Held, Proof, Stop};
use crate::visit::{Moved, StepForm, Visit};

const DAY: Duration = Duration::from_hours(24);

/// What was typed, taken apart.
pub(crate) struct Typed {
    /// The passcode.
    pub(crate) otp: Secret,
    /// The PIN, for a token that has one on the server; may be empty.
    pub(crate) pin: Option<Secret>,
}

/// Takes what was typed apart for a token: `length` characters of it are the passcode, the rest is the PIN. Spaces are part of
/// neither.
pub(crate) fn take_apart(typed: &Secret, pin: PinType, length: u8, order: PinOrder) -> Typed {
    if pin != PinType::ServerSide {
        return Typed { otp: typed.clone(), pin: None };
    }
    let characters: Vec<char> = typed.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let length = usize::from(length).min(characters.len());
    let at = match order {
        PinOrder::Prepend => characters.len().saturating_sub(length),
        PinOrder::Append => length,
    };
    let (first, last) = characters.split_at_checked(at).unwrap_or((&characters, &[]));
    let (pin, otp) = match order {
        PinOrder::Prepend => (first, last),
        PinOrder::Append => (last, first),
    };
    let text = |part: &[char]| Secret::new(part.iter().collect::<String>());
    Typed { otp: text(otp), pin: Some(text(pin)) }
}

/// Whether a PIN must be changed before anything else.
pub(crate) fn must_change(pin: &ServerPin, policy: &ServerPinPolicy, now: Timestamp) -> Option<Why> {
    if pin.must_change {
        return Some(Why::FirstUse);
    }
    let life = DAY.saturating_mul(u32::from(policy.change_after_days));
    (policy.change_after_days > 0 && now >= pin.set_at + life).then_some(Why::Expired)
}

/// Why a PIN must be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Somebody else has set it.
    FirstUse,
    /// It is too old.
    Expired,
}

/// Whether a PIN is the one of this hash. Takes the same work when there is none, and says no.
///
/// # Errors
/// [`Stop`] when it could not be looked at.
pub(crate) async fn is_right(passwords: &Passwords, pin: &Secret, hash: Option<&str>) -> Result<bool, Stop> {
    // An empty one would be no work.
    let typed = if pin.is_empty() { &Secret::new("-") } else { pin };
    match passwords.verify(typed, hash.map(str::to_owned)).await? {
        PasswordCheck::Right => Ok(hash.is_some() && !pin.is_empty()),
        PasswordCheck::Wrong => Ok(false),
        PasswordCheck::Busy => Err(Stop::Fault(DeskError::Busy)),
    }
}

/// A PIN to be stored in place of the one before, which goes into the history.
pub(crate) fn succeed(
    before: Option<&ServerPin>,
    policy: &ServerPinPolicy,
    hash: String,
    must_change: bool,
    now: Timestamp,
) -> ServerPin {
    let earlier = before.into_iter().flat_map(|pin| std::iter::once(&pin.hash).chain(&pin.history));
    let history = earlier.take(usize::from(policy.history)).cloned().collect();
    ServerPin { hash, set_at: now, must_change, history }
}

/// Whether a PIN is the one in use, or one of those before it that are remembered.
///
/// # Errors
/// [`Stop`] when it could not be found out.
pub(crate) async fn was_used(passwords: &Passwords, pin: &Secret, before: &ServerPin) -> Result<bool, Stop> {
    for hash in std::iter::once(&before.hash).chain(&before.history) {
        if is_right(passwords, pin, Some(hash)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl From<HashError> for Stop {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Stop::Fault(DeskError::Busy),
            HashError::Length | HashError::Failed => {
                Stop::Fault(DeskError::Plugin(PluginError::Unavailable(error.to_string())))
            }
        }
    }
}

impl Desk {
    pub(crate) async fn pin_policy(&self, visit: &Visit) -> Result<ServerPinPolicy, Stop> {
        Ok(setting::<ServerPinPolicy>(self.ports.settings.as_ref(), &visit.vs.id).await?.document)
    }

    pub(crate) fn secret_rules(&self) -> Result<&dyn SecretRules, Stop> {
        let missing = || DeskError::Plugin(PluginError::Unavailable("no plugin judges PINs in this build".into()));
        self.plugins.iter().find_map(|(_, plugin)| plugin.secret_rules()).ok_or_else(|| Stop::Fault(missing()))
    }

    /// Draws the first PIN of a token, which its user is shown, and what is stored of it.
    pub(crate) async fn draw_pin(&self, visit: &Visit) -> Result<(Secret, ServerPin), Stop> {
        let policy = self.pin_policy(visit).await?;
        let entropy = self.ports.entropy.as_ref();
        let pin = self.secret_rules()?.generate(&policy.rules(), policy.generated_length, entropy)?;
        let hash = self.ports.passwords.hash(pin.clone()).await?;
        Ok((pin, succeed(None, &policy, hash, policy.change_on_first_use, visit.now)))
    }

    /// The passcode was right and its PIN too old, or not of the user's own choice: on to the page that asks for another. What
    /// was proved counts when that is done.
    pub(crate) async fn ask_new_pin(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        token: &Credential,
        why: Why,
        spent: Change,
    ) -> Result<Moved, Stop> {
        let data = FlowData { new_pin: Some(token.id.clone()), challenge: None, first_pin: None, ..data };
        let mut change = Change::of(self.onward(visit, held, Step::NewPin, data));
        change.acts.extend(spent.acts);
        change.events.extend(spent.events);
        if why == Why::Expired {
            let event = self.event(EventKind::PinExpired, visit, held.flow());
            change = change.record(event.with("serial", token.serial.as_str()).with("where", "server"));
        }
        self.commit(visit, change).await?;
        Ok(Moved::ToStep { browser: None })
    }

    pub(super) async fn try_new_pin(
        &self,
        visit: &Visit,
        form: &StepForm,
        pin: &Secret,
        again: &Secret,
    ) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::NewPin]).await?;
        let user = self.user(visit, &held).await?.ok_or(Stop::Stale)?;
        let id = held.flow().data.new_pin.as_ref().ok_or(Stop::Stale)?;
        let token = self.ports.credentials.credential(&visit.vs.id, id).await?.ok_or(Stop::Stale)?;
        let before = match (&token.pin, token.state) {
            (Some(before), TokenState::Active) if token.user == user.id => before,
            _ => return Err(Stop::Stale),
        };
        let policy = self.pin_policy(visit).await?;
        if let Some(notice) = self.not_taken(&policy.rules(), before, pin, again).await? {
            let event = self.event(EventKind::PinRejected, visit, held.flow()).with("serial", token.serial.as_str());
            let event = event.with("where", "server").with("ruleBroken", rule_of(&notice));
            return self.tell(visit, &held, notice, vec![event]).await;
        }
        let hash = self.ports.passwords.hash(pin.clone()).await?;
        let new = succeed(Some(before), &policy, hash, false, visit.now);
        let act = Act::CredentialPin { id: token.id.clone(), version: token.pin_version, pin: Some(new) };
        let event = self.event(EventKind::PinChanged, visit, held.flow()).with("serial", token.serial.as_str());
        let change = Change::of(act).record(event.with("where", "server").with("actor", "user"));
        let proof = Proof::of_token(&token, visit.now, change);
        let data = FlowData { new_pin: None, ..held.data() };
        let moved = self.proved(visit, &held, data, &user, proof).await?;
        self.measure_sign_in(visit, Factor::Otp, "success");
        Ok(moved)
    }

    async fn not_taken(
        &self,
        rules: &PinRules,
        before: &ServerPin,
        pin: &Secret,
        again: &Secret,
    ) -> Result<Option<Notice>, Stop> {
        if let Some(notice) = self.new_pin_fault(rules, pin, again)? {
            return Ok(Some(notice));
        }
        let used = was_used(&self.ports.passwords, pin, before).await?;
        Ok(used.then_some(Notice::PinUsedBefore))
    }

    /// What is wrong with a new PIN by itself, whatever the one before was.
    pub(crate) fn new_pin_fault(&self, rules: &PinRules, pin: &Secret, again: &Secret) -> Result<Option<Notice>, Stop> {
        if pin.is_empty() {
            return Ok(Some(Notice::Empty));
        }
        if let Err(faults) = self.secret_rules()?.check(rules, pin) {
            return Ok(Some(Notice::PinRejected { faults }));
        }
        Ok((pin.expose() != again.expose()).then_some(Notice::PinDiffers))
    }
}

/// The rule's name in the record.
pub(crate) fn rule_of(notice: &Notice) -> String {
    match notice {
        Notice::PinRejected { faults } => faults.first().map_or_else(String::new, |fault| pin_rule(*fault).to_owned()),
        Notice::PinDiffers => "pin.differs".into(),
        Notice::PinUsedBefore => "pin.history".into(),
        _ => "pin.empty".into(),
    }
}

/// The names of self-provisioning.md 1-E.
pub(crate) const fn pin_rule(fault: PinFault) -> &'static str {
    match fault {
        PinFault::Charset => "pin.charset",
        PinFault::TooShort => "pin.too_short",
        PinFault::TooLong => "pin.too_long",
        PinFault::NeedsUpper => "pin.needs_upper",
        PinFault::NeedsLower => "pin.needs_lower",
        PinFault::NeedsDigit => "pin.needs_digit",
        PinFault::Trivial => "pin.trivial",
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::settings::Document;

    use super::*;
    use crate::testing::now;

    fn apart(typed: &str, order: PinOrder) -> (String, Option<String>) {
        let typed = take_apart(&Secret::new(typed), PinType::ServerSide, 8, order);
        (typed.otp.expose().to_owned(), typed.pin.map(|pin| pin.expose().to_owned()))
    }

    #[test]
    fn pin_and_passcode_are_typed_in_one_field_in_either_order() {
        let both = |otp: &str, pin: &str| (otp.to_owned(), Some(pin.to_owned()));
        assert_eq!(apart("ABCD12345678", PinOrder::Prepend), both("12345678", "ABCD"), "the seed's example");
        assert_eq!(apart("12345678ABCD", PinOrder::Append), both("12345678", "ABCD"));
        assert_eq!(apart(" ABCD 1234 5678\n", PinOrder::Prepend), both("12345678", "ABCD"));
        assert_eq!(apart("12345678", PinOrder::Prepend), both("12345678", ""));
        assert_eq!(apart("1234", PinOrder::Append), both("1234", ""));
        assert_eq!(apart("", PinOrder::Prepend), both("", ""));
        assert_eq!(apart("12345678ABCD", PinOrder::Prepend), both("5678ABCD", "1234"), "the other order is wrong");
    }

    #[test]
    fn without_a_pin_on_the_server_all_of_it_is_the_passcode() {
        for pin in [PinType::None, PinType::UserSelected] {
            let typed = take_apart(&Secret::new("843212345678"), pin, 8, PinOrder::Prepend);
            assert_eq!((typed.otp.expose(), typed.pin.is_none()), ("843212345678", true));
        }
    }

    #[test]
    fn a_pin_is_changed_at_its_first_use_and_when_its_time_is_over() {
        let policy = ServerPinPolicy { change_after_days: 30, ..ServerPinPolicy::of_new() };
        let pin = ServerPin { hash: "h".into(), set_at: now(), must_change: false, history: Vec::new() };
        assert_eq!(must_change(&pin, &policy, now() + DAY * 30 - Duration::from_millis(1)), None);
        assert_eq!(must_change(&pin, &policy, now() + DAY * 30), Some(Why::Expired));
        assert_eq!(must_change(&pin, &ServerPinPolicy::of_new(), now() + DAY * 3650), None, "0 is never");
        let first = ServerPin { must_change: true, ..pin };
        assert_eq!(must_change(&first, &policy, now()), Some(Why::FirstUse));
    }

    #[test]
    fn as_many_earlier_pins_are_remembered_as_the_policy_says() {
        let mut policy = ServerPinPolicy { history: 2, ..ServerPinPolicy::of_new() };
        let mut pin = succeed(None, &policy, "h1".into(), true, now());
        assert_eq!((pin.history.len(), pin.must_change), (0, true));
        for hash in ["h2", "h3", "h4"] {
            pin = succeed(Some(&pin), &policy, hash.into(), false, now());
        }
        assert_eq!(pin.history, ["h3", "h2"]);
        policy.history = 0;
        assert_eq!(succeed(Some(&pin), &policy, "h5".into(), false, now()).history, [""; 0]);
    }
}
