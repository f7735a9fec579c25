//! What the pages are made of, from within the program: our own styles and scripts, and the viewer (`viewer/README.md`).

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use market_kernel::hash::Sha256Hash;

use crate::routes::problem;

/// Each file: its name, what it is, what it holds.
const FILES: [(&str, &str, &[u8]); 7] = [
    ("start.css", CSS, include_bytes!("../../site/start.css")),
    ("start.js", SCRIPT, include_bytes!("../../site/start.js")),
    ("reference.css", CSS, include_bytes!("../../site/reference.css")),
    ("reference.js", SCRIPT, include_bytes!("../../site/reference.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../../site/icon.svg")),
    ("web-components.min.js", SCRIPT, include_bytes!("../../viewer/web-components.min.js")),
    ("styles.min.css", CSS, include_bytes!("../../viewer/styles.min.css")),
];
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file. It is asked for again each time, and sent again only where another release has another.
pub(super) async fn file(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let Some((_, media_type, content)) = FILES.iter().find(|(file, ..)| *file == name) else {
        return problem(StatusCode::NOT_FOUND, "the pages have no such file");
    };
    let tag = format!("\"{}\"", Sha256Hash::of(content).as_str());
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, *content).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
