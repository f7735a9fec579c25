//! Contacts that change (11.1).
//!
//! Whoever is told of something has to be told where they are now, so a party can change its contacts
//! whatever has become of its agreement. The new address and each one that was given up are told of it: who
//! did not ask for the change learns of it where they still read.

use jiff::{SignedDuration, Timestamp};
use market_kernel::change::Event;
use market_kernel::notices::{Channel, Reach};
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Contacts};

use crate::events;
use crate::messages;

/// How long a party leaves its contacts alone after a change: whoever has to write the same item meanwhile,
/// to end its agreement, finds it at rest (decision 0022).
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Why contacts were not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactsRefusal {
    /// They were changed a moment ago.
    #[error("they can be changed again from {until} on")]
    JustChanged {
        /// When the pause is over.
        until: Timestamp,
    },
}

/// What a party's new contacts mean: the event with its notices, or nothing where they are those that it has.
/// The operator, who may have to put right what another did in a party's name, waits for nothing.
pub(crate) fn changed<'a>(
    (party, before): (Reach<'a>, &'a Contacts),
    (as_changed, after): (Reach<'a>, &'a Contacts),
    changed_at: Option<Timestamp>,
    occasion: &Occasion,
) -> Result<Option<Event<'a>>, ContactsRefusal> {
    if before == after {
        return Ok(None);
    }
    let by_operator = matches!(occasion.actor, Actor::Operator(_));
    let until = changed_at.and_then(|at| at.checked_add(PAUSE).ok());
    if let Some(until) = until.filter(|until| *until > occasion.at && !by_operator) {
        return Err(ContactsRefusal::JustChanged { until });
    }
    let (email, phone) = (before.email != after.email, before.phone != after.phone);
    let event =
        Event::of(events::ContactsChanged { email, phone, language: before.language != after.language })
            .tell(as_changed, messages::ContactsChanged::to(after, by_operator));
    let left_email = email.then(|| (Channel::Email, before.email.as_str()));
    let left_phone = before.phone.as_ref().filter(|_| phone).map(|left| (Channel::Sms, left.as_str()));
    let left = left_email.into_iter().chain(left_phone).collect();
    let left = Reach::GivenUp(Box::new(party), left);
    Ok(Some(event.tell(left, messages::ContactsLeft { by_operator })))
}

#[cfg(test)]
mod tests {
    use market_kernel::aggregate::Loaded;
    use market_kernel::change::Change;
    use market_kernel::evidence::Evidence;
    use market_kernel::hash::Sha256Hash;
    use market_kernel::notices::{Notice, samples};
    use market_kernel::party::{Language, PartyId};
    use market_kernel::stored::form::read;

    use super::*;
    use crate::accounts::MarketAccount;
    use crate::applications::Application;
    use crate::credit_code::CreditCode;

    fn contacts(email: &str, phone: Option<&str>) -> Contacts {
        Contacts {
            email: email.to_owned().try_into().unwrap(),
            phone: phone.map(|phone| phone.to_owned().try_into().unwrap()),
            language: Language::Chinese,
        }
    }

    fn occasion(second: i64, actor: Actor) -> Occasion {
        samples::occasion(Timestamp::from_second(second).unwrap(), actor)
    }

    fn merchant() -> Actor {
        Actor::Party(PartyId::Merchant("shop-1".parse().unwrap()))
    }

    fn account() -> Loaded<MarketAccount> {
        let name = "成都示例商贸有限公司".try_into().unwrap();
        let code = CreditCode::with_check_characters("91510100MA6C0QLJ").unwrap();
        let contacts = contacts("old@example.com", Some("+8613800000001"));
        let occasion = occasion(0, merchant());
        let application = Application {
            id: "shop-1".parse().unwrap(),
            legal_name: name,
            credit_code: code,
            vouching: None,
            contacts,
        };
        let (account, _) = MarketAccount::apply(None, application, &occasion).unwrap();
        Loaded::new(account, 1, Sha256Hash::origin())
    }

    /// To whom a change speaks: what about, on which channel, at which address.
    fn told(change: &Change) -> Vec<(String, Channel, Option<String>)> {
        let notices = change.writes.iter().filter(|write| write.kind == "notice");
        let notices = notices.map(|write| read::<Notice>(&write.body, write.schema).unwrap().0);
        notices.map(|notice| (notice.about, notice.channel, notice.address)).collect()
    }

    #[test]
    fn the_new_address_and_each_that_was_given_up_are_told_and_no_other() {
        let to = |email: &str, phone: Option<&str>| {
            let wanted = contacts(email, phone);
            let (_, change) = MarketAccount::change_contacts(&account(), wanted, &occasion(60, merchant()))
                .unwrap()
                .unwrap();
            told(&change)
        };
        let say = |about: &str, channel, address: Option<&str>| {
            (about.to_owned(), channel, address.map(str::to_owned))
        };
        let (old, new) = ("old@example.com", "new@example.com");
        let changed = |email| {
            vec![
                say("contacts_changed", Channel::InSite, None),
                say("contacts_changed", Channel::Email, Some(email)),
            ]
        };
        let left_email = || say("contacts_left", Channel::Email, Some(old));
        let left_phone = || say("contacts_left", Channel::Sms, Some("+8613800000001"));
        assert_eq!(to(new, Some("+8613800000001")), [changed(new), vec![left_email()]].concat());
        assert_eq!(
            to(new, Some("+8613800000002")),
            [changed(new), vec![left_email(), left_phone()]].concat()
        );
        assert_eq!(to(old, None), [changed(old), vec![left_phone()]].concat());
    }

    #[test]
    fn evidence_says_what_changed_and_not_to_what() {
        let wanted = contacts("new@example.com", Some("+8613800000001"));
        let (after, change) =
            MarketAccount::change_contacts(&account(), wanted.clone(), &occasion(60, merchant()))
                .unwrap()
                .unwrap();
        assert_eq!(after.contacts, wanted);
        let record = change.writes[0].record.as_ref().unwrap();
        assert!(!record.contains("example.com") && !record.contains("+86"), "{record}");
        let facts = Evidence::read(record).unwrap().facts;
        assert_eq!(
            serde_json::Value::from(facts),
            serde_json::json!({ "email": true, "phone": false, "language": false })
        );
    }

    #[test]
    fn a_party_waits_a_minute_between_changes_and_the_operator_does_not() {
        let first = contacts("new@example.com", None);
        let (after, _) = MarketAccount::change_contacts(&account(), first.clone(), &occasion(60, merchant()))
            .unwrap()
            .unwrap();
        let loaded = Loaded::new(after, 2, Sha256Hash::origin());
        let second = || contacts("third@example.com", None);
        let refused =
            MarketAccount::change_contacts(&loaded, second(), &occasion(119, merchant())).unwrap_err();
        assert_eq!(refused, ContactsRefusal::JustChanged { until: Timestamp::from_second(120).unwrap() });
        let same = MarketAccount::change_contacts(&loaded, first, &occasion(119, merchant())).unwrap();
        assert!(same.is_none(), "nothing to write, and nothing to refuse");
        for (second_at, actor) in [(120, merchant()), (61, Actor::Operator("ops".to_owned()))] {
            let changed = MarketAccount::change_contacts(&loaded, second(), &occasion(second_at, actor));
            assert!(changed.unwrap().is_some());
        }
    }
}
