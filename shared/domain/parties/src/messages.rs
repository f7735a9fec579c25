//! What is said of accounts, providers and their contacts.

use market_kernel::message;
use market_kernel::party::Contacts;

message! {
    /// A merchant has accepted the agreement.
    AccountOpened = "account_opened" {
        title: String,
        version: u32,
    }
    texts: "zh/account_opened.txt", "en/account_opened.txt";
}

message! {
    /// A provider may offer things.
    ProviderApproved = "provider_approved" {}
    texts: "zh/provider_approved.txt", "en/provider_approved.txt";
}

message! {
    /// To a party at its new addresses: says which contacts hold.
    ContactsChanged = "contacts_changed" {
        by_operator: bool,
        email: String,
        phone: Option<String>,
    }
    texts: "zh/contacts_changed.txt", "en/contacts_changed.txt";
}

message! {
    /// To the addresses that a party gave up: does not say what took their place.
    ContactsLeft = "contacts_left" {
        by_operator: bool,
    }
    manner: AddressLeft;
    texts: "zh/contacts_left.txt", "en/contacts_left.txt";
}

impl ContactsChanged {
    /// That these hold from now on.
    pub(crate) fn to(contacts: &Contacts, by_operator: bool) -> Self {
        let phone = contacts.phone.as_ref().map(|phone| phone.as_str().to_owned());
        Self { by_operator, email: contacts.email.as_str().to_owned(), phone }
    }
}
