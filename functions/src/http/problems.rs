//! The problems that are of no context: what is wrong with a request as such, and what the table answers.

use market_store::StoreError;

use super::problem::{Problem, codes};

codes! {
    MALFORMED_JSON 400 "malformed-json" "The body is not JSON." "Send valid JSON (RFC 8259), in UTF-8."
    MISSING_IDEMPOTENCY_KEY 400 "missing-idempotency-key" "The request needs an Idempotency-Key header." "Send a fresh key, for example a UUID, with every new request, and the same key when you repeat it."
    INVALID_IDEMPOTENCY_KEY 400 "invalid-idempotency-key" "The Idempotency-Key is not 1 to 128 visible ASCII characters." "Send a key such as a UUID."
    INVALID_QUERY 400 "invalid-query" "A query parameter is unknown or has a wrong value." "Compare the query with the API description."
    INVALID_CURSOR 400 "invalid-cursor" "The cursor is not one of this query's." "Start again without a cursor, and take each next one from the page before."
    MISSING_TOKEN 401 "missing-token" "The request needs a bearer token." "Send `Authorization: Bearer …` with a token of the market's issuer."
    INVALID_TOKEN 401 "invalid-token" "The bearer token is not valid." "Get a new token. It must be signed by the market's issuer, meant for the market, and within its time."
    INVALID_SIGNATURE 401 "invalid-signature" "The payment callback's signature is not valid." "Sign `webhook-id.webhook-timestamp.body` with the shared key (Standard Webhooks) and send a timestamp within five minutes of now."
    ROLE_NOT_ALLOWED 403 "role-not-allowed" "The caller's role may not do this." "Use a token of a role that the API description names for this operation."
    INSUFFICIENT_SCOPE 403 "insufficient-scope" "The token's scopes do not open this operation." "Use a token with the scope that `detail` names, or one without `market_scope`, which may do all that its role may."
    BLOCKED 403 "blocked" "The request was blocked before it reached the market." "It looked like an attack, or its address sends too many. Send it again later, and ask the operator if it stays so."
    NOT_FOUND 404 "not-found" "There is nothing here that the caller may see." "Check the path and the ids in it. A thing of another party's answers the same."
    METHOD_NOT_ALLOWED 405 "method-not-allowed" "The path does not know this method." "Compare the method with the API description."
    REQUEST_TIMEOUT 408 "request-timeout" "The body did not arrive in time." "Send the whole request at once. Repeat it with the same Idempotency-Key."
    BODY_TOO_LARGE 413 "body-too-large" "The body is larger than the operation takes." "Send less: 512 KiB, or 2 MiB where a document is published, whose text may have 300 KiB."
    UNSUPPORTED_MEDIA_TYPE 415 "unsupported-media-type" "The body is not application/json." "Send `Content-Type: application/json`."
    INVALID_BODY 422 "invalid-body" "The body does not fit the operation." "See `errors`: each names the place (JSON Pointer) and what is wrong with it."
    TOO_LARGE_TO_KEEP 422 "too-large-to-keep" "What would be kept of it together is too large; nothing was written." "Each part fits, but not all of them in one record: send shorter texts, or fewer entries."
    IDEMPOTENCY_KEY_REUSED 422 "idempotency-key-reused" "The Idempotency-Key was used for another request." "Use a fresh key for every new request."
    TOO_MANY_REQUESTS 429 "too-many-requests" "The caller sends more requests than it may." "Slow down, and repeat the request with the same Idempotency-Key."
    CONTENDED 503 "contended" "The state kept moving while the request was decided; nothing was written." "Repeat the request with the same Idempotency-Key."
    UNAVAILABLE 503 "unavailable" "The market cannot answer now; nothing was written." "Repeat the request with the same Idempotency-Key after the Retry-After time."
    OUTCOME_UNKNOWN 503 "outcome-unknown" "The request may or may not have taken effect." "Repeat it with the same Idempotency-Key: it takes effect at most once, and the repeat tells the outcome. An operation that takes no key is harmless to repeat and does anew what it does: a check that was counted is counted once more, and the ledger shows a use too many."
    CORRUPT 500 "corrupt" "Something that is stored cannot be read; nothing was written." "Report the `request_id`. The operator was alerted; what does not need it goes on."
    INTERNAL 500 "internal" "Something broke that should not have." "Report the `request_id`."
}

impl Problem {
    /// Nothing that the caller may see.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(NOT_FOUND)
    }
}

impl From<StoreError> for Problem {
    /// The text is logged here, once, and goes no further.
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Throttled(_) | StoreError::Unavailable(_) => Self::new(UNAVAILABLE),
            StoreError::Contended(_) => Self::new(CONTENDED),
            StoreError::UnknownOutcome(_) => Self::new(OUTCOME_UNKNOWN),
            StoreError::Corrupt { .. } => Self::new(CORRUPT),
            StoreError::Rejected(_) => Self::new(INTERNAL),
            StoreError::OutsideQuery => return Self::new(INVALID_CURSOR),
            // Every list and text has a bound at the edge. What passes them all and is too large together is still the
            // client's to shorten.
            StoreError::TooLarge(_) => Self::new(TOO_LARGE_TO_KEEP),
        };
        if error.retryable() {
            tracing::warn!(%error, "the table did not answer");
        } else {
            tracing::error!(%error, "the table refused");
        }
        problem
    }
}
