//! Instances that refuse: what a middleware finds behind an import that it does not inherit.
//!
//! They are made from the import's own type, so any interface can be refused. A function that can report an error
//! reports a refusal; one that lists things lists none; only one that can do neither stops the instance.

use crate::compose::DENIED;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType, Val};
use wasmtime::{Engine, Result, format_err};

const MESSAGE: &str =
    "access denied: this middleware does not inherit the capability (see inherit_configuration)";

/// Error cases that say what happened better than a text does, in the interfaces that have them.
const FITTING_CASES: &[&str] =
    &["access-denied", "HTTP-request-denied", "http-request-denied", "not-permitted"];

/// The host's side of a resource that no one can ever hold.
enum Nothing {}

/// Defines every `denied:…` import of `component` in `linker`.
pub(crate) fn define_refusals<T: Send + 'static>(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<T>,
) -> Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        if let (true, ComponentItem::ComponentInstance(instance)) = (name.starts_with(DENIED), item.ty) {
            define(engine, &instance, linker.instance(name)?)?;
        }
    }
    Ok(())
}

fn define<T: Send + 'static>(
    engine: &Engine,
    instance: &ComponentInstance,
    mut linker: LinkerInstance<'_, T>,
) -> Result<()> {
    for (name, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(function) if function.async_() => {
                linker.func_new_concurrent(name, |_, function, _, results| {
                    Box::pin(async move { refuse(&function, results) })
                })?;
            }
            ComponentItem::ComponentFunc(_) => {
                linker.func_new(name, |_, function, _, results| refuse(&function, results))?;
            }
            ComponentItem::Resource(_) => {
                linker.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
            }
            ComponentItem::Type(_)
            | ComponentItem::CoreFunc(_)
            | ComponentItem::Module(_)
            | ComponentItem::Component(_)
            | ComponentItem::ComponentInstance(_) => {}
        }
    }
    Ok(())
}

fn refuse(function: &ComponentFunc, results: &mut [Val]) -> Result<()> {
    for (result, ty) in results.iter_mut().zip(function.results()) {
        *result = refusal(&ty).ok_or_else(|| format_err!(MESSAGE))?;
    }
    Ok(())
}

/// The value of `ty` that means no: an error, nothing, an empty list.
fn refusal(ty: &Type) -> Option<Val> {
    match ty {
        Type::Result(result) => match result.err() {
            Some(error) => Some(Val::Result(Err(Some(Box::new(error_of(&error)?))))),
            None => Some(Val::Result(Err(None))),
        },
        Type::List(_) => Some(Val::List(Vec::new())),
        Type::Option(_) => Some(Val::Option(None)),
        Type::Bool => Some(Val::Bool(false)),
        _ => None,
    }
}

fn error_of(ty: &Type) -> Option<Val> {
    match ty {
        Type::String => Some(Val::String(MESSAGE.into())),
        Type::Enum(cases) => FITTING_CASES
            .iter()
            .find(|fitting| cases.names().any(|name| name == **fitting))
            .map(|name| Val::Enum((*name).into())),
        Type::Variant(variant) => {
            let named = variant.cases().find(|case| FITTING_CASES.contains(&case.name) && case.ty.is_none());
            if let Some(case) = named {
                return Some(Val::Variant(case.name.into(), None));
            }
            let texts = variant.cases().filter(|case| matches!(case.ty, Some(Type::String)));
            texts
                .last()
                .map(|case| Val::Variant(case.name.into(), Some(Box::new(Val::String(MESSAGE.into())))))
        }
        _ => None,
    }
}
