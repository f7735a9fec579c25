//! What differs between two versions of a document, as it is answered ([`view`]) and as people read it ([`page`]).

mod page;
mod view;

use market_agreement::documents::comparison::{Comparison, Read, compare};

use super::page::Shown;
use super::shown::shown;
use crate::http::{Market, Problem};
use crate::wire::paths::VersionPath;

pub use view::ComparisonView;

/// Two versions of a document, one of which the other is compared with.
#[derive(Debug)]
pub struct Compared {
    before: Shown,
    after: Shown,
}

impl Compared {
    /// A version and the one that it is compared with; not found where there is no such version.
    pub async fn of(market: &Market, path: &VersionPath, before: u32) -> Result<Self, Problem> {
        let of = async |number| shown(market, &path.document_id, number).await?.ok_or(Problem::not_found());
        let (before, after) = futures_util::try_join!(of(before), of(path.version))?;
        Ok(Self { before, after })
    }

    fn comparison(&self) -> Comparison<'_> {
        compare(read(&self.before), read(&self.after))
    }
}

fn read(shown: &Shown) -> Read<'_> {
    Read { text: &shown.text, outline: &shown.outline, prominent: &shown.version.prominent }
}
