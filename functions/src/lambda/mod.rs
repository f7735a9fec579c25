//! The Lambda runtime around each part: events in, replies out.

mod api;
mod authorizer;
mod checks;
mod feedback;
mod relay;
mod sweep;
mod worker;

use lambda_runtime::Error;
use market_functions::handler::Handler;

pub async fn run(handler: Handler) -> Result<(), Error> {
    let sdk = market_outside::sdk::from_environment();
    match handler {
        Handler::Api(operation) => api::serve(operation.as_deref(), &sdk).await,
        Handler::Authorizer => authorizer::serve(&sdk).await,
        Handler::Checks => checks::serve(&sdk).await,
        Handler::Worker(job) => worker::serve(job, &sdk).await,
        Handler::Sweep => sweep::serve(&sdk).await,
        Handler::Relay => relay::serve(&sdk).await,
        Handler::Feedback => feedback::serve(&sdk).await,
    }
}
