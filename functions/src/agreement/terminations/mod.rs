//! The end of a market agreement (10.1).

mod end_upstream;
mod get_termination;
mod list_terminations;
mod serve_termination;
mod summary;
mod view;
mod withdraw_termination;

pub use end_upstream::EndUpstream;
pub use get_termination::GetTermination;
pub use list_terminations::ListTerminations;
pub use serve_termination::ServeTermination;
pub use summary::TerminationSummary;
pub use view::TerminationView;
pub use withdraw_termination::WithdrawTermination;
