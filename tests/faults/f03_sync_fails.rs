//! F-03: the disk says once that it could not keep what was written. What the kernel has dropped then a later success would not
//! bring back, so the process writes no more, and says so, until it is started anew.

use std::time::Duration;

use doorward_tests::world::{Database, Installation, Strace};

use crate::measure::{logged, readiness, until};
use crate::people::{begin, flows, is_unavailable};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-03",
    what: "fdatasync fails once with EIO, at once or after 4 s (strace injects it)",
    promise: "that request gets 503, the process is not ready and acknowledges nothing more; what it had acknowledged is there after a restart",
    run: story,
};

fn story(scale: Scale) -> Found {
    let (mut acknowledged, mut refused) = (0, 0);
    // The first write, the seventh, and one that fails only when nobody waits for it any more.
    let tries: &[&str] = scale.of(
        &["when=7", "delay_enter=4s:when=2"],
        &["when=1", "when=2", "when=7", "when=20", "delay_enter=4s:when=1", "delay_enter=4s:when=7"],
    );
    for when in tries {
        let Some((kept, turned_away)) = one(when) else {
            return Found::NotTried("this user may not trace processes".to_owned());
        };
        acknowledged += kept;
        refused += turned_away;
    }
    Found::Held(vec![
        ("false acknowledgements", format!("0 of {acknowledged}")),
        ("refused afterwards", refused.to_string()),
        ("disks that failed", tries.len().to_string()),
    ])
}

/// How many changes were acknowledged, and how many forms refused.
fn one(when: &str) -> Option<(usize, usize)> {
    let installation = Installation::with_users(Database::Sqlite);
    let mut served = installation.serve();
    let intranet = served.url("intranet", "/");
    let mut bob = served.proxied_visitor();
    bob.with_password(&served.gateway, "bob", &intranet);
    let before = flows(&installation);

    let fault = format!("inject=fdatasync,fsync:error=EIO:{when}");
    let strace = Strace::attach(served.gateway.pid(), &["-e", "trace=fdatasync,fsync", "-e", &fault])?;
    let mut acknowledged = 0;
    let answer = loop {
        let answer = begin(&served, &intranet);
        match answer.status {
            303 => acknowledged += 1,
            _ => break answer,
        }
        assert!(acknowledged < 100, "the fault never comes: {when}");
    };
    is_unavailable(&answer);
    let calls = strace.seen();
    let given =
        until("the end of the call that fails", Duration::from_secs(10), || strace.seen().contains("(INJECTED)"));
    assert!(given < Duration::from_secs(8), "{calls}");
    until("that it is not ready", Duration::from_secs(5), || {
        readiness(&served.gateway, "store") == (503, "missing".into())
    });
    drop(strace);

    // The disk is in order again; this process does not believe it.
    let mut refused = 0;
    for _ in 0..10 {
        let answer = begin(&served, &intranet);
        is_unavailable(&answer);
        refused += 1;
    }
    assert_eq!(readiness(&served.gateway, "store"), (503, "missing".into()));
    assert!(logged(&served.gateway, &["ERROR", "could not be brought to the disk"]));
    let log = served.gateway.log.lock().unwrap().clone();
    assert_eq!(log.matches("could not be brought to the disk").count(), 1, "it is said once: {log}");
    assert_eq!(bob.get(&intranet).status(), 200, "who has a session is served all the same");

    // Started anew, it has every flow that was acknowledged; the one whose answer was 503 may be there whole.
    served.gateway.kill();
    served = installation.begin(served.ports);
    served.gateway.wait_ready();
    let after = flows(&installation) - before;
    assert!((acknowledged..=acknowledged + 1).contains(&after), "{acknowledged} acknowledged, {after} there");
    assert_eq!(installation.sql("PRAGMA integrity_check").trim(), "ok");
    assert_eq!(begin(&served, &intranet).status, 303);
    assert_eq!(bob.get(&intranet).url, intranet, "and nobody was signed out");
    Some((acknowledged, refused))
}
