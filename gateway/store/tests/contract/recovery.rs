//! Recovery codes: each is used up once.

use std::sync::Arc;

use doorward_api::ports::{Act, Register};
use doorward_api::{RecoveryCodes, UserId};

use crate::fixtures::*;
use crate::world::World;

both!(
    codes_are_kept_by_their_version,
    of_many_who_use_the_same_version_one_does,
    codes_go_with_their_user_and_are_nobody_elses,
);

fn codes(macs: &[&str]) -> RecoveryCodes {
    RecoveryCodes { made_at: NOW, macs: macs.iter().map(|mac| (*mac).to_owned()).collect() }
}

fn set(user: UserId, seen: i64, left: Option<&[&str]>) -> Act {
    Act::RecoveryCodesSet { user, seen, codes: left.map(codes) }
}

async fn codes_are_kept_by_their_version(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(store.recovery_codes(&vs(), &alice()).await.unwrap(), None);
    lost(commit(&store, set(alice(), 7, Some(&["a"]))).await, 0);
    lost(commit(&store, set(alice(), 7, None)).await, 0);
    done(commit(&store, set(alice(), 0, Some(&["a", "b"]))).await);
    lost(commit(&store, set(alice(), 0, Some(&["c"]))).await, 0);
    let first = store.recovery_codes(&vs(), &alice()).await.unwrap().unwrap();
    assert_eq!(first.codes, codes(&["a", "b"]));
    done(commit(&store, set(alice(), first.version, Some(&["b"]))).await);
    lost(commit(&store, set(alice(), first.version, Some(&["a"]))).await, 0);
    let next = store.recovery_codes(&vs(), &alice()).await.unwrap().unwrap();
    assert_eq!((next.version, next.codes), (first.version + 1, codes(&["b"])));
    done(commit(&store, set(alice(), next.version, None)).await);
    assert_eq!(store.recovery_codes(&vs(), &alice()).await.unwrap(), None);
    done(commit_at(&store, set(alice(), 0, Some(&["d"])), NOW + secs(60)).await);
    let anew = store.recovery_codes(&vs(), &alice()).await.unwrap().unwrap();
    assert_ne!(anew.version, next.version, "who has seen the old ones writes over no new ones");
}

async fn of_many_who_use_the_same_version_one_does(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, set(alice(), 0, Some(&["a", "b"]))).await);
    let seen = store.recovery_codes(&vs(), &alice()).await.unwrap().unwrap().version;
    let tries = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { commit(&store, set(alice(), seen, Some(&["b"]))).await.is_ok() })
    });
    let mut won = 0;
    for one in tries.collect::<Vec<_>>() {
        won += u32::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
}

async fn codes_go_with_their_user_and_are_nobody_elses(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, set(alice(), 0, Some(&["a"]))).await);
    let bob = UserId::new("bob-row");
    done(commit(&store, add_user("bob", bob.clone(), &[])).await);
    assert_eq!(store.recovery_codes(&vs(), &bob).await.unwrap(), None);
    done(commit(&store, delete_user(alice())).await);
    assert_eq!(store.recovery_codes(&vs(), &alice()).await.unwrap(), None);
    assert!(commit(&store, set(alice(), 0, Some(&["a"]))).await.is_err(), "nobody there");
}
