//! What a level means, that it can be set from any other and again, and what is refused.

use ::provisioner::Level::{self, Closed, Open, ReadOnly};
use serde_json::{Value, json};

use super::{REGION, THEIRS, Used, all_kinds_of_rules, put_rules, rule};
use crate::building::provisioner::{World, create, failure, input, steps, tag};
use crate::building::s3_dialects::server::{Dialect, Speech};

const SUSPENDED: [&str; 4] = ["daily.provision-bot", "dated.provision-bot", "off", "moved ü.provision-bot"];

/// Whether it can be written, deleted, and read.
async fn uses(used: &Used) -> [bool; 3] {
    [used.can_write().await, used.can_delete().await, used.can_read().await]
}

#[tokio::test]
async fn each_level_is_what_it_says_from_any_other_and_again() {
    let used = Used::new().await;
    put_rules(&used.s3, used.bucket(), all_kinds_of_rules()).await;
    used.add_to_policy(THEIRS).await;
    let (policy, rules) = (used.policy().await.unwrap(), used.rules().await);
    assert_eq!(used.rule_ids().await, ["+daily", "+dated", "off", "+moved ü"]);
    let dialect = Dialect::before(&used.world, Speech::default()).await;

    for level in [Open, ReadOnly, Closed, Open, Closed, ReadOnly, Open] {
        let (result, beats) = used.attempt().access(&used.input, level).await;
        result.unwrap();
        assert_eq!(steps(&beats), [1, 2]);
        assert!(beats.iter().all(|beat| beat["of"] == 2));
        assert_eq!(
            uses(&used).await,
            match level {
                Open => [true, true, true],
                ReadOnly => [false, false, true],
                Closed => [false, false, false],
            },
            "{level:?}"
        );
        let (now, rules_now) = (used.policy().await.unwrap(), used.rules().await);
        if level == Open {
            assert_eq!((&now, &rules_now), (&policy, &rules));
        } else {
            assert_eq!(used.rule_ids().await, SUSPENDED);
            let others = policy.split_once("],\"Version").unwrap().0;
            assert!(now.starts_with(others) && others.ends_with(THEIRS), "what others wrote stands as it was: {now}");
            let statement = serde_json::from_str::<Value>(&now).unwrap()["Statement"][2].clone();
            assert_eq!((&statement["Sid"], &statement["Principal"]), (&json!("ProvisionBotAccess"), &json!("*")));
            assert!(statement.get("Condition").is_none() && !statement["Action"].to_string().contains("Policy"));
        }
        assert_eq!(used.drift(level).await, [""; 0]);

        dialect.attempt(&used.world).access(&used.input, level).await.0.unwrap();
        assert_eq!(dialect.changes(), [], "it is as it should be");
        assert_eq!((used.policy().await.unwrap(), used.rules().await), (now, rules_now));
    }
}

#[tokio::test]
async fn a_policy_that_was_the_levels_alone_goes_with_it() {
    let used = Used::new().await;
    used.s3.delete_bucket_policy().bucket(used.bucket()).send().await.unwrap();
    used.set(Closed).await;
    assert!(used.policy().await.unwrap().contains("ProvisionBotAccess"));
    used.set(Open).await;
    assert_eq!(used.policy().await, None);
}

/// What is refused leaves everything as it was.
async fn refused(used: &Used, level: Level, kind: &str, words: &[&str]) {
    let before = (used.policy().await, used.rules().await);
    let failure = failure(used.attempt().access(&used.input, level).await.0);
    assert_eq!(failure.type_name(), Some(kind), "{failure}");
    assert!(failure.is_non_retryable(), "{failure}");
    for words in words {
        assert!(failure.to_string().contains(words), "{words}: {failure}");
    }
    assert_eq!((used.policy().await, used.rules().await), before);
}

#[tokio::test]
async fn what_cannot_be_written_is_named_and_nothing_is_changed() {
    let used = Used::new().await;
    let longest = "x".repeat(255);
    put_rules(&used.s3, used.bucket(), vec![rule("a"), rule(&longest)]).await;
    refused(
        &used,
        ReadOnly,
        "LifecycleRuleName",
        &[&longest[..60], "more than 255 characters", "Give it a shorter ID"],
    )
    .await;
    let mut nameless = rule("");
    nameless.id = None;
    put_rules(&used.s3, used.bucket(), vec![rule("a"), nameless]).await;
    refused(&used, Closed, "LifecycleRuleName", &["has no ID", "Give it an ID"]).await;

    // A policy at its limit: the rules are left on, too.
    put_rules(&used.s3, used.bucket(), vec![rule("a")]).await;
    let policy = used.policy().await.unwrap();
    let filled = policy.replacen('{', &format!(r#"{{"Id":"{}","#, "x".repeat(20 * 1024 - policy.len() - 8)), 1);
    assert_eq!(filled.len(), 20 * 1024);
    used.put_policy(&filled).await;
    refused(&used, ReadOnly, "PolicyTooLarge", &["and S3 takes 20480", "Make it shorter"]).await;
    assert_eq!(used.rule_ids().await, ["+a"]);

    // On the way back: the policy is left as well.
    used.put_policy(&policy).await;
    used.set(Closed).await;
    let mut rules = used.rules().await;
    rules.push(rule("a"));
    put_rules(&used.s3, used.bucket(), rules).await;
    refused(&used, Open, "LifecycleRuleName", &[r#""a.provision-bot" would be called "a""#, "Rename"]).await;
    assert!(!used.can_read().await);
}

#[tokio::test]
async fn what_is_missing_or_not_ours_is_left_alone() {
    let world = World::new().await;
    let s3 = world.s3(REGION);
    let dialect = Dialect::before(&world, Speech::default()).await;
    for (made, tagged, kind) in [
        (false, None, "BucketMissing"),
        (true, None, "BucketNotOurs"),
        (true, Some("checkout-another"), "BucketNotOurs"),
    ] {
        let input = input(REGION);
        if made {
            create(&s3, &input.bucket_name).await;
        }
        if let Some(request) = tagged {
            tag(&s3, &input.bucket_name, provisioner_s3::REQUEST_TAG, request).await;
        }
        for level in [ReadOnly, Closed, Open] {
            let failure = failure(dialect.attempt(&world).access(&input, level).await.0);
            assert_eq!(failure.type_name(), Some(kind), "{failure}");
            assert!(failure.is_non_retryable() && failure.to_string().contains(&input.bucket_name), "{failure}");
        }
    }
    // Taken by a stranger after it was deleted, with the tag and all: no account of ours has it.
    let used = Used::new().await;
    let strange = Dialect::before(&used.world, Speech { list: Some((200, "")), ..Speech::default() }).await;
    let failure = failure(strange.attempt(&used.world).access(&used.input, Closed).await.0);
    assert_eq!(failure.type_name(), Some("BucketNotOurs"), "{failure}");
    assert!(failure.to_string().contains("belongs to another AWS account"), "{failure}");
    assert_eq!([dialect.changes(), strange.changes()], [[], []], "nothing was changed");
}
