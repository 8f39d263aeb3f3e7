//! `kill -9` in the middle of writing (F-01, F-35): what was acknowledged is there, and nothing is there by halves.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::second_process::{SecondProcess, say};
use crate::world::World;

both!(an_acknowledged_change_outlives_a_kill);

/// The errand of [`write_on`].
pub(crate) const WRITE_ON: &str = "write-on";

const ROUNDS: u64 = 10;

/// Writes until it is killed: a session and its record each time, and says so when it is acknowledged.
pub(crate) async fn write_on(store: &Store) {
    loop {
        let name = doorward_store::SystemEntropy.id();
        let change = Change::of(Act::SessionStart(portal_session(&name)))
            .record(event(EventKind::SessionStarted).with("name", name.as_str()));
        done(store.commit(&vs(), change, NOW).await);
        say(name);
    }
}

async fn an_acknowledged_change_outlives_a_kill(world: Arc<World>) {
    inhabited(&world).await.close();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut second = SecondProcess::start(&world.url, WRITE_ON);
        second.go();
        acknowledged.push(second.next().expect("a first acknowledgement"));
        std::thread::sleep(Duration::from_millis(20 + round * 13));
        acknowledged.extend(second.kill());

        let store = world.open();
        let recorded = of_kind(&whole_chain(&store).await, EventKind::SessionStarted);
        let sessions = store.live_sessions(&vs(), NOW).await.unwrap();
        assert_eq!(recorded.len() as u64, sessions, "a session and its record are there together or not at all");
        for name in &acknowledged {
            let found = store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap();
            assert!(found.is_some(), "round {round}: {name} was acknowledged and is gone");
        }
        store.close();
    }
    assert!(acknowledged.len() as u64 > ROUNDS, "it wrote more than once a round");
}
