//! The interface as it was before the asynchronous one, `fermyon:spin/redis@2.0.0`: the same sessions, grants and errors
//! behind functions that an instance waits in.

use crate::bindings::spin::redis::redis::HostConnection;
use crate::{Error, Failure, Parameter, RedisView, Session};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTableError, ResourceType};

const INTERFACE: &str = "fermyon:spin/redis@2.0.0";

pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> RedisView<'_>,
) -> wasmtime::Result<()> {
    let find = move |mut context: StoreContextMut<'_, T>, connection: &Resource<Session>| {
        let session = view(context.data_mut()).table.get(connection)?.clone();
        Ok::<_, ResourceTableError>(session)
    };
    let mut interface = linker.instance(INTERFACE)?;
    interface.resource("connection", ResourceType::host::<Session>(), move |mut context, handle| {
        HostConnection::drop(&mut view(context.data_mut()), Resource::new_own(handle))
    })?;
    interface.func_wrap_async("[static]connection.open", move |mut context, (address,): (String,)| {
        Box::new(async move {
            let dialled = view(context.data_mut()).instance.dial(address).await;
            match view(context.data_mut()).keep(dialled) {
                Ok(connection) => Ok((Ok(connection),)),
                Err(Failure::Guest(error)) => Ok((Err(error),)),
                Err(Failure::Trap(trap)) => Err(trap),
            }
        })
    })?;
    interface.func_wrap_async(
        "[method]connection.publish",
        move |context, (connection, channel, payload): (Resource<Session>, String, Vec<u8>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.publish(&channel, &payload).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.get",
        move |context, (connection, key): (Resource<Session>, String)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.get(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.set",
        move |context, (connection, key, value): (Resource<Session>, String, Vec<u8>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.set(&key, &value).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.incr",
        move |context, (connection, key): (Resource<Session>, String)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.incr(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.del",
        move |context, (connection, keys): (Resource<Session>, Vec<String>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.del(&keys).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.sadd",
        move |context, (connection, key, values): (Resource<Session>, String, Vec<String>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.sadd(&key, &values).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.smembers",
        move |context, (connection, key): (Resource<Session>, String)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.smembers(&key).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.srem",
        move |context, (connection, key, values): (Resource<Session>, String, Vec<String>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.srem(&key, &values).await.map_err(Error::from),)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.execute",
        move |context, (connection, command, arguments): (Resource<Session>, String, Vec<Parameter>)| {
            let session = find(context, &connection);
            Box::new(async move { Ok((session?.execute(&command, &arguments).await.map_err(Error::from),)) })
        },
    )
}
