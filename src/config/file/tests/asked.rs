//! What a blueprint asks for: its fields, and a template that they have to fit.

use std::path::Path;

use super::{WHOLE, said};
use crate::config::file::parse;
#[cfg(feature = "cloudformation")]
use crate::config::file::{File, load};
use crate::domain::field::{By, Kind};

/// A blueprint with this field.
fn of_field(text: &str) -> String {
    format!("{WHOLE}\n[[blueprints]]\nid = \"b\"\nname = \"B\"\n[[blueprints.fields]]\n{text}\n")
}

#[test]
fn fields_are_read_with_their_defaults() {
    let read = |text: &str| parse(Path::new("p.toml"), &of_field(text)).expect(text).blueprints[0].fields[0].clone();
    let least = read("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\ndefault = \"\"");
    assert_eq!(
        (&least.kind, least.by, least.required, least.default),
        (&Kind::Text { pattern: None, min: None, max: None }, By::Requester, true, None)
    );
    let number = read("id = \"a\"\nlabel = \"A\"\nkind = \"number\"\nmin = 1\ndefault = 2.0\nby = \"authorizer\"");
    assert_eq!((number.by, number.has_decimals()), (By::Authorizer, true));
    let switch = read("id = \"a\"\nlabel = \"A\"\nkind = \"switch\"\ndefault = true");
    assert_eq!((switch.required, switch.default), (false, Some(true.into())));
    let choices = read("id = \"a\"\nlabel = \"A\"\nkind = \"choices\"\nchoices = [\"x\", \"y\"]\ndefault = [\"y\"]");
    assert_eq!(choices.default, Some(vec!["y"].into()));
}

#[test]
fn what_is_wrong_with_a_field_is_told() {
    for (text, says) in [
        ("label = \"A\"\nkind = \"text\"", "fields[0].id is missing"),
        ("id = \"A\"\nlabel = \"A\"\nkind = \"text\"", "fields[0].id found \"A\""),
        ("id = \"a\"\nkind = \"text\"", "fields[0].label is missing"),
        ("id = \"a\"\nlabel = \"A\"", "fields[0].kind is missing, expected \"text\""),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"date\"", "fields[0].kind found \"date\""),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\nby = \"bob\"", "fields[0].by found \"bob\""),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"switch\"\nmin = 1", "fields[0].min does not belong"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"number\"\npattern = \"a\"", "fields[0].pattern does not belong"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\npattern = \"(\"", "pattern is no regular expression"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\nmin = 5\nmax = 4", "min found the number 5, expected no more"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\nmax = 3001", "max found the number 3001"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"choice\"", "choices is missing"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"choice\"\nchoices = []", "choices found 0 entries"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"choice\"\nchoices = [\"x\", \"x\"]", "a second time"),
        (
            "id = \"a\"\nlabel = \"A\"\nkind = \"choice\"\nchoices = [\"x\"]\ndefault = \"y\"",
            "default would be refused",
        ),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\npattern = \"a\"\ndefault = \"b\"", "default would be refused"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"number\"\nmax = 1\ndefault = 2", "default would be refused"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"switch\"\ndefault = \"yes\"", "default would be refused"),
        ("id = \"a\"\nlabel = \"A\"\nkind = \"text\"\nlable = 1", "did you mean `label`"),
    ] {
        let said = said(&of_field(text));
        assert!(said.contains(says), "{text}: {said}");
        assert!(said.contains("p.toml:"), "{said}");
    }
    let many: String =
        (0..21).map(|n| format!("[[blueprints.fields]]\nid = \"f{n}\"\nlabel = \"F\"\nkind = \"switch\"\n")).collect();
    let many = said(&format!("{WHOLE}\n[[blueprints]]\nid = \"b\"\nname = \"B\"\n{many}"));
    assert!(many.contains("blueprints[0].fields[20] is one too many"), "{many}");
}

const SITE: &str = "Parameters:
  Domain:
    Type: String
  Count:
    Type: Number
    Default: 1
Resources:
  Assets:
    Type: AWS::S3::Bucket
";

/// A file whose one blueprint has a template with this text, and what is said of it.
#[cfg(feature = "cloudformation")]
fn with_template(text: &str, blueprint: &str) -> Result<File, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("templates")).expect("a folder in it");
    std::fs::write(folder.path().join("templates/site.yaml"), text).expect("a template");
    let path = folder.path().join("p.toml");
    let whole = format!(
        "{WHOLE}\n[[blueprints]]\nid = \"site\"\nname = \"Site\"\ntemplate = \"templates/site.yaml\"\n{blueprint}"
    );
    std::fs::write(&path, whole).expect("a file");
    load(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[cfg(feature = "cloudformation")]
#[test]
fn a_template_is_read_from_beside_the_file_and_held_against_the_fields() {
    let domain = "[[blueprints.fields]]\nid = \"domain\"\nlabel = \"Domain\"\nkind = \"text\"\n";
    let file = with_template(SITE, domain).expect("valid");
    assert_eq!(file.templates.keys().collect::<Vec<_>>(), ["site"]);
    let site = &file.policy.blueprints[0];
    assert_eq!(site.task_queue, "provision-aws-cloudformation");
    assert_eq!((site.plan_activity.as_deref(), site.discard_activity.as_deref()), (Some("plan"), Some("discard")));
    assert_eq!(with_template(SITE, "").expect_err("a parameter without a field").matches("site.yaml:2:").count(), 1);
    for (text, blueprint, says) in [
        ("Resources: [", domain, "templates/site.yaml:"),
        ("Resources: {}", domain, "templates/site.yaml:"),
        (SITE, "task_queue = \"mine\"\n", "task_queue does not go with `template`"),
        (SITE, &format!("{domain}{}", domain.replace("domain", "count")), "site.yaml:4"),
        (SITE, "[[blueprints.fields]]\nid = \"other\"\nlabel = \"O\"\nkind = \"text\"\n", "other"),
    ] {
        let said = with_template(text, blueprint).expect_err(says);
        assert!(said.contains(says), "{text}, {blueprint}: {said}");
    }
    let missing = said(&format!("{WHOLE}\n[[blueprints]]\nid = \"b\"\nname = \"B\"\ntemplate = \"no/such.yaml\"\n"));
    assert!(missing.contains("template names no/such.yaml, which cannot be read"), "{missing}");
}
