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

/// Lends `spin:sqlite/sqlite@3.1.0` to components, and `fermyon:spin/sqlite@2.0.0`, which is a part of it; `view` finds
/// the instance state in the store's data.
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
mod tests;
