//! F-29: mixed traffic for a long time: nothing grows. Three minutes with `make faults`, or as many seconds as `DOORWARD_SOAK` says
//! (1800 is what the promise is worded for).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::process::resident;
use doorward_tests::world::{Asker, Database, Gateway, Installation, Load, Served, exchange};

use crate::people::{Ending, signs_in, somebody};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-29",
    what: "mixed traffic for a long time: pages on kept and new connections, sign-ins, sign-outs, uploads, strangers",
    promise: "no answer of 5xx, no request lost, open files and memory do not grow (less than 1 MiB in 10 minutes, over half an hour)",
    run: story,
};

/// From here on the slope of the memory is what is promised; before, caches fill and the allocator settles.
const LONG: Duration = Duration::from_secs(1800);

/// How much may come in a run that is shorter than that, in the second half of it.
const SETTLING: f64 = 24.0;

fn story(scale: Scale) -> Found {
    let seconds = std::env::var("DOORWARD_SOAK").ok().map(|text| text.parse().expect("DOORWARD_SOAK is in seconds"));
    let time = Duration::from_secs(scale.of(8, seconds.unwrap_or(180)));
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let load = Load::start(askers(&served));
    let over = AtomicBool::new(false);
    let mut samples = Vec::new();
    std::thread::scope(|scope| {
        let _ending = Ending(&over);
        scope.spawn(|| come_and_go(&served, &over));
        scope.spawn(|| upload(&served, &over));
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::thread::sleep(time / 40);
            samples.push(Sample::of(&served.gateway, begun.elapsed()));
        }
    });
    let tally = load.stop();
    assert!(tally.lost.is_empty(), "{} of {}: {:?}", tally.lost.len(), tally.sent, tally.lost.first());
    let failed = errors(&served.gateway);
    assert!(failed.is_empty(), "{failed:?}");

    let (early, late) = samples.split_at(samples.len() / 2);
    let most = |part: &[Sample]| part.iter().map(|sample| sample.files).max().unwrap();
    let (before, after) = (most(early), most(late));
    assert!(after <= before + 16, "open files: at most {before} at first, and {after} later");
    let slope = slope(late) * 600.0;
    let (first, last) = (late[0].memory, late[late.len() - 1].memory);
    if time >= LONG {
        assert!(slope < 1.0, "{slope:.2} MiB in 10 minutes");
    } else {
        assert!(last - first < SETTLING, "from {first:.1} to {last:.1} MiB in half of {time:?}");
    }
    Found::Held(vec![
        ("time", format!("{} s", time.as_secs())),
        ("requests", tally.sent.to_string()),
        ("5xx", "0".to_owned()),
        ("open files", format!("{before} then {after}")),
        ("memory", format!("{last:.0} MiB, {slope:+.2} MiB in 10 minutes over the second half")),
    ])
}

/// Everybody and somebody who is signed in, on kept and on new connections; and a stranger, who is sent to sign in.
fn askers(served: &Served) -> Vec<Asker> {
    let mut alice = somebody(served);
    alice.with_password(&served.gateway, "alice", &served.url("intranet", "/"));
    let cookie = alice.cookie("intranet.example.test", "__Host-doorward_app");
    let port = served.ports.http;
    let plain = |host: &str| Asker { fields: "X-Forwarded-Proto: https\r\n".to_owned(), ..Asker::plain(port, host) };
    let public = plain("public.example.test");
    let intranet = plain("intranet.example.test");
    let signed_in = Asker {
        fields: format!("X-Forwarded-Proto: https\r\nCookie: __Host-doorward_app={cookie}\r\n"),
        ..intranet.clone()
    };
    let stranger =
        Asker { status: 303, fields: "X-Forwarded-Proto: https\r\nAccept: text/html\r\n".to_owned(), ..intranet };
    let kept = public.clone().times(3).chain(signed_in.clone().times(2)).chain(stranger.clone().times(1));
    kept.chain([public.anew(), signed_in.anew(), stranger.anew()]).collect()
}

/// One after the other signs in and out.
fn come_and_go(served: &Served, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        assert!(signs_in(served, &served.url("intranet", "/")));
        let mut bob = somebody(served);
        bob.with_password(&served.gateway, "bob", &served.url("intranet", "/"));
        assert_eq!(bob.sign_out(&served.url("login", "/")).status, 303);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// 256 KiB, again and again.
fn upload(served: &Served, over: &AtomicBool) {
    let body = vec![b'a'; 256 * 1024];
    while !over.load(Ordering::SeqCst) {
        let fields = [("X-Forwarded-Proto", "https")];
        assert_eq!(exchange(served.ports.http, "POST", "public.example.test", "/", &fields, &body).status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Series that count answers of 5xx.
fn errors(gateway: &Gateway) -> Vec<String> {
    let text = exchange(gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text();
    let counted = |line: &&str| line.starts_with("doorward_requests_total") && line.contains("\"5xx\"");
    text.lines().filter(counted).map(str::to_owned).collect()
}

/// What the process has at a moment.
struct Sample {
    at: Duration,
    /// In MiB.
    memory: f64,
    files: usize,
}

impl Sample {
    fn of(gateway: &Gateway, at: Duration) -> Self {
        let files = std::fs::read_dir(format!("/proc/{}/fd", gateway.pid())).unwrap().count();
        Self { at, memory: resident(gateway.pid()) as f64 / 1024.0, files }
    }
}

/// The line of least squares through the memory, in MiB for each second.
fn slope(samples: &[Sample]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (at, memory) = (mean(|sample| sample.at.as_secs_f64()), mean(|sample| sample.memory));
    let apart = |sample: &Sample| sample.at.as_secs_f64() - at;
    let both: f64 = samples.iter().map(|sample| apart(sample) * (sample.memory - memory)).sum();
    both / samples.iter().map(|sample| apart(sample).powi(2)).sum::<f64>()
}
