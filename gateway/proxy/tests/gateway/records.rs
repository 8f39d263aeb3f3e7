//! What the gate decides is noted in passing; what policies in the shadow would say reaches nobody.

use doorward_api::decided::{DecisionFilter, DecisionRecord, Difference};
use doorward_api::ports::{Decisions, Page};

use crate::world::{World, status};

/// All that is written down by now.
fn written(world: &World) -> Vec<DecisionRecord> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        world.collector.gather();
        world.collector.write().await;
        let page = Page { after: String::new(), limit: 100 };
        world.store.decisions(&"default".into(), &DecisionFilter::default(), &page).await.unwrap().items
    })
}

#[test]
fn requests_are_recorded_as_they_were_decided_whatever_stands_in_the_shadow() {
    let world = World::start();
    let cookie = world.sign_in("wiki.localhost");
    for page in ["/docs/a/1", "/docs/a/2"] {
        assert_eq!(status(&world.get("wiki.localhost", page, &cookie)), 200, "the shadow refuses everything");
    }
    assert_eq!(status(&world.get("open.localhost", "/", "")), 200);
    assert_eq!(status(&world.get("half.localhost", "/private?secret=1", "Accept: application/json\r\n")), 403);
    // Nothing of ours is decided by policies, and what is refused before has no decision.
    world.get("login.localhost", "/signin", "");
    world.get("wiki.localhost", "/%00", &cookie);

    let mut told: Vec<_> = written(&world)
        .into_iter()
        .map(|record| {
            let shadow = record.class.shadow.map(|said| said.difference);
            assert!(record.facts.path.starts_with(record.class.path_class.trim_end_matches('*')), "{:?}", record.facts);
            (record.class.app.to_string(), record.class.decided.decision, record.count, record.class.path_class, shadow)
        })
        .collect();
    told.sort();
    let expected = [
        ("half", "refuse", 1, "/private", None),
        ("open", "admit", 1, "/", Some(Difference::Lose)),
        ("wiki", "admit", 2, "/docs/a/*", Some(Difference::Lose)),
    ];
    let expected: Vec<_> = expected
        .map(|(app, decision, count, path, shadow)| {
            (app.to_owned(), decision.to_owned(), count, path.to_owned(), shadow)
        })
        .into();
    assert_eq!(told, expected);
}
