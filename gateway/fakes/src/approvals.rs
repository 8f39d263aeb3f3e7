//! Acts of operators that wait for a second one.

use async_trait::async_trait;
use doorward_api::ports::{Listed, Page, PendingActs, Reader};
use doorward_api::settings::Approvals;
use doorward_api::{
    ApprovalId, ApprovalState, NewPendingAct, OperatorId, PendingAct, StoreError, Timestamp, VirtualServerId,
};

use crate::register::part;
use crate::{Rows, World};

impl Rows {
    pub(crate) fn hold_act(&mut self, new: NewPendingAct, now: Timestamp) -> bool {
        let open: Vec<_> = self.pending_acts.iter().filter(|act| act.state_at(now).is_open()).collect();
        let own = open.iter().filter(|act| act.operator == new.operator).count();
        if open.len() >= new.most as usize || own >= new.most_of_one as usize {
            return false;
        }
        self.pending_acts.push(PendingAct {
            id: new.id,
            operator: new.operator,
            operator_name: new.operator_name,
            api_key: new.api_key,
            act: new.act,
            about: new.about,
            asked_at: now,
            expires_at: new.expires_at,
            state: ApprovalState::Waiting,
            decided_at: None,
            decided_by: None,
        });
        true
    }

    pub(crate) fn move_act(
        &mut self,
        id: &ApprovalId,
        (from, to): (ApprovalState, ApprovalState),
        by: Option<(OperatorId, String)>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let Some(act) = self.pending_acts.iter_mut().find(|act| act.id == *id && act.state == from) else {
            return false;
        };
        let own = by.as_ref().is_some_and(|(who, _)| act.operator == *who);
        let allowed = match to {
            ApprovalState::Expired => true,
            ApprovalState::Withdrawn => own,
            _ => by.is_some() && own == (from == ApprovalState::Approved),
        };
        if !allowed || (act.expires_at <= now) != (to == ApprovalState::Expired) {
            return false;
        }
        if from == ApprovalState::Waiting && to != ApprovalState::Withdrawn {
            act.decided_by = by.map(|(_, name)| name).or(act.decided_by.take());
        }
        act.expires_at = expires_at.unwrap_or(act.expires_at);
        act.decided_at = if from == to { act.decided_at } else { Some(now) };
        act.state = to;
        true
    }

    /// Those who are switched on and may do everything, but for some.
    pub(crate) fn administrators(&self, but: impl Fn(&doorward_api::operator::Operator) -> bool) -> u32 {
        let those = self.operators.iter().filter(|one| one.role.administers() && !one.disabled && !but(one));
        u32::try_from(those.count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn least_administrators(&self) -> u32 {
        let body = self.settings.get(&doorward_api::SettingKind::Approvals).and_then(|stored| stored.body.as_deref());
        let document: Approvals = body.map(|body| serde_json::from_str(body).unwrap()).unwrap_or_default();
        document.least_administrators()
    }
}

#[async_trait]
impl PendingActs for World {
    async fn pending_act(&self, _: &VirtualServerId, id: &ApprovalId) -> Result<Option<PendingAct>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.pending_acts.iter().find(|act| act.id == *id).cloned()))
    }

    async fn open_acts_of(
        &self,
        _: &VirtualServerId,
        operator: &OperatorId,
        now: Timestamp,
    ) -> Result<Vec<PendingAct>, StoreError> {
        self.up()?;
        let theirs = |act: &&PendingAct| act.operator == *operator && act.state_at(now).is_open();
        Ok(self.with(|rows| rows.pending_acts.iter().filter(theirs).cloned().collect()))
    }

    async fn pending_acts(
        &self,
        _: &VirtualServerId,
        reader: &Reader,
        only_open: bool,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<PendingAct>, StoreError> {
        self.up()?;
        let listed = |act: &&PendingAct| reader.concerns(act) && (!only_open || act.state_at(now).is_open());
        let found: Vec<PendingAct> = self.with(|rows| rows.pending_acts.iter().rev().filter(listed).cloned().collect());
        Ok(part(found, page))
    }

    async fn acts_waiting_for(&self, _: &VirtualServerId, reader: &Reader, now: Timestamp) -> Result<u64, StoreError> {
        self.up()?;
        let waits = |act: &&PendingAct| match act.state_at(now) {
            ApprovalState::Approved => reader.asked_for(act),
            ApprovalState::Waiting => act.operator != reader.operator && reader.concerns(act),
            _ => false,
        };
        Ok(self.with(|rows| rows.pending_acts.iter().filter(waits).count() as u64))
    }
}
