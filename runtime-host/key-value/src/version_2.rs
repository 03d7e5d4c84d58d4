//! The interface as it was before the asynchronous one, `fermyon:spin/key-value@2.0.0`: the same stores, grants and
//! errors behind functions that an instance waits in, and all keys in one list.

use crate::bindings::spin::key_value::key_value::HostStore;
use crate::{Error, KeyValueView, Store};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTableError, ResourceType};

const INTERFACE: &str = "fermyon:spin/key-value@2.0.0";

pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyValueView<'_>,
) -> wasmtime::Result<()> {
    let find = move |mut context: StoreContextMut<'_, T>, store: &Resource<Store>| {
        let store = view(context.data_mut()).table.get(store)?.clone();
        Ok::<_, ResourceTableError>(store)
    };
    let mut interface = linker.instance(INTERFACE)?;
    interface.resource("store", ResourceType::host::<Store>(), move |mut context, handle| {
        HostStore::drop(&mut view(context.data_mut()), Resource::new_own(handle))
    })?;
    interface.func_wrap("[static]store.open", move |mut context, (label,): (String,)| {
        let view = view(context.data_mut());
        Ok((match view.instance.open(&label) {
            Ok(store) => Ok(view.table.push(store)?),
            Err(error) => Err(Error::from(error)),
        },))
    })?;
    macro_rules! method {
        ($name:literal, |$store:ident $(, $argument:ident: $type:ty)*| $call:expr) => {
            interface.func_wrap_async(
                $name,
                move |context, (handle, $($argument),*): (Resource<Store>, $($type),*)| {
                    let store = find(context, &handle);
                    Box::new(async move {
                        let $store = store?;
                        Ok(($call.await.map_err(Error::from),))
                    })
                },
            )?;
        };
    }
    method!("[method]store.get", |store, key: String| store.get(&key));
    method!("[method]store.set", |store, key: String, value: Vec<u8>| store.set(&key, value));
    method!("[method]store.delete", |store, key: String| store.delete(&key));
    method!("[method]store.exists", |store, key: String| store.exists(&key));
    method!("[method]store.get-keys", |store| store.keys());
    Ok(())
}
