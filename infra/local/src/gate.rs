//! The gate: a market on one machine answers the programs of that machine, and no page of a foreign site.
//!
//! - What is not addressed to the address that it listens on is refused. So a site whose name is made to lead
//!   here (DNS rebinding) reaches nothing.
//! - What stands beside the API (tokens for whoever asks, the clock, payments) is refused to the pages of other
//!   sites, by the headers that browsers put on what such pages send.
//! - No site's pages may read a reply, but those of the one site that was named at the start.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use market_functions::http::EXPOSED_HEADERS;

use crate::routes::problem;

/// What is beside the API.
const LOCAL: &str = "/_local/";
/// Where a browser says how the asking page's site is related to ours.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What a page of the allowed site may send, as behind the deployed gateway.
const SENT_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Api-Key";

/// A site, as browsers name it: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text names no site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "name a site as browsers do, such as http://localhost:5173: scheme, host and port, and nothing behind"
)]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NotAnOrigin);
        };
        // As a browser writes it: nothing behind, no user, small letters.
        let exactly = format!("{scheme}://{authority}");
        if text != exactly || text.contains('@') || text != text.to_ascii_lowercase() {
            return Err(NotAnOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| NotAnOrigin)
    }
}

/// What is answered in place of what was asked for.
type Refusal = (StatusCode, String);

#[derive(Debug)]
struct Gate {
    listens_on: SocketAddr,
    allowed: Option<Origin>,
}

/// Puts the gate before everything else.
pub fn before(router: Router, listens_on: SocketAddr, allowed: Option<Origin>) -> Router {
    let gate = Arc::new(Gate { listens_on, allowed });
    router.layer(from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let admitted = gate.admits(&request);
    let may_read = admitted.is_ok() && gate.is_from_allowed(request.headers());
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match admitted {
        Err((status, detail)) => problem(status, detail),
        Ok(()) if may_read && asks_first => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => next.run(request).await,
    };
    if let Some(Origin(allowed)) = &gate.allowed {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if may_read {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
            let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        if may_read && asks_first {
            let methods = HeaderValue::from_static("GET, POST");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SENT_HEADERS));
        }
    }
    response
}

impl Gate {
    fn admits(&self, request: &Request) -> Result<(), Refusal> {
        let (uri, headers) = (request.uri(), request.headers());
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let is_named = host.is_some_and(|host| self.is_named_by(host)) && hosts.next().is_none();
        // A request that goes through a proxy names its target in its first line, too.
        if !is_named || uri.authority().is_some_and(|authority| !self.is_named_by(authority.as_str())) {
            return Err((
                StatusCode::FORBIDDEN,
                format!("this market answers requests to http://{} alone, on this machine", self.listens_on),
            ));
        }
        if !uri.path().starts_with(LOCAL) {
            return Ok(());
        }
        if self.is_foreign(headers) {
            let detail =
                "pages of other sites may not use what is beside the API; --allow-origin names one that may";
            return Err((StatusCode::FORBIDDEN, detail.to_owned()));
        }
        // What a form can send without being asked for its origin in every browser. `curl -d` is none of these.
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().trim_start().to_ascii_lowercase();
        if ["text/", "multipart/"].iter().any(|of_forms| media_type.starts_with(of_forms)) {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it as application/json".to_owned()));
        }
        Ok(())
    }

    /// Whether a `Host` is the address that is listened on, or the name that every machine has for itself.
    fn is_named_by(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host();
        let is_ours = match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => address == self.listens_on.ip(),
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        };
        is_ours && !host.contains('@') && authority.port_u16().unwrap_or(80) == self.listens_on.port()
    }

    fn is_from_allowed(&self, headers: &HeaderMap) -> bool {
        let origin = headers.get(header::ORIGIN);
        origin.is_some() && origin == self.allowed.as_ref().map(|Origin(allowed)| allowed)
    }

    /// Whether a browser says that a page of another site sends it.
    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        if self.is_from_allowed(headers) {
            return false;
        }
        let is_own = |origin: &HeaderValue| {
            let site = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
            site.is_some_and(|site| self.is_named_by(site))
        };
        let of_others = |site: &HeaderValue| !["same-origin", "none"].iter().any(|own| site == own);
        !headers.get_all(header::ORIGIN).iter().all(is_own)
            || headers.get_all(SEC_FETCH_SITE).iter().any(of_others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(allowed: Option<&str>) -> Gate {
        Gate {
            listens_on: "127.0.0.1:8080".parse().unwrap(),
            allowed: allowed.map(|allowed| allowed.parse().unwrap()),
        }
    }

    /// What is answered instead, to a request with these headers.
    fn refused(gate: &Gate, uri: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let request =
            headers.iter().fold(Request::post(uri), |request, (name, value)| request.header(*name, *value));
        gate.admits(&request.body(axum::body::Body::empty()).unwrap())
            .err()
            .map(|(status, _)| status.as_u16())
    }

    #[test]
    fn a_host_is_the_address_that_is_listened_on_or_localhost() {
        let gate = gate(None);
        for good in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"] {
            assert!(gate.is_named_by(good), "{good}");
        }
        for bad in [
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.2:8080",
            "evil.example:8080",
            "evil.example",
            "localhost.evil:8080",
            "127.0.0.1.nip.io:8080",
            "0.0.0.0:8080",
            "[::1]:8080",
            "127.0.0.1:8080@evil.example",
            "user@127.0.0.1:8080",
            "",
            " ",
            "127.0.0.1:8080,evil.example",
            "127.0.0.1:99999",
            "localhost.:8080",
            "2130706433:8080",
        ] {
            assert!(!gate.is_named_by(bad), "{bad}");
        }
        let six = Gate { listens_on: "[::1]:80".parse().unwrap(), allowed: None };
        assert!(six.is_named_by("[::1]") && six.is_named_by("[::1]:80") && six.is_named_by("localhost"));
        assert!(!six.is_named_by("127.0.0.1"));
    }

    #[test]
    fn a_request_names_its_host_once_and_in_its_first_line_no_other() {
        let (gate, host) = (gate(None), ("host", "127.0.0.1:8080"));
        assert_eq!(refused(&gate, "/accounts/a", &[host]), None);
        assert_eq!(refused(&gate, "http://localhost:8080/accounts/a", &[host]), None);
        assert_eq!(refused(&gate, "http://evil.example/accounts/a", &[host]), Some(403));
        assert_eq!(refused(&gate, "/accounts/a", &[]), Some(403));
        assert_eq!(refused(&gate, "/accounts/a", &[host, ("host", "evil.example")]), Some(403));
        assert_eq!(refused(&gate, "/accounts/a", &[host, host]), Some(403));
    }

    #[test]
    fn what_is_beside_the_api_is_not_for_the_pages_of_other_sites() {
        let (none, one) = (gate(None), gate(Some("http://localhost:5173")));
        let asked = |gate: &Gate, more: &[(&str, &str)]| {
            let headers = [&[("host", "127.0.0.1:8080")], more].concat();
            refused(gate, "/_local/clock", &headers)
        };
        let allowed = ("origin", "http://localhost:5173");
        for own in [
            &[][..],
            &[("content-type", "application/json")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
        ] {
            assert_eq!((asked(&none, own), asked(&one, own)), (None, None), "{own:?}");
        }
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://127.0.0.1:9090")],
            &[("origin", "https://127.0.0.1:8080")],
            &[("origin", "http://127.0.0.1:8080"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
        ] {
            assert_eq!((asked(&none, foreign), asked(&one, foreign)), (Some(403), Some(403)), "{foreign:?}");
        }
        for of_forms in ["text/plain", " Text/Plain;charset=UTF-8", "multipart/form-data; boundary=x"] {
            assert_eq!(asked(&one, &[("content-type", of_forms)]), Some(415), "{of_forms}");
        }
        assert_eq!(asked(&none, &[allowed, ("sec-fetch-site", "same-site")]), Some(403));
        assert_eq!(asked(&one, &[allowed, ("sec-fetch-site", "same-site")]), None);
    }

    #[test]
    fn a_site_is_named_as_browsers_name_it() {
        for good in
            ["http://localhost:5173", "https://shop.example", "http://127.0.0.1:3000", "http://[::1]:3000"]
        {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "localhost:5173",
            "shop.example",
            "http://localhost:5173/",
            "https://shop.example/a",
            "ftp://shop.example",
            "https://Shop.example",
            "https://a@shop.example",
            "https://shop.example?a",
            "file:///a",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
