//! F-14: PostgreSQL is stopped, and started again.

use std::time::Duration;

use doorward_tests::world::Cluster;

use crate::measure::{quantile, secs};
use crate::outage::Site;
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-14",
    what: "PostgreSQL is stopped (immediate) and started again, under load",
    promise: "nobody is let in: sign-ins, passcodes, enrolment and sessions get 503 with Retry-After; alive but not ready; \
              it recovers by itself within 5 s",
    run: story,
};

fn story(scale: Scale) -> Found {
    let cluster = Cluster::new();
    cluster.create("doorward");
    let site = Site::on(&cluster.url("doorward"));
    cluster.stop_immediately();
    let seen = site.without_a_database(scale.of(Duration::from_secs(5), Duration::from_secs(30)));
    cluster.start();
    let back = site.comes_back();
    assert!(back < Duration::from_secs(5), "it recovers by itself: {back:?}");
    // 2.1 s on a quiet machine.
    let p99 = quantile(&seen.refused, 0.99);
    assert!(p99 < Duration::from_millis(3500), "p99 {p99:?}");
    Found::Held([seen.figures(), vec![("first good answer after", secs(back))]].concat())
}
