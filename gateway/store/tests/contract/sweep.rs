//! What the janitor takes away, and what it records.

use std::sync::Arc;

use doorward_api::flow::Delivery;
use doorward_api::operator::Role;
use doorward_api::ports::*;
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;

both!(
    an_expired_enrolment_is_recorded_once_and_its_token_revoked,
    what_is_over_goes_and_what_is_not_stays,
    two_sweeps_at_once_record_once,
    after_a_flood_of_flows_none_is_left,
);

fn enrolling(id: &str, credential: Option<&str>) -> Act {
    let mut begun = flow(id, Step::CodeIssued);
    begun.data.credential = credential.map(CredentialId::from);
    Act::FlowStart(Box::new(begun))
}

async fn an_expired_enrolment_is_recorded_once_and_its_token_revoked(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, enrolling("f", Some("t"))).await);
    done(commit(&store, Act::FlowStart(Box::new(flow("signing-in", Step::Passcode)))).await);
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    assert_eq!(store.sweep(NOW + secs(899)).await.unwrap(), 0, "not yet");
    let late = NOW + secs(900);
    assert_eq!(store.sweep(late).await.unwrap(), 1);
    assert_eq!(store.sweep(late).await.unwrap(), 0);
    let recorded = of_kind(&whole_chain(&store).await, EventKind::EnrollmentExpired);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["details"]["lastStep"], "code_issued");
    assert_eq!(recorded[0]["context"]["transactionId"], "f");
    assert_eq!(recorded[0]["context"]["principalId"], "alice-row");
    let revoked = of_kind(&whole_chain(&store).await, EventKind::TokenRevoked);
    assert_eq!(revoked.len(), 1, "and the end of its token is told as well");
    assert_eq!(revoked[0]["details"]["reason"], "expired");
    assert_eq!(revoked[0]["context"]["transactionId"], "f");
    let revoked = store.credential(&vs(), &CredentialId::new("t")).await.unwrap().unwrap();
    assert_eq!((revoked.state, revoked.opened.expose()), (TokenState::Revoked, &b""[..]));
}

async fn what_is_over_goes_and_what_is_not_stays(world: Arc<World>) {
    let store = inhabited(&world).await;
    let key = MeterKey { scope: MeterScope::Flows, key: "127.0.0.1".into() };
    done(commit(&store, Act::SessionStart(portal_session("p"))).await);
    done(commit(&store, Act::SessionStart(app_session("a", "p"))).await);
    done(commit(&store, Act::OneTimePut(ticket("o"))).await);
    done(commit(&store, Act::MailQueue(mail("m"))).await);
    done(commit(&store, enrolling("f", None)).await);
    done(commit(&store, Act::FlowStart(Box::new(flow("signing-in", Step::Passcode)))).await);
    done(commit(&store, Act::OperatorAdd(Box::new(operator("olga", Role::Administrator)))).await);
    done(commit(&store, Act::OperatorSessionStart(operator_session("c", "olga"))).await);
    store.count(&vs(), &key, secs(60), NOW).await.unwrap();
    store.settle(&vs(), &MailId::new("m"), Delivery::Sent, event(EventKind::VerificationCodeSent), NOW).await.unwrap();

    assert_eq!(store.sweep(NOW + secs(60)).await.unwrap(), 2, "the ticket and the counter");
    assert_eq!(store.sweep(NOW + secs(900)).await.unwrap(), 1, "the enrolment, which is only noted");
    let flows = async || {
        let mut found = 0;
        for id in ["f", "signing-in"] {
            found += usize::from(store.flow(&vs(), &FlowId::new(id)).await.unwrap().is_some());
        }
        found
    };
    assert_eq!(store.sweep(NOW + secs(900 + 3599)).await.unwrap(), 0);
    assert_eq!(flows().await, 2, "their pages say that they expired, for an hour");
    assert_eq!(store.sweep(NOW + secs(900 + 3600)).await.unwrap(), 2);
    assert_eq!(flows().await, 0);
    assert!(store.session(&vs(), &hash("a"), secs(86_400), NOW).await.unwrap().is_some());
    let console = async || store.operator_session(&vs(), &hash("c"), secs(86_400), NOW).await.unwrap();
    assert!(console().await.is_some());
    let evening = NOW + secs(8 * 3600);
    assert!(store.sweep(evening).await.unwrap() > 0, "the sessions");
    for name in ["p", "a"] {
        assert!(store.session(&vs(), &hash(name), secs(86_400), NOW).await.unwrap().is_none(), "{name}");
    }
    assert!(console().await.is_none());
    assert_eq!(store.sweep(evening).await.unwrap(), 0);
    let next_day = NOW + secs(600 + 86_400);
    assert_eq!(store.sweep(next_day).await.unwrap(), 1, "the mail that was settled");
    assert_eq!(store.delivery(&vs(), &MailId::new("m")).await.unwrap(), None);
}

async fn two_sweeps_at_once_record_once(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    for number in 0..10 {
        done(commit(&store, enrolling(&format!("f{number}"), None)).await);
    }
    let late = NOW + secs(1000);
    let (one, two) = tokio::join!(store.sweep(late), second.sweep(late));
    assert_eq!(one.unwrap() + two.unwrap(), 10);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::EnrollmentExpired).len(), 10);
}

/// More than one portion of them.
async fn after_a_flood_of_flows_none_is_left(world: Arc<World>) {
    let store = inhabited(&world).await;
    let mut change = Change::default();
    for number in 0..4500 {
        let mut strange = flow(&format!("f{number}"), Step::Password);
        (strange.user, strange.data.proofs) = (None, Proofs::NONE);
        change = change.and(Act::FlowStart(Box::new(strange)));
    }
    done(store.commit(&vs(), change, NOW).await);
    assert_eq!(store.open_flows(&vs(), NOW).await.unwrap(), 4500);
    assert_eq!(store.open_flows(&vs(), NOW + secs(900)).await.unwrap(), 0);
    assert_eq!(store.sweep(NOW + secs(900 + 3600)).await.unwrap(), 4500);
}
