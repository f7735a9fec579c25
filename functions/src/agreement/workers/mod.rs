//! What becomes due of what was agreed.

mod terminate_account;

use futures_util::FutureExt;
use market_agreement::documents::Document;
use market_agreement::documents::acceptance::Acceptance;
use market_agreement::holidays::Holidays;
use market_agreement::terminations::Termination;
use market_kernel::aggregate::Lane;

use self::terminate_account::terminate_account;
use crate::workers::Kind;

/// The kinds of this context. What is said of a document happened, and stays so.
pub(crate) const KINDS: &[Kind] = &[
    Kind::notified::<Termination>()
        .due(&[Lane::TerminateAccount], |jobs, key| terminate_account(jobs, key).boxed()),
    Kind::of::<Acceptance>(),
    Kind::of::<Document>(),
    Kind::of::<Holidays>(),
];
