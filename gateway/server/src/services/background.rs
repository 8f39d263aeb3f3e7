//! The jobs beside the request path, each a loop of its own. The list is in [`Background::start`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_access::provision::Provisioner;
use doorward_access::records::Collector;
use doorward_access::remind::Reminders;
use doorward_access::site::SharedSite;
use doorward_api::VirtualServerId;
use doorward_api::keys::MasterKey;
use doorward_api::ports::{Clock, Metrics, Sessions};
use doorward_audit::Checkpoints;
use doorward_proxy::tls::Certificates;
use doorward_proxy::{Departure, Fleet};
use doorward_store::Store;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Retention;
use crate::metrics::{MAIL_IS_LATE, PrometheusMetrics};
use crate::services::enrolment::count_enrolments;
use crate::services::memory::Memory;
use crate::services::retention::Trimming;
use crate::wire::Gateway;

/// What the jobs need besides the gateway.
pub(crate) struct Background {
    pub(crate) checkpoints: PathBuf,
    pub(crate) retention: Retention,
    pub(crate) key: MasterKey,
    pub(crate) virtual_servers: Vec<VirtualServerId>,
    /// The certificates that are served, for the gauge of when they end.
    pub(crate) certificates: Option<Arc<Certificates>>,
    pub(crate) memory: Memory,
}

/// How often expired rows are removed and gauges are read.
const JANITOR: Duration = Duration::from_secs(5);
/// How often it is looked for deadlines that are near.
const REMINDERS: Duration = Duration::from_mins(10);
/// How often provisioning tasks are looked at.
const PROVISIONING: Duration = Duration::from_secs(2);
/// How often the decisions that the gate has noted are taken up: between two times they must find room.
const DECISIONS: Duration = Duration::from_millis(50);
/// How often they are written down.
const DECISION_RECORDS: Duration = Duration::from_secs(10);
/// How often connections are counted and certificates looked at.
const GAUGES: Duration = Duration::from_secs(1);
/// So long before its end a certificate is to be replaced.
const CERTIFICATE_ENDS: Duration = Duration::from_hours(7 * 24);
/// How often the clocks are compared.
const CLOCK: Duration = Duration::from_secs(1);
/// How often the chain's end is looked at; the checkpoint itself follows 1,000 records or 60 seconds.
const CHECKPOINT: Duration = Duration::from_secs(1);
/// While it cannot be written, each so many-th failure is said.
const SAY_AGAIN: u32 = 60;
/// A job that broke off is begun anew after this.
const ANEW: Duration = Duration::from_secs(1);

impl Background {
    /// Starts every job.
    pub(crate) fn start(self, runtime: &Runtime, store: &Store, gateway: &Gateway) {
        let Self { checkpoints: folder, retention, key, virtual_servers, certificates, memory } = self;
        let (outbox, metrics) = (gateway.outbox.clone(), gateway.metrics.clone());
        keep(runtime, "outbox", move || {
            let outbox = outbox.clone();
            async move { outbox.run().await }
        });
        keep(runtime, "reminders", {
            let (reminders, clock) = (gateway.reminders.clone(), store.clock());
            move || remind(reminders.clone(), clock.clone())
        });
        keep(runtime, "decisions", {
            let collector = gateway.collector.clone();
            move || take_up_decisions(collector.clone())
        });
        keep(runtime, "decision records", {
            let (collector, clock) = (gateway.collector.clone(), store.clock());
            move || record_decisions(collector.clone(), clock.clone())
        });
        keep(runtime, "provisioning", {
            let (provisioner, clock) = (gateway.provisioner.clone(), store.clock());
            move || provision(provisioner.clone(), clock.clone())
        });
        keep(runtime, "janitor", {
            let (store, metrics, servers) = (store.clone(), metrics.clone(), virtual_servers.clone());
            move || janitor(store.clone(), metrics.clone(), servers.clone())
        });
        keep(runtime, "gauges", {
            let (departure, clock, metrics) = (gateway.departure.clone(), store.clock(), metrics.clone());
            move || gauges(departure.clone(), certificates.clone(), clock.clone(), metrics.clone())
        });
        keep(runtime, "memory", {
            let (headroom, metrics) = (gateway.headroom.clone(), metrics.clone());
            move || memory.clone().watch(headroom.clone(), metrics.clone())
        });
        keep(runtime, "upstreams", {
            let (fleet, site) = (gateway.fleet.clone(), gateway.site.clone());
            move || fleet.clone().check(site.clone())
        });
        keep(runtime, "upstream gauges", {
            let (fleet, site, metrics) = (gateway.fleet.clone(), gateway.site.clone(), metrics.clone());
            move || watch_upstreams(fleet.clone(), site.clone(), metrics.clone())
        });
        keep(runtime, "clock", {
            let (store, metrics) = (store.clone(), metrics.clone());
            move || watch_clock(store.clone(), metrics.clone())
        });
        for wanted in ["checkpoints", "mail", "certificates"] {
            metrics.set_ready(wanted, true);
        }
        keep(runtime, "enrolment gauges", {
            let (manager, clock) = (gateway.manager.clone(), store.clock());
            let (servers, metrics) = (virtual_servers.clone(), metrics.clone());
            move || count_enrolments(manager.clone(), clock.clone(), servers.clone(), metrics.clone())
        });
        let trimming = Trimming {
            checkpoints: folder.clone(),
            key: key.clone(),
            retention,
            virtual_servers: virtual_servers.clone(),
            store: store.clone(),
            metrics: metrics.clone(),
        };
        keep(runtime, "retention", move || trimming.clone().run());
        keep(runtime, "checkpoints", {
            let store = store.clone();
            move || {
                let signer = Checkpoints::new(folder.clone(), &key);
                checkpoints(signer, store.clone(), virtual_servers.clone(), metrics.clone())
            }
        });
    }
}

/// Runs a job for as long as the process lives: one that a mistake of ours has ended is begun anew (F-30).
pub(crate) fn keep<F>(runtime: &Runtime, job: &'static str, begin: impl Fn() -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime.spawn(async move {
        while tokio::spawn(begin()).await.is_err_and(|ended| ended.is_panic()) {
            tracing::error!(job, "a job of the background broke off; it is begun anew");
            sleep(ANEW).await;
        }
    });
}

/// Writes to those whose deadline is near.
async fn remind(reminders: Arc<Reminders>, clock: Arc<dyn Clock>) {
    let mut ticks = interval(REMINDERS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match reminders.remind(clock.now()).await {
            Ok(reminded) if reminded > 0 => tracing::info!(reminded, "users were reminded of a deadline to enrol"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "not everybody could be reminded of their deadline; tried again"),
        }
    }
}

/// Takes up decisions, and asks the policies in the shadow.
async fn take_up_decisions(collector: Arc<Collector>) {
    let mut ticks = interval(DECISIONS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        collector.gather();
    }
}

/// Writes down what was decided, and takes away what is too old.
async fn record_decisions(collector: Arc<Collector>, clock: Arc<dyn Clock>) {
    let mut ticks = interval(DECISION_RECORDS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        collector.write().await;
        collector.sweep(clock.now()).await;
    }
}

/// Writes the mails of provisioning tasks, and ends what has missed its stop date.
async fn provision(provisioner: Arc<Provisioner>, clock: Arc<dyn Clock>) {
    let mut ticks = interval(PROVISIONING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match provisioner.run(clock.as_ref()).await {
            Ok(mailed) if mailed > 0 => tracing::info!(mailed, "mails of provisioning tasks were queued"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "provisioning tasks could not be advanced; tried again"),
        }
    }
}

async fn janitor(store: Store, metrics: Arc<PrometheusMetrics>, virtual_servers: Vec<VirtualServerId>) {
    let clock = store.clock();
    let mut ticks = interval(JANITOR);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock.now();
        match store.sweep(now).await {
            Ok(swept) if swept > 0 => tracing::debug!(rows = swept, "expired rows were removed"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "expired rows could not be removed; tried again"),
        }
        match store.expire_mails(now).await {
            Ok(expired) => {
                for mail in expired {
                    metrics.mail(mail.virtual_server.as_str(), mail.kind.as_str(), "expired");
                }
            }
            Err(error) => tracing::warn!(%error, "expired mails could not be dropped; tried again"),
        }
        for vs in &virtual_servers {
            if let Ok(live) = store.live_sessions(vs, now).await {
                metrics.set_live_sessions(vs.as_str(), live);
            }
        }
        if let Ok(waiting) = store.waiting_mails().await {
            metrics.set_ready("mail", waiting.iter().all(|mails| now.since(mails.since) < MAIL_IS_LATE));
            for vs in &virtual_servers {
                let of_it = waiting.iter().find(|mails| mails.virtual_server == *vs);
                let (count, oldest) = of_it.map_or((0, Duration::ZERO), |mails| (mails.count, now.since(mails.since)));
                metrics.set_waiting_mails(vs.as_str(), count, oldest);
            }
        }
    }
}

/// Tells which upstreams get requests.
async fn watch_upstreams(fleet: Arc<Fleet>, site: SharedSite, metrics: Arc<PrometheusMetrics>) {
    let mut ticks = interval(GAUGES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Vec::new();
    loop {
        ticks.tick().await;
        let health = fleet.health(&site.load());
        if health != told {
            metrics.set_upstreams(&health);
            told = health;
        }
    }
}

/// Reads what is counted elsewhere.
async fn gauges(
    departure: Arc<Departure>,
    certificates: Option<Arc<Certificates>>,
    clock: Arc<dyn Clock>,
    metrics: Arc<PrometheusMetrics>,
) {
    let mut ticks = interval(GAUGES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        ticks.tick().await;
        metrics.set_connections(departure.under_way());
        if let Some(certificates) = &certificates {
            let ends = certificates.ends();
            let soon = (clock.now() + CERTIFICATE_ENDS).millis() / 1000;
            metrics.set_ready("certificates", ends.values().all(|end| *end > soon));
            // There may be thousands, and they change when they are reloaded.
            if told.as_ref().is_none_or(|told| !Arc::ptr_eq(told, &ends)) {
                metrics.set_certificates(&ends);
                told = Some(ends);
            }
        }
    }
}

/// Tells when the clocks are too far apart, and when they agree again (SEC 5.13).
async fn watch_clock(store: Store, metrics: Arc<PrometheusMetrics>) {
    let mut ticks = interval(CLOCK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alarmed = false;
    loop {
        ticks.tick().await;
        let drift = store.drift();
        let seconds = drift.seconds();
        metrics.set_clock_drift(seconds);
        match (alarmed, drift.alarms()) {
            (false, true) => tracing::error!(seconds, "this machine's clock and the store's are more than 5 s apart"),
            (true, false) => tracing::info!(seconds, "this machine's clock and the store's agree again"),
            _ => {}
        }
        alarmed = drift.alarms();
    }
}

/// Records are in the database with the changes that they tell of, whatever becomes of a checkpoint; one that is late covers
/// all that came since the last. So requests go on without, and operators are told (F-05).
async fn checkpoints(
    mut checkpoints: Checkpoints,
    store: Store,
    virtual_servers: Vec<VirtualServerId>,
    metrics: Arc<PrometheusMetrics>,
) {
    let clock = store.clock();
    let mut ticks = interval(CHECKPOINT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = 0_u32;
    loop {
        ticks.tick().await;
        let mut written = true;
        for vs in &virtual_servers {
            let now = clock.now();
            match checkpoints.advance(&store, vs, now).await {
                Ok(_) => metrics.set_checkpoint(vs.as_str(), now),
                Err(error) => {
                    written = false;
                    if failures.is_multiple_of(SAY_AGAIN) {
                        tracing::error!(%error, virtual_server = %vs, "the audit checkpoint could not be written; tried again");
                    }
                }
            }
        }
        metrics.set_ready("checkpoints", written);
        if written && failures > 0 {
            tracing::info!("audit checkpoints are written again");
        }
        failures = if written { 0 } else { failures.saturating_add(1) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_job_that_panics_is_begun_anew() {
        static BEGUN: AtomicU32 = AtomicU32::new(0);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        keep(&runtime, "one that panics once", || async {
            if BEGUN.fetch_add(1, Ordering::SeqCst) == 0 {
                std::panic::panic_any("a mistake of ours");
            }
            std::future::pending().await
        });
        let end = Instant::now() + Duration::from_secs(20);
        while BEGUN.load(Ordering::SeqCst) < 2 {
            assert!(Instant::now() < end);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
