//! Tells collectors of logs and webhooks of audit records: the ways there, a job for each, and how it stands with them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_access::site::Site;
use doorward_api::audit::StoredRecord;
use doorward_api::ports::{AuditLog, AuditOutlets, Clock, Entropy};
use doorward_api::{OutletId, StoreError, Timestamp, VirtualServerId};
use doorward_audit::outlets::syslog::Heading;
use doorward_audit::outlets::webhook::{Verdict, posted, verdict};
use doorward_audit::outlets::{Carried, Carrier, Courier, Patience, Stop};
use doorward_connect::{Collector, HttpClient};
use doorward_store::{Store, SystemEntropy};
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

use crate::Failure;
use crate::config::{OutletSettings, OutletWay, WebhookSettings};
use crate::metrics::PrometheusMetrics;
use crate::services::background::keep;

/// Records that a collector is handed over one connection.
const BATCH: u32 = 500;
/// Records that a webhook is told of before it is written down how far it has come.
const POSTS: usize = 10;
/// How often it is looked how it stands with outlets.
const LOOK: Duration = Duration::from_secs(2);

/// The outlets of a configuration.
pub(crate) struct Outlets(Vec<Outlet>);

/// One outlet of one virtual server.
#[derive(Clone)]
struct Outlet {
    virtual_server: VirtualServerId,
    id: OutletId,
    whole_trail: bool,
    patience: Patience,
    carrier: Arc<dyn Carrier>,
}

impl Outlets {
    /// Of what is configured; nothing is connected to.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn of(settings: &[OutletSettings], site: &Site, clock: &Arc<dyn Clock>) -> Result<Self, Failure> {
        let mut all = Vec::new();
        for one in settings {
            for vs in &one.virtual_servers {
                let host = site.virtual_server(vs).map_or("", |server| server.portal_host.as_str());
                let (carrier, patience) = carrier(&one.way, host, clock)?;
                let (virtual_server, id) = (vs.clone(), one.id.clone());
                all.push(Outlet { virtual_server, id, whole_trail: one.whole_trail, patience, carrier });
            }
        }
        Ok(Self(all))
    }

    /// Notes in the store that they are configured. Before anything is taken out of the trail: an outlet that is new there
    /// has been told nothing yet.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) fn want(&self, runtime: &Runtime, store: &Store, now: Timestamp) -> Result<(), Failure> {
        for Outlet { virtual_server, id, whole_trail, .. } in &self.0 {
            let wanted = store.want_outlet(virtual_server, id, *whole_trail, now);
            runtime.block_on(wanted).map_err(|error| Failure::Store(error.to_string()))?;
        }
        Ok(())
    }

    /// Starts a job for each, and one that looks how it stands with them.
    pub(crate) fn start(self, runtime: &Runtime, store: &Store, metrics: &Arc<PrometheusMetrics>) {
        metrics.set_ready("outlets", true);
        if self.0.is_empty() {
            return;
        }
        // One that broke off is begun anew, and is still the same holder.
        let holder = SystemEntropy.id();
        for outlet in &self.0 {
            let courier = Arc::new(Courier {
                store: Arc::new(store.clone()),
                virtual_server: outlet.virtual_server.clone(),
                outlet: outlet.id.clone(),
                holder: holder.clone(),
                carrier: outlet.carrier.clone(),
                patience: outlet.patience,
                clock: store.clock(),
                entropy: Arc::new(SystemEntropy),
                watch: metrics.clone(),
            });
            keep(runtime, "outlet", move || {
                let courier = courier.clone();
                async move { courier.run().await }
            });
        }
        let (store, metrics, all) = (store.clone(), metrics.clone(), Arc::new(self.0));
        keep(runtime, "outlets", move || watch(store.clone(), metrics.clone(), all.clone()));
    }
}

/// Tells how far behind each is, and for how long it has failed, whichever process tells it.
async fn watch(store: Store, metrics: Arc<PrometheusMetrics>, all: Arc<Vec<Outlet>>) {
    let clock = store.clock();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (now, mut well) = (clock.now(), Ok(true));
        for outlet in all.iter() {
            well = look(&store, &metrics, outlet, now).await.and_then(|fine| well.map(|others| others && fine));
        }
        // A store that is away says nothing of outlets.
        if let Ok(well) = well {
            metrics.set_ready("outlets", well);
        }
    }
}

async fn look(
    store: &Store,
    metrics: &PrometheusMetrics,
    Outlet { virtual_server: vs, id, .. }: &Outlet,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(state) = store.outlet(vs, id).await? else { return Ok(true) };
    let behind = store.head(vs).await?.seq.saturating_sub(state.sent).max(0);
    let since = state.failing_since.or(state.disabled_at);
    let failing = since.map(|since| now.since(since));
    metrics.set_outlet(vs.as_str(), id.as_str(), behind, failing.unwrap_or_default());
    Ok(failing.is_none())
}

fn carrier(way: &OutletWay, host: &str, clock: &Arc<dyn Clock>) -> Result<(Arc<dyn Carrier>, Patience), Failure> {
    Ok(match way {
        OutletWay::Syslog { collector, facility, app_name } => {
            let collector = Collector::new(collector.clone()).map_err(Failure::other)?;
            let heading = Heading { facility: *facility, hostname: host.to_owned(), app_name: app_name.clone() };
            (Arc::new(ToCollector { collector, heading }), Patience::COLLECTOR)
        }
        OutletWay::Webhook(settings) => {
            let client = HttpClient::new(settings.reach, settings.authorities.as_deref()).map_err(Failure::other)?;
            (Arc::new(ToWebhook { client, settings: settings.clone(), clock: clock.clone() }), Patience::WEBHOOK)
        }
    })
}

/// The way to a collector of logs: a batch is taken whole, or comes again.
struct ToCollector {
    collector: Collector,
    heading: Heading,
}

#[async_trait]
impl Carrier for ToCollector {
    fn at_once(&self) -> u32 {
        BATCH
    }

    async fn carry(&self, records: &[StoredRecord]) -> Carried {
        let batch: Vec<u8> = records.iter().flat_map(|record| self.heading.frame(record)).collect();
        match self.collector.deliver(&batch).await {
            Ok(()) => Carried { done: records.len(), told: records.len(), stop: None },
            Err(error) => Carried { done: 0, told: 0, stop: Some(Stop::Failed(error.to_string())) },
        }
    }
}

/// The way to a webhook: one record after the other.
struct ToWebhook {
    client: HttpClient,
    settings: WebhookSettings,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Carrier for ToWebhook {
    fn at_once(&self) -> u32 {
        BATCH
    }

    async fn carry(&self, records: &[StoredRecord]) -> Carried {
        let mut carried = Carried { done: 0, told: 0, stop: None };
        for record in records {
            if self.settings.interest.covers(record) {
                if carried.told == POSTS {
                    break;
                }
                carried.stop = self.post(record).await;
                if carried.stop.is_some() {
                    break;
                }
                carried.told += 1;
            }
            carried.done += 1;
        }
        carried
    }
}

impl ToWebhook {
    /// Why it was not taken, if it was not.
    async fn post(&self, record: &StoredRecord) -> Option<Stop> {
        let WebhookSettings { url, secrets, patience, .. } = &self.settings;
        let request = posted(record, secrets, self.clock.now());
        let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let status = match self.client.post(url, headers, request.body.into_bytes(), *patience).await {
            Ok(answer) => answer.status,
            Err(error) => return Some(Stop::Failed(error.to_string())),
        };
        let reason = format!("it answered {status}");
        match verdict(status) {
            Verdict::Taken => None,
            Verdict::Later => Some(Stop::Failed(reason)),
            Verdict::Refused => Some(Stop::Refused(reason)),
            Verdict::Gone => Some(Stop::Gone(reason)),
        }
    }
}
