//! A party, a message and a thing for tests of what is common to all of them: what they are is the contexts' own.

use serde::{Deserialize, Serialize};

use super::{MadeOf, Manner, Message};
use crate::aggregate::Aggregate;
use crate::citations::Citations;
use crate::keys::{Key, Place};
use crate::party::{Contacts, Language, Party, PartyId, Recipient};
use crate::stored::form::{Storable, StoredForm, Upcaster};
use crate::text::Line;

/// A merchant whose agreement is numbered as the market's rules are.
#[derive(Debug)]
pub(crate) struct Shop {
    name: Line,
    contacts: Contacts,
    citations: Citations,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let rules =
            ["10.1.2", "11.1"].map(|rule| (rule.to_owned().try_into().unwrap(), rule.parse().unwrap()));
        Self {
            name: "成都示例商贸有限公司".try_into().unwrap(),
            contacts: Contacts {
                email: "shop-1@example.com".to_owned().try_into().unwrap(),
                phone: Some("+8613800000001".to_owned().try_into().unwrap()),
                language: Language::Chinese,
            },
            citations: Citations {
                title: "服务市场服务协议（用户版）".try_into().unwrap(),
                version: 1,
                rules: rules.into(),
            },
        }
    }
}

impl Party for Shop {
    fn party_id(&self) -> PartyId {
        PartyId::Merchant("shop-1".parse().unwrap())
    }

    fn legal_name(&self) -> &Line {
        &self.name
    }

    fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    fn cite(&self, rule: &str, language: Language) -> Option<String> {
        self.citations.cite(rule, language)
    }
}

/// That something grave ended.
#[derive(Debug)]
pub(crate) struct Ended;

impl Message for Ended {
    fn about(&self) -> &'static str {
        "agreement_ended"
    }

    fn manner(&self) -> Manner {
        Manner::Grave
    }

    fn text(&self, language: Language, _: &Recipient) -> String {
        match language {
            Language::Chinese => "服务市场协议已于北京时间1970年1月1日08:00终止\n正文".to_owned(),
            Language::English => {
                "The agreement ended at 08:00 on 1 January 1970, Beijing time\nText".to_owned()
            }
        }
    }

    fn made_of(&self) -> MadeOf {
        MadeOf { context: "market-kernel", blanks: &[], texts: &[] }
    }
}

/// A thing with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing(pub(crate) String);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredThing {
    name: String,
}

impl Storable for Thing {
    type Form = StoredThing;
}

impl StoredForm for StoredThing {
    type State = Thing;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(Thing(name): Thing) -> Self {
        Self { name }
    }

    fn restore(self) -> Thing {
        Thing(self.name)
    }
}

impl Aggregate for Thing {
    type Id = String;
    const KIND: &'static str = "thing";
    const PLACE: Place = Place::Own("thing#");

    fn key_of(id: &String) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.0)
    }
}
