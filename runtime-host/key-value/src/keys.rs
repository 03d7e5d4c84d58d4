//! `get-keys`: a stream that reads one page of keys after the other, as fast as the guest takes them.
//!
//! Nothing runs while the guest does not read, and nothing is left when it stops: there is no task behind it.

use crate::store::{Cursor, Page};
use crate::{Error, Store, StoreError};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

type Reading = Pin<Box<dyn Future<Output = Result<Page, StoreError>> + Send>>;

/// The host's end of a stream of keys.
pub(crate) struct KeyStream {
    store: Store,
    state: State,
    done: Option<oneshot::Sender<Result<(), Error>>>,
}

enum State {
    Next(Cursor),
    Reading(Reading),
    Ended,
}

impl KeyStream {
    /// The stream, and how it ended: `Ok` also when the guest stopped reading before the end.
    pub(crate) fn new(
        store: Store,
    ) -> (Self, impl Future<Output = wasmtime::Result<Result<(), Error>>> + Send) {
        let (done, ended) = oneshot::channel();
        let stream = Self { store, state: State::Next(Cursor::Start), done: Some(done) };
        (stream, async move { Ok(ended.await.unwrap_or(Ok(()))) })
    }

    fn end(&mut self, result: Result<(), StoreError>) {
        self.state = State::Ended;
        if let Some(done) = self.done.take() {
            // The guest may have dropped the future: then nobody wants to know.
            let _gone = done.send(result.map_err(Error::from));
        }
    }

    /// The next keys; `None` at the end.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<String>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Next(cursor) => {
                    let (store, from) = (self.store.clone(), cursor.clone());
                    self.state = State::Reading(Box::pin(async move { store.page(from).await }));
                }
                State::Reading(reading) => {
                    let (keys, next) = match ready!(reading.as_mut().poll(context)) {
                        Ok(page) => page,
                        Err(error) => {
                            self.end(Err(error));
                            continue;
                        }
                    };
                    match next {
                        Some(cursor) => self.state = State::Next(cursor),
                        None => self.end(Ok(())),
                    }
                    if !keys.is_empty() {
                        return Poll::Ready(Some(keys));
                    }
                }
            }
        }
    }
}

impl<D> StreamProducer<D> for KeyStream {
    type Item = String;
    type Buffer = VecBuffer<String>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, String, VecBuffer<String>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let this = self.get_mut();
        match this.poll_page(context) {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Some(keys)) => {
                destination.set_buffer(VecBuffer::from(keys));
                let last = matches!(this.state, State::Ended);
                Poll::Ready(Ok(if last { StreamResult::Dropped } else { StreamResult::Completed }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, KeyValue, Settings};
    use host_redis::Redis;
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use wasmtime::component::{FutureConsumer, FutureReader, Source, StreamConsumer, StreamReader};

    const KEYS: usize = 25;

    /// Takes as many keys as it may, then hangs up.
    struct Reader {
        keys: Arc<Mutex<Vec<String>>>,
        keys_max: usize,
    }

    impl<D> StreamConsumer<D> for Reader {
        type Item = String;

        fn poll_consume(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            store: StoreContextMut<'_, D>,
            mut source: Source<'_, String>,
            _: bool,
        ) -> Poll<wasmtime::Result<StreamResult>> {
            let mut page = Vec::with_capacity(KEYS);
            source.read(store, &mut page)?;
            let mut keys = self.keys.lock().unwrap();
            keys.append(&mut page);
            let enough = keys.len() >= self.keys_max;
            Poll::Ready(Ok(if enough { StreamResult::Dropped } else { StreamResult::Completed }))
        }
    }

    struct End(Arc<Mutex<Option<Result<(), Error>>>>);

    impl<D> FutureConsumer<D> for End {
        type Item = Result<(), Error>;

        fn poll_consume(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            store: StoreContextMut<'_, D>,
            mut source: Source<'_, Self::Item>,
            _: bool,
        ) -> Poll<wasmtime::Result<()>> {
            let mut value = None;
            source.read(store, &mut value)?;
            *self.0.lock().unwrap() = value;
            Poll::Ready(Ok(()))
        }
    }

    /// Streams the keys of a store of [`KEYS`] keys, three to a page, to a reader that wants `keys_max`.
    async fn stream(keys_max: usize, fault: host_faults::Fault) -> (Vec<String>, Result<(), Error>) {
        let folder = tempfile::tempdir().unwrap();
        let stores = BTreeMap::from([("a".to_owned(), Backend::Embedded(folder.path().join("kv.redb")))]);
        let settings = Settings { stores, page_keys: 3, ..Settings::default() };
        let key_value = KeyValue::new(settings, &Redis::new(host_redis::Settings::default())).unwrap();
        let store = key_value.store("a").unwrap();
        for n in 0..KEYS {
            store.set(&format!("{n:02}"), Vec::new()).await.unwrap();
        }
        key_value.faults().set(fault);
        let mut wasm = wasmtime::Store::new(&wasmtime::Engine::default(), ());
        let (keys, end) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None)));
        let (producer, ended) = KeyStream::new(store);
        StreamReader::new(&mut wasm, producer)
            .unwrap()
            .pipe(&mut wasm, Reader { keys: keys.clone(), keys_max })
            .unwrap();
        FutureReader::new(&mut wasm, ended).unwrap().pipe(&mut wasm, End(end.clone())).unwrap();
        wasm.run_concurrent(async |_| {
            while end.lock().unwrap().is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        })
        .await
        .unwrap();
        let end = end.lock().unwrap().take().unwrap();
        let keys = std::mem::take(&mut *keys.lock().unwrap());
        (keys, end)
    }

    #[tokio::test]
    async fn every_key_is_streamed_page_by_page_and_the_end_is_told() {
        let (keys, end) = stream(usize::MAX, host_faults::Fault::None).await;
        assert_eq!(keys, (0..KEYS).map(|n| format!("{n:02}")).collect::<Vec<_>>());
        assert!(end.is_ok());
    }

    #[tokio::test]
    async fn a_reader_that_stops_early_gets_no_error_and_no_more_pages_are_read() {
        let (keys, end) = stream(5, host_faults::Fault::None).await;
        assert_eq!(keys.len(), 6);
        assert!(end.is_ok());
    }

    #[tokio::test]
    async fn an_outage_ends_the_stream_and_is_told_as_its_end() {
        let (keys, end) = stream(usize::MAX, host_faults::Fault::Unavailable).await;
        assert!(keys.is_empty());
        assert!(matches!(end, Err(Error::Other(text)) if text.starts_with("unavailable")));
    }
}
