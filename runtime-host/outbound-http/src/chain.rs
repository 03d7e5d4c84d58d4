//! Requests that stay inside the app.

use futures::future::BoxFuture;
use http::{Request, Response};
use wasmtime_wasi_http::{Error, WasiBody};

/// Whom a request inside the app is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// This component, whatever its routes: `http://<component>.spin.internal/…`.
    Component(String),
    /// The component that the request's path leads to: `http://self.alt/…`.
    App,
}

/// Answers requests that one component of the app makes to another, without a socket.
///
/// The request's URI is absolute, as the guest wrote it, and there is no `host` header. A component that does not
/// exist is `Error::DestinationNotFound`. Dropping the future, or the answer's body, ends the callee's work.
/// A chain of calls that never ends is ended by the bound on concurrent requests of its components.
pub trait Chain: Send + Sync {
    /// Hands `request` to `callee` and gives back its answer.
    fn call(
        &self,
        callee: Callee,
        request: Request<WasiBody>,
    ) -> BoxFuture<'static, Result<Response<WasiBody>, Error>>;
}
