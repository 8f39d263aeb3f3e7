//! F-02: what a power cut would find. Nobody is told that something is done before the disk has it: the write-ahead log's
//! `fdatasync` has ended when the answer begins.

use std::time::Duration;

use doorward_tests::world::{Database, Installation, Strace};

use crate::measure::until;
use crate::people::{begin, somebody};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-02",
    what: "power loss at any moment (the order of system calls, as strace sees it)",
    promise: "no answer that acknowledges a change begins before the write-ahead log's fdatasync has ended",
    run: story,
};

/// What is watched: requests and answers, what is written to a file, and when it is brought to the disk.
const CALLS: &str = "trace=read,recvfrom,pwrite64,fdatasync,fsync,write,sendto,writev,sendmsg";

fn story(scale: Scale) -> Found {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let wanted = scale.of(60, 1000);
    // What a process does once only is done before.
    served.proxied_visitor().with_password(&served.gateway, "bob", &intranet);

    let Some(strace) = Strace::attach(served.gateway.pid(), &["-e", CALLS]) else {
        return Found::NotTried("this user may not trace processes".to_owned());
    };
    let mut sent = 0;
    while sent < wanted {
        // Each of these changes what is stored: a flow's next step, a counter, a session and its record.
        if sent % 20 == 19 {
            let mut visitor = somebody(&served);
            visitor.with_password(&served.gateway, "alice", &intranet);
            sent += 2;
        } else {
            assert_eq!(begin(&served, &intranet).status, 303);
            sent += 1;
        }
    }
    let calls = strace.detach();
    let (acknowledged, early) = judge(&calls);
    assert!(acknowledged >= wanted, "{acknowledged} of {sent} acknowledgements were seen\n{}", tail(&calls));
    assert!(early.is_empty(), "{} answers began before the disk had what they tell: {}", early.len(), early.join("\n"));
    // Were it otherwise, this would see it.
    let without: Vec<&str> = calls.lines().filter(|line| !line.contains("sync")).collect();
    assert!(judge(&without.join("\n")).1.len() >= acknowledged, "answers without a sync before them");
    until("it goes on unwatched", Duration::from_secs(10), || served.proxied_visitor().get(&intranet).status() == 200);
    Found::Held(vec![("violations", format!("0 of {acknowledged}"))])
}

/// How many forms were acknowledged, and the answers that began too early.
///
/// Between a form's arrival and its answer there is a commit: pages written to the log, and the log brought to the disk. Requests
/// come one after the other, and SQLite has one writer: a page that is in the log and not on the disk is this request's.
fn judge(calls: &str) -> (usize, Vec<String>) {
    let (mut acknowledged, mut early) = (0, Vec::new());
    let (mut asked, mut synced, mut pending) = (false, false, false);
    let mut syncing: Vec<&str> = Vec::new();
    for line in calls.lines() {
        let mut words = line.splitn(2, ' ');
        let (Some(thread), Some(rest)) = (words.next(), words.next()) else { continue };
        let call = rest.trim_start().split_once(' ').map_or("", |(_, call)| call);
        let of_log = call.contains("doorward.db-wal>");
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let resumed = call.starts_with("<... f") && call.contains("sync resumed") && syncing.contains(&thread);
        if call.contains("\"POST /") {
            (asked, synced) = (true, false);
        } else if call.starts_with("pwrite64(") && of_log {
            (synced, pending) = (false, true);
        } else if is_sync && of_log && call.contains("<unfinished") {
            syncing.push(thread);
        } else if (is_sync && of_log) || resumed {
            syncing.retain(|other| *other != thread);
            let done = call.ends_with("= 0");
            (synced, pending) = (done, !done);
        } else if call.contains("\"HTTP/1.1 303 ") {
            acknowledged += usize::from(asked);
            if pending || (asked && !synced) {
                early.push(line.to_owned());
            }
            asked = false;
        }
    }
    (acknowledged, early)
}

fn tail(calls: &str) -> String {
    let lines: Vec<&str> = calls.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
