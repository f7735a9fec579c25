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

use crate::folder::{self, FolderError};

/// The audience of the market's tokens.
pub const AUDIENCE: &str = "service-market";
/// How tokens are signed.
pub const ALGORITHM: Algorithm = Algorithm::ES256;
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
    /// Where the file cannot be read or written, or holds no such key.
    pub fn open(file: &Path, name: impl Into<String>) -> Result<Self, FolderError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let der = folder::kept(file, || {
            let made = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
            Ok(made.map_err(|_| std::io::Error::other("no key could be made"))?.as_ref().to_vec())
        })?;
        // The encoding below believes whatever it is given.
        EcdsaKeyPair::from_pkcs8(algorithm, &der).map_err(|_| FolderError::Broken {
            file: file.to_owned(),
            what: "the issuer's key",
            remedy: "restore it from a backup, or delete it: another is made, and nobody's token is valid any more",
        })?;
        Ok(Self { name: name.into(), key: EncodingKey::from_ec_der(&der) })
    }

    /// A token that may do all that its role may.
    #[must_use]
    pub fn token(&self, role: Role, subject: &str, now: Timestamp) -> String {
        self.narrowed(role, subject, None, now)
    }

    /// A token that may do what its scopes name, where there are any.
    #[must_use]
    pub fn narrowed(&self, role: Role, subject: &str, scopes: Option<String>, now: Timestamp) -> String {
        self.sign(&Claims {
            iss: self.name.clone(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            market_role: role,
            nbf: now.as_second(),
            exp: now.as_second() + LIFETIME_SECONDS,
            market_scope: scopes,
        })
    }

    /// A token with exactly these claims.
    ///
    /// # Panics
    /// Where the claims cannot be written as JSON.
    #[must_use]
    pub fn sign<C: serde::Serialize>(&self, claims: &C) -> String {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(ALGORITHM) };
        encode(&header, claims, &self.key).expect("a key that was read signs what can be written")
    }

    /// Its key set.
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        let mut key =
            Jwk::from_encoding_key(&self.key, ALGORITHM).expect("a key that was read has a public half");
        key.common.key_id = Some(KEY_ID.to_owned());
        JwkSet { keys: vec![key] }
    }
}
