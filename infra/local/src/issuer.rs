//! A development issuer of tokens: an OpenID issuer's keys and signature, without its users.
//!
//! Its key is made on the first start and kept in the data folder. The market verifies its tokens as it
//! verifies any issuer's, by the key set that this one serves.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use market_identity::{Claims, Role};

use crate::folder;

/// The audience of the market's tokens.
pub const AUDIENCE: &str = "service-market";
/// How long a token lasts, in seconds of market time.
pub const LIFETIME_SECONDS: i64 = 3600;
const KEY_ID: &str = "local-1";

/// An issuer on this machine.
pub struct Issuer {
    name: String,
    key: EncodingKey,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issuer({})", self.name)
    }
}

impl Issuer {
    /// The issuer whose key lies in a file; the key is made where the file does not exist.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub fn open(file: &Path, name: impl Into<String>) -> std::io::Result<Self> {
        let der = match std::fs::read(file) {
            Ok(der) => der,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                        .map_err(|_| std::io::Error::other("no key could be made"))?;
                folder::replace(file, made.as_ref())?;
                made.as_ref().to_vec()
            }
            Err(error) => return Err(error),
        };
        Ok(Self { name: name.into(), key: EncodingKey::from_ec_der(&der) })
    }

    /// A token.
    ///
    /// # Panics
    /// Where the key in the file is none.
    #[must_use]
    pub fn token(&self, role: Role, subject: &str, now: Timestamp) -> String {
        self.sign(&Claims {
            iss: self.name.clone(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            market_role: role,
            nbf: now.as_second(),
            exp: now.as_second() + LIFETIME_SECONDS,
        })
    }

    /// A token with exactly these claims.
    ///
    /// # Panics
    /// Where the key in the file is none.
    #[must_use]
    pub fn sign<C: serde::Serialize>(&self, claims: &C) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).expect("the issuer's key signs")
    }

    /// Its key set.
    ///
    /// # Panics
    /// Where the key in the file is none.
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        let mut key =
            Jwk::from_encoding_key(&self.key, Algorithm::ES256).expect("the issuer's key is public");
        key.common.key_id = Some(KEY_ID.to_owned());
        JwkSet { keys: vec![key] }
    }
}
