//! What a message is, and what stands around every one.
//!
//! A message is a struct whose fields are the blanks of its texts, declared with [`message!`](crate::message) in its
//! context. Its texts are template files, one for each language and, where merchant and provider are told
//! different things, for each of the two. They are compiled: a message without a text, or a blank without a
//! field, does not compile. What stands around every text – to whom, by which clause, in whose name, where
//! answers go – is put there in one place ([`letter`]). Nothing here knows which messages there are.

mod blanks;
mod cut;
mod dates;
mod letter;
mod reckoning;

use std::fmt::Debug;

use askama::Template;

use crate::party::{Language, Recipient};

pub use blanks::{chinese, english};
pub(super) use letter::{Letter, Short};

/// A rendered notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// A phrase that a text is filled with, in the languages of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// As Chinese texts have it.
    pub chinese: &'static str,
    /// As English texts have it.
    pub english: &'static str,
}

/// On which ways a message reaches its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// In the site and by e-mail; as a text message where the e-mail came back.
    Usual,
    /// So much depends on it that it also goes out as a text message. A withdrawal goes out on every channel that
    /// the withdrawn notice took.
    Grave,
    /// It concerns an address that was given up, and its reader alone: it goes there and nowhere else.
    AddressLeft,
}

impl Manner {
    /// Whether it also goes out as a text message.
    #[must_use]
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Grave)
    }

    /// Whether the party's own account shows it.
    #[must_use]
    pub const fn is_shown_in_site(self) -> bool {
        !matches!(self, Self::AddressLeft)
    }

    /// Whether a text message takes the place of an e-mail that came back: a grave one went there by itself, and
    /// what is said at an address that was given up concerns no other.
    #[must_use]
    pub const fn is_followed_up(self) -> bool {
        matches!(self, Self::Usual)
    }
}

/// A message's fields and templates, so that its texts can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeOf {
    /// The crate whose it is.
    pub context: &'static str,
    /// Its fields.
    pub blanks: &'static [&'static str],
    /// Its templates below `messages/`, each in Chinese and in English.
    pub texts: &'static [[&'static str; 2]],
}

/// Something that parties are told. Declared with [`message!`](crate::message).
pub trait Message: Debug + Send + Sync {
    /// What it is about, for programs; stored, and never renamed.
    fn about(&self) -> &'static str;

    /// On which ways it reaches its recipient.
    fn manner(&self) -> Manner;

    /// What it says to a recipient: the first line is the subject, the rest the text.
    fn text(&self, language: Language, recipient: &Recipient) -> String;

    /// Its fields and templates.
    fn made_of(&self) -> MadeOf;
}

impl Message for Box<dyn Message> {
    fn about(&self) -> &'static str {
        (**self).about()
    }

    fn manner(&self) -> Manner {
        (**self).manner()
    }

    fn text(&self, language: Language, recipient: &Recipient) -> String {
        (**self).text(language, recipient)
    }

    fn made_of(&self) -> MadeOf {
        (**self).made_of()
    }
}

/// A template with its blanks filled. What parties wrote is put in as it is, and not read again.
///
/// # Panics
/// Never: neither memory nor what fills a blank ([`blanks`]) reports an error.
#[must_use]
pub fn filled(page: &impl Template) -> String {
    page.render().expect("filling a text in memory does not fail")
}

/// Declares a message: its word, its fields, how it goes out where that is not the usual way, and its templates in
/// Chinese and in English, with those `to provider` where a provider is told something else.
///
/// ```ignore
/// message! {
///     /// An order's term is over.
///     OrderExpired = "order_expired" { listing: String, ended_at: Timestamp }
///     texts: "zh/order_expired.merchant.txt", "en/order_expired.merchant.txt";
///     to provider: "zh/order_expired.provider.txt", "en/order_expired.provider.txt";
/// }
/// ```
#[macro_export]
macro_rules! message {
    (
        $(#[$meta:meta])*
        $name:ident = $about:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }
        $(manner: $manner:ident;)?
        texts: $zh:literal, $en:literal;
        $(to provider: $provider_zh:literal, $provider_en:literal;)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the fields are what the texts are filled with")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            /// What it is about, for programs; stored, and never renamed.
            pub const ABOUT: &'static str = $about;
        }

        impl $crate::notices::Message for $name {
            fn about(&self) -> &'static str {
                Self::ABOUT
            }

            fn manner(&self) -> $crate::notices::Manner {
                let usual = $crate::notices::Manner::Usual;
                $(let usual = { let _ = usual; $crate::notices::Manner::$manner };)?
                usual
            }

            fn text(
                &self,
                language: $crate::party::Language,
                recipient: &$crate::party::Recipient,
            ) -> String {
                use $crate::party::Language;
                match (language, recipient) {
                    $(
                        (Language::Chinese, $crate::party::Recipient::Party($crate::party::PartyId::Provider(_))) => {
                            $crate::filled!(chinese, $name, $provider_zh, self)
                        }
                        (Language::English, $crate::party::Recipient::Party($crate::party::PartyId::Provider(_))) => {
                            $crate::filled!(english, $name, $provider_en, self)
                        }
                    )?
                    (Language::Chinese, _) => $crate::filled!(chinese, $name, $zh, self),
                    (Language::English, _) => $crate::filled!(english, $name, $en, self),
                }
            }

            fn made_of(&self) -> $crate::notices::MadeOf {
                $crate::notices::MadeOf {
                    context: env!("CARGO_PKG_NAME"),
                    blanks: &[$(stringify!($field)),*],
                    texts: &[[$zh, $en], $([$provider_zh, $provider_en])?],
                }
            }
        }
    };
}

/// A template, filled with the fields of a struct, by the filters of a language.
#[doc(hidden)]
#[macro_export]
macro_rules! filled {
    ($language:ident, $name:ident, $path:literal, $fields:expr) => {{
        #[allow(unused_imports, reason = "not every text has something to write in its language's way")]
        use $crate::notices::$language as filters;

        #[derive(askama::Template)]
        #[template(path = $path)]
        struct Page<'a>(&'a $name);

        impl ::std::ops::Deref for Page<'_> {
            type Target = $name;

            fn deref(&self) -> &$name {
                self.0
            }
        }

        $crate::notices::filled(&Page($fields))
    }};
}
