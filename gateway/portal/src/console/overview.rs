//! The start page: what needs attention, each with the way to it, or that all is well.

use std::time::Duration;

use axum::extract::State;
use doorward_access::approvals::MOST_OPEN;
use doorward_access::manage::ManageError;
use doorward_api::ports::Page;
use doorward_api::settings::{SelfProvisioning, TargetSettings};
use doorward_api::{ApprovalState, Module, PendingAct, Timestamp, TokenState};
use doorward_views::console::{ConsolePage, Counted, OverviewPage, Told};
use doorward_views::console_enrolment;
use http::StatusCode;

use super::records::counting;
use super::signed::Signed;
use super::{Console, Shared, approvals, grants, provisioning_rules, rules};
use crate::answer::Answer;
use crate::fault::Fault;

/// From when on the end of a certificate is told of.
const SOON: Duration = Duration::from_hours(30 * 24);

/// `GET /`
pub(super) async fn start(State(console): State<Shared>, signed: Signed) -> Answer {
    let tokens = if signed.may(Module::Tokens.view()) {
        Some(console.parts.manager.token_counts_now(&signed.vs.id, signed.caller.now).await?)
    } else {
        None
    };
    let counted = tokens.iter().flatten().next();
    let count = |key: &str, state| counted.map(|counted| Counted { key: key.into(), count: counted.of(state) });
    let counts = [
        count("console-count-tokens-active", TokenState::Active),
        count("console-count-tokens-assigned", TokenState::Assigned),
    ];
    let locked = counted.map_or(0, |counted| counted.locked);
    let page = OverviewPage {
        attention: attention(&console, &signed, locked).await?,
        counts: counts.into_iter().flatten().collect(),
        counting: tokens
            .as_ref()
            .and_then(|tokens| counting(tokens.as_ref().map(|counted| counted.at), signed.caller.now)),
    };
    console.page(&signed, "/", StatusCode::OK, ConsolePage::Start(page))
}

async fn attention(console: &Console, signed: &Signed, locked: u64) -> Result<Vec<Told>, Fault> {
    // Nobody is told of what they may not look at.
    let may = |module: Module| signed.may(module.view());
    let mut found = acts(console, signed).await?;
    if may(Module::Users) {
        found.extend(waiting(console, signed).await?);
    }
    if may(Module::TokenPolicies) {
        found.extend(platforms(console, signed).await?);
    }
    if may(Module::SelfProvisioning) {
        found.extend(otp_alone(console, signed).await?);
        if group_is_gone(console, signed).await? {
            found.push(Told::new("console-attention-group-gone").at_page("/settings/self-provisioning"));
        }
        found.extend(rules::of_groups_gone(console, signed).await?);
    }
    if may(Module::Provisioning) {
        found.extend(provisioning_rules::of_groups_gone(console, signed).await?);
    }
    found.extend((console.parts.late_mail)(&signed.vs.id).map(OverviewPage::mail_waits));
    if locked > 0 {
        found.push(Told::new("console-attention-locked").about(locked.to_string()).at_page("/tokens?locked=on"));
    }
    found.extend((console.parts.certificates)().into_iter().filter_map(|(host, end)| certificate(host, end, signed)));
    Ok(found)
}

/// What waits for this operator to decide it, and what was approved and is theirs to do now.
async fn acts(console: &Console, signed: &Signed) -> Result<Vec<Told>, Fault> {
    if signed.waiting == 0 {
        return Ok(Vec::new());
    }
    let all = Page { after: String::new(), limit: MOST_OPEN };
    let open = console.approvals().list(&signed.caller.at(&signed.vs.id), &signed.session, true, &all).await;
    let own = |act: &&PendingAct| act.operator == signed.session.operator.id;
    let approved = |act: &&PendingAct| act.state_at(signed.caller.now) == ApprovalState::Approved;
    let theirs = open.map_err(approvals::fault_of)?.items.iter().filter(own).filter(approved).count() as u64;
    let of =
        [("console-attention-approvals", signed.waiting.saturating_sub(theirs)), ("console-attention-collect", theirs)];
    let told = |(key, count): (&str, u64)| (count > 0).then(|| Told::new(key).counting(count).at_page(approvals::HERE));
    Ok(of.into_iter().filter_map(told).collect())
}

/// Somebody waits for an operator.
async fn waiting(console: &Console, signed: &Signed) -> Result<Option<Told>, Fault> {
    let count = grants::waiting(console, signed).await?;
    Ok((count > 0).then(|| console_enrolment::waiting(count)))
}

/// Policies by which whoever can read a user's mail can set up an authenticator for them. An enrolment rule can ask for more than
/// the emailed code, and where each of them does, it is no matter of concern.
async fn otp_alone(console: &Console, signed: &Signed) -> Result<Vec<Told>, Fault> {
    let policies = signed.vs.policies.otp_alone();
    if policies.is_empty() || rules::ask_everybody_for_more(console, signed).await? {
        return Ok(Vec::new());
    }
    let told = |policy: &str| Told::new("console-attention-otp-alone").about(policy).at_page(rules::HERE);
    Ok(policies.into_iter().map(|policy| told(policy.as_str())).collect())
}

/// Nobody can be offered anything.
async fn platforms(console: &Console, signed: &Signed) -> Result<Vec<Told>, Fault> {
    let manager = &console.parts.manager;
    let allowed = manager.setting::<TargetSettings>(&signed.vs.id).await?.document;
    if allowed.allowed().next().is_none() {
        return Ok(vec![Told::new("console-attention-no-platform").at_page("/policies/software-token")]);
    }
    let feasible = manager.feasible(&signed.vs.id).await?;
    if allowed.allowed().any(|target| feasible.contains(&target)) {
        return Ok(Vec::new());
    }
    Ok(vec![Told::new("console-attention-no-plugin").at_page("/policies/token-templates")])
}

/// A listed group was deleted (R40).
async fn group_is_gone(console: &Console, signed: &Signed) -> Result<bool, Fault> {
    let settings = console.parts.manager.setting::<SelfProvisioning>(&signed.vs.id).await?.document;
    for group in settings.target_users.groups() {
        match console.parts.manager.group(&signed.vs.id, group).await {
            Ok(_) => {}
            Err(ManageError::NotFound) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

fn certificate(host: String, end: Timestamp, signed: &Signed) -> Option<Told> {
    let now = signed.caller.now;
    let key = match (end <= now, end.since(now) < SOON) {
        (true, _) => "console-attention-certificate-over",
        (false, true) => "console-attention-certificate",
        (false, false) => return None,
    };
    Some(Told::new(key).about(host).when(end))
}
