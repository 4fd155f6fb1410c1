//! What the configuration file may say, and what is said about every mistake in it.

use std::path::Path;
use std::time::Duration;

use super::{TOP, authorization, blueprints, load, parse, teams};
use crate::domain::policy::Principal;

const WHOLE: &str = r#"
regions = ["us-east-1"]
profiles = ["sandbox"]
[[teams]]
id = "payments"
name = "Payments"
"#;

/// What is said about a text, one line per mistake.
fn said(text: &str) -> String {
    parse(Path::new("p.toml"), text).expect_err("a mistake").to_string()
}

/// The whole file with one line of it replaced.
fn with(line: &str, replacement: &str) -> String {
    assert!(WHOLE.contains(line), "{line}");
    WHOLE.replace(line, replacement)
}

#[test]
fn the_example_is_valid_and_names_every_key() {
    let text = include_str!("../../../provision-bot.example.toml");
    let policy = parse(Path::new("provision-bot.example.toml"), text).expect("valid");
    assert_eq!(policy.timeout, Duration::from_secs(120));
    assert_eq!(policy.reminder, Some(Duration::from_secs(60)));
    assert_eq!(policy.open_max, Some(20));
    assert_eq!(
        policy.teams[0].members,
        [Principal::User("U0REQUESTER".into()), Principal::Group("S0USERGROUP".into())]
    );
    assert_eq!(policy.blueprints[0].id, "static-site");
    for key in TOP.iter().chain(authorization::KEYS).chain(teams::KEYS).chain(blueprints::KEYS) {
        let explained =
            text.lines().any(|line| line.starts_with(&format!("{key} =")) || line.contains(&format!("[{key}]")));
        assert!(explained, "{key}");
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    let policy = parse(Path::new("p.toml"), WHOLE).expect("valid");
    assert_eq!((policy.timeout, policy.reminder, policy.allow_self), (authorization::DEFAULT_TIMEOUT, None, false));
    assert_eq!(policy.open_max, None);
    assert_eq!(policy.blueprints, [blueprints::builtin()]);
    assert!(policy.teams[0].members.is_empty() && policy.teams[0].authorizers.is_empty());
}

#[test]
fn a_mistake_says_where_and_what() {
    let tables: &[(&str, &str, &str)] = &[
        (
            "regions = [\"us-east-1\"]",
            "regions = [\"us-east-1\", \"US East\"]",
            r#"p.toml:2:25: regions[1] found "US East", expected the name of an AWS region, such as "eu-west-1"."#,
        ),
        (
            "regions = [\"us-east-1\"]",
            "regions = \"us-east-1\"",
            r#"p.toml:2:11: regions found "us-east-1", expected a list of AWS regions, such as ["us-east-1"]."#,
        ),
        (
            "regions = [\"us-east-1\"]",
            "regions = []",
            r#"p.toml:2:11: regions found an empty list, expected a list of 1 to 100 AWS regions, such as ["us-east-1"]."#,
        ),
        (
            "regions = [\"us-east-1\"]",
            "regions = [\"eu-west-1\", \"eu-west-1\"]",
            r#"p.toml:2:25: regions[1] found "eu-west-1" a second time, expected each one once."#,
        ),
        (
            "regions = [\"us-east-1\"]",
            "region = [\"us-east-1\"]",
            "p.toml:1:1: regions is missing; list AWS regions, such as [\"us-east-1\"].\n\
          p.toml:2:1: region is not a key of the file; did you mean `regions`?",
        ),
        (
            "profiles = [\"sandbox\"]",
            "profiles = [\"a\\nb\", 7]",
            "p.toml:3:13: profiles[0] found \"a\\nb\", expected the name of a profile of the AWS config, 1 to 75 \
          characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.\n\
          p.toml:3:21: profiles[1] found the number 7, expected the name of a profile of the AWS config, 1 to 75 \
          characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.",
        ),
        (
            "profiles = [\"sandbox\"]",
            "profiles = [\"my team\", \"ok_-/.%@:+9\"]",
            "p.toml:3:13: profiles[0] found \"my team\", expected the name of a profile of the AWS config, 1 to 75 \
          characters on one line, of which the AWS SDK reads letters, digits and _-/.%@:+ only.",
        ),
        (
            "id = \"payments\"",
            "id = \"pay ments\"",
            r#"p.toml:5:6: teams[0].id found "pay ments", expected an id of 1 to 75 letters, digits, "_", "." and "-"."#,
        ),
        (
            "name = \"Payments\"",
            "",
            "p.toml:4:1: teams[0].name is missing, expected a name of 1 to 75 characters on one line.",
        ),
        (
            "name = \"Payments\"",
            "name = \"Payments\"\nmembers = [\"U0OK\", \"@bob\"]",
            "p.toml:7:20: teams[0].members[1] found \"@bob\", expected the ID of a user (U… or W…) or of a user group \
          (S…), as in \"Copy member ID\" in Slack.",
        ),
        (
            "name = \"Payments\"",
            "name = \"Payments\"\n[[teams]]\nid = \"payments\"\nname = \"Again\"",
            r#"p.toml:8:6: teams[1].id found "payments" a second time, expected each one once."#,
        ),
        ("[[teams]]", "[teams]", "p.toml:4:1: teams found a table, expected tables [[teams]], in double brackets."),
        (
            "[[teams]]",
            "[authorization]\ntimeout = \"2 minuten\"\n[[teams]]",
            r#"p.toml:5:11: authorization.timeout found "2 minuten", expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m"."#,
        ),
        (
            "[[teams]]",
            "[authorization]\ntimeout = 120\n[[teams]]",
            r#"p.toml:5:11: authorization.timeout found the number 120, expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m"."#,
        ),
        (
            "[[teams]]",
            "[authorization]\nreminder = \"2m\"\n[[teams]]",
            r#"p.toml:5:12: authorization.reminder found "2m", expected less than the timeout of 2m."#,
        ),
        (
            "[[teams]]",
            "[authorization]\nallow_self = \"no\"\n[[teams]]",
            r#"p.toml:5:14: authorization.allow_self found "no", expected true or false."#,
        ),
        (
            "[[teams]]",
            "[authorization]\nopen_max = 0\n[[teams]]",
            "p.toml:5:12: authorization.open_max found the number 0, expected a whole number from 1 to 1000; without the key there is no limit.",
        ),
        (
            "[[teams]]",
            "[authorization]\nopen_max = -1\n[[teams]]",
            "p.toml:5:12: authorization.open_max found the number -1, expected a whole number from 1 to 1000; without the key there is no limit.",
        ),
        (
            "[[teams]]",
            "[authorization]\nopen_max = \"20\"\n[[teams]]",
            r#"p.toml:5:12: authorization.open_max found "20", expected a whole number from 1 to 1000; without the key there is no limit."#,
        ),
        (
            "[[teams]]",
            "[authorization]\nopen_max = 2.5\n[[teams]]",
            "p.toml:5:12: authorization.open_max found the number 2.5, expected a whole number from 1 to 1000; without the key there is no limit.",
        ),
        (
            "[[teams]]",
            "timeout = \"2m\"\n[[teams]]",
            "p.toml:4:1: timeout is not a key of the file; `timeout` belongs in [authorization].",
        ),
        (
            "[[teams]]",
            "[[blueprints]]\nid = \"x\"\nname = \"X\"\ndescription = \"x\"\ntask_queue = \"\"\n[[teams]]",
            r#"p.toml:8:14: blueprints[0].task_queue found "", expected a name of 1 to 200 characters."#,
        ),
        (
            "[[teams]]",
            "x = = 1\n[[teams]]",
            "p.toml:4:5: is not valid TOML: extra `=`, expected nothing.\n\
 p.toml:4:7: is not valid TOML: unexpected key or value, expected newline, `#`.",
        ),
    ];
    for (line, replacement, expected) in tables {
        assert_eq!(said(&with(line, replacement)), *expected, "{replacement}");
    }
}

#[test]
fn all_mistakes_are_reported_together_in_the_order_of_the_file() {
    let text = r#"# nothing here works
[authorization]
regions = ["us-east-1"]
timeout = "0s"
[[teams]]
nmae = "Payments"
"#;
    assert_eq!(
        said(text),
        r#"p.toml:1:1: regions is missing; list AWS regions, such as ["us-east-1"].
p.toml:1:1: profiles is missing; list AWS profiles, such as ["sandbox"].
p.toml:3:1: authorization.regions is not a key of authorization; `regions` belongs at the top of the file, before the first [table].
p.toml:4:11: authorization.timeout found "0s", expected a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m".
p.toml:5:1: teams[0].id is missing, expected an id of 1 to 75 letters, digits, "_", "." and "-".
p.toml:5:1: teams[0].name is missing, expected a name of 1 to 75 characters on one line.
p.toml:6:1: teams[0].nmae is not a key of teams[0]; did you mean `name`?"#
    );
}

#[test]
fn a_file_without_teams_says_to_add_one() {
    let text = "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n";
    let expected = "p.toml:1:1: teams is missing; add a [[teams]] table with an id and a name for each team that may \
                    ask for resources.";
    assert_eq!(said(text), expected);
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let said = load(Path::new("no/such.toml")).expect_err("missing").to_string();
    assert!(said.starts_with("no/such.toml: there is no such file. Copy provision-bot.example.toml"), "{said}");
}
