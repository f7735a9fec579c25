//! Where the market listens: on loopback, because it gives a token to whoever asks.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpListener;

use crate::running::StartError;

/// A place to listen, as people write it: `9103`, `localhost:9103`, `127.0.0.1:9103`, `[::1]:9103`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

/// The text names no place to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name a port, such as 9103, or a loopback address with its port, such as 127.0.0.1:9103")]
pub struct NotAPlace;

impl FromStr for Listen {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let here = |port: &str| {
            // `parse` would take a sign.
            let port = port.bytes().all(|byte| byte.is_ascii_digit()).then_some(port).ok_or(NotAPlace)?;
            let port = port.parse().map_err(|_| NotAPlace)?;
            Ok(Self(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
        };
        match text.rsplit_once(':') {
            None => here(text),
            Some((host, port)) if host.eq_ignore_ascii_case("localhost") => here(port),
            Some(_) => text.parse().map(Self).map_err(|_| NotAPlace),
        }
    }
}

/// Listens there, on loopback alone.
///
/// # Errors
/// [`StartError::NotLoopback`], [`StartError::Taken`]; otherwise what the system says, with what can be done.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => StartError::Taken(address),
        ErrorKind::PermissionDenied => StartError::Io {
            what: format!(
                "cannot listen on {address}: ports below 1024 need more rights; choose another with --listen"
            ),
            error,
        },
        _ => StartError::Io {
            what: format!("cannot listen on {address}; choose another place with --listen"),
            error,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_listen_is_a_port_or_an_address_with_one() {
        for (text, place) in [
            ("9103", "127.0.0.1:9103"),
            ("0", "127.0.0.1:0"),
            ("65535", "127.0.0.1:65535"),
            ("localhost:9103", "127.0.0.1:9103"),
            ("LocalHost:80", "127.0.0.1:80"),
            ("127.0.0.2:0", "127.0.0.2:0"),
            ("[::1]:9103", "[::1]:9103"),
            // A place, and refused with its reason at the start.
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(text.parse(), Ok(Listen(place.parse().unwrap())), "{text}");
        }
        for text in [
            "",
            ":",
            ":9103",
            "+80",
            "-1",
            "65536",
            "99999999999999999999",
            "localhost",
            "localhost:",
            "localhost:+80",
            "127.0.0.1",
            "::1",
            "::1:80",
            "example.com:80",
            "http://127.0.0.1:80",
            "9103 ",
            "127.0.0.1:80/",
        ] {
            assert_eq!(text.parse::<Listen>(), Err(NotAPlace), "{text:?}");
        }
    }
}
