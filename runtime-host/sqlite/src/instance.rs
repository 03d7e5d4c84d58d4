//! One component instance's databases, and how they are joined to `spin:sqlite/sqlite@3.1.0`.

use crate::bindings::spin::sqlite::sqlite as wit;
use crate::{Connection, Error, Failure, QueryError, QueryResult, RowResult, Sqlite, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmtime::component::{Accessor, FutureReader, HasData, Linker, Resource, ResourceTable, StreamReader};

/// State of one component instance; dropped with it, and with it everything that still runs for it.
pub struct SqliteInstance {
    sqlite: Sqlite,
    granted: Arc<BTreeSet<String>>,
    open: usize,
    gone: Arc<AtomicBool>,
}

impl Drop for SqliteInstance {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

impl SqliteInstance {
    pub(crate) fn new(sqlite: Sqlite, granted: Arc<BTreeSet<String>>) -> Self {
        Self { sqlite, granted, open: 0, gone: Arc::default() }
    }

    /// Opens the database `label`: first the grant, then whether it exists, then the bounds.
    pub fn open(&self, label: &str) -> impl Future<Output = Result<Connection, QueryError>> + Send + use<> {
        let settings = &self.sqlite.0.settings;
        let allowed = if !self.granted.contains(label) {
            Err(QueryError::AccessDenied)
        } else if !settings.databases.contains(label) {
            Err(QueryError::NoSuchDatabase)
        } else if self.open >= settings.connections_per_instance_max {
            Err(QueryError::TooMany("connections opened in one instance"))
        } else {
            Ok(())
        };
        let (shared, label, gone) = (self.sqlite.0.clone(), label.to_owned(), self.gone.clone());
        async move {
            allowed?;
            Connection::open(shared, &label, gone).await
        }
    }
}

/// What the linker's closures reach through the store's data.
pub struct SqliteView<'a> {
    /// The instance's state.
    pub instance: &'a mut SqliteInstance,
    /// The instance's resources.
    pub table: &'a mut ResourceTable,
}

impl SqliteView<'_> {
    fn keep(&mut self, connection: Connection) -> Result<Resource<Connection>, Failure> {
        let handle = self.table.push(connection)?;
        self.instance.open += 1;
        Ok(handle)
    }
}

struct SqliteData;

impl HasData for SqliteData {
    type Data<'a> = SqliteView<'a>;
}

/// Lends `spin:sqlite/sqlite@3.1.0` to components, and `fermyon:spin/sqlite@2.0.0`, which is a part of it; `view` finds the instance state in the store's data.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> SqliteView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, SqliteData>(linker, view)?;
    wit::add_to_linker_instance::<T, SqliteData>(&mut linker.instance("fermyon:spin/sqlite@2.0.0")?, view)
}

impl wit::Host for SqliteView<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        match failure {
            Failure::Guest(error) => Ok(error),
            Failure::Trap(trap) => Err(trap),
        }
    }
}

impl wit::HostConnection for SqliteView<'_> {
    async fn open(&mut self, database: String) -> Result<Resource<Connection>, Failure> {
        let connection = self.instance.open(&database).await?;
        self.keep(connection)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> Result<QueryResult, Failure> {
        let connection = self.table.get(&connection)?.clone();
        Ok(connection.execute(statement, parameters).await?)
    }

    fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> wasmtime::Result<i64> {
        Ok(self.table.get(&connection)?.last_insert_rowid())
    }

    fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&connection)?.changes())
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.instance.open -= 1;
        Ok(())
    }
}

/// The connection behind a handle; the store is free again before the statement runs.
fn find<T>(
    accessor: &Accessor<T, SqliteData>,
    connection: &Resource<Connection>,
) -> Result<Connection, wasmtime::component::ResourceTableError> {
    accessor.with(|mut access| access.get().table.get(connection).cloned())
}

/// Column names, rows, and how the statement ended.
type Streamed = (Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>);

impl<T: Send> wit::HostConnectionWithStore<T> for SqliteData {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        database: String,
    ) -> Result<Resource<Connection>, Failure> {
        let opening = accessor.with(|mut access| access.get().instance.open(&database));
        let connection = opening.await?;
        accessor.with(|mut access| access.get().keep(connection))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> Result<Streamed, Failure> {
        let (columns, stream) = find(accessor, &connection)?.stream(statement, parameters).await?;
        let (rows, end) = stream.into_parts();
        accessor
            .with(|mut access| {
                wasmtime::Result::Ok((
                    columns,
                    StreamReader::new(&mut access, rows)?,
                    FutureReader::new(&mut access, end)?,
                ))
            })
            .map_err(Failure::Trap)
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        Ok(find(accessor, &connection)?.last_insert_rowid())
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        Ok(find(accessor, &connection)?.changes())
    }
}

#[cfg(test)]
mod tests {
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
        let settings = Settings {
            folder: folder.path().to_owned(),
            connections_per_instance_max: 1,
            ..Settings::default()
        };
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
}
