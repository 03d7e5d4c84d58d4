//! What a guest is told when a request fails: the innermost cause that WASI has a name for.

use crate::dial::DialError;
use hyper_util::client::legacy;
use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use wasmtime_wasi_http::Error;

/// The failure of a request before its answer's head.
pub(crate) fn of_request(error: &legacy::Error) -> Error {
    classify(error).unwrap_or_else(|| {
        if error.is_connect() { Error::DestinationUnavailable } else { Error::HttpProtocolError }
    })
}

/// The failure of an answer's body.
pub(crate) fn of_body(error: &hyper::Error) -> Error {
    classify(error).unwrap_or(Error::HttpProtocolError)
}

fn classify(error: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(error) = error.downcast_ref::<DialError>() {
        return Some(error.failure());
    }
    if let Some(error) = error.downcast_ref::<Error>() {
        return Some(of_own_body(error));
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_io(error);
    }
    let cause = error.source().and_then(classify);
    cause.or_else(|| error.downcast_ref::<hyper::Error>().and_then(of_http))
}

/// The guest's own body failed while it was sent (`Error` is not `Clone`).
fn of_own_body(error: &Error) -> Error {
    match error {
        Error::HttpRequestBodySize(bytes) => Error::HttpRequestBodySize(*bytes),
        Error::InternalError(text) => Error::InternalError(text.clone()),
        other => Error::InternalError(Some(format!("request body: {other}"))),
    }
}

fn of_io(error: &io::Error) -> Option<Error> {
    // An `io::Error` shows its inner error's source as its own, so the inner error itself is asked first.
    if let Some(known) = error.get_ref().and_then(|inner| classify(inner)) {
        return Some(known);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Error::ConnectionRefused),
        ErrorKind::TimedOut => Some(Error::ConnectionTimeout),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some(Error::DestinationIpUnroutable),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::NotConnected => Some(Error::ConnectionTerminated),
        ErrorKind::AddrNotAvailable => Some(Error::DestinationUnavailable),
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    }
}

fn of_http(error: &hyper::Error) -> Option<Error> {
    if error.is_parse_too_large() {
        Some(Error::HttpResponseHeaderSectionSize(None))
    } else if error.is_incomplete_message() {
        Some(Error::HttpResponseIncomplete)
    } else if error.is_timeout() {
        Some(Error::HttpResponseTimeout)
    } else if error.is_canceled() || error.is_closed() {
        Some(Error::ConnectionTerminated)
    } else {
        None
    }
}
