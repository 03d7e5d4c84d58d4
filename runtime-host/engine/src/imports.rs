//! Which interfaces the host lends, by name, so that a component that wants another is told which.

use crate::compose::DENIED;
use anyhow::{Result, ensure};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Prefixes of the interfaces that [`crate::state::add_to_linker`] defines.
pub(crate) const LENT: &[&str] = &[
    "fermyon:spin/key-value@2.",
    "fermyon:spin/postgres@2.",
    "fermyon:spin/rdbms-types@2.",
    "fermyon:spin/redis@2.",
    "fermyon:spin/sqlite@2.",
    "fermyon:spin/variables@2.",
    "spin:key-value/key-value@3.",
    "spin:postgres/postgres@3.",
    "spin:postgres/postgres@4.",
    "spin:redis/redis@3.",
    "spin:sqlite/sqlite@3.",
    "spin:variables/variables@3.",
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/client@0.3",
    "wasi:http/outgoing-handler@0.2",
    "wasi:http/types@0.",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Errors when `component` imports what the host does not have, naming every such interface.
pub(crate) fn check(engine: &Engine, component: &Component) -> Result<()> {
    let strange: Vec<String> = component
        .component_type()
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with(DENIED) && !LENT.iter().any(|lent| name.starts_with(lent)))
        .collect();
    ensure!(
        strange.is_empty(),
        "it imports {}, which this host does not have; it has {}",
        strange.join(", "),
        LENT.iter().map(|lent| lent.trim_end_matches(['.', '@', '/'])).collect::<Vec<_>>().join(", ")
    );
    Ok(())
}
