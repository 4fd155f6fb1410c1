//! What a program sends that is wrong, and what it is answered: whose fault it is, where,
//! and what to do.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{CI, Program, SCANNER, SEARCH, body, taken, token};
use crate::world::{Scene, shared};

#[test]
fn only_a_clients_token_opens_the_door() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let id = taken(&ci.ask("tokens", &body(&scene, "tokens")).await);
        let path = format!("/requests/{id}");
        for wrong in [None, Some("wrong"), Some(""), Some("token-of-ci "), Some(&*"x".repeat(20_000))] {
            let answer = ci.with(wrong.filter(|it| *it != "token-of-ci ")).get(&path).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert!(answer.body["error"].is_string());
        }
        let nobody = ci.with(None);
        for header in ["token-of-ci", "Basic dG9rZW4tb2YtY2k=", "Bearer", "bearer\ttoken-of-ci"] {
            let answer = nobody.send(Method::GET, &path, &[("authorization", header)], b"").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        }
        let told = nobody.send(Method::GET, &path, &[("authorization", "bearer token-of-ci")], b"").await;
        assert_eq!(told.status, StatusCode::OK, "the word's case says nothing");
        // In an address a token would stand in every log.
        assert_eq!(nobody.get(&format!("{path}?access_token={}", token(CI))).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(nobody.get("/openapi.json").await.status, StatusCode::OK);
        assert_eq!(nobody.get("/nothing-here").await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_right_is_needed_before_anything_else_is_looked_at() {
    shared(async |scene| {
        let (search, scanner) = (Program::of(&scene, SEARCH), Program::of(&scene, SCANNER));
        let ci = Program::of(&scene, CI);
        for (answer, right) in [
            (search.ask("k", &json!("nonsense")).await, "\"ask\""),
            (search.act("no-such-1", &json!({ "act": "cancel", "round": 1 })).await, "\"decide\" or \"ask\""),
            (scanner.act("no-such-1", &json!({ "act": "cancel" })).await, "\"ask\""),
            (ci.act("no-such-1", &json!({ "act": "approve" })).await, "\"decide\""),
            (ci.post("/leases/no-such.lease/acts", &json!({})).await, "\"lease\""),
        ] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
            assert!(answer.body["error"].as_str().unwrap().contains(right), "{answer:?}");
        }
        for path in ["/requests/no-such-1", "/requests/NO%00SUCH", "/requests/%ff", "/leases/no-such.lease"] {
            assert_eq!(ci.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(ci.act("no-such-1", &json!({ "act": "cancel" })).await.status, StatusCode::NOT_FOUND);
        let answer = ci.send(Method::DELETE, "/requests", &[], b"").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        let allow = answer.headers["allow"].to_str().unwrap();
        assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
        assert!(answer.body["error"].is_string());
    });
}

#[test]
fn what_is_no_call_at_all_is_told_so() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let json = ("content-type", "application/json");
        let good = body(&scene, "shapes").to_string();
        let long = "k".repeat(256);
        let large = format!("{}{good}", " ".repeat(64 * 1024));
        for (headers, body, status) in [
            (vec![json, ("idempotency-key", "k")], "{", StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", "k")], "", StatusCode::BAD_REQUEST),
            (vec![json], &*good, StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", "")], &*good, StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", "a b")], &*good, StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", &*long)], &*good, StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", "k"), ("idempotency-key", "l")], &*good, StatusCode::BAD_REQUEST),
            (vec![json, ("idempotency-key", "k")], &*large, StatusCode::PAYLOAD_TOO_LARGE),
            (vec![("idempotency-key", "k")], &*good, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (
                vec![("content-type", "text/plain"), ("idempotency-key", "k")],
                &*good,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            (vec![json, ("idempotency-key", "k")], "[]", StatusCode::UNPROCESSABLE_ENTITY),
            (vec![json, ("idempotency-key", "k")], "null", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let answer = ci.send(Method::POST, "/requests", &headers, body.as_bytes()).await;
            assert_eq!(answer.status, status, "{headers:?} {:?}", body.chars().take(40).collect::<String>());
            assert!(answer.body["error"].is_string(), "{answer:?}");
        }
        assert_eq!(scene.temporal.count("shapes").await, 0);
        let charset = [("content-type", "application/json; charset=utf-8"), ("idempotency-key", "charset")];
        taken(&ci.send(Method::POST, "/requests", &charset, good.as_bytes()).await);
    });
}

#[test]
fn each_mistake_has_a_sentence_under_its_field() {
    shared(async |scene| {
        let ci = Program::of(&scene, CI);
        let good = body(&scene, "mistaken");
        let with = |key: &str, value: Value| {
            let mut body = good.clone();
            body[key] = value;
            body
        };
        let without = |key: &str| {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(key);
            body
        };
        let search = json!("search");
        for (body, field, says) in [
            (without("applicationName"), "applicationName", "needs a name"),
            (with("applicationName", json!(7)), "applicationName", "Expected a text"),
            (with("applicationName", json!("Big Name")), "applicationName", "upper case"),
            (without("teamId"), "teamId", "Name a team"),
            (with("teamId", json!("no-such-team")), "teamId", "There is no team"),
            (with("teamId", search), "teamId", "There is no team"),
            (without("authorizerId"), "authorizerId", "Name who decides"),
            (with("authorizerId", json!("bob")), "authorizerId", "by their ID"),
            (with("authorizerId", json!("U0NOBODY001")), "authorizerId", "no such person"),
            (with("authorizerId", json!(scene.alice.id())), "authorizerId", "may not decide"),
            (with("authorizerId", json!("client:scanner")), "authorizerId", "may not decide"),
            (with("authorizerId", json!("client:ci")), "authorizerId", "your own request"),
            (with("blueprint", json!("castle")), "blueprint", "There is no blueprint"),
            (with("justification", json!("x".repeat(3_001))), "justification", "too long"),
            (with("lifetimeSeconds", json!(3600)), "lifetimeSeconds", "no end"),
            (with("lifetimeSeconds", json!("soon")), "lifetimeSeconds", "or \"never\""),
            (with("lifetimeSeconds", json!(-1)), "lifetimeSeconds", "or \"never\""),
            (with("parameters", json!([])), "parameters", "Expected an object"),
            (with("parameters", json!({ "size": 1 })), "parameters.size", "nothing called \"size\""),
            (with("requesterId", json!("U0ADMIN0001")), "requesterId", "follows from the token"),
            (with("channelId", json!("C1")), "channelId", "follows from the token"),
            (with("authorizationTimeoutSeconds", json!(1)), "authorizationTimeoutSeconds", "follows from the token"),
            (with("application_name", json!("x")), "application_name", "no such key"),
        ] {
            let answer = ci.ask("mistakes", &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {answer:?}");
            let said = answer.body["fields"][field].as_str().unwrap_or_else(|| panic!("{field}: {answer:?}"));
            assert!(said.contains(says), "{said}");
            assert!(answer.body["error"].as_str().unwrap().contains(said));
        }
        let all = ci.ask("mistakes", &json!({ "teamId": 1, "by": "U1" })).await;
        let fields: Vec<_> = all.body["fields"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["applicationName", "authorizerId", "by", "teamId"], "all at once");
        assert_eq!(scene.temporal.count("mistaken").await, 0);
    });
}

#[test]
fn what_is_asked_of_a_list_or_a_request_is_read_strictly() {
    shared(async |scene: Scene| {
        let ci = Program::of(&scene, CI);
        let id = taken(&ci.ask("strict", &body(&scene, "strict")).await);
        for (path, field) in [
            (format!("/requests/{id}?wait=soon"), "wait"),
            (format!("/requests/{id}?wait=1s&round=one"), "round"),
            (format!("/requests/{id}?wait=1s&status=done"), "status"),
            (format!("/requests/{id}?wait=1s&step=-1"), "step"),
            ("/requests?status=done".to_owned(), "status"),
            ("/requests?before=yesterday".to_owned(), "before"),
        ] {
            let answer = ci.get(&path).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {answer:?}");
            assert!(answer.body["fields"][field].is_string(), "{answer:?}");
        }
    });
}
