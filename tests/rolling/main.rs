//! A rolling deployment: for a while the release before and today's market work side by side on one table.
//!
//! Both run as processes, each with its own issuer, payment system and clock, and the clocks are kept together.
//! A story is told in which each step is done by the other version than the step before; it is told twice, so
//! that each version takes each step once. After every step both read everything that was written, and read
//! the same. At the end the evidence of everything holds, chains that both wrote among it.
//!
//! A data folder, too, goes from one version to the other and back.
//!
//! `MARKET_BEFORE` names the binary of the release before; `.ci/run` builds it from the commit in
//! `tests/stored/LAST`:
//!
//! ```sh
//! MARKET_BEFORE=$PWD/target/before-market cargo test -p market --test rolling
//! ```

#[path = "../contract/engine.rs"]
mod engine;
mod folder;
mod kept;
mod play;
mod reading;
mod sides;
mod story;

use play::Play;
use sides::Version;

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_carry_one_story_when_the_release_before_begins() {
    Play::told_by(Version::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_carry_one_story_when_todays_begins() {
    Play::told_by(Version::Today).await;
}
