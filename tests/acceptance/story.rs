//! The whole story, as `cargo run -- demo` plays it.

use std::sync::Arc;

use market::client::witnessed;
use market::demo;

use crate::descriptions::sent::is_as_described;
use crate::{tour, witness};

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_year_plays_through_the_real_routes_and_workers() {
    let play = demo::play(demo::AGREEMENT, witness::permissions());
    let timeline = witnessed(Arc::new(is_as_described), play).await.unwrap();
    assert_eq!(timeline.failed, 0, "{timeline}");
    assert!(timeline.met > 50, "the whole story was told: {timeline}");
    let readme = tour::page("README.md");
    let demo = tour::blocks(&readme).into_iter().find(|block| block.commands == "cargo run -- demo");
    let shown = demo.and_then(|block| block.shown).expect("README shows what the demo prints");
    assert_eq!(tour::departs(&format!("…{shown}"), &timeline.to_string()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_plays_on_any_document_that_has_a_clause() {
    let timeline = demo::play("公告\r\n\r\n1.总则\r\n1.1本协议自发布之日起生效。", witness::permissions())
        .await
        .unwrap();
    assert_eq!(timeline.failed, 0, "{timeline}");
}
