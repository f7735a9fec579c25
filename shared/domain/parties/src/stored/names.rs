//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use market_kernel::names;

use crate::accounts::AccountStatus;
use crate::providers::ProviderStatus;

names! {
    AccountStatus { Applied = "applied", Active = "active", Terminated = "terminated" }
    ProviderStatus { Applied = "applied", Approved = "approved" }
}
