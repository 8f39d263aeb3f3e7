//! Virtual servers, and what operators set for them at run time.

use async_trait::async_trait;
use doorward_api::audit::GENESIS;
use doorward_api::ports::Settings;
use doorward_api::{SelfProvisioning, StoreError, VirtualServerId};

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::{Failure, some};
use crate::ledger::At;
use crate::open::Store;

/// Makes a virtual server with its settings and the beginning of its chain. Refused when it is there already.
pub(crate) async fn add_virtual_server(tx: &mut Tx, at: At<'_>) -> Result<(), Failure> {
    const SERVER: &str = "INSERT INTO virtual_server (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const HEAD: &str = "INSERT INTO audit_head (virtual_server, seq, hash, appended_at) VALUES ($1, 0, $2, $3)";
    let (vs, now) = (at.vs.as_str(), at.now.millis());
    some(change_in!(&mut *tx, SERVER, vs, now)?)?;
    change_in!(&mut *tx, HEAD, vs, GENESIS, now)?;
    set(tx, at, &SelfProvisioning::for_new_virtual_server()).await
}

/// Writes the self-provisioning settings; their version counts up.
pub(crate) async fn set(tx: &mut Tx, at: At<'_>, settings: &SelfProvisioning) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO self_provisioning (virtual_server, target_users, targets, version) \
                       VALUES ($1, $2, $3, 1) ON CONFLICT (virtual_server) DO UPDATE SET \
                       target_users = excluded.target_users, targets = excluded.targets, \
                       version = self_provisioning.version + 1";
    let unwritable = |_| Failure::damaged("the self-provisioning settings cannot be written");
    let users = serde_json::to_string(&settings.target_users).map_err(unwritable)?;
    let targets = serde_json::to_string(&settings.targets).map_err(unwritable)?;
    some(change_in!(tx, SQL, at.vs.as_str(), users, targets)?)
}

/// Refused unless the self-provisioning settings are those that were read.
pub(crate) async fn unchanged(tx: &mut Tx, at: At<'_>, settings: &SelfProvisioning) -> Result<(), Failure> {
    // As for a user: what is written is there already, and stays until this transaction has ended.
    const HOLD: &str = "UPDATE self_provisioning SET version = version WHERE virtual_server = $1 \
                        RETURNING target_users, targets";
    let found = rows_in!(tx, (String, String), HOLD, at.vs.as_str())?;
    let now = found.first().and_then(|(users, targets)| read(users, targets));
    if now.as_ref() == Some(settings) { Ok(()) } else { Err(Failure::Refused) }
}

#[async_trait]
impl Settings for Store {
    async fn self_provisioning(&self, vs: &VirtualServerId) -> Result<SelfProvisioning, StoreError> {
        const SQL: &str = "SELECT target_users, targets FROM self_provisioning WHERE virtual_server = $1";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String, String), SQL, vs.as_str())?;
            found.first().and_then(|(users, targets)| read(users, targets)).ok_or_else(|| {
                Failure::damaged(format!("the self-provisioning settings of virtual server {vs} cannot be read"))
            })
        })
        .await
    }
}

fn read(target_users: &str, targets: &str) -> Option<SelfProvisioning> {
    Some(SelfProvisioning {
        target_users: serde_json::from_str(target_users).ok()?,
        targets: serde_json::from_str(targets).ok()?,
    })
}
