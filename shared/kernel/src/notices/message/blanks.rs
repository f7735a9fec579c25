//! How templates write what is not text already: `{{ due|instant }}`. A template sees the filters of its language.

use askama::{Result, Values, filter_fn};
use jiff::Timestamp;
use jiff::civil::Date;

use super::cut::cut;
use super::dates;
use crate::money::Fen;
use crate::party::Language;
use crate::periods::Trace;

/// The most characters of a name in a subject, which is one line; the text has the whole name.
const SHORT_NAME: usize = 20;

/// An amount: `人民币199.00元`, `CNY 199.00`.
fn amount(of: Fen, language: Language) -> String {
    let (yuan, fen) = (of.get() / 100, of.get() % 100);
    match language {
        Language::Chinese => format!("人民币{yuan}.{fen:02}元"),
        Language::English => format!("CNY {yuan}.{fen:02}"),
    }
}

macro_rules! filters {
    ($(#[$meta:meta])* $module:ident = $language:expr) => {
        $(#[$meta])*
        #[allow(missing_docs, clippy::missing_errors_doc, reason = "each names the function that it calls")]
        pub mod $module {
            use super::*;

            #[filter_fn]
            pub fn short(name: &str, _: &dyn Values) -> Result<String> {
                Ok(cut(name, SHORT_NAME))
            }

            #[filter_fn]
            pub fn bracketed<T: AsRef<str>>(title: T, _: &dyn Values) -> Result<String> {
                Ok(crate::text::bracketed(title.as_ref()))
            }

            #[filter_fn]
            pub fn money(of: &Fen, _: &dyn Values) -> Result<String> {
                Ok(amount(*of, $language))
            }

            #[filter_fn]
            pub fn instant(at: &Timestamp, _: &dyn Values) -> Result<String> {
                Ok(dates::instant(*at, $language))
            }

            #[filter_fn]
            pub fn beginning(at: &Timestamp, _: &dyn Values) -> Result<String> {
                Ok(dates::beginning(*at, $language))
            }

            #[filter_fn]
            pub fn day(date: &Date, _: &dyn Values) -> Result<String> {
                Ok(dates::day(*date, $language))
            }

            #[filter_fn]
            pub fn day_of(at: &Timestamp, _: &dyn Values) -> Result<String> {
                Ok(dates::day_of(*at, $language))
            }

            #[filter_fn]
            pub fn ahead(days: &u32, _: &dyn Values) -> Result<String> {
                Ok(dates::ahead(*days, $language))
            }

            #[filter_fn]
            pub fn since(days: &u32, _: &dyn Values) -> Result<String> {
                Ok(dates::since(*days, $language))
            }

            #[filter_fn]
            pub fn count(period: &Trace, _: &dyn Values) -> Result<String> {
                Ok(super::super::reckoning::count(period))
            }

            #[filter_fn]
            pub fn reckoning(period: &Trace, _: &dyn Values) -> Result<String> {
                Ok(super::super::reckoning::reckoning(period, $language))
            }
        }
    };
}

filters! {
    /// What Chinese texts write in their way.
    chinese = Language::Chinese
}
filters! {
    /// What English texts write in their way.
    english = Language::English
}
