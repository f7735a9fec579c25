//! API Gateway in front of a function: a request as a REST API's proxy integration hands it over (payload
//! version 1.0, on a named stage), and the reply as it reads it.

use market_functions::http::versioned;
use serde_json::{Map, Value, json};

use crate::function::Function;
use crate::json::Json;

pub struct Request {
    method: &'static str,
    path: String,
    query: Map<String, Value>,
    headers: Map<String, Value>,
    body: Option<String>,
    authorizer: Value,
}

impl Request {
    /// A request for a path, as routes declare it.
    pub fn get(path: impl AsRef<str>) -> Self {
        let (query, headers) = (Map::new(), Map::new());
        Self {
            method: "GET",
            path: versioned(path.as_ref()),
            query,
            headers,
            body: None,
            authorizer: Value::Null,
        }
    }

    /// A request with a JSON body, under an idempotency key.
    pub fn post(path: impl AsRef<str>, key: &str, body: impl Into<String>) -> Self {
        Self { method: "POST", body: Some(body.into()), ..Self::get(path) }
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
    }

    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.insert(name.to_owned(), value.into());
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, header: &str) -> Self {
        assert!(self.headers.remove(header).is_some(), "there is no {header}");
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// As the gateway hands it on: with what its authorizer answered.
    pub fn authorized(mut self, context: &Value) -> Self {
        self.authorizer = context.clone();
        self.authorizer["principalId"] = "someone".into();
        self
    }

    pub fn event(self) -> Value {
        let Self { method, path, query, headers, body, authorizer } = self;
        let each = |map: &Map<String, Value>| -> Value {
            map.iter().map(|(name, value)| (name.clone(), json!([value]))).collect::<Map<_, _>>().into()
        };
        let mut event = json!({
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "multiValueHeaders": each(&headers),
            "headers": headers,
            "multiValueQueryStringParameters": each(&query),
            "queryStringParameters": query,
            "pathParameters": { "proxy": path.trim_start_matches('/') },
            "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "abcdef1234", "resourceId": "abc123", "stage": "prod",
                "resourcePath": "/{proxy+}", "path": format!("/prod{path}"), "httpMethod": method,
                "protocol": "HTTP/1.1", "domainName": "abcdef1234.execute-api.cn-north-1.amazonaws.com.cn",
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "requestTimeEpoch": 1_583_798_639_428_i64,
                "identity": { "sourceIp": "192.0.2.1", "userAgent": "test" },
            },
            "body": body,
            "isBase64Encoded": false,
        });
        // Routes without an authorizer have none in their context.
        if !authorizer.is_null() {
            event["requestContext"]["authorizer"] = authorizer;
        }
        event
    }
}

pub struct Reply {
    pub status: u64,
    pub body: Json,
    headers: Json,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.get(0)?.as_str()
    }

    /// The names of its headers.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.as_object().into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The status and code of a problem document, which this has to be.
    pub fn problem(&self) -> (u64, &str) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.body["request_id"].as_str().map(str::len), Some(32));
        (self.status, self.body["code"].as_str().expect("a problem has a code"))
    }
}

impl Function {
    /// Answers a request: with a reply, not with a function error.
    pub async fn answer(&mut self, request: Request) -> Reply {
        let response = self.invoke(request.event()).await.expect("a reply and no function error");
        assert_eq!(response["isBase64Encoded"], false);
        let body = response["body"].as_str().expect("a reply has a body");
        Reply {
            status: response["statusCode"].as_u64().expect("a reply has a status"),
            body: serde_json::from_str(body).expect("the market speaks JSON"),
            headers: response["multiValueHeaders"].clone(),
        }
    }
}
