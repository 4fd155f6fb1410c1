//! A template with everything in it that the files of `blocks/` use.

use serde_json::{Value, json};

use super::{Fields, Filled, Template, fields};
use crate::slack::views::text::{Markup, Text};

fields!(Row { name: Text, value: Option<Text> });
fields!(Values { text: Option<Text>, markup: Markup, exact: u32, rows: Vec<Row> });

fn template(body: &Value) -> Template {
    // Leaked, as the real ones are static.
    Template::new("test", body.to_string().leak(), Values::FIELDS)
}

fn body() -> Value {
    json!({"blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*{{markup}}* {{text}}"}},
        {"type": "section", "text": {"type": "plain_text", "text": "{{text}}"}},
        {"type": "input", "hint": {"type": "plain_text", "text": "{{text}}"}, "n": "{{exact}}", "id": "n-{{exact}}"},
        {"type": "rich_text", "elements": [
            {"type": "s", "elements": [{"text": "{{rows.name}}"}, {"text": "{{rows.value}}"}]},
        ]},
    ]})
}

fn values(text: &str, rows: Vec<Row>) -> Vec<Filled> {
    let text = Text::line(text, 100);
    Values { text, markup: Markup::ours("<@U1>"), exact: 3, rows }.values()
}

#[test]
fn values_stand_where_they_are_named_as_slack_reads_them() {
    let rows = vec![
        Row { name: Text::ours("{{text}}"), value: Text::line("<1>", 9) },
        Row { name: Text::ours("b"), value: None },
    ];
    let template = template(&body());
    template.check().unwrap();
    assert_eq!(
        template.render(&values("<!channel>", rows)),
        json!({"blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*<@U1>* &lt;!channel&gt;"}},
            {"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}},
            {"type": "input", "hint": {"type": "plain_text", "text": "<!channel>"}, "n": 3, "id": "n-3"},
            {"type": "rich_text", "elements": [
                {"type": "s", "elements": [{"text": "{{text}}"}, {"text": "<1>"}]},
                {"type": "s", "elements": [{"text": "b"}]},
            ]},
        ]})
    );
}

#[test]
fn what_is_not_there_takes_along_what_needs_it() {
    assert_eq!(
        template(&body()).render(&values("", vec![])),
        json!({"blocks": [{"type": "input", "n": 3, "id": "n-3"}]})
    );
}

#[test]
fn mistakes_are_found_before_anybody_sees_them() {
    let changed = |pointer: &str, text: &str| {
        let mut body = body();
        *body.pointer_mut(pointer).unwrap() = json!(text);
        template(&body).check().unwrap_err().to_string()
    };
    for (pointer, text, says) in [
        ("/blocks/1/text/text", "{{txt}}", "names {{txt}}, which has no value"),
        ("/blocks/1/text/text", "{{rows}}", "a list is named by the values of its items"),
        ("/blocks/1/text/text", "{{rows.gone}}", "names {{rows.gone}}, which has no value"),
        ("/blocks/1/text/text", "{{text", "opens a name and does not close it"),
        ("/blocks/1/text/text", "{{ text }}", "opens a name and does not close it"),
        ("/blocks/0/text/text", "{{text}}", "does not name {{markup}}, which has a value"),
        ("/blocks/3/elements/0/elements/1/text", "x", "does not name {{rows.value}}"),
        ("/blocks/1/text/text", "{{markup}}", "Slack reads no markup there"),
        ("/blocks/0/text/text", "{{exact}}", "Slack reads markup there"),
    ] {
        let said = changed(pointer, text);
        assert!(said.contains(says), "{said}");
    }
    let scattered = template(&json!({"a": "{{rows.name}}", "b": ["{{rows.value}}", "{{text}}", "{{exact}}"]}));
    assert!(scattered.check().unwrap_err().to_string().contains("every mention of {{rows.…}}"));
    let broken = Template::new("broken", "{", &[]);
    assert!(broken.check().unwrap_err().to_string().starts_with("blocks/broken.json is not JSON"));
    assert_eq!(broken.render(&[]), Value::Null);
}

#[test]
fn a_value_that_may_be_missing_takes_nothing_along_in_silence() {
    let with = |block: Value| {
        let mut body = body();
        body["blocks"].as_array_mut().unwrap().push(block);
        template(&body).check()
    };
    let maybe = || json!({"type": "plain_text", "text": "{{text}}"});
    // Block Kit can do without a placeholder; that the renderer can, somebody must have said.
    let forgotten = with(json!({"type": "input", "label": {"type": "plain_text", "text": "x"}, "element": {
        "type": "plain_text_input", "action_id": "x", "placeholder": maybe(),
    }}));
    let said = forgotten.unwrap_err().to_string();
    assert!(said.contains("{{text}} may have no value") && said.contains("\"placeholder\""), "{said}");
    let list = with(json!({"type": "section", "fields": [maybe()]}));
    assert!(list.unwrap_err().to_string().contains("\"fields\""));
    assert_eq!(with(json!({"type": "section", "fields": [maybe(), "always"]})), Ok(()));
    assert_eq!(with(json!({"type": "section", "text": maybe()})), Ok(()));
    assert_eq!(with(json!({"type": "section", "hint": {"placeholder": "x", "text": maybe()}})), Ok(()));

    let nothing_sure = template(&json!({"blocks": [
        {"text": "{{text}}", "hint": "{{exact}}"},
        {"text": {"type": "mrkdwn", "text": "{{markup}} {{text}}"}},
        {"text": "{{rows.name}} {{rows.value}}"},
    ]}));
    assert!(nothing_sure.check().unwrap_err().to_string().contains("\"blocks\""));
    let gone = template(&json!({"text": "{{text}}", "type": "mrkdwn", "hint": [
        "{{exact}}", {"text": {"type": "mrkdwn", "text": "{{markup}}"}}, "{{rows.name}} {{rows.value}}",
    ]}));
    assert!(gone.check().unwrap_err().to_string().contains("without {{text}} nothing is left of the file"));
}
