//! What the measurements share: a request as the gate sees it, and how a series of times is summed up.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_api::{
    AppId, Factor, GroupId, GroupRef, Object, Principal, Proofs, SessionId, Subject, Timestamp, UserId, VirtualServerId,
};

/// The moment at which everything is measured.
pub const NOW: Timestamp = Timestamp::from_secs(1_764_000_000);

/// A member of staff who has proved password and passcode a minute ago.
pub fn alice() -> Subject {
    let minute_ago = NOW - Duration::from_secs(60);
    Subject::User(Arc::new(Principal {
        user: UserId::new("u1"),
        name: "alice".to_owned(),
        display_name: "Alice Arden".to_owned(),
        email: Some("alice@example.test".to_owned()),
        groups: vec![GroupRef { id: GroupId::new("g1"), name: "staff".to_owned() }],
        session: SessionId::new("s1"),
        proofs: Proofs::NONE.with(Factor::Password, minute_ago).with(Factor::Otp, minute_ago),
    }))
}

/// A page of the wiki.
pub fn page(path: &str) -> Object {
    Object {
        virtual_server: VirtualServerId::new("default"),
        app: AppId::new("wiki"),
        host: "wiki.localhost".to_owned(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: true,
    }
}

/// Runs `work` in rounds and prints the median time of one, with the fastest and the slowest round.
pub fn measure<T>(name: &str, rounds: usize, each: u32, mut work: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..each {
                black_box(work());
            }
            began.elapsed() / each
        })
        .collect();
    times.sort();
    if let (Some(least), Some(median), Some(most)) = (times.first(), times.get(rounds / 2), times.last()) {
        println!("{name:<44} median {median:>10.2?}   {least:.2?} .. {most:.2?}");
    }
}
