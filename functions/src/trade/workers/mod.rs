//! What becomes due in trade.

mod advance_case;

use futures_util::FutureExt;
use market_kernel::aggregate::Lane;
use market_trade::listings::Listing;
use market_trade::orders::Order;
use market_trade::payments::PaymentRecord;

use self::advance_case::advance_case;
use crate::workers::Kind;

/// The kinds of this context.
pub(crate) const KINDS: &[Kind] = &[
    Kind::notified::<Order>().due(&[Lane::AdvanceCase], |jobs, key| advance_case(jobs, key).boxed()),
    Kind::notified::<PaymentRecord>(),
    Kind::notified::<Listing>(),
];
