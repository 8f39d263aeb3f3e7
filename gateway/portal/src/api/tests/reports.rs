//! The audit trail and the enrolment history, as programs read them.

use doorward_api::audit::Cut;
use doorward_api::ports::{Change, Ledger};
use doorward_api::{AuditEvent, EventContext, EventKind, FlowId, Timestamp, UserId, VirtualServerId};
use serde_json::{Value, json};

use super::world::World;

const AT: Timestamp = Timestamp::from_secs(1_800_000_100);

/// Something of an enrolment of a user.
async fn happens(world: &World, flow: &str, user: &str, kind: EventKind, seconds: u64) {
    let context = EventContext {
        flow: Some(FlowId::new(flow)),
        user: Some(UserId::new(user)),
        used_name: Some("=HYPERLINK(\"http://x\",\"y\")".into()),
        ..EventContext::default()
    };
    let event = AuditEvent::new(kind, context).with("serial", format!("DW-{flow}"));
    let at = AT + std::time::Duration::from_secs(seconds);
    world.store.commit(&"first".into(), Change::only(event), at).await.unwrap();
}

#[tokio::test]
async fn the_trail_is_read_by_a_marker_and_each_record_as_it_was_hashed() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let told = olga.get("/audit/records?limit=2&order=oldest").await;
    assert_eq!(told.status, 200, "{}", told.text);
    let items = told.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["seq"], &told.body["next"]), (2, &json!(1), &json!("2")));
    assert_eq!(items[0]["record"]["details"]["event"], "TENANT_CREATED");
    assert_eq!(items[1]["prev"], items[0]["hash"], "the chain can be computed anew");

    let rest = olga.get("/audit/records?limit=200&order=oldest&after=2").await;
    assert_eq!((&rest.body["items"][0]["seq"], &rest.body["next"]), (&json!(3), &Value::Null));
    let of_alice = olga.get(&format!("/audit/records?user={alice}")).await;
    assert_eq!(of_alice.body["items"][0]["record"]["details"]["event"], "USER_CREATED");
    let by_olga = olga.get("/audit/records?operator=olga&type=AUDIT&event=USER_CREATED,USER_DELETED").await;
    assert_eq!(by_olga.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        olga.get("/audit/records?q=ALICE&from=2020-01-01&tz=Asia/Tokyo").await.body["items"][0]["record"]["details"]["name"],
        "alice"
    );
    let otto = world.sign_in("second", "otto").await;
    assert_eq!(otto.get(&format!("/audit/records?user={alice}")).await.body["items"], json!([]));

    assert_eq!(told.body["begins_at"], Value::Null);
    let (vs, hash) = (VirtualServerId::new("first"), items[0]["hash"].as_str().unwrap().to_owned());
    let event = AuditEvent::new(EventKind::AuditTrimmed, EventContext::default());
    assert!(world.store.cut_trail(&vs, Cut { upto: 1, hash, event }, AT).await.unwrap());
    world.store.shed_trail(&vs, 10).await.unwrap();
    let left = olga.get("/audit/records?limit=2&order=oldest").await.body;
    assert_eq!((&left["items"][0]["seq"], left["begins_at"].is_string()), (&json!(2), true));
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_told_at_its_field() {
    let world = World::start().await;
    let olga = world.olga().await;
    let told = olga.get("/audit/records?from=monday&tz=Mars&event=NONSENSE&address=home").await;
    assert_eq!(told.wrong(), ["tz unknown", "from day", "event unknown", "address network"]);
    let told = olga.get("/reports/enrolments?from=2026-11-24&until=2026-11-01").await;
    assert_eq!(told.wrong(), ["until not_before"]);
    assert_eq!(olga.get("/reports/enrolments?result=best").await.wrong(), ["result one_of"]);
    assert_eq!(olga.get("/audit/records?nonsense=1").await.wrong(), ["nonsense unknown"]);
}

#[tokio::test]
async fn the_report_its_sums_and_the_funnel_agree() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice", "display_name": "Alice L."})).await;
    for (flow, last) in [("f1", EventKind::EnrollmentConfirmed), ("f2", EventKind::EnrollmentCancelled)] {
        happens(&world, flow, &alice, EventKind::SelfProvisioningOffered, 0).await;
        happens(&world, flow, &alice, EventKind::AddAuthenticatorSelected, 5).await;
        happens(&world, flow, &alice, last, 65).await;
    }
    let told = olga.get("/reports/enrolments").await;
    assert_eq!(told.status, 200, "{}", told.text);
    let items = told.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let first = items.iter().find(|item| item["transaction"] == "f1").unwrap();
    assert_eq!((&first["result"], &first["duration_ms"]), (&json!("confirmed"), &json!(60_000)));
    assert_eq!((&first["user"], &first["display_name"]), (&json!("alice"), &json!("Alice L.")));
    assert_eq!(first["initiated_by"], "self_provisioning");
    assert_eq!(olga.get("/reports/enrolments?initiated_by=operator").await.body["items"], json!([]));
    // By when it was offered they are looked for, so a table says that, too.
    let began = first["began_at"].as_str().unwrap();
    assert_ne!(first["started_at"], first["began_at"]);
    let found = olga.get(&format!("/reports/enrolments?until={began}")).await.body;
    assert_eq!(found["items"], json!([]), "begun later, but offered not before");
    let table = olga.get("/reports/enrolments.csv").await.text;
    assert!(table.starts_with("\"began\",\"began_utc\",\"started\",\"started_utc\","), "{table}");
    let (began, started) = (format!(",\"{began}\","), format!(",\"{}\",", first["started_at"].as_str().unwrap()));
    let row = table.lines().find(|line| line.contains("\"f1\"")).unwrap();
    assert!(row.contains(&began) && row.contains(&started), "{row}");
    assert_eq!(olga.get("/reports/enrolments?result=cancelled").await.body["items"][0]["transaction"], "f2");

    let totals = olga.get("/reports/enrolments/totals").await.body;
    assert_eq!(
        (&totals["started"], &totals["completed"], &totals["completion_rate"]),
        (&json!(2), &json!(1), &json!(0.5))
    );
    assert_eq!((&totals["median_duration_ms"], &totals["top_failure_reason"]), (&json!(60_000), &json!("cancelled")));
    let funnel = olga.get("/reports/funnel").await.body;
    assert_eq!((&funnel["steps"][1]["reached"], &funnel["steps"][5]["reached"]), (&json!(2), &json!(1)));
    assert_eq!((&funnel["steps"][2]["lost"], &funnel["steps"][1]["median_ms"]), (&json!(1), &json!(5_000)));
    assert_eq!((&funnel["missing"][0]["key"], &funnel["missing"][0]["missing"]), (&json!("all"), &json!(1)));
    let missing = olga.get("/reports/missing?of=all").await.body;
    assert_eq!(missing["items"][0]["name"], "alice");
    olga.get("/reports/missing?of=rule.7").await.is(404, "not-found");
    assert_eq!(olga.get("/reports/missing").await.wrong(), ["of required"]);
}

#[tokio::test]
async fn a_table_is_no_trap_and_leaves_a_record() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    happens(&world, "f1", &alice, EventKind::AddAuthenticatorSelected, 5).await;
    let told = olga.get("/audit/records.csv?event=ADD_AUTHENTICATOR_SELECTED&tz=Europe/Berlin").await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert!(told.headers["content-disposition"].to_str().unwrap().contains("audit-log-first.csv"));
    let lines: Vec<&str> = told.text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[2]), (3, ""));
    assert!(lines[0].starts_with("\"time\",\"time_utc\",\"seq\",\"type\",\"event\""));
    assert!(lines[1].contains(",\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\","), "{}", lines[1]);
    assert!(lines[1].starts_with("\"2027-01-15 09:01:45 +01:00\",\"2027-01-15T08:01:45.000Z\""), "{}", lines[1]);
    let told = olga.get("/reports/enrolments.csv").await;
    assert!(told.text.contains("\"in_progress\"") && told.text.contains("\"f1\""), "{}", told.text);

    let exported = olga.get("/audit/records?event=LOG_EXPORTED,REPORT_RUN&order=oldest").await.body;
    let of = |at: usize| exported["items"][at]["record"]["details"].clone();
    assert_eq!((&of(0)["event"], &of(0)["format"]), (&json!("LOG_EXPORTED"), &json!("csv")));
    assert_eq!(of(0)["filter"], "event=ADD_AUTHENTICATOR_SELECTED&tz=Europe/Berlin");
    assert_eq!((&of(1)["event"], &of(1)["name"]), (&json!("REPORT_RUN"), &json!("enrolment_history")));
}
