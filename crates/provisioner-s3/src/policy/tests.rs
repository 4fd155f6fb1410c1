use super::*;

const ARN: &str = "arn:aws:s3:::app-x";
const PLAIN: &str = r#"{ "Sid" : "RefusePlainHttp","Effect":"Deny", "Principal":"*", "Action":"s3:*",
    "Resource":["arn:aws:s3:::app-x","arn:aws:s3:::app-x/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}} }"#;
const THEIRS: &str = r#"{"Sid":"th\u0065irs","Effect":"Allow","Principal":{"AWS":"1\/2"},"Action":["s3:GetObject"],
    "Resource":"arn:aws:s3:::app-x/[,]\"}*"}"#;

fn written(policy: Option<&str>, denied: Option<Denied>) -> String {
    match edit(policy, denied, ARN).unwrap() {
        Edit::Write(text) => text,
        other => panic!("{other:?} for {policy:?}"),
    }
}

#[test]
fn the_actions_are_those_that_are_ruled() {
    let has =
        |denied: Denied, actions: &[&str]| actions.iter().filter(|action| denied.actions().contains(action)).count();
    let changing = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"];
    let reading = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"];
    assert_eq!((has(Denied::Changing, &changing), has(Denied::Changing, &reading)), (4, 0));
    assert_eq!((has(Denied::Using, &changing), has(Denied::Using, &reading)), (4, 3));
    let emptying = Denied::UsingButEmptying;
    assert_eq!(has(emptying, &["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"]), 3);
    let needed =
        [&changing[1..], &["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]].concat();
    assert_eq!(has(emptying, &needed), 0, "whoever empties it may");
    for denied in Denied::ALL {
        assert!(
            denied.actions().iter().all(|action| !action.contains("Policy") && !action.contains('*')),
            "{denied:?}"
        );
        let statement = denied.statement(ARN);
        assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
        assert_eq!(statement["Resource"], json!([ARN, format!("{ARN}/*")]));
        assert!(statement.get("Condition").is_none());
    }
}

#[test]
fn what_was_added_and_taken_away_leaves_every_byte_as_it_was() {
    for before in [
        format!(r#"{{"Version":"2012-10-17","Statement":[{PLAIN}]}}"#),
        format!(
            "{{\n  \"Id\": \"Statement\", \"Statement\" : [ {PLAIN} ,\n\t{THEIRS}\n ] , \"Version\":\"2008-10-17\"}}\n"
        ),
        format!(r#"{{"Statement":[{THEIRS},{PLAIN},{THEIRS}]}}"#),
    ] {
        for denied in Denied::ALL {
            let frozen = written(Some(&before), Some(denied));
            assert_eq!(find(Some(&frozen), ARN).unwrap(), Found::Whole(denied));
            assert_eq!(edit(Some(&frozen), Some(denied), ARN).unwrap(), Edit::Nothing, "again");
            assert!(frozen.contains(PLAIN) || !before.contains(PLAIN));
            assert_eq!(written(Some(&frozen), None), before);
            for other in Denied::ALL.into_iter().filter(|other| *other != denied) {
                let changed = written(Some(&frozen), Some(other));
                assert_eq!(find(Some(&changed), ARN).unwrap(), Found::Whole(other));
                assert_eq!(written(Some(&changed), None), before);
            }
        }
        assert_eq!(edit(Some(&before), None, ARN).unwrap(), Edit::Nothing);
    }
}

#[test]
fn what_people_write_meanwhile_survives_wherever_they_put_it() {
    let ours = Denied::Using.statement(ARN).to_string();
    for (list, rest) in [
        (format!("[{ours},{THEIRS}]"), format!("[{THEIRS}]")),
        (format!("[ {PLAIN} , {ours} , {THEIRS} ]"), format!("[ {PLAIN} , {THEIRS} ]")),
        (format!("[{ours},{PLAIN},{ours},{THEIRS},{ours}]"), format!("[{PLAIN},{THEIRS}]")),
    ] {
        let policy = |list: &str| format!(r#"{{"Statement":{list},"Version":"2012-10-17"}}"#);
        assert_eq!(written(Some(&policy(&list)), None), policy(&rest), "{list}");
    }
    // One statement may stand without a list.
    let single = format!(r#"{{"Statement": {THEIRS} }}"#);
    let frozen = written(Some(&single), Some(Denied::Changing));
    assert_eq!(written(Some(&frozen), None), format!(r#"{{"Statement": [{THEIRS}] }}"#));
    let policy: Value = serde_json::from_str(&frozen).unwrap();
    assert_eq!(policy["Statement"][1]["Sid"], SID);
}

#[test]
fn a_policy_that_was_ours_alone_goes() {
    let alone = written(None, Some(Denied::Using));
    assert_eq!(find(Some(&alone), ARN).unwrap(), Found::Whole(Denied::Using));
    assert_eq!(edit(Some(&alone), None, ARN).unwrap(), Edit::Delete);
    assert_eq!(edit(None, None, ARN).unwrap(), Edit::Nothing);
    let single = format!(r#"{{"Statement":{}}}"#, Denied::Using.statement(ARN));
    assert_eq!(edit(Some(&single), None, ARN).unwrap(), Edit::Delete);
    let empty = r#"{"Version":"2012-10-17","Statement":[ ]}"#;
    assert_eq!(find(Some(&written(Some(empty), Some(Denied::Using))), ARN).unwrap(), Found::Whole(Denied::Using));
}

#[test]
fn the_same_statement_in_another_form_is_the_same_and_a_weaker_one_is_not() {
    let whole = Denied::Changing.statement(ARN);
    let with = |key: &str, value: Value| {
        let mut statement = whole.clone();
        statement[key] = value;
        json!({ "Statement": [statement] }).to_string()
    };
    let found = |policy: &str| find(Some(policy), ARN).unwrap();
    let mut backwards = Denied::Changing.actions();
    backwards.reverse();
    for same in [
        with("Principal", json!({ "AWS": "*" })),
        with("Action", json!(backwards)),
        with("Resource", json!([format!("{ARN}/*"), ARN])),
    ] {
        assert_eq!(found(&same), Found::Whole(Denied::Changing), "{same}");
        assert_eq!(edit(Some(&same), Some(Denied::Changing), ARN).unwrap(), Edit::Nothing);
    }
    for weaker in [
        with("Effect", json!("Allow")),
        with("Principal", json!({ "AWS": "arn:aws:iam::111122223333:root" })),
        with("Action", json!("s3:PutObject")),
        with("Resource", json!(ARN)),
        with("Condition", json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } })),
        json!({ "Statement": [whole, whole] }).to_string(),
    ] {
        assert_eq!(found(&weaker), Found::Changed, "{weaker}");
        let mended = written(Some(&weaker), Some(Denied::Changing));
        assert_eq!(found(&mended), Found::Whole(Denied::Changing));
    }
}

#[test]
fn a_policy_at_its_limit_is_refused_with_its_size_unless_blanks_can_go() {
    let of = |size: usize, blank: &str| {
        let id = "x".repeat(size);
        format!(r#"{{"Version":"2012-10-17",{blank}"Id":"{id}","Statement":[{THEIRS}]}}"#)
    };
    let ours = Denied::Changing.statement(ARN).to_string().len() + 1;
    let room = POLICY_MAX - of(0, "").len() - ours;
    assert_eq!(written(Some(&of(room, "")), Some(Denied::Changing)).len(), POLICY_MAX);
    let dense = written(Some(&of(room - 100, &" ".repeat(200))), Some(Denied::Changing));
    assert!(dense.len() <= POLICY_MAX && dense.contains(SID), "{}", dense.len());
    let refused = edit(Some(&of(room + 100, "")), Some(Denied::Changing), ARN).unwrap_err();
    assert_eq!(refused.kind, "PolicyTooLarge");
    assert!(refused.how.contains("20480") && !refused.passes, "{refused:?}");
    // It can always be thawed.
    let frozen = of(room, "").replace(THEIRS, &format!("{THEIRS},{}", Denied::Changing.statement(ARN)));
    assert_eq!(written(Some(&frozen), None), of(room, ""));
}

#[test]
fn what_is_no_policy_is_left_alone() {
    for odd in ["", "null", "[]", "{}", r#"{"Statement":[}"#, "<ListVersionsResult/>"] {
        assert_eq!(edit(Some(odd), Some(Denied::Using), ARN).unwrap_err().kind, "PolicyUnreadable", "{odd}");
    }
}
