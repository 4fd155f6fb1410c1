//! What the configuration file may say, and what is said about every mistake in it.

use std::path::Path;
use std::time::Duration;

use super::{TOP, authorization, blueprints, clients, fields, lease, load, parse, parts, teams};
use crate::domain::client::{Proof, Right};
use crate::domain::people::Principal;

mod asked;
mod made_of;

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

/// Is this line a key or a table of which one is to take the "#" away?
fn is_commented(line: &str) -> bool {
    line.starts_with("# [[") || line == "# [lease]" || line.starts_with("# ") && line.split(' ').nth(2) == Some("=")
}

#[test]
fn the_example_is_valid_and_names_every_key() {
    let text = include_str!("../../../provision-bot.example.toml");
    assert!(parse(Path::new("p.toml"), text).expect("as it is").clients.is_empty(), "nobody is let in by copying it");
    // A program without stacks takes no template.
    let is_taken = |line: &str| cfg!(feature = "cloudformation") || !line.starts_with("# template =");
    let is_toml = |line: &str| is_taken(line) && is_commented(line);
    let whole: Vec<_> = text.lines().map(|line| if is_toml(line) { &line[2..] } else { line }).collect();
    let text = &whole.join("\n");
    let policy = parse(Path::new("provision-bot.example.toml"), text).expect("valid");
    assert_eq!(policy.timeout, Duration::from_secs(120));
    assert_eq!(policy.reminder, Some(Duration::from_secs(60)));
    assert_eq!(policy.open_max, Some(20));
    assert_eq!(
        policy.teams[0].members,
        [Principal::User("U0REQUESTER".into()), Principal::Group("S0USERGROUP".into())]
    );
    assert_eq!(policy.blueprints[0].id, "static-site");
    assert_eq!(policy.blueprints[0].fields.len(), 3);
    // The template that is an example goes with its fields.
    assert_eq!((&*policy.blueprints[1].id, policy.blueprints[1].fields.len()), ("website", 2));
    let parts: Vec<_> = policy.blueprints[2].parts.iter().map(|part| (part.id.as_str(), part.after.len())).collect();
    assert_eq!(parts, [("assets", 0), ("site", 1)]);
    let [ci, github] = &*policy.clients else { panic!("{:?}", policy.clients) };
    assert_eq!((ci.name(), ci.channel(), ci.has(Right::Decide)), ("client:ci-acme".into(), Some("C0DEPLOYS"), false));
    assert!(matches!(&github.proof, Proof::Oidc(oidc) if oidc.claims.len() == 2), "{github:?}");
    let keys = TOP.iter().chain(authorization::KEYS).chain(teams::KEYS).chain(blueprints::KEYS);
    for key in keys.chain(fields::KEYS).chain(parts::KEYS).chain(lease::KEYS).chain(clients::KEYS) {
        let explained = text.lines().any(|line| {
            line.trim_start_matches("# ").starts_with(&format!("{key} ="))
                || line.contains(&format!("{key}]]"))
                || line == format!("[{key}]")
        });
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
fn a_plan_needs_somebody_who_removes_what_it_left() {
    let with = |lines: &str| format!("{WHOLE}[[blueprints]]\nid = \"b\"\nname = \"B\"\n{lines}\n");
    let policy = parse(Path::new("p.toml"), &with("plan_activity = \"plan\"\ndiscard_activity = \"drop\"")).unwrap();
    let blueprint = &policy.blueprints[0];
    let activities = (blueprint.plan_activity.as_deref(), blueprint.discard_activity.as_deref());
    assert_eq!(activities, (Some("plan"), Some("drop")));
    assert!(blueprint.has_plan());
    assert!(!parse(Path::new("p.toml"), &with("")).unwrap().blueprints[0].has_plan());
    for (lines, expected) in [
        (
            "plan_activity = \"plan\"",
            "p.toml:10:17: blueprints[0].discard_activity is missing, expected with plan_activity: the name of the \
             activity that removes what a plan left.",
        ),
        (
            "discard_activity = \"drop\"",
            "p.toml:10:20: blueprints[0].plan_activity is missing, expected with discard_activity: the name of the \
             activity that makes the plan.",
        ),
        (
            "plan_activity = 7\ndiscard_activity = \"\"",
            "p.toml:10:17: blueprints[0].plan_activity found the number 7, expected a name of 1 to 200 characters.\n\
             p.toml:11:20: blueprints[0].discard_activity found \"\", expected a name of 1 to 200 characters.",
        ),
    ] {
        assert_eq!(said(&with(lines)), expected);
    }
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

#[test]
fn a_mistake_about_a_client_says_where_and_what() {
    const CLIENT: &str = r#"[[clients]]
id = "ci"
token_sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
may = ["ask", "decide"]
teams = ["payments"]
owner = "U1"
"#;
    let token = "token_sha256 = \"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\"\n";
    let with = |line: &str, replacement: &str| {
        assert!(CLIENT.contains(line), "{line}");
        format!("{WHOLE}{}", CLIENT.replace(line, replacement))
    };
    assert!(parse(Path::new("p.toml"), &with("\"ci\"", "\"cd\"")).is_ok());
    let oidc = |claims: &str, issuer: &str| with(token, &format!("issuer = \"{issuer}\"\naudience = \"a\"\n{claims}"));
    let good = "claims = { repository = \"acme/shop\", id = 7, fork = false }\n";
    for issuer in ["https://issuer.example/a", "http://localhost:1/", "http://127.0.0.1:9", "http://[::1]:9"] {
        parse(Path::new("p.toml"), &oidc(good, issuer)).expect(issuer);
    }
    for (text, says) in [
        (
            with("\"ask\", \"decide\"", ""),
            r#"clients[0].may found an empty list, expected a list of one or more of "ask""#,
        ),
        (
            with("\"ask\"", "\"everything\""),
            r#"clients[0].may[0] found "everything", expected one of "ask", "read", "decide""#,
        ),
        (with("may = [\"ask\", \"decide\"]\n", ""), "clients[0].may is missing"),
        (with("\"payments\"", ""), "clients[0].teams found an empty list"),
        (with("\"payments\"", "\"web\""), r#"clients[0].teams[0] found "web", expected the id of one of [[teams]]"#),
        (with("owner = \"U1\"\n", ""), "clients[0].owner is missing, and so is `channel`"),
        (with("\"U1\"", "\"S1\""), r#"clients[0].owner found "S1", expected the ID of a user"#),
        (with("owner = \"U1\"", "channel = \"general\""), r#"clients[0].channel found "general""#),
        (with(token, ""), "clients[0].token_sha256 is missing; give a client either"),
        (
            with(token, "token_sha256 = \"my-token\"\n"),
            "clients[0].token_sha256 found something else, expected the SHA-256",
        ),
        (with(token, &format!("{token}issuer = \"https://a.example\"\n")), "is there beside `issuer`"),
        (with(token, "audience = \"a\"\n"), "clients[0].issuer is missing"),
        (oidc("", "https://a.example"), "clients[0].claims is missing"),
        (oidc("claims = {}\n", "https://a.example"), "clients[0].claims is empty"),
        (oidc("claims = { a = 1.5 }\n", "https://a.example"), "clients[0].claims.a found the number 1.5"),
        (oidc(good, "http://a.example"), "clients[0].issuer found"),
        (oidc(good, "https://a.example?x=1"), "clients[0].issuer found"),
        (with("token_sha256", "token"), "did you mean `token_sha256`?"),
        (
            format!("{}{CLIENT}", with("\"ci\"", "\"cd\"")),
            "clients[1].token_sha256 found a token that another client has",
        ),
        (
            format!("{WHOLE}authorizers = [\"client:cd\"]\n{CLIENT}"),
            r#"teams[0].authorizers[0] found "client:cd", expected the id of one of [[clients]]"#,
        ),
        (
            format!("{WHOLE}authorizers = [\"client:ci\"]\n{}", CLIENT.replace(", \"decide\"", "")),
            r#"expected a client with "decide" in `may` and this team in `teams`"#,
        ),
        (format!("operations_channel = \"#ops\"\n{WHOLE}"), "operations_channel found \"#ops\", expected the ID"),
    ] {
        let said = said(&text);
        assert!(said.contains(says), "{says}\n{said}");
        assert!(!said.contains("my-token"), "no secret is repeated");
    }
    let named = format!("{WHOLE}authorizers = [\"client:ci\", \"U1\"]\n{CLIENT}");
    parse(Path::new("p.toml"), &named).expect("a client may be named to decide");
}
