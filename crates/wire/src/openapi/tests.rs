use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// Every `$ref` of a document.
fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                found.insert(target);
            }
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(all) => all.iter().for_each(|inner| references(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/StepRefusal") && found.len() > 30, "{found:?}");
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[test]
fn operations_have_ids_of_their_own_and_are_listed_once() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let ids: Vec<&str> = paths
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert_eq!(ids.len(), routes().len(), "an operation is in a table twice");
}

#[test]
fn amounts_are_integers_and_bodies_name_what_they_need() {
    let document = document();
    let authorize = &document["components"]["schemas"]["AuthorizeBody"];
    assert_eq!(authorize["properties"]["amount"]["type"], "integer");
    let required: Vec<&str> =
        authorize["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["amount", "currency"]);
}

#[test]
fn refusals_of_the_step_api_are_bare_and_those_of_the_resource_api_in_the_envelope() {
    let document = document();
    let schema = |path: &str| {
        let pointer = format!("/paths/{}/post/responses/409", path.replace('/', "~1"));
        let found = document.pointer(&pointer).unwrap();
        found["content"]["application/json"]["schema"]["$ref"].as_str().unwrap().to_owned()
    };
    assert!(schema("/api/payments/capture/{id}").ends_with("StepRefusal"));
    assert!(schema("/api/v1/payments/{id}/capture").ends_with("/Refusal"));
}
