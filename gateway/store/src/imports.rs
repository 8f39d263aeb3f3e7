//! Files of tokens on their way into the stock.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::import_job::{ImportJob, NewImportJob};
use doorward_api::ports::ImportJobs;
use doorward_api::{OperatorId, StoreError, Timestamp, VirtualServerId};

use crate::db::{Tx, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Store;

/// How long it is known that there was a file.
const KEPT: Duration = Duration::from_hours(30 * 24);

macro_rules! select_jobs {
    ($of:literal) => {
        concat!(
            "SELECT id, operator, file, total, done, begun_at, touched_at, ended_at FROM import_job \
             WHERE virtual_server = $1 AND ",
            $of
        )
    };
}

type Row = (String, String, String, i64, i64, i64, i64, Option<i64>);

fn job((id, operator, file, total, done, begun, touched, ended): Row) -> ImportJob {
    ImportJob {
        id,
        operator: OperatorId::new(operator),
        file,
        rows: total.unsigned_abs(),
        done: done.unsigned_abs(),
        begun_at: Timestamp::from_millis(begun),
        touched_at: Timestamp::from_millis(touched),
        ended_at: ended.map(Timestamp::from_millis),
    }
}

#[async_trait]
impl ImportJobs for Store {
    async fn import_job(&self, vs: &VirtualServerId, id: &str) -> Result<Option<ImportJob>, StoreError> {
        const SQL: &str = select_jobs!("id = $2");
        let (vs, id) = (vs.clone(), id.to_owned());
        self.run(move |inner| async move {
            Ok(rows!(inner.db.reader(), Row, SQL, vs.as_str(), id)?.into_iter().next().map(job))
        })
        .await
    }

    async fn import_jobs(&self, vs: &VirtualServerId, operator: &OperatorId) -> Result<Vec<ImportJob>, StoreError> {
        const SQL: &str = select_jobs!("operator = $2 ORDER BY begun_at DESC, id DESC LIMIT 32");
        let (vs, operator) = (vs.clone(), operator.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), operator.as_str())?;
            Ok(found.into_iter().map(job).collect())
        })
        .await
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Those of long ago go when another comes.
pub(crate) async fn begin(tx: &mut Tx, at: At<'_>, new: &NewImportJob) -> Result<(), Failure> {
    const OLD: &str = "DELETE FROM import_job WHERE virtual_server = $1 AND begun_at < $2";
    const SQL: &str = "INSERT INTO import_job (virtual_server, id, operator, file, total, done, begun_at, touched_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
    let (vs, now) = (at.vs.as_str(), at.now.millis());
    change_in!(&mut *tx, OLD, vs, (at.now - KEPT).millis())?;
    let (total, done) = (number(new.rows), number(new.done));
    some(change_in!(tx, SQL, vs, &new.id, new.operator.as_str(), &new.file, total, done, now)?)
}

pub(crate) async fn dealt(tx: &mut Tx, at: At<'_>, id: &str, rows: u64) -> Result<(), Failure> {
    const SQL: &str = "UPDATE import_job SET done = done + $3, touched_at = $4 WHERE virtual_server = $1 AND id = $2";
    change_in!(tx, SQL, at.vs.as_str(), id, number(rows), at.now.millis())?;
    Ok(())
}

pub(crate) async fn end(tx: &mut Tx, at: At<'_>, id: &str) -> Result<(), Failure> {
    const SQL: &str = "UPDATE import_job SET ended_at = $3, touched_at = $3 WHERE virtual_server = $1 AND id = $2";
    change_in!(tx, SQL, at.vs.as_str(), id, at.now.millis())?;
    Ok(())
}
