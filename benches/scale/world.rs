//! A virtual server as a large company has it: users in groups, tokens in every state, a long audit trail, and the enrolment history
//! that belongs to it. Written by the database itself, in one statement for each table, which both databases understand; but for the audit trail,
//! whose chain has to hold.

use std::fs::File;
use std::io::{BufWriter, Write};

use doorward_api::audit::chain_hash;
use doorward_api::decided::{Decided, DecisionFacts, MOST_RECORDS_OF_A_DAY};
use doorward_api::enrolment::{Enrolment, EnrolmentResult};
use doorward_api::provisioning::EntryStatus;
use doorward_api::{AuditEvent, EventContext, EventKind, FlowId, PolicyId, Proofs, Template, Timestamp, UserId};
use doorward_tests::world::Installation;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) users: u64,
    pub(crate) tokens: u64,
    pub(crate) records: u64,
}

/// Milliseconds over which all of it has happened.
const PAST: u64 = 400 * 24 * 3600 * 1000;

/// Fills the database. The gateway must not run: it counts the enrolments when it opens the database next.
pub(crate) fn fill(installation: &Installation, extent: Extent, now: Timestamp) {
    let bytes = if installation.store.starts_with("sqlite") { "BLOB" } else { "BYTEA" };
    let begin = u64::try_from(now.millis()).unwrap_or_default() - PAST;
    for statement in [groups(), users(extent, begin), members(extent), nests(), tokens(extent, begin, bytes)] {
        installation.sql(&format!("{statement};"));
    }
    records(installation, extent, begin);
    for statement in
        [entries(extent), enrolments(extent, begin), head(), task(extent, begin), decisions(extent, begin + PAST)]
    {
        installation.sql(&format!("{statement};"));
    }
    if bytes == "BYTEA" {
        // What autovacuum does in the hours over which such a database grows.
        installation.sql("VACUUM ANALYZE");
    }
}

/// Numbers from 1 on, as `n (i)`.
fn numbers(many: u64) -> String {
    format!("WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {many})")
}

/// The `i` of a statement with so many digits that they sort as numbers.
fn digits(i: &str) -> String {
    format!("CAST(10000000 + {i} AS TEXT)")
}

fn insert(into: &str, numbers: &str, select: &str) -> String {
    // Both databases take the numbers after the table's name.
    format!("INSERT INTO {into} {numbers} SELECT {select} FROM n")
}

/// Two hundred groups, and two large ones.
fn groups() -> String {
    insert(
        "user_group (virtual_server, id, name)",
        &numbers(202),
        "'default', 'g-' || CAST(i AS TEXT), CASE i WHEN 201 THEN 'Quarter' WHEN 202 THEN 'Company' \
         ELSE 'Department ' || CAST(i AS TEXT) END",
    )
}

fn users(extent: Extent, begin: u64) -> String {
    let letter = |of: &str| format!("SUBSTR('abcdefghijklmnopqrstuvwxyz', CAST({of} AS INTEGER) + 1, 1)");
    let name = format!("{} || '.user' || {}", letter("i % 26"), digits("i"));
    let display = format!("UPPER({}) || 'ame ' || {}", letter("(i / 26) % 26"), digits("i"));
    insert(
        "user_account (virtual_server, id, name, folded_name, display_name, email, disabled, created_at)",
        &numbers(extent.users),
        &format!(
            "'default', 'u-' || {id}, {name}, {name}, {display}, {name} || '@example.test', i % 50 = 0, {begin}",
            id = digits("i")
        ),
    )
}

/// Each in a department, every fourth in a large group besides.
fn members(extent: Extent) -> String {
    format!(
        "{one}; {two}",
        one = insert(
            "group_member (virtual_server, user_id, group_id)",
            &numbers(extent.users),
            &format!("'default', 'u-' || {}, 'g-' || CAST(i % 200 + 1 AS TEXT)", digits("i")),
        ),
        two = insert(
            "group_member (virtual_server, user_id, group_id)",
            &numbers(extent.users / 4),
            &format!("'default', 'u-' || {}, 'g-201'", digits("i * 4")),
        )
    )
}

/// Half of the departments lie in the other large group.
fn nests() -> String {
    insert(
        "group_nest (virtual_server, group_id, into_id)",
        &numbers(100),
        "'default', 'g-' || CAST(i AS TEXT), 'g-202'",
    )
}

/// Six in ten are in use, a few locked; three in ten were revoked; the rest is assigned, suspended or in stock.
fn tokens(extent: Extent, begin: u64, bytes: &str) -> String {
    let template = serde_json::to_string(&Template::STANDARD_APP).unwrap_or_default();
    let state = "CASE WHEN i % 10 < 6 THEN 'active' WHEN i % 10 < 9 THEN 'revoked' WHEN i % 30 = 9 THEN 'assigned' \
                 WHEN i % 30 = 19 THEN 'suspended' ELSE 'inventory' END";
    let owner = format!(
        "CASE WHEN i % 30 = 29 THEN NULL ELSE 'u-' || {} END",
        digits(&format!("1 + (i * 7 % {})", extent.users))
    );
    insert(
        "credential (virtual_server, id, user_id, plugin, serial, state, target, template, sealed, version, fails, locked_until, \
         created_at, activated_at, form, label, pin_version, additional)",
        &numbers(extent.tokens),
        &format!(
            "'default', 't-' || {id}, {owner}, 'otp', CASE WHEN i % 30 = 29 THEN 'HW-' ELSE 'DW-' END || {id}, {state}, \
             CASE WHEN i % 30 = 29 THEN NULL ELSE 'ios' END, '{template}', \
             CASE WHEN i % 10 IN (6, 7, 8) THEN NULL ELSE CAST('sealed' AS {bytes}) END, 1, 0, \
             CASE WHEN i % 2000 = 0 THEN {locked} END, {begin}, {begin}, \
             CASE WHEN i % 30 = 29 THEN 'hardware' ELSE 'software' END, '', 0, FALSE",
            id = digits("i"),
            locked = begin + 2 * PAST,
        ),
    )
}

/// Words in the place of what differs from enrolment to enrolment.
const USER: &str = "§user";
const FLOW: &str = "§flow";
const SERIAL: &str = "§serial";
const NUMBER: &str = "7777777";

fn event(i: u64, user: &str) -> AuditEvent {
    let kind = match i % 10 {
        0..=5 => EventKind::AuthSuccess,
        6 => EventKind::AuthFailure,
        7 => EventKind::VerificationCodeSent,
        8 => EventKind::EnrollmentConfirmed,
        _ => EventKind::TokenAssigned,
    };
    let context = EventContext {
        user: Some(UserId::new(format!("u-{user}"))),
        used_name: Some(format!("u-{user}")),
        address: format!("10.1.{}.{}", i % 250, i % 199).parse().ok(),
        flow: Some(FlowId::new(format!("f-{}", 10_000_000 + i / 6))),
        application: Some("The intranet".to_owned()),
        policy: Some("staff-with-passcode".to_owned()),
        operator: (kind == EventKind::TokenAssigned).then(|| "olga".to_owned()),
        request_id: Some("01957f4e-6f70-7c6e-9d1a-2b6f6c0c9a11".to_owned()),
        ..EventContext::default()
    };
    AuditEvent::new(kind, context).with("serial", format!("DW-{user}")).with("kind", "authenticator")
}

/// Six in ten are sign-ins, the others what an enrolment leaves, failures, and what operators do: a chain that goes on where
/// the one of the database ends, as lines of its table.
fn records(installation: &Installation, extent: Extent, begin: u64) {
    let head =
        installation.sql("SELECT CAST(seq AS TEXT) || ' ' || hash FROM audit_head WHERE virtual_server = 'default'");
    let (last, hash) = head.trim().split_once(' ').expect("the chain has begun");
    let last: u64 = last.parse().expect("a number");
    let step = PAST / extent.records.max(1);
    let file = installation.path("records.tsv");
    let mut lines = BufWriter::new(File::create(&file).expect("a file in a folder of our own"));
    let mut prev = hash.to_owned();
    for i in 1..=extent.records {
        let (seq, at) = (last + i, begin + i * step);
        let user = (10_000_001 + i * 13 % extent.users).to_string();
        let (number, time) = (i64::try_from(seq).unwrap_or_default(), i64::try_from(at).unwrap_or_default());
        let record = event(i, &user).record("default", number, Timestamp::from_millis(time));
        let hash = chain_hash(&prev, &record);
        writeln!(lines, "default\t{seq}\t{at}\t{prev}\t{hash}\t{record}").expect("room on the disk");
        prev = hash;
    }
    lines.flush().expect("room on the disk");
    installation.load("audit_record", &file);
    std::fs::remove_file(&file).expect("it was written a moment ago");
}

/// What is looked for in them, as the store would have entered it.
fn entries(extent: Extent) -> String {
    let part = "(seq - (SELECT seq FROM audit_head WHERE virtual_server = 'default')) % 10";
    format!(
        "INSERT INTO audit_entry (virtual_server, seq, at, type, event, user_id, operator, address, serial, flow_id) \
         SELECT virtual_server, seq, appended_at, \
         CASE WHEN {part} IN (0, 1, 2, 3, 4, 5, 6) THEN 'AUTHENTICATION' WHEN {part} = 9 THEN 'AUDIT' ELSE 'ENROLLMENT' END, \
         CASE WHEN {part} < 6 THEN 'AUTH_SUCCESS' WHEN {part} = 6 THEN 'AUTH_FAILURE' \
             WHEN {part} = 7 THEN 'VERIFICATION_CODE_SENT' WHEN {part} = 8 THEN 'ENROLLMENT_CONFIRMED' ELSE 'TOKEN_ASSIGNED' END, \
         'u-' || {user}, CASE WHEN {part} = 9 THEN 'olga' END, \
         '10.1.' || CAST(({i}) % 250 AS TEXT) || '.' || CAST(({i}) % 199 AS TEXT), 'DW-' || {user}, 'f-' || {flow} \
         FROM audit_record WHERE virtual_server = 'default' \
         AND seq > (SELECT seq FROM audit_head WHERE virtual_server = 'default')",
        user = digits(&format!("1 + (({}) * 13 % {})", own_number(), extent.users)),
        flow = digits(&format!("(({}) / 6)", own_number())),
        i = own_number(),
    )
}

fn own_number() -> &'static str {
    "seq - (SELECT seq FROM audit_head WHERE virtual_server = 'default')"
}

/// Seven in ten came to a token that somebody has signed in with; two ran out of time, one was offered and not begun.
fn enrolments(extent: Extent, begin: u64) -> String {
    const STEPS: [i64; 6] = [
        1_111_111_111_100,
        1_111_111_111_101,
        1_111_111_111_102,
        1_111_111_111_103,
        1_111_111_111_104,
        1_111_111_111_105,
    ];
    let body = |result: EnrolmentResult, reached: usize| {
        let mut steps = [None; 6];
        for (step, at) in steps.iter_mut().zip(STEPS).take(reached) {
            *step = Some(Timestamp::from_millis(at));
        }
        let row = Enrolment {
            id: FLOW.to_owned(),
            first_seq: 1,
            last_seq: 7_777_777,
            began_at: Timestamp::from_millis(STEPS[0]),
            steps,
            finished_at: (reached > 4).then(|| Timestamp::from_millis(STEPS[4])),
            result,
            reason: if reached > 4 { String::new() } else { "expired".to_owned() },
            user: Some(UserId::new(USER)),
            used_name: USER.to_owned(),
            serial: if reached > 4 { SERIAL.to_owned() } else { String::new() },
            os: "iOS".to_owned(),
            kind: "authenticator".to_owned(),
            address: "10.1.2.3".to_owned(),
            application: "The intranet".to_owned(),
            user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15".to_owned(),
            language: "en".to_owned(),
            codes_sent: 1,
            ..Enrolment::default()
        };
        let text = serde_json::to_string(&row).unwrap_or_default().replace('\'', "''");
        let text =
            [(USER, "u-' || u || '"), (FLOW, "f-' || f || '"), (SERIAL, "DW-' || u || '"), (NUMBER, "' || s || '")]
                .into_iter()
                .fold(text, |text, (word, sql)| text.replace(word, sql));
        (0_u64..).zip(STEPS).fold(text, |text, (step, at)| {
            text.replace(&at.to_string(), &format!("' || CAST(at + {step} * took AS TEXT) || '"))
        })
    };
    let (all, some, offered) =
        (body(EnrolmentResult::Confirmed, 6), body(EnrolmentResult::Expired, 2), body(EnrolmentResult::Offered, 1));
    let step = PAST / extent.tokens.max(1);
    format!(
        "INSERT INTO enrolment (virtual_server, id, last_seq, began_at, result, reason, initiation, user_id, serial, address, \
             application, os, furthest, duration, step_0, step_1, step_2, step_3, step_4, step_5, body) {numbers} \
         SELECT 'default', 'f-' || f, last, at, CASE WHEN part < 7 THEN 'confirmed' WHEN part < 9 THEN 'expired' ELSE 'offered' END, \
             CASE WHEN part < 7 THEN '' ELSE 'expired' END, 'self_provisioning', 'u-' || u, \
             CASE WHEN part < 7 THEN 'DW-' || u END, '10.1.2.3', 'The intranet', 'iOS', \
             CASE WHEN part < 7 THEN 5 WHEN part < 9 THEN 1 ELSE 0 END, CASE WHEN part < 7 THEN 3 * took END, at, \
             CASE WHEN part < 9 THEN at + took END, CASE WHEN part < 7 THEN at + 2 * took END, \
             CASE WHEN part < 7 THEN at + 3 * took END, CASE WHEN part < 7 THEN at + 4 * took END, \
             CASE WHEN part < 7 THEN at + 5 * took END, \
             CASE WHEN part < 7 THEN '{all}' WHEN part < 9 THEN '{some}' ELSE '{offered}' END \
         FROM (SELECT i % 10 AS part, {begin} + i * {step} AS at, 1000 + i * 7919 % 90000 AS took, i + 1 AS last, \
             CAST(i + 1 AS TEXT) AS s, {user} AS u, {flow} AS f FROM n) AS rows",
        numbers = numbers(extent.tokens),
        user = digits(&format!("1 + (i % {})", extent.users)),
        flow = digits("(i + 5000000)"),
    )
}

/// The chain goes on where the last record is.
fn head() -> String {
    let last = "FROM audit_record r WHERE r.virtual_server = 'default' ORDER BY r.seq DESC LIMIT 1";
    format!(
        "UPDATE audit_head SET hash = (SELECT r.hash {last}), entered = (SELECT r.seq {last}), seq = (SELECT r.seq {last}) \
         WHERE virtual_server = 'default'"
    )
}

/// A provisioning task of a year ago, of every tenth user.
fn task(extent: Extent, begin: u64) -> String {
    let (users, over) = (extent.users / 10, begin + PAST / 10);
    let statuses: String = (0..)
        .zip(EntryStatus::ALL)
        .map(|(place, status)| format!(" WHEN i % {} = {place} THEN '{}'", EntryStatus::ALL.len(), status.as_str()))
        .collect();
    format!(
        "INSERT INTO provisioning_task (virtual_server, number, operator, created_at, stops_at, note, users, mailed_at, \
             removed_at, unsettled, version) \
         VALUES ('default', 1, 'olga', {begin}, {over}, '', {users}, {begin}, {over}, FALSE, 1); {entries}",
        entries = insert(
            "provisioning_entry (virtual_server, task, user_id, name, status, fails, mailed_at)",
            &numbers(users),
            &format!(
                "'default', 1, 'u-' || {id}, (SELECT u.folded_name FROM user_account u WHERE u.virtual_server = 'default' \
                 AND u.id = 'u-' || {id}), CASE{statuses} END, 0, {begin}",
                id = digits("(i * 10)"),
            ),
        )
    )
}

/// As many decision records as a day may have, of each of the last seven.
fn decisions(extent: Extent, now: u64) -> String {
    const DAY: u64 = 24 * 3600 * 1000;
    let of_a_day = MOST_RECORDS_OF_A_DAY.min(extent.records);
    let decided = |decision: &str| {
        let said =
            Decided { decision: decision.to_owned(), need: Vec::new(), by: vec![PolicyId::new("staff-with-passcode")] };
        serde_json::to_string(&said).unwrap_or_default()
    };
    let facts = DecisionFacts {
        at: Timestamp::from_millis(i64::try_from(now).unwrap_or_default()),
        host: "wiki.example.test".to_owned(),
        path: "/reports/2026/overview".to_owned(),
        client: std::net::IpAddr::from([10, 1, 2, 3]),
        secure: true,
        display_name: "Somebody".to_owned(),
        groups: vec!["Department 7".to_owned()],
        proofs: Proofs::default(),
    };
    let at = format!("({now} - (i % 7) * {DAY} - i % 80000)");
    let day = format!("({at} / {DAY})");
    format!(
        "{records}; INSERT INTO decision_day (virtual_server, day, records, left_out) \
         SELECT 'default', day, COUNT(*), 0 FROM decision_record WHERE virtual_server = 'default' GROUP BY day",
        records = insert(
            "decision_record (virtual_server, day, id, app, user_id, user_name, method, path_class, network, decision, decided, \
                 first_at, last_at, requests, facts)",
            &numbers(7 * of_a_day),
            &format!(
                "'default', {day}, 'd-' || {id}, CASE WHEN i % 3 = 0 THEN 'intranet' ELSE 'wiki' END, 'u-' || {user}, \
                 'somebody', 'GET', '/reports/2026', '10.1.2.0/24', CASE WHEN i % 20 = 0 THEN 'refuse' ELSE 'admit' END, \
                 CASE WHEN i % 20 = 0 THEN '{refuse}' ELSE '{admit}' END, {at}, {at}, 3, '{facts}'",
                id = digits("i"),
                user = digits(&format!("1 + (i * 17 % {})", extent.users)),
                refuse = decided("refuse"),
                admit = decided("admit"),
                facts = serde_json::to_string(&facts).unwrap_or_default(),
            ),
        )
    )
}
