//! A version as a page that people read (`templates/version.html`), in both languages of the market.
//!
//! The page is a function of what is stored of the version and of nothing else: asked for again it is the same to the
//! byte, and its hash is what `accept_document` compares. So the template does not change lightly: who was shown the
//! former page just before a deployment is asked to look again.

use askama::Template;
use market_agreement::documents::acceptance::Served;
use market_agreement::documents::clauses::{Clause, Outline, clause_text};
use market_agreement::documents::{Document, Version};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use market_kernel::party::Language;
use market_kernel::periods::ZONE;
use market_kernel::text::Line;

use super::html::{prominent_mark, rendered};
use crate::http::Problem;

/// A version with all that is shown of it.
#[derive(Debug)]
pub struct Shown {
    /// The document.
    pub document: DocumentId,
    /// Its title.
    pub title: Line,
    /// The version.
    pub version: Version,
    /// Its exact text.
    pub text: String,
    /// Its clauses.
    pub outline: Outline,
}

/// The hashes of a version's pages.
#[derive(Debug)]
pub struct PageHashes([Sha256Hash; 2]);

/// The languages that there are pages in.
pub const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

#[derive(Template)]
#[template(path = "version.html")]
struct Page<'a> {
    words: &'a Words,
    prominent: &'static str,
    document: &'a str,
    title: &'a str,
    version: u32,
    effective_at: String,
    effective_locally: String,
    sha256: &'a str,
    clauses: Vec<Section<'a>>,
}

struct Section<'a> {
    /// Its address, as a fragment of the page's own address: no blanks.
    anchor: String,
    text: &'a str,
    is_prominent: bool,
}

struct Words {
    language: &'static str,
    document: &'static str,
    version: &'static str,
    effective_at: &'static str,
    sha256: &'static str,
}

const CHINESE: Words = Words {
    language: "zh-CN",
    document: "文件",
    version: "版本",
    effective_at: "生效时间（北京时间）",
    sha256: "正文的 SHA-256",
};
const ENGLISH: Words = Words {
    language: "en",
    document: "Document",
    version: "Version",
    effective_at: "In force from (Beijing time)",
    sha256: "SHA-256 of the text",
};

impl Shown {
    /// The page.
    pub fn page(&self, language: Language) -> Result<String, Problem> {
        let words = match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        };
        let version = &self.version;
        let prominent: std::collections::HashSet<&ClauseAddress> = version.prominent.iter().collect();
        let anchor = |address: &ClauseAddress| address.as_str().replace(' ', "_");
        let section = |clause: &'_ Clause| Section {
            text: clause_text(&self.text, clause),
            is_prominent: clause.address.as_ref().is_some_and(|address| prominent.contains(address)),
            anchor: clause.address.as_ref().map(anchor).unwrap_or_default(),
        };
        let clauses = self.outline.clauses.iter().map(section).collect();
        let page = Page {
            words,
            prominent: prominent_mark(language),
            document: self.document.as_str(),
            title: self.title.as_str(),
            version: version.number,
            effective_at: version.effective_at.to_string(),
            effective_locally: ZONE
                .to_datetime(version.effective_at)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string(),
            sha256: version.sha256.as_str(),
            clauses,
        };
        rendered(&page)
    }

    /// The hashes of its pages.
    pub fn page_hashes(&self) -> Result<PageHashes, Problem> {
        let [chinese, english] = LANGUAGES.map(|language| self.page(language));
        Ok(PageHashes([Sha256Hash::of(chinese?.as_bytes()), Sha256Hash::of(english?.as_bytes())]))
    }

    /// What the market serves of it, which is a version of this document, with these hashes of its pages.
    pub fn served<'a>(&'a self, document: &'a Document, hashes: &'a PageHashes) -> Served<'a> {
        Served { document, text: &self.text, outline: &self.outline, pages: &hashes.0 }
    }
}

impl PageHashes {
    /// Each language with its page's hash.
    pub fn each(self) -> impl Iterator<Item = (Language, Sha256Hash)> {
        LANGUAGES.into_iter().zip(self.0)
    }
}
