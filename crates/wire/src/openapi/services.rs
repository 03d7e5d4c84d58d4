//! What watches and describes the service.

use super::operation::{Answer, Caller, Domain, Operation, Shape};
use crate::{BreakerStatus, BreakerStatuses, Code};

pub(super) fn operations() -> Vec<Operation> {
    let anyone = Domain { tag: "circuit breakers", caller: Caller::Anyone, shape: Shape::BareResult };
    let operator = Domain { caller: Caller::Operator, ..anyone };
    vec![
        anyone
            .get("/circuit-breaker/:name", "A circuit breaker")
            .gives::<BreakerStatus>()
            .refuses(&[Code::Common404]),
        anyone.get("/api/circuit-breaker/status", "All circuit breakers").gives::<BreakerStatuses>(),
        anyone
            .get("/circuit-breaker/metrics", "All circuit breakers for Prometheus, in Resilience4j's names")
            .answers(Answer::Text("text/plain")),
        operator
            .post("/circuit-breaker/:name/force-open", "Lets no call through until further notice")
            .gives::<BreakerStatus>()
            .refuses(&[Code::Common404]),
        operator
            .post("/circuit-breaker/:name/disable", "Lets every call through, unjudged")
            .gives::<BreakerStatus>()
            .refuses(&[Code::Common404]),
        operator
            .post("/circuit-breaker/:name/reset", "Closes it, with nothing counted")
            .gives::<BreakerStatus>()
            .refuses(&[Code::Common404]),
        Domain { tag: "about", ..anyone }
            .get("/api/v1/openapi.json", "This document")
            .answers(Answer::AnyJson),
    ]
}
