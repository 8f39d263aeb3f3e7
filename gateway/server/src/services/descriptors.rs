//! File descriptors: as many as the system gives, and how many connections that is enough for (F-27).

use doorward_proxy::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is not for connections: listeners, the database's files or connections, mail, the log, the runtimes, and those who ask for
/// metrics and health.
const RESERVE: u64 = 96;
/// However few there are, so many may connect.
const FEWEST: u64 = 8;
/// Of the connections, one in so many is for the console.
const CONSOLE: usize = 8;

/// Takes as many file descriptors as the process may have, and says how many that is.
pub(crate) fn take_all() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current.unwrap_or(u64::MAX);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum.unwrap_or(u64::MAX),
        Err(error) => {
            tracing::warn!(%error, "the limit of file descriptors cannot be raised");
            current.unwrap_or(u64::MAX)
        }
    }
}

/// The limits of the public listeners and those of the console, with so many file descriptors. Each connection may need one more to
/// an upstream.
pub(crate) fn limits(descriptors: u64) -> (Limits, Limits) {
    let all = usize::try_from((descriptors.saturating_sub(RESERVE) / 2).max(FEWEST)).unwrap_or(usize::MAX);
    let console = all / CONSOLE;
    let public = Limits { connections: all.saturating_sub(console), ..Limits::default() };
    (public.clone(), Limits { connections: console, ..public })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_their_upstreams_fit_beside_the_reserve() {
        let connections = |descriptors: u64| {
            let (public, console) = limits(descriptors);
            (public.connections, console.connections)
        };
        assert_eq!(connections(1024), (406, 58));
        assert_eq!(connections(128), (14, 2));
        assert_eq!(connections(10), (7, 1));
        assert!(connections(u64::MAX).0 > 1_000_000);
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        let all = take_all();
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), all);
        assert_eq!(take_all(), all);
    }
}
