//! F-08: SQLite before 3.51.3 can damage a database whose write-ahead log is reset. The one that is built in is newer, the gateway
//! looks before it opens a database, and says which it found. (That an older one is refused is a test of the store's own.)

use doorward_tests::world::{Database, Installation};
use serde_json::Value;

use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-08",
    what: "an SQLite that can damage its database (3.7.0 to 3.51.2)",
    promise: "the one built in is 3.51.3 or newer; the version is looked at and logged at each start",
    run: story,
};

fn story(_: Scale) -> Found {
    let served = Installation::with_users(Database::Sqlite).serve();
    let log = served.gateway.log.lock().unwrap().clone();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let versions: Vec<String> = lines
        .filter(|line| line["fields"]["message"] == "SQLite")
        .filter_map(|line| line["fields"]["version"].as_str().map(str::to_owned))
        .collect();
    let [version] = &versions[..] else { panic!("it is said once at the start: {versions:?} in {log}") };
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(numbers >= vec![3, 51, 3], "{version}");
    Found::Held(vec![("version", version.clone())])
}
