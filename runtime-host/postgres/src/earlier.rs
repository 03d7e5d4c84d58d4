//! The interface as earlier versions have it, `spin:postgres/postgres@3.0.0` and `fermyon:spin/postgres@2.0.0`: the same
//! connections, grants and sessions behind fewer types, and functions that an instance waits in.
//!
//! As on Spin, a column whose type a version does not know is `other`, and its values are `unsupported`. Which
//! types a version has: `versions.rs`.

mod versions;

use crate::PostgresView;
use crate::bindings::spin::postgres::postgres::HostConnection;
use crate::connection::Connection;
use crate::interface::{Column, DbDataType, DbValue, Error, ParameterValue, QueryError, Row};
use versions::{version_2::Version2, version_3::Version3};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceTableError, ResourceType};

/// What an earlier version has of its own.
trait Version: 'static {
    const INTERFACE: &str;
    /// Errors when PostgreSQL has no such type.
    type Parameter: Lift + TryInto<ParameterValue, Error = Error> + Send + Sync + 'static;
    type DataType: Lower + for<'a> From<&'a DbDataType> + Send + Sync + 'static;
    type Value: Lower + From<DbValue> + Send + Sync + 'static;
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct RowSet<D, V> {
    columns: Vec<EarlierColumn<D>>,
    rows: Vec<Vec<V>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct EarlierColumn<D> {
    name: String,
    #[component(name = "data-type")]
    data_type: D,
}

impl<D: for<'a> From<&'a DbDataType>, V: From<DbValue>> RowSet<D, V> {
    fn new(columns: Vec<Column>, rows: Vec<Row>) -> Self {
        let columns = columns
            .into_iter()
            .map(|column| EarlierColumn { data_type: (&column.data_type).into(), name: column.name });
        let rows = rows.into_iter().map(|row| row.into_iter().map(V::from).collect());
        Self { columns: columns.collect(), rows: rows.collect() }
    }
}

/// An error of versions 2 and 3: what the server said is one text.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum EarlierError {
    #[component(name = "connection-failed")]
    ConnectionFailed(String),
    #[component(name = "bad-parameter")]
    BadParameter(String),
    #[component(name = "query-failed")]
    QueryFailed(String),
    #[component(name = "value-conversion-failed")]
    ValueConversionFailed(String),
    #[component(name = "other")]
    Other(String),
}

impl From<Error> for EarlierError {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionFailed(text) => Self::ConnectionFailed(text),
            Error::BadParameter(text) => Self::BadParameter(text),
            Error::QueryFailed(QueryError::Text(text)) => Self::QueryFailed(text),
            Error::QueryFailed(QueryError::DbError(server)) => Self::QueryFailed(server.as_text),
            Error::ValueConversionFailed(text) => Self::ValueConversionFailed(text),
            Error::Other(text) => Self::Other(text),
        }
    }
}

pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> PostgresView<'_>,
) -> wasmtime::Result<()> {
    add_version::<T, Version3>(linker, view)?;
    add_version::<T, Version2>(linker, view)
}

fn add_version<T: Send + 'static, V: Version>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> PostgresView<'_>,
) -> wasmtime::Result<()> {
    let find = move |mut context: StoreContextMut<'_, T>, connection: &Resource<Connection>| {
        let connection = view(context.data_mut()).table.get(connection)?.clone();
        Ok::<_, ResourceTableError>(connection)
    };
    let mut interface = linker.instance(V::INTERFACE)?;
    interface.resource("connection", ResourceType::host::<Connection>(), move |mut context, handle| {
        HostConnection::drop(&mut view(context.data_mut()), Resource::new_own(handle))
    })?;
    interface.func_wrap_async("[static]connection.open", move |mut context, (address,): (String,)| {
        Box::new(async move {
            let opened = HostConnection::open(&mut view(context.data_mut()), address).await?;
            Ok((opened.map_err(EarlierError::from),))
        })
    })?;
    type Call<P> = (Resource<Connection>, String, Vec<P>);
    interface.func_wrap_async(
        "[method]connection.query",
        move |context, (connection, statement, parameters): Call<V::Parameter>| {
            let connection = find(context, &connection);
            Box::new(async move {
                let connection = connection?;
                let told = async {
                    let parameters = parameters_of::<V>(parameters)?;
                    connection.query_whole(&statement, &parameters).await
                };
                let told =
                    told.await.map(|(columns, rows)| RowSet::<V::DataType, V::Value>::new(columns, rows));
                Ok((told.map_err(EarlierError::from),))
            })
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.execute",
        move |context, (connection, statement, parameters): Call<V::Parameter>| {
            let connection = find(context, &connection);
            Box::new(async move {
                let connection = connection?;
                let told = async {
                    let parameters = parameters_of::<V>(parameters)?;
                    connection.execute(&statement, &parameters).await
                };
                Ok((told.await.map_err(EarlierError::from),))
            })
        },
    )
}

fn parameters_of<V: Version>(given: Vec<V::Parameter>) -> Result<Vec<ParameterValue>, Error> {
    given.into_iter().map(TryInto::try_into).collect()
}
