//! A link by which an operator is made is good for as long as whoever made it may make one.

use doorward_api::Module;
use doorward_api::operator::RoleRef;
use doorward_api::settings::Approvals;

use super::*;

/// mallory, an administrator, too.
async fn with_mallory() -> (Stage, OperatorSession, OperatorSession) {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(0), &olga, Role::Administrator).await.unwrap();
    let mallory = stage.join(link.expose(), "mallory", at(1)).await;
    (stage, olga, mallory)
}

async fn leads_on(stage: &Stage, link: &Token) -> bool {
    stage.desk.setup(&at(2), "Example", link.expose(), None).await.unwrap().is_some()
}

#[tokio::test]
async fn a_link_is_void_while_whoever_made_it_may_do_less_than_it_gives_or_may_not_invite() {
    let (stage, olga, mallory) = with_mallory().await;
    let (desk, id) = (&stage.desk, &mallory.operator.id);
    let whole = desk.invite(&at(1), &mallory, Role::Administrator).await.unwrap();
    let little = desk.invite(&at(1), &mallory, Role::Auditor).await.unwrap();
    let of_olga = desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    assert!(leads_on(&stage, &whole).await && leads_on(&stage, &little).await);

    desk.set_disabled(&at(2), &olga, id, true).await.unwrap();
    assert!(!leads_on(&stage, &whole).await && !leads_on(&stage, &little).await, "they are switched off");
    assert!(leads_on(&stage, &of_olga).await);
    desk.set_disabled(&at(2), &olga, id, false).await.unwrap();
    assert!(leads_on(&stage, &whole).await, "and on again");

    let permissions = Role::Auditor.permissions().with(Module::Operators.edit());
    let role = desk.add_role(&at(2), &olga, &RoleForm { name: "less".into(), permissions }).await.unwrap().role;
    desk.set_role(&at(2), &olga, id, RoleRef::Custom(role.id)).await.unwrap();
    assert!(!leads_on(&stage, &whole).await && leads_on(&stage, &little).await, "they may invite auditors now");
    desk.set_role(&at(2), &olga, id, Role::HelpDesk).await.unwrap();
    assert!(!leads_on(&stage, &little).await, "the help desk may as much, but not invite");
}

#[tokio::test]
async fn a_link_is_void_when_the_role_permits_less_while_the_password_is_hashed() {
    let (stage, olga, mallory) = with_mallory().await;
    let (desk, id) = (&stage.desk, &mallory.operator.id);
    let permissions = Role::Auditor.permissions().with(Module::Operators.edit());
    let chief = |permissions| RoleForm { name: "chief".into(), permissions };
    let role = desk.add_role(&at(1), &olga, &chief(permissions)).await.unwrap().role;
    desk.set_role(&at(1), &olga, id, RoleRef::Custom(role.id.clone())).await.unwrap();
    let mallory = OperatorSession { operator: desk.operator(&vs(), id).await.unwrap(), ..mallory.clone() };
    let link = desk.invite(&at(1), &mallory, Role::Auditor).await.unwrap();
    let setup = desk.setup(&at(1), "Example", link.expose(), None).await.unwrap().unwrap();
    let form = form("mallory2", &shown(&setup, at(2).now));
    let (caller, less) = (at(2), chief(Role::Auditor.permissions()));
    let (finished, changed) = tokio::join!(
        desk.finish(&caller, link.expose(), Some(&setup.keep), &form),
        desk.set_role_of(&caller, &olga, (&role.id, role.version), &less),
    );
    changed.unwrap();
    assert!(matches!(finished.unwrap(), Finished::Gone));
    assert_eq!(desk.operators(&vs()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_link_that_says_of_nobody_who_has_made_it_leads_nowhere() {
    let (stage, olga) = Stage::with_olga().await;
    let link = stage.desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    assert!(leads_on(&stage, &link).await);
    // As a release has kept it that knew no makers.
    stage.world.with(|rows| {
        let kept = rows.one_times.get_mut(&link.hash()).unwrap();
        let mut said: serde_json::Value = serde_json::from_str(&kept.data).unwrap();
        said.as_object_mut().unwrap().remove("by");
        kept.data = said.to_string();
    });
    assert!(!leads_on(&stage, &link).await);
}

#[tokio::test]
async fn who_was_shown_the_page_before_makes_nobody_either() {
    let (stage, olga, mallory) = with_mallory().await;
    let desk = &stage.desk;
    let link = desk.invite(&at(1), &mallory, Role::Administrator).await.unwrap();
    let setup = desk.setup(&at(1), "Example", link.expose(), None).await.unwrap().unwrap();
    let form = form("mallory2", &shown(&setup, at(2).now));
    let caller = at(2);
    // While the password is hashed.
    let (finished, off) = tokio::join!(
        desk.finish(&caller, link.expose(), Some(&setup.keep), &form),
        desk.set_disabled(&caller, &olga, &mallory.operator.id, true),
    );
    off.unwrap();
    assert!(matches!(finished.unwrap(), Finished::Gone));
    let again = desk.finish(&caller, link.expose(), Some(&setup.keep), &form).await.unwrap();
    assert!(matches!(again, Finished::Gone));
    assert_eq!(desk.operators(&vs()).await.unwrap().len(), 2);
}

/// What gives powers takes two operators from now on.
fn takes_two(stage: &Stage) {
    stage.world.with(|rows| rows.set(&Approvals { operators: true, ..Approvals::default() }));
}

/// Whoever came by a link to where a second operator has to switch them on.
async fn waits(stage: &Stage, link: &Token, name: &str, caller: Caller) -> Operator {
    let setup = stage.desk.setup(&caller, "Example", link.expose(), None).await.unwrap().unwrap();
    let form = form(name, &shown(&setup, caller.now));
    let finished = stage.desk.finish(&caller, link.expose(), Some(&setup.keep), &form).await.unwrap();
    assert!(matches!(finished, Finished::Waits), "{finished:?}");
    let all = stage.desk.operators(&vs()).await.unwrap();
    all.into_iter().find(|one| one.name == name).unwrap()
}

#[tokio::test]
async fn who_opens_their_own_approved_link_is_no_second_operator() {
    let (stage, olga, mallory) = with_mallory().await;
    takes_two(&stage);
    let desk = &stage.desk;
    let Err(OperatorError::Held(id)) = desk.invite(&at(1), &olga, Role::Administrator).await else {
        panic!("it waits")
    };
    stage.world.with(|rows| {
        let act = rows.pending_acts.iter_mut().find(|act| act.id == id).unwrap();
        (act.state, act.decided_by) = (doorward_api::ApprovalState::Approved, Some("mallory".into()));
    });
    let link = desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    let otto = waits(&stage, &link, "otto", at(2)).await;
    assert!(otto.disabled && otto.role == Role::Administrator);
    assert_eq!(stage.world.kinds().last(), Some(&EventKind::OperatorCreated), "nobody has signed in");
    assert_eq!(details(&stage.world, EventKind::OperatorCreated)["disabled"], true);
    let right = stage.right("otto", at(5).now);
    assert!(matches!(stage.enter(&at(5), "otto", &right).await, Entered::NotAccepted));
    assert!(!leads_on(&stage, &link).await, "it is used up");

    // To switch them on takes two, and whoever approves reads the name.
    let on = desk.set_disabled(&at(5), &olga, &otto.id, false).await;
    assert!(matches!(on, Err(OperatorError::Held(_))), "{on:?}");
    assert_eq!(stage.world.with(|rows| rows.pending_acts.last().unwrap().about.clone()), "otto");
    // And nobody is one of the last two while they wait.
    let off = desk.set_disabled(&at(5), &olga, &mallory.operator.id, true).await;
    assert!(matches!(off, Err(OperatorError::LastAdministrator)), "{off:?}");
}

#[tokio::test]
async fn a_link_from_before_it_took_two_makes_no_second_operator_either() {
    let (stage, olga, _) = with_mallory().await;
    let link = stage.desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    takes_two(&stage);
    assert!(waits(&stage, &link, "otto", at(2)).await.disabled);
}

#[tokio::test]
async fn a_link_that_is_used_while_the_rule_is_switched_on_makes_no_second_operator() {
    let (stage, olga, _) = with_mallory().await;
    let link = stage.desk.invite(&at(1), &olga, Role::Administrator).await.unwrap();
    let setup = stage.desk.setup(&at(1), "Example", link.expose(), None).await.unwrap().unwrap();
    let (caller, form) = (at(2), form("otto", &shown(&setup, at(2).now)));
    // While the password is hashed.
    let (finished, ()) =
        tokio::join!(stage.desk.finish(&caller, link.expose(), Some(&setup.keep), &form), async { takes_two(&stage) },);
    assert!(matches!(finished.unwrap(), Finished::Waits));
}
