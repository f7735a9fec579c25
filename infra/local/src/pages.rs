//! The API's description, and a page that people can read it on.

use std::fmt::Write;

use market_functions::http::describe::{Describer, older, with_examples};
use market_functions::routes;
use serde_json::Value;

/// What was sent and answered, by operations.
const EXAMPLES: &str = include_str!("../../../docs/examples.json");

/// The OpenAPI 3.1 description.
#[must_use]
pub fn openapi() -> Value {
    openapi_with(&serde_json::from_str(EXAMPLES).unwrap_or_default())
}

/// The same with other examples.
#[must_use]
pub fn openapi_with(examples: &Value) -> Value {
    let mut describer = Describer::default();
    routes::visit(&mut describer);
    with_examples(describer.document(&routes::resources()), examples)
}

/// The same for tools that know no OpenAPI 3.1.
#[must_use]
pub fn openapi_3_0() -> Value {
    older(openapi())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The page.
#[must_use]
pub fn index(url: &str) -> String {
    let document = openapi();
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Service market</title><style>\
         body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
         code,pre{font:14px/1.4 ui-monospace,monospace;background:#f4f4f4;border-radius:4px;padding:.1em .3em}\
         pre{padding:.8em;overflow:auto}summary{cursor:pointer;padding:.3em 0}b.m{display:inline-block;width:3.6em}\
         .c{color:#666;font-size:.9em}</style><h1>Service market</h1>\
         <p>This market runs on this machine, and answers no page of another site. Its description for programs: <a href=/openapi.json>/openapi.json</a> (OpenAPI 3.1).</p>\
         <pre>curl 'URL/_local/token?role=merchant&amp;sub=shop-1'      # a token: merchant, provider, operator, data_gateway, upstream\n\
         curl URL/_local/clock                                   # the market's time\n\
         curl URL/_local/clock -d '{\"advance\": \"P15D\"}'          # fifteen days later\n\
         curl URL/_local/payment -d '{\"account_id\": …, \"order_id\": …, \"amount_fen\": …}'</pre>",
    );
    page = page.replace("URL", &escaped(url));
    for tag in document["tags"].as_array().into_iter().flatten() {
        let said = |name: &str| escaped(tag[name].as_str().unwrap_or_default());
        let _ = write!(page, "<h2>{}</h2><p>{}</p>", said("name"), said("description"));
        for (path, method, operation) in operations(&document, &tag["name"]) {
            let words = |name: &str| {
                let list = operation[name].as_array().into_iter().flatten();
                list.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            };
            let roles = words("x-roles");
            let _ = write!(
                page,
                "<details id={id}><summary><b class=m>{method}</b> <code>{path}</code> {summary}</summary>\
                 <p class=c>{id} · {who} · clauses {clauses}</p>",
                id = operation["operationId"].as_str().unwrap_or_default(),
                method = method.to_uppercase(),
                path = escaped(path),
                summary = escaped(operation["summary"].as_str().unwrap_or_default()),
                who = if roles.is_empty() { "without a token" } else { &roles },
                clauses = words("x-clauses"),
            );
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !body.is_null() {
                let _ = write!(page, "<p>Body:</p><pre>{}</pre>", schema_text(body, &document));
            }
            for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                let description = response["description"].as_str().unwrap_or_default();
                let _ = write!(page, "<p class=c>{status}: {}</p>", escaped(description));
            }
            page.push_str("</details>");
        }
    }
    page
}

/// The operations of a tag: path, method, and what is said of each.
fn operations<'d>(
    document: &'d Value,
    tag: &'d Value,
) -> impl Iterator<Item = (&'d str, &'d str, &'d Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.filter(move |(_, _, operation)| operation["tags"][0] == *tag)
}

/// A schema as text; a reference is followed once.
fn schema_text(schema: &Value, document: &Value) -> String {
    let target = schema["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema);
    escaped(&serde_json::to_string_pretty(target).unwrap_or_default())
}
