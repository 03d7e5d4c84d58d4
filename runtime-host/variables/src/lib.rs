//! Spin's variables interface: a component reads the values that its manifest entry was resolved to.
//!
//! It never resolves templates, reads the environment or knows which values are secret: whoever starts the host does
//! that once, before the port opens (`host-manifest`), and hands over finished values. It has no server behind it and
//! therefore no fault switch and no readiness. The rules for names are in `name.rs`.

mod name;

use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasData, Linker};

pub use bindings::spin::variables::variables::Error;
pub use name::{InvalidName, Name};

mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::spin::variables::variables as wit;

/// The resolved variables of one component; clones share the values.
#[derive(Clone, Default)]
pub struct Variables(Arc<BTreeMap<String, String>>);

impl Variables {
    /// `values`: what the component's `[component.*.variables]` table came to, by name.
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self(Arc::new(values))
    }

    /// The per-instance view of these values; costs one reference count.
    pub fn instance(&self) -> VariablesInstance {
        VariablesInstance(self.clone())
    }

    /// The value of `name`, or why there is none: [`Error::InvalidName`] or [`Error::Undefined`].
    pub fn get(&self, name: &str) -> Result<String, Error> {
        let name = Name::parse(name).map_err(|invalid| Error::InvalidName(invalid.to_string()))?;
        match self.0.get(name.as_str()) {
            Some(value) => Ok(value.clone()),
            None => Err(Error::Undefined(format!("the component has no variable {:?}", name.as_str()))),
        }
    }
}

// Values may be secrets: only the names are ever printed.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One instance's access to its component's variables.
#[derive(Clone, Debug, Default)]
pub struct VariablesInstance(Variables);

/// What the linker's closures reach through the store's data.
pub struct VariablesView<'a> {
    /// The instance's state.
    pub instance: &'a mut VariablesInstance,
}

/// How a call ends when not in success: an answer for the guest, or a trap.
#[derive(Debug)]
pub enum Failure {
    /// The guest gets this error and can handle it.
    Guest(Error),
    /// A fault of the host: the instance is stopped.
    Trap(wasmtime::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Guest(error)
    }
}

struct VariablesData;

impl HasData for VariablesData {
    type Data<'a> = VariablesView<'a>;
}

/// Lends `spin:variables/variables@3.0.0`, and the version before it, to components; `view` finds the instance state in
/// the store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> VariablesView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, VariablesData>(linker, view)?;
    let mut version_2 = linker.instance("fermyon:spin/variables@2.0.0")?;
    version_2.func_wrap("get", move |mut context, (name,): (String,)| {
        Ok((view(context.data_mut()).instance.0.get(&name),))
    })
}

impl wit::Host for VariablesView<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        match failure {
            Failure::Guest(error) => Ok(error),
            Failure::Trap(trap) => Err(trap),
        }
    }
}

impl<T: Send> wit::HostWithStore<T> for VariablesData {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, Failure> {
        Ok(accessor.with(|mut access| access.get().instance.0.get(&name))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables::new(BTreeMap::from([
            ("api_key".to_owned(), "planted-value".to_owned()),
            ("empty".to_owned(), String::new()),
        ]))
    }

    #[test]
    fn a_defined_variable_is_returned_even_when_empty() {
        assert_eq!(variables().get("api_key").unwrap(), "planted-value");
        assert_eq!(variables().get("empty").unwrap(), "");
    }

    #[test]
    fn an_unknown_variable_is_undefined_and_named() {
        let error = variables().get("api_keys").unwrap_err();
        assert!(matches!(&error, Error::Undefined(text) if text.contains("\"api_keys\"")), "{error}");
    }

    #[test]
    fn a_malformed_name_is_invalid_rather_than_undefined() {
        let error = variables().get("API_KEY").unwrap_err();
        assert!(matches!(&error, Error::InvalidName(text) if text.contains("'A'")), "{error}");
    }

    #[test]
    fn debug_output_holds_names_but_no_values() {
        let text = format!("{:?}", variables().instance());
        assert!(text.contains("api_key") && !text.contains("planted-value"), "{text}");
    }

    #[tokio::test]
    async fn a_call_through_the_linker_side_sees_the_instance() {
        let engine = wasmtime::Engine::default();
        let mut linker = Linker::new(&engine);
        add_to_linker::<VariablesInstance>(&mut linker, |instance| VariablesView { instance }).unwrap();
        let mut store = wasmtime::Store::new(&engine, variables().instance());
        let got = store
            .run_concurrent(async |accessor| {
                let accessor = accessor.with_getter::<VariablesData>(|instance| VariablesView { instance });
                <VariablesData as wit::HostWithStore<_>>::get(&accessor, "api_key".to_owned()).await
            })
            .await
            .unwrap();
        assert_eq!(got.unwrap(), "planted-value");
    }
}
