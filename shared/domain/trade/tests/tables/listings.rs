//! Every edge of a listing, and every non-edge.

use market_kernel::aggregate::Aggregate;
use market_kernel::ids::ListingId;
use market_kernel::stored::form;
use market_kernel::text::Line;
use market_parties::providers::ProviderStatus;
use market_tables::{
    Cell, When, agreement, begin, description, every, hold, listing, loaded, occasion, plan, provider, terms,
};
use market_trade::listings::*;

every! {
    Stand { Draft, InReview, Listed }
}

every! {
    Command { Submit, Approve }
}

use Command::{Approve, Submit};
use Stand::{Draft, InReview, Listed};

fn standing(stand: Stand) -> Listing {
    listing(match stand {
        Draft => ListingStatus::Draft,
        InReview => ListingStatus::InReview,
        Listed => ListingStatus::Listed,
    })
}

fn stand_of(listing: &Listing) -> Stand {
    match listing.status {
        ListingStatus::Draft => Draft,
        ListingStatus::InReview => InReview,
        ListingStatus::Listed => Listed,
    }
}

const fn wrong(is: ListingStatus, needed: ListingStatus) -> ListingRefusal {
    ListingRefusal::WrongState { is, needed }
}

fn expected(stand: Stand, command: Command, _: When) -> Cell<Stand, ListingRefusal> {
    match (stand, command) {
        (Draft, Submit) => Cell::To("ListingSubmitted", InReview),
        (InReview, Approve) => Cell::To("ListingListed", Listed),
        (InReview, Submit) => Cell::No(wrong(ListingStatus::InReview, ListingStatus::Draft)),
        (Listed, Submit) => Cell::No(wrong(ListingStatus::Listed, ListingStatus::Draft)),
        (Draft, Approve) => Cell::No(wrong(ListingStatus::Draft, ListingStatus::InReview)),
        (Listed, Approve) => Cell::No(wrong(ListingStatus::Listed, ListingStatus::InReview)),
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, ListingRefusal> {
    let (listing, occasion) = (loaded(standing(stand)), occasion(when.of(begin())));
    let outcome = match command {
        Submit => Listing::submit(&listing, &occasion),
        Approve => Listing::approve(&listing, &provider(), &occasion),
    };
    Cell::answered(outcome, stand_of)
}

#[test]
fn a_listing_goes_these_ways_and_no_others_and_is_read_where_it_stands() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
        let list = match stand {
            Draft => "provider#northwind#drafts",
            InReview => "reviews",
            Listed => "catalogue#application",
        };
        let (listing, listed) = (standing(*stand), standing(*stand).list_entry().unwrap());
        assert_eq!(listed.list.as_str(), list);
        let desk = listing.desk_entry();
        assert_eq!(desk.is_some(), *stand == Listed, "for sale, among its provider's");
        assert!(desk.is_none_or(|desk| desk.place == listed.place), "an item has one place");
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

every! {
    /// What a provider writes.
    Written {
        Lawful,
        ByAnApplicant,
        WithoutTerms,
        WithTheOperatorsAgreement,
        WithAnothersTerms,
        WithTermsInForceFromNow,
        WithTermsToCome,
        WithoutPlans,
        WithTheMostPlans,
        WithTooManyPlans,
        WithAPlanTwice,
        WithoutScopes,
        WithTheMostScopes,
        WithTooManyScopes,
        WithAScopeTwice,
        WithAScopeOfNothing,
        WithAScopeOfTooMuch,
        AServiceWithoutScopes,
        AServiceWithScopes,
        ForADay,
        ForNoDay,
        ForFiveYears,
        ForLonger,
        ForNoUse,
        ForABillionUses,
        ForMoreUses,
        TooLarge,
    }
}

fn offering(plans: Vec<Plan>) -> Description {
    Description { plans, ..description() }
}

fn term(days: u16) -> Description {
    offering(vec![plan("p", 1, Bound::Term { days })])
}

fn uses(uses: u32) -> Description {
    offering(vec![plan("p", 1, Bound::Count { uses })])
}

/// So many plans of different names.
fn plans(count: usize) -> Description {
    offering((0..count).map(|n| plan(&format!("p{n}"), 1, Bound::Unbounded)).collect())
}

fn asking(scopes: Vec<Scope>) -> Description {
    Description { scopes, ..description() }
}

fn scope(name: &str, kinds: usize) -> Scope {
    let first = description().scopes[0].clone();
    Scope { name: name.parse().unwrap(), data_kinds: vec!["订单".try_into().unwrap(); kinds], ..first }
}

fn scopes(count: usize) -> Description {
    asking((0..count).map(|n| scope(&format!("s{n}"), 1)).collect())
}

#[test]
fn a_draft_is_written_so_and_not_otherwise() {
    let service = |scopes| Description { kind: ListingKind::Service, ..asking(scopes) };
    let terms_from = |effective_at| {
        let mut terms = terms();
        terms.versions[0].effective_at = effective_at;
        Some(terms)
    };
    for written in Written::ALL {
        let (mut writer, mut document, mut text) = (provider(), Some(terms()), description());
        let mut refused = None;
        match written {
            Written::Lawful => {}
            Written::ByAnApplicant => {
                writer.status = ProviderStatus::Applied;
                refused = Some(ListingRefusal::ProviderNotApproved);
            }
            Written::WithoutTerms => {
                (document, refused) = (None, Some(ListingRefusal::SubscriptionAgreement));
            }
            Written::WithTheOperatorsAgreement => {
                (document, refused) = (Some(agreement()), Some(ListingRefusal::SubscriptionAgreement));
            }
            Written::WithAnothersTerms => {
                writer.id = "eastwind".parse().unwrap();
                refused = Some(ListingRefusal::SubscriptionAgreement);
            }
            Written::WithTermsInForceFromNow => document = terms_from(begin()),
            Written::WithTermsToCome => {
                document = terms_from(When::JustAfter.of(begin()));
                refused = Some(ListingRefusal::SubscriptionAgreement);
            }
            Written::WithoutPlans => (text, refused) = (plans(0), Some(ListingRefusal::Parts)),
            Written::WithTheMostPlans => text = plans(32),
            Written::WithTooManyPlans => (text, refused) = (plans(33), Some(ListingRefusal::Parts)),
            Written::WithAPlanTwice => {
                text = offering(vec![plan("p", 1, Bound::Unbounded), plan("p", 2, Bound::Unbounded)]);
                refused = Some(ListingRefusal::Parts);
            }
            Written::WithoutScopes => text = scopes(0),
            Written::WithTheMostScopes => text = scopes(32),
            Written::WithTooManyScopes => (text, refused) = (scopes(33), Some(ListingRefusal::Parts)),
            Written::WithAScopeTwice => {
                text = asking(vec![scope("s", 1), scope("s", 1)]);
                refused = Some(ListingRefusal::Parts);
            }
            Written::WithAScopeOfNothing => {
                (text, refused) = (asking(vec![scope("s", 0)]), Some(ListingRefusal::Scopes));
            }
            Written::WithAScopeOfTooMuch => {
                (text, refused) = (asking(vec![scope("s", 33)]), Some(ListingRefusal::Scopes));
            }
            Written::AServiceWithoutScopes => text = service(Vec::new()),
            Written::AServiceWithScopes => {
                (text, refused) = (service(vec![scope("s", 1)]), Some(ListingRefusal::Scopes));
            }
            Written::ForADay => text = term(1),
            Written::ForNoDay => (text, refused) = (term(0), Some(ListingRefusal::Bound)),
            Written::ForFiveYears => text = term(1_830),
            Written::ForLonger => (text, refused) = (term(1_831), Some(ListingRefusal::Bound)),
            Written::ForNoUse => (text, refused) = (uses(0), Some(ListingRefusal::Bound)),
            Written::ForABillionUses => text = uses(1_000_000_000),
            Written::ForMoreUses => (text, refused) = (uses(1_000_000_001), Some(ListingRefusal::Bound)),
            Written::TooLarge => {
                let line = || Line::try_from("订".repeat(120)).unwrap();
                let all =
                    (0..32).map(|n| Scope { data_kinds: vec![line(); 32], ..scope(&format!("s{n}"), 1) });
                text = asking(all.collect());
                refused = Some(ListingRefusal::TooLarge { bytes: form::bytes(text.clone()).len() });
            }
        }
        let id = ListingId::new(begin(), [6; 10]);
        let drafted = Listing::draft(id, &writer, document.as_ref(), text, &occasion(begin()));
        let expected = refused.map_or(Cell::To("ListingDrafted", Draft), Cell::No);
        assert_eq!(Cell::answered(drafted, stand_of), expected, "{written:?}");
    }
}
