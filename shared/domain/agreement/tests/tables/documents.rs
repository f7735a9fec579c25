//! Every edge of a document's versions, and every non-edge.

use jiff::Timestamp;
use market_agreement::documents::acceptance::{AcceptRefusal, Acceptance, Served};
use market_agreement::documents::clauses::Outline;
use market_agreement::documents::withdrawal::Withdrawn;
use market_agreement::documents::withdrawal::{MAX_WITHDRAWN, WithdrawRefusal};
use market_agreement::documents::*;
use market_kernel::citations::RuleId;
use market_kernel::citations::Rules;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::party::PartyId;
use market_kernel::periods::PublicityMode;
use market_parties::providers::{Provider, ProviderStatus};
use market_tables::{
    Cell, When, acceptance, account, agreement, at, begin, every, loaded, occasion, provider, recorded,
    terms, version,
};

every! {
    /// A version of a document: its first is superseded, its second in force, its third to come, its fourth withdrawn.
    Stand { Superseded, InForce, ToCome, Withdrawn, Unknown }
}

every! {
    /// Who asks, seen from who published it.
    Asker { Publisher, AnotherPublisher, AMerchant }
}

use Stand::{InForce, Superseded, ToCome, Unknown, Withdrawn as WasWithdrawn};
use When::{At, JustAfter, JustBefore};

/// When the third version takes effect.
fn effective_at() -> Timestamp {
    at("2026-04-01T00:00:00+08:00")
}

fn number(stand: Stand) -> u32 {
    match stand {
        Superseded => 1,
        InForce => 2,
        ToCome => 3,
        WasWithdrawn => 4,
        Unknown => 5,
    }
}

/// With the versions that it holds itself, as the last publication left it.
fn document(of: Document) -> Document {
    let to_come = Version { effective_at: effective_at(), ..version(3) };
    let withdrawn = vec![Withdrawn { number: 4, at: begin() }];
    Document { versions: vec![version(2), to_come], withdrawn, ..of }
}

#[test]
fn a_version_is_withdrawn_by_its_publisher_before_it_takes_effect_and_not_otherwise() {
    let eastwind = Actor::Party(PartyId::Provider("eastwind".parse().unwrap()));
    let operator = Actor::Operator("op".to_owned());
    let northwind = Actor::Party(PartyId::Provider(provider().id));
    for of_a_provider in [false, true] {
        for stand in Stand::ALL {
            for asker in Asker::ALL {
                for when in When::ALL {
                    let expected = match (stand, asker, when) {
                        (Unknown, _, _) => Cell::No(WithdrawRefusal::NoSuchVersion),
                        (_, Asker::AnotherPublisher | Asker::AMerchant, _) => {
                            Cell::No(WithdrawRefusal::NotThePublisher)
                        }
                        (ToCome, Asker::Publisher, JustBefore) => {
                            Cell::To("VersionWithdrawn", (vec![2], vec![4, 3]))
                        }
                        (ToCome, Asker::Publisher, At | JustAfter)
                        | (Superseded | InForce | WasWithdrawn, Asker::Publisher, _) => {
                            Cell::No(WithdrawRefusal::NotToCome)
                        }
                    };
                    let actor = match (asker, of_a_provider) {
                        (Asker::Publisher, false) | (Asker::AnotherPublisher, true) => operator.clone(),
                        (Asker::Publisher, true) => northwind.clone(),
                        (Asker::AnotherPublisher, false) => eastwind.clone(),
                        (Asker::AMerchant, _) => Actor::Party(PartyId::Merchant(account().id)),
                    };
                    let document = loaded(document(if of_a_provider { terms() } else { agreement() }));
                    let occasion = Occasion { actor, ..occasion(when.of(effective_at())) };
                    let withdrawn = Document::withdraw(&document, number(*stand), &occasion);
                    let cell = Cell::answered(withdrawn, |document: &Document| {
                        let versions = document.versions.iter().map(|version| version.number);
                        let withdrawn = document.withdrawn.iter().map(|withdrawn| withdrawn.number);
                        (versions.collect::<Vec<_>>(), withdrawn.collect::<Vec<_>>())
                    });
                    assert_eq!(cell, expected, "{stand:?} × {asker:?} {when:?}");
                }
            }
        }
    }
    let mut full = document(agreement());
    full.withdrawn = vec![Withdrawn { number: 4, at: begin() }; MAX_WITHDRAWN];
    let occasion = Occasion { actor: operator, ..occasion(begin()) };
    let refused = Document::withdraw(&loaded(full), 3, &occasion);
    assert_eq!(refused.err(), Some(WithdrawRefusal::TooMany));
}

#[test]
fn the_version_in_force_changes_at_the_very_instant() {
    for when in When::ALL {
        let in_force = match when {
            JustBefore => 2,
            At | JustAfter => 3,
        };
        let document = document(agreement());
        let found = document.in_force_at(when.of(effective_at())).map(|version| version.number);
        assert_eq!(found, Some(in_force), "{when:?}");
    }
}

every! {
    /// Who publishes, and what of it may be wrong. What exists is the market agreement, whose only version is in force.
    Published {
        First,
        FirstOfAProvider,
        Next,
        ByAnApplicant,
        ByNoProvider,
        ASubscriptionOfTheOperators,
        ABodyOfAProviders,
        OfAnotherKind,
        OfAnother,
        WithADotOfTheOperators,
        UnderAnothersName,
        WithNothingToShow,
        WithTheLargestText,
        WithATooLargeText,
        WithATextThatTurns,
        WithoutClauses,
        SaidToHaveNone,
        ProminentNowhere,
        TooProminent,
        RuledNowhere,
        InThePast,
        TheSameAgain,
        BeforeTheOneToCome,
        AfterSevenDays,
        BeforeSevenDays,
        MajorAfterFifteenDays,
        MajorBeforeFifteenDays,
        WithTwentyToCome,
        WithNineteenToCome,
    }
}

/// The first version of the market agreement, which takes effect at once.
fn publication() -> Publication {
    Publication {
        id: DocumentId::market_agreement(),
        kind: DocumentKind::Body,
        title: "服务市场服务协议（用户版）".try_into().unwrap(),
        text: "1. 定义\n1.1 用户\n".to_owned(),
        prominent: Vec::new(),
        rules: Rules::new(),
        effective_at: None,
        major: false,
        given: None,
        unnumbered: false,
    }
}

/// The first of a provider's terms.
fn subscription() -> Publication {
    Publication { id: terms().id, kind: DocumentKind::Subscription, ..publication() }
}

/// A version of the market agreement that takes effect then.
fn amendment(effective_at: &str) -> Publication {
    Publication { effective_at: Some(at(effective_at)), ..publication() }
}

#[test]
fn a_version_is_published_so_and_not_otherwise() {
    let applicant = Provider { status: ProviderStatus::Applied, ..provider() };
    let (approved, none) = (provider(), None::<Document>);
    let to_come = |count: u32| {
        let effective_at = at("2026-03-20T00:00:00+08:00");
        let later = (2..=count + 1).map(|number| Version { effective_at, ..version(number) });
        let versions = std::iter::once(version(1)).chain(later).collect();
        Some(Document { versions, ..agreement() })
    };
    let address = |clause: &str| -> ClauseAddress { clause.to_owned().try_into().unwrap() };
    let operator = Author::Operator;
    let ours = Author::Provider(Some(&approved));
    // The second of March does not count: the seventh day is the ninth, the fifteenth the seventeenth.
    let (in_seven_days, in_fifteen_days) = ("2026-03-10T00:00:00+08:00", "2026-03-18T00:00:00+08:00");
    let just_before =
        |effective_at| Publication { effective_at: Some(JustBefore.of(at(effective_at))), ..publication() };
    let too_short = |earliest| Err(PublishRefusal::PublicityTooShort { earliest: at(earliest) });
    for published in Published::ALL {
        let (existing, author, publication, expected) = match published {
            Published::First => (none.clone(), operator, publication(), Ok(1)),
            Published::FirstOfAProvider => (none.clone(), ours, subscription(), Ok(1)),
            Published::Next => (Some(agreement()), operator, amendment(in_seven_days), Ok(2)),
            Published::ByAnApplicant => {
                let author = Author::Provider(Some(&applicant));
                (none.clone(), author, subscription(), Err(PublishRefusal::ProviderNotApproved))
            }
            Published::ByNoProvider => (
                none.clone(),
                Author::Provider(None),
                subscription(),
                Err(PublishRefusal::ProviderNotApproved),
            ),
            Published::ASubscriptionOfTheOperators => {
                (none.clone(), operator, subscription(), Err(PublishRefusal::WrongKind))
            }
            Published::ABodyOfAProviders => {
                (none.clone(), ours, publication(), Err(PublishRefusal::WrongKind))
            }
            Published::OfAnotherKind => {
                let annex = Publication { kind: DocumentKind::Annex, ..amendment(in_seven_days) };
                (Some(agreement()), operator, annex, Err(PublishRefusal::KindChanged))
            }
            Published::OfAnother => {
                let rules = Publication { id: terms().id, ..publication() };
                (Some(terms()), operator, rules, Err(PublishRefusal::NotThePublisher))
            }
            Published::WithADotOfTheOperators => {
                let id = "northwind.rules".parse().unwrap();
                (none.clone(), operator, Publication { id, ..publication() }, Err(PublishRefusal::WrongId))
            }
            Published::UnderAnothersName => {
                let id = "eastwind.terms".parse().unwrap();
                (none.clone(), ours, Publication { id, ..subscription() }, Err(PublishRefusal::WrongId))
            }
            Published::WithNothingToShow => {
                let blank = Publication { text: " \n".to_owned(), ..publication() };
                (none.clone(), operator, blank, Err(PublishRefusal::TextSize))
            }
            Published::WithTheLargestText | Published::WithATooLargeText => {
                let mut text = publication().text;
                let more = usize::from(*published == Published::WithATooLargeText);
                text.push_str(&"x".repeat(300 * 1024 + more - text.len()));
                let expected = if more == 0 { Ok(1) } else { Err(PublishRefusal::TextSize) };
                (none.clone(), operator, Publication { text, ..publication() }, expected)
            }
            Published::WithATextThatTurns => {
                let turned =
                    Publication { text: "1. 定义\n1.1 \u{202e}用户\n".to_owned(), ..publication() };
                let refused = PublishRefusal::TextCharacter { line: 2, found: '\u{202e}' };
                (none.clone(), operator, turned, Err(refused))
            }
            Published::WithoutClauses => {
                let bare = Publication { text: "用户应当诚信。\n".to_owned(), ..publication() };
                (none.clone(), operator, bare, Err(PublishRefusal::NothingRecognised))
            }
            Published::SaidToHaveNone => {
                let text = "用户应当诚信。\n".to_owned();
                (none.clone(), operator, Publication { text, unnumbered: true, ..publication() }, Ok(1))
            }
            Published::ProminentNowhere => {
                let prominent = vec![address("1.1"), address("4.4.5")];
                let refused = Err(PublishRefusal::NoSuchClause(address("4.4.5")));
                (none.clone(), operator, Publication { prominent, ..publication() }, refused)
            }
            Published::TooProminent => {
                let prominent = vec![address("1.1"); MAX_PROMINENT + 1];
                let refused = Err(PublishRefusal::TooManyProminent);
                (none.clone(), operator, Publication { prominent, ..publication() }, refused)
            }
            Published::RuledNowhere => {
                let rule = RuleId::try_from("10.1.2".to_owned()).unwrap();
                let rules = Rules::from([(rule, address("9.9"))]);
                let refused = Err(PublishRefusal::NoSuchClause(address("9.9")));
                (none.clone(), operator, Publication { rules, ..publication() }, refused)
            }
            Published::InThePast => {
                let effective_at = Some(JustBefore.of(begin()));
                let refused = Err(PublishRefusal::Retroactive);
                (none.clone(), operator, Publication { effective_at, ..publication() }, refused)
            }
            Published::TheSameAgain => {
                let sha256 = Sha256Hash::of(publication().text.as_bytes());
                let versions = vec![Version { sha256, ..version(1) }];
                let existing = Some(Document { versions, ..agreement() });
                (existing, operator, amendment(in_seven_days), Err(PublishRefusal::SameText(1)))
            }
            Published::BeforeTheOneToCome => {
                let refused = Err(PublishRefusal::BeforeEarlierVersion(2));
                (to_come(1), operator, amendment(in_seven_days), refused)
            }
            Published::AfterSevenDays => (Some(agreement()), operator, amendment(in_seven_days), Ok(2)),
            Published::BeforeSevenDays => {
                (Some(agreement()), operator, just_before(in_seven_days), too_short(in_seven_days))
            }
            Published::MajorAfterFifteenDays => {
                let major = Publication { major: true, ..amendment(in_fifteen_days) };
                (Some(agreement()), operator, major, Ok(2))
            }
            Published::MajorBeforeFifteenDays => {
                let major = Publication { major: true, ..just_before(in_fifteen_days) };
                (Some(agreement()), operator, major, too_short(in_fifteen_days))
            }
            Published::WithTwentyToCome => {
                let refused = Err(PublishRefusal::TooManyToCome);
                (to_come(20), operator, amendment("2026-05-01T00:00:00+08:00"), refused)
            }
            Published::WithNineteenToCome => {
                (to_come(19), operator, amendment("2026-05-01T00:00:00+08:00"), Ok(21))
            }
        };
        let existing = existing.map(loaded);
        let outcome = Document::publish(
            existing.as_ref(),
            author,
            publication,
            PublicityMode::Strict,
            &occasion(begin()),
        );
        let newest = outcome.map(|publishing| {
            let (event, document) = recorded::<Document>(&publishing.change);
            assert_eq!((event, &document), ("DocumentPublished", &publishing.document));
            document.newest().unwrap()
        });
        assert_eq!(newest, expected, "{published:?}");
    }
}

every! {
    /// What a merchant accepts, and what of it may be wrong.
    Accepted {
        Lawful,
        OfThePage,
        OfTheOperators,
        TwiceInOnePeriod,
        OfAnotherText,
        OfTheOneToCome,
        OfTheSupersededOne,
        OfAnUnknownOne,
        OfNumberNought,
        OfWhatNobodyServed,
        WithoutTheProminentClause,
        WithTheProminentClause,
        WithAnUnknownClause,
    }
}

#[test]
fn a_version_is_accepted_so_and_not_otherwise() {
    let outline = Outline::read("1. 定义\n1.1 用户\n");
    let page = Sha256Hash::of(b"page");
    let clause = || -> ClauseAddress { "1.1".to_owned().try_into().unwrap() };
    for accepted in Accepted::ALL {
        let mut document = document(terms());
        let (mut given, mut existing, mut refused) = (acceptance(2), None, None);
        match accepted {
            Accepted::Lawful => {}
            Accepted::OfThePage => given.rendered_sha256 = page.clone(),
            Accepted::OfTheOperators => {
                document = self::document(agreement());
                given.document_id = document.id.clone();
            }
            Accepted::TwiceInOnePeriod => {
                (existing, refused) = (Some(loaded(given.clone())), Some(AcceptRefusal::AlreadyAccepted));
            }
            Accepted::OfAnotherText => {
                (given.sha256, refused) = (page.clone(), Some(AcceptRefusal::OtherText));
            }
            Accepted::OfTheOneToCome => {
                (given, refused) = (acceptance(3), Some(AcceptRefusal::NotInForce { in_force: 2 }));
            }
            Accepted::OfTheSupersededOne => {
                (given, refused) = (acceptance(1), Some(AcceptRefusal::NotInForce { in_force: 2 }));
            }
            Accepted::OfAnUnknownOne => {
                (given, refused) = (acceptance(5), Some(AcceptRefusal::NoSuchVersion));
            }
            Accepted::OfNumberNought => {
                (given, refused) = (acceptance(0), Some(AcceptRefusal::NoSuchVersion));
            }
            Accepted::OfWhatNobodyServed => {
                given.rendered_sha256 = Sha256Hash::of(b"another page");
                refused = Some(AcceptRefusal::OtherRendering);
            }
            Accepted::WithoutTheProminentClause => {
                document.versions[0].prominent = vec![clause()];
                refused = Some(AcceptRefusal::ProminentNotShown(vec![clause()]));
            }
            Accepted::WithTheProminentClause => {
                document.versions[0].prominent = vec![clause()];
                given.prominent_shown = vec![clause()];
            }
            Accepted::WithAnUnknownClause => {
                let unknown: ClauseAddress = "9.9".to_owned().try_into().unwrap();
                given.prominent_shown = vec![unknown.clone()];
                refused = Some(AcceptRefusal::NoSuchClause(unknown));
            }
        }
        let pages = [page.clone()];
        let served = Served { document: &document, text: "", outline: &outline, pages: &pages };
        let outcome =
            given.clone().accept(&loaded(account()), &served, existing.as_ref(), &occasion(begin()));
        match (outcome, refused) {
            (Ok(change), None) => {
                assert_eq!(recorded::<Acceptance>(&change), ("DocumentAccepted", given), "{accepted:?}");
                let opens = change.writes.iter().any(|write| write.kind == "account");
                assert_eq!(opens, *accepted == Accepted::OfTheOperators, "{accepted:?}");
            }
            (outcome, refused) => assert_eq!(outcome.err(), refused, "{accepted:?}"),
        }
    }
}
