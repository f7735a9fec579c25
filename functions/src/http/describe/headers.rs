//! The headers that operations ask for, and those of their answers.

use serde_json::{Map, Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_TIMESTAMP};

use super::super::endpoint::{Access, Copies, Repeats, Route};

/// The headers that an operation asks for, as parameters.
pub(super) fn asked(route: &Route) -> Vec<Value> {
    let mut asked = Vec::new();
    if route.repeats == Repeats::ByKey {
        asked.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A fresh key for every new request; the same one to repeat it. A reply is kept for seven days.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" }
        }));
    }
    if matches!(route.access, Access::PaymentSignature) {
        asked.push(json!({
            "name": HEADER_WEBHOOK_ID, "in": "header", "required": true,
            "description": "The sender's id of the message; part of what is signed.",
            "schema": { "type": "string", "minLength": 1 }
        }));
        asked.push(json!({
            "name": HEADER_WEBHOOK_TIMESTAMP, "in": "header", "required": true,
            "description": "When it was sent, in seconds since 1970; at most five minutes from the market's time.",
            "schema": { "type": "string", "pattern": "^[0-9]+$" }
        }));
    }
    if is_tagged(route) {
        asked.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of the answer that is known already (RFC 9110, 13.1.2): 304 where it is still the same.",
            "schema": { "type": "string" }
        }));
    }
    asked
}

/// Whether answers have a tag.
pub(super) fn is_tagged(route: &Route) -> bool {
    matches!(route.access, Access::Public) && route.copies != Copies::Never
}

/// The headers of an operation's answer with this status, by reference.
pub(super) fn of(route: &Route, status: u16, is_list: bool) -> Map<String, Value> {
    let by_key = route.repeats == Repeats::ByKey;
    let headers = [
        ("x-request-id", true),
        ("Location", status == 201 && by_key),
        // What the state decided is kept for a repeat, be it done or refused.
        ("Idempotent-Replayed", by_key && (status < 300 || status == 409)),
        ("Retry-After", matches!(status, 429 | 503)),
        ("WWW-Authenticate", status == 401 || status == 403 && matches!(route.access, Access::Roles(_))),
        ("Cache-Control", true),
        ("ETag", is_tagged(route) && matches!(status, 200 | 304)),
        ("Link", is_list && status == 200),
    ];
    headers
        .into_iter()
        .filter(|(_, is_sent)| *is_sent)
        .map(|(name, _)| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
        .collect()
}

/// What those headers are.
pub(super) fn components() -> Value {
    json!({
        "x-request-id": {
            "description": "Names the request in the market's logs and in the evidence of what it changed.",
            "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" }
        },
        "Location": {
            "description": "The path of what was created, where it can be read.",
            "schema": { "type": "string", "format": "uri-reference" }
        },
        "Idempotent-Replayed": {
            "description": "There where the request had been answered before: this is the reply that was kept.",
            "schema": { "type": "string", "enum": ["true"] }
        },
        "Retry-After": {
            "description": "After how many seconds to ask again.",
            "schema": { "type": "integer", "minimum": 0 }
        },
        "Cache-Control": {
            "description": "How long a copy is good (RFC 9111): `no-store` where a token was needed and on every refusal; `immutable` where the content never changes; else `no-cache`.",
            "schema": { "type": "string" }
        },
        "ETag": {
            "description": "The hash of the content, in quotes: send it back as `If-None-Match`.",
            "schema": { "type": "string" }
        },
        "Link": {
            "description": "The next page, `rel=\"next\"` (RFC 8288); none on the last one.",
            "schema": { "type": "string" }
        },
        "WWW-Authenticate": {
            "description": "`Bearer`, with `error` and `error_description` where a token was refused (RFC 6750). On AWS it is `x-amzn-remapped-www-authenticate` where a function refused and not the gateway: a token that ended while the gateway still knew it, or a payment callback. Go by the code.",
            "schema": { "type": "string" }
        }
    })
}
