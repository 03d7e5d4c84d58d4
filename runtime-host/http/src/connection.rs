//! One connection: which HTTP it speaks, its bounds, its end.

use crate::activity::{Activity, Heads, Overdue};
use crate::client_io::ClientIo;
use crate::drain::Phase;
use crate::envelope::HostError;
use crate::front_door::FrontDoor;
use crate::request_id::RequestId;
use crate::streams::{Progress, Streams};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The first bytes of HTTP/2 without TLS ("prior knowledge"); no method of HTTP/1.1 begins like this.
const HTTP2_PREFACE: &[u8] = b"PRI ";

/// How long the last words to a client may take, in milliseconds.
const LAST_WORDS_MS_MAX: u64 = 500;

/// Serves `stream` until it ends, is overdue, or the host goes down.
pub(crate) async fn serve(door: Arc<FrontDoor>, stream: TcpStream, client: SocketAddr) {
    // Without it, answers to kept-alive clients wait some 40 ms for the client's delayed acknowledgement.
    if let Err(problem) = stream.set_nodelay(true) {
        tracing::debug!(%client, %problem, "no TCP_NODELAY");
    }
    let ended = match opening(&door, &stream).await {
        Ok(Opening::Http2) => http2(&door, stream, client).await,
        Ok(Opening::Http1 { began }) => http1(&door, stream, client, began).await,
        Ok(Opening::Overdue) => {
            too_late(stream).await;
            Ok(())
        }
        Err(problem) => Err(problem.into()),
    };
    if let Err(problem) = ended {
        // A client's network is not our error.
        tracing::debug!(%client, %problem, "connection ended");
    }
}

/// Answers 503 and closes: for a client beyond the bound on connections.
pub(crate) async fn turn_away(mut stream: TcpStream) {
    let words = HostError::Unavailable.last_words(RequestId::new().as_str());
    say(&mut stream, &words).await;
    hear_out(stream).await;
}

async fn say(stream: &mut TcpStream, words: &[u8]) {
    let farewell = async {
        stream.write_all(words).await?;
        stream.shutdown().await
    };
    // Whether the client still hears it is the client's affair.
    let _ = tokio::time::timeout(Duration::from_millis(LAST_WORDS_MS_MAX), farewell).await;
}

/// Takes what the client still sends, for a moment: closing over unread bytes resets the connection, and the client
/// might lose the answer that says why.
async fn hear_out(mut stream: TcpStream) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    // What comes is for nobody, and whether the client goes by itself is its own affair.
    let _ = tokio::time::timeout(Duration::from_millis(LAST_WORDS_MS_MAX), rest).await;
}

/// Says that a request's head did not arrive in time, and closes.
async fn too_late(mut stream: TcpStream) {
    say(&mut stream, &HostError::RequestTimeout.last_words(RequestId::new().as_str())).await;
    hear_out(stream).await;
}

/// What the first bytes of a connection say.
enum Opening {
    Http2,
    /// A request whose first byte was there at `began`.
    Http1 {
        began: Instant,
    },
    /// Bytes that could be either, and no more within the time for a head.
    Overdue,
}

async fn opening(door: &FrontDoor, stream: &TcpStream) -> io::Result<Opening> {
    let first_byte = Duration::from_millis(door.settings.idle_ms_max);
    let head = Duration::from_millis(door.settings.header_read_ms_max);
    let look = async {
        let waited = tokio::time::timeout(first_byte, stream.peek(&mut [0; 1])).await;
        waited.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let began = Instant::now();
        match tokio::time::timeout(head, speaks_http2(stream)).await {
            Ok(Ok(true)) => Ok(Opening::Http2),
            Ok(Ok(false)) => Ok(Opening::Http1 { began }),
            Ok(Err(problem)) => Err(problem),
            Err(_elapsed) => Ok(Opening::Overdue),
        }
    };
    tokio::select! {
        opening = look => opening,
        () = lingered(door) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// Looks until the bytes are, or are not, the preface. Bytes that stay where they are do not wake whoever waits for
/// more, so this looks again and again, ever less often: a client sends the preface in one piece, or means no good.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    const PAUSE_MAX: Duration = Duration::from_millis(100);
    let mut pause = Duration::from_millis(1);
    let mut head = [0; HTTP2_PREFACE.len()];
    loop {
        let count = stream.peek(&mut head).await?;
        let undecided = count > 0 && count < head.len() && HTTP2_PREFACE.starts_with(&head[..count]);
        if !undecided {
            return Ok(head == HTTP2_PREFACE);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// How long a connection stays open when the host drains, in milliseconds: a request that is on its way meanwhile is
/// answered, with word that the connection ends.
const LINGER_MS: u64 = 250;

async fn lingered(door: &FrontDoor) {
    door.drain.reached(Phase::Draining).await;
    tokio::time::sleep(Duration::from_millis(LINGER_MS)).await;
}

type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn http1(door: &Arc<FrontDoor>, stream: TcpStream, client: SocketAddr, began: Instant) -> Ended {
    let activity = Activity::in_a_head(began);
    let service = {
        let (door, activity) = (door.clone(), activity.clone());
        service_fn(move |request| {
            let (door, open) = (door.clone(), activity.request_began());
            async move { Ok::<_, Infallible>(door.answer(request, client, open).await) }
        })
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(false)
        .max_headers(door.settings.headers_max * 2)
        .max_buf_size((door.settings.header_bytes_max * 2).max(16 << 10));
    // No `pipeline_flush`: with it hyper holds an answer back as long as there are unread bytes, and loses it when it
    // closes over them: a refused head or body would get no answer at all.
    let io = TokioIo::new(ClientIo::new(stream, activity.clone()));
    let mut connection = Box::pin(builder.serve_connection(io, service));
    let mut draining = false;
    let ended = loop {
        let event = tokio::select! {
            ended = connection.as_mut() => break ended,
            event = next_event(door, &activity, draining) => event,
        };
        match event {
            Event::Drain => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            Event::Overdue(Overdue::Head) => {
                too_late(Pin::into_inner(connection).into_parts().io.into_inner().into_stream()).await;
                return Ok(());
            }
            Event::Overdue(Overdue::Idle | Overdue::Answer) | Event::Stop => return Ok(()),
        }
    };
    hear_out(Pin::into_inner(connection).into_parts().io.into_inner().into_stream()).await;
    Ok(ended?)
}

async fn http2(door: &Arc<FrontDoor>, stream: TcpStream, client: SocketAddr) -> Ended {
    let activity = Activity::new(Heads::Unwatched);
    let service = {
        let (door, activity) = (door.clone(), activity.clone());
        service_fn(move |request| {
            let (door, open) = (door.clone(), activity.request_began());
            async move {
                let open = open.on_stream(Progress::of_this_stream());
                Ok::<_, Infallible>(door.answer(request, client, open).await)
            }
        })
    };
    let mut builder = http2::Builder::new(Streams::new(door.settings.answer_idle_ms_max));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(door.settings.streams_max)
        .max_header_list_size(u32::try_from(door.settings.header_bytes_max * 2).unwrap_or(u32::MAX));
    let io = TokioIo::new(ClientIo::new(stream, activity.clone()));
    let mut connection = Box::pin(builder.serve_connection(io, service));
    let mut draining = false;
    loop {
        let event = tokio::select! {
            ended = connection.as_mut() => return Ok(ended?),
            event = next_event(door, &activity, draining) => event,
        };
        match event {
            Event::Drain => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            Event::Overdue(_) | Event::Stop => return Ok(()),
        }
    }
}

enum Event {
    Drain,
    Stop,
    Overdue(Overdue),
}

/// Waits for what the connection itself does not see.
async fn next_event(door: &FrontDoor, activity: &Activity, draining: bool) -> Event {
    let head = Duration::from_millis(door.settings.header_read_ms_max);
    let answer = Duration::from_millis(door.settings.answer_idle_ms_max);
    let idle = Duration::from_millis(door.settings.idle_ms_max);
    // A quarter of the shortest bound: late by at most that much, and one timer for many requests.
    let look = (head.min(answer).min(idle) / 4).max(Duration::from_millis(10));
    let overdue = async {
        loop {
            tokio::time::sleep(look).await;
            if let Some(overdue) = activity.overdue(head, answer, idle) {
                return overdue;
            }
        }
    };
    tokio::select! {
        overdue = overdue => Event::Overdue(overdue),
        () = lingered(door), if !draining => Event::Drain,
        () = door.drain.reached(Phase::Stopped) => Event::Stop,
    }
}
