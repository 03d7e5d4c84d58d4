//! Ties triggers to components: ids, components written in place, middleware, route clashes.

use crate::app::{Component, Exposure, Middleware, Route};
use crate::component::{self, Context, Declared};
use crate::middleware;
use crate::names::{did_you_mean, kebab_fault, listed};
use crate::problem::Findings;
use crate::section::Text;
use crate::trigger::{Draft, Target};
use std::collections::{BTreeMap, BTreeSet};

/// The manifest's components by id.
pub(crate) type Components = BTreeMap<String, Declared>;

/// Routes and the components they reach, from everything that was read.
pub(crate) fn link(
    drafts: Vec<Draft<'_>>,
    mut manifest: Components,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> (Vec<Route>, BTreeMap<String, Component>) {
    report_clashes(&drafts, findings);
    let ids = trigger_ids(&drafts, findings);
    let targets = targets(&drafts, &ids, &mut manifest, context, findings);
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    targets.iter().flatten().for_each(|id| *uses.entry(id).or_default() += 1);
    let mut components = BTreeMap::new();
    let mut routes = Vec::new();
    let mut named: BTreeSet<&str> = targets.iter().flatten().map(String::as_str).collect();
    for ((draft, trigger), target) in drafts.iter().zip(&ids).zip(&targets) {
        let middleware = resolve_middleware(draft, &manifest, context, findings);
        named.extend(draft.middleware.iter().filter_map(|one| match &one.source {
            middleware::Source::Component(id) => Some(id.value),
            middleware::Source::Path(_) => None,
        }));
        let (Some(target), Some(exposure)) = (target, &draft.exposure) else { continue };
        let Some(found) = manifest.get(target) else { continue };
        let mut component = found.component.clone();
        if !middleware.is_empty() && uses.get(target.as_str()).is_some_and(|count| *count > 1) {
            component.id = free_id(&format!("{target}-for-{trigger}"), |id| {
                components.contains_key(id) || manifest.contains_key(id)
            });
        }
        component.middleware = middleware;
        routes.push(Route {
            trigger: trigger.clone(),
            component: component.id.clone(),
            exposure: exposure.clone(),
            declared: findings.place(&draft.span),
        });
        components.insert(component.id.clone(), component);
    }
    note_unused(&manifest, &named, findings);
    (routes, components)
}

/// The given ids, and for the others those that Spin would make up.
fn trigger_ids(drafts: &[Draft<'_>], findings: &mut Findings<'_>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    for id in drafts.iter().filter_map(|draft| draft.id.as_ref()) {
        if !taken.insert(id.value.to_owned()) {
            findings.problem(&id.span, format!("trigger id {:?} is taken; allowed: each id once", id.value));
        }
    }
    let mut ids = Vec::new();
    for draft in drafts {
        let id = match (&draft.id, &draft.target) {
            (Some(id), _) => id.value.to_owned(),
            (None, Some(Target::Named(component))) => {
                let natural = format!("{}-http-trigger", component.value);
                if taken.contains(&natural) { counted("http-trigger", &taken) } else { natural }
            }
            (None, Some(Target::Inline(_)) | None) => counted("http-trigger", &taken),
        };
        taken.insert(id.clone());
        ids.push(id);
    }
    ids
}

fn counted(stem: &str, taken: &BTreeSet<String>) -> String {
    (1..).map(|number| format!("{stem}{number}")).find(|id| !taken.contains(id)).unwrap_or_default()
}

fn free_id(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (1..).map(|number| format!("{wanted}-d{number}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}

/// The component of each trigger, `None` where it has no usable one. Components written in place join the others.
fn targets(
    drafts: &[Draft<'_>],
    ids: &[String],
    declared: &mut Components,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Option<String>> {
    let mut targets = Vec::new();
    for (draft, trigger) in drafts.iter().zip(ids) {
        let target = match &draft.target {
            Some(Target::Named(id)) => known(id, declared, findings).then(|| id.value.to_owned()),
            Some(Target::Inline(section)) => {
                let natural = format!("{trigger}-component");
                let id = if kebab_fault(&natural).is_none() && !declared.contains_key(&natural) {
                    natural
                } else {
                    counted("inline-component", &declared.keys().cloned().collect())
                };
                declared.insert(id.clone(), component::read(&id, section, context, findings));
                Some(id)
            }
            None => None,
        };
        targets.push(target);
    }
    targets
}

fn known(id: &Text<'_>, declared: &Components, findings: &mut Findings<'_>) -> bool {
    let known = declared.contains_key(id.value);
    if !known {
        let ids = || declared.keys().map(String::as_str);
        findings.problem(
            &id.span,
            format!(
                "component {:?} is not declared{}; declared: {}",
                id.value,
                did_you_mean(id.value, ids()),
                listed(ids())
            ),
        );
    }
    known
}

fn resolve_middleware(
    draft: &Draft<'_>,
    declared: &Components,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Middleware> {
    let mut resolved = Vec::new();
    for one in &draft.middleware {
        match &one.source {
            middleware::Source::Component(id) => {
                if !known(id, declared, findings) {
                    continue;
                }
                let found = &declared[id.value];
                if !found.own_resources.is_empty() {
                    findings.problem(
                        &id.span,
                        format!(
                            "component {:?} cannot be a middleware, because it has resources of its own ({}, line {}); \
                             allowed: none, it inherits those of the component behind it",
                            id.value,
                            found.own_resources.join(", "),
                            found.component.declared.line
                        ),
                    );
                }
                resolved.push(Middleware {
                    name: id.value.to_owned(),
                    source: found.component.source.clone(),
                    inherits: one.inherits.clone(),
                    build: found.component.build.clone(),
                });
            }
            middleware::Source::Path(path) => {
                let source = context.folder.join(path.value);
                if context.inputs.check_sources && !source.is_file() {
                    findings.problem(&path.span, format!("middleware {:?} does not exist", path.value));
                }
                let name = path.value.to_owned();
                resolved.push(Middleware { name, source, inherits: one.inherits.clone(), build: None });
            }
        }
    }
    resolved
}

fn report_clashes(drafts: &[Draft<'_>], findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for draft in drafts {
        let Some(Exposure::Public(pattern)) = &draft.exposure else { continue };
        let line = findings.line(&draft.route_span);
        match first.get(&pattern.shape()) {
            Some((raw, at)) => {
                let why = if *raw == pattern.raw() { "" } else { ", which fits the same paths" };
                let text = format!(
                    "route {:?} clashes with {raw:?} on line {at}{why}; allowed: one trigger for each route",
                    pattern.raw()
                );
                findings.problem(&draft.route_span, text);
            }
            None => _ = first.insert(pattern.shape(), (pattern.raw(), line)),
        }
    }
}

fn note_unused(declared: &Components, named: &BTreeSet<&str>, findings: &mut Findings<'_>) {
    for (id, unused) in declared.iter().filter(|(id, _)| !named.contains(id.as_str())) {
        let text = format!("component {id:?} is named by no trigger and no middleware: it is not loaded");
        findings.note_at(unused.component.declared.clone(), text);
    }
    for (id, component) in declared {
        for target in component.component.grants.chained_components() {
            if !declared.contains_key(target) {
                let text =
                    format!("component {id:?} may call \"{target}.spin.internal\", which is not declared");
                findings.note_at(component.component.declared.clone(), text);
            }
        }
    }
}
