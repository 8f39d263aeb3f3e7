//! The console's pages of provisioning by email: what a task says of whom it writes to.

use doorward_api::operator::Role;
use doorward_api::provisioning::EntryStatus;
use http::StatusCode;

use super::console_world::{Browser, Console, all_in, send, words};
use super::world::Told;

const NEW: &str = "/provisioning/new";

async fn ask(browser: &Browser<'_>, path: &str, changes: &[(&str, Option<&str>)]) -> Told {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    send(browser, &page, path, changes).await
}

#[tokio::test]
async fn users_and_a_group_are_not_both_named_and_nothing_that_was_typed_is_lost() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let typed = [("users", Some("alice\r\nbob")), ("group", Some("staff")), ("note", Some("Before the fair"))];
    let told = ask(&olga, NEW, &typed).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.body);
    all_in(
        &told.body,
        &["id=\"group-error\"", "value=\"Before the fair\"", ">alice\r\nbob</textarea>", "value=\"staff\""],
    );
    all_in(&words(&told), &["Name of the group: Name users or a group, not both."]);
}

#[tokio::test]
async fn what_is_wrong_names_its_field_in_the_order_of_the_page() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let told = ask(&olga, NEW, &[("users", Some("nobody\r\nmax")), ("stop_date", Some("soon"))]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = words(&told);
    let places: Vec<Option<usize>> =
        ["Sign-in names: There is no nobody", "Sign-in names: There is no max", "Last day: This must be a day"]
            .iter()
            .map(|text| said.find(text))
            .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {said}");
}

#[tokio::test]
async fn no_mail_is_claimed_where_nobody_is_written_to() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    console.store.with(|rows| rows.users.iter_mut().for_each(|user| user.email = None));
    let told = ask(&olga, NEW, &[("users", Some("alice\r\nbob"))]).await;
    assert_eq!(told.location(), "/provisioning/1?done=provisioned", "{}", told.body);
    let page = olga.get(told.location()).await;
    all_in(&words(&page), &["Nobody is written to: 2 users were skipped.", "0 of 0 written."]);
    assert!(!page.body.contains("leave by and by") && !page.body.contains("<progress"), "{}", page.body);
    assert!(!page.body.contains("/provisioning/1/resend"), "nobody is left to be written to once more");
    let told = ask(&olga, "/provisioning/1/resend", &[]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    all_in(&words(&told), &["Nobody is left who could be written to once more.", "There is nobody now"]);
}

#[tokio::test]
async fn who_is_taken_off_a_task_is_told_of_by_name_and_a_task_that_was_removed_as_such() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    ask(&olga, NEW, &[("users", Some("alice")), ("stop_date", Some(""))]).await;
    console.store.with(|rows| {
        let entry = rows.provisioned.iter_mut().next().unwrap();
        entry.entry.status = EntryStatus::Active;
    });
    let page = olga.get("/provisioning/1").await;
    assert!(page.body.contains("/provisioning/1/resend"), "{}", page.body);
    all_in(&words(&olga.get("/provisioning/1/resend").await), &["It is 1 user now."]);
    let told = ask(&olga, "/provisioning/1/resend", &[]).await;
    all_in(&words(&olga.get(told.location()).await), &["Everybody who has not enrolled is written to once more."]);
    let told = ask(&olga, "/provisioning/1/users/u-alice/remove", &[]).await;
    let page = olga.get(told.location()).await;
    all_in(&words(&page), &["alice was taken off the task; the link is void."]);
    let told = ask(&olga, "/provisioning/1/remove", &[]).await;
    all_in(&words(&olga.get(told.location()).await), &["The task is removed. Links that were not used are void."]);
}
