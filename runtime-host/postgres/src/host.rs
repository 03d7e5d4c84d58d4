//! The interface's functions, each a few lines between the guest and [`Connection`].

use crate::bindings::spin::postgres::postgres::{
    Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore, HostConnectionWithStore,
};
use crate::connection::{Connection, Rows};
use crate::error::connection_failed;
use crate::interface::{Column, Error, ParameterValue, Row, RowSet};
use crate::stream::RowReader;
use crate::tls::CaRoot;
use crate::{PostgresInstance, PostgresView};
use std::pin::Pin;
use std::task::{Context, Poll};
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Accessor, Destination, FutureReader, HasData, Resource, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};

/// Marks the state that the interface's functions get.
pub(crate) struct Capability;

impl HasData for Capability {
    type Data<'a> = PostgresView<'a>;
}

/// The resource behind the interface's `connection-builder`.
pub struct ConnectionBuilder {
    address: String,
    ca_root: Option<CaRoot>,
}

impl PostgresView<'_> {
    fn push(&mut self, opened: Result<Connection, Error>) -> Result<Resource<Connection>, Error> {
        self.table.push(opened?).map_err(|_full| connection_failed("too many connections"))
    }

    fn connection(&self, connection: &Resource<Connection>) -> wasmtime::Result<Connection> {
        Ok(self.table.get(connection)?.clone())
    }

    fn builder(
        &self,
        builder: &Resource<ConnectionBuilder>,
    ) -> wasmtime::Result<(PostgresInstance, String, Option<CaRoot>)> {
        let ConnectionBuilder { address, ca_root } = self.table.get(builder)?;
        Ok((self.instance.clone(), address.clone(), ca_root.clone()))
    }
}

impl Host for PostgresView<'_> {}

impl HostConnectionBuilder for PostgresView<'_> {
    fn new(&mut self, address: String) -> wasmtime::Result<Resource<ConnectionBuilder>> {
        Ok(self.table.push(ConnectionBuilder { address, ca_root: None })?)
    }

    fn set_ca_root(
        &mut self,
        builder: Resource<ConnectionBuilder>,
        certificate: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let builder = self.table.get_mut(&builder)?;
        Ok(match CaRoot::from_pem(certificate) {
            Ok(ca_root) => {
                builder.ca_root = Some(ca_root);
                Ok(())
            }
            Err(reason) => Err(Error::Other(format!("invalid root certificate: {reason}"))),
        })
    }

    async fn build(
        &mut self,
        builder: Resource<ConnectionBuilder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let (instance, address, ca_root) = self.builder(&builder)?;
        let opened = instance.open(&address, ca_root).await;
        Ok(self.push(opened))
    }

    fn drop(&mut self, builder: Resource<ConnectionBuilder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionBuilderWithStore<T> for Capability {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        builder: Resource<ConnectionBuilder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let (instance, address, ca_root) = accessor.with(|mut access| access.get().builder(&builder))?;
        let opened = instance.open(&address, ca_root).await;
        Ok(accessor.with(|mut access| access.get().push(opened)))
    }
}

impl HostConnection for PostgresView<'_> {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let opened = self.instance.open(&address, None).await;
        Ok(self.push(opened))
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        let connection = self.connection(&connection)?;
        let answer = connection.query_whole(&statement, &parameters).await;
        Ok(answer.map(|(columns, rows)| RowSet { columns, rows }))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = self.connection(&connection)?;
        Ok(connection.execute(&statement, &parameters).await)
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type RowsAndEnd = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

impl<T: Send> HostConnectionWithStore<T> for Capability {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let instance = accessor.with(|mut access| access.get().instance.clone());
        let opened = instance.open(&address, None).await;
        Ok(accessor.with(|mut access| access.get().push(opened)))
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowsAndEnd, Error>> {
        let connection = accessor.with(|mut access| access.get().connection(&connection))?;
        let answer = match connection.query(&statement, &parameters).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let (rows, end) = match answer.rows {
                Rows::Whole(rows, end) => (
                    StreamReader::new(&mut access, rows)?,
                    FutureReader::new(&mut access, std::future::ready(Ok::<_, wasmtime::Error>(end)))?,
                ),
                Rows::Streaming(reader, end) => (
                    StreamReader::new(&mut access, reader)?,
                    FutureReader::new(&mut access, async move {
                        let lost = || Err(Error::Other("the host stopped reading the result".to_owned()));
                        Ok::<_, wasmtime::Error>(end.await.unwrap_or_else(|_closed| lost()))
                    })?,
                ),
            };
            Ok(Ok((answer.columns, rows, end)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = accessor.with(|mut access| access.get().connection(&connection))?;
        Ok(connection.execute(&statement, &parameters).await)
    }
}

impl<D> StreamProducer<D> for RowReader {
    type Item = Row;
    type Buffer = VecBuffer<Row>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(&mut store) == Some(0) {
            // Readiness is not told apart from a read: rows taken now could be lost.
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.poll_take(cx) {
            Poll::Ready(Some(rows)) => {
                destination.set_buffer(rows.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
