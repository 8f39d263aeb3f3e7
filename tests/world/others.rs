//! Other people's requests, while somebody makes it hard for the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::http::exchange;

/// Somebody who asks for the same page again and again, over a front proxy on this machine.
pub struct Others {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Others {
    /// One request every so often, from now on. Any answer but 200 fails the test at its end.
    pub fn ask(port: u16, host: &str, every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, host) = (stop.clone(), host.to_owned());
        let thread = std::thread::spawn(move || {
            let mut took = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                let begun = Instant::now();
                let answer = exchange(port, "GET", &host, "/", &[("X-Forwarded-Proto", "https")], b"");
                assert_eq!(answer.status, 200, "{}", answer.text());
                took.push(begun.elapsed());
                std::thread::sleep(every);
            }
            took
        });
        Self { stop, thread }
    }

    /// How long these requests took: their number, the median and the 99th of a hundred.
    pub fn end(self) -> (usize, Duration, Duration) {
        self.stop.store(true, Ordering::SeqCst);
        let mut took = self.thread.join().expect("every request of others is answered");
        took.sort();
        let of = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
        (took.len(), of(50), of(99))
    }
}
