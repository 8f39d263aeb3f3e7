//! A database that comes from a backup has a shorter chain than was signed; and keys change.

use std::time::Duration;

use doorward_api::keys::{KeySet, MasterKey, PastSigner};
use doorward_api::{AuditEvent, EventContext, EventKind, SecretBytes, Timestamp, VirtualServerId};
use tempfile::TempDir;

use crate::testing::Chain;
use crate::{CheckpointError, Checkpoints, Problem, RestoredFrom};

fn vs() -> VirtualServerId {
    VirtualServerId::new("default")
}

/// Each time another process, which remembers nothing.
fn with(folder: &TempDir, key: &MasterKey) -> Checkpoints {
    Checkpoints::new(folder.path().to_owned(), key)
}

fn key(byte: u8) -> MasterKey {
    MasterKey::new(vec![byte; 32]).unwrap()
}

fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn cut(chain: &Chain, end: i64) {
    chain.tamper(|rows| {
        rows.records.retain(|record| record.seq <= end);
        rows.repair_head();
    });
}

/// The chain as it is after a backup of its first `end` records was restored.
fn restored(chain: &Chain, end: i64, by: &Checkpoints, at: Timestamp) {
    cut(chain, end);
    let hash = chain.0.lock().unwrap().head.as_ref().unwrap().hash.clone();
    let from = RestoredFrom { after: end, at: at.rfc3339() };
    let event = AuditEvent::new(EventKind::DatabaseRestored, EventContext::default())
        .with("backupSeq", end)
        .with("backupHash", hash.clone())
        .with("restoredAt", from.at.clone())
        .with("signature", by.vouch_for_restore(&vs(), &hash, &from));
    chain.append_event(&event, at);
}

#[tokio::test]
async fn a_restore_is_told_and_is_no_tampering() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::of(30);
    with(&folder, &key(7)).advance(&chain, &vs(), secs(30)).await.unwrap();
    for second in 31..=40 {
        chain.append("bob", secs(second));
    }
    with(&folder, &key(7)).advance(&chain, &vs(), secs(100)).await.unwrap();
    // Twice from the same backup, from one that was made after that, and from an old one.
    for (round, end, restores) in [(1, 20, 1), (2, 20, 1), (3, 30, 2), (4, 5, 1)] {
        let at = secs(1000 * round);
        restored(&chain, end, &with(&folder, &key(7)), at);
        assert_eq!(with(&folder, &key(7)).advance(&chain, &vs(), at).await.unwrap(), 1);
        for second in 1..=30 {
            chain.append("carol", at + Duration::from_secs(second));
        }
        let mut writer = with(&folder, &key(7));
        assert_eq!(writer.advance(&chain, &vs(), at + Duration::from_secs(90)).await.unwrap(), 1);
        assert_eq!(writer.advance(&chain, &vs(), at + Duration::from_secs(200)).await.unwrap(), 0);
        let report = writer.verify(&chain, &vs()).await.unwrap();
        assert!(report.holds(), "{round}: {report}");
        assert_eq!((report.restores.len(), report.restores.last().unwrap().after), (restores, end), "{report}");
        assert!(report.to_string().contains(&format!("ended at record {end}; records {} to", end + 1)), "{report}");
    }
}

#[tokio::test]
async fn a_restore_that_nobody_with_the_key_has_done_is_tampering() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::of(30);
    with(&folder, &key(7)).advance(&chain, &vs(), secs(30)).await.unwrap();
    let stranger = tempfile::tempdir().unwrap();
    restored(&chain, 20, &with(&stranger, &key(8)), secs(1000));
    let refused = with(&folder, &key(7)).advance(&chain, &vs(), secs(1000)).await;
    assert!(matches!(refused, Err(CheckpointError::Tampered(_))), "{refused:?}");
    let report = with(&folder, &key(7)).verify(&chain, &vs()).await.unwrap();
    assert_eq!(report.problems, [Problem::CutOff { last: 21, reached: 30 }], "{report}");
}

#[tokio::test]
async fn a_record_of_a_restore_explains_one_restore_and_no_second() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::of(30);
    with(&folder, &key(7)).advance(&chain, &vs(), secs(30)).await.unwrap();
    restored(&chain, 20, &with(&folder, &key(7)), secs(1000));
    with(&folder, &key(7)).advance(&chain, &vs(), secs(1000)).await.unwrap();
    for second in 1..=30 {
        chain.append("mallory", secs(1000 + second));
    }
    with(&folder, &key(7)).advance(&chain, &vs(), secs(1090)).await.unwrap();
    // Somebody with the database cuts off what they did, up to the record of the restore.
    cut(&chain, 21);
    chain.append("nobody", secs(2000));
    let refused = with(&folder, &key(7)).advance(&chain, &vs(), secs(2000)).await;
    assert!(matches!(refused, Err(CheckpointError::Tampered(_))), "{refused:?}");
    assert!(!with(&folder, &key(7)).verify(&chain, &vs()).await.unwrap().holds());
}

#[tokio::test]
async fn a_restore_that_no_record_tells_of_any_more_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::of(30);
    with(&folder, &key(7)).advance(&chain, &vs(), secs(30)).await.unwrap();
    restored(&chain, 20, &with(&folder, &key(7)), secs(1000));
    with(&folder, &key(7)).advance(&chain, &vs(), secs(1000)).await.unwrap();
    cut(&chain, 20);
    chain.append("mallory", secs(2000));
    let report = with(&folder, &key(7)).verify(&chain, &vs()).await.unwrap();
    assert!(report.problems.contains(&Problem::RestoreUntold { after: 20 }), "{report}");
}

/// The old key signs, then both are there and the new one signs, then the old one is gone.
#[tokio::test]
async fn checkpoints_of_a_key_that_is_gone_count_as_far_as_it_had_come() {
    let folder = tempfile::tempdir().unwrap();
    let secret = |byte: u8| SecretBytes::new(vec![byte; 32]);
    let chain = Chain::of(30);
    with(&folder, &key(7)).advance(&chain, &vs(), secs(30)).await.unwrap();
    let set = KeySet { keys: vec![secret(7), secret(8)], named: true, ..KeySet::default() };
    let both = MasterKey::of(set).unwrap();
    assert!(both.take_into_use(both.ids()[1]));
    for second in 31..=40 {
        chain.append("bob", secs(second));
    }
    with(&folder, &both).advance(&chain, &vs(), secs(100)).await.unwrap();
    assert!(with(&folder, &both).verify(&chain, &vs()).await.unwrap().holds());

    let public_key = crate::public_key_of(&both, both.ids()[0]).unwrap().hex();
    let until = |seq: i64| PastSigner { public_key: public_key.clone(), until: [("default".to_owned(), seq)].into() };
    let alone = |signers: Vec<PastSigner>| {
        MasterKey::of(KeySet { keys: vec![secret(8)], signers, named: true, ..KeySet::default() }).unwrap()
    };
    for (signers, holds) in
        [(vec![until(40)], true), (vec![until(30)], true), (vec![until(29)], false), (vec![], false)]
    {
        let report = with(&folder, &alone(signers)).verify(&chain, &vs()).await.unwrap();
        assert_eq!(report.holds(), holds, "{report}");
    }
}
