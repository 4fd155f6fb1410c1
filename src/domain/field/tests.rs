use serde_json::json;

use super::*;

fn field(kind: Kind) -> Field {
    Field {
        id: "f".into(),
        label: "F".into(),
        kind,
        by: By::Requester,
        required: false,
        hint: String::new(),
        default: None,
    }
}

fn text(pattern: Option<&str>, min: Option<u32>, max: Option<u32>) -> Field {
    field(Kind::Text { pattern: pattern.map(Into::into), min, max })
}

fn number(min: Option<Value>, max: Option<Value>) -> Field {
    let of = |value: Option<Value>| value.map(|value| value.as_number().unwrap().clone());
    field(Kind::Number { min: of(min), max: of(max) })
}

fn choices() -> Vec<String> {
    ["small", "large"].map(String::from).to_vec()
}

#[test]
fn a_value_is_read_as_it_is_recorded() {
    let domain = || text(Some("[a-z0-9.-]+"), None, None);
    for (field, given, read) in [
        (domain(), json!("  shop.example.com\u{a0}"), Some(json!("shop.example.com"))),
        (domain(), json!("   "), None),
        (domain(), json!(null), None),
        (text(None, Some(2), Some(2)), json!("äö"), Some(json!("äö"))),
        (text(None, None, None), json!("👩\u{200d}💻 ✔\u{fe0f}"), Some(json!("👩\u{200d}💻 ✔\u{fe0f}"))),
        (
            text(None, None, None),
            json!("ℹ\u{fe0f} 🅰\u{fe0f} 1\u{fe0f}\u{20e3}"),
            Some(json!("ℹ\u{fe0f} 🅰\u{fe0f} 1\u{fe0f}\u{20e3}")),
        ),
        (number(None, None), json!(3), Some(json!(3))),
        (number(None, None), json!(3.0), Some(json!(3))),
        (number(Some(json!(0.5)), None), json!(3.25), Some(json!(3.25))),
        (number(Some(json!(0.0)), None), json!(7), Some(json!(7))),
        (number(None, None), json!(-4), Some(json!(-4))),
        (field(Kind::Choice { choices: choices() }), json!("large"), Some(json!("large"))),
        (field(Kind::Choice { choices: choices() }), json!(""), None),
        (field(Kind::Choices { choices: choices() }), json!(["large", "small"]), Some(json!(["small", "large"]))),
        (field(Kind::Choices { choices: choices() }), json!(["large", "large"]), Some(json!(["large"]))),
        (field(Kind::Choices { choices: choices() }), json!(null), Some(json!([]))),
        (field(Kind::Switch), json!(true), Some(json!(true))),
        (field(Kind::Switch), json!(null), Some(json!(false))),
        (Field { required: true, ..field(Kind::Switch) }, json!(false), Some(json!(false))),
    ] {
        assert_eq!(field.read(&given), Ok(read), "{given}");
    }
}

#[test]
fn what_a_field_does_not_take_is_explained() {
    let required = |field| Field { required: true, ..field };
    for (field, given, says) in [
        (text(None, None, None), json!(3), "a text"),
        (text(None, Some(3), None), json!(" ab "), "Too short: 2 of at least 3"),
        (text(None, None, Some(2)), json!("abc"), "Too long: 3 of at most 2"),
        (text(None, None, None), json!("a".repeat(3_001)), "at most 3000"),
        (text(None, None, None), json!("a\nb"), "one line"),
        (text(None, None, None), json!("a\u{2028}b"), "one line"),
        (text(None, None, None), json!("pay\u{202e}lap"), "cannot be seen"),
        (text(None, None, None), json!("a\u{200d}b"), "cannot be seen"),
        (text(None, None, None), json!("a\u{fe0f}"), "cannot be seen"),
        (text(None, None, None), json!("a\u{7}b"), "cannot be seen"),
        (text(None, None, None), json!("\u{3164}"), "cannot be seen"),
        (text(None, None, None), json!("a\u{e0100}"), "cannot be seen"),
        (text(None, None, None), json!("1\u{200d}2"), "cannot be seen"),
        (text(None, None, None), json!("1\u{fe0f}2"), "cannot be seen"),
        (text(None, None, None), json!("👨\u{200d}\u{200d}x"), "cannot be seen"),
        (text(None, None, None), json!("a-\u{200c}b"), "cannot be seen"),
        // The whole value, not a part or a line of it.
        (text(Some("a|b"), None, None), json!("ab"), "asked for: a|b"),
        (text(Some("[a-z]+"), None, None), json!("shop!"), "asked for: [a-z]+"),
        (required(text(None, None, None)), json!("  "), "needed"),
        (required(text(None, None, None)), json!(null), "needed"),
        (number(None, None), json!("3"), "a number"),
        (number(None, None), json!(1.5), "without decimals"),
        (number(Some(json!(2)), None), json!(1), "at least 2"),
        (number(None, Some(json!(2))), json!(3), "at most 2"),
        (number(None, None), json!(1e15), "15 digits"),
        (number(None, None), json!(u64::MAX), "15 digits"),
        (required(number(None, None)), json!(null), "needed"),
        (field(Kind::Choice { choices: choices() }), json!("Large"), "\"small\", \"large\""),
        (field(Kind::Choice { choices: choices() }), json!(["large"]), "one of"),
        (required(field(Kind::Choice { choices: choices() })), json!(null), "Choose one"),
        (field(Kind::Choices { choices: choices() }), json!(["medium"]), "one of"),
        (field(Kind::Choices { choices: choices() }), json!("small"), "a list"),
        (required(field(Kind::Choices { choices: choices() })), json!([]), "Choose one"),
        (field(Kind::Switch), json!("true"), "true or false"),
        (field(Kind::Switch), json!(1), "true or false"),
    ] {
        let said = field.read(&given).expect_err(&given.to_string()).to_string();
        assert!(said.contains(says), "{given}: {said}");
    }
}

#[test]
fn what_was_typed_is_read_by_the_kind() {
    let decimal = number(Some(json!(0.5)), None);
    for (field, typed, read) in [
        (&text(None, None, None), " 3 ", Some(json!("3"))),
        (&text(None, None, None), " ", None),
        (&number(None, None), " 12 ", Some(json!(12))),
        (&number(None, None), "0012", Some(json!(12))),
        (&number(None, None), "12.0", Some(json!(12))),
        (&number(None, None), "-0", Some(json!(0))),
        (&decimal, "1.50", Some(json!(1.5))),
        (&number(None, None), "", None),
    ] {
        assert_eq!(field.read_typed(typed), Ok(read), "{typed}");
    }
    for typed in ["x", "1e3", "0x10", "1.", ".5", "NaN", "inf", "1,5", "--1", "1234567890123456"] {
        assert!(number(None, None).read_typed(typed).is_err(), "{typed}");
    }
}

#[test]
fn a_field_is_recorded_and_read_back() {
    let full = Field {
        by: By::Authorizer,
        required: true,
        hint: "Such as 3".into(),
        default: Some(json!(3)),
        ..number(Some(json!(1)), Some(json!(9)))
    };
    for field in [full, text(Some("a"), None, Some(3)), field(Kind::Switch), field(Kind::Choice { choices: choices() })]
    {
        let recorded = serde_json::to_value(&field).unwrap();
        assert_eq!(serde_json::from_value::<Field>(recorded.clone()).unwrap(), field, "{recorded}");
    }
}
