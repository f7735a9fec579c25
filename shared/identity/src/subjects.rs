//! From a token's subject to the id that keys and evidence name.
//!
//! Evidence cannot be erased, so what it names must not name a person. A subject that is a lawful id and cannot be a
//! person's stays as it is. Any other becomes `u-` and 32 hexadecimal digits: a keyed hash of issuer and subject.
//! The hash is the same every time, so there is no look-up; and without the deployment's key nobody can tell which
//! subject it came from, or try some. The key must never change: with another one everyone would be someone else.
//!
//! What is a person's cannot always be told. Telephone and ID-card numbers can be seen, and e-mail addresses are no
//! lawful ids anyway; a name in Latin letters cannot. An issuer whose subjects are such names wants
//! [`SubjectRule::Opaque`].

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use market_kernel::ids::{AccountId, ProviderId};
use market_outside::{Kept, Secret};

use crate::{IdentityError, Role};

/// The key never changes.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(24);
const PREFIX: &str = "u-";
const DIGEST_BYTES: usize = 16;
/// A provider's documents are named by it (`<provider>.<name>`, up to 64 characters): this leaves room for names.
const MAX_PROVIDER_CHARS: usize = 48;
/// The shortest number that names a person: a mobile telephone's (11 digits; an ID card has 15 or 18).
const DIGITS_OF_A_PERSON: usize = 11;

/// Which subjects stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SubjectRule {
    /// Lawful ids that cannot be a person's.
    #[default]
    Lawful,
    /// None of merchants, providers and operators.
    Opaque,
    /// Every lawful id, even a telephone number: for markets that had such accounts before 0.3.0.
    Legacy,
}

/// Why a text is not a valid key. The text is not included in the error: it may be part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of subjects must be the base64 of 32 to 64 bytes")]
pub struct BadSubjectKey;

/// Makes ids of subjects.
#[derive(Debug)]
pub struct Subjects {
    rule: SubjectRule,
    secret: Secret,
    key: Kept<hmac::Key>,
}

fn key(text: &str) -> Result<hmac::Key, BadSubjectKey> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| BadSubjectKey)?;
    if !(32..=64).contains(&bytes.len()) {
        return Err(BadSubjectKey);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

impl Subjects {
    /// By a key that lies in a secret; it is fetched when a subject first needs it.
    #[must_use]
    pub fn of(secret: Secret, rule: SubjectRule) -> Self {
        Self { rule, secret, key: Kept::fresh_for(FRESH_FOR) }
    }

    /// By this key: the base64 of 32 to 64 bytes.
    ///
    /// # Errors
    /// Where it is none.
    pub fn given(text: &str, rule: SubjectRule) -> Result<Self, BadSubjectKey> {
        key(text)?;
        Ok(Self::of(Secret::Given(text.to_owned()), rule))
    }

    pub(crate) async fn id(
        &self,
        role: Role,
        issuer: &str,
        subject: &str,
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        if self.stays(role, subject) {
            return Ok(subject.to_owned());
        }
        let fetch = async || key(&self.secret.fetch().await?).map_err(|error| error.to_string());
        let key = self.key.get(now, |_| true, fetch).await;
        let key = key.map_err(|error| IdentityError::NoSubjectKey(error.to_string()))?;
        Ok(derived(&key, issuer, subject))
    }

    fn stays(&self, role: Role, subject: &str) -> bool {
        let is_lawful = match role {
            Role::Provider => subject.parse::<ProviderId>().is_ok(),
            _ => subject.parse::<AccountId>().is_ok(),
        };
        let is_a_partys = matches!(role, Role::Merchant | Role::Provider | Role::Operator);
        // Whoever chooses a subject must not choose a derived id: it is someone else's.
        is_lawful
            && !is_derived(subject)
            && match self.rule {
                SubjectRule::Legacy => true,
                SubjectRule::Opaque if is_a_partys => false,
                SubjectRule::Lawful | SubjectRule::Opaque => {
                    !could_name_a_person(subject)
                        && (role != Role::Provider || subject.len() <= MAX_PROVIDER_CHARS)
                }
            }
    }
}

/// The issuer's length stands first, so that no other pair of issuer and subject has the same bytes.
fn derived(key: &hmac::Key, issuer: &str, subject: &str) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(&(issuer.len() as u64).to_be_bytes());
    context.update(issuer.as_bytes());
    context.update(subject.as_bytes());
    format!("{PREFIX}{}", hex::encode(&context.sign().as_ref()[..DIGEST_BYTES]))
}

fn is_derived(id: &str) -> bool {
    id.strip_prefix(PREFIX).is_some_and(|digest| {
        digest.len() == 2 * DIGEST_BYTES && digest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Whether it holds as many digits in a row as a telephone or ID card has, be they parted by dashes or dots. A UUID
/// may, and names nobody.
fn could_name_a_person(id: &str) -> bool {
    let mut run = 0;
    let mut longest = 0;
    for b in id.bytes() {
        match b {
            b'0'..=b'9' => run += 1,
            b'-' | b'.' | b'_' => {}
            _ => run = 0,
        }
        longest = longest.max(run);
    }
    longest >= DIGITS_OF_A_PERSON && !is_uuid(id)
}

fn is_uuid(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://issuer.example";

    fn text(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    fn subjects(rule: SubjectRule) -> Subjects {
        Subjects::given(&text(7), rule).unwrap()
    }

    fn derived_by(byte: u8, issuer: &str, subject: &str) -> String {
        derived(&key(&text(byte)).unwrap(), issuer, subject)
    }

    #[test]
    fn a_lawful_id_that_cannot_be_a_persons_stays() {
        let lawful = subjects(SubjectRule::Lawful);
        for (role, subject) in [
            (Role::Merchant, "shop-1"),
            (Role::Provider, "northwind"),
            (Role::Operator, "ops"),
            (Role::DataGateway, "data-api"),
            (Role::Upstream, "platform"),
            (Role::Merchant, "2519283746"),
            (Role::Merchant, "550e8400-e29b-41d4-a716-446655440000"),
        ] {
            assert!(lawful.stays(role, subject), "{role} {subject}");
        }
    }

    #[test]
    fn a_subject_that_is_no_lawful_id_or_could_name_a_person_becomes_an_opaque_one() {
        let lawful = subjects(SubjectRule::Lawful);
        for subject in [
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "f:1a2b:alice",
            "alice@example.com",
            "张三",
            " shop-1",
            "13800000000",
            "tel-138-0000-0000",
            "+8613800000000",
            "51010719900101123X",
            "510107900101123",
            "-",
            &"x".repeat(65),
            &derived_by(7, ISSUER, "someone else"),
        ] {
            for role in Role::ALL {
                assert!(!lawful.stays(role, subject), "{role} {subject}");
            }
            let id = derived_by(7, ISSUER, subject);
            assert!(id.parse::<AccountId>().is_ok() && is_derived(&id), "{id}");
        }
        let long = "x".repeat(MAX_PROVIDER_CHARS + 1);
        assert!(!lawful.stays(Role::Provider, &long), "its documents could not be named");
        assert!(lawful.stays(Role::Merchant, &long));
    }

    #[test]
    fn an_issuer_of_names_can_have_every_party_opaque_and_an_older_market_keeps_its_ids() {
        let (opaque, legacy) = (subjects(SubjectRule::Opaque), subjects(SubjectRule::Legacy));
        for role in [Role::Merchant, Role::Provider, Role::Operator] {
            assert!(!opaque.stays(role, "zhangsan"), "{role}");
            assert!(legacy.stays(role, "13800000000"), "{role}");
            assert!(!legacy.stays(role, "alice@example.com"), "{role}");
        }
        assert!(opaque.stays(Role::DataGateway, "data-api"), "a machine is no person");
    }

    #[test]
    fn an_id_is_the_same_every_time_and_another_for_another_key_issuer_or_subject() {
        let id = derived_by(7, ISSUER, "alice@example.com");
        assert_eq!(id, derived_by(7, ISSUER, "alice@example.com"));
        for other in [
            derived_by(8, ISSUER, "alice@example.com"),
            derived_by(7, "https://issuer.exampl", "ealice@example.com"),
            derived_by(7, ISSUER, "alice@example.con"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn a_key_is_the_base64_of_enough_bytes() {
        for length in [32, 64] {
            assert!(key(&STANDARD.encode(vec![7; length])).is_ok(), "{length}");
        }
        assert!(key(&format!("{}\n", text(7))).is_ok(), "as a command writes it");
        for bad in ["", "changeme", &STANDARD.encode([7; 31]), &STANDARD.encode([7; 65])] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }
}
