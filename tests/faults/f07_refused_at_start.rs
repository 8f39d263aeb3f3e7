//! F-07: a damaged database, a key that is missing or another's, a schema of the future, a database that is gone. The gateway does
//! not start, says which it is, and puts nothing in its place.

use std::path::Path;
use std::time::Duration;

use doorward_tests::world::{Database, Installation, Ports, binary, run};

use crate::measure::until;
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-07",
    what: "a damaged page; a key that is missing, cut off or another's; a newer schema; a database that is gone",
    promise: "it refuses to start with a named reason, changes nothing, and never starts with an empty store",
    run: story,
};

/// SQLite's, and what the store leaves it at.
const PAGE: usize = 4096;

fn story(scale: Scale) -> Found {
    let installation = Installation::with_users(Database::Sqlite);
    vouched_for(&installation);
    let file = installation.path("doorward.db");
    let whole = std::fs::read(&file).unwrap();

    let pages = whole.len() / PAGE;
    let step = scale.of(pages.div_ceil(6), 1);
    let mut refused = 0;
    for page in (0..pages).step_by(step) {
        let mut damaged = whole.clone();
        damaged[page * PAGE..page * PAGE + 16].fill(0xa5);
        std::fs::write(&file, &damaged).unwrap();
        refuses(&installation, &["damaged", "backup"]);
        assert!(std::fs::read(&file).unwrap() == damaged, "page {page}: the database is left as it was found");
        refused += 1;
    }

    // Cut off in the middle, of another kind, and empty.
    for (stump, reason) in [
        (&whole[..whole.len() / 2 / PAGE * PAGE], "damaged"),
        (b"not a database at all", "damaged"),
        (b"", "vouches for"),
    ] {
        std::fs::write(&file, stump).unwrap();
        refuses(&installation, &[reason, "backup"]);
    }
    // Gone.
    std::fs::remove_file(&file).unwrap();
    refuses(&installation, &["vouches for", "backup"]);
    std::fs::write(&file, &whole).unwrap();

    let key = installation.path("master.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    refuses(&installation, &["master.key"]);
    std::fs::write(&key, &right[..right.len() / 2]).unwrap();
    refuses(&installation, &["master.key"]);
    std::fs::remove_file(&key).unwrap();
    assert!(run(std::process::Command::new(binary()).args(["key", "new"]).arg(&key), "").status.success());
    refuses(&installation, &["key is not the one"]);
    std::fs::write(&key, &right).unwrap();

    let schema = installation.sql("SELECT value FROM meta WHERE name = 'schema'");
    installation.sql("UPDATE meta SET value = '99' WHERE name = 'schema'");
    refuses(&installation, &["schema 99", "newer release"]);
    installation.sql(&format!("UPDATE meta SET value = '{}' WHERE name = 'schema'", schema.trim()));

    // With everything in its place again it starts, and everybody is there.
    let served = installation.serve();
    assert_eq!(installation.sql("SELECT COUNT(*) FROM user_account").trim(), "3");
    served.proxied_visitor().with_password(&served.gateway, "alice", &served.url("intranet", "/"));
    Found::Held(vec![
        ("pages damaged", refused.to_string()),
        ("refused by name", format!("{} of {}", refused + 8, refused + 8)),
    ])
}

/// Runs the gateway until a checkpoint outside the database vouches for its records, and ends it in good order.
fn vouched_for(installation: &Installation) {
    let mut served = installation.serve();
    let checkpoint = installation.path("checkpoints/default.jsonl");
    until("a first checkpoint", Duration::from_secs(20), || has_content(&checkpoint));
    served.gateway.signal("INT");
    assert_eq!(served.gateway.exit_code(), Some(0));
    for beside in ["doorward.db-wal", "doorward.db-shm"] {
        assert!(!has_content(&installation.path(beside)), "an orderly end leaves all in the one file");
    }
}

fn has_content(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|file| file.len() > 0)
}

/// It says these words and ends with 2.
#[track_caller]
fn refuses(installation: &Installation, reason: &[&str]) {
    let mut served = installation.begin(Ports::free());
    let (_, code) = served.gateway.gone_within(Duration::from_secs(20));
    reason.iter().for_each(|word| served.gateway.wait_for_log(word));
    assert_eq!(code, Some(2));
    drop(served);
    // What the look at it has left beside it belongs to that database.
    for beside in ["doorward.db-wal", "doorward.db-shm"] {
        let _ = std::fs::remove_file(installation.path(beside));
    }
}
