//! Requests of the help desk.

use doorward_api::operator::Role;
use doorward_api::{OperatorId, UserId};

use super::*;
use crate::manage::{By, CallerAnswer, CallerCheck, ManageError, Manager, TokenAction};

fn by(role: Role, operator: &str, now: Timestamp) -> By {
    By {
        operator: OperatorId::new(format!("o-{operator}")),
        name: operator.into(),
        permissions: role.permissions(),
        api_key: None,
        address: Some([10, 0, 0, 1].into()),
        request_id: "r-7".into(),
        now,
        undone: None,
    }
}

async fn asked(stage: &Stage, by: &By) -> CallerAnswer {
    let manager = Manager::new(stage.desk.clone());
    match manager.verify_caller(&stage.vs.id, by, &UserId::from("u-alice")).await.unwrap() {
        CallerCheck::Asked(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_help_desk_reads_a_number_to_the_caller_who_enters_it() {
    let stage = stage(PASSWORD_AND_OTP);
    let (now, manager, vs) = (crate::testing::now(), Manager::new(stage.desk.clone()), &stage.vs.id);
    let olga = by(Role::HelpDesk, "olga", now);
    let sent = asked(&stage, &olga).await;
    assert_eq!((sent.state, sent.by_hand), (PushState::Pending, false));
    assert_eq!(newest(&stage).data.context, doorward_api::push::PushContext::default());
    let context = stage.world.with(|rows| rows.events.last().unwrap().context.clone());
    assert_eq!((context.operator.as_deref(), context.user), (Some("olga"), Some("u-alice".into())));
    assert_eq!(details(&stage.world, EventKind::PushSent)["purpose"], "help_desk");

    let number = sent.number.unwrap();
    assert_eq!(answers(&stage, now, yes(number.expose())).await, "approved");
    let seen = manager.caller_verified(vs, &olga, &sent.push).await.unwrap();
    assert_eq!((seen.state, seen.number.is_none(), seen.user.as_str()), (PushState::Approved, true, "u-alice"));
    assert_eq!(details(&stage.world, EventKind::PushApproved)["purpose"], "help_desk");
    let olaf = by(Role::Administrator, "olaf", now);
    assert!(matches!(manager.caller_verified(vs, &olaf, &sent.push).await, Err(ManageError::NotFound)));
}

#[tokio::test]
async fn what_the_help_desk_asked_signs_nobody_in() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut stranger = Browser::identified(&stage, "alice").await;
    let olga = by(Role::HelpDesk, "olga", stranger.now);
    let sent = asked(&stage, &olga).await;
    stage.world.with(|rows| rows.flows[0].data.push = Some(sent.push.clone()));
    answers(&stage, stranger.now, yes(sent.number.unwrap().expose())).await;
    assert!(matches!(view(&stranger).await, Some(PushView::Offered)));
    let moved = stranger.send(Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
    stranger.send(Send::RequestPush).await;
    assert!(matches!(notice(&stranger).await, Some(Notice::PushOff { .. })), "ten seconds for operators, too");
}

#[tokio::test]
async fn who_may_not_care_for_users_asks_nobody() {
    let stage = stage(PASSWORD_AND_OTP);
    let (manager, now) = (Manager::new(stage.desk.clone()), crate::testing::now());
    let (vs, alice) = (&stage.vs.id, UserId::from("u-alice"));
    let auditor = by(Role::Auditor, "ada", now);
    assert!(matches!(manager.verify_caller(vs, &auditor, &alice).await, Err(ManageError::Forbidden)));
    let olga = by(Role::HelpDesk, "olga", now);
    assert!(matches!(manager.verify_caller(vs, &olga, &"u-none".into()).await, Err(ManageError::NotFound)));
    assert!(matches!(manager.verify_caller(vs, &olga, &"u-bob".into()).await.unwrap(), CallerCheck::NoDevice));
    asked(&stage, &olga).await;
    let again = manager.verify_caller(vs, &olga, &alice).await.unwrap();
    assert!(matches!(again, CallerCheck::Off { until } if until == now + Duration::from_secs(120)), "{again:?}");
}

#[tokio::test]
async fn a_token_that_an_operator_takes_has_nothing_more_to_answer() {
    let stage = stage(PASSWORD_AND_OTP);
    let alice = asking(&stage).await;
    let number = number(&alice).await;
    let olga = by(Role::HelpDesk, "olga", alice.now);
    let manager = Manager::new(stage.desk.clone());
    manager.act_on_token(&stage.vs.id, &olga, &"c-alice".into(), TokenAction::Suspend).await.unwrap();
    assert_eq!(states(&stage), [PushState::Cancelled]);
    assert_eq!(answers(&stage, alice.now, yes(&number)).await, "over");
}
