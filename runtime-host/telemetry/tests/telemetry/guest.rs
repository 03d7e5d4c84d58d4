//! What components print.

use crate::capture::Log;
use host_telemetry::{GuestLog, GuestLogSettings, GuestLogs, GuestStream};
use tokio::io::AsyncWriteExt as _;
use wasmtime_wasi::cli::StdoutStream as _;

async fn print(log: &GuestLog, text: &[u8]) {
    let mut stream = std::pin::Pin::from(log.async_stream());
    stream.write_all(text).await.unwrap();
}

/// Runs `work` with a log, and gives back level, stream and message of each line.
fn logged(logs: GuestLogs, work: impl AsyncFnOnce(GuestLogs)) -> Vec<(String, String, String)> {
    let log = Log::json();
    let event_loop = tokio::runtime::Builder::new_current_thread().build().unwrap();
    log.run(|| event_loop.block_on(work(logs)));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let lines = log.lines();
    assert!(lines.iter().all(|line| line["target"] == "guest" && line["component"] == "shop"), "{lines:?}");
    lines.iter().map(|line| (text(&line["level"]), text(&line["stream"]), text(&line["message"]))).collect()
}

fn line(level: &str, stream: &str, message: &str) -> (String, String, String) {
    (level.to_owned(), stream.to_owned(), message.to_owned())
}

#[test]
fn each_line_is_one_event_however_it_was_written() {
    let lines = logged(GuestLogs::default(), async |logs| {
        let out = logs.stream("shop", GuestStream::Stdout);
        let err = logs.stream("shop", GuestStream::Stderr);
        print(&out, b"one\ntw").await;
        print(&err, b"bad\r\n").await;
        print(&out, b"o\n\nlast").await;
        drop(out);
    });
    assert_eq!(
        lines,
        [
            line("INFO", "stdout", "one"),
            line("WARN", "stderr", "bad"),
            line("INFO", "stdout", "two"),
            line("INFO", "stdout", "last"),
        ]
    );
}

#[test]
fn a_line_of_standard_error_has_the_level_that_it_names_outside_of_quotes() {
    let texts = [
        ("ERROR", "level=error request_id=1 code=COMMON500 diagnosis=\"level=info\""),
        ("INFO", "level=info diagnosis=\"it is level=error here\""),
        ("WARN", "level=warn diagnosis=\"\""),
        ("ERROR", "request_id=1 diagnosis=\"a \\\" level=info\" level=error"),
        ("WARN", "diagnosis=\"said: level=error\""),
        ("WARN", "thread 'main' panicked: sublevel=info"),
        ("WARN", "level=loud"),
    ];
    let lines = logged(GuestLogs::default(), async |logs| {
        let err = logs.stream("shop", GuestStream::Stderr);
        for (_, text) in texts {
            print(&err, format!("{text}\n").as_bytes()).await;
        }
        print(&err, b"level=debug below what is logged\n").await;
    });
    assert_eq!(lines, texts.map(|(level, text)| line(level, "stderr", text)));
}

#[test]
fn the_older_interface_writes_to_the_same_lines() {
    let lines = logged(GuestLogs::default(), async |logs| {
        let out = logs.stream("shop", GuestStream::Stdout);
        let mut stream = out.p2_stream();
        assert!(stream.check_write().unwrap() > 0);
        stream.write("half ".into()).unwrap();
        print(&out, b"and half\n").await;
        stream.flush().unwrap();
    });
    assert_eq!(lines, [line("INFO", "stdout", "half and half")]);
}

#[test]
fn a_long_line_is_cut_and_counted_and_the_next_one_is_whole() {
    let settings = GuestLogSettings { line_bytes_max: 10, ..GuestLogSettings::default() };
    let log = Log::json();
    let event_loop = tokio::runtime::Builder::new_current_thread().build().unwrap();
    log.run(|| {
        event_loop.block_on(async {
            let out = GuestLogs::new(settings).stream("shop", GuestStream::Stdout);
            for _ in 0..100 {
                print(&out, b"0123456789").await;
            }
            print(&out, b"\nshort\n\xff\n").await;
        });
    });
    let lines = log.lines();
    assert_eq!((&lines[0]["message"], &lines[0]["cut_bytes"]), (&"0123456789".into(), &990.into()));
    assert_eq!((&lines[1]["message"], &lines[1]["cut_bytes"]), (&"short".into(), &serde_json::Value::Null));
    assert_eq!(lines[2]["message"], "\u{fffd}");
}

#[test]
fn a_flood_of_one_component_is_dropped_and_counted_over_all_its_instances() {
    let settings = GuestLogSettings { component_lines_per_second_max: 10, ..GuestLogSettings::default() };
    let logs = GuestLogs::new(settings);
    let mut registry = prometheus_client::registry::Registry::default();
    logs.register_metrics(&mut registry);
    let lines = logged(logs, async |logs| {
        for _ in 0..10 {
            let instance = logs.stream("shop", GuestStream::Stdout);
            print(&instance, "flood\n".repeat(100).as_bytes()).await;
        }
    });
    // The bucket fills a little while the test runs.
    assert!((10..100).contains(&lines.len()), "{} lines", lines.len());
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(&format!("guest_log_dropped_lines_total {}", 1_000 - lines.len())), "{text}");
}
