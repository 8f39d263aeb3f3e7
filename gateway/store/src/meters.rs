//! Counters. Each call is one statement, committed by itself, before anything is answered (LG-04, LG-05).

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::ports::{MeterKey, Meters, Taken};
use doorward_api::{StoreError, Timestamp, VirtualServerId};

use crate::db::{change, rows};
use crate::error::Failure;
use crate::open::Store;

/// Counts one, in a new window (`$4` is its end) when the one before is over at `$5`.
const COUNT: &str = "INSERT INTO meter (virtual_server, scope, subject, counted, ends_at) VALUES ($1, $2, $3, 1, $4) \
     ON CONFLICT (virtual_server, scope, subject) DO UPDATE SET \
     counted = CASE WHEN meter.ends_at <= $5 THEN 1 ELSE meter.counted + 1 END, \
     ends_at = CASE WHEN meter.ends_at <= $5 THEN excluded.ends_at ELSE meter.ends_at END \
     RETURNING counted, ends_at";

/// The same below a limit (`$6`). Where that is reached nothing is counted, and there is no row.
const TAKE: &str = "INSERT INTO meter (virtual_server, scope, subject, counted, ends_at) VALUES ($1, $2, $3, 1, $4) \
     ON CONFLICT (virtual_server, scope, subject) DO UPDATE SET \
     counted = CASE WHEN meter.ends_at <= $5 THEN 1 ELSE meter.counted + 1 END, \
     ends_at = CASE WHEN meter.ends_at <= $5 THEN excluded.ends_at ELSE meter.ends_at END \
     WHERE meter.ends_at <= $5 OR meter.counted < $6 \
     RETURNING counted, ends_at";

fn reading((counted, ends_at): (i64, i64)) -> (u32, Timestamp) {
    (u32::try_from(counted).unwrap_or(u32::MAX), Timestamp::from_millis(ends_at))
}

#[async_trait]
impl Meters for Store {
    async fn count(
        &self,
        vs: &VirtualServerId,
        key: &MeterKey,
        window: Duration,
        now: Timestamp,
    ) -> Result<(u32, Timestamp), StoreError> {
        let (vs, key, end) = (vs.clone(), key.clone(), (now + window).millis());
        self.run(move |inner| async move {
            let (writer, scope) = (inner.db.writer()?, key.scope.as_str());
            let found = rows!(writer, (i64, i64), COUNT, vs.as_str(), scope, &key.key, end, now.millis())?;
            found.into_iter().next().map(reading).ok_or_else(|| Failure::damaged("a meter gave no count"))
        })
        .await
    }

    async fn take_place(
        &self,
        vs: &VirtualServerId,
        key: &MeterKey,
        limit: u32,
        window: Duration,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let taken = {
            let (vs, key, end, limit) = (vs.clone(), key.clone(), (now + window).millis(), i64::from(limit));
            self.run(move |inner| async move {
                let (writer, scope, now) = (inner.db.writer()?, key.scope.as_str(), now.millis());
                let found = rows!(writer, (i64, i64), TAKE, vs.as_str(), scope, &key.key, end, now, limit)?;
                Ok(found.into_iter().next().map(reading))
            })
            .await?
        };
        Ok(match taken {
            Some((number, ends)) => Taken::Place { number, ends },
            None => Taken::Full { until: self.read(vs, key, now).await?.1 },
        })
    }

    async fn give_back(&self, vs: &VirtualServerId, key: &MeterKey, ends: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE meter SET counted = counted - 1 \
                           WHERE virtual_server = $1 AND scope = $2 AND subject = $3 AND ends_at = $4 AND counted > 0";
        let (vs, key) = (vs.clone(), key.clone());
        self.run(move |inner| async move {
            change!(inner.db.writer()?, SQL, vs.as_str(), key.scope.as_str(), &key.key, ends.millis())?;
            Ok(())
        })
        .await
    }

    async fn read(&self, vs: &VirtualServerId, key: &MeterKey, now: Timestamp) -> Result<(u32, Timestamp), StoreError> {
        const SQL: &str = "SELECT counted, ends_at FROM meter \
                           WHERE virtual_server = $1 AND scope = $2 AND subject = $3 AND ends_at > $4";
        let (vs, key) = (vs.clone(), key.clone());
        self.run(move |inner| async move {
            let (reader, scope) = (inner.db.reader(), key.scope.as_str());
            let found = rows!(reader, (i64, i64), SQL, vs.as_str(), scope, &key.key, now.millis())?;
            Ok(found.into_iter().next().map_or((0, now), reading))
        })
        .await
    }

    async fn forget(&self, vs: &VirtualServerId, key: &MeterKey) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM meter WHERE virtual_server = $1 AND scope = $2 AND subject = $3";
        let (vs, key) = (vs.clone(), key.clone());
        self.run(move |inner| async move {
            change!(inner.db.writer()?, SQL, vs.as_str(), key.scope.as_str(), &key.key)?;
            Ok(())
        })
        .await
    }
}
