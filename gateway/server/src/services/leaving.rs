//! How the process is told to leave, and how long it stays: SIGTERM lets open requests finish, SIGQUIT hands the listeners to
//! a new process first, SIGINT ends it at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorward_proxy::Departure;
use pingora::server::{ExecutionPhase, ShutdownSignal, ShutdownSignalWatch};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{broadcast, oneshot};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::config::UpgradeSocket;
use crate::services::claims::Claims;

/// How long idle connections may still begin a request after SIGTERM: nobody takes them over, so whoever waits for the end is
/// not kept waiting. A client that is at it has its next request in by then, and is told to close.
const IDLE: Duration = Duration::from_secs(1);
/// Connections that have come and are in their TLS handshake are not counted yet; nobody leaves before this is over.
const LEAST: Duration = Duration::from_millis(500);
/// How long after SIGQUIT the new process may come to fetch the listeners.
const SUCCESSOR: Duration = Duration::from_secs(10);

/// Waits for a signal and makes ready for what it means.
pub(crate) struct Orders {
    departure: Arc<Departure>,
    grace: Duration,
    upgrade_socket: Option<UpgradeSocket>,
    claims: Mutex<Claims>,
}

impl Orders {
    /// The claims are given up at the first signal, so that whoever comes next finds the ports free.
    pub(crate) fn new(
        departure: Arc<Departure>,
        grace: Duration,
        upgrade_socket: Option<UpgradeSocket>,
        claims: Claims,
    ) -> Self {
        Self { departure, grace, upgrade_socket, claims: Mutex::new(claims) }
    }

    fn leave(&self, linger: Duration) {
        self.departure.set_linger(linger.min(self.grace / 2));
        *self.claims.lock().unwrap_or_else(PoisonError::into_inner) = Claims::default();
    }

    /// Returns once a new process waits for the listeners.
    async fn successor(&self) -> Result<(), String> {
        let Some(socket) = &self.upgrade_socket else { return Err("this process hands nothing over".to_owned()) };
        socket.check()?;
        let end = Instant::now() + SUCCESSOR;
        while !socket.is_awaited() {
            if Instant::now() >= end {
                return Err(format!("no new process waits at {}", socket.path().display()));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

#[async_trait]
impl ShutdownSignalWatch for Orders {
    async fn recv(&self) -> ShutdownSignal {
        let all = [SignalKind::quit(), SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let [Ok(mut quit), Ok(mut terminate), Ok(mut interrupt)] = all else {
            tracing::error!("signals cannot be listened to; the process can only be killed");
            return std::future::pending().await;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
                _ = terminate.recv() => {
                    self.leave(IDLE);
                    return ShutdownSignal::GracefulTerminate;
                }
                _ = quit.recv() => match self.successor().await {
                    Ok(()) => {
                        self.leave(Departure::LINGER);
                        return ShutdownSignal::GracefulUpgrade;
                    }
                    // Without anybody to take over, to leave would be an outage that nobody asked for.
                    Err(why) => tracing::error!(%why, "SIGQUIT: the listeners are not handed over, and are served on"),
                },
            }
        }
    }
}

/// Returns when it is time to go: the server has ended, or it was told to leave and nothing is under way any more, or a second
/// signal says at once.
///
/// # Errors
/// When the server has ended by itself.
pub(crate) fn wait_for_the_end(
    runtime: &Runtime,
    departure: &Departure,
    phases: broadcast::Receiver<ExecutionPhase>,
    ended: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    runtime.block_on(async {
        tokio::select! {
            ended = ended => ended.map_err(|_| Failure::Other("the server has ended without being told to".to_owned())),
            () = nothing_left(phases, departure) => Ok(()),
        }
    })
}

async fn nothing_left(mut phases: broadcast::Receiver<ExecutionPhase>, departure: &Departure) {
    loop {
        match phases.recv().await {
            Ok(ExecutionPhase::GracefulTerminate | ExecutionPhase::ShutdownGracePeriod) => break,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
    departure.begin();
    let idle = async {
        sleep(LEAST).await;
        departure.nothing_under_way().await;
    };
    tokio::select! {
        () = idle => {}
        () = told(SignalKind::interrupt()) => {}
        () = told(SignalKind::terminate()) => {}
    }
}

async fn told(what: SignalKind) {
    match signal(what) {
        Ok(mut signal) => drop(Signal::recv(&mut signal).await),
        Err(_) => std::future::pending().await,
    }
}
