//! What a decision read and its commit does not rest on.
//!
//! Whatever a transaction writes or checks is still what was read, or it is cancelled. The rest may have changed
//! meanwhile, and each kind of it has a reason why that is harmless (`docs/READS.md`). Here it is seen: of each turn of a
//! handler, what it reads until it commits, less what its transaction names.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use aws_smithy_runtime_api::client::interceptors::context::Input;

type Item = HashMap<String, AttributeValue>;

/// What was read since the last commit of a turn: each kind, and the key where one item was read.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeSet<(String, String)>);

impl Pending {
    /// Takes note of a call. Where it commits, the kinds of what was read and is not in it.
    pub(crate) fn note(&mut self, input: &Input) -> BTreeSet<String> {
        if let Some(get) = input.downcast_ref::<GetItemInput>() {
            self.0.extend(get.key().map(named));
        } else if let Some(batch) = input.downcast_ref::<BatchGetItemInput>() {
            let tables = batch.request_items().into_iter().flat_map(HashMap::values);
            self.0.extend(tables.flat_map(aws_sdk_dynamodb::types::KeysAndAttributes::keys).map(named));
        } else if let Some(query) = input.downcast_ref::<QueryInput>() {
            self.0.insert((listed(query), String::new()));
        } else if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
            let rests_on: BTreeSet<String> =
                transaction.transact_items().iter().filter_map(key_of).map(|key| named(key).1).collect();
            let read = std::mem::take(&mut self.0).into_iter();
            return read.filter(|(_, key)| !rests_on.contains(key)).map(|(kind, _)| kind).collect();
        }
        BTreeSet::new()
    }
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// The kind of what lies at a key, and the key.
fn named(key: &Item) -> (String, String) {
    let (partition, sort) = (text(key, "pk"), text(key, "sk"));
    let is_the_partitions_own = sort == "state";
    let kind = if is_the_partitions_own { partition } else { sort }.split('#').next().unwrap_or_default();
    (kind.to_owned(), format!("{partition}/{sort}"))
}

fn key_of(item: &TransactWriteItem) -> Option<&Item> {
    let update = item.update().map(aws_sdk_dynamodb::types::Update::key);
    let check = || item.condition_check().map(aws_sdk_dynamodb::types::ConditionCheck::key);
    update.or_else(check).or_else(|| item.put().map(aws_sdk_dynamodb::types::Put::item))
}

/// What a query looks through: an index, or the things of a partition that begin alike.
fn listed(query: &QueryInput) -> String {
    if let Some(index) = query.index_name() {
        return format!("index {index}");
    }
    let values = query.expression_attribute_values().into_iter().flat_map(HashMap::values);
    let texts = values.filter_map(|value| value.as_s().ok()).filter_map(|text| text.split('#').next());
    // Of a ledger, the partition says what lies there; its keys are instants.
    let owners = ["account", "provider", "document", "listing"];
    let kind =
        texts.filter(|text| !owners.contains(text) && !text.starts_with(|c: char| c.is_ascii_digit())).min();
    format!("a list of {}", kind.unwrap_or("anything"))
}
