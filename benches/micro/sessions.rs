//! From a cookie to somebody: as it is known already, and with a store that answers at once.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement, not a part of the product")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use doorward_access::sessions::{Identities, Place, Purpose, SessionLimits};
use doorward_api::ports::{Directory, Entropy, PasswordCheck, Sessions};
use doorward_api::session::SessionKind;
use doorward_api::user::FoldedName;
use doorward_api::{
    Secret, Session, SessionId, StoreError, Timestamp, Token, TokenHash, User, UserId, VirtualServerId,
};
use doorward_benches::fixtures::{NOW, alice, proofs};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOST: &str = "wiki.example.test";

/// A store that has one session and its user at hand.
struct AtHand;

#[async_trait]
impl Sessions for AtHand {
    async fn session(
        &self,
        _: &VirtualServerId,
        _: &TokenHash,
        _: Duration,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        Ok(Some(Session {
            id: SessionId::new("s2"),
            user: UserId::new("u1"),
            kind: SessionKind::App { host: HOST.to_owned(), portal: SessionId::new("s1") },
            proofs: proofs(),
            created_at: NOW,
            last_seen_at: now,
            expires_at: now + Duration::from_secs(3600),
        }))
    }

    async fn touch(&self, _: &VirtualServerId, _: &SessionId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn live_sessions(&self, _: &VirtualServerId, _: Timestamp) -> Result<u64, StoreError> {
        Ok(1)
    }
}

#[async_trait]
impl Directory for AtHand {
    async fn find(&self, _: &VirtualServerId, _: &FoldedName) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        let alice = alice().principal().unwrap().clone();
        Ok(Some(User {
            id: user.clone(),
            name: alice.name.clone(),
            display_name: alice.display_name.clone(),
            email: alice.email.clone(),
            disabled: false,
            groups: alice.groups.clone(),
        }))
    }

    async fn check_password(
        &self,
        _: &VirtualServerId,
        _: Option<&UserId>,
        _: &Secret,
    ) -> Result<PasswordCheck, StoreError> {
        Ok(PasswordCheck::Wrong)
    }
}

/// Always the same "random" bytes.
struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn sessions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let identities = Identities::new(Arc::new(AtHand), Arc::new(AtHand), SessionLimits::default());
    let (server, token) = (VirtualServerId::new("default"), Token::draw(&Sevens));
    let ask = |now| runtime.block_on(identities.identify(&server, Place::App(HOST), Some(&token), Purpose::Use, now));
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
