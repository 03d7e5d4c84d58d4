use super::*;
use crate::Settings;
use crate::bindings::spin::sqlite::sqlite::{HostConnection, HostConnectionWithStore};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use wasmtime::component::{FutureConsumer, Source, StreamConsumer, StreamResult};
use wasmtime::{Engine, Store, StoreContextMut};

struct State {
    instance: SqliteInstance,
    table: ResourceTable,
}

fn view(state: &mut State) -> SqliteView<'_> {
    SqliteView { instance: &mut state.instance, table: &mut state.table }
}

#[derive(Clone, Default)]
struct Seen {
    rows: Arc<Mutex<Vec<RowResult>>>,
    end: Arc<Mutex<Option<Result<(), Error>>>>,
}

impl<D> StreamConsumer<D> for Seen {
    type Item = RowResult;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, RowResult>,
        _: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut rows = Vec::with_capacity(10);
        source.read(store, &mut rows)?;
        self.rows.lock().unwrap().append(&mut rows);
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

impl<D> FutureConsumer<D> for Seen {
    type Item = Result<(), Error>;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, Self::Item>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut end = None;
        source.read(store, &mut end)?;
        *self.end.lock().unwrap() = end;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_guest_streams_rows_and_learns_the_end_and_its_handle_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        Settings { folder: folder.path().to_owned(), connections_per_instance_max: 1, ..Settings::default() };
    let granted = Arc::new(BTreeSet::from(["default".to_owned()]));
    let instance = Sqlite::new(settings).unwrap().instance(granted);
    let mut store = Store::new(&Engine::default(), State { instance, table: ResourceTable::new() });
    let seen = Seen::default();
    let connection = store
        .run_concurrent(async |accessor| {
            let accessor = accessor.with_getter::<SqliteData>(view);
            let connection = SqliteData::open_async(&accessor, "default".to_owned()).await.unwrap();
            let second = SqliteData::open_async(&accessor, "default".to_owned()).await;
            assert!(matches!(second, Err(Failure::Guest(Error::Io(_)))));
            let sql = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 500) SELECT v FROM n";
            let borrowed = Resource::new_borrow(connection.rep());
            let streamed = SqliteData::execute_async(&accessor, borrowed, sql.to_owned(), Vec::new()).await;
            let (columns, rows, end) = streamed.unwrap();
            assert_eq!(columns, ["v"]);
            accessor.with(|mut access| {
                rows.pipe(&mut access, seen.clone()).unwrap();
                end.pipe(&mut access, seen.clone()).unwrap();
            });
            while seen.end.lock().unwrap().is_none() || seen.rows.lock().unwrap().len() < 500 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            connection
        })
        .await
        .unwrap();
    assert!(matches!(*seen.end.lock().unwrap(), Some(Ok(()))));
    assert!(matches!(seen.rows.lock().unwrap()[499].values[..], [Value::Integer(500)]));
    let mut view = view(store.data_mut());
    HostConnection::drop(&mut view, connection).unwrap();
    assert!(HostConnection::open(&mut view, "default".to_owned()).await.is_ok());
}
