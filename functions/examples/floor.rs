//! The floor that cold starts are measured against: the least program of the same kind. It is built and run
//! as `bootstrap` is – the Lambda runtime, one thread, an answer in JSON – with neither the AWS SDK nor TLS,
//! nor settings, nor a log. What `market bench cold-start` finds above it is ours.

use lambda_http::{Error, Request, Response, run, service_fn};

async fn answer(_: Request) -> Result<Response<String>, Error> {
    let body = serde_json::json!({ "status": "here" }).to_string();
    Ok(Response::builder().header("content-type", "application/json").body(body)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}
