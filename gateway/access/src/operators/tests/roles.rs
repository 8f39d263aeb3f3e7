//! Roles that operators make: nobody grants what they may not do themselves.

use doorward_api::operator::{CustomRole, RoleRef};
use doorward_api::{FieldRule, Module, Permission, Permissions};

use super::*;

fn role(name: &str, permissions: &[Permission]) -> RoleForm {
    RoleForm { name: name.into(), permissions: permissions.iter().copied().collect() }
}

/// Somebody who may invite and make roles, and besides only what is given.
async fn boss(stage: &Stage, olga: &OperatorSession, name: &str, also: &[Permission]) -> OperatorSession {
    let may = [&[Module::Operators.edit(), Module::Roles.delete()], also].concat();
    let made = stage.desk.add_role(&at(0), olga, &role(&format!("role of {name}"), &may)).await.unwrap().role;
    let link = stage.desk.invite(&at(0), olga, RoleRef::Custom(made.id)).await.unwrap();
    stage.join(link.expose(), name, at(1)).await
}

async fn made(stage: &Stage, by: &OperatorSession, name: &str, permissions: &[Permission]) -> CustomRole {
    stage.desk.add_role(&at(1), by, &role(name, permissions)).await.unwrap().role
}

fn wrong(error: OperatorError) -> Vec<String> {
    let OperatorError::Invalid(faults) = error else { panic!("{error:?}") };
    faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_role_is_made_held_changed_for_its_holders_at_once_and_deleted_when_nobody_has_it() {
    let (stage, olga) = Stage::with_olga().await;
    let desk = &stage.desk;
    let tokens = made(&stage, &olga, "  Token desk ", &[Module::Tokens.edit()]).await;
    assert_eq!((tokens.name.as_str(), tokens.permissions.text().as_str()), ("Token desk", "tokens:view tokens:edit"));
    let told = details(&stage.world, EventKind::RoleCreated);
    assert_eq!((&told["role"], &told["permissions"][1]), (&"Token desk".into(), &"tokens:edit".into()));

    let link = desk.invite(&at(1), &olga, RoleRef::Custom(tokens.id.clone())).await.unwrap();
    let setup = desk.setup(&at(1), "Example", link.expose(), None).await.unwrap().unwrap();
    assert_eq!(setup.role.name, "Token desk");
    let otto = stage.join(link.expose(), "otto", at(1)).await;
    assert_eq!(otto.operator.role.permissions, tokens.permissions);
    assert_eq!(desk.role(&vs(), &tokens.id).await.unwrap().operators, 1);
    let used = desk.delete_role(&at(2), &olga, &tokens.id).await;
    assert!(matches!(used, Err(OperatorError::RoleInUse)), "{used:?}");

    let more = role("Token desk", &[Module::Tokens.delete(), Module::Users.view()]);
    let changed = desk.set_role_of(&at(2), &olga, (&tokens.id, 1), &more).await.unwrap();
    assert_eq!((changed.role.version, changed.operators), (2, 1));
    let now = desk.operator(&vs(), &otto.operator.id).await.unwrap();
    assert!(now.role.permissions.may(Module::Tokens.delete()));
    let late = desk.set_role_of(&at(2), &olga, (&tokens.id, 1), &more).await;
    assert!(matches!(late, Err(OperatorError::Conflict)), "{late:?}");
    let told = details(&stage.world, EventKind::RoleUpdated);
    assert_eq!((told["from"].as_array().unwrap().len(), told["to"].as_array().unwrap().len()), (2, 4));

    desk.set_role(&at(3), &olga, &otto.operator.id, Role::Auditor).await.unwrap();
    let left_over = desk.invite(&at(3), &olga, RoleRef::Custom(tokens.id.clone())).await.unwrap();
    desk.delete_role(&at(3), &olga, &tokens.id).await.unwrap();
    let gone = desk.setup(&at(3), "Example", left_over.expose(), None).await.unwrap();
    assert!(gone.is_none(), "nobody becomes what is no more");
    let nowhere = desk.set_role(&at(3), &olga, &otto.operator.id, RoleRef::Custom(tokens.id)).await.unwrap_err();
    assert_eq!(wrong(nowhere), ["role: must be one of auditor, help_desk, administrator"]);
}

#[tokio::test]
async fn nobody_gives_takes_or_changes_what_they_may_not_do_themselves() {
    let (stage, olga) = Stage::with_olga().await;
    let desk = &stage.desk;
    let beate = boss(&stage, &olga, "beate", &[Module::Tokens.edit()]).await;
    let mighty = made(&stage, &olga, "mighty", &[Module::Users.delete()]).await;
    let link = desk.invite(&at(1), &olga, RoleRef::Custom(mighty.id.clone())).await.unwrap();
    let max = stage.join(link.expose(), "max", at(1)).await.operator.id;
    let custom = || RoleRef::Custom(mighty.id.clone());
    let (caller, more) = (at(2), role("more", &[Module::Users.view()]));
    for beyond in [
        desk.invite(&caller, &beate, Role::Auditor).await.map(drop),
        desk.invite(&caller, &beate, custom()).await.map(drop),
        desk.add_role(&caller, &beate, &more).await.map(drop),
        desk.set_role_of(&caller, &beate, (&mighty.id, 1), &role("less", &[Module::Tokens.view()])).await.map(drop),
        desk.delete_role(&caller, &beate, &mighty.id).await,
        desk.set_role(&caller, &beate, &max, Role::Auditor).await,
        desk.set_disabled(&caller, &beate, &max, true).await,
        desk.set_disabled(&caller, &beate, &olga.operator.id, true).await,
    ] {
        assert!(matches!(beyond, Err(OperatorError::Beyond)), "{beyond:?}");
    }
    let own = match &beate.operator.role.of {
        RoleRef::Custom(id) => id.clone(),
        RoleRef::BuiltIn(_) => panic!("hers was made"),
    };
    let same = desk.set_role_of(&caller, &beate, (&own, 1), &role("mine", &[Module::Roles.edit()])).await;
    assert!(matches!(same, Err(OperatorError::OwnRole)), "{same:?}");
    let little = made(&stage, &beate, "little", &[Module::Tokens.view()]).await;
    let self_made = desk.set_role(&caller, &beate, &beate.operator.id, RoleRef::Custom(little.id.clone())).await;
    assert!(matches!(self_made, Err(OperatorError::OwnRole)), "{self_made:?}");
    assert!(desk.invite(&caller, &beate, RoleRef::Custom(little.id)).await.is_ok());
}

#[tokio::test]
async fn who_may_everything_is_an_administrator_whatever_their_role_is_called() {
    let (stage, olga) = Stage::with_olga().await;
    let desk = &stage.desk;
    let all: Vec<Permission> = Permission::all().collect();
    let eva = boss(&stage, &olga, "eva", &all).await;
    assert_eq!(eva.operator.role.permissions, Permissions::ALL);
    assert!(desk.invite(&at(2), &eva, Role::Administrator).await.is_ok());
    desk.set_disabled(&at(2), &olga, &olga.operator.id, true).await.unwrap();
    let last = desk.set_disabled(&at(2), &eva, &eva.operator.id, true).await;
    assert!(matches!(last, Err(OperatorError::LastAdministrator)), "{last:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_role_is_named() {
    let (stage, olga) = Stage::with_olga().await;
    made(&stage, &olga, "Desk", &[Module::Users.view()]).await;
    let add = async |form: RoleForm| wrong(stage.desk.add_role(&at(1), &olga, &form).await.unwrap_err());
    assert_eq!(add(role(" ", &[])).await, ["name: must be given", "permissions: must be given"]);
    assert_eq!(add(role("DESK", &[Module::Users.view()])).await, ["name: is taken"]);
    for ours in ["administrator", "Help desk", "HELP_DESK", "Auditor"] {
        assert_eq!(add(role(ours, &[Module::Users.view()])).await, ["name: is taken"], "{ours}");
    }
    let long = FieldRule::TooLong { max: 64 };
    assert_eq!(add(role(&"x".repeat(65), &[Module::Users.view()])).await, [format!("name: {long}")]);
    let stale = stage.desk.add_role(&at(10), &olga, &role("late", &[Module::Users.view()])).await;
    assert!(matches!(stale, Err(OperatorError::NotFresh)), "{stale:?}");
}

#[tokio::test]
async fn whoever_was_given_another_role_meanwhile_is_changed_only_by_who_may_that_one_too() {
    let (stage, olga) = Stage::with_olga().await;
    let desk = &stage.desk;
    let beate = boss(&stage, &olga, "beate", &[Module::Tokens.edit()]).await;
    let desks = made(&stage, &olga, "desk", &[Module::Tokens.edit()]).await;
    let janitors = made(&stage, &olga, "janitor", &[Module::Tokens.view()]).await;
    let link = desk.invite(&at(1), &olga, RoleRef::Custom(desks.id.clone())).await.unwrap();
    let otto = stage.join(link.expose(), "otto", at(1)).await.operator.id;
    let caller = at(2);
    for disables in [false, true] {
        desk.set_role(&caller, &olga, &otto, RoleRef::Custom(desks.id.clone())).await.unwrap();
        let by_beate = async {
            match disables {
                true => desk.set_disabled(&caller, &beate, &otto, true).await,
                false => desk.set_role(&caller, &beate, &otto, RoleRef::Custom(janitors.id.clone())).await,
            }
        };
        // Both have seen the role of before.
        let by_olga = desk.set_role(&caller, &olga, &otto, Role::Administrator);
        let (by_olga, by_beate) = tokio::join!(biased; by_olga, by_beate);
        by_olga.unwrap();
        assert!(matches!(by_beate, Err(OperatorError::Conflict)), "{by_beate:?}");
        let now = desk.operator(&vs(), &otto).await.unwrap();
        assert!(now.role == Role::Administrator && !now.disabled);
    }
}
