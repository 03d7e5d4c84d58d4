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
