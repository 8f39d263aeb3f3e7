//! What operators grant to those who enrol: who waits for an approval, and what stands of it for one user.

use axum::extract::{RawQuery, State};
use doorward_api::user::UserRecord;
use doorward_api::{Grant, GrantRecord, GrantState, Module};
use doorward_tokens::{NeededGrant, rule_for};
use doorward_views::console::Told;
use doorward_views::console_enrolment::{Granted, REQUESTS, RequestLine, RequestsPage};
use doorward_views::console_records::RecordsPage;
use http::StatusCode;

use super::records::{at, linked, notice, part, parts, path_with, query, show};
use super::signed::Signed;
use super::{Console, Shared, rules, users};
use crate::answer::Answer;
use crate::fault::Fault;

/// In the address of a form that the list leads to: whoever comes from there goes back there.
pub(super) const FROM: &str = "from";
/// The list's word for it.
pub(super) const LIST: &str = "requests";

/// So many are counted at a time.
const COUNTED: u32 = 200;

/// `GET /enrolment-requests?after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let page = part(&query);
    let found = console.parts.manager.enrolment_requests(&signed.vs.id, &page, signed.caller.now).await?;
    let page = RequestsPage {
        requests: found.items.iter().map(|record| line(record, &signed)).collect(),
        parts: parts(REQUESTS, &[], &page.after, found.next.as_deref()),
        notice: notice(&query),
    };
    show(&console, &signed, REQUESTS, StatusCode::OK, RecordsPage::Requests(page))
}

fn line(record: &GrantRecord, signed: &Signed) -> RequestLine {
    let path = at(users::HERE, record.grant.user.as_str());
    let form =
        |task: &str| signed.may(Module::Users.edit()).then(|| path_with(&format!("{path}/{task}"), &[(FROM, LIST)]));
    RequestLine {
        user: linked(users::HERE, record.grant.user.as_str(), &record.name),
        display_name: record.display_name.clone(),
        approve: form("approve"),
        refuse: form("refuse"),
        ..asked(&record.grant)
    }
}

/// When, from where and with what somebody has asked.
fn asked(grant: &Grant) -> RequestLine {
    RequestLine {
        at: grant.at,
        until: grant.expires_at,
        address: grant.details.address.map(|address| address.to_string()),
        browser: grant.details.user_agent.clone(),
        ..RequestLine::default()
    }
}

/// How many wait for an approval.
pub(super) async fn waiting(console: &Console, signed: &Signed) -> Result<u64, Fault> {
    let mut page = doorward_api::ports::Page { after: String::new(), limit: COUNTED };
    let mut count = 0u64;
    loop {
        let found = console.parts.manager.enrolment_requests(&signed.vs.id, &page, signed.caller.now).await?;
        count = count.saturating_add(found.items.len() as u64);
        let Some(next) = found.next else { return Ok(count) };
        page.after = next;
    }
}

/// What stands of an enrolment.
pub(super) struct Standing {
    /// What is granted, or asked for.
    grant: Option<Grant>,
    /// What the user's enrolment rule asks for, as things stand.
    needed: Option<NeededGrant>,
}

impl Standing {
    pub(super) async fn of(console: &Console, signed: &Signed, user: &UserRecord) -> Result<Self, Fault> {
        let grant = console.parts.manager.grant(&signed.vs.id, &user.user.id, signed.caller.now).await?;
        let rules = rules::stored(console, signed).await?.document;
        let rule = rule_for(&rules, &user.user.groups);
        Ok(Self { grant, needed: rule.and_then(|rule| NeededGrant::of(&rule.proof)) })
    }

    pub(super) fn is(&self, state: GrantState) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.state == state)
    }

    /// Something is granted, asked for, or refused.
    pub(super) fn any(&self) -> bool {
        self.grant.is_some()
    }

    /// The rule asks for this.
    pub(super) fn needs(&self, what: NeededGrant) -> bool {
        self.needed == Some(what)
    }

    /// The name of the state, as forms carry it; empty where there is none.
    pub(super) fn name(&self) -> &'static str {
        self.grant.as_ref().map_or("", |grant| grant.state.as_str())
    }

    /// As the user's page tells it.
    pub(super) fn granted(&self) -> Option<Granted> {
        let grant = self.grant.as_ref()?;
        let granted = Granted::new(grant.state, grant.at, grant.expires_at);
        Some(granted.by(grant.details.operator.clone(), grant.details.reason.as_str()))
    }

    /// The facts of a request, for whoever decides.
    pub(super) fn facts(&self) -> Vec<Told> {
        self.grant.as_ref().filter(|_| self.is(GrantState::Asked)).map(|grant| asked(grant).told()).unwrap_or_default()
    }
}
