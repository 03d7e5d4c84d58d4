//! A statement on its way: its place on a session, and reading what the server answers.

use crate::error::{BadParameterCase, undecodable};
use crate::interface::{Column, DbValue, Error, Row};
use crate::lease::Lease;
use crate::session::{Call, Prepared};
use crate::values::column::{decode, describe};
use futures::StreamExt;
use std::pin::Pin;
use std::sync::Arc;
use tokio_postgres::RowStream;

/// A call's place on a session, given back when it ends.
pub(crate) struct Place {
    pub(crate) call: Call,
    /// Declared after the call: the session is free of it when the lease ends.
    _lease: Option<Arc<Lease>>,
    pub(crate) is_pinned: bool,
}

impl Place {
    /// In the pipeline of a shared session.
    pub(crate) fn shared(call: Call) -> Self {
        Self { call, _lease: None, is_pinned: false }
    }

    /// On a leased session, for this call only.
    pub(crate) fn aside(lease: Lease) -> Self {
        Self { call: Call::begin(lease.session()), _lease: Some(Arc::new(lease)), is_pinned: false }
    }

    /// On the session that the guest's connection has for itself.
    pub(crate) fn pinned(lease: Arc<Lease>) -> Self {
        Self { call: Call::begin(lease.session()), _lease: Some(lease), is_pinned: true }
    }
}

/// A statement that the server has begun to answer.
pub(crate) struct Started {
    pub(crate) place: Place,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) rows: Pin<Box<RowStream>>,
}

/// How reading a result ended.
pub(crate) enum End {
    /// The server has said all.
    Complete,
    /// The bound was reached; the last row read is among those returned.
    More,
    /// The server has said why there is no more.
    Failed(Error),
    /// A row could not be read; the server has more to say.
    Undecodable(Error),
}

impl Started {
    /// Reads rows until the end, or until they are more than `bytes_max`.
    pub(crate) async fn collect(&mut self, bytes_max: usize) -> (Vec<Row>, End) {
        let mut rows = Vec::new();
        let mut bytes = 0;
        while let Some(row) = self.rows.next().await {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let session = self.place.call.session();
                    return (rows, End::Failed(session.failed(&error, BadParameterCase::OfQuery)));
                }
            };
            bytes += size_bytes(&row);
            match decode(&row, &self.prepared.readings) {
                Ok(row) => rows.push(row),
                Err(error) => return (rows, End::Undecodable(undecodable(&error))),
            }
            if bytes > bytes_max {
                return (rows, End::More);
            }
        }
        (rows, End::Complete)
    }
}

impl Prepared {
    pub(crate) fn describe(&self) -> Vec<Column> {
        describe(self.statement.columns(), &self.readings)
    }
}

/// What a row takes in memory, about.
pub(crate) fn size_bytes(row: &tokio_postgres::Row) -> usize {
    size_of::<Row>() + row.len() * size_of::<DbValue>() + row.raw_size_bytes()
}
