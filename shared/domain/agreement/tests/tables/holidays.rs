//! Every edge of a year's holiday schedule, and every non-edge.

use jiff::Timestamp;
use market_agreement::holidays::*;
use market_kernel::periods::Holiday;
use market_kernel::periods::{Calendar, Schedule};
use market_tables::{Cell, at, every, loaded, occasion};

every! {
    Stand {
        Unpublished,
        /// One version.
        First,
        /// As many versions as it can have, less one.
        LastButOne,
        Full,
    }
}

every! {
    Command { Publish, CorrectTheNewest, CorrectAnother, Repeat }
}

use Command::{CorrectAnother, CorrectTheNewest, Publish, Repeat};
use Stand::{First, Full, LastButOne, Unpublished};

/// Noon of the thirtieth.
fn now() -> Timestamp {
    at("2026-12-30T12:00:00+08:00")
}

fn holiday(name: &str, from: &str, to: &str, make_up: &[&str]) -> Holiday {
    Holiday {
        name_zh: name.to_owned().try_into().unwrap(),
        name_en: name.to_owned().try_into().unwrap(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        make_up: make_up.iter().map(|day| day.parse().unwrap()).collect(),
    }
}

/// A schedule of 2027, in one of its versions.
fn schedule(version: usize) -> Schedule {
    let built_in = Calendar::built_in(2026).unwrap();
    let mut notice = built_in.notice.clone();
    notice.date = "2026-12-30".parse().unwrap();
    notice.number = format!("国办发明电〔2026〕{version}号").try_into().unwrap();
    Schedule {
        year: 2027,
        notice,
        changed_by: Vec::new(),
        holidays: vec![
            holiday("元旦", "2027-01-01", "2027-01-03", &[]),
            holiday("春节", "2027-02-05", "2027-02-11", &["2027-02-14"]),
            holiday("清明节", "2027-04-03", "2027-04-05", &[]),
            holiday("劳动节", "2027-05-01", "2027-05-05", &["2027-05-08"]),
            holiday("端午节", "2027-06-09", "2027-06-09", &[]),
            holiday("中秋节", "2027-09-15", "2027-09-15", &[]),
            holiday("国庆节", "2027-10-01", "2027-10-07", &["2027-09-26", "2027-10-09"]),
        ],
    }
}

fn standing(stand: Stand) -> Option<Holidays> {
    let versions = match stand {
        Unpublished => return None,
        First => 1,
        LastButOne => 7,
        Full => 8,
    };
    let versions = (1..=versions).map(|n| PublishedSchedule { schedule: schedule(n), published_at: now() });
    Some(Holidays { year: 2027, versions: versions.collect() })
}

fn publish(
    existing: Option<Holidays>,
    schedule: Schedule,
    corrects: Option<u32>,
) -> Cell<usize, HolidaysRefusal> {
    let existing = existing.map(loaded);
    let published = Holidays::publish(existing.as_ref(), schedule, corrects, &occasion(now()));
    Cell::answered(published, |holidays: &Holidays| holidays.versions.len())
}

#[test]
fn a_schedule_is_published_once_and_corrected_by_name() {
    for stand in Stand::ALL {
        for command in Command::ALL {
            let existing = standing(*stand);
            let count = existing.as_ref().map_or(0, |holidays| holidays.versions.len());
            let newest = u32::try_from(count).unwrap();
            let published = HolidaysRefusal::AlreadyPublished { newest };
            let expected = match (stand, command) {
                (Unpublished, Publish) => Cell::To("HolidaysPublished", 1),
                (Unpublished, CorrectTheNewest | CorrectAnother | Repeat) => {
                    Cell::No(HolidaysRefusal::NothingToCorrect)
                }
                (First | LastButOne | Full, Publish | CorrectAnother) => Cell::No(published),
                (First | LastButOne, CorrectTheNewest) => Cell::To("HolidaysPublished", count + 1),
                (Full, CorrectTheNewest) => Cell::No(HolidaysRefusal::TooManyVersions),
                (First | LastButOne | Full, Repeat) => Cell::No(HolidaysRefusal::SameSchedule),
            };
            let (version, corrects) = match command {
                Publish => (count + 1, None),
                CorrectTheNewest => (count + 1, Some(newest)),
                CorrectAnother => (count + 1, Some(newest + 1)),
                Repeat => (count, Some(newest)),
            };
            assert_eq!(publish(existing, schedule(version), corrects), expected, "{stand:?} × {command:?}");
        }
    }
}

#[test]
fn a_notice_of_tomorrow_and_a_year_that_the_build_carries_are_refused() {
    let tomorrow = "2026-12-31".parse().unwrap();
    let mut announced = schedule(1);
    announced.notice.date = tomorrow;
    assert_eq!(publish(None, announced, None), Cell::No(HolidaysRefusal::InTheFuture));
    let mut changed = schedule(1);
    changed.changed_by = vec![changed.notice.clone()];
    assert_eq!(publish(None, changed.clone(), None), Cell::To("HolidaysPublished", 1));
    changed.changed_by[0].date = tomorrow;
    assert_eq!(publish(None, changed, None), Cell::No(HolidaysRefusal::InTheFuture));
    let built_in = Calendar::built_in(2026).unwrap();
    assert_eq!(publish(None, built_in, None), Cell::No(HolidaysRefusal::BuiltIn(2026)));
    let mut unlawful = schedule(1);
    unlawful.holidays.remove(0);
    assert!(matches!(publish(None, unlawful, None), Cell::No(HolidaysRefusal::Schedule(_))));
}
