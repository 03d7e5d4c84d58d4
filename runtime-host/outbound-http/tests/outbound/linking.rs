//! The interfaces can be added to one linker, beside those of `wasmtime-wasi`'s own.

use host_outbound_http::{OutboundHttpInstance, WasiHttpCtxView, add_to_linker};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Config, Engine};

struct State {
    table: ResourceTable,
    http: OutboundHttpInstance,
}

fn view(state: &mut State) -> WasiHttpCtxView<'_> {
    state.http.view(&mut state.table)
}

#[test]
fn both_versions_of_wasi_http_fit_into_one_linker() {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::<State>::new(&engine);
    add_to_linker(&mut linker, view).unwrap();
    assert!(add_to_linker(&mut linker, view).is_err(), "a second time would shadow the first");
}
