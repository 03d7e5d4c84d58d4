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
    macro_rules! method {
        ($name:literal, |$session:ident, $($argument:ident: $type:ty),+| $call:expr) => {
            interface.func_wrap_async(
                $name,
                move |context, (handle, $($argument),+): (Resource<Session>, $($type),+)| {
                    let session = find(context, &handle);
                    Box::new(async move {
                        let $session = session?;
                        Ok(($call.await.map_err(Error::from),))
                    })
                },
            )?;
        };
    }
    method!("[method]connection.publish", |session, channel: String, payload: Vec<u8>| session
        .publish(&channel, &payload));
    method!("[method]connection.get", |session, key: String| session.get(&key));
    method!("[method]connection.set", |session, key: String, value: Vec<u8>| session.set(&key, &value));
    method!("[method]connection.incr", |session, key: String| session.incr(&key));
    method!("[method]connection.del", |session, keys: Vec<String>| session.del(&keys));
    method!("[method]connection.sadd", |session, key: String, values: Vec<String>| session
        .sadd(&key, &values));
    method!("[method]connection.smembers", |session, key: String| session.smembers(&key));
    method!("[method]connection.srem", |session, key: String, values: Vec<String>| session
        .srem(&key, &values));
    method!("[method]connection.execute", |session, command: String, arguments: Vec<Parameter>| session
        .execute(&command, &arguments));
    Ok(())
}
