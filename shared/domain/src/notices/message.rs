//! What notices say, in Chinese and English.
//!
//! A message is typed: a missing parameter does not compile. Dates are written in the market's zone.

use jiff::Timestamp;

use crate::money::Fen;
use crate::party::Language;
use crate::periods::{self, Trace};

/// A rendered notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Everything that a notice can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the blanks of the sentences below")]
pub enum Message {
    DocumentPublished {
        title: String,
        version: u32,
        effective_at: Timestamp,
    },
    AccountOpened {
        title: String,
        version: u32,
    },
    ProviderApproved,
    ListingListed {
        listing: String,
    },
    OrderInService {
        listing: String,
        paid: Fen,
        valid_until: Option<Timestamp>,
        agreement_ends_at: Option<Timestamp>,
    },
    PaymentHeld {
        listing: String,
        payment: String,
        amount: Fen,
    },
    PaymentToReturn {
        listing: String,
        payment: String,
        amount: Fen,
        reason: &'static str,
        reason_zh: &'static str,
    },
    PaymentReturned {
        listing: String,
        payment: String,
        amount: Fen,
    },
    PaymentDismissed {
        listing: String,
        payment: String,
    },
    OrderClosed {
        listing: String,
        reason: &'static str,
        reason_zh: &'static str,
    },
    OrderExpired {
        listing: String,
    },
    GrantActivated {
        listing: String,
        scopes: String,
        expires_at: Timestamp,
    },
    GrantExpiring {
        listing: String,
        days: u32,
        expires_at: Timestamp,
    },
    GrantEnded {
        listing: String,
        ended_at: Timestamp,
    },
    DeletionReminder {
        listing: String,
        days: u32,
        ended_at: Timestamp,
    },
    DemandUnanswered {
        listing: String,
        days: u32,
        ended_at: Timestamp,
        due: Timestamp,
        is_overdue: bool,
    },
    DemandUnconfirmed {
        listing: String,
        days: u32,
        ended_at: Timestamp,
        answer: &'static str,
        answer_zh: &'static str,
    },
    DemandServed {
        listing: String,
        due: Timestamp,
    },
    DemandDue {
        listing: String,
        days: u32,
        due: Timestamp,
    },
    DemandOverdue {
        listing: String,
        due: Timestamp,
    },
    DemandAcknowledged {
        listing: String,
    },
    DemandAttested {
        listing: String,
        answer: &'static str,
        answer_zh: &'static str,
    },
    DemandClosed {
        listing: String,
    },
    DemandWaived {
        listing: String,
    },
    TerminationServed {
        reason: String,
        period: Box<Trace>,
    },
    TerminationComing {
        days: u32,
        ends_at: Timestamp,
    },
    TerminationWithdrawn,
    AgreementEnded {
        at: Timestamp,
    },
    ContactsChanged {
        by_operator: bool,
    },
    ContactsLeft {
        by_operator: bool,
    },
}

/// A date and time as the parties read it.
fn date(at: Timestamp) -> String {
    periods::ZONE.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A text that a full stop will follow.
fn unstopped(text: &str) -> &str {
    text.trim_end_matches(['。', '.'])
}

/// A number of days, in English.
fn in_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

const TERMINATION_SERVED: &str = "termination_served";
const TERMINATION_COMING: &str = "termination_coming";
const AGREEMENT_ENDED: &str = "agreement_ended";
const CONTACTS_LEFT: &str = "contacts_left";

impl Message {
    /// What it is about, for programs; stable.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        match self {
            Self::DocumentPublished { .. } => "document_published",
            Self::AccountOpened { .. } => "account_opened",
            Self::ProviderApproved => "provider_approved",
            Self::ListingListed { .. } => "listing_listed",
            Self::OrderInService { .. } => "order_in_service",
            Self::PaymentHeld { .. } => "payment_held",
            Self::PaymentToReturn { .. } => "payment_to_return",
            Self::PaymentReturned { .. } => "payment_returned",
            Self::PaymentDismissed { .. } => "payment_dismissed",
            Self::OrderClosed { .. } => "order_closed",
            Self::OrderExpired { .. } => "order_expired",
            Self::GrantActivated { .. } => "grant_activated",
            Self::GrantExpiring { .. } => "grant_expiring",
            Self::GrantEnded { .. } => "grant_ended",
            Self::DeletionReminder { .. } => "deletion_reminder",
            Self::DemandUnanswered { .. } => "demand_unanswered",
            Self::DemandUnconfirmed { .. } => "demand_unconfirmed",
            Self::DemandServed { .. } => "demand_served",
            Self::DemandDue { .. } => "demand_due",
            Self::DemandOverdue { .. } => "demand_overdue",
            Self::DemandAcknowledged { .. } => "demand_acknowledged",
            Self::DemandAttested { .. } => "demand_attested",
            Self::DemandClosed { .. } => "demand_closed",
            Self::DemandWaived { .. } => "demand_waived",
            Self::TerminationServed { .. } => TERMINATION_SERVED,
            Self::TerminationComing { .. } => TERMINATION_COMING,
            Self::TerminationWithdrawn => "termination_withdrawn",
            Self::AgreementEnded { .. } => AGREEMENT_ENDED,
            Self::ContactsChanged { .. } => "contacts_changed",
            Self::ContactsLeft { .. } => CONTACTS_LEFT,
        }
    }

    /// Whether so much depends on a message about this that it also goes out as a text message.
    #[must_use]
    pub fn is_grave_about(about: &str) -> bool {
        [TERMINATION_SERVED, TERMINATION_COMING, AGREEMENT_ENDED].contains(&about)
    }

    /// Whether a message about this is for an address that was given up: where it does not arrive, the party
    /// was told of the same at its new one.
    #[must_use]
    pub fn is_of_an_address_left(about: &str) -> bool {
        about == CONTACTS_LEFT
    }

    /// Subject and text.
    #[must_use]
    pub fn render(&self, language: Language) -> Rendered {
        let (subject, body) = match language {
            Language::Chinese => self.chinese(),
            Language::English => self.english(),
        };
        Rendered { subject, body }
    }

    fn chinese(&self) -> (String, String) {
        match self {
            Self::DocumentPublished { title, version, effective_at } => (
                format!("{title}第{version}版已发布"),
                format!("{title}第{version}版已发布，自{}起生效。", date(*effective_at)),
            ),
            Self::AccountOpened { title, version } => {
                ("服务市场已开通".into(), format!("您已接受{title}第{version}版，服务市场用户账号已开通。"))
            }
            Self::ProviderApproved => ("入驻申请已通过".into(), "您可以提交应用或服务上架。".into()),
            Self::ListingListed { listing } => {
                (format!("「{listing}」已上架"), format!("「{listing}」已通过审核并上架。"))
            }
            Self::OrderInService { listing, paid, valid_until, agreement_ends_at } => {
                let paid =
                    if *paid == Fen::default() { String::new() } else { format!("已收到付款{paid}，") };
                (
                    format!("「{listing}」订购成功"),
                    match (valid_until, agreement_ends_at) {
                        (Some(end), Some(last)) if end == last => format!(
                            "{paid}「{listing}」服务有效期按您的同意缩短至服务市场协议终止之时，即{}。",
                            date(*end)
                        ),
                        (Some(end), _) => format!("{paid}「{listing}」服务有效期至{}。", date(*end)),
                        (None, Some(end)) => format!(
                            "{paid}「{listing}」已开始服务；服务市场协议将于{}终止，服务随之终止。",
                            date(*end)
                        ),
                        (None, None) => format!("{paid}「{listing}」已开始服务，服务随服务市场协议终止。"),
                    },
                )
            }
            Self::PaymentHeld { listing, payment, amount } => (
                format!("「{listing}」的付款正在核实"),
                format!(
                    "已收到付款{amount}（付款编号{payment}），与「{listing}」的订单不符，正由运营方核实。"
                ),
            ),
            Self::PaymentToReturn { listing, payment, amount, reason_zh, .. } => (
                format!("「{listing}」的付款将退回"),
                format!(
                    "已收到付款{amount}（付款编号{payment}），未用于「{listing}」的订单：{reason_zh}。款项将退回。"
                ),
            ),
            Self::PaymentReturned { listing, payment, amount } => {
                (format!("「{listing}」的付款已退回"), format!("付款{amount}（付款编号{payment}）已退回。"))
            }
            Self::OrderClosed { listing, reason_zh, .. } => {
                (format!("「{listing}」订单已关闭"), format!("「{listing}」订单已关闭：{reason_zh}。"))
            }
            Self::OrderExpired { listing } => {
                (format!("「{listing}」服务已到期"), format!("「{listing}」的服务有效期已届满。"))
            }
            Self::GrantActivated { listing, scopes, expires_at } => (
                format!("「{listing}」数据授权已生效"),
                format!("授权范围：{scopes}；有效期至{}。授权期间构成数据委托处理关系。", date(*expires_at)),
            ),
            Self::PaymentDismissed { listing, payment } => (
                format!("「{listing}」的付款已核实"),
                format!("付款编号{payment}的报告已由运营方核实，无款项需退回。如有异议，请联系运营方。"),
            ),
            Self::GrantExpiring { listing, days, expires_at } => (
                format!("「{listing}」数据授权将在{days}天后到期"),
                format!("对「{listing}」的数据授权将于{}到期，届时访问立即终止。", date(*expires_at)),
            ),
            Self::GrantEnded { listing, ended_at } => (
                format!("「{listing}」数据授权已终止"),
                format!(
                    "对「{listing}」的数据授权已于{}终止，访问令牌同时失效。数据委托处理关系终止后，除另有约定外，用户应及时要求服务商删除数据；删除要求已拟好，待用户送达。",
                    date(*ended_at)
                ),
            ),
            Self::DeletionReminder { listing, days, ended_at } => (
                format!("请要求「{listing}」删除数据"),
                format!(
                    "对「{listing}」的数据委托处理已于{}终止（{days}天前），删除要求尚未办结。请送达删除要求或跟进服务商的处理。",
                    date(*ended_at)
                ),
            ),
            Self::DemandUnanswered { listing, days, due, .. } => (
                format!("请跟进「{listing}」的删除要求"),
                format!(
                    "删除要求已送达（授权终止已{days}天），服务商应在{}前答复，尚未收到删除声明。",
                    date(*due)
                ),
            ),
            Self::DemandUnconfirmed { listing, answer_zh, .. } => (
                format!("请确认「{listing}」的删除声明"),
                format!("服务商已声明：{answer_zh}。请确认，或提出异议。"),
            ),
            Self::DemandServed { listing, due } => (
                format!("「{listing}」数据删除要求"),
                format!(
                    "用户要求删除其委托「{listing}」处理的全部数据，请在{}前处理并提交删除声明。",
                    date(*due)
                ),
            ),
            Self::DemandDue { listing, days, due } => (
                format!("「{listing}」删除要求还剩{days}天"),
                format!("请在{}前提交「{listing}」的删除声明。", date(*due)),
            ),
            Self::DemandOverdue { listing, due } => (
                format!("「{listing}」删除要求已逾期"),
                format!("「{listing}」的删除声明应在{}前提交，现已逾期。", date(*due)),
            ),
            Self::DemandAcknowledged { listing } => (
                format!("服务商已收到「{listing}」删除要求"),
                format!("服务商已确认收到「{listing}」的删除要求。"),
            ),
            Self::DemandAttested { listing, answer_zh, .. } => (
                format!("服务商已提交「{listing}」删除声明"),
                format!("服务商就「{listing}」的删除要求声明：{answer_zh}。请确认。"),
            ),
            Self::DemandClosed { listing } => {
                (format!("「{listing}」删除要求已办结"), format!("用户已确认「{listing}」的删除声明。"))
            }
            Self::DemandWaived { listing } => (
                format!("「{listing}」数据另有约定"),
                format!("用户已登记与「{listing}」就数据处理的另外协定。"),
            ),
            Self::TerminationServed { reason, period } => (
                "服务市场协议解除通知".into(),
                format!(
                    "我们依据协议10.1.2提前15天通知解除本协议。理由：{}。协议于{}终止。期间计算：{}。",
                    unstopped(reason),
                    date(period.ends_at),
                    period.chinese()
                ),
            ),
            Self::TerminationComing { days, ends_at } => (
                format!("服务市场协议将在{days}天后终止"),
                format!("协议将于{}终止，届时授权与订单随之终止。", date(*ends_at)),
            ),
            Self::TerminationWithdrawn => {
                ("解除通知已撤回".into(), "此前的协议解除通知已撤回，协议继续有效。".into())
            }
            Self::AgreementEnded { at } => (
                "服务市场协议已终止".into(),
                format!(
                    "协议已于{}终止，数据授权同时终止。您仍可要求删除数据、查询记录和处理争议。",
                    date(*at)
                ),
            ),
            Self::ContactsChanged { by_operator } => {
                let by = if *by_operator { "运营方" } else { "您方" };
                (
                    "联系方式已变更".into(),
                    format!(
                        "您的联系方式已由{by}变更，此后的通知将发送至新的联系方式。如您未要求该变更，请立即联系运营方。"
                    ),
                )
            }
            Self::ContactsLeft { by_operator } => {
                let by = if *by_operator { "运营方" } else { "您方" };
                (
                    "本联系方式不再接收通知".into(),
                    format!(
                        "您的联系方式已由{by}变更，此后的通知不再发送至此处。如您未要求该变更，请立即联系运营方。"
                    ),
                )
            }
        }
    }

    fn english(&self) -> (String, String) {
        match self {
            Self::DocumentPublished { title, version, effective_at } => (
                format!("{title}, version {version}, has been published"),
                format!(
                    "{title}, version {version}, has been published and takes effect at {}.",
                    date(*effective_at)
                ),
            ),
            Self::AccountOpened { title, version } => (
                "Your market account is open".into(),
                format!("You accepted {title}, version {version}. Your market account is open."),
            ),
            Self::ProviderApproved => (
                "Your application was approved".into(),
                "You can now submit applications and services.".into(),
            ),
            Self::ListingListed { listing } => {
                (format!("{listing} is listed"), format!("{listing} passed review and is listed."))
            }
            Self::OrderInService { listing, paid, valid_until, agreement_ends_at } => {
                let paid = if *paid == Fen::default() {
                    String::new()
                } else {
                    format!("Payment of {paid} arrived; ")
                };
                (
                    format!("Your order of {listing} is in service"),
                    match (valid_until, agreement_ends_at) {
                        (Some(end), Some(last)) if end == last => format!(
                            "{paid}{listing} is in service until {}: by your consent its term ends with the market agreement.",
                            date(*end)
                        ),
                        (Some(end), _) => format!("{paid}{listing} is in service until {}.", date(*end)),
                        (None, Some(end)) => format!(
                            "{paid}{listing} is in service. The market agreement ends at {}, and the service with it.",
                            date(*end)
                        ),
                        (None, None) => {
                            format!("{paid}{listing} is in service. It ends with the market agreement.")
                        }
                    },
                )
            }
            Self::PaymentHeld { listing, payment, amount } => (
                format!("A payment for {listing} is being looked at"),
                format!(
                    "A payment of {amount} (number {payment}) arrived that does not fit the order of {listing}. The operator looks at it."
                ),
            ),
            Self::PaymentToReturn { listing, payment, amount, reason, .. } => (
                format!("A payment for {listing} will be returned"),
                format!(
                    "A payment of {amount} (number {payment}) arrived and was not used for the order of {listing}: {reason}. It will be returned."
                ),
            ),
            Self::PaymentReturned { listing, payment, amount } => (
                format!("A payment for {listing} was returned"),
                format!("The payment of {amount} (number {payment}) was returned."),
            ),
            Self::PaymentDismissed { listing, payment } => (
                format!("A payment for {listing} was looked at"),
                format!(
                    "The operator looked at the report of payment number {payment} and found that nothing is owed. If you disagree, ask the operator."
                ),
            ),
            Self::OrderClosed { listing, reason, .. } => (
                format!("Order of {listing} closed"),
                format!("The order of {listing} was closed: {reason}."),
            ),
            Self::OrderExpired { listing } => {
                (format!("{listing} has expired"), format!("The term of {listing} has run out."))
            }
            Self::GrantActivated { listing, scopes, expires_at } => (
                format!("Data grant for {listing} is active"),
                format!(
                    "Scopes: {scopes}; until {}. It creates an entrustment of processing.",
                    date(*expires_at)
                ),
            ),
            Self::GrantExpiring { listing, days, expires_at } => (
                format!("Data grant for {listing} expires in {}", in_days(*days)),
                format!(
                    "The data grant for {listing} expires at {}; access ends at once.",
                    date(*expires_at)
                ),
            ),
            Self::GrantEnded { listing, ended_at } => (
                format!("Data grant for {listing} has ended"),
                format!(
                    "The data grant for {listing} ended at {}; its tokens are dead. Unless otherwise agreed, the merchant should now demand deletion: the demand is drafted and waits to be served.",
                    date(*ended_at)
                ),
            ),
            Self::DeletionReminder { listing, days, ended_at } => (
                format!("Demand deletion from {listing}"),
                format!(
                    "The entrustment to {listing} ended at {} ({} ago) and its deletion demand is still open. Serve it, or follow it up.",
                    date(*ended_at),
                    in_days(*days)
                ),
            ),
            Self::DemandUnanswered { listing, days, due, .. } => (
                format!("Follow up the deletion demand for {listing}"),
                format!(
                    "The demand was served ({} since the end); the provider had to answer by {} and has not.",
                    in_days(*days),
                    date(*due)
                ),
            ),
            Self::DemandUnconfirmed { listing, answer, .. } => (
                format!("Confirm the attestation for {listing}"),
                format!("The provider attested: {answer}. Please confirm it, or object."),
            ),
            Self::DemandServed { listing, due } => (
                format!("Deletion demand for {listing}"),
                format!(
                    "The merchant demands deletion of all data entrusted to {listing}. Attest by {}.",
                    date(*due)
                ),
            ),
            Self::DemandDue { listing, days, due } => (
                format!("Deletion demand for {listing}: {} left", in_days(*days)),
                format!("Attest the deletion for {listing} by {}.", date(*due)),
            ),
            Self::DemandOverdue { listing, due } => (
                format!("Deletion demand for {listing} is overdue"),
                format!("The attestation for {listing} was due by {} and has not arrived.", date(*due)),
            ),
            Self::DemandAcknowledged { listing } => (
                format!("Deletion demand for {listing} acknowledged"),
                format!("The provider acknowledged the deletion demand for {listing}."),
            ),
            Self::DemandAttested { listing, answer, .. } => (
                format!("Deletion attestation for {listing}"),
                format!(
                    "The provider's answer to the deletion demand for {listing}: {answer}. Please confirm."
                ),
            ),
            Self::DemandClosed { listing } => (
                format!("Deletion demand for {listing} closed"),
                format!("The merchant confirmed the attestation for {listing}."),
            ),
            Self::DemandWaived { listing } => (
                format!("Other agreement on the data of {listing}"),
                format!("The merchant recorded another agreement on the data entrusted to {listing}."),
            ),
            Self::TerminationServed { reason, period } => (
                "Notice of termination".into(),
                format!(
                    "Under clause 10.1.2 we give 15 days' notice of termination. Reason: {}. The agreement ends at {}. Reckoning: {period}.",
                    unstopped(reason),
                    date(period.ends_at)
                ),
            ),
            Self::TerminationComing { days, ends_at } => (
                format!("The agreement ends in {}", in_days(*days)),
                format!("The agreement ends at {}; grants and orders end with it.", date(*ends_at)),
            ),
            Self::TerminationWithdrawn => (
                "Notice of termination withdrawn".into(),
                "The notice of termination was withdrawn; the agreement goes on.".into(),
            ),
            Self::AgreementEnded { at } => (
                "The agreement has ended".into(),
                format!(
                    "The agreement ended at {} and data grants with it. You can still demand deletion, read your records and pursue disputes.",
                    date(*at)
                ),
            ),
            Self::ContactsChanged { by_operator } => {
                let by = if *by_operator { "the operator" } else { "you" };
                (
                    "Your contacts were changed".into(),
                    format!(
                        "Your contacts were changed by {by}. Notices go to the new ones from now on. If you did not ask for this, tell the operator at once."
                    ),
                )
            }
            Self::ContactsLeft { by_operator } => {
                let by = if *by_operator { "the operator" } else { "you" };
                (
                    "Notices no longer come here".into(),
                    format!(
                        "Your contacts were changed by {by}. Notices no longer come here. If you did not ask for this, tell the operator at once."
                    ),
                )
            }
        }
    }
}
