//! Ports that are ours before they are listened on. Between the look whether a port is free and the moment at which Pingora
//! listens lies the opening of the database; nobody may take the port in between.

use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use crate::Failure;

/// Addresses that are held, until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Claims(#[expect(dead_code, reason = "held, not used")] Vec<Socket>);

/// Who may listen on an address already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody.
    Nobody,
    /// A Doorward of the same user, whose listeners this process is about to be handed.
    Predecessor,
}

impl Claims {
    /// Holds all at once: two that ask for the same port would share it, and each answer the other's requests.
    ///
    /// # Errors
    /// An address that cannot be listened on, named.
    pub(crate) fn take(
        addresses: impl Iterator<Item = (SocketAddr, &'static str)>,
        holder: Holder,
    ) -> Result<Self, Failure> {
        let claim = |(address, what)| hold(address, holder).map_err(|cause| Failure::Listen { address, what, cause });
        addresses.map(claim).collect::<Result<_, _>>().map(Self)
    }
}

/// A socket that is bound and never listens. What it lets in beside itself are sockets of the same user that bear
/// `SO_REUSEPORT`, as those do on which Pingora is told to listen, and no others.
fn hold(address: SocketAddr, holder: Holder) -> std::io::Result<Socket> {
    let probe = socket(address)?;
    if holder == Holder::Nobody {
        // Listening is what nobody can do twice; it excludes another process that looks at the same moment.
        probe.set_reuse_address(true)?;
        probe.bind(&address.into())?;
        probe.listen(1)?;
        probe.set_reuse_port(true)?;
    }
    let held = socket(address)?;
    held.set_reuse_port(true)?;
    held.bind(&address.into())?;
    Ok(held)
}

fn socket(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // As the listeners are: `[::]` and `0.0.0.0` stand beside each other.
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};

    use super::*;

    fn free() -> SocketAddr {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
    }

    fn take(addresses: &[SocketAddr], holder: Holder) -> Result<Claims, Failure> {
        Claims::take(addresses.iter().map(|address| (*address, "requests")), holder)
    }

    /// As Pingora listens.
    fn listen(address: SocketAddr) -> std::io::Result<Socket> {
        let listener = socket(address)?;
        listener.set_reuse_address(true)?;
        listener.set_reuse_port(true)?;
        listener.bind(&address.into())?;
        listener.listen(16)?;
        Ok(listener)
    }

    #[test]
    fn two_listeners_never_share_a_port() {
        let [one, two, three] = [free(), free(), free()];
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, one.port()));
        take(&[one, two, three], Holder::Nobody).unwrap();
        for addresses in [[one, two, one], [one, one, three], [one, two, two], [everywhere, two, one]] {
            let failure = take(&addresses, Holder::Nobody).unwrap_err();
            assert!(matches!(failure, Failure::Listen { .. }), "{failure}");
        }
    }

    #[test]
    fn what_is_held_is_listened_on_by_us_and_by_nobody_else() {
        let address = free();
        let held = take(&[address], Holder::Nobody).unwrap();
        TcpListener::bind(address).unwrap_err();
        take(&[address], Holder::Nobody).unwrap_err();
        TcpStream::connect(address).unwrap_err();
        let listener = listen(address).unwrap();
        for _ in 0..20 {
            TcpStream::connect(address).unwrap();
            listener.accept().unwrap();
        }
        take(&[address], Holder::Nobody).unwrap_err();
        TcpListener::bind(address).unwrap_err();
        drop(held);
        take(&[address], Holder::Nobody).unwrap_err();
    }

    #[test]
    fn a_successor_passes_by_its_predecessor_and_by_no_other_program() {
        let address = free();
        let ours = listen(address).unwrap();
        take(&[address], Holder::Predecessor).unwrap();
        drop(ours);
        let stranger = TcpListener::bind(address).unwrap();
        take(&[address], Holder::Predecessor).unwrap_err();
        drop(stranger);
        let held = take(&[address], Holder::Predecessor).unwrap();
        TcpListener::bind(address).unwrap_err();
        drop(held);
    }

    #[test]
    fn both_wildcards_stand_beside_each_other() {
        let port = free().port();
        let [v4, v6] = [SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), (Ipv6Addr::UNSPECIFIED, port).into()];
        if socket(v6).and_then(|socket| socket.bind(&SocketAddr::from((Ipv6Addr::LOCALHOST, 0)).into())).is_err() {
            return; // this machine has no IPv6
        }
        let _held = take(&[v4, v6], Holder::Nobody).unwrap();
        let _listeners = [listen(v4).unwrap(), listen(v6).unwrap()];
    }
}
