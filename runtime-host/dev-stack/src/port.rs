//! Loopback ports: the same one as last time while it is free, else any free one.

use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

use crate::StackError;

/// Whether a server could listen on this loopback port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A free loopback port that the system hands to nobody else for a minute.
///
/// A port that was only looked up goes to the next program that asks for one, often before the server that it was meant
/// for has started. The end of a connection keeps its port out of the lot, while a server, which sets `SO_REUSEADDR`,
/// may listen on it at once.
///
/// # Errors
/// When no port or no socket is left.
pub fn reserve() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    // Who closes first keeps the port.
    drop(listener.accept()?);
    client.read_to_end(&mut Vec::new())?;
    Ok(address.port())
}

/// The port remembered in `file` if it is free, else a free one, which is remembered.
pub(crate) fn choose(file: Option<&Path>) -> Result<u16, StackError> {
    let remembered =
        file.and_then(|file| std::fs::read_to_string(file).ok()).and_then(|text| text.trim().parse().ok());
    if let Some(port) = remembered
        && is_free(port)
    {
        return Ok(port);
    }
    let failed = |error: io::Error| StackError::new(format!("no loopback port is to be had: {error}"));
    let port = reserve().map_err(failed)?;
    if let Some(file) = file {
        std::fs::write(file, format!("{port}\n")).map_err(failed)?;
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reserved_port_is_for_a_server_and_for_nobody_else() {
        let address = (Ipv4Addr::LOCALHOST, reserve().unwrap()).into();
        let other = tokio::net::TcpSocket::new_v4().unwrap();
        assert_eq!(other.bind(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let server = tokio::net::TcpSocket::new_v4().unwrap();
        server.set_reuseaddr(true).unwrap();
        server.bind(address).unwrap();
        server.listen(1).unwrap();
    }

    #[test]
    fn a_remembered_port_is_kept_while_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("port");
        let first = choose(Some(&file)).unwrap();
        assert_eq!(choose(Some(&file)).unwrap(), first);
    }

    #[test]
    fn a_remembered_port_that_is_taken_gives_way_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("port");
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        std::fs::write(&file, port.to_string()).unwrap();
        let chosen = choose(Some(&file)).unwrap();
        assert_ne!(chosen, port);
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), chosen.to_string());
    }
}
