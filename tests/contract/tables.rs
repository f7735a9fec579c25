//! A table for one test, on each implementation.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use market_store::{Store, schema};

use crate::{endpoint, engine, fresh};

/// A new table, and two ways to it.
pub struct Table {
    /// As the market sees it.
    pub store: Store,
    client: Client,
    name: String,
}

/// Runs a test on each implementation, one after the other.
pub async fn on_each_table(test: impl AsyncFn(Table)) {
    static EMBEDDED: OnceLock<String> = OnceLock::new();
    let servers =
        [Some(EMBEDDED.get_or_init(engine::start).clone()), endpoint("MARKET_TEST_DYNAMODB_ENDPOINT")];
    for server in servers.into_iter().flatten() {
        println!("on {server}");
        let client = Client::new(&market::sdk_at(&server).await);
        let name = fresh("contract");
        schema::create_table(&client, &name).await.unwrap();
        let store = Store::new(client.clone(), &name);
        test(Table { store, client: client.clone(), name: name.clone() }).await;
        client.delete_table().table_name(name).send().await.unwrap();
    }
}

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

impl Table {
    /// An item, as it is.
    pub async fn item(&self, pk: &str, sk: &str) -> Item {
        let key = HashMap::from([("pk", pk), ("sk", sk)])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
            .collect();
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key)).consistent_read(true);
        get.send().await.unwrap().item.unwrap()
    }

    /// Makes the table anew as releases before 0.5.0 made it: with index `view`, and without those of lists.
    pub async fn make_as_before(&self) {
        self.client.delete_table().table_name(&self.name).send().await.unwrap();
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let index = |name: &str, hash: &str, range: &str| {
            GlobalSecondaryIndex::builder()
                .index_name(name)
                .key_schema(key(hash, KeyType::Hash))
                .key_schema(key(range, KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .unwrap()
        };
        let attributes = ["pk", "sk", "due_shard", "wake_at", "list", "place"].map(|name| {
            let definition = AttributeDefinition::builder().attribute_name(name);
            definition.attribute_type(ScalarAttributeType::S).build().unwrap()
        });
        let made = self
            .client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index("due", "due_shard", "wake_at"))
            .global_secondary_indexes(index("view", "list", "place"))
            .set_attribute_definitions(Some(attributes.to_vec()));
        made.send().await.unwrap();
    }

    /// What a start of the market does with a table that is there.
    pub async fn complete(&self) {
        schema::create_table(&self.client, &self.name).await.unwrap();
    }

    /// Puts an item, as another release would write it.
    pub async fn put(&self, item: Item) {
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await.unwrap();
    }

    /// Everything in it, by key: "nothing was written" is one comparison.
    #[allow(clippy::disallowed_methods, reason = "a test's table is small")]
    pub async fn all(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        let mut start = None;
        loop {
            let page = self.client.scan().table_name(&self.name).set_exclusive_start_key(start);
            let page = page.consistent_read(true).send().await.unwrap();
            for item in page.items() {
                let text = |name: &str| item[name].as_s().unwrap().clone();
                let attributes: BTreeMap<_, _> = item.iter().collect();
                items.insert(format!("{}/{}", text("pk"), text("sk")), format!("{attributes:?}"));
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return items;
            }
        }
    }
}
