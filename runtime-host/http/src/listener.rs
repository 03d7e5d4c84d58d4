//! The accept loop: nothing a client does, and no full file table, ends it.

use crate::connection;
use crate::drain::Phase;
use crate::event_loops::{EventLoops, OnLoop};
use crate::front_door::FrontDoor;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Pause after an error of `accept` that is not one connection's own (EMFILE, ENFILE, ENOBUFS, ENOMEM).
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// Binds `address`; the error is one sentence for a person.
pub(crate) async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|problem| match problem.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: stop it, or choose another with {flag}")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("this user may not listen on {address}: choose a port above 1023 with {flag}")
        }
        _ => anyhow::anyhow!("cannot listen on {address}: {problem}; choose another with {flag}"),
    })
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
    drop(listener);
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

fn is_of_one_connection(problem: &io::Error) -> bool {
    matches!(
        problem.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
