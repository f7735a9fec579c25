//! Replies that went well, with what HTTP says about them: where the created thing is, how long a copy is good (RFC 9111),
//! by which tag it is known again (RFC 9110, 8.8.3), where the next page is (RFC 8288).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use market_kernel::hash::Sha256Hash;

use super::endpoint::{Access, Copies, Route, versioned};

pub(super) const JSON: &str = "application/json";

/// What never changes may be kept for a year, which is as long as anything is.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A reply with a body.
pub(super) fn respond(
    status: u16,
    media_type: &'static str,
    location: Option<&str>,
    body: String,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut response, header::CONTENT_TYPE, media_type);
    if let Some(path) = location {
        // What is saved names no version.
        set(&mut response, header::LOCATION, &versioned(path));
    }
    response
}

/// What was read. Whoever has the same already is told so, where anyone may read it: the tag is the content's hash.
pub(super) fn read(
    route: &Route,
    asked: &HeaderMap,
    media_type: &'static str,
    body: String,
) -> Response<Body> {
    if !matches!(route.access, Access::Public) || route.copies == Copies::Never {
        return respond(route.status, media_type, None, body);
    }
    let tag = format!("\"{}\"", Sha256Hash::of(body.as_bytes()));
    let mut response = if has_it(asked, &tag) {
        let mut same = Response::new(Body::empty());
        *same.status_mut() = StatusCode::NOT_MODIFIED;
        same
    } else {
        respond(route.status, media_type, None, body)
    };
    set(&mut response, header::ETAG, &tag);
    let copies = if route.copies == Copies::ForEver { FOR_EVER } else { "no-cache" };
    set(&mut response, header::CACHE_CONTROL, copies);
    response
}

/// Whether `If-None-Match` names the tag.
fn has_it(asked: &HeaderMap, tag: &str) -> bool {
    let named = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut named = named.flat_map(|list| list.split(',')).map(str::trim);
    named.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// Sets a header; leaves it out where it cannot be one.
pub(super) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Nobody keeps a copy of what needed a token, nor of a refusal.
pub(super) fn keep_no_copy(response: &mut Response<Body>) {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_looked_for_in_every_list_and_weak_ones_count() {
        let tag = "\"abc\"";
        for (lists, has) in [
            (vec![], false),
            (vec!["\"abc\""], true),
            (vec!["W/\"abc\""], true),
            (vec!["\"x\", \"abc\""], true),
            (vec!["\"x\"", "\"abc\""], true),
            (vec!["*"], true),
            (vec!["abc"], false),
            (vec!["\"ab\", \"abcd\""], false),
        ] {
            let mut asked = HeaderMap::new();
            for list in &lists {
                asked.append(header::IF_NONE_MATCH, HeaderValue::from_static(list));
            }
            assert_eq!(has_it(&asked, tag), has, "{lists:?}");
        }
    }
}
