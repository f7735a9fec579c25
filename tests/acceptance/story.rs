//! The whole story, as `cargo run -- demo` plays it.

use market::demo;

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_year_plays_through_the_real_routes_and_workers() {
    let timeline = demo::play(demo::AGREEMENT).await.unwrap();
    assert_eq!(timeline.failed, 0, "{timeline}");
    assert!(timeline.met > 50, "the whole story was told: {timeline}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_plays_on_any_document_that_has_a_clause() {
    let timeline = demo::play("公告\r\n\r\n1.总则\r\n1.1本协议自发布之日起生效。").await.unwrap();
    assert_eq!(timeline.failed, 0, "{timeline}");
}
