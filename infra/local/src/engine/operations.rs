//! What the market and its tests ask of DynamoDB, carried out by the engine's own functions.

use std::cell::Cell;
use std::collections::HashMap;

use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::{AttributeValue, Database, DynoxideError};
use market_jobs::relay;
use market_store::due;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tokens::{Known, Tokens};
use super::{Reply, Request};
use crate::commits::Commits;

/// The operations that leave the table as it is.
const READS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable"];

type Item = HashMap<String, AttributeValue>;
type Answer = Result<String, DynoxideError>;

/// An item that an operation writes.
enum Written {
    /// As it was put.
    Whole(Item),
    /// What an update says of it: all of its attributes, or some.
    Updated(Update),
}

/// What came of an operation.
pub(super) struct Outcome {
    pub(super) reply: Reply,
    pub(super) has_written: bool,
}

/// Whether an operation leaves the table as it is.
pub(super) fn is_read(target: &str) -> bool {
    READS.contains(&operation_of(target))
}

fn operation_of(target: &str) -> &str {
    target.strip_prefix("DynamoDB_20120810.").unwrap_or_default()
}

/// Carries out an operation, and notes what it made due.
pub(super) fn answer(
    database: &Database,
    commits: &Commits,
    tokens: &mut Tokens,
    request: &Request,
) -> Outcome {
    let Request { target, body } = request;
    match carry_out(database, commits, tokens, operation_of(target), body) {
        Ok(body) => Outcome { reply: Reply { status: 200, body }, has_written: !is_read(target) },
        Err(error) => {
            let reply = Reply { status: error.status_code(), body: error.to_json() };
            Outcome { reply, has_written: false }
        }
    }
}

fn carry_out(
    database: &Database,
    commits: &Commits,
    tokens: &mut Tokens,
    operation: &str,
    body: &[u8],
) -> Answer {
    match operation {
        "GetItem" => said(database.get_item(asked(body)?)),
        "BatchGetItem" => said(database.batch_get_item(asked(body)?)),
        "Query" => said(database.query(asked(body)?)),
        "Scan" => said(database.scan(asked(body)?)),
        "DeleteItem" => said(database.delete_item(asked(body)?)),
        "CreateTable" => said(database.create_table(without_stream(asked(body)?))),
        "UpdateTable" => said(database.update_table(asked(body)?)),
        "DescribeTable" => said(database.describe_table(asked(body)?)),
        "PutItem" => {
            let request: PutItemRequest = asked(body)?;
            let written = vec![Written::Whole(request.item.clone())];
            noted(database, commits, written, said(database.put_item(request)))
        }
        "UpdateItem" => {
            let request: UpdateItemRequest = asked(body)?;
            let written = Update {
                table: request.table_name.clone(),
                key: request.key.clone(),
                said: said_by(
                    request.update_expression.as_deref().unwrap_or_default(),
                    request.expression_attribute_names.as_ref(),
                    request.expression_attribute_values.as_ref(),
                ),
            };
            let written = vec![Written::Updated(written)];
            noted(database, commits, written, said(database.update_item(request)))
        }
        "TransactWriteItems" => {
            let mut request: TransactWriteItemsRequest = asked(body)?;
            let token = request.client_request_token.take();
            match token.as_deref().map_or(Known::New, |token| tokens.known(token, body)) {
                Known::New => {}
                Known::Done(answer) => return Ok(answer),
                Known::OfAnother => {
                    let of_another = "the token was used for another transaction".to_owned();
                    return Err(DynoxideError::IdempotentParameterMismatchException(of_another));
                }
            }
            let puts = request.transact_items.iter().filter_map(|item| item.put.as_ref());
            let updates = request.transact_items.iter().filter_map(|item| item.update.as_ref());
            let written = puts
                .map(|put| Written::Whole(put.item.clone()))
                .chain(updates.map(|update| {
                    Written::Updated(Update {
                        table: update.table_name.clone(),
                        key: update.key.clone(),
                        said: said_by(
                            &update.update_expression,
                            update.expression_attribute_names.as_ref(),
                            update.expression_attribute_values.as_ref(),
                        ),
                    })
                }))
                .collect();
            let answer = noted(database, commits, written, said(database.transact_write_items(request)))?;
            if let Some(token) = token {
                tokens.remember(token, body, &answer);
            }
            Ok(answer)
        }
        _ => Err(DynoxideError::ValidationException(format!("the embedded engine does not do {operation}"))),
    }
}

/// Commits are seen as they are carried out ([`Commits`]); nobody reads a stream of this table, and the engine would
/// look for its newest record at every write.
fn without_stream(mut request: CreateTableRequest) -> CreateTableRequest {
    request.stream_specification = None;
    request
}

fn asked<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn said(answer: Result<impl Serialize, DynoxideError>) -> Answer {
    serde_json::to_string(&answer?).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Notes what a write made due, before anyone hears that it was done.
fn noted(database: &Database, commits: &Commits, written: Vec<Written>, answer: Answer) -> Answer {
    let answer = answer?;
    for written in written {
        let item = match written {
            Written::Whole(item) => item,
            Written::Updated(update) => {
                if update.note(commits) {
                    continue;
                }
                match read(database, update.table, update.key) {
                    Ok(Some(item)) => item,
                    Ok(None) => continue,
                    Err(error) => {
                        // It is committed. The sweep finds at its next start what is not noted.
                        tracing::warn!(%error, "a written item could not be read again");
                        continue;
                    }
                }
            }
        };
        note(commits, |name| item.get(name).and_then(plain));
    }
    Ok(answer)
}

fn note<'a>(commits: &Commits, attribute: impl Fn(&str) -> Option<&'a str>) {
    commits.note(relay::wake_up(&attribute), due::wakes_at(&attribute));
}

fn plain(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some(text),
        _ => None,
    }
}

fn read(database: &Database, table: String, key: Item) -> Result<Option<Item>, DynoxideError> {
    let request =
        GetItemRequest { table_name: table, key, consistent_read: Some(true), ..Default::default() };
    Ok(database.get_item(request)?.item)
}

/// An update of one item.
struct Update {
    table: String,
    key: Item,
    /// The attributes that it sets or removes, by name; none where its expression does anything else.
    said: Option<HashMap<String, Option<AttributeValue>>>,
}

impl Update {
    /// Notes what it made due, where it says all that this takes; whether it does.
    fn note(&self, commits: &Commits) -> bool {
        let Some(said) = &self.said else { return false };
        let is_told = Cell::new(true);
        let attribute = |name: &str| match (self.key.get(name), said.get(name)) {
            (Some(value), _) => plain(value),
            (None, Some(value)) => value.as_ref().and_then(plain),
            (None, None) => {
                is_told.set(false);
                None
            }
        };
        let (wake_up, wakes) = (relay::wake_up(attribute), due::wakes_at(attribute));
        if is_told.get() {
            commits.note(wake_up, wakes);
        }
        is_told.get()
    }
}

/// What an expression sets and removes, where it is of the plain form `SET #a = :a, #b = :b REMOVE #c, #d`.
fn said_by(
    expression: &str,
    names: Option<&HashMap<String, String>>,
    values: Option<&Item>,
) -> Option<HashMap<String, Option<AttributeValue>>> {
    let (set, removed) = match expression.strip_prefix("SET ")?.split_once(" REMOVE ") {
        Some((set, removed)) => (set, Some(removed)),
        None => (expression.strip_prefix("SET ")?, None),
    };
    let name = |placeholder: &str| names?.get(placeholder).cloned();
    let set = set.split(", ").map(|clause| {
        let (placeholder, value) = clause.split_once(" = ")?;
        Some((name(placeholder)?, Some(values?.get(value)?.clone())))
    });
    let removed = removed.into_iter().flat_map(|removed| removed.split(", "));
    set.chain(removed.map(|placeholder| Some((name(placeholder)?, None)))).collect()
}
