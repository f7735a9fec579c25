//! Publishing a version: whether it may be, and what of the document changes.

use jiff::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::characters::{show, unfit_in_document};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::party::Language;
use market_kernel::periods::{self, PublicityMode};
use market_kernel::stored::form::{self, FIRST_SCHEMA};
use market_parties::providers::ProviderStatus;

use super::clauses::{MAX_CLAUSES, Outline};
use super::{
    Author, Document, DocumentKind, MAX_OUTLINE_BYTES, MAX_PROMINENT, MAX_TEXT_BYTES, MAX_TO_COME,
    Publication, PublishRefusal, Publisher, Publishing, Version,
};
use crate::events;
use crate::messages;

/// The most versions that one change takes out of a document, well within a transaction.
const MOST_MOVED: usize = 50;

impl Publication {
    /// The clauses of its text: those that its publisher gives, or those that are read off it.
    ///
    /// # Errors
    /// Where the outline that was given is not one of the text.
    pub fn outline(&self) -> Result<Outline, PublishRefusal> {
        match &self.given {
            Some(given) => Ok(given.outline(&self.text)?),
            None => Ok(Outline::read(&self.text)),
        }
    }
}

impl Publisher {
    /// Whether a new document of this publisher's may have this id. The ids of the operator and of each provider
    /// cannot meet: neither can take a name before the other.
    fn may_name(&self, id: &DocumentId) -> bool {
        match self {
            Self::Operator => !id.as_str().contains('.'),
            Self::Provider(provider) => {
                let name =
                    id.as_str().strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('.'));
                name.is_some_and(|name| !name.is_empty() && !name.contains('.'))
            }
        }
    }
}

impl Document {
    /// Publishes the first or the next version.
    ///
    /// # Errors
    /// See [`PublishRefusal`].
    pub fn publish(
        existing: Option<&Loaded<Self>>,
        author: Author<'_>,
        publication: Publication,
        mode: PublicityMode,
        occasion: &Occasion,
    ) -> Result<Publishing, PublishRefusal> {
        let provider = match author {
            Author::Operator => None,
            Author::Provider(provider) => Some(
                provider
                    .filter(|provider| provider.status == ProviderStatus::Approved)
                    .ok_or(PublishRefusal::ProviderNotApproved)?,
            ),
        };
        let publisher =
            provider.map_or(Publisher::Operator, |provider| Publisher::Provider(provider.id.clone()));
        if matches!(publisher, Publisher::Provider(_)) != (publication.kind == DocumentKind::Subscription) {
            return Err(PublishRefusal::WrongKind);
        }
        if !show(&publication.text) || publication.text.len() > MAX_TEXT_BYTES {
            return Err(PublishRefusal::TextSize);
        }
        if publication.prominent.len() > MAX_PROMINENT {
            return Err(PublishRefusal::TooManyProminent);
        }
        if let Some((line, found)) = unfit_in_document(&publication.text) {
            return Err(PublishRefusal::TextCharacter { line, found });
        }
        let outline = publication.outline()?;
        let Publication {
            id,
            kind,
            title,
            text,
            prominent,
            rules,
            effective_at,
            major,
            given: _,
            unnumbered,
        } = publication;
        if outline.count() == 0 && kind == DocumentKind::Body && !unnumbered {
            return Err(PublishRefusal::NothingRecognised);
        }
        let stored_outline = form::bytes(outline.clone());
        if outline.count() > MAX_CLAUSES || stored_outline.len() > MAX_OUTLINE_BYTES {
            return Err(PublishRefusal::OutlineSize);
        }
        if let Some(missing) = outline.first_unknown(&prominent) {
            return Err(PublishRefusal::NoSuchClause(missing.clone()));
        }
        let cited: Vec<_> = rules.values().cloned().collect();
        if let Some(missing) = outline.first_unknown(&cited) {
            return Err(PublishRefusal::NoSuchClause(missing.clone()));
        }
        let effective_at = effective_at.unwrap_or(occasion.at);
        if effective_at < occasion.at {
            return Err(PublishRefusal::Retroactive);
        }
        // What has its id already keeps it.
        if existing.is_none() && !publisher.may_name(&id) {
            return Err(PublishRefusal::WrongId);
        }
        let mut document = match existing {
            Some(loaded) if loaded.publisher != publisher => return Err(PublishRefusal::NotThePublisher),
            Some(loaded) if loaded.kind != kind => return Err(PublishRefusal::KindChanged),
            Some(loaded) => Self { title, ..loaded.state.clone() },
            None => Self { id, kind, publisher, title, versions: Vec::new(), withdrawn: Vec::new() },
        };
        let to_come = document.versions.iter().filter(|version| version.effective_at > occasion.at).count();
        if to_come >= MAX_TO_COME {
            return Err(PublishRefusal::TooManyToCome);
        }
        let sha256 = Sha256Hash::of(text.as_bytes());
        let mut warning = None;
        if let Some(last) = document.versions.last() {
            if last.sha256 == sha256 {
                return Err(PublishRefusal::SameText(last.number));
            }
            if effective_at < last.effective_at {
                return Err(PublishRefusal::BeforeEarlierVersion(last.number));
            }
            // A provider's new terms bind only who accepts them; the operator's bind by use (9.4).
            if document.publisher == Publisher::Operator {
                warning = periods::check_publicity(occasion.at, effective_at, major, mode)
                    .map_err(|short| PublishRefusal::PublicityTooShort { earliest: short.earliest })?
                    .map(|warning| warning.to_string());
            }
        }
        let version = Version {
            number: document.newest().map_or(1, |newest| newest.saturating_add(1)),
            title: Some(document.title.clone()),
            sha256,
            size_bytes: text.len() as u64,
            published_at: occasion.at,
            effective_at,
            prominent,
            rules,
            warning,
            outline_sha256: Some(Sha256Hash::of(stored_outline.as_bytes())),
        };
        let under = Self::published_under(&document.publisher, version.number);
        let stored_version = version.stored();
        let mut event = Event::of(events::DocumentPublished {
            under,
            version: version.number,
            sha256: version.sha256.clone(),
            effective_at,
            // Its dates, prominent clauses and outline: of its text alone they do not follow.
            version_sha256: Some(Sha256Hash::of(stored_version.as_bytes())),
        });
        if document.publisher == Publisher::Operator {
            let message = messages::DocumentPublished {
                title: document.title.to_string(),
                version: version.number,
                effective_at,
            };
            event = event.tell(Reach::Everyone(Language::Chinese), message);
        }
        let text_key = Self::text_key(&document.id, version.number);
        let version_key = Self::version_key(&document.id, version.number);
        let outline_key = Self::outline_key(&document.id, version.number);
        document.versions.push(version);
        let superseded = document.leave_superseded(occasion.at);
        let change = match existing {
            Some(loaded) => Change::on(occasion).update(loaded, &document, event),
            None => Change::on(occasion).create(&document, event),
        };
        let change = change
            .store(text_key, text, FIRST_SCHEMA)
            .store(outline_key, stored_outline, form::schema::<Outline>())
            .store(version_key, stored_version, form::schema::<Version>());
        // Those that were published before versions had items of their own get them now.
        let change = superseded.iter().fold(change, |change, version| {
            let key = Self::version_key(&document.id, version.number);
            change.store_again(key, version.stored(), form::schema::<Version>())
        });
        Ok(Publishing { document, outline, change })
    }

    /// Takes out the versions before the one in force, as many as one change can carry; the rest goes with the next.
    fn leave_superseded(&mut self, now: Timestamp) -> Vec<Version> {
        let before = self.versions.iter().rposition(|version| version.effective_at <= now).unwrap_or(0);
        self.versions.drain(..before.min(MOST_MOVED)).collect()
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::citations::Rules;
    use market_kernel::notices::samples;
    use market_kernel::party::Actor;
    use market_kernel::text::Line;

    use super::*;

    fn occasion(at: &str) -> Occasion {
        samples::occasion(at.parse().unwrap(), Actor::Operator("op".into()))
    }

    fn publication(text: &str, effective_at: Option<&str>) -> Publication {
        Publication {
            id: DocumentId::market_agreement(),
            kind: DocumentKind::Body,
            title: Line::try_from("协议").unwrap(),
            text: text.to_owned(),
            prominent: Vec::new(),
            rules: Rules::new(),
            effective_at: effective_at.map(|at| at.parse().unwrap()),
            major: false,
            given: None,
            unnumbered: false,
        }
    }

    fn publish(
        existing: Option<&Loaded<Document>>,
        text: &str,
        at: &str,
        effective_at: Option<&str>,
        mode: PublicityMode,
    ) -> Result<Document, PublishRefusal> {
        Document::publish(existing, Author::Operator, publication(text, effective_at), mode, &occasion(at))
            .map(|publishing| publishing.document)
    }

    fn first() -> Loaded<Document> {
        let state = publish(None, "1.甲\n", "2024-01-01T00:00:00Z", None, PublicityMode::Strict).unwrap();
        Loaded::new(state, 1, Sha256Hash::origin())
    }

    #[test]
    fn an_amendment_needs_seven_full_days_of_publicity() {
        let first = first();
        let published = "2024-04-12T11:06:59+08:00";
        let strict = |at| publish(Some(&first), "1.乙\n", published, Some(at), PublicityMode::Strict);
        assert_eq!(
            strict("2024-04-19T00:00:00+08:00"),
            Err(PublishRefusal::PublicityTooShort { earliest: "2024-04-20T00:00:00+08:00".parse().unwrap() })
        );
        assert!(strict("2024-04-20T00:00:00+08:00").is_ok());
        let lenient = publish(
            Some(&first),
            "1.乙\n",
            published,
            Some("2024-04-19T00:00:00+08:00"),
            PublicityMode::Lenient,
        );
        assert!(lenient.unwrap().versions[1].warning.is_some());
    }

    #[test]
    fn the_version_in_force_is_answered_for_any_instant() {
        let first = first();
        let both = publish(
            Some(&first),
            "1.乙\n",
            "2024-04-12T11:06:59+08:00",
            Some("2024-04-20T00:00:00+08:00"),
            PublicityMode::Strict,
        )
        .unwrap();
        let at = |at: &str| both.in_force_at(at.parse().unwrap()).map(|version| version.number);
        assert_eq!(at("2023-12-31T23:59:59Z"), None);
        assert_eq!(at("2024-04-19T15:59:59Z"), Some(1));
        assert_eq!(at("2024-04-19T16:00:00Z"), Some(2));
    }

    #[test]
    fn a_prominent_clause_must_exist_and_a_text_must_be_new() {
        let mut wrong = publication("1.甲\n1.1乙\n", None);
        wrong.prominent = vec!["4.4.5".to_owned().try_into().unwrap()];
        let at = occasion("2024-01-01T00:00:00Z");
        assert!(matches!(
            Document::publish(None, Author::Operator, wrong, PublicityMode::Strict, &at),
            Err(PublishRefusal::NoSuchClause(_))
        ));
        assert_eq!(
            publish(Some(&first()), "1.甲\n", "2024-02-01T00:00:00Z", None, PublicityMode::Strict),
            Err(PublishRefusal::SameText(1))
        );
    }
}
