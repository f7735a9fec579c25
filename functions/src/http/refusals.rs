//! From a refusal of the domain to a problem document: one conversion for each, without a wildcard, so
//! that a new refusal does not compile before it has a code.

use market_agreement::documents::PublishRefusal;
use market_agreement::documents::acceptance::AcceptRefusal;
use market_agreement::documents::withdrawal::WithdrawRefusal;
use market_agreement::holidays::HolidaysRefusal;
use market_agreement::terminations::TerminateRefusal;
use market_entrustment::deletion::DemandRefusal;
use market_entrustment::grants::token::IssueRefusal;
use market_entrustment::grants::{GrantRefusal, NotActive};
use market_kernel::notices::ResendRefusal;
use market_parties::accounts::{AccountRefusal, ApplyRefusal};
use market_parties::contacts::ContactsRefusal;
use market_parties::providers::ProviderRefusal;
use market_parties::vouching::VouchRefusal;
use market_trade::listings::ListingRefusal;
use market_trade::orders::PlaceRefusal;
use market_trade::payments::SettleRefusal;

use super::problem::{Code, FieldError, Problem};

macro_rules! refusals {
    ($($type:ty { $($pattern:pat => $code:ident),+ $(,)? })+) => {
        $(impl From<$type> for Problem {
            fn from(refusal: $type) -> Self {
                #[allow(clippy::enum_glob_use, reason = "the variants stand alone in the table below")]
                let code = match &refusal { $($pattern => Code::$code),+ };
                Self::new(code).detail(refusal.to_string())
            }
        })+
    };
}

refusals! {
    ApplyRefusal { ApplyRefusal::AlreadyApplied => AlreadyApplied }
    AccountRefusal {
        AccountRefusal::NotOpen => AccountNotOpen,
        AccountRefusal::AgreementOutdated { .. } => AgreementOutdated,
        AccountRefusal::Ended => AccountEnded,
    }
    ProviderRefusal {
        ProviderRefusal::AlreadyApplied => AlreadyApplied,
        ProviderRefusal::AlreadyApproved => AlreadyApproved,
    }
    ContactsRefusal { ContactsRefusal::JustChanged { .. } => ContactsJustChanged }
    VouchRefusal {
        VouchRefusal::KeepsTheRule => NothingToVouch,
        VouchRefusal::AlreadyVouched => AlreadyVouched,
    }
    HolidaysRefusal {
        HolidaysRefusal::Schedule(_) | HolidaysRefusal::InTheFuture => InvalidSchedule,
        HolidaysRefusal::AlreadyPublished { .. }
            | HolidaysRefusal::NothingToCorrect
            | HolidaysRefusal::SameSchedule
            | HolidaysRefusal::TooManyVersions => SchedulePublished,
        HolidaysRefusal::BuiltIn(_) => ScheduleBuiltIn,
    }
    PublishRefusal {
        PublishRefusal::NotThePublisher => NotThePublisher,
        PublishRefusal::ProviderNotApproved => ProviderNotApproved,
        PublishRefusal::WrongKind | PublishRefusal::KindChanged => WrongDocumentKind,
        PublishRefusal::WrongId => WrongDocumentId,
        PublishRefusal::TextSize | PublishRefusal::TextCharacter { .. } => InvalidText,
        PublishRefusal::WrongOutline(_) | PublishRefusal::OutlineSize => InvalidOutline,
        PublishRefusal::NothingRecognised => NothingRecognised,
        PublishRefusal::NoSuchClause(_) => NoSuchClause,
        PublishRefusal::TooManyProminent => InvalidBody,
        PublishRefusal::TooManyToCome => TooManyVersions,
        PublishRefusal::SameText(_) => SameText,
        PublishRefusal::BeforeEarlierVersion(_) | PublishRefusal::Retroactive => WrongEffectiveDate,
        PublishRefusal::PublicityTooShort { .. } => PublicityTooShort,
    }
    WithdrawRefusal {
        WithdrawRefusal::NoSuchVersion => NotFound,
        WithdrawRefusal::NotThePublisher => NotThePublisher,
        WithdrawRefusal::NotToCome => VersionNotToCome,
        WithdrawRefusal::TooMany => TooManyVersions,
    }
    AcceptRefusal {
        AcceptRefusal::NoSuchVersion => NoSuchVersion,
        AcceptRefusal::NotInForce { .. } => NotInForce,
        AcceptRefusal::OtherText => OtherText,
        AcceptRefusal::ProminentNotShown(_) => ProminentClausesNotShown,
        AcceptRefusal::NoSuchClause(_) => NoSuchClause,
        AcceptRefusal::OtherRendering => OtherRendering,
        AcceptRefusal::AlreadyAccepted => AlreadyAccepted,
        AcceptRefusal::AccountEnded => AccountEnded,
        AcceptRefusal::AgreementFirst => AccountNotOpen,
    }
    ListingRefusal {
        ListingRefusal::ProviderNotApproved => ProviderNotApproved,
        ListingRefusal::Parts
            | ListingRefusal::Bound
            | ListingRefusal::Scopes
            | ListingRefusal::TooLarge { .. }
            | ListingRefusal::SubscriptionAgreement => IncompleteListing,
        ListingRefusal::WrongState => WrongListingState,
    }
    SettleRefusal {
        SettleRefusal::NotWaiting => WrongPaymentState,
        SettleRefusal::NotTaken(_)
            | SettleRefusal::NoOrder
            | SettleRefusal::WrongAmount(_)
            | SettleRefusal::IdUsedBefore => NotPayable,
    }
    NotActive { NotActive::Ended => GrantNotActive }
    IssueRefusal {
        IssueRefusal::Ended => GrantNotActive,
        IssueRefusal::TooMany => TooManyRequests,
    }
    DemandRefusal {
        DemandRefusal::AlreadyServed
            | DemandRefusal::NotWaiting
            | DemandRefusal::AlreadyAcknowledged
            | DemandRefusal::NotAttested
            | DemandRefusal::Over => WrongDemandState,
        DemandRefusal::Attestation => InvalidAttestation,
        DemandRefusal::Unreckonable => InvalidTerm,
    }
    TerminateRefusal {
        TerminateRefusal::AlreadyEnded => AccountEnded,
        TerminateRefusal::AlreadyServed(_) => AlreadyTerminating,
        TerminateRefusal::NotRunning => NoticeNotRunning,
        TerminateRefusal::Unreckonable => InvalidTerm,
        TerminateRefusal::InTheFuture => EventInTheFuture,
    }
}

impl From<PlaceRefusal> for Problem {
    fn from(refusal: PlaceRefusal) -> Self {
        let code = match &refusal {
            PlaceRefusal::Account(account) => return (*account).into(),
            PlaceRefusal::NotListed => Code::NotForSale,
            PlaceRefusal::NoSuchPlan => Code::NoSuchPlan,
            PlaceRefusal::SubscriptionNotAccepted { .. } => Code::SubscriptionNotAccepted,
            PlaceRefusal::RiskNotAcknowledged => Code::RiskNotAcknowledged,
            PlaceRefusal::PassesTheEnd => Code::PassesTheEnd,
            PlaceRefusal::Unreckonable => Code::InvalidTerm,
        };
        Self::new(code).detail(refusal.to_string())
    }
}

impl From<ResendRefusal> for Problem {
    fn from(refusal: ResendRefusal) -> Self {
        let code = match refusal {
            ResendRefusal::NotWaiting => Code::WrongNoticeState,
            ResendRefusal::NoAddress => Code::NoAddress,
            // Only the notice tells which kind of address it takes.
            ResendRefusal::OtherChannel => {
                let error = FieldError { pointer: "/address".to_owned(), detail: refusal.to_string() };
                return Self { errors: vec![error], ..Self::new(Code::InvalidBody) };
            }
        };
        Self::new(code).detail(refusal.to_string())
    }
}

impl From<GrantRefusal> for Problem {
    fn from(refusal: GrantRefusal) -> Self {
        let code = match &refusal {
            GrantRefusal::Account(account) => return (*account).into(),
            GrantRefusal::NotInService => Code::NotInService,
            GrantRefusal::Scopes | GrantRefusal::NoSuchScope(_) => Code::InvalidScopes,
            GrantRefusal::AlreadyOver | GrantRefusal::PassesTheOrder { .. } => Code::InvalidTerm,
            GrantRefusal::PassesTheEnd => Code::PassesTheEnd,
        };
        Self::new(code).detail(refusal.to_string())
    }
}
