//! Files of tokens on their way into the stock.

use async_trait::async_trait;
use doorward_api::import_job::ImportJob;
use doorward_api::ports::{Act, ImportJobs};
use doorward_api::{OperatorId, StoreError, Timestamp, VirtualServerId};

use crate::{Rows, World};

impl Rows {
    pub(crate) fn take_of_imports(&mut self, act: Act, now: Timestamp) -> bool {
        let mut change = |id: &str, change: &dyn Fn(&mut ImportJob)| {
            if let Some(job) = self.imports.iter_mut().find(|job| job.id == id) {
                job.touched_at = now;
                change(job);
            }
        };
        match act {
            Act::ImportBegin(new) => self.imports.push(ImportJob {
                id: new.id,
                operator: new.operator,
                file: new.file,
                rows: new.rows,
                done: new.done,
                begun_at: now,
                touched_at: now,
                ended_at: None,
            }),
            Act::ImportDealt { id, rows } => change(&id, &|job| job.done += rows),
            Act::ImportEnd { id } => change(&id, &|job| job.ended_at = Some(now)),
            other => panic!("nobody does {} here", other.name()),
        }
        true
    }
}

#[async_trait]
impl ImportJobs for World {
    async fn import_job(&self, _: &VirtualServerId, id: &str) -> Result<Option<ImportJob>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.imports.iter().find(|job| job.id == id).cloned()))
    }
    async fn import_jobs(&self, _: &VirtualServerId, operator: &OperatorId) -> Result<Vec<ImportJob>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.imports.iter().rev().filter(|job| job.operator == *operator).cloned().collect()))
    }
}
