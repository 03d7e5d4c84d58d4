//! Reads variables through `spin:variables` 3: granted, templated, unknown, malformed names.
//!
//! One of the test components: see `tests/components/probe` for how they answer and `tests/components/spin.toml` for the grants.

use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use spin_sdk::variables::{self, Error};
use tests_components_probe::{Answer, Call, Malformed, outcome};

#[http_service]
async fn read(request: Request) -> Answer {
    match route(Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: Call) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "get" => {
            let name = call.text("name").ok_or(Malformed("name is missing"))?;
            Ok(outcome(variables::get(name).await.map(Value::from).map_err(described)))
        }
        _ => Err(Malformed("the route is get?name=")),
    }
}

fn described(error: Error) -> Value {
    match error {
        Error::InvalidName(text) => json!({ "kind": "invalid-name", "text": text }),
        Error::Undefined(text) => json!({ "kind": "undefined", "text": text }),
        Error::Provider(text) => json!({ "kind": "provider", "text": text }),
        Error::Other(text) => json!({ "kind": "other", "text": text }),
    }
}
