//! Why a call brought no answer, in words. A library's error says little by itself, and its debug text says everything to
//! whoever wrote the library; what an operator needs is read off its sources here, for every client alike.

use std::error::Error;
use std::fmt::Write;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_async::future::timeout::TimedOutError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What AWS's services call a request.
const REQUEST_ID: &str = "x-amzn-requestid";

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing listens on that port.
    NothingListens,
    /// Its name leads to no address.
    NoSuchHost,
    /// No way leads to its address from here.
    NoRoute,
    /// It took too long.
    TimedOut,
    /// Its certificate is none that is trusted here, or it speaks no TLS.
    NotTrusted,
    /// The connection ended before the answer did.
    Broke,
    /// There is nothing to sign the request with.
    NoCredentials,
}

impl NoAnswer {
    /// What an error and its sources say; none where they say nothing that is known.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut found = None;
        for source in sources(error) {
            if source.is::<CredentialsError>() {
                return Some(Self::NoCredentials);
            }
            if source.is::<TimedOutError>() {
                return Some(Self::TimedOut);
            }
            let is_timeout = source.downcast_ref::<ConnectorError>().is_some_and(ConnectorError::is_timeout);
            // `getaddrinfo` has no kind of its own, and hyper's connector names it by this text alone.
            let is_name = source.to_string().starts_with("dns error");
            found = match source.downcast_ref::<io::Error>().map(kind) {
                _ if is_timeout => Some(Self::TimedOut),
                _ if is_name => return Some(Self::NoSuchHost),
                Some(io::ErrorKind::ConnectionRefused) => Some(Self::NothingListens),
                Some(
                    io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
                    | io::ErrorKind::NetworkDown,
                ) => Some(Self::NoRoute),
                Some(io::ErrorKind::TimedOut) => Some(Self::TimedOut),
                // What rustls refuses comes as this.
                Some(io::ErrorKind::InvalidData) => Some(Self::NotTrusted),
                Some(_) => Some(Self::Broke),
                None => found,
            };
        }
        found
    }

    /// In words, of a place such as `127.0.0.1:9000`.
    #[must_use]
    pub fn at(self, place: &str) -> String {
        match self {
            Self::NothingListens => format!("nothing listens on {place}"),
            Self::NoSuchHost => format!("the name of {place} leads to no address"),
            Self::NoRoute => format!("no network leads from here to {place}"),
            Self::TimedOut => format!("{place} did not answer in time"),
            Self::NotTrusted => {
                format!("{place} has no certificate that is trusted here, or does not speak TLS")
            }
            Self::Broke => format!("the connection with {place} broke off"),
            Self::NoCredentials => {
                "there are no credentials to sign with: sign in (`aws sso login`), or name a profile"
                    .to_owned()
            }
        }
    }
}

/// What is said of an error of the SDK: the service's own code and words; otherwise why no answer came from this place. Never
/// debug text.
pub fn words<E>(place: &str, error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let (code, message) = (service.err().code(), service.err().message());
            let mut said = match (code, message) {
                (Some(code), Some(message)) => format!("{code}: {message}"),
                (Some(code), None) => code.to_owned(),
                (None, Some(message)) => message.to_owned(),
                (None, None) => format!("{place} answered with status {}", service.raw().status().as_u16()),
            };
            if let Some(id) = service.raw().headers().get(REQUEST_ID) {
                let _ = write!(said, " [request {id}]");
            }
            said
        }
        SdkError::ResponseError(answer) => {
            let status = answer.raw().status().as_u16();
            format!("{place} answered what cannot be read (status {status})")
        }
        SdkError::TimeoutError(_) => NoAnswer::TimedOut.at(place),
        other => NoAnswer::of(other).map_or_else(|| chain(other), |why| why.at(place)),
    }
}

/// An error and what it comes from.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// What kind an error is of that others are wrapped around.
fn kind(error: &io::Error) -> io::ErrorKind {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        Some(inner) => kind(inner),
        None => error.kind(),
    }
}

/// An error and its sources, as each says itself.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for source in sources(error) {
        let text = source.to_string();
        if said.last() != Some(&text) {
            said.push(text);
        }
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use super::*;
    use crate::web::{Patience, Web, WebError};

    /// Where something listens that does this with whoever comes.
    fn listening(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let place = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                held.push(stream.try_clone());
                answer(stream);
            }
        });
        place
    }

    #[test]
    fn what_no_network_leads_to_is_told_from_what_broke_off() {
        for (kind, why, said) in [
            (io::ErrorKind::HostUnreachable, NoAnswer::NoRoute, "no network leads from here to a:1"),
            (io::ErrorKind::NetworkUnreachable, NoAnswer::NoRoute, "no network leads from here to a:1"),
            (io::ErrorKind::ConnectionReset, NoAnswer::Broke, "the connection with a:1 broke off"),
        ] {
            let error = io::Error::other(io::Error::from(kind));
            assert_eq!(NoAnswer::of(&error), Some(why), "{kind}");
            assert_eq!(why.at("a:1"), said);
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_is_said_in_words() {
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string();
        let silent = listening(|_| {});
        let plain = listening(|stream| {
            let mut stream = stream;
            drop(io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        });
        let leaves = listening(|stream| drop(stream.shutdown(std::net::Shutdown::Both)));
        // Too long for a name: nobody has to be asked.
        let nameless = format!("{}.example", "n".repeat(64));
        let web = Web::with(Patience { connect: Duration::from_secs(1), read: Duration::from_millis(200) });
        for (scheme, place, why, said) in [
            ("http", &closed, NoAnswer::NothingListens, format!("nothing listens on {closed}")),
            ("https", &closed, NoAnswer::NothingListens, format!("nothing listens on {closed}")),
            ("http", &silent, NoAnswer::TimedOut, format!("{silent} did not answer in time")),
            ("http", &nameless, NoAnswer::NoSuchHost, format!("the name of {nameless} leads to no address")),
            (
                "https",
                &plain,
                NoAnswer::NotTrusted,
                format!("{plain} has no certificate that is trusted here, or does not speak TLS"),
            ),
            ("http", &leaves, NoAnswer::Broke, format!("the connection with {leaves} broke off")),
        ] {
            let failed = web.send("GET", &format!("{scheme}://{place}/a?b"), Vec::new(), Vec::new()).await;
            let failed = failed.unwrap_err();
            assert_eq!(failed, WebError::NoAnswer { place: place.clone(), why }, "{scheme}://{place}");
            assert_eq!(failed.to_string(), said);
        }
        for (url, header, said) in
            [("http://a b", "x", "http://a b is no URL"), (&format!("http://{closed}"), "a\nb", "the header")]
        {
            let headers = vec![("authorization", header.to_owned())];
            let failed = web.send("GET", url, headers, Vec::new()).await.unwrap_err().to_string();
            assert!(failed.starts_with(said), "{failed}");
        }
    }
}
