//! From a cookie to somebody: as it is known already, and with a store that answers at once.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement, not a part of the product")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use doorward_access::sessions::{Identities, LastSeen, Place, Purpose, SessionLimits};
use doorward_api::session::SessionKind;
use doorward_api::{Session, SessionId, Timestamp, Token, VirtualServerId};
use doorward_benches::fixtures::{NOW, proofs};
use doorward_fakes::{Dice, World};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOST: &str = "wiki.example.test";

/// alice's session at the wiki, in a store that answers at once.
fn signed_in() -> (Arc<World>, Token) {
    let (world, token) = (World::new(), Token::draw(&Dice::default()));
    let session = Session {
        id: SessionId::new("s2"),
        user: "u-alice".into(),
        kind: SessionKind::App { host: HOST.to_owned(), portal: SessionId::new("s1") },
        proofs: proofs(),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: Timestamp::from_millis(i64::MAX),
    };
    world.with(|rows| rows.sessions.insert(token.hash(), session));
    (world, token)
}

fn sessions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (world, token) = signed_in();
    // It is asked for ten seconds later each time, and must not end meanwhile.
    let limits = SessionLimits { idle: Duration::MAX, ..SessionLimits::default() };
    let identities = Identities::new(world.clone(), world, limits);
    let server = VirtualServerId::new("default");
    // A connection that has asked nothing yet: one that has is answered by what it keeps. Its use is not noted, which is once a
    // minute at most.
    let ask = |now| {
        let (last, place) = (&mut LastSeen::default(), Place::App(HOST));
        runtime.block_on(identities.identify(last, &server, place, Some(&token), Purpose::Background, now))
    };
    assert!(ask(NOW).unwrap().principal().is_some());

    let mut group = criterion.benchmark_group("sessions");
    // The cache forgets by the real clock, too: once a second it is asked for anew, as in production.
    group.bench_function("remembered", |bencher| bencher.iter(|| black_box(ask(NOW))));

    let mut now = NOW;
    group.bench_function("looked_up", |bencher| {
        bencher.iter(|| {
            now = now + Duration::from_secs(10);
            black_box(ask(now))
        });
    });
    group.finish();
}

criterion_group!(benches, sessions);
criterion_main!(benches);
