//! Outbound requests against servers of our own on the loopback interface.

mod addresses;
mod bounds;
mod linking;
mod origin;
mod requests;
mod tls;
