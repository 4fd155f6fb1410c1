//! Templates, as people write them and as they get them wrong.

use serde_json::json;

use super::*;

const SITE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  ResourceName:
    Type: String
  DomainName:
    Type: String
    Description: Such as shop.example.com
    AllowedPattern: "[a-z.]+"
    MinLength: 3
    MaxLength: 60
  Size: { Type: String, Default: small, AllowedValues: [small, large] }
  Days:
    Type: Number
    Default: 7
    MinValue: 1
    MaxValue: 30
  Zones: { Type: CommaDelimitedList }
  Token: { Type: String, NoEcho: true, Default: "" }
Conditions:
  IsLarge: !Equals [!Ref Size, large]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${ResourceName}-${AWS::Region}"
      Tags: !If
        - IsLarge
        - [{ Key: size, Value: !Ref Size }]
        - !Ref AWS::NoValue
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
          - Effect: Deny
            Resource: !Join ["", [!GetAtt Bucket.Arn, "/*"]]
            Condition: { Bool: { "aws:SecureTransport": false } }
Outputs:
  BucketArn:
    Value: !GetAtt Bucket.Arn
    Export: { Name: !Sub "${AWS::StackName}-arn" }
"#;

fn mistakes(text: &str) -> Vec<(usize, String)> {
    match Template::parse(text) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| (mistake.line, mistake.what)).collect(),
    }
}

#[test]
fn a_template_says_what_it_takes_makes_and_tells() {
    let site = Template::parse(SITE).unwrap();
    let names: Vec<_> = site.parameters().iter().map(|it| (it.name.as_str(), it.kind.as_str(), it.line)).collect();
    let expected = [
        ("ResourceName", "String", 3),
        ("DomainName", "String", 5),
        ("Size", "String", 11),
        ("Days", "Number", 12),
        ("Zones", "CommaDelimitedList", 17),
        ("Token", "String", 18),
    ];
    assert_eq!(names, expected);
    let [_, domain, size, days, _, token] = site.parameters() else { panic!("six") };
    assert_eq!((domain.min.as_deref(), domain.max.as_deref()), (Some("3"), Some("60")));
    assert_eq!(domain.pattern.as_deref(), Some("[a-z.]+"));
    assert_eq!(domain.description.as_deref(), Some("Such as shop.example.com"));
    assert_eq!((size.default.as_deref(), size.allowed.join(" ")), (Some("small"), "small large".into()));
    assert_eq!((days.min.as_deref(), days.max.as_deref(), days.default.as_deref()), (Some("1"), Some("30"), Some("7")));
    assert!(token.secret && !domain.secret);
    let resources: Vec<_> =
        site.resources().iter().map(|it| (it.logical_id.as_str(), it.kind.as_str(), it.line)).collect();
    assert_eq!(resources, [("Bucket", "AWS::S3::Bucket", 22), ("Policy", "AWS::S3::BucketPolicy", 30)]);
    assert_eq!(site.outputs(), ["BucketArn"]);
    assert_eq!(site.needs(), []);
    assert_eq!(site.text(), SITE);
}

#[test]
fn json_is_read_too() {
    let text = "{\n\t\"Parameters\": {\n\t\t\"Days\": { \"Type\": \"Number\", \"Default\": 7 }\n\t},\n\t\"Resources\": { \"B\": { \"Type\": \"AWS::S3::Bucket\", \"Properties\": { \"BucketName\": { \"Fn::Sub\": \"x\\u002d${Days}\" } } } }\n}\n";
    let template = Template::parse(text).unwrap();
    assert_eq!((template.parameters()[0].line, template.parameters()[0].default.as_deref()), (3, Some("7")));
    assert_eq!(template.resources()[0].line, 5);
}

#[test]
fn every_mistake_has_its_line() {
    let resources = "Resources:\n  B: { Type: AWS::S3::Bucket }\n";
    for (text, line, what) in [
        ("", 1, "the template is empty"),
        ("# nothing\n", 1, "the template is empty"),
        ("- a\n- b\n", 1, "a template is a map"),
        ("Outputs: {}\n", 1, "at least one of Resources"),
        ("Outputs: {}\nResources: {}\n", 2, "at least one of Resources"),
        ("Resources:\n  B: { Type: \"unfinished }\n", 2, "this is no YAML"),
        ("Resources:\n  B:\n   Type: X\n    Y: z\n", 4, "this is no YAML"),
        ("Resources:\n  B: { Properties: {} }\n", 2, "resource B: it has no Type"),
        ("Resources:\n  My-B: { Type: X }\n", 2, "a logical ID is of letters and digits"),
        ("Resources:\n  B: { Type: X }\n  B: { Type: Y }\n", 3, "\"B\" is there already, in line 2"),
        ("Resources:\n  A: &a { Type: X }\n  B: *a\n", 3, "no aliases"),
        ("Resources:\n  A: { Type: X }\n---\nResources: {}\n", 3, "a second document"),
        (&format!("{resources}Parameters: []\n"), 3, "Parameters has to be a map"),
        (&format!("{resources}Outputs: []\n"), 3, "Outputs has to be a map"),
        (&format!("{resources}Parameters:\n  A: {{}}\n"), 4, "parameter A: it has no Type"),
        (&format!("{resources}Parameters:\n  A:\n    Type: Text\n"), 5, "\"Text\" is no type"),
        (&format!("{resources}Parameters:\n  a_b: {{ Type: String }}\n"), 4, "letters and digits"),
        (&format!("{resources}Parameters:\n  A: {{ Type: Number, Default: many }}\n"), 4, "\"many\" is no number"),
        (
            &format!("{resources}Parameters:\n  A: {{ Type: String, Default: c, AllowedValues: [a, b] }}\n"),
            4,
            "none of its AllowedValues",
        ),
        (&format!("{resources}Parameters:\n  A: {{ Type: String, AllowedValues: a }}\n"), 4, "has to be a list"),
        (
            &format!("{resources}Parameters:\n  Ab: {{ Type: String }}\n  aB: {{ Type: String }}\n"),
            5,
            "differ in case only",
        ),
        (&"[".repeat(60_000), 1, "60000 bytes"),
        (&format!("Resources:\n  A: {{ Type: X, P: {}{} }}\n", "[".repeat(100), "]".repeat(100)), 2, "nested deeper"),
        (&"[".repeat(5_000), 1, "this is no YAML"),
    ] {
        let found = mistakes(text);
        let head: String = text.chars().take(80).collect();
        assert!(found.len() == 1 && found[0].0 == line && found[0].1.contains(what), "{head:?}: {found:?}");
    }
    // All of them at once, in their order.
    let many = format!("Parameters:\n  A: {{}}\n  B: {{ Type: Text }}\n{resources}  C: {{}}\n");
    assert_eq!(mistakes(&many).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 6]);
}

#[test]
fn what_cloudformation_has_to_be_told_is_known() {
    let needs = |resources: &str| Template::parse(resources).unwrap().needs();
    let of =
        |kind: &str, properties: &str| format!("Resources:\n  A: {{ Type: {kind}, Properties: {{ {properties} }} }}\n");
    for (text, expected) in [
        (of("AWS::S3::Bucket", "BucketName: x"), vec![]),
        (of("AWS::IAM::Role", "Path: /x/"), vec![Need::Iam]),
        (of("AWS::IAM::Policy", "PolicyName: x"), vec![Need::Iam]),
        (of("AWS::IAM::AccessKey", "UserName: x"), vec![Need::Iam]),
        (of("AWS::IAM::Role", "RoleName: x"), vec![Need::NamedIam]),
        (of("AWS::IAM::ManagedPolicy", "ManagedPolicyName: !Ref X"), vec![Need::NamedIam]),
        (of("AWS::CloudFormation::Stack", "TemplateURL: x"), vec![Need::NamedIam, Need::AutoExpand]),
        (of("AWS::S3::Bucket", "A: { 'Fn::Transform': { Name: X } }"), vec![Need::NamedIam, Need::AutoExpand]),
        (of("AWS::S3::Bucket", "A: !Transform { Name: X }"), vec![Need::NamedIam, Need::AutoExpand]),
        (
            format!("Transform: AWS::Serverless-2016-10-31\n{}", of("AWS::Serverless::Function", "")),
            vec![Need::NamedIam, Need::AutoExpand],
        ),
    ] {
        assert_eq!(needs(&text), expected, "{text}");
    }
}

fn field(id: &str, kind: Kind) -> Field {
    Field { id: id.to_owned(), kind, choices: Vec::new(), required: true, has_default: false }
}

fn choice(id: &str, kind: Kind, choices: &[&str]) -> Field {
    Field { choices: choices.iter().map(ToString::to_string).collect(), ..field(id, kind) }
}

#[test]
fn fields_and_parameters_are_each_others() {
    let site = Template::parse(SITE).unwrap();
    let whole = [field("domain-name", Kind::Text), field("zones", Kind::Choices)];
    let with = |more: Field| whole.iter().cloned().chain([more]).collect::<Vec<_>>();
    let optional = |field: Field| Field { required: false, ..field };
    let instead = |first: Field| vec![first, whole[1].clone()];
    for (fields, expected) in [
        (whole.to_vec(), None),
        (with(field("d-ays", Kind::Number)), None),
        (with(choice("size", Kind::Choice, &["small"])), None),
        (with(choice("size", Kind::Choice, &["small", "huge"])), Some((11, "\"huge\" is none of its AllowedValues"))),
        (with(field("size", Kind::Text)), Some((11, "offer them as choices"))),
        (with(field("size", Kind::Switch)), Some((11, "\"true\" is none of its AllowedValues"))),
        (with(field("days", Kind::Text)), Some((12, "has to be of kind number"))),
        (with(field("days", Kind::Switch)), Some((12, "takes no true and false"))),
        (with(choice("days", Kind::Choice, &["1", "x"])), Some((12, "\"x\" is none"))),
        (with(choice("token", Kind::Choices, &["a"])), Some((18, "takes one value"))),
        (with(optional(field("token", Kind::Text))), None),
        (with(field("resource_name", Kind::Text)), Some((3, "is given by itself"))),
        (with(field("colour", Kind::Text)), Some((2, "there is no parameter for the field \"colour\""))),
        (with(field("domain_name", Kind::Text)), Some((2, "would be the same parameter"))),
        (instead(optional(field("domainname", Kind::Text))), Some((5, "may be left empty"))),
        (instead(Field { has_default: true, ..optional(field("domainname", Kind::Text)) }), None),
        (vec![whole[0].clone()], Some((17, "parameter Zones has neither a field nor a Default"))),
        (vec![whole[0].clone(), choice("zones", Kind::Choice, &["a"])], Some((17, "has to be of kind choices"))),
        (vec![whole[0].clone(), field("zones", Kind::Number)], Some((17, "takes no number"))),
        (vec![whole[0].clone(), optional(field("zones", Kind::Choices))], None),
    ] {
        let found = site.compare(&fields);
        match expected {
            None => assert_eq!(found, [], "{fields:?}"),
            Some((line, what)) => {
                assert!(
                    found.len() == 1 && found[0].line == line && found[0].what.contains(what),
                    "{fields:?}: {found:?}"
                );
            }
        }
    }
    let other = SITE.replace("ResourceName:\n    Type: String", "ResourceName:\n    Type: Number");
    let found = Template::parse(&other).unwrap().compare(&whole);
    assert!(found[0].line == 3 && found[0].what.contains("has to be of Type String"), "{found:?}");
}

#[test]
fn values_are_texts_and_each_has_its_parameter() {
    let site = Template::parse(SITE).unwrap();
    let values = |given: serde_json::Value| site.values("app-x", given.as_object().unwrap());
    let all = values(json!({ "domain-name": "a.b", "zones": ["a", "b"], "days": 1.5, "size": null })).unwrap();
    let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(all, [("Days", "1.5"), ("DomainName", "a.b"), ("ResourceName", "app-x"), ("Zones", "a,b")]);
    for (given, why) in [
        (json!({ "domain-name": "a.b" }), "parameter Zones has no value"),
        (json!({ "domain-name": "a.b", "zones": [], "colour": "red" }), "no parameter for the value of \"colour\""),
        (
            json!({ "domain-name": "a.b", "zones": [], "resource-name": "mine" }),
            "no parameter for the value of \"resource-name\"",
        ),
        (json!({ "domain-name": {}, "zones": [] }), "the value of \"domain-name\" is none"),
    ] {
        let said = values(given.clone()).unwrap_err();
        assert!(said.contains(why), "{given}: {said}");
    }
}
