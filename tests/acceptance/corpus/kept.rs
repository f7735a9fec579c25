//! A corpus as it is kept: what a release stores, whole and to the byte, in a folder that is never edited. A
//! later release has to read every item of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use market::TABLE;
use serde_json::{Value, json};

use crate::harness::{World, at};

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// The file that says whose corpus it is; every other one is a partition.
const MARKET: &str = "market.json";

/// Everything that a table holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The release that wrote it.
    pub release: String,
    /// The market's time when it was taken.
    pub at: Timestamp,
    /// Its items, in the order of their keys.
    pub items: Vec<Item>,
}

/// A text or a number of an item, where it has it.
pub fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).map(|value| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.as_str(),
        other => panic!("{name} is neither text nor number: {other:?}"),
    })
}

/// The item's partition key and sort key.
pub fn key(item: &Item) -> (&str, &str) {
    (text(item, "pk").unwrap(), text(item, "sk").unwrap())
}

impl Corpus {
    /// What a market's table holds now.
    pub async fn of(world: &World) -> Self {
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            #[allow(clippy::disallowed_methods, reason = "a corpus is all that is there")]
            let scan = client.scan().table_name(TABLE).set_exclusive_start_key(start);
            let page = scan.send().await.unwrap();
            items.extend(page.items.unwrap());
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let (release, at) = (env!("CARGO_PKG_VERSION").to_owned(), world.now());
        Self { release, at, items: sorted(items) }
    }

    /// Keeps it in a new folder: a file for each partition, and one that says whose it is.
    pub fn write(&self, folder: &Path) {
        fs::create_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error} (a corpus is never edited)", folder.display()));
        let mut partitions: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for item in &self.items {
            partitions.entry(key(item).0).or_default().push(to_json(item));
        }
        for (partition, items) in partitions {
            write(&folder.join(format!("{}.json", partition.replace('#', "."))), &Value::Array(items));
        }
        write(&folder.join(MARKET), &json!({ "release": self.release, "at": self.at }));
    }

    /// The corpus that a folder keeps.
    pub fn read(folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let partitions = files.map(|file| file.unwrap()).filter(|file| file.file_name() != MARKET);
        let items = partitions.flat_map(|file| {
            let Value::Array(items) = read(&file.path()) else {
                panic!("{} has no items", file.path().display())
            };
            items.into_iter().map(from_json)
        });
        let items = sorted(items.collect());
        let market = read(&folder.join(MARKET));
        let told = |name: &str| market[name].as_str().unwrap();
        Self { release: told("release").to_owned(), at: at(told("at")), items }
    }
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|one, other| key(one).cmp(&key(other)));
    items
}

fn write(file: &Path, content: &Value) {
    fs::write(file, format!("{}\n", serde_json::to_string_pretty(content).unwrap())).unwrap();
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// An item in DynamoDB's JSON, its names in order.
fn to_json(item: &Item) -> Value {
    let names: BTreeMap<_, _> = item.iter().collect();
    names
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                AttributeValue::S(text) => json!({ "S": text }),
                AttributeValue::N(number) => json!({ "N": number }),
                other => panic!("the market stores nothing of this type: {name} {other:?}"),
            };
            (name.clone(), value)
        })
        .collect()
}

fn from_json(item: Value) -> Item {
    let Value::Object(attributes) = item else { panic!("no item: {item}") };
    attributes
        .into_iter()
        .map(|(name, value)| {
            let value = match (value["S"].as_str(), value["N"].as_str()) {
                (Some(text), None) => AttributeValue::S(text.to_owned()),
                (None, Some(number)) => AttributeValue::N(number.to_owned()),
                _ => panic!("the market stores nothing of this type: {name} {value}"),
            };
            (name, value)
        })
        .collect()
}
