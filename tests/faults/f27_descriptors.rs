//! F-27: hardly any file descriptors, and many who connect. Whoever is too many is closed at once and costs next to nothing, whoever
//! is in is served, health answers, and all is as before when they have gone.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use doorward_tests::world::{Connection, Installation, Origin, Served, exchange, site};

use crate::measure::{secs, until};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-27",
    what: "128 file descriptors and 500 connections",
    promise: "those for which there is no room are closed at once, nothing spins (below 20 % of a core), those that are in are served, \
              health answers, and it recovers",
    run: story,
};

const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;
const DESCRIPTORS: usize = 128;
const CROWD: usize = 500;

fn story(scale: Scale) -> Found {
    let origin = Origin::start();
    let installation = site(POLICIES, &[("open", origin.port, "")], &[]);
    let served = few_descriptors(&installation);
    let mut inside = Connection::open(served.ports.http, "open.example.test").unwrap();
    assert_eq!(inside.get("/", "").unwrap().status, 200);

    let mut crowd: Vec<TcpStream> =
        (0..CROWD).map(|_| TcpStream::connect(("127.0.0.1", served.ports.http)).unwrap()).collect();
    let mut open = CROWD;
    until("those that are too many are closed", Duration::from_secs(10), || {
        let before = open;
        crowd.retain_mut(is_open);
        open = crowd.len();
        open < CROWD / 2 && open == before
    });
    assert!(open > 0, "some found room");
    let refused = || served.gateway.metric("doorward_front_refusals_total{reason=\"too_many_in_all\"}");
    // Readiness looks whether its own listeners take connections.
    assert!(refused() as usize >= CROWD - open, "each is counted");
    assert!(descriptors(&served) < DESCRIPTORS, "there are some to spare");

    // Whoever keeps coming costs little, and who is in is served meanwhile.
    let watch = scale.of(Duration::from_secs(2), Duration::from_secs(20));
    let (begun, cpu) = (Instant::now(), cpu_time(&served));
    let (mut healthy, mut knocked) = (0, 0);
    while begun.elapsed() < watch {
        assert_eq!(exchange(served.gateway.metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status, 200);
        assert_eq!(exchange(served.gateway.metrics, "GET", "127.0.0.1", "/readyz", &[], b"").status, 200);
        assert_eq!(inside.get("/", "").unwrap().status, 200);
        healthy += 1;
        knocked += usize::from(TcpStream::connect(("127.0.0.1", served.ports.http)).is_ok());
        std::thread::sleep(Duration::from_millis(100));
    }
    let used = (cpu_time(&served) - cpu).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    assert!(used < 20.0, "{used:.0} % of a core");
    assert!(refused() as usize >= CROWD - open + knocked);

    drop(crowd);
    let back = until("somebody new is served", Duration::from_secs(10), || {
        Connection::open(served.ports.http, "open.example.test").is_ok_and(|mut new| new.get("/", "").is_ok())
    });
    let log = served.gateway.log.lock().unwrap().clone();
    assert!(!log.contains("Accept() failed") && !log.contains("Too many open files"), "{log}");
    Found::Held(vec![
        ("connections that found room", format!("{} of {}", open + 1, CROWD + 1)),
        ("CPU meanwhile", format!("{used:.0} %")),
        ("health answered", format!("{healthy} of {healthy} times")),
        ("recovered after", secs(back)),
    ])
}

/// A gateway that has no more than so many, and cannot take more.
fn few_descriptors(installation: &Installation) -> Served {
    let served = installation.begin_by(&["prlimit", &format!("--nofile={DESCRIPTORS}:{DESCRIPTORS}")]);
    served.gateway.wait_ready();
    served
}

fn is_open(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

fn descriptors(served: &Served) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", served.gateway.pid())).unwrap().count()
}

/// What the process has used of all cores together (proc(5): fields 14 and 15, in hundredths of a second).
fn cpu_time(served: &Served) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.gateway.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
    Duration::from_millis((ticks(14) + ticks(15)) * 10)
}
