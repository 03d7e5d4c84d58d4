//! `/...`: what no other route takes is told so in the envelope, on every host alike: a host's own 404 is empty on Spin.
//!
//! It reads nothing and does nothing else.

use guest::prelude::*;

#[http_service]
async fn handle(request: Request) -> Reply {
    serve(request, &[]).await
}
