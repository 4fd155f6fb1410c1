//! What a blueprint may be made of.

use std::path::Path;

use serde_json::json;

use super::{WHOLE, said};
use crate::config::file::parse;
use crate::domain::blueprint::Blueprint;

const SITE: &str = r#"
[[blueprints]]
id = "site"
name = "Site"
task_queue = "sites"
plan_activity = "plan"
discard_activity = "discard"
encrypt = false
[[blueprints.fields]]
id = "domain"
label = "Domain"
kind = "text"
max = 60
[[blueprints.fields]]
id = "size"
label = "Size"
kind = "choice"
choices = ["small", "large"]
default = "small"
by = "authorizer"
"#;

const DOMAIN: &str = "[[blueprints.fields]]\nid = \"domain\"\nlabel = \"D\"\nkind = \"text\"\nmax = 50\n";

fn shop(lines: &str) -> String {
    format!("{WHOLE}{SITE}[[blueprints]]\nid = \"shop\"\nname = \"Shop\"\n{lines}")
}

fn part(id: &str, blueprint: &str, more: &str) -> String {
    format!("[[blueprints.parts]]\nid = \"{id}\"\nblueprint = \"{blueprint}\"\n{more}\n")
}

fn read(lines: &str) -> Blueprint {
    parse(Path::new("p.toml"), &shop(lines)).expect(lines).blueprints.remove(1)
}

#[test]
fn parts_are_the_blueprints_they_name() {
    let parts = part("assets", "bucket", "") + &part("web", "site", "after = [\"assets\"]");
    let shop = read(&(DOMAIN.to_owned() + &parts));
    assert!(shop.has_plan() && shop.task_queue.is_empty());
    let [assets, web] = shop.parts.as_slice() else { panic!("{shop:?}") };
    assert_eq!((assets.id.as_str(), assets.blueprint.task_queue.as_str()), ("assets", "provision-aws-s3"));
    assert_eq!(
        (web.blueprint.id.as_str(), web.blueprint.task_queue.as_str(), web.blueprint.encrypt),
        ("site", "sites", false)
    );
    assert_eq!((&web.after, &web.takes), (&vec!["assets".to_owned()], &vec!["domain".to_owned()]));
    let whole = json!({ "domain": "x.test", "other": 1 });
    let given = web.parameters(whole.as_object().unwrap());
    assert_eq!(
        json!(given),
        json!({ "domain": "x.test", "size": "small" }),
        "and the others as they are if nothing is said"
    );
}

#[test]
fn the_order_of_the_file_is_of_no_importance() {
    let shop = "[[blueprints]]\nid = \"shop\"\nname = \"Shop\"\n".to_owned() + DOMAIN;
    let parts = part("b", "site", "after = [\"a\"]") + &part("a", "bucket", "");
    let policy = parse(Path::new("p.toml"), &format!("{WHOLE}{shop}{parts}{SITE}")).unwrap();
    assert_eq!(policy.blueprints[0].parts[0].blueprint.id, "site");
}

#[test]
fn what_is_wrong_with_parts_is_told() {
    let a = part("a", "bucket", "");
    let eleven: String = (0..11).map(|n| part(&format!("p{n}"), "bucket", "")).collect();
    let optional = DOMAIN.to_owned() + "required = false\n";
    let wide = DOMAIN.replace("max = 50", "max = 61");
    for (lines, says) in [
        ("parts = []\n".to_owned(), "parts is empty"),
        (eleven, "parts[10] is one too many; a blueprint has 10 at most"),
        (part("A", "bucket", ""), "parts[0].id found \"A\""),
        (part("_", "bucket", ""), "parts[0].id found \"_\""),
        (part("a-b", "bucket", "") + &part("a_b", "bucket", ""), "parts[1].id found \"a_b\" a second time"),
        (part("a", "buckt", ""), "parts[0].blueprint is \"buckt\", expected the id of another blueprint"),
        (part("a", "shop", ""), "parts[0].blueprint is \"shop\", which is made of parts itself"),
        (part("a", "bucket", "after = [\"b\"]"), "parts[0].after has \"b\", expected the ids of other parts"),
        (part("a", "bucket", "after = [\"a\"]"), "parts[0].after has \"a\""),
        (
            part("a", "bucket", "after = [\"b\"]") + &part("b", "bucket", "after = [\"a\"]"),
            "parts go round in a circle: the part \"a\" comes after itself",
        ),
        ("task_queue = \"q\"\n".to_owned() + &a, "task_queue does not belong to a blueprint that is made of parts"),
        ("template = \"t\"\n".to_owned() + &a, "template does not belong to a blueprint that is made of parts"),
        ("encrypt = false\n".to_owned() + &a, "encrypt does not belong"),
        (part("a", "site", ""), "which needs the field \"domain\": let this blueprint ask for it"),
        (optional + &part("a", "site", ""), "whose field \"domain\" is required, so it has to be required here, too"),
        (wide + &part("a", "site", ""), "whose field \"domain\" does not take all that this blueprint's takes"),
        (
            DOMAIN.replace("kind = \"text\"\nmax = 50", "kind = \"switch\"") + &part("a", "site", ""),
            "does not take all that this blueprint's takes",
        ),
        (part("a", "bucket", "afterr = []"), "did you mean `after`"),
    ] {
        let said = said(&shop(&lines));
        assert!(said.contains(says), "{lines}: {said}");
    }
}
