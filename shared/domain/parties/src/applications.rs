//! What a legal entity states when it applies (clauses 2.2, 2.3, 5.1), as a merchant or as a provider.

use market_kernel::aggregate::Loaded;
use market_kernel::party::Contacts;
use market_kernel::text::Line;

use crate::credit_code::CreditCode;
use crate::vouching::Vouching;

/// An application of the party with this id.
#[derive(Debug, Clone)]
pub struct Application<'a, Id> {
    /// The id that its tokens name it by.
    pub id: Id,
    /// The legal entity's name.
    pub legal_name: Line,
    /// Its unified social credit code.
    pub credit_code: CreditCode,
    /// What the code was accepted by, where it breaks the rule.
    pub vouching: Option<&'a Loaded<Vouching>>,
    /// How to reach it.
    pub contacts: Contacts,
}
