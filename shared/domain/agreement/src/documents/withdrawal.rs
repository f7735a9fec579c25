//! Taking back a version before it takes effect (1.4, 9.4): a wrong version must not block its correction.
//!
//! What was published stays readable, with its text and its clauses, and its number is not given again.

use jiff::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Language, PartyId};
use market_kernel::stored::form;

pub use super::Withdrawn;
use super::{Document, Publisher, Version};
use crate::events;
use crate::messages;

/// How many versions of a document can be withdrawn in all.
pub const MAX_WITHDRAWN: usize = 100;

/// Why a version was not withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawRefusal {
    /// There is no such version.
    #[error("the document has no such version")]
    NoSuchVersion,
    /// Someone else published it.
    #[error("the document has another publisher")]
    NotThePublisher,
    /// It has taken effect, or was withdrawn before.
    #[error("the version has taken effect, or was withdrawn before")]
    NotToCome,
    /// Too many were withdrawn before it.
    #[error("{MAX_WITHDRAWN} versions of the document were withdrawn, and no more can be")]
    TooMany,
}

impl Document {
    /// The number of its newest version, withdrawn or not.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        let standing = self.versions.iter().map(|version| version.number);
        standing.chain(self.withdrawn.iter().map(|withdrawn| withdrawn.number)).max()
    }

    /// When a version was withdrawn, if it was.
    #[must_use]
    pub fn withdrawn_at(&self, number: u32) -> Option<Timestamp> {
        self.withdrawn.iter().find(|withdrawn| withdrawn.number == number).map(|withdrawn| withdrawn.at)
    }

    /// Withdraws a version that is still to take effect.
    ///
    /// # Errors
    /// See [`WithdrawRefusal`].
    pub fn withdraw(
        loaded: &Loaded<Self>,
        number: u32,
        occasion: &Occasion,
    ) -> Result<(Self, Change), WithdrawRefusal> {
        if number == 0 || loaded.newest().is_none_or(|newest| number > newest) {
            return Err(WithdrawRefusal::NoSuchVersion);
        }
        let is_the_publishers = match (&loaded.publisher, &occasion.actor) {
            (Publisher::Operator, Actor::Operator(_)) => true,
            (Publisher::Provider(publisher), Actor::Party(PartyId::Provider(provider))) => {
                publisher == provider
            }
            _ => false,
        };
        if !is_the_publishers {
            return Err(WithdrawRefusal::NotThePublisher);
        }
        let version = loaded.version(number).filter(|version| version.effective_at > occasion.at);
        let version = version.ok_or(WithdrawRefusal::NotToCome)?.clone();
        if loaded.withdrawn.len() >= MAX_WITHDRAWN {
            return Err(WithdrawRefusal::TooMany);
        }
        let mut document = loaded.state.clone();
        document.versions.retain(|version| version.number != number);
        document.withdrawn.push(Withdrawn { number, at: occasion.at });
        // It has the title of the newest that still stands.
        if let Some(title) = document.versions.last().and_then(|newest| newest.title.clone()) {
            document.title = title;
        }
        let under = Self::published_under(&document.publisher, number);
        let mut event =
            Event::of(events::VersionWithdrawn { under, version: number, sha256: version.sha256.clone() });
        if document.publisher == Publisher::Operator {
            let title = version.title.as_ref().unwrap_or(&loaded.title).to_string();
            let message =
                messages::VersionWithdrawn { title, version: number, effective_at: version.effective_at };
            event = event.tell(Reach::Everyone(Language::Chinese), message);
        }
        // One that was published before versions had items of their own gets it now.
        let key = Self::version_key(&document.id, number);
        let change = Change::on(occasion).update(loaded, &document, event).store_again(
            key,
            version.stored(),
            form::schema::<Version>(),
        );
        Ok((document, change))
    }
}
