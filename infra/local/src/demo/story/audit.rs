//! What is looked at in many notices or records at once: their days, their proofs, their chains.

use std::collections::BTreeMap;

use jiff::Timestamp;
use market_kernel::evidence::verify_chain;
use market_kernel::hash::Sha256Hash;
use market_kernel::reminders::{days_left, days_since};
use serde_json::{Value, json};

use super::{Story, list, stuck};
use crate::demo::DemoError;
use crate::demo::script::Days;

impl Story<'_> {
    /// On which days a party was told of something.
    pub(super) async fn days(&mut self, what: &str, days: &Days) -> Result<(), DemoError> {
        let all = list(&self.player("operator")?, &format!("/{}/notices", days.to)).await?;
        let of = all.iter().filter(|n| n["about"] == *days.about && n["channel"] == "in_site");
        let told: Vec<Timestamp> = of.filter_map(|n| n["drafted_at"].as_str()?.parse().ok()).collect();
        let (from, count): (_, fn(Timestamp, Timestamp) -> u32) = match (&days.before, &days.after) {
            (Some(end), None) => (end, days_left),
            (None, Some(end)) => (end, days_since),
            _ => return Err(stuck("days are counted before or after an instant")),
        };
        let from = self.names.text(from)?.parse().map_err(stuck)?;
        let found: Vec<u32> = told.into_iter().map(|at| count(from, at)).collect();
        let holds = found == days.are;
        self.expect(if holds { what.to_owned() } else { format!("{what} ({found:?})") }, holds);
        Ok(())
    }

    /// Every notice has its proof, and every chain of evidence holds.
    pub(super) async fn audit(&mut self) -> Result<(), DemoError> {
        let operator = self.player("operator")?;
        let mut notices = list(&operator, "/announcements").await?;
        for of in ["accounts/shop-1", "accounts/shop-2", "providers/northwind"] {
            notices.extend(list(&operator, &format!("/{of}/notices")).await?);
        }
        let proven = notices
            .iter()
            .filter(|notice| {
                let content = format!(
                    "{}\n{}",
                    notice["subject"].as_str().unwrap_or_default(),
                    notice["body"].as_str().unwrap_or_default()
                );
                notice["status"] == "sent"
                    && notice["served_at"].is_string()
                    && notice["content_sha256"] == json!(Sha256Hash::of(content.as_bytes()))
            })
            .count();
        self.expect(
            format!("{proven} of {} notices have their proof of service", notices.len()),
            proven == notices.len(),
        );
        for notice in &notices {
            self.timeline.told(notice);
        }
        for shop in ["shop-1", "shop-2"] {
            let records = list(&operator, &format!("/accounts/{shop}/evidence")).await?;
            let mut chains: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
            for record in &records {
                self.timeline.happened(&record["record"]);
                chains
                    .entry(record["record"]["chain"].as_str().unwrap_or_default().to_owned())
                    .or_default()
                    .push(record);
            }
            let holding = chains.values().filter(|chain| holds(chain)).count();
            self.expect(
                format!(
                    "{shop}: {} evidence records in {} chains, {holding} of them verified",
                    records.len(),
                    chains.len()
                ),
                holding == chains.len(),
            );
        }
        Ok(())
    }
}

/// Whether a chain's records follow from each other, from its first to its last.
fn holds(chain: &[&Value]) -> bool {
    let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return false };
    let begins = text(&first["record"], "previous").try_into();
    let ends = text(last, "sha256").try_into();
    let (Ok(begins), Ok(ends), Some(number)) = (begins, ends, first["record"]["number"].as_u64()) else {
        return false;
    };
    let stored: Vec<String> = chain.iter().map(|record| text(record, "stored")).collect();
    verify_chain(stored.iter().map(String::as_str), number, &begins, &ends).is_ok()
}
