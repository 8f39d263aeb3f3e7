//! Single-use values: tickets and links. Of the value only the hash is here; what it stands for is sealed.

use async_trait::async_trait;
use doorward_api::ports::{OneTime, OneTimePurpose, OneTimes};
use doorward_api::{StoreError, Timestamp, TokenHash, VirtualServerId};

use crate::db::{Tx, change_in, rows};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Store;
use crate::seal::Place;

/// The row's name in the seal: purpose and hash are its key.
fn row(purpose: OneTimePurpose, hash: &TokenHash) -> String {
    format!("{}/{}", purpose.as_str(), hash.hex())
}

fn place<'a>(row: &'a str, vs: &'a VirtualServerId) -> Place<'a> {
    Place::new("one_time", "data", row, vs)
}

#[async_trait]
impl OneTimes for Store {
    async fn one_time(
        &self,
        vs: &VirtualServerId,
        purpose: OneTimePurpose,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        const SQL: &str = "SELECT data, expires_at FROM one_time \
                           WHERE virtual_server = $1 AND purpose = $2 AND hash = $3 AND expires_at > $4";
        let (vs, hash) = (vs.clone(), *hash);
        self.run(move |inner| async move {
            type Row = (Vec<u8>, i64);
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), purpose.as_str(), hash.hex(), now.millis())?;
            let Some((sealed, end)) = found.into_iter().next() else { return Ok(None) };
            let data = inner.sealer.open_json(place(&row(purpose, &hash), &vs), &sealed)?;
            Ok(Some(OneTime { purpose, hash, data, expires_at: Timestamp::from_millis(end) }))
        })
        .await
    }

    async fn one_times(
        &self,
        vs: &VirtualServerId,
        purpose: OneTimePurpose,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<OneTime>, StoreError> {
        const SQL: &str = "SELECT hash, data, expires_at FROM one_time \
                           WHERE virtual_server = $1 AND purpose = $2 AND expires_at > $3 ORDER BY hash LIMIT $4";
        let vs = vs.clone();
        self.run(move |inner| async move {
            type Row = (String, Vec<u8>, i64);
            let (of, most) = (purpose.as_str(), i64::from(most));
            let found = rows!(inner.db.reader(), Row, SQL, vs.as_str(), of, now.millis(), most)?;
            let read = |(hash, sealed, end): Row| -> Result<OneTime, Failure> {
                let hash = TokenHash::from_hex(&hash).ok_or_else(|| Failure::damaged("one_time.hash"))?;
                let data = inner.sealer.open_json(place(&row(purpose, &hash), &vs), &sealed)?;
                Ok(OneTime { purpose, hash, data, expires_at: Timestamp::from_millis(end) })
            };
            found.into_iter().map(read).collect()
        })
        .await
    }
}

pub(crate) async fn put(tx: &mut Tx, at: At<'_>, new: &OneTime) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO one_time (virtual_server, purpose, hash, data, expires_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let data = at.inner.sealer.seal_json(place(&row(new.purpose, &new.hash), at.vs), &new.data)?;
    let (vs, purpose, end) = (at.vs.as_str(), new.purpose.as_str(), new.expires_at.millis());
    some(change_in!(tx, SQL, vs, purpose, new.hash.hex(), data, end)?)
}

pub(crate) async fn take(tx: &mut Tx, at: At<'_>, purpose: OneTimePurpose, hash: &TokenHash) -> Result<(), Failure> {
    const SQL: &str =
        "DELETE FROM one_time WHERE virtual_server = $1 AND purpose = $2 AND hash = $3 AND expires_at > $4";
    some(change_in!(tx, SQL, at.vs.as_str(), purpose.as_str(), hash.hex(), at.now.millis())?)
}
