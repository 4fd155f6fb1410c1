//! Each limit refuses its bad example; every sample of Slack's own passes.

use serde_json::{Value, json};

use super::*;

fn plain(text: impl Into<String>) -> Value {
    json!({ "type": "plain_text", "text": text.into() })
}

fn option(value: &str) -> Value {
    json!({ "text": plain(value), "value": value })
}

fn select(options: Vec<Value>) -> Value {
    json!({ "type": "static_select", "action_id": "a", "options": options })
}

fn input(element: Value) -> Value {
    json!({ "type": "input", "label": plain("Label"), "element": element })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn button(changes: Value) -> Value {
    let mut button = json!({ "type": "button", "action_id": "go", "text": plain("Go") });
    for (name, value) in changes.as_object().into_iter().flatten() {
        button[name.as_str()] = value.clone();
    }
    json!({ "type": "actions", "elements": [button] })
}

fn modal(changes: Value) -> Value {
    let mut view = json!({ "type": "modal", "title": plain("Title"), "blocks": [section("hello")] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        view[name.as_str()] = value.clone();
    }
    view
}

#[test]
fn a_bad_block_is_refused_with_a_pointer_to_the_mistake() {
    let x = |count: usize| "x".repeat(count);
    let field = |count: usize| json!({ "type": "mrkdwn", "text": x(count) });
    let options = |count: usize| (0..count).map(|n| option(&n.to_string())).collect::<Vec<_>>();
    let with_initial = |initial: Value| {
        let mut select = select(options(2));
        select["initial_option"] = initial;
        input(select)
    };
    let confirm = |name: &str, count: usize| {
        let mut confirm = json!({ "title": plain("t"), "text": plain("t"), "confirm": plain("y"), "deny": plain("n") });
        confirm[name] = plain(x(count));
        button(json!({ "confirm": confirm }))
    };
    let text_input = |name: &str, value: Value| {
        let mut element = json!({ "type": "plain_text_input" });
        element[name] = value;
        input(element)
    };
    let table = [
        (section(""), "/text/text"),
        (section(&x(3001)), "/text/text"),
        (json!({ "type": "section" }), ""),
        (json!({ "type": "section", "fields": [field(2001)] }), "/fields/0/text"),
        (json!({ "type": "section", "fields": vec![field(1); 11] }), "/fields"),
        (json!({ "type": "section", "text": "bare" }), "/text"),
        (json!({ "type": "header", "text": plain(x(151)) }), "/text/text"),
        (json!({ "type": "header", "text": field(3) }), "/text/type"),
        (json!({ "type": "header", "text": plain("x"), "level": 5 }), "/level"),
        (json!({ "type": "context", "elements": vec![field(1); 11] }), "/elements"),
        (json!({ "type": "context", "elements": [] }), "/elements"),
        (
            json!({ "type": "actions", "elements": vec![json!({ "type": "button", "text": plain("x") }); 26] }),
            "/elements",
        ),
        (button(json!({ "text": plain(x(76)) })), "/elements/0/text/text"),
        (button(json!({ "text": field(3) })), "/elements/0/text/type"),
        (button(json!({ "value": x(2001) })), "/elements/0/value"),
        (button(json!({ "value": 7 })), "/elements/0/value"),
        (button(json!({ "url": x(3001) })), "/elements/0/url"),
        (button(json!({ "accessibility_label": x(76) })), "/elements/0/accessibility_label"),
        (button(json!({ "style": "default" })), "/elements/0/style"),
        (button(json!({ "action_id": x(256) })), "/elements/0/action_id"),
        (confirm("title", 101), "/elements/0/confirm/title/text"),
        (confirm("text", 301), "/elements/0/confirm/text/text"),
        (confirm("confirm", 31), "/elements/0/confirm/confirm/text"),
        (confirm("deny", 31), "/elements/0/confirm/deny/text"),
        (input(select(options(0))), "/element/options"),
        (input(select(options(101))), "/element/options"),
        (input(select(vec![json!({ "text": plain(x(76)), "value": "v" })])), "/element/options/0/text/text"),
        (input(select(vec![option(&x(151))])), "/element/options/0/value"),
        (with_initial(option("7")), "/element/initial_option"),
        (with_initial(json!({ "text": plain("zero"), "value": "0" })), "/element/initial_option"),
        (input(json!({ "type": "button", "text": plain("x") })), "/element/type"),
        (json!({ "type": "input", "element": { "type": "plain_text_input" } }), ""),
        (json!({ "type": "input", "label": plain(x(2001)), "element": { "type": "plain_text_input" } }), "/label/text"),
        (
            json!({ "type": "section", "text": field(1), "accessory": { "type": "plain_text_input" } }),
            "/accessory/type",
        ),
        (text_input("max_length", json!(3001)), "/element/max_length"),
        (text_input("placeholder", plain(x(151))), "/element/placeholder/text"),
        (text_input("multiline", json!("yes")), "/element/multiline"),
        (
            json!({ "type": "plan", "title": "p", "tasks": [{ "task_id": "1", "title": "t", "status": "completed" }] }),
            "/tasks/0/status",
        ),
        (json!({ "type": "alert" }), "/type"),
        (json!({ "type": "unheard_of" }), "/type"),
        (json!({ "type": "divider", "colour": "red" }), ""),
        (json!({ "type": "divider", "block_id": x(256) }), "/block_id"),
        (json!("divider"), ""),
    ];
    refused(table);
}

/// In a message, each with a pointer to what is wrong.
fn refused<const N: usize>(table: [(Value, &str); N]) {
    for (block, pointer) in table {
        let problems = check_blocks(std::slice::from_ref(&block), Surface::Message, "/blocks");
        let expected = format!("/blocks/0{pointer}");
        assert!(problems.iter().any(|p| p.pointer == expected), "{block}\nexpected {expected}, got {problems:?}");
    }
}

/// An input block with an element that is as given, but for what is changed; null takes it away.
fn changed(element: &Value, changes: Value) -> Value {
    let mut element = element.clone();
    for (name, value) in changes.as_object().into_iter().flatten() {
        element[name.as_str()] = value.clone();
    }
    if let Some(fields) = element.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    input(element)
}

#[test]
fn what_people_choose_several_of_is_limited() {
    let options = |count: usize| (0..count).map(|n| option(&n.to_string())).collect::<Vec<_>>();
    let markup = json!({ "text": { "type": "mrkdwn", "text": "*x*" }, "value": "x" });
    let group = json!({ "label": plain("l"), "options": options(100) });
    let boxes = json!({ "type": "checkboxes", "action_id": "a", "options": options(10) });
    let radio = json!({ "type": "radio_buttons", "action_id": "a", "options": options(10) });
    let several = json!({ "type": "multi_static_select", "action_id": "a", "options": options(100) });
    let loaded = json!({ "type": "multi_external_select", "action_id": "a" });
    for fine in [
        changed(&boxes, json!({ "initial_options": options(2), "focus_on_load": true })),
        changed(&boxes, json!({ "options": [markup], "initial_options": [markup] })),
        changed(&radio, json!({ "options": [markup], "initial_option": markup })),
        changed(&several, json!({ "initial_options": options(3), "max_selected_items": 3, "placeholder": plain("p") })),
        changed(&several, json!({ "options": null, "option_groups": [group], "initial_options": options(1) })),
        changed(&loaded, json!({ "initial_options": options(1), "max_selected_items": 1, "min_query_length": 0 })),
    ] {
        for surface in [Surface::Message, Surface::Modal, Surface::Home] {
            assert_eq!(check_blocks(std::slice::from_ref(&fine), surface, "/blocks"), [], "{fine}");
        }
    }
    refused([
        (changed(&boxes, json!({ "options": [] })), "/element/options"),
        (changed(&boxes, json!({ "options": options(11) })), "/element/options"),
        (changed(&boxes, json!({ "options": null })), "/element"),
        (changed(&boxes, json!({ "initial_options": [] })), "/element/initial_options"),
        (changed(&boxes, json!({ "initial_options": [option("10")] })), "/element/initial_options"),
        (changed(&boxes, json!({ "initial_options": option("1") })), "/element/initial_options"),
        (changed(&boxes, json!({ "initial_option": option("1") })), "/element"),
        (changed(&boxes, json!({ "placeholder": plain("p") })), "/element"),
        (changed(&boxes, json!({ "max_selected_items": 1 })), "/element"),
        (changed(&radio, json!({ "options": options(11) })), "/element/options"),
        (changed(&radio, json!({ "initial_option": option("10") })), "/element/initial_option"),
        (changed(&radio, json!({ "initial_options": options(1) })), "/element"),
        (changed(&several, json!({ "options": options(101) })), "/element/options"),
        (changed(&several, json!({ "options": [] })), "/element/options"),
        (changed(&several, json!({ "options": [markup] })), "/element/options/0/text/type"),
        (changed(&several, json!({ "option_groups": [group] })), "/element"),
        (changed(&several, json!({ "options": null })), "/element"),
        (changed(&several, json!({ "max_selected_items": 0 })), "/element/max_selected_items"),
        (changed(&several, json!({ "max_selected_items": "2" })), "/element/max_selected_items"),
        (changed(&several, json!({ "initial_options": [] })), "/element/initial_options"),
        (changed(&several, json!({ "initial_options": [option("100")] })), "/element/initial_options"),
        (changed(&several, json!({ "initial_option": option("1") })), "/element"),
        (changed(&several, json!({ "min_query_length": 1 })), "/element"),
        (changed(&loaded, json!({ "options": options(1) })), "/element"),
        (changed(&loaded, json!({ "initial_options": [] })), "/element/initial_options"),
        (changed(&loaded, json!({ "initial_options": [{}] })), "/element/initial_options/0"),
        (changed(&loaded, json!({ "max_selected_items": 0 })), "/element/max_selected_items"),
        (changed(&loaded, json!({ "min_query_length": -1 })), "/element/min_query_length"),
    ]);
}

#[test]
fn what_people_type_is_limited() {
    let number = json!({ "type": "number_input", "action_id": "a", "is_decimal_allowed": false });
    let text = json!({ "type": "plain_text_input", "action_id": "a" });
    let on = |when: Value| json!({ "dispatch_action_config": { "trigger_actions_on": when } });
    for fine in [
        changed(&number, json!({ "min_value": "-10", "max_value": "-10", "initial_value": "0" })),
        changed(&number, json!({ "is_decimal_allowed": true, "min_value": "0.25", "initial_value": "5.5" })),
        changed(&number, json!({ "placeholder": plain("p"), "focus_on_load": true })),
        changed(&number, on(json!(["on_enter_pressed", "on_character_entered"]))),
        changed(&text, on(json!(["on_character_entered"]))),
        changed(&text, json!({ "min_length": 0, "max_length": 3, "initial_value": "abc" })),
    ] {
        for surface in [Surface::Message, Surface::Modal, Surface::Home] {
            assert_eq!(check_blocks(std::slice::from_ref(&fine), surface, "/blocks"), [], "{fine}");
        }
    }
    refused([
        (changed(&number, json!({ "is_decimal_allowed": null })), "/element"),
        (changed(&number, json!({ "is_decimal_allowed": "false" })), "/element/is_decimal_allowed"),
        (changed(&number, json!({ "min_value": 1 })), "/element/min_value"),
        (changed(&number, json!({ "max_value": 1 })), "/element/max_value"),
        (changed(&number, json!({ "initial_value": 1 })), "/element/initial_value"),
        (changed(&number, json!({ "initial_value": "one" })), "/element/initial_value"),
        (changed(&number, json!({ "initial_value": "1.5" })), "/element/initial_value"),
        (changed(&number, json!({ "max_value": "1.5" })), "/element/max_value"),
        (changed(&number, json!({ "min_value": "2", "max_value": "1" })), "/element/min_value"),
        (changed(&number, json!({ "min_value": "10", "max_value": "9" })), "/element/min_value"),
        (changed(&number, json!({ "max_length": 3 })), "/element"),
        (changed(&number, on(json!(["on_blur"]))), "/element/dispatch_action_config/trigger_actions_on/0"),
        (changed(&text, on(json!([]))), "/element/dispatch_action_config/trigger_actions_on"),
        (changed(&text, json!({ "dispatch_action_config": { "on": 1 } })), "/element/dispatch_action_config"),
        (changed(&text, json!({ "max_length": 3, "initial_value": "abcd" })), "/element/initial_value"),
        (changed(&text, json!({ "min_length": 4, "max_length": 3 })), "/element/min_length"),
        (json!({ "type": "section", "text": plain("x"), "accessory": number }), "/accessory/type"),
        (json!({ "type": "actions", "elements": [number] }), "/elements/0/type"),
        (input(json!({ "type": "file_input", "action_id": "a" })), "/element/type"),
    ]);
    for (dispatch_action, mistakes) in [(false, 0), (true, 1)] {
        let mut file = input(json!({ "type": "file_input", "action_id": "a" }));
        file["dispatch_action"] = dispatch_action.into();
        assert_eq!(check_blocks(&[file], Surface::Modal, "/blocks").len(), mistakes, "{dispatch_action}");
    }
}

#[test]
fn what_is_wrong_only_together_is_refused() {
    let named = |id: &str| json!({ "type": "divider", "block_id": id });
    let twice = json!({ "type": "button", "action_id": "a", "text": plain("x") });
    let focus = input(json!({ "type": "plain_text_input", "focus_on_load": true }));
    for blocks in [
        vec![section("x"); 51],
        vec![named("a"), named("a")],
        vec![json!({ "type": "actions", "elements": [twice, twice] })],
        vec![focus.clone(), focus.clone()],
        vec![
            focus,
            json!({ "type": "actions", "elements": [json!({ "type": "checkboxes", "focus_on_load": true,
            "options": [option("a")] })] }),
        ],
        vec![json!({ "type": "markdown", "text": "x".repeat(6001) }); 2],
    ] {
        assert_ne!(check_blocks(&blocks, Surface::Message, "/blocks"), []);
    }
    assert_eq!(check_blocks(&vec![section("x"); 100], Surface::Home, "/blocks"), []);
    assert!(total_characters(&json!(vec![section(&"x".repeat(3000)); 5])) > MAX_BLOCK_CHARACTERS);
}

#[test]
fn a_bad_view_is_refused() {
    let with_input = json!([input(json!({ "type": "plain_text_input" }))]);
    for (view, pointer) in [
        (modal(json!({ "title": plain("x".repeat(25)) })), "/view/title/text"),
        (modal(json!({ "title": { "type": "mrkdwn", "text": "x" } })), "/view/title/type"),
        (modal(json!({ "submit": plain("x".repeat(25)) })), "/view/submit/text"),
        (modal(json!({ "blocks": with_input })), "/view"),
        (modal(json!({ "private_metadata": "x".repeat(3001) })), "/view/private_metadata"),
        (modal(json!({ "callback_id": "x".repeat(256) })), "/view/callback_id"),
        (modal(json!({ "blocks": vec![section("x"); 101] })), "/view/blocks"),
        (modal(json!({ "blocks": [{ "type": "plan", "title": "p" }] })), "/view/blocks/0/type"),
        (modal(json!({ "type": "home" })), "/view/type"),
        (modal(json!({ "colour": "red" })), "/view"),
        (json!({ "type": "modal", "title": plain("x") }), "/view"),
    ] {
        let problems = check_view(&view, Surface::Modal);
        assert!(problems.iter().any(|p| p.pointer == pointer), "{view}\nexpected {pointer}, got {problems:?}");
    }
}

#[test]
fn suggestions_are_limited() {
    assert_eq!(check_suggestions(&json!({ "options": [] })), []);
    assert_eq!(check_suggestions(&json!({ "option_groups": [{ "label": plain("l"), "options": [option("a")] }] })), []);
    assert_ne!(check_suggestions(&json!({ "options": vec![option("a"); 101] })), []);
    assert_ne!(check_suggestions(&json!({})), []);
}

#[test]
fn every_sample_passes() {
    let mut seen = 0;
    for folder in ["inbound", "web_api", "ack"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/slack").join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let sample: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            each_blocks(&sample, &mut |surface, blocks| {
                seen += 1;
                assert_eq!(check_blocks(blocks, surface, "/blocks"), [], "{}", path.display());
            });
        }
    }
    assert!(seen > 20, "only {seen} lists of blocks found");
}

fn each_blocks(value: &Value, visit: &mut impl FnMut(Surface, &[Value])) {
    let surface = match value["type"].as_str() {
        Some("modal") => Surface::Modal,
        Some("home") => Surface::Home,
        _ => Surface::Message,
    };
    if let Some(blocks) = value["blocks"].as_array() {
        visit(surface, blocks);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| each_blocks(item, visit)),
        Value::Object(fields) => fields.values().for_each(|inner| each_blocks(inner, visit)),
        _ => {}
    }
}
