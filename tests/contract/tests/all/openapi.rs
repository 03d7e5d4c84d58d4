//! The OpenAPI document against what is served.

use std::collections::BTreeSet;

use tests_contract::{Served, served};

#[test]
fn the_document_names_exactly_what_is_served() {
    let served = served().unwrap();
    let documented: Served =
        wire::openapi::routes().iter().map(|(method, route)| ((*method).into(), (*route).into())).collect();
    let missing: BTreeSet<_> = served.difference(&documented).collect();
    let invented: BTreeSet<_> = documented.difference(&served).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "add to the tables in crates/wire/src/openapi: {missing:#?}\nnot served: {invented:#?}"
    );
}
