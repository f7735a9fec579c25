//! Tables, as the API of tables describes and changes them. Whoever gives the command has to have the rights for it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{
    IndexStatus, KeyType, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, StreamSpecification,
    StreamViewType, TableDescription, TableStatus, Tag, TimeToLiveSpecification, TimeToLiveStatus,
    WarmThroughput,
};
use market_kernel::Timestamp;

use super::clock::Dated;
use super::fence;
use super::plan::{Needs, Policy, Table, Warm};
use crate::operate::OperateError;
use crate::operate::error::aws_error;

/// The attribute that says when a saved reply goes.
const TTL: &str = "ttl";

/// What begins the names of tags that AWS itself sets, and nobody else may.
const TAGS_OF_AWS: &str = "aws:";

/// The revision of a policy that is not there.
const NO_POLICY: &str = "NO_POLICY";

pub(super) struct Tables {
    client: Client,
}

impl Tables {
    pub(super) const fn new(client: Client) -> Self {
        Self { client }
    }

    /// A table, if it is there.
    pub(super) async fn table(&self, name: &str) -> Result<Option<Table>, OperateError> {
        let described = match self.client.describe_table().table_name(name).send().await {
            Ok(described) => described.table,
            Err(error) if error.code() == Some("ResourceNotFoundException") => None,
            Err(error) => return Err(aws_error(format!("the table {name} could not be described"), &error)),
        };
        let Some(described) = described else { return Ok(None) };
        let mut table = of(name, &described);
        if !matches!(described.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
            // Nothing else can be asked of it yet.
            return Ok(Some(table));
        }
        table.has_ttl = self.has_ttl(name).await?;
        table.recovery = self.recovery(name).await?;
        table.tags = self.tags(&table.arn).await?;
        table.policy = self.policy(&table.arn).await?;
        table.fenced = table.policy.as_ref().and_then(|policy| fence::since(&policy.text));
        Ok(Some(table))
    }

    async fn has_ttl(&self, name: &str) -> Result<bool, OperateError> {
        let asked = self.client.describe_time_to_live().table_name(name).send().await;
        let told =
            asked.map_err(|error| aws_error(format!("the time to live of {name} is not told"), &error))?;
        Ok(told.time_to_live_description.is_some_and(|about| {
            about.attribute_name.as_deref() == Some(TTL)
                && matches!(
                    about.time_to_live_status,
                    Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
                )
        }))
    }

    /// From when and until when a table can be restored; none where it cannot.
    async fn recovery(&self, name: &str) -> Result<Option<(Timestamp, Timestamp)>, OperateError> {
        let asked = self.client.describe_continuous_backups().table_name(name).send().await;
        let told = asked.map_err(|error| aws_error(format!("the recovery of {name} is not told"), &error))?;
        let about = told.continuous_backups_description;
        let recovery = about.and_then(|about| about.point_in_time_recovery_description);
        let recovery = recovery.filter(|recovery| {
            recovery.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled)
        });
        Ok(recovery.map(|recovery| {
            let at = |instant: Option<DateTime>| instant.map_or(Timestamp::UNIX_EPOCH, timestamp);
            (at(recovery.earliest_restorable_date_time), at(recovery.latest_restorable_date_time))
        }))
    }

    async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>, OperateError> {
        let (mut tags, mut next) = (Vec::new(), None);
        loop {
            let asked =
                self.client.list_tags_of_resource().resource_arn(arn).set_next_token(next).send().await;
            let page = asked.map_err(|error| aws_error(format!("the tags of {arn} are not told"), &error))?;
            let given = page.tags.unwrap_or_default().into_iter();
            tags.extend(
                given.map(|tag| (tag.key, tag.value)).filter(|(key, _)| !key.starts_with(TAGS_OF_AWS)),
            );
            next = page.next_token;
            if next.is_none() {
                return Ok(tags);
            }
        }
    }

    async fn policy(&self, arn: &str) -> Result<Option<Policy>, OperateError> {
        match self.client.get_resource_policy().resource_arn(arn).send().await {
            Ok(told) => Ok(told.policy.map(|text| Policy {
                text,
                revision: told.revision_id.unwrap_or_else(|| NO_POLICY.to_owned()),
            })),
            Err(error) if error.code() == Some("PolicyNotFoundException") => Ok(None),
            Err(error) => Err(aws_error(format!("the policy of {arn} is not told"), &error)),
        }
    }

    /// What time it is where the table is.
    async fn now(&self, table: &Table) -> Result<Timestamp, OperateError> {
        let dated = Dated::default();
        let asked = self.client.describe_table().table_name(&table.name);
        let asked = asked.customize().interceptor(dated.clone()).send().await;
        asked
            .map_err(|error| aws_error(format!("the table {} could not be described", table.name), &error))?;
        let date = dated.newest().map(timestamp);
        date.ok_or_else(|| OperateError::NotRestored("AWS does not say what time it is".to_owned()))
    }

    /// Sets the fence, unless somebody else has changed the table's policy since it was described.
    pub(super) async fn fence(&self, table: &Table) -> Result<(), OperateError> {
        let at = self.now(table).await?;
        let policy = table.policy.as_ref().map(|policy| policy.text.as_str());
        self.set_policy(table, &fence::with(policy, &table.arn, at)).await
    }

    /// Lifts the fence, likewise.
    pub(super) async fn lift(&self, table: &Table) -> Result<(), OperateError> {
        let Some(policy) = &table.policy else { return Ok(()) };
        if let Some(without) = fence::without(&policy.text) {
            return self.set_policy(table, &without).await;
        }
        let asked = self.client.delete_resource_policy().resource_arn(&table.arn);
        let asked = asked.expected_revision_id(&policy.revision).send().await;
        asked.map_err(|error| of_policy(format!("the fence of {} stays", table.name), &error))?;
        Ok(())
    }

    async fn set_policy(&self, table: &Table, policy: &str) -> Result<(), OperateError> {
        let read = table.policy.as_ref().map_or(NO_POLICY, |policy| &policy.revision);
        let asked = self.client.put_resource_policy().resource_arn(&table.arn).policy(policy);
        let asked = asked.expected_revision_id(read).send().await;
        asked.map_err(|error| of_policy(format!("the policy of {} could not be set", table.name), &error))?;
        Ok(())
    }

    /// Begins to restore a table under another name.
    pub(super) async fn restore(
        &self,
        source: &str,
        target: &str,
        at: Timestamp,
    ) -> Result<(), OperateError> {
        let restore =
            self.client.restore_table_to_point_in_time().source_table_name(source).target_table_name(target);
        let asked = restore.restore_date_time(DateTime::from_secs(at.as_second())).send().await;
        asked.map_err(|error| aws_error(format!("{source} could not be restored as {target}"), &error))?;
        Ok(())
    }

    /// Begins with the next thing that the table lacks. Whether there was any.
    pub(super) async fn repair(&self, table: &Table, needs: &Needs) -> Result<bool, OperateError> {
        let name = &table.name;
        let failed = |what: &str| format!("{name} does not get {what}");
        if table.stream.is_none() {
            let stream = StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewImage)
                .build()
                .map_err(|error| OperateError::NotRestored(error.to_string()))?;
            let asked = self.client.update_table().table_name(name).stream_specification(stream).send().await;
            asked.map_err(|error| aws_error(failed("its stream"), &error))?;
            return Ok(true);
        }
        if !table.is_protected {
            let asked =
                self.client.update_table().table_name(name).deletion_protection_enabled(true).send().await;
            asked.map_err(|error| aws_error(failed("its protection"), &error))?;
            return Ok(true);
        }
        if !table.has_ttl {
            let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build();
            let ttl = ttl.map_err(|error| OperateError::NotRestored(error.to_string()))?;
            let asked = self.client.update_time_to_live().table_name(name).time_to_live_specification(ttl);
            let asked = asked.send().await;
            asked.map_err(|error| aws_error(failed("its time to live"), &error))?;
            return Ok(true);
        }
        if table.recovery.is_none() {
            return self.turn_recovery_on(name).await;
        }
        let warm = table.warm.or_more(needs.warm);
        if warm != table.warm {
            // What it was warmed for it is never charged for again, and never has less.
            let warm = WarmThroughput::builder()
                .read_units_per_second(warm.reads)
                .write_units_per_second(warm.writes)
                .build();
            let asked = self.client.update_table().table_name(name).warm_throughput(warm).send().await;
            asked.map_err(|error| aws_error(failed("warm"), &error))?;
            return Ok(true);
        }
        self.tag(table, &needs.tags).await
    }

    /// Gives it the tags that it lacks. Whether there were any.
    async fn tag(&self, table: &Table, tags: &[(String, String)]) -> Result<bool, OperateError> {
        let missing: Vec<_> = tags.iter().filter(|tag| !table.tags.contains(tag)).collect();
        if missing.is_empty() {
            return Ok(false);
        }
        let mut asked = self.client.tag_resource().resource_arn(&table.arn);
        for (key, value) in missing {
            let tag = Tag::builder().key(key).value(value).build();
            asked = asked.tags(tag.map_err(|error| OperateError::NotRestored(error.to_string()))?);
        }
        let asked = asked.send().await;
        asked.map_err(|error| aws_error(format!("{} does not get its tags", table.name), &error))?;
        Ok(true)
    }

    async fn turn_recovery_on(&self, name: &str) -> Result<bool, OperateError> {
        let recovery =
            PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let recovery = recovery.map_err(|error| OperateError::NotRestored(error.to_string()))?;
        let asked = self.client.update_continuous_backups().table_name(name);
        match asked.point_in_time_recovery_specification(recovery).send().await {
            Ok(_) => Ok(true),
            // A table that is new takes it some moments later.
            Err(error) if error.code() == Some("ContinuousBackupsUnavailableException") => Ok(true),
            Err(error) => Err(aws_error(format!("{name} does not get its recovery"), &error)),
        }
    }
}

/// Why a policy was not changed: with a revision named, it is not found where it is another one by now.
fn of_policy<E>(asked: String, error: &SdkError<E>) -> OperateError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.code() == Some("PolicyNotFoundException") {
        let why = "somebody else has changed its policy meanwhile; look who, and give the command again";
        return OperateError::NotRestored(format!("{asked}: {why}"));
    }
    aws_error(asked, error)
}

/// What the description alone says.
fn of(name: &str, described: &TableDescription) -> Table {
    let indexes = described.global_secondary_indexes();
    let is_restoring = described.restore_summary().is_some_and(|summary| summary.restore_in_progress);
    let is_warming =
        described.warm_throughput().is_some_and(|warm| warm.status == Some(TableStatus::Updating));
    let is_ready = described.table_status() == Some(&TableStatus::Active)
        && !is_restoring
        && !is_warming
        && indexes.iter().all(|index| index.index_status() == Some(&IndexStatus::Active));
    let mut keys: Vec<_> = described.key_schema().iter().collect();
    keys.sort_by_key(|key| key.key_type != KeyType::Hash);
    let stream = described.stream_specification();
    let has_stream = stream.is_some_and(|stream| {
        stream.stream_enabled && stream.stream_view_type == Some(StreamViewType::NewImage)
    });
    Table {
        name: name.to_owned(),
        arn: described.table_arn().unwrap_or_default().to_owned(),
        is_ready,
        made: described.creation_date_time().map_or(Timestamp::UNIX_EPOCH, |at| timestamp(*at)),
        keys: keys.iter().map(|key| key.attribute_name.clone()).collect(),
        indexes: indexes.iter().filter_map(|index| index.index_name().map(str::to_owned)).collect(),
        restored: described.restore_summary().and_then(|summary| {
            Some((summary.source_table_arn.clone()?, timestamp(summary.restore_date_time)))
        }),
        stream: described.latest_stream_label().filter(|_| has_stream).map(str::to_owned),
        is_protected: described.deletion_protection_enabled().unwrap_or_default(),
        warm: described.warm_throughput().map_or_else(Warm::default, |warm| Warm {
            reads: warm.read_units_per_second.unwrap_or_default(),
            writes: warm.write_units_per_second.unwrap_or_default(),
        }),
        ..Table::default()
    }
}

fn timestamp(instant: DateTime) -> Timestamp {
    Timestamp::from_second(instant.secs()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str = "arn:aws:dynamodb:r:0:table/market";

    /// As much of AWS as keeps the policy of a table: a change that names another revision than the one that is there is
    /// refused. Its clock stands.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<(Option<String>, u32)>>);

    impl HttpConnector for Kept {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let given: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let (status, body) = self.answer(target.rsplit('.').next().unwrap(), &given);
            let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
            response.headers_mut().insert("date", "Fri, 27 Nov 2026 12:00:00 GMT");
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    impl Kept {
        fn answer(&self, operation: &str, given: &Value) -> (u16, Value) {
            let mut kept = self.0.lock().unwrap();
            let (policy, revision) = &mut *kept;
            let there = policy.as_ref().map_or_else(|| NO_POLICY.to_owned(), |_| revision.to_string());
            let missing =
                (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#PolicyNotFoundException"}));
            match operation {
                "DescribeTable" => (200, json!({"Table": {"TableName": "market", "TableArn": ARN}})),
                "GetResourcePolicy" => match policy {
                    Some(text) => (200, json!({"Policy": text, "RevisionId": there})),
                    None => missing,
                },
                "PutResourcePolicy" | "DeleteResourcePolicy" => {
                    // Without a revision it is whoever comes last.
                    if given.get("ExpectedRevisionId").is_some_and(|expected| *expected != there) {
                        return missing;
                    }
                    *policy = given["Policy"].as_str().map(str::to_owned);
                    *revision += 1;
                    (200, json!({"RevisionId": revision.to_string()}))
                }
                other => panic!("{other} is not asked here"),
            }
        }

        fn tables(&self) -> Tables {
            let connector = SharedHttpConnector::new(self.clone());
            let config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("r"))
                .endpoint_url("http://nowhere")
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .http_client(http_client_fn(move |_, _| connector.clone()));
            Tables::new(Client::from_conf(config.build()))
        }

        /// The table, as somebody reads it now.
        async fn read(&self) -> Table {
            let policy = self.tables().policy(ARN).await.unwrap();
            Table { name: "market".to_owned(), arn: ARN.to_owned(), policy, ..Table::default() }
        }
    }

    fn since(table: &Table) -> Option<Timestamp> {
        fence::since(&table.policy.as_ref()?.text)
    }

    #[tokio::test]
    async fn a_fence_is_dated_by_the_clock_of_aws() {
        let kept = Kept::default();
        kept.tables().fence(&kept.read().await).await.unwrap();
        assert_eq!(since(&kept.read().await), Some("2026-11-27T12:00:00Z".parse().unwrap()));
    }

    #[tokio::test]
    async fn of_two_who_change_a_policy_at_once_neither_overwrites_what_the_other_did() {
        let (kept, other) = (Kept::default(), r#"{"Version":"2012-10-17","Statement":[{"Sid":"Auditors"}]}"#);
        let tables = kept.tables();
        let before = kept.read().await;
        tables.set_policy(&before, other).await.unwrap();
        let late = tables.fence(&before).await.unwrap_err().to_string();
        assert!(late.contains("somebody else"), "{late}");
        assert_eq!(kept.read().await.policy.unwrap().text, other, "it is as they set it");

        // Given again, it keeps what they set; and what is lifted is what was read.
        tables.fence(&kept.read().await).await.unwrap();
        let fenced = kept.read().await;
        assert!(since(&fenced).is_some() && fenced.policy.as_ref().unwrap().text.contains("Auditors"));
        tables.set_policy(&fenced, other).await.unwrap();
        assert!(tables.lift(&fenced).await.is_err());
        assert_eq!(kept.read().await.policy.unwrap().text, other);

        let alone = Kept::default();
        alone.tables().fence(&alone.read().await).await.unwrap();
        let fenced = alone.read().await;
        alone.tables().fence(&fenced).await.unwrap();
        assert!(alone.tables().lift(&fenced).await.is_err(), "a fence that is another by now stays");
        alone.tables().lift(&alone.read().await).await.unwrap();
        assert_eq!(alone.read().await.policy, None);
    }
}
