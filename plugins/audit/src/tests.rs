//! Checkpoints, verification and export together, on a chain that is tampered with in every way of AU-02.

use std::fs;
use std::sync::Arc;

use doorward_api::audit::{GENESIS, chain_hash};
use doorward_api::keys::MasterKey;
use doorward_api::ports::Entropy;
use doorward_api::{Timestamp, VirtualServerId};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::testing::{Chain, Rows, record};

fn default() -> VirtualServerId {
    VirtualServerId::new("default")
}

fn checkpoints(folder: &TempDir) -> Checkpoints {
    Checkpoints::new(folder.path().to_owned(), &MasterKey::new(vec![7; 32]).unwrap())
}

/// What verification says after the chain of 40 records, with a checkpoint at 30, was tampered with.
async fn found(how: impl FnOnce(&mut Rows)) -> Vec<Problem> {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(30);
    assert_eq!(writer.advance(&chain, &default(), Timestamp::from_secs(30)).await.unwrap(), 1);
    for second in 31..=40 {
        chain.append("bob", Timestamp::from_secs(second));
    }
    assert!(writer.verify(&chain, &default()).await.unwrap().holds());
    chain.tamper(how);
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!(report.holds(), report.problems.is_empty());
    report.problems
}

#[tokio::test]
async fn an_untouched_chain_holds() {
    assert_eq!(found(|_| {}).await, []);
    let folder = tempfile::tempdir().unwrap();
    let empty = checkpoints(&folder).verify(&Chain::default(), &default()).await.unwrap();
    assert_eq!((empty.holds(), empty.records, empty.checkpoints), (true, 0, 0));
}

#[tokio::test]
async fn an_edited_record_is_named() {
    for seq in [1, 17, 35, 40] {
        let edit = |rows: &mut Rows| rows.at(seq).record = record("mallory", seq, Timestamp::from_secs(seq));
        assert_eq!(found(edit).await, [Problem::Edited { seq }]);
    }
    assert_eq!(found(|rows| rows.at(17).record = "garbage".into()).await, [Problem::Edited { seq: 17 }]);
    assert_eq!(found(|rows| rows.at(17).hash = GENESIS.into()).await, [Problem::Edited { seq: 17 }]);
    let renumbered = |rows: &mut Rows| rows.at(17).record = record("alice", 20, Timestamp::from_secs(17));
    assert_eq!(found(renumbered).await, [Problem::Edited { seq: 17 }]);
}

#[tokio::test]
async fn an_edited_record_with_its_hash_made_right_is_named() {
    let edit = |rows: &mut Rows| {
        let row = rows.at(35);
        row.record = record("mallory", 35, Timestamp::from_secs(35));
        row.hash = chain_hash(&row.prev, &row.record);
    };
    assert_eq!(found(edit).await, [Problem::Edited { seq: 35 }]);
}

#[tokio::test]
async fn an_edited_record_with_everything_after_it_made_right_is_found_by_the_checkpoint() {
    let edit = |rows: &mut Rows| {
        rows.at(17).record = record("mallory", 17, Timestamp::from_secs(17));
        rows.rehash_from(17);
    };
    assert_eq!(found(edit).await, [Problem::Rewritten { after: 0, upto: 30 }]);
}

#[tokio::test]
async fn deleted_records_are_named() {
    let delete = |rows: &mut Rows| rows.records.retain(|r| r.seq != 17);
    assert_eq!(found(delete).await, [Problem::Deleted { first: 17, last: 17 }]);
    let several = |rows: &mut Rows| rows.records.retain(|r| !(1..=5).contains(&r.seq));
    assert_eq!(found(several).await, [Problem::Deleted { first: 1, last: 5 }]);
}

#[tokio::test]
async fn deleted_records_are_named_when_the_gap_was_closed() {
    let close = |rows: &mut Rows| {
        rows.records.retain(|r| !(17..=18).contains(&r.seq));
        rows.records.iter_mut().filter(|r| r.seq > 18).for_each(|r| r.seq -= 2);
    };
    assert_eq!(found(close).await, [Problem::Deleted { first: 17, last: 18 }]);
}

#[tokio::test]
async fn swapped_records_are_named() {
    let rows_swapped = |rows: &mut Rows| {
        rows.at(17).seq = 1000;
        rows.at(23).seq = 17;
        rows.at(1000).seq = 23;
    };
    assert_eq!(found(rows_swapped).await, [Problem::Swapped { seq: 17, with: 23 }]);
    let texts_swapped = |rows: &mut Rows| {
        let (a, b) = (rows.at(17).record.clone(), rows.at(18).record.clone());
        rows.at(17).record = b;
        rows.at(18).record = a;
    };
    assert_eq!(found(texts_swapped).await, [Problem::Swapped { seq: 17, with: 18 }]);
}

/// AU-02.
#[tokio::test]
async fn an_inserted_record_is_named() {
    let well_made = |rows: &mut Rows| {
        rows.records.iter_mut().filter(|r| r.seq >= 17).for_each(|r| r.seq += 1);
        let mut forged = rows.at(16).clone();
        forged.seq = 17;
        forged.prev = forged.hash.clone();
        forged.record = record("mallory", 17, Timestamp::from_secs(17));
        forged.hash = chain_hash(&forged.prev, &forged.record);
        rows.records.push(forged);
    };
    assert_eq!(found(well_made).await, [Problem::Inserted { seq: 17 }]);
    let copied = |rows: &mut Rows| {
        rows.records.iter_mut().filter(|r| r.seq >= 17).for_each(|r| r.seq += 1);
        let mut copy = rows.at(9).clone();
        copy.seq = 17;
        rows.records.push(copy);
    };
    assert_eq!(found(copied).await, [Problem::Inserted { seq: 17 }]);
    let beyond_the_head = |rows: &mut Rows| {
        let mut forged = rows.at(40).clone();
        forged.seq = 41;
        forged.prev = forged.hash.clone();
        forged.record = record("mallory", 41, Timestamp::from_secs(41));
        forged.hash = chain_hash(&forged.prev, &forged.record);
        rows.records.push(forged);
    };
    assert_eq!(found(beyond_the_head).await, [Problem::Inserted { seq: 41 }]);
}

#[tokio::test]
async fn records_cut_off_are_found_by_the_head_row() {
    let cut = |rows: &mut Rows| rows.records.retain(|r| r.seq <= 35);
    assert_eq!(found(cut).await, [Problem::CutOff { last: 35, reached: 40 }]);
}

#[tokio::test]
async fn records_cut_off_are_found_by_the_checkpoint_when_the_head_row_was_repaired() {
    let cut = |rows: &mut Rows| {
        rows.records.retain(|r| r.seq <= 20);
        rows.repair_head();
    };
    assert_eq!(found(cut).await, [Problem::CutOff { last: 20, reached: 30 }]);
    let all = |rows: &mut Rows| {
        rows.records.clear();
        rows.repair_head();
    };
    assert_eq!(found(all).await, [Problem::CutOff { last: 0, reached: 30 }]);
}

#[tokio::test]
async fn records_cut_off_and_grown_over_are_found_by_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(100);
    writer.advance(&chain, &default(), Timestamp::from_secs(100)).await.unwrap();
    chain.tamper(|rows| {
        rows.records.truncate(50);
        rows.repair_head();
    });
    for second in 101..=200 {
        chain.append("alice", Timestamp::from_secs(second));
    }
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!(report.problems, [Problem::Rewritten { after: 0, upto: 100 }]);
    let refused = writer.advance(&chain, &default(), Timestamp::from_secs(300)).await;
    assert!(matches!(refused, Err(CheckpointError::Tampered(_))), "{refused:?}");
}

#[tokio::test]
async fn an_edited_head_row_is_found() {
    let edit = |rows: &mut Rows| rows.head.as_mut().unwrap().hash = GENESIS.into();
    assert_eq!(found(edit).await, [Problem::HeadEdited { seq: 40 }]);
}

/// AU-02.
#[tokio::test]
async fn an_older_checkpoint_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(30);
    writer.advance(&chain, &default(), Timestamp::from_secs(30)).await.unwrap();
    let older = fs::read(writer.path(&default())).unwrap();
    for second in 31..=200 {
        chain.append("bob", Timestamp::from_secs(second));
        writer.advance(&chain, &default(), Timestamp::from_secs(second)).await.unwrap();
    }
    assert!(writer.verify(&chain, &default()).await.unwrap().holds());
    fs::write(writer.path(&default()), older).unwrap();
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!(report.problems, [Problem::CheckpointsTooOld { covered: 30, last: 200 }]);
    fs::remove_file(writer.path(&default())).unwrap();
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!(report.problems, [Problem::CheckpointsTooOld { covered: 0, last: 200 }]);
}

#[tokio::test]
async fn a_forged_checkpoint_is_found_and_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut ours = checkpoints(&folder);
    let chain = Chain::of(30);
    ours.advance(&chain, &default(), Timestamp::from_secs(30)).await.unwrap();
    let mut theirs = Checkpoints::new(folder.path().to_owned(), &MasterKey::new(vec![8; 32]).unwrap());
    theirs.advance(&chain, &default(), Timestamp::from_secs(31)).await.unwrap();
    let path = ours.path(&default());
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("garbage\n");
    let edited = text.lines().next().unwrap().replace("\"seq\":30", "\"seq\":29");
    text.push_str(&format!("{edited}\n"));
    fs::write(&path, text).unwrap();
    let report = ours.verify(&chain, &default()).await.unwrap();
    assert_eq!(
        report.problems,
        [
            Problem::CheckpointForged { line: 2 },
            Problem::CheckpointUnreadable { line: 3 },
            Problem::CheckpointForged { line: 4 },
        ]
    );
    assert_eq!((report.checkpoints, report.covered), (1, 30));
    // A gateway that starts on this file goes on from its own checkpoint.
    chain.append("alice", Timestamp::from_secs(40));
    assert_eq!(checkpoints(&folder).advance(&chain, &default(), Timestamp::from_secs(40)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_checkpoint_of_another_virtual_server_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(3);
    let other = VirtualServerId::new("other");
    writer.advance(&chain, &other, Timestamp::from_secs(3)).await.unwrap();
    fs::copy(writer.path(&other), writer.path(&default())).unwrap();
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!(report.problems, [Problem::CheckpointUnreadable { line: 1 }]);
}

#[tokio::test]
async fn checkpoints_come_at_once_then_after_a_minute_or_a_thousand_records() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(1);
    let at = async |writer: &mut Checkpoints, seconds: i64| {
        writer.advance(&chain, &default(), Timestamp::from_secs(seconds)).await.unwrap()
    };
    assert_eq!(at(&mut writer, 100).await, 1);
    assert_eq!(at(&mut writer, 200).await, 0, "nothing new");
    chain.append("alice", Timestamp::from_secs(201));
    assert_eq!(at(&mut writer, 201).await, 1, "the last one is older than a minute");
    chain.append("alice", Timestamp::from_secs(202));
    assert_eq!(at(&mut writer, 260).await, 0);
    assert_eq!(at(&mut writer, 261).await, 1);
    for _ in 0..2500 {
        chain.append("alice", Timestamp::from_secs(262));
    }
    assert_eq!(at(&mut writer, 262).await, 3);
    let report = writer.verify(&chain, &default()).await.unwrap();
    assert_eq!((report.holds(), report.records, report.checkpoints, report.covered), (true, 2503, 6, 2503));
    // After a restart it goes on where the file ends.
    let mut restarted = checkpoints(&folder);
    assert_eq!(at(&mut restarted, 263).await, 0);
    chain.append("alice", Timestamp::from_secs(264));
    assert_eq!(at(&mut restarted, 264).await, 1);
}

#[tokio::test]
async fn nothing_is_signed_on_top_of_a_tampered_chain() {
    let cut = |rows: &mut Rows| {
        rows.records.truncate(5);
        rows.repair_head();
    };
    let replaced = |rows: &mut Rows| {
        rows.at(10).record = record("mallory", 10, Timestamp::from_secs(10));
        rows.rehash_from(10);
    };
    let edited_later = |rows: &mut Rows| rows.at(12).record = record("mallory", 12, Timestamp::from_secs(12));
    type Tamper = fn(&mut Rows);
    let tampers: [(Tamper, i64); 3] = [(cut, 0), (replaced, 0), (edited_later, 5)];
    for (how, more) in tampers {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = checkpoints(&folder);
        let chain = Chain::of(10);
        writer.advance(&chain, &default(), Timestamp::from_secs(10)).await.unwrap();
        for second in 1..=more {
            chain.append("alice", Timestamp::from_secs(10 + second));
        }
        chain.tamper(how);
        let refused = writer.advance(&chain, &default(), Timestamp::from_secs(500)).await;
        assert!(matches!(refused, Err(CheckpointError::Tampered(_))), "{refused:?}");
        assert_eq!(fs::read_to_string(writer.path(&default())).unwrap().lines().count(), 1);
    }
}

#[tokio::test]
async fn an_auditor_needs_the_public_key_and_the_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = checkpoints(&folder);
    let chain = Chain::of(3);
    writer.advance(&chain, &default(), Timestamp::from_secs(3)).await.unwrap();
    let key = PublicKey::parse(&writer.public_key().unwrap().hex()).unwrap();
    let report = verify(&chain, &writer.path(&default()), &Signers::one(key), &default()).await.unwrap();
    assert!(report.holds());
    assert_eq!(report.to_string(), "default: 3 records hold; 1 checkpoints, the last at record 3");
}

#[tokio::test]
async fn an_export_holds_every_record_once_and_the_chain_can_be_computed_from_it() {
    let chain = Chain::of(2500);
    let mut out = Vec::new();
    assert_eq!(export(&chain, &default(), (Format::Json, Span::default()), &mut out).await.unwrap(), 2500);
    let text = String::from_utf8(out).unwrap();
    let end = text.lines().fold(GENESIS.to_owned(), |prev, record| chain_hash(&prev, record));
    assert_eq!(end, chain.0.lock().unwrap().head.as_ref().unwrap().hash);
}

#[tokio::test]
async fn an_export_of_a_time_holds_what_was_appended_then() {
    let chain = Chain::of(2500);
    let told = async |from: Option<i64>, until: Option<i64>| {
        let span = Span { from: from.map(Timestamp::from_secs), until: until.map(Timestamp::from_secs) };
        let mut out = Vec::new();
        let written = export(&chain, &default(), (Format::Json, span), &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        let seq = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_i64().unwrap();
        (written, text.lines().next().map(seq), text.lines().last().map(seq))
    };
    assert_eq!(told(Some(2400), None).await, (101, Some(2400), Some(2500)));
    assert_eq!(told(None, Some(11)).await, (10, Some(1), Some(10)));
    assert_eq!(told(Some(990), Some(1010)).await, (20, Some(990), Some(1009)));
    assert_eq!(told(Some(3000), None).await, (0, None, None));
}

#[tokio::test]
async fn a_csv_export_is_safe_to_open() {
    let chain = Chain::default();
    chain.append("=cmd|'/c calc'!A1", Timestamp::from_secs(0));
    chain.append("a \"quoted\", name", Timestamp::from_secs(1));
    let mut out = Vec::new();
    assert_eq!(export(&chain, &default(), (Format::Csv, Span::default()), &mut out).await.unwrap(), 2);
    let text = String::from_utf8(out).unwrap();
    let rows: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 3);
    assert!(rows[0].starts_with("\"seq\",\"timeStamp\",\"type\",\"event\",\"tenantId\",\"principalId\",\"usedName\","));
    let begin = "\"1\",\"1970-01-01T00:00:00.000Z\",\"AUTHENTICATION\",\"AUTH_SUCCESS\",\"default\",\"\",";
    assert!(rows[1].starts_with(&format!("{begin}\"'=cmd|'/c calc'!A1\",")));
    assert!(
        rows[2].contains("\"a \"\"quoted\"\", name\",\"\",\"\",\"\",\"\",\"\",\"\",\"{\"\"reason\"\":\"\"none\"\"}\",")
    );
}

#[test]
fn an_unknown_setting_is_refused() {
    struct Nothing;
    impl Entropy for Nothing {
        fn fill(&self, _: &mut [u8]) {}
    }
    let key = doorward_api::SecretBytes::new(vec![0; 32]);
    let host = Host { entropy: Arc::new(Nothing), issuer: String::new(), key };
    let Err(error) = (PLUGIN.build)(json!({ "folder": "/x" }), host.clone()) else { panic!("it was taken") };
    assert_eq!(error.field, "folder");
    assert!((PLUGIN.build)(json!({}), host).unwrap().authenticator().is_none());
}
