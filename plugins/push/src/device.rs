//! The half that talks to phones: each call, from its bytes to its answer.

use std::time::Duration;

use doorward_api::device::{Addressee, DeviceAnswer, DeviceCall, DeviceSaid, DeviceToken};
use doorward_api::flow::KeptSecret;
use doorward_api::push::{Push, PushAnswer};
use doorward_api::{CredentialId, PluginError, Secret, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::agent::Agent;
use crate::call::{Answer, Asked, Choice, Read, Signed, Update};
use crate::challenge::{Challenge, nonce};
use crate::kept::{Kept, Phone};
use crate::keys::{ServerKey, signed_by};
use crate::reply::{Refusal, done};
use crate::{PLUGIN, enrol};

/// How far a poll's time may lie from ours.
const POLL_WINDOW: Duration = Duration::from_mins(1);

/// How far an update's may.
const UPDATE_WINDOW: Duration = Duration::from_mins(5);

/// The reason by which a user says that it was not them who asked.
const UNKNOWN_TRIGGER: &str = "unknown_trigger";

/// The one address for everything.
pub(crate) fn address(origin: &str) -> String {
    format!("{origin}/.doorward/p/{}", PLUGIN.id)
}

/// A call with all that it is answered by.
pub(crate) struct Visit<'a> {
    pub(crate) call: &'a DeviceCall<'a>,
    pub(crate) token: &'a DeviceToken<'a>,
    pub(crate) now: Timestamp,
    pub(crate) server: &'a ServerKey,
}

impl Visit<'_> {
    /// What the app calls the token.
    pub(crate) fn serial(&self) -> &str {
        self.token.id.as_str()
    }

    /// What the app says of itself.
    pub(crate) fn agent(&self) -> Option<Agent> {
        let (_, value) = self.call.headers.iter().find(|(name, _)| name == "user-agent")?;
        Agent::read(value)
    }

    /// The requests that a phone may see: it is in use, push is on, and it still believes our key.
    fn waiting<'a>(&'a self, kept: &'a Kept) -> impl Iterator<Item = (&'a Phone, &'a Push)> {
        let phone = kept.active().filter(|phone| self.token.push_enabled && phone.server == self.server.mark());
        phone.into_iter().flat_map(|phone| self.token.pending.iter().map(move |push| (phone, push)))
    }
}

/// Whose token a call is about.
pub(crate) fn addressee(call: &DeviceCall<'_>) -> Result<Addressee, Refusal> {
    Ok(Addressee::Token(CredentialId::new(Read::of(call)?.serial)))
}

/// The answer where there is no such token: that to a wrong code or signature, to the byte.
pub(crate) fn unknown(call: &DeviceCall<'_>) -> Refusal {
    match Read::of(call) {
        Ok(Read { asked: Asked::Enrol(_), .. }) => Refusal::NoActivation,
        Ok(_) => Refusal::Unverified,
        Err(refusal) => refusal,
    }
}

/// Answers a call.
pub(crate) fn answer(visit: &Visit<'_>) -> Result<DeviceAnswer, PluginError> {
    let read = match Read::of(visit.call) {
        Ok(read) => read,
        Err(refusal) => return Ok(refusal.into()),
    };
    // Of a token that was destroyed nothing is left that could be checked.
    if read.serial != visit.serial() || visit.token.opened.expose().is_empty() {
        return Ok(unknown(visit.call).into());
    }
    let kept = Kept::read(visit.token.opened)?;
    match read.asked {
        Asked::Enrol(enrol) => Ok(enrol::finish(visit, kept, &enrol)),
        Asked::Poll(signed) => poll(visit, kept, &signed),
        Asked::Answer(answer) => Ok(answered(visit, &kept, &answer)),
        Asked::Update(update) => Ok(updated(visit, kept, &update)),
    }
}

/// Requests that wait. A phone that awaits its user's word is told that there are none.
fn poll(visit: &Visit<'_>, mut kept: Kept, signed: &Signed) -> Result<DeviceAnswer, PluginError> {
    let (serial, timestamp) = (visit.serial(), signed.timestamp.as_str());
    let taken = kept.phone_mut().is_some_and(|phone| {
        let in_turn = |at| phone.polls.take(&signed.signature, at, POLL_WINDOW, visit.now);
        signed_by(&phone.key, &format!("{serial}|{timestamp}"), &signed.signature)
            && instant(timestamp).is_some_and(in_turn)
    });
    if !taken {
        return Ok(Refusal::Unverified.into());
    }
    let answer = if kept.active().is_some() && !visit.token.push_enabled {
        Refusal::Off.into()
    } else {
        done(&Value::Array(challenges(visit, &kept)?), visit.now)
    };
    Ok(DeviceAnswer { keep: Some(kept.write()), ..answer }.signed_by_device())
}

fn challenges(visit: &Visit<'_>, kept: &Kept) -> Result<Vec<Value>, PluginError> {
    let url = address(visit.token.portal);
    let made =
        |(phone, push): (&Phone, &Push)| Challenge::of(push, &phone.secret, &url, visit.serial(), visit.token.issuer);
    visit.waiting(kept).filter_map(made).map(|challenge| challenge.signed(visit.server)).collect()
}

/// An answer to a request. The number is compared for what the app is told; the host compares it for what comes of it,
/// and ends the request when it is wrong.
fn answered(visit: &Visit<'_>, kept: &Kept, answer: &Answer) -> DeviceAnswer {
    let signed =
        kept.phone().is_some_and(|phone| signed_by(&phone.key, &answer.text(visit.serial()), &answer.signature));
    if !signed {
        return Refusal::Unverified.into();
    }
    let Some((_, push)) = visit.waiting(kept).find(|(phone, push)| nonce(&phone.secret, push) == answer.nonce) else {
        return done(&json!(false), visit.now).signed_by_device();
    };
    let (right, meant) = match &answer.choice {
        Choice::Approve(option) => {
            let number = Secret::new(option.as_deref().unwrap_or_default());
            let right = same(&number, &push.data.number.secret());
            (right, PushAnswer::Approve { number: KeptSecret::new(&number) })
        }
        Choice::Decline { reason: Some(reason), .. } if reason == UNKNOWN_TRIGGER => (true, PushAnswer::Report),
        Choice::Decline { .. } => (true, PushAnswer::Deny),
    };
    let said = vec![DeviceSaid::PushAnswered { push: push.id.clone(), answer: meant }];
    DeviceAnswer { said, ..done(&json!(right), visit.now) }.signed_by_device()
}

fn same(chosen: &Secret, right: &Secret) -> bool {
    chosen.expose().as_bytes().ct_eq(right.expose().as_bytes()).into()
}

impl Answer {
    /// What the app signs: the parts that it sends, in this order.
    pub(crate) fn text(&self, serial: &str) -> String {
        let mut text = format!("{}|{serial}", self.nonce);
        let (decline, reason, option) = match &self.choice {
            Choice::Approve(option) => (None, None, option.as_deref()),
            Choice::Decline { reason, option } => (Some("decline"), reason.as_deref(), option.as_deref()),
        };
        for part in [decline, reason, option].into_iter().flatten() {
            text.push('|');
            text.push_str(part);
        }
        text
    }
}

/// Another address at Firebase. None is kept: nobody is woken through it.
fn updated(visit: &Visit<'_>, mut kept: Kept, update: &Update) -> DeviceAnswer {
    let Update { firebase, signed: Signed { timestamp, signature } } = update;
    let text = format!("{firebase}|{}|{timestamp}", visit.serial());
    let taken = kept.phone_mut().is_some_and(|phone| {
        let in_turn = |at| phone.updates.take(signature, at, UPDATE_WINDOW, visit.now);
        signed_by(&phone.key, &text, signature) && instant(timestamp).is_some_and(in_turn)
    });
    if !taken {
        return Refusal::Unverified.into();
    }
    DeviceAnswer { keep: Some(kept.write()), ..done(&json!(true), visit.now) }.signed_by_device()
}

/// `2026-11-23T22:21:07.123456Z`; a time of no zone is UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let at = read(text).or_else(|| read(&format!("{text}Z")))?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Timestamp::from_millis)
}
