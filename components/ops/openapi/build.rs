//! Writes the document out when the component is built, so that nothing has to be made while it runs.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let document = serde_json::to_vec(&wire::openapi::document()).expect("a JSON value is always written");
    let out = Path::new(&env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("openapi.json");
    fs::write(out, document).expect("OUT_DIR is writable");
}
