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

    /// After how many seconds the same request may be answered, where it may.
    #[must_use]
    pub const fn retry_after_seconds(self) -> Option<u32> {
        match self.status {
            503 => Some(1),
            429 => Some(60),
            _ => None,
        }
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
    /// The place in the body, as a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl FieldError {
    /// What is wrong at a place in the body that fits the schema.
    #[must_use]
    pub fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.to_owned()), parameter: None, detail: detail.into(), expected: None }
    }

    /// And what would be right there.
    #[must_use]
    pub fn expecting(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// More about this one.
    pub detail: Option<String>,
    /// What is wrong with the body or the query, place by place.
    pub errors: Vec<FieldError>,
    /// What it asks of the caller's token (`WWW-Authenticate`, RFC 6750, 3), where it says more than that it needs one.
    challenge: Option<Box<str>>,
}

/// The request that a problem answers.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its id, for the logs.
    pub id: &'a str,
    /// Where the API is, without a slash at its end; empty where that is not known.
    pub api: &'a str,
}

/// A problem document as it is sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemDocument {
    /// The URL of a page about this kind of problem.
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
    /// What is wrong with the body or the query, place by place: all of it, up to 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The request, for the logs.
    pub request_id: String,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), challenge: None }
    }

    /// With a sentence about this one.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With what is wrong, place by place.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// That a token does not do, and why.
    #[must_use]
    pub fn challenged(mut self, error: &str, reason: &str) -> Self {
        // The characters that a description may have (RFC 6750, 3).
        let lawful = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let said: String = reason.chars().filter(lawful).collect();
        self.challenge = Some(format!(r#"Bearer error="{error}", error_description="{said}""#).into());
        self.detail(reason)
    }

    /// With the scope that a token would need (RFC 6750, 3).
    #[must_use]
    pub fn needs_scope(mut self, scope: &str) -> Self {
        self.challenge = self.challenge.map(|challenge| format!(r#"{challenge}, scope="{scope}""#).into());
        self
    }

    /// What it asks of the caller's token.
    fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref().or_else(|| (self.code.status() == 401).then_some("Bearer"))
    }

    /// Whether the state decided it, so that a repeat is given the same reply.
    #[must_use]
    pub const fn is_decision(&self) -> bool {
        self.code.status() == 409
    }

    /// The document.
    #[must_use]
    pub fn document(&self, request: &Asked<'_>) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("{}/errors/{}", request.api, self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            code: self.code.name().to_owned(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            request_id: request.id.to_owned(),
        }
    }

    /// The response.
    #[must_use]
    pub fn response(&self, request: &Asked<'_>) -> Response<Body> {
        let body = serde_json::to_string(&self.document(request)).unwrap_or_default();
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(value) = self.challenge().and_then(|challenge| HeaderValue::from_str(challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(seconds) = self.code.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
