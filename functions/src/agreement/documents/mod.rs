//! The registry of documents (1.1–1.4, 9.4).

mod compare_versions;
mod comparison;
mod get_clause;
mod get_comparison_page;
mod get_document;
mod get_page;
mod get_text;
mod get_version;
mod html;
mod list_documents;
mod page;
mod preview_version;
mod publish_version;
mod shown;
mod summary;
mod to_publish;
mod view;
mod withdraw_version;

pub use compare_versions::CompareVersions;
pub use get_clause::GetClause;
pub use get_comparison_page::GetComparisonPage;
pub use get_document::GetDocument;
pub use get_page::GetPage;
pub use get_text::GetText;
pub use get_version::GetVersion;
pub use list_documents::ListDocuments;
pub use preview_version::PreviewVersion;
pub use publish_version::PublishVersion;
pub(crate) use shown::shown;
pub use summary::DocumentSummary;
pub use view::{DocumentView, OutlineView, PageView, VersionView};
pub use withdraw_version::WithdrawVersion;
