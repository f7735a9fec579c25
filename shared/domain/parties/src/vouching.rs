//! Vouching for a credit code (clauses 2.3, 5.1): the operator's word, with what it rests on, that a code is a legal
//! entity's although it breaks the rule, as codes of the early pilots do.
//!
//! It is of the code, not of an account: whoever applies with the code afterwards is let in by it, and the record of
//! the application names the record of the vouching. It never changes.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::{Key, Place};
use market_kernel::occasion::Occasion;
use market_kernel::text::Prose;

use crate::credit_code::{CreditCode, CreditCodeError, GivenCode};
use crate::events;

/// A code that the operator vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouching {
    /// The code.
    pub code: CreditCode,
    /// What the operator saw, and where: the licence, the register.
    pub reason: Prose,
    /// The hash of the document that it saw.
    pub document_sha256: Option<Sha256Hash>,
    /// When it vouched.
    pub vouched_at: Timestamp,
}

/// Why a code is not vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VouchRefusal {
    /// It needs nobody's word.
    #[error("the code keeps the rule")]
    KeepsTheRule,
    /// It was vouched for before.
    #[error("the code was vouched for before")]
    AlreadyVouched,
}

impl Vouching {
    /// Vouches for a code that breaks the rule.
    ///
    /// # Errors
    /// See [`VouchRefusal`].
    pub fn vouch(
        existing: Option<&Loaded<Self>>,
        code: GivenCode,
        reason: Prose,
        document_sha256: Option<Sha256Hash>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), VouchRefusal> {
        if code.of_the_rule().is_ok() {
            return Err(VouchRefusal::KeepsTheRule);
        }
        if existing.is_some() {
            return Err(VouchRefusal::AlreadyVouched);
        }
        let event = Event::of(events::CreditCodeVouched { document_sha256: document_sha256.clone() });
        let vouching =
            Self { code: CreditCode::vouched(code), reason, document_sha256, vouched_at: occasion.at };
        let change = Change::on(occasion).create(&vouching, event);
        Ok((vouching, change))
    }

    /// A code, if it keeps the rule or the operator vouched for it.
    ///
    /// # Errors
    /// What breaks the rule.
    pub fn accept(vouching: Option<&Loaded<Self>>, given: &GivenCode) -> Result<CreditCode, CreditCodeError> {
        match vouching {
            Some(vouching) if vouching.code.as_str() == given.as_str() => Ok(vouching.code.clone()),
            _ => given.of_the_rule(),
        }
    }
}

impl Aggregate for Vouching {
    type Id = GivenCode;
    const KIND: &'static str = "vouching";
    const PLACE: Place = Place::Own("credit-code#");

    fn key_of(code: &GivenCode) -> Key {
        Self::PLACE.own(code)
    }

    fn key(&self) -> Key {
        Self::PLACE.own(&self.code)
    }
}
