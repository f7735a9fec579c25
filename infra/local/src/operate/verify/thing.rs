//! Things of every kind that has a chain: what each is, what is due of it, what it names.
//!
//! A kind joins by one line here and by saying what it names; one that did not join is a fault wherever it lies.

use market_agreement::documents::acceptance::{Acceptance, AcceptanceId};
use market_agreement::documents::{Document, Publisher};
use market_agreement::holidays::Holidays;
use market_agreement::terminations::Termination;
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::grants::Grant;
use market_entrustment::grants::ledger::Ledger;
use market_entrustment::grants::token::GrantTokens;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Due};
use market_kernel::ids::DocumentId;
use market_kernel::keys::{Key, ListEntry};
use market_kernel::notices::Notice;
use market_kernel::party::{PartyId, Recipient};
use market_kernel::stored;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_parties::vouching::Vouching;
use market_store::StoredThing;
use market_trade::listings::Listing;
use market_trade::orders::Order;
use market_trade::payments::{PaymentRecord, PaymentStatus};

use super::{Doubt, broken};

macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        /// A thing as what its kind says it is.
        pub(in crate::operate) enum Thing {
            $($kind(Box<$kind>)),+
        }

        impl Thing {
            /// Reads a thing.
            pub(in crate::operate) fn read(as_stored: &StoredThing) -> Result<Self, Doubt> {
                match as_stored.kind.as_str() {
                    $($kind::KIND => stored::read(&as_stored.body, as_stored.schema)
                        .map(|(state, _)| Self::$kind(Box::new(state)))
                        .map_err(|reason| broken(format!("it cannot be read: {reason}"))),)+
                    other => Err(broken(format!("no kind is called {other}"))),
                }
            }

            fn key(&self) -> Key {
                match self { $(Self::$kind(state) => state.key()),+ }
            }

            fn next_due(&self) -> Option<Due> {
                match self { $(Self::$kind(state) => state.next_due()),+ }
            }

            /// In the list that another party reads, and in the one that tells where it stands.
            pub(in crate::operate) fn entries(&self) -> [Option<ListEntry>; 2] {
                match self { $(Self::$kind(state) => [state.list_entry(), state.desk_entry()]),+ }
            }
        }
    };
}

kinds! {
    MarketAccount,
    Acceptance,
    Order,
    Grant,
    GrantTokens,
    Ledger,
    DeletionDemand,
    Termination,
    Notice,
    Provider,
    Document,
    Listing,
    PaymentRecord,
    Vouching,
    Holidays,
}

impl Thing {
    /// The things that it names. None of them is ever deleted, so each must be there.
    pub(in crate::operate) fn names(&self) -> Vec<Key> {
        match self {
            Self::MarketAccount(account) => {
                let termination = account.termination_id.clone();
                let accepted = account.agreement_version.map(|version| AcceptanceId {
                    account_id: account.id.clone(),
                    agreement_period: account.agreement_period,
                    document_id: DocumentId::market_agreement(),
                    version,
                });
                let termination = termination.map(|id| Termination::key_of(&(account.id.clone(), id)));
                termination.into_iter().chain(accepted.map(|id| Acceptance::key_of(&id))).collect()
            }
            Self::Acceptance(acceptance) => {
                vec![MarketAccount::key_of(&acceptance.account_id), Document::key_of(&acceptance.document_id)]
            }
            Self::Order(order) => {
                let (document, version, _) = &order.snapshot.subscription_agreement;
                let payment = order.payment().filter(|payment| payment.has_record);
                let record = payment.map(|payment| PaymentRecord::key_of(&(&payment.id).into()));
                let mut names = vec![
                    MarketAccount::key_of(&order.account_id),
                    Provider::key_of(&order.provider_id),
                    Listing::key_of(&order.listing_id),
                    Document::key_of(document),
                    Acceptance::key_of(&AcceptanceId::in_first_period(
                        order.account_id.clone(),
                        document.clone(),
                        *version,
                    )),
                ];
                names.extend(record);
                names
            }
            Self::Grant(grant) => vec![
                MarketAccount::key_of(&grant.account_id),
                Provider::key_of(&grant.provider_id),
                Listing::key_of(&grant.listing_id),
                Order::key_of(&(grant.account_id.clone(), grant.order_id.clone())),
            ],
            Self::GrantTokens(tokens) => vec![
                MarketAccount::key_of(&tokens.account_id),
                Grant::key_of(&(tokens.account_id.clone(), tokens.grant_id.clone())),
            ],
            Self::Ledger(ledger) => vec![
                MarketAccount::key_of(&ledger.account_id),
                Grant::key_of(&(ledger.account_id.clone(), ledger.grant_id.clone())),
            ],
            Self::DeletionDemand(demand) => vec![
                MarketAccount::key_of(&demand.account_id),
                Provider::key_of(&demand.provider_id),
                Grant::key_of(&(demand.account_id.clone(), demand.grant_id.clone())),
            ],
            Self::Termination(termination) => vec![MarketAccount::key_of(&termination.account_id)],
            Self::Notice(notice) => match &notice.recipient {
                Recipient::Party(PartyId::Merchant(id)) => vec![MarketAccount::key_of(id)],
                Recipient::Party(PartyId::Provider(id)) => vec![Provider::key_of(id)],
                Recipient::Everyone => Vec::new(),
            },
            Self::Document(document) => match &document.publisher {
                Publisher::Provider(id) => vec![Provider::key_of(id)],
                Publisher::Operator => Vec::new(),
            },
            Self::Listing(listing) => vec![Provider::key_of(&listing.provider_id)],
            // What is held may name what does not exist.
            Self::PaymentRecord(record) => match (&record.status, record.names()) {
                (PaymentStatus::Formed, Some(order)) => vec![Order::key_of(&order)],
                _ => Vec::new(),
            },
            Self::Provider(_) | Self::Vouching(_) | Self::Holidays(_) => Vec::new(),
        }
    }

    /// That it lies where it belongs, with the timer and the place in a list that its state asks for.
    pub(super) fn check_place(&self, as_stored: &StoredThing, now: Option<Timestamp>) -> Result<(), Doubt> {
        if self.key() != as_stored.key {
            return Err(broken(format!("it belongs to {}", self.key())));
        }
        // Without a present, no lease is too long.
        let now = now.unwrap_or(Timestamp::MAX);
        if let Some(wrong) = as_stored.timer.fault(&as_stored.key, self.next_due(), now) {
            let former = as_stored.timer.fault(&as_stored.key, self.former_due(), now);
            former.map_or(Ok(()), |_| Err(broken(wrong.to_string())))?;
        }
        let entries = self.entries();
        let ([list, desk], listed) = (entries.each_ref().map(Option::as_ref), &as_stored.listed);
        if !listed.is(list, desk) && !listed.is_former(list, desk) && !self.was_unlisted(as_stored) {
            return Err(broken("its place in the lists that others read is not the one of its state"));
        }
        Ok(())
    }

    /// The timer that releases before 0.4.0 gave it, which stands until it is next written.
    fn former_due(&self) -> Option<Due> {
        match self {
            Self::Grant(grant) => grant.former_due(),
            Self::DeletionDemand(demand) => demand.former_due(),
            Self::Termination(termination) => termination.former_due(),
            other => other.next_due(),
        }
    }

    /// Whether a release before left it out of a list in which it stands by now: before 0.4.0 notices and accounts, before
    /// 0.5.0 providers, documents and terminations.
    fn was_unlisted(&self, as_stored: &StoredThing) -> bool {
        let may_be = matches!(
            self,
            Self::Notice(_)
                | Self::MarketAccount(_)
                | Self::Provider(_)
                | Self::Document(_)
                | Self::Termination(_)
        );
        may_be && as_stored.listed.is(None, None)
    }
}
