//! Answers that are too big, too slow, too long in the head, or break off.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use spin_sdk::http::{BoxBody, HeaderName, HeaderValue, box_body};
use tests_components_probe::{Answer, Malformed, streamed, whole};

const PIECE_BYTES: usize = 64 << 10;
const PIECES_PER_MIB: u64 = (1 << 20) / PIECE_BYTES as u64;

/// `mib` MiB as fast as the host takes them.
pub(crate) fn huge(mib: u64) -> Answer {
    let piece = Bytes::from(vec![b'x'; PIECE_BYTES]);
    pieces(mib * PIECES_PER_MIB, move |_| {
        let piece = piece.clone();
        async move { piece }
    })
}

/// `count` short lines, `ms` milliseconds between them.
pub(crate) fn drip(count: u64, ms: u64) -> Answer {
    pieces(count, move |number| async move {
        spin_sdk::time::sleep(Duration::from_millis(ms)).await;
        Bytes::from(format!("drip {number}\n"))
    })
}

/// `count` pieces, then a trap: the head of the answer is long gone by then.
pub(crate) fn trap_midway(count: u64) -> Answer {
    pieces(count + 1, move |number| async move {
        if number == count {
            crate::crimes::trap();
        }
        Bytes::from_static(b"whole so far\n")
    })
}

/// `count` pieces, then silence for ever.
pub(crate) fn stall_midway(count: u64) -> Answer {
    pieces(count + 1, move |number| async move {
        if number == count {
            futures::future::pending::<()>().await;
        }
        Bytes::from_static(b"whole so far\n")
    })
}

/// Promises 100 bytes and sends 5.
pub(crate) fn shorter_than_promised() -> Answer {
    let mut answer = pieces(1, |_| async { Bytes::from_static(b"short") });
    answer.headers_mut().insert("content-length", HeaderValue::from_static("100"));
    answer
}

/// `count` headers of `bytes` bytes each.
pub(crate) fn too_many_headers(count: u64, bytes: u64) -> Result<Answer, Malformed> {
    let value = "v".repeat(usize::try_from(bytes).map_err(|_| Malformed("too long a value"))?);
    let value = HeaderValue::from_str(&value).map_err(|_| Malformed("not a header value"))?;
    let mut answer = whole(200, "text/plain", "many headers");
    for number in 0..count {
        let name =
            HeaderName::from_bytes(format!("x-{number}").as_bytes()).map_err(|_| Malformed("not a name"))?;
        answer.headers_mut().insert(name, value.clone());
    }
    Ok(answer)
}

fn pieces<F, P>(count: u64, mut piece: P) -> Answer
where
    P: FnMut(u64) -> F + Send + 'static,
    F: Future<Output = Bytes> + Send + 'static,
{
    let frames = stream::iter(0..count).then(move |number| {
        let piece = piece(number);
        async move { Ok::<_, anyhow::Error>(http_body::Frame::data(piece.await)) }
    });
    let body: BoxBody = box_body(http_body_util::StreamBody::new(frames));
    streamed("application/octet-stream", body)
}
