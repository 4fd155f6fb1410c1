//! What happens between two levels, and between the two steps of one: edits, deaths, and attempts
//! that Temporal has given up.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use ::provisioner::AccessInput;
use ::provisioner::Level::{self, Closed, Open, ReadOnly};
use futures::future::{Either, select};
use harness::proxy::Fault;
use provisioner_s3::{Aws, Metrics, Provisioner};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions};
use temporalio_sdk::testing::{ActivityEnvironment, TestActivityInfoOptions};

use super::{THEIRS, Used, put_rules, rule};
use crate::building::provisioner::activity_error;
use crate::world::{eventually, servers};

/// An attempt that may not write any more does not wait for it.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// An attempt that dies when it is about to make this call.
async fn dies_at(used: &Used, level: Level, call: &str) {
    let what = format!("{call} {}", used.bucket());
    used.proxy.fail_each(&what, Fault::Swallow);
    let dying = pin!(used.attempt().access(&used.input, level));
    let met = pin!(eventually("the call", async || (used.proxy.met(&what) > 0).then_some(())));
    assert!(matches!(select(dying, met).await, Either::Right(_)), "it ended before {call}");
    used.proxy.heal_each(&what);
}

#[tokio::test]
async fn who_follows_one_that_died_between_rules_and_policy_makes_it_right_both_ways() {
    let used = Used::new().await;
    put_rules(&used.s3, used.bucket(), vec![rule("daily")]).await;
    let before = (used.policy().await, used.rules().await);
    for level in [ReadOnly, Closed] {
        // The rules are off, and the policy is not on.
        dies_at(&used, level, "PUT ?policy").await;
        assert_eq!((used.rule_ids().await, used.can_write().await), (vec!["daily.provision-bot".to_owned()], true));
        assert_ne!(used.drift(level).await, [""; 0]);
        used.set(level).await;
        assert_eq!((used.rule_ids().await, used.can_write().await), (vec!["daily.provision-bot".to_owned()], false));
        assert_eq!(used.drift(level).await, [""; 0]);

        // The policy is off, and the rules are not on.
        dies_at(&used, Open, "PUT ?lifecycle").await;
        assert_eq!((used.rule_ids().await, used.can_write().await), (vec!["daily.provision-bot".to_owned()], true));
        used.set(Open).await;
        assert_eq!((used.policy().await, used.rules().await), before);

        // Half way, and then back.
        dies_at(&used, level, "PUT ?policy").await;
        used.set(Open).await;
        assert_eq!((used.policy().await, used.rules().await), before);
    }
}

#[tokio::test]
async fn what_people_change_while_it_is_frozen_survives() {
    let used = Used::new().await;
    put_rules(&used.s3, used.bucket(), vec![rule("daily"), rule("weekly")]).await;
    let before = used.policy().await.unwrap();
    used.set(ReadOnly).await;

    used.add_to_policy(THEIRS).await;
    let mut rules = used.rules().await;
    rules.remove(0);
    rules.push(rule("new"));
    put_rules(&used.s3, used.bucket(), rules).await;
    assert_eq!(used.drift(ReadOnly).await, [r#"the lifecycle rule "new" is on"#]);

    used.set(Closed).await;
    assert_eq!(used.rule_ids().await, ["weekly.provision-bot", "new.provision-bot"]);
    used.set(Open).await;
    assert_eq!(used.policy().await.unwrap(), before.replacen("}],", &format!("}} , {THEIRS}],"), 1));
    assert_eq!(used.rule_ids().await, ["+weekly", "+new"]);
}

#[expect(clippy::disallowed_methods, reason = "an attempt of this moment")]
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_given_up_writes_nothing_more() {
    let used = Used::new().await;
    put_rules(&used.s3, used.bucket(), vec![rule("daily")]).await;
    let before = (used.policy().await, used.rules().await);
    // Temporal knows no such attempt: no heartbeat of it is acknowledged, and its lease ends.
    let url = url::Url::parse(&format!("http://{}", servers().await.temporal.address())).unwrap();
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await.unwrap();
    let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
    for (level, held) in [(ReadOnly, "GET ?lifecycle"), (ReadOnly, "GET ?policy")] {
        let info = TestActivityInfoOptions::builder()
            .heartbeat_timeout(Duration::from_secs(2))
            .started_time(Some(SystemTime::now()))
            .task_token(b"nobodys".to_vec())
            .build();
        let aws = Aws { endpoint_url: Some(used.proxy.url()), ..used.world.aws() };
        let environment = ActivityEnvironment::builder_with_default()
            .register_activities(Provisioner::with(aws, Metrics::default()))
            .info(info)
            .client(client.clone())
            .build();
        let what = format!("{held} {}", used.bucket());
        used.proxy.hold(&what);
        let input = AccessInput { input: used.input.clone(), level, outputs: Default::default() };
        let late = pin!(environment.run(Provisioner::access, input));
        let past = pin!(async {
            eventually("the call", async || (used.proxy.met(&what) > 0).then_some(())).await;
            // Longer than Temporal waits for a heartbeat.
            tokio::time::sleep(Duration::from_millis(2_500)).await;
        });
        let Either::Right(((), late)) = select(late, past).await else { panic!("it did not wait") };
        used.proxy.heal_each(&what);
        let ended = tokio::time::timeout(ENDS_WITHIN, late).await.expect("it ends").map_err(activity_error);
        assert!(ended.is_err(), "{ended:?}");
        assert_eq!((used.policy().await, used.rules().await), before, "{held}");
    }
}
