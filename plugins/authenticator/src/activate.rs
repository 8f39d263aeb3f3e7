//! How a token comes onto a device: ticket or code, the word of the browser that enrols, and the finish.

use doorward_api::device::{ActivationFailure, ActivationStage, CalledBy, DeviceAnswer, DeviceSaid};
use doorward_api::plugin::{OfferRequest, OfferView};
use doorward_api::ports::Entropy;
use doorward_api::settings::Complexity;
use doorward_api::template::{HashAlgorithm, Mode, PinType};
use doorward_api::{PluginError, Secret, Target, Template, TokenState};
use doorward_oath::token::{self, Kept as Passcodes, Kind};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::agree::{self, Offered};
use crate::bytes::{Blob, Fixed, Text, draw, sha256};
use crate::call::{Begin, CODE_LEN, Finish, Form, Handoff, Os, Voucher};
use crate::device::Visit;
use crate::kept::{Claimed, Failed, Finished, Issued, Kept, Setup, Spent, Stage};
use crate::keys::Keys;
use crate::pin::Pin;
use crate::reply::{Refusal, done, done_saying};
use crate::signature;

/// Letters and digits of an activation code.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Seconds for which ticket and code are good, and then again for which a confirmed device may take to finish.
const VALID_SECS: u64 = 600;

/// So many wrong codes end an activation.
const WRONG_CODES_MAX: u8 = 5;

/// Most characters of a user-selected PIN (R73).
const PIN_MAX: u8 = 8;

impl Issued {
    /// Draws a ticket and a code, good from now on.
    pub(crate) fn draw(entropy: &dyn Entropy, now_secs: u64) -> Self {
        Self { ticket: draw(entropy), code: draw_code(entropy), until: now_secs + VALID_SECS, wrong: 0 }
    }
}

/// Twelve letters and digits: 60 random bits. 32 divides 256, so each is as likely as any other.
fn draw_code(entropy: &dyn Entropy) -> Text<16> {
    let bytes = draw::<CODE_LEN>(entropy);
    let letter = |byte: &u8| CROCKFORD.get(usize::from(byte % 32)).copied().map_or('0', char::from);
    Text::new(bytes.bytes().iter().map(letter).collect::<String>())
}

/// What people need to bring a token onto a device, and how far it is.
pub(crate) fn show(kept: &Kept, request: &OfferRequest) -> Result<OfferView, PluginError> {
    let origin = request.origin.as_deref().ok_or_else(no_origin)?;
    let stage = stage_of(kept);
    let (link, code) = match &kept.stage {
        Stage::Issued(issued) => (link(origin, request.credential.as_str(), &issued.ticket), in_fours(&issued.code)),
        // Both were used: nothing is left to be shown.
        _ => (Secret::default(), Secret::default()),
    };
    Ok(OfferView::Activation { link, code, stage })
}

/// Where there is no origin for the app, nothing can be activated.
pub(crate) fn no_origin() -> PluginError {
    PluginError::Unavailable("this virtual server has no origin for the authenticator".into())
}

fn link(origin: &str, id: &str, ticket: &Fixed<32>) -> Secret {
    Secret::new(format!("{origin}/a/#v=1&i={id}&t={}", ticket.text().as_str()))
}

fn in_fours(code: &Text<16>) -> Secret {
    let letters: Vec<char> = code.as_str().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Secret::new(groups.join("-"))
}

fn stage_of(kept: &Kept) -> ActivationStage {
    match &kept.stage {
        Stage::Issued(_) => ActivationStage::Waiting,
        Stage::Claimed(claimed) if claimed.confirmed => {
            ActivationStage::SettingUp { device: claimed.device.name.clone() }
        }
        Stage::Claimed(claimed) => {
            ActivationStage::Found { device: claimed.device.name.clone(), check: claimed.check.as_str().to_owned() }
        }
        Stage::Failed(failed) => ActivationStage::Failed(failed.why),
        Stage::Active(active) => ActivationStage::Active { device: active.device.name.clone() },
        Stage::Locked(locked) => ActivationStage::Active { device: locked.device.name.clone() },
    }
}

/// The word of the browser that enrols.
pub(crate) fn confirm(kept: Kept, theirs: bool) -> Option<Kept> {
    let Stage::Claimed(claimed) = kept.stage else { return None };
    match (theirs, claimed.confirmed) {
        (true, true) => None,
        (true, false) => Some(Kept::of(Stage::Claimed(Box::new(Claimed { confirmed: true, ..*claimed })))),
        (false, _) => Some(failed(*claimed, ActivationFailure::NotMine)),
    }
}

/// An activation that came to nothing: the seed is gone with it.
fn failed(claimed: Claimed, why: ActivationFailure) -> Kept {
    Kept::of(Stage::Failed(Failed { why, spent: Some(claimed.spent), key: Some(claimed.key) }))
}

/// A copy of a device that is being activated has shown itself: neither is let in. `None` where nothing is being
/// activated.
pub(crate) fn spoil(kept: &mut Kept) -> Option<DeviceAnswer> {
    let Stage::Claimed(claimed) = &kept.stage else { return None };
    *kept = failed((**claimed).clone(), ActivationFailure::SecondDevice);
    Some(Refusal::AlreadyUsed.saying(vec![refused("second_device")]))
}

/// `activate/begin`.
pub(crate) fn begin(visit: &Visit<'_>, kept: Kept, begin: &Begin) -> DeviceAnswer {
    let signed = match signature::check(visit.call, &begin.pub_sig, begin.key_id(), visit.now) {
        Ok(signed) => signed,
        Err(refusal) => return refusal.into(),
    };
    if signed.sequence != 0 {
        return Refusal::Signature.into();
    }
    match kept.stage {
        Stage::Issued(issued) => claim(visit, issued, begin),
        Stage::Claimed(claimed) => claim_again(visit, *claimed, begin),
        Stage::Failed(Failed { spent: Some(spent), .. }) if spent.by(visit.keys, begin) => Refusal::AlreadyUsed.into(),
        Stage::Active(active) if active.spent.by(visit.keys, begin) => Refusal::AlreadyUsed.into(),
        Stage::Failed(_) | Stage::Active(_) | Stage::Locked(_) => Refusal::NotFound.into(),
    }
}

impl Spent {
    /// Whether a device shows what was used already.
    fn by(&self, keys: &Keys, begin: &Begin) -> bool {
        match begin.voucher() {
            Voucher::Ticket(ticket) => self.ticket(ticket),
            Voucher::Code(code) => code.is_some_and(|code| keys.code_mark(&code) == self.code),
        }
    }

    fn ticket(&self, ticket: &Fixed<32>) -> bool {
        Fixed::new(sha256(&[ticket.bytes()])) == self.ticket
    }
}

/// The first device comes.
fn claim(visit: &Visit<'_>, issued: Issued, begin: &Begin) -> DeviceAnswer {
    let right = match begin.voucher() {
        Voucher::Ticket(ticket) => *ticket == issued.ticket,
        Voucher::Code(code) => issued.takes_codes() && same_code(code.as_deref(), &issued.code),
    };
    if visit.token.state != TokenState::Assigned {
        return Refusal::NotFound.into();
    }
    match (right, begin.voucher()) {
        (true, _) if issued.over(visit) => expired(),
        (true, _) => claim_rightly(visit, &issued, begin),
        // Nobody should end an activation by trying. A ticket has 256 random bits, and nobody guesses it: it stays good though
        // somebody who knows a name has used up what a code may be typed wrong.
        (false, Voucher::Code(Some(_))) if !issued.over(visit) && issued.takes_codes() => wrong_code(issued),
        (false, _) => Refusal::NotFound.into(),
    }
}

impl Issued {
    fn over(&self, visit: &Visit<'_>) -> bool {
        visit.now.secs() > self.until
    }

    fn takes_codes(&self) -> bool {
        self.wrong < WRONG_CODES_MAX
    }
}

fn same_code(typed: Option<&str>, code: &Text<16>) -> bool {
    typed.unwrap_or_default().as_bytes().ct_eq(code.as_str().as_bytes()).into()
}

fn wrong_code(issued: Issued) -> DeviceAnswer {
    let issued = Issued { wrong: issued.wrong.saturating_add(1), ..issued };
    let said = if issued.takes_codes() { Vec::new() } else { vec![refused("wrong_code")] };
    keeping(Refusal::NotFound.saying(said), &Kept::of(Stage::Issued(issued)))
}

fn expired() -> DeviceAnswer {
    Refusal::Expired.saying(vec![refused("expired")])
}

fn refused(reason: &'static str) -> DeviceSaid {
    DeviceSaid::ActivationRefused { reason }
}

fn keeping(answer: DeviceAnswer, kept: &Kept) -> DeviceAnswer {
    DeviceAnswer { keep: Some(kept.write()), ..answer }
}

/// The platform that a device really is; `None` for one that no platform is for.
fn target_of(os: Os, form: Form) -> Option<Target> {
    match (form, os) {
        (Form::Desktop, _) | (Form::Tablet, Os::Windows) => Some(Target::WindowsDesktop),
        (Form::Phone | Form::Tablet, Os::Ios) => Some(Target::Ios),
        (Form::Phone | Form::Tablet, Os::Android) => Some(Target::Android),
        (Form::Phone, Os::Windows) => Some(Target::WindowsMobile),
        (Form::Phone | Form::Tablet, Os::Macos | Os::Linux | Os::Other) => None,
    }
}

fn wrong_target(visit: &Visit<'_>, failed: Failed) -> DeviceAnswer {
    let allowed = visit.token.allowed.to_vec();
    let answer = Refusal::TargetNotAllowed { allowed }.saying(vec![refused("target_not_allowed")]);
    keeping(answer, &Kept::of(Stage::Failed(failed)))
}

/// The device shows the right thing in time.
fn claim_rightly(visit: &Visit<'_>, issued: &Issued, begin: &Begin) -> DeviceAnswer {
    let Some(theirs) = agree::public_key(&begin.pub_dh) else { return Refusal::Malformed.into() };
    let spent = issued.spend(visit.keys);
    let (os, form) = (begin.device.os, begin.device.form);
    let Some(target) = target_of(os, form).filter(|target| visit.token.allowed.contains(target)) else {
        let why = ActivationFailure::TargetNotAllowed;
        return wrong_target(visit, Failed { why, spent: Some(spent), key: Some(begin.pub_sig.clone()) });
    };
    let Some(ours) = Offered::draw(visit.entropy) else { return Refusal::Unavailable.into() };
    let check = draw_check(visit.entropy);
    let device = begin.device.facts();
    let answer =
        done_saying(&welcome(visit, &ours, &check, issued.until), DeviceSaid::Found { device: device.clone() });
    let agreed = ours.with(&theirs, &begin.nonce, visit.token.id.as_str(), visit.token.template);
    let claimed = Claimed {
        spent,
        device,
        target,
        key: begin.pub_sig.clone(),
        asked: Fixed::new(sha256(&[visit.call.body])),
        answered: Blob::new(answer.body.clone()),
        transcript: agree::transcript(visit.call.body, &answer.body),
        check,
        seed: agreed.seed,
        confirm: agreed.confirm,
        until: issued.until,
        confirmed: false,
        window: Default::default(),
        registrations: 0,
        bio: None,
    };
    keeping(answer, &Kept::of(Stage::Claimed(Box::new(claimed))))
}

/// Four digits. 10,000 goes into 2^64 so often that none is likelier than another.
fn draw_check(entropy: &dyn Entropy) -> Text<4> {
    Text::new(format!("{:04}", u64::from_be_bytes(*draw::<8>(entropy).bytes()) % 10_000))
}

fn welcome(visit: &Visit<'_>, ours: &Offered, check: &Text<4>, until: u64) -> Value {
    let token = visit.token;
    json!({
        "id": token.id.as_str(),
        "pub_dh": ours.point,
        "nonce": ours.nonce,
        "check": check,
        "expires": until,
        "now": visit.now.secs(),
        "issuer": token.issuer,
        "account": token.account,
        "serial": token.serial,
        "portal": token.portal,
        "support": token.support,
        "template": template(token.template),
        "push": { "enabled": visit.push_enabled(), "vapid": visit.keys.vapid_point() },
    })
}

/// A template as devices read it.
pub(crate) fn template(template: &Template) -> Value {
    let mode = match template.mode {
        Mode::QuickLog => "quick_log",
        Mode::ChallengeResponse => "challenge_response",
    };
    let algorithm = match template.hash {
        HashAlgorithm::Sha1 => "SHA1",
        HashAlgorithm::Sha256 => "SHA256",
        HashAlgorithm::Sha512 => "SHA512",
    };
    let shape = token::shape(template).ok();
    let kind = shape.map(|shape| shape.kind);
    let period = kind.and_then(|kind| if let Kind::Time { period } = kind { Some(period.get()) } else { None });
    let ocra = shape.filter(|shape| shape.kind == Kind::Challenge).map(|shape| token::suite_name(shape.params.digits));
    json!({
        "mode": mode,
        "algorithm": algorithm,
        "digits": template.length,
        "period": period,
        "event": matches!(kind, Some(Kind::Event { .. })),
        "ocra": ocra,
        "pin": {
            "type": template.pin,
            "min_length": template.pin_length,
            "max_length": PIN_MAX,
            "allow_trivial": template.allow_trivial_pins,
            "complexity": complexity(template.min_pin_complexity),
            "max_attempts": template.max_pin_attempts,
        },
        "biometric": template.biometric,
    })
}

const fn complexity(complexity: Complexity) -> &'static str {
    match complexity {
        Complexity::Decimal => "decimal",
        Complexity::StrongAlphanumeric => "strong",
    }
}

/// A device comes where one has come already.
fn claim_again(visit: &Visit<'_>, claimed: Claimed, begin: &Begin) -> DeviceAnswer {
    let same_key = begin.pub_sig == claimed.key;
    if !same_key && !claimed.spent.by(visit.keys, begin) {
        return Refusal::NotFound.into();
    }
    if claimed.over(visit) {
        return expired();
    }
    let same_call = Fixed::new(sha256(&[visit.call.body])) == claimed.asked;
    let second = || Refusal::AlreadyUsed.saying(vec![refused("second_device")]);
    match (same_key, claimed.confirmed) {
        // It is answered what it was answered before, to the byte.
        (true, _) if same_call => DeviceAnswer {
            status: 200,
            body: claimed.answered.bytes().to_vec(),
            keep: None,
            said: Vec::new(),
            by: CalledBy::Anybody,
        },
        (true, _) => Refusal::AlreadyUsed.into(),
        // Somebody has photographed the code, or reads along: which of both is the user's is not known.
        (false, false) => keeping(second(), &failed(claimed, ActivationFailure::SecondDevice)),
        (false, true) => second(),
    }
}

impl Claimed {
    /// Whether its time is over: a confirmed one has as long again as a code is good.
    pub(crate) fn over(&self, visit: &Visit<'_>) -> bool {
        let more = if self.confirmed { VALID_SECS } else { 0 };
        visit.now.secs() > self.until.saturating_add(more)
    }
}

/// `activate/handoff`: another ticket for the same activation.
pub(crate) fn handoff(visit: &Visit<'_>, kept: Kept, call: &Handoff) -> DeviceAnswer {
    let used = |spent: &Spent| if spent.ticket(&call.ticket) { Refusal::AlreadyUsed } else { Refusal::NotFound };
    match kept.stage {
        Stage::Issued(issued) if call.ticket != issued.ticket || visit.token.state != TokenState::Assigned => {
            Refusal::NotFound.into()
        }
        Stage::Issued(issued) if issued.over(visit) => expired(),
        Stage::Issued(issued) => {
            let ticket = draw(visit.entropy);
            let answer = done(&json!({ "ticket": ticket }));
            keeping(answer, &Kept::of(Stage::Issued(Issued { ticket, ..issued })))
        }
        Stage::Claimed(claimed) => used(&claimed.spent).into(),
        Stage::Failed(Failed { spent: Some(spent), .. }) => used(&spent).into(),
        Stage::Active(active) => used(&active.spent).into(),
        Stage::Failed(_) | Stage::Locked(_) => Refusal::NotFound.into(),
    }
}

/// `activate/status`.
pub(crate) fn status(visit: &Visit<'_>, kept: &Kept) -> DeviceAnswer {
    let told = |state: &str, reason: Option<Value>| done(&json!({ "state": state, "reason": reason }));
    match &kept.stage {
        Stage::Issued(_) => Refusal::NotFound.into(),
        Stage::Claimed(claimed) if claimed.over(visit) => told("failed", Some(json!("expired"))),
        Stage::Claimed(claimed) if claimed.confirmed => told("confirmed", None),
        Stage::Claimed(_) => told("claimed", None),
        Stage::Failed(failed) => told("failed", Some(json!(failed.why))),
        Stage::Active(_) | Stage::Locked(_) => told("active", None),
    }
}

/// `activate/finish`.
pub(crate) fn finish(visit: &Visit<'_>, kept: &mut Kept, call: &Finish) -> DeviceAnswer {
    let asked = Fixed::new(sha256(&[visit.call.body]));
    let claimed = match &kept.stage {
        Stage::Claimed(claimed) => claimed,
        // The answer was lost on its way.
        Stage::Active(active) if active.finished.asked == asked => return finished(&active.finished.mac),
        Stage::Active(_) | Stage::Failed(_) => return Refusal::AlreadyUsed.into(),
        Stage::Issued(_) | Stage::Locked(_) => return Refusal::NotFound.into(),
    };
    if claimed.over(visit) {
        return expired();
    }
    if !claimed.confirmed {
        return Refusal::NotNow.into();
    }
    // What is allowed may have changed while somebody thought about a PIN.
    if !visit.token.allowed.contains(&claimed.target) {
        let allowed = visit.token.allowed.to_vec();
        *kept = failed((**claimed).clone(), ActivationFailure::TargetNotAllowed);
        return Refusal::TargetNotAllowed { allowed }.saying(vec![refused("target_not_allowed")]);
    }
    let setup = match set_up(visit, claimed, call, asked) {
        Ok(setup) => setup,
        Err(Refusal::WrongMac) => return Refusal::WrongMac.saying(vec![refused("wrong_mac")]),
        Err(refusal) => return refusal.into(),
    };
    let target = claimed.target;
    let mac = setup.finished.mac.clone();
    let active = (**claimed).clone().into_active(setup);
    let said = DeviceSaid::Activated { device: active.device.clone(), target };
    kept.stage = Stage::Active(Box::new(active));
    DeviceAnswer { said: vec![said], ..finished(&mac) }
}

fn finished(mac: &Fixed<32>) -> DeviceAnswer {
    done(&json!({ "state": "active", "mac": mac }))
}

/// Checks everything that a finish brings.
fn set_up(visit: &Visit<'_>, claimed: &Claimed, call: &Finish, asked: Fixed<32>) -> Result<Setup, Refusal> {
    let template = visit.token.template;
    if call.mac != agree::device_mac(&claimed.confirm, &claimed.transcript) {
        return Err(Refusal::WrongMac);
    }
    let pin = match (template.pin, &call.pin) {
        (PinType::UserSelected, Some(record)) => Some(Pin::new(record).ok_or(Refusal::Malformed)?),
        (PinType::None | PinType::ServerSide, None) => None,
        // Without a PIN where there must be one, or with one where there is none.
        _ => return Err(Refusal::NotAllowed),
    };
    let subscription = call.push.clone();
    if let Some(subscription) = &subscription {
        visit.check_subscription(subscription)?;
    }
    let shape = token::shape(template).map_err(|_| Refusal::Unavailable)?;
    let passcodes = Passcodes::new(Zeroizing::new(claimed.seed.bytes().to_vec()));
    let passcodes = token::first(passcodes, shape, &Secret::new(call.otp.as_str()), visit.now);
    let passcodes = passcodes.ok_or(Refusal::WrongOtp)?;
    let mac = agree::gateway_mac(&claimed.confirm, &claimed.transcript);
    let issuer = visit.token.issuer.to_owned();
    let wanted = call.push_wanted;
    Ok(Setup { issuer, passcodes, finished: Finished { asked, mac }, pin, wanted, subscription })
}
