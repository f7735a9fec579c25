//! Problem documents (RFC 9457): every refusal and failure that a client sees.
//!
//! A problem is made from a code and, at most, a text of the domain's own refusals; a store's or library's text has no
//! way in. Each code has a page (`docs/errors/`). A context declares its codes, and what becomes of its refusals, in its
//! `problems.rs`; what no context answers for is in [`problems`](super::problems).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

/// A stable code, by which programs tell problems apart. Codes are declared by `codes!`; no two have one name.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    status: u16,
    name: &'static str,
    title: &'static str,
    remedy: &'static str,
}

impl Code {
    /// For `codes!`.
    pub(crate) const fn declared(
        status: u16,
        name: &'static str,
        title: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self { status, name, title, remedy }
    }

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.status
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.title
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.remedy
    }
}

/// By its name, which is what clients know.
impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Code {}

/// Declares codes, one a line: constant, status, stable name, title, remedy. `CODES` is all that one file declares.
macro_rules! codes {
    ($($constant:ident $status:literal $name:literal $title:literal $remedy:literal)+) => {
        $(
            #[doc = $title]
            pub const $constant: $crate::http::Code =
                $crate::http::Code::declared($status, $name, $title, $remedy);
        )+

        /// Every code that is declared here.
        pub const CODES: &[$crate::http::Code] = &[$($constant),+];
    };
}

/// From refusals of the domain to problems: one conversion for each, without a wildcard, so that a new refusal does not
/// compile before it has a code.
macro_rules! refusals {
    ($($type:ty { $($pattern:pat => $code:expr),+ $(,)? })+) => {
        $(impl From<$type> for $crate::http::Problem {
            fn from(refusal: $type) -> Self {
                let code = match &refusal { $($pattern => $code),+ };
                Self::new(code).detail(refusal.to_string())
            }
        })+
    };
}

pub(crate) use {codes, refusals};

/// A place in the request, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// More about this one.
    pub detail: Option<String>,
    /// What is wrong with the body, place by place.
    pub errors: Vec<FieldError>,
}

/// A problem document as it is sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemDocument {
    /// A page about this kind of problem.
    pub r#type: String,
    /// What it means.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// More about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is wrong with the body, place by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The request, for the logs.
    pub request_id: String,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new() }
    }

    /// With a sentence about this one.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whether the state decided it, so that a repeat is given the same reply.
    #[must_use]
    pub const fn is_decision(&self) -> bool {
        self.code.status() == 409
    }

    /// The document.
    #[must_use]
    pub fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("/errors/{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            code: self.code.name().to_owned(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            request_id: request_id.to_owned(),
        }
    }

    /// The response.
    #[must_use]
    pub fn response(&self, request_id: &str) -> Response<Body> {
        let body = serde_json::to_string(&self.document(request_id)).unwrap_or_default();
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            _ => {}
        }
        response
    }
}
