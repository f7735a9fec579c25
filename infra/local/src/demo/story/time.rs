//! How time passes between the steps.

use jiff::{SignedDuration, Timestamp};
use market_kernel::periods;

use super::{Story, market, stuck};
use crate::demo::DemoError;
use crate::demo::script::Step;

impl Story<'_> {
    /// Acts take a minute, so that the timeline shows what followed from each.
    pub(super) async fn pass_a_minute(&self) -> Result<(), DemoError> {
        let then = self.now() + SignedDuration::from_mins(1);
        self.running.machine.advance_to(then).await.map(|_| ()).map_err(market)
    }

    /// Moves the clock as a step says.
    pub(super) async fn let_time_pass(&mut self, step: &Step) -> Result<(), DemoError> {
        let instant = |text: &str| -> Result<Timestamp, DemoError> {
            self.names.text(text)?.parse().map_err(|error| stuck(format!("{text}: {error}")))
        };
        let (to, clock) = (step.to.as_deref().map(instant), step.clock.as_deref().map(instant));
        if let Some(span) = step.pass {
            let then = periods::ZONE.to_datetime(self.now()).checked_add(span);
            let then = then.and_then(|then| periods::ZONE.to_timestamp(then)).map_err(stuck)?;
            self.advance_to(then).await?;
        }
        if let Some(to) = to {
            let less = step.less.unwrap_or_default();
            self.advance_to(to?.checked_sub(less).map_err(stuck)?).await?;
        }
        if let Some(to) = clock {
            self.acted_at = None;
            self.running.machine.clock.advance_to(to?).map_err(market)?;
        }
        if step.settle {
            self.settle().await?;
        }
        Ok(())
    }

    async fn advance_to(&mut self, to: Timestamp) -> Result<(), DemoError> {
        self.acted_at = None;
        self.running.machine.advance_to(to).await.map(|_| ()).map_err(market)
    }

    pub(super) async fn settle(&self) -> Result<(), DemoError> {
        self.running.machine.settle().await.map(|_| ()).map_err(market)
    }
}
