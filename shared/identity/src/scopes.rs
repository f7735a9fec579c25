//! Scopes: a token may do less than its role, never more.
//!
//! A token without the claim may do all that its role may. With it, what its scopes name and the role allows: `orders:read`
//! opens the routes that read orders, `orders:write` those that change them. A scope that the market does not know opens
//! nothing. The text is a list with blanks between (RFC 6749, 3.3).

use std::collections::BTreeSet;

use serde_json::Value;

/// The longest list of scopes, in bytes.
const MAX_BYTES: usize = 4096;

/// What a token may do of what its role may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scopes {
    /// All of it.
    #[default]
    Whole,
    /// What these open.
    Narrowed(BTreeSet<String>),
}

/// The claim is no list of scopes, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoScopes;

impl Scopes {
    /// From the claim of a token.
    ///
    /// # Errors
    /// Where it is there and no text of at most 4 KiB that names a scope: what was meant to narrow must not open everything,
    /// also where an empty text is lost on the way.
    pub(crate) fn of_claim(claim: Option<&Value>) -> Result<Self, NoScopes> {
        match claim {
            None => Ok(Self::Whole),
            Some(Value::String(text)) => Self::parse(text),
            Some(_) => Err(NoScopes),
        }
    }

    /// The scopes of a list that a token may carry.
    ///
    /// # Errors
    /// Where it names none, or has more than 4 KiB.
    pub fn parse(list: &str) -> Result<Self, NoScopes> {
        if list.len() > MAX_BYTES || list.trim_ascii().is_empty() {
            return Err(NoScopes);
        }
        Ok(Self::narrowed(list))
    }

    /// The scopes of a list.
    #[must_use]
    pub fn narrowed(list: &str) -> Self {
        Self::Narrowed(list.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// Whether a route that asks for this scope is open.
    #[must_use]
    pub fn opens(&self, scope: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Narrowed(scopes) => scopes.contains(scope),
        }
    }

    /// The list, where there is one.
    #[must_use]
    pub fn list(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Narrowed(scopes) => Some(scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_without_the_claim_may_do_what_its_role_may() {
        assert!(Scopes::of_claim(None).unwrap().opens("orders:write"));
    }

    #[test]
    fn a_token_with_the_claim_may_do_what_it_names_and_nothing_else() {
        let scopes = Scopes::of_claim(Some(&json!(" orders:read  grants:write moon:walk "))).unwrap();
        assert!(scopes.opens("orders:read") && scopes.opens("grants:write"));
        assert!(!scopes.opens("orders:write") && !scopes.opens("orders:") && !scopes.opens("orders"));
    }

    #[test]
    fn what_is_no_list_of_scopes_opens_nothing() {
        for claim in [
            json!(null),
            json!(""),
            json!(" \n"),
            json!(["orders:read"]),
            json!(7),
            json!({}),
            json!("x".repeat(MAX_BYTES + 1)),
        ] {
            assert_eq!(Scopes::of_claim(Some(&claim)), Err(NoScopes), "{claim}");
        }
    }
}
