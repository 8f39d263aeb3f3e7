//! Who has lost password or second factor sets both anew, by a link that is good once, and is who they were.

use doorward_api::Module;
use doorward_api::operator::RoleRef;
use doorward_api::ports::{Act, Change, Ledger};
use doorward_api::settings::Approvals;

use super::*;

const NEW: &str = "a new horse entirely";

/// otto, of the help desk, too.
async fn with_otto() -> (Stage, OperatorSession, OperatorSession) {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(0), &olga, Role::HelpDesk).await.unwrap();
    let otto = stage.join(link.expose(), "otto", at(1)).await;
    (stage, olga, otto)
}

async fn setup(stage: &Stage, link: &Token, caller: &Caller) -> Option<Setup> {
    stage.desk.setup(caller, "Example", link.expose(), None).await.unwrap()
}

async fn use_link(stage: &Stage, link: &Token, caller: Caller) -> Finished {
    let setup = setup(stage, link, &caller).await.unwrap();
    let password = Secret::new(NEW);
    let passcode = shown(&setup, caller.now);
    let form = SetupForm { password: password.clone(), again: password, ..form("whatever is typed", &passcode) };
    stage.desk.finish(&caller, link.expose(), Some(&setup.keep), &form).await.unwrap()
}

/// As whoever holds the database makes one.
async fn made_on_the_database(stage: &Stage, name: &str) -> Token {
    let all = stage.desk.operators(&vs()).await.unwrap();
    let operator = all.iter().find(|one| one.name == name).unwrap();
    let (link, put) = recovery_link(operator, None, &Dice::default(), at(1).now);
    stage.world.commit(&vs(), Change::of(put), at(1).now).await.unwrap();
    link
}

fn disable(operator: &Operator) -> Act {
    Act::OperatorDisable { id: operator.id.clone(), from: operator.role.clone(), disabled: true }
}

#[tokio::test]
async fn password_and_second_factor_are_set_anew_and_all_else_stays() {
    let (stage, olga, otto) = with_otto().await;
    let before = stage.right("otto", at(5).now);
    let link = stage.desk.recover(&at(2), &olga, &otto.operator.id).await.unwrap();
    assert_eq!(details(&stage.world, EventKind::OperatorRecoveryOffered)["name"], "otto");
    assert_eq!(setup(&stage, &link, &at(2)).await.unwrap().name.as_deref(), Some("otto"), "the name is theirs");
    assert!(
        stage.world.with(|rows| rows.operator_sessions.values().any(|one| one.id == otto.id)),
        "nothing is changed yet"
    );
    let Finished::Done { session } = use_link(&stage, &link, at(3)).await else { panic!("not in") };
    let now = stage.session(&session, at(3).now).await.unwrap().operator;
    assert_eq!((&now.id, now.name.as_str(), &now.role), (&otto.operator.id, "otto", &otto.operator.role));
    assert!(stage.world.with(|rows| rows.operator_sessions.values().all(|one| one.id != otto.id)), "all have ended");
    assert_eq!(details(&stage.world, EventKind::OperatorRecovered)["name"], "otto");
    assert!(matches!(stage.enter(&at(5), "otto", &before).await, Entered::NotAccepted));
    let anew = Proof { password: Secret::new(NEW), passcode: Secret::new(stage.passcode("otto", at(5).now)) };
    assert!(matches!(stage.enter(&at(5), "otto", &anew).await, Entered::Welcome { .. }));
    assert!(setup(&stage, &link, &at(5)).await.is_none(), "it was good once");
    assert_eq!(stage.desk.operators(&vs()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_password_is_told_and_the_link_stays_good() {
    let (stage, olga, otto) = with_otto().await;
    let link = stage.desk.recover(&at(2), &olga, &otto.operator.id).await.unwrap();
    let setup = setup(&stage, &link, &at(2)).await.unwrap();
    let right = form("", &shown(&setup, at(2).now));
    for (form, expected) in [
        (SetupForm { again: Secret::new("other"), ..right.clone() }, SetupFault::Differs),
        (SetupForm { password: Secret::new("short"), ..right.clone() }, SetupFault::PasswordLength),
        (SetupForm { passcode: Secret::new("000001"), ..right.clone() }, SetupFault::Passcode),
    ] {
        match stage.desk.finish(&at(2), link.expose(), Some(&setup.keep), &form).await.unwrap() {
            Finished::Wrong(faults) => assert_eq!(faults, [expected]),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(use_link(&stage, &link, at(3)).await, Finished::Done { .. }));
}

#[tokio::test]
async fn a_link_is_void_after_a_day_another_password_or_the_powers_of_who_made_it() {
    let (stage, olga, otto) = with_otto().await;
    let (desk, id) = (&stage.desk, &otto.operator.id);
    let second = desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    let oleg = stage.join(second.expose(), "oleg", at(1)).await;
    let one = desk.recover(&at(2), &olga, id).await.unwrap();
    let other = desk.recover(&at(2), &oleg, id).await.unwrap();
    assert!(setup(&stage, &one, &at(2 + 24 * 60)).await.is_none(), "a day, and no longer");
    desk.set_disabled(&at(3), &olga, &oleg.operator.id, true).await.unwrap();
    assert!(setup(&stage, &other, &at(3)).await.is_none(), "who made it is switched off");
    desk.set_disabled(&at(3), &olga, &oleg.operator.id, false).await.unwrap();
    assert!(setup(&stage, &other, &at(3)).await.is_some());
    assert!(matches!(use_link(&stage, &one, at(3)).await, Finished::Done { .. }));
    assert!(setup(&stage, &other, &at(3)).await.is_none(), "there is a new password since");
}

#[tokio::test]
async fn nobody_recovers_themselves_nor_who_may_more() {
    let (stage, olga, otto) = with_otto().await;
    let desk = &stage.desk;
    let own = desk.recover(&at(2), &olga, &olga.operator.id).await;
    assert!(matches!(own, Err(OperatorError::OwnRecovery)), "{own:?}");
    let may_not = desk.recover(&at(2), &otto, &olga.operator.id).await;
    assert!(matches!(may_not, Err(OperatorError::Forbidden)), "{may_not:?}");
    let permissions = Role::Auditor.permissions().with(Module::Operators.edit());
    let role = desk.add_role(&at(2), &olga, &RoleForm { name: "less".into(), permissions }).await.unwrap().role;
    desk.set_role(&at(2), &olga, &otto.operator.id, RoleRef::Custom(role.id)).await.unwrap();
    let otto = OperatorSession { operator: desk.operator(&vs(), &otto.operator.id).await.unwrap(), ..otto };
    let beyond = desk.recover(&at(3), &otto, &olga.operator.id).await;
    assert!(matches!(beyond, Err(OperatorError::Beyond)), "{beyond:?}");
    let stale = desk.recover(&at(30), &olga, &otto.operator.id).await;
    assert!(matches!(stale, Err(OperatorError::NotFresh)), "{stale:?}");
}

#[tokio::test]
async fn whoever_recovers_a_colleague_is_no_second_operator_by_it() {
    let (stage, olga, otto) = with_otto().await;
    let id = otto.operator.id.clone();
    let link = stage.desk.recover(&at(2), &olga, &id).await.unwrap();
    stage.world.with(|rows| rows.set(&Approvals { operators: true, ..Approvals::default() }));
    assert!(matches!(use_link(&stage, &link, at(3)).await, Finished::Waits));
    assert!(stage.desk.operator(&vs(), &id).await.unwrap().disabled);
    assert_eq!(details(&stage.world, EventKind::OperatorRecovered)["disabled"], true);
    let on = stage.desk.set_disabled(&at(4), &olga, &id, false).await;
    assert!(matches!(on, Err(OperatorError::Held(_))), "to switch them on takes two: {on:?}");
}

#[tokio::test]
async fn one_of_the_last_two_is_recovered_on_the_database_only() {
    let (stage, olga, _) = with_otto().await;
    let link = stage.desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    let oleg = stage.join(link.expose(), "oleg", at(1)).await;
    stage.world.with(|rows| rows.set(&Approvals { operators: true, ..Approvals::default() }));
    let last = stage.desk.recover(&at(2), &olga, &oleg.operator.id).await;
    assert!(matches!(last, Err(OperatorError::LastAdministrator)), "they would be switched off by it: {last:?}");
    let link = made_on_the_database(&stage, "oleg").await;
    assert!(matches!(use_link(&stage, &link, at(3)).await, Finished::Done { .. }), "whoever holds it needs nobody");
}

#[tokio::test]
async fn a_lone_administrator_comes_back_in_and_who_is_switched_off_stays_so() {
    let (stage, _) = Stage::with_olga().await;
    let link = made_on_the_database(&stage, "olga").await;
    assert!(matches!(use_link(&stage, &link, at(3)).await, Finished::Done { .. }));

    let (stage, _, otto) = with_otto().await;
    stage.world.commit(&vs(), Change::of(disable(&otto.operator)), at(1).now).await.unwrap();
    let link = made_on_the_database(&stage, "otto").await;
    assert!(matches!(use_link(&stage, &link, at(3)).await, Finished::Waits));
    assert!(stage.desk.operator(&vs(), &otto.operator.id).await.unwrap().disabled);
}
