//! The audit trail tells the whole story in order, under the catalogue's names, and holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use doorward_api::audit::{GENESIS, chain_hash};
use serde_json::Value;

use crate::journeys::first_light::{as_far_as_the_code, as_far_as_the_secret, through_the_door};
use crate::world::{Database, Installation, Kept, Manner, Served, Stage, binary, until, words, wrong};

/// An event as a story expects it: its name, its type, its fields beside those two, and what some of them say.
type Told<'a> = (&'a str, &'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

#[test]
fn a_whole_journey_is_told_in_order_with_every_field_of_the_catalogue() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let mut alice = gateway.visitor();
    let wiki = gateway.url("wiki", "/page?x=1");

    let page = alice.sign_in_with("alice", "not it", &wiki);
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    let page = alice.press(&page, "add_authenticator");
    let code = gateway.mail_to("alice@example.test").code();
    let page = alice.type_code(&page, &wrong(&code, 1));
    let page = alice.type_code(&page, &code);
    let page = alice.choose_ios(&page);
    let page = alice.send(&page, &page.form_to("/enrol/new-code"), &[]);
    let phone = page.phone();
    let page = alice.press(&page, "continue");
    let used = phone.passcode();
    let page = alice.type_passcode(&page, &wrong(&used, 1));
    let page = alice.type_passcode(&page, &used);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()));
    wait_for(&kept, "ENROLLMENT_NOTICE_SENT");
    let farewell = alice.sign_out(&gateway.url("login", "/"));
    assert_eq!(farewell.status, 303);
    let page = alice.sign_in(&gateway, "alice", &wiki);
    let page = alice.type_passcode(&page, &used);
    page.is_at(Stage::Passcode);

    let records = kept.records();
    let expected: &[Told<'_>] = &[
        ("TENANT_CREATED", "AUDIT", &["selfProvisioning"], &[("selfProvisioning", "all")]),
        ("OPERATOR_INVITED", "AUDIT", &["actor", "role"], &[("actor", "system"), ("role", "administrator")]),
        ("AUTH_FAILURE", "AUTHENTICATION", &["factor", "reason"], &[("factor", "password")]),
        ("SELF_PROVISIONING_OFFERED", "ENROLLMENT", &[], &[]),
        ("ADD_AUTHENTICATOR_SELECTED", "ENROLLMENT", &["language", "userAgent"], &[("language", "en")]),
        (
            "VERIFICATION_CODE_SENT",
            "ENROLLMENT",
            &["addressHash", "attempt", "channel"],
            &[("channel", "email"), ("attempt", "1")],
        ),
        ("VERIFICATION_CODE_REJECTED", "ENROLLMENT", &["triesLeft"], &[("triesLeft", "4")]),
        ("VERIFICATION_CODE_ACCEPTED", "ENROLLMENT", &["triesLeft"], &[("triesLeft", "3")]),
        ("TARGET_SELECTED", "ENROLLMENT", &["deviceType", "os"], &[("os", "iOS")]),
        (
            "TOKEN_ASSIGNED",
            "AUDIT",
            &["actor", "from", "reason", "serial", "to"],
            &[("actor", "user"), ("from", "inventory"), ("to", "assigned"), ("reason", "self_provisioning")],
        ),
        (
            "ACTIVATION_CODE_ISSUED",
            "ENROLLMENT",
            &["expiresAt", "kind", "serial", "templateVersion"],
            &[("templateVersion", "1"), ("kind", "otp")],
        ),
        ("ACTIVATION_CODE_REFRESHED", "ENROLLMENT", &["expiresAt", "kind", "serial", "templateVersion"], &[]),
        ("AUTH_FAILURE", "AUTHENTICATION", &["factor", "reason"], &[("factor", "otp")]),
        (
            "TOKEN_ACTIVATED",
            "AUDIT",
            &["actor", "deviceType", "from", "os", "reason", "serial", "to"],
            &[("actor", "user"), ("from", "assigned"), ("to", "active"), ("reason", "first_passcode")],
        ),
        ("ENROLLMENT_CONFIRMED", "ENROLLMENT", &["method", "serial"], &[("method", "otp")]),
        ("AUTH_SUCCESS", "AUTHENTICATION", &["factor", "factors", "serial"], &[("factors", "password otp")]),
        ("SESSION_STARTED", "AUTHENTICATION", &[], &[]),
        ("ENROLLMENT_NOTICE_SENT", "ENROLLMENT", &["addressHash", "attempt", "channel"], &[]),
        ("SESSION_ENDED", "AUTHENTICATION", &["reason"], &[("reason", "signed_out")]),
        ("SELF_PROVISIONING_NOT_OFFERED", "ENROLLMENT", &["reason"], &[("reason", "has_token")]),
        ("PASSCODE_REUSED", "AUTHENTICATION", &["serial"], &[]),
        ("LOG_EXPORTED", "AUDIT", &["actor", "format"], &[("actor", "command line"), ("format", "json")]),
    ];
    tells(&records, expected);

    // One enrolment is one transaction; one token has one serial; each session's end is that of its beginning.
    let journey = &records[2..17];
    let flow = |record: &Value| text(record, "/context/transactionId");
    let flows: BTreeSet<String> = journey.iter().map(flow).collect();
    assert_eq!(flows.len(), 1, "{flows:?}");
    let serials: BTreeSet<String> =
        records.iter().map(|r| text(r, "/details/serial")).filter(|s| !s.is_empty()).collect();
    assert_eq!(serials.len(), 1, "{serials:?}");
    let session = |event: &str| text(find(&records, event), "/context/sessionId");
    assert!(!session("SESSION_STARTED").is_empty());
    assert_eq!(session("SESSION_STARTED"), session("SESSION_ENDED"));
    assert_eq!(text(find(&records, "AUTH_SUCCESS"), "/context/policyName"), "wiki");
    for record in journey {
        assert_eq!(text(record, "/context/principalId"), text(&journey[0], "/context/principalId"), "{record}");
        // What the mail server said came from nobody's address.
        if !text(record, "/details/channel").is_empty() {
            continue;
        }
        assert_eq!(text(record, "/context/usedName"), "alice", "{record}");
        assert_eq!(text(record, "/context/applicationName"), "wiki", "{record}");
        assert_eq!(text(record, "/context/originatingAddress"), "127.0.0.1", "{record}");
        assert!(!text(record, "/context/globalAccessId").is_empty(), "{record}");
    }
    is_well_formed(&records);
    is_what_is_stored(&kept, &records);
    kept.verifies();
}

#[test]
fn each_enrolment_that_a_newer_one_ends_is_recorded_with_its_last_step() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    let (mut waiting, mut scanning, mut last) = (gateway.visitor(), gateway.visitor(), gateway.visitor());
    as_far_as_the_secret(&gateway, &mut scanning, "alice", &wiki);
    as_far_as_the_code(&gateway, &mut waiting, "alice", &wiki);
    let page = as_far_as_the_code(&gateway, &mut last, "alice", &wiki);
    let three: Vec<String> = kept
        .records()
        .iter()
        .filter(|r| event(r) == "SELF_PROVISIONING_OFFERED")
        .map(|r| text(r, "/context/transactionId"))
        .collect();
    let [scanned, waited, newest] = three.as_slice() else { panic!("three enrolments: {three:?}") };
    assert!(kept.records().iter().all(|r| event(r) != "ENROLLMENT_SUPERSEDED"), "a name and a password end nothing");
    last.type_code(&page, &gateway.mail_to("alice@example.test").code()).is_at(Stage::Kind);

    let records = kept.records();
    let told: Vec<[String; 3]> = records
        .iter()
        .filter(|r| event(r) == "ENROLLMENT_SUPERSEDED")
        .map(|r| [text(r, "/context/transactionId"), text(r, "/details/lastStep"), text(r, "/details/supersededBy")])
        .collect();
    let expected = [[scanned, "code_issued", newest], [waited, "code_sent", newest]].map(|one| one.map(String::from));
    assert_eq!(told, expected);
    let accepted = records.iter().rfind(|r| event(r) == "VERIFICATION_CODE_ACCEPTED").unwrap();
    let request = text(accepted, "/context/globalAccessId");
    let revoked = find(&records, "TOKEN_REVOKED");
    assert_eq!(text(revoked, "/context/transactionId"), *scanned, "the token of the one that had got so far");
    assert_eq!(text(revoked, "/details/serial"), text(find(&records, "TOKEN_ASSIGNED"), "/details/serial"));
    for (field, value) in [("from", "assigned"), ("to", "revoked"), ("reason", "superseded"), ("actor", "user")] {
        assert_eq!(text(revoked, &format!("/details/{field}")), value, "{revoked}");
    }
    for record in records.iter().filter(|r| ["ENROLLMENT_SUPERSEDED", "TOKEN_REVOKED"].contains(&event(r).as_str())) {
        assert_eq!(text(record, "/context/globalAccessId"), request, "the request that did it: {record}");
        assert_eq!(text(record, "/context/usedName"), "alice", "{record}");
    }
    kept.verifies();
}

#[test]
fn the_other_ends_of_an_enrolment_are_recorded_too() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");

    // Given up with the secret on the page.
    let mut bob = gateway.visitor();
    let (page, _) = as_far_as_the_secret(&gateway, &mut bob, "bob", &wiki);
    bob.send(&page, &page.form_to("/signin/cancel"), &[]);
    // Left alone until its time was over: the clock is not waited for, the row is made old.
    let mut alice = gateway.visitor();
    as_far_as_the_secret(&gateway, &mut alice, "alice", &wiki);
    kept.sql("UPDATE flow SET expires_at = created_at WHERE step = 'code_issued'");
    wait_for(&kept, "ENROLLMENT_EXPIRED");
    // No address to send a code to.
    let mut carol = gateway.visitor();
    as_far_as_the_code(&gateway, &mut carol, "carol", &wiki);

    let records = kept.records();
    let ends: &[Told<'_>] = &[
        ("ENROLLMENT_CANCELLED", "ENROLLMENT", &["lastStep"], &[("lastStep", "code_issued")]),
        (
            "TOKEN_REVOKED",
            "AUDIT",
            &["actor", "from", "reason", "serial", "to"],
            &[("actor", "user"), ("from", "assigned"), ("to", "revoked"), ("reason", "cancelled")],
        ),
        ("ENROLLMENT_EXPIRED", "ENROLLMENT", &["lastStep"], &[("lastStep", "code_issued")]),
        (
            "TOKEN_REVOKED",
            "AUDIT",
            &["actor", "from", "reason", "serial", "to"],
            &[("actor", "system"), ("from", "assigned"), ("to", "revoked"), ("reason", "expired")],
        ),
        ("VERIFICATION_CODE_FAILED", "ENROLLMENT", &["reason"], &[("reason", "no_email")]),
    ];
    let names: BTreeSet<&str> = ends.iter().map(|(name, ..)| *name).collect();
    let told: Vec<Value> = records.iter().filter(|r| names.contains(event(r).as_str())).cloned().collect();
    tells(&told, ends);
    let flow = |at: usize| text(&told[at], "/context/transactionId");
    assert!(flow(0) == flow(1) && flow(2) == flow(3) && flow(0) != flow(2), "{told:#?}");
    is_well_formed(&records);
    kept.verifies();
}

#[test]
fn not_you_and_what_an_operator_does_about_it_are_recorded() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    let mut alice = gateway.visitor();
    through_the_door(&gateway, &mut alice, "alice", &wiki);
    wait_for(&kept, "ENROLLMENT_NOTICE_SENT");
    let notice = gateway.mails().into_iter().find(|mail| mail.text.contains("/notice/")).unwrap();
    let link = notice.text.split_whitespace().find(|word| word.contains("/notice/")).unwrap().to_owned();
    let mut elsewhere = gateway.visitor();
    let page = elsewhere.get(&link);
    assert!(kept.records().iter().all(|r| event(r) != "ENROLLMENT_DISPUTED"), "looking changes nothing");
    let path = link.split_once(".localhost").and_then(|(_, rest)| rest.split_once('/')).unwrap().1;
    elsewhere.send(&page, &page.form_to(&format!("/{path}")), &[]);
    for words in [["user", "reactivate"], ["user", "revoke-tokens"]] {
        let output = kept.command(&words, &["alice"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let records = kept.records();
    let names = ["ENROLLMENT_DISPUTED", "TOKEN_SUSPENDED", "SESSION_ENDED", "TOKEN_REACTIVATED", "TOKEN_REVOKED"];
    let told: Vec<&Value> = records.iter().filter(|r| names.contains(&event(r).as_str())).collect();
    assert_eq!(told.iter().map(|r| event(r)).collect::<Vec<_>>(), names, "{told:#?}");
    for record in &told {
        assert!(!text(record, "/context/principalId").is_empty(), "{record}");
    }
    let serial = text(find(&records, "TOKEN_ASSIGNED"), "/details/serial");
    for name in ["ENROLLMENT_DISPUTED", "TOKEN_SUSPENDED", "TOKEN_REACTIVATED", "TOKEN_REVOKED"] {
        assert_eq!(text(find(&records, name), "/details/serial"), serial, "{name}");
    }
    for (name, actor, from, to, reason) in [
        ("TOKEN_SUSPENDED", "user", "active", "suspended", "disputed"),
        ("TOKEN_REACTIVATED", "command line", "suspended", "active", "operator"),
        ("TOKEN_REVOKED", "command line", "active", "revoked", "operator"),
    ] {
        for (field, value) in [("actor", actor), ("from", from), ("to", to), ("reason", reason)] {
            assert_eq!(text(find(&records, name), &format!("/details/{field}")), value, "{name} {field}");
        }
    }
    is_well_formed(&records);
    kept.verifies();
}

#[test]
fn a_token_that_locks_says_from_what_to_what_and_why() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    through_the_door(&gateway, &mut gateway.visitor(), "alice", &wiki);
    wait_for(&kept, "ENROLLMENT_NOTICE_SENT");
    let mut guesser = gateway.visitor();
    let page = guesser.sign_in(&gateway, "alice", &wiki);
    for _ in 0..10 {
        guesser.type_passcode(&page, "12345");
    }
    let records = kept.records();
    let locked: Vec<Value> = records.iter().filter(|r| event(r) == "TOKEN_LOCKED").cloned().collect();
    let fields = ["actor", "from", "reason", "serial", "to", "until"];
    let values = [("actor", "system"), ("from", "active"), ("to", "locked"), ("reason", "too_many_failures")];
    tells(&locked, &[("TOKEN_LOCKED", "AUDIT", &fields, &values)]);
    assert_eq!(text(&locked[0], "/details/serial"), text(find(&records, "TOKEN_ACTIVATED"), "/details/serial"));
    is_well_formed(&records);
    kept.verifies();
}

#[test]
fn a_code_that_came_too_late_is_told_as_expired() {
    let kept = Kept::new();
    let gateway = kept.timed_demo();
    let mut alice = gateway.visitor();
    let page = alice.ask_for_code(&gateway, "alice", &gateway.url("wiki", "/"));
    let code = gateway.mail_to("alice@example.test").code();
    kept.ahead(601);
    alice.type_code(&page, &code).is_at(Stage::Code);
    let records = kept.records();
    let told: Vec<Value> = records.iter().filter(|r| event(r).ends_with("_EXPIRED")).cloned().collect();
    tells(&told, &[("VERIFICATION_CODE_EXPIRED", "ENROLLMENT", &["triesLeft"], &[("triesLeft", "0")])]);
    assert_eq!(text(&told[0], "/context/usedName"), "alice");
    assert!(records.iter().all(|r| event(r) != "VERIFICATION_CODE_ACCEPTED"));
}

#[test]
fn too_many_tries_of_a_day_and_too_many_codes_of_an_hour_are_told_as_limits() {
    let kept = Kept::new();
    let gateway = kept.demo();
    let wiki = gateway.url("wiki", "/");
    let asked = |number: usize| {
        let mut visitor = gateway.visitor();
        let page = visitor.ask_for_code(&gateway, "bob", &wiki);
        let end = Instant::now() + Duration::from_secs(15);
        while gateway.mails().len() < number {
            assert!(Instant::now() < end, "{number} codes are sent");
            std::thread::sleep(Duration::from_millis(50));
        }
        let code = gateway.mails()[0].code();
        (visitor, page, code)
    };
    for number in 1..=3 {
        let (mut visitor, page, code) = asked(number);
        for nth in 1..=5 {
            visitor.type_code(&page, &wrong(&code, nth));
        }
    }
    let (mut visitor, page, code) = asked(4);
    visitor.type_code(&page, &code).says("Too many wrong codes today.");
    let (..) = asked(5);
    gateway.visitor().ask_for_code(&gateway, "bob", &wiki).says("Too many codes requested.");

    let records = kept.records();
    let told: Vec<Value> = records.iter().filter(|r| event(r) == "VERIFICATION_CODE_LIMIT").cloned().collect();
    tells(
        &told,
        &[
            (
                "VERIFICATION_CODE_LIMIT",
                "ENROLLMENT",
                &["reason", "triesLeft"],
                &[("reason", "tries_of_the_day"), ("triesLeft", "0")],
            ),
            ("VERIFICATION_CODE_LIMIT", "ENROLLMENT", &["reason"], &[("reason", "sends")]),
        ],
    );
    let rejected = records.iter().filter(|r| event(r) == "VERIFICATION_CODE_REJECTED").count();
    assert_eq!(rejected, 15, "each of the tries is on record");
    is_well_formed(&records);
    kept.verifies();
}

#[test]
fn a_code_that_the_mail_server_refuses_is_told_as_failed_and_the_next_as_sent_again() {
    let installation = Installation::with_users(Database::Sqlite);
    installation.mail.behave(Manner::Refuse);
    let served = installation.serve();
    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(&served.gateway, "alice", &served.url("wiki", "/"));
    installation.mail.behave(Manner::Accept);
    alice.send(&page, &page.form_to("/enrol/resend"), &[]).is_at(Stage::Code);
    assert_eq!(installation.mails().len(), 1);

    let output = installation.command(&["audit", "export"], &["--format", "json"], "");
    let text_of = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = text_of.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<Value> = records.into_iter().filter(|r| event(r).starts_with("VERIFICATION_CODE_")).collect();
    tells(
        &told,
        &[
            (
                "VERIFICATION_CODE_FAILED",
                "ENROLLMENT",
                &["addressHash", "attempt", "channel", "reason", "smtpCode"],
                &[("channel", "email"), ("attempt", "1"), ("reason", "refused"), ("smtpCode", "550")],
            ),
            ("VERIFICATION_CODE_RESENT", "ENROLLMENT", &["attempt"], &[("attempt", "1")]),
            ("VERIFICATION_CODE_SENT", "ENROLLMENT", &["addressHash", "attempt", "channel"], &[("attempt", "1")]),
        ],
    );
    let address = |at: usize| text(&told[at], "/details/addressHash");
    assert_eq!(address(0), address(2), "the same person has the same hash");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    an_auditor_verifies(&installation, &text_of);
}

/// With the export, the checkpoint file and the public key, and without configuration, database or master key.
fn an_auditor_verifies(installation: &Installation, export: &str) {
    let said = installation.command(&["audit", "public-key"], &[], "");
    let key = String::from_utf8(said.stdout).unwrap().trim().to_owned();
    assert_eq!(key.len(), 64, "{key}");
    let checkpoints = installation.path("checkpoints/default.jsonl");
    let verify = |export: &str, arguments: &[&str]| {
        let file = installation.write("export.jsonl", export);
        let mut command = std::process::Command::new(binary());
        command.args(["audit", "verify", "--export", file.to_str().unwrap()]).args(arguments);
        let output = command.output().unwrap();
        (output.status.code(), words(&output))
    };
    let known = ["--checkpoints", checkpoints.to_str().unwrap(), "--public-key", &key];
    let (code, said) = verify(export, &known);
    assert!(code == Some(0) && said.contains(" records hold"), "{said}");
    let edited = export.replacen("alice", "carol", 1);
    assert_ne!(edited, export);
    let (code, said) = verify(&edited, &known);
    assert!(code == Some(1) && said.contains("the rest written anew"), "{said}");
    let (code, said) = verify(export, &known[..2]);
    assert!(code == Some(2) && said.contains("--public-key"), "without a key nothing is vouched for: {said}");
    let (code, said) = verify(export, &["--checkpoints", known[1], "--public-key", "abc"]);
    assert!(code == Some(2) && said.contains("64 hexadecimal digits"), "{said}");
}

/// Fails unless the records are these events in this order, with these fields and no others.
#[track_caller]
fn tells(records: &[Value], expected: &[Told<'_>]) {
    let names: Vec<String> = records.iter().map(event).collect();
    assert_eq!(names, expected.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), "{records:#?}");
    for (record, (_, kind, fields, values)) in records.iter().zip(expected) {
        assert_eq!(text(record, "/details/type"), *kind, "{record}");
        let found: BTreeSet<&str> = record["details"].as_object().unwrap().keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = fields.iter().copied().chain(["event", "type"]).collect();
        assert_eq!(found, wanted, "{record}");
        for (field, value) in *values {
            assert_eq!(text(record, &format!("/details/{field}")), *value, "{record}");
        }
    }
}

/// The product-shaped envelope of every record, numbered without a gap, never back in time.
#[track_caller]
fn is_well_formed(records: &[Value]) {
    let mut before = String::new();
    for (number, record) in (1..).zip(records) {
        assert_eq!(text(record, "/logVersion"), "1.0", "{record}");
        assert_eq!(text(record, "/category"), "AUDIT", "{record}");
        assert_eq!(text(record, "/context/tenantId"), "default", "{record}");
        assert_eq!(record["seq"], number, "{record}");
        assert_eq!(text(record, "/id"), format!("default-{number}"), "{record}");
        let at = text(record, "/timeStamp");
        assert!(at.len() == "2026-11-24T14:32:05.120Z".len() && at.ends_with('Z') && at >= before, "{record}");
        before = at;
    }
}

/// Keys sorted, no spaces: whatever order this build's maps have.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields =
                sorted.into_iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// What was exported is what the store holds, byte for byte, and its hashes are those of the chain.
#[track_caller]
fn is_what_is_stored(kept: &Kept, records: &[Value]) {
    let rows = kept.sql("SELECT prev || ' ' || hash || ' ' || record FROM audit_record ORDER BY seq");
    let mut prev = GENESIS.to_owned();
    let mut count = 0;
    for (row, record) in rows.lines().zip(records) {
        let parts: Vec<&str> = row.splitn(3, ' ').collect();
        assert_eq!(parts[2], canonical(record));
        assert_eq!((parts[0], parts[1]), (prev.as_str(), chain_hash(&prev, parts[2]).as_str()), "{record}");
        prev = parts[1].to_owned();
        count += 1;
    }
    assert_eq!(count, records.len());
}

fn event(record: &Value) -> String {
    text(record, "/details/event")
}

/// A field as text; empty when it is not there.
fn text(record: &Value, pointer: &str) -> String {
    match record.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[track_caller]
fn find<'a>(records: &'a [Value], name: &str) -> &'a Value {
    records.iter().find(|record| event(record) == name).unwrap_or_else(|| panic!("no {name}: {records:#?}"))
}

/// Waits until an event is on record.
#[track_caller]
fn wait_for(kept: &Kept, name: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    let count = format!("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%\"event\":\"{name}\"%'");
    while kept.sql(&count) == "0" {
        assert!(Instant::now() < end, "{name} is not recorded");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Decision of the audit trail: the lines of the access log are too many for the chain, which vouches for them minute by minute.
#[test]
fn what_was_changed_in_the_access_log_is_found_by_the_minute() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let wiki = served.url("wiki", "/");
    let sealed = || installation.sql("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%ACCESS_LOG_SEALED%'");
    let count = || sealed().trim().parse::<u32>().unwrap();
    let lines = |served: &Served| {
        let log = served.gateway.log.lock().unwrap().clone();
        log.lines().filter(|line| line.starts_with("{\"instance\":")).count()
    };
    // SIGHUP ends a minute early, so that nobody waits for it here.
    let end_a_minute = || {
        let (before, written) = (count(), lines(&served));
        for _ in 0..3 {
            assert_eq!(served.proxied_visitor().once("GET", &wiki, &[], None).status, 303);
        }
        until("the lines are written", || lines(&served) == written + 3);
        served.gateway.signal("HUP");
        until("the chain is told", || count() == before + 1);
    };
    end_a_minute();
    end_a_minute();
    served.gateway.signal("HUP");
    let verify = |log: &str| {
        let file = installation.write("access.log", log);
        let output = installation.command(&["audit", "verify"], &["--access-log", file.to_str().unwrap()], "");
        (output.status.code(), words(&output))
    };
    let log = served.gateway.log.lock().unwrap().clone();
    let (code, said) = verify(&log);
    assert!(code == Some(0) && said.contains("6 lines of 2 records hold; 0 lines are too new"), "{said}");
    assert_eq!(count(), 2, "a minute without lines has no record");

    let access: Vec<&str> = log.lines().filter(|line| line.starts_with("{\"instance\":")).collect();
    let at = |line: &str| serde_json::from_str::<Value>(line).unwrap()["timestamp"].as_str().unwrap().to_owned();
    for (what, changed, told) in [
        ("edited", log.replace(access[4], &access[4].replace("\"status\":303", "\"status\":200")), "a line was edited"),
        ("taken out", log.replace(&format!("{}\n", access[4]), ""), "line 5 is missing"),
        ("put in", log.replace(access[4], &format!("{0}\n{0}", access[4])), "line 5 is twice there"),
    ] {
        assert_ne!(changed, log, "{what}");
        let (code, said) = verify(&changed);
        assert!(code == Some(1) && said.contains(told), "{what}: {said}");
        assert!(said.contains("3 lines of 1 records hold") && said.contains(&at(access[3])), "{what}: {said}");
    }

    // Whoever stops in good order leaves no line without a record.
    let written = lines(&served);
    assert_eq!(served.proxied_visitor().once("GET", &wiki, &[], None).status, 303);
    until("the line is written", || lines(&served) == written + 1);
    let mut served = served;
    served.gateway.signal("TERM");
    served.gateway.exit_code();
    let log = served.gateway.log.lock().unwrap().clone();
    let (code, said) = verify(&log);
    assert!(code == Some(0) && said.contains("7 lines of 3 records hold; 0 lines are too new"), "{said}");
}
