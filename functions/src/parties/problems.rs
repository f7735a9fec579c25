//! What parties are refused, and by which codes.

use market_parties::accounts::{AccountRefusal, ApplyRefusal};
use market_parties::contacts::ContactsRefusal;
use market_parties::providers::ProviderRefusal;
use market_parties::vouching::VouchRefusal;

use crate::http::problem::{codes, refusals};
pub use crate::http::problems::INVALID_BODY;

codes! {
    ALREADY_APPLIED 409 "already-applied" "This party has applied before." "Read the existing account or provider."
    ALREADY_APPROVED 409 "already-approved" "It was approved before." "Nothing to do."
    NOTHING_TO_VOUCH 422 "nothing-to-vouch" "The credit code keeps the rule." "Apply with it: nobody has to vouch for it."
    ALREADY_VOUCHED 409 "already-vouched" "The credit code was vouched for before." "Nothing to do."
    ACCOUNT_NOT_OPEN 409 "account-not-open" "The market agreement has not been accepted." "Accept the market agreement in force first."
    AGREEMENT_OUTDATED 409 "agreement-outdated" "A newer version of the market agreement is in force." "Read the version that `detail` names, and accept it."
    ACCOUNT_ENDED 409 "account-ended" "The market agreement has ended." "Orders and grants are over. Demanding deletion, reading and exporting remain open."
    CONTACTS_JUST_CHANGED 409 "contacts-just-changed" "The contacts were changed less than a minute ago." "Send the request again after the instant that `detail` names, with a fresh Idempotency-Key."
}

refusals! {
    ApplyRefusal { ApplyRefusal::AlreadyApplied => ALREADY_APPLIED }
    AccountRefusal {
        AccountRefusal::NotOpen => ACCOUNT_NOT_OPEN,
        AccountRefusal::AgreementOutdated { .. } => AGREEMENT_OUTDATED,
        AccountRefusal::Ended => ACCOUNT_ENDED,
    }
    ProviderRefusal {
        ProviderRefusal::AlreadyApplied => ALREADY_APPLIED,
        ProviderRefusal::AlreadyApproved => ALREADY_APPROVED,
    }
    ContactsRefusal { ContactsRefusal::JustChanged { .. } => CONTACTS_JUST_CHANGED }
    VouchRefusal {
        VouchRefusal::KeepsTheRule => NOTHING_TO_VOUCH,
        VouchRefusal::AlreadyVouched => ALREADY_VOUCHED,
    }
}
