//! The table as the market needs it: keys, two indexes, a stream.
//!
//! Made here for the local market and for tests, on any engine that speaks the protocol.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};

use crate::attributes::{DUE_AT, LIST, PK, PLACE, SHARD, SK, TRIES, WAKE_AT};
use crate::error::StoreError;

/// What waits for which job, in the order of its time.
pub const DUE_INDEX: &str = "due";
/// What other parties than the owner read in lists.
pub const VIEW_INDEX: &str = "view";

/// Makes the table where it does not exist.
///
/// # Errors
/// See [`StoreError`].
pub async fn create_table(client: &Client, table: &str) -> Result<(), StoreError> {
    let built = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Rejected(error.to_string());
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(built)
    };
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PK, KeyType::Hash)?)
        .key_schema(key(SK, KeyType::Range)?)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewImage)
                .build()
                .map_err(built)?,
        )
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
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
                .map_err(built)?,
        )
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(VIEW_INDEX)
                .key_schema(key(LIST, KeyType::Hash)?)
                .key_schema(key(PLACE, KeyType::Range)?)
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .map_err(built)?,
        );
    for name in [PK, SK, SHARD, WAKE_AT, LIST, PLACE] {
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(built)?,
        );
    }
    match request.send().await {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(service)) if service.err().is_resource_in_use_exception() => Ok(()),
        Err(error) => Err(StoreError::Unavailable(DisplayErrorContext(&error).to_string())),
    }
}
