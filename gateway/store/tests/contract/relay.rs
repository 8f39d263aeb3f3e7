//! The way to a database over a wire that can be cut, or go dead without being cut.

use std::str::FromStr;

use doorward_tests::world::{Relay, RelayTarget};
use sqlx::postgres::PgConnectOptions;

/// A wire to the server of this address, and the address of the same database through it.
pub(crate) fn through_a_relay(url: &str) -> (Relay, String) {
    let relay = Relay::to(target_of(url));
    let through = with_port(url, relay.port);
    (relay, through)
}

/// Where the server listens.
fn target_of(url: &str) -> RelayTarget {
    let options = PgConnectOptions::from_str(url).unwrap();
    match options.get_socket() {
        Some(folder) => RelayTarget::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
        None => RelayTarget::Tcp(options.get_host().to_owned(), options.get_port()),
    }
}

/// The same address with this port of loopback for its host and port.
fn with_port(url: &str, port: u16) -> String {
    let path = url.split('?').next().unwrap();
    let (scheme, rest) = path.split_once("://").unwrap();
    let (authority, database) = rest.split_once('/').unwrap();
    let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
    format!("{scheme}://{user}127.0.0.1:{port}/{database}")
}
