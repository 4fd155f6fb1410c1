//! What operators see: the alert rules and the dashboard ask for metrics and labels
//! that the bot really serves.

use std::collections::BTreeSet;

use harness::stack::get;
use promql_parser::parser::{self, Expr};
use serde_json::Value;

use crate::building::attention::{question, with_a_lost_profile};
use crate::operating::exposition;
use crate::world::{World, alone, eventually, options};

const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/provision-bot.json");

/// Every text under `name`, however deep.
fn texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(text) if key == name => found.push(text.to_owned()),
                    _ => texts(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, name, found)),
        _ => {}
    }
}

/// The metrics an expression asks for, each with the labels it selects by.
fn asked(expr: &Expr, found: &mut BTreeSet<(String, String)>) {
    let mut selector = |selector: &parser::VectorSelector| {
        let name = selector.name.clone().unwrap_or_default();
        found.insert((name.clone(), String::new()));
        found.extend(selector.matchers.matchers.iter().map(|matcher| (name.clone(), matcher.name.clone())));
    };
    match expr {
        Expr::VectorSelector(found) => selector(found),
        Expr::MatrixSelector(found) => selector(&found.vs),
        Expr::Aggregate(inner) => asked(&inner.expr, found),
        Expr::Binary(inner) => {
            asked(&inner.lhs, found);
            asked(&inner.rhs, found);
        }
        Expr::Call(call) => call.args.args.iter().for_each(|expr| asked(expr, found)),
        Expr::Paren(inner) => asked(&inner.expr, found),
        Expr::Unary(inner) => asked(&inner.expr, found),
        Expr::Subquery(inner) => asked(&inner.expr, found),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

async fn metrics(world: &World) -> String {
    get(&format!("{}/metrics", world.stack.bot_url())).await.unwrap().1
}

#[test]
fn alerts_and_dashboard_ask_for_what_is_served() {
    alone(options(&with_a_lost_profile()), async |world| {
        // One request that is provisioned, one that fails, one that is rejected.
        let scene = world.scene();
        let good = scene.ask("good").await;
        scene.approve(&good).await;
        scene.ended(&good, "provisioned").await;
        let bad = scene.ask("bad").await;
        scene.bob.select(&bad.card, "region", "us-east-1").await.unwrap();
        scene.bob.select(&bad.card, "profile", "lost").await.unwrap();
        scene.clicks(&scene.bob, &bad.card, "approve").await;
        question(&scene, &bad, None).await;
        let stopped = |m: &slack_simulator::Message| m.says("Building stopped");
        scene.alice.wait_for_in_thread(&scene.channel, &bad.root.ts, stopped).await.unwrap();
        let no = scene.ask("unwanted").await;
        scene.reject(&no, "not now").await;
        scene.ended(&no, "rejected").await;

        let open = r#"provision_bot_requests_open{older_than="0s"} 1"#;
        let counted = async || Some(metrics(world).await).filter(|text| text.contains(open));
        let served = eventually("the one that needs a hand to be counted", counted).await;
        for line in [
            r#"provision_bot_decision_seconds_count{verdict="approve"} 2"#,
            r#"provision_bot_decision_seconds_count{verdict="reject"} 1"#,
            r#"provision_bot_provision_step_seconds_count{step="Creating the bucket"} 1"#,
            r#"provision_bot_provision_failures_total{step="Creating the bucket",kind="NoCredentials"} 1"#,
            r#"provision_bot_requests_open{older_than="25h"} 0"#,
        ] {
            assert!(served.contains(line), "{line} is not in\n{served}");
        }

        let families = exposition::read(&served);
        for (name, kind) in [
            ("provision_bot_requests_total", "counter"),
            ("provision_bot_handler_seconds", "histogram"),
            ("provision_bot_requests_open", "gauge"),
            ("temporal_workflow_completed_total", "counter"),
        ] {
            assert_eq!(families.get(name).map(String::as_str), Some(kind), "{name} in\n{served}");
        }

        let mut expressions = Vec::new();
        texts(&serde_saphyr::from_str(ALERTS).unwrap(), "expr", &mut expressions);
        let alerts = expressions.len();
        texts(&serde_json::from_str(DASHBOARD).unwrap(), "expr", &mut expressions);
        assert!(alerts >= 9 && expressions.len() >= alerts + 9, "{expressions:?}");
        let mut wanted = BTreeSet::new();
        for text in &expressions {
            let expr = parser::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            asked(&expr, &mut wanted);
        }
        for (name, label) in wanted {
            // Prometheus adds the first two; the third appears with its first failure.
            if ["up", "temporal_workflow_task_execution_failed_total"].contains(&name.as_str()) {
                continue;
            }
            let has = |line: &str| {
                let rest = line.strip_prefix(&name);
                rest.is_some_and(|rest| {
                    rest.starts_with('{') && (label.is_empty() || rest.contains(&format!("{label}=\"")))
                })
            };
            assert!(served.lines().any(has), "{name} with {label} is not in\n{served}");
        }
    });
}
