//! SES and SNS, when they fail: whether a notice may be sent later, or never.

use std::sync::Arc;

use market_kernel::notices::Hindrance::{self, Failing, Misconfigured, Throttled, Unreachable};
use market_kernel::notices::{Channel, Sending};
use market_notices::{Gateway, SesEmail, SnsText};

use crate::server::{Fault, Faulty, error};
use crate::table::{notice, sender};
use crate::{INTERNAL, sdk};

pub const SEND_EMAIL: &str = "/v2/email/outbound-emails";
const PUBLISH: &str = "/";

async fn ses() -> (Arc<Faulty>, SesEmail) {
    let faulty = Faulty::start(None).await;
    let ses = SesEmail::new(&sdk(&faulty.url).await, sender(), None);
    (faulty, ses)
}

async fn sns() -> (Arc<Faulty>, SnsText) {
    let faulty = Faulty::start(None).await;
    let sns = SnsText::new(&sdk(&faulty.url).await);
    (faulty, sns)
}

/// An error as SNS tells it.
fn xml(status: u16, code: &str) -> Fault {
    Fault::Answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>x</Type><Code>{code}</Code><Message>{INTERNAL}</Message></Error></ErrorResponse>"
        ),
    )
}

/// What comes of a notice, and how often it was sent.
async fn outcome(
    gateway: &impl Gateway,
    faulty: &Faulty,
    channel: Channel,
    fault: Fault,
) -> (Sending, usize) {
    let (operation, address) = match channel {
        Channel::Sms => (PUBLISH, "+8613800000001"),
        _ => (SEND_EMAIL, "shop@example.com"),
    };
    faulty.fail_at(operation, fault);
    let sending = gateway.send(&notice(channel, address)).await;
    if let Sending::Failed { reason, .. } | Sending::Refused { reason } = &sending {
        assert!(!reason.contains(INTERNAL) && !reason.contains(address), "{reason}");
    }
    (sending, faulty.calls(operation))
}

fn failed(by: Hindrance, reason: &str) -> Sending {
    Sending::Failed { by, reason: reason.to_owned() }
}

fn refused(reason: &str) -> Sending {
    Sending::Refused { reason: reason.to_owned() }
}

#[tokio::test]
async fn an_email_that_ses_cannot_take_now_may_be_sent_later_and_was_sent_once() {
    let (faulty, ses) = ses().await;
    let of = async |fault| outcome(&ses, &faulty, Channel::Email, fault).await;
    for (status, code, by) in [
        (500, "InternalFailure", Failing),
        (503, "ServiceUnavailable", Failing),
        (429, "TooManyRequestsException", Throttled),
        (400, "LimitExceededException", Throttled),
        (400, "ThrottlingException", Throttled),
        (429, "SomethingNew", Throttled),
        // For the operator to mend; the message is not at fault.
        (400, "AccountSuspendedException", Misconfigured),
        (400, "SendingPausedException", Misconfigured),
        (400, "MessageRejected", Misconfigured),
        (400, "MailFromDomainNotVerifiedException", Misconfigured),
        (404, "NotFoundException", Misconfigured),
        (403, "AccessDeniedException", Misconfigured),
        (400, "UnrecognizedClientException", Misconfigured),
        // What it has no word for, its status tells.
        (302, "SomethingNew", Misconfigured),
        (401, "SomethingNew", Misconfigured),
        (403, "SomethingNew", Misconfigured),
        (404, "SomethingNew", Misconfigured),
        (405, "SomethingNew", Misconfigured),
        (410, "SomethingNew", Misconfigured),
        (400, "SomethingNew", Failing),
        (408, "SomethingNew", Failing),
        (413, "SomethingNew", Failing),
        (422, "SomethingNew", Failing),
        (502, "SomethingNew", Failing),
    ] {
        assert_eq!(of(error(status, code)).await, (failed(by, code), 1), "{status} {code}");
    }
}

#[tokio::test]
async fn an_email_that_ses_will_never_take_is_refused_at_once() {
    let (faulty, ses) = ses().await;
    let outcome = outcome(&ses, &faulty, Channel::Email, error(400, "BadRequestException")).await;
    assert_eq!(outcome, (refused("BadRequestException"), 1));
}

#[tokio::test]
async fn a_text_message_is_refused_where_the_number_is_and_may_be_sent_later_otherwise() {
    let (faulty, sns) = sns().await;
    let of = async |fault| outcome(&sns, &faulty, Channel::Sms, fault).await;
    for (status, code, by) in [
        (500, "InternalError", Failing),
        (400, "Throttling", Throttled),
        (403, "AuthorizationError", Misconfigured),
        (403, "InvalidClientTokenId", Misconfigured),
        (403, "InvalidSecurity", Misconfigured),
        (429, "SomethingNew", Throttled),
        (302, "SomethingNew", Misconfigured),
        (401, "SomethingNew", Misconfigured),
        (404, "SomethingNew", Misconfigured),
        (405, "SomethingNew", Misconfigured),
        (410, "SomethingNew", Misconfigured),
        (413, "SomethingNew", Failing),
        (422, "SomethingNew", Failing),
        (503, "SomethingNew", Failing),
    ] {
        assert_eq!(of(xml(status, code)).await, (failed(by, code), 1), "{status} {code}");
    }
    for code in ["InvalidParameter", "InvalidParameterValue", "OptedOut"] {
        assert_eq!(of(xml(400, code)).await, (refused(code), 1));
    }
}

#[tokio::test]
async fn nobody_knows_what_became_of_a_message_whose_answer_broke_off() {
    let (faulty, ses) = ses().await;
    assert_eq!(outcome(&ses, &faulty, Channel::Email, Fault::BreakOff).await, (Sending::Unknown, 1));
    let (faulty, sns) = sns().await;
    assert_eq!(outcome(&sns, &faulty, Channel::Sms, Fault::BreakOff).await, (Sending::Unknown, 1));
}

#[tokio::test]
async fn a_channel_that_cannot_be_reached_fails_and_is_not_a_refusal() {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let sdk = sdk(&nobody).await;
    let ses = SesEmail::new(&sdk, sender(), None);
    let failed = || failed(Unreachable, "unreachable");
    assert_eq!(ses.send(&notice(Channel::Email, "shop@example.com")).await, failed());
    let sns = SnsText::new(&sdk);
    assert_eq!(sns.send(&notice(Channel::Sms, "+8613800000001")).await, failed());
}
