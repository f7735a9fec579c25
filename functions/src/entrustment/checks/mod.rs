//! Checks of grant tokens by the platform's data APIs (4.4.1, 4.4.3).

mod check_token;

pub use check_token::CheckToken;
