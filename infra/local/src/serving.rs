//! The API on a socket. It is what axum's own server does, and holds clients to time limits: one that keeps its
//! headers back is let go, as the gateway lets it go where the market is deployed.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use market_http::CallerAddress;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// How long the headers of a request may take to arrive, the wait for the next request on a connection included.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
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
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(CallerAddress(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), answer)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::routing::get;
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
}
