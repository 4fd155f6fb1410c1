//! A bucket as S3 reports it: each setting by a question of its own.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use serde_json::{Value, json};

/// Settings and objects of a bucket.
pub async fn report(client: &Client, bucket: &str) -> Value {
    let location = client.get_bucket_location().bucket(bucket).send().await;
    let location = said(location, |it| {
        it.location_constraint
            .map(|at| at.as_str().to_owned())
            .filter(|at| !at.is_empty())
            .unwrap_or("us-east-1".into())
    });
    let access = client.get_public_access_block().bucket(bucket).send().await;
    let access = said(access, |it| {
        let it = it.public_access_block_configuration;
        let all = it.map(|it| {
            [it.block_public_acls, it.ignore_public_acls, it.block_public_policy, it.restrict_public_buckets]
        });
        if all == Some([Some(true); 4]) { "blocked, in all four ways".into() } else { format!("{all:?}") }
    });
    let owner = client.get_bucket_ownership_controls().bucket(bucket).send().await;
    let owner = said(owner, |it| {
        let rules = it.ownership_controls.map(|it| it.rules).unwrap_or_default();
        rules.iter().map(|rule| rule.object_ownership.as_str()).collect::<Vec<_>>().join(", ")
    });
    let encryption = client.get_bucket_encryption().bucket(bucket).send().await;
    let encryption = said(encryption, |it| {
        let rules = it.server_side_encryption_configuration.map(|it| it.rules).unwrap_or_default();
        let defaults = rules.iter().filter_map(|rule| rule.apply_server_side_encryption_by_default.as_ref());
        defaults.map(|default| default.sse_algorithm.as_str()).collect::<Vec<_>>().join(", ")
    });
    let policy = client.get_bucket_policy().bucket(bucket).send().await;
    let policy = said(policy, |it| it.policy.unwrap_or_default());

    let versions = client.list_object_versions().bucket(bucket).send().await;
    let versions = versions.map(|it| it.versions.unwrap_or_default()).unwrap_or_default();
    // moto answers the question for the versioning under a name that the SDK does not know.
    let versioning = match client.get_bucket_versioning().bucket(bucket).send().await {
        Ok(it) => it.status.map_or("off".to_owned(), |status| status.as_str().to_owned()),
        Err(_) if versions.iter().any(|it| it.version_id().is_some_and(|id| id != "null")) => "Enabled".to_owned(),
        Err(error) => failure(&error),
    };
    let mut settings = vec![
        setting("Region", location),
        setting("Public access", access),
        setting("Owner of objects", owner),
        setting("Encryption", encryption),
        setting("Versioning", versioning),
        setting("Policy", policy),
    ];
    match client.get_bucket_tagging().bucket(bucket).send().await {
        Ok(it) => settings.extend(it.tag_set.into_iter().map(|tag| setting(&format!("Tag {}", tag.key), tag.value))),
        Err(error) => settings.push(setting("Tags", failure(&error))),
    }
    let objects: Vec<Value> =
        versions.iter().map(|it| json!({ "key": it.key, "size": it.size, "version": it.version_id })).collect();
    json!({ "kind": "bucket", "name": bucket, "settings": settings, "objects": objects })
}

fn setting(name: &str, value: String) -> Value {
    json!({ "name": name, "value": value })
}

fn said<T, E: ProvideErrorMetadata, R>(answer: Result<T, SdkError<E, R>>, say: impl FnOnce(T) -> String) -> String {
    match answer {
        Ok(found) => say(found),
        Err(error) => failure(&error),
    }
}

fn failure<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    format!("not set ({})", error.code().unwrap_or("no answer"))
}
