//! Operators at a terminal: `doorward` over the API of a gateway that runs, from signing in to a whole virtual server as files.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{Olga, PASSWORD};
use crate::world::{Database, Gateway, Installation, Kept, binary, run, until, words};

/// Somebody's terminal, with a state folder of its own.
pub(crate) struct Terminal {
    folder: TempDir,
    server: String,
}

impl Terminal {
    fn at(gateway: &Gateway) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, server: format!("http://127.0.0.1:{}", gateway.console) }
    }

    /// At which olga has signed in.
    pub(crate) fn of_olga(gateway: &Gateway, olga: &mut Olga<'_>) -> Self {
        let terminal = Self::at(gateway);
        let typed = format!("{PASSWORD}\n{}\n", olga.passcode());
        let said = terminal.good_with(&["login", "--name", "olga"], &typed);
        assert!(said.contains("olga is signed in to default") && said.contains("administrator"), "{said}");
        terminal
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.folder.path());
        command.env("XDG_STATE_HOME", self.path("state")).env("DOORWARD_SERVER", &self.server);
        command.env_remove("DOORWARD_TOKEN");
        command
    }

    #[track_caller]
    fn ends(&self, arguments: &[&str], input: &str, code: i32) -> Output {
        let output = run(&mut self.command(arguments), input);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", words(&output));
        output
    }

    #[track_caller]
    fn good_with(&self, arguments: &[&str], input: &str) -> String {
        String::from_utf8(self.ends(arguments, input, 0).stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        self.good_with(arguments, "")
    }

    /// What is refused: exit code 1.
    #[track_caller]
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        words(&self.ends(arguments, "", 1))
    }

    /// What could not be done: exit code 2.
    #[track_caller]
    fn failed(&self, arguments: &[&str]) -> String {
        words(&self.ends(arguments, "", 2))
    }

    /// On a terminal, which `script` is: to each prompt this is typed.
    #[track_caller]
    fn types(&self, line: &str, answers: &[(&str, &str)]) -> String {
        let shown = self.path("shown");
        let screen = std::fs::File::create(&shown).unwrap();
        let line = format!("'{}' {line}", binary().display());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env("XDG_STATE_HOME", self.path("state"));
        command.env("DOORWARD_SERVER", &self.server).stdin(Stdio::piped()).stdout(screen);
        let mut child = command.spawn().unwrap();
        let mut keys = child.stdin.take().unwrap();
        let seen = || std::fs::read_to_string(&shown).unwrap();
        for (prompt, answer) in answers {
            until(prompt, || seen().contains(prompt));
            // What was typed before a prompt is thrown away; the prompt stands a moment before that.
            std::thread::sleep(Duration::from_millis(300));
            writeln!(keys, "{answer}").unwrap();
        }
        let ended = child.wait().unwrap();
        assert!(ended.success(), "{line}: {}", seen());
        seen()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(&[arguments, &["--json"]].concat())).unwrap()
    }
}

#[test]
fn somebody_signs_in_cares_for_a_user_and_signs_out() {
    let gateway = Gateway::demo();
    let nobody = Terminal::at(&gateway);
    assert!(nobody.failed(&["user", "list"]).contains("doorward login"));
    let wrong = nobody.ends(&["login", "--name", "olga"], "wrong password\n123456\n", 1);
    assert!(words(&wrong).contains("is not right"), "{}", words(&wrong));

    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);
    let kept = std::fs::metadata(terminal.path("state/doorward/session")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    assert!(terminal.good(&["vs", "show"]).contains("default"));
    assert!(terminal.good(&["vs", "list"]).contains("olga"));

    // A user's life.
    terminal.good(&["group", "add", "Sales"]);
    terminal.good(&["group", "add", "Everybody"]);
    terminal.good(&["group", "nest", "Sales", "Everybody"]);
    let added = terminal.good(&[
        "user",
        "add",
        "Dora",
        "--email",
        "dora@example.test",
        "--display-name",
        "Dora D.",
        "--group",
        "sales",
        "--generate",
    ]);
    assert!(added.lines().any(|line| line.strip_prefix("password ").is_some_and(|drawn| drawn.len() > 12)), "{added}");
    let twice = terminal.refused(&["user", "add", "dora", "--generate"]);
    assert!(twice.contains("\n  name: "), "{twice}");
    let listed = terminal.good(&["user", "list", "do"]);
    let row = listed.lines().nth(1).unwrap();
    assert!(listed.starts_with("NAME ") && row.contains("Dora D.") && row.contains("Sales"), "{listed}");
    assert!(!listed.contains('\u{1b}'), "no colours go into a pipe");
    assert_eq!(terminal.json(&["user", "show", "DORA"])["all_groups"].as_array().unwrap().len(), 2);
    let edited = terminal.good(&["user", "edit", "dora", "--email", "", "--leave", "Sales", "--join", "Everybody"]);
    assert!(edited.contains("Everybody") && !edited.contains("dora@example.test"), "{edited}");
    terminal.good_with(&["user", "password", "dora"], "another horse battery\n");
    let short = words(&terminal.ends(&["user", "password", "dora"], "short\n", 2));
    assert!(short.contains("at least 8 characters"), "{short}");
    terminal.good(&["user", "disable", "dora"]);
    assert_eq!(terminal.json(&["user", "show", "dora"])["disabled"], true);
    terminal.good(&["user", "enable", "dora"]);
    assert!(terminal.good(&["user", "unlock", "dora"]).contains("failed tries are forgotten"));
    let passcode = terminal.good(&["user", "temporary-passcode", "dora", "--reason", "left it at home"]);
    assert!(passcode.contains("passcode "), "{passcode}");
    terminal.good(&["user", "temporary-passcode", "dora", "--withdraw"]);
    assert!(terminal.good(&["user", "recovery-codes", "dora"]).contains("no recovery codes"));
    let id = terminal.json(&["user", "show", "dora"])["id"].as_str().unwrap().to_owned();
    terminal.good(&["user", "remove", &format!("id:{id}")]);
    assert!(terminal.refused(&["user", "show", "dora"]).contains("there is no user"));

    // Pages, and what goes on.
    let first = terminal.json(&["user", "list", "--limit", "1"]);
    let next = first["next"].as_str().unwrap();
    assert_eq!(terminal.json(&["user", "list", "--limit", "1", "--after", next])["items"].as_array().unwrap().len(), 1);
    assert!(terminal.json(&["user", "list", "--all"])["items"].as_array().unwrap().len() >= 3);

    // Whatever has no command of its own.
    let told = terminal.good(&["call", "get", "/users?q=alice"]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["items"][0]["name"], "alice");
    let body = terminal.path("body.json");
    std::fs::write(&body, "{\"name\":\"Later\",\"surprise\":1}").unwrap();
    let said = terminal.refused(&["call", "post", "/groups", "--body", body.to_str().unwrap()]);
    assert!(said.contains("  surprise: "), "{said}");

    // What is a table comes as it is, through a call and by commands of its own.
    let table = terminal.good(&["call", "get", "/audit/records.csv?event=USER_CREATED"]);
    assert!(table.starts_with("\"") && table.contains("USER_CREATED"), "{table}");
    assert_eq!(terminal.good(&["audit", "list", "--event", "USER_CREATED", "--csv"]), table);
    terminal.good(&["report", "enrolments", "--csv", "--to", "enrolments.csv"]);
    assert!(std::fs::read_to_string(terminal.path("enrolments.csv")).unwrap().starts_with('"'));

    // Programs are told by a document what there is not, and what could not be done.
    let none = terminal.ends(&["user", "show", "nobody", "--json"], "", 1);
    let none: Value = serde_json::from_slice(&none.stdout).unwrap();
    assert_eq!(none["type"], "urn:doorward:problem:not-found", "{none}");
    terminal.ends(&["user", "show", "id:nothing"], "", 1);
    let signed_out = nobody.ends(&["user", "list", "--json"], "", 2);
    let signed_out: Value = serde_json::from_slice(&signed_out.stdout).unwrap();
    assert!(signed_out["title"].as_str().unwrap().contains("doorward login"), "{signed_out}");

    // Who is in a group; and what a user would be offered, or rules would do.
    assert!(terminal.good(&["group", "members", "Everybody"]).is_empty());
    terminal.good(&["group", "join", "Sales", "alice"]);
    assert!(terminal.good(&["group", "members", "Sales"]).contains("alice"));
    terminal.good(&["group", "unnest", "Sales", "Everybody"]);
    assert!(terminal.good(&["settings", "preview", "alice"]).contains("offered"));
    assert!(terminal.good(&["task", "preview-rules"]).contains("users were looked at"));

    // The same session as a token in the environment, then none.
    let session = std::fs::read_to_string(terminal.path("state/doorward/session")).unwrap();
    let token = serde_json::from_str::<Value>(&session).unwrap()[0]["token"].as_str().unwrap().to_owned();
    let output = run(nobody.command(&["operator", "list"]).env("DOORWARD_TOKEN", &token), "");
    assert!(output.status.success() && words(&output).contains("olga"), "{}", words(&output));

    // Who may what, and what has happened.
    let said = terminal.good(&["role", "add", "Token desk", "--may", "tokens:edit"]);
    assert!(said.contains("tokens:view"), "{said}");
    assert!(terminal.good(&["role", "list"]).contains("Token desk"));
    let invited = terminal.good(&["operator", "invite", "token desk"]);
    assert!(invited.contains("\nlink http"), "{invited}");
    let listed = terminal.json(&["operator", "invitations"]);
    assert_eq!(listed["items"][0]["invited_by"], "olga");
    terminal.good(&["operator", "withdraw", listed["items"][0]["id"].as_str().unwrap()]);
    assert_eq!(terminal.json(&["operator", "invitations"])["items"], serde_json::json!([]));
    assert!(terminal.refused(&["operator", "withdraw", "nothing"]).contains("there is no such thing"));
    let drawn = terminal.good(&["api-key", "add", "Nightly", "--may", "users:view", "--days", "1"]);
    let key = drawn.lines().find_map(|line| line.strip_prefix("secret ")).unwrap();
    let with_key = |arguments: &[&str]| {
        let file = nobody.path("key");
        std::fs::write(&file, format!("{key}\n")).unwrap();
        run(nobody.command(arguments).arg("--token-file").arg(file), "")
    };
    assert!(with_key(&["user", "list"]).status.success(), "{}", words(&with_key(&["user", "list"])));
    assert_eq!(with_key(&["group", "add", "Nobody"]).status.code(), Some(1));
    // A key that belongs to one virtual server does nothing where another is meant.
    assert!(with_key(&["user", "list", "--virtual-server", "default"]).status.success());
    let elsewhere = with_key(&["user", "list", "--virtual-server", "staging"]);
    assert_eq!(elsewhere.status.code(), Some(2), "{}", words(&elsewhere));
    assert!(words(&elsewhere).contains("the token that is given belongs to default"), "{}", words(&elsewhere));
    terminal.good(&["api-key", "revoke", "Nightly"]);
    assert_eq!(with_key(&["user", "list"]).status.code(), Some(2));
    terminal.good(&["role", "remove", "Token desk"]);
    let trail = terminal.good(&["audit", "list", "--operator", "olga", "--event", "USER_CREATED"]);
    assert!(trail.contains("USER_CREATED") && trail.contains("olga"), "{trail}");
    let task = terminal.good(&["task", "add", "alice", "bob", "--note", "before the fair", "--wait"]);
    assert!(task.contains("2 of 2 were written to"), "{task}");
    let number = terminal.json(&["task", "list"])["items"][0]["number"].to_string();
    assert!(terminal.good(&["task", "users", &number]).contains("alice"));
    assert!(terminal.good(&["task", "user", &number, "bob"]).contains("bob"));
    terminal.good(&["task", "resend", &number, "bob"]);
    terminal.good(&["task", "remove", &number]);
    assert!(terminal.good(&["report", "funnel"]).contains("first_use"));
    terminal.good(&["report", "totals"]);
    terminal.good(&["report", "enrolments"]);
    assert!(terminal.good(&["report", "missing"]).contains("alice"));
    terminal.good(&["logout"]);
    assert!(terminal.failed(&["user", "list"]).contains("doorward login"));
    let output = run(nobody.command(&["user", "list"]).env("DOORWARD_TOKEN", &token), "");
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
}

#[test]
fn changes_ask_for_a_proof_of_the_last_ten_minutes() {
    let kept = Kept::new();
    let gateway = kept.timed_demo();
    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);
    kept.ahead(660);
    terminal.good(&["user", "list"]);
    let said = terminal.refused(&["user", "disable", "alice"]);
    assert!(said.contains("doorward prove"), "{said}");
    let typed = format!("{PASSWORD}\n{}\n", olga.passcode_at("now + 660 seconds"));
    assert!(terminal.good_with(&["prove"], &typed).contains("Changes are taken until"));
    terminal.good(&["user", "disable", "alice"]);

    // On a terminal they are asked, and what they wanted is done. Nothing of what they type is shown.
    kept.ahead(1400);
    let passcode = olga.passcode_at("now + 1400 seconds");
    let said = terminal.types("user enable alice", &[("Password: ", PASSWORD), ("Passcode: ", &passcode)]);
    assert!(said.contains("alice is switched on"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains(&passcode), "{said}");
}

#[test]
fn what_worked_on_the_database_still_does() {
    let installation = Installation::with_users(Database::Sqlite);
    // A server that is said in the environment is not asked where a configuration is named.
    let mut command = Command::new(binary());
    command.args(["user", "disable", "alice", "-c"]).arg(installation.file());
    let output = run(command.env("DOORWARD_SERVER", "http://127.0.0.1:9"), "");
    assert!(output.status.success() && words(&output).contains("is switched off"), "{}", words(&output));
    let both = installation.command(&["user", "enable"], &["alice", "--server", "http://127.0.0.1:9"], "");
    assert_eq!(both.status.code(), Some(2), "{}", words(&both));
    let output = run(Command::new(binary()).args(["user", "enable", "alice", "--server", "http://127.0.0.1:9"]), "");
    assert!(
        words(&output).contains("doorward login") || words(&output).contains("cannot be reached"),
        "{}",
        words(&output)
    );
}

#[test]
fn settings_are_changed_by_a_file_whose_differences_are_shown() {
    let gateway = Gateway::demo();
    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);
    let mut lockout = terminal.json(&["settings", "show", "lockout"]);
    lockout["account_failures"] = json!(7);
    let file = terminal.path("lockout.json");
    let name = file.to_str().unwrap();
    std::fs::write(&file, lockout.to_string()).unwrap();
    let said = terminal.refused(&["settings", "set", "lockout", name, "--dry-run"]);
    assert!(said.contains("~ account_failures: ") && said.contains("→ 7"), "{said}");
    assert_ne!(terminal.json(&["settings", "show", "lockout"])["account_failures"], 7);
    terminal.good(&["settings", "set", "lockout", name]);
    assert_eq!(terminal.json(&["settings", "show", "lockout"])["account_failures"], 7);
    terminal.good(&["settings", "set", "lockout", name, "--dry-run"]);
    assert!(terminal.good(&["settings", "changes", "lockout"]).contains("account_failures"));
    lockout["surprise"] = json!(1);
    lockout["account_minutes"] = json!(0);
    std::fs::write(&file, lockout.to_string()).unwrap();
    let said = terminal.failed(&["settings", "set", "lockout", name]);
    assert!(said.contains("surprise") && said.contains("account_minutes: "), "{said}");
    lockout["\u{1b}]0;title\u{7}"] = json!(1);
    std::fs::write(&file, lockout.to_string()).unwrap();
    let said = terminal.failed(&["settings", "set", "lockout", name]);
    assert!(said.contains("]0;title") && !said.contains(['\u{1b}', '\u{7}']), "{said:?}");
}

#[test]
fn a_file_of_tokens_is_taken_and_a_terminal_sees_how_far_it_is() {
    let gateway = Gateway::demo();
    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);
    let lines = |from: u32, to: u32| -> String {
        (from..to).map(|number| format!("{number:08},3132333435363738393031323334353637383930,hotp,6,0\n")).collect()
    };
    let file = terminal.path("tokens.csv");
    std::fs::write(&file, lines(0, 3000)).unwrap();
    // On a terminal: `script` gives it one.
    let line = format!("'{}' token import '{}'", binary().display(), file.display());
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env("XDG_STATE_HOME", terminal.path("state")).env("TERM", "xterm");
    let output = run(command.env("DOORWARD_SERVER", &terminal.server), "");
    let said = words(&output);
    assert!(output.status.success() && said.contains("3000 of 3000 taken"), "{said}");
    assert!(said.contains("tokens ") && said.contains("/3000"), "a bar was there: {said:?}");

    // Sent again, with a few more, one of which cannot be read. No bar goes into a pipe.
    std::fs::write(&file, lines(2999, 3002) + "99999999,xyz,hotp,6,0\n").unwrap();
    let said = terminal.refused(&["token", "import", "tokens.csv"]);
    let id = said.split("It goes on as ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    assert!(
        terminal.refused(&["token", "imports", id]).contains("2 of 4 taken"),
        "whoever looks later is told as well"
    );
    assert!(said.contains("2 of 4 taken") && said.contains("already_there") && said.contains("refused"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");

    assert!(terminal.good(&["token", "counts"]).contains("3002"));
    terminal.good(&["token", "assign", "00000042", "alice"]);
    let shown = terminal.json(&["token", "show", "00000042"]);
    assert_eq!((&shown["owner"]["name"], &shown["state"]), (&json!("alice"), &json!("assigned")));
    let listed = terminal.good(&["token", "list", "--owner", "alice"]);
    assert!(listed.contains("00000042") && listed.lines().count() == 2, "{listed}");
    let tested = terminal.ends(&["token", "test", "00000042"], "000000\n", 1);
    assert!(words(&tested).contains("(assigned)"), "{}", words(&tested));
    terminal.good(&["token", "label", "00000042", "the grey one"]);
    assert!(terminal.good(&["token", "return", "00000042"]).contains("00000042 is"));
    let refused = terminal.refused(&["token", "unlock", "00000043"]);
    assert!(refused.contains("cannot happen to a token in its state"), "{refused}");
    terminal.good(&["token", "delete", "00000043"]);
}

#[test]
fn a_virtual_server_goes_into_files_and_out_of_them_into_an_empty_one_which_is_then_the_same() {
    let (gateway, empty) = (Gateway::demo(), Installation::new(Database::Sqlite));
    let served = empty.serve();
    let mut olga = Olga::becomes_administrator(&gateway);
    let here = Terminal::of_olga(&gateway, &mut olga);
    let mut other_olga = Olga::becomes_administrator(&served.gateway);
    let there = Terminal::of_olga(&served.gateway, &mut other_olga);

    // Something of everything: groups in groups, people in and out, documents that name groups.
    for name in ["Sales", "Everybody", "Élan"] {
        here.good(&["group", "add", name]);
    }
    here.good(&["group", "nest", "Sales", "Everybody"]);
    here.good(&[
        "user",
        "add",
        "dora",
        "--group",
        "Sales",
        "--group",
        "Élan",
        "--display-name",
        "Dora, \"D\"",
        "--generate",
    ]);
    here.good(&["user", "add", "emil", "--email", "emil@example.test", "--generate"]);
    here.good(&["user", "disable", "emil"]);
    here.good(&["role", "add", "Token desk", "--may", "tokens:edit", "--may", "users:view"]);
    let mut document = here.json(&["settings", "show", "self_provisioning"]);
    let id = here.json(&["group", "show", "Sales"])["id"].clone();
    document["target_users"] = json!({"mode": "except_groups", "groups": [id]});
    let file = here.path("document.json");
    std::fs::write(&file, document.to_string()).unwrap();
    here.good(&["settings", "set", "self_provisioning", file.to_str().unwrap()]);

    here.good(&["export", "--to", "out"]);
    let read = |terminal: &Terminal, folder: &str, name: &str| {
        std::fs::read_to_string(terminal.path(folder).join(name)).unwrap()
    };
    let exported = read(&here, "out", "settings/self_provisioning.json");
    assert!(exported.contains("\"Sales\""), "groups are named: {exported}");
    let everything = ["groups.jsonl", "users.jsonl", "operators.jsonl"].map(|name| read(&here, "out", name)).concat();
    assert!(!everything.contains("argon2") && !everything.contains("password"), "{everything}");

    // A file with a key that nobody knows changes nothing.
    let from = here.path("out");
    let from = from.to_str().unwrap();
    let users = read(&here, "out", "users.jsonl");
    std::fs::write(here.path("out/users.jsonl"), users.replacen("\"disabled\"", "\"colour\":1,\"disabled\"", 1))
        .unwrap();
    let said = there.failed(&["import", "--from", from]);
    assert!(said.contains("users.jsonl:1: unknown field `colour`"), "{said}");
    std::fs::write(here.path("out/users.jsonl"), &users).unwrap();

    // The differences, then nothing of them done; then all.
    let said = there.refused(&["import", "--from", from, "--dry-run"]);
    for change in [
        "+ user dora",
        "+ group Sales",
        "~ settings self_provisioning",
        "target_users.mode: \"all\" → \"except_groups\"",
    ] {
        assert!(said.contains(change), "{change}: {said}");
    }
    assert_eq!(there.json(&["user", "list"])["items"], json!([]));
    let said = there.good(&["import", "--from", from]);
    assert!(said.contains("changes were made"), "{said}");
    there.good(&["export", "--to", "again"]);
    let names = |terminal: &Terminal, folder: &str| {
        let mut names: Vec<String> = std::fs::read_dir(terminal.path(folder).join("settings"))
            .unwrap()
            .map(|entry| format!("settings/{}", entry.unwrap().file_name().into_string().unwrap()))
            .collect();
        names.extend(
            ["virtual-server.json", "groups.jsonl", "users.jsonl", "roles.jsonl", "operators.jsonl"].map(str::to_owned),
        );
        names.sort();
        names
    };
    assert_eq!(names(&here, "out"), names(&there, "again"));
    for name in names(&here, "out") {
        assert_eq!(read(&here, "out", &name), read(&there, "again", &name), "{name}");
    }
    there.good(&["import", "--from", from, "--dry-run"]);

    // What has come since stays, unless it is said that it goes.
    there.good(&["user", "add", "zoe", "--generate"]);
    let stays = there.refused(&["import", "--from", from, "--dry-run"]);
    assert!(
        stays.contains("zoe") && !stays.contains("It is as the files say"),
        "whoever watches for drift is told: {stays}"
    );
    there.good(&["import", "--from", from]);
    let said = there.refused(&["import", "--from", from, "--dry-run", "--prune"]);
    assert!(said.contains("- user zoe"), "{said}");
    // A file that has lost what was in it removes nobody.
    let users = read(&here, "out", "users.jsonl");
    std::fs::write(here.path("out/users.jsonl"), "").unwrap();
    let said = there.failed(&["import", "--from", from, "--prune"]);
    let lines = users.lines().count();
    assert!(said.contains(&format!("users.jsonl: has 0 lines, and virtual-server.json says {lines}")), "{said}");
    std::fs::write(here.path("out/users.jsonl"), users).unwrap();
    there.good(&["import", "--from", from, "--prune"]);
    assert!(there.refused(&["user", "show", "zoe"]).contains("there is no user"));
}

#[test]
fn an_import_judges_by_the_servers_rules_and_tells_programs_one_document() {
    let gateway = Gateway::demo();
    let mut olga = Olga::becomes_administrator(&gateway);
    let terminal = Terminal::of_olga(&gateway, &mut olga);
    terminal.good(&["export", "--to", "files"]);
    let read = |name: &str| std::fs::read_to_string(terminal.path("files").join(name)).unwrap();
    let write = |name: &str, text: &str| std::fs::write(terminal.path("files").join(name), text).unwrap();
    let (groups, users, operators) = (read("groups.jsonl"), read("users.jsonl"), read("operators.jsonl"));

    // What the server would refuse at the end is named before the beginning.
    write("groups.jsonl", &format!("{groups}{}\n", json!({"name": " Sales "})));
    write("users.jsonl", &format!("{users}{}\n", json!({"name": "bert", "email": "bert"})));
    for how in [&["import", "--from", "files", "--dry-run"][..], &["import", "--from", "files"]] {
        let said = terminal.failed(how);
        assert!(said.contains("users.jsonl: email: of \"bert\": must be a mail address"), "{said}");
    }
    assert!(terminal.refused(&["group", "show", "Sales"]).contains("there is no group"));

    // What it keeps otherwise than it is written is a difference once.
    let bert = json!({"name": "bert", "display_name": " Bert ", "email": " bert@example.test", "groups": ["Sales "]});
    write("users.jsonl", &format!("{users}{bert}\n"));
    write("roles.jsonl", &format!("{}\n", json!({"name": "Desk ", "permissions": ["tokens:edit"]})));
    terminal.good(&["import", "--from", "files"]);
    terminal.good(&["import", "--from", "files", "--dry-run"]);
    assert_eq!(terminal.json(&["user", "show", "bert"])["display_name"], "Bert");

    // A change that is refused in the middle: one document, with what was done and why it ended.
    write("groups.jsonl", &format!("{groups}{}\n{}\n", json!({"name": "Sales"}), json!({"name": "Later"})));
    let lesser: String = operators
        .lines()
        .map(|line| {
            let mut operator: Value = serde_json::from_str(line).unwrap();
            if operator["name"] == "olga" {
                operator["disabled"] = json!(true);
            }
            format!("{operator}\n")
        })
        .collect();
    write("operators.jsonl", &lesser);
    let output = terminal.ends(&["import", "--from", "files", "--json"], "", 1);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["done"], told["changes"].as_array().map(Vec::len)), (&json!(1), Some(2)), "{told}");
    assert_eq!(told["problem"]["type"], "urn:doorward:problem:last-administrator", "{told}");
    assert!(words(&output).contains("1 of 2 changes were made"), "{}", words(&output));
    // What nobody can do for themselves is left out, and said.
    write("operators.jsonl", &operators.replace("\"administrator\"", "\"auditor\""));
    let output = terminal.ends(&["import", "--from", "files", "--json"], "", 1);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["done"], &told["problem"]), (&json!(0), &Value::Null), "{told}");
    assert!(told["notes"][0]["note"].as_str().unwrap().contains("nobody changes their own role"), "{told}");
    write("operators.jsonl", &operators);
    let told = terminal.json(&["import", "--from", "files"]);
    assert_eq!(told, json!({"changes": [], "notes": [], "done": 0, "held": [], "problem": null}));
    assert_eq!(terminal.json(&["import", "--from", "files", "--dry-run"]), json!({"changes": [], "notes": []}));
}

#[test]
fn completions_are_read_by_their_shells() {
    for (shell, check) in [("bash", Some(["bash", "-n"])), ("zsh", None), ("fish", None)] {
        let output = run(Command::new(binary()).args(["completions", shell]), "");
        assert!(output.status.success(), "{}", words(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("temporary-passcode"), "{shell}");
        if let Some([program, flag]) = check {
            let checked = run(Command::new(program).args([flag, "/dev/stdin"]), &text);
            assert!(checked.status.success(), "{}", words(&checked));
        }
    }
}
