//! What takes everything at once: a large file, a large group that is deleted and a backup while pages are asked for, and how it is
//! brought back.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Served};

use crate::pages::{Asked, Operator};
use crate::world::Extent;
use crate::{Keeps, begin, nth};

/// A page that is asked for while something long is done.
const MEANWHILE: &str = "/users?q=m";

/// What a page shows when it comes next, and whoever asks by API waits for: the enrolments of a group, found among all of them.
pub(crate) fn counts(keeps: &Keeps, installation: &Installation, served: &Served, operator: &Operator) -> String {
    keeps.forgets(installation, served, operator);
    let [cold, warm] = [(); 2].map(|()| operator.counts(&served.gateway));
    format!(
        "- The enrolments of a group are counted, beside the page, in {} s, from a cold page cache in {} s.\n",
        seconds(warm),
        seconds(cold)
    )
}

/// Every record of one event, as a table: one in ten of all there are.
pub(crate) fn file(installation: &Installation, served: &Served, operator: &Operator, extent: Extent) -> String {
    let to = installation.path("records.csv");
    let began = Instant::now();
    let ended = operator.takes_away(&served.gateway, "/api/v1/audit/records.csv?event=TOKEN_ASSIGNED", &to);
    let took = began.elapsed();
    let (rows, bytes) = std::fs::read(&to).map_or((0, 0), |file| (lines(&file), file.len()));
    let said = if ended && rows == extent.records / 10 + 1 { "whole" } else { "NOT WHOLE" };
    let _ = std::fs::remove_file(&to);
    format!("- A file of {} audit records ({} MB): {} s, {said}.\n", rows.max(1) - 1, bytes >> 20, seconds(took))
}

fn lines(file: &[u8]) -> u64 {
    file.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A backup while a page is asked for again and again, and what it takes to have it back. Sessions end thereby, so it comes last.
pub(crate) fn backup(database: Database, installation: &Installation, served: Served, operator: &Operator) -> String {
    // With PostgreSQL, that is the server's own business.
    if database == Database::Postgres {
        return String::new();
    }
    let to = installation.path("backup");
    let (made, pages) = meanwhile(&served, operator, || {
        timed(installation, &["backup"], &["--to", &to.display().to_string()]);
    });
    let size = std::fs::metadata(installation.path("doorward.db")).map_or(0, |file| file.len());
    drop(served);
    let restored = timed(installation, &["restore"], &["--from", &to.display().to_string(), "--replace"]);
    let began = Instant::now();
    let again = begin(installation);
    let ready = began.elapsed();
    let ended = operator.is_signed_out(&again.gateway);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "- A backup of {} MB while a list of users was asked for: {} s. {pages}",
        size >> 20,
        seconds(made),
    );
    let said = if ended { "nobody was signed in any more" } else { "SOMEBODY WAS STILL SIGNED IN" };
    let _ = writeln!(
        text,
        "- It was brought back in {} s; the gateway was ready {} s after its start, and {said}.",
        seconds(restored),
        seconds(ready)
    );
    text
}

/// A quarter of all users, who are in one group: it is deleted, and waited for until the last of them is out of it.
pub(crate) fn deletion(served: &Served, operator: &Operator, extent: Extent) -> String {
    let (took, pages) = meanwhile(served, operator, || operator.deletes(&served.gateway, "/groups/g-201"));
    format!(
        "- A group of {} members was deleted while a list of users was asked for: {} s. {pages}\n",
        extent.users / 4,
        seconds(took)
    )
}

/// How long something takes, and in words, how long a list of users takes before and meanwhile.
fn meanwhile(served: &Served, operator: &Operator, long: impl FnOnce()) -> (Duration, String) {
    let page = Asked::page("meanwhile", MEANWHILE);
    let before: Vec<Duration> = (0..100).map(|_| operator.ask(&served.gateway, &page)).collect();
    let over = AtomicBool::new(false);
    let (took, during) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut times = Vec::new();
            while !over.load(Ordering::SeqCst) {
                times.push(operator.ask(&served.gateway, &page));
            }
            times
        });
        let began = Instant::now();
        long();
        let took = began.elapsed();
        over.store(true, Ordering::SeqCst);
        (took, asking.join().unwrap_or_default())
    });
    let words = format!(
        "The list: p50 {} ms and p99 {} ms meanwhile ({} times), {} ms and {} ms before.",
        nth(&during, 50).as_millis(),
        nth(&during, 99).as_millis(),
        during.len(),
        nth(&before, 50).as_millis(),
        nth(&before, 99).as_millis()
    );
    (took, words)
}

fn timed(installation: &Installation, words: &[&str], arguments: &[&str]) -> Duration {
    let began = Instant::now();
    let output = installation.command(words, arguments, "");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

/// Takes an address's answer away by `curl`, whose reader is as slow as its disk. Whether all of it came.
pub(crate) fn taken_by_curl(url: &str, header: &str, to: &Path) -> bool {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--header", header, "--output"]).arg(to).arg(url);
    curl.status().is_ok_and(|status| status.success())
}
