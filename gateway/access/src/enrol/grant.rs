//! The extra proof between the emailed code and the token, where the user's enrolment rule asks for one: an operator's approval, or
//! the help desk's code. Whoever has another's password and mailbox has neither.

use std::time::Duration;

use doorward_api::flow::Notice;
use doorward_api::ports::{Act, Change, MeterKey, MeterScope, Taken};
use doorward_api::{
    CredentialId, EventKind, Flow, FlowData, Grant, GrantDetails, GrantState, ScreenPage, Secret, Step, StoreError,
};
use doorward_tokens::NeededGrant;

use super::driver::Applicant;
use super::step::{Event, Standing};
use crate::drawn::plain;
use crate::signin::pin::is_right;
use crate::signin::{Desk, DeskError, Held, Stop};
use crate::visit::{Moved, StepForm, Visit};

/// How long a request waits for an operator.
const REQUEST_LIFE: Duration = Duration::from_hours(7 * 24);

/// Codes of the help desk that a user may get wrong in a day.
pub(crate) const CODE_TRIES: u32 = 5;

/// Characters of the help desk's code, without its hyphen.
pub(crate) const CODE_LENGTH: usize = 8;

const DAY: Duration = Duration::from_hours(24);

/// Characters of a browser's name that operators are shown.
const LONGEST_USER_AGENT: usize = 200;

impl Applicant {
    /// A token uses up the approval by which it was enrolled.
    pub(super) fn approval_used(&self, data: &FlowData) -> Option<Act> {
        let state = data.granted.filter(|state| *state == GrantState::Approved)?;
        Some(Act::GrantTake { user: self.user.id.clone(), state })
    }
}

impl Desk {
    /// The user of a flow behind the emailed code, if the grant that their rule asks for is there still. If it is not, the flow goes
    /// back to where it is asked for (EN-05).
    pub(super) async fn granted_applicant(&self, visit: &Visit, held: &Held) -> Result<Applicant, Stop> {
        let who = self.applicant(visit, held).await?;
        match self.standing(visit, &who, held.flow().data.granted).await? {
            Standing::NotNeeded | Standing::Given(_) => Ok(who),
            Standing::Missing => {
                let data = FlowData { granted: None, asks_passcode: false, ..held.data() };
                let act = self.onward(visit, held, Step::ExtraProof, data);
                self.commit(visit, Change::of(act)).await?;
                Err(Stop::Done(Moved::ToStep { browser: None }))
            }
        }
    }

    /// How far the grant is there that the rule asks for. `granted` is what this flow has got past it by: a code is used up
    /// by that, an approval stays until a token is in use, and can be taken back.
    pub(super) async fn standing(
        &self,
        visit: &Visit,
        who: &Applicant,
        granted: Option<GrantState>,
    ) -> Result<Standing, StoreError> {
        Ok(match (who.terms.grant, granted) {
            (None, _) => Standing::NotNeeded,
            (Some(NeededGrant::HelpDeskCode), Some(GrantState::CodeGiven)) => Standing::Given(GrantState::CodeGiven),
            (Some(NeededGrant::HelpDeskCode), _) => Standing::Missing,
            (Some(NeededGrant::Approval), _) => {
                let grant = self.ports.register.grant(&visit.vs.id, &who.user.id, visit.now).await?;
                match grant.map(|grant| grant.state) {
                    Some(GrantState::Approved) => Standing::Given(GrantState::Approved),
                    _ => Standing::Missing,
                }
            }
        })
    }

    pub(crate) async fn try_ask_approval(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::ExtraProof]).await?;
        let who = self.applicant(visit, &held).await?;
        if who.terms.grant != Some(NeededGrant::Approval) {
            return self.go_on_if_granted(visit, &held, &who).await;
        }
        let before = self.ports.register.grant(&visit.vs.id, &who.user.id, visit.now).await?;
        let seen = before.map(|grant| grant.state);
        // Whoever was refused asks again when the refusal is over; whoever has asked has asked.
        if !matches!(seen, None | Some(GrantState::CodeGiven)) {
            return self.go_on_if_granted(visit, &held, &who).await;
        }
        let grant = Grant {
            user: who.user.id.clone(),
            state: GrantState::Asked,
            at: visit.now,
            expires_at: visit.now + REQUEST_LIFE,
            details: GrantDetails {
                address: Some(visit.address),
                user_agent: visit.user_agent.chars().take(LONGEST_USER_AGENT).collect(),
                ..GrantDetails::default()
            },
        };
        let event = self.event(EventKind::EnrollmentApprovalRequested, visit, held.flow());
        let event = event.with("expiresAt", grant.expires_at.rfc3339());
        let act = Act::GrantSet { grant: Box::new(grant), seen };
        let stays = self.staying(visit, &held, held.data());
        self.commit(visit, Change::of(stays).and(act).record(event)).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), "extra_proof", "asked");
        Ok(Moved::ToStep { browser: None })
    }

    pub(crate) async fn try_go_on(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::ExtraProof]).await?;
        let who = self.applicant(visit, &held).await?;
        self.go_on_if_granted(visit, &held, &who).await
    }

    async fn go_on_if_granted(&self, visit: &Visit, held: &Held, who: &Applicant) -> Result<Moved, Stop> {
        let fresh = CredentialId::new(self.ports.entropy.id());
        let choices = &who.choices;
        let event = match self.standing(visit, who, None).await? {
            Standing::Missing => return Ok(Moved::ToStep { browser: None }),
            Standing::NotNeeded => Event::NothingMore { choices, fresh: &fresh },
            Standing::Given(state) => Event::Granted { state, choices, fresh: &fresh },
        };
        self.go(visit, held, who, event, Change::default()).await
    }

    pub(crate) async fn try_help_desk_code(
        &self,
        visit: &Visit,
        form: &StepForm,
        typed: &Secret,
    ) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::ExtraProof]).await?;
        let who = self.applicant(visit, &held).await?;
        if who.terms.grant != Some(NeededGrant::HelpDeskCode) {
            return self.go_on_if_granted(visit, &held, &who).await;
        }
        let typed = plain(typed);
        if typed.is_empty() {
            return self.tell(visit, &held, Notice::Empty, Vec::new()).await;
        }
        let grant = self.ports.register.grant(&visit.vs.id, &who.user.id, visit.now).await?;
        let hash = grant.filter(|grant| grant.state == GrantState::CodeGiven).and_then(|grant| grant.details.code_hash);
        let Some(hash) = hash else { return self.tell(visit, &held, Notice::HelpDeskCodeOver, Vec::new()).await };
        let meter = MeterKey { scope: MeterScope::HelpDeskCode, key: who.user.id.as_str().to_owned() };
        // Counted first, compared then: of any number of parallel tries no more are compared than the limit says (LG-04).
        let taken = self.ports.meters.take_place(&visit.vs.id, &meter, CODE_TRIES, DAY, visit.now).await?;
        let (number, ends) = match taken {
            Taken::Place { number, ends } => (number, ends),
            Taken::Full { until } => {
                return self.tell(visit, &held, Notice::HelpDeskCodeLimit { until }, Vec::new()).await;
            }
        };
        match is_right(&self.ports.passwords, &typed, Some(&hash)).await {
            Ok(true) => {
                self.ports.meters.give_back(&visit.vs.id, &meter, ends).await?;
                self.help_desk_code_was_right(visit, &held, &who).await
            }
            Ok(false) => {
                let tries_left = CODE_TRIES.saturating_sub(number);
                let event = self.event(EventKind::HelpDeskCodeRejected, visit, held.flow());
                let mut events = vec![event.with("triesLeft", tries_left)];
                if tries_left == 0 {
                    events.push(self.event(EventKind::HelpDeskCodeLimit, visit, held.flow()));
                }
                self.ports.metrics.enrollment(visit.vs.id.as_str(), "extra_proof", "wrong_code");
                self.tell(visit, &held, Notice::HelpDeskCodeWrong { tries_left }, events).await
            }
            Err(Stop::Fault(DeskError::Busy)) => {
                // It was not looked at.
                self.ports.meters.give_back(&visit.vs.id, &meter, ends).await?;
                Err(Stop::Fault(DeskError::Busy))
            }
            Err(stop) => Err(stop),
        }
    }

    /// The code is used up with the step that it leads to: of two who have it one gets on.
    async fn help_desk_code_was_right(&self, visit: &Visit, held: &Held, who: &Applicant) -> Result<Moved, Stop> {
        let state = GrantState::CodeGiven;
        let taken = Act::GrantTake { user: who.user.id.clone(), state };
        let accepted = self.event(EventKind::HelpDeskCodeAccepted, visit, held.flow());
        let fresh = CredentialId::new(self.ports.entropy.id());
        let event = Event::Granted { state, choices: &who.choices, fresh: &fresh };
        self.go(visit, held, who, event, Change::of(taken).record(accepted)).await
    }

    /// The page of the extra proof; `None` where the rule asks for none any more.
    pub(crate) async fn extra_proof_page(&self, visit: &Visit, flow: &Flow) -> Result<Option<ScreenPage>, StoreError> {
        let Some(user) = flow.user.as_ref() else { return Ok(None) };
        match self.needed_grant(visit, user).await? {
            None => Ok(None),
            Some(NeededGrant::HelpDeskCode) => Ok(Some(ScreenPage::HelpDeskCode)),
            Some(NeededGrant::Approval) => {
                let grant = self.ports.register.grant(&visit.vs.id, user, visit.now).await?;
                let grant = grant.filter(|grant| grant.state != GrantState::CodeGiven);
                let refused = grant.as_ref().filter(|grant| grant.state == GrantState::Refused);
                Ok(Some(ScreenPage::AskApproval {
                    reason: refused.map(|grant| grant.details.reason.clone()).filter(|reason| !reason.is_empty()),
                    state: grant.as_ref().map(|grant| grant.state),
                    valid_until: grant.map(|grant| grant.expires_at),
                }))
            }
        }
    }
}
