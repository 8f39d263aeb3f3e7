//! Tells the metrics how far enrolment has come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_access::manage::Manager;
use doorward_api::VirtualServerId;
use doorward_api::ports::Clock;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics::PrometheusMetrics;

/// How often transactions are added up.
const ADD_UP: Duration = Duration::from_secs(15);
/// How often it is counted who has no token: that looks at every user.
const COUNT: Duration = Duration::from_mins(5);

/// Adds up now, and again and again.
pub(crate) async fn count_enrolments(
    manager: Arc<Manager>,
    clock: Arc<dyn Clock>,
    virtual_servers: Vec<VirtualServerId>,
    metrics: Arc<PrometheusMetrics>,
) {
    let mut ticks = interval(ADD_UP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut counted: BTreeMap<&VirtualServerId, Instant> = BTreeMap::new();
    loop {
        ticks.tick().await;
        // What was told last stays where nothing can be said.
        for vs in &virtual_servers {
            match manager.enrolments_reached(vs).await {
                Ok(reached) => metrics.set_enrolments(vs.as_str(), &reached),
                Err(error) => {
                    tracing::warn!(%error, virtual_server = %vs, "enrolments could not be added up; tried again")
                }
            }
            if counted.get(vs).is_some_and(|at| at.elapsed() < COUNT) {
                continue;
            }
            match manager.missing_gauges(vs, clock.now()).await {
                Ok(None) => {}
                Ok(Some(missing)) => {
                    metrics.set_missing(vs.as_str(), &missing);
                    counted.insert(vs, Instant::now());
                }
                Err(error) => {
                    tracing::warn!(%error, virtual_server = %vs, "who has no token could not be counted; tried again");
                }
            }
        }
    }
}
