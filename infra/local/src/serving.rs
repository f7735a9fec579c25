//! The API on a socket. It is what axum's own server does, and holds clients to time limits: one that keeps its
//! headers back is let go, as the gateway lets it go where the market is deployed.

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use market_functions::http::{BODY_WITHIN, CallerAddress};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// How long the headers of a request may take to arrive, the wait for the next request on a connection included.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How much of a body is read that nobody wants any more: what the gateway takes at most.
const DRAINED_BYTES: usize = 10 * 1024 * 1024;
/// Between two connections that could not be accepted.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// Serves until it is told to stop, and finishes what is in hand.
pub(crate) async fn serve(listener: TcpListener, router: Router, until: impl Future<Output = ()>) {
    let (graceful, mut until) = (GracefulShutdown::new(), pin!(until));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut until => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_A_FAILURE).await;
                continue;
            }
        };
        // A reply is one small write: waiting for more to fill a packet would only delay it.
        drop(stream.set_nodelay(true));
        let connection = connection(stream, peer.ip().to_canonical(), router.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// One connection; the routes are told where it comes from.
fn connection<S>(stream: S, peer: IpAddr, router: Router) -> impl GracefulConnection<Error = hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(Drained(Some(body))));
        request.extensions_mut().insert(CallerAddress(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), answer)
}

/// A body that is read to its end even where its request is refused before: whoever still sends it reads the refusal
/// then, and uses the connection for the next request. (The gateway takes in all of a body before a function sees it.)
struct Drained(Option<Incoming>);

impl hyper::body::Body for Drained {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.get_mut().0 {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) {
            let rest = Limited::new(body, DRAINED_BYTES);
            // What is longer, or takes longer, is broken off.
            tokio::spawn(tokio::time::timeout(BODY_WITHIN, rest.collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_keeps_its_headers_back_is_let_go() {
        let (mut client, server) = tokio::io::duplex(1024);
        let router = Router::new().route("/", get(async || "answered"));
        let serving = tokio::spawn(connection(server, Ipv4Addr::LOCALHOST.into(), router));
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
        let began = Instant::now();
        drop(serving.await.unwrap());
        assert_eq!(began.elapsed().as_secs(), HEADERS_WITHIN.as_secs());
    }

    #[tokio::test]
    async fn a_request_that_is_refused_before_its_body_arrived_leaves_the_connection_to_the_next() {
        let (mut client, server) = tokio::io::duplex(1024);
        let router = Router::new()
            .route("/refuses", post(async || axum::http::StatusCode::PAYLOAD_TOO_LARGE))
            .route("/", get(async || "answered"));
        let _serving = tokio::spawn(connection(server, Ipv4Addr::LOCALHOST.into(), router));
        let head = format!("POST /refuses HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 1 << 20);
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 413"), "{answers}");
        assert!(answers.contains("HTTP/1.1 200"), "{answers}");
    }
}
