//! A table for one test, on each implementation.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
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
