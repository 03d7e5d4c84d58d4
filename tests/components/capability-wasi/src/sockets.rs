//! TCP through WASI 0.3 and 0.2, name lookup, and listening, which no host of this kind allows.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use spin_sdk::wasip3::sockets::ip_name_lookup::resolve_addresses;
use spin_sdk::wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket,
};
use tests_components_probe::payload;

use crate::files;

const READ_BYTES_MAX: usize = 1024;

/// Connects and reads what the server says first.
pub(crate) async fn connect(to: &str) -> Result<Value, Value> {
    let address: SocketAddr = to.parse().map_err(|_| json!({ "kind": "NotAnAddress" }))?;
    let family = if address.is_ipv4() { IpAddressFamily::Ipv4 } else { IpAddressFamily::Ipv6 };
    let socket = TcpSocket::create(family).map_err(|error| described(&error))?;
    socket.connect(in_wasi(address)).await.map_err(|error| described(&error))?;
    let (mut arriving, _end) = socket.receive();
    let (_, said) = arriving.read(Vec::with_capacity(READ_BYTES_MAX)).await;
    Ok(payload(&said))
}

/// The same through Rust's library.
pub(crate) fn connect_p2(to: &str) -> Result<Value, Value> {
    let mut stream = TcpStream::connect(to).map_err(|error| files::described(&error))?;
    let mut said = [0; READ_BYTES_MAX];
    let bytes = stream.read(&mut said).map_err(|error| files::described(&error))?;
    Ok(payload(&said[..bytes]))
}

/// Binds to any free loopback port and listens.
pub(crate) fn listen() -> Result<Value, Value> {
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|error| described(&error))?;
    socket.bind(in_wasi(SocketAddr::from(([127, 0, 0, 1], 0)))).map_err(|error| described(&error))?;
    socket.listen().map(|_| json!("listening")).map_err(|error| described(&error))
}

/// The addresses of a name.
pub(crate) async fn resolve(name: &str) -> Result<Value, Value> {
    let addresses = resolve_addresses(name.to_owned()).await;
    let addresses = addresses.map_err(|error| json!({ "kind": format!("{error:?}") }))?;
    Ok(addresses.iter().map(|address| format!("{address:?}")).collect())
}

fn in_wasi(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) })
        }
        SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            let address = (a, b, c, d, e, f, g, h);
            let (flow_info, scope_id) = (v6.flowinfo(), v6.scope_id());
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port: v6.port(), flow_info, address, scope_id })
        }
    }
}

fn described(error: &ErrorCode) -> Value {
    json!({ "kind": format!("{error:?}") })
}
