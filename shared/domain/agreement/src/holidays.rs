//! Holiday schedules that the operator published since the build: what the State Council announces in the course of a
//! year, so that nobody has to wait for a release.
//!
//! A schedule is never replaced silently: a correction is a further version, which names the one that it corrects, and
//! all of them can be read. Dates that were served are never moved to earlier ones, whatever a correction says
//! ([`Again`](market_kernel::periods::Again)). What a build carries is corrected by the next.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::events::Foreign;
use market_kernel::keys::{Key, Place};
use market_kernel::occasion::Occasion;
use market_kernel::periods::{Calendar, Schedule, ScheduleError, local_date};

use crate::events;

/// The most versions of one year's schedule.
pub const MAX_VERSIONS: usize = 8;

/// A version of a year's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedSchedule {
    /// What the notices say.
    pub schedule: Schedule,
    /// When the operator published it.
    pub published_at: Timestamp,
}

/// The holiday schedule of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    /// The year.
    pub year: i16,
    /// Its versions, the newest last; at least one.
    pub versions: Vec<PublishedSchedule>,
}

/// Why a schedule was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidaysRefusal {
    /// It contradicts itself or the law.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// Its notice bears a date that is still to come.
    #[error("its notice bears a date that is still to come")]
    InTheFuture,
    /// The build carries it.
    #[error("the schedule of {0} is part of this release")]
    BuiltIn(i16),
    /// There is a schedule of the year, and this does not say that it corrects its newest version.
    #[error("version {newest} is published; what corrects it says `corrects`: {newest}")]
    AlreadyPublished {
        /// The newest version's number.
        newest: u32,
    },
    /// It corrects what was never published.
    #[error("nothing is published that it could correct")]
    NothingToCorrect,
    /// The newest version says just that.
    #[error("the newest version says just that")]
    SameSchedule,
    /// As many versions as it can have.
    #[error("it has {MAX_VERSIONS} versions, as many as it can have")]
    TooManyVersions,
}

impl Holidays {
    /// Publishes a year's schedule, or a further version that corrects the newest one.
    ///
    /// # Errors
    /// See [`HolidaysRefusal`].
    pub fn publish(
        existing: Option<&Loaded<Self>>,
        schedule: Schedule,
        corrects: Option<u32>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), HolidaysRefusal> {
        Self::check_publication(existing.map(|existing| &existing.state), &schedule, corrects, occasion.at)?;
        let year = schedule.year;
        let mut versions = existing.map(|existing| existing.versions.clone()).unwrap_or_default();
        let notice = schedule.changed_by.last().unwrap_or(&schedule.notice);
        let (notice, dated) = (Foreign(notice.number.to_string()), notice.date);
        versions.push(PublishedSchedule { schedule, published_at: occasion.at });
        let holidays = Self { year, versions };
        let event = Event::of(events::HolidaysPublished { version: holidays.newest_number(), notice, dated });
        let change = match existing {
            Some(existing) => Change::on(occasion).update(existing, &holidays, event),
            None => Change::on(occasion).create(&holidays, event),
        };
        Ok((holidays, change))
    }

    /// Whether a schedule could be published at this instant.
    ///
    /// # Errors
    /// See [`HolidaysRefusal`].
    pub fn check_publication(
        existing: Option<&Self>,
        schedule: &Schedule,
        corrects: Option<u32>,
        at: Timestamp,
    ) -> Result<(), HolidaysRefusal> {
        let year = schedule.year;
        schedule.check()?;
        let today = local_date(at);
        if schedule.changed_by.iter().chain([&schedule.notice]).any(|notice| notice.date > today) {
            return Err(HolidaysRefusal::InTheFuture);
        }
        if Calendar::published().is_published(year) {
            return Err(HolidaysRefusal::BuiltIn(year));
        }
        let newest = existing.map(Self::newest_number);
        match (newest, corrects) {
            (Some(newest), corrected) if corrected != Some(newest) => {
                return Err(HolidaysRefusal::AlreadyPublished { newest });
            }
            (None, Some(_)) => return Err(HolidaysRefusal::NothingToCorrect),
            _ => {}
        }
        if existing.and_then(Self::schedule) == Some(schedule) {
            return Err(HolidaysRefusal::SameSchedule);
        }
        if existing.is_some_and(|existing| existing.versions.len() >= MAX_VERSIONS) {
            return Err(HolidaysRefusal::TooManyVersions);
        }
        Ok(())
    }

    /// The schedule as it holds: its newest version.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.versions.last().map(|newest| &newest.schedule)
    }

    fn newest_number(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }
}

impl Aggregate for Holidays {
    type Id = i16;
    const KIND: &'static str = "holidays";
    const PLACE: Place = Place::Own("holidays#");

    fn key_of(year: &i16) -> Key {
        Self::PLACE.own(year)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.year)
    }
}
