//! One component instance's Redis, and how it is joined to `spin:redis/redis@3.0.0`; to the version before it:
//! `version_2.rs`.

use crate::bindings::spin::redis::redis as wit;
use crate::{CallError, Error, Failure, Parameter, Redis, RedisResult, Session, version_2};
use host_egress::Grants;
use wasmtime::component::{Accessor, HasData, Linker, Resource, ResourceTable};

/// State of one component instance; dropped with it.
pub struct RedisInstance {
    redis: Redis,
    grants: Grants,
    sessions: usize,
    refusal_logged: bool,
}

impl RedisInstance {
    pub(crate) fn new(redis: Redis, grants: Grants) -> Self {
        Self { redis, grants, sessions: 0, refusal_logged: false }
    }

    /// Dials `address`, if it was granted; the instance is free meanwhile.
    pub(crate) fn dial(
        &self,
        address: String,
    ) -> impl Future<Output = Result<Session, CallError>> + Send + use<> {
        let (redis, grants) = (self.redis.clone(), self.grants.clone());
        async move { redis.open(&grants, &address).await }
    }

    fn opened(&mut self) -> Result<(), CallError> {
        if self.sessions >= self.redis.0.settings.sessions_per_instance_max {
            return Err(CallError::TooMany("open connections in one instance"));
        }
        self.sessions += 1;
        Ok(())
    }

    /// The guest only hears `invalid-address`; whoever runs the app needs the line to add.
    fn log_refusal(&mut self, error: &CallError) {
        if let CallError::Refused(refused) = error
            && !self.refusal_logged
        {
            self.refusal_logged = true;
            tracing::warn!(%refused, "a component may not connect to this Redis");
        }
    }
}

/// What the linker's closures reach through the store's data.
pub struct RedisView<'a> {
    /// The instance's state.
    pub instance: &'a mut RedisInstance,
    /// The instance's resources.
    pub table: &'a mut ResourceTable,
}

impl RedisView<'_> {
    /// The handle of a session that was dialled, within the instance's bound.
    pub(crate) fn keep(&mut self, dialled: Result<Session, CallError>) -> Result<Resource<Session>, Failure> {
        let session = dialled.inspect_err(|error| self.instance.log_refusal(error))?;
        self.instance.opened()?;
        Ok(self.table.push(session)?)
    }
}

struct RedisData;

impl HasData for RedisData {
    type Data<'a> = RedisView<'a>;
}

/// Lends `spin:redis/redis@3.0.0`, and the version before it, to components; `view` finds the instance state in the
/// store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> RedisView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, RedisData>(linker, view)?;
    version_2::add_to_linker(linker, view)
}

impl wit::Host for RedisView<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        match failure {
            Failure::Guest(error) => Ok(error),
            Failure::Trap(trap) => Err(trap),
        }
    }
}

impl wit::HostConnection for RedisView<'_> {
    fn drop(&mut self, connection: Resource<Session>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.instance.sessions -= 1;
        Ok(())
    }
}

/// The session behind a handle; the store is free again before the call goes out.
fn session<T>(accessor: &Accessor<T, RedisData>, connection: &Resource<Session>) -> Result<Session, Failure> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.clone()))
}

impl<T: Send> wit::HostConnectionWithStore<T> for RedisData {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Result<Resource<Session>, Failure> {
        let dialling = accessor.with(|mut access| access.get().instance.dial(address));
        let dialled = dialling.await;
        accessor.with(|mut access| access.get().keep(dialled))
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        channel: String,
        payload: Vec<u8>,
    ) -> Result<(), Failure> {
        Ok(session(accessor, &connection)?.publish(&channel, &payload).await?)
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(session(accessor, &connection)?.get(&key).await?)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Failure> {
        Ok(session(accessor, &connection)?.set(&key, &value).await?)
    }

    async fn incr(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
    ) -> Result<i64, Failure> {
        Ok(session(accessor, &connection)?.incr(&key).await?)
    }

    async fn del(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        keys: Vec<String>,
    ) -> Result<u32, Failure> {
        Ok(session(accessor, &connection)?.del(&keys).await?)
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Failure> {
        Ok(session(accessor, &connection)?.sadd(&key, &values).await?)
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
    ) -> Result<Vec<String>, Failure> {
        Ok(session(accessor, &connection)?.smembers(&key).await?)
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Failure> {
        Ok(session(accessor, &connection)?.srem(&key, &values).await?)
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Session>,
        command: String,
        arguments: Vec<Parameter>,
    ) -> Result<Vec<RedisResult>, Failure> {
        Ok(session(accessor, &connection)?.execute(&command, &arguments).await?)
    }
}

#[cfg(test)]
mod tests;
