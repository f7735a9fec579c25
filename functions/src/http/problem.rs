//! Problem documents (RFC 9457): every refusal and failure that a client sees.
//!
//! The codes are a closed list with a page each (`docs/errors/`). A problem is made from a code and, at
//! most, a text of the domain's own refusals; a store's or library's text has no way in.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use market_store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! codes {
    ($($name:ident $status:literal $code:literal $title:literal $remedy:literal)+) => {
        /// A stable code, by which programs tell problems apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// What the caller can do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),+ }
            }
        }
    };
}

codes! {
    MalformedJson 400 "malformed-json" "The body is not JSON." "Send valid JSON (RFC 8259), in UTF-8."
    MissingIdempotencyKey 400 "missing-idempotency-key" "The request needs an Idempotency-Key header." "Send a fresh key, for example a UUID, with every new request, and the same key when you repeat it."
    InvalidIdempotencyKey 400 "invalid-idempotency-key" "The Idempotency-Key is not 1 to 128 visible ASCII characters." "Send a key such as a UUID."
    InvalidQuery 400 "invalid-query" "A query parameter is unknown or has a wrong value." "Compare the query with the API description."
    InvalidCursor 400 "invalid-cursor" "The cursor is not one of this query's." "Start again without a cursor, and take each next one from the page before."
    MissingToken 401 "missing-token" "The request needs a bearer token." "Send `Authorization: Bearer …` with a token of the market's issuer."
    InvalidToken 401 "invalid-token" "The bearer token is not valid." "Get a new token. It must be signed by the market's issuer, meant for the market, and within its time."
    InvalidSignature 401 "invalid-signature" "The payment callback's signature is not valid." "Sign `webhook-id.webhook-timestamp.body` with the shared key (Standard Webhooks) and send a timestamp within five minutes of now."
    RoleNotAllowed 403 "role-not-allowed" "The caller's role may not do this." "Use a token of a role that the API description names for this operation."
    Blocked 403 "blocked" "The request was blocked before it reached the market." "It looked like an attack, or its address sends too many. Send it again later, and ask the operator if it stays so."
    NotFound 404 "not-found" "There is nothing here that the caller may see." "Check the path and the ids in it. A thing of another party's answers the same."
    MethodNotAllowed 405 "method-not-allowed" "The path does not know this method." "Compare the method with the API description."
    RequestTimeout 408 "request-timeout" "The body did not arrive in time." "Send the whole request at once. Repeat it with the same Idempotency-Key."
    BodyTooLarge 413 "body-too-large" "The body is larger than the operation takes." "Send less: 512 KiB, or 2 MiB where a document is published, whose text may have 300 KiB."
    UnsupportedMediaType 415 "unsupported-media-type" "The body is not application/json." "Send `Content-Type: application/json`."
    InvalidBody 422 "invalid-body" "The body does not fit the operation." "See `errors`: each names the place (JSON Pointer) and what is wrong with it."
    IdempotencyKeyReused 422 "idempotency-key-reused" "The Idempotency-Key was used for another request." "Use a fresh key for every new request."
    AlreadyApplied 409 "already-applied" "This party has applied before." "Read the existing account or provider."
    AlreadyApproved 409 "already-approved" "It was approved before." "Nothing to do."
    NothingToVouch 422 "nothing-to-vouch" "The credit code keeps the rule." "Apply with it: nobody has to vouch for it."
    AlreadyVouched 409 "already-vouched" "The credit code was vouched for before." "Nothing to do."
    AccountNotOpen 409 "account-not-open" "The market agreement has not been accepted." "Accept the market agreement in force first."
    AgreementOutdated 409 "agreement-outdated" "A newer version of the market agreement is in force." "Read the version that `detail` names, and accept it."
    AccountEnded 409 "account-ended" "The market agreement has ended." "Orders and grants are over. Demanding deletion, reading and exporting remain open."
    NotThePublisher 409 "not-the-publisher" "The document has another publisher." "Choose another document id."
    WrongDocumentKind 422 "wrong-document-kind" "This publisher does not publish documents of this kind, or the document is of another kind." "Providers publish subscription agreements; the operator publishes bodies, annexes and rules. A document keeps its kind."
    WrongDocumentId 422 "wrong-document-id" "A new document of this publisher's cannot have this id." "The operator's ids have no dot. A provider's are its own id, a dot, and a name without a dot, such as northwind.terms."
    InvalidText 422 "invalid-text" "The text shows nothing, is larger than 300 KiB, or has characters that turn, break or hide what is shown." "Send 1 to 307200 bytes of UTF-8, without control characters (but tabs and line breaks), bidirectional controls, line and paragraph separators, tags and private characters. `detail` names the first."
    InvalidOutline 422 "invalid-outline" "The outline is not one of the text, or is too large to be kept." "Give lines of the text that are not empty, from above to below, each with an address of its own and a depth of at most one more than the clause before it. A version has at most 2000 clauses."
    NothingRecognised 422 "nothing-recognised" "No clause is recognised in the text of a body." "Give its clauses as `outline`, or say with `unnumbered` that it has none. `preview_version` tells what was read."
    NoSuchClause 422 "no-such-clause" "A clause is not in the text." "Name clauses by their addresses, for example 4.4.5 or 第五条. `preview_version` lists them."
    SameText 409 "same-text" "A version with exactly this text is the newest already." "Nothing to publish."
    WrongEffectiveDate 422 "wrong-effective-date" "The version would take effect before it is published, or before an earlier version." "Choose a later `effective_at`."
    TooManyVersions 409 "too-many-versions" "As many versions of the document as it can hold are still to take effect, or were withdrawn." "Publish it once one of them has taken effect; a document takes a hundred withdrawals."
    VersionNotToCome 409 "version-not-to-come" "The version has taken effect, or was withdrawn before." "Publish the next version; what is in force cannot be withdrawn."
    PublicityTooShort 422 "publicity-too-short" "The publicity period of an amendment is too short (clause 9.4)." "Choose an `effective_at` not before the instant that `detail` names."
    NoSuchVersion 422 "no-such-version" "The document has no such version in force." "Read the document for its versions."
    NotInForce 409 "not-in-force" "Another version is in force." "Accept the version that `detail` names."
    OtherText 422 "other-text" "The hash is not that of the version's text." "Read the text again, show that, and send its SHA-256."
    ProminentClausesNotShown 422 "prominent-clauses-not-shown" "Prominent clauses were not shown (clause 1.2)." "Show every clause that `detail` names, and list them."
    OtherRendering 422 "other-rendering" "The hash is not that of a rendering that the market serves." "Show the version's text or one of its pages as the market serves them, and send the SHA-256 of what was shown."
    AlreadyAccepted 409 "already-accepted" "This version was accepted before." "Nothing to do."
    ProviderNotApproved 409 "provider-not-approved" "The provider is not approved." "Wait for the operator's approval."
    IncompleteListing 422 "incomplete-listing" "The listing is incomplete or contradicts itself (clauses 4.2, 4.4.2)." "See `detail`."
    WrongListingState 409 "wrong-listing-state" "The listing is not in the state that this step starts from." "Read the listing."
    NotForSale 409 "not-for-sale" "The listing is not for sale." "Choose a listing of the catalogue."
    NoSuchPlan 422 "no-such-plan" "The listing has no such plan." "Read the listing for its plans."
    SubscriptionNotAccepted 409 "subscription-not-accepted" "The provider's subscription agreement has to be accepted first (clause 4.1)." "Accept the document and version that `detail` names."
    RiskNotAcknowledged 422 "risk-not-acknowledged" "The plan has neither term nor count, and its risk was not acknowledged (clause 4.5)." "Warn the merchant, and send `acknowledge_unbounded_risk: true`."
    PassesTheEnd 409 "passes-the-end" "The term would pass the end of the market agreement (clause 10.1.2)." "Choose a shorter term."
    NotPayable 409 "not-payable" "The order does not take the payment." "See `detail`. Have the payment returned."
    WrongPaymentState 409 "wrong-payment-state" "The payment does not wait for this." "Read the payment."
    NotInService 409 "not-in-service" "The order is not in service." "Grant data under an order that is paid and has not run out."
    InvalidScopes 422 "invalid-scopes" "The scopes are not ones that the listing asks for, each once." "Read the order's snapshot for the scopes."
    InvalidTerm 422 "invalid-term" "A date or term is out of its range." "Choose another; where there is a latest instant, `detail` names it."
    GrantNotActive 409 "grant-not-active" "The grant is over." "Ask the merchant for a new grant."
    WrongDemandState 409 "wrong-demand-state" "The deletion demand is not in the state that this step starts from." "Read the demand."
    InvalidAttestation 422 "invalid-attestation" "The attestation is incomplete, or its time is not between the end of the entrustment and now." "See `detail`."
    AlreadyTerminating 409 "already-terminating" "Notice of termination has been served already." "Read the account."
    InvalidSchedule 422 "invalid-schedule" "The holiday schedule contradicts itself or the law." "See `detail`, and compare the schedule with the notice."
    SchedulePublished 409 "schedule-published" "A holiday schedule of the year is published, or there is none that could be corrected." "Read it. A correction names in `corrects` the version that it corrects."
    ScheduleBuiltIn 409 "schedule-built-in" "The holiday schedule of the year is part of this release." "A correction of it comes with the next release."
    NoticeNotRunning 409 "notice-not-running" "The notice of termination has taken effect or was withdrawn." "Read the termination."
    WrongNoticeState 409 "wrong-notice-state" "The notice does not wait to be sent again." "Read the notice. One that is undeliverable or bounced is sent again once; after that, what was sent in its place is."
    NoAddress 409 "no-address" "The recipient has no address on the notice's channel." "Name one in `address`."
    ContactsJustChanged 409 "contacts-just-changed" "The contacts were changed less than a minute ago." "Send the request again after the instant that `detail` names, with a fresh Idempotency-Key."
    EventInTheFuture 422 "event-in-the-future" "The event lies in the future." "Report it when it has happened."
    TooManyRequests 429 "too-many-requests" "The caller sends more requests than it may." "Slow down, and repeat the request with the same Idempotency-Key."
    Contended 503 "contended" "The state kept moving while the request was decided; nothing was written." "Repeat the request with the same Idempotency-Key."
    Unavailable 503 "unavailable" "The market cannot answer now; nothing was written." "Repeat the request with the same Idempotency-Key after the Retry-After time."
    OutcomeUnknown 503 "outcome-unknown" "The request may or may not have taken effect." "Repeat it with the same Idempotency-Key: it takes effect at most once, and the repeat tells the outcome."
    Corrupt 500 "corrupt" "Something that is stored cannot be read; nothing was written." "Report the `request_id`. The operator was alerted; what does not need it goes on."
    Internal 500 "internal" "Something broke that should not have." "Report the `request_id`."
}

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

    /// Nothing that the caller may see.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(Code::NotFound)
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
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
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

impl From<StoreError> for Problem {
    /// The text is logged here, once, and goes no further.
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Throttled(_) | StoreError::Unavailable(_) => Code::Unavailable,
            StoreError::Contended(_) => Code::Contended,
            StoreError::UnknownOutcome(_) => Code::OutcomeUnknown,
            StoreError::Corrupt { .. } => Code::Corrupt,
            StoreError::Rejected(_) => Code::Internal,
            StoreError::OutsideQuery => return Self::new(Code::InvalidCursor),
            // Every list and text has a bound at the edge. What passes them all and is too large together is still the
            // client's to shorten.
            StoreError::TooLarge(_) => Code::InvalidBody,
        };
        if error.retryable() {
            tracing::warn!(%error, "the table did not answer");
        } else {
            tracing::error!(%error, "the table refused");
        }
        match code {
            Code::InvalidBody => Self::new(code).detail("what would be kept of it is too large; send less"),
            _ => Self::new(code),
        }
    }
}
