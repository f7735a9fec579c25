//! A secret by its name in AWS Secrets Manager, or given as it is (on one machine).
//!
//! Whoever uses one keeps it in a [`Kept`](crate::Kept) in the form that it needs, fresh for
//! [`FRESH_FOR`]: the longest time that a rotation can go unnoticed.

#[cfg(feature = "aws")]
use aws_sdk_secretsmanager::Client;
use jiff::SignedDuration;

#[cfg(feature = "aws")]
use crate::words;

/// How long a secret is used before it is fetched again.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Where a secret is.
#[derive(Clone)]
pub enum Secret {
    /// Here.
    Given(String),
    /// In Secrets Manager, under this name.
    #[cfg(feature = "aws")]
    Named(Client, String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(_) => f.write_str("a secret"),
            #[cfg(feature = "aws")]
            Self::Named(_, name) => write!(f, "the secret {name}"),
        }
    }
}

impl Secret {
    /// Its text, as it is now.
    ///
    /// # Errors
    /// Where it cannot be had; the reason is for logs, and never holds the secret.
    pub async fn fetch(&self) -> Result<String, String> {
        match self {
            Self::Given(text) => Ok(text.clone()),
            #[cfg(feature = "aws")]
            Self::Named(client, name) => {
                let answer = client.get_secret_value().secret_id(name).send().await;
                let answer = answer.map_err(|error| words("Secrets Manager's endpoint", &error))?;
                answer.secret_string.ok_or_else(|| format!("the secret {name} is not a text"))
            }
        }
    }
}
