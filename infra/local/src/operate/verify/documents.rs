//! The versions, texts and outlines of a document are the ones whose publication its chain records.

use market_agreement::documents::{Document, VERSIONS, Version};
use market_agreement::events::DocumentPublished;
use market_kernel::events::Happening;
use market_kernel::hash::Sha256Hash;
use market_store::{Asked, Record, Store};
use serde_json::Value;

use super::thing::Thing;
use super::{Doubt, broken};

/// Versions of one read.
const PAGE: u16 = 100;

/// The versions in items of their own.
async fn versions(store: &Store, document: &Document) -> Result<Vec<Version>, Doubt> {
    let partition = Document::partition(&document.id);
    let (mut versions, mut after) = (Vec::new(), None::<String>);
    loop {
        let page =
            store.list_forms::<Version>(&partition, VERSIONS, Asked::page(after.as_deref(), PAGE)).await?;
        versions.extend(page.items);
        if let Some(error) = page.unreadable.first() {
            return Err(broken(format!("a version cannot be read: {error}")));
        }
        after = page.next;
        if after.is_none() {
            return Ok(versions);
        }
    }
}

pub(super) async fn check(store: &Store, thing: &Thing, chain: &[Record]) -> Result<(), Doubt> {
    let Thing::Document(document) = thing else { return Ok(()) };
    let published: Vec<&Record> =
        chain.iter().filter(|record| record.evidence.event == DocumentPublished::REGISTERED.name).collect();
    let mut unseen: Vec<Value> = published.iter().map(|record| fact(record, "version").clone()).collect();
    let in_items = versions(store, document).await?;
    for version in in_items.iter().chain(&document.versions) {
        let not_published =
            || broken(format!("version {} is not the one whose publication is recorded", version.number));
        let record = published.iter().find(|record| *fact(record, "version") == version.number);
        check_version(store, document, version, record.ok_or_else(not_published)?).await?;
        unseen.retain(|number| *number != version.number);
    }
    // Of a version from before its publication named it whole, the document is the only witness.
    for own in &document.versions {
        if in_items.iter().any(|version| version.number == own.number && version != own) {
            return Err(broken(format!("version {} is another one in the document", own.number)));
        }
    }
    match unseen.first() {
        Some(gone) => Err(broken(format!("version {gone} was published, and is gone"))),
        None => Ok(()),
    }
}

/// A fact of a record; null where it has none, as only a forged one can.
fn fact<'a>(record: &'a Record, name: &str) -> &'a Value {
    record.evidence.facts.get(name).unwrap_or(&Value::Null)
}

/// One version against the record of its publication.
async fn check_version(
    store: &Store,
    document: &Document,
    version: &Version,
    record: &Record,
) -> Result<(), Doubt> {
    let number = version.number;
    let is_this = *fact(record, "sha256") == version.sha256.as_str()
        && *fact(record, "effective_at") == version.effective_at.to_string()
        && version.published_at == record.evidence.at;
    if !is_this {
        return Err(broken(format!("version {number} is not the one whose publication is recorded")));
    }
    if let Some(whole) = record.evidence.facts.get("version_sha256") {
        let stored = store.content(&Document::version_key(&document.id, number)).await?;
        let hash = stored.map(|stored| Sha256Hash::of(stored.as_bytes()));
        if hash.as_ref().map(Sha256Hash::as_str) != whole.as_str() {
            return Err(broken(format!("version {number} is not as its publication recorded it")));
        }
    }
    let text = store.content(&Document::text_key(&document.id, number)).await?;
    let is_its_text = text.is_some_and(|text| {
        Sha256Hash::of(text.as_bytes()) == version.sha256 && text.len() as u64 == version.size_bytes
    });
    if !is_its_text {
        return Err(broken(format!("the text of version {number} is not the one published")));
    }
    let outline = store.content(&Document::outline_key(&document.id, number)).await?;
    if outline.map(|outline| Sha256Hash::of(outline.as_bytes())) == version.outline_sha256 {
        Ok(())
    } else {
        Err(broken(format!("the outline of version {number} is not the one published")))
    }
}
