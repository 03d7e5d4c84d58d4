//! Loopback ports: the same one as last time while it is free, else any free one.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::StackError;

/// Whether a server could listen on this loopback port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
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
    let failed = |error: std::io::Error| StackError::new(format!("no loopback port is to be had: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    if let Some(file) = file {
        std::fs::write(file, format!("{port}\n")).map_err(failed)?;
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

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
