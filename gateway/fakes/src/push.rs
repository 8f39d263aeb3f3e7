//! Requests to devices, and the push services that they have.

use async_trait::async_trait;
use doorward_api::device::WakeUp;
use doorward_api::ports::{PushDelivery, PushSender, Pushes};
use doorward_api::push::Push;
use doorward_api::{PushId, StoreError, Timestamp, UserId, VirtualServerId};

use crate::World;

#[async_trait]
impl Pushes for World {
    async fn push(&self, _: &VirtualServerId, id: &PushId) -> Result<Option<Push>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.pushes.iter().find(|push| push.id == *id).cloned()))
    }
    async fn pushes_of(&self, _: &VirtualServerId, user: &UserId, since: Timestamp) -> Result<Vec<Push>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let theirs = |push: &&Push| push.user == *user && push.created_at >= since;
            let mut all: Vec<Push> = rows.pushes.iter().filter(theirs).cloned().collect();
            all.sort_by(|one, other| (other.created_at, other.id.as_str()).cmp(&(one.created_at, one.id.as_str())));
            all.truncate(50);
            all
        }))
    }
}

#[async_trait]
impl PushSender for World {
    async fn send(&self, wake: &WakeUp) -> PushDelivery {
        self.woken.lock().unwrap().push(wake.clone());
        self.push_service.lock().unwrap().unwrap_or(PushDelivery::Taken)
    }
}
