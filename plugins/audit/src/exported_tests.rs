//! An auditor with an export, the checkpoint file and the public key, and somebody who has edited the export.

use std::fs;
use std::path::PathBuf;

use doorward_api::keys::MasterKey;
use doorward_api::{Timestamp, VirtualServerId};
use tempfile::TempDir;

use super::*;
use crate::testing::{Chain, record};

/// What lies on the auditor's table.
struct Table {
    folder: TempDir,
    signers: Signers,
}

impl Table {
    /// Of a chain of 40 records of one second each, with checkpoints at 10, 20 and 30.
    async fn laid() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, mut writer) = (Chain::default(), writer(&folder));
        for second in 1..=40 {
            chain.append("alice", Timestamp::from_secs(second));
            if second % 10 == 0 && second < 40 {
                // A minute goes by for each.
                let now = Timestamp::from_secs(second * 60);
                assert_eq!(writer.advance(&chain, &default(), now).await.unwrap(), 1);
            }
        }
        let table = Self { signers: Signers::one(writer.public_key().unwrap()), folder };
        table.exports(&chain).await;
        table
    }

    /// The chain of before and who signs it.
    fn again(&self) -> (Chain, Checkpoints) {
        (Chain::of(40), writer(&self.folder))
    }

    async fn exports(&self, chain: &Chain) {
        let mut out = Vec::new();
        export(chain, &default(), (Format::Json, Span::default()), &mut out).await.unwrap();
        fs::write(self.export(), out).unwrap();
    }

    fn export(&self) -> PathBuf {
        self.folder.path().join("export.jsonl")
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.export()).unwrap().lines().map(str::to_owned).collect()
    }

    fn rewrite(&self, how: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines();
        how(&mut lines);
        fs::write(self.export(), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }

    async fn verify(&self, extent: Extent) -> ExportReport {
        let checkpoints = self.folder.path().join("checkpoints/default.jsonl");
        verify_export(&self.export(), &checkpoints, &self.signers, &default(), extent).await.unwrap()
    }

    async fn found(&self, extent: Extent) -> Vec<Problem> {
        self.verify(extent).await.chain.problems
    }
}

fn writer(folder: &TempDir) -> Checkpoints {
    Checkpoints::new(folder.path().join("checkpoints"), &MasterKey::new(vec![7; 32]).unwrap())
}

fn default() -> VirtualServerId {
    VirtualServerId::new("default")
}

#[tokio::test]
async fn a_whole_export_holds_by_itself_and_says_how_far_it_is_vouched_for() {
    let table = Table::laid().await;
    let report = table.verify(Extent::Whole).await;
    assert_eq!((report.holds(), report.chain.records, report.chain.covered), (true, 40, 30));
    assert_eq!((report.before, report.behind), (None, Some((31, 40))));
    let said = report.to_string();
    assert!(said.contains("40 records hold; 3 checkpoints, the last at record 30"), "{said}");
    assert!(said.ends_with("no checkpoint vouches yet for records 31 to 40"), "{said}");
}

#[tokio::test]
async fn what_was_done_to_an_export_is_named() {
    let edited = Table::laid().await;
    edited.rewrite(|lines| lines[14] = record("mallory", 15, Timestamp::from_secs(15)));
    assert_eq!(edited.found(Extent::Whole).await, [Problem::Rewritten { after: 10, upto: 20 }]);

    let deleted = Table::laid().await;
    deleted.rewrite(|lines| drop(lines.drain(14..16)));
    assert_eq!(deleted.found(Extent::Whole).await, [Problem::Deleted { first: 15, last: 16 }]);

    let swapped = Table::laid().await;
    swapped.rewrite(|lines| lines.swap(4, 7));
    assert_eq!(swapped.found(Extent::Whole).await, [Problem::Swapped { seq: 5, with: 8 }]);

    let cut = Table::laid().await;
    cut.rewrite(|lines| lines.truncate(25));
    assert_eq!(cut.found(Extent::Whole).await, [Problem::CutOff { last: 25, reached: 30 }]);

    let beheaded = Table::laid().await;
    beheaded.rewrite(|lines| drop(lines.drain(..5)));
    assert_eq!(beheaded.found(Extent::Whole).await, [Problem::Deleted { first: 1, last: 5 }]);

    let garbled = Table::laid().await;
    garbled.rewrite(|lines| lines[11] = "not a record".into());
    assert_eq!(garbled.found(Extent::Whole).await, [Problem::Edited { seq: 12 }]);
}

#[tokio::test]
async fn another_key_vouches_for_nothing() {
    let mut table = Table::laid().await;
    let other = Checkpoints::new(table.folder.path().join("other"), &MasterKey::new(vec![8; 32]).unwrap());
    table.signers = Signers::one(other.public_key().unwrap());
    let problems = table.found(Extent::Whole).await;
    assert!(problems.contains(&Problem::CheckpointForged { line: 1 }), "{problems:?}");
    assert!(!table.verify(Extent::Whole).await.holds());
}

#[tokio::test]
async fn a_part_is_checked_from_its_first_checkpoint_on() {
    let table = Table::laid().await;
    table.rewrite(|lines| *lines = lines[14..35].to_vec());
    let report = table.verify(Extent::Part).await;
    assert_eq!((report.holds(), report.chain.begins, report.chain.records), (true, 21, 15), "{report}");
    assert_eq!((report.before, report.behind), (Some((15, 20)), Some((31, 35))));
    assert_eq!(table.found(Extent::Whole).await, [Problem::Deleted { first: 1, last: 14 }], "as a whole it is none");

    table.rewrite(|lines| lines[10] = record("mallory", 25, Timestamp::from_secs(25)));
    assert_eq!(table.found(Extent::Part).await, [Problem::Rewritten { after: 20, upto: 30 }]);

    let early = Table::laid().await;
    early.rewrite(|lines| lines.truncate(25));
    let report = early.verify(Extent::Part).await;
    assert_eq!((report.holds(), report.chain.begins, report.behind), (true, 1, Some((21, 25))), "{report}");

    let between = Table::laid().await;
    between.rewrite(|lines| *lines = lines[11..18].to_vec());
    assert_eq!(between.found(Extent::Part).await, [Problem::NothingSigned { first: 12, last: 18 }]);
}

#[tokio::test]
async fn a_cut_that_is_signed_for_is_a_beginning() {
    // All of the records that were to go are gone, some are there still, or none is gone yet.
    for (left, before) in [(0, None), (4, Some((7, 10))), (10, None)] {
        let table = Table::laid().await;
        let (chain, writer) = table.again();
        let keep = Keep { before: Timestamp::from_secs(601), sent: None, regardless: Timestamp::from_secs(0) };
        let cut = writer.place_to_cut(&chain, &default(), keep).await.unwrap().unwrap();
        assert_eq!(cut.upto, 10);
        chain.cut(&cut, left, Timestamp::from_secs(41));
        table.exports(&chain).await;
        let report = table.verify(Extent::Whole).await;
        let first = if left == 10 { 1 } else { 11 };
        assert_eq!((report.holds(), report.chain.begins, report.before), (true, first, before), "{report}");
        assert_eq!(report.chain.trimmed.as_ref().unwrap().first_kept, 11);

        // Nobody takes away the beginning and calls it a cut.
        table.rewrite(|lines| drop(lines.drain(..usize::try_from(left + 3).unwrap())));
        let first_kept = 11 + 3;
        assert_eq!(table.found(Extent::Whole).await, [Problem::Deleted { first: 1, last: first_kept - 1 }]);
    }
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    let table = Table::laid().await;
    let checkpoints = table.folder.path().join("checkpoints/default.jsonl");
    for text in ["", "seq,timeStamp,type\n1,2026,AUDIT\n"] {
        fs::write(table.export(), text).unwrap();
        let outcome = verify_export(&table.export(), &checkpoints, &table.signers, &default(), Extent::Whole).await;
        assert!(matches!(outcome, Err(VerifyError::NoExport { .. })), "{text:?}: {outcome:?}");
    }
    let nowhere = table.folder.path().join("nowhere");
    let outcome = verify_export(&table.export(), &nowhere, &table.signers, &default(), Extent::Whole).await;
    assert!(
        matches!(outcome, Err(VerifyError::File { .. })),
        "a name that was mistyped is no checkpoint file: {outcome:?}"
    );
}
