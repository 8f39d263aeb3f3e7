//! Files of tokens that were made elsewhere, into the stock. Each token is taken whole or not at all, and the report says of each
//! what became of it; a file that is sent again takes nothing twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward_api::credential::NewStock;
use doorward_api::plugin::{ImportFault, ImportKey, ImportRow, ImportedToken};
use doorward_api::ports::{Act, Change};
use doorward_api::{CommitError, CredentialId, EventKind, VirtualServerId};

use super::{By, ManageError, Manager, Role};

/// So many go into the store in one change.
const AT_ONCE: usize = 200;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// It is in the stock now.
    Taken,
    /// A token with this serial number is there already.
    AlreadyThere,
    /// It cannot be taken, for this reason.
    Refused(String),
    /// The store did not answer: it was not taken, and may be sent again.
    NotReached,
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Line or place in the file, from 1.
    pub place: u32,
    /// The serial number as far as it could be read.
    pub serial: Option<String>,
    /// What became of it.
    pub outcome: RowOutcome,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Of each row, in the file's order.
    pub rows: Vec<Imported>,
}

impl ImportReport {
    /// How many went into the stock.
    pub fn taken(&self) -> usize {
        self.rows.iter().filter(|row| row.outcome == RowOutcome::Taken).count()
    }
}

impl Manager {
    /// Reads a file, without taking anything yet.
    ///
    /// # Errors
    /// [`ImportFault`] when it cannot be read as a whole.
    pub fn read_tokens(
        &self,
        file: &[u8],
        key: Option<&ImportKey>,
    ) -> Result<(&'static str, Vec<ImportRow>), ImportFault> {
        let (plugin, importer) = self.desk.importer().ok_or(ImportFault::UnknownFormat)?;
        Ok((plugin, importer.read(file, key)?))
    }

    /// Takes the tokens of a file into the stock. `done` counts the rows that are dealt with.
    ///
    /// # Errors
    /// [`ManageError::Forbidden`]; whatever else goes wrong stands in the report.
    pub async fn import_tokens(
        &self,
        vs: &VirtualServerId,
        by: &By,
        (plugin, rows): (&'static str, Vec<ImportRow>),
        done: Arc<AtomicUsize>,
    ) -> Result<ImportReport, ManageError> {
        Self::allow(by, Role::Administrator)?;
        let mut report = ImportReport::default();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<(usize, NewStock)> = Vec::new();
        for ImportRow { place, serial, token } in rows {
            let outcome = match token {
                Err(why) => RowOutcome::Refused(why),
                Ok(token) if !seen.insert(token.serial.clone()) => RowOutcome::AlreadyThere,
                Ok(token) => {
                    waiting.push((report.rows.len(), self.stock(plugin, token)));
                    RowOutcome::NotReached
                }
            };
            report.rows.push(Imported { place, serial, outcome });
        }
        done.fetch_add(report.rows.len().saturating_sub(waiting.len()), Ordering::SeqCst);
        for batch in waiting.chunks(AT_ONCE) {
            let outcomes = self.take_batch(vs, by, batch).await;
            for ((row, _), outcome) in batch.iter().zip(outcomes) {
                if let Some(row) = report.rows.get_mut(*row) {
                    row.outcome = outcome;
                }
            }
            done.fetch_add(batch.len(), Ordering::SeqCst);
        }
        Ok(report)
    }

    fn stock(&self, plugin: &str, token: ImportedToken) -> NewStock {
        NewStock {
            id: CredentialId::new(self.ports().entropy.id()),
            plugin: plugin.to_owned(),
            serial: token.serial,
            template: token.template,
            opened: token.opened,
        }
    }

    /// All at once; where one of them is there already, one by one.
    async fn take_batch(&self, vs: &VirtualServerId, by: &By, batch: &[(usize, NewStock)]) -> Vec<RowOutcome> {
        let all: Vec<&NewStock> = batch.iter().map(|(_, stock)| stock).collect();
        match self.take(vs, by, &all).await {
            RowOutcome::Taken => return vec![RowOutcome::Taken; all.len()],
            RowOutcome::NotReached | RowOutcome::Refused(_) => return vec![RowOutcome::NotReached; all.len()],
            RowOutcome::AlreadyThere => {}
        }
        let mut outcomes = Vec::with_capacity(all.len());
        for stock in all {
            outcomes.push(self.take(vs, by, &[stock]).await);
        }
        outcomes
    }

    async fn take(&self, vs: &VirtualServerId, by: &By, tokens: &[&NewStock]) -> RowOutcome {
        let acts = tokens.iter().map(|stock| Act::CredentialStock((*stock).clone())).collect();
        let events =
            tokens.iter().map(|stock| by.event(EventKind::TokenImported).with("serial", stock.serial.as_str()));
        match self.commit(vs, by, Change { acts, events: events.collect() }).await {
            Ok(()) => RowOutcome::Taken,
            Err(CommitError::Lost { .. }) => RowOutcome::AlreadyThere,
            Err(CommitError::Store(error)) => {
                tracing::warn!(request_id = by.request_id, %error, "tokens of a file were not taken");
                RowOutcome::NotReached
            }
        }
    }
}
