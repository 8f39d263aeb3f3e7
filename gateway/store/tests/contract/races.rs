//! Many at once, from two processes: exactly as many succeed as may.

use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::push::PushState;
use doorward_api::*;
use doorward_store::Store;
use tokio::task::JoinSet;

use crate::fixtures::*;
use crate::second_process::SecondProcess;
use crate::world::World;
use crate::{passkeys, pushes};

both!(
    of_64_uses_of_one_passcode_one_succeeds,
    of_64_uses_of_one_ticket_one_succeeds,
    of_64_moves_of_one_flow_one_succeeds,
    of_64_who_ask_for_one_user_one_is_heard,
    of_64_operators_who_decide_one_wins,
    of_64_uses_of_one_code_of_the_help_desk_one_succeeds,
    of_64_requests_to_one_users_device_one_is_sent,
    of_64_answers_to_one_request_one_counts,
    of_64_activations_one_succeeds,
    of_64_activations_two_succeed_where_two_are_allowed,
    of_64_removals_of_two_tokens_one_succeeds,
    of_64_passkeys_of_one_user_as_many_are_made_as_are_allowed,
    a_meter_gives_64_different_counts,
    of_64_that_take_a_place_as_many_get_one_as_there_are,
    of_64_sign_ins_that_pass_their_password_at_once_the_newest_few_stay_open,
    failures_are_all_counted,
    no_mail_goes_to_two_senders,
    parallel_writers_leave_one_chain,
    crossing_changes_are_both_made,
);

/// How many each of the two processes tries.
const EACH: usize = 32;

/// Tries one thing many times at once; how often it was done.
pub(crate) async fn contend(store: &Store, race: &str) -> usize {
    let mut tries = JoinSet::new();
    for number in 0..EACH {
        let (store, race) = (store.clone(), race.to_owned());
        tries.spawn(async move { one_try(&store, &race, number).await });
    }
    tries.join_all().await.into_iter().sum()
}

async fn one_try(store: &Store, race: &str, number: usize) -> usize {
    let act = match race {
        "passcode" => spend("t", 2),
        "ticket" => take_ticket("t"),
        "flow" => go(&flow("f", Step::CodeSent), Step::EmailVerified),
        "asking" => set_grant(grant(&alice(), GrantState::Asked), None),
        "decision" => {
            let decided = if number.is_multiple_of(2) { GrantState::Approved } else { GrantState::Refused };
            set_grant(grant(&alice(), decided), Some(GrantState::Asked))
        }
        "help desk" => take_grant(&alice(), GrantState::CodeGiven),
        "request" => pushes::start(pushes::push(&format!("p-{}-{number}", std::process::id()), NOW)),
        "answer" => {
            let answer = if number.is_multiple_of(2) { PushState::Approved } else { PushState::Denied };
            pushes::go("p", PushState::Pending, answer)
        }
        "activation" => activate(if number.is_multiple_of(2) { "one" } else { "two" }, 1),
        "two activations" => activate_beside(&format!("t{}", number % 5), 1, 2),
        "passkeys" => Act::CredentialAdd(passkeys::passkey(&format!("p{}-{number}", std::process::id()), 3)),
        "removal" => remove(if number.is_multiple_of(2) { "one" } else { "two" }),
        "meter" => {
            let key = MeterKey { scope: MeterScope::CodeTries, key: "f:1".into() };
            let (count, _) = store.count(&vs(), &key, secs(600), NOW).await.unwrap();
            return usize::from(count <= 5);
        }
        "places" => {
            let key = MeterKey { scope: MeterScope::Password, key: "user:alice-row".into() };
            let taken = store.take_place(&vs(), &key, 5, secs(600), NOW).await.unwrap();
            return usize::from(matches!(taken, Taken::Place { .. }));
        }
        "rooms" => {
            let id = FlowId::new(format!("room-{}-{number}", std::process::id()));
            let begun = Flow { id: id.clone(), ..flow("f", Step::Passcode) };
            let change = Change::of(make_room(&id, 5)).and(Act::FlowStart(Box::new(begun)));
            done(store.commit(&vs(), change, NOW).await);
            return 1;
        }
        "failures" => {
            let id = CredentialId::new("t");
            let fails = store.count_failure(&vs(), &id, 9, secs(900), NOW).await.unwrap();
            return usize::from(fails.locked_until.is_none());
        }
        "mails" => return store.take_due(1, secs(60), NOW).await.unwrap().len(),
        "records" => Act::Nothing,
        other => panic!("no race is called {other}"),
    };
    match store.commit(&vs(), Change::of(act).record(event(EventKind::AuthSuccess)), NOW).await {
        Ok(()) => 1,
        Err(CommitError::Lost { .. }) => 0,
        Err(CommitError::Store(error)) => panic!("{error}"),
    }
}

/// The race in two processes at once; how often the thing was done in both together.
async fn race(world: &World, store: &Store, race: &str) -> usize {
    let mut second = SecondProcess::start(&world.url, race);
    second.go();
    let here = contend(store, race).await;
    here + second.answer().parse::<usize>().unwrap()
}

async fn of_64_uses_of_one_passcode_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    assert_eq!(race(&world, &store, "passcode").await, 1);
    assert_eq!(store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap().version, 3);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuthSuccess).len(), 1);
}

async fn of_64_uses_of_one_ticket_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::OneTimePut(ticket("t"))).await);
    assert_eq!(race(&world, &store, "ticket").await, 1);
}

async fn of_64_moves_of_one_flow_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::FlowStart(Box::new(flow("f", Step::CodeSent)))).await);
    assert_eq!(race(&world, &store, "flow").await, 1);
}

async fn of_64_who_ask_for_one_user_one_is_heard(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "asking").await, 1);
    // The same where one that is over gives way.
    let over = Grant { expires_at: NOW, ..grant(&alice(), GrantState::Refused) };
    done(commit(&store, set_grant(over, Some(GrantState::Asked))).await);
    assert_eq!(race(&world, &store, "asking").await, 1);
}

/// Some approve, some refuse: one of them, and all the others are told that they are too late.
async fn of_64_operators_who_decide_one_wins(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, set_grant(grant(&alice(), GrantState::Asked), None)).await);
    assert_eq!(race(&world, &store, "decision").await, 1);
    let decided = store.grant(&vs(), &alice(), NOW).await.unwrap().unwrap().state;
    assert!(matches!(decided, GrantState::Approved | GrantState::Refused));
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuthSuccess).len(), 1);
}

async fn of_64_uses_of_one_code_of_the_help_desk_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, set_grant(grant(&alice(), GrantState::CodeGiven), None)).await);
    assert_eq!(race(&world, &store, "help desk").await, 1);
    assert_eq!(store.grant(&vs(), &alice(), NOW).await.unwrap(), None);
}

async fn of_64_requests_to_one_users_device_one_is_sent(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "request").await, 1);
    assert_eq!(store.pushes_of(&vs(), &alice(), NOW).await.unwrap().len(), 1);
    // The same where one that is over gives way.
    world.sql("UPDATE push_request SET created_at = created_at - 60000, expires_at = expires_at - 60000").await;
    assert_eq!(race(&world, &store, "request").await, 1);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuthSuccess).len(), 2);
}

/// Some approve, some deny: one of them.
async fn of_64_answers_to_one_request_one_counts(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, pushes::start(pushes::push("p", NOW))).await);
    assert_eq!(race(&world, &store, "answer").await, 1);
    assert_ne!(store.push(&vs(), &PushId::new("p")).await.unwrap().unwrap().state, PushState::Pending);
}

/// Two tokens of one user, each activated from all sides: the user has one in the end.
async fn of_64_activations_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    for id in ["one", "two"] {
        done(commit(&store, Act::CredentialIssue(token(id))).await);
    }
    assert_eq!(race(&world, &store, "activation").await, 1);
    let states = store.credentials_of(&vs(), &alice()).await.unwrap();
    assert_eq!(states.iter().filter(|token| token.state == TokenState::Active).count(), 1);
}

/// Five tokens of one user, who may have two.
async fn of_64_activations_two_succeed_where_two_are_allowed(world: Arc<World>) {
    let store = inhabited(&world).await;
    for number in 0..5 {
        done(commit(&store, Act::CredentialIssue(token(&format!("t{number}")))).await);
    }
    assert_eq!(race(&world, &store, "two activations").await, 2);
    let states = store.credentials_of(&vs(), &alice()).await.unwrap();
    assert_eq!(states.iter().filter(|token| token.state == TokenState::Active).count(), 2);
}

/// Each can be done without as long as there is the other.
async fn of_64_removals_of_two_tokens_one_succeeds(world: Arc<World>) {
    let store = inhabited(&world).await;
    for id in ["one", "two"] {
        done(commit(&store, Act::CredentialIssue(token(id))).await);
    }
    for id in ["one", "two"] {
        done(commit(&store, activate_beside(id, 1, 2)).await);
    }
    assert_eq!(race(&world, &store, "removal").await, 1);
    let left = store.credentials_of(&vs(), &alice()).await.unwrap();
    assert_eq!(left.iter().filter(|token| token.state == TokenState::Active).count(), 1);
}

async fn of_64_passkeys_of_one_user_as_many_are_made_as_are_allowed(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "passkeys").await, 3);
    assert_eq!(store.credentials_of(&vs(), &alice()).await.unwrap().len(), 3);
}

async fn a_meter_gives_64_different_counts(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "meter").await, 5, "as many pass the limit as the limit says");
    let key = MeterKey { scope: MeterScope::CodeTries, key: "f:1".into() };
    assert_eq!(store.read(&vs(), &key, NOW).await.unwrap().0, 64);
}

async fn of_64_that_take_a_place_as_many_get_one_as_there_are(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "places").await, 5);
    let key = MeterKey { scope: MeterScope::Password, key: "user:alice-row".into() };
    assert_eq!(store.read(&vs(), &key, NOW).await.unwrap().0, 5);
}

/// None sees the others' as not there yet, in whichever process.
async fn of_64_sign_ins_that_pass_their_password_at_once_the_newest_few_stay_open(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "rooms").await, 64);
    assert_eq!(store.open_flows(&vs(), NOW).await.unwrap(), 5);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::SignInSuperseded).len(), 59, "each end is recorded");
}

async fn failures_are_all_counted(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    assert_eq!(race(&world, &store, "failures").await, 9);
    assert_eq!(store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap().fails, 64);
}

/// Every sender reaches for the oldest mail. Some come away with nothing, which is no harm; none gets what another has.
async fn no_mail_goes_to_two_senders(world: Arc<World>) {
    let store = inhabited(&world).await;
    for number in 0..60 {
        done(commit(&store, Act::MailQueue(mail(&format!("m{number}")))).await);
    }
    let taken = race(&world, &store, "mails").await;
    let left = store.take_due(100, secs(60), NOW).await.unwrap().len();
    assert_eq!(taken + left, 60);
}

async fn parallel_writers_leave_one_chain(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(race(&world, &store, "records").await, 64);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuthSuccess).len(), 64);
}

/// Two changes take two rows, one the other way round: on PostgreSQL a deadlock, which is broken and tried again.
async fn crossing_changes_are_both_made(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bob = UserId::new("bob-row");
    done(commit(&store, add_user("bob", bob.clone(), &[])).await);
    for round in 0..3 {
        let change = |first: UserId, last: UserId| {
            let disable = |user| Act::UserDisable { user, disabled: false };
            // What lies between gives the other the time to take its first row.
            let puts = (0..20).map(|n| Act::OneTimePut(ticket(&format!("{round} {first} {n}"))));
            let acts = std::iter::once(disable(first.clone())).chain(puts).chain([disable(last)]);
            Change { acts: acts.collect(), events: vec![event(EventKind::UserEnabled)] }
        };
        let (vs, one, other) = (vs(), change(alice(), bob.clone()), change(bob.clone(), alice()));
        let (one, other) = tokio::join!(store.commit(&vs, one, NOW), store.commit(&vs, other, NOW));
        done(one);
        done(other);
    }
}
