//! How SQLite means to answer what lists and reports ask. It decides without statistics here, so an empty database tells what a
//! large one does: nothing that grows may be read from end to end for one page.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, SqlitePool};

use crate::db::Backend;
use crate::{decisions, enrolments, register, tallies, trail, without};

/// A statement, and its name.
pub(crate) type Statement = (&'static str, &'static str);

/// Of these there are few, or they are what a statement has found itself.
const SMALL: [&str; 20] = [
    "seen", "e", "s", "u", "found", "within", "w", "wanted", "others", "targets", "edge", "page", "part", "gap",
    "ranked", "f", "counted", "g", "n", "p",
];

/// What counts everything by design: from an index that has all it needs.
const COUNTS_ALL: [&str; 1] = ["token counts"];

/// Indexes that hold nothing but what is asked for.
const ALL_OF_IT: [&str; 2] = ["enrolment_uncounted", "user_group_going"];

/// Through which index these go: another one would have them read what they do not want.
const BY_INDEX: [(&str, &str); 25] = [
    ("users by name", "virtual_server=? AND folded_name>?"),
    ("users by display name", "user_by_display_name"),
    ("users by address", "user_by_email"),
    ("members of a group", "group_member_by_name"),
    ("tokens", "credential_by_serial"),
    ("tokens in a state", "credential_in_state"),
    ("locked tokens", "credential_locked"),
    ("tokens of a user", "credential_of_user"),
    ("users without a token", "user_missing"),
    ("how many have no token", "user_enabled"),
    ("trail of a user", "audit_entry_user"),
    ("trail of a flow", "audit_entry_flow"),
    ("trail of an address", "audit_entry_address"),
    ("enrolments", "enrolment_began"),
    ("enrolments of a user", "enrolment_user"),
    ("enrolments of a token", "enrolment_serial"),
    ("the enrolment that a token came by", "enrolment_serial"),
    ("what enrolments count", "enrolment_began"),
    ("what enrolments of a user count", "enrolment_user"),
    ("what enrolments of a token count", "enrolment_serial"),
    ("decision records", "decision_record_by_time"),
    ("decision records of an application", "decision_record_of_app"),
    ("decision records of a user", "decision_record_of_user"),
    ("decision records that decided so", "decision_record_by_decision"),
    ("decision records of policies in the shadow", "decision_record_shadow"),
];

async fn plan(pool: &SqlitePool, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let found: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
    found.into_iter().map(|(.., detail)| detail).collect()
}

/// What is wrong with a step: something large is read whole, or whole but for other virtual servers.
fn reads_all(step: &str) -> bool {
    let mut words = step.split_whitespace();
    let (what, of) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // What a statement has found itself has no index.
    let small = (SMALL.contains(&of) && !step.contains("USING INDEX")) || of.starts_with('(') || of == "CONSTANT";
    match what {
        "SCAN" => !small,
        "SEARCH" => !small && step.ends_with("(virtual_server=?)"),
        _ => false,
    }
}

#[test]
fn no_list_reads_from_end_to_end_what_may_be_long() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::open::tests::open_in(folder.path());
    let statements: Vec<Statement> = [
        register::statements(),
        trail::statements(),
        enrolments::statements(),
        tallies::statements(),
        without::statements(),
        decisions::statements(),
    ]
    .concat();
    let names: BTreeSet<&str> = statements.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), statements.len(), "each has a name of its own");
    let Backend::Sqlite(pool) = store.inner.db.reader() else { unreachable!("it was opened as one") };
    let story = async {
        let mut wrong = Vec::new();
        for (name, sql) in &statements {
            let steps = plan(pool, sql).await;
            let through = BY_INDEX.iter().find(|(of, _)| of == name).map_or("", |(_, index)| *index);
            if !steps.iter().any(|step| step.contains(through)) {
                wrong.push(format!("{name} does not go through {through}: {steps:?}"));
            }
            for step in steps {
                let meant = ALL_OF_IT.iter().any(|index| step.contains(index));
                if reads_all(&step) && !meant && !(COUNTS_ALL.contains(name) && step.contains("COVERING INDEX")) {
                    wrong.push(format!("{name}: {step}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
    store.close();
}

#[test]
fn a_step_that_reads_all_is_told_from_one_that_does_not() {
    for all in [
        "SCAN user_account",
        "SCAN e USING INDEX enrolment_began",
        "SEARCH c USING INDEX credential_by_serial (virtual_server=?)",
    ] {
        assert!(reads_all(all), "{all}");
    }
    for some in [
        "SCAN seen",
        "SCAN (subquery-3)",
        "SEARCH c USING INDEX credential_in_state (virtual_server=? AND state=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ] {
        assert!(!reads_all(some), "{some}");
    }
}
