//! The floors that cold starts are measured against: the least programs of the same kind. They are built and run
//! as `bootstrap` is – the Lambda runtime, one thread, an answer in JSON – with neither the AWS SDK, nor settings,
//! nor a log. `floor` answers, and nothing else. `floor/table` does the same work as `api/get_document` without the
//! SDK: it reads the system's root certificates at its start, and then one item over TLS, by a request that is
//! written by hand and signed by nobody. What `market bench cold-start` finds above that is the SDK's and ours.

use std::sync::Arc;

use lambda_http::{Error, Request, Response, run, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The table, as far as the least program knows it.
struct Table {
    /// `host:port`.
    address: String,
    name: String,
    tls: TlsConnector,
}

impl Table {
    fn from_environment() -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address: std::env::var("AWS_ENDPOINT_URL_DYNAMODB")?.trim_start_matches("https://").to_owned(),
            name: std::env::var("MARKET_TABLE")?,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    async fn item(&self) -> Result<Value, Error> {
        let host = self.address.split(':').next().unwrap_or_default();
        let body = json!({
            "TableName": self.name, "ConsistentRead": true,
            "Key": { "pk": { "S": "document#market-agreement" }, "sk": { "S": "state" } },
        })
        .to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.GetItem\r\n\
             x-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/\
             dynamodb/aws4_request, SignedHeaders=host, Signature=none\r\n\r\n{body}",
            body.len(),
        );
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let mut stream = self.tls.connect(ServerName::try_from(host.to_owned())?, stream).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        // The other side may close the connection without the words of TLS for it.
        drop(stream.read_to_string(&mut answer).await);
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        Ok(serde_json::from_str::<Value>(body)?["Item"].take())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let reads = std::env::var("_HANDLER").is_ok_and(|handler| handler == "floor/table");
    let table = reads.then(Table::from_environment).transpose()?;
    run(service_fn(async |_: Request| {
        let body = match &table {
            None => json!({ "status": "here" }),
            Some(table) => match table.item().await? {
                Value::Null => return Err("the item is not here".into()),
                item => item,
            },
        };
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Error>(response.body(body.to_string())?)
    }))
    .await
}
