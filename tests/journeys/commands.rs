//! The command line: what it says, and with which exit code (0 well, 1 what was checked does not hold, 2 it could not be done).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::journeys::first_light::through_the_door;
use crate::world::{Database, Installation, Visitor, binary, run, words};

/// Runs `doorward` in the project's folder.
fn doorward(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    run(Command::new(binary()).args(arguments).current_dir(root), "")
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", words(output));
    words(output)
}

#[test]
fn check_names_what_holds() {
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = Installation::new(database);
        let said = ends(&installation.command(&["check"], &[], ""), 0);
        let parts = [
            "virtual server default: 3 applications, 6 policies",
            "plugins: ",
            "templates",
            "certificates: 1",
            "store: ",
        ];
        for part in parts {
            assert!(said.lines().any(|line| line.starts_with(&format!("ok  {part}"))), "{part}: {said}");
        }
    }
    let installation = Installation::new(Database::Sqlite);
    crate::world::certificate(&installation.path(""), "site", &["login.example.test", "wiki.example.test"]);
    let said = ends(&installation.command(&["check"], &[], ""), 2);
    assert!(said.contains("no certificate covers the host intranet.example.test"), "{said}");
}

#[test]
fn the_policy_cases_hold_and_one_that_does_not_is_named_and_ends_with_exit_code_1() {
    let said = ends(&doorward(&["policy", "test", "--demo", "--cases", "policies/cases"]), 0);
    let passed: usize = said.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(passed >= 15 && said.ends_with(&format!("{passed} passed, 0 failed\n")), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("wrong.toml");
    std::fs::write(
        &cases,
        "[[case]]\nname = \"right\"\napp = \"public\"\nexpect = \"admit\"\n\n[[case]]\nname = \"wrong\"\napp = \"wiki\"\nexpect = \"admit\"\n",
    )
    .unwrap();
    let said = ends(&doorward(&["policy", "test", "--demo", "--cases", folder.path().to_str().unwrap()]), 1);
    assert!(said.contains("1 passed, 1 failed"), "{said}");
    let failed = said.lines().find(|line| line.starts_with("FAILED")).unwrap();
    assert!(failed.contains(&format!("{}:6 wrong", cases.display())) && failed.contains("challenge"), "{failed}");

    // No cases are no success.
    std::fs::remove_file(&cases).unwrap();
    ends(&doorward(&["policy", "test", "--demo", "--cases", folder.path().to_str().unwrap()]), 2);
}

#[test]
fn explain_shows_each_policy_and_the_clause_that_failed_as_it_stands_in_the_file() {
    let request =
        ["explain", "--demo", "--url", "http://wiki.localhost:8080/admin", "--user", "alice", "--group", "staff"];
    let ask = |more: &[&str]| doorward(&[&request[..], more].concat());
    let said = ends(&ask(&["--ip", "203.0.113.7", "--proof", "password"]), 1);
    assert!(said.contains("\nrefuse (by "), "{said}");
    let source =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default/wiki.cedar")).unwrap();
    for (effect, id, outcome, held, clause) in [
        ("permit", "wiki", "did not hold", false, "context.authn.otp"),
        ("permit", "wiki-health", "did not hold", false, "context.path == \"/health\""),
        ("forbid", "wiki-admin-fresh-otp", "held", true, "context.authn.age.otp <= 300"),
        ("forbid", "wiki-admin-inside-only", "held", true, "context.ip.isInRange(ip(\"10.0.0.0/8\"))"),
    ] {
        let line = 1 + source.lines().position(|line| line == format!("@id(\"{id}\")")).unwrap();
        let head = format!("{effect} {id} (policies/default/wiki.cedar:{line}): {outcome}\n");
        let rest = said.split_once(&head).unwrap_or_else(|| panic!("{head}: {said}")).1;
        let block = rest.split("\n\n").next().unwrap();
        assert!(source.contains(clause));
        let word = if held { "held" } else { "failed" };
        let shown =
            block.lines().any(|line| line.trim_start().starts_with(word) && line.contains(&format!("{{ {clause} }}")));
        assert!(shown, "{clause} {word}: {block}");
    }

    // From inside, with both proofs fresh, the same page is open; with an old passcode it is not, and only that is said to fail.
    let inside = ["--ip", "10.1.2.3", "--proof", "password"];
    assert!(ends(&ask(&[&inside[..], &["--proof", "otp"]].concat()), 0).contains("\nadmit (by wiki)"));
    let said = ends(&ask(&[&inside[..], &["--proof", "otp=301s"]].concat()), 1);
    assert!(said.contains("forbid wiki-admin-fresh-otp (policies/default/wiki.cedar:17): held"), "{said}");
    assert!(said.contains("forbid wiki-admin-inside-only (policies/default/wiki.cedar:23): did not hold"), "{said}");

    let output = ask(&["--ip", "203.0.113.7", "--proof", "password", "--json"]);
    ends(&output, 1);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["decision"], "refuse");
    let failed: Vec<&str> = json["policies"][0]["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|clause| clause["outcome"] == "failed")
        .map(|clause| clause["text"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["when { context.authn.otp }"]);

    let said = ends(&doorward(&["explain", "--demo", "--url", "http://nowhere.localhost/"]), 2);
    assert!(said.contains("wiki.localhost"), "it says which hosts there are: {said}");
}

#[test]
fn a_new_key_is_for_its_owner_only_and_never_replaces_another() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    let new = || doorward(&["key", "new", file.to_str().unwrap()]);
    let said = ends(&new(), 0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(data_encoding::BASE64.decode(key.trim().as_bytes()).unwrap().len(), 32);
    assert!(!said.contains(key.trim()), "a key is not shown");
    ends(&new(), 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
    std::fs::remove_file(&file).unwrap();
    ends(&new(), 0);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), key);
}

#[test]
fn the_plugins_of_this_build_are_listed() {
    let said = ends(&doorward(&["plugins"]), 0);
    let ids: Vec<&str> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["authenticator", "otp", "push", "passkey", "pin", "audit"]);
}

/// Signs in with a password and returns the page's address.
fn sign_in(visitor: &mut Visitor, url: &str, user: &str, password: &str) -> String {
    let page = visitor.get(url);
    let page = visitor.submit(&page, "username", &[("username", user)]);
    visitor.submit(&page, "password", &[("password", password)]).url
}

#[test]
fn users_are_added_changed_switched_off_and_given_a_new_start_while_the_gateway_runs() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");

    let add = |name: &str, more: &[&str], input: &str| {
        installation.command(&["user", "add"], &[&[name], more].concat(), input)
    };
    assert!(ends(&add("ALICE", &["--generate"], ""), 2).contains("already"));
    assert!(ends(&add("dora", &[], "short\n"), 2).contains("8 characters"));
    assert!(ends(&add("dora", &["--generate", "--email", "nonsense"], ""), 2).contains("--email"));
    let said = ends(&add("dora", &["--email", "dora@example.test"], "a passphrase of dora's\n"), 0);
    assert!(!said.contains("passphrase"), "a password that was given is not repeated: {said}");
    let mut dora = served.proxied_visitor();
    assert_eq!(sign_in(&mut dora, &intranet, "dora", "a passphrase of dora's"), intranet);

    // A new password ends what the old one had opened.
    let change = installation.command(&["user", "password"], &["dora", "--generate"], "");
    ends(&change, 0);
    installation.remember("dora", &change);
    let password = String::from_utf8_lossy(&change.stdout)
        .lines()
        .find_map(|l| l.strip_prefix("password ").map(str::to_owned))
        .unwrap();
    until_signed_out(&mut dora, &intranet);
    assert_ne!(sign_in(&mut served.proxied_visitor(), &intranet, "dora", "a passphrase of dora's"), intranet);
    assert_eq!(sign_in(&mut dora, &intranet, "dora", &password), intranet);

    ends(&installation.command(&["user", "disable"], &["dora"], ""), 0);
    until_signed_out(&mut dora, &intranet);
    assert_ne!(sign_in(&mut served.proxied_visitor(), &intranet, "dora", &password), intranet);
    ends(&installation.command(&["user", "enable"], &["dora"], ""), 0);
    assert_eq!(sign_in(&mut served.proxied_visitor(), &intranet, "dora", &password), intranet);

    // Somebody whose authenticators are revoked may add one again.
    let wiki = served.url("wiki", "/");
    assert!(ends(&installation.command(&["user", "revoke-tokens"], &["alice"], ""), 2).contains("no authenticator"));
    let mut alice = served.proxied_visitor();
    assert_eq!(through_the_door(&served.gateway, &mut alice, "alice", &wiki).0.url, wiki);
    assert!(ends(&installation.command(&["user", "reactivate"], &["alice"], ""), 2).contains("suspended"));
    ends(&installation.command(&["user", "revoke-tokens"], &["alice"], ""), 0);
    until_signed_out(&mut alice, &wiki);
    let mut alice = served.proxied_visitor();
    sign_in(&mut alice, &wiki, "alice", &served.gateway.password("alice"));
    assert!(alice.get(&served.url("login", "/signin/step")).try_form("add_authenticator").is_some());

    ends(&installation.command(&["user", "disable"], &["nobody"], ""), 2);
}

/// No request that begins a second after the change is admitted.
fn until_signed_out(visitor: &mut Visitor, url: &str) {
    let changed = std::time::Instant::now();
    loop {
        let begun = changed.elapsed();
        if visitor.once("GET", url, &[], None).status == 303 {
            return;
        }
        assert!(begun <= std::time::Duration::from_secs(1), "{url} was still open {begun:?} later");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A copy of the database, damaged past the gateway, and what `audit verify` says of it.
fn verify_damaged(installation: &Installation, name: &str, sql: &str) -> Output {
    let original = PathBuf::from(installation.store.strip_prefix("sqlite://").unwrap());
    let copy = installation.path(&format!("{name}.db"));
    std::fs::copy(&original, &copy).unwrap();
    let done = run(Command::new("sqlite3").args(["-batch", "-bail"]).arg(&copy).arg(sql), "");
    assert!(done.status.success(), "{}", words(&done));
    let text = std::fs::read_to_string(installation.file()).unwrap();
    let file =
        installation.write(&format!("{name}.toml"), &text.replace(original.to_str().unwrap(), copy.to_str().unwrap()));
    run(Command::new(binary()).args(["audit", "verify", "-c"]).arg(file), "")
}

/// AU-02.
#[test]
fn audit_verify_finds_what_was_edited_deleted_swapped_or_cut_off() {
    let installation = Installation::with_users(Database::Sqlite);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..27).for_each(|_| _ = ends(&installation.command(&["user", "enable"], &["alice"], ""), 0))
            });
        }
    });
    let end: i64 = installation.sql("SELECT max(seq) FROM audit_record").trim().parse().unwrap();
    assert!(end > 110, "{end}");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert!(ends(&verified, 0).contains(&format!("{end} records hold")), "{}", words(&verified));
    assert!(
        words(&verified).contains(&format!("the last at record {end}")),
        "each command has its records signed: {}",
        words(&verified)
    );

    // Records 4 and 9 change places, hashes and all, or as they are.
    let swap = |columns: &[&str]| {
        let from = |seq: i64| {
            columns
                .iter()
                .map(|c| format!("{c} = (SELECT {c} FROM kept WHERE seq = {seq})"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        format!(
            "CREATE TEMP TABLE kept AS SELECT * FROM audit_record; UPDATE audit_record SET {} WHERE seq = 4; UPDATE audit_record SET \
             {} WHERE seq = 9;",
            from(9),
            from(4)
        )
    };
    let cut = end - 100;
    let head = format!("UPDATE audit_head SET seq = {cut}, hash = (SELECT hash FROM audit_record WHERE seq = {cut});");
    for (name, sql, found) in [
        (
            "edited",
            "UPDATE audit_record SET record = replace(record, 'alice', 'mallory') WHERE seq = 6;".to_owned(),
            "record 6 was edited".to_owned(),
        ),
        ("deleted", "DELETE FROM audit_record WHERE seq = 6;".to_owned(), "record 6 was deleted".to_owned()),
        (
            "range",
            "DELETE FROM audit_record WHERE seq BETWEEN 6 AND 8;".to_owned(),
            "records 6 to 8 were deleted".to_owned(),
        ),
        ("swapped", swap(&["record"]), "records 4 and 9 were swapped".to_owned()),
        ("swapped-whole", swap(&["record", "prev", "hash", "appended_at"]), "records 4 and 9 were swapped".to_owned()),
        (
            "cut",
            format!("DELETE FROM audit_record WHERE seq > {cut};"),
            format!("record {} and all after it were cut off", cut + 1),
        ),
        // The head row repaired as well: only the signed checkpoint outside the database knows better.
        (
            "cut-and-mended",
            format!("DELETE FROM audit_record WHERE seq > {cut}; {head}"),
            format!("record {} and all after it were cut off: the chain once reached record {end}", cut + 1),
        ),
        (
            "head",
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_record WHERE seq = 3);".to_owned(),
            format!("the head row does not match record {end}"),
        ),
    ] {
        let said = ends(&verify_damaged(&installation, name, &sql), 1);
        assert!(said.contains(&found), "{name}: {found:?} is not said: {said}");
    }

    // Without the checkpoints the last trick would have worked: that is what they are for.
    std::fs::rename(installation.path("checkpoints"), installation.path("elsewhere")).unwrap();
    let said = words(&verify_damaged(
        &installation,
        "unsigned",
        &format!("DELETE FROM audit_record WHERE seq > {cut}; {head}"),
    ));
    assert!(!said.contains("cut off"), "{said}");
}

#[test]
fn a_database_that_was_lost_is_not_taken_for_a_new_one() {
    let installation = Installation::with_users(Database::Sqlite);
    let database = installation.path("doorward.db");
    let lost: [fn(&Path); 2] = [|file| std::fs::write(file, "").unwrap(), |file| std::fs::remove_file(file).unwrap()];
    for lose in lost {
        lose(&database);
        let add = installation.command(&["user", "add"], &["mallory", "--generate"], "");
        assert!(ends(&add, 2).contains("the database is empty, but"), "{}", words(&add));
        let served =
            run(Command::new("timeout").arg("60").arg(binary()).arg("run").arg("-c").arg(installation.file()), "");
        let said = ends(&served, 2);
        assert!(said.contains("default.jsonl vouches for") && said.contains("backup"), "{said}");
        ends(&installation.command(&["check"], &[], ""), 2);
    }
    // To begin anew is a decision.
    std::fs::rename(installation.path("checkpoints"), installation.path("old-checkpoints")).unwrap();
    ends(&installation.command(&["user", "add"], &["alice", "--generate"], ""), 0);
    ends(&installation.command(&["audit", "verify"], &[], ""), 0);
}

#[test]
fn the_audit_trail_is_exported_whole_as_json_lines_and_as_csv() {
    let installation = Installation::with_users(Database::Postgres);
    let output = installation.command(&["audit", "export"], &["--format", "json"], "");
    ends(&output, 0);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        lines,
        installation.sql("SELECT record FROM audit_record ORDER BY seq"),
        "byte for byte as they are hashed"
    );
    let records: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = records.iter().map(|record| record["details"]["event"].as_str().unwrap()).collect();
    assert_eq!(events.first(), Some(&"TENANT_CREATED"));
    assert_eq!(events.iter().filter(|event| **event == "USER_CREATED").count(), 3);
    assert_eq!(events.last(), Some(&"LOG_EXPORTED"), "the export itself is on record");
    assert!(!lines.contains("alice@example.test"), "no full address is in the trail");

    let output = installation.command(&["audit", "export"], &["--format", "csv"], "");
    ends(&output, 0);
    let reader = "import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin, strict=True))))";
    let read = run(Command::new("python3").args(["-c", reader]), &String::from_utf8(output.stdout).unwrap());
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(rows.len(), records.len() + 1, "and the second export");
    for (row, record) in rows.iter().zip(&records) {
        let cells: Vec<&str> = row.as_object().unwrap().values().filter_map(|cell| cell.as_str()).collect();
        for value in [
            &record["seq"].to_string(),
            record["details"]["event"].as_str().unwrap(),
            record["timeStamp"].as_str().unwrap(),
        ] {
            assert!(cells.contains(&value), "{value}: {row}");
        }
    }
    ends(&installation.command(&["audit", "verify"], &[], ""), 0);
}
