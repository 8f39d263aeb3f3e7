//! F-04: the disk of the database has no room left. What needs writing is refused, everybody who is signed in works on, and all is
//! well again as soon as there is room.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use doorward_tests::world::{Database, Installation, RamDisk};

use crate::measure::{logged, ms, quantile, secs, until};
use crate::people::{Ending, begin, flows, is_unavailable, until_somebody_signs_in, works_on};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-04",
    what: "the disk is full while people sign in (a tmpfs of 32 MiB), and gets room again",
    promise: "what needs writing gets 503 and a line in the log; valid sessions are served; it recovers without a restart; nothing is damaged",
    run: story,
};

fn story(scale: Scale) -> Found {
    let Some(disk) = RamDisk::mount(32) else {
        return Found::NotTried("this user may not mount a file system".to_owned());
    };
    let mut installation = Installation::new(Database::Sqlite);
    installation.store = format!("sqlite://{}", disk.path("doorward.db").display());
    installation.add_user("alice", None, &["staff"]);
    installation.add_user("bob", None, &["staff"]);
    let mut served = installation.serve();
    let intranet = served.url("intranet", "/");
    let mut bob = served.proxied_visitor();
    bob.with_password(&served.gateway, "bob", &intranet);
    let begun = flows(&installation);
    let (acknowledged, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (mut recovered, mut proxied) = (Duration::ZERO, Vec::new());

    for round in 0..scale.of(2, 10) {
        // Long unused, so that each session's use is to be noted down, which cannot be.
        installation.sql("UPDATE session SET last_seen_at = last_seen_at - 120000");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        match begin(&served, &intranet).status {
                            303 => acknowledged.fetch_add(1, Ordering::SeqCst),
                            503 => refused.fetch_add(1, Ordering::SeqCst),
                            other => panic!("neither done nor refused: {other}"),
                        };
                    }
                });
            }
            let ending = Ending(&over);
            std::thread::sleep(Duration::from_millis(300));
            disk.fill();
            // There is room in the log for a while.
            until("a write that is refused", Duration::from_secs(30), || begin(&served, &intranet).status == 503);
            is_unavailable(&begin(&served, &intranet));
            proxied.extend(works_on(&mut bob, &intranet, Duration::from_secs(1)));
            drop(ending);
        });
        assert!(logged(&served.gateway, &["WARN", "is unavailable", "disk is full"]), "round {round}");

        disk.make_room();
        recovered = recovered.max(until_somebody_signs_in(&served, &intranet, Duration::from_secs(5)));
        assert_eq!(installation.sql("PRAGMA integrity_check").trim(), "ok", "round {round}");
        assert!(flows(&installation) - begun >= acknowledged.load(Ordering::SeqCst), "what was acknowledged is there");
    }

    // Killed while it is full, and started when there is room again.
    disk.fill();
    served.gateway.kill();
    disk.make_room();
    served = installation.begin(served.ports);
    served.gateway.wait_ready();
    assert_eq!(installation.sql("PRAGMA integrity_check").trim(), "ok");
    assert_eq!(bob.get(&intranet).url, intranet, "nobody was signed out");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    Found::Held(vec![
        ("acknowledged and lost", format!("0 of {}", acknowledged.into_inner())),
        ("refused", refused.into_inner().to_string()),
        ("recovered within", secs(recovered)),
        ("corrupt", "0".to_owned()),
        ("proxied p99 while full", ms(quantile(&proxied, 0.99))),
    ])
}
