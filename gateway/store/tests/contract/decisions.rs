//! Decision records: added to what is there, bounded, looked through in parts, and gone after some days.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_api::decided::*;
use doorward_api::ports::*;
use doorward_api::settings::Day;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    what_is_alike_is_added_to_what_is_there,
    a_day_has_so_many_records_and_no_more,
    two_processes_add_to_the_same_day,
    records_are_looked_through_in_parts_and_by_what_they_say,
    a_search_finds_each_record_once_while_others_come,
    what_the_shadow_says_is_counted_by_its_policies,
    old_days_go_and_so_do_those_of_a_user_who_is_gone,
    another_virtual_server_has_its_own,
);

fn seen(user: Option<UserId>, path: &str, at: Timestamp, count: u64) -> (Day, DecisionClass, Seen) {
    seen_with(user, path, at, count, None)
}

fn seen_with(
    user: Option<UserId>,
    path: &str,
    at: Timestamp,
    count: u64,
    shadow: Option<ShadowSaid>,
) -> (Day, DecisionClass, Seen) {
    let object = Object {
        virtual_server: vs(),
        app: AppId::new(if path.starts_with("/mail") { "mail" } else { "wiki" }),
        host: "wiki.example.test".into(),
        method: "GET".into(),
        path: path.into(),
        client: [192, 0, 2, 7].into(),
        secure: true,
    };
    let principal = |user: UserId| Principal {
        name: user.as_str().trim_end_matches("-row").to_owned(),
        user,
        display_name: "Somebody".into(),
        email: None,
        groups: vec![GroupRef { id: "g".into(), name: "staff".into() }],
        session: "s".into(),
        proofs: Proofs::NONE.with(Factor::Otp, at),
    };
    let subject = user.map_or(Subject::Anonymous, |user| Subject::User(Arc::new(principal(user))));
    let decision = match subject.principal() {
        Some(_) => Decision::Admit { by: vec!["wiki".into()] },
        None => Decision::Challenge { need: vec![Factor::Password], by: vec!["wiki".into()] },
    };
    let class = DecisionClass::of((&subject, &object), at, &decision, shadow);
    let facts = DecisionFacts::of((&subject, &object), at).unwrap();
    (Day::of(at), class, Seen { first_at: at, last_at: at, count, facts })
}

async fn keep(store: &Store, seen: &[(Day, DecisionClass, Seen)]) -> u64 {
    let tally = DecisionTally { seen: seen.to_vec(), ..DecisionTally::default() };
    store.keep_decisions(&vs(), &tally).await.unwrap()
}

async fn found(store: &Store, filter: &DecisionFilter) -> Vec<DecisionRecord> {
    let page = Page { after: String::new(), limit: 100 };
    store.decisions(&vs(), filter, &page).await.unwrap().items
}

async fn what_is_alike_is_added_to_what_is_there(world: Arc<World>) {
    let store = inhabited(&world).await;
    keep(&store, &[seen(Some(alice()), "/a/b/1", NOW, 3), seen(None, "/a/b/1", NOW, 1)]).await;
    keep(&store, &[seen(Some(alice()), "/a/b/2", NOW + secs(60), 4)]).await;
    let records = found(&store, &DecisionFilter::default()).await;
    assert_eq!(records.len(), 2);
    let alices = records.iter().find(|record| record.class.user.is_some()).unwrap();
    assert_eq!((alices.count, alices.first_at, alices.last_at), (7, NOW, NOW + secs(60)));
    let (day, class, first) = seen(Some(alice()), "/a/b/1", NOW, 3);
    assert_eq!((alices.day, &alices.class, &alices.facts), (day, &class, &first.facts), "as it was, with its example");
    // The day after there is another record.
    keep(&store, &[seen(Some(alice()), "/a/b/1", NOW + secs(86_400), 1)]).await;
    let days = store.decision_days(&vs()).await.unwrap();
    assert_eq!(days.iter().map(|day| (day.records, day.left_out)).collect::<Vec<_>>(), [(1, 0), (2, 0)]);
    assert!(days[0].day > days[1].day);
}

async fn a_day_has_so_many_records_and_no_more(world: Arc<World>) {
    let store = inhabited(&world).await;
    keep(&store, &[seen(None, "/a", NOW, 1)]).await;
    let almost = MOST_RECORDS_OF_A_DAY - 1;
    world.sql(&format!("UPDATE decision_day SET records = {almost}")).await;
    let left = keep(&store, &[seen(None, "/b", NOW, 1), seen(None, "/c", NOW, 5), seen(None, "/a", NOW, 2)]).await;
    assert_eq!(left, 5);
    assert_eq!(found(&store, &DecisionFilter::default()).await.len(), 2);
    let counted = DecisionTally { left_out: BTreeMap::from([(Day::of(NOW), 10)]), ..DecisionTally::default() };
    assert_eq!(store.keep_decisions(&vs(), &counted).await.unwrap(), 0);
    let [day] = store.decision_days(&vs()).await.unwrap()[..] else { panic!("one day") };
    assert_eq!((day.records, day.left_out), (MOST_RECORDS_OF_A_DAY, 15));
}

async fn two_processes_add_to_the_same_day(world: Arc<World>) {
    let (one, other) = (inhabited(&world).await, world.open());
    let adds = (0..20).map(|n| {
        let store = if n % 2 == 0 { one.clone() } else { other.clone() };
        tokio::spawn(
            async move { keep(&store, &[seen(None, "/a", NOW, 1), seen(None, &format!("/{n}"), NOW, 1)]).await },
        )
    });
    for add in adds.collect::<Vec<_>>() {
        assert_eq!(add.await.unwrap(), 0);
    }
    let records = found(&one, &DecisionFilter::default()).await;
    assert_eq!(records.iter().find(|record| record.class.path_class == "/a").unwrap().count, 20);
    assert_eq!(store_days(&one).await, [(21, 0)]);
    other.close();
}

async fn store_days(store: &Store) -> Vec<(u64, u64)> {
    store.decision_days(&vs()).await.unwrap().iter().map(|day| (day.records, day.left_out)).collect()
}

async fn records_are_looked_through_in_parts_and_by_what_they_say(world: Arc<World>) {
    let store = inhabited(&world).await;
    let all: Vec<_> = (0..10)
        .map(|n| {
            let user = (n % 2 == 0).then(alice);
            let path = if n < 4 { format!("/mail/{n}") } else { format!("/{n}") };
            seen(user, &path, NOW + secs(n), 1)
        })
        .collect();
    keep(&store, &all).await;
    let mut told = Vec::new();
    let mut after = String::new();
    loop {
        let part = store.decisions(&vs(), &DecisionFilter::default(), &Page { after, limit: 3 }).await.unwrap();
        assert_eq!(part.searched_to, None);
        told.extend(part.items.iter().map(|record| record.first_at));
        match part.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(told, (0..10).rev().map(|n| NOW + secs(n)).collect::<Vec<_>>(), "the newest first");
    let paths = async |filter: DecisionFilter| -> Vec<String> {
        found(&store, &filter).await.into_iter().map(|record| record.class.path_class).collect()
    };
    let mail = DecisionFilter { app: Some("mail".into()), ..DecisionFilter::default() };
    assert_eq!(paths(mail.clone()).await, ["/mail/3", "/mail/2", "/mail/1", "/mail/0"]);
    assert_eq!(paths(DecisionFilter { user: Some(alice()), ..mail.clone() }).await, ["/mail/2", "/mail/0"]);
    let challenged = DecisionFilter { decision: "challenge".into(), ..DecisionFilter::default() };
    assert_eq!(paths(challenged.clone()).await, ["/9", "/7", "/5", "/mail/3", "/mail/1"]);
    assert_eq!(paths(DecisionFilter { decision: "challenge".into(), ..mail }).await, ["/mail/3", "/mail/1"]);
    let nobody = DecisionFilter { user: Some(UserId::new("nobody")), ..DecisionFilter::default() };
    assert!(paths(nobody).await.is_empty());
    let nowhere = Page { after: "nonsense".into(), limit: 3 };
    assert!(store.decisions(&vs(), &DecisionFilter::default(), &nowhere).await.unwrap().items.is_empty());
}

async fn a_search_finds_each_record_once_while_others_come(world: Arc<World>) {
    let store = inhabited(&world).await;
    keep(&store, &[seen(None, "/mail/first", NOW, 1)]).await;
    // More than are looked at for one page; of ten one is looked for.
    let many = format!(
        "INSERT INTO decision_record (virtual_server, day, id, app, user_name, method, path_class, network, decision, decided, \
             first_at, last_at, requests, facts) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) \
         SELECT r.virtual_server, r.day, 'many-' || CAST(i AS TEXT), r.app, r.user_name, r.method, '/' || CAST(i AS TEXT), \
             r.network, CASE WHEN i % 10 = 0 THEN 'admit' ELSE 'challenge' END, r.decided, {at} + i, {at} + i, 1, r.facts \
         FROM n CROSS JOIN decision_record r",
        at = NOW.millis(),
    );
    world.sql(&many).await;
    let admitted: Vec<String> = (1..=900).rev().map(|i| format!("/{}", i * 10)).collect();
    let other = world.open();
    let coming = tokio::spawn(async move {
        for n in 0..60 {
            let at = NOW + secs(3600 + n);
            let some: Vec<_> = (0..20).map(|i| seen(None, &format!("/mail/{n}-{i}"), at, 1)).collect();
            keep(&other, &some).await;
        }
    });
    let filter = DecisionFilter { app: Some("mail".into()), decision: "admit".into(), ..DecisionFilter::default() };
    let mut looks = 0;
    while !coming.is_finished() || looks == 0 {
        let (mut page, mut found) = (Page { after: String::new(), limit: 1000 }, Vec::new());
        loop {
            let part = store.decisions(&vs(), &filter, &page).await.unwrap();
            found.extend(part.items.into_iter().map(|record| record.class.path_class));
            let Some(next) = part.next else { break };
            page.after = next;
        }
        assert_eq!(found, admitted);
        looks += 1;
    }
    coming.await.unwrap();
}

async fn what_the_shadow_says_is_counted_by_its_policies(world: Arc<World>) {
    let store = inhabited(&world).await;
    let said = |fingerprint: &str, difference: Difference| ShadowSaid {
        fingerprint: fingerprint.to_owned(),
        decided: Decided { decision: "refuse".into(), need: Vec::new(), by: vec!["no".into()] },
        difference,
    };
    let counted = |count: u64, at: Timestamp| ShadowSeen { count, first_at: at, last_at: at };
    for (n, set) in (0..).zip(["one", "one", "two"]) {
        let at = NOW + secs(n);
        let tally = DecisionTally {
            seen: vec![
                seen_with(None, "/a", at, 1, Some(said(set, Difference::Lose))),
                seen_with(None, "/b", at, 1, Some(said(set, Difference::Step))),
                seen(None, "/c", at, 1),
            ],
            shadow: BTreeMap::from([
                ((set.to_owned(), "lose"), counted(1, at)),
                ((set.to_owned(), "step"), counted(1, at)),
                ((set.to_owned(), "same"), counted(2, at)),
            ]),
            ..DecisionTally::default()
        };
        store.keep_decisions(&vs(), &tally).await.unwrap();
    }
    let of_one = store.shadow_tallies(&vs(), "one").await.unwrap();
    let told: Vec<_> = of_one.iter().map(|tally| (tally.outcome.as_str(), tally.seen.count)).collect();
    assert_eq!(told, [("lose", 2), ("same", 4), ("step", 2)]);
    assert_eq!((of_one[0].seen.first_at, of_one[0].seen.last_at), (NOW, NOW + secs(1)));
    assert!(store.shadow_tallies(&vs(), "three").await.unwrap().is_empty());

    let one = DecisionFilter { shadow: Some("one".into()), ..DecisionFilter::default() };
    assert_eq!(found(&store, &one).await.len(), 2);
    let lost = DecisionFilter { difference: Some(Difference::Lose), ..one };
    let lost = found(&store, &lost).await;
    assert_eq!((lost.len(), lost[0].count), (1, 2));
    assert_eq!(lost[0].class.shadow, Some(said("one", Difference::Lose)));

    // What a set says seldom is kept for as long as it says anything.
    let tomorrow = NOW + secs(86_400);
    let same = BTreeMap::from([(("two".to_owned(), "same"), counted(1, tomorrow))]);
    let tally = DecisionTally { shadow: same, ..DecisionTally::default() };
    store.keep_decisions(&vs(), &tally).await.unwrap();
    store.drop_decisions(&vs(), Day::of(tomorrow)).await.unwrap();
    assert!(store.shadow_tallies(&vs(), "one").await.unwrap().is_empty());
    assert_eq!(store.shadow_tallies(&vs(), "two").await.unwrap().len(), 3);
}

async fn old_days_go_and_so_do_those_of_a_user_who_is_gone(world: Arc<World>) {
    let store = inhabited(&world).await;
    let day = |n: u64| NOW + secs(n * 86_400);
    keep(&store, &[seen(Some(alice()), "/a", day(0), 1), seen(None, "/a", day(1), 1), seen(None, "/a", day(2), 1)])
        .await;
    // One of somebody who was deleted while it waited.
    keep(&store, &[seen(Some(UserId::new("gone")), "/a", day(2), 1)]).await;
    assert_eq!(store_days(&store).await, [(1, 0), (1, 0), (1, 0)]);
    assert!(store.drop_decisions(&vs(), Day::of(day(1))).await.unwrap() > 0);
    assert_eq!(store.drop_decisions(&vs(), Day::of(day(1))).await.unwrap(), 0);
    assert_eq!(store_days(&store).await, [(1, 0), (1, 0)]);
    assert_eq!(found(&store, &DecisionFilter::default()).await.len(), 2);

    keep(&store, &[seen(Some(alice()), "/b", day(2), 1)]).await;
    world.sql("DELETE FROM group_member; DELETE FROM user_account").await;
    let left = found(&store, &DecisionFilter::default()).await;
    assert!(left.len() == 2 && left.iter().all(|record| record.class.user.is_none()), "{left:?}");
}

async fn another_virtual_server_has_its_own(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    store.ensure_virtual_server(&other, NOW).await.unwrap();
    keep(&store, &[seen(None, "/a", NOW, 1)]).await;
    let page = Page { after: String::new(), limit: 10 };
    assert!(store.decisions(&other, &DecisionFilter::default(), &page).await.unwrap().items.is_empty());
    assert!(store.decision_days(&other).await.unwrap().is_empty());
    assert_eq!(store.drop_decisions(&other, Day::of(NOW + secs(86_400 * 9))).await.unwrap(), 0);
    assert_eq!(found(&store, &DecisionFilter::default()).await.len(), 1);
}
