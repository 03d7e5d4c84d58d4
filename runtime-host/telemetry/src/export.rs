//! Spans on their way to a collector: OTLP over HTTP, in batches, from threads of its own.

use async_trait::async_trait;
use bytes::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, RetryPolicy, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Spans that wait for export; beyond this they are lost.
const QUEUE_SPANS_MAX: usize = 8_192;
/// Spans of one request to the collector.
const BATCH_SPANS_MAX: usize = 512;
/// How long a span waits for others.
const BATCH_MS_MAX: u64 = 1_000;
/// How long the collector may take for one batch.
const EXPORT_MS_MAX: u64 = 5_000;
/// How long the end of the process may wait for the collector.
const SHUTDOWN_MS_MAX: u64 = 3_000;
/// The path that OTLP gives to traces below an endpoint.
const TRACES_PATH: &str = "/v1/traces";

const _: () = assert!(BATCH_SPANS_MAX < QUEUE_SPANS_MAX);

/// The export, for as long as the value lives.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    /// Ends after the provider: its last batch still needs it.
    runtime: Option<Runtime>,
}

impl Traces {
    /// Errors when `endpoint` is not a URL; a collector that is away is no error.
    pub(crate) fn start(endpoint: &str, service_name: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("otlp")
            .enable_all()
            .build()?;
        let client = CollectorClient::new(runtime.handle().clone())?;
        let endpoint = endpoint.trim_end_matches('/');
        let endpoint = endpoint.strip_suffix(TRACES_PATH).unwrap_or(endpoint);
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}{TRACES_PATH}"))
            .with_timeout(Duration::from_millis(EXPORT_MS_MAX))
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let batches = BatchSpanProcessor::builder(Watched { exporter, away: AtomicBool::new(false) })
            .with_batch_config(
                BatchConfigBuilder::default()
                    .with_max_queue_size(QUEUE_SPANS_MAX)
                    .with_max_export_batch_size(BATCH_SPANS_MAX)
                    .with_scheduled_delay(Duration::from_millis(BATCH_MS_MAX))
                    .build(),
            )
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(batches)
            .with_resource(Resource::builder().with_service_name(service_name.to_owned()).build())
            .build();
        Ok(Self { provider, runtime: Some(runtime) })
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("moalog")
    }

    pub(crate) fn flush(&self) {
        // A collector that is away was already told about.
        drop(self.provider.force_flush());
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        drop(self.provider.shutdown_with_timeout(Duration::from_millis(SHUTDOWN_MS_MAX)));
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed where this may be dropped: inside another event loop.
            runtime.shutdown_background();
        }
    }
}

/// Tells once when the collector goes away and once when it is back.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    away: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        match &exported {
            Ok(()) => {
                if self.away.swap(false, Ordering::Relaxed) {
                    tracing::info!("traces are exported again");
                }
            }
            Err(error) => {
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        %error,
                        "traces cannot be exported and are dropped until the collector answers; requests go on"
                    );
                }
            }
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// An HTTP client that works from threads without an event loop, such as the batch processor's own.
#[derive(Debug)]
struct CollectorClient {
    client: Arc<HyperClient<HttpsConnector<HttpConnector>>>,
    event_loop: tokio::runtime::Handle,
}

impl CollectorClient {
    fn new(event_loop: tokio::runtime::Handle) -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions().build();
        let client = HyperClient::new(connector, Duration::from_millis(EXPORT_MS_MAX), None);
        Ok(Self { client: Arc::new(client), event_loop })
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = Arc::clone(&self.client);
        self.event_loop.spawn(async move { client.send_bytes(request).await }).await?
    }
}
