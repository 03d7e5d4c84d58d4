//! `moalog serve`: the app's components behind the front door.

use super::addresses;
use crate::cli::{Door, Instances, LogFormat, Logs, Outside, Serve};
use crate::signals::StopSignals;
use crate::terminal::{ready, say};
use anyhow::{Result, anyhow};
use moalog::values::{self, Values};
use moalog::{Running, Start};
use std::path::Path;

/// Log lines that are written unless a filter says otherwise; migrations are told at the terminal instead.
const DEFAULT_FILTER: &str = "info,refinery_core=warn";

/// Serves until a signal, which may come during the start; the exit is clean when every request under way ended by
/// itself.
pub(crate) async fn run(args: Serve) -> Result<()> {
    let signals = StopSignals::catch()?;
    let _logs = logs(&args.logs)?;
    let values = given_values(&args, None)?;
    let Door { listen, admin_listen, .. } = &args.door;
    addresses::are_distinct(&[("--listen", *listen), ("--admin-listen", *admin_listen)])?;
    let Some(running) = signals.or(Box::pin(start(&args, values)?.run())).await else {
        start_given_up();
        return Ok(());
    };
    let running = running?;
    ready(format_args!("{} components ready", running.components()));
    ready(format_args!("probes and metrics on http://{}", running.admin_address()));
    say(running.url());
    signals.first().await;
    stop(running).await;
    Ok(())
}

/// Tells that a signal came before everything was up.
pub(crate) fn start_given_up() {
    say("stopping: the start is given up");
}

/// The way down, told at the terminal.
pub(crate) async fn stop(running: Running) {
    say("stopping: requests under way are finished first (again to stop at once)");
    if !running.stop().await {
        tracing::warn!("requests that did not end in time were cut off");
    }
}

/// What was given by flags, environment, secret files and (in development) a `.env` file.
pub(crate) fn given_values(args: &Serve, env_file: Option<&Path>) -> Result<Values> {
    Ok(values::merge([
        values::from_flags(&args.variables)?,
        values::from_environment(std::env::vars()),
        args.secrets.as_deref().map(values::from_folder).transpose()?.unwrap_or_default(),
        env_file.map(values::from_env_file).transpose()?.unwrap_or_default(),
    ]))
}

/// The library's settings from the flags.
pub(crate) fn start(args: &Serve, values: Values) -> Result<Start> {
    let mut start = Start::new(&args.manifest, &args.state);
    start.overlays.clone_from(&args.overlays);
    start.values = values;
    door(&args.door, &mut start.http);
    instances(&args.instances, &mut start.engine);
    outside(&args.outside, &mut start)?;
    Ok(start)
}

fn door(flags: &Door, http: &mut host_http::Settings) {
    *http = host_http::Settings {
        listen: flags.listen,
        admin_listen: flags.admin_listen,
        body_bytes_max: flags.body_bytes_max,
        body_idle_ms_max: flags.body_idle_ms_max,
        answer_idle_ms_max: flags.answer_idle_ms_max,
        header_bytes_max: flags.header_bytes_max,
        headers_max: flags.headers_max,
        header_read_ms_max: flags.header_read_ms_max,
        idle_ms_max: flags.idle_ms_max,
        concurrent_requests_max: flags.concurrent_requests_max,
        queued_requests_max: flags.queued_requests_max,
        queue_ms_max: flags.queue_ms_max,
        connections_max: flags.connections_max,
        event_loops: flags.event_loops,
        streams_max: http.streams_max,
        drain_ms_max: flags.drain_ms_max,
        drain_notice_ms: flags.drain_notice_ms,
    };
}

fn instances(flags: &Instances, engine: &mut host_engine::Settings) {
    engine.request_ms_max = flags.request_ms_max;
    engine.cpu_ms_max = flags.cpu_ms_max;
    engine.instances_max = flags.instances_max;
    engine.instance_wait_ms_max = flags.instance_wait_ms_max;
    engine.idle_ms_max = flags.instance_idle_ms_max;
    engine.post_return_ms_max = flags.post_return_ms_max;
    engine.reuse = flags.reuse;
    engine.reuse_of = flags.reuse_of.iter().cloned().collect();
    let memory = [
        (&mut engine.memory_bytes_max, flags.memory_bytes_max),
        (&mut engine.component_memory_bytes_max, flags.component_memory_bytes_max),
        (&mut engine.host_memory_bytes_max, flags.host_memory_bytes_max),
    ];
    for (setting, flag) in memory {
        *setting = flag.unwrap_or(*setting);
    }
}

fn outside(flags: &Outside, start: &mut Start) -> Result<()> {
    start.postgres.connections_max = flags.database_connections_max;
    start.postgres.call_ms = flags.database_call_ms;
    if let Some(url) = &flags.key_value_redis_url {
        let store = host_key_value::Backend::Redis(url.clone());
        start.key_value.stores.insert(host_key_value::DEFAULT_LABEL.to_owned(), store);
    }
    start.outbound_http.response_bytes_max = flags.outbound_response_bytes_max;
    start.outbound_http.total_ms = flags.outbound_ms_max;
    let addresses = host_egress::AddressPolicy::blocking(flags.block_network.iter().map(String::as_str))
        .map_err(|malformed| {
            anyhow!(malformed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
    start.postgres.address_policy = addresses.clone();
    start.redis.addresses = addresses.clone();
    start.addresses = addresses;
    Ok(())
}

/// Starts the logs; they end, flushed, with what is returned.
pub(crate) fn logs(flags: &Logs) -> Result<host_telemetry::Guard> {
    host_telemetry::init(host_telemetry::Settings {
        format: match flags.log_format {
            LogFormat::Auto => host_telemetry::Format::Auto,
            LogFormat::Json => host_telemetry::Format::Json,
            LogFormat::Human => host_telemetry::Format::Human,
        },
        filter: Some(flags.log.clone().unwrap_or_else(|| DEFAULT_FILTER.to_owned())),
        otlp_endpoint: flags.otlp_endpoint.clone(),
        service_name: "moalog".into(),
        log_line_bytes_max: flags.log_line_bytes_max,
    })
}
