//! What holds of every event, and of every message's texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use market_entrustment::messages::DemandAttested;
use market_kernel::Timestamp;
use market_kernel::notices::samples::{occasion, operator};
use market_kernel::notices::{MadeOf, Message, Notice, Reach, Rendered, Words};
use market_kernel::party::{Actor, Language, Operator, PartyId, Recipient};
use market_kernel::text::Line;
use market_parties::accounts::MarketAccount;
use market_parties::samples::{Cast, Sample, account, provider};
use market_trade::messages::ListingListed;
use serde_json::json;

use super::{KnownRules, events, rules, samples, samples_of};

const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

/// The notice that says most of what is drafted.
fn drafted(clause: &str, reach: &Reach<'_>, message: &dyn Message, operator: &Operator) -> Notice {
    let occasion = occasion(Timestamp::UNIX_EPOCH, Actor::Operator("ops".to_owned()));
    let occasion = market_kernel::occasion::Occasion { operator: operator.clone().into(), ..occasion };
    Notice::draft(&occasion, "sample", 1, clause, reach, message).swap_remove(0)
}

/// Where the templates of a crate lie.
fn folder(context: &str) -> PathBuf {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = match context.strip_prefix("market-") {
        Some("kernel") => shared.join("kernel"),
        Some(context) => shared.join("domain").join(context),
        None => panic!("{context}"),
    };
    folder.join("messages")
}

/// The templates below a folder, as the messages of a crate name them.
fn templates(of: &Path, below: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(templates(of, &path));
        } else {
            found.insert(path.strip_prefix(of).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

/// A template with those that it includes: the parts beside it.
fn source(context: &str, template: &str) -> String {
    let path = folder(context).join(template);
    let mut source = read_to_string(&path).unwrap();
    for part in parts(&source) {
        source += &read_to_string(path.with_file_name(part)).unwrap();
    }
    source
}

fn parts(source: &str) -> Vec<String> {
    let included = source.split("{% include \"").skip(1);
    included.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The words that stand in a template's blanks and conditions.
fn words_in_blanks(source: &str) -> BTreeSet<String> {
    let between = |opens: &'static str, closes: &'static str| {
        source.split(opens).skip(1).filter_map(move |rest| rest.split(closes).next())
    };
    let blanks = between("{{", "}}").chain(between("{%", "%}"));
    let words =
        blanks.flat_map(|blank| blank.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
    words.map(str::to_owned).collect()
}

#[test]
fn every_event_is_registered_once_and_says_what_happened() {
    let names: BTreeSet<_> = events().map(|registered| registered.name).collect();
    assert_eq!(names.len(), events().count());
    for registered in events() {
        assert!(!registered.clauses.is_empty() && registered.meaning.ends_with('.'), "{registered:?}");
        assert_eq!(registered.meaning, registered.meaning.trim(), "{registered:?}");
    }
}

#[test]
fn only_what_an_event_carries_out_is_a_rule_of_a_body() {
    let read = |rule: &str| serde_json::from_value::<KnownRules>(json!({ rule: "1" }));
    for rule in rules() {
        assert_eq!(read(rule).unwrap().0.len(), 1, "{rule}");
    }
    for unknown in ["", "99.9", "10.1.2 ", "4.4.6"] {
        let refused = read(unknown).unwrap_err().to_string();
        assert!(refused.starts_with("must be a rule of the market"), "{unknown:?}: {refused}");
    }
    let described = schemars::schema_for!(KnownRules).to_value();
    assert_eq!(described["propertyNames"]["enum"], json!(rules()), "the description names them");
    let sampled: BTreeSet<String> =
        account().citations.unwrap().rules.into_keys().map(String::from).collect();
    assert_eq!(sampled, rules().into_iter().map(str::to_owned).collect(), "samples cite every rule");
}

#[test]
fn every_blank_of_a_message_is_in_some_text_of_each_language() {
    for Sample { message, .. } in samples(Language::Chinese) {
        let MadeOf { context, blanks, texts } = message.made_of();
        for language in [0, 1] {
            let used: BTreeSet<_> =
                texts.iter().flat_map(|text| words_in_blanks(&source(context, text[language]))).collect();
            let unused: Vec<_> = blanks.iter().filter(|blank| !used.contains(**blank)).collect();
            assert!(unused.is_empty(), "{}: {unused:?}", message.about());
        }
    }
    assert!(!words_in_blanks("“listing” {{ order|short }}").contains("listing"));
}

#[test]
fn every_file_is_a_text_of_some_message_with_a_sample_or_a_part() {
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for Sample { message, .. } in samples(Language::Chinese) {
        let (about, MadeOf { context, texts, .. }) = (message.about(), message.made_of());
        let known = known.entry(context).or_default();
        let readers: &[&str] = if texts.len() == 1 { &[""] } else { &[".merchant", ".provider"] };
        for (text, reader) in texts.iter().zip(readers) {
            for (template, language) in text.iter().zip(["zh", "en"]) {
                assert_eq!(*template, format!("{language}/{about}{reader}.txt"));
                let parts = parts(&source(context, template));
                known.extend(parts.iter().map(|part| format!("{language}/{part}")));
                known.insert((*template).to_owned());
            }
        }
    }
    for (language, part) in ["zh", "en"].iter().flat_map(|l| ["letter", "short", "reckoning"].map(|p| (l, p)))
    {
        known.entry("market-kernel").or_default().insert(format!("envelope/{language}/{part}.txt"));
    }
    for (context, known) in known {
        let folder = folder(context);
        assert_eq!(templates(&folder, &folder), known, "{context}");
    }
}

#[test]
fn every_text_says_from_whom_to_whom_by_which_clause_and_in_which_time_and_where_answers_go() {
    let operator = operator();
    for language in LANGUAGES {
        for Sample { clause, message, told } in samples(language) {
            for told in told {
                let reach = told.reach();
                let Notice { subject, body, cites, .. } = drafted(clause, &reach, &*message, &operator);
                let time = ["北京时间", "Beijing time"][language as usize];
                for part in [operator.name(language).as_str(), "notices@market.example.com", time] {
                    assert!(body.contains(part), "{subject}: {part}");
                }
                let name = match &reach {
                    Reach::Party(party) | Reach::ProviderOf(party, _) => party.legal_name().as_str(),
                    Reach::GivenUp(..) | Reach::Everyone(_) => ["全体", "All"][language as usize],
                };
                assert!(body.contains(name), "{subject}: {name}");
                assert!(cites.is_none_or(|cites| body.contains(&cites)), "{subject}");
                for wrong in ["{", "}", "00:00", "用户应", "the merchant should"] {
                    assert!(!body.contains(wrong) && !subject.contains(wrong), "{subject}: {wrong}");
                }
            }
        }
    }
}

#[test]
fn a_subject_is_one_short_line_that_has_the_decisive_date() {
    for language in LANGUAGES {
        for Sample { message, told, .. } in samples(language) {
            for recipient in told {
                let text = message.text(language, &recipient.reach().recipient());
                let (subject, body) = text.split_once('\n').unwrap();
                assert!((2..=120).contains(&subject.chars().count()), "{subject}");
                assert!(!body.is_empty() && !subject.ends_with(['.', '。']), "{subject}");
            }
        }
    }
}

#[test]
fn a_text_message_has_at_most_200_characters_whatever_names_and_reasons_are_and_keeps_date_and_id() {
    let longest = |of: &str| Line::try_from(of.repeat(120 / of.chars().count())).unwrap();
    for name in ["长", "W ", "👨‍👩‍👧"].map(longest) {
        let operator = Operator { name_zh: name.clone(), name_en: name.clone(), ..operator() };
        for language in LANGUAGES {
            let mut account = MarketAccount { legal_name: name.clone(), ..account() };
            let mut provider = provider();
            account.contacts.language = language;
            provider.contacts.language = language;
            for Sample { clause, message, .. } in samples_of(&Cast::named(language, &name)) {
                for reach in [Reach::Party(&account), Reach::ProviderOf(&provider, &account)] {
                    let notice = drafted(clause, &reach, &*message, &operator);
                    let Rendered { subject: told, body } = notice.short(&operator);
                    let characters = told.chars().count() + 1 + body.chars().count();
                    assert!(characters <= 200, "{characters}: {told}");
                    assert_eq!(notice.in_site.is_some(), message.manner().is_shown_in_site());
                    assert!(notice.in_site.is_none_or(|in_site| body.contains(in_site.as_str())), "{body}");
                    let kept = told.ends_with(&notice.subject);
                    assert!(kept, "nothing but names is cut: {told}");
                    assert!(!notice.subject.contains(name.as_str()), "a subject has short names: {told}");
                }
            }
        }
    }
}

#[test]
fn what_a_party_wrote_is_put_in_as_it_is_and_not_read_again() {
    let written = "{{ order }} {} {% if \"<&>'".to_owned();
    let merchant = Recipient::Party(PartyId::Merchant("shop-1".parse().unwrap()));
    let message = ListingListed { listing: written.clone() };
    for language in LANGUAGES {
        let text = message.text(language, &merchant);
        assert!(text.split_once('\n').unwrap().1.contains(&written), "{text}");
        assert!(drafted("4.2", &Reach::Party(&account()), &message, &operator()).body.contains(&written));
    }
}

#[test]
fn a_phrase_is_written_in_the_language_of_the_text() {
    let answer = Words { english: "deleted", chinese: "已删除" };
    let [provider, listing, grant] = ["p", "l", "g"].map(str::to_owned);
    let message = DemandAttested { provider, listing, grant, answer };
    let merchant = Recipient::Party(PartyId::Merchant("shop-1".parse().unwrap()));
    let [chinese, english] = LANGUAGES.map(|language| message.text(language, &merchant));
    assert!(chinese.contains("已删除") && !chinese.contains("deleted"), "{chinese}");
    assert!(english.contains("deleted") && !english.contains("已删除"), "{english}");
}
