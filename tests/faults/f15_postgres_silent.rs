//! F-15: the network to PostgreSQL swallows everything: no refusal, no reset, only silence.

use std::time::Duration;

use doorward_tests::world::{Cluster, Elsewhere};

use crate::measure::{quantile, secs, until};
use crate::outage::Site;
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-15",
    what: "PostgreSQL is not reachable, silently: every packet is dropped",
    promise: "statements and connections are given up after 2 s, no task stays stuck, the pool does not fill; alive but not \
              ready; it recovers by itself",
    run: story,
};

/// Connections that a gateway opens at the most.
const POOL: usize = 8;

fn story(scale: Scale) -> Found {
    let place = match Elsewhere::new() {
        Ok(place) => place,
        Err(why) => return Found::NotTried(why),
    };
    let cluster = Cluster::at(&place);
    cluster.create("doorward");
    let site = Site::on(&cluster.url("doorward"));
    for way in ["INPUT", "OUTPUT"] {
        place.does(&["iptables", "-A", way, "-p", "tcp", "-j", "DROP"]).unwrap();
    }
    let seen = site.without_a_database(scale.of(Duration::from_secs(6), Duration::from_secs(30)));
    place.does(&["iptables", "-F"]).unwrap();
    let back = site.comes_back();
    assert!(back < Duration::from_secs(10), "it recovers by itself: {back:?}");
    let p99 = quantile(&seen.refused, 0.99);
    assert!(p99 < Duration::from_millis(3500), "p99 {p99:?}");

    // Nothing is left of what was given up: the pool is as large as it may be, and all of it answers.
    let connections = || -> usize {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'doorward'";
        cluster.sql("doorward", sql).parse().unwrap()
    };
    until("connections of the pool only", Duration::from_secs(20), || connections() <= POOL);
    let left = format!("{} of {POOL}", connections());
    Found::Held([seen.figures(), vec![("first good answer after", secs(back)), ("connections left", left)]].concat())
}
