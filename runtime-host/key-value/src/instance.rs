//! One component instance's stores, and how they are joined to `spin:key-value/key-value@3.0.0`; to the version before it:
//! `version_2.rs`.

use crate::bindings::spin::key_value::key_value as wit;
use crate::keys::KeyStream;
use crate::{Error, Failure, KeyValue, Store, StoreError, version_2};
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime::component::{Accessor, FutureReader, HasData, Linker, Resource, ResourceTable, StreamReader};

/// State of one component instance; dropped with it.
pub struct KeyValueInstance {
    key_value: KeyValue,
    granted: Arc<BTreeSet<String>>,
    open: usize,
}

impl KeyValueInstance {
    pub(crate) fn new(key_value: KeyValue, granted: Arc<BTreeSet<String>>) -> Self {
        Self { key_value, granted, open: 0 }
    }

    /// Opens the store `label`: first the grant, then whether it exists, then the instance's bound.
    pub fn open(&mut self, label: &str) -> Result<Store, StoreError> {
        if !self.granted.contains(label) {
            return Err(StoreError::AccessDenied);
        }
        let store = self.key_value.store(label)?;
        if self.open >= self.key_value.0.settings.open_per_instance_max {
            return Err(StoreError::TableFull);
        }
        self.open += 1;
        Ok(store)
    }
}

/// What the linker's closures reach through the store's data.
pub struct KeyValueView<'a> {
    /// The instance's state.
    pub instance: &'a mut KeyValueInstance,
    /// The instance's resources.
    pub table: &'a mut ResourceTable,
}

struct KeyValueData;

impl HasData for KeyValueData {
    type Data<'a> = KeyValueView<'a>;
}

/// Lends `spin:key-value/key-value@3.0.0`, and the version before it, to components; `view` finds the instance state in
/// the store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyValueView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, KeyValueData>(linker, view)?;
    version_2::add_to_linker(linker, view)
}

impl wit::Host for KeyValueView<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        match failure {
            Failure::Guest(error) => Ok(error),
            Failure::Trap(trap) => Err(trap),
        }
    }
}

impl wit::HostStore for KeyValueView<'_> {
    fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        self.instance.open -= 1;
        Ok(())
    }
}

/// The store behind a handle; wasmtime's store is free again before the call goes out.
fn find<T>(
    accessor: &Accessor<T, KeyValueData>,
    store: &Resource<Store>,
) -> Result<Store, wasmtime::component::ResourceTableError> {
    accessor.with(|mut access| access.get().table.get(store).cloned())
}

impl<T: Send> wit::HostStoreWithStore<T> for KeyValueData {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Result<Resource<Store>, Failure> {
        accessor.with(|mut access| {
            let view = access.get();
            let store = view.instance.open(&label)?;
            Ok(view.table.push(store)?)
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(find(accessor, &store)?.get(&key).await?)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Failure> {
        Ok(find(accessor, &store)?.set(&key, value).await?)
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<(), Failure> {
        Ok(find(accessor, &store)?.delete(&key).await?)
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<bool, Failure> {
        Ok(find(accessor, &store)?.exists(&key).await?)
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (keys, ended) = KeyStream::new(find(accessor, &store)?);
        accessor.with(|mut access| {
            Ok((StreamReader::new(&mut access, keys)?, FutureReader::new(&mut access, ended)?))
        })
    }
}
