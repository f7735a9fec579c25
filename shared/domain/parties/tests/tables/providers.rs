//! Every edge of a provider, and every non-edge.

use jiff::Timestamp;
use market_kernel::ids::ProviderId;
use market_kernel::party::Contacts;
use market_kernel::party::Language;
use market_parties::applications::Application;
use market_parties::contacts::ContactsRefusal;
use market_parties::providers::*;
use market_tables::{Cell, When, begin, every, hold, loaded, occasion, provider};

every! {
    Stand { Applied, Approved }
}

every! {
    Command { ApplyAgain, Approve, ChangeContacts, KeepContacts }
}

use Command::{ApplyAgain, Approve, ChangeContacts, KeepContacts};
use Stand::{Applied, Approved};

fn standing(stand: Stand) -> Provider {
    let status = match stand {
        Applied => ProviderStatus::Applied,
        Approved => ProviderStatus::Approved,
    };
    Provider { status, contacts_changed_at: Some(begin()), ..provider() }
}

fn stand_of(provider: &Provider) -> Stand {
    match provider.status {
        ProviderStatus::Applied => Applied,
        ProviderStatus::Approved => Approved,
    }
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Provider(ProviderRefusal),
    Contacts(ContactsRefusal),
}

/// When contacts that were changed at the beginning can be changed again.
fn again() -> Timestamp {
    "2026-03-02T10:01:00+08:00".parse().unwrap()
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    match (stand, command, when) {
        (Applied | Approved, ApplyAgain, _) => Cell::No(Refusal::Provider(ProviderRefusal::AlreadyApplied)),
        (Applied, Approve, _) => Cell::To("ProviderApproved", Approved),
        (Approved, Approve, _) => Cell::No(Refusal::Provider(ProviderRefusal::AlreadyApproved)),
        (Applied | Approved, ChangeContacts, When::JustBefore) => {
            Cell::No(Refusal::Contacts(ContactsRefusal::JustChanged { until: again() }))
        }
        (Applied | Approved, ChangeContacts, When::At | When::JustAfter) => {
            Cell::To("ContactsChanged", stand)
        }
        (Applied | Approved, KeepContacts, _) => Cell::Nothing,
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    let (provider, occasion) = (loaded(standing(stand)), occasion(when.of(again())));
    let contacts = provider.contacts.clone();
    let change = |contacts| match Provider::change_contacts(&provider, contacts, &occasion) {
        Ok(changed) => Cell::due(changed.map(|(_, change)| change), stand_of),
        Err(refusal) => Cell::No(Refusal::Contacts(refusal)),
    };
    match command {
        ApplyAgain => {
            let applied = Provider::apply(Some(&provider), application(), &occasion);
            Cell::answered(applied.map_err(Refusal::Provider), stand_of)
        }
        Approve => {
            Cell::answered(Provider::approve(&provider, &occasion).map_err(Refusal::Provider), stand_of)
        }
        ChangeContacts => change(Contacts { language: Language::English, ..contacts }),
        KeepContacts => change(contacts),
    }
}

fn application() -> Application<'static, ProviderId> {
    let Provider { id, legal_name, credit_code, contacts, .. } = provider();
    Application { id, legal_name, credit_code, vouching: None, contacts }
}

#[test]
fn a_provider_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
    let applied = Provider::apply(None, application(), &occasion(begin()));
    assert_eq!(Cell::answered(applied, stand_of), Cell::To("ProviderApplied", Applied));
}
