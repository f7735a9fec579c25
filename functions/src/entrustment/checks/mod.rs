//! Checks of grant tokens by the platform's data APIs (4.4.1, 4.4.3).

mod answers;
mod check_token;
mod check_tokens;
mod ledger;
mod view;

pub use check_token::CheckToken;
pub use check_tokens::CheckTokens;
use view::{CheckReply, TokenToCheck};
