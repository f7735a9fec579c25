//! Who is calling, as the market knows it.

mod get_me;

pub use get_me::GetMe;
