//! The holiday schedules that a period is reckoned by: those of the build, and those that were published since.

use std::borrow::Cow;
use std::collections::BTreeSet;

use market_agreement::holidays::Holidays;
use market_kernel::Timestamp;
use market_kernel::periods::{Calendar, Length, missing_years};
use market_store::{Store, StoreError};

/// The calendar that a period is reckoned by. The table is asked only for years that the build does not carry and that
/// can change the period's end: mostly for none.
///
/// # Errors
/// Where the table does not answer.
pub async fn calendar_for(
    store: &Store,
    start: Timestamp,
    length: Length,
) -> Result<Cow<'static, Calendar>, StoreError> {
    let mut calendar = Cow::Borrowed(Calendar::published());
    let (mut asked, mut found) = (BTreeSet::new(), Vec::new());
    loop {
        // A date that cannot be computed is refused where it is computed.
        let missing = missing_years(start, length, &calendar).unwrap_or_default();
        let new: Vec<i16> = missing.difference(&asked).copied().collect();
        if new.is_empty() {
            return Ok(calendar);
        }
        // A schedule moves days, so the period may now touch a further year.
        for year in new {
            asked.insert(year);
            let holidays = match store.get::<Holidays>(&year).await {
                // It holds up no end: the period is reckoned as if it were still to come, and looked at again.
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%error, year, "a holiday schedule cannot be read");
                    None
                }
                holidays => holidays?,
            };
            found.extend(holidays.and_then(|holidays| holidays.schedule().cloned()));
        }
        calendar = Cow::Owned(Calendar::with(&found));
    }
}
