//! A verified caller, as the gateway's authorizer hands it to the functions behind it.
//!
//! The gateway keeps an authorizer's answer for minutes. So the end of the token travels with it, and is
//! compared with the present wherever a request arrives: a token never outlives its time.

use jiff::Timestamp;

use crate::terms::MAX_SUBJECT_CHARS;
use crate::{Principal, Refused, Scopes};

const ROLE: &str = "role";
const SUBJECT: &str = "subject";
const EXPIRES_AT: &str = "expires_at";
/// There where the token narrows its role.
const SCOPES: &str = "scopes";

/// A caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCaller {
    /// Who.
    pub principal: Principal,
    /// The token's `exp`: not at or after, in seconds.
    pub expires_at: i64,
}

impl VerifiedCaller {
    /// The caller, as long as its token holds.
    ///
    /// # Errors
    /// [`Refused::Expired`] once it does not.
    pub fn at(&self, now: Timestamp) -> Result<&Principal, Refused> {
        if now.as_second() >= self.expires_at {
            return Err(Refused::Expired(Timestamp::from_second(self.expires_at).unwrap_or(now)));
        }
        Ok(&self.principal)
    }

    /// As the texts of an authorizer's context.
    #[must_use]
    pub fn to_context(&self) -> Vec<(&'static str, String)> {
        let Principal { role, subject, scopes } = &self.principal;
        let mut context = vec![
            (ROLE, role.name().to_owned()),
            (SUBJECT, subject.clone()),
            (EXPIRES_AT, self.expires_at.to_string()),
        ];
        context.extend(scopes.list().map(|list| (SCOPES, list)));
        context
    }

    /// From an authorizer's context; none where it is not one of ours. What it says of the subject was decided there;
    /// an authorizer of the release before 0.3.0 bounds none.
    #[must_use]
    pub fn from_context<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let subject =
            text(SUBJECT).filter(|subject| (1..=MAX_SUBJECT_CHARS).contains(&subject.chars().count()))?;
        let scopes = text(SCOPES).map_or(Scopes::Whole, Scopes::narrowed);
        let principal = Principal { role: text(ROLE)?.parse().ok()?, subject: subject.to_owned(), scopes };
        Some(Self { principal, expires_at: text(EXPIRES_AT)?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn what_the_authorizer_hands_on_is_read_as_it_was_written_and_ends_with_its_token() {
        for scopes in [Scopes::Whole, Scopes::narrowed("orders:read grants:write")] {
            let principal = Principal { role: Role::DataGateway, subject: "data-api".to_owned(), scopes };
            is_read_as_written(&VerifiedCaller { principal, expires_at: 100 });
        }
    }

    fn is_read_as_written(verified: &VerifiedCaller) {
        let context = verified.to_context();
        let text =
            |name: &str| context.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
        assert_eq!(VerifiedCaller::from_context(text).as_ref(), Some(verified));
        assert!(verified.at(Timestamp::from_second(99).unwrap()).is_ok());
        assert!(verified.at(Timestamp::from_second(100).unwrap()).is_err());
        for out_of_bounds in [String::new(), "x".repeat(MAX_SUBJECT_CHARS + 1)] {
            let odd = |name: &str| if name == SUBJECT { Some(out_of_bounds.as_str()) } else { text(name) };
            assert_eq!(VerifiedCaller::from_context(odd), None, "no authorizer of ours says so");
        }
        for missing in ["role", "subject", "expires_at"] {
            assert_eq!(VerifiedCaller::from_context(|name| text(name).filter(|_| name != missing)), None);
        }
    }
}
