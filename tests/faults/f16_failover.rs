//! F-16: the primary is killed while people use what can be used once, and its standby takes over. With a synchronous standby
//! nothing is lost that was acknowledged, not even what was acknowledged while the standby could not be reached: that is not
//! acknowledged. With an asynchronous one it is lost, which the gateway says at its start.

use std::time::{Duration, Instant};

use doorward_tests::world::{Cluster, Database, Installation, Relay, RelayManner, Served, Visitor};

use crate::measure::{logged, secs, until};
use crate::runner::{Fault, Found, Scale};
use crate::tickets::{Entered, PATIENCE, Ticket, ticket};

pub(crate) const FAULT: Fault = Fault {
    id: "F-16",
    what: "the primary is killed and its standby promoted, after 5 s in which the standby was cut off",
    promise: "with a synchronous standby no acknowledged use is lost; an asynchronous one is warned of at the start; no decision \
              is made from a standby",
    run: story,
};

fn story(scale: Scale) -> Found {
    let tickets = scale.of(12, 200);
    let waited_for = failover(true, tickets);
    assert_eq!((waited_for.sessions_lost, waited_for.used_again), (0, 0), "nothing that was acknowledged is lost");
    assert!(waited_for.held_back > 0, "what the standby cannot have is not acknowledged");
    let of = |lost: &Lost| {
        format!(
            "{} of {}, used again {} of {}",
            lost.sessions_lost, lost.acknowledged, lost.used_again, lost.acknowledged
        )
    };
    let mut figures = vec![
        ("lost acknowledgements (synchronous)", of(&waited_for)),
        ("not acknowledged while the standby was cut off", waited_for.held_back.to_string()),
        ("first good answer after the promotion", secs(waited_for.back)),
    ];
    if scale == Scale::Full {
        let not_waited_for = failover(false, tickets);
        assert!(not_waited_for.sessions_lost > 0, "this is what the warning is about");
        figures.push(("lost acknowledgements (asynchronous)", of(&not_waited_for)));
    }
    Found::Held(figures)
}

struct Lost {
    acknowledged: usize,
    held_back: usize,
    sessions_lost: usize,
    used_again: usize,
    back: Duration,
}

fn failover(synchronous: bool, tickets: usize) -> Lost {
    let primary = Cluster::new();
    primary.create("doorward");
    let replication = Relay::to(primary.port);
    let standby = primary.standby_over(replication.port);
    let state = if synchronous { "sync" } else { "async" };
    if synchronous {
        primary.set("synchronous_standby_names", "*");
    }
    until("replication", Duration::from_secs(30), || {
        primary.sql("postgres", "SELECT sync_state FROM pg_stat_replication") == state
    });

    // The address by which the gateway knows the database; whoever runs the failover moves it.
    let address = Relay::to(primary.port);
    let mut installation = Installation::new(Database::Sqlite);
    installation.store = format!("postgres://postgres@127.0.0.1:{}/doorward", address.port);
    installation.add_user("alice", None, &["staff"]);
    let served = installation.serve();
    assert_eq!(logged(&served.gateway, &["no standby of this PostgreSQL is synchronous"]), !synchronous);

    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &served.url("intranet", "/"));
    let minted: Vec<Ticket> = (0..tickets).map(|_| ticket(&alice, "intranet").expect("a ticket")).collect();
    // So that none of them ends by itself before the story does.
    primary.sql("doorward", "UPDATE one_time SET expires_at = expires_at + 600000");
    let (before, during) = minted.split_at(tickets / 2);

    let mut acknowledged = use_up(&served, before);
    assert_eq!(acknowledged.len(), before.len());
    replication.set(RelayManner::Dead);
    let late = use_up(&served, during);
    let held_back = during.len() - late.len();
    acknowledged.extend(late);
    primary.kill();
    replication.set(RelayManner::Cut);

    // The address leads to the standby before that is the primary: what it shows may be old, and nobody is let in by it.
    address.lead_to(standby.port);
    for (_, session) in acknowledged.iter().take(2) {
        assert_ne!(look(&served, session), Some(200), "a standby decides nothing");
    }
    standby.promote();
    let promoted = Instant::now();
    until("an answer", Duration::from_secs(30), || look(&served, &acknowledged[0].1) == Some(200));
    let back = promoted.elapsed();

    let sessions_lost = acknowledged.iter().filter(|(_, session)| look(&served, session) != Some(200)).count();
    let used_again =
        acknowledged.iter().filter(|(ticket, _)| ticket.enter(served.ports.http).0 == Entered::Yes).count();
    Lost { acknowledged: acknowledged.len(), held_back, sessions_lost, used_again, back }
}

/// Uses tickets, eight at a time; those whose use was acknowledged, with the browser that has the session.
fn use_up(served: &Served, tickets: &[Ticket]) -> Vec<(Ticket, Visitor)> {
    let port = served.ports.http;
    let one = |ticket: &Ticket| {
        let (entered, visitor) = ticket.enter(port);
        (entered == Entered::Yes).then(|| (ticket.clone(), visitor))
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = tickets
            .chunks(tickets.len().div_ceil(8))
            .map(|part| scope.spawn(move || part.iter().filter_map(one).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// What a session gets, if it is answered.
fn look(served: &Served, session: &Visitor) -> Option<u16> {
    let mut session = session.clone();
    session.attempt_once(&served.url("intranet", "/"), PATIENCE).ok().map(|answer| answer.status)
}
