//! F-05: no record can be written. The chain is in the database, and a change and its record are one transaction (decision A3): what
//! cannot be recorded is not done. The signed checkpoints outside are another matter: while one cannot be written people go on
//! working, since every record is kept, and operators are told.

use std::path::Path;
use std::time::Duration;

use doorward_tests::world::{Database, Form, Installation, Page, RamDisk, Served, Stage, Visitor};

use crate::measure::{logged, quantile, readiness, secs, until};
use crate::people::{is_unavailable, signs_in};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-05",
    what: "the audit chain takes no record; the folder of the checkpoints is full or cannot be written",
    promise: "without a record nothing is done (503), valid sessions are served; without checkpoints people go on and operators are told",
    run: story,
};

/// Refuses every record, as a database does that has no room for it.
const CLOSED: [&str; 2] = [
    "CREATE TRIGGER closed BEFORE INSERT ON audit_record BEGIN SELECT RAISE(ABORT, 'the chain is closed'); END",
    "CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the chain is closed'; END $$; \
     CREATE TRIGGER closed BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION closed()",
];
const OPEN: [&str; 2] = ["DROP TRIGGER closed", "DROP TRIGGER closed ON audit_record"];

fn story(scale: Scale) -> Found {
    let databases: &[Database] = scale.of(&[Database::Sqlite], &[Database::Sqlite, Database::Postgres]);
    let refused: usize = databases.iter().map(|database| without_the_chain(*database)).sum();
    // One that has no room and, for lack of a right to mount or for good measure, one with something else in its place.
    let full = RamDisk::mount(1).map(|disk| {
        let link = |file: &Path| {
            let folder = file.parent().unwrap();
            let _ = std::fs::remove_dir_all(folder);
            std::os::unix::fs::symlink(disk.path(""), folder).unwrap();
            disk.fill();
        };
        without_checkpoints(link, |_| disk.make_room())
    });
    let mut told: Vec<Duration> = full.into_iter().collect();
    if full.is_none() || scale == Scale::Full {
        let in_the_way = |file: &Path| {
            // The commands that added users may have written one already.
            let _ = std::fs::remove_file(file);
            std::fs::create_dir_all(file).unwrap();
        };
        told.push(without_checkpoints(in_the_way, |file| std::fs::remove_dir(file).unwrap()));
    }
    Found::Held(vec![
        ("changes refused", refused.to_string()),
        ("silent events", "0".to_owned()),
        ("checkpoint again within", secs(quantile(&told, 1.0))),
        ("full disk tried", if full.is_some() { "yes" } else { "no, this user may not mount" }.to_owned()),
    ])
}

/// How many changes were refused.
fn without_the_chain(database: Database) -> usize {
    let installation = Installation::with_users(database);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let mut bob = served.proxied_visitor();
    bob.with_password(&served.gateway, "bob", &intranet);
    let mut waiting = at_each_step(&served);
    // Whatever is under way for them has been written.
    let which = usize::from(database == Database::Postgres);
    let before = stored(&installation);
    installation.sql(CLOSED[which]);

    let mut refused = 0;
    for one in &mut waiting {
        let answer = one.visitor.post_once(&one.page, &one.form, &[(one.fill.0, &one.fill.1)]);
        is_unavailable(&answer);
        refused += 1;
    }
    let disabled = installation.command(&["user", "disable"], &["carol"], "");
    assert_eq!(disabled.status.code(), Some(2), "an operator's change is refused, too");
    refused += 1;
    assert_eq!(bob.get(&intranet).url, intranet);
    assert_eq!(stored(&installation), before, "nothing was done without a record");
    assert!(logged(&served.gateway, &["is unavailable", "the chain is closed"]));

    installation.sql(OPEN[which]);
    for mut one in waiting {
        let page = one.visitor.send(&one.page, &one.form, &[(one.fill.0, &one.fill.1)]);
        page.is_at(one.then);
    }
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    refused
}

/// Somebody with a filled form.
struct Waiting {
    visitor: Visitor,
    page: Page,
    form: Form,
    fill: (&'static str, String),
    then: Stage,
}

impl Waiting {
    fn new(visitor: Visitor, page: Page, field: &'static str, value: String, then: Stage) -> Self {
        Self { visitor, form: page.form(field), page, fill: (field, value), then }
    }
}

/// People at the password, at the code of an enrolment, and at its first passcode.
fn at_each_step(served: &Served) -> Vec<Waiting> {
    let gateway = &served.gateway;
    let mut carol = served.proxied_visitor();
    let page = carol.up_to_the_password("carol", &served.url("intranet", "/"));
    let carol = Waiting::new(carol, page, "password", gateway.password("carol"), Stage::Other);

    let wiki = served.url("wiki", "/");
    let mut bob = served.proxied_visitor();
    let page = bob.ask_for_code(gateway, "bob", &wiki);
    let bob = Waiting::new(bob, page, "verification_code", gateway.mail_to("bob@example.test").code(), Stage::Kind);

    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(gateway, "alice", &wiki);
    let page = alice.type_code(&page, &gateway.mail_to("alice@example.test").code());
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.press(&page, "continue");
    let alice = Waiting::new(alice, page, "otp", phone.passcode(), Stage::Other);
    vec![carol, bob, alice]
}

/// What only a recorded change may alter.
fn stored(installation: &Installation) -> String {
    let tables = [
        ("session", "id"),
        ("credential", "id || state || version"),
        ("user_account", "id || disabled"),
        ("one_time", "hash"),
        ("flow", "id || step || nonce"),
        ("audit_record", "seq || hash"),
    ];
    let rows = tables.map(|(table, row)| installation.sql(&format!("SELECT {row} FROM {table} ORDER BY 1")));
    rows.concat()
}

/// Begins with a folder in which no checkpoint can be written, and mends it. How long it took then until there was one.
fn without_checkpoints(spoil: impl FnOnce(&Path), mend: impl FnOnce(&Path)) -> Duration {
    let installation = Installation::with_users(Database::Sqlite);
    let file = installation.path("checkpoints/default.jsonl");
    spoil(&file);
    let served = installation.serve();
    let gateway = &served.gateway;
    let failing = (200, "failing".to_owned());
    until("word of it in /readyz", Duration::from_secs(10), || readiness(gateway, "checkpoints") == failing);
    let gauge = "doorward_dependency_ready{dependency=\"checkpoints\"}";
    assert_eq!(gateway.metric(gauge) as u32, 0);
    assert!(logged(gateway, &["ERROR", "the audit checkpoint could not be written", "default.jsonl"]));
    assert!(signs_in(&served, &served.url("intranet", "/")), "records are kept, so people go on");
    std::thread::sleep(Duration::from_millis(2500));
    let said = gateway.log.lock().unwrap().matches("checkpoint could not be written").count();
    assert_eq!(said, 1, "it is said at once and each minute, not each second");

    mend(&file);
    let took =
        until("a checkpoint", Duration::from_secs(10), || readiness(gateway, "checkpoints") == (200, "ok".into()));
    assert_eq!(gateway.metric(gauge) as u32, 1);
    let line = std::fs::read_to_string(&file).unwrap();
    let checkpoint: serde_json::Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    let newest = installation.sql("SELECT MAX(seq) FROM audit_record");
    assert_eq!(checkpoint["seq"].to_string(), newest.trim(), "it covers all that came meanwhile");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    took
}
