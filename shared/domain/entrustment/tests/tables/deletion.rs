//! Every edge of a deletion demand, and every non-edge.

use jiff::Timestamp;
use market_entrustment::deletion::*;
use market_entrustment::grants::GrantStatus;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::periods::{self, Calendar};
use market_kernel::reminders::Reminders;
use market_tables::{
    Cell, When, account, at, attestation, begin, every, grant, hold, loaded, occasion, provider, recorded,
};

every! {
    Stand { Draft, Served, Acknowledged, Overdue, AcknowledgedOverdue, Attested, Closed, Waived }
}

every! {
    Command { Serve, Acknowledge, Attest, Close, Waive, Advance }
}

use Command::{Acknowledge, Advance, Attest, Close, Serve, Waive};
use Stand::{Acknowledged, AcknowledgedOverdue, Attested, Closed, Draft, Overdue, Served, Waived};
use When::{At, JustAfter, JustBefore};

fn served_at() -> Timestamp {
    at("2026-03-03T12:00:00+08:00")
}

/// 24:00 of Wednesday, the fifteenth day after the one on which it was served.
fn due() -> Timestamp {
    at("2026-03-19T00:00:00+08:00")
}

fn standing(stand: Stand) -> DeletionDemand {
    let served = |acknowledged, overdue| {
        let period = periods::reckon(served_at(), ANSWER, Calendar::published()).unwrap();
        assert_eq!(period.ends_at, due());
        DemandStatus::Served { period, acknowledged, overdue }
    };
    let (attestation, later) = (attestation(served_at()), at("2026-03-10T12:00:00+08:00"));
    let status = match stand {
        Draft => DemandStatus::Draft,
        Served => served(false, false),
        Acknowledged => served(true, false),
        Overdue => served(false, true),
        AcknowledgedOverdue => served(true, true),
        Attested => DemandStatus::Attested { attestation, attested_at: later },
        Closed => DemandStatus::Closed { attestation, closed_at: later },
        Waived => DemandStatus::Waived { agreement: "另行约定".try_into().unwrap(), waived_at: later },
    };
    let grant = grant(GrantStatus::Active);
    DeletionDemand {
        grant_id: grant.id,
        account_id: grant.account_id,
        provider_id: grant.provider_id,
        listing_name: grant.listing_name,
        scopes: grant.scopes.into_iter().map(|scope| scope.name).collect(),
        ended_at: begin(),
        // All that come before the answer is due: after 3, 7 and 15 days, and 7, 3 and 1 days before.
        to_merchant: Reminders { passed: 3 },
        to_provider: Reminders { passed: 3 },
        status,
    }
}

fn stand_of(demand: &DeletionDemand) -> Stand {
    match &demand.status {
        DemandStatus::Draft => Draft,
        DemandStatus::Served { acknowledged: false, overdue: false, .. } => Served,
        DemandStatus::Served { acknowledged: true, overdue: false, .. } => Acknowledged,
        DemandStatus::Served { acknowledged: false, overdue: true, .. } => Overdue,
        DemandStatus::Served { acknowledged: true, overdue: true, .. } => AcknowledgedOverdue,
        DemandStatus::Attested { .. } => Attested,
        DemandStatus::Closed { .. } => Closed,
        DemandStatus::Waived { .. } => Waived,
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, DemandRefusal> {
    match (stand, command) {
        (Draft, Serve) => Cell::To("DemandServed", Served),
        (Served | Acknowledged | Overdue | AcknowledgedOverdue | Attested | Closed | Waived, Serve) => {
            Cell::No(DemandRefusal::AlreadyServed)
        }

        // Late is better than never: what is overdue can still be answered.
        (Served, Acknowledge) => Cell::To("DemandAcknowledged", Acknowledged),
        (Overdue, Acknowledge) => Cell::To("DemandAcknowledged", AcknowledgedOverdue),
        (Acknowledged | AcknowledgedOverdue, Acknowledge) => Cell::No(DemandRefusal::AlreadyAcknowledged),
        (Served | Acknowledged | Overdue | AcknowledgedOverdue, Attest) => {
            Cell::To("DemandAttested", Attested)
        }
        (Draft | Attested | Closed | Waived, Acknowledge | Attest) => Cell::No(DemandRefusal::NotWaiting),

        (Attested, Close) => Cell::To("DemandClosed", Closed),
        (Draft | Served | Acknowledged | Overdue | AcknowledgedOverdue | Closed | Waived, Close) => {
            Cell::No(DemandRefusal::NotAttested)
        }

        (Draft | Served | Acknowledged | Overdue | AcknowledgedOverdue | Attested, Waive) => {
            Cell::To("DemandWaived", Waived)
        }
        (Closed | Waived, Waive) => Cell::No(DemandRefusal::Over),

        (Served | Acknowledged, Advance) => match (stand, when) {
            (_, JustBefore) => Cell::Nothing,
            (Acknowledged, At | JustAfter) => Cell::To("DemandOverdue", AcknowledgedOverdue),
            (_, At | JustAfter) => Cell::To("DemandOverdue", Overdue),
        },
        (Draft | Overdue | AcknowledgedOverdue | Attested | Closed | Waived, Advance) => Cell::Nothing,
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, DemandRefusal> {
    let (demand, occasion) = (loaded(standing(stand)), occasion(when.of(due())));
    let (account, provider) = (account(), provider());
    let outcome = match command {
        Serve => DeletionDemand::serve(&demand, &account, &provider, Calendar::published(), &occasion),
        Acknowledge => DeletionDemand::acknowledge(&demand, &account, &provider, &occasion),
        Attest => {
            let attestation = attestation(served_at());
            DeletionDemand::attest(&demand, &account, &provider, attestation, &occasion)
        }
        Close => DeletionDemand::close(&demand, &account, &provider, &occasion),
        Waive => {
            let agreement = "另行约定".try_into().unwrap();
            DeletionDemand::waive(&demand, &account, &provider, agreement, &occasion)
        }
        Advance => {
            let change = DeletionDemand::advance(&demand, &account, &provider, &occasion);
            return Cell::due(change, stand_of);
        }
    };
    Cell::answered(outcome, stand_of)
}

#[test]
fn a_demand_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn a_demand_waits_for_the_answer_or_the_next_reminder_and_one_that_is_over_for_nothing() {
    // 30 days after the end, at an hour at which people are reminded.
    let reminder = at("2026-04-01T10:00:00+08:00");
    for stand in Stand::ALL {
        let due = match stand {
            Draft | Overdue | AcknowledgedOverdue | Attested => Some(reminder),
            Served | Acknowledged => Some(due()),
            Closed | Waived => None,
        };
        let due = due.map(|at| Due::new(at, Lane::RemindDeletion));
        assert_eq!(standing(*stand).next_due(), due, "{stand:?}");
        assert_eq!(
            standing(*stand).list_entry().is_some(),
            *stand != Draft,
            "the provider sees it: {stand:?}"
        );
    }
}

#[test]
fn operators_find_a_demand_by_where_it_stands_at_the_same_place_as_its_provider() {
    for stand in Stand::ALL {
        let name = match stand {
            Draft => "draft",
            Served | Acknowledged => "served",
            Overdue | AcknowledgedOverdue => "overdue",
            Attested => "attested",
            Closed => "closed",
            Waived => "waived",
        };
        let demand = standing(*stand);
        let entry = demand.desk_entry().unwrap();
        assert!(entry.list.as_str().starts_with(&format!("demands#{name}#")), "{stand:?}: {entry:?}");
        assert!(demand.status.standing().lists().contains(&entry.list), "one of the lists that are read");
        assert!(
            demand.list_entry().is_none_or(|listed| listed.place == entry.place),
            "an item has one place"
        );
    }
}

#[test]
fn a_demand_is_to_be_answered_when_fifteen_days_have_run_from_its_service() {
    let draft = loaded(DeletionDemand { to_provider: Reminders::default(), ..standing(Draft) });
    let served =
        DeletionDemand::serve(&draft, &account(), &provider(), Calendar::published(), &occasion(served_at()));
    let DemandStatus::Served { period, .. } = served.unwrap().0.status else { panic!() };
    assert_eq!(period.ends_at, due());
}

every! {
    /// Instants at which somebody is reminded of a demand that was served the day after its grant ended.
    Reminder { MerchantAfter3, MerchantAfter7, ProviderBefore7, ProviderBefore3, MerchantAfter15, ProviderBefore1, Due }
}

#[test]
fn both_sides_are_reminded_each_at_its_time_in_the_daytime_and_once() {
    let mut demand = DeletionDemand {
        to_merchant: Reminders::default(),
        to_provider: Reminders::default(),
        ..standing(Served)
    };
    for reminder in Reminder::ALL {
        let (due_at, event, stand) = match reminder {
            Reminder::MerchantAfter3 => (at("2026-03-05T10:00:00+08:00"), "DemandReminded", Served),
            Reminder::MerchantAfter7 => (at("2026-03-09T10:00:00+08:00"), "DemandReminded", Served),
            Reminder::ProviderBefore7 => (at("2026-03-11T20:00:00+08:00"), "DemandReminded", Served),
            Reminder::ProviderBefore3 => (at("2026-03-15T20:00:00+08:00"), "DemandReminded", Served),
            Reminder::MerchantAfter15 => (at("2026-03-17T10:00:00+08:00"), "DemandReminded", Served),
            Reminder::ProviderBefore1 => (at("2026-03-17T20:00:00+08:00"), "DemandReminded", Served),
            Reminder::Due => (due(), "DemandOverdue", Overdue),
        };
        assert_eq!(demand.next_due().unwrap().at, due_at, "{reminder:?}");
        let advance = |demand: &DeletionDemand, now| {
            DeletionDemand::advance(&loaded(demand.clone()), &account(), &provider(), &occasion(now))
        };
        assert!(advance(&demand, JustBefore.of(due_at)).is_none(), "{reminder:?}");
        let change = advance(&demand, due_at).unwrap();
        assert_eq!(Cell::<_, DemandRefusal>::decided(&change, stand_of), Cell::To(event, stand));
        demand = recorded::<DeletionDemand>(&change).1;
        assert!(advance(&demand, due_at).is_none(), "once: {reminder:?}");
    }
}

every! {
    /// What an attestation says.
    Declared {
        Lawful,
        DoneAtTheEnd,
        DoneBeforeTheEnd,
        DoneNow,
        DoneLater,
        NoDataset,
        MostDatasets,
        TooManyDatasets,
        MostSubProcessors,
        TooManySubProcessors,
    }
}

#[test]
fn an_attestation_names_something_and_a_time_between_the_end_and_now() {
    let now = at("2026-03-10T12:00:00+08:00");
    let names = |count: usize| vec!["订单".try_into().unwrap(); count];
    let lawful = || attestation(served_at());
    for declared in Declared::ALL {
        let (attestation, is_taken) = match declared {
            Declared::Lawful => (lawful(), true),
            Declared::DoneAtTheEnd => (attestation(begin()), true),
            Declared::DoneBeforeTheEnd => (attestation(JustBefore.of(begin())), false),
            Declared::DoneNow => (attestation(now), true),
            Declared::DoneLater => (attestation(JustAfter.of(now)), false),
            Declared::NoDataset => (Attestation { datasets: names(0), ..lawful() }, false),
            Declared::MostDatasets => (Attestation { datasets: names(32), ..lawful() }, true),
            Declared::TooManyDatasets => (Attestation { datasets: names(33), ..lawful() }, false),
            Declared::MostSubProcessors => (Attestation { sub_processors: names(32), ..lawful() }, true),
            Declared::TooManySubProcessors => (Attestation { sub_processors: names(33), ..lawful() }, false),
        };
        let demand = loaded(standing(Acknowledged));
        let outcome = DeletionDemand::attest(&demand, &account(), &provider(), attestation, &occasion(now));
        assert_eq!(outcome.err(), (!is_taken).then_some(DemandRefusal::Attestation), "{declared:?}");
    }
}
