//! What is refused about what is agreed, and by which codes.

use market_agreement::documents::PublishRefusal;
use market_agreement::documents::acceptance::AcceptRefusal;
use market_agreement::documents::withdrawal::WithdrawRefusal;
use market_agreement::holidays::HolidaysRefusal;
use market_agreement::terminations::TerminateRefusal;

use crate::http::problem::{codes, refusals};
pub use crate::http::problems::{CORRUPT, INTERNAL, INVALID_BODY, NOT_FOUND};
pub use crate::parties::problems::{ACCOUNT_ENDED, ACCOUNT_NOT_OPEN};

codes! {
    NOT_THE_PUBLISHER 409 "not-the-publisher" "The document has another publisher." "Choose another document id."
    WRONG_DOCUMENT_KIND 422 "wrong-document-kind" "This publisher does not publish documents of this kind, or the document is of another kind." "Providers publish subscription agreements; the operator publishes bodies, annexes and rules. A document keeps its kind."
    WRONG_DOCUMENT_ID 422 "wrong-document-id" "A new document of this publisher's cannot have this id." "The operator's ids have no dot. A provider's are its own id, a dot, and a name without a dot, such as northwind.terms."
    INVALID_TEXT 422 "invalid-text" "The text shows nothing, is larger than 300 KiB, or has characters that turn, break or hide what is shown." "Send 1 to 307200 bytes of UTF-8, without control characters (but tabs and line breaks), bidirectional controls, line and paragraph separators, tags and private characters. `detail` names the first."
    INVALID_OUTLINE 422 "invalid-outline" "The outline is not one of the text, or is too large to be kept." "Give lines of the text that are not empty, from above to below, each with an address of its own and a depth of at most one more than the clause before it. A version has at most 2000 clauses."
    NOTHING_RECOGNISED 422 "nothing-recognised" "No clause is recognised in the text of a body." "Give its clauses as `outline`, or say with `unnumbered` that it has none. `preview_version` tells what was read."
    NO_SUCH_CLAUSE 422 "no-such-clause" "A clause is not in the text." "Name clauses by their addresses, for example 4.4.5 or 第五条. `preview_version` lists them."
    SAME_TEXT 409 "same-text" "A version with exactly this text is the newest already." "Nothing to publish."
    WRONG_EFFECTIVE_DATE 422 "wrong-effective-date" "The version would take effect before it is published, or before an earlier version." "Choose a later `effective_at`."
    TOO_MANY_VERSIONS 409 "too-many-versions" "As many versions of the document as it can hold are still to take effect, or were withdrawn." "Publish it once one of them has taken effect; a document takes a hundred withdrawals."
    VERSION_NOT_TO_COME 409 "version-not-to-come" "The version has taken effect, or was withdrawn before." "Publish the next version; what is in force cannot be withdrawn."
    PUBLICITY_TOO_SHORT 422 "publicity-too-short" "The publicity period of an amendment is too short (clause 9.4)." "Choose an `effective_at` not before the instant that `detail` names."
    NO_SUCH_VERSION 422 "no-such-version" "The document has no such version in force." "Read the document for its versions."
    NOT_IN_FORCE 409 "not-in-force" "Another version is in force." "Accept the version that `detail` names."
    OTHER_TEXT 422 "other-text" "The hash is not that of the version's text." "Read the text again, show that, and send its SHA-256."
    PROMINENT_CLAUSES_NOT_SHOWN 422 "prominent-clauses-not-shown" "Prominent clauses were not shown (clause 1.2)." "Show every clause that `detail` names, and list them."
    OTHER_RENDERING 422 "other-rendering" "The hash is not that of a rendering that the market serves." "Show the version's text or one of its pages as the market serves them, and send the SHA-256 of what was shown."
    ALREADY_ACCEPTED 409 "already-accepted" "This version was accepted before." "Nothing to do."
    PROVIDER_NOT_APPROVED 409 "provider-not-approved" "The provider is not approved." "Wait for the operator's approval."
    INVALID_TERM 422 "invalid-term" "A date or term is out of its range." "Choose another; where there is a latest instant, `detail` names it."
    ALREADY_TERMINATING 409 "already-terminating" "Notice of termination has been served already." "Read the account."
    INVALID_SCHEDULE 422 "invalid-schedule" "The holiday schedule contradicts itself or the law." "See `detail`, and compare the schedule with the notice."
    SCHEDULE_PUBLISHED 409 "schedule-published" "A holiday schedule of the year is published, or there is none that could be corrected." "Read it. A correction names in `corrects` the version that it corrects."
    SCHEDULE_BUILT_IN 409 "schedule-built-in" "The holiday schedule of the year is part of this release." "A correction of it comes with the next release."
    NOTICE_NOT_RUNNING 409 "notice-not-running" "The notice of termination has taken effect or was withdrawn." "Read the termination."
    EVENT_IN_THE_FUTURE 422 "event-in-the-future" "The event lies in the future." "Report it when it has happened."
}

refusals! {
    HolidaysRefusal {
        HolidaysRefusal::Schedule(_) | HolidaysRefusal::InTheFuture => INVALID_SCHEDULE,
        HolidaysRefusal::AlreadyPublished { .. }
            | HolidaysRefusal::NothingToCorrect
            | HolidaysRefusal::SameSchedule
            | HolidaysRefusal::TooManyVersions => SCHEDULE_PUBLISHED,
        HolidaysRefusal::BuiltIn(_) => SCHEDULE_BUILT_IN,
    }
    PublishRefusal {
        PublishRefusal::NotThePublisher => NOT_THE_PUBLISHER,
        PublishRefusal::ProviderNotApproved => PROVIDER_NOT_APPROVED,
        PublishRefusal::WrongKind | PublishRefusal::KindChanged => WRONG_DOCUMENT_KIND,
        PublishRefusal::WrongId => WRONG_DOCUMENT_ID,
        PublishRefusal::TextSize | PublishRefusal::TextCharacter { .. } => INVALID_TEXT,
        PublishRefusal::WrongOutline(_) | PublishRefusal::OutlineSize => INVALID_OUTLINE,
        PublishRefusal::NothingRecognised => NOTHING_RECOGNISED,
        PublishRefusal::NoSuchClause(_) => NO_SUCH_CLAUSE,
        PublishRefusal::TooManyProminent => INVALID_BODY,
        PublishRefusal::TooManyToCome => TOO_MANY_VERSIONS,
        PublishRefusal::SameText(_) => SAME_TEXT,
        PublishRefusal::BeforeEarlierVersion(_) | PublishRefusal::Retroactive => WRONG_EFFECTIVE_DATE,
        PublishRefusal::PublicityTooShort { .. } => PUBLICITY_TOO_SHORT,
    }
    WithdrawRefusal {
        WithdrawRefusal::NoSuchVersion => NOT_FOUND,
        WithdrawRefusal::NotThePublisher => NOT_THE_PUBLISHER,
        WithdrawRefusal::NotToCome => VERSION_NOT_TO_COME,
        WithdrawRefusal::TooMany => TOO_MANY_VERSIONS,
    }
    AcceptRefusal {
        AcceptRefusal::NoSuchVersion => NO_SUCH_VERSION,
        AcceptRefusal::NotInForce { .. } => NOT_IN_FORCE,
        AcceptRefusal::OtherText => OTHER_TEXT,
        AcceptRefusal::ProminentNotShown(_) => PROMINENT_CLAUSES_NOT_SHOWN,
        AcceptRefusal::NoSuchClause(_) => NO_SUCH_CLAUSE,
        AcceptRefusal::OtherRendering => OTHER_RENDERING,
        AcceptRefusal::AlreadyAccepted => ALREADY_ACCEPTED,
        AcceptRefusal::AccountEnded => ACCOUNT_ENDED,
        AcceptRefusal::AgreementFirst => ACCOUNT_NOT_OPEN,
    }
    TerminateRefusal {
        TerminateRefusal::AlreadyEnded => ACCOUNT_ENDED,
        TerminateRefusal::AlreadyServed(_) => ALREADY_TERMINATING,
        TerminateRefusal::NotRunning => NOTICE_NOT_RUNNING,
        TerminateRefusal::Unreckonable => INVALID_TERM,
        TerminateRefusal::InTheFuture => EVENT_IN_THE_FUTURE,
    }
}
