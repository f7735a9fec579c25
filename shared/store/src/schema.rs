//! The table as the market needs it: keys, three indexes, a stream.
//!
//! Made here for the local market and for tests, on any engine that speaks the protocol; what a release before made is
//! completed. Deployed tables are made by `infra/data.yaml`.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};
use market_outside::words;

use crate::attributes::{DESK, DUE_AT, LIST, PK, PLACE, SHARD, SK, TRIES, WAKE_AT};
use crate::error::{StoreError, TABLE};

/// What waits for which job, in the order of its time.
pub const DUE_INDEX: &str = "due";
/// What other parties than the owner read in lists.
pub const LISTS_INDEX: &str = "lists";
/// Where things stand: a list for each state.
pub const DESK_INDEX: &str = "desk";

/// How often it is looked whether an index that is being filled is there, and how long is waited before each look.
const LOOKS: u32 = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

fn built(error: BuildError) -> StoreError {
    StoreError::Rejected(error.to_string())
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> StoreError {
    StoreError::Unavailable(words(TABLE, &error))
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, StoreError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(built)
}

fn text(name: &str) -> Result<AttributeDefinition, StoreError> {
    let definition = AttributeDefinition::builder().attribute_name(name);
    definition.attribute_type(ScalarAttributeType::S).build().map_err(built)
}

/// The indexes of lists: the name, and the attribute that names the list. They hold keys alone: what a list shows is read
/// of the things themselves.
const OF_LISTS: [(&str, &str); 2] = [(LISTS_INDEX, LIST), (DESK_INDEX, DESK)];

fn keys_only() -> Projection {
    Projection::builder().projection_type(ProjectionType::KeysOnly).build()
}

/// What there was to do for the table to be as this release needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is new, or was as it should be.
    Whole,
    /// A release before made it, and it has lists now that it had not: what is in it stands in some of them when it is next
    /// written.
    Completed,
}

/// Makes the table where it does not exist, and completes it where a release before made it.
///
/// # Errors
/// See [`StoreError`].
pub async fn create_table(client: &Client, table: &str) -> Result<Made, StoreError> {
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(built)?;
    let due = GlobalSecondaryIndex::builder()
        .index_name(DUE_INDEX)
        .key_schema(key(SHARD, KeyType::Hash)?)
        .key_schema(key(WAKE_AT, KeyType::Range)?)
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::Include)
                .non_key_attributes(DUE_AT)
                .non_key_attributes(TRIES)
                .build(),
        )
        .build()
        .map_err(built)?;
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PK, KeyType::Hash)?)
        .key_schema(key(SK, KeyType::Range)?)
        .stream_specification(stream)
        .global_secondary_indexes(due);
    for (name, list) in OF_LISTS {
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(list, KeyType::Hash)?)
            .key_schema(key(PLACE, KeyType::Range)?)
            .projection(keys_only())
            .build()
            .map_err(built)?;
        request = request.global_secondary_indexes(index);
    }
    for name in [PK, SK, SHARD, WAKE_AT, LIST, DESK, PLACE] {
        request = request.attribute_definitions(text(name)?);
    }
    match request.send().await {
        Ok(_) => Ok(Made::Whole),
        Err(SdkError::ServiceError(service)) if service.err().is_resource_in_use_exception() => {
            complete(client, table).await
        }
        Err(error) => Err(failed(error)),
    }
}

/// Adds the indexes that a table of a release before lacks, one after the other, each filled before the next. An index
/// that this release does not read (`view`) stays: that release reads it.
async fn complete(client: &Client, table: &str) -> Result<Made, StoreError> {
    let there = indexes(client, table).await?;
    let mut made = Made::Whole;
    for (name, list) in OF_LISTS {
        if there.iter().any(|(index, _)| index == name) {
            continue;
        }
        let index = CreateGlobalSecondaryIndexAction::builder()
            .index_name(name)
            .key_schema(key(list, KeyType::Hash)?)
            .key_schema(key(PLACE, KeyType::Range)?)
            .projection(keys_only())
            .build()
            .map_err(built)?;
        let request = client
            .update_table()
            .table_name(table)
            .attribute_definitions(text(list)?)
            .attribute_definitions(text(PLACE)?)
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(index).build());
        request.send().await.map_err(failed)?;
        filled(client, table, name).await?;
        made = Made::Completed;
    }
    Ok(made)
}

/// Whether the table has every index that this release reads. It is left as it is.
///
/// # Errors
/// Where the table does not say.
pub async fn is_complete(client: &Client, table: &str) -> Result<bool, StoreError> {
    let there = indexes(client, table).await?;
    Ok(OF_LISTS.iter().all(|(name, _)| there.iter().any(|(index, _)| index == name)))
}

async fn indexes(client: &Client, table: &str) -> Result<Vec<(String, IndexStatus)>, StoreError> {
    let described = client.describe_table().table_name(table).send().await.map_err(failed)?;
    let indexes = described.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
    Ok(indexes
        .into_iter()
        .map(|index| {
            let status = index.index_status.unwrap_or(IndexStatus::Active);
            (index.index_name.unwrap_or_default(), status)
        })
        .collect())
}

async fn filled(client: &Client, table: &str, name: &str) -> Result<(), StoreError> {
    for _ in 0..LOOKS {
        let there = indexes(client, table).await?;
        if there.iter().any(|(index, status)| index == name && *status == IndexStatus::Active) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(StoreError::Unavailable(format!("the index {name} is still being filled")))
}
