//! What a restore looks at before it puts anything in place.

use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_store::StoreOptions;

use super::*;
use crate::commands::manifest::{Contents, Piece};

fn opened(database: &Path) -> Store {
    let options = StoreOptions {
        url: format!("sqlite://{}", database.display()),
        key: MasterKey::new(vec![1; 32]).unwrap(),
        statement_timeout: Duration::from_secs(10),
        max_connections: 2,
    };
    Store::open(options, Arc::new(SystemEntropy)).unwrap()
}

#[test]
fn a_copy_of_which_something_is_in_its_log_only_is_not_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("doorward.db");
    let store = opened(&database);
    assert!(fs::metadata(beside(&database, "-wal")).unwrap().len() > 0);
    // What is in the file alone may be anything, the backup as it came among it.
    assert!(!holds_all_of(&database, 0).is_ok_and(|all| all));
    store.close_whole().unwrap();
    assert!(holds_all_of(&database, 0).unwrap());
    assert!(!holds_all_of(&database, 1).unwrap(), "it was not made safe");
}

#[test]
fn a_database_is_not_set_aside_while_it_is_used_or_nobody_can_tell() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("doorward.db");
    let store = opened(&database);
    let refused = keep_out_others(&database).unwrap_err().to_string();
    assert!(refused.contains("is in use"), "{refused}");
    store.close_whole().unwrap();
    drop(keep_out_others(&database).unwrap());

    // It cannot be opened at all, which says nothing of whether somebody has it open.
    let strange = folder.path().join("strange.db");
    fs::create_dir(&strange).unwrap();
    assert!(keep_out_others(&strange).is_err());

    let damaged = folder.path().join("damaged.db");
    fs::write(&damaged, vec![7; 8192]).unwrap();
    assert!(keep_out_others(&damaged).is_ok(), "what is damaged may be replaced");
}

#[test]
fn the_database_of_before_keeps_its_log_and_another_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (database, copy) = (folder.path().join("doorward.db"), folder.path().join("doorward.db.restoring"));
    let put = |file: &Path, text: &str| fs::write(file, text).unwrap();
    put(&copy, "new");
    put(&beside(&copy, "-wal"), "");
    assert_eq!(put_in_place(&copy, &database, false).unwrap(), None);
    put(&copy, "newer");
    assert!(put_in_place(&copy, &database, false).is_err(), "one was made there meanwhile");
    put(&beside(&database, "-wal"), "log");
    let aside = put_in_place(&copy, &database, true).unwrap().unwrap();
    let read = |file: &Path| fs::read_to_string(file).unwrap();
    assert_eq!(
        (read(&database), read(&aside), read(&beside(&aside, "-wal"))),
        ("newer".into(), "new".into(), "log".into())
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// A backup with one checkpoint file.
fn backup(folder: &Path) -> Manifest {
    fs::create_dir_all(folder.join("checkpoints")).unwrap();
    fs::write(folder.join("doorward.db"), "rows").unwrap();
    fs::write(folder.join("checkpoints/default.jsonl"), "signed\n").unwrap();
    let master = MasterKey::new(vec![7; 32]).unwrap();
    let contents = Contents {
        taken_at: "2026-11-29T08:00:00Z".into(),
        schema: 1,
        key: master.in_use(),
        database: Piece::of(folder, "doorward.db").unwrap(),
        heads: Vec::new(),
        checkpoints: vec![Piece::of(folder, "checkpoints/default.jsonl").unwrap()],
    };
    Manifest::new(contents, &master)
}

#[test]
fn a_checkpoint_file_has_its_name_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("backup"), folder.path().join("checkpoints"));
    let manifest = backup(&from);
    fs::write(from.join("checkpoints/default.jsonl"), "forged\n").unwrap();
    let refused = bring_back_checkpoints(&to, &manifest, &from).unwrap_err().to_string();
    assert!(refused.contains("it was changed"), "{refused}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
    // Somebody was killed in the middle.
    fs::write(to.join("default.jsonl.restoring"), "sig").unwrap();
    fs::write(from.join("checkpoints/default.jsonl"), "signed\n").unwrap();
    bring_back_checkpoints(&to, &manifest, &from).unwrap();
    assert_eq!(fs::read_to_string(to.join("default.jsonl")).unwrap(), "signed\n");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);

    fs::write(to.join("default.jsonl"), "newer\n").unwrap();
    bring_back_checkpoints(&to, &manifest, &from).unwrap();
    assert_eq!(fs::read_to_string(to.join("default.jsonl")).unwrap(), "newer\n", "it knows more");
}

#[test]
fn what_is_brought_back_belongs_to_the_gateway() {
    const GATEWAY: (u32, u32) = (4711, 4712);
    let folder = tempfile::tempdir().unwrap();
    // Only root can give a file away; nobody else has to.
    if std::os::unix::fs::chown(folder.path(), Some(GATEWAY.0), Some(GATEWAY.1)).is_err() {
        return;
    }
    let from = tempfile::tempdir().unwrap();
    let manifest = backup(from.path());
    let checkpoints = folder.path().join("state/checkpoints");
    bring_back_checkpoints(&checkpoints, &manifest, from.path()).unwrap();
    let database = folder.path().join("doorward.db");
    copy_database(&manifest, from.path(), &beside(&database, ".restoring"), &database).unwrap();
    for made in ["state", "state/checkpoints", "state/checkpoints/default.jsonl", "doorward.db.restoring"] {
        let owner = fs::metadata(folder.path().join(made)).unwrap();
        assert_eq!((owner.uid(), owner.gid()), GATEWAY, "{made}");
    }
}
