//! Yesterday's database comes back, and another key comes into use (F-09, F-34).

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::journeys::first_light::through_the_door;
use crate::world::{
    Database, Installation, Phone, Served, Stage, Visitor, binary, exchange, postgres_tool, until, words,
};

const USED: &str = "This passcode has already been used.";

fn ends(output: &std::process::Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", words(output));
    words(output)
}

/// A passcode that is good and was not used.
fn fresh(phone: &Phone, used: &[String]) -> String {
    loop {
        match phone.passcode_beside(used) {
            Some(passcode) => return passcode,
            None => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Signs in with the password and a passcode that was not tried before; one that the token was moved past is said to be used.
fn in_by_a_new_passcode(served: &Served, phone: &Phone, tried: &mut Vec<String>) -> Visitor {
    let mut visitor = served.proxied_visitor();
    let wiki = served.url("wiki", "/");
    let mut page = visitor.sign_in(&served.gateway, "alice", &wiki);
    // More failures would lock the token.
    for _ in 0..3 {
        page.is_at(Stage::Passcode);
        let passcode = loop {
            let shown = phone.passcode();
            if !tried.contains(&shown) {
                break shown;
            }
            std::thread::sleep(Duration::from_millis(500));
        };
        tried.push(passcode.clone());
        page = visitor.type_passcode(&page, &passcode);
        if page.url == wiki {
            return visitor;
        }
        page.says(USED);
    }
    panic!("no passcode is good any more: {}", page.words());
}

fn stop(mut served: Served) {
    served.gateway.signal("TERM");
    served.gateway.gone_within(Duration::from_secs(20));
}

#[test]
fn nothing_that_was_good_yesterday_is_good_after_yesterdays_database_came_back() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let ports = served.ports;
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let first = phone.passcode();
    // Somebody whose sign-in is under way, and a way in for the first administrator.
    let mut bob = served.proxied_visitor();
    let under_way = bob.up_to_the_password("bob", &wiki);
    let setup = served.gateway.first_administrator().expect("nobody administers yet");
    let console = |served: &Served| exchange(served.gateway.console, "GET", "127.0.0.1", &setup, &[], b"").status;
    assert_eq!(console(&served), 200);

    // Backups while people come and go.
    let (over, seen) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                let mut visitor = served.proxied_visitor();
                let page = visitor.up_to_the_password("carol", &wiki);
                assert_eq!(page.status(), 200);
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        for day in ["monday", "tuesday"] {
            let backup = installation.path(day);
            let made = installation.command(&["backup"], &["--to", backup.to_str().unwrap()], "");
            assert!(ends(&made, 0).contains("holds the database of"));
            ends(&installation.command(&["backup"], &["--to", backup.to_str().unwrap()], ""), 2);
        }
        until("people come and go", || seen.load(Ordering::SeqCst) > 3);
        over.store(true, Ordering::SeqCst);
    });
    let backup = installation.path("tuesday");
    let from = ["--from", backup.to_str().unwrap()];
    for file in ["manifest.json", "doorward.db", "checkpoints/default.jsonl"] {
        assert!(backup.join(file).exists(), "{file}");
    }

    // After the backup: a second passcode is used.
    let second = fresh(&phone, std::slice::from_ref(&first));
    let mut other = served.proxied_visitor();
    let page = other.sign_in(&served.gateway, "alice", &wiki);
    assert_eq!(other.type_passcode(&page, &second).url, wiki);
    ends(&installation.command(&["audit", "verify"], &[], ""), 0);

    assert!(
        ends(&installation.command(&["restore"], &[&from[..], &["--replace"]].concat(), ""), 2).contains("is in use")
    );
    stop(served);
    assert!(ends(&installation.command(&["restore"], &from, ""), 2).contains("--replace"));
    let said = ends(&installation.command(&["restore"], &[&from[..], &["--replace"]].concat(), ""), 0);
    assert!(said.contains("epoch 1 has begun") && said.contains(".before-"), "{said}");

    let served = installation.begin(ports);
    served.gateway.wait_ready();
    for visitor in [&mut alice, &mut other] {
        assert_eq!(visitor.once("GET", &wiki, &[], None).status, 303, "sessions have ended");
    }
    let late = bob.submit(&under_way, "password", &[("password", &served.gateway.password("bob"))]);
    assert!(late.url != wiki, "{}", late.words());
    assert_ne!(console(&served), 200, "the link of before is void");
    let mut again = served.proxied_visitor();
    let page = again.sign_in(&served.gateway, "alice", &wiki);
    page.is_at(Stage::Passcode);
    for passcode in [&first, &second] {
        let refused = again.type_passcode(&page, passcode);
        assert_ne!(refused.url, wiki, "{passcode}");
    }
    // What the phone has shown by the time of the restore, and one step more, is past.
    std::thread::sleep(Duration::from_secs(62));
    in_by_a_new_passcode(&served, &phone, &mut vec![first, second]);

    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(verified.contains("restored at"), "{verified}");
    let told = words(&installation.command(&["audit", "export"], &[], ""));
    assert!(told.contains("DATABASE_RESTORED"), "{told}");
    ends(&installation.command(&["check"], &[], ""), 0);
}

#[test]
fn a_backup_that_was_changed_or_belongs_to_another_key_is_not_restored() {
    let installation = Installation::with_users(Database::Sqlite);
    let backup = installation.path("backup");
    ends(&installation.command(&["backup"], &["--to", backup.to_str().unwrap()], ""), 0);
    let restore = || {
        let arguments = ["--from", backup.to_str().unwrap(), "--replace"];
        ends(&installation.command(&["restore"], &arguments, ""), 2)
    };
    let whole = std::fs::read(backup.join("doorward.db")).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(backup.join("doorward.db"), changed).unwrap();
    assert!(restore().contains("it was changed"));
    std::fs::write(backup.join("doorward.db"), whole).unwrap();
    let key = std::fs::read(installation.path("master.key")).unwrap();
    std::fs::remove_file(installation.path("master.key")).unwrap();
    let made = installation.path("master.key");
    assert!(Command::new(binary()).args(["key", "new"]).arg(&made).status().unwrap().success());
    assert!(restore().contains("is sealed with key"));
    std::fs::write(&made, key).unwrap();
    ends(&installation.command(&["check"], &[], ""), 0);
}

/// A copy takes its time. Whoever comes meanwhile must not begin with what is about to be set aside.
#[test]
fn nobody_opens_a_database_while_a_backup_is_brought_back_in_its_place() {
    let installation = Installation::with_users(Database::Sqlite);
    let backup = installation.path("backup");
    ends(&installation.command(&["backup"], &["--to", backup.to_str().unwrap()], ""), 0);
    let slow = backup.join("doorward.db");
    let whole = std::fs::read(&slow).unwrap();
    std::fs::remove_file(&slow).unwrap();
    assert!(Command::new("mkfifo").arg(&slow).status().unwrap().success());
    let arguments = ["--from", backup.to_str().unwrap(), "--replace"];
    std::thread::scope(|scope| {
        let restored = scope.spawn(|| installation.command(&["restore"], &arguments, ""));
        let begun = || {
            let beside = std::fs::read_dir(installation.path("."));
            beside.unwrap().any(|one| one.unwrap().file_name().to_string_lossy().ends_with(".restoring"))
        };
        until("the copy has begun", begun);
        let came = installation.command(&["check"], &[], "");
        std::fs::write(&slow, &whole).unwrap();
        ends(&restored.join().unwrap(), 0);
        ends(&came, 2);
    });
    ends(&installation.command(&["check"], &[], ""), 0);
}

/// A command that is killed while it works.
fn begun(installation: &Installation) -> Child {
    begun_with(installation, Stdio::null())
}

fn begun_with(installation: &Installation, said: Stdio) -> Child {
    Command::new(binary())
        .args(["key", "rotate", "-c"])
        .arg(installation.file())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .unwrap()
}

fn hang_up(served: &Served) {
    served.gateway.log.lock().unwrap().clear();
    served.gateway.signal("HUP");
    served.gateway.wait_for_log("policies and certificates reloaded");
}

/// The key that is in use, by what the command says.
fn in_use(installation: &Installation) -> String {
    let said = words(&installation.command(&["key", "status"], &[], ""));
    let line = said.lines().find(|line| line.ends_with(" in use")).unwrap_or_else(|| panic!("{said}"));
    line.split_whitespace().next().unwrap().to_owned()
}

fn a_key_is_changed(database: Database) {
    let installation = Installation::with_users(database);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let mut alice = served.proxied_visitor();
    let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let mut tried = vec![phone.passcode()];
    let mut bob = served.proxied_visitor();
    let under_way = bob.up_to_the_password("bob", &wiki);
    let old_file = std::fs::read(installation.path("master.key")).unwrap();
    let old = in_use(&installation);

    // Killed while it waits for the gateway, which does not know the key yet and goes on with the old one.
    let mut killed = begun(&installation);
    until("the key file holds two keys", || {
        std::fs::read_to_string(installation.path("master.key")).unwrap().matches("[[key]]").count() == 2
    });
    std::thread::sleep(Duration::from_secs(2));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(alice.get(&wiki).status(), 200);
    assert_eq!(in_use(&installation), old);
    let waited = installation.command(&["key", "rotate"], &["--wait", "5"], "");
    assert!(ends(&waited, 1).contains("1 running gateways do not hold"), "{}", words(&waited));
    let unfinished = ends(&installation.command(&["check"], &[], ""), 1);
    assert!(unfinished.contains("is unfinished: run `doorward key rotate` again"), "{unfinished}");
    ends(&installation.command(&["key", "retire"], &[&old], ""), 2);

    // The gateway holds both; while it is asked, somebody puts the file of before back.
    hang_up(&served);
    let key_file = installation.path("master.key");
    let both = std::fs::read(&key_file).unwrap();
    let asking = begun_with(&installation, Stdio::piped());
    std::thread::sleep(Duration::from_secs(2));
    std::fs::write(&key_file, &old_file).unwrap();
    assert!(ends(&asking.wait_with_output().unwrap(), 2).contains("it was changed meanwhile"));
    assert_eq!(in_use(&installation), old);
    std::fs::write(&key_file, both).unwrap();

    // The command is killed here and there, and once is not.
    for millis in [4_100, 4_500, 5_200] {
        let mut killed = begun(&installation);
        std::thread::sleep(Duration::from_millis(millis));
        let _ = killed.kill();
        killed.wait().unwrap();
        assert_eq!(alice.get(&wiki).status(), 200);
    }
    if ends_unfinished(&installation) {
        // On a quick machine one of them was done before it was killed: then the next has begun with a key that is new to the gateway.
        hang_up(&served);
        ends(&installation.command(&["key", "rotate"], &[], ""), 0);
    }
    let new = in_use(&installation);
    assert_ne!(new, old);
    // Whoever was under way notices nothing.
    let page = bob.submit(&under_way, "password", &[("password", &served.gateway.password("bob"))]);
    assert!(page.words().contains("authenticator"), "{}", page.words());
    in_by_a_new_passcode(&served, &phone, &mut tried);

    // A backup of now must do without the old key, which will be gone when it is needed.
    let between = installation.path("between");
    if database == Database::Sqlite {
        ends(&installation.command(&["backup"], &["--to", between.to_str().unwrap()], ""), 0);
    }
    let keys = |installation: &Installation| {
        std::fs::read_to_string(installation.path("master.key")).unwrap().matches("[[key]]").count()
    };
    // A run that began anew after a finished one may have left a third.
    let said = words(&installation.command(&["key", "status"], &[], ""));
    let held: Vec<&str> = said.lines().filter(|line| line.ends_with(" held")).collect();
    for id in held.iter().map(|line| line.split_whitespace().next().unwrap()) {
        ends(&installation.command(&["key", "retire"], &[id], ""), 0);
    }
    assert_eq!(keys(&installation), 1);
    hang_up(&served);
    in_by_a_new_passcode(&served, &phone, &mut tried);
    assert_eq!(alice.get(&wiki).status(), 200);
    ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    ends(&installation.command(&["check"], &[], ""), 0);
    stop(served);

    let served = installation.serve();
    in_by_a_new_passcode(&served, &phone, &mut tried);
    stop(served);
    if database == Database::Sqlite {
        ends(&installation.command(&["restore"], &["--from", between.to_str().unwrap(), "--replace"], ""), 0);
    }
    std::fs::write(installation.path("master.key"), old_file).unwrap();
    let said = ends(&installation.command(&["check"], &[], ""), 2);
    assert!(said.contains(&format!("sealed with key {new}")), "{said}");
}

fn ends_unfinished(installation: &Installation) -> bool {
    installation.command(&["key", "status"], &[], "").status.code() == Some(1)
}

#[test]
fn a_key_is_changed_while_people_come_and_go_and_the_command_is_killed_on_sqlite() {
    a_key_is_changed(Database::Sqlite);
}

#[test]
fn a_key_is_changed_while_people_come_and_go_and_the_command_is_killed_on_postgresql() {
    a_key_is_changed(Database::Postgres);
}

/// The gateway's part of a restore that was broken off, as somebody sees who looks.
fn restored_in_the_end(installation: &Installation, from: &[&str], when: &str) {
    let checked = installation.command(&["check"], &[], "");
    match checked.status.code() {
        // As it was before, or done but for the signature, which whoever comes next writes.
        Some(0) => {}
        Some(2) => assert!(words(&checked).contains("the database is empty, but"), "{when}: {}", words(&checked)),
        other => panic!("{when}: {other:?}: {}", words(&checked)),
    }
    let said = ends(&installation.command(&["restore"], from, ""), 0);
    assert!(said.contains("has begun"), "{when}: {said}");
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(verified.contains("restored at"), "{when}: {verified}");
    ends(&installation.command(&["check"], &[], ""), 0);
}

#[test]
fn a_restore_that_is_killed_has_changed_nothing_or_all_and_is_run_again() {
    let installation = Installation::with_users(Database::Sqlite);
    let backup = installation.path("backup");
    ends(&installation.command(&["backup"], &["--to", backup.to_str().unwrap()], ""), 0);
    let from = ["--from", backup.to_str().unwrap(), "--replace"];
    let begun = std::time::Instant::now();
    restored_in_the_end(&installation, &from, "whole");
    let whole = begun.elapsed();
    let rounds = 12;
    let mut killed = 0;
    for round in 0..rounds {
        let mut restoring = Command::new(binary())
            .args(["restore", "-c"])
            .arg(installation.file())
            .args(from)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // One command of four takes about a quarter of it.
        std::thread::sleep(whole * round / (4 * rounds));
        let _ = restoring.kill();
        killed += usize::from(restoring.wait().unwrap().code().is_none());
        restored_in_the_end(&installation, &from, &format!("killed in round {round}"));
    }
    assert!(killed > 3, "{killed} of {rounds} were killed before they were done");

    // Between the two names: the old database was set aside, and the copy is not in its place yet.
    let database = installation.path("doorward.db");
    std::fs::copy(&database, installation.path("doorward.db.restoring")).unwrap();
    std::fs::rename(&database, installation.path("doorward.db.before-0")).unwrap();
    let checked = ends(&installation.command(&["check"], &[], ""), 2);
    assert!(checked.contains("the database is empty, but"), "{checked}");
    restored_in_the_end(&installation, &from, "between the names");
    assert!(!installation.path("doorward.db.restoring").exists());
}

#[test]
fn a_postgresql_database_that_came_back_by_its_own_tools_is_adopted() {
    let installation = Installation::with_users(Database::Postgres);
    let served = installation.serve();
    let (ports, wiki) = (served.ports, served.url("wiki", "/"));
    let mut alice = served.proxied_visitor();
    let (_, phone) = through_the_door(&served.gateway, &mut alice, "alice", &wiki);
    let first = phone.passcode();
    let dump = installation.path("database.dump");
    let tool = |name: &str, arguments: &[&str]| {
        let output = Command::new(postgres_tool(name)).args(arguments).output().unwrap();
        assert!(output.status.success(), "{name}: {}", words(&output));
    };
    let (file, store) = (dump.to_str().unwrap(), installation.store.as_str());
    tool("pg_dump", &["--format=custom", "--file", file, store]);

    let second = fresh(&phone, std::slice::from_ref(&first));
    let mut other = served.proxied_visitor();
    let page = other.sign_in(&served.gateway, "alice", &wiki);
    assert_eq!(other.type_passcode(&page, &second).url, wiki);
    let restore = ends(&installation.command(&["restore"], &["--from", file], ""), 2);
    assert!(!restore.contains("epoch"), "{restore}");
    assert!(ends(&installation.command(&["restore"], &["--adopt"], ""), 2).contains("in use"));
    stop(served);
    tool("pg_restore", &["--clean", "--if-exists", "--dbname", store, file]);
    let said = ends(&installation.command(&["restore"], &["--adopt"], ""), 0);
    assert!(said.contains("epoch 1 has begun") && said.contains("1 tokens were moved"), "{said}");

    let served = installation.begin(ports);
    served.gateway.wait_ready();
    for visitor in [&mut alice, &mut other] {
        assert_eq!(visitor.once("GET", &wiki, &[], None).status, 303, "sessions have ended");
    }
    let mut again = served.proxied_visitor();
    let page = again.sign_in(&served.gateway, "alice", &wiki);
    page.is_at(Stage::Passcode);
    for passcode in [&first, &second] {
        assert_ne!(again.type_passcode(&page, passcode).url, wiki, "{passcode}");
    }
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(verified.contains("restored at"), "{verified}");
    ends(&installation.command(&["check"], &[], ""), 0);
}
