//! Files of tokens on their way into the stock.

use std::sync::Arc;

use doorward_api::import_job::NewImportJob;
use doorward_api::ports::*;
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;

both!(how_far_a_file_is_is_counted_with_its_tokens, a_wizard_of_a_mail_that_expires_is_a_failed_attempt,);

async fn how_far_a_file_is_is_counted_with_its_tokens(world: Arc<World>) {
    let store = inhabited(&world).await;
    let olga = OperatorId::new("o-olga");
    let (id, file) = ("i-1".to_owned(), "tokens.csv".to_owned());
    let begin = Act::ImportBegin(Box::new(NewImportJob { id, operator: olga.clone(), file, rows: 5, done: 1 }));
    done(commit(&store, begin.clone()).await);
    lost(commit(&store, begin).await, 0);
    let dealt = |rows| Act::ImportDealt { id: "i-1".into(), rows };
    let two = Change::of(Act::CredentialStock(stock("s1"))).and(Act::CredentialStock(stock("s2"))).and(dealt(2));
    let later = NOW + secs(3);
    done(store.commit(&vs(), two, later).await);
    // Of a portion in which one is there already nothing is taken, and nothing counted.
    let again = Change::of(dealt(1)).and(Act::CredentialStock(stock("s2")));
    lost(store.commit(&vs(), again, later).await, 1);
    let job = store.import_job(&vs(), "i-1").await.unwrap().unwrap();
    assert_eq!((job.rows, job.done, job.touched_at, job.ended_at), (5, 3, later, None));
    assert!(!job.broke_off(later + secs(14)) && job.broke_off(later + secs(15)));
    done(commit_at(&store, Act::ImportEnd { id: "i-1".into() }, later + secs(9)).await);
    let jobs = store.import_jobs(&vs(), &olga).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].ended_at), (1, Some(later + secs(9))));
    assert_eq!(store.import_job(&VirtualServerId::new("other"), "i-1").await.unwrap(), None);
    assert!(store.import_jobs(&vs(), &OperatorId::new("o-otto")).await.unwrap().is_empty());
}

async fn a_wizard_of_a_mail_that_expires_is_a_failed_attempt(world: Arc<World>) {
    use doorward_api::provisioning::{EntryStatus, NewEntry, NewTask};
    let store = inhabited(&world).await;
    let new = NewTask {
        number: 1,
        operator: "olga".into(),
        stops_at: NOW + secs(864_000),
        note: String::new(),
        group: None,
        rule: None,
    };
    let entries = vec![NewEntry { user: alice(), skipped: None, rule: None }];
    let fill = Act::ProvisioningFill { task: 1, seen: None, next: None, entries };
    done(store.commit(&vs(), Change::of(Act::ProvisioningTaskAdd(Box::new(new))).and(fill), NOW).await);
    let mailed = |link: &str| Act::ProvisioningMailed { task: 1, user: alice(), link: hash(link) };
    done(commit(&store, mailed("one")).await);
    for (number, how) in ["left", "expired"].into_iter().enumerate() {
        let mut flow = flow(&format!("f{number}"), Step::EmailVerified);
        flow.user = Some(alice());
        flow.data.provisioned = Some(1);
        done(commit(&store, Act::FlowStart(Box::new(flow.clone()))).await);
        if how == "left" {
            done(commit(&store, go(&flow, Step::Cancelled)).await);
        } else {
            store.sweep(flow.expires_at + secs(1)).await.unwrap();
        }
        let entry = store.provisioning_entry(&vs(), 1, &alice()).await.unwrap().unwrap();
        assert_eq!((entry.fails as usize, entry.status), (number + 1, EntryStatus::Active), "{how}");
    }
    done(commit(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }).await);
    let entry = store.provisioning_entry(&vs(), 1, &alice()).await.unwrap().unwrap();
    assert_eq!(
        (entry.fails, entry.status),
        (2, EntryStatus::Pending),
        "sending again forgives what has locked, no more"
    );
    done(commit(&store, mailed("two")).await);
    for _ in 0..3 {
        done(commit(&store, Act::ProvisioningFailed { task: 1, user: alice(), most: 5 }).await);
    }
    done(commit(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }).await);
    let entry = store.provisioning_entry(&vs(), 1, &alice()).await.unwrap().unwrap();
    assert_eq!((entry.fails, entry.status), (0, EntryStatus::Pending));
}
