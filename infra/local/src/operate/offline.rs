//! The market's own routes over a data folder, in this process: without a listener, workers or channels. What is decided
//! there is decided by the same rules; what becomes due by it is done by the market that is started next.

use std::sync::Arc;

use axum::Extension;
use market_functions::http::{Callers, PublicUrl};
use market_identity::{IssuerKeys, Role, SubjectRule, Subjects, Terms, Verifier};

use super::OperateError;
use super::api::Api;
use super::source::Folder;
use crate::StartError;
use crate::folder::{ISSUER_KEY, SUBJECT_KEY};
use crate::issuer::{ALGORITHM, AUDIENCE, Issuer};
use crate::running::{ISSUER, market_over, part};
use crate::subject_key;

/// What its problems link to, as a market that runs links to itself.
const URL: &str = "http://localhost";

/// The API over a folder, for an operator.
pub(super) fn api(open: &Folder) -> Result<Api, OperateError> {
    let folder = open.path();
    let issuer = Issuer::open(&folder.join(ISSUER_KEY), ISSUER).map_err(StartError::from)?;
    let subjects = subject_key::open(&folder.join(SUBJECT_KEY)).map_err(StartError::from)?;
    let subjects = Subjects::given(&subjects, SubjectRule::Lawful).map_err(part)?;
    let verifier =
        Verifier::new(IssuerKeys::given(&issuer.key_set()), Terms::of(ISSUER, AUDIENCE, ALGORITHM), subjects);
    let market = market_over(
        open.store().clone(),
        open.clock(),
        Callers::Tokens(Box::new(verifier)),
        None,
        Arc::new(|_| ()),
    )?;
    let router = market_functions::http::router(Arc::new(market), None, |routes| {
        market_functions::routes::visit(routes);
    });
    let router = router.layer(Extension(PublicUrl(URL.into())));
    let token = issuer.token(Role::Operator, "operator", open.now());
    Ok(Api::over(router, &folder.display().to_string(), token, open.now()))
}
