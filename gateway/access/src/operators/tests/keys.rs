//! Keys of programs.

use doorward_api::operator::RoleRef;
use doorward_api::{Module, Permission, Permissions};

use super::*;

const DAY: u64 = 24 * 60;

fn key(name: &str, permissions: &[Permission], days: u32) -> KeyForm {
    KeyForm { name: name.into(), permissions: permissions.iter().copied().collect(), days }
}

async fn made(stage: &Stage, by: &OperatorSession, form: KeyForm) -> (KeyRecord, KeyText) {
    let fresh = OperatorSession { proved_at: at(1).now, ..by.clone() };
    stage.desk.add_api_key(&at(1), &fresh, &form).await.unwrap()
}

async fn may(stage: &Stage, text: &KeyText, minutes: u64) -> Option<Permissions> {
    match stage.desk.enter_by_key(&at(minutes), text).await.unwrap() {
        KeyEntered::Welcome(session, _) => Some(session.operator.role.permissions),
        KeyEntered::NotAccepted => None,
        KeyEntered::Waits { .. } => panic!("it waits"),
    }
}

#[tokio::test]
async fn a_key_may_what_it_was_given_until_its_end_and_its_use_is_noted() {
    let (stage, olga) = Stage::with_olga().await;
    let (record, text) = made(&stage, &olga, key("nightly", &[Module::Users.edit()], 2)).await;
    assert!(record.live && record.key.last_used_at.is_none());
    assert_eq!(details(&stage.world, EventKind::ApiKeyCreated)["apiKey"], "nightly");
    let kept = stage.world.with(|rows| format!("{:?}", (&rows.api_keys, &rows.events)));
    assert!(!kept.contains(text.expose().get(4..47).unwrap()), "of the secret only the hash is kept");

    assert_eq!(may(&stage, &text, 2).await, Some(Module::Users.edit().into()));
    assert_eq!(may(&stage, &text, 7).await, Some(Module::Users.edit().into()));
    let firsts = |kinds: Vec<EventKind>| kinds.into_iter().filter(|kind| *kind == EventKind::ApiKeyUsedFirst).count();
    assert_eq!(firsts(stage.world.kinds()), 1);
    let noted = stage.desk.api_key(&vs(), &record.key.id, at(8).now).await.unwrap().key.last_used_at.unwrap();
    assert_eq!((noted.millis() % 60_000, at(7).now.since(noted) < Duration::from_mins(1)), (0, true));

    assert!(may(&stage, &text, 2 * DAY).await.is_some());
    assert!(may(&stage, &text, 2 * DAY + 1).await.is_none(), "over");
    let other = KeyText::parse(&text.expose().replace('.', ".x"));
    assert!(other.is_none(), "another virtual server has another sum");
}

#[tokio::test]
async fn a_key_is_never_more_than_its_operator_is_now_and_dead_while_they_are_switched_off() {
    let (stage, olga) = Stage::with_olga().await;
    let desk = &stage.desk;
    let form = RoleForm {
        name: "keeper".into(),
        permissions: [Module::Users.delete(), Module::ApiKeys.delete()].into_iter().collect(),
    };
    let role = desk.add_role(&at(0), &olga, &form).await.unwrap().role;
    let link = desk.invite(&at(0), &olga, RoleRef::Custom(role.id.clone())).await.unwrap();
    let kim = stage.join(link.expose(), "kim", at(1)).await;
    let (_, text) = made(&stage, &kim, key("kims", &[Module::Users.delete()], 30)).await;
    assert_eq!(may(&stage, &text, 2).await, Some(Module::Users.delete().into()));

    let less = RoleForm { permissions: Module::Users.edit().into(), ..form };
    desk.set_role_of(&at(2), &olga, (&role.id, 1), &less).await.unwrap();
    assert_eq!(may(&stage, &text, 3).await, Some(Module::Users.edit().into()), "cut");
    desk.set_role(&at(3), &olga, &kim.operator.id, Role::Administrator).await.unwrap();
    assert_eq!(may(&stage, &text, 4).await, Some(Module::Users.delete().into()), "and no more than it was given");
    desk.set_disabled(&at(4), &olga, &kim.operator.id, true).await.unwrap();
    assert_eq!(may(&stage, &text, 5).await, None);
    assert!(!desk.api_keys(&vs(), at(5).now).await.unwrap()[0].live);
    desk.set_disabled(&at(5), &olga, &kim.operator.id, false).await.unwrap();
    assert!(may(&stage, &text, 6).await.is_some());
}

#[tokio::test]
async fn a_revoked_key_is_void_and_its_name_is_free() {
    let (stage, olga) = Stage::with_olga().await;
    let (record, text) = made(&stage, &olga, key("nightly", &[Module::Users.view()], 30)).await;
    for _ in 0..2 {
        stage.desk.revoke_api_key(&at(2), &olga, &record.key.id).await.unwrap();
    }
    assert_eq!(may(&stage, &text, 3).await, None);
    assert_eq!(stage.world.kinds().iter().filter(|kind| **kind == EventKind::ApiKeyRevoked).count(), 1);
    made(&stage, &olga, key("nightly", &[Module::Users.view()], 30)).await;
    let nobodys = stage.desk.revoke_api_key(&at(2), &olga, &"k-nobody".into()).await;
    assert!(matches!(nobodys, Err(OperatorError::NotFound)), "{nobodys:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_key_is_named_and_none_is_more_than_its_maker() {
    let (stage, olga) = Stage::with_olga().await;
    made(&stage, &olga, key("nightly", &[Module::Users.view()], 30)).await;
    let add = async |by: &OperatorSession, form: KeyForm| stage.desk.add_api_key(&at(1), by, &form).await.unwrap_err();
    let wrong = |error: OperatorError| match error {
        OperatorError::Invalid(faults) => faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        wrong(add(&olga, key("", &[], 366)).await),
        ["name: must be given", "days: must be a whole number from 1 to 365", "permissions: must be given"]
    );
    assert_eq!(wrong(add(&olga, key("nightly", &[Module::Users.view()], 1)).await), ["name: is taken"]);
    let never = wrong(add(&olga, key("king", &[Module::Roles.edit()], 1)).await);
    assert_eq!(never, ["permissions: there is no key that may roles:edit"]);
    let link = stage.desk.invite(&at(1), &olga, Role::Auditor).await.unwrap();
    let aude = stage.join(link.expose(), "aude", at(1)).await;
    assert!(matches!(add(&aude, key("a", &[Module::Users.view()], 1)).await, OperatorError::Forbidden));
    let form = RoleForm { name: "k".into(), permissions: Module::ApiKeys.edit().into() };
    let role = stage.desk.add_role(&at(1), &olga, &form).await.unwrap().role;
    let link = stage.desk.invite(&at(1), &olga, RoleRef::Custom(role.id)).await.unwrap();
    let kim = stage.join(link.expose(), "kim", at(1)).await;
    assert!(matches!(add(&kim, key("a", &[Module::Users.view()], 1)).await, OperatorError::Beyond));
}

#[tokio::test]
async fn an_address_that_sends_thirty_keys_that_are_none_waits_and_a_good_one_from_there_does_not() {
    let (stage, olga) = Stage::with_olga().await;
    let (record, void) = made(&stage, &olga, key("void", &[Module::Users.view()], 30)).await;
    let (_, good) = made(&stage, &olga, key("good", &[Module::Users.view()], 30)).await;
    stage.desk.revoke_api_key(&at(2), &olga, &record.key.id).await.unwrap();
    for _ in 0..30 {
        assert!(may(&stage, &void, 3).await.is_none());
    }
    let waits = stage.desk.enter_by_key(&at(3), &void).await.unwrap();
    assert!(matches!(waits, KeyEntered::Waits { until } if until == at(18).now), "{waits:?}");
    assert!(may(&stage, &good, 3).await.is_some(), "its neighbours are none of its business");
    assert!(may(&stage, &void, 19).await.is_none(), "asked anew");

    let refusals = stage.world.kinds().into_iter().filter(|kind| *kind == EventKind::ApiKeyRefused).count();
    assert_eq!(refusals, 2, "once in a quarter of an hour");
    let told = details(&stage.world, EventKind::ApiKeyRefused);
    assert_eq!((&told["apiKey"], &told["reason"]), (&"void".into(), &"revoked".into()));
}
