use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use market_jobs::relay;
use market_store::due;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::durable::Disk;
use super::*;

/// A disk that has what it was asked to keep and nothing else, until the power goes.
struct Mortal {
    file: PathBuf,
    syncs_left: u32,
    kept: Arc<Mutex<TempDir>>,
}

impl Disk for Mortal {
    fn sync(&mut self) -> io::Result<()> {
        self.syncs_left = self.syncs_left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        let kept = tempfile::tempdir()?;
        for name in ["market.db", "market.db-wal"] {
            std::fs::copy(self.file.with_file_name(name), kept.path().join(name))?;
        }
        *self.kept.lock().unwrap() = kept;
        Ok(())
    }
}

async fn asked(engine: &Engine, operation: &str, body: Value) -> Option<Value> {
    let target = format!("DynamoDB_20120810.{operation}");
    let reply = engine.call(Request { target, body: body.to_string().into_bytes() }).await.ok()?;
    assert_eq!(reply.status, 200, "{}", reply.body);
    Some(serde_json::from_str(&reply.body).unwrap())
}

fn table() -> Value {
    json!({
        "TableName": "market", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
    })
}

fn put(name: &str) -> Value {
    json!({ "TableName": "market", "Item": { "pk": { "S": name } } })
}

/// A transaction that puts one item which must not be there yet.
fn transaction(name: &str, token: &str) -> Value {
    let put = json!({ "TableName": "market", "Item": { "pk": { "S": name } },
        "ConditionExpression": "attribute_not_exists(pk)" });
    json!({ "TransactItems": [{ "Put": put }], "ClientRequestToken": token })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_asked_for_again_is_answered_and_takes_effect_once() {
    let engine = Engine::in_memory(Arc::default()).unwrap();
    asked(&engine, "CreateTable", table()).await.unwrap();
    let said = async |body: Value| {
        let target = "DynamoDB_20120810.TransactWriteItems".to_owned();
        engine.call(Request { target, body: body.to_string().into_bytes() }).await.unwrap()
    };
    assert_eq!(said(transaction("a", "t-1")).await.status, 200);
    assert_eq!(said(transaction("a", "t-1")).await.status, 200, "the same again");
    let other = said(transaction("b", "t-1")).await;
    assert!(other.body.contains("IdempotentParameterMismatchException"), "{}", other.body);
    let refused = said(transaction("a", "t-2")).await;
    assert!(refused.body.contains("TransactionCanceledException"), "{}", refused.body);
    assert_eq!(said(transaction("a", "t-2")).await.body, refused.body, "what was refused is decided again");
}

fn get(name: &str) -> Value {
    json!({ "TableName": "market", "Key": { "pk": { "S": name } }, "ConsistentRead": true })
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_power_goes_nothing_is_lost_that_was_answered_however_many_came_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("market.db");
    let kept = Arc::new(Mutex::new(tempfile::tempdir().unwrap()));
    let (database, file, _) = file::open(&path).unwrap();
    let disk = Mortal { file: path, syncs_left: 12, kept: Arc::clone(&kept) };
    let answers = Answers::of(disk).unwrap();
    let engine = Engine::serve(database, Some(file), answers, Arc::default()).unwrap();
    asked(&engine, "CreateTable", table()).await.unwrap();
    let writers = (0..16).map(|writer| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                let name = format!("{writer}-{n}");
                // What was read was committed, and is as durable as what was acknowledged.
                let Some(_) = asked(&engine, "PutItem", put(&name)).await else { break };
                let Some(read) = asked(&engine, "GetItem", get(&name)).await else { break };
                assert_eq!(read["Item"]["pk"]["S"], name);
                acknowledged.push(name);
            }
            acknowledged
        })
    });
    let mut acknowledged = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(asked(&engine, "GetItem", get("0-0")).await.is_none(), "it answers after its disk has failed");
    assert!(!acknowledged.is_empty());

    let (again, _) = Engine::on_file(&kept.lock().unwrap().path().join("market.db"), Arc::default()).unwrap();
    for name in &acknowledged {
        let read = asked(&again, "GetItem", get(name)).await.unwrap();
        assert_eq!(read["Item"]["pk"]["S"], *name);
    }
    again.close().await;
}

#[tokio::test]
async fn an_update_is_noted_as_what_a_reading_then_finds() {
    let commits = Arc::new(Commits::default());
    let engine = Engine::in_memory(Arc::clone(&commits)).unwrap();
    let mut table = table();
    for (list, sort) in [
        ("KeySchema", json!({ "AttributeName": "sk", "KeyType": "RANGE" })),
        ("AttributeDefinitions", json!({ "AttributeName": "sk", "AttributeType": "S" })),
    ] {
        table[list].as_array_mut().unwrap().push(sort);
    }
    asked(&engine, "CreateTable", table).await.unwrap();
    let key = json!({ "pk": { "S": "account#shop-1" }, "sk": { "S": "order#1" } });
    let names = json!({ "#s": "due_shard", "#w": "wake_at", "#d": "due_at", "#t": "tries", "#n": "note" });
    // Each says what it sets and removes, or leaves something as it was, or cannot be told without a reading.
    let updates = [
        "SET #s = :s, #w = :w, #d = :d REMOVE #t",
        "SET #s = :s, #w = :w, #t = :t",
        "SET #n = :w",
        "SET #w = if_not_exists(#n, :w), #d = :w",
        "SET #t = #t + :t",
        "REMOVE #t, #n",
        "SET #n = :w REMOVE #s, #w, #d, #t",
        "SET #s = :s, #w = :w",
    ];
    let item = json!({
        "pk": { "S": "account#shop-1" }, "sk": { "S": "order#1" }, "tries": { "N": "1" },
        "due_shard": { "S": "due#advance_case#3" }, "wake_at": { "S": "000001780000000" },
        "due_at": { "N": "1780000000" },
    });
    asked(&engine, "PutItem", json!({ "TableName": "market", "Item": item })).await.unwrap();
    for (n, update) in updates.into_iter().enumerate() {
        let values = json!({
            ":s": { "S": format!("due#notify#{n}") }, ":w": { "S": format!("{:015}", 1_790_000_000 + n) },
            ":d": { "N": "1780000000" }, ":t": { "N": "1" },
        });
        let used = |all: &Value| {
            let used = all.as_object().unwrap().iter().filter(|(name, _)| update.contains(name.as_str()));
            used.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>()
        };
        let mut update = json!({
            "TableName": "market", "Key": key,
            "UpdateExpression": update, "ExpressionAttributeNames": used(&names),
        });
        let values = used(&values);
        if !values.is_empty() {
            update["ExpressionAttributeValues"] = values.into();
        }
        for update in [update.clone(), update] {
            commits.take_outgoing();
            commits.take_wakes();
            let transaction = json!({ "TransactItems": [{ "Update": update }] });
            asked(&engine, "TransactWriteItems", transaction).await.unwrap();
            let asks = json!({ "TableName": "market", "Key": key, "ConsistentRead": true });
            let read = asked(&engine, "GetItem", asks).await.unwrap();
            let attribute = |name: &str| {
                let value = read["Item"].get(name)?;
                value["S"].as_str().or(value["N"].as_str())
            };
            let sent: Vec<_> = commits.take_outgoing().into_iter().map(|sent| sent.wake_up).collect();
            let found: Vec<_> = relay::wake_up(attribute).into_iter().map(|found| found.wake_up).collect();
            assert_eq!(sent, found, "{update}");
            assert_eq!(commits.take_wakes(), due::wakes_at(attribute).into_iter().collect(), "{update}");
        }
    }
}

#[tokio::test]
async fn a_table_has_a_stream_when_its_file_is_closed_and_none_once_it_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("market.db");
    let described = json!({ "TableName": "market" });
    for created in [false, true] {
        let (engine, _) = Engine::on_file(&path, Arc::default()).unwrap();
        if !created {
            asked(&engine, "CreateTable", table()).await.unwrap();
        }
        asked(&engine, "PutItem", put("a write")).await.unwrap();
        let open = asked(&engine, "DescribeTable", described.clone()).await.unwrap();
        assert_eq!(open.pointer("/Table/StreamSpecification"), None, "{open}");
        engine.close().await;
        // As another release finds it.
        let database = Database::new(&path.to_string_lossy()).unwrap();
        let asks = serde_json::from_value(described.clone()).unwrap();
        let closed = serde_json::to_value(database.describe_table(asks).unwrap()).unwrap();
        let stream = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
        assert_eq!(closed.pointer("/Table/StreamSpecification"), Some(&stream), "{closed}");
    }
}
