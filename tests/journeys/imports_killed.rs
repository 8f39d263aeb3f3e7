//! Imports that are killed in the middle: nothing is half-saved, it is said that they broke off, and the same import
//! again does the rest.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::{Olga, ask, read};
use super::cli::Terminal;
use crate::world::{Kept, until, until_within};

/// How many, unless the environment asks for another number: with 20000 it takes some minutes of a development build.
fn how_many(usual: usize) -> usize {
    std::env::var("DOORWARD_TEST_IMPORT").ok().and_then(|said| said.parse().ok()).unwrap_or(usual)
}

/// How long a fifth of them may take.
fn patience(most: usize) -> Duration {
    Duration::from_secs(30 + most as u64 / 40)
}

/// The file's line of a user.
fn user(number: usize, round: &str) -> Value {
    json!({
        "name": format!("user{number:05}"), "display_name": format!("Number {number} {round}"),
        "email": format!("user{number:05}@example.test"), "disabled": false, "groups": ["Imported"],
    })
}

/// The users of the file that are there, each of which must be whole.
fn whole_ones(kept: &Kept, rounds: &[&str], most: usize) -> usize {
    let told = kept.sql(
        "SELECT u.name || '|' || u.display_name || '|' || u.email || '|' || (SELECT COUNT(*) FROM group_member m \
         WHERE m.user_id = u.id) FROM user_account u WHERE u.name LIKE 'user_____' ORDER BY u.name",
    );
    let good: BTreeSet<String> = (0..most)
        .flat_map(|number| {
            let line = |round: &&str| {
                let user = user(number, round);
                format!("{}|{}|{}|1", text(&user["name"]), text(&user["display_name"]), text(&user["email"]))
            };
            rounds.iter().map(line).collect::<Vec<_>>()
        })
        .collect();
    for line in told.lines() {
        assert!(good.contains(line), "half-saved: {line}");
    }
    told.lines().count()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// How many of a round are there.
fn of_round(kept: &Kept, round: &str) -> usize {
    let found = kept.sql(&format!("SELECT COUNT(*) FROM user_account WHERE display_name LIKE 'Number % {round}'"));
    found.trim().parse().unwrap()
}

#[test]
fn users_of_files_are_whole_whoever_is_killed_and_the_same_import_again_does_the_rest() {
    let most = how_many(900);
    let kept = Kept::new();
    let mut gateway = kept.demo();
    let terminal = {
        let mut olga = Olga::becomes_administrator(&gateway);
        Terminal::of_olga(&gateway, &mut olga)
    };
    terminal.good(&["export", "--to", "files"]);
    let before = std::fs::read_to_string(terminal.path("files/users.jsonl")).unwrap();
    let groups = std::fs::read_to_string(terminal.path("files/groups.jsonl")).unwrap();
    std::fs::write(
        terminal.path("files/groups.jsonl"),
        format!("{groups}{}\n", json!({"name": "Imported", "parents": []})),
    )
    .unwrap();
    let write = |round: &str| {
        let lines = (0..most).map(|number| format!("{}\n", user(number, round)));
        let all = [before.clone()].into_iter().chain(lines).collect::<String>();
        std::fs::write(terminal.path("files/users.jsonl"), all).unwrap();
    };
    let begun = || {
        let mut command = terminal.command(&["import", "--from", "files"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };

    // The command is killed.
    write("first");
    let mut import = begun();
    until_within("some users are there", patience(most), || of_round(&kept, "first") > most / 5);
    import.kill().unwrap();
    import.wait().unwrap();
    let there = whole_ones(&kept, &["first"], most);
    assert!(there < most, "it was killed in the middle: {there}");
    terminal.good(&["import", "--from", "files"]);
    assert_eq!(whole_ones(&kept, &["first"], most), most);
    terminal.good(&["import", "--from", "files", "--dry-run"]);

    // The gateway is killed, while they are changed.
    write("second");
    let mut import = begun();
    until_within("some users are changed", patience(most), || of_round(&kept, "second") > most / 5);
    gateway.kill();
    let ended = import.wait().unwrap();
    assert_eq!(ended.code(), Some(2), "it says that it could not go on");
    drop(gateway);
    let _again = kept.demo();
    assert_eq!(whole_ones(&kept, &["first", "second"], most), most);
    let changed = of_round(&kept, "second");
    assert!((most / 5..most).contains(&changed), "{changed}");
    terminal.good(&["import", "--from", "files"]);
    assert_eq!((whole_ones(&kept, &["second"], most), of_round(&kept, "second")), (most, most));
    let verified = kept.command(&["audit", "verify"], &[]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[test]
fn a_file_of_tokens_whose_gateway_is_killed_says_that_it_broke_off_and_how_far_it_came() {
    // No file has more.
    let most = 10_000;
    let kept = Kept::new();
    let mut gateway = kept.demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let bearer = format!("Bearer {token}");
    let with = [("Authorization", bearer.as_str())];
    let lines = (0..most).map(|number| format!("{number:08},3132333435363738393031323334353637383930,hotp,6,0\n"));
    let file = json!({"file_base64": data_encoding::BASE64.encode(lines.collect::<String>().as_bytes())});
    let begun = ask(&gateway, "POST", "/tokens/import", &with, Some(&file));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let place = begun.header("location").unwrap().strip_prefix("/api/v1").unwrap().to_owned();
    let stock = || kept.sql("SELECT COUNT(*) FROM credential").trim().parse::<usize>().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while stock() < most / 10 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    gateway.kill();
    drop(gateway);
    let left = stock();
    assert!((most / 10..most).contains(&left), "it was killed in the middle: {left}");
    assert_eq!(left % 200, 0, "portions are whole");

    let gateway = kept.demo();
    let report = || read(&ask(&gateway, "GET", &place, &with, None));
    until("it is said that it broke off", || report()["state"] == "failed");
    assert_eq!((&report()["rows"], &report()["done"]), (&json!(most), &json!(left)), "neither more nor less");
    let records = kept.sql("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%\"TOKEN_IMPORTED\"%'");
    assert_eq!(records.trim(), left.to_string(), "each token has its record");

    let again = ask(&gateway, "POST", "/tokens/import", &with, Some(&file));
    assert_eq!(again.status, 202, "{}", again.text());
    let place = again.header("location").unwrap().strip_prefix("/api/v1").unwrap().to_owned();
    let report = || read(&ask(&gateway, "GET", &place, &with, None));
    let end = Instant::now() + Duration::from_secs(180);
    while report()["state"] == "running" && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!((&report()["state"], &report()["taken"]), (&json!("done"), &json!(most - left)));
    assert_eq!(stock(), most);
}
