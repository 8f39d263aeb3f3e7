//! The chain of records.

use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;

both!(a_new_virtual_server_begins_a_chain_once, records_are_appended_in_order, records_are_read_in_portions);

async fn a_new_virtual_server_begins_a_chain_once(world: Arc<World>) {
    let store = world.open();
    for _ in 0..2 {
        store.ensure_virtual_server(&vs(), NOW).await.unwrap();
    }
    let records = whole_chain(&store).await;
    assert_eq!(records.len(), 1);
    let created = &of_kind(&records, EventKind::TenantCreated)[0];
    assert_eq!(created["details"]["selfProvisioning"], "all");
    assert_eq!(created["context"]["tenantId"], "default");
}

async fn records_are_appended_in_order(world: Arc<World>) {
    let store = inhabited(&world).await;
    let change = Change::of(Act::SessionStart(portal_session("p")))
        .record(event(EventKind::AuthSuccess).with("credentialType", "password"))
        .record(event(EventKind::SessionStarted));
    done(store.commit(&vs(), change, NOW + secs(7)).await);
    let records = whole_chain(&store).await;
    let last: Vec<serde_json::Value> =
        records[records.len() - 2..].iter().map(|record| serde_json::from_str(&record.record).unwrap()).collect();
    assert_eq!(
        (&last[0]["details"]["event"], &last[1]["details"]["event"]),
        (&"AUTH_SUCCESS".into(), &"SESSION_STARTED".into())
    );
    assert_eq!(last[0]["timeStamp"], (NOW + secs(7)).rfc3339());
    assert_eq!(last[0]["id"], "default-2");
}

async fn records_are_read_in_portions(world: Arc<World>) {
    let store = inhabited(&world).await;
    for _ in 0..5 {
        done(store.commit(&vs(), Change::only(event(EventKind::AuthFailure)), NOW).await);
    }
    let seqs = async |after, limit| {
        let records = store.records(&vs(), after, limit).await.unwrap();
        records.into_iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(0, 2).await, [1, 2]);
    assert_eq!(seqs(2, 3).await, [3, 4, 5]);
    assert_eq!(seqs(5, 100).await, [6]);
    assert!(seqs(6, 100).await.is_empty());
}
