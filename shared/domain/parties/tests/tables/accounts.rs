//! Every edge of a market account, and every non-edge. Its end is set by terminations (`termination`).

use jiff::Timestamp;
use market_agreement::documents::acceptance::{AcceptRefusal, Acceptance, Served};
use market_agreement::documents::clauses::Outline;
use market_kernel::aggregate::Aggregate;
use market_kernel::ids::AccountId;
use market_kernel::party::Language;
use market_parties::accounts::*;
use market_parties::applications::Application;
use market_parties::contacts::ContactsRefusal;
use market_tables::{Cell, When, acceptance, account, agreement, at, every, hold, loaded, occasion, terms};

every! {
    Stand {
        Applied,
        Active,
        /// Notice was served, and its end lies ahead or behind.
        ActiveUntil,
        Terminated,
    }
}

every! {
    Command { ApplyAgain, AcceptAgreement, AcceptTerms, ChangeContacts, Trade }
}

use Command::{AcceptAgreement, AcceptTerms, ApplyAgain, ChangeContacts, Trade};
use Stand::{Active, ActiveUntil, Applied, Terminated};
use When::{At, JustAfter, JustBefore};

fn ends_at() -> Timestamp {
    at("2026-04-01T00:00:00+08:00")
}

fn standing(stand: Stand) -> MarketAccount {
    let base = account();
    match stand {
        Applied => {
            MarketAccount { status: AccountStatus::Applied, agreement_version: None, citations: None, ..base }
        }
        Active => base,
        ActiveUntil => MarketAccount { ends_at: Some(ends_at()), ..base },
        Terminated => MarketAccount { status: AccountStatus::Terminated, ends_at: Some(ends_at()), ..base },
    }
}

fn stand_of(account: &MarketAccount) -> Stand {
    match (account.status, account.ends_at) {
        (AccountStatus::Applied, _) => Applied,
        (AccountStatus::Active, None) => Active,
        (AccountStatus::Active, Some(_)) => ActiveUntil,
        (AccountStatus::Terminated, _) => Terminated,
    }
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Apply(ApplyRefusal),
    Accept(AcceptRefusal),
    Contacts(ContactsRefusal),
    Trade(AccountRefusal),
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    let ended = match (stand, when) {
        (Applied | Active, _) | (ActiveUntil, JustBefore) => false,
        (ActiveUntil, At | JustAfter) | (Terminated, _) => true,
    };
    match (stand, command) {
        (Applied | Active | ActiveUntil | Terminated, ApplyAgain) => {
            Cell::No(Refusal::Apply(ApplyRefusal::AlreadyApplied))
        }

        (Applied, AcceptAgreement) => Cell::To("AccountOpened", Active),
        (Active | ActiveUntil | Terminated, AcceptAgreement) if ended => {
            Cell::No(Refusal::Accept(AcceptRefusal::AccountEnded))
        }
        (Active | ActiveUntil | Terminated, AcceptAgreement) => Cell::To("AgreementRenewed", stand),

        (Applied, AcceptTerms) => Cell::No(Refusal::Accept(AcceptRefusal::AgreementFirst)),
        (Active | ActiveUntil | Terminated, AcceptTerms) if ended => {
            Cell::No(Refusal::Accept(AcceptRefusal::AccountEnded))
        }
        // The account itself stays as it is.
        (Active | ActiveUntil | Terminated, AcceptTerms) => Cell::Nothing,

        // Whoever is told of what survives has to be reached.
        (Applied | Active | ActiveUntil | Terminated, ChangeContacts) => Cell::To("ContactsChanged", stand),

        (Applied, Trade) => Cell::No(Refusal::Trade(AccountRefusal::NotOpen)),
        (Active | ActiveUntil | Terminated, Trade) if ended => {
            Cell::No(Refusal::Trade(AccountRefusal::Ended))
        }
        (Active | ActiveUntil | Terminated, Trade) => Cell::Nothing,
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    let (account, occasion) = (loaded(standing(stand)), occasion(when.of(ends_at())));
    match command {
        ApplyAgain => {
            let applied = MarketAccount::apply(Some(&account), application(), &occasion);
            Cell::answered(applied.map_err(Refusal::Apply), stand_of)
        }
        AcceptAgreement | AcceptTerms => {
            let (document, given) = match command {
                AcceptAgreement => {
                    let document = agreement();
                    let given = Acceptance { document_id: document.id.clone(), ..acceptance(1) };
                    (document, given)
                }
                _ => (terms(), acceptance(2)),
            };
            let served = Served { document: &document, text: "", outline: &Outline::default(), pages: &[] };
            match given.accept(&account, &served, None, &occasion) {
                Ok(change) if change.writes.iter().any(|write| write.kind == MarketAccount::KIND) => {
                    Cell::decided(&change, stand_of)
                }
                Ok(_) => Cell::Nothing,
                Err(refusal) => Cell::No(Refusal::Accept(refusal)),
            }
        }
        ChangeContacts => {
            let mut contacts = account.contacts.clone();
            contacts.language = Language::English;
            match MarketAccount::change_contacts(&account, contacts, &occasion) {
                Ok(changed) => Cell::due(changed.map(|(_, change)| change), stand_of),
                Err(refusal) => Cell::No(Refusal::Contacts(refusal)),
            }
        }
        Trade => match account.may_trade(Some(1), occasion.at) {
            Ok(()) => Cell::Nothing,
            Err(refusal) => Cell::No(Refusal::Trade(refusal)),
        },
    }
}

fn application() -> Application<'static, AccountId> {
    let MarketAccount { id, legal_name, credit_code, contacts, .. } = account();
    Application { id, legal_name, credit_code, vouching: None, contacts }
}

#[test]
fn an_account_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
        assert_eq!(standing(*stand).next_due(), None, "its end is decided when it is read");
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
    let applied = MarketAccount::apply(None, application(), &occasion(ends_at()));
    assert_eq!(Cell::answered(applied, stand_of), Cell::To("AccountApplied", Applied));
}

every! {
    /// The version that the account accepted, seen from the one in force.
    Accepted { None, Older, Same, Newer }
}

#[test]
fn an_account_trades_on_the_version_in_force_or_a_newer_one() {
    for accepted in Accepted::ALL {
        let (version, may_trade) = match accepted {
            Accepted::None => (None, false),
            Accepted::Older => (Some(2), false),
            Accepted::Same => (Some(3), true),
            Accepted::Newer => (Some(4), true),
        };
        let account = MarketAccount { agreement_version: version, ..account() };
        let outdated = AccountRefusal::AgreementOutdated { in_force: 3 };
        let refused = account.may_trade(Some(3), ends_at()).err();
        assert_eq!(refused, (!may_trade).then_some(outdated), "{accepted:?}");
        assert_eq!(account.may_trade(None, ends_at()), Ok(()), "{accepted:?}, and none is in force");
    }
}
