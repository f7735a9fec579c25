//! A data folder goes from the release before to today's and back: after a clean stop, and after none.

use std::sync::Arc;

use market::requests;
use reqwest::StatusCode;

use crate::sides::{Process, Version, Who};

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_goes_to_todays_version_and_back_and_time_goes_on() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let turns = [Version::Before, Version::Today, Version::Before, Version::Today];
    let mut latest = String::new();
    for (number, version) in turns.into_iter().enumerate() {
        let market = Process::on(version, &data);
        let now = market.now().await;
        assert!(now >= latest, "{version:?}: {now} {latest}");
        let name = format!("shop-{number}");
        let application = requests::merchant(&name, "91510100MA6C0QLJ");
        let applied =
            market.post(Who("merchant", &name), Some("a"), &format!("/accounts/{name}"), &application).await;
        assert_eq!(applied.status, StatusCode::CREATED, "{version:?}: {}", applied.text);
        let operator = market.token(Who("operator", "ops")).await;
        for earlier in 0..=number {
            let account = market.get(&operator, &format!("/accounts/shop-{earlier}")).await;
            assert_eq!(account.body["status"], "applied", "{version:?} reads what turn {earlier} wrote");
        }
        market.advance("P2D").await;
        latest = market.now().await;
        match number {
            // Killed: its log is beside the table.
            1 => drop(market),
            _ => market.stop(),
        }
    }
}
