//! Whether a caller is who they say they are: the help desk sends a request to the user's device and reads a number to
//! the caller, who must enter it there (decision B23).

use doorward_api::device::Reach;
use doorward_api::ports::Change;
use doorward_api::push::{Push, PushContext, PushPurpose, PushState};
use doorward_api::{CommitError, EventKind, Module, PushId, Secret, Timestamp, UserId, VirtualServerId};

use super::{By, ManageError, Manager};
use crate::push::Asking;
use crate::signin::Desk;

/// What asking a caller's device led to.
#[derive(Debug)]
pub enum CallerCheck {
    /// It is being asked.
    Asked(CallerAnswer),
    /// The user has no device that can be asked.
    NoDevice,
    /// No request is sent to the user just now: one is under way, or too many went unanswered.
    Off {
        /// Until then.
        until: Timestamp,
    },
}

/// Where a request of the help desk stands.
#[derive(Debug)]
pub struct CallerAnswer {
    /// The request.
    pub push: PushId,
    /// Whom the caller says they are.
    pub user: UserId,
    /// [`PushState::Approved`] is the one yes. One that is pending and whose end is past was not answered.
    pub state: PushState,
    /// What is read to the caller, as long as an answer is awaited.
    pub number: Option<Secret>,
    /// Its end.
    pub expires_at: Timestamp,
    /// The device must be opened by hand: nothing wakes it.
    pub by_hand: bool,
}

impl Manager {
    /// Asks the device of a user who calls.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when there is no such user, or they are disabled; [`ManageError::Forbidden`];
    /// [`ManageError::Unavailable`].
    pub async fn verify_caller(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
    ) -> Result<CallerCheck, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let site = self.desk.site.load_full();
        let server = site.virtual_server(vs).ok_or(ManageError::NotFound)?;
        let user = self.user(vs, user).await?.user;
        if user.disabled {
            return Err(ManageError::NotFound);
        }
        let askable = self.desk.askable(server, &user.id, by.now).await?;
        if askable.is_empty() {
            return Ok(CallerCheck::NoDevice);
        }
        if let Some(off) = self.desk.push_off(vs, &user.id, by.now).await? {
            let event = by.event_of(EventKind::PushThrottled, &user.id);
            if let Some(event) = self.desk.push_throttled(vs, &user.id, &off, event, by.now).await? {
                self.commit(vs, by, Change::only(event)).await?;
            }
            return Ok(CallerCheck::Off { until: off.until });
        }
        let purpose = PushPurpose::HelpDesk { operator: by.operator.clone() };
        // Where the help desk sits is nothing to the user: the device says that it is the help desk that asks.
        let asking = Asking { user: user.id.clone(), purpose, context: PushContext::default() };
        let push = self.desk.draw_push(asking, by.now);
        let sent = Desk::push_sent(by.event_of(EventKind::PushSent, &user.id), &push, &askable);
        match self.commit(vs, by, Change::of(Desk::push_start(&push)).record(sent)).await {
            Err(CommitError::Lost { .. }) => {
                let until = self.desk.push_free_at(vs, &user.id, by.now).await?;
                return Ok(CallerCheck::Off { until });
            }
            outcome => outcome?,
        }
        self.desk.push_started(server, &askable, &push);
        let by_hand = !askable.iter().any(|one| one.reach == Reach::Woken);
        Ok(CallerCheck::Asked(answer(push, by_hand, by.now)))
    }

    /// What has become of a request that this very operator has sent. Looking changes nothing, so a page may look again
    /// and again; the answer itself was recorded when it came.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when it is none of theirs; [`ManageError::Forbidden`]; [`ManageError::Unavailable`].
    pub async fn caller_verified(
        &self,
        vs: &VirtualServerId,
        by: &By,
        push: &PushId,
    ) -> Result<CallerAnswer, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let found = self.ports().pushes.push(vs, push).await?;
        let theirs =
            |push: &Push| matches!(&push.purpose, PushPurpose::HelpDesk { operator } if *operator == by.operator);
        let push = found.filter(theirs).ok_or(ManageError::NotFound)?;
        let site = self.desk.site.load_full();
        let server = site.virtual_server(vs).ok_or(ManageError::NotFound)?;
        let askable = self.desk.askable(server, &push.user, by.now).await?;
        let by_hand = !askable.iter().any(|one| one.reach == Reach::Woken);
        Ok(answer(push, by_hand, by.now))
    }
}

fn answer(push: Push, by_hand: bool, now: Timestamp) -> CallerAnswer {
    let number = push.pending(now).then(|| push.data.number.secret());
    CallerAnswer { push: push.id, user: push.user, state: push.state, number, expires_at: push.expires_at, by_hand }
}
