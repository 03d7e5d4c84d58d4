//! Writes operations as OpenAPI 3.1.

use std::collections::BTreeMap;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::operation::{Answer, Body, Caller, Operation, Shape};
use crate::{Code, Language, StepCode, StepRefusal};

/// The headers of a signed request with what each is.
const SIGNATURE: [(&str, &str, &str); 4] = [
    ("apiKey", "X-Api-Key", "The key's id."),
    ("timestamp", "X-Timestamp", "Seconds since 1970, at most 300 off."),
    ("nonce", "X-Nonce", "16 to 64 visible ASCII characters, never used before."),
    (
        "signature",
        "X-Signature",
        "hex(HMAC-SHA256(secret, canonical)), canonical being six lines joined by line feeds: MOALOG-HMAC-SHA256-V1, \
         method, path and query as sent, timestamp, nonce, hex(SHA-256(body)).",
    ),
];

/// Two generators, as a field that may be left out of a request is always there in an answer.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

pub(super) fn write(operations: &[Operation]) -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut schemas = Schemas {
        requests: settings().for_deserialize().into_generator(),
        answers: settings().for_serialize().into_generator(),
    };
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let written = one(operation, &mut schemas);
        paths.entry(template(operation.route)).or_default().insert(operation.method.to_owned(), written);
    }
    schemas.answers.subschema_for::<StepRefusal>();
    let mut all = schemas.answers.take_definitions(true);
    // What is in both is written as requests have it: the looser of the two.
    all.extend(schemas.requests.take_definitions(true));
    all.insert("Refusal".to_owned(), refusal());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Moalog",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Team retrospectives and payments. Amounts are whole minor units of their currency.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": all, "securitySchemes": security_schemes() },
    })
}

fn one(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut parameters: Vec<Value> = names(operation.route)
        .map(|name| {
            let kind = if name == "id" {
                json!({"type": "integer", "minimum": 1})
            } else {
                json!({"type": "string"})
            };
            json!({ "name": name, "in": "path", "required": true, "schema": kind })
        })
        .collect();
    parameters.extend(operation.query.iter().map(|query| {
        let schema = json!({ "type": query.kind });
        json!({ "name": query.name, "in": "query", "required": query.required, "description": query.about,
                "schema": schema })
    }));
    if operation.idempotent {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same request gets the same answer, marked Idempotent-Replay: true.",
            "schema": { "type": "string", "minLength": 1 },
        }));
    }
    let mut written = json!({
        "operationId": operation_id(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "security": security(operation.caller),
        "responses": responses(operation, schemas),
    });
    if let Some(body) = operation.body {
        let content = match body {
            Body::Json(schema) | Body::JsonOrNothing(schema) => {
                json!({ "application/json": { "schema": schema(&mut schemas.requests) } })
            }
            Body::Text(media_type) => json!({ media_type: { "schema": { "type": "string" } } }),
        };
        written["requestBody"] =
            json!({ "required": !matches!(body, Body::JsonOrNothing(_)), "content": content });
    }
    written
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut all = Map::new();
    let (status, success) = match operation.answer {
        Answer::Json(schema) => {
            let result = schema(&mut schemas.answers).to_value();
            let schema = match operation.shape {
                Shape::Envelope => envelope(result),
                Shape::Bare | Shape::BareResult => result,
            };
            ("200", content("Done.", "application/json", schema))
        }
        Answer::Nothing => ("200", content("Done.", "application/json", envelope(json!({ "type": "null" })))),
        Answer::Text(media_type) => ("200", content("The text.", media_type, json!({ "type": "string" }))),
        Answer::AnyJson => {
            let any = json!({ "type": "object" });
            let schema = match operation.shape {
                Shape::Envelope => envelope(any),
                Shape::Bare | Shape::BareResult => any,
            };
            ("200", content("Done.", "application/json", schema))
        }
        Answer::Redirect => ("302", json!({ "description": "Goes on at the address in `Location`." })),
    };
    all.insert(status.to_owned(), success);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in operation.all_refusals() {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        all.insert(status.to_string(), refused(operation.shape, &codes));
    }
    Value::Object(all)
}

/// The codes of one status with their texts.
fn refused(shape: Shape, codes: &[Code]) -> Value {
    let (schema, mut lines): (&str, Vec<String>) = match shape {
        Shape::Bare => {
            let line = |code: &Code| format!("`{}`", StepCode::of(*code).as_str());
            ("StepRefusal", codes.iter().map(line).collect())
        }
        Shape::Envelope | Shape::BareResult => {
            let line = |code: &Code| format!("`{}` {}", code.as_str(), code.text(Language::English));
            ("Refusal", codes.iter().map(line).collect())
        }
    };
    lines.dedup();
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    content(&lines.join("\n"), "application/json", schema)
}

fn content(description: &str, media_type: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { media_type: { "schema": schema } } })
}

fn envelope(result: Value) -> Value {
    json!({
        "type": "object",
        "required": ["isSuccess", "code", "message", "result"],
        "properties": {
            "isSuccess": { "const": true }, "code": { "type": "string" }, "message": { "type": "string" },
            "result": result,
        },
    })
}

fn refusal() -> Value {
    let field = json!({
        "type": "object", "required": ["field", "message"],
        "properties": { "field": { "type": "string" }, "message": { "type": "string" } },
    });
    json!({
        "description": "Why a request was refused. `result` names the fields at fault, where there are some.",
        "type": "object",
        "required": ["isSuccess", "code", "message", "result"],
        "properties": {
            "isSuccess": { "const": false }, "code": { "type": "string" }, "message": { "type": "string" },
            "result": {
                "type": ["object", "null"],
                "properties": { "fieldErrors": { "type": "array", "items": field } },
            },
        },
    })
}

fn security(caller: Caller) -> Value {
    let signed: Map<String, Value> =
        SIGNATURE.iter().map(|(scheme, _, _)| ((*scheme).to_owned(), json!([]))).collect();
    match caller {
        Caller::Anyone => json!([]),
        Caller::Member => json!([{ "memberToken": [] }]),
        Caller::Merchant | Caller::Operator => json!([signed]),
        Caller::StepClient => json!([signed, {}]),
    }
}

fn security_schemes() -> Value {
    let mut schemes: Map<String, Value> = SIGNATURE
        .iter()
        .map(|(scheme, header, about)| {
            let written = json!({ "type": "apiKey", "in": "header", "name": header, "description": about });
            ((*scheme).to_owned(), written)
        })
        .collect();
    let token = json!({ "type": "http", "scheme": "bearer", "description": "A member's access token." });
    schemes.insert("memberToken".to_owned(), token);
    Value::Object(schemes)
}

/// `/a/:b` as OpenAPI writes it: `/a/{b}`.
pub(super) fn template(route: &str) -> String {
    let part =
        |part: &str| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"));
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn names(route: &str) -> impl Iterator<Item = &str> {
    route.split('/').filter_map(|part| part.strip_prefix(':'))
}

/// E.g. `postApiV1PaymentsIdConfirm`.
fn operation_id(operation: &Operation) -> String {
    let words = operation.route.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut id = operation.method.to_owned();
    for word in words.filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
    }
    id
}
