//! Where a command looks: a data folder that no market is using, the URL of a market, or a deployed stack. Every command
//! takes all three, and refuses two at once.
//!
//! Where none is said, `MARKET_URL` is; without it, the stack `market`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::Uri;

use super::api::Api;
use super::lists;
use super::offline;
use super::source::Folder;
use super::stack::{Stack, StackName};
use super::{OperateError, token};

/// Where the market is.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::doc_markdown, reason = "printed as help")]
pub struct Where {
    /// A data folder that no market is using.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["url", "stack_name", "region", "profile"])]
    pub(super) data: Option<PathBuf>,
    /// Where a market answers; MARKET_URL where no place is named. On this machine no token is needed.
    #[arg(long, value_name = "URL", conflicts_with_all = ["stack_name", "region", "profile"])]
    pub(super) url: Option<MarketUrl>,
    #[command(flatten)]
    pub(super) stack: StackName,
}

/// The address of an API, without a slash at its end: `https://api.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketUrl {
    text: String,
    is_loopback: bool,
}

/// The text is no address of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name where the API answers, such as http://127.0.0.1:8080 or https://api.example.com")]
pub struct NotAUrl;

impl FromStr for MarketUrl {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let uri: Uri = text.trim().parse().map_err(|_| NotAUrl)?;
        let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NotAUrl);
        };
        if uri.query().is_some() || authority.as_str().contains('@') {
            return Err(NotAUrl);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let is_loopback = host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        Ok(Self { text: uri.to_string().trim_end_matches('/').to_owned(), is_loopback })
    }
}

impl fmt::Display for MarketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What work does to the market at which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It looks at it.
    Looks,
    /// It changes something.
    Changes,
}

/// A market that was found.
pub(super) enum Place {
    /// In a folder, which is held.
    Folder(Folder),
    /// At a URL.
    Url(Api),
    /// Deployed.
    Stack(Box<Stack>),
}

impl Where {
    /// The URL, where that is where to look. What cannot be done there is refused before anything is asked.
    pub(super) fn url(&self) -> Result<Option<MarketUrl>, OperateError> {
        if self.url.is_some() || self.data.is_some() || self.stack.is_said() {
            return Ok(self.url.clone());
        }
        let named = std::env::var("MARKET_URL").unwrap_or_default();
        if named.trim().is_empty() {
            return Ok(None);
        }
        named.parse().map(Some).map_err(OperateError::NotAUrl)
    }

    /// Finds it.
    pub(super) async fn find(&self) -> Result<Place, OperateError> {
        if let Some(folder) = &self.data {
            return Folder::open(folder).await.map(Place::Folder);
        }
        match self.url()? {
            Some(url) => Ok(Place::Url(signed_in(&url).await?)),
            None => Ok(Place::Stack(Box::new(Stack::find(&self.stack).await?))),
        }
    }

    /// Does something at the API, wherever that is. A folder is left as it was by what only looks.
    pub(super) async fn at_api<T>(
        &self,
        kind: Work,
        work: impl AsyncFnOnce(&Api) -> Result<T, OperateError>,
    ) -> Result<T, OperateError> {
        match self.find().await? {
            Place::Url(api) => work(&api).await,
            Place::Stack(stack) => work(&Api::at(stack.api_url()?, token())).await,
            Place::Folder(folder) => {
                let done = at_folder(&folder, kind, work).await;
                folder.close().await;
                done
            }
        }
    }
}

/// Does something at the routes of a folder.
async fn at_folder<T>(
    folder: &Folder,
    kind: Work,
    work: impl AsyncFnOnce(&Api) -> Result<T, OperateError>,
) -> Result<T, OperateError> {
    match kind {
        Work::Looks => folder.check_complete().await?,
        Work::Changes => lists::complete(folder).await?,
    }
    let done = work(&offline::api(folder)?).await?;
    if kind == Work::Changes {
        folder.keep_time().await?;
    }
    Ok(done)
}

/// The API at a URL. A market on this machine gives an operator's token to whoever asks, so nobody has to have one.
async fn signed_in(url: &MarketUrl) -> Result<Api, OperateError> {
    let api = Api::at(&url.text, token());
    if api.has_token() || !url.is_loopback {
        return Ok(api);
    }
    let answer = api.beside("GET", "/_local/token?role=operator&sub=operator").await?;
    Ok(Api::at(&url.text, answer.body["access_token"].as_str().map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_where_an_api_answers_and_nothing_more() {
        for (text, url, is_loopback) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("http://localhost:8080/", "http://localhost:8080", true),
            ("http://[::1]:80", "http://[::1]:80", true),
            (" https://api.example.com/prod/ ", "https://api.example.com/prod", false),
            ("https://127.0.0.1.nip.io", "https://127.0.0.1.nip.io", false),
        ] {
            assert_eq!(text.parse(), Ok(MarketUrl { text: url.to_owned(), is_loopback }), "{text}");
        }
        for text in [
            "",
            "8080",
            "127.0.0.1:8080",
            "ftp://a",
            "http://",
            "http://a@b",
            "http://a?b=c",
            "/v1",
            "http://a b",
        ] {
            assert_eq!(text.parse::<MarketUrl>(), Err(NotAUrl), "{text}");
        }
    }
}
