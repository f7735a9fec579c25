//! What is said of listings, orders and payments. `merchant` and `provider` are full names.

use jiff::Timestamp;
use market_kernel::message;
use market_kernel::money::Fen;
use market_kernel::notices::Words;
use market_parties::samples::{Cast, Sample};

message! {
    /// What a provider submitted passed review.
    ListingListed = "listing_listed" {
        listing: String,
    }
    texts: "zh/listing_listed.txt", "en/listing_listed.txt";
}

message! {
    /// An order's service runs.
    OrderInService = "order_in_service" {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        paid: Fen,
        term: Term,
    }
    texts: "zh/order_in_service.merchant.txt", "en/order_in_service.merchant.txt";
    to provider: "zh/order_in_service.provider.txt", "en/order_in_service.provider.txt";
}

message! {
    /// A payment does not fit its order, and is looked at.
    PaymentHeld = "payment_held" {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
    }
    texts: "zh/payment_held.txt", "en/payment_held.txt";
}

message! {
    /// A payment goes back.
    PaymentToReturn = "payment_to_return" {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
        reason: Words,
    }
    texts: "zh/payment_to_return.txt", "en/payment_to_return.txt";
}

message! {
    /// A payment went back.
    PaymentReturned = "payment_returned" {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
    }
    texts: "zh/payment_returned.txt", "en/payment_returned.txt";
}

message! {
    /// A payment was looked at, and nothing goes back.
    PaymentDismissed = "payment_dismissed" {
        listing: String,
        order: String,
        payment: String,
    }
    texts: "zh/payment_dismissed.txt", "en/payment_dismissed.txt";
}

message! {
    /// An order is closed before its time.
    OrderClosed = "order_closed" {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        was_paid: bool,
        reason: Words,
    }
    texts: "zh/order_closed.merchant.txt", "en/order_closed.merchant.txt";
    to provider: "zh/order_closed.provider.txt", "en/order_closed.provider.txt";
}

message! {
    /// An order's term is over.
    OrderExpired = "order_expired" {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        ended_at: Timestamp,
    }
    texts: "zh/order_expired.merchant.txt", "en/order_expired.merchant.txt";
    to provider: "zh/order_expired.provider.txt", "en/order_expired.provider.txt";
}

/// How long an order's service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// To the end of the plan's term.
    Until(Timestamp),
    /// By consent, to the end of the agreement.
    Shortened(Timestamp),
    /// Of a plan without term, to the end of the agreement, of which notice was given.
    WithAgreement(Timestamp),
    /// Of a plan without term.
    Open,
}

impl Term {
    /// The term of an order, beside the end that its agreement has by now.
    #[must_use]
    pub fn of(valid_until: Option<Timestamp>, agreement_ends_at: Option<Timestamp>) -> Self {
        match (valid_until, agreement_ends_at) {
            (Some(end), Some(last)) if end == last => Self::Shortened(end),
            (Some(end), _) => Self::Until(end),
            (None, Some(end)) => Self::WithAgreement(end),
            (None, None) => Self::Open,
        }
    }
}

/// Samples of it all.
#[must_use]
pub fn samples(cast: &Cast) -> Vec<Sample> {
    let (merchant, provider, listing) = (|| cast.merchant(), || cast.seller(), || cast.listing.clone());
    let (order, payment, paid) = (|| cast.order(), || cast.payment(), cast.paid());
    let midnight = cast.midnight();
    let in_service = |paid, valid_until, agreement_ends_at| {
        let term = Term::of(valid_until, agreement_ends_at);
        let (merchant, provider) = (merchant(), provider());
        let message = OrderInService { merchant, provider, listing: listing(), order: order(), paid, term };
        Sample::new("4.6", message, cast.both())
    };
    let closed = |clause, was_paid, reason| {
        let (merchant, provider) = (merchant(), provider());
        let message =
            OrderClosed { merchant, provider, listing: listing(), order: order(), was_paid, reason };
        Sample::new(clause, message, cast.both())
    };
    let returned = Words { english: "the order was paid before", chinese: "该订单此前已付款" };
    let ended = Words { english: "the market agreement ended", chinese: "服务市场协议已终止" };
    let unpaid = Words { english: "it was not paid in time", chinese: "逾期未付款" };
    vec![
        Sample::new("4.2", ListingListed { listing: listing() }, cast.providers()),
        in_service(paid, Some(midnight), None),
        in_service(paid, Some(midnight), Some(midnight)),
        in_service(paid, None, Some(midnight)),
        in_service(Fen::default(), None, None),
        Sample::new(
            "4.6",
            PaymentHeld { listing: listing(), order: order(), payment: payment(), amount: paid },
            cast.merchants(),
        ),
        Sample::new(
            "4.6",
            PaymentToReturn {
                listing: listing(),
                order: order(),
                payment: payment(),
                amount: paid,
                reason: returned,
            },
            cast.merchants(),
        ),
        Sample::new(
            "4.6",
            PaymentReturned { listing: listing(), order: order(), payment: payment(), amount: paid },
            cast.merchants(),
        ),
        Sample::new(
            "4.6",
            PaymentDismissed { listing: listing(), order: order(), payment: payment() },
            cast.merchants(),
        ),
        closed("10.1", true, ended),
        closed("4.6", false, unpaid),
        Sample::new(
            "4.2",
            OrderExpired {
                merchant: merchant(),
                provider: provider(),
                listing: listing(),
                order: order(),
                ended_at: midnight,
            },
            cast.both(),
        ),
    ]
}
