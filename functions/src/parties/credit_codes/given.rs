//! The credit code that an applicant gives.

use market_kernel::aggregate::Loaded;
use market_parties::credit_code::{CreditCode, GivenCode};
use market_parties::vouching::Vouching;

use crate::http::{FieldError, Market, Problem};
use crate::parties::problems;

/// The code, and what the operator said of it if it breaks the rule; nothing is looked up for one that keeps it.
pub(crate) async fn given_code(
    market: &Market,
    given: &GivenCode,
) -> Result<(CreditCode, Option<Loaded<Vouching>>), Problem> {
    if let Ok(code) = given.of_the_rule() {
        return Ok((code, None));
    }
    let vouching = market.store.get::<Vouching>(given).await?;
    let code = Vouching::accept(vouching.as_ref(), given).map_err(|broken| {
        let error = FieldError::at("/credit_code", broken.to_string())
            .expecting("a code that keeps GB 32100, or one that the operator vouched for");
        Problem::new(problems::INVALID_BODY).errors(vec![error])
    })?;
    Ok((code, vouching))
}
