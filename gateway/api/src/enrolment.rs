//! The enrolment history report (self-provisioning.md 5.2): one row for each enrolment transaction, folded from the records
//! of the audit trail and from nothing else, so that the two can never disagree.

use serde::{Deserialize, Serialize};

use crate::audit::EventKind;
use crate::ids::{GroupId, UserId};
use crate::time::Timestamp;
use crate::trail::{Fact, Order};

/// What has become of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentResult {
    /// Offered, and never begun: no row of the report unless it is asked for.
    #[default]
    Offered,
    /// Under way.
    InProgress,
    /// The token is in use; nobody has signed in with it yet.
    Completed,
    /// Somebody has signed in with it.
    Confirmed,
    /// Ended by the user, or for them.
    Cancelled,
    /// Left, and out of time.
    Expired,
    /// Something stood in the way; `reason` says what.
    Failed,
    /// Another one of the same user took its place.
    Superseded,
}

impl EnrolmentResult {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Offered,
        Self::InProgress,
        Self::Completed,
        Self::Confirmed,
        Self::Cancelled,
        Self::Expired,
        Self::Failed,
        Self::Superseded,
    ];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }

    /// Back from [`EnrolmentResult::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }

    /// Whether a token came of it.
    pub const fn succeeded(self) -> bool {
        matches!(self, Self::Completed | Self::Confirmed)
    }
}

/// Who has set it going (R82).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiation {
    /// The user, at the portal: the requirements' "user-initiated".
    #[default]
    SelfProvisioning,
    /// The link of a provisioning mail; by whose task it came is the initiator.
    ProvisioningEmail,
    /// An operator, without a mail. It can be asked for and never occurs: a thing that an operator gives comes into use without an
    /// enrolment, and everybody else enrols by mail.
    Operator,
    /// A provisioning rule.
    Rule,
}

impl Initiation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SelfProvisioning, Self::ProvisioningEmail, Self::Operator, Self::Rule];

    /// Those that occur.
    pub const OCCURRING: [Self; 3] = [Self::SelfProvisioning, Self::ProvisioningEmail, Self::Rule];

    /// The name in the store and the API, and of the detail `initiatedBy` of a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfProvisioning => "self_provisioning",
            Self::ProvisioningEmail => "provisioning_email",
            Self::Operator => "operator",
            Self::Rule => "rule",
        }
    }

    /// Back from [`Initiation::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|initiation| initiation.as_str() == text)
    }
}

/// The steps of the funnel, in order. Each has the time at which it was first reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunnelStep {
    /// Offered.
    Offered,
    /// Begun: "Add authenticator" was pressed.
    Started,
    /// The emailed code was right, or there was none to ask for.
    CodeAccepted,
    /// A platform was chosen, and the token issued.
    TargetChosen,
    /// The token is in use.
    Activated,
    /// Somebody has signed in with it.
    FirstUse,
}

impl FunnelStep {
    /// In order.
    pub const ALL: [Self; 6] =
        [Self::Offered, Self::Started, Self::CodeAccepted, Self::TargetChosen, Self::Activated, Self::FirstUse];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Started => "started",
            Self::CodeAccepted => "code_accepted",
            Self::TargetChosen => "target_chosen",
            Self::Activated => "activated",
            Self::FirstUse => "first_use",
        }
    }
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Enrolment {
    /// The transaction: the flow's id.
    pub id: String,
    /// The number of its first record.
    pub first_seq: i64,
    /// The number of its newest.
    pub last_seq: i64,
    /// When its first record was appended.
    pub began_at: Timestamp,
    /// When each step was first reached, in the order of [`FunnelStep::ALL`]; nothing for one that was not asked for.
    pub steps: [Option<Timestamp>; 6],
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What has become of it.
    pub result: EnrolmentResult,
    /// Why, for all but success; empty where nothing is known.
    pub reason: String,
    /// Where it stood when it ended.
    pub last_step: String,
    /// Whose, by row.
    pub user: Option<UserId>,
    /// By the name that was used.
    pub used_name: String,
    /// Who has set it going.
    pub initiation: Initiation,
    /// The operator's or the rule's name.
    pub initiator: String,
    /// Another authenticator beside one that is there.
    pub additional: bool,
    /// The application that was asked for.
    pub application: String,
    /// The policy that asked for a passcode.
    pub policy: String,
    /// The kind of token.
    pub kind: String,
    /// Its serial number.
    pub serial: String,
    /// The operating system: what was chosen, then what the device says.
    pub os: String,
    /// The kind of device.
    pub device_type: String,
    /// What the device calls itself.
    pub device_name: String,
    /// The device may be woken for a request.
    pub push: Option<bool>,
    /// Its PIN type.
    pub pin_type: String,
    /// It is opened by fingerprint or face.
    pub biometric: Option<bool>,
    /// The version of the token template.
    pub template_version: Option<i64>,
    /// Where the browser was.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// Where the device was.
    pub device_address: String,
    /// The language of the pages.
    pub language: String,
    /// How many codes were mailed.
    pub codes_sent: u32,
    /// How many codes were wrong.
    pub wrong_codes: u32,
    /// How many passcodes were.
    pub wrong_passcodes: u32,
    /// How often another QR code was asked for.
    pub refreshes: u32,
    /// "Not you?" was pressed.
    pub disputed: bool,
    /// What stands in the way at the moment; it becomes the reason if nothing follows.
    pub trouble: String,
}

impl Enrolment {
    /// When a step was first reached.
    pub fn step(&self, step: FunnelStep) -> Option<Timestamp> {
        self.steps.get(step as usize).copied().flatten()
    }

    /// When it was begun.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.step(FunnelStep::Started)
    }

    /// How long it took, in milliseconds.
    pub fn duration(&self) -> Option<i64> {
        Some(self.finished_at?.millis().saturating_sub(self.started_at()?.millis()).max(0))
    }

    /// The furthest step that was reached: those before it were, or there was no need of them.
    pub fn furthest(&self) -> usize {
        self.steps.iter().rposition(Option::is_some).unwrap_or_default()
    }

    fn reach(&mut self, step: FunnelStep, at: Timestamp) {
        if let Some(seen) = self.steps.get_mut(step as usize) {
            seen.get_or_insert(at);
        }
    }

    fn end(&mut self, result: EnrolmentResult, at: Timestamp) {
        self.result = result;
        self.finished_at = Some(at);
    }
}

/// By what the row of a record is found. The one is tried before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The transaction that the record names.
    pub flow: Option<&'a str>,
    /// The token that it names: devices know of no transaction.
    pub serial: Option<&'a str>,
}

/// Where a record belongs; nowhere for what is no matter of an enrolment.
pub fn place(fact: &Fact) -> Option<Place<'_>> {
    use EventKind as E;
    let kind = fact.kind?;
    let of_device = matches!(
        kind,
        E::ActivationStarted
            | E::ActivationConfirmed
            | E::ActivationDisowned
            | E::ActivationCompleted
            | E::ActivationFailed
            | E::ActivationCodeReused
            | E::EnrollmentConfirmed
            | E::EnrollmentDisputed
            | E::TokenActivated
    );
    let concerns = of_device || fact.record_type == "ENROLLMENT" || kind == E::AuthFailure;
    let flow = fact.context("transactionId").filter(|_| concerns);
    let serial = fact.text("serial").filter(|_| of_device);
    (flow.is_some() || serial.is_some()).then_some(Place { flow, serial })
}

/// Whether a record may be the first of a transaction.
const fn begins(kind: EventKind) -> bool {
    use EventKind as E;
    matches!(
        kind,
        E::SelfProvisioningOffered
            | E::AddAuthenticatorSelected
            | E::VerificationCodeSent
            | E::VerificationCodeFailed
            | E::VerificationCodeAccepted
            | E::TargetSelected
            | E::ActivationCodeIssued
    )
}

/// The row after one more record of it. `None` for a record that belongs to no row.
pub fn fold(row: Option<Enrolment>, fact: &Fact) -> Option<Enrolment> {
    let kind = fact.kind?;
    let mut row = match row {
        Some(row) => row,
        None if begins(kind) => Enrolment {
            id: fact.context("transactionId")?.to_owned(),
            first_seq: fact.seq,
            began_at: fact.at,
            ..Enrolment::default()
        },
        None => return None,
    };
    row.last_seq = fact.seq;
    described(&mut row, fact);
    happened(&mut row, kind, fact);
    Some(row)
}

/// What a record tells of who, where and with what.
fn described(row: &mut Enrolment, fact: &Fact) {
    fill(&mut row.used_name, fact.context("usedName"));
    fill(&mut row.application, fact.context("applicationName"));
    fill(&mut row.policy, fact.context("policyName"));
    fill(&mut row.serial, fact.text("serial"));
    fill(&mut row.user_agent, fact.text("userAgent"));
    fill(&mut row.language, fact.text("language"));
    fill(&mut row.initiator, fact.text("initiator"));
    if row.user.is_none() {
        row.user = fact.context("principalId").map(UserId::from);
    }
    // What devices send names no transaction.
    match fact.context("transactionId") {
        Some(_) => fill(&mut row.address, fact.context("originatingAddress")),
        None => fill(&mut row.device_address, fact.context("originatingAddress")),
    }
    for (into, name) in [
        (&mut row.kind, "kind"),
        (&mut row.os, "os"),
        (&mut row.device_type, "deviceType"),
        (&mut row.device_name, "deviceName"),
        (&mut row.pin_type, "pinType"),
    ] {
        // The newest word counts: the device that was scanned is not always the one that was chosen.
        if let Some(said) = fact.text(name) {
            said.clone_into(into);
        }
    }
    let flag = |name: &str| fact.detail(name).and_then(serde_json::Value::as_bool);
    row.push = flag("pushCapable").or(row.push);
    row.biometric = flag("biometric").or(row.biometric);
    row.additional |= flag("additional").unwrap_or_default();
    row.template_version = fact.detail("templateVersion").and_then(serde_json::Value::as_i64).or(row.template_version);
    if let Some(initiation) = fact.text("initiatedBy").and_then(Initiation::parse) {
        row.initiation = initiation;
    }
}

fn fill(field: &mut String, said: Option<&str>) {
    if let Some(said) = said.filter(|_| field.is_empty()) {
        said.clone_into(field);
    }
}

/// What a record means for the outcome.
fn happened(row: &mut Enrolment, kind: EventKind, fact: &Fact) {
    use EnrolmentResult as R;
    use EventKind as E;
    let (at, reason) = (fact.at, fact.text("reason").unwrap_or_default());
    let more = |count: &mut u32| *count = count.saturating_add(1);
    let trouble = |row: &mut Enrolment, what: &str| what.clone_into(&mut row.trouble);
    match kind {
        E::SelfProvisioningOffered => row.reach(FunnelStep::Offered, at),
        E::AddAuthenticatorSelected => begun(row, FunnelStep::Started, at),
        E::VerificationCodeSent => {
            begun(row, FunnelStep::Started, at);
            more(&mut row.codes_sent);
        }
        E::VerificationCodeAccepted | E::HelpDeskCodeAccepted => begun(row, FunnelStep::CodeAccepted, at),
        E::TargetSelected | E::ActivationCodeIssued => begun(row, FunnelStep::TargetChosen, at),
        E::ActivationCodeRefreshed => {
            row.trouble.clear();
            more(&mut row.refreshes);
        }
        E::VerificationCodeFailed => {
            begun(row, FunnelStep::Started, at);
            trouble(row, reason);
        }
        E::VerificationCodeRejected | E::HelpDeskCodeRejected => {
            more(&mut row.wrong_codes);
            if fact.detail("triesLeft").and_then(serde_json::Value::as_i64) == Some(0) {
                trouble(row, "wrong_code");
            }
        }
        E::VerificationCodeExpired => trouble(row, "code_expired"),
        E::VerificationCodeLimit | E::HelpDeskCodeLimit => trouble(row, "code_limit"),
        E::ActivationFailed => trouble(row, reason),
        E::ActivationDisowned => trouble(row, "not_mine"),
        E::AuthFailure => more(&mut row.wrong_passcodes),
        E::TokenActivated | E::ActivationCompleted => {
            row.reach(FunnelStep::Activated, at);
            succeed(row, R::Completed, at);
        }
        E::EnrollmentConfirmed => {
            row.reach(FunnelStep::FirstUse, at);
            succeed(row, R::Confirmed, at);
        }
        E::EnrollmentDisputed => row.disputed = true,
        E::EnrollmentDeferred => leave(row, R::Offered, "deferred", at),
        E::EnrollmentCancelled => ended(row, R::Cancelled, fact),
        E::EnrollmentSuperseded => ended(row, R::Superseded, fact),
        E::EnrollmentExpired => {
            let failed = !row.trouble.is_empty() && row.started_at().is_some();
            ended(row, if failed { R::Failed } else { R::Expired }, fact);
        }
        // Withdrawn in the midst of it.
        E::SelfProvisioningNotOffered => leave(row, R::Failed, reason, at),
        _ => {}
    }
}

fn begun(row: &mut Enrolment, step: FunnelStep, at: Timestamp) {
    row.reach(FunnelStep::Started, at);
    row.reach(step, at);
    row.trouble.clear();
    if row.result == EnrolmentResult::Offered {
        row.result = EnrolmentResult::InProgress;
        row.finished_at = None;
        row.reason.clear();
    }
}

fn succeed(row: &mut Enrolment, result: EnrolmentResult, at: Timestamp) {
    // It took until the token was in use; when somebody first signs in with it is another matter.
    let finished = if row.result.succeeded() { row.finished_at } else { None };
    row.end(result, finished.unwrap_or(at));
    row.trouble.clear();
    row.reason.clear();
}

/// It ended, unless a token has come of it before.
fn ended(row: &mut Enrolment, result: EnrolmentResult, fact: &Fact) {
    if row.result.succeeded() {
        return;
    }
    let why = if row.trouble.is_empty() { result.as_str() } else { &row.trouble }.to_owned();
    leave(row, result, &why, fact.at);
    if let Some(step) = fact.text("lastStep") {
        step.clone_into(&mut row.last_step);
    }
}

fn leave(row: &mut Enrolment, result: EnrolmentResult, why: &str, at: Timestamp) {
    if row.result.succeeded() {
        return;
    }
    let result = if row.started_at().is_none() { EnrolmentResult::Offered } else { result };
    row.end(result, at);
    why.clone_into(&mut row.reason);
}

/// Which rows are asked for; each condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnrolmentFilter {
    /// Offered or begun, whichever came first, at this time or later: [`Enrolment::began_at`].
    pub from: Option<Timestamp>,
    /// The same before this.
    pub until: Option<Timestamp>,
    /// Set going by.
    pub initiation: Option<Initiation>,
    /// What has become of it; all that were begun when it is not said.
    pub result: Option<EnrolmentResult>,
    /// Of this user.
    pub user: Option<UserId>,
    /// Of users who are in this group themselves.
    pub group: Option<GroupId>,
    /// Of the token with this serial number.
    pub serial: String,
    /// From this address.
    pub address: String,
    /// For this application.
    pub application: String,
    /// On this operating system.
    pub os: String,
    /// Those that were offered and never begun, too.
    pub offered: bool,
    /// Which come first.
    pub order: Order,
}

/// A row with what is known of its user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// As it was folded.
    pub enrolment: Enrolment,
    /// The user's sign-in name; none where the user is gone.
    pub name: Option<String>,
    /// The name to show.
    pub display_name: String,
    /// The groups that the user is in themselves.
    pub groups: Vec<String>,
}

/// How many transactions came to what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many there are.
    pub counted: u64,
    /// How many ended how; results that there were none of are not listed.
    pub results: Vec<(EnrolmentResult, u64)>,
    /// The middle one of how long those took that succeeded, in milliseconds.
    pub median_duration: Option<i64>,
    /// The commonest reason of those that did not succeed, and how many had it.
    pub top_reason: Option<(String, u64)>,
    /// The funnel, in the order of [`FunnelStep::ALL`].
    pub funnel: Vec<StepTotal>,
}

impl Totals {
    /// How many were begun.
    pub fn started(&self) -> u64 {
        self.count(|result| result != EnrolmentResult::Offered)
    }

    /// How many succeeded.
    pub fn completed(&self) -> u64 {
        self.count(EnrolmentResult::succeeded)
    }

    /// How many of those that were begun succeeded, in thousandths.
    pub fn completion_rate(&self) -> Option<u64> {
        self.completed().saturating_mul(1000).checked_div(self.started())
    }

    fn count(&self, of: impl Fn(EnrolmentResult) -> bool) -> u64 {
        self.results.iter().filter(|(result, _)| of(*result)).map(|(_, count)| count).sum()
    }
}

/// A step of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepTotal {
    /// Which.
    pub step: FunnelStep,
    /// How many have reached it.
    pub reached: u64,
    /// The middle one of how long it took from the step before, in milliseconds.
    pub median: Option<i64>,
}

/// Somebody who has no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingUser {
    /// Their row.
    pub id: UserId,
    /// The sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The mail address.
    pub email: Option<String>,
}

/// Whom a missing count is of: everybody in one of these groups, those that lie in them included, but not in one of those;
/// everybody where there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// In one of these.
    pub within: Vec<GroupId>,
    /// Anybody, in whichever groups.
    pub everybody: bool,
    /// In none of these.
    pub without: Vec<GroupId>,
    /// And in one of these, too, if this is said.
    pub targets: Option<Vec<GroupId>>,
}

#[cfg(test)]
mod tests;
