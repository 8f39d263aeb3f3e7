//! Files of tokens that were made elsewhere, into the stock. Each token is taken whole or not at all, and the report
//! says of each what became of it; a file that is sent again takes nothing twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward_api::credential::NewStock;
use doorward_api::import_job::{ImportJob, NewImportJob};
use doorward_api::plugin::{ImportFault, ImportKey, ImportRow, ImportedToken};
use doorward_api::ports::{Act, Change};
use doorward_api::{CommitError, CredentialId, EventKind, Module, OperatorId, VirtualServerId};

use super::{By, ManageError, Manager};

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

    /// Takes the tokens of a file into the stock. `done` counts the rows that are dealt with, and so does the store,
    /// for whoever asks after this process has ended.
    ///
    /// # Errors
    /// [`ManageError::Forbidden`]; [`ManageError::Unavailable`] when not even that it begins could be written; whatever
    /// goes wrong later stands in the report.
    pub async fn import_tokens(
        &self,
        vs: &VirtualServerId,
        by: &By,
        (id, file): (&str, &str),
        (plugin, rows): (&'static str, Vec<ImportRow>),
        done: Arc<AtomicUsize>,
    ) -> Result<ImportReport, ManageError> {
        Self::allow(by, Module::Provisioning.edit())?;
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
        let read = report.rows.len().saturating_sub(waiting.len());
        done.fetch_add(read, Ordering::SeqCst);
        let new = NewImportJob {
            id: id.to_owned(),
            operator: by.operator.clone(),
            file: file.to_owned(),
            rows: report.rows.len() as u64,
            done: read as u64,
        };
        self.commit(vs, by, Change::of(Act::ImportBegin(Box::new(new)))).await?;
        for batch in waiting.chunks(AT_ONCE) {
            let outcomes = self.take_batch(vs, by, id, batch).await;
            for ((row, _), outcome) in batch.iter().zip(outcomes) {
                if let Some(row) = report.rows.get_mut(*row) {
                    row.outcome = outcome;
                }
            }
            done.fetch_add(batch.len(), Ordering::SeqCst);
        }
        self.note_import(vs, by, Act::ImportEnd { id: id.to_owned() }).await;
        Ok(report)
    }

    /// What only tells how far a file is: the tokens are where they are without it.
    async fn note_import(&self, vs: &VirtualServerId, by: &By, act: Act) {
        if let Err(error) = self.commit(vs, by, Change::of(act)).await {
            tracing::warn!(request_id = by.request_id, %error, "how far a file of tokens is could not be written");
        }
    }

    /// A file that was sent, whichever process has taken it.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn import_job(&self, vs: &VirtualServerId, id: &str) -> Result<ImportJob, ManageError> {
        self.ports().imports.import_job(vs, id).await?.ok_or(ManageError::NotFound)
    }

    /// The newest files of an operator, newest first.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn import_jobs(
        &self,
        vs: &VirtualServerId,
        operator: &OperatorId,
    ) -> Result<Vec<ImportJob>, ManageError> {
        Ok(self.ports().imports.import_jobs(vs, operator).await?)
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
    async fn take_batch(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &str,
        batch: &[(usize, NewStock)],
    ) -> Vec<RowOutcome> {
        let all: Vec<&NewStock> = batch.iter().map(|(_, stock)| stock).collect();
        match self.take(vs, by, id, &all).await {
            RowOutcome::Taken => return vec![RowOutcome::Taken; all.len()],
            RowOutcome::NotReached | RowOutcome::Refused(_) => return vec![RowOutcome::NotReached; all.len()],
            RowOutcome::AlreadyThere => {}
        }
        let mut outcomes = Vec::with_capacity(all.len());
        for stock in all {
            outcomes.push(self.take(vs, by, id, &[stock]).await);
        }
        let there = outcomes.iter().filter(|outcome| **outcome == RowOutcome::AlreadyThere).count();
        self.note_import(vs, by, Act::ImportDealt { id: id.to_owned(), rows: there as u64 }).await;
        outcomes
    }

    async fn take(&self, vs: &VirtualServerId, by: &By, id: &str, tokens: &[&NewStock]) -> RowOutcome {
        let stock = tokens.iter().map(|stock| Act::CredentialStock((*stock).clone()));
        let dealt = Act::ImportDealt { id: id.to_owned(), rows: tokens.len() as u64 };
        let acts = stock.chain([dealt]).collect();
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
