//! `infra/routes/<resource>.yaml`: for each route a function, its log and its role.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

use expect_test::expect_file;
use market_http::{Access, Route};

use crate::resources::{Resources, pascal, path, permissions};

const HEAD: &str = r"# Made from the routes and infra/permissions.json by tests/template/routes.rs.
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: The routes of the API's resource {resource}, a function for each.

Parameters:
  MarketName:
    Type: String
    Description: Name of this market.
    AllowedPattern: ^[a-z][a-z0-9-]{2,19}$

  Architecture:
    Type: String
    Description: Processor of the functions.
    Default: arm64
    AllowedValues: [arm64, x86_64]

  TableName:
    Type: String
    Description: Name of the table.
";

const TABLE_ARN: &str = r"
  TableArn:
    Type: String
    Description: ARN of the table.
";

const PAYMENT_KEYS: &str = r"
  PaymentKeysSecret:
    Type: String
    Description: Name of the secret with the keys that sign payment callbacks.
    AllowedPattern: ^[A-Za-z0-9/_+=.@-]{1,512}$
";

const REST: &str = r"
  OperatorNameZh:
    Type: String
    Description: Full name in Chinese of who runs the market; its notices name it.
    MinLength: 1
    MaxLength: 120

  OperatorNameEn:
    Type: String
    Description: The same in English.
    MinLength: 1
    MaxLength: 120

  OfficialAddress:
    Type: String
    Description: The official e-mail address at which the operator takes answers to notices (clause 11.2).
    AllowedPattern: ^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$
    ConstraintDescription: an address without a name

  Publicity:
    Type: String
    Description: How publicity periods are counted.
    Default: strict
    AllowedValues: [strict, lenient]

  AllowedOrigin:
    Type: String
    Description: The one origin whose pages may call the API; empty for none.
    Default: ''

  LogRetentionDays:
    Type: Number
    Description: How long logs are kept.
    Default: 365
    AllowedValues:
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

  LogLevel:
    Type: String
    Description: What is logged.
    Default: info
    AllowedValues: [error, warn, info, debug]

Conditions:
  # There Lambda has no X-Ray.
  China: !Equals [!Ref AWS::Partition, aws-cn]

Globals:
  Function:
    Runtime: provided.al2023
    Architectures: [!Ref Architecture]
    # The same source and build as in every other template: sam builds it once.
    CodeUri: ../../functions
    MemorySize: 256
    # Longer than every call to the table may take (8 s), shorter than the gateway waits.
    Timeout: 15
    Tracing: !If [China, PassThrough, Active]
    Environment:
      Variables:
        RUST_LOG: !Ref LogLevel
        AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: 'true'
        MARKET_TABLE: !Ref TableName
        MARKET_NAMESPACE: !Ref MarketName
        # Its authorizer has verified the token; nobody else may invoke the functions.
        MARKET_CALLERS: gateway
        MARKET_OPERATOR_ZH: !Ref OperatorNameZh
        MARKET_OPERATOR_EN: !Ref OperatorNameEn
        MARKET_OFFICIAL_ADDRESS: !Ref OfficialAddress
        MARKET_PUBLICITY: !Ref Publicity
        MARKET_ALLOWED_ORIGIN: !Ref AllowedOrigin

Resources:
";

/// What every function has: its log, a role that may write to it, and tracing where there is any.
pub const ROLE: &str = r"  {Name}Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: !Sub /aws/lambda/${MarketName}-{operation}
      RetentionInDays: !Ref LogRetentionDays

  {Name}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: Lambda
            Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: calls
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Sid: Logs
                Effect: Allow
                Action:
                  - logs:CreateLogStream
                  - logs:PutLogEvents
                Resource: !GetAtt {Name}Log.Arn
              # X-Ray knows no resources.
              - !If
                - China
                - !Ref AWS::NoValue
                - Sid: Traces
                  Effect: Allow
                  Action:
                    - xray:PutTelemetryRecords
                    - xray:PutTraceSegments
                  Resource: '*'
";

const SECRET: &str = r"              - Sid: PaymentKeys
                Effect: Allow
                Action: secretsmanager:GetSecretValue
                # The six characters are Secrets Manager's own.
                Resource: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${PaymentKeysSecret}-??????
";

/// The function itself.
pub const FUNCTION: &str = r"
  {Name}:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties:
        Binary: bootstrap
    Properties:
      FunctionName: !Sub ${MarketName}-{operation}
      Handler: {handler}
      Role: !GetAtt {Name}Role.Arn
";

const LOGGING: &str = r"      LoggingConfig:
        LogGroup: !Ref {Name}Log
";

/// Fills the blanks of a text.
pub fn fill(text: &str, blanks: &[(&str, &str)]) -> String {
    blanks.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The largest texts are parsed and hashed whole.
fn memory(route: &Route) -> Option<u32> {
    matches!(route.operation, "publish_version" | "preview_version").then_some(512)
}

fn table_statements(resources: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut statements = String::new();
    for (resource, actions) in resources {
        let (sid, arn) = match resource.strip_prefix("index/") {
            Some(index) => (format!("Index{}", pascal(index)), format!("!Sub ${{TableArn}}/index/{index}")),
            None => ("Table".to_owned(), "!Ref TableArn".to_owned()),
        };
        writeln!(
            statements,
            "              - Sid: {sid}\n                Effect: Allow\n                Action:"
        )
        .unwrap();
        for action in actions {
            writeln!(statements, "                  - {action}").unwrap();
        }
        writeln!(statements, "                Resource: {arn}").unwrap();
    }
    statements
}

fn template(resource: &str, routes: &[Route]) -> String {
    let permissions = permissions();
    let of = |route: &Route| permissions.get(&format!("api/{}", route.operation));
    let paid = |route: &Route| matches!(route.access, Access::PaymentSignature);
    let mut text = HEAD.replace("{resource}", resource);
    if routes.iter().any(|route| of(route).is_some()) {
        text += TABLE_ARN;
    }
    if routes.iter().any(paid) {
        text += PAYMENT_KEYS;
    }
    text += REST;
    for (number, route) in routes.iter().enumerate() {
        let (name, handler) = (pascal(route.operation), format!("api/{}", route.operation));
        let blanks = [("Name", name.as_str()), ("operation", route.operation), ("handler", &handler)];
        if number > 0 {
            text.push('\n');
        }
        text += &fill(ROLE, &blanks);
        if paid(route) {
            text += SECRET;
        }
        text += &of(route).map(table_statements).unwrap_or_default();
        text += &fill(FUNCTION, &blanks);
        if let Some(memory) = memory(route) {
            writeln!(text, "      MemorySize: {memory}").unwrap();
        }
        if paid(route) {
            text += "      Environment:\n        Variables:\n          MARKET_PAYMENT_KEYS_SECRET: !Ref PaymentKeysSecret\n";
        }
        text += &fill(LOGGING, &blanks);
    }
    text
}

#[test]
fn the_functions_of_the_routes_are_what_the_code_says() {
    let resources = Resources::all();
    for (resource, routes) in &resources.0 {
        expect_file![path(&format!("infra/routes/{resource}.yaml"))].assert_eq(&template(resource, routes));
    }
    let files = std::fs::read_dir(path("infra/routes")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let expected: BTreeSet<_> = resources.0.keys().map(|resource| format!("{resource}.yaml")).collect();
    assert_eq!(files, expected, "a template of a resource that is gone");
}
