//! Requests to users' devices: a user has one that waits at the most, and each is answered once.

use std::sync::Arc;

use doorward_api::flow::KeptSecret;
use doorward_api::ports::*;
use doorward_api::push::{Push, PushContext, PushData, PushPurpose, PushState};
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_user_has_one_request_that_waits_and_another_ten_seconds_later,
    a_request_is_kept_as_it_was_made_and_says_for_what_for_good,
    a_request_is_answered_once_and_in_time,
    what_was_approved_is_used_once_with_what_it_was_approved_for,
    only_what_waits_is_withdrawn,
    requests_are_told_newest_first_and_fifty_at_the_most,
    a_request_goes_with_its_user_even_past_the_gateway,
    a_request_that_is_over_is_swept_a_day_later,
    what_is_asked_in_one_virtual_server_is_nothing_in_another,
    what_somebody_has_put_in_the_place_of_another_is_not_opened,
);

use PushState::{Approved, Cancelled, Denied, Mismatched, Pending, Reported, Used};

fn bob() -> UserId {
    UserId::new("bob-row")
}

fn id(id: &str) -> PushId {
    PushId::new(id)
}

/// A request of a minute to alice, made at this moment.
pub(crate) fn push(id: &str, made_at: Timestamp) -> Push {
    Push {
        id: PushId::new(id),
        user: alice(),
        purpose: PushPurpose::SignIn { flow: FlowId::new("f") },
        state: Pending,
        created_at: made_at,
        expires_at: made_at + secs(60),
        data: data("47"),
    }
}

pub(crate) fn data(number: &str) -> PushData {
    PushData {
        nonce: "AAECAwQFBgcICQoLDA0ODw".into(),
        number: KeptSecret::new(&Secret::new(number)),
        context: PushContext {
            application: Some("Wiki".into()),
            address: "192.0.2.7".into(),
            browser: "Firefox on Windows".into(),
        },
        answered_by: None,
        serial: None,
    }
}

/// Requests lie ten seconds apart.
pub(crate) fn start(push: Push) -> Act {
    let not_since = push.created_at - secs(10);
    Act::PushStart { push: Box::new(push), not_since }
}

pub(crate) fn go(id: &str, from: PushState, to: PushState) -> Act {
    let answered = PushData { answered_by: Some("t".into()), serial: Some("DW-t".into()), ..data("47") };
    Act::PushMove { id: PushId::new(id), from, to, data: Box::new(answered) }
}

fn cancel(user: UserId) -> Act {
    Act::PushesCancelOf { user }
}

async fn standing(store: &Store, name: &str) -> PushState {
    store.push(&vs(), &id(name)).await.unwrap().unwrap().state
}

async fn a_user_has_one_request_that_waits_and_another_ten_seconds_later(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    let begin = async |name: &str, after: Timestamp| commit_at(&store, start(push(name, after)), after).await;
    let later = |millis: i64| Timestamp::from_millis(NOW.millis() + millis);
    done(begin("first", NOW).await);
    lost(begin("too early", later(9_999)).await, 0);
    lost(begin("while it waits", later(59_999)).await, 0);
    done(commit(&store, start(Push { user: bob(), ..push("bob's", NOW) })).await);
    // One that was not answered is over by itself.
    done(begin("second", later(60_000)).await);
    assert_eq!(standing(&store, "first").await, Pending, "and stays as it is");
    done(commit_at(&store, go("second", Pending, Denied), later(61_000)).await);
    lost(begin("so soon", later(69_999)).await, 0);
    done(begin("third", later(70_000)).await);
    // Whose clock is behind does not come before it.
    done(commit_at(&store, cancel(alice()), later(70_500)).await);
    lost(begin("from behind", later(70_400)).await, 0);
    lost(begin("third", later(90_000)).await, 0);
    lost(commit(&store, start(Push { user: "nobody".into(), ..push("nobody's", NOW) })).await, 0);
    assert_eq!(store.push(&vs(), &id("nobody's")).await.unwrap(), None);
}

async fn a_request_is_kept_as_it_was_made_and_says_for_what_for_good(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, start(push("p", NOW))).await);
    assert_eq!(store.push(&vs(), &id("p")).await.unwrap(), Some(push("p", NOW)));
    assert_eq!(store.push(&vs(), &id("q")).await.unwrap(), None);
    assert_eq!(store.pushes_of(&vs(), &alice(), NOW).await.unwrap(), [push("p", NOW)]);

    done(commit(&store, go("p", Pending, Approved)).await);
    let answered = store.push(&vs(), &id("p")).await.unwrap().unwrap();
    assert_eq!((answered.state, answered.data.serial.as_deref()), (Approved, Some("DW-t")));
    assert_eq!(answered.purpose, push("p", NOW).purpose);

    let later = NOW + secs(100);
    let asked = Push { purpose: PushPurpose::HelpDesk { operator: "olga".into() }, ..push("h", later) };
    done(commit_at(&store, start(asked.clone()), later).await);
    assert_eq!(store.push(&vs(), &id("h")).await.unwrap(), Some(asked));
}

async fn a_request_is_answered_once_and_in_time(world: Arc<World>) {
    let store = inhabited(&world).await;
    let mut at = NOW;
    for to in [Approved, Denied, Reported, Mismatched, Cancelled] {
        let name = to.as_str();
        done(commit_at(&store, start(push(name, at)), at).await);
        for from in PushState::ALL.into_iter().filter(|from| *from != Pending) {
            lost(commit_at(&store, go(name, from, Denied), at).await, 0);
        }
        lost(commit_at(&store, go(name, Pending, to), at + secs(60)).await, 0);
        done(commit_at(&store, go(name, Pending, to), at + secs(59)).await);
        for again in PushState::ALL {
            lost(commit_at(&store, go(name, Pending, again), at + secs(59)).await, 0);
        }
        assert_eq!(standing(&store, name).await, to);
        at = at + secs(100);
    }
    lost(commit(&store, go("never made", Pending, Approved)).await, 0);
}

async fn what_was_approved_is_used_once_with_what_it_was_approved_for(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, start(push("p", NOW))).await);
    lost(commit(&store, go("p", Approved, Used)).await, 0);
    done(commit(&store, go("p", Pending, Approved)).await);
    // Its end is the end of the wait for an answer, not of the answer.
    let late = NOW + secs(120);
    let signing_in = |used: &str| Change::of(go("p", Approved, Used)).and(take_ticket(used));
    lost(store.commit(&vs(), signing_in("never put"), late).await, 1);
    assert_eq!(standing(&store, "p").await, Approved, "nothing came of it, so it is not used up");
    done(commit_at(&store, go("p", Approved, Used), late).await);
    lost(commit_at(&store, go("p", Approved, Used), late).await, 0);
}

async fn only_what_waits_is_withdrawn(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    done(commit(&store, cancel(alice())).await);
    done(commit(&store, start(push("over", NOW))).await);
    let second = NOW + secs(60);
    done(commit_at(&store, start(push("approved", second)), second).await);
    done(commit_at(&store, go("approved", Pending, Approved), second).await);
    let third = NOW + secs(120);
    done(commit_at(&store, start(push("waits", third)), third).await);
    done(commit_at(&store, start(Push { user: bob(), ..push("bob's", third) }), third).await);
    for _ in 0..2 {
        done(commit_at(&store, cancel(alice()), third).await);
        for (name, state) in [("over", Pending), ("approved", Approved), ("waits", Cancelled), ("bob's", Pending)] {
            assert_eq!(standing(&store, name).await, state, "{name}");
        }
    }
    lost(commit_at(&store, go("waits", Pending, Approved), third).await, 0);
    let withdrawn = store.push(&vs(), &id("waits")).await.unwrap().unwrap();
    assert_eq!(withdrawn, Push { state: Cancelled, ..push("waits", third) }, "all else stays");
}

async fn requests_are_told_newest_first_and_fifty_at_the_most(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    for number in 0..60 {
        let at = NOW + secs(number * 60);
        done(commit_at(&store, start(push(&format!("p{number:02}"), at)), at).await);
    }
    done(commit(&store, start(Push { user: bob(), ..push("bob's", NOW) })).await);
    let told = async |since: u64| -> Vec<String> {
        let found = store.pushes_of(&vs(), &alice(), NOW + secs(since)).await.unwrap();
        found.into_iter().map(|push| push.id.to_string()).collect()
    };
    assert_eq!(told(57 * 60).await, ["p59", "p58", "p57"], "from that moment on");
    assert_eq!(told(57 * 60 + 1).await, ["p59", "p58"]);
    let all = told(0).await;
    assert_eq!((all.len(), all[0].as_str(), all[49].as_str()), (50, "p59", "p10"));
    assert_eq!(told(3600).await, [""; 0]);
}

/// A process of the release before knows nothing of them.
async fn a_request_goes_with_its_user_even_past_the_gateway(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    done(commit(&store, start(push("alice's", NOW))).await);
    done(commit(&store, start(Push { user: bob(), ..push("bob's", NOW) })).await);
    done(commit(&store, delete_user(alice())).await);
    assert_eq!(store.push(&vs(), &id("alice's")).await.unwrap(), None);
    done(commit(&store, add_user("alice", alice(), &[])).await);
    assert_eq!(store.pushes_of(&vs(), &alice(), NOW).await.unwrap(), []);
    world.sql("DELETE FROM user_account WHERE id = 'bob-row'").await;
    assert_eq!(store.push(&vs(), &id("bob's")).await.unwrap(), None);
}

async fn a_request_that_is_over_is_swept_a_day_later(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    done(commit(&store, add_user("bob", bob(), &[])).await);
    done(commit(&store, start(push("alice's", NOW))).await);
    done(commit(&store, go("alice's", Pending, Denied)).await);
    done(commit(&store, start(Push { user: bob(), expires_at: NOW + secs(61), ..push("bob's", NOW) })).await);
    let day_after = NOW + secs(60 + 86_400);
    assert_eq!(store.sweep(Timestamp::from_millis(day_after.millis() - 1)).await.unwrap(), 0);
    let (one, two) = tokio::join!(store.sweep(day_after), second.sweep(day_after));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(store.push(&vs(), &id("alice's")).await.unwrap(), None);
    assert_eq!(standing(&store, "bob's").await, Pending);
}

async fn what_is_asked_in_one_virtual_server_is_nothing_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    done(commit(&store, start(push("p", NOW))).await);

    assert_eq!(store.push(&other, &id("p")).await.unwrap(), None);
    assert_eq!(store.pushes_of(&other, &alice(), NOW).await.unwrap(), []);
    lost(store.commit(&other, Change::of(go("p", Pending, Approved)), NOW).await, 0);
    done(store.commit(&other, Change::of(cancel(alice())), NOW).await);
    assert_eq!(standing(&store, "p").await, Pending);
    // Theirs keeps nobody here from another, and may be called the same.
    done(store.commit(&other, Change::of(start(push("p", NOW))), NOW).await);
    done(store.commit(&other, Change::of(go("p", Pending, Denied)), NOW).await);
    assert_eq!(standing(&store, "p").await, Pending);
}

/// Whoever may write to the database cannot make a request that was approved for something be one for something else.
async fn what_somebody_has_put_in_the_place_of_another_is_not_opened(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, start(push("mine", NOW))).await);
    done(commit(&store, go("mine", Pending, Approved)).await);
    let later = NOW + secs(60);
    let theirs = Push { purpose: PushPurpose::SignIn { flow: "another".into() }, ..push("theirs", later) };
    done(commit_at(&store, start(theirs), later).await);
    world
        .sql(
            "UPDATE push_request SET state = 'approved', \
             data = (SELECT p.data FROM push_request p WHERE p.id = 'mine') WHERE id = 'theirs'",
        )
        .await;
    let read = store.push(&vs(), &id("theirs")).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    let used = commit_at(&store, go("theirs", Approved, Used), later).await;
    assert!(matches!(used, Err(CommitError::Store(StoreError::Damaged(_)))), "{used:?}");
    let told = store.pushes_of(&vs(), &alice(), NOW).await.unwrap();
    assert_eq!(told.iter().map(|push| push.id.as_str()).collect::<Vec<_>>(), ["mine"], "it hides no other");
    // Nor is it in the way of the next.
    done(commit_at(&store, start(push("next", later + secs(10))), later + secs(10)).await);
}
