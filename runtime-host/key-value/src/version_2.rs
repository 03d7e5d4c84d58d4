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
    interface.func_wrap_async(
        "[method]store.get",
        move |context, (store, key): (Resource<Store>, String)| {
            let store = find(context, &store);
            Box::new(async move { Ok((store?.get(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]store.set",
        move |context, (store, key, value): (Resource<Store>, String, Vec<u8>)| {
            let store = find(context, &store);
            Box::new(async move { Ok((store?.set(&key, value).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]store.delete",
        move |context, (store, key): (Resource<Store>, String)| {
            let store = find(context, &store);
            Box::new(async move { Ok((store?.delete(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]store.exists",
        move |context, (store, key): (Resource<Store>, String)| {
            let store = find(context, &store);
            Box::new(async move { Ok((store?.exists(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async("[method]store.get-keys", move |context, (store,): (Resource<Store>,)| {
        let store = find(context, &store);
        Box::new(async move { Ok((store?.keys().await.map_err(Error::from),)) })
    })
}
