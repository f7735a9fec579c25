//! Tables, as the API of tables describes and changes them. Whoever gives the command has to have the rights for it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{
    IndexStatus, KeyType, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, StreamSpecification,
    StreamViewType, TableDescription, TableStatus, Tag, TimeToLiveSpecification, TimeToLiveStatus,
};
use market_kernel::Timestamp;

use super::fence;
use super::plan::Table;
use crate::operate::OperateError;
use crate::operate::error::aws_error;

/// The attribute that says when a saved reply goes.
const TTL: &str = "ttl";

/// What begins the names of tags that AWS itself sets, and nobody else may.
const TAGS_OF_AWS: &str = "aws:";

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
        table.fenced = table.policy.as_deref().and_then(fence::since);
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

    async fn policy(&self, arn: &str) -> Result<Option<String>, OperateError> {
        match self.client.get_resource_policy().resource_arn(arn).send().await {
            Ok(told) => Ok(told.policy),
            Err(error) if error.code() == Some("PolicyNotFoundException") => Ok(None),
            Err(error) => Err(aws_error(format!("the policy of {arn} is not told"), &error)),
        }
    }

    /// Sets the fence.
    pub(super) async fn fence(&self, table: &Table, at: Timestamp) -> Result<(), OperateError> {
        self.set_policy(table, &fence::with(table.policy.as_deref(), &table.arn, at)).await
    }

    /// Lifts the fence.
    pub(super) async fn lift(&self, table: &Table) -> Result<(), OperateError> {
        match table.policy.as_deref().and_then(fence::without) {
            Some(policy) => self.set_policy(table, &policy).await,
            None => {
                let asked = self.client.delete_resource_policy().resource_arn(&table.arn).send().await;
                asked.map_err(|error| aws_error(format!("the fence of {} stays", table.name), &error))?;
                Ok(())
            }
        }
    }

    async fn set_policy(&self, table: &Table, policy: &str) -> Result<(), OperateError> {
        let asked = self.client.put_resource_policy().resource_arn(&table.arn).policy(policy).send().await;
        asked.map_err(|error| aws_error(format!("the policy of {} could not be set", table.name), &error))?;
        Ok(())
    }

    /// Begins to restore a table under another name.
    pub(super) async fn restore(
        &self,
        source: &str,
        target: &str,
        at: Option<Timestamp>,
    ) -> Result<(), OperateError> {
        let restore =
            self.client.restore_table_to_point_in_time().source_table_name(source).target_table_name(target);
        let restore = match at {
            Some(at) => restore.restore_date_time(DateTime::from_secs(at.as_second())),
            None => restore.use_latest_restorable_time(true),
        };
        let asked = restore.send().await;
        asked.map_err(|error| aws_error(format!("{source} could not be restored as {target}"), &error))?;
        Ok(())
    }

    /// Begins with the next thing that the table lacks. Whether there was any.
    pub(super) async fn repair(
        &self,
        table: &Table,
        tags: &[(String, String)],
    ) -> Result<bool, OperateError> {
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
        let missing: Vec<_> = tags.iter().filter(|tag| !table.tags.contains(tag)).collect();
        if missing.is_empty() {
            return Ok(false);
        }
        let mut asked = self.client.tag_resource().resource_arn(&table.arn);
        for (key, value) in missing {
            let tag = Tag::builder().key(key).value(value).build();
            asked = asked.tags(tag.map_err(|error| OperateError::NotRestored(error.to_string()))?);
        }
        asked.send().await.map_err(|error| aws_error(failed("its tags"), &error))?;
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

/// What the description alone says.
fn of(name: &str, described: &TableDescription) -> Table {
    let indexes = described.global_secondary_indexes();
    let is_restoring = described.restore_summary().is_some_and(|summary| summary.restore_in_progress);
    let is_ready = described.table_status() == Some(&TableStatus::Active)
        && !is_restoring
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
        warm: described.warm_throughput().map(|warm| {
            (warm.read_units_per_second.unwrap_or_default(), warm.write_units_per_second.unwrap_or_default())
        }),
        ..Table::default()
    }
}

fn timestamp(instant: DateTime) -> Timestamp {
    Timestamp::from_second(instant.secs()).unwrap_or(Timestamp::UNIX_EPOCH)
}
