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

/// Lends `spin:redis/redis@3.0.0`, and the version before it, to components; `view` finds the instance state in the store's data.
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
mod tests {
    use super::*;
    use crate::Settings;
    use crate::bindings::spin::redis::redis::{HostConnection, HostConnectionWithStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use wasmtime::{Engine, Store};

    struct State {
        instance: RedisInstance,
        table: ResourceTable,
    }

    fn view(state: &mut State) -> RedisView<'_> {
        RedisView { instance: &mut state.instance, table: &mut state.table }
    }

    /// Answers everything with the integer 7, which is no worse a sign of life than `PONG`.
    async fn server_of_sevens() -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("redis://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 256];
                    while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                        stream.write_all(b":7\r\n").await.unwrap();
                    }
                });
            }
        });
        address
    }

    fn store(grant: &str) -> Store<State> {
        let redis = Redis::new(Settings { sessions_per_instance_max: 1, ..Settings::default() });
        let instance = redis.instance(Grants::parse([grant]).unwrap());
        Store::new(&Engine::default(), State { instance, table: ResourceTable::new() })
    }

    fn guest_error<R>(result: Result<R, Failure>) -> Option<Error> {
        match result {
            Err(Failure::Guest(error)) => Some(error),
            Ok(_) | Err(Failure::Trap(_)) => None,
        }
    }

    #[tokio::test]
    async fn a_guest_opens_calls_and_drops_within_its_bound() {
        let address = server_of_sevens().await;
        let mut store = store("redis://127.0.0.1:*");
        let (first, second) = store
            .run_concurrent(async |accessor| {
                let accessor = accessor.with_getter::<RedisData>(view);
                let first = RedisData::open(&accessor, address.clone()).await.unwrap();
                let borrowed = Resource::new_borrow(first.rep());
                assert_eq!(RedisData::incr(&accessor, borrowed, "n".to_owned()).await.unwrap(), 7);
                (first, RedisData::open(&accessor, address.clone()).await)
            })
            .await
            .unwrap();
        assert!(matches!(guest_error(second), Some(Error::TooManyConnections)));
        HostConnection::drop(&mut view(store.data_mut()), first).unwrap();
        let again = store
            .run_concurrent(async |accessor| {
                RedisData::open(&accessor.with_getter::<RedisData>(view), address.clone()).await
            })
            .await
            .unwrap();
        assert!(again.is_ok());
    }

    #[tokio::test]
    async fn a_guest_without_a_grant_gets_an_error_it_can_handle_and_a_stale_handle_traps() {
        let mut store = store("redis://example.com:*");
        store
            .run_concurrent(async |accessor| {
                let accessor = accessor.with_getter::<RedisData>(view);
                let refused = RedisData::open(&accessor, "redis://127.0.0.1:6379".to_owned()).await;
                assert!(matches!(guest_error(refused), Some(Error::InvalidAddress)));
                let stale = RedisData::get(&accessor, Resource::new_borrow(99), "k".to_owned()).await;
                assert!(matches!(stale, Err(Failure::Trap(_))));
            })
            .await
            .unwrap();
    }
}
