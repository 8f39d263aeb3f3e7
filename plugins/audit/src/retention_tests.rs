//! A chain that was cut because what came before is too old.

use std::fs;

use doorward_api::audit::{Cut, GENESIS, chain_hash};
use doorward_api::keys::MasterKey;
use doorward_api::{AuditEvent, EventContext, EventKind, Timestamp, VirtualServerId};
use tempfile::TempDir;

use crate::testing::{Chain, Rows, record};
use crate::{CheckpointError, Checkpoints, Keep, Problem, Trim, export};

fn vs() -> VirtualServerId {
    VirtualServerId::new("default")
}

/// Each time another process, which remembers nothing.
fn with(folder: &TempDir) -> Checkpoints {
    Checkpoints::new(folder.path().to_owned(), &MasterKey::new(vec![7; 32]).unwrap())
}

fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

/// What was signed before this second may go, whoever has it.
fn before(second: i64) -> Keep {
    Keep { before: secs(second), sent: None, regardless: secs(0) }
}

/// 100 records, one a second, with a checkpoint after each ten.
async fn story() -> (TempDir, Chain) {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    for second in 1..=100 {
        chain.append("alice", secs(second));
        if second % 10 == 0 {
            assert_eq!(with(&folder).advance(&chain, &vs(), secs(second)).await.unwrap(), 1);
        }
    }
    (folder, chain)
}

async fn place(folder: &TempDir, chain: &Chain, keep: Keep) -> Option<Cut> {
    with(folder).place_to_cut(chain, &vs(), keep).await.unwrap()
}

/// The story, cut after record 50; of what is to go the last `left` are there still.
async fn cut(left: i64) -> (TempDir, Chain) {
    let (folder, chain) = story().await;
    let cut = place(&folder, &chain, before(55)).await.unwrap();
    chain.cut(&cut, left, secs(101));
    with(&folder).advance(&chain, &vs(), secs(200)).await.unwrap();
    (folder, chain)
}

/// What verification says after somebody has had the database of the story.
async fn found(left: i64, how: impl FnOnce(&mut Rows)) -> Vec<Problem> {
    let (folder, chain) = cut(left).await;
    assert!(with(&folder).verify(&chain, &vs()).await.unwrap().holds());
    chain.tamper(how);
    with(&folder).verify(&chain, &vs()).await.unwrap().problems
}

#[tokio::test]
async fn a_chain_is_cut_at_a_checkpoint_and_nowhere_else() {
    let (folder, chain) = story().await;
    for (second, upto) in [(9, None), (10, Some(10)), (55, Some(50)), (1000, Some(100))] {
        assert_eq!(place(&folder, &chain, before(second)).await.map(|cut| cut.upto), upto, "{second}");
    }
    let cut = place(&folder, &chain, before(55)).await.unwrap();
    assert_eq!(cut.hash, chain.0.lock().unwrap().at(50).hash);
    let record = cut.event.record("default", 101, secs(101));
    assert!(record.contains("\"firstKept\":51") && record.contains("\"records\":50"), "{record}");
}

#[tokio::test]
async fn what_somebody_is_still_to_be_sent_stays_for_a_while() {
    let (folder, chain) = story().await;
    let keep = |sent, regardless| Keep { before: secs(55), sent: Some(sent), regardless: secs(regardless) };
    assert_eq!(place(&folder, &chain, keep(0, 0)).await, None);
    assert_eq!(place(&folder, &chain, keep(34, 0)).await.unwrap().upto, 30);
    let late = place(&folder, &chain, keep(34, 45)).await.unwrap();
    assert_eq!((late.upto, &late.event.details["unsent"]), (40, &6.into()));
    assert_eq!(place(&folder, &chain, keep(100, 0)).await.unwrap().event.details.get("unsent"), None);
}

#[tokio::test]
async fn a_cut_chain_holds_and_says_where_it_begins() {
    for left in [0, 1, 20, 49, 50] {
        let (folder, chain) = cut(left).await;
        let report = with(&folder).verify(&chain, &vs()).await.unwrap();
        assert!(report.holds(), "{left}: {report}");
        assert_eq!((report.begins, report.records, report.covered), (51 - left, 51 + left, 101), "{left}");
        let trimmed = Trim { first_kept: 51, at: secs(101).rfc3339() };
        assert_eq!(report.trimmed, Some(trimmed));
        assert!(report.to_string().contains("what is older than record 51 was cut at 1970-01-01T00:01:41"), "{report}");
        let mut out = Vec::new();
        assert_eq!(
            export(&chain, &vs(), (crate::Format::Json, crate::Span::default()), &mut out).await.unwrap(),
            51 + left
        );
    }
    let (folder, chain) = cut(0).await;
    assert_eq!(with(&folder).verify(&chain, &vs()).await.unwrap().checkpoints, 6);
}

#[tokio::test]
async fn it_is_cut_again_and_again() {
    let (folder, chain) = cut(7).await;
    assert_eq!(place(&folder, &chain, before(55)).await, None, "nothing more is too old");
    let next = place(&folder, &chain, before(75)).await.unwrap();
    assert_eq!((next.upto, &next.event.details["records"]), (70, &27.into()));
    chain.cut(&next, 0, secs(300));
    with(&folder).advance(&chain, &vs(), secs(400)).await.unwrap();
    let last = place(&folder, &chain, before(1000)).await.unwrap();
    chain.cut(&last, 0, secs(1001));
    with(&folder).advance(&chain, &vs(), secs(1100)).await.unwrap();
    let report = with(&folder).verify(&chain, &vs()).await.unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.begins, report.records), (103, 1));
}

#[tokio::test]
async fn what_is_taken_away_beyond_a_cut_is_missed() {
    assert_eq!(found(0, |rows| rows.records.retain(|r| r.seq > 60)).await, [Problem::Deleted { first: 51, last: 60 }]);
    assert_eq!(found(5, |rows| rows.records.retain(|r| r.seq > 60)).await, [Problem::Deleted { first: 51, last: 60 }]);
    let head_says_more = |rows: &mut Rows| {
        let kept = rows.at(60).clone();
        rows.trimmed.as_mut().unwrap().upto = 60;
        rows.trimmed.as_mut().unwrap().hash = kept.hash;
        rows.records.retain(|r| r.seq > 60);
    };
    assert_eq!(found(0, head_says_more).await, [Problem::Deleted { first: 1, last: 60 }]);
    assert_eq!(found(0, |rows| rows.trimmed = None).await, [Problem::Deleted { first: 1, last: 50 }]);
}

#[tokio::test]
async fn what_is_still_to_go_is_watched_until_it_is_gone() {
    let edited = |rows: &mut Rows| rows.at(47).record = record("mallory", 47, secs(47));
    assert_eq!(found(5, edited).await, [Problem::Edited { seq: 47 }]);
    let written_anew = |rows: &mut Rows| {
        rows.at(46).record = record("mallory", 46, secs(46));
        let mut prev = rows.at(46).prev.clone();
        for seq in 46..=50 {
            let row = rows.at(seq);
            row.prev = prev;
            row.hash = chain_hash(&row.prev, &row.record);
            prev = row.hash.clone();
        }
    };
    let problems = found(5, written_anew).await;
    assert!(problems.contains(&Problem::Rewritten { after: 45, upto: 50 }), "{problems:?}");
}

/// Only who has the key can say that a chain is cut.
#[tokio::test]
async fn a_cut_that_nobody_with_the_key_has_made_is_tampering() {
    let (folder, chain) = story().await;
    let hash = chain.0.lock().unwrap().at(50).hash.clone();
    let event = AuditEvent::new(EventKind::AuditTrimmed, EventContext::default())
        .with("firstKept", 51)
        .with("hashBefore", hash.as_str())
        .with("signature", GENESIS);
    chain.cut(&Cut { upto: 50, hash, event }, 0, secs(101));
    let report = with(&folder).verify(&chain, &vs()).await.unwrap();
    assert_eq!(report.problems, [Problem::Deleted { first: 1, last: 50 }], "{report}");
}

#[tokio::test]
async fn nothing_goes_that_was_tampered_with() {
    type Tamper = fn(&mut Rows);
    let tampers: [Tamper; 4] = [
        |rows| rows.at(17).record = record("mallory", 17, secs(17)),
        |rows| {
            rows.at(17).record = record("mallory", 17, secs(17));
            rows.rehash_from(17);
        },
        |rows| rows.records.retain(|r| r.seq > 50),
        |rows| rows.records.clear(),
    ];
    for how in tampers {
        let (folder, chain) = story().await;
        chain.tamper(how);
        let refused = with(&folder).place_to_cut(&chain, &vs(), before(55)).await;
        assert!(matches!(refused, Err(CheckpointError::Tampered(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_forged_checkpoint_lets_nothing_go() {
    let (folder, chain) = story().await;
    let path = with(&folder).path(&vs());
    let text = fs::read_to_string(&path).unwrap();
    // All of them say that they are older than they are.
    let older: String = text.lines().map(|line| line.replace("1970-01-01T00:0", "1969-12-31T00:0") + "\n").collect();
    fs::write(&path, older).unwrap();
    assert_eq!(place(&folder, &chain, before(5)).await, None);
}

/// A checkpoint file that was lost, or is one of another process, knows nothing of before the cut.
#[tokio::test]
async fn checkpoints_go_on_after_a_cut_of_which_their_file_knows_nothing() {
    let (_folder, chain) = cut(3).await;
    let other = tempfile::tempdir().unwrap();
    assert_eq!(with(&other).advance(&chain, &vs(), secs(300)).await.unwrap(), 1);
    let report = with(&other).verify(&chain, &vs()).await.unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!((report.begins, report.checkpoints, report.covered), (48, 1, 101));
}

/// The record of a restore may go like any other.
#[tokio::test]
async fn a_restore_that_is_too_old_is_not_missed() {
    let (folder, chain) = story().await;
    let hash = chain.0.lock().unwrap().at(95).hash.clone();
    chain.tamper(|rows| {
        rows.records.retain(|r| r.seq <= 95);
        rows.repair_head();
    });
    let from = crate::RestoredFrom { after: 95, at: secs(1000).rfc3339() };
    let event = AuditEvent::new(EventKind::DatabaseRestored, EventContext::default())
        .with("backupSeq", 95)
        .with("backupHash", hash.as_str())
        .with("restoredAt", from.at.as_str())
        .with("signature", with(&folder).vouch_for_restore(&vs(), &hash, &from));
    chain.append_event(&event, secs(1000));
    with(&folder).advance(&chain, &vs(), secs(1000)).await.unwrap();
    chain.append("alice", secs(2000));
    with(&folder).advance(&chain, &vs(), secs(2000)).await.unwrap();
    let cut = place(&folder, &chain, before(1500)).await.unwrap();
    assert_eq!(cut.upto, 96, "what was signed beyond the backup is no place");
    chain.cut(&cut, 0, secs(2001));
    with(&folder).advance(&chain, &vs(), secs(2100)).await.unwrap();
    let report = with(&folder).verify(&chain, &vs()).await.unwrap();
    assert!(report.holds() && report.restores.is_empty(), "{report}");
}
