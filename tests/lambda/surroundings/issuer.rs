//! An issuer of tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use market_identity::{Claims, Role};
use serde_json::{Value, json};

use super::{AUDIENCE, ISSUER, KEY_ID, far_ahead};

/// An OpenID issuer: a key, its public half, and tokens that it signs.
pub struct Issuer(EncodingKey);

impl Issuer {
    pub fn new() -> Self {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self(EncodingKey::from_ec_der(key.expect("a key can be made").as_ref()))
    }

    /// A token that is valid at any time.
    pub fn token(&self, role: Role, subject: &str) -> String {
        self.sign(&json!(Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            market_role: role,
            nbf: 0,
            exp: far_ahead().as_second(),
            market_scope: None,
        }))
    }

    /// The same for these audiences.
    pub fn token_for(&self, audiences: &Value) -> String {
        self.sign(&json!({
            "iss": ISSUER, "aud": audiences, "sub": "ops", "market_role": "operator",
            "nbf": 0, "exp": far_ahead().as_second(),
        }))
    }

    /// A token with exactly these claims, beside the issuer and an audience.
    pub fn saying(&self, claims: &Value) -> String {
        let mut all = json!({ "iss": ISSUER, "aud": AUDIENCE });
        for (name, value) in claims.as_object().expect("claims have names") {
            all[name] = value.clone();
        }
        self.sign(&all)
    }

    /// A good token under a header that says this besides.
    pub fn token_with_critical(&self, extension: &str) -> String {
        let header = Header {
            kid: Some(KEY_ID.to_owned()),
            crit: Some(vec![extension.to_owned()]),
            ..Header::new(Algorithm::ES256)
        };
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "shop-1", "market_role": "merchant",
            "nbf": 0, "exp": far_ahead().as_second(),
        });
        jsonwebtoken::encode(&header, &claims, &self.0).expect("the key signs")
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.0).expect("the key signs")
    }

    pub(super) fn key_set(&self) -> JwkSet {
        let mut key = Jwk::from_encoding_key(&self.0, Algorithm::ES256).expect("the key has a public half");
        key.common.key_id = Some(KEY_ID.to_owned());
        JwkSet { keys: vec![key] }
    }
}
