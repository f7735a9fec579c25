//! What the market and its tests ask of DynamoDB, carried out by the engine's own functions.

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

use super::Reply;
use crate::commits::Commits;

/// The operations that leave the table as it is.
const READS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable"];

type Item = HashMap<String, AttributeValue>;
type Answer = Result<String, DynoxideError>;

/// An operation that writes items, and where they then are.
enum Written {
    /// As it was put.
    Whole(Item),
    /// To be read again: the key, in a table.
    At(String, Item),
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
pub(super) fn answer(database: &Database, commits: &Commits, target: &str, body: &[u8]) -> Outcome {
    let operation = operation_of(target);
    match carry_out(database, commits, operation, body) {
        Ok(body) => Outcome { reply: Reply { status: 200, body }, has_written: !is_read(target) },
        Err(error) => {
            let reply = Reply { status: error.status_code(), body: error.to_json() };
            Outcome { reply, has_written: false }
        }
    }
}

fn carry_out(database: &Database, commits: &Commits, operation: &str, body: &[u8]) -> Answer {
    match operation {
        "GetItem" => said(database.get_item(asked(body)?)),
        "BatchGetItem" => said(database.batch_get_item(asked(body)?)),
        "Query" => said(database.query(asked(body)?)),
        "Scan" => said(database.scan(asked(body)?)),
        "DeleteItem" => said(database.delete_item(asked(body)?)),
        "CreateTable" => said(database.create_table(without_stream(asked(body)?))),
        "DescribeTable" => said(database.describe_table(asked(body)?)),
        "PutItem" => {
            let request: PutItemRequest = asked(body)?;
            let written = vec![Written::Whole(request.item.clone())];
            noted(database, commits, written, said(database.put_item(request)))
        }
        "UpdateItem" => {
            let request: UpdateItemRequest = asked(body)?;
            let written = vec![Written::At(request.table_name.clone(), request.key.clone())];
            noted(database, commits, written, said(database.update_item(request)))
        }
        "TransactWriteItems" => {
            let request: TransactWriteItemsRequest = asked(body)?;
            let puts = request.transact_items.iter().filter_map(|item| item.put.as_ref());
            let updates = request.transact_items.iter().filter_map(|item| item.update.as_ref());
            let written = puts
                .map(|put| Written::Whole(put.item.clone()))
                .chain(updates.map(|update| Written::At(update.table_name.clone(), update.key.clone())))
                .collect();
            noted(database, commits, written, said(database.transact_write_items(request)))
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
            Written::At(table, key) => match read(database, table, key) {
                Ok(Some(item)) => item,
                Ok(None) => continue,
                Err(error) => {
                    // It is committed. The sweep finds at its next start what is not noted.
                    tracing::warn!(%error, "a written item could not be read again");
                    continue;
                }
            },
        };
        let attribute = |name: &str| match item.get(name) {
            Some(AttributeValue::S(text) | AttributeValue::N(text)) => Some(text.as_str()),
            _ => None,
        };
        commits.note(relay::wake_up(attribute), due::wakes_at(attribute));
    }
    Ok(answer)
}

fn read(database: &Database, table: String, key: Item) -> Result<Option<Item>, DynoxideError> {
    let request =
        GetItemRequest { table_name: table, key, consistent_read: Some(true), ..Default::default() };
    Ok(database.get_item(request)?.item)
}
