//! Passkeys: made after a sign-in by passcode, and asked for where a policy says so. A real Chromium makes and uses them.

use serde_json::Value;

use crate::world::{Timed, browse};

/// The intranet asks for a passkey beside the password.
const PASSKEY: &str = r#"
@id("intranet-passkey")
forbid (principal, action, resource == Application::"intranet")
unless { context.authn.passkey };
"#;

fn records(timed: &Timed, event: &str) -> Vec<Value> {
    let all = timed.sql("SELECT record FROM audit_record ORDER BY seq");
    let records = all.lines().map(|record| serde_json::from_str::<Value>(record).unwrap());
    records.filter(|record| record["details"]["event"] == event).map(|record| record["details"].clone()).collect()
}

#[test]
fn a_passkey_is_made_named_used_where_the_policy_asks_for_one_held_when_it_was_copied_and_removed() {
    let timed = Timed::demo(PASSKEY);
    browse(&timed.gateway, "passkey", "passkey", timed.says("en"));
    for event in ["PASSKEY_ADDED", "PASSKEY_REMOVED"] {
        assert_eq!(records(&timed, event).len(), 1, "{event}");
    }
    let held = records(&timed, "TOKEN_SUSPENDED");
    assert_eq!((held.len(), &held[0]["reason"]), (1, &"cloned".into()));
}
