//! The accept loop: nothing a client does, and no full file table, ends it.

use crate::connection;
use crate::drain::Phase;
use crate::event_loops::{EventLoops, OnLoop};
use crate::front_door::FrontDoor;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Pause after an error of `accept` that is not one connection's own (EMFILE, ENFILE, ENOBUFS, ENOMEM).
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// Connections that the kernel lets in before they are accepted.
const BACKLOG: u32 = 1_024;

/// A port that is ours and not yet open; errors are one sentence for a person.
pub(crate) struct Bound {
    socket: TcpSocket,
    address: SocketAddr,
    flag: &'static str,
    /// Until the port is open.
    _claim: Option<Claim>,
}

impl Bound {
    /// Takes `address`; `flag` chooses another.
    pub(crate) fn take(address: SocketAddr, flag: &'static str) -> anyhow::Result<Self> {
        let bound = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Else the port of a host that has just ended could not be taken for a minute.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let address = socket.local_addr()?;
            Ok((socket, address, Claim::take(address)?))
        };
        let (socket, address, claim) = bound().map_err(|problem| sentence(address, flag, &problem))?;
        Ok(Bound { socket, address, flag, _claim: claim })
    }

    /// With the port that the system chose for 0.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets clients in.
    pub(crate) fn open(self) -> anyhow::Result<TcpListener> {
        let Bound { socket, address, flag, _claim } = self;
        socket.listen(BACKLOG).map_err(|problem| sentence(address, flag, &problem))
    }
}

/// Keeps another host off an address that is bound and not open yet: with `SO_REUSEADDR` the kernel lets any number
/// bind it and refuses all but the first that listens, and without it the remains of closed connections would refuse
/// a restart. A name that the kernel gives to one socket of this network at a time, and frees with the process.
#[cfg(target_os = "linux")]
struct Claim {
    _named: std::os::unix::net::UnixListener,
}

#[cfg(target_os = "linux")]
impl Claim {
    /// `None` where there are no such names; a second host is then refused when it opens its port.
    fn take(address: SocketAddr) -> io::Result<Option<Self>> {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr as Name, UnixListener};
        let named = Name::from_abstract_name(format!("moalog-listen:{address}"))
            .and_then(|name| UnixListener::bind_addr(&name));
        match named {
            Ok(named) => Ok(Some(Claim { _named: named })),
            Err(problem) if problem.kind() == io::ErrorKind::AddrInUse => Err(problem),
            Err(problem) => {
                tracing::debug!(%address, %problem, "the address is not kept from other hosts yet");
                Ok(None)
            }
        }
    }
}

/// Elsewhere a second host is refused when it opens its port.
#[cfg(not(target_os = "linux"))]
struct Claim;

#[cfg(not(target_os = "linux"))]
impl Claim {
    fn take(_address: SocketAddr) -> io::Result<Option<Self>> {
        Ok(None)
    }
}

fn sentence(address: SocketAddr, flag: &str, problem: &io::Error) -> anyhow::Error {
    match problem.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: stop it, or choose another with {flag}")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("this user may not listen on {address}: choose a port above 1023 with {flag}")
        }
        _ => anyhow::anyhow!("cannot listen on {address}: {problem}; choose another with {flag}"),
    }
}

/// Accepts until the host drains; returns when every connection has ended or was cut off.
pub(crate) async fn accept(door: Arc<FrontDoor>, listener: TcpListener, loops: EventLoops) {
    let mut connections = JoinSet::new();
    let mut in_trouble = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => {
                door.metrics.connections_open.dec();
                continue;
            }
            () = door.drain.reached(Phase::Draining) => break,
        };
        match accepted {
            Ok((stream, client)) => {
                in_trouble = false;
                door.metrics.connections_open.inc();
                if connections.len() >= door.settings.connections_max {
                    door.metrics.connections_turned_away.inc();
                    connections.spawn(connection::turn_away(stream));
                } else {
                    let (handle, on_loop) = loops.least_busy();
                    connections.spawn_on(serve(door.clone(), stream, client, on_loop), handle);
                }
            }
            Err(problem) if is_of_one_connection(&problem) => {}
            Err(problem) => {
                door.metrics.accept_errors.inc();
                if !in_trouble {
                    tracing::error!(%problem, "cannot accept connections; trying again until it works");
                }
                in_trouble = true;
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
    take_the_last(&door, listener, &mut connections, &loops);
    while connections.join_next().await.is_some() {
        door.metrics.connections_open.dec();
    }
}

/// A connection's whole life, on the loop that was chosen for it.
async fn serve(door: Arc<FrontDoor>, stream: TcpStream, client: SocketAddr, _on_loop: OnLoop) {
    // Accepted on another loop: the socket is registered anew with this one.
    match stream.into_std().and_then(TcpStream::from_std) {
        Ok(stream) => connection::serve(door, stream, client).await,
        Err(problem) => {
            tracing::warn!(%client, %problem, "connection lost between accept and its event loop")
        }
    }
}

/// Clients that the kernel has let in already get an answer: closing the port would reset their connections.
fn take_the_last(
    door: &Arc<FrontDoor>,
    listener: TcpListener,
    connections: &mut JoinSet<()>,
    loops: &EventLoops,
) {
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, client)) = listener.accept() {
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            door.metrics.connections_open.inc();
            let (handle, on_loop) = loops.least_busy();
            connections.spawn_on(serve(door.clone(), stream, client, on_loop), handle);
        }
    }
}

fn is_of_one_connection(problem: &io::Error) -> bool {
    matches!(
        problem.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_is_taken_and_not_yet_open_is_refused_to_a_second_host() {
        let first = Bound::take(SocketAddr::from(([127, 0, 0, 1], 0)), "--listen").unwrap();
        let address = first.address();
        let refused = |_: Bound| panic!("{address} was taken twice");
        let said = Bound::take(address, "--listen").map_or_else(|said| said.to_string(), refused);
        assert!(said.contains("in use by another program") && said.contains("--listen"), "{said}");
        assert!(TcpStream::connect(address).await.is_err(), "it is not open");
        let open = first.open().unwrap();
        assert!(Bound::take(address, "--listen").is_err());
        drop(open);
        Bound::take(address, "--listen").unwrap();
    }
}
