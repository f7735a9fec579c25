//! What a token must say, and where it says it.
//!
//! `iss` is one string and the issuer's; `aud` is the market, alone or in a list; `sub` has 1 to 255 characters.
//! `exp` and `nbf` are numbers, maybe with fractions (RFC 7519, 2). A token never outlives its time: `exp` has no
//! leeway and is rounded down. `nbf` is rounded up and has a little, because the issuer's clock is not ours. Who the
//! party is and what its role is may stand in claims of other names: issuers differ.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::{Refused, Role, Scopes};

/// The claim that narrows what the role may ([`Scopes`]).
const SCOPE_CLAIM: &str = "market_scope";
/// How far an issuer's clock may be ahead of the market's.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// The longest subject (OpenID Connect Core, 2), in characters.
pub(crate) const MAX_SUBJECT_CHARS: usize = 255;

/// A claim, by its name; one inside others by a JSON Pointer, `/realm/role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

/// It names no claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither a claim's name nor a JSON Pointer to one")]
pub struct NoClaimName;

impl std::str::FromStr for ClaimName {
    type Err = NoClaimName;

    fn from_str(name: &str) -> Result<Self, NoClaimName> {
        if name.trim().is_empty() || name == "/" { Err(NoClaimName) } else { Ok(Self(name.to_owned())) }
    }
}

impl ClaimName {
    fn of<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        match self.0.strip_prefix('/') {
            None => claims.get(&self.0),
            Some(path) => {
                let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
                let mut parts = path.splitn(2, '/');
                let outer = claims.get(&unescaped(parts.next()?))?;
                match parts.next() {
                    None => Some(outer),
                    Some(inner) => outer.pointer(&format!("/{inner}")),
                }
            }
        }
    }
}

/// Whether a token has to say from when on it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBefore {
    /// `nbf` must be there.
    Required,
    /// It holds at once where `nbf` is missing.
    Optional,
}

/// What a token must say.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The issuer.
    pub issuer: String,
    /// The audience.
    pub audience: String,
    /// What the issuer signs with; tokens of any other algorithm are refused.
    pub algorithm: Algorithm,
    /// The claim that names the merchant or provider. Whoever has another role is named by `sub`.
    pub party_claim: ClaimName,
    /// The claim that names the role.
    pub role_claim: ClaimName,
    /// Whether `nbf` has to be there.
    pub not_before: NotBefore,
}

/// What a token says.
#[derive(Debug)]
pub(crate) struct Said {
    pub role: Role,
    pub party: String,
    pub scopes: Scopes,
    pub expires_at: i64,
}

fn claim(name: impl Into<String>) -> Refused {
    Refused::Claim(name.into())
}

impl Terms {
    /// The usual claims: `sub`, `market_role`, and `nbf` required.
    #[must_use]
    pub fn of(issuer: impl Into<String>, audience: impl Into<String>, algorithm: Algorithm) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithm,
            party_claim: ClaimName("sub".to_owned()),
            role_claim: ClaimName("market_role".to_owned()),
            not_before: NotBefore::Required,
        }
    }

    /// Reads the claims of a token whose signature and audience hold.
    pub(crate) fn read(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<Said, Refused> {
        // The library would also take a list with ours among others.
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer.as_str()) {
            return Err(Refused::Issuer(self.issuer.clone()));
        }
        let expires_at = claims.get("exp").and_then(|exp| seconds(exp, f64::floor));
        let expires_at = expires_at.ok_or_else(|| claim("exp"))?;
        if now >= expires_at {
            return Err(Refused::Expired(expires_at));
        }
        match (claims.get("nbf"), self.not_before) {
            (Some(nbf), _) => {
                let from = seconds(nbf, f64::ceil).ok_or_else(|| claim("nbf"))?;
                if now.as_second().saturating_add(LEEWAY.as_secs()) < from.as_second() {
                    return Err(Refused::NotYet(from));
                }
            }
            (None, NotBefore::Optional) => {}
            (None, NotBefore::Required) => return Err(claim("nbf")),
        }
        let role = self.role_claim.of(claims).and_then(role).ok_or_else(|| claim(&self.role_claim.0))?;
        let subject = claims.get("sub").and_then(name).ok_or_else(|| claim("sub"))?;
        let party = match role {
            Role::Merchant | Role::Provider => {
                self.party_claim.of(claims).and_then(name).ok_or_else(|| claim(&self.party_claim.0))?
            }
            Role::Operator | Role::DataGateway | Role::Upstream => subject,
        };
        let scopes = Scopes::of_claim(claims.get(SCOPE_CLAIM)).map_err(|_| claim(SCOPE_CLAIM))?;
        Ok(Said { role, party, scopes, expires_at: expires_at.as_second() })
    }
}

/// A role by its name; of a list, the one entry that is a role of the market's.
fn role(claim: &Value) -> Option<Role> {
    match claim {
        Value::String(name) => name.parse().ok(),
        Value::Array(names) => {
            let mut roles = names.iter().filter_map(|name| name.as_str()?.parse().ok());
            roles.next().filter(|_| roles.next().is_none())
        }
        _ => None,
    }
}

/// A bounded name. A party's may be a number: some platforms count their accounts.
fn name(claim: &Value) -> Option<String> {
    let name = match claim {
        Value::String(name) => name.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (1..=MAX_SUBJECT_CHARS).contains(&name.chars().count()).then_some(name)
}

/// A `NumericDate` in whole seconds; `None` if it is not a valid instant.
fn seconds(date: &Value, round: fn(f64) -> f64) -> Option<Timestamp> {
    let number = date.as_number()?;
    let whole = match number.as_i64() {
        Some(whole) => whole,
        None => {
            let whole = round(number.as_f64()?);
            // Every instant is far within; beyond it the conversion would saturate.
            if whole.abs() > 1e15 {
                return None;
            }
            whole as i64
        }
    };
    Timestamp::from_second(whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_767_574_800;

    fn terms() -> Terms {
        Terms::of("https://issuer.example", "service-market", Algorithm::ES256)
    }

    fn claims(changed: &Value) -> Map<String, Value> {
        let mut claims = json!({
            "iss": "https://issuer.example", "aud": "service-market", "sub": "shop-1",
            "market_role": "merchant", "nbf": NOW, "exp": NOW + 60,
        });
        for (name, value) in changed.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims.as_object().unwrap().clone()
    }

    fn read(terms: &Terms, changed: Value) -> Result<Said, Refused> {
        terms.read(&claims(&changed), Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn times_may_have_fractions_and_a_token_never_outlives_its_own() {
        for (exp, ends) in [(json!(NOW as f64 + 1.9), NOW + 1), (json!(NOW + 1), NOW + 1)] {
            assert_eq!(read(&terms(), json!({ "exp": exp })).unwrap().expires_at, ends);
        }
        let huge: Value = serde_json::from_str("1e300").unwrap();
        let over: Value = serde_json::from_str("18446744073709551615").unwrap();
        for exp in
            [json!(NOW), json!(NOW as f64 + 0.9), json!("1767574860"), json!(-1), huge, over, json!([])]
        {
            assert!(read(&terms(), json!({ "exp": exp })).is_err(), "{exp}");
        }
        assert!(read(&terms(), json!({ "exp": null })).is_err());
    }

    #[test]
    fn an_issuers_clock_may_be_ahead_by_half_a_minute_and_no_more() {
        for (nbf, holds) in [
            (json!(NOW + 30), true),
            (json!(NOW as f64 + 29.5), true),
            (json!(NOW as f64 + 30.5), false),
            (json!(NOW + 31), false),
            (json!(-1.5), true),
            (json!("0"), false),
            (json!(true), false),
        ] {
            assert_eq!(read(&terms(), json!({ "nbf": nbf })).is_ok(), holds, "{nbf}");
        }
    }

    #[test]
    fn from_when_on_it_holds_may_be_left_out_where_the_deployment_says_so() {
        let missing = || json!({ "nbf": null });
        assert!(read(&terms(), missing()).is_err());
        let lenient = Terms { not_before: NotBefore::Optional, ..terms() };
        assert!(read(&lenient, missing()).is_ok());
        assert!(read(&lenient, json!({ "nbf": NOW + 31 })).is_err(), "where it is there it counts");
    }

    #[test]
    fn the_issuer_is_one_string_and_the_subject_is_bounded() {
        for iss in
            [json!(["https://issuer.example"]), json!("https://issuer.example/"), json!(null), json!(7)]
        {
            assert!(read(&terms(), json!({ "iss": iss })).is_err(), "{iss}");
        }
        for (sub, holds) in [
            (json!("用".repeat(255)), true),
            (json!("x".repeat(256)), false),
            (json!(""), false),
            (json!(["shop-1"]), false),
            (json!(null), false),
        ] {
            assert_eq!(read(&terms(), json!({ "sub": sub })).is_ok(), holds, "{sub}");
        }
    }

    #[test]
    fn party_and_role_are_read_where_the_issuer_puts_them() {
        let elsewhere = Terms {
            party_claim: "/shop/id".parse().unwrap(),
            role_claim: "https://market.example/roles".parse().unwrap(),
            ..terms()
        };
        let said = |role: Value| {
            read(&elsewhere, json!({ "shop": { "id": 17 }, "https://market.example/roles": role }))
        };
        let merchant = said(json!(["email", "merchant"])).unwrap();
        assert_eq!((merchant.role, merchant.party.as_str()), (Role::Merchant, "17"));
        let operator = said(json!("operator")).unwrap();
        assert_eq!(operator.party, "shop-1", "staff have no shop: they are named by sub");
        for role in [json!(["merchant", "operator"]), json!([]), json!("root"), json!(7), json!(null)] {
            assert!(said(role.clone()).is_err(), "{role}");
        }
        assert!(read(&elsewhere, json!({ "https://market.example/roles": "merchant" })).is_err(), "no shop");
        for name in ["", " ", "/"] {
            assert!(name.parse::<ClaimName>().is_err(), "{name:?}");
        }
    }
}
