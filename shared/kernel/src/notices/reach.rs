//! A recipient as loaded: what a text needs to know about that party, and its channels.

use super::{Channel, Manner};
use crate::party::{Contacts, Language, Party, Recipient};

/// Whom a message is for, as that party is now.
#[derive(Debug, Clone)]
pub enum Reach<'a> {
    /// A party, of its own affairs: the agreement that binds it is cited, where one does.
    Party(&'a dyn Party),
    /// A provider, about its relation with a merchant: that merchant's agreement is cited.
    ProviderOf(&'a dyn Party, &'a dyn Party),
    /// A party as it was, at addresses that it gave up and nowhere else.
    GivenUp(Box<Reach<'a>>, Vec<(Channel, &'a str)>),
    /// Everyone, on the notice board, in this language.
    Everyone(Language),
}

impl Reach<'_> {
    /// The party.
    fn party(&self) -> Option<&dyn Party> {
        match self {
            Self::Party(party) | Self::ProviderOf(party, _) => Some(*party),
            Self::GivenUp(reach, _) => reach.party(),
            Self::Everyone(_) => None,
        }
    }

    /// The recipient.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        self.party().map_or(Recipient::Everyone, |party| Recipient::Party(party.party_id()))
    }

    /// Its language.
    #[must_use]
    pub fn language(&self) -> Language {
        match self {
            Self::Everyone(language) => *language,
            _ => self.contacts().map_or_else(Language::default, |contacts| contacts.language),
        }
    }

    /// Its full name.
    pub(super) fn name(&self) -> Option<&str> {
        self.party().map(|party| party.legal_name().as_str())
    }

    /// How it is reached.
    pub(crate) fn contacts(&self) -> Option<&Contacts> {
        self.party().map(Party::contacts)
    }

    /// The clause that carries a rule of the market, as it is cited to this party.
    pub(super) fn cites(&self, rule: &str) -> Option<String> {
        match self {
            Self::Party(party) | Self::ProviderOf(_, party) => party.cite(rule, self.language()),
            Self::GivenUp(reach, _) => reach.cites(rule),
            Self::Everyone(_) => None,
        }
    }

    /// The channels that reach it, with the addresses: the site and e-mail; a text message too where much
    /// depends on the message.
    pub(super) fn channels(&self, manner: Manner) -> Vec<(Channel, Option<String>)> {
        if let Self::GivenUp(_, left) = self {
            return left.iter().map(|(channel, address)| (*channel, Some((*address).to_owned()))).collect();
        }
        let Some(contacts) = self.contacts() else { return vec![(Channel::Announcement, None)] };
        let mut channels = Vec::new();
        if manner.is_shown_in_site() {
            channels.push((Channel::InSite, None));
        }
        channels.push((Channel::Email, Some(contacts.email.as_str().to_owned())));
        if let (true, Some(phone)) = (manner.is_grave(), &contacts.phone) {
            channels.push((Channel::Sms, Some(phone.as_str().to_owned())));
        }
        channels
    }
}
