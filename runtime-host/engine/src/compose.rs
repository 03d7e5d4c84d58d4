//! Middleware chains, composed ahead of time into one component.
//!
//! Each link imports `wasi:http/handler@0.3.0` and exports it; the last one is the route's own component. A capability
//! that a middleware does not inherit is imported under another name (`denied:…`), behind which [`crate::refuse`] puts
//! an instance that answers every call with a refusal: the middleware can never borrow what the route's component was
//! granted.

use anyhow::{Context, Result, bail};
use host_manifest::Capability;
use std::collections::BTreeSet;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

/// The interface through which a request passes from link to link.
const HANDLER: &str = "wasi:http/handler@0.3.0";

/// What stands before the name of an interface that a middleware imports but does not inherit.
pub(crate) const DENIED: &str = "denied:";

/// The packages and interfaces that each capability opens.
fn interfaces(capability: Capability) -> &'static [&'static str] {
    match capability {
        Capability::AiModels => &["fermyon:spin/llm@"],
        Capability::AllowedOutboundHosts => &[
            "fermyon:spin/mqtt@",
            "fermyon:spin/mysql@",
            "fermyon:spin/postgres@",
            "fermyon:spin/redis@",
            "spin:postgres/",
            "spin:redis/",
            "spin:mysql/",
            "spin:mqtt/",
            "wasi:http/client@",
            "wasi:http/outgoing-handler@",
            "wasi:sockets/ip-name-lookup@",
            "wasi:sockets/tcp@",
            "wasi:sockets/tcp-create-socket@",
            "wasi:sockets/udp@",
            "wasi:sockets/udp-create-socket@",
        ],
        Capability::Environment => &["wasi:cli/environment@"],
        Capability::Files => &["wasi:filesystem/preopens@"],
        Capability::KeyValueStores => &["fermyon:spin/key-value@", "spin:key-value/"],
        Capability::SqliteDatabases => &["fermyon:spin/sqlite@", "spin:sqlite/"],
        Capability::Variables => &["fermyon:spin/variables@", "spin:variables/"],
    }
}

/// Whether a middleware that inherits only `inherits` must not see `interface`.
fn denies(inherits: &BTreeSet<Capability>, interface: &str) -> bool {
    let not_inherited = Capability::ALL.into_iter().filter(|capability| !inherits.contains(capability));
    not_inherited.flat_map(interfaces).any(|prefix| interface.starts_with(prefix))
}

/// One middleware: its component's bytes and what it inherits.
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) wasm: Vec<u8>,
    pub(crate) inherits: BTreeSet<Capability>,
}

/// Puts `middleware` (outermost first) in front of `component`.
///
/// Errors name the link that is no middleware (does not import and export the HTTP handler) or no component.
pub(crate) fn compose(component: Vec<u8>, middleware: Vec<Link>) -> Result<Vec<u8>> {
    if middleware.is_empty() {
        return Ok(component);
    }
    let mut graph = CompositionGraph::new();
    let innermost = register(&mut graph, "component".into(), component)?;
    let innermost = graph.instantiate(innermost);
    let mut handler = graph.alias_instance_export(innermost, HANDLER).with_context(|| {
        format!("the route's component does not export {HANDLER}, so no middleware can call it")
    })?;
    for (position, link) in middleware.into_iter().enumerate().rev() {
        let Link { name, wasm, inherits } = link;
        let package = register(&mut graph, format!("middleware{position}"), wasm)
            .with_context(|| format!("middleware `{name}`"))?;
        handler = put_before(&mut graph, package, handler, &inherits)
            .with_context(|| format!("`{name}` is no middleware: it must import and export {HANDLER}"))?;
    }
    graph.export(handler, HANDLER)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

fn register(graph: &mut CompositionGraph, name: String, wasm: Vec<u8>) -> Result<PackageId> {
    let package = Package::from_bytes(&name, None, wasm, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}

/// Instantiates `package` with `next` behind it and gives its own handler.
fn put_before(
    graph: &mut CompositionGraph,
    package: PackageId,
    next: NodeId,
    inherits: &BTreeSet<Capability>,
) -> Result<NodeId> {
    let instance = graph.instantiate(package);
    graph.set_instantiation_argument(instance, HANDLER, next)?;
    let imports: Vec<_> =
        graph.types()[graph[package].ty()].imports.iter().map(|(name, kind)| (name.clone(), *kind)).collect();
    for (name, kind) in imports {
        if denies(inherits, &name) {
            let refused = denied_name(&name)?;
            let existing =
                graph.imports().find(|(import, ..)| *import == refused).and_then(|(.., node)| node);
            let refusal = match existing {
                Some(node) => node,
                None => graph.import(refused, kind)?,
            };
            graph.set_instantiation_argument(instance, &name, refusal)?;
        }
    }
    Ok(graph.alias_instance_export(instance, HANDLER)?)
}

/// `spin:key-value/key-value@3.0.0` → `denied:spin-key-value/key-value@3.0.0`.
fn denied_name(interface: &str) -> Result<String> {
    let Some((package, rest)) = interface.split_once('/') else {
        bail!("`{interface}` is no interface's name")
    };
    Ok(format!("{DENIED}{}/{rest}", package.replace(':', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::LENT;

    #[test]
    fn a_middleware_that_inherits_nothing_is_denied_every_capability() {
        let nothing = BTreeSet::new();
        assert!(denies(&nothing, "spin:key-value/key-value@3.0.0"));
        assert!(denies(&nothing, "spin:postgres/postgres@4.2.0"));
        assert!(denies(&nothing, "wasi:http/client@0.3.0"));
        assert!(!denies(&nothing, "wasi:http/types@0.3.0"));
        assert!(!denies(&nothing, "wasi:clocks/monotonic-clock@0.3.0"));
    }

    #[test]
    fn whatever_the_host_lends_can_be_denied_or_opens_nothing() {
        let open: Vec<_> = LENT.iter().filter(|lent| !denies(&BTreeSet::new(), lent)).collect();
        let harmless =
            ["fermyon:spin/rdbms-types@2.", "wasi:clocks/", "wasi:http/types@0.", "wasi:io/", "wasi:random/"];
        // Some of their interfaces open something: those are denied by name.
        let in_part = ["wasi:cli/", "wasi:filesystem/", "wasi:sockets/"];
        let mut expected: Vec<_> = harmless.iter().chain(&in_part).collect();
        expected.sort();
        assert_eq!(open, expected);
    }

    #[test]
    fn a_named_capability_is_inherited_and_no_other() {
        let stores = BTreeSet::from([Capability::KeyValueStores]);
        assert!(!denies(&stores, "spin:key-value/key-value@3.0.0"));
        assert!(denies(&stores, "spin:variables/variables@3.0.0"));
        assert!(!denies(&Capability::ALL.into(), "spin:variables/variables@3.0.0"));
    }

    #[test]
    fn a_denied_import_keeps_interface_and_version_in_its_name() {
        assert_eq!(
            denied_name("spin:key-value/key-value@3.0.0").unwrap(),
            "denied:spin-key-value/key-value@3.0.0"
        );
    }
}
