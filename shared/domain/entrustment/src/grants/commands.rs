//! Giving a grant, and ending it.

use jiff::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::ids::ScopeName;
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::reminders::Reminders;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_trade::listings::Scope;
use market_trade::orders::OrderStatus;

use super::{Basis, EndCause, Ending, Giving, Grant, GrantRefusal, GrantStatus, NotActive, REMINDERS};
use crate::deletion::{DeletionDemand, Ended};
use crate::events;
use crate::messages;

/// The longest grant for an order without a term, in hours.
const LONGEST_HOURS: i64 = 366 * 24;

impl Grant {
    /// Gives a grant.
    ///
    /// # Errors
    /// See [`GrantRefusal`].
    pub fn give(
        basis: &Basis<'_>,
        giving: Giving<'_>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), GrantRefusal> {
        let Basis { account, agreement, order, provider } = *basis;
        let Giving { id, scopes, expires_at, page_sha256 } = giving;
        let now = occasion.at;
        let agreement = agreement.filter(|document| document.is_market_agreement());
        let in_force = agreement.and_then(|agreement| agreement.in_force_at(now));
        account.may_trade(in_force.map(|version| version.number), now)?;
        let OrderStatus::InService { valid_until, .. } = &order.status else {
            return Err(GrantRefusal::NotInService);
        };
        let latest = valid_until.unwrap_or_else(|| {
            now.saturating_add(jiff::SignedDuration::from_hours(LONGEST_HOURS)).unwrap_or(now)
        });
        if latest <= now {
            return Err(GrantRefusal::NotInService);
        }
        let expires_at = expires_at.unwrap_or(latest);
        if expires_at <= now {
            return Err(GrantRefusal::AlreadyOver);
        }
        if expires_at > latest {
            return Err(GrantRefusal::PassesTheOrder { latest });
        }
        if account.ends_before(expires_at) {
            return Err(GrantRefusal::PassesTheEnd);
        }
        let description = &order.snapshot.description;
        let mut granted: Vec<Scope> = Vec::with_capacity(scopes.len());
        for name in scopes {
            if granted.iter().any(|scope| scope.name == *name) {
                return Err(GrantRefusal::Scopes);
            }
            let offered = description.scopes.iter().find(|scope| scope.name == *name);
            granted.push(offered.ok_or_else(|| GrantRefusal::NoSuchScope(name.clone()))?.clone());
        }
        if granted.is_empty() {
            return Err(GrantRefusal::Scopes);
        }
        let names = scopes.iter().map(ScopeName::as_str).collect::<Vec<_>>().join(", ");
        let message = messages::GrantActivated {
            merchant: account.legal_name.to_string(),
            provider: provider.legal_name.to_string(),
            listing: description.name.to_string(),
            grant: id.to_string(),
            scopes: names.clone(),
            expires_at,
        };
        let event = Event::of(events::GrantActivated {
            order: order.id.clone(),
            scopes: names,
            page_sha256: page_sha256.clone(),
            expires_at,
        })
        .tell(Reach::Party(account), message.clone())
        .tell(Reach::ProviderOf(provider, account), message);
        let grant = Self {
            id,
            account_id: account.id.clone(),
            order_id: order.id.clone(),
            provider_id: order.provider_id.clone(),
            listing_id: order.listing_id.clone(),
            listing_name: description.name.clone(),
            scopes: granted,
            page_sha256,
            granted_at: now,
            expires_at,
            token: None,
            reminders: Reminders::beginning(REMINDERS, expires_at, now),
            status: GrantStatus::Active,
        };
        // Neither the account nor the order is named by the change: grants must not delay a transaction that ends one
        // of them. A grant that is given while its account ends is refused from then on, and its end is found by the
        // cascade.
        let change = Change::on(occasion).create(&grant, event);
        Ok((grant, change))
    }

    /// The merchant takes it back, at once.
    ///
    /// # Errors
    /// Refused where the grant is over.
    pub fn revoke(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), NotActive> {
        if !loaded.is_active_at(account, occasion.at) {
            return Err(NotActive::Ended);
        }
        let ending = Ending { cause: EndCause::Revoked, ended_at: occasion.at };
        Self::end(loaded, account, provider, ending, occasion).ok_or(NotActive::Ended)
    }

    /// The entrustment that it created, once it is over.
    fn ended(&self, ended_at: Timestamp) -> Ended {
        Ended {
            grant_id: self.id.clone(),
            account_id: self.account_id.clone(),
            provider_id: self.provider_id.clone(),
            listing_name: self.listing_name.clone(),
            scopes: self.scopes.iter().map(|scope| scope.name.clone()).collect(),
            ended_at,
        }
    }

    /// Ends it: tokens dead, both parties told, deletion demand drafted (4.4.5), in one change. `None`
    /// where it was over before.
    #[must_use]
    pub fn end(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        ending: Ending,
        occasion: &Occasion,
    ) -> Option<(Self, Change)> {
        let Ending { cause, ended_at } = ending;
        if loaded.status != GrantStatus::Active {
            return None;
        }
        // An agreement may have ended after the grant's own term did, or before it began.
        let ended_at = ended_at.min(loaded.expires_at).max(loaded.granted_at);
        let message = messages::GrantEnded {
            merchant: account.legal_name.to_string(),
            provider: provider.legal_name.to_string(),
            listing: loaded.listing_name.to_string(),
            grant: loaded.id.to_string(),
            scopes: loaded.scope_names(),
            ended_at,
            reason: cause.words(),
        };
        let event = match cause {
            EndCause::Expired => Event::of(events::GrantExpired { ended_at }),
            EndCause::Revoked => Event::of(events::GrantRevoked { ended_at }),
            EndCause::AgreementEnded => Event::of(events::GrantEnded { ended_at }),
        };
        let event = event
            .tell(Reach::Party(account), message.clone())
            .tell(Reach::ProviderOf(provider, account), message);
        let ended =
            Self { status: GrantStatus::Ended { cause, ended_at }, token: None, ..loaded.state.clone() };
        let change = Change::on(occasion)
            .update(loaded, &ended, event)
            .and(DeletionDemand::draft(ended.ended(ended_at), occasion));
        Some((ended, change))
    }
}
