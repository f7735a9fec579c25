//! Every edge of a notice on its way, and every non-edge.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::notices::{
    CameBack, Channel, CorrectionRefusal, EXCUSED_FOR, Feedback, Hindrance, MAX_ATTEMPTS, Notice,
    NoticeStatus, OtherService, OtherServiceRefusal, OtherWay, ResendRefusal, Sending, ServedOtherwise,
    Trouble,
};
use market_kernel::stored::form::read;
use market_parties::providers::{Provider, ProviderStatus};
use market_tables::{Cell, When, at, every, hold, loaded, occasion, provider, recorded};

every! {
    Stand {
        /// Nothing was tried yet.
        Queued,
        Tried,
        /// As often as it is tried.
        TriedOut,
        /// Its tries are excused: the gateway takes less, or we are set up wrongly.
        Excused,
        /// The same, for as long as that is excused: what fails counts, and it waits for a human as well.
        ExcusedEnough,
        /// The same, and as often as it is tried.
        ExcusedTriedOut,
        /// And a human served it another way.
        ExcusedServed,
        Sent,
        /// Its mailbox answered for the moment.
        CameBack,
        Delivered,
        Complained,
        Bounced,
        BouncedFollowed,
        /// Its mailbox did not take it in its time, and may yet.
        BouncedForNow,
        BouncedForNowFollowed,
        Undeliverable,
        UndeliverableFollowed,
        /// A human served it another way.
        UndeliverableServed,
        BouncedServed,
        BouncedForNowServed,
        Superseded,
        /// After attempts of which nothing is known.
        SupersededTried,
        Replaced,
    }
}

every! {
    Command {
        Claim,
        Accept,
        Fail,
        Throttle,
        FailByOurFault,
        Refuse,
        LoseTheAnswer,
        AcceptAnEarlierAttempt,
        FailAnEarlierAttempt,
        HoldBack,
        Supersede,
        ProveSent,
        HearDelivered,
        HearBounced,
        HearBouncedForNow,
        HearComplained,
        GiveUpWaiting,
        Resend,
        RecordOtherService,
        CorrectService,
        /// It was not served after all.
        TakeServiceBack,
    }
}

use Command::{
    Accept, AcceptAnEarlierAttempt, Claim, CorrectService, Fail, FailAnEarlierAttempt, FailByOurFault,
    GiveUpWaiting, HearBounced, HearBouncedForNow, HearComplained, HearDelivered, HoldBack, LoseTheAnswer,
    ProveSent, RecordOtherService, Refuse, Resend, Supersede, TakeServiceBack, Throttle,
};
use Stand::{
    Bounced, BouncedFollowed, BouncedForNow, BouncedForNowFollowed, BouncedForNowServed, BouncedServed,
    Complained, Delivered, Excused, ExcusedEnough, ExcusedServed, ExcusedTriedOut, Queued, Replaced, Sent,
    Superseded, SupersededTried, Tried, TriedOut, Undeliverable, UndeliverableFollowed, UndeliverableServed,
};
use When::{At, JustAfter, JustBefore};

/// When the next attempt is due, or its mailbox has had its hour.
fn boundary() -> Timestamp {
    at("2026-03-03T10:00:00+08:00")
}

/// The e-mail that tells a provider that it was approved.
fn email() -> Notice {
    let applied = Provider { status: ProviderStatus::Applied, ..provider() };
    let (_, change) = Provider::approve(&loaded(applied), &occasion(market_tables::begin())).unwrap();
    let notices = change.writes.iter().filter(|write| write.kind == Notice::KIND);
    let mut notices = notices.map(|write| read::<Notice>(&write.body, write.schema).unwrap().0);
    notices.find(|notice| notice.channel == Channel::Email).unwrap()
}

fn standing(stand: Stand) -> Notice {
    let served_at = market_tables::begin();
    let gateway_id = || Some("g-1".to_owned());
    let other = || Some(email().id);
    let queued = |attempts| NoticeStatus::Queued { attempts, next_attempt_at: boundary(), trouble: None };
    let excused = |attempts, since| {
        let trouble = Some(Trouble { tries: 27, by: Hindrance::Throttled, excused_since: Some(since) });
        NoticeStatus::Queued { attempts, next_attempt_at: boundary(), trouble }
    };
    let reason = || "mailbox full".to_owned();
    let sent = |came_back| NoticeStatus::Sent { served_at, gateway_id: gateway_id(), came_back };
    let delivered = |complained_at| NoticeStatus::Delivered {
        served_at,
        gateway_id: gateway_id(),
        delivered_at: served_at,
        complained_at,
    };
    let bounced = |is_final, follow_up: Option<_>| NoticeStatus::Bounced {
        served_at,
        gateway_id: gateway_id(),
        bounced_at: served_at,
        reason: reason(),
        is_final,
        needs_a_human: follow_up.is_none(),
        follow_up,
    };
    let undeliverable =
        |follow_up| NoticeStatus::Undeliverable { attempts: MAX_ATTEMPTS, reason: reason(), follow_up };
    let superseded = |attempts, by| NoticeStatus::Superseded { at: served_at, attempts, by };
    let status = match stand {
        Queued => queued(0),
        Tried => queued(2),
        TriedOut => queued(MAX_ATTEMPTS),
        Excused => excused(2, served_at),
        ExcusedEnough | ExcusedServed => excused(2, enough_since()),
        ExcusedTriedOut => excused(MAX_ATTEMPTS, enough_since()),
        Sent => sent(None),
        Stand::CameBack => sent(Some(CameBack { at: at("2026-03-03T09:00:00+08:00"), reason: reason() })),
        Delivered => delivered(None),
        Complained => delivered(Some(served_at)),
        Bounced | BouncedServed => bounced(true, None),
        BouncedFollowed => bounced(true, other()),
        BouncedForNow | BouncedForNowServed => bounced(false, None),
        BouncedForNowFollowed => bounced(false, other()),
        Undeliverable | UndeliverableServed => undeliverable(None),
        UndeliverableFollowed => undeliverable(other()),
        Superseded => superseded(0, None),
        SupersededTried => superseded(2, None),
        Replaced => superseded(2, other()),
    };
    let is_served =
        matches!(stand, ExcusedServed | UndeliverableServed | BouncedServed | BouncedForNowServed);
    let served_otherwise = is_served.then(|| {
        let OtherService { way, served_at, evidence } = letter(served_at);
        ServedOtherwise { way, served_at, evidence, recorded_at: served_at }
    });
    Notice { status, served_otherwise, ..email() }
}

fn letter(served_at: Timestamp) -> OtherService {
    let evidence = "signed for on the second".to_owned().try_into().unwrap();
    OtherService { way: OtherWay::Letter, served_at, evidence }
}

/// What is excused since then is excused up to the boundary.
fn enough_since() -> Timestamp {
    boundary().checked_sub(EXCUSED_FOR).unwrap()
}

fn stand_of(notice: &Notice) -> Stand {
    match &notice.status {
        NoticeStatus::Bounced { is_final, follow_up: None, .. } if notice.served_otherwise.is_some() => {
            if *is_final {
                BouncedServed
            } else {
                BouncedForNowServed
            }
        }
        NoticeStatus::Undeliverable { follow_up: None, .. } if notice.served_otherwise.is_some() => {
            UndeliverableServed
        }
        NoticeStatus::Queued {
            attempts, trouble: Some(Trouble { excused_since: Some(since), .. }), ..
        } => match (*since > enough_since(), *attempts) {
            (true, _) => Excused,
            (false, _) if notice.served_otherwise.is_some() => ExcusedServed,
            (false, MAX_ATTEMPTS) => ExcusedTriedOut,
            (false, _) => ExcusedEnough,
        },
        NoticeStatus::Queued { attempts: 0, .. } => Queued,
        NoticeStatus::Queued { attempts, .. } if *attempts < MAX_ATTEMPTS => Tried,
        NoticeStatus::Queued { .. } => TriedOut,
        NoticeStatus::Sent { came_back: None, .. } => Sent,
        NoticeStatus::Sent { came_back: Some(_), .. } => Stand::CameBack,
        NoticeStatus::Delivered { complained_at: None, .. } => Delivered,
        NoticeStatus::Delivered { complained_at: Some(_), .. } => Complained,
        NoticeStatus::Bounced { is_final: true, follow_up: None, .. } => Bounced,
        NoticeStatus::Bounced { is_final: true, follow_up: Some(_), .. } => BouncedFollowed,
        NoticeStatus::Bounced { is_final: false, follow_up: None, .. } => BouncedForNow,
        NoticeStatus::Bounced { is_final: false, follow_up: Some(_), .. } => BouncedForNowFollowed,
        NoticeStatus::Undeliverable { follow_up: None, .. } => Undeliverable,
        NoticeStatus::Undeliverable { follow_up: Some(_), .. } => UndeliverableFollowed,
        NoticeStatus::Superseded { attempts: 0, by: None, .. } => Superseded,
        NoticeStatus::Superseded { attempts: _, by: None, .. } => SupersededTried,
        NoticeStatus::Superseded { by: Some(_), .. } => Replaced,
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    if command == RecordOtherService {
        return match stand {
            ExcusedEnough | ExcusedTriedOut => Cell::To("NoticeServedOtherwise", ExcusedServed),
            Undeliverable => Cell::To("NoticeServedOtherwise", UndeliverableServed),
            Bounced => Cell::To("NoticeServedOtherwise", BouncedServed),
            BouncedForNow => Cell::To("NoticeServedOtherwise", BouncedForNowServed),
            Queued
            | Tried
            | TriedOut
            | Excused
            | ExcusedServed
            | Sent
            | Stand::CameBack
            | Delivered
            | Complained
            | BouncedFollowed
            | BouncedServed
            | BouncedForNowFollowed
            | BouncedForNowServed
            | UndeliverableFollowed
            | UndeliverableServed
            | Superseded
            | SupersededTried
            | Replaced => Cell::No(Refusal::Service(OtherServiceRefusal::NotWaiting)),
        };
    }
    if matches!(command, CorrectService | TakeServiceBack) {
        let waits_again = match stand {
            ExcusedServed => ExcusedEnough,
            UndeliverableServed => Undeliverable,
            BouncedServed => Bounced,
            BouncedForNowServed => BouncedForNow,
            Queued
            | Tried
            | TriedOut
            | Excused
            | ExcusedEnough
            | ExcusedTriedOut
            | Sent
            | Stand::CameBack
            | Delivered
            | Complained
            | Bounced
            | BouncedFollowed
            | BouncedForNow
            | BouncedForNowFollowed
            | Undeliverable
            | UndeliverableFollowed
            | Superseded
            | SupersededTried
            | Replaced => return Cell::No(Refusal::Correction(CorrectionRefusal::NothingRecorded)),
        };
        let after = if command == CorrectService { stand } else { waits_again };
        return Cell::To("NoticeServiceCorrected", after);
    }
    match stand {
        Queued => match (command, when) {
            (Claim, At | JustAfter) => Cell::To("NoticeAttempted", Tried),
            // Whoever sent it had claimed it, whatever was read.
            (Accept | AcceptAnEarlierAttempt, _) => Cell::To("NoticeServed", Sent),
            (HoldBack, _) => Cell::To("NoticeHeldBack", Queued),
            (Supersede, _) => Cell::To("NoticeSuperseded", Superseded),
            (Resend, _) => Cell::No(Refusal::Resend(ResendRefusal::NotWaiting)),
            (Claim, JustBefore)
            | (
                Fail | Throttle | FailByOurFault | Refuse | LoseTheAnswer | FailAnEarlierAttempt | ProveSent
                | GiveUpWaiting | HearDelivered | HearBounced | HearBouncedForNow | HearComplained
                | RecordOtherService | CorrectService | TakeServiceBack,
                _,
            ) => Cell::Nothing,
        },
        Tried | TriedOut | Excused | ExcusedEnough | ExcusedTriedOut | ExcusedServed => match (command, when)
        {
            // It was served, and does not leave any more.
            (Claim, _) if stand == ExcusedServed => Cell::Nothing,
            (Claim, At | JustAfter) if matches!(stand, TriedOut | ExcusedTriedOut) => {
                Cell::To("NoticeUndeliverable", Undeliverable)
            }
            (Claim, At | JustAfter) => Cell::To("NoticeAttempted", stand),
            // The attempt is given back, even the last one, for as long as that is done; then it counts as any other.
            (Throttle | FailByOurFault, At | JustAfter) if stand == ExcusedTriedOut => {
                Cell::To("NoticeUndeliverable", Undeliverable)
            }
            (Throttle | FailByOurFault, _) => Cell::To(
                "NoticeDelayed",
                match stand {
                    ExcusedEnough | ExcusedTriedOut => ExcusedEnough,
                    ExcusedServed => ExcusedServed,
                    _ => Excused,
                },
            ),
            (Accept | AcceptAnEarlierAttempt | ProveSent, _) => Cell::To("NoticeServed", Sent),
            (Fail, _) if !matches!(stand, TriedOut | ExcusedTriedOut) => Cell::To("NoticeDelayed", stand),
            (Refuse, _) if stand == ExcusedServed => Cell::To("NoticeUndeliverable", UndeliverableServed),
            (Fail | Refuse, _) => Cell::To("NoticeUndeliverable", Undeliverable),
            (HoldBack, _) => Cell::To("NoticeHeldBack", stand),
            (Supersede, _) => Cell::To("NoticeSuperseded", SupersededTried),
            (Resend, _) => Cell::No(Refusal::Resend(ResendRefusal::NotWaiting)),
            (Claim, JustBefore)
            | (
                LoseTheAnswer | FailAnEarlierAttempt | GiveUpWaiting | HearDelivered | HearBounced
                | HearBouncedForNow | HearComplained | RecordOtherService | CorrectService | TakeServiceBack,
                _,
            ) => Cell::Nothing,
        },
        Sent
        | Stand::CameBack
        | Delivered
        | Complained
        | BouncedForNow
        | BouncedForNowFollowed
        | BouncedForNowServed
        | Bounced
        | BouncedServed
        | BouncedFollowed => match (command, stand) {
            (
                HearDelivered,
                Sent | Stand::CameBack | BouncedForNow | BouncedForNowFollowed | BouncedForNowServed,
            ) => Cell::To("NoticeDelivered", Delivered),
            (
                HearComplained,
                Sent
                | Stand::CameBack
                | Delivered
                | BouncedForNow
                | BouncedForNowFollowed
                | BouncedForNowServed,
            ) => Cell::To("NoticeComplainedOf", Complained),
            (HearBounced, Sent | Stand::CameBack | Delivered | Complained) => {
                Cell::To("NoticeBounced", Bounced)
            }
            (HearBouncedForNow, Sent) => Cell::To("NoticeCameBack", Stand::CameBack),
            (GiveUpWaiting, Stand::CameBack) if when != JustBefore => {
                Cell::To("NoticeBounced", BouncedForNow)
            }
            (Resend, Bounced) => Cell::To("NoticeResent", BouncedFollowed),
            (Resend, BouncedForNow) => Cell::To("NoticeResent", BouncedForNowFollowed),
            (Resend, _) => Cell::No(Refusal::Resend(ResendRefusal::NotWaiting)),
            // It left: it is never sent again, and no longer given up.
            (
                Claim
                | Accept
                | Fail
                | Throttle
                | FailByOurFault
                | Refuse
                | LoseTheAnswer
                | AcceptAnEarlierAttempt
                | FailAnEarlierAttempt
                | HoldBack
                | Supersede
                | ProveSent
                | HearDelivered
                | HearBounced
                | HearBouncedForNow
                | HearComplained
                | GiveUpWaiting
                | RecordOtherService
                | CorrectService
                | TakeServiceBack,
                _,
            ) => Cell::Nothing,
        },
        Undeliverable
        | UndeliverableFollowed
        | UndeliverableServed
        | Superseded
        | SupersededTried
        | Replaced => {
            match (command, stand) {
                // What is heard of it proves that an attempt of it had arrived.
                (ProveSent, Undeliverable | UndeliverableServed | SupersededTried) => {
                    Cell::To("NoticeServed", Sent)
                }
                (Resend, Undeliverable) => Cell::To("NoticeResent", UndeliverableFollowed),
                (Resend, _) => Cell::No(Refusal::Resend(ResendRefusal::NotWaiting)),
                (
                    Claim
                    | Accept
                    | Fail
                    | Throttle
                    | FailByOurFault
                    | Refuse
                    | LoseTheAnswer
                    | AcceptAnEarlierAttempt
                    | FailAnEarlierAttempt
                    | HoldBack
                    | Supersede
                    | ProveSent
                    | HearDelivered
                    | HearBounced
                    | HearBouncedForNow
                    | HearComplained
                    | GiveUpWaiting
                    | RecordOtherService
                    | CorrectService
                    | TakeServiceBack,
                    _,
                ) => Cell::Nothing,
            }
        }
    }
}

/// Why an operator may not do what one asks.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Resend(ResendRefusal),
    Service(OtherServiceRefusal),
    Correction(CorrectionRefusal),
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, Refusal> {
    let (notice, occasion) = (loaded(standing(stand)), occasion(when.of(boundary())));
    // Without a telephone: nothing goes another way by itself.
    let contacts = provider().contacts;
    let attempt = match notice.status.tries() {
        // Somebody else's.
        0 => 2,
        tries => tries,
    };
    let failed = |by| Sending::Failed { by, reason: "mailbox full".to_owned() };
    let reason = || "mailbox full".to_owned();
    let record = |attempt, outcome| {
        let recorded = Notice::record(&notice, &occasion, attempt, outcome);
        Cell::due(recorded.map(|(_, change)| change), stand_of)
    };
    let hear = |feedback| {
        let heard = Notice::take_feedback(&notice, &contacts, &occasion, &feedback);
        Cell::due(heard.map(|(_, change)| change), stand_of)
    };
    let accepted = || Sending::Accepted { gateway_id: Some("g-2".to_owned()) };
    match command {
        Claim => Cell::due(Notice::claim(&notice, &occasion).map(|(_, change)| change), stand_of),
        Accept => record(attempt, accepted()),
        Fail => record(attempt, failed(Hindrance::Failing)),
        Throttle => record(attempt, failed(Hindrance::Throttled)),
        FailByOurFault => record(attempt, failed(Hindrance::Misconfigured)),
        Refuse => record(attempt, Sending::Refused { reason: reason() }),
        LoseTheAnswer => record(attempt, Sending::Unknown),
        AcceptAnEarlierAttempt => record(attempt - 1, accepted()),
        FailAnEarlierAttempt => record(attempt - 1, failed(Hindrance::Failing)),
        HoldBack => Cell::due(Notice::hold_back(&notice, &occasion), stand_of),
        Supersede => Cell::due(Notice::supersede(&notice, None, &occasion), stand_of),
        ProveSent => Cell::due(Notice::prove_sent(&notice, &occasion, "g-2"), stand_of),
        HearDelivered => hear(Feedback::Delivered),
        HearBounced => hear(Feedback::Bounced { is_final: true, reason: reason() }),
        HearBouncedForNow => hear(Feedback::Bounced { is_final: false, reason: reason() }),
        HearComplained => hear(Feedback::Complained),
        GiveUpWaiting => {
            let given_up = Notice::give_up_waiting(&notice, &contacts, &occasion);
            Cell::due(given_up.map(|(_, change)| change), stand_of)
        }
        Resend => match Notice::resend(&notice, &contacts, None, &occasion) {
            Ok((_, change)) => Cell::decided(&change, stand_of),
            Err(refusal) => Cell::No(Refusal::Resend(refusal)),
        },
        RecordOtherService => match Notice::record_other_service(&notice, letter(occasion.at), &occasion) {
            Ok((_, change)) => Cell::decided(&change, stand_of),
            Err(refusal) => Cell::No(Refusal::Service(refusal)),
        },
        CorrectService | TakeServiceBack => {
            let instead = (command == CorrectService).then(|| letter(occasion.at));
            let why = "it was another's".to_owned().try_into().unwrap();
            match Notice::correct_other_service(&notice, instead, why, &occasion) {
                Ok(corrected) => Cell::due(corrected.map(|(_, change)| change), stand_of),
                Err(refusal) => Cell::No(Refusal::Correction(refusal)),
            }
        }
    }
}

#[test]
fn a_notice_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn a_notice_waits_for_its_attempt_or_its_mailbox_or_a_human_or_for_nothing() {
    for stand in Stand::ALL {
        let (waits, needs_a_human) = match stand {
            Queued | Tried | TriedOut | Excused | Stand::CameBack => (true, false),
            // The market goes on trying, and a human is asked as well.
            ExcusedEnough | ExcusedTriedOut => (true, true),
            Bounced | BouncedForNow | Undeliverable => (false, true),
            Sent
            | Delivered
            | Complained
            | BouncedFollowed
            | BouncedForNowFollowed
            | UndeliverableFollowed
            | UndeliverableServed
            | BouncedServed
            | BouncedForNowServed
            | ExcusedServed
            | Superseded
            | SupersededTried
            | Replaced => (false, false),
        };
        let notice = standing(*stand);
        let due = waits.then(|| Due::new(boundary(), Lane::Notify));
        assert_eq!((notice.next_due(), notice.list_entry().is_some()), (due, needs_a_human), "{stand:?}");
    }
}

#[test]
fn whatever_is_heard_of_it_a_notice_stays_served_when_it_left() {
    let served_at = |notice: &Notice| match &notice.status {
        NoticeStatus::Sent { served_at, .. }
        | NoticeStatus::Delivered { served_at, .. }
        | NoticeStatus::Bounced { served_at, .. } => Some(*served_at),
        NoticeStatus::Queued { .. }
        | NoticeStatus::Undeliverable { .. }
        | NoticeStatus::Superseded { .. } => None,
    };
    let bounced = |is_final| Feedback::Bounced { is_final, reason: "no such mailbox".to_owned() };
    for stand in [Sent, Stand::CameBack, Delivered, BouncedForNow] {
        let notice: Loaded<Notice> = loaded(standing(stand));
        for feedback in [Feedback::Delivered, bounced(true), bounced(false), Feedback::Complained] {
            let heard =
                Notice::take_feedback(&notice, &provider().contacts, &occasion(boundary()), &feedback);
            let Some((_, change)) = heard else { continue };
            let after = recorded::<Notice>(&change).1;
            assert_eq!(served_at(&after), served_at(&notice), "{stand:?} × {feedback:?}");
        }
    }
}
