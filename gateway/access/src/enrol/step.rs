//! The wizard as a pure function: where an enrolment stands and what happened, in; where it stands then and what must be
//! done for it, out. No clock, no store, no plugin (design 3.6).
//!
//! ```text
//!  offered ──code queued──▶ code_sent ──right code──▶ email_verified ──target──▶ code_issued ──first passcode──▶ confirmed
//!                           │  ▲ wrong, expired, new    │  ▲ mobile  ▲              │  ▲ new code, continue, back
//!                           └──┘                        └──┘ ◀───────┼──back────────┘──┘
//!                              └──where a rule asks for more──▶ extra_proof
//! ```
//! A standard app's token comes into use by its first passcode. One of our own is put in use by its device, behind
//! the back of the browser, which has confirmed the device before; its first passcode is one like any other.

use doorward_api::audit::EventKind;
use doorward_api::flow::{Challenge, Delivery, Notice, SentCode};
use doorward_api::{CredentialId, FlowData, GrantState, MailId, Step, Target, Timestamp};
use doorward_tokens::{Choice, Choices};
use serde_json::Value;

use crate::signin::Rules;

/// Where an enrolment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The flow's step.
    pub step: Step,
    /// What the flow remembers.
    pub data: FlowData,
}

/// What happened. Facts that only the outside world knows come with it.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A new code was made, and its mail is queued with this very change.
    CodeQueued(SentCode),
    /// The mail of the code in hand was refused; another with the same code is queued.
    CodeQueuedAgain(MailId),
    /// A code was asked for, and the user has no address on record (E1).
    NoAddress,
    /// A code was asked for too often.
    TooManyCodes {
        /// When the next may be asked for.
        until: Timestamp,
        /// Whether it is the first one too many; only that is recorded.
        first: bool,
    },
    /// The field was left empty. No try.
    CodeLeftEmpty,
    /// A code was typed that [`may_be_tried`]. The tries were counted before it was compared.
    CodeTried {
        /// Whether it was right.
        right: bool,
        /// How many tries there were.
        tries: Tries,
        /// Whether the rule asks for more than the code, and how far that is there.
        grant: Standing,
        /// What may be chosen next.
        choices: &'a Choices,
        /// The row of a token, should one be issued.
        fresh: &'a CredentialId,
    },
    /// The grant that the rule asks for is there.
    Granted {
        /// The state in which it was found.
        state: GrantState,
        /// What may be chosen next.
        choices: &'a Choices,
        /// The row of a token, should one be issued.
        fresh: &'a CredentialId,
    },
    /// The rule asks for no grant any more.
    NothingMore {
        /// What may be chosen next.
        choices: &'a Choices,
        /// The row of a token, should one be issued.
        fresh: &'a CredentialId,
    },
    /// W3 or W4 was answered; `None` for what is no choice.
    Chosen {
        /// The answer.
        choice: Option<Choice>,
        /// What could be chosen.
        choices: &'a Choices,
        /// The row of a token, should one be issued.
        fresh: &'a CredentialId,
    },
    /// W5: New code.
    NewSecret,
    /// W5: another app is to be used, of this kind.
    OtherKind(&'static str),
    /// W5: Continue; with a question for a token that answers some.
    Continue(Option<Challenge>),
    /// W5, for an app of our own: it is installed.
    AppInstalled,
    /// W6: a device was found, and its user has said whose it is.
    DeviceJudged {
        /// Theirs?
        theirs: bool,
        /// The question for the first passcode, of a token that answers some.
        challenge: Option<Challenge>,
    },
    /// Back.
    Back(&'a Choices),
    /// The plugin accepted the first passcode.
    Proved,
    /// The device has put the token in use, and something was proved with it.
    FirstSignIn,
}

/// How far the grant is there that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The rule asks for none.
    NotNeeded,
    /// It is there, in this state.
    Given(GrantState),
    /// It is not.
    Missing,
}

/// Tries so far, this one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// Of this code.
    pub of_code: u32,
    /// Of the user today, over all codes.
    pub of_day: u32,
    /// When the day is over.
    pub day_ends: Timestamp,
}

/// Where an enrolment stands after an event, and what must be done in the same change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Where.
    pub state: State,
    /// What, in order.
    pub effects: Vec<Effect>,
}

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// End the user's other enrolments (decision A12).
    Supersede,
    /// Draw a secret and give the user a token.
    Issue(CredentialId, Target),
    /// Another platform for the token in hand; its secret stays.
    Retarget(CredentialId, Target),
    /// A new secret for the token in hand, and perhaps by another kind.
    Reissue(CredentialId, Option<&'static str>),
    /// The token in hand becomes Active.
    Activate(CredentialId),
    /// Record it.
    Record(EventKind, Vec<(&'static str, Value)>),
    /// Count it in the funnel.
    Measure {
        /// The step of the funnel.
        step: &'static str,
        /// What came of it.
        outcome: &'static str,
    },
}

/// The event does not belong to where the enrolment stands: nothing happens (EN-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this does not belong to the step at which the enrolment stands")]
pub struct Refusal;

/// Where an event leads.
///
/// # Errors
/// [`Refusal`] when it does not belong here.
pub fn step(state: &State, event: Event<'_>, now: Timestamp, rules: &Rules) -> Result<Next, Refusal> {
    match (state.step, event) {
        (Step::Offered | Step::CodeSent, Event::CodeQueued(code)) => Ok(code_queued(state, code)),
        (Step::CodeSent, Event::CodeQueuedAgain(mail)) => code_queued_again(state, mail),
        (Step::Offered | Step::CodeSent, Event::NoAddress) => Ok(no_address(state)),
        (Step::Offered | Step::CodeSent, Event::TooManyCodes { until, first }) => {
            Ok(too_many_codes(state, until, first))
        }
        (Step::CodeSent, Event::CodeLeftEmpty) => Ok(Going::from(state).told(Notice::Empty)),
        (Step::CodeSent, Event::CodeTried { right, tries, grant, choices, fresh }) => {
            let then = Then { grant, choices, fresh, now, rules };
            code_tried(state, right, tries, &then)
        }
        (Step::ExtraProof, Event::Granted { state: granted, choices, fresh }) => {
            let then = Then { grant: Standing::Given(granted), choices, fresh, now, rules };
            Ok(after_code(Going::from(state), &then).measure("extra_proof", granted.as_str()).done())
        }
        (Step::ExtraProof, Event::NothingMore { choices, fresh }) => {
            let then = Then { grant: Standing::NotNeeded, choices, fresh, now, rules };
            Ok(after_code(Going::from(state), &then).measure("extra_proof", "not_needed").done())
        }
        (Step::EmailVerified, Event::Chosen { choice, choices, fresh }) => {
            Ok(chosen(state, choice, choices, fresh, now, rules))
        }
        (Step::CodeIssued, Event::NewSecret) if !state.data.asks_passcode => new_secret(state, None, now, rules),
        (Step::CodeIssued, Event::OtherKind(kind)) if !state.data.asks_passcode => {
            new_secret(state, Some(kind), now, rules)
        }
        (Step::CodeIssued, Event::Continue(challenge)) if !state.data.asks_passcode => {
            Ok(asks_passcode(state, true, challenge))
        }
        (Step::CodeIssued, Event::AppInstalled) if !state.data.asks_passcode => Ok(app_installed(state)),
        (Step::CodeIssued, Event::DeviceJudged { theirs, challenge }) if !state.data.asks_passcode => {
            Ok(device_judged(state, theirs, challenge))
        }
        (Step::CodeIssued, Event::FirstSignIn) => first_sign_in(state),
        (Step::CodeIssued | Step::EmailVerified, Event::Back(choices)) => back(state, choices),
        (Step::CodeIssued, Event::Proved) if state.data.asks_passcode => proved(state),
        _ => Err(Refusal),
    }
}

/// Whether the code in hand may still be tried; otherwise what the user is told. To be asked before a try is counted.
///
/// # Errors
/// [`Refusal`] when no code was sent.
pub fn may_be_tried(data: &FlowData, now: Timestamp) -> Result<Result<&SentCode, Notice>, Refusal> {
    let code = data.code.as_ref().ok_or(Refusal)?;
    Ok(if code.void {
        Err(Notice::CodeVoid)
    } else if code.expires_at <= now {
        Err(Notice::CodeExpired)
    } else {
        Ok(code)
    })
}

/// What "Send a new code" or Retry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// A new code, with this number.
    New(u32),
    /// The mail was refused: the same code once more, in another mail.
    Same,
    /// The mail still waits for the mail server: try it now, and write no other.
    Waiting,
    /// The last code is too young (30 seconds): nothing is sent.
    TooSoon,
}

/// What is sent when a code is asked for. `delivery` is what has become of the last mail.
pub fn sending(data: &FlowData, delivery: Option<Delivery>, now: Timestamp, rules: &Rules) -> Sending {
    let Some(code) = &data.code else { return Sending::New(1) };
    let live = !code.void && code.expires_at > now;
    match delivery.unwrap_or(code.delivery) {
        Delivery::Refused if live => Sending::Same,
        Delivery::Pending if live => Sending::Waiting,
        _ if code.made_at + rules.resend_after > now => Sending::TooSoon,
        _ => Sending::New(code.number.saturating_add(1)),
    }
}

/// A step being put together.
struct Going {
    state: State,
    effects: Vec<Effect>,
}

impl Going {
    /// From where it stands; what the page told of the last try is over.
    fn from(state: &State) -> Self {
        let mut state = state.clone();
        state.data.notice = None;
        Self { state, effects: Vec::new() }
    }

    fn to(mut self, step: Step) -> Self {
        self.state.step = step;
        self
    }

    fn with(mut self, change: impl FnOnce(&mut FlowData)) -> Self {
        change(&mut self.state.data);
        self
    }

    fn also(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    fn record(self, kind: EventKind) -> Self {
        self.also(Effect::Record(kind, Vec::new()))
    }

    fn record_with(self, kind: EventKind, name: &'static str, value: impl Into<Value>) -> Self {
        self.also(Effect::Record(kind, vec![(name, value.into())]))
    }

    /// A limit is recorded when it is first met, not whenever somebody runs against it: that would let them fill the trail.
    fn limited(self, first: bool, reason: &'static str, tries_left: Option<u32>) -> Self {
        let tries_left = tries_left.map(|left| ("triesLeft", left.into()));
        let fields = [("reason", reason.into())].into_iter().chain(tries_left).collect();
        if first { self.also(Effect::Record(EventKind::VerificationCodeLimit, fields)) } else { self }
    }

    fn measure(self, step: &'static str, outcome: &'static str) -> Self {
        self.also(Effect::Measure { step, outcome })
    }

    fn told(self, notice: Notice) -> Next {
        self.with(|data| data.notice = Some(notice)).done()
    }

    fn done(self) -> Next {
        Next { state: self.state, effects: self.effects }
    }
}

fn code_queued(state: &State, code: SentCode) -> Next {
    let number = code.number;
    let again = state.data.code.is_some();
    let going = selected(Going::from(state), state)
        .to(Step::CodeSent)
        .with(|data| data.code = Some(code))
        .measure("code_sent", if again { "resent" } else { "queued" });
    if !again {
        return going.done();
    }
    going.record_with(EventKind::VerificationCodeResent, "attempt", number).told(Notice::CodeSentAgain)
}

/// The click on "Add Authenticator" is recorded once, with whatever came of it.
fn selected(going: Going, state: &State) -> Going {
    if state.step == Step::Offered { going.record(EventKind::AddAuthenticatorSelected) } else { going }
}

fn code_queued_again(state: &State, mail: MailId) -> Result<Next, Refusal> {
    let mut code = state.data.code.clone().ok_or(Refusal)?;
    code.mail = mail;
    code.delivery = Delivery::Pending;
    let number = code.number;
    let going = Going::from(state).with(|data| data.code = Some(code)).measure("code_sent", "retried");
    Ok(going.record_with(EventKind::VerificationCodeResent, "attempt", number).done())
}

fn no_address(state: &State) -> Next {
    selected(Going::from(state), state)
        .to(Step::CodeSent)
        .record_with(EventKind::VerificationCodeFailed, "reason", "no_email")
        .measure("code_sent", "no_email")
        .told(Notice::NoEmail)
}

fn too_many_codes(state: &State, until: Timestamp, first: bool) -> Next {
    Going::from(state).limited(first, "sends", None).measure("code_sent", "limit").told(Notice::CodeLimit { until })
}

/// What lies behind the emailed code.
struct Then<'a> {
    grant: Standing,
    choices: &'a Choices,
    fresh: &'a CredentialId,
    now: Timestamp,
    rules: &'a Rules,
}

fn code_tried(state: &State, right: bool, tries: Tries, then: &Then<'_>) -> Result<Next, Refusal> {
    let (now, rules) = (then.now, then.rules);
    if let Err(notice) = may_be_tried(&state.data, now)? {
        return Ok(not_tried(state, notice));
    }
    // The day is judged first: it bounds guessing over all codes, flows and processes (EN-04).
    if tries.of_day > rules.code_tries_a_day {
        let first = tries.of_day == rules.code_tries_a_day.saturating_add(1);
        return Ok(Going::from(state)
            .limited(first, "tries_of_the_day", Some(0))
            .measure("email_verified", "day_limit")
            .told(Notice::CodeDayLimit { until: tries.day_ends }));
    }
    if tries.of_code > rules.code_tries {
        return Ok(not_tried(state, Notice::CodeVoid));
    }
    if !right {
        return Ok(wrong_code(state, rules.code_tries.saturating_sub(tries.of_code)));
    }
    let verified = Going::from(state)
        .also(Effect::Supersede)
        .record_with(EventKind::VerificationCodeAccepted, "triesLeft", rules.code_tries.saturating_sub(tries.of_code))
        .measure("email_verified", "passed");
    Ok(after_code(verified, then).done())
}

/// To the extra proof, if one is missing; otherwise to W3, or straight to W5 where there is nothing to choose.
fn after_code(going: Going, then: &Then<'_>) -> Going {
    let granted = match then.grant {
        Standing::Missing => return going.to(Step::ExtraProof).with(|data| data.granted = None),
        Standing::Given(state) => Some(state),
        Standing::NotNeeded => None,
    };
    let going = going.to(Step::EmailVerified).with(|data| {
        data.granted = granted;
        data.mobile_chosen = false;
    });
    // A token that was issued before the rule asked for more is kept, with its platform.
    let held = going.state.data.target.filter(|target| then.choices.allows(*target));
    match held.filter(|_| going.state.data.credential.is_some()).or_else(|| then.choices.only()) {
        Some(target) => take(going, target, then.fresh, then.now, then.rules),
        None => going,
    }
}

/// The code is past being tried.
pub fn not_tried(state: &State, notice: Notice) -> Next {
    let going = Going::from(state);
    let going = match notice {
        Notice::CodeExpired => {
            going.record_with(EventKind::VerificationCodeExpired, "triesLeft", 0).measure("email_verified", "expired")
        }
        _ => going
            .with(|data| data.code.iter_mut().for_each(|code| code.void = true))
            .record_with(EventKind::VerificationCodeRejected, "triesLeft", 0)
            .measure("email_verified", "void"),
    };
    going.told(notice)
}

fn wrong_code(state: &State, tries_left: u32) -> Next {
    let going = Going::from(state)
        .record_with(EventKind::VerificationCodeRejected, "triesLeft", tries_left)
        .measure("email_verified", "wrong");
    if tries_left > 0 {
        return going.told(Notice::CodeWrong { tries_left });
    }
    going.with(|data| data.code.iter_mut().for_each(|code| code.void = true)).told(Notice::CodeVoid)
}

fn chosen(
    state: &State,
    choice: Option<Choice>,
    choices: &Choices,
    fresh: &CredentialId,
    now: Timestamp,
    rules: &Rules,
) -> Next {
    match choice {
        Some(Choice::Target(target)) if choices.allows(target) => {
            take(Going::from(state), target, fresh, now, rules).done()
        }
        Some(Choice::Mobile) if choices.asks_device() => {
            Going::from(state).with(|data| data.mobile_chosen = true).done()
        }
        _ => Going::from(state).told(Notice::ChooseTarget),
    }
}

/// A target is chosen: its token is issued, or the one in hand, whose secret the user may have scanned already, is kept.
fn take(going: Going, target: Target, fresh: &CredentialId, now: Timestamp, rules: &Rules) -> Going {
    let effect = match &going.state.data.credential {
        Some(held) => Effect::Retarget(held.clone(), target),
        None => Effect::Issue(fresh.clone(), target),
    };
    let issued = matches!(effect, Effect::Issue(..));
    let details = vec![("os", Value::from(target.os())), ("deviceType", Value::from(target.device_type()))];
    let going = going
        .to(Step::CodeIssued)
        .with(|data| {
            data.target = Some(target);
            data.asks_passcode = false;
            data.app_installed = false;
            if issued {
                data.credential = Some(fresh.clone());
                data.issue_expires_at = Some(now + rules.issue_life);
            }
        })
        .also(Effect::Record(EventKind::TargetSelected, details))
        .also(effect)
        .measure("target_chosen", target.as_str());
    if issued { going.measure("code_issued", "issued") } else { going }
}

fn new_secret(state: &State, kind: Option<&'static str>, now: Timestamp, rules: &Rules) -> Result<Next, Refusal> {
    let held = state.data.credential.clone().ok_or(Refusal)?;
    Ok(Going::from(state)
        .with(|data| {
            data.issue_expires_at = Some(now + rules.issue_life);
            // Another app is another thing to be installed.
            data.app_installed = data.app_installed && kind.is_none();
        })
        .also(Effect::Reissue(held, kind))
        .measure("code_issued", if kind.is_some() { "other_kind" } else { "refreshed" })
        .done())
}

fn asks_passcode(state: &State, asks: bool, challenge: Option<Challenge>) -> Next {
    Going::from(state)
        .with(|data| {
            data.asks_passcode = asks;
            data.challenge = challenge;
        })
        .done()
}

fn app_installed(state: &State) -> Next {
    Going::from(state).with(|data| data.app_installed = true).done()
}

/// The device may go on, or is turned away. It is the browser that enrols which says so, whoever has scanned the code
/// (EN-07).
fn device_judged(state: &State, theirs: bool, challenge: Option<Challenge>) -> Next {
    let outcome = if theirs { "device_confirmed" } else { "device_disowned" };
    Going::from(state).with(|data| data.challenge = challenge.filter(|_| theirs)).measure("activation", outcome).done()
}

/// One page back. The emailed code was used up, so nothing leads back before W3.
fn back(state: &State, choices: &Choices) -> Result<Next, Refusal> {
    let data = &state.data;
    match state.step {
        Step::CodeIssued if data.asks_passcode => Ok(asks_passcode(state, false, None)),
        Step::CodeIssued if choices.only().is_none() => {
            let by_device =
                choices.kinds().is_some() && choices.asks_device() && data.target.is_some_and(Target::mobile);
            Ok(Going::from(state).to(Step::EmailVerified).with(|data| data.mobile_chosen = by_device).done())
        }
        Step::EmailVerified if data.mobile_chosen => {
            Ok(Going::from(state).with(|data| data.mobile_chosen = false).done())
        }
        _ => Err(Refusal),
    }
}

/// Whether Back leads anywhere.
pub fn can_go_back(state: &State, choices: &Choices) -> bool {
    back(state, choices).is_ok()
}

fn proved(state: &State) -> Result<Next, Refusal> {
    let held = state.data.credential.clone().ok_or(Refusal)?;
    Ok(Going::from(state).to(Step::Confirmed).also(Effect::Activate(held)).measure("confirmed", "confirmed").done())
}

fn first_sign_in(state: &State) -> Result<Next, Refusal> {
    state.data.credential.as_ref().ok_or(Refusal)?;
    Ok(Going::from(state).to(Step::Confirmed).measure("confirmed", "confirmed").done())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use doorward_api::ports::Entropy;
    use std::time::Duration;

    use crate::testing::{Dice, now};

    /// What a flow remembers that has just begun.
    pub(crate) fn blank() -> FlowData {
        FlowData::new("alice", "en")
    }

    fn usual() -> Choices {
        Choices::new([Target::Ios, Target::Android, Target::WindowsDesktop]).unwrap()
    }

    fn code(number: u32, made_at: Timestamp) -> SentCode {
        SentCode {
            mac: format!("mac-{number}"),
            number,
            made_at,
            expires_at: made_at + Rules::default().code_life,
            mail: MailId::from("m"),
            delivery: Delivery::Sent,
            void: false,
        }
    }

    fn go(state: &State, event: Event<'_>) -> Result<Next, Refusal> {
        step(state, event, now(), &Rules::default())
    }

    fn at(step: Step, change: impl FnOnce(&mut FlowData)) -> State {
        let mut data = blank();
        change(&mut data);
        State { step, data }
    }

    fn tried(state: &State, right: bool, of_code: u32, of_day: u32, choices: &Choices) -> Result<Next, Refusal> {
        let fresh = CredentialId::from("c-fresh");
        let tries = Tries { of_code, of_day, day_ends: now() + Duration::from_hours(20) };
        go(state, Event::CodeTried { right, tries, grant: Standing::NotNeeded, choices, fresh: &fresh })
    }

    fn choose(state: &State, value: &str, choices: &Choices) -> Result<Next, Refusal> {
        let fresh = CredentialId::from("c-fresh");
        go(state, Event::Chosen { choice: choices.read(value), choices, fresh: &fresh })
    }

    fn kinds(next: &Next) -> Vec<EventKind> {
        next.effects.iter().filter_map(|e| if let Effect::Record(kind, _) = e { Some(*kind) } else { None }).collect()
    }

    #[test]
    fn the_usual_way_leads_to_a_token_in_five_steps() {
        let choices = usual();
        let offered = at(Step::Offered, |_| ());
        let sent = go(&offered, Event::CodeQueued(code(1, now()))).unwrap();
        assert_eq!(
            kinds(&sent),
            [EventKind::AddAuthenticatorSelected],
            "SENT is recorded when the mail server took it"
        );
        let verified = tried(&sent.state, true, 1, 1, &choices).unwrap();
        assert_eq!(verified.state.step, Step::EmailVerified);
        assert!(verified.effects.contains(&Effect::Supersede));
        let device = choose(&verified.state, "mobile", &choices).unwrap();
        assert!(device.state.data.mobile_chosen && device.state.step == Step::EmailVerified);
        let issued = choose(&device.state, "android", &choices).unwrap();
        assert_eq!(issued.state.step, Step::CodeIssued);
        assert!(issued.effects.contains(&Effect::Issue("c-fresh".into(), Target::Android)));
        assert_eq!(issued.state.data.issue_expires_at, Some(now() + Duration::from_mins(10)));
        assert_eq!(go(&issued.state, Event::Proved), Err(Refusal), "not before Continue");
        let asked = go(&issued.state, Event::Continue(None)).unwrap();
        let done = go(&asked.state, Event::Proved).unwrap();
        assert_eq!(done.state.step, Step::Confirmed);
        assert!(done.effects.contains(&Effect::Activate("c-fresh".into())));
    }

    #[test]
    fn a_w4_value_at_w3_counts_for_both_and_a_single_target_for_all() {
        let sent = at(Step::CodeSent, |data| data.code = Some(code(1, now())));
        let verified = tried(&sent, true, 1, 1, &usual()).unwrap();
        assert_eq!(choose(&verified.state, "ios", &usual()).unwrap().state.data.target, Some(Target::Ios));
        let single = Choices::new([Target::Android]).unwrap();
        let issued = tried(&sent, true, 1, 1, &single).unwrap();
        assert_eq!(issued.state.step, Step::CodeIssued);
        assert_eq!(kinds(&issued), [EventKind::VerificationCodeAccepted, EventKind::TargetSelected]);
    }

    #[test]
    fn the_secret_survives_a_change_of_mind() {
        let issued = choose(&at(Step::EmailVerified, |_| ()), "windows-desktop", &usual()).unwrap().state;
        let back = go(&issued, Event::Back(&usual())).unwrap();
        assert_eq!((back.state.step, back.state.data.mobile_chosen), (Step::EmailVerified, false));
        let again = choose(&back.state, "ios", &usual()).unwrap();
        assert!(again.effects.contains(&Effect::Retarget("c-fresh".into(), Target::Ios)));
        assert_eq!(again.state.data.issue_expires_at, issued.data.issue_expires_at);
        let to_w4 = go(&again.state, Event::Back(&usual())).unwrap().state;
        assert!(to_w4.data.mobile_chosen, "W4 was the page before");
        let to_w3 = go(&to_w4, Event::Back(&usual())).unwrap().state;
        assert_eq!(go(&to_w3, Event::Back(&usual())), Err(Refusal), "the emailed code is used up");
    }

    #[test]
    fn a_device_is_confirmed_or_disowned_where_its_code_is_shown() {
        let issued = choose(&at(Step::EmailVerified, |_| ()), "android", &usual()).unwrap().state;
        let installed = go(&issued, Event::AppInstalled).unwrap();
        assert!(installed.state.data.app_installed && installed.effects.is_empty());
        let challenge = Challenge { text: "12345678".into(), expires_at: now() };
        let judged = |theirs| {
            let challenge = Some(challenge.clone());
            go(&installed.state, Event::DeviceJudged { theirs, challenge }).unwrap()
        };
        let (confirmed, disowned) = (judged(true), judged(false));
        assert_eq!(confirmed.effects, [Effect::Measure { step: "activation", outcome: "device_confirmed" }]);
        assert_eq!((confirmed.state.step, confirmed.state.data.challenge), (Step::CodeIssued, Some(challenge.clone())));
        assert_eq!(disowned.effects, [Effect::Measure { step: "activation", outcome: "device_disowned" }]);
        assert_eq!(disowned.state.data.challenge, None);
        let again = choose(&go(&installed.state, Event::Back(&usual())).unwrap().state, "ios", &usual()).unwrap();
        assert!(!again.state.data.app_installed, "another platform, another app");
    }

    #[test]
    fn what_a_device_has_put_in_use_is_confirmed_by_the_first_sign_in_with_it() {
        let issued = choose(&at(Step::EmailVerified, |_| ()), "ios", &usual()).unwrap().state;
        let done = go(&issued, Event::FirstSignIn).unwrap();
        assert_eq!(done.state.step, Step::Confirmed);
        assert_eq!(done.effects, [Effect::Measure { step: "confirmed", outcome: "confirmed" }], "nothing is activated");
        let nothing_issued = at(Step::CodeIssued, |_| ());
        assert_eq!(go(&nothing_issued, Event::FirstSignIn), Err(Refusal));
        for early in [Step::Offered, Step::CodeSent, Step::ExtraProof, Step::EmailVerified] {
            for event in [Event::FirstSignIn, Event::AppInstalled] {
                assert_eq!(go(&at(early, |data| data.credential = Some("c".into())), event), Err(Refusal), "{early:?}");
            }
        }
        let standard = at(Step::CodeIssued, |data| data.asks_passcode = true);
        let judged = Event::DeviceJudged { theirs: true, challenge: None };
        assert_eq!(go(&standard, judged), Err(Refusal), "no device is awaited there");
    }

    #[test]
    fn the_fifth_wrong_try_voids_the_code() {
        let sent = at(Step::CodeSent, |data| data.code = Some(code(1, now())));
        for tries in 1..5 {
            let next = tried(&sent, false, tries, tries, &usual()).unwrap();
            assert_eq!(next.state.data.notice, Some(Notice::CodeWrong { tries_left: 5 - tries }));
        }
        let void = tried(&sent, false, 5, 5, &usual()).unwrap();
        assert_eq!(void.state.data.notice, Some(Notice::CodeVoid));
        let late = tried(&void.state, true, 6, 6, &usual()).unwrap();
        assert_eq!(
            (late.state.step, late.state.data.notice),
            (Step::CodeSent, Some(Notice::CodeVoid)),
            "even if right"
        );
        let parallel = tried(&sent, true, 6, 6, &usual()).unwrap();
        assert_eq!(parallel.state.data.notice, Some(Notice::CodeVoid), "the meter decides, not the row");
    }

    #[test]
    fn the_sixteenth_try_of_a_day_is_not_evaluated() {
        let sent = at(Step::CodeSent, |data| data.code = Some(code(4, now())));
        assert_eq!(tried(&sent, true, 1, 15, &usual()).unwrap().state.step, Step::EmailVerified);
        let over = tried(&sent, true, 1, 16, &usual()).unwrap();
        assert!(matches!(over.state.data.notice, Some(Notice::CodeDayLimit { .. })));
        assert_eq!((over.state.step, kinds(&over)), (Step::CodeSent, vec![EventKind::VerificationCodeLimit]));
    }

    #[test]
    fn an_old_code_is_too_old() {
        let old = at(Step::CodeSent, |data| data.code = Some(code(1, now() - Duration::from_mins(10))));
        let next = tried(&old, true, 1, 1, &usual()).unwrap();
        assert_eq!((next.state.step, next.state.data.notice), (Step::CodeSent, Some(Notice::CodeExpired)));
    }

    #[test]
    fn what_is_sent_depends_on_the_last_mail() {
        let rules = Rules::default();
        let sending = |code: Option<SentCode>, delivery| {
            let data = FlowData { code, ..blank() };
            super::sending(&data, delivery, now(), &rules)
        };
        let age = |secs| now() - Duration::from_secs(secs);
        assert_eq!(sending(None, None), Sending::New(1));
        assert_eq!(sending(Some(code(1, age(29))), None), Sending::TooSoon);
        assert_eq!(sending(Some(code(1, age(30))), None), Sending::New(2));
        assert_eq!(sending(Some(code(1, age(3))), Some(Delivery::Refused)), Sending::Same);
        assert_eq!(sending(Some(code(1, age(60))), Some(Delivery::Pending)), Sending::Waiting);
        assert_eq!(sending(Some(code(3, age(700))), Some(Delivery::Refused)), Sending::New(4), "the code is too old");
        let void = SentCode { void: true, ..code(1, age(40)) };
        assert_eq!(sending(Some(void), Some(Delivery::Pending)), Sending::New(2));
    }

    #[test]
    fn no_event_does_anything_at_a_step_it_does_not_belong_to() {
        let (choices, fresh) = (usual(), CredentialId::from("c"));
        let all = |state: &State| {
            let tries = Tries { of_code: 1, of_day: 1, day_ends: now() };
            [
                Event::CodeQueued(code(1, now())),
                Event::CodeQueuedAgain("m".into()),
                Event::NoAddress,
                Event::TooManyCodes { until: now(), first: true },
                Event::CodeLeftEmpty,
                Event::CodeTried { right: true, tries, grant: Standing::NotNeeded, choices: &choices, fresh: &fresh },
                Event::Granted { state: GrantState::Approved, choices: &choices, fresh: &fresh },
                Event::NothingMore { choices: &choices, fresh: &fresh },
                Event::Chosen { choice: choices.read("ios"), choices: &choices, fresh: &fresh },
                Event::NewSecret,
                Event::Continue(None),
                Event::Back(&choices),
                Event::Proved,
            ]
            .map(|event| go(state, event).is_ok())
        };
        for step in [Step::Password, Step::Passcode, Step::Confirmed, Step::Cancelled, Step::Superseded] {
            let rich = at(step, |data| {
                data.code = Some(code(1, now()));
                data.credential = Some("c".into());
                data.target = Some(Target::Ios);
                data.asks_passcode = true;
            });
            assert_eq!(all(&rich), [false; 13], "{step:?}");
        }
        let offered = all(&at(Step::Offered, |_| ()));
        assert_eq!(offered, [true, false, true, true, false, false, false, false, false, false, false, false, false]);
        let issued = all(&at(Step::CodeIssued, |data| data.credential = Some("c".into())));
        assert_eq!(issued, [false, false, false, false, false, false, false, false, false, true, true, true, false]);
        let asks_more = all(&at(Step::ExtraProof, |_| ()));
        assert_eq!(
            asks_more,
            [false, false, false, false, false, false, true, true, false, false, false, false, false],
            "nothing but the grant leads on"
        );
    }

    #[test]
    fn where_a_rule_asks_for_more_the_code_leads_to_the_extra_proof() {
        let (choices, fresh) = (usual(), CredentialId::from("c-fresh"));
        let sent = at(Step::CodeSent, |data| data.code = Some(code(1, now())));
        let tries = Tries { of_code: 1, of_day: 1, day_ends: now() };
        let with = |grant| {
            go(&sent, Event::CodeTried { right: true, tries, grant, choices: &choices, fresh: &fresh }).unwrap()
        };
        let asked = with(Standing::Missing);
        assert_eq!((asked.state.step, asked.state.data.granted), (Step::ExtraProof, None));
        assert!(asked.effects.contains(&Effect::Supersede), "the code was right: other enrolments end");
        let approved = with(Standing::Given(GrantState::Approved));
        assert_eq!(
            (approved.state.step, approved.state.data.granted),
            (Step::EmailVerified, Some(GrantState::Approved))
        );
        let granted = Event::Granted { state: GrantState::CodeGiven, choices: &choices, fresh: &fresh };
        let on = go(&asked.state, granted).unwrap();
        assert_eq!((on.state.step, on.state.data.granted), (Step::EmailVerified, Some(GrantState::CodeGiven)));
    }

    /// One random life of an enrolment, with the meters that the driver keeps.
    struct Life {
        dice: Dice,
        state: State,
        now: Timestamp,
        of_code: u32,
        of_day: u32,
        contact: bool,
        /// Whether this user's rule asks for a grant, and whether one was shown.
        asks_more: bool,
        granted: bool,
        proof: bool,
        evaluated_of_code: u32,
        evaluated_of_day: u32,
    }

    impl Life {
        fn roll(&self, sides: u8) -> u8 {
            let mut byte = [0];
            self.dice.fill(&mut byte);
            byte[0] % sides
        }

        fn live(&mut self, choices: &Choices) {
            let rules = Rules::default();
            let fresh = CredentialId::from("c-fresh");
            self.now = self.now + Duration::from_secs(u64::from(self.roll(40)));
            let event = match self.roll(10) {
                0 => match sending(&self.state.data, None, self.now, &rules) {
                    Sending::New(number) => Event::CodeQueued(code(number, self.now)),
                    Sending::Same => Event::CodeQueuedAgain("m".into()),
                    Sending::Waiting | Sending::TooSoon => return,
                },
                1 => Event::NoAddress,
                2 | 3 => {
                    if !matches!(may_be_tried(&self.state.data, self.now), Ok(Ok(_))) {
                        return;
                    }
                    self.of_code += 1;
                    self.of_day += 1;
                    let tries = Tries { of_code: self.of_code, of_day: self.of_day, day_ends: self.now };
                    let grant = if self.asks_more { Standing::Missing } else { Standing::NotNeeded };
                    Event::CodeTried { right: self.roll(6) == 0, tries, grant, choices, fresh: &fresh }
                }
                4 | 5 => {
                    let values = ["mobile", "ios", "android", "windows-desktop", "windows-mobile", "?"];
                    let choice = choices.read(values[usize::from(self.roll(6))]);
                    Event::Chosen { choice, choices, fresh: &fresh }
                }
                6 => Event::NewSecret,
                7 => match self.roll(4) {
                    0 => Event::AppInstalled,
                    1 => Event::DeviceJudged { theirs: self.roll(2) == 0, challenge: None },
                    2 => Event::FirstSignIn,
                    _ => Event::Continue(None),
                },
                8 => Event::Granted { state: GrantState::Approved, choices, fresh: &fresh },
                _ if self.roll(2) == 0 => Event::Back(choices),
                _ => Event::Proved,
            };
            self.take(event, &rules);
        }

        fn take(&mut self, event: Event<'_>, rules: &Rules) {
            let new_code = matches!(event, Event::CodeQueued(_));
            let tried = if let Event::CodeTried { right, .. } = event { Some(right) } else { None };
            let proof = matches!(event, Event::Proved | Event::FirstSignIn);
            let grant = matches!(event, Event::Granted { .. });
            let Ok(next) = step(&self.state, event, self.now, rules) else { return };
            if new_code {
                (self.of_code, self.evaluated_of_code) = (0, 0);
            }
            let compared = next
                .effects
                .iter()
                .any(|e| matches!(e, Effect::Measure { step: "email_verified", outcome: "passed" | "wrong" }));
            if compared {
                self.evaluated_of_code += 1;
                self.evaluated_of_day += 1;
            }
            if self.state.step == Step::CodeSent && next.state.step != Step::CodeSent {
                assert_eq!(tried, Some(true), "left CodeSent by something else than a right code");
                self.contact = true;
            }
            self.proof |= proof;
            self.granted |= grant;
            self.state = next.state;
        }
    }

    #[test]
    fn confirmed_is_reached_only_through_contact_and_proof_and_tries_never_exceed_the_limit() {
        let mut confirmed = 0;
        for round in 0..3_000_u64 {
            let dice = Dice::default();
            (0..round).for_each(|_| drop(dice.id()));
            let choices = if round % 3 == 0 { Choices::new([Target::Android]).unwrap() } else { usual() };
            let mut life = Life {
                dice,
                state: at(Step::Offered, |_| ()),
                now: now(),
                of_code: 0,
                of_day: 0,
                contact: false,
                asks_more: round % 2 == 0,
                granted: false,
                proof: false,
                evaluated_of_code: 0,
                evaluated_of_day: 0,
            };
            for _ in 0..60 {
                life.live(&choices);
                assert!(life.evaluated_of_code <= 5 && life.evaluated_of_day <= 15, "round {round}");
                let beyond = matches!(life.state.step, Step::EmailVerified | Step::CodeIssued | Step::Confirmed);
                assert!(!beyond || life.contact, "round {round}");
                assert!(!beyond || !life.asks_more || life.granted, "round {round}");
                assert!(life.state.step != Step::Confirmed || life.proof, "round {round}");
            }
            confirmed += usize::from(life.state.step == Step::Confirmed);
        }
        assert!(confirmed > 100, "the test must get there at all: {confirmed}");
    }
}
