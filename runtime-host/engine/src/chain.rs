//! Calls from component to component of the same app, without a socket.

use crate::app::App;
use crate::failure::Failure;
use futures::future::BoxFuture;
use host_outbound_http::{Callee, Chain};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use std::sync::{Arc, PoisonError, RwLock};
use wasmtime_wasi_http::{Error, WasiBody};

/// The app that answers chained calls now; swapped together with the front door's.
#[derive(Default)]
pub struct ChainedApp(RwLock<Option<Arc<App>>>);

impl ChainedApp {
    /// Answers with `app` from now on.
    pub fn set(&self, app: Arc<App>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(app);
    }

    fn app(&self) -> Option<Arc<App>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Chain for ChainedApp {
    fn call(
        &self,
        callee: Callee,
        mut request: Request<WasiBody>,
    ) -> BoxFuture<'static, Result<Response<WasiBody>, Error>> {
        let app = self.app();
        Box::pin(async move {
            let app = app.ok_or(Error::DestinationNotFound)?;
            let path = request.uri().path().to_owned();
            let handler = match &callee {
                Callee::Component(id) => {
                    tell_route(&mut request, &path, "/...");
                    app.component(id)
                }
                Callee::App => app.find(&path).map(|(route, handler)| {
                    tell_route(&mut request, &route.trailing, route.raw_route);
                    for (name, value) in route.named_headers() {
                        tell(&mut request, &name, value);
                    }
                    handler
                }),
            };
            let answer = handler.ok_or(Error::DestinationNotFound)?.handle(request).await;
            answer.map(|response| response.map(BodyExt::boxed_unsync)).map_err(|failure| error_of(&failure))
        })
    }
}

fn tell_route(request: &mut Request<WasiBody>, path_info: &str, raw_route: &str) {
    let url = request.uri().to_string();
    let route = raw_route.strip_suffix("/...").unwrap_or(raw_route);
    for (name, value) in [
        ("spin-full-url", url.as_str()),
        ("spin-path-info", path_info),
        ("spin-matched-route", raw_route),
        ("spin-base-path", "/"),
        ("spin-raw-component-route", raw_route),
        ("spin-component-route", route),
        // Spin's own address for a caller inside the app.
        ("spin-client-addr", "0.0.0.0:0"),
    ] {
        tell(request, name, value);
    }
}

fn tell(request: &mut Request<WasiBody>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        request.headers_mut().insert(name, value);
    }
}

/// What the calling component is told.
fn error_of(failure: &Failure) -> Error {
    match failure {
        Failure::TimedOut | Failure::CpuSpent => Error::HttpResponseTimeout,
        Failure::Trapped { .. } | Failure::Refused(_) => Error::InternalError(None),
        Failure::NoInstance(_) => Error::DestinationUnavailable,
    }
}
